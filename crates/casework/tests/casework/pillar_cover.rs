//! What a country is told about its companions is what counting every family would tell, however assignments change.

use std::collections::BTreeMap;

use casework::pillar::coverage;
use model::{FamilyId, RegionCode, UserId};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use store::sql;

use crate::support::Office;

sql! {
    COUNTED = "SELECT u.region, SUM(1), COUNT(DISTINCT a.user_id) FROM assignment a
        JOIN user_account u ON u.user_id = a.user_id GROUP BY u.region ORDER BY u.region";
}

#[test]
fn coverage_of_a_province_is_what_counting_every_assignment_tells() {
    for office in Office::all() {
        office.regions(&["99", "99.01", "99.02"]);
        let house = &office.house;
        let users: Vec<UserId> = ["99.01", "99.01", "99.02", "99.02"]
            .iter()
            .enumerate()
            .map(|(number, region)| office.user(&format!("worker{number}"), "companion", region).user_id)
            .collect();
        let manage = office.console("assignment.manage");
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        // One step: a whole caseload (families as the bits of a number), or a family handed on.
        let step = (any::<bool>(), 0..4usize, 0..4usize, any::<u8>(), 0..8i64);
        for _ in 0..60 {
            let (whole, one, other, bits, family) = step.new_tree(&mut runner).unwrap().current();
            if whole {
                let families: Vec<FamilyId> =
                    (0..8).filter(|bit| bits & (1 << bit) != 0).map(FamilyId).collect();
                access::assign_families(house, &manage, users[one], &families).unwrap();
            } else if one != other {
                let to = Some(users[other]).filter(|_| bits > 40);
                let moves = [(FamilyId(family), Some(users[one]), to)];
                // A family that is not there, or is with both already, changes nothing.
                let _ = house.db.write(|tx| {
                    if access::hand_on(tx, house, &manage, &moves, "uji")? {
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
            let told = coverage(house, &office.console("pillar.read"), &province).unwrap().rows;
            for row in told {
                let expected = counted.get(row.region.as_str()).copied().unwrap_or_default();
                assert_eq!((row.accompanied, row.companions), expected, "{}", row.region);
            }
        }
    }
}
