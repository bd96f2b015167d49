//! From the text of one cell to a value: pure, without allocation where nothing is wrong. An empty cell is `Ok(None)`: unknown.

use model::{DateError, epoch_days, parse_date};

use super::finding::Rule;

/// Whether a cell says "not known" in a way that no name does.
pub(crate) fn is_blank(text: &str) -> bool {
    matches!(text, "" | "-" | "NULL" | "#N/A" | "N/A")
}

/// Trims blanks and a leading apostrophe (a spreadsheet's mark for text).
pub(crate) fn trim(text: &str) -> &str {
    let bytes = text.as_bytes();
    let plain = |b: Option<&u8>| b.is_none_or(|&b| b > b' ' && b < 0x80 && b != b'\'');
    if plain(bytes.first()) && plain(bytes.last()) {
        return text;
    }
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\u{a0}')
        .trim_start_matches('\'')
}

/// A whole number; a decimal part is cut off (`36,5` m² counts as 36).
pub(crate) fn int(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let (negative, bytes) = match bytes.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, bytes),
    };
    if bytes.is_empty() || bytes.len() > 18 {
        return None;
    }
    let mut number = 0i64;
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => number = number * 10 + i64::from(byte - b'0'),
            b'.' | b',' if at > 0 && bytes[at + 1..].iter().all(u8::is_ascii_digit) => break,
            _ => return None,
        }
    }
    Some(if negative { -number } else { number })
}

/// A code: a number without a part, however a workbook writes it (`3.0`); half a code is none.
pub(crate) fn code(text: &str) -> Option<i64> {
    let part = text.split_once(['.', ',']).map_or("", |(_, part)| part);
    int(text).filter(|_| part.bytes().all(|byte| byte == b'0'))
}

/// Words for yes and no when the list gives none of its own.
pub(crate) fn yes_no(upper: &str) -> Option<bool> {
    match upper {
        "1" | "Y" | "YA" | "YES" | "TRUE" | "BENAR" => Some(true),
        "0" | "T" | "TIDAK" | "N" | "NO" | "FALSE" | "SALAH" => Some(false),
        _ => None,
    }
}

/// Letters as a set of bits: `AC`, `a,c`; `-` is the empty set.
pub(crate) fn letters(text: &str) -> Option<i32> {
    let mut bits = 0;
    for byte in text.bytes() {
        match byte.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => bits |= 1i32 << (letter - b'A').min(30),
            b' ' | b',' | b';' | b'-' => {}
            _ => return None,
        }
    }
    Some(bits)
}

/// A form in which a list writes dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateForm {
    /// `31/12/2001`, with this mark.
    DayFirst(u8),
    /// `2001-12-31`; a time after it is dropped.
    YearFirst,
    /// `20011231`.
    Compact,
    /// `31 Desember 2001` or `31-Des-2001`, with this mark.
    Words(u8),
    /// Days since 1899-12-30, as a workbook keeps them.
    Serial,
    /// Whatever [`parse_date`] reads.
    Any,
}

impl DateForm {
    pub(crate) fn from_pattern(pattern: &str) -> Self {
        match pattern {
            "dd/mm/yyyy" => Self::DayFirst(b'/'),
            "dd-mm-yyyy" => Self::DayFirst(b'-'),
            "dd.mm.yyyy" => Self::DayFirst(b'.'),
            "yyyy-mm-dd" => Self::YearFirst,
            "yyyymmdd" => Self::Compact,
            "dd mmmm yyyy" => Self::Words(b' '),
            "dd-mmm-yyyy" => Self::Words(b'-'),
            _ => Self::Any,
        }
    }

    /// Whether the text has this form; if so, the day or that there is no such day.
    fn read(self, text: &str) -> Option<Result<i32, Rule>> {
        let bytes = text.as_bytes();
        match self {
            Self::DayFirst(mark) => {
                let [d1, d2, m1, mm1, mm2, m2, year @ ..] = bytes else { return None };
                if *m1 != mark || *m2 != mark || year.len() != 4 {
                    return unpadded(text, mark);
                }
                Some(day(digits(year)?, digits(&[*mm1, *mm2])?, digits(&[*d1, *d2])?))
            }
            Self::YearFirst => {
                let (year, rest) = bytes.split_at_checked(4)?;
                let [b'-', mm1, mm2, b'-', d1, d2, tail @ ..] = rest else { return None };
                if !matches!(tail.first(), None | Some(b' ' | b'T')) {
                    return None;
                }
                Some(day(digits(year)?, digits(&[*mm1, *mm2])?, digits(&[*d1, *d2])?))
            }
            Self::Compact => {
                if bytes.len() != 8 {
                    return None;
                }
                Some(day(digits(&bytes[..4])?, digits(&bytes[4..6])?, digits(&bytes[6..])?))
            }
            Self::Words(mark) => {
                let named =
                    text.split(mark as char).count() == 3 && bytes.iter().any(u8::is_ascii_alphabetic);
                if named { Self::Any.read(text) } else { None }
            }
            Self::Serial => {
                let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
                if whole.len() > 5 {
                    return None;
                }
                let serial = digits(whole.as_bytes())?;
                (1..=73_050).contains(&serial).then(|| Ok(serial - 25_569))
            }
            Self::Any => match parse_date(text) {
                Ok(day) => Some(Ok(epoch_days(day))),
                Err(DateError::NoSuchDay) => Some(Err(Rule::DateDay)),
                Err(DateError::Shape) => None,
            },
        }
    }
}

/// `1/2/2001`: a day or month of one digit.
fn unpadded(text: &str, mark: u8) -> Option<Result<i32, Rule>> {
    let mut parts = text.split(mark as char);
    let (d, m, y) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || y.len() != 4 || d.len() > 2 || m.len() > 2 {
        return None;
    }
    Some(day(digits(y.as_bytes())?, digits(m.as_bytes())?, digits(d.as_bytes())?))
}

fn digits(bytes: &[u8]) -> Option<i32> {
    if bytes.is_empty() {
        return None;
    }
    let mut number = 0i32;
    for &byte in bytes {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i32::from(byte - b'0');
    }
    Some(number)
}

/// Days since 1970-01-01 of a civil day, by the well-known era arithmetic (H. Hinnant, "chrono-compatible low-level date algorithms").
fn day(year: i32, month: i32, day: i32) -> Result<i32, Rule> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + i32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return Err(Rule::DateDay),
    };
    if !(1..=longest).contains(&day) {
        return Err(Rule::DateDay);
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Ok(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// A date in one of the forms; days since 1970-01-01.
pub(crate) fn date(text: &str, forms: &[DateForm]) -> Result<i32, Rule> {
    for form in forms {
        if let Some(read) = form.read(text) {
            return read;
        }
    }
    Err(Rule::Date)
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_as_lists_write_them() {
        for (text, number) in [
            ("007", Some(7)),
            ("36,5", Some(36)),
            ("36.5", Some(36)),
            ("-1", Some(-1)),
            ("1.0", Some(1)),
            ("", None),
            ("1.2.3", None),
            (".5", None),
            ("12a", None),
            ("1E5", None),
            ("9999999999999999999", None),
        ] {
            assert_eq!(int(text), number, "{text}");
        }
        for (text, number) in
            [("3", Some(3)), ("3.0", Some(3)), ("3,00", Some(3)), ("3.5", None), ("three", None)]
        {
            assert_eq!(code(text), number, "{text}");
        }
    }

    #[test]
    fn letters_are_bits() {
        assert_eq!(letters("AC"), Some(0b101));
        assert_eq!(letters("a, j"), Some(0b10_0000_0001));
        assert_eq!(letters("-"), Some(0));
        assert_eq!(letters("A1"), None);
    }

    #[test]
    fn a_date_is_read_only_in_the_forms_of_the_list() {
        let dash = [DateForm::YearFirst];
        let three = [DateForm::DayFirst(b'/'), DateForm::YearFirst, DateForm::Words(b' ')];
        assert_eq!(date("1970-01-02", &dash), Ok(1));
        assert_eq!(date("02/01/1970", &dash), Err(Rule::Date));
        for text in
            ["02/01/1970", "2/1/1970", "1970-01-02", "2 Januari 1970", "02 Jan 1970", "1970-01-02 00:00:00"]
        {
            assert_eq!(date(text, &three), Ok(1), "{text}");
        }
        assert_eq!(date("31/02/1990", &three), Err(Rule::DateDay));
        assert_eq!(date("31 Februari 1990", &three), Err(Rule::DateDay));
        assert_eq!(date("1990", &three), Err(Rule::Date));
        assert_eq!(date("25570", &[DateForm::Serial]), Ok(1));
        assert_eq!(date("25570.5", &[DateForm::Serial]), Ok(1));
    }

    #[test]
    fn blanks_around_a_cell_do_not_count() {
        assert_eq!(trim("  \u{a0}A B\t"), "A B");
        assert_eq!(trim("'9901"), "9901");
        assert_eq!(trim("D'ARI"), "D'ARI");
    }

    proptest! {
        #[test]
        fn the_fast_day_arithmetic_agrees_with_the_calendar(year in 1600i16..2400, month in 0i8..14, day_no in 0i8..33) {
            let expected = Date::new(year, month, day_no).map(epoch_days).map_err(|_| Rule::DateDay);
            prop_assert_eq!(day(year.into(), month.into(), day_no.into()), expected);
        }

        #[test]
        fn no_text_makes_a_reader_panic(text in "\\PC{0,20}") {
            for pattern in ["dd/mm/yyyy", "yyyy-mm-dd", "yyyymmdd", "dd mmmm yyyy", "dd-mmm-yyyy", ""] {
                let _ = date(&text, &[DateForm::from_pattern(pattern), DateForm::Serial]);
            }
            let _ = (int(&text), letters(&text), trim(&text));
        }
    }
}
