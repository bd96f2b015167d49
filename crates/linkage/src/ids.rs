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
    /// Texts.
    Texts(Texts),
}

/// Texts one behind the other; of most lists all ids are of one length, and then nothing says where each ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    all: String,
    count: usize,
    ends: Ends,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Ends {
    /// All have this many bytes.
    Every(usize),
    Each(Vec<usize>),
}

impl Default for Ends {
    fn default() -> Self {
        Self::Every(0)
    }
}

impl Texts {
    fn piece(&self, row: usize) -> &str {
        match &self.ends {
            Ends::Every(length) => &self.all[row * length..(row + 1) * length],
            Ends::Each(ends) => &self.all[if row == 0 { 0 } else { ends[row - 1] }..ends[row]],
        }
    }

    fn push(&mut self, text: &str) {
        if let Ends::Every(length) = self.ends
            && length != text.len()
        {
            self.ends = match self.count {
                0 => Ends::Every(text.len()),
                count => Ends::Each((1..=count).map(|id| id * length).collect()),
            };
        }
        self.all.push_str(text);
        self.count += 1;
        if let Ends::Each(ends) = &mut self.ends {
            ends.push(self.all.len());
        }
    }
}

impl Default for Ids {
    fn default() -> Self {
        Self::Numbers(Vec::new())
    }
}

/// The records in their order, by the numbers that decisions name them by.
#[derive(Debug, Clone)]
pub(crate) enum Ranks {
    /// Their places in the order are their numbers; so many of them.
    Places(usize),
    /// Ascending numbers.
    Numbers(Vec<i64>),
}

impl Default for Ranks {
    fn default() -> Self {
        Self::Places(0)
    }
}

impl Ranks {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Places(count) => *count,
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    /// The place of a number.
    pub(crate) fn place(&self, number: i64) -> Option<usize> {
        match self {
            Self::Places(count) => usize::try_from(number).ok().filter(|place| place < count),
            Self::Numbers(numbers) => numbers.binary_search(&number).ok(),
        }
    }
}

impl Ids {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts(texts) => texts.count,
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
            Self::Texts(texts) => texts.piece(row as usize).into(),
        }
    }

    /// Makes room for this many ids in all, as long as those that are here; where there is none they grow as
    /// they come.
    pub(crate) fn expect(&mut self, rows: usize) {
        let known = self.len().max(1);
        let more = rows.saturating_sub(known);
        let _ = match self {
            Self::Numbers(numbers) => numbers.try_reserve_exact(more),
            Self::Texts(Texts { all, ends, .. }) => {
                let bytes = (all.len() + all.len() / 16) / known;
                all.try_reserve_exact(bytes.saturating_mul(more)).and_then(|()| match ends {
                    Ends::Every(_) => Ok(()),
                    Ends::Each(ends) => ends.try_reserve_exact(more),
                })
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
            *self = Self::Texts(Texts::default());
        }
        match self {
            Self::Numbers(numbers) if whole => {
                let wide = rules::convert(array, &DataType::Int64).map_err(|_| refused())?;
                numbers.extend_from_slice(wide.as_primitive::<Int64Type>().values());
            }
            Self::Texts(known) if !whole => {
                let texts = rules::convert(array, &DataType::Utf8).map_err(|_| refused())?;
                texts.as_string::<i32>().iter().for_each(|text| known.push(text.unwrap_or_default()));
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
                Self::Texts(texts) => texts.piece(a as usize).cmp(texts.piece(b as usize)),
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
