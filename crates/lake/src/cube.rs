//! Cubes: counts and sums by a few small keys (region, decile, sex). Comes in: batches of key and amount columns, from any number
//! of threads through [`Cube::merge`]. Goes out: one row a cell, sorted by key. Bounded: a cube that grows beyond its cells is an error.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Int64Builder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, Date32Array, Int32Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use rustc_hash::FxHashMap;

use crate::{Error, Result};

const KEYS_MAX: usize = 4;

/// Counts and sums by up to four keys.
#[derive(Debug, Clone)]
pub struct Cube {
    keys: Vec<Dimension>,
    sums: Vec<String>,
    cells: FxHashMap<[u32; KEYS_MAX], u32>,
    counts: Vec<i64>,
    /// `sums.len()` values a cell.
    totals: Vec<i64>,
    cells_max: usize,
}

/// One value of a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Text(Box<str>),
}

#[derive(Debug, Clone)]
struct Dimension {
    name: String,
    kind: Option<DataType>,
    codes: FxHashMap<Value, u32>,
    values: Vec<Value>,
}

impl Cube {
    /// An empty cube over up to four `keys`, with the named `sums` beside the count, of at most `cells_max` cells.
    ///
    /// # Errors
    /// [`Error::Bound`] for more than four keys.
    pub fn new(keys: &[&str], sums: &[&str], cells_max: usize) -> Result<Self> {
        if keys.len() > KEYS_MAX {
            return Err(Error::Bound("a cube has at most four keys"));
        }
        let dimension = |name: &&str| Dimension {
            name: (*name).to_owned(),
            kind: None,
            codes: FxHashMap::default(),
            values: Vec::new(),
        };
        Ok(Self {
            keys: keys.iter().map(dimension).collect(),
            sums: sums.iter().map(|&name| name.to_owned()).collect(),
            cells: FxHashMap::default(),
            counts: Vec::new(),
            totals: Vec::new(),
            cells_max,
        })
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Adds rows: one array a key (bool, 32- or 64-bit integer, date or text), one 64-bit array a sum. Null amounts add nothing.
    ///
    /// # Errors
    /// [`Error::Bound`] for too many cells, a sum out of range, or arrays that do not fit the cube.
    pub fn add(&mut self, keys: &[ArrayRef], amounts: &[ArrayRef]) -> Result<()> {
        if keys.len() != self.keys.len() || amounts.len() != self.sums.len() {
            return Err(Error::Bound("the columns given to a cube are not those it was made with"));
        }
        let rows = keys.first().map_or(0, Array::len);
        let mut codes = Vec::with_capacity(keys.len());
        for (dimension, array) in self.keys.iter_mut().zip(keys) {
            codes.push(dimension.encode(array)?);
        }
        let mut columns = Vec::with_capacity(amounts.len());
        for array in amounts {
            let column = array.as_primitive_opt::<Int64Type>();
            columns.push(column.ok_or(Error::Bound("a cube sums 64-bit integers only"))?);
        }
        for row in 0..rows {
            let mut key = [0u32; KEYS_MAX];
            for (slot, codes) in key.iter_mut().zip(&codes) {
                *slot = codes[row];
            }
            let cell = self.cell(key)?;
            self.counts[cell] += 1;
            for (sum, column) in columns.iter().enumerate() {
                if column.is_valid(row) {
                    self.accumulate(cell, sum, column.value(row))?;
                }
            }
        }
        Ok(())
    }

    /// Adds the cells of another cube of the same shape.
    ///
    /// # Errors
    /// As [`Cube::add`].
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if self.keys.len() != other.keys.len() || self.sums != other.sums {
            return Err(Error::Bound("two cubes of other shapes cannot be merged"));
        }
        let mut codes: Vec<Vec<u32>> = Vec::with_capacity(self.keys.len());
        for (mine, theirs) in self.keys.iter_mut().zip(&other.keys) {
            mine.kind = mine.kind.take().or_else(|| theirs.kind.clone());
            codes.push(theirs.values.iter().map(|value| mine.code(value.clone())).collect());
        }
        for (theirs, &from) in &other.cells {
            let mut key = [0u32; KEYS_MAX];
            for (slot, (codes, &code)) in key.iter_mut().zip(codes.iter().zip(theirs)) {
                *slot = codes[code as usize];
            }
            let cell = self.cell(key)?;
            let from = from as usize;
            self.counts[cell] += other.counts[from];
            for sum in 0..self.sums.len() {
                self.accumulate(cell, sum, other.totals[from * self.sums.len() + sum])?;
            }
        }
        Ok(())
    }

    /// One row a cell, sorted by key: the keys, `count`, the sums.
    ///
    /// # Errors
    /// [`Error::Arrow`] when the columns cannot be put together.
    pub fn finish(&self) -> Result<RecordBatch> {
        let mut cells: Vec<(Vec<&Value>, usize)> = self
            .cells
            .iter()
            .map(|(key, &cell)| {
                let values = self.keys.iter().zip(key).map(|(d, &code)| &d.values[code as usize]);
                (values.collect(), cell as usize)
            })
            .collect();
        cells.sort_unstable();
        let mut fields = Vec::new();
        let mut columns: Vec<ArrayRef> = Vec::new();
        for (place, dimension) in self.keys.iter().enumerate() {
            let column = dimension.column(cells.iter().map(|(values, _)| values[place]));
            fields.push(Field::new(&dimension.name, column.data_type().clone(), true));
            columns.push(column);
        }
        let numbers = |value: &dyn Fn(usize) -> i64| {
            let mut out = Int64Builder::with_capacity(cells.len());
            for (_, cell) in &cells {
                out.append_value(value(*cell));
            }
            Arc::new(out.finish()) as ArrayRef
        };
        fields.push(Field::new("count", DataType::Int64, false));
        columns.push(numbers(&|cell| self.counts[cell]));
        for (sum, name) in self.sums.iter().enumerate() {
            fields.push(Field::new(name, DataType::Int64, false));
            columns.push(numbers(&|cell| self.totals[cell * self.sums.len() + sum]));
        }
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
    }

    fn cell(&mut self, key: [u32; KEYS_MAX]) -> Result<usize> {
        if let Some(&cell) = self.cells.get(&key) {
            return Ok(cell as usize);
        }
        if self.counts.len() >= self.cells_max {
            return Err(Error::Bound("a cube grew beyond its bound: choose coarser keys"));
        }
        let cell = self.counts.len();
        self.cells.insert(key, cell as u32);
        self.counts.push(0);
        self.totals.resize(self.totals.len() + self.sums.len(), 0);
        Ok(cell)
    }

    fn accumulate(&mut self, cell: usize, sum: usize, amount: i64) -> Result<()> {
        let slot = &mut self.totals[cell * self.sums.len() + sum];
        *slot = slot.checked_add(amount).ok_or(Error::Bound("a sum left the range of 64 bits"))?;
        Ok(())
    }
}

impl Dimension {
    fn code(&mut self, value: Value) -> u32 {
        if let Some(&code) = self.codes.get(&value) {
            return code;
        }
        let code = self.values.len() as u32;
        self.values.push(value.clone());
        self.codes.insert(value, code);
        code
    }

    fn encode(&mut self, array: &ArrayRef) -> Result<Vec<u32>> {
        let kind = array.data_type().clone();
        if self.kind.get_or_insert_with(|| kind.clone()) != &kind {
            return Err(Error::Bound("a key of a cube changed its type"));
        }
        let mut codes = Vec::with_capacity(array.len());
        // Sorted input repeats the key of the row before: remember it and spare the table.
        let mut last: Option<(Value, u32)> = None;
        for row in 0..array.len() {
            if let (DataType::Utf8, Some((Value::Text(text), code))) = (&kind, &last)
                && array.is_valid(row)
                && array.as_string::<i32>().value(row) == text.as_ref()
            {
                codes.push(*code);
                continue;
            }
            let value = value_at(array, row)?;
            let code = self.code(value.clone());
            last = Some((value, code));
            codes.push(code);
        }
        Ok(codes)
    }

    fn column<'a>(&self, values: impl Iterator<Item = &'a Value>) -> ArrayRef {
        let int = |value: &Value| if let Value::Int(number) = value { Some(*number) } else { None };
        match self.kind.as_ref().unwrap_or(&DataType::Utf8) {
            DataType::Boolean => {
                let mut out = BooleanBuilder::new();
                values.for_each(|v| out.append_option(if let Value::Bool(b) = v { Some(*b) } else { None }));
                Arc::new(out.finish())
            }
            DataType::Utf8 => {
                let mut out = StringBuilder::new();
                values.for_each(|v| out.append_option(if let Value::Text(t) = v { Some(t) } else { None }));
                Arc::new(out.finish())
            }
            DataType::Int64 => {
                let mut out = Int64Builder::new();
                values.for_each(|v| out.append_option(int(v)));
                Arc::new(out.finish())
            }
            // Every value came from a column of this type.
            DataType::Date32 => Arc::new(values.map(|v| int(v).map(|n| n as i32)).collect::<Date32Array>()),
            _ => Arc::new(values.map(|v| int(v).map(|n| n as i32)).collect::<Int32Array>()),
        }
    }
}

fn value_at(array: &ArrayRef, row: usize) -> Result<Value> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Int32 => Value::Int(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Value::Int(array.as_primitive::<Int64Type>().value(row)),
        DataType::Date32 => Value::Int(array.as_primitive::<Date32Type>().value(row).into()),
        DataType::Utf8 => Value::Text(array.as_string::<i32>().value(row).into()),
        _ => return Err(Error::Bound("a key of a cube is a bool, an integer, a date or a text")),
    })
}
