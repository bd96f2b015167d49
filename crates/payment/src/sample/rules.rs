//! The arithmetic of a sample, without I/O: how many are asked, how they are spread over strata, who is drawn by a seed, and what their
//! answers say of all. Formulas: Cochran, Sampling Techniques, 3rd edition, chapters 3 to 5; Wilson 1927 for the interval of one group.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::state::coded;

coded! {
    /// How somebody is asked.
    Mode {
        /// At home.
        Visit = "visit",
        /// By telephone.
        Call = "call",
        /// By looking at papers and bank statements.
        File = "file",
    }
}

coded! {
    /// What came of asking.
    Answer {
        /// All of it, in time and without trouble.
        Full = "full",
        /// All of it, but late.
        Late = "late",
        /// All of it, but with trouble.
        Trouble = "trouble",
        /// Less than was topped up.
        Less = "less",
        /// Nothing.
        Not = "not",
        /// Nobody was found.
        Unreached = "unreached",
        /// Did not want to answer.
        Declined = "declined",
    }
}

impl Answer {
    /// Whether it says how the money arrived; otherwise it is counted as no response.
    pub fn responds(self) -> bool {
        !matches!(self, Self::Unreached | Self::Declined)
    }

    /// Whether all of the money arrived, late or with trouble too.
    pub fn arrived(self) -> bool {
        matches!(self, Self::Full | Self::Late | Self::Trouble)
    }
}

/// What may have been the trouble.
pub const TROUBLES: [&str; 6] = ["card", "agent", "distance", "cut", "pressure", "other"];

/// How sure and how narrow the answer is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Design {
    /// 90, 95 or 99 per cent.
    pub confidence: i64,
    /// Half the width of the interval, in thousandths.
    pub margin_permille: i64,
    /// Fewest of a stratum, where it has so many.
    pub least: i64,
}

/// The standard normal quantile of a two-sided confidence; none for one that is not offered.
pub(crate) fn quantile(confidence: i64) -> Option<f64> {
    match confidence {
        90 => Some(1.644_853_627),
        95 => Some(1.959_963_985),
        99 => Some(2.575_829_304),
        _ => None,
    }
}

/// How many of `population` must answer, by the formula for a share of one half with the correction for a finite population:
/// n0 = z² / 4e², n = n0 / (1 + (n0 - 1) / N), rounded up. None when the design is not offered.
pub fn size(design: Design, population: i64) -> Option<i64> {
    let z = quantile(design.confidence)?;
    if !(5..=200).contains(&design.margin_permille) || !(1..=1_000).contains(&design.least) {
        return None;
    }
    if population <= 0 {
        return Some(0);
    }
    let margin = design.margin_permille as f64 / 1_000.0;
    let endless = z * z / (4.0 * margin * margin);
    let needed = endless / (1.0 + (endless - 1.0) / population as f64);
    Some((needed.ceil() as i64).clamp(1, population))
}

/// Spreads `size` over strata in proportion, by largest remainders, then raises each to `least` (or to all it has).
pub(crate) fn allot(size: i64, least: i64, strata: &[i64]) -> Vec<i64> {
    let all: i128 = strata.iter().map(|one| i128::from(*one)).sum();
    if all == 0 {
        return vec![0; strata.len()];
    }
    let exact = |one: i64| i128::from(one) * i128::from(size);
    let mut out: Vec<i64> = strata.iter().map(|one| (exact(*one) / all) as i64).collect();
    let mut rest = size - out.iter().sum::<i64>();
    let mut order: Vec<usize> = (0..strata.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(exact(strata[*at]) % all), *at));
    for at in order {
        if rest == 0 {
            break;
        }
        out[at] += 1;
        rest -= 1;
    }
    out.iter().zip(strata).map(|(one, has)| (*one).max(least).min(*has)).collect()
}

/// A line's place in the draw: lines of a stratum are drawn from the lowest. The finaliser of SplitMix64 on seed and number.
pub(crate) fn lot_of(seed: i64, line: i64) -> u64 {
    let step = |mut x: u64| {
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    };
    let seeded = step((seed as u64).wrapping_add(0x9e37_79b9_7f4a_7c15));
    step(seeded ^ (line as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// A share with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// The estimate, 0 to 1.
    pub estimate: f64,
    /// Standard error; none for the Wilson interval of one group.
    pub error: Option<f64>,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The Wilson interval of `hits` among `n`; none without anybody.
pub(crate) fn wilson(hits: i64, n: i64, z: f64) -> Option<Share> {
    if n <= 0 || hits < 0 || hits > n {
        return None;
    }
    let (n, p) = (n as f64, hits as f64 / n as f64);
    let (z2, whole) = (z * z, 1.0 + z * z / n);
    let middle = (p + z2 / (2.0 * n)) / whole;
    let half = z / whole * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    Some(Share { estimate: p, error: None, low: (middle - half).max(0.0), high: (middle + half).min(1.0) })
}

/// A stratum's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cell {
    /// Lines of the stratum.
    pub(crate) population: i64,
    /// Who answered.
    pub(crate) answered: i64,
    /// Of these, what is estimated.
    pub(crate) hits: i64,
}

/// The stratified estimate: the shares of the strata weighted by their lines, with its standard error and interval. Strata in which
/// nobody answered have no weight. A stratum in which one answered lends no variance of its own: it takes that of all answers together.
pub(crate) fn stratified(cells: &[Cell], z: f64) -> Option<Share> {
    let known = || cells.iter().filter(|cell| cell.answered > 0 && cell.population > 0);
    let all: f64 = known().map(|cell| cell.population as f64).sum();
    let (hits, answered) = known().fold((0, 0), |sum, cell| (sum.0 + cell.hits, sum.1 + cell.answered));
    if answered == 0 {
        return None;
    }
    let pooled = hits as f64 / answered as f64;
    let (mut estimate, mut variance) = (0.0, 0.0);
    for cell in known() {
        let (weight, n) = (cell.population as f64 / all, cell.answered as f64);
        let share = cell.hits as f64 / n;
        let open = (1.0 - n / cell.population as f64).max(0.0);
        let spread =
            if cell.answered > 1 { share * (1.0 - share) / (n - 1.0) } else { pooled * (1.0 - pooled) };
        estimate += weight * share;
        variance += weight * weight * open * spread;
    }
    let error = variance.sqrt();
    let half = z * error;
    Some(Share {
        estimate,
        error: Some(error),
        low: (estimate - half).max(0.0),
        high: (estimate + half).min(1.0),
    })
}

/// Who is drawn: of each stratum the `wanted` lines that come first by the seed, in that order. Lines may come in any order.
pub(crate) struct Draw {
    seed: i64,
    wanted: BTreeMap<u32, usize>,
    drawn: BTreeMap<u32, std::collections::BinaryHeap<(u64, i64)>>,
}

impl Draw {
    /// A draw of so many of each stratum, by their numbers.
    pub(crate) fn new(seed: i64, wanted: BTreeMap<u32, usize>) -> Self {
        Self { seed, wanted, drawn: BTreeMap::new() }
    }

    /// Shows a line to the draw.
    pub(crate) fn offer(&mut self, stratum: u32, line: i64) {
        let wanted = self.wanted.get(&stratum).copied().unwrap_or_default();
        let heap = self.drawn.entry(stratum).or_default();
        let lot = (lot_of(self.seed, line), line);
        if heap.len() < wanted {
            heap.push(lot);
        } else if heap.peek().is_some_and(|last| lot < *last) {
            heap.pop();
            heap.push(lot);
        }
    }

    /// The lines that were drawn: stratum, line, place within the stratum.
    pub(crate) fn done(self) -> Vec<(u32, i64, usize)> {
        let mut out = Vec::new();
        for (stratum, heap) in self.drawn {
            out.extend(
                heap.into_sorted_vec().into_iter().enumerate().map(|(at, (_, line))| (stratum, line, at)),
            );
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn design(confidence: i64, margin_permille: i64) -> Design {
        Design { confidence, margin_permille, least: 2 }
    }

    /// Worked out by hand: 95 %, 5 points: n0 = 3.84146 / 0.01 = 384.146. N = 1,000: 384.146 / (1 + 383.146 / 1,000) = 277.74.
    /// 90 %, 10 points: n0 = 2.70554 / 0.04 = 67.64. N = 100: 67.64 / (1 + 66.64 / 100) = 40.59.
    /// 99 %, 2 points: n0 = 6.63490 / 0.0016 = 4,146.81. N = 50,000: 4,146.81 / (1 + 4,145.81 / 50,000) = 3,829.30.
    #[test]
    fn sizes_are_those_worked_out_by_hand() {
        let golden = [
            (95, 50, 1_000_000_000, 385),
            (95, 50, 1_000, 278),
            (90, 100, 100, 41),
            (99, 20, 50_000, 3_830),
            (95, 50, 1, 1),
            (95, 50, 0, 0),
        ];
        for (confidence, margin, population, expected) in golden {
            assert_eq!(
                size(design(confidence, margin), population),
                Some(expected),
                "{confidence} {margin} {population}"
            );
        }
        assert_eq!(size(design(80, 50), 100), None);
        assert_eq!(size(design(95, 1), 100), None);
    }

    /// Worked out by hand: 8 of 10 at z = 1.96 gives 0.490 to 0.943; nobody of 20 gives 0 to 0.161.
    #[test]
    fn wilson_is_as_worked_out_by_hand() {
        let near = |a: f64, b: f64| (a - b).abs() < 0.0006;
        let share = wilson(8, 10, 1.96).unwrap();
        assert!(near(share.low, 0.490) && near(share.high, 0.943), "{share:?}");
        let none = wilson(0, 20, 1.96).unwrap();
        assert!(near(none.low, 0.0) && near(none.high, 0.161), "{none:?}");
        assert_eq!(wilson(0, 0, 1.96), None);
    }

    #[test]
    fn who_asks_everybody_knows_without_doubt() {
        let cells =
            [Cell { population: 10, answered: 10, hits: 4 }, Cell { population: 30, answered: 30, hits: 30 }];
        let share = stratified(&cells, 1.96).unwrap();
        assert!((share.estimate - 0.85).abs() < 1e-12 && share.error.unwrap() < 1e-12);
    }

    /// Hand: two strata of 100, 10 answers each, 5 and 10 hits: estimate 0.75, variance ¼ · 0.9 · 0.25 / 9 = 0.00625, error 0.07906.
    #[test]
    fn the_error_of_strata_is_as_worked_out_by_hand() {
        let cells = [
            Cell { population: 100, answered: 10, hits: 5 },
            Cell { population: 100, answered: 10, hits: 10 },
        ];
        let share = stratified(&cells, 1.96).unwrap();
        assert!((share.estimate - 0.75).abs() < 1e-12);
        assert!((share.error.unwrap() - 0.00625f64.sqrt()).abs() < 1e-9, "{share:?}");
    }

    /// In 2,000 seeded trials the 95 % interval holds the true share about 95 times of 100. Four standard errors of such a count are two
    /// points: an interval that is too narrow or a draw that is not fair falls outside.
    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        let strata: [(i64, i64); 3] = [(4_000, 3_400), (2_500, 1_750), (1_500, 750)];
        let sizes: Vec<i64> = strata.iter().map(|one| one.0).collect();
        let truth = strata.iter().map(|one| one.1).sum::<i64>() as f64 / sizes.iter().sum::<i64>() as f64;
        let asked = allot(size(design(95, 50), 8_000).unwrap(), 30, &sizes);
        let wanted: BTreeMap<u32, usize> = (0u32..).zip(asked.iter().map(|one| *one as usize)).collect();
        let z = quantile(95).unwrap();
        let (trials, mut held, mut sum) = (2_000, 0, 0.0);
        for seed in 0..trials {
            let mut draw = Draw::new(seed, wanted.clone());
            let mut first = 0;
            for (stratum, (population, _)) in (0u32..).zip(strata) {
                (first..first + population).for_each(|line| draw.offer(stratum, line));
                first += population;
            }
            let mut cells: Vec<Cell> =
                strata.iter().map(|one| Cell { population: one.0, ..Cell::default() }).collect();
            for (stratum, line, _) in draw.done() {
                let at = stratum as usize;
                let from: i64 = strata[..at].iter().map(|one| one.0).sum();
                cells[at].answered += 1;
                cells[at].hits += i64::from(line - from < strata[at].1);
            }
            let share = stratified(&cells, z).unwrap();
            held += i64::from(share.low <= truth && truth <= share.high);
            sum += share.estimate;
        }
        let part = held as f64 / trials as f64;
        assert!((0.93..=0.97).contains(&part), "held in {part}");
        assert!((sum / trials as f64 - truth).abs() < 0.003, "biased: {}", sum / trials as f64);
    }

    proptest! {
        #[test]
        fn a_share_of_strata_adds_up_and_never_asks_more_than_there_are(
            strata in prop::collection::vec(0..5_000i64, 1..30),
            least in 1..40i64,
        ) {
            let all: i64 = strata.iter().sum();
            let wanted = size(Design { least, ..design(95, 50) }, all).unwrap();
            let spread = allot(wanted, least, &strata);
            prop_assert!(spread.iter().zip(&strata).all(|(one, has)| *one <= *has && *one >= least.min(*has)));
            prop_assert!(spread.iter().sum::<i64>() >= wanted);
        }

        #[test]
        fn the_same_seed_draws_the_same_lines_in_whatever_order_they_come(seed: i64, wanted in 1..40usize) {
            let lines: Vec<i64> = (1..200).collect();
            let draw = |order: &mut dyn Iterator<Item = &i64>| {
                let mut draw = Draw::new(seed, [(0, wanted)].into());
                order.for_each(|line| draw.offer(0, *line));
                draw.done()
            };
            prop_assert_eq!(draw(&mut lines.iter()), draw(&mut lines.iter().rev()));
        }
    }
}
