//! Keys of names: what two writings of one name have in common.
//!
//! In: a standardised name, a birth year. Out: a handful of 64-bit keys. Pure, and kept in the database: a
//! change of these rules needs another [`METHOD`], which rebuilds the index. A name of one word has its
//! skeleton as key. A longer name has a key for every two of its words, in any order, and one for each word
//! with the birth year: a name of which one word is missing, misheard or moved still meets its person.

use rustc_hash::FxHashSet;

/// Name of these rules.
pub const METHOD: &str = "names-1";

/// Words of a name that are looked at: enough for any two people to differ, a bound for the index.
const WORDS_MAX: usize = 4;

/// All keys under which a person is kept.
pub fn of_person(name: &str, birth_year: Option<i16>) -> Vec<i64> {
    let words = skeletons(name);
    let mut keys = names(&words);
    if let Some(year) = birth_year {
        keys.extend(words.iter().map(|word| key(2, word, &year.to_string())));
    }
    unique(keys)
}

/// Keys under which to look for a name, the most telling first: those of two words, then with the birth years
/// given.
pub fn of_query(name: &str, years: &[i16]) -> Vec<i64> {
    let words = skeletons(name);
    let mut keys = names(&words);
    for year in years {
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
        of_query(b, &[]).iter().any(|key| keys.contains(key))
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
        assert!(of_query("RAHMAWATI", &[1985]).iter().any(|key| keys.contains(key)));
        assert!(!of_query("RAHMAWATI", &[1986]).iter().any(|key| keys.contains(key)));
    }

    #[test]
    fn the_index_is_bounded() {
        assert!(of_person("A B C D E F G H", Some(1990)).len() <= 10);
    }
}
