//! Intake: from a file as a ministry sends it to checked rows in the lake, and a report of everything that was wrong with it.
//!
//! Comes in: a file and the key of a source (`policy/sources/<key>.toml`). Goes out: `raw/<n>` (every row as read), `records/<n>` (accepted
//! rows in canonical columns) or `rank/<n>`, `rejects/<n>` (every finding), a row of `list_file`. Must never happen: a row that
//! disappears without a finding, a file half taken, a number guessed where the row does not prove it.
//!
//! A file that cannot be read, or is another list, is refused whole ([`Refusal`]). A row without what the source needs is rejected; a
//! bad value in a usable row is left out with a warning; what was repaired or looks odd is kept with a note ([`Rule`]). The same
//! content for the same source is received once: a second time, or after a crash, it is the same list with the same number.
//!
//! The way: `delimited`, `workbook` and `columns` make `block`s of text; `plan` says which cell becomes what; `check` does it, on all
//! cores; this file writes in order. To read one more format: a module that makes blocks, and an arm of `Reader`.
//!
//! # How to write a source file
//! `key`, `kind` (`people` or `rank`), `label_id`, `label_en`, `format` (`csv`, `xlsx`, `parquet`); for CSV `encoding` (`utf-8`,
//! `windows-1252`; a byte order mark wins) and `delimiter`; for XLSX `sheet` and `header_rows`. `required` lists the headers by which
//! another list is recognised; `row_needs` the canonical columns without which a row is rejected. Each `[[column]]` has `from` (header) and
//! `to` (canonical column), and may have `map` (the list's words to codes), `form = "letters"` (letters to a bit set),
//! `optional`. `date_formats` are the
//! only forms in which dates are read; numbers lose their decimal part. `[sets]` gives every row a value, `[trust]` says whom to believe.

mod block;
mod cell;
pub(crate) mod check;
mod columns;
mod delimited;
mod finding;
mod limits;
mod nik;
mod plan;
pub(crate) mod queries;
mod receive;
pub(crate) mod refusal;
mod sink;
mod workbook;

pub use finding::{Rule, Secret, Severity, mask};
pub use limits::Limits;
pub use plan::arrow_type;
pub use receive::{ListReceived, ReceiveOptions, receive, receive_within};
pub use refusal::Refusal;

/// What can go wrong when a list is received.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file as a whole cannot be used.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No such source.
    #[error("there is no source `{key}`; known are: {known}")]
    Source {
        /// As asked for.
        key: String,
        /// What the policy pack has.
        known: String,
    },
    /// The file is not there or may not be read.
    #[error("the file {path} cannot be opened: {reason}")]
    File {
        /// Which.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// Another process reads the same file at this moment.
    #[error("this list is being received by another process")]
    Busy,
    /// The territory was not loaded, so that no region could be known.
    #[error("no regions are loaded: run `pilar init` first")]
    NoRegions,
    /// The right is missing.
    #[error(transparent)]
    Access(#[from] access::Error),
    /// The database said no.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The lake said no.
    #[error(transparent)]
    Lake(#[from] lake::Error),
    /// Columns could not be put together.
    #[error("columns: {0}")]
    Arrow(#[from] arrow_schema::ArrowError),
    /// A list of regions said no.
    #[error(transparent)]
    Regions(#[from] crate::regions::Error),
}

impl Error {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Source { .. } => "intake-source",
            Self::File { .. } => "intake-file",
            Self::Busy => "intake-busy",
            Self::NoRegions => "intake-no-regions",
            Self::Access(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Lake(error) => error.code(),
            Self::Arrow(_) => "intake-columns",
            Self::Regions(error) => error.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use store::testing::TestDb;

    #[test]
    fn every_statement_is_understood_by_both_databases() {
        for test in TestDb::all() {
            assert_eq!(test.db.check(super::queries::ALL), []);
            assert_eq!(test.db.check(crate::regions::ALL), []);
        }
    }
}
