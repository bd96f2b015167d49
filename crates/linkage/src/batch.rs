//! Many pairs at once to their patterns: field by field, level by level, so that the way to a level is taken
//! once for a thousand pairs and not once for each.
//!
//! In: a [`Batch`] of pairs with copies of their records, or a [`Row`] of a sheet. Out: for each pair the number of
//! its pattern (mixed radix, first comparison fastest). The result for a pair does not depend on which others are
//! beside it.

use crate::compare::{Decide, Field, Measure, MeasureMemo, Pair, Plan, list};
use crate::sheet::Row;
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

    /// Begins anew, with records of that many words.
    pub(crate) fn begin(&mut self, stride: usize) {
        self.clear();
        self.stride = stride;
    }

    /// Takes records; returns the number of the first. They are copied when the batch is filled: one after another,
    /// so that the way to one in memory need not wait for the way to the next.
    pub(crate) fn take(&mut self, places: &[u32]) -> u32 {
        let first = self.places.len() as u32;
        self.places.extend_from_slice(places);
        first
    }

    /// Copies the records that were taken; must be done before any is looked at.
    pub(crate) fn fill(&mut self, table: &Table) {
        let copied = self.words.len() / self.stride;
        self.words.reserve((self.places.len() - copied) * self.stride);
        for &place in &self.places[copied..] {
            self.words.extend_from_slice(table.record_at(place));
        }
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
        self.pairs.len() >= FULL || self.places.len() * self.stride >= MOST_WORDS
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
    pub(crate) fn records_of(&self, pair: usize) -> (&[u64], &[u64]) {
        let (left, right) = self.pairs[pair];
        (self.words_from(left), self.words_from(right))
    }
}

/// Pairs to compare, wherever their records lie.
pub(crate) trait Pairs {
    /// How many.
    fn count(&self) -> usize;

    /// What two operands read of any pair's records.
    fn reader(&self, left: Operand, right: Operand) -> impl Fn(u32) -> (u64, u64);

    /// The records of a pair.
    fn records(&self, pair: u32) -> (&[u64], &[u64]);

    /// Settles pairs with an unknown value and with equal ones, and lists the others; the list is empty before.
    #[expect(clippy::needless_bitwise_bool, reason = "no branch that a processor could guess wrong")]
    fn head(
        &self,
        [left, right]: [Operand; 2],
        [unknown, equal]: [u32; 2],
        patterns: &mut [u32],
        undecided: &mut Vec<u32>,
    ) {
        let values = self.reader(left, right);
        list(undecided, patterns.len(), |at| {
            let (a, b) = values(at as u32);
            let is_unknown = (a == 0) | (b == 0);
            let of_equal = if a == b { equal } else { 0 };
            patterns[at] = patterns[at].wrapping_add(if is_unknown { unknown } else { of_equal });
            (a != b) & !is_unknown
        });
    }

    /// Lists which of the undecided are worth a closer look: a pass of its own, so that one pair need not wait for
    /// another.
    fn near(&self, measure: &Measure, ask: &Ask, undecided: &[u32], near: &mut Vec<u32>) {
        measure.near(undecided, self.reader(measure.left, measure.right), ask.table, near);
    }

    /// How alike the values of a pair are.
    #[inline]
    fn similarity(&self, measure: &Measure, pair: u32, ask: &mut Ask) -> f64 {
        let (a, b) = self.reader(measure.left, measure.right)(pair);
        measure.value(a, b, ask)
    }

    /// The same for the pairs at some places of a list.
    fn similarities(
        &self,
        measure: &Measure,
        ask: &mut Ask,
        (undecided, near): (&[u32], &[u32]),
        values: &mut Vec<f64>,
    ) {
        one_by_one(self.reader(measure.left, measure.right), measure, ask, (undecided, near), values);
    }
}

/// How alike the values are that `read` gives for the pairs at some places of a list.
pub(crate) fn one_by_one(
    read: impl Fn(u32) -> (u64, u64),
    measure: &Measure,
    ask: &mut Ask,
    (undecided, near): (&[u32], &[u32]),
    values: &mut Vec<f64>,
) {
    values.extend(near.iter().map(|at| {
        let (a, b) = read(undecided[*at as usize]);
        measure.value(a, b, ask)
    }));
}

impl Pairs for Batch {
    fn count(&self) -> usize {
        self.len()
    }

    #[inline]
    fn reader(&self, left: Operand, right: Operand) -> impl Fn(u32) -> (u64, u64) {
        let (pairs, words) = (self.pairs.as_slice(), self.words.as_slice());
        move |pair| {
            let (a, b) = pairs[pair as usize];
            let word = |first: u32, operand: Operand| operand.of_word(words[first as usize + operand.word()]);
            (word(a, left), word(b, right))
        }
    }

    fn records(&self, pair: u32) -> (&[u64], &[u64]) {
        self.records_of(pair as usize)
    }
}

/// Pairs as blocks yield them.
#[derive(Clone, Copy)]
pub(crate) enum Lot<'a> {
    Batch(&'a Batch),
    Row(Row<'a>),
}

impl Lot<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Batch(batch) => batch.len(),
            Self::Row(row) => row.len(),
        }
    }

    /// The records of a pair.
    #[inline]
    pub(crate) fn records(&self, pair: usize) -> (&[u64], &[u64]) {
        match self {
            Self::Batch(batch) => batch.records_of(pair),
            Self::Row(row) => row.records_of(pair),
        }
    }

    /// The places of a pair's records.
    pub(crate) fn places(&self, pair: usize) -> (u32, u32) {
        match self {
            Self::Batch(batch) => batch.places(pair),
            Self::Row(row) => row.places_of(pair),
        }
    }
}

/// What a thread needs to compare, kept from batch to batch.
pub(crate) struct Worker {
    /// The pattern of each pair that was compared last.
    pub(crate) patterns: Vec<u32>,
    /// Pairs of which the field's level is not known yet.
    undecided: Vec<u32>,
    near: Vec<u32>,
    values: Vec<f64>,
    memo: Vec<MeasureMemo>,
    positions: Positions,
}

impl Worker {
    pub(crate) fn new(plan: &Plan) -> Self {
        let (memo, positions) = (plan.memo(), Positions::default());
        let (patterns, undecided, near, values) = Default::default();
        Self { patterns, undecided, near, values, memo, positions }
    }

    /// How often a similarity was asked for twice and remembered.
    pub(crate) fn memo_hits(&self) -> u64 {
        self.memo.iter().map(|memo| memo.all_hits).sum()
    }

    /// Finds the pattern of every pair of a lot.
    pub(crate) fn compare_lot(&mut self, plan: &Plan, table: &Table, lot: &Lot) {
        match lot {
            Lot::Batch(batch) => self.compare(plan, table, *batch),
            Lot::Row(row) => {
                self.compare(plan, table, row);
                for (at, &kept) in row.kept.unwrap_or_default().iter().enumerate() {
                    self.patterns[at] = self.patterns[kept as usize];
                }
                self.patterns.truncate(row.len());
            }
        }
    }

    /// Finds the pattern of every pair.
    pub(crate) fn compare(&mut self, plan: &Plan, table: &Table, pairs: &impl Pairs) {
        // All begin at the last level of every field, which is ELSE; a level that holds moves them from there.
        self.patterns.clear();
        self.patterns.resize(pairs.count(), plan.last_pattern());
        let Self { patterns, undecided, near, values, memo, positions } = self;
        for field in &plan.fields {
            let mut ask = Ask { plan, table, memo, positions };
            undecided.clear();
            match field.head {
                Some(read) => pairs.head(read, [field.worths[0], field.worths[1]], patterns, undecided),
                None => undecided.extend(0..pairs.count() as u32),
            }
            for step in &field.steps {
                if undecided.is_empty() {
                    break;
                }
                let settling = Settling { field, patterns, undecided, near, values };
                step.take(settling, pairs, &mut ask);
            }
        }
    }
}

/// What it takes to say how alike two values are.
pub(crate) struct Ask<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) table: &'a Table,
    /// By the number of the measure.
    pub(crate) memo: &'a mut [MeasureMemo],
    pub(crate) positions: &'a mut Positions,
}

/// Pairs whose level of a field is being looked for.
struct Settling<'a> {
    field: &'a Field,
    patterns: &'a mut [u32],
    undecided: &'a mut Vec<u32>,
    /// Which of the undecided are worth a closer look.
    near: &'a mut Vec<u32>,
    /// How alike those are.
    values: &'a mut Vec<f64>,
}

/// Stands among the undecided for a pair that is decided.
const SETTLED: u32 = u32::MAX;

impl Settling<'_> {
    /// Settles the pairs that a level holds for; it moves a pair's pattern by `worth`.
    #[inline]
    fn each(self, worth: u32, mut holds: impl FnMut(u32) -> bool) {
        let mut kept = 0;
        for at in 0..self.undecided.len() {
            let pair = self.undecided[at];
            let settled = holds(pair);
            let pattern = &mut self.patterns[pair as usize];
            *pattern = pattern.wrapping_add(if settled { worth } else { 0 });
            self.undecided[kept] = pair;
            kept += usize::from(!settled);
        }
        self.undecided.truncate(kept);
    }

    /// Settles the pairs that are alike enough for one of the rungs.
    fn ladder(self, measure: &Measure, op: Op, rungs: &[(usize, f64)], pairs: &impl Pairs, ask: &mut Ask) {
        pairs.near(measure, ask, self.undecided, self.near);
        if self.near.is_empty() {
            return;
        }
        self.values.clear();
        pairs.similarities(measure, ask, (self.undecided, self.near), self.values);
        match op {
            // What every usual model asks: a loop of its own.
            Op::GreaterEqual => self.climb(rungs, |value, bound| value >= bound),
            Op::LessEqual => self.climb(rungs, |value, bound| value <= bound),
            op => self.climb(rungs, |value, bound| !value.is_nan() && op.holds(value, bound)),
        }
    }

    /// Settles the near pairs whose value holds against the bound of a rung; no value holds that is no number.
    #[inline]
    fn climb(self, rungs: &[(usize, f64)], holds: impl Fn(f64, f64) -> bool) {
        let mut any = false;
        for (&at, &value) in self.near.iter().zip(&*self.values) {
            if let Some((level, _)) = rungs.iter().find(|(_, bound)| holds(value, *bound)) {
                let pattern = &mut self.patterns[self.undecided[at as usize] as usize];
                *pattern = pattern.wrapping_add(self.field.worths[*level]);
                self.undecided[at as usize] = SETTLED;
                any = true;
            }
        }
        if any {
            self.undecided.retain(|pair| *pair != SETTLED);
        }
    }
}

impl Decide {
    #[expect(clippy::needless_bitwise_bool, reason = "no branch that a processor could guess wrong")]
    fn take(&self, settling: Settling, pairs: &impl Pairs, ask: &mut Ask) {
        let field = settling.field;
        match self {
            Self::Equal { level, left, right } => {
                let values = pairs.reader(*left, *right);
                settling.each(field.worths[*level], |pair| {
                    let (a, b) = values(pair);
                    (a == b) & (a != 0)
                });
            }
            Self::AllEqual { level, parts } => {
                let values: Vec<_> = parts.iter().map(|[left, right]| pairs.reader(*left, *right)).collect();
                settling.each(field.worths[*level], |pair| {
                    values.iter().all(|values| {
                        let (a, b) = values(pair);
                        (a == b) & (a != 0)
                    })
                });
            }
            Self::Ladder { measure, op, rungs } => {
                settling.ladder(&field.measures[*measure], *op, rungs, pairs, ask);
            }
            Self::Other { level, condition } => {
                settling.each(field.worths[*level], |pair| {
                    let (left, right) = pairs.records(pair);
                    let records = Pair { left, right, table: ask.table };
                    condition
                        .holds(&records, &mut |measure| pairs.similarity(&field.measures[measure], pair, ask))
                });
            }
        }
    }
}
