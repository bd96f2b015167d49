//! Sources of grant funds (`funds.toml`): money that is no state budget, what a deposit of it needs, and for what it may be set aside.

use std::collections::BTreeMap;

use rules::Label;
use serde::Serialize;

use crate::{
    Programme,
    fault::Faults,
    pack::Pack,
    reader::{Source as File, Table},
};

/// A paper that every deposit of a source brings, by its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FundPaper {
    /// Key.
    pub key: String,
    /// In words.
    pub label: Label,
}

/// Where a grant fund comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FundSource {
    /// Key; never that of a programme, for both stand in the same books.
    pub key: String,
    /// In words.
    pub label: Label,
    /// Regulations.
    pub legal_basis: Vec<String>,
    /// What a deposit needs.
    pub papers: Vec<FundPaper>,
}

/// What money of a fund may be set aside for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FundPurpose {
    /// Key.
    pub key: String,
    /// In words.
    pub label: Label,
    /// Key of the programme that it adds to, where there is one.
    pub programme: Option<String>,
}

/// All sources and purposes, in the order of the file.
#[derive(Debug, Clone, Default)]
pub struct Funds {
    /// Sources.
    pub sources: Vec<FundSource>,
    /// Purposes.
    pub purposes: Vec<FundPurpose>,
}

impl Funds {
    /// A source by key.
    pub fn source(&self, key: &str) -> Option<&FundSource> {
        self.sources.iter().find(|source| source.key == key)
    }

    /// A purpose by key.
    pub fn purpose(&self, key: &str) -> Option<&FundPurpose> {
        self.purposes.iter().find(|purpose| purpose.key == key)
    }
}

const FILE: &str = "funds.toml";
/// Longest key, in bytes.
const KEY_MAX: usize = 24;

/// A pack without the file has no funds.
pub(crate) fn load(pack: &Pack, faults: &Faults, programmes: &BTreeMap<String, Programme>) -> Funds {
    let Some(text) = pack.files.get(FILE) else { return Funds::default() };
    File { file: FILE, text, faults }.read_toml(|table| read(table, programmes))
}

fn read(table: &Table<'_>, programmes: &BTreeMap<String, Programme>) -> Funds {
    table.refuse_twice(&table.placed("source", "key"), "the source", "keep one");
    table.refuse_twice(&table.placed("purpose", "key"), "the purpose", "keep one");
    let plain_key = |table: &Table<'_>| {
        let key = table.text("key");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if key.len() > KEY_MAX || !key.chars().all(plain) {
            let remedy = format!("take at most {KEY_MAX} of a-z, 0-9 and _");
            table.fault("key", format!("`{key}` cannot stand in addresses and tables"), remedy);
        }
        key
    };
    let sources = table.each("source", |source| {
        let key = plain_key(source);
        if programmes.contains_key(&key) {
            source.fault("key", format!("`{key}` is a programme"), "give the source a key of its own");
        }
        source.refuse_twice(&source.placed("paper", "key"), "the paper", "keep one");
        FundSource {
            key,
            label: source.label("label"),
            legal_basis: source.plain_texts("legal_basis"),
            papers: source
                .each("paper", |paper| FundPaper { key: plain_key(paper), label: paper.label("label") }),
        }
    });
    let purposes = table.each("purpose", |purpose| {
        let programme = purpose.opt_text("programme");
        if let Some(key) = programme.as_ref().filter(|key| !programmes.contains_key(*key)) {
            purpose.fault("programme", format!("no programme `{key}`"), "name one of programmes/, or none");
        }
        FundPurpose { key: plain_key(purpose), label: purpose.label("label"), programme }
    });
    Funds { sources, purposes }
}
