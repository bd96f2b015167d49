//! The layout of an exchanged file: its format, its columns, the records that seal it. What a format cannot do without is asked for
//! here, so that no file is begun or believed by a layout that does not fit.

use std::fmt::Write;

use crate::reader::Table;

/// Which way a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileDirection {
    /// We send it.
    Out,
    /// We receive it.
    In,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Format {
    /// A record a line, cells between delimiters.
    #[serde(rename = "csv")]
    Csv,
    /// A record a line, cells of fixed width.
    #[serde(rename = "fixed")]
    Fixed,
    /// ISO 20022 `pain.001.001.09`: an order.
    #[serde(rename = "pain.001")]
    Pain001,
    /// ISO 20022 `pain.002.001.12`: the answer to an order.
    #[serde(rename = "pain.002")]
    Pain002,
    /// ISO 20022 `camt.053.001.08`: a statement of an account.
    #[serde(rename = "camt.053")]
    Camt053,
}

impl Format {
    /// Whether the standard, not the layout, says what stands where.
    pub fn is_iso(self) -> bool {
        matches!(self, Self::Pain001 | Self::Pain002 | Self::Camt053)
    }
}

/// A column of an exchanged file, or a field of its header or trailer.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ChannelColumn {
    /// Header in the file.
    pub name: String,
    /// Our name for it; empty for a constant.
    pub field: String,
    /// May be missing.
    pub optional: bool,
    /// The same text in every record, such as the record's tag.
    pub value: Option<String>,
    /// Characters, in a file of fixed width.
    pub width: usize,
    /// Stands at the right end of its width.
    pub right: bool,
    /// Fills up the width.
    pub fill: char,
    /// A text that is too long may be cut.
    pub cut: bool,
}

/// Who pays, in an order by ISO 20022.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Debtor {
    /// Name of the paying office.
    pub name: String,
    /// Its account.
    pub account: String,
    /// BIC of its bank.
    pub bank: String,
}

/// The layout of an exchanged file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ChannelFile {
    /// Which file, such as `account_check_request`.
    pub name: String,
    /// Which way.
    pub direction: FileDirection,
    /// File name with `{batch}`.
    pub pattern: String,
    /// How it is written.
    pub format: Format,
    /// Between cells.
    pub delimiter: u8,
    /// Around cells that hold a delimiter; 0 when the file has no quotes.
    pub quote: u8,
    /// A row with the names of the columns comes first.
    pub names: bool,
    /// `utf-8` or `windows-1252`.
    pub encoding: String,
    /// Columns in order.
    pub columns: Vec<ChannelColumn>,
    /// Fields of the record before the rows; none when there is no such record.
    pub header: Vec<ChannelColumn>,
    /// Fields of the record after the rows; none when there is no such record.
    pub trailer: Vec<ChannelColumn>,
    /// A received file comes with a file `NAME.seal.json` beside it.
    pub sidecar: bool,
    /// Who pays.
    pub debtor: Option<Debtor>,
}

const FORMATS: [(&str, Format); 5] = [
    ("csv", Format::Csv),
    ("fixed", Format::Fixed),
    ("pain.001", Format::Pain001),
    ("pain.002", Format::Pain002),
    ("camt.053", Format::Camt053),
];

/// Fields that a header may have.
const HEADER: [&str; 6] = ["channel", "sequence", "batch", "date", "rows", "sum_idr"];
/// Fields that a trailer may have.
const TRAILER: [&str; 4] = ["rows", "sum_idr", "hash", "date"];
/// Fields that are whole numbers, so that they may be filled up with zeros.
const NUMBERS: [&str; 5] = ["ref", "amount_idr", "sequence", "rows", "sum_idr"];
/// Longest line of a file of fixed width.
const WIDTH_MAX: i64 = 4_000;

/// What each known file cannot do without. `batch` may stand in the header instead.
const NEEDED: [(&str, &[&str]); 6] = [
    ("account_check_request", &["ref", "name", "account"]),
    ("account_check_reply", &["batch", "ref", "result", "account", "name_at_bank"]),
    ("order", &["ref", "account", "amount_idr"]),
    ("order_reply", &["batch", "ref", "account", "amount_idr", "result", "date", "bank_txn"]),
    ("movements", &["ref", "account", "kind", "amount_idr", "date", "bank_txn"]),
    ("receipts", &["code", "amount_idr", "date", "receiver", "relation", "officer"]),
];

/// Keys of who pays.
const DEBTOR: [&str; 3] = ["debtor", "debtor_account", "debtor_bank"];

/// What a standard tells, by our names.
fn iso_columns(format: Format) -> &'static [&'static str] {
    match format {
        Format::Pain001 => &["batch", "ref", "account", "name", "amount_idr"],
        Format::Pain002 => &["batch", "ref", "account", "amount_idr", "result", "date", "bank_txn"],
        Format::Camt053 => &["ref", "account", "kind", "amount_idr", "date", "bank_txn"],
        Format::Csv | Format::Fixed => &[],
    }
}

/// The part of the manual on files of channels.
pub(crate) fn manual(out: &mut String) {
    let list = |words: &mut dyn Iterator<Item = &str>| {
        words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
    };
    let _ = write!(
        out,
        "\n## Files of channels\n\nHow each key of `channels/*.toml` is meant stands in [channels.md](channels.md). `format` is \
         one of {}. A header may have {}, a trailer {}.\n\n| `[[file]]` | cannot do without |\n|---|---|\n",
        list(&mut FORMATS.iter().map(|(word, _)| *word)),
        list(&mut HEADER.into_iter()),
        list(&mut TRAILER.into_iter()),
    );
    for (name, fields) in NEEDED {
        let _ = writeln!(out, "| `{name}` | {} |", list(&mut fields.iter().copied()));
    }
}

pub(crate) fn read(table: &Table<'_>) -> ChannelFile {
    let known = table.opt_text("format").is_none_or(|word| FORMATS.iter().any(|(known, _)| *known == word));
    let format = table.choice("format", &FORMATS, false);
    if !known {
        // By which format the other keys are to be read is not known: the one fault is enough.
        let keys = ["delimiter", "quote", "names", "encoding", "sidecar", "header", "column", "trailer"];
        for key in keys.iter().chain(&DEBTOR) {
            table.know(key);
        }
        return common(table, format);
    }
    let file = if format.is_iso() { by_standard(table, format) } else { by_layout(table, format) };
    check(table, &file);
    file
}

fn common(table: &Table<'_>, format: Format) -> ChannelFile {
    let direction =
        table.choice("direction", &[("out", FileDirection::Out), ("in", FileDirection::In)], true);
    ChannelFile {
        name: table.text("name"),
        direction,
        pattern: table.text("pattern"),
        format,
        delimiter: b',',
        quote: b'"',
        names: false,
        encoding: "utf-8".to_owned(),
        columns: Vec::new(),
        header: Vec::new(),
        trailer: Vec::new(),
        sidecar: false,
        debtor: None,
    }
}

fn by_standard(table: &Table<'_>, format: Format) -> ChannelFile {
    let column = |field: &&str| ChannelColumn {
        name: (*field).to_owned(),
        field: (*field).to_owned(),
        ..ChannelColumn::default()
    };
    let mut file = common(table, format);
    file.columns = iso_columns(format).iter().map(column).collect();
    let (name, direction) = match format {
        Format::Pain001 => ("order", FileDirection::Out),
        Format::Pain002 => ("order_reply", FileDirection::In),
        _ => ("movements", FileDirection::In),
    };
    if file.name != name || file.direction != direction {
        let way = if direction == FileDirection::Out { "out" } else { "in" };
        let format = FORMATS.iter().find(|(_, known)| *known == format).map_or("", |(word, _)| word);
        let message = format!("{format} is the format of `{name}` with direction \"{way}\"");
        table.fault("format", message, "name the file so, or choose csv or fixed");
        for key in DEBTOR {
            table.know(key);
        }
        return file;
    }
    if format == Format::Pain001 {
        file.debtor = Some(Debtor {
            name: short(table, "debtor", 140),
            account: short(table, "debtor_account", 34),
            bank: table.text("debtor_bank"),
        });
        let bank = &file.debtor.as_ref().map(|debtor| debtor.bank.clone()).unwrap_or_default();
        if table.has("debtor_bank") && !bank.is_empty() && !is_bic(bank) {
            table.fault("debtor_bank", format!("`{bank}` is no BIC"), "write 8 or 11 letters and digits");
        }
    }
    file
}

fn short(table: &Table<'_>, key: &str, max: usize) -> String {
    let text = table.text(key);
    if text.chars().count() > max {
        table.fault(key, format!("`{key}` has more than {max} characters"), "shorten it");
    }
    text
}

/// Four of the bank, two of the country, two of the place, perhaps three of the branch.
fn is_bic(text: &str) -> bool {
    let upper = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit();
    matches!(text.len(), 8 | 11)
        && text.bytes().all(upper)
        && text.bytes().skip(4).take(2).all(|c| c.is_ascii_uppercase())
}

fn by_layout(table: &Table<'_>, format: Format) -> ChannelFile {
    let mut file = common(table, format);
    if format == Format::Csv {
        file.delimiter =
            table.choice("delimiter", &[(",", b','), (";", b';'), ("\t", b'\t'), ("|", b'|')], false);
        file.quote = table.choice("quote", &[("\"", b'"'), ("'", b'\''), ("none", 0)], false);
        file.names = table.flag("names", true);
    }
    let encodings = [("utf-8", "utf-8"), ("windows-1252", "windows-1252")];
    table.choice("encoding", &encodings, false).clone_into(&mut file.encoding);
    file.sidecar = table.flag("sidecar", false);
    let fixed = format == Format::Fixed;
    file.header = record(table, "header", fixed, |field, _| seal_field(field, &HEADER));
    file.columns = record(table, "column", fixed, column_field);
    file.trailer = record(table, "trailer", fixed, |field, _| seal_field(field, &TRAILER));
    file
}

/// The fields of one kind of record. Where columns say where they `start`, no two may overlap and no gap may be left.
fn record(
    table: &Table<'_>,
    key: &str,
    fixed: bool,
    field: impl Fn(&Table<'_>, bool) -> (String, String),
) -> Vec<ChannelColumn> {
    let mut next = 1;
    table.each(key, |column| {
        let value = column.opt_text("value");
        let (name, field) = field(column, value.is_some());
        let mut read = ChannelColumn {
            optional: key == "column" && column.flag("optional", false),
            name,
            field,
            fill: ' ',
            ..ChannelColumn::default()
        };
        if fixed {
            width(column, &mut read, &mut next, value.as_deref());
        }
        read.value = value;
        read
    })
}

fn column_field(column: &Table<'_>, constant: bool) -> (String, String) {
    if constant {
        return (column.opt_text("name").unwrap_or_else(|| "tag".to_owned()), String::new());
    }
    let name = column.text("name");
    let field = column.opt_text("field").unwrap_or_else(|| name.clone());
    (name, field)
}

fn seal_field(column: &Table<'_>, known: &[&'static str]) -> (String, String) {
    if column.has("value") {
        return (String::new(), String::new());
    }
    let choices: Vec<(&str, &str)> = known.iter().map(|field| (*field, *field)).collect();
    let field = column.choice("field", &choices, true).to_owned();
    (field.clone(), field)
}

fn width(column: &Table<'_>, read: &mut ChannelColumn, next: &mut i64, value: Option<&str>) {
    let width = column.int("width", 1..=WIDTH_MAX);
    read.width = usize::try_from(width).unwrap_or(1);
    read.right = column.choice("align", &[("left", false), ("right", true)], false);
    read.fill = column.choice("fill", &[(" ", ' '), ("0", '0')], false);
    read.cut = column.flag("cut", false);
    if let Some(start) = column.opt_int_in("start", 1..=WIDTH_MAX)
        && start != *next
    {
        let message = if start < *next {
            format!(
                "the column starts at {start} and overlaps the one before it, which ends at {}",
                *next - 1
            )
        } else {
            format!("between the column before it, which ends at {}, and {start} nothing stands", *next - 1)
        };
        column.fault("start", message, format!("write start = {next}, or other widths"));
    }
    *next = column.opt_int("start").filter(|start| *start >= 1).unwrap_or(*next) + width;
    if value.is_some_and(|value| value.chars().count() != read.width) {
        column.fault("value", "the constant is not as long as its width", "make both equal");
    }
    if read.fill == '0' && !(read.right && NUMBERS.contains(&read.field.as_str())) {
        let remedy = "write align = \"right\" for a number; fill anything else with spaces";
        column.fault(
            "fill",
            "zeros may fill up numbers only, at the left: others would be changed by them",
            remedy,
        );
    }
    if read.cut && (read.field != "name" || read.right) {
        let remedy = "leave out cut and make the column wide enough";
        column.fault(
            "cut",
            "only a name at the left may be cut: a cut number or code is another one",
            remedy,
        );
    }
    if read.field == "hash" && !(16..=64).contains(&read.width) {
        column.fault(
            "width",
            "a hash has 64 digits, and fewer than 16 prove little",
            "write a width of 16 to 64",
        );
    }
}

/// What the parts of a layout ask of each other.
fn check(table: &Table<'_>, file: &ChannelFile) {
    if file.columns.is_empty() {
        table.fault("name", "the file has no columns", "add [[file.column]] tables");
        return;
    }
    if file.format.is_iso() {
        return;
    }
    let tag = |record: &[ChannelColumn]| record.first().and_then(|column| column.value.clone());
    let sealed = !file.header.is_empty() || !file.trailer.is_empty();
    let tags = [("header", &file.header), ("column", &file.columns), ("trailer", &file.trailer)];
    let mut seen: Vec<String> = Vec::new();
    for (key, record) in tags.iter().filter(|(_, record)| sealed && !record.is_empty()) {
        match tag(record) {
            None => table.fault(
                key,
                format!("where a file has a header or a trailer, [[file.{key}]] begins with a constant that tells its records apart"),
                "put first a table with value = \"H\", \"D\" or \"T\"",
            ),
            Some(tag) if seen.contains(&tag) => {
                let message = format!("`{tag}` is the mark of two kinds of records");
                table.fault(key, message, "choose another value");
            }
            Some(tag) => seen.push(tag),
        }
    }
    let has = |record: &[ChannelColumn], field: &str| record.iter().any(|column| column.field == field);
    if !file.trailer.is_empty() && !has(&file.trailer, "rows") {
        table.fault("trailer", "the trailer does not tell the number of rows", "add field = \"rows\"");
    }
    let amounts = has(&file.columns, "amount_idr");
    if !amounts && (has(&file.header, "sum_idr") || has(&file.trailer, "sum_idr")) {
        table.fault("name", "the file tells a sum and has no amounts", "add a column amount_idr");
    }
    let needed = NEEDED.iter().find(|(name, _)| *name == file.name).map_or(&[][..], |(_, fields)| fields);
    let there =
        |field: &&&str| has(&file.columns, field) || (**field == "batch" && has(&file.header, "batch"));
    let missing: Vec<&str> = needed.iter().filter(|field| !there(field)).copied().collect();
    if !missing.is_empty() {
        let message = format!("`{}` lacks {}", file.name, missing.join(", "));
        table.fault("name", message, "add [[file.column]] tables with these fields");
    }
}
