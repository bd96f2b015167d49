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
    Compare { left: Scalar, op: Op, right: Scalar },
    IsNull { of: Scalar, negated: bool },
    Else,
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
    Column { side: Side, name: String },
    Number(f64),
    Text(String),
    Call { name: String, args: Vec<Scalar> },
    Minus(Box<Scalar>, Box<Scalar>),
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Column { side: Side::Left, name } => write!(f, "{name}_l"),
            Self::Column { side: Side::Right, name } => write!(f, "{name}_r"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Minus(a, b) => write!(f, "{a} - {b}"),
            Self::Call { name, args } => {
                write!(f, "{name}(")?;
                for (index, arg) in args.iter().enumerate() {
                    write!(f, "{}{arg}", if index == 0 { "" } else { ", " })?;
                }
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
    let mut reader = Reader { text, tokens, next: 0, naming, depth: 0, budget: BUDGET };
    let node = reader.any()?;
    reader.end()?;
    Ok(node)
}

/// Reads one value, such as a prepared column's `split_part(name, ' ', 1)`.
pub(crate) fn value(text: &str, naming: Naming) -> Result<Scalar, Fault> {
    let mut reader = Reader { text, tokens: tokens(text)?, next: 0, naming, depth: 0, budget: BUDGET };
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

const SIGNS: [&str; 14] = ["<>", "!=", "<=", ">=", "=", "<", ">", "(", ")", ",", ".", "-", "+", "::"];
/// Conditions deeper than this are refused, so that reading cannot overflow the stack.
const DEEPEST: usize = 40;
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
        let op = self.op()?;
        Ok(Node::Compare { left, op, right: self.scalar()? })
    }

    fn op(&mut self) -> Result<Op, Fault> {
        for (sign, op) in [
            ("=", Op::Equal),
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
        let scalar = self.difference();
        self.depth -= 1;
        scalar
    }

    fn difference(&mut self) -> Result<Scalar, Fault> {
        let mut left = self.term()?;
        while self.sign("-") {
            left = Scalar::Minus(Box::new(left), Box::new(self.term()?));
        }
        Ok(left)
    }

    fn term(&mut self) -> Result<Scalar, Fault> {
        if self.sign("(") {
            let inner = self.scalar()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.sign("-") {
            let Some(Kind::Number(number)) = self.peek().cloned() else {
                return Err(self.fault("a number was expected"));
            };
            self.next += 1;
            return Ok(Scalar::Number(-number));
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
                if self.sign("(") { self.call(&word) } else { self.column(word) }
            }
            Some(Kind::Quoted(name)) => {
                self.next += 1;
                self.column(name)
            }
            _ => Err(self.fault("a column, a function or a value was expected")),
        }
    }

    fn call(&mut self, name: &str) -> Result<Scalar, Fault> {
        let name = name.to_ascii_lowercase();
        if name == "cast" || name == "try_cast" {
            let inner = self.scalar()?;
            if !self.word("as") {
                return Err(self.fault("`as` was expected"));
            }
            let whole = ["int", "integer", "bigint"].iter().any(|name| self.word(name));
            if !whole {
                return Err(self.fault("only a cast to int, integer or bigint is known"));
            }
            self.expect(")")?;
            return Ok(Scalar::Call { name: "whole".into(), args: vec![inner] });
        }
        let mut args = Vec::new();
        if !self.sign(")") {
            loop {
                args.push(self.scalar()?);
                if !self.sign(",") {
                    break;
                }
            }
            self.expect(")")?;
        }
        Ok(Scalar::Call { name, args })
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
