//! The desk: counts that add up, one act on many rows that is what as many single decisions would be, papers whose hash leads back to
//! their list, and lists of people that nobody takes away alone.

use std::collections::{BTreeMap, BTreeSet};

use access::{NewUser, Session, create_user, session_of_login};
use model::{LineId, RegionCode};
use proptest::prelude::*;
use store::Page;

use super::{bank, house::TestHouse, sent};
use crate::{
    desk::{
        BULK_ROWS_MAX, BulkAction, BulkView, BulkWish, Chosen, DeskFault, ProblemFilter, ProblemRow,
        ReleaseAsked, ReleaseKind, Source, annex, annex_lines, ask_release, begin_bulk, bulk_page,
        decide_release, found, go_on_bulk, minutes, open_release, problem_counts, problems, record_fetch,
    },
    *,
};

fn all(test: &TestHouse, filter: &ProblemFilter) -> Vec<ProblemRow> {
    let scope = test.scope("payment.read");
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let found = problems(&test.house, &scope, filter, &Page { after, limit: 3 }).unwrap();
        rows.extend(found.items);
        after = found.next;
        if after.is_none() {
            return rows;
        }
    }
}

fn lines_of(test: &TestHouse, cycle: i64) -> Vec<LineView> {
    let scope = test.scope("payment.read");
    line_list(&test.house, &scope, cycle, LineFilter::All, &Page::first(500)).unwrap().items
}

fn line_of(test: &TestHouse, line: i64) -> LineView {
    line_page(&test.house, &test.scope("payment.read"), LineId(line)).unwrap().line
}

fn wish(form: &str, action: BulkAction, chosen: Chosen) -> BulkWish {
    let source = if action == BulkAction::Close { Source::Replies } else { Source::Lines };
    BulkWish { form: form.into(), source, action, reason: "nama sudah dicocokkan".into(), chosen }
}

fn begin(test: &TestHouse, wish: &BulkWish) -> Result<BulkView> {
    begin_bulk(&test.house, &test.scope(wish.action.right()), wish)
}

fn carry_out(test: &TestHouse, wish: &BulkWish) -> BulkView {
    let begun = begin(test, wish).unwrap();
    go_on_bulk(&test.house, &test.scope(wish.action.right()), begun.bulk_id, BULK_ROWS_MAX).unwrap()
}

/// A cycle with troubles of several kinds.
fn troubled(test: &TestHouse, lines: i64) -> i64 {
    let cycle = test.build(lines).cycle_id;
    let words = ["TUTUP", "NAMA_BEDA", "OK", "TIDAK_DITEMUKAN", "NIK_TIDAK_PADAN"];
    test.answer_checks(&test.ask(cycle), |n| words[n % words.len()]);
    cycle
}

#[test]
fn five_counts_come_to_one_sum_and_the_list_has_as_many_rows() {
    for test in TestHouse::all() {
        troubled(&test, 23);
        let whole = ProblemFilter::all(Source::Lines);
        let counts = |filter: &ProblemFilter| {
            problem_counts(&test.house, &test.scope("payment.read"), filter).unwrap()
        };
        let adds_up = |filter: &ProblemFilter| {
            let (count, rows) = (counts(filter), all(&test, filter));
            let amount: i64 = rows.iter().filter_map(|row| row.amount_idr).sum();
            assert_eq!((rows.len() as i64, amount), (count.rows, count.amount_idr), "{filter:?}");
            for facet in [&count.kinds, &count.bands, &count.programmes, &count.channels, &count.regions] {
                let sums = facet.iter().fold((0, 0), |sum, one| (sum.0 + one.rows, sum.1 + one.amount_idr));
                assert_eq!(sums, (count.rows, count.amount_idr), "{filter:?}: {facet:?}");
            }
            rows
        };
        let rows = adds_up(&whole);
        assert!(rows.len() > 10, "{}", rows.len());
        // Each way of narrowing takes the rows apart without losing one.
        let count = counts(&whole);
        let ids = |filters: Vec<ProblemFilter>| {
            let ids: Vec<i64> = filters.iter().flat_map(&adds_up).map(|row| row.id).collect();
            let set: BTreeSet<i64> = ids.iter().copied().collect();
            assert_eq!(set.len(), ids.len(), "no row twice");
            set
        };
        let expected: BTreeSet<i64> = rows.iter().map(|row| row.id).collect();
        let by_kind = count
            .kinds
            .iter()
            .map(|one| ProblemFilter { kind: Trouble::from_code(&one.of), ..whole.clone() });
        assert_eq!(ids(by_kind.collect()), expected);
        let by_region = count
            .regions
            .iter()
            .map(|one| ProblemFilter { region: RegionCode::parse(&one.of).unwrap(), ..whole.clone() });
        assert_eq!(ids(by_region.collect()), expected);
        let by_band = (0..BANDS).map(|band| ProblemFilter { band: Some(band), ..whole.clone() });
        assert_eq!(ids(by_band.collect()), expected);
        let by_channel =
            count.channels.iter().map(|one| ProblemFilter { channel: one.of.clone(), ..whole.clone() });
        assert_eq!(ids(by_channel.collect()), expected);
        let by_programme =
            count.programmes.iter().map(|one| ProblemFilter { programme: one.of.clone(), ..whole.clone() });
        assert_eq!(ids(by_programme.collect()), expected);
    }
}

#[test]
fn an_act_on_many_rows_is_what_as_many_decisions_are_and_its_form_counts_once() {
    for test in TestHouse::all() {
        let cycle = troubled(&test, 15);
        let whole = ProblemFilter::all(Source::Lines);
        let rows = all(&test, &whole);
        let count = rows.len() as i64;
        let everything = Chosen::All { filter: whole.clone(), count };
        let too_few = Chosen::All { filter: whole.clone(), count: count - 1 };
        assert!(matches!(begin(&test, &wish("a", BulkAction::OtherChannel, too_few)), Err(Error::Changed)));

        // Somebody decides one of the rows after they were chosen.
        let begun = begin(&test, &wish("b", BulkAction::OtherChannel, everything.clone())).unwrap();
        let build = test.scope("payment.build");
        let faster = rows[0].id;
        decide_line(&test.house, &build, LineId(faster), &LineDecision::Hold, "meninggal").unwrap();
        // Killed half way: what was done stays, the rest goes on.
        let half = go_on_bulk(&test.house, &build, begun.bulk_id, 4).unwrap();
        assert_eq!((half.done + half.refused, half.finished), (4, false));
        let done = carry_out(&test, &wish("b", BulkAction::OtherChannel, everything.clone()));
        assert_eq!((done.bulk_id, done.done, done.refused), (begun.bulk_id, count - 1, 1));
        assert!(done.finished);
        let again = carry_out(&test, &wish("b", BulkAction::OtherChannel, everything));
        assert_eq!(again, done, "the same form again changes nothing");
        let page =
            bulk_page(&test.house, &test.scope("payment.read"), done.bulk_id, "refused", &Page::default())
                .unwrap();
        assert_eq!(page.refusals, [("payment-changed".to_owned(), 1)]);
        assert_eq!(page.rows.items[0].id, faster);
        assert_eq!(line_of(&test, faster).channel, "himbara", "a row that changed meanwhile is left alone");
        for row in rows.iter().filter(|row| row.id != faster) {
            let line = line_page(&test.house, &test.scope("payment.read"), LineId(row.id)).unwrap();
            assert_eq!((line.line.channel.as_str(), line.line.problem), ("pos", None));
            let last = line.events.last().unwrap();
            assert_eq!(last.reason, "person:nama sudah dicocokkan");
            assert_eq!(last.document, format!("bulk:{}", done.bulk_id));
        }
        assert!(test.reconcile(cycle).sound, "the counts are those of the lines");
    }
}

#[test]
fn who_holds_does_not_hold_twice_and_what_is_on_its_way_is_refused() {
    for test in TestHouse::all() {
        let (cycle, _) = sent(&test, 6);
        let told: Vec<(i64, String)> =
            lines_of(&test, cycle).iter().map(|line| (line.line_id, "0-0".into())).collect();
        let refused = carry_out(&test, &wish("a", BulkAction::Hold, Chosen::Rows(told)));
        assert_eq!((refused.done, refused.refused), (0, 6), "a mark that never was");

        let second = test.build_run("second", 100..106).cycle_id;
        test.answer_checks(&test.ask(second), |_| "NAMA_BEDA");
        let chosen = |test: &TestHouse| {
            let rows = all(test, &ProblemFilter::all(Source::Lines));
            Chosen::Rows(rows.into_iter().map(|row| (row.id, row.rev)).collect())
        };
        let held = carry_out(&test, &wish("b", BulkAction::Hold, chosen(&test)));
        assert_eq!((held.done, held.refused), (6, 0));
        assert!(lines_of(&test, second).iter().all(|line| line.eligibility == Eligibility::Held));
        let twice = carry_out(&test, &wish("c", BulkAction::Hold, chosen(&test)));
        assert_eq!((twice.done, twice.refused), (0, 6));
        let free = carry_out(&test, &wish("d", BulkAction::Release, chosen(&test)));
        assert_eq!((free.done, free.refused), (6, 0));
        let other = wish("d", BulkAction::Hold, chosen(&test));
        assert!(matches!(begin(&test, &other), Err(Error::Changed)), "one form is one act");
        let nothing = Chosen::Rows(Vec::new());
        let faults = [
            (wish("e", BulkAction::Hold, nothing), DeskFault::Nothing),
            (
                BulkWish { reason: " a ".into(), ..wish("f", BulkAction::Hold, chosen(&test)) },
                DeskFault::Reason,
            ),
            (
                BulkWish { source: Source::Replies, ..wish("g", BulkAction::Hold, chosen(&test)) },
                DeskFault::Action,
            ),
        ];
        for (wish, fault) in faults {
            assert!(matches!(begin(&test, &wish), Err(Error::Desk(told)) if told == fault), "{fault:?}");
        }
        let read = test.scope("payment.read");
        let wrong = begin_bulk(&test.house, &read, &wish("h", BulkAction::Hold, chosen(&test)));
        assert!(matches!(wrong, Err(Error::Scope { .. })));
        assert!(test.reconcile(second).sound);
    }
}

#[test]
fn nobody_is_said_to_live_by_an_act_on_many() {
    for test in TestHouse::all() {
        let cycle = troubled(&test, 6);
        let held = |test: &TestHouse| {
            let kinds = [Trouble::Held, Trouble::PayeeDied].map(Some);
            let rows = kinds
                .into_iter()
                .flat_map(|kind| all(test, &ProblemFilter { kind, ..ProblemFilter::all(Source::Lines) }));
            Chosen::Rows(rows.map(|row| (row.id, row.rev)).collect())
        };
        let lines = lines_of(&test, cycle);
        let dead = [super::plan::death(lines[0].family_id, lines[0].family_id * 10)];
        let build = test.scope("payment.build");
        assert_eq!(crate::plan::payees_died(&test.house, &build, &dead).unwrap(), 1);
        decide_line(&test.house, &build, LineId(lines[1].line_id), &LineDecision::Hold, "menunggu surat")
            .unwrap();
        let act = carry_out(&test, &wish("a", BulkAction::Release, held(&test)));
        assert_eq!((act.done, act.refused), (1, 1));
        let page =
            bulk_page(&test.house, &test.scope("payment.read"), act.bulk_id, "", &Page::default()).unwrap();
        assert_eq!(page.refusals, [("payment-desk-died".to_owned(), 1)]);
        let still = line_of(&test, lines[0].line_id);
        assert_eq!((still.eligibility, still.problem), (Eligibility::Held, Some(Trouble::PayeeDied)));
        assert_eq!(line_of(&test, lines[1].line_id).eligibility, Eligibility::Eligible);
        assert!(test.reconcile(cycle).sound);
    }
}

#[test]
fn a_visit_is_asked_for_once_until_something_happens_to_the_row() {
    for test in TestHouse::all() {
        troubled(&test, 5);
        let visits = || {
            let waiting = effects(&test.house, 1_000).unwrap();
            let workflow = &test.house.policy.settings().desk.visit_case;
            let asked =
                |effect: &Effect| matches!(effect, Effect::OpenCase { workflow: of, .. } if of == workflow);
            waiting.iter().filter(|one| asked(&one.effect)).count() as i64
        };
        let chosen = || {
            let rows = all(&test, &ProblemFilter::all(Source::Lines));
            Chosen::Rows(rows.into_iter().map(|row| (row.id, row.rev)).collect())
        };
        let first = carry_out(&test, &wish("a", BulkAction::Visit, chosen()));
        assert_eq!((first.done, visits()), (first.rows, first.rows));
        let again = carry_out(&test, &wish("b", BulkAction::Visit, chosen()));
        assert_eq!((again.done, again.refused, visits()), (0, first.rows, first.rows));
        carry_out(&test, &wish("c", BulkAction::Hold, chosen()));
        let held = carry_out(&test, &wish("d", BulkAction::Visit, chosen()));
        assert_eq!((held.done, visits()), (first.rows, 2 * first.rows));
    }
}

#[test]
fn rows_of_replies_are_closed_together_and_end_the_trouble_of_their_lines() {
    for test in TestHouse::all() {
        let (cycle, rows) = sent(&test, 10);
        let wrong: BTreeMap<usize, bank::Mishap> =
            (0..10).step_by(3).map(|n| (n, bank::Mishap::WrongAmount)).collect();
        test.import_order(&test.file("reply.csv", &bank::topups(&rows, &wrong)));
        let whole = ProblemFilter::all(Source::Replies);
        let open = all(&test, &whole);
        // The bank tells of a line that is not there as well.
        assert_eq!(open.len(), wrong.len() + 1);
        let counts = problem_counts(&test.house, &test.scope("payment.read"), &whole).unwrap();
        assert_eq!((counts.rows, counts.kinds.len()), (open.len() as i64, 2));
        let count = counts.rows;
        let closed =
            carry_out(&test, &wish("a", BulkAction::Close, Chosen::All { filter: whole.clone(), count }));
        assert_eq!((closed.done, closed.refused), (count, 0));
        assert!(all(&test, &whole).is_empty() && all(&test, &ProblemFilter::all(Source::Lines)).is_empty());
        assert!(test.reconcile(cycle).sound);
    }
}

#[test]
fn the_annex_adds_up_and_every_hash_leads_back_to_its_list() {
    for test in TestHouse::all() {
        let (cycle, _) = sent(&test, 20);
        let scope = test.scope("payment.read");
        let order = cycle_page(&test.house, &scope, cycle).unwrap().orders.remove(0);
        let paper = annex(&test.house, &scope, order.order_id, &RegionCode::nation()).unwrap();
        assert_eq!((paper.lines, paper.amount_idr), (order.lines, order.amount_idr));
        let lines = annex_lines(&test.house, &scope, order.order_id, &Page::first(100)).unwrap().items;
        for village in &paper.villages {
            let of: Vec<_> = lines.iter().filter(|line| line.region == village.region).collect();
            let sum: i64 = of.iter().map(|line| line.amount_idr).sum();
            assert_eq!((of.len() as i64, sum), (village.lines, village.amount_idr));
        }
        assert!(lines.iter().all(|line| line.nik.contains("********") && line.account_tail.len() == 4));
        let village = RegionCode::parse(&paper.villages[0].region).unwrap();
        let part = annex(&test.house, &scope, order.order_id, &village).unwrap();
        assert_eq!((part.lines, part.villages.len()), (paper.villages[0].lines, 1));

        assert!(
            matches!(minutes(&test.house, &scope, cycle), Err(Error::NotFound(_))),
            "nobody reconciled yet"
        );
        test.reconcile(cycle);
        let minutes = minutes(&test.house, &scope, cycle).unwrap();
        assert_eq!(minutes.orders, std::slice::from_ref(&order));
        let of_order = found(&test.house, &scope, &format!(" {} ", order.list_hash.to_uppercase())).unwrap();
        assert_eq!(of_order.orders[0].0, order);
        let of_list = found(&test.house, &scope, &minutes.list_hash).unwrap();
        assert_eq!((of_list.cycles[0].cycle_id, of_list.orders.len()), (cycle, 0));
        let citizen = Session::citizen(&test.house);
        let holder = found(&test.house, &citizen.scope("paper.check").unwrap(), &order.list_hash).unwrap();
        assert_eq!(holder.orders, of_order.orders, "who holds a paper knows what stands on it");
        let ticket = citizen.scope("case.ticket").unwrap();
        assert!(matches!(found(&test.house, &ticket, &order.list_hash), Err(Error::Scope { .. })));
        for stray in ["", "abc", &"0".repeat(64), &"'".repeat(64)] {
            assert_eq!(found(&test.house, &scope, stray).unwrap(), crate::desk::Found::default());
        }
    }
}

fn asked(form: &str) -> ReleaseAsked {
    ReleaseAsked {
        form: form.into(),
        kind: ReleaseKind::Order,
        subject: "1".into(),
        region: RegionCode::nation(),
        format: "csv".into(),
        purpose: "pemeriksaan BPK".into(),
        recipient: "BPK RI".into(),
    }
}

/// What happens to a request.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Release(usize),
    Refuse(usize),
    Fetch(usize),
    NextDay,
}

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        2 => (0..3usize).prop_map(Deed::Release),
        1 => (0..3usize).prop_map(Deed::Refuse),
        4 => (0..3usize).prop_map(Deed::Fetch),
        1 => Just(Deed::NextDay),
    ]
}

fn persons(test: &TestHouse) -> Vec<Session> {
    let console = Session::console(&test.house);
    let scope = console.scope("user.manage").unwrap();
    ["satu", "dua", "tiga"]
        .map(|login| {
            let new = NewUser {
                login: login.into(),
                name: login.into(),
                role: "treasurer".into(),
                region: RegionCode::nation(),
                password: None,
            };
            create_user(&test.house, &scope, new).unwrap();
            session_of_login(&test.house, &scope, login).unwrap()
        })
        .into()
}

/// Whatever three persons try: nothing leaves that another than who asked did not release, none but who asked fetches it, never after
/// its hours or more often than the settings say, and each fetch is kept.
#[test]
fn no_list_leaves_with_one_name_on_it() {
    for mut test in TestHouse::all() {
        sent(&test, 4);
        let persons = persons(&test);
        let ask = |kind, subject: &str| {
            let asked = ReleaseAsked { kind, subject: subject.into(), ..asked("none") };
            ask_release(&test.house, &persons[0].scope("export.request").unwrap(), &asked)
        };
        for (kind, subject) in
            [(ReleaseKind::Order, "99"), (ReleaseKind::Order, "x"), (ReleaseKind::Lines, "99/")]
        {
            assert!(matches!(ask(kind, subject), Err(Error::NotFound(_))), "{kind:?} {subject}");
        }
        let mut runner =
            proptest::test_runner::TestRunner::new(ProptestConfig { cases: 40, ..ProptestConfig::default() });
        let mut today = test.house.clock.today();
        let mut n = 0;
        let settings = test.house.policy.settings().desk.clone();
        for _ in 0..40 {
            let deeds = proptest::collection::vec(any_deed(), 1..12);
            let deeds =
                proptest::strategy::ValueTree::current(&Strategy::new_tree(&deeds, &mut runner).unwrap());
            n += 1;
            let form = format!("f{n}");
            let scope = |who: usize, right: &str| persons[who].scope(right).unwrap();
            let request = ask_release(&test.house, &scope(0, "export.request"), &asked(&form)).unwrap();
            assert_eq!(
                ask_release(&test.house, &scope(0, "export.request"), &asked(&form)).unwrap(),
                request
            );
            // What should hold, told by a model of three variables.
            let (mut state, mut until, mut fetched) = ("asked", 0, 0);
            for deed in deeds {
                let now = test.house.clock.now_ms();
                match deed {
                    Deed::NextDay => {
                        today = today.tomorrow().unwrap();
                        test.house.clock = std::sync::Arc::new(model::FixedClock::at(today));
                    }
                    Deed::Release(who) | Deed::Refuse(who) => {
                        let releases = matches!(deed, Deed::Release(_));
                        let done = decide_release(
                            &test.house,
                            &scope(who, "export.release"),
                            request.export_no,
                            releases,
                            "sesuai surat",
                        );
                        let may = who != 0 && state == "asked";
                        assert_eq!(done.is_ok(), may, "{deed:?} {state}: {done:?}");
                        if may {
                            state = if releases { "released" } else { "refused" };
                            until = now + settings.export_hours * 3_600_000;
                        }
                    }
                    Deed::Fetch(who) => {
                        let scope = scope(who, "export.request");
                        let ticket = open_release(&test.house, &scope, request.export_no);
                        let may = who == 0
                            && state == "released"
                            && now < until
                            && fetched < settings.export_fetches;
                        assert_eq!(ticket.is_ok(), may, "{deed:?} {state}: {ticket:?}");
                        if let Ok(ticket) = ticket {
                            let hash = record_fetch(&test.house, &scope, &ticket, 7, b"isi").unwrap();
                            let twice = record_fetch(&test.house, &scope, &ticket, 7, b"isi");
                            assert!(twice.is_err(), "one ticket is one fetch");
                            fetched += 1;
                            let read = persons[1].scope("export.read").unwrap();
                            let kept = crate::desk::fetches(&test.house, &read, request.export_no).unwrap();
                            assert_eq!((kept.len() as i64, &kept.last().unwrap().hash), (fetched, &hash));
                        }
                    }
                }
            }
        }
        let read = persons[0].scope("audit.read");
        assert!(read.is_err(), "the treasurer does not read the log");
        let console = Session::console(&test.house).scope("audit.read").unwrap();
        assert_eq!(access::verify_audit(&test.house, &console).unwrap(), None);
    }
}
