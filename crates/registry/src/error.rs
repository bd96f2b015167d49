//! What can go wrong in the registry, each a sentence for its reader.

/// Why the registry did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The asker has no right to it.
    #[error(transparent)]
    Access(#[from] access::Error),
    /// The lake failed.
    #[error(transparent)]
    Lake(#[from] lake::Error),
    /// Columns did not fit together.
    #[error("columns: {0}")]
    Columns(#[from] arrow_schema::ArrowError),
    /// The linkage model of the policy pack cannot be used.
    #[error("policy/linkage.json: {0}")]
    Model(#[from] linkage::ModelError),
    /// Linkage refused.
    #[error(transparent)]
    Link(#[from] linkage::LinkError),
    /// The tables of names in the policy pack cannot be used.
    #[error("policy/names: {0}")]
    Names(#[from] linkage::standardise::TableError),
    /// No list of people has been accepted yet.
    #[error("there is no list of people yet; receive one with `pilar intake FILE --source KEY`")]
    NoLists,
    /// A received list's source left the policy pack.
    #[error("list {file} is of source `{source_key}`, which the policy pack does not know")]
    UnknownSource {
        /// Number of the file.
        file: i64,
        /// Key of the source.
        source_key: String,
    },
    /// A list of field reports cannot be made because the pack has no such source.
    #[error("the policy pack has no source `{0}` for field reports")]
    NoFieldSource(String),
    /// Another process is at it.
    #[error("another process is doing this now; wait until it has finished")]
    Busy,
    /// The subject is not there, or not in this territory: the two are not told apart.
    #[error("not found in this territory")]
    NotFound,
    /// No list in force names the person.
    #[error("no list in force names this person any more; the id is kept and comes back with the person")]
    Sleeping,
    /// Consolidation has not run yet.
    #[error("the registry is empty; run `pilar consolidate` first")]
    NoVersion,
    /// A month was closed from other inputs.
    #[error(
        "{month} was closed on registry version {version} and stays as it is; what changed since goes into the next closing"
    )]
    Closed {
        /// The month.
        month: String,
        /// The version that was closed.
        version: i64,
    },
    /// A date that cannot be.
    #[error("the date {date} cannot be: {reason}")]
    Date {
        /// The date.
        date: String,
        /// Why not.
        reason: &'static str,
    },
    /// The person is already recorded as dead.
    #[error("this person is already recorded as dead")]
    AlreadyDead,
    /// An urgent change without evidence.
    #[error("say what the report rests on (a letter, a certificate, who saw it)")]
    NoEvidence,
    /// A search that would match half the country.
    #[error("write a NIK, a KK number, or at least two letters of a name")]
    TooShort,
    /// There is nothing of one's own to undo.
    #[error("there is no decision of yours to undo")]
    NothingToUndo,
    /// Text of a stored value cannot be understood.
    #[error("stored data cannot be read: {0}")]
    Damaged(String),
}

/// The room's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Stable code, the key of its words (`galat-<code>`).
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Access(error) => error.code(),
            Self::Lake(error) => error.code(),
            Self::Columns(_) => "registry-columns",
            Self::Model(error) => error.code(),
            Self::Link(error) => error.code(),
            Self::Names(error) => error.code(),
            Self::NoLists => "registry-no-lists",
            Self::UnknownSource { .. } => "registry-unknown-source",
            Self::NoFieldSource(_) => "registry-no-field-source",
            Self::Busy => "registry-busy",
            Self::NotFound => "registry-not-found",
            Self::Sleeping => "registry-sleeping",
            Self::NoVersion => "registry-no-version",
            Self::Closed { .. } => "registry-closed",
            Self::Date { .. } => "registry-date",
            Self::AlreadyDead => "registry-already-dead",
            Self::NoEvidence => "registry-no-evidence",
            Self::TooShort => "registry-too-short",
            Self::NothingToUndo => "registry-nothing-to-undo",
            Self::Damaged(_) => "registry-damaged",
        }
    }
}
