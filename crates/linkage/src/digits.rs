//! Texts of at most sixteen digits and dashes in one 64-bit word: NIK, KK, ISO dates.
//!
//! Four bits a sign, the first sign highest, so equal words are equal texts, a piece of the text is a mask,
//! and edit distances take a few instructions. The word 0 is "unknown": an empty text and no value are the
//! same here.

/// The sign `-`; a digit `d` is `d + 1`, so that no sign is 0.
const DASH: u64 = 11;

/// Packs a text of 1 to 16 digits and dashes; nothing for any other text.
pub fn pack(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 16 {
        return None;
    }
    let mut word = 0u64;
    for &byte in text {
        let sign = match byte {
            b'0'..=b'9' => u64::from(byte - b'0') + 1,
            b'-' => DASH,
            _ => return None,
        };
        word = (word << 4) | sign;
    }
    Some(word << (4 * (16 - text.len())))
}

/// Packs a whole number as it is written, at most sixteen signs.
pub fn pack_number(number: i64) -> Option<u64> {
    let mut rest = number.unsigned_abs();
    let (mut word, mut shift) = (0u64, 0u32);
    loop {
        word |= (rest % 10 + 1) << shift;
        rest /= 10;
        shift += 4;
        if rest == 0 {
            break;
        }
        if shift == 64 {
            return None;
        }
    }
    if number < 0 {
        if shift == 64 {
            return None;
        }
        word |= DASH << shift;
        shift += 4;
    }
    Some(if shift == 64 { word } else { word << (64 - shift) })
}

/// Packs a day, counted from 1970-01-01, as `YYYY-MM-DD`; nothing outside the years 0 to 9999.
pub fn pack_date(days: i32) -> Option<u64> {
    // Days to civil date after Howard Hinnant, "chrono-compatible low-level date algorithms".
    let shifted = i64::from(days) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if !(0..=9999).contains(&year) {
        return None;
    }
    let mut word = 0u64;
    for (number, signs) in [(year, 4), (-1, 1), (month, 2), (-1, 1), (day, 2)] {
        for place in (0..signs).rev() {
            let sign = if number < 0 { DASH } else { (number / 10_i64.pow(place) % 10) as u64 + 1 };
            word = (word << 4) | sign;
        }
    }
    Some(word << 24)
}

/// How many signs the word holds.
pub fn length(word: u64) -> u32 {
    if word == 0 { 0 } else { 16 - word.trailing_zeros() / 4 }
}

/// The text again.
pub fn unpack(word: u64) -> String {
    signs(word).0[..length(word) as usize]
        .iter()
        .map(|&sign| if u64::from(sign) == DASH { '-' } else { char::from(b'0' + sign.saturating_sub(1)) })
        .collect()
}

/// The whole number that the word spells, if it does.
pub fn number(word: u64) -> Option<i64> {
    let negative = word >> 60 == DASH;
    let mut rest = if negative { word << 4 } else { word };
    if rest == 0 {
        return None;
    }
    let mut number = 0i64;
    while rest != 0 {
        let sign = rest >> 60;
        if sign == 0 || sign == DASH {
            return None;
        }
        number = number * 10 + (sign as i64 - 1);
        rest <<= 4;
    }
    Some(if negative { -number } else { number })
}

/// What to shift left by and which mask to apply, so that the word becomes its piece of `count` signs from
/// the 1-based `start`.
pub fn piece(start: u32, count: u32) -> (u32, u64) {
    let shift = 4 * start.saturating_sub(1).min(16);
    let kept = 4 * count.min(16);
    let mask = if kept == 0 { 0 } else { u64::MAX << (64 - kept) };
    if shift >= 64 { (0, 0) } else { (shift, mask) }
}

fn signs(word: u64) -> ([u8; 16], usize) {
    let mut out = [0u8; 16];
    for (index, sign) in out.iter_mut().enumerate() {
        *sign = ((word >> (60 - 4 * index)) & 15) as u8;
    }
    (out, length(word) as usize)
}

/// One bit for every sign in which the two words differ.
fn differing(a: u64, b: u64) -> u64 {
    let x = a ^ b;
    (x | x >> 1 | x >> 2 | x >> 3) & 0x1111_1111_1111_1111
}

/// How many bits are set, of those that [`differing`] can set.
fn count(differ: u64) -> u32 {
    // The upper four bits of the product are the sum of all sixteen; all sixteen set come out as none.
    let sum = (differ.wrapping_mul(0x1111_1111_1111_1111) >> 60) as u32;
    if sum == 0 && differ != 0 { 16 } else { sum }
}

/// Whether two words are more than `most` edits apart, as far as a glance tells; `false` says nothing.
#[inline]
pub fn is_far(a: u64, b: u64, most: u32) -> bool {
    // Of two texts of one length an edit touches at most two signs, unless one is taken out and another put in:
    // those are two edits.
    let differ = differing(a, b);
    if count(differ) <= 2 * most || a.trailing_zeros() / 4 != b.trailing_zeros() / 4 {
        return false;
    }
    match most {
        0 | 1 => true,
        2 => !shifted(a, b, 60 - (differ.leading_zeros() & !3), differ.trailing_zeros()),
        _ => false,
    }
}

/// Damerau-Levenshtein distance, or `most + 1` when it is larger than `most`.
#[inline]
pub fn damerau_levenshtein(a: u64, b: u64, most: u32) -> u32 {
    if a == b {
        return 0;
    }
    if length(a) != length(b) {
        return if length(a).abs_diff(length(b)) > most { most + 1 } else { exact(a, b, true).min(most + 1) };
    }
    let differ = differing(a, b);
    let count = count(differ);
    let top = 60 - (differ.leading_zeros() & !3);
    let bottom = differ.trailing_zeros();
    if count == 1 {
        return 1;
    }
    let swapped = count == 2 && top == bottom + 4 && {
        let (x, y) = ((a >> bottom) & 255, (b >> bottom) & 255);
        x == ((y << 4) | (y >> 4)) & 255
    };
    if swapped {
        return 1;
    }
    if most <= 1 || count == 2 {
        return 2.min(most + 1);
    }
    // Two edits of texts of one length: two signs changed (above), a swap and a change, two swaps, or a sign
    // taken out here and put in there, which moves what lies between.
    if most == 2 {
        let two = shifted(a, b, top, bottom)
            || (count == 3 && swaps(a, b, differ) >= 1)
            || (count == 4 && swaps(a, b, differ) == 2);
        return if two { 2 } else { 3 };
    }
    exact(a, b, true).min(most + 1)
}

/// Levenshtein distance, or `most + 1` when it is larger than `most`.
pub fn levenshtein(a: u64, b: u64, most: u32) -> u32 {
    if a == b {
        return 0;
    }
    if length(a).abs_diff(length(b)) > most {
        return most + 1;
    }
    exact(a, b, false).min(most + 1)
}

/// How many neighbouring signs that differ are each other's, counted from the right without overlap.
fn swaps(a: u64, b: u64, mut differ: u64) -> u32 {
    let mut count = 0;
    while differ != 0 {
        let at = differ.trailing_zeros();
        differ &= differ - 1;
        if at <= 56 && differ & (1 << (at + 4)) != 0 {
            let (x, y) = ((a >> at) & 255, (b >> at) & 255);
            if x == ((y << 4) | (y >> 4)) & 255 {
                count += 1;
                differ &= differ - 1;
            }
        }
    }
    count
}

/// Whether the differing stretch of one is the other's, moved by one sign.
fn shifted(a: u64, b: u64, top: u32, bottom: u32) -> bool {
    let width = top - bottom + 4;
    let cut = |word: u64| if width == 64 { word } else { (word >> bottom) & ((1u64 << width) - 1) };
    let (a, b) = (cut(a), cut(b));
    let low = (1u64 << (width - 4)) - 1;
    a & low == b >> 4 || b & low == a >> 4
}

#[cold]
fn exact(a: u64, b: u64, swaps: bool) -> u32 {
    let ((a, a_len), (b, b_len)) = (signs(a), signs(b));
    if swaps {
        crate::text::damerau_levenshtein(&a[..a_len], &b[..b_len])
    } else {
        crate::text::levenshtein(&a[..a_len], &b[..b_len])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn packed_distance_is_the_text_distance(
            a in "[0-9]{16}",
            edits in proptest::collection::vec((0u8..4, 0usize..16, 0u8..10), 0..4),
            most in 1u32..4,
        ) {
            let mut b = a.clone().into_bytes();
            for (kind, at, digit) in edits {
                match kind {
                    0 if b.len() < 16 => b.insert(at.min(b.len()), b'0' + digit),
                    1 => { b.remove(at % b.len()); }
                    2 if at + 1 < b.len() => b.swap(at, at + 1),
                    _ => { let at = at % b.len(); b[at] = b'0' + digit; }
                }
            }
            let (x, y) = (pack(a.as_bytes()).unwrap(), pack(&b).unwrap());
            let bounded = |full: u32| full.min(most + 1);
            let full = text::damerau_levenshtein(a.as_bytes(), &b);
            prop_assert_eq!(damerau_levenshtein(x, y, most), bounded(full));
            prop_assert!(!is_far(x, y, most) || full > most);
            prop_assert_eq!(levenshtein(x, y, most), bounded(text::levenshtein(a.as_bytes(), &b)));
            prop_assert_eq!(unpack(y).into_bytes(), b);
        }

        #[test]
        fn a_number_packs_as_it_is_written(number in -99_999_999_999i64..9_999_999_999_999_999) {
            prop_assert_eq!(pack_number(number), pack(number.to_string().as_bytes()));
            prop_assert_eq!(super::number(pack_number(number).unwrap()), Some(number));
        }
    }

    #[test]
    fn days_pack_as_iso_dates_and_pieces_are_masks() {
        for (days, text) in
            [(0, "1970-01-01"), (-1, "1969-12-31"), (11_016, "2000-02-29"), (20_779, "2026-11-22")]
        {
            assert_eq!(pack_date(days).map(unpack).as_deref(), Some(text));
        }
        let word = pack(b"2026-11-22").unwrap();
        let (shift, mask) = piece(6, 2);
        assert_eq!(unpack((word << shift) & mask), "11");
        assert_eq!(pack_number(10_000_000_000_000_000), None);
        assert_eq!(pack(b"12A"), None);
    }
}
