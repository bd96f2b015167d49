//! A PDF written anew, by ISO 32000: its objects are read in the order in which they stand (the last of a number holds), what is reached
//! from the catalogue is written down again, and nothing else. So what says who made the paper, with what and when, is left behind: the
//! Info dictionary, every XMP stream, what programs keep for themselves (`/PieceInfo`), authors and days of comments, older versions of
//! objects, comments between them, and the EXIF of photographs that lie in it as JPEG.
//!
//! Read is no cross-reference table: it can say something else than the objects that were looked through. Bounded are objects, values,
//! depth and the size of what is written; the caller has bounded what streams unpack to. A signature would not fit the new bytes and is
//! taken off: the sender's own copy is known by its SHA-256. Pictures in JPEG 2000, and JPEGs that are packed once more, keep what they
//! tell. No library does this: those at hand bring ciphers and more unpackers, and follow the table.

use std::{
    collections::{BTreeMap, VecDeque},
    io::Read,
    ops::Range,
};

use flate2::read::ZlibDecoder;
use memchr::memmem;

use crate::{
    Refused,
    pdf::{hex, is_regular},
};

/// Most objects of a paper.
const OBJECTS_MAX: usize = 100_000;
/// Most numbers, names, texts, lists of all objects.
const VALUES_MAX: usize = 1_500_000;
/// How deep lists and dictionaries may lie in each other.
const DEPTH_MAX: usize = 64;
/// Digits of an object's number.
const DIGITS_MAX: usize = 9;
/// Keys whose values tell about who made the paper, or about a signature that no longer fits.
const TELLS: &[&[u8]] = &[b"Metadata", b"PieceInfo", b"LastModified", b"Info", b"Perms", b"DSS"];
/// Keys of a stream that are written anew, or that would fetch its data from elsewhere.
const OF_STREAM: &[&[u8]] = &[b"Length", b"F", b"FFilter", b"FDecodeParms"];

#[derive(Debug)]
enum Value<'b> {
    /// A number, a text, `true`, `false` or `null`, as written.
    Plain(&'b [u8]),
    /// A name, `#xx` resolved.
    Name(Vec<u8>),
    List(Vec<Value<'b>>),
    Dictionary(Dictionary<'b>),
    /// Another object.
    Other(u32),
}

type Dictionary<'b> = Vec<(Vec<u8>, Value<'b>)>;

impl<'b> Value<'b> {
    fn dictionary(&self) -> Option<&Dictionary<'b>> {
        if let Self::Dictionary(dictionary) = self { Some(dictionary) } else { None }
    }

    fn is_name(&self, what: &[u8]) -> bool {
        matches!(self, Self::Name(name) if name == what)
    }

    fn number(&self) -> Option<usize> {
        let Self::Plain(digits) = self else { return None };
        std::str::from_utf8(digits).ok()?.parse().ok()
    }
}

fn of<'d, 'b>(dictionary: &'d Dictionary<'b>, key: &[u8]) -> Option<&'d Value<'b>> {
    dictionary.iter().find(|(one, _)| one == key).map(|(_, value)| value)
}

/// An object: its value, and the data of a stream.
#[derive(Debug)]
struct Object<'b> {
    value: Value<'b>,
    data: Option<&'b [u8]>,
}

/// The paper, written anew within `bytes_max`.
pub(crate) fn anew(bytes: &[u8], unpacked_max: u64, bytes_max: u64) -> Result<Vec<u8>, Refused> {
    let mut left = VALUES_MAX;
    let told = Reader { text: bytes, at: 0, left: &mut left }.objects()?;
    let mut packed = Vec::new();
    let mut unpacked_left = unpacked_max;
    for (number, object) in &told.objects {
        packed.push(unpack(object, &mut unpacked_left)?.map(|text| (*number, text)));
    }
    let mut objects: BTreeMap<u32, Object<'_>> = BTreeMap::new();
    for ((number, object), text) in told.objects.into_iter().zip(&packed) {
        if let (Some((_, text)), Some(dictionary)) = (text, object.value.dictionary()) {
            for (number, value) in within(text, dictionary, &mut left)? {
                objects.insert(number, Object { value, data: None });
            }
        }
        objects.insert(number, object);
        if objects.len() > OBJECTS_MAX {
            return Err(Refused::Pages);
        }
    }
    let is_catalogue =
        |object: &Object<'_>| object.value.dictionary().is_some_and(|of_it| of(of_it, b"Pages").is_some());
    let root = told.root.filter(|root| objects.get(root).is_some_and(is_catalogue)).or_else(|| {
        let typed = |object: &Object<'_>| {
            let kind = object.value.dictionary().and_then(|of_it| of(of_it, b"Type"));
            kind.is_some_and(|kind| kind.is_name(b"Catalog"))
        };
        objects
            .iter()
            .rev()
            .find(|(_, object)| is_catalogue(object) && typed(object))
            .map(|(number, _)| *number)
    });
    write(objects, root.ok_or(Refused::Broken)?, bytes_max)
}

/// What objects in a packed stream unpack to; none for another object.
fn unpack(object: &Object<'_>, left: &mut u64) -> Result<Option<Vec<u8>>, Refused> {
    let (Some(dictionary), Some(data)) = (object.value.dictionary(), object.data) else { return Ok(None) };
    if !of(dictionary, b"Type").is_some_and(|kind| kind.is_name(b"ObjStm")) {
        return Ok(None);
    }
    if of(dictionary, b"Filter").is_none() {
        return Ok(Some(data.to_vec()));
    }
    let mut text = Vec::new();
    let came = ZlibDecoder::new(data).take(left.saturating_add(1)).read_to_end(&mut text);
    *left = left.checked_sub(text.len() as u64).ok_or(Refused::Pages)?;
    came.map_err(|_| Refused::Hidden)?;
    Ok(Some(text))
}

/// The objects in an unpacked stream.
fn within<'t>(
    text: &'t [u8],
    dictionary: &Dictionary<'_>,
    left: &mut usize,
) -> Result<Vec<(u32, Value<'t>)>, Refused> {
    let number = |key: &[u8]| of(dictionary, key).and_then(Value::number);
    let (Some(count), Some(first)) = (number(b"N"), number(b"First")) else { return Err(Refused::Hidden) };
    if count > OBJECTS_MAX {
        return Err(Refused::Pages);
    }
    let mut heads = Vec::new();
    let mut reader = Reader { text, at: 0, left };
    for _ in 0..count {
        let (Some(number), Some(place)) = (reader.whole(), reader.whole()) else {
            return Err(Refused::Hidden);
        };
        heads.push((number, place as usize));
    }
    let mut found = Vec::new();
    for (number, place) in heads {
        reader.at = first.saturating_add(place).min(text.len());
        found.push((number, reader.value(0)?.ok_or(Refused::Hidden)?));
    }
    Ok(found)
}

/// What stands in a file, in its order.
struct Told<'b> {
    objects: Vec<(u32, Object<'b>)>,
    root: Option<u32>,
}

struct Reader<'b, 'l> {
    text: &'b [u8],
    at: usize,
    left: &'l mut usize,
}

impl<'b> Reader<'b, '_> {
    fn objects(mut self) -> Result<Told<'b>, Refused> {
        let mut told = Told { objects: Vec::new(), root: None };
        loop {
            self.skip_space();
            let Some(byte) = self.text.get(self.at) else { return Ok(told) };
            let from = self.at;
            if byte.is_ascii_digit()
                && let Some(number) = self.head()
                && let Some(value) = self.value(0)?
            {
                let data = self.data(&value);
                if let (Some(dictionary), Some(_)) = (value.dictionary(), data)
                    && of(dictionary, b"Type").is_some_and(|kind| kind.is_name(b"XRef"))
                {
                    told.root = root_of(dictionary).or(told.root);
                }
                told.objects.push((number, Object { value, data }));
                if told.objects.len() > OBJECTS_MAX {
                    return Err(Refused::Pages);
                }
                continue;
            }
            self.at = from;
            if self.word(b"trailer") {
                if let Some(Value::Dictionary(dictionary)) = self.value(0)? {
                    told.root = root_of(&dictionary).or(told.root);
                }
                continue;
            }
            // Nothing that is reached from the catalogue.
            self.at += 1;
            while self.text.get(self.at).is_some_and(|byte| is_regular(*byte)) {
                self.at += 1;
            }
        }
    }

    /// `17 0 obj`: the number.
    fn head(&mut self) -> Option<u32> {
        let number = self.whole()?;
        self.whole()?;
        self.skip_space();
        self.word(b"obj").then_some(number)
    }

    /// The data behind the dictionary of a stream.
    fn data(&mut self, value: &Value<'b>) -> Option<&'b [u8]> {
        let dictionary = value.dictionary()?;
        self.skip_space();
        if !self.word(b"stream") {
            return None;
        }
        let text = self.text;
        let rest = &text[self.at..];
        let data = rest
            .strip_prefix(b"\r\n")
            .or_else(|| rest.strip_prefix(b"\n"))
            .or_else(|| rest.strip_prefix(b"\r"))?;
        let begin = text.len() - data.len();
        let told = of(dictionary, b"Length").and_then(Value::number).filter(|length| {
            data.get(*length..).is_some_and(|after| after.trim_ascii_start().starts_with(b"endstream"))
        });
        let range: Range<usize> = if let Some(length) = told {
            begin..begin + length
        } else {
            let end = begin + memmem::find(data, b"endstream")?;
            let line = &text[begin..end];
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            begin..begin + line.strip_suffix(b"\r").unwrap_or(line).len()
        };
        self.at = range.end;
        self.skip_white();
        self.word(b"endstream");
        Some(&text[range])
    }

    /// The next value; none where there is none that can be read.
    fn value(&mut self, depth: usize) -> Result<Option<Value<'b>>, Refused> {
        if depth > DEPTH_MAX {
            return Err(Refused::Broken);
        }
        *self.left = self.left.checked_sub(1).ok_or(Refused::Pages)?;
        self.skip_space();
        let rest = &self.text[self.at..];
        let value = match rest {
            [b'<', b'<', ..] => {
                self.at += 2;
                return self.dictionary(depth);
            }
            [b'[', ..] => {
                self.at += 1;
                let mut list = Vec::new();
                loop {
                    self.skip_space();
                    if self.text.get(self.at) == Some(&b']') {
                        self.at += 1;
                        return Ok(Some(Value::List(list)));
                    }
                    let Some(value) = self.value(depth + 1)? else { return Ok(None) };
                    list.push(value);
                }
            }
            [b'/', ..] => Some(Value::Name(self.name())),
            [b'(', ..] => self.text_in_brackets().map(Value::Plain),
            [b'<', ..] => memchr::memchr(b'>', rest).map(|end| Value::Plain(self.take(end + 1))),
            [first, ..] if is_regular(*first) => {
                if first.is_ascii_digit()
                    && let Some(number) = self.other()
                {
                    return Ok(Some(Value::Other(number)));
                }
                let end = rest.iter().position(|byte| !is_regular(*byte)).unwrap_or(rest.len());
                let word = self.take(end);
                let number = word.iter().all(|byte| byte.is_ascii_digit() || b"+-.".contains(byte));
                let known = number || [&b"true"[..], b"false", b"null"].contains(&word);
                known.then_some(Value::Plain(word))
            }
            _ => None,
        };
        Ok(value)
    }

    fn dictionary(&mut self, depth: usize) -> Result<Option<Value<'b>>, Refused> {
        let mut found = Dictionary::new();
        loop {
            self.skip_space();
            match &self.text[self.at..] {
                [b'>', b'>', ..] => {
                    self.at += 2;
                    return Ok(Some(Value::Dictionary(found)));
                }
                [b'/', ..] => {
                    let key = self.name();
                    let Some(value) = self.value(depth + 1)? else { return Ok(None) };
                    found.push((key, value));
                }
                _ => return Ok(None),
            }
        }
    }

    /// `17 0 R`, or the reader where it was.
    fn other(&mut self) -> Option<u32> {
        let from = self.at;
        let number = self.whole();
        let found = number.filter(|_| self.whole().is_some()).filter(|_| {
            self.skip_space();
            self.word(b"R")
        });
        if found.is_none() {
            self.at = from;
        }
        found
    }

    fn whole(&mut self) -> Option<u32> {
        self.skip_space();
        let rest = &self.text[self.at..];
        let digits = rest.iter().take(DIGITS_MAX + 2).take_while(|byte| byte.is_ascii_digit()).count();
        let ends = rest.get(digits).is_none_or(|byte| !is_regular(*byte));
        if digits == 0 || digits > DIGITS_MAX || !ends {
            return None;
        }
        std::str::from_utf8(self.take(digits)).ok()?.parse().ok()
    }

    /// A text with its brackets; those within it are paired or behind a backslash.
    fn text_in_brackets(&mut self) -> Option<&'b [u8]> {
        let (mut open, mut at) = (0_usize, self.at);
        loop {
            match self.text.get(at)? {
                b'\\' => at += 1,
                b'(' => open += 1,
                b')' => open -= 1,
                _ => {}
            }
            at += 1;
            if open == 0 {
                return Some(self.take(at - self.at));
            }
        }
    }

    fn name(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut name = Vec::new();
        while let Some(byte) = self.text.get(self.at).filter(|byte| is_regular(**byte)) {
            let code =
                (*byte == b'#').then(|| self.text.get(self.at + 1..self.at + 3).and_then(hex)).flatten();
            name.push(code.unwrap_or(*byte));
            self.at += if code.is_some() { 3 } else { 1 };
        }
        name
    }

    fn word(&mut self, word: &[u8]) -> bool {
        let rest = &self.text[self.at..];
        let is = rest.starts_with(word) && rest.get(word.len()).is_none_or(|byte| !is_regular(*byte));
        if is {
            self.at += word.len();
        }
        is
    }

    fn take(&mut self, count: usize) -> &'b [u8] {
        let text = self.text;
        let taken = &text[self.at..(self.at + count).min(text.len())];
        self.at += taken.len();
        taken
    }

    fn skip_white(&mut self) {
        while self.text.get(self.at).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == 0) {
            self.at += 1;
        }
    }

    /// White space and comments.
    fn skip_space(&mut self) {
        loop {
            self.skip_white();
            if self.text.get(self.at) != Some(&b'%') {
                return;
            }
            let rest = &self.text[self.at..];
            self.at += memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        }
    }
}

fn root_of(dictionary: &Dictionary<'_>) -> Option<u32> {
    match of(dictionary, b"Root")? {
        Value::Other(number) => Some(*number),
        _ => None,
    }
}

/// Takes away what tells about who made it, at any depth.
fn forget(value: &mut Value<'_>) {
    match value {
        Value::List(list) => list.iter_mut().for_each(forget),
        Value::Dictionary(dictionary) => {
            let is = |key: &[u8], what: &[u8]| of(dictionary, key).is_some_and(|value| value.is_name(what));
            let comment = of(dictionary, b"Rect").is_some() && of(dictionary, b"Subtype").is_some();
            let widget = is(b"Subtype", b"Widget");
            let signature = is(b"FT", b"Sig");
            dictionary.retain(|(key, _)| {
                let key = key.as_slice();
                let of_comment =
                    comment && (matches!(key, b"M" | b"CreationDate") || (key == b"T" && !widget));
                !(TELLS.contains(&key) || of_comment || (signature && key == b"V"))
            });
            for (_, value) in dictionary {
                forget(value);
            }
        }
        _ => {}
    }
}

/// What is reached from the root, under new numbers, in the order in which it is reached.
fn write(mut objects: BTreeMap<u32, Object<'_>>, root: u32, bytes_max: u64) -> Result<Vec<u8>, Refused> {
    let mut numbers = BTreeMap::from([(root, 1_u32)]);
    let mut waiting = VecDeque::from([root]);
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    while let Some(number) = waiting.pop_front() {
        let Some(mut object) = objects.remove(&number) else { continue };
        forget(&mut object.value);
        if let Value::Dictionary(dictionary) = &mut object.value
            && object.data.is_some()
        {
            if of(dictionary, b"Type").is_some_and(|kind| kind.is_name(b"Metadata")) {
                object = Object { value: Value::Plain(b"null"), data: None };
            } else {
                dictionary.retain(|(key, _)| !OF_STREAM.contains(&key.as_slice()));
            }
        }
        refer(&mut object.value, &objects, &mut numbers, &mut waiting);
        places.push(out.len());
        out.extend(format!("{} 0 obj\n", places.len()).as_bytes());
        let data =
            object.data.map(|data| if is_jpeg(&object.value) { without_talk(data) } else { data.to_vec() });
        if let (Value::Dictionary(dictionary), Some(data)) = (&mut object.value, &data) {
            let length = data.len().to_string();
            dictionary.push((b"Length".to_vec(), Value::Plain(length.as_bytes())));
            put(&object.value, &mut out);
            out.extend(b"\nstream\n");
            out.extend(data);
            out.extend(b"\nendstream");
        } else {
            put(&object.value, &mut out);
        }
        out.extend(b"\nendobj\n");
        if out.len() as u64 > bytes_max {
            return Err(Refused::Pages);
        }
    }
    let table = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1).as_bytes());
    for place in &places {
        out.extend(format!("{place:010} 00000 n \n").as_bytes());
    }
    let size = places.len() + 1;
    out.extend(format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF").as_bytes());
    Ok(out)
}

/// Gives the objects that a value names their new numbers; one that is not there is nothing.
fn refer(
    value: &mut Value<'_>,
    there: &BTreeMap<u32, Object<'_>>,
    numbers: &mut BTreeMap<u32, u32>,
    waiting: &mut VecDeque<u32>,
) {
    match value {
        Value::Other(number) => {
            let known = numbers.get(number).copied();
            if known.is_none() && !there.contains_key(number) {
                *value = Value::Plain(b"null");
                return;
            }
            let next = u32::try_from(numbers.len() + 1).unwrap_or(u32::MAX);
            let new = known.unwrap_or_else(|| {
                waiting.push_back(*number);
                numbers.insert(*number, next);
                next
            });
            *number = new;
        }
        Value::List(list) => list.iter_mut().for_each(|one| refer(one, there, numbers, waiting)),
        Value::Dictionary(dictionary) => {
            for (_, one) in dictionary {
                refer(one, there, numbers, waiting);
            }
        }
        _ => {}
    }
}

fn put(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Plain(text) => out.extend(*text),
        Value::Name(name) => put_name(name, out),
        Value::Other(number) => out.extend(format!("{number} 0 R").as_bytes()),
        Value::List(list) => {
            out.push(b'[');
            for one in list {
                put(one, out);
                out.push(b' ');
            }
            out.push(b']');
        }
        Value::Dictionary(dictionary) => {
            out.extend(b"<< ");
            for (key, one) in dictionary {
                put_name(key, out);
                out.push(b' ');
                put(one, out);
                out.push(b' ');
            }
            out.extend(b">>");
        }
    }
}

fn put_name(name: &[u8], out: &mut Vec<u8>) {
    out.push(b'/');
    for byte in name {
        if byte.is_ascii_graphic() && is_regular(*byte) && *byte != b'#' {
            out.push(*byte);
        } else {
            out.extend(format!("#{byte:02X}").as_bytes());
        }
    }
}

fn is_jpeg(value: &Value<'_>) -> bool {
    let Some(filter) = value.dictionary().and_then(|dictionary| of(dictionary, b"Filter")) else {
        return false;
    };
    let one = match filter {
        Value::List(list) if list.len() == 1 => &list[0],
        other => other,
    };
    one.is_name(b"DCTDecode") || one.is_name(b"DCT")
}

/// A JPEG without what it says beside its dots: of the application segments only those that its colours need (JFIF, Adobe) stay.
fn without_talk(data: &[u8]) -> Vec<u8> {
    let Some(mut rest) = data.strip_prefix(&[0xFF, 0xD8]) else { return data.to_vec() };
    let mut out = vec![0xFF, 0xD8];
    while let [0xFF, marker, high, low, ..] = rest
        && *marker != 0xDA
    {
        let length = 2 + usize::from(u16::from_be_bytes([*high, *low]));
        let Some((segment, after)) = rest.split_at_checked(length) else { break };
        if !matches!(marker, 0xE1..=0xED | 0xEF | 0xFE) {
            out.extend(segment);
        }
        rest = after;
    }
    out.extend(rest);
    out
}
