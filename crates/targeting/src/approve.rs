//! The second person: approves a list, and only the very list that was looked at. Whoever the list leaves out is given notice by it.

use access::{House, Scope};
use model::RegionLevel;
use store::params;

use crate::{
    CeilingOf, DecisionRun, Error, Result, ceilings,
    decide::{RunState, read_run, read_run_by_id},
    holders::BEFORE,
    notices, queries,
};

/// Approves a run for payment. `dataset_hash` is the hash that the approver was shown.
///
/// # Errors Who made it cannot approve it; the list must still have the hash shown, in the database and in
/// the lake; another run of the same programme and period must not be approved.
pub fn approve(house: &House, scope: &Scope, run: &str, dataset_hash: &str) -> Result<DecisionRun> {
    if scope.region().level() != RegionLevel::Nation {
        return Err(Error::Territory);
    }
    let made = read_run_by_id(house, run)?;
    if made.dataset_hash != dataset_hash {
        return Err(Error::HashChanged);
    }
    if made.candidates(&house.policy) {
        return Err(Error::Candidates);
    }
    if made.state == RunState::Approved {
        return Ok(made);
    }
    if made.made_by == scope.actor().0 {
        return Err(Error::MakerIsChecker);
    }
    within_ceilings(house, &made)?;
    // Reads the whole file: an approval is of bytes, not of a name.
    house.lake.verify(&made.dataset)?;
    if house.lake.require(&made.dataset)?.manifest().hash != dataset_hash {
        return Err(Error::HashChanged);
    }
    let changes = notices::changes_of(house, &made)?;
    let follows = house.lake.require(&made.dataset)?.manifest().origin.note.contains_key(BEFORE);
    if follows && changes.is_none() {
        let why = "what it changes is missing, so nobody could be given notice".to_owned();
        return Err(Error::BrokenRun { run: made.run, why });
    }
    house.db.write(|tx| {
        let other = tx.query_opt(&queries::RUN_APPROVED, params![&made.programme, &made.period])?;
        if let Some(other) = other {
            return Err(Error::AlreadyApproved(other.string(0)?));
        }
        let (actor, name) = scope.actor_pair();
        let changed =
            tx.execute(&queries::RUN_APPROVE, params![run, dataset_hash, actor, name, house.clock.now_ms()])?;
        if changed != 1 {
            return Err(Error::HashChanged);
        }
        let detail = format!("{} {} list {dataset_hash}", made.programme, made.period);
        let subject = format!("run:{run}");
        access::audit(tx, house.clock.as_ref(), scope.actor_pair(), "decision.approve", &subject, &detail)?;
        let row = tx.query_one(&queries::RUN, params![run])?;
        let approved = read_run(&row)?;
        if let Some(changes) = &changes {
            notices::give(tx, house, &approved, changes)?;
        }
        Ok(approved)
    })
}

/// Refuses a list that is over a ceiling, where the settings say so.
fn within_ceilings(house: &House, run: &DecisionRun) -> Result<()> {
    if !house.policy.settings().decision.refuse_over_ceiling {
        return Ok(());
    }
    match ceilings(house, run)?.into_iter().find(|view| view.over > 0) {
        None => Ok(()),
        Some(view) => Err(Error::OverCeiling {
            kind: match view.of {
                CeilingOf::Places => "places",
                CeilingOf::Money => "rupiah",
            },
            over: view.over,
            fits: view.fits.unwrap_or_default(),
        }),
    }
}
