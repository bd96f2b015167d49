//! What a family may know of its own cases, without an account: that there is one, how it stands, what comes next and until when. Only of
//! workflows whose file says `citizen = true`. Never here: an answer, a name, who reported or objected, a case that accuses somebody, one
//! in which somebody else speaks of the family (`untold_when`).

use access::{House, Scope};
use jiff::{ToSpan, civil::Date};
use model::{CaseId, FamilyId};
use policy::Label;
use rules::Expr;
use serde::Serialize;
use store::params;

use crate::{
    Error, Result,
    form::{self, Answers},
    queries,
    views::{CaseRow, case_row},
};

/// Most cases that are told.
const CASES_MAX: i64 = 50;

/// A case as its family knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnCase {
    /// Number, to ask an office about it.
    pub case: CaseId,
    /// Name of its workflow.
    pub workflow: Label,
    /// Name of its state.
    pub state: Label,
    /// Whether it is open.
    pub open: bool,
    /// Day on which it was opened.
    pub opened_on: Date,
    /// What comes next, while it is open.
    pub next: Option<Label>,
    /// Until when, while it is open; the day on which it ended, once it has.
    pub until: Option<Date>,
}

/// The cases of a family, open ones first, and those that ended within the days of `[slip] cases_days`.
///
/// # Errors
/// The store's.
pub fn own_cases(house: &House, scope: &Scope, family: FamilyId) -> Result<Vec<OwnCase>> {
    if family.0 == 0 {
        return Ok(Vec::new());
    }
    let (from, to) = scope.path_range();
    let days = house.policy.settings().slip.cases_days;
    let since = house.clock.today().checked_sub(days.days()).unwrap_or_default().to_string();
    let rows =
        house.db.read(|tx| tx.query(&queries::OWN_CASES, params![family, from, to, since, CASES_MAX]))?;
    let mut found = Vec::new();
    for row in &rows {
        let Some(workflow) = house.policy.workflow(row.text(2)?).filter(|workflow| workflow.citizen) else {
            continue;
        };
        let case = row.int(1)?;
        let answers: Answers = serde_json::from_str(row.text(18)?).map_err(|_| Error::Stored(case))?;
        let untold = |when: &Expr| form::holds(when, &answers, house.clock.today());
        if !workflow.untold_when.as_ref().is_some_and(untold) {
            let ended = row.opt_date(17)?;
            found.push(known(case_row(house, row)?, ended));
        }
    }
    Ok(found)
}

fn known(row: CaseRow, ended: Option<Date>) -> OwnCase {
    OwnCase {
        case: row.case,
        workflow: row.workflow_label,
        state: row.state_label,
        open: row.open,
        opened_on: row.opened_on,
        next: row.next.filter(|_| row.open),
        until: if row.open { Some(row.step_due_on) } else { ended },
    }
}
