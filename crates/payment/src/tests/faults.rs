//! A payment's whole life, while one point after the other fails: once, and for ever after until somebody mends it. The steps are
//! called again as a person or a program that was started again would call them. Against a bank that counts: nothing is credited
//! twice, nothing is lost, and in the end lines, counts and books are those of a life without faults.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use jiff::civil::date;
use model::Silent;
use store::{Faults, sql, testing::TestDb};

use super::{
    bank::{self, Mishap},
    house::TestHouse,
};
use crate::*;

sql! {
    LINES = "SELECT line_id, eligibility, account, account_state, payment, problem, order_id, topped_up_idr, withdrawn_idr,
            returned_idr, unpaid_idr, live, events FROM payment_line ORDER BY line_id";
    COUNTS = "SELECT region, eligibility, account_state, payment, problem, lines, amount_idr, topped_up_idr, withdrawn_idr
        FROM payment_summary WHERE lines <> 0 ORDER BY region, eligibility, account_state, payment, problem, order_id";
    BALANCES = "SELECT region, channel, account, balance_idr FROM ledger_account WHERE balance_idr <> 0
        ORDER BY region, channel, account";
    ENTRIES = "SELECT document, movement, region, amount_idr FROM ledger_entry ORDER BY document, movement, region, amount_idr";
    FOLLOWED = "SELECT recipient, line_id, plan_id, origin, root, amount_idr, ended FROM payment_plan_line ORDER BY line_id";
    QUEUE = "SELECT kind, row_no, expected, found FROM payment_exception ORDER BY kind, row_no";
}

const FAMILIES: i64 = 11;
/// A step that fails this often without a fault being planted is stuck.
const TRIES: usize = 4;

struct Life {
    test: TestHouse,
    faults: Arc<Faults>,
    /// Failed steps were found without harm this often.
    looks: usize,
}

impl Life {
    fn new(db: TestDb) -> Self {
        let mut test = TestHouse::on(db);
        test.write_list("main", 0..FAMILIES);
        let faults = Arc::new(Faults::default());
        test.house.db = test.house.db.with_faults(Arc::clone(&faults));
        Self { test, faults, looks: 0 }
    }

    /// Calls a step until it is through. Where it failed for ever, a second try fails too, the books are looked at, and then
    /// somebody mends what was broken.
    fn through<T>(&mut self, step: impl Fn(&TestHouse) -> Result<T>) -> T {
        for tries in 1..=TRIES {
            match step(&self.test) {
                Ok(done) => return done,
                Err(error) => assert!(self.faults.fired() > 0, "{error}"),
            }
            if tries == 2 {
                self.faults.disarm();
                self.look();
            }
        }
        panic!("the step is stuck");
    }

    /// In the middle of anything the laws hold.
    fn look(&mut self) {
        let cycles = cycles(&self.test.house, &self.test.scope("payment.read"), &page()).unwrap();
        for cycle in cycles.items.iter().filter(|cycle| cycle.state == "built") {
            let state = self.test.reconcile(cycle.cycle_id);
            assert!(state.sound, "{state:?}");
            self.looks += 1;
        }
    }

    /// From the approved list to the last withdrawal; answers what the bank credited.
    fn live(&mut self) -> BTreeMap<String, i64> {
        let cycle = self.through(|test| test.try_build("main", "2026-T4")).cycle_id;
        let asked = self.through(|test| {
            let scope = test.scope("payment.export");
            export_account_checks(&test.house, &scope, cycle, &test.outbox(), &Silent)
        });
        let answers = self.test.check_answers(&asked, |n| if n == 3 { "TUTUP" } else { "OK" });
        self.take(&answers, import_account_replies);
        let order = self.through(|test| {
            let standing = cycle_page(&test.house, &test.scope("payment.read"), cycle)?.orders.pop();
            let prepare =
                || prepare_order(&test.house, &test.scope("payment.build"), cycle, &Wave::default());
            standing.map_or_else(prepare, Ok)
        });
        let id = order.order_id;
        self.through(|test| {
            let order = order_view(&test.house, &test.scope("payment.read"), id)?;
            let approve = || approve_order(&test.house, &test.checker(), id, &order.list_hash, "SPM-1");
            if order.state == "proposed" { approve() } else { Ok(order) }
        });
        self.through(|test| {
            let sp2d = Sp2d { number: "SP2D-1".into(), on: date(2026, 11, 20) };
            disburse_order(&test.house, &test.scope("payment.export"), id, &sp2d)
        });
        let sent: BTreeSet<PathBuf> = BTreeSet::from([self.through(|test| {
            let made =
                export_orders(&test.house, &test.scope("payment.export"), id, &test.outbox(), &Silent)?;
            Ok(made.path)
        })]);
        // The bank pays every file that it finds, whatever became of the program that wrote it.
        let found = std::fs::read_dir(self.test.outbox()).unwrap().map(|entry| entry.unwrap().path());
        let orders: BTreeSet<PathBuf> = found
            .filter(|path| path.extension().is_some_and(|e| e == "csv"))
            .filter(|p| is_order(p))
            .collect();
        assert_eq!(orders, sent);
        let rows = bank::read(orders.first().unwrap());
        let mut credited = BTreeMap::new();
        for row in rows.iter().filter(|row| row.reference != rows[2].reference) {
            *credited.entry(row.reference.clone()).or_default() += row.amount;
        }
        // One withdrawal is told before its top-up, and again in its time.
        let early = bank::withdrawals(&rows[6..7], |_, amount| vec![("TARIK", amount)]);
        self.take(&self.test.file("early.csv", &early), import_movements);
        let mishaps = BTreeMap::from([(1, Mishap::Twice), (2, Mishap::Fails), (4, Mishap::Stray)]);
        let reply = self.test.file("reply.csv", &bank::topups(&rows, &mishaps));
        self.take(&reply, import_order_replies);
        let moves = self.test.file(
            "moves.csv",
            &bank::withdrawals(&rows, |n, amount| match n {
                2 => vec![],
                5 => vec![("TARIK", 75_000), ("RETUR", amount - 75_000)],
                _ => vec![("TARIK", amount)],
            }),
        );
        self.take(&moves, import_movements);
        // What came back is planned again; whatever fails, there is one plan and each of its lines once.
        let plan = self.through(|test| {
            let read = test.scope("payment.read");
            let known = plan::plans(&test.house, &read, &page())?.items.pop();
            let programme = cycle_page(&test.house, &read, cycle)?.cycle.programme;
            let channel = "pos".to_owned();
            let wish = plan::PlanWish { programme, period: "2026-T4".into(), channel, ..Default::default() };
            known.map_or_else(|| plan::propose(&test.house, &test.scope("payment.build"), &wish), Ok)
        });
        let planned = self.through(|test| {
            let now = plan::plan_page(&test.house, &test.scope("payment.read"), plan.plan_id, &page())?.plan;
            let approve = || plan::approve(&test.house, &test.checker(), plan.plan_id, &plan.list_hash);
            if now.state == "proposed" { approve() } else { Ok(now) }
        });
        assert_eq!(
            (planned.state.as_str(), planned.lines),
            ("approved", 1),
            "the one that came back in part"
        );
        let end =
            self.through(|test| reconcile(&test.house, &test.scope("payment.reconcile"), cycle, &Silent));
        assert!(end.sound, "{end:?}");
        assert_eq!(end.topped_up_idr, credited.values().sum::<i64>(), "what the bank credited");
        credited
    }

    fn take(&mut self, path: &std::path::Path, import: Import) {
        self.through(|test| import(&test.house, &test.scope("payment.import"), "himbara", path, &Silent));
    }

    /// Everything that must be as it would have been.
    fn state(&self) -> Vec<String> {
        let statements = [&LINES, &COUNTS, &BALANCES, &ENTRIES, &QUEUE, &FOLLOWED];
        let rows = self.test.house.db.read(|tx| {
            let mut all = Vec::new();
            for statement in statements {
                all.extend(tx.query(statement, &[])?.iter().map(|row| format!("{row:?}")));
            }
            Ok::<_, store::Error>(all)
        });
        rows.unwrap()
    }
}

type Import =
    fn(&access::House, &access::Scope, &str, &std::path::Path, &dyn model::Progress) -> Result<Imported>;

fn page() -> store::Page {
    store::Page { after: None, limit: 50 }
}

fn is_order(path: &std::path::Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("SI"))
}

/// Which points a life passes, and how often.
fn points(db: TestDb) -> (BTreeMap<String, u64>, Vec<String>) {
    let mut calm = Life::new(db);
    calm.faults.arm("", 0, false);
    calm.live();
    (calm.faults.passed(), calm.state())
}

fn fail_each(new: impl Fn() -> TestDb, every: usize) {
    let (points, calm) = points(new());
    assert!(points.len() > 40, "{points:?}");
    for (n, (point, passed)) in points.iter().enumerate().filter(|(n, _)| n % every == 0) {
        // The first time, the last time, or somewhere between.
        let at = [1, *passed, 1 + (n as u64 * 7) % passed][n % 3];
        for for_ever in [false, true] {
            let mut life = Life::new(new());
            life.faults.arm(point, at, for_ever);
            life.live();
            assert!(life.faults.fired() > 0, "{point} was never passed {at} times");
            assert_eq!(life.state(), calm, "{point} failed at {at}, for ever: {for_ever}");
        }
    }
}

#[test]
fn whatever_fails_once_or_for_ever_the_end_is_the_same() {
    fail_each(TestDb::sqlite, 1);
    if TestDb::postgres().is_some() {
        fail_each(|| TestDb::postgres().unwrap(), 4);
    }
}
