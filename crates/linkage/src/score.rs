//! What a pattern of agreement is worth: the log2 odds that two records are one person.
//!
//! In: a model with its probabilities, the levels of a pair, the frequencies of the values agreed on. Out: a weight. Without the
//! household class this is Splink's match weight; with it, the odds of "one person" against "two of one household" and
//! "two strangers" together. Term frequencies speak about strangers only: that brothers share a mother's rare name says nothing.

use crate::compare::Levels;
use crate::error::LinkError;
use crate::expr::Expr;
use crate::model::Model;
use crate::sql::{Scalar, Side};
use crate::table::{Layout, Operand, Table};

/// Probabilities below this are taken as this, so that no single field decides alone.
const FLOOR: f64 = 1e-12;

/// A model's numbers as logarithms, ready for sums.
pub(crate) struct Scorer {
    fields: Vec<Vec<LevelWeights>>,
    prior_match: f64,
    prior_other: f64,
    prior_household: Option<f64>,
}

#[derive(Debug, Clone, Copy)]
struct LevelWeights {
    same: f64,
    other: f64,
    household: f64,
    frequency: Option<Frequency>,
}

#[derive(Debug, Clone, Copy)]
struct Frequency {
    of: Operand,
    weight: f64,
    minimum: f64,
    /// log2 of u of the level at which the frequency is held against: the column's exact agreement.
    base: f64,
}

/// The parts of one field's weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Parts {
    pub(crate) same: f64,
    pub(crate) other: f64,
    pub(crate) household: f64,
    pub(crate) frequency: f64,
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
        let log = |p: f64| if p.is_finite() { p.max(FLOOR).log2() } else { 0.0 };
        let fields = model
            .comparisons
            .iter()
            .zip(operands)
            .map(|(comparison, operands)| {
                // The adjustment compares a value's frequency with u of the first level that agrees exactly.
                let base =
                    comparison.levels.iter().find(|level| !level.is_null).map_or(0.0, |level| log(level.u));
                comparison
                    .levels
                    .iter()
                    .zip(operands)
                    .map(|(level, operand)| {
                        if level.is_null {
                            return LevelWeights { same: 0.0, other: 0.0, household: 0.0, frequency: None };
                        }
                        let frequency = level
                            .term_frequency
                            .as_ref()
                            .zip(*operand)
                            .map(|(tf, of)| Frequency { of, weight: tf.weight, minimum: tf.minimum_u, base });
                        LevelWeights {
                            same: log(level.m),
                            other: log(level.u),
                            household: log(level.household),
                            frequency,
                        }
                    })
                    .collect()
            })
            .collect();
        let household = model.household.as_ref().map(|household| household.prior).filter(|p| p.is_finite());
        let other = (1.0 - model.prior - household.unwrap_or(0.0)).max(FLOOR);
        Self {
            fields,
            prior_match: model.prior.max(FLOOR).log2(),
            prior_other: other.log2(),
            prior_household: household.map(|p| p.max(FLOOR).log2()),
        }
    }

    /// The weight of a pair.
    pub(crate) fn weight(&self, table: &Table, left: u32, right: u32, levels: &Levels) -> f64 {
        let mut sum = Parts {
            same: self.prior_match,
            other: self.prior_other,
            household: self.prior_household.unwrap_or(f64::NEG_INFINITY),
            frequency: 0.0,
        };
        for (field, &level) in self.fields.iter().zip(&levels.at) {
            let weights = &field[usize::from(level)];
            sum.same += weights.same;
            sum.other += weights.other;
            sum.household += weights.household;
            if let Some(frequency) = &weights.frequency {
                sum.frequency += frequency.adjustment(table, left, right);
            }
        }
        sum.weight()
    }

    /// The same, field by field.
    pub(crate) fn parts(&self, table: &Table, left: u32, right: u32, levels: &Levels) -> Vec<Parts> {
        self.fields
            .iter()
            .zip(&levels.at)
            .map(|(field, &level)| {
                let weights = &field[usize::from(level)];
                Parts {
                    same: weights.same,
                    other: weights.other,
                    household: weights.household,
                    frequency: weights.frequency.map_or(0.0, |f| f.adjustment(table, left, right)),
                }
            })
            .collect()
    }

    /// The weight before any field is looked at.
    pub(crate) fn prior(&self) -> Parts {
        Parts {
            same: self.prior_match,
            other: self.prior_other,
            household: self.prior_household.unwrap_or(f64::NEG_INFINITY),
            frequency: 0.0,
        }
    }
}

impl Frequency {
    /// log2 of how much rarer than the average agreement this agreement is; the commoner of two different values counts.
    fn adjustment(&self, table: &Table, left: u32, right: u32) -> f64 {
        let Some(dictionary) = self.of.dictionary().map(|number| &table.dictionaries[number]) else {
            return 0.0;
        };
        let frequency = |row| {
            let value = self.of.read(table.record(row));
            if value == 0 { None } else { Some(dictionary.frequency(Operand::number(value))) }
        };
        match (frequency(left), frequency(right)) {
            (None, None) => 0.0,
            (a, b) => {
                let commoner = a.unwrap_or(0.0).max(b.unwrap_or(0.0)).max(self.minimum).max(FLOOR);
                self.weight * (self.base - commoner.log2())
            }
        }
    }
}

impl Parts {
    /// log2 odds of "one person" against all else.
    pub(crate) fn weight(&self) -> f64 {
        let strangers = self.other - self.frequency;
        let against = if self.household == f64::NEG_INFINITY {
            strangers
        } else {
            let (high, low) = if strangers > self.household {
                (strangers, self.household)
            } else {
                (self.household, strangers)
            };
            high + (1.0 + (low - high).exp2()).log2()
        };
        self.same - against
    }
}
