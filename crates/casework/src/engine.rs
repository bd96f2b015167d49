//! The pure part: a case, an action and a role give the next state, the effects and the clock, or a refusal in words.
//!
//! Laws, kept by tests: no state that the workflow does not name is ever reached; the deadline never moves before the first one and
//! never later than it by more than the longest stop; a closed case takes no step; whom a case accuses never works it; a refusal changes
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use model::RegionLevel;
use policy::{
    ASSIGN, AssignTo, CITIZEN, Calendar, DERIVED, Label, NOTIFY, OPEN_CASE, SET_DATE, StateKind, Transition,
    Workflow,
};
use rules::{Expr, Params, Value};

use crate::{
    files,
    form::{self, Answers, FieldFault},
};

/// In whose name the house takes a step by itself: when its time has come, or two checks were compared. No role of the pack is called so.
pub const CLOCK: &str = "clock";

/// The clock of a case, in civil days. Cases of one tree share the clock of the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Day from which it runs. It never starts again.
    pub from: Date,
    /// Working days from there to the deadline.
    pub days: u32,
    /// Most working days that it may stand still.
    pub stop_max: u32,
    /// Working days for which it stood still in earlier stops.
    pub stopped_days: u32,
    /// Day since which it stands still now.
    pub stopped_since: Option<Date>,
}

/// What the engine needs to know of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Its number.
    pub number: i64,
    /// Key of the state.
    pub state: String,
    /// Answers of all forms so far.
    pub answers: Answers,
    /// The clock.
    pub clock: Clock,
    /// Who did the last step.
    pub last_actor: i64,
    /// Who did what so far, by action (`open` is the opening); filled where the workflow asks for other people.
    pub actors: BTreeMap<String, Vec<i64>>,
    /// Files of the case that a form may name; filled where one does.
    pub files: BTreeSet<i64>,
    /// Cases that this one opened and that are not finished.
    pub open_children: i64,
    /// Another case of the tree waits for somebody outside: the clock that they share stands still whatever this one does.
    pub others_wait: bool,
}

/// A step that somebody wants to take.
#[derive(Debug, Clone, Copy)]
pub struct Move<'a> {
    /// Key of the action.
    pub action: &'a str,
    /// Role of the person; [`CLOCK`] where nobody acted in time.
    pub role: &'a str,
    /// Level of region at which the role is held.
    pub level: RegionLevel,
    /// Id of the person.
    pub actor: i64,
    /// The case is about this person's own family, or one of relatives.
    pub kin: bool,
    /// What was written into the form, by field.
    pub written: &'a BTreeMap<String, String>,
    /// Today, where the case lies.
    pub today: Date,
}

/// Something that the step causes in another room.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Caused {
    /// Name of the effect.
    pub name: String,
    /// Its arguments, as written.
    pub arguments: BTreeMap<String, String>,
}

/// A case that the step opens under this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Key of its workflow.
    pub workflow: String,
    /// Its opening answers, as this case has them.
    pub answers: Answers,
    /// Opening answers that the workflow itself says, as written.
    pub said: BTreeMap<String, String>,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Stepped {
    /// The case afterwards.
    pub case: Case,
    /// Answers of this step alone.
    pub answered: Answers,
    /// What it causes in other rooms.
    pub effects: Vec<Caused>,
    /// Cases that it opens.
    pub children: Vec<Child>,
    /// Roles that it tells.
    pub told: Vec<String>,
    /// Day that it sets for the next step, where it sets one.
    pub step_due: Option<Date>,
    /// To whom it gives the case, where it does.
    pub assigned: Option<AssignTo>,
    /// Whether the case is finished.
    pub ended: bool,
    /// Target that the end counts towards.
    pub counts: Option<String>,
}

/// Why a step is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The state is not in the workflow: the policy has changed under the case.
    #[error("the state `{0}` is no longer in the workflow; restore it in the policy or close the case there")]
    State(String),
    /// The case is finished.
    #[error("the case is finished")]
    Closed,
    /// No such step from here.
    #[error("the step `{0}` cannot be taken from here")]
    Action(String),
    /// Another role takes this step.
    #[error("this step is taken by {}", .0.join(", "))]
    Role(Vec<String>),
    /// The role is held too far below.
    #[error("this step is taken at the level of the {0:?} or above")]
    Level(RegionLevel),
    /// The case accuses this role.
    #[error("who is accused does not work the case")]
    Accused,
    /// The case is about the own family, or one of relatives.
    #[error("nobody works a case of the own family or of relatives")]
    Kin,
    /// The case was drawn for another way: this step would end it without.
    #[error("the case was drawn: take the step `{0}` first")]
    Drawn(String),
    /// The person who did the last step, or one that must be checked, may not check it.
    #[error("the person who did the step before may not check it: another person must")]
    SamePerson,
    /// The form is not filled rightly.
    #[error("{} answers must be corrected", .0.len())]
    Form(Vec<FieldFault>),
    /// A case is given to others by who holds the right.
    #[error("to give a case to somebody else needs the right to assign cases")]
    Assign,
    /// The person has no step in the case, or not there.
    #[error("this person has no step in the case as it stands, or not in this territory or caseload")]
    Assignee,
    /// The guard does not hold.
    #[error("{}", .0.en)]
    Guard(Label),
}

impl Refusal {
    /// Stable code, the key of its words.
    pub fn code(&self) -> &'static str {
        match self {
            Self::State(_) => "casework-state",
            Self::Closed => "casework-closed",
            Self::Action(_) => "casework-action",
            Self::Role(_) => "casework-role",
            Self::Level(_) => "casework-level",
            Self::Accused => "casework-accused",
            Self::Kin => "casework-kin",
            Self::Drawn(_) => "casework-drawn",
            Self::SamePerson => "casework-same-person",
            Self::Form(_) => "casework-form",
            Self::Assign => "casework-assign",
            Self::Assignee => "casework-assignee",
            Self::Guard(_) => "casework-guard",
        }
    }
}

/// Takes a step, or says why not.
///
/// # Errors
/// The first [`Refusal`].
pub fn step(
    workflow: &Workflow,
    calendar: &Calendar,
    case: &Case,
    wanted: Move<'_>,
) -> Result<Stepped, Refusal> {
    let transition = allowed(workflow, case, wanted)?;
    let fields =
        transition.form.as_deref().and_then(|key| workflow.form(key)).map_or(&[][..], |form| &form.fields);
    let answered = form::read(fields, &case.answers, wanted.written, wanted.today).map_err(Refusal::Form)?;
    let strange = files::strange(fields, &answered, &case.files);
    if !strange.is_empty() {
        return Err(Refusal::Form(strange));
    }
    let mut answers = case.answers.clone();
    for field in fields {
        // A question that is hidden now has no answer any more.
        answers.remove(&field.key);
    }
    answers.extend(answered.clone());
    guard(calendar, workflow, case, transition, &answers, wanted.today)?;
    let Some(next) = workflow.state(&transition.to) else {
        return Err(Refusal::State(transition.to.clone()));
    };
    let mut stepped = Stepped {
        effects: Vec::new(),
        children: Vec::new(),
        told: Vec::new(),
        step_due: None,
        assigned: None,
        ended: next.kind == StateKind::End,
        counts: next.counts.clone(),
        answered,
        case: Case {
            state: next.key.clone(),
            clock: case.clock.moved(
                calendar,
                next.kind == StateKind::Waiting || case.others_wait,
                wanted.today,
            ),
            last_actor: wanted.actor,
            answers,
            ..case.clone()
        },
    };
    cause(calendar, workflow, case, transition, &mut stepped, wanted.today);
    Ok(stepped)
}

/// Sorts what a step causes by who carries it. A condition sees the case as the guard of the step saw it.
fn cause(
    calendar: &Calendar,
    workflow: &Workflow,
    before: &Case,
    transition: &Transition,
    stepped: &mut Stepped,
    today: Date,
) {
    for effect in &transition.effects {
        let answers = &stepped.case.answers;
        if effect.when.as_ref().is_some_and(|when| !holds(when, (calendar, workflow), before, answers, today))
        {
            continue;
        }
        let given = effect.fields.iter().filter_map(|(argument, field)| {
            Some((argument.clone(), stepped.case.answers.get(field)?.clone()))
        });
        let given: Answers = given.collect();
        let written = given.iter().map(|(key, answer)| (key.clone(), answer.as_written()));
        let arguments = effect.values.clone().into_iter().chain(written).collect();
        match (effect.name.as_str(), &effect.workflow, &effect.role) {
            (OPEN_CASE, Some(workflow), _) => {
                let said = effect.values.clone();
                stepped.children.push(Child { workflow: workflow.clone(), answers: given, said });
            }
            (NOTIFY, _, Some(role)) => stepped.told.push(role.clone()),
            (SET_DATE, ..) => {
                stepped.step_due = given.get("due").and_then(|answer| match answer {
                    form::Answer::Date(day) => Some(*day),
                    _ => None,
                });
            }
            (ASSIGN, ..) => stepped.assigned = effect.to,
            _ => stepped.effects.push(Caused { name: effect.name.clone(), arguments }),
        }
    }
}

/// The role that a case accuses, where its answers name one.
pub fn accused(workflow: &Workflow, answers: &Answers) -> Option<String> {
    match answers.get(workflow.accused.as_deref()?)? {
        form::Answer::Text(role) => Some(role.clone()),
        _ => None,
    }
}

/// The kind of a case, where the workflow has kinds and the answers say one; else empty.
pub fn kind_of<'a>(workflow: &Workflow, answers: &'a Answers) -> &'a str {
    match workflow.kinds.as_ref().and_then(|field| answers.get(field)) {
        Some(form::Answer::Text(kind)) => kind,
        _ => "",
    }
}

/// The day of the first step, where the workflow stands in calendars by a day that the opening says.
pub fn appointed(workflow: &Workflow, answers: &Answers) -> Option<Date> {
    match answers.get(workflow.in_calendar.as_ref()?.day.as_str())? {
        form::Answer::Date(day) => Some(*day),
        _ => None,
    }
}

fn allowed<'w>(workflow: &'w Workflow, case: &Case, wanted: Move<'_>) -> Result<&'w Transition, Refusal> {
    let Some(state) = workflow.state(&case.state) else { return Err(Refusal::State(case.state.clone())) };
    if state.kind == StateKind::End {
        return Err(Refusal::Closed);
    }
    let Some(transition) = workflow.transition(&case.state, wanted.action) else {
        return Err(Refusal::Action(wanted.action.to_owned()));
    };
    if wanted.role == CLOCK {
        let drawn = state.draw.as_ref().filter(|draw| draw.takes(&workflow.key, &state.key, case.number));
        let due = state.then.as_deref() == Some(wanted.action)
            || transition.compared.is_some()
            || drawn.is_some_and(|draw| draw.action == wanted.action);
        return if due { Ok(transition) } else { Err(Refusal::Role(transition.by.clone())) };
    }
    if !transition.by.iter().any(|role| role == wanted.role) {
        return Err(Refusal::Role(transition.by.clone()));
    }
    if let Some(action) = drawn_for(workflow, case, transition) {
        return Err(Refusal::Drawn(action.to_owned()));
    }
    if accused(workflow, &case.answers).is_some_and(|role| role == wanted.role) {
        return Err(Refusal::Accused);
    }
    if wanted.kin && wanted.role != CITIZEN {
        return Err(Refusal::Kin);
    }
    if let Some(level) = transition.level.filter(|level| wanted.level > *level && wanted.role != CITIZEN) {
        return Err(Refusal::Level(level));
    }
    if wanted.role != CITIZEN && is_same_person(transition, case, wanted.actor) {
        return Err(Refusal::SamePerson);
    }
    Ok(transition)
}

/// The action that a case was drawn for, where a step would end it without.
pub fn drawn_for<'w>(workflow: &'w Workflow, case: &Case, transition: &Transition) -> Option<&'w str> {
    let draw = workflow.state(&case.state)?.draw.as_ref()?;
    let ends = workflow.state(&transition.to).is_some_and(|state| state.kind == StateKind::End);
    let drawn = ends && transition.action != draw.action;
    (drawn && draw.takes(&workflow.key, &case.state, case.number)).then_some(draw.action.as_str())
}

/// Whether this person did what the step checks.
pub fn is_same_person(transition: &Transition, case: &Case, actor: i64) -> bool {
    let did = |action: &String| case.actors.get(action).is_some_and(|people| people.contains(&actor));
    (transition.checker && actor == case.last_actor) || transition.other_than.iter().any(did)
}

/// A guard that is false or unknown refuses: unknown is never true.
fn guard(
    calendar: &Calendar,
    workflow: &Workflow,
    case: &Case,
    transition: &Transition,
    answers: &Answers,
    today: Date,
) -> Result<(), Refusal> {
    match &transition.guard {
        Some(condition) if !holds(condition, (calendar, workflow), case, answers, today) => {
            Err(Refusal::Guard(transition.guard_text.clone().unwrap_or_default()))
        }
        _ => Ok(()),
    }
}

/// Whether a condition over the answers and the case is true: unknown is not.
fn holds(
    condition: &Expr,
    (calendar, workflow): (&Calendar, &Workflow),
    case: &Case,
    answers: &Answers,
    today: Date,
) -> bool {
    let due = case.clock.due(calendar, today);
    let row = |name: &str| match name.split_once('.') {
        Some(("form", field)) => answers.get(field).map(form::Answer::value).unwrap_or_default(),
        Some(("case", "days_left")) => Value::Int(calendar.working_days_between(today, due)),
        Some(("case", "open_children")) => Value::Int(case.open_children),
        Some((DERIVED, key)) => {
            let one = workflow.derived.iter().find(|one| one.key == key);
            one.and_then(|one| one.value(&form::row(answers), today)).map_or(Value::Null, Value::Int)
        }
        _ => Value::Null,
    };
    condition.value(&row, &Params::at(today)).as_bool() == Some(true)
}

impl Clock {
    /// A clock of a workflow that starts, for a case of a kind.
    pub fn start(workflow: &Workflow, kind: &str, from: Date) -> Self {
        Self {
            from,
            days: workflow.days_of(kind),
            stop_max: workflow.stop_days_max(),
            stopped_days: 0,
            stopped_since: None,
        }
    }

    /// Working days for which it stood still until a day, never more than allowed.
    pub fn stopped(&self, calendar: &Calendar, on: Date) -> u32 {
        let now = self.stopped_since.map_or(0, |since| calendar.working_days_between(since, on).max(0));
        let total = i64::from(self.stopped_days).saturating_add(now);
        u32::try_from(total).unwrap_or(u32::MAX).min(self.stop_max)
    }

    /// The deadline of the case, seen on a day.
    pub fn due(&self, calendar: &Calendar, on: Date) -> Date {
        calendar.add_working_days(self.from, self.days.saturating_add(self.stopped(calendar, on)))
    }

    /// The latest deadline that the case can get while it stands still.
    pub fn due_at_most(&self, calendar: &Calendar) -> Date {
        let stop = if self.stopped_since.is_some() { self.stop_max } else { self.stopped_days };
        calendar.add_working_days(self.from, self.days.saturating_add(stop))
    }

    /// The clock after a step, where somebody outside has the next one or not.
    fn moved(self, calendar: &Calendar, waits: bool, today: Date) -> Self {
        match (self.stopped_since, waits) {
            (Some(_), true) | (None, false) => self,
            (None, true) => Self { stopped_since: Some(today), ..self },
            (Some(_), false) => {
                Self { stopped_days: self.stopped(calendar, today), stopped_since: None, ..self }
            }
        }
    }
}

/// The day until which the step in a state should be done.
pub fn step_due(workflow: &Workflow, calendar: &Calendar, state: &str, entered_on: Date) -> Date {
    let days = workflow.state(state).and_then(|state| state.days).unwrap_or(0);
    calendar.add_working_days(entered_on, days)
}
