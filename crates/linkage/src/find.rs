//! One record against an index: which stored records to look at, and what each is worth, field by field.
//!
//! In: records with the model's columns (a missing column is unknown), candidates fetched by key. Out: keys
//! to store and to look up; a weight with its waterfall. The keys depend on content only and never change
//! between versions: they are kept in stores.

use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{Field, Schema};
use serde::{Deserialize, Serialize};

use crate::compare::Plan;
use crate::dictionary::mix;
use crate::error::LinkError;
use crate::explain::Weighing;
use crate::model::Model;
use crate::score::{Parts, Scorer};
use crate::table::Layout;

/// A record as a desk or a page has it: values by column.
#[derive(Debug, Clone, Default)]
pub struct Record {
    numbers: Vec<(String, i64)>,
    texts: Vec<(String, String)>,
    dates: Vec<(String, i32)>,
}

impl Record {
    /// A record of which nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a number (NIK, KK, sex), if known.
    pub fn number(mut self, column: &str, value: impl Into<Option<i64>>) -> Self {
        self.numbers.extend(value.into().map(|value| (column.to_owned(), value)));
        self
    }

    /// Adds a text, if known; names and places standardised.
    pub fn text<'a>(mut self, column: &str, value: impl Into<Option<&'a str>>) -> Self {
        self.texts.extend(value.into().map(|value| (column.to_owned(), value.to_owned())));
        self
    }

    /// Adds a date in days since 1970-01-01, if known.
    pub fn date(mut self, column: &str, value: impl Into<Option<i32>>) -> Self {
        self.dates.extend(value.into().map(|value| (column.to_owned(), value)));
        self
    }

    /// As columns of one row.
    pub fn batch(&self) -> RecordBatch {
        Self::batch_of(std::slice::from_ref(self))
    }

    /// Several records as columns.
    pub fn batch_of(records: &[Self]) -> RecordBatch {
        let mut columns: Vec<(String, ArrayRef)> = vec![(
            "unique_id".to_owned(),
            Arc::new(Int64Array::from_iter_values(0..records.len() as i64)) as ArrayRef,
        )];
        let add = |name: &str, array: ArrayRef, columns: &mut Vec<(String, ArrayRef)>| {
            columns.push((name.to_owned(), array));
        };
        for name in names(records.iter().flat_map(|record| record.numbers.iter().map(|(name, _)| name))) {
            let values = records.iter().map(|record| value(&record.numbers, &name).copied());
            add(&name, Arc::new(values.collect::<Int64Array>()), &mut columns);
        }
        for name in names(records.iter().flat_map(|record| record.dates.iter().map(|(name, _)| name))) {
            let values = records.iter().map(|record| value(&record.dates, &name).copied());
            add(&name, Arc::new(values.collect::<Date32Array>()), &mut columns);
        }
        for name in names(records.iter().flat_map(|record| record.texts.iter().map(|(name, _)| name))) {
            let values = records.iter().map(|record| value(&record.texts, &name).map(String::as_str));
            add(&name, Arc::new(values.collect::<StringArray>()), &mut columns);
        }
        let fields: Vec<Field> =
            columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("columns are made of equal length")
    }
}

fn names<'a>(all: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut out: Vec<String> = all.cloned().collect();
    out.sort_unstable();
    out.dedup();
    out
}

fn value<'a, T>(values: &'a [(String, T)], name: &str) -> Option<&'a T> {
    values.iter().find(|(column, _)| column == name).map(|(_, value)| value)
}

/// The keys of the model's `find` rules for every row: what an index stores, and what a query looks up. A row
/// has at most one key a rule, none where a part of it is unknown.
///
/// # Errors
/// When the columns are of types that cannot be compared.
pub fn keys_of(model: &Model, records: &RecordBatch) -> Result<Vec<Vec<i64>>, LinkError> {
    let mut layout = Layout::load(std::slice::from_ref(records), model, true)?;
    let keys = layout.keys(&model.find)?;
    let order = &layout.order;
    let mut out = vec![Vec::new(); records.num_rows()];
    for (row, hashes) in keys.chunks(model.find.len().max(1)).enumerate() {
        let found = hashes.iter().enumerate().filter(|(_, hash)| **hash != 0);
        // The rule's number goes in, so that equal content under two rules is two keys.
        out[order[row] as usize] =
            found.map(|(rule, hash)| mix(hash ^ mix(rule as u64 + 1)) as i64).collect();
    }
    Ok(out)
}

/// A candidate's weight and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Row in the candidates.
    pub row: usize,
    /// log2 odds that it is the same person.
    pub weight: f64,
    /// The same as a probability.
    pub probability: f64,
    /// What the weight begins with: the odds of two records taken blindly.
    pub prior: f64,
    /// Field by field; with the prior they add up to the weight.
    pub fields: Vec<FieldWeight>,
}

/// One bar of the waterfall.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldWeight {
    /// The comparison.
    pub comparison: String,
    /// The level that holds.
    pub level: String,
    /// Its place among the levels, 0 first.
    pub at: usize,
    /// Whether the field is unknown on a side.
    pub unknown: bool,
    /// What it adds to the weight.
    pub weight: f64,
}

/// Weighs each candidate against the one record in `record`; in the order of the candidates' rows.
///
/// # Errors
/// When the columns are of types that cannot be compared.
pub fn score(model: &Model, record: &RecordBatch, candidates: &RecordBatch) -> Result<Vec<Found>, LinkError> {
    if record.num_rows() == 0 || candidates.num_rows() == 0 {
        return Ok(Vec::new());
    }
    // The frequencies of a handful of candidates say nothing: a value's rarity is left out here.
    let mut model = model.clone();
    for level in model.comparisons.iter_mut().flat_map(|comparison| &mut comparison.levels) {
        level.term_frequency = None;
    }
    let both = together(record, candidates, &model.unique_id);
    let mut layout = Layout::load(&both, &model, true)?;
    let plan = Plan::compile(&model, &mut layout)?;
    let scorer = Scorer::new(&model, &Scorer::operands(&model, &mut layout)?);
    let (table, _) = layout.finish(&[])?;
    let pairs: Vec<(u32, u32)> = (1..=candidates.num_rows() as u32).map(|row| (0, row)).collect();
    let found = Weighing { model: &model, plan: &plan, table: &table, scorer: &scorer }.explain(&pairs);
    Ok(found.into_iter().enumerate().map(|(row, found)| Found { row, ..found }).collect())
}

/// Adds the fields one after another: a field's bar is what its coming changes.
pub(crate) fn waterfall(model: &Model, prior: Parts, parts: &[Parts], levels: &[u8]) -> Found {
    let mut sum = prior;
    let mut before = sum.weight();
    let begin = before;
    let mut fields = Vec::with_capacity(parts.len());
    for ((comparison, part), &at) in model.comparisons.iter().zip(parts).zip(levels) {
        sum.take(part);
        let after = sum.weight();
        let level = &comparison.levels[usize::from(at)];
        fields.push(FieldWeight {
            comparison: comparison.name.clone(),
            level: level.label.clone(),
            at: usize::from(at),
            unknown: level.is_null,
            weight: after - before,
        });
        before = after;
    }
    Found { row: 0, weight: before, probability: crate::probability(before), prior: begin, fields }
}

/// The record and the candidates as two batches with the columns of both; ids are left out, rows keep their
/// order.
fn together(record: &RecordBatch, candidates: &RecordBatch, id: &str) -> [RecordBatch; 2] {
    let mut names: Vec<&str> = Vec::new();
    for batch in [record, candidates] {
        for field in batch.schema_ref().fields() {
            if field.name() != id && !names.contains(&field.name().as_str()) {
                names.push(
                    batch.schema_ref().field(batch.schema_ref().index_of(field.name()).unwrap_or(0)).name(),
                );
            }
        }
    }
    [(record, 1), (candidates, candidates.num_rows())].map(|(batch, rows)| {
        let columns: Vec<(String, ArrayRef)> = names
            .iter()
            .map(|name| {
                let other = if std::ptr::eq(batch, record) { candidates } else { record };
                let array = match (batch.column_by_name(name), other.column_by_name(name)) {
                    (Some(own), None) => own.slice(0, rows),
                    (Some(own), Some(other)) if own.data_type() == other.data_type() => own.slice(0, rows),
                    (Some(own), Some(_)) => common(&own.slice(0, rows)),
                    (None, Some(other)) => arrow_array::new_null_array(other.data_type(), rows),
                    (None, None) => arrow_array::new_null_array(&arrow_schema::DataType::Null, rows),
                };
                ((*name).to_owned(), array)
            })
            .collect();
        let fields: Vec<Field> =
            columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
        let arrays: Vec<ArrayRef> = columns.into_iter().map(|(_, array)| array).collect();
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
            .expect("columns are sliced to equal length")
    })
}

/// Two types of one column meet as text (dates as ISO dates, numbers as they are written).
fn common(array: &ArrayRef) -> ArrayRef {
    rules::convert(array, &arrow_schema::DataType::Utf8)
        .unwrap_or_else(|_| arrow_array::new_null_array(&arrow_schema::DataType::Utf8, array.len()))
}
