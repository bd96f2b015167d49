//! A workflow drawn from its file: states from top to bottom in the order in which a case can reach them, the steps out of each as lines
//! within its box, and for each step an arrow in a lane of its own to the state that it leads to. No arrow crosses a text, and the same
//! file always gives the same drawing.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt::Write,
};

use model::Lang;

use crate::{
    role::Roles,
    workflow::{CITIZEN, State, StateKind, Transition, Workflow},
};

const WIDTH: usize = 560;
const LEFT: usize = 10;
const LINE: usize = 17;
const PAD: usize = 10;
const GAP: usize = 22;
const LANE: usize = 11;
/// Characters of a line of a box; a wide character counts as one.
const CHARS: usize = 74;

/// One line of a box: the words, and where its arrow goes.
struct Row {
    lines: Vec<String>,
    to: usize,
    dashed: bool,
}

struct BoxOf {
    title: Vec<String>,
    note: String,
    kind: StateKind,
    rows: Vec<Row>,
    top: usize,
    height: usize,
}

impl Workflow {
    /// The drawing as SVG, in the colour of the text around it. `roles` gives names to who takes a step.
    pub fn chart(&self, roles: &Roles, lang: Lang) -> String {
        let order = self.in_order();
        let place: BTreeMap<&str, usize> =
            order.iter().enumerate().map(|(at, state)| (state.key.as_str(), at)).collect();
        let mut boxes: Vec<BoxOf> =
            order.iter().map(|state| self.box_of(state, roles, lang, &place)).collect();
        let mut y = PAD;
        for one in &mut boxes {
            one.top = y;
            y += one.height + GAP;
        }
        let height = y - GAP + PAD;
        let (arrows, lanes) = arrows(&boxes);
        let width = LEFT + WIDTH + (lanes + 2) * LANE + 4;
        let mut svg = String::new();
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             role=\"img\" font-family=\"system-ui, sans-serif\" font-size=\"12.5\" color=\"currentColor\"><title>{}</title>",
            escaped(self.label.get(lang))
        );
        for one in &boxes {
            draw_box(&mut svg, one);
        }
        for arrow in &arrows {
            draw_arrow(&mut svg, arrow);
        }
        svg.push_str("</svg>");
        svg
    }

    /// The states as a case can come to them: by steps from the start; ends last.
    fn in_order(&self) -> Vec<&State> {
        let mut seen = BTreeSet::new();
        let mut order = Vec::new();
        let mut next = VecDeque::from([self.start().key.as_str()]);
        while let Some(key) = next.pop_front() {
            let Some(state) = self.state(key).filter(|_| seen.insert(key)) else { continue };
            order.push(state);
            next.extend(self.out_of(key).map(|step| step.to.as_str()));
        }
        order.sort_by_key(|state| state.kind == StateKind::End);
        order
    }

    fn box_of(&self, state: &State, roles: &Roles, lang: Lang, place: &BTreeMap<&str, usize>) -> BoxOf {
        let words = |id: &'static str, en: &'static str| if lang == Lang::Id { id } else { en };
        let days = state
            .days
            .map_or_else(String::new, |days| format!("{days} {}", words("hari kerja", "working days")));
        let note = match state.kind {
            StateKind::Start => format!("{} · {days}", words("mulai", "start")),
            StateKind::Open => days,
            StateKind::Waiting => format!(
                "{} · {} {days}",
                words("menunggu pihak luar", "waits for somebody outside"),
                words("paling lama", "at most")
            ),
            StateKind::End => words("selesai", "end").to_owned(),
        };
        let who = |step: &Transition| {
            let name = |key: &String| match roles.get(key) {
                Some(role) => role.label.get(lang).to_owned(),
                None if key == CITIZEN => words("warga", "citizen").to_owned(),
                None => key.clone(),
            };
            if step.by.is_empty() {
                words("jam", "the clock").to_owned()
            } else {
                step.by.iter().map(name).collect::<Vec<_>>().join(", ")
            }
        };
        let row = |step: &Transition| {
            let timed = state.then.as_ref() == Some(&step.action);
            let clock = if timed && !step.by.is_empty() { words(", atau jam", ", or the clock") } else { "" };
            Row {
                lines: wrapped(&format!("{} ({}{clock})", step.label.get(lang), who(step)), CHARS),
                to: place.get(step.to.as_str()).copied().unwrap_or(0),
                dashed: timed,
            }
        };
        let rows: Vec<Row> = self.out_of(&state.key).map(row).collect();
        let title = wrapped(state.label.get(lang), CHARS - 8);
        let lines = title.len() + 1 + rows.iter().map(|row| row.lines.len()).sum::<usize>();
        let height = lines * LINE + PAD + if rows.is_empty() { 2 } else { 10 };
        BoxOf { title, note, kind: state.kind, rows, top: 0, height }
    }
}

/// From the end of a line down or up its lane to the head of a box.
struct Arrow {
    from_y: usize,
    to_y: usize,
    lane: usize,
    dashed: bool,
}

/// Gives each arrow the innermost lane that is free over its whole length.
fn arrows(boxes: &[BoxOf]) -> (Vec<Arrow>, usize) {
    let mut arrows = Vec::new();
    for one in boxes {
        let mut y = one.top + (one.title.len() + 1) * LINE + PAD + 4;
        for row in &one.rows {
            let target = &boxes[row.to.min(boxes.len() - 1)];
            arrows.push(Arrow { from_y: y + LINE / 2, to_y: target.top + LINE, lane: 0, dashed: row.dashed });
            y += row.lines.len() * LINE;
        }
    }
    arrows.sort_by_key(|arrow| (arrow.from_y.abs_diff(arrow.to_y), arrow.from_y));
    let mut taken: Vec<Vec<(usize, usize, usize)>> = Vec::new();
    for arrow in &mut arrows {
        let (low, high) = (arrow.from_y.min(arrow.to_y), arrow.from_y.max(arrow.to_y));
        // Arrows to one box may share a lane: they run together.
        let free = |lane: &Vec<(usize, usize, usize)>| {
            lane.iter().all(|(from, to, target)| high + 3 < *from || *to + 3 < low || *target == arrow.to_y)
        };
        let lane = taken.iter().position(free).unwrap_or(taken.len());
        if lane == taken.len() {
            taken.push(Vec::new());
        }
        taken[lane].push((low, high, arrow.to_y));
        arrow.lane = lane;
    }
    (arrows, taken.len())
}

fn draw_box(svg: &mut String, one: &BoxOf) {
    let (stroke, dash, radius) = match one.kind {
        StateKind::Start => ("2.5", "", 14),
        StateKind::Open => ("1.4", "", 6),
        StateKind::Waiting => ("1.4", " stroke-dasharray=\"5 4\"", 6),
        StateKind::End => ("2.5", "", 6),
    };
    let _ = write!(
        svg,
        "<rect x=\"{LEFT}\" y=\"{}\" width=\"{WIDTH}\" height=\"{}\" rx=\"{radius}\" fill=\"currentColor\" fill-opacity=\"0.04\" \
         stroke=\"currentColor\" stroke-width=\"{stroke}\"{dash}/>",
        one.top, one.height
    );
    let mut y = one.top + LINE + 3;
    for line in &one.title {
        text(svg, LEFT + 12, y, line, " font-weight=\"700\"");
        y += LINE;
    }
    text(svg, LEFT + 12, y, &one.note, " opacity=\"0.75\"");
    y += 4;
    for row in &one.rows {
        for (place, line) in row.lines.iter().enumerate() {
            y += LINE;
            text(svg, LEFT + if place == 0 { 24 } else { 34 }, y, line, "");
        }
    }
}

fn draw_arrow(svg: &mut String, arrow: &Arrow) {
    let edge = LEFT + WIDTH;
    let x = edge + (arrow.lane + 2) * LANE;
    let dash = if arrow.dashed { " stroke-dasharray=\"3 3\"" } else { "" };
    let (from, to) = (arrow.from_y, arrow.to_y);
    let _ = write!(
        svg,
        "<path d=\"M{} {from}H{x}V{to}H{}\" fill=\"none\" stroke=\"currentColor\" stroke-opacity=\"0.8\" stroke-width=\"1.2\"{dash}/>\
         <path d=\"M{} {}L{edge} {to}L{} {}z\" fill=\"currentColor\"/>",
        edge - 8,
        edge + 7,
        edge + 8,
        to - 4,
        edge + 8,
        to + 4
    );
}

fn text(svg: &mut String, x: usize, y: usize, words: &str, style: &str) {
    let _ = write!(svg, "<text x=\"{x}\" y=\"{y}\" fill=\"currentColor\"{style}>{}</text>", escaped(words));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Breaks a text between words; a word longer than a line stays whole.
fn wrapped(text: &str, chars: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let taken = lines[last].chars().count();
        if taken > 0 && taken + 1 + word.chars().count() > chars {
            lines.push(word.to_owned());
            continue;
        }
        if taken > 0 {
            lines[last].push(' ');
        }
        lines[last].push_str(word);
    }
    lines
}
