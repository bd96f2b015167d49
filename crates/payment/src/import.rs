//! Taking in what a channel answers, in batches: stage the rows, fetch the lines they name, decide each row (see `reply`), write
//! lines, events, transaction numbers, exceptions and books. One transaction a batch, with the mark how far it got, so that a
//! killed import continues and the laws hold at every commit. The same file again, known by its content, changes nothing.

use std::path::Path;

use access::{House, Scope};
use linkage::standardise::Standardiser;
use model::{FamilyId, LineId, Progress, RegionCode, parse_date};
use policy::{Channel, ChannelResult, Meaning};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use store::{Tx, Value, params};

use crate::{
    Error, Result, books, checks, common, effect,
    effect::Effect,
    files::{self, Counts, FileView, NewFile},
    lines::{self, Batches, EventRow},
    names::{self, Likeness},
    queries,
    reply::{self, CheckRow, Line, MoneyRow, Txn, Verdict},
    state::{AccountState, Trouble},
    wire::{self, Replies, ReplyRow},
};

/// Rows of one transaction.
const BATCH: usize = 20_000;
/// Longest word of a channel that is kept.
const WORD_MAX: usize = 40;

/// What kind of answer a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    AccountCheck,
    Order,
    Movements,
}

impl Kind {
    fn layout(self) -> &'static str {
        match self {
            Self::AccountCheck => "account_check_reply",
            Self::Order => "order_reply",
            Self::Movements => "movements",
        }
    }
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The file as it is kept.
    pub file: FileView,
    /// The file was taken before; nothing changed now.
    pub again: bool,
}

/// Takes in the answer to an account check. Doubtful and failed lines go to the work list and put effects.
///
/// # Errors
/// [`Error::Columns`] when it is no such file; then nothing was taken.
pub fn import_account_replies(
    house: &House,
    scope: &Scope,
    channel: &str,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Imported> {
    import(house, scope, channel, Kind::AccountCheck, path, progress)
}

/// Takes in the answer to an order: what was topped up, what failed.
///
/// # Errors
/// As [`import_account_replies`].
pub fn import_order_replies(
    house: &House,
    scope: &Scope,
    channel: &str,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Imported> {
    import(house, scope, channel, Kind::Order, path, progress)
}

/// Takes in movements: withdrawals and returns.
///
/// # Errors
/// As [`import_account_replies`].
pub fn import_movements(
    house: &House,
    scope: &Scope,
    channel: &str,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Imported> {
    import(house, scope, channel, Kind::Movements, path, progress)
}

fn import(
    house: &House,
    scope: &Scope,
    channel: &str,
    kind: Kind,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Imported> {
    common::need(scope, "payment.import")?;
    let _lock = common::lock(house)?;
    let channel = checks::channel_of(house, channel)?;
    let mut replies = open(house, channel, kind, path)?;
    let file = house.db.write(|tx| begin(tx, house, scope, channel, kind, path))?;
    if file.state == "posted" {
        return Ok(Imported { file, again: true });
    }
    keep(house, channel, kind, &file, path)?;
    let import = Import::new(house, scope, channel, kind, file.file_no, &replies)?;
    let (mut counts, mut mark) = (file.counts, 0);
    loop {
        let mut rows = replies.next_rows(BATCH)?;
        let Some(last) = rows.last().map(|row| row.row_no) else { break };
        // What an interrupted import committed is not taken again.
        rows.retain(|row| row.row_no > file.mark);
        if !rows.is_empty() {
            counts = house.db.write(|tx| import.take(tx, &rows, counts.clone(), last))?;
        }
        mark = last;
        progress.report(kind.layout(), mark as u64, 0);
    }
    house.db.write(|tx| import.finish(tx, &counts, mark))?;
    let file = house.db.read(|tx| files::get(tx, file.file_no))?;
    Ok(Imported { file, again: false })
}

fn open(house: &House, channel: &Channel, kind: Kind, path: &Path) -> Result<Replies> {
    let bytes_max = house.policy.settings().limits.file_bytes;
    let bytes = std::fs::metadata(path).map_err(|error| Error::file(path, &error))?.len();
    if bytes > bytes_max {
        return Err(Error::TooLarge { name: file_name(path), bytes_max });
    }
    Replies::open(path, wire::layout(channel, kind.layout())?)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Finds the file by its content, or makes its row.
fn begin(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    channel: &Channel,
    kind: Kind,
    path: &Path,
) -> Result<FileView> {
    let hash = lake::hash_file(path)?;
    if let Some(row) = tx.query_opt(&queries::FILE_OF_HASH, params![&channel.key, kind.layout(), &hash])? {
        return files::read(&row);
    }
    let file_no = store::next_number(tx, "channel_file", 1)?;
    let bytes = std::fs::metadata(path).map_err(|error| Error::file(path, &error))?.len();
    let name = file_name(path);
    let file = NewFile {
        file_no,
        direction: "in",
        channel: &channel.key,
        kind: kind.layout(),
        cycle_id: None,
        order_id: None,
        batch: "",
        name: &name,
        hash: Some(&hash),
        bytes: bytes as i64,
        state: "reading",
    };
    files::add(tx, house, scope, &file)?;
    common::audit(tx, house, scope, &format!("file:{file_no}"), &hash)?;
    files::get(tx, file_no)
}

/// Keeps the rows as received in the lake, before any of them is believed.
fn keep(house: &House, channel: &Channel, kind: Kind, file: &FileView, path: &Path) -> Result<()> {
    let name = format!("payments/in/{}", file.file_no);
    if house.lake.dataset(&name)?.is_some() {
        return Ok(());
    }
    let mut rows = Replies::open(path, wire::layout(channel, kind.layout())?)?;
    crate::evidence::write(house, &name, file, || rows.next_rows(BATCH))
}

/// An import at work.
struct Import<'a> {
    house: &'a House,
    scope: &'a Scope,
    channel: &'a Channel,
    kind: Kind,
    file_no: i64,
    document: String,
    standardiser: Standardiser,
    places: Places,
}

/// Where the cells are that we need.
struct Places {
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

/// A row as read.
enum Told {
    Check(CheckRow),
    Money(MoneyRow, String),
}

/// What a batch of rows comes to.
#[derive(Default)]
struct Outcome {
    changed: FxHashSet<i64>,
    events: Vec<Vec<Value>>,
    txns: Vec<Vec<Value>>,
    exceptions: Vec<Vec<Value>>,
    sums: books::Sums,
    effects: Vec<Effect>,
}

impl<'a> Import<'a> {
    fn new(
        house: &'a House,
        scope: &'a Scope,
        channel: &'a Channel,
        kind: Kind,
        file_no: i64,
        replies: &Replies,
    ) -> Result<Self> {
        let tables = house.policy.names().into_iter().map(|(name, text)| (name.to_owned(), text.to_owned()));
        let standardiser =
            Standardiser::new(&tables.collect()).map_err(|error| Error::Names(error.to_string()))?;
        let word = if kind == Kind::Movements { "kind" } else { "result" };
        let places = Places {
            batch: replies.place("batch"),
            reference: replies.place("ref"),
            account: replies.place("account"),
            word: replies.place(word),
            name: replies.place("name_at_bank"),
            amount: replies.place("amount_idr"),
            date: replies.place("date"),
            txn: replies.place("bank_txn"),
        };
        let document = format!("file:{file_no}");
        Ok(Self { house, scope, channel, kind, file_no, document, standardiser, places })
    }

    /// One batch, one transaction.
    fn take(&self, tx: &mut Tx<'_>, rows: &[ReplyRow], mut counts: Counts, mark: i64) -> Result<Counts> {
        let told: Vec<Option<(i64, Told)>> = rows.iter().map(|row| self.read(row)).collect();
        self.stage(tx, rows, &told)?;
        let mut lines = self.lines(tx)?;
        let mut txns = self.txns(tx)?;
        tx.execute(&queries::STAGE_CLEAR, params![self.file_no])?;
        let mut out = Outcome::default();
        for (row, told) in rows.iter().zip(&told) {
            self.row(row, told.as_ref(), &mut lines, &mut txns, &mut out, &mut counts)?;
        }
        let cycle_id = counts.cycles.first().copied();
        self.write(tx, &lines, out)?;
        let text = serde_json::to_string(&counts).map_err(|_| Error::Stored("counts"))?;
        tx.execute(&queries::FILE_MARK, params![self.file_no, mark, text, cycle_id])?;
        Ok(counts)
    }

    fn read(&self, row: &ReplyRow) -> Option<(i64, Told)> {
        let cells = row.cells.as_ref()?;
        let cell = |place: Option<usize>| place.and_then(|place| cells.get(place)).cloned();
        let line_id = cell(self.places.reference)?.parse().ok()?;
        let word: String = cell(self.places.word)?.chars().take(WORD_MAX).collect();
        let account = cell(self.places.account)?;
        if self.kind == Kind::AccountCheck {
            let (batch, name_at_bank) = (cell(self.places.batch)?, cell(self.places.name)?);
            return Some((line_id, Told::Check(CheckRow { batch, word, account, name_at_bank })));
        }
        let amount = cell(self.places.amount)?.parse().ok()?;
        let date = parse_date(&cell(self.places.date)?).ok()?.to_string();
        let batch = if self.kind == Kind::Order { Some(cell(self.places.batch)?) } else { None };
        let txn = cell(self.places.txn)?;
        let money = MoneyRow { batch, word, account, amount, txn, file_no: self.file_no };
        Some((line_id, Told::Money(money, date)))
    }

    fn stage(&self, tx: &mut Tx<'_>, rows: &[ReplyRow], told: &[Option<(i64, Told)>]) -> Result<()> {
        const COLUMNS: &[&str] = &["file_no", "seq", "line_id", "txn"];
        let staged = rows.iter().zip(told).filter_map(|(row, told)| {
            let (line_id, told) = told.as_ref()?;
            let txn = match told {
                Told::Check(_) => "",
                Told::Money(money, _) => money.txn.as_str(),
            };
            Some(vec![self.file_no.into(), row.row_no.into(), (*line_id).into(), txn.into()])
        });
        tx.bulk("payment_stage", COLUMNS, staged)?;
        Ok(())
    }

    fn lines(&self, tx: &mut Tx<'_>) -> Result<FxHashMap<i64, Line>> {
        let mut found = Vec::new();
        tx.for_each(&queries::STAGED_LINES, params![self.file_no], |row| {
            found.push(lines::read(&row)?);
            Ok::<_, Error>(())
        })?;
        let mut batches = Batches::default();
        let mut lines = FxHashMap::default();
        for (mut line, check_file, order_id) in found {
            line.check_batch = batches.of_file(tx, check_file)?;
            line.order_batch = batches.of_order(tx, order_id)?;
            lines.insert(line.line_id, line);
        }
        Ok(lines)
    }

    fn txns(&self, tx: &mut Tx<'_>) -> Result<FxHashMap<String, Txn>> {
        let mut known = FxHashMap::default();
        if self.kind != Kind::AccountCheck {
            tx.for_each(&queries::STAGED_TXNS, params![self.file_no, &self.channel.key], |row| {
                let (line_id, word) = (row.int(1)?, row.string(2)?);
                let txn = Txn { line_id, word, amount: row.int(3)?, file_no: row.int(4)? };
                known.insert(row.string(0)?, txn);
                Ok::<_, Error>(())
            })?;
        }
        Ok(known)
    }

    /// Decides one row and notes what follows.
    fn row(
        &self,
        row: &ReplyRow,
        told: Option<&(i64, Told)>,
        lines: &mut FxHashMap<i64, Line>,
        txns: &mut FxHashMap<String, Txn>,
        out: &mut Outcome,
        counts: &mut Counts,
    ) -> Result<()> {
        let Some((line_id, told)) = told else {
            self.refuse(row, None, None, Trouble::BadRow, ("", ""), out, counts);
            return Ok(());
        };
        let amount = match told {
            Told::Check(_) => None,
            Told::Money(money, _) => Some(money.amount),
        };
        // A line of another channel is none of this channel's business.
        let Some(line) = lines.get_mut(line_id).filter(|line| line.channel == self.channel.key) else {
            let found = line_id.to_string();
            self.refuse(row, None, amount, Trouble::UnknownRef, ("", &found), out, counts);
            return Ok(());
        };
        counts.cycles.insert(line.cycle_id);
        let word = match told {
            Told::Check(check) => &check.word,
            Told::Money(money, _) => &money.word,
        };
        let Some(result) = self.channel.result(self.kind.layout(), word) else {
            self.refuse(row, Some(line), amount, Trouble::UnknownWord, ("", word), out, counts);
            return Ok(());
        };
        let verdict = match told {
            Told::Check(check) => {
                let likeness = self.likeness(line, check, result.means);
                reply::account_check(line, check, result.means, likeness)
            }
            Told::Money(money, _) => {
                let known = txns.get(&money.txn);
                match self.kind {
                    Kind::Order => reply::order_reply(line, money, result.means, known),
                    _ => reply::movement(line, money, result.means, known),
                }
            }
        };
        match verdict {
            Verdict::Known => counts.known += 1,
            Verdict::Refused { trouble, expected, found } => {
                self.refuse(row, Some(line), amount, trouble, (&expected, &found), out, counts);
            }
            Verdict::Taken { step, moved } => {
                counts.taken += 1;
                *counts.words.entry(result.word.clone()).or_default() += 1;
                if let Told::Money(money, date) = told {
                    txns.insert(money.txn.clone(), txn_of(line, money));
                    out.txns.push(self.txn_row(line, money, date));
                }
                if let Some((movement, amount)) = moved {
                    let place = books::place(&line.programme, &line.period, &line.region, &line.channel)?;
                    books::add(&mut out.sums, place, movement, amount)?;
                    let sum = counts.moved_idr.entry(movement.code().to_owned()).or_default();
                    *sum = model::Rupiah::new(*sum).plus(model::Rupiah::new(amount))?.idr();
                }
                self.note(line, step, result, out, counts)?;
            }
        }
        Ok(())
    }

    fn likeness(&self, line: &Line, check: &CheckRow, means: Meaning) -> Likeness {
        if !matches!(means, Meaning::Ok | Meaning::Unknown) || line.payee_name == check.name_at_bank {
            return Likeness::Same;
        }
        names::compare(&self.standardiser, &line.payee_name, &check.name_at_bank)
    }

    /// The event of a change, and the effect that the channel's word has.
    fn note(
        &self,
        line: &mut Line,
        step: reply::Step,
        result: &ChannelResult,
        out: &mut Outcome,
        counts: &mut Counts,
    ) -> Result<()> {
        line.events += 1;
        out.changed.insert(line.line_id);
        let reason = step.reason.map_or_else(|| format!("bank:{}", result.word), |r| r.code().to_owned());
        let event = EventRow {
            line: (line.recipient, line.line_id, line.events),
            at_ms: self.house.clock.now_ms(),
            actor: self.scope.actor_name(),
            kind: step.kind,
            state: step.state,
            reason: &reason,
            next: step.next,
            document: &self.document,
        };
        out.events.push(event.values());
        // A good word can still lead to trouble, when the names differ: then the file's other words say which case to open.
        let other =
            || self.channel.results.iter().filter(|r| r.file == result.file).find_map(|r| r.effect.as_ref());
        let workflow = match (&result.effect, line.problem) {
            _ if step.state == AccountState::Good.code() || result.opens => None,
            (None, Some(_)) => other(),
            (own, _) => own.as_ref(),
        };
        if let Some(workflow) = workflow {
            counts.effects += 1;
            out.effects.push(Effect::OpenCase {
                workflow: workflow.clone(),
                family: FamilyId(line.recipient),
                line: Some(LineId(line.line_id)),
                region: RegionCode::parse(&line.region)?,
                reason,
            });
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one place where a row becomes an exception")]
    fn refuse(
        &self,
        row: &ReplyRow,
        line: Option<&mut Line>,
        amount: Option<i64>,
        trouble: Trouble,
        (expected, found): (&str, &str),
        out: &mut Outcome,
        counts: &mut Counts,
    ) {
        *counts.refused.entry(trouble.code().to_owned()).or_default() += 1;
        let state = if trouble.is_note() { "noted" } else { "open" };
        let of = line.as_ref().map(|line| (line.cycle_id, line.line_id, line.recipient, line.region.clone()));
        let cut = |text: &str| text.chars().take(80).collect::<String>();
        out.exceptions.push(vec![
            self.file_no.into(),
            row.row_no.into(),
            of.as_ref().map(|of| of.0).into(),
            of.as_ref().map(|of| of.1).into(),
            of.as_ref().map(|of| of.2).into(),
            of.map(|of| of.3).unwrap_or_default().into(),
            trouble.code().into(),
            amount.into(),
            cut(expected).into(),
            cut(found).into(),
            state.into(),
            self.house.clock.now_ms().into(),
        ]);
        if let Some(line) = line.filter(|line| line.problem.is_none() && !trouble.is_note()) {
            line.problem = Some(trouble);
            out.changed.insert(line.line_id);
        }
    }

    fn txn_row(&self, line: &Line, money: &MoneyRow, date: &str) -> Vec<Value> {
        vec![
            (&self.channel.key).into(),
            (&money.txn).into(),
            line.line_id.into(),
            (&money.word).into(),
            money.amount.into(),
            date.into(),
            self.file_no.into(),
        ]
    }

    fn write(&self, tx: &mut Tx<'_>, lines: &FxHashMap<i64, Line>, out: Outcome) -> Result<()> {
        const TXN_COLUMNS: &[&str] = &["channel", "txn", "line_id", "word", "amount_idr", "date", "file_no"];
        let changed = out.changed.iter().filter_map(|line_id| lines.get(line_id)).collect();
        let now = self.house.clock.now_ms();
        lines::apply(tx, self.file_no, now, changed)?;
        let mut events = out.events;
        events.sort_by_key(|event| key(event));
        tx.bulk("payment_event", common::EVENT_COLUMNS, events.into_iter())?;
        tx.bulk("bank_txn", TXN_COLUMNS, out.txns.into_iter())?;
        write_exceptions(tx, out.exceptions)?;
        books::post(tx, &out.sums, &self.document, now, self.scope.actor_name())?;
        effect::put(tx, self.house, &self.document, &out.effects)
    }

    /// After the last row: accounts that two recipients share, accounts to remember, counts for pages, and the proof.
    fn finish(&self, tx: &mut Tx<'_>, counts: &Counts, mark: i64) -> Result<()> {
        let now = self.house.clock.now_ms();
        for cycle_id in &counts.cycles {
            if self.kind == Kind::AccountCheck {
                self.doubt_shared_accounts(tx, *cycle_id)?;
                tx.execute(&queries::ACCOUNTS_KEEP, params![*cycle_id, now])?;
            }
            common::refresh(tx, *cycle_id)?;
        }
        let text = serde_json::to_string(counts).map_err(|_| Error::Stored("counts"))?;
        let cycle_id = counts.cycles.first().copied();
        tx.execute(&queries::FILE_MARK, params![self.file_no, mark, text, cycle_id])?;
        tx.execute(&queries::FILE_POSTED, params![self.file_no])?;
        Ok(())
    }

    fn doubt_shared_accounts(&self, tx: &mut Tx<'_>, cycle_id: i64) -> Result<()> {
        let now = self.house.clock.now_ms();
        let shared = tx.query(&queries::ACCOUNTS_SHARED, params![cycle_id])?;
        let mut events = Vec::new();
        for row in &shared {
            for line in tx.query(&queries::ACCOUNT_SHARED, params![cycle_id, row.text(0)?, now])? {
                let event = EventRow {
                    line: (line.int(0)?, line.int(1)?, line.int(2)?),
                    at_ms: now,
                    actor: self.scope.actor_name(),
                    kind: "account",
                    state: AccountState::Doubtful.code(),
                    reason: Trouble::AccountShared.code(),
                    next: "compare_names",
                    document: &self.document,
                };
                events.push(event.values());
            }
        }
        tx.bulk("payment_event", common::EVENT_COLUMNS, events.into_iter())?;
        Ok(())
    }
}

fn txn_of(line: &Line, money: &MoneyRow) -> Txn {
    Txn { line_id: line.line_id, word: money.word.clone(), amount: money.amount, file_no: money.file_no }
}

/// The key of an event row.
fn key(event: &[Value]) -> (i64, i64, i64) {
    let int = |index: usize| match event.get(index) {
        Some(Value::Int(v)) => *v,
        _ => 0,
    };
    (int(0), int(1), int(2))
}

pub(crate) fn write_exceptions(tx: &mut Tx<'_>, exceptions: Vec<Vec<Value>>) -> Result<()> {
    const COLUMNS: &[&str] = &[
        "exception_id",
        "file_no",
        "row_no",
        "cycle_id",
        "line_id",
        "recipient",
        "region",
        "kind",
        "amount_idr",
        "expected",
        "found",
        "state",
        "at",
    ];
    let first = store::next_number(tx, "payment_exception", exceptions.len() as i64)?;
    let rows = exceptions.into_iter().zip(first..).map(|(mut values, exception_id)| {
        values.insert(0, exception_id.into());
        values
    });
    tx.bulk("payment_exception", COLUMNS, rows)?;
    Ok(())
}
