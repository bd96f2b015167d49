//! Search: one person or family, from a number or a badly written name. It is linkage of one record against
//! the registry.
//!
//! In: a text and a scope. Out: hits with their weight, personal numbers masked. A number is looked up
//! exactly, then with one slip. A name is looked up by keys ([`keys`]) and weighed by the trained model; in a
//! village all its people are looked at. Bounded: at most
//! [`CANDIDATES_MAX`] candidates are weighed. Must never happen: a person outside the scope in the answer.

pub mod keys;
pub mod query;

use access::{House, Scope};
use linkage::find::{self, Record};
use linkage::text::jaro_winkler;
use model::{RegionCode, RegionLevel};
use rustc_hash::FxHashMap;
use serde::Serialize;
use store::{Row, Tx, Value, params};

use crate::show::masked;
use crate::tools::{Known, tools};
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
    let mut hits = house.db.read(|tx| {
        let mut hits = Vec::new();
        if digits.len() == 16
            && let Ok(number) = digits.parse::<i64>()
        {
            look_up(tx, scope, &[number], &mut hits, ["nik", "kk"])?;
        }
        if hits.is_empty() {
            look_up(tx, scope, &query::near(digits), &mut hits, ["nik-slip", "kk-slip"])?;
        }
        Ok::<_, Error>(hits)
    })?;
    let more = hits.len() > HITS_MAX;
    hits.truncate(HITS_MAX);
    name_regions(house, &mut hits)?;
    Ok(Found { kind: "number", hits, more })
}

/// Numbers a statement asks for.
const NUMBERS: usize = 20;

fn look_up(
    tx: &mut Tx<'_>,
    scope: &Scope,
    numbers: &[i64],
    hits: &mut Vec<Hit>,
    why: [&'static str; 2],
) -> Result<()> {
    for (sql, why) in [(&queries::FIND_NIK, why[0]), (&queries::FIND_KK, why[1])] {
        for chunk in numbers.chunks(NUMBERS) {
            let mut values = scope_params(scope).to_vec();
            // A number that nobody has fills the places that are left.
            values.extend(chunk.iter().copied().chain(std::iter::repeat(0)).take(NUMBERS).map(Value::from));
            for row in tx.query(sql, &values)? {
                let candidate = Candidate::read(&row)?;
                if !hits.iter().any(|hit| hit.person_id == candidate.person_id) {
                    hits.push(candidate.hit(None, why));
                }
            }
        }
    }
    Ok(())
}

/// A name and what was added.
struct Asked {
    name: String,
    year: Option<i16>,
    date: Option<i32>,
    village: Option<String>,
}

fn by_name(house: &House, scope: &Scope, asked: &Asked) -> Result<Found> {
    let tools = tools(house)?;
    let name_key = tools.names.name(&asked.name);
    let candidates = house.db.read(|tx| candidates(tx, scope, asked, &name_key))?;
    let mut close = nearest(candidates, &name_key, asked.year);
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
    name_regions(house, &mut hits)?;
    Ok(Found { kind: "name", hits, more })
}

/// Who may be meant: all people of the village if one is known, else those who share a key of the name.
fn candidates(tx: &mut Tx<'_>, scope: &Scope, asked: &Asked, name_key: &str) -> Result<Vec<Candidate>> {
    let mut found: FxHashMap<i64, Candidate> = FxHashMap::default();
    for region in villages(tx, scope, asked)? {
        let Some(scope) = scope.within(&region) else { continue };
        let [from, to, caseload] = scope_params(&scope);
        for row in tx.query(&queries::FIND_REGION, &[from, to, caseload, VILLAGE_ROWS.into()])? {
            let candidate = Candidate::read(&row)?;
            found.insert(candidate.person_id, candidate);
        }
    }
    if found.is_empty() && (asked.village.is_none() || scope.region().level() != RegionLevel::Village) {
        // Exactly this name comes first; when that fills a page, no other name can stand on it.
        let exact = with_key(tx, scope, keys::exact(name_key, asked.year), READ_MAX as i64)?;
        read(tx, scope, &exact, &mut found)?;
        if found.len() > HITS_MAX && asked.date.is_none() {
            return Ok(found.into_values().collect());
        }
        let mut near = who_shares(tx, scope, &keys::of_query(name_key, asked.year))?;
        near.retain(|person| !found.contains_key(person));
        near.truncate(READ_MAX);
        read(tx, scope, &near, &mut found)?;
        // A single word is also the beginning of longer names.
        if !name_key.contains(' ') && found.len() < HITS_MAX && name_key.len() > 1 {
            let [from, to, caseload] = scope_params(scope);
            let until = format!("{name_key}~");
            let rows = tx.query(
                &queries::FIND_PREFIX,
                &[from, to, caseload, name_key.into(), until.into(), KEY_ROWS.into()],
            )?;
            for row in rows {
                let candidate = Candidate::read(&row)?;
                found.insert(candidate.person_id, candidate);
            }
        }
    }
    Ok(found.into_values().collect())
}

/// People of the territory who have a key, `most` of them.
fn with_key(tx: &mut Tx<'_>, scope: &Scope, key: i64, most: i64) -> Result<Vec<i64>> {
    let (first, last) = keys::bounds(scope.region().as_str());
    let rows = tx.query(&queries::FIND_KEY, params![key, first, last, most])?;
    Ok(rows.iter().map(|row| row.int(0)).collect::<Result<_, _>>()?)
}

/// People who have any of the keys, those first who share most. A key that few have tells more.
fn who_shares(tx: &mut Tx<'_>, scope: &Scope, keys: &[i64]) -> Result<Vec<i64>> {
    let mut shared: FxHashMap<i64, f64> = FxHashMap::default();
    for &key in keys {
        let people = with_key(tx, scope, key, KEY_ROWS)?;
        let tells = (2.0 * KEY_ROWS as f64 / people.len().max(1) as f64).ln();
        for person in people {
            *shared.entry(person).or_default() += tells;
        }
    }
    let mut order: Vec<(i64, f64)> = shared.into_iter().collect();
    order.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    Ok(order.into_iter().map(|(person, _)| person).collect())
}

/// Adds these people, as far as the scope lets them be seen.
fn read(tx: &mut Tx<'_>, scope: &Scope, people: &[i64], found: &mut FxHashMap<i64, Candidate>) -> Result<()> {
    for chunk in people.chunks(NUMBERS) {
        let mut values = scope_params(scope).to_vec();
        // A number that nobody has fills the places that are left.
        values.extend(chunk.iter().copied().chain(std::iter::repeat(0)).take(NUMBERS).map(Value::from));
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

/// Candidates whose names are near enough, nearest first. A birth year that differs by more than one counts
/// against.
fn nearest(candidates: Vec<Candidate>, name_key: &str, year: Option<i16>) -> Vec<(f64, Candidate)> {
    const NEAR: f64 = 0.72;
    let born =
        |candidate: &Candidate| -> Option<i16> { candidate.birth_date.as_deref()?.get(..4)?.parse().ok() };
    let mut near: Vec<(f64, Candidate)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let mut near = nearness(name_key, &candidate.name_key);
            if let (Some(asked), Some(born)) = (year, born(&candidate)) {
                near += match (asked - born).abs() {
                    0 => 0.1,
                    1 => 0.0,
                    _ => -0.2,
                };
            }
            (near >= NEAR).then_some((near, candidate))
        })
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.person_id.cmp(&b.1.person_id)));
    near
}

/// How near two names are, 0 to 1: as wholes, or word by word for a name of which words are missing or moved.
fn nearness(asked: &str, kept: &str) -> f64 {
    if asked.is_empty() || kept.is_empty() {
        return 0.0;
    }
    let whole = jaro_winkler(asked.as_bytes(), kept.as_bytes());
    let best = |word: &str| {
        kept.split(' ').map(|other| jaro_winkler(word.as_bytes(), other.as_bytes())).fold(0.0, f64::max)
    };
    let words = asked.split(' ').count();
    let sum: f64 = asked.split(' ').map(best).sum();
    // A word that was left out costs a little, so that the whole name comes before a longer one.
    let missing = kept.split(' ').count().saturating_sub(words) as f64;
    whole.max(sum / words as f64 - 0.03 * missing)
}

fn weigh(
    tools: &crate::tools::Tools,
    known: &Known<'_>,
    candidates: &[(f64, Candidate)],
) -> Result<Vec<f64>> {
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let records: Vec<Record> = candidates
        .iter()
        .map(|(_, candidate)| {
            let birth =
                candidate.birth_date.as_deref().and_then(|text| text.parse().ok()).map(model::epoch_days);
            Record::new()
                .text("name", Some(candidate.name_key.as_str()).filter(|name| !name.is_empty()))
                .date("dob", birth)
                .number("sex", candidate.sex)
                .text("desa", Some(candidate.region.as_str()).filter(|region| !region.is_empty()))
        })
        .collect();
    let found = find::score(&tools.model, &known.record(&tools.names).batch(), &Record::batch_of(&records))?;
    // Before a model is trained it has no weights: all are alike then.
    Ok(found.iter().map(|found| if found.weight.is_finite() { found.weight } else { 0.0 }).collect())
}

fn name_regions(house: &House, hits: &mut [Hit]) -> Result<()> {
    let mut names: FxHashMap<String, Option<String>> = FxHashMap::default();
    house.db.read(|tx| {
        for hit in hits.iter_mut().filter(|hit| !hit.region.is_empty()) {
            let name = if let Some(name) = names.get(&hit.region) {
                name.clone()
            } else {
                let row = tx.query_opt(&queries::REGION_NAME, params![&hit.region])?;
                let name = row.map(|row| row.string(0)).transpose()?;
                names.insert(hit.region.clone(), name.clone());
                name
            };
            hit.region_name = name;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_name_comes_before_a_longer_one() {
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
