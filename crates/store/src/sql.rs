//! SQL as text: a statement with a name, written once in the portable subset, and the two small rewritings that the engines need.
//!
//! `$1` becomes `?1` for SQLite (there `$1` would be a name, numbered by first appearance). Migrations are written in SQLite's
//! STRICT dialect and get PostgreSQL's type names. Neither rewriting looks inside string literals, quoted names or comments.

use std::sync::OnceLock;

/// A statement: named, static, in the portable subset. Made by [`crate::sql!`].
#[derive(Debug)]
pub struct Sql {
    /// Name for errors and measurements.
    pub name: &'static str,
    /// The text with `$1` placeholders.
    pub text: &'static str,
    numbered: OnceLock<String>,
}

impl Sql {
    /// A statement; use [`crate::sql!`], which also lists it for the test that prepares all.
    pub const fn new(name: &'static str, text: &'static str) -> Self {
        Self { name, text, numbered: OnceLock::new() }
    }

    /// The text as SQLite takes it.
    pub(crate) fn for_sqlite(&self) -> &str {
        self.numbered.get_or_init(|| number_placeholders(self.text))
    }
}

/// Declares the statements of a room and lists them as `ALL`:
///
/// ```
/// store::sql! {
///     /// One person.
///     pub PERSON_BY_ID = "SELECT name FROM person WHERE person_id = $1";
/// }
/// assert_eq!(ALL.len(), 1);
/// ```
#[macro_export]
macro_rules! sql {
    ($($(#[$doc:meta])* $vis:vis $name:ident = $text:expr;)*) => {
        $($(#[$doc])* #[allow(missing_docs)] $vis static $name: $crate::Sql =
            $crate::Sql::new(concat!(module_path!(), "::", stringify!($name)), $text);)*
        /// Every statement of this room, so that a test can prepare each on both engines.
        #[allow(unreachable_pub)]
        pub static ALL: &[&$crate::Sql] = &[$(&$name),*];
    };
}

/// Pieces of SQL text: code that may be rewritten, and quoted text or comments that may not.
enum Piece<'a> {
    Code(&'a str),
    Kept(&'a str),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let bytes = text.as_bytes();
    let (mut out, mut from, mut at) = (Vec::new(), 0, 0);
    while at < bytes.len() {
        let end = match bytes[at] {
            quote @ (b'\'' | b'"') => {
                let close = bytes[at + 1..].iter().position(|b| *b == quote);
                close.map_or(bytes.len(), |n| at + n + 2)
            }
            b'-' if bytes.get(at + 1) == Some(&b'-') => {
                bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n)
            }
            _ => {
                at += 1;
                continue;
            }
        };
        out.push(Piece::Code(&text[from..at]));
        out.push(Piece::Kept(&text[at..end]));
        (from, at) = (end, end);
    }
    out.push(Piece::Code(&text[from..]));
    out
}

fn number_placeholders(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Kept(kept) => out.push_str(kept),
            Piece::Code(code) => out.push_str(&code.replace('$', "?")),
        }
    }
    out
}

/// A migration in SQLite's STRICT dialect, in PostgreSQL's words. Texts compare bytewise on both.
pub(crate) fn for_postgres(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    for piece in pieces(text) {
        match piece {
            Piece::Kept(kept) => out.push_str(kept),
            Piece::Code(code) => rewrite_types(code, &mut out),
        }
    }
    out
}

fn rewrite_types(code: &str, out: &mut String) {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = code;
    while let Some(start) = rest.find(is_word) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        match word {
            "INTEGER" => out.push_str("BIGINT"),
            "BLOB" => out.push_str("BYTEA"),
            "REAL" => out.push_str("DOUBLE PRECISION"),
            "TEXT" => out.push_str("TEXT COLLATE \"C\""),
            "STRICT" => drop_comma(out, &mut rest),
            "WITHOUT" if rest.trim_start().starts_with("ROWID") => {
                rest = &rest.trim_start()["ROWID".len()..];
                drop_comma(out, &mut rest);
            }
            other => out.push_str(other),
        }
    }
    out.push_str(rest);
}

/// After a dropped table option: also drops the comma that joined it to its neighbour.
fn drop_comma(out: &mut String, rest: &mut &str) {
    let before = out.trim_end().len();
    if out[..before].ends_with(',') {
        out.truncate(before - 1);
    } else if let Some(after) = rest.trim_start().strip_prefix(',') {
        *rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_but_texts_are_left_alone() {
        assert_eq!(
            number_placeholders("SELECT $2, '$1', \"$x\" FROM t -- $3\nWHERE a = $1"),
            "SELECT ?2, '$1', \"$x\" FROM t -- $3\nWHERE a = ?1"
        );
    }

    #[test]
    fn a_migration_gets_the_types_of_the_other_engine() {
        let text = "-- TEXT stays\nCREATE TABLE a (x INTEGER NOT NULL, y TEXT DEFAULT 'BLOB', z BLOB, r REAL,\n\
                    PRIMARY KEY (x)) STRICT, WITHOUT ROWID;\nCREATE TABLE b (x INTEGER) STRICT;";
        assert_eq!(
            for_postgres(text).replace(")  ;", ") ;"),
            "-- TEXT stays\nCREATE TABLE a (x BIGINT NOT NULL, y TEXT COLLATE \"C\" DEFAULT 'BLOB', z BYTEA, \
             r DOUBLE PRECISION,\nPRIMARY KEY (x)) ;\nCREATE TABLE b (x BIGINT) ;"
        );
        assert_eq!(for_postgres(") WITHOUT ROWID, STRICT;").replace(' ', ""), ");");
    }
}
