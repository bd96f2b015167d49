//! The law that lets one rule serve one family and ninety million: row and column give the same answer, for
//! any expression of the language over any data with gaps.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, StringArray,
    cast::AsArray,
    types::{Date32Type, Float64Type, Int64Type},
};
use jiff::civil::date;
use proptest::prelude::*;
use rules::{Field, Frame, Params, Row, Schema, Type, Value, compile};

fn schema() -> Schema {
    Schema::new()
        .with(Field::column("x.small", Type::Int))
        .with(Field::column("x.big", Type::Int))
        .with(Field::column("x.ratio", Type::Num))
        .with(Field::column("x.flag", Type::Bool))
        .with(Field::column("x.other", Type::Bool))
        .with(Field::column("x.day", Type::Date))
        .with(Field::column("x.since", Type::Date))
        .with(Field::column("x.name", Type::Text))
        .with(Field::param("param.limit", Type::Int))
        .with(Field::param("param.absent", Type::Int))
}

type Record = (
    Option<i32>,
    Option<i64>,
    Option<f64>,
    Option<bool>,
    Option<bool>,
    Option<i32>,
    Option<i32>,
    Option<String>,
);

fn record() -> impl Strategy<Value = Record> {
    let gap = |n| prop::option::weighted(0.8, n);
    (
        gap((-3i32..8).boxed()),
        prop::option::weighted(
            0.8,
            prop_oneof![4 => -5i64..70, 1 => Just(i64::MAX), 1 => Just(i64::MIN), 1 => any::<i64>()],
        ),
        prop::option::weighted(
            0.8,
            prop_oneof![4 => (-8i32..8).prop_map(|n| f64::from(n) / 2.0), 1 => any::<f64>(), 1 => Just(-0.0)],
        ),
        prop::option::weighted(0.8, any::<bool>()),
        prop::option::weighted(0.8, any::<bool>()),
        gap(prop_oneof![6 => -9_000i32..21_000, 1 => any::<i32>()].boxed()),
        gap((-9_000i32..21_000).boxed()),
        prop::option::weighted(0.8, prop_oneof!["[abAB]{0,3}", Just("é—ß".to_owned())]),
    )
}

fn int() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        Just("x.small".to_owned()),
        Just("x.big".to_owned()),
        Just("param.limit".to_owned()),
        Just("param.absent".to_owned()),
        (-3i64..8).prop_map(|n| n.to_string()),
        Just("9223372036854775807".to_owned()),
        Just("years_between(x.day, reference_date)".to_owned()),
        Just("months_between(x.since, x.day)".to_owned()),
        Just("x.day - x.since".to_owned()).prop_map(|text| format!("({text})")),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            (two.clone(), "[-+*%]").prop_map(|((a, b), op)| {
                let b = if op == "%" { divisor(b) } else { b };
                format!("({a} {op} {b})")
            }),
            (two.clone(), prop_oneof![Just("coalesce"), Just("least"), Just("greatest")])
                .prop_map(|((a, b), f)| format!("{f}({a}, {b})")),
            inner.clone().prop_map(|a| format!("abs({a})")),
            inner.clone().prop_map(|a| format!("(- {a})")),
            (condition_leaf(), two).prop_map(|(c, (a, b))| format!("case when {c} then {a} else {b} end")),
        ]
    })
    .boxed()
}

/// A zero that is written is refused; one that comes out of the data is not.
fn divisor(text: String) -> String {
    if text == "0" || text == "(- 0)" { "(x.small - x.small)".to_owned() } else { text }
}

fn num() -> BoxedStrategy<String> {
    prop_oneof![
        Just("x.ratio".to_owned()),
        Just("1.5".to_owned()),
        (int(), int()).prop_map(|(a, b)| format!("({a} / {})", divisor(b))),
        int().prop_map(|a| format!("(x.ratio * {a})")),
        Just("coalesce(x.ratio, 0)".to_owned()),
    ]
    .boxed()
}

fn text() -> BoxedStrategy<String> {
    prop_oneof![
        Just("x.name".to_owned()),
        Just("'ab'".to_owned()),
        Just("upper(x.name)".to_owned()),
        Just("substr(x.name, 2, 1)".to_owned()),
        Just("coalesce(x.name, 'b')".to_owned()),
    ]
    .boxed()
}

fn day() -> BoxedStrategy<String> {
    prop_oneof![
        Just("x.day".to_owned()),
        Just("x.since".to_owned()),
        Just("reference_date".to_owned()),
        Just("date '2000-02-29'".to_owned()),
        int().prop_map(|n| format!("(x.day + {n})")),
        Just("greatest(x.day, x.since)".to_owned()),
    ]
    .boxed()
}

fn condition_leaf() -> BoxedStrategy<String> {
    prop_oneof![
        Just("x.flag".to_owned()),
        Just("x.other".to_owned()),
        Just("true".to_owned()),
        Just("coalesce(x.flag, false)".to_owned()),
        Just("has_bit(x.small, 2)".to_owned()),
        Just("has_bit(x.big, 62)".to_owned()),
        Just("starts_with(x.name, 'a')".to_owned()),
        Just("x.small in (0, 2, 5)".to_owned()),
        Just("x.small between 0 and 4".to_owned()),
    ]
    .boxed()
}

fn condition() -> BoxedStrategy<String> {
    let same = |side: BoxedStrategy<String>| {
        (side.clone(), side, prop_oneof!["<", "<=", "=", "<>", ">", ">="])
            .prop_map(|(a, b, op)| format!("{a} {op} {b}"))
            .boxed()
    };
    let leaf = prop_oneof![
        condition_leaf(),
        same(int()),
        same(num()),
        same(text()),
        same(day()),
        (int(), num()).prop_map(|(a, b)| format!("{a} <= {b}")),
        (int(), int(), int(), any::<bool>())
            .prop_map(|(a, b, c, n)| format!("{a} {}between {b} and {c}", if n { "not " } else { "" })),
        (day(), day(), day()).prop_map(|(a, b, c)| format!("{a} between {b} and {c}")),
        (int(), int(), int(), any::<bool>())
            .prop_map(|(a, b, c, n)| format!("{a} {}in ({b}, {c}, 1)", if n { "not " } else { "" })),
        (text(), text()).prop_map(|(a, b)| format!("{a} in ({b}, 'a')")),
        (int(), any::<bool>()).prop_map(|(a, n)| format!("{a} is {}null", if n { "not " } else { "" })),
        Just("x.flag = x.other".to_owned()),
        Just("x.flag <> false".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a} and {b} and {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
            inner.clone().prop_map(|a| format!("(not {a})")),
            inner.prop_map(|a| format!("({a}) is not null")),
        ]
    })
    .boxed()
}

fn frame(records: &[Record]) -> Frame {
    let columns: [(&str, ArrayRef); 8] = [
        ("x.small", Arc::new(records.iter().map(|r| r.0).collect::<Int32Array>())),
        ("x.big", Arc::new(records.iter().map(|r| r.1).collect::<Int64Array>())),
        ("x.ratio", Arc::new(records.iter().map(|r| r.2).collect::<Float64Array>())),
        ("x.flag", Arc::new(records.iter().map(|r| r.3).collect::<BooleanArray>())),
        ("x.other", Arc::new(records.iter().map(|r| r.4).collect::<BooleanArray>())),
        ("x.day", Arc::new(records.iter().map(|r| r.5).collect::<Date32Array>())),
        ("x.since", Arc::new(records.iter().map(|r| r.6).collect::<Date32Array>())),
        ("x.name", Arc::new(records.iter().map(|r| r.7.clone()).collect::<StringArray>())),
    ];
    let mut frame = Frame::new(records.len());
    for (name, column) in columns {
        frame.set(name, column).expect("columns have one length");
    }
    frame
}

fn row(record: &Record) -> BTreeMap<String, Value> {
    BTreeMap::from([
        ("x.small".to_owned(), record.0.map_or(Value::Null, |n| Value::Int(n.into()))),
        ("x.big".to_owned(), record.1.map_or(Value::Null, Value::Int)),
        ("x.ratio".to_owned(), record.2.map_or(Value::Null, Value::num)),
        ("x.flag".to_owned(), record.3.into()),
        ("x.other".to_owned(), record.4.into()),
        ("x.day".to_owned(), record.5.map_or(Value::Null, Value::Date)),
        ("x.since".to_owned(), record.6.map_or(Value::Null, Value::Date)),
        ("x.name".to_owned(), record.7.clone().map_or(Value::Null, Value::Text)),
    ])
}

fn cell(array: &ArrayRef, ty: Type, i: usize) -> Value {
    if array.is_null(i) {
        return Value::Null;
    }
    match ty {
        Type::Bool => Value::Bool(array.as_boolean().value(i)),
        Type::Int => Value::Int(array.as_primitive::<Int64Type>().value(i)),
        Type::Num => Value::Num(array.as_primitive::<Float64Type>().value(i)),
        Type::Date => Value::Date(array.as_primitive::<Date32Type>().value(i)),
        Type::Text => Value::Text(array.as_string::<i32>().value(i).to_owned()),
    }
}

fn same_in_rows_and_columns(text: &str, records: &[Record]) {
    let rule = compile(text, &schema()).unwrap_or_else(|error| panic!("{text}: {error}"));
    let params = Params::at(date(2026, 2, 28)).with("param.limit", 4);
    let column = rule.eval_columns(&frame(records), &params).expect("the data fits the schema");
    assert_eq!(column.len(), records.len(), "{text}");
    for (i, record) in records.iter().enumerate() {
        let traced = rule.eval_row(&row(record) as &dyn Row, &params);
        assert_eq!(cell(&column, rule.ty(), i), traced.value, "{text} on {record:?}");
        // Only the arithmetic of constants alone can be unknown without a column to blame.
        let constants = rule.columns().is_empty() || !rule.params().is_empty() || text.contains("922337");
        assert!(!traced.value.is_null() || !traced.unknown.is_empty() || constants, "{text} on {record:?}");
        assert!(rule.nullable() || !traced.value.is_null() || !rule.params().is_empty(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_condition_on_a_column_is_the_condition_on_each_row(
        text in condition(),
        records in prop::collection::vec(record(), 1..90),
    ) {
        same_in_rows_and_columns(&text, &records);
    }

    #[test]
    fn a_value_over_a_column_is_the_value_of_each_row(
        text in prop_oneof![int(), num(), text(), day()],
        records in prop::collection::vec(record(), 1..70),
    ) {
        same_in_rows_and_columns(&text, &records);
    }

    #[test]
    fn no_text_makes_the_compiler_panic(text in "[a-z0-9.(),'\"<>=+*/% \n-]{0,60}|\\PC{0,40}") {
        let _ = compile(&text, &schema());
    }
}
