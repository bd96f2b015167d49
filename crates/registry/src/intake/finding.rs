//! What is found wrong in a list: the rules by name, how grave each is, and the masking of the value that is shown.

use serde::Serialize;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The row was not taken.
    Reject,
    /// The row was taken, this value was left out.
    Warning,
    /// The value was kept or repaired; somebody may want to know.
    Note,
}

impl Severity {
    /// As stored: 1, 2, 3.
    pub fn code(self) -> i64 {
        match self {
            Self::Reject => 1,
            Self::Warning => 2,
            Self::Note => 3,
        }
    }

    /// From storage; unknown numbers are notes.
    pub fn from_code(code: i64) -> Self {
        match code {
            1 => Self::Reject,
            2 => Self::Warning,
            _ => Self::Note,
        }
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $severity:ident;)*) => {
        /// A rule that a cell or row can break. The words are `intake-rule-<code>` and `intake-rule-<code>-remedy`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[$doc])* $name,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Stable code.
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// How grave it is.
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$name => Severity::$severity,)*
                }
            }
        }
    };
}

rules! {
    /// The row has more or fewer cells than the header.
    Ragged = "ragged", Reject;
    /// A quotation mark is opened and never closed.
    Quote = "quote", Reject;
    /// The row is longer than any honest row.
    RowTooLong = "row-too-long", Reject;
    /// Bytes that do not belong to the encoding of the list.
    Encoding = "encoding", Reject;
    /// A value without which the row is of no use is missing or bad.
    Required = "required", Reject;
    /// A family stands twice in a rank list.
    KkTwice = "kk-twice", Reject;
    /// Text longer than the field takes.
    TooLong = "too-long", Warning;
    /// Not a number, or out of range.
    Number = "number", Warning;
    /// Not a code of the list.
    Code = "code", Warning;
    /// Not a date in a form that the list uses.
    Date = "date", Warning;
    /// A day that does not exist (31/02).
    DateDay = "date-day", Warning;
    /// A date in the future, or before 1900.
    DateRange = "date-range", Warning;
    /// A death before the birth.
    DeathBeforeBirth = "death-before-birth", Warning;
    /// No NIK.
    NikMissing = "nik-missing", Warning;
    /// Not sixteen digits.
    NikLength = "nik-length", Warning;
    /// Something other than digits.
    NikDigits = "nik-digits", Warning;
    /// Written by a spreadsheet as 3.27E+15.
    NikScientific = "nik-scientific", Warning;
    /// Kept by a spreadsheet as a number: digits beyond the fifteenth are lost.
    NikPrecision = "nik-precision", Warning;
    /// Digits 7 to 12 are no date.
    NikDate = "nik-date", Warning;
    /// Serial 0000.
    NikSerial = "nik-serial", Warning;
    /// The lost zero was put back: birth date, sex and region agree in one place only.
    NikRepaired = "nik-repaired", Note;
    /// The first six digits are no subdistrict that exists or existed.
    NikRegion = "nik-region", Note;
    /// The digits say another birth date or sex than the row.
    NikDisagrees = "nik-disagrees", Note;
    /// No KK number.
    KkMissing = "kk-missing", Warning;
    /// Not sixteen digits.
    KkLength = "kk-length", Warning;
    /// Something other than digits.
    KkDigits = "kk-digits", Warning;
    /// Written by a spreadsheet as 3.27E+15.
    KkScientific = "kk-scientific", Warning;
    /// Kept by a spreadsheet as a number.
    KkPrecision = "kk-precision", Warning;
    /// No region that exists or existed.
    Region = "region", Warning;
    /// A region, but no village.
    RegionLevel = "region-level", Warning;
    /// The value is what a formula last gave.
    Formula = "formula", Note;
    /// A formula that failed (`#REF!`).
    FormulaError = "formula-error", Warning;
    /// The value of a merged cell was taken for every row that it spans.
    Merged = "merged", Note;
    /// A column that the source describes is not in the file.
    ColumnMissing = "column-missing", Note;
}

impl Rule {
    /// From its code, for rows read back.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.code() == code)
    }
}

/// What a value is, for masking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    /// NIK, KK: first and last four.
    Number,
    /// Names and addresses: first letters.
    Text,
    /// Dates: the last two digits of the year.
    Date,
    /// Codes and counts: shown.
    Open,
}

const SHOWN_MAX: usize = 40;

/// The value as a report may show it: enough to find and correct it in the file, not enough to be the value.
pub fn mask(value: &str, secret: Secret) -> String {
    let length = value.chars().count();
    let shown = value.chars().take(SHOWN_MAX).map(|c| if c.is_control() { ' ' } else { c });
    let mut out: String = match secret {
        Secret::Open => shown.collect(),
        Secret::Number if length > 9 => {
            shown.enumerate().map(|(at, c)| hide(c, at < 4 || at + 4 >= length)).collect()
        }
        Secret::Number => shown.enumerate().map(|(at, c)| hide(c, at < 2)).collect(),
        Secret::Date => {
            let last_two = length.saturating_sub(2);
            shown.enumerate().map(|(at, c)| hide(c, at < last_two)).collect()
        }
        Secret::Text => {
            let mut before = ' ';
            let mut letter = |c: char| {
                let first = !before.is_alphanumeric();
                before = c;
                hide(c, first)
            };
            shown.map(&mut letter).collect()
        }
    };
    if length > SHOWN_MAX {
        out.push('…');
    }
    out
}

fn hide(c: char, show: bool) -> char {
    if show || !c.is_alphanumeric() { c } else { '*' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_shows_enough_to_find_the_cell_and_not_the_value() {
        for (value, secret, shown) in [
            ("997301450790001", Secret::Number, "9973*******0001"),
            ("9,9730145E+15", Secret::Number, "9,97*****E+15"),
            ("123", Secret::Number, "12*"),
            ("SITI AMINAH", Secret::Text, "S*** A*****"),
            ("31/02/1990", Secret::Date, "31/02/19**"),
            ("99", Secret::Open, "99"),
        ] {
            assert_eq!(mask(value, secret), shown);
        }
        assert!(mask(&"X".repeat(10_000_000), Secret::Text).chars().count() <= SHOWN_MAX + 1);
    }

    #[test]
    fn every_rule_is_found_by_its_code() {
        for rule in Rule::ALL {
            assert_eq!(Rule::from_code(rule.code()), Some(*rule));
        }
    }
}
