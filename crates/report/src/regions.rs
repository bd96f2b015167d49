//! The regions below one region as tiles, each with the same series of figures, and their sum.

use std::collections::BTreeMap;

use access::{House, Scope};
use model::RegionCode;
use serde::Serialize;
use store::{Tx, regions as territory};

use crate::{
    Basis, Error, Money, Result, Unit, families,
    programmes::{self, Cycle, Run},
    tiles,
};

/// A row of figures, one number a tile.
#[derive(Debug, Clone, Serialize)]
pub struct Series {
    /// Key of its words: `report-figure-<key>`.
    pub key: &'static str,
    /// The programme it is about, if it is about one.
    pub programme: Option<String>,
    /// The period, if it is about one.
    pub period: Option<String>,
    /// Of what.
    pub unit: Unit,
    /// On what its numbers stand.
    pub basis: Basis,
}

/// One region.
#[derive(Debug, Clone, Serialize)]
pub struct Tile {
    /// Path.
    pub code: RegionCode,
    /// Name.
    pub name: String,
    /// `provinsi`, `kabupaten`, `kecamatan`, `desa`, …
    pub kind: String,
    /// Column of its tile, from 0.
    pub column: usize,
    /// Row of its tile, from 0.
    pub row: usize,
    /// One number for each series; `None` where nothing is known.
    pub values: Vec<Option<i64>>,
}

/// A region and what lies below it.
#[derive(Debug, Clone, Serialize)]
pub struct RegionsView {
    /// The region looked at; never above the territory of the one who asks.
    pub region: RegionCode,
    /// From the province down to it, as (code, name).
    pub path: Vec<(RegionCode, String)>,
    /// Tiles in a row of the grid.
    pub columns: usize,
    /// What the numbers of each tile are, in order.
    pub series: Vec<Series>,
    /// The regions below, by code.
    pub tiles: Vec<Tile>,
    /// One number for each series, of the whole region.
    pub total: Vec<Option<i64>>,
}

/// One series with its numbers by region code.
struct Row {
    series: Series,
    by_region: BTreeMap<String, i64>,
    total: Option<i64>,
}

/// The regions below `parent`, or below the territory of the one who asks when `parent` lies above it.
///
/// # Errors
/// [`Error::Region`] for a region beside the territory or unknown.
pub fn regions(house: &House, scope: &Scope, parent: &RegionCode) -> Result<RegionsView> {
    let parent = if parent.contains(scope.region()) { scope.region() } else { parent };
    let here = scope.within(parent).ok_or_else(|| Error::Region(parent.to_string()))?;
    let counted = families::by_region(house, &here, parent.level().below().width())?;
    house.db.read(|tx| {
        let path = territory::path(tx, parent)?;
        let mut children = territory::children(tx, parent)?;
        if children.is_empty() {
            let own = territory::find(tx, parent)?;
            children.push(own.ok_or_else(|| Error::Region(parent.to_string()))?);
        }
        let mut rows = counted.map(of_families).unwrap_or_default();
        rows.extend(of_programmes(tx, house, &here)?);
        let count = children.len();
        let tiles = children.into_iter().enumerate().map(|(index, child)| {
            let (column, row) = tiles::place(index, count);
            let values = rows.iter().map(|row| row.by_region.get(child.code.as_str()).copied()).collect();
            Tile { code: child.code, name: child.name, kind: child.kind, column, row, values }
        });
        Ok(RegionsView {
            region: parent.clone(),
            path: path.into_iter().map(|region| (region.code, region.name)).collect(),
            columns: tiles::columns(count),
            tiles: tiles.collect(),
            total: rows.iter().map(|row| row.total).collect(),
            series: rows.into_iter().map(|row| row.series).collect(),
        })
    })
}

fn of_families((basis, counted): (Basis, BTreeMap<String, families::Families>)) -> Vec<Row> {
    let row = |key, unit, number: fn(&families::Families) -> i64| {
        let by_region: BTreeMap<String, i64> =
            counted.iter().map(|(region, families)| (region.clone(), number(families))).collect();
        let series = Series { key, programme: None, period: None, unit, basis: basis.clone() };
        Row { series, total: Some(by_region.values().sum()), by_region }
    };
    vec![
        row("families", Unit::Families, |families| families.families),
        row("people", Unit::People, |families| families.people),
        row("poor", Unit::Families, |families| families.poor),
        row("ranked", Unit::Families, |families| families.ranked),
    ]
}

fn of_programmes(tx: &mut Tx<'_>, house: &House, scope: &Scope) -> Result<Vec<Row>> {
    let runs = programmes::newest_runs(tx)?;
    let mut cycles = programmes::cycles(tx, house, scope)?;
    let mut rows = Vec::new();
    for programme in house.policy.programmes().keys() {
        if let Some(run) = runs.get(programme).filter(|_| scope.caseload() == 0) {
            rows.push(of_run(tx, scope, run)?);
        }
        if let Some(cycle) =
            cycles.remove(programme).and_then(|cycles| cycles.into_iter().find(|cycle| !cycle.planned))
        {
            rows.extend(of_cycle(tx, scope, &cycle)?);
        }
    }
    Ok(rows)
}

fn of_run(tx: &mut Tx<'_>, scope: &Scope, run: &Run) -> Result<Row> {
    let by_region = programmes::eligible_below(tx, scope, run)?;
    let series = Series {
        key: "eligible",
        programme: Some(run.programme.clone()),
        period: Some(run.period.clone()),
        unit: Unit::Families,
        basis: run.basis(scope),
    };
    Ok(Row { series, total: Some(by_region.values().sum()), by_region })
}

fn of_cycle(tx: &mut Tx<'_>, scope: &Scope, cycle: &Cycle) -> Result<Vec<Row>> {
    let by_region =
        programmes::money_below(tx, scope, cycle.cycle_id, scope.region().level().below().width() as i64)?;
    let row = |key, unit, number: &dyn Fn(&Money) -> Result<Option<i64>>| {
        let series = Series {
            key,
            programme: Some(cycle.programme.clone()),
            period: Some(cycle.period.clone()),
            unit,
            basis: cycle.basis.clone(),
        };
        let mut numbers = BTreeMap::new();
        for (region, money) in &by_region {
            if let Some(value) = number(money)? {
                numbers.insert(region.clone(), value);
            }
        }
        Ok::<_, Error>(Row { series, by_region: numbers, total: number(&cycle.money)? })
    };
    Ok(vec![
        row("ordered", Unit::Rupiah, &|money| Ok(Some(money.ordered.idr())))?,
        row("topped_up", Unit::Rupiah, &|money| Ok(Some(money.topped_up.idr())))?,
        row("withdrawn", Unit::Rupiah, &|money| Ok(Some(money.withdrawn.idr())))?,
        row("on_card", Unit::Rupiah, &|money| Ok(Some(money.on_card()?.idr())))?,
        row("problems", Unit::Lines, &|money| Ok(Some(money.problems)))?,
        row("absorption", Unit::Permille, &|money| Ok(money.absorption()?))?,
    ])
}
