//! Candidate pairs out of sorted blocks, in a stream: no list of pairs is ever kept.
//!
//! In: the hashes of all records under a list of rules. Out: each pair once, at the first rule that yields
//! it, the record with the smaller id left. A block with more records than the limit yields nothing and is
//! reported: never silently quadratic, never silently cut.

use rayon::prelude::*;
use serde::Serialize;

use crate::compare::{Condition, Pair};
use crate::table::{Keys, Places, Table};

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
    views: Vec<View>,
    /// Only pairs of records of different groups are looked at, where records have groups.
    groups: Option<Vec<u32>>,
    /// What rules ask for besides equal keys.
    rest: Vec<Option<Condition>>,
    /// Every rule reads the same of both records and asks for nothing but equal keys.
    plain: bool,
    pub(crate) reports: Vec<RuleReport>,
}

/// A list of rules, of which a pair belongs to the first that yields it, and the work that they make.
struct View {
    rules: Vec<usize>,
    chunks: Vec<Chunk>,
}

/// Records by key, named by their places; a block is a stretch of `rows`, in the order of the rows.
#[derive(Default)]
struct Sorted {
    rows: Vec<u32>,
    blocks: Vec<Block>,
}

/// Records of one key. Where a rule reads the same of both records, each is left to all that follow; else the
/// first `lefts` are the left records, the others the right ones.
#[derive(Debug, Clone, Copy)]
struct Block {
    start: u32,
    count: u32,
    lefts: Option<u32>,
}

impl Block {
    fn pairs(&self) -> u64 {
        match self.lefts {
            None => pairs_of(u64::from(self.count)),
            Some(lefts) => u64::from(lefts) * u64::from(self.count - lefts),
        }
    }

    /// How many records can be left.
    fn lefts(&self) -> usize {
        self.lefts.unwrap_or(self.count) as usize
    }
}

/// A unit of work: some blocks, or some left records of one large block. `rule` counts within the view.
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
    pub(crate) fn build(
        mut keys: Keys,
        names: &[String],
        rest: Vec<Option<Condition>>,
        groups: Option<Vec<u32>>,
        limit: usize,
        views: Vec<Vec<usize>>,
        places: &Places,
    ) -> Self {
        let (mut rules, mut reports) = (Vec::new(), Vec::new());
        // One rule after another, each on all cores: a sorting needs memory.
        for (rule, name) in names.iter().enumerate().take(keys.rules) {
            let (sorted, report, skipped) = sort(&keys, rule, name, limit, places);
            // A record in a skipped block has no key here, so that a later rule may yield its pairs.
            let (left, right) = keys.slots[rule];
            for place in skipped {
                keys.hashes[place as usize * keys.width + left] = 0;
                keys.hashes[place as usize * keys.width + right] = 0;
            }
            rules.push(sorted);
            reports.push(report);
        }
        let plain = rest.iter().all(Option::is_none) && keys.slots.iter().all(|(left, right)| left == right);
        let mut blocks = Self { keys, rules, views: Vec::new(), groups, rest, plain, reports };
        for rules in views {
            let mut chunks = Vec::new();
            for (at, rule) in rules.iter().enumerate() {
                chunk(at, &blocks.rules[*rule], &mut chunks);
            }
            blocks.views.push(View { rules, chunks });
        }
        blocks
    }

    /// How many blocks' pairs the rules of a view make, earlier rules not taken away.
    pub(crate) fn pairs_of(&self, view: usize) -> u64 {
        self.views[view].rules.iter().map(|rule| self.reports[*rule].pairs_in_blocks).sum()
    }

    pub(crate) fn chunks(&self, view: usize) -> &[Chunk] {
        &self.views[view].chunks
    }

    /// Calls `visit` with each pair of the chunk, left below right: the rows and what the table has of them.
    pub(crate) fn visit(&self, view: usize, chunk: &Chunk, table: &Table, mut visit: impl FnMut(Seen)) {
        let mut copy = Copied::default();
        let rules = &self.views[view].rules[..=chunk.rule()];
        let sorted = &self.rules[rules[chunk.rule()]];
        match *chunk {
            Chunk::Blocks { first, end, .. } => {
                for block in &sorted.blocks[first..end] {
                    self.visit_block(rules, block, 0, block.lefts(), table, &mut copy, &mut visit);
                }
            }
            Chunk::Part { block, first, end, .. } => {
                let block = &sorted.blocks[block];
                self.visit_block(rules, block, first, end, table, &mut copy, &mut visit);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one loop, taken out of two places")]
    fn visit_block(
        &self,
        rules: &[usize],
        block: &Block,
        first: usize,
        end: usize,
        table: &Table,
        copy: &mut Copied,
        visit: &mut impl FnMut(Seen),
    ) {
        let (&rule, before) = rules.split_last().unwrap_or((&0, &[]));
        let rows = &self.rules[rule].rows[block.start as usize..(block.start + block.count) as usize];
        // Records of a larger block are laid side by side first: then a pair costs no way to memory.
        let copied = rows.len() > COPY_FROM;
        if copied {
            copy.take(rows, &self.keys, table);
        }
        let (width, stride) = (self.keys.width, table.stride());
        let keys_of = |at: usize| {
            if copied {
                &copy.keys[at * width..(at + 1) * width]
            } else {
                let start = rows[at] as usize * width;
                &self.keys.hashes[start..start + width]
            }
        };
        let record_of = |at: usize| {
            if copied { &copy.records[at * stride..(at + 1) * stride] } else { table.record_at(rows[at]) }
        };
        // Where all rules before this one come before it in the list, their keys stand side by side.
        let prefix = self.plain && before.iter().enumerate().all(|(at, rule)| at == *rule);
        let earlier = before.len();
        for left_at in first..end {
            let left = rows[left_at];
            let (left_keys, left_record) = (keys_of(left_at), record_of(left_at));
            let begin = block.lefts.map_or(left_at + 1, |lefts| lefts as usize);
            for (right_at, &right) in rows.iter().enumerate().skip(begin) {
                if prefix {
                    let right_keys = &keys_of(right_at)[..earlier];
                    if left_keys[..earlier].iter().zip(right_keys).any(|(a, b)| a == b && *a != 0) {
                        continue;
                    }
                } else if table.places.row(left) >= table.places.row(right) {
                    continue;
                }
                if let Some(groups) = &self.groups
                    && groups[table.places.row(left) as usize] == groups[table.places.row(right) as usize]
                {
                    continue;
                }
                let seen = Seen { left, right, left_record, right_record: record_of(right_at) };
                if prefix || self.belongs(rules, &seen, left_keys, keys_of(right_at), table) {
                    visit(seen);
                }
            }
        }
    }

    /// Whether the last of the rules yields the pair and no earlier one does.
    fn belongs(&self, rules: &[usize], seen: &Seen, left: &[u64], right: &[u64], table: &Table) -> bool {
        let pair = Pair { left: seen.left_record, right: seen.right_record, table };
        let holds = |rule: usize| self.rest[rule].as_ref().is_none_or(|rest| rest.holds_for(&pair));
        let yields = |rule: usize| {
            let (a, b) = self.keys.slots[rule];
            left[a] != 0 && left[a] == right[b] && holds(rule)
        };
        let Some((&last, before)) = rules.split_last() else { return false };
        !before.iter().any(|rule| yields(*rule)) && holds(last)
    }
}

fn chunk(rule: usize, sorted: &Sorted, chunks: &mut Vec<Chunk>) {
    let (mut first, mut pairs) = (0, 0u64);
    for (index, block) in sorted.blocks.iter().enumerate() {
        let own = block.pairs();
        if own > CHUNK_PAIRS {
            if first < index {
                chunks.push(Chunk::Blocks { rule, first, end: index });
            }
            (first, pairs) = (index + 1, 0);
            split(rule, index, block, chunks);
            continue;
        }
        pairs += own;
        if pairs >= CHUNK_PAIRS {
            chunks.push(Chunk::Blocks { rule, first, end: index + 1 });
            (first, pairs) = (index + 1, 0);
        }
    }
    if first < sorted.blocks.len() {
        chunks.push(Chunk::Blocks { rule, first, end: sorted.blocks.len() });
    }
}

/// A large block is worked on in stretches of its left records.
fn split(rule: usize, index: usize, block: &Block, chunks: &mut Vec<Chunk>) {
    let rights = |left: usize| match block.lefts {
        None => block.count as usize - left - 1,
        Some(lefts) => (block.count - lefts) as usize,
    };
    let mut first = 0;
    while first < block.lefts() {
        let (mut end, mut pairs) = (first, 0u64);
        while end < block.lefts() && pairs < CHUNK_PAIRS {
            pairs += rights(end) as u64;
            end += 1;
        }
        chunks.push(Chunk::Part { rule, block: index, first, end });
        first = end;
    }
}

/// A pair as the blocks yield it; `left` and `right` are places.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) left: u32,
    pub(crate) right: u32,
    pub(crate) left_record: &'a [u64],
    pub(crate) right_record: &'a [u64],
}

/// Blocks of more records than this are copied: below it the copying costs more than it saves.
const COPY_FROM: usize = 8;

#[derive(Default)]
struct Copied {
    keys: Vec<u64>,
    records: Vec<u64>,
}

impl Copied {
    fn take(&mut self, rows: &[u32], keys: &Keys, table: &Table) {
        self.keys.clear();
        self.records.clear();
        for &row in rows {
            let start = row as usize * keys.width;
            self.keys.extend_from_slice(&keys.hashes[start..start + keys.width]);
            self.records.extend_from_slice(table.record_at(row));
        }
    }
}

fn pairs_of(count: u64) -> u64 {
    count * count.saturating_sub(1) / 2
}

/// Entries of a bucket are sorted where they lie in the cache.
const BUCKET_ROWS: usize = 1 << 8;

/// The records that have a key, by key and then by row; the lowest bit tells left keys (0) from right ones.
fn by_key(keys: &Keys, slots: (usize, usize), places: &Places) -> Vec<(u64, u32)> {
    let rows = keys.hashes.len() / keys.width.max(1);
    let asymmetric = slots.0 != slots.1;
    let column = |slot: usize| -> Vec<u64> {
        keys.hashes.par_chunks(keys.width.max(1)).map(|hashes| hashes[slot]).collect()
    };
    let lefts = column(slots.0);
    let rights = if asymmetric { column(slots.1) } else { Vec::new() };
    // Hashes are even over their range: the upper bits share them out.
    let bits = (rows / BUCKET_ROWS).max(1).ilog2().min(16);
    let bucket = |key: u64| if bits == 0 { 0 } else { (key >> (64 - bits)) as usize };
    let mut starts = vec![0usize; (1 << bits) + 1];
    for &key in lefts.iter().chain(&rights).filter(|key| **key != 0) {
        starts[bucket(key) + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut entries = vec![(0u64, 0u32); starts[starts.len() - 1]];
    let mut next = starts.clone();
    for (keys, mark) in [(&lefts, 0), (&rights, RIGHT)] {
        for (place, &key) in keys.iter().enumerate().filter(|(_, key)| **key != 0) {
            let at = &mut next[bucket(key)];
            entries[*at] = (key, places.row(place as u32) | mark);
            *at += 1;
        }
    }
    let mut rest = entries.as_mut_slice();
    let mut buckets = Vec::with_capacity(starts.len());
    for pair in starts.windows(2) {
        let (own, others) = rest.split_at_mut(pair[1] - pair[0]);
        buckets.push(own);
        rest = others;
    }
    buckets.par_chunks_mut(64).for_each(|some| some.iter_mut().for_each(|bucket| bucket.sort_unstable()));
    entries
}

/// Marks a right key; rows are fewer than 2^31 where rules read different things of both records.
const RIGHT: u32 = 1 << 31;

fn sort(
    keys: &Keys,
    rule: usize,
    name: &str,
    limit: usize,
    places: &Places,
) -> (Sorted, RuleReport, Vec<u32>) {
    let slots = keys.slots[rule];
    let asymmetric = slots.0 != slots.1;
    let entries = by_key(keys, slots, places);
    let mut report =
        RuleReport { rule: name.to_owned(), records: entries.len() as u64, ..RuleReport::default() };
    let mut sorted = Sorted { rows: Vec::with_capacity(entries.len()), blocks: Vec::new() };
    let mut skipped = Vec::new();
    for entries in entries.chunk_by(|a, b| a.0 == b.0) {
        let lefts = asymmetric.then(|| entries.partition_point(|(_, row)| row & RIGHT == 0) as u32);
        let block = Block { start: sorted.rows.len() as u32, count: entries.len() as u32, lefts };
        if block.pairs() == 0 {
            continue;
        }
        let rows = entries.iter().map(|(_, row)| places.place(if asymmetric { row & !RIGHT } else { *row }));
        if entries.len() > limit {
            report.skipped_blocks += 1;
            report.skipped_records += u64::from(block.count);
            report.skipped_pairs += block.pairs();
            skipped.extend(rows);
            continue;
        }
        report.blocks += 1;
        report.largest = report.largest.max(u64::from(block.count));
        report.pairs_in_blocks += block.pairs();
        sorted.blocks.push(block);
        sorted.rows.extend(rows);
    }
    sorted.rows.shrink_to_fit();
    sorted.blocks.shrink_to_fit();
    (sorted, report, skipped)
}
