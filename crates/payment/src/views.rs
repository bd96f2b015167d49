//! What pages and machines read: cycles with their funnel, lines by state and problem, one line with its whole story, exceptions,
//! balances. Plain structs; every query on people takes a scope. Words are codes here; the page says them in the reader's language.

use access::{House, Scope};
use model::{LineId, RegionCode, RegionLevel};
use policy::Label;
use serde::Serialize;
use store::{Page, Paged, Row, Tx, Value, params};

use crate::{
    Error, Result, books, checks, common,
    files::{self, FileView},
    lines, orders,
    orders::OrderView,
    queries,
    reconcile::{self, Reconciliation, Unmatched},
    reply::Line,
    state::{AccountState, Eligibility, PaymentState, Trouble},
};

/// Most payments of one family that a page shows.
const FAMILY_PAYMENTS_MAX: i64 = 200;
/// Most rows of a line's side lists.
const SIDE_ROWS_MAX: i64 = 100;

/// A cycle in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CycleView {
    /// Its number.
    pub cycle_id: i64,
    /// Key of the programme.
    pub programme: String,
    /// The period.
    pub period: String,
    /// The decision run it pays.
    pub run: String,
    /// The closing of that run.
    pub closing: String,
    /// Key of its first channel.
    pub channel: String,
    /// `building` or `built`.
    pub state: String,
    /// Lines.
    pub lines: i64,
    /// Their sum.
    pub amount_idr: i64,
    /// Recipients that had a live payment already.
    pub skipped: i64,
    /// When it was begun, milliseconds since the epoch.
    pub made_at_ms: i64,
    /// Who.
    pub made_by: String,
}

/// One step of the money's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FunnelStep {
    /// `set`, `checked`, `ordered`, `topped_up`, `withdrawn`.
    pub step: &'static str,
    /// Lines that came this far.
    pub lines: i64,
    /// Rupiah that came this far.
    pub amount_idr: i64,
}

/// Lines in trouble.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemCount {
    /// Code of a [`Trouble`].
    pub problem: String,
    /// Lines.
    pub lines: i64,
    /// Their sum.
    pub amount_idr: i64,
}

/// Figures of a region below the reader's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegionFigures {
    /// The region.
    pub region: RegionCode,
    /// Lines.
    pub lines: i64,
    /// Lines in trouble.
    pub problems: i64,
    /// On the list.
    pub amount_idr: i64,
    /// Left the treasury.
    pub ordered_idr: i64,
    /// Was put on cards.
    pub topped_up_idr: i64,
    /// Was taken by recipients.
    pub withdrawn_idr: i64,
    /// Came back.
    pub returned_idr: i64,
}

/// Everything about a cycle, for the reader's territory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CyclePage {
    /// The cycle.
    pub cycle: CycleView,
    /// How far the money came.
    pub funnel: Vec<FunnelStep>,
    /// With the channel now.
    pub pending_idr: i64,
    /// On cards now.
    pub on_card_idr: i64,
    /// Came back.
    pub returned_idr: i64,
    /// What is wrong, by kind.
    pub problems: Vec<ProblemCount>,
    /// Lines by account state.
    pub accounts: Vec<(String, i64)>,
    /// Lines by payment state.
    pub payments: Vec<(String, i64)>,
    /// By the regions right below the reader's.
    pub regions: Vec<RegionFigures>,
    /// Orders; for readers of the whole country only.
    pub orders: Vec<OrderView>,
    /// Files; for readers of the whole country only.
    pub files: Vec<FileView>,
    /// Rows of replies that were not taken; for readers of the whole country only.
    pub unmatched: Vec<Unmatched>,
    /// The last reconciliation; for readers of the whole country only.
    pub reconciliation: Option<Reconciliation>,
}

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
}

/// Which exceptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionFilter {
    /// `open`, `noted` or `closed`.
    pub state: String,
    /// Only this kind.
    pub kind: Option<Trouble>,
}

impl Default for ExceptionFilter {
    fn default() -> Self {
        Self { state: "open".to_owned(), kind: None }
    }
}

/// A row of a reply that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExceptionView {
    /// Its number.
    pub exception_id: i64,
    /// The file.
    pub file_no: i64,
    /// The row in it, from 1, the header not counted.
    pub row_no: i64,
    /// The cycle, when the line is known.
    pub cycle_id: Option<i64>,
    /// The line, when known.
    pub line_id: Option<i64>,
    /// The family, when known.
    pub family_id: Option<i64>,
    /// Code of a [`Trouble`].
    pub kind: String,
    /// What the channel said.
    pub amount_idr: Option<i64>,
    /// What we expected.
    pub expected: String,
    /// What the row has.
    pub found: String,
    /// `open`, `noted` or `closed`.
    pub state: String,
    /// How it was closed.
    pub note: Option<String>,
    /// Who closed it.
    pub closed_by: Option<String>,
    /// When it came, milliseconds since the epoch.
    pub at_ms: i64,
}

/// A balance of the books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// Subdistrict.
    pub region: RegionCode,
    /// Key of the channel.
    pub channel: String,
    /// Kind of account.
    pub account: &'static str,
    /// What it holds.
    pub balance_idr: i64,
}

fn cycle_view(cycle: common::Cycle) -> CycleView {
    CycleView {
        cycle_id: cycle.cycle_id,
        programme: cycle.programme,
        period: cycle.period,
        run: cycle.run,
        closing: cycle.closing,
        channel: cycle.channel,
        state: cycle.state,
        lines: cycle.lines,
        amount_idr: cycle.amount_idr,
        skipped: cycle.skipped,
        made_at_ms: cycle.made_at,
        made_by: cycle.made_by,
    }
}

/// Cycles, newest first.
///
/// # Errors
/// Store errors.
pub fn cycles(house: &House, scope: &Scope, page: &Page) -> Result<Paged<CycleView>> {
    common::need(scope, "payment.read")?;
    let after = page.after_int(i64::MAX)?;
    house.db.read(|tx| {
        let rows = tx.query(&queries::CYCLES, params![after, page.fetch()])?;
        let cycles: Result<Vec<CycleView>> =
            rows.iter().map(|row| common::read_cycle(row).map(cycle_view)).collect();
        Ok(page.page(cycles?, |cycle| vec![cycle.cycle_id.into()]))
    })
}

/// Sums of lines in one combination of states.
struct Group {
    eligibility: String,
    account_state: String,
    payment: Option<PaymentState>,
    problem: String,
    sums: Sums,
}

#[derive(Default, Clone, Copy)]
struct Sums {
    lines: i64,
    amount: i64,
    topped_up: i64,
    withdrawn: i64,
    returned: i64,
    unpaid: i64,
}

impl Sums {
    fn read(row: &Row, from: usize) -> Result<Self> {
        Ok(Self {
            lines: row.int(from)?,
            amount: row.int(from + 1)?,
            topped_up: row.int(from + 2)?,
            withdrawn: row.int(from + 3)?,
            returned: row.int(from + 4)?,
            unpaid: row.int(from + 5)?,
        })
    }
}

/// A cycle, as far as the reader's territory or caseload goes.
///
/// # Errors
/// [`Error::NotFound`].
pub fn cycle_page(house: &House, scope: &Scope, cycle_id: i64) -> Result<CyclePage> {
    common::need(scope, "payment.read")?;
    house.db.read(|tx| {
        let cycle = cycle_view(common::cycle(tx, cycle_id)?);
        let groups = groups(tx, scope, cycle_id)?;
        let whole = scope.region().level() == RegionLevel::Nation && scope.caseload() == 0;
        let mut page = CyclePage {
            funnel: funnel(&groups),
            pending_idr: sum(&groups, |g| {
                if ordered(g) { g.sums.amount - g.sums.topped_up - g.sums.unpaid } else { 0 }
            }),
            on_card_idr: sum(&groups, |g| g.sums.topped_up - g.sums.withdrawn - g.sums.returned),
            returned_idr: sum(&groups, |g| g.sums.returned + g.sums.unpaid),
            problems: problems(&groups),
            accounts: count_by(&groups, |g| g.account_state.clone()),
            payments: count_by(&groups, |g| g.payment.map_or("", PaymentState::code).to_owned()),
            regions: regions(tx, scope, cycle_id)?,
            orders: Vec::new(),
            files: Vec::new(),
            unmatched: Vec::new(),
            reconciliation: None,
            cycle,
        };
        if whole {
            let orders = tx.query(&queries::ORDERS, params![cycle_id])?;
            page.orders =
                orders.iter().map(|row| orders::with_approvals(tx, house, row)).collect::<Result<_>>()?;
            let files = tx.query(&queries::FILES_OF_CYCLE, params![cycle_id])?;
            page.files = files.iter().map(files::read).collect::<Result<_>>()?;
            page.unmatched = reconcile::unmatched(tx, cycle_id)?;
            page.reconciliation = reconcile::last(tx, cycle_id)?;
        }
        Ok(page)
    })
}

fn groups(tx: &mut Tx<'_>, scope: &Scope, cycle_id: i64) -> Result<Vec<Group>> {
    let (from, to) = scope.path_range();
    let rows = match scope.caseload() {
        0 => tx.query(&queries::SUMMARY_STATES, params![cycle_id, from, to])?,
        caseload => tx.query(&queries::CASELOAD_STATES, params![from, to, caseload, cycle_id])?,
    };
    rows.iter()
        .map(|row| {
            Ok(Group {
                eligibility: row.string(0)?,
                account_state: row.string(1)?,
                payment: PaymentState::from_code(row.text(2)?),
                problem: row.string(3)?,
                sums: Sums::read(row, 5)?,
            })
        })
        .collect()
}

fn ordered(group: &Group) -> bool {
    group.payment != Some(PaymentState::Set)
}

fn sum(groups: &[Group], of: impl Fn(&Group) -> i64) -> i64 {
    groups.iter().map(of).fold(0, i64::saturating_add)
}

fn funnel(groups: &[Group]) -> Vec<FunnelStep> {
    let step = |step, reached: &dyn Fn(&Group) -> bool, amount: &dyn Fn(&Group) -> i64| FunnelStep {
        step,
        lines: sum(groups, |g| if reached(g) { g.sums.lines } else { 0 }),
        amount_idr: sum(groups, |g| if reached(g) { amount(g) } else { 0 }),
    };
    let amount = |g: &Group| g.sums.amount;
    let passed = |g: &Group| {
        matches!(
            AccountState::from_code(&g.account_state),
            Some(AccountState::Good | AccountState::NotNeeded)
        )
    };
    let on_card = |g: &Group| {
        let states = [PaymentState::ToppedUp, PaymentState::Withdrawn, PaymentState::Returned];
        g.payment.is_some_and(|payment| states.contains(&payment))
    };
    let taken = |g: &Group| g.payment == Some(PaymentState::Withdrawn);
    let mut funnel = vec![
        step("set", &|g| g.eligibility != Eligibility::Cancelled.code(), &amount),
        step("checked", &passed, &amount),
        step("ordered", &ordered, &amount),
        step("topped_up", &on_card, &|g| g.sums.topped_up),
        step("withdrawn", &taken, &|g| g.sums.withdrawn),
    ];
    // Withdrawn in part counts as rupiah, not as a line.
    if let Some(last) = funnel.last_mut() {
        last.amount_idr = sum(groups, |g| g.sums.withdrawn);
    }
    funnel
}

fn problems(groups: &[Group]) -> Vec<ProblemCount> {
    let mut out: Vec<ProblemCount> = Vec::new();
    for group in groups.iter().filter(|group| !group.problem.is_empty() && group.sums.lines > 0) {
        match out.iter_mut().find(|count| count.problem == group.problem) {
            Some(count) => {
                count.lines += group.sums.lines;
                count.amount_idr = count.amount_idr.saturating_add(group.sums.amount);
            }
            None => out.push(ProblemCount {
                problem: group.problem.clone(),
                lines: group.sums.lines,
                amount_idr: group.sums.amount,
            }),
        }
    }
    out.sort_by(|a, b| b.lines.cmp(&a.lines).then_with(|| a.problem.cmp(&b.problem)));
    out
}

fn count_by(groups: &[Group], key: impl Fn(&Group) -> String) -> Vec<(String, i64)> {
    let mut out = std::collections::BTreeMap::new();
    for group in groups {
        *out.entry(key(group)).or_insert(0) += group.sums.lines;
    }
    out.into_iter().filter(|(_, lines)| *lines > 0).collect()
}

/// Length of a region path one level below.
fn below(level: RegionLevel) -> i64 {
    match level {
        RegionLevel::Nation => 2,
        RegionLevel::Province => 5,
        RegionLevel::District => 8,
        RegionLevel::Subdistrict | RegionLevel::Village => 13,
    }
}

fn regions(tx: &mut Tx<'_>, scope: &Scope, cycle_id: i64) -> Result<Vec<RegionFigures>> {
    let (from, to) = scope.path_range();
    let length = below(scope.region().level());
    let rows = match scope.caseload() {
        0 => tx.query(&queries::SUMMARY_REGIONS, params![cycle_id, from, to, length])?,
        caseload => tx.query(&queries::CASELOAD_REGIONS, params![from, to, caseload, cycle_id, length])?,
    };
    let mut out: Vec<RegionFigures> = Vec::new();
    for row in &rows {
        let (region, sums) = (row.region(0)?, Sums::read(row, 3)?);
        if out.last().is_none_or(|last| last.region != region) {
            out.push(RegionFigures {
                region,
                lines: 0,
                problems: 0,
                amount_idr: 0,
                ordered_idr: 0,
                topped_up_idr: 0,
                withdrawn_idr: 0,
                returned_idr: 0,
            });
        }
        let Some(last) = out.last_mut() else { continue };
        let ordered = row.text(1)? != PaymentState::Set.code();
        last.lines += sums.lines;
        last.problems += if row.text(2)?.is_empty() { 0 } else { sums.lines };
        last.amount_idr = last.amount_idr.saturating_add(sums.amount);
        last.ordered_idr = last.ordered_idr.saturating_add(if ordered { sums.amount } else { 0 });
        last.topped_up_idr = last.topped_up_idr.saturating_add(sums.topped_up);
        last.withdrawn_idr = last.withdrawn_idr.saturating_add(sums.withdrawn);
        last.returned_idr = last.returned_idr.saturating_add(sums.returned + sums.unpaid);
    }
    Ok(out)
}

fn line_view(line: Line) -> Result<LineView> {
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
        programme: line.programme,
        period: line.period,
        channel: line.channel,
        payee_name: line.payee_name,
        name_at_bank: line.name_at_bank,
    })
}

fn read_lines(rows: &[Row]) -> Result<Vec<LineView>> {
    rows.iter().map(|row| line_view(lines::read(row)?.0)).collect()
}

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
    let (from, to) = scope.path_range();
    let keys = page.keys(2)?.unwrap_or_else(|| vec!["".into(), (-1).into()]);
    let mut values: Vec<Value> = vec![from.into(), to.into(), scope.caseload().into(), cycle_id.into()];
    values.extend(keys);
    values.push(page.fetch().into());
    let (statement, code) = match filter {
        LineFilter::All => (&queries::LINES_ALL, None),
        LineFilter::Payment(state) => (&queries::LINES_BY_PAYMENT, Some(state.code())),
        LineFilter::Account(state) => (&queries::LINES_BY_ACCOUNT, Some(state.code())),
        LineFilter::Problem(trouble) => (&queries::LINES_BY_PROBLEM, Some(trouble.code())),
        LineFilter::AnyProblem => (&queries::LINES_WITH_PROBLEM, None),
    };
    values.extend(code.map(Value::from));
    let rows = house.db.read(|tx| tx.query(statement, &values))?;
    Ok(page.page(read_lines(&rows)?, |line| vec![(&line.region).into(), line.line_id.into()]))
}

/// The payments of a family, newest first.
///
/// # Errors
/// Store errors; outside the scope the list is empty.
pub fn family_payments(house: &House, scope: &Scope, family: model::FamilyId) -> Result<Vec<FamilyPayment>> {
    common::need(scope, "payment.read")?;
    let (from, to) = scope.path_range();
    let values = params![from, to, scope.caseload(), family, FAMILY_PAYMENTS_MAX];
    read_lines(&house.db.read(|tx| tx.query(&queries::LINES_OF_FAMILY, values))?)
}

/// One line and its whole story.
///
/// # Errors
/// [`Error::NotFound`], also outside the scope.
pub fn line_page(house: &House, scope: &Scope, line: LineId) -> Result<LinePage> {
    common::need(scope, "payment.read")?;
    let (from, to) = scope.path_range();
    house.db.read(|tx| {
        let row = tx
            .query_opt(&queries::LINE_BY_ID, params![from, to, scope.caseload(), line])?
            .ok_or(Error::NotFound("payment line"))?;
        let line = line_view(lines::read(&row)?.0)?;
        let rows = tx.query(&queries::EVENTS, params![line.family_id, line.line_id])?;
        let events: Vec<EventView> =
            rows.iter().map(|row| event(house, &line.channel, row)).collect::<Result<_>>()?;
        let rows = tx.query(&queries::LINE_EXCEPTIONS, params![line.line_id, SIDE_ROWS_MAX])?;
        let exceptions = rows.iter().map(exception).collect::<Result<_>>()?;
        let ledger = documents(tx, &line, &events)?;
        Ok(LinePage { line, events, exceptions, ledger })
    })
}

fn event(house: &House, channel: &str, row: &Row) -> Result<EventView> {
    let reason = row.string(5)?;
    let word = reason.strip_prefix("bank:");
    let said = word.and_then(|word| {
        let channel = checks::channel_of(house, channel).ok()?;
        channel.results.iter().find(|result| result.word.eq_ignore_ascii_case(word))
    });
    Ok(EventView {
        seq: row.int(0)?,
        at_ms: row.int(1)?,
        actor: row.string(2)?,
        kind: row.string(3)?,
        state: row.string(4)?,
        reason_label: said.map(|result| result.label.clone()),
        next_label: said.map(|result| result.next.clone()),
        reason,
        next: row.string(6)?,
        document: row.string(7)?,
    })
}

fn documents(tx: &mut Tx<'_>, line: &LineView, events: &[EventView]) -> Result<Vec<LedgerRow>> {
    let region = line.region.at(RegionLevel::Subdistrict);
    let mut documents: Vec<&str> =
        events.iter().filter(|event| event.kind == "payment").map(|event| event.document.as_str()).collect();
    documents.sort_unstable();
    documents.dedup();
    let mut out = Vec::new();
    for document in documents {
        let of = params![document, &region, &line.channel, SIDE_ROWS_MAX];
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

fn exception(row: &Row) -> Result<ExceptionView> {
    Ok(ExceptionView {
        exception_id: row.int(0)?,
        file_no: row.int(1)?,
        row_no: row.int(2)?,
        cycle_id: row.opt_int(3)?,
        line_id: row.opt_int(4)?,
        family_id: row.opt_int(5)?,
        kind: row.string(7)?,
        amount_idr: row.opt_int(8)?,
        expected: row.string(9)?,
        found: row.string(10)?,
        state: row.string(11)?,
        note: row.opt_string(12)?,
        closed_by: row.opt_string(13)?,
        at_ms: row.int(14)?,
    })
}

/// Rows of replies that were not taken, oldest first.
///
/// # Errors
/// Store errors.
pub fn exceptions(
    house: &House,
    scope: &Scope,
    filter: &ExceptionFilter,
    page: &Page,
) -> Result<Paged<ExceptionView>> {
    common::need(scope, "payment.read")?;
    let (from, to) = scope.path_range();
    let mut values = vec![
        from.into(),
        to.into(),
        scope.caseload().into(),
        (&filter.state).into(),
        page.after_int(0)?.into(),
        page.fetch().into(),
    ];
    let statement = if filter.kind.is_some() { &queries::EXCEPTIONS_OF_KIND } else { &queries::EXCEPTIONS };
    values.extend(filter.kind.map(|kind| Value::from(kind.code())));
    let rows = house.db.read(|tx| tx.query(statement, &values))?;
    let rows: Result<Vec<ExceptionView>> = rows.iter().map(exception).collect();
    Ok(page.page(rows?, |row| vec![row.exception_id.into()]))
}

/// Closes an exception with a note of how it was solved. The line's trouble ends when it was of this kind.
///
/// # Errors
/// [`Error::NotFound`] when it is not open or outside the scope.
pub fn close_exception(house: &House, scope: &Scope, exception_id: i64, note: &str) -> Result<()> {
    common::need(scope, "payment.reconcile")?;
    let note: String = note.chars().take(400).collect();
    let (from, to) = scope.path_range();
    house.db.write(|tx| {
        let now = house.clock.now_ms();
        let values = params![exception_id, note, scope.actor_name(), now, from, to];
        if tx.execute(&queries::EXCEPTION_CLOSE, values)? == 0 {
            return Err(Error::NotFound("open exception"));
        }
        let row = tx.query_one(&queries::EXCEPTION_LINE, params![exception_id, from, to])?;
        if let Some(line_id) = row.opt_int(0)? {
            lines::end_trouble(tx, line_id, row.text(1)?, now)?;
        }
        common::audit(tx, house, scope, &format!("exception:{exception_id}"), "closed")
    })
}

/// Orders that wait for an approval.
///
/// # Errors
/// Store errors.
pub fn orders_waiting(house: &House, scope: &Scope) -> Result<Vec<OrderView>> {
    common::need(scope, "payment.read")?;
    house.db.read(|tx| {
        let rows = tx.query(&queries::ORDERS_WAITING, &[])?;
        rows.iter().map(|row| orders::with_approvals(tx, house, row)).collect()
    })
}

/// Files to and from channels, newest first.
///
/// # Errors
/// Store errors.
pub fn files(house: &House, scope: &Scope, page: &Page) -> Result<Paged<FileView>> {
    common::need(scope, "payment.read")?;
    let after = page.after_int(i64::MAX)?;
    let rows = house.db.read(|tx| tx.query(&queries::FILES, params![after, page.fetch()]))?;
    let files: Result<Vec<FileView>> = rows.iter().map(files::read).collect();
    Ok(page.page(files?, |file| vec![file.file_no.into()]))
}

/// One file.
///
/// # Errors
/// [`Error::NotFound`].
pub fn file_view(house: &House, scope: &Scope, file_no: i64) -> Result<FileView> {
    common::need(scope, "payment.read")?;
    house.db.read(|tx| {
        let row = tx.query_opt(&queries::FILE, params![file_no])?.ok_or(Error::NotFound("file"))?;
        files::read(&row)
    })
}

/// The balances of a programme and period in the reader's territory.
///
/// # Errors
/// Store errors.
pub fn ledger_balances(house: &House, scope: &Scope, programme: &str, period: &str) -> Result<Vec<Balance>> {
    common::need(scope, "payment.read")?;
    let book = house.db.read(|tx| books::read(tx, programme, period, scope.path_range()))?;
    Ok(book
        .balances()
        .map(|(account, amount)| Balance {
            region: account.place.region.clone(),
            channel: account.place.channel.clone(),
            account: account.kind.code(),
            balance_idr: amount.idr(),
        })
        .collect())
}
