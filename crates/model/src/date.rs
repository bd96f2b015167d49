//! Dates of the domain: civil days, kept in columns as days since 1970-01-01.

use jiff::civil::{Date, date};

const EPOCH: Date = date(1970, 1, 1);

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// The text has none of the known shapes.
    #[error("not a date in any known form")]
    Shape,
    /// The shape fits, the day does not exist (31/02).
    #[error("no such day in the calendar")]
    NoSuchDay,
}

/// Days since 1970-01-01; negative before.
pub fn epoch_days(day: Date) -> i32 {
    (day - EPOCH).get_days()
}

/// The civil day of a number of days since 1970-01-01, if it lies in years -9999 to 9999.
pub fn civil_from_epoch_days(days: i32) -> Option<Date> {
    EPOCH.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

/// Completed years from `born` to `on`; negative when `on` is before the birth.
pub fn age_in_years(born: Date, on: Date) -> i32 {
    let years = i32::from(on.year()) - i32::from(born.year());
    if (on.month(), on.day()) < (born.month(), born.day()) { years - 1 } else { years }
}

/// Completed months from `born` to `on`.
pub fn age_in_months(born: Date, on: Date) -> i32 {
    let months = (i32::from(on.year()) - i32::from(born.year())) * 12 + i32::from(on.month())
        - i32::from(born.month());
    if on.day() < born.day() { months - 1 } else { months }
}

/// Reads a date in the forms that Indonesian lists use: `2001-12-31`, `31-12-2001`, `31/12/2001`, `31.12.2001`, `20011231`,
/// `31 Desember 2001`, `31 Des 2001`, `31-Dec-2001`. Day comes before month except when the year leads.
///
/// # Errors
/// [`DateError::Shape`] when no form fits, [`DateError::NoSuchDay`] when the form fits but the day does not exist.
pub fn parse_date(text: &str) -> Result<Date, DateError> {
    let text = text.trim();
    let text = text.split_once('T').map_or(text, |(day, _)| day);
    let mut parts = text.split(['-', '/', '.', ' ']).filter(|part| !part.is_empty());
    let (Some(first), Some(second), Some(third)) = (parts.next(), parts.next(), parts.next()) else {
        return compact(text);
    };
    // A trailing clock time ("2001-12-31 00:00:00") is dropped; anything else is not a date.
    if parts.next().is_some_and(|rest| !rest.contains(':')) {
        return Err(DateError::Shape);
    }
    if first.len() == 4 {
        civil(number(first)?, month(second)?, number(third)?)
    } else if third.len() == 4 {
        civil(number(third)?, month(second)?, number(first)?)
    } else {
        Err(DateError::Shape)
    }
}

fn compact(text: &str) -> Result<Date, DateError> {
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DateError::Shape);
    }
    civil(number(&text[..4])?, number(&text[4..6])?, number(&text[6..])?)
}

fn civil(year: i16, month: i16, day: i16) -> Result<Date, DateError> {
    let month = i8::try_from(month).map_err(|_| DateError::NoSuchDay)?;
    let day = i8::try_from(day).map_err(|_| DateError::NoSuchDay)?;
    Date::new(year, month, day).map_err(|_| DateError::NoSuchDay)
}

fn number(text: &str) -> Result<i16, DateError> {
    if text.len() > 4 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DateError::Shape);
    }
    text.parse().map_err(|_| DateError::Shape)
}

fn month(text: &str) -> Result<i16, DateError> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return number(text);
    }
    let lower = text.to_lowercase();
    let stem = lower.get(..3).ok_or(DateError::Shape)?;
    // Indonesian first, English beside it; `agu` and `agt` are both written.
    Ok(match stem {
        "jan" => 1,
        "feb" | "peb" => 2,
        "mar" => 3,
        "apr" => 4,
        "mei" | "may" => 5,
        "jun" => 6,
        "jul" => 7,
        "agu" | "agt" | "ags" | "aug" => 8,
        "sep" => 9,
        "okt" | "oct" => 10,
        "nov" | "nop" => 11,
        "des" | "dec" => 12,
        _ => return Err(DateError::Shape),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_written_form_reads_as_the_same_day() {
        let day = date(2001, 12, 31);
        for text in [
            "2001-12-31",
            "31-12-2001",
            "31/12/2001",
            "31.12.2001",
            "20011231",
            "31 Desember 2001",
            "31-Des-2001",
            "31-Dec-2001",
            "2001-12-31 00:00:00",
            "2001-12-31T00:00:00",
            "2001/12/31",
        ] {
            assert_eq!(parse_date(text), Ok(day), "{text}");
        }
    }

    #[test]
    fn a_day_that_does_not_exist_is_told_from_a_text_that_is_no_date() {
        assert_eq!(parse_date("31/02/2001"), Err(DateError::NoSuchDay));
        assert_eq!(parse_date("2001-13-01"), Err(DateError::NoSuchDay));
        for text in ["", "tidak tahu", "31/12", "31/12/01", "3.273E+15", "１２/12/2001"] {
            assert_eq!(parse_date(text), Err(DateError::Shape), "{text}");
        }
    }

    #[test]
    fn age_turns_on_the_birthday() {
        let born = date(2020, 2, 29);
        assert_eq!(age_in_years(born, date(2026, 2, 28)), 5);
        assert_eq!(age_in_years(born, date(2026, 3, 1)), 6);
        assert_eq!(age_in_months(born, date(2020, 3, 28)), 0);
        assert_eq!(age_in_months(born, date(2020, 3, 29)), 1);
    }

    #[test]
    fn epoch_days_go_there_and_back() {
        for days in [-40_000, -1, 0, 1, 20_000] {
            assert_eq!(civil_from_epoch_days(days).map(epoch_days), Some(days));
        }
    }
}
