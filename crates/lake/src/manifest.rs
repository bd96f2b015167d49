//! The manifest: a small JSON file that names a dataset's content and says where it came from. Replaced by rename, so that
//! a reader sees the old one or the new one.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Who made a dataset, and from what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The step that made it, such as `intake`.
    pub made_by: String,
    /// Content hashes of what went in.
    pub inputs: Vec<String>,
    /// Hash of the policy pack in force.
    pub policy: String,
    /// Anything a reader needs beside the columns: a header, a seed, counts.
    pub note: BTreeMap<String, String>,
}

/// A column as the manifest lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// Its Arrow type, in words.
    pub kind: String,
}

/// What stands under a dataset's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Name of the dataset, such as `records/3`.
    pub name: String,
    /// BLAKE3 of the file's bytes, in hex.
    pub hash: String,
    /// Number of rows.
    pub rows: u64,
    /// Size of the file.
    pub bytes: u64,
    /// Columns in order.
    pub columns: Vec<ColumnInfo>,
    /// Columns by which the rows are sorted; empty when they are not.
    pub sorted_by: Vec<String>,
    /// Where it came from.
    pub origin: Origin,
    /// When it was made, milliseconds since the epoch.
    pub made_at_ms: i64,
    /// Name and version of the program that wrote it.
    pub program: String,
}

/// A name is a relative path of plain segments: nothing that could leave the folder.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    if name.len() <= 200 && name.split('/').all(plain) { Ok(()) } else { Err(Error::Name(name.to_owned())) }
}

pub(crate) fn read(path: &Path) -> Result<Option<Manifest>> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::io(path, source)),
    };
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|error| Error::Manifest { path: path.to_owned(), reason: error.to_string() })
}

/// Writes beside, flushes to disk, renames over, flushes the folder.
pub(crate) fn replace(path: &Path, tmp: &Path, manifest: &Manifest) -> Result<()> {
    let text = serde_json::to_vec_pretty(manifest)
        .map_err(|error| Error::Manifest { path: path.to_owned(), reason: error.to_string() })?;
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|source| Error::io(folder, source))?;
    let mut file = fs::File::create(tmp).map_err(|source| Error::io(tmp, source))?;
    file.write_all(&text).map_err(|source| Error::io(tmp, source))?;
    file.sync_all().map_err(|source| Error::io(tmp, source))?;
    fs::rename(tmp, path).map_err(|source| Error::io(path, source))?;
    sync_folder(folder)
}

/// A rename is only safe once the folder that holds it is on disk.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    let handle = fs::File::open(folder).map_err(|source| Error::io(folder, source))?;
    handle.sync_all().map_err(|source| Error::io(folder, source))
}

pub(crate) fn walk(folder: &Path, at: &str, prefix: &str, found: &mut Vec<Manifest>) -> Result<()> {
    let entries = fs::read_dir(folder).map_err(|source| Error::io(folder, source))?;
    for entry in entries {
        let entry = entry.map_err(|source| Error::io(folder, source))?;
        let path = entry.path();
        let file_name = entry.file_name();
        let Some(part) = file_name.to_str() else { continue };
        if path.is_dir() {
            let below = format!("{at}{part}/");
            if below.starts_with(prefix) || prefix.starts_with(&below) {
                walk(&path, &below, prefix, found)?;
            }
        } else if let Some(stem) = part.strip_suffix(".json")
            && format!("{at}{stem}").starts_with(prefix)
        {
            found.extend(read(&path)?);
        }
    }
    Ok(())
}
