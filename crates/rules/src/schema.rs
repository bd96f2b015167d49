//! The names that an expression may use: type, whether it may be unknown, words, codes; and the values of
//! dated parameters.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::value::{Label, Type, Value};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A column of the data.
    Column,
    /// A dated parameter of the policy, `param.x`.
    Param,
    /// The day on which the rule is read, `reference_date`.
    ReferenceDate,
}

/// One code of a code list, with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// As stored in the column; for a bit set, the number of the bit.
    pub value: i64,
    /// What it means.
    pub label: Label,
}

/// One name of the schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// As written in an expression: `person.age`, `param.decile_max`.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Whether it may be unknown.
    pub nullable: bool,
    /// Its words, as they stand in a sentence.
    pub label: Label,
    /// Its code list, if it has one.
    pub codes: Vec<Code>,
    /// Whether it is a set of bits, each numbered by a code, and not one code.
    pub bits: bool,
    /// Whether its value is a personal number that no trace may show.
    pub sealed: bool,
    /// What it stands for.
    pub role: Role,
}

impl Field {
    /// A column of the data; nullable, labelled by its own name until [`Field::label`] says more.
    pub fn column(name: impl Into<String>, ty: Type) -> Self {
        Self::new(name.into(), ty, true, Role::Column)
    }

    /// A dated parameter; always known.
    pub fn param(name: impl Into<String>, ty: Type) -> Self {
        Self::new(name.into(), ty, false, Role::Param)
    }

    fn new(name: String, ty: Type, nullable: bool, role: Role) -> Self {
        let label = Label::new(name.clone(), name.clone());
        Self { name, ty, nullable, label, codes: Vec::new(), bits: false, sealed: false, role }
    }

    /// Its words in both languages.
    #[must_use]
    pub fn label(mut self, id: &str, en: &str) -> Self {
        self.label = Label::new(id, en);
        self
    }

    /// Its code list: `(code, Indonesian, English)`.
    #[must_use]
    pub fn codes<'a>(mut self, codes: impl IntoIterator<Item = (i64, &'a str, &'a str)>) -> Self {
        self.codes =
            codes.into_iter().map(|(value, id, en)| Code { value, label: Label::new(id, en) }).collect();
        self
    }

    /// It is a set of bits: its codes are the numbers of bits.
    #[must_use]
    pub fn bits(mut self) -> Self {
        self.bits = true;
        self
    }

    /// It is never unknown.
    #[must_use]
    pub fn not_null(mut self) -> Self {
        self.nullable = false;
        self
    }

    /// Its value is a personal number: a trace says only whether it is known.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.sealed = true;
        self
    }

    /// The words of one of its codes.
    pub fn code(&self, value: i64) -> Option<&Label> {
        self.codes.iter().find(|code| code.value == value).map(|code| &code.label)
    }
}

/// All names that an expression may use. `reference_date` is always among them.
#[derive(Debug, Clone)]
pub struct Schema {
    fields: BTreeMap<String, Arc<Field>>,
}

impl Default for Schema {
    fn default() -> Self {
        Self::new()
    }
}

impl Schema {
    /// Only `reference_date`.
    pub fn new() -> Self {
        let day = Field::new("reference_date".into(), Type::Date, false, Role::ReferenceDate)
            .label("tanggal acuan", "the reference date");
        Self { fields: BTreeMap::from([(day.name.clone(), Arc::new(day))]) }
    }

    /// Adds a name, or replaces the one that was there (a version's parameter over a general one).
    pub fn add(&mut self, field: Field) -> &mut Self {
        self.fields.insert(field.name.clone(), Arc::new(field));
        self
    }

    /// The same schema with one more name.
    #[must_use]
    pub fn with(mut self, field: Field) -> Self {
        self.add(field);
        self
    }

    /// What a name stands for.
    pub fn get(&self, name: &str) -> Option<&Arc<Field>> {
        self.fields.get(name)
    }

    /// All names, in alphabetical order.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.values().map(AsRef::as_ref)
    }

    /// The known name that looks most like a mistyped one.
    pub(crate) fn nearest(&self, name: &str) -> Option<&str> {
        // What follows the dot is compared: `family.` alone makes no two names alike.
        let (of, own) = name.rsplit_once('.').unwrap_or(("", name));
        let close = (own.chars().count() / 3).max(1);
        let far = |known: &str| {
            let (other, known) = known.rsplit_once('.').unwrap_or(("", known));
            distance(own, known) + usize::from(of != other)
        };
        self.fields
            .keys()
            .map(|known| (far(known), known.as_str()))
            .min()
            .filter(|(far, _)| *far <= close)
            .map(|(_, known)| known)
    }
}

/// Values that hold for a whole run: the reference date and the dated parameters.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Params {
    reference_date: Option<i32>,
    values: BTreeMap<String, Value>,
}

impl Params {
    /// With the day on which rules are read.
    pub fn at(reference_date: jiff::civil::Date) -> Self {
        Self { reference_date: Some(model::epoch_days(reference_date)), values: BTreeMap::new() }
    }

    /// With one more parameter, named as in the expression (`param.x`).
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets one parameter, named as in the expression (`param.x`).
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.values.insert(name.into(), value.into());
    }

    /// The value of a parameter or of the reference date; unknown when it was not given.
    pub fn get(&self, field: &Field) -> Value {
        let value = match field.role {
            Role::ReferenceDate => self.reference_date.map_or(Value::Null, Value::Date),
            Role::Param => self.values.get(&field.name).cloned().unwrap_or_default(),
            Role::Column => Value::Null,
        };
        crate::scalar::fit(value, field.ty)
    }
}

/// Edit distance, for suggestions only: both texts are short.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let next = (diagonal + usize::from(a != *b)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[right.len()]
}
