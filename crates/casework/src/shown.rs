//! Lines of a history, answers and fields of forms in words, for pages and letters. Nothing is read or written here.

use jiff::civil::Date;
use model::CaseId;
use policy::{Derived, FieldKind, FormField, Label, Workflow};
use store::Row;

use crate::{
    Error, Result, assign, follow,
    form::{self, Answer, Answers},
    service, sweep,
    views::{AnswerView, DerivedView, EventView, FieldView, state_label},
};

pub(crate) fn event(workflow: &Workflow, row: &Row, case: CaseId) -> Result<EventView> {
    let (action, from, to) = (row.string(4)?, row.string(5)?, row.string(6)?);
    let mut answers: Answers = serde_json::from_str(row.text(7)?).map_err(|_| Error::Stored(case.0))?;
    let action_label = match workflow.transition(&from, &action) {
        Some(step) => step.label.clone(),
        None if from.is_empty() => Label::new("Dibuka", "Opened"),
        None if action == service::NAMED => Label::new("Keluarga disebut", "The family was named"),
        None if action == follow::FOLLOWED => Label::new(
            "Mengikuti orang atau keluarganya di registri",
            "Follows its person or family in the registry",
        ),
        None if action == follow::DIED => Label::new(
            "Orang dalam kasus ini meninggal, menurut registri",
            "The person of this case died, says the registry",
        ),
        None if action == follow::MEMBER_DIED => Label::new(
            "Anggota keluarga meninggal, menurut registri",
            "A member of the family died, says the registry",
        ),
        None if action == assign::GIVEN => Label::new("Diserahkan kepada petugas", "Given to a person"),
        None if action == assign::LEFT => Label::new("Dilepas oleh petugasnya", "Given up by its person"),
        None if action == sweep::LATE => Label::new("Terlambat, diteruskan ke atas", "Late, passed up"),
        None => Label::new(&action, &action),
    };
    if action == assign::GIVEN {
        // The number of an account says nothing to a reader.
        answers.remove(assign::USER);
    }
    Ok(EventView {
        seq: row.int(0)?,
        at_ms: row.int(1)?,
        actor: row.string(2)?,
        role: row.string(3)?,
        to_label: state_label(workflow, &to),
        answers: answers_shown(workflow, &answers),
        action_label,
        action,
        from,
        to,
    })
}

/// Answers in words, by the labels of their fields.
pub fn answers_shown(workflow: &Workflow, answers: &Answers) -> Vec<AnswerView> {
    let shown = |(key, answer): (&String, &Answer)| {
        let field = workflow.field(key);
        AnswerView {
            field: key.clone(),
            label: field.map_or_else(|| assign::label(key), |field| field.label.clone()),
            shown: answer_shown(field, answer),
            file: file_of(field, answer),
        }
    };
    answers.iter().map(shown).collect()
}

fn file_of(field: Option<&FormField>, answer: &Answer) -> Option<i64> {
    match (field.map(|field| &field.kind), answer) {
        (Some(FieldKind::File), Answer::Int(id)) => Some(*id),
        _ => None,
    }
}

pub(crate) fn answer_shown(field: Option<&FormField>, answer: &Answer) -> Label {
    if field.is_some_and(|field| field.sealed) {
        let last: String = answer.as_written().chars().rev().take(4).collect();
        let masked = format!("••••{}", last.chars().rev().collect::<String>());
        return Label::new(&masked, &masked);
    }
    let plain = || {
        let (id, en) = (answer.value().words(model::Lang::Id), answer.value().words(model::Lang::En));
        Label { id, en }
    };
    match (answer, field.map(|field| &field.kind)) {
        (Answer::Text(text), Some(FieldKind::Choice(choices))) => choices
            .iter()
            .find(|choice| choice.value == *text)
            .map_or_else(|| Label::new(text, text), |choice| choice.label.clone()),
        (Answer::Text(text), _) => Label::new(text, text),
        (Answer::Int(id), Some(FieldKind::File)) => Label::new(format!("Berkas {id}"), format!("File {id}")),
        (Answer::Int(number), Some(FieldKind::Money)) => {
            let printed = model::Rupiah::new(*number).to_string();
            Label::new(&printed, &printed)
        }
        _ => plain(),
    }
}

/// The numbers that follow from the answers so far; those that lack one are left out.
pub(crate) fn derived(workflow: &Workflow, answers: &Answers, today: Date) -> Vec<DerivedView> {
    let view = |one: &Derived| {
        let value = one.value(&form::row(answers), today)?;
        let (label, unit, basis) = (one.label.clone(), one.unit.clone(), one.basis.clone());
        Some(DerivedView { key: one.key.clone(), label, value, unit, basis })
    };
    workflow.derived.iter().filter_map(view).collect()
}

/// The fields of a form, with the answers so far.
pub fn fields_of(workflow: &Workflow, form: Option<&str>, answers: &Answers) -> Vec<FieldView> {
    let fields = form.and_then(|key| workflow.form(key)).map_or(&[][..], |form| &form.fields);
    let view = |field: &FormField| FieldView {
        key: field.key.clone(),
        label: field.label.clone(),
        hint: field.hint.clone(),
        kind: field.kind.clone(),
        required: field.required,
        shown_when: field.visible_when.as_ref().map(|condition| Label {
            id: with_choices(fields, model::Lang::Id, condition.words(model::Lang::Id)),
            en: with_choices(fields, model::Lang::En, condition.words(model::Lang::En)),
        }),
        max_length: field.max_length,
        digits: field.digits,
        catalogue: field.catalogue,
        cases: field.cases.clone(),
        offered: Vec::new(),
        // A sealed answer is written anew, never sent back to a page.
        value: answers.get(&field.key).filter(|_| !field.sealed).map(Answer::as_written),
    };
    fields.iter().map(view).collect()
}

/// A condition names the value of a choice in quotes; its reader knows the choice by its label.
fn with_choices(fields: &[FormField], lang: model::Lang, words: String) -> String {
    let choices = fields.iter().filter_map(|field| match &field.kind {
        FieldKind::Choice(choices) => Some(choices),
        _ => None,
    });
    choices.flatten().fold(words, |words, choice| {
        let label = format!("“{}”", choice.label.get(lang));
        words.replace(&format!("“{}”", choice.value), &label)
    })
}
