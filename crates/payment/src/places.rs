//! Where the lines of a cycle are: village by village, written once in the order of its table, which is many times faster than an
//! index that follows the lines in the order of families.

use std::sync::Arc;

use access::House;
use model::Progress;
use store::params;

use crate::{
    Error, Result, common, queries,
    texts::{Numbers, Texts},
};

/// Rows written in one transaction.
const BATCH: usize = 200_000;

/// Lines by village: eight bytes each, and every village's name once.
#[derive(Default)]
pub(crate) struct Places {
    villages: Numbers,
    /// Number of the village, and the line as a distance from `first`.
    rows: Vec<(u32, u32)>,
    first: Option<i64>,
}

impl Places {
    /// Adds a line; lines come in the order of their numbers.
    pub(crate) fn add(&mut self, region: &Arc<str>, line_id: i64) {
        let first = *self.first.get_or_insert(line_id);
        let number = self.villages.of(region);
        self.rows.push((number, (line_id - first) as u32));
    }

    /// Of all lines of a cycle that are in the database.
    pub(crate) fn of(house: &House, cycle_id: i64) -> Result<Self> {
        let (mut places, mut texts) = (Self::default(), Texts::default());
        house.db.read(|tx| {
            let cycle = common::cycle(tx, cycle_id)?;
            for (from, to) in cycle.ranges(0) {
                tx.for_each(&queries::PLACES_OF, params![from, to, cycle_id], |row| {
                    let region = texts.shared(row.text(0)?);
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
        let villages = self.villages.texts();
        let mut order: Vec<u32> = (0..villages.len() as u32).collect();
        order.sort_unstable_by_key(|number| &villages[*number as usize]);
        let mut rank = vec![0u32; order.len()];
        for (place, number) in (0u32..).zip(&order) {
            rank[*number as usize] = place;
        }
        self.rows.sort_unstable_by_key(|(number, line)| (rank[*number as usize], *line));
        let first = self.first.unwrap_or_default();
        house.db.write(|tx| tx.execute(&queries::PLACES_CLEAR, params![cycle_id]))?;
        for (done, chunk) in self.rows.chunks(BATCH).enumerate() {
            let rows = chunk.iter().map(|(number, line)| {
                let region = &*villages[*number as usize];
                vec![cycle_id.into(), region.into(), (first + i64::from(*line)).into()]
            });
            house.db.write(|tx| tx.bulk("payment_place", &["cycle_id", "region", "line_id"], rows))?;
            progress.report("places", (done * BATCH) as u64, self.rows.len() as u64);
        }
        Ok(())
    }
}
