//! A value of a condition that has no comparator of its own: null, yes or no, a number, a text, a day, a
//! moment, a list.
//!
//! In: a row of an Arrow array, or the text that the engine keeps. Out: a [`Value`]. Text and value are two
//! ways to write the same thing: a column of lists or decimals is kept as texts and read back.

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use crate::digits;
use crate::load::Kind;

/// A value; comparisons with `Null` are unknown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Number(f64),
    Text(String),
    /// Days since 1970-01-01.
    Date(i32),
    /// Seconds since 1970-01-01.
    Time(f64),
    List(Vec<Value>),
}

/// Ends each item of a list that is kept as text.
const ITEM_END: char = '\u{1f}';
/// An item that is unknown.
const ITEM_NULL: &str = "\u{1e}";

impl Value {
    /// What stands in a row of a column.
    pub(crate) fn of_array(array: &ArrayRef, row: usize) -> Self {
        if array.is_null(row) {
            return Self::Null;
        }
        let list =
            |items: ArrayRef| Self::List((0..items.len()).map(|at| Self::of_array(&items, at)).collect());
        let one = array.slice(row, 1);
        let convert = |to: &DataType| rules::convert(&one, to).ok();
        match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string::<i32>().value(row).to_owned()),
            DataType::Boolean => Self::Bool(array.as_boolean().value(row)),
            DataType::Date32 => Self::Date(array.as_primitive::<Date32Type>().value(row)),
            DataType::List(_) => list(array.as_list::<i32>().value(row)),
            DataType::LargeList(_) => list(array.as_list::<i64>().value(row)),
            DataType::FixedSizeList(..) => list(array.as_fixed_size_list().value(row)),
            DataType::Float32 | DataType::Float64 => convert(&DataType::Float64)
                .map_or(Self::Null, |wide| Self::Number(wide.as_primitive::<Float64Type>().value(0))),
            DataType::Timestamp(..) => convert(&DataType::Utf8)
                .and_then(|text| parse_time(text.as_string::<i32>().value(0)))
                .map_or(Self::Null, Self::Time),
            data_type if data_type.is_integer() => convert(&DataType::Int64)
                .filter(|wide| wide.is_valid(0))
                .map_or(Self::Null, |wide| Self::Int(wide.as_primitive::<Int64Type>().value(0))),
            _ => convert(&DataType::Utf8)
                .filter(|text| text.is_valid(0))
                .map_or(Self::Null, |text| Self::Text(text.as_string::<i32>().value(0).to_owned())),
        }
    }

    /// Reads back what [`Value::into_text`] wrote.
    pub(crate) fn parse(kind: &Kind, text: &str) -> Self {
        match kind {
            Kind::Unknown | Kind::Text => Self::Text(text.to_owned()),
            Kind::Int => text.parse().map_or(Self::Null, Self::Int),
            Kind::Float => text.parse().map_or(Self::Null, Self::Number),
            Kind::Bool => Self::Bool(text == "true"),
            Kind::Date => parse_date(text).map_or(Self::Null, Self::Date),
            Kind::Time => text.parse().map_or(Self::Null, Self::Time),
            Kind::List(inner) => {
                let items = text.split_terminator(ITEM_END);
                let item = |text| if text == ITEM_NULL { Self::Null } else { Self::parse(inner, text) };
                Self::List(items.map(item).collect())
            }
        }
    }

    /// As the engine keeps it; equal values are equal texts.
    pub(crate) fn into_text(self) -> Option<String> {
        Some(match self {
            Self::Null => return None,
            Self::Text(text) => text,
            Self::Bool(flag) => flag.to_string(),
            Self::Int(number) => number.to_string(),
            // Adding zero makes the negative zero a zero.
            Self::Number(number) | Self::Time(number) => (number + 0.0).to_string(),
            Self::Date(days) => date_text(days),
            Self::List(items) => {
                let mut out = String::new();
                for item in items {
                    out.push_str(&item.into_text().unwrap_or_else(|| ITEM_NULL.to_owned()));
                    out.push(ITEM_END);
                }
                out
            }
        })
    }

    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Number(number) | Self::Time(number) => Some(*number),
            Self::Bool(flag) => Some(f64::from(u8::from(*flag))),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn list(&self) -> Option<&[Value]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// Seconds since 1970-01-01 of a day or a moment.
    pub(crate) fn seconds(&self) -> Option<f64> {
        match self {
            Self::Date(days) => Some(f64::from(*days) * 86_400.0),
            Self::Time(seconds) => Some(*seconds),
            Self::Text(text) => parse_time(text),
            _ => None,
        }
    }

    /// Which of two values is larger; nothing when one is unknown or they cannot be compared.
    pub(crate) fn compare(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Self::Null, _) | (_, Self::Null) => None,
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::List(a), Self::List(b)) => {
                let first = a
                    .iter()
                    .zip(b)
                    .map(|(a, b)| a.compare(b))
                    .find(|order| *order != Some(std::cmp::Ordering::Equal));
                first.unwrap_or_else(|| Some(a.len().cmp(&b.len())))
            }
            (Self::Date(_) | Self::Time(_), _) | (_, Self::Date(_) | Self::Time(_)) => {
                self.seconds()?.partial_cmp(&other.seconds()?)
            }
            _ => self.number()?.partial_cmp(&other.number()?),
        }
    }
}

fn date_text(days: i32) -> String {
    digits::pack_date(days).map_or_else(|| days.to_string(), digits::unpack)
}

/// `YYYY-MM-DD`.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    let seconds = parse_format(text, "%Y-%m-%d")?;
    Some((seconds / 86_400.0).floor() as i32)
}

/// A date, or a date with a time.
pub(crate) fn parse_time(text: &str) -> Option<f64> {
    let text = text.trim_end_matches('Z');
    ["%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| parse_format(text, format))
}

/// Seconds since 1970-01-01 by a format of `strptime`; nothing when the text does not follow it.
pub(crate) fn parse_format(text: &str, format: &str) -> Option<f64> {
    let (mut year, mut month, mut day) = (1970i64, 1i64, 1i64);
    let (mut hour, mut minute, mut second) = (0i64, 0i64, 0.0f64);
    let mut rest = text;
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            rest = rest.strip_prefix(letter)?;
            continue;
        }
        let mut what = letters.next()?;
        if what == '-' {
            what = letters.next()?;
        }
        match what {
            'Y' => year = number(&mut rest, 4)?,
            'm' => month = number(&mut rest, 2)?,
            'd' => day = number(&mut rest, 2)?,
            'H' => hour = number(&mut rest, 2)?,
            'M' => minute = number(&mut rest, 2)?,
            'S' => {
                second = number(&mut rest, 2)? as f64;
                if let Some(tail) = rest.strip_prefix('.') {
                    let count = tail.bytes().take_while(u8::is_ascii_digit).count();
                    second += format!("0.{}", &tail[..count]).parse::<f64>().ok()?;
                    rest = &tail[count..];
                }
            }
            'y' => {
                let short = number(&mut rest, 2)?;
                year = if short < 69 { 2000 + short } else { 1900 + short };
            }
            '%' => rest = rest.strip_prefix('%')?,
            _ => return None,
        }
    }
    let fits = rest.trim_end().is_empty()
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60.0;
    fits.then(|| days_of(year, month, day) as f64 * 86_400.0 + (hour * 3600 + minute * 60) as f64 + second)
}

fn number(rest: &mut &str, most: usize) -> Option<i64> {
    let count = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let number = rest[..count].parse().ok()?;
    *rest = &rest[count..];
    Some(number)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 after Howard Hinnant, "chrono-compatible low-level date algorithms".
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
pub(crate) fn civil(days: i32) -> Option<(i64, i64, i64)> {
    let text = digits::pack_date(days).map(digits::unpack)?;
    Some((text.get(..4)?.parse().ok()?, text.get(5..7)?.parse().ok()?, text.get(8..)?.parse().ok()?))
}
