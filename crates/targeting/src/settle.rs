//! What cannot be settled a family at a time: programmes that do or do not go together, and places. Then the
//! outcome.

use std::borrow::Cow;

use model::{Rupiah, RupiahOverflow};
use policy::Together;

use crate::{
    FamilyOutcome,
    columns::{Judged, Truth},
    holders::{Holder, Holders, Standing},
    members::Bitmap,
    pass::Pass,
    plan::{Bits, PlaceKind, Plan},
    quota::{Places, Protected, Regions, give_places},
};

/// Recipients of another programme in an overlapping period; none when it has not decided.
pub(crate) struct Other {
    /// Number of the combination in the version; several programmes may stand behind one.
    pub(crate) combination: usize,
    /// Key of the other programme.
    pub(crate) programme: String,
    /// Families that receive, sorted.
    pub(crate) recipients: Option<Vec<i64>>,
}

/// Every family's decision by one plan, in the order of families.
pub(crate) struct Settled<'a> {
    pub(crate) plan: &'a Plan<'a>,
    /// By place.
    truths: Vec<Cow<'a, Truth>>,
    /// For each component: members for whom it is true.
    pub(crate) qualified: Vec<&'a [i16]>,
    /// For each component: members who count.
    pub(crate) counted: &'a [Vec<i16>],
    /// For each component: who counts, one bit a person in the order of people, where persons are decided.
    pub(crate) selected: &'a [Bitmap],
    /// Place of the main reason; [`NONE`] for those who receive.
    reasons: Vec<u8>,
    /// Rank in the quota; 0 for those who do not take part.
    pub(crate) rank: Vec<u32>,
    pub(crate) places: Option<Places>,
    /// Families that keep what they had, since their notice still runs; all among the holders.
    kept: Bitmap,
    holders: Option<&'a Holders>,
}

/// Nothing stands against the family. Beyond the most places a plan may have.
const NONE: u8 = u8::MAX;

/// Settles combinations, quota and outcome of one plan of a pass. `holders` received by the list before: none where nobody is given
/// notice.
pub(crate) fn settle<'a>(
    pass: &'a Pass<'a>,
    number: usize,
    judged: &'a Judged,
    family_ids: &[i64],
    regions: &Regions,
    others: &[Other],
    holders: Option<&'a Holders>,
) -> Settled<'a> {
    let (plan, uses, families) = (&pass.plans[number], &pass.uses[number], judged.families);
    let counts = &judged.plans[number];
    let truth = |(place, test): (&crate::Place, &Option<usize>)| match (place.of, test) {
        (_, Some(test)) => Cow::Borrowed(&judged.tests[*test]),
        (PlaceKind::NeedsComponent, _) => Cow::Borrowed(&counts.any),
        (PlaceKind::Combination(line), _) => Cow::Owned(combined(plan, line, family_ids, others)),
        _ => Cow::Owned(Truth::none(families)),
    };
    let mut settled = Settled {
        plan,
        truths: plan.places.iter().zip(&uses.tests).map(truth).collect(),
        qualified: uses.kinds.iter().map(|kind| judged.qualified[*kind].as_slice()).collect(),
        counted: &counts.counted,
        selected: &counts.selected,
        reasons: vec![NONE; families],
        rank: vec![0; families],
        places: None,
        kept: Bitmap::none(families),
        holders,
    };
    let eligible = settled.reasons_of_families();
    let holding = settled.protect();
    if let (Some(quota), Some(place)) = (&plan.version.quota, plan.place_of(PlaceKind::Quota)) {
        let order: Vec<&[u64]> = uses.orders.iter().map(|order| judged.orders[*order].as_slice()).collect();
        let failing = settled.kept.rows();
        let reserved: Vec<&str> = holders.iter().flat_map(|holders| holders.reserved()).collect();
        let protected =
            holders.map(|_| Protected { failing: &failing, holding: &holding, reserved: &reserved });
        let places = give_places(quota, regions, &eligible, &order, protected);
        let truth = settled.truths[place.place as usize].to_mut();
        for (at, &family) in eligible.iter().enumerate() {
            let family = family as usize;
            settled.rank[family] = places.rank[at];
            if places.inside[at] {
                truth.yes.set(family);
                continue;
            }
            settled.reasons[family] = place.place as u8;
            if holding.get(family) {
                settled.kept.set(family);
            }
        }
        settled.places = Some(places);
    }
    settled
}

impl Settled<'_> {
    /// Finds the main reason of every family, 64 families at a time, and returns those whom nothing but the quota can stop.
    fn reasons_of_families(&mut self) -> Vec<u32> {
        let families = self.reasons.len();
        let mut eligible = Vec::new();
        let asked: Vec<(&crate::Place, bool)> = self
            .plan
            .places
            .iter()
            .filter(|place| place.of != PlaceKind::Quota)
            .map(|place| (place, place.stops(self.plan.version)))
            .collect();
        for word in 0..families.div_ceil(64) {
            let rows = (families - word * 64).min(64);
            let mut left = if rows == 64 { u64::MAX } else { (1 << rows) - 1 };
            for (place, stops) in &asked {
                let yes = self.truths[place.place as usize].yes.words()[word];
                let mut against = left & if *stops { yes } else { !yes };
                left &= !against;
                while against != 0 {
                    self.reasons[word * 64 + against.trailing_zeros() as usize] = place.place as u8;
                    against &= against - 1;
                }
            }
            while left != 0 {
                eligible.push((word * 64) as u32 + left.trailing_zeros());
                left &= left - 1;
            }
        }
        eligible
    }

    /// Keeps what they had for holders who no longer pass, and answers those who must not lose their place to others either. Whoever
    /// receives another programme instead loses nothing that would need notice.
    fn protect(&mut self) -> Bitmap {
        let mut holding = Bitmap::none(self.reasons.len());
        for holder in self.holders.iter().flat_map(|holders| &holders.here) {
            let row = holder.row as usize;
            match self.reason(row) {
                _ if holder.standing == Standing::Over => {}
                None => holding.set(row),
                Some(place) => {
                    let place = &self.plan.places[place as usize];
                    let instead =
                        matches!(place.of, PlaceKind::Combination(_)) && place.stops(self.plan.version);
                    if !instead {
                        self.kept.set(row);
                    }
                }
            }
        }
        holding
    }

    /// The family as a holder, if it keeps what it had.
    pub(crate) fn kept(&self, family: usize) -> Option<&Holder> {
        if self.kept.get(family) { self.holders?.at(family) } else { None }
    }

    pub(crate) fn families(&self) -> usize {
        self.reasons.len()
    }

    /// Place of the main reason.
    pub(crate) fn reason(&self, family: usize) -> Option<u32> {
        Some(self.reasons[family]).filter(|reason| *reason != NONE).map(u32::from)
    }

    pub(crate) fn outcome(&self, family: usize) -> FamilyOutcome {
        match self.reason(family) {
            None => FamilyOutcome::Eligible,
            Some(_) if self.kept.get(family) => FamilyOutcome::Kept,
            // Who has a rank fails by nothing but the quota.
            Some(_) if self.rank[family] > 0 => FamilyOutcome::Waiting,
            Some(_) => FamilyOutcome::NotEligible,
        }
    }

    /// Whether the main reason is that something is not known.
    pub(crate) fn is_unknown(&self, family: usize) -> bool {
        self.reason(family).is_some_and(|place| self.truths[place as usize].unknown.get(family))
    }

    /// What the family is given for the period: by the rule, as before while it keeps its aid, or nothing; and what the yearly limit
    /// cuts off.
    pub(crate) fn given(&self, family: usize) -> Result<(Rupiah, Rupiah), RupiahOverflow> {
        match self.outcome(family) {
            FamilyOutcome::Eligible => self.worth(family),
            FamilyOutcome::Kept => {
                let amount = self.kept(family).map_or(0, |holder| holder.amount);
                Ok((Rupiah::new(amount), Rupiah::ZERO))
            }
            FamilyOutcome::Waiting | FamilyOutcome::NotEligible => Ok(Default::default()),
        }
    }

    /// What the family would be given for the period, and what the yearly limit cuts off.
    pub(crate) fn worth(&self, family: usize) -> Result<(Rupiah, Rupiah), RupiahOverflow> {
        self.plan.worth(self.counted.iter().map(|counted| i64::from(counted[family])))
    }

    /// How every condition came out for some families, from `first` on, which is a multiple of 64.
    pub(crate) fn bits(&self, first: usize, out: &mut [Bits]) {
        out.fill(Bits::default());
        for place in &self.plan.places {
            let truth = &self.truths[place.place as usize];
            let words = truth.yes.words()[first / 64..].iter().zip(&truth.unknown.words()[first / 64..]);
            for (rows, (yes, unknown)) in out.chunks_mut(64).zip(words) {
                for (i, bits) in rows.iter_mut().enumerate() {
                    let (yes, unknown) = (yes >> i & 1, unknown >> i & 1);
                    bits.held |= yes << place.place;
                    bits.unknown |= unknown << place.place;
                    bits.failed |= (1 - (yes | unknown)) << place.place;
                }
            }
            if place.of == PlaceKind::Quota {
                // Nobody is asked for a place who did not get that far.
                for (bits, rank) in out.iter_mut().zip(&self.rank[first..]) {
                    bits.failed &= if *rank > 0 { u64::MAX } else { !place.bit() };
                }
            }
        }
    }

    /// Families for whom the condition of a place holds, fails, is unknown.
    pub(crate) fn figures(&self, place: &crate::Place) -> [i64; 3] {
        let truth = &self.truths[place.place as usize];
        let (yes, unknown) = (truth.yes.ones() as i64, truth.unknown.ones() as i64);
        let asked = match (&self.places, place.of) {
            (Some(places), PlaceKind::Quota) => places.rank.len() as i64,
            _ => self.families() as i64,
        };
        [yes, asked - yes - unknown, unknown]
    }
}

/// All lists are sorted by family: one walk each. Of families that none of the lists names it is known only when all programmes have
/// decided; until then "blocks" does not block, and "needs" is unknown, which is never true.
fn combined(plan: &Plan<'_>, line: usize, family_ids: &[i64], others: &[Other]) -> Truth {
    let mut truth = Truth::none(family_ids.len());
    let own = || others.iter().filter(|other| other.combination == line);
    for recipients in own().filter_map(|other| other.recipients.as_deref()) {
        let mut recipients = recipients.iter().copied().peekable();
        for (row, &family) in family_ids.iter().enumerate() {
            while recipients.next_if(|&id| id < family).is_some() {}
            if recipients.peek() == Some(&family) {
                truth.yes.set(row);
            }
        }
    }
    let decided = own().count() > 0 && own().all(|other| other.recipients.is_some());
    if !decided && plan.version.combinations[line].rule != Together::Blocks {
        for row in 0..family_ids.len() {
            if !truth.yes.get(row) {
                truth.unknown.set(row);
            }
        }
    }
    truth
}
