//! The catalogue of services (`services.toml`): what families need, and the kinds of service that meet a need. Who offers them is a
//! register that casework takes in.

use std::collections::BTreeSet;

use rules::Label;
use serde::Serialize;

use crate::{
    fault::Faults,
    pack::Pack,
    reader::{Source as File, Table},
};

/// Something that a family may need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    /// Key.
    pub key: String,
    /// In words.
    pub label: Label,
}

/// A kind of service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceKind {
    /// Key.
    pub key: String,
    /// In words.
    pub label: Label,
    /// Key of the need that it meets.
    pub need: String,
    /// Regulation, where one was found.
    pub source: Option<String>,
}

/// All of the file.
#[derive(Debug, Clone, Default)]
pub struct Services {
    /// Needs in the order of the file.
    pub needs: Vec<Need>,
    /// Kinds in the order of the file.
    pub kinds: Vec<ServiceKind>,
}

impl Services {
    /// A kind by key.
    pub fn kind(&self, key: &str) -> Option<&ServiceKind> {
        self.kinds.iter().find(|kind| kind.key == key)
    }

    /// Keys of the kinds that meet a need; of all where it is empty.
    pub fn for_need<'s>(&'s self, need: &'s str) -> impl Iterator<Item = &'s str> {
        let meets = move |kind: &&ServiceKind| need.is_empty() || kind.need == need;
        self.kinds.iter().filter(meets).map(|kind| kind.key.as_str())
    }
}

const FILE: &str = "services.toml";

/// A pack without the file has no catalogue.
pub(crate) fn load(pack: &Pack, faults: &Faults) -> Services {
    let Some(text) = pack.files.get(FILE) else { return Services::default() };
    File { file: FILE, text, faults }.read_toml(read)
}

fn read(table: &Table<'_>) -> Services {
    table.refuse_twice(&table.placed("need", "key"), "the need", "keep one");
    table.refuse_twice(&table.placed("service", "key"), "the service", "keep one");
    let known: BTreeSet<String> =
        table.placed("need", "key").into_iter().map(|placed| placed.value).collect();
    let needs = table.each("need", |need| Need { key: need.text("key"), label: need.label("label") });
    let kinds = table.each("service", |service| {
        let need = service.text("need");
        if !known.contains(&need) {
            service.fault("need", format!("no need `{need}`"), "name one of the list above");
        }
        ServiceKind {
            key: service.text("key"),
            label: service.label("label"),
            source: service.opt_text("source"),
            need,
        }
    });
    Services { needs, kinds }
}
