//! Single files that are no datasets: a photograph, a paper. Kept under the hash of their bytes, once, whatever they are called elsewhere;
//! whoever needs one holds its hash in a row of the database.

use std::fs;
use std::io::Write as _;

use crate::writer::TmpFile;
use crate::{Error, Lake, Result};

impl Lake {
    /// Keeps bytes and answers their BLAKE3 hash. They are on the disk when this returns; the same bytes are kept once.
    ///
    /// # Errors
    /// [`Error::Io`] when they cannot be written.
    pub fn keep(&self, bytes: &[u8]) -> Result<String> {
        let hash = blake3::hash(bytes).to_hex().to_string();
        let object = self.kept_path(&hash);
        if object.exists() {
            return Ok(hash);
        }
        let mut tmp = TmpFile::create(&self.tmp_folder())?;
        tmp.file
            .write_all(bytes)
            .and_then(|()| tmp.file.sync_all())
            .map_err(|source| Error::io(&object, source))?;
        tmp.keep_as(&object)?;
        Ok(hash)
    }

    /// The bytes that were kept under a hash.
    ///
    /// # Errors
    /// [`Error::Name`] for what is no hash, [`Error::Missing`] when the file is gone, [`Error::Changed`] when it is not what it was.
    pub fn kept(&self, hash: &str) -> Result<Vec<u8>> {
        if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Error::Name(hash.to_owned()));
        }
        let path = self.kept_path(hash);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::Missing(format!("files/{hash}")));
            }
            Err(source) => return Err(Error::io(&path, source)),
        };
        if blake3::hash(&bytes).to_hex().as_str() == hash {
            Ok(bytes)
        } else {
            Err(Error::Changed { name: format!("files/{hash}"), hash: hash.to_owned() })
        }
    }

    fn kept_path(&self, hash: &str) -> std::path::PathBuf {
        self.inner.root.join("files").join(hash)
    }
}
