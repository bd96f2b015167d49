//! Grant funds: whatever is told in whatever order, money is neither made nor lost, and the books say what the moves say.

use std::{cell::Cell, collections::BTreeMap};

use access::Scope;
use jiff::civil::date;
use model::RegionCode;
use proptest::{prelude::*, test_runner::TestRunner};
use store::{Page, sql};

use super::house::TestHouse;
use crate::{
    funds::{FundFault, FundKind, FundMoved, FundPage, NewFund, NewFundMove, *},
    journal::{self, BooksFilter},
    *,
};

sql! {
    TAMPER = "UPDATE fund_move SET amount_idr = amount_idr + 1 WHERE kind = 'deposit'";
}

fn fund(test: &TestHouse, licence: &str) -> i64 {
    let new = NewFund {
        source: test.house.policy.funds().sources[0].key.clone(),
        licence: licence.into(),
        licensed_on: date(2026, 3, 1),
        holder: "PT Contoh".into(),
        region: RegionCode::nation(),
    };
    let id = open_fund(&test.house, &test.scope("fund.record"), &new).unwrap();
    assert_eq!(open_fund(&test.house, &test.scope("fund.record"), &new).unwrap(), id, "once");
    id
}

fn told(
    test: &TestHouse,
    fund: i64,
    kind: FundKind,
    parent: Option<i64>,
    amount: i64,
    document: &str,
) -> NewFundMove {
    let funds = test.house.policy.funds();
    NewFundMove {
        fund_id: fund,
        kind,
        parent,
        amount_idr: amount,
        document: document.into(),
        day: date(2026, 11, 2),
        party: "Yayasan Contoh".into(),
        purpose: if kind == FundKind::Allot { funds.purposes[0].key.clone() } else { String::new() },
        papers: funds.sources[0].papers.iter().map(|paper| (paper.key.clone(), "1/2026".into())).collect(),
        note: String::new(),
    }
}

fn record(test: &TestHouse, new: &NewFundMove) -> Result<FundMoved> {
    record_move(&test.house, &test.scope("fund.record"), new)
}

/// Another person than the one who records.
fn checker(test: &TestHouse) -> Scope {
    test.checker_for("fund.approve")
}

fn page(test: &TestHouse, fund: i64) -> FundPage {
    fund_page(&test.house, &test.scope("fund.read"), fund, &Page::first(100)).unwrap()
}

fn refused<T: std::fmt::Debug>(done: Result<T>) -> FundFault {
    match done {
        Err(Error::Fund(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_deposit_becomes_a_grant_that_two_people_agreed_to_and_what_is_not_used_comes_back() {
    for test in TestHouse::all() {
        let id = fund(&test, "IZIN 1");
        let tell = |kind, parent, amount, document: &str| {
            record(&test, &told(&test, id, kind, parent, amount, document))
        };
        let decide = |of: i64| decide_move(&test.house, &checker(&test), of, true, "").unwrap();
        let paid = tell(FundKind::Deposit, None, 1_000, "STS 1").unwrap();
        assert_eq!((paid.state.as_str(), paid.again), ("posted", false));
        assert!(tell(FundKind::Deposit, None, 1_000, "STS 1").unwrap().again, "the same paper again");
        assert!(matches!(refused(tell(FundKind::Deposit, None, 999, "STS 1")), FundFault::Document(_)));
        let mut bare = told(&test, id, FundKind::Deposit, None, 5, "STS 2");
        bare.papers.clear();
        assert!(
            refused(record(&test, &bare)).field().starts_with("paper_"),
            "the source asks for its papers"
        );

        let set = tell(FundKind::Allot, None, 600, "KEP 1").unwrap();
        assert_eq!(set.state, "proposed");
        assert_eq!(page(&test, id).sums.free_idr, 1_000, "nothing moves before a second person agrees");
        let own = decide_move(&test.house, &test.scope("fund.approve"), set.move_id, true, "");
        assert!(matches!(own, Err(Error::SamePerson)), "{own:?}");
        decide(set.move_id);
        let twice = decide_move(&test.house, &checker(&test), set.move_id, true, "");
        assert!(matches!(refused(twice), FundFault::State(_)));
        let much = tell(FundKind::Allot, None, 500, "KEP 2").unwrap();
        let much = decide_move(&test.house, &checker(&test), much.move_id, true, "");
        assert!(matches!(refused(much), FundFault::Short { have, .. } if have.idr() == 400));

        let grant = tell(FundKind::Grant, Some(set.move_id), 500, "NPH 1").unwrap();
        decide(grant.move_id);
        tell(FundKind::Use, Some(grant.move_id), 300, "LPJ 1").unwrap();
        tell(FundKind::Unused, Some(grant.move_id), 150, "STS 3").unwrap();
        let over = tell(FundKind::Use, Some(grant.move_id), 51, "LPJ 2");
        assert!(matches!(refused(over), FundFault::Short { have, .. } if have.idr() == 50));
        tell(FundKind::Release, Some(set.move_id), 40, "KEP 3").unwrap();
        let state = page(&test, id);
        let sums = state.sums;
        assert_eq!((sums.deposited_idr, sums.free_idr, sums.allotted_idr), (1_000, 400 + 150 + 40, 60));
        assert_eq!((sums.granted_idr, sums.used_idr), (50, 300));
        assert_eq!(state.broken, Vec::<String>::new());

        // A wrong report is taken back by a new posting; what others stand on is not.
        let used = state.moves.iter().find(|one| one.kind == FundKind::Use).unwrap().move_id;
        let back = |of| take_back(&test.house, &test.scope("fund.record"), of, "BA 1", "salah tulis");
        assert!(matches!(refused(back(set.move_id)), FundFault::State(_)));
        let done = back(used).unwrap();
        assert_eq!(done.state, "posted");
        assert!(back(used).unwrap().again);
        assert_eq!((page(&test, id).sums.granted_idr, page(&test, id).sums.used_idr), (350, 0));

        // It stands in the same books, and leads down to its paper.
        let scope = test.scope("ledger.read");
        let filter = BooksFilter { programme: state.fund.source.clone(), ..BooksFilter::default() };
        let trial = journal::trial(&test.house, &scope, &filter).unwrap();
        assert!(trial.sound && trial.accounts.len() == 5, "{trial:?}");
        let entries =
            journal::entries(&test.house, &scope, &filter, None, None, &Page::first(100)).unwrap().items;
        for entry in &entries {
            let found =
                journal::entry_page(&test.house, &scope, entry.entry_id, None, &Page::first(9)).unwrap();
            assert!(found.agrees && found.fund == Some(id), "{found:?}");
            let paper =
                journal::document_page(&test.house, &scope, &entry.document, &Page::first(9)).unwrap();
            assert!(paper.agrees && paper.fund == Some(id), "{paper:?}");
        }
        for account in &trial.accounts {
            let kind = journal::AccountKind::from_code(account.account).unwrap();
            let list =
                journal::entries(&test.house, &scope, &filter, Some(kind), None, &Page::first(100)).unwrap();
            let sum: i64 = list
                .items
                .iter()
                .map(|e| if e.debit == account.account { e.amount_idr } else { -e.amount_idr })
                .sum();
            assert_eq!(sum, account.balance_idr);
        }
        test.house.db.write(|tx| tx.execute(&TAMPER, &[])).unwrap();
        assert_eq!(page(&test, id).broken.len(), 3, "the entries, and the balances of both accounts");
        let paper =
            journal::document_page(&test.house, &scope, &format!("fund:{}", paid.move_id), &Page::first(9));
        assert!(!paper.unwrap().agrees, "the paper says another amount than its entry");
    }
}

#[test]
fn a_paper_stands_for_one_move_at_a_time() {
    for test in TestHouse::all() {
        let id = fund(&test, "IZIN 1");
        let paper = |amount| told(&test, id, FundKind::Deposit, None, amount, "STS 1");
        let first = record(&test, &paper(1_000)).unwrap().move_id;
        let mut other = paper(1_000);
        other.papers[0].1 = "2/2026".into();
        assert!(
            matches!(refused(record(&test, &other)), FundFault::Document(_)),
            "its papers are part of it"
        );
        take_back(&test.house, &test.scope("fund.record"), first, "BA 1", "salah tulis").unwrap();
        assert!(matches!(refused(record(&test, &paper(1_000))), FundFault::State(_)), "a form sent late");
        assert!(!record(&test, &paper(900)).unwrap().again, "told rightly under the same number");
        assert_eq!(page(&test, id).sums.deposited_idr, 900);

        let set = told(&test, id, FundKind::Allot, None, 500, "KEP 1");
        let refuse = record(&test, &set).unwrap().move_id;
        decide_move(&test.house, &checker(&test), refuse, false, "tanpa lampiran").unwrap();
        let again = record(&test, &set).unwrap();
        assert!(!again.again && again.move_id != refuse, "what was refused may be proposed again");
        decide_move(&test.house, &checker(&test), again.move_id, true, "").unwrap();

        // A grant that waits while its allotment is taken back can no longer be agreed to.
        let grant =
            record(&test, &told(&test, id, FundKind::Grant, Some(again.move_id), 5, "NPH 1")).unwrap();
        let back =
            take_back(&test.house, &test.scope("fund.record"), again.move_id, "BA 2", "salah").unwrap();
        decide_move(&test.house, &checker(&test), back.move_id, true, "").unwrap();
        let late = decide_move(&test.house, &checker(&test), grant.move_id, true, "");
        assert_eq!(refused(late), FundFault::State("taken_back".into()));
        assert_eq!(page(&test, id).broken, Vec::<String>::new());
    }
}

#[test]
fn a_fund_is_seen_where_it_belongs() {
    let test = TestHouse::sqlite();
    let new = NewFund {
        source: test.house.policy.funds().sources[0].key.clone(),
        licence: "IZIN 9".into(),
        licensed_on: date(2026, 3, 1),
        holder: "Yayasan".into(),
        region: RegionCode::parse("99.01").unwrap(),
    };
    let id = open_fund(&test.house, &test.scope("fund.record"), &new).unwrap();
    let at = |code: &str| test.scope("fund.read").within(&RegionCode::parse(code).unwrap()).unwrap();
    assert!(fund_page(&test.house, &at("99.01"), id, &Page::first(9)).is_ok());
    assert!(matches!(fund_page(&test.house, &at("99.02"), id, &Page::first(9)), Err(Error::NotFound(_))));
    assert!(funds::funds(&test.house, &at("99.02"), &Page::first(9)).unwrap().items.is_empty());
    let other = NewFund { holder: "Lain".into(), ..new };
    let again = open_fund(&test.house, &test.scope("fund.record"), &other);
    assert!(matches!(refused(again), FundFault::Document(_)));
    let village = NewFund { region: RegionCode::parse("99.01.01.2001").unwrap(), ..other };
    let village = open_fund(&test.house, &test.scope("fund.record"), &village);
    assert_eq!(refused(village), FundFault::Field("region".into()), "no village holds a fund");
    let late = NewFundMove { day: date(2026, 12, 31), ..told(&test, id, FundKind::Deposit, None, 5, "STS") };
    assert_eq!(refused(record(&test, &late)), FundFault::Day);
}

/// What the model knows of a move: kind, parent, amount, what was taken of it, and whether it stands.
#[derive(Debug, Clone)]
struct Known {
    kind: FundKind,
    parent: Option<i64>,
    amount: i64,
    taken: i64,
    corrects: Option<i64>,
    state: &'static str,
}

#[derive(Default)]
struct Model {
    free: i64,
    deposited: i64,
    moves: BTreeMap<i64, Known>,
}

impl Model {
    /// Money of a kind that stands open in moves: what allotments or grants have left.
    fn left(&self, kind: FundKind) -> i64 {
        let open = self
            .moves
            .values()
            .filter(|one| one.kind == kind && one.state == "posted" && one.corrects.is_none());
        open.map(|one| one.amount - one.taken).sum()
    }

    /// Carries a move out, or says that it cannot be.
    fn enter(&mut self, of: &Known) -> bool {
        let sign = if of.corrects.is_some() { -1 } else { 1 };
        if let Some(wrong) = of.corrects {
            let wrong = &self.moves[&wrong];
            if wrong.state != "posted" || wrong.taken != 0 {
                return false;
            }
        }
        let change = sign
            * match of.kind {
                FundKind::Deposit | FundKind::Release | FundKind::Unused => of.amount,
                FundKind::Allot => -of.amount,
                FundKind::Grant | FundKind::Use => 0,
            };
        if self.free + change < 0 {
            return false;
        }
        if let Some(parent) = of.parent {
            let parent = self.moves.get_mut(&parent).unwrap();
            let taken = parent.taken + sign * of.amount;
            if parent.state != "posted" || !(0..=parent.amount).contains(&taken) {
                return false;
            }
            parent.taken = taken;
        }
        self.free += change;
        if of.kind == FundKind::Deposit {
            self.deposited += sign * of.amount;
        }
        if let Some(wrong) = of.corrects {
            self.moves.get_mut(&wrong).unwrap().state = "taken_back";
        }
        true
    }
}

type Step = (u8, usize, usize, i64);

#[test]
fn random_histories_neither_make_nor_lose_money() {
    for test in TestHouse::all() {
        let round = Cell::new(0);
        let steps = prop::collection::vec((0..11u8, 0..6usize, 0..40usize, 1..60i64), 20..60);
        let mut runner = TestRunner::new(ProptestConfig { cases: 20, ..ProptestConfig::default() });
        let checker = checker(&test);
        let entered = Cell::new([0; 3]);
        runner
            .run(&steps, |steps| {
                round.set(round.get() + 1);
                history(&test, &checker, &format!("IZIN {}", round.get()), &steps, &entered)
            })
            .unwrap();
        let [posted, short, back] = entered.get();
        assert!(posted > 50 && short > 10 && back > 5, "the histories are too tame: {posted} {short} {back}");
    }
}

fn history(
    test: &TestHouse,
    checker: &Scope,
    licence: &str,
    steps: &[Step],
    entered: &Cell<[u32; 3]>,
) -> std::result::Result<(), TestCaseError> {
    let id = fund(test, licence);
    let mut model = Model::default();
    let count = |what: usize| {
        let mut all = entered.get();
        all[what] += 1;
        entered.set(all);
    };
    for (n, (act, kind, pick, amount)) in steps.iter().enumerate() {
        let ids: Vec<i64> = model.moves.keys().copied().collect();
        let some = (!ids.is_empty()).then(|| ids[pick % ids.len()]);
        let (known, done) = match (act, some) {
            (6..=8, Some(of)) => {
                // Somebody else decides what waits.
                let waits = model.moves[&of].state == "proposed";
                let done = decide_move(&test.house, checker, of, *act != 8, "tidak lengkap");
                if !waits {
                    prop_assert!(matches!(refused(done), FundFault::State(_)));
                    continue;
                }
                let known = model.moves[&of].clone();
                if *act == 8 {
                    prop_assert_eq!(done.unwrap().state, "refused");
                    model.moves.get_mut(&of).unwrap().state = "refused";
                } else if model.enter(&known) {
                    prop_assert_eq!(done.unwrap().state, "posted");
                    model.moves.get_mut(&of).unwrap().state = "posted";
                    count(0);
                } else {
                    prop_assert!(done.is_err(), "{:?}", done);
                    count(1);
                }
                check(test, id, &model)?;
                continue;
            }
            (9.., Some(of)) => {
                let wrong = model.moves[&of].clone();
                let document = format!("BA {n}");
                let done = take_back(&test.house, &test.scope("fund.record"), of, &document, "salah");
                if wrong.state != "posted" || wrong.corrects.is_some() || wrong.taken != 0 {
                    prop_assert!(matches!(refused(done), FundFault::State(_)));
                    continue;
                }
                (Known { corrects: Some(of), taken: 0, state: "posted", ..wrong }, done)
            }
            _ => {
                let kind = FundKind::ALL[*kind];
                let parents: Vec<i64> = model
                    .moves
                    .iter()
                    .filter(|(_, one)| {
                        Some(one.kind) == kind.parent() && one.corrects.is_none() && one.state == "posted"
                    })
                    .map(|(id, _)| *id)
                    .collect();
                let parent = kind.parent().and_then(|_| parents.get(pick % parents.len().max(1)).copied());
                if kind.parent().is_some() && parent.is_none() {
                    continue;
                }
                let new = told(test, id, kind, parent, *amount, &format!("S {n}"));
                let done = record(test, &new);
                if let Ok(first) = &done {
                    // The same form sent again.
                    let again = record(test, &new).unwrap();
                    prop_assert!(again.again && again.move_id == first.move_id);
                }
                (Known { kind, parent, amount: *amount, taken: 0, corrects: None, state: "posted" }, done)
            }
        };
        let back = known.corrects.is_some();
        if known.kind.needs_checker() {
            let done = done.unwrap();
            prop_assert_eq!(&done.state, "proposed");
            model.moves.insert(done.move_id, Known { state: "proposed", ..known });
        } else if model.enter(&known) {
            model.moves.insert(done.unwrap().move_id, known);
            count(if back { 2 } else { 0 });
        } else {
            let short = matches!(refused(done), FundFault::Short { .. });
            prop_assert!(short);
            count(1);
        }
        check(test, id, &model)?;
    }
    Ok(())
}

/// The fund's books, its moves and the model say the same, and all of it adds up.
fn check(test: &TestHouse, id: i64, model: &Model) -> std::result::Result<(), TestCaseError> {
    let found = page(test, id);
    prop_assert_eq!(&found.broken, &Vec::<String>::new());
    let sums = found.sums;
    let seen = (sums.deposited_idr, sums.free_idr, sums.allotted_idr, sums.granted_idr);
    let (allotted, granted) = (model.left(FundKind::Allot), model.left(FundKind::Grant));
    prop_assert_eq!(seen, (model.deposited, model.free, allotted, granted));
    let all = sums.free_idr + sums.allotted_idr + sums.granted_idr + sums.used_idr;
    prop_assert_eq!(sums.deposited_idr, all, "what came in is somewhere");
    for one in &found.moves {
        prop_assert_eq!(&one.state, model.moves[&one.move_id].state);
    }
    let of = BooksFilter { programme: found.fund.source, channel: found.channel, ..BooksFilter::default() };
    let trial = journal::trial(&test.house, &test.scope("ledger.read"), &of).unwrap();
    prop_assert!(trial.sound, "{:?}", trial);
    Ok(())
}
