//! A closing as this room reads it: all families as a few columns, people in chunks that hold whole families,
//! and one family with its people for an explanation.

use std::collections::BTreeMap;

use arrow_array::{
    Array, ArrayRef, RecordBatch,
    cast::AsArray,
    types::{Date32Type, Int32Type, Int64Type},
};
use arrow_select::concat::concat_batches;
use lake::{Dataset, Lake};
use model::Month;
use rules::Value;

use crate::{
    Error, Result,
    columns::int64,
    family::{FamilyData, PersonData},
    plan::Plan,
};

pub(crate) struct Closing {
    pub(crate) people: Dataset,
    pub(crate) families: Dataset,
}

/// A chunk of whole families: those with `from <= family_id < to`, whose people begin in one part of the
/// dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk {
    part: usize,
    from: i64,
    to: i64,
}

/// First and last family of each part of the people.
struct Part {
    index: usize,
    first: i64,
    last: i64,
}

impl Closing {
    pub(crate) fn open(lake: &Lake, month: Month) -> Result<Self> {
        let open = |kind: &str| {
            lake.dataset(&format!("closing/{month}/{kind}"))?
                .ok_or_else(|| Error::NoClosing(month.to_string()))
        };
        Ok(Self { people: open("persons")?, families: open("families")? })
    }

    /// The people of a month, if it was closed.
    pub(crate) fn people_at(lake: &Lake, month: Month) -> Result<Option<Dataset>> {
        Ok(lake.dataset(&format!("closing/{month}/persons"))?)
    }

    /// All families, with these columns and those of every list.
    pub(crate) fn all_families(&self, columns: &[String]) -> Result<RecordBatch> {
        keep_freed_memory();
        Ok(self.families.read_all(&family_columns(columns))?)
    }

    /// Chunks in the order of families; together they hold every family number there is.
    pub(crate) fn chunks(&self) -> Result<Vec<Chunk>> {
        let parts = self.parts()?;
        let mut chunks: Vec<Chunk> = Vec::with_capacity(parts.len().max(1));
        let mut from = i64::MIN;
        for (i, part) in parts.iter().enumerate() {
            let to = parts.get(i + 1).map_or(i64::MAX, |next| {
                // A family that goes on in the next part belongs to this one.
                if next.first == part.last { next.first.saturating_add(1) } else { next.first }
            });
            chunks.push(Chunk { part: part.index, from, to: to.max(from) });
            from = to.max(from);
        }
        if chunks.is_empty() {
            chunks.push(Chunk { part: 0, from, to: i64::MAX });
        }
        Ok(chunks)
    }

    fn parts(&self) -> Result<Vec<Part>> {
        let mut groups = self.people.row_groups();
        groups.retain(|group| group.rows > 0);
        let ends: Vec<u64> =
            groups.iter().flat_map(|group| [group.first_row, group.first_row + group.rows - 1]).collect();
        if ends.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.people.rows_at(&ends, &["family_id"])?;
        let families = int64(&found, "family_id")?.values();
        let part = |(i, group): (usize, &lake::RowGroup)| Part {
            index: group.index,
            first: families[2 * i],
            last: families[2 * i + 1],
        };
        Ok(groups.iter().enumerate().map(part).collect())
    }

    /// The people of a chunk.
    pub(crate) fn people_of(&self, chunk: Chunk, columns: &[String]) -> Result<RecordBatch> {
        let columns = person_columns(columns);
        if self.people.rows() == 0 {
            return Ok(self.people.read_all(&columns)?);
        }
        let own = self.people.read_group(chunk.part, &columns)?;
        let families = int64(&own, "family_id")?.values();
        let first = families.partition_point(|&family| family < chunk.from);
        let own = own.slice(first, own.num_rows() - first);
        let mut pieces = vec![own];
        for group in self.people.row_groups().into_iter().skip(chunk.part + 1) {
            let ids = self.people.read_group(group.index, &["family_id"])?;
            let head = int64(&ids, "family_id")?.values().partition_point(|&family| family < chunk.to);
            if head == 0 {
                break;
            }
            let rows: Vec<u64> = (group.first_row..group.first_row + head as u64).collect();
            pieces.push(self.people.rows_at(&rows, &columns)?);
            if (head as u64) < group.rows {
                break;
            }
        }
        Ok(concat_batches(&pieces[0].schema(), &pieces)?)
    }

    /// One family with its people; nothing when the closing does not have it.
    pub(crate) fn family(&self, family_id: i64, plan: &Plan<'_>) -> Result<Option<FamilyData>> {
        let found = self.families.lookup("family_id", &[family_id], &family_columns(&plan.family_columns))?;
        if found.num_rows() == 0 {
            return Ok(None);
        }
        let mut columns = person_columns(&plan.person_columns);
        columns.push("person_id");
        let people = self.people.lookup("family_id", &[family_id], &columns)?;
        let ids = int64(&people, "person_id")?;
        let people = (0..people.num_rows())
            .map(|row| {
                let values = row_values(&people, row, "person");
                let born = match values.get("person.birth_date") {
                    Some(Value::Date(days)) => Some(*days),
                    _ => None,
                };
                PersonData { person_id: ids.value(row), born, values }
            })
            .collect();
        let values = row_values(&found, 0, "family");
        let region = match values.get("family.region") {
            Some(Value::Text(region)) => region.clone(),
            _ => String::new(),
        };
        Ok(Some(FamilyData { region, values, people }))
    }
}

/// Every chunk needs as much memory as the one before, and the system's allocator gives it back in between, to fetch it again page by
/// page: a tenth of the time of a nation. It learns from the largest block that was freed what is worth keeping, up to 32 MiB.
fn keep_freed_memory() {
    const LARGEST: usize = 31 << 20;
    drop(std::hint::black_box(Vec::<u8>::with_capacity(LARGEST)));
}

fn family_columns(needed: &[String]) -> Vec<&str> {
    with(&["family_id", "region", "decile"], needed)
}

fn person_columns(needed: &[String]) -> Vec<&str> {
    with(&["family_id"], needed)
}

fn with<'a>(always: &[&'a str], needed: &'a [String]) -> Vec<&'a str> {
    let more = needed.iter().map(String::as_str).filter(|name| !always.contains(name));
    always.iter().copied().chain(more).collect()
}

/// The values of a row under the names of the rules.
fn row_values(batch: &RecordBatch, row: usize, subject: &str) -> BTreeMap<String, Value> {
    let schema = batch.schema();
    let name = |i: usize| format!("{subject}.{}", schema.field(i).name());
    batch.columns().iter().enumerate().map(|(i, column)| (name(i), value_at(column, row))).collect()
}

/// A value of the types that the lake keeps; others are of no use to a rule and are unknown to it.
pub(crate) fn value_at(column: &ArrayRef, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    if let Some(values) = column.as_primitive_opt::<Int32Type>() {
        return Value::Int(values.value(row).into());
    }
    if let Some(values) = column.as_primitive_opt::<Int64Type>() {
        return Value::Int(values.value(row));
    }
    if let Some(values) = column.as_primitive_opt::<Date32Type>() {
        return Value::Date(values.value(row));
    }
    if let Some(values) = column.as_boolean_opt() {
        return Value::Bool(values.value(row));
    }
    column.as_string_opt::<i32>().map_or(Value::Null, |values| Value::Text(values.value(row).to_owned()))
}

/// The families of a chunk, cut out of all.
pub(crate) fn families_of(chunk: Chunk, families: &RecordBatch) -> Result<RecordBatch> {
    let ids = int64(families, "family_id")?.values();
    let from = ids.partition_point(|&id| id < chunk.from);
    // The last chunk is open above: no family number lies beyond it.
    let to = if chunk.to == i64::MAX { ids.len() } else { ids.partition_point(|&id| id < chunk.to) };
    Ok(families.slice(from, to.max(from) - from))
}
