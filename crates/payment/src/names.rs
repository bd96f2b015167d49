//! Is the name on the account the payee's? Tolerant of spelling, titles, initials and word order; in doubt a person decides.
//!
//! Single names are normal here, so one shared word out of two is never enough to pass, and never enough to fail.

use linkage::{standardise::Standardiser, text::jaro_winkler};

/// Similarity above which two words count as one, and below which they are two.
const ALIKE: f64 = 0.92;
const UNLIKE: f64 = 0.80;

/// How two names compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Likeness {
    /// Two persons' names.
    Different,
    /// A person must look.
    Doubtful,
    /// One person's name.
    Same,
}

/// Compares the payee's name with the bank's.
pub(crate) fn compare(standardiser: &Standardiser, ours: &str, theirs: &str) -> Likeness {
    let (ours, theirs) = (standardiser.name(ours), standardiser.name(theirs));
    let ours: Vec<&str> = ours.split_whitespace().collect();
    let theirs: Vec<&str> = theirs.split_whitespace().collect();
    if ours.is_empty() || theirs.is_empty() {
        return Likeness::Doubtful;
    }
    // Initials alone name nobody.
    if [&ours, &theirs].iter().any(|words| words.iter().all(|word| word.len() == 1)) {
        return Likeness::Doubtful;
    }
    let (short, long) = if ours.len() <= theirs.len() { (&ours, &theirs) } else { (&theirs, &ours) };
    let (alike, unlike) = pair_words(short, long);
    let whole = jaro_winkler(ours.concat().as_bytes(), theirs.concat().as_bytes());
    if unlike == 0 && alike == short.len() && (alike >= 2 || short.len() == long.len()) {
        return Likeness::Same;
    }
    // "NUR HAYATI" and "NURHAYATI" have no word in common and are one name.
    if whole >= 0.97 {
        return Likeness::Same;
    }
    if alike == 0 && whole < ALIKE { Likeness::Different } else { Likeness::Doubtful }
}

/// How alike two names are, in per cent, for the eyes of who compares them: letters and their order, without titles and spaces.
pub(crate) fn alike(standardiser: &Standardiser, ours: &str, theirs: &str) -> i64 {
    let [ours, theirs] = [ours, theirs].map(|name| standardiser.name(name).replace(' ', ""));
    (jaro_winkler(ours.as_bytes(), theirs.as_bytes()) * 100.0).round() as i64
}

/// Pairs each word of the shorter name with the best free word of the longer: how many are alike, how many unlike.
fn pair_words(short: &[&str], long: &[&str]) -> (usize, usize) {
    let mut free: Vec<&str> = long.to_vec();
    let (mut alike, mut unlike) = (0, 0);
    for word in short {
        let best = free
            .iter()
            .enumerate()
            .map(|(index, other)| (index, likeness(word, other)))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        match best {
            Some((index, value)) if value >= ALIKE => {
                free.remove(index);
                alike += 1;
            }
            Some((_, value)) if value >= UNLIKE => {}
            _ => unlike += 1,
        }
    }
    (alike, unlike)
}

fn likeness(a: &str, b: &str) -> f64 {
    // An initial stands for a word.
    if a.len() == 1 || b.len() == 1 {
        return if a.as_bytes().first() == b.as_bytes().first() { 0.9 } else { 0.0 };
    }
    jaro_winkler(a.as_bytes(), b.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn names_pass_fail_or_wait_for_a_person() {
        let policy = policy::Policy::embedded().unwrap();
        let tables: BTreeMap<String, String> =
            policy.names().into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        let standardiser = Standardiser::new(&tables).unwrap();
        use Likeness::{Different, Doubtful, Same};
        for (ours, theirs, expected) in [
            ("SUTRISNO", "SUTRISNO", Same),
            ("Siti Aminah", "SITI  AMINAH", Same),
            ("NUR HAYATI", "NURHAYATI", Same),
            ("SITI NURHAYATI", "SITI NURHAYATTI", Same),
            ("AMINAH SITI", "SITI AMINAH", Same),
            ("MADE WIJAYA KUSUMA", "MADE WIJAYA", Same),
            ("SUTRISNO HADI", "SUTRISNO", Doubtful),
            ("SITI AMINAH", "SITI ROHANI", Doubtful),
            ("I", "I", Doubtful),
            ("SITI AMINAH", "", Doubtful),
            ("SUTRISNO", "BUDI SANTOSO", Different),
            ("SITI AMINAH", "AGUS SETIAWAN", Different),
        ] {
            assert_eq!(compare(&standardiser, ours, theirs), expected, "{ours} / {theirs}");
        }
    }
}
