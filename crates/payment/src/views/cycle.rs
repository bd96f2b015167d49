//! Cycles: the list, and one with its funnel, troubles, regions, orders and files.

use std::collections::BTreeMap;

use access::{House, Scope};
use model::{RegionCode, RegionLevel};
use serde::Serialize;
use store::{Page, Paged, Row, Tx, params};

use crate::{
    Result, common,
    files::{self, FileView},
    orders::{self, OrderView},
    queries,
    reconcile::{self, Reconciliation, Unmatched},
    state::{AccountState, Eligibility, PaymentState},
    withheld::{self, Withheld},
};

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
    /// The plan that it pays; none where a decision list made it.
    pub plan: Option<i64>,
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
    /// Code of a [`crate::Trouble`].
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
    /// What they hold back; for readers of the whole country only.
    pub withheld: Vec<Withheld>,
    /// Files; for readers of the whole country only.
    pub files: Vec<FileView>,
    /// Rows of replies that were not taken; for readers of the whole country only.
    pub unmatched: Vec<Unmatched>,
    /// The last reconciliation; for readers of the whole country only.
    pub reconciliation: Option<Reconciliation>,
}

pub(crate) fn cycle_view(cycle: common::Cycle) -> CycleView {
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
        plan: cycle.plan,
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
/// [`crate::Error::NotFound`].
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
            withheld: Vec::new(),
            files: Vec::new(),
            unmatched: Vec::new(),
            reconciliation: None,
            cycle,
        };
        if whole {
            let orders = tx.query(&queries::ORDERS, params![cycle_id])?;
            page.orders =
                orders.iter().map(|row| orders::with_approvals(tx, house, row)).collect::<Result<_>>()?;
            page.withheld = withheld::of_cycle(tx, cycle_id)?;
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
    group.payment.is_none_or(PaymentState::is_ordered)
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
    let mut out = BTreeMap::new();
    for group in groups {
        *out.entry(key(group)).or_insert(0) += group.sums.lines;
    }
    out.into_iter().filter(|(_, lines)| *lines > 0).collect()
}

fn regions(tx: &mut Tx<'_>, scope: &Scope, cycle_id: i64) -> Result<Vec<RegionFigures>> {
    let (from, to) = scope.path_range();
    let length = scope.region().level().below().width() as i64;
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
        let ordered = PaymentState::from_code(row.text(1)?).is_none_or(PaymentState::is_ordered);
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
