//! The service: one file in, one list received. A reader thread cuts, all cores check, and one of them writes in order.
//!
//! What is begun is written down first (`list_file.state = 'reading'`), so that the same command after a crash takes the same number and
//! replaces what stands half-done; datasets become visible whole or not at all.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use access::{House, Scope, Session, audit};
use jiff::civil::Date;
use lake::Origin;
use model::Progress;
use policy::{FileFormat, Source, SourceKind};
use rayon::prelude::*;
use serde::Serialize;
use store::{Row, Value, next_number, params};

use super::Error;
use super::block::Block;
use super::check::{self, Bench, Checked};
use super::columns::{Batch, Columns};
use super::delimited::{Chunk, Delimited, Dialect};
use super::limits::Limits;
use super::plan::{HEAD_ROWS, Plan};
use super::queries;
use super::refusal::Refusal;
use super::sink::{Counts, Sink, dataset_name};
use super::workbook::Workbook;
use crate::regions::Regions;

/// How a file is received.
#[derive(Debug, Clone, Default)]
pub struct ReceiveOptions {
    /// The day that the list speaks of. When nothing is said: today, and of a rank list its newest day of ranking.
    pub as_of: Option<Date>,
    /// Bounds on the file.
    pub limits: Limits,
}

/// A list after its receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListReceived {
    /// Number of the list: upper half of its record ids.
    pub file_no: u32,
    /// Key of the source.
    pub source: String,
    /// Name of the file.
    pub name: String,
    /// BLAKE3 of its content.
    pub hash: String,
    /// Rows below the header; blank lines are no rows.
    pub rows_read: u64,
    /// Rows taken.
    pub rows_accepted: u64,
    /// Rows not taken.
    pub rows_rejected: u64,
    /// All findings: rejected rows, values left out, notes.
    pub findings: u64,
    /// How often each rule was broken.
    pub by_rule: BTreeMap<String, u64>,
    /// The dataset in the lake.
    pub dataset: String,
    /// The same content was received before: nothing was done.
    pub repeated: bool,
}

/// Receives a file with the usual limits. `session` must have the right `list.receive`.
///
/// # Errors
/// [`Error::Refused`] when the file is not taken at all (written down with its reason); nothing of it is then in the lake.
pub fn receive(
    house: &House,
    session: &Session,
    path: &Path,
    source: &str,
    as_of: Option<Date>,
    progress: &dyn Progress,
) -> Result<ListReceived, Error> {
    receive_within(
        house,
        session,
        path,
        source,
        &ReceiveOptions { as_of, ..ReceiveOptions::default() },
        progress,
    )
}

/// Receives a file within given limits.
///
/// # Errors
/// As [`receive`].
pub fn receive_within(
    house: &House,
    session: &Session,
    path: &Path,
    source: &str,
    options: &ReceiveOptions,
    progress: &dyn Progress,
) -> Result<ListReceived, Error> {
    let key = source;
    let Some(source) = house.policy.source(key) else {
        let known: Vec<&str> = house.policy.sources().keys().map(String::as_str).collect();
        return Err(Error::Source { key: key.to_owned(), known: known.join(", ") });
    };
    let scope =
        session.scope(if source.kind == SourceKind::Rank { "rank.import" } else { "list.receive" })?;
    let work = match Receipt::begin(house, &scope, path, source, options)? {
        Begun::Fresh(work) => work,
        Begun::Known(list) => return Ok(list),
    };
    match work.read(progress) {
        Ok(counts) => work.received(counts),
        Err(Error::Refused(refusal)) => {
            work.refused(&refusal)?;
            Err(refusal.into())
        }
        Err(error) => Err(error),
    }
}

enum Begun<'a> {
    Fresh(Box<Receipt<'a>>),
    /// The same content was received before.
    Known(ListReceived),
}

/// A list on its way in.
struct Receipt<'a> {
    house: &'a House,
    scope: &'a Scope,
    path: &'a Path,
    source: &'a Source,
    limits: Limits,
    /// The day as told, or today.
    as_of: Date,
    as_of_told: bool,
    file_no: u32,
    name: String,
    hash: String,
    _lock: store::Lock,
}

impl<'a> Receipt<'a> {
    /// Writes down that the file is being read, unless it was received before.
    fn begin(
        house: &'a House,
        scope: &'a Scope,
        path: &'a Path,
        source: &'a Source,
        options: &ReceiveOptions,
    ) -> Result<Begun<'a>, Error> {
        let unopened = |reason: String| Error::File { path: path.display().to_string(), reason };
        let bytes = std::fs::metadata(path).map_err(|error| unopened(error.to_string()))?.len();
        let hash = lake::hash_file(path).map_err(|error| unopened(error.to_string()))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let lock = house.db.lock(&format!("intake-{}-{}", source.key, &hash[..16]))?.ok_or(Error::Busy)?;
        let as_of = options.as_of.unwrap_or_else(|| house.clock.today());
        let kind = if source.kind == SourceKind::Rank { "rank" } else { "people" };
        let file_no = house.db.write(|tx| {
            let known = tx.query_opt(&queries::LIST_BY_HASH, params![&source.key, &hash])?;
            if known.as_ref().map(|row| row.text(9)).transpose()? == Some("received") {
                return Ok::<_, Error>(None);
            }
            let file_no = match known {
                Some(row) => row.int(0)?,
                None => next_number(tx, "list_file", 1)?,
            };
            let (day, now) = (as_of.to_string(), house.clock.now_ms());
            let begun = params![
                file_no,
                &source.key,
                kind,
                &name,
                &hash,
                bytes as i64,
                day,
                now,
                scope.actor_name(),
                house.policy.hash()
            ];
            tx.execute(&queries::LIST_BEGIN, begun)?;
            Ok(Some(file_no))
        })?;
        let Some(file_no) = file_no else { return known_list(house, source, &hash).map(Begun::Known) };
        let file_no = u32::try_from(file_no).map_err(|_| unopened("too many lists".to_owned()))?;
        let limits = options.limits;
        let as_of_told = options.as_of.is_some();
        let begun =
            Self { house, scope, path, source, limits, as_of, as_of_told, file_no, name, hash, _lock: lock };
        Ok(Begun::Fresh(Box::new(begun)))
    }

    fn read(&self, progress: &dyn Progress) -> Result<(Counts, Vec<Vec<Value>>), Error> {
        let regions = Regions::load(&self.house.db)?;
        if regions.is_empty() {
            return Err(Error::NoRegions);
        }
        // A reader of foreign formats may meet bytes that its author did not foresee: that refuses the file, not the program.
        let opened = catch_unwind(AssertUnwindSafe(|| Reader::open(self.path, self.source, self.limits)));
        let (mut reader, head) = opened.unwrap_or_else(|_| Err(stopped()))?;
        let plan = Plan::find(&self.house.policy, self.source, &head)?;
        if plan.width > self.limits.columns {
            return Err(Refusal::TooLarge { what: "columns", limit: self.limits.columns as u64 }.into());
        }
        reader.skip(plan.skip_rows, plan.width);
        let sheet = reader.sheet();
        let mut sink = Sink::new(&self.house.lake, self.file_no, sheet, &plan, self.limits)?;
        let bench = Bench { plan: &plan, regions: &regions, as_of: self.as_of };
        pump(reader, &bench, &mut sink, progress)?;
        match (sink.counts.rows, sink.counts.accepted) {
            (0, _) => Err(Refusal::NoRows.into()),
            (rows, 0) => Err(Refusal::NothingUsable { rows }.into()),
            _ => {
                let origin = self.origin(&plan, self.speaks_of(&sink.counts));
                sink.finish(&origin, self.house.clock.as_ref())
            }
        }
    }

    /// The day that the list speaks of.
    fn speaks_of(&self, counts: &Counts) -> Date {
        let ranked = counts.newest_rank.and_then(model::civil_from_epoch_days);
        ranked.filter(|_| !self.as_of_told).unwrap_or(self.as_of)
    }

    fn origin(&self, plan: &Plan, as_of: Date) -> Origin {
        let mut note = BTreeMap::new();
        note.insert("source".to_owned(), self.source.key.clone());
        note.insert("file".to_owned(), self.name.clone());
        note.insert("as_of".to_owned(), as_of.to_string());
        note.insert("header".to_owned(), plan.header.join(&check::CELL_MARK.to_string()));
        Origin {
            made_by: "intake".to_owned(),
            inputs: vec![self.hash.clone()],
            policy: self.house.policy.hash().to_owned(),
            note,
        }
    }

    fn received(&self, (counts, kept): (Counts, Vec<Vec<Value>>)) -> Result<ListReceived, Error> {
        let rejected = counts.rows - counts.accepted;
        let dataset = dataset_name(self.source.kind, self.file_no);
        let by_rule = serde_json::to_string(&counts.by_rule).unwrap_or_else(|_| "{}".to_owned());
        let number = i64::from(self.file_no);
        self.house.db.write(|tx| {
            tx.execute(&queries::REJECTS_CLEAR, params![number])?;
            tx.bulk("reject", queries::REJECT_COLUMNS, kept.into_iter())?;
            let (read, accepted) = (counts.rows as i64, counts.accepted as i64);
            let findings = counts.findings as i64;
            let as_of = self.speaks_of(&counts).to_string();
            let done = params![number, read, accepted, rejected as i64, findings, &dataset, &by_rule, as_of];
            tx.execute(&queries::LIST_RECEIVED, done)?;
            let detail = format!("{} {read} rows, {accepted} accepted", self.source.key);
            self.audit(tx, "list.receive", &detail)
        })?;
        known_list(self.house, self.source, &self.hash).map(|list| ListReceived { repeated: false, ..list })
    }

    fn refused(&self, refusal: &Refusal) -> Result<(), Error> {
        let args: BTreeMap<&str, String> = refusal.args().into_iter().collect();
        let args = serde_json::to_string(&args).unwrap_or_else(|_| "{}".to_owned());
        self.house.db.write(|tx| {
            let number = i64::from(self.file_no);
            tx.execute(&queries::REJECTS_CLEAR, params![number])?;
            tx.execute(&queries::LIST_REFUSED, params![number, refusal.code(), args])?;
            self.audit(tx, "list.receive", &format!("{} refused: {}", self.source.key, refusal.code()))
        })
    }

    fn audit(&self, tx: &mut store::Tx<'_>, action: &str, detail: &str) -> Result<(), Error> {
        let subject = format!("list:{}", self.file_no);
        Ok(audit(tx, self.house.clock.as_ref(), self.scope.actor_pair(), action, &subject, detail)?)
    }
}

/// A reader thread, then checks and writing on all cores.
fn pump(
    reader: Reader,
    bench: &Bench<'_>,
    sink: &mut Sink<'_>,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let threads = rayon::current_num_threads().max(1);
    thread::scope(|scope| {
        let (send, receive) = sync_channel(threads * 2);
        let reading = scope.spawn(move || reader.run(&send));
        let written = drain(&receive, threads, bench, sink, progress);
        // Without a receiver the reader stops at its next block.
        drop(receive);
        let read = reading.join().unwrap_or_else(|_| Err(stopped()));
        written?;
        read.map_err(Error::from)
    })
}

fn stopped() -> Refusal {
    Refusal::Unreadable { reason: "the content is damaged in a way that no reader knows".to_owned() }
}

/// The list as it stands in the database.
fn known_list(house: &House, source: &Source, hash: &str) -> Result<ListReceived, Error> {
    let row = house.db.read(|tx| tx.query_one(&queries::LIST_BY_HASH, params![&source.key, hash]))?;
    Ok(list_of(&row)?)
}

fn list_of(row: &Row) -> Result<ListReceived, store::Error> {
    Ok(ListReceived {
        file_no: row.int(0)? as u32,
        source: row.string(1)?,
        name: row.string(3)?,
        hash: row.string(4)?,
        rows_read: row.int(10)? as u64,
        rows_accepted: row.int(11)? as u64,
        rows_rejected: row.int(12)? as u64,
        findings: row.int(13)? as u64,
        dataset: row.opt_string(14)?.unwrap_or_default(),
        by_rule: serde_json::from_str(row.text(16)?).unwrap_or_default(),
        repeated: true,
    })
}

/// Rows on their way from the reader to a check.
enum Work {
    Chunk(Chunk),
    Batch(Batch),
    Block(Block),
}

impl Work {
    fn into_block(self) -> Block {
        match self {
            Self::Chunk(chunk) => chunk.into_block(),
            Self::Batch(batch) => batch.into_block(),
            Self::Block(block) => block,
        }
    }
}

/// While this round's blocks are written, which is one core's work for long stretches, the next round is checked.
fn drain(
    receive: &Receiver<Work>,
    threads: usize,
    bench: &Bench<'_>,
    sink: &mut Sink<'_>,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let mut checked: Vec<Checked> = Vec::new();
    loop {
        let mut works: Vec<Work> = receive.recv().into_iter().collect();
        works.extend(receive.try_iter().take(threads - 1));
        if works.is_empty() && checked.is_empty() {
            return Ok(());
        }
        let check = |work: Work| check::check(bench, &work.into_block());
        let (written, next) = rayon::join(
            || checked.drain(..).try_for_each(|checked| write(sink, checked, progress)),
            || works.into_par_iter().map(check).collect(),
        );
        written?;
        checked = next;
    }
}

fn write(sink: &mut Sink<'_>, checked: Checked, progress: &dyn Progress) -> Result<(), Error> {
    let (at, of) = (checked.done, checked.total);
    sink.take(checked)?;
    // Rows are counted; how many there will be is estimated from the bytes.
    let rows = sink.counts.rows;
    let total = if at == 0 { 0 } else { (u128::from(rows) * u128::from(of) / u128::from(at)) as u64 };
    progress.report("intake", rows, total);
    Ok(())
}

/// One arm a format.
enum Reader {
    Csv(Delimited),
    Xlsx { book: Box<Workbook>, skip_rows: usize, width: usize },
    Parquet(Columns),
}

impl Reader {
    /// Opens the file and reads its first rows.
    fn open(path: &Path, source: &Source, limits: Limits) -> Result<(Self, Vec<Vec<String>>), Refusal> {
        look_at_first_bytes(path, source.format)?;
        Ok(match source.format {
            FileFormat::Csv => {
                let dialect = Dialect::new(source.delimiter, &source.encoding);
                let reader = Delimited::open(path, dialect, limits)?;
                let head = reader.head(HEAD_ROWS);
                (Self::Csv(reader), head)
            }
            FileFormat::Xlsx => {
                let mut book = Workbook::open(path, source.sheet.as_deref(), limits)?;
                let head = book.head(HEAD_ROWS)?;
                (Self::Xlsx { book: Box::new(book), skip_rows: 0, width: 0 }, head)
            }
            FileFormat::Parquet => {
                let reader = Columns::open(path, limits)?;
                let head = reader.head();
                (Self::Parquet(reader), head)
            }
        })
    }

    fn skip(&mut self, rows: usize, cells: usize) {
        match self {
            Self::Csv(reader) => reader.skip(rows),
            Self::Xlsx { skip_rows, width, .. } => (*skip_rows, *width) = (rows, cells),
            Self::Parquet(_) => {}
        }
    }

    fn sheet(&self) -> Option<String> {
        if let Self::Xlsx { book, .. } = self { Some(book.sheet().to_owned()) } else { None }
    }

    fn run(self, send: &SyncSender<Work>) -> Result<(), Refusal> {
        match self {
            Self::Csv(mut reader) => {
                while let Some(chunk) = reader.next_chunk()? {
                    if send.send(Work::Chunk(chunk)).is_err() {
                        break;
                    }
                }
            }
            Self::Xlsx { book, skip_rows, width } => {
                book.blocks(skip_rows, width, |block| send.send(Work::Block(block)).is_ok())?;
            }
            Self::Parquet(mut reader) => {
                while let Some(batch) = reader.next_batch()? {
                    if send.send(Work::Batch(batch)).is_err() {
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The first bytes say what a file is, whatever its name says.
fn look_at_first_bytes(path: &Path, format: FileFormat) -> Result<(), Refusal> {
    use std::io::Read;
    let mut first = Vec::with_capacity(8);
    let file =
        std::fs::File::open(path).map_err(|error| Refusal::Unreadable { reason: error.to_string() })?;
    file.take(8)
        .read_to_end(&mut first)
        .map_err(|error| Refusal::Unreadable { reason: error.to_string() })?;
    if first.is_empty() {
        return Err(Refusal::Empty);
    }
    let found = match first.as_slice() {
        [b'P', b'K', 3, 4, ..] => "xlsx",
        [b'P', b'A', b'R', b'1', ..] => "parquet",
        [b'%', b'P', b'D', b'F', ..] => "pdf",
        [0xd0, 0xcf, 0x11, 0xe0, ..] => "xls",
        [0x1f, 0x8b, ..] => "gzip",
        [b'<', b'h' | b'H' | b'!' | b'?' | b't' | b'T', ..] => "html",
        _ => "text",
    };
    let expected = match format {
        FileFormat::Csv => "csv",
        FileFormat::Xlsx => "xlsx",
        FileFormat::Parquet => "parquet",
    };
    match (expected, found) {
        ("csv", "text") | ("xlsx", "xlsx") | ("parquet", "parquet") => Ok(()),
        ("xlsx", "xls") => Err(Refusal::Locked),
        _ => Err(Refusal::Format { expected, found }),
    }
}
