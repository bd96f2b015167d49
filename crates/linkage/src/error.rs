//! What can be wrong with a model, with the data or with both: each a sentence that names the place, before
//! long work begins.

/// What is wrong with a settings file. `place` is the path in the JSON, such as
/// `comparisons[2].comparison_levels[1]`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// The text is no JSON.
    #[error("the model is not JSON: line {line}, column {column}: {message}")]
    Json {
        /// Line in the text, from 1.
        line: usize,
        /// Column in the line, from 1.
        column: usize,
        /// What the JSON reader says.
        message: String,
    },
    /// An entry that must be there is missing, or is of another type.
    #[error("{place}: {expected} is missing or of the wrong type")]
    Entry {
        /// Where.
        place: String,
        /// What should stand there.
        expected: String,
    },
    /// A condition that cannot be read.
    #[error("{place}: cannot read the condition at character {position} ({near}): {message}")]
    Sql {
        /// Where.
        place: String,
        /// Character in the condition, from 1.
        position: usize,
        /// The text there.
        near: String,
        /// What was expected.
        message: String,
    },
    /// A condition of a shape that this engine has no comparator for.
    #[error(
        "{place}: nothing here can evaluate `{what}`; docs/linkage.md lists the functions that conditions and \
         prepared columns may use"
    )]
    Unsupported {
        /// Where.
        place: String,
        /// The expression or setting.
        what: String,
    },
    /// A blocking rule that compares everybody with everybody.
    #[error(
        "{place}: `{rule}` has no equality between a column of l. and one of r.: it would compare every record \
         with every other; add one, such as l.birth_date = r.birth_date"
    )]
    CrossJoin {
        /// Where.
        place: String,
        /// The rule.
        rule: String,
    },
    /// A number out of its range.
    #[error("{place}: {name} is {value}, it must be {range}")]
    Range {
        /// Where.
        place: String,
        /// Which setting.
        name: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// More patterns of agreement than fit a 32-bit number.
    #[error("the levels of all comparisons make more than 4294967295 patterns: take some away")]
    TooManyPatterns,
}

impl ModelError {
    /// A stable code for pages and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json { .. } => "linkage-model-json",
            Self::Entry { .. } => "linkage-model-entry",
            Self::Sql { .. } => "linkage-model-condition",
            Self::Unsupported { .. } => "linkage-model-unsupported",
            Self::CrossJoin { .. } => "linkage-model-cross-join",
            Self::Range { .. } => "linkage-model-range",
            Self::TooManyPatterns => "linkage-model-patterns",
        }
    }
}

/// Why a run of linkage cannot begin.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LinkError {
    /// A fault of the model that only shows against the data's columns.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A column that the model speaks of is not in the input.
    #[error("the input has no column `{column}`, which {needed_by} needs")]
    MissingColumn {
        /// The column.
        column: String,
        /// Which part of the model.
        needed_by: String,
    },
    /// A column of a type that cannot be compared.
    #[error(
        "column `{column}` has type {found}; texts, numbers, dates and lists of these can be compared, one type a column"
    )]
    ColumnType {
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
    /// A record without an id.
    #[error("row {row} has no `{column}`")]
    NullId {
        /// The id's column.
        column: String,
        /// Row in the input, from 0.
        row: usize,
    },
    /// An id that stands twice: decisions and ties could not be told apart.
    #[error("`{column}` {id} stands on rows {first} and {second}")]
    DuplicateId {
        /// The id's column.
        column: String,
        /// The id.
        id: String,
        /// Row in the input, from 0.
        first: usize,
        /// Another row.
        second: usize,
    },
    /// Lists are to be linked, and all records are of one.
    #[error(
        "link_only needs records of two and more sources; give one --input a list, or a column `{0}` that names \
         the list"
    )]
    OneSource(String),
    /// A model that was never trained and says nothing of how to.
    #[error("no m and u for {0}; train the model in Splink, or give the settings a `training` entry")]
    Untrained(String),
    /// A pair to explain names an id that is not in the input.
    #[error("no record has the id `{0}`")]
    NoRecord(String),
    /// A pair to explain names an id that several lists have.
    #[error("several records have the id `{0}`; write the list's name before it, as in `list:{0}`")]
    SeveralRecords(String),
    /// More rows than a 32-bit row number holds.
    #[error("{0} records are too many for one run: the limit is 4294967294")]
    TooManyRecords(usize),
    /// More sources flagged unique than fit the machine word that keeps them.
    #[error("{0} sources are flagged unique, the limit is 64")]
    TooManyUniqueSources(usize),
    /// A temporary file for what does not fit into memory.
    #[error("{path}: {message}; records go there because of --memory")]
    Spill {
        /// The file or folder.
        path: String,
        /// What the system says.
        message: String,
    },
    /// The worker threads could not be started.
    #[error("cannot start {threads} threads: {message}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the system says.
        message: String,
    },
}

impl LinkError {
    /// A stable code for pages and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Model(error) => error.code(),
            Self::MissingColumn { .. } => "linkage-missing-column",
            Self::ColumnType { .. } => "linkage-column-type",
            Self::NullId { .. } => "linkage-null-id",
            Self::DuplicateId { .. } => "linkage-duplicate-id",
            Self::OneSource(_) => "linkage-one-source",
            Self::Untrained(_) => "linkage-untrained",
            Self::NoRecord(_) => "linkage-no-record",
            Self::SeveralRecords(_) => "linkage-several-records",
            Self::TooManyRecords(_) => "linkage-too-many-records",
            Self::TooManyUniqueSources(_) => "linkage-too-many-unique-sources",
            Self::Spill { .. } => "linkage-spill",
            Self::Threads { .. } => "linkage-threads",
        }
    }
}
