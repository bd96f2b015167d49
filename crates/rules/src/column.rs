//! The answer for a whole column at once, on Arrow arrays: what holds for all rows is computed once, the rest
//! in tight loops.
//!
//! Whatever has no kernel here goes row by row through `scalar`, so that a second meaning of an operation
//! cannot arise; a property test holds both evaluators against each other.

use std::collections::BTreeMap;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, cast::AsArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;

use crate::{
    kernel::{
        Vector, against_const, arith, bits, call, collect, denied, kleene, load, member, ones, range, to_num,
        zeros,
    },
    scalar,
    schema::{Field, Params, Role},
    tree::{Compare, Expr, Node},
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
                other => Vector::Bool(denied(&other.truth(self.rows))),
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
                Some(held) => kleene(&held, &next, is_or),
            });
        }
        let null = || Vector::Const(Value::Null).truth(self.rows);
        Ok(match (joined, unknown) {
            (None, false) => Vector::Const(Value::Bool(!is_or)),
            (None, true) => Vector::Const(Value::Null),
            (Some(held), false) => Vector::Bool(held),
            (Some(held), true) => Vector::Bool(kleene(&held, &null(), is_or)),
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
                self.pair(above, below, false)
            }
        };
        Ok(self.denied(inside, negated))
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
                    any = self.pair(any, self.compare(Compare::Eq, &item, other), true);
                }
                any
            }
        };
        Ok(self.denied(found, negated))
    }

    fn pair(&self, left: Vector, right: Vector, is_or: bool) -> Vector {
        match (&left, &right) {
            (Vector::Const(a), Vector::Const(b)) => {
                let both = [a.as_bool(), b.as_bool()];
                Vector::Const(if is_or { scalar::or(both) } else { scalar::and(both) }.into())
            }
            _ => Vector::Bool(kleene(&left.truth(self.rows), &right.truth(self.rows), is_or)),
        }
    }

    fn denied(&self, vector: Vector, negated: bool) -> Vector {
        match vector {
            held if !negated => held,
            Vector::Const(value) => Vector::Const(value.as_bool().map(|flag| !flag).into()),
            other => Vector::Bool(denied(&other.truth(self.rows))),
        }
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
