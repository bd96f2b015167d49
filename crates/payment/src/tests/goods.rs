//! Goods: nothing vanishes between supplier and family, whatever is told in whatever order and however often.

use access::{Scope, Session};
use jiff::civil::{Date, date};
use model::{FamilyId, Month, RegionCode, Silent};
use policy::Selection;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use rowfile::Refused;
use store::Page;

use super::house::{CLOSING, TestHouse};
use crate::{
    ApprovedList, Effect, Error, effects,
    goods::{
        Arrival, Criterion, Delivery, Departure, DueState, Finding, GoodsFault, HAND_COLUMNS, HandDetails,
        HandOver, HandStep, ListBuilt, MoveKind, Moved, Outcome, arrive, build_list, correct, due_page, dues,
        hand_over, import_handovers, list_page, lot_page, make_warehouse, overview, receive, send,
        stock_card, write_off,
    },
};

const TODAY: Date = date(2026, 11, 20);

fn console(test: &TestHouse, action: &str) -> Scope {
    Session::console(&test.house).scope(action).unwrap()
}

/// Any programme that gives goods by list, month by month, and its first month.
fn giving(test: &TestHouse) -> (String, String, String) {
    let programmes = test.house.policy.programmes().values();
    let versions = programmes.flat_map(|one| one.versions.iter().map(move |version| (&one.key, version)));
    let mut given = versions.filter(|(_, version)| {
        version.selection == Selection::List && version.schedule.month && !version.goods.is_empty()
    });
    let (key, version) = given.find(|(_, version)| version.goods[0].unit == "kg").unwrap();
    (key.clone(), Month::of(version.valid_from).to_string(), version.goods[0].code.clone())
}

fn approved(test: &TestHouse, run: &str, families: std::ops::Range<i64>) -> ApprovedList {
    test.write_list(run, families);
    let (programme, period, _) = giving(test);
    let dataset = test.dataset(run);
    let list_hash = test.house.lake.require(&dataset).unwrap().manifest().hash.clone();
    ApprovedList { programme, period, run: run.into(), dataset, list_hash, closing: CLOSING.into() }
}

fn listed(test: &TestHouse, run: &str, families: std::ops::Range<i64>) -> ListBuilt {
    let list = approved(test, run, families);
    let mut made = build_list(&test.house, &console(test, "goods.build"), &list, &Silent).unwrap();
    let again = build_list(&test.house, &console(test, "goods.build"), &list, &Silent).unwrap();
    assert_eq!(made, again, "the same list again changes nothing");
    made.remove(0)
}

fn warehouse(test: &TestHouse, region: &str, name: &str) -> i64 {
    let region = RegionCode::parse(region).unwrap();
    make_warehouse(&test.house, &console(test, "goods.stock"), &region, name).unwrap().warehouse_id
}

fn delivery(
    test: &TestHouse,
    warehouse: i64,
    document: &str,
    noted: i64,
    weighed: i64,
    refused: i64,
) -> Delivery {
    let found = if refused > 0 { "kutu" } else { "" };
    Delivery {
        item: giving(test).2,
        supplier: "Gudang Induk".into(),
        contract: "KTR/1".into(),
        document: document.into(),
        warehouse,
        noted,
        weighed,
        refused,
        refused_why: found.into(),
        price_idr: Some(12_000),
        made_on: None,
        expires_on: Some(date(2026, 12, 20)),
        day: TODAY,
        findings: vec![Finding { criterion: Criterion::Pests, good: refused == 0, found: found.into() }],
    }
}

fn took(test: &TestHouse, told: &Delivery) -> Result<Moved, Error> {
    receive(&test.house, &console(test, "goods.stock"), told)
}

fn handing(step: HandStep, given: i64, warehouse: i64, lot: i64) -> HandOver {
    let text = |some: &str| some.to_owned();
    let details = if step.gives() {
        HandDetails {
            whom: text("Siti"),
            role: text(if step == HandStep::Instead { "heir" } else { "self" }),
            place: text("Balai desa"),
            proof_kind: text("signature"),
            proof: text("Lembar 1"),
            note: text(if step == HandStep::Instead { "Sakit" } else { "" }),
        }
    } else {
        HandDetails { note: text("Tidak datang"), ..HandDetails::default() }
    };
    let (warehouse, lot) = if step.gives() { (warehouse, lot) } else { (0, 0) };
    HandOver { step, day: TODAY, given, warehouse, lot, details }
}

fn give(test: &TestHouse, list: i64, family: i64, told: &HandOver) -> Result<DueState, Error> {
    let page = due_page(&test.house, &console(test, "goods.read"), list, FamilyId(family)).unwrap();
    let scope = console(test, "goods.hand");
    hand_over(&test.house, &scope, (list, FamilyId(family)), told, page.due.rev).map(|done| done.state)
}

fn sound(test: &TestHouse, lot: i64) {
    let page = lot_page(&test.house, &console(test, "goods.read"), lot).unwrap();
    assert!(page.figures.sound(), "lot {lot}: {:?}", page.figures);
}

#[test]
fn rice_goes_from_the_supplier_to_the_family_and_nothing_vanishes() {
    for test in TestHouse::all() {
        let (district, village) =
            (warehouse(&test, "99.01", "Kabupaten"), warehouse(&test, "99.01.01", "Kecamatan"));
        let told = delivery(&test, district, "SJ/1", 1_000_000, 998_000, 48_000);
        let lot = took(&test, &told).unwrap().lot_id;
        assert!(took(&test, &told).unwrap().again, "the same delivery note again changes nothing");
        let other = Delivery { weighed: 999_000, ..told };
        assert!(matches!(took(&test, &other), Err(Error::Goods(GoodsFault::Document))));

        let stock = console(&test, "goods.stock");
        let way = Departure {
            from: district,
            lot,
            to: village,
            quantity: 500_000,
            document: "SP/1".into(),
            day: TODAY,
        };
        let sent = send(&test.house, &stock, &way).unwrap();
        assert!(send(&test.house, &stock, &way).unwrap().again);
        let more = Departure { quantity: 500_001, document: "SP/2".into(), ..way };
        assert!(matches!(
            send(&test.house, &stock, &more),
            Err(Error::Goods(GoodsFault::Stock { have: 450_000, .. }))
        ));
        let transfer = sent.transfer_id.unwrap();
        let mut come = Arrival {
            transfer,
            arrived: 480_000,
            lost: 15_000,
            damaged: 0,
            document: "BT/1".into(),
            day: TODAY,
            note: String::new(),
        };
        let unexplained = arrive(&test.house, &stock, &come);
        assert!(
            matches!(unexplained, Err(Error::Goods(GoodsFault::Field("note")))),
            "a shortage is explained"
        );
        come.note = "Karung sobek".into();
        arrive(&test.house, &stock, &come).unwrap();
        assert!(arrive(&test.house, &stock, &come).unwrap().again);
        let rest = Arrival { arrived: 5_001, lost: 0, document: "BT/2".into(), ..come };
        let too_much = arrive(&test.house, &stock, &rest);
        assert!(matches!(too_much, Err(Error::Goods(GoodsFault::Transit { have: 5_000 }))));
        sound(&test, lot);

        let list = listed(&test, "main", 0..30);
        assert_eq!((list.families, list.skipped), (30, 0));
        let due = list.each_due;
        let read = console(&test, "goods.read");
        let here = read.within(&RegionCode::parse("99.01.01").unwrap()).unwrap();
        let families = dues(&test.house, &here, list.list_id, None, &Page::first(10)).unwrap().items;
        assert!(families.len() >= 3 && families.iter().all(|one| !one.name.is_empty()));
        let (first, second, third) = (families[0].family_id, families[1].family_id, families[2].family_id);
        let id = list.list_id;
        assert_eq!(
            give(&test, id, first, &handing(HandStep::HandOver, due, village, lot)).unwrap(),
            DueState::HandedOver
        );
        let twice = give(&test, id, first, &handing(HandStep::HandOver, due, village, lot));
        assert!(matches!(twice, Err(Error::Goods(GoodsFault::Quantity))), "who has all of it gets no more");
        let short = handing(HandStep::HandOver, due - 500, village, lot);
        assert_eq!(give(&test, id, second, &short).unwrap(), DueState::Short);
        let asked = effects(&test.house, 10).unwrap();
        assert_eq!(asked.len(), 1, "who got less has a case");
        let Effect::OpenCase { workflow, family, reason, .. } = &asked[0].effect;
        assert!(test.house.policy.workflow(workflow).is_some());
        assert_eq!((family.0, reason.as_str()), (second, "short"));
        assert_eq!(
            give(&test, id, third, &handing(HandStep::NotCollected, 0, 0, 0)).unwrap(),
            DueState::NotCollected
        );
        assert_eq!(
            give(&test, id, third, &handing(HandStep::Instead, due, village, lot)).unwrap(),
            DueState::Instead
        );
        assert_eq!(give(&test, id, first, &handing(HandStep::TakeBack, 0, 0, 0)).unwrap(), DueState::Open);
        sound(&test, lot);

        let far = families.iter().map(|one| one.family_id).max().unwrap();
        let elsewhere = warehouse(&test, "99.02", "Kabupaten lain");
        let wrong = give(&test, id, far, &handing(HandStep::HandOver, due, elsewhere, lot));
        assert!(
            matches!(wrong, Err(Error::Goods(GoodsFault::Elsewhere | GoodsFault::Quantity))),
            "{wrong:?}"
        );

        let page = list_page(&test.house, &read, id, &RegionCode::nation()).unwrap();
        let sums = page
            .rows
            .iter()
            .fold((0, 0, 0), |sum, row| (sum.0 + row.families, sum.1 + row.due, sum.2 + row.given));
        assert_eq!(sums, (30, 30 * due, due - 500 + due));
        let card = stock_card(&test.house, &read, village, &Page::first(50)).unwrap();
        assert_eq!(card.lots[0].quantity, 480_000 - (due - 500) - due);
        assert_eq!(card.moves[0].balance, card.lots[0].quantity);
        let over = overview(&test.house, &read, &RegionCode::parse("99.01").unwrap()).unwrap();
        assert_eq!(over.losses.iter().map(|loss| loss.quantity).sum::<i64>(), 15_000);
        assert_eq!(over.resting[0].near_expiry, over.resting[0].quantity, "thirty days are near");
        let outside = read.within(&RegionCode::parse("99.02").unwrap()).unwrap();
        assert!(matches!(
            stock_card(&test.house, &outside, village, &Page::first(5)),
            Err(Error::NotFound(_))
        ));
    }
}

#[test]
fn a_family_is_on_one_list_of_a_programme_and_period() {
    for test in TestHouse::all() {
        let first = listed(&test, "main", 0..10);
        let second = listed(&test, "second", 0..15);
        assert_eq!((first.families, second.families, second.skipped), (10, 5, 10));
        let mut list = approved(&test, "third", 0..5);
        list.list_hash = "another".into();
        let scope = console(&test, "goods.build");
        assert!(matches!(build_list(&test.house, &scope, &list, &Silent), Err(Error::ListChanged)));
        let money = ApprovedList {
            programme: "PKH".into(),
            list_hash: approved(&test, "third", 0..5).list_hash,
            ..list
        };
        let none = build_list(&test.house, &scope, &money, &Silent);
        assert!(matches!(none, Err(Error::Goods(GoodsFault::NoGoods))));
    }
}

#[test]
fn a_file_of_hand_overs_is_taken_whole_or_not_at_all_and_once() {
    for test in TestHouse::all() {
        let village = warehouse(&test, "99.01", "Gudang");
        let lot = took(&test, &delivery(&test, village, "SJ/1", 900_000, 900_000, 0)).unwrap().lot_id;
        let list = listed(&test, "main", 0..20);
        let families =
            dues(&test.house, &console(&test, "goods.read"), list.list_id, None, &Page::first(20)).unwrap();
        let ids: Vec<i64> = families.items.iter().map(|one| one.family_id).collect();
        let head = HAND_COLUMNS.join(",");
        let row = |family: i64, given: i64| {
            format!(
                "{family},hand_over,2026-11-19,{given},{village},{lot},Siti,self,Balai desa,signature,Lembar 1,"
            )
        };
        let take = |name: &str, rows: &[String]| {
            let path = test.file(name, &format!("{head}\n{}\n", rows.join("\n")));
            import_handovers(&test.house, &console(&test, "goods.hand"), list.list_id, &path)
        };
        let due = list.each_due;
        let wrong = [
            row(ids[0], due),
            row(ids[1], due + 1),
            row(77, due),
            row(ids[2], due).replace("self", "agen"),
            row(ids[3], due).replace("2026-11-19", "2026-12-01"),
            row(ids[4], due).replace("hand_over", "beri"),
        ];
        let Err(Error::FileRows { refused: Refused { faults, .. }, .. }) = take("wrong.csv", &wrong) else {
            panic!("taken")
        };
        assert_eq!(
            faults.iter().map(|one| (one.line, one.column.as_str())).collect::<Vec<_>>(),
            [(7, "step")]
        );
        let Err(Error::FileRows { refused: Refused { faults, .. }, .. }) = take("wrong.csv", &wrong[..5])
        else {
            panic!("taken")
        };
        let told: Vec<(usize, &str)> = faults.iter().map(|one| (one.line, one.column.as_str())).collect();
        assert_eq!(told, [(3, "given"), (4, "family_id"), (5, "role"), (6, "day")]);
        assert!(faults.iter().all(|one| !one.remedy.is_empty() && !one.rule.is_empty()));
        let none = dues(
            &test.house,
            &console(&test, "goods.read"),
            list.list_id,
            Some(DueState::HandedOver),
            &Page::first(5),
        );
        assert_eq!(none.unwrap().items.len(), 0, "nothing of it was taken");

        let rows: Vec<String> =
            ids.iter().zip(0..).map(|(id, n)| row(*id, if n == 7 { due - 250 } else { due })).collect();
        let done = take("good.csv", &rows).unwrap();
        assert_eq!((done.taken, done.known, done.effects), (20, 0, 1));
        let again = take("renamed.csv", &rows).unwrap();
        assert_eq!(
            (again.taken, again.known, again.effects),
            (0, 20, 0),
            "the same rows again change nothing"
        );
        let card = stock_card(&test.house, &console(&test, "goods.read"), village, &Page::first(50)).unwrap();
        assert_eq!(card.lots[0].quantity, 900_000 - 20 * due + 250);
        assert_eq!(card.moves.len(), 2, "a file is one row of the stock card");
        sound(&test, lot);
        let first = &ids[0];
        assert_eq!(
            give(&test, list.list_id, *first, &handing(HandStep::TakeBack, 0, 0, 0)).unwrap(),
            DueState::Open
        );
        sound(&test, lot);
    }
}

/// Something that somebody tells: which kind, where, how much.
fn any_step() -> impl Strategy<Value = (u8, u8, i64, bool)> {
    (0..10u8, 0..6u8, 1..200_000i64, any::<bool>())
}

/// The law of goods after every step of random histories; every document is told twice, and the second time changes nothing.
#[test]
fn all_that_was_received_is_somewhere_after_any_history() {
    let test = TestHouse::sqlite();
    let stores = ["99.01", "99.01.01", "99.01.02"].map(|region| warehouse(&test, region, "Gudang"));
    let list = listed(&test, "main", 0..60);
    let read = console(&test, "goods.read");
    let families = dues(&test.house, &read, list.list_id, None, &Page::first(60)).unwrap().items;
    let (stock, mut number) = (console(&test, "goods.stock"), 0);
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let number = std::cell::RefCell::new(&mut number);
    let (taken, refused) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let history = prop::collection::vec(any_step(), 1..25);
    let ran = runner.run(&history, |history| {
        let (mut lots, mut moves, mut ways): (Vec<i64>, Vec<i64>, Vec<i64>) = Default::default();
        for (kind, place, some, other) in history {
            **number.borrow_mut() += 1;
            let document = format!("D/{}", number.borrow());
            let store = stores[usize::from(place) % 3];
            let lot = lots.get(usize::from(place) % lots.len().max(1)).copied().unwrap_or_default();
            let tell = || -> Result<Option<Moved>, Error> {
                let moved = match kind {
                    0 | 1 => receive(
                        &test.house,
                        &stock,
                        &delivery(&test, store, &document, some * 5, some * 4, if other { some } else { 0 }),
                    )?,
                    2 | 3 => {
                        let to = stores[(usize::from(place) + 1) % 3];
                        let document = document.clone();
                        send(
                            &test.house,
                            &stock,
                            &Departure { from: store, lot, to, quantity: some, document, day: TODAY },
                        )?
                    }
                    4 | 5 => {
                        let transfer =
                            ways.get(usize::from(place) % ways.len().max(1)).copied().unwrap_or_default();
                        let (lost, damaged) = if other { (some / 10, some / 20) } else { (0, 0) };
                        let document = document.clone();
                        let note = "Rusak di jalan".to_owned();
                        let told =
                            Arrival { transfer, arrived: some, lost, damaged, document, day: TODAY, note };
                        arrive(&test.house, &stock, &told)?
                    }
                    6 => {
                        let kinds =
                            [MoveKind::Damaged, MoveKind::Lost, MoveKind::Expired, MoveKind::Returned];
                        let kind = kinds[usize::from(place) % 4];
                        let (document, note) = (document.clone(), "Basah".to_owned());
                        let told = Outcome {
                            warehouse: store,
                            lot,
                            kind,
                            quantity: some,
                            document,
                            day: TODAY,
                            note,
                        };
                        write_off(&test.house, &stock, &told)?
                    }
                    7 => {
                        let row =
                            moves.get(usize::from(place) % moves.len().max(1)).copied().unwrap_or_default();
                        correct(&test.house, &stock, row, &document, "Salah catat")?
                    }
                    _ => return Ok(None),
                };
                Ok(Some(moved))
            };
            match tell() {
                Ok(Some(moved)) => {
                    taken.set(taken.get() + 1);
                    let before = lot_page(&test.house, &read, moved.lot_id).unwrap();
                    prop_assert!(tell().unwrap().unwrap().again);
                    prop_assert_eq!(&lot_page(&test.house, &read, moved.lot_id).unwrap(), &before);
                    moves.extend(moved.move_id);
                    if kind < 2 {
                        lots.push(moved.lot_id);
                    }
                    ways.extend(moved.transfer_id.filter(|_| kind == 2 || kind == 3));
                }
                Ok(None) => {
                    let family = &families[(some % families.len() as i64) as usize];
                    let page =
                        due_page(&test.house, &read, list.list_id, FamilyId(family.family_id)).unwrap();
                    let step = page.next[usize::from(place) % page.next.len()];
                    let left = page.due.due - page.due.given;
                    let given = if !step.gives() {
                        0
                    } else if other {
                        left
                    } else {
                        (some % left).max(1)
                    };
                    let told = handing(step, given, store, lot);
                    match give(&test, list.list_id, family.family_id, &told) {
                        Ok(_) => taken.set(taken.get() + 1),
                        Err(Error::Goods(_) | Error::State { .. }) => refused.set(refused.get() + 1),
                        Err(error) => return Err(TestCaseError::fail(error.to_string())),
                    }
                }
                Err(Error::Goods(_) | Error::NotFound(_)) => refused.set(refused.get() + 1),
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            }
            for lot in &lots {
                let page = lot_page(&test.house, &read, *lot).unwrap();
                prop_assert!(page.figures.sound(), "lot {} {:?}", lot, page.figures);
                prop_assert!(page.moves.iter().all(|row| row.balance >= 0));
            }
        }
        Ok(())
    });
    ran.unwrap();
    assert!(
        taken.get() > 100 && refused.get() > 20,
        "{taken:?} taken, {refused:?} refused: the history says little"
    );
    let page = list_page(&test.house, &read, list.list_id, &RegionCode::nation()).unwrap();
    let all = dues(&test.house, &read, list.list_id, None, &Page::first(100)).unwrap().items;
    for state in DueState::ALL {
        let own = || all.iter().filter(|one| one.state == *state);
        let told = page.rows.iter().filter(|row| row.state == *state);
        let counted = told.fold((0, 0), |sum, row| (sum.0 + row.families, sum.1 + row.given));
        assert_eq!(counted, (own().count() as i64, own().map(|one| one.given).sum()), "{state:?}");
    }
}

#[test]
fn every_statement_prepares_and_every_code_has_words() {
    for test in TestHouse::all() {
        assert_eq!(test.house.db.check(crate::goods::queries::ALL), vec![]);
    }
    let policy = policy::Policy::embedded().unwrap();
    let codes = [
        ("move", MoveKind::ALL.iter().map(|one| one.code()).collect::<Vec<_>>()),
        ("state", DueState::ALL.iter().map(|one| one.code()).collect()),
        ("hand", HandStep::ALL.iter().map(|one| one.code()).collect()),
        ("criterion", Criterion::ALL.iter().map(|one| one.code()).collect()),
        ("word", crate::goods::DEPUTIES.to_vec()),
        ("field", crate::goods::HAND_FIELDS.to_vec()),
    ];
    for (kind, code) in
        codes.into_iter().flat_map(|(kind, codes)| codes.into_iter().map(move |code| (kind, code)))
    {
        assert!(policy.words().has(&format!("goods-{kind}-{code}")), "no words for {kind} {code}");
    }
}

/// How long a list of a million families takes: `cargo test --release -p payment -- --ignored a_million`.
#[test]
#[ignore = "a figure, no test"]
fn a_million_families_on_a_list() {
    let test = TestHouse::for_figures();
    let list = approved(&test, "million", 0..1_000_000);
    let start = std::time::Instant::now();
    let made = build_list(&test.house, &console(&test, "goods.build"), &list, &Silent).unwrap();
    println!("{}: {} families in {:.1} s", test.engine(), made[0].families, start.elapsed().as_secs_f64());
    let start = std::time::Instant::now();
    let read = console(&test, "goods.read");
    list_page(&test.house, &read, made[0].list_id, &RegionCode::nation()).unwrap();
    println!("by region in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
}
