//! The names that a rule of the pack may use, and the reading of expressions with faults at their place in the file.

use rules::{Expr, Fault, Field, Type};

use crate::{
    reader::{Placed, Table},
    schema::{Column, ColumnType, Schema, Subject, is_bits, is_sealed_column},
};

/// The names for one kind of rule.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    names: rules::Schema,
    /// The schema has no fault: a name that is not known is a fault of the rule.
    sound: bool,
}

impl Names {
    /// `person.*`: rules that look at one person.
    pub(crate) fn of_person(schema: &Schema) -> Self {
        Self { names: rule_schema(schema, &[Subject::Person]), sound: schema.sound }
    }

    /// `family.*`: rules that look at one family.
    pub(crate) fn of_family(schema: &Schema) -> Self {
        Self { names: rule_schema(schema, &[Subject::Family]), sound: schema.sound }
    }

    /// None yet.
    pub(crate) fn none() -> Self {
        Self { names: rules::Schema::new(), sound: true }
    }

    /// With one more name.
    pub(crate) fn add(&mut self, field: Field) {
        self.names.add(field);
    }

    /// Whether only a reader with a purpose sees what a name stands for.
    pub(crate) fn is_sealed(&self, name: &str) -> bool {
        self.names.get(name).is_some_and(|field| field.sealed)
    }

    /// The expression of a key; a fault at its place when it is missing, wrong, or of another type.
    pub(crate) fn expression(
        &self,
        table: &Table<'_>,
        key: &str,
        wanted: Option<ColumnType>,
    ) -> Option<Expr> {
        let Some(text) = table.opt_placed_text(key) else {
            if !table.has(key) {
                table.fault(key, format!("`{key}` is missing"), "write an expression");
            }
            return stand_in();
        };
        self.compile(table, &text, wanted)
    }

    /// A truth-valued expression.
    pub(crate) fn condition(&self, table: &Table<'_>, key: &str) -> Option<Expr> {
        self.expression(table, key, Some(ColumnType::Bool))
    }

    /// The expression of a placed text.
    pub(crate) fn compile(
        &self,
        table: &Table<'_>,
        text: &Placed<String>,
        wanted: Option<ColumnType>,
    ) -> Option<Expr> {
        let expr = match rules::compile(&text.value, &self.names) {
            Ok(expr) => expr,
            Err(error) => {
                // In a schema with faults a name may be missing or of another type; these faults come first.
                let meant = matches!(error.fault, Fault::UnknownName { .. } | Fault::Mismatch { .. });
                if self.sound || !meant {
                    let offset = table.within(&text.at, error.line, error.column);
                    table.fault_offset(offset, error.message(), error.remedy());
                }
                return stand_in();
            }
        };
        let fits = |wanted: ColumnType| rule_type(wanted) == expr.ty();
        if let Some(wanted) = wanted.filter(|wanted| !fits(*wanted)) {
            let message = format!("the expression gives {}, {} is needed", expr.ty(), rule_type(wanted));
            if self.sound {
                table.fault_at(&text.at, message, "compare, or take another column");
            }
            return stand_in();
        }
        Some(expr)
    }
}

/// Takes the place of a rule with a fault, so that what holds it is still there and is not missed elsewhere. The pack is refused anyway.
fn stand_in() -> Option<Expr> {
    rules::compile("true", &rules::Schema::new()).ok()
}

/// All names of some subjects as a schema of the expression language.
pub(crate) fn rule_schema(schema: &Schema, subjects: &[Subject]) -> rules::Schema {
    let mut names = rules::Schema::new();
    let asked = |column: &&Column| subjects.contains(&column.subject);
    for column in schema.canonical.iter().chain(&schema.registry).filter(asked) {
        names.add(field_of(column, schema));
    }
    for fact in schema.facts.iter().filter(|fact| asked(&&fact.column)) {
        let field = field_of(&fact.column, schema);
        names.add(if fact.sealed { field.sealed() } else { field });
    }
    names
}

fn field_of(column: &Column, schema: &Schema) -> Field {
    let codes = column.codes.as_ref().and_then(|list| schema.codes.get(list));
    let field = Field::column(column.rule_name(), rule_type(column.kind))
        .label(&column.label.id, &column.label.en)
        .codes(
            codes
                .into_iter()
                .flatten()
                .map(|code| (code.code, code.label.id.as_str(), code.label.en.as_str())),
        );
    let field = if is_bits(column.codes.as_deref()) { field.bits() } else { field };
    if is_sealed_column(&column.name) { field.sealed() } else { field }
}

pub(crate) fn rule_type(kind: ColumnType) -> Type {
    match kind {
        ColumnType::Int => Type::Int,
        ColumnType::Bool => Type::Bool,
        ColumnType::Date => Type::Date,
        ColumnType::Text => Type::Text,
    }
}
