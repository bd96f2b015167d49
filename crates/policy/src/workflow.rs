//! Workflows (`workflows/*.toml`): states, transitions, who, clock, form, guard, effect. One engine (casework) runs them all.
//!
//! Checked at load: every state can be reached from the start and leads to an end, every role, form, field and effect exists,
//! guards compile. To add a workflow: one file here and words for nothing else.

use std::collections::{BTreeMap, BTreeSet};

use rules::{Expr, Field as Name, Label, Type};

use crate::{
    expr::Names,
    fault::Faults,
    pack::Pack,
    reader::{Source as File, Table},
    role::Roles,
    schema::ColumnType,
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
}

/// A word to choose.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldChoice {
    /// Stored value.
    pub value: String,
    /// For people.
    pub label: Label,
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

/// Something that a transition causes outside the case. The service layer carries it over.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EffectRule {
    /// One of [`EFFECTS`].
    pub name: String,
    /// Argument name to form field.
    pub fields: BTreeMap<String, String>,
}

/// Effects that the service layer knows how to carry over.
pub const EFFECTS: [&str; 7] = [
    "registry.report_death",
    "registry.field_report",
    "payment.recheck_account",
    "payment.use_fallback_channel",
    "payment.hold",
    "payment.release",
    "targeting.renew_notice",
];

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
    /// Roles that may do it.
    pub by: Vec<String>,
    /// Form to fill.
    pub form: Option<String>,
    /// Must be true (over `form.*` and `case.*`).
    pub guard: Option<Expr>,
    /// Said when the guard is not true.
    pub guard_text: Option<Label>,
    /// The person who did the step before may not do this one.
    pub checker: bool,
    /// What it causes.
    pub effects: Vec<EffectRule>,
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
    /// Role whose task it is first, among those with the family in their territory or caseload.
    pub owner: String,
    /// Working days from opening to an end. Never starts again.
    pub days: u32,
    /// At most one open case of this workflow for one subject.
    pub one_per_subject: bool,
    /// While a case is open, no aid of its family ends.
    pub protects: bool,
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

    /// Roles whose task a case is in a state: the workflow's owner where it has a step, else everybody who has one.
    pub fn task_of(&self, state: &str) -> BTreeSet<&str> {
        let may: BTreeSet<&str> =
            self.out_of(state).flat_map(|step| step.by.iter().map(String::as_str)).collect();
        if may.contains(self.owner.as_str()) { BTreeSet::from([self.owner.as_str()]) } else { may }
    }

    /// Longest time in working days that the clock of a case may stand still.
    pub fn stop_days_max(&self) -> u32 {
        let waiting = self.states.iter().filter(|state| state.kind == StateKind::Waiting);
        waiting.filter_map(|state| state.days).max().unwrap_or(0)
    }

    /// The transition of an action out of a state.
    pub fn transition(&self, state: &str, action: &str) -> Option<&Transition> {
        let leaves = |step: &&Transition| step.from.iter().any(|from| from == state);
        self.transitions.iter().find(|step| leaves(step) && step.action == action)
    }
}

pub(crate) fn load(pack: &Pack, faults: &Faults, roles: &Roles) -> BTreeMap<String, Workflow> {
    let mut out = BTreeMap::new();
    for (file, text) in pack.in_folder("workflows/", ".toml") {
        let source = File { file, text, faults };
        let (workflow, at) = source.read_toml(|table| (read(table, roles), table.place("key").start));
        if workflow.states.is_empty() {
            continue;
        }
        if out.insert(workflow.key.clone(), workflow).is_some() {
            source.fault(at, "a workflow with this key exists", "choose another key");
        }
    }
    out
}

const SUBJECTS: [(&str, CaseSubject); 3] = [
    ("family", CaseSubject::Family),
    ("person", CaseSubject::Person),
    ("payment_line", CaseSubject::PaymentLine),
];

fn read(table: &Table<'_>, roles: &Roles) -> Workflow {
    let states = table.each("state", read_state);
    if states.iter().filter(|state| state.kind == StateKind::Start).count() != 1 {
        table.fault("state", "a workflow begins in exactly one state", "give one state kind = \"start\"");
    }
    let mut names = Names::none();
    names.add(
        Name::column("case.days_left", Type::Int).label("sisa hari kerja", "working days left").not_null(),
    );
    let forms = read_forms(table, &mut names);
    let transitions = table.each("transition", |step| read_transition(step, &states, &forms, roles, &names));
    let owner = table.text("owner");
    known_role(table, &owner, &table.place("owner"), roles);
    let open_form = table.opt_text("open_form");
    if open_form.as_ref().is_some_and(|form| !forms.iter().any(|known| known.key == *form)) {
        table.fault("open_form", "no such form", "declare it as [[form]]");
    }
    let workflow = Workflow {
        key: table.text("key"),
        label: table.label("label"),
        purpose: table.label("purpose"),
        subject: table.choice("subject", &SUBJECTS, true),
        opened_by: read_roles(table, "opened_by", roles),
        open_form,
        owner,
        days: table.int("days", 1..=365) as u32,
        one_per_subject: table.flag("one_per_subject", true),
        protects: table.flag("protects", false),
        states,
        forms,
        transitions,
    };
    table.refuse_twice(&table.placed("state", "key"), "the state", "keep one");
    table.refuse_twice(&table.placed("form", "key"), "the form", "keep one");
    check_paths(table, &workflow);
    workflow
}

fn read_state(table: &Table<'_>) -> State {
    let kinds = [
        ("open", StateKind::Open),
        ("start", StateKind::Start),
        ("waiting", StateKind::Waiting),
        ("end", StateKind::End),
    ];
    let state = State {
        key: table.text("key"),
        label: table.label("label"),
        kind: table.choice("kind", &kinds, false),
        days: table.opt_int_in("days", 1..=365).map(|days| days as u32),
        next: table.opt_label("next"),
        counts: table.opt_text("counts"),
    };
    let works = state.kind != StateKind::End;
    if works && !(table.has("days") && (table.has("next_id") || table.has("next_en"))) {
        table.fault("key", "work without a deadline or a next step", "add days, next_id and next_en");
    }
    state
}

/// Reads all forms and makes their fields known to guards as `form.key`.
fn read_forms(table: &Table<'_>, names: &mut Names) -> Vec<Form> {
    let mut kinds: BTreeMap<String, Type> = BTreeMap::new();
    table.each("form", |form| {
        let fields = form.each("field", |field| {
            let read = read_field(field, names);
            let ty = match read.kind {
                FieldKind::Int | FieldKind::Money => Type::Int,
                FieldKind::Date => Type::Date,
                FieldKind::YesNo => Type::Bool,
                FieldKind::Text | FieldKind::LongText | FieldKind::Choice(_) => Type::Text,
            };
            if kinds.insert(read.key.clone(), ty).is_some_and(|other| other != ty) {
                field.fault("key", "the same key has another type in this workflow", "choose another key");
            }
            let name = Name::column(format!("form.{}", read.key), ty).label(&read.label.id, &read.label.en);
            names.add(if read.sealed { name.sealed() } else { name });
            read
        });
        Form { key: form.text("key"), label: form.label("label"), fields }
    })
}

/// Only fields that stand above may decide whether a field is shown.
fn read_field(table: &Table<'_>, above: &Names) -> FormField {
    let kind = match table.text("type").as_str() {
        "text" => FieldKind::Text,
        "long_text" => FieldKind::LongText,
        "int" => FieldKind::Int,
        "money" => FieldKind::Money,
        "date" => FieldKind::Date,
        "yes_no" => FieldKind::YesNo,
        "choice" => FieldKind::Choice(read_choices(table)),
        other => {
            let remedy = "write text, long_text, int, money, date, yes_no or choice";
            table.fault("type", format!("`{other}` is no type of field"), remedy);
            FieldKind::Text
        }
    };
    let default_length = if kind == FieldKind::LongText { 2_000 } else { 120 };
    FormField {
        key: table.text("key"),
        label: table.label("label"),
        hint: table.opt_label("hint"),
        required: table.flag("required", false),
        visible_when: table.has("visible_when").then(|| above.condition(table, "visible_when")).flatten(),
        min: table.opt_int("min"),
        max: table.opt_int("max"),
        max_length: table.opt_int_in("max_length", 1..=10_000).unwrap_or(default_length) as u32,
        not_future: table.flag("not_future", false),
        digits: table.flag("digits", false),
        sealed: table.flag("sealed", false),
        kind,
    }
}

fn read_choices(table: &Table<'_>) -> Vec<FieldChoice> {
    let choices = table
        .each("choice", |choice| FieldChoice { value: choice.text("value"), label: choice.label("label") });
    if choices.len() < 2 {
        table.fault("type", "nothing to choose from", "add [[form.field.choice]] tables");
    }
    choices
}

fn known_role(table: &Table<'_>, role: &str, at: &std::ops::Range<usize>, roles: &Roles) {
    if roles.get(role).is_none() {
        table.fault_at(at, format!("no role `{role}`"), format!("the roles are: {}", roles.order.join(", ")));
    }
}

fn read_roles(table: &Table<'_>, key: &str, roles: &Roles) -> Vec<String> {
    let named = table.texts(key);
    for role in &named {
        known_role(table, &role.value, &role.at, roles);
    }
    named.into_iter().map(|role| role.value).collect()
}

fn read_transition(
    table: &Table<'_>,
    states: &[State],
    forms: &[Form],
    roles: &Roles,
    names: &Names,
) -> Transition {
    let from = table.texts("from");
    let to = table.opt_placed_text("to");
    for state in from.iter().chain(&to) {
        if !states.iter().any(|known| known.key == state.value) {
            table.fault_at(&state.at, format!("no state `{}`", state.value), "declare it as [[state]]");
        }
    }
    if from.is_empty() || to.is_none() {
        table.fault("action", "a step leads from a state to a state", "write from and to");
    }
    let form = table.opt_placed_text("form");
    if let Some(form) = form.as_ref().filter(|form| !forms.iter().any(|known| known.key == form.value)) {
        table.fault_at(&form.at, format!("no form `{}`", form.value), "declare it as [[form]]");
    }
    let by = read_roles(table, "by", roles);
    if by.is_empty() {
        table.fault("action", "nobody may do this step", "name roles in `by`");
    }
    let guard = if table.has("guard") { names.condition(table, "guard") } else { None };
    let guard_text = table.opt_label("guard_text");
    if guard.is_some() && guard_text.is_none() {
        table.fault("guard", "a refusal needs words", "add guard_text_id and guard_text_en");
    }
    Transition {
        action: table.text("action"),
        label: table.label("label"),
        from: from.into_iter().map(|state| state.value).collect(),
        to: to.map(|state| state.value).unwrap_or_default(),
        by,
        form: form.map(|form| form.value),
        guard,
        guard_text,
        checker: table.flag("checker", false),
        effects: table.each("effect", |effect| read_effect(effect, forms)),
    }
}

fn read_effect(table: &Table<'_>, forms: &[Form]) -> EffectRule {
    let name = table.text("name");
    if !EFFECTS.contains(&name.as_str()) {
        table.fault(
            "name",
            format!("no effect `{name}`"),
            format!("the effects are: {}", EFFECTS.join(", ")),
        );
    }
    let fields = table.opt_table("fields", |fields| {
        let mut out = BTreeMap::new();
        for (argument, value) in fields.entries() {
            let field = value.get_ref().as_str().unwrap_or_default();
            let known = forms.iter().flat_map(|form| &form.fields).any(|known| known.key == field);
            if !known {
                fields.fault_at(&value.span(), format!("no form field `{field}`"), "name a field of a form");
            }
            out.insert(argument.value, field.to_owned());
        }
        out
    });
    EffectRule { name, fields: fields.unwrap_or_default() }
}

/// Every state is reached and leads to an end; an end leads nowhere but by reopening; one action has one way out of a state.
fn check_paths(table: &Table<'_>, workflow: &Workflow) {
    let Some(start) = workflow.states.iter().find(|state| state.kind == StateKind::Start) else { return };
    let known =
        |step: &Transition| step.from.iter().chain([&step.to]).all(|key| workflow.state(key).is_some());
    if !workflow.transitions.iter().all(known) {
        return;
    }
    let forward =
        closure(&[start.key.as_str()], |at| workflow.out_of(at).map(|step| step.to.as_str()).collect());
    let ends: Vec<&str> = workflow
        .states
        .iter()
        .filter(|state| state.kind == StateKind::End)
        .map(|state| state.key.as_str())
        .collect();
    let backward = closure(&ends, |at| {
        let into = workflow.transitions.iter().filter(|step| step.to == at);
        into.flat_map(|step| step.from.iter().map(String::as_str)).collect()
    });
    for state in &workflow.states {
        let place = table.place_in("state", "key", &state.key);
        if !forward.contains(state.key.as_str()) {
            let message = format!("the state `{}` is never reached", state.key);
            table.fault_at(&place, message, "add a transition to it");
        }
        if !backward.contains(state.key.as_str()) {
            let message = format!("from `{}` no end is reached", state.key);
            table.fault_at(&place, message, "add a way to an end");
        }
        let mut actions = BTreeSet::new();
        for step in workflow.out_of(&state.key) {
            if !actions.insert(&step.action) {
                let message = format!("`{}` leads two ways out of `{}`", step.action, state.key);
                table.fault_at(
                    &table.place_in("transition", "action", &step.action),
                    message,
                    "give each its own action",
                );
            }
        }
    }
}

fn closure<'a>(from: &[&'a str], next: impl Fn(&'a str) -> Vec<&'a str>) -> BTreeSet<&'a str> {
    let mut seen: BTreeSet<&str> = from.iter().copied().collect();
    let mut open: Vec<&str> = from.to_vec();
    while let Some(at) = open.pop() {
        for to in next(at) {
            if seen.insert(to) {
                open.push(to);
            }
        }
    }
    seen
}

impl FormField {
    /// The type of its value in guards.
    pub fn column_type(&self) -> ColumnType {
        match self.kind {
            FieldKind::Int | FieldKind::Money => ColumnType::Int,
            FieldKind::Date => ColumnType::Date,
            FieldKind::YesNo => ColumnType::Bool,
            FieldKind::Text | FieldKind::LongText | FieldKind::Choice(_) => ColumnType::Text,
        }
    }
}
