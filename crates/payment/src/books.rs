//! The books in the database: entries are added, balances follow in the same transaction, and both can be read back as a
//! [`ledger::Book`], which proves one by the other.

use std::collections::BTreeMap;

use ledger::{Account, AccountKind, Book, Movement, Place, TransferId};
use model::{RegionCode, RegionLevel, Rupiah};
use store::{Row, Tx, Value, params};

use crate::{Error, Result, queries};

/// Amounts to post, summed up by place and movement. What takes earlier movements back (`true`) is below zero and stays apart.
pub(crate) type Sums = BTreeMap<Key, Rupiah>;
pub(crate) type Key = (Place, Movement, bool);

/// Where a line's money is booked: its subdistrict.
pub(crate) fn place(programme: &str, period: &str, region: &str, channel: &str) -> Result<Place> {
    let region = RegionCode::parse(region)?.at(RegionLevel::Subdistrict);
    Ok(Place {
        programme: programme.to_owned(),
        period: period.to_owned(),
        region,
        channel: channel.to_owned(),
    })
}

/// What entries are posted on the ground of: a document and, where it is taken in several goes, which of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) document: &'a str,
    /// Of a file the number of the last row of the batch, of a deposit slip the first line that it ends, otherwise 0.
    pub(crate) part: i64,
}

/// The number of a transfer: 128 bits of the BLAKE3 hash of what causes it, the same whenever and wherever it is made.
pub(crate) fn transfer_id(ground: Ground<'_>, place: &Place, movement: Movement, back: bool) -> TransferId {
    let mut hasher = blake3::Hasher::new();
    let texts = [
        ground.document,
        &place.programme,
        &place.period,
        place.region.as_str(),
        &place.channel,
        movement.code(),
        if back { "back" } else { "" },
    ];
    for text in texts {
        hasher.update(text.as_bytes());
        hasher.update(&[0x1f]);
    }
    hasher.update(&ground.part.to_be_bytes());
    let mut first = [0; 16];
    hasher.finalize_xof().fill(&mut first);
    TransferId(u128::from_be_bytes(first))
}

/// The sums that this ground has not posted yet: the same again is left out, another amount under the same number is refused.
fn unposted<'s>(tx: &mut Tx<'_>, sums: &'s Sums, ground: Ground<'_>) -> Result<Vec<(&'s Key, Rupiah)>> {
    let mut known = Sums::new();
    for row in tx.query(&queries::GROUND_ENTRIES, params![ground.document, ground.part])? {
        let place = Place {
            programme: row.string(0)?,
            period: row.string(1)?,
            region: row.region(2)?,
            channel: row.string(3)?,
        };
        let movement = Movement::from_code(row.text(4)?).ok_or(Error::Stored("movement"))?;
        known.insert((place, movement, row.bool(5)?), row.rupiah(6)?);
    }
    let mut new = Vec::with_capacity(sums.len());
    for (key, amount) in sums {
        match known.get(key) {
            None => new.push((key, *amount)),
            Some(same) if same == amount => {}
            Some(_) => {
                let id = transfer_id(ground, &key.0, key.1, key.2);
                return Err(ledger::Error::Conflict(id).into());
            }
        }
    }
    Ok(new)
}

/// Posts sums on their ground, each once, and answers how many entries are new. An account that would fall below zero stops the
/// transaction.
pub(crate) fn post(
    tx: &mut Tx<'_>,
    sums: &Sums,
    ground: Ground<'_>,
    at_ms: i64,
    actor: &str,
) -> Result<usize> {
    const ENTRY: &[&str] = &[
        "entry_id",
        "document",
        "part",
        "movement",
        "correction",
        "programme",
        "period",
        "region",
        "channel",
        "amount_idr",
        "at",
        "actor",
    ];
    const SHIFT: &[&str] = &["programme", "period", "region", "channel", "account", "amount_idr"];
    if sums.is_empty() {
        return Ok(0);
    }
    let new = unposted(tx, sums, ground)?;
    if new.is_empty() {
        return Ok(0);
    }
    let first = store::next_number(tx, "ledger_entry", new.len() as i64)?;
    let rows = (first..).zip(&new).map(|(entry_id, ((place, movement, back), amount))| {
        vec![
            entry_id.into(),
            ground.document.into(),
            ground.part.into(),
            movement.code().into(),
            (*back).into(),
            place.programme.as_str().into(),
            place.period.as_str().into(),
            (&place.region).into(),
            place.channel.as_str().into(),
            (*amount).into(),
            at_ms.into(),
            actor.into(),
        ]
    });
    tx.bulk("ledger_entry", ENTRY, rows)?;
    let mut sides: BTreeMap<(&Place, AccountKind), Rupiah> = BTreeMap::new();
    for ((place, movement, _), amount) in &new {
        for (kind, amount) in [(movement.from(), Rupiah::ZERO.minus(*amount)?), (movement.to(), *amount)] {
            let side = sides.entry((place, kind)).or_default();
            *side = side.plus(amount)?;
        }
    }
    let accounts = sides.len() as u64;
    tx.bulk("ledger_shift", SHIFT, sides.into_iter().map(side))?;
    // The table itself refuses an account below zero, and a sum that leaves the range of whole numbers.
    if tx.execute(&queries::BALANCES_ADD, &[])? < accounts {
        tx.execute(&queries::ACCOUNTS_OPEN, &[])?;
    }
    tx.execute(&queries::SHIFTS_CLEAR, &[])?;
    Ok(new.len())
}

fn side(((place, kind), amount): ((&Place, AccountKind), Rupiah)) -> Vec<Value> {
    vec![
        place.programme.as_str().into(),
        place.period.as_str().into(),
        (&place.region).into(),
        place.channel.as_str().into(),
        kind.code().into(),
        amount.into(),
    ]
}

/// Reads the books of a programme and period within a range of regions.
pub(crate) fn read(tx: &mut Tx<'_>, programme: &str, period: &str, range: (&str, &str)) -> Result<Book> {
    let of = params![programme, period, range.0, range.1];
    let balances = tx.query(&queries::BALANCES, of)?;
    let moved = tx.query(&queries::MOVED, of)?;
    let balances = balances.iter().map(|row| {
        let kind = AccountKind::from_code(row.text(2)?).ok_or(Error::Stored("account"))?;
        let account = Account { kind, place: place_of(row, programme, period)? };
        Ok((account, row.rupiah(3)?))
    });
    let moved = moved.iter().map(|row| {
        let movement = Movement::from_code(row.text(2)?).ok_or(Error::Stored("movement"))?;
        Ok(((place_of(row, programme, period)?, movement), row.rupiah(3)?))
    });
    let (balances, moved): (Result<Vec<_>>, Result<Vec<_>>) = (balances.collect(), moved.collect());
    Ok(Book::restored(balances?, moved?))
}

fn place_of(row: &Row, programme: &str, period: &str) -> Result<Place> {
    Ok(Place {
        programme: programme.to_owned(),
        period: period.to_owned(),
        region: row.region(0)?,
        channel: row.string(1)?,
    })
}
