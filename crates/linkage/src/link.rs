//! One run: records in, persons and doubtful pairs out.
//!
//! Order: load, block, train, score, cluster, review. Never: a list of all pairs; only those at or above the
//! review weight are kept.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use arrow_array::RecordBatch;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::block::{Blocks, RuleReport};
use crate::cluster::{self, ClusterReport, Decision, Facts};
use crate::compare::Plan;
use crate::error::LinkError;
use crate::expr::Expr;
use crate::model::{Model, Rule};
use crate::score::Scorer;
use crate::sql::{Scalar, Side};
use crate::table::{Layout, Operand, Table, empty_batch};
use crate::train::{self, TrainingReport};

/// Called now and then with the stage, what is done and what there is in all.
pub type Listener<'a> = &'a (dyn Fn(&str, u64, u64) + Sync);

/// How to run. `Options::default()` uses all cores and trains if the model says how.
#[derive(Clone)]
pub struct Options<'a> {
    /// Threads; 0 for the caller's pool. The result does not depend on it.
    pub threads: usize,
    /// Seed of the random pairs that u is estimated on.
    pub seed: u64,
    /// Whether to train when the model has a `training` object.
    pub train: bool,
    /// Most pairs given to humans; the strongest are kept, the rest is counted in the metrics.
    pub review_limit: usize,
    /// Sources with at most one record of a person, besides those named in the model.
    pub unique_sources: Vec<String>,
    /// Sources that attest the constrained value by themselves, besides those named in the model.
    pub confirming_sources: Vec<String>,
    /// Who hears of the progress.
    pub progress: Option<Listener<'a>>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            threads: 0,
            seed: 1,
            train: true,
            review_limit: 1_000_000,
            unique_sources: Vec::new(),
            confirming_sources: Vec::new(),
            progress: None,
        }
    }
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("threads", &self.threads)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// A pair of records and what their agreement is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Row of the record with the smaller id.
    pub left: u32,
    /// Row of the other.
    pub right: u32,
    /// log2 odds that they are one person.
    pub weight: f32,
    /// Which level each comparison has: see [`Model::levels_of`].
    pub pattern: u32,
}

impl Pair {
    /// The probability that the two are one person.
    pub fn probability(&self) -> f64 {
        probability(f64::from(self.weight))
    }
}

/// The probability that belongs to a weight.
pub fn probability(weight: f64) -> f64 {
    1.0 / (1.0 + (-weight).exp2())
}

/// Who joined a record to its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum By {
    /// Nobody: it stands alone.
    Alone = 0,
    /// The model.
    Model = 1,
    /// A human.
    Human = 2,
}

/// What a run found. Rows are those of the input, batches counted through.
#[derive(Debug)]
pub struct Linked {
    /// For each row, the row of the record with the smallest id in its cluster.
    pub cluster: Vec<u32>,
    /// For each row, the weight of its strongest pair within its cluster.
    pub weight: Vec<Option<f32>>,
    /// For each row, who joined it.
    pub by: Vec<By>,
    /// Doubtful pairs for a human, strongest first: at most one between any two clusters.
    pub review: Vec<Pair>,
    /// All pairs from the review weight on, strongest first, whether joined or not.
    pub pairs: Vec<Pair>,
    /// The model with the numbers that were used.
    pub trained: Model,
    /// Counts and seconds.
    pub metrics: Metrics,
}

/// Counts and seconds of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Metrics {
    /// Records.
    pub records: u64,
    /// Seconds of each stage, in order.
    pub seconds: Vec<(String, f64)>,
    /// What each blocking rule yields.
    pub rules: Vec<RuleReport>,
    /// Pairs compared for scoring.
    pub pairs: u64,
    /// Pairs at or above the match weight.
    pub strong: u64,
    /// Training, if any.
    pub training: Option<TrainingReport>,
    /// Clustering.
    pub cluster: ClusterReport,
    /// Pairs for humans.
    pub review: u64,
    /// Pairs over the limit that no human will see in this run.
    pub review_dropped: u64,
    /// Things that a careful reader should know: columns without values, rules that never fire.
    pub warnings: Vec<String>,
}

/// Decides which records are one person.
///
/// # Errors
/// When the model cannot be used on these columns; nothing is done then.
pub fn link(
    input: &[RecordBatch],
    model: &Model,
    decisions: &[Decision],
    options: &Options,
) -> Result<Linked, LinkError> {
    if options.threads == 0 {
        return run(input, model, decisions, options);
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .build()
        .map_err(|error| LinkError::Threads { threads: options.threads, message: error.to_string() })?;
    pool.install(|| run(input, model, decisions, options))
}

struct Watch<'a> {
    since: Instant,
    seconds: Vec<(String, f64)>,
    progress: Option<Listener<'a>>,
}

impl Watch<'_> {
    fn lap(&mut self, stage: &str) {
        self.seconds.push((stage.to_owned(), self.since.elapsed().as_secs_f64()));
        self.since = Instant::now();
    }

    fn tell(&self, stage: &str, done: u64, total: u64) {
        if let Some(listener) = self.progress {
            listener(stage, done, total);
        }
    }
}

fn run(
    input: &[RecordBatch],
    model: &Model,
    decisions: &[Decision],
    options: &Options,
) -> Result<Linked, LinkError> {
    let mut watch = Watch { since: Instant::now(), seconds: Vec::new(), progress: options.progress };
    let mut metrics = Metrics::default();
    let empty = [empty_batch()];
    let input = if input.is_empty() { &empty } else { input };
    watch.tell("load", 0, 0);
    let mut layout = Layout::load(input, model, input.iter().all(|batch| batch.num_columns() == 0))?;
    if input.iter().any(|batch| batch.num_rows() > 0) {
        let unknown = |column: &String| format!("column `{column}` has no value in any record");
        metrics.warnings = layout.empty.iter().map(unknown).collect();
    }
    let plan = Plan::compile(model, &mut layout)?;
    let frequencies = Scorer::operands(model, &mut layout)?;
    let constrained = constrained(model, &mut layout)?;
    watch.lap("load");

    watch.tell("block", 0, 0);
    let blocks = blocks(&mut layout, &model.blocking, model.block_limit)?;
    let training = options.train.then_some(model.training.as_ref()).flatten();
    let training_blocks = match training {
        Some(training) => Some(TrainingBlocks {
            deterministic: self::blocks(&mut layout, &training.deterministic, model.block_limit)?,
            em: training
                .em
                .iter()
                .map(|rule| self::blocks(&mut layout, std::slice::from_ref(rule), model.block_limit))
                .collect::<Result<_, _>>()?,
        }),
        None => None,
    };
    let table = layout.finish();
    metrics.records = table.len() as u64;
    watch.lap("block");

    let mut trained = model.clone();
    if let (Some(training), Some(training_blocks)) = (training, training_blocks)
        && table.len() >= training.min_records.max(2)
    {
        watch.tell("train", 0, 0);
        metrics.training = Some(learn(&mut trained, &plan, &table, &blocks, &training_blocks, options.seed));
        watch.lap("train");
    }

    let scorer = Scorer::new(&trained, &frequencies);
    let (mut pairs, per_rule) = score(&blocks, &plan, &table, &scorer, model.review_weight, &watch);
    // Ids are unique and rows stand in their order: no two pairs are equal, and the order does not depend on
    // threads.
    pairs.par_sort_unstable_by(|a, b| {
        b.weight.total_cmp(&a.weight).then(a.left.cmp(&b.left)).then(a.right.cmp(&b.right))
    });
    metrics.rules.clone_from(&blocks.reports);
    for (report, pairs) in metrics.rules.iter_mut().zip(per_rule) {
        report.pairs = pairs;
        metrics.pairs += pairs;
    }
    drop(blocks);
    let strong = pairs.partition_point(|pair| f64::from(pair.weight) >= model.match_weight);
    metrics.strong = strong as u64;
    watch.lap("score");

    watch.tell("cluster", 0, 0);
    let facts = facts(&table, constrained, &pairs[..strong], model, options)?;
    let clusters = cluster::cluster(&pairs[..strong], facts, &table.ids, decisions);
    metrics.cluster = clusters.report.clone();
    watch.lap("cluster");

    let (review, dropped) = review(&pairs, &clusters.root, &table.ids, decisions, options.review_limit);
    metrics.review = review.len() as u64;
    metrics.review_dropped = dropped;
    let warnings = warnings(&metrics);
    metrics.warnings.extend(warnings);
    let linked = in_input_rows(&table.order, &clusters, pairs, review);
    watch.lap("review");
    metrics.seconds = watch.seconds;
    let (cluster, weight, by, review, pairs) = linked;
    Ok(Linked { cluster, weight, by, review, pairs, trained, metrics })
}

struct TrainingBlocks {
    deterministic: Blocks,
    em: Vec<Blocks>,
}

fn blocks(layout: &mut Layout, rules: &[Rule], limit: usize) -> Result<Blocks, LinkError> {
    let names: Vec<String> = rules.iter().map(|rule| rule.sql.clone()).collect();
    Ok(Blocks::build(layout.keys(rules)?, &names, limit))
}

fn constrained(model: &Model, layout: &mut Layout) -> Result<Option<Operand>, LinkError> {
    let Some(name) = &model.constraints.one_value else { return Ok(None) };
    let scalar = Scalar::Column { side: Side::Left, name: name.clone() };
    let (_, expr) = layout.expr(&scalar).unwrap_or((Side::Left, Expr::base(name)));
    Ok(Some(layout.operand(&expr)?))
}

fn learn(
    model: &mut Model,
    plan: &Plan,
    table: &Table,
    blocks: &Blocks,
    training: &TrainingBlocks,
    seed: u64,
) -> TrainingReport {
    let how = model.training.clone();
    let mut report = TrainingReport::default();
    let Some(how) = how else { return report };
    train::prior(model, &training.deterministic, table, how.recall, &mut report);
    train::u(model, plan, table, how.u_pairs, seed, &mut report);
    train::m(model, plan, table, &how.em, &training.em, &mut report);
    if !model.others.is_empty() {
        train::others(model, &train::count_patterns(blocks, plan, table), table, &mut report);
    }
    report
}

/// Scores every pair and keeps those from `lowest` on; also how many pairs each rule yields.
fn score(
    blocks: &Blocks,
    plan: &Plan,
    table: &Table,
    scorer: &Scorer,
    lowest: f64,
    watch: &Watch,
) -> (Vec<Pair>, Vec<u64>) {
    let done = AtomicU64::new(0);
    let total = blocks.chunks().len() as u64;
    let scored: Vec<(usize, u64, Vec<Pair>)> = blocks
        .chunks()
        .par_iter()
        .map(|chunk| {
            let (mut count, mut kept) = (0u64, Vec::new());
            blocks.visit(chunk, |left, right| {
                count += 1;
                let levels = plan.levels(table, left, right);
                let weight = scorer.weight(table, left, right, &levels) as f32;
                if f64::from(weight) >= lowest {
                    kept.push(Pair { left, right, weight, pattern: levels.pattern });
                }
            });
            watch.tell("score", done.fetch_add(1, Ordering::Relaxed) + 1, total);
            (chunk.rule(), count, kept)
        })
        .collect();
    let mut per_rule = vec![0; blocks.reports.len()];
    let mut pairs = Vec::with_capacity(scored.iter().map(|(_, _, kept)| kept.len()).sum());
    for (rule, count, kept) in scored {
        per_rule[rule] += count;
        pairs.extend(kept);
    }
    (pairs, per_rule)
}

/// Which values are attested and which records are of a unique source.
fn facts(
    table: &Table,
    constrained: Option<Operand>,
    strong: &[Pair],
    model: &Model,
    options: &Options,
) -> Result<Facts, LinkError> {
    let named = |name: &str, lists: [&[String]; 2]| lists.iter().any(|list| list.iter().any(|x| x == name));
    let names = &table.source_names;
    let unique: Vec<usize> = (0..names.len())
        .filter(|&at| named(&names[at], [&model.constraints.unique_sources, &options.unique_sources]))
        .collect();
    if unique.len() > 64 {
        return Err(LinkError::TooManyUniqueSources(unique.len()));
    }
    let bit: FxHashMap<u32, u64> =
        unique.iter().enumerate().map(|(bit, &at)| (at as u32, 1u64 << bit)).collect();
    let source = table.sources.iter().map(|source| bit.get(source).copied().unwrap_or(0)).collect();
    let mut value = vec![0u64; table.len()];
    if let Some(operand) = constrained {
        let read = |row: u32| operand.read(table.record(row));
        let confirming: Vec<bool> = names
            .iter()
            .map(|name| named(name, [&model.constraints.confirming_sources, &options.confirming_sources]))
            .collect();
        for row in 0..table.len() as u32 {
            if confirming[table.sources[row as usize] as usize] {
                value[row as usize] = read(row);
            }
        }
        for pair in strong {
            let (a, b) = (read(pair.left), read(pair.right));
            let sources = (table.sources[pair.left as usize], table.sources[pair.right as usize]);
            if a != 0 && a == b && sources.0 != sources.1 {
                value[pair.left as usize] = a;
                value[pair.right as usize] = a;
            }
        }
    }
    Ok(Facts { value, source })
}

/// Pairs whose clusters stay apart, the strongest of each two clusters; pairs that a human already judged are
/// not asked again.
fn review(
    pairs: &[Pair],
    root: &[u32],
    ids: &[i64],
    decisions: &[Decision],
    limit: usize,
) -> (Vec<Pair>, u64) {
    let mut seen = rustc_hash::FxHashSet::default();
    for decision in decisions.iter().filter(|decision| !decision.same) {
        if let (Ok(a), Ok(b)) = (ids.binary_search(&decision.left), ids.binary_search(&decision.right)) {
            seen.insert((root[a].min(root[b]), root[a].max(root[b])));
        }
    }
    let mut kept = Vec::new();
    let mut dropped = 0;
    for pair in pairs {
        let (a, b) = (root[pair.left as usize], root[pair.right as usize]);
        if a == b || !seen.insert((a.min(b), a.max(b))) {
            continue;
        }
        if kept.len() < limit {
            kept.push(*pair);
        } else {
            dropped += 1;
        }
    }
    (kept, dropped)
}

type InInputRows = (Vec<u32>, Vec<Option<f32>>, Vec<By>, Vec<Pair>, Vec<Pair>);

/// From the order of ids back to the rows of the input.
fn in_input_rows(
    order: &[u32],
    clusters: &cluster::Clusters,
    mut pairs: Vec<Pair>,
    mut review: Vec<Pair>,
) -> InInputRows {
    let rows = order.len();
    let mut cluster = vec![0u32; rows];
    let mut weight = vec![None; rows];
    let mut by = vec![By::Alone; rows];
    let mut size = vec![0u32; rows];
    for &root in &clusters.root {
        size[root as usize] += 1;
    }
    for (row, &root) in clusters.root.iter().enumerate() {
        let at = order[row] as usize;
        cluster[at] = order[root as usize];
        by[at] = match (size[root as usize] > 1, clusters.human[row]) {
            (false, _) => By::Alone,
            (true, false) => By::Model,
            (true, true) => By::Human,
        };
    }
    for pair in &pairs {
        if clusters.root[pair.left as usize] == clusters.root[pair.right as usize] {
            for row in [pair.left, pair.right] {
                weight[order[row as usize] as usize].get_or_insert(pair.weight);
            }
        }
    }
    for pair in pairs.iter_mut().chain(&mut review) {
        pair.left = order[pair.left as usize];
        pair.right = order[pair.right as usize];
    }
    (cluster, weight, by, review, pairs)
}

fn warnings(metrics: &Metrics) -> Vec<String> {
    let mut out = Vec::new();
    for rule in &metrics.rules {
        if rule.records == 0 && metrics.records > 0 {
            out.push(format!("rule `{}` has a key for no record", rule.rule));
        }
        if rule.skipped_blocks > 0 {
            out.push(format!(
                "rule `{}`: {} blocks over the limit with {} records were left out ({} pairs)",
                rule.rule, rule.skipped_blocks, rule.skipped_records, rule.skipped_pairs
            ));
        }
    }
    if metrics.review_dropped > 0 {
        out.push(format!("{} doubtful pairs are over the review limit", metrics.review_dropped));
    }
    out
}
