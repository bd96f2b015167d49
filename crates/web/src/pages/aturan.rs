//! Composing a condition: whom would it select? Live counts on a closing while it is written; sums only.

use askama::Template;
use axum::extract::Query;
use policy::{ColumnType, Subject};
use serde::Deserialize;
use targeting::Trial;

use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{Bar, Bars},
    visit::{Answer, Visit, page},
};

/// The page of one condition.
#[derive(Template)]
#[template(path = "aturan.html")]
pub(crate) struct RulePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) months: Vec<(String, String)>,
    pub(crate) month: String,
    pub(crate) error: String,
    pub(crate) found: Option<Found>,
    /// Names that a rule may use: name, kind, meaning.
    pub(crate) names: Vec<(String, String, String)>,
    pub(crate) samples: Vec<(String, String)>,
}

/// What a condition selects, in words.
pub(crate) struct Found {
    pub(crate) words: String,
    pub(crate) sentence: String,
    pub(crate) share: String,
    pub(crate) unknown: String,
    pub(crate) nulls: Vec<(String, String)>,
    pub(crate) deciles: Bars,
    pub(crate) regions: Vec<(String, String, String, String)>,
    pub(crate) examples: Vec<i64>,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    syarat: String,
    #[serde(default)]
    bulan: String,
}

pub(crate) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let t = visit.t();
    let months = closings(&visit).await?;
    let month = months.iter().find(|(month, _)| *month == asked.bulan).or(months.first());
    let month = month.map_or_else(String::new, |(month, _)| month.clone());
    let text: String = asked.syarat.chars().take(4_000).collect();
    let (mut error, mut found) = (String::new(), None);
    if let (false, Ok(closing)) = (text.trim().is_empty(), month.parse()) {
        let wanted = text.clone();
        let tried = visit
            .ask("policy.read", move |house, scope| {
                match targeting::try_rule(house, scope, closing, &wanted, None) {
                    Ok(trial) => Ok(Ok(trial)),
                    Err(targeting::Error::Expression(wrong)) => Ok(Err(Ok(wrong))),
                    Err(wrong @ (targeting::Error::TwoSubjects | targeting::Error::Sealed(_))) => {
                        Ok(Err(Err(wrong.code())))
                    }
                    Err(other) => Err(other),
                }
            })
            .await?;
        match tried {
            Ok(trial) => found = Some(tell(&visit, &t, trial).await?),
            Err(Ok(wrong)) => error = told(&t, &wrong),
            Err(Err(code)) => error = t.say(code),
        }
    } else {
        visit.scope("policy.read")?;
    }
    page(&RulePage {
        trail: vec![
            ("/program".into(), t.say("web-nav-programmes")),
            (String::new(), t.say("web-rule-title")),
        ],
        names: if found.is_some() { Vec::new() } else { names(&t) },
        samples: ["family.decile <= 2 and family.elderly > 0", "person.age < 6 and person.alive"]
            .iter()
            .map(|text| ((*text).to_owned(), format!("/aturan?syarat={}", crate::visit::encode(text))))
            .collect(),
        text,
        months,
        month,
        error,
        found,
        shell: visit.shell(),
        t,
    })
}

/// Months that are closed, newest first, with their words.
pub(crate) async fn closings(visit: &Visit) -> Result<Vec<(String, String)>, Fault> {
    let closings = visit.ask("policy.read", registry::closing::closings).await?;
    let t = visit.t();
    Ok(closings.into_iter().map(|closing| (closing.month.clone(), t.period(&closing.month))).collect())
}

/// Where and what is wrong with a text, in the visitor's language.
fn told(t: &Tongue, wrong: &rules::RuleError) -> String {
    let mut text = t.two("web-rule-place", "line", wrong.line, "column", wrong.column);
    text = format!("{text}: {}", t.say(wrong.code()));
    if let rules::Fault::UnknownName { near: Some(near), .. } = &wrong.fault {
        text = format!("{text} {}", t.one("web-rule-near", "name", near));
    }
    text
}

async fn tell(visit: &Visit, t: &Tongue, trial: Trial) -> Result<Found, Fault> {
    let places = visit.names(trial.regions.iter().map(|region| region.region.clone())).await?;
    let cell = |n: Option<i64>| n.map_or_else(|| t.say("web-sim-hidden"), |n| t.n(n));
    let decile = |(i, n): (usize, &Option<i64>)| Bar {
        label: if i < 10 { t.one("web-decile-n", "n", i + 1) } else { t.say("web-decile-none") },
        text: cell(*n),
        value: n.unwrap_or(0),
        colour: 1,
        href: String::new(),
    };
    let region = |region: &targeting::RegionTrial| {
        let name = places.get(&region.region).cloned().unwrap_or_else(|| t.say("web-no-region"));
        let share = region.selected.map_or_else(String::new, |selected| t.share(selected, region.of));
        (name, cell(region.selected), t.n(region.of), share)
    };
    let shown = model::shown(trial.selected);
    let key = if trial.subject == Subject::Person { "web-rule-people" } else { "web-rule-families" };
    Ok(Found {
        words: t.label(&trial.words).to_owned(),
        sentence: t.two(key, "n", cell(shown), "of", t.n(trial.of)),
        share: shown.map_or_else(String::new, |selected| t.share(selected, trial.of)),
        unknown: t.one("web-rule-unknown", "n", t.n(trial.unknown)),
        nulls: trial.nulls.iter().map(|null| (t.label(&null.label).to_owned(), t.n(null.unknown))).collect(),
        deciles: Bars {
            title: t.say("web-by-decile"),
            heads: (t.say("web-decile"), t.say("web-selected")),
            bars: trial.deciles.iter().enumerate().map(decile).collect(),
            full: None,
            as_table: t.say("web-as-table"),
        },
        regions: trial.regions.iter().map(region).collect(),
        examples: trial.examples,
    })
}

fn names(t: &Tongue) -> Vec<(String, String, String)> {
    let kind = |kind| match kind {
        ColumnType::Int => "web-kind-int",
        ColumnType::Bool => "web-kind-bool",
        ColumnType::Date => "web-kind-date",
        ColumnType::Text => "web-kind-text",
    };
    let columns = t.policy().schema().rule_columns();
    columns
        .map(|column| (column.rule_name(), t.say(kind(column.kind)), t.label(&column.label).to_owned()))
        .collect()
}
