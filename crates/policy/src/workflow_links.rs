//! What workflows say of each other, checked when all are read: a case that another one opens.

use std::collections::BTreeMap;

use rules::{Expr, Params, Value};

use crate::{
    reader::Source as File,
    workflow::{
        CITIZEN, CaseSubject, Compared, EffectRule, FieldKind, FormField, OF_PARENT, StateKind, Transition,
        Workflow,
    },
    workflow_check::closure,
    workflow_file::type_of,
};

/// Workflows whose steps open cases of this one.
fn openers<'a>(workflow: &Workflow, all: &'a BTreeMap<String, Workflow>) -> Vec<&'a Workflow> {
    let opens = |other: &&Workflow| {
        let mut effects = other.transitions.iter().flat_map(|step| &step.effects);
        effects.any(|effect| effect.workflow.as_ref() == Some(&workflow.key))
    };
    all.values().filter(opens).collect()
}

/// What is compared is asked, as the same type, by each workflow that opens this one, and each goes on by both results.
pub(crate) fn check_compared(
    source: &File<'_>,
    at: usize,
    workflow: &Workflow,
    all: &BTreeMap<String, Workflow>,
) {
    let Some(compare) = &workflow.compare else { return };
    let openers = openers(workflow, all);
    if openers.is_empty() {
        source.fault(
            at,
            "no workflow opens this one, so there is nothing to compare with",
            "leave compare out",
        );
    }
    for other in openers {
        for field in &compare.fields {
            let (own, told) = (workflow.field(field), other.field(field));
            if own.zip(told).is_none_or(|(own, told)| type_of(&own.kind) != type_of(&told.kind)) {
                let message = format!("`{}` does not ask `{field}` as the same type", other.key);
                source.fault(at, message, "compare fields that both workflows ask");
            }
        }
        for came in [Compared::Equal, Compared::Different] {
            if !other.transitions.iter().any(|step| step.compared == Some(came)) {
                let message = format!("`{}` does not go on when the checks are {came:?}", other.key);
                source.fault(at, message, "write compared = \"equal\" and \"different\" at steps of it");
            }
        }
    }
}

/// A case is chosen among those of workflows that there are, by somebody of the house, in a step of a case that is there already.
pub(crate) fn check_cases(
    source: &File<'_>,
    at: usize,
    workflow: &Workflow,
    all: &BTreeMap<String, Workflow>,
) {
    for form in &workflow.forms {
        for field in form.fields.iter().filter(|field| !field.cases.is_empty()) {
            if let Some(unknown) = field.cases.iter().find(|key| !all.contains_key(*key)) {
                let message = format!("`{}` offers cases of `{unknown}`, which is no workflow", field.key);
                source.fault(at, message, "name files of workflows/");
            }
            let by_citizen = |step: &&crate::workflow::Transition| {
                step.form.as_ref() == Some(&form.key) && step.by.iter().any(|role| role == CITIZEN)
            };
            let opens = workflow.open_form.as_ref() == Some(&form.key);
            if opens || workflow.transitions.iter().any(|step| by_citizen(&step)) {
                let message = format!("`{}` offers cases to who sees none yet", field.key);
                source.fault(at, message, "ask for it in a step that somebody of the house takes");
            }
        }
    }
}

/// Who took an action in the case that opened this one: some workflow that opens it has that action.
pub(crate) fn check_opener(
    source: &File<'_>,
    at: usize,
    workflow: &Workflow,
    all: &BTreeMap<String, Workflow>,
) {
    let openers = openers(workflow, all);
    let named = workflow.transitions.iter().flat_map(|step| &step.other_than);
    for action in named.filter_map(|action| action.strip_prefix(OF_PARENT)) {
        let known = openers.iter().flat_map(|other| &other.transitions).any(|step| step.action == action);
        if !known {
            let message = format!("no workflow that opens this one has the action `{action}`");
            source.fault(at, message, "name an action of the workflow whose effect case.open opens it");
        }
    }
}

/// A case that another one opens is about the same subject: it can be about no more than that one is. What it is told, it asks for when it
/// begins, by a field of the same type that takes every answer; and it is told all that it must know, or nobody could ever tell it.
pub(crate) fn check_opened(
    source: &File<'_>,
    at: usize,
    workflow: &Workflow,
    all: &BTreeMap<String, Workflow>,
) {
    for step in &workflow.transitions {
        for effect in &step.effects {
            let Some(target) = effect.workflow.as_ref().and_then(|key| all.get(key)) else { continue };
            check_told(source, at, (workflow, step, effect), target);
            let fits = match target.subject {
                CaseSubject::Family => workflow.subject.of_family(),
                CaseSubject::Place | CaseSubject::Matter => true,
                other => other == workflow.subject,
            };
            if !fits {
                let message = format!(
                    "it opens a case of `{}`, which is about something that this case does not know",
                    target.key
                );
                source.fault(
                    at,
                    message,
                    "open a workflow about the same subject, or a family's from a person's or a line's",
                );
            }
        }
    }
}

/// What a step tells the case that it opens.
fn check_told(
    source: &File<'_>,
    at: usize,
    (workflow, step, effect): (&Workflow, &Transition, &EffectRule),
    target: &Workflow,
) {
    let asked = target.open_form.as_deref().and_then(|key| target.form(key));
    let asked = asked.map_or(&[][..], |form| &form.fields);
    let find = |key: &str| asked.iter().find(|field| field.key == key);
    for (argument, key) in &effect.fields {
        let told = workflow.field(key);
        if find(argument).zip(told).is_none_or(|(asked, told)| !takes(asked, told)) {
            let message = format!(
                "`{}` is told `{argument}`, which its opening form does not ask as that type",
                target.key
            );
            source.fault(
                at,
                message,
                "name a field of its opening form, of the type of the answer, that takes whatever may be answered",
            );
        }
    }
    for (argument, word) in &effect.values {
        if !find(argument).is_some_and(|field| says(field, word)) {
            let message = format!("`{}` cannot be told `{argument}` = \"{word}\"", target.key);
            source.fault(at, message, "name a field of its opening form, and a word that it takes");
        }
    }
    let said = |name: &str| {
        let word = name.strip_prefix("form.").and_then(|key| effect.values.get(key));
        word.map(|word| Value::Text(word.clone())).unwrap_or_default()
    };
    let shows = |field: &FormField| {
        let shown = |when: &Expr| when.value(&said, &Params::default()).as_bool() != Some(false);
        field.visible_when.as_ref().is_none_or(shown)
    };
    for field in asked.iter().filter(|field| field.required && shows(field)) {
        let known = effect.values.contains_key(&field.key)
            || effect.fields.get(&field.key).is_some_and(|key| surely_answered(workflow, step, key));
        if !known {
            let message = format!(
                "`{}` opens a case of `{}` and does not surely tell it `{}`, which it must know",
                step.action, target.key, field.key
            );
            let remedy = format!(
                "write {} = \"FIELD\" with a required field that the step or one before it always asks, or a word in values",
                field.key
            );
            source.fault(at, message, remedy);
        }
    }
}

/// Whether a field takes every answer of another.
fn takes(asked: &FormField, told: &FormField) -> bool {
    let within = match (&asked.kind, &told.kind) {
        (FieldKind::Choice(asked), FieldKind::Choice(told)) => {
            told.iter().all(|word| asked.iter().any(|known| known.value == word.value))
        }
        (FieldKind::Choice(_), _) => false,
        (asked, told) => type_of(asked) == type_of(told),
    };
    let low = asked.min.is_none_or(|min| told.min.is_some_and(|told| told >= min));
    let high = asked.max.is_none_or(|max| told.max.is_some_and(|told| told <= max));
    let digits = told.digits || !asked.digits;
    let past = told.not_future || !asked.not_future;
    let secret = asked.sealed || !told.sealed;
    within && low && high && digits && past && secret && told.max_length <= asked.max_length
}

/// Whether a file may say a word as the answer of a field.
fn says(field: &FormField, word: &str) -> bool {
    match &field.kind {
        FieldKind::Choice(words) => words.iter().any(|known| known.value == word),
        FieldKind::Text | FieldKind::LongText => word.chars().count() <= field.max_length as usize,
        FieldKind::YesNo => matches!(word, "true" | "false"),
        FieldKind::Int | FieldKind::Money | FieldKind::Date | FieldKind::File => false,
    }
}

/// Whether a case that takes a step has an answer: the step asks for it, or the opening, or some step on every way from the start.
fn surely_answered(workflow: &Workflow, step: &Transition, key: &str) -> bool {
    let asks = |form: Option<&String>| {
        let form = form.and_then(|form| workflow.form(form));
        let mut fields = form.into_iter().flat_map(|form| &form.fields);
        fields.any(|field| field.key == key && field.required && field.visible_when.is_none())
    };
    if asks(step.form.as_ref()) || asks(workflow.open_form.as_ref()) {
        return true;
    }
    let start = workflow.states.iter().filter(|state| state.kind == StateKind::Start);
    let start: Vec<&str> = start.map(|state| state.key.as_str()).collect();
    let unasked = closure(&start, |state| {
        let silent = workflow.out_of(state).filter(|step| !asks(step.form.as_ref()));
        silent.map(|step| step.to.as_str()).collect()
    });
    !step.from.iter().any(|state| unasked.contains(state.as_str()))
}
