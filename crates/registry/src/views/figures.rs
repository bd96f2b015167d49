//! Counts: of a territory for the home page, of its parts for the map, of the registry for `status`.

use access::{House, Scope};
use model::{RegionCode, RegionLevel};
use serde::Serialize;
use store::{Job, JobView, params};

use super::scope_params;
use crate::closing::{self, Closing};
use crate::consolidate::Figures;
use crate::records::{ListName, Lists};
use crate::tools::version_in_force;
use crate::{Error, Result, queries, version};

/// Counts of a territory, or of a caseload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ScopeFigures {
    /// Persons.
    pub persons: i64,
    /// Living persons.
    pub living: i64,
    /// Persons matched with the civil registry.
    pub matched: i64,
    /// Families.
    pub families: i64,
    /// Families with a decile.
    pub ranked: i64,
    /// Version of the registry; 0 before the first.
    pub version: i64,
    /// The last month that was closed.
    pub last_closing: Option<String>,
}

/// Counts of a part of a territory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegionFigures {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Persons.
    pub persons: i64,
    /// Living persons.
    pub living: i64,
    /// Persons matched with the civil registry.
    pub matched: i64,
    /// Families.
    pub families: i64,
    /// Families with a decile.
    pub ranked: i64,
}

/// How the registry stands.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Version in force; 0 before the first.
    pub version: i64,
    /// Its counts.
    pub figures: Option<Figures>,
    /// Lists in force.
    pub lists: Vec<ListName>,
    /// Pairs that wait for a human.
    pub review_open: i64,
    /// Pairs that were put off.
    pub review_later: i64,
    /// Decided pairs that the next consolidation takes in.
    pub decided_waiting: i64,
    /// Urgent reports that the next consolidation takes in.
    pub urgent_waiting: i64,
    /// The last closing.
    pub last_closing: Option<Closing>,
    /// The last or present consolidation.
    pub job: Option<JobView>,
}

/// Counts of the scope.
///
/// # Errors
/// The store's.
pub fn figures(house: &House, scope: &Scope) -> Result<ScopeFigures> {
    let version = version_in_force(house)?;
    house.db.read(|tx| {
        let last_closing = closing::last(tx)?.map(|closing| closing.month);
        if scope.caseload() == 0 {
            let (from, to) = scope.path_range();
            let row = tx.query_one(&queries::COUNTS, params![from, to])?;
            return Ok(ScopeFigures {
                persons: row.int(0)?,
                living: row.int(1)?,
                matched: row.int(2)?,
                families: row.int(3)?,
                ranked: row.int(4)?,
                version,
                last_closing,
            });
        }
        let persons = tx.query_one(&queries::CASELOAD_PERSONS, &scope_params(scope))?;
        let families = tx.query_one(&queries::CASELOAD_FAMILIES, &scope_params(scope))?;
        Ok(ScopeFigures {
            persons: persons.int(0)?,
            living: persons.int(1)?,
            matched: persons.int(2)?,
            families: families.int(0)?,
            ranked: families.int(1)?,
            version,
            last_closing,
        })
    })
}

/// Counts of the parts of a region of the territory, one level down; parts without people are left out.
///
/// # Errors
/// [`Error::NotFound`] for a region outside the territory; the store's.
pub fn by_region(house: &House, scope: &Scope, parent: &RegionCode) -> Result<Vec<RegionFigures>> {
    let narrowed = scope.within(parent).ok_or(Error::NotFound)?;
    let length: i64 = match parent.level() {
        RegionLevel::Nation => 2,
        RegionLevel::Province => 5,
        RegionLevel::District => 8,
        RegionLevel::Subdistrict | RegionLevel::Village => 13,
    };
    let (from, to) = narrowed.path_range();
    house.db.read(|tx| {
        let rows = tx.query(&queries::COUNTS_BY_REGION, params![from, to, length])?;
        let mut regions = Vec::with_capacity(rows.len());
        for row in rows {
            let code = row.string(0)?;
            let name = tx.query_opt(&queries::REGION_NAME, params![&code])?;
            regions.push(RegionFigures {
                name: name.map(|row| row.string(0)).transpose()?.unwrap_or_else(|| code.clone()),
                code,
                persons: row.int(1)?,
                living: row.int(2)?,
                matched: row.int(3)?,
                families: row.int(4)?,
                ranked: row.int(5)?,
            });
        }
        Ok(regions)
    })
}

/// How the registry stands, for the command line and the data centre.
///
/// # Errors
/// The store's and the lake's.
pub fn status(house: &House, _scope: &Scope) -> Result<Status> {
    let version = version_in_force(house)?;
    let persons = house.lake.dataset(&version::name(version, "persons"))?;
    let figures = persons
        .and_then(|persons| persons.manifest().origin.note.get("figures").cloned())
        .and_then(|text| serde_json::from_str(&text).ok());
    let lists = Lists::read(house)?;
    let in_force = lists.names.into_iter().zip(lists.current).filter(|(_, current)| *current);
    let lists = in_force.map(|(name, _)| name).collect();
    house.db.read(|tx| {
        let mut status = Status {
            version,
            figures,
            lists,
            review_open: 0,
            review_later: 0,
            decided_waiting: tx.query_one(&queries::DECISIONS_WAITING, &[])?.int(0)?,
            urgent_waiting: tx.query_one(&queries::URGENT_COUNT, &[])?.int(0)?,
            last_closing: closing::last(tx)?,
            job: Job::view(tx, "consolidate", "registry")?,
        };
        for row in tx.query(&queries::REVIEW_COUNT, params!["", "~"])? {
            match row.int(0)? {
                0 => status.review_open = row.int(1)?,
                3 => status.review_later = row.int(1)?,
                _ => {}
            }
        }
        Ok(status)
    })
}
