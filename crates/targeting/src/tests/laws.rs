//! Row and column agree on whole programmes; unknown is never true; more places never take one away.

use std::collections::BTreeMap;

use arrow_array::{Array, RecordBatch, cast::AsArray, types::Int64Type};
use model::{RegionCode, RegionLevel};
use policy::{Quota, ReasonWords, Together};
use rules::{Label, Value};

use super::{Dice, plans, policy, population};
use crate::{
    FamilyOutcome,
    closing::value_at,
    family::{FamilyData, PersonData},
    members::{Bitmap, Members},
    plan::PlaceKind,
    quota::{Regions, give_places},
    settle::{Other, Settled, settle},
};

fn values(batch: &RecordBatch, row: usize, subject: &str) -> BTreeMap<String, Value> {
    let schema = batch.schema();
    let names = schema.fields().iter().map(|field| format!("{subject}.{}", field.name()));
    names.zip(batch.columns().iter().map(|column| value_at(column, row))).collect()
}

fn family_data(families: &RecordBatch, people: &RecordBatch, row: usize) -> FamilyData {
    let id = |batch: &RecordBatch, row: usize| {
        batch.column_by_name("family_id").unwrap().as_primitive::<Int64Type>().value(row)
    };
    let mut data = FamilyData { values: values(families, row, "family"), ..FamilyData::default() };
    for person in (0..people.num_rows()).filter(|&person| id(people, person) == id(families, row)) {
        let values = values(people, person, "person");
        let born =
            if let Some(Value::Date(days)) = values.get("person.birth_date") { Some(*days) } else { None };
        data.people.push(PersonData { person_id: person as i64, born, values });
    }
    data
}

#[test]
fn a_programme_decides_a_population_as_it_decides_each_family() {
    let policy = policy();
    let plans = plans(&policy);
    assert!(plans.len() >= 2, "the pack has programmes to decide");
    for (seed, gaps) in [(1, 0), (2, 10), (3, 40)] {
        let mut dice = Dice(seed);
        let (families, people) = population(&policy, 400, gaps, &mut dice);
        for plan in &plans {
            let columns = plan.judge(&families, &people).unwrap();
            for row in 0..families.num_rows() {
                let judged = plan.judge_family(&mut family_data(&families, &people, row)).unwrap();
                let key = (&plan.programme.key, seed, row);
                assert_eq!(columns.bits[row], judged.bits, "{key:?}");
                assert_eq!(columns.amount[row], judged.amount.idr(), "{key:?}");
                assert_eq!(columns.trimmed[row], judged.counted.trimmed.idr(), "{key:?}");
                for c in 0..plan.components.len() {
                    let counted = judged.counted.who.iter().filter(|(_, of)| *of == c).count();
                    assert_eq!(usize::from(columns.counted[c][row].unsigned_abs()), counted, "{key:?}");
                }
                let asked = judged.bits.held | judged.bits.failed | judged.bits.unknown;
                assert_eq!(judged.bits.held & judged.bits.failed, 0);
                assert_eq!((judged.bits.held | judged.bits.failed) & judged.bits.unknown, 0);
                assert_eq!(
                    asked.count_ones() as usize,
                    judged.traces.len() + usize::from(plan.version.needs_component.is_some())
                );
            }
        }
    }
}

#[test]
fn a_chunk_is_judged_alike_wherever_it_is_cut() {
    let policy = policy();
    let (families, people) = population(&policy, 300, 15, &mut Dice(9));
    let of = people.column_by_name("family_id").unwrap().as_primitive::<Int64Type>().clone();
    let ids = families.column_by_name("family_id").unwrap().as_primitive::<Int64Type>().clone();
    for plan in plans(&policy) {
        let whole = plan.judge(&families, &people).unwrap();
        let cut = 111;
        let row = of.values().partition_point(|family| *family < ids.value(cut));
        let mut pieces = plan.judge(&families.slice(0, cut), &people.slice(0, row)).unwrap();
        let rest = (families.slice(cut, 300 - cut), people.slice(row, people.num_rows() - row));
        pieces.append(plan.judge(&rest.0, &rest.1).unwrap());
        assert_eq!(pieces, whole);
    }
}

#[test]
fn where_nothing_is_known_nobody_is_found_eligible_and_nobody_is_excluded() {
    let policy = policy();
    let (families, people) = population(&policy, 60, 100, &mut Dice(4));
    for plan in plans(&policy) {
        let judged = plan.judge(&families, &people).unwrap();
        for (row, bits) in judged.bits.iter().enumerate() {
            assert!(!plan.passes(bits), "family {row} of {}", plan.programme.key);
            // A condition that holds for a family of unknown people must be about counts, never about an
            // unknown value.
            let reason = plan.main_reason(bits).unwrap();
            assert!(bits.held & (1 << reason) == 0 || plan.places[reason as usize].stops(plan.version));
        }
        for (c, component) in plan.components.iter().enumerate() {
            assert!(judged.qualified[c].iter().all(|n| *n == 0), "{}", component.code);
        }
    }
}

#[test]
fn reductions_see_exactly_the_members_of_a_family() {
    let families = [3, 5, 8, 9];
    let people = [3, 3, 8, 8, 8];
    let members = Members::of(&families, &people).unwrap();
    let ranges: Vec<_> = members.ranges().collect();
    assert_eq!(ranges, [0..2, 2..2, 2..5, 5..5]);
    assert!(Members::of(&families, &[3, 4, 5]).is_none(), "a person without a family is an error, not lost");
    assert!(Members::of(&families, &[3, 10]).is_none());

    let mut dice = Dice(5);
    for _ in 0..200 {
        let bits: Vec<bool> = (0..dice.below(300)).map(|_| dice.chance(50)).collect();
        let bitmap = Bitmap::new(&bits.iter().copied().collect());
        let from = dice.below(bits.len() as u64 + 1) as usize;
        let to = from + dice.below((bits.len() - from) as u64 + 1) as usize;
        assert_eq!(bitmap.count(from..to) as usize, bits[from..to].iter().filter(|bit| **bit).count());
    }
}

#[test]
fn who_receives_a_programme_that_blocks_is_left_out_with_its_reason() {
    let policy = policy();
    let (families, people) = population(&policy, 300, 5, &mut Dice(8));
    let ids = families.column_by_name("family_id").unwrap().as_primitive::<Int64Type>().clone();
    let regions = Regions::new(&[Some("99.01.01.2001"); 300]);
    for plan in plans(&policy) {
        let line = plan.version.combinations.iter().position(|line| line.rule == Together::Blocks);
        let Some(combination) = line else { continue };
        let place = plan.place_of(PlaceKind::Combination(combination)).unwrap();
        let settle_with = |recipients: Option<Vec<i64>>| {
            let judged = plan.judge(&families, &people).unwrap();
            settle(&plan, judged, ids.values(), &regions, &[Other { combination, recipients }])
        };
        let free = settle_with(None);
        assert_eq!(settle_with(Some(Vec::new())).outcome, free.outcome);
        let first = free.outcome.iter().position(|outcome| *outcome == FamilyOutcome::Eligible).unwrap();
        // Recipients that are not in this closing change nothing.
        let blocked = settle_with(Some(vec![-5, ids.value(first), ids.value(first) + 1, i64::MAX]));
        assert_eq!(blocked.outcome[first], FamilyOutcome::NotEligible);
        assert_eq!(blocked.reason[first], Some(place.place));
        let now = |settled: &Settled, outcome| settled.outcome.iter().filter(|o| **o == outcome).count();
        let waiting = now(&free, FamilyOutcome::Waiting);
        let moved_up = usize::from(waiting > 0);
        assert_eq!(
            now(&blocked, FamilyOutcome::Waiting),
            waiting - moved_up,
            "the next in line takes the place"
        );
    }
}

fn quota(share_permille: u32) -> Quota {
    let reason = ReasonWords { code: "KUOTA".into(), text: Label::default() };
    Quota { by: RegionLevel::District, table: BTreeMap::new(), share_permille, order: Vec::new(), reason }
}

#[test]
fn places_go_in_order_within_each_region_and_more_places_take_none_away() {
    let mut dice = Dice(11);
    let villages = ["99.01.01.2001", "99.01.02.2001", "99.02.01.2001", ""];
    for _ in 0..40 {
        let n = 1 + dice.below(400) as usize;
        let of: Vec<&str> = (0..n).map(|_| villages[dice.below(4) as usize]).collect();
        let villages: Vec<Option<&str>> =
            of.iter().map(|village| (!village.is_empty()).then_some(*village)).collect();
        let regions = Regions::new(&villages);
        let eligible: Vec<u32> = (0..n as u32).filter(|_| dice.chance(60)).collect();
        let key = |dice: &mut Dice| if dice.chance(10) { u64::MAX } else { dice.below(4) };
        let order: Vec<Vec<u64>> = (0..2).map(|_| (0..n).map(|_| key(&mut dice)).collect()).collect();
        let mut before: Option<Vec<bool>> = None;
        for share in [0, 100, 300, 600, 1_000] {
            let places = give_places(&quota(share), &regions, &eligible, &order);
            for (a, &first) in eligible.iter().enumerate() {
                let district = |family: u32| of[family as usize].get(..5).unwrap_or_default();
                let better = |b: &u32| {
                    let rank = |family: u32| (order[0][family as usize], order[1][family as usize], family);
                    district(*b) == district(first) && rank(*b) < rank(first)
                };
                let ahead = eligible.iter().filter(|b| better(b)).count() as u32;
                assert_eq!(places.rank[a], ahead + 1);
            }
            for region in &places.regions {
                let inside = eligible.iter().zip(&places.inside).filter(|(family, inside)| {
                    **inside && of[**family as usize].get(..5).unwrap_or_default() == region.region
                });
                assert_eq!(inside.count() as u64, region.eligible.min(region.places));
            }
            if let Some(before) = &before {
                assert!(before.iter().zip(&places.inside).all(|(before, now)| !before || *now));
            }
            before = Some(places.inside);
        }
        assert!(before.unwrap().iter().all(|inside| *inside), "a place for every family of the region");
    }
}

#[test]
fn a_number_in_the_table_is_a_region_s_quota_whatever_its_share() {
    let mut quota = quota(1_000);
    quota.table.insert(RegionCode::parse("99.01").unwrap(), 1);
    let regions =
        Regions::new(&[[Some("99.01.01.2001"); 3].as_slice(), &[Some("99.02.01.2001"); 2]].concat());
    let places = give_places(&quota, &regions, &[0, 1, 2, 3, 4], &[]);
    assert_eq!(places.inside, [true, false, false, true, true]);
    assert_eq!(places.rank, [1, 2, 3, 1, 2]);
}

#[test]
fn every_family_has_a_condition_column_without_gaps() {
    let policy = policy();
    let (families, people) = population(&policy, 50, 30, &mut Dice(6));
    for plan in plans(&policy) {
        let judged = plan.judge(&families, &people).unwrap();
        assert_eq!(judged.bits.len(), families.num_rows());
        assert!(judged.order.iter().all(|keys| keys.len() == families.num_rows()));
        assert!(families.column(0).null_count() == 0);
    }
}
