//! Budgets (`budgets/`): ceilings (*pagu*) in their versions, and what was published as spent, each at its day, in its scope, from
//! its source. Absorption (*serapan*) at any day is net realisation over the version of the ceiling in force at that day. Scopes are
//! never added up: the ministry's line and the nation's line of one programme are two lines. A line without a ceiling says so in its
//! realisation: what no source states is not zero. Who is to be reached stands in `reach.rs`. Never here: money the system itself paid.

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::Rupiah;
use rules::Label;
use serde::Serialize;

use crate::{
    fault::Faults,
    figures::{Figures, known, note, worded},
    pack::Pack,
    reach::{self, ReachLine},
    table::{Csv, Row},
    words::Words,
};

/// One version of a ceiling, in force until the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ceiling {
    /// First day.
    pub valid_from: Date,
    /// The ceiling.
    pub ceiling: Rupiah,
    /// Part of it that may not be spent (*blokir*); unknown where the source is silent.
    pub blocked: Option<Rupiah>,
    /// Id of the published figure that says so, empty when none of the register does.
    pub figure: String,
    /// Key of the source.
    pub source: String,
    /// What to know about it.
    pub note: Option<Label>,
}

/// What was spent up to a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Realisation {
    /// The day.
    pub as_of: Date,
    /// Paid out.
    pub gross: Rupiah,
    /// Of this returned (*retur*); unknown where the source is silent.
    pub returned: Option<Rupiah>,
    /// Worked out by us from a stated rate, not stated itself.
    pub derived: bool,
    /// Id of the published figure that says so, empty when none of the register does.
    pub figure: String,
    /// Key of the source.
    pub source: String,
    /// What to know about it.
    pub note: Option<Label>,
}

impl Realisation {
    /// Gross less what is known to have come back.
    pub fn net(&self) -> Rupiah {
        // Checked at load: never more returned than paid.
        self.returned.and_then(|returned| self.gross.minus(returned).ok()).unwrap_or(self.gross)
    }
}

/// One line of a budget. Its parts are codes whose words are `budget-scope-`, `budget-funding-`, `budget-unit-`, `budget-account-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LineKey {
    /// Fiscal year.
    pub fiscal_year: i16,
    /// Whose budget: `ministry`, `national`.
    pub scope: String,
    /// Key of the programme or tag, a topic of the figures.
    pub programme: String,
    /// `APBN`, `APBD`, `HDN`, `CSR`, empty where the source is silent.
    pub funding: String,
    /// Unit that holds it.
    pub unit: String,
    /// Account group 57xx, empty where the source is silent.
    pub account: String,
}

/// A line with its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetLine {
    /// Which line.
    #[serde(flatten)]
    pub key: LineKey,
    /// Versions of the ceiling by day; none where no source states one.
    pub ceilings: Vec<Ceiling>,
    /// Published realisation by day.
    pub realisations: Vec<Realisation>,
}

/// How far a ceiling was used at a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Absorption {
    /// The ceiling in force.
    pub ceiling: Rupiah,
    /// Newest net realisation up to the day.
    pub net: Rupiah,
    /// The day of this realisation.
    pub as_of: Date,
    /// Net realisation in thousandths of the ceiling, rounded toward zero.
    pub permille: i64,
}

impl BudgetLine {
    /// The version of the ceiling in force on a day.
    pub fn ceiling_on(&self, on: Date) -> Option<&Ceiling> {
        self.ceilings.iter().rev().find(|ceiling| ceiling.valid_from <= on)
    }

    /// The newest realisation known on a day.
    pub fn realised_on(&self, on: Date) -> Option<&Realisation> {
        self.realisations.iter().rev().find(|realised| realised.as_of <= on)
    }

    /// Net realisation over the ceiling in force on that day; none before either is known.
    pub fn absorption(&self, on: Date) -> Option<Absorption> {
        let ceiling = self.ceiling_on(on)?.ceiling;
        let realised = self.realised_on(on)?;
        let net = realised.net();
        let permille = i128::from(net.idr()) * 1000 / i128::from(ceiling.idr()).max(1);
        Some(Absorption { ceiling, net, as_of: realised.as_of, permille: i64::try_from(permille).ok()? })
    }
}

/// All lines of all years.
#[derive(Debug, Clone, Default)]
pub struct Budgets {
    /// By year, scope, programme, funding, unit and account.
    pub lines: Vec<BudgetLine>,
    /// Targets, stocks and realisations by year, topic, funding and what is counted.
    pub reach: Vec<ReachLine>,
}

impl Budgets {
    /// Lines of a year.
    pub fn of_year(&self, year: i16) -> impl Iterator<Item = &BudgetLine> {
        self.lines.iter().filter(move |line| line.key.fiscal_year == year)
    }

    /// What is to be reached, exists or was reached in a year.
    pub fn reach_of_year(&self, year: i16) -> impl Iterator<Item = &ReachLine> {
        self.reach.iter().filter(move |line| line.key.fiscal_year == year)
    }

    /// Years that have lines, oldest first.
    pub fn years(&self) -> Vec<i16> {
        let reach = self.reach.iter().map(|line| line.key.fiscal_year);
        let mut years: Vec<i16> = self.lines.iter().map(|line| line.key.fiscal_year).chain(reach).collect();
        years.sort_unstable();
        years.dedup();
        years
    }
}

const CEILINGS: &str = "budgets/ceilings.csv";
const REALISATION: &str = "budgets/realisation.csv";
/// Funding from the state, from regions, from domestic grants, from companies.
pub(crate) const FUNDING: [&str; 4] = ["APBN", "APBD", "HDN", "CSR"];
const LINE: [&str; 6] = ["fiscal_year", "scope", "programme", "funding", "unit", "account"];

pub(crate) fn load(pack: &Pack, faults: &Faults, figures: &Figures, words: &Words) -> Budgets {
    let mut lines: BTreeMap<LineKey, BudgetLine> = BTreeMap::new();
    let columns =
        [&LINE[..], &["valid_from", "ceiling_idr", "blocked_idr", "figure", "source", "note_id", "note_en"]];
    if let Some(csv) = Csv::open(pack, faults, CEILINGS, &columns.concat()) {
        for row in csv.rows() {
            let Some(key) = read_line(&row, figures, words) else { continue };
            let Some(ceiling) = read_ceiling(&row, &key, figures) else { continue };
            let new = BudgetLine { key: key.clone(), ceilings: Vec::new(), realisations: Vec::new() };
            let line = lines.entry(key).or_insert(new);
            match line.ceilings.binary_search_by_key(&ceiling.valid_from, |one| one.valid_from) {
                Ok(_) => row.fault(
                    "valid_from",
                    "two versions of this ceiling begin on one day",
                    "keep one, or mend its day",
                ),
                Err(at) => line.ceilings.insert(at, ceiling),
            }
        }
    }
    let columns = [
        &LINE[..],
        &["as_of", "gross_idr", "returned_idr", "basis", "ceiling", "figure", "source", "note_id", "note_en"],
    ];
    if let Some(csv) = Csv::open(pack, faults, REALISATION, &columns.concat()) {
        for row in csv.rows() {
            let Some(key) = read_line(&row, figures, words) else { continue };
            let Some(realised) = read_realisation(&row, figures) else { continue };
            let Some(line) = realised_line(&row, key, &mut lines) else { continue };
            match line.realisations.binary_search_by_key(&realised.as_of, |one| one.as_of) {
                Ok(_) => row.fault("as_of", "the line has two realisations on this day", "keep one"),
                Err(at) => line.realisations.insert(at, realised),
            }
        }
    }
    let reach = reach::load(pack, faults, figures, words);
    Budgets { lines: lines.into_values().collect(), reach }
}

/// The line of a realisation. One without a ceiling must say that no source states one, so that a slip in the line is no new line.
fn realised_line<'l>(
    row: &Row<'_>,
    key: LineKey,
    lines: &'l mut BTreeMap<LineKey, BudgetLine>,
) -> Option<&'l mut BudgetLine> {
    let none_stated = match row.get("ceiling") {
        "" => false,
        "none" => true,
        _ => {
            row.fault(
                "ceiling",
                "not known",
                "leave it empty, or write none where no source states a ceiling",
            );
            return None;
        }
    };
    let as_of = day(row, "as_of")?;
    let known = lines.get(&key).filter(|line| !line.ceilings.is_empty());
    match known {
        Some(_) if none_stated => {
            row.fault("ceiling", "the line has a ceiling", "leave the cell empty");
            return None;
        }
        Some(line) if line.ceiling_on(as_of).is_none() => {
            let remedy = "mend the day, or add the version that held then";
            row.fault("as_of", "before the first version of the ceiling", remedy);
            return None;
        }
        None if !none_stated => {
            let remedy = "add a version of its ceiling to budgets/ceilings.csv, or write none in ceiling";
            row.fault("programme", "this line has no ceiling", remedy);
            return None;
        }
        _ => {}
    }
    let new = BudgetLine { key: key.clone(), ceilings: Vec::new(), realisations: Vec::new() };
    Some(lines.entry(key).or_insert(new))
}

/// The year of a row.
pub(crate) fn fiscal_year(row: &Row<'_>) -> Option<i16> {
    let year = row.get("fiscal_year").parse::<i16>().ok().filter(|year| (2000..=2100).contains(year));
    if year.is_none() {
        row.fault("fiscal_year", "no fiscal year", "write it as 2020");
    }
    year
}

fn read_line(row: &Row<'_>, figures: &Figures, words: &Words) -> Option<LineKey> {
    let year = fiscal_year(row);
    if row.opt("funding").is_some_and(|funding| !FUNDING.contains(&funding)) {
        row.fault(
            "funding",
            "not known",
            &format!("leave it empty, or write one of: {}", FUNDING.join(", ")),
        );
    }
    let programme = known(row, "programme", &figures.topics, "figures/topics.csv");
    if figures.topics.get(&programme).is_some_and(|topic| !topic.budgeted) {
        row.fault("programme", "neither a programme nor a tag across programmes", "name one that is");
    }
    let account = match row.opt("account") {
        Some(_) => worded(row, "account", "budget-account", words),
        None => String::new(),
    };
    Some(LineKey {
        fiscal_year: year?,
        scope: worded(row, "scope", "budget-scope", words),
        programme,
        funding: row.get("funding").to_owned(),
        unit: worded(row, "unit", "budget-unit", words),
        account,
    })
}

fn read_ceiling(row: &Row<'_>, key: &LineKey, figures: &Figures) -> Option<Ceiling> {
    let valid_from = day(row, "valid_from")?;
    if !(key.fiscal_year - 1..=key.fiscal_year).contains(&valid_from.year()) {
        row.fault("valid_from", "outside the fiscal year and the year before", "mend the day or the year");
    }
    let ceiling = money(row, "ceiling_idr")?;
    if ceiling == Rupiah::ZERO {
        row.fault("ceiling_idr", "a ceiling of nothing", "write the amount, or take the row away");
    }
    let blocked = row.opt("blocked_idr").and_then(|_| money(row, "blocked_idr"));
    if blocked.is_some_and(|blocked| blocked > ceiling) {
        row.fault("blocked_idr", "more is blocked than the ceiling has", "mend one of the two");
    }
    same_as_register(row, ceiling, figures);
    Some(Ceiling {
        valid_from,
        ceiling,
        blocked,
        figure: row.get("figure").to_owned(),
        source: known(row, "source", &figures.sources, "figures/sources.csv"),
        note: note(row),
    })
}

/// Where a row names a figure of the register, the amount is the figure's.
fn same_as_register(row: &Row<'_>, amount: Rupiah, figures: &Figures) {
    let Some(id) = row.opt("figure") else { return };
    let figure = figures.get(id).filter(|figure| figure.unit == "idr");
    if figure.and_then(|figure| figure.value).and_then(super::exact::Number::whole) != Some(amount.idr()) {
        let remedy = "mend the amount or name the right figure";
        row.fault("figure", "the register has another number there, or none", remedy);
    }
}

fn read_realisation(row: &Row<'_>, figures: &Figures) -> Option<Realisation> {
    let as_of = day(row, "as_of")?;
    let gross = money(row, "gross_idr")?;
    let returned = row.opt("returned_idr").and_then(|_| money(row, "returned_idr"));
    if returned.is_some_and(|returned| returned > gross) {
        row.fault("returned_idr", "more came back than was paid out", "mend one of the two");
    }
    let derived = match row.get("basis") {
        "stated" => false,
        "derived" => true,
        _ => {
            row.fault("basis", "not known", "write stated or derived");
            return None;
        }
    };
    same_as_register(row, gross, figures);
    let source = known(row, "source", &figures.sources, "figures/sources.csv");
    let figure = row.get("figure").to_owned();
    Some(Realisation { as_of, gross, returned, derived, figure, source, note: note(row) })
}

/// A day of the calendar.
pub(crate) fn day(row: &Row<'_>, column: &str) -> Option<Date> {
    let day = row.get(column).parse::<Date>().ok();
    if day.is_none() {
        row.fault(column, "no day of the calendar", "write it as 2020-09-06");
    }
    day
}

/// Whole rupiah, not negative, no marks.
fn money(row: &Row<'_>, column: &str) -> Option<Rupiah> {
    let text = row.get(column);
    let amount = text.parse::<i64>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let amount = amount.filter(|idr| *idr <= 10_000_000_000_000_000);
    if amount.is_none() {
        row.fault(column, "no amount in whole rupiah", "write digits only, such as 127100000000000");
    }
    amount.map(Rupiah::new)
}
