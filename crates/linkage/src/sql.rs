//! Reads the SQL conditions of a Splink settings file into a small tree.
//!
//! In: text such as `jaro_winkler_similarity("name_l", "name_r") >= 0.9`. Out: [`Node`]s, or the character
//! where reading failed. Nothing is guessed: what the grammar does not know is an error.

/// Which record of the pair a column is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Compare {
        left: Scalar,
        op: Op,
        right: Scalar,
    },
    IsNull {
        of: Scalar,
        negated: bool,
    },
    /// A function that answers yes or no.
    Truth(Scalar),
    Else,
}

impl Node {
    /// Each value that stands directly in the condition.
    pub(crate) fn each_scalar(&self, visit: &mut dyn FnMut(&Scalar)) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.each_scalar(visit)),
            Self::Not(inner) => inner.each_scalar(visit),
            Self::Compare { left, right, .. } => {
                visit(left);
                visit(right);
            }
            Self::IsNull { of, .. } | Self::Truth(of) => visit(of),
            Self::Else => {}
        }
    }
}

/// A comparison of two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Op {
    pub(crate) fn holds(self, left: f64, right: f64) -> bool {
        match self {
            #[expect(clippy::float_cmp, reason = "the condition asks for exactly this value")]
            Self::Equal => left == right,
            #[expect(clippy::float_cmp, reason = "the condition asks for exactly this value")]
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterEqual => left >= right,
        }
    }

    /// The same comparison with its sides exchanged.
    pub(crate) fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
            same => same,
        }
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    Column {
        side: Side,
        name: String,
    },
    /// The name that a lambda gives to an item of a list.
    Local(String),
    Null,
    Number(f64),
    Text(String),
    List(Vec<Scalar>),
    Call {
        name: String,
        args: Vec<Scalar>,
    },
    Arith {
        op: Arith,
        left: Box<Scalar>,
        right: Box<Scalar>,
    },
    Cast {
        of: Box<Scalar>,
        to: Cast,
        lenient: bool,
    },
    Case {
        arms: Vec<(Node, Scalar)>,
        otherwise: Option<Box<Scalar>>,
    },
    Index {
        of: Box<Scalar>,
        at: Box<Scalar>,
    },
    Lambda {
        name: String,
        body: Box<Scalar>,
    },
}

/// An operation on two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arith {
    Plus,
    Minus,
    Times,
    Divide,
    Modulo,
    Concat,
}

impl Arith {
    fn sign(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Concat => "||",
        }
    }
}

/// A type to cast to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cast {
    Int,
    /// Single precision: what is compared is rounded to it first.
    Real,
    Double,
    Text,
    Date,
    Time,
}

const CASTS: [(&str, Cast); 19] = [
    ("int", Cast::Int),
    ("integer", Cast::Int),
    ("bigint", Cast::Int),
    ("smallint", Cast::Int),
    ("tinyint", Cast::Int),
    ("int4", Cast::Int),
    ("int8", Cast::Int),
    ("hugeint", Cast::Int),
    ("real", Cast::Real),
    ("float", Cast::Real),
    ("float4", Cast::Real),
    ("double", Cast::Double),
    ("float8", Cast::Double),
    ("text", Cast::Text),
    ("varchar", Cast::Text),
    ("string", Cast::Text),
    ("date", Cast::Date),
    ("timestamp", Cast::Time),
    ("datetime", Cast::Time),
];

impl Scalar {
    /// Each value that stands directly in this one.
    pub(crate) fn each_part(&self, visit: &mut dyn FnMut(&Scalar)) {
        match self {
            Self::Call { args, .. } | Self::List(args) => args.iter().for_each(visit),
            Self::Arith { left, right, .. } => {
                visit(left);
                visit(right);
            }
            Self::Cast { of, .. } => visit(of),
            Self::Lambda { body, .. } => visit(body),
            Self::Index { of, at } => {
                visit(of);
                visit(at);
            }
            Self::Case { arms, otherwise } => {
                for (when, then) in arms {
                    when.each_scalar(visit);
                    visit(then);
                }
                if let Some(otherwise) = otherwise {
                    visit(otherwise);
                }
            }
            Self::Column { .. } | Self::Local(_) | Self::Null | Self::Number(_) | Self::Text(_) => {}
        }
    }

    /// Each column that the value speaks of.
    pub(crate) fn each_column(&self, visit: &mut dyn FnMut(Side, &str)) {
        match self {
            Self::Column { side, name } => visit(*side, name),
            other => other.each_part(&mut |part| part.each_column(visit)),
        }
    }
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |f: &mut std::fmt::Formatter<'_>, items: &[Scalar]| {
            items
                .iter()
                .enumerate()
                .try_for_each(|(index, item)| write!(f, "{}{item}", if index == 0 { "" } else { ", " }))
        };
        match self {
            Self::Column { side: Side::Left, name } => write!(f, "{name}_l"),
            Self::Column { side: Side::Right, name } => write!(f, "{name}_r"),
            Self::Local(name) => write!(f, "{name}"),
            Self::Null => write!(f, "null"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Arith { op, left, right } => write!(f, "{left} {} {right}", op.sign()),
            Self::Cast { of, to, .. } => write!(f, "cast({of} as {to:?})"),
            Self::Case { .. } => write!(f, "case ... end"),
            Self::Index { of, at } => write!(f, "{of}[{at}]"),
            Self::Lambda { name, body } => write!(f, "{name} -> {body}"),
            Self::List(items) => {
                write!(f, "[")?;
                list(f, items)?;
                write!(f, "]")
            }
            Self::Call { name, args } => {
                write!(f, "{name}(")?;
                list(f, args)?;
                write!(f, ")")
            }
        }
    }
}

/// How columns name their record: a level writes `name_l`, a blocking rule `l.name`, a prepared column plain
/// `name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    Suffix,
    Prefix,
    Plain,
}

/// Where reading failed and why.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    /// Character, from 1.
    pub(crate) position: usize,
    pub(crate) near: String,
    pub(crate) message: String,
}

/// Reads a condition.
pub(crate) fn condition(text: &str, naming: Naming) -> Result<Node, Fault> {
    let tokens = tokens(text)?;
    if let [Token { kind: Kind::Word(word), .. }] = tokens.as_slice()
        && word.eq_ignore_ascii_case("else")
    {
        return Ok(Node::Else);
    }
    let mut reader = Reader { text, tokens, next: 0, naming, depth: 0, budget: BUDGET, locals: Vec::new() };
    let node = reader.any()?;
    reader.end()?;
    Ok(node)
}

/// Reads one value, such as a prepared column's `split_part(name, ' ', 1)`.
pub(crate) fn value(text: &str, naming: Naming) -> Result<Scalar, Fault> {
    let mut reader =
        Reader { text, tokens: tokens(text)?, next: 0, naming, depth: 0, budget: BUDGET, locals: Vec::new() };
    let scalar = reader.scalar()?;
    reader.end()?;
    Ok(scalar)
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Word(String),
    Quoted(String),
    Text(String),
    Number(f64),
    Sign(&'static str),
}

#[derive(Debug, Clone)]
struct Token {
    kind: Kind,
    at: usize,
}

const SIGNS: [&str; 22] = [
    "<>", "!=", "<=", ">=", "->", "||", "::", "==", "=", "<", ">", "(", ")", ",", ".", "-", "+", "*", "/",
    "%", "[", "]",
];
/// Conditions deeper than this are refused, so that reading cannot overflow the stack.
const DEEPEST: usize = 60;
const BUDGET: usize = 20_000;

fn fault(text: &str, at: usize, message: &str) -> Fault {
    let near: String = text[at.min(text.len())..].chars().take(24).collect();
    let position = text[..at.min(text.len())].chars().count() + 1;
    Fault {
        position,
        near: if near.is_empty() { "end of text".into() } else { near },
        message: message.into(),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let kind = match bytes[at] {
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            quote @ (b'"' | b'\'' | b'`') => {
                let (content, end) = quoted(text, at, quote)?;
                at = end;
                if quote == b'\'' { Kind::Text(content) } else { Kind::Quoted(content) }
            }
            byte if byte.is_ascii_digit() => {
                while at < bytes.len()
                    && (bytes[at].is_ascii_digit() || matches!(bytes[at], b'.' | b'e' | b'E'))
                {
                    at += 1;
                }
                let number =
                    text[start..at].parse().map_err(|_| fault(text, start, "a number was expected"))?;
                Kind::Number(number)
            }
            byte if byte.is_ascii_alphabetic() || byte == b'_' => {
                while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_') {
                    at += 1;
                }
                Kind::Word(text[start..at].to_owned())
            }
            _ => {
                let sign = SIGNS.iter().find(|sign| bytes[at..].starts_with(sign.as_bytes()));
                let Some(sign) = sign else { return Err(fault(text, at, "an unknown sign")) };
                at += sign.len();
                Kind::Sign(sign)
            }
        };
        out.push(Token { kind, at: start });
    }
    Ok(out)
}

/// The content of a quoted piece and where it ends; a doubled quote stands for itself.
fn quoted(text: &str, start: usize, quote: u8) -> Result<(String, usize), Fault> {
    let bytes = text.as_bytes();
    let mut content = Vec::new();
    let mut at = start + 1;
    while at < bytes.len() {
        if bytes[at] == quote {
            if bytes.get(at + 1) != Some(&quote) {
                let content = String::from_utf8(content).map_err(|_| fault(text, start, "not UTF-8"))?;
                return Ok((content, at + 1));
            }
            at += 1;
        }
        content.push(bytes[at]);
        at += 1;
    }
    Err(fault(text, start, "a quote that is not closed"))
}

struct Reader<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    next: usize,
    naming: Naming,
    depth: usize,
    /// Steps still allowed: a bracket is tried in two ways, which must not multiply without end.
    budget: usize,
    /// Names that the lambdas around this place give to items.
    locals: Vec<String>,
}

impl Reader<'_> {
    fn any(&mut self) -> Result<Node, Fault> {
        let mut parts = vec![self.all()?];
        while self.word("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Node::Or(parts) })
    }

    fn all(&mut self) -> Result<Node, Fault> {
        let mut parts = vec![self.one()?];
        while self.word("and") {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Node::And(parts) })
    }

    fn one(&mut self) -> Result<Node, Fault> {
        self.descend()?;
        let node = self.one_inner();
        self.depth -= 1;
        node
    }

    fn descend(&mut self) -> Result<(), Fault> {
        self.budget = self.budget.saturating_sub(1);
        if self.depth >= DEEPEST || self.budget == 0 {
            return Err(self.fault("the condition is nested too deeply"));
        }
        self.depth += 1;
        Ok(())
    }

    fn one_inner(&mut self) -> Result<Node, Fault> {
        if self.word("not") {
            return Ok(Node::Not(Box::new(self.one()?)));
        }
        // A bracket opens a condition or a value: try the condition, fall back to the value.
        let start = self.next;
        if self.sign("(") {
            if let Ok(node) = self.any()
                && self.sign(")")
            {
                return Ok(node);
            }
            self.next = start;
        }
        let left = self.scalar()?;
        if self.word("is") {
            let negated = self.word("not");
            if !self.word("null") {
                return Err(self.fault("`null` was expected"));
            }
            return Ok(Node::IsNull { of: left, negated });
        }
        let negated = self.word("not");
        let node = if self.word("between") {
            let low = self.scalar()?;
            if !self.word("and") {
                return Err(self.fault("`and` was expected"));
            }
            let high = self.scalar()?;
            Node::And(vec![
                Node::Compare { left: left.clone(), op: Op::GreaterEqual, right: low },
                Node::Compare { left, op: Op::LessEqual, right: high },
            ])
        } else if self.word("in") {
            self.expect("(")?;
            let mut parts = Vec::new();
            for right in self.list(")")? {
                parts.push(Node::Compare { left: left.clone(), op: Op::Equal, right });
            }
            Node::Or(parts)
        } else if negated {
            return Err(self.fault("`between` or `in` was expected"));
        } else if let (Scalar::Call { .. }, false) = (&left, self.at_op()) {
            Node::Truth(left)
        } else {
            let op = self.op()?;
            Node::Compare { left, op, right: self.scalar()? }
        };
        Ok(if negated { Node::Not(Box::new(node)) } else { node })
    }

    fn at_op(&self) -> bool {
        const OPS: [&str; 8] = ["=", "==", "<>", "!=", "<=", ">=", "<", ">"];
        matches!(self.peek(), Some(Kind::Sign(sign)) if OPS.contains(sign))
    }

    /// Values with commas between them, up to the closing sign.
    fn list(&mut self, close: &str) -> Result<Vec<Scalar>, Fault> {
        let mut items = Vec::new();
        if !self.sign(close) {
            loop {
                items.push(self.scalar()?);
                if !self.sign(",") {
                    break;
                }
            }
            self.expect(close)?;
        }
        Ok(items)
    }

    fn op(&mut self) -> Result<Op, Fault> {
        for (sign, op) in [
            ("=", Op::Equal),
            ("==", Op::Equal),
            ("<>", Op::NotEqual),
            ("!=", Op::NotEqual),
            ("<=", Op::LessEqual),
            (">=", Op::GreaterEqual),
            ("<", Op::Less),
            (">", Op::Greater),
        ] {
            if self.sign(sign) {
                return Ok(op);
            }
        }
        Err(self.fault("one of = <> < <= > >= was expected"))
    }

    fn scalar(&mut self) -> Result<Scalar, Fault> {
        self.descend()?;
        let scalar = self.joined();
        self.depth -= 1;
        scalar
    }

    fn joined(&mut self) -> Result<Scalar, Fault> {
        self.chain(&[("||", Arith::Concat)], |reader| {
            reader.chain(&[("+", Arith::Plus), ("-", Arith::Minus)], |reader| {
                const PRODUCT: [(&str, Arith); 3] =
                    [("*", Arith::Times), ("/", Arith::Divide), ("%", Arith::Modulo)];
                reader.chain(&PRODUCT, Self::piece)
            })
        })
    }

    fn chain(
        &mut self,
        signs: &[(&str, Arith)],
        next: impl Fn(&mut Self) -> Result<Scalar, Fault>,
    ) -> Result<Scalar, Fault> {
        let mut left = next(self)?;
        while let Some((_, op)) = signs.iter().find(|(sign, _)| self.sign(sign)) {
            left = Scalar::Arith { op: *op, left: Box::new(left), right: Box::new(next(self)?) };
        }
        Ok(left)
    }

    /// A term with what may stand behind it: `[1]`, `::date`.
    fn piece(&mut self) -> Result<Scalar, Fault> {
        let mut of = self.term()?;
        loop {
            if self.sign("[") {
                let at = Box::new(self.scalar()?);
                self.expect("]")?;
                of = Scalar::Index { of: Box::new(of), at };
            } else if self.sign("::") {
                of = Scalar::Cast { of: Box::new(of), to: self.cast_to()?, lenient: false };
            } else {
                return Ok(of);
            }
        }
    }

    fn cast_to(&mut self) -> Result<Cast, Fault> {
        match CASTS.iter().find(|(name, _)| self.word(name)) {
            Some((_, to)) => Ok(*to),
            None => Err(self.fault("a type such as int, double, text, date or timestamp was expected")),
        }
    }

    fn term(&mut self) -> Result<Scalar, Fault> {
        if self.sign("(") {
            let inner = self.scalar()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.sign("[") {
            return Ok(Scalar::List(self.list("]")?));
        }
        if self.sign("-") {
            return Ok(match self.piece()? {
                Scalar::Number(number) => Scalar::Number(-number),
                other => Scalar::Arith {
                    op: Arith::Minus,
                    left: Box::new(Scalar::Number(0.0)),
                    right: Box::new(other),
                },
            });
        }
        match self.peek().cloned() {
            Some(Kind::Number(number)) => {
                self.next += 1;
                Ok(Scalar::Number(number))
            }
            Some(Kind::Text(text)) => {
                self.next += 1;
                Ok(Scalar::Text(text))
            }
            Some(Kind::Word(word)) => {
                self.next += 1;
                self.named(word)
            }
            Some(Kind::Quoted(name)) => {
                self.next += 1;
                self.column(name)
            }
            _ => Err(self.fault("a column, a function or a value was expected")),
        }
    }

    /// What begins with a word: null, case, a cast, a lambda, a function, an item's name, a column.
    fn named(&mut self, word: String) -> Result<Scalar, Fault> {
        if word.eq_ignore_ascii_case("null") {
            return Ok(Scalar::Null);
        }
        if word.eq_ignore_ascii_case("case") {
            return self.case();
        }
        if self.sign("->") {
            self.locals.push(word.clone());
            let body = self.scalar();
            self.locals.pop();
            return Ok(Scalar::Lambda { name: word, body: Box::new(body?) });
        }
        if self.sign("(") {
            return self.call(&word);
        }
        if self.locals.contains(&word) {
            return Ok(Scalar::Local(word));
        }
        self.column(word)
    }

    fn case(&mut self) -> Result<Scalar, Fault> {
        let mut arms = Vec::new();
        while self.word("when") {
            let when = self.any()?;
            if !self.word("then") {
                return Err(self.fault("`then` was expected"));
            }
            arms.push((when, self.scalar()?));
        }
        let otherwise = if self.word("else") { Some(Box::new(self.scalar()?)) } else { None };
        if arms.is_empty() || !self.word("end") {
            return Err(self.fault("`when` or `end` was expected"));
        }
        Ok(Scalar::Case { arms, otherwise })
    }

    fn call(&mut self, name: &str) -> Result<Scalar, Fault> {
        let name = name.to_ascii_lowercase();
        if name == "cast" || name == "try_cast" {
            let of = Box::new(self.scalar()?);
            if !self.word("as") {
                return Err(self.fault("`as` was expected"));
            }
            let to = self.cast_to()?;
            self.expect(")")?;
            return Ok(Scalar::Cast { of, to, lenient: name == "try_cast" });
        }
        Ok(Scalar::Call { name, args: self.list(")")? })
    }

    fn column(&mut self, first: String) -> Result<Scalar, Fault> {
        match self.naming {
            Naming::Plain => Ok(Scalar::Column { side: Side::Left, name: first }),
            Naming::Suffix => {
                for (end, side) in [("_l", Side::Left), ("_r", Side::Right)] {
                    if let Some(name) = first.strip_suffix(end)
                        && !name.is_empty()
                    {
                        return Ok(Scalar::Column { side, name: name.to_owned() });
                    }
                }
                self.next -= 1;
                Err(self.fault("a column that ends in _l or _r was expected"))
            }
            Naming::Prefix => {
                let side = match first.as_str() {
                    "l" | "L" => Side::Left,
                    "r" | "R" => Side::Right,
                    _ => {
                        self.next -= 1;
                        return Err(self.fault("a column of l. or r. was expected"));
                    }
                };
                self.expect(".")?;
                match self.peek().cloned() {
                    Some(Kind::Word(name) | Kind::Quoted(name)) => {
                        self.next += 1;
                        Ok(Scalar::Column { side, name })
                    }
                    _ => Err(self.fault("a column's name was expected")),
                }
            }
        }
    }

    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.next).map(|token| &token.kind)
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Kind::Sign(found)) if *found == sign);
        self.next += usize::from(found);
        found
    }

    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Kind::Word(found)) if found.eq_ignore_ascii_case(word));
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), Fault> {
        if self.sign(sign) { Ok(()) } else { Err(self.fault(&format!("`{sign}` was expected"))) }
    }

    fn end(&self) -> Result<(), Fault> {
        if self.next == self.tokens.len() {
            Ok(())
        } else {
            Err(self.fault("the condition goes on after its end"))
        }
    }

    fn fault(&self, message: &str) -> Fault {
        let at = self.tokens.get(self.next).map_or(self.text.len(), |token| token.at);
        fault(self.text, at, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splink_conditions_read_as_written() {
        let node =
            condition(r#"jaro_winkler_similarity("name_l", "name_r") >= 0.94"#, Naming::Suffix).unwrap();
        let Node::Compare { left, op: Op::GreaterEqual, right: Scalar::Number(_) } = node else {
            panic!("{node:?}")
        };
        assert_eq!(left.to_string(), "jaro_winkler_similarity(name_l, name_r)");
        assert!(matches!(
            condition(r#""nik_l" IS NULL OR "nik_r" IS NULL"#, Naming::Suffix),
            Ok(Node::Or(_))
        ));
        assert!(matches!(condition("ELSE", Naming::Suffix), Ok(Node::Else)));
        let rule = condition(r#"(l."nik" = r."nik") AND (l."y" = r."y")"#, Naming::Prefix).unwrap();
        assert!(matches!(rule, Node::And(parts) if parts.len() == 2));
    }

    #[test]
    fn a_fault_names_its_place() {
        for (text, position) in [
            (r#""name_l" = "name""#, 12),
            ("name_l = ", 10),
            ("name_l ~ name_r", 8),
            ("'open", 1),
            ("a_l = a_r b", 11),
        ] {
            assert_eq!(condition(text, Naming::Suffix).unwrap_err().position, position, "{text}");
        }
        let deep = "(".repeat(5000) + "a_l = a_r" + &")".repeat(5000);
        assert!(condition(&deep, Naming::Suffix).is_err());
    }
}
