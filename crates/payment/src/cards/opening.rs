//! Collective opening (*burekol*): for families of whom the bank said that they have no account, one file asks the bank to open accounts
//! and to print cards. Its answer makes the account known, sends the line to another account check, and brings the card into the world.

use std::{collections::hash_map::Entry, path::Path};

use access::{House, Scope};
use jiff::civil::Date;
use model::{FamilyId, LineId, Progress, RegionCode, parse_date};
use policy::{Channel, ChannelResult, Meaning};
use rustc_hash::{FxHashMap, FxHashSet};
use store::{Tx, Value, params};

use super::{
    custody,
    moves::{self, Card, Writer, Written, exception},
    queries,
};
use crate::{
    Error, Result, checks,
    common::{self, Cycle},
    effect::{self, Effect},
    files::{self, Counts, FileMade, FileView, NewFile},
    import::Imported,
    lines::EventRow,
    state::{AccountState, Trouble},
    wire::{self, Outgoing, Replies, ReplyRow},
};

const REQUEST: &str = "account_opening";
const REPLY: &str = "account_opening_reply";

/// Writes the openings of a cycle into `folder`: one file for each channel with lines whose account check said that there is no account
/// (a word that `opens` in the channel's file). Answers all files of the cycle, also those of earlier calls.
///
/// # Errors
/// [`Error::State`] while the cycle is being built, [`Error::File`] when the folder cannot be written; then the same call again writes
/// the same file.
pub fn export_openings(
    house: &House,
    scope: &Scope,
    cycle_id: i64,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Vec<FileMade>> {
    common::need(scope, "payment.export")?;
    let _lock = common::lock(house)?;
    house.db.write(|tx| {
        let cycle = common::built_cycle(tx, cycle_id)?;
        for channel in house.policy.channels().values() {
            intend(tx, house, scope, &cycle, channel)?;
        }
        common::refresh(tx, &cycle)
    })?;
    let of_cycle = || house.db.read(|tx| files::out_of_cycle(tx, cycle_id, REQUEST));
    for file in of_cycle()?.iter().filter(|file| file.state == "intended") {
        write(house, file, folder, progress)?;
    }
    Ok(of_cycle()?.iter().map(|file| file.made(folder)).collect())
}

/// Chooses the lines and commits to asking, before anything is written outside.
fn intend(tx: &mut Tx<'_>, house: &House, scope: &Scope, cycle: &Cycle, channel: &Channel) -> Result<()> {
    let cycle_id = cycle.cycle_id;
    let Some(layout) = channel.file(REQUEST) else { return Ok(()) };
    let words = channel.results.iter().filter(|result| result.opens).map(|one| format!("bank:{}", one.word));
    let (mut open, mut asked) = (Vec::new(), Vec::new());
    for word in words {
        opened_elsewhere(tx, house, scope, (cycle_id, &channel.key, &word))?;
        let lines = tx.query(&queries::TO_OPEN, params![cycle_id, &channel.key, &word])?;
        if !lines.is_empty() {
            open.push(word);
            asked.extend(lines);
        }
    }
    if open.is_empty() {
        return Ok(());
    }
    let file_no = store::next_number(tx, "channel_file", 1)?;
    let (batch, now) = (format!("BUKA{file_no:06}"), house.clock.now_ms());
    let file = NewFile {
        file_no,
        direction: "out",
        channel: &channel.key,
        kind: REQUEST,
        cycle_id: Some(cycle_id),
        order_id: None,
        batch: &batch,
        name: &layout.pattern.replace("{batch}", &batch),
        hash: None,
        bytes: 0,
        state: "intended",
    };
    files::add(tx, house, scope, &file)?;
    for word in open {
        tx.execute(&queries::OPENING_ASK, params![cycle_id, &channel.key, file_no, now, word])?;
    }
    let document = format!("file:{file_no}");
    let of = params![file_no, now, scope.actor_name(), &document, cycle.first_line, cycle.last_line];
    tx.execute(&queries::OPENING_EVENTS, of)?;
    keep_first_question(tx, &asked)?;
    common::audit(tx, house, scope, &document, &batch)
}

/// The lines name the opening's file from now on: that they were asked about before becomes an event of their own.
fn keep_first_question(tx: &mut Tx<'_>, lines: &[store::Row]) -> Result<()> {
    let (mut known, mut events) = (FxHashMap::default(), Vec::new());
    for line in lines {
        let Some(file_no) = line.opt_int(3)? else { continue };
        if let Entry::Vacant(free) = known.entry(file_no) {
            free.insert(files::get(tx, file_no)?);
        }
        let Some(file) = known.get(&file_no) else { continue };
        let event = EventRow {
            line: (line.int(0)?, line.int(1)?, line.int(2)? + 1),
            at_ms: file.at_ms,
            actor: &file.actor,
            kind: "account",
            state: AccountState::Asked.code(),
            reason: "sent_for_check",
            next: "wait_for_bank",
            document: &format!("file:{file_no}"),
        };
        events.push(event.values());
    }
    tx.bulk("payment_event", common::EVENT_COLUMNS, events.into_iter())?;
    Ok(())
}

/// A family may wait in several programmes: what was opened for one is checked for the others.
fn opened_elsewhere(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    (cycle_id, channel, word): (i64, &str, &str),
) -> Result<()> {
    let now = house.clock.now_ms();
    let known = tx.query(&queries::OPENED_ELSEWHERE, params![cycle_id, channel, word, now])?;
    let mut events = Vec::with_capacity(known.len());
    for row in &known {
        let event = EventRow {
            line: (row.int(0)?, row.int(1)?, row.int(2)?),
            at_ms: now,
            actor: scope.actor_name(),
            kind: "account",
            state: AccountState::Unchecked.code(),
            reason: "opened_elsewhere",
            next: "check_account",
            document: "decision",
        };
        events.push(event.values());
    }
    tx.bulk("payment_event", common::EVENT_COLUMNS, events.into_iter())?;
    Ok(())
}

/// The same lines always give the same bytes.
fn write(house: &House, file: &FileView, folder: &Path, progress: &dyn Progress) -> Result<()> {
    let layout = wire::layout(checks::channel_of(house, &file.channel)?, REQUEST)?;
    let mut out = Outgoing::create(folder, &file.name, layout)?;
    house.db.read(|tx| {
        tx.for_each(&queries::OPENING_LINES, params![file.file_no], |row| {
            let line_id = row.int(0)?.to_string();
            let nik = row.opt_int(1)?.map(|nik| format!("{nik:016}")).unwrap_or_default();
            let (name, region) = (row.text(2)?, row.text(3)?);
            if out.rows % 50_000 == 0 {
                progress.report("account openings", out.rows, 0);
            }
            out.row(layout.columns.iter().map(|column| match column.field.as_str() {
                "batch" => file.batch.as_str(),
                "ref" => line_id.as_str(),
                "nik" => nik.as_str(),
                "name" => name,
                "region" => region,
                _ => "",
            }))
        })
    })?;
    checks::finish(house, file, out)
}

/// Takes in the bank's answer to an opening: accounts become known and are checked again, cards are printed and lie at the bank. The
/// same file again changes nothing, and neither does a row that another file told.
///
/// # Errors
/// [`Error::Columns`] when it is no such file; then nothing was taken.
pub fn import_openings(
    house: &House,
    scope: &Scope,
    channel: &str,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Imported> {
    common::need(scope, "payment.import")?;
    let _lock = common::lock(house)?;
    let channel = checks::channel_of(house, channel)?;
    let mut replies = moves::open_file(house, channel, REPLY, path)?;
    let file = moves::begin_file(house, scope, channel, REPLY, path)?;
    if file.state == "posted" {
        return Ok(Imported { file, again: true });
    }
    moves::keep_masked(house, channel, &file, path)?;
    let reference = format!("file:{}", file.file_no);
    let writer = Writer { house, scope, channel, file_no: file.file_no, reference };
    let columns = Columns::of(&replies);
    moves::take_rows(house, &writer, &mut replies, &file, progress, |tx, rows, counts| {
        take(tx, &writer, &columns, rows, counts)
    })
}

/// Where the cells are: batch, ref, result, account, name, token, last digits, day.
struct Columns([Option<usize>; 8]);

impl Columns {
    fn of(replies: &Replies) -> Self {
        let fields =
            ["batch", "ref", "result", "account", "name_at_bank", "card_token", "last4", "printed_on"];
        Self(fields.map(|field| replies.place(field)))
    }
}

/// A row as read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OpeningRow {
    batch: String,
    line_id: i64,
    word: String,
    account: String,
    name: String,
    token: String,
    last4: String,
    printed_on: Option<Date>,
}

fn read_row(columns: &Columns, row: &ReplyRow) -> Option<OpeningRow> {
    let cells = row.cells.as_ref()?;
    let mut texts = columns.0.iter().map(|place| place.and_then(|place| cells.get(place)).map(str::to_owned));
    let mut next = || texts.next().flatten();
    let (batch, line_id, word) = (next()?, next()?.parse().ok()?, next()?);
    let (account, name, token, last4) = (next()?, next()?, next()?, next()?);
    let printed_on = parse_date(&next()?).ok();
    let word = word.chars().take(40).collect();
    Some(OpeningRow { batch, line_id, word, account, name, token, last4, printed_on })
}

/// A line that waits for an opening.
struct Waiting {
    recipient: i64,
    line_id: i64,
    cycle_id: i64,
    region: String,
    asked: bool,
    events: i64,
    batch: Option<String>,
}

/// What to do with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    /// Account and card are there; the day on which the card was printed, unless it is known from the opening for another programme.
    Opened(Option<Date>),
    /// The bank refused.
    Failed,
    /// Told before.
    Known,
    /// Not taken.
    Refused(Trouble, String, String),
}

/// Decides a row. `card` is the one that bears the token already; `live` whether the family has a card of this bank.
fn decide(
    line: &Waiting,
    row: &OpeningRow,
    means: Meaning,
    card: Option<&Card>,
    live: bool,
    today: Date,
) -> Verdict {
    let refused = |trouble, expected: &str, found: &str| {
        Verdict::Refused(trouble, expected.to_owned(), found.to_owned())
    };
    let mine = card.is_some_and(|card| card.recipient == line.recipient && card.last4 == row.last4);
    if card.is_some() && !mine {
        return refused(Trouble::CardConflict, "", &row.last4);
    }
    let waits = line.asked && line.batch.as_deref() == Some(row.batch.as_str());
    if mine && !waits {
        return Verdict::Known;
    }
    if line.batch.as_deref() != Some(row.batch.as_str()) {
        return refused(Trouble::WrongBatch, line.batch.as_deref().unwrap_or("-"), &row.batch);
    }
    if !line.asked {
        return refused(Trouble::NotExpected, "", &row.word);
    }
    match means {
        Meaning::Failed => Verdict::Failed,
        Meaning::Ok if row.account.is_empty() => refused(Trouble::AccountMissing, "account", ""),
        Meaning::Ok if !custody::is_token(&row.token) || !custody::is_last4(&row.last4) => {
            refused(Trouble::BadRow, "card_token, last4", "")
        }
        Meaning::Ok if mine => Verdict::Opened(None),
        Meaning::Ok if live => refused(Trouble::CardConflict, "", &row.last4),
        Meaning::Ok => match row.printed_on.filter(|day| *day <= today) {
            Some(day) => Verdict::Opened(Some(day)),
            None => refused(Trouble::BadRow, "printed_on", ""),
        },
        _ => refused(Trouble::UnknownWord, "", &row.word),
    }
}

/// One batch: what the lines and cards come to.
#[derive(Default)]
struct Outcome {
    cards: Written,
    lines: Vec<Vec<Value>>,
    events: Vec<(i64, i64, Vec<Value>)>,
    effects: Vec<Effect>,
}

fn take(
    tx: &mut Tx<'_>,
    writer: &Writer<'_>,
    columns: &Columns,
    rows: &[ReplyRow],
    counts: &mut Counts,
) -> Result<()> {
    let told: Vec<Option<OpeningRow>> = rows.iter().map(|row| read_row(columns, row)).collect();
    let named = rows.iter().zip(&told).filter_map(|(row, told)| {
        let told = told.as_ref()?;
        // A token that may be a number is asked for nowhere.
        let token = if custody::is_token(&told.token) { told.token.as_str() } else { "" };
        Some((row.row_no, told.line_id, token))
    });
    let named: Vec<(i64, i64, &str)> = named.collect();
    let (mut lines, mut live) = waiting(tx, writer, &named)?;
    let mut cards = moves::stage_cards(tx, writer, named.into_iter())?.cards;
    let mut number = store::next_number(tx, "card", rows.len() as i64)?;
    let (mut out, today) = (Outcome::default(), writer.house.clock.today());
    for (row, told) in rows.iter().zip(&told) {
        let Some(told) = told else {
            exception(writer, row.row_no, None, Trouble::BadRow, ("", ""), &mut out.cards, counts);
            continue;
        };
        let Some(line) = lines.get_mut(&told.line_id) else {
            let found = told.line_id.to_string();
            exception(writer, row.row_no, None, Trouble::UnknownRef, ("", &found), &mut out.cards, counts);
            continue;
        };
        counts.cycles.insert(line.cycle_id);
        let of = (Some(line.line_id), line.recipient, line.region.clone());
        let of = Some((of.0, of.1, of.2.as_str()));
        if [&told.token, &told.last4, &told.name].into_iter().any(|text| custody::has_number(text)) {
            exception(writer, row.row_no, of, Trouble::CardNumber, ("", ""), &mut out.cards, counts);
            continue;
        }
        let Some(result) = writer.channel.result(REPLY, &told.word) else {
            exception(writer, row.row_no, of, Trouble::UnknownWord, ("", &told.word), &mut out.cards, counts);
            continue;
        };
        let has_card = live.contains(&line.recipient);
        let (opened, born) = match decide(line, told, result.means, cards.get(&told.token), has_card, today) {
            Verdict::Known => {
                counts.known += 1;
                continue;
            }
            Verdict::Refused(trouble, expected, found) => {
                exception(writer, row.row_no, of, trouble, (&expected, &found), &mut out.cards, counts);
                continue;
            }
            Verdict::Failed => (false, None),
            Verdict::Opened(born) => (true, born),
        };
        counts.taken += 1;
        *counts.words.entry(result.word.clone()).or_default() += 1;
        settle(writer, line, told, result, opened, &mut out)?;
        if let Some(day) = born {
            let card = Card {
                token: told.token.clone(),
                last4: told.last4.clone(),
                line_id: Some(line.line_id),
                ..Card::printed(line.recipient, number, &writer.channel.key, &line.region, day)
            };
            number += 1;
            live.insert(line.recipient);
            cards.insert(told.token.clone(), card.clone());
            writer.print(card, &mut out.cards);
        }
    }
    counts.effects += out.effects.len() as i64;
    write_batch(tx, writer, out)
}

/// The lines that rows name, and the families among them that have a card of this bank.
fn waiting(
    tx: &mut Tx<'_>,
    writer: &Writer<'_>,
    named: &[(i64, i64, &str)],
) -> Result<(FxHashMap<i64, Waiting>, FxHashSet<i64>)> {
    let rows = named.iter().map(|(seq, line_id, _)| moves::staged(writer.file_no, *seq, *line_id, ""));
    tx.bulk("card_stage", moves::STAGE_COLUMNS, rows)?;
    let of = params![writer.file_no, &writer.channel.key];
    let (mut lines, mut live) = (FxHashMap::default(), FxHashSet::default());
    tx.for_each(&queries::OPENING_STAGED, of, |row| {
        let line = Waiting {
            recipient: row.int(1)?,
            line_id: row.int(2)?,
            cycle_id: row.int(3)?,
            region: row.string(4)?,
            asked: row.text(5)? == AccountState::Asked.code(),
            events: row.int(6)?,
            batch: row.opt_string(7)?,
        };
        lines.insert(line.line_id, line);
        Ok::<_, Error>(())
    })?;
    tx.for_each(&queries::OPENING_LIVE, of, |row| {
        live.insert(row.int(0)?);
        Ok::<_, Error>(())
    })?;
    tx.execute(&queries::STAGE_CLEAR, params![writer.file_no])?;
    Ok((lines, live))
}

/// The line after the bank's answer: to be checked again, or failed with the case that the word opens.
fn settle(
    writer: &Writer<'_>,
    line: &mut Waiting,
    told: &OpeningRow,
    result: &ChannelResult,
    opened: bool,
    out: &mut Outcome,
) -> Result<()> {
    line.asked = false;
    line.events += 1;
    let (state, problem, next) = if opened {
        (AccountState::Unchecked, None, "check_account")
    } else {
        (AccountState::Failed, Some(Trouble::AccountRefused), "repair_account")
    };
    let some = |text: &str| Some(text.to_owned()).filter(|text| opened && !text.is_empty());
    out.lines.push(vec![
        writer.file_no.into(),
        line.recipient.into(),
        line.line_id.into(),
        some(&told.account).into(),
        some(&told.name).into(),
        state.code().into(),
        problem.map(Trouble::code).into(),
    ]);
    let reason = format!("bank:{}", result.word);
    let event = EventRow {
        line: (line.recipient, line.line_id, line.events),
        at_ms: writer.house.clock.now_ms(),
        actor: writer.scope.actor_name(),
        kind: "account",
        state: state.code(),
        reason: &reason,
        next,
        document: &writer.reference,
    };
    out.events.push((line.recipient, line.line_id, event.values()));
    if let Some(workflow) = result.effect.as_ref().filter(|_| !opened) {
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

fn write_batch(tx: &mut Tx<'_>, writer: &Writer<'_>, mut out: Outcome) -> Result<()> {
    const COLUMNS: &[&str] =
        &["file_no", "recipient", "line_id", "account", "name_at_bank", "account_state", "problem"];
    let changed = out.lines.len() as u64;
    tx.bulk("card_opening", COLUMNS, out.lines.into_iter())?;
    let now = writer.house.clock.now_ms();
    if tx.execute(&queries::OPENING_APPLY, params![writer.file_no, now])? != changed {
        return Err(Error::Stored("payment lines"));
    }
    // Nobody checked the account yet.
    tx.execute(&queries::OPENING_KEEP, params![writer.file_no, &writer.channel.key])?;
    tx.execute(&queries::OPENING_CLEAR, params![writer.file_no])?;
    out.events.sort_by_key(|(recipient, line_id, _)| (*recipient, *line_id));
    let events = out.events.into_iter().map(|(_, _, values)| values);
    tx.bulk("payment_event", common::EVENT_COLUMNS, events)?;
    effect::put(tx, writer.house, &writer.reference, &out.effects)?;
    writer.write(tx, out.cards)
}
