//! Families that received by the list before and are in the closing no more: what became of them, as two closings tell it. Where their
//! people are in another family now, that family takes over the right; whoever may come back has its place reserved while the notice
//! runs. Reads the closings, changes nothing; which kind waits and what it is told are settings of the pack.

use std::collections::{BTreeMap, BTreeSet};

use access::House;
use arrow_array::{Array, BooleanArray, Int32Array, cast::AsArray, types::Int32Type};
use lake::{Dataset, Lake};
use model::Month;
use policy::{GoneKind, NoticeSettings};

use crate::{Result, closing::Closing, columns::int64};

/// Places of reasons from here on are no conditions of a rule: kinds of [`GoneKind::ALL`], in that order. Plans have fewer places.
pub(crate) const FIRST_PLACE: u32 = 64;

/// Place of a kind among reasons.
pub(crate) fn place_of(kind: GoneKind) -> u32 {
    FIRST_PLACE + kind as u32
}

/// What became of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) kind: GoneKind,
    /// The family in which most of its people are now, where they are in one.
    pub(crate) into: Option<i64>,
}

/// Where a person of a family that is gone stood before.
struct Left {
    person: i64,
    family: i64,
    alive: bool,
    presence: Option<i64>,
}

/// Where a person is now: the family, and whether he or she lives; none who is not in the closing.
type Now<'a> = Option<&'a (i64, bool)>;

/// What became of families, ascending, that were in the closing `before` and are not in `now`. Without that closing nothing is known.
pub(crate) fn fates(
    house: &House,
    before: Option<Month>,
    now: &Closing,
    gone: &[i64],
) -> Result<BTreeMap<i64, Fate>> {
    let nothing = Fate { kind: GoneKind::Unknown, into: None };
    let mut fates: BTreeMap<i64, Fate> = gone.iter().map(|family| (*family, nothing)).collect();
    let Some(people) = before.map(|month| Closing::people_at(&house.lake, month)).transpose()?.flatten()
    else {
        return Ok(fates);
    };
    let left = people_of(&people, gone)?;
    let current = current_ids(&house.lake, &now.people, &left)?;
    let found = found_again(&now.people, &current)?;
    let settings = &house.policy.settings().notice;
    let mut own: BTreeMap<i64, Vec<(&Left, Now<'_>)>> = BTreeMap::new();
    for (left, id) in left.iter().zip(&current) {
        own.entry(left.family).or_default().push((left, found.get(id)));
    }
    for (family, people) in own {
        fates.insert(family, fate(settings, &people));
    }
    Ok(fates)
}

/// What became of one family: its people as they stood, each with the family where it is now and whether it lives.
fn fate(settings: &NoticeSettings, people: &[(&Left, Now<'_>)]) -> Fate {
    let lived: Vec<_> = people.iter().filter(|(left, _)| left.alive).collect();
    let mut takes: BTreeMap<i64, usize> = BTreeMap::new();
    for (family, _) in lived.iter().filter_map(|(_, now)| now.filter(|(_, alive)| *alive)) {
        *takes.entry(*family).or_default() += 1;
    }
    // Most people, then the smallest number: the same answer however people are ordered.
    let into = takes.iter().max_by_key(|(family, people)| (**people, std::cmp::Reverse(**family)));
    if let Some((into, _)) = into {
        return Fate { kind: GoneKind::Merged, into: Some(*into) };
    }
    let told = |kind: GoneKind, left: &Left| {
        let codes = settings.gone_of(kind).map_or(&[][..], |reason| &reason.presence);
        left.presence.is_some_and(|code| codes.contains(&code))
    };
    let dead = |(left, now): &&(&Left, Now<'_>)| now.is_some() || told(GoneKind::Died, left);
    let kind = if lived.iter().all(dead) && !people.is_empty() {
        GoneKind::Died
    } else if !people.is_empty() && lived.iter().all(|one| dead(one) || told(GoneKind::Moved, one.0)) {
        GoneKind::Moved
    } else {
        GoneKind::Unknown
    };
    Fate { kind, into: None }
}

/// The people of families, as they stood in a closing.
fn people_of(people: &Dataset, families: &[i64]) -> Result<Vec<Left>> {
    let found = people.lookup("family_id", families, &["family_id", "person_id", "alive", "presence"])?;
    let (family, person) = (int64(&found, "family_id")?, int64(&found, "person_id")?);
    let alive: Option<&BooleanArray> =
        found.column_by_name("alive").and_then(|column| column.as_boolean_opt());
    let presence: Option<&Int32Array> =
        found.column_by_name("presence").and_then(|column| column.as_primitive_opt::<Int32Type>());
    let left = |row: usize| Left {
        person: person.value(row),
        family: family.value(row),
        // Who is not known to be dead is taken to live.
        alive: alive.is_none_or(|alive| alive.is_null(row) || alive.value(row)),
        presence: presence.filter(|codes| codes.is_valid(row)).map(|codes| codes.value(row).into()),
    };
    Ok((0..found.num_rows()).map(left).collect())
}

/// The ids that these people have now: an id that was given up since leads to the one in use.
fn current_ids(lake: &Lake, people: &Dataset, left: &[Left]) -> Result<Vec<i64>> {
    let mut ids: Vec<i64> = left.iter().map(|one| one.person).collect();
    let aliases = people.manifest().origin.note.get("aliases");
    let Some(aliases) = aliases.map(|name| lake.dataset(name)).transpose()?.flatten() else {
        return Ok(ids);
    };
    let found = aliases.lookup("old_id", &ids, &["old_id", "new_id"])?;
    let (old, new) = (int64(&found, "old_id")?, int64(&found, "new_id")?);
    let known: BTreeMap<i64, i64> = (0..found.num_rows())
        .filter(|row| new.is_valid(*row))
        .map(|row| (old.value(row), new.value(row)))
        .collect();
    for id in &mut ids {
        *id = known.get(id).copied().unwrap_or(*id);
    }
    Ok(ids)
}

/// Family and life of these people where the closing has them. One walk over all people: they are sorted by family, not by person.
fn found_again(people: &Dataset, ids: &[i64]) -> Result<BTreeMap<i64, (i64, bool)>> {
    let wanted: Vec<i64> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let mut found = BTreeMap::new();
    for batch in people.read(&["person_id", "family_id", "alive"])? {
        let batch = batch?;
        let (person, family) = (int64(&batch, "person_id")?, int64(&batch, "family_id")?);
        let alive: Option<&BooleanArray> =
            batch.column_by_name("alive").and_then(|column| column.as_boolean_opt());
        for (row, id) in person.values().iter().enumerate() {
            if wanted.binary_search(id).is_ok() {
                let alive = alive.is_none_or(|alive| alive.is_null(row) || alive.value(row));
                found.insert(*id, (family.value(row), alive));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_a_family_follows_its_living_people_wherever_they_are() {
        let policy = policy::Policy::embedded().unwrap();
        let settings = &policy.settings().notice;
        let person = |alive: bool, presence: Option<i64>| Left { person: 1, family: 7, alive, presence };
        let (here, dead, moved, abroad) =
            (person(true, Some(1)), person(false, Some(2)), person(true, Some(3)), person(true, Some(4)));
        let told_dead = person(true, Some(2));
        let kind = |people: &[(&Left, Now<'_>)]| {
            let fate = fate(settings, people);
            (fate.kind, fate.into)
        };
        assert_eq!(kind(&[(&here, Some(&(9, true)))]), (GoneKind::Merged, Some(9)));
        // Most of them; of two alike the smaller number, in whatever order they come.
        let split = [(&here, Some(&(9, true))), (&moved, Some(&(8, true)))];
        assert_eq!(kind(&split), (GoneKind::Merged, Some(8)));
        assert_eq!(kind(&[split[1], split[0], split[0]]), (GoneKind::Merged, Some(9)));
        // The dead lead nowhere.
        assert_eq!(kind(&[(&dead, Some(&(9, false)))]), (GoneKind::Died, None));
        assert_eq!(kind(&[(&here, Some(&(9, false))), (&told_dead, None)]), (GoneKind::Died, None));
        assert_eq!(kind(&[(&abroad, None), (&moved, None), (&dead, None)]), (GoneKind::Moved, None));
        assert_eq!(kind(&[(&abroad, None), (&here, None)]), (GoneKind::Unknown, None));
        assert_eq!(kind(&[]), (GoneKind::Unknown, None));
    }
}
