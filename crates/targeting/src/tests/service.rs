//! The service on a small lake: the same run twice, counts that add up, explanations that agree, maker and
//! checker.

use std::sync::Arc;

use access::{House, NewUser, Scope, Session};
use arrow_array::RecordBatch;
use lake::{Lake, Origin, WriteOptions};
use model::{FixedClock, RegionCode, Rupiah, Silent};
use policy::{Policy, Setting};
use store::{Page, testing::TestDb};

use super::{Dice, month, period, population};
use crate::{
    Error, FamilyOutcome, Outside, Question, RunState, Wish, approve, decide, decide_all, explain,
    family_decisions, programme_page, programmes, queries, region_counts, run_families, run_page, runs,
    simulate, try_rule,
};

pub(super) fn house(test: &TestDb) -> House {
    House {
        db: test.db.clone(),
        lake: Lake::open(&test.folder.join("lake")).unwrap(),
        policy: Arc::new(Policy::embedded().unwrap()),
        clock: Arc::new(FixedClock::at(jiff::civil::date(2026, 11, 20))),
    }
}

pub(super) fn close(house: &House, families: &RecordBatch, people: &RecordBatch, row_group_rows: usize) {
    close_month(house, "2026-11", families, people, row_group_rows);
}

pub(super) fn close_month(
    house: &House,
    month: &str,
    families: &RecordBatch,
    people: &RecordBatch,
    row_group_rows: usize,
) {
    for (kind, batch) in [("families", families), ("persons", people)] {
        let options = WriteOptions {
            row_group_rows,
            sorted_by: vec!["family_id".to_owned()],
            ..WriteOptions::default()
        };
        let name = format!("closing/{month}/{kind}");
        let mut writer = house.lake.writer(&name, batch.schema(), options).unwrap();
        writer.write(batch).unwrap();
        writer.finish(Origin::default(), house.clock.as_ref()).unwrap();
    }
}

pub(super) fn user(house: &House, login: &str, role: &str, region: &str) -> Session {
    let console = Session::console(house).scope("user.manage").unwrap();
    let new = NewUser {
        login: login.to_owned(),
        name: login.to_owned(),
        role: role.to_owned(),
        region: RegionCode::parse(region).unwrap(),
        password: Some("kata-sandi-uji-2026".to_owned()),
    };
    access::create_user(house, &console, new).unwrap();
    access::session_of_login(house, &console, login).unwrap()
}

pub(super) fn console(house: &House, action: &str) -> Scope {
    Session::console(house).scope(action).unwrap()
}

#[test]
fn a_decision_is_made_once_explained_alike_and_approved_by_a_second_person() {
    for test in TestDb::all() {
        let house = house(&test);
        let (families, people) = population(&house.policy, 500, 12, &mut Dice(21));
        close(&house, &families, &people, 64);
        let scope = console(&house, "decision.run");
        let run = decide(&house, &scope, "PKH", period("2026-T4"), month("2026-11"), &Silent).unwrap();
        let totals = run.totals;
        assert_eq!(totals.families, 500);
        assert_eq!(totals.eligible + totals.waiting + totals.not_eligible, 500);
        assert!(totals.eligible > 0 && totals.waiting > 0 && totals.excluded > 0, "{totals:?}");

        let again = decide(&house, &scope, "PKH", period("2026-T4"), month("2026-11"), &Silent).unwrap();
        assert_eq!(again, run);
        every_view_adds_up(&house, &run.run);
        every_family_is_explained_as_decided(&house, &run.run, totals.amount_idr);
        only_the_territory_is_seen(&house, &run.run);

        let maker = approve(&house, &console(&house, "decision.approve"), &run.run, &run.dataset_hash);
        assert!(matches!(maker, Err(Error::MakerIsChecker)));
        let checker = user(&house, "manajer", "programme_manager", "").scope("decision.approve").unwrap();
        let wrong = approve(&house, &checker, &run.run, "another list");
        assert!(matches!(wrong, Err(Error::HashChanged)));
        let approved = approve(&house, &checker, &run.run, &run.dataset_hash).unwrap();
        assert_eq!((approved.state, approved.approved_by), (RunState::Approved, Some(checker.actor().0)));
        assert_eq!(approve(&house, &checker, &run.run, &run.dataset_hash).unwrap(), approved);
        assert_eq!(house.db.check(queries::ALL), []);
    }
}

fn every_view_adds_up(house: &House, run: &str) {
    let scope = console(house, "decision.read");
    let page = run_page(house, &scope, run).unwrap();
    let families: i64 = page.outcomes.iter().map(|count| count.families).sum();
    assert_eq!(families, page.run.totals.families);
    let reasons: i64 = page.reasons.iter().map(|reason| reason.families).sum();
    assert_eq!(reasons, page.run.totals.families - page.run.totals.eligible);
    let provinces = region_counts(house, &scope, run, &RegionCode::nation()).unwrap();
    let province = provinces.iter().find(|count| count.region == "99").unwrap();
    let districts = region_counts(house, &scope, run, &RegionCode::parse("99").unwrap()).unwrap();
    assert_eq!(districts.iter().map(|count| count.eligible).sum::<i64>(), province.eligible);
    assert_eq!(
        Rupiah::sum(districts.iter().map(|count| count.amount_idr)),
        Ok(province.amount_idr),
        "{districts:?}"
    );
    for quota in &page.quota {
        assert!(
            quota.used <= quota.places && quota.used + quota.waiting == quota.eligible && quota.kept == 0
        );
    }
    let programme = programme_page(house, &scope, "PKH", Some(run)).unwrap();
    assert_eq!(programme.runs.len(), 1);
    let (mut conditions, mut components) = (programme.conditions.iter(), programme.components.iter());
    assert!(conditions.any(|condition| condition.figures.is_some() && !condition.words.id.is_empty()));
    assert!(components.any(|component| component.figures.is_some_and(|figures| figures.counted > 0)));
    assert!(programmes(house, &scope).unwrap().iter().any(|line| line.latest.is_some()));
    assert_eq!(runs(house, &scope, &Page::default()).unwrap().items.len(), 1);
}

fn every_family_is_explained_as_decided(house: &House, run: &str, total: Rupiah) {
    let scope = console(house, "decision.read");
    let mut paid = Rupiah::ZERO;
    let mut seen = 0;
    for outcome in [FamilyOutcome::Eligible, FamilyOutcome::Waiting, FamilyOutcome::NotEligible] {
        let mut page = Page::first(60);
        loop {
            let list = run_families(house, &scope, run, outcome, &page).unwrap();
            for line in &list.items {
                let why = explain(house, &scope, run, line.family_id).unwrap();
                assert!(why.agrees && why.same_policy, "{why:#?}");
                assert_eq!((why.outcome, why.amount_idr), (outcome, line.amount_idr));
                assert_eq!(why.reason.is_none(), outcome == FamilyOutcome::Eligible);
                let against = why.conditions.iter().any(|condition| !condition.in_favour);
                assert_eq!(against, outcome != FamilyOutcome::Eligible, "{why:#?}");
                assert_eq!(why.quota.is_some(), outcome != FamilyOutcome::NotEligible);
                paid = paid.plus(why.amount_idr).unwrap();
                seen += 1;
            }
            if let Some(line) = list.items.first() {
                let all = family_decisions(house, &scope, line.family_id).unwrap();
                assert_eq!((all.len(), all[0].outcome), (1, outcome));
            }
            match list.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
    }
    // Families without a village are decided, but lie in nobody's territory except the nation's.
    assert_eq!((seen, paid), (500, total));
}

fn only_the_territory_is_seen(house: &House, run: &str) {
    let officer = user(house, "dinsos", "district_officer", "99.01");
    let scope = officer.scope("decision.read").unwrap();
    let page = Page::first(1_000);
    let list = run_families(house, &scope, run, FamilyOutcome::NotEligible, &page).unwrap();
    assert!(!list.items.is_empty());
    assert!(list.items.iter().all(|line| line.region.starts_with("99.01.")));
    let all = console(house, "decision.read");
    let outside = run_families(house, &all, run, FamilyOutcome::NotEligible, &page).unwrap();
    let outside = outside.items.iter().find(|line| !line.region.starts_with("99.01.")).unwrap();
    let refused = explain(house, &scope, run, outside.family_id);
    assert!(matches!(refused, Err(Error::NotFound)));
    assert!(family_decisions(house, &scope, outside.family_id).unwrap().is_empty());
    let figures = region_counts(house, &scope, run, &RegionCode::parse("99.02").unwrap());
    assert!(matches!(figures, Err(Error::NotFound)));
    let companion = user(house, "pendamping", "companion", "99.01");
    let mine = companion.scope("decision.read").unwrap();
    let list = run_families(house, &mine, run, FamilyOutcome::NotEligible, &page).unwrap();
    assert!(list.items.is_empty(), "no family is assigned yet");
}

#[test]
fn the_list_depends_neither_on_threads_nor_on_how_the_closing_is_cut() {
    let mut hashes = Vec::new();
    for (threads, rows) in [(1, 1_000_000), (1, 7), (3, 64), (4, 200)] {
        let test = TestDb::sqlite();
        let house = house(&test);
        let (families, people) = population(&house.policy, 400, 8, &mut Dice(3));
        close(&house, &families, &people, rows);
        let pool = rayon_pool(threads);
        let run = pool.install(|| {
            let scope = console(&house, "decision.run");
            decide(&house, &scope, "PKH", period("2026-T4"), month("2026-11"), &Silent).unwrap()
        });
        hashes.push(run.dataset_hash);
    }
    hashes.dedup();
    assert_eq!(hashes.len(), 1);
}

#[test]
fn programmes_decided_in_one_pass_give_the_lists_that_they_give_one_by_one() {
    let wish = |programme: &str, of: &str| Wish { programme: programme.to_owned(), period: period(of) };
    // Who comes after whom is found from the rules, not from the order of the wishes.
    let wishes = [wish("BST", "2020-04"), wish("SEMBAKO", "2020-04"), wish("PKH", "2020-T2")];
    let made = |one_by_one: bool| {
        let test = TestDb::sqlite();
        let house = house(&test);
        let (families, people) = population(&house.policy, 400, 8, &mut Dice(5));
        close(&house, &families, &people, 128);
        let scope = console(&house, "decision.run");
        let decide =
            |wishes: &[Wish]| decide_all(&house, &scope, wishes, month("2026-11"), &[], &Silent).unwrap();
        let runs = if one_by_one {
            // PKH first, BST last.
            let mut runs: Vec<_> =
                wishes.iter().rev().flat_map(|wish| decide(std::slice::from_ref(wish))).collect();
            runs.reverse();
            runs
        } else {
            decide(&wishes)
        };
        assert_eq!(decide(&wishes), runs, "what was made from the same inputs is found again");
        for run in &runs {
            let again = crate::replay(&house, &scope, &run.run, &Silent).unwrap();
            assert!(again.same, "{again:?}");
        }
        let receivers = |run: &crate::DecisionRun| -> Vec<i64> {
            let list =
                run_families(&house, &scope, &run.run, FamilyOutcome::Eligible, &Page::first(1_000)).unwrap();
            list.items.iter().map(|line| line.family_id).collect()
        };
        let [bst, sembako, pkh] = [0, 1, 2].map(|i| receivers(&runs[i]));
        assert!(
            !bst.is_empty() && bst.iter().all(|family| !sembako.contains(family) && !pkh.contains(family))
        );
        runs.into_iter().map(|run| (run.programme, run.dataset_hash, run.totals)).collect::<Vec<_>>()
    };
    assert_eq!(made(true), made(false));
}

#[test]
fn one_of_several_programmes_is_enough_where_any_is_needed() {
    let test = TestDb::sqlite();
    let house = house(&test);
    let (families, people) = population(&house.policy, 400, 5, &mut Dice(19));
    close(&house, &families, &people, 120);
    let scope = console(&house, "decision.run");
    let decide = |programme: &str, of: &str| {
        let wish = Wish { programme: programme.to_owned(), period: period(of) };
        decide_all(&house, &scope, &[wish], month("2026-11"), &[], &Silent).unwrap().remove(0)
    };
    let families_of = |run: &crate::DecisionRun, outcome| {
        let list = run_families(&house, &scope, &run.run, outcome, &Page::first(1_000)).unwrap();
        list.items.into_iter().map(|line| line.family_id).collect::<Vec<i64>>()
    };
    let receivers = |run: &crate::DecisionRun| families_of(run, FamilyOutcome::Eligible);
    let alone = decide("BANSOS_BERAS", "2021");
    assert_eq!(alone.totals.eligible, 0, "nothing is known of the programmes that it needs");
    let pkh = receivers(&decide("PKH", "2021-T2"));
    let half = decide("BANSOS_BERAS", "2021");
    assert!(half.totals.eligible > 0 && half.totals.unknown > 0, "who has the one needs not the other");
    let bst = receivers(&decide("BST", "2021-04"));
    let rice = decide("BANSOS_BERAS", "2021");
    let got = receivers(&rice);
    assert!(got.iter().all(|family| pkh.contains(family) || bst.contains(family)));
    assert!(got.iter().any(|family| !pkh.contains(family)) && got.iter().any(|family| !bst.contains(family)));
    for family in families_of(&rice, FamilyOutcome::NotEligible) {
        let why = explain(&house, &scope, &rice.run, family).unwrap();
        let needs = why.conditions.iter().find(|one| one.code == "PERLU_PKH_BST").unwrap();
        assert_eq!(needs.in_favour, pkh.contains(&family) || bst.contains(&family));
    }
}

#[test]
fn a_programme_for_persons_names_each_person_whom_the_families_count() {
    let test = TestDb::sqlite();
    let house = house(&test);
    let (families, people) = population(&house.policy, 500, 5, &mut Dice(13));
    close(&house, &families, &people, 90);
    let (scope, read) = (console(&house, "decision.run"), console(&house, "decision.read"));
    let mut seen = 0;
    for wish in crate::wishes(&house.policy, period("2026-T4"), month("2026-11")) {
        let run = decide_all(&house, &scope, &[wish], month("2026-11"), &[], &Silent).unwrap().remove(0);
        let programme = house.policy.programme(&run.programme).unwrap();
        let mut page = Page::first(70);
        let mut lines = Vec::new();
        loop {
            let found = crate::run_people(&house, &read, &run.run, &page).unwrap();
            lines.extend(found.items);
            match found.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        if programme.recipient != policy::Recipient::Person {
            assert!(lines.is_empty() && !crate::decides_people(&house, &run).unwrap());
            continue;
        }
        let mut counted = Vec::new();
        for outcome in [FamilyOutcome::Eligible, FamilyOutcome::Waiting] {
            for line in run_families(&house, &read, &run.run, outcome, &Page::first(1_000)).unwrap().items {
                let why = explain(&house, &read, &run.run, line.family_id).unwrap();
                for component in &why.components {
                    let own = component.people.iter().filter(|person| person.counted);
                    counted.extend(
                        own.map(|one| (line.family_id, one.person_id, component.code.clone(), outcome)),
                    );
                }
            }
        }
        counted.sort_by_key(|one| (one.0, one.1));
        let listed: Vec<_> = lines
            .iter()
            .map(|line| (line.family_id, line.person_id, line.component.clone(), line.outcome))
            .collect();
        assert_eq!(listed, counted, "{}", run.programme);
        seen += listed.len();
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn a_simulation_says_what_deciding_would_and_its_sums_agree() {
    let test = TestDb::sqlite();
    let house = house(&test);
    let (families, people) = population(&house.policy, 600, 5, &mut Dice(31));
    close(&house, &families, &people, 100);
    let (month, decide_scope) = (month("2026-11"), console(&house, "decision.run"));
    let wishes = ["PKH", "SEMBAKO"].map(|key| Wish { programme: key.to_owned(), period: period("2026-T4") });
    let run = decide_all(&house, &decide_scope, &wishes, month, &[], &Silent).unwrap();
    let setting = |programme: &str, name: &str, value| Setting {
        programme: programme.into(),
        name: name.into(),
        value,
    };
    let stricter = house.policy.variant(&[
        setting("PKH", "elderly_age", 75),
        setting("SEMBAKO", "decile_max", 2),
        setting("PKH", "share_permille", 200),
    ]);
    let stricter = stricter.unwrap();
    assert_ne!(stricter.hash(), house.policy.hash());
    let question = Question {
        truth: "family.decile <= 2".to_owned(),
        budget_idr: Some(30_000_000),
        ..Question::default()
    };
    let scope = console(&house, "policy.read");
    let outside = Outside::default();
    let compare = |other: &Policy| {
        simulate(&house, &scope, other, &wishes, month, &question, &outside, &Silent).unwrap().found
    };
    for same in compare(&house.policy) {
        assert!(same.moves.iter().all(|moved| moved.change_idr == 0));
        assert_eq!(same.moves[4].families, same.sides[0].eligible);
    }
    for (i, found) in compare(&stricter).into_iter().enumerate() {
        let (totals, [before, after]) = (&run[i].totals, &found.sides);
        assert_eq!(
            (before.eligible, before.waiting, before.amount_idr),
            (totals.eligible, totals.waiting, totals.amount_idr)
        );
        let rows = found.rows(None);
        let told = |cut: &str, figure: &str| {
            let fits = |row: &&crate::FigureRow| row.cut == cut && row.figure == figure;
            rows.iter().filter(fits).map(|row| (row.key.clone(), row.after.clone())).collect::<Vec<_>>()
        };
        let alone = found
            .only
            .iter()
            .map(|(code, _, n)| (code.clone(), model::shown(*n).map_or_else(String::new, |n| n.to_string())));
        assert_eq!(told("condition", "fail_by_it_alone"), alone.collect::<Vec<_>>());
        let fits = found.share_that_fits.map(|share| ("budget".to_owned(), share.to_string()));
        assert_eq!(told("all", "share_that_fits_permille"), fits.into_iter().collect::<Vec<_>>());
        let [enters, leaves, ..] = [0, 1].map(|at| found.moves[at].families);
        assert_eq!(after.eligible, before.eligible + enters - leaves);
        let change: i64 = found.moves.iter().map(|moved| moved.change_idr).sum();
        assert_eq!(after.amount_idr.idr(), before.amount_idr.idr() + change);
        assert!(enters + leaves > 0, "the other rule changes something");
        for parts in [&found.deciles, &found.regions] {
            assert_eq!(parts.iter().map(|part| part.families).sum::<i64>(), 600);
            let amounts: Option<i64> = parts.iter().map(|part| part.amount_idr[1]).sum();
            assert!(amounts.is_none_or(|amounts| amounts == after.amount_idr.idr()));
        }
        let share = i64::from(found.share_that_fits.unwrap());
        let cost = |share: i64| {
            let mut all = vec![setting("PKH", "elderly_age", 75), setting("SEMBAKO", "decile_max", 2)];
            all.push(setting(&found.programme, "share_permille", share));
            compare(&house.policy.variant(&all).unwrap())[i].sides[1].amount_idr.idr()
        };
        assert!(cost(share) <= 30_000_000 && (share == 1000 || cost(share + 1) > 30_000_000), "{share}");
    }
    let nothing = house.policy.variant(&[setting("PKH", "no_such_number", 1)]);
    assert!(nothing.unwrap_err()[0].remedy.contains("elderly_age"));
    assert!(approve(&house, &console(&house, "decision.approve"), "none", "").is_err());
}

#[test]
fn trying_a_rule_counts_whom_the_row_by_row_rule_would_select() {
    let test = TestDb::sqlite();
    let house = house(&test);
    let (families, people) = population(&house.policy, 500, 10, &mut Dice(77));
    close(&house, &families, &people, 90);
    let scope = console(&house, "programme.read");
    let officer = user(&house, "dinsos2", "district_officer", "99.01").scope("programme.read").unwrap();
    for text in [
        "family.decile <= 3 and family.elderly > 0",
        "person.age between 0 and 6 and person.alive",
        "family.floor is null or family.children >= 2",
        "family.living = 1",
    ] {
        let schema = house.policy.rule_schema();
        let expr = rules::Expr::condition(text, &schema).unwrap();
        let mut want = [(0, 0, 0), (0, 0, 0)];
        for row in 0..families.num_rows() {
            let mut data = super::laws::family_data(&families, &people, row);
            let here = matches!(data.values.get("family.region"), Some(rules::Value::Text(region)) if region.starts_with("99.01."));
            let params = rules::Params::at(jiff::civil::date(2026, 11, 30));
            let facts: Vec<_> = house.policy.facts().iter().collect();
            crate::family::add_values(&facts, &params, &mut data);
            let truths: Vec<Option<bool>> = if text.contains("person.") {
                data.people.iter().map(|person| expr.value(&person.values, &params).as_bool()).collect()
            } else {
                vec![expr.value(&data.values, &params).as_bool()]
            };
            for want in if here { &mut want[..] } else { &mut want[..1] } {
                want.0 += truths.iter().filter(|truth| **truth == Some(true)).count() as i64;
                want.1 += truths.iter().filter(|truth| truth.is_none()).count() as i64;
                want.2 += truths.len() as i64;
            }
        }
        for (scope, want) in [&scope, &officer].into_iter().zip(want) {
            let tried = try_rule(&house, scope, month("2026-11"), text, None).unwrap();
            assert_eq!((tried.selected, tried.unknown, tried.of), want, "{text}");
            let again = try_rule(&house, scope, month("2026-11"), text, None).unwrap();
            assert_eq!(again, tried, "held columns answer alike");
            let chosen = crate::select_families(&house, scope, month("2026-11"), &expr);
            if text.contains("person.") {
                assert_eq!(chosen.unwrap_err().code(), "targeting-two-subjects");
            } else {
                let chosen = chosen.unwrap();
                assert_eq!(chosen.len() as i64, tried.selected, "one by one as many as counted: {text}");
                let told = tried.examples.iter().all(|id| chosen.iter().any(|one| one.family_id == *id));
                assert!(
                    told && chosen
                        .iter()
                        .all(|one| scope.region().path_range().0.as_str() <= one.region.as_str())
                );
            }
        }
    }
    let wrong = |text: &str| try_rule(&house, &scope, month("2026-11"), text, None).unwrap_err().code();
    assert_eq!(wrong("family.decile > person.age"), "targeting-two-subjects");
    assert_eq!(wrong("family.decil > 3"), "rules-unknown-name");
    assert_eq!(wrong("person.alive and person.nik = 9901010101010001"), "targeting-sealed");
}

fn rayon_pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

#[test]
fn what_cannot_be_decided_says_why() {
    let test = TestDb::sqlite();
    let house = house(&test);
    let scope = console(&house, "decision.run");
    let tell = |programme: &str, period_text: &str| {
        decide(&house, &scope, programme, period(period_text), month("2026-11"), &Silent).unwrap_err().code()
    };
    assert_eq!(tell("NONE", "2026-T4"), "targeting-no-programme");
    assert_eq!(tell("PKH", "2026-11"), "targeting-period");
    assert_eq!(tell("PKH", "2001-T1"), "targeting-no-version");
    assert_eq!(tell("PKH", "2026-T4"), "targeting-no-closing");
}

#[test]
fn a_decision_is_made_again_by_the_rules_of_then() {
    let test = TestDb::sqlite();
    let mut house = house(&test);
    let (families, people) = population(&house.policy, 400, 5, &mut Dice(23));
    close(&house, &families, &people, 90);
    let (scope, read) = (console(&house, "decision.run"), console(&house, "decision.read"));
    let limit = |value| Setting { programme: "PKH".into(), name: "decile_max".into(), value };
    let decided =
        |house: &House| decide(house, &scope, "PKH", period("2026-T4"), month("2026-11"), &Silent).unwrap();
    let plain = decided(&house);
    house.policy = Arc::new(house.policy.variant(&[limit(2)]).unwrap());
    let varied = decided(&house);
    assert_ne!(plain.dataset_hash, varied.dataset_hash);
    house.policy = Arc::new(house.policy.variant(&[limit(3)]).unwrap());
    for run in [&plain, &varied] {
        let again = crate::replay(&house, &read, &run.run, &Silent).unwrap();
        assert!(again.same && again.hash == run.dataset_hash, "{again:?}");
    }
    // A pack that was not kept, or is not what its name says, makes nothing.
    let manifest = |run: &crate::DecisionRun| {
        test.folder.join("lake/manifests/policy").join(format!("{}.json", run.policy_hash))
    };
    std::fs::copy(manifest(&plain), manifest(&varied)).unwrap();
    let refused = crate::replay(&house, &read, &varied.run, &Silent);
    assert!(matches!(&refused, Err(Error::OtherPack(hash)) if *hash == varied.policy_hash), "{refused:?}");
    std::fs::remove_file(manifest(&plain)).unwrap();
    let refused = crate::replay(&house, &read, &plain.run, &Silent);
    assert!(matches!(&refused, Err(Error::OtherPack(hash)) if *hash == plain.policy_hash), "{refused:?}");
}

/// The pack with a ceiling of PKH for 2026, and what is to happen above it.
fn with_ceiling(policy: &Policy, ceiling: i64, over: &str) -> Arc<Policy> {
    let mut files: std::collections::BTreeMap<String, String> =
        policy.files().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    let line = format!("2026,ministry,PKH,APBN,ministry,,2026-01-01,{ceiling},1000000,,suara_2020_11,,\n");
    files.get_mut("budgets/ceilings.csv").unwrap().push_str(&line);
    let settings = files.get_mut("settings.toml").unwrap();
    *settings = settings.replace("over_ceiling = \"warn\"", &format!("over_ceiling = \"{over}\""));
    Arc::new(Policy::from_files(files, &[]).unwrap_or_else(|faults| panic!("{faults:#?}")))
}

#[test]
fn a_list_over_its_ceiling_says_by_how_much_and_how_many_fit_and_is_refused_where_that_is_set() {
    for test in TestDb::all() {
        let mut house = house(&test);
        let (families, people) = population(&house.policy, 500, 5, &mut Dice(31));
        close(&house, &families, &people, 120);
        let scope = console(&house, "decision.run");
        let checker = user(&house, "manajer", "programme_manager", "").scope("decision.approve").unwrap();
        let decided = |house: &House, of: &str| {
            decide(house, &scope, "PKH", period(of), month("2026-11"), &Silent).unwrap()
        };
        let money = |house: &House, run: &crate::DecisionRun| {
            let views = crate::ceilings(house, run).unwrap();
            let places = views.iter().find(|view| view.of == crate::CeilingOf::Places).unwrap();
            assert_eq!((places.over, places.list), (0, run.totals.eligible), "ten million places are enough");
            views.into_iter().find(|view| view.of == crate::CeilingOf::Money)
        };
        let plain = decided(&house, "2026-T4");
        assert_eq!(money(&house, &plain), None, "no source states one");
        let total = plain.totals.amount_idr.idr();
        let list = run_families(&house, &scope, &plain.run, FamilyOutcome::Eligible, &Page::first(1_000));
        let mut order: Vec<_> = list
            .unwrap()
            .items
            .into_iter()
            .map(|line| (line.quota_place, line.family_id, line.amount_idr.idr()))
            .collect();
        order.sort_unstable();
        assert!(order.len() > 20);
        let embedded = Arc::clone(&house.policy);
        // A million of each ceiling is blocked.
        for ceiling in [total + 1_000_000, total + 999_999, total / 2 + 1_000_000, 1_000_001] {
            house.policy = with_ceiling(&embedded, ceiling, "warn");
            let view = money(&house, &decided(&house, "2026-T4")).unwrap();
            assert_eq!((view.list, view.before, view.ceiling), (total, 0, ceiling - 1_000_000));
            assert_eq!(view.over, (total - view.ceiling).max(0));
            let mut spent = 0;
            let fits = order.iter().take_while(|(.., amount)| {
                spent += amount;
                spent <= view.ceiling
            });
            assert_eq!(view.fits, (view.over > 0).then(|| fits.count() as i64), "{ceiling}");
        }
        // What was approved for another stage of the year is taken; of another year it is not.
        house.policy = with_ceiling(&embedded, total * 2 + 999_999, "warn");
        for earlier in ["2026-T3", "2025-T4"] {
            let run = decided(&house, earlier);
            approve(&house, &checker, &run.run, &run.dataset_hash).unwrap();
        }
        let third = runs(&house, &scope, &Page::first(50)).unwrap().items;
        let third =
            third.iter().find(|run| run.period == "2026-T3" && run.state == RunState::Approved).unwrap();
        let fourth = decided(&house, "2026-T4");
        let view = money(&house, &fourth).unwrap();
        assert_eq!(view.before, third.totals.amount_idr.idr());
        assert_eq!(view.over, (view.before + view.list - view.ceiling).max(0));
        house.policy = with_ceiling(&embedded, view.before + view.list, "refuse");
        let fourth = decided(&house, "2026-T4");
        let refused = approve(&house, &checker, &fourth.run, &fourth.dataset_hash);
        assert!(
            matches!(refused, Err(Error::OverCeiling { kind: "rupiah", over: 1_000_000, .. })),
            "{refused:?}"
        );
        house.policy = with_ceiling(&embedded, view.before + view.list, "warn");
        let fourth = decided(&house, "2026-T4");
        assert_eq!(crate::run_page(&house, &checker, &fourth.run).unwrap().ceilings.len(), 2);
        approve(&house, &checker, &fourth.run, &fourth.dataset_hash).unwrap();
        assert_eq!(house.db.check(queries::ALL), []);
    }
}
