//! What a pattern of agreement is worth: the log2 odds that two records are one person.
//!
//! In: a model with its probabilities, the levels of a pair, the frequencies of the values agreed on. Out: a
//! weight. Without the further classes this is Splink's match weight; with them, the odds of "one person"
//! against "two of one household", "two of one birthday" and "two strangers" together. Term frequencies speak
//! about strangers only: that brothers share a mother's rare name says nothing.

use crate::compare::Levels;
use crate::error::LinkError;
use crate::expr::Expr;
use crate::model::{Level, Model};
use crate::sql::{Scalar, Side};
use crate::table::{Layout, Operand, Table};

/// Probabilities below this are taken as this, so that no single field decides alone.
const FLOOR: f64 = 1e-12;

/// Classes beside "one person" and "two strangers".
pub(crate) const MOST_OTHERS: usize = 6;

/// A model's numbers, ready for products.
pub(crate) struct Scorer {
    fields: Vec<Vec<LevelWeights>>,
    prior: Parts,
}

#[derive(Debug, Clone, Copy)]
struct LevelWeights {
    parts: Parts,
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
                // The adjustment compares a value's frequency with u of the first level that agrees exactly.
                let base = comparison
                    .levels
                    .iter()
                    .find(|level| !level.is_null)
                    .map_or(1.0, |level| bounded(level.u));
                comparison
                    .levels
                    .iter()
                    .zip(operands)
                    .map(|(level, operand)| level_weights(level, *operand, base))
                    .collect()
            })
            .collect();
        let mut prior = Parts { same: model.prior.max(FLOOR), strangers: 1.0, others: [0.0; MOST_OTHERS] };
        for (prior, other) in prior.others.iter_mut().zip(&model.others) {
            *prior = if other.prior.is_finite() { other.prior } else { 0.0 };
        }
        prior.strangers = (1.0 - model.prior - prior.others.iter().sum::<f64>()).max(FLOOR);
        Self { fields, prior }
    }

    /// The weight of a pair.
    pub(crate) fn weight(&self, table: &Table, left: u32, right: u32, levels: &Levels) -> f64 {
        let mut product = self.prior;
        for (field, &level) in self.fields.iter().zip(&levels.at) {
            product.take(&field[usize::from(level)].seen(table, left, right));
        }
        product.weight()
    }

    /// The likelihoods of each field by itself.
    pub(crate) fn parts(&self, table: &Table, left: u32, right: u32, levels: &Levels) -> Vec<Parts> {
        let fields = self.fields.iter().zip(&levels.at);
        fields.map(|(field, &level)| field[usize::from(level)].seen(table, left, right)).collect()
    }

    /// What is believed before any field is looked at.
    pub(crate) fn prior(&self) -> Parts {
        self.prior
    }
}

/// A number that is none says nothing; none may decide alone.
fn bounded(p: f64) -> f64 {
    if p.is_finite() { p.max(FLOOR) } else { 1.0 }
}

fn level_weights(level: &Level, operand: Option<Operand>, base: f64) -> LevelWeights {
    let mut parts = Parts { same: 1.0, strangers: 1.0, others: [1.0; MOST_OTHERS] };
    if level.is_null {
        return LevelWeights { parts, frequency: None };
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
    LevelWeights { parts, frequency }
}

impl LevelWeights {
    fn seen(&self, table: &Table, left: u32, right: u32) -> Parts {
        let mut parts = self.parts;
        if let Some(frequency) = &self.frequency {
            parts.strangers *= frequency.of_pair(table, left, right);
        }
        parts
    }
}

impl Frequency {
    /// How much commoner than the average agreement this agreement is; the commoner of two different values
    /// counts.
    fn of_pair(&self, table: &Table, left: u32, right: u32) -> f64 {
        let Some(dictionary) = self.of.dictionary().map(|number| &table.dictionaries[number]) else {
            return 1.0;
        };
        let frequency = |row| match self.of.read(table.record(row)) {
            0 => 0.0,
            value => dictionary.frequency(Operand::number(value)),
        };
        let commoner = frequency(left).max(frequency(right));
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

    /// log2 odds of "one person" against all else.
    pub(crate) fn weight(&self) -> f64 {
        (self.same / (self.strangers + self.others.iter().sum::<f64>())).log2()
    }
}
