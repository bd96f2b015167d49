//! The answer for a whole column at once, on Arrow arrays: what holds for all rows is computed once, the rest in tight loops.
//!
//! Whatever has no kernel here goes row by row through `scalar`, so that a second meaning of an operation cannot arise; a
//! property test holds both evaluators against each other.

use std::{collections::BTreeMap, sync::Arc};

use arrow_arith::boolean;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, RecordBatch,
    StringArray,
    cast::AsArray,
    new_null_array,
    types::{Date32Type, Float64Type, Int32Type, Int64Type},
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow_schema::DataType;

use crate::{
    dates, scalar,
    schema::{Field, Params, Role},
    tree::{Arith, Compare, Expr, Function, Node},
    value::{Type, Value},
};

/// Columns by the names that expressions use.
pub trait Columns {
    /// How many rows every column has.
    fn rows(&self) -> usize;
    /// A column, if it is there.
    fn column(&self, name: &str) -> Option<ArrayRef>;
}

impl Columns for RecordBatch {
    fn rows(&self) -> usize {
        self.num_rows()
    }

    fn column(&self, name: &str) -> Option<ArrayRef> {
        self.column_by_name(name).cloned()
    }
}

/// A set of columns that grows: read columns first, then derived ones.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    rows: usize,
    columns: BTreeMap<String, ArrayRef>,
}

impl Frame {
    /// No columns yet, of so many rows.
    pub fn new(rows: usize) -> Self {
        Self { rows, columns: BTreeMap::new() }
    }

    /// Adds a column or replaces the one of that name.
    ///
    /// # Errors
    /// [`EvalError::Rows`] when it has another number of rows.
    pub fn set(&mut self, name: impl Into<String>, column: ArrayRef) -> Result<(), EvalError> {
        let name = name.into();
        if column.len() != self.rows {
            return Err(EvalError::Rows { name, rows: column.len(), expected: self.rows });
        }
        self.columns.insert(name, column);
        Ok(())
    }
}

impl Columns for Frame {
    fn rows(&self) -> usize {
        self.rows
    }

    fn column(&self, name: &str) -> Option<ArrayRef> {
        self.columns.get(name).cloned()
    }
}

/// Why the data cannot be judged by the expression at all.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// The data lacks a column of the schema.
    #[error("the data has no column `{0}`")]
    MissingColumn(String),
    /// A column holds another type than the schema says.
    #[error("column `{name}` holds {found}, the schema says {expected}")]
    WrongType {
        /// Its name.
        name: String,
        /// By the schema.
        expected: Type,
        /// In the data.
        found: DataType,
    },
    /// Columns of different lengths.
    #[error("column `{name}` has {rows} rows, the others have {expected}")]
    Rows {
        /// Its name.
        name: String,
        /// Its rows.
        rows: usize,
        /// Rows of the others.
        expected: usize,
    },
    /// The expression is not a condition.
    #[error("`{0}` is no condition")]
    NotCondition(String),
    /// Arrow refused an operation.
    #[error("column arithmetic failed: {0}")]
    Arrow(#[from] arrow_schema::ArrowError),
}

impl Expr {
    /// Its value for every row: Boolean, Int64, Float64, Utf8 or Date32; unknown is null.
    ///
    /// # Errors
    /// [`EvalError`] when a column is missing or of another type.
    pub fn eval_columns(&self, data: &dyn Columns, params: &Params) -> Result<ArrayRef, EvalError> {
        let eval = Eval { data, params, rows: data.rows() };
        let vector = eval.node(&self.root)?;
        Ok(vector.into_array(self.ty(), eval.rows))
    }

    /// A condition for every row; unknown is null.
    ///
    /// # Errors
    /// As [`Expr::eval_columns`]; also [`EvalError::NotCondition`].
    pub fn eval_condition(&self, data: &dyn Columns, params: &Params) -> Result<BooleanArray, EvalError> {
        let array = self.eval_columns(data, params)?;
        array.as_boolean_opt().cloned().ok_or_else(|| EvalError::NotCondition(self.text().to_owned()))
    }
}

/// A column in the making. `Const` holds one value for every row.
#[derive(Clone)]
enum Vector {
    Const(Value),
    Bool(BooleanArray),
    Int32(Int32Array),
    Int(Int64Array),
    Num(Float64Array),
    Date(Date32Array),
    Text(StringArray),
}

impl Vector {
    fn into_array(self, ty: Type, rows: usize) -> ArrayRef {
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

    fn get(&self, row: usize) -> Value {
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

    fn nulls(&self) -> Option<&NullBuffer> {
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

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Const(value) => value.is_null(),
            other => other.nulls().is_some_and(|nulls| nulls.is_null(row)),
        }
    }

    fn as_const(&self) -> Option<&Value> {
        match self {
            Self::Const(value) => Some(value),
            _ => None,
        }
    }

    /// The array of truth values, for the logic kernels.
    fn truth(self, rows: usize) -> BooleanArray {
        match self {
            Self::Bool(array) => array,
            Self::Const(Value::Bool(flag)) => bits(if flag { ones(rows) } else { zeros(rows) }, None),
            _ => bits(zeros(rows), Some(NullBuffer::new_null(rows))),
        }
    }

    /// Whole numbers in 64 bits.
    fn int64(&self) -> Option<Int64Array> {
        match self {
            Self::Int(array) => Some(array.clone()),
            Self::Int32(array) => Some(widened(array)),
            _ => None,
        }
    }
}

fn widened(array: &Int32Array) -> Int64Array {
    let values: Vec<i64> = array.values().iter().map(|v| i64::from(*v)).collect();
    Int64Array::new(values.into(), array.nulls().cloned())
}

fn ones(rows: usize) -> BooleanBuffer {
    BooleanBuffer::new_set(rows)
}

fn zeros(rows: usize) -> BooleanBuffer {
    BooleanBuffer::new_unset(rows)
}

fn bits(values: BooleanBuffer, nulls: Option<NullBuffer>) -> BooleanArray {
    BooleanArray::new(values, nulls)
}

/// One bit a value, 64 at a time, so that the loop over the values has no branch.
fn pack<T: Copy>(values: &[T], test: impl Fn(T) -> bool) -> BooleanBuffer {
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

struct Eval<'a> {
    data: &'a dyn Columns,
    params: &'a Params,
    rows: usize,
}

impl Eval<'_> {
    fn node(&self, node: &Node) -> Result<Vector, EvalError> {
        Ok(match node {
            Node::Const(value, _) => Vector::Const(value.clone()),
            Node::Name(field) => self.name(field)?,
            Node::ToNum(item) => to_num(self.node(item)?),
            Node::Not(item) => match self.node(item)? {
                Vector::Const(value) => Vector::Const(value.as_bool().map(|flag| !flag).into()),
                other => Vector::Bool(boolean::not(&other.truth(self.rows))?),
            },
            Node::And(items) => self.logic(items, false)?,
            Node::Or(items) => self.logic(items, true)?,
            Node::Compare(op, left, right) => self.compare(*op, &self.node(left)?, &self.node(right)?),
            Node::In { item, list, negated } => self.among(item, list, *negated)?,
            Node::Between { item, low, high, negated } => self.between(item, low, high, *negated)?,
            Node::IsNull { item, negated } => match self.node(item)? {
                Vector::Const(value) => Vector::Const(Value::Bool(value.is_null() != *negated)),
                other => {
                    let known = other.nulls().map_or_else(|| ones(self.rows), |nulls| nulls.inner().clone());
                    Vector::Bool(bits(if *negated { known } else { !&known }, None))
                }
            },
            Node::Arith(op, left, right, ty) => {
                let (left, right) = (self.node(left)?, self.node(right)?);
                arith(*op, &left, &right).unwrap_or_else(|| {
                    self.by_row(&[left, right], *ty, |args| scalar::arith(*op, &args[0], &args[1]))
                })
            }
            Node::Neg(item) => self.by_row(&[self.node(item)?], node.ty(), |args| scalar::negate(&args[0])),
            Node::Case { arms, otherwise, ty } => self.case(arms, otherwise.as_deref(), *ty)?,
            Node::Call(function, args, ty) => {
                let args = args.iter().map(|arg| self.node(arg)).collect::<Result<Vec<_>, _>>()?;
                call(*function, &args)
                    .unwrap_or_else(|| self.by_row(&args, *ty, |args| scalar::call(*function, args)))
            }
        })
    }

    fn name(&self, field: &Field) -> Result<Vector, EvalError> {
        if field.role != Role::Column {
            return Ok(Vector::Const(self.params.get(field)));
        }
        let array =
            self.data.column(&field.name).ok_or_else(|| EvalError::MissingColumn(field.name.clone()))?;
        load(field, &array)
    }

    /// And, or: the constants decide first, then Kleene's kernels join the rest.
    fn logic(&self, items: &[Node], is_or: bool) -> Result<Vector, EvalError> {
        let mut joined: Option<BooleanArray> = None;
        let mut unknown = false;
        for item in items {
            let vector = self.node(item)?;
            let next = match vector {
                Vector::Const(Value::Bool(flag)) if flag == is_or => return Ok(Vector::Const(flag.into())),
                Vector::Const(Value::Bool(_)) => continue,
                Vector::Const(_) => {
                    unknown = true;
                    continue;
                }
                other => other.truth(self.rows),
            };
            joined = Some(match joined {
                None => next,
                Some(held) => kleene(&held, &next, is_or)?,
            });
        }
        let null = || Vector::Const(Value::Null).truth(self.rows);
        Ok(match (joined, unknown) {
            (None, false) => Vector::Const(Value::Bool(!is_or)),
            (None, true) => Vector::Const(Value::Null),
            (Some(held), false) => Vector::Bool(held),
            (Some(held), true) => Vector::Bool(kleene(&held, &null(), is_or)?),
        })
    }

    fn compare(&self, op: Compare, left: &Vector, right: &Vector) -> Vector {
        match (left, right) {
            (Vector::Const(a), Vector::Const(b)) => Vector::Const(scalar::compare(op, a, b).into()),
            (Vector::Const(_), _) => self.compare(op.mirrored(), right, left),
            (_, Vector::Const(Value::Null)) => Vector::Const(Value::Null),
            (_, Vector::Const(value)) => Vector::Bool(against_const(op, left, value, self.rows)),
            _ => Vector::Bool(self.against_column(op, left, right)),
        }
    }

    fn against_column(&self, op: Compare, left: &Vector, right: &Vector) -> BooleanArray {
        fn zip<T: PartialOrd + Copy>(op: Compare, a: &[T], b: &[T]) -> BooleanBuffer {
            let pair = |test: fn(&T, &T) -> bool| {
                BooleanBuffer::collect_bool(a.len().min(b.len()), |i| test(&a[i], &b[i]))
            };
            match op {
                Compare::Eq => pair(T::eq),
                Compare::Ne => pair(T::ne),
                Compare::Lt => pair(T::lt),
                Compare::Le => pair(T::le),
                Compare::Gt => pair(T::gt),
                Compare::Ge => pair(T::ge),
            }
        }
        let values = match (left, right) {
            (Vector::Int32(a), Vector::Int32(b)) => zip(op, a.values(), b.values()),
            (Vector::Date(a), Vector::Date(b)) => zip(op, a.values(), b.values()),
            (Vector::Num(a), Vector::Num(b)) => zip(op, a.values(), b.values()),
            (Vector::Int32(_) | Vector::Int(_), Vector::Int32(_) | Vector::Int(_)) => {
                match (left.int64(), right.int64()) {
                    (Some(a), Some(b)) => zip(op, a.values(), b.values()),
                    _ => zeros(self.rows),
                }
            }
            (Vector::Text(a), Vector::Text(b)) => {
                BooleanBuffer::collect_bool(self.rows, |i| scalar::holds(op, a.value(i).cmp(b.value(i))))
            }
            _ => BooleanBuffer::collect_bool(self.rows, |i| {
                scalar::compare(op, &left.get(i), &right.get(i)) == Some(true)
            }),
        };
        bits(values, NullBuffer::union(left.nulls(), right.nulls()))
    }

    fn between(&self, item: &Node, low: &Node, high: &Node, negated: bool) -> Result<Vector, EvalError> {
        let (item, low, high) = (self.node(item)?, self.node(low)?, self.node(high)?);
        let inside = match (&item, low.as_const(), high.as_const()) {
            (Vector::Int32(array), Some(Value::Int(low)), Some(Value::Int(high))) => {
                Vector::Bool(range(array.values(), array.nulls(), i64::from, *low, *high))
            }
            (Vector::Int(array), Some(Value::Int(low)), Some(Value::Int(high))) => {
                Vector::Bool(range(array.values(), array.nulls(), |v| v, *low, *high))
            }
            (Vector::Date(array), Some(Value::Date(low)), Some(Value::Date(high))) => {
                Vector::Bool(range(array.values(), array.nulls(), |v| v, *low, *high))
            }
            _ => {
                let above = self.compare(Compare::Ge, &item, &low);
                let below = self.compare(Compare::Le, &item, &high);
                self.pair(above, below, false)?
            }
        };
        self.denied(inside, negated)
    }

    fn among(&self, item: &Node, list: &[Node], negated: bool) -> Result<Vector, EvalError> {
        let item = self.node(item)?;
        let list = list.iter().map(|node| self.node(node)).collect::<Result<Vec<_>, _>>()?;
        let numbers: Option<Vec<i64>> =
            list.iter().map(|vector| vector.as_const().and_then(Value::as_int)).collect();
        let found = match (&item, numbers) {
            (Vector::Int32(array), Some(numbers)) => {
                Vector::Bool(member(array.values(), array.nulls(), i64::from, &numbers))
            }
            (Vector::Int(array), Some(numbers)) => {
                Vector::Bool(member(array.values(), array.nulls(), |v| v, &numbers))
            }
            _ => {
                let mut any = Vector::Const(Value::Bool(false));
                for other in &list {
                    any = self.pair(any, self.compare(Compare::Eq, &item, other), true)?;
                }
                any
            }
        };
        self.denied(found, negated)
    }

    fn pair(&self, left: Vector, right: Vector, is_or: bool) -> Result<Vector, EvalError> {
        Ok(match (&left, &right) {
            (Vector::Const(a), Vector::Const(b)) => {
                let both = [a.as_bool(), b.as_bool()];
                Vector::Const(if is_or { scalar::or(both) } else { scalar::and(both) }.into())
            }
            _ => Vector::Bool(kleene(&left.truth(self.rows), &right.truth(self.rows), is_or)?),
        })
    }

    fn denied(&self, vector: Vector, negated: bool) -> Result<Vector, EvalError> {
        Ok(match vector {
            held if !negated => held,
            Vector::Const(value) => Vector::Const(value.as_bool().map(|flag| !flag).into()),
            other => Vector::Bool(boolean::not(&other.truth(self.rows))?),
        })
    }

    fn case(&self, arms: &[(Node, Node)], otherwise: Option<&Node>, ty: Type) -> Result<Vector, EvalError> {
        let mut whens = Vec::with_capacity(arms.len());
        let mut thens = Vec::with_capacity(arms.len() + 1);
        for (when, then) in arms {
            whens.push(self.node(when)?);
            thens.push(self.node(then)?);
        }
        thens.push(match otherwise {
            Some(node) => self.node(node)?,
            None => Vector::Const(Value::Null),
        });
        let all_const = whens.iter().chain(&thens).all(|vector| vector.as_const().is_some());
        let pick = |row: usize| {
            let arm = whens.iter().position(|when| when.get(row).as_bool() == Some(true));
            thens[arm.unwrap_or(whens.len())].get(row)
        };
        Ok(if all_const { Vector::Const(pick(0)) } else { collect(ty, self.rows, pick) })
    }

    /// Row by row through `scalar`; the arguments' buffer is used again for every row.
    fn by_row(&self, args: &[Vector], ty: Type, apply: impl Fn(&[Value]) -> Value) -> Vector {
        let constants: Option<Vec<Value>> = args.iter().map(|arg| arg.as_const().cloned()).collect();
        if let Some(constants) = constants {
            return Vector::Const(apply(&constants));
        }
        let mut held: Vec<Value> =
            args.iter().map(|arg| arg.as_const().cloned().unwrap_or_default()).collect();
        collect(ty, self.rows, |row| {
            for (slot, arg) in held.iter_mut().zip(args) {
                if arg.as_const().is_none() {
                    *slot = arg.get(row);
                }
            }
            apply(&held)
        })
    }
}

/// A column of the data in the type that the schema says; what Arrow stores narrower is widened, NaN is unknown.
fn load(field: &Field, array: &ArrayRef) -> Result<Vector, EvalError> {
    let wrong = || EvalError::WrongType {
        name: field.name.clone(),
        expected: field.ty,
        found: array.data_type().clone(),
    };
    let cast = |to: &DataType| arrow_cast::cast(array, to);
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

fn finite(values: ScalarBuffer<f64>, nulls: Option<&NullBuffer>) -> Float64Array {
    let known = NullBuffer::new(pack(&values, f64::is_finite));
    let nulls = if known.null_count() == 0 { nulls.cloned() } else { NullBuffer::union(nulls, Some(&known)) };
    Float64Array::new(values, nulls)
}

fn to_num(vector: Vector) -> Vector {
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

fn kleene(left: &BooleanArray, right: &BooleanArray, is_or: bool) -> Result<BooleanArray, EvalError> {
    Ok(if is_or { boolean::or_kleene(left, right)? } else { boolean::and_kleene(left, right)? })
}

fn against_const(op: Compare, left: &Vector, right: &Value, rows: usize) -> BooleanArray {
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

fn range<T: Copy, U: PartialOrd + Copy>(
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
fn member<T: Copy>(
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
            ((0..64).contains(&v)) & ((set >> (v & 63)) & 1 == 1)
        })
    } else {
        pack(values, |v| list.contains(&as_wide(v)))
    };
    bits(found, nulls.cloned())
}

/// Number with number of one type, both columns or one a constant. `None` leaves it to the row-wise way.
fn arith(op: Arith, left: &Vector, right: &Vector) -> Option<Vector> {
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
enum Side<T> {
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
fn checked<T: Copy>(
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
fn call(function: Function, args: &[Vector]) -> Option<Vector> {
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

fn collect(ty: Type, rows: usize, mut row: impl FnMut(usize) -> Value) -> Vector {
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

fn repeated(value: &Value, ty: Type, rows: usize) -> ArrayRef {
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
