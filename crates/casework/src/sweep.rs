//! The clock goes over all open cases, once a night: it takes the steps that silence takes, tells the next role that a step is late, and
//! counts what stands open. Called twice on one day it does nothing new.

use access::{House, Scope, audit};
use jiff::{ToSpan, civil::Date};
use model::{CaseId, FamilyId, RegionCode};
use policy::{Calendar, Workflow};
use serde::Serialize;
use store::{Row, Tx, next_number, params};

use crate::{
    Error, Result,
    engine::{self, Refusal},
    form::Answers,
    queries,
    service::{BATCH, WATCH_LATE, add_event_as, by_id, step_by_clock},
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
                swept.timed += take_timed(house, scope, workflow, &state.key, action)?;
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

/// Takes the step of a state that waited longer than its days.
fn take_timed(house: &House, scope: &Scope, workflow: &Workflow, state: &str, action: &str) -> Result<u64> {
    let today = house.clock.today().to_string();
    let (mut after, mut taken) = (0, 0);
    loop {
        let (rows, of_batch) = house.db.write(|tx| {
            let asked = params![&workflow.key, state, &today, after, BATCH as i64];
            let rows = tx.query(&queries::TIMED, asked)?;
            let mut of_batch = 0;
            for row in &rows {
                let Some(found) = by_id(tx, house, CaseId(row.int(0)?))? else { continue };
                match step_by_clock(tx, house, scope, workflow, found, action) {
                    Ok(_) => of_batch += 1,
                    Err(Error::Refused(Refusal::Guard(_) | Refusal::Form(_))) => {}
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

/// The last day on which a step may have been due to be so many working days late today.
fn late_since(calendar: &Calendar, today: Date, working_days: u32) -> Date {
    let mut day = today;
    // Bounded: a state has at most a year, and no calendar closes offices for longer than a month.
    for _ in 0..3_660 {
        if calendar.working_days_between(day, today) >= i64::from(working_days) {
            break;
        }
        let Ok(before) = day.checked_sub(1.day()) else { break };
        day = before;
    }
    day
}

/// Tells the role of a level: cases that all levels before it were told of.
fn tell(house: &House, scope: &Scope, workflow: &Workflow, level: usize, role: &str) -> Result<u64> {
    let days = workflow.escalate_days.saturating_mul(u32::try_from(level + 1).unwrap_or(u32::MAX));
    let since = late_since(house.policy.calendar(), house.clock.today(), days).to_string();
    let (mut after, mut told) = ((String::new(), 0), 0);
    loop {
        let rows = house.db.write(|tx| {
            let asked = params![&workflow.key, level as i64, after.0.as_str(), after.1, &since, BATCH as i64];
            let rows = tx.query(&queries::LATE, asked)?;
            for row in &rows {
                tell_one(tx, house, scope, workflow, row, role)?;
            }
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
fn tell_one(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    workflow: &Workflow,
    row: &Row,
    role: &str,
) -> Result<()> {
    let (family, case) = (FamilyId(row.int(0)?), CaseId(row.int(1)?));
    let (state, due, region, rev) = (row.text(2)?, row.string(3)?, row.string(4)?, row.int(5)?);
    let lateness = row.int(7)? + 1;
    if tx.execute(&queries::LATE_TOLD, params![family, case, rev, lateness])? != 1 {
        return Err(Error::Changed);
    }
    let accused = row.text(6)? == role;
    if !accused {
        let watch = WATCH_LATE;
        tx.execute(&queries::TASK_ADD, params![family, case, role, true, due, region, watch, &workflow.key])?;
    }
    let who = (scope, engine::CLOCK);
    add_event_as(tx, house, who, (family, case), rev + 1, [LATE, state, state], &Answers::new())
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
