//! Reads what was written into a form: types, bounds, which fields show, which must be filled. One definition in the policy pack gives
//! the page, this check and the guards.

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::parse_date;
use policy::{FieldKind, FormField};
use rules::{Expr, Params, Value};
use serde::{Deserialize, Serialize};

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Text or a chosen word.
    Text(String),
    /// Number or rupiah.
    Int(i64),
    /// Yes or no.
    Bool(bool),
    /// A day.
    Date(Date),
}

/// Answers by field.
pub type Answers = BTreeMap<String, Answer>;

/// A field that must be corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldFault {
    /// Key of the field.
    pub field: String,
    /// Stable code, the key of its words: `casework-field-missing`, ...
    pub code: &'static str,
}

impl Answer {
    /// As the expression language takes it.
    pub fn value(&self) -> Value {
        match self {
            Self::Text(text) => Value::Text(text.clone()),
            Self::Int(number) => Value::Int(*number),
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Date(day) => Value::date(*day),
        }
    }

    /// As text for an effect: dates ISO, numbers plain, `true` or `false`.
    pub fn as_written(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Int(number) => number.to_string(),
            Self::Bool(flag) => flag.to_string(),
            Self::Date(day) => day.to_string(),
        }
    }
}

/// The answers of the fields that show, in order; a field shows by the answers above it and those of earlier forms.
///
/// # Errors
/// Every field that must be corrected.
pub fn read(
    fields: &[FormField],
    before: &Answers,
    written: &BTreeMap<String, String>,
    today: Date,
) -> Result<Answers, Vec<FieldFault>> {
    let mut known = before.clone();
    let mut answered = Answers::new();
    let mut faults = Vec::new();
    for field in fields {
        known.remove(&field.key);
        if !shows(field, &known, today) {
            continue;
        }
        let text = written.get(&field.key).map_or("", |text| text.trim());
        match answer(field, text, today) {
            Ok(Some(answer)) => {
                known.insert(field.key.clone(), answer.clone());
                answered.insert(field.key.clone(), answer);
            }
            Ok(None) if field.required => {
                faults.push(FieldFault { field: field.key.clone(), code: "casework-field-missing" });
            }
            Ok(None) => {}
            Err(code) => faults.push(FieldFault { field: field.key.clone(), code }),
        }
    }
    for unknown in written.keys().filter(|key| !fields.iter().any(|field| field.key == **key)) {
        let field = unknown.chars().take(60).collect();
        faults.push(FieldFault { field, code: "casework-field-unknown" });
    }
    if faults.is_empty() { Ok(answered) } else { Err(faults) }
}

/// What a workflow says by itself in an opening form. Policies are checked: a word that its field does not take is not there.
pub(crate) fn said(fields: &[FormField], written: &BTreeMap<String, String>, today: Date) -> Answers {
    let answered = |field: &FormField| {
        let answer = answer(field, written.get(&field.key)?, today).ok()??;
        Some((field.key.clone(), answer))
    };
    fields.iter().filter_map(answered).collect()
}

fn shows(field: &FormField, known: &Answers, today: Date) -> bool {
    field.visible_when.as_ref().is_none_or(|condition| holds(condition, known, today))
}

/// Whether a condition over answers is true; unknown is not.
pub(crate) fn holds(condition: &Expr, answers: &Answers, today: Date) -> bool {
    condition.value(&row(answers), &Params::at(today)).as_bool() == Some(true)
}

/// Answers as expressions name them.
pub(crate) fn row(answers: &Answers) -> impl Fn(&str) -> Value + '_ {
    |name| name.strip_prefix("form.").and_then(|key| answers.get(key)).map(Answer::value).unwrap_or_default()
}

fn answer(field: &FormField, text: &str, today: Date) -> Result<Option<Answer>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    if text.chars().count() > field.max_length as usize {
        return Err("casework-field-long");
    }
    if field.digits && !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err("casework-field-digits");
    }
    let answer = match &field.kind {
        FieldKind::Text | FieldKind::LongText => Answer::Text(text.to_owned()),
        FieldKind::Int | FieldKind::Money | FieldKind::File => {
            Answer::Int(whole_number(text).ok_or("casework-field-number")?)
        }
        FieldKind::Date => Answer::Date(parse_date(text).map_err(|_| "casework-field-date")?),
        FieldKind::YesNo => Answer::Bool(yes_no(text).ok_or("casework-field-yes-no")?),
        FieldKind::Choice(choices) if choices.iter().any(|choice| choice.value == text) => {
            Answer::Text(text.to_owned())
        }
        FieldKind::Choice(_) => return Err("casework-field-choice"),
    };
    match &answer {
        Answer::Int(number) if field.min.is_some_and(|min| *number < min) => Err("casework-field-low"),
        Answer::Int(number) if field.max.is_some_and(|max| *number > max) => Err("casework-field-high"),
        Answer::Date(day) if field.not_future && *day > today => Err("casework-field-future"),
        _ => Ok(Some(answer)),
    }
}

/// `1500000` or `1.500.000`; `1.5` is no whole number and must not become fifteen.
fn whole_number(text: &str) -> Option<i64> {
    let mut groups = text.split('.');
    let first = groups.next()?;
    let grouped = text.contains('.');
    if grouped && (first.trim_start_matches('-').len() > 3 || groups.any(|group| group.len() != 3)) {
        return None;
    }
    text.replace('.', "").parse().ok()
}

fn yes_no(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "ya" | "yes" | "true" | "1" | "on" => Some(true),
        "tidak" | "no" | "false" | "0" => Some(false),
        _ => None,
    }
}
