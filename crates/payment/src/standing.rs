//! Lines of an order for a status that stands for all of them, and whether a received file may be believed at all: its channel, the
//! file of ours that it answers, its running number, the seal beside it.

use std::path::Path;

use access::{House, Scope};
use policy::{Channel, ChannelFile};
use store::{Db, Tx, params};

use crate::{
    Error, Result, common,
    files::{self, Received},
    queries,
    state::Refusal,
    told::Kind,
    wire::{self, Orders, SealIn},
};

/// Largest file that holds a seal.
const SIDECAR_BYTES_MAX: u64 = 64 * 1_024;

/// Lines of orders in the database.
pub(crate) struct OrderLines {
    pub(crate) db: Db,
    pub(crate) channel: String,
}

impl Orders for OrderLines {
    fn totals(&self, batch: &str) -> Result<Option<(i64, i64)>> {
        let row = self.db.read(|tx| {
            tx.query_opt(&queries::BATCH_TOTALS, params![batch, &self.channel]).map_err(Error::from)
        })?;
        row.map(|row| Ok((row.int(0)?, row.int(1)?))).transpose()
    }

    fn lines(&self, batch: &str, after: i64, limit: usize) -> Result<Vec<(i64, String, i64)>> {
        let rows = self.db.read(|tx| {
            let values = params![batch, &self.channel, after, limit as i64];
            tx.query(&queries::BATCH_LINES, values).map_err(Error::from)
        })?;
        rows.iter().map(|row| Ok((row.int(0)?, row.string(1)?, row.int(2)?))).collect()
    }
}

/// A received file on its way in.
pub(crate) struct Arrived<'a> {
    pub(crate) channel: &'a Channel,
    pub(crate) kind: Kind,
    pub(crate) layout: &'a ChannelFile,
    pub(crate) path: &'a Path,
    pub(crate) hash: &'a str,
    pub(crate) seal: SealIn,
}

/// Whether the file is from this channel, answers a file of ours, and has a running number that no other file has. Answers the
/// number.
///
/// # Errors
/// [`Error::Refused`]; nothing of the file was believed.
pub(crate) fn admit(tx: &mut Tx<'_>, arrived: Arrived<'_>) -> Result<Option<String>> {
    let Arrived { channel, kind, layout, path, hash, seal } = arrived;
    let seal = beside(path, layout, hash, seal)?;
    let refuse = |why, expected: &str, found: &str| {
        let name = files::name_of(path);
        Err(Error::Refused { name, line: 1, why, expected: expected.to_owned(), found: found.to_owned() })
    };
    if let Some(sender) = &seal.channel
        && !sender.eq_ignore_ascii_case(&channel.key)
    {
        return refuse(Refusal::Channel, &channel.key, sender);
    }
    if let Some(batch) = &seal.batch {
        let known = tx.query_opt(&queries::BATCH_SENT, params![&channel.key, kind.answers(), batch])?;
        if known.is_none() {
            return refuse(Refusal::Batch, kind.answers(), batch);
        }
    }
    if let Some(sequence) = &seal.sequence {
        let values = params![&channel.key, kind.layout(), sequence, hash];
        if let Some(other) = tx.query_opt(&queries::SEQUENCE_TAKEN, values)? {
            return refuse(Refusal::Sequence, other.text(0)?, sequence);
        }
    }
    Ok(seal.sequence)
}

/// The seal in a file of its own, where there is one or the layout asks for one.
fn beside(path: &Path, layout: &ChannelFile, hash: &str, mut seal: SealIn) -> Result<SealIn> {
    let beside = wire::sidecar(path);
    let refuse = |why, expected: &str, found: &str| {
        let name = files::name_of(&beside);
        Err(Error::Refused { name, line: 1, why, expected: expected.to_owned(), found: found.to_owned() })
    };
    let Ok(about) = std::fs::metadata(&beside) else {
        return if layout.sidecar { refuse(Refusal::Seal, "NAME.seal.json", "") } else { Ok(seal) };
    };
    let text = if about.len() <= SIDECAR_BYTES_MAX {
        std::fs::read(&beside).map_err(|error| Error::file(&beside, &error))?
    } else {
        Vec::new()
    };
    let Ok(told) = serde_json::from_slice::<serde_json::Value>(&text) else {
        return refuse(Refusal::Seal, "JSON", "");
    };
    let field = |key: &str| match &told[key] {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let found = field("hash").unwrap_or_default();
    if found != hash {
        return refuse(Refusal::Hash, hash.get(..8).unwrap_or(hash), found.get(..8).unwrap_or(&found));
    }
    seal.channel = seal.channel.or(field("channel"));
    seal.batch = seal.batch.or(field("batch"));
    seal.sequence = seal.sequence.or(field("sequence"));
    Ok(seal)
}

/// Keeps a refused file as a row with what was wrong, so that it can be shown and asked about. What was begun stays as it is.
pub(crate) fn keep_refused(
    house: &House,
    scope: &Scope,
    channel: &Channel,
    kind: Kind,
    path: &Path,
    error: &Error,
) -> Result<()> {
    let received = Received::read(&channel.key, kind.layout(), path)?;
    house.db.write(|tx| {
        let file_no = match received.known(tx)? {
            Some(file) => file.file_no,
            None => received.add(tx, house, scope, "refused")?,
        };
        let told = format!("{}: {error}", error.code());
        tx.execute(&queries::FILE_REFUSED, params![file_no, told])?;
        common::audit(tx, house, scope, &format!("file:{file_no}"), error.code())
    })
}
