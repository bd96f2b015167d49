//! The records behind a person: canonical values by record id, the raw rows, and the lists that they stand
//! in.

use std::collections::BTreeMap;

use access::House;
use arrow_array::{Array, RecordBatch};
use model::RecordId;
use policy::Label;
use serde::Serialize;
use store::params;

use crate::golden::Standing;
use crate::show::masked_cell;
use crate::version::{int32, int64, text};
use crate::{Error, Result, load, queries};

/// A received list, as a page names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListName {
    /// Number of the file.
    pub file: i64,
    /// Key of the source.
    pub source: String,
    /// Name of the source.
    pub label: Label,
    /// Name of the file.
    pub name: String,
    /// The date for which it speaks.
    pub as_of: String,
}

/// A row as it was received. Personal numbers are masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RawRow {
    /// Sheet of a workbook.
    pub sheet: Option<String>,
    /// Line, as the file's own program counts it.
    pub line: i64,
    /// Header and cell, in the order of the file.
    pub cells: Vec<(String, String)>,
}

/// Canonical columns of records, ascending by record id. Ids that no list has are left out.
pub(crate) fn records(house: &House, ids: &[i64], columns: &[&str]) -> Result<Option<RecordBatch>> {
    let mut wanted = vec!["record_id", "line"];
    wanted.extend(columns);
    let mut parts = Vec::new();
    for (file, ids) in by_file(ids) {
        let Some(dataset) = house.lake.dataset(&format!("records/{file}"))? else { continue };
        parts.push(dataset.lookup("record_id", &ids, &wanted)?);
    }
    let Some(first) = parts.first() else { return Ok(None) };
    Ok(Some(arrow_select::concat::concat_batches(&first.schema(), &parts)?))
}

/// The raw rows of records, by record id.
pub(crate) fn raw_rows(house: &House, ids: &[i64]) -> Result<BTreeMap<i64, RawRow>> {
    let mut rows = BTreeMap::new();
    for (file, ids) in by_file(ids) {
        let Some(dataset) = house.lake.dataset(&format!("raw/{file}"))? else { continue };
        let header = dataset.manifest().origin.note.get("header").cloned().unwrap_or_default();
        let header: Vec<&str> = header.split('\u{1f}').collect();
        let found = dataset.lookup("record_id", &ids, &["record_id", "line", "sheet", "cells"])?;
        let (id, line) = (int64(&found, "record_id")?, int32(&found, "line")?);
        let (sheet, cells) = (text(&found, "sheet")?, text(&found, "cells")?);
        for row in 0..found.num_rows() {
            let cells = cells.value(row).split('\u{1f}').enumerate();
            let named = |(at, cell): (usize, &str)| {
                let name = header.get(at).map_or_else(|| format!("#{}", at + 1), |name| (*name).to_owned());
                (name, masked_cell(cell))
            };
            let raw = RawRow {
                sheet: sheet.is_valid(row).then(|| sheet.value(row).to_owned()),
                line: i64::from(line.value(row)),
                cells: cells.map(named).collect(),
            };
            rows.insert(id.value(row), raw);
        }
    }
    Ok(rows)
}

fn by_file(ids: &[i64]) -> BTreeMap<u32, Vec<i64>> {
    let mut files: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    for &id in ids {
        files.entry(RecordId(id).file()).or_default().push(id);
    }
    files
}

/// All accepted lists of people with their standing and whether they are in force.
#[derive(Debug)]
pub(crate) struct Lists {
    /// Standing of each, ascending by file.
    pub(crate) standings: Vec<Standing>,
    /// Name of each.
    pub(crate) names: Vec<ListName>,
    /// In force.
    pub(crate) current: Vec<bool>,
}

impl Lists {
    /// Reads them.
    pub(crate) fn read(house: &House) -> Result<Self> {
        let rows = house.db.read(|tx| tx.query(&queries::LIST_NAMES, params![]))?;
        let mut lists = Self { standings: Vec::new(), names: Vec::new(), current: Vec::new() };
        for row in rows {
            let (file, key, name) = (row.int(0)?, row.string(1)?, row.string(2)?);
            let as_of = row.date(3)?;
            let Some(source) = house.policy.source(&key) else {
                return Err(Error::UnknownSource { file, source_key: key });
            };
            lists.standings.push(load::standing(house, file as u32, source, Some(model::epoch_days(as_of))));
            let (label, as_of) = (source.label.clone(), as_of.to_string());
            lists.names.push(ListName { file, source: key, label, name, as_of });
        }
        lists.current = load::in_force(house, &lists.standings);
        Ok(lists)
    }

    /// The place of a record's list.
    pub(crate) fn place_of(&self, record: i64) -> Option<usize> {
        self.standings.binary_search_by_key(&RecordId(record).file(), |standing| standing.file).ok()
    }
}
