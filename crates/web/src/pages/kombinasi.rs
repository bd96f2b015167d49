//! Which programmes go together on a day: the matrix of all that are in force, what each word means, and the rules that say it.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::Query;
use jiff::civil::Date;
use policy::{Matrix, Relation};
use serde::Deserialize;

use crate::{
    lang::Tongue,
    shell::Shell,
    visit::{Answer, Visit, page},
};

/// A programme beside all others.
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) href: String,
    /// Words and look of each relation; no look where nothing is said.
    pub(crate) cells: Vec<(String, &'static str)>,
}

/// The matrix of a day.
#[derive(Template)]
#[template(path = "program_kombinasi.html")]
pub(crate) struct MatrixPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    /// The day as a form writes it, and in words.
    pub(crate) on: String,
    pub(crate) on_words: String,
    /// Days on which a rule about other programmes begins: address, words, shown now.
    pub(crate) days: Vec<(String, String, bool)>,
    pub(crate) rows: Vec<Row>,
    /// Each word of the matrix and what it means.
    pub(crate) words: Vec<(String, String)>,
    /// The programme and those that it names; what its rule says.
    pub(crate) lines: Vec<(String, String)>,
    /// Programmes of which no rule says anything: address and name.
    pub(crate) alone: Vec<(String, String)>,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    tanggal: Option<String>,
}

pub(crate) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    visit.scope("programme.read")?;
    let t = visit.t();
    let today = visit.guest.app.house.clock.today();
    let on = asked.tanggal.and_then(|text| text.parse().ok()).unwrap_or(today);
    page(&MatrixPage::new(t, visit.shell(), on))
}

impl MatrixPage {
    pub(crate) fn new(t: Tongue, shell: Shell, on: Date) -> Self {
        let matrix = t.policy().matrix(on);
        let name = |key: &String| {
            let programme = t.policy().programme(key);
            programme.map_or_else(|| key.clone(), |programme| t.label(&programme.label).to_owned())
        };
        let rows = matrix.programmes.iter().map(|one| Row {
            key: one.key.clone(),
            name: t.label(&one.label).to_owned(),
            href: rule_address(&one.key, on),
            cells: one.relations.iter().map(|one| (t.say(keys(*one).0), look(*one))).collect(),
        });
        let line = |line: &policy::MatrixLine| {
            let with: Vec<String> = line.with.iter().map(name).collect();
            (format!("{} – {}", name(&line.programme), with.join(", ")), t.label(&line.text).to_owned())
        };
        let occurs = |one: &Relation| occurring(&matrix).any(|other| other == *one);
        let words = Relation::ALL.into_iter().filter(occurs).map(|one| {
            let (word, meaning) = keys(one);
            (t.say(word), t.say(meaning))
        });
        Self {
            trail: vec![
                ("/program".into(), t.say("web-nav-programmes")),
                (String::new(), t.say("web-matrix")),
            ],
            on: on.to_string(),
            on_words: t.day(on),
            days: days(&t, on),
            rows: rows.collect(),
            words: words.collect(),
            lines: matrix.lines.iter().map(line).collect(),
            alone: matrix
                .alone
                .iter()
                .map(|(key, label)| (rule_address(key, on), t.label(label).to_owned()))
                .collect(),
            shell,
            t,
        }
    }
}

fn rule_address(key: &str, on: Date) -> String {
    format!("/program/{key}?tanggal={on}")
}

fn occurring(matrix: &Matrix) -> impl Iterator<Item = Relation> {
    matrix.programmes.iter().flat_map(|one| one.relations.iter().copied())
}

/// The days on which the combinations of some programme change, newest first.
fn days(t: &Tongue, on: Date) -> Vec<(String, String, bool)> {
    let versions = t.policy().programmes().values().flat_map(|programme| &programme.versions);
    let days: BTreeSet<Date> =
        versions.filter(|one| !one.combinations.is_empty()).map(|one| one.valid_from).collect();
    let shown = days.range(..=on).next_back().copied();
    let tab = |day: &Date| (format!("/program/kombinasi?tanggal={day}"), t.day(*day), shown == Some(*day));
    days.iter().rev().map(tab).collect()
}

/// Keys of a relation's word and of what it means.
fn keys(relation: Relation) -> (&'static str, &'static str) {
    match relation {
        Relation::Same => ("web-matrix-same", "web-matrix-same-text"),
        Relation::May => ("web-matrix-may", "web-matrix-may-text"),
        Relation::Blocked => ("web-matrix-blocked", "web-matrix-blocked-text"),
        Relation::Blocks => ("web-matrix-blocks", "web-matrix-blocks-text"),
        Relation::Needs => ("web-matrix-needs", "web-matrix-needs-text"),
        Relation::Needed => ("web-matrix-needed", "web-matrix-needed-text"),
        Relation::Unsaid => ("web-matrix-unsaid", "web-matrix-unsaid-text"),
    }
}

fn look(relation: Relation) -> &'static str {
    match relation {
        Relation::May => "good",
        Relation::Blocked | Relation::Blocks => "bad",
        Relation::Needs | Relation::Needed => "note",
        Relation::Same | Relation::Unsaid => "",
    }
}
