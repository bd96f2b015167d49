//! Where weights come from: single pairs field by field, and figures that help to judge a model as a whole.
//!
//! In: records as a run has them, the model's numbers. Out: waterfalls of pairs, how the weights of pairs lie, and
//! what each record is worth against itself: a record that cannot reach the threshold even so is one that no
//! run with this model will ever link.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::batch::{Batch, FULL, Worker};
use crate::candidates::Candidates;
use crate::compare::Plan;
use crate::error::LinkError;
use crate::find::{Found, waterfall};
use crate::ids::Ids;
use crate::link::Pair;
use crate::load::Loader;
use crate::model::{LinkType, Model};
use crate::score::Scorer;
use crate::table::Table;

/// Pairs shown on each side of the threshold.
const SAMPLES: usize = 3;

/// How many pairs or records have a weight of `from` and more, and less than `from + 1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bin {
    /// log2 odds, rounded down.
    pub from: i32,
    /// How many.
    pub count: u64,
}

/// A pair and where its weight comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explained {
    /// Row of the record with the smaller id.
    pub left: u32,
    /// Row of the other.
    pub right: u32,
    /// Its weight, field by field.
    pub found: Found,
}

/// Figures to judge a model by.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// The weights of the pairs from the review weight on.
    pub pairs: Vec<Bin>,
    /// The weight of every record against itself.
    pub themselves: Vec<Bin>,
    /// Pairs next above and next below the threshold; what a look at them says decides whether it lies well.
    pub samples: Vec<Explained>,
}

/// What is needed to weigh pairs of a table.
#[derive(Clone, Copy)]
pub(crate) struct Weighing<'a> {
    pub(crate) model: &'a Model,
    pub(crate) plan: &'a Plan,
    pub(crate) table: &'a Table,
    pub(crate) scorer: &'a Scorer,
}

impl Weighing<'_> {
    /// Field by field, for pairs of table rows, in their order.
    pub(crate) fn explain(&self, pairs: &[(u32, u32)]) -> Vec<Found> {
        let mut worker = Worker::new(self.plan);
        let mut out = Vec::with_capacity(pairs.len());
        for pairs in pairs.chunks(FULL / 2) {
            let batch = self.batch(pairs);
            worker.compare(self.plan, self.table, &batch);
            out.extend((0..pairs.len()).map(|at| {
                let (left, right) = batch.records_of(at);
                let levels = self.plan.levels_of(worker.patterns[at]);
                let parts = self.scorer.parts(self.table, left, right, &levels);
                waterfall(self.model, self.scorer.prior(), &parts, &levels.at)
            }));
        }
        out
    }

    fn batch(&self, pairs: &[(u32, u32)]) -> Batch {
        let place = |row: u32| self.table.places.place(row);
        let places: Vec<u32> = pairs.iter().flat_map(|(left, right)| [place(*left), place(*right)]).collect();
        let mut batch = Batch::new(self.table.stride());
        batch.take(&places);
        batch.fill(self.table);
        (0..pairs.len() as u32).for_each(|at| batch.push(2 * at, 2 * at + 1));
        batch
    }

    /// The weights of the batch's pairs.
    fn weights(&self, batch: &Batch, worker: &mut Worker) -> Vec<f64> {
        worker.compare(self.plan, self.table, batch);
        let weight = |at: usize| {
            self.scorer.odds(self.table, batch.records_of(at), self.plan, worker.patterns[at]).log2()
        };
        (0..batch.len()).map(weight).collect()
    }

    /// Every record against itself.
    fn themselves(&self, candidates: &Candidates) -> Result<Vec<Bin>, LinkError> {
        let Candidates::Spilled(spill) = candidates else {
            let rows: Vec<(u32, u32)> = (0..self.table.len() as u32).map(|row| (row, row)).collect();
            let weigh = |worker: &mut Worker, pairs: &[(u32, u32)]| self.weights(&self.batch(pairs), worker);
            let weights: Vec<Vec<f64>> =
                rows.par_chunks(FULL / 2).map_init(|| Worker::new(self.plan), weigh).collect();
            return Ok(bins(weights.into_iter().flatten()));
        };
        let (mut batch, mut worker) = (Batch::new(self.table.stride()), Worker::new(self.plan));
        let mut counts = BTreeMap::new();
        let mut settle = |batch: &mut Batch| {
            count(&mut counts, self.weights(batch, &mut worker).into_iter());
            batch.clear();
        };
        spill.each_record(|record| {
            let copy = batch.take_words(record);
            batch.push(copy, copy);
            if batch.is_full() {
                settle(&mut batch);
            }
        })?;
        settle(&mut batch);
        Ok(as_bins(&counts))
    }
}

/// Counts weights, whole number by whole number.
fn count(counts: &mut BTreeMap<i32, u64>, weights: impl Iterator<Item = f64>) {
    for weight in weights.filter(|weight| weight.is_finite()) {
        *counts.entry(weight.floor() as i32).or_insert(0) += 1;
    }
}

/// From the smallest to the largest.
fn as_bins(counts: &BTreeMap<i32, u64>) -> Vec<Bin> {
    counts.iter().map(|(from, count)| Bin { from: *from, count: *count }).collect()
}

fn bins(weights: impl Iterator<Item = f64>) -> Vec<Bin> {
    let mut counts = BTreeMap::new();
    count(&mut counts, weights);
    as_bins(&counts)
}

/// The figures of a run; `pairs` are rows of the table.
pub(crate) fn report(
    weighing: Weighing,
    candidates: &Candidates,
    pairs: &[Pair],
) -> Result<Report, LinkError> {
    let threshold = weighing.model.match_weight;
    let mut near: [Vec<Pair>; 2] = [Vec::new(), Vec::new()];
    for pair in pairs {
        let side = &mut near[usize::from(f64::from(pair.weight) < threshold)];
        let far = |pair: &Pair| (f64::from(pair.weight) - threshold).abs();
        let order = |a: &Pair, b: &Pair| {
            far(a).total_cmp(&far(b)).then(a.left.cmp(&b.left)).then(a.right.cmp(&b.right))
        };
        let at = side.partition_point(|known| order(known, pair).is_lt());
        if at < SAMPLES {
            side.insert(at, *pair);
            side.truncate(SAMPLES);
        }
    }
    let [above, below] = near;
    let rows: Vec<(u32, u32)> =
        above.iter().rev().chain(&below).map(|pair| (pair.left, pair.right)).collect();
    let order = &weighing.table.order;
    let sample = |((left, right), found): (&(u32, u32), Found)| Explained {
        left: order[*left as usize],
        right: order[*right as usize],
        found,
    };
    let explained = match candidates {
        Candidates::Held(_) => weighing.explain(&rows),
        Candidates::Spilled(spill) => {
            let mut needed: Vec<u32> = rows.iter().flat_map(|(left, right)| [*left, *right]).collect();
            needed.sort_unstable();
            needed.dedup();
            let table = spill.sample(&needed, weighing.table.len())?;
            Weighing { table: &table, ..weighing }.explain(&rows)
        }
    };
    Ok(Report {
        pairs: bins(pairs.iter().map(|pair| f64::from(pair.weight))),
        themselves: weighing.themselves(candidates)?,
        samples: rows.iter().zip(explained).map(sample).collect(),
    })
}

/// Where the weights of single pairs come from, with the model's numbers as they are. Records are named by id; where
/// lists are linked and ids stand in several of them, by `list:id`.
///
/// # Errors
/// An id that no record has or that several have; what [`crate::link_loaded`] refuses.
pub fn explain(
    loader: Loader,
    model: &Model,
    pairs: &[[String; 2]],
) -> Result<(Ids, Vec<Explained>), LinkError> {
    let (mut layout, ids) = loader.finish()?;
    layout.prepare()?;
    let plan = Plan::compile(model, &mut layout)?;
    let frequencies = Scorer::operands(model, &mut layout)?;
    let (table, _) = layout.finish(&[])?;
    let scorer = Scorer::new(model, &frequencies);
    let rows = rows_of(&table, &ids, model, pairs)?;
    let found = Weighing { model, plan: &plan, table: &table, scorer: &scorer }.explain(&rows);
    let explained = rows.iter().zip(found).map(|((left, right), found)| Explained {
        left: table.order[*left as usize],
        right: table.order[*right as usize],
        found,
    });
    let explained = explained.collect();
    Ok((ids, explained))
}

/// Whether `asked` names the record: by its id or, where lists are linked, by `list:id`.
pub fn names_record(model: &Model, asked: &str, list: &str, id: &str) -> bool {
    let behind_list = || asked.strip_prefix(list).and_then(|rest| rest.strip_prefix(':'));
    asked == id || (model.link_type != LinkType::Dedupe && behind_list() == Some(id))
}

/// The table's rows of the wanted ids.
fn rows_of(
    table: &Table,
    ids: &Ids,
    model: &Model,
    pairs: &[[String; 2]],
) -> Result<Vec<(u32, u32)>, LinkError> {
    let mut rows: rustc_hash::FxHashMap<&str, Vec<u32>> =
        pairs.iter().flatten().map(|id| (id.as_str(), Vec::new())).collect();
    for (row, &input) in table.order.iter().enumerate() {
        let (id, list) = (ids.text(input), &table.source_names[table.sources[row] as usize]);
        for (asked, rows) in &mut rows {
            if names_record(model, asked, list, &id) {
                rows.push(row as u32);
            }
        }
    }
    let one = |id: &String| match rows.get(id.as_str()).map(Vec::as_slice) {
        Some([row]) => Ok(*row),
        Some([_, ..]) => Err(LinkError::SeveralRecords(id.clone())),
        _ => Err(LinkError::NoRecord(id.clone())),
    };
    pairs
        .iter()
        .map(|[left, right]| {
            let (left, right) = (one(left)?, one(right)?);
            Ok((left.min(right), left.max(right)))
        })
        .collect()
}
