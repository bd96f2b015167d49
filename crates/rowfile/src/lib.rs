//! Files of rows that people wrote: registers, hand-overs, answers. In: the text of a CSV file and its shape. Out: what each row was
//! read as, with its line; every fault with line, column, rule and remedy. Whoever reads one takes it whole or not at all. Never here:
//! the disk, what a cell means, the lists of millions of rows that other ministries send (see `registry`).

use std::collections::BTreeMap;

use serde::Serialize;

/// Faults told of one file.
pub const FAULTS_MAX: usize = 100;
/// Characters of a cell that a fault shows.
const SHOWN_CHARS: usize = 40;

/// What is wrong with one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowFault {
    /// Line of the file, from 1.
    pub line: usize,
    /// Name of the column, empty for the whole row.
    pub column: String,
    /// Which rule it breaks.
    pub rule: String,
    /// What to do.
    pub remedy: &'static str,
}

impl std::fmt::Display for RowFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = if self.column.is_empty() { "" } else { ", " };
        write!(f, "line {}{at}{}: {}; {}", self.line, self.column, self.rule, self.remedy)
    }
}

/// A file that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The first faults, in the order in which they were found.
    pub faults: Vec<RowFault>,
    /// How many more there are.
    pub more: usize,
}

impl std::fmt::Display for Refused {
    /// How many faults, then those that are told, one a line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} faults; nothing was taken:", self.faults.len() + self.more)?;
        for fault in &self.faults {
            write!(f, "\n{fault}")?;
        }
        if self.more > 0 { write!(f, "\nand {} more", self.more) } else { Ok(()) }
    }
}

impl std::error::Error for Refused {}

/// Faults found so far: a bounded list, and how many there were.
#[derive(Debug, Default)]
pub struct Faults {
    told: Vec<RowFault>,
    more: usize,
}

impl Faults {
    /// Notes one.
    pub fn add(&mut self, line: usize, column: &str, rule: impl Into<String>, remedy: &'static str) {
        if self.told.len() < FAULTS_MAX {
            self.told.push(RowFault { line, column: column.to_owned(), rule: rule.into(), remedy });
        } else {
            self.more += 1;
        }
    }

    /// Notes that a cell of a row is not what its column asks for, with the beginning of the cell.
    pub fn wrong(&mut self, row: &Row<'_>, column: &str, rule: &str, remedy: &'static str) {
        let shown: String = row.cell(column).chars().take(SHOWN_CHARS).collect();
        self.add(row.line, column, format!("`{shown}`: {rule}"), remedy);
    }

    /// Whether the file may be taken.
    ///
    /// # Errors
    /// Every fault found so far.
    pub fn done(self) -> Result<(), Refused> {
        if self.told.is_empty() { Ok(()) } else { Err(Refused { faults: self.told, more: self.more }) }
    }
}

/// What a file has to be like.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Columns, in any order; others are not read.
    pub columns: &'static [&'static str],
    /// Those of them that may be left out; their cells are empty then.
    pub optional: &'static [&'static str],
    /// A column that has another cell in every row, if there is one.
    pub unique: Option<&'static str>,
    /// Most rows.
    pub rows_max: usize,
}

/// A row: its cells by the names of the columns, without blanks around them.
#[derive(Debug)]
pub struct Row<'a> {
    /// Line of the file, from 1.
    pub line: usize,
    columns: &'static [&'static str],
    places: &'a [Option<usize>],
    record: &'a csv::StringRecord,
}

impl<'a> Row<'a> {
    /// The cell of a column; empty where the file has no such column.
    pub fn cell(&self, column: &str) -> &'a str {
        let place = self.columns.iter().position(|name| *name == column);
        let at = place.and_then(|place| self.places.get(place).copied().flatten());
        at.and_then(|at| self.record.get(at)).unwrap_or_default()
    }

    /// The same as text of its own.
    pub fn text(&self, column: &str) -> String {
        self.cell(column).to_owned()
    }

    /// A whole number without a sign; none where the cell is something else.
    pub fn digits(&self, column: &str) -> Option<i64> {
        let cell = self.cell(column);
        cell.parse().ok().filter(|_| cell.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

/// Reads a file: comma or semicolon, quotes doubled within quotes, a mark of byte order allowed, empty lines passed over. `each` reads a
/// row and notes what is wrong with it; a row of which it makes nothing is left out.
pub fn read<T>(
    text: &str,
    shape: &Shape,
    faults: &mut Faults,
    mut each: impl FnMut(&Row<'_>, &mut Faults) -> Option<T>,
) -> Vec<(usize, T)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mark = if header.contains(';') && !header.contains(',') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(mark)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    let mut next = |record: &mut csv::StringRecord| match reader.read_record(record) {
        Ok(true) => Some(line_of(text, record)),
        // A text of characters has no other fault that a reader of any shape could find.
        Ok(false) | Err(_) => None,
    };
    let Some(first) = next(&mut record).filter(|_| !record.iter().all(str::is_empty)) else {
        faults.add(1, "", "the file is empty", "write a header and one row for each entry");
        return Vec::new();
    };
    let width = record.len();
    let places: Vec<Option<usize>> =
        shape.columns.iter().map(|name| record.iter().position(|head| head == *name)).collect();
    let needed = |name: &&str| !shape.optional.contains(name);
    let mut complete = true;
    for (name, _) in shape.columns.iter().zip(&places).filter(|(name, place)| place.is_none() && needed(name))
    {
        faults.add(first, name, "the column is missing", "add it to the header");
        complete = false;
    }
    let (mut rows, mut seen): (Vec<(usize, T)>, BTreeMap<String, usize>) = (Vec::new(), BTreeMap::new());
    let mut count = 0;
    while complete && let Some(line) = next(&mut record) {
        if record.len() == 1 && record.get(0) == Some("") {
            continue;
        }
        count += 1;
        if count > shape.rows_max {
            faults.add(
                line,
                "",
                format!("a file has at most {} rows", shape.rows_max),
                "cut it into several files",
            );
            break;
        }
        if record.len() != width {
            let rule = format!("the row does not have {width} cells");
            faults.add(line, "", rule, "give every row as many cells as the header, and close every quote");
            continue;
        }
        if record.iter().any(|cell| cell.contains(['\n', '\r'])) {
            faults.add(
                line,
                "",
                "a cell goes over several lines",
                "close its quote, and write it in one line",
            );
            continue;
        }
        let row = Row { line, columns: shape.columns, places: &places, record: &record };
        let read = each(&row, faults);
        if let Some(column) = shape.unique
            && let Some(before) = seen.insert(row.text(column), line)
        {
            faults.add(
                line,
                column,
                format!("the same {column} stands in line {before}"),
                "keep one row for each",
            );
        }
        rows.extend(read.map(|read| (line, read)));
    }
    rows
}

/// Where a record begins: the reader counts empty lines before it as its own.
fn line_of(text: &str, record: &csv::StringRecord) -> usize {
    let Some(at) = record.position() else { return 0 };
    let from = usize::try_from(at.byte()).unwrap_or(usize::MAX);
    let skipped = text.bytes().skip(from).take_while(|byte| matches!(byte, b'\r' | b'\n'));
    usize::try_from(at.line())
        .unwrap_or(usize::MAX)
        .saturating_add(skipped.filter(|byte| *byte == b'\n').count())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SHAPE: Shape = Shape {
        columns: &["number", "name", "note"],
        optional: &["note"],
        unique: Some("number"),
        rows_max: 4,
    };

    fn take(text: &str) -> (Vec<(usize, String)>, Vec<String>) {
        let mut faults = Faults::default();
        let rows = read(text, &SHAPE, &mut faults, |row, faults| {
            if row.digits("number").is_none() {
                faults.wrong(row, "number", "no number", "write digits");
                return None;
            }
            Some(format!("{}|{}|{}", row.cell("number"), row.cell("name"), row.cell("note")))
        });
        let told = faults.done().err().map_or_else(Vec::new, |refused| refused.faults);
        (rows, told.iter().map(|fault| format!("{}:{}:{}", fault.line, fault.column, fault.rule)).collect())
    }

    #[test]
    fn columns_stand_in_any_order_between_either_mark() {
        for text in [
            "\u{feff}name,number,other\r\n\r\n\"a, \"\"b\"\"\" , 1 ,x\r\n",
            "\nname;number\n\"a, \"\"b\"\"\";1\n",
        ] {
            let (rows, faults) = take(text);
            assert_eq!(rows, [(3, "1|a, \"b\"|".to_owned())], "{text}");
            assert!(faults.is_empty(), "{faults:?}");
        }
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let text = "number,name\n1,a\n\n   \n1,b\nx,c\n2\n3,\"d\ne\"\n4,f\n";
        let (rows, faults) = take(text);
        assert_eq!(rows, [(2, "1|a|".to_owned()), (5, "1|b|".to_owned())]);
        let told = [
            "5:number:the same number stands in line 2",
            "6:number:`x`: no number",
            "7::the row does not have 2 cells",
            "8::a file has at most 4 rows",
        ];
        assert_eq!(faults, told);
        assert_eq!(take("number,name\n1,\"d\ne\"\n2,f\n").1, ["2::a cell goes over several lines"]);
        assert_eq!(take("number,name\n1,\"d\n2,f\n").1, ["2::a cell goes over several lines"]);
        assert_eq!(take("number,name\n\"1,d\n2,f\n").1, ["2::the row does not have 2 cells"]);
        assert_eq!(take("").1, ["1::the file is empty"]);
        assert_eq!(take("\n \n").1, ["1::the file is empty"]);
        assert_eq!(
            take("\nx,note\n1,2\n").1,
            ["2:number:the column is missing", "2:name:the column is missing"]
        );
    }

    proptest! {
        /// What a spreadsheet would write is read as it was, whatever stands in the cells and between the rows.
        #[test]
        fn cells_come_back(cells in prop::collection::vec("[a-z,;\" ]{0,6}", 0..4), gaps in prop::collection::vec(0..3usize, 4)) {
            let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
            let (mut text, mut line, mut expected) = ("number,name\n".to_owned(), 2, Vec::new());
            for ((at, cell), gap) in cells.iter().enumerate().zip(&gaps) {
                text.push_str(&"\n".repeat(*gap));
                text.extend([at.to_string(), ",".to_owned(), quoted(cell), "\n".to_owned()]);
                expected.push((line + gap, format!("{at}|{}|", cell.trim())));
                line += gap + 1;
            }
            prop_assert_eq!(take(&text), (expected, Vec::new()));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}|[a-z\",;\r\n]{0,80}") {
            let (rows, _) = take(&format!("number,name\n{text}"));
            prop_assert!(rows.len() <= SHAPE.rows_max);
        }
    }
}
