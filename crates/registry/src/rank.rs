//! The rank of families (*desil*): owned outside, imported as dated snapshots, never computed here.
//!
//! Comes in: a list of kind `rank`. Goes out: `rank/<n>` in the lake, sorted by family card, each card once; `publish_ranks` and a
//! closing read it from there. Must never happen: a rank without its card, decile and date.

use std::path::Path;

use access::{House, Session};
use jiff::civil::Date;
use model::Progress;
use policy::SourceKind;

use crate::intake::{Error, ListReceived, receive};

/// Receives a rank list through the only source of kind `rank`, or the one named. Afterwards `publish_ranks` brings it to the pages.
///
/// # Errors
/// As [`receive`]; [`Error::Source`] when the policy pack has no such source, or several and none was named.
pub fn import(
    house: &House,
    session: &Session,
    path: &Path,
    source: Option<&str>,
    as_of: Option<Date>,
    progress: &dyn Progress,
) -> Result<ListReceived, Error> {
    let keys: Vec<&str> = house
        .policy
        .sources()
        .values()
        .filter(|known| known.kind == SourceKind::Rank)
        .map(|known| known.key.as_str())
        .collect();
    let key = match (source, keys.as_slice()) {
        (Some(named), _) if keys.contains(&named) => named,
        (None, [only]) => only,
        (named, _) => {
            return Err(Error::Source { key: named.unwrap_or("").to_owned(), known: keys.join(", ") });
        }
    };
    receive(house, session, path, key, as_of, progress)
}
