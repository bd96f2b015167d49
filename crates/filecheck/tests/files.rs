//! What comes in from phones and desks, good and bad: a clean file tells nothing but its dots, and nothing that is no file gets through.

#![expect(clippy::unwrap_used, reason = "helpers of a test stop at the first surprise")]

use std::io::{Cursor, Read, Write};

use filecheck::{Bounds, Clean, Kind, Place, Refused, check};
use flate2::{Compression, Crc, read::ZlibDecoder, write::ZlibEncoder};
use image_webp::{ColorType as WebPColor, WebPEncoder};
use jiff::civil::date;
use jpeg_encoder::{ColorType, Encoder};
use proptest::prelude::*;
use zune_jpeg::JpegDecoder;

const BOUNDS: Bounds =
    Bounds { bytes: 4_000_000, pixels: 24_000_000, side: 2_048, pages: 20, unpacked_bytes: 1_000_000 };
/// A word that no picture has by chance.
const PLANTED: &[u8] = b"NIK 9901010101010001 planted";

fn take(bytes: &[u8]) -> Result<Clean, Refused> {
    check(bytes, "foto", "", &BOUNDS)
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

/// Left half red, right half blue, the upper left corner white.
fn dots(width: u32, height: u32) -> Vec<u8> {
    let dot = |x: u32, y: u32| match (x < width / 4 && y < height / 4, x < width / 2) {
        (true, _) => [255, 255, 255],
        (false, true) => [220, 20, 20],
        (false, false) => [20, 20, 220],
    };
    (0..height).flat_map(|y| (0..width).flat_map(move |x| dot(x, y))).collect()
}

fn jpeg(width: u16, height: u16, progressive: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, 90);
    encoder.set_progressive(progressive);
    encoder.encode(&dots(width.into(), height.into()), width, height, ColorType::Rgb).unwrap();
    out
}

fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = WebPEncoder::new(&mut out);
    encoder.set_exif_metadata(exif(6));
    encoder.set_xmp_metadata(PLANTED.to_vec());
    encoder.set_icc_profile(PLANTED.to_vec());
    encoder.encode(&dots(width, height), width, height, WebPColor::Rgb8).unwrap();
    out
}

fn chunk(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(&kind);
    crc.update(body);
    [&(body.len() as u32).to_be_bytes(), kind.as_slice(), body, &crc.sum().to_be_bytes()].concat()
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut out = ZlibEncoder::new(Vec::new(), Compression::best());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn header(width: u32, height: u32, interlaced: bool) -> Vec<u8> {
    [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, u8::from(interlaced)]].concat()
}

fn lines(width: u32, height: u32) -> Vec<u8> {
    let dots = dots(width, height);
    dots.chunks(width as usize * 3).flat_map(|line| [&[0], line].concat()).collect()
}

fn png(width: u32, height: u32, around: &[Vec<u8>]) -> Vec<u8> {
    let data = zipped(&lines(width, height));
    let (first, second) = data.split_at(data.len() / 2);
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    out.extend(chunk(*b"IHDR", &header(width, height, false)));
    out.extend(around.concat());
    out.extend(chunk(*b"IDAT", first));
    out.extend(chunk(*b"IDAT", second));
    out.extend(chunk(*b"IEND", &[]));
    out
}

/// The lines of a PNG with one IDAT chunk.
fn unpacked(png: &[u8]) -> Vec<u8> {
    let at = png.windows(4).position(|window| window == b"IDAT").unwrap();
    let mut out = Vec::new();
    ZlibDecoder::new(&png[at + 4..]).read_to_end(&mut out).unwrap();
    out
}

/// Taken on 2 November 2026 at 09:15:30, at 6°12'36.5" south and 106°50'42" east, held as `orientation` says, with a planted text.
fn exif(orientation: u16) -> Vec<u8> {
    let mut out = b"MM\0*\0\0\0\x08".to_vec();
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value.to_be_bytes()].concat()
    };
    // The first directory takes 2 + 4 * 12 + 4 bytes from 8 on, that of the camera 2 + 12 + 4, that of the place 2 + 4 * 12 + 4.
    let (camera, place) = (8 + 54, 8 + 54 + 18);
    let texts = place + 54;
    let (stamp, lat, lon) = (texts + 40, texts + 60, texts + 84);
    out.extend([0, 4]);
    out.extend(entry(0x010E, 2, PLANTED.len() as u32, texts));
    out.extend(entry(0x0112, 3, 1, u32::from(orientation) << 16));
    out.extend(entry(0x8769, 4, 1, camera));
    out.extend(entry(0x8825, 4, 1, place));
    out.extend([0; 4]);
    out.extend([0, 1]);
    out.extend(entry(0x9003, 2, 20, stamp));
    out.extend([0; 4]);
    out.extend([0, 4]);
    out.extend(entry(1, 2, 2, u32::from_be_bytes(*b"S\0\0\0")));
    out.extend(entry(2, 5, 3, lat));
    out.extend(entry(3, 2, 2, u32::from_be_bytes(*b"E\0\0\0")));
    out.extend(entry(4, 5, 3, lon));
    out.extend([0; 4]);
    out.extend(PLANTED);
    out.resize(stamp as usize, 0);
    out.extend(b"2026:11:02 09:15:30\0");
    for (over, under) in [(6_u32, 1_u32), (12, 1), (365, 10), (106, 1), (50, 1), (42, 1)] {
        out.extend(over.to_be_bytes());
        out.extend(under.to_be_bytes());
    }
    out
}

fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    [&[0xFF, marker], &(body.len() as u16 + 2).to_be_bytes()[..], body].concat()
}

fn with_segments(jpeg: &[u8], segments: &[Vec<u8>]) -> Vec<u8> {
    [&jpeg[..2], &segments.concat(), &jpeg[2..]].concat()
}

fn talkative(orientation: u16) -> Vec<u8> {
    let marks = [
        segment(0xE1, &[b"Exif\0\0", exif(orientation).as_slice()].concat()),
        segment(0xE1, &[b"http://ns.adobe.com/xap/1.0/\0", PLANTED].concat()),
        segment(0xE2, &[b"ICC_PROFILE\0\x01\x01", PLANTED].concat()),
        segment(0xED, &[b"Photoshop 3.0\08BIM", PLANTED].concat()),
        segment(0xFE, PLANTED),
    ];
    [with_segments(&jpeg(80, 40, false), &marks), PLANTED.to_vec()].concat()
}

fn read_jpeg(bytes: &[u8]) -> Option<(usize, usize, Vec<u8>)> {
    let mut decoder = JpegDecoder::new(zune_core::bytestream::ZCursor::new(bytes));
    let dots = decoder.decode().ok()?;
    let info = decoder.info()?;
    Some((usize::from(info.width), usize::from(info.height), dots))
}

/// Red, blue or white.
fn colour((width, _, dots): &(usize, usize, Vec<u8>), x: usize, y: usize) -> &'static str {
    let at = (y * width + x) * 3;
    match [dots[at] > 128, dots[at + 1] > 128, dots[at + 2] > 128] {
        [true, true, true] => "white",
        [true, false, false] => "red",
        [false, false, true] => "blue",
        _ => "else",
    }
}

#[test]
fn a_photo_tells_day_and_place_once_and_carries_nothing_but_dots() {
    for progressive in [false, true] {
        assert!(take(&jpeg(80, 40, progressive)).is_ok(), "progressive {progressive}");
    }
    let sent = talkative(1);
    assert!(holds(&sent, PLANTED) && holds(&sent, b"Exif"));
    let clean = take(&sent).unwrap();
    assert_eq!(clean.taken_at, Some(date(2026, 11, 2).at(9, 15, 30, 0)));
    assert_eq!(clean.place, Some(Place { lat_e4: -62_101, lon_e4: 1_068_450 }));
    for planted in [PLANTED, b"planted", b"Exif", b"ICC_PROFILE", b"Photoshop", b"ns.adobe", b"2026:11:02"] {
        assert!(!holds(&clean.bytes, planted), "{}", String::from_utf8_lossy(planted));
    }
    assert!(clean.bytes.ends_with(&[0xFF, 0xD9]), "something hangs behind the end");
    assert_eq!((clean.kind, clean.width, clean.height), (Kind::Jpeg, 80, 40));
    assert_eq!(take(&clean.bytes).unwrap().taken_at, None);
}

#[test]
fn a_photo_is_set_upright_whichever_way_the_camera_was_held() {
    // Where the white corner and the blue half are once the picture is upright.
    let upright = [
        (1, (80, 40), (4, 4), (75, 20)),
        (2, (80, 40), (75, 4), (4, 20)),
        (3, (80, 40), (75, 35), (4, 20)),
        (4, (80, 40), (4, 35), (75, 20)),
        (5, (40, 80), (4, 4), (20, 75)),
        (6, (40, 80), (35, 4), (20, 75)),
        (7, (40, 80), (35, 75), (20, 4)),
        (8, (40, 80), (4, 75), (20, 4)),
    ];
    for (orientation, size, white, blue) in upright {
        let clean = take(&talkative(orientation)).unwrap();
        assert_eq!((clean.width, clean.height), size, "{orientation}");
        let seen = read_jpeg(&clean.bytes).unwrap();
        assert_eq!(colour(&seen, white.0, white.1), "white", "{orientation}");
        assert_eq!(colour(&seen, blue.0, blue.1), "blue", "{orientation}");
    }
    let clean = check(&webp(80, 40), "foto.webp", "image/webp", &BOUNDS).unwrap();
    assert_eq!((clean.kind, clean.name.as_str(), clean.width), (Kind::Jpeg, "foto.jpg", 40));
    assert_eq!(clean.place, Some(Place { lat_e4: -62_101, lon_e4: 1_068_450 }));
    assert!(!holds(&clean.bytes, b"planted") && !holds(&clean.bytes, b"Exif"));
}

#[test]
fn a_large_photo_is_made_smaller_and_keeps_what_it_shows() {
    let bounds = Bounds { side: 100, ..BOUNDS };
    let clean = check(&jpeg(400, 250, false), "a.jpg", "image/jpeg", &bounds).unwrap();
    assert_eq!((clean.width, clean.height), (100, 62));
    let seen = read_jpeg(&clean.bytes).unwrap();
    let found = [(10, 8), (40, 40), (80, 40)].map(|(x, y)| colour(&seen, x, y));
    assert_eq!(found, ["white", "red", "blue"]);
}

#[test]
fn a_png_keeps_its_dots_to_the_bit_and_nothing_else() {
    let around = [
        chunk(*b"tEXt", &[b"Comment\0", PLANTED].concat()),
        chunk(*b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", PLANTED].concat()),
        chunk(*b"iCCP", &[b"profile\0\0", zipped(PLANTED).as_slice()].concat()),
        chunk(*b"eXIf", &exif(1)),
        chunk(*b"PLTE", &[PLANTED, b"xx"].concat()),
        chunk(*b"ruSt", PLANTED),
    ];
    let sent = [png(31, 17, &around), PLANTED.to_vec()].concat();
    let clean = take(&sent).unwrap();
    assert_eq!(unpacked(&clean.bytes), lines(31, 17));
    assert_eq!((clean.kind, clean.width, clean.height), (Kind::Png, 31, 17));
    assert!(
        !holds(&clean.bytes, b"planted") && !holds(&clean.bytes, b"eXIf") && !holds(&clean.bytes, b"iCCP")
    );
    assert!(clean.place.is_some(), "the place is read before it is gone");
    // What hides in the packed data behind the last dot goes too.
    let mut more = b"\x89PNG\r\n\x1a\n".to_vec();
    more.extend(chunk(*b"IHDR", &header(4, 4, false)));
    more.extend(chunk(*b"IDAT", &zipped(&[lines(4, 4), PLANTED.to_vec()].concat())));
    more.extend(chunk(*b"IEND", &[]));
    assert_eq!(unpacked(&take(&more).unwrap().bytes), lines(4, 4));
}

#[test]
fn an_interlaced_png_has_the_lines_of_its_seven_passes() {
    // Nine by nine dots of three bytes: the passes have 2x2, 1x2, 3x1, 2x3, 5x2, 4x5 and 9x4 dots.
    let passes = [(2, 2), (1, 2), (3, 1), (2, 3), (5, 2), (4, 5), (9, 4)];
    let raw: Vec<u8> = passes
        .iter()
        .flat_map(|(width, height)| (0..*height).flat_map(move |_| [vec![0], vec![7; width * 3]].concat()))
        .collect();
    let made = |data: &[u8]| {
        let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
        out.extend(chunk(*b"IHDR", &header(9, 9, true)));
        out.extend(chunk(*b"IDAT", &zipped(data)));
        out.extend(chunk(*b"IEND", &[]));
        out
    };
    assert_eq!(unpacked(&take(&made(&raw)).unwrap().bytes), raw);
    assert_eq!(take(&made(&raw[1..])), Err(Refused::Broken));
}

#[test]
fn bombs_are_refused_before_they_go_off() {
    let mut huge = b"\x89PNG\r\n\x1a\n".to_vec();
    huge.extend(chunk(*b"IHDR", &header(60_000, 60_000, false)));
    huge.extend(chunk(*b"IDAT", &zipped(&[0; 1_000])));
    huge.extend(chunk(*b"IEND", &[]));
    assert_eq!(take(&huge), Err(Refused::Pixels));
    // Far more dots packed than the header says: what is beyond is never unpacked.
    let mut deflate = b"\x89PNG\r\n\x1a\n".to_vec();
    deflate.extend(chunk(*b"IHDR", &header(4, 4, false)));
    deflate.extend(chunk(*b"IDAT", &zipped(&vec![0; 200_000_000])));
    deflate.extend(chunk(*b"IEND", &[]));
    assert_eq!(take(&deflate).unwrap().bytes.len(), take(&png_of_zeroes()).unwrap().bytes.len());
    // A header that promises dots which are not there, in bounds and beyond.
    let frame = |jpeg: &[u8]| jpeg.windows(2).position(|two| two == [0xFF, 0xC0]).unwrap() + 5;
    for (side, told) in [(4_800_u16, Refused::Broken), (65_000, Refused::Pixels)] {
        let mut lies = jpeg(16, 16, false);
        let at = frame(&lies);
        lies[at..at + 2].copy_from_slice(&side.to_be_bytes());
        lies[at + 2..at + 4].copy_from_slice(&side.to_be_bytes());
        assert_eq!(take(&lies), Err(told), "{side}");
    }
    // Two frames: a small one for who looks, a large one for who decodes.
    let good = jpeg(16, 16, false);
    let at = frame(&good) - 5;
    let length = usize::from(u16::from_be_bytes([good[at + 2], good[at + 3]])) + 2;
    let mut second = good[at..at + length].to_vec();
    second[5..9].copy_from_slice(&[0xFF; 4]);
    let two = [&good[..at + length], &second, &good[at + length..]].concat();
    assert_eq!(take(&two), Err(Refused::Broken));
    // A WebP that says it is 16383 by 16383.
    let mut wide = Vec::new();
    WebPEncoder::new(&mut wide).encode(&dots(8, 8), 8, 8, WebPColor::Rgb8).unwrap();
    let at = wide.windows(4).position(|four| four == b"VP8L").unwrap() + 9;
    wide[at..at + 3].copy_from_slice(&[0xFE, 0xBF, 0xFF]);
    wide[at + 3] |= 0x0F;
    assert_eq!(take(&wide), Err(Refused::Pixels));
    let bytes = vec![0xFF; 4_000_001];
    assert_eq!(take(&bytes), Err(Refused::TooLarge));
}

fn png_of_zeroes() -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    out.extend(chunk(*b"IHDR", &header(4, 4, false)));
    out.extend(chunk(*b"IDAT", &zipped(&[0; 4 * 13])));
    out.extend(chunk(*b"IEND", &[]));
    out
}

#[test]
fn an_animated_webp_is_refused() {
    let still = webp(8, 8);
    let at = still.windows(4).position(|four| four == b"VP8X").unwrap() + 8;
    let mut moves = still.clone();
    moves[at] |= 2;
    assert!(take(&moves).is_err());
    assert!(take(&still).is_ok());
}

#[test]
fn what_a_file_is_called_may_not_contradict_what_it_is() {
    let (photo, page) = (jpeg(8, 8, false), pdf("", &[]));
    let cases: &[(&[u8], &str, &str, Option<Refused>)] = &[
        (&photo, "a.jpg", "image/jpeg", None),
        (&photo, "a.JPEG", "image/jpeg; charset=x", None),
        (&photo, "a", "application/octet-stream", None),
        (&photo, "a.png", "", Some(Refused::Contradicts)),
        (&photo, "a.jpg", "image/png", Some(Refused::Contradicts)),
        (&photo, "a.jpg", "text/html", Some(Refused::Contradicts)),
        (&page, "surat.pdf", "application/pdf", None),
        (&page, "surat.jpg", "application/pdf", Some(Refused::Contradicts)),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", "image/svg+xml", Some(Refused::Kind)),
        (b"GIF89a", "a.gif", "image/gif", Some(Refused::Kind)),
        (b"MZ\x90\0", "a.jpg", "image/jpeg", Some(Refused::Kind)),
        (b"PK\x03\x04", "a.docx", "", Some(Refused::Kind)),
        (b"", "a.jpg", "image/jpeg", Some(Refused::Empty)),
    ];
    for (bytes, name, declared, refused) in cases {
        assert_eq!(check(bytes, name, declared, &BOUNDS).err(), *refused, "{name} {declared}");
    }
}

#[test]
fn names_are_made_safe_or_refused() {
    let photo = jpeg(8, 8, false);
    let long = format!("{}.jpg", "é".repeat(500));
    let cut = format!("{}.jpg", "é".repeat(80));
    let cases: &[(&str, Result<&str, Refused>)] = &[
        ("rumah.jpg", Ok("rumah.jpg")),
        ("foto rumah 2.11.2026.jpg", Ok("foto rumah 2.11.2026.jpg")),
        ("", Ok("berkas.jpg")),
        ("...", Ok("berkas.jpg")),
        (".jpg", Ok("jpg.jpg")),
        ("C:\\fakepath\\rumah.jpg", Ok("rumah.jpg")),
        ("../../etc/passwd", Ok("passwd.jpg")),
        ("/", Ok("berkas.jpg")),
        ("..\\..\\rumah.jpg", Ok("rumah.jpg")),
        (".rumah.jpg", Ok("rumah.jpg")),
        ("rumah.jpg. . ", Ok("rumah.jpg")),
        ("ru\u{0}mah\r\n\u{7f}.jpg", Ok("rumah.jpg")),
        ("a\"; filename=b.jpg", Ok("a-- filename=b.jpg")),
        ("CON.jpg", Ok("_CON.jpg")),
        ("lpt1", Ok("_lpt1.jpg")),
        ("com10.jpg", Ok("com10.jpg")),
        (&long, Ok(&cut)),
        ("foto.jpg.js", Err(Refused::Name)),
        ("surat.pdf.exe", Err(Refused::Name)),
        ("surat.exe.jpg", Err(Refused::Name)),
        ("surat.EXE .jpg", Err(Refused::Name)),
        ("foto.svg", Err(Refused::Name)),
        ("foto.jpg\u{0}.exe", Err(Refused::Name)),
        ("foto\u{202E}gpj.exe", Err(Refused::Name)),
        ("foto\u{202E}gnp.jpg", Err(Refused::Name)),
        ("fo\u{200B}to.jpg", Err(Refused::Name)),
        ("foto.gif", Err(Refused::Contradicts)),
    ];
    for (sent, made) in cases {
        let name = check(&photo, sent, "", &BOUNDS).map(|clean| clean.name);
        assert_eq!(name.as_deref().map_err(|refused| *refused), *made, "{sent:?}");
    }
}

/// A paper of one page, with more in its catalogue and more objects.
fn pdf(catalogue: &str, more: &[Vec<u8>]) -> Vec<u8> {
    let mut out = format!(
        "%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R {catalogue} >>\nendobj\n\
         2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n\
         3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>\nendobj\n"
    )
    .into_bytes();
    out.extend(more.concat());
    out.extend(b"trailer << /Root 1 0 R >>\nstartxref\n0\n%%EOF\n");
    out
}

fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("9 0 obj\n<< {dictionary} /Length {} >>\nstream\n", data.len());
    [head.as_bytes(), data, b"\nendstream\nendobj\n"].concat()
}

#[test]
fn a_pdf_that_does_something_or_hides_something_is_refused() {
    let objects =
        |text: &str| stream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", &zipped(text.as_bytes()));
    let script = "1 0 << /S /JavaScript /JS (app.alert(1)) >>";
    let hidden: Vec<u8> = zipped(script.as_bytes());
    let cases: Vec<(&str, Vec<u8>, Option<Refused>)> = vec![
        ("plain", pdf("", &[]), None),
        ("opens at a page", pdf("/OpenAction [3 0 R /Fit]", &[]), None),
        (
            "opens at a named place",
            pdf("/OpenAction 8 0 R", &[b"8 0 obj\n[3 0 R /Fit]\nendobj\n".to_vec()]),
            None,
        ),
        ("a picture", pdf("", &[stream("/Filter /FlateDecode", &zipped(&dots(40, 40)))]), None),
        ("packed objects", pdf("", &[objects("8 0 << /Type /Font >>")]), None),
        ("javascript", pdf("/Names << /JavaScript 8 0 R >>", &[]), Some(Refused::Active)),
        ("js", pdf("/A << /JS (app.alert) >>", &[]), Some(Refused::Active)),
        ("js by reference", pdf("/A << /JS 8 0 R >>", &[]), Some(Refused::Active)),
        ("escaped", pdf("/A << /S /J#61vaScr#69pt >>", &[]), Some(Refused::Active)),
        ("escaped whole", pdf("/A << /#4a#53 (x) >>", &[]), Some(Refused::Active)),
        ("launch", pdf("/AA << /O << /S /Launch /F (cmd.exe) >> >>", &[]), Some(Refused::Active)),
        ("carries", pdf("", &[stream("/Type /EmbeddedFile", b"MZ")]), Some(Refused::Active)),
        ("film", pdf("/X << /Subtype /RichMedia >>", &[]), Some(Refused::Active)),
        ("form that sends", pdf("/A << /S /SubmitForm >>", &[]), Some(Refused::Active)),
        ("opens with an act", pdf("/OpenAction << /S /URI >>", &[]), Some(Refused::Active)),
        (
            "opens with an act elsewhere",
            pdf("/OpenAction 8 0 R", &[b"8 0 obj\n<< >>\nendobj\n".to_vec()]),
            Some(Refused::Active),
        ),
        (
            "says it anew",
            pdf("/OpenAction 8 0 R", &[b"8 0 obj\n[3 0 R]\nendobj\n8 0 obj\n<< >>\nendobj\n".to_vec()]),
            Some(Refused::Active),
        ),
        ("opens with what is not there", pdf("/OpenAction 8 0 R", &[]), Some(Refused::Active)),
        ("locked", pdf("/Encrypt 8 0 R", &[]), Some(Refused::Hidden)),
        ("script in packed objects", pdf("", &[objects(script)]), Some(Refused::Active)),
        (
            "script in a packed stream without a type",
            pdf("", &[stream("/Filter /FlateDecode", &hidden)]),
            Some(Refused::Active),
        ),
        (
            "objects packed twice",
            pdf("", &[stream("/Type /ObjStm /Filter [/ASCIIHexDecode /FlateDecode]", b"789c>")]),
            Some(Refused::Hidden),
        ),
        (
            "objects foretold",
            pdf(
                "",
                &[stream("/Type /ObjStm /Filter /FlateDecode /DecodeParms << /Predictor 12 >>", &hidden)],
            ),
            Some(Refused::Hidden),
        ),
        (
            "objects that do not unpack",
            pdf("", &[stream("/Type /ObjStm /Filter /FlateDecode", b"xxxx")]),
            Some(Refused::Hidden),
        ),
        (
            "bomb",
            pdf("", &[stream("/Filter /FlateDecode", &zipped(&vec![0; 2_000_000]))]),
            Some(Refused::Pages),
        ),
        ("no pages", b"%PDF-1.7\n%%EOF".to_vec(), Some(Refused::Broken)),
        ("no end", b"%PDF-1.7\n<< /Type /Page >>".to_vec(), Some(Refused::Broken)),
        ("many pages", pdf("", &[b"<< /Type /Page >>\n".repeat(20)]), Some(Refused::Pages)),
    ];
    for (what, bytes, refused) in cases {
        assert_eq!(take(&bytes).err(), refused, "{what}");
    }
    let clean = take(&[pdf("", &[]), b"\nPK\x03\x04 planted".to_vec()].concat()).unwrap();
    assert!(clean.bytes.ends_with(b"%%EOF"), "what hangs behind the end is cut off");
}

/// A generator with a seed: the same mutations every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }
}

/// What gets through is a clean file: it is a picture that decodes, and is taken again.
fn is_clean(clean: &Clean) {
    match clean.kind {
        Kind::Jpeg => {
            let (width, height, _) = read_jpeg(&clean.bytes).expect("a picture that was taken decodes");
            assert_eq!((width as u32, height as u32), (clean.width, clean.height));
        }
        Kind::Png => assert!(!unpacked(&clean.bytes).is_empty()),
        Kind::Pdf => {}
    }
    let again = take(&clean.bytes).expect("a clean file is taken again");
    assert_eq!((again.kind, again.width, again.height), (clean.kind, clean.width, clean.height));
}

#[test]
fn broken_files_are_refused_or_become_clean_ones() {
    let seeds = [
        talkative(6),
        jpeg(40, 30, true),
        png(20, 12, &[chunk(*b"tEXt", b"Comment\0x")]),
        webp(12, 20),
        pdf(
            "/OpenAction [3 0 R]",
            &[stream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", &zipped(b"8 0 << >>"))],
        ),
    ];
    let (mut dice, mut taken) = (Dice(20_261_123), [0; 5]);
    for (which, seed) in seeds.iter().enumerate() {
        for _ in 0..400 {
            let mut bytes = seed.clone();
            for _ in 0..=dice.roll(3) {
                let at = dice.roll(bytes.len());
                match dice.roll(5) {
                    0 => bytes.truncate(at.max(1)),
                    1 => bytes[at] = dice.roll(256) as u8,
                    2 => bytes[at] ^= 1 << dice.roll(8),
                    3 => drop(
                        bytes.splice(at..at, (0..dice.roll(9)).map(|byte| (byte as u8).wrapping_mul(37))),
                    ),
                    _ => bytes[at] = [0, 0x7F, 0x80, 0xFF][dice.roll(4)],
                }
            }
            if let Ok(clean) = take(&bytes) {
                is_clean(&clean);
                taken[which] += 1;
            }
        }
    }
    assert!(taken.iter().all(|taken| *taken > 0 && *taken < 400), "{taken:?}");
}

#[test]
fn a_photo_in_grey_or_in_four_colours_is_taken() {
    for (kind, bytes) in [(ColorType::Luma, 1), (ColorType::Cmyk, 4), (ColorType::CmykAsYcck, 4)] {
        let mut sent = Vec::new();
        let plane = vec![0x60; 40 * 24 * bytes];
        Encoder::new(&mut sent, 90).encode(&plane, 40, 24, kind).unwrap();
        let clean = take(&sent).unwrap();
        assert_eq!((clean.width, clean.height), (40, 24), "{kind:?}");
        is_clean(&clean);
    }
}

#[test]
fn a_photo_that_was_cut_short_is_broken() {
    for progressive in [false, true] {
        let whole = jpeg(200, 200, progressive);
        let half = &whole[..whole.len() - whole.len() / 4];
        assert_eq!(take(half), Err(Refused::Broken));
        let ended = [half, &[0xFF, 0xD9]].concat();
        assert!(!progressive || take(&ended).is_ok() || take(&ended) == Err(Refused::Broken));
    }
    assert!(read_jpeg(&Cursor::new(jpeg(8, 8, false)).into_inner()).is_some());
}

proptest! {
    #[test]
    fn noise_is_no_picture(noise in prop::collection::vec(any::<u8>(), 0..2_000), mark in 0_usize..5) {
        let marks: [&[u8]; 5] =
            [b"", &[0xFF, 0xD8, 0xFF], b"\x89PNG\r\n\x1a\n", b"RIFF\0\x08\0\0WEBP", b"%PDF-1.7\n"];
        let bytes = [marks[mark], &noise].concat();
        prop_assert!(take(&bytes).is_err());
    }

    #[test]
    fn no_name_leads_anywhere(name in ".*") {
        if let Ok(clean) = check(&png_of_zeroes(), &name, "", &BOUNDS) {
            prop_assert!(!clean.name.contains(['/', '\\', '"', '\r', '\n', '\0']));
            prop_assert!(!clean.name.starts_with('.') && clean.name.strip_suffix(".png").is_some());
            prop_assert!(clean.name.chars().count() <= 90);
        }
    }
}
