//! The pure part: a case, an action and a role give the next state, the effects and the clock, or a refusal in words.
//!
//! Laws, kept by tests: no state that the workflow does not name is ever reached; the deadline never moves before the first one and
//! never later than it by more than the longest stop; a closed case takes no step; a refusal changes nothing.

use std::collections::BTreeMap;

use jiff::civil::Date;
use policy::{Calendar, Label, StateKind, Transition, Workflow};
use rules::{Params, Value};

use crate::form::{self, Answers, FieldFault};

/// The clock of a case, in civil days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Day on which the case was opened; the clock runs from here and never starts again.
    pub opened_on: Date,
    /// Working days for which it stood still in earlier stops.
    pub stopped_days: u32,
    /// Day since which it stands still now.
    pub stopped_since: Option<Date>,
}

/// What the engine needs to know of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Key of the state.
    pub state: String,
    /// Answers of all forms so far.
    pub answers: Answers,
    /// The clock.
    pub clock: Clock,
    /// Who did the last step.
    pub last_actor: i64,
}

/// A step that somebody wants to take.
#[derive(Debug, Clone, Copy)]
pub struct Move<'a> {
    /// Key of the action.
    pub action: &'a str,
    /// Role of the person.
    pub role: &'a str,
    /// Id of the person.
    pub actor: i64,
    /// What was written into the form, by field.
    pub written: &'a BTreeMap<String, String>,
    /// Today.
    pub today: Date,
}

/// Something that the step causes outside the case.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Caused {
    /// Name of the effect.
    pub name: String,
    /// Its arguments, as written.
    pub arguments: BTreeMap<String, String>,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Stepped {
    /// The case afterwards.
    pub case: Case,
    /// Answers of this step alone.
    pub answered: Answers,
    /// What it causes.
    pub effects: Vec<Caused>,
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
    /// The person who did the last step may not check it.
    #[error("the person who did the last step may not check it: another person must")]
    SamePerson,
    /// The form is not filled rightly.
    #[error("{} answers must be corrected", .0.len())]
    Form(Vec<FieldFault>),
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
            Self::SamePerson => "casework-same-person",
            Self::Form(_) => "casework-form",
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
    let mut answers = case.answers.clone();
    for field in fields {
        // A question that is hidden now has no answer any more.
        answers.remove(&field.key);
    }
    answers.extend(answered.clone());
    guard(workflow, calendar, case, transition, &answers, wanted.today)?;
    let Some(next) = workflow.state(&transition.to) else {
        return Err(Refusal::State(transition.to.clone()));
    };
    let effects = transition.effects.iter().map(|effect| Caused {
        name: effect.name.clone(),
        arguments: effect
            .fields
            .iter()
            .filter_map(|(argument, field)| Some((argument.clone(), answers.get(field)?.as_written())))
            .collect(),
    });
    Ok(Stepped {
        effects: effects.collect(),
        ended: next.kind == StateKind::End,
        counts: next.counts.clone(),
        answered,
        case: Case {
            state: next.key.clone(),
            clock: case.clock.moved(workflow, calendar, next.kind, wanted.today),
            last_actor: wanted.actor,
            answers,
        },
    })
}

fn allowed<'w>(workflow: &'w Workflow, case: &Case, wanted: Move<'_>) -> Result<&'w Transition, Refusal> {
    let Some(state) = workflow.state(&case.state) else { return Err(Refusal::State(case.state.clone())) };
    if state.kind == StateKind::End {
        return Err(Refusal::Closed);
    }
    let Some(transition) = workflow.transition(&case.state, wanted.action) else {
        return Err(Refusal::Action(wanted.action.to_owned()));
    };
    if !transition.by.iter().any(|role| role == wanted.role) {
        return Err(Refusal::Role(transition.by.clone()));
    }
    if transition.checker && wanted.actor == case.last_actor {
        return Err(Refusal::SamePerson);
    }
    Ok(transition)
}

/// A guard that is false or unknown refuses: unknown is never true.
fn guard(
    workflow: &Workflow,
    calendar: &Calendar,
    case: &Case,
    transition: &Transition,
    answers: &Answers,
    today: Date,
) -> Result<(), Refusal> {
    let Some(condition) = &transition.guard else { return Ok(()) };
    let due = case.clock.due(workflow, calendar, today);
    let row = |name: &str| match name.split_once('.') {
        Some(("form", field)) => answers.get(field).map(form::Answer::value).unwrap_or_default(),
        Some(("case", "days_left")) => Value::Int(calendar.working_days_between(today, due)),
        _ => Value::Null,
    };
    if condition.value(&row, &Params::at(today)).as_bool() == Some(true) {
        return Ok(());
    }
    Err(Refusal::Guard(transition.guard_text.clone().unwrap_or_default()))
}

impl Clock {
    /// A clock that starts.
    pub fn start(opened_on: Date) -> Self {
        Self { opened_on, stopped_days: 0, stopped_since: None }
    }

    /// Working days for which it stood still until a day, never more than the workflow allows.
    pub fn stopped(&self, workflow: &Workflow, calendar: &Calendar, on: Date) -> u32 {
        let now = self.stopped_since.map_or(0, |since| calendar.working_days_between(since, on).max(0));
        let total = i64::from(self.stopped_days).saturating_add(now);
        u32::try_from(total).unwrap_or(u32::MAX).min(workflow.stop_days_max())
    }

    /// The deadline of the case, seen on a day.
    pub fn due(&self, workflow: &Workflow, calendar: &Calendar, on: Date) -> Date {
        let days = workflow.days.saturating_add(self.stopped(workflow, calendar, on));
        calendar.add_working_days(self.opened_on, days)
    }

    /// The latest deadline that the case can get while it stands still.
    pub fn due_at_most(&self, workflow: &Workflow, calendar: &Calendar) -> Date {
        let stop = if self.stopped_since.is_some() { workflow.stop_days_max() } else { self.stopped_days };
        calendar.add_working_days(self.opened_on, workflow.days.saturating_add(stop))
    }

    /// The clock after a step into a state of that kind.
    fn moved(self, workflow: &Workflow, calendar: &Calendar, into: StateKind, today: Date) -> Self {
        let waits = into == StateKind::Waiting;
        match (self.stopped_since, waits) {
            (Some(_), true) | (None, false) => self,
            (None, true) => Self { stopped_since: Some(today), ..self },
            (Some(_), false) => {
                Self { stopped_days: self.stopped(workflow, calendar, today), stopped_since: None, ..self }
            }
        }
    }
}

/// The day until which the step in a state should be done.
pub fn step_due(workflow: &Workflow, calendar: &Calendar, state: &str, entered_on: Date) -> Date {
    let days = workflow.state(state).and_then(|state| state.days).unwrap_or(0);
    calendar.add_working_days(entered_on, days)
}
