//! Why a file is not taken at all. Each refusal has a stable code, and words in both languages under `galat-<code>` and
//! `galat-<code>-remedy` with the arguments of [`Refusal::args`].

use model::Lang;
use policy::{Arg, Words};

/// The file as a whole cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No bytes.
    #[error("the file is empty")]
    Empty,
    /// A header and nothing below.
    #[error("the file has a header but no rows")]
    NoRows,
    /// Rows, but none that can be used.
    #[error("none of the {rows} rows can be used")]
    NothingUsable {
        /// How many rows there are.
        rows: u64,
    },
    /// Columns that every list of this source has are missing.
    #[error("this is another list: columns missing: {missing}; columns found: {found}")]
    WrongList {
        /// What is missing.
        missing: String,
        /// What the header has.
        found: String,
    },
    /// The header cannot be found because cells are set apart by another mark.
    #[error("cells seem to be set apart by `{found}`, the source says `{expected}`")]
    Delimiter {
        /// As the source says.
        expected: char,
        /// With this one the header fits.
        found: char,
    },
    /// A column that is used stands twice.
    #[error("the column `{column}` stands twice in the header")]
    TwiceInHeader {
        /// Which.
        column: String,
    },
    /// The file is of another kind.
    #[error("the source says {expected}, the file is {found}")]
    Format {
        /// As the source says.
        expected: &'static str,
        /// As the first bytes say.
        found: &'static str,
    },
    /// The file is damaged or cut off.
    #[error("the file cannot be read: {reason}")]
    Unreadable {
        /// What the reader said.
        reason: String,
    },
    /// Larger than a bound.
    #[error("the file has more {what} than the {limit} that are allowed")]
    TooLarge {
        /// `bytes`, `cells`, `rows`, `columns`, `parts`, `merged`.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
    /// Unpacks to far more than it weighs: a bomb.
    #[error("the workbook unpacks to more than {limit} times its size")]
    Ratio {
        /// The bound.
        limit: u64,
    },
    /// The workbook has no such sheet.
    #[error("the workbook has no sheet `{sheet}`; it has: {found}")]
    Sheet {
        /// As the source says.
        sheet: String,
        /// What there is.
        found: String,
    },
    /// Protected by a password, or an old binary workbook.
    #[error("the workbook is protected by a password or of the old .xls kind")]
    Locked,
    /// A column of a Parquet file has a type that no list has.
    #[error("the column `{column}` has the type {kind}, which is not read")]
    ColumnType {
        /// Which.
        column: String,
        /// Its type.
        kind: String,
    },
}

impl Refusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "intake-empty",
            Self::NoRows => "intake-no-rows",
            Self::NothingUsable { .. } => "intake-nothing-usable",
            Self::WrongList { .. } => "intake-wrong-list",
            Self::Delimiter { .. } => "intake-delimiter",
            Self::TwiceInHeader { .. } => "intake-twice-in-header",
            Self::Format { .. } => "intake-format",
            Self::Unreadable { .. } => "intake-unreadable",
            Self::TooLarge { .. } => "intake-too-large",
            Self::Ratio { .. } => "intake-ratio",
            Self::Sheet { .. } => "intake-sheet",
            Self::Locked => "intake-locked",
            Self::ColumnType { .. } => "intake-column-type",
        }
    }

    /// What the words need.
    pub fn args(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Empty | Self::NoRows | Self::Locked => Vec::new(),
            Self::NothingUsable { rows } => vec![("rows", rows.to_string())],
            Self::WrongList { missing, found } => {
                vec![("missing", missing.clone()), ("found", found.clone())]
            }
            Self::Delimiter { expected, found } => {
                vec![("expected", expected.to_string()), ("found", found.to_string())]
            }
            Self::TwiceInHeader { column } => vec![("column", column.clone())],
            Self::Format { expected, found } => {
                vec![("expected", (*expected).to_owned()), ("found", (*found).to_owned())]
            }
            Self::Unreadable { reason } => vec![("reason", reason.clone())],
            Self::TooLarge { what, limit } => {
                vec![("what", (*what).to_owned()), ("limit", limit.to_string())]
            }
            Self::Ratio { limit } => vec![("limit", limit.to_string())],
            Self::Sheet { sheet, found } => vec![("sheet", sheet.clone()), ("found", found.clone())],
            Self::ColumnType { column, kind } => vec![("column", column.clone()), ("kind", kind.clone())],
        }
    }

    /// The sentence for a person.
    pub fn message(&self, words: &Words, lang: Lang) -> String {
        message(words, lang, self.code(), &self.args())
    }

    /// What to do next.
    pub fn remedy(&self, words: &Words, lang: Lang) -> String {
        message(words, lang, &format!("{}-remedy", self.code()), &self.args())
    }
}

/// The words of a stored refusal.
pub(crate) fn message(words: &Words, lang: Lang, code: &str, args: &[(impl AsRef<str>, String)]) -> String {
    let args: Vec<(&str, Arg<'_>)> = args.iter().map(|(k, v)| (k.as_ref(), Arg::from(v))).collect();
    words.get(lang, &format!("galat-{code}"), &args)
}
