//! The persons of a run, where each person is decided and not the family as a whole: candidates for rehabilitation, receivers of a
//! device or of an allowance. One dataset beside the list of families.

use std::sync::Arc;

use access::{House, Scope};
use arrow_array::{
    ArrayRef, Int8Array, Int16Array, Int64Array, RecordBatch, StringArray,
    cast::AsArray,
    types::{Int8Type, Int16Type},
};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use lake::{Dataset, Origin, WriteOptions};
use model::Rupiah;
use rules::Label;
use serde::Serialize;
use store::{Page, Paged, Value};

use crate::{
    DecisionRun, Error, FamilyOutcome, Result,
    columns::int64,
    decide::{read_run_by_id, text_column},
    members::Members,
    plan::Plan,
    quota::Regions,
    settle::Settled,
    views::{groups_from, outside, own_families},
};

/// Rows written at once.
const WRITE_ROWS: usize = 64 * 1024;

/// A person of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonLine {
    /// The person.
    pub person_id: i64,
    /// The family.
    pub family_id: i64,
    /// The family's village.
    pub region: String,
    /// Code of the component for which the person counts.
    pub component: String,
    /// Its name.
    pub label: Label,
    /// How the family came out.
    pub outcome: FamilyOutcome,
    /// What the person is given for the period, goods by their value, before a yearly limit of the family.
    pub amount_idr: Rupiah,
}

/// Name of the dataset: one row a person who counts in a family that receives, keeps its aid or waits, in the order of families and
/// persons. `family_id`, `person_id`, `region` of the family; `component`, the number in the manifest's `components`; `outcome` as in
/// the list of families; `amount_idr`.
pub(crate) fn dataset_name(programme: &str, period: &str, run: &str) -> String {
    format!("people/{programme}/{period}/{run}")
}

/// Everybody of a closing, by family.
pub(crate) struct Everybody {
    /// Ids, in the order of people.
    ids: Vec<i64>,
    members: Members,
}

impl Everybody {
    /// Reads them: 8 bytes a person and 4 a family.
    pub(crate) fn read(people: &Dataset, family_ids: &[i64]) -> Result<Self> {
        let mut ids = Vec::with_capacity(usize::try_from(people.rows()).unwrap_or_default());
        let mut families = Vec::with_capacity(ids.capacity());
        for batch in people.read(&["family_id", "person_id"])? {
            let batch = batch?;
            families.extend_from_slice(int64(&batch, "family_id")?.values());
            ids.extend_from_slice(int64(&batch, "person_id")?.values());
        }
        let members = Members::of(family_ids, &families)
            .ok_or_else(|| ArrowError::InvalidArgumentError("people without their family".to_owned()))?;
        Ok(Self { ids, members })
    }
}

/// Writes the persons of a settled plan; `families` are those of the closing.
pub(crate) fn write(
    house: &House,
    run: &str,
    families: &RecordBatch,
    regions: &Regions,
    everybody: &Everybody,
    settled: &Settled<'_>,
    origin: Origin,
) -> Result<()> {
    let plan = settled.plan;
    let schema = Arc::new(Schema::new(vec![
        Field::new("family_id", DataType::Int64, false),
        Field::new("person_id", DataType::Int64, false),
        Field::new("region", DataType::Utf8, false),
        Field::new("component", DataType::Int16, false),
        Field::new("outcome", DataType::Int8, false),
        Field::new("amount_idr", DataType::Int64, false),
    ]));
    let name = dataset_name(&plan.programme.key, &plan.period.to_string(), run);
    let options = WriteOptions { differences: true, ..WriteOptions::sorted_by(&["family_id"]) };
    let mut writer = house.lake.writer(&name, Arc::clone(&schema), options)?;
    let ids = int64(families, "family_id")?.values();
    let mut rows: Vec<Row> = Vec::new();
    for (family, range) in everybody.members.ranges().enumerate() {
        let outcome = settled.outcome(family);
        if outcome == FamilyOutcome::NotEligible {
            continue;
        }
        let first = rows.len();
        for person in range {
            let of = settled.selected.iter().position(|selected| selected.get(person));
            if let Some(component) = of {
                rows.push(Row { family, person: everybody.ids[person], component, outcome });
            }
        }
        rows[first..].sort_unstable_by_key(|row| row.person);
        if rows.len() >= WRITE_ROWS {
            writer.write(&batch(plan, &schema, &rows, ids, regions)?)?;
            rows.clear();
        }
    }
    writer.write(&batch(plan, &schema, &rows, ids, regions)?)?;
    writer.finish(origin, house.clock.as_ref())?;
    Ok(())
}

/// A person to be written: place of the family, number of the component.
struct Row {
    family: usize,
    person: i64,
    component: usize,
    outcome: FamilyOutcome,
}

fn batch(
    plan: &Plan<'_>,
    schema: &Arc<Schema>,
    rows: &[Row],
    family_ids: &[i64],
    regions: &Regions,
) -> Result<RecordBatch> {
    let region = |row: &Row| regions.paths[regions.of[row.family] as usize].as_str();
    let mut amounts = Vec::with_capacity(rows.len());
    for row in rows {
        let amount = plan.cap.amounts[row.component].plus(plan.each)?;
        amounts.push(if row.outcome == FamilyOutcome::Eligible { amount.idr() } else { 0 });
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| family_ids[row.family]))),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.person))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(region))),
        Arc::new(Int16Array::from_iter_values(rows.iter().map(|row| row.component as i16))),
        Arc::new(Int8Array::from_iter_values(rows.iter().map(|row| row.outcome.code()))),
        Arc::new(Int64Array::from(amounts)),
    ];
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// The persons of a run in the scope, by family and person; none for a run that decides families.
///
/// # Errors [`Error::NoRun`], the lake's, or a mark that is none.
pub fn run_people(house: &House, scope: &Scope, run: &str, page: &Page) -> Result<Paged<PersonLine>> {
    let run = read_run_by_id(house, run)?;
    let start = vec![Value::Int(i64::MIN), Value::Int(i64::MIN)];
    let keys = page.keys(2)?.unwrap_or(start);
    let number = |value: &Value| if let Value::Int(number) = value { *number } else { i64::MIN };
    let after = (number(&keys[0]), number(&keys[1]));
    let wanted = page.rows() + 1;
    let mut lines = Vec::new();
    let own = own_families(house, scope)?;
    if let Some(list) = house.lake.dataset(&dataset_name(&run.programme, &run.period, &run.run))? {
        let components = components(house, &run, list.manifest().origin.note.get("components"))?;
        for group in groups_from(&list, after.0)? {
            let batch = list.read_group(group, &[])?;
            let found = lines_of(&run, &batch, &components)?.into_iter().filter(|line| {
                (line.family_id, line.person_id) > after
                    && !outside(scope, &line.region)
                    && own.as_ref().is_none_or(|own| own.binary_search(&line.family_id).is_ok())
            });
            lines.extend(found.take(wanted - lines.len()));
            if lines.len() >= wanted {
                break;
            }
        }
    }
    Ok(page.page(lines, |line| vec![line.family_id.into(), line.person_id.into()]))
}

/// Whether a run decides persons.
///
/// # Errors The lake's.
pub fn decides_people(house: &House, run: &DecisionRun) -> Result<bool> {
    Ok(house.lake.dataset(&dataset_name(&run.programme, &run.period, &run.run))?.is_some())
}

/// Codes and names of the run's components, by number.
fn components(house: &House, run: &DecisionRun, note: Option<&String>) -> Result<Vec<(String, Label)>> {
    #[derive(serde::Deserialize)]
    struct Declared {
        code: String,
    }
    let declared: Vec<Declared> = serde_json::from_str(note.map_or("[]", String::as_str))
        .map_err(|error| Error::BrokenRun { run: run.run.clone(), why: error.to_string() })?;
    let programme = house.policy.programme(&run.programme);
    let version =
        programme.and_then(|found| found.versions.iter().find(|version| version.key == run.version));
    let label = |code: String| {
        let found = version.and_then(|version| version.component(&code));
        let label = found.map_or_else(|| Label::new(code.as_str(), code.as_str()), |one| one.label.clone());
        (code, label)
    };
    Ok(declared.into_iter().map(|one| label(one.code)).collect())
}

fn lines_of(
    run: &DecisionRun,
    batch: &RecordBatch,
    components: &[(String, Label)],
) -> Result<Vec<PersonLine>> {
    let broken = || Error::BrokenRun { run: run.run.clone(), why: "its persons cannot be read".to_owned() };
    let column = |name: &str| batch.column_by_name(name).ok_or_else(broken);
    let component = column("component")?.as_primitive_opt::<Int16Type>().ok_or_else(broken)?;
    let outcome = column("outcome")?.as_primitive_opt::<Int8Type>().ok_or_else(broken)?;
    let (families, people) = (int64(batch, "family_id")?, int64(batch, "person_id")?);
    let (regions, amounts) = (text_column(batch, "region"), int64(batch, "amount_idr")?);
    let line = |row: usize| -> Result<PersonLine> {
        let (code, label) = usize::try_from(component.value(row))
            .ok()
            .and_then(|at| components.get(at))
            .ok_or_else(broken)?;
        Ok(PersonLine {
            person_id: people.value(row),
            family_id: families.value(row),
            region: regions[row].unwrap_or_default().to_owned(),
            component: code.clone(),
            label: label.clone(),
            outcome: FamilyOutcome::from_code(outcome.value(row).into()).ok_or_else(broken)?,
            amount_idr: Rupiah::new(amounts.value(row)),
        })
    };
    (0..batch.num_rows()).map(line).collect()
}
