//! Money that did not arrive is paid again rightly: once, by two people, never more than was due, and never to the dead.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil::date;
use model::{FamilyId, FixedClock, LineId, PersonId, RegionCode};
use proptest::prelude::*;
use store::{sql, testing::TestDb};

use super::{
    Page, Silent, bank,
    house::{CLOSING, TestHouse},
    sent,
};
use crate::{plan::*, *};

const PERIOD: &str = "2026-T4";

sql! {
    // What each chain let arrive or still may, and what its family was entitled to.
    CHAINS = "SELECT COALESCE(p.root, l.line_id), SUM(l.topped_up_idr - l.returned_idr),
            SUM(CASE WHEN l.eligibility = 'cancelled' AND l.payment = 'set' THEN 0
                ELSE l.amount_idr - l.returned_idr - l.unpaid_idr END),
            MAX(COALESCE(p.entitled_idr, l.amount_idr))
        FROM payment_line l LEFT JOIN payment_plan_line p ON p.recipient = l.recipient AND p.line_id = l.line_id
        GROUP BY COALESCE(p.root, l.line_id)";
    FOLLOWED = "SELECT COUNT(*) FROM payment_plan_line WHERE ended = 0 GROUP BY recipient, origin HAVING COUNT(*) > 1";
}

impl TestHouse {
    fn wish(&self, channel: &str) -> PlanWish {
        let all = cycles(&self.house, &self.scope("payment.read"), &Page::first(1)).unwrap();
        let programme = all.items[0].programme.clone();
        PlanWish { programme, period: PERIOD.into(), channel: channel.into(), ..PlanWish::default() }
    }

    fn propose(&self, channel: &str) -> Result<PlanView> {
        propose(&self.house, &self.scope("payment.build"), &self.wish(channel))
    }

    fn approve_plan(&self, plan: &PlanView) -> Result<PlanView> {
        plan::approve(&self.house, &self.checker(), plan.plan_id, &plan.list_hash)
    }

    fn candidates(&self, channel: &str) -> CandidatePage {
        candidates(&self.house, &self.scope("payment.read"), &self.wish(channel)).unwrap()
    }

    fn line(&self, line: i64) -> LinePage {
        line_page(&self.house, &self.scope("payment.read"), LineId(line)).unwrap()
    }

    /// Orders all of a cycle and reads what the channel was told.
    fn instruct(&self, cycle: i64) -> Vec<bank::Row> {
        let order = self.order(cycle);
        let made = export_orders(&self.house, &self.scope("payment.export"), order, &self.outbox(), &Silent);
        bank::read(&made.unwrap().path)
    }

    fn moves(&self, channel: &str, name: &str, text: &str) {
        let path = self.file(name, text);
        import_movements(&self.house, &self.scope("payment.import"), channel, &path, &Silent).unwrap();
    }

    fn replies(&self, channel: &str, name: &str, text: &str) {
        let path = self.file(name, text);
        import_order_replies(&self.house, &self.scope("payment.import"), channel, &path, &Silent).unwrap();
    }

    /// The law of chains, from the lines themselves.
    fn never_more_than_due(&self) {
        let rows = self.house.db.read(|tx| tx.query(&CHAINS, &[])).unwrap();
        for row in rows {
            let [root, arrived, out, entitled] = [0, 1, 2, 3].map(|at| row.int(at).unwrap());
            assert!(arrived <= out && out <= entitled, "chain {root}: {arrived} {out} {entitled}");
        }
        let twice = self.house.db.read(|tx| tx.query(&FOLLOWED, &[])).unwrap();
        assert_eq!(twice.len(), 0, "a line is followed once");
    }

    fn decide(&self, line: i64, decision: &LineDecision) -> Result<()> {
        decide_line(&self.house, &self.scope("payment.build"), LineId(line), decision, "diperbaiki di bank")
    }
}

/// A house where of every four families one got nothing, one got a part, one got nothing because the bank sent it back, one got all.
fn troubled(test: &TestHouse, families: i64) -> (i64, Vec<bank::Row>) {
    let (cycle, rows) = sent(test, families);
    test.replies("himbara", "reply.csv", &bank::topups(&every(&rows, |n| n % 4 != 2), &BTreeMap::new()));
    let acts = |n: usize, amount: i64| match n % 4 {
        0 | 2 => vec![("RETUR", amount)],
        1 => vec![("TARIK", amount - 75_000), ("RETUR", 75_000)],
        _ => vec![("TARIK", amount)],
    };
    test.moves("himbara", "moves.csv", &bank::withdrawals(&rows, acts));
    (cycle, rows)
}

fn every(rows: &[bank::Row], wanted: impl Fn(usize) -> bool) -> Vec<bank::Row> {
    rows.iter().enumerate().filter(|(n, _)| wanted(*n)).map(|(_, row)| row.clone()).collect()
}

#[test]
fn what_came_back_is_paid_again_by_a_plan_that_another_person_approves() {
    for test in TestHouse::all() {
        let (cycle, rows) = troubled(&test, 12);
        let back: i64 =
            rows.iter().enumerate().map(|(n, row)| [row.amount, 75_000, row.amount, 0][n % 4]).sum();
        let page = test.candidates("pos");
        assert_eq!((page.ready.lines, page.ready.amount_idr, page.others.len()), (9, back, 0), "{page:?}");
        assert_eq!(page.channels, ["himbara", "pos"]);
        assert_eq!(page.causes.iter().map(|cause| cause.lines).sum::<i64>(), 9);
        assert_eq!(page.regions.iter().map(|region| region.amount_idr).sum::<i64>(), back);
        let missed = missing(&test.house, &test.scope("payment.read")).unwrap();
        assert_eq!(missed.iter().map(|one| one.amount_idr).sum::<i64>(), back);
        let before: Vec<LinePage> =
            rows.iter().map(|row| test.line(row.reference.parse().unwrap())).collect();

        let plan = test.propose("pos").unwrap();
        assert_eq!((plan.lines, plan.amount_idr, plan.state.as_str()), (9, back, "proposed"));
        assert!(matches!(test.propose("pos"), Err(Error::Plan(PlanFault::Nothing))), "a line is in one plan");
        assert_eq!(test.candidates("pos").others[0].code, "planned");
        let maker = test.scope("payment.approve");
        let approved = plan::approve(&test.house, &maker, plan.plan_id, &plan.list_hash);
        assert!(matches!(approved, Err(Error::SamePerson)));
        let approved = plan::approve(&test.house, &test.checker(), plan.plan_id, "another list");
        assert!(matches!(approved, Err(Error::ListChanged)));
        let plan = test.approve_plan(&plan).unwrap();
        assert_eq!(plan.state, "approved");
        assert!(matches!(test.approve_plan(&plan), Err(Error::State { .. })), "it is approved once");
        assert!(test.reconcile(cycle).sound);
        test.never_more_than_due();

        let again = test.instruct(plan.cycle_id);
        assert_eq!(again.iter().map(|row| row.amount).sum::<i64>(), back);
        test.replies("pos", "pos.csv", &bank::topups(&again, &BTreeMap::new()));
        test.moves("pos", "ambil.csv", &bank::withdrawals(&again, |_, amount| vec![("TARIK", amount)]));
        let end = test.reconcile(plan.cycle_id);
        assert!(end.sound, "{end:?}");
        assert_eq!(
            end.withdrawn_idr,
            rows.iter().map(|row| row.amount).sum::<i64>(),
            "all of it is in hands"
        );
        test.never_more_than_due();
        for was in before {
            let now = test.line(was.line.line_id);
            assert_eq!((&now.line, &now.events), (&was.line, &was.events), "what is finished is not edited");
            let part = was.line.returned_idr > 0;
            let keys = ["no_transaction", "withdrawn", "not_credited"];
            assert!(keys.contains(&now.status.key.as_str()), "{:?}", now.status);
            assert_eq!((now.chain.len(), now.planned.is_some()), (if part { 2 } else { 0 }, part));
        }
        let follower = test.line(again[0].reference.parse().unwrap());
        assert_eq!(follower.events[0].document, format!("plan:{}", plan.plan_id));
        assert_eq!(follower.events[0].reason, "follow_up");
        assert!(matches!(test.propose("pos"), Err(Error::Plan(PlanFault::Nothing))), "nothing is missing");
    }
}

#[test]
fn a_refused_plan_frees_its_lines_and_a_cancelled_line_may_be_followed_anew() {
    for test in TestHouse::all() {
        troubled(&test, 8);
        let plan = test.propose("pos").unwrap();
        let refuse = |scope, note: &str| plan::refuse(&test.house, &scope, plan.plan_id, note);
        assert!(matches!(refuse(test.checker(), " "), Err(Error::Documents)));
        assert_eq!(refuse(test.checker(), "saluran salah").unwrap().state, "refused");
        assert!(matches!(test.approve_plan(&plan), Err(Error::State { .. })));
        let second = test.propose("pos").unwrap();
        assert_eq!((second.lines, second.amount_idr), (plan.lines, plan.amount_idr));
        let second = test.approve_plan(&second).unwrap();
        let page =
            plan_page(&test.house, &test.scope("payment.read"), second.plan_id, &Page::first(50)).unwrap();
        test.decide(page.lines[0].line_id, &LineDecision::Cancel).unwrap();
        let third = test.propose("pos").unwrap();
        assert_eq!(third.lines, 1);
        test.approve_plan(&third).unwrap();
        test.never_more_than_due();
        assert!(test.reconcile(third.cycle_id).sound);
    }
}

#[test]
fn through_the_bank_only_what_was_mended_is_paid_again_and_checked_again() {
    for test in TestHouse::all() {
        let (_, rows) = troubled(&test, 8);
        let page = test.candidates("himbara");
        assert_eq!(
            (page.ready.lines, page.others[0].code.as_str(), page.others[0].lines),
            (0, "unmended", 6)
        );
        assert!(matches!(test.propose("himbara"), Err(Error::Plan(PlanFault::Nothing))));
        let mended: i64 = rows[0].reference.parse().unwrap();
        let before = test.line(mended);
        test.decide(mended, &LineDecision::CheckAgain { account: Some("99007777".into()) }).unwrap();
        assert_eq!(test.line(mended).line, before.line, "what is finished is not edited");
        let plan = test.approve_plan(&test.propose("himbara").unwrap()).unwrap();
        assert_eq!(plan.lines, 1);
        let asked = test.ask(plan.cycle_id);
        let text = std::fs::read_to_string(&asked[0].path).unwrap();
        assert!(text.contains("99007777"), "the account that was mended is asked about: {text}");
        test.answer_checks(&asked, |_| "OK");
        assert_eq!(test.instruct(plan.cycle_id).len(), 1);
    }
}

#[test]
fn money_that_a_channel_still_has_is_not_paid_again() {
    for test in TestHouse::all() {
        let (_, rows) = sent(&test, 4);
        let fails = BTreeMap::from([(0, bank::Mishap::Fails)]);
        test.replies("himbara", "reply.csv", &bank::topups(&rows, &fails));
        let acts = |n: usize, amount: i64| if n == 1 { vec![("RETUR", amount - 75_000)] } else { vec![] };
        test.moves("himbara", "moves.csv", &bank::withdrawals(&rows, acts));
        let others = test.candidates("pos").others;
        let codes: Vec<(&str, i64)> = others.iter().map(|one| (one.code.as_str(), one.lines)).collect();
        assert_eq!(codes, [("with_channel", 1), ("on_card", 1)]);
        assert!(matches!(test.propose("pos"), Err(Error::Plan(PlanFault::Nothing))));
        test.moves(
            "himbara",
            "later.csv",
            &bank::withdrawals(&rows[..1], |_, amount| vec![("RETUR", amount)]),
        );
        assert_eq!(test.propose("pos").unwrap().amount_idr, rows[0].amount);
    }
}

#[test]
fn a_plan_that_no_longer_holds_is_not_approved() {
    for test in TestHouse::all() {
        troubled(&test, 8);
        let plan = test.propose("pos").unwrap();
        // Another list pays the same families meanwhile.
        assert!(test.build_run("second", 0..8).lines > 0);
        assert!(matches!(test.approve_plan(&plan), Err(Error::ListChanged)));
        plan::refuse(&test.house, &test.checker(), plan.plan_id, "sudah dibayar daftar lain").unwrap();
        let others = test.candidates("pos").others;
        assert!(others.iter().any(|one| one.code == "paid_otherwise"), "{others:?}");
    }
}

#[test]
fn the_money_of_a_year_is_planned_again_within_it() {
    let mut test = TestHouse::sqlite();
    troubled(&test, 4);
    let plan = test.propose("pos").unwrap();
    test.house.clock = Arc::new(FixedClock::at(date(2027, 1, 2)));
    assert!(matches!(test.approve_plan(&plan), Err(Error::Plan(PlanFault::YearOver { year: 2026, .. }))));
    assert!(matches!(test.propose("pos"), Err(Error::Plan(PlanFault::YearOver { .. }))));
    assert!(matches!(test.propose("fixed_bank"), Err(Error::Plan(PlanFault::YearOver { .. }))));
    test.house.clock = Arc::new(FixedClock::at(date(2026, 12, 31)));
    assert!(matches!(test.propose("fixed_bank"), Err(Error::Plan(PlanFault::Channel(_)))));
    test.approve_plan(&plan).unwrap();
}

#[test]
fn a_list_with_a_higher_amount_is_completed_by_the_difference_once() {
    for test in TestHouse::all() {
        let (cycle, rows) = sent(&test, 6);
        test.replies("himbara", "reply.csv", &bank::topups(&rows, &BTreeMap::new()));
        test.moves("himbara", "moves.csv", &bank::withdrawals(&rows, |_, amount| vec![("TARIK", amount)]));
        let list = test.raised("raised", 0..6, 150_000);
        let propose = || propose_top_up(&test.house, &test.scope("payment.build"), &list, "himbara");
        let plan = propose().unwrap();
        assert_eq!((plan.lines, plan.amount_idr, plan.kind), (6, 6 * 150_000, PlanKind::TopUp));
        assert!(matches!(propose(), Err(Error::Plan(PlanFault::Nothing))));
        let plan = test.approve_plan(&plan).unwrap();
        assert!(matches!(propose(), Err(Error::Plan(PlanFault::Nothing))), "the difference is paid once");
        test.never_more_than_due();
        test.answer_checks(&test.ask(plan.cycle_id), |_| "OK");
        let again = test.instruct(plan.cycle_id);
        test.replies("himbara", "reply2.csv", &bank::topups(&again, &BTreeMap::new()));
        test.moves("himbara", "moves2.csv", &bank::withdrawals(&again, |_, amount| vec![("RETUR", amount)]));
        // What is topped up can fail as well, and is then followed.
        let follow = test.approve_plan(&test.propose("pos").unwrap()).unwrap();
        assert_eq!(follow.amount_idr, plan.amount_idr);
        test.never_more_than_due();
        let chain = test.line(rows[0].reference.parse().unwrap()).chain;
        assert_eq!(chain.len(), 3);
        assert!(test.reconcile(cycle).sound);
    }
}

pub(super) fn death(family: i64, person: i64) -> Death {
    let on = Some(date(2026, 11, 10));
    Death { family: FamilyId(family), person: PersonId(person), on, source: "akta 12".into() }
}

fn other(family: i64, kind: PayeeKind) -> PayeeWish {
    PayeeWish {
        kind,
        person: Some(PersonId(family * 10 + 1)),
        carrier: FamilyId(family),
        relation: "spouse".into(),
        paper_kind: "death_certificate".into(),
        paper: "AK-12/2026".into(),
        paper_on: date(2026, 11, 11),
        note: String::new(),
        closing: CLOSING.into(),
    }
}

#[test]
fn the_dead_are_not_paid_and_a_member_of_the_family_is_when_two_people_say_so() {
    for test in TestHouse::all() {
        let cycle = test.build(6).cycle_id;
        test.answer_checks(&test.ask(cycle), |_| "OK");
        let (family, line) = {
            let read = test.scope("payment.read");
            let first = line_list(&test.house, &read, cycle, LineFilter::All, &Page::first(1))
                .unwrap()
                .items
                .remove(0);
            (first.family_id, first.line_id)
        };
        let build = || test.scope("payment.build");
        let deaths = [death(family, family * 10)];
        assert_eq!(payees_died(&test.house, &build(), &deaths).unwrap(), 1);
        assert_eq!(payees_died(&test.house, &build(), &deaths).unwrap(), 0, "the same death again");
        let held = test.line(line);
        assert_eq!(held.line.problem, Some(Trouble::PayeeDied));
        assert_eq!(held.status.key, "excluded_dead");
        assert_eq!(held.died.as_ref().map(|died| died.0.as_str()), Some("2026-11-10"));
        assert_eq!(test.candidates("pos").others[0].code, "payee_died");
        assert_eq!(test.instruct(cycle).len(), 5, "the dead one's line is in no order");

        let name = |wish: &PayeeWish| name_payee(&test.house, &build(), LineId(line), wish);
        let fault = |wish: &PayeeWish| match name(wish) {
            Err(Error::Plan(fault)) => fault,
            other => panic!("{other:?}"),
        };
        let right = other(family, PayeeKind::Representative);
        let same = PayeeWish { person: Some(PersonId(family * 10)), ..right.clone() };
        assert_eq!(fault(&same), PlanFault::Person, "the dead");
        assert_eq!(fault(&PayeeWish { person: Some(PersonId(1)), ..right.clone() }), PlanFault::Person);
        assert_eq!(
            fault(&PayeeWish { kind: PayeeKind::Heir, ..right.clone() }),
            PlanFault::Heir,
            "of a family"
        );
        assert_eq!(fault(&PayeeWish { paper: " ".into(), ..right.clone() }), PlanFault::Field("paper"));
        assert_eq!(
            fault(&PayeeWish { paper_on: date(2026, 12, 1), ..right.clone() }),
            PlanFault::Field("paper_on")
        );
        let stranger = PayeeWish {
            carrier: FamilyId(family + 1),
            person: Some(PersonId((family + 1) * 10)),
            ..right.clone()
        };
        assert_eq!(fault(&stranger), PlanFault::Carrier, "a family with none of the members");
        let named = name(&right).unwrap();
        assert!(matches!(name(&right), Err(Error::Changed)), "one at a time");
        assert_eq!(
            payees_waiting(&test.house, &test.scope("payment.read")).unwrap(),
            std::slice::from_ref(&named)
        );
        let decide = |scope, yes| decide_payee(&test.house, &scope, (LineId(line), named.seq), yes);
        assert!(matches!(decide(test.scope("payment.approve"), true), Err(Error::SamePerson)));
        assert!(matches!(test.propose("pos"), Err(Error::Plan(PlanFault::Nothing))), "not approved yet");
        assert_eq!(decide(test.checker(), true).unwrap().state, "approved");
        assert!(matches!(decide(test.checker(), false), Err(Error::State { .. })));

        let plan = test.approve_plan(&test.propose("himbara").unwrap()).unwrap();
        let again = test.line(plan.cycle_id * 100_000_000 + 1);
        assert_eq!(again.line.payee_name, super::house::name_of(family * 10 + 1));
        assert_eq!(
            (again.line.account_tail.clone(), again.line.account_state),
            (None, AccountState::Unchecked)
        );
        assert_eq!(test.line(line).line.eligibility, Eligibility::Cancelled);
        assert_eq!(again.line.amount_idr, held.line.amount_idr);
        test.never_more_than_due();
        assert!(test.reconcile(cycle).sound);
    }
}

#[test]
fn money_withheld_for_a_death_goes_back_and_may_then_be_paid_to_another_or_to_nobody() {
    for test in TestHouse::all() {
        let cycle = test.build(6).cycle_id;
        test.answer_checks(&test.ask(cycle), |_| "OK");
        let order = test.order(cycle);
        let read = test.scope("payment.read");
        let lines = line_list(&test.house, &read, cycle, LineFilter::All, &Page::first(50)).unwrap().items;
        let two: Vec<Death> = lines[..2].iter().map(|one| death(one.family_id, one.family_id * 10)).collect();
        assert_eq!(payees_died(&test.house, &test.scope("payment.build"), &two).unwrap(), 2);
        assert_eq!(test.candidates("pos").others[0].code, "withheld");
        export_orders(&test.house, &test.scope("payment.export"), order, &test.outbox(), &Silent).unwrap();
        return_withheld(&test.house, &test.scope("payment.build"), order, "NTPN-1").unwrap();
        let kinds = [PayeeKind::Representative, PayeeKind::Nobody];
        for (line, kind) in lines.iter().zip(kinds) {
            let wish = PayeeWish { note: "tidak ada ahli waris".into(), ..other(line.family_id, kind) };
            let wish = if kind == PayeeKind::Nobody { PayeeWish { person: None, ..wish } } else { wish };
            let named =
                name_payee(&test.house, &test.scope("payment.build"), LineId(line.line_id), &wish).unwrap();
            decide_payee(&test.house, &test.checker(), (LineId(line.line_id), named.seq), true).unwrap();
        }
        let page = test.candidates("pos");
        assert_eq!((page.ready.lines, page.ready.amount_idr), (1, lines[0].amount_idr));
        assert_eq!(page.others[0].code, "nobody");
        test.approve_plan(&test.propose("pos").unwrap()).unwrap();
        test.never_more_than_due();
        assert!(test.reconcile(cycle).sound);
    }
}

#[test]
fn a_hold_without_a_death_is_released_and_one_in_error_forgets_the_death() {
    let test = TestHouse::sqlite();
    let cycle = test.build(4).cycle_id;
    let read = test.scope("payment.read");
    let line =
        line_list(&test.house, &read, cycle, LineFilter::All, &Page::first(1)).unwrap().items.remove(0);
    let deaths = [death(line.family_id, line.family_id * 10)];
    payees_died(&test.house, &test.scope("payment.build"), &deaths).unwrap();
    test.decide(line.line_id, &LineDecision::Release).unwrap();
    let now = test.line(line.line_id);
    assert_eq!((now.line.eligibility, now.line.problem, now.died), (Eligibility::Eligible, None, None));
}

/// What becomes of a line that a channel was told to pay.
#[derive(Debug, Clone, Copy)]
enum End {
    Taken,
    Back,
    Part(i64),
    Unpaid,
    Stuck,
    Rests,
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        2 => Just(End::Taken),
        3 => Just(End::Back),
        3 => (1..100i64).prop_map(End::Part),
        2 => Just(End::Unpaid),
        1 => Just(End::Stuck),
        1 => Just(End::Rests),
    ]
}

/// The channel's answers to an order.
fn answer(test: &TestHouse, channel: &str, name: &str, rows: &[bank::Row], ends: &[End]) {
    let of = |n: usize| ends[n % ends.len()];
    let mishap = |n: usize| match of(n) {
        End::Stuck => Some((n, bank::Mishap::Fails)),
        // What comes back unpaid was never topped up.
        End::Unpaid => Some((n, bank::Mishap::Lost)),
        _ => None,
    };
    let mishaps: BTreeMap<usize, bank::Mishap> = (0..rows.len()).filter_map(mishap).collect();
    test.replies(channel, &format!("{name}-r.csv"), &bank::topups(rows, &mishaps));
    let acts = |n: usize, amount: i64| match of(n) {
        End::Taken => vec![("TARIK", amount)],
        End::Back | End::Unpaid => vec![("RETUR", amount)],
        End::Part(percent) if amount * percent / 100 > 0 => {
            let back = amount * percent / 100;
            vec![("TARIK", amount - back), ("RETUR", back)]
        }
        End::Part(_) | End::Stuck | End::Rests => vec![],
    };
    test.moves(channel, &format!("{name}-m.csv"), &bank::withdrawals(rows, acts));
}

fn rounds(test: &TestHouse, ends: &[Vec<End>]) {
    let (cycle, rows) = sent(test, 10);
    answer(test, "himbara", "first", &rows, &ends[0]);
    for (round, ends) in ends[1..].iter().enumerate() {
        test.never_more_than_due();
        let ready = test.candidates("pos").ready;
        let plan = match test.propose("pos") {
            Ok(plan) => plan,
            Err(Error::Plan(PlanFault::Nothing)) => {
                assert_eq!(ready.lines, 0);
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        assert_eq!((plan.lines, plan.amount_idr), (ready.lines, ready.amount_idr));
        let plan = test.approve_plan(&plan).unwrap();
        let rows = test.instruct(plan.cycle_id);
        answer(test, "pos", &format!("round{round}"), &rows, ends);
        let state = test.reconcile(cycle);
        assert!(state.sound, "{state:?}");
    }
    test.never_more_than_due();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    /// However often money comes back, in whole or in part, and is planned again: what arrives over a chain is at most what was due,
    /// every line is followed once, and the books hold.
    #[test]
    fn whatever_comes_back_and_however_often_nobody_gets_more_than_is_due(
        ends in prop::collection::vec(prop::collection::vec(end(), 3..10), 2..5),
    ) {
        rounds(&TestHouse::sqlite(), &ends);
    }
}

#[test]
fn chains_hold_on_the_server_as_well() {
    let Some(db) = TestDb::postgres() else { return };
    let ends = vec![End::Back, End::Part(40), End::Unpaid, End::Taken, End::Stuck];
    rounds(&TestHouse::on(db), &[ends.clone(), ends.clone(), ends]);
}

#[test]
fn only_what_lies_in_the_region_is_planned() {
    let test = TestHouse::sqlite();
    troubled(&test, 24);
    let all = test.candidates("pos").ready;
    let region = RegionCode::parse("99.01.01").unwrap();
    let wish = PlanWish { region: Some(region.clone()), ..test.wish("pos") };
    let some = propose(&test.house, &test.scope("payment.build"), &wish).unwrap();
    assert!(some.lines > 0 && some.lines < all.lines, "{some:?}");
    let page = plan_page(&test.house, &test.scope("payment.read"), some.plan_id, &Page::first(50)).unwrap();
    assert!(page.lines.iter().all(|line| line.region.as_str().starts_with(region.as_str())));
    assert_eq!(test.propose("pos").unwrap().lines, all.lines - some.lines);
    let causes: BTreeSet<String> = page.lines.iter().map(|line| line.cause.clone()).collect();
    assert!(causes.iter().all(|cause| cause.starts_with("bank:")), "{causes:?}");
}
