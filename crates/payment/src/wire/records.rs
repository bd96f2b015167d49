//! Reads files of records (CSV and fixed width): the header, the rows, and the trailer that must agree with them.

use std::{io::Read, sync::Arc};

use policy::{ChannelColumn, ChannelFile, Format};

use super::{
    Cells, Got, Halt, SealIn,
    line::{CELL_BYTES_MAX, Cut, Lines, split_delimited, split_fixed},
};
use crate::{state::Refusal, told};

/// A file of records at work.
pub(super) struct Records {
    layout: Arc<ChannelFile>,
    lines: Lines,
    /// For each column its place in the record.
    places: Vec<Option<usize>>,
    /// Cells of a whole record.
    width: usize,
    pub(super) seal: SealIn,
    /// What the header says of rows and sum.
    promised: (Option<i64>, Option<i64>),
    digest: Option<blake3::Hasher>,
    rows: i64,
    sum_idr: Option<i64>,
    /// First line whose amount cannot be read.
    unread: Option<u64>,
    ended: bool,
    line: String,
    cells: Cut,
}

impl Records {
    /// Reads what stands before the rows.
    pub(super) fn open(source: Box<dyn Read + Send>, layout: &ChannelFile) -> Result<Self, Halt> {
        let wants_hash = layout.trailer.iter().any(|column| column.field == "hash");
        let mut records = Self {
            layout: Arc::new(layout.clone()),
            lines: Lines::new(source),
            places: (0..layout.columns.len()).map(Some).collect(),
            width: layout.columns.len(),
            seal: SealIn::default(),
            promised: (None, None),
            digest: wants_hash.then(blake3::Hasher::new),
            rows: 0,
            sum_idr: Some(0),
            unread: None,
            ended: false,
            line: String::new(),
            cells: Cut::default(),
        };
        if !layout.header.is_empty() {
            records.header()?;
        }
        if layout.names {
            records.names()?;
        }
        Ok(records)
    }

    pub(super) fn line_no(&self) -> u64 {
        self.lines.number
    }

    /// Reads the current line into cells.
    fn split(&mut self, columns: &[ChannelColumn]) -> Option<()> {
        let fixed = self.layout.format == Format::Fixed;
        let latin = self.layout.encoding != "utf-8";
        let delimiter = if fixed { b' ' } else { self.layout.delimiter };
        self.lines.text(latin, delimiter, &mut self.line)?;
        if self.lines.number == 1
            && let Some(bare) = self.line.strip_prefix('\u{feff}')
        {
            self.line = bare.to_owned();
        }
        if fixed {
            split_fixed(&self.line, columns, &mut self.cells)
        } else {
            split_delimited(&self.line, &self.layout, &mut self.cells)
        }
    }

    fn header(&mut self) -> Result<(), Halt> {
        let layout = Arc::clone(&self.layout);
        let there = self.lines.advance()?;
        let fits = there && self.split(&layout.header).is_some() && self.cells.len() == layout.header.len();
        let tag = layout.header.first().and_then(|column| column.value.as_deref()).unwrap_or_default();
        if !fits || self.cells.get(0) != Some(tag) {
            return Err(self.halt(Refusal::Header, tag, self.cells.get(0).unwrap_or("")));
        }
        for (place, column) in layout.header.iter().enumerate() {
            let cell = self.cells.get(place).unwrap_or("").trim();
            let number = told::whole(cell);
            let wrong = match column.field.as_str() {
                "channel" => {
                    self.seal.channel = Some(cell.to_owned());
                    cell.is_empty()
                }
                "batch" => {
                    self.seal.batch = Some(cell.to_owned());
                    cell.is_empty()
                }
                "sequence" => {
                    self.seal.sequence = number.map(|number| number.to_string());
                    number.is_none()
                }
                "rows" => {
                    self.promised.0 = number;
                    number.is_none()
                }
                "sum_idr" => {
                    self.promised.1 = number;
                    number.is_none()
                }
                "date" => model::parse_date(cell).is_err(),
                _ => column.value.as_deref() != Some(cell),
            };
            if wrong {
                return Err(self.halt(Refusal::Header, &column.field, cell));
            }
        }
        Ok(())
    }

    /// The row of names says which column is where.
    fn names(&mut self) -> Result<(), Halt> {
        if self.lines.advance()? && self.split(&[]).is_none() {
            return Err(self.halt(Refusal::Header, "names", ""));
        }
        self.width = self.cells.len();
        let cells = &self.cells;
        let place = |column: &ChannelColumn| {
            (0..cells.len())
                .find(|at| cells.get(*at).is_some_and(|name| name.trim().eq_ignore_ascii_case(&column.name)))
        };
        self.places = self.layout.columns.iter().map(place).collect();
        let columns = self.layout.columns.iter().zip(&self.places);
        let missing: Vec<&str> = columns
            .filter(|(column, place)| place.is_none() && !column.optional)
            .map(|(column, _)| column.name.as_str())
            .collect();
        if missing.is_empty() { Ok(()) } else { Err(Halt::Columns(missing.join(", "))) }
    }

    /// The next row.
    pub(super) fn next(&mut self, into: &mut Cells) -> Result<Got, Halt> {
        loop {
            if !self.lines.advance()? {
                if self.layout.trailer.is_empty() {
                    self.totals(self.promised.0, self.promised.1)?;
                } else if !self.ended {
                    return Err(self.halt(Refusal::Trailer, "trailer", ""));
                }
                return Ok(Got::End);
            }
            if self.lines.is_blank() && (self.ended || self.layout.format == Format::Csv) {
                continue;
            }
            if self.ended {
                return Err(self.halt(Refusal::AfterTrailer, "", ""));
            }
            if !self.is_trailer() {
                break;
            }
            self.trailer()?;
        }
        self.rows += 1;
        if let Some(digest) = &mut self.digest {
            digest.update(self.lines.raw());
        }
        let read = self.row(into);
        if self.sealed() && read.is_none() {
            // A record of no known kind may be a row or a trailer: such a file cannot be counted.
            let tag = self.layout.columns.first().and_then(|column| column.value.as_deref()).unwrap_or("");
            if !self.lines.raw().starts_with(tag.as_bytes()) {
                return Err(self.halt(Refusal::Record, tag, ""));
            }
        }
        if read.is_none() {
            self.unread.get_or_insert(self.lines.number);
        }
        Ok(if read.is_some() { Got::Row } else { Got::Torn })
    }

    fn sealed(&self) -> bool {
        !self.layout.header.is_empty() || !self.layout.trailer.is_empty()
    }

    fn is_trailer(&self) -> bool {
        let tag = self.layout.trailer.first().and_then(|column| column.value.as_deref());
        let fixed = self.layout.format == Format::Fixed;
        tag.is_some_and(|tag| {
            let rest = self.lines.raw().strip_prefix(tag.as_bytes());
            rest.is_some_and(|rest| fixed || rest.first() == Some(&self.layout.delimiter))
        })
    }

    fn row(&mut self, into: &mut Cells) -> Option<()> {
        let layout = Arc::clone(&self.layout);
        self.split(&layout.columns)?;
        if self.cells.len() != self.width {
            return None;
        }
        for (column, place) in layout.columns.iter().zip(&self.places) {
            let cell = match place {
                Some(place) => self.cells.get(*place)?.trim(),
                None => "",
            };
            if column.value.as_deref().is_some_and(|value| value != cell) || cell.len() > CELL_BYTES_MAX {
                return None;
            }
            if column.field == "amount_idr" {
                let amount = told::whole(cell);
                if amount.is_none() {
                    self.unread.get_or_insert(self.lines.number);
                }
                self.sum_idr = self.sum_idr.and_then(|sum| sum.checked_add(amount.unwrap_or(0)));
            }
            into.push(cell);
        }
        // A batch that only the header names is every row's.
        if let Some(batch) = &self.seal.batch
            && !layout.columns.iter().any(|column| column.field == "batch")
        {
            into.push(batch);
        }
        Some(())
    }

    fn trailer(&mut self) -> Result<(), Halt> {
        let layout = Arc::clone(&self.layout);
        if self.split(&layout.trailer).is_none() || self.cells.len() != layout.trailer.len() {
            return Err(self.halt(Refusal::Trailer, "trailer", ""));
        }
        self.totals(self.promised.0, self.promised.1)?;
        for (place, column) in layout.trailer.iter().enumerate() {
            let cell = self.cells.get(place).unwrap_or("").trim().to_owned();
            match column.field.as_str() {
                "rows" => self.totals(Some(told::whole(&cell).unwrap_or(-1)), None)?,
                "sum_idr" => self.totals(None, Some(told::whole(&cell).unwrap_or(-1)))?,
                "hash" => {
                    let hash = self.digest.take().map(|digest| digest.finalize().to_hex().to_string());
                    let hash = hash.unwrap_or_default();
                    let digits = if column.width == 0 { hash.len() } else { column.width };
                    if hash.get(..digits) != Some(cell.as_str()) {
                        return Err(self.halt(Refusal::Hash, hash.get(..8).unwrap_or(""), &cell));
                    }
                }
                "date" if model::parse_date(&cell).is_err() => {
                    return Err(self.halt(Refusal::Trailer, "date", &cell));
                }
                _ if column.value.as_deref().is_some_and(|value| value != cell) => {
                    return Err(self.halt(Refusal::Trailer, column.value.as_deref().unwrap_or(""), &cell));
                }
                _ => {}
            }
        }
        self.ended = true;
        Ok(())
    }

    /// What the file says of itself against what was read. A sum cannot be proved while an amount is unreadable.
    fn totals(&self, rows: Option<i64>, sum_idr: Option<i64>) -> Result<(), Halt> {
        if let Some(rows) = rows
            && rows != self.rows
        {
            return Err(self.halt(Refusal::Rows, &rows.to_string(), &self.rows.to_string()));
        }
        if let Some(sum) = sum_idr
            && (self.sum_idr != Some(sum) || self.unread.is_some())
        {
            let found = self.sum_idr.map(|sum| sum.to_string()).unwrap_or_default();
            let line = self.unread.unwrap_or(self.lines.number);
            return Err(Halt::refused(line, Refusal::Sum, &sum.to_string(), &found));
        }
        Ok(())
    }

    fn halt(&self, why: Refusal, expected: &str, found: &str) -> Halt {
        Halt::refused(self.lines.number.max(1), why, expected, found)
    }
}
