//! Writes one workbook of one sheet with a merged two-row header, as fast as it can be packed.
//!
//! In: columns in groups and rows of joined cells. Out: an `.xlsx` whose bytes depend on nothing but the
//! rows (no clock, no author). Never: more rows than the format has.

use std::io::{Seek, Write};

use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// Data rows a sheet takes: the format has 1,048,576, two are the header.
pub(crate) const SHEET_ROWS: usize = 1_048_574;
/// First row of data: below the two header rows.
pub(crate) const FIRST_ROW: usize = 3;

/// One column: its group in the upper header row, its name in the lower one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
    pub(crate) number: bool,
}

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const BOOK: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Anggota Keluarga" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const SHEET: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#;

/// A workbook being written.
pub(crate) struct Workbook<W: Write + Seek> {
    zip: ZipWriter<W>,
    columns: &'static [Column],
    letters: Vec<String>,
    merged: Vec<String>,
    text: String,
    rows: usize,
}

impl<W: Write + Seek> Workbook<W> {
    /// Begins the workbook with its header.
    pub(crate) fn begin(out: W, columns: &'static [Column]) -> Result<Self, ZipError> {
        let mut zip = ZipWriter::new(out);
        let fast = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(1))
            .last_modified_time(zip::DateTime::default());
        for (name, text) in [
            ("[Content_Types].xml", TYPES),
            ("_rels/.rels", RELATIONS),
            ("xl/workbook.xml", BOOK),
            ("xl/_rels/workbook.xml.rels", BOOK_RELATIONS),
        ] {
            zip.start_file(name, fast)?;
            zip.write_all(text.as_bytes())?;
        }
        zip.start_file("xl/worksheets/sheet1.xml", fast.large_file(true))?;
        let letters: Vec<String> = (0..columns.len()).map(letter).collect();
        let mut text = String::with_capacity(1 << 17);
        text.push_str(SHEET);
        let merged = header(columns, &letters, &mut text);
        Ok(Self { zip, columns, letters, merged, text, rows: 0 })
    }

    /// Adds a row: its cells after the first, which numbers the rows, joined by `join`. A full sheet takes
    /// no more: false.
    pub(crate) fn row(&mut self, cells: &str, join: char) -> Result<bool, ZipError> {
        if self.rows == SHEET_ROWS {
            return Ok(false);
        }
        self.rows += 1;
        let row = self.rows + FIRST_ROW - 1;
        write_row(row, self.rows, cells.split(join), self.columns, &self.letters, &mut self.text);
        if self.text.len() > 1 << 16 {
            self.zip.write_all(self.text.as_bytes())?;
            self.text.clear();
        }
        Ok(true)
    }

    /// Rows so far.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Ends the sheet and the file.
    pub(crate) fn finish(mut self) -> Result<W, ZipError> {
        self.text.push_str("</sheetData><mergeCells>");
        for range in &self.merged {
            self.text.push_str("<mergeCell ref=\"");
            self.text.push_str(range);
            self.text.push_str("\"/>");
        }
        self.text.push_str("</mergeCells></worksheet>");
        self.zip.write_all(self.text.as_bytes())?;
        self.zip.finish()
    }
}

/// A, B, ... Z, AA, ...
fn letter(column: usize) -> String {
    let small = char::from(b'A' + (column % 26) as u8);
    match column / 26 {
        0 => small.to_string(),
        high => format!("{}{small}", char::from(b'A' + (high - 1) as u8)),
    }
}

/// Both header rows; returns the merged ranges.
fn header(columns: &[Column], letters: &[String], out: &mut String) -> Vec<String> {
    let mut merged = Vec::new();
    out.push_str("<row r=\"1\">");
    let mut at = 0;
    while at < columns.len() {
        let group = columns[at].group;
        let width = columns[at..].iter().take_while(|column| column.group == group).count();
        text_cell(&letters[at], 1, group, out);
        if width > 1 {
            merged.push(format!("{}1:{}1", letters[at], letters[at + width - 1]));
        } else if columns[at].name.is_empty() {
            merged.push(format!("{0}1:{0}2", letters[at]));
        }
        at += width;
    }
    out.push_str("</row><row r=\"2\">");
    for (column, letter) in columns.iter().zip(letters).filter(|(column, _)| !column.name.is_empty()) {
        text_cell(letter, 2, column.name, out);
    }
    out.push_str("</row>");
    merged
}

fn write_row<'a>(
    row: usize,
    number: usize,
    cells: impl Iterator<Item = &'a str>,
    columns: &[Column],
    letters: &[String],
    out: &mut String,
) {
    out.push_str("<row r=\"");
    crate::noise::push_number(out, row as i64);
    out.push_str("\">");
    let mut first = String::new();
    crate::noise::push_number(&mut first, number as i64);
    number_cell(&letters[0], row, &first, out);
    for ((cell, column), letter) in cells.zip(&columns[1..]).zip(&letters[1..]) {
        match (cell.is_empty(), column.number) {
            (true, _) => {}
            (_, true) => number_cell(letter, row, cell, out),
            (_, false) => text_cell(letter, row, cell, out),
        }
    }
    out.push_str("</row>");
}

fn number_cell(letter: &str, row: usize, number: &str, out: &mut String) {
    out.push_str("<c r=\"");
    out.push_str(letter);
    crate::noise::push_number(out, row as i64);
    out.push_str("\"><v>");
    out.push_str(number);
    out.push_str("</v></c>");
}

fn text_cell(letter: &str, row: usize, text: &str, out: &mut String) {
    out.push_str("<c r=\"");
    out.push_str(letter);
    crate::noise::push_number(out, row as i64);
    out.push_str("\" t=\"inlineStr\"><is><t>");
    if text.contains(['&', '<', '>']) {
        out.push_str(&text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
    } else {
        out.push_str(text);
    }
    out.push_str("</t></is></c>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_lettered_as_in_a_spreadsheet() {
        assert_eq!([0, 25, 26, 51, 52].map(letter), ["A", "Z", "AA", "AZ", "BA"]);
    }

    #[test]
    fn a_group_spans_its_columns_and_a_lone_column_both_rows() {
        let column = |group, name| Column { group, name, number: false };
        let columns = [column("No", ""), column("Lokasi", "RT"), column("Lokasi", "RW")];
        let mut out = String::new();
        let letters: Vec<String> = (0..3).map(letter).collect();
        assert_eq!(header(&columns, &letters, &mut out), ["A1:A2", "B1:C1"]);
    }
}
