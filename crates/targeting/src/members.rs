//! Members of families: which rows of the people belong to which family, and the reduction of a column over
//! them, in columns and on values, with the same meaning.
//!
//! Count: rows that are true. Any: true if one is, else unknown if one is, else false. Sum: of the known,
//! unknown when out of range. Min and max: of the known, unknown when none is.

use std::{ops::Range, sync::Arc};

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Int64Array,
    cast::AsArray,
    types::{Date32Type, Int64Type},
};
use arrow_buffer::BooleanBuffer;
use policy::Reduce;
use rules::{EvalError, Value};

/// Row ranges of people, one a family; a family without people has an empty one.
#[derive(Debug, Clone)]
pub(crate) struct Members {
    offsets: Vec<u32>,
}

impl Members {
    /// Both columns sorted; people of families that are not there are left out (they lie between two ranges).
    /// Returns the ranges only if every person belongs to one of the families.
    pub(crate) fn of(families: &[i64], people: &[i64]) -> Option<Self> {
        let mut offsets = Vec::with_capacity(families.len() + 1);
        let mut row = 0;
        offsets.push(0);
        for &family in families {
            if people.get(row).is_some_and(|&of| of < family) {
                return None;
            }
            while people.get(row) == Some(&family) {
                row += 1;
            }
            offsets.push(row as u32);
        }
        (row == people.len()).then_some(Self { offsets })
    }

    pub(crate) fn ranges(&self) -> impl ExactSizeIterator<Item = Range<usize>> + '_ {
        self.offsets.windows(2).map(|pair| pair[0] as usize..pair[1] as usize)
    }

    /// How many people there are.
    pub(crate) fn people(&self) -> usize {
        self.offsets.last().map_or(0, |last| *last as usize)
    }

    /// How many rows of each family are set.
    pub(crate) fn count(&self, bits: &Bitmap) -> Vec<u32> {
        self.ranges().map(|range| bits.count(range)).collect()
    }

    /// One value a family.
    pub(crate) fn reduce(&self, how: Reduce, column: &ArrayRef) -> Result<ArrayRef, EvalError> {
        let wrong = || EvalError::NotCondition(format!("a reduction over {}", column.data_type()));
        match how {
            Reduce::Count => {
                let column = column.as_boolean_opt().ok_or_else(wrong)?;
                let counts = self.count(&Bitmap::is_true(column));
                Ok(Arc::new(counts.into_iter().map(|n| Some(i64::from(n))).collect::<Int64Array>()))
            }
            Reduce::Any => {
                let column = column.as_boolean_opt().ok_or_else(wrong)?;
                Ok(Arc::new(self.any(column)))
            }
            Reduce::Sum | Reduce::Min | Reduce::Max => {
                if let Some(column) = column.as_primitive_opt::<Int64Type>() {
                    let at = |row: usize| column.is_valid(row).then(|| column.value(row));
                    let of = |range: Range<usize>| fold(how, range.filter_map(at));
                    return Ok(Arc::new(self.ranges().map(of).collect::<Int64Array>()));
                }
                let column = column.as_primitive_opt::<Date32Type>().ok_or_else(wrong)?;
                let at = |row: usize| column.is_valid(row).then(|| i64::from(column.value(row)));
                let day = |range: Range<usize>| fold(how, range.filter_map(at)).map(|day| day as i32);
                Ok(Arc::new(self.ranges().map(day).collect::<Date32Array>()))
            }
        }
    }

    fn any(&self, column: &BooleanArray) -> BooleanArray {
        let (yes, unknown) = (Bitmap::is_true(column), Bitmap::is_unknown(column));
        let one = |range: Range<usize>| {
            if yes.count(range.clone()) > 0 {
                Some(true)
            } else if unknown.count(range) > 0 {
                None
            } else {
                Some(false)
            }
        };
        self.ranges().map(one).collect()
    }
}

fn fold(how: Reduce, mut known: impl Iterator<Item = i64>) -> Option<i64> {
    match how {
        Reduce::Min => known.min(),
        Reduce::Max => known.max(),
        _ => known.try_fold(0i64, i64::checked_add),
    }
}

/// The same reduction over the values of one family's members.
pub(crate) fn reduce_values(how: Reduce, values: &[Value]) -> Value {
    let truths = values.iter().map(Value::as_bool);
    match how {
        Reduce::Count => Value::Int(truths.filter(|truth| *truth == Some(true)).count() as i64),
        Reduce::Any => {
            let mut truths = truths;
            if values.iter().any(|value| value.as_bool() == Some(true)) {
                Value::Bool(true)
            } else if truths.any(|truth| truth.is_none()) {
                Value::Null
            } else {
                Value::Bool(false)
            }
        }
        Reduce::Sum | Reduce::Min | Reduce::Max => {
            let is_date = values.iter().any(|value| matches!(value, Value::Date(_)));
            let known = values.iter().filter_map(|value| match value {
                Value::Int(number) => Some(*number),
                Value::Date(days) => Some(i64::from(*days)),
                _ => None,
            });
            match fold(how, known) {
                Some(days) if is_date => Value::Date(days as i32),
                Some(number) => Value::Int(number),
                None => Value::Null,
            }
        }
    }
}

/// Bits of a column, 64 to a word, so that a family's members are counted by one instruction. Bits beyond the last row are unset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bitmap {
    words: Vec<u64>,
    bits: usize,
}

impl Bitmap {
    pub(crate) fn new(bits: &BooleanBuffer) -> Self {
        let chunks = bits.bit_chunks();
        // One word more, so that a range may look over the end.
        let words = chunks.iter().chain([chunks.remainder_bits(), 0]).collect();
        Self { words, bits: bits.len() }
    }

    /// Rows that are known and true.
    pub(crate) fn is_true(column: &BooleanArray) -> Self {
        match column.nulls() {
            None => Self::new(column.values()),
            Some(nulls) => Self::new(&(column.values() & nulls.inner())),
        }
    }

    /// Rows that are not known.
    pub(crate) fn is_unknown(column: &BooleanArray) -> Self {
        match column.nulls() {
            None => Self::none(column.len()),
            Some(nulls) => Self::new(&!nulls.inner()),
        }
    }

    /// No row is set.
    pub(crate) fn none(bits: usize) -> Self {
        Self { words: vec![0; bits / 64 + 2], bits }
    }

    /// Words of 64 rows; bits beyond the last row are unset.
    pub(crate) fn words(&self) -> &[u64] {
        &self.words[..self.bits.div_ceil(64)]
    }

    pub(crate) fn set(&mut self, row: usize) {
        self.words[row / 64] |= 1 << (row % 64);
    }

    /// Appends the rows of another column.
    pub(crate) fn append(&mut self, next: &Self) {
        let (word, shift) = (self.bits / 64, self.bits % 64);
        self.bits += next.bits;
        self.words.resize(self.bits / 64 + 2, 0);
        for (i, bits) in next.words().iter().enumerate() {
            self.words[word + i] |= bits << shift;
            if shift > 0 {
                self.words[word + i + 1] |= bits >> (64 - shift);
            }
        }
    }

    pub(crate) fn ones(&self) -> u64 {
        self.words().iter().map(|word| u64::from(word.count_ones())).sum()
    }

    pub(crate) fn get(&self, row: usize) -> bool {
        self.words[row / 64] >> (row % 64) & 1 == 1
    }

    /// The rows that are set, ascending.
    pub(crate) fn rows(&self) -> Vec<u32> {
        let mut rows = Vec::new();
        self.each(|row| rows.push(row as u32));
        rows
    }

    pub(crate) fn count(&self, range: Range<usize>) -> u32 {
        let Range { start, end } = range;
        debug_assert!(end <= self.bits);
        if end - start <= 64 {
            return self.window(start, end - start).count_ones();
        }
        (start..end).step_by(64).map(|from| self.window(from, (end - from).min(64)).count_ones()).sum()
    }

    /// Up to 64 bits from `start` on, the first in the lowest place.
    fn window(&self, start: usize, length: usize) -> u64 {
        let (word, shift) = (start / 64, start % 64);
        let low = self.words[word] >> shift;
        let high = if shift == 0 { 0 } else { self.words[word + 1] << (64 - shift) };
        let mask = if length >= 64 { u64::MAX } else { (1 << length) - 1 };
        (low | high) & mask
    }

    /// Every set bit.
    pub(crate) fn each(&self, mut visit: impl FnMut(usize)) {
        for (i, word) in self.words.iter().enumerate() {
            let mut left = *word;
            while left != 0 {
                visit(i * 64 + left.trailing_zeros() as usize);
                left &= left - 1;
            }
        }
    }
}
