//! The second check of a share: who is drawn, that no drawn case is settled without it, and that it is somebody else's. The month for
//! which a proposal counts, and the day of a worker.

use access::Session;
use casework::{Error, NewFile, Refusal, add_file, sweep};
use jiff::civil::date;
use model::CaseId;
use policy::Draw;
use proptest::prelude::*;

use crate::support::{Fields, Office, VILLAGE, new_case};

/// Cases of a run: more than enough for some to be drawn and some not.
const CASES: i64 = 40;

proptest! {
    /// The same number is always drawn or never, nobody is drawn of nothing, all of a thousand, and a share is the share.
    #[test]
    fn a_share_is_the_share(permille in 0_u32..=1_000, first in 0_i64..1_000_000, of in "[a-z]{1,8}") {
        let draw = Draw { action: "again".to_owned(), permille };
        let numbers = || first..first + 4_000;
        let drawn: Vec<i64> = numbers().filter(|case| draw.takes(&of, "seen", *case)).collect();
        let again: Vec<i64> = numbers().filter(|case| draw.takes(&of, "seen", *case)).collect();
        prop_assert_eq!(&drawn, &again);
        // Six standard deviations of 4,000 throws are less than 50 thousandths.
        let share = drawn.len() as i64 * 1_000 / 4_000;
        prop_assert!((share - i64::from(permille)).abs() <= 50, "{} of {}", share, permille);
        prop_assert!((permille > 0 || drawn.is_empty()) && (permille < 1_000 || drawn.len() == 4_000));
        // Who is drawn of a small share is drawn of every larger one.
        let more = Draw { permille: permille.saturating_add(100).min(1_000), ..draw.clone() };
        prop_assert!(drawn.iter().all(|case| more.takes(&of, "seen", *case)));
    }
}

impl Office {
    /// A photograph of the house, as the number by which a step names it.
    fn photo(&self, session: &Session, case: CaseId) -> String {
        let new = NewFile {
            caption: "Rumah dari depan".to_owned(),
            field: "photo".to_owned(),
            name: "rumah.jpg".to_owned(),
            declared: "image/jpeg".to_owned(),
            bytes: synth::photo::house(case.0 as u64, "2026:11:20 09:15:30", (-62_101, 1_068_450)).unwrap(),
        };
        add_file(&self.house, &session.scope("case.work").unwrap(), case, &new).unwrap().id.to_string()
    }
}

const SEEN: Fields = &[("visited_on", "2026-11-20"), ("result", "confirmed"), ("found", "Rumah kayu")];
const SEEN_AGAIN: Fields = &[
    ("visited_on", "2026-11-20"),
    ("result", "confirmed"),
    ("found", "Rumah kayu"),
    ("first_visitor", "ya"),
];

#[test]
fn a_drawn_case_is_not_settled_without_somebody_elses_second_check() {
    for office in Office::all() {
        let officer = office.user("budi", "district_officer", "99.01");
        let (first, second) = (
            office.user("ani", "village_operator", VILLAGE),
            office.user("eko", "village_operator", VILLAGE),
        );
        let draw =
            office.house.policy.workflow("ground_check").unwrap().state("visited").unwrap().draw.clone();
        let draw = draw.unwrap();
        let cases: Vec<CaseId> =
            (1..=CASES).map(|family| office.open(&officer, &new_case("ground_check", family, &[]))).collect();
        let is_drawn = |case: &CaseId| draw.takes("ground_check", "visited", case.0);
        let (drawn, other): (Vec<CaseId>, Vec<CaseId>) = cases.iter().partition(|case| is_drawn(case));
        assert!(!drawn.is_empty() && other.len() > drawn.len());
        for case in &cases {
            let photo = office.photo(&first, *case);
            let seen: Vec<(&str, &str)> = SEEN.iter().copied().chain([("photo", photo.as_str())]).collect();
            office.step(&first, *case, "visit", &seen).unwrap();
        }
        for case in &drawn {
            let offered = office.view(&officer, *case).unwrap().steps;
            assert!(offered.iter().all(|step| !step.ends), "no step is offered that ends it");
            let refused = office.step(&officer, *case, "confirm", &[]).unwrap_err();
            assert!(matches!(refused, Error::Refused(Refusal::Drawn(step)) if step == "ask_second"));
        }
        assert_eq!(office.step(&officer, other[0], "confirm", &[]).unwrap().state, "confirmed");

        let console = office.console("case.work");
        assert_eq!(sweep(&office.house, &console).unwrap().timed, drawn.len() as u64);
        assert_eq!(sweep(&office.house, &console).unwrap().timed, 0, "asked for once");
        assert_eq!(
            office.view(&officer, other[1]).unwrap().row.state,
            "visited",
            "who is not drawn is left alone"
        );
        for case in &drawn {
            let page = office.view(&officer, *case).unwrap();
            assert_eq!(page.row.state, "second_look");
            let child = page.relatives.iter().find(|one| one.child).unwrap().row.case;
            let compare = [("settled", "right"), ("compare_note", "Sama")];
            assert!(
                office.step(&officer, *case, "compare_right", &compare).is_err(),
                "nothing to compare yet"
            );
            let refused = office.step(&first, child, "visit", SEEN_AGAIN).unwrap_err();
            assert!(matches!(refused, Error::Refused(Refusal::SamePerson)), "{refused}");
            assert!(office.view(&first, child).unwrap().steps.iter().any(|step| step.needs_other));
            assert_eq!(office.step(&second, child, "visit", SEEN_AGAIN).unwrap().state, "done");
            let settled = office.view(&officer, *case).unwrap().row.state;
            assert_eq!(settled, "confirmed", "both saw the same: the house settles it");
        }
    }
}

#[test]
fn a_proposal_that_is_not_through_by_the_cut_off_counts_for_the_next_month() {
    for office in Office::all() {
        office.clock.to(date(2026, 11, 10));
        let operator = office.user("ani", "village_operator", VILLAGE);
        let propose = |office: &Office, family: i64| {
            let written =
                [("kind", "change"), ("says", "Pindah kerja"), ("evidence", "KK"), ("consent", "ya")];
            office.open(&operator, &new_case("proposal", family, &written))
        };
        let counts = |office: &Office, case| {
            let counts = office.view(&operator, case).unwrap().row.counts?;
            Some((counts.month, counts.rolled_from))
        };
        let rolled = |office: &Office, month: &str| {
            let scope = office.console("case.read");
            let all = casework::rolled(&office.house, &scope, month.parse().unwrap()).unwrap();
            all.into_iter().map(|one| (one.district, one.workflow, one.cases)).collect::<Vec<_>>()
        };
        let (early, gone) = (propose(&office, 1), propose(&office, 2));
        office.step(&operator, gone, "withdraw", &[("note", "Salah")]).unwrap();
        let month = |text: &str| text.to_owned();
        for (day, wanted) in [(17, ("2026-11", None)), (18, ("2026-12", Some("2026-11")))] {
            office.clock.to(date(2026, 11, day));
            assert_eq!(counts(&office, early), Some((month(wanted.0), wanted.1.map(month))), "day {day}");
            assert_eq!(counts(&office, gone), None, "who does not come through counts for no month");
        }
        let late = propose(&office, 3);
        assert_eq!(counts(&office, late), Some((month("2026-12"), None)));
        let of_district = |cases| vec![("99.01".to_owned(), "proposal".to_owned(), cases)];
        assert_eq!(rolled(&office, "2026-11"), of_district(1));
        assert_eq!(rolled(&office, "2026-12"), of_district(2));
        assert_eq!(rolled(&office, "2026-10"), []);

        // The worker's day: both proposals wait, and nothing else.
        office.clock.to(date(2026, 12, 1));
        let day = casework::my_day(&office.house, &operator.scope("case.read").unwrap()).unwrap();
        let late_cases: Vec<CaseId> = day.late.iter().map(|row| row.case).collect();
        assert_eq!((late_cases, day.due_today.len(), day.this_week.len()), (vec![early, late], 0, 0));
        assert_eq!((day.week_ends, day.more), (date(2026, 12, 6), false));
    }
}
