//! `pilar decide`, `approve`, `pay`: from a closing to reconciled money. The demo calls the same functions.

use std::path::{Path, PathBuf};

use access::{House, Session};
use anyhow::Context;
use model::{RegionCode, Rupiah};
use payment::{ApprovedList, Built, FileMade, Imported, OrderView, Reconciliation, Sp2d, Wave};
use serde::Serialize;
use serde_json::json;
use store::Page;
use targeting::Wish;

use crate::{
    cli::{Approve, Decide, Pay, Place},
    commands::{Answer, acting, cards, effects, snap, with_bar},
    failure::Failure,
    house::data_dir,
    screen::grouped,
};

pub(crate) fn decide(house: &House, command: &Decide) -> anyhow::Result<Answer> {
    let session = acting(house, command.maker.as_deref())?;
    if let Some(run) = &command.replay {
        let scope = session.scope("decision.read")?;
        let replay = with_bar("decide", |bar| targeting::replay(house, &scope, run, bar))
            .map_err(|error| Failure::input(error.to_string()))?;
        let said = if replay.same { "the same list, bit for bit" } else { "ANOTHER list" };
        let line = format!("run {run}: {said}; stored {}, again {}", replay.run.dataset_hash, replay.hash);
        return Answer::of(&replay, vec![line]);
    }
    let period =
        command.period.ok_or_else(|| Failure::input("a period is needed, such as --period 2026-T4"))?;
    let month = match command.closing {
        Some(month) => month,
        None => newest_closing(house)?,
    };
    let scope = session.scope("decision.run")?;
    let wishes = if command.all {
        targeting::wishes(&house.policy, period, month)
    } else {
        let wish = |key: &String| Wish { programme: key.clone(), period };
        command.programme.iter().map(wish).collect()
    };
    let objecting = casework::protected_families(house, &Session::console(house).scope("case.read")?)?;
    let runs =
        with_bar("decide", |bar| targeting::decide_all(house, &scope, &wishes, month, &objecting, bar))
            .map_err(|error| Failure::input(error.to_string()))?;
    let number = |value: i64| grouped(value.unsigned_abs());
    let mut lines = Vec::new();
    for run in &runs {
        let totals = &run.totals;
        let next = if run.candidates(&house.policy) {
            "candidates: people decide each case".to_owned()
        } else {
            format!("next: pilar approve {} --as LOGIN (somebody else than who made it)", run.run)
        };
        lines.push(format!("run {}: {} {} on closing {}", run.run, run.programme, run.period, run.closing));
        lines.push(format!(
            "  {} families: {} receive, {} wait for a place, {} do not; {}",
            number(totals.families),
            number(totals.eligible),
            number(totals.waiting),
            number(totals.not_eligible),
            totals.amount_idr
        ));
        if totals.kept > 0 {
            let kept = number(totals.kept);
            lines.push(format!("  {kept} more no longer pass and keep their aid while their notice runs"));
        }
        let beside = targeting::ceilings(house, run)?;
        lines.extend(beside.iter().filter_map(over_ceiling).map(|line| format!("  {line}")));
        lines.push(format!("  {next}"));
    }
    match runs.as_slice() {
        [run] => Answer::of(run, lines),
        _ => Answer::of(&runs, lines),
    }
}

pub(crate) fn newest_closing(house: &House) -> anyhow::Result<model::Month> {
    let scope = Session::console(house).scope("closing.read")?;
    let closings = registry::closing::closings(house, &scope)?;
    let newest = closings
        .first()
        .ok_or_else(|| Failure::not_ready("no month is closed yet; run `pilar close 2026-11`"))?;
    newest.month.parse().context("the newest closing has no month")
}

pub(crate) fn approve(house: &House, command: &Approve) -> anyhow::Result<Answer> {
    let session = acting(house, Some(&command.approver))?;
    let scope = session.scope("decision.approve").map_err(|error| Failure::not_allowed(error.to_string()))?;
    let run = targeting::run_page(house, &scope, &command.run)?.run;
    let approved =
        targeting::approve(house, &scope, &command.run, &run.dataset_hash).map_err(|error| match error {
            targeting::Error::MakerIsChecker => Failure::not_allowed(error.to_string()),
            other => other.into(),
        })?;
    let line = format!("run {} is approved; the approval binds list {}", approved.run, approved.dataset_hash);
    let mut lines = vec![line];
    lines.extend(targeting::ceilings(house, &approved)?.iter().filter_map(over_ceiling));
    lines.push(format!("next: pilar pay build --run {}", approved.run));
    Answer::of(&approved, lines)
}

/// That a list is over a ceiling, by how much, and how many families fit by their rank.
fn over_ceiling(view: &targeting::CeilingView) -> Option<String> {
    if view.over == 0 {
        return None;
    }
    let number = |value: i64| grouped(value.unsigned_abs());
    let (unit, over) = match view.of {
        targeting::CeilingOf::Places => ("places", number(view.over)),
        targeting::CeilingOf::Money => ("the budget", model::Rupiah::new(view.over).to_string()),
    };
    let fits = number(view.fits.unwrap_or_default());
    Some(format!("OVER THE CEILING of {unit} by {over}: {fits} families fit by their rank"))
}

pub(crate) fn pay(place: &Place, house: &House, command: &Pay) -> anyhow::Result<Answer> {
    let session = Session::console(house);
    match command {
        Pay::Build { run } => {
            let built = build(house, &session, run)?;
            let line = format!("cycle {}: {} lines", built.cycle_id, grouped(built.lines.unsigned_abs()));
            let next = format!("next: pilar pay export --cycle {} --kind accounts", built.cycle_id);
            Answer::of(&built, vec![line, next])
        }
        Pay::Order { cycle, channel, region } => {
            let region = region.as_deref().map(RegionCode::parse).transpose()?;
            let wave = Wave { channel: channel.clone(), region };
            told_order(&order(house, &session, *cycle, &wave)?)
        }
        Pay::Approve { order, approver, spm } => {
            let approvers = approver.split(',').map(|login| acting(house, Some(login)));
            let approvers = approvers.collect::<anyhow::Result<Vec<_>>>()?;
            told_order(&approve_order(
                house,
                &approvers,
                payment::order_view(house, &session.scope("payment.read")?, *order)?,
                spm,
            )?)
        }
        Pay::Sp2d { order, number, on } => {
            let sp2d = Sp2d { number: number.clone(), on: *on };
            told_order(&payment::disburse_order(house, &session.scope("payment.export")?, *order, &sp2d)?)
        }
        Pay::Cancel { order, reason } => {
            told_order(&payment::cancel_order(house, &session.scope("payment.build")?, *order, reason)?)
        }
        Pay::Withheld { order, slip } => {
            let back = payment::return_withheld(house, &session.scope("payment.build")?, *order, slip)?;
            let amount = Rupiah::new(back.amount_idr);
            Answer::of(&back, vec![format!("{} lines, {amount} back in the treasury", back.lines)])
        }
        Pay::Export { cycle, kind, out } => {
            let folder = outbox(place, out.as_deref())?;
            let files = match kind.as_str() {
                "accounts" => export_checks(house, &session, *cycle, &folder)?,
                "orders" => export_orders(house, &session, *cycle, &folder)?,
                other => {
                    return Err(Failure::input(format!("`{other}` is no kind: write accounts or orders")));
                }
            };
            told_files(&files)
        }
        Pay::Import { file, kind, channel } => {
            let channel = channel_of(house, channel.as_deref())?;
            let imported = match kind.as_str() {
                "accounts" => import_checks(house, &session, &channel, file)?,
                "orders" => import_orders(house, &session, &channel, file)?,
                "movements" => import_movements(house, &session, &channel, file)?,
                "receipts" => {
                    let folder = outbox(place, None)?;
                    let scope = session.scope("payment.import")?;
                    let paths = (file.as_path(), folder.as_path());
                    with_bar("import", |bar| {
                        payment::post::import_receipts(house, &scope, &channel, paths, bar)
                    })
                    .map_err(refused)?
                    .movements
                }
                other => {
                    return Err(Failure::input(format!(
                        "`{other}` is no kind: write accounts, orders, movements or receipts"
                    )));
                }
            };
            effects::carry(house)?;
            told_of(&imported)
        }
        Pay::Snap(command) => snap::run(place, house, command),
        Pay::Verify(command) => super::verify::run(house, command),
        Pay::Line { line, act, reason, by } => super::desk::line(house, *line, (act, reason), by.as_deref()),
        Pay::Problems(asked) => super::desk::problems(house, asked),
        Pay::Bulk(command) => super::desk::bulk(house, command),
        Pay::Cards(command) => cards::run(place, house, command),
        Pay::Untouched => {
            let scope = session.scope("payment.reconcile")?;
            let lines = with_bar("untouched", |bar| payment::ask_visits(house, &scope, bar))?;
            let opened = effects::carry(house)?;
            let said = format!("{} lines untouched, {opened} new visits", grouped(lines));
            Answer::of(&json!({"lines": lines, "opened": opened}), vec![said])
        }
        Pay::Plan(command) => super::plan::run(house, command),
        Pay::Deaths => super::plan::deaths(house),
        Pay::Books(command) => super::books::run(house, command),
        Pay::Reconcile { cycle } => {
            let totals = reconcile(house, &session, *cycle)?;
            Answer::of(&json!({"totals": &totals, "cycles": &totals.cycles}), sums(&totals))
        }
    }
}

/// Where files for channels go: the named folder, or `outbox` in the data folder.
pub(crate) fn outbox(place: &Place, named: Option<&Path>) -> anyhow::Result<PathBuf> {
    let folder = named.map_or_else(|| data_dir(place, "pilar-data").join("outbox"), Path::to_owned);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Which files were made.
pub(crate) fn told_files(files: &[FileMade]) -> anyhow::Result<Answer> {
    let lines = files.iter().map(|file| file.path.display().to_string()).collect();
    Answer::of(&json!({"files": files}), lines)
}

/// What an import did.
pub(crate) fn told_of(imported: &Imported) -> anyhow::Result<Answer> {
    let counts = &imported.file.counts;
    let mut lines = vec![format!("{} rows taken, {} known before", counts.taken, counts.known)];
    lines.extend(counts.refused.iter().map(|(kind, count)| format!("{count:>10}  {kind}")));
    if counts.later.taken > 0 {
        lines.push(format!("{} rows taken since, when their lines had moved", counts.later.taken));
    }
    Answer::of(imported, lines)
}

fn sums(totals: &Totals) -> Vec<String> {
    let parts = [
        ("ordered", totals.ordered_idr),
        ("topped up", totals.topped_up_idr),
        ("withdrawn", totals.withdrawn_idr),
        ("on card", totals.on_card_idr),
        ("returned", totals.returned_idr),
        ("pending", totals.pending_idr),
        ("unexplained", totals.unexplained_idr),
    ];
    let mut lines: Vec<String> =
        parts.iter().map(|(name, idr)| format!("{name:<12} {:>24}", idr.to_string())).collect();
    for kind in totals.cycles.iter().flat_map(|cycle| &cycle.unmatched) {
        lines.push(format!("{:>10} rows  {}", kind.rows, kind.kind));
    }
    lines.extend(totals.broken.iter().map(|law| format!("broken law: {law}")));
    lines
}

/// The list of a run that was approved.
pub(crate) fn approved(house: &House, session: &Session, run: &str) -> anyhow::Result<ApprovedList> {
    let scope = session.scope("decision.read")?;
    let run = targeting::run_page(house, &scope, run)?.run;
    if run.state != targeting::RunState::Approved {
        return Err(Failure::not_ready(format!(
            "run {} is not approved; run `pilar approve {} --as LOGIN`",
            run.run, run.run
        )));
    }
    Ok(ApprovedList {
        programme: run.programme,
        period: run.period,
        run: run.run,
        dataset: run.dataset,
        list_hash: run.dataset_hash,
        closing: run.closing,
    })
}

/// Lines of an approved run.
pub(crate) fn build(house: &House, session: &Session, run: &str) -> anyhow::Result<Built> {
    let list = approved(house, session, run)?;
    let scope = session.scope("payment.build")?;
    Ok(with_bar("build", |bar| payment::build(house, &scope, &list, bar))?)
}

/// Files that ask channels whether the accounts are right.
pub(crate) fn export_checks(
    house: &House,
    session: &Session,
    cycle: i64,
    folder: &Path,
) -> anyhow::Result<Vec<FileMade>> {
    let scope = session.scope("payment.export")?;
    Ok(with_bar("export", |bar| payment::export_account_checks(house, &scope, cycle, folder, bar))?)
}

/// An order and what comes next.
fn told_order(order: &OrderView) -> anyhow::Result<Answer> {
    let id = order.order_id;
    let next = match order.state.as_str() {
        "proposed" => format!("next: pilar pay approve {id} --as LOGIN --spm NUMBER"),
        "approved" => format!("next: pilar pay sp2d {id} --number NUMBER --on YYYY-MM-DD"),
        "disbursed" => format!("next: pilar pay export --cycle {} --kind orders", order.cycle_id),
        "sent" => "next: pilar pay import REPLY --kind orders".to_owned(),
        _ => format!("next: pilar pay order --cycle {}", order.cycle_id),
    };
    let amount = Rupiah::new(order.amount_idr);
    let lines = grouped(order.lines.unsigned_abs());
    Answer::of(order, vec![format!("order {id} is {}: {lines} lines, {amount}", order.state), next])
}

/// The order of a cycle and wave that still waits for somebody, or a new one of all its lines that are ready.
pub(crate) fn order(house: &House, maker: &Session, cycle: i64, wave: &Wave) -> anyhow::Result<OrderView> {
    let standing = payment::cycle_page(house, &maker.scope("payment.read")?, cycle)?.orders;
    let waits = |order: &OrderView| {
        !matches!(order.state.as_str(), "sent" | "cancelled")
            && wave.channel.as_ref().is_none_or(|channel| *channel == order.channel)
            && wave.region.as_ref().is_none_or(|region| *region == order.region)
    };
    if let Some(order) = standing.into_iter().find(waits) {
        return Ok(order);
    }
    Ok(payment::prepare_order(house, &maker.scope("payment.build")?, cycle, wave)?)
}

/// The files of all orders of a cycle that the treasury paid out.
pub(crate) fn export_orders(
    house: &House,
    session: &Session,
    cycle: i64,
    folder: &Path,
) -> anyhow::Result<Vec<FileMade>> {
    let orders = payment::cycle_page(house, &session.scope("payment.read")?, cycle)?.orders;
    let scope = session.scope("payment.export")?;
    let paid = orders.iter().filter(|order| matches!(order.state.as_str(), "disbursed" | "sent"));
    let files: Vec<FileMade> = paid
        .map(|order| {
            with_bar("export", |bar| payment::export_orders(house, &scope, order.order_id, folder, bar))
        })
        .collect::<Result<_, _>>()?;
    if files.is_empty() {
        return Err(Failure::not_ready(format!(
            "no order of cycle {cycle} was paid out by the treasury; see `pilar pay order`, `approve` and `sp2d`"
        )));
    }
    Ok(files)
}

/// As many approvals as the band of the sum asks for, by people of its role who have not approved yet.
pub(crate) fn approve_order(
    house: &House,
    approvers: &[Session],
    mut order: OrderView,
    spm: &str,
) -> anyhow::Result<OrderView> {
    for approver in approvers {
        if order.state != "proposed" {
            break;
        }
        let done = order.approvals.iter().any(|approval| approval.user_id == approver.user_id.0);
        if done || approver.role != order.approver_role {
            continue;
        }
        let scope = approver.scope("payment.approve")?;
        order = payment::approve_order(house, &scope, order.order_id, &order.list_hash, spm)?;
    }
    if order.state == "proposed" {
        return Err(Failure::not_allowed(format!(
            "order {} of {} needs {} people of the role `{}`; name them with --as LOGIN,LOGIN",
            order.order_id,
            Rupiah::new(order.amount_idr),
            order.approvals_needed,
            order.approver_role
        )));
    }
    Ok(order)
}

/// The channel's answers to an account check.
pub(crate) fn import_checks(
    house: &House,
    session: &Session,
    channel: &str,
    file: &Path,
) -> anyhow::Result<Imported> {
    let scope = session.scope("payment.import")?;
    with_bar("import", |bar| payment::import_account_replies(house, &scope, channel, file, bar))
        .map_err(refused)
}

/// The channel's answers to an order.
pub(crate) fn import_orders(
    house: &House,
    session: &Session,
    channel: &str,
    file: &Path,
) -> anyhow::Result<Imported> {
    let scope = session.scope("payment.import")?;
    with_bar("import", |bar| payment::import_order_replies(house, &scope, channel, file, bar))
        .map_err(refused)
}

/// Withdrawals and returns.
pub(crate) fn import_movements(
    house: &House,
    session: &Session,
    channel: &str,
    file: &Path,
) -> anyhow::Result<Imported> {
    let scope = session.scope("payment.import")?;
    with_bar("import", |bar| payment::import_movements(house, &scope, channel, file, bar)).map_err(refused)
}

/// The channel that was named, or the only one there is.
pub(crate) fn channel_of(house: &House, named: Option<&str>) -> anyhow::Result<String> {
    let channels = house.policy.channels();
    let known: Vec<&String> = channels.keys().collect();
    match named {
        Some(key) if channels.contains_key(key) => Ok(key.to_owned()),
        None if known.len() == 1 => Ok(known[0].clone()),
        _ => Err(Failure::input(format!(
            "name the channel that sent the file with --channel, one of {known:?}"
        ))),
    }
}

pub(crate) fn refused(error: payment::Error) -> anyhow::Error {
    Failure::input(error.to_string())
}

/// Sums over cycles, in rupiah. `unexplained_idr` is money in no named state or queue.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Totals {
    pub(crate) ordered_idr: Rupiah,
    pub(crate) topped_up_idr: Rupiah,
    pub(crate) withdrawn_idr: Rupiah,
    pub(crate) on_card_idr: Rupiah,
    pub(crate) returned_idr: Rupiah,
    pub(crate) pending_idr: Rupiah,
    pub(crate) unexplained_idr: Rupiah,
    /// Rows of channels that fit nothing, over all kinds.
    pub(crate) unmatched_rows: i64,
    /// Laws that do not hold, in words.
    pub(crate) broken: Vec<String>,
    #[serde(skip)]
    cycles: Vec<Reconciliation>,
}

impl Totals {
    fn add(&mut self, made: Reconciliation) -> anyhow::Result<()> {
        for (sum, idr) in [
            (&mut self.ordered_idr, made.ordered_idr),
            (&mut self.topped_up_idr, made.topped_up_idr),
            (&mut self.withdrawn_idr, made.withdrawn_idr),
            (&mut self.on_card_idr, made.on_card_idr),
            (&mut self.returned_idr, made.returned_idr),
            (&mut self.pending_idr, made.pending_idr),
            (&mut self.unexplained_idr, made.unexplained_idr),
        ] {
            *sum = sum.plus(Rupiah::new(idr))?;
        }
        self.unmatched_rows += made.unmatched.iter().map(|kind| kind.rows).sum::<i64>();
        self.broken.extend(made.broken.iter().cloned());
        self.cycles.push(made);
        Ok(())
    }
}

/// Everything added up, of one cycle or of all.
pub(crate) fn reconcile(house: &House, session: &Session, cycle: Option<i64>) -> anyhow::Result<Totals> {
    let scope = session.scope("payment.reconcile")?;
    let cycles = match cycle {
        Some(cycle) => vec![cycle],
        None => all_cycles(house, session)?,
    };
    let mut totals = Totals::default();
    for cycle in cycles {
        totals.add(with_bar("reconcile", |bar| payment::reconcile(house, &scope, cycle, bar))?)?;
    }
    Ok(totals)
}

fn all_cycles(house: &House, session: &Session) -> anyhow::Result<Vec<i64>> {
    let scope = session.scope("payment.read")?;
    let mut page = Page::first(500);
    let mut cycles = Vec::new();
    loop {
        let found = payment::cycles(house, &scope, &page)?;
        cycles.extend(found.items.iter().map(|cycle| cycle.cycle_id));
        page.after = found.next;
        if page.after.is_none() {
            return Ok(cycles);
        }
    }
}
