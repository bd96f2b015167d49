//! Files of rows that people wrote, from the disk: a bounded text with its name, read by [`rowfile`].

use std::path::Path;

use rowfile::{Faults, Row, Shape};

use crate::{Error, Result};

/// Rows and bytes of one file; a longer one is cut into several.
const ROWS_MAX: usize = 200_000;
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Name of a file, and what each row was read as, with its line.
pub(crate) struct RowFile<T> {
    pub(crate) name: String,
    pub(crate) rows: Vec<(usize, T)>,
}

impl<T> RowFile<T> {
    /// Reads the columns by their names, in whatever order they stand.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::File`]; [`Error::FileRows`] with every fault.
    pub(crate) fn read(
        path: &Path,
        columns: &'static [&'static str],
        each: impl FnMut(&Row<'_>, &mut Faults) -> Option<T>,
    ) -> Result<Self> {
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let bytes = std::fs::metadata(path).map_err(|error| Error::file(path, &error))?.len();
        if bytes > BYTES_MAX {
            return Err(Error::TooLarge { name, bytes_max: BYTES_MAX });
        }
        let text = std::fs::read_to_string(path).map_err(|error| Error::file(path, &error))?;
        let shape = Shape { columns, optional: &[], unique: None, rows_max: ROWS_MAX };
        let mut faults = Faults::default();
        let file = Self { rows: rowfile::read(&text, &shape, &mut faults, each), name };
        file.done(faults)?;
        Ok(file)
    }

    /// Refuses the file when there are faults.
    pub(crate) fn done(&self, faults: Faults) -> Result<()> {
        faults.done().map_err(|refused| Error::FileRows { name: self.name.clone(), refused })
    }
}
