//! Columns on their way into the database: values of a row and the digest by which an unchanged row is known.

use arrow_array::{
    Array, BooleanArray, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray, UInt32Array,
    cast::AsArray,
    types::{Date32Type, Int32Type, Int64Type},
};
use arrow_select::take::take;
use store::Value;

use crate::{Error, Result};

/// A column of rows to be published.
#[derive(Debug, Clone)]
pub(crate) enum Cells {
    /// 64-bit integers.
    Int(Int64Array),
    /// 32-bit integers and codes.
    Code(Int32Array),
    /// Texts.
    Text(StringArray),
    /// Texts, where unknown is the empty text (for columns that are searched by range).
    Path(StringArray),
    /// Days, stored as ISO text.
    Day(Date32Array),
    /// Yes and no, stored as 1 and 0.
    Flag(BooleanArray),
}

impl Cells {
    /// Some rows of a named column of a table.
    ///
    /// # Errors
    /// A missing column, or one of a type that the database does not take.
    pub(crate) fn of(batch: &RecordBatch, name: &str, rows: &UInt32Array) -> Result<Self> {
        let column = batch
            .column_by_name(name)
            .ok_or_else(|| Error::Damaged(format!("column `{name}` is missing")))?;
        let picked = take(column.as_ref(), rows, None)?;
        if let Some(array) = picked.as_primitive_opt::<Int64Type>() {
            return Ok(Self::Int(array.clone()));
        }
        if let Some(array) = picked.as_primitive_opt::<Int32Type>() {
            return Ok(Self::Code(array.clone()));
        }
        if let Some(array) = picked.as_primitive_opt::<Date32Type>() {
            return Ok(Self::Day(array.clone()));
        }
        if let Some(array) = picked.as_boolean_opt() {
            return Ok(Self::Flag(array.clone()));
        }
        match picked.as_string_opt::<i32>() {
            Some(array) => Ok(Self::Text(array.clone())),
            None => Err(Error::Damaged(format!("column `{name}` has type {}", picked.data_type()))),
        }
    }

    /// As [`Cells::of`], for a text column in which unknown is written as the empty text.
    ///
    /// # Errors
    /// As [`Cells::of`].
    pub(crate) fn path(batch: &RecordBatch, name: &str, rows: &UInt32Array) -> Result<Self> {
        match Self::of(batch, name, rows)? {
            Self::Text(array) => Ok(Self::Path(array)),
            _ => Err(Error::Damaged(format!("column `{name}` is not text"))),
        }
    }

    /// The value of one row.
    pub(crate) fn value(&self, row: usize) -> Value {
        let valid = |array: &dyn Array| array.is_valid(row);
        match self {
            Self::Int(array) => valid(array).then(|| array.value(row)).into(),
            Self::Code(array) => valid(array).then(|| array.value(row)).into(),
            Self::Text(array) => valid(array).then(|| array.value(row)).into(),
            Self::Path(array) => Value::from(if valid(array) { array.value(row) } else { "" }),
            Self::Day(array) => valid(array).then(|| iso(array.value(row))).into(),
            Self::Flag(array) => valid(array).then(|| array.value(row)).into(),
        }
    }

    /// Adds what tells one row's value from any other.
    fn feed(&self, row: usize, bytes: &mut Vec<u8>) {
        let array: &dyn Array = match self {
            Self::Int(array) => array,
            Self::Code(array) => array,
            Self::Text(array) | Self::Path(array) => array,
            Self::Day(array) => array,
            Self::Flag(array) => array,
        };
        bytes.push(u8::from(array.is_valid(row)));
        if array.is_null(row) {
            return;
        }
        match self {
            Self::Int(array) => bytes.extend(array.value(row).to_le_bytes()),
            Self::Code(array) => bytes.extend(array.value(row).to_le_bytes()),
            Self::Day(array) => bytes.extend(array.value(row).to_le_bytes()),
            Self::Flag(array) => bytes.push(u8::from(array.value(row))),
            Self::Text(array) | Self::Path(array) => {
                bytes.extend((array.value(row).len() as u32).to_le_bytes());
                bytes.extend(array.value(row).as_bytes());
            }
        }
    }
}

/// Digest of one row over all its columns; never 0, which means "look again".
pub(crate) fn digest(cells: &[Cells], row: usize, bytes: &mut Vec<u8>) -> i64 {
    bytes.clear();
    for column in cells {
        column.feed(row, bytes);
    }
    let mut first = [0u8; 8];
    first.copy_from_slice(&blake3::hash(bytes).as_bytes()[..8]);
    i64::from_le_bytes(first) | 1
}

/// A day as ISO text.
pub(crate) fn iso(days: i32) -> String {
    model::civil_from_epoch_days(days).map_or_else(String::new, |day| day.to_string())
}
