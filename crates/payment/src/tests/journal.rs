//! The journal: the same again changes nothing, every sum leads down to what it is the sum of, and tampering is told.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{AccountKind, Movement};
use model::{RegionCode, Rupiah};
use proptest::{prelude::*, test_runner::TestRunner};
use store::{Page, params, sql};

use super::{
    bank::{self, Mishap},
    house::TestHouse,
    sent,
};
use crate::{
    books::{self, Ground},
    journal::{self, BooksFilter, EntryView, Until},
    *,
};

sql! {
    TAMPER_BALANCE = "UPDATE ledger_account SET balance_idr = balance_idr + 1
        WHERE account = 'pending' AND region = (SELECT MIN(region) FROM ledger_account)";
    TAMPER_SIGN = "UPDATE ledger_entry SET correction = 1 WHERE entry_id = (SELECT MIN(entry_id) FROM ledger_entry)";
    ENTRIES = "SELECT COUNT(*) FROM ledger_entry";
    BALANCES = "SELECT region, account, balance_idr FROM ledger_account ORDER BY region, account";
}

const FEW: Page = Page { after: None, limit: 3 };

/// Everything that happens in a house: lines on cards, failures, returns of both kinds, one told in the wrong order, one withheld.
fn busy(test: &TestHouse) -> i64 {
    let built = test.build(40);
    let cycle = built.cycle_id;
    test.answer_checks(&test.ask(cycle), |_| "OK");
    let order = test.order(cycle);
    let page = Page::first(50);
    let scope = test.scope("payment.read");
    let lines = line_list(&test.house, &scope, cycle, LineFilter::All, &page).unwrap().items;
    let held = model::LineId(lines[7].line_id);
    decide_line(&test.house, &test.scope("payment.build"), held, &LineDecision::Hold, "meninggal").unwrap();
    let made =
        export_orders(&test.house, &test.scope("payment.export"), order, &test.outbox(), &model::Silent);
    let rows = bank::read(&made.unwrap().path);
    return_withheld(&test.house, &test.scope("payment.build"), order, "NTPN 1/2").unwrap();
    // Two come back before they were told to be on the card.
    let early = bank::withdrawals(&rows[4..6], |_, amount| vec![("RETUR", amount)]);
    test.import_movements(&test.file("early.csv", &early));
    let mishaps = [(2, Mishap::Fails), (9, Mishap::Twice), (10, Mishap::WrongAmount), (11, Mishap::Stray)];
    test.import_order(&test.file("reply.csv", &bank::topups(&rows, &BTreeMap::from(mishaps))));
    let moves = bank::withdrawals(&rows[12..], |n, amount| match n % 4 {
        0 => vec![("TARIK", amount)],
        1 => vec![("TARIK", 75_000), ("RETUR", 25_000), ("TARIK", 50_000)],
        2 => vec![("RETUR", amount)],
        _ => vec![],
    });
    test.import_movements(&test.file("moves.csv", &moves));
    cycle
}

fn all_entries(test: &TestHouse, filter: &BooksFilter, account: AccountKind) -> Vec<EntryView> {
    let scope = test.scope("ledger.read");
    let (mut page, mut out) = (FEW.clone(), Vec::new());
    loop {
        let some = journal::entries(&test.house, &scope, filter, Some(account), None, &page).unwrap();
        out.extend(some.items);
        page.after = some.next;
        if page.after.is_none() {
            return out;
        }
    }
}

/// The sums of an entry's lines, page by page, and that each bank row says what the line's share is.
fn entry_lines(test: &TestHouse, entry: &EntryView) -> i64 {
    let scope = test.scope("ledger.read");
    let (mut page, mut sum) = (FEW.clone(), 0);
    loop {
        let found = journal::entry_page(&test.house, &scope, entry.entry_id, None, &page).unwrap();
        assert!(found.agrees, "{:?}: {} of {} lines", found.entry, found.sum_idr, found.count);
        for line in &found.lines {
            sum += line.amount_idr;
            let told =
                line_page(&test.house, &test.scope("payment.read"), model::LineId(line.line_id)).unwrap();
            assert!(told.events.iter().any(|event| event.document == entry.document), "{entry:?} {told:?}");
            assert!(told.ledger.iter().any(|row| row.entry_id == entry.entry_id));
            let Some(bank) = &line.bank else { continue };
            let row = journal::bank_row(&test.house, &scope, bank.file_no, bank.row_no).unwrap();
            let cell = |name: &str| row.cells.iter().find(|cell| cell.0 == name).unwrap().1.clone();
            assert_eq!((row.line_id, &row.txn), (Some(line.line_id), &bank.txn));
            assert_eq!(cell("amount_idr"), line.amount_idr.to_string());
            assert!(cell("account").starts_with('…'), "the account is not shown in full");
        }
        page.after = found.next;
        if page.after.is_none() {
            return sum;
        }
    }
}

#[test]
fn every_sum_leads_down_to_what_it_is_the_sum_of() {
    for test in TestHouse::all() {
        let cycle = busy(&test);
        assert!(test.reconcile(cycle).sound);
        let scope = test.scope("ledger.read");
        let whole = journal::trial(&test.house, &scope, &BooksFilter::default()).unwrap();
        assert!(whole.sound && whole.sums.debit_idr > 0, "{whole:?}");
        assert_eq!(whole.accounts.len(), 6, "every kind of account was used");
        let mut movements = BTreeSet::new();
        let mut documents = BTreeSet::new();
        let mut filters = vec![BooksFilter::default()];
        let of = |part: &journal::TrialPart| BooksFilter {
            region: RegionCode::parse(&part.of).unwrap(),
            ..BooksFilter::default()
        };
        filters.extend(whole.regions.iter().map(of));
        let district = BooksFilter { region: RegionCode::parse("99.01").unwrap(), ..BooksFilter::default() };
        let inside = journal::trial(&test.house, &scope, &district).unwrap();
        filters.extend(inside.regions.iter().map(of));
        for parts in [&whole.regions, &inside.regions, &whole.programmes, &whole.periods, &whole.channels] {
            let sum: i64 = parts.iter().map(|part| part.sums.debit_idr).sum();
            assert_eq!(sum, whole.sums.debit_idr, "{parts:?}");
            assert!(parts.iter().all(|part| part.sums.debit_idr == part.sums.credit_idr));
        }
        for filter in &filters {
            let trial = journal::trial(&test.house, &scope, filter).unwrap();
            assert!(trial.sound, "{trial:?}");
            for account in &trial.accounts {
                let kind = AccountKind::from_code(account.account).unwrap();
                let entries = all_entries(&test, filter, kind);
                let side = |code: fn(&EntryView) -> &'static str| -> i64 {
                    entries.iter().filter(|entry| code(entry) == account.account).map(|e| e.amount_idr).sum()
                };
                assert_eq!(side(|entry| entry.debit), account.sums.debit_idr);
                assert_eq!(side(|entry| entry.credit), account.sums.credit_idr);
                let (sums, count) = journal::entry_sums(&test.house, &scope, filter, kind).unwrap();
                assert_eq!((sums, count), (account.sums, entries.len() as i64));
                if filter.region == RegionCode::nation() {
                    for entry in &entries {
                        assert_eq!(entry_lines(&test, entry), entry.amount_idr, "{entry:?}");
                        movements.insert((entry.movement.clone(), entry.correction));
                        documents.insert(entry.document.clone());
                    }
                }
            }
        }
        assert_eq!(movements.len(), 6, "all five movements, and one taken back: {movements:?}");
        assert!(documents.contains("slip:NTPN 1/2") && documents.len() == 5, "{documents:?}");
        for document in documents {
            let page = journal::document_page(&test.house, &scope, &document, &Page::first(1_000)).unwrap();
            assert!(page.agrees, "{page:?}");
            let sum: i64 = page.movements.iter().map(|one| one.amount_idr).sum();
            assert_eq!(sum, page.entries.iter().map(|entry| entry.amount_idr).sum::<i64>());
        }
    }
}

#[test]
fn a_part_of_the_country_sees_its_own_part_of_the_books() {
    let test = TestHouse::sqlite();
    let (_, rows) = sent(&test, 20);
    test.import_order(&test.file("reply.csv", &bank::topups(&rows, &BTreeMap::new())));
    let nation = test.scope("ledger.read");
    let all = journal::entries(&test.house, &nation, &BooksFilter::default(), None, None, &Page::first(100))
        .unwrap();
    let there = all.items[0].region.clone();
    let scope = nation.within(&there).unwrap();
    let inside = BooksFilter { region: there.clone(), ..BooksFilter::default() };
    let found = journal::entries(&test.house, &scope, &inside, None, None, &Page::first(100)).unwrap().items;
    assert!(!found.is_empty() && found.iter().all(|entry| entry.region == there));
    let other = all.items.iter().find(|entry| entry.region != there).unwrap();
    let beyond = journal::entry_page(&test.house, &scope, other.entry_id, None, &FEW);
    assert!(matches!(beyond, Err(Error::NotFound(_))));
    assert!(matches!(journal::trial(&test.house, &scope, &BooksFilter::default()), Err(Error::NotFound(_))));
    let line = &journal::entry_page(&test.house, &nation, other.entry_id, None, &FEW).unwrap().lines[0];
    let bank = line.bank.clone().unwrap();
    let beyond = journal::bank_row(&test.house, &scope, bank.file_no, bank.row_no);
    assert!(matches!(beyond, Err(Error::NotFound(_))));
    // The first row of the reply is about no line: only who sees the whole country sees it.
    assert!(journal::bank_row(&test.house, &nation, bank.file_no, 1).is_ok());
    assert!(journal::bank_row(&test.house, &scope, bank.file_no, 1).is_err());
    assert!(journal::trial(&test.house, &test.scope("payment.read"), &inside).is_err(), "another right");
}

#[test]
fn a_reconciliation_tells_books_that_were_tampered_with() {
    for test in TestHouse::all() {
        let (cycle, _) = sent(&test, 10);
        assert!(test.reconcile(cycle).sound);
        test.house.db.write(|tx| tx.execute(&TAMPER_BALANCE, &[])).unwrap();
        let told = test.reconcile(cycle);
        assert!(!told.sound && told.broken.iter().any(|law| law.contains("debits are")), "{told:?}");
        let trial = journal::trial(&test.house, &test.scope("ledger.read"), &BooksFilter::default()).unwrap();
        assert!(!trial.sound, "{trial:?}");
        test.house.db.write(|tx| tx.execute(&TAMPER_SIGN, &[])).unwrap();
        assert!(test.reconcile(cycle).broken.iter().any(|law| law.contains("sign")));
    }
}

/// Random histories of postings, some sent again, some again with another amount, beside the pure book.
#[test]
fn the_same_transfer_counts_once_and_balances_hold_at_every_instant() {
    for test in TestHouse::all() {
        let mut runner = TestRunner::new(ProptestConfig { cases: 12, ..ProptestConfig::default() });
        let step = (0..4usize, 0..3usize, 1..5i64, 0..6usize, prop::bool::weighted(0.3));
        let round = std::cell::Cell::new(0);
        runner
            .run(&prop::collection::vec(step, 1..30), |steps| {
                round.set(round.get() + 1);
                history(&test, &format!("P{}", round.get()), &steps)
            })
            .unwrap();
    }
}

type Step = (usize, usize, i64, usize, bool);

fn history(test: &TestHouse, programme: &str, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut model: BTreeMap<(usize, AccountKind), i64> = BTreeMap::new();
    let mut posted: BTreeMap<(usize, usize), books::Sums> = BTreeMap::new();
    let mut trail: Vec<(i64, i64)> = Vec::new();
    let filter = |until| BooksFilter { programme: programme.into(), until, ..BooksFilter::default() };
    let scope = test.scope("ledger.read");
    for (at, (place, part, amount, movement, again)) in steps.iter().enumerate() {
        let movement = Movement::ALL[movement % 5];
        let key = (*place, *part);
        let document = format!("bench:{programme}-{place}");
        let ground = Ground { document: &document, part: *part as i64 };
        let of = books::place(programme, "2026-T4", &format!("99.01.0{place}.2001"), "bank").unwrap();
        let sums = match posted.get(&key).filter(|_| *again) {
            Some(known) => known.clone(),
            None => books::Sums::from([((of, movement, false), Rupiah::new(*amount))]),
        };
        let post = |tx: &mut store::Tx<'_>| books::post(tx, &sums, ground, at as i64, "x");
        let done = test.house.db.write(post);
        let same =
            |known: &books::Sums| sums.iter().all(|(key, amount)| known.get(key).is_none_or(|k| k == amount));
        let known = posted.get(&key).cloned().unwrap_or_default();
        if !same(&known) {
            prop_assert!(matches!(done, Err(Error::Ledger(ledger::Error::Conflict(_)))), "{done:?}");
            continue;
        }
        let new: Vec<_> = sums.iter().filter(|(key, _)| !known.contains_key(*key)).collect();
        let enough = new.iter().all(|((_, movement, _), amount)| {
            let from = movement.from();
            from == AccountKind::Treasury || model.get(&(*place, from)).copied().unwrap_or(0) >= amount.idr()
        });
        if !enough {
            prop_assert!(done.is_err(), "an account below zero");
            continue;
        }
        prop_assert_eq!(done.unwrap(), new.len());
        for ((_, movement, _), amount) in new {
            *model.entry((*place, movement.from())).or_default() -= amount.idr();
            *model.entry((*place, movement.to())).or_default() += amount.idr();
        }
        posted.entry(key).or_default().extend(sums);
        let now = journal::trial(&test.house, &scope, &filter(Until::default())).unwrap();
        prop_assert!(now.sound, "{:?}", now);
        for account in &now.accounts {
            let kind = AccountKind::from_code(account.account).unwrap();
            let held: i64 = model.iter().filter(|((_, of), _)| *of == kind).map(|(_, held)| held).sum();
            prop_assert_eq!(account.balance_idr, held);
        }
        trail.push((at as i64, now.sums.debit_idr));
    }
    // Whatever was seen at an instant is seen again when it is asked for.
    for (at, debit) in trail {
        let then =
            journal::trial(&test.house, &scope, &filter(Until { at_ms: Some(at), entry_id: None })).unwrap();
        prop_assert_eq!((then.sums.debit_idr, then.sums.credit_idr), (debit, debit));
        let by_entry = Until { at_ms: None, entry_id: Some(then.last_entry) };
        let same = journal::trial(&test.house, &scope, &filter(by_entry)).unwrap();
        prop_assert_eq!(same.sums, then.sums);
    }
    Ok(())
}

#[test]
fn the_number_of_a_transfer_follows_from_its_cause_and_a_refused_batch_changes_nothing() {
    for test in TestHouse::all() {
        let of = books::place("P", "2026-T4", "99.01.01.2001", "bank").unwrap();
        let ground = Ground { document: "order:1", part: 0 };
        let id = |ground, back| books::transfer_id(ground, &of, Movement::Order, back);
        let ids = [
            id(ground, false),
            id(ground, true),
            id(Ground { part: 1, ..ground }, false),
            id(Ground { document: "order:2", ..ground }, false),
        ];
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 4);
        assert_eq!(ids[0], id(ground, false));
        let sums = |amount| books::Sums::from([((of.clone(), Movement::Order, false), Rupiah::new(amount))]);
        let post = |amount| test.house.db.write(|tx| books::post(tx, &sums(amount), ground, 1, "x"));
        let seen = || {
            test.house.db.read(|tx| {
                let count = tx.query_one(&ENTRIES, params![])?.int(0)?;
                Ok::<_, store::Error>((count, tx.query(&BALANCES, &[])?))
            })
        };
        assert_eq!(post(5).unwrap(), 1);
        let before = seen().unwrap();
        assert_eq!(post(5).unwrap(), 0, "the same again");
        assert!(
            matches!(post(6), Err(Error::Ledger(ledger::Error::Conflict(conflict))) if conflict == ids[0])
        );
        assert_eq!(seen().unwrap(), before);
    }
}
