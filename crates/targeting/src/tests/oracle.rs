//! The outside oracle: random rules and random programmes with the answers that DuckDB gave to the same SQL, held against the column
//! evaluator and the row evaluator. `bench/rules/oracle.py` makes the questions, says what it leaves out and why, and writes the
//! answers; `cargo xtask bench rules --seed N` asks others than those kept here, `--keep` writes the kept ones anew.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray,
    cast::AsArray,
    types::{Float64Type, Int64Type},
};
use jiff::civil::date;
use policy::{ColumnType, Policy, Together};
use rules::{Field, Frame, Params, Schema, Type, Value, compile};

use super::{
    laws::{family_data, settled},
    month, pass, period, policy,
};
use crate::{FamilyOutcome, PlaceKind, closing::value_at, settle::Other};

/// The sample of the tree, or another one.
fn sample() -> PathBuf {
    let kept = || Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/oracle");
    std::env::var_os("ORACLE").map_or_else(kept, PathBuf::from)
}

fn read(file: &str) -> String {
    let path = sample().join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Names, and for each its cells; a cell without quotes and letters is unknown, an empty text stands in quotes.
fn table(text: &str) -> Vec<(String, Vec<Option<String>>)> {
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default();
    let mut columns: Vec<(String, Vec<Option<String>>)> =
        header.split(',').map(|name| (name.to_owned(), Vec::new())).collect();
    for line in lines {
        let (mut cell, mut inside, mut quoted, mut at) = (String::new(), false, false, 0);
        for letter in line.chars().chain([',']) {
            match letter {
                ',' if !inside => {
                    let known = quoted || !cell.is_empty();
                    columns[at].1.push(known.then(|| std::mem::take(&mut cell)));
                    (quoted, at) = (false, at + 1);
                }
                '"' => {
                    // The second of two quotes stands for one.
                    if !inside && quoted {
                        cell.push('"');
                    }
                    (inside, quoted) = (!inside, true);
                }
                other => cell.push(other),
            }
        }
        assert_eq!(at, columns.len(), "{line}");
    }
    columns
}

/// A column as a closing holds it: narrow whole numbers where they fit, but for facts and numbers of cards.
fn array(name: &str, ty: Type, cells: &[Option<String>]) -> ArrayRef {
    let cells = || cells.iter().map(Option::as_deref);
    let number = |cell: &str| cell.parse::<i64>().unwrap_or_else(|error| panic!("{name} {cell}: {error}"));
    match ty {
        Type::Bool => Arc::new(cells().map(|cell| cell.map(|cell| cell == "1")).collect::<BooleanArray>()),
        Type::Date => {
            let day = |cell: &str| model::epoch_days(cell.parse().unwrap());
            Arc::new(cells().map(|cell| cell.map(day)).collect::<Date32Array>())
        }
        Type::Text => Arc::new(cells().collect::<StringArray>()),
        Type::Int | Type::Num => {
            let numbers: Vec<Option<i64>> = cells().map(|cell| cell.map(number)).collect();
            let narrow = |number: &Option<i64>| number.map(i32::try_from).transpose();
            match numbers.iter().map(narrow).collect::<Result<Vec<_>, _>>() {
                Ok(narrow) => Arc::new(Int32Array::from(narrow)),
                Err(_) => Arc::new(Int64Array::from(numbers)),
            }
        }
    }
}

/// A closing has no decimal columns; answers may be decimal.
fn cell(column: &ArrayRef, row: usize) -> Value {
    match column.as_primitive_opt::<Float64Type>() {
        Some(numbers) if column.is_valid(row) => Value::Num(numbers.value(row)),
        _ => value_at(column, row),
    }
}

/// What DuckDB answered, for every row.
fn answers(kind: &str, written: &mut std::str::Split<'_, char>) -> Vec<Value> {
    let mut next = || written.next().unwrap_or_default();
    if kind == "bool" {
        return next().chars().map(|c| (c != '-').then_some(c == '1').into()).collect();
    }
    let value = |text: &str| match kind {
        _ if text == "~" => Value::Null,
        "int" => Value::Int(text.parse().unwrap()),
        "num" => Value::Num(text.parse().unwrap()),
        "date" => Value::Date(text.parse().unwrap()),
        _ => Value::Text(text.to_owned()),
    };
    let known: Vec<Value> = next().split('|').map(value).collect();
    next().chars().map(|c| known[c as usize - '0' as usize].clone()).collect()
}

fn names(policy: &Policy) -> (Schema, Params) {
    let mut names = policy.rule_schema();
    let mut params = Params::at(date(2026, 2, 28));
    for (name, ty, value) in [
        ("limit", Type::Int, Value::Int(4)),
        ("age", Type::Int, Value::Int(60)),
        ("big", Type::Int, Value::Int(i64::MAX)),
        ("absent", Type::Int, Value::Null),
        ("share", Type::Num, Value::Num(0.25)),
        ("since", Type::Date, Value::date(date(2000, 2, 29))),
        ("strict", Type::Bool, Value::Bool(true)),
        ("word", Type::Text, Value::Text("ab".into())),
    ] {
        let name = format!("param.{name}");
        names.add(Field::param(&name, ty));
        params.set(name, value);
    }
    (names, params)
}

#[test]
fn every_expression_comes_out_as_in_duckdb_on_columns_and_on_rows() {
    let policy = policy();
    let (names, params) = names(&policy);
    let columns = table(&read("columns.csv"));
    let rows = columns[0].1.len();
    let mut frame = Frame::new(rows);
    let mut by_row = vec![BTreeMap::new(); rows];
    for (name, cells) in &columns {
        let ty = names.get(name).unwrap_or_else(|| panic!("no column {name}: make the sample anew")).ty;
        let column = array(name, ty, cells);
        for (row, values) in by_row.iter_mut().enumerate() {
            values.insert(name.clone(), value_at(&column, row));
        }
        frame.set(name, column).unwrap();
    }
    let mut wrong = Vec::new();
    let mut asked = 0;
    for line in read("expressions.tsv").lines() {
        let mut parts = line.split('\t');
        let (kind, text) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let answers = answers(kind, &mut parts);
        let rule = compile(text, &names).unwrap_or_else(|error| panic!("{text}: {error}"));
        let column = rule.eval_columns(&frame, &params).unwrap();
        assert_eq!(answers.len(), rows, "{text}");
        for (row, answer) in answers.iter().enumerate() {
            let (of_column, of_row) = (cell(&column, row), rule.value(&by_row[row], &params));
            if of_column != *answer || of_row != *answer {
                wrong.push(format!(
                    "{text}\n  row {row}: DuckDB {answer:?}, column {of_column:?}, row {of_row:?}"
                ));
                break;
            }
        }
        asked += 1;
    }
    assert!(asked >= 100, "{asked} expressions are no sample");
    assert!(
        wrong.is_empty(),
        "{} of {asked} differ:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(12)].join("\n")
    );
}

/// The pack with the facts and programmes of the sample.
fn pack_of_the_sample() -> Policy {
    let folder = std::env::temp_dir().join(format!("pilar-oracle-{}", std::process::id()));
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policy"), &folder);
    let facts = folder.join("schema/derived.toml");
    let text = format!("{}\n{}", fs::read_to_string(&facts).unwrap(), read("facts.txt"));
    fs::write(&facts, text).unwrap();
    for programme in read("programmes.txt").split("### ").skip(1) {
        let (key, text) = programme.split_once('\n').unwrap();
        fs::write(folder.join(format!("programmes/{key}.toml")), text).unwrap();
    }
    let pack = Policy::load(Some(&folder));
    fs::remove_dir_all(&folder).unwrap();
    pack.unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Families or people with every column of the pack; those that the sample leaves out are unknown.
fn batch(policy: &Policy, subject: &str, file: &str) -> RecordBatch {
    let cells = table(&read(file));
    let rows = cells[0].1.len();
    let unknown = vec![None; rows];
    let ids = cells.iter().filter(|(name, _)| name.ends_with("_id"));
    let number = |cell: &Option<String>| cell.as_deref().map(|cell| cell.parse::<i64>().unwrap());
    let mut out: Vec<(String, ArrayRef)> = ids
        .map(|(name, cells)| {
            (name.clone(), Arc::new(cells.iter().map(number).collect::<Int64Array>()) as ArrayRef)
        })
        .collect();
    let wanted = policy.columns().iter().chain(policy.registry_columns());
    for column in wanted.filter(|column| column.subject.word() == subject) {
        let cells = cells.iter().find(|(name, _)| *name == column.name).map_or(&unknown, |(_, cells)| cells);
        let ty = match column.kind {
            ColumnType::Int => Type::Int,
            ColumnType::Bool => Type::Bool,
            ColumnType::Date => Type::Date,
            ColumnType::Text => Type::Text,
        };
        out.push((column.name.clone(), array(&column.name, ty, cells)));
    }
    RecordBatch::try_from_iter_with_nullable(out.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

#[test]
fn every_programme_is_decided_as_in_duckdb_for_all_families_and_for_each() {
    let policy = pack_of_the_sample();
    let (families, people) =
        (batch(&policy, "family", "families.csv"), batch(&policy, "person", "people.csv"));
    let decisions = read("decisions.tsv");
    let mut wishes = Vec::new();
    let mut expected = Vec::new();
    for line in decisions.lines() {
        let mut parts = line.split('\t');
        let mut next = || parts.next().unwrap_or_default();
        wishes.push((next(), period("2026-T4")));
        let outcomes: Vec<i8> = next().bytes().map(|digit| (digit - b'0') as i8).collect();
        let amounts: Vec<i64> = next().split(' ').map(|amount| amount.parse().unwrap()).collect();
        assert_eq!((outcomes.len(), amounts.len()), (families.num_rows(), families.num_rows()));
        expected.push((outcomes, amounts));
    }
    assert!(wishes.len() >= 10, "{} programmes are no sample", wishes.len());
    assert_eq!(month("2026-11").last_day(), date(2026, 11, 30));
    let together = pass(&policy, &wishes);
    let judged = together.judge(&families, &people).unwrap();
    let mut data: Vec<_> = (0..families.num_rows()).map(|row| family_data(&families, &people, row)).collect();
    let mut wrong = Vec::new();
    let ids = families.column_by_name("family_id").unwrap().as_primitive::<Int64Type>().values();
    // Who receives what was decided before, by our own answers.
    let mut received: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for (number, (plan, (outcomes, amounts))) in together.plans.iter().zip(&expected).enumerate() {
        let lines = plan.version.combinations.iter().enumerate();
        let others: Vec<Other> = lines
            .flat_map(|(combination, line)| line.programmes().map(move |programme| (combination, programme)))
            .map(|(combination, programme)| Other {
                combination,
                programme: programme.to_owned(),
                recipients: Some(received[programme].clone()),
            })
            .collect();
        let goes_together = |family: &i64| {
            plan.version.combinations.iter().all(|line| {
                let any = line.programmes().any(|other| received[other].contains(family));
                any == (line.rule == Together::Needs)
            })
        };
        let columns = settled(&together, &judged, &families, number, &others);
        for (row, data) in data.iter_mut().enumerate() {
            let duckdb = (outcomes[row], amounts[row]);
            let of_columns = (columns.outcome(row).code(), columns.worth(row).unwrap().0.idr());
            let alone = plan.judge_family(data).unwrap();
            // One family alone knows nothing of places and of what it receives besides.
            let own = plan
                .places
                .iter()
                .filter(|place| !matches!(place.of, PlaceKind::Quota | PlaceKind::Combination(_)));
            let passes = own.into_iter().all(|place| {
                if place.stops(plan.version) {
                    alone.bits.held & place.bit() == 0
                } else {
                    alone.bits.held & place.bit() != 0
                }
            });
            let alone = (passes && goes_together(&ids[row]), alone.amount.idr());
            let may = duckdb.0 != FamilyOutcome::NotEligible.code();
            if of_columns != duckdb || alone != (may, duckdb.1) {
                let key = &plan.programme.key;
                wrong.push(format!(
                    "{key} family {row}: DuckDB {duckdb:?}, columns {of_columns:?}, alone {alone:?}"
                ));
            }
        }
        let receives = |row: &usize| columns.outcome(*row) == FamilyOutcome::Eligible;
        let receivers = (0..ids.len()).filter(receives).map(|row| ids[row]).collect();
        received.insert(&plan.programme.key, receivers);
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}
