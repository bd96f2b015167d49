//! How good a grouping is against the truth, counted in pairs of records.

use rustc_hash::FxHashMap;
use serde::Serialize;

/// Pairwise precision, recall and F1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scores {
    /// Pairs that are one person by the truth.
    pub true_pairs: u64,
    /// Pairs that were put together.
    pub found_pairs: u64,
    /// Pairs that were put together and are one person.
    pub right_pairs: u64,
    /// right / found; 1 when nothing was put together.
    pub precision: f64,
    /// right / true; 1 when there is nothing to find.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
}

/// Compares two groupings of the same records. The slices give each record's group; the shorter sets the
/// count.
pub fn pairwise_scores(predicted: &[i64], truth: &[i64]) -> Scores {
    let pairs = |counts: FxHashMap<(i64, i64), u64>| counts.values().map(|n| n * (n - 1) / 2).sum::<u64>();
    let count = |key: &dyn Fn(i64, i64) -> (i64, i64)| {
        let mut counts = FxHashMap::default();
        for (&p, &t) in predicted.iter().zip(truth) {
            *counts.entry(key(p, t)).or_insert(0u64) += 1;
        }
        pairs(counts)
    };
    let (found, right, all) = (count(&|p, _| (p, 0)), count(&|p, t| (p, t)), count(&|_, t| (0, t)));
    let ratio = |part: u64, whole: u64| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
    let (precision, recall) = (ratio(right, found), ratio(right, all));
    let sum = precision + recall;
    Scores {
        true_pairs: all,
        found_pairs: found,
        right_pairs: right,
        precision,
        recall,
        f1: if sum == 0.0 { 0.0 } else { 2.0 * precision * recall / sum },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_costs_recall_and_a_merge_costs_precision() {
        let truth = [1, 1, 1, 2, 2, 3];
        assert!((pairwise_scores(&truth, &truth).f1 - 1.0).abs() < 1e-12);
        let split = pairwise_scores(&[1, 1, 9, 2, 2, 3], &truth);
        assert_eq!((split.right_pairs, split.found_pairs, split.true_pairs), (2, 2, 4));
        let merged = pairwise_scores(&[1, 1, 1, 1, 1, 3], &truth);
        assert_eq!((merged.right_pairs, merged.found_pairs), (4, 10));
    }
}
