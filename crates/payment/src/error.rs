//! What can go wrong with a payment step, each a sentence for the person who started it.

use std::path::{Path, PathBuf};

use crate::state::Refusal;

/// An error of this room.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The lake failed.
    #[error(transparent)]
    Lake(#[from] lake::Error),
    /// The books refused an entry.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// A sum left the range of 64 bits.
    #[error(transparent)]
    Overflow(#[from] model::RupiahOverflow),
    /// Not found, or outside the caller's territory: the two are not told apart.
    #[error("there is no {0} here")]
    NotFound(&'static str),
    /// The dataset is not the approved list.
    #[error("the list is not the one that was approved: approve it again")]
    ListChanged,
    /// The dataset lacks a column or has it in another type.
    #[error("dataset {dataset} has no usable column `{column}`")]
    Column {
        /// Which dataset.
        dataset: String,
        /// Which column.
        column: String,
    },
    /// Rows are not in the order of families, or a family stands there twice.
    #[error("dataset {dataset} is not sorted by family, or names one twice: it cannot be paid")]
    Unsorted {
        /// Which dataset.
        dataset: String,
    },
    /// More lines than a cycle can number.
    #[error("a cycle has at most {lines_max} lines: divide the list")]
    TooManyLines {
        /// The bound.
        lines_max: i64,
    },
    /// The programme has no version in force.
    #[error("programme {0} has no rule in force at the closing")]
    Programme(String),
    /// The benefit is no money, or the list is one of candidates.
    #[error("programme {0} pays no money by list: goods, services and candidates have no payment lines")]
    NoMoney(String),
    /// The channel is not in the policy pack or lacks a layout.
    #[error("channel {channel} has no `{file}` in the policy pack")]
    Channel {
        /// Which channel.
        channel: String,
        /// Which layout.
        file: String,
    },
    /// Another process is at it.
    #[error("another payment step is running, wait for its end")]
    AtWork,
    /// A file cannot be read or written.
    #[error("cannot use {path}: {message}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
    /// A received file lacks columns.
    #[error("{name} is no such reply: the columns {missing} are missing; nothing was taken")]
    Columns {
        /// Name of the file.
        name: String,
        /// What is missing.
        missing: String,
    },
    /// A received file is refused whole.
    #[error("{name}, line {line}: {} (expected `{expected}`, found `{found}`); nothing was taken", why.sentence())]
    Refused {
        /// Name of the file.
        name: String,
        /// Where.
        line: u64,
        /// Why.
        why: Refusal,
        /// What should stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A value does not fit into a file that is to be written.
    #[error(
        "{name}: `{column}` of line {line} cannot be written, {why}; mend the value or the layout and export again; \
         no file was made"
    )]
    Unfit {
        /// Name of the file.
        name: String,
        /// Reference of the payment line; empty in header and trailer.
        line: String,
        /// Which column.
        column: String,
        /// What does not fit.
        why: &'static str,
    },
    /// A received file is larger than allowed.
    #[error("{name} is larger than {bytes_max} bytes; nothing was taken")]
    TooLarge {
        /// Name of the file.
        name: String,
        /// The bound.
        bytes_max: u64,
    },
    /// The maker may not approve.
    #[error("who prepared an order may not approve it: ask another person")]
    SamePerson,
    /// The approver's role may not approve such an amount.
    #[error("an order of {amount} is approved by the role {role}")]
    Role {
        /// The order's sum.
        amount: model::Rupiah,
        /// Who may.
        role: String,
    },
    /// The step does not fit the state.
    #[error("{what} is {state}: {remedy}")]
    State {
        /// What.
        what: String,
        /// Its state.
        state: String,
        /// What to do.
        remedy: &'static str,
    },
    /// What is told of a card cannot be kept.
    #[error(transparent)]
    Card(#[from] crate::cards::CardFault),
    /// What is told of goods cannot be kept.
    #[error(transparent)]
    Goods(#[from] crate::goods::GoodsFault),
    /// A plan or a new payee cannot be kept.
    #[error(transparent)]
    Plan(#[from] crate::plan::PlanFault),
    /// What is told of a grant fund cannot be kept.
    #[error(transparent)]
    Fund(#[from] crate::funds::FundFault),
    /// What was asked for at the desk cannot be done.
    #[error(transparent)]
    Desk(#[from] crate::desk::DeskFault),
    /// A file of rows that people wrote is refused whole.
    #[error("{name}: {refused}")]
    FileRows {
        /// Name of the file.
        name: String,
        /// Its faults, each with line, column, rule and remedy.
        refused: rowfile::Refused,
    },
    /// Somebody was faster.
    #[error("somebody changed it meanwhile: look at it again")]
    Changed,
    /// Nothing to order.
    #[error("no line is ready to be ordered")]
    NothingToOrder,
    /// A document number is missing.
    #[error("the number of the paper is needed, in at most 60 characters, and a day that is not to come")]
    Documents,
    /// Another order has the paper.
    #[error(
        "order {order_id} has the SP2D {number}: one SP2D answers one payment order; look at its number again"
    )]
    PaperTaken {
        /// The number.
        number: String,
        /// Who has it.
        order_id: i64,
    },
    /// The region names no region, or one that the order cannot be limited to.
    #[error(transparent)]
    Region(#[from] model::RegionError),
    /// The policy pack's name tables are unusable.
    #[error("the name tables of the policy pack cannot be used: {0}")]
    Names(String),
    /// The keys of a channel cannot be used.
    #[error("the channel's keys cannot be used: {0}")]
    Keys(&'static str),
    /// The same person did for this cycle what does not go together with it.
    #[error("you did `{did}` for this cycle, and `{action}` is another person's: ask somebody else")]
    Apart {
        /// What was done.
        did: String,
        /// What is asked for.
        action: String,
    },
    /// The caller's right is for something else.
    #[error("this needs the right to `{needed}`, not to `{given}`")]
    Scope {
        /// The action.
        needed: &'static str,
        /// What the scope was made for.
        given: String,
    },
    /// Kept text cannot be read back.
    #[error("stored {0} cannot be read")]
    Stored(&'static str),
}

impl Error {
    /// Stable code, the key of its words.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Lake(error) => error.code(),
            Self::Ledger(error) => error.code(),
            Self::Overflow(_) => "payment-overflow",
            Self::NotFound(_) => "payment-not-found",
            Self::ListChanged => "payment-list-changed",
            Self::Column { .. } => "payment-column",
            Self::Unsorted { .. } => "payment-unsorted",
            Self::TooManyLines { .. } => "payment-too-many-lines",
            Self::Programme(_) => "payment-programme",
            Self::NoMoney(_) => "payment-no-money",
            Self::Channel { .. } => "payment-channel",
            Self::AtWork => "payment-at-work",
            Self::File { .. } => "payment-file",
            Self::Columns { .. } => "payment-columns",
            Self::Refused { why, .. } => why.error_code(),
            Self::Unfit { .. } => "payment-unfit",
            Self::TooLarge { .. } => "payment-too-large",
            Self::SamePerson => "payment-same-person",
            Self::Role { .. } => "payment-role",
            Self::State { .. } => "payment-state",
            Self::Card(fault) => fault.code(),
            Self::Goods(fault) => fault.code(),
            Self::Plan(fault) => fault.code(),
            Self::Fund(fault) => fault.code(),
            Self::Desk(fault) => fault.code(),
            Self::FileRows { .. } => "payment-file-rows",
            Self::Changed => "payment-changed",
            Self::NothingToOrder => "payment-nothing-to-order",
            Self::Documents => "payment-documents",
            Self::PaperTaken { .. } => "payment-paper-taken",
            Self::Region(_) => "payment-region",
            Self::Names(_) => "payment-names",
            Self::Keys(_) => "payment-keys",
            Self::Apart { .. } => "payment-apart",
            Self::Scope { .. } => "payment-scope",
            Self::Stored(_) => "payment-stored",
        }
    }

    /// Whether a received file is refused for what it holds.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Columns { .. })
    }

    pub(crate) fn file(path: &Path, error: &dyn std::fmt::Display) -> Self {
        Self::File { path: path.to_owned(), message: error.to_string() }
    }
}
