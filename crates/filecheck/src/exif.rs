//! What a camera wrote into EXIF: which way is up, when and where. Read before all of it is thrown away; whatever is odd is not there.
//! Tags after Exif 2.32 (CIPA DC-008).

use jiff::civil::{Date, DateTime, Time};

/// Where a picture was taken, in ten-thousandths of a degree: about eleven metres, so that a house is found and a room is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// North of the equator.
    pub lat_e4: i32,
    /// East of Greenwich.
    pub lon_e4: i32,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// 1 to 8 as in the tag; 1 is upright.
    pub(crate) orientation: u16,
    pub(crate) taken_at: Option<DateTime>,
    pub(crate) place: Option<Place>,
}

const ORIENTATION: u16 = 0x0112;
const EXIF_IFD: u16 = 0x8769;
const GPS_IFD: u16 = 0x8825;
const TAKEN: u16 = 0x9003;
const LAT_REF: u16 = 1;
const LAT: u16 = 2;
const LON_REF: u16 = 3;
const LON: u16 = 4;
const ENTRIES_MAX: usize = 200;

/// Reads a TIFF structure, with or without the words `Exif` before it.
pub(crate) fn read(bytes: &[u8]) -> Seen {
    let bytes = bytes.strip_prefix(b"Exif\0\0").unwrap_or(bytes);
    let upright = Seen { orientation: 1, ..Seen::default() };
    let Some(tiff) = Tiff::open(bytes) else { return upright };
    let Some(first) = tiff.u32(4).map(|at| tiff.entries(at)) else { return upright };
    let of = |tag| first.iter().find(|entry| entry.tag == tag);
    let orientation = of(ORIENTATION).filter(|entry| entry.kind == 3).and_then(|entry| tiff.u16(entry.at));
    let within = |tag| {
        let at = of(tag).filter(|entry| entry.kind == 4).and_then(|entry| tiff.u32(entry.at));
        at.map(|at| tiff.entries(at)).unwrap_or_default()
    };
    let (exif, gps) = (within(EXIF_IFD), within(GPS_IFD));
    Seen {
        orientation: orientation.filter(|way| (1..=8).contains(way)).unwrap_or(1),
        taken_at: exif.iter().find(|entry| entry.tag == TAKEN).and_then(|entry| tiff.moment(entry)),
        place: tiff.place(&gps),
    }
}

struct Tiff<'b> {
    bytes: &'b [u8],
    little: bool,
}

/// A value lies at `at`, in the entry itself or where the entry points.
struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    at: usize,
}

impl<'b> Tiff<'b> {
    fn open(bytes: &'b [u8]) -> Option<Self> {
        let little = match bytes.get(..4)? {
            b"II*\0" => true,
            b"MM\0*" => false,
            _ => return None,
        };
        Some(Self { bytes, little })
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let two: [u8; 2] = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.little { u16::from_le_bytes(two) } else { u16::from_be_bytes(two) })
    }

    fn u32(&self, at: usize) -> Option<usize> {
        let four: [u8; 4] = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        let number = if self.little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) };
        usize::try_from(number).ok()
    }

    fn entries(&self, at: usize) -> Vec<Entry> {
        let count = self.u16(at).map_or(0, usize::from).min(ENTRIES_MAX);
        let one = |nth: usize| {
            let at = at.checked_add(2 + 12 * nth)?;
            let (tag, kind, count) = (self.u16(at)?, self.u16(at + 2)?, self.u32(at + 4)?);
            let size = match kind {
                3 => 2,
                4 => 4,
                5 => 8,
                _ => 1,
            };
            let at = if size * count as u64 <= 4 { at + 8 } else { self.u32(at + 8)? };
            Some(Entry { tag, kind, count: u32::try_from(count).ok()?, at })
        };
        (0..count).map_while(one).collect()
    }

    fn text(&self, entry: &Entry) -> Option<&'b str> {
        let end = entry.at.checked_add(usize::try_from(entry.count).ok()?)?;
        let bytes = self.bytes.get(entry.at..end).filter(|_| entry.kind == 2)?;
        std::str::from_utf8(bytes).ok().map(|text| text.trim_end_matches('\0').trim())
    }

    /// `2026:11:02 09:15:30`.
    fn moment(&self, entry: &Entry) -> Option<DateTime> {
        let (day, time) = self.text(entry)?.split_once(' ')?;
        let numbers = |text: &str| -> Option<[i16; 3]> {
            let all: Option<Vec<i16>> = text.split(':').map(|one| one.parse().ok()).collect();
            all?.try_into().ok()
        };
        let ([year, month, day], [hour, minute, second]) = (numbers(day)?, numbers(time)?);
        let small = |number: i16| i8::try_from(number).ok();
        let date = Date::new(year, small(month)?, small(day)?).ok().filter(|_| year >= 1990)?;
        let time = Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?;
        Some(DateTime::from_parts(date, time))
    }

    fn place(&self, gps: &[Entry]) -> Option<Place> {
        let of = |tag| gps.iter().find(|entry| entry.tag == tag);
        let signed = |degrees: Option<i32>, side: Option<&Entry>, minus: &str, plus: &str, most: i32| {
            let degrees = degrees.filter(|degrees| *degrees <= most * 10_000)?;
            match self.text(side?)? {
                side if side == minus => Some(-degrees),
                side if side == plus => Some(degrees),
                _ => None,
            }
        };
        let lat_e4 = signed(self.degrees(of(LAT)?), of(LAT_REF), "S", "N", 90)?;
        let lon_e4 = signed(self.degrees(of(LON)?), of(LON_REF), "W", "E", 180)?;
        Some(Place { lat_e4, lon_e4 })
    }

    /// Degrees, minutes and seconds as three fractions, to ten-thousandths of a degree.
    fn degrees(&self, entry: &Entry) -> Option<i32> {
        if entry.kind != 5 || entry.count != 3 {
            return None;
        }
        let mut sum = 0_i128;
        for (nth, parts) in [1_i128, 60, 3_600].into_iter().enumerate() {
            let at = entry.at.checked_add(8 * nth)?;
            let (over, under) = (self.u32(at)? as i128, self.u32(at.checked_add(4)?)? as i128);
            if under == 0 {
                return None;
            }
            sum += over * 10_000_000_000 / (under * parts);
        }
        i32::try_from((sum + 500_000) / 1_000_000).ok()
    }
}
