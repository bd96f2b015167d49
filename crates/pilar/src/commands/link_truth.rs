//! How good the pairs and clusters of `pilar link` are, where the true person of each record is known.
//!
//! In: the truth's table and a finished run. Out: pairwise precision, recall and F1 at every weight and of the clusters.

use std::{fs::File, path::Path};

use arrow_array::{Array, RecordBatch, cast::AsArray, types::Int64Type};
use arrow_schema::DataType;
use linkage::{CurvePoint, Linked, Model, Scores};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::failure::Failure;

/// Steps of the curve, in weight.
const STEP: f64 = 0.25;

/// What the truth says of a run.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    true_pairs: u64,
    records_without_truth: u64,
    /// The share of all true pairs that were written, whatever their weight.
    recall_of_written_pairs: f64,
    /// The step with the best F1.
    best: Option<Step>,
    /// Of the clusters.
    clusters: Scores,
    /// From high weights to low ones.
    pub(super) curve: Vec<Step>,
}

/// A threshold, how many pairs lie above it, and how good they are.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Step {
    right: u64,
    wrong: u64,
    #[serde(flatten)]
    pub(super) point: CurvePoint,
}

/// Precision, recall and F1 by threshold, the best of them, and those of the clusters.
pub(super) fn figures(path: &Path, model: &Model, linked: &Linked) -> anyhow::Result<Figures> {
    let persons = persons(path, model)?;
    let mut missing = 0u64;
    let mut own = -1i64;
    // A record that the truth does not speak of is a person of its own.
    let truth: Vec<i64> = (0..linked.cluster.len() as u32)
        .map(|row| {
            persons.get(linked.ids.text(row).as_ref()).copied().unwrap_or_else(|| {
                missing += 1;
                own -= 1;
                own
            })
        })
        .collect();
    drop(persons);
    let mut bins: FxHashMap<i64, (u64, u64)> = FxHashMap::default();
    for pair in &linked.pairs {
        let bin = bins.entry((f64::from(pair.weight) / STEP).floor() as i64).or_default();
        if truth[pair.left as usize] == truth[pair.right as usize] {
            bin.0 += 1;
        } else {
            bin.1 += 1;
        }
    }
    let clusters: Vec<i64> = linked.cluster.iter().map(|row| i64::from(*row)).collect();
    let scores = linkage::pairwise_scores(&clusters, &truth);
    let mut order: Vec<i64> = bins.keys().copied().collect();
    order.sort_unstable_by_key(|bin| std::cmp::Reverse(*bin));
    let (mut right, mut wrong) = (0u64, 0u64);
    let mut curve = Vec::with_capacity(order.len());
    for bin in order {
        right += bins[&bin].0;
        wrong += bins[&bin].1;
        let (precision, recall) = (ratio(right, right + wrong), ratio(right, scores.true_pairs));
        let f1 = 2.0 * precision * recall / (precision + recall).max(1e-12);
        let point = CurvePoint { weight: bin as f64 * STEP, precision, recall, f1 };
        curve.push(Step { right, wrong, point });
    }
    Ok(Figures {
        true_pairs: scores.true_pairs,
        records_without_truth: missing,
        recall_of_written_pairs: ratio(right, scores.true_pairs),
        best: curve.iter().max_by(|a, b| a.point.f1.total_cmp(&b.point.f1)).cloned(),
        clusters: scores,
        curve,
    })
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// The true person of each id.
fn persons(path: &Path, model: &Model) -> anyhow::Result<FxHashMap<String, i64>> {
    let mut numbers: FxHashMap<String, i64> = FxHashMap::default();
    let mut persons = FxHashMap::default();
    let mut all = columns(path, &[&model.unique_id, "true_id"])?.into_iter();
    let (ids, truth) = (all.next().unwrap_or_default(), all.next().unwrap_or_default());
    for (id, person) in ids.into_iter().zip(truth) {
        let (Some(id), Some(person)) = (id, person) else { continue };
        let next = numbers.len() as i64;
        let number = *numbers.entry(person).or_insert(next);
        persons.insert(id, number);
    }
    Ok(persons)
}

/// Some columns of a Parquet file as texts.
pub(super) fn columns(path: &Path, names: &[&str]) -> anyhow::Result<Vec<Vec<Option<String>>>> {
    let refused = |fault: String| Failure::input(format!("{}: {fault}", path.display()));
    let file = File::open(path).map_err(|error| refused(error.to_string()))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|error| refused(error.to_string()))?
        .build()?;
    let mut all: Vec<Vec<Option<String>>> = vec![Vec::new(); names.len()];
    for batch in reader {
        let batch = batch?;
        for (column, name) in all.iter_mut().zip(names) {
            column.extend(texts(&batch, name).map_err(&refused)?);
        }
    }
    Ok(all)
}

fn texts(batch: &RecordBatch, name: &str) -> Result<Vec<Option<String>>, String> {
    let array = batch.column_by_name(name).ok_or_else(|| format!("there is no column `{name}`"))?;
    match array.data_type() {
        DataType::Utf8 => Ok(array.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()),
        DataType::Int64 => {
            Ok(array.as_primitive::<Int64Type>().iter().map(|n| n.map(|n| n.to_string())).collect())
        }
        other => Err(format!("column `{name}` has type {other}; text or int64 was expected")),
    }
}
