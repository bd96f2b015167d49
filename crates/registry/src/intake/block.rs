//! A block: some thousand rows of a list as text, in whatever format they came. The one form that all readers make and the checks take.

use super::finding::Rule;

/// Rows as text. Cells lie one after the other in `text`; a row is a run of cells.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub(crate) text: String,
    /// Start and end of each cell within `text`.
    pub(crate) cells: Vec<(u32, u32)>,
    pub(crate) rows: Vec<Row>,
    /// What a workbook says of single cells, in the order of cells.
    pub(crate) marks: Vec<(u32, Mark)>,
    /// How far the reader has come, in its own units, and of how many (0 = unknown).
    pub(crate) done: u64,
    pub(crate) total: u64,
}

/// One row of a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) first_cell: u32,
    /// Line or row of the file, from 1.
    pub(crate) line: u32,
    /// The row cannot be cut into cells.
    pub(crate) broken: Option<Rule>,
}

/// What a workbook says of a cell beyond its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The value is what a formula last gave.
    Formula,
    /// The formula failed.
    Error,
    /// A number of more digits than a spreadsheet keeps.
    Imprecise,
    /// The value of a merged cell that began in a row above.
    Merged,
}

impl Block {
    pub(crate) fn width(&self, row: usize) -> usize {
        let end = self.rows.get(row + 1).map_or(self.cells.len(), |next| next.first_cell as usize);
        end - self.rows[row].first_cell as usize
    }

    /// The text of a cell; a cell beyond the row's end is empty.
    pub(crate) fn cell(&self, row: usize, column: usize) -> &str {
        if column >= self.width(row) {
            return "";
        }
        self.text_of(self.rows[row].first_cell as usize + column)
    }

    pub(crate) fn text_of(&self, cell: usize) -> &str {
        let (start, end) = self.cells[cell];
        &self.text[start as usize..end as usize]
    }

    /// Row and column of a cell.
    pub(crate) fn place_of(&self, cell: u32) -> (usize, usize) {
        let row = self.rows.partition_point(|row| row.first_cell <= cell) - 1;
        (row, (cell - self.rows[row].first_cell) as usize)
    }

    pub(crate) fn start_row(&mut self, line: u32) {
        self.rows.push(Row { first_cell: self.cells.len() as u32, line, broken: None });
    }

    pub(crate) fn push_cell(&mut self, text: &str) {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        self.cells.push((start, self.text.len() as u32));
    }

    /// Takes back the row just written when nothing stands in it.
    pub(crate) fn drop_blank_row(&mut self) {
        let Some(row) = self.rows.last() else { return };
        let first = row.first_cell as usize;
        if row.broken.is_none() && self.cells[first..].iter().all(|&(start, end)| start == end) {
            self.cells.truncate(first);
            self.rows.pop();
        }
    }
}
