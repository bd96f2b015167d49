//! /komponen: every component of the design system with a sample, in both themes and at every width. The samples are invented.

use askama::Template;

use crate::{
    assets,
    lang::Tongue,
    shell::{NavItem, Shell},
    ui::{
        Bar, Bars, Column, FieldError, Funnel, Line, Mark, Pager, Pair, PairRow, Plot, Step, Tile, TileMap,
    },
    visit::{Answer, Guest, Visit, page},
};

/// The component page.
#[derive(Template)]
#[template(path = "komponen.html")]
pub(crate) struct ComponentPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) choices: Vec<(String, String)>,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) tabs: Vec<(String, String, bool)>,
    pub(crate) nav: Vec<NavItem>,
    pub(crate) funnel: Funnel,
    pub(crate) bars: Bars,
    pub(crate) plot: Plot,
    pub(crate) tiles: TileMap,
    pub(crate) pair: Pair,
    pub(crate) pager: Pager,
    pub(crate) swatches: Vec<(&'static str, &'static str)>,
    pub(crate) icons: Vec<String>,
    pub(crate) purposes: Vec<(String, String)>,
}

pub(crate) async fn show(guest: Guest) -> Answer {
    let shell = match guest.session().await? {
        Some(signed) => Visit::new(guest.clone(), signed).shell(),
        None => guest.shell(),
    };
    page(&ComponentPage::sample(guest.t.clone(), shell))
}

impl ComponentPage {
    pub(crate) fn sample(t: Tongue, shell: Shell) -> Self {
        let choices = vec![
            ("1".to_owned(), t.say("web-sample-choice-1")),
            ("2".to_owned(), t.say("web-sample-choice-2")),
        ];
        let step = |n: i64, idr: i64, lines: i64| Step {
            label: t.say(&format!("web-sample-step-{n}")),
            amount: t.idr_short(idr),
            count: t.n(lines),
            share: t.share(idr, 4_820_250_000_i64),
            value: idr,
            href: String::new(),
        };
        let bar = |n: u8, value: i64| Bar {
            label: t.one("web-sample-decile", "n", n),
            text: t.n(value),
            value,
            colour: if n <= 4 { 1 } else { 4 },
            href: String::new(),
        };
        let tile = |n: i64, value: i64| Tile {
            short: format!("{n:02}"),
            name: t.one("web-sample-place", "n", n),
            text: t.n(value),
            on_map: t.compact(value),
            empty: false,
            value,
            more: vec![t.n(value * 3)],
            href: format!("#ubin-{n}"),
            place: (usize::try_from((n - 1) % 3).unwrap_or(0), usize::try_from((n - 1) / 3).unwrap_or(0)),
        };
        Self {
            errors: vec![FieldError { field: "contoh-nik".into(), text: t.say("web-sample-error") }],
            trail: vec![
                ("/beranda".into(), t.say("web-nav-home")),
                ("/komponen".into(), t.say("web-components")),
                (String::new(), t.say("web-sample-family")),
            ],
            tabs: vec![
                ("#tab-1".into(), t.say("web-sample-tab-1"), true),
                ("#tab-2".into(), t.say("web-sample-tab-2"), false),
                ("#tab-3".into(), t.say("web-sample-tab-3"), false),
            ],
            nav: vec![
                NavItem {
                    href: "#nav-1",
                    label: t.say("web-nav-home"),
                    icon: "house",
                    current: true,
                    count: None,
                },
                NavItem {
                    href: "#nav-2",
                    label: t.say("web-nav-review"),
                    icon: "git-compare",
                    current: false,
                    count: Some(t.n(128)),
                },
            ],
            funnel: Funnel {
                title: t.say("web-sample-funnel"),
                heads: [t.say("web-step"), t.say("web-lines"), t.say("web-amount"), t.say("web-share")],
                steps: vec![
                    step(1, 4_820_250_000, 8_412),
                    step(2, 4_655_100_000, 8_130),
                    step(3, 4_201_500_000, 7_344),
                    step(4, 3_990_000_000, 6_981),
                ],
                as_table: t.say("web-as-table"),
                more: None,
            },
            bars: Bars {
                title: t.say("web-sample-bars"),
                heads: (t.say("web-decile"), t.say("web-families")),
                bars: vec![bar(1, 3_120), bar(2, 2_987), bar(3, 2_540), bar(4, 2_112), bar(5, 640)],
                full: None,
                as_table: t.say("web-as-table"),
            },
            plot: sample_plot(&t),
            tiles: TileMap {
                title: t.say("web-sample-map"),
                columns: 3,
                heads: vec![t.say("web-region"), t.say("web-families"), t.say("web-people")],
                tiles: [0, 120, 340, 560, 90, 870, 410, 655]
                    .into_iter()
                    .zip(1..)
                    .map(|(v, n)| tile(n, v))
                    .collect(),
                ends: (t.say("web-few"), t.say("web-many")),
                without: String::new(),
            },
            pair: sample_pair(&t),
            pager: Pager {
                grows: false,
                shown: t.count("web-shown", 50),
                next: Some("#lanjut".into()),
                first: Some("#awal".into()),
                words: (t.say("web-next"), t.say("web-from-start"), t.say("web-pages")),
            },
            swatches: SWATCHES.to_vec(),
            icons: assets::icon_names(),
            purposes: choices.clone(),
            choices,
            t,
            shell,
        }
    }
}

/// A pair of invented records.
pub(crate) fn sample_pair(t: &Tongue) -> Pair {
    let row = |key: &str, left: &str, right: &str| PairRow::new(t.say(key), left, right);
    Pair {
        caption: t.say("web-pair-caption"),
        titles: ("DTKS · 1.204".into(), "Regsosek · 88".into()),
        rows: vec![
            row("web-name", "SITI AMINAH", "SITI AMINNAH"),
            row("web-nik", "9901********0002", ""),
            row("web-born", "17-08-1988", "11-08-1988"),
            row("web-sex", t.say("web-sample-woman").as_str(), t.say("web-sample-woman").as_str()),
            row("web-mother", "KARTINI", "SUMIYATI"),
        ],
        words: [t.say("web-same"), t.say("web-differs"), t.say("web-half-known"), t.say("web-unknown")],
        field: t.say("web-field"),
    }
}

/// (class of the fill, name of the token)
const SWATCHES: [(&str, &str); 10] = [
    ("c-1", "--chart-1"),
    ("c-2", "--chart-2"),
    ("c-3", "--chart-3"),
    ("c-4", "--chart-4"),
    ("h-0", "--heat-0"),
    ("h-1", "--heat-1"),
    ("h-2", "--heat-2"),
    ("h-3", "--heat-3"),
    ("h-4", "--heat-4"),
    ("h-5", "--heat-5"),
];

fn sample_plot(t: &Tongue) -> Plot {
    let counts = [4_u32, 9, 3, 1, 1, 2, 8, 21, 34, 12];
    let columns: Vec<Column> = (0_u32..)
        .zip(counts)
        .map(|(at, count)| Column {
            from: f64::from(at),
            to: f64::from(at + 1),
            value: f64::from(count),
            colour: if at < 4 { 2 } else { 1 },
        })
        .collect();
    Plot {
        title: t.say("web-sample-plot"),
        note: t.say("web-linkage-weights-note"),
        lines: vec![Line {
            name: t.say("web-linkage-recall"),
            points: vec![(0.0, 1.0), (4.0, 0.97), (7.0, 0.8), (10.0, 0.1)],
            colour: 4,
        }],
        marks: vec![Mark { at: 4.0, label: t.one("web-linkage-threshold", "weight", "4") }],
        scale: ["0", "5", "10"].map(str::to_owned),
        heads: vec![t.say("web-linkage-weight"), t.say("web-linkage-pairs")],
        rows: (0_u32..).zip(counts).map(|(at, count)| vec![t.n(at), t.n(count)]).collect(),
        as_table: t.say("web-as-table"),
        columns,
    }
}
