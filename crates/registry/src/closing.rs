//! Closing: the month's frozen picture of the registry, on which decisions are made.
//!
//! In: the newest version, reports that came after it, the rank in force on the closing day. Out:
//! `closing/<month>/{persons,families}` and a row that says what they were made from. Closing a month again
//! from the same inputs answers the same; from other inputs it is refused. Must never happen: a closing that
//! changes.

use std::sync::Arc;

use access::{House, Scope, Session};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use jiff::civil::Date;
use lake::{Manifest, Origin, WriteOptions};
use model::{Month, Progress};
use serde::Serialize;
use store::{Row, params};

use crate::deciles::{self, Snapshot};
use crate::urgent::Overlay;
use crate::version::{self, Version, boolean, int64};
use crate::{Error, Result, queries};

/// A closed month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Closing {
    /// The month, `2026-11`.
    pub month: String,
    /// The day on which its data were cut off.
    pub closing_date: String,
    /// Version of the registry.
    pub registry_version: i64,
    /// Persons.
    pub persons: i64,
    /// Families.
    pub families: i64,
    /// Living persons.
    pub living: i64,
    /// Persons matched with the civil registry.
    pub matched: i64,
    /// Families with a decile.
    pub ranked: i64,
    /// Reports applied that the version does not contain.
    pub urgent: i64,
    /// As-of date of the rank list, if one was in force.
    pub rank_date: Option<String>,
    /// When it was closed, milliseconds since the epoch.
    pub closed_at_ms: i64,
    /// By whom.
    pub actor: String,
    /// Content hash of the persons.
    pub persons_hash: String,
    /// Content hash of the families.
    pub families_hash: String,
    /// Hash of the policy pack in force.
    pub policy_hash: String,
    /// It stood already.
    pub reused: bool,
}

/// Name of a part of a closing: `closing/2026-11/persons`.
pub fn name(month: Month, part: &str) -> String {
    format!("closing/{month}/{part}")
}

/// The day on which a month's data are cut off, as the policy pack sets it.
pub fn closing_date(house: &House, month: Month) -> Date {
    let day = house.policy.settings().closing.cut_off_day.clamp(1, 28) as i8;
    month.first_day().with().day(day).build().unwrap_or_else(|_| month.last_day())
}

/// Freezes the registry for a month.
///
/// # Errors [`Error::NoVersion`] before the first consolidation, [`Error::Closed`] when the month was closed
/// from other inputs.
pub fn close(house: &House, session: &Session, month: Month, progress: &dyn Progress) -> Result<Closing> {
    let scope = session.scope("closing.run")?;
    let _lock = house.db.lock(&format!("closing-{month}"))?.ok_or(Error::Busy)?;
    progress.report("close", 0, 0);
    let version = version::latest(&house.lake)?.ok_or(Error::NoVersion)?;
    let date = closing_date(house, month);
    let rank = deciles::in_force(house, Some(date))?;
    let overlay = Overlay::after(house, version.number)?;
    let families = house.lake.require(&version::name(version.number, "families"))?.manifest().hash.clone();
    let inputs = inputs(&version, &families, &overlay, rank.as_ref());
    let standing = house.db.read(|tx| tx.query_opt(&queries::CLOSING, params![month.to_string()]))?;
    if let Some(row) = standing {
        let stands = read(&row)?;
        if row.text(15)? == inputs {
            return Ok(Closing { reused: true, ..stands });
        }
        return Err(Error::Closed { month: month.to_string(), version: stands.registry_version });
    }
    let frozen = freeze(house, &version, &overlay, rank.as_ref())?;
    let origin = Origin {
        made_by: "close".into(),
        inputs: [
            Some(version.persons.hash.clone()),
            Some(families),
            rank.as_ref().map(|rank| rank.hash.clone()),
        ]
        .into_iter()
        .flatten()
        .collect(),
        policy: house.policy.hash().to_owned(),
        note: [
            ("inputs".to_owned(), inputs.clone()),
            ("closing_date".to_owned(), date.to_string()),
            // Where ids that were given up by then are told: the closing itself holds only those in use.
            ("aliases".to_owned(), version::name(version.number, "aliases")),
        ]
        .into(),
    };
    let put = |part: &str, batch: &RecordBatch, sorted_by: &[&str]| -> Result<Manifest> {
        progress.report("close", 1, 2);
        let options = WriteOptions::sorted_by(sorted_by);
        let mut writer = house.lake.writer(&name(month, part), batch.schema(), options)?;
        writer.write(batch)?;
        Ok(writer.finish(origin.clone(), house.clock.as_ref())?)
    };
    let families = put("families", &frozen.families, &["family_id"])?;
    let persons = put("persons", &frozen.persons, &["family_id", "person_id"])?;
    let closing = Closing {
        month: month.to_string(),
        closing_date: date.to_string(),
        registry_version: version.number,
        persons: frozen.persons.num_rows() as i64,
        families: frozen.families.num_rows() as i64,
        living: boolean(&frozen.persons, "alive")?.true_count() as i64,
        matched: boolean(&frozen.persons, "matched")?.true_count() as i64,
        ranked: frozen.ranked,
        urgent: overlay.len() as i64,
        rank_date: rank.map(|rank| rank.as_of.to_string()),
        closed_at_ms: house.clock.now_ms(),
        actor: scope.actor_name().to_owned(),
        persons_hash: persons.hash,
        families_hash: families.hash,
        policy_hash: house.policy.hash().to_owned(),
        reused: false,
    };
    record(house, &scope, &closing, &inputs)?;
    Ok(closing)
}

/// Digest of everything that a closing is made from.
fn inputs(version: &Version, families: &str, overlay: &Overlay, rank: Option<&Snapshot>) -> String {
    let mut hasher = blake3::Hasher::new();
    let rank = rank.map_or("none", |rank| rank.hash.as_str());
    for part in [version.persons.hash.as_str(), families, &overlay.digest(), rank] {
        hasher.update(part.as_bytes());
        hasher.update(b"\n");
    }
    hasher.finalize().to_hex().to_string()
}

struct Frozen {
    persons: RecordBatch,
    families: RecordBatch,
    ranked: i64,
}

fn freeze(house: &House, version: &Version, overlay: &Overlay, rank: Option<&Snapshot>) -> Result<Frozen> {
    let persons = house.lake.require(&version::name(version.number, "persons"))?.read_all(&[])?;
    let persons = overlay.persons(&persons)?;
    let families = house.lake.require(&version::name(version.number, "families"))?.read_all(&[])?;
    let families = overlay.families(&families, &persons)?;
    let (decile, rank_date) = deciles::of_cards(rank, &int64(&families, "kk")?);
    let ranked = (decile.len() - decile.null_count()) as i64;
    let mut fields: Vec<_> = families.schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new("decile", DataType::Int32, true)));
    fields.push(Arc::new(Field::new("rank_date", DataType::Date32, true)));
    let mut columns: Vec<ArrayRef> = families.columns().to_vec();
    columns.extend([Arc::new(decile) as ArrayRef, Arc::new(rank_date)]);
    let families = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
    Ok(Frozen { persons, families, ranked })
}

fn record(house: &House, scope: &Scope, closing: &Closing, inputs: &str) -> Result<()> {
    house.db.write(|tx| {
        tx.execute(
            &queries::CLOSING_ADD,
            params![
                &closing.month,
                &closing.closing_date,
                closing.registry_version,
                closing.persons,
                closing.families,
                closing.living,
                closing.matched,
                closing.ranked,
                closing.urgent,
                closing.rank_date.as_deref(),
                closing.closed_at_ms,
                &closing.actor,
                &closing.persons_hash,
                &closing.families_hash,
                &closing.policy_hash,
                inputs,
            ],
        )?;
        let subject = format!("closing:{}", closing.month);
        let detail = format!("version={} persons={}", closing.registry_version, closing.persons_hash);
        access::audit(tx, house.clock.as_ref(), scope.actor_pair(), scope.action(), &subject, &detail)?;
        Ok(())
    })
}

/// All closings, newest month first.
///
/// # Errors
/// The store's.
pub fn closings(house: &House, _scope: &Scope) -> Result<Vec<Closing>> {
    house.db.read(|tx| tx.query(&queries::CLOSINGS, &[]))?.iter().map(read).collect()
}

/// The closing of a month, if it is closed.
///
/// # Errors
/// The store's.
pub fn closing(house: &House, _scope: &Scope, month: Month) -> Result<Option<Closing>> {
    house
        .db
        .read(|tx| tx.query_opt(&queries::CLOSING, params![month.to_string()]))?
        .as_ref()
        .map(read)
        .transpose()
}

/// The last closing, if there is one.
pub(crate) fn last(tx: &mut store::Tx<'_>) -> Result<Option<Closing>> {
    tx.query(&queries::CLOSINGS, &[])?.first().map(read).transpose()
}

fn read(row: &Row) -> Result<Closing> {
    Ok(Closing {
        month: row.string(0)?,
        closing_date: row.string(1)?,
        registry_version: row.int(2)?,
        persons: row.int(3)?,
        families: row.int(4)?,
        living: row.int(5)?,
        matched: row.int(6)?,
        ranked: row.int(7)?,
        urgent: row.int(8)?,
        rank_date: row.opt_string(9)?,
        closed_at_ms: row.int(10)?,
        actor: row.string(11)?,
        persons_hash: row.string(12)?,
        families_hash: row.string(13)?,
        policy_hash: row.string(14)?,
        reused: false,
    })
}
