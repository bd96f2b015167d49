//! Names as Indonesian families give them and as clerks write them.
//!
//! In: a culture, a sex, a generation, and dice. Out: up to four words. Single names, clan names (*marga*)
//! after the given name, birth-order names, religious first names and titles all occur; nothing here is the
//! name of a real person on purpose. A name is kept as four numbers of words in one book, so a million
//! people fit in memory.

use std::{collections::HashMap, sync::LazyLock};

use crate::dice::Dice;

/// Up to four words of the book; 0 is no word.
pub(crate) type Name = [u16; 4];

/// Whose way of naming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Culture {
    Java,
    Sunda,
    Malay,
    Batak,
    Bali,
    Bugis,
    Chinese,
    East,
}

pub(crate) const CULTURES: [Culture; 8] = [
    Culture::Java,
    Culture::Sunda,
    Culture::Malay,
    Culture::Batak,
    Culture::Bali,
    Culture::Bugis,
    Culture::Chinese,
    Culture::East,
];
const CULTURE_KEYS: [&str; 8] = ["JAV", "SUN", "MUS", "BTK", "BAL", "BUG", "CHN", "TIM"];

struct Pool {
    words: Vec<u16>,
    /// Cumulated weights, scaled to 2^32.
    cumulated: Vec<u32>,
}

struct Form {
    weight: u32,
    pools: Vec<usize>,
}

/// All words, pools and forms, read once from the tables in `data/`.
struct Book {
    words: Vec<String>,
    pools: Vec<Pool>,
    /// By culture, sex (0 male), generation (0 born before 1985).
    forms: Vec<Vec<Form>>,
    variants: Vec<Vec<u16>>,
    /// Words that clerks shorten and respell far more often than others.
    unsteady: Vec<bool>,
}

static BOOK: LazyLock<Book> = LazyLock::new(Book::read);

/// Respellings: old orthography, hard and soft sounds, doubled letters.
const RESPELL: [(&str, &str); 22] = [
    ("U", "OE"),
    ("J", "DJ"),
    ("Y", "J"),
    ("I", "Y"),
    ("SY", "S"),
    ("KH", "H"),
    ("TH", "T"),
    ("DH", "D"),
    ("F", "P"),
    ("V", "F"),
    ("Z", "S"),
    ("NN", "N"),
    ("MM", "M"),
    ("DD", "D"),
    ("TT", "T"),
    ("AH", "A"),
    ("KS", "X"),
    ("C", "TJ"),
    ("AE", "E"),
    ("K", "Q"),
    ("ANTO", "ANTA"),
    ("TI", "TY"),
];
const UNSTEADY: [&str; 11] =
    ["MUHAMMAD", "MOHAMMAD", "MUHAMAD", "AHMAD", "ABDUL", "SITI", "NUR", "WAYAN", "NYOMAN", "MADE", "KETUT"];
const TITLES_MALE: [&str; 4] = ["H.", "DRS.", "IR.", "USTADZ"];
const TITLES_FEMALE: [&str; 3] = ["HJ.", "DRA.", "NY."];
const DEGREES: [&str; 7] = ["S.PD", "SE", "SH", "S.AG", "ST", "AMD", "MM"];

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().skip(1).map(|line| line.split(',').collect())
}

/// `1 / rank^exponent` for the exponents of the table, by repeated square roots: the same bits on every
/// machine.
fn zipf(rank: usize, exponent: f64) -> f64 {
    let mut power = 1.0;
    let mut root = rank as f64;
    let mut bits = (exponent * 16.0).round() as u32;
    for _ in 0..bits / 16 {
        power *= rank as f64;
    }
    for _ in 0..4 {
        root = root.sqrt();
        bits = (bits % 16) * 2;
        if bits >= 16 {
            power *= root;
        }
    }
    1.0 / power
}

impl Book {
    fn read() -> Self {
        let mut index: HashMap<String, u16> = HashMap::new();
        let mut words = vec![String::new()];
        let mut word = |text: &str, words: &mut Vec<String>| {
            *index.entry(text.to_owned()).or_insert_with(|| {
                words.push(text.to_owned());
                (words.len() - 1) as u16
            })
        };
        let tails = Tails::read();
        let mut keys: Vec<&str> = Vec::new();
        let mut pools = Vec::new();
        for row in rows(include_str!("../data/name_pools.csv")) {
            let exponent: f64 = row[1].parse().unwrap_or(0.5);
            let mut ids: Vec<u16> = Vec::new();
            for text in row[2].split(' ').chain(tails.of(row[0])) {
                let id = word(&text.to_uppercase(), &mut words);
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            pools.push(Pool::new(ids, exponent));
            keys.push(row[0]);
        }
        let mut forms: Vec<Vec<Form>> = (0..32).map(|_| Vec::new()).collect();
        for row in rows(include_str!("../data/name_forms.csv")) {
            let culture = CULTURE_KEYS.iter().position(|key| *key == row[0]).unwrap_or(0);
            let slot = culture * 4 + usize::from(row[1] == "2") * 2 + usize::from(row[2] == "1");
            let pools = row[4].split(' ').filter_map(|key| keys.iter().position(|k| *k == key)).collect();
            forms[slot].push(Form { weight: row[3].parse().unwrap_or(0), pools });
        }
        let special: HashMap<&str, Vec<&str>> = rows(include_str!("../data/name_variants.csv"))
            .map(|row| (row[0], row[1].split('|').collect()))
            .collect();
        let base = words.len();
        let mut variants: Vec<Vec<u16>> = Vec::with_capacity(base);
        for id in 0..base {
            let text = words[id].clone();
            let spelled = respellings(&text, id, special.get(text.as_str()));
            variants.push(spelled.iter().map(|text| word(text, &mut words)).collect());
        }
        let unsteady = words.iter().map(|text| UNSTEADY.contains(&text.as_str())).collect();
        Self { words, pools, forms, variants, unsteady }
    }
}

fn respellings(text: &str, turn: usize, special: Option<&Vec<&str>>) -> Vec<String> {
    let mut out: Vec<String> = special.into_iter().flatten().map(|text| (*text).to_owned()).collect();
    for i in 0..RESPELL.len() {
        let (from, to) = RESPELL[(i + turn) % RESPELL.len()];
        if out.len() >= 5 {
            break;
        }
        if text.len() > 3 && text.contains(from) {
            let respelled = text.replacen(from, to, 1);
            if !out.contains(&respelled) {
                out.push(respelled);
            }
        }
    }
    out
}

/// Names of the public list, appended behind the project's own pools as rare names.
struct Tails {
    given_male: Vec<&'static str>,
    given_female: Vec<&'static str>,
    last_male: Vec<&'static str>,
    last_female: Vec<&'static str>,
    clan: Vec<&'static str>,
}

impl Tails {
    fn read() -> Self {
        let mut tails = Self {
            given_male: Vec::new(),
            given_female: Vec::new(),
            last_male: Vec::new(),
            last_female: Vec::new(),
            clan: Vec::new(),
        };
        for row in rows(include_str!("../data/names_id.csv")) {
            match (row[1], row[2], row[3]) {
                ("given", "m", _) => tails.given_male.push(row[0]),
                ("given", "f", _) => tails.given_female.push(row[0]),
                ("last", "m", _) => tails.last_male.push(row[0]),
                ("last", "f", _) => tails.last_female.push(row[0]),
                ("family", _, "batak") => tails.clan.push(row[0]),
                _ => {}
            }
        }
        tails
    }

    fn of(&self, pool: &str) -> impl Iterator<Item = &'static str> {
        let list: &[&'static str] = match pool {
            "JMG" => &self.given_male,
            "JFG" => &self.given_female,
            "JMB" => &self.last_male,
            "JFB" => &self.last_female,
            "BSN" => &self.clan,
            _ => &[],
        };
        // Compound and foreign forms of the list are left out: the words of a name stand alone in the book.
        list.iter().copied().filter(|name| name.bytes().all(|b| b.is_ascii_alphabetic()))
    }
}

impl Pool {
    fn new(words: Vec<u16>, exponent: f64) -> Self {
        let weights: Vec<f64> = (1..=words.len()).map(|rank| zipf(rank, exponent)).collect();
        let total: f64 = weights.iter().sum();
        let mut sum = 0.0;
        let cumulated = weights
            .iter()
            .map(|weight| {
                sum += weight;
                (sum / total * f64::from(u32::MAX)) as u32
            })
            .collect();
        Self { words, cumulated }
    }

    fn draw(&self, dice: &mut Dice) -> u16 {
        let at = (dice.next() >> 32) as u32;
        let i = self.cumulated.partition_point(|edge| *edge < at);
        self.words[i.min(self.words.len() - 1)]
    }
}

/// A name as this culture gives it to a child of this sex born in `year`.
pub(crate) fn draw(dice: &mut Dice, culture: Culture, female: bool, year: i32) -> Name {
    let slot = culture as usize * 4 + usize::from(female) * 2 + usize::from(year >= 1985);
    let forms = &BOOK.forms[slot];
    let mut left = dice.below(forms.iter().map(|form| form.weight as usize).sum());
    let mut name = Name::default();
    let Some(form) = forms.iter().find(|form| {
        let hit = left < form.weight as usize;
        left = left.saturating_sub(form.weight as usize);
        hit
    }) else {
        return name;
    };
    for (place, pool) in form.pools.iter().enumerate() {
        name[place] = BOOK.pools[*pool].draw(dice);
    }
    if name[1] == name[0] {
        name = [name[0], name[2], name[3], 0];
    }
    name
}

/// Whether children of this culture bear the clan or family name of the head.
pub(crate) fn has_clan(culture: Culture) -> bool {
    matches!(culture, Culture::Batak | Culture::Chinese | Culture::East)
}

/// How many words a name has.
pub(crate) fn words(name: Name) -> usize {
    name.iter().take_while(|word| **word != 0).count()
}

/// Puts the last word of `parent` in the place of the last word of `child`.
pub(crate) fn inherit_clan(child: &mut Name, parent: Name) {
    let (of_child, of_parent) = (words(*child), words(parent));
    if of_child > 0 && of_parent > 0 {
        child[of_child - 1] = parent[of_parent - 1];
    }
}

/// Appends the name in capitals.
pub(crate) fn write(name: Name, out: &mut String) {
    for (i, word) in name.iter().take_while(|word| **word != 0).enumerate() {
        if i > 0 {
            out.push(' ');
        }
        out.push_str(&BOOK.words[usize::from(*word)]);
    }
}

/// The name in capitals.
pub(crate) fn text(name: Name) -> String {
    let mut out = String::with_capacity(24);
    write(name, &mut out);
    out
}

/// How carelessly a list writes names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameNoise {
    pub(crate) variant: f64,
    pub(crate) drop_last: f64,
    pub(crate) typo: f64,
    pub(crate) title: f64,
    pub(crate) split: f64,
}

/// Appends the name as a clerk writes it.
pub(crate) fn write_noisy(
    name: Name,
    female: Option<bool>,
    noise: &NameNoise,
    dice: &mut Dice,
    out: &mut String,
) {
    let start = out.len();
    let count = words(name);
    let mut given = name;
    for word in &mut given[..count] {
        let spelled = &BOOK.variants[usize::from(*word)];
        let chance = if BOOK.unsteady[usize::from(*word)] { noise.variant + 0.28 } else { noise.variant };
        if dice.chance(chance) && !spelled.is_empty() {
            *word = dice.pick(spelled);
        }
    }
    if count == 2 && dice.chance(0.01) {
        given.swap(0, 1);
    }
    let dropped = count >= 2 && dice.chance(noise.drop_last);
    let initial = dropped && dice.chance(0.4);
    if let Some(female) = female
        && dice.chance(noise.title)
    {
        out.push_str(if female { dice.pick(&TITLES_FEMALE) } else { dice.pick(&TITLES_MALE) });
        out.push(' ');
    }
    let body = out.len();
    for (i, word) in given[..count].iter().enumerate() {
        let text = &BOOK.words[usize::from(*word)];
        let last = i + 1 == count;
        if last && dropped && !initial {
            break;
        }
        if i > 0 {
            out.push(' ');
        }
        if last && dropped { out.extend(text.chars().next()) } else { out.push_str(text) }
    }
    if dice.chance(noise.typo) {
        typo(out, body, dice);
    }
    if dice.chance(noise.split) {
        split_or_join(out, body);
    }
    if female.is_some() && dice.chance(noise.title * 0.5) {
        out.push(' ');
        out.push_str(dice.pick(&DEGREES));
    }
    if out.len() == start {
        write(name, out);
    }
}

/// "NUR HAYATI" becomes "NURHAYATI" and the other way round.
fn split_or_join(out: &mut String, body: usize) {
    if let Some(space) = out[body..].find(' ') {
        out.remove(body + space);
    } else if out.len() - body > 6 && out.is_char_boundary(body + 3) {
        out.insert(body + 3, ' ');
    }
}

/// One slip of the finger: a neighbouring key, a lost, doubled or swapped letter. Touches only plain letters.
fn typo(out: &mut String, body: usize, dice: &mut Dice) {
    let length = out.len() - body;
    if length < 3 {
        return;
    }
    let at = body + dice.below(length - 1);
    let bytes = out.as_bytes();
    if !bytes[at].is_ascii_uppercase() || !bytes[at + 1].is_ascii_uppercase() {
        return;
    }
    let (here, next) = (char::from(bytes[at]), char::from(bytes[at + 1]));
    match dice.below(8) {
        0..=2 => out.replace_range(at..=at, neighbour(here)),
        3 | 4 => {
            out.remove(at);
        }
        5 => out.insert(at, here),
        _ => {
            let swapped: String = [next, here].iter().collect();
            out.replace_range(at..at + 2, &swapped);
        }
    }
}

fn neighbour(key: char) -> &'static str {
    const ROWS: [&str; 3] = ["QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM"];
    for row in ROWS {
        if let Some(at) = row.find(key) {
            let beside = if at + 1 < row.len() { at + 1 } else { at - 1 };
            return &row[beside..=beside];
        }
    }
    "A"
}

/// Makes each word begin with a capital and go on in small letters, as spreadsheets of some offices do.
pub(crate) fn title_case(text: &str, out: &mut String) {
    let mut start = true;
    for letter in text.chars() {
        if start {
            out.push(letter);
        } else {
            out.extend(letter.to_lowercase());
        }
        start = matches!(letter, ' ' | '.' | '-');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_culture_names_both_sexes_in_both_generations() {
        let mut dice = Dice::new(1, [0, 0, 0]);
        for culture in CULTURES {
            for (female, year) in [(false, 1950), (true, 1950), (false, 2010), (true, 2010)] {
                for _ in 0..50 {
                    let name = draw(&mut dice, culture, female, year);
                    assert!(words(name) >= 1, "{culture:?}");
                    assert!(text(name).chars().count() > 1);
                }
            }
        }
    }

    #[test]
    fn single_names_are_normal_among_older_javanese() {
        let mut dice = Dice::new(2, [0, 0, 0]);
        let single = (0..1000).filter(|_| words(draw(&mut dice, Culture::Java, false, 1960)) == 1).count();
        assert!((400..700).contains(&single), "{single}");
    }

    #[test]
    fn a_careless_clerk_never_loses_the_whole_name() {
        let noise = NameNoise { variant: 0.5, drop_last: 0.5, typo: 0.9, title: 0.3, split: 0.3 };
        let mut dice = Dice::new(3, [0, 0, 0]);
        for i in 0..5000 {
            let culture = CULTURES[i % 8];
            let name = draw(&mut dice, culture, i % 2 == 0, 1950 + (i % 70) as i32);
            let mut out = String::new();
            write_noisy(name, Some(i % 2 == 0), &noise, &mut dice, &mut out);
            assert!(!out.trim().is_empty());
        }
    }

    #[test]
    fn names_fit_windows_1252() {
        assert!(BOOK.words.iter().all(|word| word.chars().all(|c| u32::from(c) < 256)));
        assert!(BOOK.words.iter().any(|word| !word.is_ascii()));
    }
}
