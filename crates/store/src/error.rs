//! What can go wrong between a room and its database, each a sentence for the person who reads it.

/// An error of the store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The address names no database.
    #[error("`{0}` is no database address: write sqlite:PATH or postgres://user@host/name")]
    Address(String),
    /// The database could not be opened.
    #[error("the database cannot be opened: {0}")]
    Open(String),
    /// A migration file is not the one that was applied, or does not run.
    #[error("migration {name} cannot be applied: {message}")]
    Migration {
        /// File name without `.sql`.
        name: String,
        /// What the engine said.
        message: String,
    },
    /// Another writer held the database for longer than the waiting time, or no reader came free.
    #[error("the database is busy, try again in a moment")]
    Busy,
    /// A row with this key is there already.
    #[error("{statement}: a row with this key exists already ({detail})")]
    Unique {
        /// Name of the statement.
        statement: String,
        /// Constraint or columns, as the engine names them.
        detail: String,
    },
    /// A check, not-null or foreign-key constraint refused the row.
    #[error("{statement}: the row breaks a constraint ({detail})")]
    Constraint {
        /// Name of the statement.
        statement: String,
        /// Constraint, as the engine names it.
        detail: String,
    },
    /// The engine refused a statement.
    #[error("{statement}: {message}")]
    Statement {
        /// Name of the statement.
        statement: String,
        /// What the engine said.
        message: String,
    },
    /// A column does not hold what the reader expects.
    #[error("{statement}: column {index} should hold {expected} but holds {found}")]
    Column {
        /// Name of the statement.
        statement: String,
        /// Position, from 0.
        index: usize,
        /// Type that was asked for.
        expected: &'static str,
        /// Type that is there.
        found: &'static str,
    },
    /// A statement that answers with exactly one row answered with another number.
    #[error("{statement}: expected one row, got {rows}")]
    NotOne {
        /// Name of the statement.
        statement: String,
        /// How many rows came (at most 2 are counted).
        rows: usize,
    },
    /// A statement failed before in this transaction; nothing more can be done in it.
    #[error("the transaction has failed already and takes no further statement")]
    Aborted,
    /// The transactions that were to be written together could not be.
    #[error("the change could not be written: {0}")]
    Commit(String),
    /// A write was begun inside a write.
    #[error("a write cannot begin inside another write of the same thread")]
    Nested,
    /// A paging cursor was not made by this program.
    #[error("the page mark is not valid, start from the first page")]
    Cursor,
    /// The lock area cannot be used.
    #[error("the lock `{name}` cannot be taken: {message}")]
    Lock {
        /// Name of the lock.
        name: String,
        /// What the system said.
        message: String,
    },
}

impl Error {
    /// Stable code, the key of its words.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "store-address",
            Self::Open(_) => "store-open",
            Self::Migration { .. } => "store-migration",
            Self::Busy => "store-busy",
            Self::Unique { .. } => "store-unique",
            Self::Constraint { .. } => "store-constraint",
            Self::Statement { .. } => "store-statement",
            Self::Column { .. } => "store-column",
            Self::NotOne { .. } => "store-not-one",
            Self::Aborted => "store-aborted",
            Self::Commit(_) => "store-commit",
            Self::Nested => "store-nested",
            Self::Cursor => "store-cursor",
            Self::Lock { .. } => "store-lock",
        }
    }

    /// Whether a row with the same key was there already.
    pub fn is_unique(&self) -> bool {
        matches!(self, Self::Unique { .. })
    }
}
