//! Laws of a run that hold whatever the records are: no dependence on order or threads, constraints kept,
//! scores as a naive scorer gives them, nothing dropped in silence. The model is the one in use,
//! `policy/linkage.json`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray};
use linkage::{
    Decision, LinkError, Linked, Loader, Memory, Model, ModelError, Options, explain, find, link, text,
};
use proptest::prelude::*;

const MODEL: &str = include_str!("../../../policy/linkage.json");

#[derive(Debug, Clone)]
struct Person {
    source: usize,
    nik: Option<i64>,
    kk: Option<i64>,
    name: Option<String>,
    mother: Option<String>,
    pob: Option<String>,
    dob: Option<i32>,
    sex: Option<i32>,
    desa: Option<String>,
}

const SOURCES: [&str; 4] = ["dukcapil", "dtks", "regsosek", "p3ke"];

fn batch(people: &[Person], ids: &[i64]) -> RecordBatch {
    let texts = |get: fn(&Person) -> Option<&str>| -> ArrayRef {
        Arc::new(people.iter().map(get).collect::<StringArray>())
    };
    let columns: [(&str, ArrayRef); 10] = [
        ("unique_id", Arc::new(Int64Array::from(ids.to_vec()))),
        ("source", texts(|p| Some(SOURCES[p.source]))),
        ("nik", Arc::new(people.iter().map(|p| p.nik).collect::<Int64Array>())),
        ("kk", Arc::new(people.iter().map(|p| p.kk).collect::<Int64Array>())),
        ("name", texts(|p| p.name.as_deref())),
        ("mother", texts(|p| p.mother.as_deref())),
        ("pob", texts(|p| p.pob.as_deref())),
        ("dob", Arc::new(people.iter().map(|p| p.dob).collect::<Date32Array>())),
        ("sex", Arc::new(people.iter().map(|p| p.sex).collect::<Int32Array>())),
        ("desa", texts(|p| p.desa.as_deref())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap()
}

/// A record out of small pools, so that agreement of every degree is common.
fn person() -> impl Strategy<Value = Person> {
    let names = [
        "SITI AMINAH",
        "AMINAH SITI",
        "SITI AMINA",
        "BUDI",
        "BUDI SANTOSO",
        "BUDI SANTOSA",
        "AGUS",
        "SUHARTO",
    ];
    let niks = [
        9_901_014_507_900_001,
        9_901_014_507_900_002,
        9_901_010_507_900_001,
        9_901_014_507_900_010,
        9_901_014_570_900_001,
        9_902_031_212_850_003,
        9_901_014_507_900_101,
    ];
    let maybe = |weight: f64| proptest::bool::weighted(weight);
    (
        (0usize..4, 0..niks.len(), maybe(0.8), 0i64..4, maybe(0.9)),
        (0..names.len(), maybe(0.98), 0..names.len(), maybe(0.7)),
        (0usize..3, maybe(0.8), 0usize..5, maybe(0.9)),
        (1i32..3, maybe(0.95), 0usize..4, maybe(0.95)),
    )
        .prop_map(
            move |((source, nik, a, kk, b), (name, c, mother, d), (pob, e, dob, f), (sex, g, desa, h))| {
                // 5 July 1990, 7 May 1990 (swapped), 6 July 1990, 1 January 1990, 12 December 1985
                let days = [7490, 7431, 7491, 7305, 5824];
                Person {
                    source,
                    nik: a.then(|| niks[nik]),
                    kk: b.then_some(9_901_012_001_000_000 + kk * 9),
                    name: c.then(|| names[name].to_owned()),
                    mother: d.then(|| names[mother].to_owned()),
                    pob: e.then(|| ["BOGOR", "BOGR", "DEPOK"][pob].to_owned()),
                    dob: f.then(|| days[dob]),
                    sex: g.then_some(sex),
                    desa: h.then(|| {
                        ["99.01.01.2001", "99.01.01.2002", "99.01.02.2001", "99.02.01.2001"][desa].to_owned()
                    }),
                }
            },
        )
}

fn people(most: usize) -> impl Strategy<Value = Vec<Person>> {
    proptest::collection::vec(person(), 0..most)
}

fn decisions(rows: i64) -> impl Strategy<Value = Vec<Decision>> {
    let decision =
        (0..rows, 0..rows, any::<bool>()).prop_map(|(left, right, same)| Decision { left, right, same });
    proptest::collection::vec(decision, 0..8)
}

fn model() -> Model {
    let mut model = Model::from_json(MODEL).unwrap();
    model.training = None;
    model
}

fn run(people: &[Person], ids: &[i64], decisions: &[Decision], threads: usize) -> Linked {
    let options = Options {
        threads,
        unique_sources: vec!["dtks".into()],
        confirming_sources: vec!["dukcapil".into()],
        ..Options::default()
    };
    link(&[batch(people, ids)], &model(), decisions, &options).unwrap()
}

/// Clusters as sets of ids, pairs by ids: what must not depend on rows.
type Meaning = (BTreeSet<BTreeSet<i64>>, BTreeMap<(i64, i64), (u32, u32)>, BTreeSet<(i64, i64)>);

fn meaning(linked: &Linked, ids: &[i64]) -> Meaning {
    let mut clusters: BTreeMap<u32, BTreeSet<i64>> = BTreeMap::new();
    for (row, root) in linked.cluster.iter().enumerate() {
        clusters.entry(*root).or_default().insert(ids[row]);
    }
    let key = |left: u32, right: u32| (ids[left as usize], ids[right as usize]);
    (
        clusters.into_values().collect(),
        linked.pairs.iter().map(|p| (key(p.left, p.right), (p.weight.to_bits(), p.pattern))).collect(),
        linked.review.iter().map(|p| key(p.left, p.right)).collect(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn order_of_rows_and_number_of_threads_change_nothing(
        people in people(60),
        shuffle in any::<u64>(),
        said in decisions(60),
    ) {
        let ids: Vec<i64> = (0..people.len() as i64).collect();
        let straight = meaning(&run(&people, &ids, &said, 1), &ids);
        let mut order: Vec<usize> = (0..people.len()).collect();
        order.sort_by_key(|at| (*at as u64 + 1).wrapping_mul(shuffle | 1).rotate_left(17));
        let mixed: Vec<Person> = order.iter().map(|&at| people[at].clone()).collect();
        let mixed_ids: Vec<i64> = order.iter().map(|&at| ids[at]).collect();
        prop_assert_eq!(&straight, &meaning(&run(&mixed, &mixed_ids, &said, 3), &mixed_ids));
    }

    #[test]
    fn constraints_are_never_broken(people in people(60), said in decisions(60)) {
        let ids: Vec<i64> = (0..people.len() as i64).collect();
        let linked = run(&people, &ids, &said, 1);
        let touched: BTreeSet<u32> = said
            .iter()
            .filter(|d| d.same && d.left != d.right)
            .flat_map(|d| [d.left, d.right])
            .filter_map(|id| linked.cluster.get(id as usize).copied())
            .collect();
        let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (row, root) in linked.cluster.iter().enumerate() {
            members.entry(*root).or_default().push(row);
        }
        for (root, rows) in &members {
            // A human may join what the constraints would keep apart; only clusters untouched by a human are
            // held to them.
            if touched.contains(root) {
                continue;
            }
            let of_unique = rows.iter().filter(|&&row| SOURCES[people[row].source] == "dtks").count();
            prop_assert!(of_unique <= 1, "{rows:?}");
            let confirmed: BTreeSet<i64> = rows
                .iter()
                .filter(|&&row| SOURCES[people[row].source] == "dukcapil")
                .filter_map(|&row| people[row].nik)
                .collect();
            prop_assert!(confirmed.len() <= 1, "{confirmed:?}");
        }
        for d in said.iter().filter(|d| !d.same && d.left != d.right) {
            let of = |id: i64| linked.cluster.get(id as usize);
            if let (Some(a), Some(b)) = (of(d.left), of(d.right)) {
                prop_assert_ne!(a, b, "told apart by a human");
            }
        }
        for pair in &linked.review {
            prop_assert_ne!(linked.cluster[pair.left as usize], linked.cluster[pair.right as usize]);
        }
    }

    #[test]
    fn weights_are_those_of_a_naive_scorer_and_symmetric(a in person(), b in person()) {
        let model = model();
        let one = batch(std::slice::from_ref(&a), &[1]);
        let other = batch(std::slice::from_ref(&b), &[2]);
        let there = find::score(&model, &one, &other).unwrap();
        let back = find::score(&model, &other, &one).unwrap();
        prop_assert_eq!(there[0].weight.to_bits(), back[0].weight.to_bits());
        let naive = naive_weight(&model, &a, &b);
        prop_assert!((there[0].weight - naive).abs() < 1e-9, "{} {naive}", there[0].weight);
        let bars: f64 = there[0].prior + there[0].fields.iter().map(|field| field.weight).sum::<f64>();
        prop_assert!((bars - naive).abs() < 1e-9);
    }

    #[test]
    fn a_report_counts_everything_once_and_an_explanation_adds_up(people in people(40)) {
        let ids: Vec<i64> = (0..people.len() as i64).collect();
        let (model, input) = (model(), batch(&people, &ids));
        let options = Options { report: true, ..Options::default() };
        let linked = link(std::slice::from_ref(&input), &model, &[], &options).unwrap();
        let report = linked.metrics.report.clone().unwrap();
        prop_assert_eq!(report.themselves.iter().map(|bin| bin.count).sum::<u64>(), people.len() as u64);
        prop_assert_eq!(report.pairs.iter().map(|bin| bin.count).sum::<u64>(), linked.pairs.len() as u64);
        let wanted: Vec<[String; 2]> =
            linked.pairs.iter().map(|pair| [pair.right, pair.left].map(|row| row.to_string())).collect();
        let mut loader = Loader::new(&model);
        loader.push(&input, None).unwrap();
        let (_, explained) = explain(loader, &model, &wanted).unwrap();
        for (pair, explained) in linked.pairs.iter().zip(&explained) {
            prop_assert_eq!((pair.left, pair.right), (explained.left, explained.right));
            prop_assert_eq!(pair.weight.to_bits(), (explained.found.weight as f32).to_bits());
            let bars = explained.found.fields.iter().map(|field| field.weight).sum::<f64>();
            prop_assert!((explained.found.prior + bars - explained.found.weight).abs() < 1e-9);
        }
        // The same when the records lie on disk.
        static RUN: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let run = RUN.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("pilar-report-{}-{run}", std::process::id()));
        let options = Options { memory: Some(Memory { bytes: 6_000, folder }), ..options };
        let spilled = link(std::slice::from_ref(&input), &model, &[], &options).unwrap();
        prop_assert_eq!(spilled.metrics.report.as_ref(), Some(&report));
        for sample in &report.samples {
            let pair = linked.pairs.iter().find(|pair| (pair.left, pair.right) == (sample.left, sample.right));
            prop_assert_eq!(pair.map(|pair| pair.weight), Some(sample.found.weight as f32));
        }
    }

    /// In a large block a record is held against all others at once; what a pair comes to is what it comes to alone.
    #[test]
    fn pairs_of_a_large_block_are_what_they_are_alone(
        people in proptest::collection::vec(person(), 70..130), plain in any::<bool>(),
    ) {
        let mut settings: serde_json::Value = serde_json::from_str(MODEL).unwrap();
        settings["blocking_rules_to_generate_predictions"] =
            serde_json::json!(["l.nik = r.nik", "l.name = r.name", "l.sex = r.sex"]);
        let mut model = Model::from_json(&settings.to_string()).unwrap();
        (model.training, model.review_weight) = (None, -1e6);
        if plain {
            model.others.clear();
        }
        let ids: Vec<i64> = (0..people.len() as i64).collect();
        let input = batch(&people, &ids);
        let linked = link(std::slice::from_ref(&input), &model, &[], &Options::default()).unwrap();
        let mut found: Vec<(u32, u32)> = linked.pairs.iter().map(|pair| (pair.left, pair.right)).collect();
        found.sort_unstable();
        let yields = |a: &Person, b: &Person| {
            (a.nik.is_some() && a.nik == b.nik)
                || (a.name.is_some() && a.name == b.name)
                || (a.sex.is_some() && a.sex == b.sex)
        };
        let all = (0..people.len()).flat_map(|left| (left + 1..people.len()).map(move |right| (left, right)));
        let naive: Vec<(u32, u32)> = all
            .filter(|(left, right)| yields(&people[*left], &people[*right]))
            .map(|(left, right)| (left as u32, right as u32))
            .collect();
        prop_assert_eq!(found, naive);
        let wanted: Vec<[String; 2]> =
            linked.pairs.iter().map(|pair| [pair.left, pair.right].map(|row| row.to_string())).collect();
        let mut loader = Loader::new(&model);
        loader.push(&input, None).unwrap();
        let (_, explained) = explain(loader, &model, &wanted).unwrap();
        for (pair, explained) in linked.pairs.iter().zip(&explained) {
            let levels: Vec<usize> = explained.found.fields.iter().map(|field| field.at).collect();
            prop_assert_eq!(model.levels_of(pair.pattern), levels);
            prop_assert_eq!(pair.weight.to_bits(), (explained.found.weight as f32).to_bits());
        }
    }

    #[test]
    fn a_record_finds_its_own_keys(people in people(20)) {
        let ids: Vec<i64> = (0..people.len() as i64).collect();
        let model = model();
        let all = find::keys_of(&model, &batch(&people, &ids)).unwrap();
        for (person, keys) in people.iter().zip(&all) {
            let alone = find::keys_of(&model, &batch(std::slice::from_ref(person), &[7])).unwrap();
            prop_assert_eq!(&alone[0], keys);
        }
    }
}

/// The model's levels written out by hand: which one holds for each comparison.
fn naive_levels(a: &Person, b: &Person) -> BTreeMap<&'static str, usize> {
    let strings = |x: &Option<String>, y: &Option<String>| Some((x.clone()?, y.clone()?));
    let jw = |(x, y): &(String, String)| text::jaro_winkler(x.as_bytes(), y.as_bytes());
    let sorted = |name: &str| {
        let mut words: Vec<&str> = name.split(' ').collect();
        words.sort_unstable();
        words.concat()
    };
    let ladder = |value: f64, steps: &[f64], first: usize| {
        steps.iter().position(|step| value >= *step).map_or(first + steps.len(), |at| first + at)
    };
    let dl = |x: &str, y: &str| text::damerau_levenshtein(x.as_bytes(), y.as_bytes());
    let mut out = BTreeMap::new();
    out.insert(
        "name",
        strings(&a.name, &b.name).map_or(0, |pair| {
            if pair.0 == pair.1 {
                1
            } else if sorted(&pair.0) == sorted(&pair.1) {
                2
            } else {
                ladder(jw(&pair), &[0.94, 0.88, 0.8], 3)
            }
        }),
    );
    let nik = a.nik.zip(b.nik).map_or(0, |(x, y)| {
        let (x, y) = (x.to_string(), y.to_string());
        let day = |nik: &str| nik[6..8].parse::<i32>().unwrap();
        let twins = x[..6] == y[..6] && x[8..12] == y[8..12] && [0, 40].contains(&(day(&x) - day(&y)).abs());
        match dl(&x, &y) {
            0 => 1,
            _ if twins => 2,
            _ if x[6..] == y[6..] => 3,
            1 => 4,
            2 => 5,
            _ => 6,
        }
    });
    out.insert("nik", nik);
    let iso = |days: i32| linkage::digits::unpack(linkage::digits::pack_date(days).unwrap());
    let dob = a.dob.zip(b.dob).map_or(0, |(x, y)| {
        let (x, y) = (iso(x), iso(y));
        match dl(&x, &y) {
            0 => 1,
            1 => 2,
            _ if x[..4] == y[..4] && x[5..7] == y[8..] && x[8..] == y[5..7] => 3,
            _ if x[..4] == y[..4] => 4,
            _ => 5,
        }
    });
    out.insert("dob", dob);
    let exact_then = |x, y, steps: &[f64]| {
        strings(x, y).map_or(0, |pair| if pair.0 == pair.1 { 1 } else { ladder(jw(&pair), steps, 2) })
    };
    out.insert("mother", exact_then(&a.mother, &b.mother, &[0.92, 0.8]));
    out.insert("pob", exact_then(&a.pob, &b.pob, &[0.88]));
    let kk = a.kk.zip(b.kk).map_or(0, |(x, y)| match dl(&x.to_string(), &y.to_string()) {
        0 => 1,
        1 => 2,
        _ => 3,
    });
    out.insert("kk", kk);
    let location = strings(&a.desa, &b.desa).map_or(0, |(x, y)| match () {
        () if x == y => 1,
        () if x[..8] == y[..8] => 2,
        () if x[..5] == y[..5] => 3,
        () => 4,
    });
    out.insert("location", location);
    out.insert("sex", a.sex.zip(b.sex).map_or(0, |(x, y)| if x == y { 1 } else { 2 }));
    out
}

/// Products of probabilities, as the books write them.
fn naive_weight(model: &Model, a: &Person, b: &Person) -> f64 {
    let levels = naive_levels(a, b);
    let mut others: Vec<f64> = model.others.iter().map(|other| other.prior).collect();
    let (mut same, mut strangers) = (model.prior, 1.0 - model.prior - others.iter().sum::<f64>());
    for comparison in &model.comparisons {
        let level = &comparison.levels[levels[comparison.name.as_str()]];
        if !level.is_null {
            same *= level.m;
            strangers *= level.u;
            others.iter_mut().zip(&level.others).for_each(|(product, p)| *product *= p);
        }
    }
    (same / (strangers + others.iter().sum::<f64>())).log2()
}

#[test]
fn a_human_stands_above_model_and_constraints() {
    let base = Person {
        source: 1,
        nik: Some(9_901_014_507_900_001),
        kk: Some(9_901_012_001_000_000),
        name: Some("SITI AMINAH".into()),
        mother: None,
        pob: None,
        dob: Some(7490),
        sex: Some(2),
        desa: None,
    };
    let twin = Person { source: 1, ..base.clone() };
    let stranger = Person { name: Some("BUDI".into()), nik: None, kk: None, source: 2, ..base.clone() };
    let people = [base, twin, stranger];
    let ids = [10, 11, 12];
    assert_eq!(run(&people, &ids, &[], 1).cluster, [0, 1, 2], "one record a list");
    let same = |left, right, same| Decision { left, right, same };
    assert_eq!(run(&people, &ids, &[same(10, 11, true), same(11, 12, true)], 1).cluster, [0, 0, 0]);
    let contradictory = run(&people, &ids, &[same(10, 12, true), same(11, 12, true), same(10, 11, false)], 1);
    assert_ne!(contradictory.cluster[0], contradictory.cluster[1], "told apart stays apart");
    assert_eq!(contradictory.metrics.cluster.contradictory_decisions, 1);
}

#[test]
fn an_oversized_block_is_reported_and_a_later_rule_takes_its_pairs() {
    let mut model = model();
    model.block_limit = 3;
    let make = |at: i64| Person {
        source: 0,
        nik: Some(9_901_014_507_900_001),
        kk: Some(9_901_012_001_000_000 + at / 2),
        name: Some("SITI AMINAH".into()),
        mother: None,
        pob: None,
        dob: Some(7490),
        sex: Some(2),
        desa: None,
    };
    let people: Vec<Person> = (0..6).map(make).collect();
    let linked = link(&[batch(&people, &[0, 1, 2, 3, 4, 5])], &model, &[], &Options::default()).unwrap();
    let nik = &linked.metrics.rules[0];
    assert_eq!((nik.skipped_blocks, nik.skipped_records, nik.skipped_pairs, nik.pairs), (1, 6, 15, 0));
    assert_eq!(linked.metrics.pairs, 3, "the family card's rule yields its own");
    assert!(linked.metrics.warnings.iter().any(|text| text.contains("over the limit")));
}

#[test]
fn bad_input_is_named() {
    let model = model();
    let people = batch(&[], &[]);
    assert!(link(&[people], &model, &[], &Options::default()).unwrap().cluster.is_empty());
    assert!(link(&[], &model, &[], &Options::default()).unwrap().cluster.is_empty());
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let only_ids = RecordBatch::try_from_iter([("unique_id", ids)]).unwrap();
    let error = link(&[only_ids], &model, &[], &Options::default()).unwrap_err();
    assert!(matches!(&error, LinkError::MissingColumn { .. }), "{error}");
    let person = Person {
        source: 0,
        nik: None,
        kk: None,
        name: None,
        mother: None,
        pob: None,
        dob: None,
        sex: None,
        desa: None,
    };
    let twice = batch(&[person.clone(), person], &[5, 5]);
    let error = link(&[twice], &model, &[], &Options::default()).unwrap_err();
    assert_eq!(error.to_string(), "`unique_id` 5 stands on rows 0 and 1");
}

#[test]
fn a_bad_model_is_refused_with_its_place() {
    let edit = |from: &str, to: &str| {
        assert!(MODEL.contains(from), "{from}");
        Model::from_json(&MODEL.replacen(from, to, 1)).unwrap_err()
    };
    let error = edit("jaro_winkler_similarity(\\\"name_l\\\"", "soundex(\\\"name_l\\\"");
    assert!(error.to_string().contains("comparisons[0].comparison_levels[3]"), "{error}");
    assert!(matches!(error, ModelError::Unsupported { .. }), "{error}");
    let error = edit("\"link_type\": \"dedupe_only\"", "\"link_type\": \"link_some\"");
    assert!(matches!(error, ModelError::Entry { .. }), "{error}");
    let error = edit("l.\\\"nik\\\" = r.\\\"nik\\\"", "l.\\\"nik\\\" < r.\\\"nik\\\"");
    assert!(error.to_string().starts_with("blocking_rules_to_generate_predictions[0]"), "{error}");
    assert!(matches!(error, ModelError::CrossJoin { .. }), "{error}");
    assert!(matches!(Model::from_json("{"), Err(ModelError::Json { line: 1, .. })));
}

#[test]
fn a_model_survives_being_written_and_read() {
    let model = Model::from_json(MODEL).unwrap();
    let again = Model::from_json(&model.to_json()).unwrap();
    assert_eq!(model.to_json(), again.to_json());
    assert_eq!(model.comparisons.len(), again.comparisons.len());
    assert!(again.is_trained(), "the model in use can weigh a pair without training");
}

#[test]
fn every_field_and_level_of_the_model_has_its_words() {
    let model = Model::from_json(MODEL).unwrap();
    for (language, words) in [
        ("id", include_str!("../../../policy/words/id/linkage.ftl")),
        ("en", include_str!("../../../policy/words/en/linkage.ftl")),
    ] {
        let has = |key: String| assert!(words.contains(&format!("\n{key} = ")), "{language}: {key}");
        for comparison in &model.comparisons {
            has(format!("linkage-field-{}", comparison.name));
            for (at, level) in comparison.levels.iter().enumerate().filter(|(_, level)| !level.is_null) {
                has(format!("linkage-level-{}-{at}", comparison.name));
                assert!(level.m > 0.0 && level.u > 0.0, "{} {at}", comparison.name);
            }
        }
    }
}

#[test]
fn training_moves_the_numbers_and_does_not_depend_on_threads() {
    let mut model = Model::from_json(MODEL).unwrap();
    if let Some(training) = &mut model.training {
        training.min_records = 0;
        training.u_pairs = 50_000;
    }
    // A small district: every third person is on two lists, every ninth with a slip.
    let names = ["SITI", "BUDI", "AGUS", "DEWI", "SRI", "WAHYU", "JOKO"];
    let people: Vec<Person> = (0..900i64)
        .map(|at| {
            let who = if at % 3 == 2 { at - 1 } else { at };
            let slip = at % 9 == 8;
            let spread = (who.wrapping_mul(7919) % 10_007) as usize;
            Person {
                source: (at % 3) as usize,
                nik: Some(9_901_010_100_000_001 + who * 10_007 + i64::from(slip)),
                kk: Some(9_901_012_001_000_000 + who / 4),
                name: Some(format!("{} {}", names[spread % 7], names[(spread / 7) % 7])),
                mother: Some(format!("{} {}", names[(spread / 3) % 7], names[(spread / 21) % 7])),
                pob: Some(["BOGOR", "DEPOK", "CIANJUR"][spread % 3].to_owned()),
                dob: Some(spread as i32),
                sex: Some(1 + (spread % 2) as i32),
                desa: Some(format!("99.01.0{}.2001", 1 + spread % 5)),
            }
        })
        .collect();
    let ids: Vec<i64> = (0..900).collect();
    let run = |threads| {
        let options = Options { threads, ..Options::default() };
        link(&[batch(&people, &ids)], &model, &[], &options).unwrap()
    };
    let (one, three) = (run(1), run(3));
    assert_eq!(one.trained.to_json(), three.trained.to_json());
    assert_eq!(one.cluster, three.cluster);
    assert_ne!(one.trained.to_json(), model.to_json(), "training has taught something");
    let truth: Vec<i64> = (0..900).map(|at| if at % 3 == 2 { at - 1 } else { at }).collect();
    let predicted: Vec<i64> = one.cluster.iter().map(|row| i64::from(*row)).collect();
    let scores = linkage::pairwise_scores(&predicted, &truth);
    assert!(scores.precision >= 0.99 && scores.recall >= 0.97, "{scores:?}");
}
