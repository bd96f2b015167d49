//! From clusters of rows to persons with ids: which clusters are persons, which id each has, what became of
//! the ids of before.
//!
//! In: rows, their clusters, the version before. Out: a group for every row, an id for every group. Pure. A
//! group is a person if a list in force that may create persons names it in a row; it sleeps if only replaced
//! lists name it (its id is kept and comes back with the person); otherwise it is unlinked: a row of, say,
//! the list of civil servants that fits nobody.

use crate::golden::NONE;
use crate::identity::{self, Alias, Anchors, Assignment, Trace};
use crate::load::List;
use crate::rows::Rows;

/// What a group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A person of the registry.
    Person,
    /// Only replaced lists name it.
    Sleeping,
    /// Only lists that cannot make a person name it.
    Unlinked,
}

/// What a version before says about identity.
#[derive(Debug, Clone, Default)]
pub struct Before {
    /// Record and its person, ascending by record.
    pub links: Vec<(i64, i64)>,
    /// Ids of the persons of that version, ascending.
    pub persons: Vec<i64>,
    /// Family of each of `persons`.
    pub families: Vec<i64>,
    /// Old ids, ascending; sleeping ones are not among them.
    pub aliases: Vec<Alias>,
}

/// Groups and their ids.
#[derive(Debug)]
pub struct Identified {
    /// Group of each row.
    pub group: Vec<u32>,
    /// Class of each group.
    pub class: Vec<Class>,
    /// Id of each group; 0 for unlinked ones.
    pub id: Vec<i64>,
    /// How the ids came about (for groups that have one, in their order).
    pub assignment: Assignment,
    /// Persons of before who sleep now, ascending.
    pub left: Vec<i64>,
    /// Sleepers of before who are persons now, ascending.
    pub returned: Vec<i64>,
    /// Old ids, brought up to date.
    pub aliases: Vec<Alias>,
}

/// Groups rows by cluster and gives each group its id.
pub fn identify(rows: &Rows, lists: &[List], cluster: &[u32], before: &Before) -> Identified {
    let (group, groups) = number_groups(cluster);
    let class = classes(&group, groups, rows, lists);
    // Only groups that carry an id take part in the assignment.
    let mut compact = vec![NONE; groups];
    let mut carried = 0u32;
    for (slot, class) in compact.iter_mut().zip(&class) {
        if *class != Class::Unlinked {
            *slot = carried;
            carried += 1;
        }
    }
    let slot_of = |row: u32| compact[group[row as usize] as usize];
    let anchors = anchors(rows, slot_of, carried as usize);
    let traces = before.links.iter().filter_map(|&(record, person)| {
        let slot = slot_of(rows.row_of(record)?);
        (slot != NONE).then_some(Trace { previous: person, group: slot })
    });
    let mut previous: Vec<i64> = before.links.iter().map(|link| link.1).collect();
    previous.sort_unstable();
    previous.dedup();
    let retired_before: Vec<i64> = before.aliases.iter().map(|alias| alias.old).collect();
    let assignment = identity::assign(traces.collect(), &anchors, &previous, &retired_before);
    let id: Vec<i64> =
        compact.iter().map(|&s| if s == NONE { 0 } else { assignment.id[s as usize] }).collect();
    let (left, returned) = comings_and_goings(&id, &class, before, &previous);
    let mut in_use = assignment.id.clone();
    in_use.sort_unstable();
    let aliases = identity::renew_aliases(&before.aliases, &assignment.retired, &in_use);
    Identified { group, class, id, assignment, left, returned, aliases }
}

/// Groups in the order of their smallest row.
fn number_groups(cluster: &[u32]) -> (Vec<u32>, usize) {
    let mut group = vec![NONE; cluster.len()];
    let mut groups = 0u32;
    for row in 0..cluster.len() {
        let root = cluster[row] as usize;
        if group[root] == NONE {
            group[root] = groups;
            groups += 1;
        }
        group[row] = group[root];
    }
    (group, groups as usize)
}

fn classes(group: &[u32], groups: usize, rows: &Rows, lists: &[List]) -> Vec<Class> {
    let mut class = vec![Class::Unlinked; groups];
    for ((&g, &list), &named) in group.iter().zip(&rows.list).zip(&rows.named) {
        let list = &lists[list as usize];
        let slot = &mut class[g as usize];
        match (list.standing.creates && named, list.current) {
            (true, true) => *slot = Class::Person,
            (true, false) if *slot == Class::Unlinked => *slot = Class::Sleeping,
            _ => {}
        }
    }
    class
}

fn anchors(rows: &Rows, slot_of: impl Fn(u32) -> u32, groups: usize) -> Anchors {
    let mut slots = Vec::with_capacity(rows.record_id.len() + rows.resent.len());
    let mut ids = Vec::with_capacity(slots.capacity());
    let own = rows.record_id.iter().zip(0..).map(|(&id, row)| (id, row));
    for (id, row) in own.chain(rows.resent.iter().copied()) {
        let slot = slot_of(row);
        if slot != NONE {
            slots.push(slot);
            ids.push(id);
        }
    }
    Anchors::build(&slots, &ids, groups)
}

/// Who fell asleep and who came back.
fn comings_and_goings(
    id: &[i64],
    class: &[Class],
    before: &Before,
    previous: &[i64],
) -> (Vec<i64>, Vec<i64>) {
    let mut left = Vec::new();
    let mut returned = Vec::new();
    for (&id, class) in id.iter().zip(class) {
        let was_person = before.persons.binary_search(&id).is_ok();
        match class {
            Class::Sleeping if was_person => left.push(id),
            Class::Person if !was_person && previous.binary_search(&id).is_ok() => returned.push(id),
            _ => {}
        }
    }
    left.sort_unstable();
    returned.sort_unstable();
    (left, returned)
}

/// The family traces of everybody who was in a family before: (family of before, family group of now).
pub fn family_traces(
    before: &Before,
    aliases: &[Alias],
    person_ids: &[i64],
    family_of: &[u32],
) -> Vec<Trace> {
    let mut position: Vec<(i64, u32)> = person_ids.iter().copied().zip(0..).collect();
    position.sort_unstable();
    let find = |id: i64| position.binary_search_by_key(&id, |p| p.0).ok().map(|at| position[at].1);
    let now = |id: i64| {
        find(id).or_else(|| {
            let alias = aliases.binary_search_by_key(&id, |alias| alias.old).ok()?;
            find(aliases[alias].new?)
        })
    };
    before
        .persons
        .iter()
        .zip(&before.families)
        .filter_map(|(&person, &family)| {
            Some(Trace { previous: family, group: family_of[now(person)? as usize] })
        })
        .collect()
}
