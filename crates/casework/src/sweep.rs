//! The clock goes over all open cases, once a night: it takes the steps that silence takes, tells the next role that a step is late, and
//! counts what stands open. Called twice on one day it does nothing new.

use std::collections::BTreeMap;

use access::{House, Scope, audit};
use jiff::civil::Date;
use model::{CaseId, FamilyId, RegionCode};
use policy::Workflow;
use serde::Serialize;
use store::{Row, Tx, next_number, params};

use crate::{
    Error, Result,
    bulk::step_many,
    engine::{self, Refusal},
    form::Answers,
    queries,
    service::{BATCH, Taker, WATCH_LATE},
    write::{add_events, event_row},
};

/// What the clock did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Swept {
    /// Times that a role was told of a late step.
    pub told: u64,
    /// Steps that the clock took by itself.
    pub timed: u64,
}

/// Word of a history for a step that was passed up.
pub(crate) const LATE: &str = "late";

/// Goes over all open cases.
///
/// # Errors
/// The store's; what was done stays, and the next call goes on.
pub fn sweep(house: &House, scope: &Scope) -> Result<Swept> {
    let mut swept = Swept::default();
    for workflow in house.policy.workflows().values() {
        for state in &workflow.states {
            if let Some(action) = &state.then {
                let waited = house.clock.today().to_string();
                swept.timed += take_timed(house, scope, workflow, &state.key, (action, &waited))?;
            }
            if let Some(draw) = &state.draw {
                swept.timed += take_timed(house, scope, workflow, &state.key, (&draw.action, ALWAYS))?;
            }
        }
        for (level, role) in workflow.escalate.iter().enumerate() {
            swept.told += tell(house, scope, workflow, level, role)?;
        }
    }
    let today = house.clock.today();
    house.db.write(|tx| {
        tx.execute(&queries::COUNTS_CLEAR, params![])?;
        tx.execute(&queries::COUNTS_SET, params![today.to_string()])?;
        let number = next_number(tx, "case_sweep", 1)?;
        let (told, timed) = (swept.told as i64, swept.timed as i64);
        tx.execute(
            &queries::SWEEP_ADD,
            params![number, today.to_string(), house.clock.now_ms(), told, timed],
        )?;
        let detail = format!("told={told} timed={timed}");
        audit(
            tx,
            house.clock.as_ref(),
            scope.actor_pair(),
            "case.work",
            &format!("sweep:{number}"),
            &detail,
        )?;
        Ok::<_, Error>(())
    })?;
    Ok(swept)
}

/// A day after all days: what is due before it is whatever stands in the state.
const ALWAYS: &str = "9999-12-31";

/// Takes the step of a state for whom the clock may take it: who waited until a day, or was drawn.
fn take_timed(
    house: &House,
    scope: &Scope,
    workflow: &Workflow,
    state: &str,
    (action, waited): (&str, &str),
) -> Result<u64> {
    let (mut after, mut taken) = (0, 0);
    loop {
        let (rows, of_batch) = house.db.write(|tx| {
            let asked = params![&workflow.key, state, waited, after, BATCH as i64];
            let rows = tx.query(&queries::TIMED, asked)?;
            let mut cases = Vec::with_capacity(rows.len());
            for row in &rows {
                cases.push(CaseId(row.int(0)?));
            }
            let mut of_batch = 0;
            for came in step_many(tx, house, Taker::clock(scope), &cases, (action, &BTreeMap::new()))? {
                match came {
                    Ok(()) => of_batch += 1,
                    Err(
                        Error::NotFound
                        | Error::Refused(Refusal::Guard(_) | Refusal::Form(_) | Refusal::Role(_)),
                    ) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok::<_, Error>((rows, of_batch))
        })?;
        taken += of_batch;
        match rows.last() {
            Some(last) if rows.len() == BATCH => after = last.int(0)?,
            _ => return Ok(taken),
        }
    }
}

/// Tells the role of a level: cases that all levels before it were told of.
fn tell(house: &House, scope: &Scope, workflow: &Workflow, level: usize, role: &str) -> Result<u64> {
    let days = workflow.escalate_days.saturating_mul(u32::try_from(level + 1).unwrap_or(u32::MAX));
    let since = house.policy.calendar().days_late_since(house.clock.today(), days).to_string();
    let (mut after, mut told) = ((String::new(), 0), 0);
    loop {
        let rows = house.db.write(|tx| {
            let asked = params![&workflow.key, level as i64, after.0.as_str(), after.1, &since, BATCH as i64];
            let rows = tx.query(&queries::LATE, asked)?;
            tell_all(tx, house, scope, workflow, &rows, role)?;
            Ok::<_, Error>(rows)
        })?;
        told += rows.len() as u64;
        match rows.last() {
            Some(last) if rows.len() == BATCH => after = (last.string(3)?, last.int(1)?),
            _ => return Ok(told),
        }
    }
}

/// Who is accused is passed over: the level counts as told, and the next one hears of it when its time comes.
fn tell_all(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    workflow: &Workflow,
    rows: &[Row],
    role: &str,
) -> Result<()> {
    let (mut told, mut tasks, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let (family, case) = (FamilyId(row.int(0)?), CaseId(row.int(1)?));
        let (state, due, region, rev) = (row.text(2)?, row.text(3)?, row.text(4)?, row.int(5)?);
        told.push(params![family, case, rev, row.int(7)? + 1].to_vec());
        if row.text(6)? != role {
            let watch = WATCH_LATE;
            tasks.push(params![family, case, role, true, due, region, watch, &workflow.key].to_vec());
        }
        let (who, words) = ((scope, engine::CLOCK), [LATE, state, state]);
        events.push(event_row(house, who, (family, case), rev + 1, words, &Answers::new()));
    }
    if tx.execute_all(&queries::LATE_TOLD, &told)?.iter().any(|changed| *changed != 1) {
        return Err(Error::Changed);
    }
    tx.execute_all(&queries::TASK_ADD, &tasks)?;
    add_events(tx, events)
}

/// The day of the last sweep, and when it ran (milliseconds since the epoch).
pub(crate) fn last(tx: &mut Tx<'_>) -> Result<Option<(Date, i64)>> {
    let row = tx.query_opt(&queries::SWEEP_LAST, params![])?;
    row.map(|row| Ok((row.date(0)?, row.int(1)?))).transpose()
}

/// The district of a place, as counts are kept.
pub(crate) fn counted_at_night(region: &RegionCode) -> bool {
    region.level() < model::RegionLevel::District
}
