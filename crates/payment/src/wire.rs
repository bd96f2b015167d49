//! Files of channels: rows read by the layout of the policy pack, and files written whole or not at all.
//!
//! In: bytes of a bank. Out: cells by our names for them. Never here: a row that is skipped in silence, a file that is half
//! there.

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use policy::{Channel, ChannelFile};

use crate::{Error, Result};

/// Longest cell that a reply may hold.
const CELL_BYTES_MAX: usize = 1_024;

/// A received file, row by row.
pub(crate) struct Replies {
    reader: csv::Reader<BufReader<File>>,
    /// For each column of the layout its place in the file.
    places: Vec<Option<usize>>,
    fields: Vec<String>,
    latin: bool,
    row: u64,
    path: PathBuf,
}

/// One row: cells in the order of the layout, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReplyRow {
    /// From 1, the header not counted.
    pub(crate) row_no: i64,
    /// Cells, or none when the row is torn.
    pub(crate) cells: Option<Vec<String>>,
}

impl Replies {
    /// Opens a file; a file that lacks columns is refused whole.
    pub(crate) fn open(path: &Path, layout: &ChannelFile) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::file(path, &error))?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(layout.delimiter)
            .flexible(true)
            .from_reader(BufReader::with_capacity(1 << 18, file));
        let header: Vec<String> = reader
            .byte_headers()
            .map_err(|error| Error::file(path, &error))?
            .iter()
            .map(|cell| String::from_utf8_lossy(cell).trim_start_matches('\u{feff}').trim().to_lowercase())
            .collect();
        let places: Vec<Option<usize>> = layout
            .columns
            .iter()
            .map(|column| header.iter().position(|name| *name == column.name.to_lowercase()))
            .collect();
        let missing: Vec<&str> = layout
            .columns
            .iter()
            .zip(&places)
            .filter(|(column, place)| place.is_none() && !column.optional)
            .map(|(column, _)| column.name.as_str())
            .collect();
        if !missing.is_empty() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Err(Error::Columns { name, missing: missing.join(", ") });
        }
        let fields = layout.columns.iter().map(|column| column.field.clone()).collect();
        Ok(Self { reader, places, fields, latin: layout.encoding != "utf-8", row: 0, path: path.to_owned() })
    }

    /// Where the layout has our field.
    pub(crate) fn place(&self, field: &str) -> Option<usize> {
        self.fields.iter().position(|name| name == field)
    }

    /// Up to `limit` further rows; none at the end.
    pub(crate) fn next_rows(&mut self, limit: usize) -> Result<Vec<ReplyRow>> {
        let mut rows = Vec::with_capacity(limit.min(1 << 16));
        let mut record = csv::ByteRecord::new();
        while rows.len() < limit {
            if !self.reader.read_byte_record(&mut record).map_err(|error| Error::file(&self.path, &error))? {
                break;
            }
            self.row += 1;
            rows.push(ReplyRow { row_no: self.row as i64, cells: self.cells(&record) });
        }
        Ok(rows)
    }

    fn cells(&self, record: &csv::ByteRecord) -> Option<Vec<String>> {
        let cell = |place: &Option<usize>| {
            let Some(place) = place else { return Some(String::new()) };
            let raw = record.get(*place)?;
            if raw.len() > CELL_BYTES_MAX {
                return None;
            }
            let text = if self.latin {
                raw.iter().map(|byte| char::from(*byte)).collect()
            } else {
                std::str::from_utf8(raw).ok()?.to_owned()
            };
            Some(text.trim().to_owned())
        };
        self.places.iter().map(cell).collect()
    }
}

/// The layout of a channel's file.
pub(crate) fn layout<'a>(channel: &'a Channel, file: &str) -> Result<&'a ChannelFile> {
    channel.file(file).ok_or_else(|| Error::Channel { channel: channel.key.clone(), file: file.to_owned() })
}

/// A file that appears under its name only when it is complete and on disk.
pub(crate) struct Outgoing {
    writer: csv::Writer<BufWriter<File>>,
    part: PathBuf,
    path: PathBuf,
    pub(crate) rows: u64,
}

impl Outgoing {
    pub(crate) fn create(folder: &Path, name: &str, layout: &ChannelFile) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|error| Error::file(folder, &error))?;
        let path = folder.join(name);
        let part = folder.join(format!(".{name}.part"));
        let file = File::create(&part).map_err(|error| Error::file(&part, &error))?;
        let mut writer = csv::WriterBuilder::new()
            .delimiter(layout.delimiter)
            .from_writer(BufWriter::with_capacity(1 << 18, file));
        let header = layout.columns.iter().map(|column| column.name.as_str());
        writer.write_record(header).map_err(|error| Error::file(&part, &error))?;
        Ok(Self { writer, part, path, rows: 0 })
    }

    pub(crate) fn row<'a>(&mut self, cells: impl Iterator<Item = &'a str>) -> Result<()> {
        self.rows += 1;
        self.writer.write_record(cells).map_err(|error| Error::file(&self.part, &error))
    }

    /// Flushes to disk and gives the file its name; answers its hash and size.
    pub(crate) fn finish(self) -> Result<(String, u64)> {
        let failed = |error: &dyn std::fmt::Display| Error::file(&self.part, error);
        let mut buffer = match self.writer.into_inner() {
            Ok(buffer) => buffer,
            Err(error) => return Err(failed(&error.error())),
        };
        buffer.flush().map_err(|error| failed(&error))?;
        let file = buffer.into_inner().map_err(|error| failed(error.error()))?;
        file.sync_all().map_err(|error| failed(&error))?;
        let bytes = file.metadata().map_err(|error| failed(&error))?.len();
        let hash = lake::hash_file(&self.part)?;
        fs::rename(&self.part, &self.path).map_err(|error| failed(&error))?;
        if let Some(folder) = self.path.parent() {
            File::open(folder).and_then(|f| f.sync_all()).map_err(|error| failed(&error))?;
        }
        Ok((hash, bytes))
    }
}
