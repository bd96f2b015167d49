//! The calendar of a worker: how many steps are due on each day of some weeks, and which; the list of cases that stands on the page of
//! another. In: a scope and days; out: counts by day and workflow, rows of cases.
//!
//! What counts is the role's own, in its territory or caseload: given to nobody, or to the person who asks. Never here: what was given
//! to somebody else, and what a role is only told of.

use std::collections::BTreeMap;

use access::{House, Scope};
use jiff::civil::Date;
use model::UserId;
use policy::Label;
use serde::Serialize;
use store::{Page, Paged, Row, params};

use crate::{
    Result,
    assign::Person,
    queries, service,
    views::{CaseRow, Reach, Why, case_row, tasks_between},
};

/// Most steps of a day that are counted for a province or the nation; beyond, a day says "more than".
pub const DAY_MAX: i64 = 1_000;
/// Rows read at once, and how often at most.
const ROWS: u32 = 200;
const READS: usize = 10;
/// Cases in a list on the page of another.
const LISTED: i64 = 100;

/// Steps that are due on a day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DaySteps {
    /// All of them.
    pub steps: i64,
    /// Of them, given to the person who asks.
    pub given: i64,
    /// How many of each workflow, by its key.
    pub by_workflow: BTreeMap<String, i64>,
    /// There are more than were counted.
    pub more: bool,
}

impl DaySteps {
    fn add(&mut self, workflow: String, steps: i64, given: i64) {
        self.steps += steps;
        self.given += given;
        *self.by_workflow.entry(workflow).or_default() += steps;
    }
}

/// Steps that are due from the first day to the last, by day; days without any are left out.
///
/// # Errors
/// The store's.
pub fn steps_by_day(
    house: &House,
    scope: &Scope,
    (first, last): (Date, Date),
) -> Result<BTreeMap<Date, DaySteps>> {
    let mut days: BTreeMap<Date, DaySteps> = BTreeMap::new();
    let (from, to) = scope.path_range();
    if Reach::of(scope) == Reach::Wide {
        // Day by day within the order of days, each until the bound.
        let asked = days_between(first, last).map(|day| {
            let asked = params![scope.role(), day.to_string(), from, to, scope.actor(), DAY_MAX + 1];
            (day, asked.to_vec())
        });
        let asked: Vec<_> = asked.collect();
        let statements: Vec<_> =
            asked.iter().map(|(_, asked)| (&queries::CALENDAR_WIDE, asked.clone())).collect();
        let found = house.db.read(|tx| tx.query_all(&statements))?;
        for ((day, _), rows) in asked.iter().zip(&found).filter(|(_, rows)| !rows.is_empty()) {
            let of_day = days.entry(*day).or_default();
            for row in rows {
                of_day.add(row.string(0)?, row.int(1)?, row.int(2)?);
            }
            of_day.more = of_day.steps > DAY_MAX;
        }
        return Ok(days);
    }
    let mut asked =
        params![scope.role(), first.to_string(), last.to_string(), from, to, scope.actor()].to_vec();
    let statement = if Reach::of(scope) == Reach::Own {
        asked.push(scope.caseload().into());
        &queries::CALENDAR_OWN
    } else {
        &queries::CALENDAR_NEAR
    };
    for row in house.db.read(|tx| tx.query(statement, &asked))? {
        days.entry(row.date(0)?).or_default().add(row.string(1)?, row.int(2)?, row.int(3)?);
    }
    Ok(days)
}

/// The first steps of each day, at most so many, in the order of their cases; days without any are left out. Which ones: those that
/// [`steps_by_day`] counts.
///
/// # Errors
/// The store's.
pub fn first_steps(
    house: &House,
    scope: &Scope,
    (first, last): (Date, Date),
    each: i64,
) -> Result<BTreeMap<Date, Vec<CaseRow>>> {
    let (from, to) = scope.path_range();
    let (role, actor) = (scope.role(), scope.actor());
    let statements: Vec<_> = match Reach::of(scope) {
        Reach::Wide => days_between(first, last)
            .map(|day| (&queries::DAY_WIDE, params![role, day.to_string(), from, to, actor, each].to_vec()))
            .collect(),
        reach => {
            let mut asked =
                params![role, first.to_string(), last.to_string(), from, to, actor, each].to_vec();
            let statement = if reach == Reach::Own {
                asked.push(scope.caseload().into());
                &queries::DAYS_OWN
            } else {
                &queries::DAYS_NEAR
            };
            vec![(statement, asked)]
        }
    };
    let found = house.db.read(|tx| tx.query_all(&statements))?;
    let mut days: BTreeMap<Date, Vec<CaseRow>> = BTreeMap::new();
    for row in found.iter().flatten() {
        let given = row.opt_int(17)?.map(|user| Person {
            user: UserId(user),
            name: scope.actor_name().to_owned(),
            role: String::new(),
        });
        let case = CaseRow { assignee: given, ..case_row(house, row)? };
        days.entry(case.step_due_on).or_default().push(case);
    }
    Ok(days)
}

/// Steps of one day, page by page, as [`first_steps`] gives the first of them. A page may hold fewer than asked for: what was given to
/// others is taken out of it.
///
/// # Errors
/// The store's; a mark that is none.
pub fn steps_of_day(house: &House, scope: &Scope, day: Date, page: &Page) -> Result<Paged<CaseRow>> {
    let mut found = tasks_between(house, scope, page, (day, day))?;
    found.items.retain(|row| is_mine(row, scope));
    Ok(found)
}

/// Days from the first to the last.
fn days_between(first: Date, last: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |day| day.tomorrow().ok()).take_while(move |day| *day <= last)
}

/// The steps themselves that are due from the first day to the last, nearest first, and whether there are more than are shown.
///
/// # Errors
/// The store's.
pub fn steps_due(house: &House, scope: &Scope, days: (Date, Date)) -> Result<(Vec<CaseRow>, bool)> {
    let mut found = Vec::new();
    let mut page = Page::first(ROWS);
    for _ in 0..READS {
        let read = tasks_between(house, scope, &page, days)?;
        found.extend(read.items.into_iter().filter(|row| is_mine(row, scope)));
        let Some(after) = read.next else { return Ok((found, false)) };
        page.after = Some(after);
    }
    Ok((found, true))
}

/// A step of the role that was given to nobody, or to the person who asks.
fn is_mine(row: &CaseRow, scope: &Scope) -> bool {
    let person = row.assignee.as_ref();
    row.why == Why::Task && person.is_none_or(|person| person.user == scope.actor())
}

/// The open cases that the workflow of this one lists, of the same territory, longest open first; what the list is called.
///
/// # Errors
/// The store's.
pub fn listed(house: &House, scope: &Scope, case: &CaseRow) -> Result<Option<(Label, Vec<CaseRow>)>> {
    let workflow = service::find(house, &case.workflow)?;
    let Some((listed, label)) = &workflow.lists else { return Ok(None) };
    let ((from, to), (near, far)) = (scope.path_range(), case.region.path_range());
    let asked = params![listed, near, far, from, to, scope.caseload(), LISTED];
    let rows = house.db.read(|tx| tx.query(&queries::LISTED, asked))?;
    let may_see = |row: &&Row| {
        let key = row.text(2).unwrap_or_default();
        service::sees(house, scope, key, row.text(16).unwrap_or_default())
    };
    let rows = rows.iter().filter(may_see).map(|row| case_row(house, row)).collect::<Result<Vec<_>>>()?;
    Ok(Some((label.clone(), rows)))
}
