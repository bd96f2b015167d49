//! Drawing a sample, and taking in what people answered: one by one on a page, or from a file that is taken whole or not at all.

use std::{collections::BTreeMap, path::Path};

use access::{House, Scope};
use jiff::civil::Date;
use model::{FamilyId, LineId, RegionCode, RegionLevel};
use rowfile::{Faults, Row as Cells};
use serde::Serialize;
use store::{Row, Tx, Value, params};

use super::{
    queries,
    rules::{self, Answer, Design, Draw, Mode, TROUBLES},
};
use crate::{
    Error, Result, common,
    effect::{self, Effect},
    goods::{GoodsFault as Wrong, rules as texts},
    queries as lines,
    rows::RowFile,
};

const DRAW: &str = "verify.draw";
const ANSWER: &str = "verify.answer";
/// Columns of a file of answers, in any order.
pub const ANSWER_COLUMNS: [&str; 8] =
    ["line_id", "answer", "day", "got_idr", "late_days", "trouble", "whom", "note"];
/// Most strata of one sample.
const STRATA_MAX: usize = 10_000;
/// Latest that money is believed to come.
const LATE_DAYS_MAX: i64 = 3_660;

/// What is to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Number of the cycle.
    pub cycle: i64,
    /// How sure and how narrow.
    pub design: Design,
    /// How people are asked, in turn.
    pub modes: Vec<Mode>,
    /// The seed; the same seed draws the same lines.
    pub seed: i64,
}

/// What came of a draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Drawn {
    /// The sample.
    pub sample_id: i64,
    /// Lines with money on them.
    pub population: i64,
    /// Lines drawn.
    pub size: i64,
    /// It was drawn before; nothing changed now.
    pub again: bool,
}

/// Draws a sample of the lines of a cycle that were topped up, by district and channel. The same wish again changes nothing.
///
/// # Errors
/// [`Error::Goods`] when the design is not offered, [`Error::State`] when no money was topped up, [`Error::AtWork`].
pub fn draw(house: &House, scope: &Scope, wanted: &Wanted) -> Result<Drawn> {
    common::need(scope, DRAW)?;
    let _lock = common::lock(house)?;
    if wanted.modes.is_empty() {
        return Err(Wrong::Field("modes").into());
    }
    let codes: Vec<&str> = wanted.modes.iter().map(|mode| mode.code()).collect();
    let (modes, design) = (codes.join(" "), wanted.design);
    let cycle = house.db.read(|tx| common::built_cycle(tx, wanted.cycle))?;
    let key =
        params![wanted.cycle, design.confidence, design.margin_permille, design.least, wanted.seed, &modes];
    if let Some(row) = house.db.read(|tx| tx.query_opt(&queries::SAMPLE_KNOWN, key))? {
        let sample_id = row.int(0)?;
        let row = house.db.read(|tx| tx.query_one(&queries::SAMPLE, params![sample_id]))?;
        return Ok(Drawn { sample_id, population: row.int(7)?, size: row.int(8)?, again: true });
    }
    let mut strata: BTreeMap<(String, String), (u32, i64)> = BTreeMap::new();
    scan(house, &cycle, |_, district, channel| {
        let next = strata.len() as u32;
        strata.entry((district.to_owned(), channel.to_owned())).or_insert((next, 0)).1 += 1;
        if strata.len() > STRATA_MAX { Err(Error::Stored("strata")) } else { Ok(()) }
    })?;
    let population = strata.values().map(|one| one.1).sum();
    let size = rules::size(design, population).ok_or(Wrong::Field("design"))?;
    if population == 0 {
        return Err(Error::State {
            what: format!("cycle {}", wanted.cycle),
            state: "not topped up".into(),
            remedy: "import the channel's replies first: only money that arrived is verified",
        });
    }
    let sizes: Vec<i64> = strata.values().map(|one| one.1).collect();
    let spread = rules::allot(size, design.least, &sizes);
    let by_number = strata.values().zip(&spread).map(|(one, size)| (one.0, *size as usize));
    let mut lottery = Draw::new(wanted.seed, by_number.collect());
    scan(house, &cycle, |line, district, channel| {
        let known = strata.get(&(district.to_owned(), channel.to_owned()));
        if let Some(one) = known {
            lottery.offer(one.0, line);
        }
        Ok(())
    })?;
    let drawn = lottery.done();
    let size = drawn.len() as i64;
    house.db.write(|tx| {
        let sample_id = store::next_number(tx, "payment_sample", 1)?;
        let now = house.clock.now_ms();
        let mut values = vec![Value::from(sample_id)];
        values.extend_from_slice(key);
        values.extend([population.into(), size.into(), now.into(), scope.actor_name().into()]);
        tx.execute(&queries::SAMPLE_ADD, &values)?;
        let rows = strata.iter().zip(&spread).map(|(((district, channel), one), size)| {
            params![sample_id, district, channel, one.1, *size].to_vec()
        });
        tx.bulk("payment_sample_stratum", STRATUM_COLUMNS, rows)?;
        write(tx, sample_id, &drawn, &wanted.modes)?;
        common::audit(tx, house, scope, &format!("sample:{sample_id}"), &format!("seed={}", wanted.seed))?;
        Ok(Drawn { sample_id, population, size, again: false })
    })
}

const STRATUM_COLUMNS: &[&str] = &["sample_id", "district", "channel", "population", "size"];
const LINE_COLUMNS: &[&str] = &[
    "recipient",
    "sample_id",
    "line_id",
    "region",
    "channel",
    "amount_idr",
    "payee_name",
    "mode",
    "answer",
    "rev",
];

/// Every line of a cycle with money on it: number, district, channel.
fn scan(
    house: &House,
    cycle: &common::Cycle,
    mut each: impl FnMut(i64, &str, &str) -> Result<()>,
) -> Result<()> {
    let letters = "00.00".len();
    house.db.read(|tx| {
        for (from, to) in cycle.ranges(0) {
            tx.for_each(&queries::TOPPED_UP, params![from, to, cycle.cycle_id], |row| {
                let region = row.text(1)?;
                each(row.int(0)?, region.get(..letters).unwrap_or(region), row.text(2)?)
            })?;
        }
        Ok(())
    })
}

fn write(tx: &mut Tx<'_>, sample_id: i64, drawn: &[(u32, i64, usize)], modes: &[Mode]) -> Result<()> {
    // In turn within each stratum, so that every way of asking has its part of each.
    let staged = drawn
        .iter()
        .zip(0i64..)
        .map(|((_, line, at), seq)| params![0, seq, *line, modes[at % modes.len()].code()].to_vec());
    tx.bulk("payment_stage", &["file_no", "seq", "line_id", "txn"], staged)?;
    let found = tx.query(&queries::DRAWN, params![0])?;
    tx.execute(&lines::STAGE_CLEAR, params![0])?;
    let mut rows = Vec::with_capacity(found.len());
    for row in &found {
        rows.push(
            params![
                row.int(0)?,
                sample_id,
                row.int(1)?,
                row.text(2)?,
                row.text(3)?,
                row.int(4)?,
                row.text(5)?,
                row.text(6)?,
                "",
                0
            ]
            .to_vec(),
        );
    }
    tx.bulk("payment_sample_line", LINE_COLUMNS, rows.into_iter())?;
    Ok(())
}

/// What somebody answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The answer.
    pub answer: Answer,
    /// On which day it was given.
    pub day: Date,
    /// What was received, where it was less.
    pub got_idr: Option<i64>,
    /// How many days late.
    pub late_days: Option<i64>,
    /// Which trouble ([`TROUBLES`]).
    pub trouble: String,
    /// Who answered.
    pub whom: String,
    /// Anything else.
    pub note: String,
}

/// What an answer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Answered {
    /// The same was told before; nothing changed now.
    pub again: bool,
    /// A case was asked for.
    pub case: bool,
}

/// A line of a sample as stored.
#[derive(Debug, Clone)]
pub(crate) struct SampleLine {
    pub(crate) recipient: i64,
    pub(crate) line_id: i64,
    pub(crate) region: String,
    pub(crate) channel: String,
    pub(crate) amount_idr: i64,
    pub(crate) payee_name: String,
    pub(crate) mode: Mode,
    pub(crate) answer: Option<Answer>,
    pub(crate) rev: i64,
}

pub(crate) fn read_line(row: &Row) -> Result<SampleLine> {
    Ok(SampleLine {
        recipient: row.int(0)?,
        line_id: row.int(1)?,
        region: row.string(2)?,
        channel: row.string(3)?,
        amount_idr: row.int(4)?,
        payee_name: row.string(5)?,
        mode: Mode::from_code(row.text(6)?).ok_or(Error::Stored("mode"))?,
        answer: Answer::from_code(row.text(7)?),
        rev: row.int(8)?,
    })
}

pub(crate) fn line(tx: &mut Tx<'_>, scope: &Scope, sample_id: i64, line_id: i64) -> Result<SampleLine> {
    let (from, to) = scope.path_range();
    let values = params![from, to, scope.caseload(), sample_id, line_id];
    let row = tx.query_opt(&queries::LINE, values)?.ok_or(Error::NotFound("line of this sample"))?;
    read_line(&row)
}

/// Whether an answer tells all that it must and nothing that does not belong to it.
fn check(told: &Told, amount_idr: i64, today: Date) -> Result<(), Wrong> {
    texts::day(told.day, Date::MIN, today)?;
    texts::text("whom", &told.whom, told.answer.responds())?;
    texts::text("note", &told.note, false)?;
    let less = told.answer == Answer::Less;
    if told.got_idr.is_some() != less || told.got_idr.is_some_and(|got| got <= 0 || got >= amount_idr) {
        return Err(Wrong::Field("got_idr"));
    }
    let late = told.answer == Answer::Late;
    if told.late_days.is_some() != late
        || told.late_days.is_some_and(|days| !(1..=LATE_DAYS_MAX).contains(&days))
    {
        return Err(Wrong::Field("late_days"));
    }
    let trouble = told.answer == Answer::Trouble;
    if trouble != TROUBLES.contains(&told.trouble.as_str()) || (!trouble && !told.trouble.is_empty()) {
        return Err(Wrong::Field("trouble"));
    }
    Ok(())
}

/// Writes an answer; answers whether it was known, and whether it asks for a case.
fn take(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    (sample_id, line): (i64, &SampleLine),
    told: &Told,
    reference: &str,
) -> Result<Answered> {
    check(told, line.amount_idr, house.clock.today())?;
    let rows = tx.query(&queries::ANSWERS, params![line.recipient, sample_id, line.line_id])?;
    let day = told.day.to_string();
    for row in &rows {
        let same = (row.text(3)?, row.text(4)?) == (told.answer.code(), day.as_str())
            && (row.opt_int(5)?, row.opt_int(6)?) == (told.got_idr, told.late_days)
            && [row.text(7)?, row.text(8)?, row.text(9)?]
                == [told.trouble.as_str(), told.whom.trim(), told.note.trim()];
        if same {
            return Ok(Answered { again: true, case: false });
        }
    }
    let step = params![line.recipient, sample_id, line.line_id, told.answer.code(), line.rev];
    if tx.execute(&queries::LINE_STEP, step)? == 0 {
        return Err(Error::Changed);
    }
    let seq = line.rev + 1;
    let (actor_id, actor) = scope.actor_pair();
    let row = params![
        line.recipient,
        sample_id,
        line.line_id,
        seq,
        house.clock.now_ms(),
        actor_id,
        actor,
        told.answer.code(),
        &day,
        told.got_idr,
        told.late_days,
        &told.trouble,
        told.whom.trim(),
        told.note.trim(),
        reference
    ];
    tx.bulk("payment_sample_answer", ANSWER_ROW, std::iter::once(row.to_vec()))?;
    let case = matches!(told.answer, Answer::Not | Answer::Less);
    if case {
        let effect = Effect::OpenCase {
            workflow: house.policy.settings().verification.case.clone(),
            family: FamilyId(line.recipient),
            line: Some(LineId(line.line_id)),
            region: RegionCode::parse(&line.region)?,
            reason: told.answer.code().to_owned(),
        };
        effect::put(tx, house, &format!("sample:{sample_id}"), &[effect])?;
    }
    Ok(Answered { again: false, case })
}

const ANSWER_ROW: &[&str] = &[
    "recipient",
    "sample_id",
    "line_id",
    "seq",
    "at",
    "actor_id",
    "actor",
    "answer",
    "day",
    "got_idr",
    "late_days",
    "trouble",
    "whom",
    "note",
    "reference",
];

/// Records an answer on a line's page. `rev` is the number of the last answer on the page that the person saw.
///
/// # Errors
/// [`Error::NotFound`] outside the scope, [`Error::Goods`] when what is told cannot be kept, [`Error::Changed`] when somebody was faster.
pub fn answer(
    house: &House,
    scope: &Scope,
    (sample_id, line_id): (i64, i64),
    told: &Told,
    rev: i64,
) -> Result<Answered> {
    common::need(scope, ANSWER)?;
    house.db.write(|tx| {
        let line = line(tx, scope, sample_id, line_id)?;
        let done = take(tx, house, scope, (sample_id, &line), told, "page")?;
        if !done.again && line.rev != rev {
            return Err(Error::Changed);
        }
        common::audit(tx, house, scope, &format!("sample:{sample_id}:{line_id}"), told.answer.code())?;
        Ok(done)
    })
}

/// What a file of answers did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AnswersTaken {
    /// Number of this import.
    pub import_no: i64,
    /// Rows of the file.
    pub rows: usize,
    /// Rows that were told before.
    pub known: usize,
    /// Cases asked for.
    pub effects: usize,
}

/// Takes in answers from a file, the whole file or nothing of it. Rows that were told before change nothing.
///
/// # Errors
/// [`Error::FileRows`] with line, column, rule and remedy of every fault; [`Error::TooLarge`], [`Error::File`].
pub fn import_answers(house: &House, scope: &Scope, sample_id: i64, path: &Path) -> Result<AnswersTaken> {
    common::need(scope, ANSWER)?;
    let _lock = common::lock(house)?;
    let file = RowFile::read(path, &ANSWER_COLUMNS, read)?;
    house.db.write(|tx| {
        let import_no = store::next_number(tx, "payment_sample_import", 1)?;
        let reference = format!("import:{import_no}");
        let (mut faults, mut known, mut effects) = (Faults::default(), 0, 0);
        for (at, (line_id, told)) in &file.rows {
            let done = line(tx, scope, sample_id, *line_id)
                .and_then(|line| take(tx, house, scope, (sample_id, &line), told, &reference));
            match done {
                Ok(done) => {
                    known += usize::from(done.again);
                    effects += usize::from(done.case);
                }
                Err(Error::Goods(wrong)) => faults.add(*at, wrong.field(), wrong.to_string(), wrong.remedy()),
                Err(Error::NotFound(_)) => {
                    let rule = format!("line {line_id} is not in this sample and your territory");
                    faults.add(*at, "line_id", rule, "write the number that the list shows");
                }
                Err(error) => return Err(error),
            }
        }
        file.done(faults)?;
        let detail = format!("rows={} known={known}", file.rows.len());
        common::audit(tx, house, scope, &format!("sample_import:{import_no}"), &detail)?;
        Ok(AnswersTaken { import_no, rows: file.rows.len(), known, effects })
    })
}

/// One row, when its cells can be read: the line, and what is told of it.
fn read(row: &Cells<'_>, faults: &mut Faults) -> Option<(i64, Told)> {
    let mut number = |column: &str| {
        let none = row.cell(column).is_empty() && column != ANSWER_COLUMNS[0];
        let number = if none { Some(None) } else { row.digits(column).map(Some) };
        if number.is_none() {
            faults.add(row.line, column, "no whole number", "write digits only");
        }
        number
    };
    let [id, got_idr, late_days] = ["line_id", "got_idr", "late_days"].map(&mut number);
    let answer = Answer::from_code(row.cell("answer"));
    if answer.is_none() {
        let remedy = "write full, late, trouble, less, not, unreached or declined";
        faults.add(row.line, "answer", "no answer", remedy);
    }
    let day: Option<Date> = row.cell("day").parse().ok();
    if day.is_none() {
        faults.add(row.line, "day", "no day", "write it as 2026-11-30");
    }
    let (trouble, whom, note) = (row.text("trouble"), row.text("whom"), row.text("note"));
    let told =
        Told { answer: answer?, day: day?, got_idr: got_idr?, late_days: late_days?, trouble, whom, note };
    Some((id??, told))
}

/// Whether somebody with such a territory sees results: those of one village say nothing.
pub(crate) fn sees_results(scope: &Scope) -> bool {
    scope.caseload() == 0 && scope.region().level() <= RegionLevel::District
}
