//! The person page: every field with the record that gives it, and the rows behind them all.

use std::collections::BTreeMap;

use access::{House, Scope};
use arrow_array::{Array, ArrayRef, RecordBatch};
use model::PersonId;
use policy::{Label, Subject};
use serde::Serialize;
use store::{Tx, params};

use super::{EventView, RegionName, event, found, region_path, scope_params, timeline, urgent};
use crate::golden::{self, NONE, Rows};
use crate::records::{ListName, Lists, RawRow, raw_rows, records};
use crate::show::{Shown, masked, show};
use crate::tools::version_in_force;
use crate::version::{self, boolean, int64};
use crate::{Error, Result, queries};

/// A person with everything the page shows.
#[derive(Debug, Clone, Serialize)]
pub struct PersonView {
    /// The person.
    pub person_id: i64,
    /// The old id that was asked for, if the person has another now.
    pub asked_id: Option<i64>,
    /// Ids that the person had before.
    pub former_ids: Vec<i64>,
    /// Their family.
    pub family_id: i64,
    /// Name.
    pub name: String,
    /// NIK, masked.
    pub nik: Option<String>,
    /// Family card, masked.
    pub kk: Option<String>,
    /// 1 male, 2 female.
    pub sex: Option<i64>,
    /// Birth date.
    pub birth_date: Option<String>,
    /// Village code; empty if unknown.
    pub region: String,
    /// Names of the regions down to the village.
    pub region_path: Vec<RegionName>,
    /// Living.
    pub alive: bool,
    /// Date of death.
    pub death_date: Option<String>,
    /// Matched with the civil registry.
    pub matched: bool,
    /// Civil servant.
    pub civil_servant: Option<bool>,
    /// Every field and where it comes from.
    pub fields: Vec<FieldProvenance>,
    /// The rows behind the person: those in force first.
    pub records: Vec<RecordView>,
    /// What happened, newest first.
    pub events: Vec<EventView>,
    /// Version of the registry in which the person last changed.
    pub version: i64,
}

/// A field and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProvenance {
    /// Canonical column.
    pub column: String,
    /// Its name.
    pub label: Label,
    /// The value that survives; none if no record knows it.
    pub value: Option<Shown>,
    /// The record that gives it; none for a value that was reported urgently.
    pub source: Option<FieldSource>,
    /// What the other records in force say.
    pub others: Vec<FieldSource>,
}

/// What one record says of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldSource {
    /// The record.
    pub record_id: i64,
    /// Its list.
    pub list: ListName,
    /// Its line.
    pub line: i64,
    /// How far the list is believed in this field, 0 to 100.
    pub trust: u8,
    /// What it says.
    pub value: Shown,
    /// Whether that is what survives.
    pub agrees: bool,
}

/// A row behind a person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordView {
    /// The record.
    pub record_id: i64,
    /// Its list.
    pub list: Option<ListName>,
    /// Of a list in force; otherwise only evidence of identity.
    pub current: bool,
    /// Weight of its strongest tie to the person's other records.
    pub weight: Option<f64>,
    /// Who tied it: `alone`, `model`, `human`, `sent_again`.
    pub decided_by: &'static str,
    /// The row as received.
    pub raw: Option<RawRow>,
}

/// What became of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "id")]
pub enum Resolved {
    /// It is carried.
    Live(i64),
    /// Its records belong to this person now.
    Merged(i64),
    /// No list in force names the person; the id comes back with them.
    Sleeping,
    /// No record of it is left.
    Gone,
    /// There never was such an id.
    Unknown,
}

/// Records looked at for one person.
const RECORDS_MAX: usize = 60;

/// One person. An old id shows the person who carries its records now.
///
/// # Errors [`Error::NotFound`] outside the scope, [`Error::Sleeping`] for somebody whom no list in force
/// names; the store's and the lake's.
pub fn person(house: &House, scope: &Scope, id: PersonId) -> Result<PersonView> {
    let mut view = house.db.read(|tx| serving(tx, house, scope, id.0))?;
    let behind = Behind::read(house, view.person_id)?;
    view.fields = behind.fields(house, &view)?;
    view.records = behind.records(house)?;
    Ok(view)
}

/// What became of an id, whoever asks: it says nothing about the person.
///
/// # Errors
/// The store's.
pub fn resolve_person(house: &House, _scope: &Scope, id: PersonId) -> Result<Resolved> {
    house.db.read(|tx| resolve(tx, id.0))
}

fn resolve(tx: &mut Tx<'_>, id: i64) -> Result<Resolved> {
    if tx.query_opt(&queries::FAMILY_OF_PERSON, params![id])?.is_some() {
        return Ok(Resolved::Live(id));
    }
    let Some(row) = tx.query_opt(&queries::ALIAS, params![id])? else { return Ok(Resolved::Unknown) };
    let Some(new) = row.opt_int(0)? else {
        return Ok(if row.int(1)? == 2 { Resolved::Sleeping } else { Resolved::Gone });
    };
    // Targets are ids in use; one that sleeps has an alias of its own.
    match tx.query_opt(&queries::ALIAS, params![new])? {
        Some(_) => Ok(Resolved::Sleeping),
        None => Ok(Resolved::Merged(new)),
    }
}

/// The part of the view that the serving copy gives.
fn serving(tx: &mut Tx<'_>, house: &House, scope: &Scope, id: i64) -> Result<PersonView> {
    let now = match resolve(tx, id)? {
        Resolved::Live(id) | Resolved::Merged(id) => id,
        Resolved::Sleeping => return Err(Error::Sleeping),
        Resolved::Gone | Resolved::Unknown => return Err(Error::NotFound),
    };
    let mut values = scope_params(scope);
    values.push(now.into());
    let row = found(tx.query_opt(&queries::PERSON, &values)?)?;
    let region = row.string(7)?;
    let mut events = Vec::new();
    for row in tx.query(&queries::PERSON_EVENTS, params![now])? {
        events.push(event(&row)?);
    }
    for row in tx.query(&queries::PERSON_URGENT, params![now])? {
        events.push(urgent(house, &row)?);
    }
    let former = tx.query(&queries::ALIASES_OF, params![now])?;
    Ok(PersonView {
        person_id: now,
        asked_id: (now != id).then_some(id),
        former_ids: former.iter().map(|row| row.int(0)).collect::<Result<_, _>>()?,
        family_id: row.int(1)?,
        name: row.opt_string(4)?.unwrap_or_default(),
        nik: row.opt_int(2)?.map(|nik| masked("nik", nik)),
        kk: row.opt_int(3)?.map(|kk| masked("kk", kk)),
        sex: row.opt_int(5)?,
        birth_date: row.opt_string(6)?,
        region_path: region_path(tx, &region)?,
        region,
        alive: row.bool(8)?,
        death_date: row.opt_string(9)?,
        matched: row.bool(10)?,
        civil_servant: row.opt_bool(11)?,
        fields: Vec::new(),
        records: Vec::new(),
        events: timeline(events),
        version: row.int(13)?,
    })
}

/// A person's links and records.
struct Behind {
    lists: Lists,
    /// (record, weight, decided by), ascending by record.
    links: Vec<(i64, Option<f32>, i8)>,
    /// Canonical columns of the records in force, ascending by record.
    current: Option<RecordBatch>,
    /// Ids of the records in force, ascending.
    current_ids: Vec<i64>,
}

impl Behind {
    fn read(house: &House, person: i64) -> Result<Self> {
        let lists = Lists::read(house)?;
        let version = version_in_force(house)?;
        let Some(dataset) = house.lake.dataset(&version::name(version, "links"))? else {
            return Err(Error::NoVersion);
        };
        let found =
            dataset.lookup("person_id", &[person], &["record_id", "weight", "decided_by", "current"])?;
        let (ids, current) = (int64(&found, "record_id")?, boolean(&found, "current")?);
        let weight = primitive::<arrow_array::types::Float32Type>(&found, "weight")?;
        let by = primitive::<arrow_array::types::Int8Type>(&found, "decided_by")?;
        let mut links: Vec<(i64, Option<f32>, i8)> = Vec::with_capacity(ids.len());
        let mut current_ids = Vec::new();
        for row in 0..ids.len() {
            links.push((ids.value(row), weight.is_valid(row).then(|| weight.value(row)), by.value(row)));
            if current.value(row) {
                current_ids.push(ids.value(row));
            }
        }
        let columns: Vec<&str> = house
            .policy
            .columns()
            .iter()
            .filter(|column| column.subject == Subject::Person)
            .map(|column| column.name.as_str())
            .collect();
        let current = records(house, &current_ids, &columns)?;
        Ok(Self { lists, links, current, current_ids })
    }

    /// Runs survivorship again on this one person and says for each field who won.
    fn fields(&self, house: &House, view: &PersonView) -> Result<Vec<FieldProvenance>> {
        let Some(batch) = &self.current else { return Ok(Vec::new()) };
        let ids = int64(batch, "record_id")?;
        let places: Vec<Option<usize>> = ids.values().iter().map(|&id| self.lists.place_of(id)).collect();
        // Standings of the lists in force only, as consolidation has them.
        let in_force: Vec<usize> =
            (0..self.lists.standings.len()).filter(|&at| self.lists.current[at]).collect();
        let standings: Vec<_> = in_force.iter().map(|&at| self.lists.standings[at].clone()).collect();
        let list_of = |place: &Option<usize>| {
            place.and_then(|place| in_force.iter().position(|&at| at == place)).map_or(NONE, |at| at as u32)
        };
        let list: Vec<u32> = places.iter().map(list_of).collect();
        let subject: Vec<u32> = list.iter().map(|&list| if list == NONE { NONE } else { 0 }).collect();
        let rows = Rows { subject: &subject, list: &list, first: &[], subjects: 1 };
        let line = version::int32(batch, "line")?;
        let fetch = |name: &str| -> Result<ArrayRef> {
            batch
                .column_by_name(name)
                .cloned()
                .ok_or_else(|| Error::Damaged(format!("column `{name}` is missing")))
        };
        let mut fields = Vec::new();
        for column in house.policy.columns().iter().filter(|column| column.subject == Subject::Person) {
            let values = fetch(&column.name)?;
            let winner = golden::survive(rows, &column.name, &values, &standings, fetch)?[0];
            let surviving = (winner != NONE).then_some(winner as usize);
            let source = |row: usize| -> Option<FieldSource> {
                let place = places[row]?;
                let same = |other: usize| values.slice(row, 1).to_data() == values.slice(other, 1).to_data();
                Some(FieldSource {
                    record_id: ids.value(row),
                    list: self.lists.names[place].clone(),
                    line: i64::from(line.value(row)),
                    trust: self.lists.standings[place].trust.of(&column.name),
                    value: show(house, column, values.as_ref(), row)?,
                    agrees: surviving.is_some_and(same),
                })
            };
            let mut field = FieldProvenance {
                column: column.name.clone(),
                label: column.label.clone(),
                value: surviving.and_then(|row| show(house, column, values.as_ref(), row)),
                source: surviving.and_then(source),
                others: (0..batch.num_rows())
                    .filter(|row| Some(*row) != surviving)
                    .filter_map(source)
                    .collect(),
            };
            if column.name == "death_date" && field.value.is_none() {
                field.value = view.death_date.clone().map(|text| Shown { text, label: None });
            }
            fields.push(field);
        }
        Ok(fields)
    }

    fn records(&self, house: &House) -> Result<Vec<RecordView>> {
        let mut shown: Vec<&(i64, Option<f32>, i8)> = self.links.iter().collect();
        let current = |record: i64| self.current_ids.binary_search(&record).is_ok();
        shown.sort_by_key(|link| (!current(link.0), std::cmp::Reverse(link.0)));
        shown.truncate(RECORDS_MAX);
        let ids: Vec<i64> = shown.iter().map(|link| link.0).collect();
        let mut raw: BTreeMap<i64, RawRow> = raw_rows(house, &ids)?;
        let view = |&&(record_id, weight, by): &&(i64, Option<f32>, i8)| RecordView {
            record_id,
            list: self.lists.place_of(record_id).map(|at| self.lists.names[at].clone()),
            current: current(record_id),
            weight: weight.map(f64::from),
            decided_by: match by {
                0 => "alone",
                1 => "model",
                2 => "human",
                _ => "sent_again",
            },
            raw: raw.remove(&record_id),
        };
        Ok(shown.iter().map(view).collect())
    }
}

fn primitive<T: arrow_array::ArrowPrimitiveType>(
    batch: &RecordBatch,
    name: &str,
) -> Result<arrow_array::PrimitiveArray<T>> {
    use arrow_array::cast::AsArray;
    let column = batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<T>());
    column.cloned().ok_or_else(|| Error::Damaged(format!("column `{name}` is missing or of another type")))
}
