//! A bank that is called: whatever the bank, the net and the machine do, what the bank credited is what our books call topped up, nothing
//! is credited twice, nothing stays unclear once the bank answers.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::{Timestamp, civil::date};
use model::{Clock, Progress};
use store::{params, sql, testing::TestDb};
use synth::snap::{Partner, SnapBank, SnapCall, SnapManners, Standing};

use super::*;
use crate::snap::{
    Actors, Bank, CallError, Keys, Request, Response, Session, Task, run, statement, test_keys,
};

sql! {
    ACCOUNTS_SET = "UPDATE payment_line SET account = '9900' || CAST(line_id AS TEXT) WHERE cycle_id = $1";
    ACCOUNTS = "SELECT account, payee_name, topped_up_idr, payment FROM payment_line WHERE cycle_id = $1 ORDER BY line_id";
    UNTOLD = "SELECT COUNT(*) FROM snap_call WHERE cycle_id = $1 AND (state <> 'told' OR delivery IS NULL)";
}

const CHANNEL: &str = "snap_bank";
const HOUR_MS: i64 = 3_600_000;

/// A clock that moves when it is told to.
struct Hands(AtomicI64);

impl Hands {
    fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// The invented bank at the end of a line, and a machine that stops when the fuse has burnt down.
struct Far {
    bank: Mutex<SnapBank>,
    clock: Arc<Hands>,
    fuse: AtomicI64,
    spoil: fn(&mut Request),
    /// The net delivers every transfer twice.
    echo: bool,
}

impl Far {
    fn burn(&self) {
        if self.fuse.fetch_sub(1, Ordering::SeqCst) <= 0 {
            resume_unwind(Box::new("the machine stops"));
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut SnapBank) -> T) -> T {
        act(&mut self.bank.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Bank for Far {
    fn call(&self, request: &Request) -> Result<Response, CallError> {
        self.burn();
        let mut request = request.clone();
        (self.spoil)(&mut request);
        let headers: Vec<(String, String)> =
            request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let call = SnapCall {
            method: request.method,
            path: &request.path,
            headers: &headers,
            body: request.body.as_bytes(),
        };
        let now = self.clock.now_ms();
        let reply = self.with(|bank| bank.answer(call, now));
        if self.echo && request.path.contains("transfer-") {
            let mut headers = headers.clone();
            for (_, value) in headers.iter_mut().filter(|(name, _)| name == "X-EXTERNAL-ID") {
                value.insert(0, '9');
            }
            self.with(|bank| bank.answer(SnapCall { headers: &headers, ..call }, now));
        }
        self.burn();
        self.clock.pass(reply.delay_ms as i64);
        if reply.lost {
            return Err(CallError::Unknown);
        }
        Ok(Response { status: reply.status, content_type: reply.content_type.to_owned(), body: reply.body })
    }

    fn pause(&self, ms: u64) {
        self.clock.pass(ms as i64);
    }
}

impl Progress for Far {
    fn report(&self, _: &str, _: u64, _: u64) {
        self.burn();
    }
}

/// A cycle whose lines have accounts at the bank.
struct Way {
    test: TestHouse,
    far: Far,
    keys: Keys,
    cycle: i64,
}

impl Way {
    fn to(db: TestDb, families: i64, seed: u64, manners: SnapManners) -> Self {
        let mut test = TestHouse::paying_through(db, CHANNEL);
        let clock = Arc::new(Hands(AtomicI64::new(test.house.clock.now_ms())));
        test.house.clock = Arc::clone(&clock) as Arc<dyn Clock>;
        let keys = Keys::new(test_keys::CLIENT, test_keys::SECRET, test_keys::PRIVATE).unwrap();
        let api = test.house.policy.channel(CHANNEL).unwrap().api.clone().unwrap();
        let partner = Partner {
            client_key: test_keys::CLIENT.into(),
            secret: test_keys::SECRET.to_vec(),
            public_key: keys.public().to_vec(),
            partner_id: api.partner_id,
            channel_id: api.channel_id,
            source_account: api.source_account,
            base_path: api.base_path,
        };
        let cycle = test.build(families).cycle_id;
        let mut bank = SnapBank::new(partner, seed, manners, 300);
        test.house.db.write(|tx| tx.execute(&ACCOUNTS_SET, params![cycle])).unwrap();
        for (n, (account, name, ..)) in accounts(&test, cycle).iter().enumerate() {
            let (name, standing) = match n % 17 {
                3 => (name.as_str(), Standing::Closed),
                5 => (name.as_str(), Standing::Dormant),
                7 => ("ZULKIFLI HAKIM", Standing::Open),
                _ => (name.as_str(), Standing::Open),
            };
            bank.account(account, name, standing);
        }
        let far =
            Far { bank: Mutex::new(bank), clock, fuse: AtomicI64::new(i64::MAX), spoil: |_| (), echo: false };
        Self { test, far, keys, cycle }
    }

    fn session(&self, task: Task) -> Session {
        let (sending, taking) = (self.test.scope("payment.export"), self.test.scope("payment.import"));
        let actors = Actors { sending: &sending, taking: &taking };
        let of = (CHANNEL, self.cycle);
        run(&self.test.house, actors, of, task, (&self.far, &self.keys), (&self.test.outbox(), 0), &self.far)
            .unwrap()
    }

    /// Sessions until nothing waits: some die, hours pass between them, and the bank mends its ways in the end.
    fn until_told(&self, task: Task, dice: &mut Dice) {
        for round in 0..400 {
            if round == 40 {
                self.far.with(|bank| bank.behave(SnapManners::HONEST));
            }
            let fuse = if round < 60 && dice.below(3) > 0 { 1 + dice.below(160) as i64 } else { i64::MAX };
            self.far.fuse.store(fuse, Ordering::SeqCst);
            let done = catch_unwind(AssertUnwindSafe(|| self.session(task)));
            self.far.fuse.store(i64::MAX, Ordering::SeqCst);
            self.far.clock.pass(dice.below(30) as i64 * HOUR_MS);
            if done.is_ok_and(|session| session.waiting == 0) {
                return;
            }
        }
        panic!("something stays unclear");
    }

    fn untold(&self) -> i64 {
        self.test.house.db.read(|tx| tx.query_one(&UNTOLD, params![self.cycle])?.int(0)).unwrap()
    }

    /// The bank's count of credits is our count of top-ups, account by account.
    fn agree(&self) -> i64 {
        let credits = self.far.with(|bank| bank.credits().clone());
        let mut ours: BTreeMap<String, (u32, i64)> = BTreeMap::new();
        for (account, _, topped_up, _) in accounts(&self.test, self.cycle) {
            if topped_up > 0 {
                ours.insert(account, (1, topped_up));
            }
        }
        assert_eq!(credits, ours);
        let made = self.test.reconcile(self.cycle);
        assert!(made.sound, "{made:?}");
        assert_eq!(made.topped_up_idr, credits.values().map(|(_, idr)| idr).sum::<i64>());
        made.topped_up_idr
    }
}

fn accounts(test: &TestHouse, cycle: i64) -> Vec<(String, String, i64, String)> {
    let read = |row: &store::Row| Ok((row.string(0)?, row.string(1)?, row.int(2)?, row.string(3)?));
    test.house
        .db
        .read(|tx| tx.query(&ACCOUNTS, params![cycle])?.iter().map(read).collect::<store::Result<_>>())
        .unwrap()
}

/// A small sequence of random numbers (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n.max(1)
    }
}

#[test]
fn whatever_goes_wrong_credits_are_top_ups_and_nobody_is_paid_twice() {
    for (kind, db) in
        [TestDb::sqlite as fn() -> TestDb, || TestDb::all().pop().unwrap()].into_iter().enumerate()
    {
        for seed in 0..8_u64 {
            let mut dice = Dice(seed * 7 + kind as u64);
            let way = Way::to(db(), 110, seed, SnapManners::BAD);
            way.until_told(Task::Check, &mut dice);
            let counts: Vec<i64> = accounts_by_state(&way);
            assert!(counts.iter().all(|count| *count > 0), "good and failed accounts: {counts:?}");
            way.test.order(way.cycle);
            way.far.with(|bank| bank.behave(SnapManners::BAD));
            way.until_told(Task::Transfer, &mut dice);
            assert_eq!(way.untold(), 0);
            assert!(way.agree() > 0);
            assert_eq!(
                way.far.with(|bank| bank.refusals().clone()),
                BTreeMap::new(),
                "every call is as the standard asks"
            );
            // Once more changes nothing.
            assert_eq!(way.session(Task::Transfer).calls, 0);
        }
    }
}

fn accounts_by_state(way: &Way) -> Vec<i64> {
    let page = cycle_page(&way.test.house, &way.test.scope("payment.read"), way.cycle).unwrap();
    let count =
        |state: &str| page.accounts.iter().filter(|(of, _)| of == state).map(|(_, lines)| lines).sum();
    assert_eq!(count("asked") + count("unchecked"), 0, "{:?}", page.accounts);
    vec![count("good"), count("failed")]
}

fn ready(manners: SnapManners) -> Way {
    let way = Way::to(TestDb::sqlite(), 40, 5, SnapManners::HONEST);
    assert_eq!(way.session(Task::Check).waiting, 0);
    way.test.order(way.cycle);
    way.far.with(|bank| bank.behave(manners));
    way
}

#[test]
fn a_transfer_whose_answer_is_lost_is_asked_about_and_not_sent_again() {
    let way = ready(SnapManners { lost_after: 1.0, ..SnapManners::HONEST });
    let first = way.session(Task::Transfer);
    assert_eq!((first.told, first.waiting), (0, first.calls));
    let page = crate::snap::api_page(&way.test.house, &way.test.scope("payment.read"), way.cycle).unwrap();
    assert_eq!(page.unclear.len() as u64, first.waiting);
    assert!(page.unclear.iter().all(|one| one.doubt == "no_answer" && !one.overdue && one.sends == 1));
    way.far.with(|bank| bank.behave(SnapManners::HONEST));
    way.far.clock.pass(HOUR_MS);
    let second = way.session(Task::Status);
    assert_eq!((second.told, second.waiting), (first.calls, 0));
    way.agree();
}

#[test]
fn a_transfer_that_never_arrived_is_sent_again_only_after_the_banks_cut_off() {
    let way = ready(SnapManners { lost_before: 1.0, ..SnapManners::HONEST });
    let lines = way.session(Task::Transfer).waiting;
    way.far.with(|bank| bank.behave(SnapManners::HONEST));
    way.far.clock.pass(20 * HOUR_MS);
    assert_eq!(way.session(Task::Transfer).waiting, lines, "within the cut-off it may still appear");
    assert!(way.far.with(|bank| bank.credits().is_empty()));
    way.far.clock.pass(5 * HOUR_MS);
    assert_eq!(way.session(Task::Transfer).waiting, 0);
    way.agree();
    // The line's page tells the calls.
    let line =
        line_page(&way.test.house, &way.test.scope("payment.read"), model::LineId(first_line(&way))).unwrap();
    let transfer = line.calls.iter().find(|call| call.kind == "transfer").unwrap();
    assert_eq!((transfer.sends, transfer.state.as_str(), transfer.word.as_str()), (2, "told", "200:00"));
}

fn first_line(way: &Way) -> i64 {
    let page = line_list(
        &way.test.house,
        &way.test.scope("payment.read"),
        way.cycle,
        LineFilter::Payment(PaymentState::ToppedUp),
        &store::Page::first(1),
    );
    page.unwrap().items[0].line_id
}

#[test]
fn money_that_was_credited_twice_is_found_by_the_count() {
    let mut way = ready(SnapManners { credits_again: true, ..SnapManners::HONEST });
    way.far.echo = true;
    let told = way.session(Task::Transfer).told;
    let twice = way.far.with(|bank| bank.credits().values().filter(|(times, _)| *times == 2).count());
    assert!(twice > 20 && twice as u64 <= told, "{twice} of {told}");
    assert!(catch_unwind(AssertUnwindSafe(|| way.agree())).is_err());
}

#[test]
fn the_statement_tells_what_left_and_came_back_and_knows_our_transfers() {
    let way = ready(SnapManners::HONEST);
    let told = way.session(Task::Transfer).told;
    let now = way.far.clock.now_ms();
    let done = way.far.with(|bank| {
        let done = bank.done();
        for (n, (reference, _)) in done.iter().enumerate().take(20) {
            bank.leave(reference, n % 5 == 0, now);
        }
        done
    });
    let (sending, taking) = (way.test.scope("payment.export"), way.test.scope("payment.import"));
    let ask = || {
        let actors = Actors { sending: &sending, taking: &taking };
        let days = (date(2026, 11, 20), date(2026, 11, 20));
        statement(&way.test.house, actors, CHANNEL, days, (&way.far, &way.keys), &way.test.outbox(), &way.far)
            .unwrap()
    };
    let made = ask();
    assert_eq!((made.ours, made.movements, made.failed.len()), (told, 20, 0), "{} done", done.len());
    let first = way.test.reconcile(way.cycle);
    assert!(first.sound && first.withdrawn_idr > 0 && first.returned_idr > 0, "{first:?}");
    way.far.clock.pass(HOUR_MS / 2);
    assert_eq!(ask().movements, 20, "told again");
    let second = way.test.reconcile(way.cycle);
    assert_eq!((second.withdrawn_idr, second.returned_idr), (first.withdrawn_idr, first.returned_idr));
}

#[test]
fn a_call_that_is_altered_on_its_way_is_no_call_of_ours() {
    type Spoil = fn(&mut Request);
    fn set(request: &mut Request, name: &str, value: &str) {
        if let Some(header) = request.headers.iter_mut().find(|(key, _)| *key == name) {
            header.1 = value.to_owned();
        }
    }
    let spoils: [(&str, Spoil); 7] = [
        ("signature", |request| request.body = request.body.replace("9900", "9901")),
        ("signature", |request| {
            if !request.path.contains("token") {
                set(request, "X-SIGNATURE", "AAAA");
            }
        }),
        ("timestamp", |request| {
            if !request.path.contains("token") {
                set(request, "X-TIMESTAMP", "2026-11-20T18:00:00+07:00");
            }
        }),
        ("token signature", |request| {
            if request.path.contains("token") {
                set(request, "X-TIMESTAMP", "2026-11-20T19:02:30+07:00");
            }
        }),
        ("client key", |request| set(request, "X-CLIENT-KEY", "x")),
        ("partner", |request| set(request, "X-PARTNER-ID", "x")),
        ("external id", |request| set(request, "X-EXTERNAL-ID", "12x")),
    ];
    for (what, spoil) in spoils {
        let mut way = ready(SnapManners::HONEST);
        way.far.spoil = spoil;
        let session = way.session(Task::Transfer);
        let refusals = way.far.with(|bank| bank.refusals().clone());
        assert!(refusals.contains_key(what), "{what}: {refusals:?}");
        assert!(way.far.with(|bank| bank.credits().is_empty()), "{what}: {session:?}");
    }
}
