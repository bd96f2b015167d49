//! What cannot wait for the next list: a death that was reported in the field.
//!
//! In: a report with date, evidence and reporter. Out: the serving copy shows it at once; the next
//! consolidation finds it as a record of the list of field reports ([`crate::field`]), tied to the person by
//! the reporter's own word; closings before that apply it too. One function says what a report changes ([`Overlay`]); the
//! serving copy, publishing and closing all use it. Must never happen: a report that is lost.

use std::sync::Arc;

use access::{House, Scope};
use arrow_array::{Array, ArrayRef, BooleanArray, Date32Array, Int32Array, RecordBatch};
use jiff::civil::Date;
use lake::{Origin, reduce::Groups};
use model::PersonId;
use serde::Serialize;
use store::{next_number, params};

use crate::version::{self, boolean, date32, int64};
use crate::{Error, Result, queries};

/// Evidence is a sentence, not a file.
const EVIDENCE_MAX: usize = 1_000;

/// A report that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reported {
    /// Number of the report.
    pub change_id: i64,
    /// The person.
    pub person_id: i64,
    /// Their family.
    pub family_id: i64,
    /// Living members who are left.
    pub family_size: i64,
}

/// Records a death and applies it to the serving copy, in one transaction.
///
/// # Errors [`Error::NotFound`] outside the scope, [`Error::Date`] for a day in the future or before birth,
/// [`Error::AlreadyDead`], [`Error::NoEvidence`].
pub fn report_death(
    house: &House,
    scope: &Scope,
    person: PersonId,
    date: Date,
    evidence: &str,
) -> Result<Reported> {
    if scope.action() != "death.report" {
        let denied =
            access::Error::Denied { role: scope.role().to_owned(), action: "death.report".to_owned() };
        return Err(denied.into());
    }
    let evidence = evidence.trim();
    if evidence.is_empty() {
        return Err(Error::NoEvidence);
    }
    let evidence: String = evidence.chars().take(EVIDENCE_MAX).collect();
    let wrong = |reason| Error::Date { date: date.to_string(), reason };
    if date > house.clock.today() {
        return Err(wrong("it lies in the future"));
    }
    let (from, to) = scope.path_range();
    house.db.write(|tx| {
        let row = tx.query_opt(&queries::PERSON_LIFE, params![person, from, to, scope.caseload()])?;
        let row = row.ok_or(Error::NotFound)?;
        let family_id = row.int(0)?;
        if !row.bool(1)? {
            return Err(Error::AlreadyDead);
        }
        if row.opt_date(2)?.is_some_and(|birth| date < birth) {
            return Err(wrong("it lies before the birth"));
        }
        let change_id = next_number(tx, "urgent_change", 1)?;
        let (user, actor) = scope.actor_pair();
        let day = date.to_string();
        let now = house.clock.now_ms();
        tx.execute(
            &queries::URGENT_ADD,
            params![change_id, person, family_id, "death", &day, &evidence, user, actor, now],
        )?;
        tx.execute(&queries::PERSON_DIED, params![person, &day])?;
        let size = tx.query_one(&queries::FAMILY_RECOUNT, params![family_id])?.int(0)?;
        let subject = format!("person:{person}");
        access::audit(
            tx,
            house.clock.as_ref(),
            (user, actor),
            scope.action(),
            &subject,
            &format!("date={day}"),
        )?;
        Ok(Reported { change_id, person_id: person.0, family_id, family_size: size })
    })
}

/// Reports that a version does not contain yet: who died when.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    deaths: Vec<(i64, i32)>,
}

impl Overlay {
    /// The reports that came after `version` was made.
    ///
    /// # Errors
    /// The store's and the lake's.
    pub fn after(house: &House, version: i64) -> Result<Self> {
        let persons = house.lake.require(&version::name(version, "persons"))?;
        let last_file = last_file(&persons.manifest().origin);
        let rows = house.db.read(|tx| tx.query(&queries::URGENT_AFTER, params![last_file]))?;
        if rows.is_empty() {
            return Ok(Self::default());
        }
        let aliases = house.lake.require(&version::name(version, "aliases"))?;
        let mut deaths = Vec::with_capacity(rows.len());
        for row in rows {
            let (person, day) = (row.int(0)?, model::epoch_days(row.date(1)?));
            let alias = aliases.lookup("old_id", &[person], &["new_id"])?;
            let new = int64(&alias, "new_id")?;
            let person = if new.len() == 1 && new.is_valid(0) { new.value(0) } else { person };
            deaths.push((person, day));
        }
        deaths.sort_unstable();
        deaths.dedup_by_key(|death| death.0);
        Ok(Self { deaths })
    }

    /// How many reports.
    pub fn len(&self) -> usize {
        self.deaths.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.deaths.is_empty()
    }

    /// What goes into a digest of inputs.
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (person, day) in &self.deaths {
            hasher.update(&person.to_le_bytes());
            hasher.update(&day.to_le_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Persons with the reports applied: dead, with the day.
    ///
    /// # Errors
    /// Columns that are missing.
    pub fn persons(&self, persons: &RecordBatch) -> Result<RecordBatch> {
        if self.is_empty() {
            return Ok(persons.clone());
        }
        let (ids, alive, death) =
            (int64(persons, "person_id")?, boolean(persons, "alive")?, date32(persons, "death_date")?);
        let mut lives: Vec<bool> = (0..ids.len()).map(|row| alive.value(row)).collect();
        let mut days: Vec<Option<i32>> = death.iter().collect();
        for (row, id) in ids.values().iter().enumerate() {
            if let Ok(at) = self.deaths.binary_search_by_key(id, |death| death.0)
                && lives[row]
            {
                lives[row] = false;
                days[row] = days[row].or(Some(self.deaths[at].1));
            }
        }
        let alive: ArrayRef = Arc::new(BooleanArray::from(lives));
        let death: ArrayRef = Arc::new(Date32Array::from(days));
        replaced(persons, &[("alive", alive), ("death_date", death)])
    }

    /// Families with their living members counted again. Both tables hold the same families in the order of
    /// their id.
    ///
    /// # Errors Columns that are missing.
    pub fn families(&self, families: &RecordBatch, persons: &RecordBatch) -> Result<RecordBatch> {
        if self.is_empty() {
            return Ok(families.clone());
        }
        let groups = Groups::of(&int64(persons, "family_id")?);
        let size: Int32Array = groups.count_true(&boolean(persons, "alive")?);
        replaced(families, &[("size", Arc::new(size))])
    }
}

fn replaced(batch: &RecordBatch, columns: &[(&str, ArrayRef)]) -> Result<RecordBatch> {
    let schema = batch.schema();
    let mut arrays = batch.columns().to_vec();
    for (name, array) in columns {
        arrays[schema.index_of(name)?] = Arc::clone(array);
    }
    Ok(RecordBatch::try_new(schema, arrays)?)
}

/// The last list that went into a version.
pub(crate) fn last_file(origin: &Origin) -> i64 {
    origin.note.get("last_file").and_then(|text| text.parse().ok()).unwrap_or(0)
}
