//! Received rows, kept in the lake as they came: what a bank said stays provable whatever was made of it. A row is found again by
//! its number, which is its place in the dataset.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use access::House;
use arrow_array::{Array, ArrayRef, Int32Array, RecordBatch, StringArray, cast::AsArray};
use arrow_schema::{DataType, Field, Schema};
use lake::{Origin, WriteOptions};

use crate::{Error, Result, files::FileView, wire::ReplyRow};

/// What stands between two cells of a kept row.
const SEPARATOR: char = '\u{1f}';

/// The dataset of a received file.
pub(crate) fn name(file_no: i64) -> String {
    format!("payments/in/{file_no}")
}

/// Writes the dataset `payments/in/<file>`: row number and cells, joined by U+001F; a torn row has none. The manifest says what
/// the cells are.
pub(crate) fn write(
    house: &House,
    name: &str,
    file: &FileView,
    columns: &[String],
    mut next: impl FnMut() -> Result<Vec<ReplyRow>>,
) -> Result<()> {
    let fields = vec![Field::new("row", DataType::Int32, false), Field::new("cells", DataType::Utf8, true)];
    let schema = Arc::new(Schema::new(fields));
    let mut writer = house.lake.writer(name, Arc::clone(&schema), WriteOptions::default())?;
    loop {
        let rows = next()?;
        if rows.is_empty() {
            break;
        }
        let numbers: Int32Array = rows.iter().map(|row| i32::try_from(row.row_no).ok()).collect();
        let cells: StringArray = rows.iter().map(|row| Some(row.cells.as_ref()?.joined())).collect();
        let columns: Vec<ArrayRef> = vec![Arc::new(numbers), Arc::new(cells)];
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns).map_err(lake::Error::from)?)?;
    }
    let cells = columns.join(",");
    let note = [("channel", &file.channel), ("kind", &file.kind), ("name", &file.name), ("columns", &cells)];
    let origin = Origin {
        made_by: "payment".to_owned(),
        inputs: file.hash.iter().cloned().collect(),
        policy: house.policy.hash().to_owned(),
        note: note
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .collect::<BTreeMap<_, _>>(),
    };
    writer.finish(origin, house.clock.as_ref())?;
    Ok(())
}

/// Rows of a received file as they were kept.
pub(crate) struct Kept {
    /// Our names for the cells, in order.
    pub(crate) columns: Vec<String>,
    /// Row number and cells; a torn row has none.
    pub(crate) rows: Vec<(i64, Vec<String>)>,
}

impl Kept {
    /// Where the rows have our field.
    pub(crate) fn place(&self, field: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == field)
    }
}

/// Reads the rows with these numbers (the first is 1); numbers beyond the file's end have no row. `otherwise` names the cells of
/// files that were kept before their manifest did. None when the file was never kept.
pub(crate) fn read(
    house: &House,
    file_no: i64,
    rows: Range<i64>,
    otherwise: impl FnOnce() -> Vec<String>,
) -> Result<Option<Kept>> {
    read_at(house, file_no, |rows_in| rows.start.max(1)..rows.end.min(rows_in + 1), otherwise)
}

/// As [`read`], of single rows: their numbers in ascending order, each once.
pub(crate) fn read_some(
    house: &House,
    file_no: i64,
    rows: &[i64],
    otherwise: impl FnOnce() -> Vec<String>,
) -> Result<Option<Kept>> {
    let there = |rows_in| rows.iter().copied().filter(move |row| (1..=rows_in).contains(row));
    read_at(house, file_no, there, otherwise)
}

/// Rows of a kept file; `rows` is told how many it has and answers which are wanted.
fn read_at<R: Iterator<Item = i64>>(
    house: &House,
    file_no: i64,
    rows: impl FnOnce(i64) -> R,
    otherwise: impl FnOnce() -> Vec<String>,
) -> Result<Option<Kept>> {
    let Some(dataset) = house.lake.dataset(&name(file_no))? else { return Ok(None) };
    let columns = match dataset.manifest().origin.note.get("columns") {
        Some(columns) => columns.split(',').map(str::to_owned).collect(),
        None => otherwise(),
    };
    let rows_in = i64::try_from(dataset.rows()).unwrap_or(i64::MAX - 1);
    let positions: Vec<u64> = rows(rows_in).map(|row| row.unsigned_abs() - 1).collect();
    let mut kept = Kept { columns, rows: Vec::with_capacity(positions.len()) };
    if positions.is_empty() {
        return Ok(Some(kept));
    }
    let found = dataset.rows_at(&positions, &["cells"])?;
    let cells = found.column(0).as_string_opt::<i32>().ok_or(Error::Stored("received rows"))?;
    for (at, position) in positions.iter().enumerate() {
        let row = if cells.is_null(at) { "" } else { cells.value(at) };
        let split =
            if row.is_empty() { Vec::new() } else { row.split(SEPARATOR).map(str::to_owned).collect() };
        kept.rows.push((*position as i64 + 1, split));
    }
    Ok(Some(kept))
}
