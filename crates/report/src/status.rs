//! How the whole installation stands, in one object: what `pilar status` prints.

use access::{House, Scope};
use serde::Serialize;
use store::{JobView, params};

use crate::{Figure, ProgrammeView, Result, Unit, families, programmes, queries};

/// A named count of rows in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    /// What: its words are `report-count-<key>`.
    pub key: &'static str,
    /// How many.
    pub value: i64,
}

/// One received list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListState {
    /// Number of the file.
    pub file_no: i64,
    /// Key of its source.
    pub source: String,
    /// Name as received.
    pub name: String,
    /// The day it was drawn.
    pub as_of: String,
    /// `reading`, `received` or `refused`.
    pub state: String,
    /// Rows read.
    pub rows_read: i64,
    /// Rows that became records.
    pub rows_accepted: i64,
    /// Rows that did not.
    pub rows_rejected: i64,
}

/// The installation as it stands.
#[derive(Debug, Clone, Serialize)]
pub struct StatusView {
    /// Rows of the main tables.
    pub counts: Vec<Count>,
    /// The newest lists, newest first.
    pub lists: Vec<ListState>,
    /// Families and people by the newest closing or registry version.
    pub figures: Vec<Figure>,
    /// Months closed, newest first.
    pub closings: Vec<String>,
    /// Programmes and their money.
    pub programmes: Vec<ProgrammeView>,
    /// The last long works.
    pub jobs: Vec<JobView>,
}

const COUNTED: [&str; 9] = [
    "persons",
    "families",
    "reviews_open",
    "decisions_on_pairs",
    "regions",
    "users",
    "jobs_running",
    "jobs_failed",
    "exceptions_open",
];

/// The whole installation.
///
/// # Errors
/// The store's and the lake's.
pub fn status(house: &House, scope: &Scope) -> Result<StatusView> {
    let figures = match families::total(house, scope)? {
        Some((basis, total)) => vec![
            basis.figure("families", Unit::Families, total.families),
            basis.figure("people", Unit::People, total.people),
            basis.figure("poor", Unit::Families, total.poor),
            basis.figure("ranked", Unit::Families, total.ranked),
        ],
        None => Vec::new(),
    };
    house.db.read(|tx| {
        let row = tx.query_one(&queries::STATUS_COUNTS, params![])?;
        let mut counts = Vec::with_capacity(COUNTED.len());
        for (place, key) in COUNTED.into_iter().enumerate() {
            counts.push(Count { key, value: row.int(place)? });
        }
        let mut lists = Vec::new();
        for row in tx.query(&queries::LISTS, params![])? {
            lists.push(ListState {
                file_no: row.int(0)?,
                source: row.string(1)?,
                name: row.string(2)?,
                as_of: row.string(3)?,
                state: row.string(4)?,
                rows_read: row.int(5)?,
                rows_accepted: row.int(6)?,
                rows_rejected: row.int(7)?,
            });
        }
        let mut closings = Vec::new();
        for row in tx.query(&queries::CLOSINGS, params![])? {
            closings.push(row.string(0)?);
        }
        let programmes = programmes::read(tx, house, scope)?;
        Ok(StatusView { counts, lists, figures, closings, programmes, jobs: store::recent_jobs(tx, 10)? })
    })
}
