//! From a version in the lake to the serving copy in the database, in batches that can be interrupted anywhere.
//!
//! In: `registry/<version>/*`, reports that came after it, rank snapshots. Out: rows of person, family, keys, ranks, old ids, events and
//! the review queue; only those that differ from what stands there. A batch and the mark that says how far it got are one transaction,
//! so the same call after a crash goes on. Searching stays possible all the time. Must never happen: a row of the serving copy that
//! the version does not say.

use std::collections::BTreeMap;

use access::{House, Session};
use arrow_array::{Array, Int64Array, RecordBatch, StringArray, UInt32Array};
use model::Progress;
use policy::Subject;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::Serialize;
use store::{Job, Sql, Tx, Value, meta, params, set_meta};

use crate::cells::{Cells, digest, iso};
use crate::deciles::{self, Snapshot};
use crate::search::keys;
use crate::urgent::Overlay;
use crate::version::{self, boolean, date32, int32, int64, text};
use crate::{Error, Result, load, queries, rows};

/// Rows a transaction.
const BATCH: usize = 20_000;
/// Meta name: the version that pages speak of.
pub(crate) const VERSION: &str = "registry-version";
/// Meta name: the last version whose events stand in the database.
const EVENTS: &str = "registry-events";
/// Meta name: whether the index of names is whole, and by which rules it was made.
const KEYS: &str = "registry-keys";

/// Rows that were written or removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Published {
    /// Rows of persons.
    pub persons: u64,
    /// Rows of families.
    pub families: u64,
    /// Search keys.
    pub keys: u64,
    /// Ranks of families.
    pub ranks: u64,
    /// Old ids.
    pub aliases: u64,
    /// Events.
    pub events: u64,
    /// Pairs of the review queue.
    pub review: u64,
    /// Rows that were taken away.
    pub removed: u64,
}

/// Publishes the newest version again: after a rank import, or to mend the serving copy.
///
/// # Errors
/// [`Error::NoVersion`] before the first consolidation, [`Error::Busy`] while one runs; the store's and the lake's.
pub fn publish_ranks(house: &House, session: &Session, progress: &dyn Progress) -> Result<Published> {
    session.scope("rank.import")?;
    let clock = house.clock.as_ref();
    let version = version::latest(&house.lake)?.ok_or(Error::NoVersion)?;
    let job = Job::start(&house.db, clock, "consolidate", "registry")?.ok_or(Error::Busy)?;
    let published = publish(house, version.number, &job, progress)?;
    job.done(clock, &format!("version={} published", version.number))?;
    Ok(published)
}

/// Brings a version into the database.
///
/// # Errors
/// The store's and the lake's.
pub fn publish(house: &House, version: i64, job: &Job, progress: &dyn Progress) -> Result<Published> {
    let mut work = Work::new(house, version, job, progress)?;
    work.families()?;
    work.persons()?;
    work.keys()?;
    work.ranks()?;
    work.aliases()?;
    work.events()?;
    work.review()?;
    work.region_counts()?;
    Ok(work.published)
}

/// How far an interrupted attempt got: `version|stage|key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Families,
    Persons,
    Keys,
    Ranks,
    Rest,
}

struct Work<'a> {
    house: &'a House,
    version: i64,
    job: &'a Job,
    progress: &'a dyn Progress,
    /// Stage and key behind which to go on.
    reached: Option<(Stage, i64)>,
    /// Persons sorted by family, with late reports applied.
    persons: RecordBatch,
    families: RecordBatch,
    /// Rows of `persons` in the order of their id.
    by_id: Vec<u32>,
    ranks: Vec<Snapshot>,
    /// The index of names is made whole in a stage of its own.
    rebuild_keys: bool,
    published: Published,
}

const PERSON_FIELDS: [&str; 20] = [
    "person_id",
    "family_id",
    "nik",
    "kk",
    "name",
    "sex",
    "birth_date",
    "birth_place",
    "mother_name",
    "relation",
    "region",
    "alive",
    "matched",
    "civil_servant",
    "death_date",
    "records",
    "address",
    "rt",
    "rw",
    "presence",
];

impl<'a> Work<'a> {
    fn new(house: &'a House, version: i64, job: &'a Job, progress: &'a dyn Progress) -> Result<Self> {
        progress.report("publish", 0, 0);
        let overlay = Overlay::after(house, version)?;
        let persons = house.lake.require(&version::name(version, "persons"))?.read_all(&PERSON_FIELDS)?;
        let persons = overlay.persons(&persons)?;
        let families = house.lake.require(&version::name(version, "families"))?.read_all(&[])?;
        let families = overlay.families(&families, &persons)?;
        let ids = int64(&persons, "person_id")?;
        let mut by_id: Vec<u32> = (0..ids.len() as u32).collect();
        by_id.par_sort_unstable_by_key(|&row| ids.value(row as usize));
        let reached = reached(job.mark(), version);
        let rebuild_keys = house.db.write(|tx| {
            set_meta(tx, VERSION, &version.to_string())?;
            let whole = meta(tx, KEYS)?.as_deref() == Some(keys::METHOD);
            if !whole {
                set_meta(tx, KEYS, "partial")?;
            }
            Ok::<_, Error>(!whole)
        })?;
        let ranks = deciles::snapshots(house, None)?;
        let published = Published::default();
        Ok(Self {
            house,
            version,
            job,
            progress,
            reached,
            persons,
            families,
            by_id,
            ranks,
            rebuild_keys,
            published,
        })
    }

    /// Where to begin in a stage: nothing if the stage is behind us.
    fn begin(&self, stage: Stage) -> Option<i64> {
        match self.reached {
            Some((reached, _)) if stage < reached => None,
            Some((reached, key)) if stage == reached => Some(key),
            _ => Some(i64::MIN),
        }
    }

    fn mark(&self, tx: &mut Tx<'_>, stage: Stage, key: i64) -> Result<()> {
        let mark = format!("{}|{}|{key}", self.version, stage as u8);
        Ok(self.job.set_mark(tx, self.house.clock.as_ref(), &mark)?)
    }

    fn families(&mut self) -> Result<()> {
        let ids = int64(&self.families, "family_id")?;
        let maker =
            FamilyRows::new(self.house, &self.families, &self.persons, &self.by_id, self.ranks.last())?;
        let order: Vec<u32> = (0..ids.len() as u32).collect();
        let Some(from) = self.begin(Stage::Families) else { return Ok(()) };
        for span in spans(&order, &ids, from) {
            let (columns, digests) = maker.cells(span.rows)?;
            let row = |at: usize| row_of(&columns, at, self.version, digests[at]);
            let (written, removed) = self.house.db.write(|tx| {
                let mut standing = FxHashMap::default();
                tx.for_each(&queries::FAMILY_RANGE, params![span.after, span.until], |row| {
                    standing.insert(row.int(0)?, row.int(1)?);
                    Ok::<_, store::Error>(())
                })?;
                let fresh = fresh(span.rows, &ids, &digests, &mut standing);
                let removed = remove(tx, &queries::FAMILY_DELETE, &fresh.replaced, &standing)?;
                tx.bulk("family", &FamilyRows::COLUMNS, fresh.at.iter().map(|&at| row(at)))?;
                self.mark(tx, Stage::Families, span.until)?;
                Ok::<_, Error>((fresh.at.len() as u64, removed))
            })?;
            self.published.families += written;
            self.published.removed += removed;
            self.progress.report("publish families", span.done as u64, ids.len() as u64);
        }
        Ok(())
    }

    fn persons(&mut self) -> Result<()> {
        let Some(from) = self.begin(Stage::Persons) else { return Ok(()) };
        let ids = int64(&self.persons, "person_id")?;
        let names = rows::standardiser(self.house)?;
        for span in spans(&self.by_id, &ids, from) {
            let made = PersonRows::make(&self.persons, span.rows, &names)?;
            let row = |at: usize| row_of(&made.columns, at, self.version, made.digests[at]);
            let rebuild = self.rebuild_keys;
            let (written, removed, keys_written) = self.house.db.write(|tx| {
                let mut standing = FxHashMap::default();
                let mut old_keys: FxHashMap<i64, Vec<i64>> = FxHashMap::default();
                tx.for_each(&queries::PERSON_RANGE, params![span.after, span.until], |row| {
                    standing.insert(row.int(0)?, row.int(1)?);
                    if !rebuild {
                        let year = row.opt_date(3)?.map(jiff::civil::Date::year);
                        old_keys
                            .insert(row.int(0)?, keys::of_person(row.opt_text(2)?.unwrap_or_default(), year));
                    }
                    Ok::<_, store::Error>(())
                })?;
                let fresh = fresh(span.rows, &ids, &made.digests, &mut standing);
                let removed = remove(tx, &queries::PERSON_DELETE, &fresh.replaced, &standing)?;
                tx.bulk("person", &PersonRows::COLUMNS, fresh.at.iter().map(|&at| row(at)))?;
                let mut keys_written = 0;
                if !rebuild {
                    let new = fresh.at.iter().map(|&at| (made.id(at), made.keys(at)));
                    keys_written = renew_keys(tx, &old_keys, new, &standing)?;
                }
                self.mark(tx, Stage::Persons, span.until)?;
                Ok::<_, Error>((fresh.at.len() as u64, removed, keys_written))
            })?;
            self.published.persons += written;
            self.published.removed += removed;
            self.published.keys += keys_written;
            self.progress.report("publish persons", span.done as u64, ids.len() as u64);
        }
        Ok(())
    }

    /// Makes the index of names whole: all keys in their order, which a database takes ten times faster than in any other.
    fn keys(&mut self) -> Result<()> {
        if !self.rebuild_keys || self.begin(Stage::Keys).is_none() {
            return Ok(());
        }
        self.progress.report("publish keys", 0, 0);
        let all = self.all_keys()?;
        let mut after = (i64::MIN, i64::MIN);
        for (at, chunk) in all.chunks(BATCH * 5).enumerate() {
            let last_chunk = (at + 1) * BATCH * 5 >= all.len();
            let until = if last_chunk { (i64::MAX, i64::MAX) } else { *chunk.last().unwrap_or(&after) };
            self.published.keys += self.house.db.write(|tx| {
                let mut standing = Vec::new();
                tx.for_each(&queries::KEY_RANGE, params![after.0, after.1, until.0, until.1], |row| {
                    standing.push((row.int(0)?, row.int(1)?));
                    Ok::<_, store::Error>(())
                })?;
                let gone = standing.iter().filter(|pair| chunk.binary_search(pair).is_err());
                tx.execute_many(&queries::KEY_DELETE, gone.map(|&(key, id)| params![key, id].to_vec()))?;
                let new = chunk.iter().filter(|pair| standing.binary_search(pair).is_err());
                Ok::<_, Error>(tx.bulk(
                    "person_key",
                    &["key", "person_id"],
                    new.map(|&(k, id)| params![k, id].to_vec()),
                )?)
            })?;
            after = until;
            self.progress.report(
                "publish keys",
                ((at + 1) * BATCH * 5).min(all.len()) as u64,
                all.len() as u64,
            );
        }
        self.house.db.write(|tx| {
            set_meta(tx, KEYS, keys::METHOD)?;
            self.mark(tx, Stage::Ranks, i64::MIN)
        })
    }

    fn all_keys(&self) -> Result<Vec<(i64, i64)>> {
        let names = rows::standardiser(self.house)?;
        let (ids, name) = (int64(&self.persons, "person_id")?, text(&self.persons, "name")?);
        let birth = date32(&self.persons, "birth_date")?;
        let of_row = |row: usize| {
            let name = if name.is_valid(row) { names.name(name.value(row)) } else { String::new() };
            let year = birth.is_valid(row).then(|| year_of(birth.value(row))).flatten();
            keys::of_person(&name, year).into_iter().map(move |key| (key, row))
        };
        let mut all: Vec<(i64, i64)> = (0..ids.len())
            .into_par_iter()
            .flat_map_iter(of_row)
            .map(|(key, row)| (key, ids.value(row)))
            .collect();
        all.par_sort_unstable();
        all.dedup();
        Ok(all)
    }

    fn ranks(&mut self) -> Result<()> {
        let Some(from) = self.begin(Stage::Ranks) else { return Ok(()) };
        let (ids, cards) = (int64(&self.families, "family_id")?, int64(&self.families, "kk")?);
        let order: Vec<u32> = (0..ids.len() as u32).collect();
        for span in spans(&order, &ids, from) {
            let told = self.ranks_of(span.rows, &ids, &cards);
            let (written, removed) = self.house.db.write(|tx| {
                let mut standing = BTreeMap::new();
                tx.for_each(&queries::RANK_RANGE, params![span.after, span.until], |row| {
                    standing.insert((row.int(0)?, row.string(1)?), row.int(2)?);
                    Ok::<_, store::Error>(())
                })?;
                let new: Vec<_> =
                    told.iter().filter(|(key, rank)| standing.get(key) != Some(&rank.0)).collect();
                let gone: Vec<_> =
                    standing.iter().filter(|(key, rank)| told.get(key).map(|t| &t.0) != Some(rank)).collect();
                let removed = gone.iter().filter(|(key, _)| !told.contains_key(key)).count();
                tx.execute_many(
                    &queries::RANK_DELETE,
                    gone.iter().map(|((id, date), _)| params![*id, date].to_vec()),
                )?;
                let rows = new.iter().map(|((id, date), (decile, publisher))| {
                    params![*id, date, *decile, publisher.as_deref()].to_vec()
                });
                let written =
                    tx.bulk("family_rank", &["family_id", "rank_date", "decile", "publisher"], rows)?;
                self.mark(tx, Stage::Ranks, span.until)?;
                Ok::<_, Error>((written, removed as u64))
            })?;
            self.published.ranks += written;
            self.published.removed += removed;
            self.progress.report("publish ranks", span.done as u64, ids.len() as u64);
        }
        Ok(())
    }

    /// (family, date) -> (decile, publisher), over all snapshots; the later list speaks for a date that two name.
    fn ranks_of(
        &self,
        rows: &[u32],
        ids: &Int64Array,
        cards: &Int64Array,
    ) -> BTreeMap<(i64, String), (i64, Option<String>)> {
        let mut told = BTreeMap::new();
        for snapshot in &self.ranks {
            for &row in rows {
                let row = row as usize;
                if let Some(place) = cards.is_valid(row).then(|| snapshot.place(cards.value(row))).flatten() {
                    let key = (ids.value(row), iso(place.rank_date));
                    told.insert(key, (i64::from(place.decile), place.publisher.map(str::to_owned)));
                }
            }
        }
        told
    }

    fn aliases(&mut self) -> Result<()> {
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

    /// Events of every version that was made since the last one whose events stand, also of those that were never published.
    fn events(&mut self) -> Result<()> {
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
    fn region_counts(&mut self) -> Result<()> {
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
    fn review(&mut self) -> Result<()> {
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
        let mut standing: FxHashMap<(i64, i64), i64> = FxHashMap::default();
        self.house.db.read(|tx| {
            tx.for_each(&queries::REVIEW_ALL, &[], |row| {
                standing.insert((row.int(0)?, row.int(1)?), row.int(2)?);
                Ok::<_, store::Error>(())
            })
        })?;
        let (left, right) = (int64(&batch, "left_record")?, int64(&batch, "right_record")?);
        let all = UInt32Array::from_iter_values(0..batch.num_rows() as u32);
        let persons = [Cells::of(&batch, "left_person", &all)?, Cells::of(&batch, "right_person", &all)?];
        let regions = [Cells::path(&batch, "left_region", &all)?, Cells::path(&batch, "right_region", &all)?];
        let weight = batch
            .column_by_name("weight")
            .map(arrow_array::cast::AsArray::as_primitive::<arrow_array::types::Float32Type>);
        let weight = weight.ok_or_else(|| Error::Damaged("column `weight` is missing".to_owned()))?;
        let version = self.version;
        let row = |row: usize, state: i64| {
            let weight = f64::from(weight.value(row));
            let mut values =
                params![left.value(row), right.value(row), weight, -(weight * 1000.0) as i64].to_vec();
            values.extend(persons.iter().chain(&regions).map(|cells| cells.value(row)));
            values.extend([Value::from(state), Value::from(version)]);
            values
        };
        for chunk in (0..batch.num_rows()).collect::<Vec<_>>().chunks(BATCH) {
            let key = |row: usize| (left.value(row), right.value(row));
            self.published.review += self.house.db.write(|tx| {
                let stale = chunk.iter().map(|&row| key(row)).filter(|key| standing.contains_key(key));
                tx.execute_many(&queries::REVIEW_DELETE, stale.map(|(l, r)| params![l, r].to_vec()))?;
                let rows = chunk.iter().map(|&at| row(at, standing.get(&key(at)).copied().unwrap_or(0)));
                tx.bulk("review_pair", &COLUMNS, rows)
            })?;
            for &row in chunk {
                standing.remove(&key(row));
            }
        }
        let gone: Vec<_> = standing.keys().copied().collect();
        for chunk in gone.chunks(BATCH) {
            self.published.removed += self.house.db.write(|tx| {
                tx.execute_many(&queries::REVIEW_DELETE, chunk.iter().map(|&(l, r)| params![l, r].to_vec()))
            })?;
        }
        Ok(())
    }
}

fn reached(mark: Option<&str>, version: i64) -> Option<(Stage, i64)> {
    let mut parts = mark?.split('|');
    let (of, stage, key) = (parts.next()?, parts.next()?, parts.next()?);
    if of.parse() != Ok(version) {
        return None;
    }
    let stage = match stage {
        "0" => Stage::Families,
        "1" => Stage::Persons,
        "2" => Stage::Keys,
        "3" => Stage::Ranks,
        _ => Stage::Rest,
    };
    Some((stage, key.parse().ok()?))
}

/// A stretch of rows in the order of their key, and the stretch of keys that it speaks for.
struct Span<'a> {
    rows: &'a [u32],
    after: i64,
    until: i64,
    done: usize,
}

/// Cuts rows (in the order of their key) into batches behind `from`. The last batch speaks for all keys that follow.
fn spans<'a>(order: &'a [u32], ids: &'a Int64Array, from: i64) -> impl Iterator<Item = Span<'a>> {
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
struct Fresh {
    /// Positions within the span.
    at: Vec<usize>,
    replaced: Vec<i64>,
}

/// Compares a span with what stands; leaves in `standing` what the version no longer has.
fn fresh(rows: &[u32], ids: &Int64Array, digests: &[i64], standing: &mut FxHashMap<i64, i64>) -> Fresh {
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
fn remove(tx: &mut Tx<'_>, sql: &Sql, replaced: &[i64], gone: &FxHashMap<i64, i64>) -> Result<u64> {
    let ids = replaced.iter().chain(gone.keys());
    tx.execute_many(sql, ids.map(|&id| params![id].to_vec()))?;
    Ok(gone.len() as u64)
}

fn renew_keys(
    tx: &mut Tx<'_>,
    old: &FxHashMap<i64, Vec<i64>>,
    new: impl Iterator<Item = (i64, Vec<i64>)>,
    gone: &FxHashMap<i64, i64>,
) -> Result<u64> {
    const NONE: &[i64] = &[];
    let (mut stale, mut fresh) = (Vec::new(), Vec::new());
    for (id, keys) in new {
        let before = old.get(&id).map_or(NONE, Vec::as_slice);
        stale.extend(before.iter().filter(|key| !keys.contains(key)).map(|&key| (key, id)));
        fresh.extend(keys.iter().filter(|key| !before.contains(key)).map(|&key| (key, id)));
    }
    for id in gone.keys() {
        stale.extend(old.get(id).map_or(NONE, Vec::as_slice).iter().map(|&key| (key, *id)));
    }
    tx.execute_many(&queries::KEY_DELETE, stale.into_iter().map(|(key, id)| params![key, id].to_vec()))?;
    Ok(tx.execute_many(&queries::KEY_ADD, fresh.into_iter().map(|(key, id)| params![key, id].to_vec()))?)
}

fn row_of(columns: &[Cells], at: usize, version: i64, digest: i64) -> Vec<Value> {
    let mut values: Vec<Value> = columns.iter().map(|column| column.value(at)).collect();
    values.extend([Value::from(version), Value::from(digest)]);
    values
}

fn digests(columns: &[Cells], rows: usize) -> Vec<i64> {
    (0..rows).into_par_iter().map_init(Vec::new, |bytes, row| digest(columns, row, bytes)).collect()
}

fn year_of(days: i32) -> Option<i16> {
    model::civil_from_epoch_days(days).map(jiff::civil::Date::year)
}

/// Rows of the table `person`.
struct PersonRows {
    columns: Vec<Cells>,
    digests: Vec<i64>,
}

impl PersonRows {
    const COLUMNS: [&'static str; 19] = [
        "person_id",
        "family_id",
        "nik",
        "kk",
        "name",
        "name_key",
        "sex",
        "birth_date",
        "birth_place",
        "mother_name",
        "relation",
        "region",
        "alive",
        "matched",
        "civil_servant",
        "death_date",
        "records",
        "version",
        "digest",
    ];

    fn make(persons: &RecordBatch, rows: &[u32], names: &linkage::standardise::Standardiser) -> Result<Self> {
        let picked = UInt32Array::from(rows.to_vec());
        let mut columns = Vec::with_capacity(17);
        for name in &Self::COLUMNS[..17] {
            columns.push(match *name {
                "name_key" => {
                    let Some(Cells::Text(name)) = columns.last() else {
                        return Err(Error::Damaged("column `name` is not text".to_owned()));
                    };
                    let key = |row: usize| name.is_valid(row).then(|| names.name(name.value(row)));
                    Cells::Text((0..rows.len()).into_par_iter().map(key).collect::<Vec<_>>().into())
                }
                "region" => Cells::path(persons, name, &picked)?,
                name => Cells::of(persons, name, &picked)?,
            });
        }
        let digests = digests(&columns, rows.len());
        Ok(Self { columns, digests })
    }

    fn id(&self, at: usize) -> i64 {
        match &self.columns[0] {
            Cells::Int(ids) => ids.value(at),
            _ => 0,
        }
    }

    fn keys(&self, at: usize) -> Vec<i64> {
        let (Cells::Text(name), Cells::Day(birth)) = (&self.columns[5], &self.columns[7]) else {
            return Vec::new();
        };
        let name = if name.is_valid(at) { name.value(at) } else { "" };
        keys::of_person(name, birth.is_valid(at).then(|| year_of(birth.value(at))).flatten())
    }
}

/// Makes rows of the table `family`.
struct FamilyRows<'a> {
    families: &'a RecordBatch,
    persons: &'a RecordBatch,
    /// Row of the head among the persons.
    head: Vec<u32>,
    rank: Option<&'a Snapshot>,
    variables: Vec<String>,
}

impl<'a> FamilyRows<'a> {
    const COLUMNS: [&'static str; 14] = [
        "family_id",
        "kk",
        "head_person_id",
        "head_name",
        "region",
        "address",
        "rt",
        "rw",
        "size",
        "decile",
        "rank_date",
        "vars",
        "version",
        "digest",
    ];

    fn new(
        house: &House,
        families: &'a RecordBatch,
        persons: &'a RecordBatch,
        by_id: &[u32],
        rank: Option<&'a Snapshot>,
    ) -> Result<Self> {
        let ids = int64(persons, "person_id")?;
        let heads = int64(families, "head_person_id")?;
        let find = |id: &i64| {
            let at = by_id.binary_search_by_key(id, |&row| ids.value(row as usize));
            at.map(|at| by_id[at]).map_err(|_| Error::Damaged(format!("head {id} is not among the persons")))
        };
        let head: Vec<u32> = heads.values().iter().map(find).collect::<Result<_>>()?;
        let variables =
            load::canonical(house).into_iter().filter(|c| c.subject == Subject::Family).map(|c| c.name);
        Ok(Self { families, persons, head, rank, variables: variables.collect() })
    }

    fn cells(&self, rows: &[u32]) -> Result<(Vec<Cells>, Vec<i64>)> {
        let picked = UInt32Array::from(rows.to_vec());
        let heads: UInt32Array = rows.iter().map(|&row| self.head[row as usize]).collect::<Vec<_>>().into();
        let own = |name: &str| Cells::of(self.families, name, &picked);
        let of_head = |name: &str| Cells::of(self.persons, name, &heads);
        let cards = deciles::cards_at(&int64(self.families, "kk")?, &picked)?;
        let (decile, rank_date) = deciles::of_cards(self.rank, &cards);
        let columns = vec![
            own("family_id")?,
            Cells::Int(cards),
            own("head_person_id")?,
            Cells::path(self.persons, "name", &heads)?,
            Cells::path(self.families, "region", &picked)?,
            of_head("address")?,
            of_head("rt")?,
            of_head("rw")?,
            own("size")?,
            Cells::Code(decile),
            Cells::Day(rank_date),
            Cells::Text(self.vars(&picked, rows.len())?),
        ];
        let digests = digests(&columns, rows.len());
        Ok((columns, digests))
    }

    /// The known variables of the house as one JSON object a family.
    fn vars(&self, picked: &UInt32Array, rows: usize) -> Result<StringArray> {
        let cells: Vec<Cells> = self
            .variables
            .iter()
            .map(|name| Cells::of(self.families, name, picked))
            .collect::<Result<_>>()?;
        let object = |row: usize| {
            let mut object = serde_json::Map::new();
            for (name, cells) in self.variables.iter().zip(&cells) {
                let value = match cells.value(row) {
                    Value::Null => continue,
                    Value::Int(value) if matches!(cells, Cells::Flag(_)) => {
                        serde_json::Value::from(value == 1)
                    }
                    Value::Int(value) => serde_json::Value::from(value),
                    Value::Text(value) => serde_json::Value::from(value),
                    Value::Real(_) | Value::Bytes(_) => continue,
                };
                object.insert(name.clone(), value);
            }
            serde_json::Value::Object(object).to_string()
        };
        Ok((0..rows).into_par_iter().map(object).collect::<Vec<_>>().into())
    }
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

    #[test]
    fn a_mark_of_another_version_is_not_followed() {
        assert_eq!(reached(Some("3|1|77"), 3), Some((Stage::Persons, 77)));
        assert_eq!(reached(Some("2|1|77"), 3), None);
        assert_eq!(reached(None, 3), None);
    }
}
