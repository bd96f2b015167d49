//! One block of text against the plan: columns of values, the rows that cannot be used, and everything that was found. Pure but for the
//! lookup of regions; column by column, so that the kind of a cell is decided once a column and not once a cell.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Date32Builder, Int32Builder, Int64Builder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Int32Array, Int64Array, StringArray, new_null_array,
};
use arrow_schema::DataType;
use jiff::civil::Date;
use model::{RegionLevel, Sex, civil_from_epoch_days, epoch_days};
use rustc_hash::{FxHashMap, FxHashSet};

use super::block::{Block, Mark};
use super::cell::{self, DateForm};
use super::finding::{Rule, Secret, Severity, mask};
use super::nik::{self, Beside};
use super::plan::{CodeMap, Kind, Output, Plan, PlanColumn};
use crate::regions::Regions;

/// What a check needs beside the block.
pub(crate) struct Bench<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) regions: &'a Regions,
    /// The day that the list speaks of: births after it are wrong.
    pub(crate) as_of: Date,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Row within the block.
    pub(crate) row: u32,
    /// Header as the source writes it; empty for the row as a whole.
    pub(crate) column: String,
    pub(crate) rule: Rule,
    pub(crate) masked: String,
}

/// A block after its check.
pub(crate) struct Checked {
    /// Line of every row of the block.
    pub(crate) lines: Vec<i32>,
    /// Every row as read.
    pub(crate) raw: StringArray,
    /// Which rows are taken.
    pub(crate) accepted: BooleanArray,
    /// The columns of the result, accepted rows only.
    pub(crate) columns: Vec<ArrayRef>,
    pub(crate) findings: Vec<Finding>,
    /// Region of each row, where known: decides who may see its findings.
    pub(crate) regions: Option<StringArray>,
    pub(crate) done: u64,
    pub(crate) total: u64,
}

const EARLIEST: Date = jiff::civil::date(1900, 1, 1);

pub(crate) fn check(bench: &Bench<'_>, block: &Block) -> Checked {
    let mut work = Work::new(bench, block);
    work.find_broken_rows();
    work.read_marks();
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(bench.plan.columns.len());
    for column in &bench.plan.columns {
        let array = work.read_column(column, &arrays);
        arrays.push(array);
    }
    work.check_deaths(&mut arrays);
    work.check_needs(&arrays);
    work.finish(arrays)
}

struct Work<'a> {
    bench: &'a Bench<'a>,
    block: &'a Block,
    rejected: Vec<bool>,
    findings: Vec<Finding>,
    /// Cells that a workbook kept as a number of too many digits.
    imprecise: FxHashSet<u32>,
}

impl<'a> Work<'a> {
    fn new(bench: &'a Bench<'a>, block: &'a Block) -> Self {
        let rejected = vec![false; block.rows.len()];
        Self { bench, block, rejected, findings: Vec::new(), imprecise: FxHashSet::default() }
    }

    fn rows(&self) -> usize {
        self.block.rows.len()
    }

    fn find(&mut self, row: usize, column: &str, rule: Rule, value: &str, secret: Secret) {
        if rule.severity() == Severity::Reject {
            self.rejected[row] = true;
        }
        let masked = mask(value, secret);
        self.findings.push(Finding { row: row as u32, column: column.to_owned(), rule, masked });
    }

    /// Rows that cannot be cut, or have another number of cells than the header.
    fn find_broken_rows(&mut self) {
        for row in 0..self.rows() {
            if let Some(rule) = self.block.rows[row].broken {
                let text = self.block.cell(row, 0).to_owned();
                self.find(row, "", rule, &text, Secret::Text);
                continue;
            }
            let (width, wanted) = (self.block.width(row), self.bench.plan.width);
            let extra = (wanted..width).any(|column| !cell::trim(self.block.cell(row, column)).is_empty());
            if width < wanted || extra {
                self.find(row, "", Rule::Ragged, &format!("{width} / {wanted}"), Secret::Open);
            }
        }
    }

    /// What the workbook says of cells that are used.
    fn read_marks(&mut self) {
        let block = self.block;
        for &(at, mark) in &block.marks {
            let (row, place) = block.place_of(at);
            let plan = self.bench.plan;
            let Some(column) = plan.columns.iter().find(|column| column.place == place) else { continue };
            let rule = match mark {
                Mark::Formula => Rule::Formula,
                Mark::Error => Rule::FormulaError,
                Mark::Merged => Rule::Merged,
                Mark::Imprecise => {
                    self.imprecise.insert(at);
                    continue;
                }
            };
            self.find(row, &column.from, rule, block.text_of(at as usize), column.secret);
        }
    }

    /// The trimmed text of a cell; nothing for a rejected row or a blank cell.
    fn cell(&self, row: usize, place: usize) -> Option<&'a str> {
        if self.rejected[row] {
            return None;
        }
        let text = cell::trim(self.block.text_of(self.block.rows[row].first_cell as usize + place));
        (!cell::is_blank(text)).then_some(text)
    }

    fn read_column(&mut self, column: &PlanColumn, before: &[ArrayRef]) -> ArrayRef {
        match &column.kind {
            Kind::Nik => Arc::new(self.niks(column, before)),
            Kind::Kk => Arc::new(self.kks(column)),
            Kind::Text { longest } => Arc::new(self.texts(column, *longest)),
            Kind::Int { map, codes, least, most } => {
                Arc::new(self.ints(column, map, codes.as_deref(), *least..=*most))
            }
            Kind::Letters { most } => Arc::new(self.letters(column, *most)),
            Kind::Bool { map } => Arc::new(self.bools(column, map)),
            Kind::Date { forms } => Arc::new(self.dates(column, forms)),
            Kind::Region { bps } => Arc::new(self.regions(column, *bps)),
        }
    }

    fn texts(&mut self, column: &PlanColumn, longest: usize) -> StringArray {
        let mut out = StringBuilder::with_capacity(self.rows(), self.rows() * 16);
        let mut tidy = String::new();
        for row in 0..self.rows() {
            let Some(text) = self.cell(row, column.place) else {
                out.append_null();
                continue;
            };
            if text.len() > longest && text.chars().count() > longest {
                self.find(row, &column.from, Rule::TooLong, text, column.secret);
                out.append_null();
            } else if needs_tidying(text) {
                tidy_into(text, &mut tidy);
                out.append_value(&tidy);
            } else {
                out.append_value(text);
            }
        }
        out.finish()
    }

    fn ints(
        &mut self,
        column: &PlanColumn,
        map: &CodeMap,
        codes: Option<&[i32]>,
        range: std::ops::RangeInclusive<i64>,
    ) -> Int32Array {
        let mut out = Int32Builder::with_capacity(self.rows());
        let mut upper = String::new();
        let rule = if codes.is_some() || !map.is_empty() { Rule::Code } else { Rule::Number };
        for row in 0..self.rows() {
            let Some(text) = self.cell(row, column.place) else {
                out.append_null();
                continue;
            };
            let value = if map.is_empty() {
                let number = if codes.is_some() { cell::code(text) } else { cell::int(text) };
                let number = number.filter(|number| range.contains(number)).map(|number| number as i32);
                number.filter(|number| codes.is_none_or(|codes| codes.contains(number)))
            } else {
                mapped(map, text, &mut upper)
            };
            if value.is_none() {
                self.find(row, &column.from, rule, text, column.secret);
            }
            out.append_option(value);
        }
        out.finish()
    }

    fn letters(&mut self, column: &PlanColumn, most: i32) -> Int32Array {
        let mut out = Int32Builder::with_capacity(self.rows());
        for row in 0..self.rows() {
            // Here `-` says "none of them", not "unknown".
            let written = self.cell(row, column.place).or_else(|| self.dash(row, column.place));
            let Some(text) = written else {
                out.append_null();
                continue;
            };
            let value = cell::letters(text).filter(|bits| (0..=most).contains(bits));
            if value.is_none() {
                self.find(row, &column.from, Rule::Code, text, column.secret);
            }
            out.append_option(value);
        }
        out.finish()
    }

    fn dash(&self, row: usize, place: usize) -> Option<&'a str> {
        if self.rejected[row] {
            return None;
        }
        let text = self.block.text_of(self.block.rows[row].first_cell as usize + place);
        (cell::trim(text) == "-").then_some("-")
    }

    fn bools(&mut self, column: &PlanColumn, map: &CodeMap) -> BooleanArray {
        let mut out = BooleanBuilder::with_capacity(self.rows());
        let mut upper = String::new();
        for row in 0..self.rows() {
            let Some(text) = self.cell(row, column.place) else {
                out.append_null();
                continue;
            };
            let value = if map.is_empty() {
                upper_into(text, &mut upper);
                cell::yes_no(&upper)
            } else {
                mapped(map, text, &mut upper).map(|code| code != 0)
            };
            if value.is_none() {
                self.find(row, &column.from, Rule::Code, text, column.secret);
            }
            out.append_option(value);
        }
        out.finish()
    }

    fn dates(&mut self, column: &PlanColumn, forms: &[DateForm]) -> Date32Array {
        let mut out = Date32Builder::with_capacity(self.rows());
        let range = epoch_days(EARLIEST)..=epoch_days(self.bench.as_of);
        for row in 0..self.rows() {
            let Some(text) = self.cell(row, column.place) else {
                out.append_null();
                continue;
            };
            let read = cell::date(text, forms);
            match read.and_then(|day| if range.contains(&day) { Ok(day) } else { Err(Rule::DateRange) }) {
                Ok(day) => out.append_value(day),
                Err(rule) => {
                    self.find(row, &column.from, rule, text, column.secret);
                    out.append_null();
                }
            }
        }
        out.finish()
    }

    fn regions(&mut self, column: &PlanColumn, bps: bool) -> StringArray {
        let known = self.bench.regions;
        let mut out = StringBuilder::with_capacity(self.rows(), self.rows() * 13);
        for row in 0..self.rows() {
            let Some(text) = self.cell(row, column.place) else {
                out.append_null();
                continue;
            };
            let found = if bps { known.resolve_bps(text) } else { known.resolve(text) };
            let rule = match found {
                Some(region) if region.level() == RegionLevel::Village => {
                    out.append_value(region.as_str());
                    continue;
                }
                Some(_) => Rule::RegionLevel,
                None => Rule::Region,
            };
            self.find(row, &column.from, rule, text, column.secret);
            out.append_null();
        }
        out.finish()
    }

    fn is_imprecise(&self, row: usize, place: usize) -> bool {
        !self.imprecise.is_empty()
            && self.imprecise.contains(&(self.block.rows[row].first_cell + place as u32))
    }

    fn kks(&mut self, column: &PlanColumn) -> Int64Array {
        let mut out = Int64Builder::with_capacity(self.rows());
        for row in 0..self.rows() {
            let Some(text) = self.cell(row, column.place) else {
                if !self.rejected[row] {
                    self.find(row, &column.from, Rule::KkMissing, "", column.secret);
                }
                out.append_null();
                continue;
            };
            let read =
                if self.is_imprecise(row, column.place) { Err(Rule::KkPrecision) } else { nik::kk(text) };
            if let Err(rule) = read {
                self.find(row, &column.from, rule, text, column.secret);
            }
            out.append_option(read.ok());
        }
        out.finish()
    }

    fn niks(&mut self, column: &PlanColumn, before: &[ArrayRef]) -> Int64Array {
        let place_of = |to: &str| self.bench.plan.column_to(to).filter(|&place| place < before.len());
        let born = place_of("birth_date").map(|place| before[place].as_primitive::<Date32Type>());
        let sexes = place_of("sex").map(|place| before[place].as_primitive::<Int32Type>());
        let year_now = self.bench.as_of.year();
        let regions = self.bench.regions;
        let mut out = Int64Builder::with_capacity(self.rows());
        for row in 0..self.rows() {
            let Some(text) = self.cell(row, column.place) else {
                if !self.rejected[row] {
                    self.find(row, &column.from, Rule::NikMissing, "", column.secret);
                }
                out.append_null();
                continue;
            };
            let beside = Beside {
                birth_date: born
                    .filter(|c| c.is_valid(row))
                    .and_then(|c| civil_from_epoch_days(c.value(row))),
                sex: sexes.filter(|c| c.is_valid(row)).and_then(|c| Sex::from_code(c.value(row).into())),
            };
            let read = if self.is_imprecise(row, column.place) {
                Err(Rule::NikPrecision)
            } else {
                nik::nik(text, beside, year_now, |six| regions.is_subdistrict(six))
            };
            match read {
                Ok(read) => {
                    if let Some(rule) = read.note {
                        self.find(row, &column.from, rule, text, column.secret);
                    }
                    out.append_value(read.number);
                }
                Err(rule) => {
                    self.find(row, &column.from, rule, text, column.secret);
                    out.append_null();
                }
            }
        }
        out.finish()
    }

    /// A death before the birth is left out.
    fn check_deaths(&mut self, arrays: &mut [ArrayRef]) {
        let plan = self.bench.plan;
        let (Some(born), Some(died)) = (plan.column_to("birth_date"), plan.column_to("death_date")) else {
            return;
        };
        let births = arrays[born].as_primitive::<Date32Type>().clone();
        let deaths = arrays[died].as_primitive::<Date32Type>().clone();
        let wrong = |row: usize| {
            births.is_valid(row) && deaths.is_valid(row) && deaths.value(row) < births.value(row)
        };
        let rows: Vec<usize> = (0..self.rows()).filter(|&row| wrong(row)).collect();
        if rows.is_empty() {
            return;
        }
        let column = &plan.columns[died];
        for &row in &rows {
            let text = self.cell(row, column.place).unwrap_or("").to_owned();
            self.find(row, &column.from, Rule::DeathBeforeBirth, &text, column.secret);
        }
        let kept: Date32Array = deaths
            .iter()
            .enumerate()
            .map(|(row, day)| day.filter(|_| rows.binary_search(&row).is_err()))
            .collect();
        arrays[died] = Arc::new(kept);
    }

    fn check_needs(&mut self, arrays: &[ArrayRef]) {
        for &need in &self.bench.plan.needs {
            let array = &arrays[need];
            if array.null_count() == 0 {
                continue;
            }
            let column = &self.bench.plan.columns[need];
            for row in 0..self.rows() {
                if !self.rejected[row] && array.is_null(row) {
                    let text = self.cell(row, column.place).unwrap_or("").to_owned();
                    self.find(row, &column.from, Rule::Required, &text, column.secret);
                }
            }
        }
    }

    fn finish(mut self, arrays: Vec<ArrayRef>) -> Checked {
        self.findings.sort_by_key(|finding| finding.row);
        let accepted: BooleanArray = self.rejected.iter().map(|rejected| Some(!rejected)).collect();
        let all = !self.rejected.contains(&true);
        let taken = if all { self.rows() } else { accepted.true_count() };
        let mut of_plan: FxHashMap<usize, ArrayRef> = FxHashMap::default();
        let mut columns = Vec::with_capacity(self.bench.plan.fields.len());
        for (field, output) in &self.bench.plan.fields {
            columns.push(match output {
                Output::Column(place) => {
                    Arc::clone(of_plan.entry(*place).or_insert_with(|| only(&arrays[*place], &accepted, all)))
                }
                Output::Set(value) => constant(*value, field.data_type(), taken),
                Output::Unknown => new_null_array(field.data_type(), taken),
            });
        }
        let regions =
            self.bench.plan.column_to("region").map(|place| arrays[place].as_string::<i32>().clone());
        Checked {
            lines: self.block.rows.iter().map(|row| row.line as i32).collect(),
            raw: raw_rows(self.block),
            accepted,
            columns,
            findings: self.findings,
            regions,
            done: self.block.done,
            total: self.block.total,
        }
    }
}

fn only(array: &ArrayRef, accepted: &BooleanArray, all: bool) -> ArrayRef {
    if all {
        return Arc::clone(array);
    }
    arrow_select::filter::filter(array, accepted).expect("mask and column have the rows of one block")
}

fn constant(value: i64, kind: &DataType, rows: usize) -> ArrayRef {
    match kind {
        DataType::Boolean => Arc::new(BooleanArray::from(vec![value != 0; rows])),
        DataType::Int64 => Arc::new(Int64Array::from(vec![value; rows])),
        _ => Arc::new(Int32Array::from(vec![value as i32; rows])),
    }
}

/// Between the cells of a raw row.
pub(crate) const CELL_MARK: char = '\u{1f}';

fn raw_rows(block: &Block) -> StringArray {
    let mut out = StringBuilder::with_capacity(block.rows.len(), block.text.len() + block.cells.len());
    let mut line = String::new();
    for row in 0..block.rows.len() {
        line.clear();
        for column in 0..block.width(row) {
            if column > 0 {
                line.push(CELL_MARK);
            }
            let text = block.cell(row, column);
            if text.contains(CELL_MARK) {
                line.push_str(&text.replace(CELL_MARK, " "));
            } else {
                line.push_str(text);
            }
        }
        out.append_value(&line);
    }
    out.finish()
}

fn mapped(map: &CodeMap, text: &str, upper: &mut String) -> Option<i32> {
    if let Some(&code) = map.get(text) {
        return Some(code);
    }
    upper_into(text, upper);
    map.get(upper.as_str()).copied()
}

fn upper_into(text: &str, upper: &mut String) {
    upper.clear();
    if text.is_ascii() {
        upper.push_str(text);
        upper.make_ascii_uppercase();
    } else {
        upper.push_str(&text.to_uppercase());
    }
}

/// Runs of blanks and control characters inside a text become one blank.
fn needs_tidying(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(2).any(|pair| pair == b"  ") || bytes.iter().any(|&byte| byte < b' ' || byte == 0x7f)
}

fn tidy_into(text: &str, out: &mut String) {
    out.clear();
    for word in text.split(|c: char| c == ' ' || c.is_control()).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
}
