//! The life of a payment against a bank that errs: the laws hold to the rupiah after every file, whatever it says.

mod apart;
mod bank;
mod cards;
mod channels;
mod desk;
mod faults;
mod figures;
mod funds;
mod goods;
mod histories;
mod house;
mod journal;
mod late;
mod mutation;
mod plan;
mod post;
mod sample;
mod single;
mod snap;
mod treasury;
mod untouched;

use std::collections::BTreeMap;

use model::Silent;
use policy::Policy;
use proptest::prelude::*;
use store::Page;

use crate::*;
use bank::{Mishap, Row};
use house::TestHouse;

/// Ordered, sent, and the order's file read back: what most tests begin with.
fn sent(test: &TestHouse, families: i64) -> (i64, Vec<Row>) {
    let built = test.build(families);
    let cycle = built.cycle_id;
    let asked = test.ask(cycle);
    test.answer_checks(&asked, |_| "OK");
    let order = test.order(cycle);
    let made = export_orders(&test.house, &test.scope("payment.export"), order, &test.outbox(), &Silent);
    (cycle, bank::read(&made.unwrap().path))
}

#[test]
fn a_list_becomes_money_in_hand_and_every_step_can_be_repeated() {
    for test in TestHouse::all() {
        let built = test.build(40);
        assert_eq!((built.lines, built.skipped), (40, 0));
        assert_eq!(test.build(40), built, "the same list again changes nothing");
        let cycle = built.cycle_id;
        let asked = test.ask(cycle);
        assert_eq!(asked.len(), 1);
        assert_eq!(test.ask(cycle), asked, "the same request again is the same file");
        test.answer_checks(&asked, |_| "OK");
        let order = test.order(cycle);
        let export = || {
            export_orders(&test.house, &test.scope("payment.export"), order, &test.outbox(), &Silent).unwrap()
        };
        let made = export();
        assert_eq!(export(), made, "the same order again is the same file");
        let rows = bank::read(&made.path);
        assert_eq!(rows.len(), 40);
        let reply = test.file("reply.csv", &bank::topups(&rows, &BTreeMap::new()));
        let first = test.import_order(&reply);
        assert!(!first.again && first.file.counts.taken == 40);
        assert!(test.import_order(&reply).again, "the same file again changes nothing");
        let moves = test.file("moves.csv", &bank::withdrawals(&rows, |_, amount| vec![("TARIK", amount)]));
        test.import_movements(&moves);
        let done = test.reconcile(cycle);
        assert_eq!((done.withdrawn_idr, done.unexplained_idr), (built.amount_idr, 0));
        assert!(done.sound, "{done:?}");
        let page = cycle_page(&test.house, &test.scope("payment.read"), cycle).unwrap();
        let funnel: Vec<i64> = page.funnel.iter().map(|step| step.lines).collect();
        assert_eq!(funnel, [40; 5]);
        let line = page_of_first_line(&test, cycle);
        assert_eq!(line.events.len(), 8, "{:?}", line.events);
        assert_eq!(line.ledger.len(), 3);
    }
}

fn page_of_first_line(test: &TestHouse, cycle: i64) -> LinePage {
    let scope = test.scope("payment.read");
    let lines = line_list(&test.house, &scope, cycle, LineFilter::All, &Page::first(1)).unwrap();
    line_page(&test.house, &scope, model::LineId(lines.items[0].line_id)).unwrap()
}

#[test]
fn a_recipient_has_one_live_payment_for_a_period() {
    for test in TestHouse::all() {
        test.build(10);
        let again = test.build_run("second", 0..15);
        assert_eq!((again.lines, again.skipped), (5, 10), "who is being paid is skipped");
        let line = page_of_first_line(&test, again.cycle_id).line;
        let double = test.house.db.write(|tx| {
            let values = store::params![line.family_id, line.line_id];
            tx.execute(&house::COPY_LINE, values).map(|_| ())
        });
        assert!(double.is_err_and(|error| error.is_unique()), "the database itself refuses a second one");
    }
}

#[test]
fn maker_is_not_checker_and_the_approval_binds_the_list() {
    let test = TestHouse::sqlite();
    let cycle = test.build(10).cycle_id;
    let asked = test.ask(cycle);
    test.answer_checks(&asked, |_| "OK");
    let wave = Wave::default();
    let order = prepare_order(&test.house, &test.scope("payment.build"), cycle, &wave).unwrap();
    let approve = |scope, hash: &str| approve_order(&test.house, scope, order.order_id, hash, "SPM-1");
    let maker = test.scope("payment.approve");
    assert!(matches!(approve(&maker, &order.list_hash), Err(Error::SamePerson)));
    let checker = test.checker();
    assert!(matches!(approve(&checker, "another list"), Err(Error::ListChanged)));
    let scope = test.scope("payment.read");
    assert!(matches!(approve(&scope, &order.list_hash), Err(Error::Scope { .. })));
    let line = model::LineId(page_of_first_line(&test, cycle).line.line_id);
    decide_line(&test.house, &test.scope("payment.build"), line, &LineDecision::Hold, "meninggal").unwrap();
    assert!(matches!(approve(&checker, &order.list_hash), Err(Error::ListChanged)), "a line left the list");
    cancel_order(&test.house, &test.scope("payment.build"), order.order_id, "").unwrap();
    let order = prepare_order(&test.house, &test.scope("payment.build"), cycle, &wave).unwrap();
    assert_eq!(order.lines, 9);
    let approved = approve_order(&test.house, &checker, order.order_id, &order.list_hash, "SPM-1").unwrap();
    assert_eq!(approved.state, "approved");
    test.disburse(order.order_id);
    assert_eq!(test.reconcile(cycle).ordered_idr, order.amount_idr);
}

#[test]
fn an_order_whose_lines_were_being_chosen_when_the_program_died_is_shown_to_nobody_and_taken_up_again() {
    for test in TestHouse::all() {
        let cycle = test.build(10).cycle_id;
        test.answer_checks(&test.ask(cycle), |_| "OK");
        let prepare =
            || prepare_order(&test.house, &test.scope("payment.build"), cycle, &Wave::default()).unwrap();
        let order = prepare();
        // As it was before the last transaction: the lines are chosen, list and counts are not there yet.
        let undo = |tx: &mut store::Tx<'_>| {
            tx.execute(&queries::ORDER_READY, store::params![order.order_id, 0, 0, ""])?;
            tx.execute(&queries::ORDER_FREES, store::params![cycle, order.order_id])?;
            tx.execute(&queries::ORDER_FREED, store::params![cycle, order.order_id])
        };
        test.house.db.write(undo).unwrap();
        let page = || cycle_page(&test.house, &test.scope("payment.read"), cycle).unwrap();
        assert_eq!(page().orders, vec![], "nobody is asked to approve half an order");
        let checker = test.checker();
        let approved = approve_order(&test.house, &checker, order.order_id, "", "SPM-1");
        assert!(matches!(approved, Err(Error::ListChanged)));
        assert_eq!(prepare(), order);
        assert_eq!(page().orders, vec![order]);
        assert!(test.reconcile(cycle).sound);
    }
}

#[test]
fn accounts_that_fail_wait_for_a_person_and_can_be_paid_in_cash() {
    for test in TestHouse::all() {
        let cycle = test.build(12).cycle_id;
        let asked = test.ask(cycle);
        let words = ["TUTUP", "NAMA_BEDA", "TIDAK_DITEMUKAN", "NIK_TIDAK_PADAN"];
        let counts = test.answer_checks(&asked, |n| *words.get(n).unwrap_or(&"OK"));
        assert_eq!(counts.effects, 3, "who has no account waits for an opening");
        let waiting = effects(&test.house, 10).unwrap();
        assert_eq!(waiting.len(), 3);
        let done = |tx: &mut store::Tx<'_>| effect_done(tx, &test.house, waiting[0].id);
        test.house.db.write(done).unwrap();
        assert_eq!(effects(&test.house, 10).unwrap().len(), 2);
        let page = cycle_page(&test.house, &test.scope("payment.read"), cycle).unwrap();
        assert_eq!(page.problems.iter().map(|p| p.lines).sum::<i64>(), 4);
        let read = test.scope("payment.read");
        let failed = |filter| line_list(&test.house, &read, cycle, filter, &Page::first(2)).unwrap();
        let first = failed(LineFilter::AnyProblem);
        assert_eq!((first.items.len(), first.next.is_some()), (2, true));
        let moved = reroute_failed(&test.house, &test.scope("payment.build"), cycle).unwrap();
        assert_eq!(moved, 4, "name_differs and refused accounts go to the other channel");
        assert_eq!(failed(LineFilter::AnyProblem).items.len(), 0);
        let wave = Wave { channel: Some("pos".into()), region: None };
        let order = prepare_order(&test.house, &test.scope("payment.build"), cycle, &wave).unwrap();
        assert_eq!(order.lines, 4);
    }
}

#[test]
fn a_file_of_another_kind_is_refused_whole() {
    let test = TestHouse::sqlite();
    let (cycle, _) = sent(&test, 5);
    let wrong = test.file("wrong.csv", "ref,account\n1,2\n");
    let refused =
        import_order_replies(&test.house, &test.scope("payment.import"), "himbara", &wrong, &Silent);
    assert!(matches!(refused, Err(Error::Columns { ref missing, .. }) if missing.contains("amount_idr")));
    assert!(test.reconcile(cycle).sound);
}

#[test]
fn a_killed_import_continues_where_it_stopped() {
    let test = TestHouse::sqlite();
    let (cycle, rows) = sent(&test, 30);
    let text = bank::topups(&rows, &BTreeMap::new());
    // As if the process had died after the row of the file was committed and before any line was.
    let path = test.file("reply.csv", &text);
    let hash = lake::hash_file(&path).unwrap();
    test.house.db.write(|tx| tx.execute(&house::HALF_READ, store::params![999, hash]).map(|_| ())).unwrap();
    let imported = test.import_order(&path);
    assert_eq!((imported.file.file_no, imported.again, imported.file.counts.taken), (999, false, 30));
    assert_eq!(test.reconcile(cycle).topped_up_idr, rows.iter().map(|row| row.amount).sum::<i64>());
}

#[test]
fn every_statement_prepares_and_every_code_has_words() {
    for test in TestHouse::all() {
        assert_eq!(test.house.db.check(queries::ALL), vec![]);
        assert_eq!(test.house.db.check(crate::journal::queries::ALL), vec![]);
        assert_eq!(test.house.db.check(crate::funds::queries::ALL), vec![]);
        assert_eq!(test.house.db.check(crate::cards::queries::ALL), vec![]);
        assert_eq!(test.house.db.check(crate::snap::queries::ALL), vec![]);
        assert_eq!(test.house.db.check(crate::desk::queries::ALL), vec![]);
        assert_eq!(test.house.db.check(crate::post::queries::ALL), vec![]);
        assert_eq!(test.house.db.check(crate::plan::queries::ALL), vec![]);
    }
    let policy = Policy::embedded().unwrap();
    let has = |key: String| assert!(policy.words().has(&key), "no words for {key}");
    for trouble in Trouble::ALL {
        has(format!("payment-problem-{}", trouble.code()));
    }
    for state in PaymentState::ALL {
        has(format!("payment-state-{}", state.code()));
    }
    for state in AccountState::ALL {
        has(format!("payment-account-{}", state.code()));
    }
    for state in Eligibility::ALL {
        has(format!("payment-eligibility-{}", state.code()));
    }
    for kind in ledger::AccountKind::ALL {
        has(format!("payment-account-kind-{}", kind.code()));
    }
    use crate::plan::{PAPERS as WITH, PayeeKind, PlanKind, RELATIONS as AS, Why};
    let codes = [
        ("plan-kind", PlanKind::ALL.iter().map(|one| one.code()).collect::<Vec<_>>()),
        ("plan-why", Why::ALL.iter().map(|one| one.code()).collect()),
        ("payee-kind", PayeeKind::ALL.iter().map(|one| one.code()).collect()),
        ("payee-paper", WITH.to_vec()),
        ("payee-relation", AS.to_vec()),
    ];
    for (kind, codes) in codes {
        for code in codes {
            has(format!("payment-{kind}-{code}"));
        }
    }
    use crate::desk::{BulkAction, DeskFault, ReleaseKind, Source};
    for code in Source::ALL.iter().map(|one| one.code()).chain(ReleaseKind::ALL.iter().map(|one| one.code()))
    {
        has(format!("desk-list-{code}"));
    }
    for action in BulkAction::ALL {
        has(format!("desk-action-{}", action.code()));
    }
    for fault in DeskFault::ALL {
        has(format!("galat-{}", fault.code()));
    }
    use crate::cards::{CardField, CardMove, CardState, Holder, KEEPERS, PROOFS, RELATIONS, Stage};
    let codes = [
        ("state", CardState::ALL.iter().map(|one| one.code()).collect::<Vec<_>>()),
        ("holder", Holder::ALL.iter().map(|one| one.code()).collect()),
        ("stage", Stage::ALL.iter().map(|one| one.code()).collect()),
        ("step", CardMove::ALL.iter().map(|one| one.code()).collect()),
        ("field", CardField::ALL.iter().map(|one| one.code()).collect()),
        ("word", RELATIONS.iter().chain(&KEEPERS).chain(&PROOFS).copied().collect()),
    ];
    for (kind, code) in
        codes.into_iter().flat_map(|(kind, codes)| codes.into_iter().map(move |code| (kind, code)))
    {
        has(format!("payment-card-{kind}-{code}"));
    }
}

fn any_mishap() -> impl Strategy<Value = Mishap> {
    prop_oneof![
        3 => Just(Mishap::None),
        1 => Just(Mishap::Lost),
        1 => Just(Mishap::Twice),
        1 => Just(Mishap::WrongAmount),
        1 => Just(Mishap::WrongAccount),
        1 => Just(Mishap::WrongBatch),
        1 => Just(Mishap::Stray),
        1 => Just(Mishap::Fails),
        1 => Just(Mishap::Torn),
        1 => Just(Mishap::SameTxn),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Whatever a bank loses, doubles or gets wrong: what is booked is what was told rightly, and nothing is unexplained.
    #[test]
    fn the_laws_hold_whatever_the_bank_says(
        mishaps in prop::collection::vec(any_mishap(), 25),
        taken in prop::collection::vec((0..4u8, 1..120i64), 25),
        resend in any::<bool>(),
    ) {
        let test = TestHouse::sqlite();
        let (cycle, rows) = sent(&test, 25);
        let ordered: i64 = rows.iter().map(|row| row.amount).sum();
        let by_line: BTreeMap<usize, Mishap> = mishaps.iter().copied().enumerate().collect();
        test.import_order(&test.file("reply.csv", &bank::topups(&rows, &by_line)));
        let after = test.reconcile(cycle);
        prop_assert!(after.sound, "{:?}", after);
        let right = |n: usize| matches!(mishaps[n], Mishap::None | Mishap::Twice | Mishap::Stray);
        let told: i64 = rows.iter().enumerate().filter(|(n, _)| right(*n)).map(|(_, row)| row.amount).sum();
        prop_assert_eq!((after.ordered_idr, after.topped_up_idr), (ordered, told));
        prop_assert_eq!(after.pending_idr, ordered - told);
        prop_assert_eq!(after.queues.iter().map(|queue| queue.amount_idr).sum::<i64>(), after.pending_idr);

        if resend {
            // The bank sends everything again, right this time: only what was missing is booked.
            let fixed: BTreeMap<usize, Mishap> = BTreeMap::new();
            test.import_order(&test.file("again.csv", &bank::topups(&rows, &fixed)));
            prop_assert_eq!(test.reconcile(cycle).topped_up_idr, ordered);
        }
        let acts = |n: usize, amount: i64| match taken[n] {
            (0, _) => vec![],
            (1, percent) => vec![("TARIK", amount * percent / 100)],
            (2, percent) => vec![("TARIK", amount * percent / 200), ("RETUR", amount - amount * percent / 200)],
            _ => vec![("RETUR", amount)],
        };
        test.import_movements(&test.file("moves.csv", &bank::withdrawals(&rows, acts)));
        let end = test.reconcile(cycle);
        prop_assert!(end.sound, "{:?}", end);
        prop_assert_eq!(end.ordered_idr, end.topped_up_idr + end.pending_idr
            + end.returned_idr - end.returned_from_card_idr);
        prop_assert_eq!(end.topped_up_idr, end.withdrawn_idr + end.on_card_idr + end.returned_from_card_idr);
        let page = cycle_page(&test.house, &test.scope("payment.read"), cycle).unwrap();
        prop_assert_eq!((page.pending_idr, page.on_card_idr), (end.pending_idr, end.on_card_idr));
    }
}
