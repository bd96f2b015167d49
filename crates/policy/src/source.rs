//! Lists we receive (`sources/*.toml`): how a file is laid out, which column is which canonical field, whom to believe.

use std::collections::BTreeMap;

use rules::Label;

use crate::{
    pack::Pack,
    reader::{Source as File, Table, int_of},
    schema::{Column, ColumnType, Schema},
};

/// What a list tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// One row a person.
    People,
    /// One row a family with its rank.
    Rank,
}

/// How the file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// Delimited text.
    Csv,
    /// A workbook.
    Xlsx,
    /// Columns.
    Parquet,
}

/// How a cell becomes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CellForm {
    /// As the field's type says.
    Plain,
    /// Letters `A` to `Z` become a set of bits, `-` the empty set.
    Letters,
}

/// One column of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceColumn {
    /// Header in the file.
    pub from: String,
    /// Canonical column, or a column of the rank list.
    pub to: String,
    /// The file may come without it.
    pub optional: bool,
    /// How a cell is read.
    pub form: CellForm,
    /// The list's own words for codes; empty when cells hold our codes. Keys are upper case: compare without case.
    pub map: BTreeMap<String, i64>,
}

/// A list we receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Key, as in `--source`.
    pub key: String,
    /// What it tells of.
    pub kind: SourceKind,
    /// Name for people.
    pub label: Label,
    /// How the file is written.
    pub format: FileFormat,
    /// `utf-8` or `windows-1252`. A byte order mark always wins.
    pub encoding: String,
    /// Between cells of delimited text.
    pub delimiter: u8,
    /// Sheet of a workbook; the first when none is named.
    pub sheet: Option<String>,
    /// Rows of the header; with two, a column is named `upper / lower`.
    pub header_rows: u32,
    /// Forms of dates; empty means any known form.
    pub date_formats: Vec<String>,
    /// System of region codes: `kemendagri` or `bps`.
    pub region_system: String,
    /// A match with this list proves that the person exists.
    pub confirms_identity: bool,
    /// A record of this list alone may make a person.
    pub creates_person: bool,
    /// At most one record a person.
    pub unique: bool,
    /// All files of this list hold together; otherwise the newest file replaces the older ones.
    pub cumulative: bool,
    /// Headers without which the file is another list: it is refused whole.
    pub required: Vec<String>,
    /// Canonical columns without which a row is rejected.
    pub row_needs: Vec<String>,
    /// Values that every row of this list sets.
    pub sets: BTreeMap<String, i64>,
    /// Columns in the order of the pack file.
    pub columns: Vec<SourceColumn>,
    trust_default: i64,
    trust: BTreeMap<String, i64>,
}

impl Source {
    /// How much this list is believed in a canonical column, 0 to 100. Survivorship takes the highest.
    pub fn trust(&self, column: &str) -> i64 {
        self.trust.get(column).copied().unwrap_or(self.trust_default)
    }
}

/// Columns of a rank list: they belong to no person.
const RANK_COLUMNS: [&str; 5] = ["kk", "decile", "rank_date", "publisher", "model_version"];
const DATE_FORMATS: [&str; 7] =
    ["dd/mm/yyyy", "dd-mm-yyyy", "dd.mm.yyyy", "yyyy-mm-dd", "yyyymmdd", "dd mmmm yyyy", "dd-mmm-yyyy"];

pub(crate) fn load(pack: &Pack, faults: &crate::fault::Faults, schema: &Schema) -> BTreeMap<String, Source> {
    let mut out = BTreeMap::new();
    for (file, text) in pack.in_folder("sources/", ".toml") {
        let read = |table: &Table<'_>| (read(table, schema), table.place("key").start);
        let (source, at) = File { file, text, faults }.read_toml(read);
        if out.insert(source.key.clone(), source).is_some() {
            File { file, text, faults }.fault(at, "a source with this key exists", "choose another key");
        }
    }
    out
}

fn read(table: &Table<'_>, schema: &Schema) -> Source {
    let kind = table.choice("kind", &[("people", SourceKind::People), ("rank", SourceKind::Rank)], true);
    let (trust_default, trust) =
        table.table("trust", |trust| read_trust(trust, kind, schema)).unwrap_or_default();
    let columns = table.each("column", |column| read_column(column, kind, schema));
    let source = Source {
        key: table.text("key"),
        kind,
        label: table.label("label"),
        format: table.choice(
            "format",
            &[("csv", FileFormat::Csv), ("xlsx", FileFormat::Xlsx), ("parquet", FileFormat::Parquet)],
            true,
        ),
        encoding: table
            .choice("encoding", &[("utf-8", "utf-8"), ("windows-1252", "windows-1252")], false)
            .to_owned(),
        delimiter: table.choice("delimiter", &[(",", b','), (";", b';'), ("\t", b'\t'), ("|", b'|')], false),
        sheet: table.opt_text("sheet"),
        header_rows: table.opt_int_in("header_rows", 1..=3).unwrap_or(1) as u32,
        date_formats: read_date_formats(table),
        region_system: table
            .choice("region_system", &[("kemendagri", "kemendagri"), ("bps", "bps")], false)
            .to_owned(),
        confirms_identity: table.flag("confirms_identity", false),
        creates_person: table.flag("creates_person", true),
        unique: table.flag("unique", false),
        cumulative: table.flag("cumulative", false),
        required: table.plain_texts("required"),
        row_needs: read_row_needs(table, kind, schema),
        sets: table.opt_table("sets", |sets| read_sets(sets, schema)).unwrap_or_default(),
        columns,
        trust_default,
        trust,
    };
    check_columns(table, &source);
    source
}

fn read_date_formats(table: &Table<'_>) -> Vec<String> {
    let formats = table.texts("date_formats");
    for format in formats.iter().filter(|format| !DATE_FORMATS.contains(&format.value.as_str())) {
        let message = format!("`{}` is no known form of dates", format.value);
        table.fault_at(&format.at, message, format!("write one of: {}", DATE_FORMATS.join(", ")));
    }
    formats.into_iter().map(|format| format.value).collect()
}

fn read_row_needs(table: &Table<'_>, kind: SourceKind, schema: &Schema) -> Vec<String> {
    let needs = table.texts("row_needs");
    for need in &needs {
        known_target(table, &need.value, &need.at, kind, schema);
    }
    needs.into_iter().map(|need| need.value).collect()
}

/// The canonical column of that name, or a fault. A rank list has columns of its own and no canonical ones.
fn known_target<'s>(
    table: &Table<'_>,
    name: &str,
    at: &std::ops::Range<usize>,
    kind: SourceKind,
    schema: &'s Schema,
) -> Option<&'s Column> {
    if kind == SourceKind::Rank {
        if !RANK_COLUMNS.contains(&name) {
            let message = format!("`{name}` is no column of a rank list");
            table.fault_at(at, message, format!("write one of: {}", RANK_COLUMNS.join(", ")));
        }
        return None;
    }
    let column = schema.column(name);
    if column.is_none() {
        let message = format!("`{name}` is no canonical column");
        table.fault_at(at, message, "see schema/canonical.csv for the names");
    }
    column
}

fn read_trust(table: &Table<'_>, kind: SourceKind, schema: &Schema) -> (i64, BTreeMap<String, i64>) {
    let mut trust = BTreeMap::new();
    for (key, value) in table.entries() {
        let number = int_of(value.get_ref()).filter(|number| (0..=100).contains(number));
        let Some(number) = number else {
            let message = format!("the trust in `{}` is no whole number of 0 to 100", key.value);
            table.fault_at(&value.span(), message, "write a number of 0 to 100");
            trust.insert(key.value, 0);
            continue;
        };
        if key.value != "default" {
            known_target(table, &key.value, &key.at, kind, schema);
        }
        trust.insert(key.value, number);
    }
    let Some(default) = trust.remove("default") else {
        table.fault_at(&table.here(), "`default` is missing", "say how much the list is believed, 0 to 100");
        return (0, trust);
    };
    (default, trust)
}

fn read_sets(table: &Table<'_>, schema: &Schema) -> BTreeMap<String, i64> {
    let mut sets = BTreeMap::new();
    for (key, value) in table.entries() {
        let column = known_target(table, &key.value, &key.at, SourceKind::People, schema);
        let kind = column.map(|column| column.kind);
        let number = match kind {
            Some(ColumnType::Bool) => value.get_ref().as_bool().map(i64::from),
            Some(ColumnType::Int) => int_of(value.get_ref()),
            _ => None,
        };
        match number {
            Some(number) => drop(sets.insert(key.value, number)),
            None if column.is_some() => {
                let message = format!("the value does not fit the column `{}`", key.value);
                table.fault_at(
                    &value.span(),
                    message,
                    "write true/false or a code, as the column's type says",
                );
            }
            None => {}
        }
    }
    sets
}

fn read_column(table: &Table<'_>, kind: SourceKind, schema: &Schema) -> SourceColumn {
    let to = table.text("to");
    let target = known_target(table, &to, &table.place("to"), kind, schema);
    let map = table.opt_table("map", |map| read_map(map, target, schema)).unwrap_or_default();
    SourceColumn {
        from: table.text("from"),
        to,
        optional: table.flag("optional", false),
        form: table.choice("form", &[("plain", CellForm::Plain), ("letters", CellForm::Letters)], false),
        map,
    }
}

fn read_map(table: &Table<'_>, target: Option<&Column>, schema: &Schema) -> BTreeMap<String, i64> {
    let mut map = BTreeMap::new();
    for (key, value) in table.entries() {
        let Some(code) = int_of(value.get_ref()) else {
            table.fault_at(&value.span(), "a code is a whole number", "write the code without quotes");
            continue;
        };
        if let Some(column) = target.filter(|column| !schema.allows(column, code)) {
            let message = format!("{code} is no code of `{}`", column.name);
            table.fault_at(&value.span(), message, "see schema/codes.csv for the codes");
        }
        if map.insert(key.value.trim().to_uppercase(), code).is_some() {
            table.fault_at(&key.at, "the word stands twice (case does not count)", "remove one");
        }
    }
    map
}

fn check_columns(table: &Table<'_>, source: &Source) {
    if source.columns.is_empty() {
        table.fault("key", "the list has no columns", "add [[column]] tables");
    }
    for key in ["from", "to"] {
        let what = if key == "from" { "the header" } else { "the field" };
        table.refuse_twice(&table.placed("column", key), what, "keep one of the columns");
    }
    for need in &source.row_needs {
        if !source.columns.iter().any(|column| column.to == *need) {
            let message = format!("rows need `{need}`, but no column gives it");
            table.fault("row_needs", message, "map a column to it or take it from the list");
        }
    }
}
