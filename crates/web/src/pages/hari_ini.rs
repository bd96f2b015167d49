//! My day: what is late, due today and due this week, and the families to whom one of these cases leads as a visit, in the order of the
//! way. Families of whom a kept photograph says where they live come first, by distance ([`casework::way`]); the others by village, then
//! RW, RT and address. The page tells distances and no coordinates. Prints on one sheet, with room for notes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use askama::Template;
use casework::{
    MyDay,
    views::CaseRow,
    way::{self, Place},
};
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
    /// How it comes to stand where it does.
    pub(crate) leg: Leg,
}

/// Why a family stands at its place on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leg {
    /// The way by distance begins here.
    First,
    /// Metres through the air from the family before.
    Metres(i64),
    /// By village and address: nobody knows where it is.
    Address,
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

impl DayPage {
    /// Why a stop comes next, in words.
    fn leg(&self, stop: &Stop) -> String {
        match stop.leg {
            Leg::First => self.t.say("web-way-first"),
            Leg::Metres(metres) => self.t.one("web-way-metres", "n", self.t.n(metres)),
            Leg::Address => self.t.say("web-way-by-address"),
        }
    }

    /// The whole way by distance, where it has more than one family.
    fn whole(&self) -> Option<String> {
        let legs = self.stops.iter().filter_map(|stop| match stop.leg {
            Leg::Metres(metres) => Some(metres),
            _ => None,
        });
        let (count, metres) = legs.fold((1, 0), |(count, sum), metres| (count + 1, sum + metres));
        (count > 1)
            .then(|| self.t.two("web-way-whole", "families", self.t.n(count), "metres", self.t.n(metres)))
    }
}

pub(crate) async fn mine(visit: Visit) -> Answer {
    let day = visit.ask("case.read", casework::my_day).await?;
    let wanted: BTreeSet<FamilyId> =
        visits(&day).map(|row| row.family).filter(|family| family.0 != 0).collect();
    let wanted: Vec<FamilyId> = wanted.into_iter().collect();
    let of = wanted.clone();
    let places = visit.ask("case.read", move |house, scope| casework::places_of(house, scope, &of)).await?;
    let dwellings = if visit.session.may("family.read") {
        visit.ask("family.read", move |house, scope| registry::views::dwellings(house, scope, wanted)).await?
    } else {
        BTreeMap::new()
    };
    let names = visit.names(dwellings.values().map(|one| one.region.clone())).await?;
    let stops = by_distance(stops_of(&day, &dwellings, &names), &places);
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

/// The tasks of the day whose next step is a visit.
fn visits(day: &MyDay) -> impl Iterator<Item = &CaseRow> {
    let all = day.late.iter().chain(&day.due_today).chain(&day.this_week);
    all.filter(|row| day.visits.contains(&row.case.0))
}

/// Families whose place is known, by distance; behind them the others, as they stand.
fn by_distance(stops: Vec<Stop>, places: &BTreeMap<i64, Place>) -> Vec<Stop> {
    let is_placed = |stop: &Stop| places.contains_key(&stop.family.0);
    let (placed, others): (Vec<Stop>, Vec<Stop>) = stops.into_iter().partition(is_placed);
    let at: Vec<Place> = placed.iter().filter_map(|stop| places.get(&stop.family.0).copied()).collect();
    let mut placed: Vec<Option<Stop>> = placed.into_iter().map(Some).collect();
    let mut before: Option<usize> = None;
    let mut ordered = Vec::with_capacity(placed.len() + others.len());
    for number in way::way(&at) {
        let Some(mut stop) = placed[number].take() else { continue };
        stop.leg = before.map_or(Leg::First, |before| Leg::Metres(way::metres(at[before], at[number])));
        before = Some(number);
        ordered.push(stop);
    }
    ordered.extend(others);
    ordered
}

/// Each family once, by village and address.
fn stops_of(day: &MyDay, dwellings: &BTreeMap<i64, Dwelling>, names: &HashMap<String, String>) -> Vec<Stop> {
    let mut stops: BTreeMap<i64, Stop> = BTreeMap::new();
    for row in visits(day) {
        let Some(dwelling) = dwellings.get(&row.family.0) else { continue };
        let stop = stops.entry(row.family.0).or_insert_with(|| Stop {
            family: row.family,
            name: dwelling.head_name.clone(),
            village: names.get(&dwelling.region).cloned().unwrap_or_else(|| dwelling.region.clone()),
            dwelling: dwelling.clone(),
            cases: Vec::new(),
            leg: Leg::Address,
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
            leg: Leg::Address,
        }
    }

    /// Families with a place come first and by distance, the others stay as they were; nobody is lost.
    #[test]
    fn who_has_no_place_comes_behind_in_the_old_order() {
        let stops = (1..=5).map(|family| stop(family, "99.01.01.2001", None, None)).collect();
        let at = |lon_e4| Place { lat_e4: -62_000, lon_e4 };
        let places = BTreeMap::from([(1, at(1_068_000)), (3, at(1_068_900)), (4, at(1_068_100))]);
        let met: Vec<(i64, Leg)> =
            by_distance(stops, &places).iter().map(|stop| (stop.family.0, stop.leg)).collect();
        let legs: Vec<i64> = met.iter().map(|one| one.0).collect();
        assert_eq!(legs, [1, 4, 3, 2, 5]);
        assert_eq!((met[0].1, met[3].1, met[4].1), (Leg::First, Leg::Address, Leg::Address));
        assert!(
            matches!(met[1].1, Leg::Metres(metres) if (1_000..1_200).contains(&metres)),
            "{:?}",
            met[1].1
        );
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
