//! How alike two texts are: Jaro, Jaro-Winkler, Levenshtein and Damerau-Levenshtein on bytes, with DuckDB's
//! definitions.
//!
//! In: two byte strings. Out: a similarity from 0 to 1, or a number of edits. DuckDB compares bytes, not
//! letters, and so does this room: `é` and `e` are two edits apart. Every function here is symmetric; the
//! tests hold each against a naive twin.

/// Jaro-Winkler raises the Jaro similarity only above this value.
const BOOST_ABOVE: f64 = 0.7;
/// What each letter of a common prefix (four at most) is worth.
const PREFIX_WEIGHT: f64 = 0.1;

/// Where each byte occurs in a text of at most 64 bytes, as bits. All zero between two uses: only the bytes
/// of a text are set and taken back, which is cheaper than a fresh table for each pair.
pub(crate) struct Positions(Box<[u64; 256]>);

impl Default for Positions {
    fn default() -> Self {
        Self(Box::new([0; 256]))
    }
}

thread_local! {
    static POSITIONS: std::cell::RefCell<Positions> = std::cell::RefCell::default();
}

impl Positions {
    #[inline]
    fn of<T>(&mut self, text: &[u8], work: impl FnOnce(&[u64; 256]) -> T) -> T {
        self.hold(text);
        let result = work(&self.0);
        self.release(text);
        result
    }

    /// Notes where the bytes of a text stand, so that others can be held against it; one text at a time.
    #[inline]
    pub(crate) fn hold(&mut self, text: &[u8]) {
        let mut bit = 1u64;
        for &byte in text.iter().take(LONGEST) {
            self.0[usize::from(byte)] |= bit;
            bit <<= 1;
        }
    }

    /// Forgets the text that is held.
    #[inline]
    pub(crate) fn release(&mut self, text: &[u8]) {
        for &byte in text {
            self.0[usize::from(byte)] = 0;
        }
    }

    /// As the function [`jaro`], without looking up the thread's table.
    pub(crate) fn jaro(&mut self, a: &[u8], b: &[u8]) -> f64 {
        let (pattern, text) = if a.len() <= b.len() { (a, b) } else { (b, a) };
        if text.len() > LONGEST {
            return similarity(pattern, text, common_long);
        }
        self.hold(pattern);
        let similarity = self.jaro_held(pattern, text);
        self.release(pattern);
        similarity
    }

    /// The same while `pattern` is held.
    #[inline]
    pub(crate) fn jaro_held(&self, pattern: &[u8], text: &[u8]) -> f64 {
        if pattern.len().max(text.len()) > LONGEST {
            let (short, long) = if pattern.len() <= text.len() { (pattern, text) } else { (text, pattern) };
            return similarity(short, long, common_long);
        }
        similarity(pattern, text, |pattern, text| common_short(&self.0, pattern.len(), text))
    }

    /// As the function [`jaro_winkler`].
    pub(crate) fn jaro_winkler(&mut self, a: &[u8], b: &[u8]) -> f64 {
        boosted(self.jaro(a, b), a, b)
    }
}

/// Bytes that one word has bits for.
const LONGEST: usize = 64;

/// Jaro's similarity; `common` counts the matches of two texts, and those of them that are out of order.
#[inline]
fn similarity(a: &[u8], b: &[u8], common: impl FnOnce(&[u8], &[u8]) -> (u32, u32)) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    if a == b {
        return 1.0;
    }
    let (matches, transpositions) = common(a, b);
    if matches == 0 {
        return 0.0;
    }
    let common = f64::from(matches);
    (common / a.len() as f64 + common / b.len() as f64 + (common - f64::from(transpositions / 2)) / common)
        / 3.0
}

/// What Winkler makes of a Jaro similarity.
#[inline]
pub(crate) fn boosted(similarity: f64, a: &[u8], b: &[u8]) -> f64 {
    if similarity <= BOOST_ABOVE {
        return similarity;
    }
    let prefix = a.iter().zip(b).take(4).take_while(|(x, y)| x == y).count();
    similarity + prefix as f64 * PREFIX_WEIGHT * (1.0 - similarity)
}

/// The Jaro similarity: 1 for equal texts, 0 when nothing matches or one is empty.
pub fn jaro(a: &[u8], b: &[u8]) -> f64 {
    POSITIONS.with_borrow_mut(|positions| positions.jaro(a, b))
}

/// The Jaro-Winkler similarity.
pub fn jaro_winkler(a: &[u8], b: &[u8]) -> f64 {
    POSITIONS.with_borrow_mut(|positions| positions.jaro_winkler(a, b))
}

/// The shorter text first, equal lengths by content: one order for both directions makes the measure
/// symmetric.
fn ordered<'a>(a: &'a [u8], b: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    if (a.len(), a) <= (b.len(), b) { (a, b) } else { (b, a) }
}

/// How far apart two equal letters may stand and still match.
fn reach(longer: usize) -> usize {
    (longer / 2).saturating_sub(1)
}

/// Matches and letters out of order, for texts of at most 64 bytes: one 64-bit word holds all positions of
/// the pattern. Each letter of the text takes the first free place within reach; taken from the other side the
/// same letters find each other, so that it does not matter which of the two is the pattern.
fn common_short(positions: &[u64; 256], pattern_length: usize, text: &[u8]) -> (u32, u32) {
    let reach = reach(text.len().max(pattern_length));
    let (mut in_pattern, mut in_text) = (0u64, 0u64);
    // The window of places within reach moves by one with each letter; its lower end stays at 0 at first.
    let mut window = (2u64 << reach).wrapping_sub(1);
    let end = if pattern_length >= 64 { u64::MAX } else { (1u64 << pattern_length) - 1 };
    let mut bit = 1u64;
    for (index, &byte) in text.iter().enumerate() {
        let free = positions[usize::from(byte)] & window & !in_pattern;
        let first = free & free.wrapping_neg();
        in_pattern |= first;
        in_text |= if first == 0 { 0 } else { bit };
        bit <<= 1;
        window = (window << 1) | u64::from(index < reach);
        if window & end == 0 {
            break;
        }
    }
    let matches = in_pattern.count_ones();
    let mut out_of_order = 0;
    while in_text != 0 {
        let there = in_pattern & in_pattern.wrapping_neg();
        let byte = text[in_text.trailing_zeros() as usize];
        out_of_order += u32::from(positions[usize::from(byte)] & there == 0);
        in_pattern ^= there;
        in_text &= in_text - 1;
    }
    (matches, out_of_order)
}

/// The same for longer texts, letter by letter.
fn common_long(pattern: &[u8], text: &[u8]) -> (u32, u32) {
    let reach = reach(text.len().max(pattern.len()));
    let mut taken = vec![false; pattern.len()];
    let mut from_text = Vec::with_capacity(pattern.len());
    for (index, &byte) in text.iter().enumerate() {
        let high = (index + reach + 1).min(pattern.len());
        let low = index.saturating_sub(reach).min(high);
        if let Some(found) = (low..high).find(|&at| !taken[at] && pattern[at] == byte) {
            taken[found] = true;
            from_text.push(byte);
        }
    }
    let from_pattern = pattern.iter().zip(&taken).filter(|(_, taken)| **taken).map(|(byte, _)| byte);
    let out_of_order = from_pattern.zip(&from_text).filter(|(a, b)| a != b).count();
    (from_text.len() as u32, out_of_order as u32)
}

/// Insertions, deletions and substitutions that turn `a` into `b`.
pub fn levenshtein(a: &[u8], b: &[u8]) -> u32 {
    let (a, b) = trimmed(a, b);
    let (short, long) = ordered(a, b);
    if short.is_empty() {
        return long.len() as u32;
    }
    if short.len() <= 64 { levenshtein_bits(short, long) } else { levenshtein_rows(short, long) }
}

/// Myers' bit-parallel algorithm as simplified by Hyyrö (2003): one word is one column of the table.
fn levenshtein_bits(pattern: &[u8], text: &[u8]) -> u32 {
    let work = |positions: &[u64; 256]| {
        let last = 1u64 << (pattern.len() - 1);
        let (mut up, mut down) = (u64::MAX, 0u64);
        let mut distance = pattern.len() as u32;
        for &byte in text {
            let equal = positions[usize::from(byte)];
            let diagonal = (((equal & up).wrapping_add(up)) ^ up) | equal | down;
            let right = down | !(diagonal | up);
            let left = diagonal & up;
            distance += u32::from(right & last != 0);
            distance -= u32::from(left & last != 0);
            let right = (right << 1) | 1;
            up = (left << 1) | !(diagonal | right);
            down = right & diagonal;
        }
        distance
    };
    POSITIONS.with_borrow_mut(|positions| positions.of(pattern, work))
}

fn levenshtein_rows(a: &[u8], b: &[u8]) -> u32 {
    let mut row: Vec<u32> = (0..=b.len() as u32).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i as u32 + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = corner + u32::from(x != y);
            corner = row[j + 1];
            row[j + 1] = substituted.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// As [`levenshtein`], and swapping two neighbours is one edit, with edits allowed between the swapped
/// letters afterwards (the true Damerau distance, not the "optimal string alignment" that many libraries
/// give).
pub fn damerau_levenshtein(a: &[u8], b: &[u8]) -> u32 {
    let (a, b) = trimmed(a, b);
    if a.is_empty() || b.is_empty() {
        return a.len().max(b.len()) as u32;
    }
    let width = b.len() + 2;
    let infinite = (a.len() + b.len()) as u32;
    let mut table = vec![infinite; (a.len() + 2) * width];
    for (j, cell) in table[width + 1..2 * width].iter_mut().enumerate() {
        *cell = j as u32;
    }
    let mut last_row = [0usize; 256];
    for i in 1..=a.len() {
        table[(i + 1) * width + 1] = i as u32;
        let mut last_column = 0;
        for j in 1..=b.len() {
            let equal = a[i - 1] == b[j - 1];
            let (row, column) = (last_row[usize::from(b[j - 1])], last_column);
            let swapped = table[row * width + column] + (i - row - 1) as u32 + 1 + (j - column - 1) as u32;
            let substituted = table[i * width + j] + u32::from(!equal);
            let removed = table[i * width + j + 1] + 1;
            let added = table[(i + 1) * width + j] + 1;
            table[(i + 1) * width + j + 1] = swapped.min(substituted).min(removed).min(added);
            if equal {
                last_column = j;
            }
        }
        last_row[usize::from(a[i - 1])] = i;
    }
    table[(a.len() + 1) * width + b.len() + 1]
}

/// How many of the bytes of both texts they have in common, each counted once; nothing for an empty text.
pub fn jaccard(a: &[u8], b: &[u8]) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let set = |text: &[u8]| {
        text.iter().fold([0u64; 4], |mut set, byte| {
            set[usize::from(byte >> 6)] |= 1 << (byte & 63);
            set
        })
    };
    let (a, b) = (set(a), set(b));
    let count =
        |join: fn(u64, u64) -> u64| a.iter().zip(&b).map(|(a, b)| join(*a, *b).count_ones()).sum::<u32>();
    Some(f64::from(count(|a, b| a & b)) / f64::from(count(|a, b| a | b)))
}

/// In how many places two texts of one length differ; nothing for texts of different lengths.
pub fn hamming(a: &[u8], b: &[u8]) -> Option<u32> {
    (a.len() == b.len()).then(|| a.iter().zip(b).filter(|(a, b)| a != b).count() as u32)
}

/// Both texts without their common beginning and end, which no edit touches.
fn trimmed<'a>(a: &'a [u8], b: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..], &b[head..]);
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    (&a[..a.len() - tail], &b[..b.len() - tail])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Jaro as the papers state it, with loops and flags.
    fn naive_jaro_winkler(a: &[u8], b: &[u8]) -> f64 {
        if a.is_empty() || b.is_empty() {
            return 0.0;
        }
        let reach = (a.len().max(b.len()) / 2).saturating_sub(1) as isize;
        let mut used = vec![false; a.len()];
        let mut second = Vec::new();
        for (j, y) in b.iter().enumerate() {
            for (i, x) in a.iter().enumerate() {
                if !used[i] && x == y && (i as isize - j as isize).abs() <= reach {
                    used[i] = true;
                    second.push(*y);
                    break;
                }
            }
        }
        let first: Vec<u8> = (0..a.len()).filter(|&i| used[i]).map(|i| a[i]).collect();
        let matches = first.len() as f64;
        if first.is_empty() {
            return 0.0;
        }
        let swaps = (first.iter().zip(&second).filter(|(x, y)| x != y).count() / 2) as f64;
        let sim = (matches / a.len() as f64 + matches / b.len() as f64 + (matches - swaps) / matches) / 3.0;
        let prefix = a.iter().zip(b).take(4).take_while(|(x, y)| x == y).count() as f64;
        if sim > 0.7 { sim + prefix * 0.1 * (1.0 - sim) } else { sim }
    }

    /// Damerau's distance by its recursive definition (Boytsov 2011), memo and all, as slow as it is plain.
    fn naive_damerau(a: &[u8], b: &[u8], swaps: bool) -> u32 {
        let mut table = vec![vec![0u32; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                let mut best = if i == 0 || j == 0 { (i + j) as u32 } else { u32::MAX };
                if i > 0 && j > 0 {
                    best = table[i - 1][j - 1] + u32::from(a[i - 1] != b[j - 1]);
                    best = best.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                    for p in 1..i {
                        for q in 1..j {
                            if swaps && a[p - 1] == b[j - 1] && a[i - 1] == b[q - 1] {
                                let gap = (i - p - 1) + (j - q - 1) + 1;
                                best = best.min(table[p - 1][q - 1] + gap as u32);
                            }
                        }
                    }
                }
                table[i][j] = best;
            }
        }
        table[a.len()][b.len()]
    }

    /// Two texts that are near each other as often as not: a base and a few edits of it, over a small
    /// alphabet.
    fn pair() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
        let letter = proptest::sample::select(b"ABCDEAI -".to_vec());
        let base = proptest::collection::vec(letter.clone(), 0..80);
        let edits = proptest::collection::vec((0u8..4, any::<prop::sample::Index>(), letter), 0..5);
        (base, edits).prop_map(|(base, edits)| {
            let mut other = base.clone();
            for (kind, at, letter) in edits {
                let index = at.index(other.len() + 1);
                match kind {
                    0 => other.insert(index, letter),
                    1 if index < other.len() => {
                        other.remove(index);
                    }
                    2 if index + 1 < other.len() => other.swap(index, index + 1),
                    _ if index < other.len() => other[index] = letter,
                    _ => {}
                }
            }
            (base, other)
        })
    }

    proptest! {
        #[test]
        fn measures_equal_their_naive_twins((a, b) in pair()) {
            let ours = jaro_winkler(&a, &b);
            prop_assert!((ours - naive_jaro_winkler(&a, &b)).abs() < 1e-12);
            prop_assert!((ours - naive_jaro_winkler(&b, &a)).abs() < 1e-12);
            let mut positions = Positions::default();
            positions.hold(&a);
            prop_assert_eq!(positions.jaro_held(&a, &b).to_bits(), jaro(&a, &b).to_bits());
            positions.release(&a);
            prop_assert!(positions.0.iter().all(|at| *at == 0));
            prop_assert_eq!(levenshtein(&a, &b), naive_damerau(&a, &b, false));
            if a.len() <= 12 {
                prop_assert_eq!(damerau_levenshtein(&a, &b), naive_damerau(&a, &b, true));
            }
        }

        #[test]
        fn measures_are_symmetric((a, b) in pair()) {
            prop_assert_eq!(jaro_winkler(&a, &b).to_bits(), jaro_winkler(&b, &a).to_bits());
            prop_assert_eq!(levenshtein(&a, &b), levenshtein(&b, &a));
            prop_assert_eq!(damerau_levenshtein(&a, &b), damerau_levenshtein(&b, &a));
        }
    }

    /// Made by `bench/linkage/similarity.py` with DuckDB 1.5.6: a, b, jaro, jaro_winkler, damerau_levenshtein,
    /// levenshtein, jaccard. A larger file can be named in the environment.
    #[test]
    fn answers_are_those_of_duckdb() {
        let large =
            std::env::var("LINKAGE_SIMILARITY").ok().map(|path| std::fs::read_to_string(path).unwrap());
        let sample = include_str!("../tests/duckdb_similarity.tsv");
        for line in large.as_deref().unwrap_or(sample).split('\n').skip(1).filter(|line| !line.is_empty()) {
            let cell: Vec<&str> = line.split('\t').collect();
            let (a, b) = (cell[0].as_bytes(), cell[1].as_bytes());
            let bits = |text: &str| text.parse::<f64>().unwrap().to_bits();
            assert_eq!(jaro(a, b).to_bits(), bits(cell[2]), "{line}");
            assert_eq!(jaro_winkler(a, b).to_bits(), bits(cell[3]), "{line}");
            assert_eq!(damerau_levenshtein(a, b), cell[4].parse::<u32>().unwrap(), "{line}");
            assert_eq!(levenshtein(a, b), cell[5].parse::<u32>().unwrap(), "{line}");
            assert_eq!(
                jaccard(a, b).map(f64::to_bits),
                (!cell[6].is_empty()).then(|| bits(cell[6])),
                "{line}"
            );
        }
    }
}
