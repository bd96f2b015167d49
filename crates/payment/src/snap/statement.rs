//! The statement of the paying account, day by day: what left it again, what came back. Transfers of ours are compared with what was told
//! of them; everything else becomes a movement and goes through the usual import, so that what nobody can explain stands on the work list.

use std::path::Path;

use jiff::civil::Date;
use model::Progress;
use serde::Serialize;
use store::params;

use super::{
    Actors, Bank, Keys, queries,
    session::{self, called},
    talk::{self, Entry},
};
use crate::{Error, Result, common, import};

/// Most days asked for at once.
const DAYS_MAX: usize = 62;

/// What the statements of some days came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Entries read.
    pub entries: u64,
    /// Transfers of ours, as told.
    pub ours: u64,
    /// Handed over as movements.
    pub movements: u64,
    /// Files of movements, taken in.
    pub files: Vec<i64>,
    /// Days without a statement that can be believed, and why.
    pub failed: Vec<(String, String)>,
}

/// Asks for the statement of each day and takes in what moved.
///
/// # Errors
/// [`Error::Channel`] when the channel is not called, [`Error::AtWork`] while a session with it runs. A day that the bank does not tell
/// well is no error: it is listed.
pub fn statement(
    house: &access::House,
    actors: Actors<'_>,
    channel: &str,
    (from, to): (Date, Date),
    (bank, keys): (&dyn Bank, &Keys),
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Statement> {
    common::need(actors.sending, "payment.export")?;
    common::need(actors.taking, "payment.import")?;
    let (channel, api) = called(house, channel)?;
    let _lock = house.db.lock(&format!("snap:{}", channel.key))?.ok_or(Error::AtWork)?;
    let (mut made, held) = (Statement::default(), session::Talk::default());
    let days = std::iter::successors(Some(from), |day| day.tomorrow().ok()).take_while(|day| *day <= to);
    for day in days.take(DAYS_MAX) {
        let entries = match session::ask_statement(
            house,
            (api, keys),
            bank,
            &channel.key,
            &talk::statement(api, day),
            &held,
        )? {
            Ok(entries) => entries,
            Err(why) => {
                made.failed.push((day.to_string(), why.to_owned()));
                continue;
            }
        };
        progress.report("statement", made.entries, 0);
        made.entries += entries.len() as u64;
        let mut rows = Vec::new();
        for entry in entries {
            match of_entry(house, &channel.key, &entry)? {
                None => made.ours += 1,
                Some(row) => rows.push((row, entry)),
            }
        }
        if rows.is_empty() {
            continue;
        }
        made.movements += rows.len() as u64;
        let number = house.db.write(|tx| {
            store::next_number(tx, &format!("snap_told:{}", channel.key), 1).map_err(Error::from)
        })?;
        let path = session::told_file(channel, "movements", folder, (number, house.clock.now_ms()), |out| {
            for ((reference, word), entry) in &rows {
                let amount = entry.amount.to_string();
                let cells = [
                    ("ref", reference.as_str()),
                    ("account", &entry.account),
                    ("kind", *word),
                    ("amount_idr", &amount),
                    ("date", &entry.day),
                    ("bank_txn", &entry.txn),
                ];
                session::write_cells(out, &cells)?;
            }
            Ok(())
        })?;
        let taken = import::import_movements(house, actors.taking, &channel.key, &path, progress)?;
        made.files.push(taken.file.file_no);
    }
    Ok(made)
}

/// The line and the word of a movement; none for a transfer that is as it was told.
fn of_entry(house: &access::House, channel: &str, entry: &Entry) -> Result<Option<(String, &'static str)>> {
    let row = house.db.read(|tx| {
        tx.query_opt(&queries::BY_REFERENCE, params![channel, &entry.remark]).map_err(Error::from)
    })?;
    let word = if entry.credit { "CREDIT" } else { "DEBIT" };
    let Some(row) = row else { return Ok(Some((entry.remark.clone(), word))) };
    let (line_id, amount, txn, state) = (row.int(0)?, row.int(1)?, row.text(2)?, row.text(3)?);
    let transfer = !entry.credit && (entry.kind == "TRF" || entry.txn == txn);
    // What is still unclear is decided by asking about it, not here.
    let as_told = entry.amount == amount && (state != "told" || entry.txn == txn);
    Ok(match (transfer, as_told) {
        (true, true) => None,
        // A second transfer, or another amount: no word of any channel, so a person sees it.
        (true, false) => Some((line_id.to_string(), "TRF")),
        (false, _) => Some((line_id.to_string(), word)),
    })
}
