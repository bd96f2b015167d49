//! Learning a model's numbers from unlabelled records: the prior, u, m, and the further classes.
//!
//! In: records and blocks. Out: a trained model and how it went. Everything is counted in whole numbers and
//! summed in a fixed order, so the result does not depend on threads. Equality levels get their exact u from
//! the frequencies of values; the others from seeded random pairs.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::batch::{Batch, Worker};
use crate::block::{Blocks, Desk};
use crate::candidates::Candidates;
use crate::compare::{MOST_COMPARISONS, Plan};
use crate::dictionary::mix;
use crate::error::LinkError;
use crate::expr::Expr;
use crate::model::{Comparison, Level, LinkType, Model, Rule};
use crate::sql::Scalar;
use crate::table::{Operand, Table};

/// What training found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TrainingReport {
    /// Pairs that a deterministic rule yields.
    pub deterministic_pairs: u64,
    /// The prior.
    pub prior: f64,
    /// Random pairs looked at for u.
    pub random_pairs: u64,
    /// One entry for each blocking rule of expectation-maximisation.
    pub sessions: Vec<Session>,
    /// The further classes and their share of the candidate pairs.
    pub others: Vec<(String, f64)>,
}

/// One run of expectation-maximisation.
#[derive(Debug, Clone, Serialize)]
pub struct Session {
    /// On which pairs.
    pub rule: String,
    /// How many.
    pub pairs: u64,
    /// Different patterns among them.
    pub patterns: usize,
    /// Rounds until it stood still, or the limit.
    pub iterations: usize,
    /// Whether it stood still.
    pub converged: bool,
    /// The share of matches among the pairs.
    pub share: f64,
}

/// A pattern's levels and how many pairs have it.
pub(crate) type Counted = Vec<([u8; MOST_COMPARISONS], f64)>;

/// Patterns are counted in a table when there are no more than this.
const MOST_IN_TABLE: u64 = 1 << 20;

/// Patterns of pairs that were compared in training, by unit of work: scoring need not compare them again.
pub(crate) type Remembered = Vec<Vec<u32>>;

/// More pairs than this are not remembered.
const MOST_REMEMBERED: u64 = 1 << 24;

/// Counts the patterns of all pairs of a view, in the order of the patterns' numbers.
pub(crate) fn count_patterns(
    candidates: &mut Candidates,
    view: usize,
    model: &Model,
    plan: &Plan,
    table: &Table,
) -> Result<(Counted, Remembered), LinkError> {
    let in_memory = candidates.parts() == 0;
    let (mut sums, mut remembered) = (FxHashMap::<u32, u64>::default(), Vec::new());
    candidates.each_part(view, table, |blocks, view, table| {
        let counted = if model.patterns() <= MOST_IN_TABLE {
            let remembers = in_memory && blocks.pairs_of(view) <= MOST_REMEMBERED;
            let (counted, own) =
                count_in_table(blocks, view, model.patterns() as usize, plan, table, remembers);
            remembered = own;
            counted
        } else {
            count_in_map(blocks, view, plan, table)
        };
        for (pattern, count) in counted {
            *sums.entry(pattern).or_default() += count;
        }
    })?;
    let mut sums: Vec<(u32, u64)> = sums.into_iter().collect();
    sums.sort_unstable_by_key(|(pattern, _)| *pattern);
    let levels = |pattern: u32| {
        let mut at = [0u8; MOST_COMPARISONS];
        for (at, level) in at.iter_mut().zip(model.levels_of(pattern)) {
            *at = level as u8;
        }
        at
    };
    let counted = sums.into_iter().map(|(pattern, count)| (levels(pattern), count as f64)).collect();
    Ok((counted, remembered))
}

fn count_in_table(
    blocks: &Blocks,
    view: usize,
    patterns: usize,
    plan: &Plan,
    table: &Table,
    remembers: bool,
) -> (Vec<(u32, u64)>, Remembered) {
    // Few pieces of work: each needs a table of its own.
    let pieces = rayon::current_num_threads() * 4;
    let chunks = blocks.chunks(view);
    let counted: Vec<(Vec<u32>, Remembered)> = chunks
        .par_chunks(chunks.len().div_ceil(pieces).max(1))
        .map(|chunks| {
            let mut counts = vec![0u32; patterns];
            let (mut worker, mut desk) = (Worker::new(plan), Desk::default());
            let remembered = chunks.iter().map(|chunk| {
                let mut own = Vec::new();
                blocks.visit((view, chunk), table, &mut desk, |lot| {
                    worker.compare_lot(plan, table, lot);
                    for &pattern in &worker.patterns {
                        counts[pattern as usize] += 1;
                    }
                    if remembers {
                        own.extend_from_slice(&worker.patterns);
                    }
                });
                own.shrink_to_fit();
                own
            });
            let remembered = remembered.collect();
            (counts, remembered)
        })
        .collect();
    let mut sums = vec![0u64; patterns];
    let mut all = Vec::with_capacity(chunks.len());
    for (counts, remembered) in counted {
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += u64::from(count));
        all.extend(remembered);
    }
    let seen = sums.into_iter().enumerate().filter(|(_, count)| *count > 0);
    let seen = seen.map(|(pattern, count)| (pattern as u32, count)).collect();
    (seen, if remembers { all } else { Vec::new() })
}

fn count_in_map(blocks: &Blocks, view: usize, plan: &Plan, table: &Table) -> Vec<(u32, u64)> {
    let counts = blocks
        .chunks(view)
        .par_iter()
        .fold(
            || (FxHashMap::<u32, u64>::default(), Worker::new(plan), Desk::default()),
            |(mut counts, mut worker, mut desk), chunk| {
                blocks.visit((view, chunk), table, &mut desk, |lot| {
                    worker.compare_lot(plan, table, lot);
                    for &pattern in &worker.patterns {
                        *counts.entry(pattern).or_default() += 1;
                    }
                });
                (counts, worker, desk)
            },
        )
        .map(|(counts, ..)| counts)
        .reduce(FxHashMap::default, |mut all, some| {
            for (pattern, count) in some {
                *all.entry(pattern).or_default() += count;
            }
            all
        });
    counts.into_iter().collect()
}

/// How many pairs the rules of a view yield.
fn count_pairs(candidates: &mut Candidates, view: usize, table: &Table) -> Result<u64, LinkError> {
    let mut all = 0;
    candidates.each_part(view, table, |blocks, view, table| {
        let count = |desk: &mut Desk, chunk| {
            let mut count = 0u64;
            blocks.visit((view, chunk), table, desk, |lot| count += lot.len() as u64);
            count
        };
        all += blocks.chunks(view).par_iter().map_init(Desk::to_count, count).sum::<u64>();
    })?;
    Ok(all)
}

/// How many pairs of records there are to look at.
fn all_pairs(model: &Model, table: &Table) -> f64 {
    let pairs = |count: f64| count * (count - 1.0) / 2.0;
    let all = pairs(table.len() as f64);
    if model.link_type != LinkType::LinkOnly {
        return all;
    }
    let mut counts = vec![0u64; table.source_names.len()];
    table.sources.iter().for_each(|source| counts[*source as usize] += 1);
    all - counts.iter().map(|count| pairs(*count as f64)).sum::<f64>()
}

/// Where a draw falls among so many.
fn pick(number: u64, seed: u64, count: u64) -> u32 {
    ((u128::from(mix(seed ^ mix(number))) * u128::from(count)) >> 64) as u32
}

/// Records that random pairs are drawn from: few enough to stay near the processor, and many times those that the
/// peer draws its pairs from, so that what they are alike in by chance is lost among the pairs.
const MOST_DRAWN: usize = 1 << 15;

/// These records' rows: all where there are not too many.
fn drawn(rows: usize, seed: u64) -> Vec<u32> {
    /// Draws of records are not those of pairs.
    const RECORDS: u64 = 1 << 63;
    if rows <= MOST_DRAWN {
        return (0..rows as u32).collect();
    }
    (0..MOST_DRAWN as u64).map(|number| pick(RECORDS | number, seed, rows as u64)).collect()
}

/// The rows that u is estimated on, ascending.
pub(crate) fn rows_for_u(rows: usize, seed: u64) -> Vec<u32> {
    let mut all: Vec<u32> = drawn(rows, seed).into_iter().chain(rows_for_exact_u(rows)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn rows_for_exact_u(rows: usize) -> impl Iterator<Item = u32> {
    (0..rows as u32).step_by(rows.div_ceil(MOST_COUNTED).max(1))
}

/// Levels of `pairs` random pairs, drawn with `seed`: for each comparison, how often each level held.
pub(crate) fn sample_levels(
    model: &Model,
    plan: &Plan,
    table: &Table,
    pairs: u64,
    seed: u64,
) -> Vec<Vec<u64>> {
    const CHUNK: u64 = 1 << 14;
    let empty = || -> Vec<Vec<u64>> { model.comparisons.iter().map(|c| vec![0; c.levels.len()]).collect() };
    if table.len() < 2 {
        return empty();
    }
    let across = model.link_type == LinkType::LinkOnly;
    let drawn = drawn(table.len(), seed);
    let pick = |number: u64| drawn[pick(number, seed, drawn.len() as u64) as usize];
    (0..pairs.div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| {
            let (mut batch, mut worker) = (Batch::new(table.stride()), Worker::new(plan));
            let mut counts = empty();
            let mut count = |batch: &mut Batch| {
                batch.fill(table);
                worker.compare(plan, table, &*batch);
                for &pattern in &worker.patterns {
                    for (counts, level) in counts.iter_mut().zip(model.levels_of(pattern)) {
                        counts[level] += 1;
                    }
                }
            };
            for draw in chunk * CHUNK..((chunk + 1) * CHUNK).min(pairs) {
                let (a, b) = (pick(2 * draw), pick(2 * draw + 1));
                if a == b || (across && table.sources[a as usize] == table.sources[b as usize]) {
                    continue;
                }
                let both = [a.min(b), a.max(b)].map(|row| table.places.place(row));
                let left = batch.take(&both);
                batch.push(left, left + 1);
                if batch.is_full() {
                    count(&mut batch);
                    batch.clear();
                }
            }
            count(&mut batch);
            counts
        })
        .reduce(empty, |mut all, some| {
            for (all, some) in all.iter_mut().zip(some) {
                all.iter_mut().zip(some).for_each(|(all, some)| *all += some);
            }
            all
        })
}

/// u of every level from the sample; a level never seen gets half a pair.
pub(crate) fn set_u(model: &mut Model, sample: &[Vec<u64>]) {
    for (comparison, counts) in model.comparisons.iter_mut().zip(sample) {
        let known: u64 =
            comparison.levels.iter().zip(counts).filter(|(level, _)| !level.is_null).map(|(_, n)| *n).sum();
        for (level, &count) in comparison.levels.iter_mut().zip(counts) {
            if !level.is_null && !level.fix_u {
                level.u = (count as f64 + 0.5) / (known as f64 + 1.0);
            }
        }
    }
}

/// Probabilities of one class: by comparison, by level.
pub(crate) type Probabilities = Vec<Vec<f64>>;

/// Where expectation-maximisation begins when the file has no number: agreement is usual, each lesser degree
/// rarer.
pub(crate) fn starting_m(model: &Model) -> Probabilities {
    model
        .comparisons
        .iter()
        .map(|comparison| {
            let known = comparison.levels.iter().filter(|level| !level.is_null).count();
            let mut rank = 0;
            comparison
                .levels
                .iter()
                .map(|level| {
                    if level.is_null {
                        return 0.0;
                    }
                    rank += 1;
                    if known == 1 {
                        1.0
                    } else if rank == 1 {
                        0.9
                    } else {
                        0.1 / (known - 1) as f64
                    }
                })
                .collect()
        })
        .collect()
}

/// What the numbers in the file count for, in pairs: a few records cannot overturn what many have taught.
const FILE_PAIRS: f64 = 200.0;

/// A class in a mixture: how many pairs and its probabilities.
pub(crate) struct Class {
    pub(crate) size: f64,
    pub(crate) of: Probabilities,
    /// What was believed before, and for how many pairs it counts; nothing when the probabilities are not to
    /// be estimated.
    pub(crate) believed: Option<(Probabilities, f64)>,
}

impl Class {
    fn fixed(size: f64, of: Probabilities) -> Self {
        Self { size, of, believed: None }
    }

    /// Starts from the file's numbers and holds on to them a little, or from `start` and holds on to nothing.
    fn free(size: f64, file: Option<Probabilities>, start: Probabilities) -> Self {
        match file {
            Some(of) => Self { size, of: of.clone(), believed: Some((of, FILE_PAIRS)) },
            None => Self { size, of: start.clone(), believed: Some((start, 0.0)) },
        }
    }
}

/// The file's numbers of one class, if it has them all.
fn in_file(model: &Model, get: impl Fn(&Level) -> f64) -> Option<Probabilities> {
    let of: Probabilities = model
        .comparisons
        .iter()
        .map(|c| c.levels.iter().map(|level| if level.is_null { 1.0 } else { get(level) }).collect())
        .collect();
    of.iter().flatten().all(|p| p.is_finite()).then_some(of)
}

/// Expectation-maximisation of a mixture of classes over counted patterns. Comparisons in `skip` are not
/// looked at. `besides` is what a class that is fixed in size and probabilities takes of each pattern.
/// Returns rounds used and whether it stood still.
pub(crate) fn expectation_maximisation(
    model: &Model,
    counted: &Counted,
    skip: &[bool],
    classes: &mut [Class],
    besides: Option<&[f64]>,
    rounds: usize,
) -> (usize, bool) {
    let total: f64 = counted.iter().map(|(_, count)| count).sum();
    if total == 0.0 {
        return (0, false);
    }
    let zeros: Probabilities = model.comparisons.iter().map(|c| vec![0.0; c.levels.len()]).collect();
    for round in 1..=rounds {
        let mut sums: Vec<Probabilities> = classes.iter().map(|_| zeros.clone()).collect();
        let mut sizes = vec![0.0; classes.len()];
        let mut likely = vec![0.0; classes.len()];
        for (index, (levels, count)) in counted.iter().enumerate() {
            for (class, likely) in classes.iter().zip(&mut likely) {
                *likely = class.size * likelihood(model, class, levels, skip);
            }
            let all: f64 = likely.iter().sum::<f64>() + besides.map_or(0.0, |besides| besides[index]);
            if all <= 0.0 {
                continue;
            }
            for ((sum, size), likely) in sums.iter_mut().zip(&mut sizes).zip(&likely) {
                let part = count * likely / all;
                *size += part;
                for (sum, &level) in sum.iter_mut().zip(levels) {
                    sum[usize::from(level)] += part;
                }
            }
        }
        let mut moved: f64 = 0.0;
        for ((class, sums), size) in classes.iter_mut().zip(&sums).zip(&sizes) {
            moved = moved.max((class.size - size).abs() / total);
            class.size = *size;
            if class.believed.is_some() {
                moved = moved.max(update(model, class, sums, skip));
            }
        }
        if moved < model.em_convergence {
            return (round, true);
        }
    }
    (rounds, false)
}

fn likelihood(model: &Model, class: &Class, levels: &[u8; MOST_COMPARISONS], skip: &[bool]) -> f64 {
    let mut product = 1.0;
    for (index, comparison) in model.comparisons.iter().enumerate() {
        let level = usize::from(levels[index]);
        if !skip[index] && !comparison.levels[level].is_null {
            product *= class.of[index][level];
        }
    }
    product
}

/// The maximisation step of one class; how far its probabilities moved.
fn update(model: &Model, class: &mut Class, sums: &Probabilities, skip: &[bool]) -> f64 {
    let mut moved: f64 = 0.0;
    let Some((believed, strength)) = &class.believed else { return moved };
    for (index, comparison) in model.comparisons.iter().enumerate() {
        if skip[index] {
            continue;
        }
        let known: f64 = comparison
            .levels
            .iter()
            .zip(&sums[index])
            .filter(|(level, _)| !level.is_null)
            .map(|(_, n)| n)
            .sum();
        if known <= 0.0 {
            continue;
        }
        for (at, level) in comparison.levels.iter().enumerate() {
            if !level.is_null {
                let before = strength * believed[index][at];
                let new = ((sums[index][at] + before + 1e-6) / (known + strength + 1e-6)).max(1e-9);
                moved = moved.max((class.of[index][at] - new).abs());
                class.of[index][at] = new;
            }
        }
    }
    moved
}

/// The prior from the pairs that agree on a deterministic rule.
pub(crate) fn prior(
    model: &mut Model,
    (candidates, view): (&mut Candidates, usize),
    table: &Table,
    recall: f64,
    report: &mut TrainingReport,
) -> Result<(), LinkError> {
    let pairs = count_pairs(candidates, view, table)?;
    let all = all_pairs(model, table);
    if pairs > 0 && all > 0.0 {
        model.prior = (pairs as f64 / recall / all).clamp(1e-12, 0.5);
    }
    report.deterministic_pairs = pairs;
    report.prior = model.prior;
    Ok(())
}

/// u of all levels.
pub(crate) fn u(
    model: &mut Model,
    plan: &Plan,
    table: &Table,
    pairs: u64,
    seed: u64,
    report: &mut TrainingReport,
) {
    let sample = sample_levels(model, plan, table, pairs, seed);
    set_u(model, &sample);
    exact_u(model, plan, table);
    report.random_pairs = pairs;
}

/// Equality levels that are counted exactly in one comparison; more would need 2^n groupings.
const MOST_EXACT: usize = 3;
/// Records that frequencies are counted on.
const MOST_COUNTED: usize = 250_000;

/// The levels of plain equality at the head of a comparison: how many pairs agree, from how often each value
/// stands. A level below another counts only pairs that the ones above do not take, by inclusion and
/// exclusion.
fn exact_u(model: &mut Model, plan: &Plan, table: &Table) {
    // Counted in the order of memory; only lists are linked: then pairs within one list do not count.
    let mut places: Vec<u32> = rows_for_exact_u(table.len()).map(|row| table.places.place(row)).collect();
    places.sort_unstable();
    let mut within: Vec<Vec<u32>> = Vec::new();
    if model.link_type == LinkType::LinkOnly {
        within.resize(table.source_names.len(), Vec::new());
        for &place in &places {
            within[table.sources[table.places.row(place) as usize] as usize].push(place);
        }
    }
    let exact: Vec<Vec<f64>> = model
        .comparisons
        .par_iter()
        .enumerate()
        .map(|(index, _)| {
            let operands = plan.equalities(index);
            let operands = &operands[..operands.len().min(MOST_EXACT)];
            let Some(first) = operands.first() else { return Vec::new() };
            let known = |place: &&u32| first.read(table.record_at(**place)) != 0;
            let pairs = |count: usize| count as f64 * (count as f64 - 1.0) / 2.0;
            let all = pairs(places.iter().filter(known).count())
                - within.iter().map(|places| pairs(places.iter().filter(known).count())).sum::<f64>();
            if all < 1.0 {
                return Vec::new();
            }
            let agreement = |at: usize| {
                let own = |places: &[u32]| first_agreement(&operands[..=at], table, places);
                (own(&places) - within.iter().map(|places| own(places)).sum::<f64>()).max(0.0) / all
            };
            (0..operands.len()).map(agreement).collect()
        })
        .collect();
    for (comparison, exact) in model.comparisons.iter_mut().zip(exact) {
        let known = comparison.levels.iter_mut().filter(|level| !level.is_null);
        for (level, u) in known.zip(exact) {
            if !level.fix_u {
                level.u = u.max(1e-10);
            }
        }
    }
}

/// Pairs that agree on the last operand and on none of the others.
fn first_agreement(operands: &[Operand], table: &Table, places: &[u32]) -> f64 {
    let (last, above) = operands.split_at(operands.len() - 1);
    let mut sum = 0.0;
    for subset in 0..1u32 << last.len() {
        let chosen: Vec<Operand> =
            last.iter().enumerate().filter(|(bit, _)| subset >> bit & 1 == 1).map(|(_, o)| *o).collect();
        let sign = if subset.count_ones() % 2 == 0 { 1.0 } else { -1.0 };
        sum += sign * agreeing(&[&chosen, above].concat(), table, places);
    }
    sum.max(0.0)
}

/// Pairs that agree on all operands.
fn agreeing(operands: &[Operand], table: &Table, places: &[u32]) -> f64 {
    let value = |place: &u32| {
        let record = table.record_at(*place);
        operands.iter().try_fold(0u64, |hash, operand| match operand.read(record) {
            0 => None,
            value => Some(mix(hash ^ value)),
        })
    };
    let mut values: Vec<u64> = places.iter().filter_map(value).collect();
    values.sort_unstable();
    values.chunk_by(|a, b| a == b).map(|run| run.len() as f64).map(|n| n * (n - 1.0) / 2.0).sum()
}

/// m by expectation-maximisation on each rule's pairs, averaged over the rules. A comparison that looks at a
/// column of the rule is left out of that rule's session: among those pairs it always agrees.
pub(crate) fn m(
    model: &mut Model,
    plan: &Plan,
    table: &Table,
    rules: &[Rule],
    (candidates, first_view): (&mut Candidates, usize),
    report: &mut TrainingReport,
) -> Result<Vec<Remembered>, LinkError> {
    let mut remembered_all = Vec::with_capacity(rules.len());
    let mut sums: Vec<Vec<(f64, u32)>> =
        model.comparisons.iter().map(|c| vec![(0.0, 0); c.levels.len()]).collect();
    for (at, rule) in rules.iter().enumerate() {
        let columns = columns_of_rule(rule, model);
        let skip: Vec<bool> = model
            .comparisons
            .iter()
            .map(|c| columns_of_comparison(c, model).iter().any(|x| columns.contains(x)))
            .collect();
        let (counted, remembered) = count_patterns(candidates, first_view + at, model, plan, table)?;
        remembered_all.push(remembered);
        let all: f64 = counted.iter().map(|(_, count)| count).sum();
        let strangers = model.comparisons.iter().map(|c| c.levels.iter().map(|l| l.u).collect()).collect();
        let mut classes = [
            Class::free(all / 2.0, in_file(model, |level| level.m), starting_m(model)),
            Class::fixed(all / 2.0, strangers),
        ];
        let (iterations, converged) =
            expectation_maximisation(model, &counted, &skip, &mut classes, None, model.max_iterations);
        report.sessions.push(Session {
            rule: rule.sql.clone(),
            pairs: counted.iter().map(|(_, n)| *n as u64).sum(),
            patterns: counted.len(),
            iterations,
            converged,
            share: classes[0].size / all.max(1.0),
        });
        if counted.is_empty() {
            continue;
        }
        for (index, sums) in sums.iter_mut().enumerate().filter(|(index, _)| !skip[*index]) {
            for (sum, m) in sums.iter_mut().zip(&classes[0].of[index]) {
                *sum = (sum.0 + m, sum.1 + 1);
            }
        }
    }
    let start = starting_m(model);
    for (index, comparison) in model.comparisons.iter_mut().enumerate() {
        for (at, level) in comparison.levels.iter_mut().enumerate() {
            let (sum, count) = sums[index][at];
            if level.is_null || (level.fix_m && level.m.is_finite()) {
                continue;
            }
            if count > 0 {
                level.m = sum / f64::from(count);
            } else if !level.m.is_finite() {
                level.m = start[index][at];
            }
        }
    }
    Ok(remembered_all)
}

/// The further classes, on the patterns of all candidate pairs. What a stranger or the person itself looks
/// like stays as it is, and so does the number of strangers that can be expected with each pattern; only the
/// sizes of the other classes and what their pairs look like are free. That keeps the mixture from running
/// away, which it does when everything is free.
pub(crate) fn others(model: &mut Model, counted: &Counted, table: &Table, report: &mut TrainingReport) {
    let all = all_pairs(model, table);
    let of = |get: &dyn Fn(&Level) -> f64| -> Probabilities {
        model.comparisons.iter().map(|c| c.levels.iter().map(get).collect()).collect()
    };
    let (m, u) = (of(&|level| level.m), of(&|level| level.u));
    let nothing = vec![false; model.comparisons.len()];
    let strangers = Class::fixed(all, u.clone());
    let expected: Vec<f64> =
        counted.iter().map(|(levels, _)| all * likelihood(model, &strangers, levels, &nothing)).collect();
    let matches = model.prior * all;
    let mut classes = vec![Class::fixed(matches, m.clone())];
    for (number, other) in model.others.iter().enumerate() {
        let start = |(index, comparison): (usize, &Comparison)| {
            if other.shared.contains(&comparison.name) { m[index].clone() } else { u[index].clone() }
        };
        let start = model.comparisons.iter().enumerate().map(start).collect();
        classes.push(Class::free(matches / 20.0, in_file(model, |level| level.others[number]), start));
    }
    let rounds = model.max_iterations.max(MOST_ROUNDS_OF_OTHERS);
    expectation_maximisation(model, counted, &nothing, &mut classes, Some(&expected), rounds);
    let total: f64 = counted.iter().map(|(_, count)| count).sum();
    model.prior = (classes[0].size / all).clamp(1e-12, 0.5);
    for (number, (other, class)) in model.others.iter_mut().zip(&classes[1..]).enumerate() {
        other.prior = class.size / all;
        report.others.push((other.name.clone(), class.size / total.max(1.0)));
        for (comparison, of) in model.comparisons.iter_mut().zip(&class.of) {
            for (level, p) in comparison.levels.iter_mut().zip(of) {
                level.others[number] = if level.is_null { 1.0 } else { *p };
            }
        }
    }
}

/// The further classes lie close to one another and need more rounds than m does.
const MOST_ROUNDS_OF_OTHERS: usize = 80;

fn columns_of_rule(rule: &Rule, model: &Model) -> Vec<String> {
    let mut out = Vec::new();
    for key in rule.keys.iter().chain(rule.right.iter().flatten()) {
        key.each_column(&mut |side, name| {
            let column = Scalar::Column { side, name: name.to_owned() };
            out.extend(Expr::of(&column, &model.prepare).ok().map(|(_, expr)| expr.column));
        });
    }
    out
}

fn columns_of_comparison(comparison: &Comparison, model: &Model) -> Vec<String> {
    let mut out = Vec::new();
    for level in &comparison.levels {
        level.condition.each_scalar(&mut |scalar| {
            scalar.each_column(&mut |side, name| {
                let column = Scalar::Column { side, name: name.to_owned() };
                out.extend(Expr::of(&column, &model.prepare).ok().map(|(_, expr)| expr.column));
            });
        });
    }
    out
}
