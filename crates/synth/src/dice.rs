//! Seeded chance: a stream of numbers made from a seed and the identity of what is drawn for.
//!
//! In: a seed and a few numbers that name the purpose (chunk, list, person). Out: SplitMix64 draws (Steele,
//! Lea, Flood 2014). Because a stream belongs to its purpose and not to a thread, any number of threads
//! gives the same people and the same errors, and next month's list repeats this month's. Never:
//! floating-point functions that differ between machines.

/// One stream of draws.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Dice {
    /// The stream of this seed for this purpose.
    pub(crate) fn new(seed: u64, purpose: [u64; 3]) -> Self {
        let fold = |state: u64, part: u64| mix(state.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ mix(part));
        Self(purpose.into_iter().fold(mix(seed ^ 0x5053_594e_5448_3031), fold))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Uniform in 0..n; 0 when n is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    /// Uniform in low..=high.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below((high - low + 1).max(1) as usize) as i32
    }

    /// Near normal, mean 0, deviation 1: twelve 16-bit uniforms, so that every machine draws the same bits.
    pub(crate) fn normal(&mut self) -> f64 {
        let mut sum = 0u64;
        for _ in 0..3 {
            let mut draw = self.next();
            for _ in 0..4 {
                sum += draw & 0xffff;
                draw >>= 16;
            }
        }
        sum as f64 / 65_536.0 - 6.0 + 6.0 / 65_536.0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Index into a table of weights.
    pub(crate) fn weighted(&mut self, weights: &[u32]) -> usize {
        let total: u64 = weights.iter().map(|w| u64::from(*w)).sum();
        let mut left = self.below(total as usize) as u64;
        for (i, weight) in weights.iter().enumerate() {
            if left < u64::from(*weight) {
                return i;
            }
            left -= u64::from(*weight);
        }
        weights.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_always_draws_the_same_and_another_purpose_does_not() {
        let draw = |purpose| {
            let mut dice = Dice::new(7, purpose);
            [dice.next(), dice.next()]
        };
        assert_eq!(draw([1, 2, 3]), draw([1, 2, 3]));
        assert_ne!(draw([1, 2, 3]), draw([1, 3, 2]));
        assert_ne!(draw([1, 0, 0]), draw([0, 1, 0]));
    }

    #[test]
    fn the_bell_has_mean_zero_and_deviation_one() {
        let mut dice = Dice::new(1, [0, 0, 0]);
        let draws: Vec<f64> = (0..20_000).map(|_| dice.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }
}
