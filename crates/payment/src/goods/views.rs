//! What pages, `--json` and tests read of goods: what lies where and how old it is, stock cards, lots, transfers, distribution lists by
//! region and village. Every query takes a scope; of stock it is the territory that counts, of families also the caseload.

use access::{House, Scope};
use jiff::ToSpan;
use model::{FamilyId, RegionCode, RegionLevel};
use serde::Serialize;
use store::{Page, Paged, Row, Tx, Value, params};

use super::{
    handover::Due,
    lists::{self, GoodsList, read_list},
    queries,
    rules::{DueState, HandDetails, HandStep, MoveKind},
    stock::{self, Finding},
};
use crate::{Error, Result, common};

const READ: &str = "goods.read";
/// Days of rest that the overview tells apart.
const REST_DAYS: [i64; 2] = [30, 90];

/// A warehouse in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WarehouseView {
    /// Its number.
    pub warehouse_id: i64,
    /// Where it is.
    pub region: RegionCode,
    /// Its name.
    pub name: String,
    /// Lots that lie there.
    pub lots: i64,
    /// Of these, past or near their last day.
    pub near_expiry: i64,
}

/// A lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LotView {
    /// Its number.
    pub lot_id: i64,
    /// Code of the item.
    pub item: String,
    /// Base unit of all quantities.
    pub unit: String,
    /// Who delivered.
    pub supplier: String,
    /// Number of the contract.
    pub contract: String,
    /// Number of the delivery note.
    pub document: String,
    /// Where it was received.
    pub warehouse_id: i64,
    /// By the delivery note.
    pub noted: i64,
    /// By our scale.
    pub weighed: i64,
    /// Refused of it.
    pub refused: i64,
    /// Why.
    pub refused_why: String,
    /// Rupiah for a unit, where known.
    pub price_idr: Option<i64>,
    /// Day of making.
    pub made_on: Option<String>,
    /// Last day of use.
    pub expires_on: Option<String>,
    /// Day of receipt.
    pub received_on: String,
    /// What the check found.
    pub findings: Vec<Finding>,
    /// What lies on the card that is shown.
    pub quantity: i64,
}

/// Where a lot is: the law says that all of it adds up to what was received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LotFigures {
    /// Accepted from the supplier.
    pub received: i64,
    /// In warehouses.
    pub stored: i64,
    /// On the way.
    pub on_way: i64,
    /// With families.
    pub handed_over: i64,
    /// Damaged.
    pub damaged: i64,
    /// Lost.
    pub lost: i64,
    /// Past its last day.
    pub expired: i64,
    /// Back at the supplier.
    pub returned: i64,
}

impl LotFigures {
    /// Whether nothing vanished and nothing came from nowhere.
    pub fn sound(&self) -> bool {
        let out = [
            self.stored,
            self.on_way,
            self.handed_over,
            self.damaged,
            self.lost,
            self.expired,
            self.returned,
        ];
        out.iter().all(|some| *some >= 0) && out.iter().sum::<i64>() == self.received
    }
}

/// A row of a stock card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MoveView {
    /// Its number.
    pub move_id: i64,
    /// The warehouse.
    pub warehouse_id: i64,
    /// Its name.
    pub warehouse: String,
    /// The lot.
    pub lot_id: i64,
    /// Base unit.
    pub unit: String,
    /// What happened.
    pub kind: MoveKind,
    /// How much of this kind; below zero where an earlier row is taken back.
    pub quantity: i64,
    /// What it did to the balance.
    pub delta: i64,
    /// The lot's balance after it.
    pub balance: i64,
    /// The document.
    pub document: String,
    /// The transfer, where it is one.
    pub transfer_id: Option<i64>,
    /// The distribution list, where it is one.
    pub list_id: Option<i64>,
    /// The row that it takes back.
    pub corrects: Option<i64>,
    /// On which day.
    pub day: String,
    /// Why.
    pub note: String,
    /// When it was recorded, milliseconds since the epoch.
    pub at_ms: i64,
    /// Who recorded it.
    pub actor: String,
}

/// A stock card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardPage {
    /// The warehouse.
    pub warehouse: WarehouseView,
    /// What lies there, by lot, what expires first at the top.
    pub lots: Vec<LotView>,
    /// The journal, newest first.
    pub moves: Vec<MoveView>,
    /// Mark of the next page of the journal.
    pub next: Option<String>,
}

/// A lot and its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LotPage {
    /// The lot.
    pub lot: LotView,
    /// Where it is in sum, in the whole country.
    pub figures: LotFigures,
    /// Warehouse, its name, what lies there.
    pub places: Vec<(i64, String, i64)>,
    /// Its moves inside the visitor's territory, newest first.
    pub moves: Vec<MoveView>,
}

/// A transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TransferView {
    /// Its number.
    pub transfer_id: i64,
    /// The lot.
    pub lot_id: i64,
    /// From which warehouse, and its name.
    pub from: (i64, String),
    /// To which warehouse, and its name.
    pub to: (i64, String),
    /// Code of the item.
    pub item: String,
    /// Base unit.
    pub unit: String,
    /// Base units that left.
    pub sent: i64,
    /// Base units that arrived.
    pub arrived: i64,
    /// Lost on the way.
    pub lost: i64,
    /// Damaged on the way.
    pub damaged: i64,
    /// Still on the way.
    pub on_way: i64,
    /// Number of the way bill.
    pub document: String,
    /// Day of leaving.
    pub sent_on: String,
}

/// What lies in a territory of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resting {
    /// Code of the item.
    pub item: String,
    /// Base unit.
    pub unit: String,
    /// All of it.
    pub quantity: i64,
    /// Received more than 30 days ago.
    pub over_30: i64,
    /// Received more than 90 days ago.
    pub over_90: i64,
    /// Near its last day, or past it.
    pub near_expiry: i64,
    /// Past its last day.
    pub expired: i64,
}

/// What did not reach anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// The region, one level below the one asked about.
    pub region: String,
    /// Code of the item.
    pub item: String,
    /// Base unit.
    pub unit: String,
    /// Damaged, lost, expired or returned.
    pub kind: MoveKind,
    /// Base units.
    pub quantity: i64,
}

/// Goods of a territory on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// As of this day.
    pub on: String,
    /// What lies, by item.
    pub resting: Vec<Resting>,
    /// What did not reach anybody, by region.
    pub losses: Vec<Loss>,
    /// What is on the way, the oldest 100.
    pub transfers: Vec<TransferView>,
    /// The newest distribution lists.
    pub lists: Vec<ListView>,
}

/// A distribution list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListView {
    /// Its number.
    pub list_id: i64,
    /// Key of the programme.
    pub programme: String,
    /// The period, as printed.
    pub period: String,
    /// Code of the item.
    pub item: String,
    /// Base unit.
    pub unit: String,
    /// Base units for each family.
    pub each_due: i64,
    /// The decision run.
    pub run: String,
    /// The hash that was approved.
    pub list_hash: String,
    /// The closing.
    pub closing: String,
    /// `building` or `built`.
    pub state: String,
    /// Families on it, in the whole country.
    pub families: i64,
    /// Families that another list had.
    pub skipped: i64,
    /// When it was made, milliseconds since the epoch.
    pub made_at_ms: i64,
    /// Who made it.
    pub made_by: String,
}

/// Families of one region and state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListRow {
    /// The region, one level below the one asked about.
    pub region: String,
    /// How it stands with their goods.
    pub state: DueState,
    /// Families.
    pub families: i64,
    /// What they are to receive.
    pub due: i64,
    /// What they have.
    pub given: i64,
}

/// A list by region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListPage {
    /// The list.
    pub list: ListView,
    /// By region and state.
    pub rows: Vec<ListRow>,
}

/// A family on a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DueView {
    /// The family.
    pub family_id: i64,
    /// The list.
    pub list_id: i64,
    /// Where it lives.
    pub region: RegionCode,
    /// Who receives, as at the closing; empty where nobody could be named.
    pub name: String,
    /// What it is to receive.
    pub due: i64,
    /// What it has.
    pub given: i64,
    /// How that stands.
    pub state: DueState,
    /// Number of the last step.
    pub rev: i64,
}

/// A step of a hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandView {
    /// Number from 1.
    pub seq: i64,
    /// When it was recorded, milliseconds since the epoch.
    pub at_ms: i64,
    /// Who recorded it.
    pub actor: String,
    /// What happened.
    pub step: HandStep,
    /// The state after it.
    pub state: DueState,
    /// On which day.
    pub day: String,
    /// Base units that were given.
    pub given: i64,
    /// From which warehouse; 0 where nothing was given.
    pub warehouse_id: i64,
    /// Of which lot; 0 likewise.
    pub lot_id: i64,
    /// What was told.
    pub told: HandDetails,
    /// On what ground.
    pub reference: String,
}

/// What may be handed out to a family: warehouse, its name, lot, what lies there, last day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// The warehouse.
    pub warehouse_id: i64,
    /// Its name.
    pub warehouse: String,
    /// The lot.
    pub lot_id: i64,
    /// What lies there.
    pub quantity: i64,
    /// Last day of use.
    pub expires_on: Option<String>,
}

/// A family on a list and what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuePage {
    /// The list.
    pub list: ListView,
    /// The family.
    pub due: DueView,
    /// Every step, oldest first.
    pub steps: Vec<HandView>,
    /// What may happen next, whoever may record it.
    pub next: Vec<HandStep>,
    /// From where it may be handed out.
    pub serving: Vec<Serving>,
}

fn lot(row: &Row) -> Result<LotView> {
    Ok(LotView {
        lot_id: row.int(0)?,
        item: row.string(1)?,
        unit: row.string(2)?,
        supplier: row.string(3)?,
        contract: row.string(4)?,
        document: row.string(5)?,
        warehouse_id: row.int(6)?,
        noted: row.int(7)?,
        weighed: row.int(8)?,
        refused: row.int(9)?,
        refused_why: row.string(10)?,
        price_idr: row.opt_int(11)?,
        made_on: row.opt_string(12)?,
        expires_on: row.opt_string(13)?,
        received_on: row.string(14)?,
        findings: serde_json::from_str(row.text(15)?).map_err(|_| Error::Stored("findings"))?,
        quantity: row.opt_int(16).unwrap_or_default().unwrap_or_default(),
    })
}

fn moved(row: &Row) -> Result<MoveView> {
    Ok(MoveView {
        move_id: row.int(0)?,
        warehouse_id: row.int(1)?,
        warehouse: row.string(2)?,
        lot_id: row.int(3)?,
        unit: row.string(4)?,
        kind: MoveKind::from_code(row.text(5)?).ok_or(Error::Stored("move"))?,
        quantity: row.int(6)?,
        delta: row.int(7)?,
        balance: row.int(8)?,
        document: row.string(9)?,
        transfer_id: row.opt_int(10)?,
        list_id: row.opt_int(11)?,
        corrects: row.opt_int(12)?,
        day: row.string(13)?,
        note: row.string(14)?,
        at_ms: row.int(15)?,
        actor: row.string(16)?,
    })
}

fn transfer(row: &Row) -> Result<TransferView> {
    let (sent, arrived, lost, damaged) = (row.int(4)?, row.int(5)?, row.int(6)?, row.int(7)?);
    Ok(TransferView {
        transfer_id: row.int(0)?,
        lot_id: row.int(1)?,
        from: (row.int(2)?, row.string(12)?),
        to: (row.int(3)?, row.string(13)?),
        sent,
        arrived,
        lost,
        damaged,
        on_way: sent - arrived - lost - damaged,
        document: row.string(8)?,
        sent_on: row.string(9)?,
        item: row.string(10)?,
        unit: row.string(11)?,
    })
}

fn list_view(list: GoodsList) -> ListView {
    ListView {
        list_id: list.list_id,
        programme: list.programme,
        period: list.period,
        item: list.item,
        unit: list.unit,
        each_due: list.each_due,
        run: list.run,
        list_hash: list.list_hash,
        closing: list.closing,
        state: list.state,
        families: list.families,
        skipped: list.skipped,
        made_at_ms: list.made_at,
        made_by: list.made_by,
    }
}

fn due_view(due: Due) -> Result<DueView> {
    Ok(DueView {
        family_id: due.recipient,
        list_id: due.list_id,
        region: RegionCode::parse(&due.region)?,
        name: due.payee_name,
        due: due.due,
        given: due.given,
        state: due.state,
        rev: due.rev,
    })
}

fn all<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T>) -> Result<Vec<T>> {
    rows.iter().map(read).collect()
}

/// Letters of the codes one level below a region.
fn letters(region: &RegionCode) -> i64 {
    match region.level() {
        RegionLevel::Nation => 2,
        RegionLevel::Province => 5,
        RegionLevel::District => 8,
        RegionLevel::Subdistrict | RegionLevel::Village => 13,
    }
}

fn narrowed(scope: &Scope, region: &RegionCode) -> Result<Scope> {
    common::need(scope, READ)?;
    scope.within(region).ok_or(Error::NotFound("region"))
}

/// The last day that counts as near.
fn near(house: &House) -> jiff::civil::Date {
    house.clock.today().saturating_add(house.policy.settings().goods.near_expiry_days.days())
}

/// Goods of a territory: what lies and how long, what is on the way, what did not reach anybody, the newest lists.
///
/// # Errors
/// [`Error::NotFound`] when the region lies outside the scope, store errors.
pub fn overview(house: &House, scope: &Scope, region: &RegionCode) -> Result<Overview> {
    let scope = narrowed(scope, region)?;
    let (from, to) = scope.path_range();
    let today = house.clock.today();
    let [young, old] = REST_DAYS.map(|days| today.saturating_sub(days.days()));
    let ages = params![from, to, young, old, near(house), today];
    house.db.read(|tx| {
        let resting = tx.query(&queries::RESTING, ages)?;
        let losses = tx.query(&queries::LOSSES, params![from, to, letters(region)])?;
        let transfers = tx.query(&queries::TRANSFERS_OPEN, params![from, to])?;
        let lists = tx.query(&queries::LISTS, params![i64::MAX, 10])?;
        Ok(Overview {
            on: today.to_string(),
            resting: all(&resting, |row| {
                Ok(Resting {
                    item: row.string(0)?,
                    unit: row.string(1)?,
                    quantity: row.int(2)?,
                    over_30: row.int(3)?,
                    over_90: row.int(4)?,
                    near_expiry: row.int(5)?,
                    expired: row.int(6)?,
                })
            })?,
            losses: all(&losses, |row| {
                Ok(Loss {
                    region: row.string(0)?,
                    item: row.string(1)?,
                    unit: row.string(2)?,
                    kind: MoveKind::from_code(row.text(3)?).ok_or(Error::Stored("move"))?,
                    quantity: row.int(4)?,
                })
            })?,
            transfers: all(&transfers, transfer)?,
            lists: all(&lists, |row| Ok(list_view(read_list(row)?)))?,
        })
    })
}

/// Warehouses of a territory, page by page.
///
/// # Errors
/// Store errors, among them a page mark that is not ours.
pub fn warehouses(house: &House, scope: &Scope, page: &Page) -> Result<Paged<WarehouseView>> {
    common::need(scope, READ)?;
    let (from, to) = scope.path_range();
    let mut values = params![from, to].to_vec();
    values.extend(page.keys(2)?.unwrap_or_else(|| vec!["".into(), (-1).into()]));
    values.extend([near(house).into(), page.fetch().into()]);
    let rows = house.db.read(|tx| tx.query(&queries::WAREHOUSES, &values))?;
    let view = |row: &Row| {
        Ok(WarehouseView {
            warehouse_id: row.int(0)?,
            region: RegionCode::parse(row.text(1)?)?,
            name: row.string(2)?,
            lots: row.int(3)?,
            near_expiry: row.int(4)?,
        })
    };
    Ok(page.page(all(&rows, view)?, |one| vec![(&one.region).into(), one.warehouse_id.into()]))
}

/// Warehouses to which one may send: number, name, region; at most 500, of the province of the sender or of the whole country.
///
/// # Errors
/// [`Error::NotFound`] outside the scope.
pub fn targets(house: &House, scope: &Scope, warehouse_id: i64) -> Result<Vec<(i64, String, RegionCode)>> {
    common::need(scope, READ)?;
    house.db.read(|tx| {
        let own = stock::own(tx, scope, warehouse_id)?;
        let around = own.region.at(RegionLevel::Province);
        let length = around.as_str().len() as i64;
        let rows = tx.query(&queries::WAREHOUSES_ALL, params![warehouse_id, &around, length])?;
        all(&rows, |row| {
            let one = stock::read_warehouse(row)?;
            Ok((one.warehouse_id, one.name, one.region))
        })
    })
}

/// The stock card of a warehouse: what lies there, and the journal page by page.
///
/// # Errors
/// [`Error::NotFound`] outside the scope.
pub fn stock_card(house: &House, scope: &Scope, warehouse_id: i64, page: &Page) -> Result<CardPage> {
    common::need(scope, READ)?;
    let after = page.after_int(i64::MAX)?;
    house.db.read(|tx| {
        let own = stock::own(tx, scope, warehouse_id)?;
        let lots = all(&tx.query(&queries::CARD, params![warehouse_id])?, lot)?;
        let rows = tx.query(&queries::CARD_MOVES, params![warehouse_id, after, page.fetch()])?;
        let moves = page.page(all(&rows, moved)?, |one| vec![one.move_id.into()]);
        let near = near(house).to_string();
        let soon = lots.iter().filter(|lot| lot.expires_on.as_ref().is_some_and(|day| *day <= near));
        let near_expiry = soon.count() as i64;
        let (region, name, count) = (own.region, own.name, lots.len() as i64);
        let warehouse = WarehouseView { warehouse_id, region, name, lots: count, near_expiry };
        Ok(CardPage { warehouse, lots, moves: moves.items, next: moves.next })
    })
}

/// A lot, where it is, and its moves inside the scope.
///
/// # Errors
/// [`Error::NotFound`], store errors.
pub fn lot_page(house: &House, scope: &Scope, lot_id: i64) -> Result<LotPage> {
    common::need(scope, READ)?;
    let (from, to) = scope.path_range();
    house.db.read(|tx| {
        let row = tx.query_opt(&queries::LOT, params![lot_id])?.ok_or(Error::NotFound("lot"))?;
        let moves = all(&tx.query(&queries::LOT_MOVES, params![lot_id, from, to])?, moved)?;
        let rows = tx.query(&queries::LOT_WHERE, params![lot_id])?;
        let stored: i64 = rows.iter().map(|row| row.int(3)).sum::<Result<_, _>>()?;
        let mut places = Vec::new();
        for row in &rows {
            if scope.covers(&RegionCode::parse(row.text(2)?)?) {
                places.push((row.int(0)?, row.string(1)?, row.int(3)?));
            }
        }
        // A lot that never touched the territory is not there.
        if moves.is_empty() && stock::own(tx, scope, row.int(6)?).is_err() {
            return Err(Error::NotFound("lot"));
        }
        Ok(LotPage { lot: lot(&row)?, figures: figures(tx, lot_id, stored)?, places, moves })
    })
}

fn figures(tx: &mut Tx<'_>, lot_id: i64, stored: i64) -> Result<LotFigures> {
    let on_way = tx.query_one(&queries::LOT_ON_WAY, params![lot_id])?.int(0)?;
    let mut out = LotFigures { stored, on_way, ..LotFigures::default() };
    for row in tx.query(&queries::LOT_TOTALS, params![lot_id])? {
        let sum = row.int(1)?;
        match MoveKind::from_code(row.text(0)?) {
            Some(MoveKind::Received) => out.received = sum,
            Some(MoveKind::HandedOver) => out.handed_over = sum,
            Some(MoveKind::Damaged) => out.damaged = sum,
            Some(MoveKind::Lost) => out.lost = sum,
            Some(MoveKind::Expired) => out.expired = sum,
            Some(MoveKind::Returned) => out.returned = sum,
            Some(MoveKind::Sent | MoveKind::Arrived) | None => {}
        }
    }
    Ok(out)
}

/// A transfer, seen from either side.
///
/// # Errors
/// [`Error::NotFound`], also when both sides lie outside the scope.
pub fn transfer_page(house: &House, scope: &Scope, transfer_id: i64) -> Result<TransferView> {
    common::need(scope, READ)?;
    house.db.read(|tx| {
        let row =
            tx.query_opt(&queries::TRANSFER, params![transfer_id])?.ok_or(Error::NotFound("transfer"))?;
        let found = transfer(&row)?;
        let seen = [found.from.0, found.to.0].into_iter().any(|side| stock::own(tx, scope, side).is_ok());
        if seen { Ok(found) } else { Err(Error::NotFound("transfer")) }
    })
}

/// Distribution lists, newest first.
///
/// # Errors
/// Store errors, among them a page mark that is not ours.
pub fn lists(house: &House, scope: &Scope, page: &Page) -> Result<Paged<ListView>> {
    common::need(scope, READ)?;
    let values = params![page.after_int(i64::MAX)?, page.fetch()];
    let rows = house.db.read(|tx| tx.query(&queries::LISTS, values))?;
    Ok(page.page(all(&rows, |row| Ok(list_view(read_list(row)?)))?, |one| vec![one.list_id.into()]))
}

/// A list by the regions one level below `region`.
///
/// # Errors
/// [`Error::NotFound`], also when the region lies outside the scope.
pub fn list_page(house: &House, scope: &Scope, list_id: i64, region: &RegionCode) -> Result<ListPage> {
    let scope = narrowed(scope, region)?;
    let (from, to) = scope.path_range();
    let letters = letters(region);
    house.db.read(|tx| {
        let list = list_view(lists::list(tx, list_id)?);
        let rows = if scope.caseload() == 0 {
            tx.query(&queries::SUMMARY, params![list_id, from, to, letters])?
        } else {
            tx.query(&queries::SUMMARY_OWN, params![from, to, scope.caseload(), list_id, letters])?
        };
        let view = |row: &Row| {
            Ok(ListRow {
                region: row.string(0)?,
                state: DueState::from_code(row.text(1)?).ok_or(Error::Stored("goods state"))?,
                families: row.int(2)?,
                due: row.int(3)?,
                given: row.int(4)?,
            })
        };
        Ok(ListPage { list, rows: all(&rows, view)? })
    })
}

/// Families of a list, by village. Narrow the scope with [`Scope::within`] for a region.
///
/// # Errors
/// Store errors, among them a page mark that is not ours.
pub fn dues(
    house: &House,
    scope: &Scope,
    list_id: i64,
    state: Option<DueState>,
    page: &Page,
) -> Result<Paged<DueView>> {
    common::need(scope, READ)?;
    let (from, to) = scope.path_range();
    let mut values = params![from, to, scope.caseload(), list_id, state.map_or("", DueState::code)].to_vec();
    values.extend(page.keys(2)?.unwrap_or_else(|| vec!["".into(), Value::from(-1)]));
    values.push(page.fetch().into());
    let rows = house.db.read(|tx| tx.query(&queries::DUES, &values))?;
    let found = all(&rows, |row| due_view(Due::read(row)?))?;
    Ok(page.page(found, |one| vec![(&one.region).into(), one.family_id.into()]))
}

/// The goods of a family, newest list first.
///
/// # Errors
/// Store errors; outside the scope the list is empty.
pub fn families_due(house: &House, scope: &Scope, family: FamilyId) -> Result<Vec<(ListView, DueView)>> {
    common::need(scope, READ)?;
    let (from, to) = scope.path_range();
    house.db.read(|tx| {
        let rows = tx.query(&queries::DUES_OF_FAMILY, params![from, to, scope.caseload(), family])?;
        let mut out = Vec::with_capacity(rows.len());
        for row in &rows {
            let due = due_view(Due::read(row)?)?;
            out.push((list_view(lists::list(tx, due.list_id)?), due));
        }
        Ok(out)
    })
}

/// A family on a list: what it is to receive, what happened, what may happen next and from where.
///
/// # Errors
/// [`Error::NotFound`], also outside the scope.
pub fn due_page(house: &House, scope: &Scope, list_id: i64, family: FamilyId) -> Result<DuePage> {
    common::need(scope, READ)?;
    let (from, to) = scope.path_range();
    let values = params![from, to, scope.caseload(), family, list_id];
    house.db.read(|tx| {
        let row = tx.query_opt(&queries::DUE, values)?.ok_or(Error::NotFound("family on this list"))?;
        let due = Due::read(&row)?;
        let list = lists::list(tx, list_id)?;
        let steps = all(&tx.query(&queries::STEPS, params![family, list_id])?, hand_view)?;
        let rows = tx.query(&queries::WAREHOUSES_FOR, params![&due.region, &list.item])?;
        let serving = all(&rows, |row| {
            Ok(Serving {
                warehouse_id: row.int(0)?,
                warehouse: row.string(1)?,
                lot_id: row.int(2)?,
                quantity: row.int(3)?,
                expires_on: row.opt_string(4)?,
            })
        })?;
        let may = |step: &HandStep| {
            let then = if step.gives() { due.due } else { due.given };
            step.after(due.state, then, due.due).is_some()
        };
        let next = HandStep::ALL.iter().copied().filter(may).collect();
        Ok(DuePage { list: list_view(list), due: due_view(due)?, steps, next, serving })
    })
}

fn hand_view(row: &Row) -> Result<HandView> {
    Ok(HandView {
        seq: row.int(0)?,
        at_ms: row.int(1)?,
        actor: row.string(2)?,
        step: HandStep::from_code(row.text(3)?).ok_or(Error::Stored("hand-over"))?,
        state: DueState::from_code(row.text(4)?).ok_or(Error::Stored("goods state"))?,
        day: row.string(5)?,
        given: row.int(6)?,
        warehouse_id: row.int(7)?,
        lot_id: row.int(8)?,
        told: HandDetails {
            whom: row.string(9)?,
            role: row.string(10)?,
            place: row.string(11)?,
            proof_kind: row.string(12)?,
            proof: row.string(13)?,
            note: row.string(14)?,
        },
        reference: row.string(15)?,
    })
}

fn unit_of(house: &House, sql: &store::Sql, id: i64, at: usize, what: &'static str) -> Result<String> {
    let row = house.db.read(|tx| tx.query_opt(sql, params![id]))?.ok_or(Error::NotFound(what))?;
    Ok(row.string(at)?)
}

/// The base unit of a lot.
///
/// # Errors
/// [`Error::NotFound`].
pub fn lot_unit(house: &House, lot_id: i64) -> Result<String> {
    unit_of(house, &queries::LOT, lot_id, 2, "lot")
}

/// The base unit of what a transfer carries.
///
/// # Errors
/// [`Error::NotFound`].
pub fn transfer_unit(house: &House, transfer_id: i64) -> Result<String> {
    unit_of(house, &queries::TRANSFER, transfer_id, 11, "transfer")
}

/// The base unit of a distribution list.
///
/// # Errors
/// [`Error::NotFound`].
pub fn list_unit(house: &House, list_id: i64) -> Result<String> {
    unit_of(house, &queries::LIST, list_id, 4, "distribution list")
}
