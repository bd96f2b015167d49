//! How fast lists are received: `cargo run --release -p registry --example intake_speed -- 1000000`. Writes an invented
//! CSV and Parquet list of
//! so many rows to a temporary folder, receives each in a fresh house and prints rows a second, checks and writing included. With a folder
//! instead of a number it receives the lists of that folder (`<source>-*.csv` and so on, and `regions.csv`) and prints what was found.
#![expect(clippy::unwrap_used, reason = "a measurement stops where something is wrong")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use access::{House, Session};
use arrow_array::{ArrayRef, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray};
use jiff::civil::date;
use model::{FixedClock, Silent};
use parquet::arrow::ArrowWriter;
use registry::{intake, regions};
use store::testing::TestDb;

const HEADER: &str = "NIK;NOKK;NAMA;JENIS_KELAMIN;TGL_LAHIR;TEMPAT_LAHIR;NAMA_IBU_KANDUNG;HUBUNGAN_KELUARGA;STATUS_KAWIN;KODE_WILAYAH;\
ALAMAT;RT;RW;STATUS_SEKOLAH;JENJANG_PENDIDIKAN;KELAS;STATUS_BEKERJA;JENIS_DISABILITAS;HAMIL;STATUS_BANGUNAN;LUAS_LANTAI;JENIS_LANTAI;\
JENIS_DINDING;JENIS_ATAP;SUMBER_AIR_MINUM;SUMBER_PENERANGAN;DAYA_LISTRIK;BAHAN_BAKAR;FASILITAS_BAB";

fn csv(rows: usize) -> String {
    let mut text = format!("{HEADER}\r\n");
    for row in 0..rows {
        let (serial, family) = (row % 9999 + 1, row / 4 % 1_000_000);
        // One NIK in ten is missing, one in fifty lost a zero of its month.
        let nik = match row % 50 {
            0 => format!("9901014579{:02}{serial:04}", row % 7 + 90),
            n if n % 10 == 1 => String::new(),
            _ => format!("99010145079{}{serial:04}", row % 7),
        };
        write!(
            text,
            "{nik};9901010{family:09};SITI AMINAH {};P;05/07/199{};CONTOH;IBU NOMOR {family};ANAK;BELUM KAWIN;9901012001;\
             JL MAWAR NO {};001;002;MASIH SEKOLAH;SD;4;TIDAK;TIDAK ADA;TIDAK;1;36;3;2;1;4;1;450;3;1\r\n",
            row % 977,
            row % 7,
            row % 300,
        )
        .unwrap();
    }
    text
}

fn parquet(path: &Path, rows: usize) {
    let numbers = |number: &dyn Fn(usize) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values((0..rows).map(number)))
    };
    let codes = |code: i32| -> ArrayRef { Arc::new(Int32Array::from(vec![code; rows])) };
    let texts = |text: &dyn Fn(usize) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values((0..rows).map(text)))
    };
    let columns = vec![
        ("NIK", numbers(&|row| 9_901_014_507_900_000 + row as i64 % 9999 + 1)),
        ("NO_KK", numbers(&|row| 9_901_010_000_000_000 + row as i64 / 4)),
        ("NAMA_LGKP", texts(&|row| format!("SITI AMINAH {}", row % 977))),
        ("JENIS_KLMIN", codes(2)),
        ("TMPT_LHR", texts(&|_| "CONTOH".to_owned())),
        ("TGL_LHR", Arc::new(Date32Array::from(vec![7490; rows])) as ArrayRef),
        ("STAT_HBKEL", codes(4)),
        ("STAT_KWN", codes(1)),
        ("NAMA_LGKP_IBU", texts(&|row| format!("IBU NOMOR {}", row / 4))),
        ("ALAMAT", texts(&|row| format!("JL MAWAR NO {}", row % 300))),
        ("NO_RT", codes(1)),
        ("NO_RW", codes(2)),
        ("KODE_WILAYAH", texts(&|_| "99.01.01.2001".to_owned())),
        ("TGL_MATI", Arc::new(Date32Array::from(vec![None; rows])) as ArrayRef),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn main() {
    let argument = std::env::args().nth(1).unwrap_or_else(|| "500000".to_owned());
    let test = TestDb::sqlite();
    let folder = match argument.parse() {
        Ok(rows) => made(&test.folder, rows),
        Err(_) => PathBuf::from(&argument),
    };
    let begun = Instant::now();
    let loaded = regions::load_embedded(&test.db, &Silent).unwrap();
    println!("regions: {} in {:.2} s", loaded.regions, begun.elapsed().as_secs_f64());
    regions::import_csv(&test.db, &folder.join("regions.csv"), "demo").unwrap();
    let house = House {
        db: test.db.clone(),
        lake: lake::Lake::open(&test.folder.join("lake")).unwrap(),
        policy: Arc::new(policy::Policy::embedded().unwrap()),
        clock: Arc::new(FixedClock::at(date(2026, 11, 17))),
    };
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in &paths {
        let name = path.file_name().unwrap().to_string_lossy();
        let source = name.split(['-', '.']).next().unwrap();
        if house.policy.source(source).is_some() {
            receive(&house, path, source);
        }
    }
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
    }
}

fn made(folder: &Path, rows: usize) -> PathBuf {
    let demo = "code,parent_code,level,kind,name,postal_code\n99,,1,provinsi,Rekaan,\n99.01,99,2,kabupaten,Contoh,\n\
                99.01.01,99.01,3,kecamatan,Satu,\n99.01.01.2001,99.01.01,4,desa,Sukamaju,99911\n";
    fs::write(folder.join("regions.csv"), demo).unwrap();
    fs::write(folder.join("dtks.csv"), csv(rows)).unwrap();
    parquet(&folder.join("dukcapil.parquet"), rows);
    folder.to_owned()
}

fn receive(house: &House, path: &Path, source: &str) {
    let begun = Instant::now();
    let list = intake::receive(house, &Session::console(house), path, source, None, &Silent).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{}: {} rows, {} accepted, {} findings in {seconds:.2} s, {:.0} rows/s {:?}",
        list.name,
        list.rows_read,
        list.rows_accepted,
        list.findings,
        list.rows_read as f64 / seconds,
        list.by_rule,
    );
}
