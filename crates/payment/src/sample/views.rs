//! What pages, `--json` and tests read of samples: which were drawn, whom to ask, and what the answers say of all lines. Small cells are
//! hidden, who did not respond is told apart.

use std::collections::BTreeMap;

use access::{House, Scope};
use model::{RegionCode, SMALL_CELL, hidden};
use serde::Serialize;
use store::{Page, Paged, Row, params};

use super::{
    queries,
    rules::{self, Answer, Cell, Design, Mode, Share},
    service::{self, SampleLine, Told, read_line},
};
use crate::{Error, Result, common};

const READ: &str = "verify.read";

/// A sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SampleView {
    /// Its number.
    pub sample_id: i64,
    /// The cycle.
    pub cycle_id: i64,
    /// Key of the programme.
    pub programme: String,
    /// The period, as printed.
    pub period: String,
    /// How sure and how narrow.
    pub design: Design,
    /// The seed of the draw.
    pub seed: i64,
    /// How people are asked.
    pub modes: Vec<Mode>,
    /// Lines with money on them.
    pub population: i64,
    /// Lines drawn.
    pub size: i64,
    /// When, milliseconds since the epoch.
    pub made_at_ms: i64,
    /// Who drew it.
    pub made_by: String,
}

/// A group of a sample: a district or a channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// Code of the district, or key of the channel.
    pub key: String,
    /// Lines with money on them.
    pub population: i64,
    /// Lines drawn.
    pub drawn: i64,
    /// Who answered; none where it is a small cell.
    pub answered: Option<i64>,
    /// Share of the money's owners who have all of it, by Wilson; none where it is a small cell.
    pub arrived: Option<Share>,
}

/// What a sample says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Results {
    /// Lines drawn in the territory.
    pub drawn: i64,
    /// Nobody was asked yet.
    pub open: i64,
    /// Asked, and did not respond.
    pub silent: i64,
    /// Answered.
    pub answered: i64,
    /// Each answer and how often.
    pub answers: Vec<(Answer, i64)>,
    /// Share of all lines of which all of the money arrived, by strata, with its standard error.
    pub arrived: Option<Share>,
    /// Share of all lines of which all of it arrived in time and without trouble.
    pub full: Option<Share>,
    /// Half of the interval's width is more than was wished for.
    pub wide: bool,
    /// By district.
    pub districts: Vec<Group>,
    /// By channel.
    pub channels: Vec<Group>,
}

/// A sample and its results; none for a territory below a district.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SamplePage {
    /// The sample.
    pub sample: SampleView,
    /// What it says.
    pub results: Option<Results>,
}

/// A line of a sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SampleLineView {
    /// The family.
    pub family_id: i64,
    /// The payment line.
    pub line_id: i64,
    /// Where it lives.
    pub region: RegionCode,
    /// Key of the channel.
    pub channel: String,
    /// What was topped up.
    pub amount_idr: i64,
    /// Who is paid.
    pub name: String,
    /// How to ask.
    pub mode: Mode,
    /// What was answered last.
    pub answer: Option<Answer>,
    /// Number of the last answer.
    pub rev: i64,
}

/// An answer as it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerView {
    /// Number from 1.
    pub seq: i64,
    /// When it was recorded, milliseconds since the epoch.
    pub at_ms: i64,
    /// Who recorded it.
    pub actor: String,
    /// What was told.
    pub told: Told,
    /// On what ground.
    pub reference: String,
}

/// A line and its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleLinePage {
    /// The sample.
    pub sample: SampleView,
    /// The line.
    pub line: SampleLineView,
    /// Every answer, oldest first.
    pub answers: Vec<AnswerView>,
}

fn sample(row: &Row) -> Result<SampleView> {
    Ok(SampleView {
        sample_id: row.int(0)?,
        cycle_id: row.int(1)?,
        design: Design { confidence: row.int(2)?, margin_permille: row.int(3)?, least: row.int(4)? },
        seed: row.int(5)?,
        modes: row.text(6)?.split(' ').filter_map(Mode::from_code).collect(),
        population: row.int(7)?,
        size: row.int(8)?,
        made_at_ms: row.int(9)?,
        made_by: row.string(10)?,
        programme: row.string(11)?,
        period: row.string(12)?,
    })
}

fn line_view(line: SampleLine) -> Result<SampleLineView> {
    Ok(SampleLineView {
        family_id: line.recipient,
        line_id: line.line_id,
        region: RegionCode::parse(&line.region)?,
        channel: line.channel,
        amount_idr: line.amount_idr,
        name: line.payee_name,
        mode: line.mode,
        answer: line.answer,
        rev: line.rev,
    })
}

/// Samples, newest first.
///
/// # Errors
/// Store errors, among them a page mark that is not ours.
pub fn samples(house: &House, scope: &Scope, page: &Page) -> Result<Paged<SampleView>> {
    common::need(scope, READ)?;
    let values = params![page.after_int(i64::MAX)?, page.fetch()];
    let rows = house.db.read(|tx| tx.query(&queries::SAMPLES, values))?;
    let found = rows.iter().map(sample).collect::<Result<_>>()?;
    Ok(page.page(found, |one: &SampleView| vec![one.sample_id.into()]))
}

/// What was counted of a stratum.
#[derive(Default)]
struct Counted {
    population: i64,
    drawn: i64,
    answers: BTreeMap<Option<Answer>, i64>,
}

impl Counted {
    fn count(&self, wanted: impl Fn(Answer) -> bool) -> i64 {
        self.answers.iter().filter(|(answer, _)| answer.is_some_and(&wanted)).map(|(_, n)| n).sum()
    }

    fn cell(&self, hit: impl Fn(Answer) -> bool) -> Cell {
        Cell { population: self.population, answered: self.count(Answer::responds), hits: self.count(hit) }
    }

    fn add(&mut self, other: &Self) {
        self.population += other.population;
        self.drawn += other.drawn;
        for (answer, n) in &other.answers {
            *self.answers.entry(*answer).or_default() += n;
        }
    }
}

/// A sample and what its answers say, of the scope's territory.
///
/// # Errors
/// [`Error::NotFound`], store errors.
pub fn sample_page(house: &House, scope: &Scope, sample_id: i64) -> Result<SamplePage> {
    common::need(scope, READ)?;
    let (from, to) = scope.path_range();
    house.db.read(|tx| {
        let row = tx.query_opt(&queries::SAMPLE, params![sample_id])?.ok_or(Error::NotFound("sample"))?;
        let sample = sample(&row)?;
        if !service::sees_results(scope) {
            return Ok(SamplePage { sample, results: None });
        }
        let mut strata: BTreeMap<(String, String), Counted> = BTreeMap::new();
        for row in tx.query(&queries::STRATA, params![sample_id, from, to])? {
            let (population, drawn) = (row.int(2)?, row.int(3)?);
            let counted = Counted { population, drawn, answers: BTreeMap::new() };
            strata.insert((row.string(0)?, row.string(1)?), counted);
        }
        for row in tx.query(&queries::COUNTS, params![sample_id, from, to])? {
            let stratum = strata.entry((row.string(0)?, row.string(1)?)).or_default();
            stratum.answers.insert(Answer::from_code(row.text(2)?), row.int(3)?);
        }
        let results = results(sample.design, &strata)?;
        Ok(SamplePage { sample, results: Some(results) })
    })
}

fn results(design: Design, strata: &BTreeMap<(String, String), Counted>) -> Result<Results> {
    let z = rules::quantile(design.confidence).ok_or(Error::Stored("confidence"))?;
    let mut all = Counted::default();
    for one in strata.values() {
        all.add(one);
    }
    let cells = |hit: fn(Answer) -> bool| strata.values().map(|one| one.cell(hit)).collect::<Vec<Cell>>();
    let answered = all.count(Answer::responds);
    let shown = |share: Option<Share>| share.filter(|_| answered >= SMALL_CELL);
    let arrived = shown(rules::stratified(&cells(Answer::arrived), z));
    let margin = design.margin_permille as f64 / 1_000.0;
    Ok(Results {
        drawn: all.drawn,
        open: all.answers.get(&None).copied().unwrap_or_default(),
        silent: all.count(|answer| !answer.responds()),
        answered,
        answers: Answer::ALL.iter().map(|one| (*one, all.count(|answer| answer == *one))).collect(),
        full: shown(rules::stratified(&cells(|answer| answer == Answer::Full), z)),
        wide: arrived.and_then(|share| share.error).is_some_and(|error| z * error > margin),
        arrived,
        districts: groups(strata, z, |key| &key.0),
        channels: groups(strata, z, |key| &key.1),
    })
}

fn groups(
    strata: &BTreeMap<(String, String), Counted>,
    z: f64,
    key: impl Fn(&(String, String)) -> &String,
) -> Vec<Group> {
    let mut sums: BTreeMap<String, Counted> = BTreeMap::new();
    for (of, counted) in strata {
        sums.entry(key(of).clone()).or_default().add(counted);
    }
    let cells: Vec<Cell> = sums.values().map(|counted| counted.cell(Answer::arrived)).collect();
    let hides = hidden(cells.iter().map(|cell| [cell.answered]), SMALL_CELL);
    let group = |(((key, counted), cell), hide): (((String, Counted), Cell), bool)| Group {
        key,
        population: counted.population,
        drawn: counted.drawn,
        answered: (!hide).then_some(cell.answered),
        arrived: rules::wilson(cell.hits, cell.answered, z).filter(|_| !hide && cell.answered > 0),
    };
    sums.into_iter().zip(cells).zip(hides).map(group).collect()
}

/// Lines of a sample, by village. `answer` is the code of an answer, `open`, or empty. Narrow the scope with [`Scope::within`].
///
/// # Errors
/// Store errors, among them a page mark that is not ours.
pub fn sample_lines(
    house: &House,
    scope: &Scope,
    sample_id: i64,
    mode: Option<Mode>,
    answer: &str,
    page: &Page,
) -> Result<Paged<SampleLineView>> {
    common::need(scope, READ)?;
    let (from, to) = scope.path_range();
    let mode = mode.map_or("", Mode::code);
    let mut values = params![from, to, scope.caseload(), sample_id, mode, answer].to_vec();
    values.extend(page.keys(2)?.unwrap_or_else(|| vec!["".into(), (-1).into()]));
    values.push(page.fetch().into());
    let rows = house.db.read(|tx| tx.query(&queries::LINES, &values))?;
    let found = rows.iter().map(|row| line_view(read_line(row)?)).collect::<Result<_>>()?;
    Ok(page.page(found, |one: &SampleLineView| vec![(&one.region).into(), one.line_id.into()]))
}

/// A line of a sample and what was answered.
///
/// # Errors
/// [`Error::NotFound`], also outside the scope.
pub fn sample_line(house: &House, scope: &Scope, sample_id: i64, line_id: i64) -> Result<SampleLinePage> {
    common::need(scope, READ)?;
    house.db.read(|tx| {
        let line = service::line(tx, scope, sample_id, line_id)?;
        let row = tx.query_one(&queries::SAMPLE, params![sample_id])?;
        let rows = tx.query(&queries::ANSWERS, params![line.recipient, sample_id, line_id])?;
        let answers = rows.iter().map(answer_view).collect::<Result<_>>()?;
        Ok(SampleLinePage { sample: sample(&row)?, line: line_view(line)?, answers })
    })
}

fn answer_view(row: &Row) -> Result<AnswerView> {
    Ok(AnswerView {
        seq: row.int(0)?,
        at_ms: row.int(1)?,
        actor: row.string(2)?,
        told: Told {
            answer: Answer::from_code(row.text(3)?).ok_or(Error::Stored("answer"))?,
            day: row.date(4)?,
            got_idr: row.opt_int(5)?,
            late_days: row.opt_int(6)?,
            trouble: row.string(7)?,
            whom: row.string(8)?,
            note: row.string(9)?,
        },
        reference: row.string(10)?,
    })
}
