//! Reads TOML with a position for every value, and goes on after a mistake: a wrong value becomes a fault and a harmless
//! default, so that one load finds all faults. The caller throws the result away when there was any.

use std::{cell::RefCell, collections::BTreeSet, ops::Range};

use jiff::civil::Date;
use model::{RegionLevel, Rupiah};
use rules::Label;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::fault::Faults;

/// One file of the pack while it is read.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
    pub(crate) faults: &'a Faults,
}

impl Source<'_> {
    pub(crate) fn fault(&self, offset: usize, message: impl Into<String>, remedy: impl Into<String>) {
        self.faults.add(self.file, self.text, offset, message.into(), remedy.into());
    }

    fn warn(&self, offset: usize, message: &str, remedy: &str) {
        self.faults.warn(self.file, self.text, offset, message, remedy);
    }

    /// Parses the file and hands its root to `read`.
    pub(crate) fn read_toml<T>(&self, read: impl FnOnce(&Table<'_>) -> T) -> T {
        let (root, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let offset = error.span().map_or(0, |span| span.start);
            self.fault(offset, format!("not TOML: {}", error.message()), "mend the line's form");
        }
        // What cannot be parsed is missing: that would be told once more, so only the form is told until it is mended.
        let unheard = Faults::default();
        let faults = if errors.is_empty() { self.faults } else { &unheard };
        let source = Source { faults, ..*self };
        let table = Table { source, span: 0..0, map: root.get_ref(), seen: RefCell::default() };
        let result = read(&table);
        table.refuse_unknown_keys();
        result
    }
}

/// A table of a file. Remembers which keys were asked for: the others are faults (a misspelt key must not be ignored).
pub(crate) struct Table<'a> {
    source: Source<'a>,
    span: Range<usize>,
    map: &'a DeTable<'a>,
    seen: RefCell<BTreeSet<String>>,
}

/// A value with its place in the file.
#[derive(Debug, Clone)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) at: Range<usize>,
}

/// What a table does when a key is missing.
const ADD_IT: &str = "add it";

impl<'a> Table<'a> {
    fn item(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.seen.borrow_mut().insert(key.to_owned());
        self.map.get(key)
    }

    /// Whether the key is written, without marking it as read.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// Where the key's value stands; the table's own place when it is missing.
    pub(crate) fn place(&self, key: &str) -> Range<usize> {
        self.map.get(key).map_or(self.span.clone(), Spanned::span)
    }

    /// Where a key of an inner table stands; the inner table's place when it is missing.
    pub(crate) fn place_within(&self, inner: &str, key: &str) -> Range<usize> {
        let value = self.map.get(inner).and_then(|item| item.get_ref().as_table()?.get(key));
        value.map_or_else(|| self.place(inner), Spanned::span)
    }

    /// Marks a key as read.
    pub(crate) fn know(&self, key: &str) {
        self.item(key);
    }

    /// A fault at a key's value.
    pub(crate) fn fault(&self, key: &str, message: impl Into<String>, remedy: impl Into<String>) {
        self.fault_at(&self.place(key), message, remedy);
    }

    /// A fault at a place.
    pub(crate) fn fault_at(&self, at: &Range<usize>, message: impl Into<String>, remedy: impl Into<String>) {
        self.source.fault(at.start, message, remedy);
    }

    fn wrong_type(&self, key: &str, found: &Spanned<DeValue<'_>>, wanted: &str) {
        let is = match found.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a decimal point",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let message = format!("`{key}` is {is}, it must be {wanted}");
        self.source.fault(found.span().start, message, format!("write {wanted}"));
    }

    fn missing(&self, key: &str) {
        self.source.fault(self.span.start, format!("`{key}` is missing"), ADD_IT);
    }

    /// Records every key that no reader asked for.
    pub(crate) fn refuse_unknown_keys(&self) {
        let seen = self.seen.borrow();
        for key in self.map.keys().filter(|key| !seen.contains(key.get_ref().as_ref())) {
            let known: Vec<&str> = seen.iter().map(String::as_str).collect();
            let remedy = format!("remove it or correct the spelling; known here: {}", known.join(", "));
            self.source.fault(key.span().start, format!("unknown key `{}`", key.get_ref()), remedy);
        }
    }

    pub(crate) fn opt_placed_text(&self, key: &str) -> Option<Placed<String>> {
        let item = self.item(key)?;
        let Some(text) = item.get_ref().as_str() else {
            self.wrong_type(key, item, "a text in quotes");
            return None;
        };
        Some(Placed { value: text.to_owned(), at: item.span() })
    }

    pub(crate) fn opt_text(&self, key: &str) -> Option<String> {
        self.opt_placed_text(key).map(|placed| placed.value)
    }

    /// A required text that is not empty.
    pub(crate) fn text(&self, key: &str) -> String {
        if !self.has(key) {
            self.item(key);
            self.missing(key);
            return String::new();
        }
        let text = self.opt_text(key).unwrap_or_default();
        if text.trim().is_empty() && self.map.get(key).is_some_and(|item| item.get_ref().is_str()) {
            self.fault(key, format!("`{key}` is empty"), "write a text");
        }
        text
    }

    pub(crate) fn opt_int(&self, key: &str) -> Option<i64> {
        let item = self.item(key)?;
        let number = int_of(item.get_ref());
        if number.is_none() {
            self.wrong_type(key, item, "a whole number");
        }
        number
    }

    /// A required whole number within `range`.
    pub(crate) fn int(&self, key: &str, range: std::ops::RangeInclusive<i64>) -> i64 {
        if !self.has(key) {
            self.item(key);
            self.missing(key);
        }
        self.opt_int_in(key, range.clone()).unwrap_or(0.clamp(*range.start(), *range.end()))
    }

    pub(crate) fn opt_int_in(&self, key: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let number = self.opt_int(key)?;
        if range.contains(&number) {
            return Some(number);
        }
        let message = format!("`{key}` is {number}, outside {} to {}", range.start(), range.end());
        self.fault(key, message, "write a number within the range");
        None
    }

    /// An amount of money, not negative.
    pub(crate) fn opt_rupiah(&self, key: &str) -> Option<Rupiah> {
        self.opt_int_in(key, 0..=1_000_000_000_000_000).map(Rupiah::new)
    }

    /// The name in a text `param.name`; none when the key holds something else (which is not read then).
    pub(crate) fn opt_param_name(&self, key: &str) -> Option<String> {
        let name = self.map.get(key)?.get_ref().as_str()?.strip_prefix("param.")?.to_owned();
        self.item(key);
        Some(name)
    }

    pub(crate) fn flag(&self, key: &str, default: bool) -> bool {
        let Some(item) = self.item(key) else { return default };
        item.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_type(key, item, "true or false");
            default
        })
    }

    /// A day, written bare (`2020-03-01`) or in quotes.
    pub(crate) fn opt_date(&self, key: &str) -> Option<Date> {
        let item = self.item(key)?;
        let text = match item.get_ref() {
            DeValue::Datetime(day) => day.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => {
                self.wrong_type(key, item, "a date such as 2020-03-01");
                return None;
            }
        };
        let day = text.parse::<Date>().ok();
        if day.is_none() {
            self.fault(key, format!("`{text}` is no day of the calendar"), "write it as 2020-03-01");
        }
        day
    }

    /// A required day.
    pub(crate) fn date(&self, key: &str) -> Option<Date> {
        if !self.has(key) {
            self.missing(key);
        }
        self.opt_date(key)
    }

    /// One word of a fixed list; the first is the default when `required` is false.
    pub(crate) fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)], required: bool) -> T {
        let default = choices[0].1;
        if !self.has(key) {
            self.item(key);
            if required {
                self.missing(key);
            }
            return default;
        }
        let Some(word) = self.opt_text(key) else { return default };
        self.word_of(&word, choices, &self.place(key)).unwrap_or(default)
    }

    /// The meaning of one word, or a fault that lists the words.
    pub(crate) fn word_of<T: Copy>(&self, word: &str, choices: &[(&str, T)], at: &Range<usize>) -> Option<T> {
        let found = choices.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
        if found.is_none() {
            let plain = |name: &str| name.chars().all(|c| c.is_alphanumeric() || "_-".contains(c));
            let shown = |(name, _): &(&str, T)| {
                if plain(name) { (*name).to_owned() } else { format!("{name:?}") }
            };
            let names: Vec<String> = choices.iter().map(shown).collect();
            self.fault_at(
                at,
                format!("`{word}` is not known here"),
                format!("write one of: {}", names.join(", ")),
            );
        }
        found
    }

    pub(crate) fn region_level(&self, key: &str) -> RegionLevel {
        self.choice(key, &REGION_LEVELS, true)
    }

    /// A list of texts with their places; empty when missing.
    pub(crate) fn texts(&self, key: &str) -> Vec<Placed<String>> {
        let Some(item) = self.item(key) else { return Vec::new() };
        let Some(array) = item.get_ref().as_array() else {
            self.wrong_type(key, item, "a list of texts");
            return Vec::new();
        };
        let mut out = Vec::with_capacity(array.len());
        for entry in array {
            match entry.get_ref().as_str() {
                Some(text) => out.push(Placed { value: text.to_owned(), at: entry.span() }),
                None => self.wrong_type(key, entry, "a text in quotes"),
            }
        }
        out
    }

    /// A list of texts without places.
    pub(crate) fn plain_texts(&self, key: &str) -> Vec<String> {
        self.texts(key).into_iter().map(|placed| placed.value).collect()
    }

    /// A list of whole numbers; empty when missing.
    pub(crate) fn ints(&self, key: &str) -> Vec<i64> {
        let Some(item) = self.item(key) else { return Vec::new() };
        let Some(array) = item.get_ref().as_array() else {
            self.wrong_type(key, item, "a list of whole numbers");
            return Vec::new();
        };
        let mut out = Vec::with_capacity(array.len());
        for entry in array {
            match int_of(entry.get_ref()) {
                Some(number) => out.push(number),
                None => self.wrong_type(key, entry, "a whole number"),
            }
        }
        out
    }

    /// The texts `<key>_id` and `<key>_en`, both required.
    pub(crate) fn label(&self, key: &str) -> Label {
        Label { id: self.text(&format!("{key}_id")), en: self.text(&format!("{key}_en")) }
    }

    /// The text `key` of each table of the list (or of the one table) `list`, without marking it as read.
    pub(crate) fn placed(&self, list: &str, key: &str) -> Vec<Placed<String>> {
        let found = self.map.get(list).map(Spanned::get_ref);
        let many = found.and_then(DeValue::as_array).into_iter().flatten();
        let tables = many.filter_map(|entry| entry.get_ref().as_table());
        let tables = tables.chain(found.and_then(DeValue::as_table));
        let text = |table: &DeTable<'_>| {
            let item = table.get(key)?;
            Some(Placed { value: item.get_ref().as_str()?.to_owned(), at: item.span() })
        };
        tables.filter_map(text).collect()
    }

    /// The texts of a list `key` within each table of a list.
    pub(crate) fn placed_lists(&self, list: &str, key: &str) -> Vec<Placed<String>> {
        let found = self.map.get(list).map(Spanned::get_ref);
        let tables = found.and_then(DeValue::as_array).into_iter().flatten();
        let lists = tables.filter_map(|entry| entry.get_ref().as_table()?.get(key)?.get_ref().as_array());
        let text = |entry: &Spanned<DeValue<'_>>| {
            Some(Placed { value: entry.get_ref().as_str()?.to_owned(), at: entry.span() })
        };
        lists.flatten().filter_map(text).collect()
    }

    /// Where the table of a list stands whose text `key` is `value`; the list's own place when there is none.
    pub(crate) fn place_in(&self, list: &str, key: &str, value: &str) -> Range<usize> {
        let found = self.placed(list, key).into_iter().find(|placed| placed.value == value);
        found.map_or_else(|| self.place(list), |placed| placed.at)
    }

    /// A fault at the later one of two equal texts. Missing ones have a fault of their own.
    pub(crate) fn refuse_twice(&self, texts: &[Placed<String>], what: &str, remedy: &str) {
        let mut seen = BTreeSet::new();
        for text in texts.iter().filter(|text| !text.value.trim().is_empty()) {
            if !seen.insert(text.value.as_str()) {
                self.fault_at(&text.at, format!("{what} `{}` stands twice", text.value), remedy);
            }
        }
    }

    /// Both or neither.
    pub(crate) fn opt_label(&self, key: &str) -> Option<Label> {
        let (id, en) = (format!("{key}_id"), format!("{key}_en"));
        if self.has(&id) || self.has(&en) {
            return Some(self.label(key));
        }
        self.item(&id);
        self.item(&en);
        None
    }

    /// Reads the table of a key, if written.
    pub(crate) fn opt_table<T>(&self, key: &str, read: impl FnOnce(&Table<'a>) -> T) -> Option<T> {
        let item = self.item(key)?;
        let Some(map) = item.get_ref().as_table() else {
            self.wrong_type(key, item, "a table");
            return None;
        };
        Some(self.inner(map, item.span(), read))
    }

    /// Reads the table of a key; a fault when it is missing.
    pub(crate) fn table<T>(&self, key: &str, read: impl FnOnce(&Table<'a>) -> T) -> Option<T> {
        if !self.has(key) {
            self.item(key);
            self.missing(key);
        }
        self.opt_table(key, read)
    }

    /// Reads each table of a list `[[key]]`; empty when missing.
    pub(crate) fn each<T>(&self, key: &str, mut read: impl FnMut(&Table<'a>) -> T) -> Vec<T> {
        let Some(item) = self.item(key) else { return Vec::new() };
        let Some(array) = item.get_ref().as_array() else {
            self.wrong_type(key, item, "a list of tables");
            return Vec::new();
        };
        let mut out = Vec::with_capacity(array.len());
        for entry in array {
            match entry.get_ref().as_table() {
                Some(map) => out.push(self.inner(map, entry.span(), &mut read)),
                None => self.wrong_type(key, entry, "a table"),
            }
        }
        out
    }

    /// Reads each table of a list `[[key]]` and answers how many there are. A table with `based_on` also has every key that the table of
    /// that `key` has and it has not itself, but those of `own`; where there is no such table it is not read.
    pub(crate) fn each_based(&self, key: &str, own: &[&str], mut read: impl FnMut(&Table<'_>)) -> usize {
        let Some(item) = self.item(key) else { return 0 };
        let Some(array) = item.get_ref().as_array() else {
            self.wrong_type(key, item, "a list of tables");
            return 0;
        };
        let tables: Vec<(&DeTable<'_>, Range<usize>)> =
            array.iter().filter_map(|entry| Some((entry.get_ref().as_table()?, entry.span()))).collect();
        for (table, span) in &tables {
            let Some(whole) = self.whole(table, &tables, own) else { continue };
            let table =
                Table { source: self.source, span: span.clone(), map: &whole, seen: RefCell::default() };
            read(&table);
            table.refuse_unknown_keys();
        }
        tables.len()
    }

    /// A table with what it takes from its bases; none where one of them is missing.
    fn whole<'t>(
        &self,
        table: &DeTable<'t>,
        tables: &[(&DeTable<'t>, Range<usize>)],
        own: &[&str],
    ) -> Option<DeTable<'t>> {
        let text = |table: &DeTable<'_>, key: &str| Some(table.get(key)?.get_ref().as_str()?.to_owned());
        let mut whole = table.clone();
        let mut next = text(table, "based_on");
        let at = table.get("based_on").map_or(0, |item| item.span().start);
        for step in 0..tables.len() {
            let Some(name) = next.take() else { break };
            if text(table, "key").as_ref() == Some(&name) {
                let message = "the versions stand on each other in a circle";
                self.fault_offset(at, message, "base one of them on none");
                return None;
            }
            let base = tables.iter().find(|(other, _)| text(other, "key").as_ref() == Some(&name));
            let Some((base, _)) = base else {
                // A base without its own base has its fault at its own place.
                if step == 0 {
                    let remedy = "write the key of another version";
                    self.fault_offset(at, format!("no version `{name}` in this file"), remedy);
                }
                return None;
            };
            for (key, value) in base.iter().filter(|(key, _)| !own.contains(&key.get_ref().as_ref())) {
                if !whole.contains_key(key.get_ref().as_ref()) {
                    whole.insert(key.clone(), value.clone());
                }
            }
            next = text(base, "based_on");
        }
        next.is_none().then_some(whole)
    }

    /// A remark that does not stop the load, at the place of a key.
    pub(crate) fn warn(&self, key: &str, message: &str, remedy: &str) {
        self.source.warn(self.place(key).start, message, remedy);
    }

    fn inner<T>(&self, map: &'a DeTable<'a>, span: Range<usize>, read: impl FnOnce(&Table<'a>) -> T) -> T {
        let table = Table { source: self.source, span, map, seen: RefCell::default() };
        let result = read(&table);
        table.refuse_unknown_keys();
        result
    }

    /// Every key of this table as text with its value, for tables whose keys are data (trust, code maps).
    pub(crate) fn entries(&self) -> Vec<(Placed<String>, &'a Spanned<DeValue<'a>>)> {
        self.map
            .iter()
            .map(|(key, value)| {
                self.seen.borrow_mut().insert(key.get_ref().to_string());
                (Placed { value: key.get_ref().to_string(), at: key.span() }, value)
            })
            .collect()
    }

    /// Where a character of a quoted text (line and column within it, from 1) stands in the file.
    pub(crate) fn within(&self, at: &Range<usize>, line: u32, column: u32) -> usize {
        let raw = self.source.text.get(at.clone()).unwrap_or_default();
        let quotes = if raw.starts_with("\"\"\"") || raw.starts_with("'''") { 3 } else { 1 };
        // A line break right after three quotes is not part of the text.
        let skip = quotes + usize::from(quotes == 3 && raw.as_bytes().get(3) == Some(&b'\n'));
        let mut start = skip;
        for _ in 1..line {
            start = raw.get(start..).and_then(|rest| rest.find('\n')).map_or(start, |end| start + end + 1);
        }
        let rest = raw.get(start..).unwrap_or_default();
        let inner = rest.char_indices().nth(column.saturating_sub(1) as usize).map_or(rest.len(), |(i, _)| i);
        (at.start + start + inner).min(at.end)
    }

    /// A fault at a byte offset of the file.
    pub(crate) fn fault_offset(&self, offset: usize, message: impl Into<String>, remedy: impl Into<String>) {
        self.source.fault(offset, message, remedy);
    }

    /// The place of the table itself.
    pub(crate) fn here(&self) -> Range<usize> {
        self.span.clone()
    }
}

/// Words for region levels in the pack.
pub(crate) const REGION_LEVELS: [(&str, RegionLevel); 5] = [
    ("nation", RegionLevel::Nation),
    ("province", RegionLevel::Province),
    ("district", RegionLevel::District),
    ("subdistrict", RegionLevel::Subdistrict),
    ("village", RegionLevel::Village),
];

/// Whole number of a TOML value.
pub(crate) fn int_of(value: &DeValue<'_>) -> Option<i64> {
    let int = value.as_integer()?;
    i64::from_str_radix(&int.as_str().replace('_', ""), int.radix()).ok()
}
