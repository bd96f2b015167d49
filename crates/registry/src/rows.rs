//! The rows that go into linkage: all rows of the lists in force, and of replaced lists those that were not
//! sent again unchanged.
//!
//! In: the lists, their columns. Out: batches for `linkage`, and for every row that was sent again the row
//! that stands for it. Must never happen: a row that linkage sees twice, a replaced row that is lost.

use std::sync::Arc;

use access::House;
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray, UInt32Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::take::take_record_batch;
use linkage::standardise::Standardiser;
use model::Progress;
use rayon::prelude::*;

use crate::golden::NONE;
use crate::lineage::{self, Identifying, RowKey, Successors};
use crate::load::{self, List};
use crate::version::{date32, int32, int64, text};
use crate::{Error, Result};

/// The rows of one consolidation. Row numbers count through the batches and ascend with the record id.
#[derive(Debug)]
pub struct Rows {
    /// Columns for linkage.
    pub batches: Vec<RecordBatch>,
    /// Record id of each row.
    pub record_id: Vec<i64>,
    /// List (index) of each row.
    pub list: Vec<u32>,
    /// Whether each row names somebody: a row without a name makes no person.
    pub named: Vec<bool>,
    /// Rows of replaced lists that were sent again unchanged: (record id, the row that stands for it),
    /// ascending.
    pub resent: Vec<(i64, u32)>,
    /// Rows that were sent again with changes, and the row that each became: one person without a doubt.
    pub ties: Vec<(u32, u32)>,
}

impl Rows {
    /// The row of a record, also of one that was replaced by the same row sent again.
    pub fn row_of(&self, record: i64) -> Option<u32> {
        if let Ok(row) = self.record_id.binary_search(&record) {
            return Some(row as u32);
        }
        self.resent.binary_search_by_key(&record, |r| r.0).ok().map(|at| self.resent[at].1)
    }

    /// Village that a record itself names.
    pub fn region(&self, row: u32) -> Option<&str> {
        let mut row = row as usize;
        for batch in &self.batches {
            if row < batch.num_rows() {
                let column = batch.column_by_name("desa")?.as_any().downcast_ref::<StringArray>()?;
                return column.is_valid(row).then(|| column.value(row));
            }
            row -= batch.num_rows();
        }
        None
    }
}

/// Columns that linkage reads, with the canonical column each is made from.
const COLUMNS: [(&str, &str); 9] = [
    ("nik", "nik"),
    ("kk", "kk"),
    ("name", "name"),
    ("mother", "mother_name"),
    ("pob", "birth_place"),
    ("dob", "birth_date"),
    ("sex", "sex"),
    ("desa", "region"),
    ("relation", "relation"),
];

/// The standardiser of names and places that the policy pack describes.
///
/// # Errors
/// A table of the pack that cannot be read.
pub fn standardiser(policy: &policy::Policy) -> Result<Standardiser> {
    let own = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
    Ok(Standardiser::new(&policy.names().into_iter().map(own).collect())?)
}

/// Reads and standardises all rows and finds those that were only sent again.
///
/// # Errors
/// The lake's.
pub fn gather(house: &House, lists: &[List], progress: &dyn Progress) -> Result<Rows> {
    let names = standardiser(&house.policy)?;
    let total: u64 = lists.iter().map(|list| list.dataset.rows()).sum();
    let mut done = 0;
    let mut batches = Vec::with_capacity(lists.len());
    for list in lists {
        progress.report("read", done, total);
        batches.push(prepare(list, &names)?);
        done += list.dataset.rows();
    }
    progress.report("read", done, total);
    let replaced = replacements(lists, &batches)?;
    assemble(lists, batches, &replaced)
}

fn schema() -> SchemaRef {
    let kind = |name: &str| match name {
        "nik" | "kk" => DataType::Int64,
        "dob" => DataType::Date32,
        "sex" | "relation" => DataType::Int32,
        _ => DataType::Utf8,
    };
    let mut fields =
        vec![Field::new("unique_id", DataType::Int64, false), Field::new("source", DataType::Utf8, false)];
    fields.extend(COLUMNS.iter().map(|(name, _)| Field::new(*name, kind(name), true)));
    Arc::new(Schema::new(fields))
}

/// The linkage columns of one list.
fn prepare(list: &List, names: &Standardiser) -> Result<RecordBatch> {
    let schema = schema();
    let mut columns: Vec<ArrayRef> = vec![load::column(list, "record_id", &DataType::Int64)?];
    // A replaced list counts as a source of its own: its rows may stand beside those of the list that
    // replaced it.
    let source =
        if list.current { list.standing.source.clone() } else { format!("{}~", list.standing.source) };
    columns.push(Arc::new(StringArray::from_iter_values(std::iter::repeat_n(source, list.rows()))));
    for (field, (name, canonical)) in schema.fields().iter().skip(2).zip(COLUMNS) {
        let raw = load::column(list, canonical, field.data_type())?;
        columns.push(match name {
            "name" | "mother" => Arc::new(each(&raw, |text| names.name(text))?),
            "pob" => Arc::new(each(&raw, |text| names.place(text))?),
            _ => raw,
        });
    }
    Ok(RecordBatch::try_new(schema, columns)?)
}

/// Each text brought to one spelling, on all cores; what has no letter is unknown.
fn each(array: &ArrayRef, standard: impl Fn(&str) -> String + Sync) -> Result<StringArray> {
    const CHUNK: usize = 16 * 1024;
    let column: &StringArray =
        array.as_any().downcast_ref().ok_or_else(|| Error::Damaged("a name is not text".to_owned()))?;
    let parts: Vec<StringArray> = (0..column.len().div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| {
            let rows = chunk * CHUNK..((chunk + 1) * CHUNK).min(column.len());
            rows.map(|row| {
                column.is_valid(row).then(|| standard(column.value(row))).filter(|s| !s.is_empty())
            })
            .collect()
        })
        .collect();
    let parts: Vec<&dyn Array> = parts.iter().map(|part| part as &dyn Array).collect();
    if parts.is_empty() {
        return Ok(StringArray::new_null(0));
    }
    let whole = arrow_select::concat::concat(&parts)?;
    whole.as_any().downcast_ref().cloned().ok_or_else(|| Error::Damaged("a name is not text".to_owned()))
}

/// For every replaced list: the list that replaced it, and what became of its rows there.
type Replaced = Vec<Option<(usize, Successors)>>;

fn replacements(lists: &[List], batches: &[RecordBatch]) -> Result<Replaced> {
    let mut replaced: Replaced = vec![None; lists.len()];
    let mut order: Vec<usize> = (0..lists.len()).collect();
    order.sort_by_key(|&i| {
        let standing = &lists[i].standing;
        (standing.source.clone(), standing.as_of, standing.file)
    });
    let mut keys_of_next: Option<(usize, Vec<RowKey>)> = None;
    // Newest first: each list but the newest of its source is compared with the one that came after it.
    for pair in order.windows(2).rev() {
        let (old, new) = (pair[0], pair[1]);
        if lists[old].current || lists[old].standing.source != lists[new].standing.source {
            continue;
        }
        let new_keys = match keys_of_next.take() {
            Some((list, keys)) if list == new => keys,
            _ => keys(&batches[new])?,
        };
        let old_keys = keys(&batches[old])?;
        replaced[old] = Some((new, lineage::successors(&old_keys, &new_keys)));
        keys_of_next = Some((old, old_keys));
    }
    Ok(replaced)
}

fn keys(batch: &RecordBatch) -> Result<Vec<RowKey>> {
    Ok(lineage::keys(Identifying {
        nik: &int64(batch, "nik")?,
        kk: &int64(batch, "kk")?,
        name: &text(batch, "name")?,
        mother: &text(batch, "mother")?,
        birth_place: &text(batch, "pob")?,
        birth_date: &date32(batch, "dob")?,
        sex: &int32(batch, "sex")?,
        region: &text(batch, "desa")?,
    }))
}

fn assemble(lists: &[List], batches: Vec<RecordBatch>, replaced: &Replaced) -> Result<Rows> {
    let unchanged =
        |list: usize, row: usize| replaced[list].as_ref().is_some_and(|(_, found)| found.unchanged[row]);
    let mut rows = Rows {
        batches: Vec::with_capacity(batches.len()),
        record_id: Vec::new(),
        list: Vec::new(),
        named: Vec::new(),
        resent: Vec::new(),
        ties: Vec::new(),
    };
    // Row number of each (list, row) that takes part itself.
    let mut number: Vec<Vec<u32>> = Vec::with_capacity(batches.len());
    for (i, batch) in batches.iter().enumerate() {
        let own: Vec<u32> =
            (0..batch.num_rows()).filter(|&row| !unchanged(i, row)).map(|row| row as u32).collect();
        let mut numbers = vec![NONE; batch.num_rows()];
        for (at, &row) in own.iter().enumerate() {
            numbers[row as usize] = (rows.record_id.len() + at) as u32;
        }
        let kept = if own.len() == batch.num_rows() {
            batch.clone()
        } else {
            take_record_batch(batch, &UInt32Array::from(own))?
        };
        rows.record_id.extend(int64(&kept, "unique_id")?.values());
        rows.list.resize(rows.record_id.len(), i as u32);
        let name = text(&kept, "name")?;
        rows.named.extend((0..name.len()).map(|row| name.is_valid(row)));
        rows.batches.push(kept);
        number.push(numbers);
    }
    let trail = Trail { lists: lists.len(), replaced, number: &number };
    for (i, batch) in batches.iter().enumerate() {
        if replaced[i].is_some() {
            trail.follow(i, &int64(batch, "unique_id")?, &mut rows);
        }
    }
    rows.resent.sort_unstable();
    rows.ties.sort_unstable();
    Ok(rows)
}

/// From file to file: what stands for a row now.
struct Trail<'a> {
    lists: usize,
    replaced: &'a Replaced,
    number: &'a [Vec<u32>],
}

impl Trail<'_> {
    fn follow(&self, list: usize, ids: &Int64Array, rows: &mut Rows) {
        let Some((_, successors)) = &self.replaced[list] else { return };
        for row in 0..ids.len() {
            if successors.row[row] == NONE {
                continue;
            }
            let stands = self.stands_for(list, row);
            match self.number[list][row] {
                NONE => rows.resent.push((ids.value(row), stands)),
                own => rows.ties.push((own, stands)),
            }
        }
    }

    /// The next row of the trail that takes part in linkage itself.
    fn stands_for(&self, list: usize, row: usize) -> u32 {
        let (mut at, mut on) = (list, row);
        // A row is sent again at most once a list.
        for _ in 0..self.lists {
            let Some((next, successors)) = &self.replaced[at] else { break };
            if successors.row[on] == NONE {
                break;
            }
            (at, on) = (*next, successors.row[on] as usize);
            if self.number[at][on] != NONE {
                break;
            }
        }
        self.number[at][on]
    }
}
