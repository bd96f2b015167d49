//! What pages and `--json` show: my tasks, a case with its history and the steps I may take, the cases of a family, caseloads.

use access::{House, Scope};
use jiff::{
    Timestamp,
    civil::{Date, date},
};
use model::{CaseId, FamilyId, LineId, PersonId, RegionCode, UserId};
use policy::{CataloguePart, FieldKind, Label, StateKind, Transition, Workflow};
use serde::Serialize;
use store::{Page, Paged, Row, Value, params};

use crate::{
    Error, Result, assign,
    assign::Person,
    compare::{self, ComparedView},
    engine::{self, Clock},
    files::{self, FileView},
    form::Answers,
    kin,
    month::{self, CountsFor},
    offered::{OfferedCase, offer},
    paper::{self, DeadlineView, LetterView},
    queries,
    service::{self, Stored},
    shown, sweep,
};

pub use crate::board::{board, board_state};
pub use crate::shown::{answers_shown, fields_of};

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
    /// The family; 0 where it is about none.
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
    /// Why it is in a list of tasks.
    pub why: Why,
    /// Who works it, where a list of tasks tells.
    pub assignee: Option<Person>,
    /// The month for which it counts, where its workflow counts by months; in lists of open cases only.
    pub counts: Option<CountsFor>,
}

/// Why a case stands in somebody's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The next step is this role's.
    #[default]
    Task,
    /// Somebody else's step is late.
    Late,
    /// A step said that this role is to be told.
    Told,
}

/// Most cases that are counted one by one; beyond, a count says "more than".
pub const COUNTED: i64 = 10_000;

/// What waits for me, in numbers; each at most one more than [`COUNTED`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct TaskCounts {
    /// All my tasks.
    pub tasks: i64,
    /// Of them, past the day of their step.
    pub late: i64,
    /// Of them, due today.
    pub today: i64,
}

/// Which of my tasks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskFilter {
    /// Key of a workflow; empty for all.
    pub workflow: String,
    /// Only what is late.
    pub late: bool,
    /// Whose.
    pub whose: Whose,
}

/// Tasks by the person who works them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// Everything that waits for the role.
    #[default]
    All,
    /// Given to the person who asks.
    Mine,
    /// Given to nobody.
    Free,
}

/// A case of the same tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RelativeView {
    /// The case.
    pub row: CaseRow,
    /// It was opened by the case that is looked at.
    pub child: bool,
    /// It opened the case that is looked at.
    pub parent: bool,
}

/// The open cases of a state, for who oversees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BoardColumn {
    /// Key of the state.
    pub state: String,
    /// Name of the state.
    pub label: Label,
    /// Open cases; at most one more than [`COUNTED`].
    pub open: i64,
    /// Of them, past the day of their step; likewise.
    pub late: i64,
    /// The first of them, longest due first.
    pub first: Vec<CaseRow>,
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
    /// The file that is the answer.
    pub file: Option<i64>,
}

/// A number that follows from the answers of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DerivedView {
    /// Key.
    pub key: String,
    /// Its name.
    pub label: Label,
    /// The number, of its unit.
    pub value: i64,
    /// Of what.
    pub unit: Label,
    /// Where it comes from.
    pub basis: Label,
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
    /// Digits only.
    pub digits: bool,
    /// Filled with this part of a service that was chosen in the catalogue.
    pub catalogue: Option<CataloguePart>,
    /// Workflows of which an open case is chosen.
    pub cases: Vec<String>,
    /// Those that may be chosen, the newest first; filled by [`crate::offer`].
    pub offered: Vec<OfferedCase>,
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
    /// Numbers that follow from them.
    pub derived: Vec<DerivedView>,
    /// Everything that was done.
    pub history: Vec<EventView>,
    /// What this person may do next.
    pub steps: Vec<StepView>,
    /// Roles whose task it is now.
    pub waits_for: Vec<String>,
    /// What a law demands.
    pub deadlines: Vec<DeadlineView>,
    /// Where the days of the case come from.
    pub basis: Option<Label>,
    /// Letters that may be printed.
    pub letters: Vec<LetterView>,
    /// The other cases of its tree.
    pub relatives: Vec<RelativeView>,
    /// Seen as it was at the end of that day; no step is offered then.
    pub as_of: Option<Date>,
    /// Two checks of its family side by side, once the second is filed.
    pub compared: Vec<ComparedView>,
    /// Its photographs and papers, withdrawn ones among them.
    pub files: Vec<FileView>,
    /// Whether this person may add one.
    pub may_add_files: bool,
    /// It was opened without its family, and this person may name it.
    pub lacks_family: bool,
    /// The case is about the own family or relatives: somebody else takes its steps.
    pub kin: bool,
    /// This person may take the case on.
    pub may_take: bool,
    /// This person may give it up, or take it from whoever works it.
    pub may_leave: bool,
    /// Other people to whom this person may give it.
    pub people: Vec<Person>,
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
    /// Of them, past the day of their step.
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
pub fn tasks(house: &House, scope: &Scope, filter: &TaskFilter, page: &Page) -> Result<Paged<CaseRow>> {
    let before = if filter.late { house.clock.today().to_string() } else { "9999-12-31".to_owned() };
    tasks_from(house, scope, filter, page, ("", before))
}

/// Of the same, those whose step is due from the first day to the last.
pub(crate) fn tasks_between(
    house: &House,
    scope: &Scope,
    page: &Page,
    (first, last): (Date, Date),
) -> Result<Paged<CaseRow>> {
    let before = last.tomorrow().unwrap_or(last).to_string();
    tasks_from(house, scope, &TaskFilter::default(), page, (&first.to_string(), before))
}

fn tasks_from(
    house: &House,
    scope: &Scope,
    filter: &TaskFilter,
    page: &Page,
    (first, before): (&str, String),
) -> Result<Paged<CaseRow>> {
    let (from, to) = scope.path_range();
    let keys = page.keys(2)?.unwrap_or_else(|| vec![first.into(), Value::Int(0)]);
    let statement = match (filter.whose, Reach::of(scope)) {
        (Whose::Mine, _) => &queries::TASKS_MINE,
        (_, Reach::Wide) => &queries::TASKS_WIDE,
        (_, Reach::Near) => &queries::TASKS_NEAR,
        (_, Reach::Own) => &queries::TASKS_OWN,
    };
    let [day, case] = keys.as_slice() else { return Err(store::Error::Cursor.into()) };
    let (day, case) = (day.clone(), case.clone());
    let mut asked =
        params![scope.role(), day, case, from, to, &filter.workflow, page.fetch(), before].to_vec();
    match filter.whose {
        Whose::Mine => asked.extend([scope.actor().into(), scope.caseload().into()]),
        whose => asked.push(i64::from(whose == Whose::Free).into()),
    }
    if filter.whose != Whose::Mine && Reach::of(scope) == Reach::Own {
        asked.push(scope.caseload().into());
    }
    let (rows, people) = house.db.read(|tx| {
        let rows = tx.query(statement, &asked)?;
        let of_row = |row: &Row| Ok::<_, Error>((FamilyId(row.int(0)?), CaseId(row.int(1)?)));
        let keys = rows.iter().map(of_row).collect::<Result<Vec<_>>>()?;
        let people = assign::of_cases(tx, &keys)?;
        Ok::<_, Error>((rows, people))
    })?;
    let one = |(row, assignee): (&Row, Option<Person>)| {
        let why = match row.int(17)? {
            service::WATCH_LATE => Why::Late,
            service::WATCH_TOLD => Why::Told,
            _ => Why::Task,
        };
        Ok(CaseRow { why, assignee, ..case_row(house, row)? })
    };
    let rows = rows.iter().zip(people).map(one).collect::<Result<Vec<_>>>()?;
    Ok(page.page(rows, |row| vec![row.step_due_on.to_string().into(), Value::Int(row.case.0)]))
}

/// How much waits for the role of this scope.
///
/// # Errors
/// The store's.
pub fn task_counts(house: &House, scope: &Scope) -> Result<TaskCounts> {
    let (from, to) = scope.path_range();
    let today = house.clock.today().to_string();
    let mut asked = params![scope.role(), today, from, to].to_vec();
    let statement = match Reach::of(scope) {
        Reach::Near => &queries::TASK_COUNTS_NEAR,
        Reach::Own => {
            asked.push(scope.caseload().into());
            &queries::TASK_COUNTS_OWN
        }
        Reach::Wide => {
            asked.push((COUNTED + 1).into());
            &queries::TASK_COUNTS_WIDE
        }
    };
    let row = house.db.read(|tx| tx.query_one(statement, &asked))?;
    let counted = |index| Ok::<_, Error>(row.int(index)?.min(COUNTED + 1));
    Ok(TaskCounts { tasks: counted(0)?, late: counted(1)?, today: counted(2)? })
}

/// How much a scope reaches over, and so the order in which a list is looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// A province or the nation: by day, and the first rows come at once.
    Wide,
    /// A district or less: all of the place.
    Near,
    /// A caseload: family by family.
    Own,
}

impl Reach {
    pub(crate) fn of(scope: &Scope) -> Self {
        match (scope.caseload(), scope.region().level() >= model::RegionLevel::District) {
            (0, false) => Self::Wide,
            (0, true) => Self::Near,
            _ => Self::Own,
        }
    }
}

/// The cases of a family, open ones first.
///
/// # Errors
/// The store's.
pub fn family_cases(house: &House, scope: &Scope, family: FamilyId) -> Result<Vec<CaseRow>> {
    let (from, to) = scope.path_range();
    let rows =
        house.db.read(|tx| tx.query(&queries::FAMILY_CASES, params![family, from, to, scope.caseload()]))?;
    seen_rows(house, scope, &rows)
}

/// The cases of a payment line, newest first.
///
/// # Errors
/// The store's.
pub fn line_cases(house: &House, scope: &Scope, line: LineId) -> Result<Vec<CaseRow>> {
    let (from, to) = scope.path_range();
    let rows =
        house.db.read(|tx| tx.query(&queries::LINE_CASES, params![line, from, to, scope.caseload()]))?;
    seen_rows(house, scope, &rows)
}

/// The cases that a role may know of.
fn seen_rows(house: &House, scope: &Scope, rows: &[Row]) -> Result<Vec<CaseRow>> {
    let mut seen = Vec::with_capacity(rows.len());
    for row in rows {
        if service::sees(house, scope, row.text(2)?, row.text(16)?) {
            seen.push(case_row(house, row)?);
        }
    }
    Ok(seen)
}

/// Open cases by workflow and state, of those that the role may know of. Of a province or the nation, as the clock counted them when
/// it last
/// went over all cases: the day is told with them.
///
/// # Errors
/// The store's.
pub fn counts_by_state(house: &House, scope: &Scope) -> Result<(Vec<StateCount>, Option<Date>)> {
    let (from, to) = scope.path_range();
    let today = house.clock.today().to_string();
    let (rows, counted_on) = house.db.read(|tx| {
        let night =
            sweep::last(tx)?.filter(|_| sweep::counted_at_night(scope.region()) && scope.caseload() == 0);
        let mut asked = params![from, to, today, scope.role()].to_vec();
        let rows = match (night, Reach::of(scope)) {
            (Some(_), _) => tx.query(&queries::STATES_AT_NIGHT, params![from, to])?,
            (None, Reach::Own) => {
                asked.push(scope.caseload().into());
                tx.query(&queries::STATES_OWN, &asked)?
            }
            (None, _) => tx.query(&queries::STATES, &asked)?,
        };
        Ok::<_, Error>((rows, night.map(|(day, _)| day)))
    })?;
    let mut counts = Vec::with_capacity(rows.len());
    for row in &rows {
        let (workflow, state) = (row.string(0)?, row.string(1)?);
        if !service::sees(house, scope, &workflow, "") {
            continue;
        }
        let (workflow_label, state_label) = labels(house, &workflow, &state);
        let (open, late) = (row.int(2)?, row.int(3)?);
        counts.push(StateCount { workflow, workflow_label, state, state_label, open, late });
    }
    Ok((counts, counted_on))
}

/// Companions with families in a district or less, or the one who asks, and how their year stands. Above that nobody reads thousands of
/// names: coverage by place tells ([`crate::pillar`]), and the list is empty.
///
/// # Errors
/// The store's.
pub fn caseloads(house: &House, scope: &Scope, page: &Page) -> Result<Paged<CaseloadView>> {
    if Reach::of(scope) == Reach::Wide {
        return Ok(page.page(Vec::new(), |row: &CaseloadView| vec![Value::Int(row.user.0)]));
    }
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

/// A case, its history and what this person may do next; none outside the scope. With a day: as it stood at the end of that day.
///
/// # Errors
/// The store's; [`Error::Workflow`] when the policy lost the workflow.
pub fn case_page(
    house: &House,
    scope: &Scope,
    case: CaseId,
    as_of: Option<Date>,
) -> Result<Option<CaseView>> {
    let found = house.db.read(|tx| {
        let Some(mut found) = service::stored(tx, house, scope, case)? else { return Ok(None) };
        let until = as_of.map_or(i64::MAX, |day| paper::end_of_day(house, &found.region, day));
        let events = tx.query(&queries::EVENTS, params![found.family, found.id, until])?;
        found.case.actors = service::actors(tx, &found)?;
        if let Some(workflow) = house.policy.workflow(&found.workflow) {
            service::add_parent_actors(tx, workflow, &mut found)?;
        }
        let tree = match found.root {
            Some(root) => tx.query(&queries::TREE, params![root])?,
            None => Vec::new(),
        };
        let people = match as_of {
            None => assign::choices(tx, house, scope, &found)?,
            Some(_) => Vec::new(),
        };
        let kin = kin::families_of(tx, scope.actor())?.contains(&found.family.0);
        let assignee = assign::of_cases(tx, &[(found.family, found.id)])?.pop().flatten();
        let files = files::of_case(tx, found.family, found.id, until)?;
        let compared = match as_of {
            None => compare::of_case(tx, house, found.id)?,
            Some(_) => Vec::new(),
        };
        Ok::<_, Error>(Some((found, events, tree, (assignee, people, files, compared), kin)))
    })?;
    let Some((mut found, events, tree, (assignee, people, files, compared), kin)) = found else {
        return Ok(None);
    };
    let Some(workflow) = house.policy.workflow(&found.workflow) else {
        return Err(Error::Workflow(found.workflow));
    };
    let history: Vec<EventView> =
        events.iter().map(|row| shown::event(workflow, row, case)).collect::<Result<_>>()?;
    if as_of.is_some() {
        let Some(last) = history.last() else { return Ok(None) };
        found.case.state.clone_from(&last.to);
        found.open = workflow.state(&last.to).is_some_and(|state| state.kind != StateKind::End);
        found.case.answers = answered_until(&events, case)?;
    }
    let mut row = CaseRow { assignee: assignee.filter(|_| as_of.is_none()), ..row_of(house, &found) };
    let today = as_of.unwrap_or_else(|| service::today_in(house, &found.region));
    let through = month::of_history(
        workflow,
        (&found.case.state, &history),
        |at| day_at(house, &found.region, at),
        today,
    );
    row.counts = through.and_then(|day| month::counts_for(house, workflow, found.opened_on, day));
    let mut steps = if as_of.is_some() || kin { Vec::new() } else { steps_of(workflow, scope, &found) };
    for step in &mut steps {
        offer(house, scope, &found.region, &mut step.fields)?;
    }
    Ok(Some(CaseView {
        purpose: workflow.purpose.clone(),
        kin,
        may_take: as_of.is_none()
            && !kin
            && assign::has_step(workflow, &found, scope.role(), scope.region())
            && row.assignee.as_ref().is_none_or(|person| person.user != scope.actor()),
        may_leave: row.open
            && row.assignee.as_ref().is_some_and(|one| assign::may_release(house, scope, one)),
        people,
        rev: found.rev,
        answers: answers_shown(workflow, &found.case.answers),
        derived: shown::derived(workflow, &found.case.answers, today),
        steps,
        waits_for: workflow
            .task_of(&found.case.state, found.owner(workflow))
            .into_iter()
            .filter(|role| *role != found.accused)
            .map(str::to_owned)
            .collect(),
        lacks_family: as_of.is_none()
            && found.open
            && found.family.0 == 0
            && workflow.subject.of_family()
            && workflow.transitions.iter().any(|step| step.by.iter().any(|role| role == scope.role())),
        deadlines: paper::deadlines(house, workflow, &found, &history),
        basis: workflow.basis.clone(),
        letters: paper::letters(house, workflow, &found, &row),
        relatives: relatives(house, scope, &found, &tree)?,
        may_add_files: as_of.is_none() && files::may_add(workflow, scope, &found),
        files,
        compared,
        as_of,
        history,
        row,
    }))
}

/// The day that it was at a place, at an instant in milliseconds since the epoch.
pub(crate) fn day_at(house: &House, region: &RegionCode, at_ms: i64) -> Date {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    house.policy.calendar().day_in(region, at)
}

fn row_of(house: &House, found: &Stored) -> CaseRow {
    let row = RowParts {
        ids: (found.id, found.family, found.person, found.line),
        workflow: found.workflow.clone(),
        title: found.title.clone(),
        region: found.region.clone(),
        state: found.case.state.clone(),
        open: found.open,
        opened_on: found.opened_on,
        clock: found.case.clock,
        step_due_on: found.step_due_on,
    };
    row.view(house)
}

fn answered_until(events: &[Row], case: CaseId) -> Result<Answers> {
    let mut answers = Answers::new();
    for row in events {
        let more: Answers = serde_json::from_str(row.text(7)?).map_err(|_| Error::Stored(case.0))?;
        answers.extend(more);
    }
    Ok(answers)
}

fn steps_of(workflow: &Workflow, scope: &Scope, found: &Stored) -> Vec<StepView> {
    let too_low = |step: &Transition| step.level.is_some_and(|level| scope.region().level() > level);
    workflow
        .out_of(&found.case.state)
        .filter(|step| step.by.iter().any(|role| role == scope.role()) && !too_low(step))
        .filter(|step| engine::drawn_for(workflow, &found.case, step).is_none())
        .map(|step| StepView {
            action: step.action.clone(),
            label: step.label.clone(),
            to_label: state_label(workflow, &step.to),
            ends: workflow.state(&step.to).is_some_and(|state| state.kind == StateKind::End),
            needs_other: engine::is_same_person(step, &found.case, scope.actor().0),
            fields: fields_of(workflow, step.form.as_deref(), &found.case.answers),
        })
        .collect()
}

fn relatives(house: &House, scope: &Scope, found: &Stored, tree: &[Row]) -> Result<Vec<RelativeView>> {
    let mut relatives = Vec::new();
    for row in tree {
        let id = row.int(1)?;
        if id == found.id.0 || !service::sees(house, scope, row.text(2)?, row.text(16)?) {
            continue;
        }
        relatives.push(RelativeView {
            child: row.opt_int(17)? == Some(found.id.0),
            parent: found.parent == Some(CaseId(id)),
            row: case_row(house, row)?,
        });
    }
    Ok(relatives)
}

/// Workflows that the role of this scope may open by hand.
pub fn openable(house: &House, scope: &Scope) -> Vec<OpenableView> {
    let may = |workflow: &&Workflow| workflow.opened_by.iter().any(|role| role == scope.role());
    house.policy.workflows().values().filter(may).map(openable_view).collect()
}

/// Workflows that visitors without an account may open.
pub fn openable_by_citizens(house: &House) -> Vec<OpenableView> {
    house
        .policy
        .workflows()
        .values()
        .filter(|workflow| crate::is_public(workflow))
        .map(openable_view)
        .collect()
}

/// A workflow as it is opened: what it is for and what it asks.
pub fn openable_one(house: &House, workflow: &str) -> Option<OpenableView> {
    house.policy.workflow(workflow).map(openable_view)
}

fn openable_view(workflow: &Workflow) -> OpenableView {
    OpenableView {
        workflow: workflow.key.clone(),
        label: workflow.label.clone(),
        purpose: workflow.purpose.clone(),
        subject: workflow.subject,
        fields: fields_of(workflow, workflow.open_form.as_deref(), &Answers::new()),
    }
}

/// What a row of the database says, before words and days are put to it.
struct RowParts {
    ids: (CaseId, FamilyId, Option<PersonId>, Option<LineId>),
    workflow: String,
    title: String,
    region: RegionCode,
    state: String,
    open: bool,
    opened_on: Date,
    clock: Clock,
    step_due_on: Date,
}

pub(crate) fn case_row(house: &House, row: &Row) -> Result<CaseRow> {
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
        opened_on: row.date(9)?,
        clock: service::read_clock(house, row)?,
        step_due_on: row.date(11)?,
    };
    Ok(parts.view(house))
}

impl RowParts {
    fn view(self, house: &House) -> CaseRow {
        let (calendar, today) = (house.policy.calendar(), service::today_in(house, &self.region));
        let workflow = house.policy.workflow(&self.workflow);
        let (workflow_label, state_label) = labels(house, &self.workflow, &self.state);
        let due_on = self.clock.due(calendar, today);
        let (case, family, person, line) = self.ids;
        CaseRow {
            next: workflow
                .and_then(|workflow| workflow.state(&self.state))
                .and_then(|state| state.next.clone()),
            waiting: workflow.is_some_and(|workflow| service::is_waiting(workflow, &self.state)),
            step_days_left: calendar.working_days_between(today, self.step_due_on),
            days_left: calendar.working_days_between(today, due_on),
            opened_on: self.opened_on,
            why: Why::Task,
            assignee: None,
            counts: workflow
                .filter(|_| self.open)
                .and_then(|workflow| month::counts_for(house, workflow, self.opened_on, today)),
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

pub(crate) fn state_label(workflow: &Workflow, state: &str) -> Label {
    workflow.state(state).map_or_else(|| Label::new(state, state), |state| state.label.clone())
}
