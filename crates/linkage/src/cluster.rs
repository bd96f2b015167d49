//! From weighted pairs to persons: union-find in order of falling weight, under constraints.
//!
//! In: pairs sorted from the strongest, attested values, sources, human decisions. Out: the smallest record
//! of each record's cluster. Never: two attested values in a cluster, two records of a unique source, two
//! records that a human told apart. Where pairs contradict each other the weakest gives way. What a human
//! said stands above the constraints.

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::Pair;
use crate::ids::Ranks;

/// A human's word on two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Id of one record.
    pub left: i64,
    /// Id of the other.
    pub right: i64,
    /// Whether they are one person.
    pub same: bool,
}

/// How clustering went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ClusterReport {
    /// Clusters, single records included.
    pub clusters: u64,
    /// Clusters of two and more.
    pub joined: u64,
    /// Records in the largest.
    pub largest: u64,
    /// Strong pairs kept apart because both sides have different attested values.
    pub refused_value: u64,
    /// Strong pairs kept apart because a unique source would stand twice.
    pub refused_source: u64,
    /// Strong pairs kept apart by a human's "not the same".
    pub refused_human: u64,
    /// "Same" decisions that an earlier "not the same" contradicts; the latter stands.
    pub contradictory_decisions: u64,
    /// Decisions on records that are not in the input.
    pub unknown_decisions: u64,
    /// Records whose value of the constrained column is attested.
    pub attested: u64,
}

/// What is known of each record before clustering; empty where nothing constrains the clusters.
#[derive(Default)]
pub(crate) struct Facts {
    /// The attested value, 0 for none.
    pub(crate) value: Vec<u64>,
    /// The record's bit when its source is unique, 0 otherwise.
    pub(crate) source: Vec<u64>,
}

/// The result for each record.
pub(crate) struct Clusters {
    pub(crate) root: Vec<u32>,
    /// Joined to another by a human's word.
    pub(crate) human: Vec<bool>,
    pub(crate) report: ClusterReport,
}

/// Several attested values, joined by a human.
const SEVERAL: u64 = u64::MAX;

struct Forest {
    parent: Vec<u32>,
    /// The next record of the same cluster, in a ring.
    next: Vec<u32>,
    count: Vec<u32>,
    value: Vec<u64>,
    source: Vec<u64>,
    /// Records that a human told apart from this one.
    apart: FxHashMap<u32, Vec<u32>>,
}

enum Refusal {
    Human,
    Value,
    Source,
}

impl Forest {
    fn root(&mut self, mut row: u32) -> u32 {
        while self.parent[row as usize] != row {
            let above = self.parent[self.parent[row as usize] as usize];
            self.parent[row as usize] = above;
            row = above;
        }
        row
    }

    fn members(&self, row: u32) -> impl Iterator<Item = u32> + '_ {
        let mut at = Some(row);
        std::iter::from_fn(move || {
            let now = at?;
            let next = self.next[now as usize];
            at = (next != row).then_some(next);
            Some(now)
        })
    }

    fn told_apart(&mut self, a: u32, b: u32) -> bool {
        if self.apart.is_empty() {
            return false;
        }
        let (small, large) = if self.count[a as usize] <= self.count[b as usize] { (a, b) } else { (b, a) };
        let others: Vec<u32> =
            self.members(small).filter_map(|row| self.apart.get(&row)).flatten().copied().collect();
        others.into_iter().any(|row| self.root(row) == large)
    }

    fn refusal(&mut self, a: u32, b: u32) -> Option<Refusal> {
        if self.told_apart(a, b) {
            return Some(Refusal::Human);
        }
        if self.value.is_empty() {
            return None;
        }
        let (x, y) = (self.value[a as usize], self.value[b as usize]);
        if x != 0 && y != 0 && x != y && !self.within(a, b) {
            return Some(Refusal::Value);
        }
        (self.source[a as usize] & self.source[b as usize] != 0).then_some(Refusal::Source)
    }

    /// Whether one side's only value is among the several that a human joined on the other side.
    fn within(&self, a: u32, b: u32) -> bool {
        let (x, y) = (self.value[a as usize], self.value[b as usize]);
        let holds = |several: u32, value: u64| self.members(several).any(|row| self.own_value(row) == value);
        match (x == SEVERAL, y == SEVERAL) {
            (true, false) => holds(a, y),
            (false, true) => holds(b, x),
            _ => false,
        }
    }

    /// A record's own value; roots of joined clusters keep theirs in the ring's facts.
    fn own_value(&self, row: u32) -> u64 {
        self.value[self.value.len() / 2 + row as usize]
    }

    fn join(&mut self, a: u32, b: u32) {
        // The smaller row is the root, so that a cluster's name does not depend on the order of joining.
        let (root, child) = (a.min(b), a.max(b));
        self.parent[child as usize] = root;
        self.next.swap(root as usize, child as usize);
        self.count[root as usize] += self.count[child as usize];
        if self.value.is_empty() {
            return;
        }
        let (x, y) = (self.value[root as usize], self.value[child as usize]);
        self.value[root as usize] = match (x, y) {
            (0, other) | (other, 0) => other,
            (x, y) if x == y => x,
            _ => SEVERAL,
        };
        self.source[root as usize] |= self.source[child as usize];
    }
}

/// Joins records; `pairs` come strongest first.
pub(crate) fn cluster(pairs: &[Pair], facts: Facts, ids: &Ranks, decisions: &[Decision]) -> Clusters {
    let rows = ids.len();
    let attested = facts.value.iter().filter(|value| **value != 0).count() as u64;
    // The second half keeps each record's own value while the first half becomes the clusters'.
    let mut value = facts.value;
    value.extend_from_within(..);
    let mut forest = Forest {
        parent: (0..rows as u32).collect(),
        next: (0..rows as u32).collect(),
        count: vec![1; rows],
        value,
        source: facts.source,
        apart: FxHashMap::default(),
    };
    let mut report = ClusterReport { attested, ..ClusterReport::default() };
    let mut human = vec![false; rows];
    decide(&mut forest, ids, decisions, &mut report, &mut human);
    for pair in pairs {
        let (a, b) = (forest.root(pair.left), forest.root(pair.right));
        if a == b {
            continue;
        }
        match forest.refusal(a, b) {
            None => forest.join(a, b),
            Some(Refusal::Human) => report.refused_human += 1,
            Some(Refusal::Value) => report.refused_value += 1,
            Some(Refusal::Source) => report.refused_source += 1,
        }
    }
    let root: Vec<u32> = (0..rows as u32).map(|row| forest.root(row)).collect();
    for (row, top) in root.iter().enumerate() {
        if row == *top as usize {
            let count = u64::from(forest.count[row]);
            report.clusters += 1;
            report.joined += u64::from(count > 1);
            report.largest = report.largest.max(count);
        }
    }
    Clusters { root, human, report }
}

/// "Not the same" first, then "same": a pair told apart stays apart whatever chain of "same" would join it.
fn decide(
    forest: &mut Forest,
    ids: &Ranks,
    decisions: &[Decision],
    report: &mut ClusterReport,
    human: &mut [bool],
) {
    let row = |id: i64| ids.place(id).map(|row| row as u32);
    let mut same = Vec::new();
    for decision in decisions {
        let (Some(a), Some(b)) = (row(decision.left), row(decision.right)) else {
            report.unknown_decisions += 1;
            continue;
        };
        if a == b {
            continue;
        }
        if decision.same {
            same.push((a.min(b), a.max(b)));
        } else {
            forest.apart.entry(a).or_default().push(b);
            forest.apart.entry(b).or_default().push(a);
        }
    }
    // In a fixed order: contradictions must not depend on the order in which decisions were read.
    same.sort_unstable();
    for (left, right) in same {
        let (a, b) = (forest.root(left), forest.root(right));
        if a == b {
            continue;
        }
        if forest.told_apart(a, b) {
            report.contradictory_decisions += 1;
        } else {
            forest.join(a, b);
            human[left as usize] = true;
            human[right as usize] = true;
        }
    }
}
