//! What a workflow gives to the public: its `[publish]` table says which states make a case public and which answers are shown, its
//! `[withdraw]` table which states take a publication back; `official.toml` lists the only sites that a public page may lead to.
//!
//! Checked at load: states and fields exist and are of the right type, nothing sealed goes out, every verdict has a tone.

use std::collections::{BTreeMap, BTreeSet};

use rules::Label;
use serde::Serialize;

use crate::{
    fault::Faults,
    pack::Pack,
    reader::{Source as File, Table},
    workflow::{FieldKind, Form, FormField, State},
};

/// How a verdict looks; its word always stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// False, fraud.
    Bad,
    /// Misleading.
    Warn,
    /// No longer true, unclear.
    Note,
    /// True.
    Good,
}

impl Tone {
    /// Stable code, as the style sheet has it.
    pub fn code(self) -> &'static str {
        TONES.iter().find(|(_, tone)| *tone == self).map_or("note", |(code, _)| code)
    }
}

const TONES: [(&str, Tone); 4] =
    [("bad", Tone::Bad), ("warn", Tone::Warn), ("note", Tone::Note), ("good", Tone::Good)];

/// Which cases of a workflow become public, and what of them. Keys of form fields unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Publish {
    /// States that make a case public when it comes into them.
    pub states: Vec<String>,
    /// The verdict, a choice.
    pub verdict: String,
    /// Where it goes round, a choice.
    pub channel: String,
    /// What goes round, in the words of who publishes.
    pub claim: String,
    /// The link that goes round, if any.
    pub link: Option<String>,
    /// What is true.
    pub truth: String,
    /// What it was compared with.
    pub source: String,
    /// Day of publication.
    pub day: String,
    /// How each verdict looks, by value.
    pub tones: BTreeMap<String, Tone>,
}

/// Which states of a workflow take back what was published. Keys of form fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Withdraw {
    /// States that take it back when a case comes into them.
    pub states: Vec<String>,
    /// Number of what is taken back.
    pub number: String,
    /// Why, as the public reads it.
    pub reason: String,
}

/// A site of the ministry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfficialSite {
    /// Host name, such as `cekbansos.kemensos.go.id`.
    pub host: String,
    /// For what.
    pub label: Label,
}

const FILE: &str = "official.toml";

/// The sites of `official.toml`. A pack without the file has none, and its pages lead nowhere.
pub(crate) fn load(pack: &Pack, faults: &Faults) -> Vec<OfficialSite> {
    let Some(text) = pack.files.get(FILE) else { return Vec::new() };
    File { file: FILE, text, faults }.read_toml(|table| {
        table.refuse_twice(&table.placed("site", "host"), "the site", "keep one");
        table.each("site", |site| {
            let host = site.text("host");
            if !is_host(&host) {
                let message = format!("`{host}` is no name of a site of the government");
                site.fault("host", message, "write the host alone, in small letters, such as name.go.id");
            }
            OfficialSite { host, label: site.label("label") }
        })
    })
}

/// A plain host name under `go.id`: nothing else is a site of the ministry.
fn is_host(host: &str) -> bool {
    let label = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    host.strip_suffix(".go.id").is_some_and(|name| name.split('.').all(label))
}

pub(crate) fn read_publish(table: &Table<'_>, states: &[State], forms: &[Form]) -> Publish {
    let (text, choice): (Fits, Fits) = (
        ("a text", |kind| matches!(kind, FieldKind::Text | FieldKind::LongText)),
        ("a choice", |kind| matches!(kind, FieldKind::Choice(_))),
    );
    let verdict = field(table, "verdict", forms, choice);
    let values: BTreeSet<&str> = match find(forms, &verdict).map(|field| &field.kind) {
        Some(FieldKind::Choice(choices)) => choices.iter().map(|choice| choice.value.as_str()).collect(),
        _ => BTreeSet::new(),
    };
    let tones = table.table("tones", |tones| {
        let mut out = BTreeMap::new();
        for (verdict, value) in tones.entries() {
            if !values.is_empty() && !values.contains(verdict.value.as_str()) {
                tones.fault_at(&verdict.at, format!("no verdict `{}`", verdict.value), "remove it");
            }
            let word = value.get_ref().as_str().unwrap_or_default();
            if let Some(tone) = tones.word_of(word, &TONES, &value.span()) {
                out.insert(verdict.value, tone);
            }
        }
        out
    });
    let tones = tones.unwrap_or_default();
    if let Some(bare) = values.iter().find(|value| !tones.contains_key(**value)).filter(|_| !tones.is_empty())
    {
        table.fault("tones", format!("the verdict `{bare}` has no tone"), "give it bad, warn, note or good");
    }
    Publish {
        states: known_states(table, states),
        channel: field(table, "channel", forms, choice),
        claim: field(table, "claim", forms, text),
        link: table.has("link").then(|| field(table, "link", forms, text)),
        truth: field(table, "truth", forms, text),
        source: field(table, "source", forms, text),
        day: field(table, "day", forms, ("a date", |kind| *kind == FieldKind::Date)),
        verdict,
        tones,
    }
}

pub(crate) fn read_withdraw(table: &Table<'_>, states: &[State], forms: &[Form]) -> Withdraw {
    Withdraw {
        states: known_states(table, states),
        number: field(table, "number", forms, ("a whole number", |kind| *kind == FieldKind::Int)),
        reason: field(
            table,
            "reason",
            forms,
            ("a text", |kind| matches!(kind, FieldKind::Text | FieldKind::LongText)),
        ),
    }
}

/// What a field must be, in words, and whether it is.
type Fits = (&'static str, fn(&FieldKind) -> bool);

fn find<'f>(forms: &'f [Form], key: &str) -> Option<&'f FormField> {
    forms.iter().flat_map(|form| &form.fields).find(|field| field.key == key)
}

/// A field that goes out in public: it is there, of the right type, always answered, and not sealed.
fn field(table: &Table<'_>, key: &str, forms: &[Form], (wanted, fits): Fits) -> String {
    let name = table.text(key);
    if name.is_empty() {
        return name;
    }
    match find(forms, &name) {
        None => table.fault(key, format!("no form field `{name}`"), "name a field of a form"),
        Some(field) if !fits(&field.kind) => {
            table.fault(key, format!("`{name}` is not {wanted}"), format!("name a field that is {wanted}"));
        }
        Some(field) if field.sealed => {
            table.fault(key, format!("`{name}` is sealed and would be published"), "name another field");
        }
        Some(field) if key != "link" && !field.required => {
            table.fault(key, format!("`{name}` may be left empty"), "write required = true at the field");
        }
        Some(_) => {}
    }
    name
}

fn known_states(table: &Table<'_>, states: &[State]) -> Vec<String> {
    let named = table.texts("states");
    if named.is_empty() {
        table.fault("states", "no state is named", "name the states, such as states = [\"published\"]");
    }
    for state in named.iter().filter(|named| !states.iter().any(|state| state.key == named.value)) {
        table.fault_at(&state.at, format!("no state `{}`", state.value), "name a state of this workflow");
    }
    named.into_iter().map(|state| state.value).collect()
}
