//! Funnel and bars. Each row is text at reading size with a bar of SVG beside it, so that a phone shows the same figure as a desk;
//! the exact numbers stand in a table below.

use askama::Template;

/// One bar of a bar chart.
#[derive(Debug, Clone)]
pub struct Bar {
    /// What is counted.
    pub label: String,
    /// The figure as text.
    pub text: String,
    /// The figure; below zero is drawn as zero.
    pub value: i64,
    /// Colour 1 to 4.
    pub colour: u8,
    /// Where the figure leads, or empty.
    pub href: String,
}

/// Horizontal bars on one scale.
#[derive(Template)]
#[template(path = "ui/bars.html")]
pub struct Bars {
    /// Title of the figure.
    pub title: String,
    /// Headings of the data table: what, how much.
    pub heads: (String, String),
    /// From top to bottom.
    pub bars: Vec<Bar>,
    /// What the whole width stands for; where it is none, the longest bar.
    pub full: Option<i64>,
    /// Words on the switch that opens the table.
    pub as_table: String,
}

impl Bars {
    fn width(&self, bar: &Bar) -> String {
        let longest = || self.bars.iter().map(|bar| bar.value).max().unwrap_or(0);
        percent(bar.value, self.full.unwrap_or_else(longest))
    }
}

/// One step of a funnel.
#[derive(Debug, Clone)]
pub struct Step {
    /// Name of the step.
    pub label: String,
    /// Money as text.
    pub amount: String,
    /// How many lines, as text.
    pub count: String,
    /// The share of the first step, as text.
    pub share: String,
    /// Money.
    pub value: i64,
    /// Where the step leads, or empty.
    pub href: String,
}

/// What is left of the first step at each later one.
#[derive(Template)]
#[template(path = "ui/funnel.html")]
pub struct Funnel {
    /// Title of the figure.
    pub title: String,
    /// Headings of the data table: step, lines, money, share.
    pub heads: [String; 4],
    /// In the order of time.
    pub steps: Vec<Step>,
    /// Words on the switch that opens the table.
    pub as_table: String,
    /// Where more of it is told: address and words.
    pub more: Option<(String, String)>,
}

impl Funnel {
    fn width(&self, step: &Step) -> String {
        let most = self.steps.iter().map(|step| step.value).max().unwrap_or(0);
        percent(step.value, most)
    }

    /// The slope from this bar to the next one, as the points of a polygon in a box of 100 by 10.
    fn join(&self, index: &usize) -> Option<String> {
        let here = self.steps.get(*index)?;
        let next = self.steps.get(index + 1)?;
        Some(format!("0,0 {},0 {},10 0,10", self.width(here), self.width(next)))
    }
}

/// `part` of `whole` in a box 100 wide, with two decimals; never outside 0 to 100.
fn percent(part: i64, whole: i64) -> String {
    if whole <= 0 || part <= 0 {
        return "0".to_owned();
    }
    let hundredths = (i128::from(part) * 10_000 / i128::from(whole)).min(10_000);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_never_leaves_its_box() {
        assert_eq!(percent(1, 3), "33.33");
        assert_eq!(percent(i64::MAX, i64::MAX), "100.00");
        assert_eq!((percent(-5, 3), percent(5, 0), percent(7, 3)), ("0".into(), "0".into(), "100.00".into()));
    }
}
