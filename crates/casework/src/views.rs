//! What pages and `--json` show: my tasks, a case with its history and the steps I may take, the cases of a family, caseloads.

use access::{House, Scope};
use jiff::civil::{Date, date};
use model::{CaseId, FamilyId, LineId, PersonId, RegionCode, UserId};
use policy::{FieldKind, FormField, Label, StateKind, Workflow};
use serde::Serialize;
use store::{Page, Paged, Row, Value, params};

use crate::{
    Error, Result,
    engine::Clock,
    form::{Answer, Answers},
    queries, service,
};

/// Families read at once.
const FAMILIES_PAGE: i64 = 20_000;

/// Numbers of the families of the territory that have an open case, sorted: for work that looks at them first. Read page by page; eight
/// bytes a family.
///
/// # Errors The store's.
pub fn families_with_open_case(house: &House, scope: &Scope) -> Result<Vec<i64>> {
    open_families(house, scope, "")
}

/// The same of one workflow; of all where its key is empty.
pub(crate) fn open_families(house: &House, scope: &Scope, workflow: &str) -> Result<Vec<i64>> {
    let (from, to) = scope.path_range();
    let mut found = Vec::new();
    loop {
        let after = found.last().copied().unwrap_or(i64::MIN);
        let asked = params![after, from, to, scope.caseload(), FAMILIES_PAGE, workflow];
        let page = house.db.read(|tx| tx.query(&queries::OPEN_FAMILIES, asked))?;
        for row in &page {
            found.push(row.int(0)?);
        }
        if (page.len() as i64) < FAMILIES_PAGE {
            return Ok(found);
        }
    }
}

/// A case in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseRow {
    /// Id.
    pub case: CaseId,
    /// The family.
    pub family: FamilyId,
    /// The person, if it is about one.
    pub person: Option<PersonId>,
    /// The payment line, if it is about one.
    pub line: Option<LineId>,
    /// Key of the workflow.
    pub workflow: String,
    /// Name of the workflow.
    pub workflow_label: Label,
    /// Whom people know it by.
    pub title: String,
    /// Village.
    pub region: RegionCode,
    /// Key of the state.
    pub state: String,
    /// Name of the state.
    pub state_label: Label,
    /// The next step in words.
    pub next: Option<Label>,
    /// Not finished.
    pub open: bool,
    /// Somebody outside has the next step; the clock stands still.
    pub waiting: bool,
    /// Day of opening.
    pub opened_on: Date,
    /// Deadline of the step.
    pub step_due_on: Date,
    /// Deadline of the case.
    pub due_on: Date,
    /// Working days until the step's deadline; negative when it is late.
    pub step_days_left: i64,
    /// Working days until the case's deadline; negative when it is late.
    pub days_left: i64,
}

/// What waits for me, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct TaskCounts {
    /// All my tasks.
    pub tasks: i64,
    /// Of them, past the day of their step.
    pub late: i64,
    /// Of them, due today.
    pub today: i64,
}

/// An answer as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnswerView {
    /// Key of the field.
    pub field: String,
    /// Name of the field.
    pub label: Label,
    /// The answer in both languages; the middle of a sealed one is masked.
    pub shown: Label,
}

/// One line of a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventView {
    /// Number from 1.
    pub seq: i64,
    /// Milliseconds since the epoch.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    /// In which role.
    pub role: String,
    /// Key of the action.
    pub action: String,
    /// The action in words.
    pub action_label: Label,
    /// State before; empty for the opening.
    pub from: String,
    /// State after.
    pub to: String,
    /// Name of the state after.
    pub to_label: Label,
    /// Answers of this step.
    pub answers: Vec<AnswerView>,
}

/// A field of a form to fill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldView {
    /// Key.
    pub key: String,
    /// Name.
    pub label: Label,
    /// What to write.
    pub hint: Option<Label>,
    /// Type with choices.
    pub kind: FieldKind,
    /// Must be filled when it is shown.
    pub required: bool,
    /// When it is shown, in words; none if always.
    pub shown_when: Option<Label>,
    /// Most characters.
    pub max_length: u32,
    /// The answer so far, to start from.
    pub value: Option<String>,
}

/// A step that may be taken now by this person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepView {
    /// Key of the action.
    pub action: String,
    /// On the button.
    pub label: Label,
    /// Name of the state it leads to.
    pub to_label: Label,
    /// Whether it finishes the case.
    pub ends: bool,
    /// Another person must take it: the one who asks did the last step.
    pub needs_other: bool,
    /// Fields to fill.
    pub fields: Vec<FieldView>,
}

/// A case page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseView {
    /// The case as in lists.
    pub row: CaseRow,
    /// What the workflow is for.
    pub purpose: Label,
    /// Revision; a step names it.
    pub rev: i64,
    /// Answers so far.
    pub answers: Vec<AnswerView>,
    /// Everything that was done.
    pub history: Vec<EventView>,
    /// What this person may do next.
    pub steps: Vec<StepView>,
    /// Roles whose task it is now.
    pub waits_for: Vec<String>,
}

/// Open cases of one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StateCount {
    /// Key of the workflow.
    pub workflow: String,
    /// Name of the workflow.
    pub workflow_label: Label,
    /// Key of the state.
    pub state: String,
    /// Name of the state.
    pub state_label: Label,
    /// Open cases.
    pub open: i64,
    /// Of them, past the deadline of the case.
    pub late: i64,
}

/// The work of one companion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseloadView {
    /// The companion.
    pub user: UserId,
    /// Name.
    pub name: String,
    /// Where the role is held.
    pub region: RegionCode,
    /// Families.
    pub families: i64,
    /// Open cases.
    pub open: i64,
    /// Of them, past the deadline.
    pub late: i64,
    /// Families that graduated this year.
    pub graduated: i64,
    /// Target of the year.
    pub graduations_target: i64,
    /// More families than a caseload should have.
    pub too_many: bool,
}

/// A workflow that may be opened by hand for a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenableView {
    /// Key.
    pub workflow: String,
    /// Name.
    pub label: Label,
    /// What it is for.
    pub purpose: Label,
    /// What it is about.
    pub subject: policy::CaseSubject,
    /// Fields of the opening form.
    pub fields: Vec<FieldView>,
}

/// Word in the policy for ends that count towards the yearly target.
const GRADUATED: &str = "graduated";

/// What waits for the role of this scope, nearest deadline first.
///
/// # Errors
/// The store's.
pub fn tasks(house: &House, scope: &Scope, page: &Page) -> Result<Paged<CaseRow>> {
    let (from, to) = scope.path_range();
    let keys = page.keys(2)?.unwrap_or_else(|| vec!["".into(), Value::Int(0)]);
    let rows = house.db.read(|tx| {
        let [day, case] = keys.as_slice() else { return Err(store::Error::Cursor) };
        tx.query(
            &queries::TASKS,
            params![scope.role(), day.clone(), case.clone(), from, to, scope.caseload(), page.fetch()],
        )
    })?;
    let rows = rows.iter().map(|row| case_row(house, row)).collect::<Result<Vec<_>>>()?;
    Ok(page.page(rows, |row| vec![row.step_due_on.to_string().into(), Value::Int(row.case.0)]))
}

/// How much waits for the role of this scope.
///
/// # Errors
/// The store's.
pub fn task_counts(house: &House, scope: &Scope) -> Result<TaskCounts> {
    let (from, to) = scope.path_range();
    let today = house.clock.today().to_string();
    let row = house.db.read(|tx| {
        tx.query_one(&queries::TASK_COUNTS, params![scope.role(), today, from, to, scope.caseload()])
    })?;
    Ok(TaskCounts { tasks: row.int(0)?, late: row.int(1)?, today: row.int(2)? })
}

/// The cases of a family, open ones first.
///
/// # Errors
/// The store's.
pub fn family_cases(house: &House, scope: &Scope, family: FamilyId) -> Result<Vec<CaseRow>> {
    let (from, to) = scope.path_range();
    let rows =
        house.db.read(|tx| tx.query(&queries::FAMILY_CASES, params![family, from, to, scope.caseload()]))?;
    rows.iter().map(|row| case_row(house, row)).collect()
}

/// The cases of a payment line, newest first.
///
/// # Errors
/// The store's.
pub fn line_cases(house: &House, scope: &Scope, line: LineId) -> Result<Vec<CaseRow>> {
    let (from, to) = scope.path_range();
    let rows =
        house.db.read(|tx| tx.query(&queries::LINE_CASES, params![line, from, to, scope.caseload()]))?;
    rows.iter().map(|row| case_row(house, row)).collect()
}

/// Open cases by workflow and state.
///
/// # Errors
/// The store's.
pub fn counts_by_state(house: &House, scope: &Scope) -> Result<Vec<StateCount>> {
    let (from, to) = scope.path_range();
    let today = house.clock.today().to_string();
    let rows = house.db.read(|tx| tx.query(&queries::STATES, params![from, to, scope.caseload(), today]))?;
    rows.iter()
        .map(|row| {
            let (workflow, state) = (row.string(0)?, row.string(1)?);
            let (workflow_label, state_label) = labels(house, &workflow, &state);
            let (open, late) = (row.int(2)?, row.int(3)?);
            Ok(StateCount { workflow, workflow_label, state, state_label, open, late })
        })
        .collect()
}

/// Companions with families in the territory, and how their year stands.
///
/// # Errors
/// The store's.
pub fn caseloads(house: &House, scope: &Scope, page: &Page) -> Result<Paged<CaseloadView>> {
    let (from, to) = scope.path_range();
    let today = house.clock.today();
    let (year, next) = (date(today.year(), 1, 1), date(today.year() + 1, 1, 1));
    let after = page.after_int(0)?;
    let rows = house.db.read(|tx| {
        tx.query(
            &queries::CASELOADS,
            params![
                from,
                to,
                scope.caseload(),
                today.to_string(),
                GRADUATED,
                year.to_string(),
                next.to_string(),
                after,
                page.fetch()
            ],
        )
    })?;
    let work = house.policy.settings().work;
    let rows = rows.iter().map(|row| {
        Ok(CaseloadView {
            user: UserId(row.int(0)?),
            name: row.string(1)?,
            region: row.region(2)?,
            families: row.int(3)?,
            open: row.int(4)?,
            late: row.int(5)?,
            graduated: row.int(6)?,
            graduations_target: work.graduations_a_year,
            too_many: row.int(3)? > work.caseload_max,
        })
    });
    Ok(page.page(rows.collect::<Result<Vec<_>>>()?, |row| vec![Value::Int(row.user.0)]))
}

/// A case, its history and what this person may do next; none outside the scope.
///
/// # Errors
/// The store's; [`Error::Workflow`] when the policy lost the workflow.
pub fn case_page(house: &House, scope: &Scope, case: CaseId) -> Result<Option<CaseView>> {
    let found = house.db.read(|tx| {
        let Some(stored) = service::stored(tx, scope, case)? else { return Ok(None) };
        let events = tx.query(&queries::EVENTS, params![stored.family, stored.id])?;
        Ok::<_, Error>(Some((stored, events)))
    })?;
    let Some((stored, events)) = found else { return Ok(None) };
    let Some(workflow) = house.policy.workflow(&stored.workflow) else {
        return Err(Error::Workflow(stored.workflow));
    };
    let row = RowParts {
        ids: (stored.id, stored.family, stored.person, stored.line),
        workflow: stored.workflow.clone(),
        title: stored.title.clone(),
        region: stored.region.clone(),
        state: stored.case.state.clone(),
        open: stored.open,
        clock: stored.case.clock,
        step_due_on: stored.step_due_on,
    };
    let state = &stored.case.state;
    Ok(Some(CaseView {
        row: row.view(house),
        purpose: workflow.purpose.clone(),
        rev: stored.rev,
        answers: answers_shown(workflow, &stored.case.answers),
        history: events.iter().map(|row| event(workflow, row, case)).collect::<Result<_>>()?,
        steps: workflow
            .out_of(state)
            .filter(|step| step.by.iter().any(|role| role == scope.role()))
            .map(|step| StepView {
                action: step.action.clone(),
                label: step.label.clone(),
                to_label: state_label(workflow, &step.to),
                ends: workflow.state(&step.to).is_some_and(|state| state.kind == StateKind::End),
                needs_other: step.checker && stored.case.last_actor == scope.actor().0,
                fields: fields_of(workflow, step.form.as_deref(), &stored.case.answers),
            })
            .collect(),
        waits_for: workflow.task_of(state).into_iter().map(str::to_owned).collect(),
    }))
}

/// Workflows that the role of this scope may open by hand.
pub fn openable(house: &House, scope: &Scope) -> Vec<OpenableView> {
    let may = |workflow: &&Workflow| workflow.opened_by.iter().any(|role| role == scope.role());
    let view = |workflow: &Workflow| OpenableView {
        workflow: workflow.key.clone(),
        label: workflow.label.clone(),
        purpose: workflow.purpose.clone(),
        subject: workflow.subject,
        fields: fields_of(workflow, workflow.open_form.as_deref(), &Answers::new()),
    };
    house.policy.workflows().values().filter(may).map(view).collect()
}

/// What a row of the database says, before words and days are put to it.
struct RowParts {
    ids: (CaseId, FamilyId, Option<PersonId>, Option<LineId>),
    workflow: String,
    title: String,
    region: RegionCode,
    state: String,
    open: bool,
    clock: Clock,
    step_due_on: Date,
}

fn case_row(house: &House, row: &Row) -> Result<CaseRow> {
    let parts = RowParts {
        ids: (
            CaseId(row.int(1)?),
            FamilyId(row.int(0)?),
            row.opt_int(3)?.map(PersonId),
            row.opt_int(4)?.map(LineId),
        ),
        workflow: row.string(2)?,
        title: row.string(5)?,
        region: row.region(6)?,
        state: row.string(7)?,
        open: row.bool(8)?,
        clock: Clock {
            opened_on: row.date(9)?,
            stopped_days: u32::try_from(row.int(12)?).unwrap_or(0),
            stopped_since: row.opt_date(13)?,
        },
        step_due_on: row.date(11)?,
    };
    Ok(parts.view(house))
}

impl RowParts {
    fn view(self, house: &House) -> CaseRow {
        let (calendar, today) = (house.policy.calendar(), house.clock.today());
        let workflow = house.policy.workflow(&self.workflow);
        let (workflow_label, state_label) = labels(house, &self.workflow, &self.state);
        let due_on = workflow.map_or(self.step_due_on, |workflow| self.clock.due(workflow, calendar, today));
        let (case, family, person, line) = self.ids;
        CaseRow {
            next: workflow
                .and_then(|workflow| workflow.state(&self.state))
                .and_then(|state| state.next.clone()),
            waiting: workflow.is_some_and(|workflow| service::is_waiting(workflow, &self.state)),
            step_days_left: calendar.working_days_between(today, self.step_due_on),
            days_left: calendar.working_days_between(today, due_on),
            opened_on: self.clock.opened_on,
            step_due_on: self.step_due_on,
            workflow: self.workflow,
            title: self.title,
            region: self.region,
            state: self.state,
            open: self.open,
            workflow_label,
            state_label,
            due_on,
            case,
            family,
            person,
            line,
        }
    }
}

fn labels(house: &House, workflow: &str, state: &str) -> (Label, Label) {
    match house.policy.workflow(workflow) {
        Some(found) => (found.label.clone(), state_label(found, state)),
        None => (Label::new(workflow, workflow), Label::new(state, state)),
    }
}

fn state_label(workflow: &Workflow, state: &str) -> Label {
    workflow.state(state).map_or_else(|| Label::new(state, state), |state| state.label.clone())
}

fn event(workflow: &Workflow, row: &Row, case: CaseId) -> Result<EventView> {
    let (action, from, to) = (row.string(4)?, row.string(5)?, row.string(6)?);
    let answers: Answers = serde_json::from_str(row.text(7)?).map_err(|_| Error::Stored(case.0))?;
    let action_label = match workflow.transition(&from, &action) {
        Some(step) => step.label.clone(),
        None if from.is_empty() => Label::new("Dibuka", "Opened"),
        None => Label::new(&action, &action),
    };
    Ok(EventView {
        seq: row.int(0)?,
        at_ms: row.int(1)?,
        actor: row.string(2)?,
        role: row.string(3)?,
        to_label: state_label(workflow, &to),
        answers: answers_shown(workflow, &answers),
        action_label,
        action,
        from,
        to,
    })
}

fn field_of<'w>(workflow: &'w Workflow, key: &str) -> Option<&'w FormField> {
    workflow.forms.iter().flat_map(|form| &form.fields).find(|field| field.key == key)
}

fn answers_shown(workflow: &Workflow, answers: &Answers) -> Vec<AnswerView> {
    let shown = |(key, answer): (&String, &Answer)| {
        let field = field_of(workflow, key);
        AnswerView {
            field: key.clone(),
            label: field.map_or_else(|| Label::new(key, key), |field| field.label.clone()),
            shown: answer_shown(field, answer),
        }
    };
    answers.iter().map(shown).collect()
}

fn answer_shown(field: Option<&FormField>, answer: &Answer) -> Label {
    if field.is_some_and(|field| field.sealed) {
        let last: String = answer.as_written().chars().rev().take(4).collect();
        let masked = format!("••••{}", last.chars().rev().collect::<String>());
        return Label::new(&masked, &masked);
    }
    let plain = || {
        let (id, en) = (answer.value().words(model::Lang::Id), answer.value().words(model::Lang::En));
        Label { id, en }
    };
    match (answer, field.map(|field| &field.kind)) {
        (Answer::Text(text), Some(FieldKind::Choice(choices))) => choices
            .iter()
            .find(|choice| choice.value == *text)
            .map_or_else(|| Label::new(text, text), |choice| choice.label.clone()),
        (Answer::Text(text), _) => Label::new(text, text),
        (Answer::Int(number), Some(FieldKind::Money)) => {
            let printed = model::Rupiah::new(*number).to_string();
            Label::new(&printed, &printed)
        }
        _ => plain(),
    }
}

fn fields_of(workflow: &Workflow, form: Option<&str>, answers: &Answers) -> Vec<FieldView> {
    let fields = form.and_then(|key| workflow.form(key)).map_or(&[][..], |form| &form.fields);
    let view = |field: &FormField| FieldView {
        key: field.key.clone(),
        label: field.label.clone(),
        hint: field.hint.clone(),
        kind: field.kind.clone(),
        required: field.required,
        shown_when: field.visible_when.as_ref().map(|condition| Label {
            id: with_choices(fields, model::Lang::Id, condition.words(model::Lang::Id)),
            en: with_choices(fields, model::Lang::En, condition.words(model::Lang::En)),
        }),
        max_length: field.max_length,
        // A sealed answer is written anew, never sent back to a page.
        value: answers.get(&field.key).filter(|_| !field.sealed).map(Answer::as_written),
    };
    fields.iter().map(view).collect()
}

/// A condition names the value of a choice in quotes; its reader knows the choice by its label.
fn with_choices(fields: &[FormField], lang: model::Lang, words: String) -> String {
    let choices = fields.iter().filter_map(|field| match &field.kind {
        FieldKind::Choice(choices) => Some(choices),
        _ => None,
    });
    choices.flatten().fold(words, |words, choice| {
        let label = format!("“{}”", choice.label.get(lang));
        words.replace(&format!("“{}”", choice.value), &label)
    })
}
