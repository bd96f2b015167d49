//! What cannot be settled a family at a time: programmes that do or do not go together, and places. Then the
//! outcome.

use policy::Together;
use rayon::prelude::*;

use crate::{
    FamilyOutcome,
    columns::Judged,
    plan::{PlaceKind, Plan},
    quota::{Places, Regions, give_places},
};

/// Recipients of another programme in an overlapping period; none when it has not decided.
pub(crate) struct Other {
    /// Number of the combination in the version.
    pub(crate) combination: usize,
    /// Families that receive, sorted.
    pub(crate) recipients: Option<Vec<i64>>,
}

/// Every family's decision, in the order of families.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    pub(crate) judged: Judged,
    pub(crate) outcome: Vec<FamilyOutcome>,
    /// Place of the main reason; none for those who receive.
    pub(crate) reason: Vec<Option<u32>>,
    /// Rank in the quota; 0 for those who do not take part.
    pub(crate) rank: Vec<u32>,
    pub(crate) places: Option<Places>,
}

/// Settles combinations, quota and outcome.
pub(crate) fn settle(
    plan: &Plan<'_>,
    mut judged: Judged,
    family_ids: &[i64],
    regions: &Regions,
    others: &[Other],
) -> Settled {
    for other in others {
        combine(plan, &mut judged, family_ids, other);
    }
    let order = std::mem::take(&mut judged.order);
    let families = family_ids.len();
    let eligible: Vec<u32> =
        (0..families).filter(|&i| plan.passes(&judged.bits[i])).map(|i| i as u32).collect();
    let mut settled = Settled { judged, rank: vec![0; families], ..Settled::default() };
    if let (Some(quota), Some(place)) = (&plan.version.quota, plan.place_of(PlaceKind::Quota)) {
        let places = give_places(quota, regions, &eligible, &order);
        for (at, &family) in eligible.iter().enumerate() {
            settled.rank[family as usize] = places.rank[at];
            settled.judged.bits[family as usize].set(place, Some(places.inside[at]));
        }
        settled.places = Some(places);
    }
    let quota = plan.place_of(PlaceKind::Quota);
    let (outcome, reason): (Vec<_>, Vec<_>) = settled
        .judged
        .bits
        .par_iter()
        .map(|bits| match (plan.main_reason(bits), quota) {
            (Some(reason), _) => (FamilyOutcome::NotEligible, Some(reason)),
            (None, Some(place)) if bits.failed & place.bit() != 0 => {
                (FamilyOutcome::Waiting, Some(place.place))
            }
            (None, _) => (FamilyOutcome::Eligible, None),
        })
        .unzip();
    settled.outcome = outcome;
    settled.reason = reason;
    settled
}

/// Both lists are sorted by family: one walk. Without a decision of the other programme, "blocks" does not
/// block and "needs" is unknown, which is never true.
fn combine(plan: &Plan<'_>, judged: &mut Judged, family_ids: &[i64], other: &Other) {
    let (Some(line), Some(place)) = (
        plan.version.combinations.get(other.combination),
        plan.place_of(PlaceKind::Combination(other.combination)),
    ) else {
        return;
    };
    let mut recipients = other.recipients.iter().flatten().copied().peekable();
    for (bits, &family) in judged.bits.iter_mut().zip(family_ids) {
        while recipients.next_if(|&id| id < family).is_some() {}
        let receives = match &other.recipients {
            Some(_) => Some(recipients.peek() == Some(&family)),
            None if line.rule == Together::Blocks => Some(false),
            None => None,
        };
        bits.set(place, receives);
    }
}
