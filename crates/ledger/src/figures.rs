//! The figures a treasurer asks for, and the two laws that tie them together.

use model::{Rupiah, RupiahOverflow};
use serde::{Deserialize, Serialize};

/// Totals of one place or of many. What moved comes from the journal, what is held from the accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Left the treasury.
    pub ordered: Rupiah,
    /// Was put on cards.
    pub topped_up: Rupiah,
    /// Was taken by recipients.
    pub withdrawn: Rupiah,
    /// Came back without having been on a card.
    pub returned_unpaid: Rupiah,
    /// Came back from cards.
    pub returned_from_card: Rupiah,
    /// Is with the channel.
    pub pending: Rupiah,
    /// Is on cards.
    pub on_card: Rupiah,
}

/// A law that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrokenLaw {
    /// Of what was ordered, some is neither on cards, nor pending, nor returned.
    #[error("ordered is {0} more than topped up, pending and returned together")]
    Ordered(Rupiah),
    /// Of what was topped up, some is neither withdrawn, nor on a card, nor returned.
    #[error("topped up is {0} more than withdrawn, on card and returned together")]
    ToppedUp(Rupiah),
    /// Something is below zero.
    #[error("a figure is below zero: {0}")]
    Negative(Rupiah),
}

impl Figures {
    /// All that came back.
    ///
    /// # Errors
    /// [`RupiahOverflow`].
    pub fn returned(&self) -> Result<Rupiah, RupiahOverflow> {
        self.returned_unpaid.plus(self.returned_from_card)
    }

    /// Which laws do not hold: none, when all is well.
    ///
    /// # Errors
    /// [`RupiahOverflow`].
    pub fn laws(&self) -> Result<Vec<BrokenLaw>, RupiahOverflow> {
        let mut broken = Vec::new();
        let accounted = Rupiah::sum([self.topped_up, self.pending, self.returned_unpaid])?;
        if accounted != self.ordered {
            broken.push(BrokenLaw::Ordered(self.ordered.minus(accounted)?));
        }
        let accounted = Rupiah::sum([self.withdrawn, self.on_card, self.returned_from_card])?;
        if accounted != self.topped_up {
            broken.push(BrokenLaw::ToppedUp(self.topped_up.minus(accounted)?));
        }
        let all = [
            self.ordered,
            self.topped_up,
            self.withdrawn,
            self.returned_unpaid,
            self.returned_from_card,
            self.pending,
            self.on_card,
        ];
        broken.extend(all.into_iter().filter(|figure| *figure < Rupiah::ZERO).map(BrokenLaw::Negative));
        Ok(broken)
    }

    /// The sum of two.
    ///
    /// # Errors
    /// [`RupiahOverflow`].
    pub fn plus(&self, other: &Self) -> Result<Self, RupiahOverflow> {
        Ok(Self {
            ordered: self.ordered.plus(other.ordered)?,
            topped_up: self.topped_up.plus(other.topped_up)?,
            withdrawn: self.withdrawn.plus(other.withdrawn)?,
            returned_unpaid: self.returned_unpaid.plus(other.returned_unpaid)?,
            returned_from_card: self.returned_from_card.plus(other.returned_from_card)?,
            pending: self.pending.plus(other.pending)?,
            on_card: self.on_card.plus(other.on_card)?,
        })
    }
}
