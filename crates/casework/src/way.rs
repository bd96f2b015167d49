//! The way between places: a stated construction, the same for the same places. Pure: no I/O, no chance.
//!
//! From the first place on, always to the nearest one that was not visited (the first in number among equals); then pieces of the way are
//! turned round as long as that makes it shorter (2-opt), at most `ROUNDS_MAX` rounds. The same is done with the order by number, and
//! the shorter way is taken: so no way is ever longer than that order. Distances are those of the air on a sphere, in whole metres: roads
//! and rivers are not known.

/// Rounds in which pieces are turned.
const ROUNDS_MAX: usize = 40;
/// Most places of a way; beyond, the order by number stays.
pub const PLACES_MAX: usize = 200;
/// Mean radius of the earth in metres (IUGG).
const RADIUS_M: f64 = 6_371_009.0;

/// Where a photograph was taken, in ten-thousandths of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Latitude, north is positive.
    pub lat_e4: i64,
    /// Longitude, east is positive.
    pub lon_e4: i64,
}

/// Whole metres between two places through the air (haversine).
pub fn metres(a: Place, b: Place) -> i64 {
    let degrees = |e4: i64| (e4 as f64 / 10_000.0).to_radians();
    let (lat_a, lat_b) = (degrees(a.lat_e4), degrees(b.lat_e4));
    let half = |from: f64, to: f64| ((to - from) / 2.0).sin().powi(2);
    let across = half(degrees(a.lon_e4), degrees(b.lon_e4));
    let part = half(lat_a, lat_b) + lat_a.cos() * lat_b.cos() * across;
    (2.0 * RADIUS_M * part.clamp(0.0, 1.0).sqrt().asin()).round() as i64
}

/// Metres from place to place in an order of their numbers.
pub fn length(places: &[Place], order: &[usize]) -> i64 {
    order.windows(2).map(|pair| metres(places[pair[0]], places[pair[1]])).sum()
}

/// The numbers of the places in the order of the way; it begins with the first.
pub fn way(places: &[Place]) -> Vec<usize> {
    let by_number: Vec<usize> = (0..places.len()).collect();
    if places.len() < 3 || places.len() > PLACES_MAX {
        return by_number;
    }
    let nearest = turned(places, nearest_next(places));
    let other = turned(places, by_number);
    if length(places, &nearest) <= length(places, &other) { nearest } else { other }
}

fn nearest_next(places: &[Place]) -> Vec<usize> {
    let mut left: Vec<usize> = (1..places.len()).collect();
    let mut order = vec![0];
    let mut at = 0;
    while let Some(next) = left.iter().copied().min_by_key(|to| (metres(places[at], places[*to]), *to)) {
        left.retain(|one| *one != next);
        order.push(next);
        at = next;
    }
    order
}

/// Turns pieces round while that makes the way shorter. The first place stays; the way may end anywhere.
fn turned(places: &[Place], mut order: Vec<usize>) -> Vec<usize> {
    let far = |a: usize, b: usize| metres(places[a], places[b]);
    for _ in 0..ROUNDS_MAX {
        let mut shorter = false;
        for from in 1..order.len() {
            for to in from + 1..order.len() {
                let (before, first, last) = (order[from - 1], order[from], order[to]);
                let after = order.get(to + 1).copied();
                let now = far(before, first) + after.map_or(0, |after| far(last, after));
                let then = far(before, last) + after.map_or(0, |after| far(first, after));
                if then < now {
                    order[from..=to].reverse();
                    shorter = true;
                }
            }
        }
        if !shorter {
            break;
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn places() -> impl Strategy<Value = Vec<Place>> {
        let place = (-63_000_i64..-61_000, 1_067_000_i64..1_069_000)
            .prop_map(|(lat_e4, lon_e4)| Place { lat_e4, lon_e4 });
        prop::collection::vec(place, 0..40)
    }

    proptest! {
        /// A way visits each place once, begins with the first, is never longer than the order by number, and is the same on repeat.
        #[test]
        fn a_way_visits_each_once_and_is_never_longer_than_the_order_by_number(places in places()) {
            let found = way(&places);
            let mut once = found.clone();
            once.sort_unstable();
            let by_number: Vec<usize> = (0..places.len()).collect();
            prop_assert_eq!(&once, &by_number);
            prop_assert!(found.first().is_none_or(|first| *first == 0));
            prop_assert!(length(&places, &found) <= length(&places, &by_number));
            prop_assert_eq!(found, way(&places));
        }

        /// Places on a line, given in any order, are visited without turning back, where the first lies at its end.
        #[test]
        fn along_a_road_nobody_turns_back(mut at in prop::collection::vec(1_i64..2_000, 1..30)) {
            at.insert(0, 0);
            let road: Vec<Place> = at.iter().map(|lon| Place { lat_e4: 0, lon_e4: 1_060_000 + lon }).collect();
            let met: Vec<i64> = way(&road).into_iter().map(|one| at[one]).collect();
            prop_assert!(met.is_sorted(), "{:?}", met);
        }

        /// Distances are those between two places, whichever way one goes.
        #[test]
        fn there_is_as_far_as_back(places in prop::collection::vec(places(), 2)) {
            for (a, b) in places[0].iter().zip(&places[1]) {
                prop_assert_eq!(metres(*a, *b), metres(*b, *a));
                prop_assert_eq!(metres(*a, *a), 0);
            }
        }
    }

    /// A degree of longitude on the equator: 2 pi R / 360.
    #[test]
    fn a_degree_on_the_equator_is_111_kilometres() {
        let (a, b) = (Place { lat_e4: 0, lon_e4: 0 }, Place { lat_e4: 0, lon_e4: 10_000 });
        assert_eq!(metres(a, b), 111_195);
    }
}
