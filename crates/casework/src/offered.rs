//! Cases that a field offers to choose from (`cases` of a field): open ones of the workflows that it names, in the territory of the person
//! and of the case, the newest first. What is sent is looked at again: a number that was not offered is no answer.

use std::collections::BTreeMap;

use access::{House, Scope};
use jiff::civil::Date;
use model::{CaseId, RegionCode, RegionLevel};
use policy::Workflow;
use serde::Serialize;
use store::{Tx, params};

use crate::{
    FieldFault, Result,
    engine::Refusal,
    queries,
    service::{Asked, sees, stored},
    views::FieldView,
};

/// Most cases that a field offers.
const OFFERED_MAX: i64 = 50;

/// A case to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfferedCase {
    /// Its number.
    pub case: CaseId,
    /// What people know it by.
    pub title: String,
    /// Day on which it was opened.
    pub opened_on: Date,
}

/// Puts into fields the cases that they offer for a case at a place.
///
/// # Errors
/// The store's.
pub fn offer(house: &House, scope: &Scope, region: &RegionCode, fields: &mut [FieldView]) -> Result<()> {
    for field in fields.iter_mut().filter(|field| !field.cases.is_empty()) {
        let keys = field.cases.clone();
        field.offered = house.db.read(|tx| open_ones(tx, house, scope, region, &keys))?;
    }
    Ok(())
}

/// Cases at the place itself, within its district, and at its province and the nation: a meeting is held above the places it speaks of.
fn open_ones(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    region: &RegionCode,
    workflows: &[String],
) -> Result<Vec<OfferedCase>> {
    let (from, to) = scope.path_range();
    let (near, far) = region.at(RegionLevel::District).path_range();
    let (province, nation) = (region.at(RegionLevel::Province), RegionCode::nation());
    let mut found = Vec::new();
    for workflow in workflows {
        let asked = params![
            workflow,
            from,
            to,
            near.as_str(),
            far.as_str(),
            province.as_str(),
            nation.as_str(),
            scope.caseload(),
            OFFERED_MAX
        ];
        for row in tx.query(&queries::OFFERED, asked)? {
            if sees(house, scope, workflow, row.text(3)?) {
                let (case, title) = (CaseId(row.int(0)?), row.string(1)?);
                found.push(OfferedCase { case, title, opened_on: row.date(2)? });
            }
        }
    }
    found.sort_by_key(|one| std::cmp::Reverse((one.opened_on, one.case.0)));
    found.truncate(OFFERED_MAX as usize);
    Ok(found)
}

/// Refuses a number that is no open case of the workflows of its field, or is none that the person may see.
pub(crate) fn check(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    (workflow, state): (&Workflow, &str),
    (action, written): Asked<'_>,
) -> Result<()> {
    let form = workflow.transition(state, action).and_then(|step| step.form.as_deref());
    let fields = form.and_then(|key| workflow.form(key)).map_or(&[][..], |form| &form.fields);
    let mut faults = Vec::new();
    for field in fields.iter().filter(|field| !field.cases.is_empty()) {
        let Some(number) = sent(written, &field.key) else { continue };
        let known = stored(tx, house, scope, CaseId(number))?;
        if known.is_none_or(|known| !known.open || !field.cases.contains(&known.workflow)) {
            faults.push(FieldFault { field: field.key.clone(), code: "casework-field-case" });
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Refusal::Form(faults).into()) }
}

/// The number that was sent; none where nothing was, or no number, which the form itself refuses.
fn sent(written: &BTreeMap<String, String>, key: &str) -> Option<i64> {
    written.get(key)?.trim().replace('.', "").parse().ok()
}
