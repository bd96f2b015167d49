//! SQL text to the typed tree. Everything that is not in the language is refused here, at its place, with a
//! remedy; what comes out needs no further check.

use std::sync::Arc;

use sqlparser::{
    ast::{
        BinaryOperator, CaseWhen, DataType, Expr as Sql, Function as SqlFunction, FunctionArg,
        FunctionArgExpr, FunctionArguments, Ident, Spanned, UnaryOperator, Value as Literal,
    },
    dialect::GenericDialect,
    parser::{Parser, ParserError},
    tokenizer::{Location, Token, Tokenizer},
};

use crate::{
    error::{Fault, RuleError},
    schema::{Field, Schema},
    tree::{Arith, Compare, Expr, Function, Node},
    value::{Type, Value},
};

const MAX_CHARACTERS: usize = 8_000;
const MAX_DEPTH: usize = 40;
/// What a rule is read on, in bytes. The parser descends a few dozen frames for every bracket, and how wide they are
/// depends on how it was built; the thread of a request has 2 MiB and may have used much of them.
const STACK: usize = 16 << 20;

type Result<T> = std::result::Result<T, RuleError>;

/// Reads `text` and checks it against `schema`: every name, every type, every code.
///
/// # Errors
/// The first [`RuleError`], with its place, what is wrong, and what to write instead.
pub fn compile(text: &str, schema: &Schema) -> Result<Expr> {
    let start = Location { line: 1, column: 1 };
    if text.trim().is_empty() {
        return Err(at(start, Fault::Empty));
    }
    if text.len() > MAX_CHARACTERS {
        return Err(at(start, Fault::TooLong { limit: MAX_CHARACTERS }));
    }
    let read = || {
        let sql = parse(text)?;
        Checker { schema, here: start }.node(&sql, 0)
    };
    let root = std::thread::scope(|scope| {
        let reader =
            std::thread::Builder::new().name("rules".into()).stack_size(STACK).spawn_scoped(scope, read);
        match reader {
            Ok(reader) => reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(error) => {
                Err(at(start, Fault::Syntax { detail: format!("no thread to read it on: {error}") }))
            }
        }
    })?;
    Ok(Expr::new(root, text))
}

impl Expr {
    /// [`compile`], for a text that must be a condition (yes/no).
    ///
    /// # Errors
    /// As [`compile`]; also [`Fault::Mismatch`] when the text is not a condition.
    pub fn condition(text: &str, schema: &Schema) -> Result<Self> {
        let expr = compile(text, schema)?;
        if expr.ty() == Type::Bool {
            return Ok(expr);
        }
        let fault =
            Fault::Mismatch { place: "a condition".into(), expected: "yes/no".into(), found: expr.ty() };
        Err(at(Location { line: 1, column: 1 }, fault))
    }
}

fn parse(text: &str) -> Result<Sql> {
    let dialect = GenericDialect {};
    let tokens = Tokenizer::new(&dialect, text)
        .tokenize_with_location()
        .map_err(|error| at(error.location, Fault::Syntax { detail: error.message }))?;
    let mut parser = Parser::new(&dialect).with_recursion_limit(MAX_DEPTH).with_tokens_with_locations(tokens);
    let sql = match parser.parse_expr() {
        Ok(sql) => sql,
        Err(ParserError::RecursionLimitExceeded) => {
            return Err(at(parser.peek_token().span.start, Fault::TooDeep { limit: MAX_DEPTH }));
        }
        Err(ParserError::TokenizerError(detail) | ParserError::ParserError(detail)) => {
            // The parser appends the place to its sentence, except at the end of the text.
            let (detail, place) = match detail.split_once(" at Line: ") {
                Some((detail, place)) => (detail.to_owned(), written_place(place)),
                None => (detail, None),
            };
            return Err(at(place.unwrap_or_else(|| end_of(text)), Fault::Syntax { detail }));
        }
    };
    let rest = parser.peek_token();
    if rest.token == Token::EOF {
        Ok(sql)
    } else {
        Err(at(
            rest.span.start,
            Fault::Syntax { detail: format!("nothing may follow, found {}", rest.token) },
        ))
    }
}

/// `3, Column: 14`
fn written_place(text: &str) -> Option<Location> {
    let (line, column) = text.split_once(", Column: ")?;
    Some(Location { line: line.trim().parse().ok()?, column: column.trim().parse().ok()? })
}

fn end_of(text: &str) -> Location {
    let text = text.trim_end();
    let last = text.lines().last().unwrap_or_default();
    Location { line: text.lines().count() as u64, column: last.chars().count() as u64 + 1 }
}

fn at(place: Location, fault: Fault) -> RuleError {
    let number = |n: u64| u32::try_from(n.max(1)).unwrap_or(u32::MAX);
    RuleError { line: number(place.line), column: number(place.column), fault }
}

struct Checker<'a> {
    schema: &'a Schema,
    /// The last place that was known: some nodes of the parser have none.
    here: Location,
}

impl Checker<'_> {
    fn node(&mut self, sql: &Sql, depth: usize) -> Result<Node> {
        let start = sql.span().start;
        if start.line > 0 {
            self.here = start;
        }
        let here = self.here;
        if depth > MAX_DEPTH {
            return Err(at(here, Fault::TooDeep { limit: MAX_DEPTH }));
        }
        let deeper = depth + 1;
        match sql {
            Sql::Nested(inner) => self.node(inner, deeper),
            Sql::Identifier(ident) => self.name(std::slice::from_ref(ident)),
            Sql::CompoundIdentifier(parts) => self.name(parts),
            Sql::Value(literal) => constant(&literal.value, false, here),
            Sql::TypedString(typed) => match (&typed.data_type, &typed.value.value) {
                (DataType::Date, Literal::SingleQuotedString(text)) => date(text, here),
                _ => Err(refused(sql, here)),
            },
            Sql::UnaryOp { op: UnaryOperator::Not, expr } => {
                let item = self.condition(expr, "not", deeper)?;
                Ok(Node::Not(Box::new(item)))
            }
            Sql::UnaryOp { op: UnaryOperator::Minus, expr } => self.negative(expr, deeper),
            Sql::UnaryOp { op: UnaryOperator::Plus, expr } => self.number(expr, "+", deeper),
            Sql::BinaryOp { left, op, right } => self.binary(sql, left, op, right, deeper),
            Sql::IsNull(inner) => {
                Ok(Node::IsNull { item: Box::new(self.node(inner, deeper)?), negated: false })
            }
            Sql::IsNotNull(inner) => {
                Ok(Node::IsNull { item: Box::new(self.node(inner, deeper)?), negated: true })
            }
            Sql::InList { expr, list, negated } => self.in_list(expr, list, *negated, deeper),
            Sql::Between { expr, negated, low, high } => self.between([expr, low, high], *negated, deeper),
            Sql::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref(), deeper)
            }
            Sql::Substring { expr, substring_from: Some(first), substring_for: Some(length), .. } => {
                self.call(Function::Substr, &[expr, first, length], here, deeper)
            }
            Sql::Function(function) => self.function(sql, function, here, deeper),
            _ => Err(refused(sql, here)),
        }
    }

    fn name(&mut self, parts: &[Ident]) -> Result<Node> {
        let place = parts.first().map_or(self.here, |part| part.span.start);
        let written = parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".");
        if parts.iter().any(|part| part.quote_style.is_some()) {
            return Err(at(place, Fault::Refused { what: format!("\"{written}\"") }));
        }
        let name = written.to_lowercase();
        if let Some(field) = self.schema.get(&name) {
            return Ok(Node::Name(Arc::clone(field)));
        }
        let near = self.schema.nearest(&name).map(str::to_owned);
        Err(at(place, Fault::UnknownName { name: written, near }))
    }

    fn condition(&mut self, sql: &Sql, place: &str, depth: usize) -> Result<Node> {
        let node = self.node(sql, depth)?;
        let here = self.start(sql);
        expect(&node, node.ty() == Type::Bool, format!("`{place}`"), "yes/no", here)?;
        Ok(node)
    }

    fn number(&mut self, sql: &Sql, place: &str, depth: usize) -> Result<Node> {
        let node = self.node(sql, depth)?;
        let here = self.start(sql);
        expect(&node, node.ty().is_numeric(), format!("`{place}`"), "a number", here)?;
        Ok(node)
    }

    fn start(&self, sql: &Sql) -> Location {
        let start = sql.span().start;
        if start.line > 0 { start } else { self.here }
    }

    fn negative(&mut self, sql: &Sql, depth: usize) -> Result<Node> {
        if let Sql::Value(literal) = sql {
            return constant(&literal.value, true, self.start(sql));
        }
        Ok(Node::Neg(Box::new(self.number(sql, "-", depth)?)))
    }

    fn binary(
        &mut self,
        sql: &Sql,
        left: &Sql,
        op: &BinaryOperator,
        right: &Sql,
        depth: usize,
    ) -> Result<Node> {
        let compare = match op {
            BinaryOperator::And | BinaryOperator::Or => {
                let mut items = Vec::new();
                self.chain(sql, op, depth, &mut items)?;
                return Ok(if *op == BinaryOperator::And { Node::And(items) } else { Node::Or(items) });
            }
            BinaryOperator::Eq => Compare::Eq,
            BinaryOperator::NotEq => Compare::Ne,
            BinaryOperator::Lt => Compare::Lt,
            BinaryOperator::LtEq => Compare::Le,
            BinaryOperator::Gt => Compare::Gt,
            BinaryOperator::GtEq => Compare::Ge,
            BinaryOperator::Plus => return self.arith(Arith::Add, left, right, depth),
            BinaryOperator::Minus => return self.arith(Arith::Sub, left, right, depth),
            BinaryOperator::Multiply => return self.arith(Arith::Mul, left, right, depth),
            BinaryOperator::Divide => return self.arith(Arith::Div, left, right, depth),
            BinaryOperator::Modulo => return self.arith(Arith::Rem, left, right, depth),
            other => return Err(at(self.here, Fault::Refused { what: other.to_string() })),
        };
        let nodes = vec![self.node(left, depth)?, self.node(right, depth)?];
        let here = self.start(right);
        let nodes = unify(nodes, compare.symbol(), here)?;
        let ordered = !matches!(compare, Compare::Eq | Compare::Ne);
        expect(&nodes[0], !(ordered && nodes[0].ty() == Type::Bool), order_place(compare), "an order", here)?;
        if !ordered {
            known_codes(&nodes[0], &nodes[1..], here)?;
            known_codes(&nodes[1], &nodes[..1], here)?;
        }
        let [left, right] = <[Node; 2]>::try_from(nodes).map_err(|_| refused(sql, here))?;
        Ok(Node::Compare(compare, Box::new(left), Box::new(right)))
    }

    /// A chain of one operator is one flat list, however many links it has: only brackets make depth.
    fn chain(&mut self, sql: &Sql, op: &BinaryOperator, depth: usize, out: &mut Vec<Node>) -> Result<()> {
        let mut links = Vec::new();
        let mut next = sql;
        while let Sql::BinaryOp { left, op: found, right } = next
            && found == op
        {
            links.push(right.as_ref());
            next = left;
        }
        links.push(next);
        let place = op.to_string().to_lowercase();
        for link in links.into_iter().rev() {
            out.push(self.condition(link, &place, depth)?);
        }
        Ok(())
    }

    fn arith(&mut self, op: Arith, left: &Sql, right: &Sql, depth: usize) -> Result<Node> {
        let nodes = vec![self.node(left, depth)?, self.node(right, depth)?];
        let here = self.start(right);
        let by_zero = match &nodes[1] {
            Node::Const(Value::Int(number), _) => *number == 0,
            Node::Const(Value::Num(number), _) => *number == 0.0,
            _ => false,
        };
        if by_zero && matches!(op, Arith::Div | Arith::Rem) {
            return Err(at(here, Fault::DivisionByZero));
        }
        let (a, b) = (nodes[0].ty(), nodes[1].ty());
        let on_dates = match (op, a, b) {
            (Arith::Sub, Type::Date, Type::Date) => Some(Type::Int),
            (Arith::Add | Arith::Sub, Type::Date, Type::Int) | (Arith::Add, Type::Int, Type::Date) => {
                Some(Type::Date)
            }
            _ => None,
        };
        let (mut nodes, ty) = if let Some(ty) = on_dates {
            (nodes, ty)
        } else {
            for node in &nodes {
                expect(node, node.ty().is_numeric(), format!("`{}`", op.symbol()), "a number", here)?;
            }
            // Division always gives a decimal number, so that 1/2 is a half in every engine.
            let nodes: Vec<Node> =
                if op == Arith::Div { nodes.into_iter().map(widen).collect() } else { nodes };
            let nodes = unify(nodes, op.symbol(), here)?;
            let ty = nodes[0].ty();
            (nodes, ty)
        };
        let right = nodes.pop().map(Box::new);
        let left = nodes.pop().map(Box::new);
        match (left, right) {
            (Some(left), Some(right)) => Ok(Node::Arith(op, left, right, ty)),
            _ => Err(at(here, Fault::Refused { what: op.symbol().into() })),
        }
    }

    fn in_list(&mut self, item: &Sql, list: &[Sql], negated: bool, depth: usize) -> Result<Node> {
        let mut nodes = vec![self.node(item, depth)?];
        let here = self.start(item);
        for other in list {
            nodes.push(self.node(other, depth)?);
        }
        let mut nodes = unify(nodes, "in", here)?;
        let list = nodes.split_off(1);
        known_codes(&nodes[0], &list, here)?;
        match nodes.pop() {
            Some(item) if !list.is_empty() => Ok(Node::In { item: Box::new(item), list, negated }),
            _ => Err(at(here, Fault::Refused { what: "in ()".into() })),
        }
    }

    fn between(&mut self, parts: [&Sql; 3], negated: bool, depth: usize) -> Result<Node> {
        let mut nodes = Vec::with_capacity(3);
        for part in parts {
            nodes.push(self.node(part, depth)?);
        }
        let here = self.start(parts[0]);
        let nodes = unify(nodes, "between", here)?;
        expect(&nodes[0], nodes[0].ty() != Type::Bool, "`between`".into(), "an order", here)?;
        let [item, low, high] = <[Node; 3]>::try_from(nodes).map_err(|_| refused(parts[0], here))?;
        Ok(Node::Between { item: Box::new(item), low: Box::new(low), high: Box::new(high), negated })
    }

    fn case(
        &mut self,
        operand: Option<&Sql>,
        whens: &[CaseWhen],
        otherwise: Option<&Sql>,
        depth: usize,
    ) -> Result<Node> {
        let here = self.here;
        let mut conditions = Vec::with_capacity(whens.len());
        let mut results = Vec::with_capacity(whens.len() + 1);
        for when in whens {
            conditions.push(match operand {
                None => self.condition(&when.condition, "when", depth)?,
                Some(operand) => {
                    self.binary(operand, operand, &BinaryOperator::Eq, &when.condition, depth)?
                }
            });
            results.push(self.node(&when.result, depth)?);
        }
        if let Some(otherwise) = otherwise {
            results.push(self.node(otherwise, depth)?);
        }
        let mut results = unify(results, "case", here)?;
        let ty = results[0].ty();
        let otherwise = otherwise.and_then(|_| results.pop()).map(Box::new);
        Ok(Node::Case { arms: conditions.into_iter().zip(results).collect(), otherwise, ty })
    }

    fn function(&mut self, sql: &Sql, function: &SqlFunction, here: Location, depth: usize) -> Result<Node> {
        let written = function.name.to_string();
        let Some(known) = Function::named(&written.to_lowercase()) else {
            return Err(at(here, Fault::UnknownFunction { name: written }));
        };
        let plain = function.filter.is_none()
            && function.over.is_none()
            && function.within_group.is_empty()
            && function.null_treatment.is_none()
            && matches!(function.parameters, FunctionArguments::None);
        let FunctionArguments::List(list) = &function.args else { return Err(refused(sql, here)) };
        if !plain || list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
            return Err(refused(sql, here));
        }
        let mut args = Vec::with_capacity(list.args.len());
        for arg in &list.args {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)) = arg else {
                return Err(refused(sql, here));
            };
            args.push(arg);
        }
        self.call(known, &args, here, depth)
    }

    fn call(&mut self, function: Function, args: &[&Sql], here: Location, depth: usize) -> Result<Node> {
        let mut nodes = Vec::with_capacity(args.len());
        for arg in args {
            nodes.push(self.node(arg, depth)?);
        }
        let wrong = || at(here, Fault::Arguments { function: function.name(), usage: function.usage() });
        let types: Vec<Type> = nodes.iter().map(Node::ty).collect();
        let literal = |i: usize, from: i64, to: i64| match nodes.get(i) {
            Some(Node::Const(Value::Int(n), _)) => (from..=to).contains(n),
            _ => false,
        };
        let ty = match (function, types.as_slice()) {
            (Function::YearsBetween | Function::MonthsBetween, [Type::Date, Type::Date]) => Type::Int,
            (Function::Abs, [ty]) if ty.is_numeric() => *ty,
            (Function::Upper, [Type::Text]) => Type::Text,
            (Function::Substr, [Type::Text, ..]) if args.len() == 3 => {
                if !literal(1, 1, 1_000_000) || !literal(2, 0, 1_000_000) {
                    return Err(wrong());
                }
                Type::Text
            }
            (Function::StartsWith, [Type::Text, Type::Text]) => Type::Bool,
            (Function::HasBit, [Type::Int, Type::Int]) if literal(1, 0, 62) => Type::Bool,
            (Function::Coalesce, [_, _, ..]) => {
                nodes = unify(nodes, function.name(), here)?;
                nodes[0].ty()
            }
            (Function::Least | Function::Greatest, [first, _, ..]) if *first != Type::Bool => {
                nodes = unify(nodes, function.name(), here)?;
                nodes[0].ty()
            }
            _ => return Err(wrong()),
        };
        Ok(Node::Call(function, nodes, ty))
    }
}

fn order_place(op: Compare) -> String {
    format!("`{}`", op.symbol())
}

fn refused(sql: &Sql, here: Location) -> RuleError {
    let what: String = sql.to_string().chars().take(60).collect();
    at(here, Fault::Refused { what })
}

fn expect(node: &Node, fits: bool, place: String, expected: &str, here: Location) -> Result<()> {
    if fits {
        return Ok(());
    }
    Err(at(here, Fault::Mismatch { place, expected: expected.into(), found: node.ty() }))
}

/// All of one type; whole numbers widen when a decimal one is among them.
fn unify(nodes: Vec<Node>, place: &str, here: Location) -> Result<Vec<Node>> {
    let numeric = nodes.iter().all(|node| node.ty().is_numeric());
    if numeric && nodes.iter().any(|node| node.ty() == Type::Num) {
        return Ok(nodes.into_iter().map(widen).collect());
    }
    let wanted = nodes.first().map_or(Type::Bool, Node::ty);
    for node in &nodes {
        let fits = node.ty() == wanted || (numeric && wanted.is_numeric());
        expect(node, fits, format!("`{place}`"), wanted.name(), here)?;
    }
    Ok(nodes)
}

fn widen(node: Node) -> Node {
    match node {
        Node::Const(Value::Int(number), _) => Node::Const(Value::Num(number as f64), Type::Num),
        node if node.ty() == Type::Int => Node::ToNum(Box::new(node)),
        node => node,
    }
}

/// A literal that is compared for equality with a coded column must be one of its codes: a typo there matches
/// nobody for ever.
fn known_codes(item: &Node, literals: &[Node], here: Location) -> Result<()> {
    let Some(field) = item.coded() else { return Ok(()) };
    for literal in literals {
        if let Node::Const(Value::Int(value), _) = literal
            && field.code(*value).is_none()
        {
            let fault =
                Fault::UnknownCode { value: *value, name: field.name.clone(), known: code_list(field) };
            return Err(at(here, fault));
        }
    }
    Ok(())
}

fn code_list(field: &Field) -> String {
    let words = field.codes.iter().take(20).map(|code| format!("{} {}", code.value, code.label.en));
    words.collect::<Vec<_>>().join(", ")
}

fn constant(literal: &Literal, negative: bool, here: Location) -> Result<Node> {
    match literal {
        Literal::Boolean(flag) if !negative => Ok(Node::Const(Value::Bool(*flag), Type::Bool)),
        Literal::SingleQuotedString(text) if !negative => {
            Ok(Node::Const(Value::Text(text.clone()), Type::Text))
        }
        Literal::Number(text, _) => number(text, negative, here),
        Literal::Null => Err(at(here, Fault::NullLiteral)),
        other => Err(at(here, Fault::Refused { what: other.to_string() })),
    }
}

fn number(text: &str, negative: bool, here: Location) -> Result<Node> {
    let range = || at(here, Fault::NumberRange { text: text.to_owned() });
    if text.bytes().all(|b| b.is_ascii_digit()) {
        let number: i64 = text.parse().map_err(|_| range())?;
        return Ok(Node::Const(Value::Int(if negative { -number } else { number }), Type::Int));
    }
    let number: f64 = text.parse().map_err(|_| range())?;
    if !number.is_finite() {
        return Err(range());
    }
    Ok(Node::Const(Value::Num(if negative { -number } else { number }), Type::Num))
}

fn date(text: &str, here: Location) -> Result<Node> {
    // Only the one unmistakable form: a rule is law and is read by many.
    let day: jiff::civil::Date = match text.parse() {
        Ok(day) if text.len() == 10 => day,
        _ => return Err(at(here, Fault::BadDate { text: text.to_owned() })),
    };
    Ok(Node::Const(Value::date(day), Type::Date))
}
