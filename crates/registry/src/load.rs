//! Which lists take part in a consolidation, and their columns.
//!
//! In: the received lists as the database knows them, `records/<file>` in the lake, the sources of the policy
//! pack. Out: the lists in order of file number with their standing, and any canonical column of them.
//! Missing columns are null: a list says what it says.

use std::sync::Arc;

use access::House;
use arrow_array::{Array, ArrayRef, new_null_array};
use arrow_schema::DataType;
use lake::Dataset;
use policy::{ColumnType, SourceKind, Subject};
use rayon::prelude::*;
use store::params;

use crate::golden::{Standing, Trust};
use crate::{Error, Result, queries};

/// One accepted list of people.
#[derive(Debug, Clone)]
pub struct List {
    /// What survivorship needs to know.
    pub standing: Standing,
    /// Whether its values are in force: the newest of its source, or of a source whose lists add up.
    pub current: bool,
    /// Its records.
    pub dataset: Dataset,
}

impl List {
    /// Content hash of its records.
    pub fn hash(&self) -> &str {
        &self.dataset.manifest().hash
    }

    /// How many records.
    pub fn rows(&self) -> usize {
        self.dataset.rows() as usize
    }
}

/// A canonical column as consolidation handles it.
#[derive(Debug, Clone)]
pub struct Canonical {
    /// Name.
    pub name: String,
    /// Whose it is.
    pub subject: Subject,
    /// Arrow type.
    pub data_type: DataType,
}

/// The canonical columns, in the order of the policy pack.
pub fn canonical(house: &House) -> Vec<Canonical> {
    house
        .policy
        .columns()
        .iter()
        .map(|column| Canonical {
            name: column.name.clone(),
            subject: column.subject,
            data_type: arrow_type(&column.name, column.kind),
        })
        .collect()
}

fn arrow_type(name: &str, kind: ColumnType) -> DataType {
    match kind {
        ColumnType::Int if name == "nik" || name == "kk" => DataType::Int64,
        ColumnType::Int => DataType::Int32,
        ColumnType::Bool => DataType::Boolean,
        ColumnType::Date => DataType::Date32,
        ColumnType::Text => DataType::Utf8,
    }
}

/// All accepted lists of people, ascending by file number.
///
/// # Errors
/// [`Error::UnknownSource`] when the pack no longer knows a list's source; the store's and the lake's.
pub fn lists(house: &House) -> Result<Vec<List>> {
    let rows = house.db.read(|tx| tx.query(&queries::LISTS_ACCEPTED, &[]))?;
    let mut lists = Vec::with_capacity(rows.len());
    for row in rows {
        let (file, source_key) = (row.int(0)?, row.string(1)?);
        let as_of = row.opt_date(2)?.map(model::epoch_days);
        let Some(source) = house.policy.source(&source_key) else {
            return Err(Error::UnknownSource { file, source_key });
        };
        if source.kind != SourceKind::People {
            continue;
        }
        let standing = standing(house, file as u32, source, as_of);
        let dataset = house.lake.require(&format!("records/{file}"))?;
        lists.push(List { standing, current: true, dataset });
    }
    let standings: Vec<Standing> = lists.iter().map(|list| list.standing.clone()).collect();
    for (list, current) in lists.iter_mut().zip(in_force(house, &standings)) {
        list.current = current;
    }
    Ok(lists)
}

/// The standing of one list.
pub fn standing(house: &House, file: u32, source: &policy::Source, as_of: Option<i32>) -> Standing {
    let trust = |column: &str| source.trust(column).clamp(0, 100) as u8;
    let columns = house.policy.columns().iter().map(|c| (c.name.clone(), trust(&c.name))).collect();
    Standing {
        file,
        source: source.key.clone(),
        as_of,
        confirms: source.confirms_identity,
        creates: source.creates_person,
        trust: Trust { default: trust(""), columns },
    }
}

/// Which lists are in force: the newest of a source replaces the older ones, unless its lists add up.
pub fn in_force(house: &House, standings: &[Standing]) -> Vec<bool> {
    let age = |standing: &Standing| (standing.as_of, standing.file);
    let newest = |source: &str| standings.iter().filter(|s| s.source == source).map(age).max();
    standings
        .iter()
        .map(|standing| {
            let adds_up = house.policy.source(&standing.source).is_some_and(|source| source.cumulative);
            adds_up || newest(&standing.source) == Some(age(standing))
        })
        .collect()
}

/// One column of one list; null throughout if the list does not have it.
///
/// # Errors
/// The lake's, or a column of another type than the policy pack says.
pub fn column(list: &List, name: &str, data_type: &DataType) -> Result<ArrayRef> {
    let schema = list.dataset.schema();
    let Ok(field) = schema.field_with_name(name) else { return Ok(new_null_array(data_type, list.rows())) };
    let batch = list.dataset.read_all(&[name])?;
    let array = Arc::clone(batch.column(0));
    if field.data_type() == data_type {
        return Ok(array);
    }
    Ok(rules::convert(&array, data_type)?)
}

/// One column of several lists, one after the other.
///
/// # Errors
/// As [`column()`].
pub fn column_of_all(lists: &[&List], name: &str, data_type: &DataType) -> Result<ArrayRef> {
    let parts: Vec<ArrayRef> =
        lists.par_iter().map(|list| column(list, name, data_type)).collect::<Result<_>>()?;
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    match parts.as_slice() {
        [] => Ok(new_null_array(data_type, 0)),
        parts => Ok(arrow_select::concat::concat(parts)?),
    }
}

/// Human decisions in force: (left record, right record, same person).
///
/// # Errors
/// The store's.
pub fn decisions(house: &House) -> Result<Vec<(i64, i64, bool)>> {
    let rows = house.db.read(|tx| tx.query(&queries::DECISIONS_IN_FORCE, params![]))?;
    let mut latest: Vec<(i64, i64, bool)> = Vec::with_capacity(rows.len());
    for row in rows {
        let decision = (row.int(0)?, row.int(1)?, row.int(2)? == 1);
        // Rows come by pair, oldest first: the last word on a pair stands.
        match latest.last_mut() {
            Some(last) if (last.0, last.1) == (decision.0, decision.1) => *last = decision,
            _ => latest.push(decision),
        }
    }
    Ok(latest)
}
