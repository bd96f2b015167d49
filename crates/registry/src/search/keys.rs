//! Keys of names: what two writings of one name have in common.
//!
//! In: a standardised name, a birth year. Out: a handful of 64-bit keys. Pure, and kept in the database: a
//! change of these rules needs another [`METHOD`], which rebuilds the index. Every name has itself as key, alone
//! and with the birth year. A name of one word has its skeleton as key. A longer name has a key for every two of
//! its words, in any order, and one for each word with the birth year: a name of which one word is missing,
//! misheard or moved still meets its person. Beside each key stands the person's [`area`].

use rustc_hash::FxHashSet;

/// Name of these rules.
pub const METHOD: &str = "names-2";

/// Words of a name that are looked at: enough for any two people to differ, a bound for the index.
const WORDS_MAX: usize = 4;

/// All keys under which a person is kept.
pub fn of_person(name: &str, birth_year: Option<i16>) -> Vec<i64> {
    let words = skeletons(name);
    if words.is_empty() {
        return Vec::new();
    }
    let mut keys = names(&words);
    keys.push(exact(name, None));
    if let Some(year) = birth_year {
        keys.push(exact(name, Some(year)));
        keys.extend(words.iter().map(|word| key(2, word, &year.to_string())));
    }
    unique(keys)
}

/// The key of exactly this name, and of this birth year if one is given.
pub fn exact(name: &str, birth_year: Option<i16>) -> i64 {
    key(4, name, &birth_year.map_or_else(String::new, |year| year.to_string()))
}

/// Digits of a village code.
const AREA_DIGITS: u32 = 10;

/// A village, district or province as a number: the digits of its code, filled up with zeros; 0 for none.
pub fn area(region: &str) -> i64 {
    bounds(region).0
}

/// The areas within a region: the first and the last.
pub fn bounds(region: &str) -> (i64, i64) {
    let digits = || region.bytes().filter(u8::is_ascii_digit).take(AREA_DIGITS as usize);
    let rest = 10_i64.pow(AREA_DIGITS - digits().count() as u32);
    let first = digits().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')) * rest;
    (first, first + rest - 1)
}

/// Keys under which to look for a name that may be written badly: those of two words, and with the birth year if one
/// is given.
pub fn of_query(name: &str, birth_year: Option<i16>) -> Vec<i64> {
    let words = skeletons(name);
    let mut keys = names(&words);
    if let Some(year) = birth_year {
        keys.extend(words.iter().map(|word| key(2, word, &year.to_string())));
    }
    unique(keys)
}

fn names(words: &[String]) -> Vec<i64> {
    if let [word] = words {
        return vec![key(1, word, "")];
    }
    let mut keys = Vec::new();
    for (i, a) in words.iter().enumerate() {
        for b in &words[i + 1..] {
            // The order of two words does not matter.
            let (a, b) = if a <= b { (a, b) } else { (b, a) };
            keys.push(key(3, a, b));
        }
    }
    keys
}

/// The skeletons of the first words of a name.
fn skeletons(name: &str) -> Vec<String> {
    name.split(' ').filter(|word| !word.is_empty()).take(WORDS_MAX).map(linkage::skeleton).collect()
}

fn key(kind: u8, a: &str, b: &str) -> i64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[kind]);
    hasher.update(a.as_bytes());
    hasher.update(&[0x1f]);
    hasher.update(b.as_bytes());
    let mut first = [0u8; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    i64::from_le_bytes(first)
}

fn unique(keys: Vec<i64>) -> Vec<i64> {
    let mut seen = FxHashSet::default();
    keys.into_iter().filter(|key| seen.insert(*key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meet(a: &str, b: &str) -> bool {
        let keys = of_person(a, None);
        of_query(b, None).iter().any(|key| keys.contains(key))
    }

    #[test]
    fn a_name_badly_written_still_meets_its_person() {
        for (kept, asked) in [
            ("SITI AMINAH", "AMINAH SITI"),
            ("SITI AMINAH", "SITI AMINNA"),
            ("SITI NUR RAHMAWATI", "SITI RAHMAWATI"),
            ("SUHARTO", "SUHARTO"),
            ("SUHARTO", "SUARTO"),
        ] {
            assert!(meet(kept, asked), "{kept} / {asked}");
        }
        assert!(!meet("SITI AMINAH", "SITI ROHMAH"));
        assert!(!meet("SUHARTO", "SUHARTI WIJAYA"));
    }

    #[test]
    fn one_word_and_the_year_are_enough() {
        let keys = of_person("SITI NUR RAHMAWATI", Some(1985));
        assert!(of_query("RAHMAWATI", Some(1985)).iter().any(|key| keys.contains(key)));
        assert!(!of_query("RAHMAWATI", Some(1986)).iter().any(|key| keys.contains(key)));
    }

    #[test]
    fn the_index_is_bounded() {
        assert!(of_person("A B C D E F G H", Some(1990)).len() <= 12);
        assert!(of_person("", Some(1990)).is_empty());
    }

    #[test]
    fn areas_of_a_region_are_those_of_its_villages() {
        assert_eq!(area("99.01.02.2002"), 9_901_022_002);
        let (first, last) = bounds("99.01");
        for (village, is_in) in [
            ("99.01.00.0000", true),
            ("99.01.99.9999", true),
            ("99.02.01.2001", false),
            ("99.00.99.9999", false),
            ("", false),
        ] {
            assert_eq!((first..=last).contains(&area(village)), is_in, "{village}");
        }
        assert_eq!(bounds(""), (0, 9_999_999_999));
    }
}
