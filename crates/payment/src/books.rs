//! The books in the database: entries are added, balances follow in the same transaction, and both can be read back as a
//! [`ledger::Book`], which proves one by the other.

use std::collections::BTreeMap;

use ledger::{Account, AccountKind, Book, Entry, Movement, Place};
use model::{RegionCode, RegionLevel, Rupiah};
use store::{Row, Tx, Value, params};

use crate::{Error, Result, queries};

/// Amounts to post, summed up by place and movement.
pub(crate) type Sums = BTreeMap<(Place, Movement), Rupiah>;

/// Adds an amount of a line to the sums of its subdistrict.
pub(crate) fn add(sums: &mut Sums, place: Place, movement: Movement, amount: i64) -> Result<()> {
    let sum = sums.entry((place, movement)).or_default();
    *sum = sum.plus(Rupiah::new(amount))?;
    Ok(())
}

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
    let first = store::next_number(tx, "ledger_entry", sums.len() as i64)?;
    for (entry_id, ((place, movement), amount)) in (first..).zip(sums) {
        let entry = Entry::moving(document, *movement, place, *amount)?;
        write(tx, entry_id, &entry, at_ms, actor)?;
    }
    Ok(())
}

fn write(tx: &mut Tx<'_>, entry_id: i64, entry: &Entry, at_ms: i64, actor: &str) -> Result<()> {
    let place = entry.place();
    tx.execute(
        &queries::ENTRY_ADD,
        params![
            entry_id,
            entry.document(),
            entry.movement().code(),
            entry.is_correction(),
            &place.programme,
            &place.period,
            &place.region,
            &place.channel,
            entry.amount(),
            at_ms,
            actor
        ],
    )?;
    for posting in entry.postings() {
        let kind = posting.account.kind;
        tx.execute(&queries::POSTING_ADD, params![entry_id, kind.code(), posting.amount])?;
        let place_of = [&place.programme, &place.period].map(Value::from);
        let [programme, period] = place_of;
        let values = [programme, period, (&place.region).into(), (&place.channel).into(), kind.code().into()];
        let found = tx.query_opt(&queries::BALANCE, &values)?;
        let held = found.as_ref().map_or(Ok(Rupiah::ZERO), |row| row.rupiah(0))?;
        let after = held.plus(posting.amount)?;
        if after < Rupiah::ZERO && kind != AccountKind::Treasury {
            return Err(Error::Ledger(ledger::Error::Overdrawn {
                document: entry.document().to_owned(),
                account: posting.account.to_string(),
                held,
                wanted: Rupiah::ZERO.minus(posting.amount)?,
            }));
        }
        let statement = if found.is_some() { &queries::BALANCE_SET } else { &queries::BALANCE_ADD };
        let mut values = values.to_vec();
        values.push(after.into());
        tx.execute(statement, &values)?;
    }
    Ok(())
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
