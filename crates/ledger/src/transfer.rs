//! Transfers: one movement of one amount in one place, under a number that its maker chose before it was sent. Immutable.

use std::fmt;

use model::Rupiah;
use serde::{Deserialize, Serialize};

use crate::{AccountKind, PlaceId};

/// What happened to the money. Each movement out of [`AccountKind::Pending`] or [`AccountKind::OnCard`] settles what was waiting
/// there: forward, or back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Movement {
    /// It left the treasury for the channel (SP2D), and waits there.
    Order,
    /// The channel put it on the card.
    TopUp,
    /// The recipient took it.
    Withdraw,
    /// It came back without having been on a card.
    ReturnUnpaid,
    /// It came back from the card.
    ReturnFromCard,
}

impl Movement {
    /// All movements.
    pub const ALL: [Self; 5] =
        [Self::Order, Self::TopUp, Self::Withdraw, Self::ReturnUnpaid, Self::ReturnFromCard];

    /// The kind of account that the money leaves.
    pub const fn from(self) -> AccountKind {
        match self {
            Self::Order => AccountKind::Treasury,
            Self::TopUp | Self::ReturnUnpaid => AccountKind::Pending,
            Self::Withdraw | Self::ReturnFromCard => AccountKind::OnCard,
        }
    }

    /// The kind of account that the money enters.
    pub const fn to(self) -> AccountKind {
        match self {
            Self::Order => AccountKind::Pending,
            Self::TopUp => AccountKind::OnCard,
            Self::Withdraw => AccountKind::Withdrawn,
            Self::ReturnUnpaid => AccountKind::ReturnedUnpaid,
            Self::ReturnFromCard => AccountKind::ReturnedFromCard,
        }
    }

    /// Stable code for storage and words.
    pub fn code(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::TopUp => "top_up",
            Self::Withdraw => "withdraw",
            Self::ReturnUnpaid => "return_unpaid",
            Self::ReturnFromCard => "return_from_card",
        }
    }

    /// The movement of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|movement| movement.code() == code)
    }
}

/// The number of a transfer, chosen by who makes it: the same transfer sent again has the same number and counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TransferId(pub u128);

impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A movement of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// Its number.
    pub id: TransferId,
    /// When, milliseconds since the epoch; never before the transfer that was posted last.
    pub at_ms: i64,
    /// Where: a number that [`crate::Book::place`] gave.
    pub place: PlaceId,
    /// What happened.
    pub movement: Movement,
    /// How much, above zero.
    pub amount: Rupiah,
    /// The transfer that this one takes back, in whole and once: then the money goes the movement's way backwards.
    pub takes_back: Option<TransferId>,
}

impl Transfer {
    /// The kinds of account that the money leaves and enters.
    pub fn way(&self) -> (AccountKind, AccountKind) {
        let (from, to) = (self.movement.from(), self.movement.to());
        if self.takes_back.is_some() { (to, from) } else { (from, to) }
    }
}
