//! Simulation: numbers of programmes set otherwise, and what that would do to families and money, before anybody is hurt. Sums only.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect},
};
use model::{Month, Period, Rupiah};
use policy::Setting;
use serde::Deserialize;
use targeting::{Comparison, Move, Part, Question, SMALL_CELL, Scenario, Side};

use super::aturan::closings;
use crate::{
    lang::Tongue,
    shell::Shell,
    ui::{Bar, Bars, FieldError},
    visit::{Answer, Posted, Visit, page},
};

/// The list of scenarios and the form of a new one.
#[derive(Template)]
#[template(path = "simulasi.html")]
pub(crate) struct ScenariosPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) kept: Vec<Line>,
    pub(crate) programmes: Vec<(String, String, bool)>,
    /// Fields of the chosen programmes: id, label, value.
    pub(crate) fields: Vec<(String, String, String)>,
    pub(crate) chosen: Vec<String>,
    pub(crate) months: Vec<(String, String)>,
    pub(crate) errors: Vec<FieldError>,
}

/// A kept scenario in the list, one programme a line.
pub(crate) struct Line {
    pub(crate) href: String,
    pub(crate) name: String,
    pub(crate) programme: String,
    pub(crate) receive: String,
    pub(crate) enters: String,
    pub(crate) leaves: String,
    pub(crate) cost: String,
    pub(crate) made: String,
}

/// One scenario.
#[derive(Template)]
#[template(path = "simulasi_satu.html")]
pub(crate) struct ScenarioPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) name: String,
    pub(crate) made: String,
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) csv: String,
    pub(crate) programmes: Vec<Compared>,
}

/// One programme of a scenario.
pub(crate) struct Compared {
    pub(crate) name: String,
    pub(crate) period: String,
    /// Figure, before, after.
    pub(crate) sides: Vec<(String, String, String)>,
    pub(crate) moves: Bars,
    pub(crate) look: Vec<(String, String)>,
    pub(crate) only: Vec<(String, String)>,
    pub(crate) share: String,
    /// Heading and rows: key, receive before and after, money before and after, enter, leave.
    pub(crate) cuts: Vec<(String, Vec<[String; 7]>)>,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    program: String,
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let chosen: Vec<String> =
        asked.program.split(',').filter(|key| !key.is_empty()).map(str::to_owned).collect();
    form(visit, chosen, Vec::new()).await
}

async fn form(visit: Visit, chosen: Vec<String>, errors: Vec<FieldError>) -> Answer {
    let kept = visit.ask("policy.read", targeting::scenarios).await?;
    let months = closings(&visit).await?;
    let (t, shell) = (visit.t(), visit.shell());
    let policy = visit.guest.app.house.policy.clone();
    let today = visit.guest.app.house.clock.today();
    let in_force = policy.programmes().values().filter(|programme| {
        programme.on(today).is_some_and(|version| version.enabled)
            && !policy.settable(&programme.key).is_empty()
    });
    let programmes: Vec<(String, String, bool)> = in_force
        .map(|programme| {
            (programme.key.clone(), t.label(&programme.label).to_owned(), chosen.contains(&programme.key))
        })
        .collect();
    let mut fields = Vec::new();
    for (key, name, _) in programmes.iter().filter(|(_, _, chosen)| *chosen) {
        for (number, value) in policy.settable(key) {
            let label = policy.parameter_label(key, &number).map(|label| t.label(label).to_owned());
            let label = label.unwrap_or_else(|| t.say("web-sim-share"));
            fields.push((format!("{key}.{number}"), format!("{name}: {label}"), value.to_string()));
        }
    }
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let body = page(&ScenariosPage {
        kept: kept.iter().flat_map(|scenario| lines(&t, scenario)).collect(),
        programmes,
        fields,
        chosen,
        months,
        errors,
        shell,
        t,
    })?;
    Ok((status, body).into_response())
}

impl ScenariosPage {
    /// The same page with a programme chosen, or no longer.
    fn toggled(&self, key: &str) -> String {
        let mut keys: Vec<&str> =
            self.chosen.iter().map(String::as_str).filter(|chosen| *chosen != key).collect();
        if keys.len() == self.chosen.len() {
            keys.push(key);
        }
        format!("/simulasi?program={}", keys.join(","))
    }
}

fn lines(t: &Tongue, scenario: &Scenario) -> Vec<Line> {
    let line = |one: &Comparison| {
        let [before, after] = &one.sides;
        let families =
            |what: Move| one.moves.iter().find(|moved| moved.what == what).map_or(0, |moved| moved.families);
        Line {
            href: format!("/simulasi/{}", scenario.scenario_id),
            name: scenario.name.clone(),
            programme: programme_name(t, &one.programme),
            receive: format!("{} → {}", t.n(before.eligible), t.n(after.eligible)),
            enters: t.n(families(Move::Enters)),
            leaves: t.n(families(Move::Leaves)),
            cost: change(t, before, after),
            made: t.two("web-sim-made", "who", &scenario.made_by_name, "when", t.stamp(scenario.made_at_ms)),
        }
    };
    scenario.found.iter().map(line).collect()
}

fn programme_name(t: &Tongue, key: &str) -> String {
    t.policy().programme(key).map_or_else(|| key.to_owned(), |programme| t.label(&programme.label).to_owned())
}

fn change(t: &Tongue, before: &Side, after: &Side) -> String {
    signed(t, after.amount_idr.idr().saturating_sub(before.amount_idr.idr()))
}

fn signed(t: &Tongue, idr: i64) -> String {
    let sign = match idr {
        0 => "",
        1.. => "+",
        _ => "−",
    };
    format!("{sign}{}", t.idr_short(Rupiah::new(idr.saturating_abs())))
}

/// The form as it is posted: `program` (keys by comma), `bulan`, `nama`, `sasaran`, `anggaran`, and a field for each number.
pub(crate) async fn make(posted: Posted<BTreeMap<String, String>>) -> Answer {
    let Posted { visit, form: fields } = posted;
    let text = |key: &str| fields.get(key).map(|text| text.trim().to_owned()).unwrap_or_default();
    let keys: Vec<String> =
        text("program").split(',').filter(|key| !key.is_empty()).map(str::to_owned).collect();
    visit.scope("decision.run")?;
    let policy = visit.guest.app.house.policy.clone();
    let mut errors = Vec::new();
    let mut settings = Vec::new();
    for (programme, (name, now)) in
        keys.iter().flat_map(|key| policy.settable(key).into_iter().map(move |one| (key, one)))
    {
        let field = format!("{programme}.{name}");
        match text(&field).replace(['.', ' '], "").parse::<i64>() {
            Ok(value) if value == now => {}
            Ok(value) => settings.push(Setting { programme: programme.clone(), name, value }),
            Err(_) => errors.push(FieldError { field, text: visit.t().say("web-sim-no-number") }),
        }
    }
    let budget = text("anggaran").replace(['.', ' '], "");
    let budget_idr = if budget.is_empty() { None } else { budget.parse().ok() };
    let closing: Option<Month> = text("bulan").parse().ok();
    let Some(closing) = closing.filter(|_| errors.is_empty() && !keys.is_empty()) else {
        if keys.is_empty() {
            errors.push(FieldError { field: "program".into(), text: visit.t().say("web-sim-no-programme") });
        }
        return form(visit, keys, errors).await;
    };
    let first = closing.first_day();
    let period = Period::Stage { year: first.year(), stage: (first.month() + 2) / 3 };
    let wishes =
        keys.iter().filter_map(|key| targeting::wish_for(&policy, key, period, closing)).collect::<Vec<_>>();
    let question = Question { settings, truth: text("sasaran"), budget_idr };
    let name = text("nama");
    let made = visit
        .ask("policy.read", move |house, scope| {
            match targeting::make_scenario(house, scope, &name, &wishes, closing, &question, &model::Silent) {
                Ok(scenario) => Ok(Ok(scenario.scenario_id)),
                Err(
                    targeting::Error::Expression(_)
                    | targeting::Error::TwoSubjects
                    | targeting::Error::Sealed(_),
                ) => Ok(Err("sasaran")),
                Err(targeting::Error::Settings(_)) => Ok(Err("program")),
                Err(other) => Err(other),
            }
        })
        .await?;
    match made {
        Ok(id) => Ok(Redirect::to(&format!("/simulasi/{id}")).into_response()),
        Err(field) => {
            let text = visit.t().say("web-sim-wrong");
            form(visit, keys, vec![FieldError { field: field.into(), text }]).await
        }
    }
}

pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let scenario =
        visit.ask("policy.read", move |house, scope| targeting::scenario(house, scope, id)).await?;
    let codes: Vec<String> =
        scenario.found.iter().flat_map(|one| one.regions.iter().map(|part| part.key.clone())).collect();
    let places = visit.names(codes).await?;
    let t = visit.t();
    let place = |code: &str| places.get(code).cloned().unwrap_or_else(|| t.say("web-no-region"));
    let setting = |setting: &Setting| {
        let label = t
            .policy()
            .parameter_label(&setting.programme, &setting.name)
            .map(|label| t.label(label).to_owned());
        let label = label.unwrap_or_else(|| t.say("web-sim-share"));
        (format!("{}: {label}", programme_name(&t, &setting.programme)), t.n(setting.value))
    };
    page(&ScenarioPage {
        trail: vec![("/simulasi".into(), t.say("web-sim-title")), (String::new(), scenario.name.clone())],
        name: scenario.name.clone(),
        made: t.two("web-sim-made", "who", &scenario.made_by_name, "when", t.stamp(scenario.made_at_ms)),
        settings: scenario.asked.question.settings.iter().map(setting).collect(),
        csv: format!("/simulasi/{id}/csv"),
        programmes: scenario.found.iter().map(|one| compared(&t, one, &place)).collect(),
        shell: visit.shell(),
        t: t.clone(),
    })
}

fn compared(t: &Tongue, one: &Comparison, place: &dyn Fn(&str) -> String) -> Compared {
    let [before, after] = &one.sides;
    let row = |key: &str, of: &dyn Fn(&Side) -> String| (t.say(key), of(before), of(after));
    let permille = |n: Option<i64>| n.map_or_else(|| "–".to_owned(), |n| t.share(n, 1000));
    let mut sides = vec![
        row("web-sim-receive", &|side| t.n(side.eligible)),
        row("web-sim-wait", &|side| t.n(side.waiting)),
        row("web-sim-cost", &|side| t.idr(side.amount_idr)),
        row("web-sim-gini", &|side| t.decimal(side.gini, 3)),
    ];
    if before.coverage_permille.is_some() {
        sides.push(row("web-sim-coverage", &|side| permille(side.coverage_permille)));
        sides.push(row("web-sim-inclusion", &|side| permille(side.inclusion_error_permille)));
    }
    let bar = |moved: &targeting::Moved| Bar {
        label: t.code("web-move", &crate::lang::word(&moved.what)),
        text: format!("{} · {}", t.n(moved.families), signed(t, moved.change_idr)),
        value: moved.families,
        colour: if matches!(moved.what, Move::Leaves | Move::Less) { 3 } else { 1 },
        href: String::new(),
    };
    let decile = |part: &Part| match part.key.as_str() {
        "" => t.say("web-decile-none"),
        n => t.one("web-decile-n", "n", n),
    };
    let cut = |key: &str, parts: &[Part], name: &dyn Fn(&Part) -> String| {
        (t.say(key), parts.iter().map(|part| part_row(t, part, name(part))).collect())
    };
    Compared {
        name: programme_name(t, &one.programme),
        period: t.period(&one.period),
        sides,
        moves: Bars {
            title: format!("{}: {}", t.say("web-sim-moves"), programme_name(t, &one.programme)),
            heads: (t.say("web-sim-move"), t.say("web-families")),
            bars: one.moves.iter().map(bar).collect(),
            as_table: t.say("web-as-table"),
        },
        look: one
            .look_first
            .iter()
            .filter(|look| look.families > 0)
            .map(|look| (t.label(&look.label).to_owned(), cell(t, Some(look.families))))
            .collect(),
        only: one.only.iter().map(|(_, text, n)| (t.label(text).to_owned(), cell(t, Some(*n)))).collect(),
        share: one
            .share_that_fits
            .map_or_else(String::new, |share| t.count("web-sim-fits", i64::from(share))),
        cuts: vec![
            cut("web-by-decile", &one.deciles, &decile),
            cut("web-by-group", &one.groups, &|part| t.label(&part.label).to_owned()),
            cut("web-by-region", &one.regions, &|part| place(&part.key)),
        ],
    }
}

/// A number of families; small ones are hidden, if they are not already.
fn cell(t: &Tongue, families: Option<i64>) -> String {
    match families {
        Some(n) if n == 0 || n >= SMALL_CELL => t.n(n),
        _ => format!("< {SMALL_CELL}"),
    }
}

fn part_row(t: &Tongue, part: &Part, name: String) -> [String; 7] {
    let cell = |families| cell(t, families);
    let money = part.amount_idr.map(|idr| t.idr_short(Rupiah::new(idr)));
    let [before, after] = money;
    [
        name,
        cell(part.eligible[0]),
        cell(part.eligible[1]),
        before,
        after,
        cell(part.enters),
        cell(part.leaves),
    ]
}

pub(crate) async fn export(visit: Visit, Path(id): Path<i64>) -> Answer {
    let scenario =
        visit.ask("policy.read", move |house, scope| targeting::scenario(house, scope, id)).await?;
    let mut text = String::from("programme,cut,key,figure,before,after\r\n");
    for row in scenario.rows() {
        for (i, cell) in row.iter().enumerate() {
            text.push_str(if i > 0 { "," } else { "" });
            report::push_cell(&mut text, cell);
        }
        text.push_str("\r\n");
    }
    let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned());
    let name = (header::CONTENT_DISPOSITION, format!("attachment; filename=\"simulasi-{id}.csv\""));
    Ok(([kind, name], text).into_response())
}
