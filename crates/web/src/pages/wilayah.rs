//! Regions: one figure at a time on a map of tiles, all of them in the table beside it, and one level deeper with each click.

use askama::Template;
use axum::{
    extract::Query,
    http::header,
    response::{IntoResponse, Response},
};
use model::{RegionCode, RegionLevel};
use report::{RegionsView, Series, Unit};
use serde::Deserialize;

use super::beranda::{moment, value};
use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{Tile, TileMap},
    visit::{Answer, Visit, page},
};

/// The map of one region.
#[derive(Template)]
#[template(path = "wilayah.html")]
pub(crate) struct RegionsPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) code: String,
    pub(crate) choices: Vec<(String, String)>,
    pub(crate) chosen: String,
    pub(crate) map: TileMap,
    pub(crate) totals: Vec<(String, Vec<(String, String)>)>,
    pub(crate) basis: String,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    kode: String,
    #[serde(default)]
    angka: String,
}

pub(crate) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let view = look(&visit, &asked.kode).await?;
    let t = visit.t();
    let chosen = view.series.iter().position(|series| series_key(series) == asked.angka).unwrap_or(0);
    page(&RegionsPage {
        trail: trail(&t, &view),
        title: view.path.last().map_or_else(|| t.say("web-nation"), |(_, name)| name.clone()),
        code: view.region.to_string(),
        choices: view.series.iter().map(|series| (series_key(series), series_label(&t, series))).collect(),
        chosen: view.series.get(chosen).map_or_else(String::new, series_key),
        map: map(&t, &view, chosen),
        totals: totals(&t, &view),
        basis: view.series.get(chosen).map_or_else(String::new, |series| {
            t.two(
                "web-basis",
                "when",
                moment(&t, &series.basis.as_of),
                "source",
                super::beranda::source(&t, &series.basis.source),
            )
        }),
        shell: visit.shell(),
        t,
    })
}

pub(crate) async fn csv(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let view = look(&visit, &asked.kode).await?;
    let text = report::regions_csv(&view)?;
    let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8");
    let name = (header::CONTENT_DISPOSITION, "attachment; filename=\"wilayah.csv\"");
    Ok::<Response, Fault>(([kind, name], text).into_response())
}

async fn look(visit: &Visit, code: &str) -> Result<RegionsView, Fault> {
    let parent = if code.is_empty() {
        visit.session.region.clone()
    } else {
        RegionCode::parse(code).map_err(|_| Fault::not_found())?
    };
    visit.ask("region.read", move |house, scope| report::regions(house, scope, &parent)).await
}

fn series_key(series: &Series) -> String {
    match &series.programme {
        Some(programme) => format!("{}.{programme}", series.key),
        None => series.key.to_owned(),
    }
}

fn series_label(t: &Tongue, series: &Series) -> String {
    let figure = t.say(&format!("report-figure-{}", series.key));
    let Some(key) = &series.programme else { return figure };
    let found = t.policy().programme(key);
    let programme = found.map_or(key.as_str(), |programme| t.short_label(&programme.label));
    let period = series.period.as_deref().map_or_else(String::new, |period| t.period(period));
    format!("{figure} · {programme} {period}")
}

fn trail(t: &Tongue, view: &RegionsView) -> Vec<(String, String)> {
    let step = |code: &RegionCode, name: &str| (format!("/wilayah?kode={code}"), name.to_owned());
    let mut trail = vec![("/wilayah".to_owned(), t.say("web-nav-regions"))];
    trail.extend(view.path.iter().map(|(code, name)| step(code, name)));
    trail
}

/// In the table stand the chosen figure and those that say how large a region is.
fn map(t: &Tongue, view: &RegionsView, chosen: usize) -> TileMap {
    let always = |series: &Series| matches!(series.key, "families" | "people" | "poor" | "eligible");
    let beside: Vec<usize> =
        (0..view.series.len()).filter(|i| *i != chosen && always(&view.series[*i])).collect();
    let unit = |i: usize| view.series.get(i).map_or(Unit::Families, |series| series.unit);
    let text = |values: &[Option<i64>], i: usize| value(t, values.get(i).copied().flatten(), unit(i));
    let on_map = |values: &[Option<i64>]| match values.get(chosen).copied().flatten() {
        Some(number) if unit(chosen) == Unit::Permille => t.share(number, 1000),
        Some(number) => t.compact(number),
        None => "–".to_owned(),
    };
    let columns = (1..=6).find(|columns| columns * columns >= view.tiles.len()).unwrap_or(6);
    let deeper = |code: &RegionCode| {
        let key = view.series.get(chosen).map_or_else(String::new, series_key);
        let leads = code.level() != RegionLevel::Village && *code != view.region;
        if leads { format!("/wilayah?kode={code}&angka={key}") } else { String::new() }
    };
    let mut heads = vec![t.say("web-region")];
    heads.extend(
        std::iter::once(chosen)
            .chain(beside.iter().copied())
            .filter_map(|i| view.series.get(i).map(|series| series_label(t, series))),
    );
    TileMap {
        title: view.series.get(chosen).map_or_else(String::new, |series| series_label(t, series)),
        heads,
        columns,
        tiles: view
            .tiles
            .iter()
            .enumerate()
            .map(|(at, tile)| Tile {
                short: if columns <= 3 { cut_name(&tile.name) } else { short_name(&tile.name) },
                name: tile.name.clone(),
                text: text(&tile.values, chosen),
                on_map: on_map(&tile.values),
                value: tile.values.get(chosen).copied().flatten().unwrap_or(0),
                more: beside.iter().map(|i| text(&tile.values, *i)).collect(),
                href: deeper(&tile.code),
                place: (at % columns, at / columns),
                empty: tile.values.iter().all(Option::is_none),
            })
            .collect(),
        ends: (t.say("web-few"), t.say("web-many")),
        without: {
            let empty = view.tiles.iter().filter(|tile| tile.values.iter().all(Option::is_none)).count();
            if empty == 0 { String::new() } else { t.count("web-regions-without", empty) }
        },
    }
}

/// Sums of the whole region: of its people first, then programme by programme.
fn totals(t: &Tongue, view: &RegionsView) -> Vec<(String, Vec<(String, String)>)> {
    let mut groups: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for (series, total) in view.series.iter().zip(&view.total) {
        let group = match &series.programme {
            Some(key) => super::pembayaran::programme(t, key),
            None => t.say("web-region-total"),
        };
        let line = (t.say(&format!("report-figure-{}", series.key)), value(t, *total, series.unit));
        match groups.last_mut() {
            Some((name, lines)) if *name == group => lines.push(line),
            _ => groups.push((group, vec![line])),
        }
    }
    groups
}

/// A name that fits a wide tile.
fn cut_name(name: &str) -> String {
    const LETTERS: usize = 15;
    if name.chars().count() <= LETTERS {
        return name.to_owned();
    }
    format!("{}…", name.chars().take(LETTERS - 1).collect::<String>().trim_end())
}

/// A name that fits a tile, as people shorten names: `SumUta`, `JawTim`, `NTB`.
fn short_name(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let cut = |word: &str, letters: usize| word.chars().take(letters).collect::<String>();
    match words.as_slice() {
        [one] => cut(one, 6),
        [one, two] => format!("{}{}", cut(one, 3), cut(two, 3)),
        many => many.iter().map(|word| cut(word, 1)).collect(),
    }
}
