//! Photographs: decoded within bounds, made smaller, set upright, encoded anew. The size is read from the header before a decoder is
//! started; what a decoder allocates follows from that size and is bounded with it: beside the dots six bytes for each of a JPEG that
//! comes in several passes, four for each of a WebP.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jpeg_encoder::{ColorType, Encoder};
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

use crate::{Bounds, Made, Refused, exif, within};

/// Good enough to read a letter in a photograph of it.
const QUALITY: u8 = 85;
/// A JPEG that comes in more passes than this is made to cost time.
const SCANS_MAX: usize = 64;

/// Dots, three bytes each.
struct Dots {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

pub(crate) fn jpeg(bytes: &[u8], bounds: &Bounds) -> Result<Made, Refused> {
    let header = Header::read(bytes)?;
    within(header.width, header.height, bounds)?;
    // Every block of eight by eight takes a bit at least: a header that promises dots which are not there is a lie.
    let blocks = u64::from(header.width.div_ceil(8)) * u64::from(header.height.div_ceil(8));
    if (header.data as u64).saturating_mul(8) < blocks {
        return Err(Refused::Broken);
    }
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(header.width as usize)
        .set_max_height(header.height as usize)
        .jpeg_set_max_scans(SCANS_MAX)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    // What lies behind the end of the picture is not shown to the decoder either.
    let rgb = guarded(|| {
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&bytes[..header.end]), options);
        decoder.decode().ok()
    })?;
    let dots = Dots { width: header.width, height: header.height, rgb };
    finish(dots, header.exif.to_vec(), bounds)
}

pub(crate) fn webp(bytes: &[u8], bounds: &Bounds) -> Result<Made, Refused> {
    let memory = usize::try_from(bounds.pixels.saturating_mul(4)).unwrap_or(usize::MAX);
    let mut decoder = guarded(|| image_webp::WebPDecoder::new(Cursor::new(bytes)).ok())?;
    decoder.set_memory_limit(memory);
    let (width, height) = decoder.dimensions();
    within(width, height, bounds)?;
    if decoder.is_animated() {
        return Err(Refused::Animated);
    }
    let exif = guarded(|| Some(decoder.exif_metadata().ok().flatten().unwrap_or_default()))?;
    let mut dots = vec![0; decoder.output_buffer_size().ok_or(Refused::Broken)?];
    guarded(|| decoder.read_image(&mut dots).ok())?;
    let rgb = if decoder.has_alpha() { on_white(&dots) } else { dots };
    finish(Dots { width, height, rgb }, exif, bounds)
}

/// A decoder that stumbles over what it was given has refused it.
fn guarded<T>(work: impl FnOnce() -> Option<T>) -> Result<T, Refused> {
    catch_unwind(AssertUnwindSafe(work)).ok().flatten().ok_or(Refused::Broken)
}

fn finish(dots: Dots, exif: Vec<u8>, bounds: &Bounds) -> Result<Made, Refused> {
    if dots.rgb.len() as u64 != 3 * u64::from(dots.width) * u64::from(dots.height) {
        return Err(Refused::Broken);
    }
    let dots = upright(smaller(dots, bounds.side), exif::read(&exif).orientation);
    let sides = (u16::try_from(dots.width), u16::try_from(dots.height));
    let (Ok(across), Ok(down)) = sides else { return Err(Refused::Pixels) };
    let mut bytes = Vec::new();
    let encoder = Encoder::new(&mut bytes, QUALITY);
    encoder.encode(&dots.rgb, across, down, ColorType::Rgb).map_err(|_| Refused::Broken)?;
    Ok(Made { bytes, width: dots.width, height: dots.height, exif })
}

/// What can be seen through lies on white.
fn on_white(rgba: &[u8]) -> Vec<u8> {
    let (dots, _) = rgba.as_chunks::<4>();
    let mix = |colour: u8, alpha: u8| {
        let (colour, alpha) = (u16::from(colour), u16::from(alpha));
        ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    dots.iter().flat_map(|[r, g, b, a]| [mix(*r, *a), mix(*g, *a), mix(*b, *a)]).collect()
}

/// Squares of dots become one dot, their mean, until the longer side fits.
fn smaller(dots: Dots, side: u32) -> Dots {
    let by = dots.width.max(dots.height).div_ceil(side.max(1)).min(dots.width.min(dots.height)).max(1);
    if by == 1 {
        return dots;
    }
    let (width, height) = (dots.width / by, dots.height / by);
    let (by, line) = (by as usize, dots.width as usize * 3);
    let count = u32::try_from(by * by).unwrap_or(u32::MAX);
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    for down in 0..height as usize {
        for across in 0..width as usize {
            let mut sum = [0_u32; 3];
            for row in 0..by {
                let from = (down * by + row) * line + across * by * 3;
                let (square, _) = dots.rgb[from..from + by * 3].as_chunks::<3>();
                for dot in square {
                    for (sum, colour) in sum.iter_mut().zip(dot) {
                        *sum += u32::from(*colour);
                    }
                }
            }
            rgb.extend(sum.map(|sum| (sum / count) as u8));
        }
    }
    Dots { width, height, rgb }
}

/// Turns the dots as the camera was held: the eight ways of the EXIF tag.
fn upright(dots: Dots, orientation: u16) -> Dots {
    if orientation <= 1 {
        return dots;
    }
    let (from_w, from_h) = (dots.width as usize, dots.height as usize);
    let lies = orientation >= 5;
    let (width, height) = if lies { (from_h, from_w) } else { (from_w, from_h) };
    let mut rgb = Vec::with_capacity(dots.rgb.len());
    for y in 0..height {
        for x in 0..width {
            let (fx, fy) = match orientation {
                2 => (from_w - 1 - x, y),
                3 => (from_w - 1 - x, from_h - 1 - y),
                4 => (x, from_h - 1 - y),
                5 => (y, x),
                6 => (y, from_h - 1 - x),
                7 => (from_w - 1 - y, from_h - 1 - x),
                _ => (from_w - 1 - y, x),
            };
            let at = (fy * from_w + fx) * 3;
            rgb.extend_from_slice(&dots.rgb[at..at + 3]);
        }
    }
    Dots { width: width as u32, height: height as u32, rgb }
}

/// What the segments of a JPEG say, without decoding any.
struct Header<'b> {
    width: u32,
    height: u32,
    /// Bytes that hold dots.
    data: usize,
    /// Where the picture ends.
    end: usize,
    exif: &'b [u8],
}

impl<'b> Header<'b> {
    fn read(bytes: &'b [u8]) -> Result<Self, Refused> {
        let mut header = Self { width: 0, height: 0, data: 0, end: 0, exif: &[] };
        let mut at = 2;
        loop {
            let marker = marker(bytes, &mut at).ok_or(Refused::Broken)?;
            if marker == 0xD9 {
                header.end = at;
                let whole = header.width > 0 && header.height > 0 && header.data > 0;
                return if whole { Ok(header) } else { Err(Refused::Broken) };
            }
            if matches!(marker, 0x01 | 0xD0..=0xD8) {
                return Err(Refused::Broken);
            }
            let length: [u8; 2] =
                bytes.get(at..at + 2).and_then(|two| two.try_into().ok()).ok_or(Refused::Broken)?;
            let end = at + usize::from(u16::from_be_bytes(length));
            let body = bytes.get(at + 2..end).ok_or(Refused::Broken)?;
            at = end;
            match marker {
                0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => header.frame(body)?,
                0xE1 if header.exif.is_empty() && body.starts_with(b"Exif\0\0") => header.exif = body,
                0xDA => {
                    let start = at;
                    at = entropy_end(bytes, at);
                    header.data += at - start;
                }
                _ => {}
            }
        }
    }

    /// A picture has one frame; a second one contradicts the first.
    fn frame(&mut self, body: &[u8]) -> Result<(), Refused> {
        let [_, h1, h2, w1, w2, ..] = body else { return Err(Refused::Broken) };
        if self.width != 0 {
            return Err(Refused::Broken);
        }
        self.height = u32::from(u16::from_be_bytes([*h1, *h2]));
        self.width = u32::from(u16::from_be_bytes([*w1, *w2]));
        Ok(())
    }
}

/// The marker at `at`, fill bytes before it passed over; `at` is set behind it.
fn marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    if *bytes.get(*at)? != 0xFF {
        return None;
    }
    while *bytes.get(*at)? == 0xFF {
        *at += 1;
    }
    let marker = bytes[*at];
    *at += 1;
    Some(marker).filter(|marker| *marker != 0)
}

/// Where the next marker stands that is no part of the data: restarts and stuffed bytes are.
fn entropy_end(bytes: &[u8], from: usize) -> usize {
    let rest = &bytes[from..];
    let ends =
        |place: &usize| rest.get(place + 1).is_some_and(|next| !matches!(next, 0x00 | 0xD0..=0xD7 | 0xFF));
    memchr::memchr_iter(0xFF, rest).find(ends).map_or(bytes.len(), |place| from + place)
}
