//! Budgets: ceilings in the version of a day, what was published as spent, and how far it goes; targets, stocks and realisations, each in
//! a column of its own; beside them, never added, what this system decided and paid and which devices were handed over. Each scope is a
//! table of its own: the nation's line is not the ministry's.

use std::collections::BTreeSet;

use askama::Template;
use axum::{extract::Query, response::Response};
use jiff::civil::Date;
use model::Rupiah;
use policy::{Label, LineKey, Reached};
use report::{BudgetView, LineAt, ReachAt};
use serde::Deserialize;

use super::{
    angka::{file, kind_words, source, topic},
    beranda::moment,
};
use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    visit::{Answer, Visit, page},
};

/// The scope in whose name this system pays, and the unit that is all of it: its published money may stand beside ours.
const OWN_SCOPE: &str = "ministry";

/// A line at the day.
pub(crate) struct LineRow {
    pub(crate) name: String,
    pub(crate) href: String,
    pub(crate) about: String,
    pub(crate) ceiling: String,
    pub(crate) since: String,
    pub(crate) blocked: String,
    pub(crate) gross: String,
    pub(crate) returned: String,
    pub(crate) net: String,
    pub(crate) share: String,
    /// Absorption in a box 100 wide; empty when it is unknown.
    pub(crate) width: String,
    pub(crate) as_of: String,
}

/// A version of a ceiling, or a published realisation.
pub(crate) struct Published {
    pub(crate) name: String,
    pub(crate) day: String,
    pub(crate) what: String,
    pub(crate) amount: String,
    pub(crate) source: String,
    /// The figure of the register, or empty.
    pub(crate) figure: String,
    pub(crate) note: String,
}

/// All lines of one scope.
pub(crate) struct Group {
    pub(crate) title: String,
    pub(crate) lines: Vec<LineRow>,
    pub(crate) published: Vec<Published>,
}

/// Targets, stocks and realisations of a year.
pub(crate) struct Reach {
    pub(crate) rows: Vec<ReachRow>,
    pub(crate) published: Vec<Published>,
    pub(crate) csv: String,
}

/// Whom or what a programme was to reach: target, stock and published realisation, then what was decided here, each a number and when.
pub(crate) struct ReachRow {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) published: [(String, String); 3],
    pub(crate) decided: (String, String),
    /// The list of the decision, or empty.
    pub(crate) list: String,
}

/// Own money of a programme, beside the published.
pub(crate) struct OwnRow {
    pub(crate) name: String,
    pub(crate) topped_up: String,
    pub(crate) returned: String,
    pub(crate) net: String,
    pub(crate) published: String,
}

/// Devices handed over.
pub(crate) struct Devices {
    /// Programme, hand-overs, people, value, and where their rows are.
    pub(crate) rows: Vec<[String; 5]>,
    pub(crate) handovers: String,
    pub(crate) people: String,
    pub(crate) value: String,
    pub(crate) value_note: String,
    pub(crate) basis: String,
}

/// A fiscal year at a day.
#[derive(Template)]
#[template(path = "anggaran.html")]
pub(crate) struct BudgetPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) title: String,
    pub(crate) year: i16,
    pub(crate) on: String,
    pub(crate) on_words: String,
    pub(crate) years: Vec<(String, String, bool)>,
    pub(crate) days: Vec<(String, String, bool)>,
    pub(crate) groups: Vec<Group>,
    pub(crate) reach: Option<Reach>,
    pub(crate) own: Vec<OwnRow>,
    pub(crate) own_basis: String,
    pub(crate) devices: Option<Devices>,
    /// Where the rows of hand-overs are.
    pub(crate) rows: String,
    pub(crate) csv: String,
}

/// Which year, as of which day.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    tahun: String,
    #[serde(default)]
    per: String,
    /// Which table of the page as a file: `sasaran`, or the lines of money.
    #[serde(default)]
    isi: String,
}

/// The page, or at `/csv` its lines as a file.
pub(crate) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let view = look(&visit, &asked).await?;
    if visit.guest.uri.path().ends_with("/csv") {
        return Ok(if asked.isi == "sasaran" { reach_csv(&view) } else { csv(&view) });
    }
    page(&BudgetPage::new(visit.t(), visit.shell(), &view))
}

fn csv(view: &BudgetView) -> Response {
    const HEAD: [&str; 18] = [
        "fiscal_year",
        "scope",
        "programme",
        "funding",
        "unit",
        "account",
        "on",
        "ceiling_from",
        "ceiling_idr",
        "blocked_idr",
        "ceiling_source",
        "as_of",
        "gross_idr",
        "returned_idr",
        "net_idr",
        "absorption_permille",
        "basis",
        "realisation_source",
    ];
    let rows = view.lines.iter().map(|at| csv_row(view, at));
    file(&format!("anggaran-{}-{}.csv", view.fiscal_year, view.on), report::table_csv(&HEAD, rows))
}

fn reach_csv(view: &BudgetView) -> Response {
    const HEAD: [&str; 16] = [
        "fiscal_year",
        "programme",
        "funding",
        "counted",
        "on",
        "target",
        "target_from",
        "target_source",
        "stock",
        "stock_as_of",
        "stock_source",
        "realised",
        "realised_as_of",
        "realised_source",
        "decided_families",
        "decided_period",
    ];
    let rows = view.reach.iter().map(|at| {
        let mut row = vec![
            at.key.fiscal_year.to_string(),
            at.key.programme.clone(),
            at.key.funding.clone(),
            at.key.counted.clone(),
            view.on.to_string(),
        ];
        for one in [&at.target, &at.stock, &at.realised] {
            row.extend(match one {
                Some(one) => [one.number.to_string(), one.as_of.to_string(), one.source.clone()],
                None => Default::default(),
            });
        }
        row.extend(match &at.decided {
            Some(decided) => [decided.families.to_string(), decided.period.clone()],
            None => Default::default(),
        });
        row
    });
    file(&format!("sasaran-{}-{}.csv", view.fiscal_year, view.on), report::table_csv(&HEAD, rows))
}

async fn look(visit: &Visit, asked: &Asked) -> Result<BudgetView, Fault> {
    let year = asked.tahun.parse::<i16>().ok().filter(|year| (2000..=2100).contains(year));
    let on = asked.per.parse::<Date>().ok();
    visit.ask("report.read", move |house, scope| report::budget(house, scope, year, on)).await
}

fn csv_row(view: &BudgetView, at: &LineAt) -> Vec<String> {
    let LineKey { fiscal_year, scope, programme, funding, unit, account } = &at.line.key;
    let idr = |amount: Rupiah| amount.idr().to_string();
    let (ceiling, realised) = (at.in_force.as_ref(), at.realised.as_ref());
    let basis = |derived: bool| if derived { "derived" } else { "stated" };
    vec![
        fiscal_year.to_string(),
        scope.clone(),
        programme.clone(),
        funding.clone(),
        unit.clone(),
        account.clone(),
        view.on.to_string(),
        ceiling.map_or_else(String::new, |one| one.valid_from.to_string()),
        ceiling.map_or_else(String::new, |one| idr(one.ceiling)),
        ceiling.and_then(|one| one.blocked).map_or_else(String::new, idr),
        ceiling.map_or_else(String::new, |one| one.source.clone()),
        realised.map_or_else(String::new, |one| one.as_of.to_string()),
        realised.map_or_else(String::new, |one| idr(one.gross)),
        realised.and_then(|one| one.returned).map_or_else(String::new, idr),
        realised.map_or_else(String::new, |one| idr(one.net())),
        at.absorption.map_or_else(String::new, |one| one.permille.to_string()),
        realised.map_or_else(String::new, |one| basis(one.derived).to_owned()),
        realised.map_or_else(String::new, |one| one.source.clone()),
    ]
}

impl BudgetPage {
    pub(crate) fn new(t: Tongue, shell: Shell, view: &BudgetView) -> Self {
        let year = view.fiscal_year;
        let year_tab = |one: &i16| (format!("/anggaran?tahun={one}"), one.to_string(), *one == year);
        let basis = |basis: &report::Basis| {
            t.two(
                "web-basis",
                "when",
                moment(&t, &basis.as_of),
                "source",
                super::beranda::source(&t, &basis.source),
            )
        };
        let rows_of = |programme: &str| {
            if shell.may("person.read") { super::alat::address(Some(year), programme) } else { String::new() }
        };
        Self {
            title: t.one("web-budget-of", "year", year),
            year,
            on: view.on.to_string(),
            on_words: t.one("web-budget-on", "day", t.day(view.on)),
            years: view.years.iter().map(year_tab).collect(),
            days: days(&t, view),
            groups: groups(&t, view),
            reach: reach(&t, view),
            own: view.own.iter().map(|own| own_row(&t, view, own)).collect(),
            own_basis: view.own_basis.as_ref().map_or_else(String::new, basis),
            devices: view.handovers.as_ref().filter(|counts| counts.handovers > 0).map(|counts| Devices {
                rows: counts
                    .programmes
                    .iter()
                    .map(|one| {
                        [
                            topic(&t, &one.programme),
                            t.n(one.handovers),
                            t.n(one.people),
                            t.idr(one.value),
                            rows_of(&one.programme),
                        ]
                    })
                    .collect(),
                handovers: t.n(counts.handovers),
                people: t.n(counts.people),
                value: t.idr_short(counts.value),
                value_note: t.idr_note(counts.value),
                basis: basis(&counts.basis),
            }),
            rows: super::alat::address(Some(year), ""),
            csv: format!("/anggaran/csv?tahun={year}&per={}", view.on),
            shell,
            t,
        }
    }
}

/// The days on which something was published for the year.
fn days(t: &Tongue, view: &BudgetView) -> Vec<(String, String, bool)> {
    let ceilings = view.lines.iter().flat_map(|at| at.line.ceilings.iter().map(|one| one.valid_from));
    let spent = view.lines.iter().flat_map(|at| at.line.realisations.iter().map(|one| one.as_of));
    let reached = view.reach.iter().flat_map(|at| at.published.iter().map(|(_, one)| one.as_of));
    let days: BTreeSet<Date> = ceilings.chain(spent).chain(reached).collect();
    let tab = |day: Date| {
        let address = format!("/anggaran?tahun={}&per={day}", view.fiscal_year);
        (address, t.day(day), day == view.on)
    };
    days.into_iter().map(tab).collect()
}

fn groups(t: &Tongue, view: &BudgetView) -> Vec<Group> {
    let scopes: BTreeSet<&str> = view.lines.iter().map(|at| at.line.key.scope.as_str()).collect();
    scopes
        .into_iter()
        .map(|scope| {
            let mut lines: Vec<&LineAt> = view.lines.iter().filter(|at| at.line.key.scope == scope).collect();
            // What holds other lines stands above them.
            lines.sort_by_key(|at| (!is_tag(t, at), own_unit(at).is_some()));
            Group {
                title: t.code("budget-scope", scope),
                lines: lines.iter().map(|at| line_row(t, at)).collect(),
                published: lines.iter().flat_map(|at| published(t, at)).collect(),
            }
        })
        .collect()
}

/// A tag across programmes, or a whole ministry: not one programme beside others.
fn is_tag(t: &Tongue, at: &LineAt) -> bool {
    t.policy().figures().topics.get(&at.line.key.programme).is_some_and(|topic| !topic.programme)
}

/// The unit of a line that is not of the whole ministry or state.
fn own_unit(at: &LineAt) -> Option<&str> {
    Some(at.line.key.unit.as_str()).filter(|unit| !matches!(*unit, OWN_SCOPE | "government"))
}

/// What a line is called: its programme; where it is all that a unit has, the unit.
fn name(t: &Tongue, at: &LineAt) -> String {
    match own_unit(at) {
        Some(unit) if is_tag(t, at) => t.code("budget-unit", unit),
        _ => topic(t, &at.line.key.programme),
    }
}

fn line_row(t: &Tongue, at: &LineAt) -> LineRow {
    let LineKey { programme, funding, unit, account, .. } = &at.line.key;
    let unknown = || "–".to_owned();
    let money = |amount: Option<Rupiah>| amount.map_or_else(unknown, |amount| t.idr_short(amount));
    let account = if account.is_empty() { String::new() } else { t.code("budget-account", account) };
    let whole = is_tag(t, at) && own_unit(at).is_none();
    let tag = if whole { t.say("web-budget-tag") } else { String::new() };
    let unit = if is_tag(t, at) && !whole { String::new() } else { t.code("budget-unit", unit) };
    let about = [tag, funding_words(t, funding), unit, account];
    let about: Vec<String> = about.into_iter().filter(|part| !part.is_empty()).collect();
    let (ceiling, realised) = (at.in_force.as_ref(), at.realised.as_ref());
    LineRow {
        name: name(t, at),
        href: if whole || !is_tag(t, at) { href(t, programme) } else { String::new() },
        about: about.join(" · "),
        ceiling: if at.line.ceilings.is_empty() {
            t.say("web-budget-no-ceiling")
        } else {
            money(ceiling.map(|one| one.ceiling))
        },
        since: ceiling
            .map_or_else(String::new, |one| t.one("web-budget-since", "day", t.day(one.valid_from))),
        blocked: money(ceiling.and_then(|one| one.blocked)),
        gross: money(realised.map(|one| one.gross)),
        returned: money(realised.and_then(|one| one.returned)),
        net: money(realised.map(policy::Realisation::net)),
        share: at.absorption.map_or_else(unknown, |one| t.share(one.permille, 1000)),
        width: at.absorption.map_or_else(String::new, |one| {
            let tenths = one.permille.clamp(0, 1000);
            format!("{}.{}", tenths / 10, tenths % 10)
        }),
        as_of: realised.map_or_else(String::new, |one| t.one("web-budget-as-of", "day", t.day(one.as_of))),
    }
}

/// Where the money is from; nothing where the source is silent.
fn funding_words(t: &Tongue, funding: &str) -> String {
    if funding.is_empty() { String::new() } else { t.code("budget-funding", funding) }
}

fn reach(t: &Tongue, view: &BudgetView) -> Option<Reach> {
    if view.reach.is_empty() {
        return None;
    }
    let published = view.reach.iter().flat_map(|at| {
        at.published.iter().map(|(kind, one)| Published {
            name: topic(t, &at.key.programme),
            day: t.day(one.as_of),
            what: kind_words(t, *kind),
            amount: counted(t, at, one.number),
            source: source(t, &one.source),
            figure: one.figure.clone(),
            note: one.note.as_ref().map_or_else(String::new, |note| t.label(note).to_owned()),
        })
    });
    Some(Reach {
        rows: view.reach.iter().map(|at| reach_row(t, at)).collect(),
        published: published.collect(),
        csv: format!("/anggaran/csv?tahun={}&per={}&isi=sasaran", view.fiscal_year, view.on),
    })
}

fn reach_row(t: &Tongue, at: &ReachAt) -> ReachRow {
    let number = |key: &str, one: &Option<Reached>| match one {
        Some(one) => (counted(t, at, one.number), t.one(key, "day", t.day(one.as_of))),
        None => ("–".to_owned(), String::new()),
    };
    let decided = at.decided.as_ref();
    ReachRow {
        name: topic(t, &at.key.programme),
        about: funding_words(t, &at.key.funding),
        published: [
            number("web-budget-since", &at.target),
            number("web-budget-as-of", &at.stock),
            number("web-budget-as-of", &at.realised),
        ],
        decided: decided.map_or_else(
            || ("–".to_owned(), String::new()),
            |one| (t.count("web-reach-families", one.families), t.period(&one.period)),
        ),
        list: decided.map_or_else(String::new, |one| format!("/keputusan/{}", one.run)),
    }
}

/// A number with what it counts.
fn counted(t: &Tongue, at: &ReachAt, number: i64) -> String {
    format!("{} {}", t.n(number), t.code("figure-unit", &at.key.counted))
}

/// The figures of the register on the same topic; empty when there are none.
fn href(t: &Tongue, programme: &str) -> String {
    let any = t.policy().figures().register.iter().any(|figure| figure.topic == programme);
    if any { format!("/angka?topik={programme}") } else { String::new() }
}

fn published(t: &Tongue, at: &LineAt) -> Vec<Published> {
    let about =
        |note: &Option<Label>| note.as_ref().map_or_else(String::new, |note| t.label(note).to_owned());
    let name = name(t, at);
    let ceilings = at.line.ceilings.iter().map(|one| Published {
        name: name.clone(),
        day: t.day(one.valid_from),
        what: t.say("web-budget-ceiling"),
        amount: t.idr(one.ceiling),
        source: source(t, &one.source),
        figure: one.figure.clone(),
        note: about(&one.note),
    });
    let spent = at.line.realisations.iter().map(|one| Published {
        name: name.clone(),
        day: t.day(one.as_of),
        what: t.say(if one.derived { "web-budget-spent-derived" } else { "web-budget-spent" }),
        amount: t.idr(one.gross),
        source: source(t, &one.source),
        figure: one.figure.clone(),
        note: about(&one.note),
    });
    ceilings.chain(spent).collect()
}

fn own_row(t: &Tongue, view: &BudgetView, own: &report::OwnMoney) -> OwnRow {
    let published = view.lines.iter().find(|at| {
        at.line.key.scope == OWN_SCOPE && at.line.key.programme == own.programme && at.absorption.is_some()
    });
    OwnRow {
        name: topic(t, &own.programme),
        topped_up: t.idr_short(own.topped_up),
        returned: t.idr_short(own.returned),
        net: t.idr_short(own.net),
        published: published
            .and_then(|at| at.absorption)
            .map_or_else(|| "–".to_owned(), |used| t.idr_short(used.net)),
    }
}
