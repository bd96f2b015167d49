//! The list of a run as it stands in the lake: its columns, the note on its manifest, its bytes.

use std::{collections::BTreeMap, sync::Arc};

use access::House;
use arrow_array::{ArrayRef, Date32Array, Int8Array, Int16Array, Int32Array, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use lake::{Origin, WriteOptions};
use model::{Month, Rupiah};
use serde::Serialize;

use crate::{
    Result,
    holders::{APPROVED_ON, BEFORE, Before, Standing},
    plan::{Bits, Plan},
    settle::Settled,
};

/// Columns that all lists of one closing have alike, the first ones: family, region, decile.
const SHARED_COLUMNS: usize = 3;
/// Rows written at once.
const WRITE_ROWS: usize = 64 * 1024;

pub(crate) fn note(
    plan: &Plan<'_>,
    run: &str,
    closing: Month,
    before: Option<&Before>,
) -> BTreeMap<String, String> {
    #[derive(Serialize)]
    struct Line<'a> {
        code: &'a str,
        amount_idr: Rupiah,
        max: Option<u32>,
    }
    let components: Vec<Line<'_>> = plan
        .components
        .iter()
        .zip(&plan.cap.amounts)
        .map(|(component, amount)| Line {
            code: &component.code,
            amount_idr: *amount,
            max: component.max_per_family,
        })
        .collect();
    // Plain structures of texts and numbers always become JSON.
    let json = |value: serde_json::Result<String>| value.unwrap_or_default();
    let mut note = BTreeMap::from([
        ("programme".to_owned(), plan.programme.key.clone()),
        ("period".to_owned(), plan.period.to_string()),
        ("closing".to_owned(), closing.to_string()),
        ("version".to_owned(), plan.version.key.clone()),
        ("run".to_owned(), run.to_owned()),
        ("conditions".to_owned(), json(serde_json::to_string(&plan.places))),
        ("components".to_owned(), json(serde_json::to_string(&components))),
        ("flat_idr".to_owned(), plan.flat.idr().to_string()),
        (
            "flat_code".to_owned(),
            plan.version.flat.as_ref().map_or_else(String::new, |flat| flat.code.clone()),
        ),
    ]);
    if let Some(before) = before {
        note.insert(BEFORE.to_owned(), before.list.manifest().name.clone());
        note.insert(APPROVED_ON.to_owned(), before.approved_on.to_string());
    }
    note
}

/// Writes a list. `like` is another list of the same closing: what both have alike is not encoded once more.
pub(crate) fn write(
    house: &House,
    dataset: &str,
    families: &RecordBatch,
    settled: &Settled<'_>,
    origin: Origin,
    like: Option<&lake::Dataset>,
) -> Result<lake::Manifest> {
    let schema = Arc::new(list_schema(settled.plan));
    let options = WriteOptions { differences: true, ..WriteOptions::sorted_by(&["family_id"]) };
    let mut writer = house.lake.writer(dataset, Arc::clone(&schema), options)?;
    if let Some(like) = like {
        writer = writer.sharing(like, SHARED_COLUMNS)?;
    }
    let rows = families.num_rows();
    for from in (0..rows).step_by(WRITE_ROWS) {
        let to = (from + WRITE_ROWS).min(rows);
        let columns = list_columns(&families.slice(from, to - from), settled, from..to)?;
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
    }
    Ok(writer.finish(origin, house.clock.as_ref())?)
}

fn list_schema(plan: &Plan<'_>) -> Schema {
    let mut fields = vec![
        Field::new("family_id", DataType::Int64, false),
        Field::new("region", DataType::Utf8, true),
        Field::new("decile", DataType::Int32, true),
        Field::new("outcome", DataType::Int8, false),
        Field::new("amount_idr", DataType::Int64, false),
        Field::new("trimmed_idr", DataType::Int64, false),
        Field::new("reason", DataType::Int32, true),
        Field::new("held", DataType::Int64, false),
        Field::new("failed", DataType::Int64, false),
        Field::new("unknown", DataType::Int64, false),
        Field::new("quota_place", DataType::Int32, true),
        Field::new("noticed", DataType::Date32, true),
    ];
    for kind in ["qualified", "counted"] {
        for component in &plan.components {
            fields.push(Field::new(format!("{kind}_{}", component.code), DataType::Int16, false));
        }
    }
    Schema::new(fields)
}

fn list_columns(
    families: &RecordBatch,
    settled: &Settled<'_>,
    rows: std::ops::Range<usize>,
) -> Result<Vec<ArrayRef>> {
    let mut bits = vec![Bits::default(); rows.len()];
    settled.bits(rows.start, &mut bits);
    let (mut amounts, mut trimmed) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in rows.clone() {
        let (amount, cut) = settled.given(row)?;
        amounts.push(amount.idr());
        trimmed.push(cut.idr());
    }
    let mask = |of: fn(&Bits) -> u64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(bits.iter().map(|bits| of(bits).cast_signed())))
    };
    let small = |counts: &[i16]| -> ArrayRef { Arc::new(Int16Array::from(counts[rows.clone()].to_vec())) };
    let column = |name: &str| {
        families.column_by_name(name).cloned().ok_or_else(|| rules::EvalError::MissingColumn(name.to_owned()))
    };
    let outcome = Int8Array::from_iter_values(rows.clone().map(|row| settled.outcome(row).code()));
    let reason: Int32Array = rows.clone().map(|row| settled.reason(row).map(|place| place as i32)).collect();
    let rank = |row: usize| i32::try_from(settled.rank[row]).ok().filter(|rank| *rank > 0);
    let place: Int32Array = rows.clone().map(rank).collect();
    // A first notice has no day yet: it is given when the list is approved.
    let noticed: Date32Array = rows
        .clone()
        .map(|row| match settled.kept(row)?.standing {
            Standing::Noticed(day) => Some(day),
            Standing::Receives | Standing::Over => None,
        })
        .collect();
    let mut columns = vec![
        column("family_id")?,
        column("region")?,
        column("decile")?,
        Arc::new(outcome),
        Arc::new(Int64Array::from(amounts)),
        Arc::new(Int64Array::from(trimmed)),
        Arc::new(reason),
        mask(|bits| bits.held),
        mask(|bits| bits.failed),
        mask(|bits| bits.unknown),
        Arc::new(place),
        Arc::new(noticed),
    ];
    columns.extend(settled.qualified.iter().map(|counts| small(counts)));
    columns.extend(settled.counted.iter().map(|counts| small(counts)));
    Ok(columns)
}
