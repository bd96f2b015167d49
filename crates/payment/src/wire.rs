//! Files of channels: rows read by the layout of the policy pack, and files written whole or not at all.
//!
//! One port for every format. In: bytes of a bank. Out: cells by our names for them. Rows are read as a stream within bounds;
//! what the file says of itself (rows, sum, hash, balances) is proved when its end is reached, so a caller reads a file to its end
//! once before it believes a row. Never here: a row that is skipped in silence, a file that is half there.
//!
//! To add a format: a variant of [`policy::Format`], what it needs in the pack's `layout`, and a reader with `next` (see `records`) or a
//! writer beside `write`.

mod camt053;
mod line;
mod pain001;
mod pain002;
mod records;
mod write;
mod xml;

use std::{
    fs::{self, File},
    io::{BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use policy::{Channel, ChannelFile, Format};

use crate::{Error, Result, state::Refusal};
use camt053::Camt053;
use pain002::Pain002;
use records::Records;
use write::Unfit;

/// Between the cells of a row as kept; no cell holds it.
const SEPARATOR: char = '\u{1f}';

/// What a received file says of itself before its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SealIn {
    /// Who sent it.
    pub(crate) channel: Option<String>,
    /// Its running number or message id.
    pub(crate) sequence: Option<String>,
    /// Which of our files it answers.
    pub(crate) batch: Option<String>,
}

/// What the next piece of a file came to.
enum Got {
    Row,
    /// A row that cannot be read.
    Torn,
    /// One word for every line of an order.
    Everyone(Everyone),
    End,
}

/// A status of an order as a whole.
struct Everyone {
    batch: String,
    word: String,
    day: String,
    rows: i64,
    sum_idr: i64,
}

/// Why reading stops.
enum Halt {
    Io(String),
    Columns(String),
    Refused { line: u64, why: Refusal, expected: String, found: String },
}

impl Halt {
    fn refused(line: u64, why: Refusal, expected: &str, found: &str) -> Self {
        let short = |text: &str| text.chars().take(60).collect();
        Self::Refused { line, why, expected: short(expected), found: short(found) }
    }
}

impl From<std::io::Error> for Halt {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.to_string())
    }
}

/// Cells of a row, in the order of the layout: one text, and where each cell ends in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cells {
    text: String,
    ends: Vec<u32>,
}

impl Cells {
    /// Cells as they were kept.
    pub(crate) fn of(cells: &[String]) -> Self {
        let mut all = Self::default();
        for cell in cells {
            all.push(cell);
        }
        all
    }

    /// The cell at a place.
    pub(crate) fn get(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)? as usize;
        let start = if place == 0 { 0 } else { self.ends[place - 1] as usize };
        // The separator before the end is no part of the cell.
        self.text.get(start..end - 1)
    }

    /// All of them, joined by U+001F.
    pub(crate) fn joined(&self) -> &str {
        self.text.strip_suffix(SEPARATOR).unwrap_or(&self.text)
    }

    /// The same cells, with `#` in place of those that `hidden` names.
    pub(crate) fn masked(&self, hidden: impl Fn(usize, &str) -> bool) -> Self {
        let mut masked = Self::default();
        for place in 0..self.ends.len() {
            let cell = self.get(place).unwrap_or_default();
            masked.push(if hidden(place, cell) { "#" } else { cell });
        }
        masked
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Appends a cell; control characters become visible marks.
    fn push(&mut self, cell: &str) {
        if cell.bytes().any(|byte| byte < 0x20) {
            self.text.extend(cell.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }));
        } else {
            self.text.push_str(cell);
        }
        self.text.push(SEPARATOR);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }
}

/// One row: cells in the order of the layout, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReplyRow {
    /// From 1, the header not counted.
    pub(crate) row_no: i64,
    /// Cells, or none when the row is torn.
    pub(crate) cells: Option<Cells>,
}

/// Lines of an order, for answers that name none.
pub(crate) trait Orders {
    /// How many lines a batch has, and their sum; none when there is no such batch.
    fn totals(&self, batch: &str) -> Result<Option<(i64, i64)>>;
    /// Lines of a batch after one of them: id, account, amount; in the order of ids.
    fn lines(&self, batch: &str, after: i64, limit: usize) -> Result<Vec<(i64, String, i64)>>;
}

enum Reader {
    Records(Box<Records>),
    Pain002(Box<Pain002>),
    Camt053(Box<Camt053>),
}

/// A received file, row by row.
pub(crate) struct Replies {
    reader: Reader,
    fields: Vec<String>,
    row: i64,
    path: PathBuf,
    orders: Option<Box<dyn Orders + Send>>,
    everyone: Option<(Everyone, i64)>,
    ended: bool,
}

impl Replies {
    /// Opens a file; a file that lacks columns, or is none of this format, is refused whole.
    pub(crate) fn open(path: &Path, layout: &ChannelFile) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::file(path, &error))?;
        Self::from_source(Box::new(file), path, layout)
    }

    /// As [`Self::open`], from anything that can be read; `path` is what messages name.
    pub(crate) fn from_source(
        source: Box<dyn Read + Send>,
        path: &Path,
        layout: &ChannelFile,
    ) -> Result<Self> {
        let opened = match layout.format {
            Format::Csv | Format::Fixed => {
                Records::open(source, layout).map(|file| Reader::Records(Box::new(file)))
            }
            Format::Pain001 | Format::Pain002 => {
                Pain002::open(source).map(|file| Reader::Pain002(Box::new(file)))
            }
            Format::Camt053 => Camt053::open(source).map(|file| Reader::Camt053(Box::new(file))),
        };
        let reader = opened.map_err(|halt| told(path, halt))?;
        let mut fields: Vec<String> = layout.columns.iter().map(|column| column.field.clone()).collect();
        if !fields.iter().any(|field| field == "batch") && layout.header.iter().any(|c| c.field == "batch") {
            fields.push("batch".to_owned());
        }
        let path = path.to_owned();
        Ok(Self { reader, fields, row: 0, path, orders: None, everyone: None, ended: false })
    }

    /// With the lines of orders, for a status that stands for all of them.
    pub(crate) fn with_orders(mut self, orders: Box<dyn Orders + Send>) -> Self {
        self.orders = Some(orders);
        self
    }

    /// What the file says of itself before its rows.
    pub(crate) fn seal(&self) -> &SealIn {
        match &self.reader {
            Reader::Records(file) => &file.seal,
            Reader::Pain002(file) => &file.seal,
            Reader::Camt053(file) => &file.seal,
        }
    }

    /// Our names for the cells of a row, in order.
    pub(crate) fn fields(&self) -> &[String] {
        &self.fields
    }

    /// Where the layout has our field.
    pub(crate) fn place(&self, field: &str) -> Option<usize> {
        self.fields.iter().position(|name| name == field)
    }

    /// Line of the file that was read last.
    fn line_no(&self) -> u64 {
        match &self.reader {
            Reader::Records(file) => file.line_no(),
            Reader::Pain002(file) => file.line_no(),
            Reader::Camt053(file) => file.line_no(),
        }
    }

    /// Up to `limit` further rows; none at the end. The end is answered only when what the file says of itself was proved.
    ///
    /// # Errors
    /// [`Error::Refused`] when the file contradicts itself, is cut, or is not of its format.
    pub(crate) fn next_rows(&mut self, limit: usize) -> Result<Vec<ReplyRow>> {
        let mut rows = Vec::with_capacity(limit.min(1 << 16));
        let mut cells = Cells::default();
        while rows.len() < limit && !self.ended {
            if self.everyone.is_some() {
                self.stand_in(limit - rows.len(), &mut rows)?;
                continue;
            }
            cells.clear();
            let got = match &mut self.reader {
                Reader::Records(file) => file.next(&mut cells),
                Reader::Pain002(file) => file.next(&mut cells),
                Reader::Camt053(file) => file.next(&mut cells),
            };
            let cells = match got.map_err(|halt| told(&self.path, halt))? {
                Got::Row => Some(cells.clone()),
                Got::Torn => None,
                Got::Everyone(everyone) => {
                    self.believe(everyone)?;
                    continue;
                }
                Got::End => {
                    self.ended = true;
                    break;
                }
            };
            self.row += 1;
            rows.push(ReplyRow { row_no: self.row, cells });
        }
        Ok(rows)
    }

    /// A word for all lines counts when number and sum are those of the order.
    fn believe(&mut self, everyone: Everyone) -> Result<()> {
        let ours = match &self.orders {
            Some(orders) => orders.totals(&everyone.batch)?,
            None => None,
        };
        if ours != Some((everyone.rows, everyone.sum_idr)) {
            let expected = ours.map(|(rows, sum)| format!("{rows} {sum}")).unwrap_or_default();
            let found = format!("{} {}", everyone.rows, everyone.sum_idr);
            return Err(told(&self.path, Halt::refused(self.line_no(), Refusal::Status, &expected, &found)));
        }
        self.everyone = Some((everyone, 0));
        Ok(())
    }

    /// Rows of the order's own lines, with the word that stands for all.
    fn stand_in(&mut self, limit: usize, rows: &mut Vec<ReplyRow>) -> Result<()> {
        let (Some((everyone, after)), Some(orders)) = (&mut self.everyone, &self.orders) else {
            return Ok(());
        };
        let lines = orders.lines(&everyone.batch, *after, limit)?;
        for (line_id, account, amount) in &lines {
            let mut cells = Cells::default();
            for field in &self.fields {
                match field.as_str() {
                    "batch" => cells.push(&everyone.batch),
                    "ref" => cells.push(&line_id.to_string()),
                    "account" => cells.push(account),
                    "amount_idr" => cells.push(&amount.to_string()),
                    "result" => cells.push(&everyone.word),
                    "date" => cells.push(&everyone.day),
                    "bank_txn" => {
                        let status = everyone.word.split(':').next().unwrap_or("");
                        cells.push(&format!("{}-{line_id}-{status}", everyone.batch));
                    }
                    _ => cells.push(""),
                }
            }
            self.row += 1;
            rows.push(ReplyRow { row_no: self.row, cells: Some(cells) });
            *after = *line_id;
        }
        if lines.is_empty() {
            self.everyone = None;
        }
        Ok(())
    }
}

fn told(path: &Path, halt: Halt) -> Error {
    let name = crate::files::name_of(path);
    match halt {
        Halt::Io(message) => Error::File { path: path.to_owned(), message },
        Halt::Columns(missing) => Error::Columns { name, missing },
        Halt::Refused { line, why, expected, found } => Error::Refused { name, line, why, expected, found },
    }
}

/// The layout of a channel's file.
pub(crate) fn layout<'a>(channel: &'a Channel, file: &str) -> Result<&'a ChannelFile> {
    channel.file(file).ok_or_else(|| Error::Channel { channel: channel.key.clone(), file: file.to_owned() })
}

/// What a file of ours says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seal {
    /// Key of the channel.
    pub(crate) channel: String,
    /// Running number of the channel.
    pub(crate) sequence: i64,
    pub(crate) batch: String,
    /// When it was begun, milliseconds since the epoch.
    pub(crate) at_ms: i64,
}

/// Western Indonesian Time, the ministry's: seven hours ahead.
const ZONE_MS: i64 = 7 * 3_600_000;
const DAY_MS: i64 = 86_400_000;

impl Seal {
    fn day(&self) -> String {
        western_day(self.at_ms).map(|day| day.to_string()).unwrap_or_default()
    }

    fn time(&self) -> String {
        western_time(self.at_ms)
    }
}

/// The day of an instant, Western Indonesian Time.
pub(crate) fn western_day(at_ms: i64) -> Option<jiff::civil::Date> {
    i32::try_from((at_ms + ZONE_MS).div_euclid(DAY_MS)).ok().and_then(model::civil_from_epoch_days)
}

/// The last instant of a day, Western Indonesian Time.
pub(crate) fn western_end(day: jiff::civil::Date) -> i64 {
    (i64::from(model::epoch_days(day)) + 1) * DAY_MS - ZONE_MS - 1
}

/// An instant with its zone, such as `2026-11-23T12:00:00+07:00`.
pub(crate) fn western_time(at_ms: i64) -> String {
    let seconds = (at_ms + ZONE_MS).rem_euclid(DAY_MS) / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let day = Seal { at_ms, ..Seal::default() }.day();
    format!("{day}T{hours:02}:{minutes:02}:{seconds:02}+07:00")
}

/// A file that appears under its name only when it is complete and on disk.
pub(crate) struct Outgoing {
    writer: BufWriter<File>,
    layout: ChannelFile,
    seal: Option<Seal>,
    digest: Option<blake3::Hasher>,
    /// Where the amount stands and the reference that names a row.
    amount: Option<usize>,
    reference: Option<usize>,
    begun: bool,
    record: Vec<u8>,
    name: String,
    part: PathBuf,
    path: PathBuf,
    pub(crate) rows: u64,
    /// Sum of the amounts so far.
    pub(crate) sum_idr: i64,
}

impl Outgoing {
    pub(crate) fn create(folder: &Path, name: &str, layout: &ChannelFile) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|error| Error::file(folder, &error))?;
        let part = folder.join(format!(".{name}.part"));
        let file = File::create(&part).map_err(|error| Error::file(&part, &error))?;
        let place = |field: &str| layout.columns.iter().position(|column| column.field == field);
        Ok(Self {
            writer: BufWriter::with_capacity(1 << 18, file),
            seal: None,
            digest: layout.trailer.iter().any(|column| column.field == "hash").then(blake3::Hasher::new),
            amount: place("amount_idr"),
            reference: place("ref"),
            layout: layout.clone(),
            begun: false,
            record: Vec::with_capacity(512),
            name: name.to_owned(),
            part,
            path: folder.join(name),
            rows: 0,
            sum_idr: 0,
        })
    }

    /// Our names for its columns, in order.
    pub(crate) fn columns(&self) -> Vec<String> {
        self.layout.columns.iter().map(|column| column.field.clone()).collect()
    }

    /// With what the file says of itself: in its header and trailer, or in a file beside it.
    pub(crate) fn sealed(mut self, seal: Seal) -> Self {
        self.seal = Some(seal);
        self
    }

    pub(crate) fn row<'a>(&mut self, cells: impl Iterator<Item = &'a str>) -> Result<()> {
        if !self.begun {
            self.begin()?;
        }
        self.record.clear();
        let (mut reference, mut amount, mut place) = ("", None, 0);
        let (reference_at, amount_at) = (self.reference, self.amount);
        let seen = cells.inspect(|cell| {
            if reference_at == Some(place) {
                reference = *cell;
            }
            if amount_at == Some(place) {
                amount = Some(*cell);
            }
            place += 1;
        });
        let wrote = if self.layout.format == Format::Pain001 {
            pain001::transaction(seen, &mut self.record)
        } else {
            write::record(&self.layout, &self.layout.columns, seen, &mut self.record)
        };
        let fits = wrote.and_then(|()| match amount {
            None => Ok(()),
            Some(text) => {
                let sum = crate::told::whole(text).and_then(|amount| self.sum_idr.checked_add(amount));
                let unfit =
                    || Unfit { column: "amount_idr".to_owned(), why: "it is no whole number of rupiah" };
                self.sum_idr = sum.ok_or_else(unfit)?;
                Ok(())
            }
        });
        if let Err(unfit) = fits {
            let reference = reference.to_owned();
            return Err(self.give_up(&reference, unfit));
        }
        self.rows += 1;
        if let Some(digest) = &mut self.digest {
            digest.update(&self.record);
        }
        self.writer.write_all(&self.record).map_err(|error| Error::file(&self.part, &error))
    }

    /// Nothing of a file that cannot be whole stays behind.
    fn give_up(&self, reference: &str, unfit: Unfit) -> Error {
        let _ = fs::remove_file(&self.part);
        Error::Unfit {
            name: self.name.clone(),
            line: reference.to_owned(),
            column: unfit.column,
            why: unfit.why,
        }
    }

    /// What stands before the rows, for these totals.
    fn head(&self, into: &mut Vec<u8>) -> Result<(), Unfit> {
        let seal = self.seal.clone().unwrap_or_default();
        if let Some(debtor) = &self.layout.debtor {
            pain001::head(&seal, debtor, self.rows, self.sum_idr, into);
            return Ok(());
        }
        if !self.layout.header.is_empty() {
            let cells = write::seal_cells(&self.layout.header, &seal, self.rows, self.sum_idr, "");
            write::record(&self.layout, &self.layout.header, cells.iter().map(String::as_str), into)?;
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<()> {
        self.begun = true;
        let mut head = Vec::new();
        if let Err(unfit) = self.head(&mut head) {
            return Err(self.give_up("", unfit));
        }
        if self.layout.names {
            let names = self.layout.columns.iter().map(|column| column.name.as_str());
            let plain = ChannelFile { columns: Vec::new(), ..self.layout.clone() };
            let bare: Vec<_> = self
                .layout
                .columns
                .iter()
                .map(|column| policy::ChannelColumn { value: None, ..column.clone() })
                .collect();
            if let Err(unfit) = write::record(&plain, &bare, names, &mut head) {
                return Err(self.give_up("", unfit));
            }
        }
        self.writer.write_all(&head).map_err(|error| Error::file(&self.part, &error))
    }

    /// What stands after the rows.
    fn tail(&mut self) -> Result<()> {
        let mut tail = Vec::new();
        if self.layout.format == Format::Pain001 {
            tail.extend_from_slice(pain001::TAIL);
        } else if !self.layout.trailer.is_empty() {
            let seal = self.seal.clone().unwrap_or_default();
            let hash = self.digest.take().map(|digest| digest.finalize().to_hex().to_string());
            let hash = hash.unwrap_or_default();
            let cells = write::seal_cells(&self.layout.trailer, &seal, self.rows, self.sum_idr, &hash);
            let cells = cells.iter().map(String::as_str);
            if let Err(unfit) = write::record(&self.layout, &self.layout.trailer, cells, &mut tail) {
                return Err(self.give_up("", unfit));
            }
        }
        self.writer.write_all(&tail).map_err(|error| Error::file(&self.part, &error))
    }

    /// Flushes to disk and gives the file its name; answers its hash and size.
    pub(crate) fn finish(mut self) -> Result<(String, u64)> {
        if !self.begun {
            self.begin()?;
        }
        self.tail()?;
        let mut head = Vec::new();
        if let Err(unfit) = self.head(&mut head) {
            return Err(self.give_up("", unfit));
        }
        let failed = |error: &dyn std::fmt::Display| Error::file(&self.part, error);
        // The totals are known now; the head is as long as it was.
        self.writer.seek(SeekFrom::Start(0)).map_err(|error| failed(&error))?;
        self.writer.write_all(&head).and_then(|()| self.writer.flush()).map_err(|error| failed(&error))?;
        let file = self.writer.get_ref();
        file.sync_all().map_err(|error| failed(&error))?;
        let bytes = file.metadata().map_err(|error| failed(&error))?.len();
        let hash = lake::hash_file(&self.part)?;
        if let Some(seal) = &self.seal
            && !self.layout.format.is_iso()
            && self.layout.trailer.is_empty()
        {
            self.beside(seal, &hash).map_err(|error| failed(&error))?;
        }
        fs::rename(&self.part, &self.path).map_err(|error| failed(&error))?;
        if let Some(folder) = self.path.parent() {
            File::open(folder).and_then(|f| f.sync_all()).map_err(|error| failed(&error))?;
        }
        Ok((hash, bytes))
    }

    /// The seal in a file of its own, on disk before the file that it seals.
    fn beside(&self, seal: &Seal, hash: &str) -> std::io::Result<()> {
        let text = serde_json::json!({
            "file": self.name,
            "channel": seal.channel,
            "kind": self.layout.name,
            "sequence": seal.sequence,
            "batch": seal.batch,
            "date": seal.day(),
            "rows": self.rows,
            "sum_idr": self.sum_idr,
            "hash": hash,
        });
        let mut file = File::create(sidecar(&self.path))?;
        writeln!(file, "{text:#}")?;
        file.sync_all()
    }
}

/// Where the seal of a file stands that has none inside.
pub(crate) fn sidecar(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".seal.json");
    path.with_file_name(name)
}
