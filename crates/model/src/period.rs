//! Months and payment periods: `2026-11`, `2026-T4` (stage, *tahap*, a quarter), `2026` (a year).

use std::{fmt, str::FromStr};

use jiff::civil::{Date, date};

/// A text is no month or period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no period: write 2026-11 for a month, 2026-T4 for a stage, 2026 for a year")]
pub struct PeriodError(String);

/// A calendar month, as closings are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month that `day` lies in.
    pub fn of(day: Date) -> Self {
        Self { year: day.year(), month: day.month() }
    }

    /// First day.
    pub fn first_day(self) -> Date {
        date(self.year, self.month, 1)
    }

    /// Last day.
    pub fn last_day(self) -> Date {
        self.first_day().last_of_month()
    }

    /// The month after; the last month of the calendar itself.
    #[must_use]
    pub fn next(self) -> Self {
        self.last_day().tomorrow().map_or(self, Self::of)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = PeriodError;
    fn from_str(text: &str) -> Result<Self, PeriodError> {
        match Period::from_str(text) {
            Ok(Period::Month(month)) => Ok(month),
            _ => Err(PeriodError(text.to_owned())),
        }
    }
}

/// The time that one entitlement covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// One month, `2026-11`.
    Month(Month),
    /// One stage of three months, `2026-T1` to `2026-T4`.
    Stage {
        /// Calendar year.
        year: i16,
        /// 1 to 4.
        stage: i8,
    },
    /// A calendar year, `2026`.
    Year(i16),
}

impl Period {
    /// First day of the period.
    pub fn first_day(self) -> Date {
        match self {
            Self::Month(month) => month.first_day(),
            Self::Stage { year, stage } => date(year, stage * 3 - 2, 1),
            Self::Year(year) => date(year, 1, 1),
        }
    }

    /// Last day of the period.
    pub fn last_day(self) -> Date {
        match self {
            Self::Month(month) => month.last_day(),
            Self::Stage { year, stage } => date(year, stage * 3, 1).last_of_month(),
            Self::Year(year) => date(year, 12, 31),
        }
    }

    /// How many months it covers.
    pub fn months(self) -> i64 {
        match self {
            Self::Month(_) => 1,
            Self::Stage { .. } => 3,
            Self::Year(_) => 12,
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(month) => month.fmt(f),
            Self::Stage { year, stage } => write!(f, "{year:04}-T{stage}"),
            Self::Year(year) => write!(f, "{year:04}"),
        }
    }
}

impl FromStr for Period {
    type Err = PeriodError;
    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let wrong = || PeriodError(text.chars().take(20).collect());
        let (year, rest) = match text.split_once('-') {
            Some((year, rest)) => (year, Some(rest)),
            None => (text, None),
        };
        if year.len() != 4 || !year.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let year: i16 = year.parse().map_err(|_| wrong())?;
        let Some(rest) = rest else { return Ok(Self::Year(year)) };
        if !rest.trim_start_matches(['T', 't', 'Q', 'q']).bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        if let Some(stage) = rest.strip_prefix(['T', 't', 'Q', 'q']) {
            return match stage.parse() {
                Ok(stage @ 1..=4) => Ok(Self::Stage { year, stage }),
                _ => Err(wrong()),
            };
        }
        match rest.parse() {
            Ok(month @ 1..=12) if rest.len() == 2 => Ok(Self::Month(Month { year, month })),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_prints_as_it_reads() {
        for text in ["2026-11", "2026-T4", "2026"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
        for text in ["2026-13", "2026-T5", "26-11", "2026-1", "", "2026-T", "2026-+1", "-026"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }

    #[test]
    fn four_stages_make_the_year() {
        let stages: Vec<Period> = (1..=4).map(|stage| Period::Stage { year: 2026, stage }).collect();
        assert_eq!(stages[0].first_day(), Period::Year(2026).first_day());
        assert_eq!(stages[3].last_day(), Period::Year(2026).last_day());
        for pair in stages.windows(2) {
            assert_eq!(pair[0].last_day().tomorrow().unwrap(), pair[1].first_day());
        }
    }
}
