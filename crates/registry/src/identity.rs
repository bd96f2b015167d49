//! Who keeps which id when the same people are linked anew.
//!
//! In: traces, each saying "this thing carried id P before and lies in group G now" (records for persons,
//! members for families). Out: one id for every group, and what became of every id that no group carries on.
//! Pure; the order of the traces is irrelevant. Must never happen: an id that vanishes without a trace, or
//! one id on two groups.
//!
//! A group inherits the id that brings it most of its traces, an id goes to the group that holds most of its
//! traces; where the two wishes meet, they win. A group that inherits nothing takes the smallest of its own
//! anchors (record ids, member ids) that no other group carries; a retired id among its anchors comes first,
//! so that a merge that is undone gives both ids back.

use rustc_hash::FxHashSet;

/// Evidence that ties an id of before to a group of now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trace {
    /// The id carried before.
    pub previous: i64,
    /// The group it lies in now.
    pub group: u32,
}

/// How a group came to its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It carries on the id that brings most of its traces.
    Kept,
    /// It was not known before.
    Born,
    /// It parted from another group, which kept the id that both had.
    Split {
        /// The id that both carried before.
        from: i64,
    },
}

/// An id that no group carries on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retired {
    /// The id.
    pub id: i64,
    /// The id of the group that holds most of its traces; none when nothing of it is left.
    pub into: Option<i64>,
}

/// Every group's id and every lost id's fate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Id by group.
    pub id: Vec<i64>,
    /// Origin by group.
    pub origin: Vec<Origin>,
    /// Ids of before that no group carries, ascending.
    pub retired: Vec<Retired>,
}

/// Groups of ids in one array: group `g` owns `items[offsets[g]..offsets[g + 1]]`, ascending.
#[derive(Debug, Clone, Default)]
pub struct Anchors {
    /// Start of each group, and the end of the last.
    pub offsets: Vec<u32>,
    /// The ids.
    pub items: Vec<i64>,
}

impl Anchors {
    /// Sorts items into their groups. `group_of[i]` is the group of `ids[i]`; groups are `0..groups`.
    pub fn build(group_of: &[u32], ids: &[i64], groups: usize) -> Self {
        let mut offsets = vec![0u32; groups + 1];
        for &group in group_of {
            offsets[group as usize + 1] += 1;
        }
        for g in 0..groups {
            offsets[g + 1] += offsets[g];
        }
        let mut next = offsets.clone();
        let mut items = vec![0i64; ids.len()];
        for (&group, &id) in group_of.iter().zip(ids) {
            let slot = &mut next[group as usize];
            items[*slot as usize] = id;
            *slot += 1;
        }
        for g in 0..groups {
            items[offsets[g] as usize..offsets[g + 1] as usize].sort_unstable();
        }
        Self { offsets, items }
    }

    /// How many groups.
    pub fn groups(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// The ids of one group, ascending.
    pub fn of(&self, group: usize) -> &[i64] {
        &self.items[self.offsets[group] as usize..self.offsets[group + 1] as usize]
    }
}

/// Gives every group its id. `previous` are all ids carried before (a superset of those in `traces`),
/// `retired_before` the ids that were carried once and lost since, sorted.
pub fn assign(
    mut traces: Vec<Trace>,
    anchors: &Anchors,
    previous: &[i64],
    retired_before: &[i64],
) -> Assignment {
    let groups = anchors.groups();
    traces.sort_unstable();
    let shares = shares(&traces);
    let mut id = vec![0i64; groups];
    let mut taken = FxHashSet::with_capacity_and_hasher(groups, rustc_hash::FxBuildHasher);
    for share in &shares {
        if id[share.group as usize] == 0 && !taken.contains(&share.previous) {
            id[share.group as usize] = share.previous;
            taken.insert(share.previous);
        }
    }
    let mut origin = vec![Origin::Kept; groups];
    let from = largest_by_group(&shares, groups);
    for group in 0..groups {
        if id[group] != 0 {
            continue;
        }
        origin[group] = from[group].map_or(Origin::Born, |from| Origin::Split { from });
        id[group] = new_id(anchors.of(group), &taken, retired_before);
        taken.insert(id[group]);
    }
    let retired = retired(previous, &shares, &taken, &id);
    Assignment { id, origin, retired }
}

/// How many traces one id of before has in one group of now.
#[derive(Debug, Clone, Copy)]
struct Share {
    count: u32,
    previous: i64,
    group: u32,
}

/// Largest share first; ties by id, then by group: both are settled by the data alone.
fn shares(sorted: &[Trace]) -> Vec<Share> {
    let mut shares: Vec<Share> = Vec::new();
    for trace in sorted {
        match shares.last_mut() {
            Some(last) if last.previous == trace.previous && last.group == trace.group => last.count += 1,
            _ => shares.push(Share { count: 1, previous: trace.previous, group: trace.group }),
        }
    }
    shares.sort_unstable_by_key(|s| (std::cmp::Reverse(s.count), s.previous, s.group));
    shares
}

fn largest_by_group(shares: &[Share], groups: usize) -> Vec<Option<i64>> {
    let mut largest = vec![None; groups];
    for share in shares {
        largest[share.group as usize].get_or_insert(share.previous);
    }
    largest
}

/// Top bits of an id that count how often its record had to start a person anew. Bits 56 to 62: file numbers
/// stay below 2^24.
const GENERATION_BIT: u32 = 56;

fn new_id(anchors: &[i64], taken: &FxHashSet<i64>, retired_before: &[i64]) -> i64 {
    let free = |id: &&i64| !taken.contains(*id);
    let revived = anchors.iter().filter(free).find(|id| retired_before.binary_search(id).is_ok());
    if let Some(id) = revived.or_else(|| anchors.iter().find(free)) {
        return *id;
    }
    // Every record of this group has given its id to a person who lives on elsewhere: count the generation of
    // the first one.
    let first = anchors.first().copied().unwrap_or(1) & ((1 << GENERATION_BIT) - 1);
    (1..128).map(|generation| first | (generation << GENERATION_BIT)).find(|id| free(&id)).unwrap_or(first)
}

fn retired(previous: &[i64], shares: &[Share], taken: &FxHashSet<i64>, id: &[i64]) -> Vec<Retired> {
    let mut lost: Vec<Retired> =
        previous.iter().filter(|id| !taken.contains(id)).map(|&id| Retired { id, into: None }).collect();
    lost.sort_unstable_by_key(|r| r.id);
    lost.dedup_by_key(|r| r.id);
    // Shares come largest first: the first one seen decides.
    for share in shares {
        if let Ok(at) = lost.binary_search_by_key(&share.previous, |r| r.id) {
            lost[at].into.get_or_insert(id[share.group as usize]);
        }
    }
    lost
}

/// An old id and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alias {
    /// The id that is no longer carried.
    pub old: i64,
    /// The id that carries its records now; none when no list in force names the person.
    pub new: Option<i64>,
}

/// Brings the aliases of before up to date: every target is an id in use, and an id in use is nobody's alias.
/// `in_use` are the ids carried now, sorted; `retired` those lost in this run, sorted by id.
pub fn renew_aliases(before: &[Alias], retired: &[Retired], in_use: &[i64]) -> Vec<Alias> {
    let in_use = |id: i64| in_use.binary_search(&id).is_ok();
    let mut map: rustc_hash::FxHashMap<i64, Option<i64>> = before.iter().map(|a| (a.old, a.new)).collect();
    map.extend(retired.iter().map(|r| (r.id, r.into)));
    let mut out: Vec<Alias> = map
        .keys()
        .filter(|old| !in_use(**old))
        .map(|&old| {
            let mut new = map.get(&old).copied().flatten();
            // Chains are as short as there were merges; the bound only guards against a damaged input.
            for _ in 0..64 {
                match new {
                    Some(id) if !in_use(id) => new = map.get(&id).copied().flatten(),
                    _ => break,
                }
            }
            Alias { old, new: new.filter(|&id| in_use(id)) }
        })
        .collect();
    out.sort_unstable();
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Links `records` (ids 1..) by the group numbers of a run; gives back (id of each record's group,
    /// retired, aliases).
    struct Run {
        id_of_record: Vec<i64>,
        assignment: Assignment,
    }

    fn dense(partition: &[u8]) -> (Vec<u32>, usize) {
        let mut seen: Vec<u8> = Vec::new();
        let groups = partition
            .iter()
            .map(|label| {
                seen.iter().position(|s| s == label).unwrap_or_else(|| {
                    seen.push(*label);
                    seen.len() - 1
                }) as u32
            })
            .collect();
        (groups, seen.len())
    }

    fn run(partition: &[u8], before: Option<&[i64]>, retired_before: &[i64]) -> Run {
        let (group_of, groups) = dense(partition);
        let ids: Vec<i64> = (1..=partition.len() as i64).collect();
        let anchors = Anchors::build(&group_of, &ids, groups);
        let known = before.unwrap_or(&[]);
        let traces =
            known.iter().zip(&group_of).map(|(&previous, &group)| Trace { previous, group }).collect();
        let assignment = assign(traces, &anchors, known, retired_before);
        Run { id_of_record: group_of.iter().map(|&g| assignment.id[g as usize]).collect(), assignment }
    }

    fn share<'a>(
        pairs: impl Iterator<Item = (&'a i64, &'a i64)>,
    ) -> std::collections::BTreeMap<(i64, i64), usize> {
        let mut counts = std::collections::BTreeMap::new();
        for (&a, &b) in pairs {
            *counts.entry((a, b)).or_default() += 1;
        }
        counts
    }

    /// `n` records in up to five groups.
    fn partition(n: usize) -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(0u8..5, n)
    }

    proptest! {
        #[test]
        fn no_id_is_lost_and_none_is_carried_twice(
            partitions in (1usize..12).prop_flat_map(|n| prop::collection::vec(partition(n), 1..6))
        ) {
            let mut before: Option<Vec<i64>> = None;
            let mut aliases: Vec<Alias> = Vec::new();
            let mut ever = std::collections::BTreeSet::new();
            for partition in &partitions {
                let old: Vec<i64> = aliases.iter().map(|a| a.old).collect();
                let now = run(partition, before.as_deref(), &old);
                let mut in_use = now.assignment.id.clone();
                in_use.sort_unstable();
                let count = in_use.len();
                in_use.dedup();
                prop_assert_eq!(in_use.len(), count, "one id on two groups");
                aliases = renew_aliases(&aliases, &now.assignment.retired, &in_use);
                ever.extend(in_use.iter().copied());
                for id in &ever {
                    let live = in_use.contains(id);
                    let alias = aliases.iter().find(|a| a.old == *id);
                    prop_assert_eq!(live, alias.is_none(), "id {} is either live or an alias", id);
                    if let Some(alias) = alias {
                        prop_assert!(alias.new.is_some_and(|new| in_use.contains(&new)));
                    }
                }
                before = Some(now.id_of_record);
            }
        }

        #[test]
        fn majority_on_both_sides_keeps_the_id(
            (first, second) in (1usize..12).prop_flat_map(|n| (partition(n), partition(n)))
        ) {
            let one = run(&first, None, &[]);
            let two = run(&second, Some(&one.id_of_record), &[]);
            let (labels, _) = dense(&second);
            let labels: Vec<i64> = labels.iter().map(|l| i64::from(*l)).collect();
            for ((id, label), count) in share(one.id_of_record.iter().zip(&labels)) {
                let of_id = one.id_of_record.iter().filter(|i| **i == id).count();
                let of_group = labels.iter().filter(|l| **l == label).count();
                if count * 2 > of_id && count * 2 > of_group {
                    prop_assert_eq!(two.assignment.id[label as usize], id);
                }
            }
        }

        #[test]
        fn the_same_partition_again_changes_nothing(first in prop::collection::vec(0u8..5, 1..12)) {
            let one = run(&first, None, &[]);
            let two = run(&first, Some(&one.id_of_record), &[]);
            prop_assert_eq!(&one.id_of_record, &two.id_of_record);
            prop_assert!(two.assignment.retired.is_empty());
        }
    }

    #[test]
    fn a_merge_that_is_undone_gives_both_ids_back() {
        let apart = run(&[0, 0, 0, 1, 1], None, &[]);
        assert_eq!(apart.assignment.id, [1, 4]);
        let merged = run(&[0, 0, 0, 0, 0], Some(&apart.id_of_record), &[]);
        assert_eq!(merged.assignment.id, [1]);
        assert_eq!(merged.assignment.retired, [Retired { id: 4, into: Some(1) }]);
        let again = run(&[0, 0, 0, 1, 1], Some(&merged.id_of_record), &[4]);
        assert_eq!(again.assignment.id, [1, 4]);
        assert_eq!(again.assignment.origin[1], Origin::Split { from: 1 });
    }

    #[test]
    fn the_record_that_made_a_person_may_leave_it_and_still_gets_an_id_of_its_own() {
        let together = run(&[0, 0, 0], None, &[]);
        let parted = run(&[1, 0, 0], Some(&together.id_of_record), &[]);
        assert_eq!(parted.id_of_record[1], 1, "the majority keeps the id");
        assert_eq!(parted.id_of_record[0], 1 | (1 << GENERATION_BIT));
    }
}
