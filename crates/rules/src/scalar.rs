//! What each operation means on single values: the one definition that the row evaluator uses always and the
//! column evaluator wherever it has no kernel of its own. Every function is total: what cannot be computed is
//! unknown.

use std::cmp::Ordering;

use crate::{
    dates,
    tree::{Arith, Compare, Function},
    value::{Type, Value},
};

/// A value as its place in the schema wants it: whole numbers widen to decimal ones, anything else of another
/// type is unknown.
pub(crate) fn fit(value: Value, ty: Type) -> Value {
    match (value, ty) {
        (Value::Int(number), Type::Num) => Value::Num(number as f64),
        (Value::Num(number), Type::Num) => Value::num(number),
        (value, ty) if value.ty() == Some(ty) => value,
        _ => Value::Null,
    }
}

pub(crate) fn to_num(value: &Value) -> Value {
    match value {
        Value::Int(number) => Value::Num(*number as f64),
        Value::Num(number) => Value::num(*number),
        _ => Value::Null,
    }
}

pub(crate) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Num(a), Value::Num(b)) => a.partial_cmp(b),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

pub(crate) fn holds(op: Compare, order: Ordering) -> bool {
    match op {
        Compare::Eq => order.is_eq(),
        Compare::Ne => order.is_ne(),
        Compare::Lt => order.is_lt(),
        Compare::Le => order.is_le(),
        Compare::Gt => order.is_gt(),
        Compare::Ge => order.is_ge(),
    }
}

pub(crate) fn compare(op: Compare, left: &Value, right: &Value) -> Option<bool> {
    order(left, right).map(|order| holds(op, order))
}

/// Kleene's and: one false makes it false, else one unknown makes it unknown.
pub(crate) fn and(items: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut all = Some(true);
    for item in items {
        match item {
            Some(false) => return Some(false),
            None => all = None,
            Some(true) => {}
        }
    }
    all
}

/// Kleene's or: one true makes it true, else one unknown makes it unknown.
pub(crate) fn or(items: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    and(items.into_iter().map(|item| item.map(|flag| !flag))).map(|flag| !flag)
}

pub(crate) fn within(item: &Value, low: &Value, high: &Value) -> Option<bool> {
    and([compare(Compare::Ge, item, low), compare(Compare::Le, item, high)])
}

pub(crate) fn among(item: &Value, list: &[Value]) -> Option<bool> {
    or(list.iter().map(|other| compare(Compare::Eq, item, other)))
}

pub(crate) fn int_arith(op: Arith, a: i64, b: i64) -> Option<i64> {
    match op {
        Arith::Add => a.checked_add(b),
        Arith::Sub => a.checked_sub(b),
        Arith::Mul => a.checked_mul(b),
        Arith::Rem => a.checked_rem(b),
        Arith::Div => None,
    }
}

pub(crate) fn num_arith(op: Arith, a: f64, b: f64) -> Option<f64> {
    let result = match op {
        Arith::Add => a + b,
        Arith::Sub => a - b,
        Arith::Mul => a * b,
        Arith::Div => a / b,
        Arith::Rem => a % b,
    };
    result.is_finite().then_some(result)
}

pub(crate) fn arith(op: Arith, left: &Value, right: &Value) -> Value {
    let known = match (op, left, right) {
        (_, Value::Int(a), Value::Int(b)) => int_arith(op, *a, *b).map(Value::Int),
        (_, Value::Num(a), Value::Num(b)) => num_arith(op, *a, *b).map(Value::Num),
        (Arith::Add, Value::Date(day), Value::Int(n)) | (Arith::Add, Value::Int(n), Value::Date(day)) => {
            shift(*day, Some(*n))
        }
        (Arith::Sub, Value::Date(day), Value::Int(n)) => shift(*day, n.checked_neg()),
        (Arith::Sub, Value::Date(a), Value::Date(b)) => Some(Value::Int(i64::from(*a) - i64::from(*b))),
        _ => None,
    };
    known.unwrap_or_default()
}

fn shift(day: i32, by: Option<i64>) -> Option<Value> {
    let moved = i64::from(day).checked_add(by?)?;
    i32::try_from(moved).ok().map(Value::Date)
}

pub(crate) fn negate(value: &Value) -> Value {
    match value {
        Value::Int(number) => number.checked_neg().map_or(Value::Null, Value::Int),
        Value::Num(number) => Value::Num(-number),
        _ => Value::Null,
    }
}

pub(crate) fn call(function: Function, args: &[Value]) -> Value {
    match (function, args) {
        (Function::YearsBetween, [Value::Date(from), Value::Date(to)]) => {
            Value::Int(dates::years_between(*from, dates::civil(*to)))
        }
        (Function::MonthsBetween, [Value::Date(from), Value::Date(to)]) => {
            Value::Int(dates::months_between(*from, dates::civil(*to)))
        }
        (Function::Coalesce, args) => args.iter().find(|value| !value.is_null()).cloned().unwrap_or_default(),
        (Function::Abs, [Value::Int(number)]) => number.checked_abs().map_or(Value::Null, Value::Int),
        (Function::Abs, [Value::Num(number)]) => Value::Num(number.abs()),
        (Function::Least, args) => extreme(args, Ordering::Less),
        (Function::Greatest, args) => extreme(args, Ordering::Greater),
        (Function::Upper, [Value::Text(text)]) => Value::Text(text.to_uppercase()),
        (Function::Substr, [Value::Text(text), Value::Int(first), Value::Int(length)]) => {
            let skip = usize::try_from(first.saturating_sub(1)).unwrap_or(0);
            let take = usize::try_from(*length).unwrap_or(0);
            Value::Text(text.chars().skip(skip).take(take).collect())
        }
        (Function::StartsWith, [Value::Text(text), Value::Text(beginning)]) => {
            Value::Bool(text.starts_with(beginning.as_str()))
        }
        (Function::HasBit, [Value::Int(bits), Value::Int(n)]) => Value::Bool(has_bit(*bits, *n)),
        _ => Value::Null,
    }
}

pub(crate) fn has_bit(bits: i64, n: i64) -> bool {
    (0..=62).contains(&n) && (bits >> n) & 1 == 1
}

fn extreme(args: &[Value], want: Ordering) -> Value {
    let mut best: Option<&Value> = None;
    for value in args {
        match best {
            _ if value.is_null() => return Value::Null,
            Some(held) if order(value, held) != Some(want) => {}
            _ => best = Some(value),
        }
    }
    best.cloned().unwrap_or_default()
}
