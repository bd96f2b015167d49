//! The calendar of a worker and the obstacles on the page of a meeting: whose steps count, on which day, and in which territory.

use std::collections::BTreeMap;

use access::Session;
use casework::{NewCase, assign, first_steps, listed, steps_by_day, steps_due, steps_of_day, views::CaseRow};
use jiff::civil::{Date, date};
use model::{CaseId, LineId, PersonId};
use policy::Shows;
use proptest::prelude::*;
use store::Page;

use crate::support::{Fields, Office, VILLAGE, new_case};

const VILLAGES: [&str; 3] = [VILLAGE, "99.01.05.2004", "99.02.01.2001"];
const MONTH: (Date, Date) = (date(2026, 11, 1), date(2026, 12, 31));

impl Office {
    /// The state to which a step leads; none where it is refused.
    fn goes(&self, session: &Session, case: CaseId, action: &str, said: Fields) -> Option<String> {
        self.step(session, case, action, said).ok().map(|done| done.state)
    }

    /// What a calendar holds, step by step: day and case.
    fn steps(&self, session: &Session, days: (Date, Date)) -> Vec<(Date, CaseId)> {
        let (rows, more) = steps_due(&self.house, &session.scope("case.read").unwrap(), days).unwrap();
        assert!(!more);
        rows.iter().map(|row| (row.step_due_on, row.case)).collect()
    }

    /// The counts of a calendar are those of its steps, day by day and workflow by workflow.
    fn is_whole(&self, session: &Session, days: (Date, Date)) {
        let scope = session.scope("case.read").unwrap();
        let counted = steps_by_day(&self.house, &scope, days).unwrap();
        let (rows, _) = steps_due(&self.house, &scope, days).unwrap();
        let mut by_day: BTreeMap<Date, Vec<CaseId>> = BTreeMap::new();
        for row in &rows {
            by_day.entry(row.step_due_on).or_default().push(row.case);
        }
        for each in [1, 3, 100] {
            let first = first_steps(&self.house, &scope, days, each).unwrap();
            let first = first.iter().map(|(day, rows)| (*day, rows.iter().map(|row| row.case).collect()));
            let wanted =
                by_day.iter().map(|(day, all)| (*day, all.iter().take(each as usize).copied().collect()));
            assert_eq!(first.collect::<Vec<(Date, Vec<CaseId>)>>(), wanted.collect::<Vec<_>>());
        }
        for (day, wanted) in &by_day {
            let (mut found, mut page) = (Vec::new(), Page::first(2));
            loop {
                let part = steps_of_day(&self.house, &scope, *day, &page).unwrap();
                found.extend(part.items.iter().map(|row| row.case));
                let Some(next) = part.next else { break };
                page.after = Some(next);
            }
            assert_eq!(&found, wanted);
        }
        let mut wanted: BTreeMap<Date, (i64, i64, BTreeMap<String, i64>)> = BTreeMap::new();
        for CaseRow { step_due_on, workflow, assignee, .. } in rows {
            let day = wanted.entry(step_due_on).or_default();
            day.0 += 1;
            day.1 += i64::from(assignee.is_some());
            *day.2.entry(workflow).or_default() += 1;
        }
        let counted: BTreeMap<_, _> = counted
            .into_iter()
            .map(|(day, one)| {
                assert!(!one.more);
                (day, (one.steps, one.given, one.by_workflow))
            })
            .collect();
        assert_eq!(counted, wanted);
    }
}

fn plan(day: &str) -> Vec<(&str, &str)> {
    vec![("group_name", "Melati"), ("module", "health"), ("session_no", "3"), ("planned_on", day)]
}

const OBSTACLE: Fields =
    &[("obstacle", "Jembatan putus"), ("obstacle_effect", "Keluarga tidak sampai ke agen")];

#[test]
fn a_session_stands_on_the_day_of_its_plan() {
    for office in Office::all() {
        let companion = office.user("siti", "companion", "99.01.05");
        let case = office.open_in(&companion, "group_session", VILLAGES[0], &plan("2026-12-02"));
        assert_eq!(office.steps(&companion, MONTH), [(date(2026, 12, 2), case)]);
        office.goes(&companion, case, "change", &plan("2026-12-09")).unwrap();
        assert_eq!(office.steps(&companion, MONTH), [(date(2026, 12, 9), case)]);
        assert_eq!(office.steps(&companion, (date(2026, 12, 9), date(2026, 12, 9))).len(), 1);
        assert_eq!(office.steps(&companion, (date(2026, 12, 10), date(2026, 12, 31))), []);
        assert_eq!(office.steps(&companion, (date(2026, 12, 1), date(2026, 12, 8))), []);
        let workflow = office.house.policy.workflow("group_session").unwrap();
        assert_eq!(workflow.in_calendar.as_ref().unwrap().shows, Shows::Session);
    }
}

#[test]
fn what_was_given_to_somebody_else_is_not_in_mine() {
    for office in Office::all() {
        let (first, second) = (
            office.user("budi", "district_officer", "99.01"),
            office.user("ani", "district_officer", "99.01"),
        );
        let operator = office.user("eko", "village_operator", VILLAGES[0]);
        let nation = office.user("pusat", "programme_manager", "");
        let free = office.open_in(&operator, "obstacle", VILLAGES[0], OBSTACLE);
        let given = office.open_in(&operator, "obstacle", VILLAGES[0], OBSTACLE);
        let give = |to: &Session| {
            let scope = to.scope("case.work").unwrap();
            assert_eq!(assign(&office.house, &scope, &[given], Some(scope.actor())).unwrap().taken, 1);
        };
        give(&first);
        let of = |session| office.steps(session, MONTH).into_iter().map(|(_, case)| case).collect::<Vec<_>>();
        assert_eq!(of(&first), [free, given]);
        assert_eq!(of(&second), [free]);
        assert_eq!(of(&operator), [], "the step is the district's");
        assert_eq!(of(&nation), []);
        for session in [&first, &second, &operator, &nation] {
            office.is_whole(session, MONTH);
        }
        give(&second);
        assert_eq!((of(&first), of(&second)), (vec![free], vec![free, given]));
    }
}

#[test]
fn a_caseload_is_the_calendar_of_its_companion() {
    for office in Office::all() {
        let (first, second) =
            (office.user("siti", "companion", "99.01.05"), office.user("dewi", "companion", "99.01.05"));
        office.assign(first.user_id, &[1, 2, 3, 4, 5]);
        office.assign(second.user_id, &[6, 7, 8, 9]);
        let failed = (1..=9).map(|family| NewCase {
            person: Some(PersonId(family)),
            line: Some(LineId(family)),
            ..new_case("account_repair", family, &[])
        });
        office.cause(&failed.collect::<Vec<_>>());
        let count = |session| office.steps(session, MONTH).len();
        assert_eq!((count(&first), count(&second)), (5, 4));
        office.is_whole(&first, MONTH);
        office.is_whole(&second, MONTH);
    }
}

#[test]
fn a_meeting_lists_the_open_obstacles_of_its_territory_and_no_others() {
    for office in Office::all() {
        let (first, second) = (
            office.user("budi", "district_officer", "99.01"),
            office.user("ani", "district_officer", "99.01"),
        );
        let operators = VILLAGES
            .map(|place| office.user(&format!("desa-{}", place.replace('.', "")), "village_operator", place));
        let raised: Vec<CaseId> = operators
            .iter()
            .zip(VILLAGES)
            .map(|(operator, place)| office.open_in(operator, "obstacle", place, OBSTACLE))
            .collect();
        let rakor = [
            ("topic", "Penyaluran"),
            ("planned_on", "2026-12-01"),
            ("place", "Aula"),
            ("agenda", "Hambatan"),
        ];
        let meeting = office.open_in(&first, "coordination_meeting", "99.01", &rakor);
        let seen_by = |session: &Session, case| {
            let scope = session.scope("case.read").unwrap();
            let found = listed(&office.house, &scope, &office.view(session, case).unwrap().row).unwrap();
            found.map(|(_, rows)| rows.iter().map(|row| row.case).collect::<Vec<_>>())
        };
        assert_eq!(seen_by(&first, meeting), Some(raised[..2].to_vec()));
        assert_eq!(seen_by(&first, raised[0]), None, "an obstacle lists nothing");

        // Sorted, taken up by somebody who did not raise it, carried, taken up again and settled.
        let subject = [("obstacle_subject", "reach")];
        assert_eq!(office.goes(&first, raised[0], "sort", &subject).as_deref(), Some("sorted"));
        let number = meeting.to_string();
        let decided = [
            ("meeting_no", number.as_str()),
            ("decision", "Jembatan darurat"),
            ("answers_for", "Kepala Dinas PU"),
            ("done_by", "2026-12-15"),
        ];
        assert_eq!(office.goes(&first, raised[0], "take_up", &decided).as_deref(), Some("taken_up"));
        assert_eq!(office.view(&first, raised[0]).unwrap().row.step_due_on, date(2026, 12, 15));
        let (why, note) = ([("reason", "Belum selesai")], [("note", "Sudah dilalui")]);
        assert_eq!(office.goes(&first, raised[0], "carry", &why).as_deref(), Some("sorted"));
        assert_eq!(seen_by(&second, meeting).unwrap().len(), 2, "carried to the next meeting");
        assert_eq!(office.goes(&second, raised[0], "take_up", &decided).as_deref(), Some("taken_up"));
        assert_eq!(office.goes(&second, raised[0], "settle", &note).as_deref(), Some("settled"));
        assert_eq!(seen_by(&second, meeting), Some(vec![raised[1]]));

        let own = office.open_in(&second, "obstacle", VILLAGES[1], OBSTACLE);
        assert_eq!(office.goes(&second, own, "sort", &subject).as_deref(), Some("sorted"));
        assert_eq!(office.goes(&second, own, "take_up", &decided), None, "who raised it does not decide");
        assert_eq!(office.goes(&first, own, "take_up", &decided).as_deref(), Some("taken_up"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// A month is the sum of its days, and no calendar holds a place beyond its territory: whatever was raised, sorted and given.
    #[test]
    fn a_month_is_the_sum_of_its_days(
        raised in prop::collection::vec((0_usize..3, 0_u8..3, 0_usize..3), 1..16),
    ) {
        for office in Office::all() {
            let officers = [
                office.user("andi", "district_officer", "99.01"),
                office.user("bima", "district_officer", "99.01"),
                office.user("cici", "district_officer", "99.02"),
            ];
            let operators = VILLAGES.map(|place| office.user(&format!("desa-{}", place.replace('.', "")), "village_operator", place));
            let nation = office.user("pusat", "data_centre", "");
            for (place, sorted, given) in &raised {
                let case = office.open_in(&operators[*place], "obstacle", VILLAGES[*place], OBSTACLE);
                let officer = &officers[if *place == 2 { 2 } else { 0 }];
                let breach = [("what", "Berkas terkirim salah"), ("found_on", "2026-11-20")];
                office.open_in(&operators[*place], "data_breach", VILLAGES[*place], &breach);
                for _ in 0..*sorted {
                    office.goes(officer, case, "sort", &[("obstacle_subject", "staff")]);
                }
                if *given < 2 {
                    let scope = officers[*given].scope("case.work").unwrap();
                    assign(&office.house, &scope, &[case], Some(scope.actor())).unwrap();
                }
            }
            for session in officers.iter().chain(&operators).chain([&nation]) {
                office.is_whole(session, MONTH);
                let scope = session.scope("case.read").unwrap();
                let sum: i64 = steps_by_day(&office.house, &scope, MONTH).unwrap().values().map(|day| day.steps).sum();
                let mut by_day = 0;
                let mut day = MONTH.0;
                while day <= MONTH.1 {
                    by_day += office.steps(session, (day, day)).len();
                    day = day.tomorrow().unwrap();
                }
                prop_assert_eq!(sum, by_day as i64);
                let (rows, _) = steps_due(&office.house, &scope, MONTH).unwrap();
                prop_assert!(rows.iter().all(|row| scope.covers(&row.region)));
            }
            prop_assert_eq!(office.steps(&nation, MONTH).len(), raised.len());
            let of = |nth: usize| office.steps(&officers[nth], MONTH).len();
            let given_to = |nth: usize| raised.iter().filter(|one| one.0 != 2 && one.2 == nth).count();
            let near = raised.iter().filter(|one| one.0 != 2).count();
            prop_assert_eq!(of(0), near - given_to(1));
            prop_assert_eq!(of(1), near - given_to(0));
            prop_assert_eq!(of(2), raised.len() - near);
        }
    }
}
