//! The expression language of every rule: SQL text becomes one small typed tree, and from that tree come the
//! words on the page, the answer for one row with its trace, and the answer for a whole column.
//!
//! Comes in: text, and a [`Schema`] of the names it may use. Goes out: an [`Expr`], or a [`RuleError`] that
//! says where, what and what to write instead. Never here: I/O, the clock, a rule that is loaded half.
//!
//! Laws: an unknown value is never true (Kleene's three values); every operation is total (out of range or
//! divided by zero is unknown, nothing wraps, nothing panics); row and column give the same answer; text
//! compares bytewise. The language: columns, literals, `param.x`, `reference_date`, `+ - * / %`, comparisons,
//! `and or not`, `in`, `between`, `is null`, `case`, and the functions of [`Function`]. `/` always gives a
//! decimal number. `least` and `greatest` are unknown when any argument is. To add a function: one variant in
//! `tree.rs`, its types in `compile.rs`, its meaning in `scalar.rs`, its words in `words.rs`; a loop in
//! `kernel.rs` only if it is slow.

mod column;
mod compile;
mod convert;
mod dates;
mod error;
mod kernel;
mod row;
mod scalar;
mod schema;
mod tree;
mod value;
mod words;

pub use column::{Columns, EvalError, Frame};
pub use compile::compile;
pub use convert::convert;
pub use error::{Fault, RuleError};
pub use row::{FieldValue, Row, Step, Traced};
pub use schema::{Code, Field, Params, Role, Schema};
pub use tree::{Expr, Function};
pub use value::{Label, Lang, Type, Value};
