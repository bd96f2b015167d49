//! The territory: regions as paths, their names, and the codes of other systems and older editions that resolve to them.

use model::{RegionCode, RegionLevel};
use serde::{Deserialize, Serialize};

use crate::{Result, Row, Tx, Value, params, sql};

sql! {
    pub(crate) UPSERT = "INSERT INTO region (code, parent, level, kind, name, postal_code, edition)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (code) DO UPDATE SET parent = excluded.parent, level = excluded.level, kind = excluded.kind,
            name = excluded.name, postal_code = excluded.postal_code, edition = excluded.edition";
    COUNT = "SELECT COUNT(*) FROM region WHERE edition = $1";
    ANY = "SELECT COUNT(*) FROM (SELECT code FROM region LIMIT 1) one";
    FIND = "SELECT code, parent, level, kind, name, postal_code, edition FROM region WHERE code = $1";
    CHILDREN = "SELECT code, parent, level, kind, name, postal_code, edition FROM region
        WHERE parent = $1 ORDER BY code";
    WITHIN = "SELECT code, parent, level, kind, name, postal_code, edition FROM region
        WHERE code >= $1 AND code < $2 AND level = $3 ORDER BY code";
    CODES = "SELECT code FROM region ORDER BY code";
    ALIAS = "SELECT region_code FROM region_alias WHERE system = $1 AND code = $2 ORDER BY edition DESC LIMIT 1";
    ADD_ALIAS = "INSERT INTO region_alias (system, code, edition, region_code, name, basis)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (system, code, edition) DO NOTHING";
}

const COLUMNS: &[&str] = &["code", "parent", "level", "kind", "name", "postal_code", "edition"];

/// One region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Dotted path.
    pub code: RegionCode,
    /// The region above; empty for a province.
    pub parent: RegionCode,
    /// 1 province, 2 district, 3 subdistrict, 4 village.
    pub level: i64,
    /// `provinsi`, `kabupaten`, `kota`, `kecamatan`, `desa`, `kelurahan`, …
    pub kind: String,
    /// Name as in the decree.
    pub name: String,
    /// Villages only.
    pub postal_code: Option<String>,
    /// Which list it came from.
    pub edition: String,
}

/// A code of another system or an older edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// `kemendagri`, `bps`, …
    pub system: String,
    /// The code as written there.
    pub code: String,
    /// Edition of that list.
    pub edition: String,
    /// The region it stands for today.
    pub region: RegionCode,
    /// Its name there.
    pub name: Option<String>,
    /// How the link is known.
    pub basis: String,
}

/// Loads a list of regions. Codes that are there already are replaced; an empty table is loaded in bulk.
pub fn load(tx: &mut Tx<'_>, regions: &[Region]) -> Result<u64> {
    let rows = regions.iter().map(|r| {
        let (code, parent) = (Value::from(&r.code), Value::from(&r.parent));
        let postal_code = Value::from(r.postal_code.as_deref());
        vec![
            code,
            parent,
            r.level.into(),
            (&r.kind).into(),
            (&r.name).into(),
            postal_code,
            (&r.edition).into(),
        ]
    });
    if tx.query_one(&ANY, &[])?.int(0)? == 0 {
        tx.bulk("region", COLUMNS, rows)
    } else {
        tx.execute_many(&UPSERT, rows)
    }
}

/// Adds codes of other systems or editions; those that are there stay.
pub fn load_aliases(tx: &mut Tx<'_>, aliases: &[Alias]) -> Result<u64> {
    let rows = aliases
        .iter()
        .map(|a| params![&a.system, &a.code, &a.edition, &a.region, a.name.as_deref(), &a.basis].to_vec());
    tx.execute_many(&ADD_ALIAS, rows)
}

/// How many regions an edition has.
pub fn count(tx: &mut Tx<'_>, edition: &str) -> Result<i64> {
    tx.query_one(&COUNT, params![edition])?.int(0)
}

/// One region.
pub fn find(tx: &mut Tx<'_>, code: &RegionCode) -> Result<Option<Region>> {
    tx.query_opt(&FIND, params![code])?.as_ref().map(region).transpose()
}

/// The regions right below, by code; those of the nation are the provinces.
pub fn children(tx: &mut Tx<'_>, parent: &RegionCode) -> Result<Vec<Region>> {
    tx.query(&CHILDREN, params![parent])?.iter().map(region).collect()
}

/// All regions of a level within one, by code.
pub fn within(tx: &mut Tx<'_>, inside: &RegionCode, level: RegionLevel) -> Result<Vec<Region>> {
    let (from, to) = inside.path_range();
    let level = level as i64;
    tx.query(&WITHIN, params![from, to, level])?.iter().map(region).collect()
}

/// Every code, sorted: for checks over a whole list.
pub fn codes(tx: &mut Tx<'_>) -> Result<Vec<String>> {
    tx.query(&CODES, &[])?.iter().map(|row| row.string(0)).collect()
}

/// The names from the province down to `code`, for a line such as `Desa A, Kec. B, Kab. C`.
pub fn path(tx: &mut Tx<'_>, code: &RegionCode) -> Result<Vec<Region>> {
    let mut found = Vec::with_capacity(4);
    let mut at = Some(code.clone());
    while let Some(code) = at.filter(|code| !code.as_str().is_empty()) {
        found.extend(find(tx, &code)?);
        at = code.parent();
    }
    found.reverse();
    Ok(found)
}

/// The present code of a code of any edition or system; itself when it is present.
pub fn resolve(tx: &mut Tx<'_>, system: &str, code: &str) -> Result<Option<RegionCode>> {
    if let Ok(plain) = RegionCode::parse(code)
        && system == "kemendagri"
        && find(tx, &plain)?.is_some()
    {
        return Ok(Some(plain));
    }
    tx.query_opt(&ALIAS, params![system, code])?.map(|row| row.region(0)).transpose()
}

fn region(row: &Row) -> Result<Region> {
    Ok(Region {
        code: row.region(0)?,
        parent: row.region(1)?,
        level: row.int(2)?,
        kind: row.string(3)?,
        name: row.string(4)?,
        postal_code: row.opt_string(5)?,
        edition: row.string(6)?,
    })
}
