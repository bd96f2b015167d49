//! What workflows say of each other, checked when all are read: a case that another one opens.

use std::collections::BTreeMap;

use crate::{
    reader::Source as File,
    workflow::{CITIZEN, CaseSubject, Compared, OF_PARENT, Workflow},
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
/// begins, by a field of the same type.
pub(crate) fn check_opened(
    source: &File<'_>,
    at: usize,
    workflow: &Workflow,
    all: &BTreeMap<String, Workflow>,
) {
    let effects = workflow.transitions.iter().flat_map(|step| &step.effects);
    let opening = effects.filter_map(|effect| Some((effect, all.get(effect.workflow.as_ref()?)?)));
    for (effect, target) in opening {
        for (argument, field) in &effect.fields {
            let form = target.open_form.as_deref().and_then(|key| target.form(key));
            let asked = form.and_then(|form| form.fields.iter().find(|one| one.key == *argument));
            let told = workflow.field(field);
            if asked.zip(told).is_none_or(|(asked, told)| type_of(&asked.kind) != type_of(&told.kind)) {
                let message = format!(
                    "`{}` is told `{argument}`, which its opening form does not ask as that type",
                    target.key
                );
                source.fault(at, message, "name a field of its opening form, of the type of the answer");
            }
        }
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
