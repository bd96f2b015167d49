//! What cannot wait for the next list: a death that was reported in the field.
//!
//! In: a report with date, evidence and reporter. Out: the serving copy shows it at once; the next
//! consolidation finds it as a record of the list of field reports, tied to the person by the reporter's own
//! word; closings before that apply it too. One function says what a report changes ([`Overlay`]); the
//! serving copy, publishing and closing all use it. Must never happen: a report that is lost.

use std::sync::Arc;

use access::{House, Scope};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray,
    new_null_array,
};
use arrow_schema::{DataType, Field, Schema};
use jiff::civil::Date;
use lake::{Lake, Origin, WriteOptions, reduce::Groups};
use model::{PersonId, RecordId};
use serde::Serialize;
use store::{next_number, params};

use crate::version::{self, boolean, date32, int64};
use crate::{Error, Result, load, queries};

/// The source whose records field reports are.
const FIELD_SOURCE: &str = "lapangan";
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

/// An open report on its way to becoming a record.
struct Report {
    change_id: i64,
    person_id: i64,
    date: i32,
    evidence: String,
    user_id: i64,
    actor: String,
}

/// Makes a list of field reports out of all open reports, with a decision for each that ties its record to
/// the person. Continues where a crash left it. Answers how many reports became records.
///
/// # Errors [`Error::NoFieldSource`]; the store's and the lake's.
pub fn take_in(house: &House) -> Result<i64> {
    let Some(version) = version::latest(&house.lake)? else { return Ok(0) };
    let mut taken = 0;
    // At most two rounds: the list that a crash left unfinished, then the reports that are open.
    for _ in 0..2 {
        let Some(file) = assign(house)? else { break };
        taken += write_list(house, file, version.number)?;
    }
    Ok(taken)
}

/// The unfinished list if there is one; else a new number for the open reports; none if there is nothing to
/// do.
fn assign(house: &House) -> Result<Option<i64>> {
    house.db.write(|tx| {
        if let Some(row) = tx.query_opt(&queries::URGENT_UNFINISHED, &[])? {
            return Ok(Some(row.int(0)?));
        }
        let open = tx.query(&queries::URGENT_OPEN, &[])?;
        if open.is_empty() {
            return Ok(None);
        }
        let file = next_number(tx, "list_file", 1)?;
        let rows = open.iter().zip(0i64..).map(|(row, at)| Ok(params![row.int(0)?, file, at].to_vec()));
        let rows: Vec<_> = rows.collect::<Result<_, store::Error>>()?;
        tx.execute_many(&queries::URGENT_ASSIGN, rows)?;
        Ok(Some(file))
    })
}

fn write_list(house: &House, file: i64, version: i64) -> Result<i64> {
    if house.policy.source(FIELD_SOURCE).is_none() {
        return Err(Error::NoFieldSource(FIELD_SOURCE.to_owned()));
    }
    let rows = house.db.read(|tx| tx.query(&queries::URGENT_OF_FILE, params![file]))?;
    let mut reports = Vec::with_capacity(rows.len());
    for row in rows {
        reports.push(Report {
            change_id: row.int(0)?,
            person_id: row.int(1)?,
            date: model::epoch_days(row.date(2)?),
            evidence: row.string(3)?,
            user_id: row.int(4)?,
            actor: row.string(5)?,
        });
    }
    // Whoever has no record any more cannot be told of by one: such a report stays a report.
    let ties: Vec<Option<i64>> = reports
        .iter()
        .map(|report| a_record_of(&house.lake, version, report.person_id))
        .collect::<Result<_>>()?;
    let (reports, ties): (Vec<Report>, Vec<i64>) =
        reports.into_iter().zip(ties).filter_map(|(report, tie)| Some((report, tie?))).unzip();
    let records = records(house, file, &reports)?;
    raw(house, file, &reports)?;
    let as_of = house.clock.today().to_string();
    let now = house.clock.now_ms();
    let count = reports.len() as i64;
    house.db.write(|tx| {
        for ((report, tie), row) in reports.iter().zip(&ties).zip(0u32..) {
            let record = RecordId::new(file as u32, row).0;
            let decision = next_number(tx, "link_decision", 1)?;
            let (left, right) = (record.min(*tie), record.max(*tie));
            tx.execute(
                &queries::DECISION_ADD,
                params![decision, left, right, 1, None::<f64>, report.user_id, &report.actor, now],
            )?;
        }
        let name = format!("laporan-kematian-{file}");
        let dataset = format!("records/{file}");
        tx.execute(
            &queries::LIST_ADD,
            params![
                file,
                FIELD_SOURCE,
                &name,
                &records.hash,
                records.bytes as i64,
                &as_of,
                now,
                "registry",
                count,
                &dataset,
                house.policy.hash()
            ],
        )?;
        tx.execute(&queries::URGENT_TAKEN, params![file])?;
        Ok::<_, Error>(())
    })?;
    Ok(count)
}

/// A record that belongs to the person in a version, through its aliases.
fn a_record_of(lake: &Lake, version: i64, person: i64) -> Result<Option<i64>> {
    let aliases = lake.require(&version::name(version, "aliases"))?;
    let alias = int64(&aliases.lookup("old_id", &[person], &["new_id"])?, "new_id")?;
    let person = if alias.len() == 1 && alias.is_valid(0) { alias.value(0) } else { person };
    let links = lake.require(&version::name(version, "links"))?;
    let found = links.lookup("person_id", &[person], &["record_id", "current"])?;
    let (ids, current) = (int64(&found, "record_id")?, boolean(&found, "current")?);
    let best = (0..ids.len()).min_by_key(|&row| (!current.value(row), ids.value(row)));
    Ok(best.map(|row| ids.value(row)))
}

/// The records: all a report says is the day. Whose it is, says the decision that goes with it.
fn records(house: &House, file: i64, reports: &[Report]) -> Result<lake::Manifest> {
    let count = reports.len();
    let ids = (0..count as u32).map(|row| RecordId::new(file as u32, row).0);
    let mut fields =
        vec![Field::new("record_id", DataType::Int64, false), Field::new("line", DataType::Int32, false)];
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(ids)),
        Arc::new(Int32Array::from_iter_values(1..=count as i32)),
    ];
    for column in load::canonical(house) {
        arrays.push(if column.name == "death_date" {
            Arc::new(Date32Array::from_iter_values(reports.iter().map(|report| report.date)))
        } else {
            new_null_array(&column.data_type, count)
        });
        fields.push(Field::new(column.name, column.data_type, true));
    }
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?;
    put(house, &format!("records/{file}"), &batch, "")
}

/// The rows as they were reported.
fn raw(house: &House, file: i64, reports: &[Report]) -> Result<lake::Manifest> {
    let count = reports.len();
    let ids = (0..count as u32).map(|row| RecordId::new(file as u32, row).0);
    let cells = reports.iter().map(|r| {
        let day = model::civil_from_epoch_days(r.date).map_or_else(String::new, |day| day.to_string());
        [r.change_id.to_string(), r.person_id.to_string(), day, r.evidence.clone(), r.actor.clone()]
            .join("\u{1f}")
    });
    let fields = vec![
        Field::new("record_id", DataType::Int64, false),
        Field::new("line", DataType::Int32, false),
        Field::new("sheet", DataType::Utf8, true),
        Field::new("cells", DataType::Utf8, false),
    ];
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(ids)),
        Arc::new(Int32Array::from_iter_values(1..=count as i32)),
        new_null_array(&DataType::Utf8, count),
        Arc::new(StringArray::from_iter_values(cells)),
    ];
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?;
    let header = ["nomor_laporan", "id_orang", "tgl_meninggal", "bukti", "pelapor"].join("\u{1f}");
    put(house, &format!("raw/{file}"), &batch, &header)
}

fn put(house: &House, name: &str, batch: &RecordBatch, header: &str) -> Result<lake::Manifest> {
    let mut origin =
        Origin { made_by: "registry".into(), policy: house.policy.hash().to_owned(), ..Origin::default() };
    if !header.is_empty() {
        origin.note.insert("header".to_owned(), header.to_owned());
    }
    let mut writer = house.lake.writer(name, batch.schema(), WriteOptions::sorted_by(&["record_id"]))?;
    writer.write(batch)?;
    Ok(writer.finish(origin, house.clock.as_ref())?)
}
