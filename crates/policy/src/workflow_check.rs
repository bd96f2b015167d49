//! What a workflow must be as a whole, told at load: every state is reached and leads to an end, clocks run where somebody of the house
//! acts, what is written has a use, files stay with their case.

use std::{collections::BTreeSet, ops::Range};

use crate::{
    reader::Table,
    workflow::{CITIZEN, FieldKind, OF_PARENT, StateKind, Transition, Workflow},
};

/// Who waits for a citizen stands still, who does not has somebody of the house; what the clock does by itself asks for nothing.
pub(crate) fn check_clocks(table: &Table<'_>, workflow: &Workflow) {
    for state in &workflow.states {
        let at = table.place_in("state", "key", &state.key);
        if state.kind == StateKind::End {
            if workflow.out_of(&state.key).next().is_some() {
                let message = format!("a step leads out of the end `{}`", state.key);
                table.fault_at(
                    &at,
                    message,
                    "a finished case takes no step: let another case be opened, or make the state open",
                );
            }
            continue;
        }
        let mut out = workflow.out_of(&state.key).peekable();
        let citizens_only =
            out.peek().is_some() && out.all(|step| step.by.iter().all(|role| role == CITIZEN));
        if citizens_only && state.kind != StateKind::Waiting {
            let message =
                format!("nobody of the house has a step out of `{}`, and its clock runs", state.key);
            table.fault_at(&at, message, "write kind = \"waiting\", or give a step to a role");
        }
        let by_itself = state.then.iter().chain(state.draw.iter().map(|draw| &draw.action));
        for then in by_itself {
            check_by_itself(table, workflow, &state.key, (then, &at));
        }
    }

    for step in workflow.transitions.iter().filter(|step| step.compared.is_some()) {
        let form = step.form.as_deref().and_then(|form| workflow.form(form));
        if form.is_some_and(|form| form.fields.iter().any(|field| field.required)) {
            let message = format!("the house takes `{}` by itself and cannot fill its form", step.action);
            let at = table.place_in("transition", "action", &step.action);
            table.fault_at(&at, message, "leave the form out");
        }
    }
    let actions: BTreeSet<&str> = workflow.transitions.iter().map(|step| step.action.as_str()).collect();
    for named in table.placed_lists("transition", "other_than") {
        // Of a case that opens this one; which workflows do is seen when all are read.
        if named.value.starts_with(OF_PARENT) {
            continue;
        }
        if named.value != "open" && !actions.contains(named.value.as_str()) {
            table.fault_at(
                &named.at,
                format!("no action `{}`", named.value),
                "name an action of this workflow, or open",
            );
        }
    }
    let has_citizen = workflow.transitions.iter().any(|step| step.by.iter().any(|role| role == CITIZEN));
    if has_citizen && !workflow.public {
        table.fault("key", "a citizen has a step but cannot follow the case", "write public = true");
    }
}

/// What is written has a use: a form is asked for, who is named beside those with a part needs to be, and who is told may see the case.
pub(crate) fn check_used(table: &Table<'_>, workflow: &Workflow) {
    let asked: BTreeSet<&str> = workflow
        .transitions
        .iter()
        .filter_map(|step| step.form.as_deref())
        .chain(workflow.open_form.as_deref())
        .collect();
    for form in workflow.forms.iter().filter(|form| !asked.contains(form.key.as_str())) {
        let message = format!("nobody is asked to fill the form `{}`", form.key);
        table.fault_at(
            &table.place_in("form", "key", &form.key),
            message,
            "name it in a step or as open_form",
        );
    }
    if !workflow.seen_by.is_empty() && !workflow.need_to_know {
        table.fault(
            "seen_by",
            "everybody sees these cases",
            "write need_to_know = true, or leave seen_by out",
        );
    }
    for told in
        workflow.transitions.iter().flat_map(|step| &step.effects).filter_map(|effect| effect.role.as_ref())
    {
        if !workflow.knows(told) {
            let message = format!("the role `{told}` is told of a case that it may not see");
            table.fault("need_to_know", message, "add the role to seen_by, or tell another one");
        }
    }
}

/// A visit goes to the home of a family, and its form asks for the day on which it was made.
pub(crate) fn check_visits(table: &Table<'_>, workflow: &Workflow) {
    for step in workflow.transitions.iter().filter(|step| step.visit) {
        let at = table.place_in("transition", "action", &step.action);
        let form = step.form.as_deref().and_then(|key| workflow.form(key));
        let fields = form.map_or(&[][..], |form| &form.fields);
        if !fields.iter().any(|field| field.kind == FieldKind::Date && field.not_future && field.required) {
            let message = format!("the form of the visit `{}` does not ask when it was made", step.action);
            let remedy = "ask in it for a date, with required = true and not_future = true";
            table.fault_at(&at, message, remedy);
        }
        if !workflow.subject.of_family() {
            let message = format!("`{}` is a visit, and the case is about no family", step.action);
            table.fault_at(&at, message, "leave visit out, or write another subject");
        }
    }
}

/// What a family may know of is about a family, and no secret.
pub(crate) fn check_citizen(table: &Table<'_>, workflow: &Workflow) {
    if workflow.citizen && (workflow.need_to_know || !workflow.subject.of_family()) {
        let message = "the family may know of cases that are secret, or about no family";
        table.fault("citizen", message, "leave citizen out");
    }
    if workflow.untold_when.is_some() && !workflow.citizen {
        table.fault(
            "untold_when",
            "the family knows of none of these cases",
            "leave it out, or write citizen = true",
        );
    }
}

/// A file belongs to a case that is there already, and is kept by somebody of the house: an opening and a citizen's step ask for none (the
/// page of the ticket takes files by itself), and no effect carries one into another case.
pub(crate) fn check_files(table: &Table<'_>, workflow: &Workflow) {
    let file_of = |form: &str| {
        let fields = workflow.form(form).map_or(&[][..], |form| &form.fields);
        fields.iter().find(|field| field.kind == FieldKind::File)
    };
    if let Some(field) = workflow.open_form.as_deref().and_then(file_of) {
        let message =
            format!("the opening asks for the file `{}`, and there is no case yet to keep it", field.key);
        table.fault("open_form", message, "ask for it in the form of a step");
    }
    for step in &workflow.transitions {
        let at = table.place_in("transition", "action", &step.action);
        let asks = step.form.as_deref().and_then(file_of);
        if let Some(field) = asks.filter(|_| step.by.iter().any(|role| role == CITIZEN)) {
            let message =
                format!("a citizen takes `{}`, whose form asks for the file `{}`", step.action, field.key);
            table.fault_at(&at, message, "leave it out: the page of the ticket takes files by itself");
        }
        let mut carried = step.effects.iter().flat_map(|effect| effect.fields.values());
        let is_file = |key: &&String| workflow.field(key).is_some_and(|field| field.kind == FieldKind::File);
        if let Some(key) = carried.find(is_file) {
            let message =
                format!("an effect of `{}` carries the file `{key}` away from its case", step.action);
            table.fault_at(&at, message, "leave the field out of the effect");
        }
    }
}

/// A step that the clock takes by itself asks for nothing.
fn check_by_itself(table: &Table<'_>, workflow: &Workflow, state: &str, (then, at): (&str, &Range<usize>)) {
    match workflow.transition(state, then) {
        None => {
            let message = format!("the clock cannot take `{then}` out of `{state}`");
            table.fault_at(at, message, "name the action of a step out of this state");
        }
        Some(step) => {
            let asks = step
                .form
                .as_deref()
                .and_then(|form| workflow.form(form))
                .is_some_and(|form| form.fields.iter().any(|field| field.required));
            if asks || step.guard.is_some() {
                let message =
                    format!("the clock takes `{then}` by itself and cannot fill its form or meet its guard");
                table.fault_at(at, message, "leave the form and the guard out, or make a step of its own");
            }
        }
    }
}

/// Every state is reached and leads to an end; an end leads nowhere but by reopening; one action has one way out of a state.
pub(crate) fn check_paths(table: &Table<'_>, workflow: &Workflow) {
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

/// The states that are reached from some by steps, these included.
pub(crate) fn closure<'a>(from: &[&'a str], next: impl Fn(&'a str) -> Vec<&'a str>) -> BTreeSet<&'a str> {
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
