//! One spelling for Indonesian names and places: titles off, short forms written out, old spelling made new,
//! doubled letters single.
//!
//! In: a name as a list writes it, and tables (`policy/names/*.csv`) handed in as text. Out: capital letters
//! and single spaces. A single name is a whole name; nothing is ever split into "first" and "last", and no
//! word is dropped for not looking like a name. The result is for comparing only: pages show what the list
//! says.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

/// What is wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// A table that must be there is not.
    #[error("the table `{0}` is missing")]
    Missing(&'static str),
    /// A line that does not fit.
    #[error("{table}, line {line}: {message}")]
    Line {
        /// Which table.
        table: &'static str,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
}

impl TableError {
    /// A stable code for pages and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "linkage-names-missing",
            Self::Line { .. } => "linkage-names-line",
        }
    }
}

/// The tables, ready for use. Without any (`default`), only capitals, letters and spaces are put right.
#[derive(Debug, Clone, Default)]
pub struct Standardiser {
    prefixes: Phrases,
    suffixes: Phrases,
    first_words: FxHashMap<String, String>,
    words: FxHashMap<String, String>,
    spelling: Vec<(String, String)>,
    place_prefixes: Phrases,
    places: FxHashMap<String, String>,
}

/// Phrases of one and more words; the longest comes first.
#[derive(Debug, Clone, Default)]
struct Phrases(Vec<Vec<String>>);

impl Phrases {
    fn add(&mut self, phrase: &str) {
        self.0.push(phrase.split(' ').map(str::to_owned).collect());
        self.0.sort_by_key(|words| std::cmp::Reverse(words.len()));
    }

    /// How many words at the beginning are one of the phrases, something remaining after it.
    fn leading(&self, words: &[&str]) -> usize {
        let fits = |phrase: &&Vec<String>| {
            phrase.len() < words.len() && words.iter().zip(*phrase).all(|(a, b)| a == b)
        };
        self.0.iter().find(fits).map_or(0, Vec::len)
    }

    fn trailing(&self, words: &[&str]) -> usize {
        let fits = |phrase: &&Vec<String>| {
            phrase.len() < words.len() && words.iter().rev().zip(phrase.iter().rev()).all(|(a, b)| a == b)
        };
        self.0.iter().find(fits).map_or(0, Vec::len)
    }
}

impl Standardiser {
    /// Builds from the texts of `titles.csv`, `words.csv`, `spelling.csv` and `places.csv`, given by file
    /// name.
    ///
    /// # Errors
    /// A missing table, or the first line that does not fit.
    pub fn new(tables: &BTreeMap<String, String>) -> Result<Self, TableError> {
        let get = |name: &'static str| {
            tables.get(name).map(String::as_str).ok_or(TableError::Missing(name)).map(|text| (name, text))
        };
        let mut made = Self {
            prefixes: Phrases::default(),
            suffixes: Phrases::default(),
            first_words: FxHashMap::default(),
            words: FxHashMap::default(),
            spelling: Vec::new(),
            place_prefixes: Phrases::default(),
            places: FxHashMap::default(),
        };
        rows(get("titles.csv")?, |[place, title]| {
            match place {
                "prefix" => made.prefixes.add(title),
                "suffix" => made.suffixes.add(title),
                _ => return Err(format!("`{place}` is neither prefix nor suffix")),
            }
            Ok(())
        })?;
        rows(get("words.csv")?, |[place, from, to]| {
            let words = match place {
                "first" => &mut made.first_words,
                "any" => &mut made.words,
                _ => return Err(format!("`{place}` is neither first nor any")),
            };
            words.insert(from.to_owned(), to.to_owned());
            Ok(())
        })?;
        rows(get("spelling.csv")?, |[from, to]| {
            if from.is_empty() || !from.is_ascii() || !to.is_ascii() {
                return Err("letters A to Z are expected".to_owned());
            }
            made.spelling.push((from.to_owned(), to.to_owned()));
            Ok(())
        })?;
        rows(get("places.csv")?, |[place, from, to]| {
            match place {
                "prefix" => made.place_prefixes.add(from),
                "whole" => {
                    made.places.insert(from.to_owned(), to.to_owned());
                }
                _ => return Err(format!("`{place}` is neither prefix nor whole")),
            }
            Ok(())
        })?;
        Ok(made)
    }

    /// A person's name, for comparing. Empty when the text has no letter.
    pub fn name(&self, text: &str) -> String {
        let plain = letters(text);
        let mut words: Vec<&str> = plain.split(' ').filter(|word| !word.is_empty()).collect();
        loop {
            let count = self.prefixes.leading(&words);
            if count == 0 {
                break;
            }
            words.drain(..count);
        }
        loop {
            let count = self.suffixes.trailing(&words);
            if count == 0 {
                break;
            }
            words.truncate(words.len() - count);
        }
        let several = words.len() > 1;
        let mut out = String::with_capacity(plain.len());
        for (index, word) in words.into_iter().enumerate() {
            // A short form of a first word needs a word after it: a person may be called just `M`.
            let long = if index == 0 && several { self.first_words.get(word) } else { None };
            let word = long.or_else(|| self.words.get(word)).map_or(word, String::as_str);
            if index > 0 {
                out.push(' ');
            }
            out.push_str(&self.respelled(word));
        }
        out
    }

    /// A place (of birth), for comparing.
    pub fn place(&self, text: &str) -> String {
        let plain = letters(text);
        let mut words: Vec<&str> = plain.split(' ').filter(|word| !word.is_empty()).collect();
        loop {
            let count = self.place_prefixes.leading(&words);
            if count == 0 {
                break;
            }
            words.drain(..count);
        }
        let place = words.join(" ");
        self.places.get(&place).cloned().unwrap_or(place)
    }

    /// Old and foreign spelling to the present one, each rule over the whole word in the order of the table;
    /// then doubled letters.
    fn respelled(&self, word: &str) -> String {
        let mut word = word.to_owned();
        for (from, to) in &self.spelling {
            if word.contains(from.as_str()) {
                word = word.replace(from.as_str(), to);
            }
        }
        let mut out = String::with_capacity(word.len());
        for letter in word.chars() {
            if !out.ends_with(letter) {
                out.push(letter);
            }
        }
        out
    }
}

/// Capital letters A to Z; accents off, apostrophes gone without a trace, everything else a space.
fn letters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            'A'..='Z' => out.push(letter),
            'a'..='z' => out.push(letter.to_ascii_uppercase()),
            '\'' | '\u{2019}' | '\u{2018}' | '`' | '\u{00b4}' | '\u{02bc}' => {}
            'À'..='Å' | 'à'..='å' => out.push('A'),
            'Ç' | 'ç' => out.push('C'),
            'È'..='Ë' | 'è'..='ë' => out.push('E'),
            'Ì'..='Ï' | 'ì'..='ï' => out.push('I'),
            'Ñ' | 'ñ' => out.push('N'),
            'Ò'..='Ö' | 'ò'..='ö' => out.push('O'),
            'Ù'..='Ü' | 'ù'..='ü' => out.push('U'),
            'Ý' | 'ý' | 'ÿ' => out.push('Y'),
            _ => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
        }
    }
    out
}

/// Rows of a plain table: a header, then lines of exactly as many cells as the reader takes; no quotes are
/// needed, none are known.
fn rows<const N: usize>(
    (table, text): (&'static str, &str),
    mut take: impl FnMut([&str; N]) -> Result<(), String>,
) -> Result<(), TableError> {
    for (index, line) in text.lines().enumerate().skip(1) {
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            continue;
        }
        let fault = |message: String| TableError::Line { table, line: index + 1, message };
        let cells: Vec<&str> = line.split(',').collect();
        let cells: [&str; N] = cells
            .try_into()
            .map_err(|cells: Vec<&str>| fault(format!("{} cells, {N} expected", cells.len())))?;
        take(cells).map_err(fault)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Standardiser {
        let tables = [
            ("titles.csv", include_str!("../../../policy/names/titles.csv")),
            ("words.csv", include_str!("../../../policy/names/words.csv")),
            ("spelling.csv", include_str!("../../../policy/names/spelling.csv")),
            ("places.csv", include_str!("../../../policy/names/places.csv")),
        ];
        Standardiser::new(&tables.map(|(name, text)| (name.to_owned(), text.to_owned())).into()).unwrap()
    }

    #[test]
    fn ways_to_write_a_name_meet() {
        let s = ours();
        for (a, b) in [
            ("H. Muh. Yoesoef, S.Pd", "MOHAMMAD YUSUF"),
            ("Hj. St. Aminah", "Siti Aminnah"),
            ("Abd. Rahman", "ABDUL RAHMAN"),
            ("DJOKO SOESILO", "Joko Susilo"),
            ("Achmad Tjahjono", "AHMAD CAHJONO"),
            ("Drs. H. Ma'ruf", "MARUF"),
            ("NOERHAYATI", "Nurhayati"),
        ] {
            assert_eq!(s.name(a), s.name(b), "{a} / {b}");
        }
        assert_ne!(s.name("Siti Aminah"), s.name("Siti Aisyah"));
    }

    #[test]
    fn a_single_name_is_a_whole_name() {
        let s = ours();
        assert_eq!(s.name("Suharto"), "SUHARTO");
        assert_eq!(s.name("H"), "H", "a title alone is the name");
        assert_eq!(s.name("M"), "M");
        assert_eq!(s.name(" . "), "");
    }

    #[test]
    fn places_lose_their_kind_and_their_old_names() {
        let s = ours();
        assert_eq!(s.place("KAB. BOGOR"), "BOGOR");
        assert_eq!(s.place("Kota Adm. Jakarta Timur"), "JAKARTA TIMUR");
        assert_eq!(s.place("Ujung Pandang"), "MAKASSAR");
        assert_eq!(s.place("Kota"), "KOTA");
    }

    #[test]
    fn standardising_twice_changes_nothing() {
        let s = ours();
        for name in ["H. Muh. Yoesoef, S.Pd", "Sjamsoeddin", "NURZANAH", "A.Hok Wijaya", "X"] {
            let once = s.name(name);
            assert_eq!(s.name(&once), once, "{name}");
        }
    }

    #[test]
    fn a_wrong_line_is_named() {
        let mut tables: BTreeMap<String, String> = BTreeMap::new();
        assert_eq!(Standardiser::new(&tables).unwrap_err(), TableError::Missing("titles.csv"));
        tables.insert("titles.csv".into(), "place,title\nmiddle,VAN\n".into());
        assert_eq!(
            Standardiser::new(&tables).unwrap_err().to_string(),
            "titles.csv, line 2: `middle` is neither prefix nor suffix"
        );
    }
}
