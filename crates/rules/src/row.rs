//! The answer for one row, with its trace: every part of the condition in words, how it came out, and on
//! which values.

use std::collections::BTreeMap;

use model::Outcome;
use serde::Serialize;

use crate::{
    scalar,
    schema::{Field, Params, Role},
    tree::{Expr, Node},
    value::{Label, Lang, Type, Value},
    words,
};

/// One row of data. A name that the row does not have is unknown.
pub trait Row {
    /// The value of a column, named as in the expression.
    fn value(&self, name: &str) -> Value;
}

impl Row for BTreeMap<String, Value> {
    fn value(&self, name: &str) -> Value {
        self.get(name).cloned().unwrap_or_default()
    }
}

impl<F: Fn(&str) -> Value> Row for F {
    fn value(&self, name: &str) -> Value {
        self(name)
    }
}

/// A value and how it came about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Traced {
    /// The value; unknown is `Null`.
    pub value: Value,
    /// Of a condition: true, false or unknown. A value that is not yes/no is unknown here.
    pub outcome: Outcome,
    /// The parts, in reading order: a group before its members.
    pub steps: Vec<Step>,
    /// The columns whose being unknown made the answer unknown; empty when it is known.
    pub unknown: Vec<String>,
}

/// One part of a condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// 0 for the whole, 1 for its parts, and so on.
    pub depth: u8,
    /// Whether it only groups the steps below it.
    pub group: bool,
    /// The part in words; for a group "all of" or "any of".
    pub words: Label,
    /// How it came out.
    pub outcome: Outcome,
    /// The values it looked at; empty for a group.
    pub fields: Vec<FieldValue>,
}

/// A column's value in one row, as a reader may see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldValue {
    /// As written in the expression.
    pub name: String,
    /// What it is called.
    pub label: Label,
    /// Whether it is known.
    pub known: bool,
    /// The value in words, its code spelled out; of a personal number only whether it is known.
    pub shown: Label,
}

impl Expr {
    /// Its value in one row.
    pub fn value(&self, row: &dyn Row, params: &Params) -> Value {
        value(&self.root, row, params)
    }

    /// Its value in one row, with the trace.
    pub fn eval_row(&self, row: &dyn Row, params: &Params) -> Traced {
        let mut trace = Trace { row, params, steps: Vec::new(), unknown: Vec::new() };
        let value = self.value(row, params);
        let outcome = trace.walk(&self.root, 0);
        Traced { value, outcome, steps: trace.steps, unknown: trace.unknown }
    }

    /// Whether a condition comes out the same for everybody: it names no column, or one column whose codes are known, and is true
    /// for every code (`Some(true)`) or for none (`Some(false)`). `None` when it depends, or when that cannot be told.
    pub fn always(&self, params: &Params) -> Option<bool> {
        let names = self.root.names();
        let columns: Vec<_> = names.into_iter().filter(|field| field.role == Role::Column).collect();
        let holds = |name: &str, value: Value| {
            let row = BTreeMap::from([(name.to_owned(), value)]);
            self.value(&row, params).as_bool() == Some(true)
        };
        let (name, values): (&str, Vec<Value>) = match columns.as_slice() {
            [] => ("", vec![Value::Null]),
            [field] if field.ty == Type::Bool => (&field.name, vec![Value::Bool(true), Value::Bool(false)]),
            [field] if !field.codes.is_empty() && !field.bits => {
                (&field.name, field.codes.iter().map(|code| Value::Int(code.value)).collect())
            }
            _ => return None,
        };
        let known = values.iter().filter(|value| holds(name, (*value).clone())).count();
        if known == values.len() {
            return Some(true);
        }
        (known == 0 && !holds(name, Value::Null)).then_some(false)
    }
}

pub(crate) fn value(node: &Node, row: &dyn Row, params: &Params) -> Value {
    let eval = |node: &Node| value(node, row, params);
    let truth = |node: &Node| value(node, row, params).as_bool();
    match node {
        Node::Const(value, _) => value.clone(),
        Node::Name(field) => look_up(field, row, params),
        Node::ToNum(item) => scalar::to_num(&eval(item)),
        Node::Not(item) => truth(item).map(|flag| !flag).into(),
        Node::And(items) => scalar::and(items.iter().map(truth)).into(),
        Node::Or(items) => scalar::or(items.iter().map(truth)).into(),
        Node::Compare(op, left, right) => scalar::compare(*op, &eval(left), &eval(right)).into(),
        Node::In { item, list, negated } => {
            let list: Vec<Value> = list.iter().map(eval).collect();
            scalar::among(&eval(item), &list).map(|flag| flag != *negated).into()
        }
        Node::Between { item, low, high, negated } => {
            scalar::within(&eval(item), &eval(low), &eval(high)).map(|flag| flag != *negated).into()
        }
        Node::IsNull { item, negated } => Value::Bool(eval(item).is_null() != *negated),
        Node::Arith(op, left, right, _) => scalar::arith(*op, &eval(left), &eval(right)),
        Node::Neg(item) => scalar::negate(&eval(item)),
        Node::Case { arms, otherwise, .. } => arms
            .iter()
            .find(|(when, _)| truth(when) == Some(true))
            .map(|(_, then)| eval(then))
            .or_else(|| otherwise.as_deref().map(eval))
            .unwrap_or_default(),
        Node::Call(function, args, _) => {
            let args: Vec<Value> = args.iter().map(eval).collect();
            scalar::call(*function, &args)
        }
    }
}

fn look_up(field: &Field, row: &dyn Row, params: &Params) -> Value {
    match field.role {
        Role::Column => scalar::fit(row.value(&field.name), field.ty),
        Role::Param | Role::ReferenceDate => params.get(field),
    }
}

struct Trace<'a> {
    row: &'a dyn Row,
    params: &'a Params,
    steps: Vec<Step>,
    unknown: Vec<String>,
}

impl Trace<'_> {
    /// Writes the step of `node` and those below it. Unknown columns are gathered only under an unknown
    /// answer: a column that is unknown but did not matter is not blamed.
    fn walk(&mut self, node: &Node, depth: u8) -> Outcome {
        let value = value(node, self.row, self.params);
        let outcome = Outcome::from_option(value.as_bool());
        let blame = match (node.ty(), outcome) {
            (Type::Bool, Outcome::Unknown) => true,
            (Type::Bool, _) => false,
            _ => value.is_null(),
        };
        match node {
            Node::And(items) | Node::Or(items) => {
                let words = words::group(matches!(node, Node::And(_)));
                self.steps.push(Step { depth, group: true, words, outcome, fields: Vec::new() });
                let before = self.unknown.len();
                for item in items {
                    self.walk(item, depth.saturating_add(1));
                }
                if !blame {
                    self.unknown.truncate(before);
                }
            }
            _ => {
                let names = node.names();
                let fields: Vec<FieldValue> = names
                    .iter()
                    .filter(|field| field.role == Role::Column)
                    .map(|field| shown(field, &look_up(field, self.row, self.params)))
                    .collect();
                if blame {
                    let any_unknown = fields.iter().any(|field| !field.known);
                    // Nothing unknown, yet no answer: the arithmetic left its range, so all its columns are
                    // named.
                    for field in fields.iter().filter(|field| !field.known || !any_unknown) {
                        if !self.unknown.contains(&field.name) {
                            self.unknown.push(field.name.clone());
                        }
                    }
                }
                let words = Label {
                    id: words::of(node, Lang::Id, Some(self.params)),
                    en: words::of(node, Lang::En, Some(self.params)),
                };
                self.steps.push(Step { depth, group: false, words, outcome, fields });
            }
        }
        outcome
    }
}

fn shown(field: &Field, value: &Value) -> FieldValue {
    let words = |lang| match value {
        Value::Null => value.words(lang),
        _ if field.sealed => if lang == Lang::Id { "diketahui" } else { "known" }.to_owned(),
        Value::Int(number) => coded(field, *number, lang).unwrap_or_else(|| value.words(lang)),
        _ => value.words(lang),
    };
    FieldValue {
        name: field.name.clone(),
        label: field.label.clone(),
        known: !value.is_null(),
        shown: Label { id: words(Lang::Id), en: words(Lang::En) },
    }
}

/// The words of a code, or of every bit that is set.
fn coded(field: &Field, number: i64, lang: Lang) -> Option<String> {
    if !field.bits {
        return field.code(number).map(|label| label.get(lang).to_owned());
    }
    let set = field.codes.iter().filter(|bit| scalar::has_bit(number, bit.value));
    let words: Vec<&str> = set.map(|bit| bit.label.get(lang)).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

impl Traced {
    /// All values that the condition looked at, each once.
    pub fn fields(&self) -> Vec<&FieldValue> {
        let mut out: Vec<&FieldValue> = Vec::new();
        for field in self.steps.iter().flat_map(|step| &step.fields) {
            if !out.iter().any(|seen| seen.name == field.name) {
                out.push(field);
            }
        }
        out
    }
}
