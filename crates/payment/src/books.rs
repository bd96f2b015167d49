//! The books in the database: entries are added, balances follow in the same transaction, and both can be read back as a
//! [`ledger::Book`], which proves one by the other.

use std::collections::BTreeMap;

use ledger::{Account, AccountKind, Book, Movement, Place};
use model::{RegionCode, RegionLevel, Rupiah};
use store::{Row, Tx, Value, params};

use crate::{Error, Result, queries};

/// Amounts to post, summed up by place and movement. What takes earlier movements back (`true`) is below zero and stays apart.
pub(crate) type Sums = BTreeMap<(Place, Movement, bool), Rupiah>;

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

/// Posts sums on the ground of a document. An account that would fall below zero stops the transaction.
pub(crate) fn post(tx: &mut Tx<'_>, sums: &Sums, document: &str, at_ms: i64, actor: &str) -> Result<()> {
    const ENTRY: &[&str] = &[
        "entry_id",
        "document",
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
        return Ok(());
    }
    let first = store::next_number(tx, "ledger_entry", sums.len() as i64)?;
    let rows = (first..).zip(sums).map(|(entry_id, ((place, movement, back), amount))| {
        vec![
            entry_id.into(),
            document.into(),
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
    for ((place, movement, _), amount) in sums {
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
    Ok(())
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
