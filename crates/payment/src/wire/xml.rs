//! Walks an XML document as a stream, within bounds: no DTD, no entities of its own, no instructions, one namespace, names and
//! texts of bounded length and depth. Anything else refuses the file at its line.

use std::io::{self, BufRead, BufReader, Read};

use quick_xml::{Reader, events::BytesStart, events::Event};

use super::{Halt, line::CELL_BYTES_MAX};
use crate::state::Refusal;

/// Deepest element.
const DEPTH_MAX: usize = 24;
/// Largest piece between two marks.
const PIECE_BYTES_MAX: usize = 64 * 1_024;

/// Counts lines, and ends a piece that grows without end.
struct Counted {
    inner: BufReader<Box<dyn Read + Send>>,
    lines: u64,
    piece: usize,
}

impl Read for Counted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buf)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Counted {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece > PIECE_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a piece of the document is too long"));
        }
        let bytes = self.inner.fill_buf()?;
        // A piece may not grow beyond its bound within one buffer either.
        Ok(&bytes[..bytes.len().min(PIECE_BYTES_MAX)])
    }

    fn consume(&mut self, amount: usize) {
        let consumed = self.inner.buffer().get(..amount).unwrap_or_default();
        self.lines += consumed.split(|byte| *byte == b'\n').skip(1).count() as u64;
        self.piece += amount;
        self.inner.consume(amount);
    }
}

/// What the walk came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    /// An element begins.
    Open,
    /// An element ends; its text is there when it held nothing else.
    Close,
    /// The document is whole.
    End,
}

/// A document at work.
pub(super) struct Xml {
    reader: Reader<Counted>,
    buffer: Vec<u8>,
    namespace: &'static str,
    /// Names of the open elements, joined by `/`, without the root.
    path: String,
    depth: usize,
    /// The element just closed is still in the path.
    closing: bool,
    /// An empty element closes as soon as it opened.
    empty: bool,
    /// Text of the innermost element, as long as it has no inner element.
    text: String,
    leaf: bool,
    /// Prefix of the namespace, with its colon; empty when it is the default.
    prefix: String,
    currency: String,
    done: bool,
}

impl Xml {
    pub(super) fn new(source: Box<dyn Read + Send>, namespace: &'static str) -> Self {
        let inner = BufReader::with_capacity(1 << 18, source);
        let mut reader = Reader::from_reader(Counted { inner, lines: 1, piece: 0 });
        reader.config_mut().check_end_names = true;
        Self {
            reader,
            buffer: Vec::with_capacity(1_024),
            namespace,
            path: String::with_capacity(256),
            depth: 0,
            closing: false,
            empty: false,
            text: String::new(),
            leaf: false,
            prefix: String::new(),
            currency: String::new(),
            done: false,
        }
    }

    pub(super) fn line(&self) -> u64 {
        self.reader.get_ref().lines
    }

    /// Where the walk is: names below the root, joined by `/`.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Text of the element that closes.
    pub(super) fn text(&self) -> &str {
        if self.leaf { &self.text } else { "" }
    }

    /// Currency that stands at the last amount.
    pub(super) fn currency(&self) -> &str {
        &self.currency
    }

    pub(super) fn halt(&self, why: Refusal, expected: &str, found: &str) -> Halt {
        Halt::refused(self.line(), why, expected, found)
    }

    fn bad(&self, found: &str) -> Halt {
        self.halt(Refusal::Xml, "", found)
    }

    /// The next beginning or end of an element.
    pub(super) fn next(&mut self) -> Result<Node, Halt> {
        if self.closing {
            self.pop();
        }
        if self.empty {
            self.empty = false;
            self.closing = true;
            return Ok(Node::Close);
        }
        loop {
            self.buffer.clear();
            self.reader.get_mut().piece = 0;
            // The buffer is handed out while an event borrows it.
            let mut buffer = std::mem::take(&mut self.buffer);
            let node = self.step(&mut buffer);
            self.buffer = buffer;
            if let Some(node) = node? {
                return Ok(node);
            }
        }
    }

    fn step(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Node>, Halt> {
        let event = match self.reader.read_event_into(buffer) {
            Ok(event) => event,
            Err(quick_xml::Error::Io(error)) if error.kind() != io::ErrorKind::InvalidData => {
                return Err(Halt::Io(error.to_string()));
            }
            Err(error) => return Err(self.bad(&error.to_string())),
        };
        match event {
            Event::Start(start) => {
                self.open(&start)?;
                Ok(Some(Node::Open))
            }
            Event::Empty(start) => {
                self.open(&start)?;
                self.empty = true;
                Ok(Some(Node::Open))
            }
            Event::End(_) => {
                self.closing = true;
                Ok(Some(Node::Close))
            }
            Event::Text(text) => self.add(&text.into_inner()).map(|()| None),
            Event::GeneralRef(reference) => {
                let c = match reference.into_inner().as_ref() {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "apos" => '\'',
                    other => return Err(self.bad(&format!("&{other};"))),
                };
                self.add(c.encode_utf8(&mut [0; 4])).map(|()| None)
            }
            Event::Decl(declaration) => {
                let utf8 = match declaration.encoding() {
                    None => true,
                    Some(name) => name.is_ok_and(|name| name.eq_ignore_ascii_case("utf-8")),
                };
                let version = declaration.version().is_ok_and(|version| version == "1.0");
                if utf8 && version { Ok(None) } else { Err(self.bad("encoding")) }
            }
            Event::Comment(_) => Ok(None),
            Event::DocType(_) => Err(self.bad("DOCTYPE")),
            Event::PI(_) => Err(self.bad("<?")),
            Event::CData(_) => Err(self.bad("CDATA")),
            Event::Eof if self.done && self.depth == 0 => Ok(Some(Node::End)),
            Event::Eof => Err(self.halt(Refusal::Trailer, "</Document>", "")),
        }
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), Halt> {
        if self.done || self.depth >= DEPTH_MAX {
            return Err(self.bad("<"));
        }
        if !self.text.trim_ascii().is_empty() {
            return Err(self.bad(&self.text.chars().take(20).collect::<String>()));
        }
        let name = start.name().into_inner();
        if self.depth == 0 {
            self.root(start, name)?;
        } else {
            let Some(local) = name.strip_prefix(self.prefix.as_str()).filter(|local| !local.contains(':'))
            else {
                return Err(self.halt(Refusal::Namespace, self.namespace, name));
            };
            if self.depth > 1 {
                self.path.push('/');
            }
            self.path.push_str(local);
            self.attributes(start)?;
        }
        self.depth += 1;
        self.leaf = true;
        self.text.clear();
        Ok(())
    }

    /// The root must be a `Document` of the namespace that the layout names.
    fn root(&mut self, start: &BytesStart<'_>, name: &str) -> Result<(), Halt> {
        let (prefix, local) = match name.split_once(':') {
            Some((prefix, local)) => (format!("{prefix}:"), local),
            None => (String::new(), name),
        };
        let declared = if prefix.is_empty() {
            "xmlns".to_owned()
        } else {
            format!("xmlns:{}", prefix.trim_end_matches(':'))
        };
        let mut found = String::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| self.bad(&error.to_string()))?;
            if attribute.key.into_inner() == declared {
                found = attribute.value.into_owned();
            }
        }
        if local != "Document" || found != self.namespace {
            return Err(self.halt(Refusal::Namespace, self.namespace, &found));
        }
        self.prefix = prefix;
        Ok(())
    }

    /// The standard knows one attribute in these messages: the currency of an amount.
    fn attributes(&mut self, start: &BytesStart<'_>) -> Result<(), Halt> {
        self.currency.clear();
        if start.attributes_raw().trim_ascii().is_empty() {
            return Ok(());
        }
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| self.bad(&error.to_string()))?;
            if attribute.key.into_inner() != "Ccy" {
                return Err(self.bad(attribute.key.into_inner()));
            }
            self.currency.extend(attribute.value.chars().take(8));
        }
        Ok(())
    }

    fn add(&mut self, piece: &str) -> Result<(), Halt> {
        let blank = piece.trim_ascii().is_empty();
        if (self.depth == 0 || !self.leaf) && !blank {
            return Err(self.bad(&piece.chars().take(20).collect::<String>()));
        }
        if self.text.len() + piece.len() > CELL_BYTES_MAX && !(blank && self.text.is_empty()) {
            return Err(self.bad("a text is too long"));
        }
        if self.depth > 0 && self.leaf && !(blank && piece.len() > CELL_BYTES_MAX) {
            self.text.push_str(piece);
        }
        Ok(())
    }

    fn pop(&mut self) {
        self.closing = false;
        self.depth = self.depth.saturating_sub(1);
        self.done |= self.depth == 0;
        let cut = self.path.rfind('/').unwrap_or(0);
        self.path.truncate(cut);
        self.leaf = false;
        self.text.clear();
    }
}

/// A decimal number of a message, in hundred-thousandths: at most 18 digits, five of them after the point.
pub(super) fn decimal(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let shape = !whole.is_empty() && whole.len() <= 18 && fraction.len() <= 5;
    if !shape || !digits(whole) || !digits(fraction) || text.ends_with('.') {
        return None;
    }
    let mut value: i128 = whole.parse().ok()?;
    for place in 0..5 {
        let digit = fraction.as_bytes().get(place).map_or(0, |digit| i128::from(digit - b'0'));
        value = value * 10 + digit;
    }
    Some(value)
}

/// An amount as a cell: whole rupiah as digits; anything else as it stands with its currency, which no reader takes for an amount.
pub(super) fn amount_cell(text: &str, currency: &str) -> String {
    match decimal(text) {
        Some(value) if currency == "IDR" && value % 100_000 == 0 => (value / 100_000).to_string(),
        _ => format!("{text} {currency}"),
    }
}
