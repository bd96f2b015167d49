//! A list beside its ceilings: the most places that its rule gives the whole country, and the money that the budget of its year has for
//! the programme in the version of the day. What is over is told before anybody approves; whether it may be approved is a setting.
//!
//! A family fits while the money lasts: those that keep their aid first, then by rank in their region's quota (the first of every region,
//! then the second), by decile where there is none, and by number.

use access::House;
use arrow_array::{
    Array,
    cast::AsArray,
    types::{Int8Type, Int32Type},
};
use jiff::civil::{Date, date};
use model::Period;
use policy::{BudgetLine, Recipient};
use serde::Serialize;
use store::params;

use crate::{DecisionRun, Error, FamilyOutcome, Result, columns::int64, queries};

/// What a ceiling counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CeilingOf {
    /// Families or persons, as the rule says.
    Places,
    /// Rupiah of a fiscal year.
    Money,
}

/// A list beside one ceiling. Numbers are places, or rupiah.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CeilingView {
    /// What it counts.
    pub of: CeilingOf,
    /// Whose budget it is (`budget-scope-` are its words); empty for places.
    pub scope: String,
    /// The day of the version in force; none for places.
    pub valid_from: Option<String>,
    /// The ceiling, less what is blocked.
    pub ceiling: i64,
    /// Taken by approved lists of other periods of the same year; nothing for places.
    pub before: i64,
    /// Taken by this list.
    pub list: i64,
    /// What is over the ceiling; 0 when it fits.
    pub over: i64,
    /// When it is over: families of the list that fit.
    pub fits: Option<i64>,
}

/// A run's list beside every ceiling that is known for it. Empty where no source states one.
///
/// # Errors The lake's and the database's.
pub fn ceilings(house: &House, run: &DecisionRun) -> Result<Vec<CeilingView>> {
    let broken = |why: &str| Error::BrokenRun { run: run.run.clone(), why: why.to_owned() };
    let period: Period = run.period.parse().map_err(|_| broken("its period is none"))?;
    let Some(programme) = house.policy.programme(&run.programme) else { return Ok(Vec::new()) };
    let mut views = Vec::new();
    let version = programme.versions.iter().find(|version| version.key == run.version);
    if let Some(most) = version.and_then(|version| version.quota.as_ref()?.ceiling) {
        let families = run.totals.eligible.saturating_add(run.totals.kept);
        let list = match programme.recipient {
            Recipient::Person => people_of(house, run)?.unwrap_or(families),
            _ => families,
        };
        let ceiling = i64::try_from(most).unwrap_or(i64::MAX);
        views.push(CeilingView {
            of: CeilingOf::Places,
            scope: String::new(),
            valid_from: None,
            ceiling,
            before: 0,
            list,
            over: (list - ceiling).max(0),
            fits: None,
        });
    }
    let year = period.first_day().year();
    let today = house.clock.today();
    // A year that is over has the ceiling of its last day.
    let on = today.min(last_day(year)).max(date(year, 1, 1));
    let lines = house.policy.budgets().of_year(year).filter(|line| line.key.programme == run.programme);
    let lines: Vec<&BudgetLine> = lines.collect();
    if !lines.is_empty() {
        let before = approved_in(house, run, year)?;
        views.extend(lines.iter().filter_map(|line| beside(line, on, before, run.totals.amount_idr.idr())));
    }
    if views.iter().any(|view| view.over > 0) {
        let order = in_order(house, run)?;
        for view in views.iter_mut().filter(|view| view.over > 0) {
            view.fits = Some(fitting(view, &order));
        }
    }
    Ok(views)
}

fn last_day(year: i16) -> Date {
    date(year, 12, 31)
}

fn beside(line: &BudgetLine, on: Date, before: i64, list: i64) -> Option<CeilingView> {
    let version = line.ceiling_on(on)?;
    let ceiling = version.ceiling.idr() - version.blocked.map_or(0, model::Rupiah::idr);
    let over = i128::from(before) + i128::from(list) - i128::from(ceiling);
    Some(CeilingView {
        of: CeilingOf::Money,
        scope: line.key.scope.clone(),
        valid_from: Some(version.valid_from.to_string()),
        ceiling,
        before,
        list,
        over: i64::try_from(over.max(0)).unwrap_or(i64::MAX),
        fits: None,
    })
}

/// What approved lists of other periods of the year give.
fn approved_in(house: &House, run: &DecisionRun, year: i16) -> Result<i64> {
    let asked = params![&run.programme, date(year, 1, 1), last_day(year), &run.period];
    Ok(house.db.read(|tx| tx.query_one(&queries::APPROVED_OF_YEAR, asked)?.int(0))?)
}

/// Persons who count, where the programme has components; the members of families that receive.
fn people_of(house: &House, run: &DecisionRun) -> Result<Option<i64>> {
    let rows = house.db.read(|tx| tx.query(&queries::COMPONENTS, params![&run.run]))?;
    let counted = rows.iter().map(|row| row.int(2)).collect::<Result<Vec<i64>, _>>()?;
    Ok((!counted.is_empty()).then(|| counted.into_iter().sum()))
}

/// Amounts of the families that receive, in the order in which they fit.
fn in_order(house: &House, run: &DecisionRun) -> Result<Vec<i64>> {
    const COLUMNS: [&str; 5] = ["family_id", "decile", "outcome", "amount_idr", "quota_place"];
    let list = house.lake.require(&run.dataset)?;
    let mut order: Vec<(i32, i32, i64, i64)> = Vec::new();
    for batch in list.read(&COLUMNS)? {
        let batch = batch?;
        let broken = || Error::BrokenRun { run: run.run.clone(), why: "its list cannot be read".to_owned() };
        let column = |name: &str| batch.column_by_name(name).ok_or_else(broken);
        let outcomes = column("outcome")?.as_primitive_opt::<Int8Type>().ok_or_else(broken)?;
        let deciles = column("decile")?.as_primitive_opt::<Int32Type>().ok_or_else(broken)?;
        let ranks = column("quota_place")?.as_primitive_opt::<Int32Type>().ok_or_else(broken)?;
        let (ids, amounts) = (int64(&batch, "family_id")?, int64(&batch, "amount_idr")?);
        for row in 0..batch.num_rows() {
            let kept = match FamilyOutcome::from_code(outcomes.value(row).into()) {
                Some(FamilyOutcome::Kept) => 0,
                Some(FamilyOutcome::Eligible) => 1,
                _ => continue,
            };
            let by = |column: &arrow_array::Int32Array| {
                if column.is_valid(row) { column.value(row) } else { i32::MAX }
            };
            let rank = if ranks.is_valid(row) { by(ranks) } else { by(deciles) };
            order.push((kept, if kept == 0 { 0 } else { rank }, ids.value(row), amounts.value(row)));
        }
    }
    order.sort_unstable();
    Ok(order.into_iter().map(|(.., amount)| amount).collect())
}

/// How many families, in their order, stay within a ceiling.
fn fitting(view: &CeilingView, order: &[i64]) -> i64 {
    let mut left = i128::from(view.ceiling) - i128::from(view.before);
    let mut fit = 0;
    for amount in order {
        left -= match view.of {
            CeilingOf::Places => 1,
            CeilingOf::Money => i128::from(*amount),
        };
        if left < 0 {
            break;
        }
        fit += 1;
    }
    fit
}
