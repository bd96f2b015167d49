//! Figures over a scale: columns (how many of each) and lines (a share as it changes), with marks where something begins.
//!
//! The drawing is stretched to the width there is and has no text of its own: words stand beside it at reading size, so that
//! a phone shows the same figure as a desk; the exact numbers stand in a table below.

use askama::Template;

/// One column over a stretch of the scale.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Where it begins on the scale.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// How high: a count or a share, 0 and more.
    pub value: f64,
    /// Colour 1 to 4.
    pub colour: u8,
}

/// A line through points (place on the scale, value).
#[derive(Debug, Clone)]
pub struct Line {
    /// What it shows, for the legend.
    pub name: String,
    /// From left to right.
    pub points: Vec<(f64, f64)>,
    /// Colour 1 to 4.
    pub colour: u8,
}

/// A place on the scale where something begins.
#[derive(Debug, Clone)]
pub struct Mark {
    /// Where.
    pub at: f64,
    /// What begins, for the legend.
    pub label: String,
}

/// Columns, lines and marks on one scale.
#[derive(Debug, Clone, Template)]
#[template(path = "ui/plot.html")]
pub struct Plot {
    /// Title of the figure.
    pub title: String,
    /// What to see in it.
    pub note: String,
    /// Columns, drawn first.
    pub columns: Vec<Column>,
    /// Lines over them.
    pub lines: Vec<Line>,
    /// Marks over all.
    pub marks: Vec<Mark>,
    /// Words under the left end, the middle and the right end of the scale.
    pub scale: [String; 3],
    /// Headings of the data table.
    pub heads: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
    /// Words on the switch that opens the table.
    pub as_table: String,
}

/// Height of the drawing in its own units; its width is 100.
const HEIGHT: f64 = 40.0;

impl Plot {
    /// Both ends of the scale.
    pub fn ends(columns: &[Column], lines: &[Line]) -> (f64, f64) {
        let places = columns.iter().flat_map(|column| [column.from, column.to]);
        let all = places.chain(lines.iter().flat_map(|line| line.points.iter().map(|point| point.0)));
        all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
    }

    fn x(&self, place: f64) -> f64 {
        let (low, high) = Self::ends(&self.columns, &self.lines);
        if high > low { ((place - low) / (high - low) * 100.0).clamp(0.0, 100.0) } else { 0.0 }
    }

    fn y(value: f64, most: f64) -> f64 {
        if value > 0.0 && most > 0.0 { HEIGHT - (value / most).min(1.0) * HEIGHT } else { HEIGHT }
    }

    /// x, y, width, height, colour of each column.
    fn boxes(&self) -> Vec<(String, String, String, String, u8)> {
        let most = self.columns.iter().map(|column| column.value).fold(0.0, f64::max);
        let shape = |column: &Column| {
            let (from, to) = (self.x(column.from), self.x(column.to));
            let y = Self::y(column.value, most);
            (two(from), two(y), two((to - from).max(0.1)), two(HEIGHT - y), column.colour)
        };
        self.columns.iter().map(shape).collect()
    }

    /// Points and colour of each line. Shares are drawn on a height of 1.
    fn paths(&self) -> Vec<(String, u8)> {
        let path = |line: &Line| {
            let points =
                line.points.iter().map(|(x, y)| format!("{},{}", two(self.x(*x)), two(Self::y(*y, 1.0))));
            (points.collect::<Vec<_>>().join(" "), line.colour)
        };
        self.lines.iter().map(path).collect()
    }

    /// Place and words of each mark that lies on the scale.
    fn drawn(&self) -> Vec<(String, &str)> {
        let (low, high) = Self::ends(&self.columns, &self.lines);
        let on = self.marks.iter().filter(|mark| (low..=high).contains(&mark.at));
        on.map(|mark| (two(self.x(mark.at)), mark.label.as_str())).collect()
    }
}

fn two(number: f64) -> String {
    format!("{number:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_drawn_outside_its_box() {
        let column = |from: f64, value: f64| Column { from, to: from + 1.0, value, colour: 1 };
        let plot = Plot {
            title: String::new(),
            note: String::new(),
            columns: vec![column(-5.0, 0.0), column(3.0, 7.0), column(9.0, 1.0)],
            lines: vec![Line { name: String::new(), points: vec![(0.0, -1.0), (2.0, 2.0)], colour: 2 }],
            marks: vec![Mark { at: 100.0, label: String::new() }, Mark { at: 0.0, label: String::new() }],
            scale: Default::default(),
            heads: Vec::new(),
            rows: Vec::new(),
            as_table: String::new(),
        };
        let boxes = plot.boxes();
        assert_eq!((boxes[0].0.as_str(), boxes[0].3.as_str()), ("0.00", "0.00"));
        assert_eq!((boxes[1].1.as_str(), boxes[1].3.as_str()), ("0.00", "40.00"));
        assert_eq!(plot.paths()[0].0, "33.33,40.00 46.67,0.00");
        assert_eq!(plot.drawn(), [("33.33".to_owned(), "")]);
    }
}
