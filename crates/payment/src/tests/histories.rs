//! Random histories: the decisions of this room and the books, played against a bank that keeps its own count. No database, no
//! clock: a history is a function of its seed. After each step the laws hold, lines and books agree, and a key has one live payment;
//! at the end, when everything the bank ever said has arrived, our count is the bank's, to the rupiah.
//!
//! What is played: payments that are built, checked, held, released, cancelled, ordered, sent and paid anew; a bank that credits,
//! fails, pays out and gives back; its replies in parts, doubled, shuffled, sent again, with rows that are wrong in each way; and
//! imports that die between two batches and begin again.

use std::{collections::BTreeMap, fmt::Write, sync::Arc};

use ledger::{Book, Figures, Movement, Place, Posted, Transfer, TransferId};
use model::{RegionCode, Rupiah};
use policy::Meaning;
use rayon::prelude::*;

use crate::{
    lines::{self, LineDecision},
    names::Likeness,
    reply::{self, CheckRow, Line, Marks, MoneyRow, Txn, Verdict},
    state::{AccountState, Eligibility, PaymentState, Trouble},
};

const STEPS: usize = 50;
const KEYS: usize = 2;
const LINES_MAX: usize = 5;

/// A small, fast sequence of random numbers (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// A row that the bank told, right or wrong.
#[derive(Clone)]
struct Row {
    line_id: i64,
    order: bool,
    means: Meaning,
    row: MoneyRow,
}

/// What the bank itself knows of a line that it was sent.
#[derive(Clone, Copy, Default)]
struct Account {
    asked: i64,
    credited: i64,
    paid_out: i64,
    given_back: i64,
    sent_back: i64,
}

/// A file of the bank, and how far its import came.
struct Reply {
    rows: Vec<Row>,
    mark: usize,
}

/// A mistake that the checks must find: the test of the test.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mistake {
    None,
    /// Transaction numbers are not remembered.
    CountsTwice,
    /// A movement is not booked.
    ForgetsToBook,
    /// A key is paid although a payment is on its way.
    PaysAnew,
}

struct World {
    dice: Dice,
    mistake: Mistake,
    lines: Vec<Line>,
    keys: Vec<usize>,
    book: Book,
    places: [ledger::PlaceId; 2],
    txns: BTreeMap<String, Txn>,
    bank: Vec<Account>,
    told: Vec<Row>,
    files: Vec<Reply>,
    clock: i64,
    posted: u128,
    batches: i64,
    words: [Arc<str>; 4],
}

fn place(n: usize) -> Place {
    Place {
        programme: "P".into(),
        period: "2026-T4".into(),
        region: RegionCode::parse(if n == 0 { "99.01.01" } else { "99.01.02" }).unwrap(),
        channel: "bank".into(),
    }
}

impl World {
    fn new(seed: u64, mistake: Mistake) -> Self {
        let mut book = Book::new();
        let places = [book.place(&place(0)), book.place(&place(1))];
        Self {
            dice: Dice(seed),
            mistake,
            lines: Vec::new(),
            keys: Vec::new(),
            book,
            places,
            txns: BTreeMap::new(),
            bank: Vec::new(),
            told: Vec::new(),
            files: Vec::new(),
            clock: 0,
            posted: 0,
            batches: 0,
            words: ["P".into(), "2026-T4".into(), "99.01.01.2001".into(), "bank".into()],
        }
    }

    fn step(&mut self) {
        self.clock += 1;
        match self.dice.below(32) {
            0..4 => self.build(),
            4..9 => self.check_account(),
            9 => self.person(),
            10..14 => self.order(),
            14..19 => self.credit(),
            19..23 => self.pay_out(),
            23..26 => self.write_file(),
            26 => self.send_again(),
            _ => self.import(),
        }
    }

    /// A payment for a key, unless one is on its way.
    fn build(&mut self) {
        let key = self.dice.below(KEYS);
        let live = self.lines.iter().zip(&self.keys).any(|(line, of)| *of == key && line.live);
        if self.lines.len() == LINES_MAX || (live && self.mistake != Mistake::PaysAnew) {
            return;
        }
        let line_id = self.lines.len() as i64;
        let [programme, period, region, channel] = self.words.clone();
        self.lines.push(Line {
            recipient: key as i64,
            line_id,
            cycle_id: 1,
            programme,
            period,
            region,
            channel,
            amount: 100 + self.dice.below(5) as i64 * 50,
            basis: "approved",
            payee_name: String::new(),
            account: None,
            name_at_bank: None,
            eligibility: Eligibility::Eligible,
            account_state: AccountState::Unchecked,
            payment: PaymentState::Set,
            problem: None,
            check_batch: None,
            order_batch: None,
            told: Marks::default(),
            topped_up: 0,
            withdrawn: 0,
            returned: 0,
            unpaid: 0,
            live: true,
            events: 0,
        });
        self.keys.push(key);
        self.bank.push(Account::default());
    }

    fn any_line(&mut self) -> Option<usize> {
        if self.lines.is_empty() { None } else { Some(self.dice.below(self.lines.len())) }
    }

    /// The account is asked about and answered, well or not.
    fn check_account(&mut self) {
        let Some(at) = self.any_line() else { return };
        let line = &mut self.lines[at];
        if line.account_state == AccountState::Unchecked && line.payment == PaymentState::Set {
            (line.account_state, line.check_batch) = (AccountState::Asked, Some("C".into()));
        }
        let account = if self.dice.one_in(9) { String::new() } else { format!("A{at}") };
        let row = CheckRow { batch: "C".into(), word: "W".into(), account, name_at_bank: String::new() };
        let means = if self.dice.one_in(6) { Meaning::Failed } else { Meaning::Ok };
        let names = if self.dice.one_in(6) { Likeness::Doubtful } else { Likeness::Same };
        reply::account_check(&mut self.lines[at], &row, means, names);
    }

    /// Somebody decides about a line; what does not fit its state is refused.
    fn person(&mut self) {
        let Some(at) = self.any_line() else { return };
        let decision = match self.dice.below(6) {
            0 => LineDecision::Hold,
            1 => LineDecision::Release,
            2 => LineDecision::Cancel,
            3 => LineDecision::AccountGood,
            4 => LineDecision::AccountFailed,
            _ => LineDecision::CheckAgain { account: None },
        };
        let _ = lines::change(&mut self.lines[at], &decision, None);
    }

    /// Everything that is ready is ordered and the bank is told.
    fn order(&mut self) {
        self.batches += 1;
        let batch: Arc<str> = format!("S{}", self.batches).into();
        for at in 0..self.lines.len() {
            let line = &self.lines[at];
            let ready = line.eligibility == Eligibility::Eligible
                && line.account_state == AccountState::Good
                && line.payment == PaymentState::Set
                && line.problem.is_none();
            if !ready || self.dice.one_in(4) {
                continue;
            }
            let line = &mut self.lines[at];
            line.order_batch = Some(Arc::clone(&batch));
            line.payment = PaymentState::Instructed;
            let (line_id, amount) = (line.line_id, line.amount);
            self.bank[at].asked = amount;
            self.post(line_id, Movement::Order, amount);
        }
    }

    fn post(&mut self, line_id: i64, movement: Movement, amount: i64) {
        if self.mistake == Mistake::ForgetsToBook && movement == Movement::Withdraw {
            return;
        }
        self.posted += 1;
        let place = self.places[(line_id % 2) as usize];
        let back = |t: &&Transfer| {
            (t.place, t.movement, t.amount, t.takes_back) == (place, movement, Rupiah::new(-amount), None)
        };
        // Which of several equal ones is taken back makes no difference to any figure.
        let takes_back =
            if amount < 0 { self.book.journal().iter().rev().find(back).map(|t| t.id) } else { None };
        let transfer = Transfer {
            id: TransferId(self.posted),
            at_ms: self.clock,
            place,
            movement,
            amount: Rupiah::new(amount.abs()),
            takes_back,
        };
        let posted = self.book.post(transfer);
        assert!(matches!(posted, Ok(Posted::New)) || self.mistake != Mistake::None, "{posted:?}");
    }

    fn tell(&mut self, at: usize, order: bool, means: Meaning, amount: i64) {
        let line = &self.lines[at];
        let (mut txn, mut account) = (String::with_capacity(8), String::new());
        let _ = write!(txn, "T{}", self.told.len());
        account.push_str(line.account.as_deref().unwrap_or(""));
        let batch = if order { line.order_batch.as_deref().map(str::to_owned) } else { None };
        let row = MoneyRow { batch, word: String::from("W"), account, amount, txn, file_no: 0 };
        self.told.push(Row { line_id: line.line_id, order, means, row });
    }

    /// The bank credits what it was sent, or says that it could not.
    fn credit(&mut self) {
        let Some(at) = self.any_line() else { return };
        let account = self.bank[at];
        let waits = account.asked > account.credited + account.sent_back;
        if !waits || account.credited > 0 {
            return;
        }
        match self.dice.below(6) {
            0 => self.tell(at, true, Meaning::Failed, account.asked),
            1 => {
                self.bank[at].sent_back = account.asked;
                self.tell(at, false, Meaning::Returned, account.asked);
            }
            _ => {
                self.bank[at].credited = account.asked;
                self.tell(at, true, Meaning::ToppedUp, account.asked);
            }
        }
    }

    /// People take money, or the bank gives back what nobody took.
    fn pay_out(&mut self) {
        let Some(at) = self.any_line() else { return };
        let account = self.bank[at];
        let left = account.credited - account.paid_out - account.given_back;
        if left == 0 {
            return;
        }
        let amount = if self.dice.one_in(2) { left } else { 1 + self.dice.below(left as usize) as i64 };
        if self.dice.one_in(4) {
            self.bank[at].given_back += amount;
            self.tell(at, false, Meaning::Returned, amount);
        } else {
            self.bank[at].paid_out += amount;
            self.tell(at, false, Meaning::Withdrawn, amount);
        }
    }

    /// Some of what the bank ever said, in any order, some of it spoilt, some twice.
    fn write_file(&mut self) {
        let mut rows = Vec::new();
        for _ in 0..self.dice.below(8) {
            if self.told.is_empty() {
                break;
            }
            let mut row = self.told[self.dice.below(self.told.len())].clone();
            match self.dice.below(14) {
                // Of a part that was taken nobody but the bank knows how much it was.
                0 if row.order => row.row.amount += 1,
                1 => row.row.amount = -row.row.amount,
                2 => row.row.account.push('0'),
                3 => row.row.batch = Some("S0".into()),
                4 => row.line_id = self.dice.below(LINES_MAX + 3) as i64,
                5 => row.row.txn.clear(),
                6 => row.means = Meaning::Unknown,
                7 => rows.push(row.clone()),
                _ => {}
            }
            rows.push(row);
        }
        self.files.push(Reply { rows, mark: 0 });
    }

    fn send_again(&mut self) {
        if let Some(file) = self.files.len().checked_sub(1) {
            let at = self.dice.below(file + 1);
            let mut rows = self.files[at].rows.clone();
            if self.dice.one_in(2) {
                rows.reverse();
            }
            self.files.push(Reply { rows, mark: 0 });
        }
    }

    /// Takes in a file in batches of two rows; dies between two of them now and then, and goes on another time.
    fn import(&mut self) {
        if self.files.is_empty() {
            return;
        }
        let file = self.dice.below(self.files.len());
        while self.files[file].mark < self.files[file].rows.len() {
            if self.dice.one_in(6) {
                return;
            }
            let from = self.files[file].mark;
            let to = (from + 2).min(self.files[file].rows.len());
            for at in from..to {
                let row = self.files[file].rows[at].clone();
                self.take(row, file as i64);
            }
            self.files[file].mark = to;
        }
    }

    fn take(&mut self, mut row: Row, file: i64) {
        row.row.file_no = file;
        let Some(line) = self.lines.get_mut(row.line_id as usize) else { return };
        let known = self.txns.get(&row.row.txn).filter(|_| self.mistake != Mistake::CountsTwice);
        let verdict = if row.order {
            reply::order_reply(line, &row.row, row.means, known)
        } else {
            reply::movement(line, &row.row, row.means, known)
        };
        match verdict {
            Verdict::Taken { moved, .. } => {
                let MoneyRow { txn, word, amount, .. } = row.row;
                self.txns.insert(txn, Txn { line_id: row.line_id, word, amount, file_no: file });
                for (movement, amount) in moved.into_iter().flatten() {
                    self.post(row.line_id, movement, amount);
                }
            }
            Verdict::Refused { trouble, .. } if !trouble.is_note() => {
                line.problem.get_or_insert(trouble);
            }
            _ => {}
        }
    }

    /// What is wrong now, if anything.
    fn wrong(&self) -> Option<String> {
        let figures = self.book.figures(|_| true).ok()?;
        let broken = self.book.broken().ok()?;
        if !broken.is_empty() {
            return Some(format!("{broken:?}"));
        }
        for key in 0..KEYS {
            let live =
                self.lines.iter().zip(&self.keys).filter(|(line, of)| **of == key && line.live).count();
            if live > 1 {
                return Some(format!("key {key} has {live} live payments"));
            }
        }
        let mut lines = Figures::default();
        let mut sums = [0i64; 7];
        for line in &self.lines {
            let ordered = if line.payment == PaymentState::Set { 0 } else { line.amount };
            let parts = [
                ordered,
                line.topped_up,
                line.withdrawn,
                line.unpaid,
                line.returned,
                line.pending(),
                line.on_card(),
            ];
            for (sum, part) in sums.iter_mut().zip(parts) {
                *sum += part;
            }
            let free = line.eligibility == Eligibility::Eligible || line.payment == PaymentState::Set;
            if !free || (line.problem == Some(Trouble::Held) && line.payment != PaymentState::Set) {
                return Some(format!("line {} was paid although it is held or cancelled", line.line_id));
            }
        }
        let [ordered, topped_up, withdrawn, unpaid, returned, pending, on_card] = sums.map(Rupiah::new);
        (lines.ordered, lines.topped_up, lines.withdrawn) = (ordered, topped_up, withdrawn);
        (lines.returned_unpaid, lines.returned_from_card) = (unpaid, returned);
        (lines.pending, lines.on_card) = (pending, on_card);
        if lines != figures {
            return Some(format!("lines {lines:?}, books {figures:?}"));
        }
        // Never more than the bank has really done. What came back counts as unpaid until its top-up is told.
        let done = self.bank_figures();
        let more = [
            (figures.topped_up, done.topped_up),
            (figures.withdrawn, done.withdrawn),
            (figures.returned_from_card, done.returned_from_card),
            (figures.returned().ok()?, done.returned().ok()?),
        ];
        more.iter().any(|(ours, banks)| ours > banks).then(|| format!("we {figures:?}, the bank {done:?}"))
    }

    fn bank_figures(&self) -> Figures {
        let sum = |of: &dyn Fn(&Account) -> i64| Rupiah::new(self.bank.iter().map(of).sum());
        let ordered = sum(&|a| a.asked);
        Figures {
            ordered,
            topped_up: sum(&|a| a.credited),
            withdrawn: sum(&|a| a.paid_out),
            returned_unpaid: sum(&|a| a.sent_back),
            returned_from_card: sum(&|a| a.given_back),
            pending: sum(&|a| a.asked - a.credited - a.sent_back),
            on_card: sum(&|a| a.credited - a.paid_out - a.given_back),
        }
    }

    /// Everything the bank ever said arrives, in its order: then both counts are one.
    fn settle(&mut self) -> Option<String> {
        self.clock += 1;
        let file = self.files.len() as i64;
        for at in 0..self.told.len() {
            let row = self.told[at].clone();
            self.take(row, file);
        }
        let (ours, banks) = (self.book.figures(|_| true).ok()?, self.bank_figures());
        self.wrong()
            .or_else(|| (ours != banks).then(|| format!("at the end we {ours:?}, the bank {banks:?}")))
    }
}

/// Plays a history; answers the step at which something was wrong.
fn play(seed: u64, mistake: Mistake) -> Result<(), String> {
    let mut world = World::new(seed, mistake);
    for step in 0..STEPS {
        world.step();
        if let Some(wrong) = world.wrong() {
            return Err(format!("seed {seed}, step {step}: {wrong}"));
        }
    }
    world.settle().map_or(Ok(()), |wrong| Err(format!("seed {seed}, at the end: {wrong}")))
}

/// A million histories of fifty steps; `HISTORIES` for more, `SEED` for others (`cargo xtask soak ledger`).
#[test]
fn the_laws_hold_in_a_million_histories() {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let (first, count) = (number("SEED").unwrap_or(0), number("HISTORIES").unwrap_or(1_000_000));
    let wrong =
        (first..first + count).into_par_iter().map(|seed| play(seed, Mistake::None)).find_any(Result::is_err);
    assert_eq!(wrong, None);
}

#[test]
fn a_history_with_a_mistake_is_found() {
    for mistake in [Mistake::CountsTwice, Mistake::ForgetsToBook, Mistake::PaysAnew] {
        let found = (0..4_000).filter(|seed| play(*seed, mistake).is_err()).count();
        assert!(found >= 5, "only {found} of 4000");
    }
}
