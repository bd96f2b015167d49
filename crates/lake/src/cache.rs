//! Footers of opened files, kept by content hash. Files never change, so an entry is never stale; the number is bounded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::file::metadata::PageIndexPolicy;

use crate::source::Source;
use crate::{Error, Result};

const FOOTERS_MAX: usize = 128;

/// Footer of one file; the page index is only read when the first lookup needs it.
#[derive(Debug)]
pub(crate) struct Footer {
    plain: ArrowReaderMetadata,
    indexed: OnceLock<ArrowReaderMetadata>,
}

impl Footer {
    fn read(file: &Source) -> Result<Self> {
        let plain = ArrowReaderMetadata::load(file, ArrowReaderOptions::new())?;
        Ok(Self { plain, indexed: OnceLock::new() })
    }

    pub(crate) fn plain(&self) -> &ArrowReaderMetadata {
        &self.plain
    }

    pub(crate) fn indexed(&self, file: &Source) -> Result<&ArrowReaderMetadata> {
        if let Some(known) = self.indexed.get() {
            return Ok(known);
        }
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let read = ArrowReaderMetadata::load(file, options)?;
        Ok(self.indexed.get_or_init(|| read))
    }
}

#[derive(Debug, Default)]
pub(crate) struct Footers {
    known: Mutex<HashMap<String, Arc<Footer>>>,
}

impl Footers {
    pub(crate) fn get(&self, hash: &str, file: &Source) -> Result<Arc<Footer>, Error> {
        let known = |footers: &HashMap<String, Arc<Footer>>| footers.get(hash).cloned();
        if let Some(footer) = known(&self.lock()) {
            return Ok(footer);
        }
        let footer = Arc::new(Footer::read(file)?);
        let mut footers = self.lock();
        if footers.len() >= FOOTERS_MAX {
            footers.clear();
        }
        footers.insert(hash.to_owned(), Arc::clone(&footer));
        Ok(footer)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Footer>>> {
        // A panic while holding the lock cannot leave a half-made entry: entries are inserted whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
