//! Laws of those whom the house puts forward by itself, over random histories on every database.

use std::collections::{BTreeMap, BTreeSet};

use access::{House, Session};
use casework::{NewCase, put_forward, views};
use jiff::{
    ToSpan,
    civil::{Date, date},
};
use model::CaseId;

use crate::support::{Office, new_case};

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

fn candidate(family: i64) -> NewCase {
    new_case("graduation", family, &[("why", "income"), ("grounds", "2026-11: desil >= 4")])
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
    for (seed, office) in (1..).zip(Office::all().into_iter().chain(Office::all())) {
        history(&office, seed);
    }
}

fn history(office: &Office, seed: u64) {
    let (house, opens) = (&office.house, office.console("case.open"));
    let officer = office.user("citra", "district_officer", "99.01");
    let months = house.policy.settings().work.candidate_months;
    let (mut today, mut dice, mut known) = (date(2026, 11, 23), Dice(seed), Known::default());
    let mut spared = [0; 4];
    for _ in 0..40 {
        let family = 1 + dice.below(FAMILIES as u64) as i64;
        match dice.below(5) {
            0 if known.protected.len() < 3 => {
                let objection = new_case("objection", family, &[("reason", "Tidak setuju")]);
                office.cause(&[objection]);
                known.protected.insert(family);
            }
            1 | 2 => {
                if let Some(case) = known.open.remove(&family) {
                    office.step(&officer, case, "keep", &[("note", "Masih perlu")]).unwrap();
                    known.ended.insert(family, today);
                }
            }
            3 => {
                today = today.saturating_add((1 + dice.below(200) as i64).days());
                office.clock.to(today);
            }
            _ => {
                let found: Vec<i64> = (1..=FAMILIES).filter(|_| dice.below(2) == 0).collect();
                let noticed: Vec<i64> = (1..=FAMILIES).filter(|_| dice.below(6) == 0).collect();
                // Found by two conditions: still one case.
                let cases: Vec<NewCase> =
                    found.iter().chain(found.first()).map(|id| candidate(*id)).collect();
                let before = open_cases(house, &officer);
                let counted = put_forward(house, &opens, &cases, &noticed, true).unwrap();
                assert_eq!(open_cases(house, &officer), before, "counting opens nothing");
                let came = put_forward(house, &opens, &cases, &noticed, false).unwrap();
                assert_eq!(counted, came, "counted beforehand as it then comes");
                let after = open_cases(house, &officer);
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
                let again = put_forward(house, &opens, &cases, &noticed, false).unwrap();
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
    for office in Office::all() {
        let (house, opens) = (&office.house, office.console("case.open"));
        let wrong = new_case("graduation", 1, &[("why", "because")]);
        let refused = put_forward(house, &opens, &[candidate(2), wrong], &[], false);
        assert!(matches!(refused, Err(casework::Error::Refused(casework::Refusal::Form(_)))));
        let counted = put_forward(house, &opens, &[candidate(2)], &[], true).unwrap();
        assert_eq!(counted.total.opened, 1, "a batch with a fault opens nothing");
    }
}
