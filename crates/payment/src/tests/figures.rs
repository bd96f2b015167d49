//! Figures: a month of a nation, step by step, on either database. `cargo xtask bench payment` runs this; it is no test.

use std::{
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use arrow_array::{ArrayRef, BooleanArray, Int8Array, Int64Array, StringArray};
use model::Silent;

use super::house::{CLOSING, TestHouse};
use crate::*;

/// Families of a village in the invented country, as in the real one (20 million in 83,000 villages); they are strewn over the
/// whole list.
const VILLAGE: i64 = 240;
/// Rows made at once.
const CHUNK: i64 = 1_000_000;

/// What the bench measures.
struct Watch {
    lines: f64,
    total: f64,
}

impl Watch {
    /// Runs a step; `named` steps count for the total.
    fn step<T>(&mut self, name: &str, named: bool, work: impl FnOnce() -> T) -> T {
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let begun = Instant::now();
        let out = work();
        let seconds = begun.elapsed().as_secs_f64();
        if named {
            self.total += seconds;
        }
        let mark = if named { ' ' } else { '*' };
        println!(
            "{mark} {name:<28} {seconds:>8.1} s  {:>9.0} lines/s  {:>5.2} us/line  peak {:>5} MB",
            self.lines / seconds,
            seconds * 1e6 / self.lines,
            peak_mb()
        );
        out
    }
}

fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() / 1024
}

fn mixed(n: i64) -> u64 {
    (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20
}

fn region(n: i64, families: i64) -> String {
    let village = mixed(n) % (families / VILLAGE + 1) as u64;
    format!("99.{:02}.{:02}.{}", village / 3_000 % 100, village / 30 % 100, 2_001 + village % 30)
}

fn country(test: &TestHouse, families: i64) {
    let ids = |from: i64| (from..(from + CHUNK).min(families)).map(|n| 1_000 + n * 3);
    let column = |from: i64, of: &dyn Fn(i64) -> i64| -> ArrayRef {
        Arc::new(ids(from).map(|id| Some(of(id))).collect::<Int64Array>())
    };
    let text = |from: i64, of: &dyn Fn(i64) -> String| -> ArrayRef {
        Arc::new(ids(from).map(|id| Some(of(id))).collect::<StringArray>())
    };
    let chunks = || (0..families).step_by(CHUNK as usize);
    test.write_all(
        &test.dataset("main"),
        chunks().map(|from| {
            vec![
                ("family_id", column(from, &|id| id)),
                ("region", text(from, &|id| region(id, families))),
                ("outcome", Arc::new(ids(from).map(|_| Some(1)).collect::<Int8Array>()) as ArrayRef),
                ("amount_idr", column(from, &|_| 200_000)),
            ]
        }),
    );
    test.write_all(
        &format!("closing/{CLOSING}/families"),
        chunks().map(|from| {
            vec![("family_id", column(from, &|id| id)), ("head_person_id", column(from, &|id| id * 10))]
        }),
    );
    let yes = |from: i64| Arc::new(ids(from).map(|_| Some(true)).collect::<BooleanArray>()) as ArrayRef;
    test.write_all(
        &format!("closing/{CLOSING}/persons"),
        chunks().map(|from| {
            vec![
                ("family_id", column(from, &|id| id)),
                ("person_id", column(from, &|id| id * 10)),
                ("name", text(from, &|id| super::house::name_of(id * 10))),
                ("nik", column(from, &|id| 9_901_010_101_900_000 + id % 10_000_000)),
                ("alive", yes(from)),
                ("matched", yes(from)),
            ]
        }),
    );
}

/// Accounts that passed their check before, for all but one family in a hundred.
fn accounts(test: &TestHouse, families: i64) {
    let now = test.house.clock.now_ms();
    for from in (0..families).step_by(200_000) {
        let ids = (from..(from + 200_000).min(families)).filter(|n| n % 100 != 7).map(|n| 1_000 + n * 3);
        let rows = ids.map(|id| {
            let name = super::house::name_of(id * 10);
            vec![
                id.into(),
                "himbara".into(),
                format!("9900{id:012}").into(),
                name.into(),
                (id * 10).into(),
                now.into(),
            ]
        });
        let columns = &["recipient", "channel", "account", "name_at_bank", "payee", "checked_at"];
        test.house.db.write(|tx| tx.bulk("recipient_account", columns, rows)).unwrap();
    }
}

/// Reads a file of ours row by row and writes the bank's: the answer to a row, if there is one.
fn answer(
    from: &Path,
    to: PathBuf,
    header: &str,
    mut row: impl FnMut(usize, &[&str], &mut dyn Write),
) -> PathBuf {
    let mut out = BufWriter::new(File::create(&to).unwrap());
    writeln!(out, "{header}").unwrap();
    for (n, line) in BufReader::new(File::open(from).unwrap()).lines().skip(1).enumerate() {
        let line = line.unwrap();
        let cells: Vec<&str> = line.split(',').collect();
        row(n, &cells, &mut out);
    }
    out.flush().unwrap();
    to
}

#[test]
#[ignore = "figures; run with --nocapture"]
fn figures() {
    let lines: i64 = std::env::var("LINES").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000_000);
    let test = TestHouse::for_figures();
    country(&test, lines);
    accounts(&test, lines);
    let scope = |action: &str| test.scope(action);
    let mut watch = Watch { lines: lines as f64, total: 0.0 };
    println!("{lines} lines on {}; steps with * do not count for the total", test.engine());
    let built = watch.step("build", true, || test.build_written("main"));
    assert_eq!(built.lines, lines);
    let cycle = built.cycle_id;
    let asked = watch.step("ask about unknown accounts", false, || test.ask(cycle));
    let path = answer(
        &asked[0].path,
        test.outbox().join("checks.csv"),
        "batch,ref,result,account,name_at_bank,reason",
        |_, cells, out| {
            writeln!(out, "{},{},OK,9901{:012},{},", cells[0], cells[1], cells[1], cells[3]).unwrap();
        },
    );
    watch.step("answers about accounts", false, || {
        import_account_replies(&test.house, &scope("payment.import"), "himbara", &path, &Silent).unwrap()
    });
    let order = watch.step("lock (prepare the order)", true, || {
        prepare_order(&test.house, &scope("payment.build"), cycle, &Wave::default()).unwrap()
    });
    assert_eq!(order.lines, lines);
    watch.step("order (approve, disburse)", true, || {
        let id = test.approve(&order);
        test.disburse(id)
    });
    let made = watch.step("write the file", true, || {
        export_orders(&test.house, &scope("payment.export"), order.order_id, &test.outbox(), &Silent).unwrap()
    });
    let path = answer(
        &made.path,
        test.outbox().join("reply.csv"),
        "batch,ref,account,amount_idr,result,date,bank_txn",
        |n, cells, out| match n % 1_000 {
            // Of a thousand rows two are missing, eight say no, and one tells another amount.
            13 | 500 => {}
            k if k % 125 == 60 => {
                writeln!(
                    out,
                    "{},{},{},{},GAGAL,2026-11-21,G{n:011}",
                    cells[0], cells[1], cells[2], cells[4]
                )
                .unwrap();
            }
            77 => {
                writeln!(out, "{},{},{},1,TOPUP,2026-11-21,W{n:011}", cells[0], cells[1], cells[2]).unwrap();
            }
            _ => {
                writeln!(
                    out,
                    "{},{},{},{},TOPUP,2026-11-21,T{n:011}",
                    cells[0], cells[1], cells[2], cells[4]
                )
                .unwrap();
            }
        },
    );
    watch.step("import the replies", true, || test.import_order(&path));
    let done = watch.step("reconcile", true, || test.reconcile(cycle));
    assert!(done.sound, "{done:?}");
    println!("  {:<28} {:>8.1} s", "total", watch.total);
    let path = answer(
        &made.path,
        test.outbox().join("moves.csv"),
        "ref,account,kind,amount_idr,date,bank_txn",
        |n, cells, out| {
            if n % 1_000 % 125 != 60 && ![13, 500, 77].contains(&(n % 1_000)) && n % 20 != 3 {
                writeln!(out, "{},{},TARIK,{},2026-11-25,M{n:011}", cells[1], cells[2], cells[4]).unwrap();
            }
        },
    );
    watch.step("import the movements", false, || test.import_movements(&path));
    assert!(watch.step("reconcile again", false, || test.reconcile(cycle)).sound);
    durable(&test);
    single(&test, cycle);
}

/// Postings in batches, each batch one commit: entries, both sides, balances.
fn durable(test: &TestHouse) {
    const BATCHES: i64 = 20;
    let place = |n: i64| crate::books::place("BENCH", "2026-T4", &region(n, 20_000_000), "himbara").unwrap();
    let sums: crate::books::Sums = (0..20_000)
        .map(|n| ((place(n), ledger::Movement::Order, false), model::Rupiah::new(200_000)))
        .collect();
    let begun = Instant::now();
    for n in 0..BATCHES {
        let document = format!("bench:{n}");
        let ground = crate::books::Ground { document: &document, part: 0 };
        let post = |tx: &mut store::Tx<'_>| crate::books::post(tx, &sums, ground, n, "bench");
        test.house.db.write(post).unwrap();
    }
    let postings = (BATCHES * 2 * sums.len() as i64) as f64;
    println!("* durable postings in batches: {:.0}/s", postings / begun.elapsed().as_secs_f64());
}

/// One action of a person after another, beside one row after another, each with its own commit, in turns.
fn single(test: &TestHouse, cycle: i64) {
    const TURNS: i64 = 20;
    const EACH: i64 = 20;
    let lines = {
        let filter = LineFilter::Payment(PaymentState::Set);
        let page = store::Page::first(50);
        test.build_run("single", 200_000_000..200_000_050);
        let cycle = cycle + 1;
        line_list(&test.house, &test.scope("payment.read"), cycle, filter, &page).unwrap().items
    };
    let (mut action, mut commit) = (0.0, 0.0);
    let scope = test.scope("payment.build");
    for turn in 0..TURNS {
        let begun = Instant::now();
        for n in 0..EACH {
            let line = model::LineId(lines[(n as usize) % lines.len()].line_id);
            let decision = if turn % 2 == 0 { LineDecision::Hold } else { LineDecision::Release };
            decide_line(&test.house, &scope, line, &decision, "figures").unwrap();
        }
        action += begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        for n in 0..EACH {
            let value = format!("{turn}/{n}");
            test.house.db.write(|tx| store::set_meta(tx, "figures", &value)).unwrap();
        }
        commit += begun.elapsed().as_secs_f64();
    }
    let count = (TURNS * EACH) as f64;
    println!(
        "* single durable action: {:.0}/s beside {:.0} commits/s of one row: {:.0}%",
        count / action,
        count / commit,
        100.0 * commit / action
    );
}
