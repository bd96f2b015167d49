//! Nobody is left out without notice: what a list before protects, for how long, and who takes the places that are free.

use std::path::Path;

use access::{House, Scope};
use arrow_array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, UInt32Array, cast::AsArray, types::Int64Type,
};
use model::{FamilyId, RegionCode, Rupiah, Silent};
use policy::{GoneKind, Setting};
use store::{Page, testing::TestDb};

use super::{
    Dice, alone, month, period, policy, population,
    service::{close, close_month, console, house, user},
};
use crate::{
    Change, ChangeLine, DecisionRun, Error, FamilyOutcome, NoticeState, Wish, approve, change_counts,
    change_lines, changes, decide_all, family_notices,
    gone::Fate,
    holders::{Gone, Holder, Holders, Standing},
    notices,
    quota::Regions,
    renew_notices, replay, run_families, run_page,
    settle::{Settled, settle},
};

const FAMILIES: usize = 400;
const VILLAGES: [&str; 3] = ["99.01.01.2001", "99.01.02.2001", "99.02.01.2001"];

/// Holders at random, on families that may or may not pass.
fn holders(dice: &mut Dice) -> Holders {
    let standing = |dice: &mut Dice| match dice.below(3) {
        0 => Standing::Receives,
        1 => Standing::Noticed(20_000),
        _ => Standing::Over,
    };
    let mut here = Vec::new();
    for row in 0..FAMILIES as u32 {
        if dice.chance(30) {
            here.push(Holder { row, amount: dice.between(1, 900_000), standing: standing(dice) });
        }
    }
    let mut gone = Vec::new();
    for number in 0..dice.below(12) {
        let fate = Fate { kind: GoneKind::Unknown, into: None };
        let (family, region) = (1_000_000 + number as i64, VILLAGES[dice.below(3) as usize].to_owned());
        let reserved = dice.chance(70);
        gone.push(Gone { family, region, amount: 1, standing: Standing::Receives, fate, reserved });
    }
    Holders { here, gone }
}

#[test]
fn whoever_has_no_notice_or_whose_notice_runs_keeps_what_it_had_and_newcomers_share_the_rest() {
    let policy = policy();
    let mut dice = Dice(77);
    let (families, people) = population(&policy, FAMILIES, 6, &mut dice);
    let ids: Int64Array = families.column_by_name("family_id").unwrap().as_primitive::<Int64Type>().clone();
    let of: Vec<Option<&str>> = (0..FAMILIES).map(|_| Some(VILLAGES[dice.below(3) as usize])).collect();
    let regions = Regions::new(&of);
    let (mut kept_ever, mut pushed_out) = (false, false);
    for pass in alone(&policy) {
        let plan = &pass.plans[0];
        let judged = pass.judge(&families, &people).unwrap();
        let free = settle(&pass, 0, &judged, ids.values(), &regions, &[], None);
        let held = holders(&mut dice);
        let now = settle(&pass, 0, &judged, ids.values(), &regions, &[], Some(&held));
        for row in 0..FAMILIES {
            let holder = held.at(row).filter(|holder| holder.standing != Standing::Over);
            match holder {
                Some(holder) => {
                    assert!(now.outcome(row).receives(), "{} row {row}", plan.programme.key);
                    let by_rule = free.outcome(row) == FamilyOutcome::Eligible;
                    assert_eq!(now.outcome(row) == FamilyOutcome::Eligible, by_rule, "a right stays a right");
                    let given = if by_rule { free.worth(row).unwrap().0 } else { Rupiah::new(holder.amount) };
                    assert_eq!(now.given(row).unwrap().0, given);
                    kept_ever |= !by_rule;
                }
                // Without protection nobody gains; who would have received may have to wait for a place.
                None => match (free.outcome(row), now.outcome(row)) {
                    (FamilyOutcome::Eligible, FamilyOutcome::Waiting) => pushed_out = true,
                    (before, after) => assert_eq!(before, after),
                },
            }
        }
        places_hold(&now, &held, &of);
        let none = Holders::default();
        let nobody = settle(&pass, 0, &judged, ids.values(), &regions, &[], Some(&none));
        assert!((0..FAMILIES).all(|row| nobody.outcome(row) == free.outcome(row)));
    }
    assert!(kept_ever && pushed_out);
}

/// Every family of a region that takes part is counted once, and newcomers come in only while there are places.
fn places_hold(now: &Settled<'_>, held: &Holders, of: &[Option<&str>]) {
    let (Some(places), Some(quota)) = (&now.places, &now.plan.version.quota) else { return };
    for region in &places.regions {
        let own = |row: &usize| {
            let village = RegionCode::parse(of[*row].unwrap_or_default()).unwrap();
            village.at(quota.by).to_string() == region.region
        };
        let count = |is: &dyn Fn(usize) -> bool| {
            (0..now.families()).filter(own).filter(|row| is(*row)).count() as u64
        };
        let by_rank = count(&|row| now.outcome(row) == FamilyOutcome::Kept && now.rank[row] > 0);
        assert_eq!(region.eligible, region.inside + region.waiting + by_rank);
        assert_eq!(region.kept, count(&|row| now.outcome(row) == FamilyOutcome::Kept));
        assert_eq!(region.inside, count(&|row| now.outcome(row) == FamilyOutcome::Eligible));
        let fresh = |row: usize| held.at(row).is_none_or(|holder| holder.standing == Standing::Over);
        let newcomers = count(&|row| now.outcome(row) == FamilyOutcome::Eligible && fresh(row));
        let village = |village: &str| RegionCode::parse(village).unwrap().at(quota.by).to_string();
        let reserved = held.reserved().filter(|one| village(one) == region.region).count() as u64;
        assert!(newcomers == 0 || region.inside + region.kept + reserved <= region.places, "{region:?}");
    }
}

/// All families of a run with a change.
fn changed(house: &House, run: &DecisionRun, what: Change) -> Vec<ChangeLine> {
    let scope = console(house, "decision.read");
    change_lines(house, &scope, &run.run, what, &Page::first(1_000))
        .unwrap()
        .items
        .into_iter()
        .map(|one| one.0)
        .collect()
}

/// A list of PKH for a period by the closing, with families that object.
fn decided(house: &House, of: &str, objecting: &[i64]) -> DecisionRun {
    decided_on(house, of, "2026-11", objecting)
}

fn decided_on(house: &House, of: &str, closing: &str, objecting: &[i64]) -> DecisionRun {
    let wish = Wish { programme: "PKH".to_owned(), period: period(of) };
    let scope = console(house, "decision.run");
    decide_all(house, &scope, &[wish], month(closing), objecting, &Silent).unwrap().remove(0)
}

/// Who approves lists, and did not make them.
fn checker(house: &House) -> Scope {
    user(house, "manajer", "programme_manager", "").scope("decision.approve").unwrap()
}

#[test]
fn an_exclusion_is_announced_waits_for_its_days_and_for_objections_and_then_ends() {
    for test in TestDb::all() {
        let mut house = house(&test);
        let (families, people) = population(&house.policy, 600, 6, &mut Dice(12));
        close(&house, &families, &people, 100);
        let checker = checker(&house);
        let approved = |house: &House, run: &DecisionRun| {
            approve(house, &checker, &run.run, &run.dataset_hash).unwrap();
        };
        let receivers = |house: &House, run: &DecisionRun, outcome| {
            let scope = console(house, "decision.read");
            let list = run_families(house, &scope, &run.run, outcome, &Page::first(1_000)).unwrap();
            list.items.into_iter().map(|line| (line.family_id, line.amount_idr)).collect::<Vec<_>>()
        };
        let third = decided(&house, "2026-T3", &[]);
        approved(&house, &third);
        assert!(changed(&house, &third, Change::Enters).is_empty(), "it follows no list");

        // The rule becomes stricter: nobody loses anything with the first list that says so.
        let limit = Setting { programme: "PKH".into(), name: "decile_max".into(), value: 2 };
        house.policy = std::sync::Arc::new(house.policy.variant(&[limit]).unwrap());
        let fourth = decided(&house, "2026-T4", &[]);
        let kept = receivers(&house, &fourth, FamilyOutcome::Kept);
        let before = receivers(&house, &third, FamilyOutcome::Eligible);
        assert!(kept.len() > 5 && kept.iter().all(|one| before.contains(one)), "{kept:?}");
        assert_eq!(fourth.totals.kept as usize, kept.len());
        let given: Vec<i64> =
            changed(&house, &fourth, Change::Noticed).iter().map(|line| line.family_id).collect();
        assert_eq!(given, kept.iter().map(|(family, _)| *family).collect::<Vec<_>>());
        every_change_is_summed(&house, &fourth);
        let open = || {
            let scope = console(&house, "decision.read");
            notices(&house, &scope, NoticeState::Open, &Page::first(1_000)).unwrap().items
        };
        assert!(open().is_empty(), "a draft announces nothing");
        nobody_is_left_out_in_silence(&house, &checker, &test.folder, &fourth);
        approved(&house, &fourth);
        assert_eq!(open().len(), kept.len());
        assert!(open().iter().all(|one| one.given_on == "2026-11-20" && one.until == "2026-12-20"));

        // The days are over with the next stage; who objects stays, and who was right begins anew.
        let (objects, right) = (given[0], given[1]);
        let scope = console(&house, "decision.approve");
        assert_eq!(renew_notices(&house, &scope, FamilyId(right), "test").unwrap(), 1);
        let next = decided(&house, "2027-T1", &[objects]);
        assert_eq!(
            changed(&house, &next, Change::StillNoticed).iter().map(|l| l.family_id).collect::<Vec<_>>(),
            [objects]
        );
        assert_eq!(
            changed(&house, &next, Change::Noticed).iter().map(|l| l.family_id).collect::<Vec<_>>(),
            [right]
        );
        let ended = changed(&house, &next, Change::Ends);
        assert_eq!(ended.len(), kept.len() - 2);
        assert!(ended.iter().all(|line| line.amount_idr == Rupiah::ZERO && line.before_idr > Rupiah::ZERO));
        approved(&house, &next);
        let states = |family: i64| {
            let scope = console(&house, "decision.read");
            let all = family_notices(&house, &scope, FamilyId(family)).unwrap();
            all.into_iter().map(|one| one.state).collect::<Vec<_>>()
        };
        assert_eq!(states(objects), [NoticeState::Open]);
        assert_eq!(states(ended[0].family_id), [NoticeState::InForce]);
        let mut of_right = states(right);
        of_right.sort_by_key(|state| state.word());
        assert_eq!(of_right, [NoticeState::Open, NoticeState::Withdrawn]);

        for run in [&fourth, &next] {
            let scope = console(&house, "decision.read");
            assert!(replay(&house, &scope, &run.run, &Silent).unwrap().same);
        }
        // With the old rule they pass again.
        house.policy = std::sync::Arc::new(policy());
        let back = decided(&house, "2027-T2", &[objects]);
        assert!(changed(&house, &back, Change::Restored).iter().any(|line| line.family_id == objects));
    }
}

#[test]
fn a_period_without_a_list_leaves_nobody_without_notice_and_a_year_without_one_begins_anew() {
    for test in TestDb::all() {
        let mut house = house(&test);
        let (families, people) = population(&house.policy, 600, 6, &mut Dice(12));
        close(&house, &families, &people, 100);
        let checker = checker(&house);
        let third = decided(&house, "2026-T3", &[]);
        approve(&house, &checker, &third.run, &third.dataset_hash).unwrap();
        let limit = Setting { programme: "PKH".into(), name: "decile_max".into(), value: 2 };
        house.policy = std::sync::Arc::new(house.policy.variant(&[limit]).unwrap());
        let skipped = decided(&house, "2027-T1", &[]);
        assert!(changed(&house, &skipped, Change::Noticed).len() > 5);
        let scope = console(&house, "decision.read");
        assert!(replay(&house, &scope, &skipped.run, &Silent).unwrap().same);
        let late = decided(&house, "2027-T4", &[]);
        assert!(Change::ALL.iter().all(|what| changed(&house, &late, *what).is_empty()));
    }
}

/// A list whose changes are lost cannot be approved: it could not tell anybody.
fn nobody_is_left_out_in_silence(house: &House, checker: &Scope, folder: &Path, run: &DecisionRun) {
    let changes = folder.join("lake/manifests").join(changes::dataset_name(run) + ".json");
    let aside = folder.join("aside.json");
    std::fs::rename(&changes, &aside).unwrap();
    let refused = approve(house, checker, &run.run, &run.dataset_hash);
    assert!(matches!(refused, Err(Error::BrokenRun { .. })), "{refused:?}");
    std::fs::rename(&aside, &changes).unwrap();
}

fn every_change_is_summed(house: &House, run: &DecisionRun) {
    let scope = console(house, "decision.read");
    let counts = change_counts(house, &scope, &run.run).unwrap();
    for what in Change::ALL {
        let lines = changed(house, run, what);
        let of = |level: usize| {
            let own = counts.iter().filter(|count| count.what == what && count.region.len() == level);
            own.map(|count| count.families).sum::<i64>()
        };
        assert_eq!(of(0), lines.len() as i64);
        assert_eq!(of(2), lines.iter().filter(|line| !line.region.is_empty()).count() as i64);
    }
    let view = run_page(house, &scope, &run.run).unwrap();
    let kept: i64 = view.quota.iter().map(|quota| quota.kept).sum();
    assert_eq!(kept, run.totals.kept);
    assert_eq!(Rupiah::sum(view.outcomes.iter().map(|one| one.amount_idr)), Ok(run.totals.amount_idr));
}

/// The rows of a batch that stay, by family and person; and what becomes of their family and life.
fn changed_people(people: &RecordBatch, of: impl Fn(i64) -> Option<(i64, Option<bool>)>) -> RecordBatch {
    let family = people.column_by_name("family_id").unwrap().as_primitive::<Int64Type>();
    let alive = people.column_by_name("alive").unwrap().as_boolean();
    let now: Vec<_> = family.values().iter().map(|family| of(*family)).collect();
    let families: Int64Array = now.iter().map(|one| one.map_or(0, |(family, _)| family)).collect();
    let lives: BooleanArray =
        now.iter().zip(alive).map(|(one, alive)| one.and_then(|(_, told)| told).or(alive)).collect();
    let schema = people.schema();
    let columns = schema.fields().iter().zip(people.columns()).map(|(field, column)| {
        let column: ArrayRef = match field.name().as_str() {
            "family_id" => std::sync::Arc::new(families.clone()),
            "alive" => std::sync::Arc::new(lives.clone()),
            _ => std::sync::Arc::clone(column),
        };
        (field.name().clone(), column, true)
    });
    let all = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut stay: Vec<u32> = (0..now.len() as u32).filter(|row| now[*row as usize].is_some()).collect();
    stay.sort_by_key(|row| families.value(*row as usize));
    arrow_select::take::take_record_batch(&all, &UInt32Array::from(stay)).unwrap()
}

/// The families that are not among those that are gone.
fn without(families: &RecordBatch, gone: &[i64]) -> RecordBatch {
    let ids = families.column_by_name("family_id").unwrap().as_primitive::<Int64Type>();
    let stay: BooleanArray = ids.values().iter().map(|id| Some(!gone.contains(id))).collect();
    arrow_select::filter::filter_record_batch(families, &stay).unwrap()
}

#[test]
fn a_family_that_is_gone_is_told_why_and_keeps_its_place_while_it_may_come_back() {
    for test in TestDb::all() {
        let house = house(&test);
        let (families, people) = population(&house.policy, 600, 6, &mut Dice(12));
        close(&house, &families, &people, 100);
        let checker = checker(&house);
        let approved = |run: &DecisionRun| approve(&house, &checker, &run.run, &run.dataset_hash).unwrap();
        let scope = console(&house, "decision.read");
        let outcomes = |run: &DecisionRun, outcome| -> Vec<i64> {
            let list = run_families(&house, &scope, &run.run, outcome, &Page::first(1_000)).unwrap();
            list.items.iter().map(|line| line.family_id).collect()
        };
        let third = decided(&house, "2026-T3", &[]);
        approved(&third);
        let receivers = outcomes(&third, FamilyOutcome::Eligible);
        let [merged, died, lost, stays_lost, ..] = receivers[..] else { panic!("{receivers:?}") };
        let gone = [merged, died, lost, stays_lost];
        // Someone who did not receive takes in the family that is merged.
        let heir = outcomes(&third, FamilyOutcome::NotEligible)[0];
        let other = receivers[5];
        let december = changed_people(&people, |family| match family {
            family if family == merged => Some((heir, Some(true))),
            family if family == died => Some((other, Some(false))),
            family if family == lost || family == stays_lost => None,
            family => Some((family, None)),
        });
        close_month(&house, "2026-12", &without(&families, &gone), &december, 100);

        let fourth = decided_on(&house, "2026-T4", "2026-12", &[]);
        let told = |what: Change| -> Vec<(i64, String, Option<i64>)> {
            let lines = change_lines(&house, &scope, &fourth.run, what, &Page::first(1_000)).unwrap().items;
            lines.into_iter().map(|(line, code, _)| (line.family_id, code, line.into)).collect()
        };
        assert_eq!(told(Change::Merged), [(merged, "KELUARGA_GABUNG".to_owned(), Some(heir))]);
        assert_eq!(told(Change::Dissolved), [(died, "KELUARGA_MENINGGAL".to_owned(), None)]);
        let lost_code = |family| (family, "KELUARGA_TIDAK_TERDAFTAR".to_owned(), None);
        assert_eq!(told(Change::Gone), [lost_code(lost), lost_code(stays_lost)]);
        // The right went over: the family that has them now leaves only after notice.
        let receives: Vec<i64> =
            [FamilyOutcome::Eligible, FamilyOutcome::Kept].map(|one| outcomes(&fourth, one)).concat();
        assert!(receives.contains(&heir) && !receives.contains(&merged));
        every_change_is_summed(&house, &fourth);
        approved(&fourth);
        let states = |family: i64| {
            let all = family_notices(&house, &scope, FamilyId(family)).unwrap();
            all.into_iter().map(|one| (one.state, one.reason, one.gone)).collect::<Vec<_>>()
        };
        assert_eq!(states(merged), [(NoticeState::InForce, "KELUARGA_GABUNG".to_owned(), true)]);
        assert_eq!(states(died), [(NoticeState::InForce, "KELUARGA_MENINGGAL".to_owned(), true)]);
        assert_eq!(states(lost), [(NoticeState::Open, "KELUARGA_TIDAK_TERDAFTAR".to_owned(), true)]);
        let letter = family_notices(&house, &scope, FamilyId(lost)).unwrap().remove(0);
        assert!(letter.remedy.is_some() && letter.reason_text.id != letter.reason, "{letter:?}");
        assert_eq!((letter.given_on.as_str(), letter.until.as_str()), ("2026-11-20", "2026-12-20"));

        // The days are over with the next stage: who is found again in time has what it had, who objects keeps the place.
        let back = changed_people(&people, |family| match family {
            family if family == merged => Some((heir, Some(true))),
            family if family == died => Some((other, Some(false))),
            family if family == stays_lost => None,
            family => Some((family, None)),
        });
        close_month(&house, "2027-01", &without(&families, &[merged, died, stays_lost]), &back, 100);
        let next = decided_on(&house, "2027-T1", "2027-01", &[lost]);
        let restored = changed(&house, &next, Change::Restored);
        assert!(restored.iter().any(|line| line.family_id == lost), "{restored:?}");
        let ended = changed(&house, &next, Change::Ends);
        assert!(ended.iter().any(|line| line.family_id == stays_lost && line.reason.is_some()));
        let objects = decided_on(&house, "2027-T1", "2027-01", &[stays_lost]);
        let still: Vec<i64> =
            changed(&house, &objects, Change::StillGone).iter().map(|line| line.family_id).collect();
        assert_eq!(still, [stays_lost]);
        approved(&next);
        assert_eq!(states(stays_lost)[0].0, NoticeState::InForce);
        assert_eq!(states(lost)[0].0, NoticeState::Withdrawn);
        for run in [&fourth, &next, &objects] {
            assert!(replay(&house, &scope, &run.run, &Silent).unwrap().same);
        }
    }
}
