//! The datasets of a version: links, old ids, the review queue, events, families, persons, in this order.
//!
//! In: what consolidation found. Out: datasets in the lake, the same bytes for the same findings.

use std::sync::Arc;

use access::House;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float32Array, Int8Array, Int32Array, Int64Array, RecordBatch,
    StringArray, UInt32Array,
};
use arrow_schema::{DataType, Field, Schema};
use arrow_select::take::take_record_batch;
use lake::{Origin, WriteOptions};
use linkage::Linked;
use rayon::prelude::*;

use crate::Result;
use crate::assemble::Assembled;
use crate::events::Event;
use crate::golden::NONE;
use crate::load::List;
use crate::people::{Class, Identified};
use crate::rows::Rows;
use crate::version;

/// Alias kind: merged into another person.
pub(crate) const ALIAS_MERGED: i32 = 1;
/// Alias kind: no list in force names the person.
pub(crate) const ALIAS_SLEEPING: i32 = 2;
/// Alias kind: no record is left.
pub(crate) const ALIAS_GONE: i32 = 3;

/// `decided_by` of a link: the row was only sent again.
pub(crate) const BY_SENT_AGAIN: i8 = 3;

/// What goes into a version.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    /// Links.
    pub links: RecordBatch,
    /// Ids and old ids.
    pub identified: &'a Identified,
    /// Doubtful pairs.
    pub review: RecordBatch,
    /// Events, sorted.
    pub events: &'a [Event],
    /// Persons and families.
    pub assembled: &'a Assembled,
    /// The trained model.
    pub model: String,
    /// What the run says of the model, as JSON.
    pub judgement: String,
}

/// Writes all parts; `persons` last, with which the version is whole.
///
/// # Errors
/// The lake's.
pub(crate) fn version(house: &House, number: i64, origin: &Origin, parts: Parts<'_>) -> Result<()> {
    let put = |part: &str, batch: &RecordBatch, sorted_by: &[&str], origin: &Origin| -> Result<()> {
        let options = WriteOptions::sorted_by(sorted_by);
        let mut writer = house.lake.writer(&version::name(number, part), batch.schema(), options)?;
        writer.write(batch)?;
        writer.finish(origin.clone(), house.clock.as_ref())?;
        Ok(())
    };
    let mut with_model = origin.clone();
    with_model.note.insert("model".to_owned(), parts.model);
    with_model.note.insert("judgement".to_owned(), parts.judgement);
    put("links", &parts.links, &["person_id", "record_id"], &with_model)?;
    put("aliases", &aliases(parts.identified)?, &["old_id"], origin)?;
    put("review", &parts.review, &[], origin)?;
    put("events", &events(parts.events)?, &[], origin)?;
    put("families", &parts.assembled.families, &["family_id"], origin)?;
    put("persons", &parts.assembled.persons, &["family_id", "person_id"], origin)
}

/// Every row and whose it is: sorted by person and record.
///
/// # Errors
/// Columns that do not fit, which would be a fault of this program.
pub(crate) fn links(
    rows: &Rows,
    lists: &[List],
    identified: &Identified,
    linked: &Linked,
) -> Result<RecordBatch> {
    struct Link {
        person: i64,
        record: i64,
        weight: Option<f32>,
        by: i8,
        current: bool,
    }
    let person = |row: usize| identified.id[identified.group[row] as usize];
    let mut tied = vec![false; rows.record_id.len()];
    for &(row, _) in &rows.ties {
        tied[row as usize] = true;
    }
    let mut all: Vec<Link> = (0..rows.record_id.len())
        .filter(|&row| person(row) != 0)
        .map(|row| Link {
            person: person(row),
            record: rows.record_id[row],
            weight: linked.weight[row],
            by: if tied[row] { BY_SENT_AGAIN } else { linked.by[row] as i8 },
            current: lists[rows.list[row] as usize].current,
        })
        .collect();
    all.extend(rows.resent.iter().filter(|(_, row)| person(*row as usize) != 0).map(|&(record, row)| Link {
        person: person(row as usize),
        record,
        weight: None,
        by: BY_SENT_AGAIN,
        current: false,
    }));
    all.par_sort_unstable_by_key(|link| (link.person, link.record));
    batch(vec![
        ("record_id", Arc::new(Int64Array::from_iter_values(all.iter().map(|l| l.record))), false),
        ("person_id", Arc::new(Int64Array::from_iter_values(all.iter().map(|l| l.person))), false),
        ("weight", Arc::new(all.iter().map(|l| l.weight).collect::<Float32Array>()), true),
        ("decided_by", Arc::new(Int8Array::from_iter_values(all.iter().map(|l| l.by))), false),
        ("current", Arc::new(all.iter().map(|l| Some(l.current)).collect::<BooleanArray>()), false),
    ])
}

fn aliases(identified: &Identified) -> Result<RecordBatch> {
    let mut all: Vec<(i64, Option<i64>, i32)> = identified
        .aliases
        .iter()
        .map(|alias| (alias.old, alias.new, if alias.new.is_some() { ALIAS_MERGED } else { ALIAS_GONE }))
        .collect();
    let sleeping =
        identified.class.iter().zip(&identified.id).filter(|(class, _)| **class == Class::Sleeping);
    all.extend(sleeping.map(|(_, id)| (*id, None, ALIAS_SLEEPING)));
    all.sort_unstable();
    batch(vec![
        ("old_id", Arc::new(Int64Array::from_iter_values(all.iter().map(|a| a.0))), false),
        ("new_id", Arc::new(all.iter().map(|a| a.1).collect::<Int64Array>()), true),
        ("kind", Arc::new(Int32Array::from_iter_values(all.iter().map(|a| a.2))), false),
    ])
}

/// A doubtful pair while the linkage columns are still there.
#[derive(Debug)]
pub(crate) struct Doubt {
    left: u32,
    right: u32,
    weight: f32,
    regions: [String; 2],
}

/// The doubtful pairs with the villages that their records name.
pub(crate) fn review_rows(rows: &Rows, linked: &Linked) -> Vec<Doubt> {
    let region = |row: u32| rows.region(row).unwrap_or_default().to_owned();
    let doubt = |pair: &linkage::Pair| Doubt {
        left: pair.left,
        right: pair.right,
        weight: pair.weight,
        regions: [region(pair.left), region(pair.right)],
    };
    linked.review.iter().map(doubt).collect()
}

/// The review queue: pairs of which at least one side is a person, by record id.
pub(crate) fn review(
    doubts: &[Doubt],
    rows: &Rows,
    identified: &Identified,
    person_of_group: &[u32],
) -> Result<RecordBatch> {
    let group = |row: u32| identified.group[row as usize] as usize;
    let person = |row: u32| {
        let group = group(row);
        (person_of_group[group] != NONE).then(|| identified.id[group])
    };
    let mut kept: Vec<&Doubt> = doubts
        .iter()
        .filter(|d| group(d.left) != group(d.right))
        .filter(|d| person(d.left).is_some() || person(d.right).is_some())
        .collect();
    let record = |row: u32| rows.record_id[row as usize];
    kept.sort_unstable_by_key(|d| (record(d.left), record(d.right)));
    let ids = |pick: fn(&Doubt) -> u32| kept.iter().map(|d| record(pick(d))).collect::<Int64Array>();
    let persons = |pick: fn(&Doubt) -> u32| kept.iter().map(|d| person(pick(d))).collect::<Int64Array>();
    let regions = |side: usize| StringArray::from_iter_values(kept.iter().map(|d| d.regions[side].as_str()));
    batch(vec![
        ("left_record", Arc::new(ids(|d| d.left)), false),
        ("right_record", Arc::new(ids(|d| d.right)), false),
        ("weight", Arc::new(kept.iter().map(|d| Some(d.weight)).collect::<Float32Array>()), false),
        ("left_person", Arc::new(persons(|d| d.left)), true),
        ("right_person", Arc::new(persons(|d| d.right)), true),
        ("left_region", Arc::new(regions(0)), false),
        ("right_region", Arc::new(regions(1)), false),
    ])
}

fn events(events: &[Event]) -> Result<RecordBatch> {
    let int = |pick: fn(&Event) -> Option<i64>| -> ArrayRef {
        Arc::new(events.iter().map(pick).collect::<Int64Array>())
    };
    batch(vec![
        ("family_id", int(|e| e.family), true),
        ("person_id", int(|e| e.person), true),
        ("kind", Arc::new(Int32Array::from_iter_values(events.iter().map(|e| e.kind as i32))), false),
        ("other_id", int(|e| e.other), true),
        ("date", Arc::new(events.iter().map(|e| e.date).collect::<Date32Array>()), true),
        ("before", Arc::new(events.iter().map(|e| e.before.as_deref()).collect::<StringArray>()), true),
        ("after", Arc::new(events.iter().map(|e| e.after.as_deref()).collect::<StringArray>()), true),
    ])
}

fn batch(columns: Vec<(&str, ArrayRef, bool)>) -> Result<RecordBatch> {
    let field = |(name, array, nullable): &(&str, ArrayRef, bool)| -> Field {
        let kind: DataType = array.data_type().clone();
        Field::new(*name, kind, *nullable)
    };
    let fields: Vec<Field> = columns.iter().map(field).collect();
    let arrays = columns.into_iter().map(|(_, array, _)| array).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

/// The rows of a table in another order.
pub(crate) fn reordered(batch: &RecordBatch, order: Vec<u32>) -> Result<RecordBatch> {
    Ok(take_record_batch(batch, &UInt32Array::from(order))?)
}
