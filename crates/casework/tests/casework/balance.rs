//! Families shared out among companions: the laws, on random districts; and how long a nation takes.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use casework::pillar::balance::{Companion, District, FamilyNeed, Shared, Spread, balance, distance};
use model::{RegionCode, Sex};
use proptest::prelude::*;

const SPREAD: Spread = Spread { families: 15, permille: 50 };
const MOVE: i64 = 10_000_000;

fn village(at: u32) -> RegionCode {
    RegionCode::parse(&format!("99.01.{:02}.{:04}", at / 3 + 1, 2_001 + at % 3)).unwrap()
}

/// Districts of a few companions and villages, with and without needs, bars and present companions.
fn districts(companions: usize, families: usize) -> impl Strategy<Value = District> {
    let companion = (0_u32..6, 0_usize..3, 0_u64..4, prop::bool::ANY, 1_u32..8);
    let family = (
        0_u32..6,
        prop::option::weighted(0.6, 0_u32..5),
        0_u64..3,
        prop::option::weighted(0.2, prop::bool::ANY),
    );
    let sex = |female: bool| if female { Sex::Female } else { Sex::Male };
    (
        prop::collection::vec(companion, 1..=companions),
        prop::collection::vec(family, 0..=families),
        prop::collection::vec((0_usize..families.max(1), 0_u32..5), 0..4),
    )
        .prop_map(move |(companions, families, barred)| {
            let level = [2, 3, 4];
            let base = |at: u32, level: usize| {
                let code = village(at).as_str().split('.').take(level).collect::<Vec<_>>().join(".");
                RegionCode::parse(&code).unwrap()
            };
            let count = companions.len() as u32;
            let companions = companions.into_iter().enumerate().map(
                |(at, (place, depth, languages, female, capacity))| {
                    let base = base(place, level[depth]);
                    let (user, languages, sex) = (at as i64 + 1, languages | 1, Some(sex(female)));
                    Companion { user, base, share: capacity, capacity: capacity + 2, languages, sex }
                },
            );
            let families: Vec<FamilyNeed> = families
                .into_iter()
                .enumerate()
                .map(|(at, (village, present, languages, female))| FamilyNeed {
                    family: at as i64 + 100,
                    village,
                    present: present.filter(|at| *at < count),
                    languages,
                    sex: female.map(sex),
                })
                .collect();
            let barred = barred.into_iter().filter(|(family, at)| *family < families.len() && *at < count);
            let barred = barred.map(|(family, at)| (family as i64 + 100, at)).collect();
            District {
                villages: (0..6).map(village).collect(),
                companions: companions.collect(),
                families,
                barred,
            }
        })
}

/// Whether somebody may have a family at all.
fn may(district: &District, family: &FamilyNeed, at: u32) -> bool {
    let one = &district.companions[at as usize];
    (family.languages == 0 || one.languages & family.languages != 0)
        && family.sex.is_none_or(|sex| one.sex == Some(sex))
        && !district.barred.contains(&(family.family, at))
}

fn cost(district: &District, family: &FamilyNeed, at: u32) -> i64 {
    let far = distance(&district.villages[family.village as usize], &district.companions[at as usize].base);
    far + if family.present.is_some_and(|present| present != at) { MOVE } else { 0 }
}

/// Sum of the costs of an answer, for those who have somebody.
fn total(district: &District, shared: &Shared) -> i64 {
    let of = |(family, at): (&FamilyNeed, &Option<u32>)| at.map_or(0, |at| cost(district, family, at));
    district.families.iter().zip(&shared.companion).map(of).sum()
}

/// The least cost of any way to share everybody out within the bands, tried one by one; none when there is no way.
fn least(district: &District, band: &[(u32, u32)], at: usize, load: &mut [u32]) -> Option<i64> {
    let Some(family) = district.families.get(at) else {
        return load.iter().zip(band).all(|(load, (low, _))| load >= low).then_some(0);
    };
    let mut best = None;
    for to in 0..district.companions.len() {
        if load[to] < band[to].1 && may(district, family, to as u32) {
            load[to] += 1;
            if let Some(rest) = least(district, band, at + 1, load) {
                let all = rest + cost(district, family, to as u32);
                best = Some(best.map_or(all, |best: i64| best.min(all)));
            }
            load[to] -= 1;
        }
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn everybody_has_one_companion_who_may_and_nobody_is_beyond_capacity(district in districts(5, 60)) {
        let shared = balance(&district, SPREAD);
        prop_assert_eq!(shared.companion.len(), district.families.len());
        let mut load = vec![0_u32; district.companions.len()];
        for (family, at) in district.families.iter().zip(&shared.companion) {
            let Some(at) = at else { continue };
            prop_assert!(may(&district, family, *at), "family {} has somebody who may not", family.family);
            load[*at as usize] += 1;
        }
        prop_assert_eq!(&load, &shared.load);
        for (load, one) in load.iter().zip(&district.companions) {
            prop_assert!(*load <= one.capacity);
        }
        // Nobody is without a companion while one who may have the family has room.
        for (family, at) in district.families.iter().zip(&shared.companion).filter(|(_, at)| at.is_none()) {
            for to in 0..district.companions.len() as u32 {
                let full = load[to as usize] >= district.companions[to as usize].capacity;
                prop_assert!(full || !may(&district, family, to), "family {} could have {to}, has {at:?}", family.family);
            }
        }
    }

    #[test]
    fn loads_lie_within_the_band_where_no_need_stands_against_it(mut district in districts(5, 60), width in 1_u32..6) {
        for family in &mut district.families {
            (family.languages, family.sex) = (0, None);
        }
        district.barred.clear();
        let capacity: usize = district.companions.iter().map(|one| one.capacity as usize).sum();
        district.families.truncate(capacity);
        let shared = balance(&district, Spread { families: width, permille: 0 });
        prop_assert_eq!(&shared.strained, &Vec::<u32>::new());
        prop_assert!(shared.companion.iter().all(Option::is_some));
        for (load, (low, high)) in shared.load.iter().zip(&shared.band) {
            prop_assert!(low <= load && load <= high && high - low <= width);
        }
    }

    #[test]
    fn the_same_again_is_the_same_and_who_was_given_stays(district in districts(5, 60)) {
        let first = balance(&district, SPREAD);
        prop_assert_eq!(&first, &balance(&district, SPREAD));
        let mut next = district.clone();
        for (family, at) in next.families.iter_mut().zip(&first.companion) {
            family.present = *at;
        }
        prop_assert_eq!(&balance(&next, SPREAD).companion, &first.companion);
    }

    #[test]
    fn no_other_way_moves_fewer_families_or_goes_less_far(district in districts(3, 7), width in 1_u32..4) {
        let shared = balance(&district, Spread { families: width, permille: 0 });
        let mut load = vec![0; district.companions.len()];
        if let Some(least) = least(&district, &shared.band, 0, &mut load) {
            prop_assert!(shared.companion.iter().all(Option::is_some) && shared.strained.is_empty());
            prop_assert_eq!(total(&district, &shared), least);
        }
    }
}

#[test]
fn distance_is_told_in_levels_up_from_the_village() {
    let far = |base: &str| distance(&village(0), &RegionCode::parse(base).unwrap());
    let told =
        ["99.01.01.2001", "99.01.01.2002", "99.01.01", "99.01.02.2001", "99.01", "99.02", "98.01"].map(far);
    assert_eq!(told, [0, 1, 1, 2, 2, 3, 4]);
}

#[test]
fn nobody_to_choose_from_is_no_companion() {
    let family = FamilyNeed { family: 1, village: 0, present: None, languages: 0, sex: None };
    let district = District { villages: vec![village(0)], families: vec![family], ..District::default() };
    assert_eq!(balance(&district, SPREAD).companion, [None]);
}

/// A nation: 514 districts of very different size, most families with a companion already, some companions gone.
#[test]
#[ignore = "a measurement; cargo xtask bench pillars runs it"]
fn figures_of_a_nation() {
    let number =
        |name: &str, default: usize| std::env::var(name).ok().map_or(default, |text| text.parse().unwrap());
    let (families, companions) = (number("FAMILIES", 10_000_000), number("COMPANIONS", 34_000));
    let districts = 514;
    // Sizes from a fifth to three times the mean.
    let weight = |at: usize| 20 + (at * 7_919 % 281);
    let weights: usize = (0..districts).map(weight).sum();
    let next = AtomicUsize::new(0);
    let start = Instant::now();
    let totals: Vec<[usize; 5]> = std::thread::scope(|scope| {
        let work = || {
            let mut sums = [0_usize; 5];
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= districts {
                    return sums;
                }
                let upto = |all: usize, at: usize| all * (0..at).map(weight).sum::<usize>() / weights;
                let size = |all: usize| upto(all, at + 1) - upto(all, at);
                let district = invented(at, size(families), size(companions).max(1));
                let shared = balance(&district, SPREAD);
                let pairs = || district.families.iter().zip(&shared.companion);
                let band = shared.band.iter().zip(&shared.load);
                sums[0] += district.families.len();
                sums[1] += district.companions.len();
                sums[2] += pairs().filter(|(_, at)| at.is_none()).count();
                sums[3] +=
                    pairs().filter(|(family, at)| family.present.is_some() && family.present != **at).count();
                sums[4] += band.filter(|((low, high), load)| *load < low || *load > high).count();
            }
        };
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let seconds = start.elapsed().as_secs_f64();
    let sum = |at: usize| totals.iter().map(|sums| sums[at]).sum::<usize>();
    assert_eq!((sum(0), sum(2), sum(4)), (families, 0, 0), "all are placed, all within the band");
    println!(
        "{} families, {} companions, {districts} districts, 2 threads: {seconds:.1} s; {} moved; memory at most {} MB",
        sum(0),
        sum(1),
        sum(3),
        peak_mb()
    );
}

/// A district whose families live in villages of thirty each, half of a hundred with a companion who is gone or too far away.
fn invented(at: usize, families: usize, companions: usize) -> District {
    let villages = (families / 70).clamp(1, 600);
    let (province, regency) = (10 + at / 20, at % 20 + 1);
    let place = |village: usize| {
        RegionCode::parse(&format!(
            "{province:02}.{regency:02}.{:02}.{:04}",
            village / 12 + 1,
            2_001 + village % 12
        ))
        .unwrap()
    };
    let mut dice = at as u64 * 977 + 13;
    let mut roll = |sides: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) as usize % sides
    };
    let all: Vec<Companion> = (0..companions)
        .map(|one| Companion {
            user: one as i64 + 1,
            base: if one % 3 == 0 {
                place(one * villages / companions).parent().unwrap()
            } else {
                place(roll(villages))
            },
            share: 300,
            capacity: 400,
            languages: 1 | (u64::from(one % 2 == 0) << 1),
            sex: Some(if one % 3 == 1 { Sex::Male } else { Sex::Female }),
        })
        .collect();
    let needs = (0..families).map(|family| {
        let village = family * villages / families;
        // Where people live says who comes; one of eight is with somebody else, one of twenty with nobody.
        let near = village * companions / villages;
        let present = match roll(20) {
            0 => None,
            1 | 2 => Some(roll(companions)),
            _ => Some(near),
        };
        FamilyNeed {
            family: family as i64 + 1,
            village: village as u32,
            present: present.map(|at| at as u32),
            languages: if roll(50) == 0 { 2 } else { 0 },
            sex: (roll(100) == 0).then_some(Sex::Female),
        }
    });
    let needs = needs.collect();
    let barred =
        (0..companions as u32).map(|at| (i64::from(at) * 17 % families.max(1) as i64 + 1, at)).collect();
    District { villages: (0..villages).map(place).collect(), companions: all, families: needs, barred }
}

/// Largest memory of this process, in megabytes, where the system tells it.
fn peak_mb() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}
