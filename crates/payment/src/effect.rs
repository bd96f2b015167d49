//! Effects: what a payment step asks of another room. They are kept in the outbox, in the same transaction as their cause, until
//! the caller has carried them over: a crash between the two loses none and does none twice.

use access::House;
use model::{FamilyId, LineId, RegionCode};
use serde::{Deserialize, Serialize};
use store::{Tx, outbox};

use crate::{Error, Result};

const KIND: &str = "payment-effect";

/// Something that another room should do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Open a case for a family whose payment is in trouble.
    OpenCase {
        /// Key of the workflow, from the channel's words in the policy pack.
        workflow: String,
        /// The family.
        family: FamilyId,
        /// The payment line, where there is one: a card in trouble may have none.
        line: Option<LineId>,
        /// Where the family lives.
        region: RegionCode,
        /// Code of the reason: the channel's word, such as `bank:TUTUP`, or a trouble of ours.
        reason: String,
    },
}

/// An effect that waits to be carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingEffect {
    /// For [`effect_done`].
    pub id: i64,
    /// What to do.
    pub effect: Effect,
}

/// The effects that wait, oldest first, at most `limit`.
///
/// # Errors
/// The store's.
pub fn effects(house: &House, limit: u32) -> Result<Vec<PendingEffect>> {
    let errands = house.db.read(|tx| outbox::due_of(tx, house.clock.as_ref(), KIND, limit))?;
    errands
        .into_iter()
        .map(|errand| {
            let effect = serde_json::from_str(&errand.payload).map_err(|_| Error::Stored("effect"))?;
            Ok(PendingEffect { id: errand.id, effect })
        })
        .collect()
}

/// Marks an effect as carried over. Call it in the transaction that carries it, so that neither happens without the other.
///
/// # Errors
/// The store's.
pub fn effect_done(tx: &mut Tx<'_>, house: &House, id: i64) -> Result<(), store::Error> {
    outbox::done(tx, house.clock.as_ref(), id)
}

/// Puts effects, in the transaction of their cause. The same trouble of the same line on the same document is put once.
pub(crate) fn put(tx: &mut Tx<'_>, house: &House, document: &str, effects: &[Effect]) -> Result<()> {
    for effect in effects {
        let Effect::OpenCase { line, reason, .. } = effect;
        let line = line.map_or_else(String::new, |line| line.to_string());
        let key = format!("{line}/{reason}/{document}");
        let payload = serde_json::to_string(effect).map_err(|_| Error::Stored("effect"))?;
        outbox::put(tx, house.clock.as_ref(), KIND, &key, &payload)?;
    }
    Ok(())
}
