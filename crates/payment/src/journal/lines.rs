//! What an entry is the sum of: the lines of its document in its place, and of a received file the bank's own rows, read from the
//! file as it was kept.

use access::{House, Scope};
use ledger::{Movement, Place};
use model::{RegionCode, RegionLevel, Rupiah};
use policy::Meaning;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use store::{Page, Paged, Tx, Value, params};

use super::{
    queries,
    views::{DocumentKind, EntryView, READ, read_entry},
};
use crate::{
    Error, Result, checks, common,
    evidence::{self, Kept},
    files::{self, FileView},
    funds::FundEntry,
    queries as room, told, wire,
};

/// Rows of a file that one entry may stand for: more than any batch has.
const ROWS_MAX: i64 = 1_000_000;

/// A row of a bank's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BankRow {
    /// Number of the file.
    pub file_no: i64,
    /// Number of the row in it.
    pub row_no: i64,
    /// The bank's number of the transaction.
    pub txn: String,
}

/// One line's share of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryLine {
    /// The line.
    pub line_id: i64,
    /// The family.
    pub family_id: i64,
    /// Village.
    pub region: RegionCode,
    /// Who receives it.
    pub payee_name: String,
    /// Rupiah, above zero.
    pub amount_idr: i64,
    /// What the bank wrote, where a bank's file is the ground.
    pub bank: Option<BankRow>,
}

/// An entry and what it is the sum of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryPage {
    /// The entry.
    pub entry: EntryView,
    /// One page of its lines.
    pub lines: Vec<EntryLine>,
    /// Leads to the next page.
    pub next: Option<String>,
    /// Lines in all.
    pub count: i64,
    /// Their sum.
    pub sum_idr: i64,
    /// The lines can be told, and their sum is the entry's.
    pub agrees: bool,
    /// The grant fund whose money it is: then one paper of the fund is all that the entry stands for.
    pub fund: Option<i64>,
}

/// An entry of the journal with its lines, of one line only where one is named.
///
/// # Errors
/// [`Error::NotFound`], also outside the territory.
pub fn entry_page(
    house: &House,
    scope: &Scope,
    entry_id: i64,
    line: Option<i64>,
    page: &Page,
) -> Result<EntryPage> {
    common::need(scope, READ)?;
    let (from, to) = scope.path_range();
    let (entry, all, fund) = house.db.read(|tx| {
        let row = tx.query_opt(&queries::ENTRY, params![from, to, entry_id])?;
        let entry = read_entry(&row.ok_or(Error::NotFound("entry"))?)?;
        let lines = lines_of(tx, house, &entry)?;
        let fund = match DocumentKind::of(&entry.document) {
            Some(DocumentKind::Fund(id)) => crate::funds::document_move(tx, id)?,
            _ => None,
        };
        Ok::<_, Error>((entry, lines, fund))
    })?;
    let sum_idr = all.iter().try_fold(0i64, |sum, one| sum.checked_add(one.amount_idr));
    let mut sum_idr = sum_idr.ok_or(Error::Stored("amounts"))?;
    let mut agrees = sum_idr == entry.amount_idr;
    if let Some(fund) = fund {
        sum_idr = fund.amount.idr().saturating_abs();
        agrees = says(&fund, &entry);
    }
    let count = all.len() as i64;
    let keys = page.keys(2)?.unwrap_or_else(|| vec![(-1).into(), (-1).into()]);
    let [Value::Int(after), Value::Int(row)] = keys[..] else { return Err(Error::Stored("page")) };
    let behind = |one: &EntryLine| key(one) > (after, row) && line.is_none_or(|line| line == one.line_id);
    let some = all.into_iter().filter(behind).take(page.rows() + 1).collect();
    let Paged { items, next } = page.page(some, |one: &EntryLine| vec![key(one).0.into(), key(one).1.into()]);
    Ok(EntryPage { agrees, entry, lines: items, next, count, sum_idr, fund: fund.map(|fund| fund.fund_id) })
}

/// A move of a fund and its entry name the same way and amount.
fn says(fund: &FundEntry, entry: &EntryView) -> bool {
    let back = fund.amount < Rupiah::ZERO;
    (fund.movement.code(), back) == (entry.movement.as_str(), entry.correction)
        && fund.amount.idr().saturating_abs() == entry.amount_idr
}

fn key(line: &EntryLine) -> (i64, i64) {
    (line.line_id, line.bank.as_ref().map_or(0, |bank| bank.row_no))
}

/// A line that may have a share.
struct Candidate {
    line: EntryLine,
    order: i64,
    returned: i64,
    unpaid: i64,
}

fn lines_of(tx: &mut Tx<'_>, house: &House, entry: &EntryView) -> Result<Vec<EntryLine>> {
    let place = Place {
        programme: entry.programme.clone(),
        period: entry.period.clone(),
        region: entry.region.clone(),
        channel: entry.channel.clone(),
    };
    let Some(kind) = DocumentKind::of(&entry.document) else { return Ok(Vec::new()) };
    if matches!(kind, DocumentKind::Fund(_)) {
        return Ok(Vec::new());
    }
    let candidates = candidates(tx, &place)?;
    let mut out = match kind {
        DocumentKind::Order(order) => {
            candidates.into_iter().filter(|one| one.order == order).map(|one| one.line).collect()
        }
        DocumentKind::Slip => of_slip(tx, entry, candidates)?,
        DocumentKind::File(file_no) => of_file(tx, house, entry, file_no, candidates)?,
        DocumentKind::Late(file_no) => of_late(tx, house, entry, file_no, candidates)?,
        DocumentKind::Fund(_) => Vec::new(),
    };
    out.sort_by_key(key);
    Ok(out)
}

/// All lines of a place.
fn candidates(tx: &mut Tx<'_>, place: &Place) -> Result<Vec<Candidate>> {
    let (from, to) = place.region.path_range();
    let cycles = tx.query(&room::CYCLES_OF, params![&place.programme, &place.period])?;
    let mut out = Vec::new();
    for cycle in &cycles {
        let of = params![cycle.int(0)?, &from, &to, &place.channel];
        for row in tx.query(&queries::LINES_OF_PLACE, of)? {
            let line = EntryLine {
                line_id: row.int(0)?,
                family_id: row.int(1)?,
                region: row.region(2)?,
                payee_name: row.string(3)?,
                amount_idr: row.int(4)?,
                bank: None,
            };
            let (order, returned, unpaid) = (row.int(5)?, row.int(6)?, row.int(7)?);
            out.push(Candidate { line, order, returned, unpaid });
        }
    }
    Ok(out)
}

/// Lines that a deposit slip ended, from the first of the part to where the order's next part begins.
fn of_slip(tx: &mut Tx<'_>, entry: &EntryView, candidates: Vec<Candidate>) -> Result<Vec<EntryLine>> {
    let first = tx.query_opt(&room::LINE_ORDER, params![entry.part])?;
    let order = first.map(|row| row.int(0)).transpose()?.unwrap_or(0);
    let mut end = i64::MAX;
    for row in tx.query(&queries::PARTS_BEHIND, params![&entry.document, entry.part])? {
        if row.opt_int(1)? == Some(order) {
            end = row.int(0)?;
            break;
        }
    }
    let within = |one: &Candidate| {
        one.order == order && one.unpaid > 0 && one.line.line_id >= entry.part && one.line.line_id < end
    };
    let some: Vec<Candidate> = candidates.into_iter().filter(within).collect();
    let states = states(tx, &entry.document, some.iter().map(|one| &one.line))?;
    let ended = |one: Candidate| {
        let told = states.get(&one.line.line_id)?.contains("sent_back");
        told.then_some(EntryLine { amount_idr: one.unpaid, ..one.line })
    };
    Ok(some.into_iter().filter_map(ended).collect())
}

type States = FxHashMap<i64, FxHashSet<String>>;

/// The payment states that a document gave to lines alone.
fn states<'l>(tx: &mut Tx<'_>, document: &str, lines: impl Iterator<Item = &'l EntryLine>) -> Result<States> {
    let asked: Vec<store::Asked<'_>> = lines
        .map(|line| {
            (&queries::STATES_TOLD, vec![line.family_id.into(), line.line_id.into(), document.into()])
        })
        .collect();
    let mut out = States::default();
    for rows in tx.query_all(&asked)? {
        for row in rows {
            out.entry(row.int(0)?).or_default().insert(row.string(1)?);
        }
    }
    Ok(out)
}

/// Rows of a bank's file that were taken with the entry's part and moved money of the entry's kind in its place.
fn of_file(
    tx: &mut Tx<'_>,
    house: &House,
    entry: &EntryView,
    file_no: i64,
    candidates: Vec<Candidate>,
) -> Result<Vec<EntryLine>> {
    let file = files::get(tx, file_no)?;
    let before = tx.query_one(&queries::PART_BEFORE, params![&entry.document, entry.part])?.int(0)?;
    // An entry of before parts were kept does not say which rows are its own.
    if entry.part < 0 || entry.part - before > ROWS_MAX {
        return Ok(Vec::new());
    }
    let Some(kept) = kept(house, &file, before + 1..entry.part + 1)? else { return Ok(Vec::new()) };
    let refused = tx.query(&queries::ROWS_REFUSED, params![file_no, before, entry.part])?;
    let refused = refused.iter().map(|row| row.int(0)).collect::<Result<FxHashSet<i64>, _>>()?;
    of_rows(tx, house, entry, &file, candidates, (&kept, &refused))
}

/// Rows that a bank's file told too early and that were taken later, with the entry's part.
fn of_late(
    tx: &mut Tx<'_>,
    house: &House,
    entry: &EntryView,
    file_no: i64,
    candidates: Vec<Candidate>,
) -> Result<Vec<EntryLine>> {
    let file = files::get(tx, file_no)?;
    let rows = tx.query(&queries::ROWS_SETTLED, params![file_no, entry.part])?;
    let rows = rows.iter().map(|row| row.int(0)).collect::<Result<Vec<i64>, _>>()?;
    let Some(kept) = evidence::read_some(house, file_no, &rows, || columns_of(house, &file))? else {
        return Ok(Vec::new());
    };
    of_rows(tx, house, entry, &file, candidates, (&kept, &FxHashSet::default()))
}

/// The rows among these, but for the refused ones, that moved money of the entry's kind in its place.
fn of_rows(
    tx: &mut Tx<'_>,
    house: &House,
    entry: &EntryView,
    file: &FileView,
    candidates: Vec<Candidate>,
    (kept, refused): (&Kept, &FxHashSet<i64>),
) -> Result<Vec<EntryLine>> {
    let file_no = file.file_no;
    let mut lines: FxHashMap<i64, Candidate> =
        candidates.into_iter().map(|one| (one.line.line_id, one)).collect();
    let mut rows = rows_of(kept, &lines, refused);
    let asked: Vec<store::Asked<'_>> = rows
        .iter()
        .map(|row| (&queries::TXN_TOLD, vec![(&file.channel).into(), (&row.txn).into()]))
        .collect();
    let told = tx.query_all(&asked)?;
    let mut at = told.iter();
    rows.retain(|row| {
        let known = at.next().and_then(|rows| rows.first());
        known.is_some_and(|known| known.int(0) == Ok(row.line_id) && known.int(1) == Ok(file_no))
    });
    lines.retain(|_, one| one.returned > 0 || one.unpaid > 0);
    let touched: FxHashSet<i64> = rows.iter().map(|row| row.line_id).collect();
    let odd = lines.values().map(|one| &one.line).filter(|line| touched.contains(&line.line_id));
    let states = states(tx, &format!("file:{file_no}"), odd)?;
    let channel = checks::channel_of(house, &file.channel)?;
    let mut out = Vec::new();
    for row in rows {
        let state = |code: &str| states.get(&row.line_id).is_some_and(|states| states.contains(code));
        let Some(result) = channel.result(&file.kind, &row.word) else { continue };
        let moves = moves(result.means, file.kind == "order_reply", state);
        if moves.iter().any(|(movement, back)| movement.code() == entry.movement && *back == entry.correction)
        {
            let bank = BankRow { file_no, row_no: row.row_no, txn: row.txn };
            out.push(EntryLine { amount_idr: row.amount, bank: Some(bank), ..row.line });
        }
    }
    Ok(out)
}

/// What a row that was taken did, as `reply` decided it: a return counts as unpaid or from the card by the state that it gave the line.
fn moves(means: Meaning, of_order: bool, state: impl Fn(&str) -> bool) -> Vec<(Movement, bool)> {
    match means {
        // The return was told before the top-up.
        Meaning::ToppedUp | Meaning::Ok if state("returned") => {
            vec![(Movement::ReturnUnpaid, true), (Movement::TopUp, false), (Movement::ReturnFromCard, false)]
        }
        Meaning::ToppedUp | Meaning::Ok => vec![(Movement::TopUp, false)],
        Meaning::Withdrawn => vec![(Movement::Withdraw, false)],
        Meaning::Returned if of_order && state("returned") => vec![(Movement::ReturnFromCard, false)],
        Meaning::Returned if of_order || state("sent_back") => vec![(Movement::ReturnUnpaid, false)],
        Meaning::Returned => vec![(Movement::ReturnFromCard, false)],
        _ => Vec::new(),
    }
}

/// A row about money, as read again.
struct MoneyRow {
    line_id: i64,
    row_no: i64,
    txn: String,
    word: String,
    amount: i64,
    line: EntryLine,
}

/// The rows about lines of the place that were not refused.
fn rows_of(kept: &Kept, lines: &FxHashMap<i64, Candidate>, refused: &FxHashSet<i64>) -> Vec<MoneyRow> {
    let word = kept.place("result").or_else(|| kept.place("kind"));
    let places = (kept.place("ref"), word, kept.place("amount_idr"), kept.place("bank_txn"));
    let (Some(reference), Some(word), Some(amount), Some(txn)) = places else { return Vec::new() };
    let read = |(row_no, cells): &(i64, Vec<String>)| {
        let cell = |at: usize| cells.get(at).map(String::as_str);
        let line_id = told::whole(cell(reference)?)?;
        let line = lines.get(&line_id).filter(|_| !refused.contains(row_no))?.line.clone();
        Some(MoneyRow {
            line_id,
            row_no: *row_no,
            txn: cell(txn)?.to_owned(),
            word: cell(word)?.to_owned(),
            amount: told::whole(cell(amount)?)?,
            line,
        })
    };
    kept.rows.iter().filter_map(read).collect()
}

fn kept(house: &House, file: &FileView, rows: std::ops::Range<i64>) -> Result<Option<Kept>> {
    evidence::read(house, file.file_no, rows, || columns_of(house, file))
}

/// The columns of a file whose kept rows do not name them.
fn columns_of(house: &House, file: &FileView) -> Vec<String> {
    let layout = checks::channel_of(house, &file.channel).and_then(|one| wire::layout(one, &file.kind));
    let columns = layout.map(|layout| layout.columns.iter().map(|column| column.field.clone()).collect());
    columns.unwrap_or_default()
}

/// A row of a bank's file as it was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BankRowView {
    /// The file.
    pub file: FileView,
    /// Number of the row in it.
    pub row_no: i64,
    /// Our name for each cell and what stands in it; of an account the last digits.
    pub cells: Vec<(String, String)>,
    /// The bank's number of the transaction.
    pub txn: String,
    /// The line that it is about.
    pub line_id: Option<i64>,
}

/// Fields that are shown by their last digits only.
const MASKED: [&str; 4] = ["account", "nik", "kk", "payee_nik"];

/// One row of a bank's file.
///
/// # Errors
/// [`Error::NotFound`] when there is no such row, or its line lies outside the territory; a row about no line is shown to readers
/// of the whole country only.
pub fn bank_row(house: &House, scope: &Scope, file_no: i64, row_no: i64) -> Result<BankRowView> {
    common::need(scope, READ)?;
    let none = || Error::NotFound("row of a bank's file");
    let file = house.db.read(|tx| files::get(tx, file_no))?;
    let kept = kept(house, &file, row_no..row_no.saturating_add(1))?.ok_or_else(none)?;
    let (_, cells) = kept.rows.first().ok_or_else(none)?;
    let cell = |field: &str| kept.place(field).and_then(|at| cells.get(at)).map(String::as_str);
    let line_id = cell("ref").and_then(told::whole);
    let row = match line_id {
        Some(line_id) => house.db.read(|tx| tx.query_opt(&queries::LINE_PLACE, params![line_id]))?,
        None => None,
    };
    // A number that another channel writes is no line of ours.
    let row = row.filter(|row| row.text(1).is_ok_and(|channel| channel == file.channel));
    let seen = match &row {
        Some(row) => scope.covers(&row.region(0)?),
        None => scope.region().level() == RegionLevel::Nation,
    };
    if !seen {
        return Err(none());
    }
    let shown = |(field, cell): (&String, &String)| {
        let text = if MASKED.contains(&field.as_str()) { tail(cell) } else { cell.clone() };
        (field.clone(), text)
    };
    let txn = cell("bank_txn").unwrap_or_default().to_owned();
    let cells = kept.columns.iter().zip(cells).map(shown).collect();
    Ok(BankRowView { row_no, cells, txn, line_id: line_id.filter(|_| row.is_some()), file })
}

fn tail(text: &str) -> String {
    let hidden = text.chars().count().saturating_sub(4);
    format!("…{}", text.chars().skip(hidden).collect::<String>())
}
