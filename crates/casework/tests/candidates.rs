//! Laws of those whom the house puts forward by itself, over random histories on every database.

#![expect(clippy::unwrap_used, reason = "helpers of a test stop at the first surprise")]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use access::{House, NewUser, Session};
use casework::{NewCase, StepRequest, open_caused, put_forward, take_step, views};
use jiff::{
    ToSpan,
    civil::{Date, date},
};
use model::{CaseId, FamilyId, FixedClock, RegionCode};
use policy::Policy;
use store::testing::TestDb;

const VILLAGE: &str = "99.01.05.2003";
const FAMILIES: i64 = 12;

/// A small generator with a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// What the house should know of its families.
#[derive(Default)]
struct Known {
    open: BTreeMap<i64, CaseId>,
    ended: BTreeMap<i64, Date>,
    protected: BTreeSet<i64>,
}

fn case(workflow: &str, family: i64, written: &[(&str, &str)]) -> NewCase {
    NewCase {
        workflow: workflow.to_owned(),
        family: FamilyId(family),
        person: None,
        line: None,
        region: RegionCode::parse(VILLAGE).unwrap(),
        title: "SITI AMINAH".to_owned(),
        written: written.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect(),
    }
}

fn candidate(family: i64) -> NewCase {
    case("graduation", family, &[("why", "income"), ("grounds", "2026-11: desil >= 4")])
}

fn open_cases(house: &House, session: &Session) -> BTreeMap<i64, CaseId> {
    let scope = session.scope("case.read").unwrap();
    let board = views::board(house, &scope, "graduation", 100).unwrap();
    let rows = board.into_iter().flat_map(|column| column.first);
    let mut found = BTreeMap::new();
    for row in rows {
        assert!(found.insert(row.family.0, row.case).is_none(), "two cases of family {}", row.family);
    }
    found
}

#[test]
fn nobody_is_put_forward_twice_too_early_or_while_protected() {
    for (seed, db) in (1..).zip(TestDb::all().into_iter().chain(TestDb::all())) {
        history(db, seed);
    }
}

fn history(db: TestDb, seed: u64) {
    let mut house = House {
        db: db.db.clone(),
        lake: lake::Lake::open(&db.folder.join("lake")).unwrap(),
        policy: Arc::new(Policy::embedded().unwrap()),
        clock: Arc::new(FixedClock::at(date(2026, 11, 23))),
    };
    let console = Session::console(&house);
    let manage = console.scope("user.manage").unwrap();
    let new = NewUser {
        login: "citra".to_owned(),
        name: "citra".to_owned(),
        role: "district_officer".to_owned(),
        region: RegionCode::parse("99.01").unwrap(),
        password: Some("sandi yang panjang".to_owned()),
    };
    access::create_user(&house, &manage, new).unwrap();
    let officer = access::session_of_login(&house, &manage, "citra").unwrap();
    let opens = console.scope("case.open").unwrap();
    let months = house.policy.settings().work.candidate_months;
    let (mut today, mut dice, mut known) = (date(2026, 11, 23), Dice(seed), Known::default());
    let mut spared = [0; 4];
    for _ in 0..40 {
        let family = 1 + dice.below(FAMILIES as u64) as i64;
        match dice.below(5) {
            0 if known.protected.len() < 3 => {
                let objection = case("objection", family, &[("reason", "Tidak setuju")]);
                open_caused(&house, &opens, &[objection]).unwrap();
                known.protected.insert(family);
            }
            1 | 2 => {
                if let Some(case) = known.open.remove(&family) {
                    let rev =
                        views::case_page(&house, &officer.scope("case.read").unwrap(), case, None).unwrap();
                    let request = StepRequest {
                        action: "keep".to_owned(),
                        written: [("note".to_owned(), "Masih perlu".to_owned())].into(),
                        rev: rev.unwrap().rev,
                    };
                    take_step(&house, &officer.scope("case.work").unwrap(), case, &request).unwrap();
                    known.ended.insert(family, today);
                }
            }
            3 => {
                today = today.saturating_add((1 + dice.below(200) as i64).days());
                house.clock = Arc::new(FixedClock::at(today));
            }
            _ => {
                let found: Vec<i64> = (1..=FAMILIES).filter(|_| dice.below(2) == 0).collect();
                let noticed: Vec<i64> = (1..=FAMILIES).filter(|_| dice.below(6) == 0).collect();
                // Found by two conditions: still one case.
                let cases: Vec<NewCase> =
                    found.iter().chain(found.first()).map(|id| candidate(*id)).collect();
                let before = open_cases(&house, &officer);
                let counted = put_forward(&house, &opens, &cases, &noticed, true).unwrap();
                assert_eq!(open_cases(&house, &officer), before, "counting opens nothing");
                let came = put_forward(&house, &opens, &cases, &noticed, false).unwrap();
                assert_eq!(counted, came, "counted beforehand as it then comes");
                let after = open_cases(&house, &officer);
                for id in 1..=FAMILIES {
                    let since = today.saturating_sub(months.months());
                    let free = !known.open.contains_key(&id)
                        && known.ended.get(&id).is_none_or(|day| *day <= since)
                        && !known.protected.contains(&id)
                        && !noticed.contains(&id);
                    let wanted = known.open.contains_key(&id) || (found.contains(&id) && free);
                    assert_eq!(after.contains_key(&id), wanted, "family {id} on {today}, seed {seed}");
                }
                assert_eq!(came.total.opened, (after.len() - before.len()) as i64);
                let again = put_forward(&house, &opens, &cases, &noticed, false).unwrap();
                assert_eq!(again.total.opened, 0, "the same again opens nothing");
                let t = came.total;
                assert_eq!(t.found, t.opened + t.open + t.recent + t.protected + t.noticed);
                assert_eq!(came.districts.get("99.01").copied().unwrap_or_default(), t);
                for (sum, more) in spared.iter_mut().zip([t.open, t.recent, t.protected, t.noticed]) {
                    *sum += more;
                }
                known.open = after;
            }
        }
    }
    assert!(spared.iter().all(|spared| *spared > 0), "the history meets every reason: {spared:?}");
}

#[test]
fn what_is_told_is_checked_as_a_form() {
    for db in TestDb::all() {
        let house = House {
            db: db.db.clone(),
            lake: lake::Lake::open(&db.folder.join("lake")).unwrap(),
            policy: Arc::new(Policy::embedded().unwrap()),
            clock: Arc::new(FixedClock::at(date(2026, 11, 23))),
        };
        let opens = Session::console(&house).scope("case.open").unwrap();
        let wrong = case("graduation", 1, &[("why", "because")]);
        let refused = put_forward(&house, &opens, &[candidate(2), wrong], &[], false);
        assert!(matches!(refused, Err(casework::Error::Refused(casework::Refusal::Form(_)))));
        let counted = put_forward(&house, &opens, &[candidate(2)], &[], true).unwrap();
        assert_eq!(counted.total.opened, 1, "a batch with a fault opens nothing");
    }
}
