//! What a pattern of agreement is worth: the log2 odds that two records are one person.
//!
//! In: a model with its probabilities, the levels of a pair, the frequencies of the values agreed on. Out: a
//! weight. Without the further classes this is Splink's match weight; with them, the odds of "one person"
//! against "two of one household", "two of one birthday" and "two strangers" together. Term frequencies speak
//! about strangers only: that brothers share a mother's rare name says nothing.

use crate::compare::{Levels, Plan};
use crate::error::LinkError;
use crate::expr::Expr;
use crate::model::{Comparison, Level, Model};
use crate::sql::{Node, Op, Scalar, Side};
use crate::table::{Layout, Operand, Table};

/// Probabilities below this are taken as this, so that no single field decides alone.
const FLOOR: f64 = 1e-12;

/// Classes beside "one person" and "two strangers".
pub(crate) const MOST_OTHERS: usize = 6;

/// A model's numbers, ready for products.
pub(crate) struct Scorer {
    fields: Vec<Vec<LevelWeights>>,
    prior: Parts,
    /// There are no further classes: a ratio of two products is all.
    alone: bool,
    /// Of each pattern, where there are not too many: which frequencies it asks for, a bit for each of those that
    /// any level has, in the order of the fields; and the ratio, or the likelihoods of the classes.
    asks: Vec<u32>,
    ratios: Vec<f64>,
    patterns: Vec<Odds>,
    /// What the bits stand for.
    frequencies: Vec<Frequency>,
    /// A bit for each pattern: whether its pairs are below some odds, whatever their values' frequencies; empty
    /// where there are too many patterns.
    below: Vec<u64>,
}

/// What a pattern comes to, frequencies left out: for one person, two strangers, two of the other classes.
#[derive(Debug, Clone, Copy)]
struct Odds {
    same: f64,
    strangers: f64,
    others: f64,
}

/// More patterns than this are worked out pair by pair.
const MOST_PATTERNS: u64 = 1 << 20;

#[derive(Debug, Clone, Copy)]
struct LevelWeights {
    parts: Parts,
    /// What the level makes of the odds of one person against two strangers.
    ratio: f64,
    frequency: Option<Frequency>,
}

#[derive(Debug, Clone, Copy)]
struct Frequency {
    of: Operand,
    weight: f64,
    minimum: f64,
    /// u of the level whose frequency is held against: the column's exact agreement.
    base: f64,
}

/// Likelihoods of what was seen, by class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Parts {
    same: f64,
    strangers: f64,
    others: [f64; MOST_OTHERS],
}

impl Scorer {
    /// Where the frequencies stand in the table; must be asked for before the table is finished.
    pub(crate) fn operands(
        model: &Model,
        layout: &mut Layout,
    ) -> Result<Vec<Vec<Option<Operand>>>, LinkError> {
        let mut out = Vec::new();
        for comparison in &model.comparisons {
            let mut levels = Vec::new();
            for level in &comparison.levels {
                levels.push(match &level.term_frequency {
                    None => None,
                    Some(tf) => {
                        let scalar = Scalar::Column { side: Side::Left, name: tf.column.clone() };
                        let (_, expr) = layout.expr(&scalar).unwrap_or((Side::Left, Expr::base(&tf.column)));
                        let operand = layout.operand(&expr)?;
                        // A prepared column can end up packed; frequencies are only counted for text.
                        operand.dictionary().map(|_| operand)
                    }
                });
            }
            out.push(levels);
        }
        Ok(out)
    }

    pub(crate) fn new(model: &Model, operands: &[Vec<Option<Operand>>]) -> Self {
        let fields = model
            .comparisons
            .iter()
            .zip(operands)
            .map(|(comparison, operands)| {
                comparison
                    .levels
                    .iter()
                    .zip(operands)
                    .map(|(level, operand)| level_weights(level, *operand, exact_u(comparison, level)))
                    .collect()
            })
            .collect::<Vec<Vec<LevelWeights>>>();
        let mut prior = Parts { same: model.prior.max(FLOOR), strangers: 1.0, others: [0.0; MOST_OTHERS] };
        for (prior, other) in prior.others.iter_mut().zip(&model.others) {
            *prior = if other.prior.is_finite() { other.prior } else { 0.0 };
        }
        prior.strangers = (1.0 - model.prior - prior.others.iter().sum::<f64>()).max(FLOOR);
        let alone = model.others.is_empty();
        let (asks, ratios, patterns, frequencies, below) = Default::default();
        Self { fields, prior, alone, asks, ratios, patterns, frequencies, below }
    }

    /// Works out every pattern beforehand; worth it where many pairs are weighed.
    pub(crate) fn with_patterns(mut self, model: &Model) -> Self {
        self.frequencies = self.fields.iter().flatten().filter_map(|level| level.frequency).collect();
        if model.patterns() > MOST_PATTERNS || self.frequencies.len() > u32::BITS as usize {
            return self;
        }
        let mut bit = 0;
        let mut bit_of = |level: &LevelWeights| {
            bit += u32::from(level.frequency.is_some());
            level.frequency.map_or(0, |_| 1 << (bit - 1))
        };
        let bits: Vec<Vec<u32>> =
            self.fields.iter().map(|field| field.iter().map(&mut bit_of).collect()).collect();
        self.asks = products(0, &bits, |asks, bit| asks | bit);
        if self.alone {
            self.ratios = products(self.prior.same / self.prior.strangers, &self.fields, |odds, level| {
                odds * level.ratio
            });
            return self;
        }
        let parts = products(self.prior, &self.fields, |mut product, level| {
            product.take(&level.parts);
            product
        });
        let odds = |parts: Parts| Odds {
            same: parts.same,
            strangers: parts.strangers,
            others: parts.others.iter().sum(),
        };
        self.patterns = parts.into_iter().map(odds).collect();
        self
    }

    /// Works out which patterns can never have `least` odds; worth it where most pairs are far below.
    pub(crate) fn with_least(mut self, least: f64, model: &Model, table: &Table) -> Self {
        if model.patterns() > MOST_PATTERNS {
            return self;
        }
        // Against strangers alone the odds are largest; a rarest value raises them most. A little is added
        // for what rounding may take away.
        const ROUNDING: f64 = 1.000_01;
        let first = (self.prior.same / self.prior.strangers * ROUNDING) as f32;
        let ceilings = products(first, &self.fields, |ceiling, level| {
            let most = level.frequency.as_ref().map_or(1.0, |frequency| 1.0 / frequency.least(table));
            (ceiling * (level.ratio * most * ROUNDING) as f32).next_up()
        });
        let bits = |ceilings: &[f32]| {
            let below = |bits: u64, ceiling: &f32| bits >> 1 | u64::from(f64::from(*ceiling) < least) << 63;
            ceilings.iter().fold(0, below) >> (64 - ceilings.len())
        };
        self.below = ceilings.chunks(64).map(bits).collect();
        self
    }

    /// Whether no pair of the pattern can have the least odds.
    #[inline]
    pub(crate) fn is_below(&self, pattern: u32) -> bool {
        self.below.get(pattern as usize / 64).is_some_and(|bits| bits >> (pattern % 64) & 1 != 0)
    }

    /// The odds that a pair is one person; their logarithm to the base 2 is its weight.
    pub(crate) fn odds(
        &self,
        table: &Table,
        (left, right): (&[u64], &[u64]),
        plan: &Plan,
        pattern: u32,
    ) -> f64 {
        let at = pattern as usize;
        let Some(&asks) = self.asks.get(at) else {
            return self.odds_of_levels(table, (left, right), &plan.levels_of(pattern));
        };
        let (mut asks, mut factor) = (asks, 1.0);
        while let Some(frequency) = self.frequencies.get(asks.trailing_zeros() as usize) {
            factor *= frequency.of_pair(table, left, right);
            asks &= asks - 1;
        }
        if self.alone {
            return self.ratios[at] / factor;
        }
        let odds = &self.patterns[at];
        odds.same / (odds.strangers * factor + odds.others)
    }

    /// The same, level by level.
    fn odds_of_levels(&self, table: &Table, (left, right): (&[u64], &[u64]), levels: &Levels) -> f64 {
        let levels = self.fields.iter().zip(&levels.at).map(|(field, &level)| &field[usize::from(level)]);
        let frequencies = levels.clone().filter_map(|level| level.frequency.as_ref());
        let factor: f64 = frequencies.map(|frequency| frequency.of_pair(table, left, right)).product();
        if self.alone {
            let ratio = self.prior.same / self.prior.strangers;
            return levels.fold(ratio, |odds, level| odds * level.ratio) / factor;
        }
        let mut product = self.prior;
        levels.for_each(|level| product.take(&level.parts));
        product.strangers *= factor;
        product.odds()
    }

    /// The likelihoods of each field by itself.
    pub(crate) fn parts(&self, table: &Table, left: &[u64], right: &[u64], levels: &Levels) -> Vec<Parts> {
        let fields = self.fields.iter().zip(&levels.at);
        fields.map(|(field, &level)| field[usize::from(level)].seen(table, left, right)).collect()
    }

    /// What is believed before any field is looked at.
    pub(crate) fn prior(&self) -> Parts {
        self.prior
    }
}

/// For every pattern, the first comparison fastest, what its levels come to when they are joined field by field.
fn products<T: Copy, L>(first: T, fields: &[Vec<L>], join: impl Fn(T, &L) -> T) -> Vec<T> {
    fields.iter().fold(vec![first], |products, levels| {
        let mut joined = Vec::with_capacity(products.len() * levels.len());
        for level in levels {
            joined.extend(products.iter().map(|product| join(*product, level)));
        }
        joined
    })
}

/// u of the level that agrees exactly on the column whose frequency adjusts `level`.
fn exact_u(comparison: &Comparison, level: &Level) -> f64 {
    let Some(tf) = &level.term_frequency else { return 1.0 };
    let exact = |level: &&Level| match &level.condition {
        Node::Compare {
            left: Scalar::Column { name: a, side: one },
            op: Op::Equal,
            right: Scalar::Column { name: b, side: other },
        } => a.eq_ignore_ascii_case(&tf.column) && a == b && one != other,
        _ => false,
    };
    let of = if tf.own_u { Some(level) } else { comparison.levels.iter().find(exact) };
    bounded(of.unwrap_or(level).u)
}

/// A number that is none says nothing; none may decide alone.
fn bounded(p: f64) -> f64 {
    if p.is_finite() { p.max(FLOOR) } else { 1.0 }
}

fn level_weights(level: &Level, operand: Option<Operand>, base: f64) -> LevelWeights {
    let mut parts = Parts { same: 1.0, strangers: 1.0, others: [1.0; MOST_OTHERS] };
    if level.is_null {
        return LevelWeights { parts, ratio: 1.0, frequency: None };
    }
    parts.same = bounded(level.m);
    parts.strangers = bounded(level.u);
    for (part, p) in parts.others.iter_mut().zip(&level.others) {
        *part = bounded(*p);
    }
    let frequency = level.term_frequency.as_ref().zip(operand).map(|(tf, of)| Frequency {
        of,
        weight: tf.weight,
        minimum: tf.minimum_u,
        base,
    });
    LevelWeights { parts, ratio: parts.same / parts.strangers, frequency }
}

impl LevelWeights {
    fn seen(&self, table: &Table, left: &[u64], right: &[u64]) -> Parts {
        let mut parts = self.parts;
        if let Some(frequency) = &self.frequency {
            parts.strangers *= frequency.of_pair(table, left, right);
        }
        parts
    }
}

impl Frequency {
    /// The smallest factor that any value can bring.
    fn least(&self, table: &Table) -> f64 {
        let Some(dictionary) = self.of.dictionary().map(|number| &table.dictionaries[number]) else {
            return 1.0;
        };
        let rarest = (1.0 / dictionary.known.max(1) as f64).max(self.minimum) / self.base;
        rarest.powf(self.weight).min(1.0)
    }

    /// How much commoner than the average agreement this agreement is; the commoner of two different values
    /// counts.
    fn of_pair(&self, table: &Table, left: &[u64], right: &[u64]) -> f64 {
        let Some(dictionary) = self.of.dictionary().map(|number| &table.dictionaries[number]) else {
            return 1.0;
        };
        let frequency = |record| match self.of.read(record) {
            0 => 0.0,
            value => dictionary.frequency(Operand::number(value)),
        };
        let commoner = if self.of.read(left) == self.of.read(right) {
            frequency(left)
        } else {
            frequency(left).max(frequency(right))
        };
        if commoner == 0.0 {
            return 1.0;
        }
        let ratio = commoner.max(self.minimum) / self.base;
        #[expect(clippy::float_cmp, reason = "1 is written in the settings, not computed")]
        if self.weight == 1.0 { ratio } else { ratio.powf(self.weight) }
    }
}

impl Parts {
    /// Takes one more field into the product.
    pub(crate) fn take(&mut self, seen: &Self) {
        self.same *= seen.same;
        self.strangers *= seen.strangers;
        for (product, seen) in self.others.iter_mut().zip(&seen.others) {
            *product *= seen;
        }
    }

    /// The odds of "one person" against all else.
    fn odds(&self) -> f64 {
        self.same / (self.strangers + self.others.iter().sum::<f64>())
    }

    /// Their logarithm to the base 2.
    pub(crate) fn weight(&self) -> f64 {
        self.odds().log2()
    }
}
