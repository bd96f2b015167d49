//! Groups that meet: what their page counts is what the steps of their sessions said, and a companion sees the own ones.

use std::collections::BTreeMap;

use access::Session;
use casework::{
    NewCase,
    groups::{Group, groups},
};
use model::{CaseId, RegionCode};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use store::Value;

use crate::support::{Office, new_case};

const HERE: &str = "99.01.01.2001";

impl Office {
    /// With a village and its six families.
    fn with_families() -> impl Iterator<Item = Self> {
        let columns =
            &["family_id", "head_person_id", "head_name", "region", "size", "vars", "version", "digest"];
        let family = |id: i64| -> Vec<Value> {
            let one = || Value::from(1);
            let (name, vars) = (format!("REKAAN {id}"), Value::from("{}"));
            vec![id.into(), id.into(), name.into(), HERE.into(), one(), vars, one(), 0.into()]
        };
        Self::all().into_iter().inspect(move |office| {
            office.regions(&["99", "99.01", "99.01.01", HERE, "99.02"]);
            office.house.db.write(|tx| tx.bulk("family", columns, (1..=6).map(family))).unwrap();
        })
    }

    fn companion(&self, login: &str, families: &[i64]) -> Session {
        let session = self.user(login, "companion", "99.01");
        self.assign(session.user_id, families);
        session
    }

    fn session(&self, who: &Session, name: &str, module: &str, planned: &str) -> CaseId {
        let said = [("group_name", name), ("module", module), ("session_no", "1"), ("planned_on", planned)];
        let region = RegionCode::parse(HERE).unwrap();
        self.open(who, &NewCase { region, title: String::new(), ..new_case("group_session", 0, &said) })
    }

    fn groups(&self, who: &Session) -> Vec<Group> {
        let mut all = groups(&self.house, &who.scope("case.read").unwrap()).unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0).groups
    }
}

#[test]
fn groups_count_what_their_sessions_said() {
    for office in Office::with_families() {
        let ani = office.companion("anisa", &[1, 2, 3, 4]);
        let budi = office.companion("budiman", &[5, 6]);
        let dinas = office.user("dinas", "district_officer", "99.01");
        let away = office.user("jauh", "district_officer", "99.02");
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        // A session: which group, whose month, whether it was held, called off or neither, who was absent.
        let session = (0..2usize, 9..12i8, 0..3u8, any::<u16>(), any::<bool>());
        let names = ["Melati", "Mawar"];
        let mut expected: BTreeMap<&str, Group> = BTreeMap::new();
        let mut missed: BTreeMap<&str, BTreeMap<i64, i64>> = BTreeMap::new();
        for _ in 0..14 {
            let (name, month, fate, bits, again) = session.new_tree(&mut runner).unwrap().current();
            let (name, module) = (names[name], if bits % 2 == 0 { "care" } else { "economy" });
            let case = office.session(&ani, name, module, &format!("2026-{month:02}-10"));
            let group = expected.entry(name).or_default();
            let key = |month: i8| format!("2026-{month:02}");
            if fate == 2 {
                office.step(&ani, case, "call_off", &[("reason", "hujan")]).unwrap();
                continue;
            }
            group.months.entry(key(month)).or_default().0 += 1;
            if fate == 1 {
                // Family 5 is another companion's, 9 is nobody's: they are in no list of Ani.
                let absent: Vec<i64> =
                    [1, 2, 3, 5, 9].into_iter().filter(|at| bits & (1 << at) != 0).collect();
                let text = absent.iter().map(i64::to_string).collect::<Vec<_>>().join(" ");
                let text = if text.is_empty() { "0".to_owned() } else { text };
                let held = format!("2026-{:02}-15", month.min(11) - 1);
                let form = |absent: &str| {
                    vec![
                        ("held_on".to_owned(), held.clone()),
                        ("invited".to_owned(), "10".to_owned()),
                        ("came".to_owned(), "8".to_owned()),
                        ("absent".to_owned(), absent.to_owned()),
                        ("session_note".to_owned(), "x".to_owned()),
                    ]
                };
                let hold = |text: &str| {
                    let form = form(text);
                    let form: Vec<(&str, &str)> =
                        form.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
                    office.step(&ani, case, "hold", &form).unwrap();
                };
                if again {
                    // What was told first is taken back.
                    hold("1 2 3");
                }
                hold(&text);
                group.months.entry(key(month.min(11) - 1)).or_default().1 += 1;
                group.held += 1;
                for family in absent {
                    *missed.entry(name).or_default().entry(family).or_default() += 1;
                }
            }
        }
        let of = |who: &Session| office.groups(who);
        for (who, sees) in [(&ani, &[1, 2, 3][..]), (&dinas, &[1, 2, 3, 5][..])] {
            for group in of(who) {
                let expected = &expected[group.name.as_str()];
                assert_eq!((&group.months, group.held), (&expected.months, expected.held), "{}", group.name);
                assert_eq!(group.modules.iter().map(|(_, held)| held).sum::<i64>(), group.held);
                let told: BTreeMap<i64, i64> =
                    group.absent.iter().map(|(family, _, times)| (*family, *times)).collect();
                let mut missed = missed.get(group.name.as_str()).cloned().unwrap_or_default();
                missed.retain(|family, _| sees.contains(family));
                assert_eq!(told, missed);
            }
        }
        assert!(of(&ani).iter().any(|group| !group.absent.is_empty() && group.held > 1));
        assert!(of(&budi).is_empty(), "another companion's groups");
        assert!(of(&away).is_empty(), "another district's groups");
    }
}
