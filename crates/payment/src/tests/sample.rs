//! Verification after payment: the same seed asks the same families, answers become shares and cases, and a file is taken whole or not.

use std::collections::BTreeMap;

use access::{Scope, Session};
use jiff::civil::date;
use model::RegionCode;
use rowfile::Refused;
use store::Page;

use super::{bank, house::TestHouse, sent};
use crate::{
    Effect, Error, effects,
    goods::GoodsFault,
    sample::{
        ANSWER_COLUMNS, Answer, Design, Drawn, Mode, SampleLineView, TROUBLES, Told, Wanted, answer, draw,
        import_answers, sample_line, sample_lines, sample_page, samples,
    },
};

fn console(test: &TestHouse, action: &str) -> Scope {
    Session::console(&test.house).scope(action).unwrap()
}

/// A cycle of families of whom all but one have their money on the card.
fn paid(test: &TestHouse, families: i64) -> i64 {
    let (cycle, rows) = sent(test, families);
    let lost = BTreeMap::from([(0, bank::Mishap::Lost)]);
    let reply = test.file("reply.csv", &bank::topups(&rows, &lost));
    test.import_order(&reply);
    cycle
}

fn wanted(cycle: i64, seed: i64) -> Wanted {
    let design = Design { confidence: 95, margin_permille: 50, least: 2 };
    Wanted { cycle, design, modes: vec![Mode::Visit, Mode::Call], seed }
}

fn drawn(test: &TestHouse, cycle: i64, seed: i64) -> Drawn {
    draw(&test.house, &console(test, "verify.draw"), &wanted(cycle, seed)).unwrap()
}

fn lines(test: &TestHouse, sample: i64) -> Vec<SampleLineView> {
    sample_lines(&test.house, &console(test, "verify.read"), sample, None, "", &Page::first(1_000))
        .unwrap()
        .items
}

fn told(answer: Answer) -> Told {
    Told {
        answer,
        day: date(2026, 11, 19),
        got_idr: None,
        late_days: None,
        trouble: String::new(),
        whom: "Siti".into(),
        note: String::new(),
    }
}

#[test]
fn the_same_seed_asks_the_same_families_and_only_those_with_money() {
    for test in TestHouse::all() {
        let cycle = paid(&test, 120);
        let first = drawn(&test, cycle, 7);
        assert_eq!(first.population, 119, "who has no money on the card is not asked whether it arrived");
        assert_eq!(
            first.size, 92,
            "385 corrected for 119: 384.146 / (1 + 383.146 / 119) = 91.04, rounded up"
        );
        assert!(drawn(&test, cycle, 7).again, "the same wish again changes nothing");
        let other = drawn(&test, cycle, 8);
        let ids = |sample| lines(&test, sample).iter().map(|line| line.line_id).collect::<Vec<_>>();
        assert_ne!(ids(first.sample_id), ids(other.sample_id));
        let visited = lines(&test, first.sample_id).iter().filter(|line| line.mode == Mode::Visit).count();
        assert_eq!(visited, 46, "asked in turn");
        let kept = samples(&test.house, &console(&test, "verify.read"), &Page::first(1)).unwrap();
        assert_eq!((kept.items[0].seed, kept.next.is_some()), (8, true));
    }
}

#[test]
fn answers_become_shares_and_cases() {
    for test in TestHouse::all() {
        let cycle = paid(&test, 60);
        let sample = drawn(&test, cycle, 1).sample_id;
        let scope = console(&test, "verify.answer");
        let read = console(&test, "verify.read");
        let all = lines(&test, sample);
        let say = |at: usize, told: &Told, rev: i64| {
            answer(&test.house, &scope, (sample, all[at].line_id), told, rev)
        };
        let less = Told { got_idr: Some(all[1].amount_idr), ..told(Answer::Less) };
        assert!(matches!(say(1, &less, 0), Err(Error::Goods(GoodsFault::Field("got_idr")))), "less is less");
        let less = Told { got_idr: Some(all[1].amount_idr - 50_000), ..less };
        assert!(say(1, &less, 0).unwrap().case);
        assert!(say(1, &less, 1).unwrap().again, "the same again changes nothing");
        assert!(say(0, &told(Answer::Not), 0).unwrap().case);
        let nobody = Told { whom: String::new(), ..told(Answer::Full) };
        assert!(matches!(say(2, &nobody, 0), Err(Error::Goods(GoodsFault::Field("whom")))));
        let number = Told { note: "9901 0101 0190 0001".into(), ..told(Answer::Full) };
        assert!(matches!(say(2, &number, 0), Err(Error::Goods(GoodsFault::Digits("note")))));
        say(2, &told(Answer::Unreached), 0).unwrap();
        say(3, &Told { late_days: Some(12), ..told(Answer::Late) }, 0).unwrap();
        for at in 4..12 {
            say(at, &told(Answer::Full), 0).unwrap();
        }
        let results = sample_page(&test.house, &read, sample).unwrap().results.unwrap();
        assert_eq!((results.silent, results.answered, results.drawn), (1, 11, all.len() as i64));
        assert_eq!(results.open, all.len() as i64 - 12);
        let arrived = results.arrived.unwrap();
        assert!((arrived.estimate - 9.0 / 11.0).abs() < 1e-9, "one stratum: {arrived:?}");
        assert!(results.full.unwrap().estimate < arrived.estimate && arrived.low < arrived.estimate);
        assert!(results.wide, "eleven answers are too few for five points");
        let waiting = effects(&test.house, 10).unwrap();
        let reasons: Vec<&str> = waiting
            .iter()
            .map(|one| {
                let Effect::OpenCase { workflow, reason, line, .. } = &one.effect;
                assert!(line.is_some() && test.house.policy.workflow(workflow).is_some());
                reason.as_str()
            })
            .collect();
        assert_eq!(reasons, ["less", "not"]);
        let village = read.within(&all[0].region).unwrap();
        assert!(sample_page(&test.house, &village, sample).unwrap().results.is_none());
        let page = sample_line(&test.house, &read, sample, all[1].line_id).unwrap();
        assert_eq!((page.answers.len(), page.line.answer), (1, Some(Answer::Less)));
        let outside = read.within(&RegionCode::parse("99.02").unwrap()).unwrap();
        assert!(sample_line(&test.house, &outside, sample, all[1].line_id).is_err());
    }
}

#[test]
fn few_answers_are_a_small_cell() {
    let test = TestHouse::sqlite();
    let cycle = paid(&test, 30);
    let sample = drawn(&test, cycle, 1).sample_id;
    for line in lines(&test, sample).iter().take(4) {
        answer(&test.house, &console(&test, "verify.answer"), (sample, line.line_id), &told(Answer::Full), 0)
            .unwrap();
    }
    let results = sample_page(&test.house, &console(&test, "verify.read"), sample).unwrap().results.unwrap();
    assert_eq!(
        (results.arrived, results.districts[0].answered, results.districts[0].arrived),
        (None, None, None)
    );
}

#[test]
fn a_file_of_answers_is_taken_whole_or_not_at_all_and_once() {
    for test in TestHouse::all() {
        let cycle = paid(&test, 40);
        let sample = drawn(&test, cycle, 3).sample_id;
        let all = lines(&test, sample);
        let take = |rows: &[String]| {
            let path =
                test.file("answers.csv", &format!("{}\n{}\n", ANSWER_COLUMNS.join(","), rows.join("\n")));
            import_answers(&test.house, &console(&test, "verify.answer"), sample, &path)
        };
        let row =
            |at: usize, answer: &str, rest: &str| format!("{},{answer},2026-11-18,{rest}", all[at].line_id);
        let wrong =
            [row(0, "full", ",,,Siti,"), row(1, "late", ",,,Siti,"), "5,full,2026-11-18,,,,Siti,".to_owned()];
        let Err(Error::FileRows { refused: Refused { faults, .. }, .. }) = take(&wrong) else {
            panic!("taken")
        };
        let places: Vec<(usize, &str)> = faults.iter().map(|one| (one.line, one.column.as_str())).collect();
        assert_eq!(places, [(3, "late_days"), (4, "line_id")]);
        // An answer without a line is an answer about somebody.
        let Err(Error::FileRows { refused, .. }) =
            take(&[row(0, "full", ",,,Siti,"), ",full,2026-11-18,,,,Siti,".to_owned()])
        else {
            panic!("taken")
        };
        assert_eq!(
            refused.to_string(),
            "1 faults; nothing was taken:\nline 3, line_id: no whole number; write digits only"
        );
        assert_eq!(lines(&test, sample).iter().filter(|line| line.answer.is_some()).count(), 0);
        let good =
            [row(0, "full", ",,,Siti,"), row(1, "late", ",5,,Siti,"), row(2, "not", ",,,Siti,Kartu di agen")];
        let done = take(&good).unwrap();
        assert_eq!((done.rows, done.known, done.effects), (3, 0, 1));
        let again = take(&good).unwrap();
        assert_eq!((again.known, again.effects), (3, 0));
    }
}

#[test]
fn every_statement_prepares_and_every_code_has_words() {
    for test in TestHouse::all() {
        assert_eq!(test.house.db.check(crate::sample::queries::ALL), vec![]);
    }
    let policy = policy::Policy::embedded().unwrap();
    let codes = [
        ("answer", Answer::ALL.iter().map(|one| one.code()).collect::<Vec<_>>()),
        ("mode", Mode::ALL.iter().map(|one| one.code()).collect()),
        ("trouble", TROUBLES.to_vec()),
    ];
    for (kind, code) in
        codes.into_iter().flat_map(|(kind, codes)| codes.into_iter().map(move |code| (kind, code)))
    {
        assert!(policy.words().has(&format!("sample-{kind}-{code}")), "no words for {kind} {code}");
    }
}
