//! The one status that villages know for a line, from its three states and what happened last.

use access::{House, Scope};
use model::LineId;
use serde::Serialize;

use crate::{
    Error, Result, common,
    state::Eligibility,
    views::{EventView, LineView, line_page},
};

/// Lines of a family whose status is told with its story; older ones show their states.
const TOLD_MAX: usize = 12;

/// The status of a line, and the change that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusView {
    /// The line.
    pub line_id: i64,
    /// Key of the status in the policy pack.
    pub key: String,
    /// The last change: its reason, who, when and what comes next.
    pub last: Option<EventView>,
}

/// The status of a line; `died`: its payee is known to be dead.
pub(crate) fn of(house: &House, line: &LineView, events: &[EventView], died: bool) -> Result<StatusView> {
    let opening = || {
        let account = events.iter().rev().find(|event| event.kind == "account");
        account.is_some_and(|event| event.reason == "sent_for_opening")
    };
    let reason = match line.eligibility {
        Eligibility::Eligible if opening() => "sent_for_opening",
        Eligibility::Held | Eligibility::Cancelled if died => "payee_died",
        _ => "",
    };
    let states = [line.eligibility.code(), line.account_state.code(), line.payment.code()];
    let found = house.policy.statuses().of_line(states, reason).ok_or(Error::Stored("status"))?;
    Ok(StatusView { line_id: line.line_id, key: found.key.clone(), last: events.last().cloned() })
}

/// The statuses of a family's newest lines.
///
/// # Errors
/// Store errors.
pub fn family_statuses(house: &House, scope: &Scope, lines: &[LineView]) -> Result<Vec<StatusView>> {
    common::need(scope, "payment.read")?;
    lines
        .iter()
        .take(TOLD_MAX)
        .map(|line| Ok(line_page(house, scope, LineId(line.line_id))?.status))
        .collect()
}
