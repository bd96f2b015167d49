//! Visits to homes: who looked at their photographs and how many a case may hold, which steps are a visit and where, two checks held
//! against each other, a meeting that is chosen, and what a family may know of it all.

use access::Session;
use casework::{Error, NewCase, Refusal, agreement, my_day, own_cases, places_of, withdraw_file};
use jiff::civil::date;
use model::{CaseId, FamilyId, RegionCode};

use crate::support::{Office, VILLAGE, new_case, photo, written};

/// Rows of the audit log that say of a look at a file.
fn looks(office: &Office) -> Vec<(i64, String, String)> {
    let console = office.console("audit.read");
    let rows = access::audit_rows(&office.house, &console, &store::Page::first(200)).unwrap().items;
    let looked = rows.into_iter().filter(|row| row.detail.ends_with(" looked"));
    looked.map(|row| (row.user_id, row.subject, row.detail)).collect()
}

#[test]
fn a_look_at_a_file_is_written_down_once_a_day_for_each_person() {
    for office in Office::all() {
        let officer = office.user("citra", "district_officer", "99.01");
        let other = office.user("dewi", "district_officer", "99.01");
        let far = office.user("fajar", "district_officer", "99.02");
        let case = office.open(&officer, &new_case("ground_check", 7, &[]));
        let id = office.add(&officer, case, &photo(1)).unwrap().id;
        assert!(looks(&office).is_empty(), "who adds a file has not looked at one");
        for _ in 0..3 {
            office.get(&officer, case, id).unwrap();
        }
        let line =
            (officer.user_id.0, format!("case:{case}"), format!("workflow=ground_check file={id} looked"));
        assert_eq!(looks(&office), [line]);
        office.get(&other, case, id).unwrap();
        assert_eq!(office.get(&far, case, id), Err(Error::NotFound));
        assert_eq!(office.get(&officer, case, id + 1), Err(Error::NotFound));
        assert_eq!(looks(&office).len(), 2, "what was not given is no look");
        office.clock.to(date(2026, 11, 24));
        office.get(&officer, case, id).unwrap();
        assert_eq!(looks(&office).len(), 3, "the next day is another look");

        // Who holds a ticket is nobody of the house, and is written down all the same.
        let citizen = Session::citizen(&office.house).scope("case.ticket").unwrap();
        let told = written(&[("kind", "c01"), ("says", "Bantuan tidak diterima")]);
        let place = RegionCode::parse(VILLAGE).unwrap();
        let ticket =
            casework::open_with_ticket(&office.house, &citizen, "citizen_complaint", place, told).unwrap();
        let holds = (ticket.ticket.as_str(), ticket.secret.as_str());
        let own = casework::add_ticket_file(&office.house, &citizen, holds, &photo(2)).unwrap().id;
        for _ in 0..2 {
            casework::ticket_file(&office.house, holds.0, holds.1, own).unwrap();
        }
        let of_ticket: Vec<_> = looks(&office).into_iter().filter(|look| look.0 == 0).collect();
        assert_eq!(of_ticket.len(), 1);
        assert_eq!(of_ticket[0].1, format!("case:{}", ticket.case));
    }
}

#[test]
fn a_file_that_was_withdrawn_makes_room_for_another_but_not_for_ever() {
    for office in Office::all() {
        let set = office.house.policy.settings().files;
        let officer = office.user("citra", "district_officer", "99.01");
        let work = officer.scope("case.work").unwrap();
        let case = office.open(&officer, &new_case("ground_check", 7, &[]));
        let add = |nth: i64| office.add(&officer, case, &photo(u8::try_from(nth).unwrap()));
        let mut last = 0;
        for nth in 0..set.files_a_case {
            last = add(nth).unwrap().id;
        }
        let mut ever = set.files_a_case;
        assert_eq!(add(ever).unwrap_err().code(), "casework-file-full");
        while ever < set.files_ever {
            withdraw_file(&office.house, &work, case, last, "bukan rumahnya").unwrap();
            last = add(ever).unwrap().id;
            ever += 1;
        }
        withdraw_file(&office.house, &work, case, last, "bukan rumahnya").unwrap();
        assert_eq!(
            add(ever).unwrap_err().code(),
            "casework-file-full",
            "the disk is not filled by withdrawing"
        );
    }
}

impl Office {
    /// A ground check of a family whose first visit saw `first`, and the second check that waits for its visitor.
    fn checked(&self, officer: &Session, visitor: &Session, family: i64, first: &str) -> (CaseId, CaseId) {
        let case = self.of_family(officer, "ground_check", family);
        let id = self.add(visitor, case, &photo(1)).unwrap().id.to_string();
        let seen =
            [("visited_on", "2026-11-20"), ("result", first), ("found", "Rumah dilihat"), ("photo", &id)];
        let seen = match first {
            "not" => [&seen[..], &[("reason_code", "house")]].concat(),
            _ => seen.to_vec(),
        };
        self.step(visitor, case, "visit", &seen).unwrap();
        self.step(officer, case, "ask_second", &[]).unwrap();
        let second =
            self.view(officer, case).unwrap().relatives.iter().find(|one| one.child).unwrap().row.case;
        (case, second)
    }

    fn of_family(&self, session: &Session, workflow: &str, family: i64) -> CaseId {
        let new = NewCase { title: format!("KELUARGA {family}"), ..new_case(workflow, family, &[]) };
        self.open(session, &new)
    }

    fn state(&self, session: &Session, case: CaseId) -> String {
        self.view(session, case).unwrap().row.state
    }
}

fn second_saw(result: &str) -> Vec<(&str, &str)> {
    vec![("first_visitor", "ya"), ("visited_on", "2026-11-21"), ("result", result), ("found", "Dilihat lagi")]
}

#[test]
fn two_checks_that_agree_go_on_by_themselves_and_others_wait_for_a_person_with_both_answers() {
    for office in Office::all() {
        let officer = office.user("citra", "district_officer", "99.01");
        let (first, second) = (
            office.user("ani", "village_operator", VILLAGE),
            office.user("eko", "village_operator", VILLAGE),
        );
        // The same, whether as recorded or not.
        for (family, saw, settled) in [(1, "confirmed", "confirmed"), (2, "not", "corrected")] {
            let (case, again) = office.checked(&officer, &first, family, saw);
            assert!(
                office.view(&second, case).unwrap().compared.is_empty(),
                "nothing is told before it is filed"
            );
            office.step(&second, again, "visit", &second_saw(saw)).unwrap();
            let page = office.view(&officer, case).unwrap();
            assert_eq!((page.row.state.as_str(), page.row.open), (settled, false));
            let last = page.history.last().unwrap();
            assert_eq!((last.role.as_str(), last.actor.as_str()), ("clock", "eko"));
        }
        // Different: both answers side by side, the difference marked, and somebody else decides with a reason.
        let (case, again) = office.checked(&officer, &first, 3, "confirmed");
        office.step(&second, again, "visit", &second_saw("moved")).unwrap();
        let page = office.view(&officer, case).unwrap();
        assert_eq!(page.row.state, "differs");
        let told: Vec<_> = page
            .compared
            .iter()
            .map(|one| {
                (
                    one.label.en.as_str(),
                    one.counts,
                    one.differs,
                    one.first.clone().unwrap().en,
                    one.second.clone().unwrap().en,
                )
            })
            .collect();
        assert!(told.contains(&("Result", true, true, "Confirmed".into(), "Moved".into())), "{told:?}");
        assert!(
            told.iter()
                .all(|one| one.0 != "Photograph of the house" && one.0 != "I was not the first visitor")
        );
        let decide = [("settled", "right"), ("compare_note", "Foto menunjukkan rumahnya")];
        assert!(office.step(&officer, case, "compare_right", &decide[..1]).is_err(), "not without a reason");
        assert_eq!(office.step(&officer, case, "compare_right", &decide).unwrap().state, "confirmed");

        // Whoever went second does not decide either, whatever role it was.
        let (case, again) = office.checked(&officer, &first, 4, "confirmed");
        let other = office.user("dewi", "district_officer", "99.01");
        office.step(&other, again, "visit", &second_saw("dead")).unwrap();
        let refused = office.step(&other, case, "compare_right", &decide).unwrap_err();
        assert!(matches!(refused, Error::Refused(Refusal::SamePerson)), "{refused}");
        assert_eq!(office.step(&officer, case, "compare_right", &decide).unwrap().state, "confirmed");

        // What nobody was met for is no comparison: the officer settles it as before.
        let (case, again) = office.checked(&officer, &first, 5, "confirmed");
        office.step(&second, again, "not_met", &[("note", "Tiga kali datang")]).unwrap();
        assert_eq!(office.state(&officer, case), "second_look");
        assert_eq!(office.step(&officer, case, "compare_right", &decide).unwrap().state, "confirmed");
        // The same sent twice counts once; few checks are not told apart.
        let scope = officer.scope("case.read").unwrap();
        let told = agreement(&office.house, &scope).unwrap();
        assert_eq!((told.total.checks, told.places[0].checks, told.kappa), (None, None, None));
    }
}

#[test]
fn agreement_counts_each_check_for_both_who_went_and_tells_kappa_from_enough_on() {
    for office in Office::all() {
        let officer = office.user("citra", "district_officer", "99.01");
        let elsewhere = office.user("fajar", "district_officer", "99.02");
        let (first, second) = (
            office.user("ani", "village_operator", VILLAGE),
            office.user("eko", "village_operator", VILLAGE),
        );
        let enough = office.house.policy.settings().work.kappa_from;
        for family in 1..=enough {
            let saw = if family % 2 == 0 { "confirmed" } else { "moved" };
            let (_, again) = office.checked(&officer, &first, family, saw);
            let other = if family % 5 == 0 { "dead" } else { saw };
            office.step(&second, again, "visit", &second_saw(other)).unwrap();
        }
        let told = agreement(&office.house, &officer.scope("case.read").unwrap()).unwrap();
        let agreed = enough - enough / 5;
        assert_eq!(told.total.checks, Some((enough, agreed)));
        assert_eq!(told.places.iter().map(|one| one.of.as_str()).collect::<Vec<_>>(), [VILLAGE]);
        assert_eq!(told.places[0].checks, Some((enough, agreed)));
        let people: Vec<_> = told.people.iter().map(|(name, one)| (name.as_str(), one.checks)).collect();
        assert_eq!(people, [("ani", Some((enough, agreed))), ("eko", Some((enough, agreed)))]);
        assert!(told.kappa.is_some_and(|kappa| (1..100).contains(&kappa)), "{:?}", told.kappa);
        let nothing = agreement(&office.house, &elsewhere.scope("case.read").unwrap()).unwrap();
        assert!(nothing.places.is_empty() && nothing.people.is_empty() && nothing.total.checks.is_none());
    }
}

#[test]
fn a_visit_is_what_the_workflow_says_and_a_place_is_seen_with_its_case_alone() {
    for office in Office::all() {
        let officer = office.user("citra", "district_officer", "99.01");
        let operator = office.user("ani", "village_operator", VILLAGE);
        let far = office.user("fajar", "district_officer", "99.02");
        let companion = office.user("budi", "companion", "99.01.05");
        office.assign(companion.user_id, &[1]);
        let check = office.of_family(&officer, "ground_check", 1);
        let other = office.of_family(&officer, "ground_check", 2);
        let visits =
            |session: &Session| my_day(&office.house, &session.scope("case.read").unwrap()).unwrap().visits;
        assert!(visits(&companion).is_empty(), "not this week");
        office.clock.to(date(2026, 12, 2));
        let visits =
            |session: &Session| my_day(&office.house, &session.scope("case.read").unwrap()).unwrap().visits;
        assert_eq!(visits(&companion).into_iter().collect::<Vec<_>>(), [check.0]);
        let standing_by: Vec<i64> = visits(&officer).into_iter().collect();
        assert_eq!(standing_by, [other.0], "for a family whom nobody accompanies, others go");
        let states = |workflow: &str| {
            let found = office.house.policy.workflow(workflow).unwrap();
            found
                .transitions
                .iter()
                .filter(|step| step.visit)
                .map(|step| step.action.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!((states("ground_check"), states("referral")), (vec!["visit".to_owned()], Vec::new()));
        let wanted = [FamilyId(1), FamilyId(2)];
        let places = |session: &Session| {
            places_of(&office.house, &session.scope("case.read").unwrap(), &wanted).unwrap()
        };
        assert!(places(&officer).is_empty());
        office.add(&operator, check, &photo(1)).unwrap();
        let id = office.add(&operator, other, &photo(2)).unwrap().id;
        let found = places(&officer);
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), [1, 2]);
        assert_eq!((found[&1].lat_e4, found[&1].lon_e4), (-62_101, 1_068_450));
        assert!(places(&far).is_empty(), "nobody without the case");
        withdraw_file(&office.house, &operator.scope("case.work").unwrap(), other, id, "salah rumah")
            .unwrap();
        assert_eq!(
            places(&officer).keys().copied().collect::<Vec<_>>(),
            [1],
            "what was withdrawn says nothing"
        );
    }
}

#[test]
fn a_meeting_is_chosen_among_the_open_ones_of_the_territory() {
    for office in Office::all() {
        let officer = office.user("citra", "district_officer", "99.01");
        let operator = office.user("ani", "village_operator", VILLAGE);
        let far = office.user("fajar", "district_officer", "99.02");
        let plan = [
            ("topic", "Penyaluran"),
            ("planned_on", "2026-12-01"),
            ("place", "Aula"),
            ("agenda", "Hambatan"),
        ];
        let older = office.open_in(&officer, "coordination_meeting", "99.01", &plan);
        let newer = office.open_in(&officer, "coordination_meeting", "99.01", &plan);
        let theirs = office.open_in(&far, "coordination_meeting", "99.02", &plan);
        let told = [("obstacle", "Jembatan putus"), ("obstacle_effect", "Tidak dapat dilalui")];
        let obstacle = office.open_in(&operator, "obstacle", VILLAGE, &told);
        office.step(&officer, obstacle, "sort", &[("obstacle_subject", "reach")]).unwrap();
        let page = office.view(&officer, obstacle).unwrap();
        let step = page.steps.iter().find(|step| step.action == "take_up").unwrap();
        let field = step.fields.iter().find(|field| field.key == "meeting_no").unwrap();
        let offered: Vec<CaseId> = field.offered.iter().map(|one| one.case).collect();
        assert_eq!(offered, [newer, older], "the newest first, none of another district");
        let take_up = |meeting: CaseId| {
            let number = meeting.to_string();
            let decided = [
                ("meeting_no", number.as_str()),
                ("decision", "Perbaiki"),
                ("answers_for", "PU"),
                ("done_by", "2026-12-15"),
            ];
            office.step(&officer, obstacle, "take_up", &decided)
        };
        for strange in [theirs, obstacle, CaseId(99_999)] {
            match take_up(strange).unwrap_err() {
                Error::Refused(Refusal::Form(faults)) => assert_eq!(
                    faults.iter().map(|fault| (fault.field.as_str(), fault.code)).collect::<Vec<_>>(),
                    [("meeting_no", "casework-field-case")]
                ),
                other => panic!("{other}"),
            }
        }
        office.step(&officer, older, "call_off", &[("reason", "Ditunda")]).unwrap();
        assert!(take_up(older).is_err(), "a meeting that was called off decides nothing");
        assert_eq!(take_up(newer).unwrap().state, "taken_up");
    }
}

#[test]
fn a_family_knows_of_its_own_cases_but_of_no_secret_and_no_answer() {
    for office in Office::all() {
        let officer = office.user("citra", "district_officer", "99.01");
        let operator = office.user("ani", "village_operator", VILLAGE);
        let check = office.of_family(&officer, "ground_check", 7);
        let known = |office: &Office, family: i64| {
            let citizen = officer.scope("case.read").unwrap();
            own_cases(&office.house, &citizen, FamilyId(family)).unwrap()
        };
        let own = known(&office, 7);
        assert_eq!(own.len(), 1);
        assert_eq!(
            (own[0].case, own[0].workflow.en.as_str(), own[0].state.en.as_str(), own[0].open),
            (check, "Ground check", "Assigned", true)
        );
        assert!(own[0].next.is_some() && own[0].until.is_some());
        assert!(known(&office, 8).is_empty() && known(&office, 0).is_empty());
        let (first, _) = office.checked(&officer, &operator, 9, "confirmed");
        let told: Vec<CaseId> = known(&office, 9).iter().map(|one| one.case).collect();
        assert_eq!(told, [first], "the second check is told to nobody who should not wait for it");
        // What a neighbour says of it, the family does not know; what it says itself, it does.
        for (neighbour, seen) in [("ya", 0), ("tidak", 1)] {
            let says = [("about", "house"), ("about_neighbour", neighbour), ("says", "Rumahnya dua")];
            office.open(&officer, &new_case("objection", 11, &says));
            assert_eq!(known(&office, 11).len(), seen, "{neighbour}");
        }
        // A secret report about the same family, and a second check that nobody should wait for.
        let policy = office.house.policy.clone();
        for workflow in policy.workflows().values().filter(|workflow| workflow.citizen) {
            assert!(workflow.subject.of_family() && !workflow.need_to_know, "{}", workflow.key);
        }
        assert!(
            !policy.workflow("integrity_report").unwrap().citizen
                && !policy.workflow("blind_check").unwrap().citizen
        );
        office.step(&operator, check, "not_met", &[("note", "Pindah")]).unwrap();
        let ended = known(&office, 7);
        assert_eq!(
            (ended[0].open, ended[0].next.clone(), ended[0].until),
            (false, None, Some(date(2026, 11, 23)))
        );
        let days = i64::from(policy.settings().slip.cases_days as i32);
        for (after, seen) in [(days, 1), (days + 1, 0)] {
            let day = date(2026, 11, 23).checked_add(jiff::Span::new().days(after)).unwrap();
            office.clock.to(day);
            assert_eq!(known(&office, 7).len(), seen, "{after} days later");
        }
    }
}
