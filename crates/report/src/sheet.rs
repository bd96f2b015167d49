//! A table as a workbook (XLSX) to take away: one sheet, headings that stay in view, numbers as numbers, text never as a formula. In: rows;
//! out: bytes. Bounded, because a workbook is made in memory: a longer table leaves as CSV.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

use crate::{Error, Result};

/// Rows of one sheet.
pub const SHEET_ROWS_MAX: usize = 200_000;
/// A spreadsheet keeps whole numbers exactly up to 2^53.
const EXACT_MAX: u64 = 1 << 53;
/// Characters of one cell, below the limit of the format.
const TEXT_MAX: usize = 32_000;
const WIDTH_MAX: usize = 60;

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum SheetCell {
    /// Nothing: not known, or hidden.
    Empty,
    /// Text as it is, whatever it begins with.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Any number.
    Decimal(f64),
}

impl SheetCell {
    /// A figure as it stands in text: nothing, a whole number, a decimal with a point, or else the text.
    pub fn figure(text: String) -> Self {
        if text.is_empty() {
            return Self::Empty;
        }
        if let Ok(number) = text.parse() {
            return Self::Number(number);
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() && text.contains('.') => Self::Decimal(number),
            _ => Self::Text(text),
        }
    }
}

/// What a workbook that leaves the house bears: a first sheet that says so, and head and foot of every printed page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetMark {
    /// Name of the first sheet.
    pub name: String,
    /// What the first sheet says: label and value.
    pub lines: Vec<(String, String)>,
    /// One line for head and foot.
    pub line: String,
}

/// A workbook with its mark in front of the rows. See [`workbook`].
///
/// # Errors
/// As [`workbook`].
pub fn marked_workbook(
    name: &str,
    heads: &[&str],
    rows: impl IntoIterator<Item = Vec<SheetCell>>,
    made_at_ms: i64,
    mark: &SheetMark,
) -> Result<Vec<u8>> {
    make(name, heads, rows, made_at_ms, Some(mark))
}

/// A workbook with one sheet. `made_at_ms` stands in its properties, so that the same table gives the same bytes.
///
/// # Errors
/// [`Error::TooLong`] beyond [`SHEET_ROWS_MAX`]; [`Error::Export`] when the workbook cannot be written.
pub fn workbook(
    name: &str,
    heads: &[&str],
    rows: impl IntoIterator<Item = Vec<SheetCell>>,
    made_at_ms: i64,
) -> Result<Vec<u8>> {
    make(name, heads, rows, made_at_ms, None)
}

/// Names of sheets are short and hold no sign of a path.
fn sheet_name(name: &str) -> String {
    let plain: String = name.chars().filter(|c| !r"[]:*?/\'".contains(*c)).take(31).collect();
    if plain.is_empty() { "Pilar".to_owned() } else { plain }
}

fn make(
    name: &str,
    heads: &[&str],
    rows: impl IntoIterator<Item = Vec<SheetCell>>,
    made_at_ms: i64,
    mark: Option<&SheetMark>,
) -> Result<Vec<u8>> {
    let wrong = |error: XlsxError| Error::Export(error.to_string());
    let mut book = Workbook::new();
    let made = ExcelDateTime::from_timestamp(made_at_ms.div_euclid(1000)).map_err(wrong)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let bold = Format::new().set_bold();
    // In head and foot `&` begins a code; a line there has at most 255 signs.
    let line: String = mark.map_or("", |mark| &mark.line).replace('&', "&&").chars().take(200).collect();
    if let Some(mark) = mark {
        let first = book.add_worksheet();
        first.set_name(sheet_name(&mark.name)).map_err(wrong)?;
        for (row, (label, value)) in mark.lines.iter().enumerate() {
            first.write_string_with_format(row as u32, 0, label, &bold).map_err(wrong)?;
            first
                .write_string(row as u32, 1, value.chars().take(TEXT_MAX).collect::<String>())
                .map_err(wrong)?;
        }
        first.set_column_width(0, 24.0).map_err(wrong)?;
        first.set_column_width(1, WIDTH_MAX as f64).map_err(wrong)?;
        first.set_footer(format!("&L{line}"));
    }
    let sheet = book.add_worksheet();
    sheet.set_name(sheet_name(name)).map_err(wrong)?;
    if mark.is_some() {
        sheet.set_header(format!("&C{line}"));
        sheet.set_footer(format!("&L{line}&R&P/&N"));
    }
    let mut widths: Vec<usize> = heads.iter().map(|head| head.chars().count()).collect();
    for (column, head) in heads.iter().enumerate() {
        sheet.write_string_with_format(0, column as u16, *head, &bold).map_err(wrong)?;
    }
    for (row, cells) in rows.into_iter().enumerate() {
        if row >= SHEET_ROWS_MAX {
            return Err(Error::TooLong(SHEET_ROWS_MAX));
        }
        for (column, cell) in cells.into_iter().enumerate().take(heads.len()) {
            let (row, at) = (row as u32 + 1, column as u16);
            widths[column] = widths[column].max(match &cell {
                SheetCell::Text(text) => text.chars().count(),
                SheetCell::Empty => 0,
                SheetCell::Number(_) | SheetCell::Decimal(_) => 16,
            });
            match cell {
                SheetCell::Empty => continue,
                SheetCell::Number(number) if number.unsigned_abs() <= EXACT_MAX => {
                    sheet.write_number(row, at, number as f64)
                }
                SheetCell::Number(number) => sheet.write_string(row, at, number.to_string()),
                SheetCell::Decimal(number) => sheet.write_number(row, at, number),
                SheetCell::Text(text) => {
                    sheet.write_string(row, at, text.chars().take(TEXT_MAX).collect::<String>())
                }
            }
            .map_err(wrong)?;
        }
    }
    for (column, width) in widths.into_iter().enumerate() {
        sheet.set_column_width(column as u16, (width.min(WIDTH_MAX) + 2) as f64).map_err(wrong)?;
    }
    sheet.set_freeze_panes(1, 0).map_err(wrong)?;
    book.save_to_buffer().map_err(wrong)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};

    use super::*;

    #[test]
    fn a_marked_workbook_says_in_front_whose_it_is_and_keeps_its_rows() {
        let mark = SheetMark {
            name: "Tanda".to_owned(),
            lines: vec![("Diambil oleh".to_owned(), "=Ani & Budi".to_owned())],
            line: "Ekspor 7 & lampiran".to_owned(),
        };
        let rows = || std::iter::once(vec![SheetCell::Text("a".to_owned())]);
        let made = || marked_workbook("Isi", &["satu"], rows(), 1_800_000_000_000, &mark).unwrap();
        assert_eq!(made(), made());
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(made())).unwrap();
        assert_eq!(book.sheet_names(), ["Tanda", "Isi"]);
        let text = |text: &str| Some(Data::String(text.to_owned()));
        assert_eq!(book.worksheet_range("Tanda").unwrap().get((0, 1)).cloned(), text("=Ani & Budi"));
        assert_eq!(book.worksheet_range("Isi").unwrap().get((1, 0)).cloned(), text("a"));
    }

    #[test]
    fn numbers_are_numbers_text_is_never_a_formula_and_the_same_table_is_the_same_file() {
        let rows = || {
            let figures =
                ["-5", "0.25", "", "9007199254740993", "1e3"].map(str::to_owned).map(SheetCell::figure);
            let text = SheetCell::Text("=1+1".to_owned());
            std::iter::once([vec![text], figures.to_vec()].concat())
        };
        let made =
            || workbook("PKH/2026: a", &["a", "b", "c", "d", "e", "f"], rows(), 1_800_000_000_000).unwrap();
        assert_eq!(made(), made());
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(made())).unwrap();
        let range = book.worksheet_range("PKH2026 a").unwrap();
        assert_eq!(range.get((0, 5)), Some(&Data::String("f".to_owned())));
        let row: Vec<Data> = range.rows().nth(1).unwrap().to_vec();
        let text = |text: &str| Data::String(text.to_owned());
        assert_eq!(
            row,
            [
                text("=1+1"),
                Data::Float(-5.0),
                Data::Float(0.25),
                Data::Empty,
                text("9007199254740993"),
                text("1e3")
            ]
        );
        assert!(book.worksheet_formula("PKH2026 a").unwrap().is_empty());
        let many = (0..=SHEET_ROWS_MAX).map(|_| vec![SheetCell::Empty]);
        assert_eq!(workbook("x", &["a"], many, 0).unwrap_err().code(), "report-too-long");
    }
}
