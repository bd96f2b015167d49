//! Values of the language, their five types, and how a value is written for a reader in either language.

use std::fmt;

pub use model::Lang;
use serde::{Deserialize, Serialize};

/// The same words in both languages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Label {
    /// Bahasa Indonesia.
    pub id: String,
    /// English.
    pub en: String,
}

impl Label {
    /// Both texts.
    pub fn new(id: impl Into<String>, en: impl Into<String>) -> Self {
        Self { id: id.into(), en: en.into() }
    }

    /// The text in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Id => &self.id,
            Lang::En => &self.en,
        }
    }
}

/// What kind of value a name or expression has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// Yes or no.
    Bool,
    /// A whole number of 64 bits.
    Int,
    /// A decimal number (IEEE double, always finite).
    Num,
    /// Text.
    Text,
    /// A civil day.
    Date,
}

impl Type {
    /// The name used in error messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "yes/no",
            Self::Int => "whole number",
            Self::Num => "decimal number",
            Self::Text => "text",
            Self::Date => "date",
        }
    }

    /// Whether it counts or measures.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Int | Self::Num)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One value; unknown is a value too.
#[derive(Debug, Clone, PartialEq, PartialOrd, Default)]
pub enum Value {
    /// Not known.
    #[default]
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A finite decimal number.
    Num(f64),
    /// Text.
    Text(String),
    /// Days since 1970-01-01.
    Date(i32),
}

impl Value {
    /// A decimal number, or unknown when it is not finite.
    pub fn num(number: f64) -> Self {
        if number.is_finite() { Self::Num(number) } else { Self::Null }
    }

    /// A civil day.
    pub fn date(day: jiff::civil::Date) -> Self {
        Self::Date(model::epoch_days(day))
    }

    /// Its type, if it is known.
    pub fn ty(&self) -> Option<Type> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Num(_) => Type::Num,
            Self::Text(_) => Type::Text,
            Self::Date(_) => Type::Date,
        })
    }

    /// Whether it is unknown.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// As one of three truth values; anything but a known yes/no is unknown.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// As a whole number, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// For a reader: `ya`, `10.800.000`, `5 Juli 1990`, `tidak diketahui`.
    pub fn words(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Null, Lang::Id) => "tidak diketahui".into(),
            (Self::Null, Lang::En) => "not known".into(),
            (Self::Bool(true), Lang::Id) => "ya".into(),
            (Self::Bool(false), Lang::Id) => "tidak".into(),
            (Self::Bool(true), Lang::En) => "yes".into(),
            (Self::Bool(false), Lang::En) => "no".into(),
            (Self::Int(number), _) => grouped(*number, lang),
            (Self::Num(number), Lang::Id) => number.to_string().replace('.', ","),
            (Self::Num(number), Lang::En) => number.to_string(),
            (Self::Text(text), _) => format!("“{text}”"),
            (Self::Date(days), _) => day_in_words(*days, lang),
        }
    }
}

/// In JSON: null, true, a number, a text; a date as `2026-01-31`.
impl Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_none(),
            Self::Bool(flag) => to.serialize_bool(*flag),
            Self::Int(number) => to.serialize_i64(*number),
            Self::Num(number) => to.serialize_f64(*number),
            Self::Text(text) => to.serialize_str(text),
            Self::Date(days) => {
                let (year, month, day) = crate::dates::civil(*days);
                to.serialize_str(&format!("{year:04}-{month:02}-{day:02}"))
            }
        }
    }
}

impl From<Option<bool>> for Value {
    fn from(flag: Option<bool>) -> Self {
        flag.map_or(Self::Null, Self::Bool)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<jiff::civil::Date> for Value {
    fn from(day: jiff::civil::Date) -> Self {
        Self::date(day)
    }
}

/// Years stay as they are; from five digits on, thousands are parted.
fn grouped(number: i64, lang: Lang) -> String {
    if number.unsigned_abs() < 10_000 {
        return number.to_string();
    }
    let mark = if lang == Lang::Id { '.' } else { ',' };
    let digits = number.unsigned_abs().to_string();
    let mut out = String::from(if number < 0 { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(mark);
        }
        out.push(digit);
    }
    out
}

fn day_in_words(days: i32, lang: Lang) -> String {
    const ID: [&str; 12] = [
        "Januari",
        "Februari",
        "Maret",
        "April",
        "Mei",
        "Juni",
        "Juli",
        "Agustus",
        "September",
        "Oktober",
        "November",
        "Desember",
    ];
    const EN: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let (year, month, day) = crate::dates::civil(days);
    let months = if lang == Lang::Id { ID } else { EN };
    format!("{day} {} {year}", months.get(month as usize - 1).copied().unwrap_or("?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_on_an_indonesian_page() {
        assert_eq!(Value::Int(10_800_000).words(Lang::Id), "10.800.000");
        assert_eq!(Value::Int(2026).words(Lang::Id), "2026");
        assert_eq!(Value::Int(i64::MIN).words(Lang::En), "-9,223,372,036,854,775,808");
        assert_eq!(Value::date(jiff::civil::date(1990, 7, 5)).words(Lang::Id), "5 Juli 1990");
        assert_eq!(Value::Num(1.5).words(Lang::Id), "1,5");
        assert_eq!(Value::num(f64::NAN), Value::Null);
    }
}
