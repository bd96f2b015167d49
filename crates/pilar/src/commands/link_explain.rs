//! Why a pair has its weight: `pilar link --explain ID ID`, field by field, with both records beside each other.
//!
//! The whole input is read, because a value's frequency is part of its weight; the weight is the one that a run of the same
//! model on the same input gives the pair.

use std::collections::BTreeMap;

use arrow_array::{ArrayRef, RecordBatch, cast::AsArray};
use arrow_schema::DataType;
use linkage::{Explained, LinkType, Loader, Model};
use serde::Serialize;

use super::{Answer, link, with_bar};
use crate::{cli::Link, failure::Failure};

/// Longest bar on the screen.
const BAR: f64 = 24.0;

/// A pair as it is shown.
#[derive(Serialize)]
struct Shown {
    left: String,
    right: String,
    #[serde(flatten)]
    explained: Explained,
    /// Both values of each column that the model reads.
    values: Vec<(String, [String; 2])>,
}

/// Runs it.
pub(super) fn run(command: &Link, model: &Model) -> anyhow::Result<Answer> {
    let pairs: Vec<[String; 2]> =
        command.explain.chunks_exact(2).map(|pair| [pair[0].clone(), pair[1].clone()]).collect();
    let mut records: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let (ids, explained) = with_bar("explain", |_| -> anyhow::Result<_> {
        let mut loader = Loader::new(model);
        for table in link::tables(command, model)? {
            for batch in table.batches {
                let batch = batch?;
                loader
                    .push(&batch, Some(&table.source))
                    .map_err(|error| Failure::input(format!("{}: {error}", table.source)))?;
                keep(&mut records, &pairs, &batch, model, &table.source);
            }
        }
        linkage::explain(loader, model, &pairs).map_err(|error| Failure::input(error.to_string()))
    })?;
    let value = |id: &String, column: &String| {
        records.get(id).and_then(|record| record.get(column)).cloned().unwrap_or_default()
    };
    let mut lines = Vec::new();
    let mut all = Vec::with_capacity(pairs.len());
    for (explained, asked) in explained.into_iter().zip(&pairs) {
        let (left, right) = (ids.text(explained.left).into_owned(), ids.text(explained.right).into_owned());
        // The engine puts the smaller id first; the values follow it.
        let asked = if asked[0].ends_with(&left) { [&asked[0], &asked[1]] } else { [&asked[1], &asked[0]] };
        let columns = model.columns();
        let values =
            columns.into_iter().map(|column| (column.clone(), asked.map(|id| value(id, &column)))).collect();
        let shown = Shown { left, right, explained, values };
        lines.extend(waterfall(&shown));
        all.push(shown);
    }
    Answer::of(&all, lines)
}

fn waterfall(shown: &Shown) -> Vec<String> {
    let found = &shown.explained.found;
    let mut lines = vec![format!(
        "{} – {}: bobot {:.3}, peluang satu orang {:.4} | weight, probability of one person",
        shown.left, shown.right, found.weight, found.probability
    )];
    let weights = found.fields.iter().map(|field| field.weight.abs());
    let most = weights.fold(found.prior.abs().max(1.0), f64::max);
    let bar = |weight: f64| {
        let length = (weight.abs() / most * BAR).round() as usize;
        let sign = if weight < 0.0 { "-" } else { "+" };
        sign.repeat(length)
    };
    let line = |name: &str, level: &str, weight: f64| {
        format!("  {name:<18} {weight:>+9.3}  {:<width$} {level}", bar(weight), width = BAR as usize)
    };
    lines.push(line("permulaan | prior", "", found.prior));
    for field in &found.fields {
        lines.push(line(&field.comparison, &field.level, field.weight));
    }
    for (column, [left, right]) in &shown.values {
        let mark = if left == right { "=" } else { "≠" };
        lines.push(format!("  {column:<18} {left} {mark} {right}"));
    }
    lines
}

/// Keeps the wanted records of a batch, by the name that was asked for.
fn keep(
    records: &mut BTreeMap<String, BTreeMap<String, String>>,
    pairs: &[[String; 2]],
    batch: &RecordBatch,
    model: &Model,
    list: &str,
) {
    let texts = |name: &str| batch.column_by_name(name).map(texts_of);
    let Some(ids) = texts(&model.unique_id) else { return };
    let sources = texts(&model.source);
    for (row, id) in ids.iter().enumerate() {
        let source = sources.as_ref().map_or(list, |sources| sources[row].as_str());
        let is_it = |asked: &&String| {
            *asked == id || (model.link_type != LinkType::Dedupe && **asked == format!("{source}:{id}"))
        };
        for asked in pairs.iter().flatten().filter(is_it) {
            let one = batch.slice(row, 1);
            let columns = one.schema_ref().fields().iter().zip(one.columns());
            let values = columns.map(|(field, column)| (field.name().clone(), texts_of(column).concat()));
            records.insert(asked.clone(), values.collect());
        }
    }
}

/// The values of a column as text; what is unknown or cannot be written is empty.
fn texts_of(column: &ArrayRef) -> Vec<String> {
    let text = rules::convert(column, &DataType::Utf8);
    match text.as_ref().ok().and_then(|text| text.as_string_opt::<i32>()) {
        Some(text) => text.iter().map(|value| value.unwrap_or_default().to_owned()).collect(),
        None => vec![String::new(); column.len()],
    }
}
