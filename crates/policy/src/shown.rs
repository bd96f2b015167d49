//! How the cases of a workflow stand elsewhere: by name in a worker's calendar (`[calendar]`), and the open cases of another workflow on
//! the page of each (`lists`), its cases as the sessions of groups (`[group]`). Checked at load: the day is one that the opening form asks,
//! the other workflow exists, what a session is told by is asked where it can be known.

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

/// What tells a session of a group: keys of fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupSessions {
    /// Text of the opening form: which group of the place.
    pub name: String,
    /// Choice of the opening form: what is taught.
    pub module: String,
    /// Day of the opening form: when it is to be.
    pub planned: String,
    /// Day of a step: when it was; a session without it was not held.
    pub held: String,
    /// Text of a step: numbers of the families that were absent, with blanks between; 0 for none.
    pub absent: String,
}

/// What a field of a session must be.
struct Asked {
    key: &'static str,
    opening: bool,
    fits: fn(&FieldKind) -> bool,
    remedy: &'static str,
}

const ASKED: [Asked; 5] = [
    Asked {
        key: "name",
        opening: true,
        fits: |kind| matches!(kind, FieldKind::Text),
        remedy: "name a field of type text of `open_form`",
    },
    Asked {
        key: "module",
        opening: true,
        fits: |kind| matches!(kind, FieldKind::Choice(_)),
        remedy: "name a field of type choice of `open_form`",
    },
    Asked {
        key: "planned",
        opening: true,
        fits: |kind| matches!(kind, FieldKind::Date),
        remedy: "name a field of type date of `open_form`",
    },
    Asked {
        key: "held",
        opening: false,
        fits: |kind| matches!(kind, FieldKind::Date),
        remedy: "name a field of type date of the form of a step",
    },
    Asked {
        key: "absent",
        opening: false,
        fits: |kind| matches!(kind, FieldKind::LongText),
        remedy: "name a field of type long_text of the form of a step",
    },
];

/// The cases of a workflow about places as sessions of groups.
pub(crate) fn read_group(
    table: &Table<'_>,
    open_form: Option<&str>,
    forms: &[Form],
    about_place: bool,
) -> GroupSessions {
    if !about_place {
        table.fault("name", "groups meet in places", "write subject = \"place\", or leave the table out");
    }
    let [name, module, planned, held, absent] = ASKED.map(|asked| {
        let key = table.text(asked.key);
        let mut of = forms.iter().filter(|form| (Some(form.key.as_str()) == open_form) == asked.opening);
        if !of.any(|form| form.fields.iter().any(|field| field.key == key && (asked.fits)(&field.kind))) {
            table.fault(asked.key, format!("no such field `{key}`"), asked.remedy);
        }
        key
    });
    GroupSessions { name, module, planned, held, absent }
}

/// The workflow whose open cases of the same territory stand on the page of a case.
pub(crate) fn read_lists(table: &Table<'_>, known: &BTreeSet<String>) -> Option<(String, Label)> {
    let (listed, label) = (table.opt_placed_text("lists")?, table.label("lists_label"));
    if !known.contains(&listed.value) {
        table.fault_at(&listed.at, format!("no workflow `{}`", listed.value), "name a file of workflows/");
    }
    Some((listed.value, label))
}
