//! Links a folder of Parquet files of one layout (that of the project's list generator) and prints figures;
//! with `truth.parquet` also precision, recall and F1 by threshold.
//!
//! `cargo run --release -p linkage --example link_folder -- FOLDER [--model policy/linkage.json]`
//! `[--threads N] [--unique SOURCE] [--confirming SOURCE] [--patterns OUT.csv] [--trained OUT.json]`
//!
//! The folder holds `list_*.parquet` (unique_id, source, nik, kk, nama, ibu, tmp_lahir, tgl_lahir, jk, desa:
//! all text) and `truth.parquet` (unique_id, true_id). `--patterns` writes how often each pattern is a match
//! and how often not: what to look at when a model is worked on; `--trained` writes the trained model.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray};
use linkage::standardise::Standardiser;
use linkage::{Model, Options, pairwise_scores};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rayon::prelude::*;

type Outcome<T> = Result<T, Box<dyn Error>>;

struct Arguments {
    folder: PathBuf,
    model: PathBuf,
    names: PathBuf,
    threads: usize,
    patterns: Option<PathBuf>,
    trained: Option<PathBuf>,
    unique: Vec<String>,
    confirming: Vec<String>,
}

fn arguments() -> Outcome<Arguments> {
    let mut words = std::env::args().skip(1);
    let mut out = Arguments {
        folder: PathBuf::new(),
        model: "policy/linkage.json".into(),
        names: "policy/names".into(),
        threads: 0,
        patterns: None,
        trained: None,
        unique: Vec::new(),
        confirming: Vec::new(),
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--model" => out.model = value()?.into(),
            "--names" => out.names = value()?.into(),
            "--threads" => out.threads = value()?.parse()?,
            "--patterns" => out.patterns = Some(value()?.into()),
            "--trained" => out.trained = Some(value()?.into()),
            "--unique" => out.unique.push(value()?),
            "--confirming" => out.confirming.push(value()?),
            folder => out.folder = folder.into(),
        }
    }
    if out.folder.as_os_str().is_empty() {
        return Err("which folder?".into());
    }
    Ok(out)
}

fn main() -> Outcome<()> {
    let arguments = arguments()?;
    let model = Model::from_json(&std::fs::read_to_string(&arguments.model)?)?;
    let names = standardiser(&arguments.names)?;

    let begin = Instant::now();
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&arguments.folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("list_")));
    files.sort();
    let mut batches = Vec::new();
    let mut ids = HashMap::new();
    for file in &files {
        for batch in read(file)? {
            batches.push(prepared(&batch, &names, &mut ids)?);
        }
    }
    let prepare_s = begin.elapsed().as_secs_f64();

    let options = Options {
        threads: arguments.threads,
        unique_sources: arguments.unique.clone(),
        confirming_sources: arguments.confirming.clone(),
        ..Options::default()
    };
    let begin = Instant::now();
    let linked = linkage::link(&batches, &model, &[], &options)?;
    let link_s = begin.elapsed().as_secs_f64();

    println!("{}", serde_json::to_string_pretty(&linked.metrics)?);
    println!("prepare {prepare_s:.2} s, link {link_s:.2} s, {} records", linked.cluster.len());
    if let Some(path) = &arguments.trained {
        std::fs::write(path, linked.trained.to_json())?;
    }
    let truth_file = arguments.folder.join("truth.parquet");
    if !truth_file.exists() {
        return Ok(());
    }
    let truth = truth(&truth_file, &ids, linked.cluster.len())?;
    thresholds(&linked.pairs, &truth);
    let predicted: Vec<i64> = linked.cluster.iter().map(|&row| i64::from(row)).collect();
    println!("clusters: {}", serde_json::to_string(&pairwise_scores(&predicted, &truth))?);
    let right = linked.review.iter().filter(|p| truth[p.left as usize] == truth[p.right as usize]).count();
    println!("review: {} pairs, {right} of them one person", linked.review.len());
    if let Some(path) = &arguments.patterns {
        write_patterns(path, &linked.trained, &linked.pairs, &truth)?;
    }
    Ok(())
}

fn standardiser(folder: &Path) -> Outcome<Standardiser> {
    let mut tables = BTreeMap::new();
    for name in ["titles.csv", "words.csv", "spelling.csv", "places.csv"] {
        tables.insert(name.to_owned(), std::fs::read_to_string(folder.join(name))?);
    }
    Ok(Standardiser::new(&tables)?)
}

fn read(file: &Path) -> Outcome<Vec<RecordBatch>> {
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(File::open(file)?)?.with_batch_size(65_536).build()?;
    Ok(reader.collect::<Result<_, _>>()?)
}

/// The generator's columns as the model wants them.
fn prepared(
    batch: &RecordBatch,
    names: &Standardiser,
    ids: &mut HashMap<String, i64>,
) -> Outcome<RecordBatch> {
    let column = |name: &str| -> Outcome<StringArray> {
        Ok(batch.column_by_name(name).ok_or_else(|| format!("no column {name}"))?.as_string::<i32>().clone())
    };
    let first = ids.len() as i64;
    for (row, id) in column("unique_id")?.iter().enumerate() {
        ids.insert(id.unwrap_or_default().to_owned(), first + row as i64);
    }
    let each = |array: &StringArray, make: &(dyn Fn(&str) -> String + Sync)| -> ArrayRef {
        let rows: Vec<usize> = (0..array.len()).collect();
        let made: Vec<Option<String>> = rows
            .par_iter()
            .map(|&row| array.is_valid(row).then(|| make(array.value(row))).filter(|text| !text.is_empty()))
            .collect();
        Arc::new(StringArray::from(made))
    };
    let number = |array: &StringArray| -> ArrayRef {
        Arc::new(array.iter().map(|text| text.and_then(|text| text.parse().ok())).collect::<Int64Array>())
    };
    let day = |text: &str| -> Option<i32> {
        let (year, month, day) =
            (text.get(..4)?.parse().ok()?, text.get(5..7)?.parse().ok()?, text.get(8..)?.parse().ok()?);
        days_from_civil(year, month, day)
    };
    let dotted = |code: &str| format!("{}.{}.{}.{}", &code[..2], &code[2..4], &code[4..6], &code[6..]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("unique_id", Arc::new((first..first + batch.num_rows() as i64).collect::<Int64Array>())),
        ("source", Arc::new(column("source")?)),
        ("nik", number(&column("nik")?)),
        ("kk", number(&column("kk")?)),
        ("name", each(&column("nama")?, &|text| names.name(text))),
        ("mother", each(&column("ibu")?, &|text| names.name(text))),
        ("pob", each(&column("tmp_lahir")?, &|text| names.place(text))),
        ("dob", Arc::new(column("tgl_lahir")?.iter().map(|text| day(text?)).collect::<Date32Array>())),
        (
            "sex",
            Arc::new(
                column("jk")?.iter().map(|sex| Some(if sex? == "L" { 1 } else { 2 })).collect::<Int32Array>(),
            ),
        ),
        ("desa", each(&column("desa")?, &dotted)),
    ];
    Ok(RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )?)
}

fn days_from_civil(year: i32, month: i32, day: i32) -> Option<i32> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

fn truth(file: &Path, ids: &HashMap<String, i64>, rows: usize) -> Outcome<Vec<i64>> {
    let mut out = vec![-1; rows];
    for batch in read(file)? {
        let id = batch.column_by_name("unique_id").ok_or("no unique_id")?.as_string::<i32>().clone();
        let person = batch.column_by_name("true_id").ok_or("no true_id")?.as_primitive::<Int64Type>().clone();
        for row in 0..batch.num_rows() {
            if let Some(&at) = ids.get(id.value(row)) {
                out[at as usize] = person.value(row);
            }
        }
    }
    Ok(out)
}

/// Pairs by themselves, before clustering.
fn thresholds(pairs: &[linkage::Pair], truth: &[i64]) {
    let mut sizes: HashMap<i64, u64> = HashMap::new();
    for &person in truth {
        *sizes.entry(person).or_default() += 1;
    }
    let all: u64 = sizes.values().map(|n| n * (n - 1) / 2).sum();
    let (mut right, mut wrong, mut at) = (0u64, 0u64, 0);
    println!("{:>7} {:>9} {:>8} {:>8} {:>8}", "weight", "pairs", "prec", "recall", "f1");
    for threshold in (-6..=20).rev().map(f64::from) {
        while at < pairs.len() && f64::from(pairs[at].weight) >= threshold {
            let same = truth[pairs[at].left as usize] == truth[pairs[at].right as usize];
            right += u64::from(same);
            wrong += u64::from(!same);
            at += 1;
        }
        let (p, r) = (right as f64 / (right + wrong).max(1) as f64, right as f64 / all.max(1) as f64);
        println!("{threshold:>7} {at:>9} {p:>8.5} {r:>8.5} {:>8.5}", 2.0 * p * r / (p + r).max(1e-9));
    }
}

fn write_patterns(path: &Path, model: &Model, pairs: &[linkage::Pair], truth: &[i64]) -> Outcome<()> {
    let mut counts: BTreeMap<u32, (u64, u64, f64)> = BTreeMap::new();
    for pair in pairs {
        let same = truth[pair.left as usize] == truth[pair.right as usize];
        let entry = counts.entry(pair.pattern).or_default();
        entry.0 += u64::from(same);
        entry.1 += u64::from(!same);
        entry.2 += f64::from(pair.weight);
    }
    let mut out = std::io::BufWriter::new(File::create(path)?);
    let names: Vec<&str> = model.comparisons.iter().map(|comparison| comparison.name.as_str()).collect();
    writeln!(out, "{},match,other,weight", names.join(","))?;
    for (pattern, (same, other, weight)) in counts {
        let levels: Vec<String> = model.levels_of(pattern).iter().map(ToString::to_string).collect();
        writeln!(out, "{},{same},{other},{:.3}", levels.join(","), weight / (same + other) as f64)?;
    }
    Ok(())
}
