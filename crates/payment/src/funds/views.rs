//! Funds as people read them: balances out of the books, movements with their papers, and whether both say the same.

use std::collections::BTreeMap;

use access::{House, Scope};
use jiff::civil::Date;
use ledger::{AccountKind, Movement, Place};
use model::{RegionCode, Rupiah};
use serde::Serialize;
use store::{Page, Paged, Row, Tx, params};

use super::{queries, rules::FundKind, service::ACCOUNTS};
use crate::{Error, Result, common};

pub(crate) const READ: &str = "fund.read";
/// Most rows of a side list.
const SIDE_MAX: i64 = 200;

/// A fund as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fund {
    /// Its number.
    pub fund_id: i64,
    /// Key of the source.
    pub source: String,
    /// Number of the licence or agreement.
    pub licence: String,
    /// Its day.
    pub licensed_on: Date,
    /// Who holds it.
    pub holder: String,
    /// Whose it is.
    pub region: RegionCode,
    /// When it was opened, milliseconds since the epoch.
    pub at_ms: i64,
    /// By whom.
    pub actor: String,
}

pub(crate) fn read_fund(row: &Row) -> Result<Fund> {
    Ok(Fund {
        fund_id: row.int(0)?,
        source: row.string(1)?,
        licence: row.string(2)?,
        licensed_on: row.date(3)?,
        holder: row.string(4)?,
        region: row.region(5)?,
        at_ms: row.int(6)?,
        actor: row.string(7)?,
    })
}

pub(crate) fn fund_in(tx: &mut Tx<'_>, scope: &Scope, fund_id: i64) -> Result<Fund> {
    let (from, to) = scope.path_range();
    let row = tx.query_opt(&queries::FUND, params![fund_id, from, to])?.ok_or(Error::NotFound("fund"))?;
    read_fund(&row)
}

/// What a fund holds, out of the books.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FundSums {
    /// All that was paid in.
    pub deposited_idr: i64,
    /// For no purpose yet.
    pub free_idr: i64,
    /// Set aside, not granted.
    pub allotted_idr: i64,
    /// Granted, not yet reported on.
    pub granted_idr: i64,
    /// Used, as was reported.
    pub used_idr: i64,
}

impl FundSums {
    fn of(held: &BTreeMap<String, i64>) -> Self {
        let of = |kind: AccountKind| held.get(kind.code()).copied().unwrap_or(0);
        Self {
            deposited_idr: of(AccountKind::Donor).saturating_neg(),
            free_idr: of(AccountKind::FundFree),
            allotted_idr: of(AccountKind::FundAllotted),
            granted_idr: of(AccountKind::FundGranted),
            used_idr: of(AccountKind::FundUsed),
        }
    }
}

/// What the accounts of a place hold, by code.
pub(crate) fn held(tx: &mut Tx<'_>, place: &Place) -> Result<BTreeMap<String, i64>> {
    let of = params![&place.programme, &place.period, &place.region, &place.channel];
    let rows = tx.query(&queries::HELD, of)?;
    rows.iter().map(|row| Ok((row.string(0)?, row.int(1)?))).collect()
}

/// A fund and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FundView {
    /// The fund.
    #[serde(flatten)]
    pub fund: Fund,
    /// What it holds.
    #[serde(flatten)]
    pub sums: FundSums,
}

/// Funds of the territory, newest first.
///
/// # Errors
/// Store errors.
pub fn funds(house: &House, scope: &Scope, page: &Page) -> Result<Paged<FundView>> {
    common::need(scope, READ)?;
    let (from, to) = scope.path_range();
    let after = page.after_int(i64::MAX)?;
    house.db.read(|tx| {
        let rows = tx.query(&queries::FUNDS, params![from, to, after, page.fetch()])?;
        let mut out = Vec::with_capacity(rows.len());
        for row in &rows {
            let fund = read_fund(row)?;
            let sums = FundSums::of(&held(tx, &fund.place())?);
            out.push(FundView { fund, sums });
        }
        Ok(page.page(out, |view| vec![view.fund.fund_id.into()]))
    })
}

/// A movement of a fund's money and its paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FundMoveView {
    /// Its number.
    pub move_id: i64,
    /// The fund.
    pub fund_id: i64,
    /// What happened.
    pub kind: FundKind,
    /// Out of which allotment or grant.
    pub parent_id: Option<i64>,
    /// The move that it takes back.
    pub corrects: Option<i64>,
    /// Rupiah, above zero.
    pub amount_idr: i64,
    /// Of an allotment what was granted or released, of a grant what was used or came back.
    pub taken_idr: i64,
    /// `proposed`, `posted`, `refused` or `taken_back`.
    pub state: String,
    /// Number of the paper.
    pub document: String,
    /// Its day.
    pub day: Date,
    /// Who paid or receives.
    pub party: String,
    /// Key of the purpose.
    pub purpose: String,
    /// Further papers: key and number.
    pub papers: Vec<(String, String)>,
    /// What to know about it.
    pub note: String,
    /// When it was told, milliseconds since the epoch.
    pub at_ms: i64,
    /// Number of who told it.
    pub actor_id: i64,
    /// Who told it.
    pub actor: String,
    /// When it was decided.
    pub checked_at_ms: Option<i64>,
    /// Who decided.
    pub checker: Option<String>,
    /// Why it was refused.
    pub reason: Option<String>,
}

pub(crate) fn read_move(row: &Row) -> Result<FundMoveView> {
    Ok(FundMoveView {
        move_id: row.int(0)?,
        fund_id: row.int(1)?,
        kind: FundKind::from_code(row.text(2)?).ok_or(Error::Stored("fund move"))?,
        parent_id: row.opt_int(3)?,
        corrects: row.opt_int(4)?,
        amount_idr: row.int(5)?,
        taken_idr: row.int(6)?,
        state: row.string(7)?,
        document: row.string(8)?,
        day: row.date(9)?,
        party: row.string(10)?,
        purpose: row.string(11)?,
        papers: serde_json::from_str(row.text(12)?).map_err(|_| Error::Stored("papers"))?,
        note: row.string(13)?,
        at_ms: row.int(14)?,
        actor_id: row.int(15)?,
        actor: row.string(16)?,
        checked_at_ms: row.opt_int(17)?,
        checker: row.opt_string(18)?,
        reason: row.opt_string(19)?,
    })
}

pub(crate) fn move_in(tx: &mut Tx<'_>, scope: &Scope, move_id: i64) -> Result<FundMoveView> {
    let (from, to) = scope.path_range();
    let row = tx.query_opt(&queries::MOVE, params![move_id, from, to])?;
    read_move(&row.ok_or(Error::NotFound("fund move"))?)
}

/// A fund with what waits, what is open and what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FundPage {
    /// The fund.
    pub fund: Fund,
    /// Its year, as the books name the period.
    pub period: String,
    /// Its name in the books, where channels stand.
    pub channel: String,
    /// What it holds.
    pub sums: FundSums,
    /// Moves that wait for a second person.
    pub waiting: Vec<FundMoveView>,
    /// Allotments and grants of which something is left.
    pub open: Vec<FundMoveView>,
    /// All moves, newest first: one page of them.
    pub moves: Vec<FundMoveView>,
    /// Leads to the next page.
    pub next: Option<String>,
    /// What its moves say and what the books hold differ: sentences; empty when all is well.
    pub broken: Vec<String>,
}

/// A fund and its moves.
///
/// # Errors
/// [`Error::NotFound`], also outside the territory.
pub fn fund_page(house: &House, scope: &Scope, fund_id: i64, page: &Page) -> Result<FundPage> {
    common::need(scope, READ)?;
    house.db.read(|tx| {
        let fund = fund_in(tx, scope, fund_id)?;
        let place = fund.place();
        let held = held(tx, &place)?;
        let list = |rows: Vec<Row>| rows.iter().map(read_move).collect::<Result<Vec<_>>>();
        let waiting = list(tx.query(&queries::WAITING, params![fund_id, SIDE_MAX])?)?;
        let open = list(tx.query(&queries::OPEN, params![fund_id, SIDE_MAX])?)?;
        let of = params![fund_id, page.after_int(i64::MAX)?, page.fetch()];
        let rows = list(tx.query(&queries::MOVES, of)?)?;
        let Paged { items, next } = page.page(rows, |one| vec![one.move_id.into()]);
        let broken = broken(tx, fund_id, &place, &held)?;
        let (period, channel) = (place.period, place.channel);
        Ok(FundPage {
            sums: FundSums::of(&held),
            fund,
            period,
            channel,
            waiting,
            open,
            moves: items,
            next,
            broken,
        })
    })
}

/// The moves of a fund, for a file.
///
/// # Errors
/// [`Error::NotFound`], also outside the territory.
pub fn moves(house: &House, scope: &Scope, fund_id: i64, page: &Page) -> Result<Paged<FundMoveView>> {
    let found = fund_page(house, scope, fund_id, page)?;
    Ok(Paged { items: found.moves, next: found.next })
}

/// Where the moves, the entries, the balances and the parts of allotments and grants do not say the same.
fn broken(tx: &mut Tx<'_>, fund_id: i64, place: &Place, held: &BTreeMap<String, i64>) -> Result<Vec<String>> {
    let mut out = Vec::new();
    let of = params![&place.programme, &place.period, &place.region, &place.channel];
    let mut entered: BTreeMap<String, Rupiah> = BTreeMap::new();
    for row in tx.query(&queries::ENTERED, of)? {
        entered.insert(row.string(0)?, row.rupiah(1)?);
    }
    let mut said: BTreeMap<AccountKind, Rupiah> = BTreeMap::new();
    for row in tx.query(&queries::POSTED, params![fund_id])? {
        let kind = FundKind::from_code(row.text(0)?).ok_or(Error::Stored("fund move"))?;
        let (amount, movement) = (row.rupiah(1)?, kind.movement());
        let entries = entered.remove(movement.code()).unwrap_or_default();
        if entries != amount {
            out.push(format!("{}: the entries say {entries}, the moves {amount}", movement.code()));
        }
        let from = said.entry(movement.from()).or_default();
        *from = from.minus(amount)?;
        let to = said.entry(movement.to()).or_default();
        *to = to.plus(amount)?;
    }
    for (movement, entries) in entered.iter().filter(|(_, entries)| **entries != Rupiah::ZERO) {
        out.push(format!("{movement}: the entries say {entries}, no move does"));
    }
    for kind in ACCOUNTS {
        let said = said.get(&kind).copied().unwrap_or_default().idr();
        let held = held.get(kind.code()).copied().unwrap_or(0);
        if said != held {
            out.push(format!("{}: the books hold {held}, the moves say {said}", kind.code()));
        }
    }
    let off = tx.query_one(&queries::CHILDREN_OFF, params![fund_id])?.int(0)?;
    if off > 0 {
        out.push(format!("{off} allotments or grants do not hold what was taken out of them"));
    }
    Ok(out)
}

/// What a move of a fund says that entries on its ground say too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FundEntry {
    pub(crate) fund_id: i64,
    pub(crate) movement: Movement,
    /// Below zero for what takes another move back.
    pub(crate) amount: Rupiah,
}

/// The move that is the document of entries.
pub(crate) fn document_move(tx: &mut Tx<'_>, move_id: i64) -> Result<Option<FundEntry>> {
    let Some(row) = tx.query_opt(&queries::FUND_OF_MOVE, params![move_id])? else { return Ok(None) };
    let kind = FundKind::from_code(row.text(1)?).ok_or(Error::Stored("fund move"))?;
    let amount = match row.opt_int(3)? {
        Some(_) => Rupiah::ZERO.minus(row.rupiah(2)?)?,
        None => row.rupiah(2)?,
    };
    Ok(Some(FundEntry { fund_id: row.int(0)?, movement: kind.movement(), amount }))
}
