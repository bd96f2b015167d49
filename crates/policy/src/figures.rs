//! The register of published figures (`figures/`): every number that the ministry or the press printed, as printed and as read,
//! with scope, day, speaker and source; and the checks that work out what the figures say of each other. A check whose outcome is
//! not the one written beside it is a fault of the pack. Never here: a figure of our own, a float, a sum of two kinds of number.
//!
//! To add a figure: a row of `register.csv`; its topic and source stand in `topics.csv` and `sources.csv`, its unit in the words.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rules::Label;
use serde::Serialize;

use crate::{
    exact::{self, Number, Piece},
    fault::Faults,
    pack::Pack,
    reader::{Source as File, Table},
    table::{Csv, Row},
    words::Words,
};

/// What a published statement is. The first eight are numbers, of kinds that are never summed or compared with one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureKind {
    /// A ceiling of money.
    Budget,
    /// A share or rate.
    Rate,
    /// To be reached within a period.
    Target,
    /// What was there before a change.
    Baseline,
    /// What exists on a day.
    Stock,
    /// What was done within a period.
    Realisation,
    /// An amount for one recipient.
    Amount,
    /// How many things are named.
    Count,
    /// A programme that is named without a number.
    Programme,
    /// Somebody who takes part.
    Actor,
    /// A duty.
    Duty,
    /// A rule.
    Rule,
    /// A direction of policy.
    Policy,
    /// A way of working.
    Process,
    /// Anything else that was said.
    Statement,
}

const KINDS: [(&str, FigureKind); 15] = [
    ("budget", FigureKind::Budget),
    ("rate", FigureKind::Rate),
    ("target", FigureKind::Target),
    ("baseline", FigureKind::Baseline),
    ("stock", FigureKind::Stock),
    ("realisation", FigureKind::Realisation),
    ("amount", FigureKind::Amount),
    ("count", FigureKind::Count),
    ("programme", FigureKind::Programme),
    ("actor", FigureKind::Actor),
    ("duty", FigureKind::Duty),
    ("rule", FigureKind::Rule),
    ("policy", FigureKind::Policy),
    ("process", FigureKind::Process),
    ("statement", FigureKind::Statement),
];

/// Where in the system a statement has its place.
const PLACES: [&str; 9] =
    ["programme", "actor", "budget", "indicator", "service", "registry", "process", "policy", "survey"];

impl FigureKind {
    /// Stable code.
    pub fn code(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(code, _)| code)
    }

    /// The kind of a code.
    pub fn of(code: &str) -> Option<Self> {
        KINDS.iter().find(|(name, _)| *name == code).map(|(_, kind)| *kind)
    }

    /// Whether statements of this kind hold a number.
    pub fn is_number(self) -> bool {
        self <= Self::Count
    }

    /// All kinds.
    pub fn all() -> impl Iterator<Item = Self> {
        KINDS.iter().map(|(_, kind)| *kind)
    }
}

/// What a figure or budget line is about: a programme, a tag across programmes, or anything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Topic {
    /// Key; of a programme its key.
    pub key: String,
    /// Name.
    pub label: Label,
    /// Something that is handed out or paid: `yes`; a tag or another topic is none.
    pub programme: bool,
    /// A programme or a tag across programmes: it may have a ceiling.
    pub budgeted: bool,
}

/// Where figures come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FigureSource {
    /// Key.
    pub key: String,
    /// Publisher and day.
    pub name: String,
    /// What to know about it.
    pub note: Option<Label>,
}

/// A published statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// `F001`.
    pub id: String,
    /// Key of the topic.
    pub topic: String,
    /// What it is.
    pub kind: FigureKind,
    /// Where in the system it belongs.
    pub place: String,
    /// In words.
    pub item: Label,
    /// The number as read; none for a statement without one.
    pub value: Option<Number>,
    /// Code of the unit, empty without a number; its words are `figure-unit-<code>`.
    pub unit: String,
    /// As the source printed it, where that is known to differ.
    pub printed: String,
    /// Of which year, month or years it speaks.
    pub period: String,
    /// Day, month or year in which it was said.
    pub stated_on: String,
    /// By whom.
    pub speaker: String,
    /// Key of the source.
    pub source: String,
    /// What to know about it.
    pub note: Option<Label>,
}

/// How two sides of a check stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Both sides are the same.
    Equal,
    /// They differ, as is known.
    Differs,
    /// Two kinds of number, or two units, that are never one.
    NotComparable,
}

/// What figures say of each other, worked out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FigureCheck {
    /// Key.
    pub key: String,
    /// What is checked.
    pub label: Label,
    /// Left side as written.
    #[serde(skip)]
    pub left: Vec<Piece>,
    /// Right side as written.
    #[serde(skip)]
    pub right: Vec<Piece>,
    /// What the left side comes to.
    pub left_value: Number,
    /// What the right side comes to.
    pub right_value: Number,
    /// How they stand.
    pub outcome: Outcome,
    /// Left less right.
    pub difference: Number,
    /// Both sides were rounded to so many places.
    pub decimals: Option<u8>,
    /// What is known about it.
    pub note: Option<Label>,
}

impl FigureCheck {
    /// Whether a figure stands in it.
    pub fn speaks_of(&self, id: &str) -> bool {
        self.left.iter().chain(&self.right).any(|piece| matches!(piece, Piece::Figure(found) if found == id))
    }
}

/// All published figures.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// In the order of the file, which is the order of ids.
    pub register: Vec<Figure>,
    /// In the order of the file.
    pub checks: Vec<FigureCheck>,
    /// By key.
    pub topics: BTreeMap<String, Topic>,
    /// By key.
    pub sources: BTreeMap<String, FigureSource>,
}

impl Figures {
    /// A figure by id.
    pub fn get(&self, id: &str) -> Option<&Figure> {
        self.register.iter().find(|figure| figure.id == id)
    }

    /// The checks in which a figure stands.
    pub fn checks_of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a FigureCheck> {
        self.checks.iter().filter(move |check| check.speaks_of(id))
    }

    /// What the checks say of a figure: a known contradiction before an agreement; none when it stands in no check.
    pub fn outcome(&self, id: &str) -> Option<Outcome> {
        let rank = |outcome: &Outcome| match outcome {
            Outcome::Differs => 0,
            Outcome::Equal => 1,
            Outcome::NotComparable => 2,
        };
        self.checks_of(id).map(|check| check.outcome).min_by_key(rank)
    }
}

pub(crate) fn load(pack: &Pack, faults: &Faults, words: &Words) -> Figures {
    let mut figures =
        Figures { topics: topics(pack, faults), sources: sources(pack, faults), ..Figures::default() };
    if let Some(csv) = Csv::open(pack, faults, "figures/register.csv", &COLUMNS) {
        for row in csv.rows() {
            if let Some(figure) = read_figure(&row, &figures, words) {
                figures.register.push(figure);
            }
        }
    }
    let file = "figures/checks.toml";
    match pack.files.get(file) {
        Some(text) => {
            let mut keys = BTreeSet::new();
            let checks = File { file, text, faults }.read_toml(|table| {
                table.each("check", |check| {
                    let read = read_check(check, &figures);
                    if read.as_ref().is_some_and(|read| !keys.insert(read.key.clone())) {
                        check.fault("key", "a check with this key exists", "choose another key");
                    }
                    read
                })
            });
            figures.checks = checks.into_iter().flatten().collect();
        }
        None => faults.add(file, "", 0, "the file is missing".to_owned(), "add it to the pack".to_owned()),
    }
    figures
}

const COLUMNS: [&str; 15] = [
    "id",
    "topic",
    "kind",
    "place",
    "item_id",
    "item_en",
    "value",
    "unit",
    "printed",
    "period",
    "stated_on",
    "speaker",
    "source",
    "note_id",
    "note_en",
];

fn topics(pack: &Pack, faults: &Faults) -> BTreeMap<String, Topic> {
    let mut out = BTreeMap::new();
    let columns = ["key", "programme", "label_id", "label_en"];
    let Some(csv) = Csv::open(pack, faults, "figures/topics.csv", &columns) else { return out };
    for row in csv.rows() {
        let (programme, budgeted) = match row.get("programme") {
            "yes" => (true, true),
            "tag" => (false, true),
            "no" => (false, false),
            _ => {
                row.fault("programme", "not known", "write yes, tag or no");
                continue;
            }
        };
        let key = needed(&row, "key");
        let label = Label { id: needed(&row, "label_id"), en: needed(&row, "label_en") };
        if out.insert(key.clone(), Topic { key, label, programme, budgeted }).is_some() {
            row.fault("key", "the topic stands twice", "keep one row");
        }
    }
    out
}

fn sources(pack: &Pack, faults: &Faults) -> BTreeMap<String, FigureSource> {
    let mut out = BTreeMap::new();
    let columns = ["key", "name", "note_id", "note_en"];
    let Some(csv) = Csv::open(pack, faults, "figures/sources.csv", &columns) else { return out };
    for row in csv.rows() {
        let key = needed(&row, "key");
        let source = FigureSource { key: key.clone(), name: needed(&row, "name"), note: note(&row) };
        if out.insert(key, source).is_some() {
            row.fault("key", "the source stands twice", "keep one row");
        }
    }
    out
}

/// A cell that may not be empty.
pub(crate) fn needed(row: &Row<'_>, column: &str) -> String {
    if row.get(column).is_empty() {
        row.fault(column, "empty", "fill it");
    }
    row.get(column).to_owned()
}

/// `note_id` and `note_en`: both or neither.
pub(crate) fn note(row: &Row<'_>) -> Option<Label> {
    let (id, en) = (row.get("note_id"), row.get("note_en"));
    if id.is_empty() != en.is_empty() {
        row.fault("note_id", "the note stands in one language only", "write it in both, or in none");
    }
    (!id.is_empty()).then(|| Label { id: id.to_owned(), en: en.to_owned() })
}

/// A key that must be in a table; the fault names the file to mend.
pub(crate) fn known<T>(row: &Row<'_>, column: &str, table: &BTreeMap<String, T>, file: &str) -> String {
    let key = row.get(column);
    if !table.contains_key(key) {
        row.fault(column, "not known", &format!("correct it, or add it to {file}"));
    }
    key.to_owned()
}

/// A code that must have words in both languages.
pub(crate) fn worded(row: &Row<'_>, column: &str, prefix: &str, words: &Words) -> String {
    let code = row.get(column);
    if !words.has(&format!("{prefix}-{code}")) {
        row.fault(
            column,
            "no code that has words",
            &format!("correct it, or add `{prefix}-{code}` to the words"),
        );
    }
    code.to_owned()
}

fn read_figure(row: &Row<'_>, known_so_far: &Figures, words: &Words) -> Option<Figure> {
    let id = row.get("id");
    let numbered =
        id.strip_prefix('F').is_some_and(|rest| rest.len() == 3 && rest.bytes().all(|b| b.is_ascii_digit()));
    if !numbered {
        row.fault("id", "no id of a figure", "write it as F001");
    } else if known_so_far.get(id).is_some() {
        row.fault("id", "the figure stands twice", "give the new one the next free number");
    }
    let Some(kind) = FigureKind::of(row.get("kind")) else {
        let kinds: Vec<&str> = KINDS.iter().map(|(code, _)| *code).collect();
        row.fault("kind", "not known", &format!("write one of: {}", kinds.join(", ")));
        return None;
    };
    if !PLACES.contains(&row.get("place")) {
        row.fault("place", "not known", &format!("write one of: {}", PLACES.join(", ")));
    }
    for column in ["period", "stated_on"] {
        let parts: Vec<&str> = row.get(column).split('/').collect();
        if parts.len() > 2 || !parts.iter().all(|part| is_time(part)) {
            row.fault(column, "no day, month or year", "write 2020, 2020-09, 2020-09-06 or 2016/2020");
        }
    }
    Some(Figure {
        id: id.to_owned(),
        topic: known(row, "topic", &known_so_far.topics, "figures/topics.csv"),
        kind,
        place: row.get("place").to_owned(),
        item: Label { id: needed(row, "item_id"), en: needed(row, "item_en") },
        value: read_value(row, kind),
        unit: if kind.is_number() { worded(row, "unit", "figure-unit", words) } else { String::new() },
        printed: row.get("printed").to_owned(),
        period: row.get("period").to_owned(),
        stated_on: row.get("stated_on").to_owned(),
        speaker: needed(row, "speaker"),
        source: known(row, "source", &known_so_far.sources, "figures/sources.csv"),
        note: note(row),
    })
}

fn read_value(row: &Row<'_>, kind: FigureKind) -> Option<Number> {
    let text = row.get("value");
    let value = Number::parse(text).filter(|value| value.units >= 0 && !text.contains('_'));
    let wrong = match (kind.is_number(), text.is_empty(), value) {
        (true, true, _) => Some(("a figure of this kind has a number", "write it, or choose another kind")),
        (false, false, _) => {
            Some(("a statement of this kind has no number", "take it away, or choose another kind"))
        }
        (true, false, None) => Some(("no number", "write digits with at most one point, such as 65.5")),
        _ => None,
    };
    if let Some((what, remedy)) = wrong {
        row.fault("value", what, remedy);
    }
    value
}

/// `2020`, `2020-09` or `2020-09-06`.
fn is_time(text: &str) -> bool {
    let full = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    full.len() == 10 && full.parse::<Date>().is_ok_and(|day| (1945..=2100).contains(&day.year()))
}

fn read_check(table: &Table<'_>, figures: &Figures) -> Option<FigureCheck> {
    let key = table.text("key");
    let label = table.label("label");
    let note = table.opt_label("note");
    let decimals = table.opt_int_in("decimals", 0..=9).map(|places| places as u8);
    let kinds = [
        ("equal", Outcome::Equal),
        ("differs", Outcome::Differs),
        ("not_comparable", Outcome::NotComparable),
    ];
    let expected = table.choice("expected", &kinds, true);
    let stated = table.opt_text("difference");
    let figure = |id: &str| {
        let found = figures.get(id).ok_or_else(|| format!("no figure `{id}`"))?;
        let value = found.value.ok_or_else(|| format!("`{id}` has no number"))?;
        Ok((value, found.kind, found.unit.as_str()))
    };
    let side = |name: &str| {
        let text = table.text(name);
        let worked = exact::pieces(&text).and_then(|pieces| {
            let value = exact::evaluate(&pieces, &figure)?;
            Ok((pieces, value))
        });
        worked
            .map_err(|told| {
                table.fault(
                    name,
                    format!("`{text}` cannot be worked out: {told}"),
                    "write figures, numbers, + - * / and brackets",
                );
            })
            .ok()
    };
    let (left, right) = (side("left"), side("right"));
    let ((left, a), (right, b)) = (left?, right?);
    let shown = |value: exact::Fraction| match decimals {
        Some(places) => value.rounded(places),
        None => value.ending(),
    };
    let (Some(left_value), Some(right_value)) = (shown(a.exact), shown(b.exact)) else {
        table.fault(
            "left",
            "the number does not end or is out of range",
            "add `decimals = 2`, or another number of places",
        );
        return None;
    };
    let difference = match decimals {
        Some(_) => {
            left_value.units.checked_sub(right_value.units).map(|units| Number { units, ..left_value })
        }
        None => a.exact.minus(b.exact).and_then(exact::Fraction::ending),
    };
    let Some(difference) = difference else {
        table.fault("left", "the difference is out of range", "mend one side");
        return None;
    };
    let outcome = if a.mixed || b.mixed || a.sense.join(b.sense).is_none() {
        Outcome::NotComparable
    } else if difference.units == 0 {
        Outcome::Equal
    } else {
        Outcome::Differs
    };
    if outcome != expected {
        let code = |outcome| kinds.iter().find(|(_, one)| *one == outcome).map_or("", |(code, _)| code);
        let message = format!("`{key}` comes out as {}: {left_value} against {right_value}", code(outcome));
        table.fault("expected", message, "mend the figures, or write what is known to come out");
    } else if outcome == Outcome::Differs && stated.as_deref().and_then(Number::parse) != Some(difference) {
        table.fault(
            "difference",
            format!("the sides of `{key}` differ by {difference}"),
            "write this as the known difference",
        );
    } else if outcome != Outcome::Differs && stated.is_some() {
        table.fault("difference", "the sides do not differ", "take it away");
    } else if outcome == Outcome::Differs && note.is_none() {
        table.fault("key", "a known contradiction needs a note", "add note_id and note_en");
    }
    Some(FigureCheck {
        key,
        label,
        left,
        right,
        left_value,
        right_value,
        outcome,
        difference,
        decimals,
        note,
    })
}
