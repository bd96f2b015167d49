//! Papers tell what stands on their pages, and nothing about who wrote them.

#![expect(clippy::unwrap_used, reason = "helpers of a test stop at the first surprise")]

use std::io::Write;

use filecheck::{Bounds, Refused, check};
use flate2::{Compression, write::ZlibEncoder};

const BOUNDS: Bounds =
    Bounds { bytes: 400_000, pixels: 24_000_000, side: 2_048, pages: 20, unpacked_bytes: 9_000_000 };
/// Words that no paper has by chance.
const AUTHOR: &str = "Planted Author 9901";
const PRODUCER: &str = "Planted Producer 17";
const PAGE: &str = "BT /F1 12 Tf 20 100 Td (What stands on the page) Tj ET";

fn holds(bytes: &[u8], what: &str) -> bool {
    bytes.windows(what.len()).any(|window| window == what.as_bytes())
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut out = ZlibEncoder::new(Vec::new(), Compression::best());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn stream(number: u32, dictionary: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("{number} 0 obj\n<< {dictionary} /Length {} >>\nstream\n", data.len());
    [head.as_bytes(), data, b"\nendstream\nendobj\n"].concat()
}

fn xmp() -> String {
    format!("<x:xmpmeta><dc:creator>{AUTHOR}</dc:creator><pdf:Producer>{PRODUCER}</pdf:Producer></x:xmpmeta>")
}

/// The objects of a paper of one page with a picture and a comment, by number, but for its streams.
fn objects() -> Vec<(u32, String)> {
    vec![
        (1, "<< /Type /Catalog /Pages 2 0 R /Metadata 6 0 R /PieceInfo << /App (Planted) >> >>".to_owned()),
        (2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned()),
        (
            3,
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Annots [8 0 R] /LastModified (D:2026) \
             /Resources << /Font << /F1 5 0 R >> /XObject << /A#42 9 0 R >> >> >>"
                .to_owned(),
        ),
        (5, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned()),
        (7, format!("<< /Author ({AUTHOR}) /Producer ({PRODUCER}) /CreationDate (D:20261123120000) >>")),
        (
            8,
            format!("<< /Type /Annot /Subtype /Text /Rect [0 0 9 9] /T ({AUTHOR}) /M (D:20261123) /Contents (Said \\) here) >>"),
        ),
    ]
}

/// A JPEG in name: its head and what it tells, no dots.
fn picture() -> Vec<u8> {
    let told = format!("Exif\0\0{AUTHOR}");
    let length = (told.len() as u16 + 2).to_be_bytes();
    let dots = b"\xFF\xDA\0\x02dots of the picture\xFF\xD9";
    [b"\xFF\xD8\xFF\xE0\0\x04JF\xFF\xE1", &length[..], told.as_bytes(), dots].concat()
}

fn streams() -> Vec<u8> {
    [
        stream(4, "/Filter /FlateDecode", &zipped(PAGE.as_bytes())),
        stream(6, "/Type /Metadata /Subtype /XML", xmp().as_bytes()),
        stream(
            9,
            "/Type /XObject /Subtype /Image /Width 1 /Height 1 /Filter /DCTDecode /Metadata 6 0 R",
            &picture(),
        ),
    ]
    .concat()
}

fn plain() -> Vec<u8> {
    let mut out =
        format!("%PDF-1.4\n% {AUTHOR}\n7 0 obj\n(an older version by {AUTHOR})\nendobj\n").into_bytes();
    for (number, text) in objects() {
        out.extend(format!("{number} 0 obj\n{text}\nendobj\n").as_bytes());
    }
    out.extend(streams());
    out.extend(b"trailer << /Root 1 0 R /Info 7 0 R /Size 10 >>\nstartxref\n0\n%%EOF\n");
    out
}

/// The same, its objects within a packed stream.
fn packed() -> Vec<u8> {
    let (mut heads, mut texts) = (String::new(), String::new());
    for (number, text) in objects() {
        heads = format!("{heads}{number} {} ", texts.len());
        texts.push_str(&text);
        texts.push(' ');
    }
    let dictionary =
        format!("/Type /ObjStm /N {} /First {} /Filter /FlateDecode", objects().len(), heads.len());
    let mut out = b"%PDF-1.5\n".to_vec();
    out.extend(streams());
    out.extend(stream(10, &dictionary, &zipped((heads + &texts).as_bytes())));
    out.extend(stream(11, "/Type /XRef /Size 12 /W [1 2 1] /Root 1 0 R /Info 7 0 R", b"\0\0\0\0"));
    out.extend(b"startxref\n0\n%%EOF");
    out
}

#[test]
fn a_paper_does_not_tell_who_made_it_and_keeps_its_page() {
    let page = zipped(PAGE.as_bytes());
    for (how, sent) in [("plain", plain()), ("packed", packed())] {
        assert!(holds(&sent, AUTHOR), "{how}");
        let clean = check(&sent, "surat.pdf", "", &BOUNDS).unwrap();
        // Nothing is packed but the page, so nothing else can hide it.
        for told in [AUTHOR, PRODUCER, "Planted", "xmpmeta", "D:2026", "Exif", "/Info", "/Metadata", "ObjStm"]
        {
            assert!(!holds(&clean.bytes, told), "{how}: {told}");
        }
        assert!(clean.bytes.windows(page.len()).any(|window| window == page), "{how}");
        for kept in
            ["/Helvetica", "(Said \\) here)", "/AB", "dots of the picture", "/MediaBox [0 0 200 200 ]"]
        {
            assert!(holds(&clean.bytes, kept), "{how}: {kept}");
        }
        let again = check(&clean.bytes, "surat.pdf", "", &BOUNDS).unwrap();
        assert_eq!(again.bytes, clean.bytes, "{how}: written anew once more, it is the same");
    }
}

/// Every place of the table is that of its object.
#[test]
fn the_table_of_a_paper_leads_to_its_objects() {
    let clean = check(&packed(), "surat.pdf", "", &BOUNDS).unwrap().bytes;
    let text = String::from_utf8_lossy(&clean).into_owned();
    assert_eq!(text.len(), clean.len() + text.matches('\u{FFFD}').map(|_| 2).sum::<usize>());
    let at: usize = text.rsplit("startxref\n").next().unwrap().lines().next().unwrap().parse().unwrap();
    let table = std::str::from_utf8(&clean[at..]).unwrap();
    let rows: Vec<&str> = table.lines().skip(2).take_while(|line| !line.starts_with("trailer")).collect();
    assert_eq!(rows.len(), 8, "the free row and seven objects");
    for (number, row) in rows.iter().enumerate().skip(1) {
        let place: usize = row[..10].parse().unwrap();
        assert!(clean[place..].starts_with(format!("{number} 0 obj").as_bytes()), "{number}");
    }
}

#[test]
fn a_paper_that_grows_beyond_its_bounds_is_refused() {
    let with = |object: &str| {
        let packed = stream(
            12,
            "/Type /ObjStm /N 1 /First 5 /Filter /FlateDecode",
            &zipped(format!("8 0  {object}").as_bytes()),
        );
        let mut out = plain();
        let end = out.windows(7).rposition(|window| window == b"trailer").unwrap();
        out.splice(end..end, packed);
        check(&out, "surat.pdf", "", &BOUNDS).err()
    };
    assert_eq!(with(&format!("[ {} ]", "0 ".repeat(1_000))), None);
    assert_eq!(
        with(&format!("[ {} ]", "0 ".repeat(1_000_000))),
        Some(Refused::Pages),
        "larger than a file may become"
    );
    assert_eq!(
        with(&format!("[ {} ]", "0 ".repeat(1_600_000))),
        Some(Refused::Pages),
        "more values than are read"
    );
    assert_eq!(with(&"[".repeat(1_000_000)), Some(Refused::Broken), "deeper than is read");
    assert_eq!(with("(never ends"), Some(Refused::Hidden));
}
