//! What goes into a statement and what comes out of a row: five kinds of value, the same on both engines.

use compact_str::{CompactString, ToCompactString};
use jiff::civil::Date;
use model::{CaseId, FamilyId, LineId, PersonId, RecordId, RegionCode, Rupiah, UserId};

use crate::Error;

/// A value of the portable subset. Booleans are 0 and 1, instants milliseconds since the epoch, dates ISO text.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Unknown.
    Null,
    /// `INTEGER` / `BIGINT`.
    Int(i64),
    /// `REAL` / `DOUBLE PRECISION`.
    Real(f64),
    /// `TEXT`, compared bytewise. Codes, regions, accounts and most names are short enough to need no memory of their own.
    Text(CompactString),
    /// `BLOB` / `BYTEA`.
    Bytes(Vec<u8>),
}

impl Value {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Int(_) => "an integer",
            Self::Real(_) => "a real number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }
}

macro_rules! from {
    ($($type:ty, $value:ident => $made:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $made
            }
        }
    )*};
}
from! {
    i64, v => Self::Int(v);
    i32, v => Self::Int(i64::from(v));
    u32, v => Self::Int(i64::from(v));
    u16, v => Self::Int(i64::from(v));
    u8, v => Self::Int(i64::from(v));
    i8, v => Self::Int(i64::from(v));
    bool, v => Self::Int(i64::from(v));
    f64, v => Self::Real(v);
    f32, v => Self::Real(f64::from(v));
    &str, v => Self::Text(v.into());
    String, v => Self::Text(v.into());
    &String, v => Self::Text(v.into());
    Vec<u8>, v => Self::Bytes(v);
    &[u8], v => Self::Bytes(v.to_vec());
    Rupiah, v => Self::Int(v.idr());
    RegionCode, v => Self::Text(v.as_str().into());
    &RegionCode, v => Self::Text(v.as_str().into());
    Date, v => Self::Text(v.to_compact_string());
    PersonId, v => Self::Int(v.0);
    FamilyId, v => Self::Int(v.0);
    LineId, v => Self::Int(v.0);
    CaseId, v => Self::Int(v.0);
    UserId, v => Self::Int(v.0);
    RecordId, v => Self::Int(v.0);
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The parameters of a statement: `params![id, name, Some(3)]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::Value::from($value)),*] as &[$crate::Value]
    };
}

/// One row of an answer. Columns are read by position; a wrong type is an error that names statement and column.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub(crate) statement: &'static str,
    pub(crate) values: Vec<Value>,
}

const MISSING: Value = Value::Null;

impl Row {
    /// The value at a position; null beyond the last.
    pub fn value(&self, index: usize) -> &Value {
        self.values.get(index).unwrap_or(&MISSING)
    }

    /// All values, for those who pass them on.
    pub fn into_values(self) -> Vec<Value> {
        self.values
    }

    fn wrong<T>(&self, index: usize, expected: &'static str) -> Result<T, Error> {
        let found = self.values.get(index).map_or("no such column", Value::kind);
        Err(Error::Column { statement: self.statement.to_owned(), index, expected, found })
    }

    /// An integer.
    pub fn int(&self, index: usize) -> Result<i64, Error> {
        match self.value(index) {
            Value::Int(v) => Ok(*v),
            _ => self.wrong(index, "an integer"),
        }
    }

    /// An integer or nothing.
    pub fn opt_int(&self, index: usize) -> Result<Option<i64>, Error> {
        match self.values.get(index) {
            Some(Value::Int(v)) => Ok(Some(*v)),
            Some(Value::Null) => Ok(None),
            _ => self.wrong(index, "an integer or null"),
        }
    }

    /// A small integer.
    pub fn int32(&self, index: usize) -> Result<i32, Error> {
        self.int(index)?.try_into().or_else(|_| self.wrong(index, "an integer of 32 bits"))
    }

    /// A small integer or nothing.
    pub fn opt_int32(&self, index: usize) -> Result<Option<i32>, Error> {
        match self.opt_int(index)? {
            Some(v) => v.try_into().map(Some).or_else(|_| self.wrong(index, "an integer of 32 bits")),
            None => Ok(None),
        }
    }

    /// A truth value, kept as 0 or 1.
    pub fn bool(&self, index: usize) -> Result<bool, Error> {
        match self.value(index) {
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            _ => self.wrong(index, "0 or 1"),
        }
    }

    /// A truth value or nothing.
    pub fn opt_bool(&self, index: usize) -> Result<Option<bool>, Error> {
        match self.values.get(index) {
            Some(Value::Null) => Ok(None),
            _ => self.bool(index).map(Some),
        }
    }

    /// A real number; integers are widened.
    pub fn real(&self, index: usize) -> Result<f64, Error> {
        match self.value(index) {
            Value::Real(v) => Ok(*v),
            Value::Int(v) => Ok(*v as f64),
            _ => self.wrong(index, "a real number"),
        }
    }

    /// A real number or nothing.
    pub fn opt_real(&self, index: usize) -> Result<Option<f64>, Error> {
        match self.values.get(index) {
            Some(Value::Null) => Ok(None),
            _ => self.real(index).map(Some),
        }
    }

    /// Text.
    pub fn text(&self, index: usize) -> Result<&str, Error> {
        match self.value(index) {
            Value::Text(v) => Ok(v),
            _ => self.wrong(index, "text"),
        }
    }

    /// Text or nothing.
    pub fn opt_text(&self, index: usize) -> Result<Option<&str>, Error> {
        match self.values.get(index) {
            Some(Value::Text(v)) => Ok(Some(v)),
            Some(Value::Null) => Ok(None),
            _ => self.wrong(index, "text or null"),
        }
    }

    /// Text, owned.
    pub fn string(&self, index: usize) -> Result<String, Error> {
        self.text(index).map(str::to_owned)
    }

    /// Text or nothing, owned.
    pub fn opt_string(&self, index: usize) -> Result<Option<String>, Error> {
        Ok(self.opt_text(index)?.map(str::to_owned))
    }

    /// Bytes.
    pub fn bytes(&self, index: usize) -> Result<&[u8], Error> {
        match self.value(index) {
            Value::Bytes(v) => Ok(v),
            _ => self.wrong(index, "bytes"),
        }
    }

    /// An amount of rupiah.
    pub fn rupiah(&self, index: usize) -> Result<Rupiah, Error> {
        self.int(index).map(Rupiah::new)
    }

    /// A date kept as ISO text.
    pub fn date(&self, index: usize) -> Result<Date, Error> {
        self.text(index)?.parse().or_else(|_| self.wrong(index, "a date"))
    }

    /// A date kept as ISO text, or nothing.
    pub fn opt_date(&self, index: usize) -> Result<Option<Date>, Error> {
        match self.opt_text(index)? {
            Some(text) => text.parse().map(Some).or_else(|_| self.wrong(index, "a date")),
            None => Ok(None),
        }
    }

    /// A region's path.
    pub fn region(&self, index: usize) -> Result<RegionCode, Error> {
        RegionCode::parse(self.text(index)?).or_else(|_| self.wrong(index, "a region code"))
    }
}
