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
    /// Somebody gave it to a grant fund.
    FundDeposit,
    /// It was set aside for a purpose.
    FundAllot,
    /// What was set aside is free again.
    FundRelease,
    /// It was granted to somebody.
    FundGrant,
    /// Its use was reported.
    FundUse,
    /// It was not used and came back into the fund.
    FundUnused,
}

impl Movement {
    /// All movements.
    pub const ALL: [Self; 11] = [
        Self::Order,
        Self::TopUp,
        Self::Withdraw,
        Self::ReturnUnpaid,
        Self::ReturnFromCard,
        Self::FundDeposit,
        Self::FundAllot,
        Self::FundRelease,
        Self::FundGrant,
        Self::FundUse,
        Self::FundUnused,
    ];

    /// The kind of account that the money leaves.
    pub const fn from(self) -> AccountKind {
        match self {
            Self::Order => AccountKind::Treasury,
            Self::TopUp | Self::ReturnUnpaid => AccountKind::Pending,
            Self::Withdraw | Self::ReturnFromCard => AccountKind::OnCard,
            Self::FundDeposit => AccountKind::Donor,
            Self::FundAllot => AccountKind::FundFree,
            Self::FundRelease | Self::FundGrant => AccountKind::FundAllotted,
            Self::FundUse | Self::FundUnused => AccountKind::FundGranted,
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
            Self::FundDeposit | Self::FundRelease | Self::FundUnused => AccountKind::FundFree,
            Self::FundAllot => AccountKind::FundAllotted,
            Self::FundGrant => AccountKind::FundGranted,
            Self::FundUse => AccountKind::FundUsed,
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
            Self::FundDeposit => "fund_deposit",
            Self::FundAllot => "fund_allot",
            Self::FundRelease => "fund_release",
            Self::FundGrant => "fund_grant",
            Self::FundUse => "fund_use",
            Self::FundUnused => "fund_unused",
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
