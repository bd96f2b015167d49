//! One worker by hand: the sheet and the file say the same of every row, and nobody writes over what somebody faster wrote.

use std::collections::{BTreeMap, BTreeSet};

use casework::{
    Error,
    pillar::{
        PILLAR_COLUMNS, PillarRule, PillarSheet, PillarView, SheetPut, pillar_page, pillar_sheet, put_pillar,
        take_pillars,
    },
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use store::sql;

use crate::support::Office;

sql! {
    KEPT = "SELECT (SELECT COUNT(*) FROM pillar), (SELECT COUNT(*) FROM pillar_change),
        (SELECT COUNT(*) FROM audit WHERE action = 'pillar.write')";
    NEWEST = "SELECT MAX(pillar_id) FROM pillar";
}

impl Office {
    fn with_register() -> impl Iterator<Item = Self> {
        Self::all().into_iter().inspect(|office| office.regions(&["99", "99.01", "99.01.01", "99.02"]))
    }

    /// Rows, corrections, audit rows of sheets.
    fn kept_sheets(&self) -> (i64, i64, i64) {
        let row = self.house.db.read(|tx| tx.query_one(&KEPT, &[])).unwrap();
        (row.int(0).unwrap(), row.int(1).unwrap(), row.int(2).unwrap())
    }

    fn put_sheet(&self, sheet: &PillarSheet) -> SheetPut {
        put_pillar(&self.house, &self.console("pillar.manage"), sheet).unwrap()
    }

    fn sheet(&self, id: i64) -> PillarSheet {
        pillar_sheet(&self.house, &self.console("pillar.manage"), id).unwrap().unwrap()
    }

    fn newest(&self) -> PillarView {
        let id = self.house.db.read(|tx| tx.query_one(&NEWEST, &[])).unwrap().int(0).unwrap();
        let mut view = pillar_page(&self.house, &self.console("pillar.read"), id).unwrap().unwrap();
        view.row.pillar_id = 0;
        view
    }
}

/// A row by column, papers as the file writes them.
type Cells = BTreeMap<&'static str, String>;

fn sheet(cells: &Cells) -> PillarSheet {
    let papers = cells["papers"].split(';').filter(|text| !text.is_empty());
    let papers = papers.map(|text| {
        let parts: Vec<String> = text.split('|').map(str::to_owned).collect();
        parts.try_into().unwrap()
    });
    let plain = cells.iter().filter(|(column, _)| **column != "papers");
    PillarSheet {
        pillar_id: 0,
        rev: 0,
        cells: plain.map(|(column, text)| ((*column).to_owned(), text.clone())).collect(),
        papers: papers.collect(),
    }
}

fn file(cells: &Cells) -> String {
    let row: Vec<&str> = PILLAR_COLUMNS.iter().map(|column| cells[column].as_str()).collect();
    format!("{}\n{}\n", PILLAR_COLUMNS.join(","), row.join(","))
}

/// A good row most of the time, with wrong cells among them.
fn any_cells(number: usize) -> impl Strategy<Value = Cells> {
    let choices: [(&str, &[&str]); 17] = [
        ("kind", &["companion", "psm", "tagana", "lks", "woman_leader", "nope"]),
        ("name", &["REKAAN SATU", "REKAAN DUA", ""]),
        ("region", &["99.01", "99.01.01", "99.77", "x"]),
        ("sex", &["1", "P", "", "L"]),
        ("birth_year", &["1990", "2000", "1950", "", "2015", "19"]),
        ("education", &["", "3", "9"]),
        ("languages", &["ind jav", "", "ind", "xyz"]),
        ("skills", &["", "counselling", "nope"]),
        ("since", &["2020-01-31", "2026-01-01", "2027-01-01", ""]),
        ("contract_from", &["", "2024-01-01", "soon"]),
        ("contract_to", &["", "2026-12-31", "2023-01-01"]),
        ("availability", &["", "part", "on_call", "always"]),
        ("capacity", &["", "250", "-1"]),
        ("login", &["", "ani", "nobody"]),
        ("nik", &["", "9901010101900077", "12"]),
        ("kin", &["", "5", "x"]),
        (
            "papers",
            &[
                "",
                "welfare_worker|S-9|LSP|2021-01-01|2026-12-24",
                "welfare_worker|S-9|LSP|2021-01-01|;registration|TD|Dinas|2015-01-01|2030-01-01",
                "welfare_worker|S-9|LSP|2021-01-01|;welfare_worker|S-9|Dinas|2015-01-01|",
                "welfare_worker|S-9|LSP|2021-01-01|2020-01-01",
                "nope|S-9|LSP|2021-01-01|",
                "welfare_worker||LSP|x|y",
            ],
        ),
    ];
    // Mostly the first of each, so that whole rows are good often enough; a body may have none of what the first of some say.
    let picks = choices.map(|(column, texts)| {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let first = Just(texts[0].clone());
        prop_oneof![12 => first, 2 => prop::sample::select(texts)].prop_map(move |text| (column, text))
    });
    picks.to_vec().prop_map(move |cells| {
        let mut cells: Cells = cells.into_iter().collect();
        cells.insert("number", format!("K-{number}"));
        cells
    })
}

#[test]
fn the_sheet_takes_what_the_file_takes_and_refuses_what_it_refuses() {
    let cases: u32 = if std::env::var("PILAR_TEST_POSTGRES").is_ok() { 60 } else { 250 };
    for (by_file, by_hand) in Office::with_register().zip(Office::with_register()) {
        for office in [&by_file, &by_hand] {
            office.user("ani", "companion", "99.01");
        }
        let (mut number, mut taken, mut refused) = (0, 0, 0);
        let mut runner = TestRunner::new_with_rng(
            Config::with_cases(cases),
            proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
        );
        let strategy = any_cells(0);
        for _ in 0..cases {
            number += 1;
            let mut cells = strategy.new_tree(&mut runner).unwrap().current();
            cells.insert("number", format!("K-{number}"));
            let console = by_file.console("pillar.manage");
            match (take_pillars(&by_file.house, &console, &file(&cells)), by_hand.put_sheet(&sheet(&cells))) {
                (Ok(counts), SheetPut::Kept { unknown, .. }) => {
                    assert_eq!(counts.unknown, usize::from(unknown));
                    assert_eq!(by_file.newest(), by_hand.newest(), "{cells:?}");
                    taken += 1;
                }
                (Err(Error::Lines(told)), SheetPut::Wrong(faults)) => {
                    // The file asks the database only when the cells themselves are right; the sheet tells all at once.
                    let column = |text: &str| text.split('-').next().unwrap().to_owned();
                    let told: BTreeSet<String> = told.faults.iter().map(|one| column(&one.column)).collect();
                    let faults: BTreeSet<String> = faults.iter().map(|one| column(&one.column)).collect();
                    assert!(told.is_subset(&faults), "{told:?} {faults:?} {cells:?}");
                    refused += 1;
                }
                (file, hand) => panic!("{file:?} {hand:?} {cells:?}"),
            }
        }
        assert!(taken > cases / 20 && refused > cases / 5, "{taken} {refused}");
    }
}

fn worker() -> PillarSheet {
    let cells = [
        ("number", "K-1"),
        ("kind", "tksk"),
        ("name", "REKAAN SATU"),
        ("region", "99.01.01"),
        ("sex", "2"),
        ("birth_year", "1990"),
        ("since", "31-01-2020"),
    ];
    PillarSheet {
        cells: cells.into_iter().map(|(column, text)| (column.to_owned(), text.to_owned())).collect(),
        ..PillarSheet::default()
    }
}

fn with(sheet: &PillarSheet, column: &str, text: &str) -> PillarSheet {
    let mut sheet = sheet.clone();
    sheet.cells.insert(column.to_owned(), text.to_owned());
    sheet
}

fn wrong(put: SheetPut) -> Vec<(String, PillarRule)> {
    match put {
        SheetPut::Wrong(faults) => faults.into_iter().map(|fault| (fault.column, fault.rule)).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sheet_counts_once_and_is_never_written_over_one_that_was_faster() {
    for office in Office::with_register() {
        let SheetPut::Kept { pillar_id: id, unknown: false } = office.put_sheet(&worker()) else { panic!() };
        assert_eq!(office.put_sheet(&worker()), SheetPut::Kept { pillar_id: id, unknown: false });
        assert_eq!(office.kept_sheets(), (1, 0, 1), "the same sheet twice counts once");
        assert_eq!(
            wrong(office.put_sheet(&with(&worker(), "name", "REKAAN DUA"))),
            [("number".to_owned(), PillarRule::Taken)]
        );

        let seen = office.sheet(id);
        assert_eq!((seen.rev, seen.cells["since"].as_str()), (1, "2020-01-31"));
        assert_eq!(office.put_sheet(&seen), SheetPut::Kept { pillar_id: id, unknown: false });
        assert_eq!(office.kept_sheets(), (1, 0, 1), "a sheet that says what stands there changes nothing");

        let mut mine = with(&seen, "name", "REKAAN BARU");
        mine.papers.push(["welfare_worker", "S-1", "LSP", "01/02/2021", ""].map(str::to_owned));
        mine.papers.push(<[String; 5]>::default());
        office.put_sheet(&mine);
        assert_eq!(office.kept_sheets(), (1, 1, 2));
        let page = pillar_page(&office.house, &office.console("pillar.read"), id).unwrap().unwrap();
        assert_eq!((page.row.name.as_str(), page.papers[0].from.as_str()), ("REKAAN BARU", "2021-02-01"));
        assert_eq!(page.changes[0].columns, ["name", "papers"]);
        assert_eq!(
            office.put_sheet(&mine),
            SheetPut::Kept { pillar_id: id, unknown: false },
            "sent once more"
        );

        // Another person saw the first revision; the number on the sheet is not theirs to change.
        let theirs = with(&with(&seen, "name", "REKAAN LAIN"), "number", "K-9");
        let SheetPut::Faster { now, columns } = office.put_sheet(&theirs) else { panic!() };
        assert_eq!((now.rev, columns), (2, vec!["name".to_owned(), "papers".to_owned()]));
        assert_eq!(office.sheet(id), now);
        assert_eq!(office.kept_sheets(), (1, 1, 2));
        office.put_sheet(&PillarSheet { rev: now.rev, ..theirs });
        assert_eq!(office.sheet(id).cells["name"], "REKAAN LAIN");
        assert_eq!(office.sheet(id).cells["number"], "K-1");
        assert_eq!(office.kept_sheets(), (1, 2, 3));
    }
}

#[test]
fn a_sheet_stays_within_the_territory() {
    for office in Office::with_register() {
        let here = office.user("dinas", "district_officer", "99.01").scope("pillar.manage").unwrap();
        let away = office.user("lain", "district_officer", "99.02").scope("pillar.manage").unwrap();
        let put = |scope, sheet: &PillarSheet| put_pillar(&office.house, scope, sheet);
        assert_eq!(wrong(put(&away, &worker()).unwrap()), [("region".to_owned(), PillarRule::Region)]);
        let SheetPut::Kept { pillar_id: id, .. } = put(&here, &worker()).unwrap() else { panic!() };
        assert_eq!(pillar_sheet(&office.house, &away, id), Ok(None));
        assert_eq!(put(&away, &office.sheet(id)), Err(Error::NotFound));
        let moved = with(&office.sheet(id), "region", "99.02");
        assert_eq!(wrong(put(&here, &moved).unwrap()), [("region".to_owned(), PillarRule::Region)]);
        // The number of another territory is taken, whatever else the sheet says.
        let same = wrong(put(&away, &with(&worker(), "region", "99.02")).unwrap());
        assert_eq!(same, [("number".to_owned(), PillarRule::Taken)]);
        assert_eq!(office.kept_sheets(), (1, 0, 1));
    }
}
