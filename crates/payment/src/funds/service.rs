//! Moves of a fund's money: told once, agreed to by a second person where that is asked, entered in the books, taken back whole.

use access::{House, Scope};
use jiff::civil::Date;
use ledger::{AccountKind, Movement, Place};
use model::{RegionCode, RegionLevel, Rupiah};
use serde::Serialize;
use store::{Tx, params};

use super::{
    queries,
    rules::{self, FundFault, FundKind},
    views::{self, Fund, FundMoveView},
};
use crate::{
    Error, Result,
    books::{self, Ground},
    common,
};

const RECORD: &str = "fund.record";
const APPROVE: &str = "fund.approve";

/// A licence of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFund {
    /// Key of the source.
    pub source: String,
    /// Number of the licence or agreement.
    pub licence: String,
    /// Its day.
    pub licensed_on: Date,
    /// Who holds it.
    pub holder: String,
    /// Whose fund it is: the nation, a province or a district.
    pub region: RegionCode,
}

/// Opens the fund of a licence, or finds it: the same licence again is the same fund.
///
/// # Errors
/// [`Error::Fund`] when what is told cannot be kept or differs from what was told before, [`Error::NotFound`] for a region outside
/// the territory, [`Error::Changed`] when somebody opened it at the same time.
pub fn open_fund(house: &House, scope: &Scope, new: &NewFund) -> Result<i64> {
    common::need(scope, RECORD)?;
    if house.policy.funds().source(&new.source).is_none() {
        return Err(FundFault::Field("source".into()).into());
    }
    let (licence, holder) =
        (rules::text("licence", &new.licence, true)?, rules::text("holder", &new.holder, true)?);
    past(house, new.licensed_on)?;
    if new.region.level() > RegionLevel::District {
        return Err(FundFault::Field("region".into()).into());
    }
    if !scope.covers(&new.region) {
        return Err(Error::NotFound("region"));
    }
    settle(house.db.write(|tx| {
        if let Some(row) = tx.query_opt(&queries::FUND_OF_LICENCE, params![&new.source, licence])? {
            let known = views::read_fund(&row)?;
            let same = (known.licensed_on, known.holder.as_str(), &known.region)
                == (new.licensed_on, holder, &new.region);
            let told = || FundFault::Document(licence.to_owned()).into();
            return if same { Ok(known.fund_id) } else { Err(told()) };
        }
        let fund_id = store::next_number(tx, "fund", 1)?;
        let values = params![
            fund_id,
            &new.source,
            licence,
            new.licensed_on,
            holder,
            &new.region,
            house.clock.now_ms(),
            scope.actor_name()
        ];
        tx.execute(&queries::FUND_ADD, values)?;
        common::audit(tx, house, scope, &format!("fund:{fund_id}"), licence)?;
        Ok(fund_id)
    }))
}

/// What is told of a fund's money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFundMove {
    /// The fund.
    pub fund_id: i64,
    /// What happens.
    pub kind: FundKind,
    /// Out of which allotment or grant; none for deposits and allotments.
    pub parent: Option<i64>,
    /// Rupiah.
    pub amount_idr: i64,
    /// Number of the paper that says so.
    pub document: String,
    /// Its day.
    pub day: Date,
    /// Who paid (deposit, unused), or who receives (grant, use); empty for allotments.
    pub party: String,
    /// Key of the purpose, of an allotment.
    pub purpose: String,
    /// What else the source asks of a deposit: key of the paper and its number.
    pub papers: Vec<(String, String)>,
    /// What to know about it.
    pub note: String,
}

/// What came of telling it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FundMoved {
    /// Number of the move.
    pub move_id: i64,
    /// `proposed`, `posted`, `refused` or `taken_back`.
    pub state: String,
    /// It was told before; nothing changed now.
    pub again: bool,
}

fn past(house: &House, day: Date) -> Result<()> {
    if day > house.clock.today() { Err(FundFault::Day.into()) } else { Ok(()) }
}

/// Records a move: it is entered in the books, or waits for a second person. The same paper again changes nothing; after it was
/// refused it may be told again, after it was taken back only with another content, so that a form sent late does not count again.
///
/// # Errors
/// [`Error::Fund`] when what is told cannot be kept, when there is less than it takes, or when the paper was told otherwise.
pub fn record_move(house: &House, scope: &Scope, new: &NewFundMove) -> Result<FundMoved> {
    common::need(scope, RECORD)?;
    check(house, new)?;
    settle(house.db.write(|tx| {
        let fund = views::fund_in(tx, scope, new.fund_id)?;
        let told = format!("{}/{}/{}", new.kind.code(), new.parent.unwrap_or(0), new.document.trim());
        let papers = papers(house, &fund, new)?;
        let row = Row {
            fund: &fund,
            kind: new.kind,
            parent: new.parent,
            corrects: None,
            amount: Rupiah::new(new.amount_idr),
            document: new.document.trim(),
            day: new.day,
            party: new.party.trim(),
            purpose: new.purpose.trim(),
            papers,
            note: new.note.trim(),
            told,
        };
        if let Some(again) = known(tx, &row)? {
            return Ok(again);
        }
        if let Some(kind) = new.kind.parent() {
            let parent = views::move_in(tx, scope, new.parent.unwrap_or(0))?;
            let fits = parent.fund_id == fund.fund_id && parent.kind == kind && parent.corrects.is_none();
            if !fits || parent.state != "posted" {
                return Err(FundFault::Field("parent".into()).into());
            }
        }
        tell(tx, house, scope, &row)
    }))
}

fn check(house: &House, new: &NewFundMove) -> Result<()> {
    if new.amount_idr <= 0 {
        return Err(FundFault::Amount.into());
    }
    past(house, new.day)?;
    rules::text("document", &new.document, true)?;
    rules::text("party", &new.party, !matches!(new.kind, FundKind::Allot | FundKind::Release))?;
    rules::text("note", &new.note, false)?;
    if new.kind == FundKind::Allot && house.policy.funds().purpose(new.purpose.trim()).is_none() {
        return Err(FundFault::Field("purpose".into()).into());
    }
    if new.kind.parent().is_some() != new.parent.is_some() {
        return Err(FundFault::Field("parent".into()).into());
    }
    Ok(())
}

/// The papers that a deposit of this source needs, as they are kept.
fn papers(house: &House, fund: &Fund, new: &NewFundMove) -> Result<String> {
    let mut told: Vec<(&str, &str)> = Vec::new();
    let source = house.policy.funds().source(&fund.source);
    for paper in source.iter().flat_map(|source| &source.papers).filter(|_| new.kind == FundKind::Deposit) {
        let number = new.papers.iter().find(|(key, _)| *key == paper.key).map_or("", |(_, number)| number);
        told.push((&paper.key, rules::text(&format!("paper_{}", paper.key), number, true)?));
    }
    kept(told)
}

fn kept(papers: Vec<(&str, &str)>) -> Result<String> {
    serde_json::to_string(&papers).map_err(|_| Error::Stored("papers"))
}

/// A move that is to be written.
struct Row<'a> {
    fund: &'a Fund,
    kind: FundKind,
    parent: Option<i64>,
    corrects: Option<i64>,
    amount: Rupiah,
    document: &'a str,
    day: Date,
    party: &'a str,
    purpose: &'a str,
    papers: String,
    note: &'a str,
    told: String,
}

fn known(tx: &mut Tx<'_>, row: &Row<'_>) -> Result<Option<FundMoved>> {
    let fund_id = row.fund.fund_id;
    let Some(found) = tx.query_opt(&queries::MOVE_TOLD, params![fund_id, &row.told])? else {
        let content =
            params![fund_id, &row.told, row.amount, row.day, row.party, row.purpose, &row.papers, row.note];
        let once = tx.query_one(&queries::MOVE_ONCE, content)?.int(0)?;
        return if once > 0 { Err(FundFault::State("taken_back".into()).into()) } else { Ok(None) };
    };
    let known = views::read_move(&found)?;
    // What takes back bears the day on which it was told first.
    let day = if row.corrects.is_some() { known.day } else { row.day };
    let papers = kept(known.papers.iter().map(|(key, number)| (key.as_str(), number.as_str())).collect())?;
    let same = (known.amount_idr, known.day, known.party.as_str(), known.purpose.as_str())
        == (row.amount.idr(), day, row.party, row.purpose);
    if same && (papers.as_str(), known.note.as_str()) == (row.papers.as_str(), row.note) {
        Ok(Some(FundMoved { move_id: known.move_id, state: known.state, again: true }))
    } else {
        Err(FundFault::Document(row.document.to_owned()).into())
    }
}

/// Writes a move and, where nobody else must agree, enters it.
fn tell(tx: &mut Tx<'_>, house: &House, scope: &Scope, row: &Row<'_>) -> Result<FundMoved> {
    let move_id = store::next_number(tx, "fund_move", 1)?;
    let (actor_id, actor) = scope.actor_pair();
    let waits = row.kind.needs_checker();
    let state = if waits { "proposed" } else { "posted" };
    let values = params![
        move_id,
        row.fund.fund_id,
        row.kind.code(),
        row.parent,
        row.corrects,
        row.amount,
        state,
        row.document,
        row.day,
        row.party,
        row.purpose,
        &row.papers,
        row.note,
        &row.told,
        house.clock.now_ms(),
        actor_id,
        actor
    ];
    tx.execute(&queries::MOVE_ADD, values)?;
    common::audit(tx, house, scope, &format!("fund-move:{move_id}"), &row.told)?;
    if !waits {
        let told = views::move_in(tx, scope, move_id)?;
        enter(tx, house, scope, row.fund, &told)?;
    }
    Ok(FundMoved { move_id, state: state.to_owned(), again: false })
}

/// Agrees to a proposed move, which enters it in the books, or refuses it with a reason.
///
/// # Errors
/// [`Error::SamePerson`] for who proposed it, [`Error::Fund`] when it was decided before, without a reason, or when there is less
/// than it takes.
pub fn decide_move(
    house: &House,
    scope: &Scope,
    move_id: i64,
    agreed: bool,
    reason: &str,
) -> Result<FundMoved> {
    common::need(scope, APPROVE)?;
    let reason = rules::text("reason", reason, !agreed)?;
    settle(house.db.write(|tx| {
        let told = views::move_in(tx, scope, move_id)?;
        if scope.actor().0 == told.actor_id {
            return Err(Error::SamePerson);
        }
        let fund = views::fund_in(tx, scope, told.fund_id)?;
        let (actor_id, actor) = scope.actor_pair();
        let state = if agreed { "posted" } else { "refused" };
        let of = params![move_id, state, house.clock.now_ms(), actor_id, actor, reason];
        if tx.execute(&queries::DECIDE, of)? == 0 {
            return Err(FundFault::State(told.state).into());
        }
        if agreed {
            enter(tx, house, scope, &fund, &told)?;
        }
        common::audit(tx, house, scope, &format!("fund-move:{move_id}"), state)?;
        Ok(FundMoved { move_id, state: state.to_owned(), again: false })
    }))
}

/// Takes a posted move back by another one, whole and once. Where the move needed a second person, so does this.
///
/// # Errors
/// [`Error::Fund`] while other moves stand on it, when it was taken back before, or when the money is no longer where it went.
pub fn take_back(
    house: &House,
    scope: &Scope,
    move_id: i64,
    document: &str,
    note: &str,
) -> Result<FundMoved> {
    common::need(scope, RECORD)?;
    let (document, note) = (rules::text("document", document, true)?, rules::text("note", note, true)?);
    settle(house.db.write(|tx| {
        let wrong = views::move_in(tx, scope, move_id)?;
        let fund = views::fund_in(tx, scope, wrong.fund_id)?;
        let row = Row {
            fund: &fund,
            kind: wrong.kind,
            parent: wrong.parent_id,
            corrects: Some(move_id),
            amount: Rupiah::new(wrong.amount_idr),
            document,
            day: house.clock.today(),
            party: &wrong.party,
            purpose: &wrong.purpose,
            papers: "[]".to_owned(),
            note,
            told: format!("back/{move_id}/{document}"),
        };
        if let Some(again) = known(tx, &row)? {
            return Ok(again);
        }
        if wrong.state != "posted" || wrong.corrects.is_some() || wrong.taken_idr != 0 {
            return Err(FundFault::State(wrong.state).into());
        }
        tell(tx, house, scope, &row)
    }))
}

/// Two people who told the same paper at once: the second looks again.
fn settle<T>(done: Result<T>) -> Result<T> {
    match done {
        Err(Error::Store(error)) if error.is_unique() => Err(Error::Changed),
        other => other,
    }
}

/// Enters a move in the books, and takes it out of its allotment or grant.
fn enter(tx: &mut Tx<'_>, house: &House, scope: &Scope, fund: &Fund, told: &FundMoveView) -> Result<()> {
    let amount = Rupiah::new(told.amount_idr);
    let back = told.corrects.is_some();
    let signed = if back { Rupiah::ZERO.minus(amount)? } else { amount };
    if let Some(wrong) = told.corrects
        && tx.execute(&queries::TAKEN_BACK, params![wrong])? == 0
    {
        return Err(FundFault::State("taken_back".into()).into());
    }
    if let Some(parent) = told.parent_id
        && tx.execute(&queries::TAKE, params![parent, signed])? == 0
    {
        let parent = views::move_in(tx, scope, parent)?;
        return Err(match parent.state.as_str() {
            "posted" => short(parent.amount_idr.saturating_sub(parent.taken_idr), amount),
            _ => FundFault::State(parent.state).into(),
        });
    }
    let (movement, place) = (told.kind.movement(), fund.place());
    leave(tx, &place, movement, back, amount)?;
    let sums = books::Sums::from([((place, movement, back), signed)]);
    let document = format!("fund:{}", told.move_id);
    let ground = Ground { document: &document, part: 0 };
    books::post(tx, &sums, ground, house.clock.now_ms(), scope.actor_name())?;
    Ok(())
}

/// Whether the account that loses holds enough; the table's own check would only say that it does not.
fn leave(tx: &mut Tx<'_>, place: &Place, movement: Movement, back: bool, amount: Rupiah) -> Result<()> {
    let from = if back { movement.to() } else { movement.from() };
    if from.is_source() {
        return Ok(());
    }
    let have = views::held(tx, place)?.get(from.code()).copied().unwrap_or(0);
    if have < amount.idr() { Err(short(have, amount)) } else { Ok(()) }
}

fn short(have: i64, wanted: Rupiah) -> Error {
    FundFault::Short { have: Rupiah::new(have), wanted }.into()
}

impl Fund {
    /// Where the fund stands in the books.
    pub(crate) fn place(&self) -> Place {
        Place {
            programme: self.source.clone(),
            period: self.licensed_on.year().to_string(),
            region: self.region.clone(),
            channel: format!("fund-{}", self.fund_id),
        }
    }
}

/// The kinds of account that a fund has.
pub(crate) const ACCOUNTS: [AccountKind; 5] = [
    AccountKind::Donor,
    AccountKind::FundFree,
    AccountKind::FundAllotted,
    AccountKind::FundGranted,
    AccountKind::FundUsed,
];
