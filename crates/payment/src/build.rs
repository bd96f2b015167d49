//! From an approved decision list to payment lines, with what the payee is at the closing frozen into each.
//!
//! In: the list's dataset, checked against the approved hash; the closing's families and persons, all sorted by family, read once
//! and side by side. Out: one cycle and its lines. A killed build continues behind the last family that was written.

use access::{House, Scope};
use model::{Month, Progress};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use store::{Tx, Value, params};

use crate::{
    Error, Result,
    columns::{Columns, int_at},
    common, queries,
};

/// Families written in one transaction.
const BATCH: usize = 20_000;
/// The outcomes of a decision that are paid: receives by the rule; keeps its aid while its notice runs.
const PAID: [(i8, &str); 2] = [(1, "approved"), (3, "kept_for_now")];
/// The whole of a family's entitlement in one payment.
const WHOLE: &str = "whole";

/// A decision list that somebody other than its maker approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovedList {
    /// Key of the programme.
    pub programme: String,
    /// The period, as printed.
    pub period: String,
    /// The decision run.
    pub run: String,
    /// Its dataset in the lake.
    pub dataset: String,
    /// The content hash that was approved.
    pub list_hash: String,
    /// The closing it was decided on, such as `2026-11`.
    pub closing: String,
}

/// What a build made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Built {
    /// The cycle.
    pub cycle_id: i64,
    /// Its lines.
    pub lines: i64,
    /// Their sum.
    pub amount_idr: i64,
    /// Recipients who have a live payment of this programme and period already.
    pub skipped: i64,
}

/// A family that is to be paid, and who receives it.
struct Entitled {
    family: i64,
    amount: i64,
    region: String,
    /// Why it is paid.
    reason: &'static str,
    head: Option<i64>,
    payee: Option<Payee>,
}

struct Payee {
    person: i64,
    name: String,
    nik: i64,
}

/// Makes the cycle and the lines of an approved list. The same list again changes nothing.
///
/// # Errors
/// [`Error::ListChanged`] when the dataset is not what was approved, [`Error::AtWork`], store and lake errors.
pub fn build(house: &House, scope: &Scope, list: &ApprovedList, progress: &dyn Progress) -> Result<Built> {
    common::need(scope, "payment.build")?;
    let _lock = common::lock(house)?;
    let dataset = house.lake.require(&list.dataset)?;
    if dataset.manifest().hash != list.list_hash {
        return Err(Error::ListChanged);
    }
    let cycle = begin(house, scope, list)?;
    if cycle.state != "built" {
        let mut entitled = read_list(&dataset, list, progress)?;
        find_payees(house, list, &mut entitled, progress)?;
        let live = live_elsewhere(house, list, cycle.cycle_id)?;
        let total = entitled.len() as u64;
        let from = entitled.partition_point(|e| e.family <= cycle.mark);
        for (done, chunk) in entitled[from..].chunks(BATCH).enumerate() {
            house.db.write(|tx| write_lines(tx, house, scope, list, &cycle, chunk, &live))?;
            progress.report("payment lines", (from + (done + 1) * BATCH).min(total as usize) as u64, total);
        }
        house.db.write(|tx| {
            tx.execute(&queries::CYCLE_BUILT, params![cycle.cycle_id])?;
            common::refresh(tx, cycle.cycle_id)?;
            common::audit(tx, house, scope, &format!("cycle:{}", cycle.cycle_id), &list.run)
        })?;
    }
    let cycle = house.db.read(|tx| common::cycle(tx, cycle.cycle_id))?;
    Ok(Built {
        cycle_id: cycle.cycle_id,
        lines: cycle.lines,
        amount_idr: cycle.amount_idr,
        skipped: cycle.skipped,
    })
}

fn begin(house: &House, scope: &Scope, list: &ApprovedList) -> Result<common::Cycle> {
    let version = common::version(house, &list.programme, &list.closing)?;
    let channel = version
        .channel
        .clone()
        .filter(|_| version.pays_money())
        .ok_or_else(|| Error::NoMoney(list.programme.clone()))?;
    house.db.write(|tx| {
        let found =
            tx.query_opt(&queries::CYCLE_OF_RUN, params![&list.programme, &list.period, &list.run])?;
        if let Some(row) = found {
            return common::read_cycle(&row);
        }
        let cycle_id = store::next_number(tx, "payment_cycle", 1)?;
        let values = params![
            cycle_id,
            &list.programme,
            &list.period,
            &list.run,
            &list.dataset,
            &list.list_hash,
            &list.closing,
            &channel,
            house.clock.now_ms(),
            scope.actor(),
            scope.actor_name()
        ];
        tx.execute(&queries::CYCLE_ADD, values)?;
        common::cycle(tx, cycle_id)
    })
}

/// Families of the list that are to be paid, by id.
fn read_list(dataset: &lake::Dataset, list: &ApprovedList, progress: &dyn Progress) -> Result<Vec<Entitled>> {
    let (mut entitled, mut seen) = (Vec::new(), 0);
    for batch in dataset.read(&["family_id", "region", "outcome", "amount_idr"])? {
        let batch = batch?;
        let columns = Columns { dataset: &list.dataset, batch: &batch };
        let (family, region) = (columns.int64("family_id")?, columns.text("region")?);
        let (outcome, amount) = (columns.int8("outcome")?, columns.int64("amount_idr")?);
        for row in 0..batch.num_rows() {
            let paid = PAID.iter().find(|(code, _)| *code == outcome.value(row));
            if let Some((_, reason)) = paid.filter(|_| amount.value(row) > 0) {
                let region = region.value(row).to_owned();
                let (family, amount) = (family.value(row), amount.value(row));
                entitled.push(Entitled { family, amount, region, reason, head: None, payee: None });
            }
        }
        seen += batch.num_rows() as u64;
        progress.report("decision list", seen, dataset.rows());
    }
    entitled.sort_unstable_by_key(|e| e.family);
    Ok(entitled)
}

/// Finds the living, matched head of each family in the closing. Families without one keep no payee: their line waits for a
/// person.
fn find_payees(
    house: &House,
    list: &ApprovedList,
    entitled: &mut [Entitled],
    progress: &dyn Progress,
) -> Result<()> {
    let name = format!("closing/{}/families", list.closing);
    let mut at = 0;
    for batch in house.lake.require(&name)?.read(&["family_id", "head_person_id"])? {
        let batch = batch?;
        let columns = Columns { dataset: &name, batch: &batch };
        let (family, head) = (columns.int64("family_id")?, columns.int64("head_person_id")?);
        for row in 0..batch.num_rows() {
            at += entitled[at..].iter().take_while(|e| e.family < family.value(row)).count();
            if let Some(one) = entitled.get_mut(at).filter(|e| e.family == family.value(row)) {
                one.head = int_at(head, row);
            }
        }
    }
    let name = format!("closing/{}/persons", list.closing);
    let persons = house.lake.require(&name)?;
    let (mut at, mut seen) = (0, 0);
    for batch in persons.read(&["family_id", "person_id", "name", "nik", "alive", "matched"])? {
        let batch = batch?;
        let columns = Columns { dataset: &name, batch: &batch };
        let (family, person) = (columns.int64("family_id")?, columns.int64("person_id")?);
        let (names, nik) = (columns.text("name")?, columns.int64("nik")?);
        let (alive, matched) = (columns.bool("alive")?, columns.bool("matched")?);
        for row in 0..batch.num_rows() {
            at += entitled[at..].iter().take_while(|e| e.family < family.value(row)).count();
            let Some(one) = entitled.get_mut(at).filter(|e| e.family == family.value(row)) else { continue };
            let person = person.value(row);
            let Some(nik) = int_at(nik, row) else { continue };
            if one.head == Some(person) && alive.value(row) && matched.value(row) {
                one.payee = Some(Payee { person, name: names.value(row).to_owned(), nik });
            }
        }
        seen += batch.num_rows() as u64;
        progress.report("payees", seen, persons.rows());
    }
    Ok(())
}

/// Who has a live payment of this programme and period in another cycle.
fn live_elsewhere(house: &House, list: &ApprovedList, cycle_id: i64) -> Result<FxHashSet<i64>> {
    let of = params![&list.programme, &list.period, cycle_id];
    house.db.read(|tx| {
        let mut live = FxHashSet::default();
        if tx.query_one(&queries::CYCLE_OTHERS, of)?.int(0)? > 0 {
            tx.for_each(&queries::LIVE_ELSEWHERE, of, |row| {
                live.insert(row.int(0)?);
                Ok::<_, Error>(())
            })?;
        }
        Ok(live)
    })
}

const LINE_COLUMNS: &[&str] = &[
    "recipient",
    "line_id",
    "cycle_id",
    "programme",
    "period",
    "component",
    "region",
    "channel",
    "amount_idr",
    "payee",
    "payee_name",
    "payee_nik",
    "account",
    "eligibility",
    "account_state",
    "payment",
    "problem",
    "topped_up_idr",
    "withdrawn_idr",
    "returned_idr",
    "unpaid_idr",
    "live",
    "events",
    "changed_at",
];

fn write_lines(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    list: &ApprovedList,
    cycle: &common::Cycle,
    chunk: &[Entitled],
    live: &FxHashSet<i64>,
) -> Result<()> {
    let Some(last) = chunk.last() else { return Ok(()) };
    let paid: Vec<&Entitled> = chunk.iter().filter(|e| !live.contains(&e.family)).collect();
    let amount = model::Rupiah::sum(paid.iter().map(|e| model::Rupiah::new(e.amount)))?;
    let first = store::next_number(tx, "payment_line", paid.len() as i64)?;
    let (now, in_cash) = (house.clock.now_ms(), common::pays_cash(house, &cycle.channel));
    let rows = paid.iter().zip(first..).map(|(one, line_id)| {
        let account = in_cash.then(|| line_id.to_string());
        let (account_state, problem) = match (&one.payee, in_cash) {
            (None, _) => ("failed", Some("no_payee")),
            (Some(_), true) => ("not_needed", None),
            (Some(_), false) => ("unchecked", None),
        };
        let payee = one.payee.as_ref();
        vec![
            one.family.into(),
            line_id.into(),
            cycle.cycle_id.into(),
            (&list.programme).into(),
            (&list.period).into(),
            WHOLE.into(),
            (&one.region).into(),
            (&cycle.channel).into(),
            one.amount.into(),
            payee.map(|p| p.person).into(),
            payee.map_or("", |p| p.name.as_str()).into(),
            payee.map(|p| p.nik).into(),
            account.into(),
            "eligible".into(),
            account_state.into(),
            "set".into(),
            problem.into(),
            0.into(),
            0.into(),
            0.into(),
            0.into(),
            true.into(),
            1.into(),
            now.into(),
        ]
    });
    tx.bulk("payment_line", LINE_COLUMNS, rows)?;
    let document = format!("run:{}", list.run);
    let events = paid.iter().zip(first..).map(|(one, line_id)| {
        let next = if one.payee.is_some() { "check_account" } else { "repair_payee" };
        let step = ["eligibility", "eligible", one.reason, next].map(Value::from);
        let [kind, state, reason, next] = step;
        let (at, actor) = (now.into(), scope.actor_name().into());
        let keys = [one.family.into(), line_id.into(), 1.into(), at, actor];
        keys.into_iter().chain([kind, state, reason, next, (&document).into()]).collect()
    });
    tx.bulk("payment_event", common::EVENT_COLUMNS, events)?;
    let skipped = (chunk.len() - paid.len()) as i64;
    let counts = params![cycle.cycle_id, paid.len() as i64, amount, skipped, last.family];
    tx.execute(&queries::CYCLE_STEP, counts)?;
    Ok(())
}

/// The month of a closing, for the rule in force.
pub(crate) fn closing_month(closing: &str) -> Option<Month> {
    closing.parse().ok()
}
