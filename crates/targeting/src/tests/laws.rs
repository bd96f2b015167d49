//! Row and column agree on whole programmes; unknown is never true; more places never take one away.

use std::collections::BTreeMap;

use arrow_array::{RecordBatch, cast::AsArray, types::Int64Type};
use model::{RegionCode, RegionLevel};
use policy::{Quota, ReasonWords, Together};
use rules::{Label, Value};

use super::{Dice, alone, pass, policy, population, wishes};
use crate::{
    FamilyOutcome,
    closing::value_at,
    columns::Judged,
    decide::text_column,
    family::{FamilyData, PersonData},
    members::{Bitmap, Members},
    pass::Pass,
    plan::{Bits, PlaceKind},
    quota::{Regions, give_places},
    settle::{Other, Settled, settle},
};

fn values(batch: &RecordBatch, row: usize, subject: &str) -> BTreeMap<String, Value> {
    let schema = batch.schema();
    let names = schema.fields().iter().map(|field| format!("{subject}.{}", field.name()));
    names.zip(batch.columns().iter().map(|column| value_at(column, row))).collect()
}

pub(super) fn family_data(families: &RecordBatch, people: &RecordBatch, row: usize) -> FamilyData {
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

/// What every family comes to by the first plan of a pass, with nothing known of other programmes.
pub(super) fn settled<'a>(
    pass: &'a Pass<'_>,
    judged: &'a Judged,
    families: &RecordBatch,
    number: usize,
    others: &[Other],
) -> Settled<'a> {
    let ids = families.column_by_name("family_id").unwrap().as_primitive::<Int64Type>().clone();
    let regions = Regions::new(&text_column(families, "region"));
    settle(pass, number, judged, ids.values(), &regions, others, None)
}

/// The answers to conditions that are asked of a family alone.
fn own_bits(settled: &Settled<'_>) -> Vec<Bits> {
    let mut bits = vec![Bits::default(); settled.families()];
    settled.bits(0, &mut bits);
    let asked = |place: &&crate::Place| !matches!(place.of, PlaceKind::Combination(_) | PlaceKind::Quota);
    let own: u64 = settled.plan.places.iter().filter(asked).map(crate::Place::bit).sum();
    for bits in &mut bits {
        *bits = Bits { held: bits.held & own, failed: bits.failed & own, unknown: bits.unknown & own };
    }
    bits
}

#[test]
fn programmes_decided_together_decide_each_family_as_one_rule_decides_one_family() {
    let policy = policy();
    let wishes = wishes(&policy);
    assert!(wishes.len() >= 2, "the pack has programmes to decide");
    let together = pass(&policy, &wishes);
    for (seed, gaps) in [(1, 0), (2, 10), (3, 40)] {
        let mut dice = Dice(seed);
        let (families, people) = population(&policy, 300, gaps, &mut dice);
        let all = together.judge(&families, &people).unwrap();
        let mut data: Vec<FamilyData> =
            (0..families.num_rows()).map(|row| family_data(&families, &people, row)).collect();
        for (number, plan) in together.plans.iter().enumerate() {
            let columns = settled(&together, &all, &families, number, &[]);
            let bits = own_bits(&columns);
            for (row, data) in data.iter_mut().enumerate() {
                let judged = plan.judge_family(data).unwrap();
                let key = (&plan.programme.key, seed, row);
                assert_eq!(bits[row], judged.bits, "{key:?}");
                assert_eq!(columns.worth(row).unwrap(), (judged.amount, judged.counted.trimmed), "{key:?}");
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
    for pass in alone(&policy) {
        let whole = pass.judge(&families, &people).unwrap();
        let cut = 111;
        let row = of.values().partition_point(|family| *family < ids.value(cut));
        let mut pieces = pass.judge(&families.slice(0, cut), &people.slice(0, row)).unwrap();
        let rest = (families.slice(cut, 300 - cut), people.slice(row, people.num_rows() - row));
        pieces.append(pass.judge(&rest.0, &rest.1).unwrap());
        assert_eq!(pieces, whole);
    }
}

#[test]
fn where_nothing_is_known_nobody_is_found_eligible_and_nobody_is_excluded() {
    let policy = policy();
    let (families, people) = population(&policy, 60, 100, &mut Dice(4));
    for pass in alone(&policy) {
        let judged = pass.judge(&families, &people).unwrap();
        let settled = settled(&pass, &judged, &families, 0, &[]);
        let (plan, bits) = (settled.plan, own_bits(&settled));
        for (row, bits) in bits.iter().enumerate() {
            // A condition that holds for a family of unknown people must be about counts, never about an
            // unknown value.
            let reason =
                settled.reason(row).unwrap_or_else(|| panic!("family {row} of {}", plan.programme.key));
            let place = &plan.places[reason as usize];
            assert!(bits.held & place.bit() == 0 || place.stops(plan.version));
        }
        for (c, component) in plan.components.iter().enumerate() {
            assert!(settled.qualified[c].iter().all(|n| *n == 0), "{}", component.code);
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
        let mut joined = Bitmap::new(&bits[..from].iter().copied().collect());
        joined.append(&Bitmap::new(&bits[from..].iter().copied().collect()));
        assert_eq!(joined, bitmap);
    }
}

#[test]
fn who_receives_a_programme_that_blocks_is_left_out_with_its_reason() {
    let policy = policy();
    let (families, people) = population(&policy, 300, 5, &mut Dice(8));
    let ids = families.column_by_name("family_id").unwrap().as_primitive::<Int64Type>().clone();
    let regions = Regions::new(&[Some("99.01.01.2001"); 300]);
    let mut blocked_once = false;
    for pass in alone(&policy) {
        let plan = &pass.plans[0];
        let line = plan.version.combinations.iter().position(|line| line.rule == Together::Blocks);
        let Some(combination) = line else { continue };
        let place = plan.place_of(PlaceKind::Combination(combination)).unwrap();
        let judged = pass.judge(&families, &people).unwrap();
        let settle_with = |recipients: Option<Vec<i64>>| {
            // What else it waits for is received by all who are not asked about here.
            let others = plan
                .version
                .combinations
                .iter()
                .enumerate()
                .filter(|(i, line)| *i != combination && line.rule == Together::Needs);
            let mut all: Vec<Other> = others
                .map(|(combination, _)| Other {
                    combination,
                    programme: String::new(),
                    recipients: Some(ids.values().to_vec()),
                })
                .collect();
            all.push(Other { combination, programme: String::new(), recipients });
            settle(&pass, 0, &judged, ids.values(), &regions, &all, None)
        };
        let free = settle_with(None);
        let none = settle_with(Some(Vec::new()));
        assert!((0..300).all(|row| none.outcome(row) == free.outcome(row)));
        let Some(first) = (0..300).find(|row| free.outcome(*row) == FamilyOutcome::Eligible) else {
            continue;
        };
        blocked_once = true;
        // Recipients that are not in this closing change nothing.
        let blocked = settle_with(Some(vec![-5, ids.value(first), ids.value(first) + 1, i64::MAX]));
        assert_eq!(blocked.outcome(first), FamilyOutcome::NotEligible);
        assert_eq!(blocked.reason(first), Some(place.place));
        let now =
            |settled: &Settled<'_>, outcome| (0..300).filter(|row| settled.outcome(*row) == outcome).count();
        let waiting = now(&free, FamilyOutcome::Waiting);
        let moved_up = usize::from(waiting > 0);
        assert_eq!(
            now(&blocked, FamilyOutcome::Waiting),
            waiting - moved_up,
            "the next in line takes the place"
        );
    }
    assert!(blocked_once || policy.programmes().len() <= 2, "a programme of the pack blocks another");
}

fn quota(share_permille: u32) -> Quota {
    let reason = ReasonWords { code: "KUOTA".into(), text: Label::default() };
    let (table, order) = (BTreeMap::new(), Vec::new());
    Quota { by: RegionLevel::District, table, ceiling: None, share_permille, order, reason }
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
            let places = give_places(&quota(share), &regions, &eligible, &[&order[0], &order[1]], None);
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
    let places = give_places(&quota, &regions, &[0, 1, 2, 3, 4], &[], None);
    assert_eq!(places.inside, [true, false, false, true, true]);
    assert_eq!(places.rank, [1, 2, 3, 1, 2]);
}
