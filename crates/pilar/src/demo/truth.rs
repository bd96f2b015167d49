//! How well linkage did: the invented people's truth against the links of the registry.

use std::{collections::BTreeMap, fs::File, path::Path};

use access::House;
use anyhow::Context;
use arrow_array::{Int32Array, Int64Array, RecordBatch, StringArray, cast::AsArray, types::Int64Type};
use linkage::{Scores, pairwise_scores};
use model::RecordId;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// True person of each line of each file; 0 where the truth has no such line.
type Lines = BTreeMap<String, Vec<i64>>;

/// Precision, recall and F1 over all pairs of records of the lists in force.
pub(super) fn scores(
    house: &House,
    version: i64,
    truth: &Path,
    files: &[(u32, String)],
) -> anyhow::Result<Scores> {
    let lines = read_truth(truth)?;
    let mut person_of_record = BTreeMap::new();
    for (file_no, name) in files {
        if let Some(lines) = lines.get(name) {
            person_of_record.insert(*file_no, true_persons(house, *file_no, lines)?);
        }
    }
    let mut predicted = Vec::new();
    let mut actual = Vec::new();
    let mut seen: BTreeMap<u32, Vec<bool>> =
        person_of_record.iter().map(|(file, persons)| (*file, vec![false; persons.len()])).collect();
    let links = house.lake.require(&format!("registry/{version}/links"))?;
    for batch in links.read(&["record_id", "person_id"])? {
        let batch = batch?;
        let (records, persons) = (int64(&batch, 0)?, int64(&batch, 1)?);
        for (record, person) in records.values().iter().zip(persons.values()) {
            let id = RecordId(*record);
            let row = id.row() as usize;
            let truth = person_of_record.get(&id.file()).and_then(|rows| rows.get(row)).copied().unwrap_or(0);
            if truth != 0 {
                predicted.push(*person);
                actual.push(truth);
                if let Some(seen) = seen.get_mut(&id.file()) {
                    seen[row] = true;
                }
            }
        }
    }
    // A record that was put to nobody stands alone.
    for (file, persons) in &person_of_record {
        for (row, truth) in persons.iter().enumerate() {
            if *truth != 0 && !seen[file][row] {
                predicted.push(-RecordId::new(*file, row as u32).0);
                actual.push(*truth);
            }
        }
    }
    Ok(pairwise_scores(&predicted, &actual))
}

fn read_truth(path: &Path) -> anyhow::Result<Lines> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let mut lines = Lines::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(file)?.build()? {
        let batch = batch?;
        let names: &StringArray = batch.column_by_name("file").context("no column `file`")?.as_string();
        let numbers: &Int32Array = batch.column_by_name("line").context("no column `line`")?.as_primitive();
        let people: &Int64Array =
            batch.column_by_name("true_person").context("no column `true_person`")?.as_primitive();
        for row in 0..batch.num_rows() {
            let known = match lines.get_mut(names.value(row)) {
                Some(known) => known,
                None => lines.entry(names.value(row).to_owned()).or_default(),
            };
            let line = usize::try_from(numbers.value(row))?;
            if known.len() <= line {
                known.resize(line + 1, 0);
            }
            known[line] = people.value(row);
        }
    }
    Ok(lines)
}

/// By row of the file (the lower half of a record id), through the line that intake reported.
fn true_persons(house: &House, file_no: u32, lines: &[i64]) -> anyhow::Result<Vec<i64>> {
    let mut persons = Vec::new();
    for batch in house.lake.require(&format!("records/{file_no}"))?.read(&["record_id", "line"])? {
        let batch = batch?;
        let records = int64(&batch, 0)?;
        let numbers: &Int32Array = batch.column(1).as_primitive();
        for (record, line) in records.values().iter().zip(numbers.values()) {
            let row = RecordId(*record).row() as usize;
            if persons.len() <= row {
                persons.resize(row + 1, 0);
            }
            persons[row] = usize::try_from(*line).ok().and_then(|line| lines.get(line)).copied().unwrap_or(0);
        }
    }
    Ok(persons)
}

fn int64(batch: &RecordBatch, column: usize) -> anyhow::Result<&Int64Array> {
    batch.column(column).as_primitive_opt::<Int64Type>().context("a column of ids is not Int64")
}
