//! What pages, `--json` and tests read of cards: the report of those that wait, lists, one card with its chain of custody. Every query
//! takes a scope. Of a card's number only the last four digits are here.

use access::{House, Scope};
use jiff::{ToSpan, civil::Date};
use model::{FamilyId, RegionCode, RegionLevel};
use serde::Serialize;
use store::{Page, Paged, Row, Value, params};

use super::{
    custody::{CardDetails, CardMove, CardState, Holder, Stage, after},
    moves::{Card, EVENTS_MAX},
    queries,
};
use crate::{Error, Result, common};

/// Bands of waiting.
const BANDS: usize = 5;
/// Most cards of one family that a page shows.
const FAMILY_CARDS_MAX: i64 = 50;

/// Which cards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardFilter {
    /// The list on which they stand.
    pub stage: Stage,
    /// Only this bank.
    pub channel: Option<String>,
    /// Only this band of waiting, from 0.
    pub band: Option<usize>,
}

/// A card in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardView {
    /// Its number.
    pub card_id: i64,
    /// The family.
    pub family_id: i64,
    /// Key of the bank.
    pub channel: String,
    /// Last four digits.
    pub last4: String,
    /// Where the family lives.
    pub region: RegionCode,
    /// How it stands.
    pub state: CardState,
    /// Who has it.
    pub holder: Holder,
    /// Printed on this day.
    pub printed_on: String,
    /// Received by the district office on this day.
    pub received_on: Option<String>,
    /// Handed over on this day.
    pub handed_on: Option<String>,
    /// Active since this day.
    pub active_on: Option<String>,
    /// Waits since this day.
    pub since: String,
    /// Days of waiting.
    pub days: i64,
    /// Lines whose money stands on it.
    pub lines: i64,
    /// That money.
    pub on_card_idr: i64,
    /// The card before it.
    pub follows: Option<i64>,
    /// The card that took its place.
    pub followed_by: Option<i64>,
    /// Number of its last move.
    pub rev: i64,
}

/// A move in the chain of custody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardEventView {
    /// Number from 1.
    pub seq: i64,
    /// When it was recorded, milliseconds since the epoch.
    pub at_ms: i64,
    /// Who recorded it.
    pub actor: String,
    /// What happened.
    pub step: CardMove,
    /// On which day.
    pub day: String,
    /// The state after it.
    pub to_state: CardState,
    /// Who had it before; none for the first.
    pub from_holder: Option<Holder>,
    /// Who has it after.
    pub to_holder: Holder,
    /// What was told.
    pub told: CardDetails,
    /// On what ground: `file:N` or `page`.
    pub reference: String,
}

/// A card and its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardPage {
    /// The card.
    pub card: CardView,
    /// Every move, oldest first.
    pub events: Vec<CardEventView>,
    /// What may happen to it next, whoever may record it.
    pub steps: Vec<CardMove>,
    /// Day of the last move: the next lies not before it.
    pub last_on: String,
}

/// Cards of one bank, region and band.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardCell {
    /// Key of the bank.
    pub channel: String,
    /// The region, one level below the one asked about.
    pub region: String,
    /// Band of waiting, from 0.
    pub band: usize,
    /// Cards.
    pub cards: i64,
    /// Lines whose money stands on them.
    pub lines: i64,
    /// That money.
    pub on_card_idr: i64,
}

/// Cards of a list by bank, region and band of waiting, on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardReport {
    /// As of this day.
    pub on: String,
    /// Last days of the bands but the last.
    pub age_days: [i64; 4],
    /// What there is.
    pub cells: Vec<CardCell>,
}

fn view(house: &House, row: &Row) -> Result<CardView> {
    let card = Card::read(row)?;
    let text = |day: Option<Date>| day.map(|day| day.to_string());
    let today = house.clock.today();
    Ok(CardView {
        card_id: card.card_id,
        family_id: card.recipient,
        region: RegionCode::parse(&card.region)?,
        channel: card.channel,
        last4: card.last4,
        state: card.state,
        holder: card.holder,
        printed_on: card.printed_on.to_string(),
        received_on: text(card.received_on),
        handed_on: text(card.handed_on),
        active_on: text(card.active_on),
        days: i64::from(model::epoch_days(today) - model::epoch_days(card.since)),
        since: card.since.to_string(),
        lines: row.int(18)?,
        on_card_idr: row.int(19)?,
        follows: card.follows,
        followed_by: card.followed_by,
        rev: card.rev,
    })
}

/// First days of the bands but the last, newest first.
fn edges(house: &House) -> [Date; 4] {
    let today = house.clock.today();
    house.policy.settings().cards.age_days.map(|days| today.saturating_sub(days.days()))
}

/// Cards of a list by bank, region one level below `region`, and band of waiting.
///
/// # Errors
/// [`Error::NotFound`] when the region lies outside the scope, store errors.
pub fn card_report(house: &House, scope: &Scope, region: &RegionCode, stage: Stage) -> Result<CardReport> {
    common::need(scope, "payment.read")?;
    let scope = scope.within(region).ok_or(Error::NotFound("region"))?;
    let letters = match region.level() {
        RegionLevel::Nation => 2,
        RegionLevel::Province => 5,
        RegionLevel::District => 8,
        RegionLevel::Subdistrict | RegionLevel::Village => 13,
    };
    let (from, to) = scope.path_range();
    let edges = edges(house);
    let mut values = params![from, to, scope.caseload(), stage.code(), letters].to_vec();
    values.extend(edges.map(Value::from));
    let rows = house.db.read(|tx| tx.query(&queries::REPORT, &values))?;
    let cell = |row: &Row| -> Result<CardCell> {
        Ok(CardCell {
            channel: row.string(0)?,
            region: row.string(1)?,
            band: usize::try_from(row.int(2)?).unwrap_or_default().min(BANDS - 1),
            cards: row.int(3)?,
            lines: row.int(4)?,
            on_card_idr: row.int(5)?,
        })
    };
    Ok(CardReport {
        on: house.clock.today().to_string(),
        age_days: house.policy.settings().cards.age_days,
        cells: rows.iter().map(cell).collect::<Result<_>>()?,
    })
}

/// Cards of a list, by village. Narrow the scope with [`Scope::within`] for a region.
///
/// # Errors
/// Store errors, among them a page mark that is not ours.
pub fn cards(house: &House, scope: &Scope, filter: &CardFilter, page: &Page) -> Result<Paged<CardView>> {
    common::need(scope, "payment.read")?;
    let (from, to) = scope.path_range();
    let edges = edges(house);
    // A band ends on the day before the newer one begins.
    let (first, last) = match filter.band {
        None => (Date::MIN, Date::MAX),
        Some(band) => (
            edges.get(band).copied().unwrap_or(Date::MIN),
            band.checked_sub(1)
                .and_then(|newer| edges.get(newer))
                .map_or(Date::MAX, |day| day.saturating_sub(1.day())),
        ),
    };
    let texts = |day: Date| if day == Date::MIN { String::new() } else { day.to_string() };
    let keys = page.keys(2)?.unwrap_or_else(|| vec!["".into(), (-1).into()]);
    let mut values = params![from, to, scope.caseload(), filter.stage.code()].to_vec();
    values.push(filter.channel.as_deref().unwrap_or("").into());
    values.extend([texts(first).into(), last.to_string().into()]);
    values.extend(keys);
    values.push(page.fetch().into());
    let rows = house.db.read(|tx| tx.query(&queries::CARDS, &values))?;
    let found = rows.iter().map(|row| view(house, row)).collect::<Result<_>>()?;
    Ok(page.page(found, |card: &CardView| vec![(&card.region).into(), card.card_id.into()]))
}

/// The cards of a family, newest first.
///
/// # Errors
/// Store errors; outside the scope the list is empty.
pub fn family_cards(house: &House, scope: &Scope, family: FamilyId) -> Result<Vec<CardView>> {
    common::need(scope, "payment.read")?;
    let (from, to) = scope.path_range();
    let values = params![from, to, scope.caseload(), family, FAMILY_CARDS_MAX];
    let rows = house.db.read(|tx| tx.query(&queries::CARDS_OF_FAMILY, values))?;
    rows.iter().map(|row| view(house, row)).collect()
}

/// One card and its chain of custody.
///
/// # Errors
/// [`Error::NotFound`], also outside the scope.
pub fn card_page(house: &House, scope: &Scope, card_id: i64) -> Result<CardPage> {
    common::need(scope, "payment.read")?;
    let (from, to) = scope.path_range();
    let values = params![from, to, scope.caseload(), card_id];
    let (row, events) = house.db.read(|tx| {
        let row = tx.query_opt(&queries::CARD, values)?.ok_or(Error::NotFound("card"))?;
        let events = tx.query(&queries::EVENTS, params![row.int(0)?, card_id, EVENTS_MAX])?;
        Ok::<_, Error>((row, events))
    })?;
    let card = view(house, &row)?;
    let may_come = |step: &CardMove| after(card.state, card.holder, *step).is_some();
    Ok(CardPage {
        steps: CardMove::ALL.iter().copied().filter(may_come).collect(),
        events: events.iter().map(event).collect::<Result<_>>()?,
        last_on: row.string(14)?,
        card,
    })
}

fn event(row: &Row) -> Result<CardEventView> {
    let stored = |what| Error::Stored(what);
    Ok(CardEventView {
        seq: row.int(0)?,
        at_ms: row.int(1)?,
        actor: row.string(2)?,
        step: CardMove::from_code(row.text(3)?).ok_or_else(|| stored("card move"))?,
        day: row.string(4)?,
        to_state: CardState::from_code(row.text(6)?).ok_or_else(|| stored("card state"))?,
        from_holder: Holder::from_code(row.text(7)?),
        to_holder: Holder::from_code(row.text(8)?).ok_or_else(|| stored("card holder"))?,
        told: CardDetails {
            whom: row.string(9)?,
            role: row.string(10)?,
            place: row.string(11)?,
            proof_kind: row.string(12)?,
            proof: row.string(13)?,
            document: row.string(14)?,
            note: row.string(15)?,
            ..CardDetails::default()
        },
        reference: row.string(16)?,
    })
}
