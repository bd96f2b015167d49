//! What somebody typed into the search box, understood: a personal number, or a name with whatever was added
//! to it.
//!
//! Pure. `9901 0141 0785 0001` is a number however it is grouped; `siti aminah 1985, desa sukamaju` is a
//! name, a birth year and a village. Words that are not understood are part of the name.

use jiff::civil::Date;

/// A search understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// Digits of a NIK or KK: sixteen, or one too few or too many.
    Number(String),
    /// A name and what was added.
    Name {
        /// The name as typed, without what was added.
        name: String,
        /// Birth year.
        year: Option<i16>,
        /// Birth date.
        date: Option<Date>,
        /// Name of a village.
        village: Option<String>,
    },
    /// Too little to look for.
    Nothing,
}

/// Words that say that a place follows.
const PLACE_WORDS: [&str; 5] = ["desa", "kelurahan", "kel", "kel.", "ds."];
/// Longer texts are cut: nobody's name is this long.
const TEXT_MAX: usize = 120;

impl Query {
    /// Understands a text.
    pub fn parse(text: &str) -> Self {
        let text: String = text.chars().take(TEXT_MAX).collect();
        let grouped = text.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '.' | '-' | '\''));
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if grouped && (15..=17).contains(&digits.len()) {
            return Self::Number(digits);
        }
        let (before, after) = text.split_once(',').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
        let mut found = Added::default();
        let mut name: Vec<&str> = Vec::new();
        let mut place: Vec<&str> = Vec::new();
        let mut in_place = false;
        for word in before.split_whitespace() {
            if PLACE_WORDS.contains(&word.to_lowercase().as_str()) {
                in_place = true;
            } else if !found.takes(word) {
                if in_place { place.push(word) } else { name.push(word) }
            }
        }
        for word in after.unwrap_or_default().split_whitespace() {
            if !PLACE_WORDS.contains(&word.to_lowercase().as_str()) && !found.takes(word) {
                place.push(word);
            }
        }
        if name.iter().flat_map(|word| word.chars()).filter(|c| c.is_alphabetic()).count() < 2 {
            return Self::Nothing;
        }
        let village = (!place.is_empty()).then(|| place.join(" "));
        Self::Name { name: name.join(" "), year: found.year, date: found.date, village }
    }
}

#[derive(Default)]
struct Added {
    year: Option<i16>,
    date: Option<Date>,
}

impl Added {
    /// Whether the word is a birth year or a birth date.
    fn takes(&mut self, word: &str) -> bool {
        if !word.starts_with(|c: char| c.is_ascii_digit()) {
            return false;
        }
        if word.len() == 4
            && let Ok(year @ 1880..=2100) = word.parse::<i16>()
        {
            self.year = Some(year);
            return true;
        }
        match model::parse_date(word) {
            Ok(date) => {
                self.date = Some(date);
                self.year = Some(date.year());
                true
            }
            Err(_) => false,
        }
    }
}

/// Numbers that a mistyped one may stand for: one digit wrong, two neighbours swapped, one digit missing or
/// one too many.
pub fn near(digits: &str) -> Vec<i64> {
    let digits: Vec<u8> = digits.bytes().map(|b| b - b'0').collect();
    let mut found = Vec::new();
    let mut push = |digits: &[u8]| {
        found.push(digits.iter().fold(0i64, |number, &digit| number * 10 + i64::from(digit)));
    };
    match digits.len() {
        16 => {
            for at in 0..16 {
                let mut changed = digits.clone();
                for digit in (0..10).filter(|&digit| digit != digits[at]) {
                    changed[at] = digit;
                    push(&changed);
                }
                if at < 15 && digits[at] != digits[at + 1] {
                    let mut swapped = digits.clone();
                    swapped.swap(at, at + 1);
                    push(&swapped);
                }
            }
        }
        15 => {
            for at in 0..=15 {
                for digit in 0..10 {
                    let mut longer = digits.clone();
                    longer.insert(at, digit);
                    push(&longer);
                }
            }
        }
        17 => {
            for at in 0..17 {
                let mut shorter = digits.clone();
                shorter.remove(at);
                push(&shorter);
            }
        }
        _ => {}
    }
    found.retain(|&number| model::KkNumber::from_number(number).is_ok());
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_number_is_a_number_however_it_is_grouped() {
        let number = Query::Number("9901014107850001".into());
        for text in ["9901014107850001", "9901 0141 0785 0001", "'9901014107850001", "99.0101.410785.0001"] {
            assert_eq!(Query::parse(text), number, "{text}");
        }
        assert_eq!(Query::parse("990101"), Query::Nothing);
    }

    #[test]
    fn what_is_added_to_a_name_is_told_from_it() {
        let query = |name: &str, year, date, village: Option<&str>| Query::Name {
            name: name.into(),
            year,
            date,
            village: village.map(str::to_owned),
        };
        assert_eq!(Query::parse("Siti Aminah"), query("Siti Aminah", None, None, None));
        assert_eq!(Query::parse("siti aminah 1985"), query("siti aminah", Some(1985), None, None));
        assert_eq!(
            Query::parse("siti 31-12-1985 desa Suka Maju"),
            query("siti", Some(1985), Some(date(1985, 12, 31)), Some("Suka Maju"))
        );
        assert_eq!(
            Query::parse("Suharto, sukamaju 1950"),
            query("Suharto", Some(1950), None, Some("sukamaju"))
        );
        assert_eq!(Query::parse("x"), Query::Nothing);
        assert_eq!(Query::parse("Bo"), query("Bo", None, None, None), "short names are names");
    }

    #[test]
    fn the_right_number_is_near_every_slip() {
        let right = 9_901_014_107_850_001;
        for slip in ["9901014107850002", "9901014170850001", "990101410785001", "99010144107850001"] {
            assert!(near(slip).contains(&right), "{slip}");
        }
        assert!(near("9901014107850001").len() <= 16 * 9 + 15);
    }
}
