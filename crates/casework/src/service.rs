//! Opens cases and takes steps: reads a case, asks the engine, writes case, history, tasks, audit and effects in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use access::{House, Scope, audit};
use jiff::civil::Date;
use model::{CaseId, FamilyId, LineId, PersonId, RegionCode, RegionLevel};
use policy::{CITIZEN, CaseSubject, FieldKind, FormField, OF_PARENT, StateKind, Workflow};
use serde::{Deserialize, Serialize};
use store::{Row, Tx, next_number, outbox, params};

use crate::{
    Error, Result,
    engine::{self, Case, Caused, Clock, Move, Refusal, Stepped},
    files,
    form::{self, Answers},
    kin, offered, queries,
    views::open_families,
    write::{Place, Writes, event_row, task_rows},
};

/// A case to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCase {
    /// Key of the workflow.
    pub workflow: String,
    /// The family it is about; 0 where the workflow is about none.
    pub family: FamilyId,
    /// The person, where the workflow is about one.
    pub person: Option<PersonId>,
    /// The payment line, where the workflow is about one.
    pub line: Option<LineId>,
    /// Village of the family, or the place.
    pub region: RegionCode,
    /// Whom people know it by: the head's or person's name, a body's. No personal number. Empty: the first words of the opening form.
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
    /// The line of the case's history that caused it; 0 in an effect of before it was kept.
    #[serde(default)]
    pub seq: i64,
    /// Where the case lies.
    #[serde(default)]
    pub region: Option<RegionCode>,
    /// The day of the step, where the case lies.
    #[serde(default)]
    pub on: Option<Date>,
}

/// What a step came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Done {
    /// Key of the state now.
    pub state: String,
    /// Whether the case is finished.
    pub ended: bool,
    /// The very same step had been taken by the same person: nothing was done again.
    pub repeated: bool,
}

/// A case as stored.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) family: FamilyId,
    pub(crate) id: CaseId,
    pub(crate) workflow: String,
    pub(crate) person: Option<PersonId>,
    pub(crate) line: Option<LineId>,
    pub(crate) title: String,
    pub(crate) region: RegionCode,
    pub(crate) open: bool,
    pub(crate) opened_on: Date,
    pub(crate) step_due_on: Date,
    pub(crate) clock_of: String,
    pub(crate) accused: String,
    pub(crate) root: Option<i64>,
    pub(crate) parent: Option<CaseId>,
    pub(crate) case: Case,
    pub(crate) opened_by: i64,
    pub(crate) rev: i64,
}

impl Stored {
    /// Role whose task it is first.
    pub(crate) fn owner<'w>(&self, workflow: &'w Workflow) -> &'w str {
        workflow.owner_of(engine::kind_of(workflow, &self.case.answers))
    }
}

/// The case under which another one is opened, and the clock that they share with the workflow whose days it counts; none where the
/// opening case is finished.
struct Parent<'s> {
    id: CaseId,
    root: i64,
    shared: Option<(Clock, &'s str)>,
}

/// Kind of errand under which effects wait in the outbox.
pub(crate) const ERRAND: &str = "case-effect";
/// Cases opened or moved in one transaction.
pub(crate) const BATCH: usize = 500;
/// Longest title that is made of an answer.
const TITLE_CHARS: usize = 80;

/// Opens a case by hand. Opening it twice gives the same case.
///
/// # Errors
/// [`Error::NotFound`] outside the scope, [`Error::Refused`] when the role may not open it or the form is not right.
pub fn open_case(house: &House, scope: &Scope, new: &NewCase) -> Result<Opened> {
    let workflow = find(house, &new.workflow)?;
    if !workflow.opened_by.iter().any(|role| role == scope.role()) {
        return Err(Refusal::Role(workflow.opened_by.clone()).into());
    }
    let answers = opening_answers(house, workflow, new)?;
    if !scope.covers(&new.region) {
        return Err(Error::NotFound);
    }
    house.db.write(|tx| {
        if scope.caseload() != 0
            && new.family.0 != 0
            && tx.query_one(&queries::IN_CASELOAD, params![new.family, scope.caseload()])?.int(0)? == 0
        {
            return Err(Error::NotFound);
        }
        let opened = open(tx, house, scope, workflow, (new, &answers), None)?;
        if opened.new {
            let (subject, detail) = (format!("case:{}", opened.case), format!("workflow={}", workflow.key));
            audit(tx, house.clock.as_ref(), scope.actor_pair(), "case.open", &subject, &detail)?;
        }
        Ok(opened)
    })
}

/// The answers of the opening form.
pub(crate) fn opening_answers(house: &House, workflow: &Workflow, new: &NewCase) -> Result<Answers> {
    let today = today_in(house, &new.region);
    let fields = opening_fields(workflow);
    Ok(form::read(fields, &Answers::new(), &new.written, today).map_err(Refusal::Form)?)
}

fn opening_fields(workflow: &Workflow) -> &[FormField] {
    workflow.open_form.as_deref().and_then(|key| workflow.form(key)).map_or(&[][..], |form| &form.fields)
}

/// Opens cases that another room caused (a failed account check). What they carry is kept as it is: no form is checked. Safe to repeat.
///
/// # Errors
/// The first case that cannot be opened; the batches before it stay.
pub fn open_caused(house: &House, scope: &Scope, cases: &[NewCase]) -> Result<Vec<Opened>> {
    let mut opened = Vec::with_capacity(cases.len());
    for batch in cases.chunks(BATCH) {
        let of_batch = house.db.write(|tx| {
            let mut of_batch = Vec::with_capacity(batch.len());
            for new in batch {
                if !scope.covers(&new.region) {
                    return Err(Error::NotFound);
                }
                let workflow = find(house, &new.workflow)?;
                let text = |(key, text): (&String, &String)| (key.clone(), form::Answer::Text(text.clone()));
                let answers = new.written.iter().map(text).collect();
                of_batch.push(open(tx, house, scope, workflow, (new, &answers), None)?);
            }
            let made: Vec<&Opened> = of_batch.iter().filter(|opened| opened.new).collect();
            if let (Some(first), Some(last)) = (made.first(), made.last()) {
                let subject = format!("case:{}", first.case);
                let detail = format!("caused={} last={}", made.len(), last.case);
                audit(tx, house.clock.as_ref(), scope.actor_pair(), "case.open", &subject, &detail)?;
            }
            Ok::<_, Error>(of_batch)
        })?;
        opened.extend(of_batch);
    }
    Ok(opened)
}

pub(crate) fn find<'h>(house: &'h House, key: &str) -> Result<&'h Workflow> {
    house.policy.workflow(key).ok_or_else(|| Error::Workflow(key.to_owned()))
}

/// The day that it is where a case lies.
pub(crate) fn today_in(house: &House, region: &RegionCode) -> Date {
    house.policy.calendar().day_in(region, house.clock.now())
}

/// Opens one case in the caller's transaction, which also writes the audit row.
pub(crate) fn open_in(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    workflow: &Workflow,
    new: &NewCase,
    answers: &Answers,
) -> Result<Opened> {
    open(tx, house, scope, workflow, (new, answers), None)
}

fn open(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    workflow: &Workflow,
    (new, answers): (&NewCase, &Answers),
    parent: Option<&Parent<'_>>,
) -> Result<Opened> {
    let subject = subject_of(workflow, new)?;
    let single = workflow.one_per_subject && subject.is_some();
    if let Some(subject) = subject.as_ref().filter(|_| single)
        && let Some(row) =
            tx.query_opt(&queries::CASE_OPEN_FOR, params![new.family, &workflow.key, subject])?
    {
        return Ok(Opened { case: CaseId(row.int(0)?), new: false });
    }
    let id = CaseId(next_number(tx, "case", 1)?);
    let subject = subject.filter(|_| single).unwrap_or_else(|| format!("case:{id}"));
    let (today, start, calendar) = (today_in(house, &new.region), workflow.start(), house.policy.calendar());
    let shared = parent.and_then(|parent| parent.shared);
    let kind = engine::kind_of(workflow, answers);
    let own = clock_of(workflow, kind);
    let (clock, clock_of) = shared.unwrap_or_else(|| (Clock::start(workflow, kind, today), &own));
    let step_due = engine::appointed(workflow, answers)
        .unwrap_or_else(|| engine::step_due(workflow, calendar, &start.key, today));
    let accused = engine::accused(workflow, answers).unwrap_or_default();
    tx.execute(
        &queries::CASE_ADD,
        params![
            new.family,
            id,
            &workflow.key,
            new.person,
            new.line,
            subject,
            title_of(workflow, new, answers),
            new.region.as_str(),
            &start.key,
            today.to_string(),
            clock.due_at_most(calendar).to_string(),
            step_due.to_string(),
            i64::from(clock.stopped_days),
            clock.stopped_since.map(|day| day.to_string()),
            written(answers),
            scope.actor(),
            parent.map(|parent| parent.root),
            parent.map(|parent| parent.id.0),
            clock.from.to_string(),
            clock_of,
            &accused
        ],
    )?;
    let opened =
        event_row(house, (scope, scope.role()), (new.family, id), 1, ["open", "", &start.key], answers);
    tx.execute(&queries::EVENT_ADD, &opened)?;
    let owner = workflow.owner_of(kind);
    let place = Place { family: new.family, id, region: &new.region, accused: &accused, owner };
    let tasks = task_rows(house, workflow, &start.key, place, step_due, &[]);
    tx.execute_all(&queries::TASK_ADD, &tasks)?;
    Ok(Opened { case: id, new: true })
}

/// Whose days a clock counts: those of a workflow, or of a kind of its cases.
fn clock_of(workflow: &Workflow, kind: &str) -> String {
    match kind {
        "" => workflow.key.clone(),
        kind => format!("{}/{kind}", workflow.key),
    }
}

/// Whom people know it by; where nobody is named, the first words that the opening says.
fn title_of(workflow: &Workflow, new: &NewCase, answers: &Answers) -> String {
    if !new.title.is_empty() {
        return new.title.clone();
    }
    let form = workflow.open_form.as_deref().and_then(|key| workflow.form(key));
    let fields = form.map_or(&[][..], |form| &form.fields);
    let texts = fields
        .iter()
        .filter(|field| !field.sealed && matches!(field.kind, FieldKind::Text | FieldKind::LongText));
    let first = texts.filter_map(|field| answers.get(&field.key)).map(form::Answer::as_written).next();
    first.unwrap_or_default().chars().take(TITLE_CHARS).collect()
}

/// The key of which at most one case may be open; none where each stands alone.
fn subject_of(workflow: &Workflow, new: &NewCase) -> Result<Option<String>> {
    let missing = |subject| Error::Subject { workflow: workflow.key.clone(), subject };
    if workflow.subject.of_family() && new.family.0 == 0 {
        // Whoever reports without an account names no family: an office does.
        return if workflow.public { Ok(None) } else { Err(missing("family")) };
    }
    Ok(match workflow.subject {
        CaseSubject::Family => Some("family".to_owned()),
        CaseSubject::Person => Some(format!("person:{}", new.person.ok_or_else(|| missing("person"))?)),
        CaseSubject::PaymentLine => {
            Some(format!("line:{}", new.line.ok_or_else(|| missing("payment line"))?))
        }
        CaseSubject::Place => Some(format!("place:{}", new.region)),
        CaseSubject::Body | CaseSubject::Matter => None,
    })
}

/// Takes a step. The effects wait in the outbox until [`carry_effects`] hands them over.
///
/// Sent twice it is taken once. Where others did something in the meantime that this step does not touch, it is taken on top of that.
///
/// # Errors
/// [`Error::NotFound`] outside the scope, [`Error::Changed`] when somebody was faster, [`Error::Conflict`] where both answered the same
/// question, [`Error::Refused`] with the reason.
pub fn take_step(house: &House, scope: &Scope, case: CaseId, request: &StepRequest) -> Result<Done> {
    house.db.write(|tx| {
        let found = stored(tx, house, scope, case)?.ok_or(Error::NotFound)?;
        let workflow = find(house, &found.workflow)?;
        if found.rev != request.rev
            && let Some(done) = met(tx, house, scope, workflow, &found, request)?
        {
            return Ok(done);
        }
        let asked = (request.action.as_str(), &request.written);
        let kin = kin::families_of(tx, scope.actor())?;
        let done = step(tx, house, Taker::person(scope, &kin), workflow, found, asked)?;
        let (subject, detail) =
            (format!("case:{case}"), format!("workflow={} action={}", workflow.key, request.action));
        audit(tx, house.clock.as_ref(), scope.actor_pair(), "case.work", &subject, &detail)?;
        Ok(done)
    })
}

/// Names the family that a case is about, where it was opened without one. The case then belongs to the family: it is seen with it, and
/// what it causes reaches it.
///
/// # Errors
/// [`Error::NotFound`] outside the scope, [`Error::Subject`] for a case that has its family or is about none.
pub fn name_family(house: &House, scope: &Scope, case: CaseId, family: FamilyId, rev: i64) -> Result<()> {
    house.db.write(|tx| {
        let found = stored(tx, house, scope, case)?.ok_or(Error::NotFound)?;
        let workflow = find(house, &found.workflow)?;
        if !workflow.subject.of_family() || found.family.0 != 0 || family.0 == 0 {
            return Err(Error::Subject {
                workflow: found.workflow,
                subject: "family of its own, to be named once",
            });
        }
        if !workflow.transitions.iter().any(|step| step.by.iter().any(|role| role == scope.role())) {
            return Err(Refusal::Role(
                workflow
                    .task_of(&found.case.state, found.owner(workflow))
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
            )
            .into());
        }
        if found.rev != rev || !found.open {
            return Err(Error::Changed);
        }
        let key = params![family, case];
        tx.execute(&queries::FAMILY_OF_EVENTS, key)?;
        tx.execute(&queries::FAMILY_OF_TASKS, key)?;
        tx.execute(&queries::FAMILY_OF_TICKET, key)?;
        tx.execute(&queries::FAMILY_OF_ASSIGNEE, key)?;
        tx.execute(&queries::FAMILY_OF_FILES, key)?;
        if tx.execute(&queries::FAMILY_OF_CASE, params![family, case, rev])? != 1 {
            return Err(Error::Changed);
        }
        let state = found.case.state.as_str();
        let named = Answers::from([("family".to_owned(), form::Answer::Int(family.0))]);
        let line =
            event_row(house, (scope, scope.role()), (family, case), rev + 1, [NAMED, state, state], &named);
        tx.execute(&queries::EVENT_ADD, &line)?;
        let detail = format!("workflow={} family={family}", workflow.key);
        Ok(audit(
            tx,
            house.clock.as_ref(),
            scope.actor_pair(),
            "case.work",
            &format!("case:{case}"),
            &detail,
        )?)
    })
}

/// Word of a history for a case whose family was named.
pub(crate) const NAMED: &str = "family";

/// What became of a case since a person saw it: nothing that matters (none), the same step already, or a conflict.
fn met(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    workflow: &Workflow,
    found: &Stored,
    request: &StepRequest,
) -> Result<Option<Done>> {
    let since = tx.query(&queries::EVENTS_SINCE, params![found.family, found.id, request.rev])?;
    let fields_of = |state: &str| {
        let step = workflow.transition(state, &request.action);
        step.and_then(|step| step.form.as_deref())
            .and_then(|key| workflow.form(key))
            .map_or(&[][..], |form| &form.fields)
    };
    if let Some(first) =
        since.first().filter(|first| first.text(0).is_ok_and(|action| action == request.action))
        && first.int(1)? == scope.actor().0
    {
        let before: Answers = serde_json::from_str(first.text(4)?).map_err(|_| Error::Stored(found.id.0))?;
        let today = today_in(house, &found.region);
        let again = form::read(fields_of(first.text(2)?), &found.case.answers, &request.written, today);
        if again.is_ok_and(|again| again == before) {
            return Ok(Some(Done { state: found.case.state.clone(), ended: !found.open, repeated: true }));
        }
    }
    let (mut moved, mut theirs) = (request.rev > found.rev || since.is_empty(), Answers::new());
    for row in &since {
        moved |= row.text(2)? != row.text(3)?;
        let answers: Answers = serde_json::from_str(row.text(4)?).map_err(|_| Error::Stored(found.id.0))?;
        theirs.extend(answers);
    }
    if moved {
        return Err(Error::Changed);
    }
    let fields = fields_of(&found.case.state);
    theirs.retain(|key, _| fields.iter().any(|field| field.key == *key));
    let today = today_in(house, &found.region);
    let mine = form::read(fields, &found.case.answers, &request.written, today).unwrap_or_default();
    theirs.retain(|key, answer| mine.get(key) != Some(answer));
    if theirs.is_empty() { Ok(None) } else { Err(Error::Conflict { rev: found.rev, theirs }) }
}

/// In whose name steps are taken.
#[derive(Clone, Copy)]
pub(crate) struct Taker<'s> {
    /// Who is named in history and effects.
    pub(crate) scope: &'s Scope,
    /// The role that takes the step, the clock's where nobody acted.
    pub(crate) role: &'s str,
    /// Level of region at which it is held.
    pub(crate) level: RegionLevel,
    /// Families of the person and of relatives.
    kin: &'s BTreeSet<i64>,
}

/// Kin of nobody.
static NO_KIN: BTreeSet<i64> = BTreeSet::new();

impl<'s> Taker<'s> {
    /// The person of the scope, and what `kin::families_of` it are.
    pub(crate) fn person(scope: &'s Scope, kin: &'s BTreeSet<i64>) -> Self {
        Self { scope, role: scope.role(), level: scope.region().level(), kin }
    }

    /// The clock, that no territory keeps out.
    pub(crate) fn clock(scope: &'s Scope) -> Self {
        Self { scope, role: engine::CLOCK, level: RegionLevel::Nation, kin: &NO_KIN }
    }

    pub(crate) fn is_clock(self) -> bool {
        self.role == engine::CLOCK
    }
}

/// A step as it was asked for: its action and what was written into its form.
pub(crate) type Asked<'a> = (&'a str, &'a BTreeMap<String, String>);

/// Takes one step of a case that was read in this transaction; the caller writes the audit row.
pub(crate) fn step(
    tx: &mut Tx<'_>,
    house: &House,
    taker: Taker<'_>,
    workflow: &Workflow,
    mut found: Stored,
    asked: Asked<'_>,
) -> Result<Done> {
    if asks_who(workflow, &found, asked) {
        found.case.actors = actors(tx, &found)?;
        add_parent_actors(tx, workflow, &mut found)?;
    }
    if let Some(root) = found.root {
        look_round(tx, house, root, &mut found)?;
    }
    files::named(tx, workflow, &mut found, asked)?;
    offered::check(tx, house, taker.scope, (workflow, &found.case.state), asked)?;
    let mut writes = Writes::default();
    let done = decide(house, taker, workflow, found, asked, &mut writes)?;
    writes.flush(tx, house, taker)?;
    Ok(done)
}

/// Asks the engine, and keeps what is to be written for all cases together.
pub(crate) fn decide(
    house: &House,
    taker: Taker<'_>,
    workflow: &Workflow,
    found: Stored,
    (action, written): Asked<'_>,
    writes: &mut Writes,
) -> Result<Done> {
    let today = today_in(house, &found.region);
    let (role, level, actor) = (taker.role, taker.level, taker.scope.actor().0);
    let kin = taker.kin.contains(&found.family.0);
    let wanted = Move { action, role, level, actor, kin, written, today };
    let stepped = engine::step(workflow, house.policy.calendar(), &found.case, wanted)?;
    let done = Done { state: stepped.case.state.clone(), ended: stepped.ended, repeated: false };
    writes.step(house, taker, workflow, found, stepped, (action, today));
    Ok(done)
}

/// Whether a step depends on who took earlier ones.
pub(crate) fn asks_who(workflow: &Workflow, found: &Stored, (action, _): Asked<'_>) -> bool {
    workflow.transition(&found.case.state, action).is_some_and(|step| !step.other_than.is_empty())
}

/// Who did what in a case so far.
pub(crate) fn actors(tx: &mut Tx<'_>, found: &Stored) -> Result<BTreeMap<String, Vec<i64>>> {
    read_actors(&tx.query(&queries::ACTORS, params![found.family, found.id])?)
}

pub(crate) fn read_actors(rows: &[Row]) -> Result<BTreeMap<String, Vec<i64>>> {
    let mut actors: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for row in rows {
        actors.entry(row.string(0)?).or_default().push(row.int(1)?);
    }
    Ok(actors)
}

/// Whether a step depends on who took a step of the case that opened this one.
fn asks_parent(workflow: &Workflow, found: &Stored) -> bool {
    let mut steps = workflow.out_of(&found.case.state).flat_map(|step| &step.other_than);
    found.parent.is_some() && steps.any(|action| action.starts_with(OF_PARENT))
}

/// Adds who did what in the case that opened this one, where a step depends on it.
pub(crate) fn add_parent_actors(tx: &mut Tx<'_>, workflow: &Workflow, found: &mut Stored) -> Result<()> {
    let Some(parent) = found.parent.filter(|_| asks_parent(workflow, found)) else { return Ok(()) };
    let rows = tx.query(&queries::ACTORS, params![found.family, parent])?;
    let of_parent = read_actors(&rows)?;
    found
        .case
        .actors
        .extend(of_parent.into_iter().map(|(action, who)| (format!("{OF_PARENT}{action}"), who)));
    Ok(())
}

/// What the other cases of the tree mean for this one.
fn look_round(tx: &mut Tx<'_>, house: &House, root: i64, found: &mut Stored) -> Result<()> {
    for row in tx.query(&queries::TREE, params![root])? {
        let (id, open) = (row.int(1)?, row.bool(8)?);
        if id == found.id.0 || !open {
            continue;
        }
        let shares = row.text(15)? == found.clock_of && row.date(14)? == found.case.clock.from;
        if row.opt_int(17)? == Some(found.id.0) {
            found.case.open_children += 1;
        }
        let workflow = house.policy.workflow(row.text(2)?);
        found.case.others_wait |=
            shares && workflow.is_some_and(|workflow| is_waiting(workflow, row.text(7).unwrap_or_default()));
    }
    Ok(())
}

pub(crate) fn open_children(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    before: &Stored,
    stepped: &Stepped,
) -> Result<()> {
    if stepped.children.is_empty() {
        return Ok(());
    }
    tx.execute(&queries::CASE_ROOT, params![before.family, before.id])?;
    let root = before.root.unwrap_or(before.id.0);
    // What comes after the end has a clock of its own.
    let shared = (!stepped.ended).then_some((stepped.case.clock, before.clock_of.as_str()));
    let parent = Parent { id: before.id, root, shared };
    for child in &stepped.children {
        let workflow = find(house, &child.workflow)?;
        let new = NewCase {
            workflow: child.workflow.clone(),
            family: if workflow.subject.of_family() { before.family } else { FamilyId(0) },
            person: before.person,
            line: before.line,
            region: before.region.clone(),
            title: before.title.clone(),
            written: BTreeMap::new(),
        };
        let mut answers = form::said(opening_fields(workflow), &child.said, today_in(house, &new.region));
        answers.extend(child.answers.clone());
        open(tx, house, scope, workflow, (&new, &answers), Some(&parent))?;
    }
    Ok(())
}

/// Whose task a case in a state is, and who is told: by role whether it is their own or they stand by, and why they see it. Where it is a
/// companion's, others who may take a step stand by for families without one. Whom the case accuses gets neither.
pub(crate) fn tasks_of<'w>(
    house: &House,
    workflow: &'w Workflow,
    state: &str,
    (owner, accused): (&str, &str),
    told: &'w [String],
) -> BTreeMap<&'w str, (bool, i64)> {
    let mut own = workflow.task_of(state, owner);
    own.remove(accused);
    if own.is_empty() {
        // The owner is accused: whoever else may take a step has it.
        let others = workflow.out_of(state).flat_map(|step| &step.by).map(String::as_str);
        own.extend(others.filter(|role| *role != accused && *role != CITIZEN));
    }
    let by_caseload = own.iter().any(|role| house.policy.roles().get(role).is_some_and(|role| role.caseload));
    // Own or standing by, and why.
    let mut tasks: BTreeMap<&str, (bool, i64)> = own.iter().map(|role| (*role, (true, 0))).collect();
    if by_caseload {
        for role in workflow.out_of(state).flat_map(|step| &step.by) {
            tasks.entry(role).or_insert((false, 0));
        }
    }
    for role in told {
        tasks.entry(role).or_insert((true, WATCH_TOLD));
    }
    tasks.retain(|role, _| *role != accused && *role != CITIZEN);
    tasks
}

/// Why a role has a case in its list without having the next step: the step is late.
pub(crate) const WATCH_LATE: i64 = 1;
/// A step said that the role is to be told.
pub(crate) const WATCH_TOLD: i64 = 2;

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

/// A case within the scope; none where the role has no part in it, or is accused by it.
pub(crate) fn stored(tx: &mut Tx<'_>, house: &House, scope: &Scope, case: CaseId) -> Result<Option<Stored>> {
    let (from, to) = scope.path_range();
    let row = tx.query_opt(&queries::CASE_GET, params![case, from, to, scope.caseload()])?;
    seen(house, scope, row.as_ref())
}

/// A case that was read, if the role may know of it.
pub(crate) fn seen(house: &House, scope: &Scope, row: Option<&Row>) -> Result<Option<Stored>> {
    let found = row.map(|row| read_stored(house, row)).transpose()?;
    Ok(found.filter(|found| sees(house, scope, &found.workflow, &found.accused)))
}

/// A case by its number alone, for who holds its ticket and for the clock: no territory is asked for.
pub(crate) fn by_id(tx: &mut Tx<'_>, house: &House, case: CaseId) -> Result<Option<Stored>> {
    let (from, to) = RegionCode::nation().path_range();
    let row = tx.query_opt(&queries::CASE_GET, params![case, from, to, 0])?;
    row.map(|row| read_stored(house, &row)).transpose()
}

/// Whether a role may know of a case at all.
pub(crate) fn sees(house: &House, scope: &Scope, workflow: &str, accused: &str) -> bool {
    accused != scope.role()
        && house.policy.workflow(workflow).is_none_or(|workflow| workflow.knows(scope.role()))
}

pub(crate) fn read_stored(house: &House, row: &Row) -> Result<Stored> {
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
        opened_on: row.date(9)?,
        step_due_on: row.date(11)?,
        clock_of: row.string(15)?,
        accused: row.string(16)?,
        root: row.opt_int(17)?,
        parent: row.opt_int(18)?.map(CaseId),
        case: Case {
            number: id,
            state: row.string(7)?,
            clock: read_clock(house, row)?,
            answers: serde_json::from_str(row.text(19)?).map_err(|_| Error::Stored(id))?,
            last_actor: row.int(20)?,
            actors: BTreeMap::new(),
            files: BTreeSet::new(),
            open_children: 0,
            others_wait: false,
        },
        rev: row.int(21)?,
        opened_by: row.int(22)?,
    })
}

/// The clock of a row: that of the workflow, or of the kind of its cases, whose days it counts.
pub(crate) fn read_clock(house: &House, row: &Row) -> Result<Clock> {
    let of = row.text(15)?;
    let (key, kind) = of.split_once('/').unwrap_or((of, ""));
    let workflow = house.policy.workflow(key);
    Ok(Clock {
        from: row.date(14)?,
        days: workflow.map_or(0, |workflow| workflow.days_of(kind)),
        stop_max: workflow.map_or(0, Workflow::stop_days_max),
        stopped_days: u32::try_from(row.int(12)?).unwrap_or(0),
        stopped_since: row.opt_date(13)?,
    })
}

/// Whether the case waits for somebody outside.
pub(crate) fn is_waiting(workflow: &Workflow, state: &str) -> bool {
    workflow.state(state).is_some_and(|state| state.kind == StateKind::Waiting)
}
