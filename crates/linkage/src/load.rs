//! Records as they come, batch by batch, into the few bytes that the engine keeps of them.
//!
//! In: Arrow batches with the columns that a model speaks of. Out: a [`Layout`]. A batch is forgotten as soon
//! as it has been taken, so that memory holds numbers of dictionaries and packed signs, never the tables
//! themselves. Never: a column that changes its type between batches.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowDictionaryKeyType, Date32Type, Int8Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use rayon::prelude::*;

use crate::dictionary::Dictionary;
use crate::digits;
use crate::error::LinkError;
use crate::eval::{self, Value};
use crate::expr::{Expr, Pipeline};
use crate::ids::{Ids, Ranks};
use crate::model::{LinkType, Model};
use crate::sql::{Node, Scalar, Side};
use crate::table::{Column, Layout};

/// What the values of a column are; a condition without a comparator of its own needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Unknown,
    Text,
    Int,
    Float,
    Date,
    Time,
    Bool,
    List(Box<Kind>),
}

impl Kind {
    fn of(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Null => Self::Unknown,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text,
            DataType::Dictionary(_, values) => Self::of(values)?,
            DataType::Boolean => Self::Bool,
            DataType::Date32 => Self::Date,
            DataType::Timestamp(..) => Self::Time,
            DataType::Float32 | DataType::Float64 => Self::Float,
            data_type if data_type.is_integer() => Self::Int,
            DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
                Self::List(Box::new(Self::of(field.data_type())?))
            }
            _ => return None,
        })
    }
}

/// Takes records batch by batch.
pub struct Loader<'m> {
    model: &'m Model,
    lenient: bool,
    rows: usize,
    columns: Vec<Builder>,
    ids: Ids,
    sources: Builder,
    /// Rows that were announced.
    expected: usize,
}

/// One column while it grows.
struct Builder {
    need: Need,
    kind: Kind,
    values: Values,
    empty_is_null: bool,
    /// The dictionary that the last batch came with.
    shared: Option<Shared>,
}

/// A dictionary of the input, and its texts as the column keeps them. Readers leave texts in dictionaries that no row
/// has: one that cannot be packed does not matter until a row has it.
struct Shared {
    values: ArrayRef,
    words: Vec<u64>,
    /// Whether any word is [`UNFIT`].
    has_unfit: bool,
}

/// Stands for a text that cannot be packed, among words of which no packed one has all bits.
const UNFIT: u64 = u64::MAX;

impl Shared {
    /// Whether this is the same dictionary, by its place in memory.
    fn is_of(&self, values: &ArrayRef) -> bool {
        Arc::ptr_eq(&self.values, values) || self.values.to_data().ptr_eq(&values.to_data())
    }
}

enum Values {
    Packed(Vec<u64>),
    Text(Vec<u32>, Dictionary),
}

impl Values {
    /// A file may announce more than there is: where there is no room the column grows as rows come.
    fn reserve(&mut self, rows: usize) {
        let _ = match self {
            Self::Packed(values) => values.try_reserve_exact(rows),
            Self::Text(numbers, _) => numbers.try_reserve_exact(rows),
        };
    }
}

impl<'m> Loader<'m> {
    /// Waits for the records of a model.
    pub fn new(model: &'m Model) -> Self {
        Self::with(model, false)
    }

    /// Columns that are missing are unknown when `lenient`, and so are ids.
    pub(crate) fn with(model: &'m Model, lenient: bool) -> Self {
        let source =
            Need { column: model.source.clone(), needed_by: String::new(), text: true, computed: None };
        let empty = model.empty_is_null;
        Self {
            model,
            lenient,
            rows: 0,
            columns: Needs::of(model).0.into_iter().map(|need| Builder::new(need, empty)).collect(),
            ids: Ids::default(),
            sources: Builder::new(source, false),
            expected: 0,
        }
    }

    /// Makes room for this many rows in all, so that no column has to move while it grows.
    pub fn expect(&mut self, rows: usize) {
        self.expected = rows.min(u32::MAX as usize);
        let more = self.expected.saturating_sub(self.rows);
        for builder in self.columns.iter_mut().chain([&mut self.sources]) {
            builder.values.reserve(more);
        }
    }

    /// Rows taken so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Takes a batch. `source` names the list it comes from, where no column does.
    ///
    /// # Errors
    /// A missing column, one of a type that cannot be compared, a record without an id.
    pub fn push(&mut self, batch: &RecordBatch, source: Option<&str>) -> Result<(), LinkError> {
        let rows = batch.num_rows();
        if self.rows + rows >= u32::MAX as usize {
            return Err(LinkError::TooManyRecords(self.rows + rows));
        }
        let id = &self.model.unique_id;
        match batch.column_by_name(id) {
            Some(array) => {
                self.ids.push(id, array)?;
                if self.rows == 0 {
                    self.ids.expect(self.expected);
                }
            }
            None if self.lenient => {
                let numbers =
                    (self.rows as i64..(self.rows + rows) as i64).collect::<arrow_array::Int64Array>();
                self.ids.push(id, &(Arc::new(numbers) as ArrayRef))?;
            }
            None => {
                return Err(LinkError::MissingColumn { column: id.clone(), needed_by: "every run".into() });
            }
        }
        match batch.column_by_name(&self.model.source) {
            Some(array) => self.sources.push(array)?,
            None => self.sources.push_constant(source.unwrap_or_default(), rows),
        }
        let lenient = self.lenient;
        let take = |builder: &mut Builder| builder.take(batch, lenient);
        if rows < 1024 {
            self.columns.iter_mut().try_for_each(take)?;
        } else {
            self.columns.par_iter_mut().try_for_each(take)?;
        }
        self.rows += rows;
        Ok(())
    }

    /// All records are in: brings them into the order of their ids.
    pub(crate) fn finish(self) -> Result<(Layout<'m>, Ids), LinkError> {
        let Self { model, columns, ids, sources, rows, .. } = self;
        let (numbers, names) = sources.names();
        let several = model.link_type != LinkType::Dedupe && names.len() > 2;
        if model.link_type == LinkType::LinkOnly && rows > 0 && names.len() <= 2 {
            return Err(LinkError::OneSource(model.source.clone()));
        }
        // Ids are unique within a source when lists are linked to one another.
        let ranks = several.then(|| ranks(&numbers, &names));
        let order = ids.order(&model.unique_id, ranks.as_deref())?;
        let sorted = order.iter().enumerate().all(|(at, row)| at == *row as usize);
        let permutation = (!sorted).then_some(order.as_slice());
        let mut layout = Layout::new(model);
        layout.ids = match (&ids, several) {
            (Ids::Numbers(numbers), false) => {
                Ranks::Numbers(order.iter().map(|row| numbers[*row as usize]).collect())
            }
            // Texts, or numbers that stand in several lists: the place in the order is the number.
            _ => Ranks::Places(rows),
        };
        // The columns of a few rows are not shared out: one search must not wait for other threads.
        let together = if rows < 1024 { columns.len() } else { 1 };
        let made: Vec<(Builder, bool)> = columns
            .into_par_iter()
            .with_min_len(together.max(1))
            .map(|mut builder| {
                builder.close(permutation);
                let empty = builder.is_unknown();
                (builder, empty)
            })
            .collect();
        for (builder, empty) in made {
            let name = builder.need.column.clone();
            if empty {
                layout.empty.push(name.clone());
            }
            layout.kinds.insert(name.clone(), builder.kind);
            let column = match builder.values {
                Values::Packed(values) => Column::Packed(values),
                Values::Text(numbers, dictionary) => layout.text_column(numbers, dictionary),
            };
            layout.keep(Expr::base(&name), column);
        }
        let numbers = match permutation {
            Some(order) => order.iter().map(|row| numbers[*row as usize]).collect(),
            None => numbers,
        };
        layout.sources = (numbers, names);
        layout.order = order;
        Ok((layout, ids))
    }
}

/// The place of each row's source among the names in their order.
fn ranks(numbers: &[u32], names: &[String]) -> Vec<u32> {
    let mut by_name: Vec<usize> = (0..names.len()).collect();
    by_name.sort_by(|a, b| names[*a].cmp(&names[*b]));
    let mut rank = vec![0u32; names.len()];
    by_name.iter().enumerate().for_each(|(at, name)| rank[*name] = at as u32);
    numbers.iter().map(|number| rank[*number as usize]).collect()
}

impl Builder {
    fn new(need: Need, empty_is_null: bool) -> Self {
        let values =
            if need.text { Values::Text(Vec::new(), Dictionary::new()) } else { Values::Packed(Vec::new()) };
        Self { need, kind: Kind::Unknown, values, empty_is_null, shared: None }
    }

    fn take(&mut self, batch: &RecordBatch, lenient: bool) -> Result<(), LinkError> {
        if let Some(made) = self.need.computed.clone() {
            self.compute(&made, batch);
            return Ok(());
        }
        match batch.column_by_name(&self.need.column) {
            Some(array) => self.push(array),
            None if lenient => {
                self.push_nothing(batch.num_rows());
                Ok(())
            }
            None => Err(LinkError::MissingColumn {
                column: self.need.column.clone(),
                needed_by: self.need.needed_by.clone(),
            }),
        }
    }

    /// A column made of several: row by row.
    fn compute(&mut self, made: &Scalar, batch: &RecordBatch) {
        for row in 0..batch.num_rows() {
            let read = |_: Side, name: &str| {
                batch.column_by_name(name).map_or(Value::Null, |array| Value::of_array(array, row))
            };
            match eval::scalar(made, &read).into_text() {
                Some(text) => self.push_text(&text),
                None => self.push_nothing(1),
            }
        }
        self.kind = Kind::Text;
    }

    fn refused(&self, array: &ArrayRef) -> LinkError {
        LinkError::ColumnType { column: self.need.column.clone(), found: array.data_type().to_string() }
    }

    fn push(&mut self, array: &ArrayRef) -> Result<(), LinkError> {
        let kind = Kind::of(array.data_type()).ok_or_else(|| self.refused(array))?;
        if self.kind == Kind::Unknown {
            self.kind = kind.clone();
        } else if kind != Kind::Unknown && kind != self.kind {
            return Err(self.refused(array));
        }
        match array.data_type() {
            DataType::Null => self.push_nothing(array.len()),
            DataType::Utf8 => self.push_texts(array.as_string::<i32>().iter()),
            DataType::LargeUtf8 => self.push_texts(array.as_string::<i64>().iter()),
            DataType::Utf8View => self.push_texts(array.as_string_view().iter()),
            DataType::Dictionary(key, _) => match **key {
                DataType::Int8 => self.push_dictionary::<Int8Type>(array)?,
                DataType::Int16 => self.push_dictionary::<Int16Type>(array)?,
                DataType::Int32 => self.push_dictionary::<Int32Type>(array)?,
                _ => {
                    let texts = rules::convert(array, &DataType::Utf8).map_err(|_| self.refused(array))?;
                    self.push_texts(texts.as_string::<i32>().iter());
                }
            },
            DataType::Date32 => {
                for day in array.as_primitive::<Date32Type>() {
                    match day {
                        None => self.push_nothing(1),
                        Some(day) => self.push_word(digits::pack_date(day), || Value::Date(day)),
                    }
                }
            }
            data_type if data_type.is_integer() => {
                let wide = rules::convert(array, &DataType::Int64).map_err(|_| self.refused(array))?;
                for number in wide.as_primitive::<Int64Type>() {
                    match number {
                        None => self.push_nothing(1),
                        Some(number) => self.push_word(digits::pack_number(number), || Value::Int(number)),
                    }
                }
            }
            _ => {
                for row in 0..array.len() {
                    match Value::of_array(array, row).into_text() {
                        Some(text) => self.push_text(&text),
                        None => self.push_nothing(1),
                    }
                }
            }
        }
        Ok(())
    }

    /// Each text of the dictionary is looked at once, also when several batches share it.
    fn push_dictionary<K: ArrowDictionaryKeyType>(&mut self, array: &ArrayRef) -> Result<(), LinkError>
    where
        K::Native: TryInto<usize>,
    {
        let dictionary = array.as_dictionary::<K>();
        let shared = self.shared.take().filter(|shared| shared.is_of(dictionary.values()));
        let mut shared = match shared {
            Some(shared) => shared,
            None => self.share(dictionary.values()).ok_or_else(|| self.refused(array))?,
        };
        let place = |key: Option<K::Native>| key.and_then(|key| key.try_into().ok());
        let word =
            |shared: &Shared, key| place(key).and_then(|at| shared.words.get(at).copied()).unwrap_or(0);
        if shared.has_unfit && dictionary.keys().iter().any(|key| word(&shared, key) == UNFIT) {
            self.unpack();
            shared = self.share(dictionary.values()).ok_or_else(|| self.refused(array))?;
        }
        let words = dictionary.keys().iter().map(|key| word(&shared, key));
        match &mut self.values {
            Values::Packed(values) => values.extend(words),
            Values::Text(numbers, dictionary) => numbers.extend(words.map(|word| {
                dictionary.seen(word as u32);
                word as u32
            })),
        }
        self.shared = Some(shared);
        Ok(())
    }

    /// The texts of a dictionary as the column keeps them; nothing when they are no texts.
    fn share(&mut self, values: &ArrayRef) -> Option<Shared> {
        let texts = rules::convert(values, &DataType::Utf8).ok()?;
        let words = texts.as_string::<i32>().iter();
        let words: Vec<u64> = words.map(|text| text.map_or(0, |text| self.word_of(text))).collect();
        let has_unfit = words.contains(&UNFIT);
        Some(Shared { values: Arc::clone(values), words, has_unfit })
    }

    /// A text as the column keeps it: packed or [`UNFIT`], or its number in the dictionary; 0 for unknown.
    fn word_of(&mut self, text: &str) -> u64 {
        if text.is_empty() && self.empty_is_null {
            return 0;
        }
        match &mut self.values {
            Values::Packed(_) => digits::pack(text.as_bytes()).unwrap_or(UNFIT),
            Values::Text(_, dictionary) => u64::from(dictionary.number(text.as_bytes())),
        }
    }

    fn push_texts<'a>(&mut self, texts: impl Iterator<Item = Option<&'a str>>) {
        for text in texts {
            match text {
                Some(text) => self.push_text(text),
                None => self.push_nothing(1),
            }
        }
    }

    fn push_nothing(&mut self, rows: usize) {
        match &mut self.values {
            Values::Packed(values) => values.resize(values.len() + rows, 0),
            Values::Text(numbers, _) => numbers.resize(numbers.len() + rows, 0),
        }
    }

    fn push_constant(&mut self, text: &str, rows: usize) {
        if let Values::Text(numbers, dictionary) = &mut self.values {
            let number = if text.is_empty() { 0 } else { dictionary.number(text.as_bytes()) };
            numbers.resize(numbers.len() + rows, number);
        }
    }

    fn push_word(&mut self, word: Option<u64>, value: impl Fn() -> Value) {
        if let (Values::Packed(values), Some(word)) = (&mut self.values, word) {
            values.push(word);
            return;
        }
        if let Some(text) = value().into_text() {
            self.push_text(&text);
        }
    }

    fn push_text(&mut self, text: &str) {
        if text.is_empty() && self.empty_is_null {
            self.push_nothing(1);
            return;
        }
        if let Values::Packed(values) = &mut self.values {
            if let Some(word) = digits::pack(text.as_bytes()) {
                values.push(word);
                return;
            }
            self.unpack();
        }
        if let Values::Text(numbers, dictionary) = &mut self.values {
            let number = dictionary.number(text.as_bytes());
            dictionary.seen(number);
            numbers.push(number);
        }
    }

    /// A value came that does not fit a word: the column becomes one of texts.
    fn unpack(&mut self) {
        let Values::Packed(words) = &mut self.values else { return };
        let words = std::mem::take(words);
        self.shared = None;
        let mut dictionary = Dictionary::new();
        let numbers = words
            .iter()
            .map(|&word| {
                let number = if word == 0 { 0 } else { dictionary.number(digits::unpack(word).as_bytes()) };
                dictionary.seen(number);
                number
            })
            .collect();
        self.values = Values::Text(numbers, dictionary);
    }

    fn close(&mut self, order: Option<&[u32]>) {
        self.shared = None;
        match &mut self.values {
            Values::Packed(values) => {
                if let Some(order) = order {
                    *values = order.iter().map(|row| values[*row as usize]).collect();
                }
            }
            Values::Text(numbers, dictionary) => {
                dictionary.close();
                if let Some(order) = order {
                    *numbers = order.iter().map(|row| numbers[*row as usize]).collect();
                }
            }
        }
    }

    fn is_unknown(&self) -> bool {
        match &self.values {
            Values::Packed(values) => values.iter().all(|value| *value == 0),
            Values::Text(_, dictionary) => dictionary.known == 0,
        }
    }

    /// The number of each row's text, and the texts by number.
    fn names(self) -> (Vec<u32>, Vec<String>) {
        let Values::Text(numbers, dictionary) = self.values else { return (Vec::new(), vec![String::new()]) };
        let mut names = vec![String::new()];
        names.extend(
            (1..=dictionary.len() as u32).map(|n| String::from_utf8_lossy(dictionary.text(n)).into_owned()),
        );
        (numbers, names)
    }
}

/// The base columns that a model reads, who asked for each first, and whether it must be kept as text.
pub(crate) struct Needs(pub(crate) Vec<Need>);

/// A column of the input, or one that is made of several of them row by row.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    pub(crate) column: String,
    needed_by: String,
    text: bool,
    pub(crate) computed: Option<Scalar>,
}

impl Needs {
    pub(crate) fn of(model: &Model) -> Self {
        let mut needs = Self(Vec::new());
        for comparison in &model.comparisons {
            let by = format!("comparison `{}`", comparison.name);
            for level in &comparison.levels {
                needs.node(&level.condition, model, &by);
                if let Some(tf) = &level.term_frequency {
                    needs.column(&tf.column, model, &by, true);
                }
            }
        }
        let training =
            model.training.iter().flat_map(|training| training.deterministic.iter().chain(&training.em));
        for rule in model.blocking.iter().chain(training).chain(&model.find) {
            let by = format!("blocking rule `{}`", rule.sql);
            rule.keys.iter().for_each(|scalar| needs.scalar(scalar, model, &by, false));
            rule.rest.iter().for_each(|node| needs.node(node, model, &by));
        }
        if let Some(name) = &model.constraints.one_value {
            needs.column(name, model, "the constraint one_value", false);
        }
        needs
    }

    /// The names of the input's columns, those that computed columns are made of included.
    pub(crate) fn input(&self) -> Vec<String> {
        let mut names = Vec::new();
        for need in &self.0 {
            match &need.computed {
                None => names.push(need.column.clone()),
                Some(made) => made.each_column(&mut |_, name| names.push(name.to_owned())),
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    fn node(&mut self, node: &Node, model: &Model, by: &str) {
        node.each_scalar(&mut |scalar| self.scalar(scalar, model, by, false));
    }

    fn scalar(&mut self, scalar: &Scalar, model: &Model, by: &str, text: bool) {
        match scalar {
            Scalar::Column { name, .. } => self.column(name, model, by, text),
            Scalar::Call { name, args } => {
                let text = text
                    || matches!(
                        name.as_str(),
                        "jaro_winkler_similarity" | "jaro_similarity" | "jaccard" | "hamming"
                    );
                for arg in args {
                    self.scalar(arg, model, by, text);
                }
            }
            other => other.each_part(&mut |part| self.scalar(part, model, by, text)),
        }
    }

    fn column(&mut self, name: &str, model: &Model, by: &str, text: bool) {
        let made = model.prepare.iter().find(|made| made.column == *name);
        if let Some(made) = made.filter(|made| !made.by_row) {
            return self.scalar(&made.value, model, by, text);
        }
        match self.0.iter_mut().find(|need| need.column == *name) {
            Some(need) => need.text |= text,
            None => self.0.push(Need {
                column: name.to_owned(),
                needed_by: by.to_owned(),
                text,
                computed: made.map(|made| made.expanded(&model.prepare)),
            }),
        }
    }
}

/// The columns that a model's `prepare` entry makes of a batch, as text, behind the ids.
///
/// # Errors
/// A column that is missing or of a type that cannot be compared.
pub fn prepare(model: &Model, batch: &RecordBatch) -> Result<RecordBatch, LinkError> {
    let mut texts: Vec<(String, Vec<Option<String>>)> = Vec::new();
    let id = model.unique_id.as_str();
    let column = |name: &str| {
        batch.column_by_name(name).ok_or_else(|| LinkError::MissingColumn {
            column: name.to_owned(),
            needed_by: "the entry `prepare`".into(),
        })
    };
    let all =
        |array: &ArrayRef| (0..array.len()).map(|row| Value::of_array(array, row).into_text()).collect();
    texts.push((id.to_owned(), all(column(id)?)));
    for made in &model.prepare {
        let scalar = Scalar::Column { side: Side::Left, name: made.column.clone() };
        let values = match Expr::of(&scalar, &model.prepare) {
            Ok((_, expr)) if !made.by_row => {
                let pipeline = Pipeline::new(&expr.steps, &model.names);
                let apply = |text: String| {
                    let mut out = String::new();
                    let known = pipeline.apply(&text, &mut out) && !(model.empty_is_null && out.is_empty());
                    known.then_some(out)
                };
                let base: Vec<Option<String>> = all(column(&expr.column)?);
                base.into_iter().map(|text| text.and_then(apply)).collect()
            }
            _ => {
                let whole = made.expanded(&model.prepare);
                let at = |row: usize| {
                    let read = |_: Side, name: &str| {
                        batch.column_by_name(name).map_or(Value::Null, |array| Value::of_array(array, row))
                    };
                    eval::scalar(&whole, &read).into_text()
                };
                (0..batch.num_rows()).map(at).collect()
            }
        };
        texts.push((made.column.clone(), values));
    }
    let fields: Vec<arrow_schema::Field> =
        texts.iter().map(|(name, _)| arrow_schema::Field::new(name, DataType::Utf8, true)).collect();
    let arrays = texts
        .into_iter()
        .map(|(_, values)| Arc::new(values.into_iter().collect::<arrow_array::StringArray>()) as ArrayRef)
        .collect();
    RecordBatch::try_new(Arc::new(arrow_schema::Schema::new(fields)), arrays)
        .map_err(|error| LinkError::ColumnType { column: id.to_owned(), found: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::DictionaryArray;

    /// A reader may leave texts in a dictionary that no row has: they do not make a column of digits one of texts.
    #[test]
    fn a_text_that_no_row_has_does_not_unpack_a_column() {
        let need = Need { column: "nik".into(), needed_by: String::new(), text: false, computed: None };
        let mut builder = Builder::new(need, false);
        let mut push = |keys: [Option<i32>; 3]| {
            let texts: ArrayRef = Arc::new(arrow_array::StringArray::from(vec!["", "9901", "99A1"]));
            let keys = arrow_array::Int32Array::from(keys.to_vec());
            let array: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::try_new(keys, texts).unwrap());
            builder.push(&array).unwrap();
            match &builder.values {
                Values::Packed(words) => words.iter().map(|word| digits::unpack(*word)).collect(),
                Values::Text(numbers, texts) => numbers
                    .iter()
                    .map(|number| match number {
                        0 => "unknown".to_owned(),
                        number => format!("text {}", String::from_utf8_lossy(texts.text(*number))),
                    })
                    .collect::<Vec<_>>(),
            }
        };
        assert_eq!(push([Some(1), None, Some(1)]), ["9901", "", "9901"]);
        assert_eq!(
            push([Some(2), None, Some(1)]),
            ["text 9901", "unknown", "text 9901", "text 99A1", "unknown", "text 9901"]
        );
    }
}
