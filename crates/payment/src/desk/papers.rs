//! Papers that are printed and signed: the annex of an order (who receives how much, by village), the minutes of a reconciliation. Each
//! carries the hash of the list it is about, and [`found`] says what such a hash belongs to.

use access::{House, Scope};
use model::{Nik, RegionCode};
use serde::Serialize;
use store::{Page, Paged, Row, params};

use super::queries;
use crate::{
    CycleView, Error, OrderView, Result, common, orders,
    reconcile::{self, Reconciliation},
    views,
};

/// Lines up to which totals stand by village; those of a larger order by the regions right below.
const BY_VILLAGE_MAX: i64 = 50_000;
/// Length of the path of a village.
const VILLAGE: i64 = 13;

/// The annex of an order: everything but its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Annex {
    /// The order.
    pub order: OrderView,
    /// The cycle it pays.
    pub cycle: CycleView,
    /// The part that is printed.
    pub region: RegionCode,
    /// Totals by village, or by the regions right below when there are too many villages.
    pub villages: Vec<AnnexVillage>,
    /// Lines of that part.
    pub lines: i64,
    /// Their sum.
    pub amount_idr: i64,
}

/// Total of a village.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnnexVillage {
    /// Path.
    pub region: String,
    /// Lines.
    pub lines: i64,
    /// Their sum.
    pub amount_idr: i64,
}

/// One who receives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnnexLine {
    /// Number of the line.
    pub line_id: i64,
    /// The family.
    pub family_id: i64,
    /// Path of the village.
    pub region: String,
    /// Who receives.
    pub payee_name: String,
    /// NIK, masked; empty when there is none.
    pub nik: String,
    /// Last digits of the account.
    pub account_tail: String,
    /// How much.
    pub amount_idr: i64,
}

/// The minutes of the last reconciliation of a cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Minutes {
    /// The cycle.
    pub cycle: CycleView,
    /// Hash of the decision list that it pays.
    pub list_hash: String,
    /// What was found.
    pub reconciliation: Reconciliation,
    /// The orders that the figures are about.
    pub orders: Vec<OrderView>,
}

/// What a hash on a paper belongs to. No people: numbers, states and days.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Orders with this list, and their cycles.
    pub orders: Vec<(OrderView, CycleView)>,
    /// Cycles that pay this decision list.
    pub cycles: Vec<CycleView>,
    /// Files that were fetched with this content: number of the export, instant, by whom.
    pub fetched: Vec<(i64, i64, String)>,
}

fn part(scope: &Scope, region: &RegionCode) -> Result<Scope> {
    scope.within(region).ok_or(Error::NotFound("region"))
}

/// The annex of an order for a region: head and totals.
///
/// # Errors
/// [`Error::NotFound`] for an order or region that is not there.
pub fn annex(house: &House, scope: &Scope, order_id: i64, region: &RegionCode) -> Result<Annex> {
    common::need(scope, "payment.read")?;
    let scope = part(scope, region)?;
    if scope.caseload() != 0 {
        return Err(Error::NotFound("order"));
    }
    let (from, to) = scope.path_range();
    house.db.read(|tx| {
        let order = orders::get(tx, house, order_id)?;
        let cycle = views::cycle_view(common::cycle(tx, order.cycle_id)?);
        let length =
            if order.lines <= BY_VILLAGE_MAX { VILLAGE } else { region.level().below().width() as i64 };
        let of = params![order.cycle_id, order_id, from, to, length];
        let rows = tx.query(&queries::ANNEX_VILLAGES, of)?;
        let villages = rows
            .iter()
            .map(|row| {
                Ok(AnnexVillage { region: row.string(0)?, lines: row.int(1)?, amount_idr: row.int(2)? })
            })
            .collect::<Result<Vec<_>>>()?;
        let sum = |of: fn(&AnnexVillage) -> i64| villages.iter().map(of).fold(0, i64::saturating_add);
        let (lines, amount_idr) = (sum(|one| one.lines), sum(|one| one.amount_idr));
        Ok(Annex { order, cycle, region: region.clone(), villages, lines, amount_idr })
    })
}

/// Those who receive by an order, by village. Narrow the scope with [`Scope::within`] for a region.
///
/// # Errors
/// [`Error::NotFound`] for an order that is not there, a page mark that is not ours.
pub fn annex_lines(house: &House, scope: &Scope, order_id: i64, page: &Page) -> Result<Paged<AnnexLine>> {
    common::need(scope, "payment.read")?;
    let (from, to) = scope.path_range();
    let keys = page.keys(2)?.unwrap_or_else(|| vec!["".into(), (-1).into()]);
    let rows = house.db.read(|tx| {
        let order = orders::get(tx, house, order_id)?;
        let mut values = params![order.cycle_id, order_id, from, to, scope.caseload()].to_vec();
        values.extend(keys);
        values.push(page.fetch().into());
        Ok::<_, Error>(tx.query(&queries::ANNEX_LINES, &values)?)
    })?;
    let read = |row: &Row| {
        // A number that breaks the rules of numbers is not shown at all.
        let nik = row.opt_int(4)?.and_then(|number| Nik::from_number(number).ok());
        let account = row.opt_text(5)?.unwrap_or("");
        Ok(AnnexLine {
            line_id: row.int(0)?,
            family_id: row.int(1)?,
            region: row.string(2)?,
            payee_name: row.string(3)?,
            nik: nik.map_or_else(String::new, |nik| nik.to_string()),
            account_tail: account.chars().skip(account.chars().count().saturating_sub(4)).collect(),
            amount_idr: row.int(6)?,
        })
    };
    let lines = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    Ok(page.page(lines, |line| vec![line.region.as_str().into(), line.line_id.into()]))
}

/// The minutes of a cycle's last reconciliation, for readers of the whole country.
///
/// # Errors
/// [`Error::NotFound`] for a smaller territory, or before the first reconciliation.
pub fn minutes(house: &House, scope: &Scope, cycle_id: i64) -> Result<Minutes> {
    common::need(scope, "payment.read")?;
    whole(scope)?;
    house.db.read(|tx| {
        let cycle = views::cycle_view(common::cycle(tx, cycle_id)?);
        let list_hash = tx.query_one(&queries::CYCLE_HASH, params![cycle_id])?.string(0)?;
        let reconciliation = reconcile::last(tx, cycle_id)?.ok_or(Error::NotFound("reconciliation"))?;
        let rows = tx.query(&crate::queries::ORDERS, params![cycle_id])?;
        let orders =
            rows.iter().map(|row| orders::with_approvals(tx, house, row)).collect::<Result<Vec<_>>>()?;
        let orders = orders.into_iter().filter(|order| order.state != "cancelled").collect();
        Ok(Minutes { cycle, list_hash, reconciliation, orders })
    })
}

/// What is about the whole country is not shown in part.
pub(super) fn whole(scope: &Scope) -> Result<()> {
    let nation = scope.region() == &RegionCode::nation() && scope.caseload() == 0;
    if nation { Ok(()) } else { Err(Error::NotFound("paper")) }
}

/// What the hash on a paper belongs to; nothing found is an empty answer. Who holds a paper has its totals in hand: under `paper.check` no
/// more is told, and nothing of who fetched a list.
///
/// # Errors
/// [`Error::Scope`] without either right; store errors.
pub fn found(house: &House, scope: &Scope, hash: &str) -> Result<Found> {
    let inside = scope.action() == "payment.read";
    if !inside {
        common::need(scope, "paper.check")?;
    }
    let hash = hash.trim().to_lowercase();
    if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Found::default());
    }
    house.db.read(|tx| {
        let mut out = Found::default();
        for row in tx.query(&queries::ORDERS_OF_HASH, params![&hash])? {
            let order = orders::get(tx, house, row.int(0)?)?;
            let cycle = views::cycle_view(common::cycle(tx, order.cycle_id)?);
            out.orders.push((order, cycle));
        }
        for row in tx.query(&queries::CYCLES_OF_HASH, params![&hash])? {
            out.cycles.push(views::cycle_view(common::cycle(tx, row.int(0)?)?));
        }
        let fetched = if inside { tx.query(&queries::FETCHES_OF_HASH, params![&hash])? } else { Vec::new() };
        for row in fetched {
            out.fetched.push((row.int(0)?, row.int(1)?, row.string(2)?));
        }
        Ok(out)
    })
}
