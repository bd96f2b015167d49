//! The loops of the column evaluator: vectors of one type, comparisons packed 64 to a word, arithmetic that
//! turns what leaves its range into the unknown. No names and no tree here: values in, vectors out.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, StringArray,
    cast::AsArray,
    new_null_array,
    types::{Date32Type, Float64Type, Int32Type, Int64Type},
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow_schema::DataType;

use crate::{
    column::EvalError,
    convert::convert,
    dates, scalar,
    schema::Field,
    tree::{Arith, Compare, Function},
    value::{Type, Value},
};

/// A column in the making. `Const` holds one value for every row.
#[derive(Clone)]
pub(crate) enum Vector {
    Const(Value),
    Bool(BooleanArray),
    Int32(Int32Array),
    Int(Int64Array),
    Num(Float64Array),
    Date(Date32Array),
    Text(StringArray),
}

impl Vector {
    pub(crate) fn into_array(self, ty: Type, rows: usize) -> ArrayRef {
        match self {
            Self::Const(value) => repeated(&value, ty, rows),
            Self::Bool(array) => Arc::new(array),
            Self::Int32(array) => Arc::new(widened(&array)),
            Self::Int(array) => Arc::new(array),
            Self::Num(array) => Arc::new(array),
            Self::Date(array) => Arc::new(array),
            Self::Text(array) => Arc::new(array),
        }
    }

    pub(crate) fn get(&self, row: usize) -> Value {
        match self {
            Self::Const(value) => value.clone(),
            _ if self.is_null(row) => Value::Null,
            Self::Bool(array) => Value::Bool(array.value(row)),
            Self::Int32(array) => Value::Int(i64::from(array.value(row))),
            Self::Int(array) => Value::Int(array.value(row)),
            Self::Num(array) => Value::Num(array.value(row)),
            Self::Date(array) => Value::Date(array.value(row)),
            Self::Text(array) => Value::Text(array.value(row).to_owned()),
        }
    }

    pub(crate) fn nulls(&self) -> Option<&NullBuffer> {
        match self {
            Self::Const(_) => None,
            Self::Bool(array) => array.nulls(),
            Self::Int32(array) => array.nulls(),
            Self::Int(array) => array.nulls(),
            Self::Num(array) => array.nulls(),
            Self::Date(array) => array.nulls(),
            Self::Text(array) => array.nulls(),
        }
    }

    pub(crate) fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Const(value) => value.is_null(),
            other => other.nulls().is_some_and(|nulls| nulls.is_null(row)),
        }
    }

    pub(crate) fn as_const(&self) -> Option<&Value> {
        match self {
            Self::Const(value) => Some(value),
            _ => None,
        }
    }

    /// The array of truth values, for the logic kernels.
    pub(crate) fn truth(self, rows: usize) -> BooleanArray {
        match self {
            Self::Bool(array) => array,
            Self::Const(Value::Bool(flag)) => bits(if flag { ones(rows) } else { zeros(rows) }, None),
            _ => bits(zeros(rows), Some(NullBuffer::new_null(rows))),
        }
    }

    /// Whole numbers in 64 bits.
    pub(crate) fn int64(&self) -> Option<Int64Array> {
        match self {
            Self::Int(array) => Some(array.clone()),
            Self::Int32(array) => Some(widened(array)),
            _ => None,
        }
    }
}

pub(crate) fn widened(array: &Int32Array) -> Int64Array {
    let values: Vec<i64> = array.values().iter().map(|v| i64::from(*v)).collect();
    Int64Array::new(values.into(), array.nulls().cloned())
}

pub(crate) fn ones(rows: usize) -> BooleanBuffer {
    BooleanBuffer::new_set(rows)
}

pub(crate) fn zeros(rows: usize) -> BooleanBuffer {
    BooleanBuffer::new_unset(rows)
}

pub(crate) fn bits(values: BooleanBuffer, nulls: Option<NullBuffer>) -> BooleanArray {
    BooleanArray::new(values, nulls)
}

/// One bit a value, 64 at a time, so that the loop over the values has no branch.
pub(crate) fn pack<T: Copy>(values: &[T], test: impl Fn(T) -> bool) -> BooleanBuffer {
    let mut words: Vec<u64> = Vec::with_capacity(values.len().div_ceil(64));
    for chunk in values.chunks(64) {
        let mut word = 0u64;
        for (bit, value) in chunk.iter().enumerate() {
            word |= u64::from(test(*value)) << bit;
        }
        words.push(word.to_le());
    }
    BooleanBuffer::new(Buffer::from_vec(words), 0, values.len())
}

/// A column of the data in the type that the schema says; what Arrow stores narrower is widened, NaN is
/// unknown.
pub(crate) fn load(field: &Field, array: &ArrayRef) -> Result<Vector, EvalError> {
    let wrong = || EvalError::WrongType {
        name: field.name.clone(),
        expected: field.ty,
        found: array.data_type().clone(),
    };
    let cast = |to: &DataType| convert(array, to);
    if *array.data_type() == DataType::Null {
        return Ok(Vector::Const(Value::Null));
    }
    let vector = match (field.ty, array.data_type()) {
        (Type::Bool, DataType::Boolean) => Vector::Bool(array.as_boolean().clone()),
        (Type::Int, DataType::Int32) => Vector::Int32(array.as_primitive::<Int32Type>().clone()),
        (Type::Int, DataType::Int64) => Vector::Int(array.as_primitive::<Int64Type>().clone()),
        (Type::Int, ty) if ty.is_integer() => {
            Vector::Int(cast(&DataType::Int64)?.as_primitive::<Int64Type>().clone())
        }
        (Type::Num, ty) if ty.is_numeric() => {
            let array = cast(&DataType::Float64)?;
            let array = array.as_primitive::<Float64Type>();
            Vector::Num(finite(array.values().clone(), array.nulls()))
        }
        (Type::Date, DataType::Date32) => Vector::Date(array.as_primitive::<Date32Type>().clone()),
        (Type::Text, DataType::Utf8) => Vector::Text(array.as_string::<i32>().clone()),
        (Type::Text, DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..)) => {
            Vector::Text(cast(&DataType::Utf8)?.as_string_opt::<i32>().ok_or_else(wrong)?.clone())
        }
        _ => return Err(wrong()),
    };
    Ok(vector)
}

pub(crate) fn finite(values: ScalarBuffer<f64>, nulls: Option<&NullBuffer>) -> Float64Array {
    let known = NullBuffer::new(pack(&values, f64::is_finite));
    let nulls = if known.null_count() == 0 { nulls.cloned() } else { NullBuffer::union(nulls, Some(&known)) };
    Float64Array::new(values, nulls)
}

pub(crate) fn to_num(vector: Vector) -> Vector {
    match vector {
        Vector::Const(value) => Vector::Const(scalar::to_num(&value)),
        other => match other.int64() {
            Some(array) => {
                let values: Vec<f64> = array.values().iter().map(|v| *v as f64).collect();
                Vector::Num(Float64Array::new(values.into(), array.nulls().cloned()))
            }
            None => other,
        },
    }
}

/// Kleene's and, or: false (true) on one side decides; otherwise unknown on one side leaves it unknown.
pub(crate) fn kleene(left: &BooleanArray, right: &BooleanArray, is_or: bool) -> BooleanArray {
    if left.null_count() + right.null_count() == 0 {
        let (left, right) = (left.values(), right.values());
        return bits(if is_or { left | right } else { left & right }, None);
    }
    let ([left_yes, left_no], [right_yes, right_no]) = (sure(left), sure(right));
    let (yes, no) = if is_or {
        (&left_yes | &right_yes, &left_no & &right_no)
    } else {
        (&left_yes & &right_yes, &left_no | &right_no)
    };
    let known = NullBuffer::new(&yes | &no);
    bits(yes, Some(known))
}

/// Rows that are known and true, and rows that are known and false.
fn sure(array: &BooleanArray) -> [BooleanBuffer; 2] {
    let values = array.values();
    match array.nulls() {
        None => [values.clone(), !values],
        Some(nulls) => [values & nulls.inner(), nulls.inner() & &!values],
    }
}

/// Not; what is unknown stays unknown.
pub(crate) fn denied(array: &BooleanArray) -> BooleanArray {
    bits(!array.values(), array.nulls().cloned())
}

pub(crate) fn against_const(op: Compare, left: &Vector, right: &Value, rows: usize) -> BooleanArray {
    fn test<T: Copy, U: PartialOrd + Copy>(
        op: Compare,
        values: &[T],
        as_wide: impl Fn(T) -> U,
        other: U,
    ) -> BooleanBuffer {
        match op {
            Compare::Eq => pack(values, |v| as_wide(v) == other),
            Compare::Ne => pack(values, |v| as_wide(v) != other),
            Compare::Lt => pack(values, |v| as_wide(v) < other),
            Compare::Le => pack(values, |v| as_wide(v) <= other),
            Compare::Gt => pack(values, |v| as_wide(v) > other),
            Compare::Ge => pack(values, |v| as_wide(v) >= other),
        }
    }
    let values = match (left, right) {
        (Vector::Int32(array), Value::Int(other)) => test(op, array.values(), i64::from, *other),
        (Vector::Int(array), Value::Int(other)) => test(op, array.values(), |v| v, *other),
        (Vector::Num(array), Value::Num(other)) => test(op, array.values(), |v| v, *other),
        (Vector::Date(array), Value::Date(other)) => test(op, array.values(), |v| v, *other),
        (Vector::Bool(array), Value::Bool(other)) => {
            let same = (op == Compare::Eq) == *other;
            if same { array.values().clone() } else { !array.values() }
        }
        (Vector::Text(array), Value::Text(other)) => BooleanBuffer::collect_bool(array.len(), |i| {
            scalar::holds(op, array.value(i).cmp(other.as_str()))
        }),
        _ => return bits(zeros(rows), Some(NullBuffer::new_null(rows))),
    };
    bits(values, left.nulls().cloned())
}

pub(crate) fn range<T: Copy, U: PartialOrd + Copy>(
    values: &[T],
    nulls: Option<&NullBuffer>,
    as_wide: impl Fn(T) -> U,
    low: U,
    high: U,
) -> BooleanArray {
    // `&`, not `&&`: no branch in the loop.
    bits(pack(values, |v| (as_wide(v) >= low) & (as_wide(v) <= high)), nulls.cloned())
}

/// Codes are small, so most lists fit into the bits of one word.
pub(crate) fn member<T: Copy>(
    values: &[T],
    nulls: Option<&NullBuffer>,
    as_wide: impl Fn(T) -> i64,
    list: &[i64],
) -> BooleanArray {
    let small = list.iter().all(|n| (0..64).contains(n));
    let found = if small {
        let set = list.iter().fold(0u64, |set, n| set | 1 << n);
        pack(values, |v| {
            let v = as_wide(v);
            (0..64).contains(&v) && (set >> (v & 63)) & 1 == 1
        })
    } else {
        pack(values, |v| list.contains(&as_wide(v)))
    };
    bits(found, nulls.cloned())
}

/// Number with number of one type, both columns or one a constant. `None` leaves it to the row-wise way.
pub(crate) fn arith(op: Arith, left: &Vector, right: &Vector) -> Option<Vector> {
    if left.as_const().is_some() && right.as_const().is_some() {
        return None;
    }
    if let (Some(a), Some(b)) = (Side::ints(left), Side::ints(right)) {
        let rows = a.len().max(b.len());
        let nulls = NullBuffer::union(left.nulls(), right.nulls());
        return Some(checked(
            rows,
            nulls,
            0i64,
            |i| scalar::int_arith(op, a.at(i), b.at(i)),
            |values, nulls| Vector::Int(Int64Array::new(values.into(), nulls)),
        ));
    }
    let (a, b) = (Side::nums(left)?, Side::nums(right)?);
    let rows = a.len().max(b.len());
    let nulls = NullBuffer::union(left.nulls(), right.nulls());
    Some(checked(
        rows,
        nulls,
        0f64,
        |i| scalar::num_arith(op, a.at(i), b.at(i)),
        |values, nulls| Vector::Num(Float64Array::new(values.into(), nulls)),
    ))
}

/// One side of an arithmetic loop.
pub(crate) enum Side<T> {
    One(T),
    Many(Vec<T>),
}

impl<T: Copy> Side<T> {
    fn len(&self) -> usize {
        match self {
            Self::One(_) => 0,
            Self::Many(values) => values.len(),
        }
    }

    fn at(&self, row: usize) -> T {
        match self {
            Self::One(value) => *value,
            Self::Many(values) => values[row],
        }
    }
}

impl Side<i64> {
    fn ints(vector: &Vector) -> Option<Self> {
        match vector {
            Vector::Const(value) => value.as_int().map(Self::One),
            other => other.int64().map(|array| Self::Many(array.values().to_vec())),
        }
    }
}

impl Side<f64> {
    fn nums(vector: &Vector) -> Option<Self> {
        match vector {
            Vector::Const(Value::Num(number)) => Some(Self::One(*number)),
            Vector::Num(array) => Some(Self::Many(array.values().to_vec())),
            _ => None,
        }
    }
}

/// A loop whose rows may each leave the range: those become unknown.
pub(crate) fn checked<T: Copy>(
    rows: usize,
    nulls: Option<NullBuffer>,
    nothing: T,
    apply: impl Fn(usize) -> Option<T>,
    build: impl Fn(Vec<T>, Option<NullBuffer>) -> Vector,
) -> Vector {
    let mut failed: Vec<usize> = Vec::new();
    let mut values = Vec::with_capacity(rows);
    for row in 0..rows {
        values.push(apply(row).unwrap_or_else(|| {
            failed.push(row);
            nothing
        }));
    }
    let nulls = if failed.is_empty() {
        nulls
    } else {
        let mut known = vec![true; rows];
        for row in failed {
            known[row] = false;
        }
        NullBuffer::union(nulls.as_ref(), Some(&NullBuffer::from(known)))
    };
    build(values, nulls)
}

/// The functions that rules call for every person. `None` leaves it to the row-wise way.
pub(crate) fn call(function: Function, args: &[Vector]) -> Option<Vector> {
    match (function, args) {
        (
            Function::YearsBetween | Function::MonthsBetween,
            [Vector::Date(from), Vector::Const(Value::Date(to))],
        ) => {
            let to = dates::civil(*to);
            let count =
                if function == Function::YearsBetween { dates::years_between } else { dates::months_between };
            let values: Vec<i64> = from.values().iter().map(|day| count(*day, to)).collect();
            Some(Vector::Int(Int64Array::new(values.into(), from.nulls().cloned())))
        }
        (Function::HasBit, [Vector::Int32(set), Vector::Const(Value::Int(n))]) => {
            let values = pack(set.values(), |v| scalar::has_bit(i64::from(v), *n));
            Some(Vector::Bool(bits(values, set.nulls().cloned())))
        }
        (Function::Coalesce, [Vector::Bool(array), Vector::Const(Value::Bool(flag))]) => {
            let Some(nulls) = array.nulls() else { return Some(Vector::Bool(array.clone())) };
            let known = nulls.inner();
            let values = if *flag { array.values() | &!known } else { array.values() & known };
            Some(Vector::Bool(bits(values, None)))
        }
        (Function::Coalesce, [Vector::Int32(array), Vector::Const(Value::Int(other))]) => {
            let values: Vec<i64> = array.iter().map(|v| v.map_or(*other, i64::from)).collect();
            Some(Vector::Int(Int64Array::new(values.into(), None)))
        }
        (Function::StartsWith, [Vector::Text(array), Vector::Const(Value::Text(beginning))]) => {
            let values =
                BooleanBuffer::collect_bool(array.len(), |i| array.value(i).starts_with(beginning.as_str()));
            Some(Vector::Bool(bits(values, array.nulls().cloned())))
        }
        _ => None,
    }
}

pub(crate) fn collect(ty: Type, rows: usize, mut row: impl FnMut(usize) -> Value) -> Vector {
    let values = (0..rows).map(&mut row);
    match ty {
        Type::Bool => Vector::Bool(values.map(|value| value.as_bool()).collect()),
        Type::Int => Vector::Int(values.map(|value| value.as_int()).collect()),
        Type::Num => Vector::Num(
            values.map(|value| if let Value::Num(number) = value { Some(number) } else { None }).collect(),
        ),
        Type::Date => Vector::Date(
            values.map(|value| if let Value::Date(days) = value { Some(days) } else { None }).collect(),
        ),
        Type::Text => Vector::Text(
            values.map(|value| if let Value::Text(text) = value { Some(text) } else { None }).collect(),
        ),
    }
}

pub(crate) fn repeated(value: &Value, ty: Type, rows: usize) -> ArrayRef {
    match value {
        Value::Null => new_null_array(
            &match ty {
                Type::Bool => DataType::Boolean,
                Type::Int => DataType::Int64,
                Type::Num => DataType::Float64,
                Type::Text => DataType::Utf8,
                Type::Date => DataType::Date32,
            },
            rows,
        ),
        Value::Bool(flag) => Arc::new(bits(if *flag { ones(rows) } else { zeros(rows) }, None)),
        Value::Int(number) => Arc::new(Int64Array::from_value(*number, rows)),
        Value::Num(number) => Arc::new(Float64Array::from_value(*number, rows)),
        Value::Date(days) => Arc::new(Date32Array::from_value(*days, rows)),
        Value::Text(text) => Arc::new(StringArray::from_iter_values(std::iter::repeat_n(text, rows))),
    }
}
