//! The day of one worker: what is late, what is due today and what until the end of the week, out of their own tasks.

use std::collections::{BTreeMap, BTreeSet};

use access::{House, Scope};
use jiff::{ToSpan, civil::Date};
use model::FamilyId;
use policy::Transition;
use serde::Serialize;
use store::{Page, params};

use crate::{
    Result, queries,
    service::sees,
    views::{CaseRow, TaskFilter, Why, tasks},
    way::Place,
};

/// Most cases of a day: nobody works through more.
const ROWS: u32 = 200;

/// What one worker has before them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MyDay {
    /// The day, as the house's clock has it.
    pub today: Date,
    /// Last day of the week, a Sunday.
    pub week_ends: Date,
    /// Past the day of their step, longest first.
    pub late: Vec<CaseRow>,
    /// Due today.
    pub due_today: Vec<CaseRow>,
    /// Due later this week, nearest first.
    pub this_week: Vec<CaseRow>,
    /// There is more than is shown.
    pub more: bool,
    /// Numbers of the cases among them whose next step is a visit that this role may make, as their workflows say.
    pub visits: BTreeSet<i64>,
}

/// The tasks of the role of this scope until the end of the week, those that are its own to take on.
///
/// # Errors
/// The store's.
pub fn my_day(house: &House, scope: &Scope) -> Result<MyDay> {
    let today = house.clock.today();
    let left = 7 - i64::from(today.weekday().to_monday_one_offset());
    let week_ends = today.checked_add(left.days()).unwrap_or(today);
    let found = tasks(house, scope, &TaskFilter::default(), &Page::first(ROWS))?;
    let mut day = MyDay {
        today,
        week_ends,
        late: Vec::new(),
        due_today: Vec::new(),
        this_week: Vec::new(),
        visits: BTreeSet::new(),
        more: found.next.is_some() && found.items.last().is_some_and(|last| last.step_due_on <= week_ends),
    };
    for row in found.items.into_iter().filter(|row| row.why == Why::Task && row.step_due_on <= week_ends) {
        let part = match row.step_due_on.cmp(&today) {
            std::cmp::Ordering::Less => &mut day.late,
            std::cmp::Ordering::Equal => &mut day.due_today,
            std::cmp::Ordering::Greater => &mut day.this_week,
        };
        if is_visit(house, scope, &row) {
            day.visits.insert(row.case.0);
        }
        part.push(row);
    }
    Ok(day)
}

/// Whether this role may go to the home of the family as the next step of a case.
fn is_visit(house: &House, scope: &Scope, row: &CaseRow) -> bool {
    let workflow = house.policy.workflow(&row.workflow);
    let visits = |step: &Transition| step.visit && step.by.iter().any(|role| role == scope.role());
    workflow.is_some_and(|workflow| workflow.out_of(&row.state).any(visits))
}

/// Where families live, as far as a photograph of one of their cases says: the newest that was kept, of the cases that the scope sees.
/// It is for putting families in order; a page shows distances and no place.
///
/// # Errors
/// The store's.
pub fn places_of(house: &House, scope: &Scope, families: &[FamilyId]) -> Result<BTreeMap<i64, Place>> {
    let (from, to) = scope.path_range();
    let asked: Vec<_> = families
        .iter()
        .map(|family| (&queries::PLACE_OF_FAMILY, params![*family, from, to, scope.caseload()].to_vec()))
        .collect();
    let found = house.db.read(|tx| tx.query_all(&asked))?;
    let mut places = BTreeMap::new();
    for (family, rows) in families.iter().zip(&found) {
        for row in rows {
            if sees(house, scope, row.text(2)?, row.text(3)?) {
                places.insert(family.0, Place { lat_e4: row.int(0)?, lon_e4: row.int(1)? });
                break;
            }
        }
    }
    Ok(places)
}
