//! Typed columns of a lake batch, or an error that names dataset and column.

use arrow_array::{Array, BooleanArray, Date32Array, Int8Array, Int64Array, RecordBatch, StringArray};

use crate::{Error, Result};

pub(crate) struct Columns<'a> {
    pub(crate) dataset: &'a str,
    pub(crate) batch: &'a RecordBatch,
}

impl<'a> Columns<'a> {
    fn get<T: 'static>(&self, column: &str) -> Result<&'a T> {
        self.batch
            .column_by_name(column)
            .and_then(|array| array.as_any().downcast_ref::<T>())
            .ok_or_else(|| Error::Column { dataset: self.dataset.to_owned(), column: column.to_owned() })
    }

    pub(crate) fn int64(&self, column: &str) -> Result<&'a Int64Array> {
        self.get(column)
    }

    pub(crate) fn int8(&self, column: &str) -> Result<&'a Int8Array> {
        self.get(column)
    }

    pub(crate) fn text(&self, column: &str) -> Result<&'a StringArray> {
        self.get(column)
    }

    pub(crate) fn date(&self, column: &str) -> Result<&'a Date32Array> {
        self.get(column)
    }

    pub(crate) fn bool(&self, column: &str) -> Result<&'a BooleanArray> {
        self.get(column)
    }
}

/// The integer of a row, or nothing.
pub(crate) fn int_at(column: &Int64Array, row: usize) -> Option<i64> {
    column.is_valid(row).then(|| column.value(row))
}
