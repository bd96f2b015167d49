//! What every step shares: the right that it needs, the one lock, cycles, events, audit, and the summary that pages read.

use access::{House, Scope};
use policy::{ChannelKind, ProgrammeVersion};
use store::{Lock, Row, Tx, params};

use crate::{Error, Result, build, queries};

pub(crate) const EVENT_COLUMNS: &[&str] =
    &["recipient", "line_id", "seq", "at", "actor", "kind", "state", "reason", "next", "document"];

/// A scope is proof for its own action only.
pub(crate) fn need(scope: &Scope, action: &'static str) -> Result<()> {
    if scope.action() == action {
        Ok(())
    } else {
        Err(Error::Scope { needed: action, given: scope.action().to_owned() })
    }
}

/// Notes that this person does the scope's action for a cycle, unless what the same person did for it before does not go together with it
/// (`[[apart]]` of roles.toml). The machine itself is no person.
///
/// # Errors
/// [`Error::Apart`]; nothing was written.
pub(crate) fn hand(tx: &mut Tx<'_>, house: &House, scope: &Scope, cycle_id: i64) -> Result<()> {
    let (user, action) = (scope.actor(), scope.action());
    if user.0 == 0 {
        return Ok(());
    }
    let mut known = false;
    for row in tx.query(&queries::HANDS, params![cycle_id, user])? {
        let did = row.text(0)?;
        known |= did == action;
        if house.policy.roles().kept_apart(did, action).is_some() {
            return Err(Error::Apart { did: did.to_owned(), action: action.to_owned() });
        }
    }
    if !known {
        tx.execute(&queries::HAND_ADD, params![cycle_id, user, action, house.clock.now_ms()])?;
    }
    Ok(())
}

/// One payment step at a time. The lock dies with its process.
pub(crate) fn lock(house: &House) -> Result<Lock> {
    house.db.lock("payment")?.ok_or(Error::AtWork)
}

/// A cycle as stored.
#[derive(Debug, Clone)]
pub(crate) struct Cycle {
    pub(crate) cycle_id: i64,
    pub(crate) programme: String,
    pub(crate) period: String,
    pub(crate) run: String,
    pub(crate) closing: String,
    pub(crate) channel: String,
    pub(crate) state: String,
    pub(crate) lines: i64,
    pub(crate) amount_idr: i64,
    pub(crate) skipped: i64,
    pub(crate) made_at: i64,
    pub(crate) made_by: String,
    pub(crate) mark: i64,
    pub(crate) benefit: i64,
    /// Its lines have the numbers from `first_line` to `last_line`, both included.
    pub(crate) first_line: i64,
    pub(crate) last_line: i64,
    /// The plan that made it; none where a decision list did.
    pub(crate) plan: Option<i64>,
}

/// Lines that one transaction changes, where a step changes the lines of a whole cycle.
const LINES_AT_ONCE: i64 = 200_000;

impl Cycle {
    /// What its lines stand on: the plan, or the run of the decision list.
    pub(crate) fn document(&self) -> String {
        self.plan.map_or_else(|| format!("run:{}", self.run), |plan| format!("plan:{plan}"))
    }

    /// Ranges of line numbers, both ends included, from behind `mark` on.
    pub(crate) fn ranges(&self, mark: i64) -> impl Iterator<Item = (i64, i64)> + use<> {
        let (first, last) = (self.first_line.max(mark.saturating_add(1)), self.last_line);
        (first..=last)
            .step_by(LINES_AT_ONCE as usize)
            .map(move |from| (from, last.min(from + LINES_AT_ONCE - 1)))
    }
}

pub(crate) fn read_cycle(row: &Row) -> Result<Cycle> {
    Ok(Cycle {
        cycle_id: row.int(0)?,
        programme: row.string(1)?,
        period: row.string(2)?,
        run: row.string(3)?,
        closing: row.string(4)?,
        channel: row.string(5)?,
        state: row.string(6)?,
        lines: row.int(7)?,
        amount_idr: row.int(8)?,
        skipped: row.int(9)?,
        made_at: row.int(10)?,
        made_by: row.string(11)?,
        mark: row.int(12)?,
        benefit: row.int(13)?,
        first_line: row.int(14)?,
        last_line: row.int(15)?,
        plan: row.opt_int(16)?,
    })
}

pub(crate) fn cycle(tx: &mut Tx<'_>, cycle_id: i64) -> Result<Cycle> {
    let row = tx.query_opt(&queries::CYCLE, params![cycle_id])?.ok_or(Error::NotFound("payment cycle"))?;
    read_cycle(&row)
}

/// A cycle whose lines are all there.
pub(crate) fn built_cycle(tx: &mut Tx<'_>, cycle_id: i64) -> Result<Cycle> {
    let cycle = cycle(tx, cycle_id)?;
    if cycle.state == "built" {
        return Ok(cycle);
    }
    Err(Error::State {
        what: format!("cycle {cycle_id}"),
        state: cycle.state,
        remedy: "run the build of its list again, it continues where it stopped",
    })
}

/// The rule of a programme in force at a closing.
pub(crate) fn version<'a>(house: &'a House, programme: &str, closing: &str) -> Result<&'a ProgrammeVersion> {
    build::closing_month(closing)
        .and_then(|month| house.policy.programme(programme)?.on(month.last_day()))
        .ok_or_else(|| Error::Programme(programme.to_owned()))
}

/// Whether a channel pays cash, so that there is no account to check.
pub(crate) fn pays_cash(house: &House, channel: &str) -> bool {
    house.policy.channel(channel).is_some_and(|channel| channel.kind == ChannelKind::Post)
}

/// Counts the lines of a cycle anew, for pages: after a step that was interrupted, or one that does not count as it goes.
pub(crate) fn refresh(tx: &mut Tx<'_>, cycle: &Cycle) -> Result<()> {
    tx.execute(&queries::SUMMARY_CLEAR, params![cycle.cycle_id])?;
    tx.execute(&queries::SUMMARY_FILL, params![cycle.cycle_id, cycle.first_line, cycle.last_line])?;
    Ok(())
}

pub(crate) fn audit(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    subject: &str,
    detail: &str,
) -> Result<()> {
    let clock = house.clock.as_ref();
    access::audit(tx, clock, scope.actor_pair(), scope.action(), subject, detail).map_err(Error::from)
}
