//! Delimited text: cut into chunks at row borders by one thread, cut into cells by all.
//!
//! Quotes as in RFC 4180, read kindly: a quote only opens at the start of a cell, two make one, text after a closing quote belongs
//! to the cell. A quote that is never closed costs its line, not the rest of the file. Memory: one chunk a thread, and no
//! row longer than [`Limits::row_bytes`].

use std::fs::File;
use std::io::Read;
use std::path::Path;

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use memchr::{memchr, memchr2, memrchr};

use super::block::{Block, Row};
use super::finding::Rule;
use super::limits::Limits;
use super::refusal::Refusal;

const QUOTE: u8 = b'"';
const CHUNK_BYTES: usize = 2 << 20;
const HEAD_BYTES: usize = 256 << 10;

/// How a list of this kind is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    pub(crate) encoding: &'static Encoding,
}

impl Dialect {
    pub(crate) fn new(delimiter: u8, encoding: &str) -> Self {
        let encoding = if encoding == "windows-1252" { WINDOWS_1252 } else { UTF_8 };
        Self { delimiter, encoding }
    }
}

/// A file being read, chunk by chunk.
pub(crate) struct Delimited {
    file: File,
    dialect: Dialect,
    limits: Limits,
    /// Read but not handed out yet; always begins at the start of a row.
    waiting: Vec<u8>,
    /// Line of the first waiting byte, from 1.
    line: u32,
    /// UTF-16 is turned to UTF-8 as it comes in.
    transcoder: Option<Decoder>,
    done: u64,
    total: u64,
    at_end: bool,
    skip_rows: usize,
}

/// Whole rows as bytes.
pub(crate) struct Chunk {
    bytes: Vec<u8>,
    line: u32,
    /// The one row in it cannot be cut.
    broken: Option<Rule>,
    skip_rows: usize,
    dialect: Dialect,
    done: u64,
    total: u64,
}

impl Delimited {
    pub(crate) fn open(path: &Path, dialect: Dialect, limits: Limits) -> Result<Self, Refusal> {
        let unreadable = |error: std::io::Error| Refusal::Unreadable { reason: error.to_string() };
        let file = File::open(path).map_err(unreadable)?;
        let total = file.metadata().map_err(unreadable)?.len();
        let mut reader = Self {
            file,
            dialect,
            limits,
            waiting: Vec::new(),
            line: 1,
            transcoder: None,
            done: 0,
            total,
            at_end: false,
            skip_rows: 0,
        };
        reader.fill(CHUNK_BYTES)?;
        reader.take_mark()?;
        Ok(reader)
    }

    /// The first rows, for finding the header.
    pub(crate) fn head(&self, rows: usize) -> Vec<Vec<String>> {
        let mut block = Block::default();
        let start = self.waiting[..self.waiting.len().min(HEAD_BYTES)].to_vec();
        cut(&mut block, decode(start, self.dialect.encoding).text, self.dialect.delimiter, 1, rows);
        (0..block.rows.len().min(rows))
            .map(|row| (0..block.width(row)).map(|column| block.cell(row, column).to_owned()).collect())
            .collect()
    }

    /// Rows before the data (title, header), counted with blank ones.
    pub(crate) fn skip(&mut self, rows: usize) {
        self.skip_rows = rows;
    }

    /// The next rows, or nothing at the end.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<Chunk>, Refusal> {
        loop {
            if self.waiting.is_empty() && self.at_end {
                return Ok(None);
            }
            if let Some(end) = last_border(&self.waiting, self.dialect.delimiter) {
                return Ok(Some(self.take(end, None)));
            }
            let in_quotes = match row_end(&self.waiting, 0, self.dialect.delimiter) {
                End::Border(_) | End::Open => false,
                End::InQuotes => true,
            };
            if self.at_end && !in_quotes {
                // The last line has no line end.
                return Ok(Some(self.take(self.waiting.len(), None)));
            }
            if self.at_end || self.waiting.len() > self.limits.row_bytes {
                return self.take_broken(in_quotes).map(Some);
            }
            self.fill(self.waiting.len() + CHUNK_BYTES)?;
        }
    }

    /// The first line of what waits: a quote was opened and not closed within bounds, or the row is too long.
    fn take_broken(&mut self, in_quotes: bool) -> Result<Chunk, Refusal> {
        let within = memchr(b'\n', &self.waiting).filter(|_| in_quotes);
        if let Some(end) = within {
            return Ok(self.take(end + 1, Some(Rule::Quote)));
        }
        let rule = if self.at_end { Rule::Quote } else { Rule::RowTooLong };
        let kept: Vec<u8> = self.waiting[..self.waiting.len().min(256)].to_vec();
        // Throw away until the line ends, holding no more than a chunk.
        loop {
            if let Some(end) = memchr(b'\n', &self.waiting) {
                let mut chunk = self.take(end + 1, Some(rule));
                chunk.bytes = kept;
                return Ok(chunk);
            }
            if self.at_end {
                let mut chunk = self.take(self.waiting.len(), Some(rule));
                chunk.bytes = kept;
                return Ok(chunk);
            }
            self.waiting.clear();
            self.fill(CHUNK_BYTES)?;
        }
    }

    fn take(&mut self, end: usize, broken: Option<Rule>) -> Chunk {
        let rest = self.waiting.split_off(end);
        let bytes = std::mem::replace(&mut self.waiting, rest);
        let line = self.line;
        self.line += memchr::memchr_iter(b'\n', &bytes).count() as u32;
        let (done, total, dialect) = (self.done, self.total, self.dialect);
        let skip_rows = std::mem::take(&mut self.skip_rows);
        if broken.is_some() {
            self.skip_rows = skip_rows.saturating_sub(1);
        }
        Chunk { bytes, line, broken, skip_rows, dialect, done, total }
    }

    /// Reads until `target` bytes wait or the file ends.
    fn fill(&mut self, target: usize) -> Result<(), Refusal> {
        let unreadable = |error: std::io::Error| Refusal::Unreadable { reason: error.to_string() };
        while self.waiting.len() < target && !self.at_end {
            let before = self.waiting.len();
            let wanted = (target - before) as u64;
            let read = if let Some(decoder) = &mut self.transcoder {
                let mut raw = Vec::new();
                let read = (&self.file).take(wanted).read_to_end(&mut raw).map_err(unreadable)?;
                push_utf8(decoder, &raw, read == 0, &mut self.waiting);
                read
            } else {
                (&self.file).take(wanted).read_to_end(&mut self.waiting).map_err(unreadable)?
            };
            self.done += read as u64;
            self.at_end = read == 0;
            // Line ends of old Macintosh files.
            let fresh = &mut self.waiting[before..];
            if memchr(b'\r', fresh).is_some() && memchr(b'\n', fresh).is_none() {
                fresh.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
            }
        }
        Ok(())
    }

    /// A byte order mark wins over what the source says.
    fn take_mark(&mut self) -> Result<(), Refusal> {
        if self.waiting.starts_with(&[0xef, 0xbb, 0xbf]) {
            self.waiting.drain(..3);
            self.dialect.encoding = UTF_8;
        } else if let Some(encoding) = [(UTF_16LE, [0xff, 0xfe]), (UTF_16BE, [0xfe, 0xff])]
            .into_iter()
            .find_map(|(encoding, mark)| self.waiting.starts_with(&mark).then_some(encoding))
        {
            let raw = std::mem::take(&mut self.waiting);
            let mut decoder = encoding.new_decoder_with_bom_removal();
            push_utf8(&mut decoder, &raw, self.at_end, &mut self.waiting);
            self.transcoder = Some(decoder);
            self.dialect.encoding = UTF_8;
        } else if self.waiting[..self.waiting.len().min(64 << 10)].contains(&0) {
            return Err(Refusal::Format { expected: "csv", found: "binary" });
        }
        Ok(())
    }
}

fn push_utf8(decoder: &mut Decoder, raw: &[u8], last: bool, out: &mut Vec<u8>) {
    let mut text = String::new();
    text.reserve(decoder.max_utf8_buffer_length(raw.len()).unwrap_or(raw.len() * 3 + 16));
    // The reservation holds the worst case, so one call takes all of it; bad pairs become U+FFFD and are found as such.
    let _ = decoder.decode_to_string(raw, &mut text, last);
    out.extend_from_slice(text.as_bytes());
}

struct Decoded {
    text: String,
    damaged: bool,
}

fn decode(bytes: Vec<u8>, encoding: &'static Encoding) -> Decoded {
    if encoding == UTF_8 || bytes.is_ascii() {
        return match String::from_utf8(bytes) {
            Ok(text) => Decoded { text, damaged: false },
            Err(error) => {
                Decoded { text: String::from_utf8_lossy(error.as_bytes()).into_owned(), damaged: true }
            }
        };
    }
    let (text, damaged) = encoding.decode_without_bom_handling(&bytes);
    Decoded { text: text.into_owned(), damaged }
}

impl Chunk {
    /// Cuts rows into cells.
    pub(crate) fn into_block(self) -> Block {
        let mut block = Block { done: self.done, total: self.total, ..Block::default() };
        if let Some(rule) = self.broken {
            if self.skip_rows > 0 {
                return block;
            }
            let shown = String::from_utf8_lossy(&self.bytes[..self.bytes.len().min(256)]).into_owned();
            block.rows.push(Row { first_cell: 0, line: self.line, broken: Some(rule) });
            block.push_cell(&shown);
            return block;
        }
        let decoded = decode(self.bytes, self.dialect.encoding);
        cut(&mut block, decoded.text, self.dialect.delimiter, self.line, usize::MAX);
        if self.skip_rows > 0 {
            drop_first_rows(&mut block, self.skip_rows);
        }
        drop_blank_rows(&mut block);
        if decoded.damaged {
            mark_damaged(&mut block);
        }
        block
    }
}

fn drop_first_rows(block: &mut Block, rows: usize) {
    let rows = rows.min(block.rows.len());
    let first = block.rows.get(rows).map_or(block.cells.len(), |row| row.first_cell as usize);
    block.rows.drain(..rows);
    block.cells.drain(..first);
    block.rows.iter_mut().for_each(|row| row.first_cell -= first as u32);
}

/// Lines with nothing in them are no rows.
fn drop_blank_rows(block: &mut Block) {
    let blank = |block: &Block, row: usize| {
        let first = block.rows[row].first_cell as usize;
        block.cells[first..first + block.width(row)].iter().all(|&(start, end)| start == end)
    };
    if !(0..block.rows.len()).any(|row| blank(block, row)) {
        return;
    }
    // The cells may stay: a row is found by its first cell, and blank cells after its last do not disturb only if they are taken out.
    let mut rows = Vec::with_capacity(block.rows.len());
    let mut cells = Vec::with_capacity(block.cells.len());
    for row in 0..block.rows.len() {
        if blank(block, row) {
            continue;
        }
        let first = block.rows[row].first_cell as usize;
        rows.push(Row { first_cell: cells.len() as u32, ..block.rows[row] });
        cells.extend_from_slice(&block.cells[first..first + block.width(row)]);
    }
    block.rows = rows;
    block.cells = cells;
}

fn mark_damaged(block: &mut Block) {
    for row in 0..block.rows.len() {
        let damaged = (0..block.width(row)).any(|column| block.cell(row, column).contains('\u{fffd}'));
        if damaged {
            block.rows[row].broken = Some(Rule::Encoding);
        }
    }
}

enum End {
    /// One past the line end.
    Border(usize),
    /// The bytes end before the line does.
    Open,
    /// The bytes end within quotes.
    InQuotes,
}

/// Where the row that begins at `at` ends.
fn row_end(bytes: &[u8], at: usize, delimiter: u8) -> End {
    let mut from = at;
    loop {
        let Some(found) = memchr2(QUOTE, b'\n', &bytes[from..]).map(|found| from + found) else {
            return End::Open;
        };
        if bytes[found] == b'\n' {
            return End::Border(found + 1);
        }
        let opens = found == at || bytes[found - 1] == delimiter;
        from = found + 1;
        if opens {
            match quote_end(bytes, from) {
                Some(end) => from = end,
                None => return End::InQuotes,
            }
        }
    }
}

/// One past the quote that closes; two quotes in a row are one quote of the text.
fn quote_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let quote = at + memchr(QUOTE, &bytes[at..])?;
        if bytes.get(quote + 1) != Some(&QUOTE) {
            return Some(quote + 1);
        }
        at = quote + 2;
    }
}

/// One past the last line end that closes a row.
fn last_border(bytes: &[u8], delimiter: u8) -> Option<usize> {
    if memchr(QUOTE, bytes).is_none() {
        return memrchr(b'\n', bytes).map(|end| end + 1);
    }
    let mut last = None;
    let mut at = 0;
    while let End::Border(end) = row_end(bytes, at, delimiter) {
        last = Some(end);
        at = end;
    }
    last
}

/// Cuts `text` into rows and cells. Cells are places in the text itself; only cells with doubled quotes are written anew.
fn cut(block: &mut Block, text: String, delimiter: u8, first_line: u32, rows_max: usize) {
    let bytes = text.as_bytes();
    let mut anew = String::new();
    let mut line = first_line;
    let mut at = 0;
    block.cells.reserve(bytes.len() / 8);
    while at < bytes.len() && block.rows.len() < rows_max {
        block.rows.push(Row { first_cell: block.cells.len() as u32, line, broken: None });
        loop {
            if bytes.get(at) == Some(&QUOTE) {
                let (cell, end) = quoted(&text, at, delimiter, &mut anew);
                line += memchr::memchr_iter(b'\n', &bytes[at..end]).count() as u32;
                block.cells.push(cell);
                at = end;
            } else {
                let length = memchr2(delimiter, b'\n', &bytes[at..]).unwrap_or(bytes.len() - at);
                let mut end = at + length;
                let next = end;
                if bytes.get(next) != Some(&delimiter) && end > at && bytes[end - 1] == b'\r' {
                    end -= 1;
                }
                block.cells.push((at as u32, end as u32));
                at = next;
            }
            match bytes.get(at) {
                Some(&byte) if byte == delimiter => {
                    at += 1;
                    // A delimiter as the very last byte opens one more, empty cell.
                    if at == bytes.len() {
                        block.cells.push((at as u32, at as u32));
                        break;
                    }
                }
                _ => break,
            }
        }
        at += 1;
        line += 1;
    }
    block.text = text;
    block.text.push_str(&anew);
}

/// A quoted cell: its place (in the text, or after its end in what was written anew) and where it ends.
fn quoted(text: &str, at: usize, delimiter: u8, anew: &mut String) -> ((u32, u32), usize) {
    let bytes = text.as_bytes();
    let close = quote_end(bytes, at + 1).unwrap_or(bytes.len());
    let inner_end = if bytes.get(close - 1) == Some(&QUOTE) && close > at + 1 { close - 1 } else { close };
    let rest = memchr2(delimiter, b'\n', &bytes[close..]).map_or(bytes.len(), |found| close + found);
    let inner = &text[at + 1..inner_end];
    let tail = text[close..rest].trim_end_matches('\r');
    if tail.is_empty() && memchr(QUOTE, inner.as_bytes()).is_none() {
        return (((at + 1) as u32, inner_end as u32), rest);
    }
    let start = text.len() + anew.len();
    anew.push_str(&inner.replace("\"\"", "\""));
    anew.push_str(tail);
    ((start as u32, (text.len() + anew.len()) as u32), rest)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn rows_of(bytes: &[u8], delimiter: u8, encoding: &str) -> Vec<(u32, Vec<String>)> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let limits = Limits { row_bytes: 1000, ..Limits::default() };
        let mut reader = Delimited::open(file.path(), Dialect::new(delimiter, encoding), limits).unwrap();
        let mut rows = Vec::new();
        while let Some(chunk) = reader.next_chunk().unwrap() {
            let block = chunk.into_block();
            for row in 0..block.rows.len() {
                let cells = (0..block.width(row)).map(|c| block.cell(row, c).to_owned()).collect();
                rows.push((block.rows[row].line, cells));
            }
        }
        rows
    }

    fn cells(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|&c| c.to_owned()).collect()
    }

    #[test]
    fn rows_are_cut_as_a_spreadsheet_means_them() {
        let text = b"a;b;c\r\n\"x;\"\"y\"\"\";2;\"two\nlines\"\r\n\r\n;;\r\nlast;1;2";
        assert_eq!(
            rows_of(text, b';', "utf-8"),
            [
                (1, cells(&["a", "b", "c"])),
                (2, cells(&["x;\"y\"", "2", "two\nlines"])),
                (6, cells(&["last", "1", "2"])),
            ]
        );
    }

    #[test]
    fn a_quote_inside_a_cell_is_text_and_one_never_closed_costs_its_line() {
        let text = b"JL \"MAWAR\" 5,1\n\"never closed,2\nNEXT,3\nLAST,4\n";
        let rows = rows_of(text, b',', "utf-8");
        assert_eq!(rows[0], (1, cells(&["JL \"MAWAR\" 5", "1"])));
        assert_eq!(rows[1].0, 2);
        assert_eq!(rows[2], (3, cells(&["NEXT", "3"])));
        assert_eq!(rows[3], (4, cells(&["LAST", "4"])));
    }

    #[test]
    fn encodings_give_the_same_text() {
        let expected = [(1, cells(&["ANDRÉ", "1"])), (2, cells(&["B", "2"]))];
        let utf8 = "ANDRÉ,1\nB,2\n";
        let le: Vec<u8> = "\u{feff}ANDRÉ,1\nB,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = "\u{feff}ANDRÉ,1\nB,2\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(rows_of(utf8.as_bytes(), b',', "utf-8"), expected);
        assert_eq!(rows_of(format!("\u{feff}{utf8}").as_bytes(), b',', "windows-1252"), expected);
        assert_eq!(rows_of(b"ANDR\xc9,1\nB,2\n", b',', "windows-1252"), expected);
        assert_eq!(rows_of(&le, b',', "utf-8"), expected);
        assert_eq!(rows_of(&be, b',', "windows-1252"), expected);
        assert_eq!(rows_of(b"ANDR\xc9,1\rB,2\r", b',', "windows-1252"), expected);
    }

    #[test]
    fn a_row_beyond_the_bound_is_thrown_away_and_the_next_is_read() {
        let long = format!("a,{}\nb,2\n", "x".repeat(5 << 20));
        let rows = rows_of(long.as_bytes(), b',', "utf-8");
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1], (2, cells(&["b", "2"])));
    }

    proptest! {
        #[test]
        fn what_a_csv_writer_writes_is_read_back(
            rows in prop::collection::vec(prop::collection::vec("[a-z\",;\\n é]{0,8}", 3), 1..20),
        ) {
            let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            let filled: Vec<Vec<String>> =
                rows.iter().filter(|row| row.iter().any(|cell| !cell.is_empty())).cloned().collect();
            let read: Vec<Vec<String>> = rows_of(&bytes, b';', "utf-8").into_iter().map(|row| row.1).collect();
            prop_assert_eq!(read, filled);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assume!(!bytes.contains(&0));
            rows_of(&bytes, b',', "utf-8");
            rows_of(&bytes, b';', "windows-1252");
        }
    }
}
