//! Makes links in a public text harmless: what goes round is shown so that everybody recognises it, and nobody can follow it, by a click
//! or by copying. Long numbers (identity, card, telephone) do not go out at all. Pure.

/// Characters that browsers take for the dot between two parts of a host.
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];
/// Runs of so many digits are nobody's business.
const DIGITS_MIN: usize = 9;
/// What stands for a long number.
const HIDDEN: &str = "[…]";

/// The text with every link broken and every long number hidden; words at one of `official` (host names) stay as they are. Line breaks
/// stay. Done twice it is the same.
pub fn defuse(text: &str, official: &[&str]) -> String {
    let plain: String = text.chars().filter_map(visible).collect();
    let mut out = String::with_capacity(plain.len() + 16);
    for piece in plain.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end_matches(char::is_whitespace);
        if is_official(word, official) {
            out.push_str(word);
        } else {
            broken(word, &mut out);
        }
        out.push_str(&piece[word.len()..]);
    }
    hide_numbers(&out)
}

/// Characters that are not seen hide where a link is; wide forms of letters and signs are read by browsers as the plain ones.
fn visible(c: char) -> Option<char> {
    match c {
        '\n' => Some('\n'),
        c if c.is_control() => Some(' '),
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}' => None,
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0),
        c if DOTS.contains(&c) => Some('.'),
        '\u{2024}' => Some('.'),
        c => Some(c),
    }
}

/// A word that is an official site, bare or with https, and leads nowhere within it.
fn is_official(word: &str, official: &[&str]) -> bool {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/');
    let host = bare.strip_prefix("https://").unwrap_or(bare);
    let host = host.strip_suffix('/').unwrap_or(host);
    official.contains(&host)
}

fn broken(word: &str, out: &mut String) {
    let chars: Vec<char> = word.chars().collect();
    let address = is_number_address(&chars);
    for (at, &c) in chars.iter().enumerate() {
        let (before, after) = (at.checked_sub(1).map(|at| chars[at]), chars.get(at + 1).copied());
        let joined = before.is_some_and(names);
        match c {
            '.' if joined && after.is_some_and(|c| !c.is_ascii_digit() && names(c) || address) => {
                out.push_str("[.]");
            }
            // A scheme: `https:`, `wa:`, `mailto:`; a time of day and a word before a space are none.
            ':' if after == Some('/') || before.is_some_and(char::is_alphabetic) && after.is_some() => {
                out.push_str("[:]");
            }
            '@' if joined && after.is_some_and(names) => out.push_str("[@]"),
            't' | 'T' if is_http(&chars, at) => out.push(if c == 't' { 'x' } else { 'X' }),
            c => out.push(c),
        }
    }
}

/// Whether a character can stand in the name of a host.
fn names(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_') || !c.is_ascii()
}

/// Whether this is one of both letters t of `http`.
fn is_http(chars: &[char], at: usize) -> bool {
    let is = |start: Option<usize>| {
        start.and_then(|start| chars.get(start..start + 4)).is_some_and(|four| {
            four.iter().zip("http".chars()).all(|(have, want)| have.to_ascii_lowercase() == want)
        })
    };
    is(at.checked_sub(1)) || is(at.checked_sub(2))
}

/// Four groups of digits with dots between: it may be an address of a machine.
fn is_number_address(chars: &[char]) -> bool {
    let text: String = chars.iter().collect();
    text.split(|c: char| !c.is_ascii_digit() && c != '.').any(|run| {
        let groups: Vec<usize> = run.split('.').map(str::len).collect();
        groups.windows(4).any(|four| four.iter().all(|digits| (1..=3).contains(digits)))
    })
}

/// Runs of digits, also with the same dash, dot or space between groups (of a card, a telephone number), when they are long. Amounts
/// with dots after every third digit stay.
fn hide_numbers(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        if !chars[at].is_ascii_digit() {
            out.push(chars[at]);
            at += 1;
            continue;
        }
        let (mut end, mut between) = (at, None);
        while let Some(&c) = chars.get(end) {
            let joins = matches!(c, '-' | ' ' | '.')
                && between.is_none_or(|known| known == c)
                && chars.get(end + 1).is_some_and(char::is_ascii_digit);
            match (c.is_ascii_digit(), joins) {
                (true, _) => {}
                (false, true) => between = Some(c),
                (false, false) => break,
            }
            end += 1;
        }
        let run: String = chars[at..end].iter().collect();
        let digits = run.chars().filter(char::is_ascii_digit).count();
        if digits >= DIGITS_MIN && !is_amount(&run) {
            out.push_str(HIDDEN);
        } else {
            out.push_str(&run);
        }
        at = end;
    }
    out
}

fn is_amount(run: &str) -> bool {
    let mut groups = run.split('.');
    let first = groups.next().unwrap_or_default();
    run.contains('.')
        && (1..=3).contains(&first.len())
        && groups.all(|group| group.len() == 3)
        && run.chars().all(|c| c.is_ascii_digit() || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn links_are_seen_and_cannot_be_followed() {
        for (before, after) in [
            (
                "Daftar di https://bansos-cair.xyz/daftar?x=1",
                "Daftar di hxxps[:]//bansos-cair[.]xyz/daftar?x=1",
            ),
            ("www.bantuan.com atau bit.ly/abc", "www[.]bantuan[.]com atau bit[.]ly/abc"),
            ("HTTP://A。B", "HXXP[:]//A[.]B"),
            ("h\u{200b}ttps:\u{200b}//x.id", "hxxps[:]//x[.]id"),
            ("kirim ke info@bansos.id", "kirim ke info[@]bansos[.]id"),
            ("buka 10.1.2.3/a", "buka 10[.]1[.]2[.]3/a"),
            ("Rp1.200.000 pukul 10.30. Selesai.", "Rp1.200.000 pukul 10.30. Selesai."),
            ("Dana Rp127.100.000.000.000 cair", "Dana Rp127[.]100[.]000[.]000[.]000 cair"),
            ("Hubungi 0812-3456-7890 atau 9901021203840001", "Hubungi […] atau […]"),
            ("hanya di cekbansos.kemensos.go.id.", "hanya di cekbansos.kemensos.go.id."),
            ("cekbansos.kemensos.go.id.evil.com", "cekbansos[.]kemensos[.]go[.]id[.]evil[.]com"),
            ("https://cekbansos.kemensos.go.id/form", "hxxps[:]//cekbansos[.]kemensos[.]go[.]id/form"),
        ] {
            assert_eq!(defuse(before, &["cekbansos.kemensos.go.id"]), after);
        }
    }

    /// What programs that show texts make a link of, told from the outside: a scheme, or a name with a dot before letters.
    fn would_be_linked(text: &str) -> bool {
        text.split_whitespace().any(|word| {
            let lower = word.to_lowercase();
            let host = |part: &str| {
                let mut halves = part.rsplitn(2, ['.', '。', '．', '｡']);
                let top = halves.next().unwrap_or_default();
                let name = halves.next().unwrap_or_default();
                let top: String = top.chars().take_while(|c| c.is_alphabetic()).collect();
                top.chars().count() >= 2
                    && name.chars().next_back().is_some_and(|c| c.is_alphanumeric() || !c.is_ascii())
            };
            lower.contains("http")
                || lower.contains("://")
                || lower.split(['/', '?', '#', ':', '@']).any(host)
        })
    }

    proptest! {
        #[test]
        fn no_text_keeps_a_link_or_a_long_number(
            text in r"([a-z0-9:/.@。 -]|https?://|www\.|[a-z]{2,5}\.(com|id|xyz)|[0-9]{4,17}|\PC){0,40}"
        ) {
            let safe = defuse(&text, &[]);
            prop_assert!(!would_be_linked(&safe), "{safe}");
            prop_assert!(!safe.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() >= DIGITS_MIN), "{safe}");
            prop_assert_eq!(defuse(&safe, &[]), safe.clone(), "done twice it is the same");
        }
    }
}
