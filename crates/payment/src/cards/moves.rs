//! Moves: one by a person on the card's page, or many from a file. The move, the card's new state and the case that a trouble opens are
//! written in one transaction. The same move told twice changes nothing; a page that is out of date is told so.

use std::path::Path;

use access::{House, Scope};
use jiff::civil::Date;
use model::{FamilyId, LineId, Progress, RegionCode, parse_date};
use policy::Channel;
use rustc_hash::FxHashMap;
use serde::Serialize;
use store::{Row, Tx, Value, params};

use super::{
    custody::{self, CardDetails, CardField, CardMove, CardState, Holder, Stage, after},
    queries,
};
use crate::{
    Error, Result, checks, common, effect,
    effect::Effect,
    evidence,
    files::{self, Counts, FileView, Received},
    import::{Imported, write_exceptions},
    state::Trouble,
    wire::{self, Replies, ReplyRow},
};

const KIND: &str = "card_movements";
/// Rows of one transaction.
const BATCH: usize = 10_000;
/// In place of a file's number, for a single move.
const NO_FILE: i64 = 0;

/// A move that a person records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardStep {
    /// Which.
    pub step: CardMove,
    /// On which day it happened.
    pub day: Date,
    /// What else is told.
    pub details: CardDetails,
    /// Number of the card's last move on the page that the person saw.
    pub rev: i64,
}

/// What a move did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CardMoved {
    /// The card.
    pub card_id: i64,
    /// The move was told before; nothing changed now.
    pub again: bool,
}

/// A card as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) recipient: i64,
    pub(crate) card_id: i64,
    pub(crate) channel: String,
    pub(crate) token: String,
    pub(crate) last4: String,
    pub(crate) line_id: Option<i64>,
    pub(crate) region: String,
    pub(crate) state: CardState,
    pub(crate) holder: Holder,
    pub(crate) printed_on: Date,
    pub(crate) received_on: Option<Date>,
    pub(crate) handed_on: Option<Date>,
    pub(crate) active_on: Option<Date>,
    pub(crate) since: Date,
    pub(crate) last_on: Date,
    pub(crate) follows: Option<i64>,
    pub(crate) followed_by: Option<i64>,
    pub(crate) rev: i64,
}

impl Card {
    /// Reads `card_columns!`.
    pub(crate) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            recipient: row.int(0)?,
            card_id: row.int(1)?,
            channel: row.string(2)?,
            token: row.string(3)?,
            last4: row.string(4)?,
            line_id: row.opt_int(5)?,
            region: row.string(6)?,
            state: CardState::from_code(row.text(7)?).ok_or(Error::Stored("card state"))?,
            holder: Holder::from_code(row.text(8)?).ok_or(Error::Stored("card holder"))?,
            printed_on: row.date(9)?,
            received_on: row.opt_date(10)?,
            handed_on: row.opt_date(11)?,
            active_on: row.opt_date(12)?,
            since: row.date(13)?,
            last_on: row.date(14)?,
            follows: row.opt_int(15)?,
            followed_by: row.opt_int(16)?,
            rev: row.int(17)?,
        })
    }

    /// A card as the bank prints it.
    pub(crate) fn printed(recipient: i64, card_id: i64, channel: &str, region: &str, day: Date) -> Self {
        Self {
            recipient,
            card_id,
            channel: channel.to_owned(),
            token: String::new(),
            last4: String::new(),
            line_id: None,
            region: region.to_owned(),
            state: CardState::Printed,
            holder: Holder::Bank,
            printed_on: day,
            received_on: None,
            handed_on: None,
            active_on: None,
            since: day,
            last_on: day,
            follows: None,
            followed_by: None,
            rev: 1,
        }
    }

    /// Takes a step that [`after`] allows.
    fn advance(&mut self, step: CardMove, day: Date, (state, holder): (CardState, Holder)) {
        match step {
            CardMove::Receive => self.received_on = Some(day),
            CardMove::HandOver => self.handed_on = Some(day),
            CardMove::Activate => self.active_on = Some(day),
            _ => {}
        }
        // From the bank to the family a card waits since it was printed, whoever carries it.
        if state.stage() != Stage::Waiting || self.state.stage() != Stage::Waiting {
            self.since = day;
        }
        (self.state, self.holder, self.last_on) = (state, holder, day);
        self.rev += 1;
    }
}

/// Who writes, when, and on what ground.
pub(crate) struct Writer<'a> {
    pub(crate) house: &'a House,
    pub(crate) scope: &'a Scope,
    pub(crate) channel: &'a Channel,
    pub(crate) file_no: i64,
    pub(crate) reference: String,
}

/// What a batch of moves comes to.
#[derive(Default)]
pub(crate) struct Written {
    /// Cards that moved, with the revision that they had.
    changed: FxHashMap<i64, (Card, i64)>,
    born: Vec<Card>,
    events: Vec<Vec<Value>>,
    effects: Vec<(String, Effect)>,
    pub(crate) exceptions: Vec<Vec<Value>>,
}

const CARD_COLUMNS: &[&str] = &[
    "recipient",
    "card_id",
    "channel",
    "token",
    "last4",
    "line_id",
    "region",
    "state",
    "stage",
    "holder",
    "printed_on",
    "received_on",
    "handed_on",
    "active_on",
    "since",
    "last_on",
    "follows",
    "followed_by",
    "rev",
];
const CHANGE_COLUMNS: &[&str] = &[
    "file_no",
    "recipient",
    "card_id",
    "state",
    "stage",
    "holder",
    "received_on",
    "handed_on",
    "active_on",
    "since",
    "last_on",
    "followed_by",
    "rev_before",
    "rev",
];
const EVENT_COLUMNS: &[&str] = &[
    "recipient",
    "card_id",
    "seq",
    "at",
    "actor_id",
    "actor",
    "step",
    "day",
    "from_state",
    "to_state",
    "from_holder",
    "to_holder",
    "whom",
    "role",
    "place",
    "proof_kind",
    "proof",
    "paper",
    "note",
    "reference",
];

impl Writer<'_> {
    /// A card comes into the world.
    pub(crate) fn print(&self, card: Card, out: &mut Written) {
        out.events.push(self.event(&card, CardMove::Print, ("", ""), &CardDetails::default()));
        out.born.push(card);
    }

    /// Takes a step, or says why not. `born` is the number that a card which follows would get.
    fn step(
        &self,
        card: &mut Card,
        step: CardMove,
        day: Date,
        details: &CardDetails,
        born: Option<i64>,
        out: &mut Written,
    ) -> Result<()> {
        custody::check(step, day, details, card.last_on, self.house.clock.today())?;
        let next = after(card.state, card.holder, step).ok_or_else(|| Error::State {
            what: format!("card {}", card.card_id),
            state: card.state.code().to_owned(),
            remedy: step.remedy(),
        })?;
        let (before, rev) = ((card.state.code(), card.holder.code()), card.rev);
        card.advance(step, day, next);
        if let Some(card_id) = born.filter(|_| step == CardMove::Replace) {
            card.followed_by = Some(card_id);
            let mut follower = Card::printed(card.recipient, card_id, &card.channel, &card.region, day);
            follower.token.clone_from(&details.new_token);
            follower.last4.clone_from(&details.new_last4);
            follower.line_id = card.line_id;
            follower.follows = Some(card.card_id);
            self.print(follower, out);
        }
        out.events.push(self.event(card, step, before, details));
        self.trouble(card, out)?;
        let known = out.changed.get(&card.card_id).map(|(_, rev)| *rev);
        out.changed.insert(card.card_id, (card.clone(), known.unwrap_or(rev)));
        Ok(())
    }

    fn trouble(&self, card: &Card, out: &mut Written) -> Result<()> {
        let Some(workflow) = self.channel.card_trouble(card.state.code()) else { return Ok(()) };
        let effect = Effect::OpenCase {
            workflow: workflow.to_owned(),
            family: FamilyId(card.recipient),
            line: card.line_id.map(LineId),
            region: RegionCode::parse(&card.region)?,
            reason: card.state.code().to_owned(),
        };
        out.effects.push((format!("card:{}:{}", card.card_id, card.rev), effect));
        Ok(())
    }

    /// In the order of [`EVENT_COLUMNS`]; the card is as it is after the step.
    fn event(&self, card: &Card, step: CardMove, before: (&str, &str), told: &CardDetails) -> Vec<Value> {
        let (actor_id, actor) = self.scope.actor_pair();
        let keys = [card.recipient, card.card_id, card.rev, self.house.clock.now_ms()].map(Value::from);
        let day = card.last_on.to_string();
        let texts = [
            step.code(),
            &day,
            before.0,
            card.state.code(),
            before.1,
            card.holder.code(),
            told.whom.trim(),
            &told.role,
            told.place.trim(),
            &told.proof_kind,
            proof_of(step, told),
            told.document.trim(),
            told.note.trim(),
            &self.reference,
        ];
        let actor = [Value::from(actor_id), Value::from(actor)];
        keys.into_iter().chain(actor).chain(texts.map(Value::from)).collect()
    }

    /// Writes everything, in the caller's transaction.
    pub(crate) fn write(&self, tx: &mut Tx<'_>, mut out: Written) -> Result<()> {
        // A card that was born and moved on in one batch is written as it is now.
        for card in &mut out.born {
            if let Some((moved, _)) = out.changed.remove(&card.card_id) {
                *card = moved;
            }
        }
        let stage = |card: &Card| Value::from(card.state.stage().code());
        let mut changed: Vec<(Card, i64)> = out.changed.into_values().collect();
        changed.sort_unstable_by_key(|(card, _)| (card.recipient, card.card_id));
        let rows = changed.iter().map(|(card, before)| {
            vec![
                self.file_no.into(),
                card.recipient.into(),
                card.card_id.into(),
                card.state.code().into(),
                stage(card),
                card.holder.code().into(),
                card.received_on.into(),
                card.handed_on.into(),
                card.active_on.into(),
                card.since.into(),
                card.last_on.into(),
                card.followed_by.into(),
                (*before).into(),
                card.rev.into(),
            ]
        });
        tx.bulk("card_change", CHANGE_COLUMNS, rows)?;
        if tx.execute(&queries::CHANGE_APPLY, params![self.file_no])? != changed.len() as u64 {
            return Err(Error::Changed);
        }
        tx.execute(&queries::CHANGE_CLEAR, params![self.file_no])?;
        // After the cards that they follow have ended: a family has one at a time.
        let rows = out.born.iter().map(|card| {
            vec![
                card.recipient.into(),
                card.card_id.into(),
                (&card.channel).into(),
                (&card.token).into(),
                (&card.last4).into(),
                card.line_id.into(),
                (&card.region).into(),
                card.state.code().into(),
                stage(card),
                card.holder.code().into(),
                card.printed_on.into(),
                card.received_on.into(),
                card.handed_on.into(),
                card.active_on.into(),
                card.since.into(),
                card.last_on.into(),
                card.follows.into(),
                card.followed_by.into(),
                card.rev.into(),
            ]
        });
        tx.bulk("card", CARD_COLUMNS, rows)?;
        tx.bulk("card_event", EVENT_COLUMNS, out.events.into_iter())?;
        write_exceptions(tx, out.exceptions)?;
        for (document, effect) in out.effects {
            effect::put(tx, self.house, &document, &[effect])?;
        }
        Ok(())
    }
}

/// Records a move of one card.
///
/// # Errors
/// [`Error::NotFound`] outside the scope, [`Error::Card`] when what is told cannot be kept, [`Error::State`] when the card is not where
/// the move begins, [`Error::Changed`] when somebody was faster.
pub fn move_card(house: &House, scope: &Scope, card_id: i64, wanted: &CardStep) -> Result<CardMoved> {
    common::need(scope, wanted.step.action())?;
    house.db.write(|tx| {
        let (from, to) = scope.path_range();
        let row = tx
            .query_opt(&queries::CARD, params![from, to, scope.caseload(), card_id])?
            .ok_or(Error::NotFound("card"))?;
        let mut card = Card::read(&row)?;
        let told = known_event(wanted.step, wanted.day, &wanted.details);
        let events = tx.query(&queries::EVENTS, params![card.recipient, card_id, EVENTS_MAX])?;
        // The same, recorded since the page was read: sent twice.
        let again = events.iter().any(|row| {
            row.int(0).is_ok_and(|seq| seq > wanted.rev) && event_of(row, 3, 9).is_ok_and(|one| one == told)
        });
        if again {
            return Ok(CardMoved { card_id, again });
        }
        if card.rev != wanted.rev {
            return Err(Error::Changed);
        }
        let channel = checks::channel_of(house, &card.channel)?;
        let writer = Writer { house, scope, channel, file_no: NO_FILE, reference: "page".to_owned() };
        let born = match wanted.step {
            CardMove::Replace => Some(new_number(tx, &card, &wanted.details)?),
            _ => None,
        };
        let mut out = Written::default();
        writer.step(&mut card, wanted.step, wanted.day, &wanted.details, born, &mut out)?;
        writer.write(tx, out)?;
        common::audit(tx, house, scope, &format!("card:{card_id}"), wanted.step.code())?;
        Ok(CardMoved { card_id, again: false })
    })
}

/// Most moves of one card that are read.
pub(crate) const EVENTS_MAX: i64 = 500;

/// A number for the card that follows; its token must be new.
fn new_number(tx: &mut Tx<'_>, card: &Card, details: &CardDetails) -> Result<i64> {
    tx.bulk("card_stage", STAGE_COLUMNS, std::iter::once(staged(NO_FILE, 1, 0, &details.new_token)))?;
    let known = tx.query(&queries::CARDS_STAGED, params![NO_FILE, &card.channel])?;
    tx.execute(&queries::STAGE_CLEAR, params![NO_FILE])?;
    if !known.is_empty() {
        return Err(custody::CardFault::Field(CardField::Token).into());
    }
    Ok(store::next_number(tx, "card", 1)?)
}

pub(crate) const STAGE_COLUMNS: &[&str] = &["file_no", "seq", "line_id", "token"];

pub(crate) fn staged(file_no: i64, seq: i64, line_id: i64, token: &str) -> Vec<Value> {
    vec![file_no.into(), seq.into(), line_id.into(), token.into()]
}

/// What makes two tellings of a move one: the step, its day and all that is told.
type Told = [String; 9];

fn known_event(step: CardMove, day: Date, told: &CardDetails) -> Told {
    let proof = proof_of(step, told);
    let texts = [&told.whom, &told.role, &told.place, &told.proof_kind, proof, &told.document, &told.note];
    let [whom, role, place, kind, proof, paper, note] = texts.map(|text| text.trim().to_owned());
    [step.code().to_owned(), day.to_string(), whom, role, place, kind, proof, paper, note]
}

/// What proves a move; a card that is replaced is proven by the one that follows.
fn proof_of(step: CardMove, told: &CardDetails) -> &str {
    if step == CardMove::Replace { &told.new_token } else { told.proof.trim() }
}

/// The same of a stored row: `step` and `day` stand at `first`, the rest from `rest` on.
fn event_of(row: &Row, first: usize, rest: usize) -> Result<Told, store::Error> {
    let mut told = Told::default();
    for (at, cell) in told.iter_mut().enumerate() {
        *cell = row.string(if at < 2 { first + at } else { rest + at - 2 })?;
    }
    Ok(told)
}

/// Takes in moves from a file, matched by token and last four digits. What does not fit goes to the exceptions with its row number; the
/// same file again changes nothing, and neither does a row that was told before.
///
/// # Errors
/// [`Error::Columns`] when it is no such file; then nothing was taken.
pub fn import_card_moves(
    house: &House,
    scope: &Scope,
    channel: &str,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Imported> {
    common::need(scope, "payment.import")?;
    let _lock = common::lock(house)?;
    let channel = checks::channel_of(house, channel)?;
    let mut replies = open_file(house, channel, KIND, path)?;
    let file = begin_file(house, scope, channel, KIND, path)?;
    if file.state == "posted" {
        return Ok(Imported { file, again: true });
    }
    keep_masked(house, channel, &file, path)?;
    let reference = format!("file:{}", file.file_no);
    let writer = Writer { house, scope, channel, file_no: file.file_no, reference };
    let columns = Columns::of(&replies);
    take_rows(house, &writer, &mut replies, &file, progress, |tx, rows, counts| {
        take_moves(tx, &writer, &columns, rows, counts)
    })
}

/// Where the cells are.
struct Columns {
    token: Option<usize>,
    last4: Option<usize>,
    step: Option<usize>,
    day: Option<usize>,
    details: Vec<(CardField, Option<usize>)>,
}

impl Columns {
    fn of(replies: &Replies) -> Self {
        let details = CardField::ALL.iter().map(|field| (*field, replies.place(field.code())));
        Self {
            token: replies.place("card_token"),
            last4: replies.place("last4"),
            step: replies.place("move"),
            day: replies.place("day"),
            details: details.collect(),
        }
    }
}

/// A row as read.
struct MoveRow {
    token: String,
    last4: String,
    step: Option<CardMove>,
    day: Option<Date>,
    details: CardDetails,
    /// Some cell has what may be a number.
    number: bool,
}

fn read_move(columns: &Columns, row: &ReplyRow) -> Option<MoveRow> {
    let cells = row.cells.as_ref()?;
    let cell = |place: Option<usize>| place.and_then(|place| cells.get(place)).map(str::to_owned);
    let mut details = CardDetails::default();
    for (field, place) in &columns.details {
        let text = cell(*place).unwrap_or_default();
        *match field {
            CardField::Whom => &mut details.whom,
            CardField::Role => &mut details.role,
            CardField::Place => &mut details.place,
            CardField::ProofKind => &mut details.proof_kind,
            CardField::Proof => &mut details.proof,
            CardField::Document => &mut details.document,
            CardField::Note => &mut details.note,
            CardField::Token => &mut details.new_token,
            CardField::Last4 => &mut details.new_last4,
        } = text;
    }
    let (token, last4) = (cell(columns.token)?, cell(columns.last4)?);
    let number = [&token, &last4].into_iter().any(|text| custody::has_number(text))
        || CardField::ALL.iter().any(|field| custody::has_number(details.field(*field)));
    let step = cell(columns.step).as_deref().and_then(CardMove::from_code);
    let day = parse_date(&cell(columns.day)?).ok();
    Some(MoveRow { token, last4, step: step.filter(|step| *step != CardMove::Print), day, details, number })
}

fn take_moves(
    tx: &mut Tx<'_>,
    writer: &Writer<'_>,
    columns: &Columns,
    rows: &[ReplyRow],
    counts: &mut Counts,
) -> Result<()> {
    let told: Vec<Option<MoveRow>> = rows.iter().map(|row| read_move(columns, row)).collect();
    let named = rows.iter().zip(&told).filter_map(|(row, told)| {
        let told = told.as_ref().filter(|told| !told.number)?;
        Some([(2 * row.row_no, 0, told.token.as_str()), (2 * row.row_no + 1, 0, &told.details.new_token)])
    });
    let Known { mut cards, mut events } = stage_cards(tx, writer, named.flatten())?;
    let replaced = told.iter().flatten().filter(|told| told.step == Some(CardMove::Replace)).count();
    let mut born = store::next_number(tx, "card", replaced as i64)?;
    let mut out = Written::default();
    for (row, told) in rows.iter().zip(told) {
        let Some(told) = told else {
            refuse(writer, row.row_no, None, Trouble::BadRow, "", &mut out, counts);
            continue;
        };
        if told.number {
            refuse(writer, row.row_no, None, Trouble::CardNumber, "", &mut out, counts);
            continue;
        }
        let found = cards.get(&told.token).filter(|card| card.last4 == told.last4);
        let Some(mut card) = found.cloned() else {
            refuse(writer, row.row_no, None, Trouble::UnknownCard, &told.last4, &mut out, counts);
            continue;
        };
        let (Some(step), Some(day)) = (told.step, told.day) else {
            refuse(writer, row.row_no, Some(&card), Trouble::BadRow, "", &mut out, counts);
            continue;
        };
        let event = known_event(step, day, &told.details);
        let of_card = events.entry(card.card_id).or_default();
        if of_card.contains(&event) {
            counts.known += 1;
            continue;
        }
        let replaces = step == CardMove::Replace;
        let number = born;
        born += i64::from(replaces);
        let taken = if replaces && cards.contains_key(&told.details.new_token) {
            Err(Error::Card(custody::CardFault::Field(CardField::Token)))
        } else {
            writer.step(&mut card, step, day, &told.details, Some(number), &mut out)
        };
        match taken {
            Ok(()) => {
                counts.taken += 1;
                *counts.words.entry(step.code().to_owned()).or_default() += 1;
                of_card.push(event);
                cards.insert(told.token, card);
                if let Some(follower) = out.born.last().filter(|_| replaces) {
                    cards.insert(follower.token.clone(), follower.clone());
                }
            }
            Err(Error::State { .. }) => {
                refuse(writer, row.row_no, Some(&card), Trouble::CardMove, step.code(), &mut out, counts);
            }
            Err(Error::Card(fault)) => {
                refuse(writer, row.row_no, Some(&card), Trouble::BadRow, fault.field(), &mut out, counts);
            }
            Err(error) => return Err(error),
        }
    }
    counts.effects += out.effects.len() as i64;
    writer.write(tx, out)
}

/// What is stored of the cards that a batch names.
pub(crate) struct Known {
    pub(crate) cards: FxHashMap<String, Card>,
    events: FxHashMap<i64, Vec<Told>>,
}

/// Finds the cards that rows name by token.
pub(crate) fn stage_cards<'a>(
    tx: &mut Tx<'_>,
    writer: &Writer<'_>,
    rows: impl Iterator<Item = (i64, i64, &'a str)>,
) -> Result<Known> {
    let rows = rows.map(|(seq, line_id, token)| staged(writer.file_no, seq, line_id, token));
    tx.bulk("card_stage", STAGE_COLUMNS, rows)?;
    let of = params![writer.file_no, &writer.channel.key];
    let mut known = Known { cards: FxHashMap::default(), events: FxHashMap::default() };
    tx.for_each(&queries::CARDS_STAGED, of, |row| {
        let card = Card::read(&row)?;
        known.cards.insert(card.token.clone(), card);
        Ok::<_, Error>(())
    })?;
    tx.for_each(&queries::EVENTS_STAGED, of, |row| {
        known.events.entry(row.int(0)?).or_default().push(event_of(&row, 2, 4)?);
        Ok::<_, Error>(())
    })?;
    tx.execute(&queries::STAGE_CLEAR, params![writer.file_no])?;
    Ok(known)
}

/// A row that was not taken.
pub(crate) fn refuse(
    writer: &Writer<'_>,
    row_no: i64,
    card: Option<&Card>,
    trouble: Trouble,
    found: &str,
    out: &mut Written,
    counts: &mut Counts,
) {
    let of = card.map(|card| (card.line_id, card.recipient, card.region.as_str()));
    let expected = card.map_or("", |card| card.state.code());
    exception(writer, row_no, of, trouble, (expected, found), out, counts);
}

/// The same of a row that names a line: line, recipient, region.
pub(crate) fn exception(
    writer: &Writer<'_>,
    row_no: i64,
    of: Option<(Option<i64>, i64, &str)>,
    trouble: Trouble,
    (expected, found): (&str, &str),
    out: &mut Written,
    counts: &mut Counts,
) {
    *counts.refused.entry(trouble.code().to_owned()).or_default() += 1;
    let state = if trouble.is_note() { "noted" } else { "open" };
    out.exceptions.push(vec![
        writer.file_no.into(),
        row_no.into(),
        Value::Null,
        of.and_then(|of| of.0).into(),
        of.map(|of| of.1).into(),
        of.map_or("", |of| of.2).into(),
        trouble.code().into(),
        Value::Null,
        expected.into(),
        found.chars().take(40).collect::<String>().into(),
        state.into(),
        writer.house.clock.now_ms().into(),
    ]);
}

/// Opens a received file of a kind, after a look at its size.
pub(crate) fn open_file(house: &House, channel: &Channel, kind: &str, path: &Path) -> Result<Replies> {
    files::check_size(house, path)?;
    Replies::open(path, wire::layout(channel, kind)?)
}

/// Finds the file by its content, or makes its row.
pub(crate) fn begin_file(
    house: &House,
    scope: &Scope,
    channel: &Channel,
    kind: &'static str,
    path: &Path,
) -> Result<FileView> {
    let received = Received::read(&channel.key, kind, path)?;
    house.db.write(|tx| {
        if let Some(file) = received.known(tx)? {
            return Ok(file);
        }
        let file_no = received.add(tx, house, scope, "reading")?;
        common::audit(tx, house, scope, &format!("file:{file_no}"), &received.hash)?;
        files::get(tx, file_no)
    })
}

/// Fields of card files in which long numbers are right.
const NUMBERED: [&str; 5] = ["batch", "ref", "account", "printed_on", "day"];

/// Keeps the rows as received in the lake, but for what may be a PIN or a card number: that is kept nowhere.
pub(crate) fn keep_masked(house: &House, channel: &Channel, file: &FileView, path: &Path) -> Result<()> {
    let name = format!("payments/in/{}", file.file_no);
    if house.lake.dataset(&name)?.is_some() {
        return Ok(());
    }
    let layout = wire::layout(channel, &file.kind)?;
    let open: Vec<bool> =
        layout.columns.iter().map(|column| NUMBERED.contains(&column.field.as_str())).collect();
    let mut rows = Replies::open(path, layout)?;
    let columns = rows.fields().to_vec();
    evidence::write(house, &name, file, &columns, || {
        let mut rows = rows.next_rows(BATCH)?;
        let cells = rows.iter_mut().filter_map(|row| row.cells.as_mut());
        for cells in cells {
            *cells = cells.masked(|place, cell| open.get(place) != Some(&true) && custody::has_number(cell));
        }
        Ok(rows)
    })
}

/// Takes the rows of a file batch by batch, one transaction each, with the mark how far it got.
pub(crate) fn take_rows(
    house: &House,
    writer: &Writer<'_>,
    replies: &mut Replies,
    file: &FileView,
    progress: &dyn Progress,
    mut take: impl FnMut(&mut Tx<'_>, &[ReplyRow], &mut Counts) -> Result<()>,
) -> Result<Imported> {
    let (mut counts, mut mark) = (file.counts.clone(), file.mark);
    loop {
        let mut rows = replies.next_rows(BATCH)?;
        let Some(last) = rows.last().map(|row| row.row_no) else { break };
        // What an interrupted import committed is not taken again.
        rows.retain(|row| row.row_no > file.mark);
        if !rows.is_empty() {
            counts = house.db.write(|tx| {
                let mut counts = counts.clone();
                take(tx, &rows, &mut counts)?;
                files::mark(tx, writer.file_no, &counts, last)?;
                Ok::<_, Error>(counts)
            })?;
        }
        mark = last;
        progress.report("cards", mark.unsigned_abs(), 0);
    }
    house.db.write(|tx| {
        for cycle_id in &counts.cycles {
            let cycle = common::cycle(tx, *cycle_id)?;
            common::refresh(tx, &cycle)?;
        }
        files::mark(tx, writer.file_no, &counts, mark)?;
        tx.execute(&crate::queries::FILE_POSTED, params![writer.file_no])?;
        Ok::<_, Error>(())
    })?;
    let file = house.db.read(|tx| files::get(tx, writer.file_no))?;
    Ok(Imported { file, again: false })
}
