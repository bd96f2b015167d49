//! PDF, by ISO 32000: looked through, written anew (`pdf_anew`), and what was written is looked through once more. Refused is what does
//! something by itself, what carries other files, what is locked, and what cannot be looked into. Names are compared with their `#xx`
//! resolved. Every stream that is packed with Flate is unpacked within a bound and looked through too, because the objects of a paper may
//! stand in such a stream; objects that are packed in another way, or foretold from the line before, are refused. A script needs one of
//! the long names, which do not happen by chance; `/JS` counts where the file is plain and a value follows: in the dots of a picture
//! three letters would cry wolf.
//!
//! What a PDF says about its author is left behind, as are bytes behind the last `%%EOF`.

use std::io::Read;

use flate2::read::ZlibDecoder;
use memchr::memmem;

use crate::{Bounds, Refused, pdf_anew};

/// Names that do something, or carry something, wherever they stand.
const ACTIVE: &[&[u8]] = &[
    b"JavaScript",
    b"Launch",
    b"EmbeddedFile",
    b"EmbeddedFiles",
    b"RichMedia",
    b"Rendition",
    b"SubmitForm",
    b"ImportData",
    b"GoToE",
    b"XFA",
];
/// Ways to pack objects that are not looked into.
const OTHER_PACKING: &[&[u8]] = &[
    b"ASCII85Decode",
    b"A85",
    b"ASCIIHexDecode",
    b"AHx",
    b"LZWDecode",
    b"LZW",
    b"RunLengthDecode",
    b"RL",
    b"Crypt",
    b"Predictor",
];
const NAME_MAX: usize = 64;
/// How far before a stream its dictionary may begin.
const DICTIONARY_MAX: usize = 4_096;

/// How much larger than a file may be as sent it may be as written anew: what was packed stands in it plainly.
const GROWS: u64 = 2;

/// The bytes to keep.
pub(crate) fn clean(bytes: &[u8], bounds: &Bounds) -> Result<Vec<u8>, Refused> {
    let looked = look(bytes, bounds)?;
    let anew = pdf_anew::anew(looked, bounds.unpacked_bytes, bounds.bytes.saturating_mul(GROWS))?;
    look(&anew, bounds)?;
    Ok(anew)
}

/// Looks through a paper, up to its end.
fn look<'b>(bytes: &'b [u8], bounds: &Bounds) -> Result<&'b [u8], Refused> {
    let end = memmem::rfind(bytes, b"%%EOF").ok_or(Refused::Broken)? + b"%%EOF".len();
    let bytes = &bytes[..end];
    let mut pages = 0;
    scan(bytes, true, &mut pages)?;
    let mut left = bounds.unpacked_bytes;
    let mut buffer = Vec::new();
    let mut done = 0;
    for place in memmem::find_iter(bytes, b"stream") {
        if place < done || bytes[..place].ends_with(b"end") {
            continue;
        }
        let data = &bytes[place + b"stream".len()..];
        let Some(data) = data.strip_prefix(b"\r\n").or_else(|| data.strip_prefix(b"\n")) else { continue };
        let before = &bytes[place.saturating_sub(DICTIONARY_MAX)..place];
        let dictionary = memmem::rfind(before, b" obj").map_or(before, |at| &before[at..]);
        let holds_objects = names(dictionary).any(|(name, _)| name == b"ObjStm");
        if holds_objects && names(dictionary).any(|(name, _)| OTHER_PACKING.contains(&name.as_slice())) {
            return Err(Refused::Hidden);
        }
        buffer.clear();
        let came = ZlibDecoder::new(data).take(left.saturating_add(1)).read_to_end(&mut buffer);
        if buffer.len() as u64 > left {
            return Err(Refused::Pages);
        }
        left -= buffer.len() as u64;
        let packed = names(dictionary).any(|(name, _)| name == b"FlateDecode" || name == b"Fl");
        if holds_objects && packed && came.is_err() {
            return Err(Refused::Hidden);
        }
        scan(&buffer, false, &mut pages)?;
        if came.is_ok() {
            // The data of a stream that was read to its end are no text of the paper.
            done = place + memmem::find(data, b"endstream").unwrap_or(0);
        }
    }
    if pages == 0 {
        return Err(Refused::Broken);
    }
    if pages > bounds.pages {
        return Err(Refused::Pages);
    }
    Ok(bytes)
}

/// Looks through a text of objects, and counts its pages.
fn scan(text: &[u8], plain: bool, pages: &mut u64) -> Result<(), Refused> {
    for (name, after) in names(text) {
        let name = name.as_slice();
        let value = text[after..].trim_ascii_start();
        if ACTIVE.contains(&name) || (plain && name == b"JS" && value.starts_with_any(b"(<0123456789")) {
            return Err(Refused::Active);
        }
        if plain && name == b"Encrypt" {
            return Err(Refused::Hidden);
        }
        if name == b"OpenAction" && !is_place(text, value) {
            return Err(Refused::Active);
        }
        if name == b"Type"
            && names(&value[..value.len().min(NAME_MAX)]).next().is_some_and(|(of, _)| of == b"Page")
        {
            *pages += 1;
        }
    }
    Ok(())
}

/// Whether a paper opens at a place in itself, written there or in an object of the same text, and does nothing else.
fn is_place(text: &[u8], value: &[u8]) -> bool {
    if value.starts_with(b"[") {
        return true;
    }
    let number = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if number == 0 {
        return false;
    }
    let head = [&value[..number], b" 0 obj"].concat();
    let mut told = memmem::find_iter(text, &head)
        .filter(|at| !text[..*at].last().is_some_and(u8::is_ascii_digit))
        .map(|at| text[at + head.len()..].trim_ascii_start().starts_with(b"["))
        .peekable();
    // A paper may say it anew further down: each time it must be a place.
    told.peek().is_some() && told.all(|place| place)
}

trait StartsWithAny {
    fn starts_with_any(&self, bytes: &[u8]) -> bool;
}

impl StartsWithAny for [u8] {
    fn starts_with_any(&self, bytes: &[u8]) -> bool {
        self.first().is_some_and(|first| bytes.contains(first))
    }
}

/// Every name of a text, `#xx` resolved, and where it ends.
fn names(text: &[u8]) -> impl Iterator<Item = (Vec<u8>, usize)> + '_ {
    memchr::memchr_iter(b'/', text).map(|place| {
        let mut name = Vec::new();
        let mut at = place + 1;
        while let Some(byte) = text.get(at).filter(|byte| is_regular(**byte))
            && name.len() < NAME_MAX
        {
            let code = (*byte == b'#').then(|| text.get(at + 1..at + 3).and_then(hex)).flatten();
            name.push(code.unwrap_or(*byte));
            at += if code.is_some() { 3 } else { 1 };
        }
        (name, at)
    })
}

pub(crate) fn is_regular(byte: u8) -> bool {
    !matches!(
        byte,
        0 | b'\t'
            | b'\n'
            | 0x0C
            | b'\r'
            | b' '
            | b'('
            | b')'
            | b'<'
            | b'>'
            | b'['
            | b']'
            | b'{'
            | b'}'
            | b'/'
            | b'%'
    )
}

pub(crate) fn hex(two: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (high, low) = (digit(*two.first()?)?, digit(*two.get(1)?)?);
    u8::try_from(high * 16 + low).ok()
}
