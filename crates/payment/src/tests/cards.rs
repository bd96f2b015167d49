//! The way of a card against a bank and people who err: it is born once, changes hands only as the chain allows, tells no number, and
//! whatever does not fit stands in the queue.

use std::{collections::BTreeMap, fmt::Write};

use access::{NewUser, Scope, Session, create_user, session_of_login};
use jiff::civil::{Date, date};
use model::{FamilyId, RegionCode, Silent};
use store::Page;

use super::{bank, house::TestHouse};
use crate::{
    AccountState, Counts, Effect, Error, ExceptionFilter, FileMade, Imported, LineFilter,
    cards::{
        CardDetails, CardFilter, CardMove, CardState, CardStep, CardView, Holder, Stage, card_page,
        card_report, cards, export_openings, family_cards, import_card_moves, import_openings, move_card,
    },
    effects, exceptions, export_orders, line_list,
};

const ALL: CardFilter = CardFilter { stage: Stage::Waiting, channel: None, band: None };

fn console(test: &TestHouse, action: &str) -> Scope {
    Session::console(&test.house).scope(action).unwrap()
}

/// A cycle of twelve lines, of which the first `without` have no account, and the file that asks for openings.
fn asked(test: &TestHouse, without: usize) -> (i64, Vec<FileMade>) {
    let cycle = test.build(12).cycle_id;
    let checks = test.ask(cycle);
    let counts = test.answer_checks(&checks, |n| if n < without { "TIDAK_DITEMUKAN" } else { "OK" });
    assert_eq!(counts.effects, 0, "who has no account gets one, and no case");
    (cycle, export(test, cycle))
}

fn export(test: &TestHouse, cycle: i64) -> Vec<FileMade> {
    let scope = test.scope("payment.export");
    export_openings(&test.house, &scope, cycle, &test.outbox(), &Silent).unwrap()
}

const HEAD: &str = "batch,ref,result,account,name_at_bank,card_token,last4,printed_on,reason\n";

/// The bank opens everything; `printed` says on which day each card was printed.
fn opened(made: &FileMade, printed: impl Fn(usize) -> Date) -> String {
    opened_from(made, 0, printed)
}

/// The same; its cards are numbered from `first`.
fn opened_from(made: &FileMade, first: usize, printed: impl Fn(usize) -> Date) -> String {
    let mut text = HEAD.to_owned();
    for (n, row) in csv::Reader::from_path(&made.path).unwrap().records().enumerate() {
        let row = row.unwrap();
        let (day, n) = (printed(n), first + n);
        let last4 = 1_000 + n;
        writeln!(text, "{},{},DIBUKA,9900777{n},{},KKS-{n}-A,{last4},{day},", &row[0], &row[1], &row[3])
            .unwrap();
    }
    text
}

fn take(test: &TestHouse, name: &str, text: &str) -> Imported {
    let path = test.file(name, text);
    import_openings(&test.house, &test.scope("payment.import"), "himbara", &path, &Silent).unwrap()
}

fn moves(test: &TestHouse, name: &str, rows: &str) -> Imported {
    let head =
        "card_token,last4,move,day,whom,role,place,proof_kind,proof,document,note,new_token,new_last4\n";
    let path = test.file(name, &format!("{head}{rows}"));
    import_card_moves(&test.house, &test.scope("payment.import"), "himbara", &path, &Silent).unwrap()
}

fn listed(test: &TestHouse, stage: Stage) -> Vec<CardView> {
    let filter = CardFilter { stage, ..ALL };
    cards(&test.house, &test.scope("payment.read"), &filter, &Page::first(100)).unwrap().items
}

fn refused(counts: &Counts) -> Vec<(&str, i64)> {
    counts.refused.iter().map(|(kind, n)| (kind.as_str(), *n)).collect()
}

/// Twelve lines, three cards, printed on the day before.
fn three_cards(test: &TestHouse) -> (i64, Vec<CardView>) {
    let (cycle, made) = asked(test, 3);
    take(test, "opened.csv", &opened(&made[0], |_| date(2026, 11, 19)));
    let mut found = listed(test, Stage::Waiting);
    found.sort_by_key(|card| card.card_id);
    (cycle, found)
}

fn step(step: CardMove, rev: i64) -> CardStep {
    let told = CardDetails {
        whom: "SITI AMINAH".into(),
        role: if step == CardMove::HeldByOther { "agent".into() } else { "spouse".into() },
        place: "Balai desa".into(),
        proof_kind: "photo".into(),
        proof: "FOTO 7".into(),
        document: "DK/7/XI/2026".into(),
        note: "dicatat di desa".into(),
        new_token: "KKS-NEW-1".into(),
        new_last4: "9999".into(),
    };
    let details = if step == CardMove::Replace {
        told
    } else {
        CardDetails { new_token: String::new(), new_last4: String::new(), ..told }
    };
    CardStep { step, day: date(2026, 11, 20), details, rev }
}

#[test]
fn a_line_without_an_account_gets_one_and_a_card_and_is_checked_again() {
    for test in TestHouse::all() {
        let (cycle, made) = asked(&test, 3);
        assert_eq!((made.len(), made[0].rows), (1, 3));
        assert_eq!(export(&test, cycle), made, "the same request again is the same file");
        let text = opened(&made[0], |_| date(2026, 11, 19));
        let first = take(&test, "opened.csv", &text);
        assert_eq!((first.again, first.file.counts.taken), (false, 3), "{:?}", first.file.counts);
        assert!(take(&test, "renamed.csv", &text).again, "the same file again changes nothing");
        let told = take(&test, "more.csv", &format!("{text}\n"));
        assert_eq!((told.file.counts.known, told.file.counts.taken), (3, 0), "told before, in another file");
        let found = listed(&test, Stage::Waiting);
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|card| card.state == CardState::Printed && card.holder == Holder::Bank));
        let scope = test.scope("payment.read");
        let unchecked = LineFilter::Account(AccountState::Unchecked);
        let lines = line_list(&test.house, &scope, cycle, unchecked, &Page::first(10)).unwrap().items;
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.problem.is_none() && line.account_tail.is_some()));
        let again = test.ask(cycle);
        assert_eq!(again.last().map(|file| file.rows), Some(3), "they are asked about again");
        test.answer_checks(&again[1..], |_| "OK");
        let order = test.order(cycle);
        let sent = export_orders(&test.house, &test.scope("payment.export"), order, &test.outbox(), &Silent);
        assert_eq!(bank::read(&sent.unwrap().path).len(), 12, "everybody is paid");
    }
}

#[test]
fn an_account_opened_for_one_list_is_known_to_the_next_and_no_second_card_is_printed() {
    for test in TestHouse::all() {
        let (_, made) = asked(&test, 4);
        let next = test.build_second(12).cycle_id;
        let checks = test.ask(next);
        test.answer_checks(&checks, |n| if n < 4 { "TIDAK_DITEMUKAN" } else { "OK" });
        let printed = |_| date(2026, 11, 19);
        let all = opened(&made[0], printed);
        let early: String = all.lines().take(3).flat_map(|line| [line, "\n"]).collect();
        take(&test, "early.csv", &early);
        let second = export(&test, next);
        assert_eq!(second.first().map(|file| file.rows), Some(2), "only who has no account yet");
        assert_eq!(test.ask(next).last().map(|file| file.rows), Some(2), "the others are checked again");
        take(&test, "second.csv", &opened_from(&second[0], 2, printed));
        let counts = take(&test, "all.csv", &all).file.counts;
        assert_eq!((counts.known, counts.taken), (2, 2), "the card is known, the line waited: {counts:?}");
        assert_eq!(listed(&test, Stage::Waiting).len(), 4);
    }
}

#[test]
fn rows_of_an_opening_that_do_not_fit_wait_for_a_person_and_no_number_is_kept() {
    let test = TestHouse::sqlite();
    let (_, made) = asked(&test, 6);
    let rows: Vec<(String, String)> = csv::Reader::from_path(&made[0].path)
        .unwrap()
        .records()
        .map(|row| row.map(|row| (row[0].to_owned(), row[1].to_owned())).unwrap())
        .collect();
    let line = |n: usize, rest: &str| format!("{},{},{rest}\n", rows[n].0, rows[n].1);
    let number = "5264 1234 5678 9012";
    let text = [
        HEAD.to_owned(),
        line(0, "DIBUKA,990011,SITI,KKS-A-1,1234,2026-11-19,"),
        line(1, "DIBUKA,990012,SITI,KKS-A-1,4321,2026-11-19,"),
        line(2, &format!("DIBUKA,990013,SITI,{number},9012,2026-11-19,")),
        line(3, "DIBUKA,990014,SITI,KKS-A-4,1234,2026-11-29,"),
        line(4, "DITOLAK,,,,,2026-11-19,alamat"),
        format!("BUKA999,{},DIBUKA,990016,SITI,KKS-A-6,1234,2026-11-19,\n", rows[5].1),
        "BUKA1,77777777,DIBUKA,990017,SITI,KKS-A-7,1234,2026-11-19,\n".to_owned(),
    ];
    let counts = take(&test, "opened.csv", &text.concat()).file.counts;
    assert_eq!((counts.taken, counts.effects), (2, 1), "one opened, one refused by the bank with its case");
    assert_eq!(
        refused(&counts),
        [("bad_row", 1), ("card_conflict", 1), ("card_number", 1), ("unknown_ref", 1), ("wrong_batch", 1)]
    );
    let queue =
        exceptions(&test.house, &test.scope("payment.read"), &ExceptionFilter::default(), &Page::first(50));
    let queue = queue.unwrap().items;
    assert_eq!(queue.iter().map(|row| row.row_no).collect::<Vec<_>>(), [2, 3, 4, 6, 7]);
    assert!(queue.iter().all(|row| !row.found.contains("5264")));
    let file = format!("payments/in/{}", queue[0].file_no);
    let kept = test.house.lake.require(&file).unwrap().read_all(&["cells"]).unwrap();
    assert!(
        !format!("{kept:?}").contains("5264"),
        "what may be a card number is not kept as evidence either"
    );
}

#[test]
fn a_card_changes_hands_once_told_and_only_by_whoever_may() {
    for test in TestHouse::all() {
        let (_, found) = three_cards(&test);
        let id = found[0].card_id;
        let (stock, field) = (console(&test, "payment.card_stock"), console(&test, "payment.card"));
        let act = |scope: &Scope, wanted: &CardStep| move_card(&test.house, scope, id, wanted);
        let receive = step(CardMove::Receive, 1);
        assert!(
            matches!(act(&field, &receive), Err(Error::Scope { .. })),
            "the field does not receive stock"
        );
        assert!(!act(&stock, &receive).unwrap().again);
        assert!(act(&stock, &receive).unwrap().again, "the same page sent twice");
        let stale = step(CardMove::Entrust, 1);
        assert!(matches!(act(&stock, &stale), Err(Error::Changed)));
        let early = step(CardMove::Activate, 2);
        assert!(matches!(act(&field, &early), Err(Error::State { .. })));
        let mut secret = step(CardMove::HandOver, 2);
        secret.details.note = "PIN 1 2 3 4 5 6".into();
        assert!(matches!(act(&field, &secret), Err(Error::Card(_))));
        act(&field, &step(CardMove::HandOver, 2)).unwrap();
        act(&field, &step(CardMove::Activate, 3)).unwrap();
        let page = card_page(&test.house, &test.scope("payment.read"), id).unwrap();
        assert_eq!((page.card.state, page.card.rev, page.events.len()), (CardState::Active, 4, 4));
        let told: Vec<&str> = page.events.iter().map(|event| event.told.whom.as_str()).collect();
        assert_eq!(told, ["", "SITI AMINAH", "SITI AMINAH", "SITI AMINAH"]);
        assert_eq!(page.card.handed_on.as_deref(), Some("2026-11-20"));
        outside_and_caseload(&test, id, page.card.family_id);
    }
}

/// Another district and a companion without the family see and move nothing; its companion does.
fn outside_and_caseload(test: &TestHouse, card: i64, family: i64) {
    let manage = console(test, "user.manage");
    let user = |login: &str, role: &str, region: &str| {
        let region = RegionCode::parse(region).unwrap();
        let (login, role) = (login.to_owned(), role.to_owned());
        let new = NewUser { name: login.clone(), login: login.clone(), role, region, password: None };
        create_user(&test.house, &manage, new).unwrap();
        session_of_login(&test.house, &manage, &login).unwrap()
    };
    let officer = user("dinas.lain", "district_officer", "99.02");
    let companion = user("pendamping", "companion", "99.01");
    let block = step(CardMove::Block, 4);
    for session in [&officer, &companion] {
        let (read, write) = (session.scope("payment.read").unwrap(), session.scope("payment.card").unwrap());
        assert!(matches!(card_page(&test.house, &read, card), Err(Error::NotFound(_))));
        assert!(matches!(move_card(&test.house, &write, card, &block), Err(Error::NotFound(_))));
        assert!(family_cards(&test.house, &read, FamilyId(family)).unwrap().is_empty());
    }
    let give = console(test, "assignment.manage");
    access::assign_families(&test.house, &give, companion.user_id, &[FamilyId(family)]).unwrap();
    let read = companion.scope("payment.read").unwrap();
    assert_eq!(family_cards(&test.house, &read, FamilyId(family)).unwrap().len(), 1);
    move_card(&test.house, &companion.scope("payment.card").unwrap(), card, &block).unwrap();
}

#[test]
fn a_trouble_opens_the_case_that_the_pack_names_and_a_new_card_follows_the_old() {
    for test in TestHouse::all() {
        let (_, found) = three_cards(&test);
        let id = found[1].card_id;
        let (stock, field) = (console(&test, "payment.card_stock"), console(&test, "payment.card"));
        move_card(&test.house, &stock, id, &step(CardMove::Receive, 1)).unwrap();
        move_card(&test.house, &field, id, &step(CardMove::HeldByOther, 2)).unwrap();
        let waiting = effects(&test.house, 10).unwrap();
        let Effect::OpenCase { workflow, family, reason, .. } = &waiting[0].effect;
        let channel = test.house.policy.channel("himbara").unwrap();
        assert_eq!((waiting.len(), Some(workflow.as_str())), (1, channel.card_trouble("held_by_other")));
        assert_eq!((family.0, reason.as_str()), (found[1].family_id, "held_by_other"));
        let owners = &test.house.policy.workflow(workflow).unwrap().owner;
        assert_ne!(owners.as_str(), "companion", "nobody looks into what he may have done himself");

        move_card(&test.house, &stock, id, &step(CardMove::Replace, 3)).unwrap();
        let read = test.scope("payment.read");
        let both = family_cards(&test.house, &read, *family).unwrap();
        let [new, old] = both.as_slice() else { panic!("{both:?}") };
        assert_eq!((new.follows, old.followed_by), (Some(old.card_id), Some(new.card_id)));
        assert_eq!((old.state, old.holder), (CardState::Replaced, Holder::Other));
        assert_eq!((new.state, new.last4.as_str(), new.rev), (CardState::Printed, "9999", 1));
        let taken = move_card(&test.house, &stock, found[2].card_id, &step(CardMove::Destroy, 1));
        assert!(matches!(taken, Err(Error::State { .. })));
        let mut twice = step(CardMove::Replace, 2);
        move_card(&test.house, &field, found[2].card_id, &step(CardMove::Lose, 1)).unwrap();
        let again = move_card(&test.house, &stock, found[2].card_id, &twice);
        assert!(matches!(again, Err(Error::Card(_))), "a token is one card's: {again:?}");
        twice.details.new_token = "KKS-NEW-2".into();
        move_card(&test.house, &stock, found[2].card_id, &twice).unwrap();
    }
}

#[test]
fn a_list_of_moves_is_taken_row_by_row_and_once() {
    for test in TestHouse::all() {
        three_cards(&test);
        let rows = "\
KKS-0-A,1000,receive,2026-11-19,,,,,,DK/1/2026,,,
KKS-0-A,1000,hand_over,2026-11-20,SITI,self,Balai desa,signature,TTD 1,,,,
KKS-0-A,1000,activate,2026-11-20,,,,,,,,,
KKS-1-A,1001,receive,20-11-2026,,,,,,DK/1/2026,,,
KKS-1-A,9999,receive,2026-11-19,,,,,,DK/1/2026,,,
KKS-2-A,1002,activate,2026-11-20,,,,,,,,,
KKS-2-A,1002,lose,2026-11-20,,,,,,LP/2/2026,PIN 123-456,,
KKS-2-A,1002,lose,2026-11-20,,,,,,LP/2/2026,,,
KKS-2-A,1002,replace,2026-11-20,,,,,,,,KKS-2-B,2002
KKS-2-B,2002,receive,2026-11-20,,,,,,DK/2/2026,,,
KKS-1-A,1001,fly,2026-11-20,,,,,,,,,
";
        let counts = moves(&test, "moves.csv", rows).file.counts;
        assert_eq!((counts.taken, counts.known, counts.effects), (7, 0, 1), "{counts:?}");
        assert_eq!(
            refused(&counts),
            [("bad_row", 1), ("card_move", 1), ("card_number", 1), ("unknown_card", 1)]
        );
        assert!(moves(&test, "renamed.csv", rows).again, "the same file changes nothing");
        let counts = moves(&test, "longer.csv", &format!("{rows}\n")).file.counts;
        assert_eq!((counts.taken, counts.known), (0, 7), "what was told is not told again: {counts:?}");
        let stages = [Stage::Active, Stage::Waiting, Stage::Ended].map(|stage| listed(&test, stage).len());
        assert_eq!(stages, [1, 2, 1]);
    }
}

#[test]
fn the_report_counts_each_waiting_card_once_with_the_money_that_stands_on_it() {
    for test in TestHouse::all() {
        let (cycle, made) = asked(&test, 12);
        let days = [0, 7, 8, 30, 31, 90, 91, 180, 181, 400, 1, 60];
        let today = date(2026, 11, 20);
        let printed = |n: usize| today.saturating_sub(jiff::Span::new().days(days[n]));
        take(&test, "opened.csv", &opened(&made[0], printed));
        let checks = test.ask(cycle);
        test.answer_checks(&checks[1..], |_| "OK");
        let order = test.order(cycle);
        let sent = export_orders(&test.house, &test.scope("payment.export"), order, &test.outbox(), &Silent);
        let rows = bank::read(&sent.unwrap().path);
        test.import_order(&test.file("reply.csv", &bank::topups(&rows, &BTreeMap::new())));
        let part = |n: usize, amount: i64| if n < 4 { vec![("TARIK", amount)] } else { vec![] };
        test.import_movements(&test.file("moves.csv", &bank::withdrawals(&rows, part)));

        let scope = test.scope("payment.read");
        let nation = RegionCode::nation();
        let report = card_report(&test.house, &scope, &nation, Stage::Waiting).unwrap();
        let sum = |of: fn(&crate::cards::CardCell) -> i64| report.cells.iter().map(of).sum::<i64>();
        let stands: i64 = rows.iter().skip(4).map(|row| row.amount).sum();
        assert_eq!(
            (sum(|cell| cell.cards), sum(|cell| cell.lines), sum(|cell| cell.on_card_idr)),
            (12, 8, stands)
        );
        for (band, expected) in [3, 2, 3, 2, 2].into_iter().enumerate() {
            let counted: i64 =
                report.cells.iter().filter(|cell| cell.band == band).map(|cell| cell.cards).sum();
            let filter = CardFilter { band: Some(band), ..ALL };
            let found = cards(&test.house, &scope, &filter, &Page::first(100)).unwrap().items;
            assert_eq!((counted, found.len() as i64), (expected, expected), "band {band}");
        }
        let part = RegionCode::parse("99.01.03").unwrap();
        let below = card_report(&test.house, &scope, &part, Stage::Waiting).unwrap();
        let inside = listed(&test, Stage::Waiting).iter().filter(|card| part.contains(&card.region)).count();
        assert_eq!(below.cells.iter().map(|cell| cell.cards).sum::<i64>(), inside as i64);
        assert!(below.cells.iter().all(|cell| cell.region.starts_with("99.01.03.")));
    }
}
