//! Which members of a family count for which component, and what that comes to: limits per component, per
//! family in persons, and per family in rupiah. One pure function, used for populations and for one family.

use model::{Period, Rupiah, RupiahOverflow};
use policy::{CapOrder, Component, ProgrammeVersion};

/// The limits of a rule, with the amounts of one period. Components are those of the plan, by their number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CapRule {
    /// For each component: the amount of the period.
    pub(crate) amounts: Vec<Rupiah>,
    /// For each component: how many persons of a family count.
    pub(crate) at_most: Vec<u32>,
    /// Components in the order in which they are given out.
    order: Vec<usize>,
    persons_max: u32,
    amount_max: Rupiah,
}

/// What a family's components come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Counted {
    /// What is paid for the period.
    pub(crate) amount: Rupiah,
    /// What the yearly limit cut off.
    pub(crate) trimmed: Rupiah,
    /// Persons who count, with their component, in the order in which they were taken.
    pub(crate) who: Vec<(usize, usize)>,
}

impl CapRule {
    /// None when a component is not paid by such periods.
    pub(crate) fn new(version: &ProgrammeVersion, components: &[&Component], period: Period) -> Option<Self> {
        let amounts: Option<Vec<Rupiah>> = components.iter().map(|c| c.amount(period)).collect();
        let mut order: Vec<usize> = (0..components.len()).collect();
        let cap = version.cap.as_ref();
        if cap.is_some_and(|cap| cap.order == CapOrder::HighestAmount) {
            // The sort is stable: equal amounts stay in the order of the file.
            order.sort_by_key(|&c| std::cmp::Reverse(components[c].amount_year));
        }
        Some(Self {
            amounts: amounts?,
            at_most: components.iter().map(|c| c.max_per_family.unwrap_or(u32::MAX)).collect(),
            order,
            persons_max: cap.map_or(u32::MAX, |cap| cap.persons),
            amount_max: cap.map_or(Rupiah::new(i64::MAX), |cap| cap.amount(period)),
        })
    }

    /// Counts a family. `masks` has one mask of components a person (bit = component); `born` their birth
    /// dates. Within a component older persons come first, unknown birth dates last, then the order of the
    /// rows.
    pub(crate) fn count(
        &self,
        masks: &[u32],
        born: impl Fn(usize) -> Option<i32>,
        out: &mut Counted,
    ) -> Result<(), RupiahOverflow> {
        out.who.clear();
        let mut amount = Rupiah::ZERO;
        let mut persons: Vec<usize> = (0..masks.len()).filter(|&p| masks[p] != 0).collect();
        if persons.len() > 1 {
            persons.sort_by_key(|&p| (born(p).is_none(), born(p), p));
        }
        for &component in &self.order {
            let mut room = self.at_most[component];
            for slot in &mut persons {
                if room == 0 || out.who.len() as u64 >= u64::from(self.persons_max) {
                    break;
                }
                let person = *slot;
                if person == TAKEN || masks[person] >> component & 1 == 0 {
                    continue;
                }
                *slot = TAKEN;
                room -= 1;
                out.who.push((person, component));
                amount = amount.plus(self.amounts[component])?;
            }
        }
        (out.amount, out.trimmed) = self.limited(amount)?;
        Ok(())
    }

    /// What is paid of an amount, and what the yearly limit cuts off.
    fn limited(&self, amount: Rupiah) -> Result<(Rupiah, Rupiah), RupiahOverflow> {
        let paid = amount.min(self.amount_max);
        Ok((paid, amount.minus(paid)?))
    }

    /// What so many counted members of each component come to: paid, and cut off by the yearly limit.
    pub(crate) fn worth(
        &self,
        counted: impl Iterator<Item = i64>,
    ) -> Result<(Rupiah, Rupiah), RupiahOverflow> {
        let mut amount = Rupiah::ZERO;
        for (members, each) in counted.zip(&self.amounts) {
            amount = amount.plus(each.times(members)?)?;
        }
        self.limited(amount)
    }

    /// With a single component: how many members of a family count at most. Who they are does not matter then.
    pub(crate) fn only(&self) -> Option<i16> {
        let [most] = self.at_most.as_slice() else { return None };
        Some(i16::try_from((*most).min(self.persons_max)).unwrap_or(i16::MAX))
    }
}

/// A person who counts already.
const TAKEN: usize = usize::MAX;
