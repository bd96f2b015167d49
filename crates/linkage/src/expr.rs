//! Columns made from columns: `substr(nik, 1, 12)`, `split_part(name, ' ', 1)`, `sort_tokens(name)`.
//!
//! In: a value's tree as read from SQL. Out: a base column and the steps applied to it, one canonical form
//! for each meaning, so that a column is made once however often the model speaks of it.

use std::sync::Arc;

use crate::model::Prepared;
use crate::regex::Regex;
use crate::sql::{Scalar, Side};
use crate::standardise::Standardiser;
use crate::value::parse_format;

/// A base column with steps applied in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Expr {
    pub(crate) column: String,
    pub(crate) steps: Vec<Step>,
}

/// One step from text to text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Step {
    Substr {
        start: u32,
        count: u32,
    },
    SplitPart {
        separator: String,
        index: u32,
    },
    SortTokens,
    /// One spelling for a person's name.
    StandardName,
    /// One spelling for a place.
    StandardPlace,
    Skeleton,
    Upper,
    Lower,
    Trim,
    Replace {
        from: String,
        to: String,
    },
    RegexReplace {
        pattern: String,
        by: String,
        all: bool,
        ignore_case: bool,
    },
    RegexExtract {
        pattern: String,
        group: u32,
    },
    NullIf(String),
    /// A date or time by a format, as seconds since 1970-01-01.
    Strptime(String),
}

/// Steps ready to run over many texts.
pub(crate) struct Pipeline(Vec<Ready>);

enum Ready {
    Plain(Step),
    Standard { names: Arc<Standardiser>, place: bool },
    Replace { from: String, to: String, signs: Signs },
    RegexReplace { regex: Regex, by: String, all: bool },
    RegexExtract { regex: Regex, group: usize },
}

/// The texts between two steps; kept from text to text, so that no step allocates.
#[derive(Default)]
struct Buffers {
    now: String,
    next: String,
}

impl Pipeline {
    /// Patterns were read when the model was; one that cannot be compiled never matches.
    pub(crate) fn new(steps: &[Step], names: &Arc<Standardiser>) -> Self {
        let ready = |step: &Step| match step {
            Step::StandardName | Step::StandardPlace => {
                Ready::Standard { names: Arc::clone(names), place: *step == Step::StandardPlace }
            }
            Step::Replace { from, to } => {
                Ready::Replace { from: from.clone(), to: to.clone(), signs: Signs::of(from) }
            }
            Step::RegexReplace { pattern, by, all, ignore_case } => Regex::new(pattern, *ignore_case)
                .map_or_else(
                    |_| Ready::Plain(step.clone()),
                    |regex| Ready::RegexReplace { regex, by: by.clone(), all: *all },
                ),
            Step::RegexExtract { pattern, group } => Regex::new(pattern, false).map_or_else(
                |_| Ready::Plain(step.clone()),
                |regex| Ready::RegexExtract { regex, group: *group as usize },
            ),
            other => Ready::Plain(other.clone()),
        };
        Self(steps.iter().map(ready).collect())
    }

    /// Writes what becomes of `text`; false when it is unknown.
    pub(crate) fn apply(&self, text: &str, out: &mut String) -> bool {
        thread_local! {
            static BUFFERS: std::cell::RefCell<Buffers> = std::cell::RefCell::default();
        }
        BUFFERS.with_borrow_mut(|buffers| {
            let Buffers { now, next } = buffers;
            now.clear();
            now.push_str(text);
            // Worked out when a step asks, as long as the text is the same.
            let mut present = None;
            for step in &self.0 {
                next.clear();
                match step {
                    Ready::Replace { from, to, signs } => {
                        let present: &Signs = present.get_or_insert_with(|| Signs::of(now));
                        if !present.have(signs) || !replace(now, from, to, next) {
                            continue;
                        }
                    }
                    Ready::RegexReplace { regex, by, all } => {
                        if !regex.replace(now, by, *all, next) {
                            continue;
                        }
                    }
                    Ready::RegexExtract { regex, group } => {
                        let found =
                            regex.find(now, 0).and_then(|groups| groups.get(*group).copied().flatten());
                        next.push_str(found.map_or("", |(start, end)| &now[start..end]));
                    }
                    Ready::Standard { names, place } => {
                        next.push_str(&if *place { names.place(now) } else { names.name(now) });
                    }
                    Ready::Plain(step) => {
                        if step.changes_nothing(now) {
                            continue;
                        }
                        if !step.write(now, next) {
                            return false;
                        }
                    }
                }
                std::mem::swap(now, next);
                present = None;
            }
            out.push_str(now);
            true
        })
    }
}

/// Which bytes and which neighbouring bytes a text has, folded into bits: a text without a needle's bits does not
/// have the needle.
struct Signs {
    single: u64,
    pairs: u128,
}

impl Signs {
    fn of(text: &str) -> Self {
        let (mut single, mut pairs, mut before) = (0, 0, None);
        for byte in text.bytes() {
            single |= 1 << (byte & 63);
            if let Some(before) = before {
                let pair = u8::wrapping_mul(before, 37).wrapping_add(byte);
                pairs |= 1 << (pair & 127);
            }
            before = Some(byte);
        }
        Self { single, pairs }
    }

    fn have(&self, needle: &Self) -> bool {
        needle.single & self.single == needle.single && needle.pairs & self.pairs == needle.pairs
    }
}

/// Writes `text` with every `from` replaced, from the left; false, and nothing written, when there is none.
fn replace(text: &str, from: &str, to: &str, out: &mut String) -> bool {
    let (bytes, needle) = (text.as_bytes(), from.as_bytes());
    let Some(&first) = needle.first() else { return false };
    let (mut at, mut copied, mut any) = (0, 0, false);
    while at + needle.len() <= bytes.len() {
        if bytes[at] == first && bytes[at..].starts_with(needle) {
            out.push_str(&text[copied..at]);
            out.push_str(to);
            at += needle.len();
            copied = at;
            any = true;
        } else {
            at += 1;
        }
    }
    if any {
        out.push_str(&text[copied..]);
    }
    any
}

impl Step {
    /// Whether it can be seen at once that the text stays as it is.
    fn changes_nothing(&self, text: &str) -> bool {
        let edge = |byte: Option<&u8>| byte == Some(&b' ');
        match self {
            Self::Upper => text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_lowercase()),
            Self::Trim => !edge(text.as_bytes().first()) && !edge(text.as_bytes().last()),
            Self::NullIf(other) => text != other,
            _ => false,
        }
    }

    /// Writes the result; false when it is unknown.
    fn write(&self, text: &str, out: &mut String) -> bool {
        match self {
            Self::Substr { start, count } => {
                let (start, count) = (start.saturating_sub(1) as usize, *count as usize);
                if text.is_ascii() {
                    let from = start.min(text.len());
                    out.push_str(&text[from..from.saturating_add(count).min(text.len())]);
                } else {
                    out.extend(text.chars().skip(start).take(count));
                }
            }
            Self::SplitPart { separator, index } => {
                let at = (*index as usize).wrapping_sub(1);
                out.push_str(text.split(separator.as_str()).nth(at).unwrap_or_default());
            }
            Self::SortTokens => out.push_str(&sorted_tokens(text)),
            Self::Skeleton => out.push_str(&skeleton(text)),
            // Letter by letter as DuckDB has it: what would become two letters stays as it is.
            Self::Upper => out.extend(text.chars().map(|c| single(c, c.to_uppercase()))),
            Self::Lower => out.extend(text.chars().map(|c| single(c, c.to_lowercase()))),
            Self::Trim => out.push_str(text.trim_matches(' ')),
            Self::NullIf(other) => {
                out.push_str(text);
                return text != other;
            }
            Self::Strptime(format) => {
                let seconds = parse_format(text.trim_end_matches('Z'), format);
                let Some(seconds) = seconds else { return false };
                out.push_str(&(seconds + 0.0).to_string());
            }
            Self::Replace { .. }
            | Self::RegexReplace { .. }
            | Self::RegexExtract { .. }
            | Self::StandardName
            | Self::StandardPlace => {
                out.push_str(text);
            }
        }
        true
    }
}

fn single(letter: char, mut changed: impl ExactSizeIterator<Item = char>) -> char {
    if changed.len() == 1 { changed.next().unwrap_or(letter) } else { letter }
}

/// The words in their order, without the spaces between them: reordered names meet.
pub(crate) fn sorted_tokens(text: &str) -> String {
    let mut tokens: Vec<&str> = text.split(' ').collect();
    tokens.sort_unstable();
    tokens.concat()
}

/// What is left of a name when it is heard badly: the first letter and the consonants of each word, doubled
/// letters and `H` dropped, words sorted, so that `SITI AMINAH`, `AMINAH SITI` and `SITTI AMINA` are the
/// same.
pub fn skeleton(text: &str) -> String {
    let mut words: Vec<String> = text
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(|word| {
            let mut out = String::with_capacity(word.len());
            for (index, letter) in word.chars().enumerate() {
                let kept = index == 0 || !matches!(letter, 'A' | 'E' | 'I' | 'O' | 'U' | 'H' | 'Y' | 'W');
                if kept && !out.ends_with(letter) {
                    out.push(letter);
                }
            }
            out
        })
        .collect();
    words.sort_unstable();
    words.concat()
}

impl Expr {
    pub(crate) fn base(column: &str) -> Self {
        Self { column: column.to_owned(), steps: Vec::new() }
    }

    /// The piece this is of its base column, when it is nothing else than a piece.
    pub(crate) fn piece(&self) -> Option<(u32, u32)> {
        match self.steps.as_slice() {
            [] => Some((1, 16)),
            [Step::Substr { start, count }] => Some((*start, *count)),
            _ => None,
        }
    }

    /// Reads the tree of one value; names of prepared columns stand for their expressions.
    ///
    /// # Errors
    /// The part that this engine has no step for.
    pub(crate) fn of(scalar: &Scalar, prepared: &[Prepared]) -> Result<(Side, Self), String> {
        match scalar {
            Scalar::Column { side, name } => match prepared.iter().find(|made| made.column == *name) {
                Some(made) if !made.by_row => Ok((*side, Self::of(&made.value, prepared)?.1)),
                _ => Ok((*side, Self::base(name))),
            },
            Scalar::Call { name, args } => {
                let inner = args.first().ok_or_else(|| scalar.to_string())?;
                // What a list of words was made of, sorted and put together again.
                if let (
                    "array_to_string" | "list_to_string",
                    Scalar::Call { name: sort, args: sorted },
                    [Scalar::Text(empty)],
                ) = (name.as_str(), inner, &args[1..])
                    && let ("list_sort" | "array_sort", [Scalar::Call { name: split, args: words }]) =
                        (sort.as_str(), sorted.as_slice())
                    && let ("string_split" | "str_split" | "string_to_array", [text, Scalar::Text(blank)]) =
                        (split.as_str(), words.as_slice())
                    && empty.is_empty()
                    && blank == " "
                {
                    let (side, mut expr) = Self::of(text, prepared)?;
                    expr.steps.push(Step::SortTokens);
                    return Ok((side, expr));
                }
                let step = step(name, &args[1..]).ok_or_else(|| scalar.to_string())?;
                if let Step::RegexReplace { pattern, .. } | Step::RegexExtract { pattern, .. } = &step {
                    Regex::new(pattern, false).map_err(|fault| format!("{scalar}: {fault}"))?;
                }
                let (side, mut expr) = Self::of(inner, prepared)?;
                match (expr.steps.last_mut(), step) {
                    // A piece of a piece is a piece.
                    (Some(Step::Substr { start, count }), Step::Substr { start: from, count: most }) => {
                        *start += from - 1;
                        *count = count.saturating_sub(from - 1).min(most);
                    }
                    (_, step) => expr.steps.push(step),
                }
                Ok((side, expr))
            }
            other => Err(other.to_string()),
        }
    }
}

/// The step that a function of the SQL is, given its further arguments.
fn step(name: &str, rest: &[Scalar]) -> Option<Step> {
    Some(match (name, rest) {
        ("substr" | "substring", [Scalar::Number(start), Scalar::Number(count)])
            if *start >= 1.0 && *count >= 0.0 =>
        {
            Step::Substr { start: *start as u32, count: *count as u32 }
        }
        ("left", [Scalar::Number(count)]) if *count >= 0.0 => Step::Substr { start: 1, count: *count as u32 },
        ("split_part", [Scalar::Text(separator), Scalar::Number(index)])
            if *index >= 1.0 && !separator.is_empty() =>
        {
            Step::SplitPart { separator: separator.clone(), index: *index as u32 }
        }
        ("replace", [Scalar::Text(from), Scalar::Text(to)]) if !from.is_empty() => {
            Step::Replace { from: from.clone(), to: to.clone() }
        }
        ("regexp_replace", [Scalar::Text(pattern), Scalar::Text(by), options @ ..]) => {
            let options = match options {
                [] => "",
                [Scalar::Text(options)] => options.as_str(),
                _ => return None,
            };
            if options.chars().any(|option| !matches!(option, 'g' | 'i' | 'c')) {
                return None;
            }
            Step::RegexReplace {
                pattern: pattern.clone(),
                by: by.clone(),
                all: options.contains('g'),
                ignore_case: options.contains('i'),
            }
        }
        ("regexp_extract", [Scalar::Text(pattern)]) => {
            Step::RegexExtract { pattern: pattern.clone(), group: 0 }
        }
        ("regexp_extract", [Scalar::Text(pattern), Scalar::Number(group)]) if (0.0..10.0).contains(group) => {
            Step::RegexExtract { pattern: pattern.clone(), group: *group as u32 }
        }
        ("nullif", [Scalar::Text(other)]) => Step::NullIf(other.clone()),
        ("try_strptime" | "strptime", [Scalar::Text(format)]) => {
            Step::Strptime(format.trim_end_matches('Z').to_owned())
        }
        ("sort_tokens", []) => Step::SortTokens,
        ("skeleton", []) => Step::Skeleton,
        ("standard_name", []) => Step::StandardName,
        ("standard_place", []) => Step::StandardPlace,
        ("upper" | "ucase", []) => Step::Upper,
        ("lower" | "lcase", []) => Step::Lower,
        ("trim", []) => Step::Trim,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_heard_badly_has_the_same_skeleton() {
        for other in ["AMINAH SITI", "SITTI AMINA", "SITI AMMINAH"] {
            assert_eq!(skeleton("SITI AMINAH"), skeleton(other), "{other}");
        }
        assert_ne!(skeleton("SITI AMINAH"), skeleton("SITI ROHMAH"));
    }
}
