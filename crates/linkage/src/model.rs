//! The model of a linkage: what is compared, what agreement is worth, where candidates come from, when two
//! records are one.
//!
//! In and out: a Splink settings file (JSON), with what Splink does not know in the object `pilar`. Entries
//! that this engine does not use are kept and written back. Every condition is read and every number checked
//! here, before any data is touched.

mod cover;
mod read;
mod write;

use std::sync::Arc;

use crate::error::ModelError;
use crate::sql::{Node, Scalar};
use crate::standardise::Standardiser;

/// A model: read with [`Model::from_json`], trained by [`crate::link`], written with [`Model::to_json`].
#[derive(Debug, Clone)]
pub struct Model {
    /// Which pairs are looked at.
    pub link_type: LinkType,
    /// Whether an empty text is taken as unknown. SQL says it is a value.
    pub empty_is_null: bool,
    /// The column of ids.
    pub unique_id: String,
    /// The column that names the list a record comes from.
    pub source: String,
    /// What is compared, in the order of the file.
    pub comparisons: Vec<Comparison>,
    /// Pairs are made by these rules; a pair belongs to the first that yields it.
    pub blocking: Vec<Rule>,
    /// The probability that two random records are one person.
    pub prior: f64,
    /// Most rounds of expectation-maximisation.
    pub max_iterations: usize,
    /// Training stops when no probability moves by more.
    pub em_convergence: f64,
    /// Columns made from columns, usable by their name.
    pub prepare: Vec<Prepared>,
    /// From this weight (log2 odds) on, two records are one person.
    pub match_weight: f64,
    /// From this weight on, a human is asked.
    pub review_weight: f64,
    /// A block with more records than this yields no pairs and is reported.
    pub block_limit: usize,
    /// How to train, if at all.
    pub training: Option<Training>,
    /// Kinds of pairs that are two persons and yet agree in much: one household, one birthday, namesakes.
    pub others: Vec<Other>,
    /// What a cluster may not be.
    pub constraints: Constraints,
    /// Blocking rules of [`crate::find`].
    pub find: Vec<Rule>,
    /// What `standard_name` and `standard_place` write.
    pub(crate) names: Arc<Standardiser>,
    pub(crate) raw: serde_json::Map<String, serde_json::Value>,
}

/// Which pairs are looked at: Splink's `link_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkType {
    /// All pairs of one table.
    Dedupe,
    /// Only pairs of records of different sources.
    LinkOnly,
    /// All pairs of several tables.
    LinkAndDedupe,
}

/// One field of the comparison.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Its name in the file.
    pub name: String,
    /// Levels; the first whose condition is true holds.
    pub levels: Vec<Level>,
}

/// One degree of agreement.
#[derive(Debug, Clone)]
pub struct Level {
    /// For charts and pages.
    pub label: String,
    /// The condition as written.
    pub sql: String,
    /// Whether this level means "unknown" and weighs nothing.
    pub is_null: bool,
    /// Probability of this level among pairs of one person.
    pub m: f64,
    /// Probability of this level among pairs of two persons.
    pub u: f64,
    /// Probability of this level within each class of [`Model::others`].
    pub others: Vec<f64>,
    /// Training leaves m as it is.
    pub fix_m: bool,
    /// Training leaves u as it is.
    pub fix_u: bool,
    /// Agreement on a rare value is worth more.
    pub term_frequency: Option<TermFrequency>,
    pub(crate) condition: Node,
}

/// A term-frequency adjustment, as in Splink.
#[derive(Debug, Clone, PartialEq)]
pub struct TermFrequency {
    /// The column whose values are counted.
    pub column: String,
    /// 1 for the full adjustment, 0 for none.
    pub weight: f64,
    /// Frequencies below this count as this.
    pub minimum_u: f64,
    /// Held against the level's own u, not against that of the column's exact agreement.
    pub own_u: bool,
}

/// A blocking rule: pairs whose keys are equal and of which the rest of the condition holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// As written.
    pub sql: String,
    /// What is read of the left record, part by part.
    pub(crate) keys: Vec<Scalar>,
    /// What is read of the right record, where that differs from `keys`.
    pub(crate) right: Option<Vec<Scalar>>,
    pub(crate) rest: Vec<Node>,
}

/// A column made from others.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Its name.
    pub column: String,
    /// The expression as written.
    pub expression: String,
    pub(crate) value: Scalar,
    /// Made of several columns, or in a way that has no step of its own: worked out row by row.
    pub(crate) by_row: bool,
}

impl Prepared {
    /// Its expression with earlier prepared columns written out.
    pub(crate) fn expanded(&self, all: &[Self]) -> Scalar {
        expand(&self.value, all)
    }
}

fn expand(scalar: &Scalar, all: &[Prepared]) -> Scalar {
    let each = |items: &[Scalar]| items.iter().map(|item| expand(item, all)).collect();
    let boxed = |inner: &Scalar| Box::new(expand(inner, all));
    match scalar {
        Scalar::Column { name, .. } => match all.iter().find(|made| made.column == *name) {
            Some(made) => expand(&made.value, all),
            None => scalar.clone(),
        },
        Scalar::Call { name, args } => Scalar::Call { name: name.clone(), args: each(args) },
        Scalar::List(items) => Scalar::List(each(items)),
        Scalar::Arith { op, left, right } => {
            Scalar::Arith { op: *op, left: boxed(left), right: boxed(right) }
        }
        Scalar::Cast { of, to, lenient } => Scalar::Cast { of: boxed(of), to: *to, lenient: *lenient },
        Scalar::Index { of, at } => Scalar::Index { of: boxed(of), at: boxed(at) },
        Scalar::Lambda { name, body } => Scalar::Lambda { name: name.clone(), body: boxed(body) },
        // The conditions of a case speak of the input's columns only.
        Scalar::Case { .. } | Scalar::Local(_) | Scalar::Null | Scalar::Number(_) | Scalar::Text(_) => {
            scalar.clone()
        }
    }
}

/// How m, u and the prior are estimated.
#[derive(Debug, Clone)]
pub struct Training {
    /// Pairs that agree on one of these are taken as matches when the prior is estimated.
    pub deterministic: Vec<Rule>,
    /// The part of all matches that those rules find.
    pub recall: f64,
    /// m is estimated on the pairs of each of these, and averaged.
    pub em: Vec<Rule>,
    /// Random pairs for the u of levels that are no plain equality.
    pub u_pairs: u64,
    /// Fewer records than this train nothing: the numbers in the file stand.
    pub min_records: usize,
    /// Seed of the random pairs; that of the run, if there is none.
    pub seed: Option<u64>,
}

/// A latent class of pairs that are two persons, beside the class of strangers: "same household, other
/// person", "born on the same day in the same district". Without such classes, agreements that come together
/// count several times and brothers become one.
#[derive(Debug, Clone, PartialEq)]
pub struct Other {
    /// Its name, for reports.
    pub name: String,
    /// The share of such pairs among all pairs of records.
    pub prior: f64,
    /// Comparisons in which such pairs agree as a person agrees with itself; training starts from there and
    /// moves.
    pub shared: Vec<String>,
}

/// What a cluster may not be. Human decisions stand above all of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Constraints {
    /// A column of which a cluster has at most one attested value: one that two records of different sources
    /// share that are taken as one person, or that a confirming source states.
    pub one_value: Option<String>,
    /// Sources that have at most one record of a person.
    pub unique_sources: Vec<String>,
    /// Sources that attest the value of `one_value` by themselves.
    pub confirming_sources: Vec<String>,
}

impl Model {
    /// Reads a settings file.
    ///
    /// # Errors
    /// The first fault, with its place in the file.
    pub fn from_json(text: &str) -> Result<Self, ModelError> {
        read::model(text)
    }

    /// The settings file again, with the numbers as they now are.
    pub fn to_json(&self) -> String {
        write::model(self)
    }

    /// The same without what Splink does not know: it refuses entries that it did not write.
    pub fn to_splink(&self) -> String {
        write::splink(self)
    }

    /// The same model with tables of names and places: without them `standard_name` and `standard_place` know no
    /// titles, short forms and old spellings.
    #[must_use]
    pub fn with_names(mut self, names: Arc<Standardiser>) -> Self {
        self.names = names;
        self
    }

    /// The columns that the input must have, ids and sources not counted.
    pub fn columns(&self) -> Vec<String> {
        crate::load::Needs::of(self).input()
    }

    /// Levels of which a number is missing, as `comparison: level`; they weigh nothing.
    pub fn untrained(&self) -> Vec<String> {
        let of = |comparison: &Comparison| -> Vec<String> {
            let missing = |level: &&Level| !(level.is_null || level.m.is_finite() && level.u.is_finite());
            let name = |level: &Level| format!("{}: {}", comparison.name, level.label);
            comparison.levels.iter().filter(missing).map(name).collect()
        };
        self.comparisons.iter().flat_map(of).collect()
    }

    /// What a careful reader should know before the model is used: levels that can never hold.
    pub fn warnings(&self) -> Vec<String> {
        cover::covered(self)
    }

    /// How many patterns of levels there are.
    pub fn patterns(&self) -> u64 {
        self.comparisons.iter().map(|comparison| comparison.levels.len() as u64).product()
    }

    /// The level of each comparison in `pattern`, as given in [`crate::Pair::pattern`].
    pub fn levels_of(&self, mut pattern: u32) -> Vec<usize> {
        self.comparisons
            .iter()
            .map(|comparison| {
                let radix = comparison.levels.len() as u32;
                let level = pattern % radix;
                pattern /= radix;
                level as usize
            })
            .collect()
    }

    /// Whether any level still waits for training.
    pub fn is_trained(&self) -> bool {
        self.untrained().is_empty()
    }
}
