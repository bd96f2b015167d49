//! Stock cards: every move is one row that is never changed, and what a card holds is the sum of its rows. A transfer has two sides; what
//! does not arrive is told as lost or damaged on the card of who should have received it. The same document told again changes nothing.

use access::{House, Scope};
use jiff::civil::Date;
use model::RegionCode;
use serde::{Deserialize, Serialize};
use store::{Row, Tx, params};

use super::{
    queries,
    rules::{self, Criterion, GoodsFault, Item, MoveKind, QUANTITY_MAX},
};
use crate::{Error, Result, common};

pub(crate) const STOCK: &str = "goods.stock";
/// Most findings of one check.
const FINDINGS_MAX: usize = 20;

/// A warehouse as stored.
#[derive(Debug, Clone)]
pub(crate) struct Warehouse {
    pub(crate) warehouse_id: i64,
    pub(crate) region: RegionCode,
    pub(crate) name: String,
}

pub(crate) fn warehouse(tx: &mut Tx<'_>, warehouse_id: i64) -> Result<Warehouse> {
    let row =
        tx.query_opt(&queries::WAREHOUSE, params![warehouse_id])?.ok_or(Error::NotFound("warehouse"))?;
    read_warehouse(&row)
}

pub(crate) fn read_warehouse(row: &Row) -> Result<Warehouse> {
    Ok(Warehouse {
        warehouse_id: row.int(0)?,
        region: RegionCode::parse(row.text(1)?)?,
        name: row.string(2)?,
    })
}

/// A warehouse inside the scope; outside it is not there.
pub(crate) fn own(tx: &mut Tx<'_>, scope: &Scope, warehouse_id: i64) -> Result<Warehouse> {
    let found = warehouse(tx, warehouse_id)?;
    if scope.covers(&found.region) { Ok(found) } else { Err(Error::NotFound("warehouse")) }
}

/// What came of naming a warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct WarehouseMade {
    /// Its number.
    pub warehouse_id: i64,
    /// It was there before.
    pub again: bool,
}

/// Makes a warehouse, or finds the one of this name in the region.
///
/// # Errors
/// [`Error::Goods`] when the name cannot be kept, [`Error::NotFound`] when the region lies outside the scope.
pub fn make_warehouse(
    house: &House,
    scope: &Scope,
    region: &RegionCode,
    name: &str,
) -> Result<WarehouseMade> {
    common::need(scope, STOCK)?;
    rules::text("name", name, true)?;
    if !scope.covers(region) {
        return Err(Error::NotFound("region"));
    }
    let name = name.trim();
    house.db.write(|tx| {
        if let Some(row) = tx.query_opt(&queries::WAREHOUSE_NAMED, params![region, name])? {
            return Ok(WarehouseMade { warehouse_id: row.int(0)?, again: true });
        }
        let warehouse_id = store::next_number(tx, "goods_warehouse", 1)?;
        let values = params![warehouse_id, region, name, house.clock.now_ms(), scope.actor_name()];
        tx.execute(&queries::WAREHOUSE_ADD, values)?;
        common::audit(tx, house, scope, &format!("warehouse:{warehouse_id}"), name)?;
        Ok(WarehouseMade { warehouse_id, again: false })
    })
}

/// What was found of one criterion when goods were received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at.
    pub criterion: Criterion,
    /// Whether it is as it should be.
    pub good: bool,
    /// What was measured or seen.
    pub found: String,
}

/// Goods that come from a supplier. Quantities are base units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Code of the item.
    pub item: String,
    /// Who delivers.
    pub supplier: String,
    /// Number of the contract.
    pub contract: String,
    /// Number of the delivery note.
    pub document: String,
    /// Where it is received.
    pub warehouse: i64,
    /// What the delivery note says.
    pub noted: i64,
    /// What our own scale says.
    pub weighed: i64,
    /// How much of it is refused.
    pub refused: i64,
    /// Why.
    pub refused_why: String,
    /// Rupiah for a unit of the programme's file (kg, parcel), where it is known.
    pub price_idr: Option<i64>,
    /// Day of making.
    pub made_on: Option<Date>,
    /// Last day of use.
    pub expires_on: Option<Date>,
    /// Day of receipt.
    pub day: Date,
    /// What the check found.
    pub findings: Vec<Finding>,
}

/// What a move did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The lot.
    pub lot_id: i64,
    /// The row of the stock card; of a receipt that was refused whole there is none.
    pub move_id: Option<i64>,
    /// The transfer, where it is one.
    pub transfer_id: Option<i64>,
    /// The same document was told before; nothing changed now.
    pub again: bool,
}

/// Receives a delivery: the lot comes into the world, and what is accepted of it stands on the stock card.
///
/// # Errors
/// [`Error::Goods`] when what is told cannot be kept, [`Error::NotFound`] when the warehouse lies outside the scope.
pub fn receive(house: &House, scope: &Scope, told: &Delivery) -> Result<Moved> {
    common::need(scope, STOCK)?;
    let item = check_delivery(house, told)?;
    house.db.write(|tx| {
        own(tx, scope, told.warehouse)?;
        let key = params![&told.supplier, &told.contract, &told.document, &told.item, told.warehouse];
        if let Some(row) = tx.query_opt(&queries::LOT_KNOWN, key)? {
            let same = (row.int(7)?, row.int(8)?, row.int(9)?) == (told.noted, told.weighed, told.refused);
            let again = Moved { lot_id: row.int(0)?, move_id: None, transfer_id: None, again: true };
            return if same { Ok(again) } else { Err(GoodsFault::Document.into()) };
        }
        let lot_id = store::next_number(tx, "goods_lot", 1)?;
        add_lot(tx, house, scope, told, &item, lot_id)?;
        let accepted = told.weighed - told.refused;
        let mut move_id = None;
        if accepted > 0 {
            let new =
                NewMove::new(told.warehouse, lot_id, MoveKind::Received, accepted, &told.document, told.day);
            move_id = post(tx, house, scope, &new)?.move_id;
        }
        common::audit(tx, house, scope, &format!("lot:{lot_id}"), &told.document)?;
        Ok(Moved { lot_id, move_id, transfer_id: None, again: false })
    })
}

fn check_delivery<'a>(house: &'a House, told: &Delivery) -> Result<Item<'a>> {
    let item = rules::items(&house.policy).into_iter().find(|item| item.goods.code == told.item);
    let item = item.ok_or(GoodsFault::Field("item"))?;
    for (field, value) in
        [("supplier", &told.supplier), ("contract", &told.contract), ("document", &told.document)]
    {
        rules::text(field, value, true)?;
    }
    rules::text("refused_why", &told.refused_why, told.refused > 0)?;
    let all = [told.noted, told.weighed, told.refused];
    let sound = all.iter().all(|some| (0..=QUANTITY_MAX).contains(some));
    if !sound || told.noted == 0 || told.refused > told.weighed {
        return Err(GoodsFault::Quantity.into());
    }
    if told.price_idr.is_some_and(|price| !(0..=1_000_000_000_000).contains(&price)) {
        return Err(GoodsFault::Field("price_idr").into());
    }
    rules::day(told.day, told.made_on.unwrap_or(Date::MIN), house.clock.today())?;
    if told.findings.is_empty() || told.findings.len() > FINDINGS_MAX {
        return Err(GoodsFault::Field("findings").into());
    }
    told.findings.iter().try_for_each(|one| rules::text("findings", &one.found, !one.good))?;
    Ok(item)
}

fn add_lot(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    told: &Delivery,
    item: &Item<'_>,
    lot_id: i64,
) -> Result<()> {
    let checks = serde_json::to_string(&told.findings).map_err(|_| Error::Stored("findings"))?;
    let values = params![
        lot_id,
        &told.item,
        item.unit,
        told.supplier.trim(),
        told.contract.trim(),
        told.document.trim(),
        told.warehouse,
        told.noted,
        told.weighed,
        told.refused,
        told.refused_why.trim(),
        told.price_idr,
        told.made_on,
        told.expires_on,
        told.day,
        checks,
        house.clock.now_ms(),
        scope.actor_name()
    ];
    tx.execute(&queries::LOT_ADD, values)?;
    Ok(())
}

/// A row of a stock card that is to be written.
pub(crate) struct NewMove<'a> {
    pub(crate) warehouse: i64,
    pub(crate) lot: i64,
    pub(crate) kind: MoveKind,
    pub(crate) quantity: i64,
    pub(crate) delta: i64,
    pub(crate) document: &'a str,
    pub(crate) day: Date,
    pub(crate) transfer: Option<i64>,
    pub(crate) list: Option<i64>,
    pub(crate) corrects: Option<i64>,
    pub(crate) note: &'a str,
    /// What makes it one and the same.
    pub(crate) told: String,
}

impl<'a> NewMove<'a> {
    pub(crate) fn new(
        warehouse: i64,
        lot: i64,
        kind: MoveKind,
        quantity: i64,
        document: &'a str,
        day: Date,
    ) -> Self {
        let comes = matches!(kind, MoveKind::Received | MoveKind::Arrived);
        let document = document.trim();
        Self {
            warehouse,
            lot,
            kind,
            quantity,
            delta: if comes { quantity } else { -quantity },
            document,
            day,
            transfer: None,
            list: None,
            corrects: None,
            note: "",
            told: format!("{}/{document}", kind.code()),
        }
    }
}

/// What was posted before under the same document, or nothing; another quantity is refused.
fn known(tx: &mut Tx<'_>, new: &NewMove<'_>) -> Result<Option<Moved>> {
    let Some(row) = tx.query_opt(&queries::MOVE_TOLD, params![new.warehouse, new.lot, &new.told])? else {
        return Ok(None);
    };
    if row.int(0)? != new.quantity {
        return Err(GoodsFault::Document.into());
    }
    let (move_id, transfer_id) = (Some(row.int(1)?), row.opt_int(2)?);
    Ok(Some(Moved { lot_id: new.lot, move_id, transfer_id, again: true }))
}

/// Writes a row and the balance after it, or knows it already.
pub(crate) fn post(tx: &mut Tx<'_>, house: &House, scope: &Scope, new: &NewMove<'_>) -> Result<Moved> {
    if let Some(again) = known(tx, new)? {
        return Ok(again);
    }
    let key = [new.warehouse, new.lot, new.delta.abs()].map(store::Value::from);
    let balance = match new.delta {
        0 => have(tx, new.warehouse, new.lot)?,
        1.. => tx.query_one(&queries::STOCK_IN, &key)?.int(0)?,
        _ => {
            if let Some(row) = tx.query_opt(&queries::STOCK_OUT, &key)? {
                row.int(0)?
            } else {
                let (warehouse, lot) = (new.warehouse, new.lot);
                return Err(GoodsFault::Stock { warehouse, lot, have: have(tx, warehouse, lot)? }.into());
            }
        }
    };
    let move_id = store::next_number(tx, "goods_move", 1)?;
    let (actor_id, actor) = scope.actor_pair();
    let values = params![
        move_id,
        new.warehouse,
        new.lot,
        new.kind.code(),
        new.quantity,
        new.delta,
        balance,
        new.document,
        new.transfer,
        new.list,
        new.corrects,
        new.day,
        new.note.trim(),
        &new.told,
        house.clock.now_ms(),
        actor_id,
        actor
    ];
    tx.execute(&queries::MOVE_ADD, values)?;
    Ok(Moved { lot_id: new.lot, move_id: Some(move_id), transfer_id: new.transfer, again: false })
}

fn have(tx: &mut Tx<'_>, warehouse: i64, lot: i64) -> Result<i64> {
    let row = tx.query_opt(&queries::STOCK_HAVE, params![warehouse, lot])?;
    Ok(row.map(|row| row.int(0)).transpose()?.unwrap_or_default())
}

/// Goods that leave for another warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// From here.
    pub from: i64,
    /// The lot.
    pub lot: i64,
    /// To here.
    pub to: i64,
    /// Base units.
    pub quantity: i64,
    /// Number of the way bill.
    pub document: String,
    /// Day of leaving.
    pub day: Date,
}

fn check_move(house: &House, quantity: i64, document: &str, day: Date) -> Result<(), GoodsFault> {
    rules::text("document", document, true)?;
    if !(1..=QUANTITY_MAX).contains(&quantity) {
        return Err(GoodsFault::Quantity);
    }
    rules::day(day, Date::MIN, house.clock.today())
}

/// Sends goods to another warehouse: they are on the way until they arrive or are told as lost or damaged.
///
/// # Errors
/// [`Error::Goods`] among others when the card holds less, [`Error::NotFound`] when the warehouse lies outside the scope.
pub fn send(house: &House, scope: &Scope, told: &Departure) -> Result<Moved> {
    common::need(scope, STOCK)?;
    house.db.write(|tx| {
        own(tx, scope, told.from)?;
        warehouse(tx, told.to)?;
        if told.from == told.to {
            return Err(GoodsFault::Elsewhere.into());
        }
        check_move(house, told.quantity, &told.document, told.day)?;
        let mut new =
            NewMove::new(told.from, told.lot, MoveKind::Sent, told.quantity, &told.document, told.day);
        new.told = format!("{}/{}", new.told, told.to);
        if let Some(again) = known(tx, &new)? {
            return Ok(again);
        }
        let transfer_id = store::next_number(tx, "goods_transfer", 1)?;
        new.transfer = Some(transfer_id);
        let moved = post(tx, house, scope, &new)?;
        let (now, name) = (house.clock.now_ms(), scope.actor_name());
        let values = params![
            transfer_id,
            told.lot,
            told.from,
            told.to,
            told.quantity,
            told.document.trim(),
            told.day,
            now,
            name
        ];
        tx.execute(&queries::TRANSFER_ADD, values)?;
        common::audit(tx, house, scope, &format!("transfer:{transfer_id}"), "sent")?;
        Ok(moved)
    })
}

/// What came of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The transfer.
    pub transfer: i64,
    /// Base units that arrived.
    pub arrived: i64,
    /// Base units that nobody can find.
    pub lost: i64,
    /// Base units that broke or spoiled on the way.
    pub damaged: i64,
    /// Number of the receipt.
    pub document: String,
    /// Day of arrival.
    pub day: Date,
    /// Why something is missing.
    pub note: String,
}

/// Takes in what arrived of a transfer, and what is told as lost or damaged on the way; the rest stays on the way.
///
/// # Errors
/// [`Error::Goods`] when more is told than is on the way or a shortage is not explained, [`Error::NotFound`] when the receiving warehouse
/// lies outside the scope.
pub fn arrive(house: &House, scope: &Scope, told: &Arrival) -> Result<Moved> {
    common::need(scope, STOCK)?;
    rules::text("document", &told.document, true)?;
    rules::text("note", &told.note, told.lost > 0 || told.damaged > 0)?;
    let parts =
        [(MoveKind::Arrived, told.arrived), (MoveKind::Lost, told.lost), (MoveKind::Damaged, told.damaged)];
    if parts.iter().any(|(_, some)| !(0..=QUANTITY_MAX).contains(some))
        || parts.iter().all(|part| part.1 == 0)
    {
        return Err(GoodsFault::Quantity.into());
    }
    house.db.write(|tx| {
        let row =
            tx.query_opt(&queries::TRANSFER, params![told.transfer])?.ok_or(Error::NotFound("transfer"))?;
        let (lot, to) = (row.int(1)?, own(tx, scope, row.int(3)?)?.warehouse_id);
        rules::day(told.day, row.date(9)?, house.clock.today())?;
        let on_way = row.int(4)? - row.int(5)? - row.int(6)? - row.int(7)?;
        let news: Vec<NewMove<'_>> = parts
            .iter()
            .filter(|(_, some)| *some > 0)
            .map(|(kind, some)| {
                let mut new = NewMove::new(to, lot, *kind, *some, &told.document, told.day);
                new.transfer = Some(told.transfer);
                new.note = &told.note;
                new.told = format!("{}/{}/{}", kind.code(), told.transfer, told.document.trim());
                // What was lost on the way never lay here.
                new.delta = if *kind == MoveKind::Arrived { *some } else { 0 };
                new
            })
            .collect();
        let mut last = None;
        for new in &news {
            last = known(tx, new)?;
            if last.is_none() {
                break;
            }
        }
        if let Some(again) = last {
            return Ok(again);
        }
        let values = params![told.transfer, 0, told.arrived, told.lost, told.damaged];
        if tx.execute(&queries::TRANSFER_STEP, values)? == 0 {
            return Err(GoodsFault::Transit { have: on_way }.into());
        }
        let mut moved = Moved { lot_id: lot, move_id: None, transfer_id: None, again: false };
        for new in &news {
            moved = post(tx, house, scope, new)?;
            if moved.again {
                return Err(GoodsFault::Document.into());
            }
        }
        common::audit(tx, house, scope, &format!("transfer:{}", told.transfer), "arrived")?;
        Ok(moved)
    })
}

/// Goods that leave a warehouse for nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The warehouse.
    pub warehouse: i64,
    /// The lot.
    pub lot: i64,
    /// Damaged, lost, expired or returned.
    pub kind: MoveKind,
    /// Base units.
    pub quantity: i64,
    /// Number of the minutes.
    pub document: String,
    /// On which day.
    pub day: Date,
    /// Why.
    pub note: String,
}

/// Records what is damaged, lost, past its last day, or goes back to the supplier.
///
/// # Errors
/// [`Error::Goods`] when the card holds less or what is told cannot be kept, [`Error::NotFound`] outside the scope.
pub fn write_off(house: &House, scope: &Scope, told: &Outcome) -> Result<Moved> {
    common::need(scope, STOCK)?;
    let known = [MoveKind::Damaged, MoveKind::Lost, MoveKind::Expired, MoveKind::Returned];
    if !known.contains(&told.kind) {
        return Err(GoodsFault::Field("kind").into());
    }
    rules::text("note", &told.note, true)?;
    house.db.write(|tx| {
        own(tx, scope, told.warehouse)?;
        check_move(house, told.quantity, &told.document, told.day)?;
        let mut new =
            NewMove::new(told.warehouse, told.lot, told.kind, told.quantity, &told.document, told.day);
        new.note = &told.note;
        let moved = post(tx, house, scope, &new)?;
        let detail = format!("{} {}", told.kind.code(), told.quantity);
        common::audit(tx, house, scope, &format!("lot:{}", told.lot), &detail)?;
        Ok(moved)
    })
}

/// Takes a row of a stock card back by a new row. Rows of hand-overs are taken back with the hand-over.
///
/// # Errors
/// [`Error::Goods`] when the row was taken back, is itself such a row, or what came in has left already; [`Error::NotFound`] outside the
/// scope.
pub fn correct(house: &House, scope: &Scope, move_id: i64, document: &str, note: &str) -> Result<Moved> {
    common::need(scope, STOCK)?;
    rules::text("document", document, true)?;
    rules::text("note", note, true)?;
    house.db.write(|tx| {
        let row = tx.query_opt(&queries::MOVE, params![move_id])?.ok_or(Error::NotFound("move"))?;
        let warehouse = own(tx, scope, row.int(0)?)?.warehouse_id;
        let kind = MoveKind::from_code(row.text(2)?).ok_or(Error::Stored("move"))?;
        let (lot, quantity, delta, transfer) = (row.int(1)?, row.int(3)?, row.int(4)?, row.opt_int(5)?);
        if row.opt_int(6)?.is_some() || row.opt_int(7)?.is_some() {
            return Err(GoodsFault::Fixed.into());
        }
        let mut new = NewMove::new(warehouse, lot, kind, -quantity, document, house.clock.today());
        (new.delta, new.transfer, new.corrects, new.note) = (-delta, transfer, Some(move_id), note);
        new.told = format!("correct/{move_id}");
        if let Some(again) = known(tx, &new)? {
            return Ok(again);
        }
        if let Some(transfer) = transfer {
            let part = |of: MoveKind| if kind == of { -quantity } else { 0 };
            let parts = [MoveKind::Sent, MoveKind::Arrived, MoveKind::Lost, MoveKind::Damaged].map(part);
            let [sent, arrived, lost, damaged] = parts;
            let values = params![transfer, sent, arrived, lost, damaged];
            if tx.execute(&queries::TRANSFER_STEP, values)? == 0 {
                return Err(GoodsFault::Fixed.into());
            }
        }
        let moved = post(tx, house, scope, &new)?;
        common::audit(tx, house, scope, &format!("move:{move_id}"), "corrected")?;
        Ok(moved)
    })
}
