//! How the cases of a workflow stand elsewhere: by name in a worker's calendar (`[calendar]`), and the open cases of another workflow on
//! the page of each (`lists`). Checked at load: the day is one that the opening form asks, the other workflow exists.

use std::collections::BTreeSet;

use rules::Label;
use serde::Serialize;

use crate::{
    reader::Table,
    workflow::{FieldKind, Form},
};

/// What the cases of a workflow are in a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shows {
    /// People are taught or heard.
    Session,
    /// Offices meet.
    Meeting,
}

const SHOWS: [(&str, Shows); 2] = [("session", Shows::Session), ("meeting", Shows::Meeting)];

/// How a workflow stands in calendars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InCalendar {
    /// Its cases stand by name, as this.
    pub shows: Shows,
    /// Field of the opening form whose answer is the day of the first step.
    pub day: String,
}

pub(crate) fn read_calendar(table: &Table<'_>, open_form: Option<&str>, forms: &[Form]) -> InCalendar {
    let day = table.text("day");
    let form = forms.iter().find(|form| Some(form.key.as_str()) == open_form);
    let field = form.and_then(|form| form.fields.iter().find(|field| field.key == day));
    if field.is_none_or(|field| field.kind != FieldKind::Date) {
        table.fault(
            "day",
            "the opening form asks for no such day",
            "name a field of type date of `open_form`",
        );
    }
    InCalendar { shows: table.choice("shows", &SHOWS, true), day }
}

/// The workflow whose open cases of the same territory stand on the page of a case.
pub(crate) fn read_lists(table: &Table<'_>, known: &BTreeSet<String>) -> Option<(String, Label)> {
    let (listed, label) = (table.opt_placed_text("lists")?, table.label("lists_label"));
    if !known.contains(&listed.value) {
        table.fault_at(&listed.at, format!("no workflow `{}`", listed.value), "name a file of workflows/");
    }
    Some((listed.value, label))
}
