//! Lines: lists by state and trouble, a family's payments, and one line with everything that happened to it.

use access::{House, Scope};
use model::{FamilyId, LineId, RegionCode, RegionLevel};
use policy::Label;
use serde::Serialize;
use store::{Page, Paged, Tx, Value, params};

use super::exception::{self, ExceptionView};
use crate::{
    Error, Result, checks, common,
    desk::{self, LineAct},
    late, lines,
    plan::{self, ChainLink, PayeeView},
    queries,
    reply::Line,
    state::{AccountState, Eligibility, PaymentState, Trouble},
    status::{self, StatusView},
    story::{self, Event},
};

/// Most payments of one family that a page shows.
const FAMILY_PAYMENTS_MAX: i64 = 200;
/// Most rows of a line's side lists.
const SIDE_ROWS_MAX: i64 = 100;

/// Which lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineFilter {
    /// All.
    #[default]
    All,
    /// In this payment state.
    Payment(PaymentState),
    /// In this account state.
    Account(AccountState),
    /// With this trouble.
    Problem(Trouble),
    /// With any trouble.
    AnyProblem,
}

/// A line in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineView {
    /// Its number, the `ref` of the channels' files.
    pub line_id: i64,
    /// The family.
    pub family_id: i64,
    /// The cycle.
    pub cycle_id: i64,
    /// Key of the programme.
    pub programme: String,
    /// The period.
    pub period: String,
    /// Where the family lived at the closing.
    pub region: RegionCode,
    /// Key of the channel.
    pub channel: String,
    /// What the family is to receive.
    pub amount_idr: i64,
    /// Who receives it.
    pub payee_name: String,
    /// Last digits of the account.
    pub account_tail: Option<String>,
    /// Name that the channel has for the account.
    pub name_at_bank: Option<String>,
    /// Whether entitled.
    pub eligibility: Eligibility,
    /// How the account stands.
    pub account_state: AccountState,
    /// Where the money is.
    pub payment: PaymentState,
    /// What is wrong.
    pub problem: Option<Trouble>,
    /// Was put on the card.
    pub topped_up_idr: i64,
    /// Was taken.
    pub withdrawn_idr: i64,
    /// Came back, from the card or before.
    pub returned_idr: i64,
    /// Is on the card.
    pub on_card_idr: i64,
    /// Is with the channel.
    pub pending_idr: i64,
    /// Counts against another payment of the same period.
    pub live: bool,
}

/// A payment of a family: a line.
pub type FamilyPayment = LineView;

/// One change of a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventView {
    /// Number within the line, from 1.
    pub seq: i64,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    /// `eligibility`, `account` or `payment`.
    pub kind: String,
    /// The state since then.
    pub state: String,
    /// Why: a code, `bank:WORD`, `person:TEXT` or a document's number.
    pub reason: String,
    /// The channel's word in words.
    pub reason_label: Option<Label>,
    /// What comes next: a code.
    pub next: String,
    /// What comes next, as the channel's word has it.
    pub next_label: Option<Label>,
    /// On what ground: `file:N`, `order:N`, `run:X`.
    pub document: String,
}

/// An entry of the books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerRow {
    /// Number of the entry.
    pub entry_id: i64,
    /// On what ground.
    pub document: String,
    /// What moved.
    pub movement: String,
    /// Takes an earlier entry back.
    pub correction: bool,
    /// Subdistrict.
    pub region: RegionCode,
    /// Key of the channel.
    pub channel: String,
    /// How much, for all lines of the subdistrict in this document.
    pub amount_idr: i64,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
}

/// A line and its whole story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinePage {
    /// The line.
    pub line: LineView,
    /// Every change, oldest first.
    pub events: Vec<EventView>,
    /// Rows of replies about it that were not taken.
    pub exceptions: Vec<ExceptionView>,
    /// The entries of the books that carried its money.
    pub ledger: Vec<LedgerRow>,
    /// Calls to the bank about it.
    pub calls: Vec<crate::snap::CallView>,
    /// Receipts of cash paid out.
    pub receipts: Vec<crate::post::ReceiptView>,
    /// The lines that follow each other, this one among them; empty where none does.
    pub chain: Vec<ChainLink>,
    /// The plan that pays it again, approved or not yet.
    pub planned: Option<i64>,
    /// When the payee died, and who says so.
    pub died: Option<(String, String)>,
    /// Decisions on who receives instead, oldest first.
    pub payees: Vec<PayeeView>,
    /// The status that villages know.
    pub status: StatusView,
    /// The line as it stands, for a decision about it.
    pub rev: String,
    /// What a person may decide about it now.
    pub acts: Vec<LineAct>,
}

impl LinePage {
    /// Whether somebody else may have to receive: it is held, or its money came back.
    pub fn followable(&self) -> bool {
        self.line.eligibility == Eligibility::Held || self.line.returned_idr > 0
    }
}

pub(crate) fn line_view(line: Line) -> Result<LineView> {
    let tail = |account: &String| account.chars().skip(account.chars().count().saturating_sub(4)).collect();
    Ok(LineView {
        line_id: line.line_id,
        family_id: line.recipient,
        cycle_id: line.cycle_id,
        region: RegionCode::parse(&line.region)?,
        amount_idr: line.amount,
        account_tail: line.account.as_ref().map(tail),
        on_card_idr: line.on_card(),
        pending_idr: line.pending(),
        topped_up_idr: line.topped_up,
        withdrawn_idr: line.withdrawn,
        returned_idr: line.returned + line.unpaid,
        eligibility: line.eligibility,
        account_state: line.account_state,
        payment: line.payment,
        problem: line.problem,
        live: line.live,
        programme: line.programme.to_string(),
        period: line.period.to_string(),
        channel: line.channel.to_string(),
        payee_name: line.payee_name,
        name_at_bank: line.name_at_bank,
    })
}

fn views(lines: Vec<Line>) -> Result<Vec<LineView>> {
    lines.into_iter().map(line_view).collect()
}

/// Villages asked for at once, on the way to a page of lines.
const VILLAGES: i64 = 64;

/// Lines of a cycle, by village. Narrow the scope with [`Scope::within`] for a region.
///
/// # Errors
/// Store errors, among them a page mark that is not ours.
pub fn lines(
    house: &House,
    scope: &Scope,
    cycle_id: i64,
    filter: LineFilter,
    page: &Page,
) -> Result<Paged<LineView>> {
    common::need(scope, "payment.read")?;
    let keys = page.keys(2)?.unwrap_or_else(|| vec!["".into(), (-1).into()]);
    let (what, code) = match filter {
        LineFilter::All => ("all", ""),
        LineFilter::Payment(state) => ("payment", state.code()),
        LineFilter::Account(state) => ("account", state.code()),
        LineFilter::Problem(trouble) => ("problem", trouble.code()),
        LineFilter::AnyProblem => ("problem", ""),
    };
    let found = house.db.read(|tx| {
        let asked = Asked { cycle_id, what, code, limit: page.fetch() };
        if scope.caseload() == 0 {
            by_village(tx, scope, &asked, keys)
        } else {
            of_caseload(tx, scope, &asked, keys)
        }
    })?;
    Ok(page.page(views(found)?, |line| vec![(&line.region).into(), line.line_id.into()]))
}

/// Which lines a page wants.
struct Asked {
    cycle_id: i64,
    what: &'static str,
    code: &'static str,
    limit: i64,
}

fn of_caseload(tx: &mut Tx<'_>, scope: &Scope, asked: &Asked, keys: Vec<Value>) -> Result<Vec<Line>> {
    let (from, to) = scope.path_range();
    let mut values: Vec<Value> = vec![from.into(), to.into(), scope.caseload().into(), asked.cycle_id.into()];
    values.extend(keys);
    values.extend([asked.limit.into(), asked.what.into(), asked.code.into()]);
    lines::query(tx, &queries::LINES_OF_CASELOAD, &values)
}

/// Goes through the villages that have such lines, which their counts tell, until the page is full.
fn by_village(tx: &mut Tx<'_>, scope: &Scope, asked: &Asked, keys: Vec<Value>) -> Result<Vec<Line>> {
    let (from, to) = scope.path_range();
    let [Value::Text(mut village), mut after] =
        <[Value; 2]>::try_from(keys).map_err(|_| Error::Stored("page"))?
    else {
        return Err(Error::Stored("page"));
    };
    let mut found: Vec<Line> = Vec::new();
    loop {
        let of = params![asked.cycle_id, from, to, village.as_str(), VILLAGES, asked.what, asked.code];
        let villages = tx.query(&queries::VILLAGES, of)?;
        for row in &villages {
            let region = row.text(0)?;
            if region != village {
                after = (-1).into();
            }
            let left = asked.limit - found.len() as i64;
            let of = [
                from.into(),
                to.into(),
                0.into(),
                asked.cycle_id.into(),
                region.into(),
                after.clone(),
                left.into(),
                asked.what.into(),
                asked.code.into(),
            ];
            found.extend(lines::query(tx, &queries::LINES_OF_VILLAGE, &of)?);
            if found.len() as i64 >= asked.limit {
                return Ok(found);
            }
        }
        let Some(last) = villages.last().filter(|_| villages.len() as i64 == VILLAGES) else {
            return Ok(found);
        };
        // Behind the last village: '/' follows '.' and comes before every digit of a longer path.
        village = format!("{}/", last.text(0)?).into();
    }
}

/// The payments of a family, newest first.
///
/// # Errors
/// Store errors; outside the scope the list is empty.
pub fn family_payments(house: &House, scope: &Scope, family: FamilyId) -> Result<Vec<FamilyPayment>> {
    common::need(scope, "payment.read")?;
    let (from, to) = scope.path_range();
    let values = params![from, to, scope.caseload(), family, FAMILY_PAYMENTS_MAX];
    views(house.db.read(|tx| lines::query(tx, &queries::LINES_OF_FAMILY, values))?)
}

/// One line and its whole story.
///
/// # Errors
/// [`Error::NotFound`], also outside the scope.
pub fn line_page(house: &House, scope: &Scope, line: LineId) -> Result<LinePage> {
    common::need(scope, "payment.read")?;
    let (from, to) = scope.path_range();
    house.db.read(|tx| {
        let of = params![from, to, scope.caseload(), line];
        let found =
            lines::query(tx, &queries::LINE_BY_ID, of)?.pop().ok_or(Error::NotFound("payment line"))?;
        let story = story::tell(tx, house, &found)?;
        let line = line_view(found)?;
        let events: Vec<EventView> =
            (1..).zip(story).map(|(seq, told)| event(house, &line.channel, seq, told)).collect();
        let rows = tx.query(&queries::LINE_EXCEPTIONS, params![line.line_id, SIDE_ROWS_MAX])?;
        let exceptions = rows.iter().map(exception::read).collect::<Result<_>>()?;
        let ledger = documents(tx, &line, &events)?;
        let calls = crate::snap::of_line(tx, line.line_id)?;
        let receipts = crate::post::of_line(tx, line.line_id)?;
        let (chain, planned) = plan::chain(tx, line.family_id, line.line_id)?;
        let died = plan::died(tx, line.family_id, line.line_id)?;
        let payees = plan::of_line(tx, line.family_id, line.line_id)?;
        let status = status::of(house, &line, &events, died.is_some())?;
        Ok(LinePage {
            rev: desk::rev_of(tx, LineId(line.line_id))?,
            acts: desk::acts(&line),
            line,
            events,
            exceptions,
            ledger,
            calls,
            receipts,
            chain,
            planned,
            died,
            payees,
            status,
        })
    })
}

fn event(house: &House, channel: &str, seq: i64, told: Event) -> EventView {
    let word = told.reason.strip_prefix("bank:");
    let said = word.and_then(|word| {
        let channel = checks::channel_of(house, channel).ok()?;
        channel.results.iter().find(|result| result.word.eq_ignore_ascii_case(word))
    });
    EventView {
        seq,
        at_ms: told.at_ms,
        actor: told.actor,
        kind: told.kind,
        state: told.state,
        reason_label: said.map(|result| result.label.clone()),
        next_label: said.map(|result| result.next.clone()),
        reason: told.reason,
        next: told.next,
        document: told.document,
    }
}

fn documents(tx: &mut Tx<'_>, line: &LineView, events: &[EventView]) -> Result<Vec<LedgerRow>> {
    let region = line.region.at(RegionLevel::Subdistrict);
    let told = events.iter().filter(|event| event.kind == "payment");
    let mut documents: Vec<String> = told.map(|event| event.document.clone()).collect();
    // What a file told too early is booked apart.
    let late: Vec<String> = documents
        .iter()
        .filter_map(|document| Some(late::document(document.strip_prefix("file:")?.parse().ok()?)))
        .collect();
    documents.extend(late);
    documents.sort_unstable();
    documents.dedup();
    let mut out = Vec::new();
    for document in &documents {
        let place = (&line.programme, &line.period);
        let of = params![place.0, place.1, &region, &line.channel, document, SIDE_ROWS_MAX];
        for row in tx.query(&queries::ENTRIES_OF, of)? {
            out.push(LedgerRow {
                entry_id: row.int(0)?,
                movement: row.string(1)?,
                correction: row.bool(2)?,
                channel: row.string(3)?,
                region: row.region(4)?,
                amount_idr: row.int(5)?,
                at_ms: row.int(6)?,
                actor: row.string(7)?,
                document: row.string(8)?,
            });
        }
    }
    out.sort_by_key(|row| row.entry_id);
    Ok(out)
}
