//! A finished run as its readers judge it: the model's numbers, what each rule yielded, how the weights lie.
//!
//! In: a run with [`crate::Report`]. Out: one value without any record's content that can be kept beside the result
//! and drawn later. Samples and curves are added by who knows ids and truth.

use serde::{Deserialize, Serialize};

use crate::block::RuleReport;
use crate::explain::Bin;
use crate::find::Found;
use crate::link::Linked;

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Records.
    pub records: u64,
    /// Pairs compared.
    pub pairs: u64,
    /// Pairs from the threshold on.
    pub strong: u64,
    /// Clusters.
    pub clusters: u64,
    /// From this weight on, two records are one person.
    pub match_weight: f64,
    /// From this weight on, a pair is kept and a human is asked.
    pub review_weight: f64,
    /// The probability that two random records are one person.
    pub prior: f64,
    /// What is compared, and what each level says.
    pub fields: Vec<FieldNumbers>,
    /// Further classes of pairs of two persons, and the share of such pairs among all pairs of records.
    pub others: Vec<(String, f64)>,
    /// What each blocking rule yielded.
    pub rules: Vec<RuleReport>,
    /// The weights of pairs from the review weight on.
    pub weights: Vec<Bin>,
    /// The weight of every record against itself.
    pub themselves: Vec<Bin>,
    /// What a careful reader should know.
    pub warnings: Vec<String>,
    /// Pairs around the threshold.
    pub samples: Vec<Sample>,
    /// Precision and recall by threshold, from high to low; empty where nobody knows the truth.
    pub curve: Vec<CurvePoint>,
}

/// One comparison's numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FieldNumbers {
    /// Its name in the settings.
    pub name: String,
    /// Its levels, without those that mean "unknown".
    pub levels: Vec<LevelNumbers>,
}

/// One level's numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LevelNumbers {
    /// Its place among all levels of the comparison, 0 first.
    pub at: usize,
    /// Its label in the settings.
    pub label: String,
    /// Probability among pairs of one person; none where it was never observed.
    pub m: Option<f64>,
    /// Probability among pairs of two persons.
    pub u: Option<f64>,
    /// log2 of m/u, before a value's frequency is looked at; 0 where a number is missing.
    pub weight: f64,
    /// Whether a rare value is worth more.
    pub by_frequency: bool,
}

/// A pair by its ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Id of one record.
    pub left: String,
    /// Id of the other.
    pub right: String,
    /// Its weight, field by field.
    pub found: Found,
}

/// How good the pairs from a weight on are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The threshold.
    pub weight: f64,
    /// The share of these pairs that are one person.
    pub precision: f64,
    /// The share of all pairs of one person that are among these.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
}

impl Judgement {
    /// Gathers it from a run. Without [`crate::Options::report`] there are no bins and no samples.
    pub fn of(linked: &Linked) -> Self {
        let (model, metrics) = (&linked.trained, &linked.metrics);
        let known = |p: f64| p.is_finite().then_some(p);
        let fields = model.comparisons.iter().map(|comparison| FieldNumbers {
            name: comparison.name.clone(),
            levels: (comparison.levels.iter().enumerate())
                .filter(|(_, level)| !level.is_null)
                .map(|(at, level)| LevelNumbers {
                    at,
                    label: level.label.clone(),
                    m: known(level.m),
                    u: known(level.u),
                    weight: known((level.m / level.u).log2()).unwrap_or(0.0),
                    by_frequency: level.term_frequency.is_some(),
                })
                .collect(),
        });
        let report = metrics.report.clone().unwrap_or_default();
        let id = |row: u32| linked.ids.text(row).into_owned();
        let samples = report.samples.into_iter().map(|s| Sample {
            left: id(s.left),
            right: id(s.right),
            found: s.found,
        });
        Self {
            records: metrics.records,
            pairs: metrics.pairs,
            strong: metrics.strong,
            clusters: metrics.cluster.clusters,
            match_weight: model.match_weight,
            review_weight: model.review_weight,
            prior: model.prior,
            fields: fields.collect(),
            others: model.others.iter().map(|other| (other.name.clone(), other.prior)).collect(),
            rules: metrics.rules.clone(),
            weights: report.pairs,
            themselves: report.themselves,
            warnings: metrics.warnings.clone(),
            samples: samples.collect(),
            curve: Vec::new(),
        }
    }

    /// The share of records whose weight against themselves is below each whole weight, from low to high: at a
    /// threshold of that weight, so many can be linked to nothing.
    pub fn unlinkable(&self) -> Vec<(i32, f64)> {
        let all: u64 = self.themselves.iter().map(|bin| bin.count).sum();
        let mut below = 0;
        let mut out: Vec<(i32, f64)> = Vec::with_capacity(self.themselves.len() + 1);
        for bin in &self.themselves {
            out.push((bin.from, below as f64 / all.max(1) as f64));
            below += bin.count;
        }
        out.extend(self.themselves.last().map(|last| (last.from + 1, 1.0)));
        out
    }
}
