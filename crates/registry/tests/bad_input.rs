//! Every list in `tests/bad-input` is received in a fresh house; its report must be the one that stands beside it. `PILAR_BLESS=1` writes
//! the reports anew. Further laws of receiving: the same list twice is one list; a crash in the middle leaves no trace in the result.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

#[path = "bad_input/make.rs"]
mod make;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use access::{House, Session};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use jiff::civil::{Date, date};
use model::{FixedClock, Lang, Silent};
use registry::intake::{Error, Limits, ListReceived, ReceiveOptions, Rule, receive, receive_within};
use registry::regions;
use store::params;
use store::testing::TestDb;

const AS_OF: Date = date(2026, 11, 17);

store::sql! {
    FORGET_END = "UPDATE list_file SET state = 'reading', rows_read = 0 WHERE file_no = $1";
    AS_OF_OF_LIST = "SELECT as_of FROM list_file WHERE file_no = $1";
    LIST_COUNT = "SELECT COUNT(*) FROM list_file";
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/bad-input")
}

fn house(test: &TestDb) -> House {
    regions::import_csv(&test.db, &folder().join("regions.csv"), "demo").unwrap();
    House {
        db: test.db.clone(),
        lake: lake::Lake::open(&test.folder.join("lake")).unwrap(),
        policy: Arc::new(policy::Policy::embedded().unwrap()),
        clock: Arc::new(FixedClock::at(AS_OF)),
    }
}

fn take(house: &House, path: &Path) -> Result<ListReceived, Error> {
    let name = path.file_name().unwrap().to_str().unwrap();
    let source = name.split('-').next().unwrap();
    receive(house, &Session::console(house), path, source, Some(AS_OF), &Silent)
}

/// The report as a person would want it: the outcome, each finding, each row taken.
fn report(house: &House, path: &Path) -> String {
    let mut out = String::new();
    match take(house, path) {
        Err(Error::Refused(refusal)) => {
            let words = house.policy.words();
            writeln!(out, "refused: {}", refusal.code()).unwrap();
            for lang in [Lang::Id, Lang::En] {
                writeln!(out, "{}", refusal.message(words, lang)).unwrap();
                writeln!(out, "-> {}", refusal.remedy(words, lang)).unwrap();
            }
        }
        Err(error) => panic!("{}: {error}", path.display()),
        Ok(list) => {
            let ListReceived { rows_read, rows_accepted, rows_rejected, .. } = list;
            writeln!(out, "received: {rows_read} read, {rows_accepted} accepted, {rows_rejected} rejected")
                .unwrap();
            write_findings(house, &list, &mut out);
            write_rows(house, &list, &mut out);
        }
    }
    out
}

fn write_findings(house: &House, list: &ListReceived, out: &mut String) {
    let findings = house.lake.require(&format!("rejects/{}", list.file_no)).unwrap().read_all(&[]).unwrap();
    assert_eq!(findings.num_rows() as u64, list.findings);
    let text = |name: &str| findings.column_by_name(name).unwrap().as_string::<i32>().clone();
    let lines = findings.column_by_name("line").unwrap().as_primitive::<Int32Type>().clone();
    let (sheets, columns, rules, masked) = (text("sheet"), text("column"), text("rule"), text("masked"));
    let mut missing = 0;
    for row in 0..findings.num_rows() {
        if rules.value(row) == Rule::ColumnMissing.code() {
            missing += 1;
            continue;
        }
        let rule = Rule::from_code(rules.value(row)).unwrap();
        let sheet = if sheets.is_valid(row) { format!("{}!", sheets.value(row)) } else { String::new() };
        let column = if columns.value(row).is_empty() { "(row)" } else { columns.value(row) };
        let severity = format!("{:?}", rule.severity()).to_lowercase();
        writeln!(
            out,
            "{sheet}{} {column}: {severity} {} [{}]",
            lines.value(row),
            rule.code(),
            masked.value(row)
        )
        .unwrap();
    }
    if missing > 0 {
        writeln!(out, "columns that are not in the file: {missing}").unwrap();
    }
}

fn write_rows(house: &House, list: &ListReceived, out: &mut String) {
    let rows = house.lake.require(&list.dataset).unwrap().read_all(&[]).unwrap();
    assert_eq!(rows.num_rows() as u64, list.rows_accepted);
    for row in 0..rows.num_rows() {
        let line = rows.column_by_name("line").unwrap().as_primitive::<Int32Type>().value(row);
        write!(out, "row {line}:").unwrap();
        for (field, column) in rows.schema().fields().iter().zip(rows.columns()) {
            if !matches!(field.name().as_str(), "record_id" | "line") && column.is_valid(row) {
                write!(out, " {}={}", field.name(), shown(column, row)).unwrap();
            }
        }
        out.push('\n');
    }
}

fn shown(column: &ArrayRef, row: usize) -> String {
    match column.data_type() {
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::Date32 => {
            model::civil_from_epoch_days(column.as_primitive::<Date32Type>().value(row)).unwrap().to_string()
        }
        _ => format!("{:?}", column.as_string::<i32>().value(row)),
    }
}

#[test]
fn every_bad_list_has_the_report_that_stands_beside_it() {
    let bless = std::env::var_os("PILAR_BLESS").is_some();
    let test = TestDb::sqlite();
    let house = house(&test);
    let made = test.folder.join("made");
    fs::create_dir(&made).unwrap();
    for (name, bytes, keep) in make::all() {
        fs::write(made.join(&name), &bytes).unwrap();
        if bless && keep {
            fs::write(folder().join(&name), &bytes).unwrap();
        }
    }
    let mut paths: Vec<PathBuf> = [folder(), made]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()))
        .filter(|path| !path.ends_with("regions.csv") && !path.ends_with("README.md"))
        .filter(|path| path.extension().is_some_and(|ending| ending != "expect"))
        .collect();
    // A made file that is also kept is received from where it is kept.
    paths.sort_by_key(|path| (path.file_name().unwrap().to_owned(), !path.starts_with(folder())));
    paths.dedup_by_key(|path| path.file_name().unwrap().to_owned());
    assert!(paths.len() >= 40, "{} cases", paths.len());
    let mut wrong = String::new();
    for path in &paths {
        let found = report(&house, path);
        let beside = folder().join(format!("{}.expect", path.file_name().unwrap().to_str().unwrap()));
        if bless {
            fs::write(&beside, &found).unwrap();
        } else if fs::read_to_string(&beside).unwrap_or_default() != found {
            writeln!(wrong, "== {}\n{found}", beside.file_name().unwrap().display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "reports that differ:\n{wrong}");
}

#[test]
fn the_same_list_twice_is_one_list() {
    for test in TestDb::all() {
        let house = house(&test);
        let path = folder().join("dtks-nik-missing.csv");
        let first = take(&house, &path).unwrap();
        let again = take(&house, &path).unwrap();
        assert!(!first.repeated && again.repeated);
        assert_eq!(ListReceived { repeated: false, ..again }, first);
        assert_eq!(house.db.read(|tx| tx.query_one(&LIST_COUNT, &[])?.int(0)).unwrap(), 1);
        // The same content under another source is another question.
        assert!(matches!(
            receive(&house, &Session::console(&house), &path, "p3ke", None, &Silent),
            Err(Error::Refused(_))
        ));
    }
}

#[test]
fn a_list_that_a_crash_left_half_read_comes_out_the_same() {
    let test = TestDb::sqlite();
    let house = house(&test);
    let path = folder().join("dtks-codes-unknown.csv");
    let first = take(&house, &path).unwrap();
    let hashes = |house: &House| -> Vec<String> {
        ["raw", "records", "rejects"]
            .iter()
            .map(|kind| {
                house.lake.require(&format!("{kind}/{}", first.file_no)).unwrap().manifest().hash.clone()
            })
            .collect()
    };
    let before = hashes(&house);
    // As after a kill: some datasets stand, the row says "reading".
    house.db.write(|tx| tx.execute(&FORGET_END, params![i64::from(first.file_no)])).unwrap();
    let again = take(&house, &path).unwrap();
    assert_eq!(again, first);
    assert_eq!(hashes(&house), before);
}

#[test]
fn a_refused_list_leaves_nothing_in_the_lake_and_may_be_tried_again() {
    let test = TestDb::sqlite();
    let house = house(&test);
    let path = folder().join("dtks-only-bad-rows.csv");
    for _ in 0..2 {
        assert!(matches!(take(&house, &path), Err(Error::Refused(_))));
    }
    assert!(house.lake.list("").unwrap().is_empty());
    assert_eq!(house.db.read(|tx| tx.query_one(&LIST_COUNT, &[])?.int(0)).unwrap(), 1);
    let scope = Session::console(&house).scope("list.read").unwrap();
    let lists = registry::lists::lists(&house, &scope, Lang::En, &store::Page::first(10)).unwrap();
    assert_eq!(
        lists.items[0].refusal.as_ref().map(|refusal| refusal.code.as_str()),
        Some("intake-nothing-usable")
    );
}

#[test]
fn a_row_counts_the_same_wherever_chunks_are_cut() {
    let test = TestDb::sqlite();
    let house = house(&test);
    let mut text = String::from("NIK;NOKK;NAMA;JENIS_KELAMIN;TGL_LAHIR;KODE_WILAYAH\n");
    for row in 0..60_000 {
        let note = if row % 1000 == 0 { "\"BARIS\nDUA\"" } else { "SITI AMINAH" };
        let serial = row % 9000 + 1;
        writeln!(text, "990101450790{serial:04};9901010101100001;{note};P;05/07/1990;9901012001").unwrap();
    }
    let path = test.folder.join("dtks-long.csv");
    fs::write(&path, text).unwrap();
    let list = take(&house, &path).unwrap();
    assert_eq!((list.rows_read, list.rows_accepted), (60_000, 60_000));
    let rows: RecordBatch =
        house.lake.require(&list.dataset).unwrap().read_all(&["record_id", "line", "nik"]).unwrap();
    let (ids, lines) =
        (rows.column(0).as_primitive::<Int64Type>(), rows.column(1).as_primitive::<Int32Type>());
    for row in 0..rows.num_rows() {
        assert_eq!(ids.value(row) & 0xffff_ffff, row as i64);
        // Every thousandth row has two lines.
        assert_eq!(lines.value(row) as usize, row + 2 + row.div_ceil(1000));
    }
}

#[test]
fn limits_refuse_a_list_before_it_is_in_memory() {
    let test = TestDb::sqlite();
    let house = house(&test);
    let path = folder().join("regsosek-merged-header.xlsx");
    for (limits, code) in [
        (Limits { workbook_bytes: 100, ..Limits::default() }, "intake-too-large"),
        (Limits { unpacked_bytes: 1000, ..Limits::default() }, "intake-too-large"),
        (Limits { held_bytes: 200, ..Limits::default() }, "intake-too-large"),
        (Limits { parts: 2, ..Limits::default() }, "intake-too-large"),
        (Limits { cells: 10, ..Limits::default() }, "intake-too-large"),
        (Limits { rows: 1, ..Limits::default() }, "intake-too-large"),
    ] {
        let options = ReceiveOptions { as_of: Some(AS_OF), limits };
        let refused = receive_within(&house, &Session::console(&house), &path, "regsosek", &options, &Silent);
        assert_eq!(refused.map_err(|error| error.code()), Err(code), "{limits:?}");
    }
}

#[test]
fn a_rank_list_speaks_of_the_day_of_ranking_unless_another_is_told() {
    let test = TestDb::sqlite();
    let house = house(&test);
    let told = |name: &str, as_of| {
        let path = test.folder.join(name);
        let text = format!(
            "no_kk,desil,tanggal\n9901010101100001,3,2026-04-01\n9901010101100002,4,2026-07-0{}\n",
            name.len()
        );
        fs::write(&path, text).unwrap();
        let session = Session::console(&house);
        let list = registry::rank::import(&house, &session, &path, None, as_of, &Silent).unwrap();
        let note = house.lake.require(&list.dataset).unwrap().manifest().origin.note["as_of"].clone();
        let as_of =
            house.db.read(|tx| tx.query_one(&AS_OF_OF_LIST, params![i64::from(list.file_no)])?.string(0));
        assert_eq!(as_of.unwrap(), note);
        note
    };
    assert_eq!(told("a", None), "2026-07-01");
    assert_eq!(told("bb", Some(date(2026, 8, 9))), "2026-08-09");
}

#[test]
fn every_rule_and_refusal_has_words_in_both_languages() {
    let policy = policy::Policy::embedded().unwrap();
    for rule in Rule::ALL {
        for part in ["", "-remedy"] {
            let key = format!("intake-rule-{}{part}", rule.code());
            assert!(policy.words().has(&key), "{key}");
        }
    }
}
