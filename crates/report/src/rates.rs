//! Money on its way, and shares. Pure.

use model::{Rupiah, RupiahOverflow};
use serde::Serialize;

/// The money of one programme and period, or of a part of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Money {
    /// Payment lines.
    pub lines: i64,
    /// In the approved list: the allocation in force.
    pub allocated: Rupiah,
    /// Ordered to be paid.
    pub ordered: Rupiah,
    /// Arrived on accounts.
    pub topped_up: Rupiah,
    /// Taken by the families.
    pub withdrawn: Rupiah,
    /// Came back.
    pub returned: Rupiah,
    /// Ordered, and told never to arrive.
    pub unpaid: Rupiah,
    /// Lines with a problem.
    pub problems: i64,
}

impl Money {
    /// Ordered and not yet known to have arrived or failed.
    ///
    /// # Errors
    /// A sum out of range.
    pub fn pending(&self) -> Result<Rupiah, RupiahOverflow> {
        self.ordered.minus(self.topped_up)?.minus(self.unpaid)
    }

    /// Arrived and not yet touched.
    ///
    /// # Errors
    /// A sum out of range.
    pub fn on_card(&self) -> Result<Rupiah, RupiahOverflow> {
        self.topped_up.minus(self.withdrawn)?.minus(self.returned)
    }

    /// Absorption: what arrived less what came back, in thousandths of the allocation; unknown without an
    /// allocation.
    ///
    /// # Errors A sum out of range.
    pub fn absorption(&self) -> Result<Option<i64>, RupiahOverflow> {
        Ok(permille(self.topped_up.minus(self.returned)?.idr(), self.allocated.idr()))
    }

    /// Both together.
    ///
    /// # Errors
    /// A sum out of range.
    pub fn plus(&self, other: &Self) -> Result<Self, RupiahOverflow> {
        Ok(Self {
            lines: self.lines + other.lines,
            allocated: self.allocated.plus(other.allocated)?,
            ordered: self.ordered.plus(other.ordered)?,
            topped_up: self.topped_up.plus(other.topped_up)?,
            withdrawn: self.withdrawn.plus(other.withdrawn)?,
            returned: self.returned.plus(other.returned)?,
            unpaid: self.unpaid.plus(other.unpaid)?,
            problems: self.problems + other.problems,
        })
    }
}

/// `part` of `whole` in thousandths, rounded down toward zero; unknown when there is no whole.
pub fn permille(part: i64, whole: i64) -> Option<i64> {
    (whole != 0).then(|| (i128::from(part) * 1000 / i128::from(whole)) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absorption_counts_what_stayed_out_of_what_was_allocated() {
        let money = Money {
            allocated: Rupiah::new(1_000_000),
            ordered: Rupiah::new(900_000),
            topped_up: Rupiah::new(800_000),
            withdrawn: Rupiah::new(600_000),
            returned: Rupiah::new(50_000),
            unpaid: Rupiah::new(40_000),
            ..Money::default()
        };
        assert_eq!(money.absorption(), Ok(Some(750)));
        assert_eq!(money.pending(), Ok(Rupiah::new(60_000)));
        assert_eq!(money.on_card(), Ok(Rupiah::new(150_000)));
        assert_eq!(Money::default().absorption(), Ok(None));
    }

    #[test]
    fn a_share_of_nothing_is_unknown_and_a_large_one_does_not_overflow() {
        assert_eq!(permille(0, 0), None);
        assert_eq!(permille(i64::MAX, i64::MAX), Some(1000));
        assert_eq!(permille(1, 3), Some(333));
    }
}
