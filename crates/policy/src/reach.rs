//! Who and what is to be reached, exists, or was reached (`budgets/reach.csv`): targets, stocks and realisations of a fiscal year, each
//! with its day, source and what is counted. They are three kinds of number: each stands in a list of its own, none is ever compared
//! with or added to another. A number that the register of figures has must be there of the same kind, topic and unit.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rules::Label;
use serde::Serialize;

use crate::{
    budget::{FUNDING, day, fiscal_year},
    fault::Faults,
    figures::{FigureKind, Figures, known, note, worded},
    pack::Pack,
    table::{Csv, Row},
    words::Words,
};

/// A number as published, in force until the next one of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// A target: since when it is stated. A stock or realisation: on which day it stood so.
    pub as_of: Date,
    /// How many of what the line counts.
    pub number: i64,
    /// Id of the published figure that says so, empty when none of the register does.
    pub figure: String,
    /// Key of the source.
    pub source: String,
    /// What to know about it.
    pub note: Option<Label>,
}

/// What a line is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ReachKey {
    /// Fiscal year.
    pub fiscal_year: i16,
    /// Key of the topic: a programme, or whoever or whatever is to be reached.
    pub programme: String,
    /// `APBN`, `APBD`, `HDN`, `CSR`, empty where the source is silent.
    pub funding: String,
    /// What is counted; its words are `figure-unit-<code>`.
    pub counted: String,
}

/// A line with its three lists, each by day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReachLine {
    /// Which line.
    #[serde(flatten)]
    pub key: ReachKey,
    /// To be reached within the year, in versions.
    pub targets: Vec<Reached>,
    /// What exists.
    pub stocks: Vec<Reached>,
    /// What was reached.
    pub realisations: Vec<Reached>,
}

impl ReachLine {
    /// The numbers of a kind; none for a kind that is no count of this sort.
    pub fn of(&self, kind: FigureKind) -> &[Reached] {
        match kind {
            FigureKind::Target => &self.targets,
            FigureKind::Stock => &self.stocks,
            FigureKind::Realisation => &self.realisations,
            _ => &[],
        }
    }

    /// The number of a kind that is known on a day.
    pub fn on(&self, kind: FigureKind, on: Date) -> Option<&Reached> {
        self.of(kind).iter().rev().find(|reached| reached.as_of <= on)
    }
}

/// The kinds of this table, in the order of columns.
pub const REACH_KINDS: [FigureKind; 3] = [FigureKind::Target, FigureKind::Stock, FigureKind::Realisation];

const REACH: &str = "budgets/reach.csv";
const COLUMNS: [&str; 11] = [
    "fiscal_year",
    "programme",
    "funding",
    "counted",
    "kind",
    "as_of",
    "number",
    "figure",
    "source",
    "note_id",
    "note_en",
];

pub(crate) fn load(pack: &Pack, faults: &Faults, figures: &Figures, words: &Words) -> Vec<ReachLine> {
    let mut lines: BTreeMap<ReachKey, ReachLine> = BTreeMap::new();
    let Some(csv) = Csv::open(pack, faults, REACH, &COLUMNS) else { return Vec::new() };
    for row in csv.rows() {
        let Some((key, kind, reached)) = read(&row, figures, words) else { continue };
        let line = lines.entry(key.clone()).or_insert_with(|| ReachLine {
            key,
            targets: Vec::new(),
            stocks: Vec::new(),
            realisations: Vec::new(),
        });
        let list = match kind {
            FigureKind::Target => &mut line.targets,
            FigureKind::Stock => &mut line.stocks,
            _ => &mut line.realisations,
        };
        match list.binary_search_by_key(&reached.as_of, |one| one.as_of) {
            Ok(_) => row.fault("as_of", "the line has two numbers of this kind on this day", "keep one"),
            Err(at) => list.insert(at, reached),
        }
    }
    lines.into_values().collect()
}

fn read(row: &Row<'_>, figures: &Figures, words: &Words) -> Option<(ReachKey, FigureKind, Reached)> {
    let key = ReachKey {
        fiscal_year: fiscal_year(row)?,
        programme: known(row, "programme", &figures.topics, "figures/topics.csv"),
        funding: row.get("funding").to_owned(),
        counted: worded(row, "counted", "figure-unit", words),
    };
    if row.opt("funding").is_some_and(|funding| !FUNDING.contains(&funding)) {
        row.fault(
            "funding",
            "not known",
            &format!("leave it empty, or write one of: {}", FUNDING.join(", ")),
        );
    }
    if matches!(key.counted.as_str(), "idr" | "idr_victim" | "percent") {
        row.fault(
            "counted",
            "money and shares are not counted here",
            "ceilings stand in budgets/ceilings.csv",
        );
    }
    let Some(kind) = FigureKind::of(row.get("kind")).filter(|kind| REACH_KINDS.contains(kind)) else {
        row.fault("kind", "not known", "write target, stock or realisation");
        return None;
    };
    let as_of = day(row, "as_of")?;
    if as_of.year() != key.fiscal_year {
        row.fault("as_of", "outside the fiscal year", "mend the day or the year");
    }
    let text = row.get("number");
    let number = text.parse::<i64>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let Some(number) = number.filter(|number| (1..=1_000_000_000).contains(number)) else {
        row.fault("number", "no number", "write digits only, such as 10000000");
        return None;
    };
    if let Some(id) = row.opt("figure") {
        let same = figures.get(id).is_some_and(|figure| {
            figure.kind == kind
                && figure.topic == key.programme
                && figure.unit == key.counted
                && figure.value.and_then(crate::exact::Number::whole) == Some(number)
        });
        if !same {
            let remedy = "kind, topic, unit and number are those of the register; a target is never a stock";
            row.fault("figure", "the register has another number there, another kind, or none", remedy);
        }
    }
    let reached = Reached {
        as_of,
        number,
        figure: row.get("figure").to_owned(),
        source: known(row, "source", &figures.sources, "figures/sources.csv"),
        note: note(row),
    };
    Some((key, kind, reached))
}
