//! Proposing a plan, approving it, refusing it. A plan is bounded, so each of these is one transaction: it is there whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use access::{House, Scope};
use model::{RegionCode, Rupiah};
use store::{Row, Tx, Value, params};

use super::{
    PlanFault, queries,
    rules::{self, Due, Facts, Instead, Payee, PlanKind, Why, judge},
    views::{PlanView, read_plan},
};
use crate::{
    ApprovedList, Error, Result,
    build::{LINE_COLUMNS, LINES_MAX, PAID, WHOLE},
    columns::Columns,
    common, lines, queries as house_queries,
    reply::{Line, Marks},
    state::{AccountState, Eligibility, PaymentState, Trouble},
    tally::Tally,
};

const BUILD: &str = "payment.build";
const APPROVE: &str = "payment.approve";
/// Lines of one plan.
pub(crate) const PLAN_LINES_MAX: usize = 100_000;
/// Lines of a cycle looked at in one read.
pub(crate) const STRETCH: i64 = 20_000;
/// Families of a list looked at in one read.
const FAMILIES: usize = 20_000;
/// Characters of a note.
const NOTE_MAX: usize = 400;

/// What is to be paid again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanWish {
    /// Key of the programme.
    pub programme: String,
    /// The period, as printed.
    pub period: String,
    /// Only lines of this region; otherwise all.
    pub region: Option<RegionCode>,
    /// Through which channel: the programme's own, or the one that it falls back to.
    pub channel: String,
    /// Only these causes: words of the channel (`bank:WORD`) or troubles; otherwise all.
    pub causes: Vec<String>,
}

/// A line of a plan as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlanLine {
    pub(crate) recipient: i64,
    pub(crate) line_id: i64,
    pub(crate) origin: i64,
    pub(crate) root: i64,
    pub(crate) cause: String,
    pub(crate) component: String,
    pub(crate) region: String,
    pub(crate) amount: i64,
    pub(crate) entitled: i64,
    pub(crate) payee: Payee,
    pub(crate) account: Option<String>,
    pub(crate) carrier: i64,
    pub(crate) ended: bool,
}

const PLAN_LINE_COLUMNS: &[&str] = &[
    "recipient",
    "line_id",
    "plan_id",
    "origin",
    "root",
    "cause",
    "component",
    "region",
    "amount_idr",
    "entitled_idr",
    "payee",
    "payee_name",
    "payee_nik",
    "account",
    "carrier",
    "ended",
];

pub(crate) fn read_line(row: &Row) -> Result<PlanLine> {
    Ok(PlanLine {
        recipient: row.int(0)?,
        line_id: row.int(1)?,
        origin: row.int(2)?,
        root: row.int(3)?,
        cause: row.string(4)?,
        component: row.string(5)?,
        region: row.string(6)?,
        amount: row.int(7)?,
        entitled: row.int(8)?,
        payee: Payee { person: row.int(9)?, name: row.string(10)?, nik: row.int(11)? },
        account: row.opt_string(12)?,
        carrier: row.int(13)?,
        ended: row.bool(14)?,
    })
}

pub(crate) fn read_facts(row: &Row) -> Result<Facts> {
    let payee = match (row.opt_int(16)?, row.opt_int(18)?) {
        (Some(person), Some(nik)) => Some(Payee { person, name: row.string(17)?, nik }),
        _ => None,
    };
    let person = match (row.opt_int(25)?, row.opt_int(27)?) {
        (Some(person), Some(nik)) => Some(Payee { person, name: row.string(26)?, nik }),
        _ => None,
    };
    let instead = match row.opt_int(24)? {
        Some(_) => Some(Instead { person, carrier: row.int(28)?, region: row.string(29)? }),
        None => None,
    };
    Ok(Facts {
        recipient: row.int(0)?,
        line_id: row.int(1)?,
        root: row.int(2)?,
        region: row.string(3)?,
        cause: row.string(4)?,
        amount: row.int(5)?,
        topped_up: row.int(6)?,
        withdrawn: row.int(7)?,
        returned: row.int(8)?,
        unpaid: row.int(9)?,
        live: row.bool(10)?,
        component: row.string(11)?,
        entitled: row.int(12)?,
        eligibility: Eligibility::from_code(row.text(13)?).ok_or(Error::Stored("eligibility"))?,
        payment: PaymentState::from_code(row.text(14)?).ok_or(Error::Stored("payment state"))?,
        problem: row.opt_text(15)?.and_then(Trouble::from_code),
        payee,
        account: row.opt_string(19)?,
        planned: row.int(20)? > 0,
        paid_otherwise: row.int(21)? > 0,
        mended: row.int(22)? > 0,
        payee_died: row.int(23)? > 0,
        instead,
    })
}

/// Every line of a programme and period that did not arrive, in the order of their numbers.
pub(crate) fn each_candidate(
    house: &House,
    scope: &Scope,
    wish: &PlanWish,
    mut each: impl FnMut(Facts) -> Result<()>,
) -> Result<()> {
    let within = match &wish.region {
        Some(region) => scope.within(region).ok_or(Error::NotFound("region"))?,
        None => scope.clone(),
    };
    let (from, to) = within.path_range();
    let troubles = [Trouble::TopUpFailed, Trouble::PayeeDied, Trouble::Held];
    for cycle in cycles(house, wish)? {
        for trouble in std::iter::once(None).chain(troubles.map(Some)) {
            let mut after = 0;
            loop {
                let found = house.db.read(|tx| {
                    let base = params![
                        &wish.channel,
                        0,
                        from,
                        to,
                        within.caseload(),
                        cycle.cycle_id,
                        after,
                        STRETCH
                    ];
                    let rows = match trouble {
                        None => tx.query(&queries::BACK, base)?,
                        Some(trouble) => {
                            let mut values = base.to_vec();
                            values.push(trouble.code().into());
                            tx.query(&queries::TROUBLED, &values)?
                        }
                    };
                    rows.iter().map(read_facts).collect::<Result<Vec<Facts>>>()
                })?;
                let more = found.len() as i64 == STRETCH;
                after = found.last().map_or(after, |last| last.line_id);
                found.into_iter().try_for_each(&mut each)?;
                if !more {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// A cycle of a programme and period.
pub(crate) struct OfPeriod {
    pub(crate) cycle_id: i64,
    pub(crate) closing: String,
    pub(crate) channel: String,
}

pub(crate) fn cycles(house: &House, wish: &PlanWish) -> Result<Vec<OfPeriod>> {
    let rows = house.db.read(|tx| tx.query(&queries::CYCLES_OF, params![&wish.programme, &wish.period]))?;
    rows.iter()
        .map(|row| Ok(OfPeriod { cycle_id: row.int(0)?, closing: row.string(1)?, channel: row.string(2)? }))
        .collect()
}

/// The channels through which a programme may be paid, by the rule of its newest list: its own first, then the one it falls back to.
pub(crate) fn channels(house: &House, wish: &PlanWish, of: &[OfPeriod]) -> Result<Vec<String>> {
    let Some(closing) = of.iter().map(|cycle| &cycle.closing).max() else { return Ok(Vec::new()) };
    let version = common::version(house, &wish.programme, closing)?;
    let own = of.iter().map(|cycle| cycle.channel.clone());
    let mut out = Vec::new();
    for channel in version.channel.clone().into_iter().chain(version.fallback_channel.clone()).chain(own) {
        if !out.contains(&channel) {
            out.push(channel);
        }
    }
    Ok(out)
}

/// What a plan is begun with.
struct Draft<'a> {
    kind: PlanKind,
    wish: &'a PlanWish,
    run: &'a str,
    closing: String,
    lines: Vec<PlanLine>,
}

fn checked(house: &House, wish: &PlanWish) -> Result<String> {
    let days = house.policy.settings().plan.days_after_year;
    rules::in_time(&wish.period, days, house.clock.today())?;
    let of = cycles(house, wish)?;
    let closing =
        of.iter().map(|cycle| cycle.closing.clone()).max().ok_or(Error::NotFound("payment cycle"))?;
    if !channels(house, wish, &of)?.contains(&wish.channel) {
        return Err(PlanFault::Channel(wish.channel.clone()).into());
    }
    Ok(closing)
}

/// Proposes to pay again what did not arrive. Whoever does this may not approve it; a line that stands in a plan is in no other.
///
/// # Errors
/// [`Error::Plan`] when no line can be paid again, there are too many, the year of the money is over, or the channel is not the
/// programme's; [`Error::NotFound`] for a region outside the scope.
pub fn propose(house: &House, scope: &Scope, wish: &PlanWish) -> Result<PlanView> {
    common::need(scope, BUILD)?;
    let _lock = common::lock(house)?;
    let closing = checked(house, wish)?;
    let in_cash = common::pays_cash(house, &wish.channel);
    let causes: BTreeSet<&str> = wish.causes.iter().map(String::as_str).collect();
    let mut chosen = Vec::new();
    each_candidate(house, scope, wish, |facts| {
        if causes.is_empty() || causes.contains(facts.cause.as_str()) {
            chosen.extend(judge(&facts, in_cash).ok().map(|due| line_of(&facts, due)));
        }
        bounded(&chosen)
    })?;
    add(house, scope, Draft { kind: PlanKind::FollowUp, wish, run: "", closing, lines: chosen })
}

fn bounded(lines: &[PlanLine]) -> Result<()> {
    if lines.len() > PLAN_LINES_MAX {
        return Err(PlanFault::TooMany { lines_max: PLAN_LINES_MAX }.into());
    }
    Ok(())
}

/// A line of a plan, its number still to be given.
fn line_of(of: &Facts, due: Due) -> PlanLine {
    PlanLine {
        recipient: of.recipient,
        line_id: 0,
        origin: of.line_id,
        root: of.root,
        cause: of.cause.clone(),
        component: due.component,
        region: due.region,
        amount: due.amount,
        entitled: of.entitled,
        payee: due.payee,
        account: due.account,
        carrier: due.carrier,
        ended: false,
    }
}

/// Proposes to complete what was paid too little: an approved list of the same programme and period that entitles families to more than
/// their line. Who is paid nothing yet is left to the list itself.
///
/// # Errors
/// As [`propose`]; [`Error::ListChanged`] when the dataset is not what was approved.
pub fn propose_top_up(house: &House, scope: &Scope, list: &ApprovedList, channel: &str) -> Result<PlanView> {
    common::need(scope, BUILD)?;
    let _lock = common::lock(house)?;
    let wish = PlanWish {
        programme: list.programme.clone(),
        period: list.period.clone(),
        channel: channel.to_owned(),
        ..PlanWish::default()
    };
    let closing = checked(house, &wish)?.max(list.closing.clone());
    let dataset = house.lake.require(&list.dataset)?;
    if dataset.manifest().hash != list.list_hash {
        return Err(Error::ListChanged);
    }
    let mut chosen = Vec::new();
    let mut stretch: BTreeMap<i64, i64> = BTreeMap::new();
    for batch in dataset.read(&["family_id", "outcome", "amount_idr"])? {
        let batch = batch?;
        let columns = Columns { dataset: &list.dataset, batch: &batch };
        let (family, outcome) = (columns.int64("family_id")?, columns.int8("outcome")?);
        let amount = columns.int64("amount_idr")?;
        for row in 0..batch.num_rows() {
            if PAID.iter().any(|(code, _)| *code == outcome.value(row)) {
                stretch.insert(family.value(row), amount.value(row));
            }
            if stretch.len() == FAMILIES {
                differences(house, scope, list, channel, std::mem::take(&mut stretch), &mut chosen)?;
            }
        }
    }
    differences(house, scope, list, channel, stretch, &mut chosen)?;
    add(house, scope, Draft { kind: PlanKind::TopUp, wish: &wish, run: &list.run, closing, lines: chosen })
}

/// The families of a stretch that are entitled to more than they are paid.
fn differences(
    house: &House,
    scope: &Scope,
    list: &ApprovedList,
    channel: &str,
    entitled: BTreeMap<i64, i64>,
    chosen: &mut Vec<PlanLine>,
) -> Result<()> {
    let (Some((first, _)), Some((last, _))) = (entitled.first_key_value(), entitled.last_key_value()) else {
        return Ok(());
    };
    let paid = house.db.read(|tx| {
        let of = params![channel, 0, *first, *last, &list.programme, &list.period];
        tx.query(&queries::PAID_AMONG, of)?.iter().map(read_facts).collect::<Result<Vec<Facts>>>()
    })?;
    // The newest live line stands for the chain: what it is entitled to is what the chain is.
    for of in paid.chunk_by(|a, b| a.recipient == b.recipient).filter_map(<[Facts]>::last) {
        let due = entitled.get(&of.recipient).copied().unwrap_or(0);
        let sound = of.eligibility == Eligibility::Eligible && !of.payee_died && !of.planned;
        let Some(payee) = of.payee.clone().filter(|_| sound && due > of.entitled) else { continue };
        if !scope.covers(&RegionCode::parse(&of.region)?) {
            continue;
        }
        chosen.push(PlanLine {
            recipient: of.recipient,
            line_id: 0,
            origin: of.line_id,
            root: of.root,
            cause: "difference".to_owned(),
            component: format!("difference:{}", list.run),
            region: of.region.clone(),
            amount: Rupiah::new(due).minus(Rupiah::new(of.entitled))?.idr(),
            entitled: due,
            payee,
            account: of.account.clone(),
            carrier: of.recipient,
            ended: false,
        });
    }
    bounded(chosen)
}

fn add(house: &House, scope: &Scope, draft: Draft<'_>) -> Result<PlanView> {
    let Draft { kind, wish, run, closing, mut lines } = draft;
    if lines.is_empty() {
        return Err(PlanFault::Nothing.into());
    }
    lines.sort_unstable_by_key(|line| (line.recipient, line.origin));
    let amount = Rupiah::sum(lines.iter().map(|line| Rupiah::new(line.amount)))?;
    house.db.write(|tx| {
        let plan_id = store::next_number(tx, "payment_plan", 1)?;
        let cycle_id = store::next_number(tx, "payment_cycle", 1)?;
        for (line, number) in lines.iter_mut().zip(cycle_id * LINES_MAX + 1..) {
            line.line_id = number;
        }
        let hash = hash_of(&lines, &wish.channel);
        let region = wish.region.clone().unwrap_or_else(RegionCode::nation);
        let (actor_id, actor) = scope.actor_pair();
        let causes = wish.causes.join(" ");
        let plan = params![
            plan_id,
            kind.code(),
            &wish.programme,
            &wish.period,
            &region,
            &wish.channel,
            &causes,
            run,
            &closing,
            cycle_id,
            lines.len() as i64,
            amount,
            &hash,
            house.clock.now_ms(),
            actor_id,
            actor
        ];
        tx.execute(&queries::PLAN_ADD, plan)?;
        tx.bulk("payment_plan_line", PLAN_LINE_COLUMNS, lines.iter().map(|line| stored(line, plan_id)))?;
        common::audit(tx, house, scope, &format!("plan:{plan_id}"), &hash)?;
        plan_of(tx, plan_id)
    })
}

fn stored(line: &PlanLine, plan_id: i64) -> Vec<Value> {
    vec![
        line.recipient.into(),
        line.line_id.into(),
        plan_id.into(),
        line.origin.into(),
        line.root.into(),
        line.cause.as_str().into(),
        line.component.as_str().into(),
        line.region.as_str().into(),
        line.amount.into(),
        line.entitled.into(),
        line.payee.person.into(),
        line.payee.name.as_str().into(),
        line.payee.nik.into(),
        line.account.as_deref().into(),
        line.carrier.into(),
        0.into(),
    ]
}

/// What an approval binds: who receives what, for which line, through which channel.
fn hash_of(lines: &[PlanLine], channel: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(channel.as_bytes());
    for line in lines {
        let PlanLine { line_id, origin, root, amount, entitled, component, region, carrier, .. } = line;
        let payee = &line.payee;
        let account = line.account.as_deref().unwrap_or("");
        let text = format!(
            "\n{line_id}\u{1f}{origin}\u{1f}{root}\u{1f}{amount}\u{1f}{entitled}\u{1f}{component}\u{1f}{region}\
             \u{1f}{carrier}\u{1f}{}\u{1f}{}\u{1f}{account}",
            payee.person, payee.name
        );
        hasher.update(text.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

pub(crate) fn plan_of(tx: &mut Tx<'_>, plan_id: i64) -> Result<PlanView> {
    let row = tx.query_opt(&queries::PLAN, params![plan_id])?.ok_or(Error::NotFound("plan"))?;
    read_plan(&row)
}

fn proposed(tx: &mut Tx<'_>, plan_id: i64) -> Result<PlanView> {
    let plan = plan_of(tx, plan_id)?;
    if plan.state == "proposed" {
        return Ok(plan);
    }
    Err(Error::State {
        what: format!("plan {plan_id}"),
        state: plan.state,
        remedy: "a plan is decided once; propose another for what is still missing",
    })
}

/// Approves a plan: its lines are there from now on, in a cycle of their own, to be checked and ordered like any other.
///
/// # Errors
/// [`Error::SamePerson`]; [`Error::ListChanged`] when `list_hash` is not the plan's, or a line of it may not be paid as it was proposed
/// any more; [`Error::Plan`] when a chain would pay more than was due or the year of the money is over.
pub fn approve(house: &House, scope: &Scope, plan_id: i64, list_hash: &str) -> Result<PlanView> {
    common::need(scope, APPROVE)?;
    let _lock = common::lock(house)?;
    house.db.write(|tx| {
        let plan = proposed(tx, plan_id)?;
        if scope.actor().0 == plan.made_by_id {
            return Err(Error::SamePerson);
        }
        let days = house.policy.settings().plan.days_after_year;
        rules::in_time(&plan.period, days, house.clock.today())?;
        let rows = tx.query(&queries::PLAN_LINES, params![plan_id])?;
        let lines = rows.iter().map(read_line).collect::<Result<Vec<PlanLine>>>()?;
        if plan.list_hash != list_hash || hash_of(&lines, &plan.channel) != list_hash {
            return Err(Error::ListChanged);
        }
        let ends = still_due(tx, house, &plan, &lines)?;
        for origin in ends {
            end_origin(tx, house, scope, plan_id, origin)?;
        }
        never_more_than_due(tx, plan_id)?;
        let now = house.clock.now_ms();
        tx.execute(&queries::PLAN_DECIDED, params![plan_id, "approved", now, scope.actor_name(), ""])?;
        make_cycle(tx, house, &plan, &lines)?;
        common::audit(tx, house, scope, &format!("plan:{plan_id}"), list_hash)?;
        plan_of(tx, plan_id)
    })
}

/// Whether every line may still be paid as it was proposed; answers the origins that end now.
fn still_due(tx: &mut Tx<'_>, house: &House, plan: &PlanView, lines: &[PlanLine]) -> Result<Vec<i64>> {
    let rows = tx.query(&queries::OF_PLAN, params![&plan.channel, plan.plan_id])?;
    if rows.len() != lines.len() {
        return Err(Error::ListChanged);
    }
    let in_cash = common::pays_cash(house, &plan.channel);
    let mut ends = Vec::new();
    for (row, line) in rows.iter().zip(lines) {
        let facts = read_facts(row)?;
        if plan.kind == PlanKind::TopUp {
            let sound = facts.eligibility == Eligibility::Eligible && facts.live && !facts.payee_died;
            if !sound || facts.planned || facts.entitled + line.amount != line.entitled {
                return Err(Error::ListChanged);
            }
            continue;
        }
        let due = judge(&facts, in_cash).map_err(|_: Why| Error::ListChanged)?;
        if due.ends_origin {
            ends.push(facts.line_id);
        }
        let now = PlanLine { line_id: line.line_id, ..line_of(&facts, due) };
        if now != *line {
            return Err(Error::ListChanged);
        }
    }
    Ok(ends)
}

/// A held line that was not ordered makes room for the one that follows it.
fn end_origin(tx: &mut Tx<'_>, house: &House, scope: &Scope, plan_id: i64, origin: i64) -> Result<()> {
    let of = params![origin, origin];
    let mut line = lines::query(tx, &house_queries::LINES_BETWEEN, of)?.pop().ok_or(Error::ListChanged)?;
    let before = line.clone();
    let changed = lines::change(&mut line, &crate::LineDecision::Cancel, None)?;
    let document = format!("plan:{plan_id}");
    let told = [scope.actor_name(), "replaced", document.as_str()];
    lines::write(tx, house.clock.now_ms(), (&before, &mut line), changed, told)?;
    Ok(())
}

/// The law of every chain: what its lines have paid or may still pay, and what is added, is at most what the family was entitled to.
fn never_more_than_due(tx: &mut Tx<'_>, plan_id: i64) -> Result<()> {
    for row in tx.query(&queries::CHAIN_SUMS, params![plan_id])? {
        let (root, entitled, amount, out) = (row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?);
        if Rupiah::new(out).plus(Rupiah::new(amount))?.idr() > entitled {
            return Err(PlanFault::Overpaid { line: root }.into());
        }
    }
    Ok(())
}

fn make_cycle(tx: &mut Tx<'_>, house: &House, plan: &PlanView, lines: &[PlanLine]) -> Result<()> {
    let first = plan.cycle_id * LINES_MAX + 1;
    let whole = benefit(tx, &plan.programme, &plan.period, WHOLE)?;
    let cycle = params![
        plan.cycle_id,
        &plan.programme,
        &plan.period,
        format!("plan-{}", plan.plan_id),
        "",
        &plan.list_hash,
        &plan.closing,
        &plan.channel,
        house.clock.now_ms(),
        plan.made_by_id,
        &plan.made_by,
        whole,
        first
    ];
    tx.execute(&house_queries::CYCLE_ADD, cycle)?;
    let made = params![plan.cycle_id, plan.plan_id, plan.lines, plan.amount_idr];
    tx.execute(&queries::CYCLE_MADE, made)?;
    let mut benefits: BTreeMap<&str, i64> = BTreeMap::new();
    for component in lines.iter().map(|line| line.component.as_str()).collect::<BTreeSet<_>>() {
        benefits.insert(component, benefit(tx, &plan.programme, &plan.period, component)?);
    }
    let in_cash = common::pays_cash(house, &plan.channel);
    let channel: Arc<str> = plan.channel.as_str().into();
    let (mut tally, now) = (Tally::default(), house.clock.now_ms());
    let mut rows = Vec::with_capacity(lines.len());
    for line in lines {
        let new = payment_line(plan, line, &channel, in_cash);
        tally.count(&new, 1);
        let benefit = benefits.get(line.component.as_str()).copied().ok_or(Error::Stored("benefit"))?;
        rows.push(row_of(&new, line, benefit, now));
    }
    tx.bulk("payment_line", LINE_COLUMNS, rows.into_iter())?;
    let mut places: Vec<&PlanLine> = lines.iter().collect();
    places.sort_unstable_by_key(|line| (&line.region, line.line_id));
    let places = places
        .into_iter()
        .map(|line| vec![plan.cycle_id.into(), line.region.as_str().into(), line.line_id.into()]);
    tx.bulk("payment_place", &["cycle_id", "region", "line_id"], places)?;
    tally.write(tx)
}

/// The number of a benefit, made where it is new. Parts of a benefit count below zero: those above are cycles.
fn benefit(tx: &mut Tx<'_>, programme: &str, period: &str, component: &str) -> Result<i64> {
    let of = params![programme, period, component];
    if let Some(row) = tx.query_opt(&house_queries::BENEFIT, of)? {
        return Ok(row.int(0)?);
    }
    let number = -store::next_number(tx, "payment_benefit_part", 1)?;
    tx.execute(&house_queries::BENEFIT_ADD, params![number, programme, period, component])?;
    Ok(number)
}

fn payment_line(plan: &PlanView, line: &PlanLine, channel: &Arc<str>, in_cash: bool) -> Line {
    let basis = if plan.kind == PlanKind::TopUp { lines::BASES[3] } else { lines::BASES[2] };
    let account = if in_cash { Some(line.line_id.to_string()) } else { line.account.clone() };
    Line {
        recipient: line.recipient,
        line_id: line.line_id,
        cycle_id: plan.cycle_id,
        programme: plan.programme.as_str().into(),
        period: plan.period.as_str().into(),
        region: line.region.as_str().into(),
        channel: Arc::clone(channel),
        amount: line.amount,
        basis,
        payee_name: line.payee.name.clone(),
        account,
        name_at_bank: None,
        eligibility: Eligibility::Eligible,
        // Whatever was known before: what did not arrive once is asked about again.
        account_state: if in_cash { AccountState::NotNeeded } else { AccountState::Unchecked },
        payment: PaymentState::Set,
        problem: None,
        check_batch: None,
        order_batch: None,
        told: Marks::default(),
        topped_up: 0,
        withdrawn: 0,
        returned: 0,
        unpaid: 0,
        live: true,
        events: 0,
    }
}

/// In the order of [`LINE_COLUMNS`].
fn row_of(new: &Line, line: &PlanLine, benefit: i64, now_ms: i64) -> Vec<Value> {
    vec![
        new.recipient.into(),
        new.line_id.into(),
        new.cycle_id.into(),
        benefit.into(),
        (&*new.region).into(),
        (&*new.channel).into(),
        new.amount.into(),
        new.basis.into(),
        line.payee.person.into(),
        new.payee_name.as_str().into(),
        line.payee.nik.into(),
        new.account.as_deref().into(),
        new.name_at_bank.as_deref().into(),
        new.eligibility.code().into(),
        new.account_state.code().into(),
        new.payment.code().into(),
        new.problem.map(Trouble::code).into(),
        0.into(),
        0.into(),
        0.into(),
        0.into(),
        true.into(),
        0.into(),
        now_ms.into(),
    ]
}

/// Refuses a plan, or takes back one's own; its lines may stand in another.
///
/// # Errors
/// [`Error::State`] when it was decided, [`Error::Documents`] without a reason, [`Error::SamePerson`] when the maker decides as checker.
pub fn refuse(house: &House, scope: &Scope, plan_id: i64, note: &str) -> Result<PlanView> {
    let own = scope.action() == BUILD;
    common::need(scope, if own { BUILD } else { APPROVE })?;
    let note: String = note.trim().chars().take(NOTE_MAX).collect();
    if note.is_empty() {
        return Err(Error::Documents);
    }
    let _lock = common::lock(house)?;
    house.db.write(|tx| {
        let plan = proposed(tx, plan_id)?;
        if own && scope.actor().0 != plan.made_by_id {
            return Err(Error::SamePerson);
        }
        let now = house.clock.now_ms();
        tx.execute(&queries::PLAN_DECIDED, params![plan_id, "refused", now, scope.actor_name(), &note])?;
        tx.execute(&queries::PLAN_ENDED, params![plan_id])?;
        common::audit(tx, house, scope, &format!("plan:{plan_id}"), "refused")?;
        plan_of(tx, plan_id)
    })
}

/// Keeps that what hindered a finished line is mended.
pub(crate) fn mend(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    line: &Line,
    account: Option<&str>,
    reason: &str,
) -> Result<()> {
    let (now, actor) = (house.clock.now_ms(), scope.actor_name());
    tx.execute(&queries::MEND, params![line.recipient, line.line_id, account, reason, now, actor])?;
    Ok(())
}
