//! Conditions and expressions that have no comparator of their own, evaluated value by value: slower, and the
//! same answer.
//!
//! In: a tree of [`crate::sql`] and a reader of columns. Out: a [`Value`], or whether a condition holds.
//! Follows SQL: what is unknown is never true, nor is its negation. What has no meaning here is refused by
//! [`check`] when the model is read.

use crate::expr::{skeleton, sorted_tokens};
use crate::regex::{self, Regex};
use crate::sql::{Arith, Cast, Node, Op, Scalar, Side};
use crate::text;
pub(crate) use crate::value::Value;
use crate::value::{civil, parse_date, parse_format, parse_time};

/// Reads a column of one side.
pub(crate) type Read<'a> = &'a dyn Fn(Side, &str) -> Value;

/// A function's name and how many arguments it takes, at least and at most.
const FUNCTIONS: [(&str, usize, usize); 85] = [
    ("abs", 1, 1),
    ("acos", 1, 1),
    ("array_cosine_similarity", 2, 2),
    ("array_distance", 2, 2),
    ("array_intersect", 2, 2),
    ("array_length", 1, 1),
    ("array_sort", 1, 1),
    ("array_to_string", 2, 2),
    ("array_transform", 2, 2),
    ("asin", 1, 1),
    ("atan2", 2, 2),
    ("ceil", 1, 1),
    ("coalesce", 1, 50),
    ("concat", 1, 50),
    ("concat_ws", 2, 50),
    ("contains", 2, 2),
    ("cos", 1, 1),
    ("damerau_levenshtein", 2, 2),
    ("date_diff", 3, 3),
    ("datediff", 3, 3),
    ("day", 1, 1),
    ("editdist3", 2, 2),
    ("ends_with", 2, 2),
    ("epoch", 1, 1),
    ("exp", 1, 1),
    ("flatten", 1, 1),
    ("floor", 1, 1),
    ("greatest", 1, 50),
    ("hamming", 2, 2),
    ("jaccard", 2, 2),
    ("jaro_similarity", 2, 2),
    ("jaro_winkler_similarity", 2, 2),
    ("lcase", 1, 1),
    ("least", 1, 50),
    ("left", 2, 2),
    ("len", 1, 1),
    ("length", 1, 1),
    ("levenshtein", 2, 2),
    ("list_aggregate", 2, 2),
    ("list_contains", 2, 2),
    ("list_cosine_similarity", 2, 2),
    ("list_distinct", 1, 1),
    ("list_filter", 2, 2),
    ("list_has_any", 2, 2),
    ("list_intersect", 2, 2),
    ("list_max", 1, 1),
    ("list_min", 1, 1),
    ("list_sort", 1, 1),
    ("list_sum", 1, 1),
    ("list_transform", 2, 2),
    ("ln", 1, 1),
    ("log2", 1, 1),
    ("lower", 1, 1),
    ("ltrim", 1, 1),
    ("mismatches", 2, 2),
    ("month", 1, 1),
    ("nullif", 2, 2),
    ("pow", 2, 2),
    ("power", 2, 2),
    ("prefix", 2, 2),
    ("radians", 1, 1),
    ("regexp_extract", 2, 3),
    ("regexp_matches", 2, 2),
    ("regexp_replace", 3, 4),
    ("replace", 3, 3),
    ("reverse", 1, 1),
    ("right", 2, 2),
    ("round", 1, 2),
    ("rtrim", 1, 1),
    ("sin", 1, 1),
    ("skeleton", 1, 1),
    ("sort_tokens", 1, 1),
    ("split_part", 3, 3),
    ("sqrt", 1, 1),
    ("starts_with", 2, 2),
    ("string_split", 2, 2),
    ("strlen", 1, 1),
    ("strptime", 2, 2),
    ("substr", 2, 3),
    ("substring", 2, 3),
    ("trim", 1, 1),
    ("try_strptime", 2, 2),
    ("ucase", 1, 1),
    ("upper", 1, 1),
    ("year", 1, 1),
];

/// Whether every function in the condition is known here.
///
/// # Errors
/// The first that is not.
pub(crate) fn check(node: &Node) -> Result<(), String> {
    let mut fault = Ok(());
    node.each_scalar(&mut |scalar| {
        if fault.is_ok() {
            fault = check_scalar(scalar);
        }
    });
    fault
}

/// The same for a value.
pub(crate) fn check_scalar(scalar: &Scalar) -> Result<(), String> {
    if let Scalar::Call { name, args } = scalar {
        let known = FUNCTIONS.iter().find(|(function, _, _)| function == name);
        let Some((_, least, most)) = known else { return Err(scalar.to_string()) };
        if args.len() < *least || args.len() > *most {
            return Err(format!("{scalar}, which takes {least} to {most} arguments"));
        }
        if let ("regexp_extract" | "regexp_matches" | "regexp_replace", Some(Scalar::Text(pattern))) =
            (name.as_str(), args.get(1))
        {
            Regex::new(pattern, false).map_err(|fault| format!("{scalar}: {fault}"))?;
        }
    }
    let mut fault = Ok(());
    scalar.each_part(&mut |part| {
        if fault.is_ok() {
            fault = check_scalar(part);
        }
    });
    fault
}

/// Whether a condition holds; nothing when that is unknown.
pub(crate) fn holds(node: &Node, read: Read) -> Option<bool> {
    condition(node, read, &[])
}

/// The value of an expression.
pub(crate) fn scalar(of: &Scalar, read: Read) -> Value {
    value(of, read, &[])
}

type Locals<'a> = &'a [(&'a str, &'a Value)];

fn condition(node: &Node, read: Read, locals: Locals) -> Option<bool> {
    match node {
        Node::Else => Some(true),
        Node::Not(inner) => condition(inner, read, locals).map(|holds| !holds),
        Node::And(parts) => kleene(parts, read, locals, false),
        Node::Or(parts) => kleene(parts, read, locals, true),
        Node::IsNull { of, negated } => Some((value(of, read, locals) == Value::Null) != *negated),
        Node::Truth(of) => match value(of, read, locals) {
            Value::Bool(flag) => Some(flag),
            Value::Null => None,
            other => other.number().map(|number| number != 0.0),
        },
        Node::Compare { left, op, right } => {
            let order = value(left, read, locals).compare(&value(right, read, locals))?;
            Some(match op {
                Op::Equal => order.is_eq(),
                Op::NotEqual => order.is_ne(),
                Op::Less => order.is_lt(),
                Op::LessEqual => order.is_le(),
                Op::Greater => order.is_gt(),
                Op::GreaterEqual => order.is_ge(),
            })
        }
    }
}

/// And, or: the first part that decides; unknown when none does and one is unknown.
fn kleene(parts: &[Node], read: Read, locals: Locals, decides: bool) -> Option<bool> {
    let mut unknown = false;
    for part in parts {
        match condition(part, read, locals) {
            Some(holds) if holds == decides => return Some(decides),
            Some(_) => {}
            None => unknown = true,
        }
    }
    (!unknown).then_some(!decides)
}

fn value(of: &Scalar, read: Read, locals: Locals) -> Value {
    match of {
        Scalar::Null | Scalar::Lambda { .. } => Value::Null,
        Scalar::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => Value::Int(*number as i64),
        Scalar::Number(number) => Value::Number(*number),
        Scalar::Text(text) => Value::Text(text.clone()),
        Scalar::Column { side, name } => read(*side, name),
        Scalar::Local(name) => locals
            .iter()
            .rev()
            .find(|(local, _)| local == name)
            .map_or(Value::Null, |(_, value)| (*value).clone()),
        Scalar::List(items) => Value::List(items.iter().map(|item| value(item, read, locals)).collect()),
        Scalar::Arith { op, left, right } => {
            arith(*op, &value(left, read, locals), &value(right, read, locals)).unwrap_or(Value::Null)
        }
        Scalar::Cast { of, to, .. } => cast(value(of, read, locals), *to).unwrap_or(Value::Null),
        Scalar::Case { arms, otherwise } => {
            let arm = arms.iter().find(|(when, _)| condition(when, read, locals) == Some(true));
            let then = arm.map(|(_, then)| then).or(otherwise.as_deref());
            then.map_or(Value::Null, |then| value(then, read, locals))
        }
        Scalar::Index { of, at } => {
            let (of, at) = (value(of, read, locals), value(at, read, locals));
            index(&of, &at).unwrap_or(Value::Null)
        }
        Scalar::Call { name, args } => call(name, args, read, locals).unwrap_or(Value::Null),
    }
}

/// The first item is 1, the last -1.
fn index(of: &Value, at: &Value) -> Option<Value> {
    let at = at.number()? as i64;
    let place = |length: usize| {
        usize::try_from(if at < 0 { length as i64 + at } else { at - 1 }).ok().filter(|at| *at < length)
    };
    match of {
        Value::List(items) => place(items.len()).map(|at| items[at].clone()),
        Value::Text(text) => {
            let letters: Vec<char> = text.chars().collect();
            place(letters.len()).map(|at| Value::Text(letters[at].to_string()))
        }
        _ => None,
    }
}

fn arith(op: Arith, left: &Value, right: &Value) -> Option<Value> {
    if op == Arith::Concat {
        if let (Value::List(a), Value::List(b)) = (left, right) {
            return Some(Value::List([a.as_slice(), b].concat()));
        }
        return Some(Value::Text(left.clone().into_text()? + &right.clone().into_text()?));
    }
    if let (Value::Int(a), Value::Int(b)) = (left, right) {
        let whole = match op {
            Arith::Plus => a.checked_add(*b),
            Arith::Minus => a.checked_sub(*b),
            Arith::Times => a.checked_mul(*b),
            Arith::Modulo => a.checked_rem(*b),
            Arith::Divide | Arith::Concat => None,
        };
        if let Some(whole) = whole {
            return Some(Value::Int(whole));
        }
    }
    if let (Value::Date(a), Value::Date(b), Arith::Minus) = (left, right, op) {
        return Some(Value::Int(i64::from(*a) - i64::from(*b)));
    }
    let (a, b) = (left.number()?, right.number()?);
    let number = match op {
        Arith::Plus => a + b,
        Arith::Minus => a - b,
        Arith::Times => a * b,
        Arith::Divide if b != 0.0 => a / b,
        Arith::Modulo if b != 0.0 => a % b,
        _ => return None,
    };
    Some(Value::Number(number))
}

fn cast(of: Value, to: Cast) -> Option<Value> {
    Some(match to {
        Cast::Int => match of {
            Value::Int(number) => Value::Int(number),
            Value::Text(text) => Value::Int(text.trim().parse().or_else(|_| whole(&text)).ok()?),
            // DuckDB rounds half to even.
            other => Value::Int(other.number()?.round_ties_even() as i64),
        },
        Cast::Real => Value::Number(f64::from(of.number()? as f32)),
        Cast::Double => Value::Number(of.number()?),
        Cast::Text => Value::Text(of.into_text()?),
        Cast::Date => match of {
            Value::Text(text) => Value::Date(parse_date(&text)?),
            Value::Date(days) => Value::Date(days),
            other => Value::Date((other.seconds()? / 86_400.0).floor() as i32),
        },
        Cast::Time => match of {
            Value::Text(text) => Value::Time(parse_time(&text)?),
            other => Value::Time(other.seconds()?),
        },
    })
}

fn whole(text: &str) -> Result<i64, std::num::ParseFloatError> {
    text.trim().parse::<f64>().map(|number| number.round_ties_even() as i64)
}

fn call(name: &str, args: &[Scalar], read: Read, locals: Locals) -> Option<Value> {
    if let (
        "list_transform" | "array_transform" | "list_filter",
        [list, Scalar::Lambda { name: item, body }],
    ) = (name, args)
    {
        let list = value(list, read, locals);
        let apply = |of: &Value| {
            let mut inner = locals.to_vec();
            inner.push((item, of));
            value(body, read, &inner)
        };
        let items = list.list()?.iter();
        return Some(Value::List(if name == "list_filter" {
            items.filter(|of| apply(of) == Value::Bool(true)).cloned().collect()
        } else {
            items.map(apply).collect()
        }));
    }
    let args: Vec<Value> = args.iter().map(|arg| value(arg, read, locals)).collect();
    match name {
        "coalesce" => return args.into_iter().find(|arg| *arg != Value::Null),
        "concat" => return Some(Value::Text(args.into_iter().filter_map(Value::into_text).collect())),
        "concat_ws" => {
            let separator = args[0].text()?.to_owned();
            let parts: Vec<String> = args.into_iter().skip(1).filter_map(Value::into_text).collect();
            return Some(Value::Text(parts.join(&separator)));
        }
        "least" | "greatest" => {
            let wanted = if name == "least" { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater };
            return best(args.iter(), wanted);
        }
        "nullif" => {
            let equal = args[0].compare(&args[1]).is_some_and(std::cmp::Ordering::is_eq);
            return (!equal).then(|| args[0].clone());
        }
        _ => {}
    }
    if args.contains(&Value::Null) {
        return None;
    }
    of_texts(name, &args)
        .or_else(|| of_numbers(name, &args))
        .or_else(|| of_times(name, &args))
        .or_else(|| of_lists(name, &args))
}

fn best<'a>(values: impl Iterator<Item = &'a Value>, wanted: std::cmp::Ordering) -> Option<Value> {
    values
        .filter(|value| **value != Value::Null)
        .reduce(|best, value| if value.compare(best) == Some(wanted) { value } else { best })
        .cloned()
}

fn of_texts(name: &str, args: &[Value]) -> Option<Value> {
    let text = args.first()?.text()?;
    let other = || args.get(1).and_then(Value::text);
    let count = |at: usize| args.get(at).and_then(Value::number).map(|number| number as i64);
    let whole = |number: u32| Value::Int(i64::from(number));
    let owned = |text: &str| Value::Text(text.to_owned());
    let (a, b) = (text.as_bytes(), || other().map(str::as_bytes));
    Some(match name {
        "levenshtein" | "editdist3" => whole(text::levenshtein(a, b()?)),
        "damerau_levenshtein" => whole(text::damerau_levenshtein(a, b()?)),
        "jaro_similarity" => Value::Number(text::jaro(a, b()?)),
        "jaro_winkler_similarity" => Value::Number(text::jaro_winkler(a, b()?)),
        "jaccard" => Value::Number(text::jaccard(a, b()?)?),
        "hamming" | "mismatches" => whole(text::hamming(a, b()?)?),
        "lower" | "lcase" => Value::Text(text.to_lowercase()),
        "upper" | "ucase" => Value::Text(text.to_uppercase()),
        "trim" => owned(text.trim_matches(' ')),
        "ltrim" => owned(text.trim_start_matches(' ')),
        "rtrim" => owned(text.trim_end_matches(' ')),
        "reverse" => Value::Text(text.chars().rev().collect()),
        "length" | "len" => Value::Int(text.chars().count() as i64),
        "strlen" => Value::Int(text.len() as i64),
        "skeleton" => Value::Text(skeleton(text)),
        "sort_tokens" => Value::Text(sorted_tokens(text)),
        "starts_with" | "prefix" => Value::Bool(text.starts_with(other()?)),
        "ends_with" => Value::Bool(text.ends_with(other()?)),
        "contains" => Value::Bool(text.contains(other()?)),
        "left" => Value::Text(text.chars().take(count(1)?.max(0) as usize).collect()),
        "right" => {
            let drop = text.chars().count().saturating_sub(count(1)?.max(0) as usize);
            Value::Text(text.chars().skip(drop).collect())
        }
        "substr" | "substring" => {
            let first = count(1)?.max(1) as usize - 1;
            let most = if args.len() > 2 { count(2)?.max(0) as usize } else { usize::MAX };
            Value::Text(text.chars().skip(first).take(most).collect())
        }
        "split_part" => {
            let at = usize::try_from(count(2)? - 1).ok()?;
            owned(text.split(other()?).nth(at).unwrap_or_default())
        }
        "replace" => Value::Text(text.replace(other()?, args[2].text()?)),
        "string_split" => Value::List(text.split(other()?).map(owned).collect()),
        "regexp_matches" => Value::Bool(regex::kept(other()?, false)?.find(text, 0).is_some()),
        "regexp_extract" => {
            let group = if args.len() > 2 { usize::try_from(count(2)?).ok()? } else { 0 };
            let found = regex::kept(other()?, false)?.find(text, 0);
            let piece = found.and_then(|groups| groups.get(group).copied().flatten());
            owned(piece.map_or("", |(start, end)| &text[start..end]))
        }
        "regexp_replace" => {
            let options = args.get(3).and_then(Value::text).unwrap_or_default();
            let mut out = String::new();
            let regex = regex::kept(other()?, options.contains('i'))?;
            let any = regex.replace(text, args[2].text()?, options.contains('g'), &mut out);
            if any { Value::Text(out) } else { owned(text) }
        }
        _ => return None,
    })
}

fn of_numbers(name: &str, args: &[Value]) -> Option<Value> {
    if let ("abs", [Value::Int(number)]) = (name, args) {
        return number.checked_abs().map(Value::Int);
    }
    let a = args.first()?.number()?;
    let b = || args.get(1).and_then(Value::number);
    let number = match name {
        "abs" => a.abs(),
        "sin" => a.sin(),
        "cos" => a.cos(),
        "acos" if (-1.0..=1.0).contains(&a) => a.acos(),
        "asin" if (-1.0..=1.0).contains(&a) => a.asin(),
        "atan2" => a.atan2(b()?),
        "radians" => a.to_radians(),
        "sqrt" if a >= 0.0 => a.sqrt(),
        "pow" | "power" => a.powf(b()?),
        "exp" => a.exp(),
        "ln" if a > 0.0 => a.ln(),
        "log2" if a > 0.0 => a.log2(),
        "floor" => a.floor(),
        "ceil" => a.ceil(),
        "round" => {
            let scale = 10f64.powf(b().unwrap_or(0.0));
            (a * scale).round() / scale
        }
        _ => return None,
    };
    Some(Value::Number(number))
}

fn of_times(name: &str, args: &[Value]) -> Option<Value> {
    let day = |value: &Value| value.seconds().map(|seconds| (seconds / 86_400.0).floor());
    let part = |get: fn((i64, i64, i64)) -> i64| {
        day(args.first()?).and_then(|day| civil(day as i32)).map(|parts| Value::Int(get(parts)))
    };
    match name {
        "epoch" => Some(Value::Number(args[0].seconds()?)),
        "strptime" | "try_strptime" => {
            let text = args[0].text()?.trim_end_matches('Z');
            Some(Value::Time(parse_format(text, args[1].text()?.trim_end_matches('Z'))?))
        }
        "year" => part(|(year, _, _)| year),
        "month" => part(|(_, month, _)| month),
        "day" => part(|(_, _, day)| day),
        "date_diff" | "datediff" => {
            let (from, to) = (&args[1], &args[2]);
            let (a, b) = (civil(day(from)? as i32)?, civil(day(to)? as i32)?);
            Some(Value::Int(match args[0].text()? {
                "day" => (day(to)? - day(from)?) as i64,
                "week" => ((day(to)? - 4.0) / 7.0).floor() as i64 - ((day(from)? - 4.0) / 7.0).floor() as i64,
                "month" => (b.0 - a.0) * 12 + b.1 - a.1,
                "year" => b.0 - a.0,
                _ => return None,
            }))
        }
        _ => None,
    }
}

fn of_lists(name: &str, args: &[Value]) -> Option<Value> {
    let items = args.first()?.list()?;
    let other = || args.get(1).and_then(Value::list);
    let numbers = |list: &[Value]| list.iter().map(Value::number).collect::<Option<Vec<f64>>>();
    Some(match name {
        "array_length" | "len" | "length" => Value::Int(items.len() as i64),
        "list_min" => return best(items.iter(), std::cmp::Ordering::Less),
        "list_max" => return best(items.iter(), std::cmp::Ordering::Greater),
        "list_aggregate" => {
            let wanted =
                if args[1].text()? == "min" { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater };
            return best(items.iter(), wanted);
        }
        "list_sum" => Value::Number(numbers(items)?.iter().sum()),
        "list_distinct" => Value::List(distinct(items)),
        "list_contains" => Value::Bool(items.contains(&args[1])),
        "list_intersect" | "array_intersect" => {
            let other = other()?;
            Value::List(distinct(items).into_iter().filter(|item| other.contains(item)).collect())
        }
        "list_has_any" => {
            let other = other()?;
            Value::Bool(items.iter().any(|item| *item != Value::Null && other.contains(item)))
        }
        "list_sort" | "array_sort" => {
            let mut sorted = items.to_vec();
            sorted.sort_by(|a, b| a.compare(b).unwrap_or(std::cmp::Ordering::Equal));
            Value::List(sorted)
        }
        "array_to_string" => {
            let parts: Vec<String> = items.iter().cloned().filter_map(Value::into_text).collect();
            Value::Text(parts.join(args[1].text()?))
        }
        "flatten" => Value::List(items.iter().filter_map(Value::list).flatten().cloned().collect()),
        "array_cosine_similarity" | "list_cosine_similarity" | "array_distance" => {
            let (a, b) = (numbers(items)?, numbers(other()?)?);
            if a.len() != b.len() {
                return None;
            }
            let sum = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
            if name == "array_distance" {
                return Some(Value::Number(
                    a.iter().zip(&b).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt(),
                ));
            }
            Value::Number((sum(&a, &b) / (sum(&a, &a) * sum(&b, &b)).sqrt()).clamp(-1.0, 1.0))
        }
        _ => return None,
    })
}

fn distinct(items: &[Value]) -> Vec<Value> {
    let mut out: Vec<Value> = Vec::new();
    for item in items {
        if *item != Value::Null && !out.contains(item) {
            out.push(item.clone());
        }
    }
    out
}
