//! PNG, by ISO/IEC 15948: unpacked line by line against the size that its header states, and packed again. Nothing but the header, the
//! palette, its transparency and the dots goes over; memory is one line, whatever the picture claims.

use std::io::{Read, Write};

use flate2::{Compression, Crc, read::ZlibDecoder, write::ZlibEncoder};

use crate::{Bounds, Made, Refused, within};

pub(crate) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// First dot and step, across and down, of the seven passes of an interlaced picture.
const PASSES: [(u32, u32, u32, u32); 7] =
    [(0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2)];

#[derive(Default)]
struct Parts<'b> {
    header: &'b [u8],
    palette: &'b [u8],
    transparency: &'b [u8],
    exif: &'b [u8],
    data: Vec<u8>,
}

pub(crate) fn png(bytes: &[u8], bounds: &Bounds) -> Result<Made, Refused> {
    let parts = Parts::read(bytes)?;
    let size = Size::of(parts.header)?;
    within(size.width, size.height, bounds)?;
    let indexed = size.colour == 3;
    let palette_fits = parts.palette.len() <= 768 && parts.palette.len().is_multiple_of(3);
    if !palette_fits || (indexed && parts.palette.is_empty()) || parts.transparency.len() > 256 {
        return Err(Refused::Broken);
    }
    let packed = repack(&parts.data, &size)?;
    let mut out = SIGNATURE.to_vec();
    chunk(&mut out, *b"IHDR", parts.header);
    // A palette of a picture in full colour is a suggestion, and twelve kilobits of room.
    if indexed {
        chunk(&mut out, *b"PLTE", parts.palette);
    }
    if !parts.transparency.is_empty() && parts.transparency.len() <= size.transparency_max() {
        chunk(&mut out, *b"tRNS", parts.transparency);
    }
    chunk(&mut out, *b"IDAT", &packed);
    chunk(&mut out, *b"IEND", &[]);
    Ok(Made { bytes: out, width: size.width, height: size.height, exif: parts.exif.to_vec() })
}

impl<'b> Parts<'b> {
    fn read(bytes: &'b [u8]) -> Result<Self, Refused> {
        let mut parts = Self::default();
        let mut rest = bytes.get(SIGNATURE.len()..).unwrap_or_default();
        loop {
            let (kind, body, after) = next(rest).ok_or(Refused::Broken)?;
            if parts.header.is_empty() != (kind == b"IHDR") {
                return Err(Refused::Broken);
            }
            match kind {
                b"IHDR" => parts.header = body,
                b"PLTE" if parts.data.is_empty() => parts.palette = body,
                b"tRNS" if parts.data.is_empty() => parts.transparency = body,
                b"eXIf" => parts.exif = body,
                b"IDAT" => parts.data.extend_from_slice(body),
                b"IEND" => return Ok(parts),
                // What must be understood and is not.
                _ if kind[0].is_ascii_uppercase() => return Err(Refused::Broken),
                _ => {}
            }
            rest = after;
        }
    }
}

type Chunk<'b> = (&'b [u8; 4], &'b [u8], &'b [u8]);

/// The next chunk and what follows, its checksum right.
fn next(bytes: &[u8]) -> Option<Chunk<'_>> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (kind, _) = rest.split_first_chunk::<4>()?;
    let (named, rest) = rest.split_at_checked(length.checked_add(4)?)?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    (checksum(named) == u32::from_be_bytes(*sum)).then_some((kind, &named[4..], rest))
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn chunk(out: &mut Vec<u8>, kind: [u8; 4], body: &[u8]) {
    out.extend((body.len() as u32).to_be_bytes());
    let from = out.len();
    out.extend(kind);
    out.extend(body);
    let sum = checksum(&out[from..]);
    out.extend(sum.to_be_bytes());
}

struct Size {
    width: u32,
    height: u32,
    colour: u8,
    bits: u64,
    interlaced: bool,
}

impl Size {
    fn of(header: &[u8]) -> Result<Self, Refused> {
        let [w1, w2, w3, w4, h1, h2, h3, h4, depth, colour, 0, 0, interlaced @ (0 | 1)] = header else {
            return Err(Refused::Broken);
        };
        let samples = match (colour, depth) {
            (0, 1 | 2 | 4 | 8 | 16) | (3, 1 | 2 | 4 | 8) => 1,
            (2, 8 | 16) => 3,
            (4, 8 | 16) => 2,
            (6, 8 | 16) => 4,
            _ => return Err(Refused::Broken),
        };
        Ok(Self {
            width: u32::from_be_bytes([*w1, *w2, *w3, *w4]),
            height: u32::from_be_bytes([*h1, *h2, *h3, *h4]),
            colour: *colour,
            bits: samples * u64::from(*depth),
            interlaced: *interlaced == 1,
        })
    }

    fn transparency_max(&self) -> usize {
        match self.colour {
            0 => 2,
            2 => 6,
            3 => 256,
            _ => 0,
        }
    }

    /// Bytes of a line and how many lines, pass by pass; the byte of the filter is not counted.
    fn passes(&self) -> Vec<(u64, u32)> {
        let line = |width: u32| (u64::from(width) * self.bits).div_ceil(8);
        if !self.interlaced {
            return vec![(line(self.width), self.height)];
        }
        let of = |size: u32, first: u32, step: u32| size.saturating_sub(first).div_ceil(step);
        PASSES
            .iter()
            .map(|(x, dx, y, dy)| (of(self.width, *x, *dx), of(self.height, *y, *dy)))
            .filter(|(width, height)| *width > 0 && *height > 0)
            .map(|(width, height)| (line(width), height))
            .collect()
    }
}

/// Unpacks as many lines as the header promises, no fewer and no more, and packs them again.
fn repack(data: &[u8], size: &Size) -> Result<Vec<u8>, Refused> {
    let mut unpacked = ZlibDecoder::new(data);
    let mut packed = ZlibEncoder::new(Vec::with_capacity(data.len()), Compression::fast());
    for (bytes, lines) in size.passes() {
        let mut line = vec![0; usize::try_from(bytes + 1).map_err(|_| Refused::Pixels)?];
        for _ in 0..lines {
            unpacked.read_exact(&mut line).map_err(|_| Refused::Broken)?;
            if line[0] > 4 {
                return Err(Refused::Broken);
            }
            packed.write_all(&line).map_err(|_| Refused::Broken)?;
        }
    }
    packed.finish().map_err(|_| Refused::Broken)
}
