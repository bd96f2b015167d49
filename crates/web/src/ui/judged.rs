//! How a linkage judged: what its model believes, how its weights lie, what each rule yielded. The same piece stands on the page
//! of the registry's linkage and in the file that `pilar link --report` writes.

use askama::Template;
use linkage::{FieldNumbers, Judgement, Sample};

use super::{Column, Line, Mark, Plot};
use crate::lang::Tongue;

/// What something adds to a weight, as a bar from the middle.
pub struct WeightBar {
    /// What adds.
    pub label: String,
    /// The weight as text, with its sign.
    pub text: String,
    /// Where the bar begins, in hundredths of the box.
    pub x: String,
    /// How long it is.
    pub width: String,
    /// 1 for, 3 against.
    pub colour: u8,
}

impl WeightBar {
    /// A bar beside others of which the longest stands for `most`.
    pub fn new(t: &Tongue, label: impl Into<String>, weight: f64, most: f64) -> Self {
        let width = if most > 0.0 { (weight.abs() / most * 50.0).min(50.0) } else { 0.0 };
        Self {
            label: label.into(),
            text: format!("{}{}", if weight > 0.0 { "+" } else { "" }, t.decimal(weight, 1)),
            x: format!("{:.2}", if weight < 0.0 { 50.0 - width } else { 50.0 }),
            width: format!("{width:.2}"),
            colour: if weight < 0.0 { 3 } else { 1 },
        }
    }
}

/// One comparison with its levels.
struct Field {
    name: String,
    levels: Vec<Level>,
}

struct Level {
    bar: WeightBar,
    m: String,
    u: String,
    by_frequency: bool,
}

struct Rule {
    sql: String,
    pairs: String,
    blocks: String,
    largest: String,
    skipped: String,
}

/// A pair near the threshold.
struct Near {
    title: String,
    weight: String,
    bars: Vec<WeightBar>,
}

/// The whole of it.
#[derive(Template)]
#[template(path = "ui/judged.html")]
pub struct Judged {
    t: Tongue,
    figures: Vec<(String, String)>,
    warnings: Vec<String>,
    plots: Vec<Plot>,
    fields: Vec<Field>,
    rules: Vec<Rule>,
    others: Vec<(String, String)>,
    samples: Vec<Near>,
}

impl Judged {
    /// `own`: the model is the policy pack's, whose fields and levels have words in both languages; the labels of any other
    /// model stand as they are.
    pub fn new(t: &Tongue, of: &Judgement, own: bool) -> Self {
        let mut plots = Vec::new();
        plots.extend(weights(t, of));
        plots.extend(curve(t, of));
        plots.extend(unlinkable(t, of));
        Self {
            figures: vec![
                (t.say("web-linkage-records"), t.n(of.records)),
                (t.say("web-linkage-pairs"), t.n(of.pairs)),
                (t.say("web-linkage-strong"), t.n(of.strong)),
                (t.say("web-linkage-clusters"), t.n(of.clusters)),
                (t.say("web-linkage-prior"), chance(t, Some(of.prior))),
            ],
            warnings: of.warnings.clone(),
            plots,
            fields: fields(t, &of.fields, own),
            rules: of
                .rules
                .iter()
                .map(|rule| Rule {
                    sql: rule.rule.clone(),
                    pairs: t.n(rule.pairs),
                    blocks: t.n(rule.blocks),
                    largest: t.n(rule.largest),
                    skipped: if rule.skipped_blocks > 0 { t.n(rule.skipped_pairs) } else { "–".to_owned() },
                })
                .collect(),
            others: of.others.iter().map(|(name, prior)| (name.clone(), chance(t, Some(*prior)))).collect(),
            samples: of.samples.iter().map(|sample| near(t, sample)).collect(),
            t: t.clone(),
        }
    }
}

/// A probability in words that keep small ones apart: `12,5%`, or `1 : 8.300`.
fn chance(t: &Tongue, p: Option<f64>) -> String {
    match p {
        None => "–".to_owned(),
        Some(p) if p >= 0.01 => format!("{}%", t.decimal(p * 100.0, 1)),
        Some(p) if p > 0.0 => format!("1 : {}", t.n((1.0 / p).min(1e15) as u64)),
        Some(_) => "0".to_owned(),
    }
}

fn fields(t: &Tongue, fields: &[FieldNumbers], own: bool) -> Vec<Field> {
    let levels = fields.iter().flat_map(|field| &field.levels);
    let most = levels.map(|level| level.weight.abs()).fold(1.0, f64::max);
    let of = |field: &FieldNumbers| Field {
        name: if own { t.code("linkage-field", &field.name) } else { field.name.clone() },
        levels: field
            .levels
            .iter()
            .map(|level| {
                let words = if own {
                    t.code(&format!("linkage-level-{}", field.name), &level.at.to_string())
                } else {
                    level.label.clone()
                };
                Level {
                    bar: WeightBar::new(t, words, level.weight, most),
                    m: chance(t, level.m),
                    u: chance(t, level.u),
                    by_frequency: level.by_frequency,
                }
            })
            .collect(),
    };
    fields.iter().map(of).collect()
}

fn near(t: &Tongue, sample: &Sample) -> Near {
    let fields = || sample.found.fields.iter().filter(|field| !field.unknown);
    let most = fields().map(|field| field.weight.abs()).fold(sample.found.prior.abs(), f64::max);
    let begin = WeightBar::new(t, t.say("web-linkage-begin"), sample.found.prior, most);
    let bars = fields()
        .map(|field| WeightBar::new(t, format!("{}: {}", field.comparison, field.level), field.weight, most));
    Near {
        title: format!("{} – {}", sample.left, sample.right),
        weight: t.decimal(sample.found.weight, 2),
        bars: std::iter::once(begin).chain(bars).collect(),
    }
}

fn thresholds(t: &Tongue, of: &Judgement) -> Vec<Mark> {
    let mark = |at: f64, key: &str| Mark { at, label: t.one(key, "weight", t.decimal(at, 1)) };
    let mut marks = vec![mark(of.match_weight, "web-linkage-threshold")];
    if of.review_weight < of.match_weight {
        marks.insert(0, mark(of.review_weight, "web-linkage-review-from"));
    }
    marks
}

fn scale(t: &Tongue, columns: &[Column], lines: &[Line]) -> [String; 3] {
    let (low, high) = Plot::ends(columns, lines);
    [low, f64::midpoint(low, high), high].map(|place| t.decimal(place, 1))
}

fn weights(t: &Tongue, of: &Judgement) -> Option<Plot> {
    let column = |bin: &linkage::Bin| Column {
        from: f64::from(bin.from),
        to: f64::from(bin.from) + 1.0,
        value: bin.count as f64,
        colour: if f64::from(bin.from) >= of.match_weight { 1 } else { 2 },
    };
    let columns: Vec<Column> = of.weights.iter().map(column).collect();
    (!columns.is_empty()).then(|| Plot {
        title: t.say("web-linkage-weights"),
        note: t.say("web-linkage-weights-note"),
        scale: scale(t, &columns, &[]),
        columns,
        lines: Vec::new(),
        marks: thresholds(t, of),
        heads: vec![t.say("web-linkage-weight"), t.say("web-linkage-pairs")],
        rows: of.weights.iter().map(|bin| vec![bin.from.to_string(), t.n(bin.count)]).collect(),
        as_table: t.say("web-as-table"),
    })
}

fn curve(t: &Tongue, of: &Judgement) -> Option<Plot> {
    type Value = fn(&linkage::CurvePoint) -> f64;
    let kinds: [(&str, Value, u8); 3] = [
        ("web-linkage-precision", |point| point.precision, 1),
        ("web-linkage-recall", |point| point.recall, 2),
        ("web-linkage-f1", |point| point.f1, 4),
    ];
    let line = |(key, value, colour): &(&str, Value, u8)| Line {
        name: t.say(key),
        points: of.curve.iter().rev().map(|point| (point.weight, value(point))).collect(),
        colour: *colour,
    };
    let lines: Vec<Line> = kinds.iter().map(line).collect();
    let percent = |p: f64| percent(t, p);
    (!of.curve.is_empty()).then(|| Plot {
        title: t.say("web-linkage-curve"),
        note: t.say("web-linkage-curve-note"),
        columns: Vec::new(),
        scale: scale(t, &[], &lines),
        lines,
        marks: thresholds(t, of),
        heads: std::iter::once("web-linkage-weight")
            .chain(kinds.iter().map(|kind| kind.0))
            .map(|key| t.say(key))
            .collect(),
        rows: of
            .curve
            .iter()
            .map(|point| {
                vec![
                    t.decimal(point.weight, 2),
                    percent(point.precision),
                    percent(point.recall),
                    percent(point.f1),
                ]
            })
            .collect(),
        as_table: t.say("web-as-table"),
    })
}

fn percent(t: &Tongue, share: f64) -> String {
    format!("{}%", t.decimal(share * 100.0, 2))
}

fn unlinkable(t: &Tongue, of: &Judgement) -> Option<Plot> {
    let shares = of.unlinkable();
    let lines = vec![Line {
        name: t.say("web-linkage-unlinkable-share"),
        points: shares.iter().map(|(weight, share)| (f64::from(*weight), *share)).collect(),
        colour: 3,
    }];
    (!shares.is_empty()).then(|| Plot {
        title: t.say("web-linkage-unlinkable"),
        note: t.say("web-linkage-unlinkable-note"),
        columns: Vec::new(),
        scale: scale(t, &[], &lines),
        lines,
        marks: thresholds(t, of),
        heads: vec![t.say("web-linkage-weight"), t.say("web-linkage-unlinkable-share")],
        rows: shares.iter().map(|(weight, share)| vec![weight.to_string(), percent(t, *share)]).collect(),
        as_table: t.say("web-as-table"),
    })
}
