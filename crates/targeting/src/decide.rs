//! The service that makes a decision: reads a closing, judges all families on all cores, settles, writes the
//! list and its figures.
//!
//! Idempotent: the run's id is a hash of everything that goes in, the list's bytes depend on nothing else,
//! and the database row is written last, in one transaction. A crash before that leaves nothing that counts;
//! the same command again makes the same run.

use std::{
    collections::BTreeMap,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use access::{House, Scope};
use arrow_array::{RecordBatch, cast::AsArray};
use lake::{Dataset, Origin};
use model::{Month, Period, Progress, RegionLevel, Rupiah};
use rayon::prelude::*;
use serde::Serialize;
use store::{Row, params};

use crate::{
    Error, FamilyOutcome, Result, archive, changes,
    closing::{Closing, families_of},
    columns::{Judged, int64},
    counts::{self, Counts, level_of},
    holders::{self, Before},
    list,
    pass::Pass,
    people::{self, Everybody},
    plan::{PlaceKind, Plan},
    queries,
    quota::Regions,
    settle::{Other, Settled, settle},
};

/// Families judged at once: their columns stay in a core's cache.
const JUDGE_FAMILIES: usize = 4 * 1024;
/// Changes when the meaning of a stored list changes: old runs are then other runs.
const FORMAT: &str = "decision 3";

/// Whether a run may be paid from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Made, not approved.
    Draft,
    /// A second person approved exactly this list.
    Approved,
}

/// Figures of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// Families of the closing.
    pub families: i64,
    /// That receive.
    pub eligible: i64,
    /// That wait for a place.
    pub waiting: i64,
    /// That keep what they had while their notice runs.
    pub kept: i64,
    /// That do not receive.
    pub not_eligible: i64,
    /// Of these: for an exclusion.
    pub excluded: i64,
    /// Of these: because something is not known.
    pub unknown: i64,
    /// What those that receive or keep their aid are given for the period.
    pub amount_idr: Rupiah,
}

/// A decision on all families of a closing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionRun {
    /// Its id: 16 hex digits of the hash of its inputs.
    pub run: String,
    /// Key of the programme.
    pub programme: String,
    /// What is decided for.
    pub period: String,
    /// Month of the closing.
    pub closing: String,
    /// Key of the programme's version.
    pub version: String,
    /// Day on which ages were read.
    pub reference_date: String,
    /// Hash of the policy pack.
    pub policy_hash: String,
    /// Name of the list in the lake.
    pub dataset: String,
    /// Hash of the list; an approval binds it.
    pub dataset_hash: String,
    /// Whether it may be paid from.
    pub state: RunState,
    /// Who made it.
    pub made_by: i64,
    /// Who made it, by name.
    pub made_by_name: String,
    /// When, milliseconds since the epoch.
    pub made_at_ms: i64,
    /// Who approved it.
    pub approved_by: Option<i64>,
    /// Who approved it, by name.
    pub approved_by_name: Option<String>,
    /// When, milliseconds since the epoch.
    pub approved_at_ms: Option<i64>,
    /// Figures.
    pub totals: Totals,
}

impl DecisionRun {
    /// Whether it is a list of candidates: people decide each case, it is never approved as a whole.
    pub fn candidates(&self, policy: &policy::Policy) -> bool {
        let programme = policy.programme(&self.programme);
        let version =
            programme.and_then(|found| found.versions.iter().find(|version| version.key == self.version));
        version.is_some_and(|version| version.selection == policy::Selection::Candidates)
    }
}

/// Name of a run's list in the lake. One row a family of the closing, sorted by `family_id`: `region`, `decile`;
/// `outcome` 0 does not receive, 1 receives, 2 waits for a place, 3 no longer passes and keeps what it had while its notice runs;
/// `amount_idr` for the period, 0 unless it receives; `trimmed_idr`, cut off by the yearly limit; `reason`, the place of the main
/// reason; `held`, `failed`, `unknown`, one bit a condition; `quota_place`, the rank in the quota's region; `noticed`, the day of a
/// notice that was given with an earlier list; for each component
/// `qualified_CODE` and `counted_CODE`, members. The manifest's note says which condition has which place
/// (`conditions`) and what each component pays (`components`).
pub fn dataset_name(programme: &str, period: Period, run: &str) -> String {
    format!("decisions/{programme}/{period}/{run}")
}

/// What is to be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Key of the programme.
    pub programme: String,
    /// For what.
    pub period: Period,
}

/// Every programme that is on and can be decided for a period: for the period itself, else for the month of the closing, else for
/// the year of the period, as its schedule takes it.
pub fn wishes(policy: &policy::Policy, period: Period, closing: Month) -> Vec<Wish> {
    let year = Period::Year(period.first_day().year());
    let wish = |programme: &policy::Programme| {
        let fits = |period: &Period| {
            programme
                .during(*period)
                .is_some_and(|version| version.enabled && version.schedule.accepts(*period))
        };
        let period = [period, Period::Month(closing), year].into_iter().find(fits)?;
        Some(Wish { programme: programme.key.clone(), period })
    };
    policy.programmes().values().filter_map(wish).collect()
}

/// Decides a programme for a period on a closing: all families, every condition, amounts, places.
///
/// # Errors The scope is not of the whole country, there is no such programme, rule, period or closing, or
/// lake and database fail.
pub fn decide(
    house: &House,
    scope: &Scope,
    programme: &str,
    period: Period,
    closing: Month,
    progress: &dyn Progress,
) -> Result<DecisionRun> {
    let wish = Wish { programme: programme.to_owned(), period };
    let mut made = decide_all(house, scope, &[wish], closing, &[], progress)?;
    made.pop().ok_or_else(|| Error::NoProgramme(programme.to_owned()))
}

/// Decides several programmes in one pass over a closing, as [`decide`] decides each: a programme that needs or is blocked by
/// another comes after it. The runs are in the order of the wishes. `objecting` are families, ascending, whose objection to being left
/// out is open: nothing ends for them with these lists.
///
/// # Errors As [`decide`]; also two wishes for one programme and period. Nothing is decided before all wishes are found possible.
pub fn decide_all(
    house: &House,
    scope: &Scope,
    wishes: &[Wish],
    closing: Month,
    objecting: &[i64],
    progress: &dyn Progress,
) -> Result<Vec<DecisionRun>> {
    if scope.region().level() != RegionLevel::Nation {
        return Err(Error::Territory);
    }
    let plan = |wish: &Wish| Plan::new(&house.policy, &wish.programme, wish.period, closing);
    let plans: Vec<Plan<'_>> = wishes.iter().map(plan).collect::<Result<_>>()?;
    if let Some(twice) = (1..wishes.len()).find(|&i| wishes[..i].contains(&wishes[i])) {
        return Err(Error::Twice(wishes[twice].programme.clone()));
    }
    let source = Closing::open(&house.lake, closing)?;
    let made = Decider { house, scope, closing, source: &source, objecting, progress };
    let mut runs: BTreeMap<usize, DecisionRun> = BTreeMap::new();
    let steps = in_order(&plans);
    // What was made before from the same inputs stands; whatever waits for a programme that is still to be made is made too.
    let mut open: Vec<usize> = Vec::new();
    for &number in steps.iter().flatten() {
        let waits = open.iter().any(|other| plans[number].waits_for(&plans[*other]));
        match if waits { None } else { made.already(&plans[number])? } {
            Some(run) => drop(runs.insert(number, run)),
            None => open.push(number),
        }
    }
    if !open.is_empty() {
        let again = |number: &usize| plan(&wishes[*number]);
        let pass = Pass::new(&house.policy, open.iter().map(again).collect::<Result<_>>()?);
        let families = source.all_families(&pass.sources.family_columns)?;
        let judged = judge_all(&pass, &source, &families, progress)?;
        progress.report("join", 0, 0);
        let regions = Regions::new(&text_column(&families, "region"));
        progress.report("regions", 0, 0);
        let by_person = pass.plans.iter().any(|plan| plan.by_person);
        let ids = int64(&families, "family_id")?.values();
        let everybody = if by_person { Some(Everybody::read(&source.people, ids)?) } else { None };
        let all = All {
            judged: &judged,
            families: &families,
            regions: &regions,
            everybody: everybody.as_ref(),
            like: OnceLock::new(),
        };
        let settle = |number: usize| -> Result<(usize, DecisionRun)> {
            let at = open.iter().position(|other| *other == number).unwrap_or_default();
            Ok((number, made.make(&pass, at, &all)?))
        };
        for step in &steps {
            let step: Vec<usize> = step.iter().copied().filter(|number| open.contains(number)).collect();
            // Two at a time: each writes on one core, and holds a rank for every family.
            for some in step.chunks(2) {
                let done: Vec<_> = some.par_iter().map(|number| settle(*number)).collect::<Result<_>>()?;
                runs.extend(done);
            }
        }
    }
    Ok(runs.into_values().collect())
}

/// Numbers of plans, step by step: those of a step wait only for those of the steps before. The pack has no circles.
pub(crate) fn in_order(plans: &[Plan<'_>]) -> Vec<Vec<usize>> {
    let mut left: Vec<usize> = (0..plans.len()).collect();
    let mut steps = Vec::new();
    while !left.is_empty() {
        let free = |number: &usize| !left.iter().any(|other| plans[*number].waits_for(&plans[*other]));
        let (mut step, rest): (Vec<usize>, Vec<usize>) = left.iter().partition(|number| free(number));
        if step.is_empty() {
            step.clone_from(&left);
            left.clear();
        } else {
            left = rest;
        }
        steps.push(step);
    }
    steps
}

/// What making a run needs.
struct Decider<'a> {
    house: &'a House,
    scope: &'a Scope,
    closing: Month,
    source: &'a Closing,
    objecting: &'a [i64],
    progress: &'a dyn Progress,
}

/// What is known of everybody, once for all plans.
struct All<'a> {
    judged: &'a Judged,
    families: &'a RecordBatch,
    regions: &'a Regions,
    /// Where some plan decides persons.
    everybody: Option<&'a Everybody>,
    /// The first list that was written.
    like: OnceLock<Dataset>,
}

/// A run before it is made.
struct Begun {
    run: String,
    dataset: String,
    others: OtherLists,
    before: Option<Before>,
    inputs: Vec<String>,
}

impl Decider<'_> {
    /// Everything that goes into a run.
    fn begin(&self, plan: &Plan<'_>) -> Result<Begun> {
        let others = other_lists(self.house, plan)?;
        let before = holders::before(self.house, plan, self.objecting)?;
        let lists =
            others.iter().filter_map(|(_, _, list)| list.as_ref()).chain(before.iter().map(|one| &one.list));
        let mut inputs: Vec<String> = lists.map(|list| list.manifest().hash.clone()).collect();
        inputs.insert(0, self.source.families.manifest().hash.clone());
        inputs.insert(0, self.source.people.manifest().hash.clone());
        let run = run_id(plan, self.house.policy.hash(), &inputs, before.as_ref());
        let dataset = dataset_name(&plan.programme.key, plan.period, &run);
        Ok(Begun { run, dataset, others, before, inputs })
    }

    fn already(&self, plan: &Plan<'_>) -> Result<Option<DecisionRun>> {
        let begun = self.begin(plan)?;
        made_already(self.house, &begun.run, &begun.dataset)
    }

    fn make(&self, pass: &Pass<'_>, number: usize, all: &All<'_>) -> Result<DecisionRun> {
        let &All { judged, families, regions, everybody, ref like } = all;
        let plan = &pass.plans[number];
        let begun = self.begin(plan)?;
        if let Some(made) = made_already(self.house, &begun.run, &begun.dataset)? {
            return Ok(made);
        }
        archive::keep(self.house)?;
        let family_ids = int64(families, "family_id")?.values();
        let others = read_others(&begun.others)?;
        let before = begun.before.as_ref();
        let holders = |before: &Before| before.holders(self.house, plan.period, self.source, family_ids);
        let holders = before.map(holders).transpose()?;
        let settled = settle(pass, number, judged, family_ids, regions, &others, holders.as_ref());
        self.progress.report("settle", number as u64, pass.plans.len() as u64);
        let figures = counts::count(&settled, regions)?;
        self.progress.report("count", number as u64, pass.plans.len() as u64);
        self.progress.report("write", number as u64, pass.plans.len() as u64);
        let origin = Origin {
            made_by: "targeting".to_owned(),
            inputs: begun.inputs.clone(),
            policy: self.house.policy.hash().to_owned(),
            note: list::note(plan, &begun.run, self.closing, begun.before.as_ref()),
        };
        let changed = match (&begun.before, &holders) {
            (Some(before), Some(holders)) => {
                let lines = changes::changes(&settled, holders, family_ids, regions)?;
                self.write_changes(plan, &begun, before, &lines, &origin)?;
                changes::sums(&lines)?
            }
            _ => changes::Sums::new(),
        };
        if let Some(everybody) = everybody.filter(|_| plan.by_person) {
            people::write(self.house, &begun.run, families, regions, everybody, &settled, origin.clone())?;
        }
        let manifest = list::write(self.house, &begun.dataset, families, &settled, origin, like.get())?;
        if like.get().is_none() {
            // Whoever was faster is as good.
            let _set = like.set(self.house.lake.require(&manifest.name)?).is_ok();
        }
        let kept = ToKeep { run: &begun.run, manifest: &manifest, figures: &figures, changed: &changed };
        save(self.house, self.scope, self.closing, &kept, &settled)?;
        read_run_by_id(self.house, &begun.run)
    }

    /// What changes, and whom an objection protected: all that is needed to make the list again.
    fn write_changes(
        &self,
        plan: &Plan<'_>,
        begun: &Begun,
        before: &Before,
        lines: &[changes::ChangeLine],
        origin: &Origin,
    ) -> Result<()> {
        let (programme, period) = (&plan.programme.key, plan.period.to_string());
        changes::write(self.house, &changes::name_of(programme, &period, &begun.run), lines, origin.clone())?;
        for (kind, families) in [("objecting", &before.objecting), ("renewed", &before.renewed)] {
            if !families.is_empty() {
                let name = holders::protected_name(programme, &period, &begun.run, kind);
                holders::write_families(self.house, &name, families, origin.clone())?;
            }
        }
        Ok(())
    }
}

/// What is kept of a run in the database.
struct ToKeep<'a> {
    run: &'a str,
    manifest: &'a lake::Manifest,
    figures: &'a Counts,
    changed: &'a changes::Sums,
}

/// The lists of the programmes that may stand in the way, by number of the combination and key; none where nothing is decided yet.
type OtherLists = Vec<(usize, String, Option<lake::Dataset>)>;

fn other_lists(house: &House, plan: &Plan<'_>) -> Result<OtherLists> {
    let mut lists = Vec::new();
    for place in &plan.places {
        let PlaceKind::Combination(combination) = place.of else { continue };
        let (from, to) = (plan.period.first_day(), plan.period.last_day());
        for with in plan.version.combinations[combination].programmes() {
            let values = params![with, from, to];
            let found = house.db.read(|tx| tx.query_opt(&queries::RUN_OVERLAPPING, values))?;
            let list = match found {
                Some(row) => Some(house.lake.require(row.text(0)?)?),
                None => None,
            };
            lists.push((combination, with.to_owned(), list));
        }
    }
    Ok(lists)
}

/// Who receives by these lists.
fn read_others(lists: &OtherLists) -> Result<Vec<Other>> {
    let read = |(combination, programme, list): &(usize, String, Option<lake::Dataset>)| {
        let recipients = list.as_ref().map(recipients).transpose()?;
        Ok(Other { combination: *combination, programme: programme.clone(), recipients })
    };
    lists.iter().map(read).collect()
}

/// Who receives the programmes that may stand in the way, as decided by now.
pub(crate) fn others(house: &House, plan: &Plan<'_>) -> Result<Vec<Other>> {
    read_others(&other_lists(house, plan)?)
}

pub(crate) fn recipients(list: &lake::Dataset) -> Result<Vec<i64>> {
    let all = list.read_all(&["family_id", "outcome"])?;
    let ids = int64(&all, "family_id")?.values();
    let outcomes = all.column(1).as_primitive::<arrow_array::types::Int8Type>().values();
    let receives = |(id, outcome): (&i64, &i8)| {
        FamilyOutcome::from_code((*outcome).into()).is_some_and(FamilyOutcome::receives).then_some(*id)
    };
    Ok(ids.iter().zip(outcomes).filter_map(receives).collect())
}

fn run_id(plan: &Plan<'_>, policy_hash: &str, inputs: &[String], before: Option<&Before>) -> String {
    let mut hasher = blake3::Hasher::new();
    let period = plan.period.to_string();
    let parts = [FORMAT, &plan.programme.key, &period, &plan.version.key, policy_hash];
    for part in parts.into_iter().chain(inputs.iter().map(String::as_str)) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    if let Some(before) = before {
        hasher.update(before.approved_on.to_string().as_bytes());
        for families in [&before.objecting, &before.renewed] {
            hasher.update(&(families.len() as u64).to_le_bytes());
            for family in families {
                hasher.update(&family.to_le_bytes());
            }
        }
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// The run as it stands, if it is in the database and its list is in the lake.
fn made_already(house: &House, run: &str, dataset: &str) -> Result<Option<DecisionRun>> {
    let Some(row) = house.db.read(|tx| tx.query_opt(&queries::RUN, params![run]))? else { return Ok(None) };
    let made = read_run(&row)?;
    let list = house.lake.dataset(dataset)?;
    Ok(list.is_some_and(|list| list.manifest().hash == made.dataset_hash).then_some(made))
}

pub(crate) fn judge_all(
    pass: &Pass<'_>,
    source: &Closing,
    families: &RecordBatch,
    progress: &dyn Progress,
) -> Result<Judged> {
    let total = families.num_rows() as u64;
    let done = AtomicU64::new(0);
    let judge = |chunk| -> Result<Judged> {
        let own = families_of(chunk, families)?;
        let people = source.people_of(chunk, &pass.sources.person_columns)?;
        let judged = judge_in_steps(pass, &own, &people)?;
        let rows = own.num_rows() as u64;
        progress.report("decide", done.fetch_add(rows, Ordering::Relaxed) + rows, total);
        Ok(judged)
    };
    // Collected in the order of chunks: the number of threads does not show in the result.
    let chunks: Result<Vec<Judged>> = source.chunks()?.into_par_iter().map(judge).collect();
    let mut all = Judged::expecting(families.num_rows());
    chunks?.into_iter().for_each(|chunk| all.append(chunk));
    Ok(all)
}

/// The same as judging all of them at once.
fn judge_in_steps(pass: &Pass<'_>, families: &RecordBatch, people: &RecordBatch) -> Result<Judged> {
    let (family_ids, people_of) =
        (int64(families, "family_id")?.values(), int64(people, "family_id")?.values());
    let mut all = Judged::default();
    let (mut family, mut person) = (0, 0);
    // Once at least: no families still have their columns.
    loop {
        let next = (family + JUDGE_FAMILIES).min(families.num_rows());
        let until = match family_ids.get(next) {
            Some(&id) => people_of.partition_point(|&of| of < id),
            None => people.num_rows(),
        };
        let own = families.slice(family, next - family);
        all.append(pass.judge(&own, &people.slice(person, until - person))?);
        (family, person) = (next, until);
        if family == families.num_rows() {
            return Ok(all);
        }
    }
}

/// The texts of a column; none where it is unknown or no text.
pub(crate) fn text_column<'a>(batch: &'a RecordBatch, name: &str) -> Vec<Option<&'a str>> {
    match batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>()) {
        Some(column) => column.iter().collect(),
        None => vec![None; batch.num_rows()],
    }
}

fn save(
    house: &House,
    scope: &Scope,
    closing: Month,
    kept: &ToKeep<'_>,
    settled: &Settled<'_>,
) -> Result<()> {
    let ToKeep { run, manifest, figures, changed } = *kept;
    let (plan, totals) = (settled.plan, figures.totals);
    let code = |place: Option<u32>| place.map_or("", |place| plan.places[place as usize].code.as_str());
    house.db.write(|tx| {
        let (from, to) = (plan.period.first_day(), plan.period.last_day());
        let period = plan.period.to_string();
        let (made_by, made_by_name) = scope.actor_pair();
        let added = tx.execute(
            &queries::RUN_ADD,
            params![
                run,
                &plan.programme.key,
                &period,
                from,
                to,
                closing.to_string(),
                &plan.version.key,
                plan.reference_day,
                house.policy.hash(),
                &manifest.name,
                &manifest.hash,
                totals.families,
                totals.eligible,
                totals.waiting,
                totals.not_eligible,
                totals.excluded,
                totals.unknown,
                totals.amount_idr,
                made_by,
                made_by_name,
                house.clock.now_ms(),
                totals.kept,
            ],
        )?;
        if added == 0 {
            // The run was made before and only its list was missing; its figures are those of this list.
            return Ok(());
        }
        const COUNT: &[&str] =
            &["run", "region", "level", "outcome", "reason", "unknown", "families", "amount_idr"];
        let counts = figures.by_region.iter().map(|((region, (outcome, reason, unknown)), cell)| {
            params![
                run,
                region,
                level_of(region),
                outcome.code(),
                code(*reason),
                *unknown,
                cell.families,
                cell.amount,
            ]
            .to_vec()
        });
        tx.bulk("decision_count", COUNT, counts)?;
        const CONDITION: &[&str] = &["run", "place", "code", "held", "failed", "unknown"];
        let conditions =
            plan.places.iter().zip(&figures.conditions).map(|(place, [held, failed, unknown])| {
                params![run, place.place, &place.code, *held, *failed, *unknown].to_vec()
            });
        tx.bulk("decision_condition", CONDITION, conditions)?;
        const COMPONENT: &[&str] = &["run", "seq", "code", "qualified", "counted", "families"];
        let components = plan.components.iter().zip(&figures.components).enumerate().map(
            |(seq, (component, [qualified, counted, families]))| {
                params![run, seq as i64, &component.code, *qualified, *counted, *families].to_vec()
            },
        );
        tx.bulk("decision_component", COMPONENT, components)?;
        const QUOTA: &[&str] =
            &["run", "region", "families", "places", "eligible", "inside", "kept", "waiting"];
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let quotas = settled.places.iter().flat_map(|places| &places.regions).map(|region| {
            params![
                run,
                &region.region,
                number(region.families),
                number(region.places),
                number(region.eligible),
                number(region.inside),
                number(region.kept),
                number(region.waiting),
            ]
            .to_vec()
        });
        tx.bulk("decision_quota", QUOTA, quotas)?;
        changes::save(tx, run, changed)?;
        let subject = format!("run:{run}");
        let detail = format!("{} {period} closing {closing} list {}", plan.programme.key, manifest.hash);
        access::audit(tx, house.clock.as_ref(), scope.actor_pair(), "decision.run", &subject, &detail)
    })?;
    Ok(())
}

/// A run by its id.
pub(crate) fn read_run_by_id(house: &House, run: &str) -> Result<DecisionRun> {
    let row = house.db.read(|tx| tx.query_opt(&queries::RUN, params![run]))?;
    read_run(&row.ok_or_else(|| Error::NoRun(run.chars().take(40).collect()))?)
}

pub(crate) fn read_run(row: &Row) -> Result<DecisionRun> {
    Ok(DecisionRun {
        run: row.string(0)?,
        programme: row.string(1)?,
        period: row.string(2)?,
        closing: row.string(3)?,
        version: row.string(4)?,
        reference_date: row.string(5)?,
        policy_hash: row.string(6)?,
        dataset: row.string(7)?,
        dataset_hash: row.string(8)?,
        state: if row.text(9)? == "approved" { RunState::Approved } else { RunState::Draft },
        made_by: row.int(10)?,
        made_by_name: row.string(11)?,
        made_at_ms: row.int(12)?,
        approved_by: row.opt_int(13)?,
        approved_by_name: row.opt_string(14)?,
        approved_at_ms: row.opt_int(15)?,
        totals: Totals {
            families: row.int(16)?,
            eligible: row.int(17)?,
            waiting: row.int(18)?,
            not_eligible: row.int(19)?,
            excluded: row.int(20)?,
            unknown: row.int(21)?,
            amount_idr: row.rupiah(22)?,
            kept: row.int(23)?,
        },
    })
}
