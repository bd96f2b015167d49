//! What steps write: gathered case by case, and written for all of them together, so that many cases cost the database a few long
//! statements and a server a few ways instead of some for each case. Nothing is decided here.

use access::{House, Scope};
use jiff::civil::Date;
use model::{CaseId, FamilyId, RegionCode};
use policy::{AssignTo, CITIZEN, Workflow};
use store::{Tx, Value, outbox, params};

use crate::{
    Error, Result, compare,
    engine::{self, Case, Stepped},
    files,
    form::Answers,
    public, queries,
    service::{self, ERRAND, Effect, Stored, Taker},
};

/// From so many rows on a table is loaded in one go instead of row by row.
const LOADED: usize = 20;

/// Where a case lies, for its tasks.
#[derive(Clone, Copy)]
pub(crate) struct Place<'c> {
    pub(crate) family: FamilyId,
    pub(crate) id: CaseId,
    pub(crate) region: &'c RegionCode,
    pub(crate) accused: &'c str,
    /// Role whose task it is first.
    pub(crate) owner: &'c str,
}

/// Rows that wait to be written.
#[derive(Default)]
pub(crate) struct Writes {
    cases: Vec<Vec<Value>>,
    clocks: Vec<Vec<Value>>,
    events: Vec<Vec<Value>>,
    cleared: Vec<Vec<Value>>,
    tasks: Vec<Vec<Value>>,
    given: Vec<Vec<Value>>,
    left: Vec<Vec<Value>>,
    /// Files that steps came with.
    files: Vec<Vec<Value>>,
    /// Steps into states that concern the public.
    public: Vec<(CaseId, String, Case, Date)>,
    /// Steps that open cases or cause something in other rooms.
    causing: Vec<(Stored, Stepped)>,
    /// Second checks that are filed.
    filed: Vec<(Stored, Stepped)>,
}

impl Writes {
    /// Adds a step that the engine allowed: its action and its day.
    pub(crate) fn step(
        &mut self,
        house: &House,
        taker: Taker<'_>,
        workflow: &Workflow,
        before: Stored,
        stepped: Stepped,
        (action, today): (&str, Date),
    ) {
        let (calendar, after) = (house.policy.calendar(), &stepped.case);
        let step_due =
            stepped.step_due.unwrap_or_else(|| engine::step_due(workflow, calendar, &after.state, today));
        let due = after.clock.due_at_most(calendar).to_string();
        let stopped_since = after.clock.stopped_since.map(|day| day.to_string());
        let stopped_days = i64::from(after.clock.stopped_days);
        let accused = engine::accused(workflow, &after.answers).unwrap_or_default();
        let key = (before.family, before.id);
        if let Some(root) = before.root.filter(|_| after.clock != before.case.clock) {
            let (of, from) = (&before.clock_of, after.clock.from.to_string());
            let shared =
                params![root, stopped_days, stopped_since.clone(), due.as_str(), before.id, of, from];
            self.clocks.push(shared.to_vec());
        }
        let changed = params![
            before.family,
            before.id,
            before.rev,
            &after.state,
            !stepped.ended,
            due,
            step_due.to_string(),
            stopped_days,
            stopped_since,
            stepped.ended.then(|| today.to_string()),
            stepped.counts.clone(),
            service::written(&after.answers),
            after.last_actor,
            &accused
        ];
        self.cases.push(changed.to_vec());
        let words = [action, &before.case.state, &after.state];
        let who = (taker.scope, taker.role);
        self.events.push(event_row(house, who, key, before.rev + 1, words, &stepped.answered));
        self.files.extend(files::ties(workflow, key, before.rev + 1, &stepped.answered));
        self.cleared.push(params![before.family, before.id].to_vec());
        if !stepped.ended {
            let place = Place {
                family: before.family,
                id: before.id,
                region: &before.region,
                accused: &accused,
                owner: workflow.owner_of(engine::kind_of(workflow, &after.answers)),
            };
            let tasks = task_rows(house, workflow, &after.state, place, step_due, &stepped.told);
            self.tasks.extend(tasks);
        }
        // Nobody of the house stands behind a step of the clock or a citizen.
        let person = |id: i64| Some(id).filter(|_| !taker.is_clock() && taker.role != CITIZEN && id != 0);
        match stepped.assigned {
            _ if stepped.ended => self.left.push(params![before.family, before.id].to_vec()),
            Some(AssignTo::Nobody) => self.left.push(params![before.family, before.id].to_vec()),
            Some(AssignTo::Actor) => self.give(&before, person(after.last_actor)),
            Some(AssignTo::Opener) => self.give(&before, Some(before.opened_by).filter(|id| *id != 0)),
            None => {}
        }
        if public::concerns(workflow, &stepped.case.state) {
            self.public.push((before.id, workflow.key.clone(), stepped.case.clone(), today));
        }
        let compare = workflow.compare.as_ref().filter(|_| before.parent.is_some());
        if compare.is_some_and(|compare| compare.state == stepped.case.state) {
            self.filed.push((before.clone(), stepped.clone()));
        }
        if !stepped.children.is_empty() || !stepped.effects.is_empty() {
            self.causing.push((before, stepped));
        }
    }

    fn give(&mut self, case: &Stored, to: Option<i64>) {
        self.given.extend(to.map(|user| params![case.family, case.id, user].to_vec()));
    }

    /// Writes everything. What comes after may add again.
    pub(crate) fn flush(&mut self, tx: &mut Tx<'_>, house: &House, taker: Taker<'_>) -> Result<()> {
        let all = std::mem::take(self);
        if tx.execute_all(&queries::CASE_STEP, &all.cases)?.iter().any(|changed| *changed != 1) {
            return Err(Error::Changed);
        }
        tx.execute_all(&queries::TREE_CLOCK, &all.clocks)?;
        add_events(tx, all.events)?;
        tx.execute_all(&queries::FILE_OF_STEP, &all.files)?;
        tx.execute_all(&queries::TASKS_CLEAR, &all.cleared)?;
        if all.tasks.len() < LOADED {
            tx.execute_all(&queries::TASK_ADD, &all.tasks)?;
        } else {
            tx.bulk("case_task", TASK, all.tasks.into_iter())?;
        }
        tx.execute_all(&queries::UNASSIGN, &all.left)?;
        tx.execute_all(&queries::ASSIGN, &all.given)?;
        for (id, workflow, case, today) in &all.public {
            let into = (service::find(house, workflow)?, case.state.as_str());
            public::project(tx, house, into, *id, &case.answers, *today)?;
        }
        for (before, stepped) in &all.causing {
            service::open_children(tx, house, taker.scope, before, stepped)?;
            put_effects(tx, house, taker.scope, before, stepped)?;
        }
        for (before, stepped) in &all.filed {
            compare::file(tx, house, taker, before, stepped)?;
        }
        Ok(())
    }
}

pub(crate) const EVENT: &[&str] = &[
    "family_id",
    "case_id",
    "seq",
    "at",
    "actor_id",
    "actor",
    "role",
    "action",
    "from_state",
    "to_state",
    "answers",
];
pub(crate) const TASK: &[&str] =
    &["family_id", "case_id", "role", "own", "step_due_on", "region", "watch", "workflow"];

/// Adds lines to histories.
pub(crate) fn add_events(tx: &mut Tx<'_>, rows: Vec<Vec<Value>>) -> Result<()> {
    if rows.len() < LOADED {
        tx.execute_all(&queries::EVENT_ADD, &rows)?;
    } else {
        tx.bulk("case_event", EVENT, rows.into_iter())?;
    }
    Ok(())
}

/// A line of a history. `words`: action, state before, state after.
pub(crate) fn event_row(
    house: &House,
    (scope, role): (&Scope, &str),
    (family, case): (FamilyId, CaseId),
    seq: i64,
    [action, from, to]: [&str; 3],
    answers: &Answers,
) -> Vec<Value> {
    let (now, answers) = (house.clock.now_ms(), service::written(answers));
    let (actor, name) = (scope.actor(), scope.actor_name());
    params![family, case, seq, now, actor, name, role, action, from, to, answers].to_vec()
}

/// The tasks of a case in a state.
pub(crate) fn task_rows(
    house: &House,
    workflow: &Workflow,
    state: &str,
    place: Place<'_>,
    step_due: Date,
    told: &[String],
) -> Vec<Vec<Value>> {
    let (due, region) = (step_due.to_string(), place.region.as_str());
    let tasks = service::tasks_of(house, workflow, state, (place.owner, place.accused), told);
    let row = |(role, (own, watch)): (&str, (bool, i64))| {
        params![place.family, place.id, role, own, due.as_str(), region, watch, &workflow.key].to_vec()
    };
    tasks.into_iter().map(row).collect()
}

fn put_effects(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    before: &Stored,
    stepped: &Stepped,
) -> Result<()> {
    for (number, caused) in stepped.effects.iter().enumerate() {
        let effect = Effect {
            caused: caused.clone(),
            case: before.id,
            family: before.family,
            person: before.person,
            line: before.line,
            actor: scope.actor().0,
            actor_name: scope.actor_name().to_owned(),
            seq: before.rev + 1,
            region: Some(before.region.clone()),
            on: Some(service::today_in(house, &before.region)),
        };
        let payload = serde_json::to_string(&effect).map_err(|_| Error::Stored(before.id.0))?;
        let errand = format!("{}:{}:{number}", before.id, before.rev + 1);
        outbox::put(tx, house.clock.as_ref(), ERRAND, &errand, &payload)?;
    }
    Ok(())
}
