//! Open cases go where their person and family are: merged, moved, split, dead.

use std::collections::BTreeMap;

use access::Session;
use casework::{
    Death, Moved, NewCase, OpenCase, StepRequest, carry_effects, follow, followed_until, open_cases_of,
    take_step, views::Why,
};
use jiff::civil::date;
use model::{CaseId, FamilyId, LineId, PersonId, RegionCode};
use store::sql;

use crate::support::{Office, VILLAGE, new_case};

sql! {
    ALIAS = "INSERT INTO person_alias (old_id, new_id, kind, at) VALUES ($1, $2, 1, 0)";
}

const ELSEWHERE: &str = "99.02.01.2001";

impl Office {
    /// A failed account, which is about the family of the line.
    fn account(&self, family: i64, line: i64) -> CaseId {
        let (person, line) = (Some(PersonId(family * 10)), Some(LineId(line)));
        let new = NewCase { person, line, ..new_case("account_repair", family, &[("reason", "NAMA_BEDA")]) };
        self.cause(&[new])[0].case
    }

    /// A report of a death, which is about a person.
    fn report(&self, family: i64, person: i64) -> CaseId {
        let person = Some(PersonId(person));
        self.cause(&[NewCase { person, ..new_case("death_report", family, &[]) }])[0].case
    }

    fn of(&self, people: &[i64], families: &[i64]) -> Vec<OpenCase> {
        let people: Vec<_> = people.iter().map(|id| PersonId(*id)).collect();
        let families: Vec<_> = families.iter().map(|id| FamilyId(*id)).collect();
        open_cases_of(&self.house, &self.console("case.work"), &people, &families).unwrap()
    }

    fn go(&self, of: OpenCase, family: i64, person: Option<i64>, region: &str) -> u64 {
        let region = RegionCode::parse(region).unwrap();
        let moved = Moved { of, family: FamilyId(family), person: person.map(PersonId), region };
        follow(&self.house, &self.console("case.work"), &[moved], &[], None).unwrap().0
    }
}

#[test]
fn a_case_shows_and_acts_on_the_number_of_now() {
    for office in Office::all() {
        let operator = office.user("nur", "village_operator", VILLAGE);
        let officer = office.user("citra", "district_officer", "99.01");
        let said = [("death_date", "20-11-2026"), ("proof", "certificate"), ("proof_number", "3/2026")];
        let new = NewCase { person: Some(PersonId(70)), ..new_case("death_report", 7, &said) };
        let case = office.open(&operator, &new);
        office.house.db.write(|tx| tx.execute(&ALIAS, store::params![70, 90])).unwrap();
        let seen = office.view(&officer, case).unwrap();
        assert_eq!(seen.row.person, Some(PersonId(90)), "no list needs to be taken in first");
        let request = StepRequest { action: "confirm".to_owned(), written: BTreeMap::new(), rev: seen.rev };
        take_step(&office.house, &officer.scope("case.work").unwrap(), case, &request).unwrap();
        let mut acted = Vec::new();
        let carried = carry_effects(&office.house, |effect| {
            acted.push(effect.person);
            Ok(())
        });
        assert_eq!((carried, acted), (Ok(1), vec![Some(PersonId(90))]));
    }
}

#[test]
fn a_case_goes_to_the_family_of_now_with_its_history_tasks_and_number() {
    for office in Office::all() {
        let old = office.user("citra", "district_officer", "99.01");
        let new = office.user("dewi", "district_officer", "99.02");
        let case = office.report(7, 70);
        let before = office.view(&old, case).unwrap();
        let of = office.of(&[70], &[]).remove(0);
        assert_eq!(of, office.of(&[], &[7]).remove(0), "found by person and by family");
        assert!(of.of_person);
        assert_eq!(office.go(of.clone(), 8, Some(90), ELSEWHERE), 1);

        assert_eq!((office.tasks(&old), office.view(&old, case)), (vec![], None));
        assert_eq!(office.tasks(&new), [(case.0, Why::Task)]);
        let after = office.view(&new, case).unwrap();
        assert_eq!((after.row.family, after.row.person), (FamilyId(8), Some(PersonId(90))));
        assert_eq!(after.rev, before.rev + 1);
        let actions: Vec<&str> = after.history.iter().map(|line| line.action.as_str()).collect();
        assert_eq!(actions, ["open", "followed"]);
        assert_eq!(after.history[0], before.history[0]);
        assert_eq!(office.of(&[70], &[7]), [], "nothing is left behind");

        assert_eq!(office.go(of, 8, Some(90), ELSEWHERE), 0, "told twice it goes once");
        let scope = new.scope("case.work").unwrap();
        let written = BTreeMap::from([("note".to_owned(), "masih hidup".to_owned())]);
        let request = StepRequest { action: "reject".to_owned(), written, rev: before.rev };
        let done = take_step(&office.house, &scope, case, &request);
        assert!(done.as_ref().is_ok_and(|done| done.ended), "whoever saw it before is not put out: {done:?}");
    }
}

#[test]
fn two_cases_that_meet_at_one_person_both_stay_open() {
    for office in Office::all() {
        let (one, two) = (office.report(7, 70), office.report(8, 90));
        let of = office.of(&[70], &[]).remove(0);
        assert_eq!(office.go(of, 8, Some(90), VILLAGE), 1);
        let there: Vec<CaseId> = office.of(&[90], &[]).into_iter().map(|case| case.case).collect();
        assert_eq!(there, [one, two]);
        assert_eq!(office.report(8, 90), two, "a third finds the one that was there");
    }
}

#[test]
fn the_people_of_a_case_hear_of_a_death_once() {
    for office in Office::all() {
        let companion = office.user("ani", "companion", "99.01.05");
        let operator = office.user("nur", "village_operator", VILLAGE);
        let assign = office.console("assignment.manage");
        access::assign_families(&office.house, &assign, companion.user_id, &[FamilyId(7)]).unwrap();
        let (report, account) = (office.report(7, 70), office.account(7, 700));
        let death = |of: &OpenCase, its_person| Death {
            of: of.clone(),
            person: PersonId(70),
            its_person,
            on: Some(date(2026, 11, 20)),
        };
        let cases = office.of(&[], &[7]);
        let deaths: Vec<Death> = cases.iter().map(|of| death(of, of.of_person)).collect();
        let tell =
            || follow(&office.house, &office.console("case.work"), &[], &deaths, Some((3, 9))).unwrap().1;
        assert_eq!((tell(), tell()), (2, 0));
        assert_eq!(followed_until(&office.house, &office.console("case.work")).unwrap(), (3, 9));
        let last = |session: &Session, case| office.view(session, case).unwrap().history.pop().unwrap();
        let line = last(&operator, report);
        assert_eq!((line.action.as_str(), line.from.as_str()), ("person_died", line.to.as_str()));
        assert_eq!(line.answers.len(), 2, "who and when");
        assert_eq!(last(&companion, account).action, "member_died");
        // A case that is the owner's task already is not listed twice.
        let mine = [(account.0, Why::Task)];
        assert_eq!(office.tasks(&companion), mine);
        // Closed cases are left alone, and a step is not put out by the note.
        let scope = companion.scope("case.work").unwrap();
        let written = [("cause", "name_differs"), ("cause_note", "ejaan"), ("visited_on", "20-11-2026")]
            .map(|(key, text)| (key.to_owned(), text.to_owned()))
            .into();
        let request = StepRequest { action: "contact".to_owned(), written, rev: 1 };
        take_step(&office.house, &scope, account, &request).unwrap();
    }
}
