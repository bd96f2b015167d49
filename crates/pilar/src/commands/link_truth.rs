//! How good the pairs and clusters of `pilar link` are, where the true person of each record is known.
//!
//! In: the truth's table and a finished run. Out: pairwise precision, recall and F1 at every weight and of the clusters.

use std::{fs::File, path::Path};

use arrow_array::{Array, RecordBatch, cast::AsArray, types::Int64Type};
use arrow_schema::DataType;
use linkage::{Linked, Model};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::failure::Failure;

/// Steps of the curve, in weight.
const STEP: f64 = 0.25;

/// Precision, recall and F1 by threshold, the best of them, and those of the clusters.
pub(super) fn figures(path: &Path, model: &Model, linked: &Linked) -> anyhow::Result<Value> {
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
        curve.push(json!({
            "weight": bin as f64 * STEP, "right": right, "wrong": wrong,
            "precision": precision, "recall": recall, "f1": f1,
        }));
    }
    let best = curve
        .iter()
        .max_by(|a, b| a["f1"].as_f64().partial_cmp(&b["f1"].as_f64()).unwrap_or(std::cmp::Ordering::Equal));
    Ok(json!({
        "true_pairs": scores.true_pairs,
        "records_without_truth": missing,
        "recall_of_written_pairs": ratio(right, scores.true_pairs),
        "best": best,
        "clusters": scores,
        "curve": curve,
    }))
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// The true person of each id.
fn persons(path: &Path, model: &Model) -> anyhow::Result<FxHashMap<String, i64>> {
    let refused = |fault: String| Failure::input(format!("{}: {fault}", path.display()));
    let file = File::open(path).map_err(|error| refused(error.to_string()))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|error| refused(error.to_string()))?
        .build()?;
    let mut numbers: FxHashMap<String, i64> = FxHashMap::default();
    let mut persons = FxHashMap::default();
    for batch in reader {
        let batch = batch?;
        let column =
            |name: &str| -> anyhow::Result<Vec<Option<String>>> { texts(&batch, name).map_err(&refused) };
        let (ids, truth) = (column(&model.unique_id)?, column("true_id")?);
        for (id, person) in ids.into_iter().zip(truth) {
            let (Some(id), Some(person)) = (id, person) else { continue };
            let next = numbers.len() as i64;
            let number = *numbers.entry(person).or_insert(next);
            persons.insert(id, number);
        }
    }
    Ok(persons)
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
