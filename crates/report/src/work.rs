//! What waits for one person at the desk of payments: by right, by territory, and never what the same person made. Each kind with how
//! many, how old the oldest is and since when it is late; the latest first.
//!
//! Counts come from summaries and from indexes that hold only what waits, so that they cost as much as there is to do, not as there are
//! payments.

use access::{House, Scope, Session};
use model::Rupiah;
use serde::Serialize;
use store::{Tx, params};

use crate::{Result, queries};

const DAY_MS: i64 = 86_400_000;
/// Papers that are looked at one by one.
const PAPERS_MAX: i64 = 1_000;

/// What can wait at the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkKind {
    /// Orders of others that this role may approve and this person has not.
    OrderApprovals,
    /// Plans of others to pay again what did not arrive.
    Plans,
    /// Payees that others named instead of those who cannot receive.
    Payees,
    /// Lists of people that others asked for.
    Releases,
    /// Approved lists that no payment lines were built from.
    Lists,
    /// Approved orders without the treasury's paper (SP2D).
    Treasury,
    /// Orders paid out by the treasury, of which the channel was not told.
    ToSend,
    /// Account checks that the channel has not answered in full.
    CheckAnswers,
    /// Orders that the channel has not answered in full.
    OrderAnswers,
    /// Rows of replies that nobody explained.
    Replies,
    /// Accounts whose name a person must compare.
    Doubtful,
    /// Lines that somebody holds.
    Held,
    /// Lines with another trouble.
    Troubles,
    /// Orders with money withheld, to be sent back.
    Withheld,
    /// Money that nobody took since its channel's days are over.
    Resting,
    /// Cards on their way to families.
    Cards,
    /// Families to be asked for a verification.
    Samples,
    /// Acts of one's own on many rows that were interrupted.
    Acts,
    /// Lists of one's own that can be fetched.
    Fetches,
}

/// Something that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Work {
    /// What.
    pub kind: WorkKind,
    /// How many.
    pub count: i64,
    /// Rupiah behind them, where that says something.
    pub amount_idr: Option<i64>,
    /// Days that the oldest has waited.
    pub oldest_days: i64,
    /// Days for which the oldest is late; negative while there is time.
    pub late_days: i64,
}

/// What waits for a session, the latest first; kinds with nothing are left out.
///
/// # Errors
/// The store's.
pub fn work(house: &House, session: &Session) -> Result<Vec<Work>> {
    let mut scopes = Vec::new();
    for (action, count) in COUNTS {
        if session.may(action) {
            scopes.push((session.scope(action)?, *count));
        }
    }
    let mut out = Vec::new();
    house.db.read(|tx| scopes.iter().try_for_each(|(scope, count)| count(tx, house, scope, &mut out)))?;
    out.retain(|one: &Work| one.count > 0);
    out.sort_by_key(|one| (std::cmp::Reverse(one.late_days), one.kind));
    Ok(out)
}

type Count = fn(&mut Tx<'_>, &House, &Scope, &mut Vec<Work>) -> Result<()>;

/// Who may do it is told of it.
const COUNTS: &[(&str, Count)] = &[
    ("payment.approve", approvals),
    ("payment.approve", plans),
    ("export.release", releases),
    ("payment.build", lists),
    ("payment.export", treasury),
    ("payment.import", answers),
    ("payment.reconcile", replies),
    ("payment.build", troubles),
    ("payment.build", withheld),
    ("payment.reconcile", resting),
    ("payment.card", cards),
    ("verify.answer", samples),
    ("payment.read", acts),
    ("export.request", own_exports),
];

/// Something that waits since an instant; what has no instant waits for nobody.
fn put(
    house: &House,
    out: &mut Vec<Work>,
    kind: WorkKind,
    (count, amount_idr): (i64, Option<i64>),
    since_ms: Option<i64>,
    grace_days: i64,
) {
    let oldest_days = since_ms.map_or(0, |since| (house.clock.now_ms() - since).max(0) / DAY_MS);
    out.push(Work { kind, count, amount_idr, oldest_days, late_days: oldest_days - grace_days });
}

fn approvals(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Work>) -> Result<()> {
    let (settings, bands) = (&house.policy.settings().desk, &house.policy.settings().approval);
    let (mut count, mut sum, mut since) = (0, 0_i64, None);
    for row in tx.query(&queries::WORK_ORDERS_PROPOSED, params![scope.actor(), PAPERS_MAX])? {
        let amount = Rupiah::new(row.int(0)?);
        // Who may approve more may approve less.
        let from = bands.iter().position(|band| band.up_to.is_none_or(|up_to| amount <= up_to));
        if from.is_some_and(|from| bands[from..].iter().any(|band| band.role == scope.role())) {
            count += 1;
            sum = sum.saturating_add(amount.idr());
            since = since.or(Some(row.int(1)?));
        }
    }
    put(house, out, WorkKind::OrderApprovals, (count, Some(sum)), since, settings.decide_days);
    Ok(())
}

/// Plans and payees, which wait for another person than who proposed them.
fn plans(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Work>) -> Result<()> {
    let grace = house.policy.settings().desk.decide_days;
    let plans = tx.query_one(&queries::WORK_PLANS, params![scope.actor()])?;
    let counted = (plans.int(0)?, Some(plans.int(1)?));
    put(house, out, WorkKind::Plans, counted, plans.opt_int(2)?, grace);
    let payees = tx.query_one(&queries::WORK_PAYEES, params![scope.actor()])?;
    put(house, out, WorkKind::Payees, (payees.int(0)?, None), payees.opt_int(1)?, grace);
    Ok(())
}

fn releases(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Work>) -> Result<()> {
    let row = tx.query_one(&queries::WORK_RELEASES, params![scope.actor()])?;
    let grace = house.policy.settings().desk.decide_days;
    put(house, out, WorkKind::Releases, (row.int(0)?, None), row.opt_int(1)?, grace);
    Ok(())
}

fn lists(tx: &mut Tx<'_>, house: &House, _scope: &Scope, out: &mut Vec<Work>) -> Result<()> {
    let (mut count, mut sum, mut since) = (0, 0_i64, None);
    for row in tx.query(&queries::WORK_LISTS, params![PAPERS_MAX])? {
        let month: Option<model::Month> = row.text(1)?.parse().ok();
        let programme = house.policy.programme(row.text(0)?);
        let version = month.and_then(|month| programme?.on(month.last_day()));
        if version.is_some_and(policy::ProgrammeVersion::pays_money) {
            count += 1;
            sum = sum.saturating_add(row.int(2)?);
            since = since.or(row.opt_int(3)?);
        }
    }
    let grace = house.policy.settings().desk.decide_days;
    put(house, out, WorkKind::Lists, (count, Some(sum)), since, grace);
    Ok(())
}

fn treasury(tx: &mut Tx<'_>, house: &House, _scope: &Scope, out: &mut Vec<Work>) -> Result<()> {
    let desk = &house.policy.settings().desk;
    let kinds = [
        (WorkKind::Treasury, "approved", desk.treasury_days),
        (WorkKind::ToSend, "disbursed", desk.decide_days),
    ];
    for (kind, state, grace) in kinds {
        let row = tx.query_one(&queries::WORK_ORDERS, params![state])?;
        put(house, out, kind, (row.int(0)?, Some(row.int(1)?)), row.opt_int(2)?, grace);
    }
    Ok(())
}

fn answers(tx: &mut Tx<'_>, house: &House, _scope: &Scope, out: &mut Vec<Work>) -> Result<()> {
    let grace = house.policy.settings().desk.answer_days;
    // Younger ones are not waited for yet.
    let before = house.clock.now_ms() - grace * DAY_MS;
    let checks = tx.query_one(&queries::WORK_CHECKS, params![before])?;
    put(house, out, WorkKind::CheckAnswers, (checks.int(0)?, None), checks.opt_int(1)?, grace);
    let orders = tx.query_one(&queries::WORK_ANSWERS, params![before])?;
    let counted = (orders.int(0)?, Some(orders.int(1)?));
    put(house, out, WorkKind::OrderAnswers, counted, orders.opt_int(2)?, grace);
    Ok(())
}

fn replies(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Work>) -> Result<()> {
    let (from, to) = scope.path_range();
    let row = tx.query_one(&queries::EXCEPTIONS_OPEN, params![from, to])?;
    let grace = house.policy.settings().desk.solve_days;
    put(house, out, WorkKind::Replies, (row.int(0)?, Some(row.int(1)?)), row.opt_int(2)?, grace);
    Ok(())
}

/// Lines in trouble, in the three kinds of work that they are.
fn troubles(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Work>) -> Result<()> {
    let (from, to) = scope.path_range();
    let mut sums = [
        (WorkKind::Doubtful, 0, 0_i64, None::<i64>),
        (WorkKind::Held, 0, 0, None),
        (WorkKind::Troubles, 0, 0, None),
    ];
    for row in tx.query(&queries::WORK_TROUBLES, params![from, to, scope.caseload()])? {
        let sum = match row.text(0)? {
            "name_doubtful" => &mut sums[0],
            "held" => &mut sums[1],
            _ => &mut sums[2],
        };
        sum.1 += row.int(1)?;
        sum.2 = sum.2.saturating_add(row.int(2)?);
        let since = row.int(3)?;
        sum.3 = Some(sum.3.map_or(since, |before| before.min(since)));
    }
    let grace = house.policy.settings().desk.solve_days;
    for (kind, count, amount, since) in sums {
        put(house, out, kind, (count, Some(amount)), since, grace);
    }
    Ok(())
}

fn withheld(tx: &mut Tx<'_>, house: &House, _scope: &Scope, out: &mut Vec<Work>) -> Result<()> {
    let row = tx.query_one(&queries::WORK_WITHHELD, &[])?;
    let grace = house.policy.settings().desk.treasury_days;
    put(house, out, WorkKind::Withheld, (row.int(0)?, Some(row.int(1)?)), row.opt_int(2)?, grace);
    Ok(())
}

fn resting(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Work>) -> Result<()> {
    let (from, to) = scope.path_range();
    let now = house.clock.now_ms();
    // By channel and order: the days of a channel are over for all lines of an order at once.
    let (mut count, mut sum, mut since, mut late) = (0, 0_i64, None::<i64>, i64::MIN);
    for row in tx.query(&queries::WORK_RESTING, params![from, to])? {
        let (channel, sent) = (row.string(0)?, row.int(1)?);
        let days =
            house.policy.channel(&channel).and_then(|channel| channel.untouched.as_ref()).map(|one| one.days);
        let Some(over) = days.map(|days| (now - sent) / DAY_MS - days).filter(|over| *over > 0) else {
            continue;
        };
        count += row.int(2)?;
        sum = sum.saturating_add(row.int(3)?);
        since = Some(since.map_or(sent, |before| before.min(sent)));
        late = late.max(over);
    }
    let oldest_days = since.map_or(0, |since| (now - since).max(0) / DAY_MS);
    out.push(Work { kind: WorkKind::Resting, count, amount_idr: Some(sum), oldest_days, late_days: late });
    Ok(())
}

fn cards(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Work>) -> Result<()> {
    let (from, to) = scope.path_range();
    let row = tx.query_one(&queries::WORK_CARDS, params![from, to, scope.caseload()])?;
    let since: Option<jiff::civil::Date> = row.opt_date(1)?;
    let days = since.map_or(0, |since| i64::from((house.clock.today() - since).get_days()).max(0));
    let late_days = days - house.policy.settings().desk.card_days;
    let count = row.int(0)?;
    out.push(Work { kind: WorkKind::Cards, count, amount_idr: None, oldest_days: days, late_days });
    Ok(())
}

fn samples(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Work>) -> Result<()> {
    let (from, to) = scope.path_range();
    let row = tx.query_one(&queries::WORK_SAMPLES, params![from, to, scope.caseload()])?;
    let grace = house.policy.settings().desk.card_days;
    put(house, out, WorkKind::Samples, (row.int(0)?, None), row.opt_int(1)?, grace);
    Ok(())
}

fn acts(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Work>) -> Result<()> {
    let row = tx.query_one(&queries::WORK_ACTS, params![scope.actor()])?;
    put(house, out, WorkKind::Acts, (row.int(0)?, None), row.opt_int(1)?, 0);
    Ok(())
}

fn own_exports(tx: &mut Tx<'_>, house: &House, scope: &Scope, out: &mut Vec<Work>) -> Result<()> {
    let row = tx.query_one(&queries::WORK_FETCHES, params![scope.actor(), house.clock.now_ms()])?;
    put(house, out, WorkKind::Fetches, (row.int(0)?, None), row.opt_int(1)?, 0);
    Ok(())
}
