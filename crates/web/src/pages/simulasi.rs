//! Simulation: numbers of programmes set otherwise, and what that would do to families and money, before anybody is hurt. Sums only.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect},
};
use model::{Month, Period, RegionCode, RegionLevel, Rupiah};
use policy::Setting;
use report::SheetCell;
use serde::Deserialize;
use targeting::{Comparison, Consumption, FIGURE_HEADS, FigureRow, Move, Part, Question, Scenario, Side};

use super::{aturan::closings, simulasi_kerja};
use crate::{
    fault::Fault,
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
    /// Days of lists of ranks, the first of which is none.
    pub(crate) ranks: Vec<(String, String)>,
    pub(crate) errors: Vec<FieldError>,
    /// Page of the simulation that is at work; empty when none is.
    pub(crate) at_work: String,
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
    /// Addresses of the same as CSV and as a workbook.
    pub(crate) files: [String; 2],
    /// A region was asked for: its table stands open.
    pub(crate) open: bool,
    /// On what it stands besides: another day's ranks, an assumption.
    pub(crate) told: Vec<String>,
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
    /// The same by region, each with the address of the regions below it.
    pub(crate) regions: Vec<([String; 7], String)>,
    /// Heading and rows by kind of member: kind, members before and after, money before and after.
    pub(crate) shares: Vec<(String, Vec<[String; 5]>)>,
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
    let days = visit.ask("policy.read", |house, _| registry::deciles::days(house)).await?;
    let at_work = simulasi_kerja::at_work(&visit).await?;
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
        ranks: std::iter::once((String::new(), t.say("web-sim-ranks-own")))
            .chain(days.into_iter().map(|day| (day.to_string(), t.day(day))))
            .collect(),
        errors,
        at_work: at_work.unwrap_or_default(),
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

pub(super) fn programme_name(t: &Tongue, key: &str) -> String {
    t.policy().programme(key).map_or_else(|| key.to_owned(), |programme| t.label(&programme.label).to_owned())
}

fn change(t: &Tongue, before: &Side, after: &Side) -> String {
    signed(t, after.amount_idr.idr().saturating_sub(before.amount_idr.idr()))
}

pub(super) fn signed(t: &Tongue, idr: i64) -> String {
    let sign = match idr {
        0 => "",
        1.. => "+",
        _ => "−",
    };
    format!("{sign}{}", t.idr_short(Rupiah::new(idr.saturating_abs())))
}

/// The form as it is posted: `program` (keys by comma), `bulan`, `nama`, `sasaran`, `anggaran`, `peringkat`, `garis`, `konsumsi`, and a
/// field for each number.
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
    let mut wrong = |field: &str, key: &str| {
        errors.push(FieldError { field: field.to_owned(), text: visit.t().say(key) });
    };
    let consumption = match (text("garis"), text("konsumsi")) {
        (line, means) if line.is_empty() && means.is_empty() => None,
        (line, means) => {
            let assumed = Consumption::parse(&line, &means).ok();
            if assumed.is_none() {
                wrong("konsumsi", "galat-targeting-consumption-remedy");
            }
            assumed
        }
    };
    if keys.is_empty() {
        wrong("program", "web-sim-no-programme");
    }
    let ranks = Some(text("peringkat")).filter(|day| !day.is_empty());
    let question = Question { settings, truth: text("sasaran"), budget_idr, ranks, consumption };
    match targeting::check_question(&policy, &question) {
        Ok(()) => {}
        Err(targeting::Error::Settings(_)) => wrong("program", "web-sim-wrong"),
        Err(_) => wrong("sasaran", "web-sim-wrong"),
    }
    let closing: Option<Month> = text("bulan").parse().ok();
    let Some(closing) = closing.filter(|_| errors.is_empty()) else {
        return form(visit, keys, errors).await;
    };
    let first = closing.first_day();
    let period = Period::Stage { year: first.year(), stage: (first.month() + 2) / 3 };
    let wishes =
        keys.iter().filter_map(|key| targeting::wish_for(&policy, key, period, closing)).collect::<Vec<_>>();
    let ask = simulasi_kerja::Ask { name: text("nama"), wishes, closing, question };
    if let Some(address) = simulasi_kerja::begin(&visit, ask).await? {
        return Ok(Redirect::to(&address).into_response());
    }
    let busy = FieldError { field: "program".into(), text: visit.t().say("web-sim-busy") };
    form(visit, keys, vec![busy]).await
}

#[derive(Deserialize)]
pub(crate) struct Where {
    #[serde(default)]
    wilayah: String,
}

/// A scenario at one region: the parts below it for each programme, in the order of the programmes; none for a scenario that was kept
/// without its villages.
struct Looked {
    id: i64,
    scenario: Scenario,
    within: RegionCode,
    parts: Option<Vec<Vec<Part>>>,
}

async fn look(visit: &Visit, id: i64, asked: &Where) -> Result<Looked, Fault> {
    let asked = match asked.wilayah.as_str() {
        "" => None,
        code => Some(RegionCode::parse(code).map_err(|_| Fault::not_found())?),
    };
    visit
        .ask("policy.read", move |house, scope| {
            let scenario = targeting::scenario(house, scope, id)?;
            let own = || RegionCode::parse(&scenario.region).map_err(|_| Fault::not_found());
            let within = asked.map_or_else(own, Ok)?;
            let cube = targeting::scenario_regions(house, scope, id, &within)?;
            let of = |cube: &targeting::RegionCube, one: &Comparison| {
                cube.parts(&one.programme, &within, within.level().below())
            };
            let parts = cube.map(|cube| scenario.found.iter().map(|one| of(&cube, one)).collect());
            Ok::<_, Fault>(Looked { id, scenario, within, parts })
        })
        .await
}

impl Looked {
    fn parts(&self, number: usize) -> Option<&[Part]> {
        self.parts.as_ref().and_then(|parts| parts.get(number)).map(Vec::as_slice)
    }

    fn rows(&self) -> impl Iterator<Item = FigureRow> + '_ {
        let found = self.scenario.found.iter().enumerate();
        found.flat_map(|(number, one)| one.rows(self.parts(number)))
    }

    fn file(&self, ending: &str) -> String {
        let place = if self.within.as_str().is_empty() { String::new() } else { format!("-{}", self.within) };
        format!("attachment; filename=\"simulasi-{}{place}.{ending}\"", self.id)
    }

    /// Where a region leads, as far as there is a level below it.
    fn deeper(&self, code: &str) -> String {
        let leads = RegionCode::parse(code).is_ok_and(|code| {
            !matches!(code.level(), RegionLevel::Nation | RegionLevel::Village) && code != self.within
        });
        if leads && self.parts.is_some() {
            format!("/simulasi/{}?wilayah={code}#wilayah", self.id)
        } else {
            String::new()
        }
    }
}

pub(crate) async fn show(visit: Visit, Path(id): Path<i64>, Query(asked): Query<Where>) -> Answer {
    let looked = look(&visit, id, &asked).await?;
    let scenario = &looked.scenario;
    let mut path = vec![looked.within.clone()];
    while let Some(parent) = path.last().and_then(RegionCode::parent) {
        path.push(parent);
    }
    path.retain(|code| code.as_str().len() > scenario.region.len());
    let below = scenario.found.iter().enumerate().flat_map(|(number, one)| {
        looked.parts(number).unwrap_or(&one.regions).iter().map(|part| part.key.clone())
    });
    let codes: Vec<String> = below.chain(path.iter().map(ToString::to_string)).collect();
    let places = visit.names(codes).await?;
    let t = visit.t();
    let place = |code: &str| places.get(code).cloned().unwrap_or_else(|| t.say("web-no-region"));
    let mut trail = vec![
        ("/simulasi".to_owned(), t.say("web-sim-title")),
        (format!("/simulasi/{id}"), scenario.name.clone()),
    ];
    let step = |code: &RegionCode| (format!("/simulasi/{id}?wilayah={code}"), place(code.as_str()));
    trail.extend(path.iter().rev().map(step));
    let setting = |setting: &Setting| {
        let label = t
            .policy()
            .parameter_label(&setting.programme, &setting.name)
            .map(|label| t.label(label).to_owned());
        let label = label.unwrap_or_else(|| t.say("web-sim-share"));
        (format!("{}: {label}", programme_name(&t, &setting.programme)), t.n(setting.value))
    };
    page(&ScenarioPage {
        trail,
        name: scenario.name.clone(),
        made: t.two("web-sim-made", "who", &scenario.made_by_name, "when", t.stamp(scenario.made_at_ms)),
        settings: scenario.asked.question.settings.iter().map(setting).collect(),
        files: ["csv", "xlsx"].map(|ending| {
            let at =
                if asked.wilayah.is_empty() { String::new() } else { format!("?wilayah={}", looked.within) };
            format!("/simulasi/{id}/{ending}{at}")
        }),
        open: !asked.wilayah.is_empty(),
        told: told(&t, scenario),
        programmes: scenario
            .found
            .iter()
            .enumerate()
            .map(|(number, one)| {
                let regions = looked.parts(number).unwrap_or(&one.regions);
                compared(&t, one, regions, &place, &|code| looked.deeper(code))
            })
            .collect(),
        shell: visit.shell(),
        t: t.clone(),
    })
}

/// What a scenario stands on besides the closing, in sentences.
fn told(t: &Tongue, scenario: &Scenario) -> Vec<String> {
    let question = &scenario.asked.question;
    let ranks = question.ranks.as_ref().map(|day| t.one("web-sim-told-ranks", "day", t.day_text(day)));
    let assumed = question.consumption.as_ref().map(|assumed| {
        let means: Vec<String> = assumed.mean_idr.iter().map(|idr| t.n(*idr)).collect();
        t.two("web-sim-told-gap", "line", t.idr(Rupiah::new(assumed.line_idr)), "means", means.join("; "))
    });
    ranks.into_iter().chain(assumed).collect()
}

fn shares(t: &Tongue, one: &Comparison) -> Vec<(String, Vec<[String; 5]>)> {
    let mut cuts: Vec<(String, Vec<[String; 5]>)> = Vec::new();
    let mut last = "";
    for share in &one.shares {
        if share.cut != last {
            cuts.push((t.code("web-sim-by", &share.cut), Vec::new()));
            last = &share.cut;
        }
        let name =
            if share.key.is_empty() { t.say("web-sim-no-kind") } else { t.label(&share.label).to_owned() };
        let [before, after] = share.members.map(|members| cell(t, members));
        let [cost, then] = share.amount_idr.map(|idr| money(t, idr));
        cuts.iter_mut().last().into_iter().for_each(|(_, rows)| {
            rows.push([name.clone(), before.clone(), after.clone(), cost.clone(), then.clone()]);
        });
    }
    cuts
}

/// Money that is hidden with the few who receive it.
fn money(t: &Tongue, idr: Option<i64>) -> String {
    idr.map_or_else(|| t.say("web-sim-hidden"), |idr| t.idr_short(Rupiah::new(idr)))
}

fn compared(
    t: &Tongue,
    one: &Comparison,
    regions: &[Part],
    place: &dyn Fn(&str) -> String,
    deeper: &dyn Fn(&str) -> String,
) -> Compared {
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
    if let Some(gap) = &one.poverty_gap {
        let [without, now, then] = gap.index.map(|index| t.decimal(index * 100.0, 3));
        sides.push((t.one("web-sim-gap", "without", without), now, then));
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
            full: None,
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
        ],
        regions: regions
            .iter()
            .map(|part| (part_row(t, part, place(&part.key)), deeper(&part.key)))
            .collect(),
        shares: shares(t, one),
    }
}

/// A number of families; small ones are hidden, if they are not already.
pub(super) fn cell(t: &Tongue, families: Option<i64>) -> String {
    families.and_then(model::shown).map_or_else(|| t.say("web-sim-hidden"), |n| t.n(n))
}

fn part_row(t: &Tongue, part: &Part, name: String) -> [String; 7] {
    let cell = |families| cell(t, families);
    let [before, after] = part.amount_idr.map(|idr| money(t, idr));
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

pub(crate) async fn csv(visit: Visit, Path(id): Path<i64>, Query(asked): Query<Where>) -> Answer {
    let looked = look(&visit, id, &asked).await?;
    let text = report::table_csv(&FIGURE_HEADS, looked.rows().map(|row| row.cells().to_vec()));
    let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned());
    Ok(([kind, (header::CONTENT_DISPOSITION, looked.file("csv"))], text).into_response())
}

pub(crate) async fn xlsx(visit: Visit, Path(id): Path<i64>, Query(asked): Query<Where>) -> Answer {
    let looked = look(&visit, id, &asked).await?;
    let name = (header::CONTENT_DISPOSITION, looked.file("xlsx"));
    let ask = move |_: &access::House| {
        let made_at = looked.scenario.made_at_ms;
        report::workbook(&looked.scenario.name, &FIGURE_HEADS, looked.rows().map(figure_cells), made_at)
    };
    let bytes = visit.guest.app.ask(ask).await?;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet".to_owned();
    Ok(([(header::CONTENT_TYPE, kind), name], bytes).into_response())
}

/// A figure as cells of a workbook: keys are text, also where they look like numbers.
pub fn figure_cells(row: FigureRow) -> Vec<SheetCell> {
    let [programme, cut, key, figure, before, after] = row.cells();
    let text = [programme, cut, key, figure].map(SheetCell::Text);
    text.into_iter().chain([before, after].map(SheetCell::figure)).collect()
}
