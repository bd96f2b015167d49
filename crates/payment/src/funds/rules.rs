//! What a fund's money may do, and what is wrong with something told of it. Pure.

use ledger::Movement;
use serde::Serialize;

/// Longest text of one field, in characters.
pub(crate) const TEXT_MAX: usize = 200;

/// What happens to money of a fund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FundKind {
    /// Somebody pays in.
    Deposit,
    /// Set aside for a purpose.
    Allot,
    /// Not needed for the purpose: free again.
    Release,
    /// Given to a body or a group, out of an allotment.
    Grant,
    /// The receiver reports what it used.
    Use,
    /// The receiver pays back what it did not use.
    Unused,
}

impl FundKind {
    /// All, in the order of the money's way.
    pub const ALL: [Self; 6] =
        [Self::Deposit, Self::Allot, Self::Release, Self::Grant, Self::Use, Self::Unused];

    /// Stable code for storage and words.
    pub fn code(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Allot => "allot",
            Self::Release => "release",
            Self::Grant => "grant",
            Self::Use => "use",
            Self::Unused => "unused",
        }
    }

    /// The kind of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// What it is in the books.
    pub fn movement(self) -> Movement {
        match self {
            Self::Deposit => Movement::FundDeposit,
            Self::Allot => Movement::FundAllot,
            Self::Release => Movement::FundRelease,
            Self::Grant => Movement::FundGrant,
            Self::Use => Movement::FundUse,
            Self::Unused => Movement::FundUnused,
        }
    }

    /// Whether a second person must agree.
    pub fn needs_checker(self) -> bool {
        matches!(self, Self::Allot | Self::Grant)
    }

    /// Out of what it is taken: a move of this kind is its parent.
    pub fn parent(self) -> Option<Self> {
        match self {
            Self::Deposit | Self::Allot => None,
            Self::Release | Self::Grant => Some(Self::Allot),
            Self::Use | Self::Unused => Some(Self::Grant),
        }
    }
}

/// What is wrong with something told of a fund.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FundFault {
    /// A field is empty, too long, or none of the words it may be.
    #[error("the field `{0}` is missing, too long or none of the known words")]
    Field(String),
    /// The amount is none.
    #[error("the amount is whole rupiah above zero")]
    Amount,
    /// The day is none, or still to come.
    #[error("the day is a day that is not to come")]
    Day,
    /// The paper was told with another content.
    #[error("the paper `{0}` was told before with another content")]
    Document(String),
    /// More than there is.
    #[error("{wanted} is more than the {have} that can be taken there")]
    Short {
        /// What there is.
        have: model::Rupiah,
        /// What was to be taken.
        wanted: model::Rupiah,
    },
    /// Others stand on it, or it was decided before.
    #[error("this move is {0}: look at it again")]
    State(String),
}

impl FundFault {
    /// Stable code, the key of its words.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Field(_) => "payment-fund-field",
            Self::Amount => "payment-fund-amount",
            Self::Day => "payment-fund-day",
            Self::Document(_) => "payment-fund-document",
            Self::Short { .. } => "payment-fund-short",
            Self::State(_) => "payment-fund-state",
        }
    }

    /// The field of the form that it is about.
    pub fn field(&self) -> &str {
        match self {
            Self::Field(field) => field,
            Self::Amount | Self::Short { .. } => "amount_idr",
            Self::Day => "day",
            Self::Document(_) => "document",
            Self::State(_) => "note",
        }
    }
}

/// A text as it is kept, without the space around it.
pub(crate) fn text<'t>(field: &str, text: &'t str, needed: bool) -> Result<&'t str, FundFault> {
    let text = text.trim();
    let wrong = (needed && text.is_empty()) || text.chars().count() > TEXT_MAX;
    if wrong { Err(FundFault::Field(field.to_owned())) } else { Ok(text) }
}
