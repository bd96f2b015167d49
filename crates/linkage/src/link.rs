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

use crate::batch::Worker;
use crate::block::{Blocks, Chunk, Desk, RuleReport};
use crate::candidates::Candidates;
use crate::cluster::{self, ClusterReport, Decision, Facts};
use crate::compare::{Plan, list};
use crate::error::LinkError;
use crate::explain::{self, Report, Weighing};
use crate::expr::Expr;
use crate::ids::{Ids, Ranks};
use crate::load::Loader;
use crate::model::{Model, Rule};
use crate::score::Scorer;
use crate::spill::Memory;
use crate::sql::{Scalar, Side};
use crate::table::{Layout, Operand, Table};
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
    /// Most pairs given to humans; the strongest are kept, the rest is counted in the metrics. With 0, and
    /// without constraints or decisions, pairs are not sorted.
    pub review_limit: usize,
    /// Sources with at most one record of a person, besides those named in the model.
    pub unique_sources: Vec<String>,
    /// Sources that attest the constrained value by themselves, besides those named in the model.
    pub confirming_sources: Vec<String>,
    /// Whether figures to judge the model by are made: [`Metrics::report`].
    pub report: bool,
    /// How much memory the run may take, where it may not take all; the result does not depend on it.
    pub memory: Option<Memory>,
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
            report: false,
            memory: None,
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
    /// The id of each row.
    pub ids: Ids,
    /// The source of each row, as a number, and the sources' names.
    pub sources: (Vec<u32>, Vec<String>),
    /// For each row, the row of the record with the smallest id in its cluster.
    pub cluster: Vec<u32>,
    /// For each row, the weight of its strongest pair within its cluster.
    pub weight: Vec<Option<f32>>,
    /// For each row, who joined it.
    pub by: Vec<By>,
    /// Doubtful pairs for a human, strongest first: at most one between any two clusters.
    pub review: Vec<Pair>,
    /// All pairs from the review weight on, strongest first where they are sorted, whether joined or not.
    pub pairs: Vec<Pair>,
    /// The rule that yields each of `pairs`; nothing where they are sorted.
    pub rules: Vec<u8>,
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
    /// Parts that each rule's records were worked on in because memory was short; 0 for a run in memory.
    pub parts: u64,
    /// Pairs compared for scoring.
    pub pairs: u64,
    /// Similarities of texts that were remembered from an earlier pair while scoring.
    pub memo_hits: u64,
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
    /// Figures to judge the model by, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
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
    let since = Instant::now();
    let run = || {
        if let Some(listener) = options.progress {
            listener("load", 0, 0);
        }
        let mut loader = Loader::with(model, input.iter().all(|batch| batch.num_columns() == 0));
        input.iter().try_for_each(|batch| loader.push(batch, None))?;
        run(loader, model, decisions, options, since)
    };
    in_pool(options.threads, run)
}

/// The same for records that were loaded batch by batch.
///
/// # Errors
/// When the model cannot be used on these columns; nothing is done then.
pub fn link_loaded(
    loader: Loader,
    model: &Model,
    decisions: &[Decision],
    options: &Options,
) -> Result<Linked, LinkError> {
    in_pool(options.threads, || run(loader, model, decisions, options, Instant::now()))
}

fn in_pool(
    threads: usize,
    run: impl FnOnce() -> Result<Linked, LinkError> + Send,
) -> Result<Linked, LinkError> {
    if threads == 0 {
        return run();
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| LinkError::Threads { threads, message: error.to_string() })?;
    pool.install(run)
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
    loader: Loader,
    model: &Model,
    decisions: &[Decision],
    options: &Options,
    since: Instant,
) -> Result<Linked, LinkError> {
    let mut watch = Watch { since, seconds: Vec::new(), progress: options.progress };
    let mut metrics = Metrics::default();
    let training = options.train.then_some(model.training.as_ref()).flatten();
    metrics.warnings = model.warnings();
    metrics.warnings.extend(untrained(model, training.is_some())?);
    watch.tell("prepare", 0, 0);
    let (mut layout, ids) = loader.finish()?;
    if layout.ids.len() > 0 {
        let unknown = |column: &String| format!("column `{column}` has no value in any record");
        metrics.warnings.extend(layout.empty.iter().map(unknown));
    }
    if layout.ids.len() > i32::MAX as usize && model.blocking.iter().any(|rule| rule.right.is_some()) {
        return Err(LinkError::TooManyRecords(layout.ids.len()));
    }
    layout.prepare()?;
    let plan = Plan::compile(model, &mut layout)?;
    let frequencies = Scorer::operands(model, &mut layout)?;
    let constrained = constrained(model, &mut layout)?;
    watch.lap("prepare");

    watch.tell("block", 0, 0);
    let (rules, views) = all_rules(model, training);
    layout.forget(&rules);
    let (mut table, mut candidates) =
        Candidates::build(layout, rules, views, model, options.memory.as_ref())?;
    metrics.parts = candidates.parts() as u64;
    metrics.records = table.len() as u64;
    metrics.warnings.extend(options.memory.as_ref().and_then(|memory| memory.too_small(metrics.records)));
    watch.lap("block");

    let mut trained = model.clone();
    let mut remembered = Vec::new();
    if let Some(training) = training
        && table.len() >= training.min_records.max(2)
    {
        watch.tell("train", 0, 0);
        let seed = training.seed.unwrap_or(options.seed);
        let mut report = TrainingReport::default();
        remembered = learn(&mut trained, &plan, &mut table, &mut candidates, seed, &mut report)?;
        metrics.training = Some(report);
        let unseen =
            |level: &String| format!("no pair of the training has {level}: the level weighs nothing");
        metrics.warnings.extend(trained.untrained().iter().map(unseen));
        watch.lap("train");
    }

    let least = least_odds(model);
    let scorer =
        Scorer::new(&trained, &frequencies).with_patterns(&trained).with_least(least, &trained, &table);
    let weighing = Weighing { model: &trained, plan: &plan, table: &table, scorer: &scorer };
    let (mut pairs, mut rules, per_rule, memo_hits) = score(&mut candidates, weighing, &remembered, &watch)?;
    drop(remembered);
    let ordered = options.review_limit > 0 || !decisions.is_empty() || constrains(model, options);
    if ordered {
        // Ids are unique and rows stand in their order: no two pairs are equal, and the order does not depend
        // on threads.
        pairs.par_sort_unstable_by(|a, b| {
            b.weight.total_cmp(&a.weight).then(a.left.cmp(&b.left)).then(a.right.cmp(&b.right))
        });
        rules = Vec::new();
    }
    metrics.memo_hits = memo_hits;
    metrics.rules = candidates.reports()[..model.blocking.len()].to_vec();
    for (report, pairs) in metrics.rules.iter_mut().zip(per_rule) {
        report.pairs = pairs;
        metrics.pairs += pairs;
    }
    let attestable = constrained.map(|operand| values_of(&candidates, &table, operand)).transpose()?;
    if options.report {
        metrics.report = Some(explain::report(weighing, &candidates, &pairs)?);
    }
    drop(candidates);
    let is_strong = |pair: &Pair| f64::from(pair.weight) >= model.match_weight;
    let some: Vec<Pair>;
    let strong: &[Pair] = if ordered {
        &pairs[..pairs.partition_point(is_strong)]
    } else {
        some = pairs.iter().copied().filter(is_strong).collect();
        &some
    };
    metrics.strong = strong.len() as u64;
    watch.lap("score");

    watch.tell("cluster", 0, 0);
    let facts = facts(&table, attestable.as_deref(), strong, model, options)?;
    table.forget_records();
    let clusters = cluster::cluster(strong, facts, &table.ids, decisions);
    metrics.cluster = clusters.report.clone();
    watch.lap("cluster");

    let (review, dropped) = if options.review_limit > 0 {
        review(&pairs, &clusters.root, &table.ids, decisions, options.review_limit)
    } else {
        (Vec::new(), 0)
    };
    metrics.review = review.len() as u64;
    metrics.review_dropped = dropped;
    let warnings = warnings(&metrics);
    metrics.warnings.extend(warnings);
    let linked = in_input_rows(&table.order, &clusters, pairs, review);
    watch.lap("review");
    metrics.seconds = watch.seconds;
    let (cluster, weight, by, review, pairs) = linked;
    let mut sources = (vec![0; table.len()], table.source_names);
    table.order.iter().zip(&table.sources).for_each(|(row, source)| sources.0[*row as usize] = *source);
    Ok(Linked { ids, sources, cluster, weight, by, review, pairs, rules, trained, metrics })
}

/// Whether anything but the weights decides what is joined.
fn constrains(model: &Model, options: &Options) -> bool {
    let constraints = &model.constraints;
    constraints.one_value.is_some()
        || !constraints.unique_sources.is_empty()
        || !options.unique_sources.is_empty()
}

/// A model without a single number cannot weigh anything; single gaps weigh nothing and are told.
fn untrained(model: &Model, trains: bool) -> Result<Vec<String>, LinkError> {
    if trains {
        return Ok(Vec::new());
    }
    let missing = model.untrained();
    let levels: usize =
        model.comparisons.iter().flat_map(|c| &c.levels).filter(|level| !level.is_null).count();
    if missing.len() == levels {
        return Err(LinkError::Untrained("any level".into()));
    }
    Ok(missing.iter().map(|level| format!("no m or u for {level}: the level weighs nothing")).collect())
}

/// The rules of predicting and of training, each once, and the lists of them that pairs are made of: first
/// for predicting, then for the prior, then one for each session of expectation-maximisation.
fn all_rules(model: &Model, training: Option<&crate::Training>) -> (Vec<Rule>, Vec<Vec<usize>>) {
    let mut rules = model.blocking.clone();
    let mut views = vec![(0..rules.len()).collect()];
    let mut place = |rule: &Rule| {
        let same =
            |known: &Rule| known.keys == rule.keys && known.right == rule.right && known.rest == rule.rest;
        rules.iter().position(same).unwrap_or_else(|| {
            rules.push(rule.clone());
            rules.len() - 1
        })
    };
    if let Some(training) = training {
        views.push(training.deterministic.iter().map(&mut place).collect());
        views.extend(training.em.iter().map(|rule| vec![place(rule)]));
    }
    (rules, views)
}

fn constrained(model: &Model, layout: &mut Layout) -> Result<Option<Operand>, LinkError> {
    let Some(name) = &model.constraints.one_value else { return Ok(None) };
    let scalar = Scalar::Column { side: Side::Left, name: name.clone() };
    let (_, expr) = layout.expr(&scalar).unwrap_or((Side::Left, Expr::base(name)));
    Ok(Some(layout.operand(&expr)?))
}

/// Trains; gives back the patterns of predicted pairs that were compared on the way, unit by unit.
fn learn(
    model: &mut Model,
    plan: &Plan,
    table: &mut Table,
    candidates: &mut Candidates,
    seed: u64,
    report: &mut TrainingReport,
) -> Result<train::Remembered, LinkError> {
    let Some(how) = model.training.clone() else { return Ok(Vec::new()) };
    train::prior(model, (candidates, 1), table, how.recall, report)?;
    match candidates {
        Candidates::Held(_) => train::u(model, plan, table, how.u_pairs, seed, report),
        Candidates::Spilled(spill) => {
            let rows = train::rows_for_u(table.len(), seed);
            let mut sample = spill.sample(&rows, table.len())?;
            table.swap_facts(&mut sample);
            train::u(model, plan, &sample, how.u_pairs, seed, report);
            table.swap_facts(&mut sample);
        }
    }
    let sessions = train::m(model, plan, table, &how.em, (candidates, 2), report)?;
    if model.others.is_empty() {
        // A session on the first rule compares exactly the pairs that predicting will begin with.
        let first = how.em.iter().zip(sessions).find(|(rule, _)| rule.keys == model.blocking[0].keys);
        return Ok(first
            .filter(|_| model.blocking[0].rest.is_empty())
            .map(|(_, session)| session)
            .unwrap_or_default());
    }
    let (counted, remembered) = train::count_patterns(candidates, 0, model, plan, table)?;
    train::others(model, &counted, table, report);
    Ok(remembered)
}

/// Scores every pair and keeps those from `lowest` on, with the rule of each; also how many pairs each rule
/// yields.
fn score(
    candidates: &mut Candidates,
    weighing: Weighing,
    remembered: &[Vec<u32>],
    watch: &Watch,
) -> Result<Scored, LinkError> {
    let (mut pairs, mut rules) = (Vec::new(), Vec::new());
    let (mut per_rule, mut hits) = (vec![0; weighing.model.blocking.len()], 0);
    let mut gather = |scored: Vec<Kept>| {
        pairs.reserve(scored.iter().flatten().map(|(_, _, kept)| kept.len()).sum());
        for (rule, count, kept) in scored.into_iter().flatten() {
            per_rule[rule] += count;
            rules.resize(rules.len() + kept.len(), rule as u8);
            pairs.extend(kept);
        }
    };
    let (is_whole, mut whole) = (candidates.parts() == 0, Vec::new());
    candidates.each_part(0, weighing.table, |blocks, view, table| {
        let (scored, own) = score_part((blocks, view), Weighing { table, ..weighing }, remembered, watch);
        hits += own;
        if is_whole {
            whole = scored;
        } else {
            gather(scored);
        }
    })?;
    candidates.release();
    gather(whole);
    Ok((pairs, rules, per_rule, hits))
}

/// Pairs, the rule of each, how many pairs each rule yields, and how often a similarity was remembered.
type Scored = (Vec<Pair>, Vec<u8>, Vec<u64>, u64);

/// Of each unit of work: its rule, how many pairs it yields, and those that are kept.
type Kept = Vec<(usize, u64, Vec<Pair>)>;

/// Odds below which no pair is kept; what lies just above is weighed exactly.
fn least_odds(model: &Model) -> f64 {
    model.review_weight.exp2() * 0.999
}

fn score_part(
    (blocks, view): (&Blocks, usize),
    Weighing { model, plan, table, scorer }: Weighing,
    remembered: &[Vec<u32>],
    watch: &Watch,
) -> (Vec<Kept>, u64) {
    let (lowest, least) = (model.review_weight, least_odds(model));
    let (done, hits) = (AtomicU64::new(0), AtomicU64::new(0));
    let chunks = blocks.chunks(view);
    let total = chunks.len() as u64;
    // Few pieces of work: each has a memory of its own.
    let piece = chunks.len().div_ceil(rayon::current_num_threads() * 8).max(1);
    let scored = chunks
        .par_chunks(piece)
        .enumerate()
        .map(|(at, chunks)| {
            let (mut worker, mut desk, mut near) = (Worker::new(plan), Desk::default(), Vec::new());
            let one = |(offset, chunk): (usize, &Chunk)| {
                let (mut count, mut kept) = (0usize, Vec::new());
                let known = remembered.get(at * piece + offset);
                blocks.visit((view, chunk), table, &mut desk, |lot| {
                    match known.and_then(|known| known.get(count..count + lot.len())) {
                        Some(known) => known.clone_into(&mut worker.patterns),
                        None => worker.compare_lot(plan, table, lot),
                    }
                    count += lot.len();
                    // First those that may be kept, without a branch; then those in turn.
                    list(&mut near, worker.patterns.len(), |at| !scorer.is_below(worker.patterns[at]));
                    for &pair in &near {
                        let (pair, pattern) = (pair as usize, worker.patterns[pair as usize]);
                        let odds = scorer.odds(table, lot.records(pair), plan, pattern);
                        // No logarithm is taken for those that are far below.
                        if odds < least {
                            continue;
                        }
                        let weight = odds.log2() as f32;
                        if f64::from(weight) >= lowest {
                            let (left, right) = lot.places(pair);
                            let (left, right) = (table.places.row(left), table.places.row(right));
                            kept.push(Pair { left, right, weight, pattern });
                        }
                    }
                });
                watch.tell("score", done.fetch_add(1, Ordering::Relaxed) + 1, total);
                kept.shrink_to_fit();
                (chunk.rule(), count as u64, kept)
            };
            let done = chunks.iter().enumerate().map(one).collect();
            hits.fetch_add(worker.memo_hits(), Ordering::Relaxed);
            done
        })
        .collect();
    (scored, hits.into_inner())
}

/// The value of the constrained column of each row.
fn values_of(candidates: &Candidates, table: &Table, operand: Operand) -> Result<Vec<u64>, LinkError> {
    let mut values = Vec::with_capacity(table.len());
    match candidates {
        Candidates::Spilled(spill) => spill.each_record(|record| values.push(operand.read(record)))?,
        Candidates::Held(_) => {
            values.extend((0..table.len() as u32).map(|row| operand.read(table.record(row))));
        }
    }
    Ok(values)
}

/// Which values are attested and which records are of a unique source.
fn facts(
    table: &Table,
    attestable: Option<&[u64]>,
    strong: &[Pair],
    model: &Model,
    options: &Options,
) -> Result<Facts, LinkError> {
    if !constrains(model, options) {
        return Ok(Facts::default());
    }
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
    if let Some(attestable) = attestable {
        let read = |row: u32| attestable[row as usize];
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
    ids: &Ranks,
    decisions: &[Decision],
    limit: usize,
) -> (Vec<Pair>, u64) {
    let mut seen = rustc_hash::FxHashSet::default();
    for decision in decisions.iter().filter(|decision| !decision.same) {
        if let (Some(a), Some(b)) = (ids.place(decision.left), ids.place(decision.right)) {
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
                let strongest = &mut weight[order[row as usize] as usize];
                *strongest = Some(strongest.map_or(pair.weight, |known: f32| known.max(pair.weight)));
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
