//! Search: one person or family, from a number or a badly written name. It is linkage of one record against
//! the registry.
//!
//! In: a text and a scope. Out: hits with their weight, personal numbers masked. A number is looked up
//! exactly, then with one slip. A name is looked up by keys ([`keys`]) and weighed by the trained model; in a
//! village all its names are looked at. Few and large questions, for each is a way to the server: the keys
//! together, then the people, then the names of their villages. Bounded: at most [`CANDIDATES_MAX`] candidates
//! are weighed. Must never happen: a person outside the scope in the answer.

pub mod keys;
pub mod query;

use access::{House, Scope};
use linkage::find::{self, Record};
use linkage::text::jaro_winkler;
use model::{RegionCode, RegionLevel};
use rustc_hash::{FxBuildHasher, FxHashMap};
use serde::Serialize;
use store::{Row, Tx, Value, params};

use crate::show::masked;
use crate::tools::{Known, names, tools_of};
use crate::{Error, Result, queries};
use query::Query;

/// Candidates that are weighed.
pub const CANDIDATES_MAX: usize = 150;
/// Hits on a page.
pub const HITS_MAX: usize = 50;
/// People noted for one key.
const KEY_ROWS: i64 = 1_500;
/// People read of those who share keys: the ones who share the most telling ones.
const READ_MAX: usize = 200;
/// People of a village that are looked at.
const VILLAGE_ROWS: i64 = 8_000;

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// How the text was understood: `number`, `name`.
    pub kind: &'static str,
    /// Best first.
    pub hits: Vec<Hit>,
    /// More fit; a more telling text would find them.
    pub more: bool,
}

/// One person found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// The person.
    pub person_id: i64,
    /// Their family.
    pub family_id: i64,
    /// Name.
    pub name: String,
    /// NIK, masked.
    pub nik: Option<String>,
    /// Birth date.
    pub birth_date: Option<String>,
    /// 1 male, 2 female.
    pub sex: Option<i64>,
    /// Village code; empty if unknown.
    pub region: String,
    /// Name of the village.
    pub region_name: Option<String>,
    /// Living.
    pub alive: bool,
    /// log2 odds that this is the one who is looked for (names only).
    pub weight: Option<f64>,
    /// Why it is here: `nik`, `nik-slip`, `kk`, `kk-slip`, `name`, `name-near`.
    pub why: &'static str,
}

/// Finds people by number or name.
///
/// # Errors
/// [`Error::TooShort`] when the text says too little; the store's.
pub fn search(house: &House, scope: &Scope, text: &str) -> Result<Found> {
    match Query::parse(text) {
        Query::Nothing => Err(Error::TooShort),
        Query::Number(digits) => by_number(house, scope, &digits),
        Query::Name { name, year, date, village } => {
            let asked = Asked { name, year, date: date.map(model::epoch_days), village };
            by_name(house, scope, &asked)
        }
    }
}

/// A person as the search reads one.
struct Candidate {
    person_id: i64,
    family_id: i64,
    nik: Option<i64>,
    name: String,
    name_key: String,
    sex: Option<i64>,
    birth_date: Option<String>,
    region: String,
    alive: bool,
}

impl Candidate {
    fn read(row: &Row) -> Result<Self, store::Error> {
        Ok(Self {
            person_id: row.int(0)?,
            family_id: row.int(1)?,
            nik: row.opt_int(2)?,
            name: row.opt_string(3)?.unwrap_or_default(),
            name_key: row.opt_string(4)?.unwrap_or_default(),
            sex: row.opt_int(5)?,
            birth_date: row.opt_string(6)?,
            region: row.string(7)?,
            alive: row.bool(8)?,
        })
    }

    fn hit(self, weight: Option<f64>, why: &'static str) -> Hit {
        Hit {
            person_id: self.person_id,
            family_id: self.family_id,
            nik: self.nik.map(|nik| masked("nik", nik)),
            name: self.name,
            birth_date: self.birth_date,
            sex: self.sex,
            region: self.region,
            region_name: None,
            alive: self.alive,
            weight,
            why,
        }
    }
}

fn scope_params(scope: &Scope) -> [Value; 3] {
    let (from, to) = scope.path_range();
    [Value::from(from), Value::from(to), Value::from(scope.caseload())]
}

fn by_number(house: &House, scope: &Scope, digits: &str) -> Result<Found> {
    house.db.read(|tx| {
        let mut hits = Vec::new();
        if digits.len() == 16
            && let Ok(number) = digits.parse::<i64>()
        {
            look_up(tx, scope, &[number], &mut hits, ["nik", "kk"])?;
        }
        if hits.is_empty() {
            look_up(tx, scope, &query::near(digits), &mut hits, ["nik-slip", "kk-slip"])?;
        }
        let more = hits.len() > HITS_MAX;
        hits.truncate(HITS_MAX);
        name_regions(tx, &mut hits)?;
        Ok(Found { kind: "number", hits, more })
    })
}

fn look_up(
    tx: &mut Tx<'_>,
    scope: &Scope,
    numbers: &[i64],
    hits: &mut Vec<Hit>,
    why: [&'static str; 2],
) -> Result<()> {
    for chunk in numbers.chunks(queries::NUMBERS) {
        let mut values = filled(chunk.iter().copied(), 0, queries::NUMBERS);
        values.extend(scope_params(scope));
        let found = tx.query_all(&[(&queries::FIND_NIK, values.clone()), (&queries::FIND_KK, values)])?;
        for (rows, why) in found.iter().zip(why) {
            for row in rows {
                let candidate = Candidate::read(row)?;
                if !hits.iter().any(|hit| hit.person_id == candidate.person_id) {
                    hits.push(candidate.hit(None, why));
                }
            }
        }
    }
    Ok(())
}

/// Values for the places of a statement; what nobody has fills the places that are left.
fn filled<T: Clone + Into<Value>>(values: impl Iterator<Item = T>, nobody: T, places: usize) -> Vec<Value> {
    values.chain(std::iter::repeat(nobody)).take(places).map(Into::into).collect()
}

/// A name and what was added.
struct Asked {
    name: String,
    year: Option<i16>,
    date: Option<i32>,
    village: Option<String>,
}

fn by_name(house: &House, scope: &Scope, asked: &Asked) -> Result<Found> {
    let name_key = names(house)?.name(&asked.name);
    house.db.read(|tx| {
        let exact = with_key(scope, keys::exact(&name_key, asked.year), READ_MAX as i64);
        let mut lists = tx.numbers(&[exact, (&queries::VERSION_IN_FORCE, Vec::new())])?;
        let version = lists.pop().and_then(|version| version.first().copied()).unwrap_or(0);
        let exact = lists.pop().unwrap_or_default();
        let tools = tools_of(house, version)?;
        let mut near = Nearness::new(&name_key, asked.year);
        let candidates = candidates(tx, scope, asked, exact, &mut near)?;
        let mut close = near.nearest(candidates);
        let more = close.len() > HITS_MAX;
        close.truncate(CANDIDATES_MAX);
        let known = Known { name: Some(&asked.name), birth_date: asked.date, ..Known::default() };
        let weights = weigh(&tools, &known, &close)?;
        let mut hits: Vec<(f64, f64, Hit)> = close
            .into_iter()
            .zip(weights)
            .map(|((near, candidate), weight)| {
                let why = if candidate.name_key == name_key { "name" } else { "name-near" };
                (weight, near, candidate.hit(Some(weight), why))
            })
            .collect();
        // The model weighs in steps; within a step the nearer name comes first.
        hits.sort_by(|a, b| {
            b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.person_id.cmp(&b.2.person_id))
        });
        let mut hits: Vec<Hit> = hits.into_iter().map(|(_, _, hit)| hit).take(HITS_MAX).collect();
        name_regions(tx, &mut hits)?;
        Ok(Found { kind: "name", hits, more })
    })
}

/// Who may be meant: all people of the village if one is known, else those who share a key of the name. `exact`: people
/// with exactly this name.
fn candidates(
    tx: &mut Tx<'_>,
    scope: &Scope,
    asked: &Asked,
    exact: Vec<i64>,
    near: &mut Nearness<'_>,
) -> Result<Vec<Candidate>> {
    let mut found: FxHashMap<i64, Candidate> = FxHashMap::default();
    let mut neighbours = Vec::new();
    for region in villages(tx, scope, asked)? {
        let Some(scope) = scope.within(&region) else { continue };
        let [from, to, caseload] = scope_params(&scope);
        let sql = if asked.year.is_some() { &queries::FIND_REGION_BORN } else { &queries::FIND_REGION };
        neighbours.extend(tx.query(sql, &[from, to, caseload, VILLAGE_ROWS.into()])?);
    }
    if !neighbours.is_empty() {
        read(tx, scope, &near.sift(&neighbours)?, &mut found)?;
    } else if asked.village.is_none() || scope.region().level() != RegionLevel::Village {
        by_keys(tx, scope, asked, exact, near, &mut found)?;
    }
    Ok(found.into_values().collect())
}

fn by_keys(
    tx: &mut Tx<'_>,
    scope: &Scope,
    asked: &Asked,
    mut exact: Vec<i64>,
    near: &mut Nearness<'_>,
    found: &mut FxHashMap<i64, Candidate>,
) -> Result<()> {
    let name_key = near.asked;
    // Exactly this name comes first; when that fills a page, no other name can stand on it.
    if exact.len() > HITS_MAX && asked.date.is_none() {
        // All are alike, so the first of them by number fill the page, unless the scope leaves some of them out.
        exact.sort_unstable();
        for people in [&exact[..=HITS_MAX], &exact[HITS_MAX + 1..]] {
            read(tx, scope, people, found)?;
            if found.len() > HITS_MAX {
                return Ok(());
            }
        }
    }
    let sharing = who_shares(tx, scope, &keys::of_query(name_key, asked.year), READ_MAX + exact.len())?;
    let sharing = sharing.iter().filter(|person| !exact.contains(person)).take(READ_MAX);
    let wanted: Vec<i64> =
        exact.iter().filter(|person| !found.contains_key(person)).chain(sharing).copied().collect();
    read(tx, scope, &wanted, found)?;
    // A single word is also the beginning of longer names.
    if !name_key.contains(' ') && found.len() < HITS_MAX && name_key.len() > 1 {
        let [from, to, caseload] = scope_params(scope);
        let until = format!("{name_key}~");
        let longer = tx.query(
            &queries::FIND_PREFIX,
            &[from, to, caseload, name_key.into(), until.into(), KEY_ROWS.into()],
        )?;
        let mut longer = near.sift(&longer)?;
        longer.retain(|person| !found.contains_key(person));
        read(tx, scope, &longer, found)?;
    }
    Ok(())
}

/// The question after `most` people of the territory who have a key.
fn with_key(scope: &Scope, key: i64, most: i64) -> store::Asked<'static> {
    let (first, last) = keys::bounds(scope.region().as_str());
    (&queries::FIND_KEY, params![key, first, last, most].to_vec())
}

/// `most` people who have any of the keys, those first who share most. A key that few have tells more.
fn who_shares(tx: &mut Tx<'_>, scope: &Scope, keys: &[i64], most: usize) -> Result<Vec<i64>> {
    let asked: Vec<_> = keys.iter().map(|&key| with_key(scope, key, KEY_ROWS)).collect();
    let lists = tx.numbers(&asked)?;
    let entries = lists.iter().map(Vec::len).sum();
    let mut shared: FxHashMap<i64, f64> = FxHashMap::with_capacity_and_hasher(entries, FxBuildHasher);
    for people in lists {
        let tells = (2.0 * KEY_ROWS as f64 / people.len().max(1) as f64).ln();
        for person in people {
            *shared.entry(person).or_default() += tells;
        }
    }
    let mut order: Vec<(i64, f64)> = shared.into_iter().collect();
    let first = |a: &(i64, f64), b: &(i64, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if order.len() > most {
        order.select_nth_unstable_by(most, first);
        order.truncate(most);
    }
    order.sort_unstable_by(first);
    Ok(order.into_iter().map(|(person, _)| person).collect())
}

/// Adds these people, as far as the scope lets them be seen.
fn read(tx: &mut Tx<'_>, scope: &Scope, people: &[i64], found: &mut FxHashMap<i64, Candidate>) -> Result<()> {
    for chunk in people.chunks(queries::PEOPLE) {
        let mut values = filled(chunk.iter().copied(), 0, queries::PEOPLE);
        values.extend(scope_params(scope));
        for row in tx.query(&queries::FIND_PEOPLE, &values)? {
            let candidate = Candidate::read(&row)?;
            found.insert(candidate.person_id, candidate);
        }
    }
    Ok(())
}

/// Villages that the text or the scope names.
fn villages(tx: &mut Tx<'_>, scope: &Scope, asked: &Asked) -> Result<Vec<RegionCode>> {
    if scope.region().level() == RegionLevel::Village {
        return Ok(vec![scope.region().clone()]);
    }
    let Some(village) = &asked.village else { return Ok(Vec::new()) };
    let (from, to) = scope.path_range();
    let rows = tx.query(&queries::VILLAGES_NAMED, params![from, to, village.to_uppercase()])?;
    Ok(rows.iter().map(|row| row.region(0)).collect::<Result<_, _>>()?)
}

/// How near names are to the one asked for. Words are compared once: in a village, and under a key, they repeat.
struct Nearness<'a> {
    asked: &'a str,
    words: Vec<&'a str>,
    year: Option<i16>,
    /// For each word met: how near it is to each word asked for.
    met: FxHashMap<String, Vec<f64>>,
}

impl<'a> Nearness<'a> {
    fn new(asked: &'a str, year: Option<i16>) -> Self {
        Self { asked, words: asked.split(' ').collect(), year, met: FxHashMap::default() }
    }

    /// How near a name is, 0 to 1: as a whole, or word by word for a name of which words are missing or moved.
    fn of_name(&mut self, kept: &str) -> f64 {
        if self.asked.is_empty() || kept.is_empty() {
            return 0.0;
        }
        let whole = jaro_winkler(self.asked.as_bytes(), kept.as_bytes());
        let mut best = vec![0.0; self.words.len()];
        let mut others = 0;
        for other in kept.split(' ') {
            others += 1;
            if !self.met.contains_key(other) {
                let near = |word: &&str| jaro_winkler(word.as_bytes(), other.as_bytes());
                self.met.insert(other.to_owned(), self.words.iter().map(near).collect());
            }
            for (best, near) in best.iter_mut().zip(&self.met[other]) {
                *best = near.max(*best);
            }
        }
        let sum: f64 = best.iter().sum();
        // A word that was left out costs a little, so that the whole name comes before a longer one.
        let missing = usize::saturating_sub(others, self.words.len()) as f64;
        whole.max(sum / self.words.len() as f64 - 0.03 * missing)
    }

    /// How near a person is, if near enough. A birth year that differs by more than one counts against.
    fn of_person(&mut self, name_key: &str, birth_date: Option<&str>) -> Option<f64> {
        const NEAR: f64 = 0.72;
        let born: Option<i16> = birth_date.and_then(|date| date.get(..4)?.parse().ok());
        let mut near = self.of_name(name_key);
        if let (Some(asked), Some(born)) = (self.year, born) {
            near += match (asked - born).abs() {
                0 => 0.1,
                1 => 0.0,
                _ => -0.2,
            };
        }
        (near >= NEAR).then_some(near)
    }

    /// Candidates that are near enough, nearest first.
    fn nearest(&mut self, candidates: Vec<Candidate>) -> Vec<(f64, Candidate)> {
        let mut near: Vec<(f64, Candidate)> = candidates
            .into_iter()
            .filter_map(|one| Some((self.of_person(&one.name_key, one.birth_date.as_deref())?, one)))
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.person_id.cmp(&b.1.person_id)));
        near
    }

    /// Of rows with number, name and perhaps birth date the people worth reading: as many as are weighed, nearest first.
    fn sift(&mut self, rows: &[Row]) -> Result<Vec<i64>> {
        let mut near: Vec<(f64, i64)> = Vec::new();
        for row in rows {
            let born = if let Value::Text(born) = row.value(2) { Some(born.as_str()) } else { None };
            let name = row.opt_text(1)?.unwrap_or_default();
            if let Some(at) = self.of_person(name, born) {
                near.push((at, row.int(0)?));
            }
        }
        near.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        near.truncate(CANDIDATES_MAX);
        Ok(near.into_iter().map(|(_, person)| person).collect())
    }
}

/// The weight of each candidate. Only a name and perhaps a birth date are asked for: who agrees in these is weighed once.
fn weigh(
    tools: &crate::tools::Tools,
    known: &Known<'_>,
    candidates: &[(f64, Candidate)],
) -> Result<Vec<f64>> {
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let mut seen: FxHashMap<(&str, Option<&str>), usize> = FxHashMap::default();
    let mut records: Vec<Record> = Vec::new();
    let mut record_of = Vec::with_capacity(candidates.len());
    for (_, candidate) in candidates {
        let birth = candidate.birth_date.as_deref().filter(|_| known.birth_date.is_some());
        record_of.push(*seen.entry((&candidate.name_key, birth)).or_insert_with(|| {
            records.push(
                Record::new()
                    .text("name", Some(candidate.name_key.as_str()).filter(|name| !name.is_empty()))
                    .date("dob", birth.and_then(|text| text.parse().ok()).map(model::epoch_days)),
            );
            records.len() - 1
        }));
    }
    let found = find::score(&tools.model, &known.record(&tools.names).batch(), &Record::batch_of(&records))?;
    // Before a model is trained it has no weights: all are alike then.
    let weight = |at: usize| found.get(at).map_or(0.0, |found| found.weight);
    Ok(record_of
        .into_iter()
        .map(weight)
        .map(|weight| if weight.is_finite() { weight } else { 0.0 })
        .collect())
}

fn name_regions(tx: &mut Tx<'_>, hits: &mut [Hit]) -> Result<()> {
    let mut codes: Vec<&str> =
        hits.iter().map(|hit| hit.region.as_str()).filter(|code| !code.is_empty()).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut names: FxHashMap<String, String> = FxHashMap::default();
    for chunk in codes.chunks(queries::REGIONS) {
        let values = filled(chunk.iter().copied(), "", queries::REGIONS);
        for row in tx.query(&queries::REGION_NAMES, &values)? {
            names.insert(row.string(0)?, row.string(1)?);
        }
    }
    for hit in hits {
        hit.region_name = names.get(&hit.region).cloned();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_name_comes_before_a_longer_one() {
        let nearness = |asked: &str, kept: &str| Nearness::new(asked, None).of_name(kept);
        let whole = nearness("SITI AMINAH", "SITI AMINAH");
        let longer = nearness("SITI AMINAH", "SITI NUR AMINAH");
        let slip = nearness("SITI AMINAH", "SITI AMINA");
        let other = nearness("SITI AMINAH", "BUDI SANTOSO");
        assert!(
            whole > longer && whole > slip && slip > other && longer > 0.9,
            "{whole} {longer} {slip} {other}"
        );
        assert!(other < 0.72);
    }
}
