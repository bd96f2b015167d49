//! A pair of records to a pattern: which level of each comparison holds.
//!
//! In: two records of a [`Table`]. Out: the levels and the pattern, a mixed-radix number (first comparison
//! fastest). A similarity is computed at most once a field, and only when a level asks for it. Conditions
//! follow SQL: what is unknown is never true, nor is its negation.

use crate::batch::Ask;
use crate::digits;
use crate::error::ModelError;
use crate::eval::{self, Value};
use crate::expr::{Expr, Step};
use crate::load::Kind as ColumnKind;
use crate::model::{Comparison, Level, Model, Rule};
use crate::sketch::Unlike;
use crate::sql::{Arith, Cast, Node, Op, Scalar, Side};
use crate::table::{Layout, Operand, Table};
use crate::text::{self, Positions};

/// Levels of a pair are kept in an array of this length.
pub(crate) const MOST_COMPARISONS: usize = 32;
/// Different similarities within one comparison.
pub(crate) const MOST_MEASURES: usize = 8;

/// A model compiled against a table.
pub(crate) struct Plan {
    pub(crate) fields: Vec<Field>,
}

pub(crate) struct Field {
    /// Where level 0 is "unknown" and level 1 equality of the same values: what both read.
    pub(crate) head: Option<[Operand; 2]>,
    /// What decides the other levels, in their order; the last level needs no deciding.
    pub(crate) steps: Vec<Decide>,
    pub(crate) measures: Vec<Measure>,
    /// For each level, what it adds to a pattern that has the last.
    pub(crate) worths: Vec<u32>,
    /// How many levels there are.
    radix: u32,
    /// 2^64 divided by that, rounded up.
    inverse: u64,
    /// The values that the first known levels ask to be equal.
    equalities: Vec<Operand>,
}

/// A step on the way to a pair's level: what usual conditions have in common is looked at once for several
/// levels.
pub(crate) enum Decide {
    /// A level of plain equality.
    Equal { level: usize, left: Operand, right: Operand },
    /// A level of several equalities.
    AllEqual { level: usize, parts: Vec<[Operand; 2]> },
    /// Levels with bounds of one kind on one measure, the first that holds.
    Ladder { measure: usize, op: Op, rungs: Vec<(usize, f64)> },
    /// Any condition.
    Other { level: usize, condition: Condition },
}

/// A condition without NOT: negation has been moved into the atoms, where it keeps SQL's treatment of the
/// unknown.
pub(crate) enum Condition {
    Always,
    All(Vec<Condition>),
    Any(Vec<Condition>),
    /// One side or the other is unknown.
    Unknown {
        left: Operand,
        right: Operand,
    },
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
    /// Whatever has no comparator: evaluated value by value.
    General(Box<General>),
}

pub(crate) struct General {
    node: Node,
    wanted: bool,
    columns: Vec<(Side, String, Operand, ColumnKind)>,
}

pub(crate) struct Measure {
    kind: Kind,
    pub(crate) left: Operand,
    pub(crate) right: Operand,
    /// A number of its own among all measures of the plan.
    pub(crate) number: usize,
    /// The smallest bound of any level: below it the exact value does not matter.
    lowest: f64,
    /// What tells that two texts are less alike than that, without looking at their letters' order.
    unlike: Option<Unlike>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    JaroWinkler,
    Jaro,
    Jaccard,
    /// With the largest distance that any level asks for: beyond it the exact value does not matter.
    Levenshtein(u32),
    DamerauLevenshtein(u32),
    Difference,
    /// Between two moments, in seconds.
    Seconds,
}

/// The levels of one pair.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Levels {
    pub(crate) at: [u8; MOST_COMPARISONS],
}

/// What a worker remembers of one similarity between values of dictionaries. It forgets when values do not
/// repeat: then remembering costs more than it saves.
#[derive(Default)]
pub(crate) struct MeasureMemo {
    slots: Vec<(u64, f64)>,
    asked: u32,
    hits: u32,
    useless: bool,
    pub(crate) all_hits: u64,
}

const MEMO_SLOTS: usize = 1 << 12;
/// After so many questions a memo is judged.
const MEMO_TRIAL: u32 = 1 << 12;

impl MeasureMemo {
    /// The question after two values as operands read them, numbers of dictionaries in their upper halves.
    pub(crate) fn at(&mut self, a: u64, b: u64) -> Remembered<'_> {
        Remembered { memo: self, key: a | (b >> 32) }
    }
}

/// A question to a memo.
pub(crate) struct Remembered<'a> {
    memo: &'a mut MeasureMemo,
    key: u64,
}

impl Remembered<'_> {
    /// The answer, worked out if it is not remembered.
    #[inline]
    pub(crate) fn or(self, compute: impl FnOnce() -> f64) -> f64 {
        let Self { memo, key } = self;
        if memo.useless {
            return compute();
        }
        if memo.slots.is_empty() {
            memo.slots = vec![(0, 0.0); MEMO_SLOTS];
        }
        memo.asked += 1;
        if memo.asked == MEMO_TRIAL {
            memo.useless = memo.hits * 4 < MEMO_TRIAL;
            (memo.asked, memo.hits) = (0, 0);
        }
        let at = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - MEMO_SLOTS.trailing_zeros());
        let slot = &mut memo.slots[at as usize];
        if slot.0 == key {
            memo.hits += 1;
            memo.all_hits += 1;
            return slot.1;
        }
        let value = compute();
        *slot = (key, value);
        value
    }
}

impl Plan {
    pub(crate) fn compile(model: &Model, layout: &mut Layout) -> Result<Self, ModelError> {
        let mut fields: Vec<Field> = Vec::with_capacity(model.comparisons.len());
        let mut place = 1u32;
        for (index, comparison) in model.comparisons.iter().enumerate() {
            let before = fields.iter().map(|field| field.measures.len()).sum();
            let mut field = field(index, comparison, before, layout)?;
            let below = |level: u32| level.wrapping_sub(field.radix.wrapping_sub(1));
            field.worths = (0..field.radix).map(|level| place.wrapping_mul(below(level))).collect();
            place = place.wrapping_mul(field.radix);
            fields.push(field);
        }
        Ok(Self { fields })
    }

    /// What rules ask for besides equal keys.
    pub(crate) fn rest(rules: &[Rule], layout: &mut Layout) -> Result<Vec<Option<Condition>>, ModelError> {
        rules
            .iter()
            .map(|rule| {
                if rule.rest.is_empty() {
                    return Ok(None);
                }
                // Similarities of a rule are not remembered: value by value is fast enough after equal keys.
                let node = Node::And(rule.rest.clone());
                let mut measures = Vec::new();
                let mut compiler = Compiler { layout, place: &rule.sql, measures: &mut measures, before: 0 };
                compiler.general(&node, true).map(Some)
            })
            .collect()
    }

    /// An empty memo for each measure.
    pub(crate) fn memo(&self) -> Vec<MeasureMemo> {
        let count = self.fields.iter().map(|field| field.measures.len()).sum();
        std::iter::repeat_with(MeasureMemo::default).take(count).collect()
    }

    /// The values that the first known levels of a comparison ask to be equal, as long as they ask for
    /// nothing else: their frequencies give an exact u.
    pub(crate) fn equalities(&self, index: usize) -> &[Operand] {
        &self.fields[index].equalities
    }

    /// The pattern of a pair of which no condition of any field holds.
    pub(crate) fn last_pattern(&self) -> u32 {
        let last = |(sum, place): (u32, u32), field: &Field| {
            let own = place.wrapping_mul(field.radix.wrapping_sub(1));
            (sum.wrapping_add(own), place.wrapping_mul(field.radix))
        };
        self.fields.iter().fold((0, 1), last).0
    }

    /// The levels that a pattern stands for.
    pub(crate) fn levels_of(&self, pattern: u32) -> Levels {
        let mut out = Levels { at: [0; MOST_COMPARISONS] };
        let mut rest = pattern;
        for (at, field) in out.at.iter_mut().zip(&self.fields) {
            let quotient = field.divide(rest);
            *at = rest.wrapping_sub(quotient.wrapping_mul(field.radix)) as u8;
            rest = quotient;
        }
        out
    }
}

impl Field {
    /// By the number of levels. A multiplication is exact and takes a fraction of a division's time (Lemire, Kaser,
    /// Kurz 2019, "Faster remainder by direct computation").
    #[inline]
    fn divide(&self, pattern: u32) -> u32 {
        if self.radix == 1 {
            return pattern;
        }
        ((u128::from(self.inverse) * u128::from(pattern)) >> 64) as u32
    }
}

pub(crate) struct Pair<'a> {
    pub(crate) left: &'a [u64],
    pub(crate) right: &'a [u64],
    pub(crate) table: &'a Table,
}

impl Condition {
    /// Whether a condition without similarities holds, as the rest of a blocking rule is one.
    pub(crate) fn holds_for(&self, pair: &Pair) -> bool {
        self.holds(pair, &mut |_| f64::NAN)
    }

    /// `measured` gives the similarity of that number in the field, no number where a side is unknown.
    pub(crate) fn holds(&self, pair: &Pair, measured: &mut impl FnMut(usize) -> f64) -> bool {
        match self {
            Self::Always => true,
            Self::Unknown { left, right } => left.read(pair.left) == 0 || right.read(pair.right) == 0,
            Self::Equal { left, right, wanted } => {
                let (a, b) = (left.read(pair.left), right.read(pair.right));
                a != 0 && b != 0 && (a == b) == *wanted
            }
            Self::Measured { measure, op, bound, wanted } => {
                let value = measured(*measure);
                !value.is_nan() && op.holds(value, *bound) == *wanted
            }
            Self::All(parts) => parts.iter().all(|part| part.holds(pair, measured)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(pair, measured)),
            Self::Known { side, of, known } => {
                let value = of.read(if *side == Side::Left { pair.left } else { pair.right });
                (value != 0) == *known
            }
            Self::EqualText { left, right, wanted } => {
                let (a, b) = (left.read(pair.left), right.read(pair.right));
                a != 0 && b != 0 && (pair.table.text(*left, a) == pair.table.text(*right, b)) == *wanted
            }
            Self::General(general) => general.holds(pair),
        }
    }
}

impl General {
    fn holds(&self, pair: &Pair) -> bool {
        let read = |side: Side, name: &str| {
            let column = self.columns.iter().find(|column| column.0 == side && column.1 == name);
            let Some((_, _, of, kind)) = column else { return Value::Null };
            let word = of.read(if side == Side::Left { pair.left } else { pair.right });
            if word == 0 {
                return Value::Null;
            }
            if of.dictionary().is_none() {
                return Value::parse(kind, &digits::unpack(word));
            }
            Value::parse(kind, &String::from_utf8_lossy(pair.table.text(*of, word)))
        };
        eval::holds(&self.node, &read) == Some(self.wanted)
    }
}

impl Measure {
    /// How alike two values are; no number when either is unknown.
    #[inline]
    pub(crate) fn value(&self, a: u64, b: u64, ask: &mut Ask) -> f64 {
        if a == 0 || b == 0 {
            return f64::NAN;
        }
        let Some((left, right)) = self.left.dictionary().zip(self.right.dictionary()) else {
            return self.packed(a, b);
        };
        let Ask { table, memo, positions, .. } = ask;
        let (left, right) = (&table.dictionaries[left], &table.dictionaries[right]);
        let (first, second) = (Operand::number(a), Operand::number(b));
        if matches!(self.kind, Kind::Levenshtein(_) | Kind::DamerauLevenshtein(_)) {
            let (x, y) = (left.word(first), right.word(second));
            if x != 0 && y != 0 {
                return self.packed(x, y);
            }
        }
        self.of_texts(left.text(first), right.text(second), memo[self.number].at(a, b), positions)
    }

    /// How alike a text is to the one that is held.
    #[inline]
    pub(crate) fn of_held(&self, positions: &Positions, held: &[u8], text: &[u8]) -> f64 {
        let jaro = positions.jaro_held(held, text);
        if self.kind == Kind::JaroWinkler { text::boosted(jaro, held, text) } else { jaro }
    }

    /// The operand and its dictionary, where this is a similarity of letters between two values of one column.
    pub(crate) fn one_text(&self) -> Option<(Operand, usize)> {
        let of_letters = matches!(self.kind, Kind::Jaro | Kind::JaroWinkler) && self.unlike.is_some();
        self.left.dictionary().filter(|_| of_letters && self.left == self.right).map(|of| (self.left, of))
    }

    /// What sees from the letters alone that two values are too different for any level.
    pub(crate) fn unlike(&self) -> Option<&Unlike> {
        self.unlike.as_ref()
    }

    /// Lists the places of those pairs whose values are not seen at a glance to be too different for any level.
    pub(crate) fn near(
        &self,
        pairs: &[u32],
        values: impl Fn(u32) -> (u64, u64),
        table: &Table,
        near: &mut Vec<u32>,
    ) {
        let dictionary = |operand: Operand| operand.dictionary().map(|number| &table.dictionaries[number]);
        match (self.kind, &self.unlike, dictionary(self.left), dictionary(self.right)) {
            (_, Some(unlike), Some(left), Some(right)) => list(near, pairs.len(), |at| {
                let (a, b) = values(pairs[at]);
                !unlike.tells(left.sketch(Operand::number(a)), right.sketch(Operand::number(b)))
            }),
            (Kind::DamerauLevenshtein(most), _, None, None) => list(near, pairs.len(), |at| {
                let (a, b) = values(pairs[at]);
                !digits::is_far(a, b, most)
            }),
            (Kind::DamerauLevenshtein(most), _, Some(left), Some(right)) => list(near, pairs.len(), |at| {
                let (a, b) = values(pairs[at]);
                let (a, b) = (left.word(Operand::number(a)), right.word(Operand::number(b)));
                a == 0 || b == 0 || !digits::is_far(a, b, most)
            }),
            _ => list(near, pairs.len(), |_| true),
        }
    }

    fn packed(&self, a: u64, b: u64) -> f64 {
        match self.kind {
            Kind::Levenshtein(most) => f64::from(digits::levenshtein(a, b, most)),
            Kind::DamerauLevenshtein(most) => f64::from(digits::damerau_levenshtein(a, b, most)),
            Kind::Difference => match (digits::number(a), digits::number(b)) {
                (Some(a), Some(b)) => a.abs_diff(b) as f64,
                _ => f64::NAN,
            },
            Kind::Jaro | Kind::JaroWinkler | Kind::Jaccard | Kind::Seconds => f64::NAN,
        }
    }

    fn of_texts(&self, a: &[u8], b: &[u8], memo: Remembered, positions: &mut Positions) -> f64 {
        match self.kind {
            Kind::Difference => whole(a).zip(whole(b)).map_or(f64::NAN, |(a, b)| a.abs_diff(b) as f64),
            Kind::Seconds => decimal(a).zip(decimal(b)).map_or(f64::NAN, |(a, b)| (a - b).abs()),
            Kind::JaroWinkler => memo.or(|| positions.jaro_winkler(a, b)),
            Kind::Jaro => memo.or(|| positions.jaro(a, b)),
            Kind::Jaccard => memo.or(|| text::jaccard(a, b).unwrap_or(f64::NAN)),
            Kind::Levenshtein(_) => memo.or(|| f64::from(text::levenshtein(a, b))),
            Kind::DamerauLevenshtein(_) => memo.or(|| f64::from(text::damerau_levenshtein(a, b))),
        }
    }
}

/// Lists those of the first `count` numbers that are wanted: without a branch, so that one need not wait for another.
#[expect(clippy::inline_always, reason = "called for every field of every pair")]
#[inline(always)]
pub(crate) fn list(places: &mut Vec<u32>, count: usize, mut wanted: impl FnMut(usize) -> bool) {
    places.clear();
    places.resize(count, 0);
    let mut listed = 0;
    for at in 0..count {
        places[listed] = at as u32;
        listed += usize::from(wanted(at));
    }
    places.truncate(listed);
}

fn decimal(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn whole(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

fn field(
    index: usize,
    comparison: &Comparison,
    before: usize,
    layout: &mut Layout,
) -> Result<Field, ModelError> {
    let mut measures = Vec::new();
    let mut levels = Vec::with_capacity(comparison.levels.len());
    for (at, level) in comparison.levels.iter().enumerate() {
        let place = format!("comparisons[{index}].comparison_levels[{at}].sql_condition");
        let mut compiler = Compiler { layout: &mut *layout, place: &place, measures: &mut measures, before };
        levels.push(compiler.condition(&level.condition, true)?);
    }
    // A packed distance is only exact up to the largest bound that any level of the field asks for.
    let most = largest_bound(&comparison.levels);
    for measure in &mut measures {
        match &mut measure.kind {
            Kind::Levenshtein(bound) | Kind::DamerauLevenshtein(bound) => *bound = most,
            Kind::JaroWinkler => measure.unlike = Unlike::new(measure.lowest, true),
            Kind::Jaro => measure.unlike = Unlike::new(measure.lowest, false),
            _ => {}
        }
        // Among digits there may be a few texts that are none; the others are compared as packed signs.
        let of_digits = matches!(measure.kind, Kind::Levenshtein(_) | Kind::DamerauLevenshtein(_));
        for operand in [measure.left, measure.right] {
            layout.reads(operand);
            if measure.unlike.is_some() {
                layout.sketch(operand);
            }
            if of_digits {
                layout.pack(operand);
            }
        }
    }
    let known = levels.iter().zip(&comparison.levels).filter(|(_, level)| !level.is_null);
    let equalities = known.map_while(|(condition, _)| match condition {
        Condition::Equal { left, right, wanted: true } if left == right => Some(*left),
        _ => None,
    });
    let equalities = equalities.collect();
    let (head, steps) = steps(levels);
    let radix = comparison.levels.len() as u32;
    let inverse = (u64::MAX / u64::from(radix.max(1))).wrapping_add(1);
    Ok(Field { head, steps, measures, worths: Vec::new(), radix, inverse, equalities })
}

/// Puts together what can be decided at once.
fn steps(mut levels: Vec<Condition>) -> (Option<[Operand; 2]>, Vec<Decide>) {
    levels.pop();
    let (mut head, mut steps) = (None, Vec::new());
    for (level, condition) in levels.into_iter().enumerate() {
        let step = match (condition, steps.last_mut()) {
            (
                Condition::Equal { left, right, wanted: true },
                Some(Decide::Other { condition: Condition::Unknown { left: a, right: b }, level: 0 }),
            ) if level == 1 && left == *a && right == *b => {
                steps.pop();
                head = Some([left, right]);
                continue;
            }
            (
                Condition::Measured { measure, op, bound, wanted: true },
                Some(Decide::Ladder { measure: same, op: asked, rungs }),
            ) if measure == *same && op == *asked => {
                rungs.push((level, bound));
                continue;
            }
            (Condition::Measured { measure, op, bound, wanted: true }, _) => {
                Decide::Ladder { measure, op, rungs: vec![(level, bound)] }
            }
            (Condition::Equal { left, right, wanted: true }, _) => Decide::Equal { level, left, right },
            (Condition::All(parts), _) => match equalities(&parts) {
                Some(parts) => Decide::AllEqual { level, parts },
                None => Decide::Other { level, condition: Condition::All(parts) },
            },
            (condition, _) => Decide::Other { level, condition },
        };
        steps.push(step);
    }
    (head, steps)
}

/// What is asked to be equal, where nothing else is asked.
fn equalities(conditions: &[Condition]) -> Option<Vec<[Operand; 2]>> {
    let equal = |condition: &Condition| match condition {
        Condition::Equal { left, right, wanted: true } => Some([*left, *right]),
        _ => None,
    };
    conditions.iter().map(equal).collect()
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
    /// Measures of the fields before this one.
    before: usize,
}

impl Compiler<'_, '_> {
    fn unsupported(&self, what: impl Into<String>) -> ModelError {
        ModelError::Unsupported { place: self.place.to_owned(), what: what.into() }
    }

    /// `wanted` is false below an odd number of NOTs. What has no comparator is evaluated value by value.
    fn condition(&mut self, node: &Node, wanted: bool) -> Result<Condition, ModelError> {
        match node {
            Node::Else => Ok(Condition::Always),
            Node::Not(inner) => self.condition(inner, !wanted),
            Node::And(parts) | Node::Or(parts) => {
                let made: Vec<Condition> =
                    parts.iter().map(|part| self.condition(part, wanted)).collect::<Result<_, _>>()?;
                let all = matches!(node, Node::And(_)) == wanted;
                Ok(match made.as_slice() {
                    [
                        Condition::Known { side: Side::Left, of: left, known: false },
                        Condition::Known { side: Side::Right, of: right, known: false },
                    ] if !all => Condition::Unknown { left: *left, right: *right },
                    _ if all => Condition::All(made),
                    _ => Condition::Any(made),
                })
            }
            Node::IsNull { of, negated } => match self.operand(of) {
                Ok((side, of)) => Ok(Condition::Known { side, of, known: *negated == wanted }),
                Err(_) => self.general(node, wanted),
            },
            Node::Compare { left, op, right } => {
                self.comparison(left, *op, right, wanted).or_else(|_| self.general(node, wanted))
            }
            Node::Truth(_) => self.general(node, wanted),
        }
    }

    /// A condition that is evaluated value by value.
    fn general(&mut self, node: &Node, wanted: bool) -> Result<Condition, ModelError> {
        eval::check(node).map_err(|what| self.unsupported(what))?;
        let mut names: Vec<(Side, String)> = Vec::new();
        node.each_scalar(&mut |scalar| {
            scalar.each_column(&mut |side, name| {
                if !names.iter().any(|known| known.0 == side && known.1 == name) {
                    names.push((side, name.to_owned()));
                }
            });
        });
        let mut columns = Vec::new();
        for (side, name) in names {
            let scalar = Scalar::Column { side, name: name.clone() };
            let expr = self.layout.expr(&scalar).map_or_else(|_| Expr::base(&name), |(_, expr)| expr);
            let kind = if expr.steps.is_empty() {
                self.layout.kinds.get(&expr.column).cloned().unwrap_or(ColumnKind::Unknown)
            } else {
                ColumnKind::Text
            };
            let operand = self.layout.operand(&expr)?;
            self.layout.reads(operand);
            columns.push((side, name, operand, kind));
        }
        Ok(Condition::General(Box::new(General { node: node.clone(), wanted, columns })))
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
                    self.layout.reads(left);
                    self.layout.reads(right);
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
            ("jaccard", [left, right]) => (Kind::Jaccard, left, right),
            ("levenshtein" | "editdist3", [left, right]) => (Kind::Levenshtein(0), left, right),
            ("damerau_levenshtein", [left, right]) => (Kind::DamerauLevenshtein(0), left, right),
            ("abs", [Scalar::Arith { op: Arith::Minus, left, right }]) => match (&**left, &**right) {
                (
                    Scalar::Cast { of: left, to: Cast::Int, .. },
                    Scalar::Cast { of: right, to: Cast::Int, .. },
                ) => (Kind::Difference, &**left, &**right),
                (Scalar::Call { name: one, args: left }, Scalar::Call { name: other, args: right })
                    if one == "epoch"
                        && other == "epoch"
                        && self.is_moment(left)
                        && self.is_moment(right) =>
                {
                    (Kind::Seconds, &left[0], &right[0])
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
            let number = self.before + self.measures.len();
            self.measures.push(Measure { kind, left, right, number, lowest: bound, unlike: None });
            self.measures.len() - 1
        });
        if let Some(measure) = self.measures.get_mut(measure) {
            measure.lowest = measure.lowest.min(bound);
        }
        if measure >= MOST_MEASURES {
            self.measures.truncate(MOST_MEASURES);
            return Err(self.unsupported("more than 8 different similarities in one comparison"));
        }
        Ok(Condition::Measured { measure, op, bound, wanted })
    }

    /// Whether the arguments are one moment that is kept as seconds.
    fn is_moment(&self, args: &[Scalar]) -> bool {
        let [of] = args else { return false };
        self.layout.expr(of).is_ok_and(|(_, expr)| matches!(expr.steps.last(), Some(Step::Strptime(_))))
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
