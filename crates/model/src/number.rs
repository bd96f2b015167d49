//! Personal numbers: NIK and KK. They do not print: `Display` and `Debug` mask the middle digits.
//!
//! Rules of a NIK: PPKKCC DDMMYY SSSS; women add 40 to the day; the serial is not 0000. The region is the place of first
//! registration and says nothing of today's address; disagreement with sex or birth date is a warning elsewhere, not a fault here.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Sex;

const LOWEST: i64 = 1_000_000_000_000_000;
const HIGHEST: i64 = 9_999_999_999_999_999;

/// Which rule a personal number breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not sixteen digits.
    #[error("must have 16 digits, has {0}")]
    Length(usize),
    /// Something other than digits.
    #[error("must have digits only")]
    NotDigits,
    /// Written by a spreadsheet as 3.27E+15: the last digits are lost for good.
    #[error("in scientific notation, digits were lost by a spreadsheet")]
    Scientific,
    /// Day is not 1-31 or 41-71, or month not 1-12, or no such day.
    #[error("digits 7 to 12 are no date")]
    Date,
    /// Serial 0000.
    #[error("serial number is 0000")]
    Serial,
}

/// A national identity number that keeps the rules of its form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nik(i64);

/// A family card number: region 6, date of record 6, serial 4.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KkNumber(i64);

impl Nik {
    /// Reads sixteen digits; blanks and a leading apostrophe (a spreadsheet's text mark) are dropped.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        Self::from_number(digits(text)?)
    }

    /// Checks a number read from a column.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn from_number(number: i64) -> Result<Self, NumberError> {
        in_range(number)?;
        let (day, month) = (number / 100_000_000 % 100, number / 1_000_000 % 100);
        let day = if day > 40 { day - 40 } else { day };
        let longest = match month {
            2 => 29,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return Err(NumberError::Date),
        };
        if !(1..=longest).contains(&day) {
            return Err(NumberError::Date);
        }
        if number % 10_000 == 0 {
            return Err(NumberError::Serial);
        }
        Ok(Self(number))
    }

    /// All digits as a number: for columns and keys, never for a page or a log.
    pub fn number(self) -> i64 {
        self.0
    }

    /// All sixteen digits, for a caller who has a right to see them. `access` wraps this with an audit row.
    pub fn reveal(self) -> String {
        format!("{:016}", self.0)
    }

    /// Digits 1 to 6: where the person was first registered.
    pub fn region6(self) -> u32 {
        (self.0 / 10_000_000_000) as u32
    }

    /// The sex that the day digits say.
    pub fn sex(self) -> Sex {
        if self.0 / 100_000_000 % 100 > 40 { Sex::Female } else { Sex::Male }
    }

    /// The birth date that the digits say, read in the century that makes the person at most 100 years old in `year_now`.
    pub fn birth_date(self, year_now: i16) -> Option<Date> {
        let day = (self.0 / 100_000_000 % 100) as i8;
        let day = if day > 40 { day - 40 } else { day };
        let month = (self.0 / 1_000_000 % 100) as i8;
        let two = (self.0 / 10_000 % 100) as i16;
        let century = year_now - year_now % 100;
        let year = if century + two <= year_now { century + two } else { century - 100 + two };
        Date::new(year, month, day).ok()
    }
}

impl KkNumber {
    /// Reads sixteen digits; blanks and a leading apostrophe are dropped.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        Self::from_number(digits(text)?)
    }

    /// Checks a number read from a column.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn from_number(number: i64) -> Result<Self, NumberError> {
        in_range(number)?;
        Ok(Self(number))
    }

    /// All digits as a number: for columns and keys, never for a page or a log.
    pub fn number(self) -> i64 {
        self.0
    }

    /// All sixteen digits, for a caller who has a right to see them.
    pub fn reveal(self) -> String {
        format!("{:016}", self.0)
    }
}

fn in_range(number: i64) -> Result<(), NumberError> {
    if (LOWEST..=HIGHEST).contains(&number) {
        Ok(())
    } else {
        Err(NumberError::Length(number.unsigned_abs().to_string().len()))
    }
}

fn digits(text: &str) -> Result<i64, NumberError> {
    let text = text.trim().trim_start_matches('\'');
    let mut number: i64 = 0;
    let mut count = 0usize;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' if count < 16 => {
                number = number * 10 + i64::from(byte - b'0');
                count += 1;
            }
            b'0'..=b'9' => count += 1,
            b' ' => {}
            _ if is_scientific(text) => return Err(NumberError::Scientific),
            _ => return Err(NumberError::NotDigits),
        }
    }
    if count == 16 { Ok(number) } else { Err(NumberError::Length(count)) }
}

/// `3,27304E+15` or `3.27E15`: digits, one mark, an exponent.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits_only = |part: &str, marks: &[char]| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_digit() || marks.contains(&c))
    };
    digits_only(mantissa, &['.', ',']) && digits_only(exponent, &['+'])
}

fn masked(number: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{:04}********{:04}", number / 1_000_000_000_000, number % 10_000)
}

macro_rules! prints_masked {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                masked(self.0, f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                masked(self.0, f)
            }
        }
    )*};
}
prints_masked!(Nik, KkNumber);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nik_never_prints_its_middle() {
        let nik = Nik::parse("9973014507900001").unwrap();
        assert_eq!(nik.to_string(), "9973********0001");
        assert_eq!(format!("{nik:?}"), "9973********0001");
        assert_eq!(nik.reveal(), "9973014507900001");
    }

    #[test]
    fn women_add_forty_to_the_day() {
        let nik = Nik::parse("9973014507900001").unwrap();
        assert_eq!(nik.sex(), Sex::Female);
        assert_eq!(nik.birth_date(2026), Some(jiff::civil::date(1990, 7, 5)));
        assert_eq!(
            Nik::parse("9973010507190001").unwrap().birth_date(2026),
            Some(jiff::civil::date(2019, 7, 5))
        );
    }

    #[test]
    fn each_broken_rule_has_its_name() {
        for (text, error) in [
            ("", NumberError::Length(0)),
            ("997301050719001", NumberError::Length(15)),
            ("99730105071900011", NumberError::Length(17)),
            ("9973013207190001", NumberError::Date),
            ("9973010013190001", NumberError::Date),
            ("9973013002190001", NumberError::Date),
            ("9973010507190000", NumberError::Serial),
            ("9,9730105E+15", NumberError::Scientific),
            ("9.97E+15", NumberError::Scientific),
            ("99730105O7190001", NumberError::NotDigits),
            ("EEEE", NumberError::NotDigits),
            ("0973010507190001", NumberError::Length(15)),
        ] {
            assert_eq!(Nik::parse(text), Err(error), "{text}");
        }
        assert!(Nik::parse("' 9973 0105 0719 0001").is_ok());
    }
}
