//! Taking in what a channel answers, in batches: read the rows a batch ahead, fetch the lines they name, decide each row (see
//! `reply`), write lines, events, transaction numbers, exceptions and books. One transaction a batch, with the mark how far it got,
//! so that a killed import continues and the laws hold at every commit. The same file again, known by its content, changes nothing.
//!
//! Most rows say the usual thing about neighbouring lines: these are changed by one statement a run, and the file alone tells their
//! story. That a transaction number counts once is held by its table's key; a batch that meets a known one is taken again, slowly.
//!
//! A row that came before its time is judged again by the same functions when its line has moved (see `late`).

use std::{path::Path, sync::mpsc, thread};

use access::{House, Scope};
use linkage::standardise::Standardiser;
use model::{FamilyId, LineId, Progress, RegionCode, Rupiah};
use policy::{Channel, ChannelKind, ChannelResult, Meaning};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use store::{Tx, Value, params};

use crate::{
    Error, Result, books, checks, common, effect,
    effect::Effect,
    files::{self, Counts, FileView, Received},
    late,
    lines::{self, EventRow, Known},
    names::{self, Likeness},
    post, queries,
    reply::{self, CheckRow, Line, MoneyRow, Txn, Verdict},
    shared,
    standing::{self, Arrived, OrderLines},
    state::{AccountState, PaymentState, Trouble},
    story,
    tally::{Moved, Tally},
    told::{self, Kind, Places, Told, Unread},
    wire::{self, Replies, ReplyRow, SealIn},
};

/// Rows of one transaction.
const BATCH: usize = 100_000;
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
/// [`Error::Columns`] when it is no such file, [`Error::Refused`] when it is cut, altered, another channel's or an answer to nothing;
/// then nothing was taken, and the file stands among the channel's files as refused.
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
    match take_in(house, scope, channel, kind, path, progress) {
        Err(error) if error.is_refusal() => {
            standing::keep_refused(house, scope, channel, kind, path, &error)?;
            Err(error)
        }
        other => other,
    }
}

fn take_in(
    house: &House,
    scope: &Scope,
    channel: &Channel,
    kind: Kind,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Imported> {
    let mut replies = open(house, channel, kind, path)?;
    let file = begin(house, scope, channel, kind, path, replies.seal())?;
    if file.state == "posted" {
        return Ok(Imported { file, again: true });
    }
    keep(house, channel, kind, &file, path)?;
    store::fault!(house.db, "import.kept")?;
    let places = Places::of(kind, |field| replies.place(field));
    let mut import = Import::new(house, scope, channel, kind, &file)?;
    let (mut counts, mut mark) = (file.counts, 0);
    let file_no = file.file_no;
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::scope(|threads| {
        let reading = threads.spawn(move || -> Result<()> {
            loop {
                let rows = replies.next_rows(BATCH)?;
                let told = |row: &ReplyRow| told::read(kind, &places, row, file_no);
                let read: Vec<Read> =
                    rows.iter().map(|row| Read { row_no: row.row_no, said: told(row) }).collect();
                if read.is_empty() || sender.send(read).is_err() {
                    return Ok(());
                }
            }
        });
        for mut rows in receiver {
            let Some(last) = rows.last().map(|row| row.row_no) else { break };
            store::fault!(house.db, "import.read")?;
            // What an interrupted import committed is not taken again.
            rows.retain(|row| row.row_no > file.mark);
            if !rows.is_empty() {
                counts = import.batch(&rows, &counts, last)?;
            }
            mark = last;
            progress.report(kind.layout(), mark as u64, 0);
        }
        reading.join().unwrap_or(Err(Error::Stored("reply")))
    })?;
    import.count(&counts, mark)?;
    late::judge_cycles(house, scope, &counts.cycles, file.at_ms, &format!("file:{file_no}"))?;
    import.finish(&counts)?;
    let file = house.db.read(|tx| files::get(tx, file.file_no))?;
    Ok(Imported { file, again: false })
}

fn open(house: &House, channel: &Channel, kind: Kind, path: &Path) -> Result<Replies> {
    files::check_size(house, path)?;
    let orders = OrderLines { db: house.db.clone(), channel: channel.key.clone() };
    Ok(Replies::open(path, wire::layout(channel, kind.layout())?)?.with_orders(Box::new(orders)))
}

/// Finds the file by its content, or makes its row.
fn begin(
    house: &House,
    scope: &Scope,
    channel: &Channel,
    kind: Kind,
    path: &Path,
    seal: &SealIn,
) -> Result<FileView> {
    let received = Received::read(&channel.key, kind.layout(), path)?;
    house.db.write(|tx| {
        let known = received.known(tx)?;
        if let Some(file) = known.as_ref().filter(|file| file.state == "posted") {
            return Ok(file.clone());
        }
        let layout = wire::layout(channel, kind.layout())?;
        let arrived = Arrived { channel, kind, layout, path, hash: &received.hash, seal: seal.clone() };
        let sequence = standing::admit(tx, arrived)?;
        // A known one was interrupted, or refused before under another layout.
        let file_no = if let Some(file) = known {
            file.file_no
        } else {
            let file_no = received.add(tx, house, scope, "reading")?;
            common::audit(tx, house, scope, &format!("file:{file_no}"), &received.hash)?;
            file_no
        };
        tx.execute(&queries::FILE_ADMITTED, params![file_no, sequence])?;
        files::get(tx, file_no)
    })
}

/// Keeps the rows as received in the lake, before any of them is believed: the file is read to its end, where it proves itself.
fn keep(house: &House, channel: &Channel, kind: Kind, file: &FileView, path: &Path) -> Result<()> {
    let name = crate::evidence::name(file.file_no);
    if house.lake.dataset(&name)?.is_some() {
        return Ok(());
    }
    store::fault!(house.db, "import.before_kept")?;
    let mut rows = open(house, channel, kind, path)?;
    let columns = rows.fields().to_vec();
    crate::evidence::write(house, &name, file, &columns, || rows.next_rows(BATCH))
}

/// A row as read: its number, and what it says of which line, or what cannot be read in it.
pub(crate) struct Read {
    pub(crate) row_no: i64,
    pub(crate) said: std::result::Result<(i64, Told), Unread>,
}

impl Read {
    fn line_id(&self) -> Option<i64> {
        self.said.as_ref().ok().map(|(line_id, _)| *line_id)
    }
}

/// Rows that were refused when they came and are judged again, within one file.
pub(crate) struct Again<'a> {
    /// The exception of each row.
    pub(crate) exceptions: &'a FxHashMap<i64, i64>,
    /// What the money that moves now is booked under: a number of its own.
    pub(crate) pass: i64,
    /// What moved the lines.
    pub(crate) cause: &'a str,
}

/// An import at work.
pub(crate) struct Import<'a> {
    house: &'a House,
    scope: &'a Scope,
    channel: &'a Channel,
    kind: Kind,
    file_no: i64,
    since: i64,
    document: String,
    standardiser: Standardiser,
    /// The word for what usually happens.
    usual: Option<&'a str>,
    known: Known,
    tally: Tally,
    /// The counts must be made anew at the end: an earlier run took a part, or a batch was taken twice.
    recount: bool,
    /// These rows are not new.
    again: Option<Again<'a>>,
}

/// What happened to a line in this batch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    None,
    /// The usual, in this batch's only row about it.
    Usual,
    Own,
}

/// A batch on its way: the lines in the order of their numbers, and what follows.
struct Outcome<'r> {
    lines: Vec<Line>,
    changes: Vec<Change>,
    /// Transaction numbers that earlier files told.
    known: FxHashMap<String, Txn>,
    /// Those of this batch: line, row and day.
    txns: FxHashMap<&'r str, (i64, &'r MoneyRow, &'r str)>,
    events: Vec<Vec<Value>>,
    exceptions: Vec<Vec<Value>>,
    /// Exceptions whose rows are taken, or told by now, and those that stay, with what they are now.
    settled: Vec<i64>,
    stay: Vec<Vec<Value>>,
    /// Lines for which a row no longer waits.
    eased: FxHashSet<i64>,
    moved: Moved,
    effects: Vec<Effect>,
    counts: Counts,
    /// Receipts of the post office about lines of this batch.
    handed: post::Handed,
}

impl<'a> Import<'a> {
    fn new(
        house: &'a House,
        scope: &'a Scope,
        channel: &'a Channel,
        kind: Kind,
        file: &FileView,
    ) -> Result<Self> {
        let tables = house.policy.names().into_iter().map(|(name, text)| (name.to_owned(), text.to_owned()));
        let standardiser =
            Standardiser::new(&tables.collect()).map_err(|error| Error::Names(error.to_string()))?;
        let means = match kind {
            Kind::AccountCheck => Meaning::Ok,
            Kind::Order => Meaning::ToppedUp,
            Kind::Movements => Meaning::Withdrawn,
        };
        Ok(Self {
            house,
            scope,
            channel,
            kind,
            file_no: file.file_no,
            since: file.at_ms,
            document: format!("file:{}", file.file_no),
            standardiser,
            usual: story::usual_word(channel, kind.layout(), means),
            known: Known::default(),
            tally: Tally::default(),
            recount: file.mark > 0,
            again: None,
        })
    }

    /// Judges rows of a file again that were refused when they came; answers what was taken and the exceptions that it settled. The
    /// counts of pages follow in the same transaction.
    pub(crate) fn again(
        (house, scope): (&'a House, &'a Scope),
        channel: &'a Channel,
        file: &FileView,
        again: Again<'a>,
        tx: &mut Tx<'_>,
        rows: &[Read],
    ) -> Result<(Counts, Vec<i64>)> {
        let kind = Kind::of_layout(&file.kind).ok_or(Error::Stored("kind"))?;
        let pass = again.pass;
        let mut import = Self::new(house, scope, channel, kind, file)?;
        import.again = Some(again);
        let out = import.judge(tx, rows, &Counts::default(), true)?;
        let settled = out.settled.clone();
        let document = late::document(file.file_no);
        let counts = import.write(tx, out, books::Ground { document: &document, part: pass })?;
        import.tally.write(tx)?;
        Ok((counts, settled))
    }

    /// One batch, one transaction; a second one when a transaction number turns out to be known.
    fn batch(&mut self, rows: &[Read], counts: &Counts, mark: i64) -> Result<Counts> {
        let house = self.house;
        match house.db.write(|tx| self.take(tx, rows, counts, mark, false)) {
            Err(Error::Store(error)) if error.is_unique() => {
                self.recount = true;
                house.db.write(|tx| self.take(tx, rows, counts, mark, true))
            }
            other => other,
        }
    }

    fn take(
        &mut self,
        tx: &mut Tx<'_>,
        rows: &[Read],
        counts: &Counts,
        mark: i64,
        careful: bool,
    ) -> Result<Counts> {
        let out = self.judge(tx, rows, counts, careful)?;
        let document = self.document.clone();
        let counts = self.write(tx, out, books::Ground { document: &document, part: mark })?;
        files::mark(tx, self.file_no, &counts, mark)?;
        Ok(counts)
    }

    /// Decides rows; nothing is written yet.
    fn judge<'r>(
        &mut self,
        tx: &mut Tx<'_>,
        rows: &'r [Read],
        counts: &Counts,
        careful: bool,
    ) -> Result<Outcome<'r>> {
        self.known.forget_orders();
        let lines = self.lines(tx, rows)?;
        let changes = vec![Change::None; lines.len()];
        let (known, handed) = self.txns(tx, rows, &lines, careful)?;
        let mut out = Outcome {
            known,
            handed,
            txns: FxHashMap::default(),
            lines,
            changes,
            events: Vec::new(),
            exceptions: Vec::new(),
            settled: Vec::new(),
            stay: Vec::new(),
            eased: FxHashSet::default(),
            moved: Moved::default(),
            effects: Vec::new(),
            counts: counts.clone(),
        };
        for row in rows {
            self.row(row, &mut out)?;
        }
        Ok(out)
    }

    /// The lines that the rows name, by number. Neighbours are read in one go, with the few between that no row names.
    fn lines(&mut self, tx: &mut Tx<'_>, rows: &[Read]) -> Result<Vec<Line>> {
        let ids = || rows.iter().filter_map(Read::line_id);
        let (Some(first), Some(last)) = (ids().min(), ids().max()) else { return Ok(Vec::new()) };
        let dense = last.saturating_sub(first) < 3 * rows.len() as i64 + 1_000;
        if dense {
            return lines::query_known(tx, &mut self.known, &queries::LINES_BETWEEN, params![first, last]);
        }
        self.stage(tx, rows.iter().enumerate().map(|(seq, row)| (seq, row, "")))?;
        let lines = lines::query_known(tx, &mut self.known, &queries::STAGED_LINES, params![self.file_no]);
        tx.execute(&queries::STAGE_CLEAR, params![self.file_no])?;
        lines
    }

    fn stage<'r>(
        &self,
        tx: &mut Tx<'_>,
        rows: impl Iterator<Item = (usize, &'r Read, &'r str)>,
    ) -> Result<()> {
        const COLUMNS: &[&str] = &["file_no", "seq", "line_id", "txn"];
        let staged = rows.filter_map(|(seq, row, txn)| {
            Some(vec![self.file_no.into(), (seq as i64).into(), row.line_id()?.into(), txn.into()])
        });
        tx.bulk("payment_stage", COLUMNS, staged)?;
        Ok(())
    }

    /// What is known of transaction numbers: of all of them, or of those whose row does not fit its line as it stands.
    fn txns(
        &self,
        tx: &mut Tx<'_>,
        rows: &[Read],
        lines: &[Line],
        careful: bool,
    ) -> Result<(FxHashMap<String, Txn>, post::Handed)> {
        let (mut known, mut handed) = (FxHashMap::default(), post::Handed::default());
        if self.kind == Kind::AccountCheck {
            return Ok((known, handed));
        }
        let asked = rows.iter().enumerate().filter_map(|(seq, row)| {
            let Ok((line_id, Told::Money(money, _))) = &row.said else { return None };
            let line = place(lines, *line_id).map(|at| &lines[at]);
            let fits = line.is_some_and(|line| reply::fits(line, money, self.kind == Kind::Order));
            (careful || !fits).then_some((seq, row, money.txn.as_str()))
        });
        let asked: Vec<_> = asked.collect();
        if asked.is_empty() {
            return Ok((known, handed));
        }
        self.stage(tx, asked.into_iter())?;
        if self.channel.kind == ChannelKind::Post {
            handed = post::among(tx, self.file_no, &self.channel.key)?;
        }
        tx.for_each(&queries::STAGED_TXNS, params![self.file_no, &self.channel.key], |row| {
            let (line_id, word) = (row.int(1)?, row.string(2)?);
            let txn = Txn { line_id, word, amount: row.int(3)?, file_no: row.int(4)? };
            known.insert(row.string(0)?, txn);
            Ok::<_, Error>(())
        })?;
        tx.execute(&queries::STAGE_CLEAR, params![self.file_no])?;
        Ok((known, handed))
    }

    /// Decides one row and notes what follows.
    fn row<'r>(&mut self, row: &'r Read, out: &mut Outcome<'r>) -> Result<()> {
        let (line_id, said) = match &row.said {
            Ok(said) => said,
            Err(unread) => {
                self.refuse(row.row_no, None, None, unread.trouble, ("", &unread.found), out);
                return Ok(());
            }
        };
        let amount = said.amount();
        // A line of another channel is none of this channel's business.
        let at = place(&out.lines, *line_id).filter(|at| *out.lines[*at].channel == *self.channel.key);
        let Some(at) = at else {
            let found = line_id.to_string();
            self.refuse(row.row_no, None, amount, Trouble::UnknownRef, ("", &found), out);
            return Ok(());
        };
        out.counts.cycles.insert(out.lines[at].cycle_id);
        let fresh = out.changes[at] == Change::None;
        if fresh {
            self.tally.count(&out.lines[at], -1);
        }
        match self.channel.result(self.kind.layout(), said.word()) {
            Some(result) => self.line(row.row_no, (at, fresh), said, result, out)?,
            None => self.refuse(row.row_no, Some(at), amount, Trouble::UnknownWord, ("", said.word()), out),
        }
        if fresh && out.changes[at] == Change::None {
            // Nothing came of it: as if it had not been looked at.
            self.tally.count(&out.lines[at], 1);
        }
        Ok(())
    }

    /// Decides a row whose line and word are known.
    fn line<'r>(
        &self,
        row_no: i64,
        (at, fresh): (usize, bool),
        said: &'r Told,
        result: &ChannelResult,
        out: &mut Outcome<'r>,
    ) -> Result<()> {
        let known = match said {
            Told::Check(_) => None,
            Told::Money(money, _) => self.known_txn(&money.txn, out),
        };
        // What a receipt told before is not told twice by a list, and the other way round.
        let handed = match said {
            Told::Money(money, date) if self.kind == Kind::Movements && known.is_none() => {
                out.handed.judge(&out.lines[at], money, date, result.means)
            }
            _ => None,
        };
        let (verdict, usual) = match handed {
            Some(verdict) => (verdict, false),
            None => self.decide(&mut out.lines[at], said, result, known.as_ref()),
        };
        if self.again.is_some() && !matches!(verdict, Verdict::Refused { .. }) {
            out.settled.extend(self.exception_of(row_no));
            out.eased.insert(out.lines[at].line_id);
        }
        match verdict {
            Verdict::Known => out.counts.known += 1,
            Verdict::Refused { trouble, expected, found } => {
                let amount = said.amount();
                self.refuse(row_no, Some(at), amount, trouble, (&expected, &found), out);
            }
            Verdict::Taken { step, moved } => {
                out.counts.taken += 1;
                match out.counts.words.get_mut(&result.word) {
                    Some(count) => *count += 1,
                    None => {
                        out.counts.words.insert(result.word.clone(), 1);
                    }
                }
                if let Told::Money(money, date) = said {
                    out.txns.insert(&money.txn, (out.lines[at].line_id, money, date));
                }
                for (movement, amount) in moved.into_iter().flatten() {
                    out.moved.add(&out.lines[at], movement, amount)?;
                    let moved = out.counts.moved_idr.entry(movement.code().to_owned()).or_default();
                    *moved = Rupiah::new(*moved).plus(Rupiah::new(amount))?.idr();
                }
                // What came before its time has its own place in the line's story.
                let usual = usual && fresh && self.again.is_none();
                out.changes[at] = if usual { Change::Usual } else { Change::Own };
                if usual {
                    self.sign(&mut out.lines[at]);
                } else {
                    self.note(at, step, result, out)?;
                }
            }
        }
        Ok(())
    }

    /// What a row does to its line, and whether that is the usual thing, which the file alone can tell.
    fn decide(
        &self,
        line: &mut Line,
        said: &Told,
        result: &ChannelResult,
        known: Option<&Txn>,
    ) -> (Verdict, bool) {
        let word = self.usual == Some(result.word.as_str());
        match said {
            Told::Check(check) => {
                let likeness = self.likeness(line, check, result.means);
                let told = line.account.as_deref() == Some(check.account.as_str())
                    && line.payee_name == check.name_at_bank;
                let verdict = reply::account_check(line, check, result.means, likeness);
                (verdict, word && told && line.account_state == AccountState::Good)
            }
            Told::Money(money, _) => {
                if self.kind == Kind::Order {
                    let first = line.payment == PaymentState::Instructed;
                    let verdict = reply::order_reply(line, money, result.means, known);
                    return (verdict, word && first && line.payment == PaymentState::ToppedUp);
                }
                let untouched = line.withdrawn == 0 && line.returned == 0;
                let verdict = reply::movement(line, money, result.means, known);
                (verdict, word && untouched && line.withdrawn == line.topped_up)
            }
        }
    }

    /// The file tells the line's story from now on.
    fn sign(&self, line: &mut Line) {
        let told = &mut line.told;
        match self.kind {
            Kind::AccountCheck => told.check_reply = Some(self.file_no),
            Kind::Order => told.order_reply = Some(self.file_no),
            Kind::Movements => told.moved_file = Some(self.file_no),
        }
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
        at: usize,
        step: reply::Step,
        result: &ChannelResult,
        out: &mut Outcome<'_>,
    ) -> Result<()> {
        let line = &mut out.lines[at];
        line.events += 1;
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
            out.counts.effects += 1;
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

    fn refuse(
        &self,
        row_no: i64,
        at: Option<usize>,
        amount: Option<i64>,
        trouble: Trouble,
        (expected, found): (&str, &str),
        out: &mut Outcome<'_>,
    ) {
        *out.counts.refused.entry(trouble.code().to_owned()).or_default() += 1;
        let state = if trouble.is_note() { "noted" } else { "open" };
        let line = at.and_then(|at| out.lines.get(at));
        let cut = |text: &str| text.chars().take(80).collect::<String>();
        if let Some(exception_id) = self.exception_of(row_no) {
            let now = [trouble.code().into(), cut(expected).into(), cut(found).into(), state.into()];
            out.stay.push(std::iter::once(exception_id.into()).chain(now).collect());
            out.eased.extend(line.filter(|_| trouble.is_note()).map(|line| line.line_id));
        } else {
            out.exceptions.push(vec![
                self.file_no.into(),
                row_no.into(),
                line.map(|line| line.cycle_id).into(),
                line.map(|line| line.line_id).into(),
                line.map(|line| line.recipient).into(),
                line.map_or("", |line| &*line.region).into(),
                trouble.code().into(),
                amount.into(),
                cut(expected).into(),
                cut(found).into(),
                state.into(),
                self.house.clock.now_ms().into(),
            ]);
        }
        let Some(at) = at.filter(|at| out.lines[*at].problem.is_none() && !trouble.is_note()) else { return };
        out.changes[at] = Change::Own;
        out.lines[at].problem = Some(trouble);
    }

    /// The exception of a row that was refused before.
    fn exception_of(&self, row_no: i64) -> Option<i64> {
        self.again.as_ref()?.exceptions.get(&row_no).copied()
    }

    /// What is known of a transaction number, from this batch or before.
    fn known_txn(&self, number: &str, out: &Outcome<'_>) -> Option<Txn> {
        let Some((line_id, row, _)) = out.txns.get(number) else { return out.known.get(number).cloned() };
        Some(Txn { line_id: *line_id, word: row.word.clone(), amount: row.amount, file_no: self.file_no })
    }

    fn txn_row(&self, line_id: i64, money: &MoneyRow, date: &str) -> Vec<Value> {
        vec![
            (&self.channel.key).into(),
            (&money.txn).into(),
            line_id.into(),
            (&money.word).into(),
            money.amount.into(),
            date.into(),
            self.file_no.into(),
        ]
    }

    fn write(&mut self, tx: &mut Tx<'_>, out: Outcome<'_>, ground: books::Ground<'_>) -> Result<Counts> {
        const TXN_COLUMNS: &[&str] = &["channel", "txn", "line_id", "word", "amount_idr", "date", "file_no"];
        let now = self.house.clock.now_ms();
        let lines = out.lines.iter().zip(&out.changes);
        for (line, _) in lines.clone().filter(|(_, change)| **change != Change::None) {
            self.tally.count(line, 1);
        }
        self.runs(tx, &out.lines, &out.changes, now)?;
        let own = lines.filter(|(_, change)| **change == Change::Own).map(|(line, _)| line).collect();
        lines::apply(tx, now, own)?;
        let mut events = out.events;
        events.sort_by_key(|event| key(event));
        tx.bulk("payment_event", common::EVENT_COLUMNS, events.into_iter())?;
        let mut txns: Vec<(i64, &MoneyRow, &str)> = out.txns.into_values().collect();
        txns.sort_unstable_by_key(|(_, row, _)| row.txn.as_str());
        let rows = txns.into_iter().map(|(line_id, row, date)| self.txn_row(line_id, row, date));
        tx.bulk("bank_txn", TXN_COLUMNS, rows)?;
        write_exceptions(tx, out.exceptions)?;
        if let Some(again) = &self.again {
            let who = self.scope.actor_name();
            let of = |id: &i64| params![*id, who, now, again.pass, again.cause].to_vec();
            let settled: Vec<Vec<Value>> = out.settled.iter().map(of).collect();
            tx.execute_all(&queries::EXCEPTION_SETTLED, &settled)?;
            tx.execute_all(&queries::EXCEPTION_STAYS, &out.stay)?;
            late::ease(tx, &out.eased, now)?;
        }
        post::confirm(tx, out.handed)?;
        books::post(tx, &out.moved.sums()?, ground, now, self.scope.actor_name())?;
        effect::put(tx, self.house, &self.document, &out.effects)?;
        Ok(out.counts)
    }

    /// Changes runs of neighbouring lines that were all told the usual thing.
    fn runs(&self, tx: &mut Tx<'_>, lines: &[Line], changes: &[Change], now: i64) -> Result<()> {
        let statement = match self.kind {
            Kind::AccountCheck => &queries::RUN_CHECKED,
            Kind::Order => &queries::RUN_TOPPED_UP,
            Kind::Movements => &queries::RUN_WITHDRAWN,
        };
        let usual = lines.iter().zip(changes).filter(|(_, change)| **change == Change::Usual);
        let ids: Vec<i64> = usual.map(|(line, _)| line.line_id).collect();
        let runs: Vec<&[i64]> = ids.chunk_by(|a, b| a + 1 == *b).collect();
        let told = |run: &&[i64]| params![run[0], run[run.len() - 1], self.file_no, now].to_vec();
        let told: Vec<Vec<Value>> = runs.iter().map(told).collect();
        let changed = tx.execute_all(statement, &told)?;
        if !changed.iter().zip(&runs).all(|(changed, run)| *changed == run.len() as u64) {
            return Err(Error::Stored("payment lines"));
        }
        Ok(())
    }

    /// After the last row: counts for pages. Until the file is posted an import that begins again counts anew.
    fn count(&mut self, counts: &Counts, mark: i64) -> Result<()> {
        let (house, file_no) = (self.house, self.file_no);
        let (tally, recount) = (std::mem::take(&mut self.tally), self.recount);
        house.db.write(|tx| {
            if recount {
                for cycle_id in &counts.cycles {
                    let cycle = common::cycle(tx, *cycle_id)?;
                    common::refresh(tx, &cycle)?;
                }
            } else {
                tally.write(tx)?;
            }
            files::mark(tx, file_no, counts, mark)
        })
    }

    /// At the end: accounts to remember, accounts that two recipients share.
    fn finish(self, counts: &Counts) -> Result<()> {
        let Self { house, scope, kind, file_no, since, .. } = self;
        let cycles = house.db.write(|tx| {
            let now = house.clock.now_ms();
            let mut cycles = Vec::new();
            for cycle_id in &counts.cycles {
                cycles.push(common::cycle(tx, *cycle_id)?);
            }
            for cycle in cycles.iter().filter(|_| kind == Kind::AccountCheck) {
                let of = params![cycle.cycle_id, now, cycle.first_line, cycle.last_line, file_no, since];
                tx.execute(&queries::ACCOUNTS_KEEP, of)?;
            }
            tx.execute(&queries::FILE_POSTED, params![file_no])?;
            Ok::<_, Error>(cycles)
        })?;
        if kind == Kind::AccountCheck {
            for cycle in &cycles {
                shared::doubt(house, scope, cycle)?;
            }
        }
        Ok(())
    }
}

/// Where a line stands among lines sorted by number.
fn place(lines: &[Line], line_id: i64) -> Option<usize> {
    // Numbers of a cycle have no gaps, so the distance from the first is nearly always the place.
    let first = lines.first()?.line_id;
    let guess = usize::try_from(line_id.checked_sub(first)?).ok()?;
    if lines.get(guess).is_some_and(|line| line.line_id == line_id) {
        return Some(guess);
    }
    lines.binary_search_by_key(&line_id, |line| line.line_id).ok()
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
