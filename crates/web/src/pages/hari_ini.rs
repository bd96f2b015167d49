//! My day: what is late, due today and due this week, and the families that these cases are about in the order of the way: by village,
//! then RW, RT and address. The data have no coordinates, so nothing is said of metres. Prints on one sheet, with room for notes.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use casework::{MyDay, views::CaseRow};
use model::FamilyId;
use registry::views::Dwelling;

use super::tugas::{due_kind, due_text, title};
use crate::{
    lang::Tongue,
    shell::Shell,
    visit::{Answer, Visit, page},
};

/// A family on the way, and why one goes there.
pub(crate) struct Stop {
    pub(crate) family: FamilyId,
    pub(crate) name: String,
    pub(crate) village: String,
    pub(crate) dwelling: Dwelling,
    pub(crate) cases: Vec<CaseRow>,
}

#[derive(Template)]
#[template(path = "hari_ini.html")]
pub(crate) struct DayPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) parts: Vec<(&'static str, String, Vec<CaseRow>)>,
    pub(crate) stops: Vec<Stop>,
    pub(crate) week_ends: jiff::civil::Date,
    pub(crate) more: bool,
}

pub(crate) async fn mine(visit: Visit) -> Answer {
    let day = visit.ask("case.read", casework::my_day).await?;
    let wanted: Vec<FamilyId> = rows(&day).map(|row| row.family).filter(|family| family.0 != 0).collect();
    let dwellings = if visit.session.may("family.read") {
        visit.ask("family.read", move |house, scope| registry::views::dwellings(house, scope, wanted)).await?
    } else {
        BTreeMap::new()
    };
    let names = visit.names(dwellings.values().map(|one| one.region.clone())).await?;
    let stops = way(&day, &dwellings, &names);
    let t = visit.t();
    let parts = vec![
        ("h-lambat", t.say("web-late"), day.late),
        ("h-hari", t.say("web-today"), day.due_today),
        ("h-pekan", t.say("web-this-week"), day.this_week),
    ];
    page(&DayPage {
        trail: vec![("/tugas".into(), t.say("web-nav-tasks")), (String::new(), t.say("web-my-day"))],
        week_ends: day.week_ends,
        more: day.more,
        parts,
        stops,
        shell: visit.shell(),
        t,
    })
}

fn rows(day: &MyDay) -> impl Iterator<Item = &CaseRow> {
    day.late.iter().chain(&day.due_today).chain(&day.this_week)
}

/// Each family once, in the order of the way.
fn way(day: &MyDay, dwellings: &BTreeMap<i64, Dwelling>, names: &HashMap<String, String>) -> Vec<Stop> {
    let mut stops: BTreeMap<i64, Stop> = BTreeMap::new();
    for row in rows(day) {
        let Some(dwelling) = dwellings.get(&row.family.0) else { continue };
        let stop = stops.entry(row.family.0).or_insert_with(|| Stop {
            family: row.family,
            name: dwelling.head_name.clone(),
            village: names.get(&dwelling.region).cloned().unwrap_or_else(|| dwelling.region.clone()),
            dwelling: dwelling.clone(),
            cases: Vec::new(),
        });
        stop.cases.push(row.clone());
    }
    let mut stops: Vec<Stop> = stops.into_values().collect();
    stops.sort_by(|a, b| order(a).cmp(&order(b)));
    stops
}

/// Village, RW, RT, address; what is unknown comes last within its village.
fn order(stop: &Stop) -> (&str, i64, i64, &str, i64) {
    let one = &stop.dwelling;
    let last = |number: Option<i64>| number.unwrap_or(i64::MAX);
    (&one.region, last(one.rw), last(one.rt), one.address.as_deref().unwrap_or_default(), stop.family.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stop(family: i64, region: &str, rw: Option<i64>, rt: Option<i64>) -> Stop {
        let (head_name, region) = (String::new(), region.to_owned());
        Stop {
            family: FamilyId(family),
            name: String::new(),
            village: String::new(),
            dwelling: Dwelling { head_name, region, rw, rt, address: None },
            cases: Vec::new(),
        }
    }

    proptest! {
        /// No village, RW or RT is entered twice, and the unknown come last: whatever order the tasks came in.
        #[test]
        fn nobody_goes_back(
            homes in prop::collection::vec((0_u8..3, prop::option::of(1_i64..4), prop::option::of(1_i64..4)), 1..30),
        ) {
            let mut stops: Vec<Stop> = homes
                .iter()
                .zip(1..)
                .map(|((village, rw, rt), family)| stop(family, &format!("99.01.01.200{village}"), *rw, *rt))
                .collect();
            stops.sort_by(|a, b| order(a).cmp(&order(b)));
            let places: Vec<(String, Option<i64>, Option<i64>)> =
                stops.iter().map(|one| (one.dwelling.region.clone(), one.dwelling.rw, one.dwelling.rt)).collect();
            let mut once = places.clone();
            once.dedup();
            let entered = once.len();
            once.sort();
            once.dedup();
            prop_assert_eq!(entered, once.len(), "a place is left once");
            for pair in places.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
                prop_assert!(pair[0].1.is_some() || pair[1].1.is_none(), "the unknown RW comes last");
            }
        }
    }
}
