//! The pillars (`pillars.toml`): kinds of workers and bodies with their age, certificates and yearly targets; the code lists of their
//! register; how families are shared out among companions.

use std::collections::{BTreeMap, BTreeSet};

use model::{RegionLevel, Sex};
use rules::Label;
use serde::Serialize;

use crate::{
    Programme, Workflow,
    fault::Faults,
    pack::Pack,
    reader::{Source as File, Table},
};

/// A word of a code list: a certificate, a skill, a language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PillarCode {
    /// Key.
    pub key: String,
    /// In words.
    pub label: Label,
}

/// Something that a year asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PillarTarget {
    /// Key.
    pub key: String,
    /// In words.
    pub label: Label,
    /// Ends of cases that count for it (`counts` of workflow states).
    pub counts: Vec<String>,
}

/// What shows that work lasted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PillarOutcome {
    /// Key.
    pub key: String,
    /// In words.
    pub label: Label,
    /// Ends of cases that are looked at.
    pub of: Vec<String>,
    /// Ends of later cases of the same family that take it back.
    pub undone_by: Vec<String>,
    /// How far back it looks, in months.
    pub months: i64,
}

/// A kind of pillar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PillarKind {
    /// Key.
    pub key: String,
    /// In words.
    pub label: Label,
    /// A person; otherwise a body.
    pub person: bool,
    /// Smallest age on the first day of work, in years.
    pub age_min: Option<i64>,
    /// Largest age on the first day of work, in years.
    pub age_max: Option<i64>,
    /// Only people of this sex.
    pub sex: Option<Sex>,
    /// Families are shared out among these.
    pub companion: bool,
    /// At least one belongs into each region of this level.
    pub one_in_each: Option<RegionLevel>,
    /// Keys of certificates that the work needs.
    pub certificates: Vec<String>,
    /// Regulation or origin of the numbers.
    pub source: String,
    /// Key of a target and how many a year.
    pub targets: Vec<(String, i64)>,
}

/// How families are shared out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct PillarBalance {
    /// Programmes whose families have a companion.
    pub programmes: Vec<String>,
    /// Largest distance from the fair share, up and down together, in families; the larger of this and `spread_permille` holds.
    pub spread_families: i64,
    /// The same in thousandths of the fair share.
    pub spread_permille: i64,
}

/// All of the file.
#[derive(Debug, Clone, Default)]
pub struct Pillars {
    /// Kinds in the order of the file.
    pub kinds: Vec<PillarKind>,
    /// Certificates and trainings.
    pub certificates: Vec<PillarCode>,
    /// Skills.
    pub skills: Vec<PillarCode>,
    /// Languages.
    pub languages: Vec<PillarCode>,
    /// Targets.
    pub targets: Vec<PillarTarget>,
    /// Outcomes.
    pub outcomes: Vec<PillarOutcome>,
    /// A certificate that ends within so many days is told.
    pub expiry_days: i64,
    /// How families are shared out.
    pub balance: PillarBalance,
}

impl Pillars {
    /// A kind by key.
    pub fn kind(&self, key: &str) -> Option<&PillarKind> {
        self.kinds.iter().find(|kind| kind.key == key)
    }

    /// A target by key.
    pub fn target(&self, key: &str) -> Option<&PillarTarget> {
        self.targets.iter().find(|target| target.key == key)
    }
}

const FILE: &str = "pillars.toml";
/// Longest key, in bytes.
const KEY_MAX: usize = 24;

/// A pack without the file has no pillars.
pub(crate) fn load(
    pack: &Pack,
    faults: &Faults,
    programmes: &BTreeMap<String, Programme>,
    workflows: &BTreeMap<String, Workflow>,
) -> Pillars {
    let Some(text) = pack.files.get(FILE) else { return Pillars::default() };
    let states = workflows.values().flat_map(|workflow| &workflow.states);
    let counted = states.filter_map(|state| state.counts.as_deref()).collect();
    File { file: FILE, text, faults }.read_toml(|table| read(table, programmes, &counted))
}

fn read(table: &Table<'_>, programmes: &BTreeMap<String, Programme>, counted: &BTreeSet<&str>) -> Pillars {
    for (list, what) in [
        ("kind", "the kind"),
        ("certificate", "the certificate"),
        ("skill", "the skill"),
        ("language", "the language"),
        ("target", "the target"),
        ("outcome", "the outcome"),
    ] {
        table.refuse_twice(&table.placed(list, "key"), what, "keep one");
    }
    let known = |list: &str| -> BTreeSet<String> {
        table.placed(list, "key").into_iter().map(|placed| placed.value).collect()
    };
    let (certificates, targets) = (known("certificate"), known("target"));
    let balance = table.table("balance", |balance| {
        for key in balance.texts("programmes").iter().filter(|key| !programmes.contains_key(&key.value)) {
            balance.fault_at(&key.at, format!("no programme `{}`", key.value), "name one of programmes/");
        }
        PillarBalance {
            programmes: balance.plain_texts("programmes"),
            spread_families: balance.int("spread_families", 1..=1_000),
            spread_permille: balance.int("spread_permille", 0..=1_000),
        }
    });
    Pillars {
        expiry_days: table.table("register", |register| register.int("expiry_days", 1..=3_650)).unwrap_or(1),
        balance: balance.unwrap_or_default(),
        certificates: codes(table, "certificate"),
        skills: codes(table, "skill"),
        languages: codes(table, "language"),
        targets: table.each("target", |target| PillarTarget {
            key: plain_key(target),
            label: target.label("label"),
            counts: ends(target, "counts", counted),
        }),
        outcomes: table.each("outcome", |outcome| PillarOutcome {
            key: plain_key(outcome),
            label: outcome.label("label"),
            of: ends(outcome, "of", counted),
            undone_by: ends(outcome, "undone_by", counted),
            months: outcome.int("months", 1..=120),
        }),
        kinds: table.each("kind", |kind| read_kind(kind, &certificates, &targets)),
    }
}

fn read_kind(kind: &Table<'_>, certificates: &BTreeSet<String>, targets: &BTreeSet<String>) -> PillarKind {
    let person = kind.choice("unit", &[("person", true), ("body", false)], true);
    let (age_min, age_max) = (kind.opt_int_in("age_min", 0..=120), kind.opt_int_in("age_max", 0..=120));
    if age_min.zip(age_max).is_some_and(|(min, max)| min > max) {
        kind.fault("age_max", "nobody is of this age", "write the smaller age as `age_min`");
    }
    let sex =
        kind.has("sex").then(|| kind.choice("sex", &[("male", Sex::Male), ("female", Sex::Female)], true));
    let companion = kind.flag("companion", false);
    for key in ["age_min", "age_max", "sex", "companion"].into_iter().filter(|key| !person && kind.has(key)) {
        kind.fault(key, "a body has none", "take it away, or write `unit = \"person\"`");
    }
    for wrong in kind.texts("certificates").iter().filter(|key| !certificates.contains(&key.value)) {
        kind.fault_at(&wrong.at, format!("no certificate `{}`", wrong.value), "name one of the list above");
    }
    kind.refuse_twice(&kind.placed("target", "target"), "the target", "keep one");
    PillarKind {
        key: plain_key(kind),
        label: kind.label("label"),
        person,
        age_min,
        age_max,
        sex,
        companion,
        one_in_each: kind.has("one_in_each").then(|| kind.region_level("one_in_each")),
        certificates: kind.plain_texts("certificates"),
        source: kind.text("source"),
        targets: kind.each("target", |target| {
            let key = target.text("target");
            if !targets.contains(&key) {
                target.fault("target", format!("no target `{key}`"), "name one of the list above");
            }
            (key, target.int("per_year", 1..=100_000))
        }),
    }
}

fn plain_key(table: &Table<'_>) -> String {
    let key = table.text("key");
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if key.len() > KEY_MAX || !key.chars().all(plain) {
        let remedy = format!("take at most {KEY_MAX} of a-z, 0-9 and _");
        table.fault("key", format!("`{key}` cannot stand in addresses and tables"), remedy);
    }
    key
}

fn codes(table: &Table<'_>, list: &str) -> Vec<PillarCode> {
    table.each(list, |code| PillarCode { key: plain_key(code), label: code.label("label") })
}

/// Ends of cases: each must be one that some workflow counts.
fn ends(table: &Table<'_>, key: &str, counted: &BTreeSet<&str>) -> Vec<String> {
    let ends = table.texts(key);
    if ends.is_empty() {
        table.fault(
            key,
            format!("`{key}` names nothing that is counted"),
            "name an end of a workflow (`counts`)",
        );
    }
    for end in ends.iter().filter(|end| !counted.contains(end.value.as_str())) {
        let remedy = "name an end of a workflow (`counts`)";
        table.fault_at(&end.at, format!("no workflow counts `{}`", end.value), remedy);
    }
    ends.into_iter().map(|end| end.value).collect()
}
