//! The distinct texts of a column, as numbers.
//!
//! In: texts, one after another. Out: a number for each distinct one, in the order of first appearance, how
//! often it stands, and a hash that depends on its content only. Number 0 is "unknown" and has no text.

use rayon::prelude::*;

use crate::digits;
use crate::sketch::Sketch;

/// The distinct texts of a column.
#[derive(Debug, Clone)]
pub(crate) struct Dictionary {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    hashes: Vec<u64>,
    /// How many records have each text.
    pub(crate) counts: Vec<u32>,
    /// How many records have any text.
    pub(crate) known: u64,
    /// Open addressing: the upper half of a slot is of the text's hash, the lower its number; 0 is free.
    slots: Vec<u64>,
    /// The letters of each text, where similarities ask for them.
    sketches: Vec<Sketch>,
    /// Each text packed, where distances ask for that; 0 where it cannot be.
    words: Vec<u64>,
}

const FIRST_SLOTS: usize = 64;
/// Texts that are not shared out: one search must not wait for other threads.
const FEW: usize = 1 << 12;

impl Dictionary {
    pub(crate) fn new() -> Self {
        Self {
            bytes: Vec::new(),
            ends: vec![0],
            hashes: vec![0],
            counts: vec![0],
            known: 0,
            slots: vec![0; FIRST_SLOTS],
            sketches: Vec::new(),
            words: Vec::new(),
        }
    }

    /// The number of `text`, a new one if it has none yet.
    pub(crate) fn number(&mut self, text: &[u8]) -> u32 {
        let hash = hash_bytes(text);
        let mask = self.slots.len() - 1;
        let tag = (hash >> 32) << 32;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                break;
            }
            if slot & (u64::from(u32::MAX) << 32) == tag {
                let number = slot as u32;
                if self.text(number) == text {
                    return number;
                }
            }
            at = (at + 1) & mask;
        }
        let number = self.ends.len() as u32;
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
        self.hashes.push(hash);
        self.counts.push(0);
        self.slots[at] = tag | u64::from(number);
        if self.ends.len() * 4 > self.slots.len() * 3 {
            self.grow();
        }
        number
    }

    fn grow(&mut self) {
        let mask = self.slots.len() * 2 - 1;
        self.slots = vec![0; mask + 1];
        for (number, &hash) in self.hashes.iter().enumerate().skip(1) {
            let mut at = hash as usize & mask;
            while self.slots[at] != 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = ((hash >> 32) << 32) | number as u64;
        }
    }

    /// Counts one more record with this text.
    pub(crate) fn seen(&mut self, number: u32) {
        if number != 0 {
            self.counts[number as usize] += 1;
            self.known += 1;
        }
    }

    /// No more texts will come.
    pub(crate) fn close(&mut self) {
        self.slots = Vec::new();
        self.bytes.shrink_to_fit();
    }

    /// Nobody will ask for a hash any more.
    pub(crate) fn forget_hashes(&mut self) {
        self.hashes = Vec::new();
    }

    /// Nobody will ask for a text any more.
    pub(crate) fn forget_texts(&mut self) {
        (self.bytes, self.ends) = (Vec::new(), Vec::new());
    }

    pub(crate) fn text(&self, number: u32) -> &[u8] {
        let number = number as usize;
        &self.bytes[self.ends[number - 1]..self.ends[number]]
    }

    /// Makes sketches of all texts.
    pub(crate) fn sketch_all(&mut self) {
        if self.sketches.is_empty() {
            let of = |number| if number == 0 { Sketch::default() } else { Sketch::of(self.text(number)) };
            self.sketches = (0..self.ends.len() as u32).into_par_iter().with_min_len(FEW).map(of).collect();
        }
    }

    /// Packs all texts that can be.
    pub(crate) fn pack_all(&mut self) {
        if self.words.is_empty() {
            let of = |number| if number == 0 { None } else { digits::pack(self.text(number)) };
            let numbers = (0..self.ends.len() as u32).into_par_iter().with_min_len(FEW);
            let words: Vec<u64> = numbers.map(|number| of(number).unwrap_or(0)).collect();
            if words.iter().any(|word| *word != 0) {
                self.words = words;
            }
        }
    }

    /// A text packed; 0 where it cannot be or nobody has asked for that.
    #[inline]
    pub(crate) fn word(&self, number: u32) -> u64 {
        self.words.get(number as usize).copied().unwrap_or(0)
    }

    #[inline]
    pub(crate) fn sketch(&self, number: u32) -> Sketch {
        self.sketches[number as usize]
    }

    /// Bytes that it takes.
    pub(crate) fn held(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 36 + self.slots.capacity() * 8
    }

    pub(crate) fn hash(&self, number: u32) -> u64 {
        self.hashes[number as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len() - 1
    }

    /// The share of known values that are this one.
    pub(crate) fn frequency(&self, number: u32) -> f64 {
        f64::from(self.counts[number as usize]) / self.known.max(1) as f64
    }

    /// Another dictionary made text by text, and for each number of this one the number there. `make` writes
    /// the new text and says whether there is one.
    pub(crate) fn derive(&self, make: impl Fn(&str, &mut String) -> bool + Sync) -> (Self, Vec<u32>) {
        const CHUNK: usize = 1 << 13;
        /// Texts made of a stretch of numbers: where each ends, and whether there is one.
        type Made = (String, Vec<(u32, bool)>);
        let made: Vec<Made> = (0..self.len().div_ceil(CHUNK))
            .into_par_iter()
            .map(|chunk| {
                let (mut all, mut ends, mut one) = (String::new(), Vec::new(), String::new());
                for number in chunk * CHUNK + 1..=((chunk + 1) * CHUNK).min(self.len()) {
                    one.clear();
                    let known =
                        std::str::from_utf8(self.text(number as u32)).is_ok_and(|text| make(text, &mut one));
                    if known {
                        all.push_str(&one);
                    }
                    ends.push((all.len() as u32, known));
                }
                (all, ends)
            })
            .collect();
        let mut derived = Self::new();
        let mut map = vec![0u32; self.len() + 1];
        let mut number = 0;
        for (all, ends) in made {
            let mut start = 0;
            for (end, known) in ends {
                number += 1;
                if known {
                    let to = derived.number(&all.as_bytes()[start..end as usize]);
                    map[number] = to;
                    let count = self.counts[number];
                    derived.counts[to as usize] += count;
                    derived.known += u64::from(count);
                }
                start = end as usize;
            }
        }
        derived.close();
        (derived, map)
    }
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
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
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
