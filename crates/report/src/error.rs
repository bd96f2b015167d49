//! What can go wrong when figures are read.

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The lake.
    #[error(transparent)]
    Lake(#[from] lake::Error),
    /// No right to see these figures.
    #[error(transparent)]
    Access(#[from] access::Error),
    /// The region lies outside the territory of the one who asks, or does not exist.
    #[error("no region `{0}` in this territory")]
    Region(String),
    /// A dataset lacks a column that its figures stand on.
    #[error("dataset {dataset} has no usable column `{column}`")]
    Damaged {
        /// Its name.
        dataset: String,
        /// What is missing.
        column: &'static str,
    },
    /// A sum of money left its range.
    #[error(transparent)]
    Money(#[from] model::RupiahOverflow),
    /// An export could not be put into text.
    #[error("the export could not be written: {0}")]
    Export(String),
    /// A table that is too long for a workbook.
    #[error("a workbook holds at most {0} rows; take the table as CSV, or a part of it")]
    TooLong(usize),
}

impl Error {
    /// Stable code, the key of its words.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Lake(error) => error.code(),
            Self::Access(error) => error.code(),
            Self::Region(_) => "report-region",
            Self::Damaged { .. } => "report-damaged",
            Self::Money(_) => "report-money",
            Self::Export(_) => "report-export",
            Self::TooLong(_) => "report-too-long",
        }
    }
}
