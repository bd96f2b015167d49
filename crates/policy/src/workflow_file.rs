//! Reading of workflows (`workflows/*.toml`) and of forms that several of them share (`forms/*.toml`), with every check at load: nobody who
//! opens a case shall find out that it cannot end.

use std::collections::{BTreeMap, BTreeSet};

use rules::{Field as Name, Type};

use crate::{
    candidate::read_candidate,
    derived::{DERIVED, Derived, read_derived},
    expr::Names,
    fault::Faults,
    pack::Pack,
    publish::{read_publish, read_withdraw},
    reader::{Placed, Source as File, Table},
    role::Roles,
    schema::Schema,
    shown::{read_calendar, read_group, read_lists},
    source::Source,
    workflow::{
        ASSIGN, AssignTo, CITIZEN, CaseSubject, CataloguePart, Compare, Compared, Deadline, DeadlineFrom,
        DeadlineUnit, Draw, EFFECTS, EffectRule, FIELD_REPORT, FIELD_RESULT, FieldChoice, FieldKind, Form,
        FormField, Letter, NOTIFY, OPEN_CASE, SET_DATE, State, StateKind, Transition, Workflow,
    },
    workflow_check::{check_citizen, check_clocks, check_files, check_paths, check_used, check_visits},
    workflow_links::{check_cases, check_compared, check_opened, check_opener},
};

pub(crate) fn load(
    pack: &Pack,
    faults: &Faults,
    roles: &Roles,
    schema: &Schema,
    sources: &BTreeMap<String, Source>,
) -> BTreeMap<String, Workflow> {
    let told = sources.values().flat_map(|source| &source.columns);
    let findings: BTreeSet<String> = told
        .filter(|column| column.to == FIELD_RESULT)
        .flat_map(|column| column.map.keys().cloned())
        .collect();
    let mut out = BTreeMap::new();
    let shared = shared_forms(pack, faults);
    let keys_of = |folder: &str| -> BTreeSet<String> {
        pack.in_folder(folder, ".toml").filter_map(|(_, text)| toml_key(text)).collect()
    };
    let (known, programmes) = (keys_of("workflows/"), keys_of("programmes/"));
    let family = Names::of_family(schema);
    let mut places = Vec::new();
    for (file, text) in pack.in_folder("workflows/", ".toml") {
        let source = File { file, text, faults };
        let house = Around {
            roles,
            shared: &shared,
            workflows: &known,
            findings: &findings,
            programmes: &programmes,
            family: &family,
        };
        let (workflow, at) = source.read_toml(|table| (read(table, &house), table.place("key").start));
        if workflow.states.is_empty() {
            continue;
        }
        if out.insert(workflow.key.clone(), workflow).is_some() {
            source.fault(at, "a workflow with this key exists", "choose another key");
        }
        places.push((file, text, at));
    }
    for ((file, text, at), workflow) in
        places.into_iter().filter_map(|place| Some((place, out.get(&toml_key(place.1)?)?)))
    {
        let source = File { file, text, faults };
        check_opened(&source, at, workflow, &out);
        check_opener(&source, at, workflow, &out);
        check_compared(&source, at, workflow, &out);
        check_cases(&source, at, workflow, &out);
    }
    out
}

/// What a workflow may refer to beyond its own file.
pub(crate) struct Around<'p> {
    roles: &'p Roles,
    shared: &'p BTreeMap<String, Form>,
    workflows: &'p BTreeSet<String>,
    /// Words for what was found that the lists of field reports know, in upper case.
    findings: &'p BTreeSet<String>,
    /// Keys of the programmes.
    pub(crate) programmes: &'p BTreeSet<String>,
    /// What is known of a family in a closing.
    pub(crate) family: &'p Names,
}

/// Forms of `forms/*.toml` by key.
fn shared_forms(pack: &Pack, faults: &Faults) -> BTreeMap<String, Form> {
    let mut out = BTreeMap::new();
    for (file, text) in pack.in_folder("forms/", ".toml") {
        let source = File { file, text, faults };
        let (form, at) = source.read_toml(|table| {
            let (mut names, mut kinds) = (case_names(), BTreeMap::new());
            let form = read_form(table, &mut names, &mut kinds);
            if form.fields.is_empty() {
                table.fault("key", "a form without fields", "add [[field]] tables");
            }
            (form, table.place("key").start)
        });
        if out.insert(form.key.clone(), form).is_some() {
            source.fault(at, "a form with this key exists", "choose another key");
        }
    }
    out
}

/// The key of a file, read roughly: what is wrong in it is told when it is read in earnest.
fn toml_key(text: &str) -> Option<String> {
    let line =
        text.lines().find_map(|line| line.trim().strip_prefix("key")?.trim_start().strip_prefix('='))?;
    Some(line.trim().trim_matches('"').to_owned())
}

fn case_names() -> Names {
    let mut names = Names::none();
    let days = Name::column("case.days_left", Type::Int).label("sisa hari kerja", "working days left");
    let children = Name::column("case.open_children", Type::Int)
        .label("kasus turunan yang terbuka", "open cases under it");
    names.add(days.not_null());
    names.add(children.not_null());
    names
}

const SUBJECTS: [(&str, CaseSubject); 6] = [
    ("family", CaseSubject::Family),
    ("person", CaseSubject::Person),
    ("payment_line", CaseSubject::PaymentLine),
    ("place", CaseSubject::Place),
    ("body", CaseSubject::Body),
    ("matter", CaseSubject::Matter),
];

const ASSIGN_TO: [(&str, AssignTo); 3] =
    [("actor", AssignTo::Actor), ("opener", AssignTo::Opener), ("nobody", AssignTo::Nobody)];

const PARTS: [(&str, CataloguePart); 3] = [
    ("number", CataloguePart::Number),
    ("provider", CataloguePart::Provider),
    ("address", CataloguePart::Address),
];

const COMPARED: [(&str, Compared); 2] = [("equal", Compared::Equal), ("different", Compared::Different)];

/// Most working days of a case: work with a remote community takes three years, with its aftermath.
const CASE_DAYS_MAX: i64 = 1_500;

const UNITS: [(&str, DeadlineUnit); 4] = [
    ("working_days", DeadlineUnit::WorkingDays),
    ("days", DeadlineUnit::Days),
    ("months", DeadlineUnit::Months),
    ("hours", DeadlineUnit::Hours),
];

fn read(table: &Table<'_>, around: &Around<'_>) -> Workflow {
    let roles = around.roles;
    let states = table.each("state", read_state);
    if states.iter().filter(|state| state.kind == StateKind::Start).count() != 1 {
        table.fault("state", "a workflow begins in exactly one state", "give one state kind = \"start\"");
    }
    let mut names = case_names();
    let forms = read_forms(table, &mut names, around.shared);
    let derived = read_derived(table, &mut names);
    let transitions = table.each("transition", |step| read_transition(step, &states, &forms, around, &names));
    let owner = table.text("owner");
    known_role(table, &owner, &table.place("owner"), roles);
    let open_form = table.opt_text("open_form");
    if open_form.as_ref().is_some_and(|form| !forms.iter().any(|known| known.key == *form)) {
        table.fault("open_form", "no such form", "declare it as [[form]]");
    }
    let opened_by = read_roles(table, "opened_by", roles, Some("case.open"));
    let escalate = read_roles(table, "escalate", roles, Some("case.read"));
    let in_calendar = table.opt_table("calendar", |one| read_calendar(one, open_form.as_deref(), &forms));
    let subject = table.choice("subject", &SUBJECTS, true);
    let about_place = subject == CaseSubject::Place;
    let group = table.opt_table("group", |one| read_group(one, open_form.as_deref(), &forms, about_place));
    let opening = open_form.as_ref().and_then(|key| forms.iter().find(|form| form.key == *key));
    let kinds = read_kinds(table, &forms, open_form.as_deref(), roles);
    let about_family = subject == CaseSubject::Family;
    let candidates =
        table.each("candidate", |candidate| read_candidate(candidate, opening, about_family, around));
    let candidates = candidates.into_iter().flatten().collect();
    let workflow = Workflow {
        key: table.text("key"),
        label: table.label("label"),
        purpose: table.label("purpose"),
        subject,
        opened_by,
        open_form,
        owner,
        days: table.int("days", 1..=CASE_DAYS_MAX) as u32,
        kinds,
        one_per_subject: table.flag("one_per_subject", true),
        protects: table.flag("protects", false),
        need_to_know: table.flag("need_to_know", false),
        seen_by: read_roles(table, "seen_by", roles, Some("case.read")),
        public: table.flag("public", false),
        accused: read_accused(table, &forms, roles),
        escalate_days: table.opt_int_in("escalate_days", 1..=60).unwrap_or(3) as u32,
        escalate,
        month_by: read_month_by(table, &states),
        basis: table.opt_label("basis"),
        deadlines: table.each("deadline", |deadline| read_deadline(deadline, &states, &forms)),
        letters: table.each("letter", |letter| read_letter(letter, &states, &forms, &derived)),
        publish: table.opt_table("publish", |publish| read_publish(publish, &states, &forms)),
        withdraw: table.opt_table("withdraw", |withdraw| read_withdraw(withdraw, &states, &forms)),
        survey: table.flag("survey", false),
        citizen: table.flag("citizen", false),
        untold_when: if table.has("untold_when") { names.condition(table, "untold_when") } else { None },
        compare: table.opt_table("compare", |compare| read_compare(compare, &states, &forms)),
        in_calendar,
        group,
        lists: read_lists(table, around.workflows),
        candidates,
        derived,
        states,
        forms,
        transitions,
    };
    table.refuse_twice(&table.placed("state", "key"), "the state", "keep one");
    table.refuse_twice(&table.placed("form", "key"), "the form", "keep one");
    table.refuse_twice(&table.placed("deadline", "key"), "the deadline", "keep one");
    table.refuse_twice(&table.placed("letter", "key"), "the letter", "keep one");
    table.refuse_twice(&table.placed("candidate", "key"), "the candidate", "keep one");
    check_paths(table, &workflow);
    check_files(table, &workflow);
    check_clocks(table, &workflow);
    check_used(table, &workflow);
    check_visits(table, &workflow);
    check_citizen(table, &workflow);
    workflow
}

fn read_compare(table: &Table<'_>, states: &[State], forms: &[Form]) -> Compare {
    let filed = table.opt_placed_text("state");
    if let Some(state) = &filed {
        known_state(table, state, states);
    } else {
        table.fault("fields", "when the second check is filed is not said", "write state = \"KEY\"");
    }
    let named = table.texts("fields");
    if named.is_empty() {
        table.fault("fields", "nothing is compared", "name the fields that both checks ask");
    }
    for field in &named {
        let known = forms.iter().flat_map(|form| &form.fields).find(|known| known.key == field.value);
        if known.is_none_or(|known| known.sealed || known.kind == FieldKind::File) {
            let message = format!("`{}` is no field that can be compared", field.value);
            table.fault_at(&field.at, message, "name a field of a form, not a sealed one and no file");
        }
    }
    Compare {
        state: filed.map(|state| state.value).unwrap_or_default(),
        fields: named.into_iter().map(|field| field.value).collect(),
    }
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
        then: table.opt_text("then"),
        draw: table.opt_table("draw", |draw| Draw {
            action: draw.text("action"),
            permille: draw.int("permille", 0..=1_000) as u32,
        }),
    };
    let works = state.kind != StateKind::End;
    for key in ["days", "next_id", "next_en", "then"].into_iter().filter(|key| !works && table.has(key)) {
        table.fault(
            key,
            format!("the case is finished here: `{key}` means nothing"),
            "leave it out, or make the state open",
        );
    }
    if works && table.has("counts") {
        table.fault("counts", "only an end counts towards a target", "leave it out, or write kind = \"end\"");
    }
    if works && !(table.has("days") && (table.has("next_id") || table.has("next_en"))) {
        table.fault("key", "work without a deadline or a next step", "add days, next_id and next_en");
    }
    state
}

/// Reads all forms, takes in the shared ones that are named, and makes their fields known to guards as `form.key`.
fn read_forms(table: &Table<'_>, names: &mut Names, shared: &BTreeMap<String, Form>) -> Vec<Form> {
    let mut kinds: BTreeMap<String, Type> = BTreeMap::new();
    let mut forms = table.each("form", |form| read_form(form, names, &mut kinds));
    let named = table.opt_placed_text("open_form").into_iter().chain(table.placed("transition", "form"));
    for Placed { value: key, at } in named {
        let own = forms.iter().any(|form| form.key == key);
        let Some(form) = shared.get(&key).filter(|_| !own) else { continue };
        for field in &form.fields {
            let ty = type_of(&field.kind);
            if kinds.insert(field.key.clone(), ty).is_some_and(|other| other != ty) {
                let message = format!("its field `{}` has another type in this workflow", field.key);
                table.fault_at(&at, message, "choose another key in one of them");
            }
            add_name(names, field, ty);
        }
        forms.push(form.clone());
    }
    forms
}

fn read_form(form: &Table<'_>, names: &mut Names, kinds: &mut BTreeMap<String, Type>) -> Form {
    let fields = form.each("field", |field| {
        let read = read_field(field, names);
        let ty = type_of(&read.kind);
        if kinds.insert(read.key.clone(), ty).is_some_and(|other| other != ty) {
            field.fault("key", "the same key has another type in this workflow", "choose another key");
        }
        add_name(names, &read, ty);
        read
    });
    form.refuse_twice(&form.placed("field", "key"), "the field", "keep one");
    Form { key: form.text("key"), label: form.label("label"), fields }
}

fn add_name(names: &mut Names, field: &FormField, ty: Type) {
    let name = Name::column(format!("form.{}", field.key), ty).label(&field.label.id, &field.label.en);
    names.add(if field.sealed { name.sealed() } else { name });
}

pub(crate) fn type_of(kind: &FieldKind) -> Type {
    match kind {
        FieldKind::Int | FieldKind::Money | FieldKind::File => Type::Int,
        FieldKind::Date => Type::Date,
        FieldKind::YesNo => Type::Bool,
        FieldKind::Text | FieldKind::LongText | FieldKind::Choice(_) => Type::Text,
    }
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
        "file" => FieldKind::File,
        other => {
            let remedy = "write text, long_text, int, money, date, yes_no, choice or file";
            table.fault("type", format!("`{other}` is no type of field"), remedy);
            FieldKind::Text
        }
    };
    let default_length = if kind == FieldKind::LongText { 2_000 } else { 120 };
    check_bounds(table, &kind);
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
        catalogue: table.has("catalogue").then(|| table.choice("catalogue", &PARTS, true)),
        series: table.opt_text("series"),
        cases: table.plain_texts("cases"),
        kind,
    }
}

/// Bounds that the type of the field can have, the right way round.
fn check_bounds(table: &Table<'_>, kind: &FieldKind) {
    let number = matches!(kind, FieldKind::Int | FieldKind::Money);
    let text = matches!(kind, FieldKind::Text | FieldKind::LongText);
    let fits = [
        ("min", number, "a number"),
        ("max", number, "a number"),
        ("max_length", text, "a text"),
        ("digits", text, "a text"),
        ("catalogue", text, "a text"),
        ("not_future", *kind == FieldKind::Date, "a day"),
        ("series", *kind == FieldKind::Money, "an amount of money"),
        ("cases", *kind == FieldKind::Int, "a whole number"),
    ];
    for (key, _, of) in fits.iter().filter(|(key, fits, _)| table.has(key) && !fits) {
        table.fault(
            key,
            format!("`{key}` belongs to {of}, and the field is none"),
            "leave it out, or write another type",
        );
    }
    if let (Some(min), Some(max)) = (table.opt_int("min"), table.opt_int("max"))
        && min > max
    {
        table.fault(
            "max",
            format!("nothing lies between {min} and {max}"),
            "write the lowest as min, the highest as max",
        );
    }
}

fn read_choices(table: &Table<'_>) -> Vec<FieldChoice> {
    let choices = table.each("choice", |choice| FieldChoice {
        value: choice.text("value"),
        label: choice.label("label"),
        days: choice.opt_int_in("days", 1..=CASE_DAYS_MAX).map(|days| days as u32),
        owner: choice.opt_text("owner"),
    });
    if choices.len() < 2 {
        table.fault("type", "nothing to choose from", "add [[form.field.choice]] tables");
    }
    table.refuse_twice(&table.placed("choice", "value"), "the choice", "keep one");
    choices
}

fn known_role(table: &Table<'_>, role: &str, at: &std::ops::Range<usize>, roles: &Roles) {
    if roles.get(role).is_none() {
        table.fault_at(at, format!("no role `{role}`"), format!("the roles are: {}", roles.order.join(", ")));
    }
}

/// Roles of a list; each must hold the right that it is named for.
fn read_roles(table: &Table<'_>, key: &str, roles: &Roles, right: Option<&str>) -> Vec<String> {
    let named = table.texts(key);
    for role in named.iter().filter(|role| role.value != CITIZEN) {
        known_role(table, &role.value, &role.at, roles);
        if let (Some(right), Some(known)) = (right, roles.get(&role.value))
            && !known.may(right)
        {
            let message = format!("the role `{}` does not hold `{right}`", role.value);
            table.fault_at(&role.at, message, "give it the right in roles.toml, or name another role");
        }
    }
    named.into_iter().map(|role| role.value).collect()
}

/// The field that names whom the case accuses: each choice is a role or says that it is nobody of ours.
fn read_accused(table: &Table<'_>, forms: &[Form], roles: &Roles) -> Option<String> {
    let key = table.opt_placed_text("accused")?;
    let field = forms.iter().flat_map(|form| &form.fields).find(|field| field.key == key.value);
    let roles_only = field.is_some_and(|field| match &field.kind {
        FieldKind::Choice(choices) => choices.iter().any(|choice| roles.get(&choice.value).is_some()),
        _ => false,
    });
    if !roles_only {
        let message = format!("`{}` is no field that chooses among roles", key.value);
        table.fault_at(&key.at, message, "name a field of type choice whose values are keys of roles");
    }
    Some(key.value)
}

/// The field of the kinds is a choice that every opening asks for; only its words may have days and a first role of their own.
fn read_kinds(table: &Table<'_>, forms: &[Form], opening: Option<&str>, roles: &Roles) -> Option<String> {
    let key = table.opt_placed_text("kinds");
    let named = |form: &Form, field: &FormField| {
        let key = key.as_ref().map(|key| key.value.as_str());
        opening == Some(form.key.as_str()) && key == Some(field.key.as_str())
    };
    let mut found = false;
    for (form, field) in forms.iter().flat_map(|form| form.fields.iter().map(move |field| (form, field))) {
        let FieldKind::Choice(words) = &field.kind else { continue };
        let is_kind = named(form, field) && field.required && field.visible_when.is_none();
        found |= is_kind;
        if !is_kind && words.iter().any(|word| word.days.is_some() || word.owner.is_some()) {
            let message = format!("words of `{}` have days or an owner and are no kinds", field.key);
            table.fault("open_form", message, "name the field as kinds of the workflow, or leave them out");
        }
        for owner in words.iter().filter_map(|word| word.owner.as_ref()) {
            known_role(table, owner, &table.place("open_form"), roles);
        }
    }
    if let Some(key) = key.as_ref().filter(|_| !found) {
        let message = format!("`{}` is no choice that every opening asks for", key.value);
        table.fault_at(&key.at, message, "name a required field of type choice of open_form");
    }
    key.map(|key| key.value)
}

fn read_month_by(table: &Table<'_>, states: &[State]) -> Vec<String> {
    let named = known_states(table, "month_by", states);
    if named.len() > 2 {
        table.fault("month_by", "a case counts by one of two states at most", "name one or two");
    }
    named
}

fn known_states(table: &Table<'_>, key: &str, states: &[State]) -> Vec<String> {
    let named = table.texts(key);
    for state in &named {
        known_state(table, state, states);
    }
    named.into_iter().map(|state| state.value).collect()
}

fn known_state(table: &Table<'_>, state: &Placed<String>, states: &[State]) {
    if !states.iter().any(|known| known.key == state.value) {
        table.fault_at(&state.at, format!("no state `{}`", state.value), "declare it as [[state]]");
    }
}

fn read_deadline(table: &Table<'_>, states: &[State], forms: &[Form]) -> Deadline {
    let from = match table.opt_placed_text("from") {
        None => DeadlineFrom::Opening,
        Some(Placed { value, at }) => match value.split_once(':') {
            None if value == "opening" => DeadlineFrom::Opening,
            Some(("state", state)) => {
                known_state(table, &Placed { value: state.to_owned(), at }, states);
                DeadlineFrom::State(state.to_owned())
            }
            Some(("form", field)) => {
                let found = forms.iter().flat_map(|form| &form.fields).find(|known| known.key == field);
                if found.is_none_or(|known| known.kind != FieldKind::Date) {
                    table.fault_at(
                        &at,
                        format!("no day is answered as `{field}`"),
                        "name a form field of type date",
                    );
                }
                DeadlineFrom::Field(field.to_owned())
            }
            _ => {
                let remedy = "write opening, state:KEY or form:FIELD";
                table.fault_at(&at, format!("`{value}` is no beginning of a deadline"), remedy);
                DeadlineFrom::Opening
            }
        },
    };
    let until = known_states(table, "until", states);
    if until.is_empty() {
        table.fault("key", "nothing meets this deadline", "name states in `until`");
    }
    Deadline {
        key: table.text("key"),
        label: table.label("label"),
        from,
        count: table.int("count", 1..=3_650) as u32,
        unit: table.choice("unit", &UNITS, true),
        until,
        source: table.text("source"),
    }
}

fn read_letter(table: &Table<'_>, states: &[State], forms: &[Form], derived: &[Derived]) -> Letter {
    let letter = Letter {
        key: table.text("key"),
        label: table.label("label"),
        body: table.label("body"),
        states: known_states(table, "states", states),
    };
    for (key, body) in [("body_id", &letter.body.id), ("body_en", &letter.body.en)] {
        for name in Letter::names(body) {
            let of = |what: &str| name.split_once('.').filter(|(of, _)| *of == what).map(|(_, key)| key);
            let open = |field: &FormField, key: &str| field.key == key && !field.sealed;
            let known = of("form")
                .is_some_and(|key| forms.iter().flat_map(|form| &form.fields).any(|field| open(field, key)))
                || of(DERIVED).is_some_and(|key| derived.iter().any(|one| one.key == key))
                || crate::workflow::CASE_WORDS.contains(&name);
            if !known {
                let remedy = format!(
                    "name form.FIELD (not a sealed one), derived.KEY or one of: {}",
                    crate::workflow::CASE_WORDS.join(", ")
                );
                table.fault(key, format!("a letter cannot name `{name}`"), remedy);
            }
        }
    }
    letter
}

fn read_transition(
    table: &Table<'_>,
    states: &[State],
    forms: &[Form],
    around: &Around<'_>,
    names: &Names,
) -> Transition {
    let from = table.texts("from");
    let to = table.opt_placed_text("to");
    for state in from.iter().chain(&to) {
        known_state(table, state, states);
    }
    if from.is_empty() || to.is_none() {
        table.fault("action", "a step leads from a state to a state", "write from and to");
    }
    let form = table.opt_placed_text("form");
    if let Some(form) = form.as_ref().filter(|form| !forms.iter().any(|known| known.key == form.value)) {
        table.fault_at(&form.at, format!("no form `{}`", form.value), "declare it as [[form]]");
    }
    let action = table.text("action");
    let by = read_roles(table, "by", around.roles, Some("case.work"));
    let by_clock = states.iter().any(|state| state.then.as_ref() == Some(&action));
    let compared = table.has("compared").then(|| table.choice("compared", &COMPARED, true));
    if compared.is_some() && !by.is_empty() {
        table.fault("compared", "the house takes this step by itself", "leave `by` out, or `compared`");
    }
    if by.is_empty() && !by_clock && compared.is_none() {
        table.fault("action", "nobody may do this step", "name roles in `by`");
    }
    let guard = if table.has("guard") { names.condition(table, "guard") } else { None };
    let guard_text = table.opt_label("guard_text");
    if guard.is_some() && guard_text.is_none() {
        table.fault("guard", "a refusal needs words", "add guard_text_id and guard_text_en");
    }
    let level = table.has("level").then(|| table.region_level("level"));
    let held = |level| {
        by.iter()
            .filter_map(|role| around.roles.get(role))
            .any(|role| role.levels.iter().any(|held| *held <= level))
    };
    if level.is_some_and(|level| !held(level)) {
        table.fault(
            "level",
            "no role of `by` is held at this level or above",
            "name another level or another role",
        );
    }
    Transition {
        label: table.label("label"),
        from: from.into_iter().map(|state| state.value).collect(),
        to: to.map(|state| state.value).unwrap_or_default(),
        level,
        other_than: table.plain_texts("other_than"),
        form: form.map(|form| form.value),
        guard,
        guard_text,
        checker: table.flag("checker", false),
        visit: table.flag("visit", false),
        compared,
        effects: table.each("effect", |effect| read_effect(effect, forms, around, names)),
        action,
        by,
    }
}

fn read_effect(table: &Table<'_>, forms: &[Form], around: &Around<'_>, names: &Names) -> EffectRule {
    let name = table.text("name");
    if !EFFECTS.contains(&name.as_str()) {
        table.fault(
            "name",
            format!("no effect `{name}`"),
            format!("the effects are: {}", EFFECTS.join(", ")),
        );
    }
    let workflow = table.opt_placed_text("workflow");
    match &workflow {
        Some(key) if !around.workflows.contains(&key.value) => {
            let all: Vec<&str> = around.workflows.iter().map(String::as_str).collect();
            table.fault_at(
                &key.at,
                format!("no workflow `{}`", key.value),
                format!("the workflows are: {}", all.join(", ")),
            );
        }
        None if name == OPEN_CASE => {
            table.fault("name", "which case is opened is not said", "add workflow = \"KEY\"");
        }
        _ => {}
    }
    let role = table.opt_placed_text("role");
    match &role {
        Some(role) => known_role(table, &role.value, &role.at, around.roles),
        None if name == NOTIFY => table.fault("name", "who is told is not said", "add role = \"KEY\""),
        None => {}
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
    let fields = fields.unwrap_or_default();
    let values = table.opt_table("values", |values| {
        let said = values.entries().into_iter();
        said.map(|(argument, value)| {
            (argument.value, value.get_ref().as_str().unwrap_or_default().to_owned())
        })
        .collect::<BTreeMap<String, String>>()
    });
    let values = values.unwrap_or_default();
    if name == FIELD_REPORT {
        check_findings(table, (&fields, &values), forms, around.findings);
    }
    if name == SET_DATE {
        let day = fields
            .get("due")
            .and_then(|key| forms.iter().flat_map(|form| &form.fields).find(|one| one.key == *key));
        if day.is_none_or(|day| day.kind != FieldKind::Date) {
            table.fault(
                "name",
                "which day is set is not said",
                "add fields = { due = \"FIELD\" } with a field of type date",
            );
        }
    }
    let to = table.has("to").then(|| table.choice("to", &ASSIGN_TO, true));
    if name == ASSIGN && to.is_none() {
        table.fault(
            "name",
            "to whom the case is given is not said",
            "add to = \"actor\", \"opener\" or \"nobody\"",
        );
    }
    for (key, of) in [("workflow", OPEN_CASE), ("role", NOTIFY), ("to", ASSIGN)] {
        if table.has(key) && name != of {
            table.fault(
                key,
                format!("`{key}` means nothing to `{name}`"),
                format!("leave it out: it belongs to {of}"),
            );
        }
    }
    let when = if table.has("when") { names.condition(table, "when") } else { None };
    EffectRule {
        workflow: workflow.map(|key| key.value),
        role: role.map(|role| role.value),
        name,
        to,
        when,
        fields,
        values,
    }
}

/// What a step reports must be a word that the list of field reports knows: the registry would not know what was found.
fn check_findings(
    table: &Table<'_>,
    (fields, values): (&BTreeMap<String, String>, &BTreeMap<String, String>),
    forms: &[Form],
    known: &BTreeSet<String>,
) {
    if !fields.contains_key("finding") && !values.contains_key("finding") {
        table.fault("name", "what was found is not said", "add finding to fields or to values");
    }
    for argument in ["finding", "detail"] {
        let of_field = fields
            .get(argument)
            .and_then(|key| forms.iter().flat_map(|form| &form.fields).find(|field| field.key == *key));
        let chosen = of_field.map_or(&[][..], |field| match &field.kind {
            FieldKind::Choice(choices) => choices,
            _ => &[],
        });
        if of_field.is_some() && chosen.is_empty() {
            table.fault("name", format!("`{argument}` is no choice"), "name a field of type choice");
        }
        let words = chosen.iter().map(|choice| &choice.value).chain(values.get(argument));
        for word in words.filter(|word| !known.contains(&word.to_uppercase())) {
            let message = format!("no list of field reports knows the finding `{word}`");
            table.fault("name", message, format!("add it to the column of {FIELD_RESULT} in sources/"));
        }
    }
}
