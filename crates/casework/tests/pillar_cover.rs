//! What a country is told about its companions is what counting every family would tell, however assignments change.

#![expect(clippy::unwrap_used, reason = "helpers of a test stop at the first surprise")]

use std::{collections::BTreeMap, sync::Arc};

use access::{House, NewUser, Session};
use casework::pillar::coverage;
use jiff::civil::date;
use model::{FamilyId, FixedClock, RegionCode, UserId};
use policy::Policy;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use store::{sql, testing::TestDb};

sql! {
    COUNTED = "SELECT u.region, SUM(1), COUNT(DISTINCT a.user_id) FROM assignment a
        JOIN user_account u ON u.user_id = a.user_id GROUP BY u.region ORDER BY u.region";
}

fn house(db: &TestDb) -> House {
    let house = House {
        db: db.db.clone(),
        lake: lake::Lake::open(&db.folder.join("lake")).unwrap(),
        policy: Arc::new(Policy::embedded().unwrap()),
        clock: Arc::new(FixedClock::at(date(2026, 11, 23))),
    };
    let region = |code: &str| {
        let code = RegionCode::parse(code).unwrap();
        let (parent, level) = (code.parent().unwrap(), code.as_str().split('.').count() as i64);
        let (kind, name, edition) = (String::new(), format!("Rekaan {code}"), "uji".to_owned());
        store::regions::Region { code, parent, level, kind, name, postal_code: None, edition }
    };
    house.db.write(|tx| store::regions::load(tx, &["99", "99.01", "99.02"].map(region))).unwrap();
    house
}

#[test]
fn coverage_of_a_province_is_what_counting_every_assignment_tells() {
    for db in TestDb::all() {
        let house = house(&db);
        let console = |action: &str| Session::console(&house).scope(action).unwrap();
        let users: Vec<UserId> = ["99.01", "99.01", "99.02", "99.02"]
            .iter()
            .enumerate()
            .map(|(number, region)| {
                let login = format!("worker{number}");
                let region = RegionCode::parse(region).unwrap();
                let (name, role) = (login.clone(), "companion".to_owned());
                let new = NewUser { login: login.clone(), name, role, region, password: None };
                access::create_user(&house, &console("user.manage"), new).unwrap();
                access::session_of_login(&house, &console("user.manage"), &login).unwrap().user_id
            })
            .collect();
        let manage = console("assignment.manage");
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        // One step: a whole caseload (families as the bits of a number), or a family handed on.
        let step = (any::<bool>(), 0..4usize, 0..4usize, any::<u8>(), 0..8i64);
        for _ in 0..60 {
            let (whole, one, other, bits, family) = step.new_tree(&mut runner).unwrap().current();
            if whole {
                let families: Vec<FamilyId> =
                    (0..8).filter(|bit| bits & (1 << bit) != 0).map(FamilyId).collect();
                access::assign_families(&house, &manage, users[one], &families).unwrap();
            } else if one != other {
                let to = Some(users[other]).filter(|_| bits > 40);
                let moves = [(FamilyId(family), Some(users[one]), to)];
                // A family that is not there, or is with both already, changes nothing.
                let _ = house.db.write(|tx| {
                    if access::hand_on(tx, &house, &manage, &moves, "uji")? {
                        Ok(())
                    } else {
                        Err(access::Error::NotFound)
                    }
                });
            }
            let rows = house.db.read(|tx| tx.query(&COUNTED, &[])).unwrap();
            let counted: BTreeMap<String, (i64, i64)> = rows
                .iter()
                .map(|row| (row.string(0).unwrap(), (row.int(1).unwrap(), row.int(2).unwrap())))
                .collect();
            let province = RegionCode::parse("99").unwrap();
            let told = coverage(&house, &console("pillar.read"), &province).unwrap().rows;
            for row in told {
                let expected = counted.get(row.region.as_str()).copied().unwrap_or_default();
                assert_eq!((row.accompanied, row.companions), expected, "{}", row.region);
            }
        }
    }
}
