//! Candidate pairs out of sorted blocks, in a stream: no list of pairs is ever kept.
//!
//! In: the hashes of all records under a list of rules. Out: each pair once, at the first rule that yields
//! it, the record with the smaller id left. A block with more records than the limit yields nothing and is
//! reported: never silently quadratic, never silently cut.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::batch::{Batch, FULL, Lot};
use crate::compare::{Condition, Pair, list};
use crate::model::Rule;
use crate::pages::Pages;
use crate::sheet::{Row, Sheet};
use crate::spill::part_of;
use crate::table::{Keys, Places, Table};

/// Pairs in one unit of work.
const CHUNK_PAIRS: u64 = 1 << 16;

/// What one rule yields.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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

impl RuleReport {
    pub(crate) fn of(rule: &str) -> Self {
        Self { rule: rule.to_owned(), ..Self::default() }
    }

    /// Takes in what another part of the same rule's keys yields; `pairs` are not counted here.
    pub(crate) fn add(&mut self, part: &Self) {
        self.records += part.records;
        self.blocks += part.blocks;
        self.largest = self.largest.max(part.largest);
        self.pairs_in_blocks += part.pairs_in_blocks;
        self.skipped_blocks += part.skipped_blocks;
        self.skipped_records += part.skipped_records;
        self.skipped_pairs += part.skipped_pairs;
    }
}

/// All blocks of all rules.
pub(crate) struct Blocks {
    /// For each record, by place, the number of its block under each rule that can come before another: 0 for
    /// none. Equal numbers are equal keys.
    numbers: Pages<u32>,
    /// Numbers of a record, rounded up so that they are compared four at a time.
    width: usize,
    /// For each rule, where the number of a left record and that of a right record stand.
    slots: Vec<Option<(usize, usize)>>,
    rules: Vec<Sorted>,
    views: Vec<View>,
    /// Only pairs of records of different groups are looked at, where records have groups.
    groups: Option<Arc<Vec<u32>>>,
    /// What rules ask for besides equal keys.
    rest: Arc<Vec<Option<Condition>>>,
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
    /// Where each block ends.
    ends: Vec<u32>,
    /// How many records of each block are left ones, where a rule reads different things of both records.
    lefts: Option<Vec<u32>>,
}

impl Sorted {
    fn len(&self) -> usize {
        self.ends.len()
    }

    fn block(&self, at: usize) -> Block {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        let lefts = self.lefts.as_ref().map(|lefts| lefts[at]);
        Block { start, count: self.ends[at] - start, lefts }
    }

    fn rows_of(&self, block: &Block) -> &[u32] {
        &self.rows[block.start as usize..(block.start + block.count) as usize]
    }
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

/// The keys of one rule: of each record as a left one and, where that is something else, as a right one.
pub(crate) struct RuleKeys {
    pub(crate) lefts: Vec<u64>,
    pub(crate) rights: Option<Vec<u64>>,
}

impl RuleKeys {
    /// Takes the other keys away.
    fn keep(&mut self, belongs: impl Fn(u64) -> bool + Sync) {
        let all = [Some(&mut self.lefts), self.rights.as_mut()];
        for keys in all.into_iter().flatten() {
            keys.par_iter_mut().filter(|key| !belongs(**key)).for_each(|key| *key = 0);
        }
    }
}

/// One rule's blocks alone, of one part of its keys; earlier rules are there to tell what they yield.
#[derive(Clone, Copy)]
pub(crate) struct Only<'a> {
    pub(crate) rule: usize,
    pub(crate) part: usize,
    pub(crate) parts: usize,
    /// The keys of blocks over the limit, by earlier rule.
    pub(crate) skipped: &'a [FxHashSet<u64>],
}

impl Only<'_> {
    /// The keys of the rule without those of other parts.
    fn own(&self, mut keys: RuleKeys) -> RuleKeys {
        keys.keep(|key| part_of(key, self.parts) == self.part);
        keys
    }

    /// The keys of an earlier rule without those of blocks that it left out.
    fn earlier(&self, rule: usize, mut keys: RuleKeys) -> RuleKeys {
        let skipped = &self.skipped[rule];
        if !skipped.is_empty() {
            keys.keep(|key| !skipped.contains(&key));
        }
        keys
    }
}

/// Numbers of a record that are compared at once.
const LANES: usize = 4;
/// Stands for "no block" on the left side, so that it equals no number of a right record.
const NOWHERE: u32 = u32::MAX;

impl Blocks {
    /// One rule after another, each on all cores: a sorting needs memory. Also a record of each block of the last
    /// rule that is over the limit.
    pub(crate) fn build(
        rules: &[Rule],
        views: Vec<Vec<usize>>,
        limit: usize,
        table: &Table,
        keys: &Keys,
        only: Option<Only>,
    ) -> (Self, Vec<u32>) {
        let asymmetric: Vec<bool> = rules.iter().map(|rule| rule.right.is_some()).collect();
        let (slots, width) = slots(&views, &asymmetric);
        let mut numbers = Pages::new(table.records(), width);
        let (mut all, mut reports, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
        for (at, rule) in rules.iter().enumerate() {
            if only.is_some() && !views[0].contains(&at) {
                all.push(Sorted::default());
                reports.push(RuleReport::of(&rule.sql));
                continue;
            }
            let own = match only {
                None => keys.of_rule(at, table),
                Some(only) if only.rule == at => only.own(keys.of_rule(at, table)),
                Some(only) => only.earlier(at, keys.of_rule(at, table)),
            };
            let (sorted, report, over) = sort(own, &rule.sql, limit, &table.places);
            if let Some(slots) = slots[at] {
                number(&sorted, slots, &mut numbers);
            }
            // Of an earlier rule nothing but the numbers is needed.
            all.push(if only.is_none_or(|only| only.rule == at) { sorted } else { Sorted::default() });
            reports.push(report);
            skipped = over;
        }
        let plain = !asymmetric.contains(&true);
        let (groups, rest) = (None, Arc::default());
        let mut blocks =
            Self { numbers, width, slots, rules: all, views: Vec::new(), groups, rest, plain, reports };
        for rules in views {
            let mut chunks = Vec::new();
            for (at, rule) in rules.iter().enumerate() {
                chunk(at, &blocks.rules[*rule], &mut chunks);
            }
            blocks.views.push(View { rules, chunks });
        }
        (blocks, skipped)
    }

    /// Only pairs of different groups, and only such that a rule's further conditions hold for.
    pub(crate) fn restrict(&mut self, groups: Option<Arc<Vec<u32>>>, rest: Arc<Vec<Option<Condition>>>) {
        self.plain &= rest.iter().all(Option::is_none);
        (self.groups, self.rest) = (groups, rest);
    }

    /// Forgets the blocks; what they yield stays known.
    pub(crate) fn release(&mut self) {
        (self.numbers, self.rules, self.views) = (Pages::new(0, 0), Vec::new(), Vec::new());
    }

    /// How many blocks' pairs the rules of a view make, earlier rules not taken away.
    pub(crate) fn pairs_of(&self, view: usize) -> u64 {
        self.views[view].rules.iter().map(|rule| self.reports[*rule].pairs_in_blocks).sum()
    }

    pub(crate) fn chunks(&self, view: usize) -> &[Chunk] {
        &self.views[view].chunks
    }

    /// Calls `visit` with the pairs of a chunk of a view, lot by lot, left below right.
    pub(crate) fn visit(
        &self,
        (view, chunk): (usize, &Chunk),
        table: &Table,
        desk: &mut Desk,
        mut visit: impl FnMut(&Lot),
    ) {
        let rules = &self.views[view].rules[..=chunk.rule()];
        let sorted = &self.rules[rules[chunk.rule()]];
        let mut walk = Walk::new(self, rules, table, desk);
        match *chunk {
            Chunk::Blocks { first, end, .. } => walk.blocks(sorted, first, end, &mut visit),
            Chunk::Part { block, first, end, .. } => {
                let block = sorted.block(block);
                let rows = sorted.rows_of(&block);
                walk.gather(rows);
                walk.block(rows, 0, &block, (first, end), &mut visit);
            }
        }
        walk.settle(&mut visit);
    }

    fn numbers_of(&self, place: u32) -> &[u32] {
        self.numbers.row(place as usize)
    }

    /// Whether the records are of different groups, where records have groups.
    fn across_groups(&self, table: &Table, left: u32, right: u32) -> bool {
        self.groups.as_ref().is_none_or(|groups| {
            groups[table.places.row(left) as usize] != groups[table.places.row(right) as usize]
        })
    }

    /// Whether the last of the rules yields the pair and no earlier one does.
    fn belongs(&self, rules: &[usize], pair: &Pair, [left, right]: [&[u32]; 2]) -> bool {
        let holds = |rule: usize| {
            self.rest.get(rule).and_then(Option::as_ref).is_none_or(|rest| rest.holds_for(pair))
        };
        let yields = |rule: usize| {
            self.slots[rule].is_some_and(|(a, b)| left[a] != 0 && left[a] == right[b] && holds(rule))
        };
        let Some((&last, before)) = rules.split_last() else { return false };
        !before.iter().any(|rule| yields(*rule)) && holds(last)
    }
}

/// What a walk writes on; kept from walk to walk, as fresh memory costs more than what is written there.
#[derive(Default)]
pub(crate) struct Desk {
    /// Pairs are only counted: their records are not fetched unless a rule asks for more than equal keys.
    skims: bool,
    batch: Batch,
    sheet: Sheet,
    /// The block numbers of some records side by side: then a pair costs no way to memory.
    near: Vec<u32>,
    /// The numbers of a left record, where an earlier rule has them.
    left: Vec<u32>,
    /// Of a large block the numbers of earlier rules, rule by rule.
    columns: Vec<u32>,
    /// Which of a row's pairs an earlier rule yields, and which remain.
    taken: Vec<u32>,
    kept: Vec<u32>,
}

impl Desk {
    /// For lots of which nobody will look at a record.
    pub(crate) fn to_count() -> Self {
        Self { skims: true, ..Self::default() }
    }
}

/// One pass over the pairs of some blocks of one rule.
struct Walk<'a> {
    blocks: &'a Blocks,
    rules: &'a [usize],
    table: &'a Table,
    /// Which numbers of a record are those of earlier rules.
    earlier: Vec<bool>,
    desk: &'a mut Desk,
}

/// Records whose numbers are fetched at a time: none waits for another's way to memory.
const STRETCH: u32 = 1 << 10;
/// A record with this many others behind it in its block is held against them as a row.
const ROW_FROM: usize = 24;
/// The longest row: its values and patterns stay near the processor.
const ROW_TO: usize = 1 << 10;

impl<'a> Walk<'a> {
    fn new(blocks: &'a Blocks, rules: &'a [usize], table: &'a Table, desk: &'a mut Desk) -> Self {
        let mut earlier = vec![false; blocks.width];
        for &rule in &rules[..rules.len() - 1] {
            if let Some((left, _)) = blocks.slots[rule] {
                earlier[left] = true;
            }
        }
        desk.batch.begin(table.stride());
        desk.left.clear();
        desk.left.resize(blocks.width, NOWHERE);
        Self { blocks, rules, table, earlier, desk }
    }

    fn blocks(&mut self, sorted: &Sorted, first: usize, end: usize, visit: &mut impl FnMut(&Lot)) {
        let mut at = first;
        while at < end {
            let start = sorted.block(at).start;
            let mut stop = at + 1;
            while stop < end && sorted.ends[stop] - start <= STRETCH {
                stop += 1;
            }
            self.gather(&sorted.rows[start as usize..sorted.ends[stop - 1] as usize]);
            for index in at..stop {
                let block = sorted.block(index);
                let offset = (block.start - start) as usize;
                self.block(sorted.rows_of(&block), offset, &block, (0, block.lefts()), visit);
            }
            at = stop;
        }
    }

    /// Fetches the numbers of some records, unless there is no earlier rule to ask.
    fn gather(&mut self, rows: &[u32]) {
        let width = self.blocks.width;
        self.desk.near.clear();
        if !self.earlier.contains(&true) {
            return;
        }
        self.desk.near.resize(rows.len() * width, 0);
        for (near, row) in self.desk.near.chunks_exact_mut(width).zip(rows) {
            let numbers = self.blocks.numbers_of(*row).as_chunks::<LANES>().0;
            near.as_chunks_mut::<LANES>().0.iter_mut().zip(numbers).for_each(|(near, own)| *near = *own);
        }
    }

    /// Compares what has been gathered.
    fn settle(&mut self, visit: &mut impl FnMut(&Lot)) {
        if self.desk.batch.len() > 0 {
            if !self.desk.skims {
                self.desk.batch.fill(self.table);
            }
            visit(&Lot::Batch(&self.desk.batch));
            self.desk.batch.clear_pairs();
        }
    }

    /// Notes which numbers of the left record tell that an earlier rule yields a pair.
    fn note_left(&mut self, at: usize) {
        let numbers = self.desk.near.get(at * self.blocks.width..).unwrap_or_default();
        for ((own, number), earlier) in self.desk.left.iter_mut().zip(numbers).zip(&self.earlier) {
            *own = if *earlier && *number != 0 { *number } else { NOWHERE };
        }
    }

    /// The pairs of a block whose numbers have been fetched from `offset` on, with these of its left records.
    fn block(
        &mut self,
        rows: &[u32],
        offset: usize,
        block: &Block,
        (first, end): (usize, usize),
        visit: &mut impl FnMut(&Lot),
    ) {
        let (blocks, table, width) = (self.blocks, self.table, self.blocks.width);
        let asks = !self.desk.near.is_empty();
        let is_large = blocks.plain && rows.len() > ROW_FROM;
        if is_large {
            self.desk.sheet.clear();
            self.turn(offset, rows.len());
        }
        // Records are copied when the first of their pairs is wanted: most blocks of later rules have none.
        let mut copies = None;
        for left in first..end {
            self.note_left(offset + left);
            let begin = block.lefts.map_or(left + 1, |lefts| lefts as usize);
            if is_large && rows.len() - begin >= ROW_FROM {
                for from in (begin..rows.len()).step_by(ROW_TO) {
                    self.row(rows, left, from..rows.len().min(from + ROW_TO), &mut copies, visit);
                }
                continue;
            }
            for right in begin..rows.len() {
                let near = |at: usize| &self.desk.near[(offset + at) * width..(offset + at + 1) * width];
                if blocks.plain {
                    if asks && agree(&self.desk.left, near(right)) {
                        continue;
                    }
                } else if table.places.row(rows[left]) >= table.places.row(rows[right]) {
                    continue;
                }
                if !blocks.across_groups(table, rows[left], rows[right]) {
                    continue;
                }
                let copy = *copies.get_or_insert_with(|| self.desk.batch.take(rows));
                let (a, b) = (copy + left as u32, copy + right as u32);
                if !blocks.plain {
                    self.desk.batch.fill(table);
                    let pair =
                        Pair { left: self.desk.batch.record(a), right: self.desk.batch.record(b), table };
                    let numbers = if asks { [near(left), near(right)] } else { [&[][..]; 2] };
                    if !blocks.belongs(self.rules, &pair, numbers) {
                        continue;
                    }
                }
                self.desk.batch.push(a, b);
                if self.desk.batch.len() >= FULL {
                    self.settle(visit);
                }
            }
        }
        if self.desk.batch.is_full() {
            self.settle(visit);
            self.desk.batch.clear();
        }
    }

    /// Lays the numbers of a large block's records down rule by rule.
    fn turn(&mut self, offset: usize, count: usize) {
        let width = self.blocks.width;
        self.desk.columns.clear();
        for slot in (0..width).filter(|slot| self.earlier[*slot]) {
            let numbers = self.desk.near[offset * width..(offset + count) * width].iter();
            self.desk.columns.extend(numbers.skip(slot).step_by(width));
        }
    }

    /// The pairs of one record of a large block with a stretch of others.
    fn row(
        &mut self,
        rows: &[u32],
        left: usize,
        rights: std::ops::Range<usize>,
        copies: &mut Option<u32>,
        visit: &mut impl FnMut(&Lot),
    ) {
        let (blocks, table) = (self.blocks, self.table);
        self.desk.taken.clear();
        self.desk.taken.resize(rights.len(), 0);
        let numbers = self.desk.left.iter().zip(&self.earlier).filter(|(_, earlier)| **earlier);
        for ((number, _), column) in numbers.zip(self.desk.columns.chunks_exact(rows.len())) {
            if *number != NOWHERE {
                for (taken, own) in self.desk.taken.iter_mut().zip(&column[rights.clone()]) {
                    *taken |= u32::from(own == number);
                }
            }
        }
        let Desk { taken, kept, .. } = &mut *self.desk;
        list(kept, rights.len(), |at| {
            taken[at] == 0 && blocks.across_groups(table, rows[left], rows[rights.start + at])
        });
        let count = kept.len();
        if count * 4 < rights.len() || self.desk.skims {
            // So few that they are compared one by one.
            for at in 0..count {
                let copy = *copies.get_or_insert_with(|| self.desk.batch.take(rows));
                let right = rights.start as u32 + self.desk.kept[at];
                self.desk.batch.push(copy + left as u32, copy + right);
                if self.desk.batch.len() >= FULL {
                    self.settle(visit);
                }
            }
            return;
        }
        // Pairs stay in their order.
        self.settle(visit);
        if self.desk.sheet.is_empty() {
            self.desk.sheet.fill(rows, table);
        }
        let kept = (count < rights.len()).then_some(self.desk.kept.as_slice());
        visit(&Lot::Row(Row {
            sheet: &self.desk.sheet,
            left,
            first: rights.start,
            count: rights.len(),
            kept,
        }));
    }
}

/// Whether any number of the one is the other's in the same place.
#[expect(clippy::needless_bitwise_bool, reason = "four at once, without branches")]
fn agree(left: &[u32], right: &[u32]) -> bool {
    let lanes = left.as_chunks::<LANES>().0.iter().zip(right.as_chunks::<LANES>().0);
    let mut found = false;
    for (a, b) in lanes {
        found |= (a[0] == b[0]) | (a[1] == b[1]) | (a[2] == b[2]) | (a[3] == b[3]);
    }
    found
}

/// A number for each rule that stands before another in some view, two where it reads different things of
/// both records; and how many numbers a record has.
fn slots(views: &[Vec<usize>], asymmetric: &[bool]) -> (Vec<Option<(usize, usize)>>, usize) {
    let mut slots = vec![None; asymmetric.len()];
    let mut next = 0;
    for view in views {
        for &rule in &view[..view.len().saturating_sub(1)] {
            if slots[rule].is_none() {
                let second = usize::from(asymmetric[rule]);
                slots[rule] = Some((next, next + second));
                next += 1 + second;
            }
        }
    }
    (slots, next.next_multiple_of(LANES))
}

/// Writes the number of its block, counted from 1, to each record of a rule.
fn number(sorted: &Sorted, slots: (usize, usize), numbers: &mut Pages<u32>) {
    for at in 0..sorted.len() {
        let block = sorted.block(at);
        for (offset, &place) in sorted.rows_of(&block).iter().enumerate() {
            let slot = if offset < block.lefts() { slots.0 } else { slots.1 };
            numbers.row_mut(place as usize)[slot] = at as u32 + 1;
        }
    }
}

fn chunk(rule: usize, sorted: &Sorted, chunks: &mut Vec<Chunk>) {
    let (mut first, mut pairs) = (0, 0u64);
    for index in 0..sorted.len() {
        let block = sorted.block(index);
        let own = block.pairs();
        if own > CHUNK_PAIRS {
            if first < index {
                chunks.push(Chunk::Blocks { rule, first, end: index });
            }
            (first, pairs) = (index + 1, 0);
            split(rule, index, &block, chunks);
            continue;
        }
        pairs += own;
        if pairs >= CHUNK_PAIRS {
            chunks.push(Chunk::Blocks { rule, first, end: index + 1 });
            (first, pairs) = (index + 1, 0);
        }
    }
    if first < sorted.len() {
        chunks.push(Chunk::Blocks { rule, first, end: sorted.len() });
    }
}

/// A large block is worked on in stretches of its left records.
fn split(rule: usize, index: usize, block: &Block, chunks: &mut Vec<Chunk>) {
    let rights = |left: usize| match block.lefts {
        None => block.count as usize - left - 1,
        Some(lefts) => (block.count - lefts) as usize,
    };
    // Each stretch copies the whole block: it must have pairs enough to pay for that.
    let enough = CHUNK_PAIRS.max(u64::from(block.count) * 16);
    let mut first = 0;
    while first < block.lefts() {
        let (mut end, mut pairs) = (first, 0u64);
        while end < block.lefts() && pairs < enough {
            pairs += rights(end) as u64;
            end += 1;
        }
        chunks.push(Chunk::Part { rule, block: index, first, end });
        first = end;
    }
}

fn pairs_of(count: u64) -> u64 {
    count * count.saturating_sub(1) / 2
}

/// Entries of a bucket are sorted where they lie in the cache.
const BUCKET_ROWS: usize = 1 << 8;

/// The records that have a key, by key and then by row; the lowest bit tells left keys (0) from right ones.
fn by_key(keys: RuleKeys, places: &Places) -> Vec<(u64, u32)> {
    let rights = keys.rights.as_deref().unwrap_or_default();
    // Hashes are even over their range: the upper bits share them out.
    let bits = (keys.lefts.len() / BUCKET_ROWS).max(1).ilog2().min(16);
    let bucket = |key: u64| if bits == 0 { 0 } else { (key >> (64 - bits)) as usize };
    let mut starts = vec![0usize; (1 << bits) + 1];
    for &key in keys.lefts.iter().chain(rights).filter(|key| **key != 0) {
        starts[bucket(key) + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut entries = vec![(0u64, 0u32); starts[starts.len() - 1]];
    let mut next = starts.clone();
    for (keys, mark) in [(keys.lefts.as_slice(), 0), (rights, RIGHT)] {
        for (place, &key) in keys.iter().enumerate().filter(|(_, key)| **key != 0) {
            let at = &mut next[bucket(key)];
            entries[*at] = (key, places.rank(place as u32) | mark);
            *at += 1;
        }
    }
    drop(keys);
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

fn sort(keys: RuleKeys, name: &str, limit: usize, places: &Places) -> (Sorted, RuleReport, Vec<u32>) {
    let mut skipped = Vec::new();
    let asymmetric = keys.rights.is_some();
    let entries = by_key(keys, places);
    let mut report =
        RuleReport { rule: name.to_owned(), records: entries.len() as u64, ..RuleReport::default() };
    let (mut rows, mut ends) = (Vec::with_capacity(entries.len()), Vec::new());
    let mut lefts_of = asymmetric.then(Vec::new);
    for entries in entries.chunk_by(|a, b| a.0 == b.0) {
        let lefts = asymmetric.then(|| entries.partition_point(|(_, row)| row & RIGHT == 0) as u32);
        let block = Block { start: rows.len() as u32, count: entries.len() as u32, lefts };
        if block.pairs() == 0 {
            continue;
        }
        // A record in a skipped block has no key here, so that a later rule may yield its pairs.
        if entries.len() > limit {
            report.skipped_blocks += 1;
            report.skipped_records += u64::from(block.count);
            report.skipped_pairs += block.pairs();
            skipped.push(places.of_rank(entries[0].1));
            continue;
        }
        report.blocks += 1;
        report.largest = report.largest.max(u64::from(block.count));
        report.pairs_in_blocks += block.pairs();
        rows.extend(
            entries.iter().map(|(_, row)| places.of_rank(if asymmetric { row & !RIGHT } else { *row })),
        );
        ends.push(rows.len() as u32);
        if let (Some(all), Some(lefts)) = (&mut lefts_of, lefts) {
            all.push(lefts);
        }
    }
    rows.shrink_to_fit();
    ends.shrink_to_fit();
    (Sorted { rows, ends, lefts: lefts_of }, report, skipped)
}
