//! A small invented world: people under region 99, the lists that ministries make of them, and a house to put
//! them in.

use std::path::Path;
use std::sync::Arc;

use access::{House, Session};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray, new_null_array,
};
use arrow_schema::{DataType, Field, Schema};
use jiff::civil::{Date, date};
use lake::{Lake, Origin, WriteOptions};
use model::{FixedClock, RecordId, Silent};
use policy::{ColumnType, Policy};
use registry::Consolidation;
use store::{params, testing::TestDb};

pub(crate) const TODAY: Date = date(2026, 11, 10);

store::sql! {
    LIST = "INSERT INTO list_file (file_no, source, kind, name, hash, bytes, as_of, received_at, actor, state, rows_read,
        rows_accepted, rows_rejected, findings, dataset, message, detail, policy)
        VALUES ($1, $2, $3, $2, $4, 1, $5, 0, 'test', 'received', $6, $6, 0, 0, $7, NULL, '{}', '')";
}

/// One row of a list. What is not set is unknown.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Row {
    pub(crate) nik: Option<i64>,
    pub(crate) kk: Option<i64>,
    pub(crate) name: String,
    pub(crate) sex: i32,
    pub(crate) birth: Option<Date>,
    pub(crate) mother: Option<String>,
    pub(crate) relation: Option<i32>,
    pub(crate) region: Option<String>,
    pub(crate) rt: Option<i32>,
    pub(crate) death: Option<Date>,
    pub(crate) servant: Option<bool>,
    pub(crate) floor: Option<i32>,
}

/// Person number `n` of the world: families of four, with names that differ from one another.
pub(crate) fn person(n: usize) -> Row {
    const GIVEN: [&str; 16] = [
        "SUHARTO", "WAYAN", "BUDIMAN", "RAHMAT", "SITI", "DEWI", "KARTIKA", "NENGAH", "JOKO", "AGUNG",
        "LESTARI", "PUTRI", "MARIA", "YOHANES", "HASAN", "FATIMAH",
    ];
    const LAST: [&str; 16] = [
        "PRANOTO",
        "SUDIRJA",
        "KUSUMA",
        "HIDAYAT",
        "AMINAH",
        "ANGGRAINI",
        "SARI",
        "WIJAYA",
        "PURNOMO",
        "SANTOSA",
        "WULANDARI",
        "MAHARANI",
        "TAMBUNAN",
        "SINAGA",
        "BASRI",
        "ZAHRA",
    ];
    let family = n / 4;
    let (day, month, year) = ((n * 7 % 28) as i8 + 1, (n * 5 % 12) as i8 + 1, 1950 + (n * 13 % 60) as i16);
    let birth = date(year, month, day);
    let sex = (n % 2) as i32 + 1;
    let day = i64::from(day) + if sex == 2 { 40 } else { 0 };
    let nik = 9_901_010_000_000_000
        + day * 100_000_000
        + i64::from(month) * 1_000_000
        + i64::from(year % 100) * 10_000;
    Row {
        nik: Some(nik + 1 + (n / 16) as i64),
        kk: Some(9_901_010_101_200_001 + family as i64),
        name: format!("{} {}", GIVEN[n % 16], LAST[(n / 16 + n * 3) % 16]),
        sex,
        birth: Some(birth),
        mother: Some(format!("{} {}", GIVEN[(n * 3 + 4) % 16], LAST[(n * 5 + 4) % 16])),
        relation: Some([1, 2, 3, 3][n % 4]),
        region: Some(format!("99.01.01.{}", 2001 + family % 3)),
        rt: Some((family % 5) as i32 + 1),
        floor: Some(2),
        ..Row::default()
    }
}

pub(crate) fn people(range: std::ops::Range<usize>) -> Vec<Row> {
    range.map(person).collect()
}

pub(crate) struct World {
    pub(crate) house: House,
    pub(crate) session: Session,
    db: TestDb,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::on(TestDb::sqlite())
    }

    pub(crate) fn on(db: TestDb) -> Self {
        let house = House {
            db: db.db.clone(),
            lake: Lake::open(&db.folder.join("lake")).unwrap(),
            policy: Arc::new(Policy::embedded().unwrap()),
            clock: Arc::new(FixedClock::at(TODAY)),
        };
        let session = Session::console(&house);
        Self { house, session, db }
    }

    /// Takes a list in under the next number.
    pub(crate) fn list(&self, source: &str, as_of: Date, rows: &[Row]) -> u32 {
        let file = self.house.db.write(|tx| store::next_number(tx, "list_file", 1)).unwrap();
        let batch = records(&self.house.policy, file as u32, rows);
        let hash = self.put(&format!("records/{file}"), &batch);
        self.put(&format!("raw/{file}"), &raw(file as u32, rows));
        self.register(file, source, "people", &hash, as_of, rows.len(), &format!("records/{file}"));
        file as u32
    }

    /// Takes a rank list in: (card, decile).
    pub(crate) fn rank(&self, as_of: Date, places: &[(i64, i32)]) -> u32 {
        let file = self.house.db.write(|tx| store::next_number(tx, "list_file", 1)).unwrap();
        let mut places = places.to_vec();
        places.sort_unstable();
        let day = model::epoch_days(as_of);
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("kk", Arc::new(Int64Array::from_iter_values(places.iter().map(|p| p.0)))),
            ("decile", Arc::new(Int32Array::from_iter_values(places.iter().map(|p| p.1)))),
            ("rank_date", Arc::new(Date32Array::from(vec![day; places.len()]))),
            ("publisher", Arc::new(StringArray::from(vec![Some("BPS"); places.len()]))),
            ("model_version", Arc::new(StringArray::from(vec![None::<&str>; places.len()]))),
        ];
        let hash = self.put(&format!("rank/{file}"), &RecordBatch::try_from_iter(columns).unwrap());
        self.register(file, "rank", "rank", &hash, as_of, places.len(), &format!("rank/{file}"));
        file as u32
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.db.folder
    }

    pub(crate) fn consolidate(&self) -> Consolidation {
        registry::consolidate(&self.house, &self.session, &Silent).unwrap()
    }

    /// Hashes of all parts of a version.
    pub(crate) fn hashes(&self, version: i64) -> Vec<String> {
        registry::version::PARTS
            .iter()
            .map(|part| {
                self.house
                    .lake
                    .require(&registry::version::name(version, part))
                    .unwrap()
                    .manifest()
                    .hash
                    .clone()
            })
            .collect()
    }

    fn put(&self, name: &str, batch: &RecordBatch) -> String {
        let mut writer = self.house.lake.writer(name, batch.schema(), WriteOptions::default()).unwrap();
        writer.write(batch).unwrap();
        let mut origin = Origin::default();
        origin.note.insert("header".into(), ["NIK", "NAMA"].join("\u{1f}"));
        writer.finish(origin, self.house.clock.as_ref()).unwrap().hash
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of one table")]
    fn register(
        &self,
        file: i64,
        source: &str,
        kind: &str,
        hash: &str,
        as_of: Date,
        rows: usize,
        dataset: &str,
    ) {
        let unique = format!("{file}-{hash}");
        let as_of = as_of.to_string();
        self.house
            .db
            .write(|tx| tx.execute(&LIST, params![file, source, kind, unique, as_of, rows as i64, dataset]))
            .unwrap();
    }
}

fn records(policy: &Policy, file: u32, rows: &[Row]) -> RecordBatch {
    let mut fields =
        vec![Field::new("record_id", DataType::Int64, false), Field::new("line", DataType::Int32, false)];
    let ids = (0..rows.len() as u32).map(|row| RecordId::new(file, row).0);
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(ids)),
        Arc::new(Int32Array::from_iter_values(2..rows.len() as i32 + 2)),
    ];
    for column in policy.columns() {
        let array = values(&column.name, rows).unwrap_or_else(|| {
            let kind = match column.kind {
                ColumnType::Int => DataType::Int32,
                ColumnType::Bool => DataType::Boolean,
                ColumnType::Date => DataType::Date32,
                ColumnType::Text => DataType::Utf8,
            };
            new_null_array(&kind, rows.len())
        });
        fields.push(Field::new(&column.name, array.data_type().clone(), true));
        arrays.push(array);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

fn values(column: &str, rows: &[Row]) -> Option<ArrayRef> {
    let days = |pick: fn(&Row) -> Option<Date>| -> ArrayRef {
        Arc::new(rows.iter().map(|r| pick(r).map(model::epoch_days)).collect::<Date32Array>())
    };
    let int = |pick: fn(&Row) -> Option<i32>| -> ArrayRef {
        Arc::new(rows.iter().map(pick).collect::<Int32Array>())
    };
    Some(match column {
        "nik" => Arc::new(rows.iter().map(|r| r.nik).collect::<Int64Array>()),
        "kk" => Arc::new(rows.iter().map(|r| r.kk).collect::<Int64Array>()),
        "name" => Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.name.as_str()))),
        "mother_name" => Arc::new(rows.iter().map(|r| r.mother.as_deref()).collect::<StringArray>()),
        "region" => Arc::new(rows.iter().map(|r| r.region.as_deref()).collect::<StringArray>()),
        "sex" => int(|r| (r.sex > 0).then_some(r.sex)),
        "relation" => int(|r| r.relation),
        "rt" => int(|r| r.rt),
        "floor" => int(|r| r.floor),
        "birth_date" => days(|r| r.birth),
        "death_date" => days(|r| r.death),
        "civil_servant" => Arc::new(rows.iter().map(|r| r.servant).collect::<BooleanArray>()),
        _ => return None,
    })
}

fn raw(file: u32, rows: &[Row]) -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "record_id",
            Arc::new(Int64Array::from_iter_values((0..rows.len() as u32).map(|r| RecordId::new(file, r).0))),
        ),
        ("line", Arc::new(Int32Array::from_iter_values(2..rows.len() as i32 + 2))),
        ("sheet", Arc::new(StringArray::from(vec![None::<&str>; rows.len()]))),
        (
            "cells",
            Arc::new(StringArray::from_iter_values(
                rows.iter().map(|r| format!("{}\u{1f}{}", r.nik.unwrap_or_default(), r.name)),
            )),
        ),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}
