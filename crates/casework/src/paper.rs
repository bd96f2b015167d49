//! What a case owes and prints: the deadlines that laws set, with their sources, and the letters of its workflow with the names filled in.

use access::House;
use jiff::{Timestamp, ToSpan, civil::Date, tz::Offset};
use model::{Lang, RegionCode};
use policy::{DERIVED, DeadlineFrom, DeadlineUnit, Label, Workflow};
use serde::Serialize;

use crate::{
    form::Answer,
    service::{self, Stored},
    shown::{self, answer_shown},
    views::{CaseRow, EventView},
};

/// A deadline of a law, as it stands for a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadlineView {
    /// What must be done.
    pub label: Label,
    /// The law.
    pub source: String,
    /// Until when (milliseconds since the epoch); none while its beginning is not known.
    pub due_ms: Option<i64>,
    /// The last day, where the case lies.
    pub due_on: Option<Date>,
    /// Counted in hours: the minute matters.
    pub to_the_hour: bool,
    /// When it was met (milliseconds since the epoch).
    pub met_ms: Option<i64>,
    /// Met too late, or not met and past.
    pub missed: bool,
}

/// A letter that may be printed now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetterView {
    /// Key.
    pub key: String,
    /// Heading.
    pub label: Label,
    /// Paragraphs in both languages, names filled in.
    pub paragraphs: Vec<Label>,
}

/// The first instant after a day, where the case lies.
pub(crate) fn end_of_day(house: &House, region: &RegionCode, day: Date) -> i64 {
    let next = day.checked_add(1.day()).unwrap_or(day);
    at_midnight(house, region, next)
}

/// Milliseconds since the epoch at which a day begins where the case lies.
fn at_midnight(house: &House, region: &RegionCode, day: Date) -> i64 {
    let offset = Offset::constant(house.policy.calendar().hours_ahead(region));
    offset.to_timestamp(day.at(0, 0, 0, 0)).map_or(i64::MAX, Timestamp::as_millisecond)
}

/// The deadlines of laws: from when they run, until when, and whether they were met.
pub(crate) fn deadlines(
    house: &House,
    workflow: &Workflow,
    found: &Stored,
    history: &[EventView],
) -> Vec<DeadlineView> {
    let (calendar, now) = (house.policy.calendar(), house.clock.now());
    let entered = |state: &str| {
        history.iter().find(|event| event.to == state && event.from != state).map(|event| event.at_ms)
    };
    let instant = |ms: i64| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let one = |deadline: &policy::Deadline| {
        let from_ms = match &deadline.from {
            DeadlineFrom::Opening => history.first().map(|event| event.at_ms),
            DeadlineFrom::State(state) => entered(state),
            DeadlineFrom::Field(field) => match found.case.answers.get(field) {
                Some(Answer::Date(day)) => Some(at_midnight(house, &found.region, *day)),
                _ => None,
            },
        };
        let due = from_ms.map(|ms| {
            let day = calendar.day_in(&found.region, instant(ms));
            let count = i64::from(deadline.count);
            let last = match deadline.unit {
                DeadlineUnit::WorkingDays => calendar.add_working_days(day, deadline.count),
                DeadlineUnit::Days => day.checked_add(count.days()).unwrap_or(day),
                DeadlineUnit::Months => day.checked_add(count.months()).unwrap_or(day),
                DeadlineUnit::Hours => {
                    let due_ms = ms.saturating_add(count.saturating_mul(3_600_000));
                    return (due_ms, calendar.day_in(&found.region, instant(due_ms)));
                }
            };
            (end_of_day(house, &found.region, last), last)
        });
        let met_ms = deadline.until.iter().filter_map(|state| entered(state)).min();
        let until = met_ms.unwrap_or_else(|| now.as_millisecond());
        DeadlineView {
            label: deadline.label.clone(),
            source: deadline.source.clone(),
            due_ms: due.map(|(ms, _)| ms),
            due_on: due.map(|(_, day)| day),
            to_the_hour: deadline.unit == DeadlineUnit::Hours,
            met_ms,
            missed: due.is_some_and(|(ms, _)| until >= ms),
        }
    };
    workflow.deadlines.iter().map(one).collect()
}

/// Letters of the state, with the names filled in.
pub(crate) fn letters(house: &House, workflow: &Workflow, found: &Stored, row: &CaseRow) -> Vec<LetterView> {
    let today = service::today_in(house, &found.region);
    let derived = shown::derived(workflow, &found.case.answers, today);
    let may = workflow
        .letters
        .iter()
        .filter(|letter| letter.states.is_empty() || letter.states.contains(&row.state));
    let view = |letter: &policy::Letter| {
        let fill = |lang: Lang, text: &str| {
            let word = |name: &str| match name {
                "case.number" => row.case.to_string(),
                "case.title" => row.title.clone(),
                "case.region" => row.region.to_string(),
                "case.opened_on" => in_words(row.opened_on, lang),
                "case.due_on" => in_words(row.due_on, lang),
                "case.state" => row.state_label.get(lang).to_owned(),
                "today" => in_words(today, lang),
                _ => {
                    let (what, key) = name.split_once('.').unwrap_or(("form", name));
                    if what == DERIVED {
                        let one = derived.iter().find(|one| one.key == key);
                        return one.map_or_else(|| "…".to_owned(), |one| one.value.to_string());
                    }
                    let field = workflow.field(key);
                    match found.case.answers.get(key) {
                        Some(Answer::Date(day)) => in_words(*day, lang),
                        Some(answer) => answer_shown(field, answer).get(lang).to_owned(),
                        None => "…".to_owned(),
                    }
                }
            };
            filled(text, word)
        };
        let (id, en) = (fill(Lang::Id, &letter.body.id), fill(Lang::En, &letter.body.en));
        let paragraphs = |text: &str| {
            text.split("\n\n")
                .map(|part| part.trim().to_owned())
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
        };
        let (id, en) = (paragraphs(&id), paragraphs(&en));
        let count = id.len().max(en.len());
        let at = |list: &[String], place: usize| list.get(place).cloned().unwrap_or_default();
        LetterView {
            key: letter.key.clone(),
            label: letter.label.clone(),
            paragraphs: (0..count).map(|place| Label { id: at(&id, place), en: at(&en, place) }).collect(),
        }
    };
    may.map(view).collect()
}

fn in_words(day: Date, lang: Lang) -> String {
    Answer::Date(day).value().words(lang)
}

/// A text with each `{name}` replaced.
fn filled(text: &str, word: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        out.push_str(&word(name));
        rest = after;
    }
    out.push_str(rest);
    out
}
