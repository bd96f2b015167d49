//! Accounts: what kind of place money can be in, and for which programme, period, region and channel.

use std::fmt;

use model::RegionCode;
use serde::{Deserialize, Serialize};

/// Where money can be. Debit is positive: what an account holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// The state treasury (*kas negara*), the source: its balance is below zero by all that was ordered.
    Treasury,
    /// Ordered and with the channel, not yet on a card.
    Pending,
    /// On the recipient's card or ready at the counter.
    OnCard,
    /// In the recipient's hands.
    Withdrawn,
    /// Came back without having been on a card.
    ReturnedUnpaid,
    /// Came back from a card (*retur*).
    ReturnedFromCard,
    /// Who gave to a grant fund, the source: below zero by all that was given.
    Donor,
    /// In a grant fund, for no purpose yet.
    FundFree,
    /// Set aside for a purpose.
    FundAllotted,
    /// Granted to somebody, not yet told what became of it.
    FundGranted,
    /// Used, as was reported.
    FundUsed,
}

impl AccountKind {
    /// All kinds, in the order of the money's way.
    pub const ALL: [Self; 11] = [
        Self::Treasury,
        Self::Pending,
        Self::OnCard,
        Self::Withdrawn,
        Self::ReturnedUnpaid,
        Self::ReturnedFromCard,
        Self::Donor,
        Self::FundFree,
        Self::FundAllotted,
        Self::FundGranted,
        Self::FundUsed,
    ];

    /// Whether money comes from there into the books: only such an account may be below zero.
    pub const fn is_source(self) -> bool {
        matches!(self, Self::Treasury | Self::Donor)
    }

    /// Stable code for storage and words.
    pub fn code(self) -> &'static str {
        match self {
            Self::Treasury => "treasury",
            Self::Pending => "pending",
            Self::OnCard => "on_card",
            Self::Withdrawn => "withdrawn",
            Self::ReturnedUnpaid => "returned_unpaid",
            Self::ReturnedFromCard => "returned_from_card",
            Self::Donor => "donor",
            Self::FundFree => "fund_free",
            Self::FundAllotted => "fund_allotted",
            Self::FundGranted => "fund_granted",
            Self::FundUsed => "fund_used",
        }
    }

    /// The kind of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// For what and where: every entry stays within one place, so the laws hold for each alone and for every sum of them. A grant fund is a
/// place of its own: the key of its source, its year, its region, and its name in the books.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Key of the programme.
    pub programme: String,
    /// The period, as printed.
    pub period: String,
    /// Where the recipients live.
    pub region: RegionCode,
    /// Key of the channel.
    pub channel: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.programme, self.period, self.region, self.channel)
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Account {
    /// Where the money is.
    pub kind: AccountKind,
    /// For what and where.
    pub place: Place,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.kind.code(), self.place)
    }
}
