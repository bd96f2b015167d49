//! The inbox: takes what each subdistrict sends, in order, and writes the files.
//!
//! In: chunks in the order of subdistricts. Out: list files, the region list and the truth, with line
//! numbers as intake counts them (text: the header is line 1; workbook: the sheet's row; Parquet: rows from
//! 1). Never: more than one chunk in memory.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_array::{ArrayRef, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use jiff::civil::Date;
use parquet::{arrow::ArrowWriter, basic::Compression, file::properties::WriterProperties};

use crate::{
    Config, Error, Generated, ListFile, TruthCounts,
    lists::{self, Chunk, Civil, Edition, Rows, regsosek},
    sheet::{self, Workbook},
    territory::Territory,
};

/// A delimited list being written.
struct TextList {
    source: &'static str,
    name: String,
    path: PathBuf,
    file: BufWriter<File>,
    rows: u64,
    bytes: u64,
    broken: u64,
    as_of: Date,
}

/// A Parquet file being written.
struct ColumnFile {
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<File>,
    rows: u64,
}

pub(crate) struct Inbox {
    regions: PathBuf,
    region_count: u64,
    as_of: Date,
    dtks: TextList,
    p3ke: TextList,
    asn: TextList,
    ranks: Vec<TextList>,
    civil: ColumnFile,
    truth: ColumnFile,
    workbook: Workbook<BufWriter<File>>,
    workbook_path: PathBuf,
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    |source| Error::Write { path, source }
}

impl Inbox {
    pub(crate) fn open(config: &Config, territory: &Territory, edition: Edition) -> Result<Self, Error> {
        let dir = config.dir.join("inbox");
        std::fs::create_dir_all(&dir).map_err(failed(&dir))?;
        let as_of = model::civil_from_epoch_days(edition.day).unwrap_or(config.today);
        let month = format!("{:04}-{:02}", as_of.year(), as_of.month());
        let regions = dir.join("regions.csv");
        let text = territory.regions_csv();
        std::fs::write(&regions, &text).map_err(failed(&regions))?;
        let list = |source, header: &str, mark: &str, as_of: Date| {
            let month = format!("{:04}-{:02}", as_of.year(), as_of.month());
            TextList::create(&dir, source, format!("{source}-{month}.csv"), header, mark, as_of)
        };
        let quarters = lists::quarters(edition.day);
        // Next month's edition sends a rank only when a new quarter has begun since.
        let known = lists::quarters(model::epoch_days(config.today));
        let fresh = quarters.into_iter().filter(|quarter| edition.number == 0 || !known.contains(quarter));
        let workbook_path = dir.join(format!("regsosek-{month}.xlsx"));
        let sheet_file = File::create(&workbook_path).map_err(failed(&workbook_path))?;
        let truth_name = if edition.number == 0 { "truth.parquet" } else { "truth-update.parquet" };
        Ok(Self {
            dtks: list("dtks", lists::DTKS_HEADER, "", as_of)?,
            p3ke: list("p3ke", lists::P3KE_HEADER, "\u{feff}", as_of)?,
            asn: list("asn", lists::ASN_HEADER, "", as_of)?,
            ranks: fresh
                .map(|quarter| list("rank", lists::RANK_HEADER, "", quarter))
                .collect::<Result<_, _>>()?,
            civil: ColumnFile::create(dir.join(format!("dukcapil-{month}.parquet")), civil_schema())?,
            truth: ColumnFile::create(dir.join(truth_name), truth_schema())?,
            region_count: text.lines().count() as u64 - 1,
            workbook: Workbook::begin(BufWriter::with_capacity(1 << 18, sheet_file), regsosek::COLUMNS)?,
            workbook_path,
            regions,
            as_of,
        })
    }

    pub(crate) fn take(&mut self, chunk: Chunk) -> Result<(), Error> {
        for (list, rows) in
            [(&mut self.dtks, &chunk.dtks), (&mut self.p3ke, &chunk.p3ke), (&mut self.asn, &chunk.asn)]
        {
            let first = list.take(rows)?;
            self.truth.tell(&list.name, first, &rows.truth)?;
        }
        for (list, rows) in self.ranks.iter_mut().zip(&chunk.ranks) {
            list.take(rows)?;
        }
        let first = self.civil.rows + 1;
        let name = file_name(&self.civil.path);
        self.truth.tell(&name, first, &chunk.dukcapil.truth)?;
        self.civil.write(civil_columns(chunk.dukcapil))?;
        self.take_workbook_rows(&chunk.regsosek)
    }

    fn take_workbook_rows(&mut self, rows: &Rows) -> Result<(), Error> {
        let first = self.workbook.rows() + sheet::FIRST_ROW;
        let text = std::str::from_utf8(&rows.bytes).unwrap_or_default();
        let mut written = 0;
        for line in text.lines() {
            written += usize::from(self.workbook.row(line, regsosek::JOIN)?);
        }
        self.truth.tell(&file_name(&self.workbook_path), first as u64, &rows.truth[..written])
    }

    /// Closes all files; the lists in the order in which to take them in: the surest first.
    pub(crate) fn finish(self, truth: TruthCounts) -> Result<Generated, Error> {
        let mut files = vec![self.civil.finish("dukcapil", self.as_of)?];
        files.push(self.dtks.finish()?);
        files.push(finish_workbook(self.workbook, self.workbook_path, self.as_of)?);
        files.push(self.p3ke.finish()?);
        files.push(self.asn.finish()?);
        for rank in self.ranks.into_iter().rev() {
            files.push(rank.finish()?);
        }
        let truth_file = self.truth.finish("", self.as_of)?.path;
        Ok(Generated { files, regions: self.regions, region_count: self.region_count, truth_file, truth })
    }
}

fn finish_workbook(
    workbook: Workbook<BufWriter<File>>,
    path: PathBuf,
    as_of: Date,
) -> Result<ListFile, Error> {
    let rows = workbook.rows() as u64;
    workbook.finish()?.into_inner().map_err(|error| failed(&path)(error.into_error()))?;
    let bytes = std::fs::metadata(&path).map_err(failed(&path))?.len();
    Ok(ListFile { source: "regsosek", name: file_name(&path), path, rows, bytes, broken: 0, as_of })
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

impl TextList {
    fn create(
        dir: &Path,
        source: &'static str,
        name: String,
        header: &str,
        mark: &str,
        as_of: Date,
    ) -> Result<Self, Error> {
        let path = dir.join(&name);
        let mut file = BufWriter::with_capacity(1 << 18, File::create(&path).map_err(failed(&path))?);
        let head = format!("{mark}{header}\r\n");
        file.write_all(head.as_bytes()).map_err(failed(&path))?;
        Ok(Self { source, name, path, file, rows: 0, bytes: head.len() as u64, broken: 0, as_of })
    }

    /// Appends rows; returns the line of the first.
    fn take(&mut self, rows: &Rows) -> Result<u64, Error> {
        let first = self.rows + 2;
        self.file.write_all(&rows.bytes).map_err(failed(&self.path))?;
        self.rows += rows.truth.len() as u64;
        self.bytes += rows.bytes.len() as u64;
        self.broken += rows.broken;
        Ok(first)
    }

    fn finish(mut self) -> Result<ListFile, Error> {
        self.file.flush().map_err(failed(&self.path))?;
        Ok(ListFile {
            source: self.source,
            name: self.name,
            path: self.path,
            rows: self.rows,
            bytes: self.bytes,
            broken: self.broken,
            as_of: self.as_of,
        })
    }
}

impl ColumnFile {
    fn create(path: PathBuf, schema: SchemaRef) -> Result<Self, Error> {
        let file = File::create(&path).map_err(failed(&path))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(100_000))
            .set_created_by("synth".to_owned())
            .build();
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))?;
        Ok(Self { path, schema, writer, rows: 0 })
    }

    fn write(&mut self, columns: Vec<ArrayRef>) -> Result<(), Error> {
        let batch = RecordBatch::try_new(self.schema.clone(), columns)?;
        self.rows += batch.num_rows() as u64;
        Ok(self.writer.write(&batch)?)
    }

    /// Appends who the rows of `file` are, from line `first` on.
    fn tell(&mut self, file: &str, first: u64, truth: &[(i64, i64)]) -> Result<(), Error> {
        let lines = (0..truth.len()).map(|at| (first + at as u64) as i32);
        self.write(vec![
            Arc::new(StringArray::from_iter_values(std::iter::repeat_n(file, truth.len()))),
            Arc::new(Int32Array::from_iter_values(lines)),
            Arc::new(Int64Array::from_iter_values(truth.iter().map(|(person, _)| *person))),
            Arc::new(Int64Array::from_iter_values(truth.iter().map(|(_, family)| *family))),
        ])
    }

    fn finish(self, source: &'static str, as_of: Date) -> Result<ListFile, Error> {
        self.writer.close()?;
        let bytes = std::fs::metadata(&self.path).map_err(failed(&self.path))?.len();
        let name = file_name(&self.path);
        Ok(ListFile { source, name, path: self.path, rows: self.rows, bytes, broken: 0, as_of })
    }
}

fn schema(columns: &[(&str, DataType, bool)]) -> SchemaRef {
    let fields: Vec<Field> =
        columns.iter().map(|(name, kind, nullable)| Field::new(*name, kind.clone(), *nullable)).collect();
    Arc::new(Schema::new(fields))
}

fn truth_schema() -> SchemaRef {
    schema(&[
        ("file", DataType::Utf8, false),
        ("line", DataType::Int32, false),
        ("true_person", DataType::Int64, false),
        ("true_family", DataType::Int64, false),
    ])
}

pub(crate) fn civil_schema() -> SchemaRef {
    schema(&[
        ("NIK", DataType::Int64, false),
        ("NO_KK", DataType::Int64, false),
        ("NAMA_LGKP", DataType::Utf8, false),
        ("JENIS_KLMIN", DataType::Int32, false),
        ("TMPT_LHR", DataType::Utf8, false),
        ("TGL_LHR", DataType::Date32, false),
        ("STAT_HBKEL", DataType::Int32, false),
        ("STAT_KWN", DataType::Int32, false),
        ("NAMA_LGKP_IBU", DataType::Utf8, true),
        ("ALAMAT", DataType::Utf8, false),
        ("NO_RT", DataType::Int32, false),
        ("NO_RW", DataType::Int32, false),
        ("KODE_WILAYAH", DataType::Utf8, false),
        ("TGL_MATI", DataType::Date32, true),
    ])
}

fn civil_columns(civil: Civil) -> Vec<ArrayRef> {
    vec![
        Arc::new(Int64Array::from(civil.nik)),
        Arc::new(Int64Array::from(civil.kk)),
        Arc::new(StringArray::from_iter_values(civil.name)),
        Arc::new(Int32Array::from(civil.sex)),
        Arc::new(StringArray::from_iter_values(civil.birth_place)),
        Arc::new(Date32Array::from(civil.birth_date)),
        Arc::new(Int32Array::from(civil.relation)),
        Arc::new(Int32Array::from(civil.marital)),
        Arc::new(StringArray::from(civil.mother)),
        Arc::new(StringArray::from_iter_values(civil.address)),
        Arc::new(Int32Array::from(civil.rt)),
        Arc::new(Int32Array::from(civil.rw)),
        Arc::new(StringArray::from_iter_values(civil.region)),
        Arc::new(Date32Array::from(civil.death_date)),
    ]
}
