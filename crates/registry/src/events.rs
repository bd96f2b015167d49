//! What happened between two versions of the registry: deaths, births, moves, merges, splits, families that
//! formed or ended.
//!
//! In: the persons of before and of now, and the fate of every id. Out: events with dates, in a fixed order.
//! Pure. An event is only a statement about two versions; it changes nothing. Must never happen: a change of
//! identity without an event.

use arrow_array::{Array, BooleanArray, Date32Array, StringArray};

use crate::identity::{Assignment, Origin};

/// What kind of event. The numbers are kept in datasets and in the database: they never change meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(i8)]
pub enum EventKind {
    /// A person's records joined another person's; `other` carries them now.
    PersonMerged = 1,
    /// A person parted from another; `other` is the one they were together with.
    PersonSplit = 2,
    /// No list in force names the person any more.
    PersonLeft = 3,
    /// A person who had left is named again.
    PersonReturned = 4,
    /// A person died; the date is the date of death.
    PersonDied = 5,
    /// A child was born; the date is the birth date.
    PersonBorn = 6,
    /// A person lives in another village; `before` and `after` are village codes.
    PersonMoved = 7,
    /// A person is on another family card; `other` is the family of before.
    FamilyChanged = 8,
    /// A family formed out of members of another; `other` is where most of them came from.
    FamilySplit = 9,
    /// A family ended; `other` is the family that holds most of its members now.
    FamilyMerged = 10,
    /// A family ended and none of its members is known any more.
    FamilyLeft = 11,
}

impl EventKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::PersonMerged,
        Self::PersonSplit,
        Self::PersonLeft,
        Self::PersonReturned,
        Self::PersonDied,
        Self::PersonBorn,
        Self::PersonMoved,
        Self::FamilyChanged,
        Self::FamilySplit,
        Self::FamilyMerged,
        Self::FamilyLeft,
    ];

    /// From the stored number.
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| i64::from(*kind as i8) == code)
    }

    /// Key of the word in `policy/words/*/registry.ftl`.
    pub fn word(self) -> &'static str {
        match self {
            Self::PersonMerged => "event-person-merged",
            Self::PersonSplit => "event-person-split",
            Self::PersonLeft => "event-person-left",
            Self::PersonReturned => "event-person-returned",
            Self::PersonDied => "event-person-died",
            Self::PersonBorn => "event-person-born",
            Self::PersonMoved => "event-person-moved",
            Self::FamilyChanged => "event-family-changed",
            Self::FamilySplit => "event-family-split",
            Self::FamilyMerged => "event-family-merged",
            Self::FamilyLeft => "event-family-left",
        }
    }
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// Family it belongs to (the one of now, where there is one).
    pub family: Option<i64>,
    /// Person it is about.
    pub person: Option<i64>,
    /// What happened.
    pub kind: EventKind,
    /// The other person or family.
    pub other: Option<i64>,
    /// When, days since 1970-01-01: of death or birth, else the date of the list that says so.
    pub date: Option<i32>,
    /// Value before.
    pub before: Option<String>,
    /// Value after.
    pub after: Option<String>,
}

/// The persons of one version, ascending by id.
#[derive(Debug, Clone, Copy)]
pub struct People<'a> {
    /// Person id, ascending.
    pub id: &'a [i64],
    /// Family id.
    pub family: &'a [i64],
    /// Living.
    pub alive: &'a BooleanArray,
    /// Village.
    pub region: &'a StringArray,
    /// Birth date.
    pub birth_date: &'a Date32Array,
    /// Date of death.
    pub death_date: &'a Date32Array,
    /// Date of the list that gives the village; empty if not needed (before).
    pub region_as_of: &'a [Option<i32>],
    /// Date of the list that gives the card; empty if not needed (before).
    pub kk_as_of: &'a [Option<i32>],
}

/// What changed in the lives of persons. `first`: there was no version before, so nobody is new; deaths are
/// told all the same.
pub fn of_people(before: Option<People<'_>>, now: People<'_>, as_of: Option<i32>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut cursor = 0;
    for at in 0..now.id.len() {
        let old = before.and_then(|before| {
            while cursor < before.id.len() && before.id[cursor] < now.id[at] {
                cursor += 1;
            }
            before.id.get(cursor).filter(|id| **id == now.id[at]).map(|_| (before, cursor))
        });
        died(&mut events, old, now, at, as_of);
        match old {
            Some((before, was)) => changed(&mut events, before, was, now, at),
            None => born(&mut events, before, now, at, as_of),
        }
    }
    events
}

fn person_event(now: People<'_>, at: usize, kind: EventKind, date: Option<i32>) -> Event {
    Event {
        family: Some(now.family[at]),
        person: Some(now.id[at]),
        kind,
        other: None,
        date,
        before: None,
        after: None,
    }
}

fn died(
    events: &mut Vec<Event>,
    old: Option<(People<'_>, usize)>,
    now: People<'_>,
    at: usize,
    as_of: Option<i32>,
) {
    let was_alive = old.is_none_or(|(before, was)| before.alive.value(was));
    if was_alive && !now.alive.value(at) {
        events.push(person_event(now, at, EventKind::PersonDied, day(now.death_date, at).or(as_of)));
    }
}

/// A person not known before, younger than a year on the date of the lists: a birth. In the first version
/// nobody is new.
fn born(events: &mut Vec<Event>, before: Option<People<'_>>, now: People<'_>, at: usize, as_of: Option<i32>) {
    let (Some(birth), Some(as_of)) = (day(now.birth_date, at), as_of) else { return };
    if before.is_some() && as_of - birth < 366 {
        events.push(person_event(now, at, EventKind::PersonBorn, Some(birth)));
    }
}

fn changed(events: &mut Vec<Event>, before: People<'_>, was: usize, now: People<'_>, at: usize) {
    let (old_region, new_region) = (text(before.region, was), text(now.region, at));
    if let (Some(old), Some(new)) = (old_region, new_region)
        && old != new
    {
        let date = now.region_as_of.get(at).copied().flatten();
        let mut event = person_event(now, at, EventKind::PersonMoved, date);
        event.before = Some(old.to_owned());
        event.after = Some(new.to_owned());
        events.push(event);
    }
    if before.family[was] != now.family[at] {
        let date = now.kk_as_of.get(at).copied().flatten();
        let mut event = person_event(now, at, EventKind::FamilyChanged, date);
        event.other = Some(before.family[was]);
        events.push(event);
    }
}

fn day(column: &Date32Array, at: usize) -> Option<i32> {
    column.is_valid(at).then(|| column.value(at))
}

fn text(column: &StringArray, at: usize) -> Option<&str> {
    column.is_valid(at).then(|| column.value(at))
}

/// Merges, splits and leavings of persons. `family_of` gives a live person's family; `left` and `returned`
/// are ids whose records are all of lists no longer in force, or are so no more.
pub fn of_identity(
    assignment: &Assignment,
    family_of: impl Fn(i64) -> Option<i64>,
    left: &[i64],
    returned: &[i64],
    as_of: Option<i32>,
) -> Vec<Event> {
    let event = |person: i64, family: Option<i64>, kind, other| Event {
        family,
        person: Some(person),
        kind,
        other,
        date: as_of,
        before: None,
        after: None,
    };
    let mut events = Vec::new();
    for retired in &assignment.retired {
        events.push(match retired.into {
            Some(into) => event(retired.id, family_of(into), EventKind::PersonMerged, Some(into)),
            None => event(retired.id, None, EventKind::PersonLeft, None),
        });
    }
    for (&id, origin) in assignment.id.iter().zip(&assignment.origin) {
        if let Origin::Split { from } = *origin {
            events.push(event(id, family_of(id), EventKind::PersonSplit, Some(from)));
        }
    }
    events.extend(left.iter().map(|&id| event(id, None, EventKind::PersonLeft, None)));
    events.extend(returned.iter().map(|&id| event(id, family_of(id), EventKind::PersonReturned, None)));
    events
}

/// Families that formed out of others, and families that ended.
pub fn of_families(assignment: &Assignment, as_of: Option<i32>) -> Vec<Event> {
    let event = |family, kind, other| Event {
        family: Some(family),
        person: None,
        kind,
        other,
        date: as_of,
        before: None,
        after: None,
    };
    let formed = assignment.id.iter().zip(&assignment.origin).filter_map(|(&id, origin)| match *origin {
        Origin::Split { from } => Some(event(id, EventKind::FamilySplit, Some(from))),
        Origin::Kept | Origin::Born => None,
    });
    let ended = assignment.retired.iter().map(|retired| match retired.into {
        Some(into) => event(retired.id, EventKind::FamilyMerged, Some(into)),
        None => event(retired.id, EventKind::FamilyLeft, None),
    });
    formed.chain(ended).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Retired;

    fn people<'a>(
        id: &'a [i64],
        family: &'a [i64],
        alive: &'a BooleanArray,
        region: &'a StringArray,
        days: &'a Date32Array,
        death: &'a Date32Array,
    ) -> People<'a> {
        People {
            id,
            family,
            alive,
            region,
            birth_date: days,
            death_date: death,
            region_as_of: &[],
            kk_as_of: &[],
        }
    }

    #[test]
    fn a_death_a_birth_a_move_and_a_new_card_are_each_told_once() {
        let (one, two) = ("99.01.01.2001", "99.01.01.2002");
        let none = Date32Array::from(vec![None; 3]);
        let alive = BooleanArray::from(vec![true; 3]);
        let region = StringArray::from(vec![one; 3]);
        let before = people(&[1, 2, 3], &[1, 1, 3], &alive, &region, &none, &none);
        let alive = BooleanArray::from(vec![false, true, true, true]);
        let region = StringArray::from(vec![one, two, one, one]);
        let birth = Date32Array::from(vec![None, None, None, Some(900)]);
        let death = Date32Array::from(vec![Some(950), None, None, None]);
        let now = people(&[1, 2, 3, 4], &[1, 1, 1, 1], &alive, &region, &birth, &death);
        let told: Vec<_> = of_people(Some(before), now, Some(1000))
            .into_iter()
            .map(|e| (e.person.unwrap(), e.kind, e.date))
            .collect();
        assert_eq!(
            told,
            [
                (1, EventKind::PersonDied, Some(950)),
                (2, EventKind::PersonMoved, None),
                (3, EventKind::FamilyChanged, None),
                (4, EventKind::PersonBorn, Some(900)),
            ]
        );
        assert!(of_people(Some(now), now, Some(1000)).is_empty(), "the same version twice: nothing happened");
    }

    #[test]
    fn every_retired_id_and_every_split_is_an_event() {
        let assignment = Assignment {
            id: vec![1, 5],
            origin: vec![Origin::Kept, Origin::Split { from: 1 }],
            retired: vec![Retired { id: 3, into: Some(1) }, Retired { id: 4, into: None }],
        };
        let kinds: Vec<_> = of_identity(&assignment, Some, &[], &[], None)
            .into_iter()
            .map(|e| (e.person.unwrap(), e.kind, e.other))
            .collect();
        assert_eq!(
            kinds,
            [
                (3, EventKind::PersonMerged, Some(1)),
                (4, EventKind::PersonLeft, None),
                (5, EventKind::PersonSplit, Some(1)),
            ]
        );
    }
}
