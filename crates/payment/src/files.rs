//! Files to and from channels, as rows of one table: intended, written, reading, posted.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use access::{House, Scope};
use model::Rupiah;
use serde::{Deserialize, Serialize};
use store::{Row, Tx, params};

use crate::{Error, Result, queries, told, wire::Seal};

/// What a received file did, kept with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows that changed a line.
    pub taken: i64,
    /// Rows that another file told before.
    pub known: i64,
    /// Rows that were not taken, by kind of trouble.
    pub refused: BTreeMap<String, i64>,
    /// Taken rows by the channel's word.
    pub words: BTreeMap<String, i64>,
    /// Money that moved, by movement.
    pub moved_idr: BTreeMap<String, i64>,
    /// Effects put for other rooms.
    pub effects: i64,
    /// Cycles touched.
    pub cycles: BTreeSet<i64>,
    /// What became of refused rows when their lines had moved.
    #[serde(default)]
    pub later: Later,
}

/// Rows that came before their time and were taken after all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Later {
    /// Rows that changed a line.
    pub taken: i64,
    /// Rows that another file had told meanwhile, or that said nothing any more.
    pub known: i64,
    /// Money that moved, by movement.
    pub moved_idr: BTreeMap<String, i64>,
}

/// A file as pages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileView {
    /// Its number.
    pub file_no: i64,
    /// `out` or `in`.
    pub direction: String,
    /// Key of the channel.
    pub channel: String,
    /// Name of its layout, such as `order_reply`.
    pub kind: String,
    /// The cycle it belongs to.
    pub cycle_id: Option<i64>,
    /// The order it carries.
    pub order_id: Option<i64>,
    /// What lines and replies name it by.
    pub batch: String,
    /// File name.
    pub name: String,
    /// BLAKE3 of its bytes, once it is there.
    pub hash: Option<String>,
    /// Size.
    pub bytes: i64,
    /// Rows, the header not counted.
    pub rows: i64,
    /// `intended`, `written`, `reading`, `posted` or `refused`.
    pub state: String,
    /// Running number: of a file out the channel's, of a file in its own.
    pub sequence: Option<String>,
    /// Sum of the amounts of a file out.
    pub sum_idr: Option<i64>,
    /// Why it was refused whole.
    pub refused: Option<String>,
    /// What it did.
    pub counts: Counts,
    /// When it was begun, milliseconds since the epoch.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    #[serde(skip)]
    pub(crate) mark: i64,
}

/// A file that was written for a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileMade {
    /// Its number.
    pub file_no: i64,
    /// Key of the channel.
    pub channel: String,
    /// What lines and replies name it by.
    pub batch: String,
    /// Where it is.
    pub path: PathBuf,
    /// Rows, the header not counted.
    pub rows: i64,
    /// BLAKE3 of its bytes.
    pub hash: String,
}

impl FileView {
    /// What the file says of itself.
    pub(crate) fn seal(&self) -> Seal {
        Seal {
            channel: self.channel.clone(),
            sequence: self.sequence.as_deref().and_then(told::whole).unwrap_or(0),
            batch: self.batch.clone(),
            at_ms: self.at_ms,
        }
    }

    pub(crate) fn made(&self, folder: &Path) -> FileMade {
        FileMade {
            file_no: self.file_no,
            channel: self.channel.clone(),
            batch: self.batch.clone(),
            path: folder.join(&self.name),
            rows: self.rows,
            hash: self.hash.clone().unwrap_or_default(),
        }
    }
}

/// A file that is to come into being.
pub(crate) struct NewFile<'a> {
    pub(crate) file_no: i64,
    pub(crate) direction: &'static str,
    pub(crate) channel: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) cycle_id: Option<i64>,
    pub(crate) order_id: Option<i64>,
    pub(crate) batch: &'a str,
    pub(crate) name: &'a str,
    pub(crate) hash: Option<&'a str>,
    pub(crate) bytes: i64,
    pub(crate) state: &'static str,
}

pub(crate) fn add(tx: &mut Tx<'_>, house: &House, scope: &Scope, file: &NewFile<'_>) -> Result<()> {
    // What goes out has the channel's next number; what comes in brings its own.
    let sequence = match file.direction {
        "out" => Some(store::next_number(tx, &format!("channel_seal:{}", file.channel), 1)?.to_string()),
        _ => None,
    };
    let values = params![
        file.file_no,
        file.direction,
        file.channel,
        file.kind,
        file.cycle_id,
        file.order_id,
        file.batch,
        file.name,
        file.hash,
        file.bytes,
        file.state,
        house.clock.now_ms(),
        scope.actor(),
        scope.actor_name(),
        sequence
    ];
    tx.execute(&queries::FILE_ADD, values)?;
    Ok(())
}

pub(crate) fn read(row: &Row) -> Result<FileView> {
    Ok(FileView {
        file_no: row.int(0)?,
        direction: row.string(1)?,
        channel: row.string(2)?,
        kind: row.string(3)?,
        cycle_id: row.opt_int(4)?,
        order_id: row.opt_int(5)?,
        batch: row.string(6)?,
        name: row.string(7)?,
        hash: row.opt_string(8)?,
        bytes: row.int(9)?,
        rows: row.int(10)?,
        state: row.string(11)?,
        mark: row.int(12)?,
        counts: serde_json::from_str(row.text(13)?).or_else(|_| empty_counts(row))?,
        at_ms: row.int(14)?,
        actor: row.string(15)?,
        sequence: row.opt_string(16)?,
        sum_idr: row.opt_int(17)?,
        refused: row.opt_string(18)?,
    })
}

/// A file that is only intended has `{}`.
fn empty_counts(row: &Row) -> Result<Counts> {
    if row.text(13)? == "{}" { Ok(Counts::default()) } else { Err(Error::Stored("counts")) }
}

pub(crate) fn get(tx: &mut Tx<'_>, file_no: i64) -> Result<FileView> {
    read(&tx.query_one(&queries::FILE, params![file_no])?)
}

/// Our files of one kind in a cycle.
pub(crate) fn out_of_cycle(tx: &mut Tx<'_>, cycle_id: i64, kind: &str) -> Result<Vec<FileView>> {
    tx.query(&queries::FILES_OUT, params![cycle_id, kind])?.iter().map(read).collect()
}

/// How far a received file was taken, and what it did until there.
pub(crate) fn mark(tx: &mut Tx<'_>, file_no: i64, counts: &Counts, mark: i64) -> Result<()> {
    let text = serde_json::to_string(counts).map_err(|_| Error::Stored("counts"))?;
    let cycle_id = counts.cycles.first().copied();
    tx.execute(&queries::FILE_MARK, params![file_no, mark, text, cycle_id])?;
    Ok(())
}

/// What refused rows of a file came to when they were judged again.
pub(crate) fn taken_later(tx: &mut Tx<'_>, file: &FileView, more: &Counts) -> Result<()> {
    let mut counts = file.counts.clone();
    counts.later.taken += more.taken;
    counts.later.known += more.known;
    counts.effects += more.effects;
    for (movement, amount) in &more.moved_idr {
        let moved = counts.later.moved_idr.entry(movement.clone()).or_default();
        *moved = Rupiah::new(*moved).plus(Rupiah::new(*amount))?.idr();
    }
    let text = serde_json::to_string(&counts).map_err(|_| Error::Stored("counts"))?;
    tx.execute(&queries::FILE_COUNTS, params![file.file_no, text])?;
    Ok(())
}

/// The name of a file without its folder.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn bytes_of(path: &Path) -> Result<u64> {
    Ok(std::fs::metadata(path).map_err(|error| Error::file(path, &error))?.len())
}

/// A received file is no larger than the settings allow.
pub(crate) fn check_size(house: &House, path: &Path) -> Result<()> {
    let bytes_max = house.policy.settings().limits.file_bytes;
    if bytes_of(path)? > bytes_max {
        return Err(Error::TooLarge { name: name_of(path), bytes_max });
    }
    Ok(())
}

/// A received file, known by its content. Read it before the transaction: the hash takes its time.
pub(crate) struct Received<'a> {
    channel: &'a str,
    kind: &'a str,
    name: String,
    pub(crate) hash: String,
    bytes: i64,
}

impl<'a> Received<'a> {
    pub(crate) fn read(channel: &'a str, kind: &'a str, path: &Path) -> Result<Self> {
        let (hash, bytes) = (lake::hash_file(path)?, bytes_of(path)? as i64);
        Ok(Self { channel, kind, name: name_of(path), hash, bytes })
    }

    /// The same content, if it came before.
    pub(crate) fn known(&self, tx: &mut Tx<'_>) -> Result<Option<FileView>> {
        let of = params![self.channel, self.kind, &self.hash];
        tx.query_opt(&queries::FILE_OF_HASH, of)?.map(|row| read(&row)).transpose()
    }

    /// Makes its row; answers its number.
    pub(crate) fn add(
        &self,
        tx: &mut Tx<'_>,
        house: &House,
        scope: &Scope,
        state: &'static str,
    ) -> Result<i64> {
        let file_no = store::next_number(tx, "channel_file", 1)?;
        let file = NewFile {
            file_no,
            direction: "in",
            channel: self.channel,
            kind: self.kind,
            cycle_id: None,
            order_id: None,
            batch: "",
            name: &self.name,
            hash: Some(&self.hash),
            bytes: self.bytes,
            state,
        };
        add(tx, house, scope, &file)?;
        Ok(file_no)
    }
}
