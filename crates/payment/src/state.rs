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
        /// Asked of the treasury (SPM), not paid out by it yet.
        Committed = "committed",
        /// Left the treasury (SP2D).
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

impl PaymentState {
    /// What an order in this state says of its lines; nothing before it was approved. Of a line that was withheld the channel was
    /// never told.
    pub(crate) fn of_order(state: &str, eligibility: Eligibility) -> Option<Self> {
        match state {
            "approved" => Some(Self::Committed),
            "sent" if eligibility == Eligibility::Eligible => Some(Self::Instructed),
            "disbursed" | "sent" => Some(Self::Ordered),
            _ => None,
        }
    }

    /// Whether its money left the treasury.
    pub(crate) fn is_ordered(self) -> bool {
        !matches!(self, Self::Set | Self::Committed)
    }
}

coded! {
    /// Why a row of a reply was not taken, or why a line waits for a person.
    Trouble {
        /// The row names a line that does not exist.
        UnknownRef = "unknown_ref",
        /// The row cannot be read.
        BadRow = "bad_row",
        /// The reference is no number of a line.
        BadRef = "bad_ref",
        /// The amount is not whole rupiah: a sign, a separator, decimals, another currency.
        BadAmount = "bad_amount",
        /// The day is none.
        BadDate = "bad_date",
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
        /// A receipt of the post office tells of another amount or day than its list, for the same money.
        ReceiptConflict = "receipt_conflict",
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
        /// The payee died before the money was sent.
        PayeeDied = "payee_died",
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

coded! {
    /// Why a received file is refused whole, before any row of it is believed.
    Refusal {
        /// The first record is missing or wrong.
        Header = "header",
        /// The last record is missing or wrong: the file was cut.
        Trailer = "trailer",
        /// Something follows the last record.
        AfterTrailer = "after_trailer",
        /// A record of no known kind.
        Record = "record",
        /// Another number of rows than the file says.
        Rows = "rows",
        /// Another sum than the file says, or an amount that cannot be summed.
        Sum = "sum",
        /// Other bytes than were sealed.
        Hash = "hash",
        /// The seal beside the file is missing or unreadable.
        Seal = "seal",
        /// A file of another channel.
        Channel = "channel",
        /// It answers a file that was not sent to this channel.
        Batch = "batch",
        /// Another file took this running number.
        Sequence = "sequence",
        /// Not XML as the standard has it.
        Xml = "xml",
        /// A message of another kind or version.
        Namespace = "namespace",
        /// The balances do not add up.
        Balance = "balance",
        /// The details of an entry do not come to its amount.
        Details = "details",
        /// A status for all contradicts a listed one, or does not prove which order it means.
        Status = "status",
    }
}

impl Refusal {
    /// Stable code of the error, the key of its words.
    pub fn error_code(self) -> &'static str {
        match self {
            Self::Header => "payment-refused-header",
            Self::Trailer => "payment-refused-trailer",
            Self::AfterTrailer => "payment-refused-after_trailer",
            Self::Record => "payment-refused-record",
            Self::Rows => "payment-refused-rows",
            Self::Sum => "payment-refused-sum",
            Self::Hash => "payment-refused-hash",
            Self::Seal => "payment-refused-seal",
            Self::Channel => "payment-refused-channel",
            Self::Batch => "payment-refused-batch",
            Self::Sequence => "payment-refused-sequence",
            Self::Xml => "payment-refused-xml",
            Self::Namespace => "payment-refused-namespace",
            Self::Balance => "payment-refused-balance",
            Self::Details => "payment-refused-details",
            Self::Status => "payment-refused-status",
        }
    }

    /// What is wrong and what to do, for the command line.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Header => "the first record is missing or wrong; ask the channel for the file anew",
            Self::Trailer => "the file is cut, its last record is missing or wrong; ask for it anew",
            Self::AfterTrailer => "something follows the last record; ask for the file anew",
            Self::Record => "the record is of no kind that the layout has; check layout and file",
            Self::Rows => "the number of rows is not what the file says; ask for it anew",
            Self::Sum => "the sum of the amounts is not what the file says; ask for it anew",
            Self::Hash => "the file was changed after it was sealed; ask for it anew",
            Self::Seal => "the seal beside the file is missing or unreadable; ask for it",
            Self::Channel => "the file is another channel's; name that channel",
            Self::Batch => {
                "it answers a file that was not sent to this channel; send that first, or name the channel"
            }
            Self::Sequence => "another file has this number; ask the channel which one counts",
            Self::Xml => "this is not XML as the standard has it; ask for the file anew",
            Self::Namespace => "this is another message or version; ask for the one that the layout names",
            Self::Balance => "the balances do not add up; ask for the statement anew",
            Self::Details => "the details of an entry do not come to its amount; ask for the statement anew",
            Self::Status => {
                "the status for all does not fit the order or a listed status; ask for single ones"
            }
        }
    }
}

impl Trouble {
    /// Whether nobody needs to do anything about the row: it is listed all the same.
    pub fn is_note(self) -> bool {
        self == Self::Duplicate
    }

    /// Whether the row may fit once its line has moved: then it is judged again.
    pub fn waits(self) -> bool {
        matches!(
            self,
            Self::WrongBatch
                | Self::WrongAccount
                | Self::WrongAmount
                | Self::NotExpected
                | Self::NotToppedUp
                | Self::OverWithdrawn
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_led_to_by_the_states_that_lines_have() {
        let codes: [Vec<&str>; 3] = [
            Eligibility::ALL.iter().map(|one| one.code()).collect(),
            AccountState::ALL.iter().map(|one| one.code()).collect(),
            PaymentState::ALL.iter().map(|one| one.code()).collect(),
        ];
        assert_eq!(policy::LINE_STATES.map(|(_, codes)| codes.to_vec()), codes);
    }

    #[test]
    fn a_code_leads_back_to_its_state() {
        assert!(Trouble::ALL.iter().all(|t| Trouble::from_code(t.code()) == Some(*t)));
        assert!(PaymentState::ALL.iter().all(|s| PaymentState::from_code(s.code()) == Some(*s)));
        assert_eq!(AccountState::from_code("lolos"), None);
    }
}
