//! What the demo's companions brought to an end: sessions of their groups over some months, families that were looked at twice, and for
//! every target of their kind a few cases led to an end that counts for it, each step by somebody whose step it is, through the engine.
//! Nothing here knows a workflow: groups, second checks and targets are named by the policy.

use std::collections::{BTreeMap, VecDeque};

use access::House;
use casework::{StepRequest, views};
use jiff::ToSpan;
use model::{CaseId, RegionCode};
use policy::{CaseSubject, EffectRule, FieldKind, FormField, OPEN_CASE, Transition, Workflow};
use serde_json::{Value, json};

use super::{
    Run, accounts,
    casework::{Worker, answer, open_by, photo, workers},
};

/// Cases for each target.
const EACH: usize = 4;
/// Groups, and sessions of the first of them.
const GROUPS: [(&str, usize); 2] = [("Melati", 4), ("Mawar", 3)];
/// Families that are looked at twice; of six of them one is found otherwise.
const CHECKS: usize = 12;
/// Ways of answering a form that are tried.
const TRIES: usize = 6;
/// First family of the caseload whose cases are led to an end; those before have cases that go on.
const FIRST_FAMILY: usize = 8;

/// Plays; answers how many cases came to an end.
pub(super) fn play(run: &Run) -> anyhow::Result<(u64, Value)> {
    let house = &run.house;
    let village = super::steps::crowded(&accounts::read(&run.dir)?)?;
    let workers = workers(run, &village)?;
    let caseload =
        |worker: &&Worker| house.policy.roles().get(&worker.session.role).is_some_and(|role| role.caseload);
    let Some(companion) = workers.iter().find(caseload) else { return Ok((0, json!({}))) };
    let sessions = sessions(house, &workers, companion, &village)?;
    let checks = checks(house, &workers, &village)?;
    let pillars = house.policy.pillars();
    let mut ends = Vec::new();
    for (key, _) in pillars.kinds.iter().filter(|kind| kind.companion).flat_map(|kind| &kind.targets) {
        ends.extend(pillars.target(key).into_iter().flat_map(|target| target.counts.clone()));
    }
    let mut reached = 0;
    for workflow in house.policy.workflows().values().filter(|workflow| workflow.group.is_none()) {
        let counts = |state: &&policy::State| state.counts.as_ref().is_some_and(|end| ends.contains(end));
        let Some(end) = workflow.states.iter().find(counts) else { continue };
        if workflow.subject == CaseSubject::PaymentLine
            || !workflow.opened_by.contains(&companion.session.role)
        {
            continue;
        }
        for nth in 0..EACH {
            let none = BTreeMap::new();
            let opened = open_by(house, workflow, companion, &village, FIRST_FAMILY + nth, &none)?;
            let Some(case) = opened else { continue };
            reached += u64::from(lead(house, &workers, workflow, case, &end.key, &none)?);
        }
    }
    let told = json!({ "sessions": sessions, "second_checks": checks, "ends": reached });
    Ok((sessions + checks + reached, told))
}

/// Sessions of invented groups, one a month back from today; the last one of each is still to come.
fn sessions(
    house: &House,
    workers: &[Worker],
    companion: &Worker,
    village: &RegionCode,
) -> anyhow::Result<u64> {
    let today = house.clock.today();
    let mut held = 0;
    for workflow in house.policy.workflows().values() {
        let Some(group) = &workflow.group else { continue };
        let module = workflow.field(&group.module).map(|field| &field.kind);
        let Some(FieldKind::Choice(modules)) = module else { continue };
        let reported = workflow.states.iter().find(|state| state.counts.is_some());
        for (name, sessions) in GROUPS {
            for nth in 0..=sessions {
                let back = i64::try_from(nth)?.saturating_mul(30);
                let day = today.checked_sub((back - 12).days())?;
                let absent = companion.families.iter().skip(nth).step_by(5 + nth).take(3);
                let absent: Vec<String> = absent.map(|row| row.family_id.to_string()).collect();
                let given = BTreeMap::from([
                    (group.name.clone(), format!("Kelompok {name}")),
                    (group.module.clone(), modules[nth % modules.len()].value.clone()),
                    (group.planned.clone(), day.to_string()),
                    (group.held.clone(), day.to_string()),
                    (group.absent.clone(), absent.join(" ")),
                ]);
                let fields = workflow.open_form.as_deref().and_then(|key| workflow.form(key));
                let asked = |key: &String| {
                    fields.is_some_and(|form| form.fields.iter().any(|field| field.key == *key))
                };
                let mut first = given.clone();
                first.retain(|key, _| asked(key));
                let Some(case) = open_by(house, workflow, companion, village, nth, &first)? else { continue };
                if let Some(end) = reported.filter(|_| day <= today) {
                    held += u64::from(lead(house, workers, workflow, case, &end.key, &given)?);
                }
            }
        }
    }
    Ok(held)
}

/// Families looked at by one person and then, without knowing what that one found, by another.
fn checks(house: &House, workers: &[Worker], village: &RegionCode) -> anyhow::Result<u64> {
    let workflows = house.policy.workflows();
    let mut filed = 0;
    for second in workflows.values() {
        let Some(compare) = &second.compare else { continue };
        let kind = compare.fields.first().and_then(|field| Some((field, &second.field(field)?.kind)));
        let Some((field, FieldKind::Choice(choices))) = kind else { continue };
        let opens = |step: &&Transition| {
            let opened = |effect: &EffectRule| {
                effect.name == OPEN_CASE && effect.workflow.as_ref() == Some(&second.key)
            };
            step.effects.iter().any(opened)
        };
        for first in workflows.values() {
            let Some(asks) = first.transitions.iter().find(opens) else { continue };
            let may = |worker: &&Worker| {
                worker.session.may("case.open") && first.opened_by.contains(&worker.session.role)
            };
            let Some(opener) = workers.iter().find(may) else { continue };
            for nth in 0..CHECKS {
                // The first choice for most families, the second for some.
                let [found, again] = [nth % 4 == 3, (nth % 4 == 3) != (nth % 6 == 5)].map(|other| {
                    let choice = &choices[usize::from(other) % choices.len()];
                    BTreeMap::from([(field.clone(), choice.value.clone())])
                });
                let none = BTreeMap::new();
                let opened = open_by(house, first, opener, village, FIRST_FAMILY + nth, &none)?;
                let Some(case) = opened else { continue };
                if lead(house, workers, first, case, &asks.to, &found)?
                    && let Some(child) = child_of(house, workers, case, &second.key)?
                {
                    filed += u64::from(lead(house, workers, second, child, &compare.state, &again)?);
                }
            }
        }
    }
    Ok(filed)
}

/// The case of a workflow that another opened, for the first who sees both.
fn child_of(
    house: &House,
    workers: &[Worker],
    case: CaseId,
    workflow: &str,
) -> anyhow::Result<Option<CaseId>> {
    for worker in workers {
        if let Some(view) = views::case_page(house, &worker.session.scope("case.read")?, case, None)? {
            let mut children =
                view.relatives.into_iter().filter(|one| one.child && one.row.workflow == workflow);
            if let Some(child) = children.next() {
                return Ok(Some(child.row.case));
            }
        }
    }
    Ok(None)
}

/// Takes the steps of a shortest way to a state; answers whether it was reached.
fn lead(
    house: &House,
    workers: &[Worker],
    workflow: &Workflow,
    case: CaseId,
    end: &str,
    given: &BTreeMap<String, String>,
) -> anyhow::Result<bool> {
    for (action, to) in way(workflow, end) {
        let mut taken = false;
        for (worker, nth) in workers.iter().flat_map(|worker| (0..TRIES).map(move |nth| (worker, nth))) {
            if take(house, worker, workflow, case, (&action, &to), nth, given)? {
                taken = true;
                break;
            }
        }
        if !taken {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Actions from the start to a state, each with the state that it leads to.
fn way(workflow: &Workflow, end: &str) -> Vec<(String, String)> {
    let start = workflow.start().key.clone();
    let mut ways: BTreeMap<String, Vec<(String, String)>> = BTreeMap::from([(start.clone(), Vec::new())]);
    let mut open = VecDeque::from([start]);
    while let Some(state) = open.pop_front() {
        for step in workflow.out_of(&state) {
            if ways.contains_key(&step.to) {
                continue;
            }
            let mut path = ways.get(&state).cloned().unwrap_or_default();
            path.push((step.action.clone(), step.to.clone()));
            ways.insert(step.to.clone(), path);
            open.push_back(step.to.clone());
        }
    }
    ways.remove(end).unwrap_or_default()
}

fn take(
    house: &House,
    worker: &Worker,
    workflow: &Workflow,
    case: CaseId,
    (action, to): (&str, &str),
    nth: usize,
    given: &BTreeMap<String, String>,
) -> anyhow::Result<bool> {
    let session = &worker.session;
    if !session.may("case.work") {
        return Ok(false);
    }
    let Some(view) = views::case_page(house, &session.scope("case.read")?, case, None)? else {
        return Ok(false);
    };
    let may = |step: &views::StepView| step.action == action && !step.needs_other;
    let step = workflow.transition(&view.row.state, action).filter(|step| step.to == to);
    let Some(step) = step.filter(|_| view.steps.iter().any(may)) else { return Ok(false) };
    let form = step.form.as_deref().and_then(|key| workflow.form(key));
    let fields: &[FormField] = form.map_or(&[], |form| &form.fields);
    let mut written: BTreeMap<String, String> =
        fields.iter().map(|field| (field.key.clone(), answer(field, house.clock.today(), nth))).collect();
    for field in fields {
        if let Some(text) = given.get(&field.key) {
            written.insert(field.key.clone(), text.clone());
        } else if field.kind == FieldKind::File {
            let new = photo(field, case, house.clock.today())?;
            let added = casework::add_file(house, &session.scope("case.work")?, case, &new)?;
            written.insert(field.key.clone(), added.id.to_string());
        }
    }
    let request = StepRequest { action: action.to_owned(), written, rev: view.rev };
    Ok(casework::take_step(house, &session.scope("case.work")?, case, &request).is_ok())
}
