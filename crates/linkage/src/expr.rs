//! Columns made from columns: `substr(nik, 1, 12)`, `split_part(name, ' ', 1)`, `sort_tokens(name)`.
//!
//! In: a value's tree as read from SQL. Out: a base column and the steps applied to it, one canonical form
//! for each meaning, so that a column is made once however often the model speaks of it.

use crate::model::Prepared;
use crate::sql::{Scalar, Side};

/// A base column with steps applied in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Expr {
    pub(crate) column: String,
    pub(crate) steps: Vec<Step>,
}

/// One step from text to text. An empty result is "unknown".
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Step {
    Substr { start: u32, count: u32 },
    SplitPart { separator: String, index: u32 },
    SortTokens,
    Skeleton,
    Upper,
    Lower,
    Trim,
}

impl Step {
    fn apply(&self, text: &str) -> String {
        match self {
            Self::Substr { start, count } => {
                text.chars().skip(start.saturating_sub(1) as usize).take(*count as usize).collect()
            }
            Self::SplitPart { separator, index } => {
                let at = (*index as usize).wrapping_sub(1);
                text.split(separator.as_str()).nth(at).unwrap_or_default().to_owned()
            }
            Self::SortTokens => {
                let mut tokens: Vec<&str> = text.split(' ').collect();
                tokens.sort_unstable();
                tokens.concat()
            }
            Self::Skeleton => skeleton(text),
            Self::Upper => text.to_uppercase(),
            Self::Lower => text.to_lowercase(),
            Self::Trim => text.trim().to_owned(),
        }
    }
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

    pub(crate) fn apply(&self, text: &str) -> String {
        self.steps.iter().fold(text.to_owned(), |text, step| step.apply(&text))
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
                Some(made) => Ok((*side, Self::of(&made.value, prepared)?.1)),
                None => Ok((*side, Self::base(name))),
            },
            Scalar::Call { name, args } => {
                let refused = || scalar.to_string();
                let inner = args.first().ok_or_else(refused)?;
                let step = match (name.as_str(), &args[1..]) {
                    ("substr" | "substring", [Scalar::Number(start), Scalar::Number(count)])
                        if *start >= 1.0 && *count >= 0.0 =>
                    {
                        Step::Substr { start: *start as u32, count: *count as u32 }
                    }
                    ("left", [Scalar::Number(count)]) if *count >= 0.0 => {
                        Step::Substr { start: 1, count: *count as u32 }
                    }
                    ("split_part", [Scalar::Text(separator), Scalar::Number(index)])
                        if *index >= 1.0 && !separator.is_empty() =>
                    {
                        Step::SplitPart { separator: separator.clone(), index: *index as u32 }
                    }
                    ("sort_tokens", []) => Step::SortTokens,
                    ("skeleton", []) => Step::Skeleton,
                    ("upper", []) => Step::Upper,
                    ("lower", []) => Step::Lower,
                    ("trim", []) => Step::Trim,
                    _ => return Err(refused()),
                };
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
