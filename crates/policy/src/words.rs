//! Words of pages and messages in Fluent, `words/<lang>/*.ftl`: each room its own file, every key in both languages.

use std::collections::{BTreeMap, BTreeSet};

use fluent_bundle::{FluentArgs, FluentError, FluentResource, FluentValue, concurrent::FluentBundle};
use rules::Lang;

use crate::{fault::Faults, pack::Pack};

/// A value put into a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg<'a> {
    /// As it is.
    Text(&'a str),
    /// A number: written with the language's thousands mark, and usable for plural forms.
    Number(i64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Arg<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// All words of the pack.
pub struct Words {
    id: FluentBundle<FluentResource>,
    en: FluentBundle<FluentResource>,
    keys: BTreeSet<String>,
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Words").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

impl Words {
    /// The text of a key (`key` or `key.attribute`). A key that does not exist comes back as it is, so that a page shows where a
    /// word is missing and a test finds it.
    pub fn get(&self, lang: Lang, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        let bundle = match lang {
            Lang::Id => &self.id,
            Lang::En => &self.en,
        };
        let (message, attribute) = match key.split_once('.') {
            Some((message, attribute)) => (message, Some(attribute)),
            None => (key, None),
        };
        let found = bundle.get_message(message);
        let pattern = match attribute {
            Some(attribute) => {
                found.and_then(|found| found.get_attribute(attribute)).map(|found| found.value())
            }
            None => found.and_then(|found| found.value()),
        };
        let Some(pattern) = pattern else { return key.to_owned() };
        let mut fluent = FluentArgs::with_capacity(args.len());
        for (name, value) in args {
            fluent.set(*name, fluent_value(value));
        }
        let mut errors = Vec::new();
        bundle.format_pattern(pattern, Some(&fluent), &mut errors).into_owned()
    }

    /// Whether a key exists.
    pub fn has(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    /// All keys, attributes as `key.attribute`.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(String::as_str)
    }
}

fn fluent_value<'a>(value: &Arg<'a>) -> FluentValue<'a> {
    match value {
        Arg::Text(text) => FluentValue::from(*text),
        Arg::Number(number) => FluentValue::from(*number),
    }
}

/// `1234567` as `1.234.567` in Indonesian and `1,234,567` in English.
fn format_number(value: &FluentValue<'_>, mark: char) -> Option<String> {
    let FluentValue::Number(number) = value else { return None };
    let whole = number.value as i64;
    let digits = whole.unsigned_abs().to_string();
    let mut out = String::from(if whole < 0 { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(mark);
        }
        out.push(digit);
    }
    Some(out)
}

pub(crate) fn load(pack: &Pack, faults: &Faults) -> Words {
    let (id, id_keys) = load_language(pack, faults, Lang::Id);
    let (en, en_keys) = load_language(pack, faults, Lang::En);
    compare(pack, faults, &id_keys, &en_keys, "en");
    compare(pack, faults, &en_keys, &id_keys, "id");
    Words { id, en, keys: id_keys.into_keys().collect() }
}

/// Key to the file and offset where it stands.
type Keys = BTreeMap<String, (String, usize)>;

fn load_language(pack: &Pack, faults: &Faults, lang: Lang) -> (FluentBundle<FluentResource>, Keys) {
    let (code, mark) = match lang {
        Lang::Id => ("id", '.'),
        Lang::En => ("en", ','),
    };
    let tag: unic_langid::LanguageIdentifier = code.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Isolation marks are for mixed directions of writing; both languages run left to right.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match mark {
        '.' => |value, _| format_number(value, '.'),
        _ => |value, _| format_number(value, ','),
    }));
    let mut keys = Keys::new();
    for (file, text) in pack.in_folder(&format!("words/{code}/"), ".ftl") {
        let (resource, errors) = match FluentResource::try_new(text.to_owned()) {
            Ok(resource) => (resource, Vec::new()),
            Err((resource, errors)) => (resource, errors),
        };
        for error in errors {
            let message = format!("no Fluent: {}", error.kind);
            faults.add(file, text, error.pos.start, message, "write `key = text`".to_owned());
        }
        for (key, offset) in keys_of(text) {
            keys.insert(key, (file.to_owned(), offset));
        }
        if let Err(errors) = bundle.add_resource(resource) {
            for error in errors {
                let FluentError::Overriding { id, .. } = error else { continue };
                let offset = offset_of(text, &id);
                let message = format!("the key `{id}` stands twice in this language");
                faults.add(file, text, offset, message, "keep one, or choose another key".to_owned());
            }
        }
    }
    (bundle, keys)
}

/// Messages and attributes of a Fluent file with their places: `key = ` at the start of a line, `.attribute = ` indented.
fn keys_of(text: &str) -> Vec<(String, usize)> {
    let mut keys = Vec::new();
    let mut message = String::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let is_key = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        };
        if let Some((name, value)) = line.split_once('=') {
            let name = name.trim_end();
            if is_key(name) {
                name.clone_into(&mut message);
                // A message with only attributes has no text of its own.
                if !value.trim().is_empty() || !text[offset + line.len()..].trim_start().starts_with('.') {
                    keys.push((message.clone(), offset));
                }
            } else if let Some(attribute) = name.trim_start().strip_prefix('.').filter(|name| is_key(name)) {
                keys.push((format!("{message}.{attribute}"), offset));
            }
        }
        offset += line.len();
    }
    keys
}

fn offset_of(text: &str, key: &str) -> usize {
    keys_of(text).into_iter().find(|(name, _)| name == key).map_or(0, |(_, offset)| offset)
}

fn compare(pack: &Pack, faults: &Faults, has: &Keys, other: &Keys, missing_in: &str) {
    for (key, (file, offset)) in has.iter().filter(|(key, _)| !other.contains_key(*key)) {
        let text = pack.files.get(file).map_or("", String::as_str);
        let name = file.rsplit('/').next().unwrap_or(file);
        let message = format!("the key `{key}` is missing in the other language");
        faults.add(file, text, *offset, message, format!("add it to words/{missing_in}/{name}"));
    }
}
