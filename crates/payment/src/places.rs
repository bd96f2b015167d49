//! Where the lines of a cycle are: village by village, written once in the order of its table, which is many times faster than an
//! index that follows the lines in the order of families.

use std::sync::Arc;

use access::House;
use model::Progress;
use rustc_hash::FxHashMap;
use store::params;

use crate::{Error, Result, common, queries};

/// Rows written in one transaction.
const BATCH: usize = 200_000;

/// Lines by village: eight bytes each, and every village's name once.
#[derive(Default)]
pub(crate) struct Places {
    numbers: FxHashMap<Arc<str>, u32>,
    regions: Vec<Arc<str>>,
    /// Number of the village, and the line as a distance from `first`.
    rows: Vec<(u32, u32)>,
    first: Option<i64>,
}

impl Places {
    /// Adds a line; lines come in the order of their numbers.
    pub(crate) fn add(&mut self, region: &Arc<str>, line_id: i64) {
        let first = *self.first.get_or_insert(line_id);
        let number = if let Some(number) = self.numbers.get(region) {
            *number
        } else {
            let number = self.regions.len() as u32;
            self.regions.push(Arc::clone(region));
            self.numbers.insert(Arc::clone(region), number);
            number
        };
        self.rows.push((number, (line_id - first) as u32));
    }

    /// Of all lines of a cycle that are in the database.
    pub(crate) fn of(house: &House, cycle_id: i64) -> Result<Self> {
        let mut places = Self::default();
        house.db.read(|tx| {
            let cycle = common::cycle(tx, cycle_id)?;
            for (from, to) in cycle.ranges(0) {
                tx.for_each(&queries::PLACES_OF, params![from, to, cycle_id], |row| {
                    let region = row.text(0)?;
                    let region = places.numbers.get_key_value(region).map(|(known, _)| Arc::clone(known));
                    let region = region.map_or_else(|| row.text(0).map(Into::into), Ok)?;
                    places.add(&region, row.int(1)?);
                    Ok::<_, Error>(())
                })?;
            }
            Ok::<_, Error>(())
        })?;
        Ok(places)
    }

    /// Writes them all, in place of what an interrupted run left.
    pub(crate) fn write(mut self, house: &House, cycle_id: i64, progress: &dyn Progress) -> Result<()> {
        let mut order: Vec<u32> = (0..self.regions.len() as u32).collect();
        order.sort_unstable_by_key(|number| &self.regions[*number as usize]);
        let mut rank = vec![0u32; order.len()];
        for (place, number) in (0u32..).zip(&order) {
            rank[*number as usize] = place;
        }
        self.rows.sort_unstable_by_key(|(number, line)| (rank[*number as usize], *line));
        let first = self.first.unwrap_or_default();
        house.db.write(|tx| tx.execute(&queries::PLACES_CLEAR, params![cycle_id]))?;
        for (done, chunk) in self.rows.chunks(BATCH).enumerate() {
            let rows = chunk.iter().map(|(number, line)| {
                let region = &*self.regions[*number as usize];
                vec![cycle_id.into(), region.into(), (first + i64::from(*line)).into()]
            });
            house.db.write(|tx| tx.bulk("payment_place", &["cycle_id", "region", "line_id"], rows))?;
            progress.report("places", (done * BATCH) as u64, self.rows.len() as u64);
        }
        Ok(())
    }
}
