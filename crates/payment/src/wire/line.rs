//! Lines of a text file, bounded, and the cells of one line: between delimiters or of fixed width.
//!
//! A record is a line and a line is a record: a quotation mark that is never closed spoils its own line and no other. Nothing
//! here keeps more than one line in memory.

use std::io::{self, BufRead, BufReader, Read};

use policy::{ChannelColumn, ChannelFile};

/// Longest line; a longer one is torn.
const LINE_BYTES_MAX: usize = 16 * 1_024;
/// Longest cell.
pub(super) const CELL_BYTES_MAX: usize = 1_024;

/// A file, line by line.
pub(super) struct Lines {
    source: BufReader<Box<dyn Read + Send>>,
    /// The line as it stands in the file, its end included.
    raw: Vec<u8>,
    /// Number of the line, from 1.
    pub(super) number: u64,
    /// The line is longer than allowed; what is kept is its beginning.
    too_long: bool,
}

impl Lines {
    pub(super) fn new(source: Box<dyn Read + Send>) -> Self {
        let source = BufReader::with_capacity(1 << 18, source);
        Self { source, raw: Vec::new(), number: 0, too_long: false }
    }

    /// Goes to the next line; false at the end.
    pub(super) fn advance(&mut self) -> io::Result<bool> {
        self.raw.clear();
        self.too_long = false;
        let mut any = false;
        loop {
            let bytes = self.source.fill_buf()?;
            if bytes.is_empty() {
                break;
            }
            any = true;
            let end = bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let taken = end.unwrap_or(bytes.len());
            let room = LINE_BYTES_MAX - self.raw.len();
            self.too_long |= taken > room;
            self.raw.extend_from_slice(&bytes[..taken.min(room)]);
            self.source.consume(taken);
            if end.is_some() {
                break;
            }
        }
        self.number += u64::from(any);
        Ok(any)
    }

    /// The line with its end, for the hash.
    pub(super) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The line without its end; none when it is too long.
    fn content(&self) -> Option<&[u8]> {
        let line = self.raw.strip_suffix(b"\n").unwrap_or(&self.raw);
        (!self.too_long).then(|| line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// Whether nothing stands on the line.
    pub(super) fn is_blank(&self) -> bool {
        self.content().is_some_and(|line| line.iter().all(u8::is_ascii_whitespace))
    }

    /// The line as text; none when it is too long, no text, or holds control characters other than the delimiter.
    pub(super) fn text(&self, latin: bool, delimiter: u8, into: &mut String) -> Option<()> {
        into.clear();
        let line = self.content()?;
        if line.iter().any(|byte| (*byte < 0x20 && *byte != delimiter) || *byte == 0x7f) {
            return None;
        }
        if latin && !line.is_ascii() {
            into.extend(line.iter().map(|byte| from_1252(*byte)));
        } else {
            into.push_str(std::str::from_utf8(line).ok()?);
        }
        Some(())
    }
}

/// The characters of Windows-1252 from 0x80 to 0x9F; a place without one is a replacement character.
const HIGH_1252: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž', '\u{fffd}',
    '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}', 'ž', 'Ÿ',
];

fn from_1252(byte: u8) -> char {
    let high = usize::from(byte).checked_sub(0x80).and_then(|at| HIGH_1252.get(at));
    high.map_or_else(|| char::from(byte), |high| *high)
}

/// The byte of a character in Windows-1252, if it has one.
pub(super) fn to_1252(c: char) -> Option<u8> {
    if matches!(c, '\0'..='\x7f' | '\u{a0}'..='\u{ff}') {
        return u8::try_from(u32::from(c)).ok();
    }
    let at = HIGH_1252.iter().position(|high| *high == c && c != '\u{fffd}')?;
    u8::try_from(0x80 + at).ok()
}

/// Cells of a line as ranges of a text, in a buffer that is used again.
#[derive(Default)]
pub(super) struct Cut {
    pub(super) text: String,
    ends: Vec<usize>,
}

impl Cut {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)?;
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        self.text.get(start..end)
    }

    fn end(&mut self) {
        self.ends.push(self.text.len());
    }
}

/// Splits a line between delimiters. None when a quotation mark is not closed, or something follows a closing one.
pub(super) fn split_delimited(line: &str, layout: &ChannelFile, cells: &mut Cut) -> Option<()> {
    cells.clear();
    let (delimiter, quote) = (char::from(layout.delimiter), char::from(layout.quote));
    let mut rest = line;
    loop {
        if layout.quote != 0 && rest.starts_with(quote) {
            rest = quoted(rest.get(1..)?, quote, &mut cells.text)?;
            cells.end();
            if rest.is_empty() {
                return Some(());
            }
            rest = rest.strip_prefix(delimiter)?;
        } else {
            let end = rest.find(delimiter);
            cells.text.push_str(rest.get(..end.unwrap_or(rest.len()))?);
            cells.end();
            match end {
                Some(end) => rest = rest.get(end + 1..)?,
                None => return Some(()),
            }
        }
    }
}

/// A cell after its opening mark; a doubled mark is one. Answers what follows the closing mark.
fn quoted<'l>(mut rest: &'l str, quote: char, into: &mut String) -> Option<&'l str> {
    loop {
        let close = rest.find(quote)?;
        into.push_str(rest.get(..close)?);
        rest = rest.get(close + 1..)?;
        match rest.strip_prefix(quote) {
            Some(after) => {
                into.push(quote);
                rest = after;
            }
            None => return Some(rest),
        }
    }
}

/// Splits a line of fixed widths. None when it is longer or shorter than its columns, or the fill is missing.
pub(super) fn split_fixed(line: &str, columns: &[ChannelColumn], cells: &mut Cut) -> Option<()> {
    cells.clear();
    let mut rest = line;
    for column in columns {
        let end = if line.is_ascii() {
            column.width
        } else {
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).nth(column.width)?
        };
        let cell = rest.get(..end)?;
        rest = rest.get(end..)?;
        let bare = if column.value.is_some() {
            cell
        } else if column.right {
            cell.trim_start_matches(column.fill)
        } else {
            cell.trim_end_matches(column.fill)
        };
        // A number of zeros only is zero, not nothing.
        let zero = bare.is_empty() && column.fill == '0';
        cells.text.push_str(if zero { "0" } else { bare });
        cells.end();
    }
    rest.is_empty().then_some(())
}
