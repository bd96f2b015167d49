//! Ranks of families (desil) as they lie in the lake: which snapshot holds on a day, and which decile a card
//! has in it.
//!
//! In: imported rank lists. Out: a decile by KK. The rank is owned outside; nothing here computes one.

use access::{House, Scope};
use arrow_array::{Array, Date32Array, Int32Array, Int64Array, StringArray, UInt32Array};
use arrow_select::take::take;
use jiff::civil::Date;
use model::Month;
use rayon::prelude::*;
use store::params;

use crate::version::{date32, int32, int64, text};
use crate::{Result, queries};

/// One imported rank list.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Number of the file.
    pub file: i64,
    /// Content hash.
    pub hash: String,
    /// As-of date of the list.
    pub as_of: Date,
    kk: Int64Array,
    decile: Int32Array,
    rank_date: Date32Array,
    publisher: StringArray,
}

/// A family's place in a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// 1 (poorest tenth) to 10.
    pub decile: i32,
    /// Date of the ranking, days since 1970-01-01.
    pub rank_date: i32,
    /// Who ranks.
    pub publisher: Option<&'a str>,
}

impl Snapshot {
    /// How many cards are ranked that are not among `cards`: families that the registry does not know.
    pub(crate) fn strangers(&self, cards: &Int64Array) -> u64 {
        let mut known: Vec<i64> = cards.iter().flatten().collect();
        known.par_sort_unstable();
        let mut known = known.into_iter().peekable();
        let ranked = self.kk.values().iter();
        // Both in the order of cards: one walk through the two.
        let mut is_known = |card: &i64| {
            while known.next_if(|other| other < card).is_some() {}
            known.peek() == Some(card)
        };
        ranked.filter(|card| !is_known(card)).count() as u64
    }

    /// The place of a card, if it is ranked.
    pub fn place(&self, kk: i64) -> Option<Place<'_>> {
        let row = self.kk.values().binary_search(&kk).ok()?;
        let known = self.decile.is_valid(row) && self.rank_date.is_valid(row);
        known.then(|| Place {
            decile: self.decile.value(row),
            rank_date: self.rank_date.value(row),
            publisher: self.publisher.is_valid(row).then(|| self.publisher.value(row)),
        })
    }
}

/// All imported snapshots whose as-of date is not after `until` (all, without it), oldest first.
///
/// # Errors
/// The store's and the lake's.
pub fn snapshots(house: &House, until: Option<Date>) -> Result<Vec<Snapshot>> {
    let mut found = Vec::new();
    for (file, as_of) in files(house, until)? {
        found.push(read(house, file, as_of)?);
    }
    Ok(found)
}

/// The snapshot in force on `until` (today's, without it), if any was imported.
///
/// # Errors
/// The store's and the lake's.
pub fn in_force(house: &House, until: Option<Date>) -> Result<Option<Snapshot>> {
    files(house, until)?.pop().map(|(file, as_of)| read(house, file, as_of)).transpose()
}

/// Days of the snapshots that were received, newest first.
///
/// # Errors
/// The store's.
pub fn days(house: &House) -> Result<Vec<Date>> {
    let mut days: Vec<Date> = files(house, None)?.into_iter().map(|(_, as_of)| as_of).collect();
    days.dedup();
    days.reverse();
    Ok(days)
}

/// The families of a closing, sorted, with the deciles that they have in the snapshot of exactly this day; none when there is no such
/// snapshot. Of the whole country whoever asks, because places are given out over all families: for work that tells sums of the scope only.
///
/// # Errors
/// The store's and the lake's; the month was not closed.
pub fn of_closing(
    house: &House,
    _scope: &Scope,
    day: Date,
    month: Month,
) -> Result<Option<(Vec<i64>, Vec<u8>)>> {
    let mut same_day = files(house, None)?.into_iter().filter(|(_, as_of)| *as_of == day);
    let Some((file, as_of)) = same_day.next_back() else { return Ok(None) };
    let families =
        house.lake.require(&format!("closing/{month}/families"))?.read_all(&["family_id", "kk"])?;
    let (deciles, _) = of_cards(Some(&read(house, file, as_of)?), &int64(&families, "kk")?);
    let ids = int64(&families, "family_id")?;
    let decile =
        |decile: Option<i32>| decile.and_then(|n| u8::try_from(n).ok()).filter(|n| (1..=10).contains(n));
    let ranked = ids.values().iter().zip(&deciles).filter_map(|(id, n)| Some((*id, decile(n)?)));
    Ok(Some(ranked.unzip()))
}

fn files(house: &House, until: Option<Date>) -> Result<Vec<(i64, Date)>> {
    let rows = house.db.read(|tx| tx.query(&queries::RANKS_RECEIVED, params![]))?;
    let mut files = Vec::with_capacity(rows.len());
    for row in rows {
        let (file, as_of) = (row.int(0)?, row.date(1)?);
        if until.is_none_or(|until| as_of <= until) {
            files.push((file, as_of));
        }
    }
    Ok(files)
}

fn read(house: &House, file: i64, as_of: Date) -> Result<Snapshot> {
    let dataset = house.lake.require(&format!("rank/{file}"))?;
    let batch = dataset.read_all(&["kk", "decile", "rank_date", "publisher"])?;
    let kk = int64(&batch, "kk")?;
    let mut order: Vec<u32> = (0..kk.len() as u32).filter(|&row| kk.is_valid(row as usize)).collect();
    // Sorted by card already; of a card named twice the later ranking counts, and binary search must find one
    // row a card.
    let date = date32(&batch, "rank_date")?;
    order.sort_by_key(|&row| (kk.value(row as usize), std::cmp::Reverse(date.value(row as usize)), row));
    order.dedup_by_key(|row| kk.value(*row as usize));
    let sorted = arrow_select::take::take_record_batch(&batch, &UInt32Array::from(order))?;
    Ok(Snapshot {
        file,
        hash: dataset.manifest().hash.clone(),
        as_of,
        kk: int64(&sorted, "kk")?,
        decile: int32(&sorted, "decile")?,
        rank_date: date32(&sorted, "rank_date")?,
        publisher: text(&sorted, "publisher")?,
    })
}

/// Decile and date of each card, null where the card is unknown or not ranked.
pub fn of_cards(snapshot: Option<&Snapshot>, cards: &Int64Array) -> (Int32Array, Date32Array) {
    let place = |row: usize| snapshot.filter(|_| cards.is_valid(row))?.place(cards.value(row));
    let places: Vec<Option<Place<'_>>> = (0..cards.len()).map(place).collect();
    (
        places.iter().map(|p| p.map(|p| p.decile)).collect(),
        places.iter().map(|p| p.map(|p| p.rank_date)).collect(),
    )
}

/// Rows of a column of cards (a helper of publishing).
pub(crate) fn cards_at(cards: &Int64Array, rows: &UInt32Array) -> Result<Int64Array> {
    use arrow_array::{cast::AsArray, types::Int64Type};
    Ok(take(cards, rows, None)?.as_primitive::<Int64Type>().clone())
}
