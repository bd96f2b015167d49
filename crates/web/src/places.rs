//! Names of regions for lists: views speak of paths, people of names. What was looked up once is kept; the territory changes by a
//! decree, the program is started more often.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{PoisonError, RwLock},
};

use access::House;
use model::RegionCode;

/// More names than the nation has villages are never kept.
const KEPT_MAX: usize = 120_000;

/// Names by path.
#[derive(Default)]
pub(crate) struct Places {
    kept: RwLock<HashMap<String, String>>,
}

impl Places {
    /// The names of these paths, in one read for all that are new. A path that is not known is its own name.
    pub(crate) fn names(
        &self,
        house: &House,
        codes: BTreeSet<String>,
    ) -> Result<HashMap<String, String>, store::Error> {
        let mut found = HashMap::with_capacity(codes.len());
        let mut missing = Vec::new();
        {
            let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
            for code in codes {
                match kept.get(&code) {
                    Some(name) => drop(found.insert(code, name.clone())),
                    None => missing.push(code),
                }
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let read = house.db.read(|tx| {
            let mut read = Vec::with_capacity(missing.len());
            for code in missing {
                let region = match RegionCode::parse(&code) {
                    Ok(parsed) => store::regions::find(tx, &parsed)?,
                    Err(_) => None,
                };
                read.push((code, region.map(|region| region.name)));
            }
            Ok::<_, store::Error>(read)
        })?;
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        for (code, name) in read {
            if let Some(name) = &name
                && kept.len() < KEPT_MAX
            {
                kept.insert(code.clone(), name.clone());
            }
            found.insert(code.clone(), name.unwrap_or(code));
        }
        Ok(found)
    }
}
