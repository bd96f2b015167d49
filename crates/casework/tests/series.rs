//! Amounts over the life of a family, as far as a person may see its cases.

#![expect(clippy::unwrap_used, reason = "helpers of a test stop at the first surprise")]

use std::sync::Arc;

use access::{House, NewUser, Session};
use casework::{NewCase, StepRequest, family_series, open_caused, take_step, views};
use jiff::civil::{Date, date};
use model::{FamilyId, FixedClock, RegionCode};
use policy::Policy;
use store::testing::TestDb;

fn user(house: &House, login: &str, role: &str, region: &str) -> Session {
    let manage = Session::console(house).scope("user.manage").unwrap();
    let new = NewUser {
        login: login.to_owned(),
        name: login.to_owned(),
        role: role.to_owned(),
        region: RegionCode::parse(region).unwrap(),
        password: Some("sandi yang panjang".to_owned()),
    };
    access::create_user(house, &manage, new).unwrap();
    access::session_of_login(house, &manage, login).unwrap()
}

fn assess(house: &House, companion: &Session, family: i64, income: i64) {
    let new = NewCase {
        workflow: "graduation".to_owned(),
        family: FamilyId(family),
        person: None,
        line: None,
        region: RegionCode::parse("99.01.05.2003").unwrap(),
        title: "SITI AMINAH".to_owned(),
        written: [("why".to_owned(), "income".to_owned())].into(),
    };
    let scope = Session::console(house).scope("case.open").unwrap();
    let case = open_caused(house, &scope, &[new]).unwrap()[0].case;
    step(
        house,
        companion,
        case,
        "assess",
        &[
            ("visited_on", "2026-01-10"),
            ("income_month", &income.to_string()),
            ("second_earner", "ya"),
            ("debt", "7000000"),
        ],
    );
}

fn step(house: &House, who: &Session, case: model::CaseId, action: &str, written: &[(&str, &str)]) {
    let view = views::case_page(house, &who.scope("case.read").unwrap(), case, None).unwrap().unwrap();
    let written = written.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
    let request = StepRequest { action: action.to_owned(), written, rev: view.rev };
    take_step(house, &who.scope("case.work").unwrap(), case, &request).unwrap();
}

#[test]
fn amounts_of_all_cases_of_a_family_stand_in_the_order_of_their_days() {
    for db in TestDb::all() {
        let mut house = House {
            db: db.db.clone(),
            lake: lake::Lake::open(&db.folder.join("lake")).unwrap(),
            policy: Arc::new(Policy::embedded().unwrap()),
            clock: Arc::new(FixedClock::at(date(2026, 2, 3))),
        };
        let companion = user(&house, "ani", "companion", "99.01.05");
        let officer = user(&house, "citra", "district_officer", "99.01");
        let elsewhere = user(&house, "dewi", "district_officer", "99.02");
        let manage = Session::console(&house).scope("assignment.manage").unwrap();
        let families = [FamilyId(7), FamilyId(8)];
        access::assign_families(&house, &manage, companion.user_id, &families).unwrap();

        let told = |house: &House, who: &Session| -> Vec<(Date, i64)> {
            let series = family_series(house, &who.scope("case.read").unwrap(), FamilyId(7)).unwrap();
            assert!(series.len() <= 1 && series.iter().all(|one| one.key == "income"), "debt is no income");
            let points = series.into_iter().flat_map(|one| one.points);
            points.map(|point| (point.on, point.amount_idr.idr())).collect()
        };
        assert_eq!(told(&house, &companion), []);
        assess(&house, &companion, 7, 900_000);
        assess(&house, &companion, 8, 5_000_000);
        let case =
            views::family_cases(&house, &officer.scope("case.read").unwrap(), FamilyId(7)).unwrap()[0].case;
        house.clock = Arc::new(FixedClock::at(date(2026, 2, 10)));
        step(&house, &officer, case, "keep", &[("note", "Masih perlu")]);
        house.clock = Arc::new(FixedClock::at(date(2026, 9, 1)));
        assess(&house, &companion, 7, 1_450_000);

        let whole = [(date(2026, 2, 3), 900_000), (date(2026, 9, 1), 1_450_000)];
        assert_eq!(told(&house, &companion), whole);
        assert_eq!(told(&house, &officer), whole);
        assert_eq!(told(&house, &elsewhere), [], "another district sees nothing");
    }
}
