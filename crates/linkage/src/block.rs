//! Candidate pairs out of sorted blocks, in a stream: no list of pairs is ever kept.
//!
//! In: the hashes of all records under a list of rules. Out: each pair once, at the first rule that yields
//! it, the record with the smaller id left. A block with more records than the limit yields nothing and is
//! reported: never silently quadratic, never silently cut.

use rayon::prelude::*;
use serde::Serialize;

use crate::table::Keys;

/// Pairs in one unit of work.
const CHUNK_PAIRS: u64 = 1 << 16;

/// What one rule yields.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RuleReport {
    /// The rule as written.
    pub rule: String,
    /// Records that have a key.
    pub records: u64,
    /// Blocks of two and more records.
    pub blocks: u64,
    /// Records in the largest block that was used.
    pub largest: u64,
    /// Pairs, before those that an earlier rule yields are taken away.
    pub pairs_in_blocks: u64,
    /// Pairs that belong to this rule.
    pub pairs: u64,
    /// Blocks over the limit, which yield nothing here.
    pub skipped_blocks: u64,
    /// Records in those.
    pub skipped_records: u64,
    /// Pairs that those would have made.
    pub skipped_pairs: u64,
}

/// All blocks of all rules.
pub(crate) struct Blocks {
    keys: Keys,
    rules: Vec<Sorted>,
    chunks: Vec<Chunk>,
    pub(crate) reports: Vec<RuleReport>,
}

/// Records by key; a block is a stretch of `rows`.
struct Sorted {
    rows: Vec<u32>,
    blocks: Vec<(u32, u32)>,
}

/// A unit of work: some blocks, or some left records of one large block.
#[derive(Debug, Clone)]
pub(crate) enum Chunk {
    Blocks { rule: usize, first: usize, end: usize },
    Part { rule: usize, block: usize, first: usize, end: usize },
}

impl Chunk {
    pub(crate) fn rule(&self) -> usize {
        match self {
            Self::Blocks { rule, .. } | Self::Part { rule, .. } => *rule,
        }
    }
}

impl Blocks {
    pub(crate) fn build(mut keys: Keys, names: &[String], limit: usize) -> Self {
        let sorted: Vec<(Sorted, RuleReport, Vec<u32>)> =
            (0..keys.rules).into_par_iter().map(|rule| sort(&keys, rule, &names[rule], limit)).collect();
        let mut blocks = Self {
            keys: Keys { rules: 0, hashes: Vec::new() },
            rules: vec![],
            chunks: vec![],
            reports: vec![],
        };
        for (rule, (sorted, report, skipped)) in sorted.into_iter().enumerate() {
            // A record in a skipped block has no key here, so that a later rule may yield its pairs.
            for row in skipped {
                keys.hashes[row as usize * keys.rules + rule] = 0;
            }
            blocks.chunk(rule, &sorted);
            blocks.rules.push(sorted);
            blocks.reports.push(report);
        }
        blocks.keys = keys;
        blocks
    }

    fn chunk(&mut self, rule: usize, sorted: &Sorted) {
        let (mut first, mut pairs) = (0, 0u64);
        for (index, &(_, count)) in sorted.blocks.iter().enumerate() {
            let own = pairs_of(u64::from(count));
            if own > CHUNK_PAIRS {
                if first < index {
                    self.chunks.push(Chunk::Blocks { rule, first, end: index });
                }
                (first, pairs) = (index + 1, 0);
                self.split(rule, index, count as usize);
                continue;
            }
            pairs += own;
            if pairs >= CHUNK_PAIRS {
                self.chunks.push(Chunk::Blocks { rule, first, end: index + 1 });
                (first, pairs) = (index + 1, 0);
            }
        }
        if first < sorted.blocks.len() {
            self.chunks.push(Chunk::Blocks { rule, first, end: sorted.blocks.len() });
        }
    }

    /// A large block is worked on in stretches of its left records.
    fn split(&mut self, rule: usize, block: usize, count: usize) {
        let mut first = 0;
        while first + 1 < count {
            let (mut end, mut pairs) = (first, 0u64);
            while end + 1 < count && pairs < CHUNK_PAIRS {
                pairs += (count - end - 1) as u64;
                end += 1;
            }
            self.chunks.push(Chunk::Part { rule, block, first, end });
            first = end;
        }
    }

    pub(crate) fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// Calls `visit` with each pair of the chunk, left below right.
    pub(crate) fn visit(&self, chunk: &Chunk, mut visit: impl FnMut(u32, u32)) {
        match *chunk {
            Chunk::Blocks { rule, first, end } => {
                for &(start, count) in &self.rules[rule].blocks[first..end] {
                    let rows = &self.rules[rule].rows[start as usize..(start + count) as usize];
                    self.visit_block(rule, rows, 0, rows.len(), &mut visit);
                }
            }
            Chunk::Part { rule, block, first, end } => {
                let (start, count) = self.rules[rule].blocks[block];
                let rows = &self.rules[rule].rows[start as usize..(start + count) as usize];
                self.visit_block(rule, rows, first, end, &mut visit);
            }
        }
    }

    fn visit_block(
        &self,
        rule: usize,
        rows: &[u32],
        first: usize,
        end: usize,
        visit: &mut impl FnMut(u32, u32),
    ) {
        for (at, &left) in rows.iter().enumerate().take(end).skip(first) {
            let left_keys = self.earlier_keys(left, rule);
            for &right in &rows[at + 1..] {
                let right_keys = self.earlier_keys(right, rule);
                let earlier = left_keys.iter().zip(right_keys).any(|(a, b)| a == b && *a != 0);
                if !earlier {
                    visit(left, right);
                }
            }
        }
    }

    fn earlier_keys(&self, row: u32, rule: usize) -> &[u64] {
        let start = row as usize * self.keys.rules;
        &self.keys.hashes[start..start + rule]
    }
}

fn pairs_of(count: u64) -> u64 {
    count * count.saturating_sub(1) / 2
}

fn sort(keys: &Keys, rule: usize, name: &str, limit: usize) -> (Sorted, RuleReport, Vec<u32>) {
    let rows = keys.hashes.len() / keys.rules.max(1);
    let mut pairs: Vec<(u64, u32)> = (0..rows)
        .map(|row| (keys.hashes[row * keys.rules + rule], row as u32))
        .filter(|(key, _)| *key != 0)
        .collect();
    pairs.par_sort_unstable();
    let mut report =
        RuleReport { rule: name.to_owned(), records: pairs.len() as u64, ..RuleReport::default() };
    let mut sorted = Sorted { rows: Vec::new(), blocks: Vec::new() };
    let mut skipped = Vec::new();
    for block in pairs.chunk_by(|a, b| a.0 == b.0) {
        let count = block.len() as u64;
        if count < 2 {
            continue;
        }
        if block.len() > limit {
            report.skipped_blocks += 1;
            report.skipped_records += count;
            report.skipped_pairs += pairs_of(count);
            skipped.extend(block.iter().map(|(_, row)| *row));
            continue;
        }
        report.blocks += 1;
        report.largest = report.largest.max(count);
        report.pairs_in_blocks += pairs_of(count);
        sorted.blocks.push((sorted.rows.len() as u32, count as u32));
        sorted.rows.extend(block.iter().map(|(_, row)| *row));
    }
    (sorted, report, skipped)
}
