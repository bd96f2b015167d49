//! Family-wise reduction: people sorted by family become one value a family, in one pass and without a hash table.
//!
//! Comes in: a sorted 64-bit key column and a value column of the same length. Goes out: one row a group, in key order.
//! Nulls: `count_true` and `sum` pass over them, `any` and `all` follow three-valued logic, `min` and `max` are null when no
//! value is known. Must never happen: a group cut in two by a batch border ([`whole_groups`] sees to that).

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Int32Builder, Int64Builder, PrimitiveBuilder};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, Int32Array, Int64Array, PrimitiveArray, RecordBatch,
    UInt32Array,
};

use crate::{Error, Result, writer};

/// Borders of the runs of equal keys in a sorted column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    keys: Vec<i64>,
    /// One more than there are groups; group `g` is rows `offsets[g]..offsets[g + 1]`.
    offsets: Vec<u32>,
}

impl Groups {
    /// Finds the runs. The column must be sorted; equal keys that are apart make two groups.
    pub fn of(sorted: &Int64Array) -> Self {
        let values = sorted.values();
        let mut groups = Self { keys: Vec::new(), offsets: Vec::new() };
        for (row, &key) in values.iter().enumerate() {
            if groups.keys.last() != Some(&key) {
                groups.keys.push(key);
                groups.offsets.push(row as u32);
            }
        }
        groups.offsets.push(values.len() as u32);
        groups
    }

    /// Number of groups.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The keys, one a group.
    pub fn keys(&self) -> Int64Array {
        Int64Array::from(self.keys.clone())
    }

    /// Row ranges, one a group.
    pub fn ranges(&self) -> impl ExactSizeIterator<Item = std::ops::Range<usize>> + '_ {
        self.offsets.windows(2).map(|pair| pair[0] as usize..pair[1] as usize)
    }

    /// Rows a group.
    pub fn sizes(&self) -> Int32Array {
        self.ranges().map(|range| Some(range.len() as i32)).collect()
    }

    /// The number of the group each row lies in: for spreading a family's value over its people with `take`.
    pub fn group_of_rows(&self) -> UInt32Array {
        let mut groups = Vec::with_capacity(self.offsets.last().map_or(0, |&rows| rows as usize));
        for (group, range) in self.ranges().enumerate() {
            groups.resize(range.end, group as u32);
        }
        UInt32Array::from(groups)
    }

    /// How many rows of each group are true.
    pub fn count_true(&self, values: &BooleanArray) -> Int32Array {
        let mut counts = Int32Builder::with_capacity(self.len());
        for range in self.ranges() {
            let count = range.filter(|&row| values.is_valid(row) && values.value(row)).count();
            counts.append_value(count as i32);
        }
        counts.finish()
    }

    /// True when a row is true; otherwise unknown when a row is unknown; otherwise false.
    pub fn any(&self, values: &BooleanArray) -> BooleanArray {
        self.logic(values, true)
    }

    /// False when a row is false; otherwise unknown when a row is unknown; otherwise true.
    pub fn all(&self, values: &BooleanArray) -> BooleanArray {
        self.logic(values, false)
    }

    fn logic(&self, values: &BooleanArray, decisive: bool) -> BooleanArray {
        let mut out = BooleanBuilder::with_capacity(self.len());
        for range in self.ranges() {
            let mut unknown = false;
            let mut decided = false;
            for row in range {
                if values.is_null(row) {
                    unknown = true;
                } else if values.value(row) == decisive {
                    decided = true;
                    break;
                }
            }
            out.append_option(if decided {
                Some(decisive)
            } else if unknown {
                None
            } else {
                Some(!decisive)
            });
        }
        out.finish()
    }

    /// First true row of each group: the head of a family, say.
    pub fn first_true(&self, values: &BooleanArray) -> UInt32Array {
        let first = |mut range: std::ops::Range<usize>| {
            range.find(|&row| values.is_valid(row) && values.value(row)).map(|row| row as u32)
        };
        self.ranges().map(first).collect()
    }

    /// Sum of the known values of each group; 0 when none is known.
    ///
    /// # Errors
    /// [`Error::Bound`] when a sum leaves 64 bits.
    pub fn sum<T: ArrowPrimitiveType>(&self, values: &PrimitiveArray<T>) -> Result<Int64Array>
    where
        i64: From<T::Native>,
    {
        let mut sums = Int64Builder::with_capacity(self.len());
        for range in self.ranges() {
            let mut sum = 0i64;
            for row in range {
                if values.is_valid(row) {
                    let value = i64::from(values.value(row));
                    sum = sum.checked_add(value).ok_or(Error::Bound("a sum left the range of 64 bits"))?;
                }
            }
            sums.append_value(sum);
        }
        Ok(sums.finish())
    }

    /// Least known value of each group.
    pub fn min<T: ArrowPrimitiveType>(&self, values: &PrimitiveArray<T>) -> PrimitiveArray<T>
    where
        T::Native: PartialOrd,
    {
        self.extreme(values, |new, old| new < old)
    }

    /// Greatest known value of each group.
    pub fn max<T: ArrowPrimitiveType>(&self, values: &PrimitiveArray<T>) -> PrimitiveArray<T>
    where
        T::Native: PartialOrd,
    {
        self.extreme(values, |new, old| new > old)
    }

    fn extreme<T: ArrowPrimitiveType>(
        &self,
        values: &PrimitiveArray<T>,
        better: impl Fn(T::Native, T::Native) -> bool,
    ) -> PrimitiveArray<T> {
        let mut out = PrimitiveBuilder::<T>::with_capacity(self.len());
        for range in self.ranges() {
            let known = range.filter(|&row| values.is_valid(row)).map(|row| values.value(row));
            out.append_option(known.reduce(|old, new| if better(new, old) { new } else { old }));
        }
        out.finish()
    }

    /// The value of each group's first row.
    ///
    /// # Errors
    /// [`Error::Arrow`] for a type that cannot be gathered.
    pub fn first(&self, values: &dyn Array) -> Result<ArrayRef> {
        let starts: UInt32Array = self.ranges().map(|range| Some(range.start as u32)).collect();
        Ok(arrow_select::take::take(values, &starts, None)?)
    }
}

/// Re-cuts a stream sorted by the 64-bit column `key` so that no group spans two batches.
pub fn whole_groups<I>(batches: I, key: &str) -> WholeGroups<I::IntoIter>
where
    I: IntoIterator<Item = Result<RecordBatch>>,
{
    WholeGroups { batches: batches.into_iter(), key: key.to_owned(), held: None }
}

/// See [`whole_groups`].
pub struct WholeGroups<I> {
    batches: I,
    key: String,
    held: Option<RecordBatch>,
}

impl<I: Iterator<Item = Result<RecordBatch>>> Iterator for WholeGroups<I> {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let batch = match self.batches.next() {
                Some(Ok(batch)) => batch,
                Some(Err(error)) => return Some(Err(error)),
                None => return self.held.take().map(Ok),
            };
            match self.cut(batch) {
                Ok(None) => {}
                Ok(Some(whole)) => return Some(Ok(whole)),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl<I> WholeGroups<I> {
    /// Holds back the last group, which may go on in the next batch.
    fn cut(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let joined = match self.held.take() {
            Some(held) => arrow_select::concat::concat_batches(&batch.schema(), [&held, &batch])?,
            None => batch,
        };
        let column = joined.column_by_name(&self.key).and_then(writer::int64);
        let Some(keys) = column else {
            return Err(Error::Key { dataset: String::new(), column: self.key.clone() });
        };
        let Some(&last) = keys.values().last() else { return Ok(None) };
        let border = keys.values().partition_point(|&key| key < last);
        self.held = Some(joined.slice(border, joined.num_rows() - border));
        Ok((border > 0).then(|| joined.slice(0, border)))
    }
}

/// One value a family, spread over its people.
///
/// # Errors
/// [`Error::Arrow`] for a type that cannot be gathered.
pub fn spread(groups: &Groups, values: &ArrayRef) -> Result<ArrayRef> {
    let rows: Arc<UInt32Array> = Arc::new(groups.group_of_rows());
    Ok(arrow_select::take::take(values, rows.as_ref(), None)?)
}
