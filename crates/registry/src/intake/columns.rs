//! Parquet lists: only the columns that the source describes are used, whatever their type; all are kept as text in the raw rows.

use std::fmt::Write as _;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt32Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use lake::Source;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::block::{Block, Mark};
use super::limits::Limits;
use super::refusal::Refusal;

const BLOCK_ROWS: usize = 8192;

/// An open Parquet file.
pub(crate) struct Columns {
    reader: ParquetRecordBatchReader,
    names: Vec<String>,
    rows: u64,
    row: u32,
}

impl Columns {
    pub(crate) fn open(path: &Path, limits: Limits) -> Result<Self, Refusal> {
        let source = Source::open(path).map_err(unreadable)?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(source).map_err(unreadable)?;
        let fields = builder.schema().fields().clone();
        if fields.len() > limits.columns {
            return Err(Refusal::TooLarge { what: "columns", limit: limits.columns as u64 });
        }
        for field in &fields {
            if !readable(field.data_type()) {
                let (column, kind) = (field.name().clone(), field.data_type().to_string());
                return Err(Refusal::ColumnType { column, kind });
            }
        }
        let rows = builder.metadata().file_metadata().num_rows().max(0) as u64;
        let names = fields.iter().map(|field| field.name().clone()).collect();
        let reader = builder.with_batch_size(BLOCK_ROWS).build().map_err(unreadable)?;
        Ok(Self { reader, names, rows, row: 0 })
    }

    pub(crate) fn head(&self) -> Vec<Vec<String>> {
        vec![self.names.clone()]
    }

    /// The next rows, or nothing at the end.
    pub(crate) fn next_batch(&mut self) -> Result<Option<Batch>, Refusal> {
        let Some(batch) = self.reader.next() else { return Ok(None) };
        let batch = batch.map_err(unreadable)?;
        let first_row = self.row;
        self.row += batch.num_rows() as u32;
        Ok(Some(Batch { batch, first_row, total: self.rows }))
    }
}

fn unreadable(error: impl std::fmt::Display) -> Refusal {
    Refusal::Unreadable { reason: error.to_string() }
}

fn readable(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Utf8
            | DataType::LargeUtf8
            | DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt32
            | DataType::Float64
            | DataType::Boolean
            | DataType::Date32
            | DataType::Timestamp(_, _)
            | DataType::Null
    )
}

/// Rows as columns.
pub(crate) struct Batch {
    batch: RecordBatch,
    first_row: u32,
    total: u64,
}

impl Batch {
    /// The rows as text. `line` of a row is its number in the file, from 1.
    pub(crate) fn into_block(self) -> Block {
        let rows = self.batch.num_rows();
        let mut block =
            Block { done: u64::from(self.first_row) + rows as u64, total: self.total, ..Block::default() };
        block.text.reserve(rows * self.batch.num_columns() * 10);
        block.cells.reserve(rows * self.batch.num_columns());
        let columns: Vec<Texts<'_>> = self.batch.columns().iter().map(Texts::of).collect();
        let mut scratch = String::new();
        for row in 0..rows {
            block.start_row(self.first_row + row as u32 + 1);
            for column in &columns {
                scratch.clear();
                if let Some(mark) = column.write(row, &mut scratch) {
                    block.marks.push((block.cells.len() as u32, mark));
                }
                block.push_cell(&scratch);
            }
        }
        block
    }
}

/// One column, its type looked at once.
enum Texts<'a> {
    Text(&'a arrow_array::StringArray),
    Large(&'a arrow_array::LargeStringArray),
    I8(&'a arrow_array::Int8Array),
    I16(&'a arrow_array::Int16Array),
    I32(&'a arrow_array::Int32Array),
    I64(&'a arrow_array::Int64Array),
    U32(&'a arrow_array::UInt32Array),
    F64(&'a arrow_array::Float64Array),
    Bool(&'a arrow_array::BooleanArray),
    Date(&'a arrow_array::Date32Array),
    Moment(arrow_array::Date32Array),
    Nothing,
}

impl<'a> Texts<'a> {
    fn of(array: &'a ArrayRef) -> Self {
        match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string()),
            DataType::LargeUtf8 => Self::Large(array.as_string()),
            DataType::Int8 => Self::I8(array.as_primitive::<Int8Type>()),
            DataType::Int16 => Self::I16(array.as_primitive::<Int16Type>()),
            DataType::Int32 => Self::I32(array.as_primitive::<Int32Type>()),
            DataType::Int64 => Self::I64(array.as_primitive::<Int64Type>()),
            DataType::UInt32 => Self::U32(array.as_primitive::<UInt32Type>()),
            DataType::Float64 => Self::F64(array.as_primitive()),
            DataType::Boolean => Self::Bool(array.as_boolean()),
            DataType::Date32 => Self::Date(array.as_primitive::<Date32Type>()),
            DataType::Timestamp(_, _) => match rules::convert(array, &DataType::Date32) {
                Ok(days) => Self::Moment(days.as_primitive::<Date32Type>().clone()),
                Err(_) => Self::Nothing,
            },
            _ => Self::Nothing,
        }
    }

    fn write(&self, row: usize, out: &mut String) -> Option<Mark> {
        // Writing to a text cannot fail.
        macro_rules! number {
            ($array:expr) => {
                if $array.is_valid(row) {
                    let _ = write!(out, "{}", $array.value(row));
                }
            };
        }
        match self {
            Self::Text(array) if array.is_valid(row) => out.push_str(array.value(row)),
            Self::Large(array) if array.is_valid(row) => out.push_str(array.value(row)),
            Self::I8(array) => number!(array),
            Self::I16(array) => number!(array),
            Self::I32(array) => number!(array),
            Self::I64(array) => number!(array),
            Self::U32(array) => number!(array),
            Self::F64(array) if array.is_valid(row) => return write_float(array.value(row), out),
            Self::Bool(array) if array.is_valid(row) => out.push(if array.value(row) { '1' } else { '0' }),
            Self::Date(array) if array.is_valid(row) => write_day(array.value(row), out),
            Self::Moment(array) if array.is_valid(row) => write_day(array.value(row), out),
            _ => {}
        }
        None
    }
}

/// A list that went through floating numbers: whole ones are exact up to 2^53, and "not a number" stands for nothing.
fn write_float(value: f64, out: &mut String) -> Option<Mark> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    if value.is_finite() {
        let _ = write!(out, "{value}");
    }
    (value.abs() > EXACT_MAX).then_some(Mark::Imprecise)
}

fn write_day(days: i32, out: &mut String) {
    match model::civil_from_epoch_days(days) {
        Some(day) => {
            let _ = write!(out, "{day}");
        }
        None => {
            let _ = write!(out, "{days}");
        }
    }
}
