//! The day of one worker: what is late, what is due today and what until the end of the week, out of their own tasks.

use access::{House, Scope};
use jiff::{ToSpan, civil::Date};
use serde::Serialize;
use store::Page;

use crate::{
    Result,
    views::{CaseRow, TaskFilter, Why, tasks},
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
        more: found.next.is_some() && found.items.last().is_some_and(|last| last.step_due_on <= week_ends),
    };
    for row in found.items.into_iter().filter(|row| row.why == Why::Task && row.step_due_on <= week_ends) {
        let part = match row.step_due_on.cmp(&today) {
            std::cmp::Ordering::Less => &mut day.late,
            std::cmp::Ordering::Equal => &mut day.due_today,
            std::cmp::Ordering::Greater => &mut day.this_week,
        };
        part.push(row);
    }
    Ok(day)
}
