//! The records as the engine reads them: one row of machine words a record, so that a pair costs two cache
//! lines.
//!
//! In: Arrow columns. Out: texts as numbers of a dictionary, numbers and dates as packed signs, rows in the
//! order of their ids (so no result can depend on the order of the input), and a hash of each record under
//! each blocking rule.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::block::RuleKeys;
use crate::dictionary::{Dictionary, mix};
use crate::digits;
use crate::error::{LinkError, ModelError};
use crate::expr::{Expr, Pipeline, Step};
use crate::ids::Ranks;
use crate::load::{Kind, Loader};
use crate::model::{Model, Rule};
use crate::pages::Pages;
use crate::spill::SpillWriter;
use crate::sql::Scalar;

/// Where in a record's words a value stands. The value read is 0 for "unknown"; equal values of one
/// dictionary, or packed values, are equal texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operand {
    word: u32,
    shift: u32,
    mask: u64,
    dictionary: Option<u32>,
}

impl Operand {
    #[inline]
    pub(crate) fn read(self, record: &[u64]) -> u64 {
        self.of_word(record[self.word as usize])
    }

    /// The value out of the word that it stands in.
    #[inline]
    pub(crate) fn of_word(self, word: u64) -> u64 {
        word.wrapping_shl(self.shift) & self.mask
    }

    /// The number of that word.
    pub(crate) fn word(self) -> usize {
        self.word as usize
    }

    pub(crate) fn dictionary(self) -> Option<usize> {
        self.dictionary.map(|number| number as usize)
    }

    /// The dictionary number of a value read.
    pub(crate) fn number(value: u64) -> u32 {
        (value >> 32) as u32
    }
}

pub(crate) enum Column {
    Packed(Vec<u64>),
    Text { numbers: Vec<u32>, dictionary: usize },
}

/// Columns while the model is being compiled against them.
pub(crate) struct Layout<'m> {
    pub(crate) model: &'m Model,
    columns: FxHashMap<Expr, (Column, Option<Operand>)>,
    dictionaries: Vec<Dictionary>,
    pub(crate) ids: Ranks,
    pub(crate) order: Vec<u32>,
    pub(crate) sources: (Vec<u32>, Vec<String>),
    words: u32,
    half_open: Option<u32>,
    /// Dictionaries whose texts are looked at when records are compared.
    read: Vec<usize>,
    pub(crate) places: Places,
    /// Columns without a single value.
    pub(crate) empty: Vec<String>,
    /// What the values of each base column are.
    pub(crate) kinds: FxHashMap<String, Kind>,
}

/// Where records lie in memory: those that agree on the first rule lie side by side, so that the records of a
/// pair are found on the same stretch of memory under most rules. Nothing else depends on it.
#[derive(Default)]
pub(crate) struct Places {
    row_of: Vec<u32>,
    place_of: Vec<u32>,
}

impl Places {
    pub(crate) fn row(&self, place: u32) -> u32 {
        self.row_of.get(place as usize).copied().unwrap_or(place)
    }

    pub(crate) fn place(&self, row: u32) -> u32 {
        self.place_of.get(row as usize).copied().unwrap_or(row)
    }

    /// Records of these rows, which must ascend, and of no others.
    pub(crate) fn of_rows(rows: Vec<u32>) -> Self {
        Self { row_of: rows, place_of: Vec::new() }
    }

    /// The same, with the place of each of them found by its row.
    pub(crate) fn sampled(rows: Vec<u32>, place_of: Vec<u32>) -> Self {
        Self { row_of: rows, place_of }
    }

    /// A number that ascends with the row: the row itself, or the place where places ascend with rows.
    pub(crate) fn rank(&self, place: u32) -> u32 {
        if self.place_of.is_empty() { place } else { self.row(place) }
    }

    /// The place of that rank.
    pub(crate) fn of_rank(&self, rank: u32) -> u32 {
        if self.place_of.is_empty() { rank } else { self.place(rank) }
    }
}

/// The records, ready to be compared.
pub(crate) struct Table {
    words: Pages<u64>,
    stride: usize,
    pub(crate) places: Places,
    pub(crate) dictionaries: Arc<Vec<Dictionary>>,
    /// Ascending.
    pub(crate) ids: Ranks,
    /// The input row of each record.
    pub(crate) order: Vec<u32>,
    /// The number of each record's source, and the sources' names.
    pub(crate) sources: Vec<u32>,
    pub(crate) source_names: Vec<String>,
}

impl Table {
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// How many records lie here: all of them, or those of a part.
    pub(crate) fn records(&self) -> usize {
        self.words.len()
    }

    /// Some records by themselves.
    pub(crate) fn part(
        words: Vec<u64>,
        stride: usize,
        places: Places,
        dictionaries: Arc<Vec<Dictionary>>,
    ) -> Self {
        let (ids, order) = (Ranks::default(), Vec::new());
        Self {
            words: Pages::of(words, stride),
            stride,
            places,
            dictionaries,
            ids,
            order,
            sources: Vec::new(),
            source_names: Vec::new(),
        }
    }

    /// Lends what all records have to a sample of them, and takes it back when called again.
    pub(crate) fn swap_facts(&mut self, sample: &mut Self) {
        std::mem::swap(&mut self.ids, &mut sample.ids);
        std::mem::swap(&mut self.sources, &mut sample.sources);
        std::mem::swap(&mut self.source_names, &mut sample.source_names);
    }

    /// Words of a record.
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    pub(crate) fn record(&self, row: u32) -> &[u64] {
        self.record_at(self.places.place(row))
    }

    /// The record that lies at a place.
    pub(crate) fn record_at(&self, place: u32) -> &[u64] {
        self.words.row(place as usize)
    }

    /// Ids and sources stay.
    pub(crate) fn forget_records(&mut self) {
        self.words = Pages::new(0, self.stride);
        self.dictionaries = Arc::default();
        self.places = Places::default();
    }

    /// The text of a value, for comparisons that need it.
    pub(crate) fn text(&self, operand: Operand, value: u64) -> &[u8] {
        operand.dictionary().map_or(&[], |number| self.dictionaries[number].text(Operand::number(value)))
    }
}

/// What the keys of rules are made of.
pub(crate) struct Keys {
    /// Columns that nothing else asks for, in the order of the places.
    columns: Vec<Column>,
    /// For each rule the parts of a left record's key, and of a right one's where they differ.
    rules: Vec<(Vec<Part>, Option<Vec<Part>>)>,
}

/// Where a part of a key stands.
enum Part {
    Placed(Operand),
    Column { column: usize, shift: u32, mask: u64 },
}

impl Keys {
    fn dictionaries(&self) -> impl Iterator<Item = usize> {
        self.columns.iter().filter_map(|column| match column {
            Column::Text { dictionary, .. } => Some(*dictionary),
            Column::Packed(_) => None,
        })
    }

    /// The keys of all records under one rule, by place. They tell equal from different within this run alone:
    /// where a rule reads the same of both records, no dictionary is asked for the hash of a text.
    pub(crate) fn of_rule(&self, rule: usize, table: &Table) -> RuleKeys {
        let (lefts, rights) = &self.rules[rule];
        let across = rights.is_some();
        let keys = |parts: &[Part]| {
            let mut keys = vec![0u64; table.records()];
            keys.par_chunks_mut(STRETCH).enumerate().for_each(|(stretch, keys)| {
                self.write(parts, across, stretch * STRETCH, keys, table);
            });
            keys
        };
        RuleKeys { lefts: keys(lefts), rights: rights.as_ref().map(|rights| keys(rights)) }
    }

    /// The key of a left record.
    pub(crate) fn left_key(&self, rule: usize, place: u32, table: &Table) -> u64 {
        let (lefts, rights) = &self.rules[rule];
        let mut key = [0];
        self.write(lefts, rights.is_some(), place as usize, &mut key, table);
        key[0]
    }

    /// Writes the keys of the records from a place on, part by part; 0 when a part is unknown. `across`: whether
    /// texts of different dictionaries are held against each other.
    fn write(&self, parts: &[Part], across: bool, first: usize, keys: &mut [u64], table: &Table) {
        let last = first + keys.len();
        for (at, part) in parts.iter().enumerate() {
            match part {
                Part::Placed(operand) => {
                    let words = table
                        .words
                        .stretch(first, keys.len())
                        .iter()
                        .skip(operand.word())
                        .step_by(table.stride)
                        .map(|word| operand.of_word(*word));
                    match operand.dictionary() {
                        Some(number) if across => {
                            let hash = |value| table.dictionaries[number].hash(Operand::number(value));
                            join_part(keys, at, words.map(hash));
                        }
                        _ => join_part(keys, at, words),
                    }
                }
                Part::Column { column, shift, mask } => match self.columns.get(*column) {
                    Some(Column::Packed(values)) => {
                        join_part(keys, at, values[first..last].iter().map(|value| (value << shift) & mask));
                    }
                    Some(Column::Text { numbers, dictionary }) => {
                        let numbers = numbers[first..last].iter();
                        if across {
                            join_part(keys, at, numbers.map(|n| table.dictionaries[*dictionary].hash(*n)));
                        } else {
                            // As it reads in a record.
                            join_part(keys, at, numbers.map(|number| u64::from(*number) << 32));
                        }
                    }
                    None => keys.fill(0),
                },
            }
        }
    }
}

/// Records that are written, or whose keys are, at a time.
const STRETCH: usize = 1 << 12;

/// Takes one more part into the keys; a part that is 0 is unknown and leaves none.
#[inline]
fn join_part(keys: &mut [u64], at: usize, parts: impl Iterator<Item = u64>) {
    for (key, part) in keys.iter_mut().zip(parts) {
        let known = part != 0 && (at == 0 || *key != 0);
        *key = if known { mix(*key ^ part).max(1) } else { 0 };
    }
}

impl Column {
    fn in_places(self, places: &Places) -> Self {
        let rows = |count: usize| (0..count as u32).into_par_iter().map(|place| places.row(place) as usize);
        match self {
            Self::Packed(values) => Self::Packed(rows(values.len()).map(|row| values[row]).collect()),
            Self::Text { numbers, dictionary } => {
                Self::Text { numbers: rows(numbers.len()).map(|row| numbers[row]).collect(), dictionary }
            }
        }
    }
}

impl<'m> Layout<'m> {
    pub(crate) fn new(model: &'m Model) -> Self {
        Self {
            model,
            columns: FxHashMap::default(),
            dictionaries: Vec::new(),
            ids: Ranks::default(),
            sources: (Vec::new(), Vec::new()),
            words: 0,
            half_open: None,
            read: Vec::new(),
            places: Places::default(),
            empty: Vec::new(),
            kinds: FxHashMap::default(),
            order: Vec::new(),
        }
    }

    /// Loads the columns that the model speaks of. A missing column is an error, or unknown when `lenient`.
    pub(crate) fn load(batches: &[RecordBatch], model: &'m Model, lenient: bool) -> Result<Self, LinkError> {
        let mut loader = Loader::with(model, lenient);
        batches.iter().try_for_each(|batch| loader.push(batch, None))?;
        Ok(loader.finish()?.0)
    }

    /// Makes the columns that others are made of, in the order of the file, so that each is made once.
    pub(crate) fn prepare(&mut self) -> Result<(), ModelError> {
        for made in &self.model.prepare {
            let column = Scalar::Column { side: crate::sql::Side::Left, name: made.column.clone() };
            let Ok((_, expr)) = self.expr(&column) else { continue };
            let Some((Column::Text { .. }, _)) = self.columns.get(&Expr::base(&expr.column)) else {
                continue;
            };
            self.ensure(&expr)?;
        }
        Ok(())
    }

    pub(crate) fn keep(&mut self, expr: Expr, column: Column) {
        self.columns.insert(expr, (column, None));
    }

    pub(crate) fn text_column(&mut self, numbers: Vec<u32>, dictionary: Dictionary) -> Column {
        self.dictionaries.push(dictionary);
        Column::Text { numbers, dictionary: self.dictionaries.len() - 1 }
    }

    /// The column that most of the steps of `expr` have already been applied to, and the steps that remain.
    fn nearest<'e>(&self, expr: &'e Expr) -> Option<(&Column, &'e [Step])> {
        (0..=expr.steps.len()).rev().find_map(|done| {
            let head = Expr { column: expr.column.clone(), steps: expr.steps[..done].to_vec() };
            self.columns.get(&head).map(|(column, _)| (column, &expr.steps[done..]))
        })
    }

    /// Makes the column that `expr` names, unless it is there.
    fn ensure(&mut self, expr: &Expr) -> Result<(), ModelError> {
        if self.columns.contains_key(expr) {
            return Ok(());
        }
        let Some((base, steps)) = self.nearest(expr) else {
            return Err(ModelError::Entry {
                place: expr.column.clone(),
                expected: "a column of the input".into(),
            });
        };
        let pipeline = Pipeline::new(steps, &self.model.names);
        let empty_is_null = self.model.empty_is_null;
        let make =
            |text: &str, out: &mut String| pipeline.apply(text, out) && !(empty_is_null && out.is_empty());
        let (numbers, dictionary) = match base {
            Column::Packed(values) => {
                let mut packed = Dictionary::new();
                let numbers: Vec<u32> = values
                    .iter()
                    .map(|&word| {
                        let number =
                            if word == 0 { 0 } else { packed.number(digits::unpack(word).as_bytes()) };
                        packed.seen(number);
                        number
                    })
                    .collect();
                let (dictionary, map) = packed.derive(make);
                (numbers.iter().map(|&number| map[number as usize]).collect(), dictionary)
            }
            Column::Text { numbers, dictionary } => {
                let (dictionary, map) = self.dictionaries[*dictionary].derive(make);
                let numbers = numbers.par_iter().with_min_len(STRETCH);
                (numbers.map(|&number| map[number as usize]).collect(), dictionary)
            }
        };
        let column = self.text_column(numbers, dictionary);
        self.keep(expr.clone(), column);
        Ok(())
    }

    /// A place in the record's words for the value of `expr`.
    pub(crate) fn operand(&mut self, expr: &Expr) -> Result<Operand, ModelError> {
        // A piece of packed signs is a mask on the whole.
        if let (Some((start, count)), Some((Column::Packed(_), _))) =
            (expr.piece(), self.columns.get(&Expr::base(&expr.column)))
        {
            let whole = self.place(&Expr::base(&expr.column))?;
            let (shift, mask) = digits::piece(start, count);
            return Ok(Operand { shift, mask, ..whole });
        }
        self.ensure(expr)?;
        self.place(expr)
    }

    fn place(&mut self, expr: &Expr) -> Result<Operand, ModelError> {
        let missing =
            || ModelError::Entry { place: expr.column.clone(), expected: "a column of the input".into() };
        let (column, place) = self.columns.get_mut(expr).ok_or_else(missing)?;
        if let Some(place) = place {
            return Ok(*place);
        }
        let operand = match column {
            Column::Packed(_) => {
                self.words += 1;
                Operand { word: self.words - 1, shift: 0, mask: u64::MAX, dictionary: None }
            }
            Column::Text { dictionary, .. } => {
                // Two dictionary numbers share a word; either is read into the upper half.
                let dictionary = Some(*dictionary as u32);
                let mask = u64::MAX << 32;
                if let Some(word) = self.half_open.take() {
                    Operand { word, shift: 32, mask, dictionary }
                } else {
                    self.half_open = Some(self.words);
                    self.words += 1;
                    Operand { word: self.words - 1, shift: 0, mask, dictionary }
                }
            }
        };
        *place = Some(operand);
        Ok(operand)
    }

    /// Notes that the texts of an operand will be looked at; of others numbers and counts are enough.
    pub(crate) fn reads(&mut self, operand: Operand) {
        self.read.extend(operand.dictionary());
    }

    /// Makes sketches of the texts of an operand.
    pub(crate) fn sketch(&mut self, operand: Operand) {
        if let Some(number) = operand.dictionary() {
            self.dictionaries[number].sketch_all();
        }
    }

    /// Packs the texts of an operand that can be packed.
    pub(crate) fn pack(&mut self, operand: Operand) {
        if let Some(number) = operand.dictionary() {
            self.dictionaries[number].pack_all();
        }
    }

    pub(crate) fn expr(&self, scalar: &Scalar) -> Result<(crate::sql::Side, Expr), String> {
        Expr::of(scalar, &self.model.prepare)
    }

    /// The hashes of all records under the left keys of `rules`, side by side by record. They depend on the
    /// records' content only, so that they can be kept in a store.
    pub(crate) fn keys(&mut self, rules: &[Rule]) -> Result<Vec<u64>, LinkError> {
        let parts: Vec<Vec<Expr>> =
            rules.iter().map(|rule| self.key_exprs(&rule.keys, &rule.sql)).collect::<Result<_, _>>()?;
        let readers: Vec<Vec<Reader>> =
            parts.iter().map(|exprs| exprs.iter().map(|expr| self.reader(expr)).collect()).collect();
        let width = readers.len().max(1);
        let mut hashes = vec![0u64; self.ids.len() * width];
        hashes.par_chunks_mut(width * 4096).enumerate().for_each(|(chunk, out)| {
            for (offset, cells) in out.chunks_mut(width).enumerate() {
                for (cell, readers) in cells.iter_mut().zip(&readers) {
                    *cell = key(readers, chunk * 4096 + offset);
                }
            }
        });
        Ok(hashes)
    }

    /// The hash of each record under the first of `rules` that has a key for it; 0 where none has.
    fn first_keys(&mut self, rules: &[Rule]) -> Result<Vec<u64>, LinkError> {
        let parts: Vec<Vec<Expr>> =
            rules.iter().map(|rule| self.key_exprs(&rule.keys, &rule.sql)).collect::<Result<_, _>>()?;
        let readers: Vec<Vec<Reader>> =
            parts.iter().map(|exprs| exprs.iter().map(|expr| self.reader(expr)).collect()).collect();
        let first = |row| readers.iter().map(|parts| key(parts, row)).find(|hash| *hash != 0).unwrap_or(0);
        Ok((0..self.ids.len()).into_par_iter().with_min_len(4096).map(first).collect())
    }

    fn key_exprs(&mut self, keys: &[Scalar], rule: &str) -> Result<Vec<Expr>, LinkError> {
        let mut exprs = Vec::with_capacity(keys.len());
        for scalar in keys {
            let unsupported = |what| ModelError::Unsupported { place: rule.to_owned(), what };
            let (_, expr) = self.expr(scalar).map_err(unsupported)?;
            let packed = matches!(self.columns.get(&Expr::base(&expr.column)), Some((Column::Packed(_), _)));
            if !(packed && expr.piece().is_some()) {
                self.ensure(&expr)?;
            }
            exprs.push(expr);
        }
        Ok(exprs)
    }

    fn reader(&self, expr: &Expr) -> Reader<'_> {
        if let Some((column, _)) = self.columns.get(expr) {
            return match column {
                Column::Packed(values) => Reader::Packed { values, shift: 0, mask: u64::MAX },
                Column::Text { numbers, dictionary } => {
                    Reader::Text { numbers, dictionary: &self.dictionaries[*dictionary] }
                }
            };
        }
        match (expr.piece(), self.columns.get(&Expr::base(&expr.column))) {
            (Some((start, count)), Some((Column::Packed(values), _))) => {
                let (shift, mask) = digits::piece(start, count);
                Reader::Packed { values, shift, mask }
            }
            _ => Reader::Packed { values: &[], shift: 0, mask: 0 },
        }
    }

    /// Finds an order in which records that agree on the first rule lie side by side; those without its key
    /// follow the next.
    pub(crate) fn localise(&mut self, rules: &[Rule]) -> Result<(), LinkError> {
        const RULES: usize = 3;
        let rows = self.ids.len();
        if rows < 1 << 8 {
            return Ok(());
        }
        let first = self.first_keys(&rules[..rules.len().min(RULES)])?;
        let mut order: Vec<(u64, u32)> =
            first.into_par_iter().enumerate().map(|(row, hash)| (hash, row as u32)).collect();
        order.par_sort_unstable();
        let row_of: Vec<u32> = order.iter().map(|(_, row)| *row).collect();
        drop(order);
        let mut place_of = vec![0u32; rows];
        row_of.iter().enumerate().for_each(|(place, row)| place_of[*row as usize] = place as u32);
        self.places = Places { row_of, place_of };
        Ok(())
    }

    /// Forgets the columns that others were made of and that nothing asks for any more.
    pub(crate) fn forget(&mut self, rules: &[Rule]) {
        let mut kept: Vec<Expr> = Vec::new();
        for rule in rules {
            for scalar in rule.keys.iter().chain(rule.right.iter().flatten()) {
                if let Ok((_, expr)) = self.expr(scalar) {
                    kept.push(Expr::base(&expr.column));
                    kept.push(expr);
                }
            }
        }
        let packed = |column: &Column| matches!(column, Column::Packed(_));
        self.columns.retain(|expr, (column, place)| place.is_some() || packed(column) || kept.contains(expr));
        let alive: Vec<usize> = self
            .columns
            .values()
            .filter_map(|(column, _)| match column {
                Column::Text { dictionary, .. } => Some(*dictionary),
                Column::Packed(_) => None,
            })
            .collect();
        for (number, dictionary) in self.dictionaries.iter_mut().enumerate() {
            if !alive.contains(&number) {
                *dictionary = Dictionary::new();
            }
        }
    }

    /// Lays the columns down record by record. What the keys of `rules` need besides is kept as columns.
    pub(crate) fn finish(mut self, rules: &[Rule]) -> Result<(Table, Keys), LinkError> {
        let keys = self.take_keys(rules)?;
        let words = self.lay();
        Ok((self.into_table(words, &keys, rules), keys))
    }

    /// The same on disk, in the order of the rows; the table has no records then.
    pub(crate) fn finish_on_disk(
        mut self,
        rules: &[Rule],
        writer: &mut SpillWriter,
    ) -> Result<(Table, Keys), LinkError> {
        const WRITTEN: usize = 1 << 18;
        for rule in rules {
            for keys in [Some(&rule.keys), rule.right.as_ref()].into_iter().flatten() {
                for expr in self.key_exprs(keys, &rule.sql)? {
                    self.operand(&expr)?;
                }
            }
        }
        let keys = self.take_keys(rules)?;
        let (rows, stride) = (self.ids.len(), (self.words as usize).max(1));
        for first in (0..rows).step_by(WRITTEN) {
            let mut words = vec![0; (rows - first).min(WRITTEN) * stride];
            let stretches = words.par_chunks_mut(STRETCH * stride).enumerate();
            stretches.for_each(|(at, words)| self.lay_rows(first + at * STRETCH, words));
            writer.write(&words)?;
        }
        Ok((self.into_table(Pages::new(0, 1), &keys, rules), keys))
    }

    fn placed(&self) -> impl Iterator<Item = (&Column, Operand)> {
        self.columns.values().filter_map(|(column, place)| place.map(|place| (column, place)))
    }

    /// The words of all records, by place. The columns are read in the order of the rows and each record is written
    /// once to where it belongs: the other way round every value of every column would be on a way of its own.
    fn lay(&self) -> Pages<u64> {
        let stride = (self.words as usize).max(1);
        let mut words = Pages::new(self.ids.len(), stride);
        let placed: Vec<(&Column, Operand)> = self.placed().collect();
        // Every thread looks at all rows for those that belong to its pages.
        words.par_groups_mut(rayon::current_num_threads()).for_each(|(first, mut group)| {
            let places = first..first + group.len();
            for row in 0..self.ids.len() {
                let place = self.places.place(row as u32) as usize;
                if places.contains(&place) {
                    write_record(&placed, row, group.row_mut(place - first));
                }
            }
        });
        words
    }

    /// The words of the records from a row on, as many as there is room for, in the order of the rows.
    fn lay_rows(&self, first: usize, words: &mut [u64]) {
        let placed: Vec<(&Column, Operand)> = self.placed().collect();
        let records = words.chunks_mut((self.words as usize).max(1));
        (first..).zip(records).for_each(|(row, record)| write_record(&placed, row, record));
    }

    fn into_table(mut self, words: Pages<u64>, keys: &Keys, rules: &[Rule]) -> Table {
        // Only texts of different dictionaries are held against each other by their hashes.
        let across = rules.iter().any(|rule| rule.right.is_some());
        let kept = self.placed().filter_map(|(_, place)| place.dictionary()).chain(keys.dictionaries());
        let kept: Vec<usize> = kept.collect();
        for (number, dictionary) in self.dictionaries.iter_mut().enumerate() {
            if !kept.contains(&number) {
                *dictionary = Dictionary::new();
                continue;
            }
            if !across {
                dictionary.forget_hashes();
            }
            if !self.read.contains(&number) {
                dictionary.forget_texts();
            }
        }
        Table {
            words,
            stride: (self.words as usize).max(1),
            places: self.places,
            dictionaries: Arc::new(self.dictionaries),
            ids: self.ids,
            order: self.order,
            sources: self.sources.0,
            source_names: self.sources.1,
        }
    }

    /// Bytes that are held now, and those of them that columns take.
    pub(crate) fn held(&self) -> (usize, usize) {
        let column = |(column, _): &(Column, Option<Operand>)| match column {
            Column::Packed(values) => values.len() * 8,
            Column::Text { numbers, .. } => numbers.len() * 4,
        };
        let columns: usize = self.columns.values().map(column).sum();
        let dictionaries: usize = self.dictionaries.iter().map(Dictionary::held).sum();
        (columns + dictionaries + self.ids.len() * 16, columns)
    }

    /// Words that a record will have at most when the keys of `rules` lie in it too.
    pub(crate) fn width(&self, rules: &[Rule]) -> usize {
        let parts = |rule: &Rule| rule.keys.len() + rule.right.as_ref().map_or(0, Vec::len);
        let unplaced = self.columns.values().filter(|(_, place)| place.is_none()).count();
        self.words as usize + unplaced.min(rules.iter().map(parts).sum())
    }

    /// Where the parts of each rule's keys are read, and the columns that only keys are made of.
    fn take_keys(&mut self, rules: &[Rule]) -> Result<Keys, LinkError> {
        let mut sides = Vec::with_capacity(rules.len());
        let mut exprs = Vec::new();
        for rule in rules {
            let left = self.key_exprs(&rule.keys, &rule.sql)?;
            let right = rule.right.as_ref().map(|keys| self.key_exprs(keys, &rule.sql)).transpose()?;
            exprs.extend(left.iter().chain(right.iter().flatten()).cloned());
            sides.push((left, right));
        }
        let mut columns: Vec<(Expr, Column)> = Vec::new();
        for expr in exprs {
            let expr = if self.columns.contains_key(&expr) { expr } else { Expr::base(&expr.column) };
            if self.columns.get(&expr).is_some_and(|(_, place)| place.is_none())
                && let Some((column, _)) = self.columns.remove(&expr)
            {
                columns.push((expr, column.in_places(&self.places)));
            }
        }
        let parts = |exprs: &Vec<Expr>| exprs.iter().map(|expr| self.part(expr, &columns)).collect();
        let rules = sides.iter().map(|(left, right)| (parts(left), right.as_ref().map(parts))).collect();
        Ok(Keys { columns: columns.into_iter().map(|(_, column)| column).collect(), rules })
    }

    fn part(&self, expr: &Expr, columns: &[(Expr, Column)]) -> Part {
        let base = Expr::base(&expr.column);
        let (shift, mask) = match expr.piece() {
            Some((start, count)) if !self.columns.contains_key(expr) => digits::piece(start, count),
            _ => (0, u64::MAX),
        };
        for known in [expr, &base] {
            if let Some((_, Some(operand))) = self.columns.get(known) {
                // A piece of packed signs is a mask on the whole.
                let whole = operand.dictionary().is_some() || known == expr;
                return Part::Placed(if whole { *operand } else { Operand { shift, mask, ..*operand } });
            }
            if let Some(column) = columns.iter().position(|(own, _)| own == known) {
                let (shift, mask) = if known == expr { (0, u64::MAX) } else { (shift, mask) };
                return Part::Column { column, shift, mask };
            }
        }
        Part::Column { column: usize::MAX, shift: 0, mask: 0 }
    }
}

/// Writes the values of a row to its record, which is 0 before.
#[inline]
fn write_record(placed: &[(&Column, Operand)], row: usize, record: &mut [u64]) {
    for (column, operand) in placed {
        record[operand.word()] |= match column {
            Column::Packed(values) => values[row],
            Column::Text { numbers, .. } => (u64::from(numbers[row]) << 32) >> operand.shift,
        };
    }
}

enum Reader<'a> {
    Packed { values: &'a [u64], shift: u32, mask: u64 },
    Text { numbers: &'a [u32], dictionary: &'a Dictionary },
}

/// One rule's hash of one record; 0 when a part is unknown.
fn key(parts: &[Reader], row: usize) -> u64 {
    join(parts.iter().map(|part| match part {
        Reader::Packed { values, shift, mask } => {
            let value = (values.get(row).copied().unwrap_or(0) << shift) & mask;
            if value == 0 { 0 } else { mix(value) }
        }
        Reader::Text { numbers, dictionary } => dictionary.hash(numbers[row]),
    }))
}

/// The hash of all parts together; 0 when one is 0, which is unknown.
fn join(parts: impl Iterator<Item = u64>) -> u64 {
    let mut hash = 0u64;
    for part in parts {
        if part == 0 {
            return 0;
        }
        hash = mix(hash ^ part);
    }
    hash.max(1)
}

/// An input without rows has no batches to read columns from; this one stands for it.
pub(crate) fn empty_batch() -> RecordBatch {
    RecordBatch::new_empty(Arc::new(Schema::empty()))
}
