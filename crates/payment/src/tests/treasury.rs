//! Between approval and instruction: the treasury pays, or sends the papers back; who may not be paid any more is left out.

use std::collections::BTreeMap;

use jiff::civil::date;
use model::{LineId, Silent};

use super::{bank, house::TestHouse};
use crate::*;

fn sp2d(number: &str) -> Sp2d {
    Sp2d { number: number.into(), on: date(2026, 11, 20) }
}

fn line_of(test: &TestHouse, cycle: i64, n: usize) -> LineView {
    let scope = test.scope("payment.read");
    let page = store::Page { after: None, limit: 50 };
    line_list(&test.house, &scope, cycle, LineFilter::All, &page).unwrap().items[n].clone()
}

#[test]
fn money_leaves_the_treasury_with_its_paper_and_an_order_it_sends_back_is_made_anew() {
    for test in TestHouse::all() {
        let built = test.build(10);
        let cycle = built.cycle_id;
        test.answer_checks(&test.ask(cycle), |_| "OK");
        let prepare =
            || prepare_order(&test.house, &test.scope("payment.build"), cycle, &Wave::default()).unwrap();
        let export =
            |id| export_orders(&test.house, &test.scope("payment.export"), id, &test.outbox(), &Silent);
        let disburse =
            |id, paper: &Sp2d| disburse_order(&test.house, &test.scope("payment.export"), id, paper);
        let cancel = |id, why: &str| cancel_order(&test.house, &test.scope("payment.build"), id, why);

        let first = prepare();
        assert!(
            matches!(disburse(first.order_id, &sp2d("A")), Err(Error::State { .. })),
            "nobody approved it"
        );
        let id = test.approve(&first);
        let after = test.reconcile(cycle);
        assert_eq!((after.ordered_idr, after.set_idr), (0, built.amount_idr), "an SPM moves no money");
        assert!(after.sound, "{after:?}");
        assert!(matches!(export(id), Err(Error::State { .. })), "the bank is told when the money is there");
        assert!(matches!(cancel(id, " "), Err(Error::Documents)), "without a reason");
        assert_eq!(cancel(id, "rekening bank salah").unwrap().cancelled_for.unwrap(), "rekening bank salah");

        let second = prepare();
        assert_eq!(second.list_hash, first.list_hash, "the same lines, free again");
        let id = test.approve(&second);
        let tomorrow = Sp2d { on: date(2026, 11, 21), ..sp2d("A") };
        assert!(matches!(disburse(id, &tomorrow), Err(Error::Documents)));
        let paid = disburse(id, &sp2d(" A ")).unwrap();
        assert_eq!((paid.state.as_str(), paid.sp2d.as_deref()), ("disbursed", Some("A")));
        assert_eq!(disburse(id, &sp2d("A")).unwrap(), paid, "the same paper again");
        assert!(matches!(disburse(id, &sp2d("B")), Err(Error::State { .. })), "it is paid once");
        assert!(matches!(cancel(id, "terlambat"), Err(Error::State { .. })), "the money is out");
        let after = test.reconcile(cycle);
        assert_eq!((after.ordered_idr, after.set_idr), (built.amount_idr, 0));
        assert!(after.sound, "{after:?}");

        // Another list never goes under the same paper.
        let other = test.build_second(3).cycle_id;
        let ready =
            prepare_order(&test.house, &test.scope("payment.build"), other, &Wave::default()).unwrap();
        let other = test.approve(&ready);
        assert!(
            matches!(disburse(other, &sp2d("A")), Err(Error::PaperTaken { order_id, .. }) if order_id == id)
        );
    }
}

#[test]
fn a_line_withheld_after_the_money_left_is_not_told_to_the_bank_and_its_money_goes_back() {
    for test in TestHouse::all() {
        let built = test.build(10);
        let cycle = built.cycle_id;
        test.answer_checks(&test.ask(cycle), |_| "OK");
        let ready =
            prepare_order(&test.house, &test.scope("payment.build"), cycle, &Wave::default()).unwrap();
        let id = test.approve(&ready);
        let decide = |line: LineId, decision: &LineDecision| {
            decide_line(&test.house, &test.scope("payment.build"), line, decision, "meninggal")
        };
        let dead = line_of(&test, cycle, 2);
        let doubted = line_of(&test, cycle, 5);
        decide(LineId(dead.line_id), &LineDecision::Hold).unwrap();
        assert!(matches!(decide(LineId(dead.line_id), &LineDecision::Cancel), Err(Error::State { .. })));
        test.disburse(id);
        decide(LineId(doubted.line_id), &LineDecision::Hold).unwrap();
        decide(LineId(doubted.line_id), &LineDecision::Release).unwrap();
        let page = cycle_page(&test.house, &test.scope("payment.read"), cycle).unwrap();
        let held = Withheld { order_id: id, lines: 1, amount_idr: dead.amount_idr };
        assert_eq!(page.withheld, [held]);
        let give_back = || return_withheld(&test.house, &test.scope("payment.build"), id, "NTPN-77");
        assert!(matches!(give_back(), Err(Error::State { .. })), "it may still be released");

        let made =
            export_orders(&test.house, &test.scope("payment.export"), id, &test.outbox(), &Silent).unwrap();
        let rows = bank::read(&made.path);
        assert_eq!(rows.len(), 9);
        assert!(rows.iter().all(|row| row.reference != dead.line_id.to_string()));
        for decision in [LineDecision::Hold, LineDecision::Release] {
            assert!(decide(LineId(doubted.line_id), &decision).is_err(), "the bank was told");
            assert!(decide(LineId(dead.line_id), &decision).is_err(), "the bank was told without it");
        }
        test.import_order(&test.file("reply.csv", &bank::topups(&rows, &BTreeMap::new())));
        let after = test.reconcile(cycle);
        assert!(after.sound, "{after:?}");
        assert_eq!((after.pending_idr, after.ordered_idr), (dead.amount_idr, built.amount_idr));
        assert_eq!(after.queues.iter().map(|queue| queue.code.as_str()).collect::<Vec<_>>(), ["held"]);

        assert_eq!(give_back().unwrap(), held);
        assert_eq!(give_back().unwrap().lines, 0, "once");
        let after = test.reconcile(cycle);
        assert!(after.sound, "{after:?}");
        assert_eq!((after.pending_idr, after.returned_idr), (0, dead.amount_idr));
        let told = line_page(&test.house, &test.scope("payment.read"), LineId(dead.line_id)).unwrap();
        let story: Vec<&str> = told.events.iter().map(|event| event.state.as_str()).collect();
        assert_eq!(story[story.len() - 1], "sent_back", "{story:?}");
        assert!(!story.contains(&"instructed"), "{story:?}");
        assert_eq!(told.events[story.len() - 1].document, "slip:NTPN-77");
    }
}
