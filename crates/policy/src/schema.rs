//! What rules may speak of: the canonical columns, the columns that the registry adds, code lists, and facts derived from them.
//!
//! `schema/canonical.csv` columns of lists · `schema/registry.csv` columns that consolidation and closing add ·
//! `schema/codes.csv` code lists · `schema/derived.toml` facts: an expression over a person, a reduction over the members of a
//! family, or an expression over a family. A fact may use the facts written before it.

use std::collections::BTreeMap;

use rules::{Expr, Label};

use crate::{
    expr::Names,
    fault::Faults,
    pack::Pack,
    reader::{Source as File, Table},
    table::Csv,
};

/// Whose column it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// One value a person.
    Person,
    /// One value a family.
    Family,
}

impl Subject {
    /// The word before the dot in a rule: `person` or `family`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Family => "family",
        }
    }
}

/// Type of a column. In Arrow: Int32 (but `nik` and `kk` Int64), Boolean, Date32, Utf8; unknown is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// Whole number or code.
    Int,
    /// Yes or no.
    Bool,
    /// A day.
    Date,
    /// Text.
    Text,
}

/// A column of people or families.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Column {
    /// Name, as in `person.name`.
    pub name: String,
    /// Whose.
    pub subject: Subject,
    /// Type.
    pub kind: ColumnType,
    /// Name of its code list.
    pub codes: Option<String>,
    /// Variable of the national list that it stands for.
    pub dtsen_variable: Option<String>,
    /// Name for people.
    pub label: Label,
}

impl Column {
    /// The name in rules: `person.name`.
    pub fn rule_name(&self) -> String {
        format!("{}.{}", self.subject.word(), self.name)
    }
}

/// One code of a list. In lists of bits the code is the number of the bit.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Code {
    /// The number in columns.
    pub code: i64,
    /// Its meaning.
    pub label: Label,
}

/// How the members of a family become one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reduce {
    /// How many members the expression is true for.
    Count,
    /// Whether it is true for at least one; unknown when for none and unknown for some.
    Any,
    /// Sum of the known values.
    Sum,
    /// Lowest known value.
    Min,
    /// Highest known value.
    Max,
}

/// How a fact comes about.
#[derive(Debug, Clone)]
pub enum FactRule {
    /// An expression over one person, or over one family.
    Expression(Expr),
    /// A reduction of an expression over the members of a family.
    Reduction {
        /// How.
        reduce: Reduce,
        /// Of what, over `person.*`.
        of: Expr,
    },
}

/// A derived value.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Its column: name, subject, type, label.
    pub column: Column,
    /// How it comes about.
    pub rule: FactRule,
    /// What it marks in a simulation; only facts of families have a mark.
    pub mark: Option<FactMark>,
    /// It counts members by what only a reader with a purpose may see: sums of the country only, and nobody may try a rule by it.
    pub sealed: bool,
}

/// What a fact of a family marks in a simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FactMark {
    /// A group of families whose gains and losses are told apart.
    Group,
    /// Families to look at first before aid ends for them; a group too.
    LookFirst,
    /// How many members are of a kind: what their family receives is spread over its living members.
    Share(Cut),
}

/// By what members are told apart. Kinds of one cut exclude each other, but for the categories of need, of which a person may have
/// several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// Sex.
    Sex,
    /// Age.
    Age,
    /// Disability.
    Disability,
    /// Categories of social-welfare need (*PPKS*).
    Ppks,
}

impl Cut {
    const ALL: [(&'static str, Self); 4] =
        [("sex", Self::Sex), ("age", Self::Age), ("disability", Self::Disability), ("ppks", Self::Ppks)];

    /// The word in the pack, part of the key of its words.
    pub fn word(self) -> &'static str {
        Self::ALL[self as usize].0
    }

    /// Whether a member may be of several kinds.
    pub fn overlaps(self) -> bool {
        self == Self::Ppks
    }
}

/// Everything that rules may name.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    pub(crate) canonical: Vec<Column>,
    pub(crate) registry: Vec<Column>,
    pub(crate) codes: BTreeMap<String, Vec<Code>>,
    pub(crate) facts: Vec<Fact>,
    /// Columns and codes are without fault.
    pub(crate) sound: bool,
}

impl Schema {
    /// Canonical column by name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.canonical.iter().find(|column| column.name == name)
    }

    /// All columns a rule may use of a subject: canonical, registry's, then facts.
    pub fn rule_columns(&self) -> impl Iterator<Item = &Column> {
        self.canonical.iter().chain(&self.registry).chain(self.facts.iter().map(|fact| &fact.column))
    }

    /// Whether the column may hold this number: any number without a code list, else a code or a set of bits.
    pub fn allows(&self, column: &Column, number: i64) -> bool {
        match (column.kind, column.codes.as_deref().and_then(|list| self.codes.get(list))) {
            (ColumnType::Bool, _) => matches!(number, 0 | 1),
            (_, None) => true,
            (_, Some(codes)) if is_bits(column.codes.as_deref()) => {
                let highest = codes.iter().map(|code| code.code).max().unwrap_or_default();
                (0..1_i64 << (highest + 1).clamp(0, 62)).contains(&number)
            }
            (_, Some(codes)) => codes.iter().any(|code| code.code == number),
        }
    }
}

/// Lists whose codes are numbers of bits.
pub(crate) fn is_bits(list: Option<&str>) -> bool {
    list.is_some_and(|list| list.ends_with("_bits"))
}

/// The list of regions is a table of its own, not a list of codes.
const REGION_LIST: &str = "region";

pub(crate) fn load(pack: &Pack, faults: &Faults) -> Schema {
    let mut schema = Schema { codes: load_codes(pack, faults), ..Schema::default() };
    schema.canonical = load_columns(pack, faults, "schema/canonical.csv", &schema);
    schema.registry = load_columns(pack, faults, "schema/registry.csv", &schema);
    schema.sound = faults.none();
    let file = "schema/derived.toml";
    match pack.files.get(file) {
        Some(text) => File { file, text, faults }.read_toml(|table| read_facts(table, &mut schema)),
        None => faults.add(file, "", 0, "the file is missing".to_owned(), "add it to the pack".to_owned()),
    }
    schema
}

fn load_codes(pack: &Pack, faults: &Faults) -> BTreeMap<String, Vec<Code>> {
    let mut lists: BTreeMap<String, Vec<Code>> = BTreeMap::new();
    let needed = ["list", "code", "label_id", "label_en"];
    let Some(csv) = Csv::open(pack, faults, "schema/codes.csv", &needed) else { return lists };
    for row in csv.rows() {
        let Ok(code) = row.get("code").parse::<i64>() else {
            row.fault("code", "no whole number", "write the code as digits");
            continue;
        };
        let label = Label { id: row.get("label_id").to_owned(), en: row.get("label_en").to_owned() };
        if label.id.is_empty() || label.en.is_empty() {
            row.fault("label_id", "a code needs a label in both languages", "fill label_id and label_en");
        }
        let list = lists.entry(row.get("list").to_owned()).or_default();
        if list.iter().any(|known| known.code == code) {
            row.fault("code", "stands twice in this list", "keep one row");
        }
        list.push(Code { code, label });
    }
    lists
}

fn load_columns(pack: &Pack, faults: &Faults, file: &str, schema: &Schema) -> Vec<Column> {
    let needed = ["column", "subject", "type", "codes", "dtsen_variable", "label_id", "label_en"];
    let Some(csv) = Csv::open(pack, faults, file, &needed) else { return Vec::new() };
    let mut columns: Vec<Column> = Vec::new();
    for row in csv.rows() {
        let subject = match row.get("subject") {
            "person" => Subject::Person,
            "family" => Subject::Family,
            _ => {
                row.fault("subject", "not known", "write person or family");
                continue;
            }
        };
        let kind = match row.get("type") {
            "int" => ColumnType::Int,
            "bool" => ColumnType::Bool,
            "date" => ColumnType::Date,
            "text" => ColumnType::Text,
            _ => {
                row.fault("type", "not known", "write int, bool, date or text");
                continue;
            }
        };
        let codes = row.opt("codes").map(str::to_owned);
        if codes.as_ref().is_some_and(|list| list != REGION_LIST && !schema.codes.contains_key(list)) {
            row.fault("codes", "no such code list", "add its codes to schema/codes.csv");
        }
        let name = row.get("column").to_owned();
        let twice = |known: &Column| known.name == name && known.subject == subject;
        if columns.iter().chain(&schema.canonical).any(twice) {
            row.fault("column", "stands twice", "keep one row");
        }
        let label = Label { id: row.get("label_id").to_owned(), en: row.get("label_en").to_owned() };
        let dtsen_variable = row.opt("dtsen_variable").map(str::to_owned);
        columns.push(Column { name, subject, kind, codes, dtsen_variable, label });
    }
    columns
}

const KINDS: [(&str, ColumnType); 4] = [
    ("int", ColumnType::Int),
    ("bool", ColumnType::Bool),
    ("date", ColumnType::Date),
    ("text", ColumnType::Text),
];

const REDUCTIONS: [(&str, Reduce); 5] = [
    ("count", Reduce::Count),
    ("any", Reduce::Any),
    ("sum", Reduce::Sum),
    ("min", Reduce::Min),
    ("max", Reduce::Max),
];

fn read_facts(table: &Table<'_>, schema: &mut Schema) {
    table.each("fact", |fact| {
        if let Some(fact) = read_fact(fact, schema) {
            schema.facts.push(fact);
        }
    });
}

fn read_fact(table: &Table<'_>, schema: &Schema) -> Option<Fact> {
    let subject = table.choice("of", &[("person", Subject::Person), ("family", Subject::Family)], true);
    let column = Column {
        name: table.text("name"),
        subject,
        kind: table.choice("type", &KINDS, true),
        codes: None,
        dtsen_variable: None,
        label: table.label("label"),
    };
    let exists = schema.rule_columns().any(|known| known.name == column.name && known.subject == subject);
    if exists {
        table.fault("name", format!("`{}` exists", column.rule_name()), "choose another name");
    }
    let rule = if subject == Subject::Family && table.has("reduce") {
        let reduce = table.choice("reduce", &REDUCTIONS, true);
        let wanted = match reduce {
            Reduce::Count | Reduce::Any => ColumnType::Bool,
            Reduce::Sum => ColumnType::Int,
            Reduce::Min | Reduce::Max => column.kind,
        };
        let result = match reduce {
            Reduce::Any => ColumnType::Bool,
            Reduce::Count | Reduce::Sum => ColumnType::Int,
            Reduce::Min | Reduce::Max => wanted,
        };
        if result != column.kind {
            table.fault("type", "the reduction gives another type", "count and sum give int, any gives bool");
        }
        let of = Names::of_person(schema).expression(table, "expr", Some(wanted))?;
        FactRule::Reduction { reduce, of }
    } else {
        let names = match subject {
            Subject::Person => Names::of_person(schema),
            Subject::Family => Names::of_family(schema),
        };
        FactRule::Expression(names.expression(table, "expr", Some(column.kind))?)
    };
    let mark = table.has("mark").then(|| read_mark(table));
    if mark.is_some()
        && (subject != Subject::Family || !matches!(column.kind, ColumnType::Int | ColumnType::Bool))
    {
        table.fault("mark", "only a number or yes/no of a family marks something", "take the mark away");
    }
    let counts = matches!(rule, FactRule::Reduction { reduce: Reduce::Count, .. });
    if matches!(mark, Some(FactMark::Share(_))) && !counts {
        table.fault("mark", "a share is of counted members", "write reduce = \"count\", or another mark");
    }
    let sealed = is_sealed(&rule, mark, schema);
    // The first of the name stays.
    (!exists).then_some(Fact { column, rule, mark, sealed })
}

fn read_mark(table: &Table<'_>) -> FactMark {
    // The kind of a share is told by its cut.
    let share = FactMark::Share(Cut::Sex);
    let marks = [("group", FactMark::Group), ("look_first", FactMark::LookFirst), ("share", share)];
    match table.choice("mark", &marks, true) {
        FactMark::Share(_) => FactMark::Share(table.choice("cut", &Cut::ALL, true)),
        other => other,
    }
}

/// A share of a sealed column, or what is derived from one.
fn is_sealed(rule: &FactRule, mark: Option<FactMark>, schema: &Schema) -> bool {
    let (FactRule::Expression(expr) | FactRule::Reduction { of: expr, .. }) = rule;
    let share = matches!(mark, Some(FactMark::Share(_)));
    let fact = |name: &str| schema.facts.iter().find(|fact| fact.column.rule_name() == name);
    expr.columns().into_iter().any(|name| match fact(name) {
        Some(fact) => fact.sealed,
        None => share && name.split_once('.').is_some_and(|(_, column)| is_sealed_column(column)),
    })
}

/// Personal numbers and needs that few may know.
pub(crate) fn is_sealed_column(name: &str) -> bool {
    matches!(name, "nik" | "kk" | "ppks")
}
