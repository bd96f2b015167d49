//! The engine on other people's models: Splink's conditions hold where DuckDB says so, the pairs of any
//! blocking rules are those of a naive double loop, cleaning is what its expressions say, and what cannot be
//! used is refused by name.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, ListBuilder, StringBuilder};
use arrow_array::{Array, ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use linkage::standardise::Standardiser;
use linkage::{LinkError, Loader, Memory, Model, ModelError, Options, find, link, link_loaded, prepare};
use proptest::prelude::*;
use serde_json::{Value, json};

fn level(sql: &str) -> Value {
    json!({ "sql_condition": sql, "m_probability": 0.9, "u_probability": 0.1 })
}

fn comparison(sql: &str) -> Value {
    json!({ "output_column_name": "it", "comparison_levels": [level(sql), level("ELSE")] })
}

fn model(link_type: &str, rules: &[&str], sql: &str) -> Value {
    json!({
        "link_type": link_type, "comparisons": [comparison(sql)],
        "blocking_rules_to_generate_predictions": rules, "pilar": { "review_weight": -100.0, "match_weight": 0.0 },
    })
}

fn days(text: &str) -> i32 {
    let pack = |days: i32| linkage::digits::unpack(linkage::digits::pack_date(days).unwrap());
    (15_000..25_000).find(|day| pack(*day) == text).unwrap()
}

/// A column of the fixture as Arrow, by its kind.
fn column(kind: &str, values: &[&Value]) -> ArrayRef {
    match kind {
        "number" | "lat" | "long" => Arc::new(values.iter().map(|v| v.as_f64()).collect::<Float64Array>()),
        "whole" => Arc::new(values.iter().map(|v| v.as_i64()).collect::<Int64Array>()),
        "date" => Arc::new(values.iter().map(|v| v.as_str().map(days)).collect::<Date32Array>()),
        "texts" => {
            let mut list = ListBuilder::new(StringBuilder::new());
            for value in values {
                list.append_option(value.as_array().map(|items| items.iter().map(|item| item.as_str())));
            }
            Arc::new(list.finish())
        }
        "vector" => {
            let mut list = ListBuilder::new(Float64Builder::new());
            for value in values {
                list.append_option(value.as_array().map(|items| items.iter().map(Value::as_f64)));
            }
            Arc::new(list.finish())
        }
        _ => Arc::new(values.iter().map(|v| v.as_str()).collect::<StringArray>()),
    }
}

#[test]
fn conditions_hold_where_duckdb_says_so() {
    let fixture: Value = serde_json::from_str(include_str!("splink_conditions.json")).unwrap();
    let columns = fixture["columns"].as_object().unwrap();
    let rows = fixture["rows"].as_array().unwrap();
    let side = |end: &str| {
        let made = columns.iter().map(|(name, kind)| {
            let values: Vec<&Value> = rows.iter().map(|row| &row[format!("{name}_{end}")]).collect();
            (name.clone(), column(kind.as_str().unwrap(), &values), true)
        });
        RecordBatch::try_from_iter_with_nullable(made).unwrap()
    };
    let (lefts, rights) = (side("l"), side("r"));
    for condition in fixture["conditions"].as_array().unwrap() {
        let sql = condition["sql"].as_str().unwrap();
        let model = Model::from_json(&model("dedupe_only", &["l.a = r.a"], sql).to_string()).unwrap();
        for (row, holds) in condition["holds"].as_str().unwrap().bytes().enumerate() {
            let found = find::score(&model, &lefts.slice(row, 1), &rights.slice(row, 1)).unwrap();
            assert_eq!(found[0].fields[0].at == 0, holds == b'1', "{sql}\n{:#}", rows[row]);
        }
    }
}

type Record = (usize, [Option<String>; 3]);

fn records() -> impl Strategy<Value = Vec<Record>> {
    let text = proptest::option::weighted(0.85, "[AB]{1,3}");
    let record = (0usize..3, text.clone(), text.clone(), text);
    proptest::collection::vec(record, 2..40)
        .prop_map(|all| all.into_iter().map(|(source, a, b, c)| (source, [a, b, c])).collect())
}

fn batch(records: &[Record]) -> RecordBatch {
    let texts = |at: usize| -> ArrayRef {
        Arc::new(records.iter().map(|(_, values)| values[at].clone()).collect::<StringArray>())
    };
    let ids: ArrayRef =
        Arc::new(StringArray::from_iter_values((0..records.len()).map(|row| format!("{row:03}"))));
    let source: ArrayRef =
        Arc::new(StringArray::from_iter_values(records.iter().map(|(source, _)| format!("list{source}"))));
    let columns =
        [("unique_id", ids), ("source_dataset", source), ("a", texts(0)), ("b", texts(1)), ("c", texts(2))];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap()
}

const RULES: [&str; 4] = [
    "l.a = r.a AND levenshtein(l.b, r.b) <= 1",
    "l.a = r.b AND l.b = r.a",
    "substr(l.c, 1, 1) = substr(r.c, 1, 1) AND l.b = r.b",
    "l.c = r.a",
];

fn yields(rule: usize, l: &[Option<String>; 3], r: &[Option<String>; 3]) -> bool {
    let same = |x: &Option<String>, y: &Option<String>| x.is_some() && x == y;
    let near = |x: &Option<String>, y: &Option<String>| {
        x.as_ref()
            .zip(y.as_ref())
            .is_some_and(|(x, y)| linkage::text::levenshtein(x.as_bytes(), y.as_bytes()) <= 1)
    };
    let first = |x: &Option<String>| x.as_ref().map(|text| text[..1].to_owned());
    match rule {
        0 => same(&l[0], &r[0]) && near(&l[1], &r[1]),
        1 => same(&l[0], &r[1]) && same(&l[1], &r[0]),
        2 => same(&first(&l[2]), &first(&r[2])) && same(&l[1], &r[1]),
        _ => same(&l[2], &r[0]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pairs_are_those_of_a_double_loop(records in records(), kind in 0usize..3) {
        let link_type = ["dedupe_only", "link_only", "link_and_dedupe"][kind];
        let model = Model::from_json(&model(link_type, &RULES, "\"a_l\" = \"a_r\"").to_string()).unwrap();
        let mut loader = Loader::new(&model);
        loader.push(&batch(&records), None).unwrap();
        let options = Options { review_limit: 0, threads: 2, ..Options::default() };
        let sources = records.iter().map(|(source, _)| source).collect::<std::collections::BTreeSet<_>>();
        let linked = match link_loaded(loader, &model, &[], &options) {
            Err(LinkError::OneSource(_)) => {
                prop_assert!(kind == 1 && sources.len() == 1);
                return Ok(());
            }
            other => other.unwrap(),
        };
        let found: BTreeMap<(u32, u32), u8> =
            linked.pairs.iter().zip(&linked.rules).map(|(pair, rule)| ((pair.left, pair.right), *rule)).collect();
        prop_assert_eq!(found.len(), linked.pairs.len(), "a pair came twice");
        // Lists are held against each other in the order of their names, records in that of their ids.
        let order = |row: usize| if kind == 0 { (0, row) } else { (records[row].0, row) };
        let mut naive = BTreeMap::new();
        for one in 0..records.len() {
            for other in 0..records.len() {
                if order(one) < order(other) && (kind != 1 || records[one].0 != records[other].0) {
                    let rule = (0..4).find(|rule| yields(*rule, &records[one].1, &records[other].1));
                    naive.extend(rule.map(|rule| ((one as u32, other as u32), rule as u8)));
                }
            }
        }
        prop_assert_eq!(found, naive);
    }
}

/// A folder that no other test uses.
fn folder() -> std::path::PathBuf {
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    std::env::temp_dir().join(format!("linkage-{}-{number}", std::process::id()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn memory_and_threads_change_nothing(
        records in records(), kind in 0usize..3, limit in 2usize..40, bytes in 1u64..2_000, rules in 0usize..3,
    ) {
        let link_type = ["dedupe_only", "link_only", "link_and_dedupe"][kind];
        // Plain rules, the rules of the double loop, and one whose blocks are over the limit first.
        let rules: &[&str] = [
            &["l.a = r.a", "l.b = r.b AND l.c = r.c", "substr(l.c, 1, 1) = substr(r.c, 1, 1)"][..],
            &RULES,
            &["substr(l.a, 1, 1) = substr(r.a, 1, 1)", "l.b = r.b", "l.a = r.a"],
        ][rules];
        let mut settings = model(link_type, rules, "levenshtein(\"a_l\", \"a_r\") <= 1");
        settings["pilar"]["block_limit"] = json!(limit);
        settings["pilar"]["training"] = json!({
            "deterministic_rules": ["l.a = r.a", "l.c = r.c AND l.b = r.b"], "recall": 0.9, "u_pairs": 500,
            "em_blocking_rules": ["l.b = r.b", "l.c = r.c"], "seed": 3,
        });
        let model = Model::from_json(&settings.to_string()).unwrap();
        let folder = folder();
        let run = |bytes: Option<u64>, threads: usize| {
            let mut loader = Loader::new(&model);
            loader.push(&batch(&records), None).unwrap();
            let memory = bytes.map(|bytes| Memory { bytes, folder: folder.clone() });
            let options = Options { review_limit: 0, threads, memory, ..Options::default() };
            link_loaded(loader, &model, &[], &options)
        };
        match (run(None, 1), run(Some(bytes), 3)) {
            (Ok(whole), Ok(parts)) => {
                prop_assert!(whole.metrics.parts == 0 && (parts.metrics.parts > 1 || bytes > 100));
                prop_assert_eq!(whole.trained.to_json(), parts.trained.to_json());
                prop_assert_eq!(whole.pairs, parts.pairs);
                prop_assert_eq!(whole.rules, parts.rules);
                prop_assert_eq!(whole.cluster, parts.cluster);
                prop_assert_eq!(whole.metrics.rules, parts.metrics.rules);
            }
            (whole, parts) => prop_assert_eq!(whole.map(|_| ()), parts.map(|_| ())),
        }
        prop_assert!(!folder.exists(), "the folder is still there");
    }
}

#[test]
fn columns_are_prepared_as_their_expressions_say() {
    let mut settings = model("dedupe_only", &["l.name = r.name"], "\"name_l\" = \"name_r\"");
    settings["prepare"] = json!([
        { "column": "clean", "expression": "trim(regexp_replace(upper(nama), '[^A-Z ]+', ' ', 'g'))" },
        { "column": "name", "expression": "nullif(regexp_replace(clean, '^(H|DRS|MUH) ', ''), '')" },
        { "column": "sorted", "expression": "array_to_string(list_sort(string_split(name, ' ')), '')" },
        { "column": "first", "expression": "split_part(replace(name, 'OE', 'U'), ' ', 1)" },
        { "column": "spelled", "expression": "standard_name(nama)" },
        { "column": "place", "expression": "standard_place(desa)" },
        { "column": "both", "expression": "concat(first, '/', coalesce(desa, '?'))" },
    ]);
    let tables = [
        ("titles.csv", include_str!("../../../policy/names/titles.csv")),
        ("words.csv", include_str!("../../../policy/names/words.csv")),
        ("spelling.csv", include_str!("../../../policy/names/spelling.csv")),
        ("places.csv", include_str!("../../../policy/names/places.csv")),
    ];
    let tables = tables.map(|(name, text)| (name.to_owned(), text.to_owned())).into_iter().collect();
    let names = Standardiser::new(&tables).unwrap();
    let model = Model::from_json(&settings.to_string()).unwrap().with_names(Arc::new(names.clone()));
    assert_eq!(model.columns(), ["nama"], "only what the comparisons and rules need is read");
    let text = |values: &[Option<&str>]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
    let input = RecordBatch::try_from_iter_with_nullable([
        ("unique_id", text(&[Some("1"), Some("2"), Some("3")]), true),
        ("nama", text(&[Some("drs soeharto b"), Some("7"), None]), true),
        ("desa", text(&[None, Some("X"), Some("Y")]), true),
    ])
    .unwrap();
    let made = prepare(&model, &input).unwrap();
    let cell = |name: &str, row: usize| {
        let column = made.column_by_name(name).unwrap();
        let column: &StringArray = column.as_any().downcast_ref().unwrap();
        column.is_valid(row).then(|| column.value(row).to_owned())
    };
    assert_eq!(cell("name", 0).as_deref(), Some("SOEHARTO B"));
    assert_eq!(cell("sorted", 0).as_deref(), Some("BSOEHARTO"));
    assert_eq!(cell("first", 0).as_deref(), Some("SUHARTO"));
    assert_eq!(cell("spelled", 0), Some(names.name("drs soeharto b")));
    assert_eq!(cell("spelled", 0).as_deref(), Some("SUHARTO B"));
    assert_eq!(cell("place", 1), Some(names.place("X")));
    assert_eq!(cell("both", 0).as_deref(), Some("SUHARTO/?"));
    assert_eq!(cell("clean", 1).as_deref(), Some(""), "an empty text is a value");
    assert_eq!(cell("name", 1), None);
    assert_eq!(cell("both", 2).as_deref(), Some("/Y"));
}

#[test]
fn what_cannot_be_used_is_refused_by_name() {
    let read = |settings: Value| Model::from_json(&settings.to_string());
    let plain = || model("dedupe_only", &["l.a = r.a"], "\"a_l\" = \"a_r\"");
    let error = read(model("dedupe_only", &["l.a < r.a"], "a_l = a_r")).unwrap_err();
    assert!(matches!(error, ModelError::CrossJoin { .. }), "{error}");
    let error = read(model("dedupe_only", &["l.a = r.a"], "soundex(a_l) = soundex(a_r)")).unwrap_err();
    assert!(error.to_string().contains("comparisons[0].comparison_levels[0]"), "{error}");
    let mut exploding = plain();
    exploding["blocking_rules_to_generate_predictions"] =
        json!([{ "blocking_rule": "l.a = r.a", "arrays_to_explode": ["a"] }]);
    assert!(matches!(read(exploding).unwrap_err(), ModelError::Unsupported { .. }));
    let mut salted = plain();
    salted["blocking_rules_to_generate_predictions"] =
        json!([{ "blocking_rule": "l.a = r.a", "salting_partitions": 4, "sql_dialect": "duckdb" }]);
    assert!(read(salted).is_ok());
    let mut large = plain();
    large["comparisons"][0]["comparison_levels"][0]["m_probability"] = json!(1.5);
    assert!(matches!(read(large).unwrap_err(), ModelError::Range { .. }));
    let mut circular = plain();
    circular["prepare"] = json!([{ "column": "a", "expression": "upper(a)" }]);
    assert!(read(circular).is_err());
    let mut untrained = plain();
    for at in 0..2 {
        untrained["comparisons"][0]["comparison_levels"][at]["m_probability"] = Value::Null;
    }
    let model = read(untrained).unwrap();
    let two = batch(&[(0, [None, None, None]), (1, [None, None, None])]);
    assert!(matches!(link(&[two], &model, &[], &Options::default()), Err(LinkError::Untrained(_))));
}

#[test]
fn splink_reads_what_is_written() {
    let mut settings = model("dedupe_only", &["l.a = r.a"], "\"a_l\" = \"a_r\"");
    settings["prepare"] = json!([{ "column": "x", "expression": "upper(a)" }]);
    let model = Model::from_json(&settings.to_string()).unwrap();
    let written: Value = serde_json::from_str(&model.to_splink()).unwrap();
    let entries: Vec<&String> = written.as_object().unwrap().keys().collect();
    assert!(!entries.iter().any(|entry| *entry == "pilar" || *entry == "prepare"), "{entries:?}");
    assert_eq!(written["comparisons"][0]["comparison_levels"][0]["m_probability"], json!(0.9));
    assert_eq!(Model::from_json(&model.to_json()).unwrap().to_json(), model.to_json());
}
