//! Kept scenarios side by side: two to four of one closing and territory in a table, programme by programme, each beside the rule in
//! force. Nothing is worked out again: what was found stands as it was kept.

use std::collections::HashMap;

use askama::Template;
use axum::extract::Query;
use model::shown;
use targeting::{Comparison, Move, Part, Scenario, Side};

use super::simulasi::{cell, programme_name, signed};
use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    visit::{Answer, Visit, page},
};

/// Scenarios beside each other, fewest and most.
const FEWEST: usize = 2;
const MOST: usize = 4;

/// A programme: head of each column, and rows of figures.
pub(crate) struct Beside {
    pub(crate) name: String,
    pub(crate) period: String,
    pub(crate) rows: Vec<(String, Vec<String>)>,
}

/// The scenarios that can be chosen, and those that are shown.
#[derive(Template)]
#[template(path = "simulasi_banding.html")]
pub(crate) struct BesidePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    /// Number, name with closing and maker, chosen.
    pub(crate) choices: Vec<(i64, String, bool)>,
    /// Why those that were chosen are not shown; empty when they are, or nothing was chosen.
    pub(crate) wrong: String,
    /// Name and address of each scenario shown.
    pub(crate) heads: Vec<(String, String)>,
    pub(crate) programmes: Vec<Beside>,
}

/// `skenario[]` once for each chosen one; other fields are not read.
pub(crate) async fn show(visit: Visit, Query(asked): Query<Vec<(String, String)>>) -> Answer {
    let mut wanted: Vec<i64> = asked
        .iter()
        .filter(|(key, _)| matches!(key.as_str(), "skenario" | "skenario[]"))
        .filter_map(|(_, value)| value.parse().ok())
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    wanted.truncate(MOST + 1);
    let ids = wanted.clone();
    let (kept, chosen) = visit
        .ask("policy.read", move |house, scope| {
            let kept = targeting::scenarios(house, scope)?;
            let chosen = ids.iter().map(|id| targeting::scenario(house, scope, *id));
            Ok::<_, Fault>((kept, chosen.collect::<Result<Vec<_>, _>>()?))
        })
        .await?;
    let t = visit.t();
    let wrong = why_not(&chosen).map_or_else(String::new, |key| t.say(key));
    let beside: &[Scenario] = if wrong.is_empty() && chosen.len() >= FEWEST { &chosen } else { &[] };
    let codes =
        beside.iter().flat_map(|one| &one.found).flat_map(|one| &one.regions).map(|part| part.key.clone());
    let places = visit.names(codes).await?;
    let choice = |one: &Scenario| {
        let made = t.two("web-sim-made", "who", &one.made_by_name, "when", t.stamp(one.made_at_ms));
        let name = format!("{} · {} · {made}", one.name, t.period(&one.closing));
        (one.scenario_id, name, wanted.contains(&one.scenario_id))
    };
    page(&BesidePage {
        trail: vec![("/simulasi".into(), t.say("web-sim-title")), (String::new(), t.say("web-sim-beside"))],
        choices: kept.iter().map(choice).collect(),
        wrong,
        heads: beside
            .iter()
            .map(|one| (one.name.clone(), format!("/simulasi/{}", one.scenario_id)))
            .collect(),
        programmes: programmes(&t, beside, &places),
        shell: visit.shell(),
        t,
    })
}

/// Why scenarios cannot stand side by side.
fn why_not(chosen: &[Scenario]) -> Option<&'static str> {
    let first = chosen.first()?;
    if chosen.len() > MOST {
        return Some("web-sim-beside-many");
    }
    if chosen.len() < FEWEST {
        return Some("web-sim-beside-few");
    }
    let like = |one: &Scenario| one.closing == first.closing && one.region == first.region;
    (!chosen.iter().all(like)).then_some("web-sim-beside-unlike")
}

/// A table for each programme and period that some scenario asked about, in the order in which they come.
fn programmes(t: &Tongue, beside: &[Scenario], places: &HashMap<String, String>) -> Vec<Beside> {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for one in beside.iter().flat_map(|scenario| &scenario.found) {
        if !seen.contains(&(one.programme.as_str(), one.period.as_str())) {
            seen.push((&one.programme, &one.period));
        }
    }
    let table = |(programme, period): (&str, &str)| {
        let found = beside.iter().map(|scenario| {
            scenario.found.iter().find(|one| one.programme == programme && one.period == period)
        });
        Beside {
            name: programme_name(t, programme),
            period: t.period(period),
            rows: rows(t, &found.collect::<Vec<_>>(), places),
        }
    };
    seen.into_iter().map(table).collect()
}

/// Figures: first by the rule in force, then by each scenario; a dash where a scenario did not ask about the programme.
fn rows(
    t: &Tongue,
    found: &[Option<&Comparison>],
    places: &HashMap<String, String>,
) -> Vec<(String, Vec<String>)> {
    let dash = || "–".to_owned();
    let sides = |key: &str, of: &dyn Fn(&Side) -> String| {
        // The rule in force is one; where scenarios measured it otherwise (another truth), no single figure is told.
        let mut nows: Vec<String> = found.iter().flatten().map(|one| of(&one.sides[0])).collect();
        nows.dedup();
        let now = if nows.len() == 1 { nows.swap_remove(0) } else { dash() };
        let then = found.iter().map(|one| one.map_or_else(dash, |one| of(&one.sides[1])));
        (t.say(key), std::iter::once(now).chain(then).collect())
    };
    let only = |key: &str, of: &dyn Fn(&Comparison) -> String| {
        let then = found.iter().map(|one| one.map_or_else(dash, of));
        (t.say(key), std::iter::once(dash()).chain(then).collect::<Vec<String>>())
    };
    let permille = |n: Option<i64>| n.map_or_else(dash, |n| t.share(n, 1000));
    let moved = |what: Move| {
        move |one: &Comparison| {
            let families =
                one.moves.iter().find(|moved| moved.what == what).map_or(0, |moved| moved.families);
            cell(t, shown(families))
        }
    };
    let place = |part: &Part, change: i64| {
        let name = places.get(&part.key).cloned().unwrap_or_else(|| t.say("web-no-region"));
        format!("{name} ({})", signed(t, change))
    };
    let end = |wins: bool| {
        move |one: &Comparison| {
            let sign = if wins { 1 } else { -1 };
            let changes = one.regions.iter().filter_map(|part| Some((part, change_of(part)?)));
            let most =
                changes.filter(|(_, change)| change.signum() == sign).max_by_key(|(_, change)| change * sign);
            most.map_or_else(dash, |(part, change)| place(part, change))
        }
    };
    let count = |wins: bool| {
        move |one: &Comparison| {
            let sign = if wins { 1 } else { -1 };
            t.n(one.regions.iter().filter_map(change_of).filter(|change| change.signum() == sign).count())
        }
    };
    vec![
        sides("web-sim-receive", &|side| t.n(side.eligible)),
        sides("web-sim-wait", &|side| t.n(side.waiting)),
        sides("web-sim-cost", &|side| t.idr(side.amount_idr)),
        only("web-sim-change", &|one| {
            signed(t, one.sides[1].amount_idr.idr().saturating_sub(one.sides[0].amount_idr.idr()))
        }),
        only("web-sim-enters", &moved(Move::Enters)),
        only("web-sim-leaves", &moved(Move::Leaves)),
        sides("web-sim-gini", &|side| t.decimal(side.gini, 3)),
        sides("web-sim-exclusion", &|side| permille(side.coverage_permille.map(|covered| 1000 - covered))),
        sides("web-sim-inclusion", &|side| permille(side.inclusion_error_permille)),
        only("web-sim-regions-more", &count(true)),
        only("web-sim-regions-less", &count(false)),
        only("web-sim-region-most", &end(true)),
        only("web-sim-region-least", &end(false)),
    ]
}

/// What a region would receive more or less; none where it is hidden.
fn change_of(part: &Part) -> Option<i64> {
    let [before, after] = part.amount_idr;
    Some(after?.saturating_sub(before?))
}
