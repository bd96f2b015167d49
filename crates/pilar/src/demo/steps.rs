//! The steps of the demo in their order. Each reads what it needs from what earlier steps found, so that it can be done again alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufReader, BufWriter},
    path::{Path, PathBuf},
};

use access::{House, Session};
use anyhow::Context;
use arrow_array::{
    Array,
    cast::AsArray,
    types::{Int8Type, Int64Type},
};
use jiff::ToSpan;
use linkage::Scores;
use model::{FamilyId, Month, Period, RegionCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use synth::{bank::Bank, desk::Desk};

use super::{DAY, Run, accounts, cards, truth};
use crate::{
    commands::{candidates, effects, lists, money, with_bar},
    measure::{Step, peak_rss_mb},
};

/// A list as synth wrote it, kept for the steps behind.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct List {
    source: String,
    name: String,
    path: PathBuf,
    as_of: jiff::civil::Date,
    bytes: u64,
}

/// Runs everything and gives back the parts of the last object: `linkage`, `decisions`, `payment`.
pub(super) fn all(run: &mut Run) -> anyhow::Result<Value> {
    let made = run.step("synth", synth)?;
    let files: Vec<List> = serde_json::from_value(made["files"].clone())?;
    let (ranks, people): (Vec<List>, Vec<List>) = files.into_iter().partition(|list| is_rank(run, list));
    let taken = run.step("intake", |run| intake(run, &made, &people))?;
    let linked = consolidate(run, &made, &taken)?;
    run.step("rank", |run| import_ranks(run, &ranks))?;
    let month = Month::of(DAY);
    run.step("closing", |run| close(run, month))?;
    run.step("accounts", |run| make_accounts(run, month))?;
    run.step("devices", |run| {
        let village = crowded(&accounts::read(&run.dir)?)?;
        super::devices::hand_over(run, &village, month)
    })?;
    let decided = run.step("targeting", |run| decide(run, month))?;
    let paid = run.step("payment", |run| pay(run, &decided))?;
    run.step("verification", |run| super::sample::ask(run, paid["cycles"][0].as_i64().unwrap_or_default()))?;
    run.step("desk", |run| super::desk::work(run, paid["cycles"][0].as_i64().unwrap_or_default()))?;
    let handed =
        run.step("goods", |run| super::goods::hand_out(run, &crowded(&accounts::read(&run.dir)?)?, month))?;
    run.step("funds", super::funds::fill)?;
    run.step("casework", super::casework::play)?;
    run.step("public", super::public::fill)?;
    run.step("pillars", super::pillars::fill)?;
    run.step("candidates", |run| put_forward(run, month))?;
    run.step("outcomes", super::outcomes::play)?;
    run.step("services", super::services::fill)?;
    run.step("pages", |run| list_pages(run, &decided, &paid, &handed))?;
    let goods = super::goods::figures(run, &handed)?;
    Ok(json!({
        "linkage": linked, "decisions": decided["programmes"], "payment": paid["totals"], "cards": paid["cards"], "goods": goods,
    }))
}

fn is_rank(run: &Run, list: &List) -> bool {
    run.house.policy.source(&list.source).is_some_and(|source| source.kind == policy::SourceKind::Rank)
}

fn synth(run: &Run) -> anyhow::Result<(u64, Value)> {
    let config = synth::Config {
        people: u32::try_from(run.people)?,
        seed: run.seed,
        dir: run.dir.clone(),
        today: DAY,
    };
    let made = with_bar("synth", |bar| synth::generate(&config, bar))?;
    let files: Vec<List> = made
        .files
        .iter()
        .map(|file| List {
            source: file.source.to_owned(),
            name: file.name.clone(),
            path: file.path.clone(),
            as_of: file.as_of,
            bytes: file.bytes,
        })
        .collect();
    let rows: u64 = made.files.iter().map(|file| file.rows).sum();
    let found = json!({
        "people": made.truth.people, "families": made.truth.families, "list_rows": rows,
        "files": files, "regions": made.regions, "truth": made.truth_file,
    });
    Ok((made.truth.people, found))
}

fn intake(run: &Run, made: &Value, people: &[List]) -> anyhow::Result<(u64, Value)> {
    with_bar("regions", |bar| registry::regions::load_embedded(&run.house.db, bar))?;
    let regions = made["regions"].as_str().context("synth named no regions")?;
    lists::import_regions(&run.house, Path::new(regions), "demo")?;
    let (mut rows, mut rejected, mut taken) = (0, 0, Vec::new());
    for list in people {
        let received = lists::receive(&run.house, &list.path, &list.source, Some(list.as_of))?;
        rows += received.rows_read;
        rejected += received.rows_rejected;
        taken.push((received.file_no, list.name.clone()));
    }
    Ok((rows, json!({"lists": people.len(), "rejected": rejected, "taken": taken})))
}

/// One call does linkage and registry; they are shown as two steps because they are two rooms.
fn consolidate(run: &mut Run, made: &Value, taken: &Value) -> anyhow::Result<Value> {
    let files: Vec<(u32, String)> = serde_json::from_value(taken["taken"].clone())?;
    let truth_file = PathBuf::from(made["truth"].as_str().context("synth named no truth")?);
    let mut linkage_seconds = 0.0;
    let mut records = 0;
    let figures = run.step("registry", |run| {
        let session = Session::console(&run.house);
        let done = with_bar("registry", |bar| registry::consolidate(&run.house, &session, bar))?;
        if let Some(metrics) = &done.linkage {
            linkage_seconds = metrics.seconds.iter().map(|(_, seconds)| seconds).sum();
        }
        let figures = &done.figures;
        records = figures.records.unsigned_abs();
        let found = json!({
            "version": done.version, "persons": figures.persons, "living": figures.living,
            "families": figures.families, "review": figures.review, "records": figures.records,
        });
        Ok((figures.persons.unsigned_abs(), found))
    })?;
    let version = figures["version"].as_i64().context("no version")?;
    let found = json!({"review": figures["review"], "records": figures["records"]});
    let scores = run.step("evaluation", |run| {
        let scores = truth::scores(&run.house, version, &truth_file, &files)?;
        let Scores { precision, recall, f1, true_pairs, .. } = scores;
        Ok((
            true_pairs,
            json!({"precision": rounded(precision), "recall": rounded(recall), "f1": rounded(f1)}),
        ))
    })?;
    let mut linked = found;
    if let (Some(linked), Value::Object(scores)) = (linked.as_object_mut(), scores) {
        linked.extend(scores);
    }
    let rows_per_s = (records as f64 / f64::max(linkage_seconds, 1e-9)).round();
    let step = Step {
        name: "linkage".to_owned(),
        seconds: (linkage_seconds * 1000.0).round() / 1000.0,
        rows: records,
        rows_per_s: if linkage_seconds > 0.0 { rows_per_s } else { 0.0 },
        peak_rss_mb: peak_rss_mb(),
    };
    run.finish(step, linked.clone())?;
    Ok(linked)
}

fn rounded(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

fn import_ranks(run: &Run, ranks: &[List]) -> anyhow::Result<(u64, Value)> {
    let files = ranks.iter().map(|list| (list.path.as_path(), Some(list.as_of)));
    let (received, published) = lists::import_ranks(&run.house, files)?;
    let families = published.families;
    let rows = received.iter().map(|list| list.rows_read).sum();
    Ok((rows, json!({"families": families})))
}

fn close(run: &Run, month: Month) -> anyhow::Result<(u64, Value)> {
    let session = Session::console(&run.house);
    let closed = with_bar("closing", |bar| registry::closing::close(&run.house, &session, month, bar))?;
    Ok((closed.families.unsigned_abs(), json!({"persons": closed.persons, "families": closed.families})))
}

fn make_accounts(run: &Run, month: Month) -> anyhow::Result<(u64, Value)> {
    let accounts = accounts::make(&run.house, &month.to_string())?;
    accounts::write(&run.dir, &accounts)?;
    Ok((accounts.accounts.len() as u64, json!({})))
}

/// Every programme of the pack that has a rule in force, for the period that its schedule takes; lists that pay money are approved.
fn decide(run: &Run, month: Month) -> anyhow::Result<(u64, Value)> {
    let house = &run.house;
    let accounts = accounts::read(&run.dir)?;
    let maker = accounts::who_may(house, &accounts, &["decision.run"], 0)?;
    let checker = accounts::who_may(house, &accounts, &["decision.approve"], 1)?;
    let stage = Period::Stage { year: DAY.year(), stage: (DAY.month() + 2) / 3 };
    let (mut families, mut programmes, mut runs) = (0, Map::new(), Vec::new());
    let wishes = targeting::wishes(&house.policy, stage, month);
    let scope = maker.scope("decision.run")?;
    list_before(house, &maker, &checker, &wishes, month)?;
    let all = with_bar("decide", |bar| targeting::decide_all(house, &scope, &wishes, month, &[], bar))?;
    for mut made in all {
        let pays = house
            .policy
            .programme(&made.programme)
            .and_then(|programme| programme.versions.iter().find(|version| version.key == made.version));
        // A list without anybody on it has nothing to order.
        let paid = made.totals.eligible > 0 && pays.is_some_and(policy::ProgrammeVersion::pays_money);
        if paid {
            let approval = checker.scope("decision.approve")?;
            made = targeting::approve(house, &approval, &made.run, &made.dataset_hash)?;
            runs.push(json!({"run": made.run, "programme": made.programme, "dataset": made.dataset}));
        }
        let totals = made.totals;
        families += totals.families.unsigned_abs();
        programmes.insert(
            made.programme,
            json!({
                "paid": paid, "period": made.period, "families": totals.families, "eligible": totals.eligible,
                "excluded": totals.not_eligible, "by_exclusion": totals.excluded, "unknown": totals.unknown,
                "waiting": totals.waiting, "amount_idr": totals.amount_idr, "list_hash": made.dataset_hash,
            }),
        );
    }
    let assigned = give_caseload(run, &accounts, &runs)?;
    keep_scenario(house, &maker, &runs, &wishes, month)?;
    Ok((families, json!({"programmes": programmes, "runs": runs, "assigned": assigned})))
}

/// The lists of the stage before, approved: what the present ones change, and whom they must give notice.
fn list_before(
    house: &access::House,
    maker: &Session,
    checker: &Session,
    wishes: &[targeting::Wish],
    month: Month,
) -> anyhow::Result<()> {
    let before = |wish: &targeting::Wish| {
        let Period::Stage { year, stage } = wish.period else { return None };
        let period = match stage {
            1 => Period::Stage { year: year - 1, stage: 4 },
            later => Period::Stage { year, stage: later - 1 },
        };
        let version = house.policy.programme(&wish.programme)?.during(period)?;
        let paid = version.enabled && version.schedule.accepts(period) && version.pays_money();
        paid.then(|| targeting::Wish { programme: wish.programme.clone(), period })
    };
    let earlier: Vec<targeting::Wish> = wishes.iter().filter_map(before).collect();
    let (scope, approval) = (maker.scope("decision.run")?, checker.scope("decision.approve")?);
    for made in targeting::decide_all(house, &scope, &earlier, month, &[], &model::Silent)? {
        if made.totals.eligible > 0 {
            targeting::approve(house, &approval, &made.run, &made.dataset_hash)?;
        }
    }
    Ok(())
}

/// One simulation to look at: the lists that are paid, with one decile less.
fn keep_scenario(
    house: &access::House,
    maker: &Session,
    runs: &[Value],
    wishes: &[targeting::Wish],
    month: Month,
) -> anyhow::Result<()> {
    const LIMIT: &str = "decile_max";
    let paid = |wish: &&targeting::Wish| runs.iter().any(|run| run["programme"] == wish.programme.as_str());
    let mut settings = Vec::new();
    let mut compared = Vec::new();
    for wish in wishes.iter().filter(paid) {
        let limit = house.policy.settable(&wish.programme).into_iter().find(|(name, _)| name == LIMIT);
        let Some((name, value)) = limit else { continue };
        settings.push(policy::Setting { programme: wish.programme.clone(), name, value: value - 1 });
        compared.push(wish.clone());
    }
    if compared.is_empty() {
        return Ok(());
    }
    let truth = "family.decile <= 2".to_owned();
    let question = targeting::Question { settings, truth, ..targeting::Question::default() };
    let scope = maker.scope("policy.read")?;
    let outside = web::outside::<anyhow::Error>(house, &scope, &question, month)?;
    let name = "Satu desil lebih sedikit";
    targeting::make_scenario(house, &scope, name, &compared, month, &question, &outside, &model::Silent)?;
    Ok(())
}

/// Gives each companion the first families of its territory that receive something.
fn give_caseload(run: &Run, accounts: &accounts::Accounts, runs: &[Value]) -> anyhow::Result<usize> {
    let house = &run.house;
    let limit = usize::try_from(house.policy.settings().work.caseload)?;
    let scope = Session::console(house).scope("assignment.manage")?;
    let mut assigned = 0;
    for account in &accounts.accounts {
        if !house.policy.roles().get(&account.role).is_some_and(|role| role.caseload) {
            continue;
        }
        let region = RegionCode::parse(&account.region)?;
        let mut families = Vec::new();
        for made in runs {
            receiving(house, made["dataset"].as_str().unwrap_or_default(), &region, limit, &mut families)?;
        }
        families.sort_unstable();
        families.dedup();
        families.truncate(limit);
        let session = accounts::session(house, &account.login)?;
        access::assign_families(house, &scope, session.user_id, &families)?;
        assigned += families.len();
    }
    Ok(assigned)
}

fn receiving(
    house: &access::House,
    dataset: &str,
    region: &RegionCode,
    limit: usize,
    families: &mut Vec<FamilyId>,
) -> anyhow::Result<()> {
    for batch in house.lake.require(dataset)?.read(&["family_id", "region", "outcome"])? {
        let batch = batch?;
        let ids = batch.column(0).as_primitive::<Int64Type>();
        let regions = batch.column(1).as_string::<i32>();
        let outcomes = batch.column(2).as_primitive::<Int8Type>();
        for row in 0..batch.num_rows() {
            let outcome = targeting::FamilyOutcome::from_code(outcomes.value(row).into());
            let paid = outcome.is_some_and(targeting::FamilyOutcome::receives);
            if paid && !regions.is_null(row) && regions.value(row) == region.as_str() {
                families.push(FamilyId(ids.value(row)));
                if families.len() >= 2 * limit {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// All that is ready is approved, and the invented treasury pays the same day. Orders that are through already stay as they are.
fn treasury(house: &House, treasurer: &Session, approvers: &[Session], cycle: i64) -> anyhow::Result<()> {
    let order = match money::order(house, treasurer, cycle, &payment::Wave::default()) {
        Ok(order) => order,
        Err(error) if matches!(error.downcast_ref(), Some(payment::Error::NothingToOrder)) => return Ok(()),
        Err(error) => return Err(error),
    };
    let id = order.order_id;
    let order = money::approve_order(house, approvers, order, &format!("SPM-{id:06}"))?;
    if order.state == "approved" {
        let sp2d = payment::Sp2d { number: format!("SP2D-{id:06}"), on: house.clock.today() };
        payment::disburse_order(house, &treasurer.scope("payment.export")?, id, &sp2d)?;
    }
    Ok(())
}

/// Lines, account checks, orders, replies, movements and the great sum, with the synthetic bank at the other end.
fn pay(run: &Run, decided: &Value) -> anyhow::Result<(u64, Value)> {
    let house = &run.house;
    let accounts = accounts::read(&run.dir)?;
    let treasurer = accounts::who_may(house, &accounts, &["payment.build", "payment.export"], 0)?;
    let approvers: Vec<Session> = approvers(house, &accounts, &treasurer)?;
    let bank = Bank::usual(run.seed, DAY);
    let outbox = run.dir.join("outbox");
    let inbox = run.dir.join("inbox");
    std::fs::create_dir_all(&outbox)?;
    let (mut lines, mut cycles, mut numbers) = (0, Vec::new(), BTreeMap::new());
    let mut locked = BTreeSet::new();
    for made in decided["runs"].as_array().into_iter().flatten() {
        let id = made["run"].as_str().context("a run without an id")?;
        let built = money::build(house, &treasurer, id)?;
        lines += built.lines.unsigned_abs();
        cycles.push(built.cycle_id);
        let folders = (outbox.as_path(), inbox.as_path());
        check_accounts(house, &treasurer, bank, built.cycle_id, folders, &mut numbers)?;
        let late = cards::open(run, &treasurer, &bank, built.cycle_id, (&outbox, &inbox), &mut locked)?;
        check_accounts(house, &treasurer, bank, built.cycle_id, folders, &mut numbers)?;
        treasury(house, &treasurer, &approvers, built.cycle_id)?;
        for request in money::export_orders(house, &treasurer, built.cycle_id, &outbox)? {
            let until = DAY.checked_add(45.days())?;
            if let Some(desk) = desk(house, bank, &request.channel, &mut numbers) {
                let (reply, _) = desk.answer_orders(&std::fs::read(&request.path)?)?;
                let path = arrived(&inbox, desk, "order_reply", &request, &reply)?;
                money::import_orders(house, &treasurer, &request.channel, &path)?;
                let (moves, _) = desk.movements(until)?;
                let path = arrived(&inbox, desk, "movements", &request, &moves)?;
                money::import_movements(house, &treasurer, &request.channel, &path)?;
                continue;
            }
            let reply = beside(&inbox, &request.path, "reply")?;
            answer(&request.path, &reply, |from, to| Ok(bank.answer_orders(from, to).map(|_| ())?))?;
            money::import_orders(house, &treasurer, &request.channel, &reply)?;
            let moves = beside(&inbox, &request.path, "movements")?;
            answer(&reply, &moves, |from, to| Ok(bank.movements(from, until, &locked, to).map(|_| ())?))?;
            money::import_movements(house, &treasurer, &request.channel, &moves)?;
        }
        cards::late(run, &treasurer, &late)?;
    }
    let cases = effects::carry(house)?;
    let totals = money::reconcile(house, &treasurer, None)?;
    let cards = cards::figures(run)?;
    let plan = super::plan::propose(house, &treasurer)?;
    let found = json!({
        "lines": lines, "cases": cases, "cycles": cycles, "totals": totals, "cards": cards, "plan": plan,
    });
    Ok((lines, found))
}

/// Asks about all accounts that nobody was asked about yet; an answer that was taken before changes nothing.
fn check_accounts<'h>(
    house: &'h access::House,
    treasurer: &Session,
    bank: Bank,
    cycle: i64,
    (outbox, inbox): (&Path, &Path),
    desks: &mut BTreeMap<String, Desk<'h>>,
) -> anyhow::Result<()> {
    for request in money::export_checks(house, treasurer, cycle, outbox)? {
        if let Some(desk) = desk(house, bank, &request.channel, desks) {
            let (reply, _) = desk.answer_account_checks(&std::fs::read(&request.path)?)?;
            let path = arrived(inbox, desk, "account_check_reply", &request, &reply)?;
            money::import_checks(house, treasurer, &request.channel, &path)?;
            continue;
        }
        let reply = beside(inbox, &request.path, "reply")?;
        answer(&request.path, &reply, |from, to| Ok(bank.answer_account_checks(from, to).map(|_| ())?))?;
        money::import_checks(house, treasurer, &request.channel, &reply)?;
    }
    Ok(())
}

/// The bank's counter for a channel whose files are not the bank's own plain CSV.
fn desk<'a, 'h>(
    house: &'h access::House,
    bank: Bank,
    channel: &str,
    desks: &'a mut BTreeMap<String, Desk<'h>>,
) -> Option<&'a mut Desk<'h>> {
    let channel = house.policy.channel(channel)?;
    let plain = |file: &policy::ChannelFile| file.names && file.header.is_empty() && file.delimiter == b',';
    if channel.files.iter().all(plain) {
        return None;
    }
    Some(desks.entry(channel.key.clone()).or_insert_with(|| Desk::new(bank, channel)))
}

/// An answer as it lies in the inbox, under the name that the layout gives it.
fn arrived(
    inbox: &Path,
    desk: &Desk<'_>,
    layout: &str,
    request: &payment::FileMade,
    reply: &[u8],
) -> anyhow::Result<PathBuf> {
    let layout = desk.channel.file(layout).context("a channel without this layout")?;
    let path = inbox.join(layout.pattern.replace("{batch}", &request.batch));
    std::fs::write(&path, reply).with_context(|| path.display().to_string())?;
    Ok(path)
}

/// Everybody who may approve orders, but not the maker.
fn approvers(
    house: &access::House,
    accounts: &accounts::Accounts,
    maker: &Session,
) -> anyhow::Result<Vec<Session>> {
    let mut sessions = Vec::new();
    for account in &accounts.accounts {
        let may = house.policy.roles().get(&account.role).is_some_and(|role| role.may("payment.approve"));
        if may && account.login != maker.login {
            sessions.push(accounts::session(house, &account.login)?);
        }
    }
    Ok(sessions)
}

/// `inbox/NAME-reply.csv` for `outbox/NAME.csv`.
fn beside(inbox: &Path, request: &Path, what: &str) -> anyhow::Result<PathBuf> {
    let stem = request.file_stem().and_then(|stem| stem.to_str()).context("a file without a name")?;
    Ok(inbox.join(format!("{stem}-{what}.csv")))
}

fn answer(
    request: &Path,
    reply: &Path,
    bank: impl FnOnce(BufReader<File>, &mut BufWriter<File>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let from = BufReader::new(File::open(request).with_context(|| request.display().to_string())?);
    let mut to = BufWriter::new(File::create(reply).with_context(|| reply.display().to_string())?);
    bank(from, &mut to)?;
    to.into_inner().context("could not write the bank's reply")?.sync_all()?;
    Ok(())
}

/// Families whom workflows look for stand in their companions' lists.
fn put_forward(run: &Run, month: Month) -> anyhow::Result<(u64, Value)> {
    let found = candidates::put_forward(&run.house, month, false)?;
    let sum = |of: fn(&casework::Tally) -> i64| found.iter().map(|one| of(&one.put.total)).sum::<i64>();
    let (found, opened) = (sum(|tally| tally.found), sum(|tally| tally.opened));
    Ok((opened.unsigned_abs(), json!({ "found": found, "opened": opened })))
}

/// Pages that the benchmark and the browser suite visit, each with an account that may see it.
fn list_pages(run: &Run, decided: &Value, paid: &Value, handed: &Value) -> anyhow::Result<(u64, Value)> {
    let house = &run.house;
    let mut accounts = accounts::read(&run.dir)?;
    let first = decided["runs"][0].clone();
    let mut families = Vec::new();
    receiving(house, first["dataset"].as_str().unwrap_or_default(), &crowded(&accounts)?, 1, &mut families)?;
    let family = families.first().context("no family receives anything")?;
    let programme = first["programme"].as_str().unwrap_or_default();
    let person = head_of(house, *family)?;
    let cycle = paid["cycles"][0].as_i64().unwrap_or_default();
    let run_id = first["run"].as_str().unwrap_or_default();
    let pages = [
        ("/beranda".to_owned(), "family.read"),
        ("/cari".to_owned(), "search"),
        ("/cari?q=siti".to_owned(), "search"),
        (format!("/keluarga/{family}"), "family.read"),
        (format!("/orang/{person}"), "person.read"),
        (format!("/keputusan/{run_id}/keluarga/{family}"), "decision.read"),
        ("/tinjau".to_owned(), "review.decide"),
        ("/daftar".to_owned(), "list.receive"),
        ("/daftar/1".to_owned(), "list.receive"),
        ("/program".to_owned(), "programme.read"),
        (format!("/program/{programme}"), "programme.read"),
        (format!("/keputusan/{run_id}"), "decision.run"),
        ("/pembayaran".to_owned(), "payment.build"),
        (format!("/pembayaran/siklus/{cycle}"), "payment.build"),
        ("/pembayaran/susulan".to_owned(), "payment.build"),
        ("/pembayaran/buku".to_owned(), "payment.build"),
        ("/pembayaran/status".to_owned(), "payment.read"),
        ("/dana".to_owned(), "fund.record"),
        ("/pilar".to_owned(), "pillar.manage"),
        ("/pilar/cakupan".to_owned(), "pillar.manage"),
        ("/kartu".to_owned(), "payment.read"),
        ("/verifikasi".to_owned(), "verify.draw"),
        ("/kepuasan".to_owned(), "survey.read"),
        ("/wilayah".to_owned(), "report.read"),
        ("/tugas".to_owned(), "case.work"),
        ("/pengguna".to_owned(), "user.manage"),
        ("/audit".to_owned(), "audit.read"),
        ("/komponen".to_owned(), "programme.read"),
    ];
    for (path, action) in pages.into_iter().chain(super::goods::pages(handed)) {
        let may = |account: &&accounts::Account| {
            house.policy.roles().get(&account.role).is_some_and(|role| role.may(action) && !role.caseload)
        };
        if let Some(account) = accounts.accounts.iter().rev().find(may) {
            let login = account.login.clone();
            accounts.pages.push(accounts::PageOf { path, login });
        }
    }
    accounts::write(&run.dir, &accounts)?;
    Ok((accounts.pages.len() as u64, json!({})))
}

pub(super) fn crowded(accounts: &accounts::Accounts) -> anyhow::Result<RegionCode> {
    let deepest =
        accounts.accounts.iter().max_by_key(|account| account.region.len()).context("no accounts")?;
    Ok(RegionCode::parse(&deepest.region)?)
}

fn head_of(house: &access::House, family: FamilyId) -> anyhow::Result<i64> {
    let closing = house.lake.require(&format!("closing/{}/families", Month::of(DAY)))?;
    let found = closing.lookup("family_id", &[family.0], &["head_person_id"])?;
    let heads = found.column(0).as_primitive::<Int64Type>();
    if heads.is_empty() || heads.is_null(0) {
        anyhow::bail!("family {family} has no head");
    }
    Ok(heads.value(0))
}
