//! Whom a workflow looks for by itself: its `[[candidate]]` tables say of which families of a closing a case is opened, and what its
//! opening form is told.
//!
//! Checked at load: the workflow is about families, the condition speaks of families and of nothing sealed, the programme is there, and
//! the opening form asks for nothing that is not told.

use rules::Expr;

use crate::{
    reader::Table,
    workflow::{FieldKind, Form, FormField},
    workflow_file::Around,
};

/// Families for whom the house opens a case without anybody asking. They receive, by the newest approved list of a programme.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Key, unique in its workflow.
    pub key: String,
    /// Key of the programme that they receive; none: any.
    pub programme: Option<String>,
    /// The choice of the opening form that says why.
    pub field: String,
    /// What is chosen.
    pub value: String,
    /// The text of the opening form that is told the condition in words, if any.
    pub note: Option<String>,
    /// True for a family of a closing, over `family.*`.
    pub when: Expr,
}

pub(crate) fn read_candidate(
    table: &Table<'_>,
    opening: Option<&Form>,
    about_family: bool,
    around: &Around<'_>,
) -> Option<Candidate> {
    if !about_family {
        table.fault("key", "candidates are families, the cases are not", "write subject = \"family\"");
    }
    let programme = table.opt_placed_text("programme");
    if let Some(programme) = programme.as_ref().filter(|one| !around.programmes.contains(&one.value)) {
        let message = format!("no programme `{}`", programme.value);
        table.fault_at(&programme.at, message, "name the key of a programme, or leave it out for all");
    }
    let fields = opening.map_or(&[][..], |form| &form.fields);
    let (field, value) = (table.text("field"), table.text("value"));
    let chosen = fields.iter().find(|known| known.key == field).map(|known| &known.kind);
    if let Some(FieldKind::Choice(choices)) = chosen {
        if !choices.iter().any(|choice| choice.value == value) {
            let known: Vec<&str> = choices.iter().map(|choice| choice.value.as_str()).collect();
            let message = format!("`{field}` has no choice `{value}`");
            table.fault("value", message, format!("the choices are: {}", known.join(", ")));
        }
    } else {
        let message = format!("`{field}` is no choice of the opening form");
        table.fault("field", message, "name a field of type choice of open_form");
    }
    let note = table.opt_placed_text("note");
    if let Some(note) = &note {
        let is_text = |known: &&FormField| matches!(known.kind, FieldKind::Text | FieldKind::LongText);
        if !fields.iter().filter(is_text).any(|known| known.key == note.value && !known.digits) {
            let message = format!("`{}` is no text of the opening form", note.value);
            table.fault_at(&note.at, message, "name a field of type text or long_text of open_form");
        }
    }
    let told = |key: &String| *key == field || note.as_ref().is_some_and(|note| note.value == *key);
    for asked in fields.iter().filter(|asked| asked.required && !told(&asked.key)) {
        let message = format!("the opening form needs `{}`, which nobody tells it", asked.key);
        table.fault("field", message, "name it as field or note, or do not require it");
    }
    let when = around.family.condition(table, "when")?;
    if let Some(name) = when.columns().into_iter().find(|name| around.family.is_sealed(name)) {
        let message = format!("`{name}` is sealed: a case would tell it to everybody who sees the case");
        table.fault("when", message, "take another column");
    }
    let programme = programme.map(|one| one.value);
    Some(Candidate { key: table.text("key"), programme, field, value, note: note.map(|one| one.value), when })
}
