//! Workbooks (XLSX) under limits. The archive is measured by unpacking it into nothing before the reader may open it, so that
//! what its directory claims does not matter; cells are then streamed, never held as a sheet.
//!
//! Merged cells give their value to every row they span; formula cells give the value last computed, with a note.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use calamine::{DataRef, Dimensions, Reader, Xlsx};

use super::block::{Block, Mark};
use super::limits::Limits;
use super::refusal::Refusal;

const BLOCK_ROWS: usize = 4096;
const DIGITS_KEPT: f64 = 1e15;

/// An open workbook at the sheet that the source names.
pub(crate) struct Workbook {
    book: Xlsx<BufReader<File>>,
    sheet: String,
    /// Vertical merges, by first row: the only ones that matter below the header.
    merged: Vec<Dimensions>,
    limits: Limits,
}

impl Workbook {
    pub(crate) fn open(path: &Path, sheet: Option<&str>, limits: Limits) -> Result<Self, Refusal> {
        measure(path, &limits)?;
        let mut book: Xlsx<BufReader<File>> = calamine::open_workbook(path).map_err(unreadable)?;
        let sheets = book.sheet_names();
        let known = match sheet {
            Some(name) => sheets.iter().find(|known| known.trim().eq_ignore_ascii_case(name.trim())),
            None => sheets.first(),
        };
        let Some(sheet) = known.cloned() else {
            let found = sheets.join(", ");
            return Err(Refusal::Sheet { sheet: sheet.unwrap_or("").to_owned(), found });
        };
        let mut merged = book.merge_cells_by_sheet_name(&sheet).map_err(unreadable)?;
        if merged.len() > limits.merged {
            return Err(Refusal::TooLarge { what: "merged", limit: limits.merged as u64 });
        }
        merged.retain(|region| region.end.0 > region.start.0);
        merged.sort_unstable_by_key(|region| region.start);
        Ok(Self { book, sheet, merged, limits })
    }

    pub(crate) fn sheet(&self) -> &str {
        &self.sheet
    }

    /// The first rows, for finding the header. Rows are numbered as the sheet numbers them, so empty ones count.
    pub(crate) fn head(&mut self, rows: usize) -> Result<Vec<Vec<String>>, Refusal> {
        let mut head: Vec<Vec<String>> = Vec::new();
        let mut cells = self.book.worksheet_cells_reader(&self.sheet).map_err(unreadable)?;
        while let Some(cell) = cells.next_cell().map_err(unreadable)? {
            let (row, column) = (cell.get_position().0 as usize, cell.get_position().1 as usize);
            if row >= rows {
                break;
            }
            if column >= self.limits.columns {
                continue;
            }
            head.resize_with(head.len().max(row + 1), Vec::new);
            let cells = &mut head[row];
            cells.resize(cells.len().max(column + 1), String::new());
            let mut text = String::new();
            write_value(cell.get_value(), &mut text);
            cells[column] = text;
        }
        Ok(head)
    }

    /// Hands over the rows below the header, block by block.
    pub(crate) fn blocks(
        mut self,
        skip_rows: usize,
        width: usize,
        mut sink: impl FnMut(Block) -> bool,
    ) -> Result<(), Refusal> {
        let merged = std::mem::take(&mut self.merged);
        let mut fill = Fill { regions: merged, next: 0, open: Vec::new() };
        let limits = self.limits;
        let mut reader = self.book.worksheet_cells_reader(&self.sheet).map_err(unreadable)?;
        let mut row = RowBuffer::new(width.min(limits.columns));
        let mut block = Block::default();
        let mut count = 0u64;
        while let Some(cell) = reader.next_cell_with_formula_metadata().map_err(unreadable)? {
            count += 1;
            if count > limits.cells {
                return Err(Refusal::TooLarge { what: "cells", limit: limits.cells });
            }
            let (at, column) = cell.pos;
            if row.number != Some(at) {
                row.flush(&mut block, &mut fill, skip_rows);
                if block.rows.len() >= BLOCK_ROWS && !sink(std::mem::take(&mut block)) {
                    return Ok(());
                }
                row.number = Some(at);
            }
            row.set(column as usize, &cell.value, cell.formula.is_some());
        }
        row.flush(&mut block, &mut fill, skip_rows);
        if !block.rows.is_empty() {
            sink(block);
        }
        Ok(())
    }
}

fn unreadable(error: impl std::fmt::Display) -> Refusal {
    Refusal::Unreadable { reason: error.to_string() }
}

/// One row of the sheet while its cells come in.
struct RowBuffer {
    number: Option<u32>,
    cells: Vec<String>,
    marks: Vec<Option<Mark>>,
}

impl RowBuffer {
    fn new(width: usize) -> Self {
        Self { number: None, cells: vec![String::new(); width], marks: vec![None; width] }
    }

    fn set(&mut self, column: usize, value: &DataRef<'_>, formula: bool) {
        let Some(cell) = self.cells.get_mut(column) else { return };
        cell.clear();
        let mark = write_value(value, cell);
        self.marks[column] = mark.or(formula.then_some(Mark::Formula));
    }

    fn flush(&mut self, block: &mut Block, fill: &mut Fill, skip_rows: usize) {
        let Some(number) = self.number.take() else { return };
        fill.apply(number, self, number as usize >= skip_rows);
        if number as usize >= skip_rows {
            block.start_row(number + 1);
            for (cell, mark) in self.cells.iter().zip(&self.marks) {
                if let Some(mark) = mark {
                    block.marks.push((block.cells.len() as u32, *mark));
                }
                block.push_cell(cell);
            }
            block.drop_blank_row();
            let kept = block.cells.len() as u32;
            while block.marks.last().is_some_and(|mark| mark.0 >= kept) {
                block.marks.pop();
            }
        }
        self.cells.iter_mut().for_each(String::clear);
        self.marks.fill(None);
    }
}

/// Merged regions on their way down the sheet.
struct Fill {
    regions: Vec<Dimensions>,
    next: usize,
    open: Vec<(Dimensions, String)>,
}

impl Fill {
    fn apply(&mut self, number: u32, row: &mut RowBuffer, in_data: bool) {
        self.open.retain(|(region, _)| region.end.0 >= number);
        for (region, value) in &self.open {
            let column = region.start.1 as usize;
            if in_data
                && region.start.0 < number
                && let Some(cell) = row.cells.get_mut(column)
                && cell.is_empty()
            {
                cell.push_str(value);
                row.marks[column] = Some(Mark::Merged);
            }
        }
        while let Some(region) = self.regions.get(self.next).filter(|region| region.start.0 <= number) {
            let value = row.cells.get(region.start.1 as usize).filter(|_| region.start.0 == number);
            self.open.push((*region, value.cloned().unwrap_or_default()));
            self.next += 1;
        }
    }
}

/// The text of a value as a person would type it.
fn write_value(value: &DataRef<'_>, out: &mut String) -> Option<Mark> {
    use std::fmt::Write as _;
    // Writing to a text cannot fail.
    match value {
        DataRef::Empty => {}
        DataRef::Bool(flag) => out.push(if *flag { '1' } else { '0' }),
        DataRef::Int(number) => {
            let _ = write!(out, "{number}");
        }
        DataRef::Float(number) if number.fract() == 0.0 && number.abs() < 1e18 => {
            let _ = write!(out, "{number:.0}");
            return (number.abs() >= DIGITS_KEPT).then_some(Mark::Imprecise);
        }
        DataRef::Float(number) => {
            let _ = write!(out, "{number}");
        }
        DataRef::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            let _ = write!(out, "{year:04}-{month:02}-{day:02}");
        }
        DataRef::SharedString(text) => out.push_str(text),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => out.push_str(text),
        DataRef::Error(_) => return Some(Mark::Error),
    }
    None
}

/// Unpacks every part into nothing, within the bounds.
fn measure(path: &Path, limits: &Limits) -> Result<(), Refusal> {
    let mut file = File::open(path).map_err(unreadable)?;
    let bytes = file.metadata().map_err(unreadable)?.len();
    if bytes > limits.workbook_bytes {
        return Err(Refusal::TooLarge { what: "bytes", limit: limits.workbook_bytes });
    }
    let mut magic = [0; 8];
    if file.read(&mut magic).map_err(unreadable)? == 8 && magic == *b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" {
        return Err(Refusal::Locked);
    }
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(unreadable)?;
    if archive.len() > limits.parts {
        return Err(Refusal::TooLarge { what: "parts", limit: limits.parts as u64 });
    }
    let mut unpacked = 0;
    for part in 0..archive.len() {
        let part = archive.by_index(part).map_err(unreadable)?;
        // Sheets are streamed, everything else is held.
        let held = !part.name().map_err(unreadable)?.contains("worksheets/");
        let bound = if held { limits.held_bytes } else { limits.unpacked_bytes };
        let left = bound.min(limits.unpacked_bytes - unpacked);
        let mut sink = Measure { packed: part.compressed_size(), written: 0, ratio: limits.ratio };
        unpacked += match io::copy(&mut part.take(left + 1), &mut sink) {
            Ok(written) if written > left => return Err(Refusal::TooLarge { what: "bytes", limit: bound }),
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                return Err(Refusal::Ratio { limit: limits.ratio });
            }
            Err(error) => return Err(unreadable(error)),
        };
    }
    Ok(())
}

const RATIO_FROM: u64 = 1 << 20;

/// Counts what passes and stops a bomb.
struct Measure {
    packed: u64,
    written: u64,
    ratio: u64,
}

impl Write for Measure {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.written += buffer.len() as u64;
        if self.written > RATIO_FROM && self.written / self.ratio > self.packed {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
