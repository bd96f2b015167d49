//! The bounds within which a received file is opened. Beyond them it is refused whole, with the bound named.

/// Bounds on one file. The defaults hold the largest honest list of one district; a nation's list comes as CSV or Parquet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rows of one file: row numbers have 32 bits.
    pub rows: u32,
    /// Columns of one file.
    pub columns: usize,
    /// Bytes of one row of delimited text.
    pub row_bytes: usize,
    /// Bytes of a workbook on disk.
    pub workbook_bytes: u64,
    /// Bytes of a workbook unpacked.
    pub unpacked_bytes: u64,
    /// Bytes of one part that is held in memory (texts that cells share, styles), unpacked.
    pub held_bytes: u64,
    /// Unpacked bytes for each packed byte, looked at from one megabyte on.
    pub ratio: u64,
    /// Parts within a workbook.
    pub parts: usize,
    /// Cells of the sheet.
    pub cells: u64,
    /// Merged regions of the sheet.
    pub merged: usize,
    /// Findings of one file that the database keeps; all of them are in the lake.
    pub findings_kept: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows: u32::MAX - 1,
            columns: 1_000,
            row_bytes: 1 << 20,
            workbook_bytes: 512 << 20,
            unpacked_bytes: 4 << 30,
            held_bytes: 512 << 20,
            ratio: 120,
            parts: 2_000,
            cells: 100_000_000,
            merged: 200_000,
            findings_kept: 1_000,
        }
    }
}
