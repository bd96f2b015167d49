//! What is wrong in a pack, where, and what to do about it. Faults are collected, never thrown at the first one: an official who
//! edits ten files sees all mistakes at once.

use std::{cell::RefCell, fmt};

/// One mistake in one file of the pack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Fault {
    /// Path within the pack, such as `programmes/a.toml`.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do now.
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}; {}", self.file, self.line, self.column, self.message, self.remedy)
    }
}

impl std::error::Error for Fault {}

/// The faults found so far. Shared by all readers of one load.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    faults: RefCell<Vec<Fault>>,
    warnings: RefCell<Vec<Fault>>,
}

impl Faults {
    /// Records a fault at a byte offset of a file's text.
    pub(crate) fn add(&self, file: &str, text: &str, offset: usize, message: String, remedy: String) {
        let (line, column) = line_and_column(text, offset);
        self.faults.borrow_mut().push(Fault { file: file.to_owned(), line, column, message, remedy });
    }

    /// Records a remark that does not stop the load.
    pub(crate) fn warn(&self, file: &str, text: &str, offset: usize, message: &str, remedy: &str) {
        let (line, column) = line_and_column(text, offset);
        let (message, remedy) = (message.to_owned(), remedy.to_owned());
        self.warnings.borrow_mut().push(Fault { file: file.to_owned(), line, column, message, remedy });
    }

    /// Whether there is no fault so far.
    pub(crate) fn none(&self) -> bool {
        self.faults.borrow().is_empty()
    }

    /// Faults and warnings, in the order of files and lines, each once.
    pub(crate) fn into_sorted(self) -> (Vec<Fault>, Vec<Fault>) {
        let sorted = |found: RefCell<Vec<Fault>>| {
            let mut found = found.into_inner();
            found.sort();
            found.dedup();
            found
        };
        (sorted(self.faults), sorted(self.warnings))
    }
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
