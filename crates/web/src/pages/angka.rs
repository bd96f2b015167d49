//! Published figures: each as printed and as read, with its source and day, and what the checks say of it, worked out. Nothing here
//! is about anybody; the register is in the policy pack.

use std::collections::BTreeSet;

use askama::Template;
use axum::{
    extract::Query,
    http::header,
    response::{IntoResponse, Response},
};
use policy::{Figure, FigureCheck, FigureKind, Lang, Number, Outcome, Piece};
use serde::Deserialize;

use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    visit::{Answer, Visit, encode, page},
};

/// One row of the register.
pub(crate) struct FigureRow {
    pub(crate) id: String,
    pub(crate) item: String,
    pub(crate) topic: String,
    pub(crate) period: String,
    pub(crate) kind: String,
    pub(crate) value: String,
    pub(crate) printed: String,
    pub(crate) outcome: (&'static str, String),
    pub(crate) stated: String,
    pub(crate) source: String,
}

/// The register.
#[derive(Template)]
#[template(path = "angka.html")]
pub(crate) struct FiguresPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) rows: Vec<FigureRow>,
    pub(crate) asked: Asked,
    pub(crate) topics: Vec<(String, String)>,
    pub(crate) kinds: Vec<(String, String)>,
    pub(crate) csv: String,
}

/// A check with its numbers.
pub(crate) struct CheckView {
    pub(crate) label: String,
    pub(crate) outcome: (&'static str, String),
    pub(crate) sides: [Side; 2],
    pub(crate) difference: String,
    pub(crate) note: String,
}

/// One side: pieces (text, address or empty) and what they come to, empty when a single number says it already.
pub(crate) struct Side {
    pub(crate) head: String,
    pub(crate) pieces: Vec<(String, String)>,
    pub(crate) value: String,
}

/// One figure.
#[derive(Template)]
#[template(path = "angka_satu.html")]
pub(crate) struct FigurePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) value: String,
    pub(crate) outcome: (&'static str, String),
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) note: String,
    pub(crate) checks: Vec<CheckView>,
    /// The budget line that stands on it: address and words.
    pub(crate) budget: Option<(String, String)>,
}

/// What is looked for.
#[derive(Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    pub(crate) q: String,
    #[serde(default)]
    pub(crate) topik: String,
    #[serde(default)]
    pub(crate) jenis: String,
}

impl Asked {
    fn finds(&self, t: &Tongue, figure: &Figure) -> bool {
        let of_kind = self.jenis.is_empty() || self.jenis == figure.kind.code();
        if !of_kind || !(self.topik.is_empty() || self.topik == figure.topic) {
            return false;
        }
        let numbers = figure.value.map_or_else(String::new, |value| format!("{value} {}", t.exact(value)));
        let about = [
            figure.id.as_str(),
            figure.item.get(Lang::Id),
            figure.item.get(Lang::En),
            &topic(t, &figure.topic),
            &figure.speaker,
            &source(t, &figure.source),
            &figure.printed,
            &numbers,
        ];
        let text = about.join(" ").to_lowercase();
        self.q.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }

    fn query(&self) -> String {
        format!("q={}&topik={}&jenis={}", encode(&self.q), encode(&self.topik), encode(&self.jenis))
    }
}

/// The register, at `/csv` the same as a file, at `/F001` one figure: one handler, because no address asks a room for anything.
pub(crate) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    visit.scope("report.read")?;
    match visit.guest.uri.path().strip_prefix("/angka/") {
        None => list(&visit, asked),
        Some("csv") => Ok(csv(&visit.t(), &asked)),
        Some(id) => one(&visit, id),
    }
}

fn list(visit: &Visit, asked: Asked) -> Answer {
    let t = visit.t();
    let figures = t.policy().figures();
    let used: BTreeSet<&str> = figures.register.iter().map(|one| one.topic.as_str()).collect();
    let mut topics: Vec<(String, String)> =
        used.iter().map(|key| ((*key).to_owned(), topic(&t, key))).collect();
    topics.sort_by(|a, b| a.1.cmp(&b.1));
    topics.insert(0, (String::new(), t.say("web-figures-all-topics")));
    let mut kinds = vec![(String::new(), t.say("web-figures-all-kinds"))];
    kinds.extend(FigureKind::all().map(|kind| (kind.code().to_owned(), kind_words(&t, kind))));
    page(&FiguresPage {
        rows: figures.register.iter().filter(|one| asked.finds(&t, one)).map(|one| row(&t, one)).collect(),
        csv: format!("/angka/csv?{}", asked.query()),
        topics,
        kinds,
        asked,
        shell: visit.shell(),
        t: t.clone(),
    })
}

fn csv(t: &Tongue, asked: &Asked) -> Response {
    const HEAD: [&str; 15] = [
        "id",
        "topic",
        "kind",
        "place",
        "item",
        "value",
        "unit",
        "printed",
        "period",
        "stated_on",
        "speaker",
        "source",
        "outcome",
        "checks",
        "note",
    ];
    let figures = t.policy().figures();
    let rows = figures.register.iter().filter(|one| asked.finds(t, one)).map(|one| {
        let checks: Vec<&str> = figures.checks_of(&one.id).map(|check| check.key.as_str()).collect();
        vec![
            one.id.clone(),
            one.topic.clone(),
            one.kind.code().to_owned(),
            one.place.clone(),
            t.label(&one.item).to_owned(),
            one.value.map_or_else(String::new, |value| value.to_string()),
            one.unit.clone(),
            one.printed.clone(),
            one.period.clone(),
            one.stated_on.clone(),
            one.speaker.clone(),
            source(t, &one.source),
            outcome(t, figures.outcome(&one.id)).1,
            checks.join(" "),
            one.note.as_ref().map_or_else(String::new, |note| t.label(note).to_owned()),
        ]
    });
    file("angka.csv", report::table_csv(&HEAD, rows))
}

/// A CSV to take away.
pub(crate) fn file(name: &str, text: String) -> Response {
    let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned());
    let name = (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""));
    ([kind, name], text).into_response()
}

fn one(visit: &Visit, id: &str) -> Answer {
    let t = visit.t();
    let figures = t.policy().figures();
    let figure = figures.get(id).ok_or_else(Fault::not_found)?;
    let title = t.label(&figure.item).to_owned();
    let trail = vec![("/angka".to_owned(), t.say("web-nav-figures")), (String::new(), figure.id.clone())];
    page(&FigurePage {
        trail,
        title,
        value: value(&t, figure),
        outcome: outcome(&t, figures.outcome(&figure.id)),
        facts: facts(&t, figure),
        note: figure.note.as_ref().map_or_else(String::new, |note| t.label(note).to_owned()),
        checks: figures.checks_of(&figure.id).map(|check| check_view(&t, check)).collect(),
        budget: budget(&t, &figure.id),
        shell: visit.shell(),
        t: t.clone(),
    })
}

/// The budget whose ceiling, realisation or target this figure is.
fn budget(t: &Tongue, id: &str) -> Option<(String, String)> {
    let budgets = t.policy().budgets();
    let ceiling = |line: &policy::BudgetLine| {
        let found = line.ceilings.iter().find(|one| one.figure == id)?;
        Some((line.key.fiscal_year, found.valid_from, "web-figure-in-budget"))
    };
    let spent = |line: &policy::BudgetLine| {
        let found = line.realisations.iter().find(|one| one.figure == id)?;
        Some((line.key.fiscal_year, found.as_of, "web-figure-in-realisation"))
    };
    let reached = |line: &policy::ReachLine| {
        let mut all = policy::REACH_KINDS.into_iter().flat_map(|kind| line.of(kind));
        let found = all.find(|one| one.figure == id)?;
        Some((line.key.fiscal_year, found.as_of, "web-figure-in-reach"))
    };
    let found = budgets.lines.iter().find_map(|line| ceiling(line).or_else(|| spent(line)));
    let (year, day, words) = found.or_else(|| budgets.reach.iter().find_map(reached))?;
    Some((format!("/anggaran?tahun={year}&per={day}"), t.one(words, "year", year)))
}

fn facts(t: &Tongue, figure: &Figure) -> Vec<(String, String)> {
    let printed = match (figure.printed.as_str(), figure.value) {
        (_, None) => String::new(),
        ("", Some(_)) => t.say("web-figure-printed-same"),
        (printed, Some(_)) => printed.to_owned(),
    };
    let known = t.policy().figures().sources.get(&figure.source);
    let about = known.and_then(|source| source.note.as_ref()).map(|note| t.label(note).to_owned());
    let facts = [
        ("web-figure-printed", printed),
        ("web-figure-read", figure.value.map_or_else(String::new, |_| value(t, figure))),
        ("web-figure-kind", kind_words(t, figure.kind)),
        ("web-figure-topic", topic(t, &figure.topic)),
        ("web-figure-place", t.code("figure-place", &figure.place)),
        ("web-figure-period", when(t, &figure.period)),
        ("web-figure-stated", when(t, &figure.stated_on)),
        ("web-figure-speaker", figure.speaker.clone()),
        ("web-source", source(t, &figure.source)),
        ("web-figure-source-note", about.unwrap_or_default()),
    ];
    let filled = facts.into_iter().filter(|(_, text)| !text.is_empty());
    filled.map(|(key, text)| (t.say(key), text)).collect()
}

fn row(t: &Tongue, figure: &Figure) -> FigureRow {
    FigureRow {
        id: figure.id.clone(),
        item: t.label(&figure.item).to_owned(),
        topic: topic(t, &figure.topic),
        period: when(t, &figure.period),
        kind: kind_words(t, figure.kind),
        value: value(t, figure),
        printed: figure.printed.clone(),
        outcome: outcome(t, t.policy().figures().outcome(&figure.id)),
        stated: when(t, &figure.stated_on),
        source: source(t, &figure.source),
    }
}

fn check_view(t: &Tongue, check: &FigureCheck) -> CheckView {
    let side = |key: &str, pieces: &[Piece], value: Number| Side {
        head: t.say(key),
        pieces: pieces.iter().map(|piece| written(t, piece)).collect(),
        value: if pieces.len() > 1 { t.exact(value) } else { String::new() },
    };
    CheckView {
        label: t.label(&check.label).to_owned(),
        outcome: outcome(t, Some(check.outcome)),
        sides: [
            side("web-check-left", &check.left, check.left_value),
            side("web-check-right", &check.right, check.right_value),
        ],
        difference: match check.outcome {
            Outcome::Differs => t.exact(check.difference),
            Outcome::Equal | Outcome::NotComparable => String::new(),
        },
        note: check.note.as_ref().map_or_else(String::new, |note| t.label(note).to_owned()),
    }
}

/// A piece of a sum as people write it; a figure leads to its own page.
fn written(t: &Tongue, piece: &Piece) -> (String, String) {
    match piece {
        Piece::Figure(id) => {
            let number = t.policy().figures().get(id).and_then(|figure| figure.value);
            (number.map_or_else(|| id.clone(), |number| t.exact(number)), format!("/angka/{id}"))
        }
        Piece::Number(number) => (t.exact(*number), String::new()),
        Piece::Sign('*') => ("×".to_owned(), String::new()),
        Piece::Sign('/') => ("÷".to_owned(), String::new()),
        Piece::Sign('-') => ("−".to_owned(), String::new()),
        Piece::Sign(sign) => (sign.to_string(), String::new()),
    }
}

/// Colour and word of what the checks say.
fn outcome(t: &Tongue, outcome: Option<Outcome>) -> (&'static str, String) {
    match outcome {
        Some(Outcome::Equal) => ("good", t.say("figure-outcome-equal")),
        Some(Outcome::Differs) => ("warn", t.say("figure-outcome-differs")),
        Some(Outcome::NotComparable) => ("note", t.say("figure-outcome-not_comparable")),
        None => ("mute", t.say("figure-outcome-none")),
    }
}

/// Name of a kind of figure.
pub(crate) fn kind_words(t: &Tongue, kind: FigureKind) -> String {
    t.say(&format!("figure-kind-{}", kind.code()))
}

/// Name of what a figure or budget line is about.
pub(crate) fn topic(t: &Tongue, key: &str) -> String {
    let known = t.policy().figures().topics.get(key);
    known.map_or_else(|| super::pembayaran::programme(t, key), |topic| t.label(&topic.label).to_owned())
}

/// Name of a source.
pub(crate) fn source(t: &Tongue, key: &str) -> String {
    t.policy().figures().sources.get(key).map_or_else(|| key.to_owned(), |source| source.name.clone())
}

/// The number with its unit.
fn value(t: &Tongue, figure: &Figure) -> String {
    let Some(number) = figure.value else { return "–".to_owned() };
    match (figure.unit.as_str(), number.whole()) {
        ("idr", Some(idr)) => t.idr(idr),
        ("percent", _) => format!("{}%", t.exact(number)),
        (unit, _) => format!("{} {}", t.exact(number), t.code("figure-unit", unit)),
    }
}

/// A day, month, year, or years from to.
fn when(t: &Tongue, text: &str) -> String {
    match (text.split_once('/'), text.len()) {
        (Some((from, to)), _) => format!("{from}–{to}"),
        (None, 7) => t.period(text),
        (None, _) => t.day_text(text),
    }
}
