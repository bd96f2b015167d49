//! What a person decides about one line: once, with a reason, only what fits it; and the names that wait to be compared.

use std::fmt::Write as _;

use model::LineId;
use store::Page;

use super::{house::TestHouse, sent};
use crate::{
    desk::{Doubt, LineAct, LineWish, act_on_line, doubts},
    *,
};

fn page(test: &TestHouse, line: i64) -> LinePage {
    line_page(&test.house, &test.scope("payment.read"), LineId(line)).unwrap()
}

fn wish(page: &LinePage, act: LineAct, reason: &str) -> LineWish {
    LineWish { act, reason: reason.into(), rev: page.rev.clone() }
}

fn act(test: &TestHouse, line: i64, act: LineAct, reason: &str) -> Result<()> {
    let wish = wish(&page(test, line), act, reason);
    act_on_line(&test.house, &test.scope("payment.build"), LineId(line), &wish)
}

fn waiting(test: &TestHouse, kind: Option<Trouble>) -> Vec<Doubt> {
    doubts(&test.house, &test.scope("payment.read"), kind, &Page::first(50)).unwrap().items
}

/// A cycle of eight whose first name at the bank is alike, whose second is another, and whose third and fourth share an account.
fn doubtful(test: &TestHouse) -> i64 {
    let cycle = test.build(8).cycle_id;
    let asked = test.ask(cycle);
    let mut text = String::from("batch,ref,result,account,name_at_bank,reason\n");
    for (n, row) in csv::Reader::from_path(&asked[0].path).unwrap().records().enumerate() {
        let row = row.unwrap();
        let name = match n {
            0 => format!("{} ROHANI", row[3].split(' ').next().unwrap()),
            1 => "ZULKIFLI HAKIM".into(),
            _ => row[3].to_owned(),
        };
        let account = if n == 3 { 2 } else { n };
        writeln!(text, "{},{},OK,990{account:06},{name},", &row[0], &row[1]).unwrap();
    }
    let path = test.file("checks.csv", &text);
    import_account_replies(&test.house, &test.scope("payment.import"), "himbara", &path, &model::Silent)
        .unwrap();
    cycle
}

#[test]
fn names_wait_side_by_side_until_a_person_says_whose_account_it_is() {
    for test in TestHouse::all() {
        let cycle = doubtful(&test);
        let all = waiting(&test, None);
        assert_eq!(all.len(), 4);
        let [alike] = &waiting(&test, Some(Trouble::NameDoubtful))[..] else { panic!("{all:?}") };
        let [other] = &waiting(&test, Some(Trouble::NameDiffers))[..] else { panic!("{all:?}") };
        let shared = waiting(&test, Some(Trouble::AccountShared));
        assert!(alike.payee_name != alike.name_at_bank.clone().unwrap());
        assert!(alike.likeness > other.likeness && alike.likeness < Some(100), "{alike:?} {other:?}");
        let twins: Vec<i64> = shared.iter().flat_map(|row| &row.twins).map(|twin| twin.line_id).collect();
        assert_eq!(twins, [shared[1].line_id, shared[0].line_id]);
        assert_eq!(waiting(&test, None)[0].rev, page(&test, waiting(&test, None)[0].line_id).rev);
        // One is accepted, one refused; of the two that share, one is the family's own.
        act(&test, alike.line_id, LineAct::AccountGood, "KTP dan buku tabungan sama").unwrap();
        act(&test, other.line_id, LineAct::AccountFailed, "orang lain").unwrap_err();
        act(&test, shared[0].line_id, LineAct::AccountGood, "rekening sendiri").unwrap();
        act(&test, shared[1].line_id, LineAct::AccountFailed, "rekening kakaknya").unwrap();
        let state = |line| (page(&test, line).line.account_state, page(&test, line).line.problem);
        assert_eq!(state(alike.line_id), (AccountState::Good, None));
        assert_eq!(state(shared[1].line_id), (AccountState::Failed, Some(Trouble::AccountRefused)));
        assert_eq!(waiting(&test, None).iter().map(|row| row.line_id).collect::<Vec<_>>(), [other.line_id]);
        let last = page(&test, alike.line_id).events.pop().unwrap();
        assert_eq!(
            (last.reason.as_str(), last.actor.as_str()),
            ("person:KTP dan buku tabungan sama", "bendahara")
        );
        // What a person passed is not doubted again, and goes with the others.
        let order =
            prepare_order(&test.house, &test.scope("payment.build"), cycle, &Wave::default()).unwrap();
        assert_eq!(order.lines, 6);
        assert!(test.reconcile(cycle).sound);
    }
}

#[test]
fn a_decision_counts_once_and_only_on_the_line_that_was_seen() {
    for test in TestHouse::all() {
        let cycle = test.build(5).cycle_id;
        test.answer_checks(&test.ask(cycle), |_| "OK");
        let scope = test.scope("payment.read");
        let lines = line_list(&test.house, &scope, cycle, LineFilter::All, &Page::first(9)).unwrap().items;
        let (line, other) = (lines[0].line_id, lines[1].line_id);
        let decide =
            |wish: &LineWish| act_on_line(&test.house, &test.scope("payment.build"), LineId(line), wish);
        let seen = page(&test, line);
        assert_eq!(seen.acts, [LineAct::AccountFailed, LineAct::Hold, LineAct::Cancel]);
        let hold = wish(&seen, LineAct::Hold, "meninggal menurut tetangga");
        decide(&hold).unwrap();
        let held = page(&test, line);
        decide(&hold).unwrap();
        assert_eq!(page(&test, line), held, "the same again changes nothing");
        let late = wish(&seen, LineAct::Cancel, "keluarga pecah");
        assert!(matches!(decide(&late), Err(Error::Changed)), "the line is no longer as it was seen");
        assert_eq!(held.acts, [LineAct::Release, LineAct::Cancel]);
        assert_eq!((held.line.eligibility, held.line.problem), (Eligibility::Held, Some(Trouble::Held)));
        let short = wish(&held, LineAct::Release, " x ");
        assert!(matches!(decide(&short), Err(Error::Desk(desk::DeskFault::Reason))));
        let twice = wish(&held, LineAct::Hold, "sekali lagi");
        assert!(matches!(decide(&twice), Err(Error::Desk(desk::DeskFault::Action))));
        decide(&wish(&held, LineAct::Release, "ternyata hidup")).unwrap();
        act(&test, other, LineAct::Cancel, "keluarga yang salah").unwrap();
        assert_eq!(page(&test, other).acts, []);
        let again = test.build_run("second", 0..5);
        assert_eq!((again.lines, again.skipped), (1, 4), "who was cancelled may be paid anew");
        let wrong = act_on_line(&test.house, &test.scope("payment.read"), LineId(line), &late);
        assert!(matches!(wrong, Err(Error::Scope { .. })));
        let order =
            prepare_order(&test.house, &test.scope("payment.build"), cycle, &Wave::default()).unwrap();
        assert_eq!(order.lines, 4);
        assert!(test.reconcile(cycle).sound);
    }
}

#[test]
fn once_the_channel_was_told_nobody_stops_a_line() {
    let test = TestHouse::sqlite();
    let (_, rows) = sent(&test, 3);
    let line = rows[0].reference.parse().unwrap();
    assert_eq!(page(&test, line).acts, []);
    for one in LineAct::ALL {
        let refused = act(&test, line, *one, "terlambat");
        assert!(matches!(refused, Err(Error::Desk(desk::DeskFault::Action))), "{one:?}");
    }
}

#[test]
fn every_decision_about_a_line_has_words() {
    let policy = policy::Policy::embedded().unwrap();
    for act in LineAct::ALL {
        assert!(policy.words().has(&format!("desk-line-{}", act.code())), "{act:?}");
    }
}
