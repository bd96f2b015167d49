//! Photographs of houses that do not exist, as a phone would make them: a drawn house, and the day and place in EXIF.

use jpeg_encoder::{ColorType, Encoder, EncodingError};

const WIDTH: u16 = 640;
const HEIGHT: u16 = 480;

/// A JPEG of an invented house, taken at `stamp` (`2026:11:02 09:15:30`) at a place in ten-thousandths of a degree. `nth` chooses colours.
///
/// # Errors
/// The encoder's.
pub fn house(nth: u64, stamp: &str, (lat_e4, lon_e4): (i32, i32)) -> Result<Vec<u8>, EncodingError> {
    let mut dots = Vec::with_capacity(usize::from(WIDTH) * usize::from(HEIGHT) * 3);
    for y in 0..i32::from(HEIGHT) {
        for x in 0..i32::from(WIDTH) {
            dots.extend(dot(nth, x, y));
        }
    }
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, 80);
    encoder.add_exif_metadata(&exif(stamp, lat_e4, lon_e4))?;
    encoder.encode(&dots, WIDTH, HEIGHT, ColorType::Rgb)?;
    Ok(out)
}

/// Sky, ground, a wall with a door and a window, a roof.
fn dot(nth: u64, x: i32, y: i32) -> [u8; 3] {
    let walls = [[226, 209, 178], [190, 205, 190], [214, 186, 170], [201, 201, 212]];
    let roofs = [[150, 72, 48], [96, 96, 104], [120, 84, 60]];
    let chosen = |colours: &[[u8; 3]]| colours[usize::try_from(nth).unwrap_or(0) % colours.len()];
    let middle = i32::from(WIDTH) / 2;
    let (wall, door) =
        ((140..500).contains(&x) && (220..400).contains(&y), (200..260).contains(&x) && y >= 290);
    let window = (340..430).contains(&x) && (270..330).contains(&y);
    let roof = (130..220).contains(&y) && (x - middle).abs() < 60 + (y - 130) * 2;
    match (roof, wall && door, wall && window, wall, y < 330) {
        (true, ..) => chosen(&roofs),
        (_, true, ..) => [92, 64, 44],
        (_, _, true, ..) => [86, 110, 128],
        (_, _, _, true, _) => chosen(&walls),
        (.., true) => [176, 208, 232],
        _ => [134, 150, 96],
    }
}

fn exif(stamp: &str, lat_e4: i32, lon_e4: i32) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let at = |offset: u32| offset.to_be_bytes();
    let side = |minus: u8, plus: u8, degrees: i32| [if degrees < 0 { minus } else { plus }, 0, 0, 0];
    // Three directories: 2 + 12 * entries + 4 bytes each; then the values that do not fit into an entry.
    let (camera, place, values) = (8 + 30, 8 + 30 + 18, 8 + 30 + 18 + 54);
    let mut out = b"MM\0*\0\0\0\x08".to_vec();
    out.extend([0, 2]);
    out.extend(entry(0x8769, 4, 1, at(camera)));
    out.extend(entry(0x8825, 4, 1, at(place)));
    out.extend([0; 4]);
    out.extend([0, 1]);
    out.extend(entry(0x9003, 2, 20, at(values)));
    out.extend([0; 4]);
    out.extend([0, 4]);
    out.extend(entry(1, 2, 2, side(b'S', b'N', lat_e4)));
    out.extend(entry(2, 5, 3, at(values + 20)));
    out.extend(entry(3, 2, 2, side(b'W', b'E', lon_e4)));
    out.extend(entry(4, 5, 3, at(values + 44)));
    out.extend([0; 4]);
    out.extend(stamp.bytes().chain(std::iter::repeat(0)).take(20));
    for degrees in [lat_e4, lon_e4] {
        for (over, under) in [(degrees.unsigned_abs(), 10_000_u32), (0, 1), (0, 1)] {
            out.extend(over.to_be_bytes());
            out.extend(under.to_be_bytes());
        }
    }
    out
}
