//! A house for tests: an invented closing and decision list, two people who may pay, and the files between us and a bank.

use std::{
    fmt::Write,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use access::{House, NewUser, Scope, Session, create_user, session_of_login};
use arrow_array::{ArrayRef, BooleanArray, Date32Array, Int8Array, Int64Array, RecordBatch, StringArray};
use jiff::civil::date;
use lake::{Lake, Origin, WriteOptions};
use model::{FixedClock, RegionCode, Silent};
use policy::Policy;
use store::{Db, sql, testing::TestDb};

use crate::*;

sql! {
    pub(super) COPY_LINE = "INSERT INTO payment_line (recipient, line_id, cycle_id, benefit, region,
            channel, amount_idr, basis, payee_name, eligibility, account_state, payment, topped_up_idr, withdrawn_idr,
            returned_idr, unpaid_idr, live, events, changed_at)
        SELECT recipient, line_id + 1000000, cycle_id, benefit, region, channel, amount_idr, basis,
            payee_name, eligibility, account_state, payment, 0, 0, 0, 0, 1, 1, 0
        FROM payment_line WHERE recipient = $1 AND line_id = $2";
    pub(super) HALF_READ = "INSERT INTO channel_file (file_no, direction, channel, kind, batch, name, hash, bytes, rows,
            state, mark, counts, at, actor_id, actor)
        VALUES ($1, 'in', 'himbara', 'order_reply', '', 'reply.csv', $2, 0, 0, 'reading', 0, '{}', 0, 0, 'x')";
}

pub(super) struct TestHouse {
    pub(super) house: House,
    test: TestDb,
    maker: Session,
    checker: Session,
    programme: String,
}

pub(super) const CLOSING: &str = "2026-11";

impl TestHouse {
    pub(super) fn sqlite() -> Self {
        Self::new(TestDb::sqlite())
    }

    pub(super) fn all() -> Vec<Self> {
        TestDb::all().into_iter().map(Self::new).collect()
    }

    /// A house whose programmes pay through another channel than the pack says.
    pub(super) fn paying_through(test: TestDb, channel: &str) -> Self {
        let folder = test.folder.join("policy");
        let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policy");
        copy(&pack, &folder, &|text| {
            text.replace("channel = \"himbara\"", &format!("channel = \"{channel}\""))
        });
        let policy = Policy::load(Some(&folder)).unwrap_or_else(|faults| panic!("{faults:?}"));
        Self::with(test, policy)
    }

    pub(super) fn on(test: TestDb) -> Self {
        Self::new(test)
    }

    fn new(test: TestDb) -> Self {
        Self::with(test, Policy::embedded().unwrap_or_else(|faults| panic!("{faults:?}")))
    }

    fn with(test: TestDb, policy: Policy) -> Self {
        // Any programme that pays money by list for stages.
        let day = jiff::civil::date(2026, 11, 30);
        let pays = |programme: &&policy::Programme| {
            programme.on(day).is_some_and(|version| version.pays_money() && version.schedule.stage)
        };
        let programme = policy.programmes().values().find(pays).unwrap().key.clone();
        let db: Db = test.db.clone();
        let lake = Lake::open(&test.folder.join("lake")).unwrap();
        let clock = Arc::new(FixedClock::at(date(2026, 11, 20)));
        let house = House { db, lake, policy: Arc::new(policy), clock };
        let user = |login: &str, role: &str| {
            let new = NewUser {
                login: login.into(),
                name: login.into(),
                role: role.into(),
                region: RegionCode::nation(),
                password: None,
            };
            let console = Session::console(&house);
            create_user(&house, &console.scope("user.manage").unwrap(), new).unwrap();
            session_of_login(&house, &console.scope("user.manage").unwrap(), login).unwrap()
        };
        let (maker, checker) = (user("bendahara", "treasurer"), user("manajer", "programme_manager"));
        Self { house, test, maker, checker, programme }
    }

    pub(super) fn scope(&self, action: &str) -> Scope {
        self.maker.scope(action).unwrap()
    }

    pub(super) fn checker(&self) -> Scope {
        self.checker.scope("payment.approve").unwrap()
    }

    pub(super) fn outbox(&self) -> PathBuf {
        self.test.folder.join("outbox")
    }

    pub(super) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.test.folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(super) fn bytes(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.test.folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(super) fn build(&self, families: i64) -> Built {
        self.build_run("main", 0..families)
    }

    /// The same families on the list of the next period.
    pub(super) fn build_second(&self, families: i64) -> Built {
        self.write_list("second", 0..families);
        self.build_period("second", "2026-T3")
    }

    pub(super) fn build_run(&self, run: &str, families: Range<i64>) -> Built {
        self.write_list(run, families);
        self.build_written(run)
    }

    /// On the server that the tests' variable names, or else embedded.
    pub(super) fn for_figures() -> Self {
        Self::all().pop().unwrap()
    }

    pub(super) fn engine(&self) -> &'static str {
        match self.house.db.engine() {
            store::Engine::Sqlite => "SQLite",
            store::Engine::Postgres => "PostgreSQL",
        }
    }

    pub(super) fn dataset(&self, run: &str) -> String {
        format!("decisions/{}/2026-T4/{run}", self.programme)
    }

    pub(super) fn build_written(&self, run: &str) -> Built {
        self.build_period(run, "2026-T4")
    }

    fn build_period(&self, run: &str, period: &str) -> Built {
        self.try_build(run, period).unwrap()
    }

    pub(super) fn try_build(&self, run: &str, period: &str) -> Result<Built> {
        let dataset = self.dataset(run);
        let list = ApprovedList {
            programme: self.programme.clone(),
            period: period.into(),
            run: run.into(),
            list_hash: self.house.lake.require(&dataset).unwrap().manifest().hash.clone(),
            dataset,
            closing: CLOSING.into(),
        };
        build(&self.house, &self.scope("payment.build"), &list, &Silent)
    }

    /// One family in three is not eligible and must not be paid: ids are chosen so that `families` counts the eligible.
    pub(super) fn write_list(&self, run: &str, families: Range<i64>) {
        let eligible: Vec<i64> = families.map(|n| 1_000 + n * 3).collect();
        let all: Vec<i64> = eligible.iter().flat_map(|id| [*id, id + 1]).collect();
        let regions = |ids: &[i64]| -> ArrayRef {
            let path = |id: &i64| format!("99.01.{:02}.2{:03}", 1 + id % 7, 1 + id % 11);
            Arc::new(ids.iter().map(path).map(Some).collect::<StringArray>())
        };
        let paid = |id: &i64| (id - 1_000) % 3 == 0;
        let amounts = all.iter().map(|id| if paid(id) { 225_000 + id % 5 * 75_000 } else { 0 });
        self.write(
            &self.dataset(run),
            vec![
                ("family_id", ints(all.iter().copied())),
                ("region", regions(&all)),
                ("outcome", Arc::new(all.iter().map(|id| Some(i8::from(paid(id)))).collect::<Int8Array>())),
                ("amount_idr", ints(amounts)),
            ],
        );
        self.write(
            &format!("closing/{CLOSING}/families"),
            vec![
                ("family_id", ints(all.iter().copied())),
                ("head_person_id", ints(all.iter().map(|id| id * 10))),
            ],
        );
        let people: Vec<i64> = all.iter().flat_map(|id| [id * 10, id * 10 + 1]).collect();
        let yes = |_: &i64| Some(true);
        let born = model::epoch_days(date(1980, 1, 1));
        self.write(
            &format!("closing/{CLOSING}/persons"),
            vec![
                ("family_id", ints(people.iter().map(|id| id / 10))),
                ("person_id", ints(people.iter().copied())),
                ("name", Arc::new(people.iter().map(|id| Some(name_of(*id))).collect::<StringArray>())),
                ("nik", ints(people.iter().map(|id| 9_901_010_101_900_000 + id % 10_000_000 + 1))),
                ("alive", Arc::new(people.iter().map(yes).collect::<BooleanArray>())),
                ("birth_date", Arc::new(people.iter().map(|_| Some(born)).collect::<Date32Array>())),
                ("region", regions(&people.iter().map(|id| id / 10).collect::<Vec<i64>>())),
                ("matched", Arc::new(people.iter().map(yes).collect::<BooleanArray>())),
            ],
        );
    }

    /// A list that entitles each of its families to so much more than [`TestHouse::write_list`] does.
    pub(super) fn raised(&self, run: &str, families: Range<i64>, by: i64) -> ApprovedList {
        let all: Vec<i64> = families.map(|n| 1_000 + n * 3).collect();
        let dataset = self.dataset(run);
        self.write(
            &dataset,
            vec![
                ("family_id", ints(all.iter().copied())),
                ("outcome", Arc::new(all.iter().map(|_| Some(1i8)).collect::<Int8Array>())),
                ("amount_idr", ints(all.iter().map(|id| 225_000 + id % 5 * 75_000 + by))),
            ],
        );
        ApprovedList {
            programme: self.programme.clone(),
            period: "2026-T4".into(),
            run: run.into(),
            list_hash: self.house.lake.require(&dataset).unwrap().manifest().hash.clone(),
            dataset,
            closing: CLOSING.into(),
        }
    }

    fn write(&self, name: &str, columns: Vec<(&str, ArrayRef)>) {
        self.write_all(name, std::iter::once(columns));
    }

    pub(super) fn write_all<'a>(&self, name: &str, parts: impl Iterator<Item = Vec<(&'a str, ArrayRef)>>) {
        let mut parts = parts.map(|columns| RecordBatch::try_from_iter(columns).unwrap()).peekable();
        let schema = parts.peek().unwrap().schema();
        let mut writer = self.house.lake.writer(name, schema, WriteOptions::default()).unwrap();
        for batch in parts {
            writer.write(&batch).unwrap();
        }
        let origin = Origin {
            made_by: "test".into(),
            inputs: vec![],
            policy: String::new(),
            note: std::collections::BTreeMap::new(),
        };
        writer.finish(origin, self.house.clock.as_ref()).unwrap();
    }

    pub(super) fn ask(&self, cycle: i64) -> Vec<FileMade> {
        let scope = self.scope("payment.export");
        export_account_checks(&self.house, &scope, cycle, &self.outbox(), &Silent).unwrap()
    }

    /// The bank answers each line with the word for its place in the file.
    pub(super) fn answer_checks(&self, asked: &[FileMade], word: impl Fn(usize) -> &'static str) -> Counts {
        let path = self.check_answers(asked, word);
        let scope = self.scope("payment.import");
        import_account_replies(&self.house, &scope, "himbara", &path, &Silent).unwrap().file.counts
    }

    /// The file of those answers.
    pub(super) fn check_answers(&self, asked: &[FileMade], word: impl Fn(usize) -> &'static str) -> PathBuf {
        let mut text = String::from("batch,ref,result,account,name_at_bank,reason\n");
        for (n, row) in csv::Reader::from_path(&asked[0].path).unwrap().records().enumerate() {
            let row = row.unwrap();
            let word = word(n);
            let name = if word == "NAMA_BEDA" { "ZULKIFLI HAKIM" } else { &row[3] };
            writeln!(text, "{},{},{word},9900{},{name},", &row[0], &row[1], &row[1]).unwrap();
        }
        self.file("checks.csv", &text)
    }

    /// Prepares with one person, approves with another; the treasury pays.
    pub(super) fn order(&self, cycle: i64) -> i64 {
        let order =
            prepare_order(&self.house, &self.scope("payment.build"), cycle, &Wave::default()).unwrap();
        let id = self.approve(&order);
        self.disburse(id);
        id
    }

    pub(super) fn approve(&self, order: &OrderView) -> i64 {
        let (id, spm) = (order.order_id, format!("SPM-{}", order.order_id));
        let mut order = approve_order(&self.house, &self.checker(), id, &order.list_hash, &spm).unwrap();
        if order.state != "approved" {
            // A large sum needs a second checker.
            let console = Session::console(&self.house);
            let new = NewUser {
                login: "manajer2".into(),
                name: "manajer2".into(),
                role: "programme_manager".into(),
                region: RegionCode::nation(),
                password: None,
            };
            create_user(&self.house, &console.scope("user.manage").unwrap(), new).unwrap();
            let second =
                session_of_login(&self.house, &console.scope("user.manage").unwrap(), "manajer2").unwrap();
            let scope = second.scope("payment.approve").unwrap();
            order = approve_order(&self.house, &scope, id, &order.list_hash, &spm).unwrap();
        }
        assert_eq!(order.state, "approved");
        id
    }

    /// The treasury pays an approved order.
    pub(super) fn disburse(&self, id: i64) -> OrderView {
        let sp2d = Sp2d { number: format!("SP2D-{id}"), on: date(2026, 11, 20) };
        disburse_order(&self.house, &self.scope("payment.export"), id, &sp2d).unwrap()
    }

    pub(super) fn import_order(&self, path: &Path) -> Imported {
        import_order_replies(&self.house, &self.scope("payment.import"), "himbara", path, &Silent).unwrap()
    }

    pub(super) fn import_movements(&self, path: &Path) -> Imported {
        import_movements(&self.house, &self.scope("payment.import"), "himbara", path, &Silent).unwrap()
    }

    pub(super) fn reconcile(&self, cycle: i64) -> Reconciliation {
        reconcile(&self.house, &self.scope("payment.reconcile"), cycle, &Silent).unwrap()
    }
}

fn copy(from: &Path, to: &Path, change: &dyn Fn(&str) -> String) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target, change);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            std::fs::write(target, change(&text)).unwrap();
        } else {
            std::fs::copy(&path, target).unwrap();
        }
    }
}

fn ints(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<Int64Array>())
}

pub(super) fn name_of(person: i64) -> String {
    const FIRST: [&str; 5] = ["SITI", "SUTRISNO", "MADE", "ABDUL", "MARIA"];
    const LAST: [&str; 7] = ["AMINAH", "RAHMAN", "WIJAYA", "LESTARI", "HASAN", "PURNOMO", "YULIANA"];
    format!("{} {}", FIRST[(person / 10 % 5) as usize], LAST[(person / 50 % 7) as usize])
}
