//! Journal entries: one movement of one amount in one place, or its taking back. Immutable once made.

use model::Rupiah;
use serde::{Deserialize, Serialize};

use crate::{Account, AccountKind, Error, Place};

/// What happened to the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Movement {
    /// It left the treasury for the channel (SP2D).
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
    pub fn from(self) -> AccountKind {
        match self {
            Self::Order => AccountKind::Treasury,
            Self::TopUp | Self::ReturnUnpaid => AccountKind::Pending,
            Self::Withdraw | Self::ReturnFromCard => AccountKind::OnCard,
        }
    }

    /// The kind of account that the money enters.
    pub fn to(self) -> AccountKind {
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

/// One side of an entry: debit above zero, credit below.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// The account.
    pub account: Account,
    /// What it gains.
    pub amount: Rupiah,
}

/// A journal entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    document: String,
    movement: Movement,
    taken_back: bool,
    postings: Vec<Posting>,
}

impl Entry {
    /// Money that moves: `amount` above zero, in one place, on the ground of a document.
    ///
    /// # Errors
    /// [`Error::Amount`] when there is nothing to move.
    pub fn moving(document: &str, movement: Movement, place: &Place, amount: Rupiah) -> Result<Self, Error> {
        if amount <= Rupiah::ZERO {
            return Err(Error::Amount { document: document.to_owned(), amount });
        }
        let side = |kind, amount| Posting { account: Account { kind, place: place.clone() }, amount };
        let postings = vec![side(movement.from(), Rupiah::ZERO.minus(amount)?), side(movement.to(), amount)];
        Self::checked(document, movement, false, postings)
    }

    /// The correction that takes this entry back, on the ground of another document.
    ///
    /// # Errors
    /// [`Error::Overflow`] when an amount cannot be turned around.
    pub fn taken_back(&self, document: &str) -> Result<Self, Error> {
        let turned = self.postings.iter().map(|posting| {
            Ok(Posting { account: posting.account.clone(), amount: Rupiah::ZERO.minus(posting.amount)? })
        });
        let postings = turned.collect::<Result<Vec<_>, Error>>()?;
        Self::checked(document, self.movement, !self.taken_back, postings)
    }

    fn checked(
        document: &str,
        movement: Movement,
        taken_back: bool,
        postings: Vec<Posting>,
    ) -> Result<Self, Error> {
        let Some(first) = postings.first() else { return Err(Error::Empty(document.to_owned())) };
        let difference = Rupiah::sum(postings.iter().map(|posting| posting.amount))?;
        let one_place = postings.iter().all(|posting| posting.account.place == first.account.place);
        if difference != Rupiah::ZERO || !one_place {
            let place = first.account.place.to_string();
            return Err(Error::Unbalanced { document: document.to_owned(), difference, place });
        }
        Ok(Self { document: document.to_owned(), movement, taken_back, postings })
    }

    /// The paper or file it stands on.
    pub fn document(&self) -> &str {
        &self.document
    }

    /// What happened.
    pub fn movement(&self) -> Movement {
        self.movement
    }

    /// Whether this takes an earlier entry back.
    pub fn is_correction(&self) -> bool {
        self.taken_back
    }

    /// Both sides.
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }

    /// For what and where.
    pub fn place(&self) -> &Place {
        &self.postings[0].account.place
    }

    /// How much moved along the movement: below zero for a correction.
    pub fn amount(&self) -> Rupiah {
        let entered = self.movement.to();
        self.postings
            .iter()
            .find(|posting| posting.account.kind == entered)
            .map_or(Rupiah::ZERO, |posting| posting.amount)
    }
}
