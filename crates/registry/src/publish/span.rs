//! Batches of rows in the order of their key, and what of a batch must be written: pure, but for the
//! statements at the end.

use arrow_array::Int64Array;
use rustc_hash::FxHashMap;
use store::{Sql, Tx, params};

use super::BATCH;
use crate::{Result, queries};

/// A stretch of rows in the order of their key, and the stretch of keys that it speaks for.
pub(super) struct Span<'a> {
    pub(super) rows: &'a [u32],
    pub(super) after: i64,
    pub(super) until: i64,
    pub(super) done: usize,
}

/// Cuts rows (in the order of their key) into batches behind `from`. The last batch speaks for all keys that
/// follow.
pub(super) fn spans<'a>(order: &'a [u32], ids: &'a Int64Array, from: i64) -> impl Iterator<Item = Span<'a>> {
    let start = order.partition_point(|&row| ids.value(row as usize) <= from && from != i64::MIN);
    let rest = &order[start..];
    let batches = rest.len().div_ceil(BATCH).max(1);
    let mut after = from;
    (0..batches).map(move |batch| {
        let rows = &rest[batch * BATCH..rest.len().min((batch + 1) * BATCH)];
        let last = rows.last().map_or(after, |&row| ids.value(row as usize));
        let until = if batch + 1 == batches { i64::MAX } else { last };
        let span = Span { rows, after, until, done: start + batch * BATCH + rows.len() };
        after = until;
        span
    })
}

/// Which rows of a span must be written, and which ids stand with other content.
pub(super) struct Fresh {
    /// Positions within the span.
    pub(super) at: Vec<usize>,
    pub(super) replaced: Vec<i64>,
}

/// Compares a span with what stands; leaves in `standing` what the version no longer has.
pub(super) fn fresh(
    rows: &[u32],
    ids: &Int64Array,
    digests: &[i64],
    standing: &mut FxHashMap<i64, i64>,
) -> Fresh {
    let mut fresh = Fresh { at: Vec::new(), replaced: Vec::new() };
    for (at, &row) in rows.iter().enumerate() {
        let id = ids.value(row as usize);
        match standing.remove(&id) {
            Some(stands) if stands == digests[at] => continue,
            Some(_) => fresh.replaced.push(id),
            None => {}
        }
        fresh.at.push(at);
    }
    fresh
}

/// Deletes rows that are replaced and rows that the version no longer has; answers how many of the latter.
pub(super) fn remove(
    tx: &mut Tx<'_>,
    sql: &Sql,
    replaced: &[i64],
    gone: &FxHashMap<i64, i64>,
) -> Result<u64> {
    let ids = replaced.iter().chain(gone.keys());
    tx.execute_many(sql, ids.map(|&id| params![id].to_vec()))?;
    Ok(gone.len() as u64)
}

/// An entry of the index of names: key and area.
pub(super) type Entry = (i64, i64);

/// Brings the index of names to what the rows of a span say.
pub(super) fn renew_keys(
    tx: &mut Tx<'_>,
    old: &FxHashMap<i64, Vec<Entry>>,
    new: impl Iterator<Item = (i64, Vec<Entry>)>,
    gone: &FxHashMap<i64, i64>,
) -> Result<u64> {
    const NONE: &[Entry] = &[];
    let (mut stale, mut fresh) = (Vec::new(), Vec::new());
    for (id, entries) in new {
        let before = old.get(&id).map_or(NONE, Vec::as_slice);
        stale.extend(before.iter().filter(|entry| !entries.contains(entry)).map(|&entry| (entry, id)));
        fresh.extend(entries.iter().filter(|entry| !before.contains(entry)).map(|&entry| (entry, id)));
    }
    for id in gone.keys() {
        stale.extend(old.get(id).map_or(NONE, Vec::as_slice).iter().map(|&entry| (entry, *id)));
    }
    let row = |((key, area), id): (Entry, i64)| params![key, area, id].to_vec();
    tx.execute_many(&queries::KEY_DELETE, stale.into_iter().map(row))?;
    Ok(tx.execute_many(&queries::KEY_ADD, fresh.into_iter().map(row))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_speak_for_every_key_once() {
        let ids = Int64Array::from_iter_values([3, 5, 9]);
        let order = [0, 1, 2];
        let all: Vec<_> = spans(&order, &ids, i64::MIN).map(|s| (s.rows.len(), s.after, s.until)).collect();
        assert_eq!(all, [(3, i64::MIN, i64::MAX)]);
        let rest: Vec<_> = spans(&order, &ids, 5).map(|s| (s.rows.to_vec(), s.after, s.until)).collect();
        assert_eq!(rest, [(vec![2], 5, i64::MAX)]);
        let none: Vec<_> = spans(&order, &ids, 9).map(|s| (s.rows.len(), s.after, s.until)).collect();
        assert_eq!(none, [(0, 9, i64::MAX)], "what follows the last key is looked at all the same");
    }
}
