//! Double-entry bookkeeping of aid: where every rupiah that was ordered is now. Pure: no database, no clock.
//!
//! In: transfers that move money between the accounts of one place (programme, period, region, channel), numbered by who makes them.
//! Out: balances now and at any instant, the trial balance, the figures of the two conservation laws, and a list of what breaks
//! them. Money that waits for somebody outside stands in an account of its own (pending, on card) until a transfer takes it on or
//! back. Never here: a transfer that counts twice, one that is changed, an account below zero. A mistake is mended by a transfer
//! that takes the old one back.
//!
//! To add a movement: a variant of [`Movement`] with the account it leaves and the account it enters, and its place in
//! [`Figures`].

mod account;
mod book;
mod figures;
mod transfer;

pub use account::{Account, AccountKind, Place};
pub use book::{Book, PlaceId, Posted, TrialRow};
pub use figures::{BrokenLaw, Figures};
pub use transfer::{Movement, Transfer, TransferId};

/// Why a transfer is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The number stands for another transfer.
    #[error("transfer {0} was posted with another content")]
    Conflict(TransferId),
    /// An amount that is not above zero.
    #[error(
        "transfer {transfer} moves {amount}: an amount is above zero, what was wrong is taken back by a correction"
    )]
    Amount {
        /// Its number.
        transfer: TransferId,
        /// The amount.
        amount: model::Rupiah,
    },
    /// More would leave an account than it holds.
    #[error("transfer {transfer} takes {wanted} from {}, which holds {held}", account.code())]
    Overdrawn {
        /// Its number.
        transfer: TransferId,
        /// The kind of account.
        account: AccountKind,
        /// What it holds.
        held: model::Rupiah,
        /// What was to leave it.
        wanted: model::Rupiah,
    },
    /// Earlier than the transfer before it.
    #[error("transfer {0} is earlier than the one before it")]
    Backwards(TransferId),
    /// Its place, or the transfer that it takes back, is not there.
    #[error("transfer {0} names a place or a transfer that is not in the book")]
    NotThere(TransferId),
    /// The transfer was taken back before.
    #[error("transfer {0} was taken back before")]
    TakenBack(TransferId),
    /// A sum left the range of 64 bits.
    #[error(transparent)]
    Overflow(#[from] model::RupiahOverflow),
}

impl Error {
    /// Stable code, the key of its words.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Conflict(_) => "ledger-conflict",
            Self::Amount { .. } => "ledger-amount",
            Self::Overdrawn { .. } => "ledger-overdrawn",
            Self::Backwards(_) => "ledger-backwards",
            Self::NotThere(_) => "ledger-not-there",
            Self::TakenBack(_) => "ledger-taken-back",
            Self::Overflow(_) => "ledger-overflow",
        }
    }
}
