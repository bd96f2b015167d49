//! Tables of `pilar link`: Parquet, Arrow and CSV in, Parquet out.
//!
//! Only the columns that the model speaks of are read, in batches. What is written goes row group by row group, so that a long list of
//! pairs never stands in memory twice.

use std::{
    borrow::Cow,
    fs::File,
    io::{BufReader, Read, Seek},
    path::Path,
    sync::Arc,
};

use anyhow::Context;
use arrow_array::{
    ArrayRef, Float32Array, Float64Array, RecordBatch, RecordBatchOptions, StringArray, UInt8Array,
    builder::StringBuilder,
};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use linkage::{LinkType, Linked, Model};
use parquet::{
    arrow::{
        ArrowWriter, ProjectionMask,
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
    },
    basic::{Compression, Encoding, EncodingMask},
    file::properties::WriterProperties,
};

use super::link_ids;
use crate::failure::Failure;

const BATCH_ROWS: usize = 32 * 1024;
const WRITE_ROWS: usize = 128 * 1024;

/// A table that is open, its columns checked.
pub(super) struct Table {
    /// The list's name: the file's.
    pub(super) source: String,
    pub(super) batches: Batches,
    /// How many rows there are, as far as the file says.
    pub(super) rows: usize,
}

/// Opens a table and checks that it has all columns.
pub(super) fn open(path: &Path, model: &Model) -> anyhow::Result<Table> {
    let source = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let kind = path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default();
    let file = File::open(path).map_err(|error| Failure::input(format!("{}: {error}", path.display())))?;
    let (batches, rows) = match kind.as_str() {
        "parquet" | "pq" => parquet(path, file, model)?,
        "arrow" | "arrows" | "ipc" | "feather" => (arrow(path, file, model)?, 0),
        "csv" | "tsv" | "txt" => (csv(path, file, model, if kind == "tsv" { b'\t' } else { b',' })?, 0),
        _ => {
            return Err(Failure::input(format!(
                "{}: a file that ends in .parquet, .arrow, .feather, .csv or .tsv was expected",
                path.display()
            )));
        }
    };
    Ok(Table { source, batches, rows })
}

/// The names to read, and a fault when one is not there.
fn wanted(path: &Path, model: &Model, present: &[String]) -> anyhow::Result<Vec<String>> {
    let mut wanted = model.columns();
    wanted.push(model.unique_id.clone());
    if let Some(missing) = wanted.iter().find(|name| !present.contains(name)) {
        return Err(Failure::input(format!(
            "{}: there is no column `{missing}`, which the model needs; there are: {}",
            path.display(),
            present.join(", ")
        )));
    }
    if present.contains(&model.source) && !wanted.contains(&model.source) {
        wanted.push(model.source.clone());
    }
    Ok(wanted)
}

type Batches = Box<dyn Iterator<Item = anyhow::Result<RecordBatch>> + Send>;

fn parquet(path: &Path, file: File, model: &Model) -> anyhow::Result<(Batches, usize)> {
    let faulty = |error| Failure::input(format!("{}: {error}", path.display()));
    let plain = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(faulty)?;
    let present: Vec<String> = plain.schema().fields().iter().map(|field| field.name().clone()).collect();
    let wanted = wanted(path, model, &present)?;
    let roots = present.iter().enumerate().filter(|(_, name)| wanted.contains(name)).map(|(at, _)| at);
    let mask = ProjectionMask::roots(plain.parquet_schema(), roots);
    let options = ArrowReaderOptions::new().with_schema(with_dictionaries(&plain));
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), options).map_err(faulty)?;
    let rows = usize::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0);
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build()?;
    let path = path.to_owned();
    let batches = reader
        .map(move |batch| batch.map_err(|error| Failure::input(format!("{}: {error}", path.display()))));
    Ok((Box::new(batches), rows))
}

/// The schema in which texts that are kept as dictionaries in the whole file stay so: each distinct text is
/// then looked at once a row group, not once a row.
fn with_dictionaries(file: &ArrowReaderMetadata) -> SchemaRef {
    let schema = file.parquet_schema();
    let only_dictionaries = |at: usize| {
        let only = |mask: &EncodingMask| mask.is_only(Encoding::RLE_DICTIONARY);
        file.metadata()
            .row_groups()
            .iter()
            .all(|group| group.column(at).page_encoding_stats_mask().is_some_and(only))
    };
    let field = |(root, field): (usize, &Arc<Field>)| {
        let mut leaves = (0..schema.num_columns()).filter(|leaf| schema.get_column_root_idx(*leaf) == root);
        if *field.data_type() == DataType::Utf8 && leaves.all(only_dictionaries) {
            let text = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            return Arc::new(field.as_ref().clone().with_data_type(text));
        }
        Arc::clone(field)
    };
    let fields: Vec<Arc<Field>> = file.schema().fields().iter().enumerate().map(field).collect();
    Arc::new(Schema::new_with_metadata(fields, file.schema().metadata().clone()))
}

/// The reader of Arrow files takes their inner lengths at their word and stops the program where they lie; here that is
/// a fault of the file.
fn caught<T>(read: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, ArrowError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
        Err(ArrowError::IpcError(format!("the file is damaged: {said}")))
    })
}

/// An Arrow file, or a stream where the file's mark is missing. Batches are cut to the size of all others.
fn arrow(path: &Path, mut file: File, model: &Model) -> anyhow::Result<Batches> {
    const MARK: &[u8; 6] = b"ARROW1";
    let refused = |error: String| Failure::input(format!("{}: {error}", path.display()));
    let faulty = |error: ArrowError| refused(error.to_string());
    let mut mark = [0; MARK.len()];
    let is_file = file.read_exact(&mut mark).is_ok() && mark == *MARK;
    file.rewind().map_err(|error| refused(error.to_string()))?;
    let (schema, mut batches): (SchemaRef, Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>) =
        caught(|| {
            let file = BufReader::new(file);
            Ok(if is_file {
                let reader = FileReader::try_new(file, None)?;
                (reader.schema(), Box::new(reader) as Box<_>)
            } else {
                let reader = StreamReader::try_new(file, None)?;
                (reader.schema(), Box::new(reader) as Box<_>)
            })
        })
        .map_err(faulty)?;
    let batches = std::iter::from_fn(move || caught(|| batches.next().transpose()).transpose());
    let present: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let wanted = wanted(path, model, &present)?;
    let places: Vec<usize> = (0..present.len()).filter(|&at| wanted.contains(&present[at])).collect();
    let path = path.to_owned();
    let cut = move |batch: Result<RecordBatch, ArrowError>| -> Vec<anyhow::Result<RecordBatch>> {
        let picked = batch.and_then(|batch| batch.project(&places));
        match picked {
            Ok(batch) => (0..batch.num_rows())
                .step_by(BATCH_ROWS)
                .map(|from| Ok(batch.slice(from, BATCH_ROWS.min(batch.num_rows() - from))))
                .collect(),
            Err(error) => vec![Err(Failure::input(format!("{}: {error}", path.display())))],
        }
    };
    Ok(Box::new(batches.flat_map(cut)))
}

/// All columns are text; spaces around a value do not belong to it, and an empty value is unknown.
fn csv(path: &Path, file: File, model: &Model, delimiter: u8) -> anyhow::Result<Batches> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(file);
    let faulty = |error: csv::Error, path: &Path| Failure::input(format!("{}: {error}", path.display()));
    let header = reader.headers().map_err(|error| faulty(error, path))?.clone();
    let present: Vec<String> =
        header.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
    let wanted = wanted(path, model, &present)?;
    let places: Vec<(usize, String)> = present
        .iter()
        .enumerate()
        .filter(|(_, name)| wanted.contains(name))
        .map(|(at, name)| (at, name.clone()))
        .collect();
    let fields: Vec<Field> = places.iter().map(|(_, name)| Field::new(name, DataType::Utf8, true)).collect();
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let path = path.to_owned();
    let mut record = csv::StringRecord::new();
    Ok(Box::new(std::iter::from_fn(move || {
        let mut columns: Vec<StringBuilder> = places.iter().map(|_| StringBuilder::new()).collect();
        let mut rows = 0;
        while rows < BATCH_ROWS {
            match reader.read_record(&mut record) {
                Ok(true) => rows += 1,
                Ok(false) => break,
                Err(error) => return Some(Err(faulty(error, &path))),
            }
            for (column, (place, _)) in columns.iter_mut().zip(&places) {
                column.append_option(record.get(*place).filter(|cell| !cell.is_empty()));
            }
        }
        if rows == 0 {
            return None;
        }
        let arrays = columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        Some(RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(Into::into))
    })))
}

fn writer(path: &Path, schema: &SchemaRef) -> anyhow::Result<ArrowWriter<File>> {
    let file = File::create(path).with_context(|| format!("could not write {}", path.display()))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::LZ4_RAW)
        // No two weights are alike: there is nothing to compress.
        .set_column_compression("match_weight".into(), Compression::UNCOMPRESSED)
        .set_column_compression("match_probability".into(), Compression::UNCOMPRESSED)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(parquet::file::properties::EnabledStatistics::None)
        .build();
    Ok(ArrowWriter::try_new(file, Arc::clone(schema), Some(properties))?)
}

/// Whether ids are only unique together with the name of their list.
fn with_sources(model: &Model, linked: &Linked) -> bool {
    model.link_type != LinkType::Dedupe && linked.sources.1.len() > 2
}

/// Writes the pairs with the names that Splink gives their columns.
pub(super) fn pairs(path: &Path, model: &Model, linked: &Linked, gammas: bool) -> anyhow::Result<()> {
    let sources = with_sources(model, linked);
    let (id, list) = (&model.unique_id, &model.source);
    let mut fields = vec![
        Field::new("match_weight", DataType::Float32, false),
        Field::new("match_probability", DataType::Float64, false),
    ];
    for side in ["l", "r"] {
        if sources {
            fields.push(Field::new(format!("{list}_{side}"), DataType::Utf8, false));
        }
        fields.push(Field::new(format!("{id}_{side}"), DataType::Utf8, false));
    }
    let keyed = linked.rules.len() == linked.pairs.len();
    if keyed {
        fields.push(Field::new("match_key", DataType::UInt8, false));
    }
    if gammas {
        let names = linked.trained.comparisons.iter().map(|comparison| format!("gamma_{}", comparison.name));
        fields.extend(names.map(|name| Field::new(name, DataType::Int8, false)));
    }
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let mut out = writer(path, &schema)?;
    for (chunk, pairs) in linked.pairs.chunks(WRITE_ROWS).enumerate() {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(Float32Array::from_iter_values(pairs.iter().map(|pair| pair.weight))),
            Arc::new(Float64Array::from_iter_values(pairs.iter().map(linkage::Pair::probability))),
        ];
        for row in [|pair: &linkage::Pair| pair.left, |pair: &linkage::Pair| pair.right] {
            if sources {
                let names = pairs.iter().map(|pair| source(linked, row(pair)));
                columns.push(Arc::new(StringArray::from_iter_values(names)));
            }
            columns.push(Arc::new(StringArray::from_iter_values(
                pairs.iter().map(|pair| linked.ids.text(row(pair))),
            )));
        }
        if keyed {
            let from = chunk * WRITE_ROWS;
            columns.push(Arc::new(UInt8Array::from(linked.rules[from..from + pairs.len()].to_vec())));
        }
        if gammas {
            columns.extend(gamma_columns(&linked.trained, pairs));
        }
        out.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
    }
    out.close()?;
    Ok(())
}

/// Splink counts levels from the last, which is 0; unknown is -1.
fn gamma_columns(model: &Model, pairs: &[linkage::Pair]) -> Vec<ArrayRef> {
    let mut columns: Vec<Vec<i8>> =
        model.comparisons.iter().map(|_| Vec::with_capacity(pairs.len())).collect();
    for pair in pairs {
        for ((comparison, column), level) in
            model.comparisons.iter().zip(&mut columns).zip(model.levels_of(pair.pattern))
        {
            let known = !comparison.levels[level].is_null;
            column.push(if known { (comparison.levels.len() - 1 - level) as i8 } else { -1 });
        }
    }
    columns.into_iter().map(|column| Arc::new(arrow_array::Int8Array::from(column)) as ArrayRef).collect()
}

fn source(linked: &Linked, row: u32) -> &str {
    let (numbers, names) = &linked.sources;
    names.get(numbers[row as usize] as usize).map_or("", String::as_str)
}

/// The name of a record among all: its id, with its list before it where ids are only unique together with that.
pub(super) fn record_name(source: Option<&str>, id: &str) -> String {
    match source {
        Some(source) => format!("{source}-__-{id}"),
        None => id.to_owned(),
    }
}

/// The name of each row's record.
pub(super) fn record_names(model: &Model, linked: &Linked) -> Vec<String> {
    let sources = with_sources(model, linked);
    let name = |row: u32| record_name(sources.then(|| source(linked, row)), &linked.ids.text(row));
    (0..linked.cluster.len() as u32).map(name).collect()
}

/// Names the clusters as the run did that wrote `previous`, and writes what became of its names.
pub(super) fn stable_names(
    previous: &Path,
    changes: &Path,
    model: &Model,
    linked: &Linked,
) -> anyhow::Result<Vec<String>> {
    let source = with_sources(model, linked).then_some(model.source.as_str());
    let before = link_ids::read(previous, &model.unique_id, source)?;
    let names = link_ids::stable(&record_names(model, linked), &linked.cluster, &before);
    let field = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let schema: SchemaRef = Arc::new(Schema::new(vec![
        field("previous_id", false),
        field("change", false),
        field("cluster_id", true),
    ]));
    let mut out = writer(changes, &schema)?;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(names.changes.iter().map(|change| &change.previous))),
        Arc::new(StringArray::from_iter_values(names.changes.iter().map(|change| change.kind))),
        Arc::new(names.changes.iter().map(|change| change.cluster.as_deref()).collect::<StringArray>()),
    ];
    out.write(&RecordBatch::try_new(schema, columns)?)?;
    out.close()?;
    Ok(names.of_row)
}

/// Writes the cluster of each record, under `names` (by row) where there are some, else under the smallest id in it.
pub(super) fn clusters(
    path: &Path,
    model: &Model,
    linked: &Linked,
    names: Option<&[String]>,
) -> anyhow::Result<()> {
    let sources = with_sources(model, linked);
    let mut fields = vec![Field::new("cluster_id", DataType::Utf8, false)];
    if sources {
        fields.push(Field::new(&model.source, DataType::Utf8, false));
    }
    fields.push(Field::new(&model.unique_id, DataType::Utf8, false));
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let mut out = writer(path, &schema)?;
    let name = |row: u32| {
        let root = linked.cluster[row as usize];
        match names {
            Some(names) => Cow::Borrowed(names[row as usize].as_str()),
            None if sources => Cow::Owned(record_name(Some(source(linked, root)), &linked.ids.text(root))),
            None => linked.ids.text(root),
        }
    };
    for (chunk, roots) in linked.cluster.chunks(WRITE_ROWS).enumerate() {
        let from = (chunk * WRITE_ROWS) as u32;
        let rows = from..from + roots.len() as u32;
        let mut columns: Vec<ArrayRef> =
            vec![Arc::new(StringArray::from_iter_values(rows.clone().map(name)))];
        if sources {
            columns
                .push(Arc::new(StringArray::from_iter_values(rows.clone().map(|row| source(linked, row)))));
        }
        columns.push(Arc::new(StringArray::from_iter_values(rows.map(|row| linked.ids.text(row)))));
        out.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
    }
    out.close()?;
    Ok(())
}

/// The columns that the model's `prepare` entry makes, batch by batch.
pub(super) struct Prepared {
    model: Model,
    writer: ArrowWriter<File>,
}

impl Prepared {
    pub(super) fn new(path: &Path, model: &Model) -> anyhow::Result<Self> {
        let mut fields = vec![Field::new(&model.unique_id, DataType::Utf8, true)];
        fields.extend(model.prepare.iter().map(|made| Field::new(&made.column, DataType::Utf8, true)));
        Ok(Self { model: model.clone(), writer: writer(path, &Arc::new(Schema::new(fields)))? })
    }

    pub(super) fn take(&mut self, batch: &RecordBatch) -> anyhow::Result<()> {
        let made = linkage::prepare(&self.model, batch).map_err(|error| Failure::input(error.to_string()))?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let columns = made.columns().to_vec();
        self.writer.write(&RecordBatch::try_new_with_options(made.schema(), columns, &options)?)?;
        Ok(())
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        self.writer.close()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::cast::AsArray;
    use arrow_ipc::writer::{FileWriter, StreamWriter};

    fn model() -> Model {
        let text = r#"{"link_type": "dedupe_only", "comparisons": [{"output_column_name": "a", "comparison_levels": [
            {"sql_condition": "a_l = a_r", "m_probability": 0.9, "u_probability": 0.1},
            {"sql_condition": "ELSE", "m_probability": 0.1, "u_probability": 0.9}]}],
            "blocking_rules_to_generate_predictions": ["l.a = r.a"]}"#;
        Model::from_json(text).unwrap()
    }

    /// Ids and values of all rows, or why there are none.
    fn rows(path: &Path) -> anyhow::Result<Vec<(i64, Option<String>)>> {
        let mut all = Vec::new();
        for batch in open(path, &model())?.batches {
            let batch = batch?;
            let column = |name: &str| batch.column_by_name(name).unwrap();
            let ids = column("unique_id").as_primitive_opt::<arrow_array::types::Int64Type>();
            let values = column("a").as_string_opt::<i32>();
            let (ids, values) = ids.zip(values).context("columns of other types")?;
            all.extend(ids.values().iter().zip(values).map(|(id, a)| (*id, a.map(str::to_owned))));
        }
        Ok(all)
    }

    #[test]
    fn arrow_files_and_streams_are_read_and_broken_ones_refused() {
        let folder = std::env::temp_dir().join(format!("pilar-arrow-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let batch = |from: i64| {
            let ids: ArrayRef = Arc::new(arrow_array::Int64Array::from(vec![from, from + 1]));
            let a: ArrayRef = Arc::new(StringArray::from(vec![Some("Siti"), None]));
            let rest: ArrayRef = Arc::new(Float64Array::from(vec![0.5, 1.5]));
            RecordBatch::try_from_iter([("unique_id", ids), ("rest", rest), ("a", a)]).unwrap()
        };
        let (file, stream) = (folder.join("list.feather"), folder.join("list.arrows"));
        let mut out = FileWriter::try_new(File::create(&file).unwrap(), &batch(1).schema()).unwrap();
        for from in [1, 3] {
            out.write(&batch(from)).unwrap();
        }
        out.finish().unwrap();
        let mut out = StreamWriter::try_new(File::create(&stream).unwrap(), &batch(1).schema()).unwrap();
        for from in [1, 3] {
            out.write(&batch(from)).unwrap();
        }
        out.finish().unwrap();
        let siti = || Some("Siti".to_owned());
        for path in [&file, &stream] {
            assert_eq!(rows(path).unwrap(), [(1, siti()), (2, None), (3, siti()), (4, None)]);
            // A byte that is another, a file that ends early: rows or a reason, never more.
            let whole = std::fs::read(path).unwrap();
            for at in 0..whole.len() {
                let mut broken = whole.clone();
                broken[at] ^= 0x41;
                std::fs::write(path, &broken).unwrap();
                let _ = rows(path);
                std::fs::write(path, &whole[..at]).unwrap();
                let _ = rows(path);
            }
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
