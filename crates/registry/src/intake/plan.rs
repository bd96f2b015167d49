//! From a source of the policy pack and the header of one file to a plan: which cell becomes which column, and by which reader.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use policy::{CellForm, Column, ColumnType, Policy, Source, SourceColumn, SourceKind};
use rustc_hash::FxHashMap;

use super::cell::DateForm;
use super::finding::{Secret, mask};
use super::refusal::Refusal;

/// Header rows are looked for this deep: lists often begin with a title.
pub(crate) const HEAD_ROWS: usize = 12;
const TEXT_MAX: usize = 100;
const ADDRESS_MAX: usize = 300;
const NUMBER_MAX: i64 = 10_000_000;

/// How the cells of a column become values.
#[derive(Debug)]
pub(crate) enum Kind {
    Nik,
    Kk,
    Text {
        longest: usize,
    },
    /// A number within bounds, or one of the codes.
    Int {
        map: CodeMap,
        codes: Option<Vec<i32>>,
        least: i64,
        most: i64,
    },
    Letters {
        most: i32,
    },
    Bool {
        map: CodeMap,
    },
    Date {
        forms: Vec<DateForm>,
    },
    Region {
        bps: bool,
    },
}

/// The list's own words for codes, upper case.
pub(crate) type CodeMap = FxHashMap<Box<str>, i32>;

/// A column that is in the file and that the source describes.
#[derive(Debug)]
pub(crate) struct PlanColumn {
    /// Place in the file.
    pub(crate) place: usize,
    /// Header as the source writes it.
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) kind: Kind,
    pub(crate) secret: Secret,
}

/// Where a column of the result comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Output {
    Column(usize),
    Set(i64),
    Unknown,
}

/// How one file is read.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) columns: Vec<PlanColumn>,
    /// Cells of a row.
    pub(crate) width: usize,
    pub(crate) header: Vec<String>,
    /// Rows above the first row of data.
    pub(crate) skip_rows: usize,
    /// Columns of the source that this file does not have.
    pub(crate) missing: Vec<String>,
    /// Columns without which a row is of no use, as places in `columns`.
    pub(crate) needs: Vec<usize>,
    /// Columns of the result but for the ids.
    pub(crate) fields: Vec<(Field, Output)>,
    pub(crate) kind: SourceKind,
}

impl Plan {
    /// Finds the header among the first rows of the file.
    ///
    /// # Errors
    /// [`Refusal::WrongList`], [`Refusal::Delimiter`], [`Refusal::TwiceInHeader`].
    pub(crate) fn find(policy: &Policy, source: &Source, head: &[Vec<String>]) -> Result<Self, Refusal> {
        let rows = source.header_rows as usize;
        let mut best: Option<(usize, usize, Vec<String>)> = None;
        for first in 0..head.len().saturating_sub(rows - 1) {
            let header = join_header(&head[first..first + rows]);
            let missing = missing(&source.required, &header).len();
            if best.as_ref().is_none_or(|(_, least, _)| missing < *least) {
                best = Some((first, missing, header));
            }
        }
        let Some((first, lacking, header)) = best else { return Err(Refusal::Empty) };
        if lacking > 0 {
            return Err(wrong_list(source, &header, head));
        }
        Self::build(policy, source, header, first + rows)
    }

    fn build(
        policy: &Policy,
        source: &Source,
        header: Vec<String>,
        skip_rows: usize,
    ) -> Result<Self, Refusal> {
        let mut columns = Vec::new();
        let mut absent = Vec::new();
        for column in &source.columns {
            let name = normal(&column.from);
            let mut places = header.iter().enumerate().filter(|(_, known)| normal(known) == name);
            match (places.next(), places.next()) {
                (None, _) if column.optional => {}
                (None, _) => absent.push(column.from.clone()),
                (Some(_), Some(_)) => return Err(Refusal::TwiceInHeader { column: column.from.clone() }),
                (Some((place, _)), None) => columns.push(plan_column(policy, source, column, place)),
            }
        }
        // A NIK is checked against birth date and sex, so it comes after them.
        columns.sort_by_key(|column| matches!(column.kind, Kind::Nik));
        let fields = match source.kind {
            SourceKind::People => people_fields(policy, source, &columns),
            SourceKind::Rank => rank_fields(&columns),
        };
        let needed = |need: &String| columns.iter().position(|column| column.to == *need);
        Ok(Self {
            needs: source.row_needs.iter().filter_map(needed).collect(),
            width: header.len(),
            header,
            skip_rows,
            missing: absent,
            fields,
            columns,
            kind: source.kind,
        })
    }

    /// Place of the column that becomes `to`.
    pub(crate) fn column_to(&self, to: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.to == to)
    }

    /// Schema of the canonical dataset.
    pub(crate) fn schema(&self) -> SchemaRef {
        let fields = self.fields.iter().map(|(field, _)| field.clone());
        let all: Vec<Field> = match self.kind {
            SourceKind::People => {
                let ids = [
                    Field::new("record_id", DataType::Int64, false),
                    Field::new("line", DataType::Int32, false),
                ];
                ids.into_iter().chain(fields).collect()
            }
            SourceKind::Rank => fields.chain([Field::new("line", DataType::Int32, false)]).collect(),
        };
        Arc::new(Schema::new(all))
    }
}

/// The Arrow type of a canonical column.
pub fn arrow_type(column: &Column) -> DataType {
    match column.kind {
        ColumnType::Int if matches!(column.name.as_str(), "nik" | "kk") => DataType::Int64,
        ColumnType::Int => DataType::Int32,
        ColumnType::Bool => DataType::Boolean,
        ColumnType::Date => DataType::Date32,
        ColumnType::Text => DataType::Utf8,
    }
}

fn people_fields(policy: &Policy, source: &Source, columns: &[PlanColumn]) -> Vec<(Field, Output)> {
    let field = |column: &Column| {
        let output = match columns.iter().position(|planned| planned.to == column.name) {
            Some(place) => Output::Column(place),
            None => source.sets.get(&column.name).map_or(Output::Unknown, |&value| Output::Set(value)),
        };
        (Field::new(&column.name, arrow_type(column), true), output)
    };
    policy.columns().iter().map(field).collect()
}

fn rank_fields(columns: &[PlanColumn]) -> Vec<(Field, Output)> {
    [
        ("kk", DataType::Int64),
        ("decile", DataType::Int32),
        ("rank_date", DataType::Date32),
        ("publisher", DataType::Utf8),
        ("model_version", DataType::Utf8),
    ]
    .into_iter()
    .map(|(name, kind)| {
        let place = columns.iter().position(|planned| planned.to == name);
        (Field::new(name, kind, true), place.map_or(Output::Unknown, Output::Column))
    })
    .collect()
}

fn plan_column(policy: &Policy, source: &Source, column: &SourceColumn, place: usize) -> PlanColumn {
    let canonical = policy.columns().iter().find(|known| known.name == column.to);
    let kind = kind_of(policy, source, column, canonical);
    let secret = match (&kind, column.to.as_str()) {
        (Kind::Nik | Kind::Kk, _) => Secret::Number,
        (Kind::Date { .. }, "birth_date" | "death_date") => Secret::Date,
        (Kind::Text { .. }, "publisher" | "model_version") => Secret::Open,
        (Kind::Text { .. }, _) => Secret::Text,
        _ => Secret::Open,
    };
    PlanColumn { place, from: column.from.clone(), to: column.to.clone(), kind, secret }
}

fn kind_of(policy: &Policy, source: &Source, column: &SourceColumn, canonical: Option<&Column>) -> Kind {
    let map = || column.map.iter().map(|(text, code)| (text.as_str().into(), *code as i32)).collect();
    match column.to.as_str() {
        "nik" => return Kind::Nik,
        "kk" => return Kind::Kk,
        "region" => return Kind::Region { bps: source.region_system == "bps" },
        "decile" => {
            let codes = policy.codes("decile").iter().map(|code| code.code as i32).collect();
            return Kind::Int { map: map(), codes: Some(codes), least: 1, most: 10 };
        }
        "rank_date" => return Kind::Date { forms: date_forms(source) },
        "address" => return Kind::Text { longest: ADDRESS_MAX },
        _ => {}
    }
    let Some(canonical) = canonical else { return Kind::Text { longest: TEXT_MAX } };
    match canonical.kind {
        ColumnType::Text => Kind::Text { longest: TEXT_MAX },
        ColumnType::Bool => Kind::Bool { map: map() },
        ColumnType::Date => Kind::Date { forms: date_forms(source) },
        ColumnType::Int => int_kind(policy, column, canonical, map()),
    }
}

fn int_kind(policy: &Policy, column: &SourceColumn, canonical: &Column, map: CodeMap) -> Kind {
    let list = canonical.codes.as_deref();
    let codes = list.map(|list| policy.codes(list)).unwrap_or_default();
    if list.is_some_and(|list| list.ends_with("_bits")) {
        let most = (1i64 << codes.len().min(30)) - 1;
        return match column.form {
            CellForm::Letters => Kind::Letters { most: most as i32 },
            CellForm::Plain => Kind::Int { map, codes: None, least: 0, most },
        };
    }
    let codes = (!codes.is_empty()).then(|| codes.iter().map(|code| code.code as i32).collect());
    Kind::Int { map, codes, least: 0, most: NUMBER_MAX }
}

fn date_forms(source: &Source) -> Vec<DateForm> {
    let mut forms: Vec<DateForm> =
        source.date_formats.iter().map(|form| DateForm::from_pattern(form)).collect();
    match source.format {
        // Cells that are dates come out of a workbook year first; numbers that were not told to be dates come as serials.
        policy::FileFormat::Xlsx => forms.extend([DateForm::YearFirst, DateForm::Serial]),
        policy::FileFormat::Parquet => forms.push(DateForm::YearFirst),
        policy::FileFormat::Csv => {}
    }
    if source.date_formats.is_empty() {
        forms.push(DateForm::Any);
    }
    forms
}

/// Names as they are compared: without case, blanks as one.
fn normal(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase()
}

fn missing<'a>(required: &'a [String], header: &[String]) -> Vec<&'a str> {
    let known: Vec<String> = header.iter().map(|name| normal(name)).collect();
    required.iter().filter(|name| !known.contains(&normal(name))).map(String::as_str).collect()
}

/// One name a column: `upper / lower`. An empty upper cell belongs to the group on its left when something stands below it.
fn join_header(rows: &[Vec<String>]) -> Vec<String> {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut groups: Vec<&str> = vec![""; rows.len()];
    let cell = |row: usize, column: usize| rows[row].get(column).map_or("", |text| text.trim());
    let mut header: Vec<String> = Vec::with_capacity(width);
    for column in 0..width {
        let mut parts: Vec<&str> = Vec::with_capacity(rows.len());
        for row in 0..rows.len() {
            let own = cell(row, column);
            let last = row + 1 == rows.len();
            let below = (row + 1..rows.len()).any(|lower| !cell(lower, column).is_empty());
            if !own.is_empty() {
                groups[row] = own;
                groups[row + 1..].fill("");
                parts.push(own);
            } else if !last && below && !groups[row].is_empty() {
                parts.push(groups[row]);
            }
        }
        header.push(parts.join(" / "));
    }
    while header.last().is_some_and(String::is_empty) {
        header.pop();
    }
    header
}

const SHOWN_COLUMNS: usize = 12;

fn wrong_list(source: &Source, header: &[String], head: &[Vec<String>]) -> Refusal {
    if source.format == policy::FileFormat::Csv
        && let Some(found) = other_delimiter(source, head)
    {
        return Refusal::Delimiter { expected: source.delimiter as char, found };
    }
    // Cells that another mark sets apart come as one: show them one by one.
    let apart: Vec<String> = match header {
        [only] => only.split([',', ';', '\t', '|']).map(str::to_owned).collect(),
        _ => header.to_vec(),
    };
    // A file without a header shows its first row here: rows are people.
    let is_data = header.iter().any(|name| name.bytes().filter(u8::is_ascii_digit).count() >= 8);
    let secret = if is_data { Secret::Text } else { Secret::Open };
    let shown: Vec<String> = apart.iter().take(SHOWN_COLUMNS).map(|name| mask(name, secret)).collect();
    let more = if apart.len() > SHOWN_COLUMNS { ", …" } else { "" };
    Refusal::WrongList {
        missing: missing(&source.required, header).join(", "),
        found: format!("{}{more}", shown.join(", ")),
    }
}

/// Another mark with which the header would fit.
fn other_delimiter(source: &Source, head: &[Vec<String>]) -> Option<char> {
    let line = |row: &Vec<String>| row.join(&(source.delimiter as char).to_string());
    [',', ';', '\t', '|'].into_iter().filter(|mark| *mark != source.delimiter as char).find(|mark| {
        head.iter().any(|row| {
            let names: Vec<String> =
                line(row).split(*mark).map(|name| name.trim_matches('"').to_owned()).collect();
            names.len() > 1 && missing(&source.required, &names).is_empty()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|&cell| cell.to_owned()).collect()
    }

    #[test]
    fn a_merged_header_names_every_column_below_it() {
        let rows = [
            row(&["No", "Lokasi", "", "Identitas", "", "Catatan"]),
            row(&["", "Kode", "Alamat", "NIK", "Nama", "", ""]),
        ];
        assert_eq!(
            join_header(&rows),
            ["No", "Lokasi / Kode", "Lokasi / Alamat", "Identitas / NIK", "Identitas / Nama", "Catatan"]
        );
    }
}
