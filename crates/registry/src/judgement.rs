//! How the linkage of the version in force judged: for the page on which people judge the linkage.
//!
//! Comes in: a scope. Goes out: numbers of the model and counts over the whole country. Must never happen: a record, an
//! id or a name in it.

use access::{House, Scope};
use linkage::Judgement;

use crate::tools::version_in_force;
use crate::{Error, Result, version};

/// The version in force and what its linkage says of itself; nothing before the first version, or when it was made
/// before such figures were kept.
///
/// # Errors
/// The store's and the lake's; [`Error::Damaged`] when the figures cannot be read.
pub fn judgement(house: &House, _scope: &Scope) -> Result<Option<(i64, Judgement)>> {
    let number = version_in_force(house)?;
    let Some(links) = house.lake.dataset(&version::name(number, "links"))? else { return Ok(None) };
    let Some(text) = links.manifest().origin.note.get("judgement") else { return Ok(None) };
    let read = serde_json::from_str(text);
    let judgement =
        read.map_err(|error| Error::Damaged(format!("figures of the linkage of version {number}: {error}")))?;
    Ok(Some((number, judgement)))
}
