//! The ids of records: whole numbers or texts, unique within a run (or within a source, where lists are
//! linked to one another).
//!
//! In: the id column, batch by batch. Out: an order of the records that does not depend on the order of the
//! input. Never: two records that cannot be told apart.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use rayon::prelude::*;

use crate::error::LinkError;

/// The id of each row of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ids {
    /// Whole numbers.
    Numbers(Vec<i64>),
    /// Texts: all bytes, and where each id ends.
    Texts(String, Vec<usize>),
}

impl Default for Ids {
    fn default() -> Self {
        Self::Numbers(Vec::new())
    }
}

impl Ids {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts(_, ends) => ends.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The id of a row, as text.
    pub fn text(&self, row: u32) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Numbers(numbers) => numbers[row as usize].to_string().into(),
            Self::Texts(..) => self.piece(row as usize).into(),
        }
    }

    fn piece(&self, row: usize) -> &str {
        let Self::Texts(all, ends) = self else { return "" };
        let start = if row == 0 { 0 } else { ends[row - 1] };
        &all[start..ends[row]]
    }

    /// Makes room for this many ids in all, as long as those that are here; where there is none they grow as
    /// they come.
    pub(crate) fn expect(&mut self, rows: usize) {
        let known = self.len().max(1);
        let more = rows.saturating_sub(known);
        let _ = match self {
            Self::Numbers(numbers) => numbers.try_reserve_exact(more),
            Self::Texts(all, ends) => {
                let bytes = (all.len() + all.len() / 16) / known;
                all.try_reserve_exact(bytes.saturating_mul(more)).and_then(|()| ends.try_reserve_exact(more))
            }
        };
    }

    /// Takes the ids of one batch.
    pub(crate) fn push(&mut self, name: &str, array: &ArrayRef) -> Result<(), LinkError> {
        let refused =
            || LinkError::ColumnType { column: name.to_owned(), found: array.data_type().to_string() };
        if array.is_empty() {
            return Ok(());
        }
        if array.data_type() == &DataType::Null || array.null_count() > 0 {
            let row = (0..array.len()).find(|&row| array.is_null(row)).unwrap_or(0);
            return Err(LinkError::NullId { column: name.to_owned(), row: self.len() + row });
        }
        let whole = matches!(
            array.data_type(),
            DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::UInt32
        );
        if self.is_empty() && !whole {
            *self = Self::Texts(String::new(), Vec::new());
        }
        match self {
            Self::Numbers(numbers) if whole => {
                let wide = rules::convert(array, &DataType::Int64).map_err(|_| refused())?;
                numbers.extend_from_slice(wide.as_primitive::<Int64Type>().values());
            }
            Self::Texts(all, ends) if !whole => {
                let texts = rules::convert(array, &DataType::Utf8).map_err(|_| refused())?;
                for text in texts.as_string::<i32>() {
                    all.push_str(text.unwrap_or_default());
                    ends.push(all.len());
                }
            }
            _ => return Err(refused()),
        }
        Ok(())
    }

    /// Rows ascending by `group`, then by id. `group` is the same for all rows where ids are unique in the
    /// whole input.
    pub(crate) fn order(&self, name: &str, group: Option<&[u32]>) -> Result<Vec<u32>, LinkError> {
        let of = |row: u32| group.map_or(0, |group| group[row as usize]);
        let compare = |a: u32, b: u32| {
            of(a).cmp(&of(b)).then_with(|| match self {
                Self::Numbers(numbers) => numbers[a as usize].cmp(&numbers[b as usize]),
                Self::Texts(..) => self.piece(a as usize).cmp(self.piece(b as usize)),
            })
        };
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        if !order.is_sorted_by(|a, b| compare(*a, *b).is_lt()) {
            order.par_sort_unstable_by(|a, b| compare(*a, *b).then(a.cmp(b)));
            if let Some(pair) = order.windows(2).find(|pair| compare(pair[0], pair[1]).is_eq()) {
                return Err(LinkError::DuplicateId {
                    column: name.to_owned(),
                    id: self.text(pair[0]).into_owned(),
                    first: pair[0] as usize,
                    second: pair[1] as usize,
                });
            }
        }
        Ok(order)
    }
}
