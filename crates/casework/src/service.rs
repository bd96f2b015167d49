//! Opens cases and takes steps: reads a case, asks the engine, writes case, history, tasks, audit and effects in one transaction.

use std::collections::BTreeMap;

use access::{House, Scope, audit};
use jiff::civil::Date;
use model::{CaseId, FamilyId, LineId, PersonId, RegionCode};
use policy::{CaseSubject, StateKind, Workflow};
use serde::{Deserialize, Serialize};
use store::{Row, Tx, next_number, outbox, params};

use crate::{
    Error, Result,
    engine::{self, Case, Caused, Clock, Move, Refusal, Stepped},
    form::{self, Answers},
    queries,
    views::open_families,
};

/// A case to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCase {
    /// Key of the workflow.
    pub workflow: String,
    /// The family it is about.
    pub family: FamilyId,
    /// The person, where the workflow is about one.
    pub person: Option<PersonId>,
    /// The payment line, where the workflow is about one.
    pub line: Option<LineId>,
    /// Village of the family.
    pub region: RegionCode,
    /// Whom people know it by: the head's or person's name. No personal number.
    pub title: String,
    /// What was written into the opening form, by field.
    pub written: BTreeMap<String, String>,
}

/// Which case it became.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Opened {
    /// Id.
    pub case: CaseId,
    /// Whether it is new; otherwise one was open for the same subject.
    pub new: bool,
}

/// A step by a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRequest {
    /// Key of the action.
    pub action: String,
    /// What was written into the form, by field.
    pub written: BTreeMap<String, String>,
    /// Revision of the case that the person saw.
    pub rev: i64,
}

/// Something to carry over into another room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// What.
    pub caused: Caused,
    /// From which case.
    pub case: CaseId,
    /// The family.
    pub family: FamilyId,
    /// The person, if the case is about one.
    pub person: Option<PersonId>,
    /// The payment line, if the case is about one.
    pub line: Option<LineId>,
    /// Who caused it.
    pub actor: i64,
    /// Who caused it, by name.
    pub actor_name: String,
}

/// A case as stored.
pub(crate) struct Stored {
    pub(crate) family: FamilyId,
    pub(crate) id: CaseId,
    pub(crate) workflow: String,
    pub(crate) person: Option<PersonId>,
    pub(crate) line: Option<LineId>,
    pub(crate) title: String,
    pub(crate) region: RegionCode,
    pub(crate) open: bool,
    pub(crate) step_due_on: Date,
    pub(crate) case: Case,
    pub(crate) rev: i64,
}

/// Kind of errand under which effects wait in the outbox.
const ERRAND: &str = "case-effect";
/// Cases opened in one transaction.
const BATCH: usize = 500;

/// Opens a case by hand. Opening it twice gives the same case.
///
/// # Errors
/// [`Error::NotFound`] outside the scope, [`Error::Refused`] when the role may not open it or the form is not right.
pub fn open_case(house: &House, scope: &Scope, new: &NewCase) -> Result<Opened> {
    let workflow = find(house, &new.workflow)?;
    if !workflow.opened_by.iter().any(|role| role == scope.role()) {
        return Err(Refusal::Role(workflow.opened_by.clone()).into());
    }
    let fields =
        workflow.open_form.as_deref().and_then(|key| workflow.form(key)).map_or(&[][..], |f| &f.fields);
    let answers =
        form::read(fields, &Answers::new(), &new.written, house.clock.today()).map_err(Refusal::Form)?;
    if !scope.covers(&new.region) {
        return Err(Error::NotFound);
    }
    house.db.write(|tx| {
        if scope.caseload() != 0
            && tx.query_one(&queries::IN_CASELOAD, params![new.family, scope.caseload()])?.int(0)? == 0
        {
            return Err(Error::NotFound);
        }
        open(tx, house, scope, workflow, new, &answers)
    })
}

/// Opens cases that another room caused (a failed account check). What they carry is kept as it is: no form is checked. Safe to repeat.
///
/// # Errors
/// The first case that cannot be opened; the batches before it stay.
pub fn open_caused(house: &House, scope: &Scope, cases: &[NewCase]) -> Result<Vec<Opened>> {
    let mut opened = Vec::with_capacity(cases.len());
    for batch in cases.chunks(BATCH) {
        let of_batch = house.db.write(|tx| {
            let one = |new: &NewCase| {
                if !scope.covers(&new.region) {
                    return Err(Error::NotFound);
                }
                let workflow = find(house, &new.workflow)?;
                let text = |(key, text): (&String, &String)| (key.clone(), form::Answer::Text(text.clone()));
                let answers = new.written.iter().map(text).collect();
                open(tx, house, scope, workflow, new, &answers)
            };
            batch.iter().map(one).collect::<Result<Vec<Opened>>>()
        })?;
        opened.extend(of_batch);
    }
    Ok(opened)
}

fn find<'h>(house: &'h House, key: &str) -> Result<&'h Workflow> {
    house.policy.workflow(key).ok_or_else(|| Error::Workflow(key.to_owned()))
}

fn open(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    workflow: &Workflow,
    new: &NewCase,
    answers: &Answers,
) -> Result<Opened> {
    let subject = subject_of(workflow, new)?;
    if workflow.one_per_subject
        && let Some(row) =
            tx.query_opt(&queries::CASE_OPEN_FOR, params![new.family, &workflow.key, &subject])?
    {
        return Ok(Opened { case: CaseId(row.int(0)?), new: false });
    }
    let id = CaseId(next_number(tx, "case", 1)?);
    let subject = if workflow.one_per_subject { subject } else { format!("case:{id}") };
    let (today, start, calendar) = (house.clock.today(), workflow.start(), house.policy.calendar());
    let clock = Clock::start(today);
    let (due, step_due) =
        (clock.due(workflow, calendar, today), engine::step_due(workflow, calendar, &start.key, today));
    tx.execute(
        &queries::CASE_ADD,
        params![
            new.family,
            id,
            &workflow.key,
            new.person,
            new.line,
            subject,
            &new.title,
            new.region.as_str(),
            &start.key,
            today.to_string(),
            due.to_string(),
            step_due.to_string(),
            written(answers),
            scope.actor()
        ],
    )?;
    add_event(tx, house, scope, (new.family, id), 1, ["open", "", &start.key], answers)?;
    set_tasks(tx, house, workflow, &start.key, (new.family, id), step_due, &new.region)?;
    let detail = format!("workflow={}", workflow.key);
    audit(tx, house.clock.as_ref(), scope.actor_pair(), "case.open", &format!("case:{id}"), &detail)?;
    Ok(Opened { case: id, new: true })
}

fn subject_of(workflow: &Workflow, new: &NewCase) -> Result<String> {
    let missing = |subject| Error::Subject { workflow: workflow.key.clone(), subject };
    Ok(match workflow.subject {
        CaseSubject::Family => "family".to_owned(),
        CaseSubject::Person => format!("person:{}", new.person.ok_or_else(|| missing("person"))?),
        CaseSubject::PaymentLine => format!("line:{}", new.line.ok_or_else(|| missing("payment line"))?),
    })
}

/// Takes a step. The effects wait in the outbox until [`carry_effects`] hands them over.
///
/// # Errors
/// [`Error::NotFound`] outside the scope, [`Error::Changed`] when somebody was faster, [`Error::Refused`] with the reason.
pub fn take_step(house: &House, scope: &Scope, case: CaseId, request: &StepRequest) -> Result<Stepped> {
    house.db.write(|tx| {
        let stored = stored(tx, scope, case)?.ok_or(Error::NotFound)?;
        let workflow = find(house, &stored.workflow)?;
        if stored.rev != request.rev {
            return Err(Error::Changed);
        }
        let wanted = Move {
            action: &request.action,
            role: scope.role(),
            actor: scope.actor().0,
            written: &request.written,
            today: house.clock.today(),
        };
        let stepped = engine::step(workflow, house.policy.calendar(), &stored.case, wanted)?;
        save(tx, house, scope, workflow, &stored, &stepped, &request.action)?;
        Ok(stepped)
    })
}

fn save(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    workflow: &Workflow,
    before: &Stored,
    stepped: &Stepped,
    action: &str,
) -> Result<()> {
    let (today, calendar) = (house.clock.today(), house.policy.calendar());
    let after = &stepped.case;
    let step_due = engine::step_due(workflow, calendar, &after.state, today);
    let due = after.clock.due_at_most(workflow, calendar);
    let closed = stepped.ended.then(|| today.to_string());
    let changed = tx.execute(
        &queries::CASE_STEP,
        params![
            before.family,
            before.id,
            before.rev,
            &after.state,
            !stepped.ended,
            due.to_string(),
            step_due.to_string(),
            i64::from(after.clock.stopped_days),
            after.clock.stopped_since.map(|day| day.to_string()),
            closed,
            stepped.counts.clone(),
            written(&after.answers),
            after.last_actor
        ],
    )?;
    if changed != 1 {
        return Err(Error::Changed);
    }
    let key = (before.family, before.id);
    let words = [action, &before.case.state, &after.state];
    add_event(tx, house, scope, key, before.rev + 1, words, &stepped.answered)?;
    tx.execute(&queries::TASKS_CLEAR, params![before.family, before.id])?;
    if !stepped.ended {
        set_tasks(tx, house, workflow, &after.state, key, step_due, &before.region)?;
    }
    for (number, caused) in stepped.effects.iter().enumerate() {
        let effect = Effect {
            caused: caused.clone(),
            case: before.id,
            family: before.family,
            person: before.person,
            line: before.line,
            actor: scope.actor().0,
            actor_name: scope.actor_name().to_owned(),
        };
        let payload = serde_json::to_string(&effect).map_err(|_| Error::Stored(before.id.0))?;
        let errand = format!("{}:{}:{number}", before.id, before.rev + 1);
        outbox::put(tx, house.clock.as_ref(), ERRAND, &errand, &payload)?;
    }
    let detail = format!("workflow={} action={action}", workflow.key);
    let subject = format!("case:{}", before.id);
    Ok(audit(tx, house.clock.as_ref(), scope.actor_pair(), "case.work", &subject, &detail)?)
}

/// `words`: action, state before, state after.
fn add_event(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    (family, case): (FamilyId, CaseId),
    seq: i64,
    [action, from, to]: [&str; 3],
    answers: &Answers,
) -> Result<()> {
    let now = house.clock.now_ms();
    tx.execute(
        &queries::EVENT_ADD,
        params![
            family,
            case,
            seq,
            now,
            scope.actor(),
            scope.actor_name(),
            scope.role(),
            action,
            from,
            to,
            written(answers)
        ],
    )?;
    Ok(())
}

/// Writes whose task the case is now. Where it is a companion's, others who may take a step stand by for families without one.
fn set_tasks(
    tx: &mut Tx<'_>,
    house: &House,
    workflow: &Workflow,
    state: &str,
    (family, case): (FamilyId, CaseId),
    step_due: Date,
    region: &RegionCode,
) -> Result<()> {
    let own = workflow.task_of(state);
    let by_caseload = own.iter().any(|role| house.policy.roles().get(role).is_some_and(|role| role.caseload));
    let mut tasks: BTreeMap<&str, bool> = own.iter().map(|role| (*role, true)).collect();
    if by_caseload {
        for role in workflow.out_of(state).flat_map(|step| &step.by) {
            tasks.entry(role).or_insert(false);
        }
    }
    for (role, own) in tasks {
        tx.execute(
            &queries::TASK_ADD,
            params![family, case, role, own, step_due.to_string(), region.as_str()],
        )?;
    }
    Ok(())
}

/// Families of the territory for whom no aid ends now, ascending: one of their cases is of a workflow that protects, and is open.
///
/// # Errors
/// The store's.
pub fn protected_families(house: &House, scope: &Scope) -> Result<Vec<i64>> {
    let mut families = Vec::new();
    for workflow in house.policy.workflows().values().filter(|workflow| workflow.protects) {
        families.extend(open_families(house, scope, &workflow.key)?);
    }
    families.sort_unstable();
    families.dedup();
    Ok(families)
}

/// Hands each waiting effect to `carry`, oldest first; one that fails is tried again later. Answers how many were carried over.
/// `carry` may get an effect twice after a crash: the case and effect name make it one and the same.
///
/// # Errors
/// The store's.
pub fn carry_effects(house: &House, mut carry: impl FnMut(&Effect) -> Result<(), String>) -> Result<u64> {
    let clock = house.clock.as_ref();
    let due = house.db.read(|tx| outbox::due(tx, clock, 1_000))?;
    let mut carried = 0;
    for errand in due.iter().filter(|errand| errand.kind == ERRAND) {
        let outcome = match serde_json::from_str::<Effect>(&errand.payload) {
            Ok(effect) => carry(&effect),
            Err(error) => Err(error.to_string()),
        };
        match outcome {
            Ok(()) => {
                house.db.write(|tx| outbox::done(tx, clock, errand.id))?;
                carried += 1;
            }
            Err(message) => {
                tracing::warn!(errand = errand.id, %message, "an effect of a case was not carried over");
                house.db.write(|tx| outbox::failed(tx, clock, errand, &message))?;
            }
        }
    }
    Ok(carried)
}

/// The family moved: its open cases go with it. Called with the effect of a move.
///
/// # Errors
/// The store's.
pub fn follow_family(tx: &mut Tx<'_>, family: FamilyId, region: &RegionCode) -> Result<(), store::Error> {
    tx.execute(&queries::MOVED, params![family, region.as_str()])?;
    tx.execute(&queries::MOVED_TASKS, params![family, region.as_str()]).map(|_| ())
}

pub(crate) fn written(answers: &Answers) -> String {
    serde_json::to_string(answers).unwrap_or_else(|_| "{}".to_owned())
}

/// A case within the scope.
pub(crate) fn stored(tx: &mut Tx<'_>, scope: &Scope, case: CaseId) -> Result<Option<Stored>> {
    let (from, to) = scope.path_range();
    let row = tx.query_opt(&queries::CASE_GET, params![case, from, to, scope.caseload()])?;
    row.map(|row| read_stored(&row)).transpose()
}

fn read_stored(row: &Row) -> Result<Stored> {
    let id = row.int(1)?;
    Ok(Stored {
        family: FamilyId(row.int(0)?),
        id: CaseId(id),
        workflow: row.string(2)?,
        person: row.opt_int(3)?.map(PersonId),
        line: row.opt_int(4)?.map(LineId),
        title: row.string(5)?,
        region: row.region(6)?,
        open: row.bool(8)?,
        step_due_on: row.date(11)?,
        case: Case {
            state: row.string(7)?,
            clock: Clock {
                opened_on: row.date(9)?,
                stopped_days: u32::try_from(row.int(12)?).unwrap_or(0),
                stopped_since: row.opt_date(13)?,
            },
            answers: serde_json::from_str(row.text(14)?).map_err(|_| Error::Stored(id))?,
            last_actor: row.int(15)?,
        },
        rev: row.int(16)?,
    })
}

/// Whether the case waits for somebody outside.
pub(crate) fn is_waiting(workflow: &Workflow, state: &str) -> bool {
    workflow.state(state).is_some_and(|state| state.kind == StateKind::Waiting)
}
