//! Amounts that steps wrote down, over the life of a family: fields of any workflow that name the same series make one line. In: the
//! cases of the family that a person may see, and their histories. Out: amounts by day. Never here: an amount of a case that the person
//! may not know of, or of a sealed field.

use std::collections::BTreeMap;

use access::{House, Scope};
use jiff::civil::Date;
use model::{CaseId, FamilyId, Rupiah};
use policy::{FormField, Label};
use serde::Serialize;
use store::params;

use crate::{
    Error, Result,
    form::{Answer, Answers},
    queries,
    views::{day_at, family_cases},
};

/// Points of a series that are told, the newest ones.
const POINTS_MAX: usize = 200;

/// Amounts of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Series {
    /// Its key.
    pub key: String,
    /// The label of the field that was answered last.
    pub label: Label,
    /// By day, the oldest first.
    pub points: Vec<SeriesPoint>,
}

/// One amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeriesPoint {
    /// Day of the step, where the case lies.
    pub on: Date,
    /// What was written down.
    pub amount_idr: Rupiah,
    /// In which case.
    pub case: CaseId,
    /// Name of its workflow.
    pub workflow: Label,
}

/// The series of a family, by key, of the cases that the scope may see.
///
/// # Errors
/// The store's; [`Error::Stored`] for a history that cannot be read.
pub fn family_series(house: &House, scope: &Scope, family: FamilyId) -> Result<Vec<Series>> {
    if family.0 == 0 {
        return Ok(Vec::new());
    }
    let cases = family_cases(house, scope, family)?;
    let mut found: BTreeMap<&str, Vec<(SeriesPoint, i64, &Label)>> = BTreeMap::new();
    for case in &cases {
        let Some(workflow) = house.policy.workflow(&case.workflow) else { continue };
        let fields = workflow.forms.iter().flat_map(|form| &form.fields).filter(|field| !field.sealed);
        let asked: BTreeMap<&str, (&str, &FormField)> = fields
            .filter_map(|field| Some((field.key.as_str(), (field.series.as_deref()?, field))))
            .collect();
        if asked.is_empty() {
            continue;
        }
        let rows =
            house.db.read(|tx| tx.query(&queries::EVENTS, params![case.family, case.case, i64::MAX]))?;
        for row in &rows {
            let (seq, on) = (row.int(0)?, day_at(house, &case.region, row.int(1)?));
            let answers: Answers =
                serde_json::from_str(row.text(7)?).map_err(|_| Error::Stored(case.case.0))?;
            for (key, answer) in &answers {
                if let (Some((series, field)), Answer::Int(amount)) = (asked.get(key.as_str()), answer) {
                    let workflow = workflow.label.clone();
                    let point =
                        SeriesPoint { on, amount_idr: Rupiah::new(*amount), case: case.case, workflow };
                    found.entry(*series).or_default().push((point, seq, &field.label));
                }
            }
        }
    }
    let series = found.into_iter().map(|(key, mut points)| {
        points.sort_by_key(|(point, seq, _)| (point.on, point.case.0, *seq));
        let label = points.last().map_or_else(Label::default, |(_, _, label)| (*label).clone());
        let beyond = points.len().saturating_sub(POINTS_MAX);
        let points = points.into_iter().skip(beyond).map(|(point, _, _)| point).collect();
        Series { key: key.to_owned(), label, points }
    });
    Ok(series.collect())
}
