//! Cells of a row as values: which line, what is said of it, which amount. A cell that is not exactly what it must be is named;
//! nothing is guessed. Amounts are digits only: no sign, no separator, no decimals, no exponent.

use crate::{
    reply::{CheckRow, MoneyRow},
    state::Trouble,
    wire::ReplyRow,
};

/// Longest word of a channel that is kept.
const WORD_MAX: usize = 40;

/// What kind of answer a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    AccountCheck,
    Order,
    Movements,
}

impl Told {
    pub(crate) fn amount(&self) -> Option<i64> {
        match self {
            Self::Check(_) => None,
            Self::Money(money, _) => Some(money.amount),
        }
    }

    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Check(check) => &check.word,
            Self::Money(money, _) => &money.word,
        }
    }
}

impl Kind {
    /// In the order in which a payment lives through them.
    pub(crate) const ALL: [Self; 3] = [Self::AccountCheck, Self::Order, Self::Movements];

    /// From the name of its layout; none for files that are no answers about lines.
    pub(crate) fn of_layout(layout: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.layout() == layout)
    }

    pub(crate) fn layout(self) -> &'static str {
        match self {
            Self::AccountCheck => "account_check_reply",
            Self::Order => "order_reply",
            Self::Movements => "movements",
        }
    }

    /// The file of ours that it answers.
    pub(crate) fn answers(self) -> &'static str {
        match self {
            Self::AccountCheck => "account_check_request",
            Self::Order | Self::Movements => "order",
        }
    }
}

/// Where the cells are that we need.
pub(crate) struct Places {
    batch: Option<usize>,
    reference: Option<usize>,
    account: Option<usize>,
    /// Result or kind of movement.
    word: Option<usize>,
    name: Option<usize>,
    amount: Option<usize>,
    date: Option<usize>,
    txn: Option<usize>,
}

impl Places {
    pub(crate) fn of(kind: Kind, place: impl Fn(&str) -> Option<usize>) -> Self {
        Self {
            batch: place("batch"),
            reference: place("ref"),
            account: place("account"),
            word: place(if kind == Kind::Movements { "kind" } else { "result" }),
            name: place("name_at_bank"),
            amount: place("amount_idr"),
            date: place("date"),
            txn: place("bank_txn"),
        }
    }
}

/// A row as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    Check(CheckRow),
    Money(MoneyRow, String),
}

/// What cannot be read in a row, as it stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unread {
    pub(crate) trouble: Trouble,
    pub(crate) found: String,
}

/// A row's line and what is said of it.
pub(crate) fn read(kind: Kind, places: &Places, row: &ReplyRow, file_no: i64) -> Result<(i64, Told), Unread> {
    let unread = |trouble, found: &str| Unread { trouble, found: found.chars().take(40).collect() };
    let Some(cells) = &row.cells else { return Err(unread(Trouble::BadRow, "")) };
    let cell = |place: Option<usize>| {
        place.and_then(|place| cells.get(place)).ok_or_else(|| unread(Trouble::BadRow, ""))
    };
    let reference = cell(places.reference)?;
    let line_id = whole(reference).ok_or_else(|| unread(Trouble::BadRef, reference))?;
    let word: String = cell(places.word)?.chars().take(WORD_MAX).collect();
    let account = cell(places.account)?.to_owned();
    if kind == Kind::AccountCheck {
        let (batch, name_at_bank) = (cell(places.batch)?.to_owned(), cell(places.name)?.to_owned());
        return Ok((line_id, Told::Check(CheckRow { batch, word, account, name_at_bank })));
    }
    let amount = cell(places.amount)?;
    let amount = whole(amount).filter(|idr| *idr > 0).ok_or_else(|| unread(Trouble::BadAmount, amount))?;
    let day = cell(places.date)?;
    let date = model::parse_date(day).map_err(|_| unread(Trouble::BadDate, day))?.to_string();
    let batch = if kind == Kind::Order { Some(cell(places.batch)?.to_owned()) } else { None };
    let txn = cell(places.txn)?.to_owned();
    Ok((line_id, Told::Money(MoneyRow { batch, word, account, amount, txn, file_no }, date)))
}

/// A whole number, not negative: digits and nothing else, within 64 bits.
pub(crate) fn whole(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
