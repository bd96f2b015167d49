//! Regular expressions for cleaning columns, with RE2's meaning: leftmost first, classes of ASCII letters, time that
//! grows with the text and never with what the pattern could try.
//!
//! In: a pattern. Out: where it matches, and texts with matches replaced. Most patterns of a cleaning are a list of
//! words at one end of a text, or a run of letters of one class; those are recognised and need no machine.

use std::{cell::RefCell, rc::Rc};

use rustc_hash::FxHashMap;

/// Most bytes of a compiled pattern.
const MOST_BYTES: usize = 1 << 20;
/// Most words that a list of words is written out to.
const MOST_WORDS: usize = 64;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(crate) struct Regex {
    machine: regex_lite::Regex,
    fast: Option<Fast>,
}

/// Where a match and each of its groups begin and end, in bytes.
pub(crate) type Groups = Vec<Option<(usize, usize)>>;

#[derive(Debug, Clone)]
enum Fast {
    /// Plain texts at the beginning (`start`), the end (`end`), or both; the first that fits counts. `edge`: with
    /// which byte one of them begins, or ends where only the end is told.
    Words { words: Vec<String>, start: bool, end: bool, edge: Box<[bool; 256]> },
    /// One and more letters of a class: which bytes are in it. All letters beyond ASCII are in, or none.
    Run(Box<[bool; 256]>),
}

impl Regex {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What cannot be read.
    pub(crate) fn new(pattern: &str, ignore_case: bool) -> Result<Self, String> {
        let machine = compile(pattern, ignore_case)?;
        let fast = if ignore_case { None } else { words(pattern).or_else(|| run(pattern)) };
        Ok(Self { machine, fast })
    }

    /// The first match at or after byte `from`: the whole, then its groups.
    pub(crate) fn find(&self, text: &str, from: usize) -> Option<Groups> {
        let captures = self.machine.captures_at(text, from)?;
        Some(captures.iter().map(|group| group.map(|group| (group.start(), group.end()))).collect())
    }

    /// Writes `text` with the first match, or all, replaced; `\1` stands for the first group. False, and nothing
    /// written, when there is no match.
    pub(crate) fn replace(&self, text: &str, by: &str, all: bool, out: &mut String) -> bool {
        match &self.fast {
            Some(fast) if !by.contains('\\') => fast.replace(text, by, all, out),
            _ => self.replace_groups(text, by, all, out),
        }
    }

    fn replace_groups(&self, text: &str, by: &str, all: bool, out: &mut String) -> bool {
        let (mut at, mut any) = (0, false);
        // An empty match right after another one is none.
        let mut ended = None;
        while let Some(groups) = self.find(text, at) {
            let Some((start, end)) = groups.first().copied().flatten() else { break };
            out.push_str(&text[at..start]);
            at = end;
            if start < end || ended != Some(end) {
                substitute(by, text, &groups, out);
                (any, ended) = (true, Some(end));
                if !all {
                    break;
                }
            }
            if start == end {
                let Some(letter) = text[at..].chars().next() else { break };
                out.push(letter);
                at += letter.len_utf8();
            }
        }
        if any {
            out.push_str(text.get(at..).unwrap_or_default());
        } else {
            out.clear();
        }
        any
    }
}

/// By pattern and whether case is ignored; nothing for a pattern that cannot be read.
type Kept = FxHashMap<(String, bool), Option<Rc<Regex>>>;

/// The same as [`Regex::new`], for a pattern that comes again and again: each thread keeps the last few.
pub(crate) fn kept(pattern: &str, ignore_case: bool) -> Option<Rc<Regex>> {
    const MOST_KEPT: usize = 64;
    thread_local! {
        static KEPT: RefCell<Kept> = RefCell::default();
    }
    KEPT.with_borrow_mut(|kept| {
        let key = (pattern.to_owned(), ignore_case);
        if kept.len() >= MOST_KEPT && !kept.contains_key(&key) {
            kept.clear();
        }
        kept.entry(key).or_insert_with(|| Regex::new(pattern, ignore_case).ok().map(Rc::new)).clone()
    })
}

fn compile(pattern: &str, ignore_case: bool) -> Result<regex_lite::Regex, String> {
    let mut builder = regex_lite::RegexBuilder::new(pattern);
    builder.case_insensitive(ignore_case).size_limit(MOST_BYTES);
    builder.build().map_err(|fault| format!("`{pattern}` is no regular expression: {fault}"))
}

fn substitute(by: &str, text: &str, groups: &[Option<(usize, usize)>], out: &mut String) {
    let mut letters = by.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some(digit) if digit.is_ascii_digit() => {
                let group = groups.get(digit as usize - '0' as usize).copied().flatten();
                out.push_str(group.map_or("", |(start, end)| &text[start..end]));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
}

impl Fast {
    fn replace(&self, text: &str, by: &str, all: bool, out: &mut String) -> bool {
        let (mut at, mut any) = (0, false);
        while let Some((start, end)) = self.find(text, at) {
            out.push_str(&text[at..start]);
            out.push_str(by);
            (at, any) = (end, true);
            if !all {
                break;
            }
        }
        if any {
            out.push_str(&text[at..]);
        }
        any
    }

    fn find(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        let bytes = text.as_bytes();
        match self {
            Self::Words { words, start: true, end, edge } => {
                let first = bytes.first().filter(|byte| from == 0 && edge[usize::from(**byte)]);
                let fits = |word: &&String| {
                    bytes.starts_with(word.as_bytes()) && (!end || word.len() == bytes.len())
                };
                first.and_then(|_| words.iter().find(fits)).map(|word| (0, word.len()))
            }
            Self::Words { words, edge, .. } => {
                bytes.last().filter(|byte| edge[usize::from(**byte)])?;
                let fits =
                    |word: &&String| bytes.len() - from >= word.len() && bytes.ends_with(word.as_bytes());
                // The longest begins leftmost.
                let word = words.iter().filter(fits).max_by_key(|word| word.len())?;
                Some((bytes.len() - word.len(), bytes.len()))
            }
            Self::Run(within) => {
                let is_in = |byte: &u8| within[usize::from(*byte)];
                let first = from + bytes[from..].iter().position(is_in)?;
                let rest = &bytes[first..];
                Some((first, first + rest.iter().position(|byte| !is_in(byte)).unwrap_or(rest.len())))
            }
        }
    }
}

fn is_plain(letter: char) -> bool {
    !"\\.+*?()|[]{}^$".contains(letter)
}

/// `^(HJ|H|DRS) ` and ` (S PD|SE)$`, written out as the texts that they are.
fn words(pattern: &str) -> Option<Fast> {
    let (start, inner) = pattern.strip_prefix('^').map_or((false, pattern), |rest| (true, rest));
    let bare = inner.strip_suffix('$').filter(|rest| !rest.ends_with('\\'));
    let (end, inner) = bare.map_or((false, inner), |rest| (true, rest));
    if !(start || end) {
        return None;
    }
    let mut words = vec![String::new()];
    let mut rest = inner;
    while !rest.is_empty() {
        let parts;
        (parts, rest) = match rest.strip_prefix('(') {
            Some(group) => {
                let (inside, after) = group.split_once(')')?;
                let inside = inside.strip_prefix("?:").unwrap_or(inside);
                (
                    inside.split('|').map(|part| literal(part).filter(|(_, left)| left.is_empty())).collect(),
                    after,
                )
            }
            None => literal(rest).map(|(text, after)| (Some(vec![(text, after)]), after))?,
        };
        let parts: Vec<(String, &str)> = parts?;
        let join =
            |head: &String| parts.iter().map(move |(tail, _)| format!("{head}{tail}")).collect::<Vec<_>>();
        words = words.iter().flat_map(join).collect();
        if words.len() > MOST_WORDS {
            return None;
        }
    }
    if words.iter().any(String::is_empty) {
        return None;
    }
    let mut edge = Box::new([false; 256]);
    for word in words.iter().map(String::as_bytes) {
        edge[usize::from(if start { word[0] } else { word[word.len() - 1] })] = true;
    }
    Some(Fast::Words { words, start, end, edge })
}

/// The plain text at the beginning, one letter at least, and what follows it. Nothing when a letter of it is counted.
fn literal(pattern: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut letters = pattern.chars();
    let mut rest = pattern;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.push(letters.next().filter(|escaped| !escaped.is_alphanumeric())?),
            plain if is_plain(plain) => text.push(plain),
            '(' => break,
            _ => return None,
        }
        rest = letters.as_str();
    }
    (!text.is_empty()).then_some((text, rest))
}

/// `[^A-Z ]+`, ` +` and `\d+`: which letters are in the class is asked of the machine.
fn run(pattern: &str) -> Option<Fast> {
    let class = pattern.strip_suffix('+')?;
    let bracketed = class.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
    let mut letters = class.chars();
    let known = match (bracketed, letters.next(), letters.next(), letters.next()) {
        (Some(inner), ..) => !inner.contains(['[', ']', '\\']),
        (None, Some('\\'), Some(of), None) => matches!(of, 'd' | 'D' | 's' | 'S' | 'w' | 'W'),
        (None, Some(one), None, None) => is_plain(one),
        _ => false,
    };
    if !known || !class.is_ascii() {
        return None;
    }
    let machine = compile(class, false).ok()?;
    let beyond = machine.is_match("é");
    let is_in = |byte: u8| {
        if byte.is_ascii() { machine.is_match((byte as char).encode_utf8(&mut [0; 4])) } else { beyond }
    };
    let mut within = Box::new([false; 256]);
    (0..=255_u8).for_each(|byte| within[usize::from(byte)] = is_in(byte));
    Some(Fast::Run(within))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(regex: &Regex, text: &str, by: &str, all: bool) -> String {
        let mut out = String::new();
        let any = regex.replace(text, by, all, &mut out);
        if any { out } else { text.to_owned() }
    }

    /// What DuckDB's `regexp_replace` writes.
    #[test]
    fn patterns_mean_what_re2_says() {
        for (pattern, text, by, all, wanted) in [
            ("[^A-Z ]+", "A.B  C-D1", "", true, "AB  CD"),
            (" +", "A   B  C", " ", true, "A B C"),
            ("^(HJ|H|DRS) ", "HJ SITI", "", false, "SITI"),
            (" (S PD|SE|PD)$", "BUDI S PD", "", false, "BUDI"),
            ("^KAB\\. ", "KAB. BOGOR", "", false, "BOGOR"),
            ("a|ab", "xab", "-", false, "x-b"),
            ("(a+)(b*)", "caabd", "<\\2\\1>", false, "c<baa>d"),
            ("x*", "abc", "-", true, "-a-b-c-"),
            ("x*", "axb", "-", true, "-a-b-"),
            ("a{2,3}?", "aaaa", "-", true, "--"),
            ("\\bB", "AB B", "x", true, "AB x"),
            ("é+", "caféé", "e", true, "cafe"),
            ("(?:^|,)(\\d+)", "1,22,333", "[\\1]", true, "[1][22][333]"),
            ("\\w+", "é_a", "-", true, "é-"),
            ("[[:alpha:]]+", "ab1", "-", true, "-1"),
            ("(?i)ab", "xAB", "-", true, "x-"),
        ] {
            assert_eq!(replaced(&Regex::new(pattern, false).unwrap(), text, by, all), wanted, "{pattern}");
        }
        for bad in ["(", "[a", "*a", "\\q", "a{3,1}", ")"] {
            assert!(Regex::new(bad, false).is_err(), "{bad}");
        }
    }

    /// The recognised shapes say what the machine says.
    #[test]
    fn the_short_ways_change_nothing() {
        let texts = [
            "",
            "H",
            "H ",
            "HJ H SITI",
            "KAB. B",
            "BUDI S PD",
            "SE",
            "a SE",
            "é  é",
            "AB+C",
            "12 a3",
            "$x",
            "x$",
            "H|J A",
        ];
        for (pattern, is_fast) in [
            ("^(HJ|H|DRS) ", true),
            ("^(?:H|HJ) ", true),
            (" (S PD|SE|PD)$", true),
            ("^KAB\\. (B|C)", true),
            ("^SE$", true),
            (" +", true),
            ("[^A-Z ]+", true),
            ("[a-z]+", true),
            ("\\d+", true),
            ("\\W+", true),
            ("x\\$", false),
            ("^H|SE", false),
            ("^H+", false),
            ("^(H(J)?) ", false),
            ("^(H|) ", false),
            ("[é]+", false),
            ("[[:alpha:]]+", false),
            ("A\\+", false),
            (".+", false),
        ] {
            let fast = Regex::new(pattern, false).unwrap();
            assert_eq!(fast.fast.is_some(), is_fast, "{pattern}");
            let machine = Regex { fast: None, ..fast.clone() };
            for text in texts {
                for all in [false, true] {
                    let ways = [&fast, &machine].map(|regex| replaced(regex, text, "-", all));
                    assert_eq!(ways[0], ways[1], "{pattern} on {text:?}");
                }
            }
        }
    }
}
