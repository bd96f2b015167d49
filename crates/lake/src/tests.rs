use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray, cast::AsArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use jiff::civil::date;
use model::FixedClock;
use proptest::prelude::*;

use crate::cube::Cube;
use crate::reduce::{Groups, whole_groups};
use crate::{Error, Lake, Origin, WriteOptions};

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("name", DataType::Utf8, true),
        Field::new("age", DataType::Int32, true),
    ]))
}

fn people(ids: &[i64]) -> RecordBatch {
    let names: StringArray = ids.iter().map(|id| (id % 7 != 0).then(|| format!("name {id}"))).collect();
    let ages: Int32Array = ids.iter().map(|id| (id % 5 != 0).then_some((id % 90) as i32)).collect();
    let columns: Vec<ArrayRef> =
        vec![Arc::new(Int64Array::from(ids.to_vec())), Arc::new(names), Arc::new(ages)];
    RecordBatch::try_new(schema(), columns).unwrap()
}

fn options() -> WriteOptions {
    WriteOptions { row_group_rows: 1000, sorted_by: vec!["id".to_owned()], ..WriteOptions::default() }
}

#[test]
fn columns_taken_over_from_another_dataset_give_the_bytes_that_encoding_gives() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path()).unwrap();
    let ids: Vec<i64> = (0..2_500).map(|i| i * 3).collect();
    let first = write(&lake, "first", &ids, 700);
    let other = lake.require("first").unwrap();
    for columns in 1..=3 {
        let name = format!("again-{columns}");
        let mut writer = lake.writer(&name, schema(), options()).unwrap().sharing(&other, columns).unwrap();
        writer.write(&people(&ids)).unwrap();
        let again = writer.finish(Origin::default(), &FixedClock::at(date(2026, 11, 17))).unwrap();
        if again.hash != first.hash {
            let told =
                |name: &str| format!("{:#?}", lake.require(name).unwrap().with_pages().unwrap().1.metadata());
            let (a, b) = (told("first"), told(&name));
            let differ: Vec<_> = a.lines().zip(b.lines()).filter(|(a, b)| a != b).take(20).collect();
            panic!("{columns}: {differ:#?} {} {}", first.bytes, again.bytes);
        }
    }
    let fewer = lake.writer("fewer", schema(), options()).unwrap().sharing(&other, 1).unwrap();
    let mut fewer = fewer;
    let cut = fewer
        .write(&people(&ids[..900]))
        .and_then(|()| fewer.finish(Origin::default(), &FixedClock::at(date(2026, 11, 17))).map(drop));
    assert!(matches!(cut, Err(Error::Shape(_))), "{cut:?}");
}

fn write(lake: &Lake, name: &str, ids: &[i64], cut: usize) -> crate::Manifest {
    let mut writer = lake.writer(name, schema(), options()).unwrap();
    for part in ids.chunks(cut) {
        writer.write(&people(part)).unwrap();
    }
    writer.finish(Origin::default(), &FixedClock::at(date(2026, 11, 17))).unwrap()
}

#[test]
fn the_same_rows_have_the_same_hash_however_they_were_cut() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path()).unwrap();
    let ids: Vec<i64> = (0..2500).map(|n| n * 3).collect();
    let whole = write(&lake, "a", &ids, 2500);
    let parts = write(&lake, "b", &ids, 17);
    assert_eq!(whole.hash, parts.hash);
    assert_eq!(whole.rows, 2500);
    lake.verify("a").unwrap();
    let names: Vec<String> = lake.list("").unwrap().into_iter().map(|m| m.name).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn a_writer_that_does_not_finish_leaves_the_old_dataset_and_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path()).unwrap();
    let old = write(&lake, "registry/1/persons", &[1, 2, 3], 3);
    let mut writer = lake.writer("registry/1/persons", schema(), options()).unwrap();
    writer.write(&people(&(0..5000).collect::<Vec<_>>())).unwrap();
    drop(writer);
    assert_eq!(lake.require("registry/1/persons").unwrap().manifest(), &old);
    assert_eq!(std::fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    // What a killed process leaves has no lock and is swept.
    std::fs::write(folder.path().join("tmp/1-0.part"), b"half").unwrap();
    Lake::open(folder.path()).unwrap();
    assert_eq!(std::fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
}

#[test]
fn a_changed_file_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path()).unwrap();
    let manifest = write(&lake, "a", &[1, 2, 3], 3);
    let path = lake.object_path(&manifest.hash);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[10] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(lake.verify("a"), Err(Error::Changed { .. })));
}

#[test]
fn names_that_leave_the_folder_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path()).unwrap();
    for name in ["", "../a", "a//b", "/a", "a/.b", "a b", "a\\b"] {
        assert!(matches!(lake.dataset(name), Err(Error::Name(_))), "{name}");
    }
    assert!(lake.dataset("closing/2026-11/persons").unwrap().is_none());
    assert!(matches!(lake.require("none"), Err(Error::NotFound(_))));
}

#[test]
fn rows_out_of_order_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path()).unwrap();
    let mut writer = lake.writer("a", schema(), options()).unwrap();
    writer.write(&people(&[5, 6])).unwrap();
    assert!(matches!(writer.write(&people(&[4])), Err(Error::Unsorted { .. })));
}

#[test]
fn an_empty_dataset_reads_as_no_rows() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path()).unwrap();
    write(&lake, "a", &[], 1);
    let dataset = lake.require("a").unwrap();
    assert_eq!(dataset.read_all(&["name"]).unwrap().num_rows(), 0);
    assert_eq!(dataset.lookup("id", &[1], &[]).unwrap().num_columns(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn lookup_and_rows_at_agree_with_a_plain_filter(
        mut ids in prop::collection::vec(0i64..5000, 1..4000),
        wanted in prop::collection::vec(0i64..5200, 0..40),
        places in prop::collection::vec(0usize..4000, 0..30),
    ) {
        ids.sort_unstable();
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::open(folder.path()).unwrap();
        write(&lake, "a", &ids, 333);
        let dataset = lake.require("a").unwrap();
        let expected: Vec<i64> = ids.iter().copied().filter(|id| wanted.contains(id)).collect();
        // Columns come back in the order asked for, not in that of the file.
        prop_assert_eq!(dataset.lookup("id", &wanted, &["age", "id", "name"]).unwrap(),
            people(&expected).project(&[2, 0, 1]).unwrap());
        let places: Vec<usize> = places.into_iter().filter(|&p| p < ids.len()).collect();
        let at: Vec<u64> = places.iter().map(|&p| p as u64).collect();
        let expected: Vec<i64> = places.iter().map(|&p| ids[p]).collect();
        prop_assert_eq!(dataset.rows_at(&at, &[]).unwrap(), people(&expected));
        prop_assert!(dataset.rows_at(&[ids.len() as u64], &[]).is_err());
        prop_assert_eq!(dataset.read_all(&[]).unwrap(), people(&ids));
    }

    #[test]
    fn groups_reduce_as_a_loop_over_each_family_would(
        mut rows in prop::collection::vec((0i64..20, prop::option::of(any::<bool>()), prop::option::of(-9i32..9)), 0..200),
        cut in 1usize..50,
    ) {
        rows.sort_by_key(|row| row.0);
        let keys: Int64Array = rows.iter().map(|row| Some(row.0)).collect();
        let flags: BooleanArray = rows.iter().map(|row| row.1).collect();
        let numbers: Int32Array = rows.iter().map(|row| row.2).collect();
        let groups = Groups::of(&keys);
        for (group, key) in groups.keys().values().iter().enumerate() {
            let family: Vec<_> = rows.iter().filter(|row| row.0 == *key).collect();
            let known: Vec<i32> = family.iter().filter_map(|row| row.2).collect();
            let some_true = family.iter().any(|row| row.1 == Some(true));
            let some_unknown = family.iter().any(|row| row.1.is_none());
            let any = if some_true { Some(true) } else if some_unknown { None } else { Some(false) };
            prop_assert_eq!(groups.any(&flags).iter().nth(group).unwrap(), any);
            prop_assert_eq!(groups.count_true(&flags).value(group) as usize,
                family.iter().filter(|row| row.1 == Some(true)).count());
            prop_assert_eq!(groups.sum(&numbers).unwrap().value(group), known.iter().map(|&n| i64::from(n)).sum::<i64>());
            prop_assert_eq!(groups.min(&numbers).iter().nth(group).unwrap(), known.iter().copied().min());
            prop_assert_eq!(groups.max(&numbers).iter().nth(group).unwrap(), known.iter().copied().max());
            prop_assert_eq!(groups.sizes().value(group) as usize, family.len());
        }
        // Cut anywhere, put back: no group spans two batches and nothing is lost.
        let one = RecordBatch::try_from_iter([("key", Arc::new(keys) as ArrayRef)]).unwrap();
        let parts = (0..one.num_rows()).step_by(cut).map(|at| Ok(one.slice(at, cut.min(one.num_rows() - at))));
        let whole: Vec<RecordBatch> = whole_groups(parts, "key").map(Result::unwrap).collect();
        let seen: usize = whole.iter().map(|b| Groups::of(b.column(0).as_primitive()).len()).sum();
        prop_assert_eq!(seen, groups.len());
        prop_assert_eq!(whole.iter().map(RecordBatch::num_rows).sum::<usize>(), rows.len());
    }

    #[test]
    fn a_cube_merged_from_parts_is_the_cube_of_the_whole(
        rows in prop::collection::vec((prop::option::of("[a-c]"), 0i32..3, prop::option::of(-99i64..99)), 0..100),
        cut in 0usize..100,
    ) {
        let columns = |rows: &[(Option<String>, i32, Option<i64>)]| -> (Vec<ArrayRef>, Vec<ArrayRef>) {
            let texts: StringArray = rows.iter().map(|row| row.0.clone()).collect();
            let small: Int32Array = rows.iter().map(|row| Some(row.1)).collect();
            let amounts: Int64Array = rows.iter().map(|row| row.2).collect();
            (vec![Arc::new(texts), Arc::new(small)], vec![Arc::new(amounts)])
        };
        let cube = |rows: &[(Option<String>, i32, Option<i64>)]| {
            let mut cube = Cube::new(&["region", "decile"], &["amount"], 100).unwrap();
            let (keys, amounts) = columns(rows);
            cube.add(&keys, &amounts).unwrap();
            cube
        };
        let (left, right) = rows.split_at(cut.min(rows.len()));
        let mut merged = cube(left);
        merged.merge(&cube(right)).unwrap();
        prop_assert_eq!(merged.finish().unwrap(), cube(&rows).finish().unwrap());
        let counted: i64 = merged.finish().unwrap().column(2).as_primitive::<arrow_array::types::Int64Type>().values().iter().sum();
        prop_assert_eq!(counted as usize, rows.len());
    }
}

#[test]
fn a_file_is_kept_once_under_its_hash_and_a_changed_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path()).unwrap();
    let hash = lake.keep(b"foto").unwrap();
    assert_eq!(lake.keep(b"foto").unwrap(), hash);
    assert_ne!(lake.keep(b"lain").unwrap(), hash);
    assert_eq!(lake.kept(&hash).unwrap(), b"foto");
    let files = folder.path().join("files");
    assert_eq!(std::fs::read_dir(&files).unwrap().count(), 2);
    std::fs::write(files.join(&hash), b"other").unwrap();
    assert!(matches!(lake.kept(&hash), Err(Error::Changed { .. })));
    std::fs::remove_file(files.join(&hash)).unwrap();
    assert!(matches!(lake.kept(&hash), Err(Error::Missing(_))));
    for evil in ["../manifests/x", "", &"g".repeat(64)] {
        assert!(matches!(lake.kept(evil), Err(Error::Name(_))), "{evil}");
    }
}
