//! Two records side by side with their differences marked: the same characters plain, the others marked, so that a human sees in a
//! second whether `SITI AMINAH` and `SITI AMINNAH` are one person.

use askama::Template;

/// How alike two values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// The same.
    Same,
    /// Both known, and not the same.
    Differs,
    /// One of them is not known.
    HalfKnown,
}

/// A stretch of text, marked when the other side does not have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The characters.
    pub text: String,
    /// Whether they differ.
    pub marked: bool,
}

/// One field of both records.
#[derive(Debug, Clone)]
pub struct PairRow {
    /// Name of the field.
    pub label: String,
    /// Left value in pieces; empty when unknown.
    pub left: Vec<Piece>,
    /// Right value in pieces; empty when unknown.
    pub right: Vec<Piece>,
    /// How alike they are.
    pub likeness: Likeness,
}

impl PairRow {
    /// Compares two texts; an empty text is an unknown value.
    pub fn new(label: impl Into<String>, left: &str, right: &str) -> Self {
        let plain = |text: &str| match text {
            "" => Vec::new(),
            text => vec![Piece { text: text.to_owned(), marked: false }],
        };
        let label = label.into();
        if left == right {
            return Self { label, left: plain(left), right: plain(right), likeness: Likeness::Same };
        }
        if left.is_empty() || right.is_empty() {
            return Self { label, left: plain(left), right: plain(right), likeness: Likeness::HalfKnown };
        }
        let (left, right) = marked(left, right);
        Self { label, left, right, likeness: Likeness::Differs }
    }
}

/// The two records.
#[derive(Template)]
#[template(path = "ui/pair.html")]
pub struct Pair {
    /// What the table is, for those who hear it.
    pub caption: String,
    /// Titles of the two sides.
    pub titles: (String, String),
    /// Field by field.
    pub rows: Vec<PairRow>,
    /// Words: same, different, one side unknown, and the mark of an unknown value.
    pub words: [String; 4],
    /// Heading of the column of field names.
    pub field: String,
}

/// Longest common subsequence by characters; texts beyond this length are marked whole (bounded work).
const LENGTH_MAX: usize = 80;

fn marked(left: &str, right: &str) -> (Vec<Piece>, Vec<Piece>) {
    let (a, b): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let whole = |text: &str| vec![Piece { text: text.to_owned(), marked: true }];
    if a.len() > LENGTH_MAX || b.len() > LENGTH_MAX {
        return (whole(left), whole(right));
    }
    // length[i][j] = common characters of a[i..] and b[j..]
    let mut length = vec![vec![0_u8; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            length[i][j] =
                if a[i] == b[j] { length[i + 1][j + 1] + 1 } else { length[i + 1][j].max(length[i][j + 1]) };
        }
    }
    if usize::from(length[0][0]) * 2 < a.len().max(b.len()) {
        // Less than half in common: marking letters would be noise.
        return (whole(left), whole(right));
    }
    let (mut i, mut j, mut out) = (0, 0, (Vec::new(), Vec::new()));
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            push(&mut out.0, a[i], false);
            push(&mut out.1, b[j], false);
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && length[i + 1][j] >= length[i][j + 1]) {
            push(&mut out.0, a[i], true);
            i += 1;
        } else {
            push(&mut out.1, b[j], true);
            j += 1;
        }
    }
    out
}

fn push(pieces: &mut Vec<Piece>, character: char, marked: bool) {
    match pieces.last_mut() {
        Some(last) if last.marked == marked => last.text.push(character),
        _ => pieces.push(Piece { text: character.to_string(), marked }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(pieces: &[Piece]) -> String {
        let one = |piece: &Piece| if piece.marked { format!("[{}]", piece.text) } else { piece.text.clone() };
        pieces.iter().map(one).collect()
    }

    #[test]
    fn a_doubled_letter_is_the_only_mark() {
        let row = PairRow::new("", "SITI AMINAH", "SITI AMINNAH");
        assert_eq!((shown(&row.left), shown(&row.right)), ("SITI AMINAH".into(), "SITI AMIN[N]AH".into()));
        let row = PairRow::new("", "BUDI", "SLAMET");
        assert_eq!((shown(&row.left), shown(&row.right)), ("[BUDI]".into(), "[SLAMET]".into()));
        assert_eq!(PairRow::new("", "", "X").likeness, Likeness::HalfKnown);
    }

    proptest! {
        #[test]
        fn marks_never_change_the_text_and_plain_parts_agree(a in "\\PC{0,90}", b in "\\PC{0,90}") {
            let row = PairRow::new("", &a, &b);
            let text = |pieces: &[Piece]| pieces.iter().map(|p| p.text.as_str()).collect::<String>();
            let plain = |pieces: &[Piece]| {
                pieces.iter().filter(|p| !p.marked).map(|p| p.text.as_str()).collect::<String>()
            };
            prop_assert_eq!(text(&row.left), a);
            prop_assert_eq!(text(&row.right), b);
            if row.likeness != Likeness::HalfKnown {
                prop_assert_eq!(plain(&row.left), plain(&row.right));
            }
        }
    }
}
