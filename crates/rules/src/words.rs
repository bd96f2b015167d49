//! The tree as a sentence, in Indonesian and English: labels of columns, labels of codes, values as a reader
//! writes them. Brackets appear only where "and" and "or" meet.

use crate::{
    schema::{Field, Params, Role},
    tree::{Arith, Compare, Expr, Function, Node},
    value::{Label, Lang, Type, Value},
};

impl Expr {
    /// The rule in words; parameters by their names.
    pub fn words(&self, lang: Lang) -> String {
        of(&self.root, lang, None)
    }

    /// The rule in words; parameters and the reference date by their values.
    pub fn words_with(&self, lang: Lang, params: &Params) -> String {
        of(&self.root, lang, Some(params))
    }
}

/// What a group of conditions says before its members.
pub(crate) fn group(all: bool) -> Label {
    if all {
        Label::new("semua yang berikut berlaku", "all of these hold")
    } else {
        Label::new("salah satu dari yang berikut berlaku", "at least one of these holds")
    }
}

pub(crate) fn of(node: &Node, lang: Lang, params: Option<&Params>) -> String {
    Writer { lang, params }.node(node)
}

struct Writer<'a> {
    lang: Lang,
    params: Option<&'a Params>,
}

impl Writer<'_> {
    fn say(&self, id: &'static str, en: &'static str) -> &'static str {
        if self.lang == Lang::Id { id } else { en }
    }

    fn node(&self, node: &Node) -> String {
        match node {
            Node::Const(value, _) => value.words(self.lang),
            Node::Name(field) => self.name(field),
            Node::ToNum(item) => self.node(item),
            Node::Not(item) => self.negation(item),
            Node::And(items) => self.joined(items, self.say(", dan ", ", and ")),
            Node::Or(items) => self.joined(items, self.say(", atau ", ", or ")),
            Node::Compare(op, left, right) => self.compare(*op, left, right),
            Node::In { item, list, negated } => self.among(item, list, *negated),
            Node::Between { item, low, high, negated } => self.between(item, low, high, *negated),
            Node::IsNull { item, negated } => {
                let known = *negated;
                let verb = if known {
                    self.say("diketahui", "is known")
                } else {
                    self.say("tidak diketahui", "is not known")
                };
                format!("{} {verb}", self.node(item))
            }
            Node::Arith(op, left, right, _) => {
                format!("{} {} {}", self.operand(left), sign(*op), self.operand(right))
            }
            Node::Neg(item) => format!("−{}", self.operand(item)),
            Node::Case { arms, otherwise, .. } => self.case(arms, otherwise.as_deref()),
            Node::Call(function, args, _) => self.call(*function, args),
        }
    }

    /// As a condition that stands alone: a yes/no column says "ya".
    fn condition(&self, node: &Node) -> String {
        match node {
            Node::Name(field) if field.ty == Type::Bool => {
                format!("{}: {}", self.name(field), self.yes(true))
            }
            Node::And(_) | Node::Or(_) => format!("({})", self.node(node)),
            _ => self.node(node),
        }
    }

    fn yes(&self, flag: bool) -> String {
        Value::Bool(flag).words(self.lang)
    }

    fn name(&self, field: &Field) -> String {
        match (field.role, self.params) {
            (Role::Param | Role::ReferenceDate, Some(params)) => match params.get(field) {
                Value::Null => lower_first(field.label.get(self.lang)),
                value => value.words(self.lang),
            },
            _ => lower_first(field.label.get(self.lang)),
        }
    }

    fn joined(&self, items: &[Node], word: &str) -> String {
        items.iter().map(|item| self.condition(item)).collect::<Vec<_>>().join(word)
    }

    /// "Not" is carried into the part it denies where that is the same in three-valued logic.
    fn negation(&self, item: &Node) -> String {
        match item {
            Node::Name(field) => format!("{}: {}", self.name(field), self.yes(false)),
            Node::Not(inner) => self.condition(inner),
            Node::Compare(op, left, right) => self.compare(op.negated(), left, right),
            Node::In { item, list, negated } => self.among(item, list, !negated),
            Node::Between { item, low, high, negated } => self.between(item, low, high, !negated),
            Node::IsNull { item, negated } => {
                self.node(&Node::IsNull { item: item.clone(), negated: !negated })
            }
            _ => {
                format!("{} ({})", self.say("tidak berlaku bahwa", "it does not hold that"), self.node(item))
            }
        }
    }

    /// The literal on the right takes its words from the code list of the column on the left.
    fn literal(&self, node: &Node, beside: &Node) -> String {
        if let (Node::Const(Value::Int(code), _), Some(field)) = (node, beside.coded())
            && let Some(label) = field.code(*code)
        {
            return label.get(self.lang).to_owned();
        }
        self.operand(node)
    }

    fn compare(&self, op: Compare, left: &Node, right: &Node) -> String {
        if matches!(left, Node::Const(..)) && !matches!(right, Node::Const(..)) {
            return self.compare(op.mirrored(), right, left);
        }
        if let (Node::Name(field), Node::Const(Value::Bool(flag), _)) = (left, right) {
            return format!("{}: {}", self.name(field), self.yes(*flag == (op == Compare::Eq)));
        }
        let verb = match (op, left.ty()) {
            (Compare::Eq, _) => self.say("adalah", "is"),
            (Compare::Ne, _) => self.say("bukan", "is not"),
            (Compare::Lt, Type::Date) => self.say("sebelum", "is before"),
            (Compare::Le, Type::Date) => self.say("pada atau sebelum", "is on or before"),
            (Compare::Gt, Type::Date) => self.say("sesudah", "is after"),
            (Compare::Ge, Type::Date) => self.say("pada atau sesudah", "is on or after"),
            (Compare::Lt, _) => self.say("kurang dari", "is less than"),
            (Compare::Le, _) => self.say("paling banyak", "is at most"),
            (Compare::Gt, _) => self.say("lebih dari", "is more than"),
            (Compare::Ge, _) => self.say("paling sedikit", "is at least"),
        };
        format!("{} {verb} {}", self.operand(left), self.literal(right, left))
    }

    fn among(&self, item: &Node, list: &[Node], negated: bool) -> String {
        if let [only] = list {
            let op = if negated { Compare::Ne } else { Compare::Eq };
            return self.compare(op, item, only);
        }
        let verb = if negated {
            self.say("bukan salah satu dari", "is none of")
        } else {
            self.say("salah satu dari", "is one of")
        };
        let words: Vec<String> = list.iter().map(|node| self.literal(node, item)).collect();
        format!("{} {verb} {}", self.operand(item), listed(&words, self.say("atau", "or")))
    }

    fn between(&self, item: &Node, low: &Node, high: &Node, negated: bool) -> String {
        let (item_words, low, high) = (self.operand(item), self.literal(low, item), self.literal(high, item));
        match (negated, self.lang) {
            (false, Lang::Id) => format!("{item_words} antara {low} dan {high}"),
            (true, Lang::Id) => format!("{item_words} di luar {low} sampai {high}"),
            (false, Lang::En) => format!("{item_words} is between {low} and {high}"),
            (true, Lang::En) => format!("{item_words} is outside {low} to {high}"),
        }
    }

    /// As a part of a larger phrase: whatever has a verb or a sign of its own goes into brackets.
    fn operand(&self, node: &Node) -> String {
        match node {
            Node::Const(..) | Node::Name(_) | Node::Call(..) => self.node(node),
            Node::ToNum(item) => self.operand(item),
            _ => format!("({})", self.node(node)),
        }
    }

    fn case(&self, arms: &[(Node, Node)], otherwise: Option<&Node>) -> String {
        let (when, then) = (self.say("bila", "if"), self.say("maka", "then"));
        let mut parts: Vec<String> = arms
            .iter()
            .map(|(condition, result)| {
                format!("{when} {} {then} {}", self.condition(condition), self.operand(result))
            })
            .collect();
        if let Some(node) = otherwise {
            parts.push(format!("{} {}", self.say("selain itu", "otherwise"), self.operand(node)));
        }
        parts.join("; ")
    }

    fn call(&self, function: Function, args: &[Node]) -> String {
        let words: Vec<String> = args.iter().map(|node| self.literal(node, &args[0])).collect();
        let all = |last| listed(&words, last);
        match (function, words.as_slice(), self.lang) {
            (Function::YearsBetween, [from, to], Lang::Id) => format!("tahun penuh dari {from} sampai {to}"),
            (Function::YearsBetween, [from, to], Lang::En) => format!("full years from {from} to {to}"),
            (Function::MonthsBetween, [from, to], Lang::Id) => format!("bulan penuh dari {from} sampai {to}"),
            (Function::MonthsBetween, [from, to], Lang::En) => format!("full months from {from} to {to}"),
            (Function::Coalesce, [first, rest @ ..], Lang::Id) => {
                format!("{first} (bila tidak diketahui: {})", rest.join(", lalu "))
            }
            (Function::Coalesce, [first, rest @ ..], Lang::En) => {
                format!("{first} (if not known: {})", rest.join(", then "))
            }
            (Function::Abs, [item], Lang::Id) => format!("besar {item} tanpa tanda"),
            (Function::Abs, [item], Lang::En) => format!("the size of {item} without sign"),
            (Function::Least, _, Lang::Id) => format!("yang terkecil dari {}", all("dan")),
            (Function::Least, _, Lang::En) => format!("the least of {}", all("and")),
            (Function::Greatest, _, Lang::Id) => format!("yang terbesar dari {}", all("dan")),
            (Function::Greatest, _, Lang::En) => format!("the greatest of {}", all("and")),
            (Function::Upper, [text], Lang::Id) => format!("{text} dalam huruf besar"),
            (Function::Upper, [text], Lang::En) => format!("{text} in capital letters"),
            (Function::Substr, [text, first, length], Lang::Id) => {
                format!("{length} huruf dari {text} mulai huruf ke-{first}")
            }
            (Function::Substr, [text, first, length], Lang::En) => {
                format!("{length} characters of {text} from character {first}")
            }
            (Function::StartsWith, [text, beginning], Lang::Id) => format!("{text} diawali {beginning}"),
            (Function::StartsWith, [text, beginning], Lang::En) => format!("{text} begins with {beginning}"),
            (Function::HasBit, [bits, number], lang) => {
                let field = if let Node::Name(field) = &args[0] { Some(field) } else { None };
                let label = match &args[1] {
                    Node::Const(Value::Int(bit), _) => field.and_then(|field| field.code(*bit)),
                    _ => None,
                };
                let bit = label.map_or(number.as_str(), |label| label.get(lang));
                format!("{bits} {} {bit}", self.say("mencakup", "includes"))
            }
            _ => format!("{}({})", function.name(), words.join(", ")),
        }
    }
}

fn sign(op: Arith) -> &'static str {
    match op {
        Arith::Add => "+",
        Arith::Sub => "−",
        Arith::Mul => "×",
        Arith::Div => "÷",
        Arith::Rem => "mod",
    }
}

/// Labels begin with a capital on forms; within a sentence only proper words and abbreviations keep it.
fn lower_first(label: &str) -> String {
    let mut chars = label.chars();
    let (Some(first), rest) = (chars.next(), chars.as_str()) else { return String::new() };
    if rest.chars().next().is_none_or(char::is_uppercase) {
        return label.to_owned();
    }
    first.to_lowercase().chain(rest.chars()).collect()
}

fn listed(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}
