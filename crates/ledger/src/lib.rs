//! Double-entry bookkeeping of aid: where every rupiah that was ordered is now. Pure: no database, no clock.
//!
//! In: immutable entries that move money between the accounts of one place (programme, period, region, channel). Out: balances,
//! the figures of the two conservation laws, and a list of what breaks them. Never here: an entry that does not balance, an entry
//! that is changed, an account below zero. A mistake is mended by a new entry that takes the old one back.
//!
//! To add a movement: a variant of [`Movement`] with the account it leaves and the account it enters, and its place in
//! [`Figures`].

mod account;
mod book;
mod entry;
mod figures;

pub use account::{Account, AccountKind, Place};
pub use book::Book;
pub use entry::{Entry, Movement, Posting};
pub use figures::{BrokenLaw, Figures};

/// Why an entry is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The postings of a place do not sum up to nothing.
    #[error("entry {document} does not balance: {difference} too much at {place}")]
    Unbalanced {
        /// Document of the entry.
        document: String,
        /// Debit less credit.
        difference: model::Rupiah,
        /// Where.
        place: String,
    },
    /// An entry of nothing.
    #[error("entry {0} moves no money")]
    Empty(String),
    /// An amount that is not above zero.
    #[error(
        "entry {document} moves {amount}: an amount is above zero, what was wrong is taken back by a correction"
    )]
    Amount {
        /// Document of the entry.
        document: String,
        /// The amount.
        amount: model::Rupiah,
    },
    /// More would leave an account than it holds.
    #[error("entry {document} takes {wanted} from {account}, which holds {held}")]
    Overdrawn {
        /// Document of the entry.
        document: String,
        /// The account.
        account: String,
        /// What it holds.
        held: model::Rupiah,
        /// What was to leave it.
        wanted: model::Rupiah,
    },
    /// A sum left the range of 64 bits.
    #[error(transparent)]
    Overflow(#[from] model::RupiahOverflow),
}

impl Error {
    /// Stable code, the key of its words.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unbalanced { .. } => "ledger-unbalanced",
            Self::Empty(_) => "ledger-empty",
            Self::Amount { .. } => "ledger-amount",
            Self::Overdrawn { .. } => "ledger-overdrawn",
            Self::Overflow(_) => "ledger-overflow",
        }
    }
}
