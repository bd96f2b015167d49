//! What people say of the service: the index by element, region, workflow and quarter, and beside it, never in it, the polls of others.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::extract::Query;
use casework::public::{Answered, Group, SurveyFilter, SurveyView, survey_results};
use model::{RegionCode, RegionLevel};
use policy::{SURVEY_FULL, SurveyElement};
use serde::Deserialize;

use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{Bar, Bars},
    visit::{Answer, Visit, encode, page},
};

/// Address, name, people and index of a group.
type Line = (String, String, String, String);

/// The results.
#[derive(Template)]
#[template(path = "kepuasan.html")]
pub(crate) struct SurveyPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: SurveyView,
    pub(crate) names: HashMap<String, String>,
    pub(crate) asked: Asked,
    pub(crate) workflows: Vec<(String, String)>,
    pub(crate) quarters: Vec<(String, String)>,
    pub(crate) chart: Option<Bars>,
    pub(crate) outside: Vec<Poll>,
}

/// A poll of others, as the register of figures has it.
pub(crate) struct Poll {
    pub(crate) id: String,
    pub(crate) item: String,
    pub(crate) value: String,
    pub(crate) period: String,
    pub(crate) source: String,
    pub(crate) note: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    kode: String,
    #[serde(default)]
    jenis: String,
    #[serde(default)]
    triwulan: String,
}

pub(crate) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let region = match asked.kode.as_str() {
        "" => visit.session.region.clone(),
        code => RegionCode::parse(code).map_err(|_| Fault::not_found())?,
    };
    let filter = SurveyFilter {
        region: region.clone(),
        workflow: asked.jenis.clone(),
        quarter: asked.triwulan.clone(),
    };
    let view = visit.ask("survey.read", move |house, scope| survey_results(house, scope, &filter)).await?;
    let codes = view.regions.iter().map(|group| group.key.clone()).chain([region.to_string()]);
    let names = visit.names(codes.collect::<Vec<_>>()).await?;
    let t = visit.t();
    let mut trail = vec![("/kepuasan".to_owned(), t.say("web-survey-title"))];
    if let Some(name) = names.get(region.as_str()).filter(|_| !asked.kode.is_empty()) {
        trail.push((String::new(), name.clone()));
    }
    let all = |key: &str| (String::new(), t.say(key));
    let surveyed = t.policy().workflows().values().filter(|workflow| workflow.survey);
    let workflows = surveyed.map(|workflow| (workflow.key.clone(), t.label(&workflow.label).to_owned()));
    let mut quarters: Vec<(String, String)> =
        view.quarters.iter().map(|group| (group.key.clone(), t.quarter(&group.key))).collect();
    if !asked.triwulan.is_empty() && !quarters.iter().any(|(key, _)| *key == asked.triwulan) {
        quarters.push((asked.triwulan.clone(), t.quarter(&asked.triwulan)));
    }
    page(&SurveyPage {
        workflows: std::iter::once(all("web-survey-all-services")).chain(workflows).collect(),
        quarters: std::iter::once(all("web-survey-all-quarters")).chain(quarters).collect(),
        chart: chart(&t, &view),
        outside: outside(&t),
        trail,
        view,
        names,
        asked,
        shell: visit.shell(),
        t,
    })
}

/// The elements as bars; none where the total is hidden.
fn chart(t: &Tongue, view: &SurveyView) -> Option<Bars> {
    let bars: Vec<Bar> = view
        .elements
        .iter()
        .map(|one| Bar {
            label: element(t, &one.key),
            text: index(t, Some(one.index)),
            value: one.index,
            colour: 1,
            href: String::new(),
        })
        .collect();
    (!bars.is_empty()).then(|| Bars {
        title: t.say("web-survey-by-element"),
        heads: (t.say("web-survey-element"), t.say("web-survey-index")),
        bars,
        full: Some(SURVEY_FULL),
        as_table: t.say("web-as-table"),
    })
}

fn element(t: &Tongue, key: &str) -> String {
    let known = t.policy().survey().elements.iter().find(|element| element.key == key);
    known.map_or_else(|| key.to_owned(), |element| t.label(&element.label).to_owned())
}

/// An index of hundredths with its letter and what it is called.
fn index(t: &Tongue, index: Option<i64>) -> String {
    let Some(index) = index else { return t.say("web-survey-few") };
    let letter = t.policy().survey().band(index).map_or("", |band| band.letter.as_str());
    format!("{} ({letter})", number(t, index))
}

fn number(t: &Tongue, index: i64) -> String {
    let mark = t.decimal(0.5, 1).replace(['0', '5'], "");
    format!("{}{mark}{:02}", t.n(index / 100), index % 100)
}

fn outside(t: &Tongue) -> Vec<Poll> {
    let figures = t.policy().figures();
    let polls = t.policy().survey().outside.iter().filter_map(|id| figures.get(id));
    polls
        .map(|figure| Poll {
            id: figure.id.clone(),
            item: t.label(&figure.item).to_owned(),
            value: figure.value.as_ref().map_or_else(
                || t.say("web-survey-no-number"),
                |value| format!("{}{}", t.exact(value), if figure.unit == "percent" { " %" } else { "" }),
            ),
            period: if figure.period.is_empty() { figure.stated_on.clone() } else { figure.period.clone() },
            source: figures
                .sources
                .get(&figure.source)
                .map_or_else(String::new, |source| source.name.clone()),
            note: figure.note.as_ref().map_or_else(String::new, |note| t.label(note).to_owned()),
        })
        .collect()
}

impl SurveyPage {
    fn index(&self, group: &Group) -> String {
        index(&self.t, group.index)
    }

    fn count(&self, group: &Group) -> String {
        group.count.map_or_else(|| self.t.say("web-survey-few"), |count| self.t.n(count))
    }

    /// What the index of the whole is called.
    fn band(&self) -> Option<(&'static str, String)> {
        let band = self.t.policy().survey().band(self.view.total.index?)?;
        Some((band.tone.code(), format!("{}: {}", band.letter, self.t.label(&band.label))))
    }

    fn few(&self) -> i64 {
        self.t.policy().survey().few
    }

    fn basis(&self) -> &str {
        &self.t.policy().survey().basis
    }

    /// Headings, and rows as address, name, people and index, of each way to divide.
    fn parts(&self) -> Vec<(String, Vec<Line>)> {
        let t = &self.t;
        let address = |kode: &str, jenis: &str, triwulan: &str| {
            format!("/kepuasan?kode={kode}&jenis={}&triwulan={}", encode(jenis), encode(triwulan))
        };
        let (kode, jenis, triwulan) = (&self.asked.kode, &self.asked.jenis, &self.asked.triwulan);
        let row =
            |href: String, name: String, group: &Group| (href, name, self.count(group), self.index(group));
        let region = |group: &Group| {
            let name = self.names.get(&group.key).cloned().unwrap_or_else(|| group.key.clone());
            row(address(&group.key, jenis, triwulan), name, group)
        };
        let workflow = |group: &Group| {
            let name = t.policy().workflow(&group.key).map_or(group.key.as_str(), |one| t.label(&one.label));
            row(address(kode, &group.key, triwulan), name.to_owned(), group)
        };
        let quarter = |group: &Group| row(address(kode, jenis, &group.key), t.quarter(&group.key), group);
        [
            (t.say("web-survey-by-region"), self.view.regions.iter().map(region).collect::<Vec<_>>()),
            (t.say("web-survey-by-service"), self.view.workflows.iter().map(workflow).collect()),
            (t.say("web-survey-by-quarter"), self.view.quarters.iter().map(quarter).collect()),
        ]
        .into_iter()
        .filter(|(_, rows)| !rows.is_empty())
        .collect()
    }

    /// The territory one level up that the visitor may see.
    fn above(&self) -> Option<String> {
        let here = RegionCode::parse(&self.asked.kode).ok()?;
        (here.level() == RegionLevel::District)
            .then(|| here.parent())
            .flatten()
            .map(|above| format!("/kepuasan?kode={above}"))
    }
}

/// The answers of a form: `e-KEY` for each element.
pub(crate) fn answered(form: &mut BTreeMap<String, String>, t: &Tongue) -> Answered {
    let elements = &t.policy().survey().elements;
    elements
        .iter()
        .filter_map(|element| {
            let score = form.remove(&format!("e-{}", element.key))?.parse().ok()?;
            Some((element.key.clone(), score))
        })
        .collect()
}

/// The answers of an element, to choose among, from worst to best.
pub(crate) fn choices(t: &Tongue, element: &SurveyElement) -> Vec<(String, String)> {
    let numbered = element.answers.iter().enumerate();
    numbered.map(|(at, label)| ((at + 1).to_string(), t.label(label).to_owned())).collect()
}
