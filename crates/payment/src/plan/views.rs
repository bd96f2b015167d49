//! What pages, `--json` and tests read of plans: what is missing, which lines can be paid again and why others cannot, plans with their
//! lines, and the chain of a line.

use std::collections::BTreeMap;

use access::{House, Scope};
use model::{FamilyId, LineId, RegionCode};
use serde::Serialize;
use store::{Page, Paged, Row, Tx, params};

use super::{
    PlanWish, queries,
    rules::{self, Judged, PlanKind, Why, judge},
    service::{self, PlanLine, read_line},
};
use crate::{
    Error, Result, common,
    state::{Eligibility, PaymentState},
    views::{LineView, line_page},
};

const READ: &str = "payment.read";
/// Most lines that a page of candidates looks at.
const LOOKED_MAX: i64 = 200_000;
/// Lines that it shows.
const SHOWN: usize = 50;

/// Money of a programme and period that did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Key of the programme.
    pub programme: String,
    /// The period.
    pub period: String,
    /// What became of it.
    pub payment: PaymentState,
    /// Key of the channel.
    pub channel: String,
    /// Lines.
    pub lines: i64,
    /// What is with the channel or came back.
    pub amount_idr: i64,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanView {
    /// Its number.
    pub plan_id: i64,
    /// What it is for.
    pub kind: PlanKind,
    /// Key of the programme.
    pub programme: String,
    /// The period.
    pub period: String,
    /// Its region; the nation when not limited.
    pub region: RegionCode,
    /// Key of the channel.
    pub channel: String,
    /// The causes it is limited to.
    pub causes: Vec<String>,
    /// The decision list that a top-up completes.
    pub run: String,
    /// The newest closing of the lines it follows.
    pub closing: String,
    /// `proposed`, `approved` or `refused`.
    pub state: String,
    /// Its cycle, once approved.
    pub cycle_id: i64,
    /// Lines.
    pub lines: i64,
    /// Their sum.
    pub amount_idr: i64,
    /// What an approval binds.
    pub list_hash: String,
    /// Milliseconds since the epoch.
    pub made_at_ms: i64,
    /// Who proposed it.
    pub made_by_id: i64,
    /// By name.
    pub made_by: String,
    /// When it was decided.
    pub decided_at_ms: Option<i64>,
    /// By whom.
    pub decided_by: Option<String>,
    /// Why it was refused.
    pub note: Option<String>,
}

pub(crate) fn read_plan(row: &Row) -> Result<PlanView> {
    Ok(PlanView {
        plan_id: row.int(0)?,
        kind: PlanKind::from_code(row.text(1)?).ok_or(Error::Stored("plan"))?,
        programme: row.string(2)?,
        period: row.string(3)?,
        region: row.region(4)?,
        channel: row.string(5)?,
        causes: row.text(6)?.split_whitespace().map(str::to_owned).collect(),
        run: row.string(7)?,
        closing: row.string(8)?,
        state: row.string(9)?,
        cycle_id: row.int(10)?,
        lines: row.int(11)?,
        amount_idr: row.int(12)?,
        list_hash: row.string(13)?,
        made_at_ms: row.int(14)?,
        made_by_id: row.int(15)?,
        made_by: row.string(16)?,
        decided_at_ms: row.opt_int(17)?,
        decided_by: row.opt_string(18)?,
        note: row.opt_string(19)?,
    })
}

/// A line of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanLineView {
    /// The family.
    pub family_id: i64,
    /// The line that the plan makes.
    pub line_id: i64,
    /// The line that it follows.
    pub origin: i64,
    /// Why that one's money did not arrive.
    pub cause: String,
    /// Where it is paid.
    pub region: RegionCode,
    /// How much.
    pub amount_idr: i64,
    /// What the family is entitled to over the chain.
    pub entitled_idr: i64,
    /// Who receives.
    pub payee_name: String,
    /// The family that carries the payment.
    pub carrier: i64,
}

fn line_view(line: PlanLine) -> Result<PlanLineView> {
    Ok(PlanLineView {
        family_id: line.recipient,
        line_id: line.line_id,
        origin: line.origin,
        cause: line.cause,
        region: RegionCode::parse(&line.region)?,
        amount_idr: line.amount,
        entitled_idr: line.entitled,
        payee_name: line.payee.name,
        carrier: line.carrier,
    })
}

/// A plan and its lines within a territory.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanPage {
    /// The plan.
    pub plan: PlanView,
    /// Its lines by cause.
    pub causes: Vec<Count>,
    /// Its lines.
    pub lines: Vec<PlanLineView>,
    /// Mark of the next page.
    pub next: Option<String>,
}

/// Lines and money of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    /// A cause, a reason why not, or a region.
    pub code: String,
    /// Lines.
    pub lines: i64,
    /// Rupiah.
    pub amount_idr: i64,
}

/// A line that did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CandidateRow {
    /// The line.
    pub line_id: i64,
    /// The family.
    pub family_id: i64,
    /// Where.
    pub region: RegionCode,
    /// Why it did not arrive.
    pub cause: String,
    /// What may be paid again, or what is missing where it may not.
    pub amount_idr: i64,
    /// Who would receive.
    pub payee_name: String,
    /// Why it is not paid again.
    pub why: Option<Why>,
}

/// The lines of a programme and period that did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CandidatePage {
    /// The channels through which they may be paid again.
    pub channels: Vec<String>,
    /// The channel for which they were looked at.
    pub channel: String,
    /// Last day on which they may be planned.
    pub until: Option<String>,
    /// Lines that can be paid again, and their sum.
    pub ready: Count,
    /// Those by cause.
    pub causes: Vec<Count>,
    /// Those by region below the one asked for.
    pub regions: Vec<Count>,
    /// The others, by the reason why not.
    pub others: Vec<Count>,
    /// The first of them all.
    pub rows: Vec<CandidateRow>,
    /// There were more than are looked at here.
    pub more: bool,
}

/// Money that did not arrive, by programme and period, as far as the scope goes.
///
/// # Errors
/// Store errors.
pub fn missing(house: &House, scope: &Scope) -> Result<Vec<Missing>> {
    common::need(scope, READ)?;
    let (from, to) = scope.path_range();
    let rows = house.db.read(|tx| match scope.caseload() {
        0 => tx.query(&queries::MISSING, params![from, to]),
        caseload => tx.query(&queries::MISSING_ASSIGNED, params![from, to, caseload]),
    })?;
    rows.iter()
        .map(|row| {
            Ok(Missing {
                programme: row.string(0)?,
                period: row.string(1)?,
                payment: PaymentState::from_code(row.text(2)?).ok_or(Error::Stored("payment state"))?,
                channel: row.string(3)?,
                lines: row.int(4)?,
                amount_idr: row.int(5)?,
            })
        })
        .collect()
}

/// What could be paid again through a channel, and what not and why not. An empty channel is the first that the programme may take.
///
/// # Errors
/// [`Error::NotFound`] for a region outside the scope, or where nothing was ever paid.
pub fn candidates(house: &House, scope: &Scope, wish: &PlanWish) -> Result<CandidatePage> {
    common::need(scope, READ)?;
    let mut wish = wish.clone();
    let cycles = service::cycles(house, &wish)?;
    let channels = service::channels(house, &wish, &cycles)?;
    if !channels.contains(&wish.channel) {
        wish.channel = channels.first().cloned().ok_or(Error::NotFound("payment cycle"))?;
    }
    let in_cash = common::pays_cash(house, &wish.channel);
    let level = wish.region.as_ref().unwrap_or(scope.region()).level();
    let letters = level.below().width();
    let (mut looked, mut rows, mut more) = (0, Vec::new(), false);
    let mut counts: BTreeMap<(Judged, String), (i64, i64)> = BTreeMap::new();
    let mut regions: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    let looking = service::each_candidate(house, scope, &wish, |of| {
        looked += 1;
        if looked > LOOKED_MAX {
            more = true;
            return Err(Error::Changed);
        }
        if !wish.causes.is_empty() && !wish.causes.contains(&of.cause) {
            return Ok(());
        }
        let due = judge(&of, in_cash);
        let back = of.returned + of.unpaid;
        let missing = if back > 0 { back } else { of.amount };
        let (judged, amount) = match &due {
            Ok(due) => (Judged::Ready, due.amount),
            Err(why) => (Judged::Not(*why), missing),
        };
        let add = |count: &mut (i64, i64)| *count = (count.0 + 1, count.1.saturating_add(amount));
        if judged == Judged::Ready {
            let region = of.region.get(..letters).unwrap_or(&of.region).to_owned();
            add(regions.entry(region).or_default());
        }
        add(counts.entry((judged, of.cause.clone())).or_default());
        if rows.len() < SHOWN {
            let payee = due.as_ref().ok().map(|due| due.payee.name.clone());
            let payee_name = payee.or(of.payee.map(|payee| payee.name)).unwrap_or_default();
            let (region, why) = (RegionCode::parse(&of.region)?, due.err());
            let (line_id, family_id, cause) = (of.line_id, of.recipient, of.cause);
            rows.push(CandidateRow {
                line_id,
                family_id,
                region,
                cause,
                amount_idr: amount,
                payee_name,
                why,
            });
        }
        Ok(())
    });
    if !more {
        looking?;
    }
    let ready = || counts.iter().filter(|((judged, _), _)| *judged == Judged::Ready);
    let mut others: BTreeMap<Why, (i64, i64)> = BTreeMap::new();
    for ((judged, _), (lines, amount)) in &counts {
        if let Judged::Not(why) = judged {
            let count = others.entry(*why).or_default();
            *count = (count.0 + lines, count.1.saturating_add(*amount));
        }
    }
    let days = house.policy.settings().plan.days_after_year;
    Ok(CandidatePage {
        until: rules::until(&wish.period, days).map(|(_, until)| until.to_string()),
        ready: Count {
            code: "ready".to_owned(),
            lines: ready().map(|(_, count)| count.0).sum(),
            amount_idr: ready().map(|(_, count)| count.1).fold(0, i64::saturating_add),
        },
        causes: ready().map(|((_, code), count)| counted(code.clone(), *count)).collect(),
        regions: regions.into_iter().map(|(code, count)| counted(code, count)).collect(),
        others: others.into_iter().map(|(why, count)| counted(why.code().to_owned(), count)).collect(),
        channel: wish.channel,
        channels,
        rows,
        more,
    })
}

fn counted(code: String, (lines, amount_idr): (i64, i64)) -> Count {
    Count { code, lines, amount_idr }
}

/// Plans, newest first.
///
/// # Errors
/// Store errors.
pub fn plans(house: &House, scope: &Scope, page: &Page) -> Result<Paged<PlanView>> {
    common::need(scope, READ)?;
    let after = page.after_int(i64::MAX)?;
    let rows = house.db.read(|tx| tx.query(&queries::PLANS, params![after, page.fetch()]))?;
    let plans = rows.iter().map(read_plan).collect::<Result<Vec<_>>>()?;
    Ok(page.page(plans, |plan| vec![plan.plan_id.into()]))
}

/// A plan with its lines in the scope.
///
/// # Errors
/// [`Error::NotFound`].
pub fn plan_page(house: &House, scope: &Scope, plan_id: i64, page: &Page) -> Result<PlanPage> {
    common::need(scope, READ)?;
    let (from, to) = scope.path_range();
    let after = page.after_int(0)?;
    house.db.read(|tx| {
        let plan = service::plan_of(tx, plan_id)?;
        let of = params![from, to, scope.caseload(), plan_id, after, page.fetch()];
        let rows = tx.query(&queries::PLAN_LINES_PAGE, of)?;
        let lines =
            rows.iter().map(|row| line_view(read_line(row)?)).collect::<Result<Vec<PlanLineView>>>()?;
        let found = page.page(lines, |line| vec![line.line_id.into()]);
        let rows = tx.query(&queries::PLAN_CAUSES, params![from, to, scope.caseload(), plan_id])?;
        let causes = rows.iter().map(|row| Ok(counted(row.string(0)?, (row.int(1)?, row.int(2)?))));
        Ok(PlanPage { plan, causes: causes.collect::<Result<_>>()?, lines: found.items, next: found.next })
    })
}

/// A line of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainLink {
    /// The line.
    pub line_id: i64,
    /// Its cycle.
    pub cycle_id: i64,
    /// How much.
    pub amount_idr: i64,
    /// Key of the channel.
    pub channel: String,
    /// Who receives.
    pub payee_name: String,
    /// Where the money is.
    pub payment: PaymentState,
    /// Whether entitled.
    pub eligibility: Eligibility,
    /// The plan that made it; none for the first.
    pub plan: Option<i64>,
    /// The line that it follows; none for the first.
    pub origin: Option<i64>,
    /// Why it was needed.
    pub cause: String,
    /// The family that carries the payment.
    pub carrier: i64,
}

/// The chain that a line stands in, and the plan that pays it again.
pub(crate) fn chain(tx: &mut Tx<'_>, family: i64, line: i64) -> Result<(Vec<ChainLink>, Option<i64>)> {
    let known = tx.query_opt(&queries::ROOT_OF, params![family, line])?;
    let root = known.map(|row| row.int(0)).transpose()?.unwrap_or(line);
    let links = tx
        .query(&queries::CHAIN, params![family, root])?
        .iter()
        .map(|row| {
            let some = |at: usize| Ok::<_, Error>(Some(row.int(at)?).filter(|number| *number > 0));
            Ok(ChainLink {
                line_id: row.int(0)?,
                cycle_id: row.int(1)?,
                amount_idr: row.int(2)?,
                channel: row.string(3)?,
                payee_name: row.string(4)?,
                payment: PaymentState::from_code(row.text(5)?).ok_or(Error::Stored("payment state"))?,
                eligibility: Eligibility::from_code(row.text(6)?).ok_or(Error::Stored("eligibility"))?,
                plan: some(7)?,
                origin: some(8)?,
                cause: row.string(9)?,
                carrier: row.int(10)?,
            })
        })
        .collect::<Result<Vec<ChainLink>>>()?;
    let plan = tx.query_opt(&queries::PLAN_OF, params![family, line])?;
    let plan = plan.map(|row| row.int(0)).transpose()?;
    Ok((if links.len() > 1 { links } else { Vec::new() }, plan))
}

/// Payments that a family carries for one that parted, newest first, as far as the scope goes.
///
/// # Errors
/// Store errors.
pub fn carried_payments(house: &House, scope: &Scope, family: FamilyId) -> Result<Vec<LineView>> {
    common::need(scope, READ)?;
    let rows = house.db.read(|tx| tx.query(&queries::CARRIED, params![family]))?;
    let mut out = Vec::new();
    for row in &rows {
        match line_page(house, scope, LineId(row.int(0)?)) {
            Ok(page) => out.push(page.line),
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(out)
}
