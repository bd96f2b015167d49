//! Numbers that follow from the answers of a case (`[[derived]]`): what people in a shelter need a day, how well a family stands. Rounded
//! up to whole numbers; unknown while an answer is. Guards know them as `derived.KEY`, letters print them, the page of a case shows them.

use jiff::civil::Date;
use rules::{Expr, Field as Name, Label, Params, Row, Type, Value};

use crate::{expr::Names, reader::Table};

/// What begins the name of such a number in a guard or a letter.
pub const DERIVED: &str = "derived";

/// A number that follows from answers.
#[derive(Debug, Clone)]
pub struct Derived {
    /// Key.
    pub key: String,
    /// Name for people.
    pub label: Label,
    /// What is counted: litres, points.
    pub unit: Label,
    /// Where it comes from.
    pub basis: Label,
    expr: Expr,
}

impl Derived {
    /// Its value for answers, the names `form.FIELD`; none while one that it needs is not known.
    pub fn value(&self, answers: &dyn Row, today: Date) -> Option<i64> {
        match self.expr.value(answers, &Params::at(today)) {
            Value::Int(number) => Some(number),
            // Beyond the range of whole numbers it is no figure that anybody could use.
            Value::Num(number) if number.abs() < 1e15 => Some(number.ceil() as i64),
            _ => None,
        }
    }
}

/// Reads them and makes them known to guards. They are of what everybody sees who sees the case.
pub(crate) fn read_derived(table: &Table<'_>, names: &mut Names) -> Vec<Derived> {
    let derived: Vec<Option<Derived>> = table.each("derived", |one| {
        let expr = names.expression(one, "expr", None)?;
        if !matches!(expr.ty(), Type::Int | Type::Num) {
            let message = format!("the expression gives {}, a number is needed", expr.ty());
            one.fault("expr", message, "count or add answers");
        }
        if let Some(name) = expr.columns().into_iter().find(|name| names.is_sealed(name)) {
            one.fault("expr", format!("`{name}` is sealed"), "take an answer that everybody may see");
        }
        Some(Derived {
            key: one.text("key"),
            label: one.label("label"),
            unit: one.label("unit"),
            basis: one.label("basis"),
            expr,
        })
    });
    table.refuse_twice(&table.placed("derived", "key"), "the number", "keep one");
    let derived: Vec<Derived> = derived.into_iter().flatten().collect();
    for one in &derived {
        let name = Name::column(format!("{DERIVED}.{}", one.key), Type::Int);
        names.add(name.label(&one.label.id, &one.label.en));
    }
    derived
}
