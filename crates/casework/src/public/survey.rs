//! The survey: what people answer after the end of a case, and the index that follows. An answer is kept with its district, workflow and
//! month and nothing else; that a case was answered for is kept apart, as a hash. Groups of few answers are hidden, and with them as many
//! others as are needed so that no sum gives them away.

use std::collections::BTreeMap;

use access::{House, Scope, audit};
use model::{CaseId, RegionCode, RegionLevel, hidden};
use policy::{SURVEY_SCALE, SURVEY_STEP, Survey, Workflow};
use serde::Serialize;
use store::{Row, Tx, params};

use super::queries;
use crate::{
    Error, Result,
    service::{Stored, actors, find, stored},
    ticket::of_ticket,
};

/// Answers by element, 1 to 4.
pub type Answered = BTreeMap<String, i64>;

/// How an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SurveyWay {
    /// By the citizen, with the ticket.
    Ticket,
    /// Told to somebody who had no part in the case.
    Staff,
    /// On a paper that somebody wrote off.
    Paper,
}

impl SurveyWay {
    fn code(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Staff => "staff",
            Self::Paper => "paper",
        }
    }
}

/// What to count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyFilter {
    /// A territory: the nation, a province or a district.
    pub region: RegionCode,
    /// Key of a workflow; empty for all.
    pub workflow: String,
    /// `2026-T4`; empty for all.
    pub quarter: String,
}

/// An element of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ElementScore {
    /// Key.
    pub key: String,
    /// Answers.
    pub count: i64,
    /// Their sum, 1 to 4 each.
    pub sum: i64,
    /// The element's own index, in hundredths.
    pub index: i64,
}

/// A part of the answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Code of a region, key of a workflow, or a quarter.
    pub key: String,
    /// People who answered; none where they are too few, or would give away a group that is.
    pub count: Option<i64>,
    /// The index in hundredths; none likewise.
    pub index: Option<i64>,
}

/// The survey of a territory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SurveyView {
    /// All that fits.
    pub total: Group,
    /// By element, in their order; empty where the total is hidden.
    pub elements: Vec<ElementScore>,
    /// By the regions right below.
    pub regions: Vec<Group>,
    /// By workflow.
    pub workflows: Vec<Group>,
    /// By quarter, the oldest first.
    pub quarters: Vec<Group>,
}

/// Rows of one question, at most: districts, workflows, months and elements of many years.
const ROWS_MAX: i64 = 400_000;

/// Whether somebody may still answer for a case.
pub(crate) fn asked_of(tx: &mut Tx<'_>, workflow: &Workflow, case: CaseId, open: bool) -> Result<bool> {
    if open || !workflow.survey {
        return Ok(false);
    }
    Ok(tx.query_one(&queries::GIVEN, params![token(case)])?.int(0)? == 0)
}

/// The same for every way in which one case can be answered for; it leads to no answer.
fn token(case: CaseId) -> String {
    access::ticket_hash("survey", &case.to_string())
}

/// The citizen answers, once a ticket.
///
/// # Errors
/// [`Error::Ticket`], [`Error::NoSurvey`], [`Error::SurveyForm`].
pub fn survey_by_ticket(
    house: &House,
    scope: &Scope,
    (ticket, secret): (&str, &str),
    answered: &Answered,
) -> Result<()> {
    let found = of_ticket(house, ticket, secret)?;
    house.db.write(|tx| {
        keep(tx, house, &found, answered, SurveyWay::Ticket)?;
        // Whose answer it was is written nowhere.
        Ok(audit(tx, house.clock.as_ref(), scope.actor_pair(), "survey.give", "survey", "")?)
    })
}

/// Somebody writes down what a citizen answered: not who had a part in the case, unless there is a paper.
///
/// # Errors
/// [`Error::NotFound`] outside the scope, [`Error::NoSurvey`], [`Error::SurveyForm`], [`Error::SurveyOwn`].
pub fn record_survey(
    house: &House,
    scope: &Scope,
    case: CaseId,
    answered: &Answered,
    paper: &str,
) -> Result<()> {
    house.db.write(|tx| {
        let found = stored(tx, house, scope, case)?.ok_or(Error::NotFound)?;
        let paper = paper.trim();
        let served = actors(tx, &found)?.values().flatten().any(|actor| *actor == scope.actor().0);
        if served && paper.is_empty() {
            return Err(Error::SurveyOwn);
        }
        let way = if paper.is_empty() { SurveyWay::Staff } else { SurveyWay::Paper };
        keep(tx, house, &found, answered, way)?;
        let detail: String = format!("way={} paper={paper}", way.code()).chars().take(120).collect();
        Ok(audit(
            tx,
            house.clock.as_ref(),
            scope.actor_pair(),
            "survey.record",
            &format!("case:{case}"),
            &detail,
        )?)
    })
}

fn keep(tx: &mut Tx<'_>, house: &House, found: &Stored, answered: &Answered, way: SurveyWay) -> Result<()> {
    let (workflow, survey) = (find(house, &found.workflow)?, house.policy.survey());
    if found.open || !workflow.survey {
        return Err(Error::NoSurvey);
    }
    if !is_whole(survey, answered) {
        return Err(Error::SurveyForm);
    }
    if tx.execute(&queries::GIVEN_ADD, params![token(found.id)])? != 1 {
        return Err(Error::NoSurvey);
    }
    let id = access::new_ticket()?.secret;
    let (district, today) = (found.region.at(RegionLevel::District), house.clock.today());
    let month = format!("{:04}-{:02}", today.year(), today.month());
    for (element, score) in answered {
        let row = params![&id, element, *score, district.as_str(), &workflow.key, &month, way.code()];
        tx.execute(&queries::SCORE_ADD, row)?;
    }
    Ok(())
}

/// Every element has one of its answers, and nothing else is answered.
fn is_whole(survey: &Survey, answered: &Answered) -> bool {
    answered.len() == survey.elements.len()
        && survey.elements.iter().all(|element| {
            answered.get(&element.key).is_some_and(|score| (1..=SURVEY_SCALE as i64).contains(score))
        })
}

/// Where answers fall: district, workflow, quarter, with how many.
struct Cell {
    region: String,
    workflow: String,
    quarter: String,
    count: i64,
}

/// Sums by element: how many answered, and the sum of their answers.
type Sums = BTreeMap<String, (i64, i64)>;

/// The survey of a territory.
///
/// # Errors
/// [`Error::NotFound`] outside the scope; the store's.
pub fn survey_results(house: &House, scope: &Scope, filter: &SurveyFilter) -> Result<SurveyView> {
    if !scope.covers(&filter.region) {
        return Err(Error::NotFound);
    }
    let survey = house.policy.survey();
    let first = survey.elements.first().map_or("", |element| element.key.as_str());
    let (from, to) = filter.region.path_range();
    let (cells, rows) = house.db.read(|tx| {
        // What is hidden depends on what others could subtract: on all answers, which are counted and not shown.
        let cells = tx.query(&queries::CELLS, params![first, ROWS_MAX])?;
        let asked = params![from, to, &filter.workflow, ROWS_MAX];
        Ok::<_, Error>((cells, tx.query(&queries::SCORES, asked)?))
    })?;
    let cells = cells.iter().map(read_cell).collect::<Result<Vec<_>>>()?;
    let (mut total, mut parts) = (Sums::new(), [(); 3].map(|()| BTreeMap::<String, Sums>::new()));
    for row in &rows {
        let quarter = quarter_of(row.text(2)?);
        if !filter.quarter.is_empty() && quarter != filter.quarter {
            continue;
        }
        let keys = [below(&filter.region, row.text(0)?), row.string(1)?, quarter];
        let (element, count, sum) = (row.text(3)?, row.int(4)?, row.int(5)?);
        let add = |sums: &mut Sums| {
            let of = sums.entry(element.to_owned()).or_default();
            *of = (of.0.saturating_add(count), of.1.saturating_add(sum));
        };
        add(&mut total);
        for (part, key) in parts.iter_mut().zip(keys) {
            add(part.entry(key).or_default());
        }
    }
    let shown = may_show(survey, &cells, filter);
    let group = |key: String, sums: &Sums, shown: bool| Group {
        key,
        count: shown.then(|| people(sums)),
        index: if shown { index(survey, sums) } else { None },
    };
    let part = |sums: BTreeMap<String, Sums>| -> Vec<Group> {
        let hides = hidden(sums.values().map(|sums| [people(sums)]), survey.few);
        sums.into_iter().zip(hides).map(|((key, sums), hide)| group(key, &sums, shown && !hide)).collect()
    };
    let [regions, workflows, quarters] = parts.map(part);
    let elements = if shown { elements(survey, &total) } else { Vec::new() };
    Ok(SurveyView {
        total: group(filter.region.to_string(), &total, shown),
        elements,
        regions: if filter.region.level() == RegionLevel::District { Vec::new() } else { regions },
        workflows,
        quarters,
    })
}

fn read_cell(row: &Row) -> Result<Cell> {
    Ok(Cell {
        region: row.string(0)?,
        workflow: row.string(1)?,
        quarter: quarter_of(row.text(2)?),
        count: row.int(3)?,
    })
}

/// `2026-11` lies in `2026-T4`.
fn quarter_of(month: &str) -> String {
    let (year, month) = month.split_once('-').unwrap_or((month, "1"));
    let month: u32 = month.parse().unwrap_or(1);
    format!("{year}-T{}", month.saturating_sub(1) / 3 + 1)
}

/// The region right below a territory in which a district lies; the district itself where it is the territory.
fn below(territory: &RegionCode, district: &str) -> String {
    let level = match territory.level() {
        RegionLevel::Nation => RegionLevel::Province,
        _ => RegionLevel::District,
    };
    RegionCode::parse(district).map_or_else(|_| district.to_owned(), |code| code.at(level).to_string())
}

/// Whether the whole that a filter asks for is shown: it is not few, and it is hidden in none of the divisions that it is a part of (of
/// the region above by regions, of the same region by workflow and by quarter).
fn may_show(survey: &Survey, cells: &[Cell], filter: &SurveyFilter) -> bool {
    let fits = |cell: &Cell, region: &RegionCode, workflow: &str, quarter: &str| {
        let inside = RegionCode::parse(&cell.region).is_ok_and(|code| region.contains(&code));
        inside
            && (workflow.is_empty() || cell.workflow == workflow)
            && (quarter.is_empty() || cell.quarter == quarter)
    };
    // Of a division of what `region`, `workflow` and `quarter` choose: whether the part named `own` is shown.
    let stands =
        |region: &RegionCode, workflow: &str, quarter: &str, by: &dyn Fn(&Cell) -> String, own: &str| {
            let mut parts = BTreeMap::<String, i64>::new();
            for cell in cells.iter().filter(|cell| fits(cell, region, workflow, quarter)) {
                *parts.entry(by(cell)).or_default() += cell.count;
            }
            let hides = hidden(parts.values().map(|count| [*count]), survey.few);
            parts.keys().zip(hides).any(|(key, hide)| key == own && !hide)
        };
    let (region, workflow, quarter) = (&filter.region, filter.workflow.as_str(), filter.quarter.as_str());
    let mut shown = stands(region, workflow, quarter, &|_| String::new(), "");
    let mut at = region.clone();
    while let Some(above) = at.parent() {
        shown &= stands(&above, workflow, quarter, &|cell| below(&above, &cell.region), at.as_str());
        at = above;
    }
    if !workflow.is_empty() {
        shown &= stands(region, "", quarter, &|cell| cell.workflow.clone(), workflow);
    }
    if !quarter.is_empty() {
        shown &= stands(region, workflow, "", &|cell| cell.quarter.clone(), quarter);
    }
    shown
}

/// People who answered: every one answered every element that was asked then.
fn people(sums: &Sums) -> i64 {
    sums.values().map(|(count, _)| *count).max().unwrap_or(0)
}

/// The index in hundredths: the mean of the elements' means, times 25, rounded half up. Elements that nobody was asked about are left out.
fn index(survey: &Survey, sums: &Sums) -> Option<i64> {
    let asked: Vec<(i128, i128)> = survey
        .elements
        .iter()
        .filter_map(|element| sums.get(&element.key))
        .map(|(count, sum)| (i128::from(*sum), i128::from(*count)))
        .collect();
    let (mut above, mut under) = (0_i128, 1_i128);
    for (sum, count) in &asked {
        above = above.checked_mul(*count)?.checked_add(sum.checked_mul(under)?)?;
        under = under.checked_mul(*count)?;
        let common = divisor(above, under);
        (above, under) = (above / common, under / common);
    }
    let parts = under.checked_mul(i128::try_from(asked.len()).ok()?)?;
    rounded(above.checked_mul(i128::from(SURVEY_STEP))?, parts)
}

fn divisor(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// A quotient of two numbers that are not negative, rounded half up.
fn rounded(above: i128, under: i128) -> Option<i64> {
    let twice = above.checked_mul(2)?.checked_add(under)?;
    i64::try_from(twice.checked_div(under.checked_mul(2)?)?).ok()
}

fn elements(survey: &Survey, sums: &Sums) -> Vec<ElementScore> {
    let score = |element: &policy::SurveyElement| {
        let (count, sum) = sums.get(&element.key).copied()?;
        let index = rounded(i128::from(sum) * i128::from(SURVEY_STEP), i128::from(count))?;
        Some(ElementScore { key: element.key.clone(), count, sum, index })
    };
    survey.elements.iter().filter_map(score).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn survey() -> Survey {
        policy::Policy::embedded().unwrap().survey().clone()
    }

    #[test]
    fn the_bands_are_those_of_the_regulation() {
        let survey = survey();
        let letter = |index: i64| survey.band(index).map(|band| band.letter.clone()).unwrap_or_default();
        for (index, expected) in [
            (10_000, "A"),
            (8_831, "A"),
            (8_830, "B"),
            (7_661, "B"),
            (7_660, "C"),
            (6_500, "C"),
            (6_499, "D"),
            (2_500, "D"),
        ] {
            assert_eq!(letter(index), expected, "{index}");
        }
        assert_eq!(survey.elements.len(), 9);
    }

    proptest! {
        /// From single answers: each person's mean, then the mean of the people, with fractions of whole numbers.
        #[test]
        fn the_index_is_the_mean_of_all_answers_times_25(people in prop::collection::vec(prop::collection::vec(1_i64..=4, 9), 1..60)) {
            let survey = survey();
            let mut sums = Sums::new();
            for person in &people {
                for (element, score) in survey.elements.iter().zip(person) {
                    let of = sums.entry(element.key.clone()).or_default();
                    *of = (of.0 + 1, of.1 + score);
                }
            }
            let all: Vec<i64> = people.iter().flatten().copied().collect();
            let (sum, n) = (all.iter().sum::<i64>(), all.len() as i64);
            // 2500 * sum / n to the nearest, halves up.
            let (whole, rest) = (2_500 * sum / n, 2_500 * sum % n);
            prop_assert_eq!(index(&survey, &sums), Some(whole + i64::from(2 * rest >= n)));
            prop_assert!((2_500..=10_000).contains(&index(&survey, &sums).unwrap()));
        }
    }
}
