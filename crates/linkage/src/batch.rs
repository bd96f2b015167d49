//! Many pairs at once to their patterns: field by field, level by level, so that the way to a level is taken
//! once for a thousand pairs and not once for each.
//!
//! In: a [`Batch`] of pairs with copies of their records. Out: for each pair the number of its pattern (mixed
//! radix, first comparison fastest). The result for a pair does not depend on which others are in its batch.

use crate::compare::{Condition, Decide, Field, MeasureMemo, Pair, Plan};
use crate::sql::Op;
use crate::table::{Operand, Table};
use crate::text::Positions;

/// A batch is worked on when it has this many pairs.
pub(crate) const FULL: usize = 1 << 10;
/// Words of records that are kept before a batch is worked on, whatever the number of its pairs.
const MOST_WORDS: usize = 1 << 16;

/// Pairs to compare, and their records side by side.
#[derive(Default)]
pub(crate) struct Batch {
    stride: usize,
    words: Vec<u64>,
    /// The place in the table of each copied record.
    places: Vec<u32>,
    /// Where the words of each pair's left and right record begin.
    pairs: Vec<(u32, u32)>,
}

impl Batch {
    pub(crate) fn new(stride: usize) -> Self {
        Self { stride, ..Self::default() }
    }

    /// Copies records; returns the number of the first copy.
    pub(crate) fn take(&mut self, places: &[u32], table: &Table) -> u32 {
        let first = self.places.len() as u32;
        self.places.extend_from_slice(places);
        self.words.reserve(places.len() * self.stride);
        for &place in places {
            self.words.extend_from_slice(table.record_at(place));
        }
        first
    }

    /// Copies a record that is in no table's order; returns the number of the copy.
    pub(crate) fn take_words(&mut self, record: &[u64]) -> u32 {
        let copy = self.places.len() as u32;
        self.places.push(copy);
        self.words.extend_from_slice(record);
        copy
    }

    pub(crate) fn push(&mut self, left: u32, right: u32) {
        let stride = self.stride as u32;
        self.pairs.push((left.wrapping_mul(stride), right.wrapping_mul(stride)));
    }

    pub(crate) fn is_full(&self) -> bool {
        self.pairs.len() >= FULL || self.words.len() >= MOST_WORDS
    }

    pub(crate) fn clear(&mut self) {
        self.pairs.clear();
        self.words.clear();
        self.places.clear();
    }

    /// The records stay for more of their pairs.
    pub(crate) fn clear_pairs(&mut self) {
        self.pairs.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.pairs.len()
    }

    /// The places of a pair's records.
    pub(crate) fn places(&self, pair: usize) -> (u32, u32) {
        let (left, right) = self.pairs[pair];
        (self.places[left as usize / self.stride], self.places[right as usize / self.stride])
    }

    /// The record of that number among the copies.
    pub(crate) fn record(&self, copy: u32) -> &[u64] {
        self.words_from(copy.wrapping_mul(self.stride as u32))
    }

    fn words_from(&self, start: u32) -> &[u64] {
        &self.words[start as usize..start as usize + self.stride]
    }

    /// The records of a pair.
    #[inline]
    pub(crate) fn records(&self, pair: usize) -> (&[u64], &[u64]) {
        let (left, right) = self.pairs[pair];
        (self.words_from(left), self.words_from(right))
    }

    #[expect(clippy::inline_always, reason = "called once for every pair and level")]
    #[inline(always)]
    fn values(&self, pair: u32, left: Operand, right: Operand) -> (u64, u64) {
        let (a, b) = self.pairs[pair as usize];
        (left.read(&self.words[a as usize..]), right.read(&self.words[b as usize..]))
    }
}

/// What a thread needs to compare, kept from batch to batch.
pub(crate) struct Worker {
    /// The pattern of each pair of the last batch.
    pub(crate) patterns: Vec<u32>,
    /// Pairs of which the field's level is not known yet.
    undecided: Vec<u32>,
    near: Vec<u32>,
    memo: Vec<MeasureMemo>,
    positions: Positions,
}

impl Worker {
    pub(crate) fn new(plan: &Plan) -> Self {
        let (memo, positions) = (plan.memo(), Positions::default());
        Self { patterns: Vec::new(), undecided: Vec::new(), near: Vec::new(), memo, positions }
    }

    /// How often a similarity was asked for twice and remembered.
    pub(crate) fn memo_hits(&self) -> u64 {
        self.memo.iter().map(|memo| memo.all_hits).sum()
    }

    /// Finds the pattern of every pair of the batch.
    pub(crate) fn compare(&mut self, plan: &Plan, table: &Table, batch: &Batch) {
        // All begin at the last level of every field, which is ELSE; a level that holds moves them from there.
        self.patterns.clear();
        self.patterns.resize(batch.len(), plan.last_pattern());
        let mut place = 1u32;
        for field in &plan.fields {
            self.undecided.clear();
            self.undecided.extend(0..batch.len() as u32);
            let last = field.radix.wrapping_sub(1);
            for step in &field.steps {
                let Self { patterns, undecided, near, memo, positions } = self;
                if undecided.is_empty() {
                    break;
                }
                let worth = |level: usize| place.wrapping_mul((level as u32).wrapping_sub(last));
                let mut ask = Ask { batch, table, field, memo, positions };
                step.take(Settling { patterns, undecided, near }, worth, &mut ask);
            }
            place = place.wrapping_mul(field.radix);
        }
    }
}

/// Who can say how alike the values of a pair are.
struct Ask<'a> {
    batch: &'a Batch,
    table: &'a Table,
    field: &'a Field,
    memo: &'a mut [MeasureMemo],
    positions: &'a mut Positions,
}

impl Ask<'_> {
    #[inline]
    fn similarity(&mut self, measure: usize, pair: u32) -> f64 {
        let measure = &self.field.measures[measure];
        let (a, b) = self.batch.values(pair, measure.left, measure.right);
        measure.value(a, b, self.table, &mut self.memo[measure.number], self.positions)
    }

    /// Whether the values may be alike enough for any level.
    #[inline]
    fn is_near(&self, measure: usize, pair: u32) -> bool {
        let measure = &self.field.measures[measure];
        let (a, b) = self.batch.values(pair, measure.left, measure.right);
        measure.is_near(a, b, self.table)
    }

    fn holds(&mut self, condition: &Condition, pair: u32) -> bool {
        let (left, right) = self.batch.records(pair as usize);
        let records = Pair { left, right, table: self.table };
        condition.holds(&records, &mut |measure| self.similarity(measure, pair))
    }
}

/// Pairs whose level of a field is being looked for.
struct Settling<'a> {
    patterns: &'a mut [u32],
    undecided: &'a mut Vec<u32>,
    /// Which of the undecided are worth a closer look.
    near: &'a mut Vec<u32>,
}

/// Stands among the undecided for a pair that is decided.
const SETTLED: u32 = u32::MAX;

impl Settling<'_> {
    /// `level` says what a pair's pattern is moved by when its level is known.
    #[inline]
    fn each(self, mut level: impl FnMut(u32) -> (bool, u32)) {
        let mut kept = 0;
        for at in 0..self.undecided.len() {
            let pair = self.undecided[at];
            let (settled, worth) = level(pair);
            let pattern = &mut self.patterns[pair as usize];
            *pattern = pattern.wrapping_add(worth);
            self.undecided[kept] = pair;
            kept += usize::from(!settled);
        }
        self.undecided.truncate(kept);
    }

    /// Picks those worth a closer look: a pass of its own, so that one pair need not wait for another.
    #[inline]
    fn near(&mut self, is_near: impl Fn(u32) -> bool) {
        self.near.clear();
        self.near.resize(self.undecided.len(), 0);
        let mut count = 0;
        for (at, &pair) in self.undecided.iter().enumerate() {
            self.near[count] = at as u32;
            count += usize::from(is_near(pair));
        }
        self.near.truncate(count);
    }

    /// As [`Settling::each`], with those alone that were picked.
    #[inline]
    fn each_near(self, mut level: impl FnMut(u32) -> (bool, u32)) {
        for &at in &*self.near {
            let pair = self.undecided[at as usize];
            let (settled, worth) = level(pair);
            if settled {
                let pattern = &mut self.patterns[pair as usize];
                *pattern = pattern.wrapping_add(worth);
                self.undecided[at as usize] = SETTLED;
            }
        }
        self.undecided.retain(|pair| *pair != SETTLED);
    }
}

impl Decide {
    #[expect(clippy::needless_bitwise_bool, reason = "no branch that a processor could guess wrong")]
    fn take(&self, mut settling: Settling, worth: impl Fn(usize) -> u32, ask: &mut Ask) {
        let batch = ask.batch;
        match self {
            Self::Head { left, right } => {
                let (unknown, equal) = (worth(0), worth(1));
                settling.each(|pair| {
                    let (a, b) = batch.values(pair, *left, *right);
                    let is_unknown = (a == 0) | (b == 0);
                    let is_equal = (a == b) & !is_unknown;
                    (
                        is_unknown | is_equal,
                        if is_unknown {
                            unknown
                        } else if is_equal {
                            equal
                        } else {
                            0
                        },
                    )
                });
            }
            Self::Equal { level, left, right } => {
                let worth = worth(*level);
                settling.each(|pair| {
                    let (a, b) = batch.values(pair, *left, *right);
                    let holds = (a == b) & (a != 0);
                    (holds, if holds { worth } else { 0 })
                });
            }
            Self::Ladder { measure, rungs } => {
                let rungs: Vec<(Op, f64, u32)> =
                    rungs.iter().map(|(level, op, bound)| (*op, *bound, worth(*level))).collect();
                let level = |ask: &mut Ask, pair: u32| {
                    let value = ask.similarity(*measure, pair);
                    let found = rungs.iter().find(|(op, bound, _)| op.holds(value, *bound));
                    found.filter(|_| !value.is_nan()).map_or((false, 0), |(_, _, worth)| (true, *worth))
                };
                if ask.field.measures[*measure].tells_unlike() {
                    settling.near(|pair| ask.is_near(*measure, pair));
                    settling.each_near(|pair| level(ask, pair));
                } else {
                    settling.each(|pair| level(ask, pair));
                }
            }
            Self::Other { level, condition } => {
                let worth = worth(*level);
                settling.each(|pair| {
                    let holds = ask.holds(condition, pair);
                    (holds, if holds { worth } else { 0 })
                });
            }
        }
    }
}
