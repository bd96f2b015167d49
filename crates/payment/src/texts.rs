//! Texts that many lines share, such as villages and channels: each is kept once, as text or by a number.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

/// Texts, each kept once.
#[derive(Default)]
pub(crate) struct Texts(FxHashSet<Arc<str>>);

impl Texts {
    /// The one that is kept.
    pub(crate) fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let text: Arc<str> = text.into();
        self.0.insert(Arc::clone(&text));
        text
    }
}

/// Texts by number, from 0 in the order in which they came.
#[derive(Default)]
pub(crate) struct Numbers {
    numbers: FxHashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Numbers {
    /// The number of a text.
    pub(crate) fn of(&mut self, text: &Arc<str>) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        self.texts.push(Arc::clone(text));
        self.numbers.insert(Arc::clone(text), number);
        number
    }

    /// All texts, each at its number.
    pub(crate) fn texts(&self) -> &[Arc<str>] {
        &self.texts
    }
}
