//! What can go wrong in the lake, each a sentence for the operator who reads it.

use std::path::{Path, PathBuf};

/// An error of the lake.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be read or written.
    #[error("cannot use {path}: {source}")]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A dataset's name is no plain relative path of letters, digits, `-`, `_` and `.`.
    #[error("`{0}` is no name for a dataset")]
    Name(String),
    /// There is no dataset under this name.
    #[error("the lake has no dataset `{0}`")]
    NotFound(String),
    /// The dataset has no such column.
    #[error("dataset `{dataset}` has no column `{column}`")]
    Column {
        /// The dataset's name.
        dataset: String,
        /// The column asked for.
        column: String,
    },
    /// The key of a lookup is not a column of 64-bit integers.
    #[error("column `{column}` of dataset `{dataset}` is not a 64-bit integer and cannot be looked up by")]
    Key {
        /// The dataset's name.
        dataset: String,
        /// The column asked for.
        column: String,
    },
    /// A row number beyond the last row.
    #[error("dataset `{dataset}` has no row {row}")]
    Row {
        /// The dataset's name.
        dataset: String,
        /// The row asked for, from 0.
        row: u64,
    },
    /// Rows were handed to a writer in another shape than it was opened with.
    #[error("the rows for dataset `{0}` do not have the columns that were declared")]
    Shape(String),
    /// A writer of a sorted dataset was handed rows out of order.
    #[error("the rows for dataset `{dataset}` are not sorted by `{column}`")]
    Unsorted {
        /// The dataset's name.
        dataset: String,
        /// The first column of the declared order.
        column: String,
    },
    /// A manifest cannot be understood.
    #[error("the manifest {path} cannot be read: {reason}")]
    Manifest {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The manifest is there, the file that it names is not.
    #[error("the file of dataset `{0}` is gone from the lake; restore it from a backup")]
    Missing(String),
    /// The content of a file no longer has the hash that names it.
    #[error(
        "the file of dataset `{name}` was changed after it was written (expected {hash}); restore it from a backup"
    )]
    Changed {
        /// The dataset's name.
        name: String,
        /// The hash that its manifest states.
        hash: String,
    },
    /// A sum left 64 bits, or a cube grew beyond its bound.
    #[error("{0}")]
    Bound(&'static str),
    /// Parquet said no.
    #[error("parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// Arrow said no.
    #[error("columns: {0}")]
    Arrow(#[from] arrow_schema::ArrowError),
}

/// Result of the lake.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    /// Stable code for pages and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "lake-io",
            Self::Name(_) => "lake-name",
            Self::NotFound(_) => "lake-not-found",
            Self::Column { .. } => "lake-column",
            Self::Key { .. } => "lake-key",
            Self::Row { .. } => "lake-row",
            Self::Shape(_) => "lake-shape",
            Self::Unsorted { .. } => "lake-unsorted",
            Self::Manifest { .. } => "lake-manifest",
            Self::Missing(_) => "lake-missing",
            Self::Changed { .. } => "lake-changed",
            Self::Bound(_) => "lake-bound",
            Self::Parquet(_) => "lake-parquet",
            Self::Arrow(_) => "lake-columns",
        }
    }
}
