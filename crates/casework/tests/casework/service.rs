//! Cases in a database, as people of different roles and territories see and move them.

use std::collections::BTreeMap;

use access::Session;
use casework::{
    Error, NewCase, Refusal, StepRequest, assign, carry_effects, open_case, take_step,
    views::{self, TaskFilter, Whose, Why},
};
use jiff::civil::date;
use model::{FamilyId, LineId, PersonId, RegionCode};
use store::Page;

use crate::support::{Office, VILLAGE, new_case, written};

impl Office {
    fn failed_account(family: i64, line: i64) -> NewCase {
        let (person, line) = (Some(PersonId(family * 10)), Some(LineId(line)));
        NewCase { person, line, ..new_case("account_repair", family, &[("reason", "NAMA_BEDA")]) }
    }

    /// Families in somebody's inbox.
    fn families(&self, session: &Session) -> Vec<i64> {
        let scope = session.scope("case.read").unwrap();
        let page = views::tasks(&self.house, &scope, &TaskFilter::default(), &Page::first(50)).unwrap();
        page.items.iter().map(|task| task.family.0).collect()
    }
}

const CAUSE: &[(&str, &str)] = &[("cause", "name_differs"), ("visited_on", "20-11-2026")];
const REPAIR: &[(&str, &str)] =
    &[("account", "0123456789"), ("same_person", "ya"), ("proof", "buku rekening")];

#[test]
fn every_statement_prepares_on_every_engine() {
    for office in Office::all() {
        assert_eq!(office.house.db.check(casework::queries::ALL), []);
        assert_eq!(office.house.db.check(casework::catalogue::ALL), []);
        assert_eq!(office.house.db.check(casework::public::queries::ALL), []);
    }
}

#[test]
fn a_failed_account_becomes_the_companions_task_and_ends_in_another_check() {
    for office in Office::all() {
        let companion = office.user("ani", "companion", "99.01.05");
        let other = office.user("budi", "companion", "99.01.05");
        let officer = office.user("citra", "district_officer", "99.01");
        let elsewhere = office.user("dewi", "district_officer", "99.02");
        office.assign(companion.user_id, &[7]);
        office.assign(other.user_id, &[8]);

        let opened = office.cause(&[Office::failed_account(7, 70), Office::failed_account(7, 71)]);
        let again = office.cause(&[Office::failed_account(7, 70)]);
        assert!(opened.iter().all(|case| case.new) && !again[0].new, "opening again gives the same case");
        assert_eq!(again[0].case, opened[0].case);

        assert_eq!(office.families(&companion), [7, 7]);
        assert_eq!(office.families(&other), [0; 0], "another companion does not see the family");
        assert_eq!(office.families(&officer), [0; 0], "it is the companion's task");
        assert_eq!(office.families(&elsewhere), [0; 0]);

        let marked = |session: &access::Session| {
            casework::families_with_open_case(&office.house, &session.scope("case.read").unwrap()).unwrap()
        };
        assert_eq!((marked(&officer), marked(&companion)), (vec![7], vec![7]), "two cases, one family");
        assert!(
            marked(&other).is_empty() && marked(&elsewhere).is_empty(),
            "only in the territory or caseload"
        );

        let case = opened[0].case;
        office.step(&companion, case, "contact", CAUSE).unwrap();
        office.step(&companion, case, "repair", REPAIR).unwrap();
        assert_eq!(office.families(&officer), [7]);
        let denied = office.step(&companion, case, "recheck", &[]);
        assert!(matches!(denied, Err(Error::Refused(Refusal::Role(_)))), "{denied:?}");
        assert_eq!(office.step(&other, case, "contact", CAUSE), Err(Error::NotFound));
        assert_eq!(office.step(&elsewhere, case, "recheck", &[]), Err(Error::NotFound));
        office.step(&officer, case, "recheck", &[]).unwrap();
        assert_eq!(office.step(&officer, case, "recheck", &[]), Err(Error::Refused(Refusal::Closed)));

        let mut seen = Vec::new();
        let carry = |effect: &casework::Effect| {
            seen.push((effect.caused.name.clone(), effect.line, effect.caused.arguments["account"].clone()));
            Ok(())
        };
        assert_eq!(carry_effects(&office.house, carry), Ok(1));
        assert_eq!(seen, [("payment.recheck_account".to_owned(), Some(LineId(70)), "0123456789".to_owned())]);
        assert_eq!(carry_effects(&office.house, |_| Ok(())), Ok(0), "carried over once");
        // The line may fail again: then it is a new case.
        assert!(office.cause(&[Office::failed_account(7, 70)])[0].new);
    }
}

#[test]
fn a_case_is_given_to_one_person_and_comes_back_to_it() {
    for office in Office::all() {
        let companion = office.user("ani", "companion", "99.01.05");
        let other = office.user("budi", "companion", "99.01.05");
        let (officer, second) = (
            office.user("citra", "district_officer", "99.01"),
            office.user("doni", "district_officer", "99.01"),
        );
        let elsewhere = office.user("dewi", "district_officer", "99.02");
        let village = office.user("eko", "village_operator", VILLAGE);
        let centre = office.user("gita", "data_centre", "");
        office.assign(companion.user_id, &[7, 8]);
        let case = office.cause(&[Office::failed_account(7, 70)])[0].case;

        let give = |by: &Session, to: Option<&Session>| {
            let scope = by.scope("case.work").unwrap();
            let done = assign(&office.house, &scope, &[case], to.map(|one| one.user_id)).unwrap();
            done.refused.first().map_or("", |refused| refused.code)
        };
        let of = |session: &Session, whose: Whose| {
            let (scope, filter) =
                (session.scope("case.read").unwrap(), TaskFilter { whose, ..TaskFilter::default() });
            let page = views::tasks(&office.house, &scope, &filter, &Page::first(50)).unwrap();
            page.items
                .iter()
                .map(|row| row.assignee.as_ref().map_or("", |one| one.name.as_str()).to_owned())
                .collect::<Vec<_>>()
        };
        let history = || {
            let read = officer.scope("case.read").unwrap();
            let view = views::case_page(&office.house, &read, case, None).unwrap().unwrap();
            view.history.iter().map(|line| line.action.clone()).collect::<Vec<_>>()
        };
        let people = || {
            let read = officer.scope("case.read").unwrap();
            let view = views::case_page(&office.house, &read, case, None).unwrap().unwrap();
            view.people.iter().map(|one| one.name.clone()).collect::<Vec<_>>()
        };

        // Not to who has no step, has not the family, or is elsewhere; others only with the right.
        assert_eq!(give(&officer, Some(&centre)), "casework-assignee", "no step of the data centre");
        assert_eq!(give(&officer, Some(&other)), "casework-assignee", "the family is another companion's");
        assert_eq!(give(&officer, Some(&elsewhere)), "casework-assignee");
        assert_eq!(give(&village, Some(&companion)), "casework-assign");
        assert_eq!(give(&other, Some(&other)), "casework-not-found");
        assert_eq!(people(), ["eko", "ani", "doni"], "nearest first, whose step it is");
        assert_eq!((of(&companion, Whose::Mine), of(&companion, Whose::Free)), (vec![], vec![String::new()]));
        assert_eq!(history(), ["open"], "a refusal writes nothing");

        assert_eq!(give(&officer, Some(&companion)), "");
        assert_eq!(give(&officer, Some(&companion)), "", "given twice");
        assert_eq!(history(), ["open", "given"]);
        assert_eq!(
            (of(&companion, Whose::Mine), of(&companion, Whose::Free)),
            (vec!["ani".to_owned()], vec![])
        );

        // While others have the step it is in nobody's own list, and it comes back.
        office.step(&companion, case, "contact", CAUSE).unwrap();
        office.step(&companion, case, "repair", REPAIR).unwrap();
        assert_eq!((of(&companion, Whose::Mine), of(&officer, Whose::Mine)), (vec![], vec![]));
        assert_eq!(of(&officer, Whose::All), ["ani"]);
        assert_eq!(give(&second, Some(&second)), "", "with the right one may take it over");
        assert_eq!((of(&second, Whose::Mine), of(&officer, Whose::Free)), (vec!["doni".to_owned()], vec![]));
        assert_eq!(give(&second, None), "");
        assert_eq!((of(&second, Whose::Mine), of(&officer, Whose::Free)), (vec![], vec![String::new()]));

        assert_eq!(give(&officer, Some(&officer)), "");
        office.step(&officer, case, "recheck", &[]).unwrap();
        assert_eq!(give(&officer, None), "casework-closed");
        assert_eq!(history().last().unwrap(), "recheck");
    }
}

#[test]
fn a_family_without_a_companion_waits_for_whoever_may_help() {
    for office in Office::all() {
        let operator = office.user("eko", "village_operator", VILLAGE);
        let companion = office.user("fitri", "companion", "99.01.05");
        office.cause(&[Office::failed_account(9, 90)]);
        assert_eq!(office.families(&operator), [9]);
        office.assign(companion.user_id, &[9]);
        assert_eq!(office.families(&operator), [0; 0]);
        assert_eq!(office.families(&companion), [9]);
    }
}

#[test]
fn the_page_shows_history_steps_and_masked_accounts() {
    for office in Office::all() {
        let companion = office.user("gita", "companion", "99.01.05");
        office.assign(companion.user_id, &[7]);
        let case = office.cause(&[Office::failed_account(7, 70)])[0].case;
        office.step(&companion, case, "contact", CAUSE).unwrap();
        office.step(&companion, case, "repair", REPAIR).unwrap();
        let scope = companion.scope("case.read").unwrap();
        let page = views::case_page(&office.house, &scope, case, None).unwrap().unwrap();
        assert_eq!(page.history.len(), 3);
        assert_eq!(page.row.state, "repaired");
        assert_eq!(page.waits_for, ["district_officer"]);
        assert_eq!(page.steps, [], "the next step is the district's");
        let json = serde_json::to_string(&page).unwrap();
        assert!(json.contains("••••6789") && !json.contains("0123456789"), "{json}");
        let family = views::family_cases(&office.house, &scope, FamilyId(7)).unwrap();
        assert_eq!(family.len(), 1);
        assert_eq!(family[0], page.row);
    }
}

#[test]
fn two_people_cannot_take_a_step_from_one_view() {
    for office in Office::all() {
        let companion = office.user("hadi", "companion", "99.01.05");
        office.assign(companion.user_id, &[7]);
        let case = office.cause(&[Office::failed_account(7, 70)])[0].case;
        let written: BTreeMap<String, String> =
            CAUSE.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
        let request = StepRequest { action: "contact".to_owned(), written, rev: 1 };
        let scope = companion.scope("case.work").unwrap();
        assert!(!take_step(&office.house, &scope, case, &request).unwrap().repeated);
        // The same form sent twice by the same person is one step.
        assert!(take_step(&office.house, &scope, case, &request).unwrap().repeated);
        let other = StepRequest {
            written: BTreeMap::from([
                ("cause".to_owned(), "account_closed".to_owned()),
                ("visited_on".to_owned(), "20-11-2026".to_owned()),
            ]),
            ..request
        };
        assert_eq!(take_step(&office.house, &scope, case, &other).unwrap_err(), Error::Changed);
    }
}

#[test]
fn a_case_is_opened_by_hand_only_by_its_roles_and_in_their_territory() {
    for office in Office::all() {
        let operator = office.user("indah", "village_operator", VILLAGE);
        let companion = office.user("joko", "companion", "99.01.05");
        let said = [("reported_by", "family"), ("story", "Kartu belum sampai sejak Agustus")];
        let new = new_case("card_not_received", 7, &said);
        let scope = operator.scope("case.open").unwrap();
        let first = open_case(&office.house, &scope, &new).unwrap();
        assert!(first.new && !open_case(&office.house, &scope, &new).unwrap().new);
        let by_companion = open_case(&office.house, &companion.scope("case.open").unwrap(), &new);
        assert_eq!(by_companion, Err(Error::NotFound), "the family is not in the caseload");
        let away = NewCase { region: RegionCode::parse("99.02.01.2001").unwrap(), ..new.clone() };
        assert_eq!(open_case(&office.house, &scope, &away), Err(Error::NotFound));
        let empty = NewCase { written: BTreeMap::new(), family: FamilyId(8), ..new.clone() };
        assert!(matches!(open_case(&office.house, &scope, &empty), Err(Error::Refused(Refusal::Form(_)))));
        let repair = NewCase { workflow: "account_repair".to_owned(), ..new };
        assert!(matches!(open_case(&office.house, &scope, &repair), Err(Error::Refused(Refusal::Role(_)))));
        let openable = views::openable(&office.house, &scope);
        let keys: Vec<&str> = openable.iter().map(|workflow| workflow.workflow.as_str()).collect();
        for (workflow, may) in [
            ("card_not_received", true),
            ("objection", true),
            ("account_repair", false),
            ("graduation", false),
        ] {
            assert_eq!(keys.contains(&workflow), may, "{workflow}");
        }
    }
}

#[test]
fn an_open_objection_protects_its_family_until_it_is_decided() {
    for office in Office::all() {
        let operator = office.user("operator", "village_operator", VILLAGE);
        let officer = office.user("dinsos", "district_officer", "99.01");
        let said = [("about", "house"), ("says", "Rumah kami masih berlantai tanah")];
        let protected = || {
            let console = office.console("case.read");
            casework::protected_families(&office.house, &console).unwrap()
        };
        assert!(protected().is_empty());
        let case = office.open(&operator, &new_case("objection", 7, &said));
        assert_eq!(protected(), [7]);
        let step = |session: &Session, action: &str, rev, pairs: &[(&str, &str)]| {
            let request = StepRequest { action: action.to_owned(), written: written(pairs), rev };
            take_step(&office.house, &session.scope("case.work").unwrap(), case, &request)
        };
        let visit = [("visited_on", "2026-11-18"), ("as_said", "yes"), ("found", "Lantai tanah")];
        step(&operator, "visit", 1, &visit).unwrap();
        assert_eq!(protected(), [7]);
        step(&officer, "uphold", 2, &[("note", "Sesuai kunjungan")]).unwrap();
        assert!(protected().is_empty());
        let mut caused = Vec::new();
        casework::carry_effects(&office.house, |effect| {
            caused.push((effect.caused.name.clone(), effect.family.0));
            Ok(())
        })
        .unwrap();
        let named: Vec<(&str, i64)> = caused.iter().map(|(name, family)| (name.as_str(), *family)).collect();
        assert_eq!(named, [("targeting.renew_notice", 7), ("registry.field_report", 7)]);
    }
}

#[test]
fn tasks_come_page_by_page_and_are_counted() {
    for office in Office::all() {
        let operator = office.user("kartika", "village_operator", VILLAGE);
        let cases: Vec<NewCase> = (1..=25).map(|id| Office::failed_account(id, id * 10)).collect();
        office.cause(&cases);
        let scope = operator.scope("case.read").unwrap();
        let (mut seen, mut page) = (Vec::new(), Page::first(10));
        loop {
            let got = views::tasks(&office.house, &scope, &TaskFilter::default(), &page).unwrap();
            seen.extend(got.items.iter().map(|task| task.family.0));
            let Some(next) = got.next else { break };
            page.after = Some(next);
        }
        assert_eq!(seen, (1..=25).collect::<Vec<i64>>());
        let counts = views::task_counts(&office.house, &scope).unwrap();
        assert_eq!((counts.tasks, counts.late, counts.today), (25, 0, 0));
        let (states, counted_on) = views::counts_by_state(&office.house, &scope).unwrap();
        assert_eq!(counted_on, None, "a village is counted on the spot");
        assert_eq!((states.len(), states[0].open, states[0].late), (1, 25, 0));
    }
}

#[test]
fn a_caseload_shows_families_cases_and_the_years_graduations() {
    for office in Office::all() {
        let companion = office.user("lina", "companion", "99.01.05");
        let officer = office.user("made", "district_officer", "99.01");
        office.assign(companion.user_id, &[7, 8, 9]);
        office.cause(&[Office::failed_account(8, 80)]);
        let case = office.open(&companion, &new_case("graduation", 7, &[("why", "income")]));
        let assessment: &[(&str, &str)] = &[
            ("visited_on", "22-11-2026"),
            ("income_month", "4.200.000"),
            ("second_earner", "ya"),
            ("debt", "0"),
            ("wants", "Warung yang lebih besar"),
        ];
        office.step(&companion, case, "assess", assessment).unwrap();
        office.step(&officer, case, "announce", &[("referred_to", "KUBE"), ("heard", "ya")]).unwrap();
        let decree =
            &[("decree_no", "400.9/17"), ("decree_on", "23-11-2026"), ("decree_by", "Kepala dinas sosial")];
        office.step(&officer, case, "graduate", decree).unwrap();
        let scope = officer.scope("assignment.read").unwrap();
        let page = views::caseloads(&office.house, &scope, &Page::default()).unwrap();
        let load = &page.items[0];
        // The failed account, and what the decree opened: the way into a livelihood and the look after six months.
        assert_eq!((load.families, load.open, load.late), (3, 3, 0));
        // They begin where the graduation ended, with clocks of their own.
        let of_family =
            views::family_cases(&office.house, &officer.scope("case.read").unwrap(), FamilyId(7)).unwrap();
        let watch = of_family.iter().find(|row| row.workflow == "graduation_watch").unwrap();
        let calendar = office.house.policy.calendar();
        let days = office.house.policy.workflow("graduation_watch").unwrap().days;
        assert_eq!(watch.due_on, calendar.add_working_days(office.house.clock.today(), days));
        assert_eq!((load.graduated, load.graduations_target, load.too_many), (1, 10, false));
        let nation = office.user("oki", "auditor", "").scope("assignment.read").unwrap();
        assert!(views::caseloads(&office.house, &nation, &Page::default()).unwrap().items.is_empty());
    }
}

#[test]
fn cases_follow_a_family_that_moves() {
    for office in Office::all() {
        let old = office.user("nur", "village_operator", VILLAGE);
        let new = office.user("oki", "village_operator", "99.02.01.2001");
        office.cause(&[Office::failed_account(7, 70)]);
        let to = RegionCode::parse("99.02.01.2001").unwrap();
        office.house.db.write(|tx| casework::follow_family(tx, FamilyId(7), &to)).unwrap();
        assert_eq!((office.families(&old), office.families(&new)), (vec![], vec![7]));
    }
}

#[test]
fn a_family_that_is_called_back_is_proposed_with_all_that_a_proposal_must_know() {
    for office in Office::all() {
        let officer = office.user("citra", "district_officer", "99.01");
        let watch = office.open(&officer, &new_case("graduation_watch", 7, &[]));
        let said = [
            ("visited_on", "20-11-2026"),
            ("income_month", "400000"),
            ("shock", "death"),
            ("found", "Ayah meninggal, ibu tidak bekerja"),
            ("evidence", "Akta kematian"),
            ("consent", "ya"),
        ];
        office.step(&officer, watch, "return", &said).unwrap();
        let child = office.view(&officer, watch).unwrap().relatives[0].row.clone();
        assert_eq!(child.workflow, "proposal");
        let told = office.view(&officer, child.case).unwrap().answers;
        let told: Vec<(&str, &str)> =
            told.iter().map(|one| (one.field.as_str(), one.shown.en.as_str())).collect();
        let asked = [
            ("consent", "yes"),
            ("evidence", said[4].1),
            ("kind", "Return after leaving"),
            ("says", said[3].1),
        ];
        assert_eq!(told, asked);
    }
}

#[test]
fn a_kind_of_case_has_its_own_days_and_its_own_first_task_to_the_end() {
    for office in Office::all() {
        let operator = office.user("ani", "village_operator", VILLAGE);
        let officer = office.user("citra", "district_officer", "99.01");
        let workflow = office.house.policy.workflow("citizen_complaint").unwrap();
        let calendar = office.house.policy.calendar();
        for (kind, days, whose) in [("c25", 3, &officer), ("c16", 30, &operator), ("c17", 90, &operator)] {
            assert_eq!(workflow.days_of(kind), days);
            let said = [("kind", kind), ("says", "Kartu sehat mati")];
            let case = office.open(&operator, &new_case("citizen_complaint", 7, &said));
            let due = |office: &Office| {
                let row = office.view(&officer, case).unwrap().row;
                calendar.working_days_between(date(2026, 11, 23), row.due_on)
            };
            assert_eq!(due(&office), i64::from(days));
            let has = |session| {
                office.tasks(session).iter().any(|(task, why)| (*task, *why) == (case.0, Why::Task))
            };
            assert!(has(whose) && [&operator, &officer].iter().filter(|one| has(one)).count() == 1);
            office.step(&officer, case, "verify", &[]).unwrap();
            assert_eq!(due(&office), i64::from(days), "the days are read again from what is stored");
        }
    }
}
