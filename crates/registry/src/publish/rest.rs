//! The small tables: old ids, events, counts of villages, the review queue.

use std::collections::BTreeMap;

use arrow_array::{Array, RecordBatch, UInt32Array, cast::AsArray, types::Float32Type};
use rustc_hash::FxHashMap;
use store::{Tx, Value, meta, params, set_meta};

use super::span::spans;
use super::{BATCH, EVENTS, Work};
use crate::cells::Cells;
use crate::version::{self, boolean, int32, int64, text};
use crate::{Error, Result, queries};

impl Work<'_> {
    pub(super) fn aliases(&mut self) -> Result<()> {
        let batch = self.house.lake.require(&version::name(self.version, "aliases"))?.read_all(&[])?;
        let (old, new, kind) = (int64(&batch, "old_id")?, int64(&batch, "new_id")?, int32(&batch, "kind")?);
        let order: Vec<u32> = (0..old.len() as u32).collect();
        let now = self.house.clock.now_ms();
        for span in spans(&order, &old, i64::MIN) {
            let (written, removed) = self.house.db.write(|tx| {
                let mut standing = FxHashMap::default();
                tx.for_each(&queries::ALIAS_RANGE, params![span.after, span.until], |row| {
                    standing.insert(row.int(0)?, (row.opt_int(1)?, row.int(2)?));
                    Ok::<_, store::Error>(())
                })?;
                let mut rows = Vec::new();
                let mut stale: Vec<i64> = Vec::new();
                for &row in span.rows {
                    let row = row as usize;
                    let told = (new.is_valid(row).then(|| new.value(row)), i64::from(kind.value(row)));
                    match standing.remove(&old.value(row)) {
                        Some(stands) if stands == told => continue,
                        Some(_) => stale.push(old.value(row)),
                        None => {}
                    }
                    rows.push(params![old.value(row), told.0, told.1, now].to_vec());
                }
                let removed = standing.len() as u64;
                stale.extend(standing.keys());
                tx.execute_many(&queries::ALIAS_DELETE, stale.into_iter().map(|id| params![id].to_vec()))?;
                let written =
                    tx.bulk("person_alias", &["old_id", "new_id", "kind", "at"], rows.into_iter())?;
                Ok::<_, Error>((written, removed))
            })?;
            self.published.aliases += written;
            self.published.removed += removed;
        }
        Ok(())
    }

    /// Events of every version that was made since the last one whose events stand, also of those that were
    /// never published.
    pub(super) fn events(&mut self) -> Result<()> {
        let last: i64 =
            self.house.db.read(|tx| meta(tx, EVENTS))?.and_then(|text| text.parse().ok()).unwrap_or(0);
        for version in last + 1..=self.version {
            if let Some(dataset) = self.house.lake.dataset(&version::name(version, "events"))? {
                self.events_of(version, &dataset.read_all(&[])?)?;
            }
            self.house.db.write(|tx| set_meta(tx, EVENTS, &version.to_string()))?;
        }
        Ok(())
    }

    fn events_of(&mut self, version: i64, batch: &RecordBatch) -> Result<()> {
        const COLUMNS: [&str; 9] = [
            "family_id",
            "version",
            "seq",
            "kind",
            "person_id",
            "other_id",
            "date",
            "value_before",
            "value_after",
        ];
        let all = UInt32Array::from_iter_values(0..batch.num_rows() as u32);
        let cell = |name: &str| Cells::of(batch, name, &all);
        let family = int64(batch, "family_id")?;
        let rest = [
            cell("kind")?,
            cell("person_id")?,
            cell("other_id")?,
            cell("date")?,
            cell("before")?,
            cell("after")?,
        ];
        // A crash in the middle leaves some of them: begin again.
        let standing =
            self.house.db.read(|tx| tx.query_one(&queries::EVENTS_OF_VERSION, params![version])?.int(0))?;
        if standing as usize == batch.num_rows() {
            return Ok(());
        }
        if standing > 0 {
            self.house.db.write(|tx| tx.execute(&queries::EVENTS_DELETE, params![version]))?;
        }
        let mut order: Vec<usize> = (0..batch.num_rows()).collect();
        order.sort_by_key(|&row| (if family.is_valid(row) { family.value(row) } else { 0 }, row));
        for chunk in order.chunks(BATCH) {
            let row = |&row: &usize| {
                let family = if family.is_valid(row) { family.value(row) } else { 0 };
                let mut values = params![family, version, row as i64].to_vec();
                values.extend(rest.iter().map(|cells| cells.value(row)));
                values
            };
            let written =
                self.house.db.write(|tx| tx.bulk("registry_event", &COLUMNS, chunk.iter().map(row)))?;
            self.published.events += written;
        }
        Ok(())
    }

    /// Counts of each village, all in one transaction: there are fewer villages than rows of a batch.
    pub(super) fn region_counts(&mut self) -> Result<()> {
        const COLUMNS: [&str; 6] = ["region", "persons", "living", "matched", "families", "ranked"];
        let mut counts: BTreeMap<&str, [i64; 5]> = BTreeMap::new();
        let region = text(&self.persons, "region")?;
        let (alive, matched) = (boolean(&self.persons, "alive")?, boolean(&self.persons, "matched")?);
        for row in 0..region.len() {
            let count = counts.entry(if region.is_valid(row) { region.value(row) } else { "" }).or_default();
            count[0] += 1;
            count[1] += i64::from(alive.value(row));
            count[2] += i64::from(matched.value(row));
        }
        let (home, cards) = (text(&self.families, "region")?, int64(&self.families, "kk")?);
        for row in 0..home.len() {
            let count = counts.entry(if home.is_valid(row) { home.value(row) } else { "" }).or_default();
            count[3] += 1;
            let rank = self.ranks.last().filter(|_| cards.is_valid(row));
            count[4] += i64::from(rank.and_then(|rank| rank.place(cards.value(row))).is_some());
        }
        let rows = counts.iter().map(|(region, count)| {
            let mut values = vec![Value::from(*region)];
            values.extend(count.iter().map(|&n| Value::from(n)));
            values
        });
        self.house.db.write(|tx| {
            tx.execute(&queries::REGION_COUNTS_CLEAR, &[])?;
            tx.bulk("region_count", &COLUMNS, rows)?;
            Ok(())
        })
    }

    /// The review queue of the version; what a human already said about a pair stays.
    pub(super) fn review(&mut self) -> Result<()> {
        const COLUMNS: [&str; 10] = [
            "left_record",
            "right_record",
            "weight",
            "rank",
            "left_person",
            "right_person",
            "left_region",
            "right_region",
            "state",
            "version",
        ];
        let batch = self.house.lake.require(&version::name(self.version, "review"))?.read_all(&[])?;
        let (left, right) = (int64(&batch, "left_record")?, int64(&batch, "right_record")?);
        let all = UInt32Array::from_iter_values(0..batch.num_rows() as u32);
        let persons = [Cells::of(&batch, "left_person", &all)?, Cells::of(&batch, "right_person", &all)?];
        let regions = [Cells::path(&batch, "left_region", &all)?, Cells::path(&batch, "right_region", &all)?];
        let weight = batch.column_by_name("weight").map(AsArray::as_primitive::<Float32Type>);
        let weight = weight.ok_or_else(|| Error::Damaged("column `weight` is missing".to_owned()))?;
        let version = self.version;
        let key = |row: usize| (left.value(row), right.value(row));
        let rank = |row: usize| -(f64::from(weight.value(row)) * 1000.0) as i64;
        let row = |row: usize, state: i64| {
            let mut values = params![key(row).0, key(row).1, weight.value(row), rank(row)].to_vec();
            values.extend(persons.iter().chain(&regions).map(|cells| cells.value(row)));
            values.extend([Value::from(state), Value::from(version)]);
            values
        };
        let told: Vec<usize> = (0..batch.num_rows()).collect();
        let listed: FxHashMap<(i64, i64), usize> = told.iter().map(|&row| (key(row), row)).collect();
        for chunk in told.chunks(BATCH) {
            self.published.review += self.house.db.write(|tx| {
                let standing = standing_pairs(tx)?;
                let changed: Vec<usize> = chunk
                    .iter()
                    .copied()
                    .filter(|&at| {
                        let persons = [persons[0].value(at), persons[1].value(at)];
                        standing
                            .get(&key(at))
                            .is_none_or(|pair| pair.rank != rank(at) || pair.persons != persons)
                    })
                    .collect();
                let stale = changed.iter().map(|&at| key(at)).filter(|key| standing.contains_key(key));
                tx.execute_many(&queries::REVIEW_DELETE, stale.map(|(l, r)| params![l, r].to_vec()))?;
                let rows =
                    changed.iter().map(|&at| row(at, standing.get(&key(at)).map_or(0, |pair| pair.state)));
                tx.bulk("review_pair", &COLUMNS, rows)
            })?;
        }
        self.published.removed += self.house.db.write(|tx| {
            let gone: Vec<(i64, i64)> =
                standing_pairs(tx)?.into_keys().filter(|pair| !listed.contains_key(pair)).collect();
            tx.execute_many(&queries::REVIEW_DELETE, gone.into_iter().map(|(l, r)| params![l, r].to_vec()))
        })?;
        Ok(())
    }
}

/// A pair as it stands in the queue.
struct Standing {
    state: i64,
    rank: i64,
    persons: [Value; 2],
}

/// The queue as it stands, read in the transaction that changes it: a decision made meanwhile is not lost.
fn standing_pairs(tx: &mut Tx<'_>) -> Result<FxHashMap<(i64, i64), Standing>, store::Error> {
    let mut standing = FxHashMap::default();
    tx.for_each(&queries::REVIEW_ALL, &[], |row| {
        let persons = [row.value(4).clone(), row.value(5).clone()];
        let pair = Standing { state: row.int(2)?, rank: row.int(3)?, persons };
        standing.insert((row.int(0)?, row.int(1)?), pair);
        Ok::<_, store::Error>(())
    })?;
    Ok(standing)
}
