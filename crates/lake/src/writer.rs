//! Writing a dataset. Rows are collected to whole row groups, encoded column by column on all cores, and streamed through the
//! hash into a temporary file; `finish` makes it durable, gives it its content's name and replaces the manifest.
//!
//! The bytes depend only on rows, schema and options, never on how the rows were cut into batches or on the number of cores:
//! the same rows give the same hash. A crash leaves the old dataset or the new one.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray, cast::AsArray, types::Int64Type};
use arrow_schema::{DataType, SchemaRef};
use model::Clock;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression, Encoding};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;

use crate::manifest::{self, ColumnInfo};
use crate::source::Source;
use crate::{Dataset, Error, Lake, Manifest, Origin, Result};

const PAGE_ROWS: usize = 8192;
const SAMPLE_ROWS: usize = 2048;

/// How a dataset is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOptions {
    /// Rows a row group: the unit of parallel reading and of memory.
    pub row_group_rows: usize,
    /// Columns by which the rows are sorted. The first, if a 64-bit integer, is checked and gets page statistics.
    pub sorted_by: Vec<String>,
    /// Whole numbers of up to 32 bits are written as differences, not through a dictionary: quicker to write, slower to read. For
    /// wide datasets of small counts that are seldom read whole.
    pub differences: bool,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { row_group_rows: 64 * 1024, sorted_by: Vec::new(), differences: false }
    }
}

impl WriteOptions {
    /// Default layout, sorted by `columns`.
    pub fn sorted_by(columns: &[&str]) -> Self {
        Self { sorted_by: columns.iter().map(|&c| c.to_owned()).collect(), ..Self::default() }
    }
}

/// A dataset in the making. Dropped without `finish`, it leaves nothing.
pub struct DatasetWriter {
    lake: Lake,
    name: String,
    schema: SchemaRef,
    options: WriteOptions,
    tmp: TmpFile,
    out: Option<Open>,
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    rows: u64,
    last_key: Option<i64>,
    shared: Option<Shared>,
}

/// Columns that another dataset holds already, encoded: the first ones of both.
struct Shared {
    file: Source,
    footer: ArrowReaderMetadata,
    columns: usize,
}

impl Shared {
    /// Copies its columns into a row group of so many rows.
    fn copy<W: Write + Send>(
        &self,
        group: &mut SerializedRowGroupWriter<'_, W>,
        index: usize,
        rows: usize,
    ) -> Result<bool> {
        let metadata = self.footer.metadata();
        let own = metadata.row_groups().get(index).filter(|own| own.num_rows() == rows as i64);
        let Some(own) = own else { return Ok(false) };
        let pages = metadata.page_index_for_row_group(index);
        for column in 0..self.columns {
            let chunk = as_written(own.column(column))?;
            group.append_column(
                &self.file,
                ColumnCloseResult {
                    bytes_written: chunk.compressed_size().unsigned_abs(),
                    rows_written: rows as u64,
                    metadata: chunk,
                    bloom_filter: None,
                    column_index: pages.column_index(column).cloned(),
                    offset_index: pages.offset_index(column).cloned(),
                },
            )?;
        }
        Ok(true)
    }
}

/// A chunk as its writer described it: of whole numbers also in the fields of old readers, which reading leaves out.
fn as_written(chunk: &ColumnChunkMetaData) -> Result<ColumnChunkMetaData> {
    let statistics = match chunk.statistics() {
        Some(Statistics::Int32(of)) => Statistics::Int32(of.clone().with_backwards_compatible_min_max(true)),
        Some(Statistics::Int64(of)) => Statistics::Int64(of.clone().with_backwards_compatible_min_max(true)),
        _ => return Ok(chunk.clone()),
    };
    Ok(chunk.clone().into_builder().set_statistics(statistics).build()?)
}

struct Open {
    file: SerializedFileWriter<Hashing>,
    groups: ArrowRowGroupWriterFactory,
    next_group: usize,
}

impl DatasetWriter {
    pub(crate) fn begin(lake: Lake, name: &str, schema: SchemaRef, options: WriteOptions) -> Result<Self> {
        let tmp = TmpFile::create(&lake.tmp_folder())?;
        Ok(Self {
            lake,
            name: name.to_owned(),
            schema,
            options: WriteOptions { row_group_rows: options.row_group_rows.max(1), ..options },
            tmp,
            out: None,
            waiting: Vec::new(),
            waiting_rows: 0,
            rows: 0,
            last_key: None,
            shared: None,
        })
    }

    /// Takes over the first `columns` columns from another dataset, as they are encoded there. Both must have the same rows in these
    /// columns and be written with the same options; the bytes are those that encoding would give.
    ///
    /// # Errors
    /// [`Error::Shape`] when types or names of these columns differ; [`DatasetWriter::write`] says so too when the rows are cut otherwise.
    pub fn sharing(mut self, other: &Dataset, columns: usize) -> Result<Self> {
        let theirs = other.schema();
        let same = |i: usize| {
            let (own, other) = (self.schema.fields().get(i), theirs.fields().get(i));
            own.is_some()
                && own.map(|f| (f.name(), f.data_type())) == other.map(|f| (f.name(), f.data_type()))
        };
        if !(0..columns).all(same) {
            return Err(Error::Shape(self.name));
        }
        let (file, footer) = other.with_pages()?;
        self.shared = Some(Shared { file, footer, columns });
        Ok(self)
    }

    /// Rows written so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds rows.
    ///
    /// # Errors
    /// [`Error::Shape`] for other columns than declared, [`Error::Unsorted`] for rows out of the declared order.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.check_shape(batch)?;
        self.check_order(batch)?;
        self.rows += batch.num_rows() as u64;
        let mut rest = batch.clone();
        while self.waiting_rows + rest.num_rows() >= self.options.row_group_rows {
            let take = self.options.row_group_rows - self.waiting_rows;
            self.waiting.push(rest.slice(0, take));
            rest = rest.slice(take, rest.num_rows() - take);
            self.write_row_group()?;
        }
        if rest.num_rows() > 0 {
            self.waiting_rows += rest.num_rows();
            self.waiting.push(rest);
        }
        Ok(())
    }

    /// Makes the dataset durable and visible under its name, replacing what stood there.
    ///
    /// # Errors
    /// Whatever keeps the bytes from the disk; the old dataset then still stands.
    pub fn finish(mut self, origin: Origin, clock: &dyn Clock) -> Result<Manifest> {
        if self.waiting_rows > 0 || self.out.is_none() {
            self.write_row_group()?;
        }
        let Some(open) = self.out.take() else { return Err(Error::Shape(self.name)) };
        let hashing = open.file.into_inner()?;
        let (hash, bytes) = hashing.close().map_err(|source| Error::io(&self.tmp.path, source))?;
        let object = self.lake.object_path(&hash);
        self.tmp.keep_as(&object)?;
        let manifest = Manifest {
            name: self.name,
            hash,
            rows: self.rows,
            bytes,
            columns: columns_of(&self.schema),
            sorted_by: self.options.sorted_by,
            origin,
            made_at_ms: clock.now_ms(),
            program: concat!("pilar ", env!("CARGO_PKG_VERSION")).to_owned(),
        };
        let beside = self.tmp.path.with_extension("json");
        manifest::replace(&self.lake.manifest_path(&manifest.name), &beside, &manifest)?;
        Ok(manifest)
    }

    fn check_shape(&self, batch: &RecordBatch) -> Result<()> {
        let (given, want) = (batch.schema_ref().fields(), self.schema.fields());
        let same = given.len() == want.len()
            && given.iter().zip(want).all(|(g, w)| g.name() == w.name() && g.data_type() == w.data_type());
        if same { Ok(()) } else { Err(Error::Shape(self.name.clone())) }
    }

    fn check_order(&mut self, batch: &RecordBatch) -> Result<()> {
        let Some(column) = self.options.sorted_by.first() else { return Ok(()) };
        let Some(array) = batch.column_by_name(column) else { return Err(Error::Shape(self.name.clone())) };
        let Some(keys) = array.as_primitive_opt::<Int64Type>() else { return Ok(()) };
        for &key in keys.values() {
            if self.last_key.is_some_and(|last| key < last) {
                return Err(Error::Unsorted { dataset: self.name.clone(), column: column.clone() });
            }
            self.last_key = Some(key);
        }
        Ok(())
    }

    fn write_row_group(&mut self) -> Result<()> {
        let batches = std::mem::take(&mut self.waiting);
        self.waiting_rows = 0;
        let open = match self.out.take() {
            Some(open) => open,
            None => self.open_file(&batches)?,
        };
        let mut open = open;
        if !batches.is_empty() {
            let writers = open.groups.create_column_writers(open.next_group)?;
            let skip = self.shared.as_ref().map_or(0, |shared| shared.columns);
            let chunks = encode_columns(&self.schema, &batches, writers, skip)?;
            let mut group = open.file.next_row_group()?;
            if let Some(shared) = &self.shared {
                let rows = batches.iter().map(RecordBatch::num_rows).sum();
                if !shared.copy(&mut group, open.next_group, rows)? {
                    return Err(Error::Shape(self.name.clone()));
                }
            }
            for chunk in chunks {
                chunk.append_to_row_group(&mut group)?;
            }
            group.close()?;
            open.next_group += 1;
        }
        self.out = Some(open);
        Ok(())
    }

    /// Opened late: the first rows decide which text columns are worth a dictionary.
    fn open_file(&self, first: &[RecordBatch]) -> Result<Open> {
        let properties = self.properties(first);
        let file = self.tmp.file.try_clone().map_err(|source| Error::io(&self.tmp.path, source))?;
        let writer = ArrowWriter::try_new(Hashing::new(file), Arc::clone(&self.schema), Some(properties))?;
        let (file, groups) = writer.into_serialized_writer()?;
        Ok(Open { file, groups, next_group: 0 })
    }

    fn properties(&self, first: &[RecordBatch]) -> WriterProperties {
        let mut properties = WriterProperties::builder()
            .set_created_by("pilar lake".to_owned())
            .set_compression(Compression::LZ4_RAW)
            .set_max_row_group_row_count(Some(self.options.row_group_rows))
            .set_data_page_row_count_limit(PAGE_ROWS)
            .set_write_batch_size(PAGE_ROWS)
            .set_statistics_enabled(EnabledStatistics::Chunk);
        for (index, field) in self.schema.fields().iter().enumerate() {
            let path = ColumnPath::from(field.name().as_str());
            let sorted = self.options.sorted_by.contains(field.name());
            if sorted {
                properties = properties.set_column_statistics_enabled(path.clone(), EnabledStatistics::Page);
            }
            let plain = match field.data_type() {
                DataType::Int64 if sorted => {
                    properties = properties.set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED);
                    true
                }
                DataType::Int64 | DataType::Float32 | DataType::Float64 => true,
                DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Date32
                    if self.options.differences =>
                {
                    properties = properties.set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED);
                    true
                }
                DataType::Utf8 => mostly_distinct(first, index),
                _ => false,
            };
            if plain {
                properties = properties.set_column_dictionary_enabled(path, false);
            }
        }
        properties.build()
    }
}

fn columns_of(schema: &SchemaRef) -> Vec<ColumnInfo> {
    let info = |field: &Arc<arrow_schema::Field>| ColumnInfo {
        name: field.name().clone(),
        kind: field.data_type().to_string(),
    };
    schema.fields().iter().map(info).collect()
}

/// A dictionary of names that hardly repeat costs time and saves nothing.
fn mostly_distinct(batches: &[RecordBatch], column: usize) -> bool {
    let mut seen: HashSet<&str> = HashSet::new();
    let mut rows = 0;
    for batch in batches {
        let texts: &StringArray = batch.column(column).as_string();
        for row in 0..texts.len().min(SAMPLE_ROWS - rows) {
            if texts.is_valid(row) {
                seen.insert(texts.value(row));
            }
            rows += 1;
        }
    }
    seen.len() * 2 > rows.max(1)
}

fn encode_columns(
    schema: &SchemaRef,
    batches: &[RecordBatch],
    writers: Vec<ArrowColumnWriter>,
    skip: usize,
) -> Result<Vec<ArrowColumnChunk>> {
    writers
        .into_par_iter()
        .enumerate()
        .skip(skip)
        .map(|(index, mut writer)| {
            let parts: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(index).as_ref()).collect();
            let whole: ArrayRef = match parts.as_slice() {
                [_] => Arc::clone(batches[0].column(index)),
                _ => arrow_select::concat::concat(&parts)?,
            };
            for leaf in compute_leaves(schema.field(index), &whole)? {
                writer.write(&leaf)?;
            }
            Ok(writer.close()?)
        })
        .collect()
}

/// Bytes after which the disk is set to work, while the next rows are still being encoded.
const PUSH_BYTES: u64 = 32 << 20;

/// A sink that hashes what passes.
struct Hashing {
    out: BufWriter<File>,
    hasher: blake3::Hasher,
    bytes: u64,
    /// Brings to the disk what was written so far; made for files that are large.
    pusher: Option<(SyncSender<()>, JoinHandle<()>)>,
}

impl Hashing {
    fn new(file: File) -> Self {
        let out = BufWriter::with_capacity(1 << 20, file);
        Self { out, hasher: blake3::Hasher::new(), bytes: 0, pusher: None }
    }

    /// Sets the disk to work on what lies in memory. A helper only: whatever goes wrong here shows when the file is closed.
    fn push(&mut self) {
        if self.pusher.is_none()
            && let Ok(file) = self.out.get_ref().try_clone()
        {
            let (sender, asked) = sync_channel(1);
            let work = move || asked.iter().for_each(|()| drop(file.sync_data()));
            let thread = std::thread::Builder::new().name("lake-push".to_owned()).spawn(work);
            self.pusher = thread.ok().map(|thread| (sender, thread));
        }
        if let Some((sender, _)) = &self.pusher {
            // A full channel: the disk is at work already.
            let _at_work = sender.try_send(()).is_err();
        }
    }

    fn close(mut self) -> io::Result<(String, u64)> {
        self.out.flush()?;
        if let Some((sender, thread)) = self.pusher.take() {
            drop(sender);
            drop(thread.join());
        }
        self.out.get_ref().sync_all()?;
        Ok((self.hasher.finalize().to_hex().to_string(), self.bytes))
    }
}

impl Write for Hashing {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.out.write(buffer)?;
        self.hasher.update(&buffer[..written]);
        let before = self.bytes;
        self.bytes += written as u64;
        if self.bytes / PUSH_BYTES > before / PUSH_BYTES {
            self.push();
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A locked file under `tmp/`; the lock tells a living writer from what a crash left.
pub(crate) struct TmpFile {
    path: PathBuf,
    pub(crate) file: File,
    kept: bool,
}

impl TmpFile {
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{}-{number}.part", std::process::id()));
        let file = File::create(&path).map_err(|source| Error::io(&path, source))?;
        file.try_lock().map_err(|error| Error::io(&path, error.into()))?;
        Ok(Self { path, file, kept: false })
    }

    pub(crate) fn keep_as(&mut self, object: &Path) -> Result<()> {
        fs::rename(&self.path, object).map_err(|source| Error::io(object, source))?;
        self.kept = true;
        manifest::sync_folder(object.parent().unwrap_or(object))
    }
}

impl Drop for TmpFile {
    fn drop(&mut self) {
        if !self.kept {
            // Best effort: what stays is swept when the lake is next opened.
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Removes temporary files that no living writer holds.
pub(crate) fn sweep(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|source| Error::io(folder, source))? {
        let path = entry.map_err(|source| Error::io(folder, source))?.path();
        let Ok(file) = File::open(&path) else { continue };
        if file.try_lock().is_ok() {
            drop(fs::remove_file(&path));
        }
    }
    Ok(())
}

/// The keys of a sorted column, when it is one that lookups can use.
pub(crate) fn int64(array: &ArrayRef) -> Option<&Int64Array> {
    array.as_primitive_opt::<Int64Type>()
}
