//! The same step for many cases.

use std::collections::{BTreeMap, BTreeSet};

use access::{House, Scope, audit};
use model::{CaseId, RegionCode};
use serde::Serialize;
use store::{Tx, params};

use crate::{
    Error, Result, kin, offered, queries,
    service::{
        Asked, BATCH, Stored, Taker, add_parent_actors, asks_who, by_id, decide, find, read_actors,
        read_stored, seen, step, stored,
    },
    write::Writes,
};

/// A case whose step was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotTaken {
    /// The case.
    pub case: CaseId,
    /// Stable code of the reason, the key of its words.
    pub code: &'static str,
    /// The reason in a sentence.
    pub reason: String,
}

/// What became of many steps.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Bulk {
    /// Steps taken.
    pub taken: u64,
    /// The others, each with its reason.
    pub refused: Vec<NotTaken>,
}

/// Takes the same step, with the same answers, in each of the cases, some hundreds in a transaction. A case that refuses is left as it is
/// and named. Called again after a power failure it goes on: what was moved already refuses the step as one that cannot be taken from
/// there, and nothing happens twice.
///
/// # Errors
/// The store's; the batches before stay.
pub fn take_steps(
    house: &House,
    scope: &Scope,
    cases: &[CaseId],
    action: &str,
    written: &BTreeMap<String, String>,
) -> Result<Bulk> {
    let mut bulk = Bulk::default();
    for batch in cases.chunks(BATCH) {
        let (taken, refused) = house.db.write(|tx| {
            let kin = kin::families_of(tx, scope.actor())?;
            let came = step_many(tx, house, Taker::person(scope, &kin), batch, (action, written))?;
            let refused: Vec<NotTaken> = batch
                .iter()
                .zip(&came)
                .filter_map(|(case, came)| came.as_ref().err().map(|error| not_taken(*case, error)))
                .collect();
            let taken = (batch.len() - refused.len()) as u64;
            if let (Some(first), Some(last)) = (batch.first(), batch.last()) {
                let subject = format!("case:{first}");
                let detail = format!("action={action} cases={} taken={taken} last={last}", batch.len());
                audit(tx, house.clock.as_ref(), scope.actor_pair(), "case.work", &subject, &detail)?;
            }
            Ok::<_, Error>((taken, refused))
        })?;
        bulk.taken += taken;
        bulk.refused.extend(refused);
    }
    Ok(bulk)
}

/// Takes a step in each of some cases in the caller's transaction, which also writes the audit row. Cases that stand alone are read,
/// decided
/// and written together; a case that shares a clock with others, or is named twice, has its turn when all before it are written. Answers
/// for each case: taken, refused, or not there; anything else ends all.
pub(crate) fn step_many(
    tx: &mut Tx<'_>,
    house: &House,
    taker: Taker<'_>,
    cases: &[CaseId],
    asked: Asked<'_>,
) -> Result<Vec<Result<()>>> {
    let (mut writes, mut named, mut came) = (Writes::default(), BTreeSet::new(), Vec::new());
    for (case, found) in cases.iter().zip(read_many(tx, house, taker, cases, asked)?) {
        let of_case = match found {
            None => Err(Error::NotFound),
            Some(found) if found.root.is_some() || !named.insert(case.0) => {
                writes.flush(tx, house, taker)?;
                // The steps before may have moved it.
                match read_one(tx, house, taker, *case)? {
                    None => Err(Error::NotFound),
                    Some(found) => step(tx, house, taker, find(house, &found.workflow)?, found, asked),
                }
            }
            Some(found) => {
                let workflow = find(house, &found.workflow)?;
                offered::check(tx, house, taker.scope, (workflow, &found.case.state), asked)
                    .and_then(|()| decide(house, taker, workflow, found, asked, &mut writes))
            }
        };
        came.push(match of_case {
            Ok(_) => Ok(()),
            // The engine decides before anything is written.
            Err(error @ (Error::Refused(_) | Error::NotFound)) => Err(error),
            Err(error) => return Err(error),
        });
    }
    writes.flush(tx, house, taker)?;
    Ok(came)
}

fn read_one(tx: &mut Tx<'_>, house: &House, taker: Taker<'_>, case: CaseId) -> Result<Option<Stored>> {
    if taker.is_clock() { by_id(tx, house, case) } else { stored(tx, house, taker.scope, case) }
}

/// The cases as they stand, with who did what where the step depends on it.
fn read_many(
    tx: &mut Tx<'_>,
    house: &House,
    taker: Taker<'_>,
    cases: &[CaseId],
    asked: Asked<'_>,
) -> Result<Vec<Option<Stored>>> {
    let nation = RegionCode::nation();
    let whole = nation.path_range();
    let (from, to, caseload) = if taker.is_clock() {
        (whole.0.as_str(), whole.1.as_str(), 0)
    } else {
        let (from, to) = taker.scope.path_range();
        (from, to, taker.scope.caseload())
    };
    let questions: Vec<_> =
        cases.iter().map(|case| (&queries::CASE_GET, params![*case, from, to, caseload].to_vec())).collect();
    let mut found = Vec::with_capacity(cases.len());
    for rows in tx.query_all(&questions)? {
        found.push(match (taker.is_clock(), rows.first()) {
            (true, Some(row)) => Some(read_stored(house, row)?),
            (_, row) => seen(house, taker.scope, row)?,
        });
    }
    let asking = |one: &&mut Stored| {
        house.policy.workflow(&one.workflow).is_some_and(|workflow| asks_who(workflow, one, asked))
    };
    let mut asking: Vec<&mut Stored> = found.iter_mut().flatten().filter(asking).collect();
    let questions: Vec<_> =
        asking.iter().map(|one| (&queries::ACTORS, params![one.family, one.id].to_vec())).collect();
    for (one, rows) in asking.iter_mut().zip(tx.query_all(&questions)?) {
        one.case.actors = read_actors(&rows)?;
        if let Some(workflow) = house.policy.workflow(&one.workflow) {
            add_parent_actors(tx, workflow, one)?;
        }
    }
    Ok(found)
}

pub(crate) fn not_taken(case: CaseId, error: &Error) -> NotTaken {
    NotTaken { case, code: error.code(), reason: error.to_string() }
}
