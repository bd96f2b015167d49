//! "Why, why not": the decision on one family, condition by condition, with the values it rests on.
//! Recomputed row by row from the closing and compared with the stored list: a disagreement is shown, never
//! smoothed over.

use std::collections::BTreeMap;

use access::{House, Scope};
use arrow_array::{
    Array, RecordBatch,
    cast::AsArray,
    types::{Int8Type, Int16Type, Int32Type},
};
use model::{Month, Outcome, Period, ReasonKind, RegionCode, Rupiah};
use policy::{FactRule, Reduce};
use rules::{Label, Step, Traced, Value};
use serde::Serialize;
use store::params;

use crate::{
    DecisionRun, Error, FamilyOutcome, Result,
    closing::Closing,
    columns::int64,
    decide::{read_run, read_run_by_id, text_column},
    family::{FamilyData, FamilyJudged},
    plan::{Place, PlaceKind, Plan},
    queries,
    rule_view::in_words,
    views::{outcome_at, outside, quota_count, reason_text},
};

/// Runs of a programme looked at for one family.
const RUNS_SHOWN: i64 = 12;

/// The decision on one family, explained.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The run.
    pub run: DecisionRun,
    /// Name of the programme.
    pub programme: Label,
    /// The family.
    pub family_id: i64,
    /// Its village at the closing.
    pub region: String,
    /// How it came out.
    pub outcome: FamilyOutcome,
    /// What it receives for the period.
    pub amount_idr: Rupiah,
    /// What it would receive if it were eligible.
    pub would_be_idr: Rupiah,
    /// What the yearly limit cut off.
    pub trimmed_idr: Rupiah,
    /// The amount that every family receives, part of the amount.
    pub flat_idr: Rupiah,
    /// The main reason; none for those who receive.
    pub reason: Option<ReasonView>,
    /// Every condition.
    pub conditions: Vec<ConditionView>,
    /// Every component.
    pub components: Vec<ComponentView>,
    /// The limits over all components, in words.
    pub cap: Option<Label>,
    /// Its place in the quota.
    pub quota: Option<QuotaPlace>,
    /// Whether the recomputation from the closing gives what is stored.
    pub agrees: bool,
    /// Whether the policy pack in force is the one of the run; if not, words may differ from those of that
    /// day.
    pub same_policy: bool,
}

/// The main reason against a family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonView {
    /// Stable code.
    pub code: String,
    /// What it is.
    pub kind: ReasonKind,
    /// Its words.
    pub text: Label,
    /// Status word of an exclusion.
    pub status: Option<String>,
    /// The word that SIKS-NG prints.
    pub siks_ng: Option<String>,
    /// What the family can do about it.
    pub remedy: Option<Label>,
    /// What is not known, if that is why.
    pub unknown: Vec<Label>,
}

/// One condition with its value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConditionView {
    /// Stable code.
    pub code: String,
    /// What it is.
    pub kind: ReasonKind,
    /// For the reader of a decision.
    pub text: Label,
    /// The expression in words; empty where there is none.
    pub words: Label,
    /// How it came out.
    pub outcome: Outcome,
    /// Whether that speaks for the family (or at least not against it).
    pub in_favour: bool,
    /// Its parts with their values.
    pub steps: Vec<Step>,
    /// What is not known, if the outcome is unknown.
    pub unknown: Vec<Label>,
    /// Members behind the counted facts of this condition.
    pub members: Vec<MembersOfFact>,
}

/// The members for whom a counted fact holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MembersOfFact {
    /// The fact.
    pub label: Label,
    /// The members.
    pub person_ids: Vec<i64>,
}

/// One component in one family.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComponentView {
    /// Stable code.
    pub code: String,
    /// Name.
    pub label: Label,
    /// Kind.
    pub group: String,
    /// Who counts, in words.
    pub words: Label,
    /// For one person, for the period.
    pub amount_idr: Rupiah,
    /// At most so many persons of a family.
    pub max_per_family: Option<u32>,
    /// Members for whom the condition is true.
    pub qualified: u32,
    /// Members who count.
    pub counted: u32,
    /// Every member.
    pub people: Vec<PersonComponent>,
}

/// One member under one component.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PersonComponent {
    /// The member.
    pub person_id: i64,
    /// Whether the condition is true for the member.
    pub outcome: Outcome,
    /// Whether the member counts here.
    pub counted: bool,
    /// Code of the component for which the member counts, here or elsewhere.
    pub counts_for: Option<String>,
    /// The condition's parts with their values.
    pub steps: Vec<Step>,
    /// What is not known, if the outcome is unknown.
    pub unknown: Vec<Label>,
}

/// A family's place in the quota of its region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuotaPlace {
    /// The region in which places are given out.
    pub region: String,
    /// Rank of the family, from 1.
    pub rank: i64,
    /// Places in the region.
    pub places: i64,
    /// Families that would receive.
    pub eligible: i64,
}

/// A family's decision in one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FamilyDecision {
    /// The run.
    pub run: DecisionRun,
    /// Name of the programme.
    pub programme: Label,
    /// How the family came out.
    pub outcome: FamilyOutcome,
    /// What it receives for the period.
    pub amount_idr: Rupiah,
    /// Code of the main reason.
    pub reason: Option<String>,
    /// Its words.
    pub reason_text: Option<Label>,
}

/// Explains a run's decision on a family.
///
/// # Errors
/// [`Error::NoRun`]; [`Error::NotFound`] for a family outside the scope or the closing.
pub fn explain(house: &House, scope: &Scope, run: &str, family_id: i64) -> Result<Explanation> {
    let run = read_run_by_id(house, run)?;
    let broken = |why: &str| Error::BrokenRun { run: run.run.clone(), why: why.to_owned() };
    let period: Period = run.period.parse().map_err(|_| broken("its period is none"))?;
    let closing: Month = run.closing.parse().map_err(|_| broken("its closing is none"))?;
    let stored = Stored::find(house, scope, &run, family_id)?.ok_or(Error::NotFound)?;
    let plan = Plan::new(&house.policy, &run.programme, period, closing)?;
    let mut data = Closing::open(&house.lake, closing)?.family(family_id, &plan)?.ok_or(Error::NotFound)?;
    let judged = plan.judge_family(&mut data)?;
    let agrees = stored.agrees_with(&plan, &data, &judged);
    let conditions: Vec<ConditionView> =
        plan.places.iter().map(|place| condition_view(&plan, place, &stored, &data, &judged)).collect();
    let reason = stored.reason.and_then(|place| conditions.get(place as usize)).map(|condition| {
        let exclusion = plan.version.exclusions.iter().find(|exclusion| exclusion.code == condition.code);
        ReasonView {
            code: condition.code.clone(),
            kind: condition.kind,
            text: condition.text.clone(),
            status: exclusion.map(|exclusion| exclusion.status.clone()),
            siks_ng: exclusion.map(|exclusion| exclusion.siks_ng.clone()),
            remedy: exclusion.map(|exclusion| exclusion.remedy.clone()),
            unknown: condition.unknown.clone(),
        }
    });
    Ok(Explanation {
        programme: plan.programme.label.clone(),
        family_id,
        outcome: stored.outcome,
        amount_idr: stored.amount,
        would_be_idr: judged.amount,
        trimmed_idr: judged.counted.trimmed,
        flat_idr: plan.flat,
        reason,
        conditions,
        components: component_views(&plan, &data, &judged),
        cap: plan.version.cap.as_ref().map(|cap| cap.text.clone()),
        quota: quota_place(house, &plan, &run, &stored)?,
        agrees,
        same_policy: house.policy.hash() == run.policy_hash,
        region: stored.region,
        run,
    })
}

/// A family's decisions across programmes: of each period the approved run, else the latest.
///
/// # Errors
/// The lake's and the database's. A family outside the scope has none.
pub fn family_decisions(house: &House, scope: &Scope, family_id: i64) -> Result<Vec<FamilyDecision>> {
    let mut out = Vec::new();
    for programme in house.policy.programmes().values() {
        let rows = house.db.read(|tx| tx.query(&queries::RUNS_OF, params![&programme.key, RUNS_SHOWN]))?;
        let mut best: BTreeMap<String, DecisionRun> = BTreeMap::new();
        for row in &rows {
            let run = read_run(row)?;
            let rank = |run: &DecisionRun| (run.approved_at_ms.is_some(), run.made_at_ms);
            if best.get(&run.period).is_none_or(|held| rank(held) < rank(&run)) {
                best.insert(run.period.clone(), run);
            }
        }
        for run in best.into_values().rev() {
            let Some(stored) = Stored::find(house, scope, &run, family_id)? else { continue };
            let reason = stored.reason_code(house, &run)?;
            out.push(FamilyDecision {
                programme: programme.label.clone(),
                outcome: stored.outcome,
                amount_idr: stored.amount,
                reason_text: reason.as_deref().map(|code| reason_text(&house.policy, &run, code)),
                reason,
                run,
            });
        }
    }
    Ok(out)
}

/// A family's row in a run's list.
struct Stored {
    region: String,
    outcome: FamilyOutcome,
    amount: Rupiah,
    reason: Option<u32>,
    held: i64,
    failed: i64,
    unknown: i64,
    rank: Option<i64>,
    row: RecordBatch,
}

impl Stored {
    /// The row, if the family is in the list and in the scope.
    fn find(house: &House, scope: &Scope, run: &DecisionRun, family_id: i64) -> Result<Option<Self>> {
        let list = house.lake.require(&run.dataset)?;
        let row = list.lookup("family_id", &[family_id], &[])?;
        if row.num_rows() != 1 || !may_see(house, scope, &row, family_id)? {
            return Ok(None);
        }
        let column = |name: &str| {
            row.column_by_name(name)
                .ok_or_else(|| Error::BrokenRun { run: run.run.clone(), why: format!("no column `{name}`") })
        };
        let number = |name: &str| -> Result<i64> { Ok(int64(&row, name)?.value(0)) };
        let small = |name: &str| -> Result<Option<i32>> {
            let column = column(name)?.as_primitive_opt::<Int32Type>();
            Ok(column.and_then(|column| column.is_valid(0).then(|| column.value(0))))
        };
        let outcome = column("outcome")?.as_primitive_opt::<Int8Type>().map(|column| column.value(0));
        let outcome = outcome.and_then(|code| FamilyOutcome::from_code(code.into()));
        let broken =
            || Error::BrokenRun { run: run.run.clone(), why: "an outcome without meaning".to_owned() };
        Ok(Some(Self {
            region: text_column(&row, "region")[0].unwrap_or_default().to_owned(),
            outcome: outcome.ok_or_else(broken)?,
            amount: Rupiah::new(number("amount_idr")?),
            reason: small("reason")?.and_then(|place| u32::try_from(place).ok()),
            held: number("held")?,
            failed: number("failed")?,
            unknown: number("unknown")?,
            rank: small("quota_place")?.map(i64::from),
            row,
        }))
    }

    /// Whether the recomputation gives the same: every condition it can answer, counts and amount.
    fn agrees_with(&self, plan: &Plan<'_>, data: &FamilyData, judged: &FamilyJudged) -> bool {
        let asked: u64 = plan
            .places
            .iter()
            .filter(|place| !matches!(place.of, PlaceKind::Combination(_) | PlaceKind::Quota))
            .map(Place::bit)
            .sum();
        let same = |stored: i64, again: u64| stored.cast_unsigned() & asked == again & asked;
        let masks = same(self.held, judged.bits.held)
            && same(self.failed, judged.bits.failed)
            && same(self.unknown, judged.bits.unknown);
        let counts = plan.components.iter().enumerate().all(|(c, component)| {
            let name = format!("counted_{}", component.code);
            let stored =
                self.row.column_by_name(&name).and_then(|column| column.as_primitive_opt::<Int16Type>());
            stored.map(|column| usize::from(column.value(0).unsigned_abs())) == Some(counted(judged, c))
        });
        let amount = match self.outcome {
            FamilyOutcome::Eligible => self.amount == judged.amount,
            // What it keeps is what it had, not what the rule gives.
            FamilyOutcome::Kept => true,
            _ => self.amount == Rupiah::ZERO,
        };
        masks && counts && amount && self.region == data.region
    }

    /// The code of the main reason, from the places that the list itself declares.
    fn reason_code(&self, house: &House, run: &DecisionRun) -> Result<Option<String>> {
        #[derive(serde::Deserialize)]
        struct Declared {
            place: u32,
            code: String,
        }
        let Some(reason) = self.reason else { return Ok(None) };
        let list = house.lake.require(&run.dataset)?;
        let text = list.manifest().origin.note.get("conditions").map_or("[]", String::as_str);
        let declared: Vec<Declared> = serde_json::from_str(text)
            .map_err(|error| Error::BrokenRun { run: run.run.clone(), why: error.to_string() })?;
        Ok(declared.into_iter().find(|place| place.place == reason).map(|place| place.code))
    }
}

fn may_see(house: &House, scope: &Scope, row: &RecordBatch, family_id: i64) -> Result<bool> {
    if outside(scope, text_column(row, "region")[0].unwrap_or_default()) {
        return Ok(false);
    }
    if scope.caseload() == 0 {
        return Ok(true);
    }
    let found =
        house.db.read(|tx| tx.query_opt(&queries::IS_ASSIGNED, params![scope.caseload(), family_id]))?;
    Ok(found.is_some())
}

fn counted(judged: &FamilyJudged, component: usize) -> usize {
    judged.counted.who.iter().filter(|(_, c)| *c == component).count()
}

fn condition_view(
    plan: &Plan<'_>,
    place: &Place,
    stored: &Stored,
    data: &FamilyData,
    judged: &FamilyJudged,
) -> ConditionView {
    let version = plan.version;
    let none = Label::default;
    let (text, words, columns) = match place.of {
        PlaceKind::Eligibility(i) => {
            let condition = &version.eligibility[i];
            (condition.text.clone(), in_words(&condition.when, &plan.params), condition.when.columns())
        }
        PlaceKind::Exclusion(i) => {
            let exclusion = &version.exclusions[i];
            (exclusion.text.clone(), in_words(&exclusion.when, &plan.params), exclusion.when.columns())
        }
        PlaceKind::NeedsComponent => (
            version.needs_component.as_ref().map_or_else(none, |needs| needs.text.clone()),
            none(),
            Vec::new(),
        ),
        PlaceKind::Combination(i) => (version.combinations[i].reason.text.clone(), none(), Vec::new()),
        PlaceKind::Quota => {
            (version.quota.as_ref().map_or_else(none, |quota| quota.reason.text.clone()), none(), Vec::new())
        }
    };
    let outcome = outcome_at(stored.held, stored.failed, place.place);
    let trace = judged.traces.get(&place.place);
    ConditionView {
        code: place.code.clone(),
        kind: place.kind,
        text,
        words,
        outcome,
        in_favour: if place.stops(version) { outcome != Outcome::True } else { outcome == Outcome::True },
        steps: trace.map(|trace| trace.steps.clone()).unwrap_or_default(),
        unknown: trace.map(unknown_labels).unwrap_or_default(),
        members: members_behind(plan, data, &columns),
    }
}

fn unknown_labels(trace: &Traced) -> Vec<Label> {
    let fields = trace.fields();
    let label = |name: &String| {
        let found = fields.iter().find(|field| field.name == *name);
        found.map_or_else(|| Label::new(name.as_str(), name.as_str()), |field| field.label.clone())
    };
    trace.unknown.iter().map(label).collect()
}

/// For the counted facts that a condition rests on, directly or through other facts: who they are.
fn members_behind(plan: &Plan<'_>, data: &FamilyData, columns: &[&str]) -> Vec<MembersOfFact> {
    let mut open: Vec<&str> = columns.to_vec();
    let mut out = Vec::new();
    while let Some(name) = open.pop() {
        let Some(fact) = plan.facts.iter().find(|fact| fact.column.rule_name() == name) else { continue };
        match &fact.rule {
            FactRule::Reduction { reduce: Reduce::Count | Reduce::Any, of } => {
                let holds =
                    |values: &BTreeMap<String, Value>| of.value(values, &plan.params).as_bool() == Some(true);
                let people = data.people.iter().filter(|person| holds(&person.values));
                let person_ids: Vec<i64> = people.map(|person| person.person_id).collect();
                if !person_ids.is_empty() {
                    out.push(MembersOfFact { label: fact.column.label.clone(), person_ids });
                }
            }
            FactRule::Reduction { .. } => {}
            FactRule::Expression(expr) => open.extend(expr.columns()),
        }
    }
    out
}

fn component_views(plan: &Plan<'_>, data: &FamilyData, judged: &FamilyJudged) -> Vec<ComponentView> {
    let counts_for = |person: usize| {
        let found = judged.counted.who.iter().find(|(p, _)| *p == person);
        found.map(|(_, component)| *component)
    };
    let mut out = Vec::with_capacity(plan.components.len());
    for (c, component) in plan.components.iter().enumerate() {
        let person = |(p, trace): (usize, &Traced)| PersonComponent {
            person_id: data.people[p].person_id,
            outcome: trace.outcome,
            counted: counts_for(p) == Some(c),
            counts_for: counts_for(p).map(|of| plan.components[of].code.clone()),
            steps: trace.steps.clone(),
            unknown: unknown_labels(trace),
        };
        let people: Vec<PersonComponent> = judged.components[c].iter().enumerate().map(person).collect();
        out.push(ComponentView {
            code: component.code.clone(),
            label: component.label.clone(),
            group: component.group.clone(),
            words: in_words(&component.when, &plan.params),
            amount_idr: plan.cap.amounts[c],
            max_per_family: component.max_per_family,
            qualified: people.iter().filter(|person| person.outcome == Outcome::True).count() as u32,
            counted: counted(judged, c) as u32,
            people,
        });
    }
    out
}

fn quota_place(
    house: &House,
    plan: &Plan<'_>,
    run: &DecisionRun,
    stored: &Stored,
) -> Result<Option<QuotaPlace>> {
    let (Some(quota), Some(rank)) = (&plan.version.quota, stored.rank) else { return Ok(None) };
    let region =
        RegionCode::parse(&stored.region).map_or_else(|_| RegionCode::nation(), |code| code.at(quota.by));
    let row = house.db.read(|tx| tx.query_opt(&queries::QUOTA_OF, params![&run.run, &region]))?;
    let Some(row) = row else { return Ok(None) };
    let count = quota_count(&row)?;
    Ok(Some(QuotaPlace { region: count.region, rank, places: count.places, eligible: count.eligible }))
}
