//! A pair of records to a pattern: which level of each comparison holds.
//!
//! In: two records of a [`Table`]. Out: the levels and the pattern, a mixed-radix number (first comparison
//! fastest). A similarity is computed at most once a field, and only when a level asks for it. Conditions
//! follow SQL: what is unknown is never true, nor is its negation.

use crate::digits;
use crate::error::ModelError;
use crate::model::{Comparison, Level, Model};
use crate::sql::{Node, Op, Scalar, Side};
use crate::table::{Layout, Operand, Table};
use crate::text;

/// Levels of a pair are kept in an array of this length.
pub(crate) const MOST_COMPARISONS: usize = 32;
/// Different similarities within one comparison.
const MOST_MEASURES: usize = 8;

/// A model compiled against a table.
pub(crate) struct Plan {
    fields: Vec<Field>,
}

struct Field {
    levels: Vec<Condition>,
    measures: Vec<Measure>,
    radix: u32,
}

/// A condition without NOT: negation has been moved into the atoms, where it keeps SQL's treatment of the
/// unknown.
enum Condition {
    Always,
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Known {
        side: Side,
        of: Operand,
        known: bool,
    },
    Equal {
        left: Operand,
        right: Operand,
        wanted: bool,
    },
    /// The same, for texts of two dictionaries.
    EqualText {
        left: Operand,
        right: Operand,
        wanted: bool,
    },
    Measured {
        measure: usize,
        op: Op,
        bound: f64,
        wanted: bool,
    },
}

struct Measure {
    kind: Kind,
    left: Operand,
    right: Operand,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    JaroWinkler,
    Jaro,
    /// With the largest distance that any level asks for: beyond it the exact value does not matter.
    Levenshtein(u32),
    DamerauLevenshtein(u32),
    Difference,
}

/// The levels of one pair.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Levels {
    pub(crate) at: [u8; MOST_COMPARISONS],
    pub(crate) pattern: u32,
}

impl Plan {
    pub(crate) fn compile(model: &Model, layout: &mut Layout) -> Result<Self, ModelError> {
        let mut fields = Vec::with_capacity(model.comparisons.len());
        for (index, comparison) in model.comparisons.iter().enumerate() {
            fields.push(field(index, comparison, layout)?);
        }
        Ok(Self { fields })
    }

    /// The values that the first known levels of a comparison ask to be equal, as long as they ask for
    /// nothing else: their frequencies give an exact u.
    pub(crate) fn equalities(&self, index: usize, comparison: &Comparison) -> Vec<Operand> {
        let known =
            self.fields[index].levels.iter().zip(&comparison.levels).filter(|(_, level)| !level.is_null);
        known
            .map_while(|(condition, _)| match condition {
                Condition::Equal { left, right, wanted: true } if left == right => Some(*left),
                _ => None,
            })
            .collect()
    }

    /// The levels of the pair. The similarity functions and equality are symmetric, so sides matter only to a
    /// model whose conditions name different columns left and right.
    pub(crate) fn levels(&self, table: &Table, left: u32, right: u32) -> Levels {
        let mut out = Levels { at: [0; MOST_COMPARISONS], pattern: 0 };
        let mut place = 1u32;
        let pair = Pair { left: table.record(left), right: table.record(right), table };
        for (index, field) in self.fields.iter().enumerate() {
            let level = field.level(&pair);
            out.at[index] = level as u8;
            out.pattern += place * level as u32;
            place = place.wrapping_mul(field.radix);
        }
        out
    }
}

struct Pair<'a> {
    left: &'a [u64],
    right: &'a [u64],
    table: &'a Table,
}

impl Field {
    fn level(&self, pair: &Pair) -> usize {
        let mut memo = [f64::NAN; MOST_MEASURES];
        let found = self.levels.iter().position(|level| level.holds(pair, &self.measures, &mut memo));
        // The last level is ELSE, so one always holds.
        found.unwrap_or(self.levels.len() - 1)
    }
}

impl Condition {
    fn holds(&self, pair: &Pair, measures: &[Measure], memo: &mut [f64; MOST_MEASURES]) -> bool {
        match self {
            Self::Always => true,
            Self::All(parts) => parts.iter().all(|part| part.holds(pair, measures, memo)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(pair, measures, memo)),
            Self::Known { side, of, known } => {
                let value = of.read(if *side == Side::Left { pair.left } else { pair.right });
                (value != 0) == *known
            }
            Self::Equal { left, right, wanted } => {
                let (a, b) = (left.read(pair.left), right.read(pair.right));
                a != 0 && b != 0 && (a == b) == *wanted
            }
            Self::EqualText { left, right, wanted } => {
                let (a, b) = (left.read(pair.left), right.read(pair.right));
                a != 0 && b != 0 && (pair.table.text(*left, a) == pair.table.text(*right, b)) == *wanted
            }
            Self::Measured { measure, op, bound, wanted } => {
                let known = &mut memo[*measure];
                if known.is_nan() {
                    let Some(value) = measures[*measure].value(pair) else { return false };
                    *known = value;
                }
                op.holds(*known, *bound) == *wanted
            }
        }
    }
}

impl Measure {
    /// Nothing when either side is unknown.
    fn value(&self, pair: &Pair) -> Option<f64> {
        let (a, b) = (self.left.read(pair.left), self.right.read(pair.right));
        if a == 0 || b == 0 {
            return None;
        }
        let texts = || (pair.table.text(self.left, a), pair.table.text(self.right, b));
        let is_text = self.left.dictionary().is_some();
        Some(match self.kind {
            Kind::JaroWinkler => {
                let (a, b) = texts();
                text::jaro_winkler(a, b)
            }
            Kind::Jaro => {
                let (a, b) = texts();
                text::jaro(a, b)
            }
            Kind::Levenshtein(_) if is_text => {
                let (a, b) = texts();
                f64::from(text::levenshtein(a, b))
            }
            Kind::DamerauLevenshtein(_) if is_text => {
                let (a, b) = texts();
                f64::from(text::damerau_levenshtein(a, b))
            }
            Kind::Levenshtein(most) => f64::from(digits::levenshtein(a, b, most)),
            Kind::DamerauLevenshtein(most) => f64::from(digits::damerau_levenshtein(a, b, most)),
            Kind::Difference => {
                let (a, b) = if is_text {
                    let (a, b) = texts();
                    (whole(a)?, whole(b)?)
                } else {
                    (digits::number(a)?, digits::number(b)?)
                };
                a.abs_diff(b) as f64
            }
        })
    }
}

fn whole(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

fn field(index: usize, comparison: &Comparison, layout: &mut Layout) -> Result<Field, ModelError> {
    let mut measures = Vec::new();
    let mut levels = Vec::with_capacity(comparison.levels.len());
    for (at, level) in comparison.levels.iter().enumerate() {
        let place = format!("comparisons[{index}].comparison_levels[{at}].sql_condition");
        let mut compiler = Compiler { layout: &mut *layout, place: &place, measures: &mut measures };
        levels.push(compiler.condition(&level.condition, true)?);
    }
    // A packed distance is only exact up to the largest bound that any level of the field asks for.
    let most = largest_bound(&comparison.levels);
    for measure in &mut measures {
        match &mut measure.kind {
            Kind::Levenshtein(bound) | Kind::DamerauLevenshtein(bound) => *bound = most,
            _ => {}
        }
    }
    Ok(Field { levels, measures, radix: comparison.levels.len() as u32 })
}

fn largest_bound(levels: &[Level]) -> u32 {
    fn within(node: &Node) -> f64 {
        match node {
            Node::And(parts) | Node::Or(parts) => parts.iter().map(within).fold(0.0, f64::max),
            Node::Not(inner) => within(inner),
            Node::Compare { left: Scalar::Number(n), .. }
            | Node::Compare { right: Scalar::Number(n), .. } => *n,
            _ => 0.0,
        }
    }
    levels.iter().map(|level| within(&level.condition)).fold(0.0, f64::max).clamp(0.0, 64.0) as u32
}

struct Compiler<'a, 'm> {
    layout: &'a mut Layout<'m>,
    place: &'a str,
    measures: &'a mut Vec<Measure>,
}

impl Compiler<'_, '_> {
    fn unsupported(&self, what: impl Into<String>) -> ModelError {
        ModelError::Unsupported { place: self.place.to_owned(), what: what.into() }
    }

    /// `wanted` is false below an odd number of NOTs.
    fn condition(&mut self, node: &Node, wanted: bool) -> Result<Condition, ModelError> {
        match node {
            Node::Else => Ok(Condition::Always),
            Node::Not(inner) => self.condition(inner, !wanted),
            Node::And(parts) | Node::Or(parts) => {
                let made: Vec<Condition> =
                    parts.iter().map(|part| self.condition(part, wanted)).collect::<Result<_, _>>()?;
                let all = matches!(node, Node::And(_)) == wanted;
                Ok(if all { Condition::All(made) } else { Condition::Any(made) })
            }
            Node::IsNull { of, negated } => {
                let (side, of) = self.operand(of)?;
                Ok(Condition::Known { side, of, known: *negated == wanted })
            }
            Node::Compare { left, op, right } => self.comparison(left, *op, right, wanted),
        }
    }

    fn comparison(
        &mut self,
        left: &Scalar,
        op: Op,
        right: &Scalar,
        wanted: bool,
    ) -> Result<Condition, ModelError> {
        match (left, right) {
            (Scalar::Call { name, args }, Scalar::Number(bound)) => {
                self.measured(name, args, op, *bound, wanted)
            }
            (Scalar::Number(bound), Scalar::Call { name, args }) => {
                self.measured(name, args, op.mirrored(), *bound, wanted)
            }
            _ => {
                let wanted = match op {
                    Op::Equal => wanted,
                    Op::NotEqual => !wanted,
                    _ => return Err(self.unsupported(format!("{left} compared with {right}"))),
                };
                let (left, right) = self.both(left, right)?;
                let packed = left.dictionary().is_none() && right.dictionary().is_none();
                Ok(if packed || left.dictionary() == right.dictionary() {
                    Condition::Equal { left, right, wanted }
                } else if left.dictionary().is_some() && right.dictionary().is_some() {
                    Condition::EqualText { left, right, wanted }
                } else {
                    return Err(self.unsupported("a column of numbers compared with a column of text"));
                })
            }
        }
    }

    fn measured(
        &mut self,
        name: &str,
        args: &[Scalar],
        op: Op,
        bound: f64,
        wanted: bool,
    ) -> Result<Condition, ModelError> {
        let (kind, left, right) = match (name, args) {
            ("jaro_winkler_similarity", [left, right]) => (Kind::JaroWinkler, left, right),
            ("jaro_similarity", [left, right]) => (Kind::Jaro, left, right),
            ("levenshtein", [left, right]) => (Kind::Levenshtein(0), left, right),
            ("damerau_levenshtein", [left, right]) => (Kind::DamerauLevenshtein(0), left, right),
            ("abs", [Scalar::Minus(left, right)]) => match (&**left, &**right) {
                (Scalar::Call { name, args: left }, Scalar::Call { name: other, args: right })
                    if name == "whole" && other == "whole" && left.len() == 1 && right.len() == 1 =>
                {
                    (Kind::Difference, &left[0], &right[0])
                }
                _ => return Err(self.unsupported(format!("abs({left} - {right}) without casts to int"))),
            },
            _ => {
                let call = Scalar::Call { name: name.to_owned(), args: args.to_vec() };
                return Err(self.unsupported(call.to_string()));
            }
        };
        let (left, right) = self.both(left, right)?;
        if left.dictionary().is_some() != right.dictionary().is_some() {
            return Err(self.unsupported("a column of numbers compared with a column of text"));
        }
        let known = self.measures.iter().position(|m| m.kind == kind && m.left == left && m.right == right);
        let measure = known.unwrap_or_else(|| {
            self.measures.push(Measure { kind, left, right });
            self.measures.len() - 1
        });
        if measure >= MOST_MEASURES {
            return Err(self.unsupported("more than 8 different similarities in one comparison"));
        }
        Ok(Condition::Measured { measure, op, bound, wanted })
    }

    /// Both sides of a comparison, the left record's first.
    fn both(&mut self, one: &Scalar, other: &Scalar) -> Result<(Operand, Operand), ModelError> {
        let ((side, a), (other_side, b)) = (self.operand(one)?, self.operand(other)?);
        match (side, other_side) {
            (Side::Left, Side::Right) => Ok((a, b)),
            (Side::Right, Side::Left) => Ok((b, a)),
            _ => Err(self.unsupported(format!("{one} and {other}, both of one record"))),
        }
    }

    fn operand(&mut self, scalar: &Scalar) -> Result<(Side, Operand), ModelError> {
        let (side, expr) = self.layout.expr(scalar).map_err(|what| self.unsupported(what))?;
        Ok((side, self.layout.operand(&expr)?))
    }
}
