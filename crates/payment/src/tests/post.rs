//! Cash at the post office: letters whose codes come back on receipts, and money that counts once, whoever tells of it first.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use store::testing::TestDb;

use super::*;
use crate::post::{code_of, import_receipts, letters, villages};

const CHANNEL: &str = "pos";

/// A cycle whose money lies at the post office, and the order as it was read there.
fn ready(db: TestDb, families: i64) -> (TestHouse, i64, Vec<Row>) {
    let test = TestHouse::paying_through(db, CHANNEL);
    let cycle = test.build(families).cycle_id;
    let order = test.order(cycle);
    let made =
        export_orders(&test.house, &test.scope("payment.export"), order, &test.outbox(), &Silent).unwrap();
    let rows = bank::read(&made.path);
    let reply = test.file("ready.csv", &bank::topups(&rows, &BTreeMap::new()));
    import_order_replies(&test.house, &test.scope("payment.import"), CHANNEL, &reply, &Silent).unwrap();
    (test, cycle, rows)
}

fn receipts(test: &TestHouse, name: &str, rows: &[(String, i64, &str)]) -> PathBuf {
    let mut text = String::from("code,amount_idr,date,receiver,relation,officer,photo\n");
    for (code, amount, day) in rows {
        writeln!(text, "{code},{amount},{day},SITI AMINAH,istri,Petugas 7,foto/{code}.jpg").unwrap();
    }
    test.file(name, &text)
}

fn list(test: &TestHouse, name: &str, rows: &[(&Row, i64, &str)]) -> Counts {
    let mut text = String::from("ref,account,kind,amount_idr,date,bank_txn\n");
    for (row, amount, day) in rows {
        writeln!(text, "{},{},TARIK,{amount},{day},P{}", row.reference, row.account, row.reference).unwrap();
    }
    let path = test.file(name, &text);
    import_movements(&test.house, &test.scope("payment.import"), CHANNEL, &path, &Silent).unwrap().file.counts
}

fn hand_in(test: &TestHouse, path: &Path) -> Imported {
    let scope = test.scope("payment.import");
    import_receipts(&test.house, &scope, CHANNEL, (path, &test.outbox()), &Silent).unwrap().movements
}

fn code(row: &Row) -> String {
    code_of(row.reference.parse().unwrap()).unwrap()
}

#[test]
fn money_counts_once_whether_receipt_or_list_comes_first() {
    for db in TestDb::all() {
        let (test, cycle, rows) = ready(db, 40);
        let (first, rest) = rows.split_at(20);
        let handed: Vec<_> = first.iter().map(|row| (code(row), row.amount, "2026-11-24")).collect();
        let path = receipts(&test, "kw1.csv", &handed);
        assert_eq!(hand_in(&test, &path).file.counts.taken, 20);
        let sum: i64 = first.iter().map(|row| row.amount).sum();
        assert_eq!(test.reconcile(cycle).withdrawn_idr, sum);
        assert!(hand_in(&test, &path).again, "the same file");
        let mut more = handed.clone();
        more.truncate(5);
        assert_eq!(
            hand_in(&test, &receipts(&test, "kw2.csv", &more)).file.counts.known,
            5,
            "the same in another file"
        );

        // The list tells the same of ten, another day of five, another amount of five; and it is first about the rest.
        let mut told: Vec<(&Row, i64, &str)> = Vec::new();
        for (n, row) in first.iter().enumerate() {
            let day = if (10..15).contains(&n) { "2026-11-27" } else { "2026-11-24" };
            told.push((row, if n >= 15 { row.amount - 50_000 } else { row.amount }, day));
        }
        told.extend(rest.iter().map(|row| (row, row.amount, "2026-11-25")));
        let counts = list(&test, "list.csv", &told);
        assert_eq!(
            (counts.known, counts.taken, counts.refused["receipt_conflict"]),
            (10, 20, 10),
            "{counts:?}"
        );
        let all: i64 = rows.iter().map(|row| row.amount).sum();
        let made = test.reconcile(cycle);
        assert!(made.sound && made.withdrawn_idr == all, "{made:?}");

        // Told again by the list, in another file: known. A second payment of the same line under another number: not known.
        assert_eq!(
            list(&test, "again.csv", &told[..10].iter().chain(&told[20..]).copied().collect::<Vec<_>>())
                .known,
            30
        );
        let twice = test.file(
            "twice.csv",
            &format!(
                "ref,account,kind,amount_idr,date,bank_txn\n{},{},TARIK,{},2026-11-24,Q1\n",
                rows[0].reference, rows[0].account, rows[0].amount
            ),
        );
        let twice = import_movements(&test.house, &test.scope("payment.import"), CHANNEL, &twice, &Silent)
            .unwrap()
            .file
            .counts;
        assert_eq!((twice.taken, twice.known), (0, 0), "{twice:?}");

        // Receipts for what the list told: the proof of the same money, or a contradiction.
        let late = [
            (code(&rest[0]), rest[0].amount, "2026-11-25"),
            (code(&rest[1]), rest[1].amount - 1, "2026-11-25"),
        ];
        let counts = hand_in(&test, &receipts(&test, "kw3.csv", &late)).file.counts;
        assert_eq!(
            (counts.taken, counts.known, counts.refused.values().sum::<i64>()),
            (0, 1, 1),
            "{counts:?}"
        );
        assert_eq!(test.reconcile(cycle).withdrawn_idr, all);
        let page = line_page(
            &test.house,
            &test.scope("payment.read"),
            model::LineId(rows[0].reference.parse().unwrap()),
        )
        .unwrap();
        assert_eq!(page.receipts[0].confirmed.as_deref(), Some(format!("P{}", rows[0].reference).as_str()));
    }
}

#[test]
fn a_receipt_that_is_not_right_in_everything_moves_nothing() {
    let (test, cycle, rows) = ready(TestDb::sqlite(), 6);
    let mut slip = code(&rows[0]);
    slip.replace_range(13..14, if slip.as_bytes()[13] == b'1' { "2" } else { "1" });
    let wrong = [
        (slip, rows[0].amount, "2026-11-24"),
        (code(&rows[1]), rows[1].amount + 1, "2026-11-24"),
        (code(&rows[2]), -5, "2026-11-24"),
        (code(&rows[3]), rows[3].amount, "2026-11-31"),
        (code_of(88_888_888).unwrap(), 1_000, "2026-11-24"),
    ];
    let counts = hand_in(&test, &receipts(&test, "kw.csv", &wrong)).file.counts;
    let kinds: Vec<&str> = counts.refused.keys().map(String::as_str).collect();
    assert_eq!((counts.taken, counts.known), (0, 0));
    assert_eq!(kinds, ["bad_amount", "bad_date", "bad_ref", "over_withdrawn", "unknown_ref"]);
    assert_eq!(test.reconcile(cycle).withdrawn_idr, 0);
}

#[test]
fn every_family_whose_money_lies_there_has_a_letter_of_its_village() {
    for db in TestDb::all() {
        let (test, cycle, rows) = ready(db, 60);
        let scope = test.scope("payment.read");
        let all = villages(&test.house, &scope, (cycle, CHANNEL), &Page::first(500)).unwrap().items;
        assert_eq!(all.iter().map(|one| one.letters).sum::<i64>(), 60);
        let mut codes = BTreeMap::new();
        for village in &all {
            let within = scope.within(&village.region).unwrap();
            let page = letters(&test.house, &within, (cycle, CHANNEL), &Page::first(200)).unwrap();
            assert_eq!(page.letters.items.len() as i64, village.letters);
            for letter in page.letters.items {
                assert!(
                    letter.region == village.region
                        && letter.bars.contains("path")
                        && letter.from < letter.until
                );
                codes.insert(letter.code, letter.amount_idr);
            }
        }
        let ours: BTreeMap<String, i64> = rows.iter().map(|row| (code(row), row.amount)).collect();
        assert_eq!(codes, ours);
        let first = scope.within(&all[0].region).unwrap();
        let one = letters(&test.house, &first, (cycle, CHANNEL), &Page::first(1)).unwrap().letters;
        assert!(one.items.len() == 1 && one.next.is_some() == (all[0].letters > 1));
    }
}
