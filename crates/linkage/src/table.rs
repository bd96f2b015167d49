//! The records as the engine reads them: one row of machine words a record, so that a pair costs two cache
//! lines.
//!
//! In: Arrow columns. Out: texts as numbers of a dictionary, numbers and dates as packed signs, rows in the
//! order of their ids (so no result can depend on the order of the input), and a hash of each record under
//! each blocking rule.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::{DataType, Schema};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::digits;
use crate::error::{LinkError, ModelError};
use crate::expr::Expr;
use crate::model::{Model, Rule};
use crate::sql::{Node, Scalar};

/// The distinct texts of a column. Number 0 is "unknown" and has no text.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    hashes: Vec<u64>,
    /// How many records have each text.
    pub(crate) counts: Vec<u32>,
    /// How many records have any text.
    pub(crate) known: u64,
}

impl Dictionary {
    fn new() -> Self {
        Self { bytes: Vec::new(), ends: vec![0], hashes: vec![0], counts: vec![0], known: 0 }
    }

    fn push(&mut self, text: &str) -> u32 {
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len());
        self.hashes.push(hash_bytes(text.as_bytes()));
        self.counts.push(0);
        (self.ends.len() - 1) as u32
    }

    pub(crate) fn text(&self, number: u32) -> &[u8] {
        let number = number as usize;
        &self.bytes[self.ends[number - 1]..self.ends[number]]
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len() - 1
    }

    /// The share of known values that are this one.
    pub(crate) fn frequency(&self, number: u32) -> f64 {
        f64::from(self.counts[number as usize]) / self.known.max(1) as f64
    }
}

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
    pub(crate) fn read(self, record: &[u64]) -> u64 {
        (record[self.word as usize] << self.shift) & self.mask
    }

    pub(crate) fn dictionary(self) -> Option<usize> {
        self.dictionary.map(|number| number as usize)
    }

    /// The dictionary number of a value read.
    pub(crate) fn number(value: u64) -> u32 {
        (value >> 32) as u32
    }
}

enum Column {
    Packed(Vec<u64>),
    Text { numbers: Vec<u32>, dictionary: usize },
}

/// Columns while the model is being compiled against them.
pub(crate) struct Layout<'m> {
    model: &'m Model,
    columns: FxHashMap<Expr, (Column, Option<Operand>)>,
    dictionaries: Vec<Dictionary>,
    ids: Vec<i64>,
    order: Vec<u32>,
    sources: (Vec<u32>, Vec<String>),
    words: u32,
    half_open: Option<u32>,
    /// Columns without a single value.
    pub(crate) empty: Vec<String>,
}

/// The records, ready to be compared.
pub(crate) struct Table {
    words: Vec<u64>,
    stride: usize,
    pub(crate) dictionaries: Vec<Dictionary>,
    /// Ascending.
    pub(crate) ids: Vec<i64>,
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

    pub(crate) fn record(&self, row: u32) -> &[u64] {
        let start = row as usize * self.stride;
        &self.words[start..start + self.stride]
    }

    /// The text of a value, for comparisons that need it.
    pub(crate) fn text(&self, operand: Operand, value: u64) -> &[u8] {
        operand.dictionary().map_or(&[], |number| self.dictionaries[number].text(Operand::number(value)))
    }
}

/// The hashes of all records under a list of rules, side by side by record; 0 where a rule has no key for a
/// record.
pub(crate) struct Keys {
    pub(crate) rules: usize,
    pub(crate) hashes: Vec<u64>,
}

impl<'m> Layout<'m> {
    /// Loads the columns that the model speaks of. A missing column is an error, or unknown when `lenient`.
    pub(crate) fn load(batches: &[RecordBatch], model: &'m Model, lenient: bool) -> Result<Self, LinkError> {
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        if rows >= u32::MAX as usize {
            return Err(LinkError::TooManyRecords(rows));
        }
        let needs = Needs::of(model);
        let input = Input { batches, rows, lenient };
        let (ids, order) = input.ids(&model.unique_id)?;
        let mut layout = Self {
            model,
            columns: FxHashMap::default(),
            dictionaries: Vec::new(),
            ids,
            sources: (Vec::new(), Vec::new()),
            words: 0,
            half_open: None,
            empty: Vec::new(),
            order,
        };
        let sorted = layout.order.iter().enumerate().all(|(at, row)| at == *row as usize);
        let order = (!sorted).then(|| UInt32Array::from(layout.order.clone()));
        let loaded: Vec<(Expr, Loaded)> = needs
            .0
            .par_iter()
            .map(|need| {
                let array = input.column(&need.column, &need.needed_by, order.as_ref())?;
                Ok((Expr::base(&need.column), load_column(&need.column, &array, need.text)?))
            })
            .collect::<Result<_, LinkError>>()?;
        for (expr, column) in loaded {
            if column.is_unknown() {
                layout.empty.push(expr.column.clone());
            }
            layout.keep(expr, column);
        }
        layout.sources = input.sources(&model.source, order.as_ref())?;
        Ok(layout)
    }

    fn keep(&mut self, expr: Expr, loaded: Loaded) {
        let column = match loaded {
            Loaded::Packed(values) => Column::Packed(values),
            Loaded::Text(numbers, dictionary) => {
                self.dictionaries.push(dictionary);
                Column::Text { numbers, dictionary: self.dictionaries.len() - 1 }
            }
        };
        self.columns.insert(expr, (column, None));
    }

    /// Makes the column that `expr` names, unless it is there.
    fn ensure(&mut self, expr: &Expr) -> Result<(), ModelError> {
        if self.columns.contains_key(expr) {
            return Ok(());
        }
        let base =
            self.columns.get(&Expr::base(&expr.column)).map(|(column, _)| column).ok_or_else(|| {
                ModelError::Entry { place: expr.column.clone(), expected: "a column of the input".into() }
            })?;
        let made = match base {
            Column::Packed(values) => {
                let texts: Vec<Option<String>> = values
                    .par_iter()
                    .map(|&word| (word != 0).then(|| expr.apply(&digits::unpack(word))))
                    .collect();
                encode(texts.iter().map(|text| text.as_deref()))
            }
            Column::Text { numbers, dictionary } => {
                derive(numbers, &self.dictionaries[*dictionary], |text| expr.apply(text))
            }
        };
        self.keep(expr.clone(), made);
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

    pub(crate) fn expr(&self, scalar: &Scalar) -> Result<(crate::sql::Side, Expr), String> {
        Expr::of(scalar, &self.model.prepare)
    }

    /// The hashes of all records under `rules`. They depend on the records' content only, so that they can be
    /// kept in a store.
    pub(crate) fn keys(&mut self, rules: &[Rule]) -> Result<Keys, LinkError> {
        let mut parts = Vec::with_capacity(rules.len());
        for rule in rules {
            let mut exprs = Vec::new();
            for scalar in &rule.keys {
                let unsupported = |what| ModelError::Unsupported { place: rule.sql.clone(), what };
                let (_, expr) = self.expr(scalar).map_err(unsupported)?;
                let packed =
                    matches!(self.columns.get(&Expr::base(&expr.column)), Some((Column::Packed(_), _)));
                if !(packed && expr.piece().is_some()) {
                    self.ensure(&expr)?;
                }
                exprs.push(expr);
            }
            parts.push(exprs);
        }
        let readers: Vec<Vec<Reader>> =
            parts.iter().map(|exprs| exprs.iter().map(|expr| self.reader(expr)).collect()).collect();
        let rules = readers.len();
        let mut hashes = vec![0u64; self.ids.len() * rules];
        if rules > 0 {
            hashes.par_chunks_mut(rules * 4096).enumerate().for_each(|(chunk, out)| {
                for (offset, cell) in out.chunks_mut(rules).enumerate() {
                    let row = chunk * 4096 + offset;
                    for (cell, readers) in cell.iter_mut().zip(&readers) {
                        *cell = key(readers, row);
                    }
                }
            });
        }
        Ok(Keys { rules, hashes })
    }

    fn reader(&self, expr: &Expr) -> Reader<'_> {
        if let Some((column, _)) = self.columns.get(expr) {
            return match column {
                Column::Packed(values) => Reader::Packed { values, shift: 0, mask: u64::MAX },
                Column::Text { numbers, dictionary } => {
                    Reader::Text { numbers, hashes: &self.dictionaries[*dictionary].hashes }
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

    /// Lays the columns down row by row.
    pub(crate) fn finish(self) -> Table {
        let stride = (self.words as usize).max(1);
        let mut words = vec![0u64; self.ids.len() * stride];
        let placed: Vec<(&Column, Operand)> =
            self.columns.values().filter_map(|(column, place)| place.map(|place| (column, place))).collect();
        words.par_chunks_mut(stride * 4096).enumerate().for_each(|(chunk, out)| {
            for (column, place) in &placed {
                for (offset, record) in out.chunks_mut(stride).enumerate() {
                    let row = chunk * 4096 + offset;
                    record[place.word as usize] |= match column {
                        Column::Packed(values) => values[row],
                        Column::Text { numbers, .. } => (u64::from(numbers[row]) << 32) >> place.shift,
                    };
                }
            }
        });
        Table {
            words,
            stride,
            dictionaries: self.dictionaries,
            ids: self.ids,
            order: self.order,
            sources: self.sources.0,
            source_names: self.sources.1,
        }
    }

    /// The input row of each record.
    pub(crate) fn order(&self) -> &[u32] {
        &self.order
    }
}

enum Reader<'a> {
    Packed { values: &'a [u64], shift: u32, mask: u64 },
    Text { numbers: &'a [u32], hashes: &'a [u64] },
}

/// One rule's hash of one record; 0 when a part is unknown.
fn key(parts: &[Reader], row: usize) -> u64 {
    let mut hash = 0u64;
    for part in parts {
        let value = match part {
            Reader::Packed { values, shift, mask } => {
                let value = (values.get(row).copied().unwrap_or(0) << shift) & mask;
                if value == 0 { 0 } else { mix(value) }
            }
            Reader::Text { numbers, hashes } => hashes[numbers[row] as usize],
        };
        if value == 0 {
            return 0;
        }
        hash = mix(hash ^ value);
    }
    hash.max(1)
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit of the input moves every bit of the
/// output.
pub(crate) fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// A hash that is part of what stores keep: it must never change. Never 0. A text of digits has the hash of
/// the packed value, so that a key does not depend on how the rest of its column looks.
fn hash_bytes(bytes: &[u8]) -> u64 {
    if let Some(word) = digits::pack(bytes) {
        return mix(word);
    }
    let mut hash = bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0u8; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = mix(hash ^ u64::from_le_bytes(word));
    }
    hash.max(1)
}

enum Loaded {
    Packed(Vec<u64>),
    Text(Vec<u32>, Dictionary),
}

impl Loaded {
    fn is_unknown(&self) -> bool {
        match self {
            Self::Packed(values) => values.iter().all(|value| *value == 0),
            Self::Text(_, dictionary) => dictionary.known == 0,
        }
    }
}

fn load_column(name: &str, array: &ArrayRef, text: bool) -> Result<Loaded, LinkError> {
    let refused = || LinkError::ColumnType { column: name.to_owned(), found: array.data_type().to_string() };
    let packed: Option<Vec<u64>> = match array.data_type() {
        DataType::Null => return Ok(Loaded::Packed(vec![0; array.len()])),
        DataType::Date32 => array
            .as_primitive::<Date32Type>()
            .iter()
            .map(|day| day.map_or(Some(0), digits::pack_date))
            .collect(),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            let wide = rules::convert(array, &DataType::Int64).map_err(|_| refused())?;
            wide.as_primitive::<Int64Type>().iter().map(|n| n.map_or(Some(0), digits::pack_number)).collect()
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => None,
        _ => return Err(refused()),
    };
    if let (Some(values), false) = (&packed, text) {
        return Ok(Loaded::Packed(values.clone()));
    }
    let texts = rules::convert(array, &DataType::Utf8).map_err(|_| refused())?;
    let texts = texts.as_string::<i32>();
    if !text && packed.is_none() {
        let signs: Option<Vec<u64>> = texts
            .iter()
            .map(|text| {
                text.filter(|text| !text.is_empty()).map_or(Some(0), |text| digits::pack(text.as_bytes()))
            })
            .collect();
        if let Some(values) = signs {
            return Ok(Loaded::Packed(values));
        }
    }
    Ok(encode(texts.iter()))
}

/// Texts to numbers of a dictionary, in the order of first appearance.
fn encode<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> Loaded {
    let mut dictionary = Dictionary::new();
    let mut seen: FxHashMap<&str, u32> = FxHashMap::default();
    let mut numbers = Vec::with_capacity(texts.size_hint().0);
    for text in texts {
        let number = match text {
            None | Some("") => 0,
            Some(text) => *seen.entry(text).or_insert_with(|| dictionary.push(text)),
        };
        if number != 0 {
            dictionary.counts[number as usize] += 1;
            dictionary.known += 1;
        }
        numbers.push(number);
    }
    Loaded::Text(numbers, dictionary)
}

/// A column made from another: each distinct text is worked on once.
fn derive(numbers: &[u32], from: &Dictionary, make: impl Fn(&str) -> String + Sync) -> Loaded {
    let made: Vec<String> = (1..=from.len() as u32)
        .into_par_iter()
        .map(|number| make(&String::from_utf8_lossy(from.text(number))))
        .collect();
    let mut dictionary = Dictionary::new();
    let mut seen: FxHashMap<&str, u32> = FxHashMap::default();
    let mut map = vec![0u32; from.len() + 1];
    for (index, text) in made.iter().enumerate() {
        if text.is_empty() {
            continue;
        }
        let number = *seen.entry(text).or_insert_with(|| dictionary.push(text));
        map[index + 1] = number;
        let count = from.counts[index + 1];
        dictionary.counts[number as usize] += count;
        dictionary.known += u64::from(count);
    }
    Loaded::Text(numbers.iter().map(|&number| map[number as usize]).collect(), dictionary)
}

/// The batches and how to read a column over all of them.
struct Input<'a> {
    batches: &'a [RecordBatch],
    rows: usize,
    lenient: bool,
}

impl Input<'_> {
    fn find(&self, name: &str) -> Option<Result<ArrayRef, LinkError>> {
        let mut arrays = Vec::with_capacity(self.batches.len());
        for batch in self.batches {
            arrays.push(batch.column_by_name(name)?.as_ref());
        }
        match arrays.as_slice() {
            [] => None,
            [_] => self.batches[0].column_by_name(name).map(|array| Ok(Arc::clone(array))),
            many => Some(arrow_select::concat::concat(many).map_err(|error| LinkError::ColumnType {
                column: name.to_owned(),
                found: error.to_string(),
            })),
        }
    }

    fn column(
        &self,
        name: &str,
        needed_by: &str,
        order: Option<&UInt32Array>,
    ) -> Result<ArrayRef, LinkError> {
        let array = match self.find(name) {
            Some(array) => array?,
            None if self.lenient || self.batches.is_empty() => {
                return Ok(arrow_array::new_null_array(&DataType::Null, self.rows));
            }
            None => {
                return Err(LinkError::MissingColumn {
                    column: name.to_owned(),
                    needed_by: needed_by.to_owned(),
                });
            }
        };
        let Some(order) = order else { return Ok(array) };
        arrow_select::take::take(&array, order, None)
            .map_err(|error| LinkError::ColumnType { column: name.to_owned(), found: error.to_string() })
    }

    /// The ids in ascending order, and the row each stands on.
    fn ids(&self, name: &str) -> Result<(Vec<i64>, Vec<u32>), LinkError> {
        if self.lenient && self.find(name).is_none() {
            return Ok(((0..self.rows as i64).collect(), (0..self.rows as u32).collect()));
        }
        let array = self.column(name, "every run", None)?;
        if self.rows == 0 {
            return Ok((Vec::new(), Vec::new()));
        }
        if array.data_type() != &DataType::Int64 {
            return Err(LinkError::ColumnType {
                column: name.to_owned(),
                found: array.data_type().to_string(),
            });
        }
        let ids = array.as_primitive::<Int64Type>();
        if let Some(row) = (0..ids.len()).find(|&row| ids.is_null(row)) {
            return Err(LinkError::NullId { column: name.to_owned(), row });
        }
        let mut order: Vec<u32> = (0..self.rows as u32).collect();
        if !ids.values().is_sorted() {
            order.par_sort_unstable_by_key(|&row| (ids.value(row as usize), row));
        }
        let sorted: Vec<i64> = order.iter().map(|&row| ids.value(row as usize)).collect();
        if let Some(at) = sorted.windows(2).position(|pair| pair[0] == pair[1]) {
            return Err(LinkError::DuplicateId {
                column: name.to_owned(),
                id: sorted[at],
                first: order[at] as usize,
                second: order[at + 1] as usize,
            });
        }
        Ok((sorted, order))
    }

    fn sources(&self, name: &str, order: Option<&UInt32Array>) -> Result<(Vec<u32>, Vec<String>), LinkError> {
        let Some(array) = self.find(name) else { return Ok((vec![0; self.rows], vec![String::new()])) };
        array?;
        let array = self.column(name, "the constraints", order)?;
        let refused =
            || LinkError::ColumnType { column: name.to_owned(), found: array.data_type().to_string() };
        let texts = match array.data_type() {
            DataType::Int32 => {
                let numbers = array.as_primitive::<Int32Type>();
                Arc::new(
                    numbers.iter().map(|n| n.map(|n| n.to_string())).collect::<arrow_array::StringArray>(),
                )
            }
            _ => rules::convert(&array, &DataType::Utf8).map_err(|_| refused())?,
        };
        let Loaded::Text(numbers, dictionary) = encode(texts.as_string::<i32>().iter()) else {
            return Err(refused());
        };
        let mut names = vec![String::new()];
        names.extend(
            (1..=dictionary.len() as u32).map(|n| String::from_utf8_lossy(dictionary.text(n)).into_owned()),
        );
        Ok((numbers, names))
    }
}

/// The base columns that a model reads, who asked for each first, and whether it must be kept as text.
struct Needs(Vec<Need>);

struct Need {
    column: String,
    needed_by: String,
    text: bool,
}

impl Needs {
    fn of(model: &Model) -> Self {
        let mut needs = Self(Vec::new());
        for comparison in &model.comparisons {
            let by = format!("comparison `{}`", comparison.name);
            for level in &comparison.levels {
                needs.node(&level.condition, model, &by);
                if let Some(tf) = &level.term_frequency {
                    needs.scalar(&column(&tf.column), model, &by, true);
                }
            }
        }
        let training =
            model.training.iter().flat_map(|training| training.deterministic.iter().chain(&training.em));
        for rule in model.blocking.iter().chain(training).chain(&model.find) {
            for scalar in &rule.keys {
                needs.scalar(scalar, model, &format!("blocking rule `{}`", rule.sql), false);
            }
        }
        if let Some(name) = &model.constraints.one_value {
            needs.scalar(&column(name), model, "the constraint one_value", false);
        }
        needs
    }

    fn node(&mut self, node: &Node, model: &Model, by: &str) {
        match node {
            Node::And(parts) | Node::Or(parts) => parts.iter().for_each(|part| self.node(part, model, by)),
            Node::Not(inner) => self.node(inner, model, by),
            Node::Compare { left, right, .. } => {
                self.scalar(left, model, by, false);
                self.scalar(right, model, by, false);
            }
            Node::IsNull { of, .. } => self.scalar(of, model, by, false),
            Node::Else => {}
        }
    }

    fn scalar(&mut self, scalar: &Scalar, model: &Model, by: &str, text: bool) {
        match scalar {
            Scalar::Column { name, .. } => {
                if let Some(made) = model.prepare.iter().find(|made| made.column == *name) {
                    self.scalar(&made.value, model, by, text);
                    return;
                }
                match self.0.iter_mut().find(|need| need.column == *name) {
                    Some(need) => need.text |= text,
                    None => self.0.push(Need { column: name.clone(), needed_by: by.to_owned(), text }),
                }
            }
            Scalar::Call { name, args } => {
                let text = text || matches!(name.as_str(), "jaro_winkler_similarity" | "jaro_similarity");
                for arg in args {
                    self.scalar(arg, model, by, text);
                }
            }
            Scalar::Minus(left, right) => {
                self.scalar(left, model, by, text);
                self.scalar(right, model, by, text);
            }
            Scalar::Number(_) | Scalar::Text(_) => {}
        }
    }
}

fn column(name: &str) -> Scalar {
    Scalar::Column { side: crate::sql::Side::Left, name: name.to_owned() }
}

/// An input without rows has no batches to read columns from; this one stands for it.
pub(crate) fn empty_batch() -> RecordBatch {
    RecordBatch::new_empty(Arc::new(Schema::empty()))
}
