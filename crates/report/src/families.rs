//! Families by village and decile, counted once for each closing and kept.
//!
//! In: the families of a closing (or of the newest registry version while nothing is closed). Out: counts
//! by village. A dataset is named by its content, so what was counted from it stays right: the counts of
//! the last few datasets are kept in memory. Never: a count of families on whom the scope gives no right; a
//! caseload is counted family by family from the database.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use access::{House, Scope};
use arrow_array::{Array, RecordBatch, cast::AsArray, types::Int32Type};
use lake::{Dataset, Lake};
use store::params;

use crate::{Basis, Error, Result, figure::instant, queries};

/// Datasets whose counts are kept.
const KEPT: usize = 8;

/// Families of one place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Families {
    pub(crate) families: i64,
    /// Living members.
    pub(crate) people: i64,
    /// Families of deciles 1 to 4.
    pub(crate) poor: i64,
    /// Families with any decile.
    pub(crate) ranked: i64,
}

type ByVillage = BTreeMap<String, Families>;

static COUNTED: Mutex<VecDeque<(String, Arc<ByVillage>)>> = Mutex::new(VecDeque::new());

impl Families {
    fn note(&mut self, size: i64, decile: Option<i64>) {
        self.families += 1;
        self.people += size;
        self.ranked += i64::from(decile.is_some());
        self.poor += i64::from(decile.is_some_and(|decile| (1..=4).contains(&decile)));
    }

    fn add(&mut self, other: &Self) {
        self.families += other.families;
        self.people += other.people;
        self.poor += other.poor;
        self.ranked += other.ranked;
    }
}

/// Families by the region at `width` characters of the path, and what the counts stand on; `None` while
/// there is no registry.
pub(crate) fn by_region(
    house: &House,
    scope: &Scope,
    width: usize,
) -> Result<Option<(Basis, BTreeMap<String, Families>)>> {
    if scope.caseload() != 0 {
        return assigned(house, scope, width).map(Some);
    }
    let Some((basis, dataset)) = newest(house, scope)? else { return Ok(None) };
    let counted = count_once(&dataset)?;
    let (from, to) = scope.path_range();
    let mut out: BTreeMap<String, Families> = BTreeMap::new();
    for (village, families) in counted.range(from.to_owned()..to.to_owned()) {
        out.entry(cut(village, width)).or_default().add(families);
    }
    Ok(Some((basis, out)))
}

/// All families of the scope together.
pub(crate) fn total(house: &House, scope: &Scope) -> Result<Option<(Basis, Families)>> {
    let Some((basis, counted)) = by_region(house, scope, 0)? else { return Ok(None) };
    Ok(Some((
        basis,
        counted.values().fold(Families::default(), |mut sum, part| {
            sum.add(part);
            sum
        }),
    )))
}

fn cut(region: &str, width: usize) -> String {
    region.get(..width.min(region.len())).unwrap_or_default().to_owned()
}

/// The families dataset that figures stand on.
fn newest(house: &House, scope: &Scope) -> Result<Option<(Basis, Dataset)>> {
    let closing = house.db.read(|tx| tx.query_opt(&queries::CLOSING_LAST, &[]))?;
    let (name, as_of) = match closing {
        Some(row) => (format!("closing/{}/families", row.text(0)?), Some(row.string(1)?)),
        None => match newest_version(&house.lake)? {
            Some(name) => (name, None),
            None => return Ok(None),
        },
    };
    let Some(dataset) = house.lake.dataset(&name)? else { return Ok(None) };
    let manifest = dataset.manifest();
    let basis = Basis {
        region: scope.region().clone(),
        caseload: false,
        as_of: as_of.unwrap_or_else(|| instant(manifest.made_at_ms)),
        source: name,
        hash: manifest.hash.clone(),
    };
    Ok(Some((basis, dataset)))
}

/// Name of the families of the newest whole registry version: one whose persons stand.
fn newest_version(lake: &Lake) -> Result<Option<String>> {
    let number = |name: &str| name.strip_prefix("registry/")?.strip_suffix("/persons")?.parse::<i64>().ok();
    let newest = lake.list("registry/")?.iter().filter_map(|manifest| number(&manifest.name)).max();
    Ok(newest.map(|number| format!("registry/{number}/families")))
}

fn count_once(dataset: &Dataset) -> Result<Arc<ByVillage>> {
    let hash = &dataset.manifest().hash;
    let kept = || COUNTED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, counted)) = kept().iter().find(|(key, _)| key == hash) {
        return Ok(Arc::clone(counted));
    }
    let counted = Arc::new(count(dataset)?);
    let mut kept = kept();
    kept.truncate(KEPT - 1);
    kept.push_front((hash.clone(), Arc::clone(&counted)));
    Ok(counted)
}

fn count(dataset: &Dataset) -> Result<ByVillage> {
    let ranked = dataset.schema().index_of("decile").is_ok();
    let columns: &[&str] = if ranked { &["region", "size", "decile"] } else { &["region", "size"] };
    let mut out = ByVillage::new();
    for batch in dataset.read(columns)? {
        add_batch(&mut out, &batch?, ranked)
            .map_err(|column| Error::Damaged { dataset: dataset.manifest().name.clone(), column })?;
    }
    Ok(out)
}

fn add_batch(out: &mut ByVillage, batch: &RecordBatch, ranked: bool) -> Result<(), &'static str> {
    let regions = batch.column(0).as_string_opt::<i32>().ok_or("region")?;
    let sizes = batch.column(1).as_primitive_opt::<Int32Type>().ok_or("size")?;
    let deciles =
        if ranked { Some(batch.column(2).as_primitive_opt::<Int32Type>().ok_or("decile")?) } else { None };
    for row in 0..batch.num_rows() {
        let region = if regions.is_valid(row) { regions.value(row) } else { "" };
        let size = if sizes.is_valid(row) { i64::from(sizes.value(row)) } else { 0 };
        let decile =
            deciles.filter(|deciles| deciles.is_valid(row)).map(|deciles| i64::from(deciles.value(row)));
        match out.get_mut(region) {
            Some(families) => families.note(size, decile),
            None => out.entry(region.to_owned()).or_default().note(size, decile),
        }
    }
    Ok(())
}

/// The families assigned to the one who asks, from the serving copy.
fn assigned(house: &House, scope: &Scope, width: usize) -> Result<(Basis, BTreeMap<String, Families>)> {
    let (from, to) = scope.path_range();
    let rows =
        house.db.read(|tx| tx.query(&queries::FAMILIES_ASSIGNED, params![from, to, scope.caseload()]))?;
    let mut out: BTreeMap<String, Families> = BTreeMap::new();
    for row in rows {
        out.entry(cut(row.text(0)?, width)).or_default().note(row.int(1)?, row.opt_int(2)?);
    }
    Ok((Basis::living(house, scope, "family", ""), out))
}
