//! Reading a dataset: streaming with projection, one row group at a time, rows by a sorted key through the statistics of row
//! groups and pages, and rows by position. Only the columns and pages that are needed are read.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{RecordBatch, UInt64Array};
use arrow_schema::{DataType, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
    RowSelection, RowSelector,
};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;
use rayon::prelude::*;

use crate::cache::Footer;
use crate::source::Source;
use crate::{Error, Lake, Manifest, Result, writer};

const BATCH_ROWS: usize = 16 * 1024;

/// An immutable table. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Dataset {
    manifest: Arc<Manifest>,
    file: Source,
    footer: Arc<Footer>,
}

/// A part of a dataset that can be read on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowGroup {
    /// Its number, from 0.
    pub index: usize,
    /// Position of its first row within the dataset.
    pub first_row: u64,
    /// How many rows it has.
    pub rows: u64,
}

impl Dataset {
    pub(crate) fn open(lake: &Lake, manifest: Manifest) -> Result<Self> {
        let path = lake.object_path(&manifest.hash);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::Missing(manifest.name));
            }
            Err(source) => return Err(Error::io(&path, source)),
        };
        let file = Source::new(file).map_err(|source| Error::io(&path, source))?;
        let footer = lake.footers().get(&manifest.hash, &file)?;
        Ok(Self { manifest: Arc::new(manifest), file, footer })
    }

    /// The file, and its footer with everything that was said of pages and encodings.
    pub(crate) fn with_pages(&self) -> Result<(Source, ArrowReaderMetadata)> {
        let options = ArrowReaderOptions::new()
            .with_page_index_policy(PageIndexPolicy::Optional)
            .with_encoding_stats_as_mask(false);
        Ok((self.file.clone(), ArrowReaderMetadata::load(&self.file, options)?))
    }

    /// What it is and where it came from.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its columns.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(self.footer.plain().schema())
    }

    /// Number of rows.
    pub fn rows(&self) -> u64 {
        self.manifest.rows
    }

    /// Its parts, in order.
    pub fn row_groups(&self) -> Vec<RowGroup> {
        let mut first_row = 0;
        let group = |(index, group): (usize, &RowGroupMetaData)| {
            let rows = group.num_rows() as u64;
            let part = RowGroup { index, first_row, rows };
            first_row += rows;
            part
        };
        self.metadata().row_groups().iter().enumerate().map(group).collect()
    }

    /// Streams the named columns, in the order named, in batches of a few thousand rows. No name means every column.
    ///
    /// # Errors
    /// [`Error::Column`] for an unknown column, [`Error::Parquet`] when the file cannot be read.
    pub fn read(&self, columns: &[&str]) -> Result<Batches> {
        let picked = self.pick(columns)?;
        let builder = self.builder(self.footer.plain(), &picked);
        Ok(Batches { reader: builder.with_batch_size(BATCH_ROWS).build()?, order: picked.order })
    }

    /// One part, as one batch: for work that is spread over cores.
    ///
    /// # Errors
    /// As [`Dataset::read`]; [`Error::Row`] for a part that does not exist.
    pub fn read_group(&self, index: usize, columns: &[&str]) -> Result<RecordBatch> {
        let group = self.metadata().row_groups().get(index);
        let rows = group.ok_or_else(|| self.no_row(index as u64))?.num_rows().max(1) as usize;
        let picked = self.pick(columns)?;
        let builder = self.builder(self.footer.plain(), &picked);
        let reader = builder.with_row_groups(vec![index]).with_batch_size(rows).build()?;
        let batches = Batches { reader, order: picked.order };
        self.concat(batches, columns)
    }

    /// Everything, as one batch, read on all cores. For datasets that fit in memory.
    ///
    /// # Errors
    /// As [`Dataset::read`].
    pub fn read_all(&self, columns: &[&str]) -> Result<RecordBatch> {
        let groups = self.metadata().num_row_groups();
        let parts: Result<Vec<RecordBatch>> =
            (0..groups).into_par_iter().map(|index| self.read_group(index, columns)).collect();
        let schema = self.projected_schema(columns)?;
        Ok(arrow_select::concat::concat_batches(&schema, &parts?)?)
    }

    /// Rows whose 64-bit integer `key` is one of `values`, in the order of the dataset. Made for datasets sorted by `key`:
    /// statistics rule out row groups and pages, so that a few rows of a large file cost milliseconds. On others it is right but slow.
    ///
    /// # Errors
    /// [`Error::Key`] when `key` is not a 64-bit integer.
    pub fn lookup(&self, key: &str, values: &[i64], columns: &[&str]) -> Result<RecordBatch> {
        let mut wanted = values.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let positions = self.positions_of(key, &wanted)?;
        self.rows_at(&positions, columns)
    }

    /// Rows at positions (from 0), in the order asked for; a position may repeat.
    ///
    /// # Errors
    /// [`Error::Row`] for a position beyond the end.
    pub fn rows_at(&self, positions: &[u64], columns: &[&str]) -> Result<RecordBatch> {
        let mut sorted = positions.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        if let Some(&last) = sorted.last()
            && last >= self.rows()
        {
            return Err(self.no_row(last));
        }
        let picked = self.pick(columns)?;
        let mut parts = Vec::new();
        for group in self.row_groups() {
            let from = sorted.partition_point(|&p| p < group.first_row);
            let to = sorted.partition_point(|&p| p < group.first_row + group.rows);
            if from < to {
                let within = sorted[from..to].iter().map(|&p| (p - group.first_row) as usize);
                parts.push(self.read_rows(&picked, &group, runs(within))?);
            }
        }
        let found = arrow_select::concat::concat_batches(&self.projected_schema(columns)?, &parts)?;
        if positions == sorted {
            return Ok(found);
        }
        let place = |p: &u64| sorted.partition_point(|s| s < p) as u64;
        let order: UInt64Array = positions.iter().map(place).collect();
        Ok(arrow_select::take::take_record_batch(&found, &order)?)
    }

    /// Positions of the rows whose key is among `wanted` (sorted, distinct).
    fn positions_of(&self, key: &str, wanted: &[i64]) -> Result<Vec<u64>> {
        let schema = self.schema();
        let column = schema.index_of(key).map_err(|_| self.no_column(key))?;
        if schema.field(column).data_type() != &DataType::Int64 {
            return Err(Error::Key { dataset: self.manifest.name.clone(), column: key.to_owned() });
        }
        let indexed = self.footer.indexed(&self.file)?;
        let picked = self.pick(&[key])?;
        let mut found = Vec::new();
        for group in self.row_groups() {
            let metadata = indexed.metadata().row_group(group.index);
            if !may_hold(metadata, column, wanted) {
                continue;
            }
            let ranges = candidate_pages(indexed.metadata(), &group, column, wanted);
            let batch = self.read_rows(&picked, &group, ranges.clone())?;
            let Some(keys) = writer::int64(batch.column(0)) else { return Err(self.no_column(key)) };
            let within = ranges.into_iter().flatten();
            for (row, value) in within.zip(keys.iter()) {
                if value.is_some_and(|value| wanted.binary_search(&value).is_ok()) {
                    found.push(group.first_row + row as u64);
                }
            }
        }
        Ok(found)
    }

    /// The rows of some ranges within one row group.
    fn read_rows(&self, picked: &Picked, group: &RowGroup, ranges: Vec<Range<usize>>) -> Result<RecordBatch> {
        let rows: usize = ranges.iter().map(ExactSizeIterator::len).sum();
        let mut selectors = Vec::with_capacity(ranges.len() * 2 + 1);
        let mut at = 0;
        for range in &ranges {
            selectors.push(RowSelector::skip(range.start - at));
            selectors.push(RowSelector::select(range.len()));
            at = range.end;
        }
        selectors.push(RowSelector::skip(group.rows as usize - at));
        let indexed = self.footer.indexed(&self.file)?;
        let reader = self
            .builder(indexed, picked)
            .with_row_groups(vec![group.index])
            .with_row_selection(RowSelection::from(selectors))
            .with_batch_size(rows.max(1))
            .build()?;
        let batches = Batches { reader, order: picked.order.clone() };
        let parts: Result<Vec<RecordBatch>> = batches.collect();
        Ok(arrow_select::concat::concat_batches(&picked.schema, &parts?)?)
    }

    fn concat(&self, batches: Batches, columns: &[&str]) -> Result<RecordBatch> {
        let parts: Result<Vec<RecordBatch>> = batches.collect();
        let mut parts = parts?;
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        Ok(arrow_select::concat::concat_batches(&self.projected_schema(columns)?, &parts)?)
    }

    fn metadata(&self) -> &ParquetMetaData {
        self.footer.plain().metadata()
    }

    fn builder(
        &self,
        metadata: &ArrowReaderMetadata,
        picked: &Picked,
    ) -> ParquetRecordBatchReaderBuilder<Source> {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.clone(), metadata.clone());
        builder.with_projection(picked.mask.clone())
    }

    fn pick(&self, columns: &[&str]) -> Result<Picked> {
        let plain = self.footer.plain();
        let schema = self.projected_schema(columns)?;
        let full = plain.schema();
        let mut file_order: Vec<usize> = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            file_order.push(full.index_of(field.name()).map_err(|_| self.no_column(field.name()))?);
        }
        let wanted = file_order.clone();
        file_order.sort_unstable();
        file_order.dedup();
        let order = wanted.iter().map(|w| file_order.partition_point(|f| f < w)).collect();
        let mask = ProjectionMask::roots(plain.parquet_schema(), file_order);
        Ok(Picked { mask, order, schema })
    }

    fn projected_schema(&self, columns: &[&str]) -> Result<SchemaRef> {
        let full = self.schema();
        if columns.is_empty() {
            return Ok(full);
        }
        let mut fields = Vec::with_capacity(columns.len());
        for &column in columns {
            let (_, field) = full.fields().find(column).ok_or_else(|| self.no_column(column))?;
            fields.push(Arc::clone(field));
        }
        Ok(Arc::new(arrow_schema::Schema::new(fields)))
    }

    fn no_column(&self, column: &str) -> Error {
        Error::Column { dataset: self.manifest.name.clone(), column: column.to_owned() }
    }

    fn no_row(&self, row: u64) -> Error {
        Error::Row { dataset: self.manifest.name.clone(), row }
    }
}

struct Picked {
    mask: ProjectionMask,
    /// For each column asked for: its place among the columns read, which come in the file's order.
    order: Vec<usize>,
    schema: SchemaRef,
}

/// A stream of batches.
pub struct Batches {
    reader: ParquetRecordBatchReader,
    order: Vec<usize>,
}

impl Iterator for Batches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = match self.reader.next()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error.into())),
        };
        Some(batch.project(&self.order).map_err(Error::from))
    }
}

/// Consecutive numbers as ranges.
fn runs(rows: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for row in rows {
        match runs.last_mut() {
            Some(last) if last.end == row => last.end += 1,
            _ => runs.push(row..row + 1),
        }
    }
    runs
}

fn any_within(wanted: &[i64], min: i64, max: i64) -> bool {
    let first = wanted.partition_point(|&value| value < min);
    wanted.get(first).is_some_and(|&value| value <= max)
}

fn may_hold(group: &RowGroupMetaData, column: usize, wanted: &[i64]) -> bool {
    match group.column(column).statistics() {
        Some(Statistics::Int64(known)) => match (known.min_opt(), known.max_opt()) {
            (Some(&min), Some(&max)) => any_within(wanted, min, max),
            _ => known.null_count_opt() != Some(group.num_rows() as u64),
        },
        _ => true,
    }
}

/// Row ranges of the pages that may hold a wanted key; the whole group where no page index was written.
fn candidate_pages(
    metadata: &ParquetMetaData,
    group: &RowGroup,
    column: usize,
    wanted: &[i64],
) -> Vec<Range<usize>> {
    let rows = group.rows as usize;
    let index = metadata.page_index_for_row_group(group.index);
    let (Some(ColumnIndexMetaData::INT64(pages)), Some(offsets)) =
        (index.column_index(column), index.offset_index(column))
    else {
        return vec![0..rows; 1];
    };
    let starts: Vec<usize> =
        offsets.page_locations().iter().map(|page| page.first_row_index as usize).collect();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (page, &start) in starts.iter().enumerate() {
        let end = starts.get(page + 1).copied().unwrap_or(rows);
        let (Some(&min), Some(&max)) = (pages.min_value(page), pages.max_value(page)) else { continue };
        if !any_within(wanted, min, max) {
            continue;
        }
        match ranges.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => ranges.push(start..end),
        }
    }
    ranges
}
