//! The order in which files come makes no difference: rows that come before their time are taken when their line has moved.

use std::collections::BTreeSet;

use proptest::{prelude::*, test_runner::TestRunner};
use store::{Page, sql, testing::TestDb};

use super::{
    bank::{self, Row},
    house::TestHouse,
    sent,
};
use crate::{
    journal::{self, BooksFilter},
    *,
};

sql! {
    LINES = "SELECT line_id, eligibility, account, account_state, payment, problem IS NULL, topped_up_idr, withdrawn_idr,
            returned_idr, unpaid_idr, live FROM payment_line ORDER BY line_id";
    BALANCES = "SELECT region, channel, account, balance_idr FROM ledger_account WHERE balance_idr <> 0
        ORDER BY region, channel, account";
    OPEN = "SELECT f.name, e.row_no, e.kind FROM payment_exception e JOIN channel_file f ON f.file_no = e.file_no
        WHERE e.state = 'open' ORDER BY f.name, e.row_no";
    EVER = "SELECT COUNT(*) FROM payment_exception";
}

/// Lines, balances and open exceptions: all that must not depend on an order.
fn end(test: &TestHouse) -> Vec<String> {
    let rows = test.house.db.read(|tx| {
        let mut all = Vec::new();
        for statement in [&LINES, &BALANCES, &OPEN] {
            all.extend(tx.query(statement, &[])?.iter().map(|row| format!("{row:?}")));
        }
        Ok::<_, store::Error>(all)
    });
    rows.unwrap()
}

fn open(test: &TestHouse) -> Vec<ExceptionView> {
    listed(test, "open")
}

fn listed(test: &TestHouse, state: &str) -> Vec<ExceptionView> {
    let filter = ExceptionFilter { state: state.into(), kind: None };
    exceptions(&test.house, &test.scope("payment.read"), &filter, &Page::first(200)).unwrap().items
}

fn file(test: &TestHouse, name: &str, text: &str) -> Imported {
    let path = test.file(name, text);
    if text.starts_with("batch") { test.import_order(&path) } else { test.import_movements(&path) }
}

/// Every entry leads to lines whose sum it is, and every document says what was entered on its ground.
fn assert_told(test: &TestHouse) {
    let scope = test.scope("ledger.read");
    let page = Page { after: None, limit: 200 };
    let all = journal::entries(&test.house, &scope, &BooksFilter::default(), None, None, &page).unwrap();
    assert!(!all.items.is_empty());
    let documents: BTreeSet<&str> = all.items.iter().map(|entry| entry.document.as_str()).collect();
    for entry in &all.items {
        let page = journal::entry_page(&test.house, &scope, entry.entry_id, None, &page).unwrap();
        assert!(page.agrees, "{page:?}");
    }
    for document in documents {
        assert!(journal::document_page(&test.house, &scope, document, &page).unwrap().agrees, "{document}");
    }
}

#[test]
fn a_statement_that_came_before_the_top_up_counts_when_the_money_is_on_the_card() {
    for test in TestHouse::all() {
        let (cycle, rows) = sent(&test, 12);
        let moves = bank::withdrawals(&rows, |n, amount| match n {
            0 => vec![("TARIK", amount - 25_000), ("RETUR", 25_000)],
            1 => vec![("RETUR", 25_000), ("TARIK", amount - 25_000)],
            2 => vec![("TARIK", amount + 1)],
            _ => vec![("TARIK", amount)],
        });
        let early = file(&test, "moves.csv", &moves).file;
        assert_eq!((early.counts.taken, open(&test).len()), (0, 14), "nothing is on a card yet");
        let reply = bank::topups(&rows, &[].into());
        let late = file(&test, "reply.csv", &reply).file;
        let left: Vec<(String, i64)> = open(&test).into_iter().map(|row| (row.kind, row.file_no)).collect();
        let stays = [("over_withdrawn", early.file_no), ("unknown_ref", late.file_no)];
        assert_eq!(left, stays.map(|(kind, file_no)| (kind.to_owned(), file_no)), "what no order mends");
        let closed = listed(&test, "closed");
        let by: BTreeSet<Option<String>> = closed.iter().map(|row| row.settled_by.clone()).collect();
        assert_eq!((closed.len(), by), (13, [Some(format!("file:{}", late.file_no))].into()));
        let told = test.house.db.read(|tx| files::get(tx, early.file_no)).unwrap().counts;
        assert_eq!((told.taken, told.later.taken), (0, 13));
        let done = test.reconcile(cycle);
        assert!(done.sound, "{done:?}");
        assert_eq!(done.on_card_idr, rows[2].amount);
        assert_told(&test);
        let line =
            line_page(&test.house, &test.scope("payment.read"), model::LineId(closed[4].line_id.unwrap()));
        let line = line.unwrap();
        assert_eq!(line.line.payment, PaymentState::Withdrawn);
        assert!(line.ledger.iter().any(|row| row.document == format!("late:{}", early.file_no)));
        // All of it again, also under another name, changes nothing.
        let before = end(&test);
        assert!(file(&test, "moves.csv", &moves).again && file(&test, "renamed.csv", &reply).again);
        assert_eq!(end(&test), before);
    }
}

#[test]
fn an_answer_that_came_before_the_order_was_known_to_be_sent_counts_when_it_is() {
    for (test, twin) in TestHouse::all().into_iter().zip(TestHouse::all()) {
        // The same order in another house: what the channel reads.
        let (_, rows) = sent(&twin, 6);
        let cycle = test.build(6).cycle_id;
        test.answer_checks(&test.ask(cycle), |_| "OK");
        let order = test.order(cycle);
        file(&test, "moves.csv", &bank::withdrawals(&rows[..4], |_, amount| vec![("TARIK", amount)]));
        file(&test, "reply.csv", &bank::topups(&rows, &[].into()));
        assert_eq!(open(&test).len(), 4 + 6 + 1);
        assert_eq!(test.reconcile(cycle).topped_up_idr, 0);
        let scope = test.scope("payment.export");
        export_orders(&test.house, &scope, order, &test.outbox(), &model::Silent).unwrap();
        assert_eq!(open(&test).len(), 1, "the line that nobody knows");
        let cause = listed(&test, "closed").pop().unwrap().settled_by;
        assert_eq!(cause, Some(format!("order:{order}")));
        let done = test.reconcile(cycle);
        let sum = |rows: &[Row]| rows.iter().map(|row| row.amount).sum::<i64>();
        assert!(done.sound, "{done:?}");
        assert_eq!((done.topped_up_idr, done.withdrawn_idr), (sum(&rows), sum(&rows[..4])));
        assert_told(&test);
    }
}

#[test]
fn a_reconciliation_takes_up_what_a_step_that_died_left_waiting() {
    let test = TestHouse::sqlite();
    let (cycle, rows) = sent(&test, 4);
    file(&test, "moves.csv", &bank::withdrawals(&rows, |_, amount| vec![("TARIK", amount)]));
    let mut dying = test.house.clone();
    let faults = std::sync::Arc::new(store::Faults::default());
    dying.db = dying.db.with_faults(std::sync::Arc::clone(&faults));
    faults.arm("late.judged", 1, false);
    let reply = test.file("reply.csv", &bank::topups(&rows, &[].into()));
    let scope = test.scope("payment.import");
    assert!(import_order_replies(&dying, &scope, "himbara", &reply, &model::Silent).is_err());
    assert!(!import_order_replies(&dying, &scope, "himbara", &reply, &model::Silent).unwrap().again);
    let done = test.reconcile(cycle);
    assert!(done.sound && done.on_card_idr == 0, "{done:?}");
    assert_eq!(open(&test).len(), 1);
}

#[test]
fn the_statement_names_the_kinds_that_wait() {
    let named = |trouble: &&Trouble| queries::WAITING.text.contains(&format!("'{}'", trouble.code()));
    let waits: Vec<&Trouble> = Trouble::ALL.iter().filter(|trouble| trouble.waits()).collect();
    assert_eq!(Trouble::ALL.iter().filter(named).collect::<Vec<_>>(), waits);
}

/// What a bank tells of a line, truly: what happened on its card, and how it may be told wrongly beside it.
#[derive(Debug, Clone)]
struct Told {
    topped_up: bool,
    /// In hundredths of the amount: taken at once, taken later; the rest comes back, or stays on the card.
    taken: (i64, i64),
    back: bool,
    wrong: u8,
}

fn any_told() -> impl Strategy<Value = Told> {
    (any::<bool>(), (0..60i64, 0..40i64), any::<bool>(), 0..8u8).prop_map(
        |(topped_up, taken, back, wrong)| Told { topped_up: topped_up || taken.0 > 20, taken, back, wrong },
    )
}

/// The files of a bank: two answers to the order and three statements, each with its share of the rows.
fn files_of(rows: &[Row], told: &[Told], share: &[usize]) -> Vec<(String, String)> {
    const ORDER: &str = "batch,ref,account,amount_idr,result,date,bank_txn\n";
    const MOVES: &str = "ref,account,kind,amount_idr,date,bank_txn\n";
    let mut files = [ORDER, ORDER, MOVES, MOVES, MOVES].map(str::to_owned).to_vec();
    let mut share = share.iter().cycle();
    for (row, told) in rows.iter().zip(told) {
        let Row { batch, reference, account, amount } = row;
        let mut order = |account: &str, amount: i64, word: &str, txn: &str| {
            let line = format!("{batch},{reference},{account},{amount},{word},2026-11-20,{txn}{reference}\n");
            files[share.next().unwrap() % 2].push_str(&line);
        };
        match told.wrong {
            0 => order("990999", *amount, "TOPUP", "V"),
            1 => order(account, amount + 1, "TOPUP", "V"),
            2 => order(account, *amount, "TOPUP", "T"),
            _ => {}
        }
        if told.topped_up {
            order(account, *amount, "TOPUP", "T");
        }
        let mut moved = |kind: &str, amount: i64, txn: &str| {
            let line = format!("{reference},{account},{kind},{amount},2026-11-25,{txn}{reference}\n");
            files[2 + share.next().unwrap() % 3].push_str(&line);
        };
        if !told.topped_up {
            if told.back {
                moved("RETUR", *amount, "R");
            }
            continue;
        }
        let (first, second) = (amount * told.taken.0 / 100, amount * told.taken.1 / 100);
        for (part, txn) in [(first, "A"), (second, "B")] {
            if part > 0 {
                moved("TARIK", part, txn);
            }
        }
        if told.back && amount - first - second > 0 {
            moved("RETUR", amount - first - second, "R");
        }
        if told.wrong == 3 {
            moved("TARIK", amount + 1, "W");
        }
        if told.wrong == 4 && first > 0 {
            moved("TARIK", first, "A");
        }
    }
    (0..).map(|n: usize| format!("f{n}.csv")).zip(files).collect()
}

/// Whatever the order of the files, and whichever of them comes twice: the same lines, balances and open exceptions.
#[test]
fn any_order_of_the_files_of_a_cycle_ends_the_same() {
    let config = ProptestConfig { cases: 12, max_shrink_iters: 20, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let databases: [fn() -> Option<TestDb>; 2] = [|| Some(TestDb::sqlite()), TestDb::postgres];
    let told = prop::collection::vec(any_told(), 9);
    let share = prop::collection::vec(0..6usize, 30);
    let orders = Just((0..5).collect::<Vec<usize>>()).prop_shuffle();
    let strategy = (told, share, orders.clone(), orders, 0..5usize);
    let mut waited = false;
    let seen = std::cell::RefCell::new(&mut waited);
    let law =
        |(told, share, first, second, twice): (Vec<Told>, Vec<usize>, Vec<usize>, Vec<usize>, usize)| {
            let mut ends = BTreeSet::new();
            for database in databases {
                for order in [&vec![0, 1, 2, 3, 4], &first, &second] {
                    let Some(test) = database().map(TestHouse::on) else { continue };
                    let (cycle, rows) = sent(&test, 9);
                    let files = files_of(&rows, &told, &share);
                    for (n, at) in order.iter().chain([&order[twice]]).enumerate() {
                        // The same content under another name is the same file.
                        let again = file(&test, &files[*at].0, &files[*at].1).again;
                        let empty = files[*at].1.lines().count() == 1;
                        prop_assert!(again == (n == 5) || empty, "file {} of {:?}", n, order);
                    }
                    let done = test.reconcile(cycle);
                    prop_assert!(done.sound, "{:?}", done);
                    let ever = test.house.db.read(|tx| tx.query_one(&EVER, &[])?.int(0)).unwrap();
                    **seen.borrow_mut() |= ever > open(&test).len() as i64;
                    ends.insert(end(&test));
                }
            }
            prop_assert_eq!(ends.len(), 1, "{:#?}", ends);
            Ok(())
        };
    runner.run(&strategy, law).unwrap();
    assert!(waited, "no row ever came before its time");
}
