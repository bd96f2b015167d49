//! What workflows say of each other, checked when all are read: a case that another one opens.

use std::collections::BTreeMap;

use crate::{
    reader::Source as File,
    workflow::{CaseSubject, OF_PARENT, Workflow},
    workflow_file::type_of,
};

/// Who took an action in the case that opened this one: some workflow that opens it has that action.
pub(crate) fn check_opener(
    source: &File<'_>,
    at: usize,
    workflow: &Workflow,
    all: &BTreeMap<String, Workflow>,
) {
    let opens = |other: &&Workflow| {
        let effects = other.transitions.iter().flat_map(|step| &step.effects);
        effects.into_iter().any(|effect| effect.workflow.as_ref() == Some(&workflow.key))
    };
    let openers: Vec<&Workflow> = all.values().filter(opens).collect();
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
