//! The same step for many cases.

use std::collections::BTreeMap;

use access::{House, Scope, audit};
use model::CaseId;
use serde::Serialize;

use crate::{
    Error, Result,
    service::{BATCH, find, step, stored},
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
            let (mut taken, mut refused) = (0_u64, Vec::new());
            for case in batch {
                let Some(found) = stored(tx, house, scope, *case)? else {
                    refused.push(not_taken(*case, &Error::NotFound));
                    continue;
                };
                let workflow = find(house, &found.workflow)?;
                match step(tx, house, scope, workflow, found, (action, written)) {
                    Ok(_) => taken += 1,
                    // The engine decides before anything is written.
                    Err(error @ Error::Refused(_)) => refused.push(not_taken(*case, &error)),
                    Err(error) => return Err(error),
                }
            }
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

fn not_taken(case: CaseId, error: &Error) -> NotTaken {
    NotTaken { case, code: error.code(), reason: error.to_string() }
}
