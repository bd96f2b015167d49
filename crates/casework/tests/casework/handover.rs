//! Devices and the people who got them: a file is taken whole or not at all, once, inside the territory.

use std::{collections::BTreeSet, fmt::Write};

use access::{House, Scope};
use casework::{Error, HandoverFilter, HandoverRow, handover_rows, take_handovers};
use rowfile::Refused;
use store::{Page, Value, params, sql, testing::TestDb};

use crate::support::{Office, VILLAGE};

const HEAD: &str = "person_id,programme,item_id,value_idr,given_on,document\n";

sql! {
    COUNT = "SELECT COUNT(*), COALESCE(SUM(value_idr), 0) FROM handover";
    STAGED = "SELECT COUNT(*) FROM handover_stage";
    ALIAS = "INSERT INTO person_alias (old_id, new_id, kind, at) VALUES ($1, $2, 1, 0)";
}

/// An office with people of these numbers, each a family alone.
fn with_people(db: TestDb, people: i64) -> Office {
    let office = Office::new(db);
    const COLUMNS: &[&str] =
        &["person_id", "family_id", "name", "region", "alive", "matched", "records", "version", "digest"];
    let person = |id: i64| -> Vec<Value> {
        let name = Value::from(format!("REKAAN {id}"));
        let [yes, one, zero] = [Value::from(1), Value::from(1), Value::from(0)];
        vec![id.into(), id.into(), name, VILLAGE.into(), yes.clone(), yes, one.clone(), one, zero]
    };
    office.house.db.write(|tx| tx.bulk("person", COLUMNS, (1..=people).map(person))).unwrap();
    office
}

/// All rows of a filter, page by page.
fn listed(house: &House, scope: &Scope, filter: &HandoverFilter) -> Vec<HandoverRow> {
    let (mut rows, mut at) = (Vec::new(), Page::first(700));
    loop {
        let found = handover_rows(house, scope, filter, &at).unwrap();
        rows.extend(found.items);
        match found.next {
            Some(next) => at.after = Some(next),
            None => return rows,
        }
    }
}

fn kept(house: &House) -> (i64, i64) {
    let row = house.db.read(|tx| tx.query_one(&COUNT, &[])).unwrap();
    (row.int(0).unwrap(), row.int(1).unwrap())
}

#[test]
fn every_hand_over_of_2022_is_kept_once_and_the_money_to_the_rupiah() {
    // programme, hand-overs, first person, value of all: 992 people who hear better also walk better.
    let programmes = [
        ("IND_MENDENGAR", 1_145, 1, 3_465_849_824_i64),
        ("IND_MELIHAT", 2_116, 1_146, 23_393_366_000),
        ("IND_MELANGKAH", 6_960, 3_262 - 992, 10_138_310_459),
    ];
    let mut file = String::from(HEAD);
    for (programme, count, first, value) in programmes {
        for at in 0..count {
            // The whole rupiah of the total, spread so that not one is lost.
            let part = value / count + i64::from(at < value % count);
            let person = first + at;
            writeln!(file, "{person},{programme},ALAT,{part},2022-10-01,BAST-{programme}").unwrap();
        }
    }
    for db in TestDb::all() {
        let office = with_people(db, 9_229);
        let house = &office.house;
        let taken = take_handovers(house, &office.console("case.work"), &file).unwrap();
        assert_eq!((taken.rows, taken.new, taken.value.idr()), (10_221, 10_221, 36_997_526_283));
        let again = take_handovers(house, &office.console("case.work"), &file).unwrap();
        assert_eq!((again.rows, again.new), (10_221, 0), "the same file changes nothing");
        assert_eq!(kept(house), (10_221, 36_997_526_283));
        assert_eq!(house.db.read(|tx| tx.query_one(&STAGED, &[])).unwrap().int(0), Ok(0));
        // Every count leads to its rows: as many, of as many people, worth as much.
        let people = office.console("person.read");
        let all = listed(house, &people, &HandoverFilter::default());
        let distinct: BTreeSet<i64> = all.iter().map(|row| row.person_id).collect();
        let value: i64 = all.iter().map(|row| row.value.idr()).sum();
        assert_eq!((all.len(), distinct.len(), value), (10_221, 9_229, 36_997_526_283));
        for (programme, count, _, _) in programmes {
            let of = |year| HandoverFilter { year: Some(year), programme: programme.to_owned() };
            assert_eq!(listed(house, &people, &of(2022)).len() as i64, count, "{programme}");
            assert!(listed(house, &people, &of(2023)).is_empty());
        }
        let audit = office.console("audit.read");
        let rows = access::audit_rows(house, &audit, &store::Page::first(5)).unwrap().items;
        assert_eq!(
            (rows[1].action.as_str(), rows[1].detail.as_str()),
            ("handover.import", "rows=10221 new=10221")
        );
    }
}

#[test]
fn a_file_with_one_wrong_line_leaves_nothing_and_names_every_fault() {
    let bad = "7,IND_MELIHAT,KACAMATA-1,150000,2022-10-01,BAST 1\n\
        x,IND_MELIHAT,KACAMATA-1,150000,2022-10-01,BAST 1\n\
        8,NOPE,KACAMATA-1,150000,2022-10-01,BAST 1\n\
        8,PEN,KACAMATA-1,150000,2022-10-01,BAST 1\n\
        8,IND_MELIHAT,,\"1.500\",2022-02-30,\n\
        8,IND_MELIHAT,K,-5,2027-01-01,BAST\n\
        8,IND_MELIHAT\n\
        7,IND_MELIHAT,KACAMATA-1,150000,2022-10-01,BAST 1\n\
        \n\
        8,IND_MELIHAT,\"K,1,2022-10-01,BAST\n";
    let office = with_people(TestDb::sqlite(), 9);
    let house = &office.house;
    let refused = take_handovers(house, &office.console("case.work"), &format!("{HEAD}{bad}"));
    let Err(Error::Lines(Refused { faults, more })) = refused else { panic!("{refused:?}") };
    let at: Vec<(usize, &str)> = faults.iter().map(|fault| (fault.line, fault.column.as_str())).collect();
    let expected = [
        (3, "person_id"),
        (4, "programme"),
        (5, "programme"),
        (6, "item_id"),
        (6, "value_idr"),
        (6, "given_on"),
        (6, "document"),
        (7, "value_idr"),
        (7, "given_on"),
        (8, ""),
        (9, ""),
        (11, ""),
    ];
    assert_eq!((at.as_slice(), more), (&expected[..], 0));
    assert_eq!(kept(house), (0, 0));
    for (text, told) in [("", "empty"), ("person_id,programme\n1,2\n", "missing")] {
        let Err(Error::Lines(Refused { faults, .. })) =
            take_handovers(house, &office.console("case.work"), text)
        else {
            panic!("{text}")
        };
        assert!(faults[0].rule.contains(told), "{faults:?}");
    }
}

#[test]
fn people_must_be_known_inside_the_territory_and_old_numbers_lead_to_them() {
    for db in TestDb::all() {
        let office = with_people(db, 9);
        let house = &office.house;
        house.db.write(|tx| tx.execute(&ALIAS, params![77, 7])).unwrap();
        let row = |person: i64, value: i64| {
            format!("{HEAD}{person},IND_MELIHAT,KACAMATA,{value},2022-10-01,BAST 1\n")
        };
        let told = |scope: &Scope, text: &str| match take_handovers(house, scope, text) {
            Err(Error::Lines(Refused { faults, .. })) => faults[0].to_string(),
            other => format!("{other:?}"),
        };
        let stranger = told(&office.console("case.work"), &row(1_000, 5));
        assert!(stranger.starts_with("line 2, person_id: no person 1000"), "{stranger}");
        assert_eq!(take_handovers(house, &office.console("case.work"), &row(77, 150_000)).unwrap().new, 1);
        let other = told(&office.console("case.work"), &row(77, 150_001));
        assert!(other.contains("known with the value Rp150.000"), "{other}");
        let elsewhere = office.user("dinas", "district_officer", "99.02");
        let outside = told(&elsewhere.scope("case.work").unwrap(), &row(8, 5));
        assert!(outside.contains("no person 8 in this territory"), "{outside}");
        // The list has the person of today, and nothing outside the territory.
        let (here, all) = (office.console("person.read"), HandoverFilter::default());
        let rows = listed(house, &here, &all);
        assert_eq!(
            rows.iter().map(|row| (row.person_id, row.name.as_deref())).collect::<Vec<_>>(),
            [(7, Some("REKAAN 7"))]
        );
        assert!(listed(house, &elsewhere.scope("person.read").unwrap(), &all).is_empty());
        let lost = Page { after: Some("x".to_owned()), limit: 5 };
        assert!(handover_rows(house, &here, &all, &lost).is_err());
    }
}
