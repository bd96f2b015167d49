//! Devices handed over: three counts that are never one. Hand-overs are rows; people of a programme are counted once each; people
//! overall are counted once each however many programmes they were helped by, so the last is never the sum of the others.

use access::{House, Scope};
use model::Rupiah;
use serde::Serialize;
use store::{Tx, params};

use crate::{Basis, Result, queries};

/// One programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandoverCount {
    /// Key of the programme.
    pub programme: String,
    /// Items handed over.
    pub handovers: i64,
    /// Distinct people who got any.
    pub people: i64,
    /// Value of all items.
    pub value: Rupiah,
}

/// All programmes within a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandoversView {
    /// By key.
    pub programmes: Vec<HandoverCount>,
    /// Items handed over.
    pub handovers: i64,
    /// Distinct people overall.
    pub people: i64,
    /// Value of all items.
    pub value: Rupiah,
    /// On what the counts stand.
    pub basis: Basis,
}

/// Counts hand-overs within the scope, of one year or of all.
///
/// # Errors
/// The store's; money out of range.
pub fn handovers(house: &House, scope: &Scope, year: Option<i16>) -> Result<HandoversView> {
    house.db.read(|tx| read(tx, house, scope, year))
}

/// Years in which anything was handed over, oldest first.
///
/// # Errors
/// The store's.
pub fn handover_years(house: &House) -> Result<Vec<i16>> {
    let rows = house.db.read(|tx| tx.query(&queries::HANDOVER_YEARS, &[]))?;
    let years = rows.iter().map(|row| row.text(0).map(|year| year.parse::<i16>().ok()));
    Ok(years.collect::<Result<Vec<_>, store::Error>>()?.into_iter().flatten().collect())
}

pub(crate) fn read(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    year: Option<i16>,
) -> Result<HandoversView> {
    let (from, to) = scope.path_range();
    let (first, end) = match year {
        Some(year) => (format!("{year:04}-01-01"), format!("{:04}-01-01", year.saturating_add(1))),
        None => ("0000".to_owned(), "9999".to_owned()),
    };
    let within = params![from, to, first.as_str(), end.as_str(), scope.caseload()];
    let mut programmes = Vec::new();
    for row in tx.query(&queries::HANDOVERS, within)? {
        programmes.push(HandoverCount {
            programme: row.string(0)?,
            handovers: row.int(1)?,
            people: row.int(2)?,
            value: row.rupiah(3)?,
        });
    }
    Ok(HandoversView {
        handovers: programmes.iter().map(|one| one.handovers).sum(),
        people: tx.query_one(&queries::HANDOVER_PEOPLE, within)?.int(0)?,
        value: Rupiah::sum(programmes.iter().map(|one| one.value))?,
        programmes,
        basis: Basis::living(house, scope, "handover", ""),
    })
}
