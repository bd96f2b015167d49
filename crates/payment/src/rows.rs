//! Files of rows that people wrote: read into cells under their columns, bounded, and every fault told with line, column, rule and
//! remedy. Whoever reads one takes it whole or not at all.

use std::path::Path;

use serde::Serialize;

use crate::{Error, Result};

/// Rows and bytes of one file; a longer one is cut into several.
const ROWS_MAX: usize = 200_000;
const BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Faults told of one file.
const FAULTS_MAX: usize = 100;

/// What is wrong with one row of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowFault {
    /// Line of the file, from 1.
    pub line: usize,
    /// Name of the column, empty for the whole row.
    pub column: String,
    /// Which rule it breaks.
    pub rule: String,
    /// What to do.
    pub remedy: &'static str,
}

impl std::fmt::Display for RowFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = if self.column.is_empty() { "" } else { ", " };
        write!(f, "line {}{at}{}: {}; {}", self.line, self.column, self.rule, self.remedy)
    }
}

/// All faults, one a line.
pub(crate) fn told(faults: &[RowFault]) -> String {
    faults.iter().fold(String::new(), |text, fault| format!("{text}\n{fault}"))
}

/// Faults found so far: a bounded list, and how many there were.
#[derive(Default)]
pub(crate) struct Faults {
    told: Vec<RowFault>,
    more: usize,
}

impl Faults {
    pub(crate) fn add(&mut self, line: usize, column: &str, rule: String, remedy: &'static str) {
        if self.told.len() < FAULTS_MAX {
            self.told.push(RowFault { line, column: column.to_owned(), rule, remedy });
        } else {
            self.more += 1;
        }
    }

    /// Refuses the file of this name when there are any.
    pub(crate) fn done(&mut self, name: &str) -> Result<()> {
        if self.told.is_empty() {
            return Ok(());
        }
        let faults = std::mem::take(&mut self.told);
        Err(Error::FileRows { name: name.to_owned(), faults, more: self.more })
    }
}

/// A file as read: the line of each row, and its cells in the order of the columns that were asked for.
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) rows: Vec<(usize, Vec<String>)>,
}

impl Sheet {
    /// Reads the columns by their names, in whatever order they stand.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::File`], [`Error::FileRows`] when columns are missing; faults of rows are added.
    pub(crate) fn read(path: &Path, columns: &[&str], faults: &mut Faults) -> Result<Self> {
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let bytes = std::fs::metadata(path).map_err(|error| Error::file(path, &error))?.len();
        if bytes > BYTES_MAX {
            return Err(Error::TooLarge { name, bytes_max: BYTES_MAX });
        }
        let text = std::fs::read_to_string(path).map_err(|error| Error::file(path, &error))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let header = text.lines().next().unwrap_or_default();
        let mark = if header.contains(';') && !header.contains(',') { b';' } else { b',' };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(mark)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let heads = reader.headers().cloned().unwrap_or_default();
        let places: Vec<Option<usize>> =
            columns.iter().map(|name| heads.iter().position(|head| head == *name)).collect();
        for (name, _) in columns.iter().zip(&places).filter(|(_, place)| place.is_none()) {
            faults.add(1, name, "the column is missing".to_owned(), "add it to the header");
        }
        faults.done(&name)?;
        let mut rows = Vec::new();
        for record in reader.records() {
            let Ok(record) = record else {
                faults.add(
                    rows.len() + 2,
                    "",
                    "the row cannot be read".to_owned(),
                    "save the file as UTF-8 CSV",
                );
                break;
            };
            let line = record.position().map_or(0, |at| at.line() as usize);
            if record.len() != heads.len() || rows.len() >= ROWS_MAX {
                let rule = format!("a row has {} cells, a file at most {ROWS_MAX} rows", heads.len());
                faults.add(line, "", rule, "mend the row, or cut the file");
                continue;
            }
            let cell =
                |place: &Option<usize>| place.and_then(|at| record.get(at)).unwrap_or_default().to_owned();
            rows.push((line, places.iter().map(cell).collect()));
        }
        Ok(Self { name, rows })
    }
}
