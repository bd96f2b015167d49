//! Cluster ids that stay from run to run: `pilar link --previous clusters.parquet`.
//!
//! In: which record lay in which cluster before and lies in which now. Out: a name for every cluster of now, and what became
//! of every name that no cluster carries on. The rule is the registry's: a name goes with most of its records.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use registry::identity::{self, Anchors, Origin, Trace};

use crate::failure::Failure;

/// The names of the clusters of a run.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Names {
    /// The cluster's name, by row.
    pub(super) of_row: Vec<String>,
    /// What happened to names, in their order.
    pub(super) changes: Vec<Change>,
}

/// What happened to one name.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub(super) struct Change {
    /// The name of before.
    pub(super) previous: String,
    /// `merged`: its records lie with those of another name now. `split`: some of its records have a new name. `gone`: none of its
    /// records is in the input.
    pub(super) kind: &'static str,
    /// The name of now that has them.
    pub(super) cluster: Option<String>,
}

/// Names the clusters. `records`: the name of the record of each row; `roots`: for each row a row that stands for its cluster;
/// `before`: record and cluster of the run before.
pub(super) fn stable(records: &[String], roots: &[u32], before: &[(String, String)]) -> Names {
    // All names in one order: their places are the numbers that the rule speaks of. 0 is no number.
    let all: BTreeSet<&str> =
        (records.iter()).chain(before.iter().map(|(_, cluster)| cluster)).map(String::as_str).collect();
    let all: Vec<&str> = all.into_iter().collect();
    let number = |name: &str| all.binary_search(&name).map_or(0, |at| at as i64 + 1);
    let name = |number: i64| {
        usize::try_from(number - 1)
            .ok()
            .and_then(|at| all.get(at))
            .map_or_else(String::new, |name| (*name).to_owned())
    };

    let mut group_of_root: BTreeMap<u32, u32> = BTreeMap::new();
    let group_of: Vec<u32> = (roots.iter())
        .map(|root| {
            let next = group_of_root.len() as u32;
            *group_of_root.entry(*root).or_insert(next)
        })
        .collect();
    let mut rows: Vec<(&str, u32)> =
        records.iter().map(String::as_str).zip(group_of.iter().copied()).collect();
    rows.sort_unstable();
    let mut traces = Vec::with_capacity(before.len());
    for (record, cluster) in before {
        if let Ok(at) = rows.binary_search_by(|(known, _)| (*known).cmp(record)) {
            traces.push(Trace { previous: number(cluster), group: rows[at].1 });
        }
    }
    let ids: Vec<i64> = records.iter().map(|record| number(record)).collect();
    let anchors = Anchors::build(&group_of, &ids, group_of_root.len());
    let mut previous: Vec<i64> = before.iter().map(|(_, cluster)| number(cluster)).collect();
    previous.sort_unstable();
    previous.dedup();
    let assigned = identity::assign(traces, &anchors, &previous, &[]);

    let mut changes: Vec<Change> = (assigned.retired.iter())
        .map(|retired| Change {
            previous: name(retired.id),
            kind: if retired.into.is_some() { "merged" } else { "gone" },
            cluster: retired.into.map(name),
        })
        .collect();
    changes.extend(assigned.id.iter().zip(&assigned.origin).filter_map(|(id, origin)| match origin {
        Origin::Split { from } => {
            Some(Change { previous: name(*from), kind: "split", cluster: Some(name(*id)) })
        }
        Origin::Kept | Origin::Born => None,
    }));
    changes.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    Names { of_row: group_of.iter().map(|group| name(assigned.id[*group as usize])).collect(), changes }
}

/// Record and cluster of each row of an earlier `clusters.parquet`.
pub(super) fn read(path: &Path, id: &str, source: Option<&str>) -> anyhow::Result<Vec<(String, String)>> {
    let refused = |fault: String| Failure::input(format!("{}: {fault}", path.display()));
    let mut columns = vec!["cluster_id", id];
    columns.extend(source);
    let mut all = super::link_truth::columns(path, &columns)?.into_iter();
    let mut next = || all.next().unwrap_or_default();
    let (clusters, ids) = (next(), next());
    let sources = source.map(|_| next());
    (0..ids.len())
        .map(|row| match (&ids[row], &clusters[row]) {
            (Some(id), Some(cluster)) => {
                let source = sources.as_ref().map(|sources| sources[row].as_deref().unwrap_or_default());
                Ok((super::link_files::record_name(source, id), cluster.clone()))
            }
            _ => Err(refused(format!("row {} has no id or no cluster", row + 1))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    fn change(previous: &str, kind: &'static str, cluster: Option<&str>) -> Change {
        Change { previous: previous.to_owned(), kind, cluster: cluster.map(str::to_owned) }
    }

    #[test]
    fn a_name_goes_with_most_of_its_records_and_is_never_lost() {
        let records: Vec<String> = ["b", "c", "d", "e", "f", "g", "h"].map(str::to_owned).to_vec();
        // {b, c}, {d, e, f}, {g}, {h}
        let roots = [0, 0, 2, 2, 2, 5, 6];
        let before = own(&[
            ("a", "a"),
            ("b", "a"),
            ("c", "a"), // the record that gave the name is gone
            ("d", "d"),
            ("e", "e"),
            ("f", "e"), // two become one
            ("g", "g"),
            ("x", "x"), // nothing happens; all records gone
        ]);
        let names = stable(&records, &roots, &before);
        assert_eq!(names.of_row, ["a", "a", "e", "e", "e", "g", "h"]);
        assert_eq!(names.changes, [change("d", "merged", Some("e")), change("x", "gone", None)]);
        // What was merged parts again.
        let before: Vec<(String, String)> = records.iter().cloned().zip(names.of_row).collect();
        let parted = stable(&records, &[0, 0, 2, 3, 3, 5, 6], &before);
        assert_eq!(parted.of_row, ["a", "a", "d", "e", "e", "g", "h"]);
        assert_eq!(parted.changes, [change("e", "split", Some("d"))]);
    }
}
