//! Which letters a text has, in one word, so that two texts that cannot be alike enough are told without
//! looking at the order of their letters.
//!
//! In: a text. Out: a [`Sketch`]. Matches of the Jaro similarity are letters in common, so the letters in common
//! of two sketches, with places shared by several letters, are a bound on it: never too low.

/// The letters of a text, counted in sixteen places of four bits; its beginning; its length.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sketch {
    letters: u64,
    head: [u8; 4],
    length: u32,
}

/// Stands for texts with more letters of a place than it can count: nothing is told of them.
const UNCOUNTED: u64 = u64::MAX;

/// Frequent letters of names have a place to themselves.
const fn place(byte: u8) -> u32 {
    match byte {
        b'A' => 0,
        b'I' => 1,
        b'N' => 2,
        b'U' | b'Q' => 3,
        b'R' => 4,
        b'S' => 5,
        b'T' | b'X' => 6,
        b'E' => 7,
        b'M' => 8,
        b'D' | b'Z' => 9,
        b'H' | b'V' => 10,
        b'L' | b'C' => 11,
        b'O' | b'P' => 12,
        b'K' | b'Y' => 13,
        b'W' | b'B' | b'F' => 14,
        b' ' | b'G' | b'J' => 15,
        other => (other & 15) as u32,
    }
}

impl Sketch {
    pub(crate) fn of(text: &[u8]) -> Self {
        let mut head = [0; 4];
        for (head, byte) in head.iter_mut().zip(text) {
            *head = *byte;
        }
        let mut letters = 0u64;
        for &byte in text {
            let at = 4 * place(byte);
            if letters >> at & 15 == 15 {
                letters = UNCOUNTED;
                break;
            }
            letters += 1 << at;
        }
        Self { letters, head, length: text.len() as u32 }
    }

    /// At least as many as the letters in common.
    #[inline]
    fn common(self, other: Self) -> u32 {
        const LOW: u64 = 0x0F0F_0F0F_0F0F_0F0F;
        let (a, b) = (self.letters, other.letters);
        let sum = smaller(a & LOW, b & LOW).wrapping_add(smaller(a >> 4 & LOW, b >> 4 & LOW));
        (sum.wrapping_mul(0x0101_0101_0101_0101) >> 56) as u32
    }

    /// Letters of the common beginning, four at most.
    #[inline]
    fn prefix(self, other: Self) -> usize {
        let differ = u32::from_le_bytes(self.head) ^ u32::from_le_bytes(other.head);
        (differ.trailing_zeros() / 8) as usize
    }
}

/// The smaller of each byte; bytes are at most 15.
#[inline]
fn smaller(a: u64, b: u64) -> u64 {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // The high bit of each byte stays where a is not below b.
    let not_below = (a | HIGH).wrapping_sub(b) & HIGH;
    let mask = (not_below >> 7).wrapping_mul(0xFF);
    (b & mask) | (a & !mask)
}

/// Tells texts that are less alike than a bound of the Jaro or Jaro-Winkler similarity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unlike {
    /// By the length of the common beginning: three times the Jaro similarity that is needed, less one.
    needed: [f64; 5],
}

impl Unlike {
    /// Nothing for a bound that says nothing.
    pub(crate) fn new(bound: f64, winkler: bool) -> Option<Self> {
        const BOOST_ABOVE: f64 = 0.7;
        let mut needed = [0.0; 5];
        for (prefix, needed) in needed.iter_mut().enumerate() {
            let raise = 0.1 * prefix as f64;
            let jaro = if winkler && bound > BOOST_ABOVE {
                ((bound - raise) / (1.0 - raise)).max(BOOST_ABOVE)
            } else {
                bound
            };
            *needed = 3.0 * jaro - 1.0;
        }
        (bound.is_finite() && needed.iter().all(|needed| *needed > 0.0)).then_some(Self { needed })
    }

    /// Whether the similarity is certainly below the bound: (m/a + m/b + 1) / 3 is the most that m letters in
    /// common can come to.
    #[inline]
    pub(crate) fn tells(&self, a: Sketch, b: Sketch) -> bool {
        const ROUNDING: f64 = 1e-6;
        let (x, y) = (f64::from(a.length), f64::from(b.length));
        let most = f64::from(a.common(b)) * (x + y) + ROUNDING;
        most < self.needed[a.prefix(b)] * x * y
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_told_unlike_is_below_the_bound(a in "[A-F ]{0,20}", b in "[A-F ]{0,20}", bound in 0.5f64..1.0) {
            for (winkler, value) in [
                (true, crate::text::jaro_winkler(a.as_bytes(), b.as_bytes())),
                (false, crate::text::jaro(a.as_bytes(), b.as_bytes())),
            ] {
                let unlike = Unlike::new(bound, winkler).unwrap();
                let told = unlike.tells(Sketch::of(a.as_bytes()), Sketch::of(b.as_bytes()));
                prop_assert!(!told || value < bound, "{value} {bound}");
            }
        }
    }
}
