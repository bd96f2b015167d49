//! The three states of a payment line, and what can trouble it. Codes are what the database and the words files hold.

use serde::{Deserialize, Serialize};

macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
        }

        impl $name {
            /// All of them, in the order of the story.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Stable code.
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            /// From its code.
            pub fn from_code(code: &str) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use coded;

coded! {
    /// Whether the recipient is entitled.
    Eligibility {
        /// On an approved list.
        Eligible = "eligible",
        /// Stopped for the time being (*ditahan*), with a reason.
        Held = "held",
        /// Ended before it was ordered (*dibatalkan*).
        Cancelled = "cancelled",
    }
}

coded! {
    /// How the account stands.
    AccountState {
        /// Not asked yet.
        Unchecked = "unchecked",
        /// Asked, no answer yet.
        Asked = "asked",
        /// Passed (*lolos cek rekening*).
        Good = "good",
        /// A person must compare names.
        Doubtful = "doubtful",
        /// Did not pass (*gagal cek rekening*).
        Failed = "failed",
        /// Paid in cash.
        NotNeeded = "not_needed",
    }
}

coded! {
    /// Where the money is.
    PaymentState {
        /// On the list (*ditetapkan*).
        Set = "set",
        /// Left the treasury (SPM, SP2D).
        Ordered = "ordered",
        /// The channel was told to pay (SI).
        Instructed = "instructed",
        /// On the card.
        ToppedUp = "topped_up",
        /// In the recipient's hands (*cair*).
        Withdrawn = "withdrawn",
        /// All of it came back from the card (*retur*).
        Returned = "returned",
        /// It came back without having been on a card.
        SentBack = "sent_back",
        /// The channel could not top up; the money is still with it.
        Failed = "failed",
    }
}

coded! {
    /// Why a row of a reply was not taken, or why a line waits for a person.
    Trouble {
        /// The row names a line that does not exist.
        UnknownRef = "unknown_ref",
        /// The row cannot be read.
        BadRow = "bad_row",
        /// The channel used a word that its file in the policy pack does not have.
        UnknownWord = "unknown_word",
        /// The line belongs to another batch.
        WrongBatch = "wrong_batch",
        /// Another account than the line's.
        WrongAccount = "wrong_account",
        /// Another amount than the line's.
        WrongAmount = "wrong_amount",
        /// The same row again.
        Duplicate = "duplicate",
        /// The same transaction number with another content.
        TxnConflict = "txn_conflict",
        /// The line does not wait for such an answer.
        NotExpected = "not_expected",
        /// A movement of money that was never reported as topped up.
        NotToppedUp = "not_topped_up",
        /// More taken than is on the card.
        OverWithdrawn = "over_withdrawn",
        /// The channel could not top up.
        TopUpFailed = "top_up_failed",
        /// The account bears another name.
        NameDiffers = "name_differs",
        /// The names may be one person's.
        NameDoubtful = "name_doubtful",
        /// The account is another recipient's as well.
        AccountShared = "account_shared",
        /// The channel says yes and gives no account.
        AccountMissing = "account_missing",
        /// The channel refuses the account.
        AccountRefused = "account_refused",
        /// The family has no living, matched head.
        NoPayee = "no_payee",
        /// Held by a decision of a person.
        Held = "held",
        /// No card has this token and these last digits.
        UnknownCard = "unknown_card",
        /// The card, or the family, has another one already.
        CardConflict = "card_conflict",
        /// The card's state does not allow the move.
        CardMove = "card_move",
        /// The row has what may be a PIN or a card number. It is not repeated.
        CardNumber = "card_number",
    }
}

impl Trouble {
    /// Whether nobody needs to do anything about the row: it is listed all the same.
    pub fn is_note(self) -> bool {
        self == Self::Duplicate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_leads_back_to_its_state() {
        assert!(Trouble::ALL.iter().all(|t| Trouble::from_code(t.code()) == Some(*t)));
        assert!(PaymentState::ALL.iter().all(|s| PaymentState::from_code(s.code()) == Some(*s)));
        assert_eq!(AccountState::from_code("lolos"), None);
    }
}
