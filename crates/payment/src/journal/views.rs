//! Sums of the journal, and the entries that they are sums of.

use std::collections::BTreeMap;

use access::{House, Scope};
use jiff::civil::Date;
use ledger::{AccountKind, Movement, Place};
use model::{RegionCode, RegionLevel, Rupiah};
use serde::Serialize;
use store::{Page, Paged, Row, Tx, Value, params};

use super::queries;
use crate::{
    Error, Result,
    books::{self, Ground},
    common,
    files::{self, FileView},
    orders::{self, OrderView},
    wire,
};

pub(crate) const READ: &str = "ledger.read";

/// Up to when entries count: an instant, a number of an entry, or both. Everything of that instant is included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Until {
    /// Milliseconds since the epoch.
    pub at_ms: Option<i64>,
    /// Number of an entry.
    pub entry_id: Option<i64>,
}

impl Until {
    /// To the end of a day, Western Indonesian Time.
    pub fn end_of(day: Date) -> Self {
        Self { at_ms: Some(wire::western_end(day)), entry_id: None }
    }

    /// Nothing is left out.
    pub fn is_now(&self) -> bool {
        self.at_ms.is_none() && self.entry_id.is_none()
    }
}

/// Which part of the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BooksFilter {
    /// Key of a programme; empty for all.
    pub programme: String,
    /// A period as printed; empty for all.
    pub period: String,
    /// A region down to a subdistrict, inside the reader's territory.
    pub region: RegionCode,
    /// Key of a channel; empty for all.
    pub channel: String,
    /// Up to when.
    pub until: Until,
}

impl Default for BooksFilter {
    fn default() -> Self {
        Self {
            programme: String::new(),
            period: String::new(),
            region: RegionCode::nation(),
            channel: String::new(),
            until: Until::default(),
        }
    }
}

impl BooksFilter {
    /// The first seven parameters of a statement on entries.
    fn values(&self, scope: &Scope) -> Result<Vec<Value>> {
        let scope = scope.within(&self.region).ok_or(Error::NotFound("region"))?;
        let (from, to) = scope.path_range();
        let (at, entry) = (self.until.at_ms.unwrap_or(i64::MAX), self.until.entry_id.unwrap_or(i64::MAX));
        let texts = [from, to, &self.programme, &self.period, &self.channel].map(Value::from);
        Ok(texts.into_iter().chain([at.into(), entry.into()]).collect())
    }
}

/// Two sums that must be one, each by its own count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Balanced {
    /// All that entered accounts.
    pub debit_idr: i64,
    /// All that left accounts.
    pub credit_idr: i64,
}

impl Balanced {
    fn add(&mut self, debit: Rupiah, credit: Rupiah) -> Result<()> {
        self.debit_idr = Rupiah::new(self.debit_idr).plus(debit)?.idr();
        self.credit_idr = Rupiah::new(self.credit_idr).plus(credit)?.idr();
        Ok(())
    }

    /// What entered less what left.
    pub fn balance_idr(&self) -> i64 {
        self.debit_idr.saturating_sub(self.credit_idr)
    }
}

/// One kind of account in the trial balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrialAccount {
    /// Code of the kind.
    pub account: &'static str,
    /// What entered and what left.
    #[serde(flatten)]
    pub sums: Balanced,
    /// What it holds by its entries.
    pub balance_idr: i64,
    /// What the accounts themselves hold now; none at an instant of the past.
    pub held_idr: Option<i64>,
}

/// The books of a programme, period, channel or region below.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrialPart {
    /// Key, period or code.
    pub of: String,
    /// All accounts together.
    #[serde(flatten)]
    pub sums: Balanced,
    /// What stands with channels and on cards.
    pub open_idr: i64,
}

/// The trial balance of a part of the books at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// By kind of account, those without an entry left out.
    pub accounts: Vec<TrialAccount>,
    /// All together.
    #[serde(flatten)]
    pub sums: Balanced,
    /// Debits are credits, and accounts hold what their entries say.
    pub sound: bool,
    /// Entries that count.
    pub entries: i64,
    /// The last of them.
    pub last_entry: i64,
    /// Its instant, milliseconds since the epoch.
    pub last_at_ms: i64,
    /// By programme.
    pub programmes: Vec<TrialPart>,
    /// By period.
    pub periods: Vec<TrialPart>,
    /// By channel.
    pub channels: Vec<TrialPart>,
    /// By region, one level below the one asked for; of a subdistrict there is none below.
    pub regions: Vec<TrialPart>,
}

impl Trial {
    /// What stands with channels and on cards.
    pub fn open_idr(&self) -> i64 {
        self.programmes.iter().fold(0, |sum, part| part.open_idr.saturating_add(sum))
    }
}

/// The two sides of a sum of entries of one movement: (account, debit, credit) twice. What takes back goes the way backwards.
fn sides(movement: Movement, correction: bool, sum: Rupiah) -> Result<[(AccountKind, Rupiah, Rupiah); 2]> {
    let (from, to) = (movement.from(), movement.to());
    Ok(if correction {
        let back = Rupiah::ZERO.minus(sum)?;
        [(from, back, Rupiah::ZERO), (to, Rupiah::ZERO, back)]
    } else {
        [(from, Rupiah::ZERO, sum), (to, sum, Rupiah::ZERO)]
    })
}

fn movement(row: &Row, index: usize) -> Result<Movement> {
    Movement::from_code(row.text(index)?).ok_or(Error::Stored("movement"))
}

/// How much of a path names the level below a region.
fn below(region: &RegionCode) -> i64 {
    region.level().below().min(RegionLevel::Subdistrict).width() as i64
}

#[derive(Default)]
struct Part {
    sums: Balanced,
    open: i64,
}

impl Part {
    fn add(&mut self, side: (AccountKind, Rupiah, Rupiah)) -> Result<()> {
        let (kind, debit, credit) = side;
        self.sums.add(debit, credit)?;
        if matches!(kind, AccountKind::Pending | AccountKind::OnCard) {
            self.open = Rupiah::new(self.open).plus(debit)?.minus(credit)?.idr();
        }
        Ok(())
    }
}

fn parts(from: BTreeMap<String, Part>) -> Vec<TrialPart> {
    from.into_iter().map(|(of, part)| TrialPart { of, sums: part.sums, open_idr: part.open }).collect()
}

/// The trial balance of a part of the books.
///
/// # Errors
/// [`Error::NotFound`] for a region outside the territory, store errors.
pub fn trial(house: &House, scope: &Scope, filter: &BooksFilter) -> Result<Trial> {
    common::need(scope, READ)?;
    let mut values = filter.values(scope)?;
    let held = values[..5].to_vec();
    values.push(below(&filter.region).into());
    let (rows, held) = house.db.read(|tx| {
        let rows = tx.query(&queries::TRIAL, &values)?;
        let held = if filter.until.is_now() { Some(tx.query(&queries::HELD, &held)?) } else { None };
        Ok::<_, Error>((rows, held))
    })?;
    let mut accounts: BTreeMap<AccountKind, Balanced> = BTreeMap::new();
    let mut by: [BTreeMap<String, Part>; 4] = Default::default();
    let (mut sums, mut entries, mut last_entry, mut last_at_ms) = (Balanced::default(), 0, 0, 0);
    for row in &rows {
        for side in sides(movement(row, 4)?, row.bool(5)?, row.rupiah(6)?)? {
            accounts.entry(side.0).or_default().add(side.1, side.2)?;
            sums.add(side.1, side.2)?;
            for (index, parts) in by.iter_mut().enumerate() {
                parts.entry(row.string(index)?).or_default().add(side)?;
            }
        }
        entries += row.int(7)?;
        last_at_ms = row.int(8)?.max(last_at_ms);
        last_entry = row.int(9)?.max(last_entry);
    }
    let held = held.map(|rows| held_of(&rows)).transpose()?;
    let accounts: Vec<TrialAccount> = accounts
        .into_iter()
        .map(|(kind, sums)| TrialAccount {
            account: kind.code(),
            sums,
            balance_idr: sums.balance_idr(),
            held_idr: held.as_ref().map(|held| held.get(kind.code()).copied().unwrap_or(0)),
        })
        .collect();
    let equal = accounts.iter().all(|one| one.held_idr.is_none_or(|held| held == one.balance_idr));
    let known = |code: &String| accounts.iter().any(|one| one.account == code);
    let none_besides =
        held.iter().flatten().filter(|(code, _)| !known(code)).all(|(_, balance)| *balance == 0);
    let [programmes, periods, channels, regions] = by.map(parts);
    let deeper = filter.region.level() < RegionLevel::Subdistrict;
    Ok(Trial {
        sound: sums.debit_idr == sums.credit_idr && equal && none_besides,
        accounts,
        sums,
        entries,
        last_entry,
        last_at_ms,
        programmes,
        periods,
        channels,
        regions: if deeper { regions } else { Vec::new() },
    })
}

fn held_of(rows: &[Row]) -> Result<BTreeMap<String, i64>> {
    rows.iter().map(|row| Ok((row.string(0)?, row.int(1)?))).collect()
}

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryView {
    /// Its number in the journal.
    pub entry_id: i64,
    /// The number of the transfer, which follows from what causes it: 32 hexadecimal digits.
    pub transfer: String,
    /// On what ground: `file:N`, `order:N`, `slip:X`.
    pub document: String,
    /// Which part of the document: of a file the number of the last row taken with it.
    pub part: i64,
    /// What moved.
    pub movement: String,
    /// Takes earlier entries back.
    pub correction: bool,
    /// Key of the programme.
    pub programme: String,
    /// The period.
    pub period: String,
    /// Subdistrict.
    pub region: RegionCode,
    /// Key of the channel.
    pub channel: String,
    /// The account that gains.
    pub debit: &'static str,
    /// The account that loses.
    pub credit: &'static str,
    /// How much, above zero.
    pub amount_idr: i64,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
}

pub(crate) fn read_entry(row: &Row) -> Result<EntryView> {
    let (movement, correction) = (movement(row, 3)?, row.bool(4)?);
    let place = Place {
        programme: row.string(5)?,
        period: row.string(6)?,
        region: row.region(7)?,
        channel: row.string(8)?,
    };
    let document = row.string(1)?;
    let ground = Ground { document: &document, part: row.int(2)? };
    let (from, to) = (movement.from().code(), movement.to().code());
    let (debit, credit) = if correction { (from, to) } else { (to, from) };
    Ok(EntryView {
        entry_id: row.int(0)?,
        transfer: books::transfer_id(ground, &place, movement, correction).to_string(),
        part: ground.part,
        movement: movement.code().to_owned(),
        correction,
        programme: place.programme,
        period: place.period,
        region: place.region,
        channel: place.channel,
        debit,
        credit,
        amount_idr: row.rupiah(9)?.idr().saturating_abs(),
        at_ms: row.int(10)?,
        actor: row.string(11)?,
        document,
    })
}

/// Entries of one kind of account (or of all), newest first; of one document, where one is named.
///
/// # Errors
/// [`Error::NotFound`] for a region outside the territory, store errors.
pub fn entries(
    house: &House,
    scope: &Scope,
    filter: &BooksFilter,
    account: Option<AccountKind>,
    document: Option<&str>,
    page: &Page,
) -> Result<Paged<EntryView>> {
    common::need(scope, READ)?;
    let mut values = filter.values(scope)?;
    // Four movements at most touch one kind of account.
    let touching =
        |movement: &Movement| account.is_some_and(|kind| [movement.from(), movement.to()].contains(&kind));
    let mut movements: Vec<&str> = Movement::ALL.into_iter().filter(touching).map(Movement::code).collect();
    debug_assert!(movements.len() <= 4, "the statement asks for four movements");
    if account.is_some() && movements.is_empty() {
        return Ok(Paged { items: Vec::new(), next: None });
    }
    let last = movements.last().copied().unwrap_or("");
    movements.resize(4, last);
    values.extend(movements.into_iter().map(Value::from));
    values.extend([page.after_int(i64::MAX)?.into(), page.fetch().into()]);
    let rows = house.db.read(|tx| {
        let Some(document) = document else { return tx.query(&queries::ENTRIES, &values) };
        values.push(document.into());
        tx.query(&queries::ENTRIES_OF_DOCUMENT, &values)
    })?;
    let entries = rows.iter().map(read_entry).collect::<Result<Vec<_>>>()?;
    Ok(page.page(entries, |entry| vec![entry.entry_id.into()]))
}

/// Entries of one movement, added up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MovementSum {
    /// What moved.
    pub movement: String,
    /// Takes back.
    pub correction: bool,
    /// Entries.
    pub entries: i64,
    /// Rupiah, above zero.
    pub amount_idr: i64,
}

fn read_sum(row: &Row) -> Result<MovementSum> {
    Ok(MovementSum {
        movement: row.string(0)?,
        correction: row.bool(1)?,
        amount_idr: row.rupiah(2)?.idr().saturating_abs(),
        entries: row.int(3)?,
    })
}

/// What entered and left one kind of account: the sum of [`entries`], and how many there are.
///
/// # Errors
/// As [`entries`].
pub fn entry_sums(
    house: &House,
    scope: &Scope,
    filter: &BooksFilter,
    account: AccountKind,
) -> Result<(Balanced, i64)> {
    common::need(scope, READ)?;
    let values = filter.values(scope)?;
    let rows = house.db.read(|tx| tx.query(&queries::ENTRY_SUMS, &values))?;
    let (mut sums, mut entries) = (Balanced::default(), 0);
    for row in &rows {
        for (kind, debit, credit) in sides(movement(row, 0)?, row.bool(1)?, row.rupiah(2)?)? {
            if kind == account {
                sums.add(debit, credit)?;
                entries += row.int(3)?;
            }
        }
    }
    Ok((sums, entries))
}

/// What kind of paper or file an entry stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// An order that the treasury paid, by its number.
    Order(i64),
    /// A received file, by its number.
    File(i64),
    /// Rows of a received file, by its number, that came too early and were taken later.
    Late(i64),
    /// A deposit slip.
    Slip,
    /// A move of a grant fund, by its number.
    Fund(i64),
}

impl DocumentKind {
    /// Reads `order:3`, `file:7`, `late:7`, `slip:X`.
    pub fn of(document: &str) -> Option<Self> {
        let (kind, id) = document.split_once(':')?;
        match kind {
            "order" => id.parse().ok().map(Self::Order),
            "file" => id.parse().ok().map(Self::File),
            "late" => id.parse().ok().map(Self::Late),
            "slip" => Some(Self::Slip),
            "fund" => id.parse().ok().map(Self::Fund),
            _ => None,
        }
    }
}

/// A document and what was entered on its ground, within the reader's territory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentPage {
    /// As entries name it.
    pub document: String,
    /// The order, where it is one.
    pub order: Option<OrderView>,
    /// The file, where it is one.
    pub file: Option<FileView>,
    /// The grant fund whose move it is.
    pub fund: Option<i64>,
    /// What was entered, by movement.
    pub movements: Vec<MovementSum>,
    /// What the document itself says that moved, net by movement: for readers of the whole country only.
    pub told: Vec<(String, i64)>,
    /// What it says is what was entered.
    pub agrees: bool,
    /// Its entries, newest first.
    pub entries: Vec<EntryView>,
    /// Leads to further entries.
    pub next: Option<String>,
}

/// A document and its entries.
///
/// # Errors
/// [`Error::NotFound`] when the territory has no entry of it.
pub fn document_page(house: &House, scope: &Scope, document: &str, page: &Page) -> Result<DocumentPage> {
    common::need(scope, READ)?;
    let nation = scope.region().level() == RegionLevel::Nation;
    let kind = DocumentKind::of(document).ok_or(Error::NotFound("document"))?;
    let filter = BooksFilter { region: scope.region().clone(), ..BooksFilter::default() };
    let mut values = filter.values(scope)?;
    values.push(document.into());
    let (rows, order, file, fund) = house.db.read(|tx| {
        let rows = tx.query(&queries::DOCUMENT_SUMS, &values)?;
        let order = match kind {
            DocumentKind::Order(id) => Some(orders::get(tx, house, id)?),
            _ => None,
        };
        let file = match kind {
            DocumentKind::File(number) | DocumentKind::Late(number) => Some(files::get(tx, number)?),
            _ => None,
        };
        let fund = match kind {
            DocumentKind::Fund(id) => crate::funds::document_move(tx, id)?,
            _ => None,
        };
        Ok::<_, Error>((rows, order, file, fund))
    })?;
    if rows.is_empty() {
        return Err(Error::NotFound("document"));
    }
    let movements = rows.iter().map(read_sum).collect::<Result<Vec<_>>>()?;
    let mut told: BTreeMap<String, i64> = BTreeMap::new();
    if let Some(order) = order.as_ref().filter(|_| nation) {
        told.insert(Movement::Order.code().to_owned(), order.amount_idr);
    }
    if let Some(file) = file.as_ref().filter(|_| nation) {
        let counts = &file.counts;
        let late = matches!(kind, DocumentKind::Late(_));
        told = if late { &counts.later.moved_idr } else { &counts.moved_idr }.clone();
    }
    if let Some(fund) = fund {
        told.insert(fund.movement.code().to_owned(), fund.amount.idr());
    }
    told.retain(|_, amount| *amount != 0);
    let mut entered: BTreeMap<String, i64> = BTreeMap::new();
    for row in &rows {
        let sum = entered.entry(row.string(0)?).or_default();
        *sum = Rupiah::new(*sum).plus(row.rupiah(2)?)?.idr();
    }
    entered.retain(|_, amount| *amount != 0);
    let agrees = told.is_empty() || told == entered;
    let list = entries(house, scope, &filter, None, Some(document), page)?;
    Ok(DocumentPage {
        document: document.to_owned(),
        order,
        file,
        fund: fund.map(|fund| fund.fund_id),
        movements,
        told: told.into_iter().collect(),
        agrees,
        entries: list.items,
        next: list.next,
    })
}

/// What a reconciliation must not find in the journal of a programme and period: a wrong sign, debits that are not credits, an
/// account whose balance is not what its entries say (told apart by `books`).
pub(crate) fn unsound(tx: &mut Tx<'_>, programme: &str, period: &str) -> Result<Vec<String>> {
    let mut out = Vec::new();
    let wrong = tx.query_one(&queries::SIGNS_WRONG, params![programme, period])?.int(0)?;
    if wrong > 0 {
        out.push(format!("{programme} {period}: {wrong} entries whose sign is not that of their kind"));
    }
    let nation = RegionCode::nation().path_range();
    let held = tx.query(&queries::HELD, params![&nation.0, &nation.1, programme, period, ""])?;
    let sum = Rupiah::sum(held.iter().map(|row| row.rupiah(1)).collect::<Result<Vec<_>, _>>()?)?;
    if sum != Rupiah::ZERO {
        out.push(format!("{programme} {period}: debits are {sum} more than credits"));
    }
    Ok(out)
}
