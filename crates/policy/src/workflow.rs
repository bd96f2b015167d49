//! Workflows (`workflows/*.toml`): states, transitions, who, clock, form, guard, effect, deadlines of a law, letters. One engine (casework)
//! runs them all.
//!
//! Checked at load: every state can be reached from the start and leads to an end, every role, form, field and effect exists and may do
//! what it is named for, guards compile. To add a workflow: one file here and words for nothing else.

use std::collections::{BTreeMap, BTreeSet};

use model::RegionLevel;
use rules::{Expr, Label};

use crate::{
    candidate::Candidate,
    derived::Derived,
    publish::{Publish, Withdraw},
    schema::ColumnType,
    shown::{GroupSessions, InCalendar},
};

/// What a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseSubject {
    /// A family.
    Family,
    /// A person, and with it the family.
    Person,
    /// A payment line, and with it the family.
    PaymentLine,
    /// A place: a village, a district, a shelter's village. No family.
    Place,
    /// A body or a group (a family group, an institution, a company), by its name; no family.
    Body,
    /// Neither a family nor a place: a rumour, a request, a meeting.
    Matter,
}

impl CaseSubject {
    /// Whether a case of this kind belongs to a family.
    pub fn of_family(self) -> bool {
        matches!(self, Self::Family | Self::Person | Self::PaymentLine)
    }
}

/// What a state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StateKind {
    /// Where a case begins; exactly one.
    Start,
    /// Somebody of ours has the next step.
    Open,
    /// Somebody outside has the next step: the case's clock stands still, at most `days` working days.
    Waiting,
    /// Finished.
    End,
}

/// A state.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct State {
    /// Key.
    pub key: String,
    /// Name for people.
    pub label: Label,
    /// What it is.
    pub kind: StateKind,
    /// Working days for the step; in a waiting state the longest time that the clock stands still.
    pub days: Option<u32>,
    /// The next step in words.
    pub next: Option<Label>,
    /// An end that counts towards a target, such as `graduated`.
    pub counts: Option<String>,
    /// The step that the clock takes by itself once `days` have passed: silence has a meaning here.
    pub then: Option<String>,
    /// A share of cases that must go another way from here.
    pub draw: Option<Draw>,
}

/// A share of the cases that come to a state, drawn by their numbers: no step out of it ends these, and the clock takes the one that is
/// named.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Draw {
    /// Key of the action.
    pub action: String,
    /// How many of a thousand.
    pub permille: u32,
}

impl Draw {
    /// Whether a case is drawn in a state of a workflow. The same case is always drawn or never: nobody can try again.
    pub fn takes(&self, workflow: &str, state: &str, case: i64) -> bool {
        let hash = blake3::hash(format!("draw {workflow} {state} {case}").as_bytes());
        let mut half = [0_u8; 8];
        half.copy_from_slice(&hash.as_bytes()[..8]);
        // What the remainder favours weighs less than one part in 10^16.
        u64::from_le_bytes(half) % 1_000 < u64::from(self.permille)
    }
}

/// Type of a form field.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// One line.
    Text,
    /// Several lines.
    LongText,
    /// Whole number.
    Int,
    /// Rupiah.
    Money,
    /// A day.
    Date,
    /// Yes or no.
    YesNo,
    /// One of some words.
    Choice(Vec<FieldChoice>),
    /// A photograph or paper: the number of an attachment of the case.
    File,
}

/// What of a service in the catalogue a field may be filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CataloguePart {
    /// Its number in the catalogue.
    Number,
    /// Who offers it.
    Provider,
    /// Where.
    Address,
}

/// A word to choose.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldChoice {
    /// Stored value.
    pub value: String,
    /// For people.
    pub label: Label,
    /// Working days from opening to an end of a case that is opened with this word, where the workflow's `kinds` is this field.
    pub days: Option<u32>,
    /// Role whose task such a case is first.
    pub owner: Option<String>,
}

/// A field of a form.
#[derive(Debug, Clone)]
pub struct FormField {
    /// Key, `form.key` in guards.
    pub key: String,
    /// Type.
    pub kind: FieldKind,
    /// Name for people.
    pub label: Label,
    /// What to write.
    pub hint: Option<Label>,
    /// Must be filled when it is shown.
    pub required: bool,
    /// Shown only when this is true.
    pub visible_when: Option<Expr>,
    /// Lowest number.
    pub min: Option<i64>,
    /// Highest number.
    pub max: Option<i64>,
    /// Most characters of a text.
    pub max_length: u32,
    /// The day may not lie in the future.
    pub not_future: bool,
    /// Digits only.
    pub digits: bool,
    /// Shown to people with a right to reveal only.
    pub sealed: bool,
    /// Filled with this part of a service that was chosen in the catalogue.
    pub catalogue: Option<CataloguePart>,
    /// Its amounts belong to this series over the life of a family; fields of several workflows may share one.
    pub series: Option<String>,
    /// The number of an open case of one of these workflows, chosen from those of the territory.
    pub cases: Vec<String>,
}

/// A form.
#[derive(Debug, Clone)]
pub struct Form {
    /// Key.
    pub key: String,
    /// Title.
    pub label: Label,
    /// Fields in order.
    pub fields: Vec<FormField>,
}

/// Something that a transition causes. What reaches beyond cases, the service layer carries over.
#[derive(Debug, Clone)]
pub struct EffectRule {
    /// One of [`EFFECTS`].
    pub name: String,
    /// Workflow of the case that [`OPEN_CASE`] opens.
    pub workflow: Option<String>,
    /// Role that [`NOTIFY`] tells.
    pub role: Option<String>,
    /// To whom [`ASSIGN`] gives the case.
    pub to: Option<AssignTo>,
    /// It is caused only where this is true (over `form.*` and `case.*`, with the answers of the step); unknown is never true.
    pub when: Option<Expr>,
    /// Argument name to form field.
    pub fields: BTreeMap<String, String>,
    /// Arguments that the file itself says.
    pub values: BTreeMap<String, String>,
}

/// To whom an effect gives a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignTo {
    /// Who takes the step.
    Actor,
    /// Who opened the case.
    Opener,
    /// Nobody in particular any more.
    Nobody,
}

/// Opens another case for the same subject, as a child with the clock of this one.
pub const OPEN_CASE: &str = "case.open";
/// Tells a role that something happened, without making it its task.
pub const NOTIFY: &str = "case.notify";
/// Sets the day until which the step that begins should be done (an appointment): argument `due`.
pub const SET_DATE: &str = "case.set_date";
/// Gives the case to one person among those whose step it is.
pub const ASSIGN: &str = "case.assign";
/// Tells the registry what was found: arguments `finding` and, where it says more, `detail`, in words that the list of field reports
/// knows; `day` of the finding; for a family that the registry does not know `name`, `nik`, `kk` and `address`.
pub const FIELD_REPORT: &str = "registry.field_report";
/// The canonical column in which a list tells what was found in the field.
pub const FIELD_RESULT: &str = "field_result";
/// Begins the name of an action of the case that opened this one, in `other_than`.
pub const OF_PARENT: &str = "parent:";
/// Who acts with a ticket and without an account.
pub const CITIZEN: &str = "citizen";

/// Effects that somebody knows how to carry over: those of `case.*` the engine itself, the rest the service layer.
pub const EFFECTS: [&str; 11] = [
    OPEN_CASE,
    NOTIFY,
    SET_DATE,
    ASSIGN,
    "registry.report_death",
    FIELD_REPORT,
    "payment.recheck_account",
    "payment.use_fallback_channel",
    "payment.hold",
    "payment.release",
    "targeting.renew_notice",
];

/// In what a deadline of a law is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineUnit {
    /// Days on which offices work.
    WorkingDays,
    /// Days of the calendar.
    Days,
    /// Months of the calendar.
    Months,
    /// Hours round the clock.
    Hours,
}

/// From when a deadline of a law is counted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineFrom {
    /// The opening of the case.
    Opening,
    /// The first entry into a state.
    State(String),
    /// A day that was answered.
    Field(String),
}

/// A deadline that a law sets, beside the service's own clock. It never stands still.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Deadline {
    /// Key.
    pub key: String,
    /// What must be done.
    pub label: Label,
    /// From when.
    pub from: DeadlineFrom,
    /// How many units.
    pub count: u32,
    /// Of what.
    pub unit: DeadlineUnit,
    /// Met by entering one of these states.
    pub until: Vec<String>,
    /// The law, as one would cite it.
    pub source: String,
}

/// A letter that prints from a case.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Letter {
    /// Key.
    pub key: String,
    /// Its heading.
    pub label: Label,
    /// Paragraphs, parted by empty lines; `{form.key}` and `{case.…}` stand for what the case knows.
    pub body: Label,
    /// States in which it may be printed; all where empty.
    pub states: Vec<String>,
}

impl Letter {
    /// The names in braces of a text.
    pub fn names(text: &str) -> impl Iterator<Item = &str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
    }
}

/// What a letter may name of its case, beside `form.*`.
pub const CASE_WORDS: [&str; 7] =
    ["case.number", "case.title", "case.region", "case.opened_on", "case.due_on", "case.state", "today"];

/// A step from state to state.
#[derive(Debug, Clone)]
pub struct Transition {
    /// Key of the action.
    pub action: String,
    /// On the button.
    pub label: Label,
    /// From any of these states.
    pub from: Vec<String>,
    /// To this state.
    pub to: String,
    /// Roles that may do it; [`CITIZEN`] with the ticket of the case. Empty: the house alone, by [`State::then`] or after a comparison.
    pub by: Vec<String>,
    /// The role must be held at this level of region or above.
    pub level: Option<RegionLevel>,
    /// Whoever took one of these actions in the case may not take this one (`open` is the opening; behind [`OF_PARENT`] an action of the
    /// case that opened it).
    pub other_than: Vec<String>,
    /// Form to fill.
    pub form: Option<String>,
    /// Must be true (over `form.*` and `case.*`).
    pub guard: Option<Expr>,
    /// Said when the guard is not true.
    pub guard_text: Option<Label>,
    /// The person who did the step before may not do this one.
    pub checker: bool,
    /// Somebody goes to the home of the family for it; its form asks for the day.
    pub visit: bool,
    /// Taken by the house itself when the second of two checks came to this ([`Compare`]).
    pub compared: Option<Compared>,
    /// What it causes.
    pub effects: Vec<EffectRule>,
}

/// Two checks of one family, held against each other when the second is filed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Compare {
    /// The state by whose entry the second check is filed.
    pub state: String,
    /// Fields that both ask; the checks agree where the answers to all of them are the same.
    pub fields: Vec<String>,
}

/// What a comparison came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// All compared answers are the same.
    Equal,
    /// Some differ, or only one has an answer.
    Different,
}

/// A workflow.
#[derive(Debug, Clone)]
pub struct Workflow {
    /// Key.
    pub key: String,
    /// Name for people.
    pub label: Label,
    /// What it is for.
    pub purpose: Label,
    /// What a case is about.
    pub subject: CaseSubject,
    /// Roles that may open a case by hand; a system effect may always.
    pub opened_by: Vec<String>,
    /// Form to fill when it is opened by hand.
    pub open_form: Option<String>,
    /// Role whose task it is first, among those with the family in their territory or caseload; a kind may name another.
    pub owner: String,
    /// Working days from opening to an end. Never starts again. A kind may have its own.
    pub days: u32,
    /// The choice of the opening that says what kind of case it is.
    pub kinds: Option<String>,
    /// At most one open case of this workflow for one subject.
    pub one_per_subject: bool,
    /// While a case is open, no aid of its family ends.
    pub protects: bool,
    /// Only who has a part in the workflow, or stands in `seen_by`, sees that a case exists.
    pub need_to_know: bool,
    /// Roles without a part that see it all the same.
    pub seen_by: Vec<String>,
    /// Visitors without an account may open a case and follow it with a ticket.
    pub public: bool,
    /// A choice field that names the role which is accused: that role neither sees nor works the case, and lateness is not told to it.
    pub accused: Option<String>,
    /// Roles that are told, one after the other, that a step is late.
    pub escalate: Vec<String>,
    /// Working days of lateness after which the first, and each next one, is told.
    pub escalate_days: u32,
    /// The states, two at most, by whose entry a case counts for a month: until the cut-off for its own, later for the next.
    pub month_by: Vec<String>,
    /// Where `days` comes from.
    pub basis: Option<Label>,
    /// What a law demands.
    pub deadlines: Vec<Deadline>,
    /// What prints.
    pub letters: Vec<Letter>,
    /// What of its cases is public, and from when.
    pub publish: Option<Publish>,
    /// Which of its cases take back what was published.
    pub withdraw: Option<Withdraw>,
    /// After the end people are asked how they were served.
    pub survey: bool,
    /// The family that a case is about may know that there is one, and how it stands.
    pub citizen: bool,
    /// Of a case whose answers make this true it may not: somebody else speaks of it.
    pub untold_when: Option<Expr>,
    /// Its answers are held against those of the case that opened it.
    pub compare: Option<Compare>,
    /// How its cases stand in calendars, where they stand by name.
    pub in_calendar: Option<InCalendar>,
    /// What tells its cases as sessions of groups, where they are.
    pub group: Option<GroupSessions>,
    /// The workflow whose open cases of the territory stand on the page of a case, and what the list is called.
    pub lists: Option<(String, Label)>,
    /// Families for whom the house opens a case by itself.
    pub candidates: Vec<Candidate>,
    /// Numbers that follow from its answers.
    pub derived: Vec<Derived>,
    /// States in order.
    pub states: Vec<State>,
    /// Forms.
    pub forms: Vec<Form>,
    /// Transitions.
    pub transitions: Vec<Transition>,
}

impl Workflow {
    /// A state by key.
    pub fn state(&self, key: &str) -> Option<&State> {
        self.states.iter().find(|state| state.key == key)
    }

    /// Where cases begin.
    pub fn start(&self) -> &State {
        let is_start = |state: &&State| state.kind == StateKind::Start;
        // The load refuses a workflow without exactly one start.
        self.states.iter().find(is_start).unwrap_or(&self.states[0])
    }

    /// A form by key.
    pub fn form(&self, key: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.key == key)
    }

    /// Transitions out of a state.
    pub fn out_of(&self, state: &str) -> impl Iterator<Item = &Transition> {
        self.transitions.iter().filter(move |step| step.from.iter().any(|from| from == state))
    }

    /// The kinds of cases, in the order of their field; none where all are alike.
    pub fn kinds(&self) -> &[FieldChoice] {
        match self.kinds.as_deref().and_then(|key| self.field(key)).map(|field| &field.kind) {
            Some(FieldKind::Choice(kinds)) => kinds,
            _ => &[],
        }
    }

    fn kind(&self, value: &str) -> Option<&FieldChoice> {
        self.kinds().iter().find(|kind| kind.value == value)
    }

    /// Working days from opening to an end of a case of a kind; an unknown kind has those of the workflow.
    pub fn days_of(&self, kind: &str) -> u32 {
        self.kind(kind).and_then(|kind| kind.days).unwrap_or(self.days)
    }

    /// Role whose task a case of a kind is first.
    pub fn owner_of(&self, kind: &str) -> &str {
        self.kind(kind).and_then(|kind| kind.owner.as_deref()).unwrap_or(&self.owner)
    }

    /// Roles whose task a case of an owner is in a state: the owner where it has a step, else everybody of the house who has one.
    pub fn task_of(&self, state: &str, owner: &str) -> BTreeSet<&str> {
        let may: BTreeSet<&str> = self
            .out_of(state)
            .flat_map(|step| step.by.iter().map(String::as_str))
            .filter(|role| *role != CITIZEN)
            .collect();
        match may.get(owner) {
            Some(owner) => BTreeSet::from([*owner]),
            None => may,
        }
    }

    /// Longest time in working days that the clock of a case may stand still.
    pub fn stop_days_max(&self) -> u32 {
        let waiting = self.states.iter().filter(|state| state.kind == StateKind::Waiting);
        waiting.filter_map(|state| state.days).max().unwrap_or(0)
    }

    /// Whether a role has a part in the workflow, or sees it all the same.
    pub fn knows(&self, role: &str) -> bool {
        let opens = self.opened_by.iter().chain(&self.seen_by).chain(&self.escalate).any(|one| one == role);
        !self.need_to_know
            || opens
            || self.owner == role
            || self.transitions.iter().any(|step| step.by.iter().any(|one| one == role))
    }

    /// The field of a key, in any form.
    pub fn field(&self, key: &str) -> Option<&FormField> {
        self.forms.iter().flat_map(|form| &form.fields).find(|field| field.key == key)
    }

    /// The transition of an action out of a state.
    pub fn transition(&self, state: &str, action: &str) -> Option<&Transition> {
        let leaves = |step: &&Transition| step.from.iter().any(|from| from == state);
        self.transitions.iter().find(|step| leaves(step) && step.action == action)
    }
}

impl FormField {
    /// The type of its value in guards.
    pub fn column_type(&self) -> ColumnType {
        match self.kind {
            FieldKind::Int | FieldKind::Money | FieldKind::File => ColumnType::Int,
            FieldKind::Date => ColumnType::Date,
            FieldKind::YesNo => ColumnType::Bool,
            FieldKind::Text | FieldKind::LongText | FieldKind::Choice(_) => ColumnType::Text,
        }
    }
}
