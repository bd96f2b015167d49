//! One account, two recipients: before money is ordered, every account of a cycle that two lines name becomes doubtful, whether a
//! bank passed it now or long ago. A person compares.

use std::hash::BuildHasher;

use access::{House, Scope};
use rustc_hash::FxBuildHasher;
use store::{Tx, params};

use crate::{
    Error, Result,
    common::{self, Cycle},
    lines::{self, EventRow},
    queries,
    reply::Line,
    state::{AccountState, PaymentState, Trouble},
    tally::Tally,
};

/// Marks the lines of a cycle whose account is another line's as well, as long as no money was ordered for them.
pub(crate) fn doubt(house: &House, scope: &Scope, cycle: &Cycle) -> Result<()> {
    let ids = suspects(house, cycle)?;
    if ids.is_empty() {
        return Ok(());
    }
    house.db.write(|tx| {
        let stage =
            ids.iter().zip(0i64..).map(|(id, seq)| vec![0.into(), seq.into(), (*id).into(), "".into()]);
        tx.bulk("payment_stage", &["file_no", "seq", "line_id", "txn"], stage)?;
        let mut lines = lines::query(tx, &queries::STAGED_LINES, params![0])?;
        tx.execute(&queries::STAGE_CLEAR, params![0])?;
        lines.sort_by(|a, b| (&a.account, a.line_id).cmp(&(&b.account, b.line_id)));
        let (mut tally, mut events, mut changed) = (Tally::default(), Vec::new(), Vec::new());
        let now = house.clock.now_ms();
        // Equal hashes were only a hint: the accounts themselves decide.
        for same in lines.chunk_by_mut(|a, b| a.account == b.account).filter(|same| same.len() > 1) {
            for line in same {
                let free = line.payment == PaymentState::Set && line.told.order.is_none();
                if !free || line.account_state != AccountState::Good || passed_by_person(tx, line)? {
                    continue;
                }
                tally.count(line, -1);
                line.account_state = AccountState::Doubtful;
                line.problem = Some(Trouble::AccountShared);
                line.events += 1;
                tally.count(line, 1);
                let event = EventRow {
                    line: (line.recipient, line.line_id, line.events),
                    at_ms: now,
                    actor: scope.actor_name(),
                    kind: "account",
                    state: AccountState::Doubtful.code(),
                    reason: Trouble::AccountShared.code(),
                    next: "compare_names",
                    document: "check",
                };
                events.push(event.values());
                changed.push(&*line);
            }
        }
        lines::apply(tx, now, changed)?;
        tx.bulk("payment_event", common::EVENT_COLUMNS, events.into_iter())?;
        tally.write(tx)
    })
}

/// Whether the last word about the account was a person's.
fn passed_by_person(tx: &mut Tx<'_>, line: &Line) -> Result<bool> {
    let events = tx.query(&queries::EVENTS, params![line.recipient, line.line_id])?;
    let last = events.iter().rev().find(|row| row.text(3).is_ok_and(|kind| kind == "account"));
    Ok(last.map(|row| row.text(5)).transpose()?.is_some_and(|reason| reason.starts_with("person:")))
}

/// Lines whose account has the hash of another line's.
fn suspects(house: &House, cycle: &Cycle) -> Result<Vec<i64>> {
    // As many as there may be, at once: a growing list would need half as much again.
    let lines = cycle.last_line + 1 - cycle.first_line;
    let mut hashes: Vec<(u64, u32)> = Vec::with_capacity(usize::try_from(lines).unwrap_or(0));
    house.db.read(|tx| {
        for (from, to) in cycle.ranges(0) {
            tx.for_each(&queries::ACCOUNTS_GOOD, params![from, to, cycle.cycle_id], |row| {
                let place =
                    u32::try_from(row.int(0)? - cycle.first_line).map_err(|_| Error::Stored("line"))?;
                hashes.push((FxBuildHasher.hash_one(row.text(1)?), place));
                Ok::<_, Error>(())
            })?;
        }
        Ok::<_, Error>(())
    })?;
    hashes.sort_unstable();
    let twins = hashes.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1).flatten();
    let mut ids: Vec<i64> = twins.map(|(_, place)| cycle.first_line + i64::from(*place)).collect();
    ids.sort_unstable();
    Ok(ids)
}
