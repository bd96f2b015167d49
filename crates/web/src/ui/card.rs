//! A card to be passed on: a verdict as word and colour, what goes round, what is true, as one SVG without links, script or fonts of its
//! own. Lines are broken by the widths of the letters of the font that is asked for, with room for a wider one.

use std::fmt::Write as _;

use policy::Tone;

/// What stands on a card.
pub(crate) struct Card {
    /// Width and height.
    pub(crate) size: (u32, u32),
    /// Who says it.
    pub(crate) head: String,
    /// Colour of the verdict.
    pub(crate) tone: Tone,
    /// The verdict.
    pub(crate) verdict: String,
    /// Two headings with their text.
    pub(crate) parts: [(String, String); 2],
    /// Two lines at the foot.
    pub(crate) foot: [String; 2],
}

const MARGIN: u32 = 60;
/// Lines of each part, at most, on a wide card; a square one has room for more.
const LINES: [usize; 2] = [2, 4];
const LINES_SQUARE: [usize; 2] = [6, 9];
const TEXT: u32 = 34;

impl Card {
    pub(crate) fn draw(&self) -> String {
        let (width, height) = self.size;
        let inner = width - 2 * MARGIN;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             role=\"img\" font-family=\"Arial, Helvetica, Liberation Sans, sans-serif\"><title>{}</title>\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/><rect width=\"{width}\" height=\"14\" fill=\"{}\"/>",
            escape(&format!("{}: {}", self.verdict, self.parts[0].1)),
            colour(self.tone),
        );
        text(&mut out, (MARGIN, 66, 24, false, "#4a5560"), &cut(&self.head, inner, 24));
        let verdict = cut(&self.verdict.to_uppercase(), inner - 48, 52);
        let wide = measure(&verdict, 52) + 48;
        let _ = write!(
            out,
            "<rect x=\"{MARGIN}\" y=\"88\" width=\"{wide}\" height=\"80\" rx=\"10\" fill=\"{}\"/>",
            colour(self.tone)
        );
        text(&mut out, (MARGIN + 24, 146, 52, true, "#ffffff"), &verdict);
        let lines = if height >= width { LINES_SQUARE } else { LINES };
        let mut y = 214;
        for ((heading, said), most) in self.parts.iter().zip(lines) {
            text(&mut out, (MARGIN, y, 26, true, "#4a5560"), &cut(heading, inner, 26));
            for line in wrap(said, inner, TEXT, most) {
                y += TEXT + 10;
                text(&mut out, (MARGIN, y, TEXT, false, "#14202b"), &line);
            }
            y += 54;
        }
        let foot = height - 62;
        let _ = write!(
            out,
            "<rect x=\"{MARGIN}\" y=\"{}\" width=\"{inner}\" height=\"2\" fill=\"#c9d1d8\"/>",
            foot - 34
        );
        for (line, y) in self.foot.iter().zip([foot, foot + 34]) {
            text(&mut out, (MARGIN, y, 24, true, "#14202b"), &cut(line, inner, 24));
        }
        out.push_str("</svg>");
        out
    }
}

/// Dark enough for white letters: at least 7 to 1.
fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "#a3201c",
        Tone::Warn => "#7a4a00",
        Tone::Note => "#1c4f8c",
        Tone::Good => "#17643a",
    }
}

fn text(out: &mut String, (x, y, size, bold, fill): (u32, u32, u32, bool, &str), said: &str) {
    let weight = if bold { " font-weight=\"700\"" } else { "" };
    let _ = write!(
        out,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{weight} fill=\"{fill}\">{}</text>",
        escape(said)
    );
}

/// A text within an element or a quoted attribute of XML.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

/// Widths of space to tilde in thousandths of the size, of Helvetica and the fonts made to its measure.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// Width of a text, with an eighth on top for bold letters and wider fonts.
fn measure(text: &str, size: u32) -> u32 {
    let width = |c: char| {
        let at = usize::try_from(u32::from(c).wrapping_sub(32)).unwrap_or(usize::MAX);
        u32::from(*WIDTHS.get(at).unwrap_or(&1_000))
    };
    let all: u32 = text.chars().map(width).sum();
    all.saturating_mul(size) / 1_000 * 9 / 8
}

/// The text on one line, cut where it is too long.
fn cut(text: &str, width: u32, size: u32) -> String {
    wrap(text, width, size, 1).pop().unwrap_or_default()
}

/// Lines no wider than `width`, at most `most`; where more would follow, the last ends in an ellipsis. A word wider than a line is broken.
fn wrap(text: &str, width: u32, size: u32, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for piece in text.split_whitespace().flat_map(|word| pieces(word, width, size)) {
        let joined = lines.last().map(|line| format!("{line} {piece}"));
        match (joined, lines.last_mut()) {
            (Some(joined), Some(line)) if measure(&joined, size) <= width => *line = joined,
            _ => lines.push(piece),
        }
    }
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            while !last.is_empty() && measure(&format!("{last}…"), size) > width {
                last.pop();
            }
            *last = format!("{}…", last.trim_end());
        }
    }
    lines
}

/// A word in pieces that each fit on a line; nearly always one.
fn pieces(word: &str, width: u32, size: u32) -> Vec<String> {
    let mut out = vec![String::new()];
    for c in word.chars() {
        let Some(last) = out.last_mut() else { break };
        last.push(c);
        if measure(last, size) > width && last.chars().count() > 1 {
            last.pop();
            out.push(c.to_string());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_letter_is_lost(text in r"([a-zA-Z0-9.,%]{1,60} ?){0,20}", most in 1_usize..40) {
            let (width, size) = (600, 34);
            let lines = wrap(&text, width, size, most);
            prop_assert!(lines.len() <= most);
            prop_assert!(lines.iter().all(|line| measure(line, size) <= width), "{lines:?}");
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            let (whole, kept) = (solid(&text), solid(&lines.concat()));
            if let Some(cut) = kept.strip_suffix('…') {
                prop_assert!(whole.starts_with(cut) && lines.len() == most);
            } else {
                prop_assert_eq!(whole, kept);
            }
        }

        #[test]
        fn nothing_that_is_said_becomes_markup(said in r#"[<>&"'/a-z \PC]{0,60}"#) {
            let card = Card {
                size: (1200, 630),
                head: said.clone(),
                tone: Tone::Bad,
                verdict: said.clone(),
                parts: [(said.clone(), said.clone()), (said.clone(), said.clone())],
                foot: [said.clone(), said.clone()],
            };
            let drawn = card.draw();
            let tags = drawn.split('<').skip(1).all(|rest| {
                ["svg", "/svg", "title", "/title", "rect", "text", "/text"].iter().any(|tag| rest.starts_with(tag))
            });
            prop_assert!(tags && !drawn.contains("href") || said.contains("href"), "{drawn}");
        }
    }
}
