//! Why a pair has its weight: `pilar link --explain ID ID`, field by field, with both records beside each other.
//!
//! The whole input is read, because a value's frequency is part of its weight; the weight is the one that a run of the same
//! model on the same input gives the pair.

use std::collections::BTreeMap;

use arrow_array::{ArrayRef, RecordBatch, cast::AsArray};
use arrow_schema::DataType;
use linkage::{Loader, Model, find::Found};
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
    found: Found,
    /// Both values of each column that the model reads.
    values: Vec<(String, [String; 2])>,
}

/// Runs it.
pub(super) fn run(command: &Link, model: &Model) -> anyhow::Result<Answer> {
    let pairs: Vec<[String; 2]> =
        command.explain.chunks_exact(2).map(|pair| [pair[0].clone(), pair[1].clone()]).collect();
    let (mut records, mut rows) = (Records::new(), 0);
    let (ids, explained) = with_bar("explain", |_| -> anyhow::Result<_> {
        let mut loader = Loader::new(model);
        for table in link::tables(command, model)? {
            for batch in table.batches {
                let batch = batch?;
                loader
                    .push(&batch, Some(&table.source))
                    .map_err(|error| Failure::input(format!("{}: {error}", table.source)))?;
                keep(&mut records, &pairs, &batch, rows, model, &table.source);
                rows += batch.num_rows() as u32;
            }
        }
        linkage::explain(loader, model, &pairs).map_err(|error| Failure::input(error.to_string()))
    })?;
    let value = |row: u32, column: &String| {
        records.get(&row).and_then(|record| record.get(column)).cloned().unwrap_or_default()
    };
    let mut lines = Vec::new();
    let mut all = Vec::with_capacity(pairs.len());
    for explained in explained {
        let (left, right) = (ids.text(explained.left).into_owned(), ids.text(explained.right).into_owned());
        let rows = [explained.left, explained.right];
        let both = |column: String| {
            let values = rows.map(|row| value(row, &column));
            (column, values)
        };
        let values = model.columns().into_iter().map(both).collect();
        let shown = Shown { left, right, found: explained.found, values };
        lines.extend(waterfall(&shown));
        all.push(shown);
    }
    Answer::of(&all, lines)
}

fn waterfall(shown: &Shown) -> Vec<String> {
    let found = &shown.found;
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

/// Values by column, by row of the input.
type Records = BTreeMap<u32, BTreeMap<String, String>>;

/// Keeps the wanted records of a batch whose first row is `first`.
fn keep(
    records: &mut Records,
    pairs: &[[String; 2]],
    batch: &RecordBatch,
    first: u32,
    model: &Model,
    list: &str,
) {
    let texts = |name: &str| batch.column_by_name(name).map(texts_of);
    let Some(ids) = texts(&model.unique_id) else { return };
    let sources = texts(&model.source);
    for (row, id) in ids.iter().enumerate() {
        let source = sources.as_ref().map_or(list, |sources| sources[row].as_str());
        if pairs.iter().flatten().any(|asked| linkage::names_record(model, asked, source, id)) {
            let one = batch.slice(row, 1);
            let columns = one.schema_ref().fields().iter().zip(one.columns());
            let values = columns.map(|(field, column)| (field.name().clone(), texts_of(column).concat()));
            records.insert(first + row as u32, values.collect());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    /// One id ends with the other: the values of each stand under their own record all the same.
    #[test]
    fn values_stand_under_their_own_record() {
        let folder = std::env::temp_dir().join(format!("pilar-explain-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let text = r#"{"link_type": "dedupe_only", "comparisons": [{"output_column_name": "a", "comparison_levels": [
            {"sql_condition": "a_l = a_r", "m_probability": 0.9, "u_probability": 0.1},
            {"sql_condition": "ELSE", "m_probability": 0.1, "u_probability": 0.9}]}],
            "blocking_rules_to_generate_predictions": ["l.a = r.a"]}"#;
        let model = Model::from_json(text).unwrap();
        let table = folder.join("list.csv");
        std::fs::write(&table, "unique_id,a\n5,five\n11,eleven\n1,one\n").unwrap();
        let table = table.display().to_string();
        let words = ["pilar", "link", "--settings", "-", "--input", &table, "--explain", "11", "1"];
        let Command::Link(command) = Cli::try_parse_from(words).unwrap().command else { panic!("link") };
        let answer = run(&command, &model).unwrap();
        let shown = &answer.object[0];
        assert_eq!((shown["left"].as_str(), shown["right"].as_str()), (Some("1"), Some("11")));
        assert_eq!(shown["values"], serde_json::json!([["a", ["one", "eleven"]]]));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
