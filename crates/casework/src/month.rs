//! For which month a case counts: a workflow may name the state by whose entry it counts (`month_by`). Until the cut-off day that is the
//! month of the entry, later the next; a case that is not through rolls on from cut-off to cut-off. Days are those of the place.

use access::{House, Scope};
use jiff::civil::Date;
use model::Month;
use policy::{StateKind, Workflow};
use serde::Serialize;
use store::params;

use crate::{Result, queries, views::EventView};

/// The month for which a case counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountsFor {
    /// The month, `2026-12`; of an open case the earliest that it can still reach.
    pub month: String,
    /// The month for which it was opened, where that has passed.
    pub rolled_from: Option<String>,
}

/// Cases of a workflow in a district that a closing came too early for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rolled {
    /// Code of the district.
    pub district: String,
    /// Key of the workflow.
    pub workflow: String,
    /// How many.
    pub cases: i64,
}

/// The month of a case that was opened on a day and came through on a day, or would today.
pub(crate) fn counts_for(
    house: &House,
    workflow: &Workflow,
    opened_on: Date,
    through: Date,
) -> Option<CountsFor> {
    workflow.month_by.first()?;
    let closing = &house.policy.settings().closing;
    let (wanted, month) = (closing.month_of(opened_on), closing.month_of(through));
    let rolled_from = (wanted < month).then(|| wanted.to_string());
    Some(CountsFor { month: month.to_string(), rolled_from })
}

/// The month of a case by its history: that of the day on which it entered the state that decides; none where it ended otherwise.
pub(crate) fn of_history(
    workflow: &Workflow,
    (state, history): (&str, &[EventView]),
    day_of: impl Fn(i64) -> Date,
    today: Date,
) -> Option<Date> {
    workflow.month_by.first()?;
    let enters = |event: &&EventView| workflow.month_by.contains(&event.to) && event.from != event.to;
    let entered = history.iter().find(enters);
    let ended = workflow.state(state).is_some_and(|state| state.kind == StateKind::End);
    entered.map(|event| day_of(event.at_ms)).or_else(|| (!ended).then_some(today))
}

/// Cases that a closing came too early for, by district: they were there by its cut-off day and were not through, so they count for a
/// later month.
///
/// # Errors
/// The store's.
pub fn rolled(house: &House, scope: &Scope, month: Month) -> Result<Vec<Rolled>> {
    let day = house.policy.settings().closing.cut_off_day.clamp(1, 28) as i8;
    let last = month.first_day().with().day(day).build().unwrap_or_else(|_| month.last_day()).to_string();
    let (from, to) = scope.path_range();
    let mut rolled = Vec::new();
    for workflow in house.policy.workflows().values() {
        let (Some(by), Some(or)) = (workflow.month_by.first(), workflow.month_by.last()) else { continue };
        if !workflow.knows(scope.role()) {
            continue;
        }
        let asked = params![&workflow.key, &last, by, from, to, or];
        for row in house.db.read(|tx| tx.query(&queries::ROLLED, asked))? {
            rolled.push(Rolled {
                district: row.string(0)?,
                workflow: workflow.key.clone(),
                cases: row.int(1)?,
            });
        }
    }
    rolled.sort_by(|a, b| (&a.district, &a.workflow).cmp(&(&b.district, &b.workflow)));
    Ok(rolled)
}
