//! What pages, `--json` and tests read of the registry: plain structs, each function with a scope.
//!
//! [`family`], [`families`], [`person`], [`figures`], [`by_region`], [`status`]. To add one: a struct, a
//! statement in `queries.rs`, a function that takes the house and a scope. Personal numbers leave here
//! masked.

mod family;
mod figures;
mod kin;
mod person;

use std::collections::BTreeMap;

use access::{House, Scope};
use model::RegionCode;
use policy::{FIELD_RESULT, Label};
use serde::Serialize;
use store::{Row, Tx, Value, params};

use crate::events::EventKind;
use crate::field::FIELD_SOURCE;
use crate::show::code_label;
use crate::{Error, Result, queries};

pub(crate) use family::members;
pub use family::{
    Dwelling, FamilyRow, FamilyView, FieldMark, MemberView, RankView, VariableView, dwellings, families,
    family, head_names, person_names, resolve_family,
};
pub use figures::{RegionFigures, ScopeFigures, Status, by_region, figures, status};
pub use kin::{ChangeView, DeathMark, DeathView, Whereabouts, changes, death_of, deaths, home, whereabouts};
pub use person::{FieldProvenance, FieldSource, PersonView, RecordView, Resolved, person, resolve_person};

/// A region on the way from the nation down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegionName {
    /// Code.
    pub code: String,
    /// Name; the code where the territory has no such region.
    pub name: String,
}

/// Something that happened, for a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventView {
    /// What; none for an urgent report.
    pub kind: Option<EventKind>,
    /// Key of the word that says it.
    pub word: &'static str,
    /// When.
    pub date: Option<String>,
    /// Version of the registry that says it.
    pub version: Option<i64>,
    /// Person.
    pub person_id: Option<i64>,
    /// Family.
    pub family_id: Option<i64>,
    /// The other person or family.
    pub other_id: Option<i64>,
    /// Value before (a village code).
    pub before: Option<String>,
    /// Value after.
    pub after: Option<String>,
    /// Evidence of an urgent report.
    pub evidence: Option<String>,
    /// Who reported it.
    pub actor: Option<String>,
    /// The case that reported it.
    pub case: Option<i64>,
    /// What was found in the field.
    pub finding: Option<Label>,
}

fn event(row: &Row) -> Result<EventView> {
    let kind = EventKind::from_code(row.int(2)?);
    Ok(EventView {
        kind,
        word: kind.map_or("event-unknown", EventKind::word),
        date: row.opt_string(3)?,
        version: Some(row.int(0)?),
        person_id: row.opt_int(4)?,
        family_id: row.opt_int(5)?.filter(|id| *id != 0),
        other_id: row.opt_int(6)?,
        before: row.opt_string(7)?,
        after: row.opt_string(8)?,
        evidence: None,
        actor: None,
        case: None,
        finding: None,
    })
}

/// A report of the field, before and after it became a record.
fn urgent(house: &House, row: &Row) -> Result<EventView> {
    let died = row.text(0)? == "death";
    let facts: BTreeMap<String, String> = serde_json::from_str(row.text(7)?)
        .map_err(|error| Error::Damaged(format!("urgent_change.facts: {error}")))?;
    Ok(EventView {
        kind: None,
        word: if died { "event-death-reported" } else { "event-field-reported" },
        case: row.opt_int(6)?,
        finding: facts.get(FIELD_RESULT).and_then(|word| finding(house, word)),
        date: row.opt_string(1)?,
        version: None,
        person_id: row.opt_int(2)?,
        family_id: None,
        other_id: None,
        before: None,
        after: None,
        evidence: row.opt_string(3)?.filter(|text| !text.is_empty()),
        actor: row.opt_string(4)?,
    })
}

/// What a word of the list of field reports means.
fn finding(house: &House, word: &str) -> Option<Label> {
    let source = house.policy.source(FIELD_SOURCE)?;
    let code =
        source.columns.iter().find(|column| column.to == FIELD_RESULT)?.map.get(&word.to_uppercase())?;
    let column = house.policy.columns().iter().find(|column| column.name == FIELD_RESULT)?;
    code_label(house, column, *code)
}

/// Newest first, each event once.
fn timeline(mut events: Vec<EventView>) -> Vec<EventView> {
    events.sort_by(|a, b| {
        (&b.date, b.version, a.kind, a.person_id).cmp(&(&a.date, a.version, b.kind, b.person_id))
    });
    events.dedup();
    events
}

/// Range and caseload of a scope, as the first three parameters of a statement.
fn scope_params(scope: &Scope) -> Vec<Value> {
    let (from, to) = scope.path_range();
    params![from, to, scope.caseload()].to_vec()
}

/// The regions from the nation down to a village.
fn region_path(tx: &mut Tx<'_>, code: &str) -> Result<Vec<RegionName>> {
    let Ok(code) = RegionCode::parse(code) else { return Ok(Vec::new()) };
    let mut path = Vec::new();
    let mut at = Some(code);
    while let Some(region) = at.filter(|region| !region.as_str().is_empty()) {
        let row = tx.query_opt(&queries::REGION_NAME, params![region.as_str()])?;
        let name = row.map(|row| row.string(0)).transpose()?.unwrap_or_else(|| region.as_str().to_owned());
        at = region.parent();
        path.push(RegionName { code: region.into(), name });
    }
    path.reverse();
    Ok(path)
}

/// The row of a statement that must find one.
fn found(row: Option<Row>) -> Result<Row> {
    row.ok_or(Error::NotFound)
}
