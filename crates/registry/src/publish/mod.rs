//! From a version in the lake to the serving copy in the database, in batches that can be interrupted
//! anywhere.
//!
//! In: `registry/<version>/*`, reports that came after it, rank snapshots. Out: rows of person, family, keys,
//! ranks, old ids, events and the review queue; only those that differ from what stands there. A batch and
//! the mark that says how far it got are one transaction, so the same call after a crash goes on. Searching
//! stays possible all the time. Must never happen: a row of the serving copy that the version does not say.

mod rest;
mod serving;
mod span;

use std::collections::BTreeMap;

use access::{House, Session};
use arrow_array::{Array, Int64Array, RecordBatch};
use model::Progress;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::Serialize;
use store::{Job, Tx, meta, params, set_meta};

use crate::cells::iso;
use crate::deciles::{self, Snapshot};
use crate::search::keys;
use crate::urgent::Overlay;
use crate::version::{self, date32, int64, text};
use crate::{Error, Result, queries, rows};
use serving::{FamilyRows, PersonRows, row_of, year_of};
use span::{Entry, fresh, remove, renew_keys, spans};

/// Rows a transaction.
const BATCH: usize = 20_000;
/// Changed rows, as a part of all people, above which the server is told of them: one in ten.
const SETTLED_PART: u64 = 10;
/// Meta name: the version that pages speak of.
pub(crate) const VERSION: &str = "registry-version";
/// Meta name: the last version whose events stand in the database.
const EVENTS: &str = "registry-events";
/// Meta name: the version, with late reports, whose people stand in the database to the last row.
const PEOPLE: &str = "registry-people";
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
    /// No rows: family cards of the newest rank list that no family of the registry has. They are kept in the list and count once the
    /// family is known.
    pub strangers: u64,
}

/// Brings ranks that were imported to the families of the newest version. People are looked at only when the
/// serving copy does not yet have them all.
///
/// # Errors [`Error::NoVersion`] before the first consolidation, [`Error::Busy`] while one runs; the store's
/// and the lake's.
pub fn publish_ranks(house: &House, session: &Session, progress: &dyn Progress) -> Result<Published> {
    session.scope("rank.import")?;
    let clock = house.clock.as_ref();
    let version = version::latest(&house.lake)?.ok_or(Error::NoVersion)?;
    let job = Job::start(&house.db, clock, "consolidate", "registry")?.ok_or(Error::Busy)?;
    let work = Work::new(house, version.number, &job, progress)?;
    let published = if work.people_stand()? { work.ranks_only()? } else { work.whole()? };
    let strangers = published.strangers;
    job.done(clock, &format!("version={} published, ranked but unknown={strangers}", version.number))?;
    Ok(published)
}

/// Brings a version into the database, and mends what stands there otherwise than the version says.
///
/// # Errors
/// The store's and the lake's.
pub fn publish(house: &House, version: i64, job: &Job, progress: &dyn Progress) -> Result<Published> {
    Work::new(house, version, job, progress)?.whole()
}

/// How far an interrupted attempt got: `version and inputs|stage|key`.
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
    /// What is published: the version with the reports and ranks that came after it.
    inputs: String,
    /// The same without ranks.
    people: String,
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
        let ranks = deciles::snapshots(house, None)?;
        let inputs = inputs(version, &overlay, &ranks);
        let people = self::inputs(version, &overlay, &[]);
        let reached = reached(job.mark(), &inputs);
        let rebuild_keys = house.db.write(|tx| {
            set_meta(tx, VERSION, &version.to_string())?;
            let whole = meta(tx, KEYS)?.as_deref() == Some(keys::METHOD);
            if !whole {
                set_meta(tx, KEYS, "partial")?;
            }
            Ok::<_, Error>(!whole)
        })?;
        let published = Published::default();
        Ok(Self {
            house,
            version,
            job,
            progress,
            inputs,
            people,
            reached,
            persons,
            families,
            by_id,
            ranks,
            rebuild_keys,
            published,
        })
    }

    fn whole(mut self) -> Result<Published> {
        self.families()?;
        self.persons()?;
        self.keys()?;
        self.ranks()?;
        self.aliases()?;
        self.events()?;
        self.review()?;
        self.region_counts()?;
        self.house.db.write(|tx| set_meta(tx, PEOPLE, &self.people))?;
        self.settle();
        Ok(self.published)
    }

    /// Lets the server plan by what its tables hold now, when that is largely new.
    fn settle(&self) {
        let Published { persons, families, removed, .. } = self.published;
        if (persons + families + removed) * SETTLED_PART > self.by_id.len() as u64 {
            self.progress.report("publish statistics", 0, 0);
            self.house.db.settle(&["person", "family", "person_key", "family_rank"]);
        }
    }

    /// Whether all people of this version, with late reports, stand in the database.
    fn people_stand(&self) -> Result<bool> {
        let standing = self.house.db.read(|tx| meta(tx, PEOPLE))?;
        Ok(!self.rebuild_keys && standing.as_deref() == Some(&self.people))
    }

    fn ranks_only(mut self) -> Result<Published> {
        self.families()?;
        self.ranks()?;
        self.region_counts()?;
        Ok(self.published)
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
        let mark = format!("{}|{}|{key}", self.inputs, stage as u8);
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
        let names = rows::standardiser(&self.house.policy)?;
        for span in spans(&self.by_id, &ids, from) {
            let made = PersonRows::make(&self.persons, span.rows, &names)?;
            let row = |at: usize| row_of(&made.columns, at, self.version, made.digests[at]);
            let rebuild = self.rebuild_keys;
            let (written, removed, keys_written) = self.house.db.write(|tx| {
                let mut standing = FxHashMap::default();
                let mut old_keys: FxHashMap<i64, Vec<Entry>> = FxHashMap::default();
                tx.for_each(&queries::PERSON_RANGE, params![span.after, span.until], |row| {
                    standing.insert(row.int(0)?, row.int(1)?);
                    if !rebuild {
                        let year = row.opt_date(3)?.map(jiff::civil::Date::year);
                        let area = keys::area(row.text(4)?);
                        let keys = keys::of_person(row.opt_text(2)?.unwrap_or_default(), year);
                        old_keys.insert(row.int(0)?, keys.into_iter().map(|key| (key, area)).collect());
                    }
                    Ok::<_, store::Error>(())
                })?;
                let fresh = fresh(span.rows, &ids, &made.digests, &mut standing);
                let removed = remove(tx, &queries::PERSON_DELETE, &fresh.replaced, &standing)?;
                tx.bulk("person", &PersonRows::COLUMNS, fresh.at.iter().map(|&at| row(at)))?;
                let mut keys_written = 0;
                if !rebuild {
                    let entries = |at: usize| {
                        let area = made.area(at);
                        made.keys(at).into_iter().map(|key| (key, area)).collect()
                    };
                    let new = fresh.at.iter().map(|&at| (made.id(at), entries(at)));
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

    /// Makes the index of names whole: all keys in their order, which a database takes ten times faster than
    /// in any other.
    fn keys(&mut self) -> Result<()> {
        if !self.rebuild_keys || self.begin(Stage::Keys).is_none() {
            return Ok(());
        }
        self.progress.report("publish keys", 0, 0);
        let all = self.all_keys()?;
        let mut after = (i64::MIN, i64::MIN, i64::MIN);
        for (at, chunk) in all.chunks(BATCH * 5).enumerate() {
            let last_chunk = (at + 1) * BATCH * 5 >= all.len();
            let until =
                if last_chunk { (i64::MAX, i64::MAX, i64::MAX) } else { *chunk.last().unwrap_or(&after) };
            self.published.keys += self.house.db.write(|tx| {
                let mut standing = Vec::new();
                let range = params![after.0, after.1, after.2, until.0, until.1, until.2];
                tx.for_each(&queries::KEY_RANGE, range, |row| {
                    standing.push((row.int(0)?, row.int(1)?, row.int(2)?));
                    Ok::<_, store::Error>(())
                })?;
                let gone = standing.iter().filter(|pair| chunk.binary_search(pair).is_err());
                tx.execute_many(
                    &queries::KEY_DELETE,
                    gone.map(|&(key, area, id)| params![key, area, id].to_vec()),
                )?;
                let new = chunk.iter().filter(|pair| standing.binary_search(pair).is_err());
                Ok::<_, Error>(tx.bulk(
                    "person_key",
                    &["key", "area", "person_id"],
                    new.map(|&(key, area, id)| params![key, area, id].to_vec()),
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

    /// (key, area, person), sorted.
    fn all_keys(&self) -> Result<Vec<(i64, i64, i64)>> {
        let names = rows::standardiser(&self.house.policy)?;
        let (ids, name) = (int64(&self.persons, "person_id")?, text(&self.persons, "name")?);
        let birth = date32(&self.persons, "birth_date")?;
        let region = text(&self.persons, "region")?;
        let areas: Vec<i64> = region.iter().map(|region| keys::area(region.unwrap_or_default())).collect();
        let of_row = |row: usize| {
            let name = if name.is_valid(row) { names.name(name.value(row)) } else { String::new() };
            let year = birth.is_valid(row).then(|| year_of(birth.value(row))).flatten();
            keys::of_person(&name, year).into_iter().map(move |key| (key, row))
        };
        let mut all: Vec<(i64, i64, i64)> = (0..ids.len())
            .into_par_iter()
            .flat_map_iter(of_row)
            .map(|(key, row)| (key, areas[row], ids.value(row)))
            .collect();
        all.par_sort_unstable();
        all.dedup();
        Ok(all)
    }

    fn ranks(&mut self) -> Result<()> {
        let (ids, cards) = (int64(&self.families, "family_id")?, int64(&self.families, "kk")?);
        self.published.strangers = self.ranks.last().map_or(0, |newest| newest.strangers(&cards));
        let Some(from) = self.begin(Stage::Ranks) else { return Ok(()) };
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

    /// (family, date) -> (decile, publisher), over all snapshots; the later list speaks for a date that two
    /// name.
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
}

/// Names what is published: an attempt is only continued with the same.
fn inputs(version: i64, overlay: &Overlay, ranks: &[Snapshot]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(overlay.digest().as_bytes());
    for rank in ranks {
        hasher.update(rank.hash.as_bytes());
    }
    format!("{version}:{}", &hasher.finalize().to_hex()[..16])
}

fn reached(mark: Option<&str>, inputs: &str) -> Option<(Stage, i64)> {
    let mut parts = mark?.split('|');
    let (of, stage, key) = (parts.next()?, parts.next()?, parts.next()?);
    if of != inputs {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_of_other_inputs_is_not_followed() {
        assert_eq!(reached(Some("3:ab|1|77"), "3:ab"), Some((Stage::Persons, 77)));
        assert_eq!(reached(Some("2:ab|1|77"), "3:ab"), None);
        assert_eq!(reached(None, "3:ab"), None);
    }
}
