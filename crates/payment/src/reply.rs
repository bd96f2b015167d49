//! What a row of a reply does to a line: pure decisions, one function for each kind of file.
//!
//! In: the row, the line as it is now, what is known of its transaction number. Out: the changed line, the event and the movement
//! of money, or the trouble that puts the row on the work list. A row is taken only when id, batch, amount and account all fit;
//! otherwise no rupiah moves. Never here: I/O, the clock, a bank's word (the policy pack says what a word means).

use std::sync::Arc;

use ledger::Movement;
use policy::Meaning;

use crate::{
    names::Likeness,
    state::{AccountState, Eligibility, PaymentState, Trouble},
};

/// The files and the order that tell a line's story where the usual happened: no event stands for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// Asked about the account.
    pub(crate) check_file: Option<i64>,
    /// Said that the account is good.
    pub(crate) check_reply: Option<i64>,
    /// Ordered the money.
    pub(crate) order: Option<i64>,
    /// Said that all of it is on the card.
    pub(crate) order_reply: Option<i64>,
    /// Said that all of it was taken.
    pub(crate) moved_file: Option<i64>,
}

/// A line as it is now, as far as replies can touch it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) recipient: i64,
    pub(crate) line_id: i64,
    pub(crate) cycle_id: i64,
    pub(crate) programme: Arc<str>,
    pub(crate) period: Arc<str>,
    pub(crate) region: Arc<str>,
    pub(crate) channel: Arc<str>,
    pub(crate) amount: i64,
    /// Why it is paid.
    pub(crate) basis: &'static str,
    pub(crate) payee_name: String,
    pub(crate) account: Option<String>,
    pub(crate) name_at_bank: Option<String>,
    pub(crate) eligibility: Eligibility,
    pub(crate) account_state: AccountState,
    pub(crate) payment: PaymentState,
    pub(crate) problem: Option<Trouble>,
    /// Batch of the account check that the line was sent with.
    pub(crate) check_batch: Option<Arc<str>>,
    /// Batch of the order that the line was sent with.
    pub(crate) order_batch: Option<Arc<str>>,
    /// What happened to the line together with others.
    pub(crate) told: Marks,
    pub(crate) topped_up: i64,
    pub(crate) withdrawn: i64,
    pub(crate) returned: i64,
    pub(crate) unpaid: i64,
    pub(crate) live: bool,
    pub(crate) events: i64,
}

impl Line {
    /// What is on the card.
    pub(crate) fn on_card(&self) -> i64 {
        self.topped_up - self.withdrawn - self.returned
    }

    /// What the channel holds: all that was ordered and neither topped up nor returned.
    pub(crate) fn pending(&self) -> i64 {
        if matches!(self.payment, PaymentState::Set) { 0 } else { self.amount - self.topped_up - self.unpaid }
    }
}

/// What the channel's transaction number is known for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Txn {
    pub(crate) line_id: i64,
    pub(crate) word: String,
    pub(crate) amount: i64,
    pub(crate) file_no: i64,
}

/// A row of an account-check reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckRow {
    pub(crate) batch: String,
    pub(crate) word: String,
    pub(crate) account: String,
    pub(crate) name_at_bank: String,
}

/// A row of an order reply or of a list of movements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MoneyRow {
    /// Not in lists of movements.
    pub(crate) batch: Option<String>,
    pub(crate) word: String,
    pub(crate) account: String,
    pub(crate) amount: i64,
    pub(crate) txn: String,
    pub(crate) file_no: i64,
}

/// A state that changed, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) kind: &'static str,
    pub(crate) state: &'static str,
    /// Our own reason; none when the bank's word is the reason.
    pub(crate) reason: Option<Trouble>,
    pub(crate) next: &'static str,
}

/// Money that moved, in this order; an amount below zero takes an earlier movement back.
pub(crate) type Moves = [Option<(Movement, i64)>; 3];

const NONE: Moves = [None; 3];

/// What to do with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The line was changed.
    Taken {
        step: Step,
        /// Money that moved.
        moved: Moves,
    },
    /// The same was told before, in another file: nothing to do.
    Known,
    /// Not taken.
    Refused { trouble: Trouble, expected: String, found: String },
}

fn refused(trouble: Trouble, expected: impl ToString, found: impl ToString) -> Verdict {
    Verdict::Refused { trouble, expected: expected.to_string(), found: found.to_string() }
}

/// An account check was answered.
pub(crate) fn account_check(line: &mut Line, row: &CheckRow, means: Meaning, names: Likeness) -> Verdict {
    if line.check_batch.as_deref() != Some(row.batch.as_str()) {
        return refused(Trouble::WrongBatch, line.check_batch.as_deref().unwrap_or("-"), &row.batch);
    }
    if line.account_state != AccountState::Asked {
        if means == Meaning::Waiting {
            // The answer was here first.
            return Verdict::Known;
        }
        let same = line.account.as_deref().unwrap_or("") == row.account;
        let trouble = if same { Trouble::Duplicate } else { Trouble::NotExpected };
        return refused(trouble, line.account_state.code(), &row.word);
    }
    if matches!(means, Meaning::Waiting) {
        return Verdict::Known;
    }
    if matches!(means, Meaning::Ok) && row.account.is_empty() {
        return refused(Trouble::AccountMissing, "account", "");
    }
    let (state, problem, next) = match (means, names) {
        (Meaning::Ok | Meaning::Unknown, Likeness::Same) if !row.account.is_empty() => {
            (AccountState::Good, None, "order")
        }
        (Meaning::Ok | Meaning::Unknown, Likeness::Doubtful) => {
            (AccountState::Doubtful, Some(Trouble::NameDoubtful), "compare_names")
        }
        (Meaning::Ok | Meaning::Unknown, _) => {
            (AccountState::Failed, Some(Trouble::NameDiffers), "repair_account")
        }
        _ => (AccountState::Failed, Some(Trouble::AccountRefused), "repair_account"),
    };
    if !row.account.is_empty() {
        line.account = Some(row.account.clone());
    }
    line.name_at_bank = Some(row.name_at_bank.clone()).filter(|name| !name.is_empty());
    line.account_state = state;
    line.problem = problem;
    // The channel's own word is the better reason where it refused.
    let reason = problem.filter(|p| *p != Trouble::AccountRefused);
    Verdict::Taken { step: Step { kind: "account", state: state.code(), reason, next }, moved: NONE }
}

/// What every row about money must fit before anything else is asked. None when it fits.
fn misfit(line: &Line, row: &MoneyRow, known: Option<&Txn>) -> Option<Verdict> {
    if row.txn.is_empty() || row.amount <= 0 {
        return Some(refused(Trouble::BadRow, "bank_txn, amount_idr > 0", row.amount));
    }
    if let Some(known) = known {
        let same = known.line_id == line.line_id && known.word == row.word && known.amount == row.amount;
        return Some(match (same, known.file_no == row.file_no) {
            (true, false) => Verdict::Known,
            (true, true) => refused(Trouble::Duplicate, &row.txn, &row.txn),
            (false, _) => refused(
                Trouble::TxnConflict,
                format!("{} {} {}", known.line_id, known.word, known.amount),
                format!("{} {} {}", line.line_id, row.word, row.amount),
            ),
        });
    }
    if let Some(batch) = &row.batch
        && line.order_batch.as_deref() != Some(batch.as_str())
    {
        return Some(refused(Trouble::WrongBatch, line.order_batch.as_deref().unwrap_or("-"), batch));
    }
    if line.account.as_deref() != Some(row.account.as_str()) {
        let ours = tail(line.account.as_deref().unwrap_or(""));
        return Some(refused(Trouble::WrongAccount, ours, tail(&row.account)));
    }
    None
}

/// Whether a row fits its line as it stands, so that it can only be new: of an order's reply, or else of a list of movements.
pub(crate) fn fits(line: &Line, row: &MoneyRow, order: bool) -> bool {
    let same = line.account.as_deref() == Some(row.account.as_str());
    let waits = if order {
        line.payment == PaymentState::Instructed
            && row.amount == line.amount
            && line.order_batch.as_deref() == row.batch.as_deref()
    } else {
        row.amount > 0 && row.amount <= line.on_card()
    };
    same && waits && !row.txn.is_empty()
}

/// The last digits of an account: enough to tell two apart on a list.
fn tail(account: &str) -> String {
    let digits: Vec<char> = account.chars().collect();
    let from = digits.len().saturating_sub(4);
    format!("…{}", digits[from..].iter().collect::<String>())
}

/// A channel that is still at work says nothing about a line that it was told to pay, also when what it came to was here first.
fn is_no_news(line: &Line, row: &MoneyRow, means: Meaning) -> bool {
    let told = !matches!(line.payment, PaymentState::Set | PaymentState::Committed | PaymentState::Ordered);
    let ours = row.amount == line.amount
        && line.order_batch.as_deref() == row.batch.as_deref()
        && line.account.as_deref() == Some(row.account.as_str());
    means == Meaning::Waiting && told && ours
}

/// A top-up was answered.
pub(crate) fn order_reply(line: &mut Line, row: &MoneyRow, means: Meaning, known: Option<&Txn>) -> Verdict {
    if is_no_news(line, row, means) {
        return Verdict::Known;
    }
    if let Some(verdict) = misfit(line, row, known) {
        return verdict;
    }
    if line.payment == PaymentState::SentBack && means == Meaning::ToppedUp && row.amount == line.unpaid {
        return was_on_card(line);
    }
    if means == Meaning::Returned && line.topped_up == line.amount && line.on_card() == row.amount {
        // Put on the card and taken from there again: told in this order, as in the other one, it came back from the card.
        line.returned += row.amount;
        let (state, next) = after_card(line);
        return settle(line, state, next, Some((Movement::ReturnFromCard, row.amount)));
    }
    if !matches!(line.payment, PaymentState::Instructed | PaymentState::Failed) {
        return refused(Trouble::NotExpected, line.payment.code(), &row.word);
    }
    if row.amount != line.amount {
        return refused(Trouble::WrongAmount, line.amount, row.amount);
    }
    match means {
        Meaning::ToppedUp | Meaning::Ok => {
            line.topped_up = line.amount;
            settle(line, PaymentState::ToppedUp, "follow_withdrawal", Some((Movement::TopUp, row.amount)))
        }
        Meaning::Returned => come_back_unpaid(line, row.amount),
        Meaning::Failed => {
            let verdict = settle(line, PaymentState::Failed, "ask_return", None);
            line.problem = Some(Trouble::TopUpFailed);
            verdict
        }
        Meaning::Waiting | Meaning::Withdrawn | Meaning::Unknown => {
            refused(Trouble::UnknownWord, "", &row.word)
        }
    }
}

/// Money was taken from the card, or came back.
pub(crate) fn movement(line: &mut Line, row: &MoneyRow, means: Meaning, known: Option<&Txn>) -> Verdict {
    if let Some(verdict) = misfit(line, row, known) {
        return verdict;
    }
    match means {
        Meaning::Withdrawn | Meaning::Returned if line.topped_up == 0 => {
            // Only what the channel was told to pay can come back from it.
            let told = matches!(line.payment, PaymentState::Instructed | PaymentState::Failed);
            let whole = told && means == Meaning::Returned && line.pending() == row.amount;
            if whole {
                come_back_unpaid(line, row.amount)
            } else if told && means == Meaning::Returned && line.pending() > 0 {
                refused(Trouble::WrongAmount, line.pending(), row.amount)
            } else {
                refused(Trouble::NotToppedUp, line.payment.code(), &row.word)
            }
        }
        Meaning::Withdrawn | Meaning::Returned if row.amount > line.on_card() => {
            refused(Trouble::OverWithdrawn, line.on_card(), row.amount)
        }
        Meaning::Withdrawn => {
            line.withdrawn += row.amount;
            let (state, next) = after_card(line);
            settle(line, state, next, Some((Movement::Withdraw, row.amount)))
        }
        Meaning::Returned => {
            line.returned += row.amount;
            let (state, next) = after_card(line);
            settle(line, state, next, Some((Movement::ReturnFromCard, row.amount)))
        }
        _ => refused(Trouble::UnknownWord, "", &row.word),
    }
}

fn come_back_unpaid(line: &mut Line, amount: i64) -> Verdict {
    line.unpaid += amount;
    line.live = false;
    settle(line, PaymentState::SentBack, "find_cause", Some((Movement::ReturnUnpaid, amount)))
}

/// The return was told before the top-up: the money did not come back unpaid, it was on the card and came back from there.
fn was_on_card(line: &mut Line) -> Verdict {
    let amount = line.unpaid;
    (line.unpaid, line.topped_up, line.returned) = (0, amount, amount);
    let moves = [
        Some((Movement::ReturnUnpaid, -amount)),
        Some((Movement::TopUp, amount)),
        Some((Movement::ReturnFromCard, amount)),
    ];
    settle_all(line, PaymentState::Returned, "find_cause", moves)
}

fn after_card(line: &mut Line) -> (PaymentState, &'static str) {
    if line.on_card() > 0 {
        (PaymentState::ToppedUp, "follow_withdrawal")
    } else if line.withdrawn == 0 {
        // All came back: the recipient may be paid anew.
        line.live = false;
        (PaymentState::Returned, "find_cause")
    } else {
        (PaymentState::Withdrawn, "none")
    }
}

fn settle(
    line: &mut Line,
    state: PaymentState,
    next: &'static str,
    moved: Option<(Movement, i64)>,
) -> Verdict {
    settle_all(line, state, next, [moved, None, None])
}

fn settle_all(line: &mut Line, state: PaymentState, next: &'static str, moved: Moves) -> Verdict {
    line.payment = state;
    line.problem = None;
    Verdict::Taken { step: Step { kind: "payment", state: state.code(), reason: None, next }, moved }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line {
            recipient: 7,
            line_id: 70,
            cycle_id: 1,
            programme: "P".into(),
            period: "2026-T4".into(),
            region: "99.01.01.2001".into(),
            channel: "bank".into(),
            amount: 600_000,
            payee_name: "SUTRISNO".into(),
            account: Some("990000000001".into()),
            name_at_bank: None,
            eligibility: Eligibility::Eligible,
            account_state: AccountState::Good,
            payment: PaymentState::Instructed,
            problem: None,
            basis: "approved",
            told: Marks::default(),
            check_batch: Some("C1".into()),
            order_batch: Some("S1".into()),
            topped_up: 0,
            withdrawn: 0,
            returned: 0,
            unpaid: 0,
            live: true,
            events: 3,
        }
    }

    fn row(word: &str, amount: i64, txn: &str) -> MoneyRow {
        MoneyRow {
            batch: Some("S1".into()),
            word: word.into(),
            account: "990000000001".into(),
            amount,
            txn: txn.into(),
            file_no: 9,
        }
    }

    fn trouble(verdict: &Verdict) -> Option<Trouble> {
        match verdict {
            Verdict::Refused { trouble, .. } => Some(*trouble),
            _ => None,
        }
    }

    #[test]
    fn a_row_that_misses_in_anything_moves_nothing() {
        type Spoil = fn(&mut MoneyRow);
        let cases: [(Trouble, Spoil); 5] = [
            (Trouble::WrongAmount, |row| row.amount += 1),
            (Trouble::WrongAccount, |row| row.account.push('0')),
            (Trouble::WrongBatch, |row| row.batch = Some("S2".into())),
            (Trouble::BadRow, |row| row.txn.clear()),
            (Trouble::BadRow, |row| row.amount = -600_000),
        ];
        for (expected, spoil) in cases {
            let (mut line, mut row) = (line(), row("TOPUP", 600_000, "T1"));
            let before = line.clone();
            spoil(&mut row);
            let verdict = order_reply(&mut line, &row, Meaning::ToppedUp, None);
            assert_eq!((trouble(&verdict), &line), (Some(expected), &before));
        }
    }

    #[test]
    fn a_transaction_number_counts_once() {
        let mut line = line();
        let known = |amount, file_no| Txn { line_id: 70, word: "TOPUP".into(), amount, file_no };
        let topup = row("TOPUP", 600_000, "T1");
        let first = order_reply(&mut line, &topup, Meaning::ToppedUp, None);
        assert!(matches!(
            first,
            Verdict::Taken { moved: [Some((Movement::TopUp, 600_000)), None, None], .. }
        ));
        let again = |line: &mut Line, known| order_reply(line, &topup, Meaning::ToppedUp, Some(&known));
        assert_eq!(trouble(&again(&mut line, known(600_000, 9))), Some(Trouble::Duplicate));
        assert_eq!(again(&mut line, known(600_000, 8)), Verdict::Known);
        assert_eq!(trouble(&again(&mut line, known(500_000, 8))), Some(Trouble::TxnConflict));
        let other = order_reply(&mut line, &row("TOPUP", 600_000, "T2"), Meaning::ToppedUp, None);
        assert_eq!(trouble(&other), Some(Trouble::NotExpected), "a second top-up is never taken");
    }

    #[test]
    fn a_card_gives_no_more_than_it_holds() {
        let mut line = line();
        let act = |line: &mut Line, means, amount| movement(line, &row("X", amount, "M"), means, None);
        assert_eq!(trouble(&act(&mut line, Meaning::Withdrawn, 1)), Some(Trouble::NotToppedUp));
        order_reply(&mut line, &row("TOPUP", 600_000, "T1"), Meaning::ToppedUp, None);
        act(&mut line, Meaning::Withdrawn, 250_000);
        assert_eq!((line.payment, line.on_card()), (PaymentState::ToppedUp, 350_000));
        assert_eq!(trouble(&act(&mut line, Meaning::Returned, 350_001)), Some(Trouble::OverWithdrawn));
        act(&mut line, Meaning::Returned, 350_000);
        assert_eq!((line.payment, line.on_card(), line.live), (PaymentState::Withdrawn, 0, true));
    }

    #[test]
    fn money_that_never_reached_the_card_comes_back_whole() {
        let mut line = line();
        order_reply(&mut line, &row("GAGAL", 600_000, "T1"), Meaning::Failed, None);
        assert_eq!((line.payment, line.pending()), (PaymentState::Failed, 600_000));
        let part = movement(&mut line, &row("RETUR", 599_999, "M1"), Meaning::Returned, None);
        assert_eq!(trouble(&part), Some(Trouble::WrongAmount));
        movement(&mut line, &row("RETUR", 600_000, "M2"), Meaning::Returned, None);
        assert_eq!((line.payment, line.pending(), line.live), (PaymentState::SentBack, 0, false));
    }

    #[test]
    fn a_top_up_that_is_told_after_its_return_puts_the_books_right() {
        let mut line = line();
        movement(&mut line, &row("RETUR", 600_000, "M1"), Meaning::Returned, None);
        assert_eq!((line.payment, line.unpaid), (PaymentState::SentBack, 600_000));
        let verdict = order_reply(&mut line, &row("TOPUP", 600_000, "T1"), Meaning::ToppedUp, None);
        let Verdict::Taken { moved, .. } = verdict else { panic!("{verdict:?}") };
        let sum: i64 = moved.iter().flatten().map(|(_, amount)| amount).sum();
        assert_eq!((sum, line.payment), (600_000, PaymentState::Returned));
        assert_eq!((line.unpaid, line.topped_up, line.returned, line.live), (0, 600_000, 600_000, false));
    }

    #[test]
    fn an_account_passes_only_with_its_owners_name() {
        let check = |means, account: &str, names| {
            let mut line = Line { account: None, account_state: AccountState::Asked, ..line() };
            let row = CheckRow {
                batch: "C1".into(),
                word: "W".into(),
                account: account.into(),
                name_at_bank: "X".into(),
            };
            let verdict = account_check(&mut line, &row, means, names);
            (line.account_state, trouble(&verdict))
        };
        use Likeness::{Different, Doubtful, Same};
        assert_eq!(check(Meaning::Ok, "1", Same), (AccountState::Good, None));
        assert_eq!(check(Meaning::Unknown, "1", Same), (AccountState::Good, None));
        assert_eq!(check(Meaning::Ok, "1", Doubtful), (AccountState::Doubtful, None));
        assert_eq!(check(Meaning::Ok, "1", Different), (AccountState::Failed, None));
        assert_eq!(check(Meaning::Failed, "1", Same), (AccountState::Failed, None));
        assert_eq!(check(Meaning::Ok, "", Same), (AccountState::Asked, Some(Trouble::AccountMissing)));
    }
}
