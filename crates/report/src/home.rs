//! What waits for the one who signs in, by role: each thing only where the role may do it, counted within
//! the territory.

use access::{House, Scope, Session};
use serde::Serialize;
use store::{Row, Tx, params};

use crate::{Basis, Figure, ProgrammeView, Result, Unit, families, programmes, queries};

/// Counting stops here; the page then says "more than".
const COUNTED_MAX: i64 = 10_000;
const DAY_MS: i64 = 86_400_000;

/// What can wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Cases whose step is late.
    LateCases,
    /// Cases that this role may move on, the late ones among them.
    Cases,
    /// Pairs of records that may be one person.
    Reviews,
    /// Rows that the newest lists lost.
    Rejects,
    /// Lists refused whole and not replaced.
    RefusedLists,
    /// Decision lists of others that wait for approval.
    DecisionDrafts,
    /// Payment orders of others that wait for approval.
    OrderApprovals,
    /// Approved orders not yet sent.
    OrdersToSend,
    /// Rows of bank replies that nobody has explained.
    Exceptions,
    /// Payment lines with a problem of account or payment.
    AccountProblems,
    /// Money on cards, by age.
    Unwithdrawn,
    /// Work of the machine that failed and waits for the same command again.
    FailedJobs,
}

/// How long money lies on cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Age {
    /// Up to two weeks.
    Fresh,
    /// Up to a month.
    Month,
    /// Up to two months.
    TwoMonths,
    /// Longer.
    Older,
}

/// Something that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Task {
    /// What: its words are `report-task-<kind>`.
    pub kind: TaskKind,
    /// How many.
    pub count: i64,
    /// Counting stopped at this number.
    pub more: bool,
    /// Rupiah behind them.
    pub amount_idr: Option<i64>,
    /// Days that the oldest has waited.
    pub oldest_days: Option<i64>,
    /// For money on cards.
    pub age: Option<Age>,
    /// On what the count stands.
    pub basis: Basis,
}

/// The home page of one role.
#[derive(Debug, Clone, Serialize)]
pub struct HomeView {
    /// Key of the role.
    pub role: String,
    /// Path and name from the province down to the territory; empty for the nation.
    pub region: Vec<(String, String)>,
    /// What waits, most pressing kinds first; kinds with nothing are left out.
    pub tasks: Vec<Task>,
    /// Families, people, ranks.
    pub figures: Vec<Figure>,
    /// Programmes as they stand in the territory.
    pub programmes: Vec<ProgrammeView>,
}

/// The home page of a session.
///
/// # Errors
/// The store's and the lake's.
pub fn home(house: &House, session: &Session) -> Result<HomeView> {
    let scope = |action| if session.may(action) { session.scope(action).map(Some) } else { Ok(None) };
    let figures = match scope("region.read")? {
        Some(scope) => of_families(house, &scope)?,
        None => Vec::new(),
    };
    let programmes_scope = scope("payment.read")?.or(scope("programme.read")?);
    // Who only looks on (an auditor) sees the same figures, and nothing waits for them.
    let acts = ACTING.iter().any(|action| session.may(action));
    let waiting: &[(&str, Count)] = if acts { WAITING } else { &[] };
    let scopes: Vec<Scope> = waiting
        .iter()
        .map(|(action, _)| scope(action))
        .filter_map(Result::transpose)
        .collect::<Result<_, _>>()?;
    house.db.read(|tx| {
        let mut tasks = Vec::new();
        for (action, count) in waiting {
            if let Some(scope) = scopes.iter().find(|scope| scope.action() == *action) {
                count(tx, house, scope, &mut tasks)?;
            }
        }
        tasks.retain(|task| task.count > 0);
        let path = store::regions::path(tx, &session.region)?;
        let programmes = match &programmes_scope {
            Some(scope) => programmes::read(tx, house, scope)?,
            None => Vec::new(),
        };
        Ok(HomeView {
            role: session.role.clone(),
            region: path.into_iter().map(|region| (region.code.into(), region.name)).collect(),
            tasks,
            figures,
            programmes,
        })
    })
}

type Count = fn(&mut Tx<'_>, &House, &Scope, &mut Vec<Task>) -> Result<()>;

/// Rights to change something: without any of them nothing waits.
const ACTING: [&str; 7] = [
    "case.work",
    "list.receive",
    "review.decide",
    "decision.approve",
    "payment.approve",
    "payment.export",
    "payment.reconcile",
];

/// Who may do it is told of it: the action, and how what waits is counted.
const WAITING: &[(&str, Count)] = &[
    ("payment.reconcile", exceptions),
    ("decision.approve", decision_drafts),
    ("payment.approve", order_approvals),
    ("payment.export", orders_to_send),
    ("case.work", cases),
    ("review.decide", reviews),
    ("payment.read", account_problems),
    ("list.read", rejects),
    ("registry.consolidate", failed_jobs),
];

fn of_families(house: &House, scope: &Scope) -> Result<Vec<Figure>> {
    let Some((basis, total)) = families::total(house, scope)? else { return Ok(Vec::new()) };
    Ok(vec![
        basis.figure("families", Unit::Families, total.families),
        basis.figure("people", Unit::People, total.people),
        basis.figure("poor", Unit::Families, total.poor),
        basis.figure("ranked", Unit::Families, total.ranked),
    ])
}

/// A task from a row of count, rupiah and the instant of the oldest.
fn task(house: &House, kind: TaskKind, row: &Row, basis: Basis) -> Result<Task> {
    Ok(summed(house, kind, (row.int(0)?, row.int(1)?, row.opt_int(2)?), basis))
}

/// A task of so many things, so much money, the oldest since an instant.
fn summed(
    house: &House,
    kind: TaskKind,
    (count, amount_idr, oldest): (i64, i64, Option<i64>),
    basis: Basis,
) -> Task {
    let since = oldest.filter(|since| *since > 0);
    Task {
        kind,
        count,
        more: false,
        amount_idr: Some(amount_idr),
        oldest_days: since.map(|since| (house.clock.now_ms() - since).max(0) / DAY_MS),
        age: None,
        basis,
    }
}

fn counted(kind: TaskKind, count: i64, basis: Basis) -> Task {
    let more = count > COUNTED_MAX;
    Task { kind, count: count.min(COUNTED_MAX), more, amount_idr: None, oldest_days: None, age: None, basis }
}

fn cases(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Task>) -> Result<()> {
    let (from, to) = scope.path_range();
    let today = house.clock.today();
    let row =
        tx.query_one(&queries::CASES, params![scope.role(), from, to, today.to_string(), scope.caseload()])?;
    let basis = Basis::living(house, scope, "case_task", "");
    let first_due: Option<jiff::civil::Date> = row.opt_date(2)?;
    let late_days = first_due.map(|due| i64::from((today - due).get_days())).filter(|days| *days > 0);
    let (all, late) = (row.int(0)?, row.int(1)?);
    out.push(Task { count: late, oldest_days: late_days, ..counted(TaskKind::LateCases, 0, basis.clone()) });
    out.push(Task { count: all, ..counted(TaskKind::Cases, 0, basis) });
    Ok(())
}

fn reviews(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Task>) -> Result<()> {
    let (from, to) = scope.path_range();
    let count = tx.query_one(&queries::REVIEW_OPEN, params![from, to])?.int(0)?;
    out.push(counted(TaskKind::Reviews, count, Basis::living(house, scope, "review_pair", "")));
    Ok(())
}

/// Whole lists for who holds the nation; elsewhere the rejected rows of the territory.
fn rejects(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Task>) -> Result<()> {
    let basis = Basis::living(house, scope, "list_file", "");
    if !scope.region().as_str().is_empty() {
        let (from, to) = scope.path_range();
        let count = tx.query_one(&queries::REJECTS_HERE, params![from, to])?.int(0)?;
        out.push(counted(TaskKind::Rejects, count, basis));
        return Ok(());
    }
    let refused = tx.query_one(&queries::LISTS_REFUSED, &[])?.int(0)?;
    out.push(counted(TaskKind::RefusedLists, refused, basis.clone()));
    let rejected = tx.query_one(&queries::LISTS_REJECTED, &[])?.int(1)?;
    out.push(Task { count: rejected, more: false, ..counted(TaskKind::Rejects, rejected, basis) });
    Ok(())
}

fn decision_drafts(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Task>) -> Result<()> {
    let (mut count, mut amount, mut oldest) = (0, 0i64, None);
    for row in tx.query(&queries::DRAFTS, params![scope.actor()])? {
        let programme = house.policy.programme(row.text(3)?);
        let key = row.text(4)?;
        let version = programme.and_then(|found| found.versions.iter().find(|version| version.key == key));
        if version.is_some_and(|version| version.selection == policy::Selection::Candidates) {
            continue;
        }
        count += row.int(0)?;
        amount = amount.saturating_add(row.int(1)?);
        oldest = oldest.into_iter().chain(row.opt_int(2)?).min();
    }
    let basis = Basis::living(house, scope, "decision_run", "");
    out.push(summed(house, TaskKind::DecisionDrafts, (count, amount, oldest), basis));
    Ok(())
}

fn order_approvals(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Task>) -> Result<()> {
    let row = tx.query_one(&queries::ORDERS_PROPOSED, params![scope.actor()])?;
    out.push(task(house, TaskKind::OrderApprovals, &row, Basis::living(house, scope, "payment_order", ""))?);
    Ok(())
}

fn orders_to_send(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Task>) -> Result<()> {
    let row = tx.query_one(&queries::ORDERS_APPROVED, &[])?;
    out.push(task(house, TaskKind::OrdersToSend, &row, Basis::living(house, scope, "payment_order", ""))?);
    Ok(())
}

fn exceptions(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Task>) -> Result<()> {
    let (from, to) = scope.path_range();
    let row = tx.query_one(&queries::EXCEPTIONS_OPEN, params![from, to])?;
    out.push(task(house, TaskKind::Exceptions, &row, Basis::living(house, scope, "payment_exception", ""))?);
    Ok(())
}

fn failed_jobs(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Task>) -> Result<()> {
    let count = tx.query_one(&queries::JOBS_FAILED, &[])?.int(0)?;
    out.push(counted(TaskKind::FailedJobs, count, Basis::living(house, scope, "job", "")));
    Ok(())
}

/// Lines with problems, and money that lies on cards: by the age of the last order of its cycle.
fn account_problems(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Task>) -> Result<()> {
    let (from, to) = scope.path_range();
    let (problems, on_card) = match scope.caseload() {
        0 => (
            tx.query_one(&queries::PROBLEMS, params![from, to])?,
            tx.query(&queries::ON_CARD, params![from, to])?,
        ),
        user => (
            tx.query_one(&queries::PROBLEMS_ASSIGNED, params![from, to, user])?,
            tx.query(&queries::ON_CARD_ASSIGNED, params![from, to, user])?,
        ),
    };
    let basis = Basis::living(house, scope, "payment_summary", "");
    let mut of_problems = counted(TaskKind::AccountProblems, problems.int(0)?, basis.clone());
    (of_problems.count, of_problems.more) = (problems.int(0)?, false);
    of_problems.amount_idr = Some(problems.int(1)?);
    out.push(of_problems);
    let now = house.clock.now_ms();
    let mut by_age: Vec<Task> = Vec::new();
    for row in on_card {
        let days = row.opt_int(3)?.map(|sent| (now - sent).max(0) / DAY_MS);
        let age = age(days.unwrap_or(0));
        let (count, amount) = (row.int(1)?, row.int(2)?);
        match by_age.iter_mut().find(|task| task.age == Some(age)) {
            Some(task) => {
                task.count += count;
                task.amount_idr = task.amount_idr.map(|sum| sum.saturating_add(amount));
                task.oldest_days = task.oldest_days.max(days);
            }
            None => by_age.push(Task {
                kind: TaskKind::Unwithdrawn,
                count,
                more: false,
                amount_idr: Some(amount),
                oldest_days: days,
                age: Some(age),
                basis: basis.clone(),
            }),
        }
    }
    by_age.sort_by_key(|task| std::cmp::Reverse(task.age));
    out.extend(by_age);
    Ok(())
}

fn age(days: i64) -> Age {
    match days {
        ..=14 => Age::Fresh,
        15..=30 => Age::Month,
        31..=60 => Age::TwoMonths,
        _ => Age::Older,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_ages_by_weeks_and_months() {
        assert_eq!(
            [0, 14, 15, 30, 31, 60, 61].map(age),
            [Age::Fresh, Age::Fresh, Age::Month, Age::Month, Age::TwoMonths, Age::TwoMonths, Age::Older]
        );
    }
}
