//! The typed tree that every rule becomes. A tree that exists has been checked: its names are known and its
//! types fit.

use std::{collections::BTreeSet, fmt, sync::Arc};

use crate::{
    schema::{Field, Role},
    value::{Type, Value},
};

/// A function of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    /// `years_between(from, to)`: completed years.
    YearsBetween,
    /// `months_between(from, to)`: completed months.
    MonthsBetween,
    /// `coalesce(a, b, ...)`: the first that is known.
    Coalesce,
    /// `abs(number)`.
    Abs,
    /// `least(a, b, ...)`: unknown when any is unknown.
    Least,
    /// `greatest(a, b, ...)`: unknown when any is unknown.
    Greatest,
    /// `upper(text)`.
    Upper,
    /// `substr(text, first, length)`: characters, the first is 1; both numbers are literals.
    Substr,
    /// `starts_with(text, beginning)`.
    StartsWith,
    /// `has_bit(number, n)`: whether bit n (literal, 0 to 62) of a bit set is set.
    HasBit,
}

impl Function {
    /// All names, for messages.
    pub const NAMES: [&'static str; 10] = [
        "years_between",
        "months_between",
        "coalesce",
        "abs",
        "least",
        "greatest",
        "upper",
        "substr",
        "starts_with",
        "has_bit",
    ];

    /// The function of a name in small letters.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "years_between" => Self::YearsBetween,
            "months_between" => Self::MonthsBetween,
            "coalesce" => Self::Coalesce,
            "abs" => Self::Abs,
            "least" => Self::Least,
            "greatest" => Self::Greatest,
            "upper" => Self::Upper,
            "substr" => Self::Substr,
            "starts_with" => Self::StartsWith,
            "has_bit" => Self::HasBit,
            _ => return None,
        })
    }

    /// Its name in an expression.
    pub fn name(self) -> &'static str {
        match self {
            Self::YearsBetween => "years_between",
            Self::MonthsBetween => "months_between",
            Self::Coalesce => "coalesce",
            Self::Abs => "abs",
            Self::Least => "least",
            Self::Greatest => "greatest",
            Self::Upper => "upper",
            Self::Substr => "substr",
            Self::StartsWith => "starts_with",
            Self::HasBit => "has_bit",
        }
    }

    /// How it is used, for messages.
    pub(crate) fn usage(self) -> &'static str {
        match self {
            Self::YearsBetween => "years_between(earlier date, later date)",
            Self::MonthsBetween => "months_between(earlier date, later date)",
            Self::Coalesce => "coalesce(value, value if unknown) with values of one type",
            Self::Abs => "abs(number)",
            Self::Least => "least(a, b) with values of one type, not yes/no",
            Self::Greatest => "greatest(a, b) with values of one type, not yes/no",
            Self::Upper => "upper(text)",
            Self::Substr => "substr(text, first character from 1, number of characters) with whole numbers",
            Self::StartsWith => "starts_with(text, beginning)",
            Self::HasBit => "has_bit(whole number, bit from 0 to 62)",
        }
    }
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Compare {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "<>",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }

    /// `not (a op b)`; exact in three-valued logic too.
    pub(crate) fn negated(self) -> Self {
        match self {
            Self::Eq => Self::Ne,
            Self::Ne => Self::Eq,
            Self::Lt => Self::Ge,
            Self::Le => Self::Gt,
            Self::Gt => Self::Le,
            Self::Ge => Self::Lt,
        }
    }

    /// `b op a` as `a op' b`.
    pub(crate) fn mirrored(self) -> Self {
        match self {
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            same => same,
        }
    }
}

/// Arithmetic on numbers; plus and minus also on dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arith {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

impl Arith {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Rem => "%",
        }
    }
}

/// A node of the tree.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Const(Value, Type),
    Name(Arc<Field>),
    /// A whole number where a decimal one is needed.
    ToNum(Box<Node>),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Compare(Compare, Box<Node>, Box<Node>),
    In {
        item: Box<Node>,
        list: Vec<Node>,
        negated: bool,
    },
    Between {
        item: Box<Node>,
        low: Box<Node>,
        high: Box<Node>,
        negated: bool,
    },
    IsNull {
        item: Box<Node>,
        negated: bool,
    },
    Arith(Arith, Box<Node>, Box<Node>, Type),
    Neg(Box<Node>),
    Case {
        arms: Vec<(Node, Node)>,
        otherwise: Option<Box<Node>>,
        ty: Type,
    },
    Call(Function, Vec<Node>, Type),
}

impl Node {
    pub(crate) fn ty(&self) -> Type {
        match self {
            Self::Const(_, ty) | Self::Arith(_, _, _, ty) | Self::Case { ty, .. } | Self::Call(_, _, ty) => {
                *ty
            }
            Self::Name(field) => field.ty,
            Self::ToNum(_) => Type::Num,
            Self::Neg(item) => item.ty(),
            Self::Not(_)
            | Self::And(_)
            | Self::Or(_)
            | Self::Compare(..)
            | Self::In { .. }
            | Self::Between { .. }
            | Self::IsNull { .. } => Type::Bool,
        }
    }

    /// Calls `visit` on every direct child, in the order of the text.
    pub(crate) fn children<'a>(&'a self, mut visit: impl FnMut(&'a Node)) {
        match self {
            Self::Const(..) | Self::Name(_) => {}
            Self::ToNum(item) | Self::Not(item) | Self::Neg(item) | Self::IsNull { item, .. } => visit(item),
            Self::And(items) | Self::Or(items) | Self::Call(_, items, _) => items.iter().for_each(visit),
            Self::Compare(_, left, right) | Self::Arith(_, left, right, _) => {
                visit(left);
                visit(right);
            }
            Self::In { item, list, .. } => {
                visit(item);
                list.iter().for_each(visit);
            }
            Self::Between { item, low, high, .. } => {
                visit(item);
                visit(low);
                visit(high);
            }
            Self::Case { arms, otherwise, .. } => {
                for (when, then) in arms {
                    visit(when);
                    visit(then);
                }
                if let Some(node) = otherwise {
                    visit(node);
                }
            }
        }
    }

    /// The column whose codes its value is one of: the column itself, or the first value of `coalesce`.
    pub(crate) fn coded(&self) -> Option<&Field> {
        match self {
            Self::Name(field) if field.role == Role::Column && !field.codes.is_empty() && !field.bits => {
                Some(field)
            }
            Self::Call(Function::Coalesce, items, _) => items.first()?.coded(),
            _ => None,
        }
    }

    /// Every name in the subtree, in the order of the text, each once.
    pub(crate) fn names(&self) -> Vec<&Arc<Field>> {
        fn walk<'a>(node: &'a Node, seen: &mut BTreeSet<&'a str>, out: &mut Vec<&'a Arc<Field>>) {
            if let Node::Name(field) = node
                && seen.insert(&field.name)
            {
                out.push(field);
            }
            node.children(|child| walk(child, seen, out));
        }
        let mut out = Vec::new();
        walk(self, &mut BTreeSet::new(), &mut out);
        out
    }

    /// Whether it can be unknown. Arithmetic always can: out of range is unknown.
    fn nullable(&self) -> bool {
        match self {
            Self::Const(value, _) => value.is_null(),
            Self::Name(field) => field.nullable,
            Self::IsNull { .. } => false,
            Self::Arith(..) | Self::Neg(_) | Self::Call(Function::Abs, ..) => true,
            Self::Call(Function::Coalesce, items, _) => items.iter().all(Self::nullable),
            Self::Case { arms, otherwise, .. } => {
                otherwise.as_ref().is_none_or(|node| node.nullable())
                    || arms.iter().any(|(_, then)| then.nullable())
            }
            node => {
                let mut any = false;
                node.children(|child| any |= child.nullable());
                any
            }
        }
    }
}

/// A checked expression. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Expr {
    pub(crate) root: Arc<Node>,
    text: Arc<str>,
}

impl Expr {
    pub(crate) fn new(root: Node, text: &str) -> Self {
        Self { root: Arc::new(root), text: text.trim().into() }
    }

    /// The type of its value.
    pub fn ty(&self) -> Type {
        self.root.ty()
    }

    /// Whether its value can be unknown.
    pub fn nullable(&self) -> bool {
        self.root.nullable()
    }

    /// The SQL text it was made from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The columns it reads, each once, in the order of the text.
    pub fn columns(&self) -> Vec<&str> {
        self.fields(Role::Column)
    }

    /// The parameters it reads, each once, in the order of the text.
    pub fn params(&self) -> Vec<&str> {
        self.fields(Role::Param)
    }

    /// Whether it reads the reference date: its value then depends on the day on which the rule is read.
    pub fn dated(&self) -> bool {
        self.root.names().iter().any(|field| field.role == Role::ReferenceDate)
    }

    fn fields(&self, role: Role) -> Vec<&str> {
        let names = self.root.names();
        names.into_iter().filter(|field| field.role == role).map(|field| field.name.as_str()).collect()
    }
}

/// Equal when the text is; the schema it was checked against is the policy's, one for all.
impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Expr {}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}
