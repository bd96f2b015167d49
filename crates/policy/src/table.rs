//! Reads the pack's CSV tables with the position of every cell.

use std::collections::BTreeMap;

use crate::{fault::Faults, pack::Pack};

/// A table of the pack.
pub(crate) struct Csv<'a> {
    file: &'a str,
    text: &'a str,
    faults: &'a Faults,
    columns: BTreeMap<String, usize>,
    rows: Vec<(usize, csv::StringRecord)>,
}

/// One row: cells by column name.
pub(crate) struct Row<'a> {
    csv: &'a Csv<'a>,
    offset: usize,
    record: &'a csv::StringRecord,
}

impl<'a> Csv<'a> {
    /// Opens a table that must have the named columns; a missing file or column is a fault.
    pub(crate) fn open(pack: &'a Pack, faults: &'a Faults, file: &'a str, needed: &[&str]) -> Option<Self> {
        let Some(text) = pack.files.get(file) else {
            faults.add(file, "", 0, "the file is missing".to_owned(), "add it to the pack".to_owned());
            return None;
        };
        let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        let header = match reader.headers() {
            Ok(header) => header.clone(),
            Err(error) => {
                faults.add(file, text, 0, format!("no CSV: {error}"), "mend the header".to_owned());
                return None;
            }
        };
        let columns: BTreeMap<String, usize> =
            header.iter().enumerate().map(|(i, name)| (name.to_owned(), i)).collect();
        for name in needed.iter().filter(|name| !columns.contains_key(**name)) {
            faults.add(file, text, 0, format!("the column `{name}` is missing"), "add it".to_owned());
        }
        if needed.iter().any(|name| !columns.contains_key(*name)) {
            return None;
        }
        let mut table = Self { file, text, faults, columns, rows: Vec::new() };
        for record in reader.records() {
            match record {
                Ok(record) => {
                    let offset = record.position().map_or(0, |at| at.byte() as usize);
                    table.rows.push((table.skip_line_ends(offset), record));
                }
                Err(error) => {
                    let offset = error.position().map_or(0, |at| at.byte() as usize);
                    let remedy = "give every row as many cells as the header".to_owned();
                    let message = match error.kind() {
                        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                            format!("the row has {len} cells, the header {expected_len}")
                        }
                        _ => format!("no CSV row: {error}"),
                    };
                    faults.add(file, text, table.skip_line_ends(offset), message, remedy);
                }
            }
        }
        Some(table)
    }

    /// The reader's position is the end of the row before; a person counts from the row's first character.
    fn skip_line_ends(&self, offset: usize) -> usize {
        let bytes = self.text.as_bytes();
        (offset..bytes.len()).find(|at| !matches!(bytes[*at], b'\r' | b'\n')).unwrap_or(offset)
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(offset, record)| Row { csv: self, offset: *offset, record })
    }
}

impl<'a> Row<'a> {
    /// The cell of a column, trimmed; empty when the column is not there.
    pub(crate) fn get(&self, column: &str) -> &'a str {
        self.csv.columns.get(column).and_then(|i| self.record.get(*i)).unwrap_or_default().trim()
    }

    /// The cell, or none when it is empty.
    pub(crate) fn opt(&self, column: &str) -> Option<&'a str> {
        Some(self.get(column)).filter(|cell| !cell.is_empty())
    }

    /// A fault at this row; the message names the column and the cell.
    pub(crate) fn fault(&self, column: &str, what: &str, remedy: &str) {
        let message = format!("{column} `{}`: {what}", self.get(column));
        self.csv.faults.add(self.csv.file, self.csv.text, self.offset, message, remedy.to_owned());
    }
}
