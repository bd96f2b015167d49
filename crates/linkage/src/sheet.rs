//! The records of a large block column by column: one record is held against many that lie side by side, so that a
//! pass over a field is a pass over one stretch of memory.
//!
//! In: the places of a block's records. Out: rows of pairs, all with one left record. What a pair comes to is what
//! it would come to in a [`Batch`](crate::batch::Batch).

use std::cell::OnceCell;

use crate::batch::{Ask, Pairs, one_by_one};
use crate::compare::{Measure, list};
use crate::sketch::Sketch;
use crate::table::{Operand, Table};

/// Copies of a block's records.
#[derive(Default)]
pub(crate) struct Sheet {
    stride: usize,
    places: Vec<u32>,
    /// Record by record.
    words: Vec<u64>,
    /// The same words column by column.
    columns: Vec<u64>,
    /// For each similarity of the plan, by its number, the texts that it asks for; made when first asked for.
    texts: OnceCell<Vec<Option<Texts>>>,
}

/// The texts of one operand, by record.
struct Texts {
    sketches: Vec<Sketch>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl Texts {
    fn of(sheet: &Sheet, operand: Operand, dictionary: usize, table: &Table) -> Self {
        let dictionary = &table.dictionaries[dictionary];
        let count = sheet.places.len();
        let mut texts =
            Self { sketches: Vec::with_capacity(count), ends: Vec::with_capacity(count), bytes: Vec::new() };
        for &word in sheet.column(operand) {
            let value = operand.of_word(word);
            if value == 0 {
                texts.sketches.push(Sketch::default());
            } else {
                let number = Operand::number(value);
                texts.sketches.push(dictionary.sketch(number));
                texts.bytes.extend_from_slice(dictionary.text(number));
            }
            texts.ends.push(texts.bytes.len() as u32);
        }
        texts
    }

    fn text(&self, record: usize) -> &[u8] {
        let start = if record == 0 { 0 } else { self.ends[record - 1] };
        &self.bytes[start as usize..self.ends[record] as usize]
    }
}

impl Sheet {
    /// Whether there is no record.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.places.clear();
    }

    /// Takes other records.
    pub(crate) fn fill(&mut self, places: &[u32], table: &Table) {
        self.stride = table.stride();
        self.places.clear();
        self.places.extend_from_slice(places);
        self.words.clear();
        for &place in places {
            self.words.extend_from_slice(table.record_at(place));
        }
        self.columns.clear();
        for word in 0..self.stride {
            self.columns.extend(self.words.iter().skip(word).step_by(self.stride));
        }
        self.texts = OnceCell::new();
    }

    fn column(&self, operand: Operand) -> &[u64] {
        let count = self.places.len();
        &self.columns[operand.word() * count..(operand.word() + 1) * count]
    }

    fn record(&self, at: usize) -> &[u64] {
        &self.words[at * self.stride..(at + 1) * self.stride]
    }

    fn texts(&self, measure: &Measure, ask: &Ask) -> Option<&Texts> {
        let all = self.texts.get_or_init(|| {
            let measures = ask.plan.fields.iter().flat_map(|field| &field.measures);
            let of = |measure: &Measure| {
                let (operand, dictionary) = measure.one_text()?;
                Some(Texts::of(self, operand, dictionary, ask.table))
            };
            measures.map(of).collect()
        });
        all.get(measure.number)?.as_ref()
    }
}

/// One record of a sheet and a stretch of others.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) sheet: &'a Sheet,
    /// The left record.
    pub(crate) left: usize,
    /// The first right record.
    pub(crate) first: usize,
    /// How many right records there are.
    pub(crate) count: usize,
    /// Which of them count, ascending; all where there is no list.
    pub(crate) kept: Option<&'a [u32]>,
}

impl Row<'_> {
    /// How many pairs count.
    pub(crate) fn len(&self) -> usize {
        self.kept.map_or(self.count, <[u32]>::len)
    }

    /// Where the right record of a pair that counts stands in the sheet.
    fn right(&self, pair: usize) -> usize {
        self.first + self.kept.map_or(pair, |kept| kept[pair] as usize)
    }

    /// The records of a pair that counts.
    pub(crate) fn records_of(&self, pair: usize) -> (&[u64], &[u64]) {
        (self.sheet.record(self.left), self.sheet.record(self.right(pair)))
    }

    /// The places of a pair that counts.
    pub(crate) fn places_of(&self, pair: usize) -> (u32, u32) {
        (self.sheet.places[self.left], self.sheet.places[self.right(pair)])
    }

    fn rights(&self, operand: Operand) -> &[u64] {
        &self.sheet.column(operand)[self.first..self.first + self.count]
    }
}

impl Pairs for Row<'_> {
    fn count(&self) -> usize {
        self.count
    }

    #[inline]
    fn reader(&self, left: Operand, right: Operand) -> impl Fn(u32) -> (u64, u64) {
        let a = left.read(self.sheet.record(self.left));
        let rights = self.rights(right);
        move |pair| (a, right.of_word(rights[pair as usize]))
    }

    fn records(&self, pair: u32) -> (&[u64], &[u64]) {
        (self.sheet.record(self.left), self.sheet.record(self.first + pair as usize))
    }

    #[expect(clippy::needless_bitwise_bool, reason = "no branch that a processor could guess wrong")]
    fn head(
        &self,
        [left, right]: [Operand; 2],
        [unknown, equal]: [u32; 2],
        patterns: &mut [u32],
        undecided: &mut Vec<u32>,
    ) {
        let a = left.read(self.sheet.record(self.left));
        if a == 0 {
            for pattern in patterns {
                *pattern = pattern.wrapping_add(unknown);
            }
            return;
        }
        let rights = self.rights(right);
        for (pattern, &word) in patterns.iter_mut().zip(rights) {
            let b = right.of_word(word);
            let of_equal = if a == b { equal } else { 0 };
            *pattern = pattern.wrapping_add(if b == 0 { unknown } else { of_equal });
        }
        list(undecided, rights.len(), |at| {
            let b = right.of_word(rights[at]);
            (a != b) & (b != 0)
        });
    }

    fn near(&self, measure: &Measure, ask: &Ask, undecided: &[u32], near: &mut Vec<u32>) {
        if let (Some(unlike), Some(texts)) = (measure.unlike(), self.sheet.texts(measure, ask)) {
            let left = texts.sketches[self.left];
            let rights = &texts.sketches[self.first..self.first + self.count];
            list(near, undecided.len(), |at| !unlike.tells(left, rights[undecided[at] as usize]));
        } else {
            measure.near(undecided, self.reader(measure.left, measure.right), ask.table, near);
        }
    }

    fn similarities(
        &self,
        measure: &Measure,
        ask: &mut Ask,
        (undecided, near): (&[u32], &[u32]),
        values: &mut Vec<f64>,
    ) {
        let read = self.reader(measure.left, measure.right);
        let Some(texts) = self.sheet.texts(measure, ask) else {
            return one_by_one(read, measure, ask, (undecided, near), values);
        };
        let held = texts.text(self.left);
        ask.positions.hold(held);
        let (memo, positions) = (&mut ask.memo[measure.number], &*ask.positions);
        values.extend(near.iter().map(|at| {
            let pair = undecided[*at as usize];
            let (a, b) = read(pair);
            if a == 0 || b == 0 {
                return f64::NAN;
            }
            let text = texts.text(self.first + pair as usize);
            memo.at(a, b).or(|| measure.of_held(positions, held, text))
        }));
        ask.positions.release(held);
    }
}
