//! Versions of the registry in the lake: their names, which is the newest whole one, and what it was made
//! from.
//!
//! A version is the datasets `registry/<number>/{links,aliases,review,events,families,persons}`, written in
//! this order: it is whole when `persons` stands. Versions are never changed; the next consolidation writes
//! the next number.

use arrow_array::{Array, ArrayRef, RecordBatch, cast::AsArray, types::Int64Type};
use lake::{Lake, Manifest};

use crate::{Error, Result};

/// The parts of a version, in the order in which they are written.
pub const PARTS: [&str; 6] = ["links", "aliases", "review", "events", "families", "persons"];

/// Name of a part of a version: `registry/3/persons`.
pub fn name(version: i64, part: &str) -> String {
    format!("registry/{version}/{part}")
}

/// A whole version.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its number, from 1.
    pub number: i64,
    /// Digest of everything it was made from.
    pub fingerprint: String,
    /// Manifest of its persons.
    pub persons: Manifest,
}

/// The newest whole version, if there is one.
///
/// # Errors
/// The lake's.
pub fn latest(lake: &Lake) -> Result<Option<Version>> {
    let mut newest: Option<Version> = None;
    for manifest in lake.list("registry/")? {
        let Some(number) = number_of(&manifest.name) else { continue };
        if newest.as_ref().is_none_or(|v| v.number < number) {
            let fingerprint = manifest.origin.note.get("fingerprint").cloned().unwrap_or_default();
            newest = Some(Version { number, fingerprint, persons: manifest });
        }
    }
    Ok(newest)
}

/// The number in `registry/<number>/persons`.
fn number_of(name: &str) -> Option<i64> {
    name.strip_prefix("registry/")?.strip_suffix("/persons")?.parse().ok()
}

/// A column as 64-bit integers.
pub(crate) fn int64(batch: &RecordBatch, name: &str) -> Result<arrow_array::Int64Array> {
    typed(batch, name, |column| column.as_primitive_opt::<Int64Type>().cloned())
}

/// A column as 32-bit integers.
pub(crate) fn int32(batch: &RecordBatch, name: &str) -> Result<arrow_array::Int32Array> {
    typed(batch, name, |column| column.as_primitive_opt::<arrow_array::types::Int32Type>().cloned())
}

/// A column as days.
pub(crate) fn date32(batch: &RecordBatch, name: &str) -> Result<arrow_array::Date32Array> {
    typed(batch, name, |column| column.as_primitive_opt::<arrow_array::types::Date32Type>().cloned())
}

/// A column as text.
pub(crate) fn text(batch: &RecordBatch, name: &str) -> Result<arrow_array::StringArray> {
    typed(batch, name, |column| column.as_string_opt::<i32>().cloned())
}

/// A column as yes and no.
pub(crate) fn boolean(batch: &RecordBatch, name: &str) -> Result<arrow_array::BooleanArray> {
    typed(batch, name, |column| column.as_boolean_opt().cloned())
}

fn typed<T>(batch: &RecordBatch, name: &str, cast: impl FnOnce(&ArrayRef) -> Option<T>) -> Result<T> {
    let column =
        batch.column_by_name(name).ok_or_else(|| Error::Damaged(format!("column `{name}` is missing")))?;
    cast(column).ok_or_else(|| Error::Damaged(format!("column `{name}` has type {}", column.data_type())))
}
