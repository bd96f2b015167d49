//! Money: whole rupiah in 64 bits. No float, no silent overflow, no `as`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whole Indonesian rupiah. May be negative (a correction). Arithmetic that may overflow is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rupiah(i64);

/// An amount left the range of 64 bits: the input was wrong, the sum is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("amount of rupiah is out of range")]
pub struct RupiahOverflow;

impl Rupiah {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of whole rupiah.
    pub const fn new(idr: i64) -> Self {
        Self(idr)
    }

    /// The amount as a number, for columns and storage.
    pub const fn idr(self) -> i64 {
        self.0
    }

    /// `self + other`.
    ///
    /// # Errors
    /// [`RupiahOverflow`] outside 64 bits.
    pub fn plus(self, other: Self) -> Result<Self, RupiahOverflow> {
        self.0.checked_add(other.0).map(Self).ok_or(RupiahOverflow)
    }

    /// `self - other`.
    ///
    /// # Errors
    /// [`RupiahOverflow`] outside 64 bits.
    pub fn minus(self, other: Self) -> Result<Self, RupiahOverflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(RupiahOverflow)
    }

    /// `self × count`.
    ///
    /// # Errors
    /// [`RupiahOverflow`] outside 64 bits.
    pub fn times(self, count: i64) -> Result<Self, RupiahOverflow> {
        self.0.checked_mul(count).map(Self).ok_or(RupiahOverflow)
    }

    /// The sum of many amounts.
    ///
    /// # Errors
    /// [`RupiahOverflow`] outside 64 bits.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, RupiahOverflow> {
        amounts.into_iter().try_fold(Self::ZERO, Self::plus)
    }
}

/// As printed in Indonesia: `Rp1.500.000`, `-Rp500`.
impl fmt::Display for Rupiah {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.unsigned_abs().to_string();
        let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 3);
        if self.0 < 0 {
            out.push('-');
        }
        out.push_str("Rp");
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push('.');
            }
            out.push(digit);
        }
        f.pad(&out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_on_a_receipt() {
        assert_eq!(Rupiah::new(0).to_string(), "Rp0");
        assert_eq!(Rupiah::new(999).to_string(), "Rp999");
        assert_eq!(Rupiah::new(10_800_000).to_string(), "Rp10.800.000");
        assert_eq!(Rupiah::new(-500).to_string(), "-Rp500");
        assert_eq!(Rupiah::new(i64::MIN).to_string(), "-Rp9.223.372.036.854.775.808");
    }

    #[test]
    fn a_sum_out_of_range_is_an_error_not_a_number() {
        assert_eq!(Rupiah::new(i64::MAX).plus(Rupiah::new(1)), Err(RupiahOverflow));
        assert_eq!(Rupiah::sum([Rupiah::new(225_000); 4]), Ok(Rupiah::new(900_000)));
    }
}
