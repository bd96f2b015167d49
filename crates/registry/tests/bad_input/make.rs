//! The lists that no editor writes: workbooks with every oddity, Parquet cut and bent, a bomb, a cell of ten megabytes.

use std::io::{Cursor, Write};
use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use zip::write::SimpleFileOptions;

/// Name, bytes, and whether the file is kept in the repository.
pub(crate) fn all() -> Vec<(String, Vec<u8>, bool)> {
    let mut made = Vec::new();
    let mut keep = |name: &str, bytes: Vec<u8>| made.push((name.to_owned(), bytes, true));
    workbooks(&mut keep);
    parquets(&mut keep);
    made.push(("regsosek-bomb.xlsx".to_owned(), bomb(), false));
    made.push(("dtks-cell-of-10-mb.csv".to_owned(), huge_cell(b""), false));
    made.push(("dtks-quoted-cell-of-10-mb.csv".to_owned(), huge_cell(b"\""), false));
    made
}

const HEADER: &str = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>Lokasi</t></is></c>\
    <c r=\"B1\" t=\"inlineStr\"><is><t>Identitas</t></is></c>\
    <c r=\"G1\" t=\"inlineStr\"><is><t>Keterangan Perumahan</t></is></c></row>\
    <row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>Kode Wilayah</t></is></c>\
    <c r=\"B2\" t=\"inlineStr\"><is><t>NIK</t></is></c><c r=\"C2\" t=\"inlineStr\"><is><t>Nomor KK</t></is></c>\
    <c r=\"D2\" t=\"inlineStr\"><is><t>Nama</t></is></c>\
    <c r=\"E2\" t=\"inlineStr\"><is><t>405 Jenis Kelamin</t></is></c>\
    <c r=\"F2\" t=\"inlineStr\"><is><t>406 Tanggal Lahir</t></is></c>\
    <c r=\"G2\" t=\"inlineStr\"><is><t>303 Lantai</t></is></c></row>";

const HEADER_MERGES: &str = "<mergeCells count=\"1\"><mergeCell ref=\"B1:F1\"/></mergeCells>";

/// A cell: text, number, formula, failed formula.
enum Cell<'a> {
    T(&'a str),
    N(&'a str),
    F(&'a str, &'a str),
    E(&'a str),
    /// A number that the sheet shows as a date.
    D(&'a str),
    Nothing,
}

use Cell::{D, E, F, N, Nothing, T};

fn sheet_row(number: usize, cells: &[Cell<'_>]) -> String {
    let mut row = format!("<row r=\"{number}\">");
    for (column, cell) in cells.iter().enumerate() {
        let at = format!("{}{number}", (b'A' + column as u8) as char);
        let cell = match cell {
            T(text) => format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>"),
            N(number) => format!("<c r=\"{at}\"><v>{number}</v></c>"),
            F(formula, value) => format!("<c r=\"{at}\" t=\"str\"><f>{formula}</f><v>{value}</v></c>"),
            E(formula) => format!("<c r=\"{at}\" t=\"e\"><f>{formula}</f><v>#REF!</v></c>"),
            D(number) => format!("<c r=\"{at}\" s=\"1\"><v>{number}</v></c>"),
            Nothing => String::new(),
        };
        row.push_str(&cell);
    }
    row.push_str("</row>");
    row
}

fn good<'a>(nik: Cell<'a>, born: Cell<'a>) -> [Cell<'a>; 7] {
    [T("99.01.01.2001"), nik, T("9901010101100001"), T("Siti Aminah"), T("Perempuan"), born, T("3")]
}

fn workbooks(keep: &mut impl FnMut(&str, Vec<u8>)) {
    let named = "Anggota Keluarga";
    let nik = || T("9901014507900012");
    let rows = |rows: &[[Cell<'_>; 7]]| -> String {
        rows.iter().enumerate().map(|(at, cells)| sheet_row(at + 3, cells)).collect()
    };
    let book = |rows: &str, merges: &str| workbook(named, &format!("{HEADER}{rows}"), merges);
    let dates = [
        good(nik(), T("05/07/1990")),
        good(nik(), T("1990-07-05")),
        good(nik(), T("5 Juli 1990")),
        good(nik(), T("5 Jul 1990")),
        good(nik(), T("07/05/90")),
        good(nik(), T("31/02/1990")),
    ];
    keep("regsosek-merged-header.xlsx", book(&rows(&dates[..3]), HEADER_MERGES));
    keep("regsosek-dates-as-text.xlsx", book(&rows(&dates), HEADER_MERGES));
    let serials = [
        good(nik(), D("33059")),
        good(nik(), N("33059")),
        good(nik(), D("33059.75")),
        good(nik(), N("999999")),
    ];
    keep("regsosek-dates-as-serials.xlsx", book(&rows(&serials), HEADER_MERGES));
    let numbers = [
        good(N("9901014507900012"), T("")),
        good(N("9.901014507900012E15"), T("")),
        good(N("99010145"), T("")),
    ];
    keep("regsosek-nik-as-number.xlsx", book(&rows(&numbers), HEADER_MERGES));
    let formulas = [
        good(F("CONCATENATE(X1)", "9901014507900012"), T("05/07/1990")),
        good(E("Sheet9!A1"), T("05/07/1990")),
        [T("99.01.01.2001"), nik(), Nothing, E("A1"), T("Perempuan"), T("05/07/1990"), N("3")],
    ];
    keep("regsosek-formula-cells.xlsx", book(&rows(&formulas), HEADER_MERGES));
    // One family card over three people, and a merge beside the table that nobody reads.
    let family = [
        [T("99.01.01.2001"), nik(), T("9901010101100001"), T("Siti"), T("Perempuan"), T(""), T("3")],
        [Nothing, Nothing, Nothing, T("Budi"), T("Laki-laki"), T(""), T("3")],
        [Nothing, Nothing, Nothing, T("Ani"), T("Perempuan"), T(""), T("3")],
        [T("99.01.01.2002"), Nothing, T("9901010101100002"), T("Umar"), T("Laki-laki"), T(""), T("3")],
    ];
    let merges = "<mergeCells count=\"3\"><mergeCell ref=\"B1:F1\"/><mergeCell ref=\"C3:C5\"/><mergeCell ref=\"A3:A5\"/></mergeCells>";
    keep("regsosek-merged-data-cells.xlsx", book(&rows(&family), merges));
    let blank = format!("{HEADER}{}{}", sheet_row(3, &dates[0]), sheet_row(9, &dates[1]));
    keep("regsosek-blank-rows.xlsx", workbook(named, &blank, ""));
    let title = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>PENDATAAN AWAL</t></is></c></row>";
    let shifted = shift(HEADER, 1) + &sheet_row(4, &dates[0]);
    keep("regsosek-title-above-header.xlsx", workbook(named, &format!("{title}{shifted}"), ""));
    keep(
        "regsosek-other-sheet.xlsx",
        workbook("Sheet1", &format!("{HEADER}{}", rows(&dates[..1])), HEADER_MERGES),
    );
    let twice = HEADER.replace("Nomor KK", "NIK");
    keep(
        "regsosek-duplicate-header.xlsx",
        workbook(named, &format!("{twice}{}", rows(&dates[..1])), HEADER_MERGES),
    );
    keep("regsosek-header-only.xlsx", book("", HEADER_MERGES));
    keep("regsosek-no-rows-at-all.xlsx", workbook(named, "", ""));
    let whole = book(&rows(&dates[..1]), HEADER_MERGES);
    keep("regsosek-cut-off.xlsx", whole[..whole.len() / 2].to_vec());
    keep("regsosek-is-csv.xlsx", b"NIK;NAMA\n1;2\n".to_vec());
    keep("regsosek-zip-without-workbook.xlsx", zip_of(&[("readme.txt", b"nothing".as_slice())]));
    keep(
        "regsosek-broken-xml.xlsx",
        workbook(named, &format!("{HEADER}<row r=\"3\"><c r=\"A3\"><v>1</w></c>"), ""),
    );
    keep("regsosek-locked.xlsx", [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), &[0; 504]].concat());
    // Cells far outside: column XFD and the last row that a sheet can have.
    let far = "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>";
    keep("regsosek-far-cell.xlsx", book(&format!("{}{far}", rows(&dates[..1])), HEADER_MERGES));
}

/// The same rows, lower down.
fn shift(rows: &str, by: usize) -> String {
    let mut out = rows.to_owned();
    for row in [2usize, 1] {
        out = out.replace(&format!("<row r=\"{row}\""), &format!("<row r=\"{}\"", row + by));
        for column in 'A'..='G' {
            out = out.replace(&format!("\"{column}{row}\""), &format!("\"{column}{}\"", row + by));
        }
    }
    out
}

fn workbook(sheet: &str, rows: &str, merges: &str) -> Vec<u8> {
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let types = format!(
        "{head}<Types xmlns=\"{package}/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Override PartName=\"/xl/workbook.xml\" \
         ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>\
         </Types>"
    );
    let root = format!(
        "{head}<Relationships xmlns=\"{package}/relationships\">\
         <Relationship Id=\"rId1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let book = format!(
        "{head}<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"{sheet}\" sheetId=\"1\" r:id=\"rId1\"/>\
         </sheets></workbook>"
    );
    let parts = format!(
        "{head}<Relationships xmlns=\"{package}/relationships\">\
         <Relationship Id=\"rId1\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
         <Relationship Id=\"rId2\" Type=\"{office}/styles\" Target=\"styles.xml\"/></Relationships>"
    );
    // Style 1 is a date.
    let styles = format!(
        "{head}<styleSheet xmlns=\"{main}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/>\
         <xf numFmtId=\"14\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>"
    );
    let sheet =
        format!("{head}<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData>{merges}</worksheet>");
    zip_of(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", root.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", parts.as_bytes()),
        ("xl/styles.xml", styles.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

fn zip_of(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Sixty-four megabytes of blanks in a few kilobytes.
fn bomb() -> Vec<u8> {
    let blanks = vec![b' '; 64 << 20];
    zip_of(&[("xl/workbook.xml", b"<workbook/>"), ("xl/worksheets/sheet1.xml", &blanks)])
}

fn huge_cell(quote: &[u8]) -> Vec<u8> {
    let mut text =
        b"NIK;NOKK;NAMA;JENIS_KELAMIN;TGL_LAHIR;KODE_WILAYAH\n9901014507900012;9901010101100001;".to_vec();
    text.extend_from_slice(quote);
    text.resize(text.len() + (10 << 20), b'A');
    text.extend_from_slice(quote);
    text.extend_from_slice(b";P;05/07/1990;9901012001\n");
    text.extend_from_slice(b"9901014507900012;9901010101100001;SITI AMINAH;P;05/07/1990;9901012001\n");
    text
}

fn parquets(keep: &mut impl FnMut(&str, Vec<u8>)) {
    let texts = |texts: &[Option<&str>]| -> ArrayRef { Arc::new(StringArray::from(texts.to_vec())) };
    let niks: ArrayRef = Arc::new(Int64Array::from(vec![
        Some(9_901_014_507_900_012),
        Some(990_101_457_900_012),
        None,
        Some(9_901_013_213_900_012),
    ]));
    let cards: ArrayRef = Arc::new(Int64Array::from(vec![9_901_010_101_100_001; 4]));
    let names = texts(&[Some("SITI AMINAH"), Some("SITI AMINAH"), Some("TANPA NIK"), None]);
    let born: ArrayRef = Arc::new(Date32Array::from(vec![Some(7490), Some(7490), Some(99_999), None]));
    let sexes: ArrayRef = Arc::new(Int32Array::from(vec![Some(2), Some(2), Some(3), None]));
    let relations: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), Some(3), Some(11), Some(12)]));
    let regions = texts(&[Some("99.01.01.2001"), Some("9901012001"), None, Some("")]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("NIK", niks),
        ("NO_KK", cards),
        ("NAMA_LGKP", names),
        ("TGL_LHR", born),
        ("STAT_HBKEL", relations),
        ("JENIS_KLMIN", sexes),
        ("KODE_WILAYAH", regions),
    ];
    let whole = parquet_of(&columns);
    keep("dukcapil-bad-values.parquet", whole.clone());
    keep("dukcapil-cut-off.parquet", whole[..whole.len() / 2].to_vec());
    keep("dukcapil-only-magic.parquet", b"PAR1".to_vec());
    let mut bent = whole.clone();
    let end = bent.len();
    bent[end - 8..end - 4].copy_from_slice(&0x7fff_ffffu32.to_le_bytes());
    keep("dukcapil-footer-of-2-gb.parquet", bent);
    let mut overwritten = whole.clone();
    overwritten[4..200].fill(0xff);
    keep("dukcapil-pages-overwritten.parquet", overwritten);
    keep("dukcapil-other-columns.parquet", parquet_of(&columns[..3]));
    keep("dukcapil-is-csv.parquet", b"NIK,NO_KK\n1,2\n".to_vec());
    let mut strings = columns.clone();
    strings[0].1 = texts(&[Some("9901014507900012"), Some("9,90101E+15"), Some(" 9901014507900012"), None]);
    strings[2].1 = texts(&[Some("A"), Some("B"), Some("C"), Some("D")]);
    strings[3].1 = texts(&[Some("1990-07-05"), Some("1990-07-05 00:00:00"), Some("05/07/1990"), None]);
    keep("dukcapil-texts.parquet", parquet_of(&strings));
    let mut floats = columns.clone();
    floats[0].1 = Arc::new(Float64Array::from(vec![9_901_014_507_900_012.0, 1.5, f64::NAN, 1e300]));
    keep("dukcapil-nik-as-float.parquet", parquet_of(&floats));
    let mut lists = columns;
    let builder = arrow_array::builder::Int32Builder::new();
    let mut list = arrow_array::builder::ListBuilder::new(builder);
    (0..4).for_each(|_| list.append(true));
    lists[5].1 = Arc::new(list.finish());
    keep("dukcapil-column-of-lists.parquet", parquet_of(&lists));
}

fn parquet_of(columns: &[(&str, ArrayRef)]) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.iter().map(|(name, column)| (*name, Arc::clone(column), true)),
    )
    .unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}
