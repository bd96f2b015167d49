//! The lake: what is big and never changes. Immutable Parquet files addressed by their content hash, and for every dataset
//! name a small manifest that says which file it is, who made it, and from what.
//!
//! Comes in: record batches and an [`Origin`]. Goes out: streaming columns, rows found by a sorted key, rows by position,
//! family-wise reductions ([`reduce`]) and counts by small keys ([`cube`]). Must never happen: a half-written dataset that
//! can be opened, a file that changes after it was named, or a read that holds more than a few row groups in memory.
//!
//! On disk: `objects/<blake3>.parquet`, `manifests/<name>.json`, `files/<blake3>` (single files, such as photographs), `tmp/` (work in
//! progress, swept when its writer is dead).
//! To add a kind of dataset: choose a name such as `payments/<batch>`, write it, and describe it in `docs/lake.md`.

mod cache;
pub mod cube;
mod dataset;
mod error;
mod kept;
mod manifest;
pub mod reduce;
mod source;
mod writer;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::SchemaRef;

pub use dataset::{Batches, Dataset, RowGroup};
pub use error::{Error, Result};
pub use manifest::{ColumnInfo, Manifest, Origin};
pub use source::{Cursor, Source};
pub use writer::{DatasetWriter, WriteOptions};

use cache::Footers;

/// A folder of datasets. Cheap to clone; clones share the cache of opened footers.
#[derive(Debug, Clone)]
pub struct Lake {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    footers: Footers,
}

impl Lake {
    /// Opens the lake in `root`, making the folder when it is not there, and sweeps what dead writers left behind.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder cannot be made or read.
    pub fn open(root: &Path) -> Result<Self> {
        for folder in ["objects", "manifests", "files", "tmp"] {
            let path = root.join(folder);
            fs::create_dir_all(&path).map_err(|source| Error::io(&path, source))?;
        }
        let lake = Self { inner: Arc::new(Inner { root: root.to_owned(), footers: Footers::default() }) };
        writer::sweep(&lake.tmp_folder())?;
        Ok(lake)
    }

    /// Begins a dataset. Nothing is visible under `name` until [`DatasetWriter::finish`].
    ///
    /// # Errors
    /// [`Error::Name`] for a name that is no plain path, [`Error::Io`] when no temporary file can be made.
    pub fn writer(&self, name: &str, schema: SchemaRef, options: WriteOptions) -> Result<DatasetWriter> {
        manifest::check_name(name)?;
        DatasetWriter::begin(self.clone(), name, schema, options)
    }

    /// The dataset that now stands under `name`.
    ///
    /// # Errors
    /// [`Error::Manifest`] when its manifest is unreadable, [`Error::Missing`] when its file is gone.
    pub fn dataset(&self, name: &str) -> Result<Option<Dataset>> {
        manifest::check_name(name)?;
        match manifest::read(&self.manifest_path(name))? {
            Some(manifest) => Dataset::open(self, manifest).map(Some),
            None => Ok(None),
        }
    }

    /// As [`Lake::dataset`], for a caller that cannot go on without it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub fn require(&self, name: &str) -> Result<Dataset> {
        self.dataset(name)?.ok_or_else(|| Error::NotFound(name.to_owned()))
    }

    /// Manifests of all datasets whose name starts with `prefix`, in order of name.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Manifest`].
    pub fn list(&self, prefix: &str) -> Result<Vec<Manifest>> {
        let mut found = Vec::new();
        manifest::walk(&self.inner.root.join("manifests"), "", prefix, &mut found)?;
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// Reads the dataset's file from end to end and compares its hash with the manifest.
    ///
    /// # Errors
    /// [`Error::Changed`] when the file is not what it was.
    pub fn verify(&self, name: &str) -> Result<()> {
        let dataset = self.require(name)?;
        let manifest = dataset.manifest();
        let path = self.object_path(&manifest.hash);
        if hash_file(&path)? == manifest.hash {
            Ok(())
        } else {
            Err(Error::Changed { name: name.to_owned(), hash: manifest.hash.clone() })
        }
    }

    fn object_path(&self, hash: &str) -> PathBuf {
        self.inner.root.join("objects").join(format!("{hash}.parquet"))
    }

    fn manifest_path(&self, name: &str) -> PathBuf {
        self.inner.root.join("manifests").join(format!("{name}.json"))
    }

    fn tmp_folder(&self) -> PathBuf {
        self.inner.root.join("tmp")
    }

    fn footers(&self) -> &Footers {
        &self.inner.footers
    }
}

/// BLAKE3 of a file's bytes, in hex: the name by which the lake, and the list of received files, know content.
///
/// # Errors
/// [`Error::Io`] when the file cannot be read.
pub fn hash_file(path: &Path) -> Result<String> {
    let file = fs::File::open(path).map_err(|source| Error::io(path, source))?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file).map_err(|source| Error::io(path, source))?;
    Ok(hasher.finalize().to_hex().to_string())
}

#[cfg(test)]
mod tests;
