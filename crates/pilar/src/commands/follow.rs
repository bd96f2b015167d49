//! Open cases follow the registry: rooms do not know each other, so what happened to people is read from the registry here, and where each
//! case belongs is handed to casework as values. Read from a mark that the same transaction moves on; doing it again changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use access::{House, Scope, Session};
use casework::{Death, Moved, OpenCase};
use model::{FamilyId, PersonId};
use registry::{events::EventKind, views};

/// Events taken in with one transaction.
const BATCH: i64 = 500;

/// Lets every open case go to where its person and family are now, and tells of deaths; answers how many cases went and how many were told.
pub(crate) fn carry(house: &House) -> anyhow::Result<(u64, u64)> {
    let console = Session::console(house);
    let (work, read) = (console.scope("case.work")?, console.scope("family.read")?);
    let (mut went, mut told) = (0, 0);
    loop {
        let mark = casework::followed_until(house, &work)?;
        let (changes, next) = views::changes(house, &read, mark, BATCH)?;
        if changes.is_empty() {
            return Ok((went, told));
        }
        let (moved, deaths) = look(house, &work, &read, &changes)?;
        let (of_batch, of_deaths) = casework::follow(house, &work, &moved, &deaths, Some(next))?;
        went += of_batch;
        told += of_deaths;
    }
}

/// A death that is known before a list tells it.
pub(crate) fn death(house: &House, death: &views::DeathView) -> anyhow::Result<u64> {
    let console = Session::console(house);
    let (work, read) = (console.scope("case.work")?, console.scope("family.read")?);
    let mut deaths = Vec::new();
    let cases = casework::open_cases_of(house, &work, &[death.person], &death.families)?;
    for case in cases {
        let now = person_now(house, &read, case.person)?;
        deaths.extend(told(&case, now, death));
    }
    Ok(casework::follow(house, &work, &[], &deaths, None)?.1)
}

/// The number under which a person is carried now.
pub(crate) fn person_now(
    house: &House,
    read: &Scope,
    person: Option<PersonId>,
) -> anyhow::Result<Option<PersonId>> {
    let Some(person) = person else { return Ok(None) };
    Ok(Some(match registry::resolve_person(house, read, person)? {
        views::Resolved::Merged(now) => PersonId(now),
        _ => person,
    }))
}

fn look(
    house: &House,
    work: &Scope,
    read: &Scope,
    changes: &[views::ChangeView],
) -> anyhow::Result<(Vec<Moved>, Vec<Death>)> {
    let (mut people, mut families, mut died) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    for change in changes {
        people.extend(change.person);
        families.extend(change.family);
        // The family of before, which may stand empty now.
        families.extend(change.other.filter(|_| change.kind == EventKind::FamilyChanged).map(FamilyId));
        if let (EventKind::PersonDied, Some(person)) = (change.kind, change.person) {
            died.insert(person, change.family);
        }
    }
    let (people, families): (Vec<_>, Vec<_>) = (people.into_iter().collect(), families.into_iter().collect());
    let (mut moved, mut deaths) = (Vec::new(), Vec::new());
    for case in casework::open_cases_of(house, work, &people, &families)? {
        let now = person_now(house, read, case.person)?;
        for (person, family) in &died {
            if (now == Some(*person) || *family == Some(case.family))
                && let Some(death) = views::death_of(house, read, *person)?
            {
                deaths.extend(told(&case, now, &death));
            }
        }
        moved.extend(place(house, read, case, now)?);
    }
    Ok((moved, deaths))
}

/// Whether a death is news for a case: of its person, or where it is about a family, of a member.
fn told(case: &OpenCase, now: Option<PersonId>, death: &views::DeathView) -> Option<Death> {
    let mine = now == Some(death.person);
    let of_family = !case.of_person && death.families.contains(&case.family);
    (mine || of_family).then(|| Death {
        of: case.clone(),
        person: death.person,
        its_person: mine,
        on: death.on,
    })
}

/// Where a case belongs now: one about a person with that person, one about a family with the family, and where that family is no more
/// with the person or with most of its members.
fn place(
    house: &House,
    read: &Scope,
    case: OpenCase,
    person: Option<PersonId>,
) -> anyhow::Result<Option<Moved>> {
    let stands = case.family.0 != 0 && views::home(house, read, case.family)?.is_some();
    let mut family = case.family;
    if case.family.0 != 0 && (case.of_person || !stands) {
        let with_person = match person {
            Some(person) => views::whereabouts(house, read, [person.0])?.remove(&person.0),
            None => None,
        };
        family = match with_person {
            Some(place) => place.family,
            None => registry::resolve_family(house, read, case.family)?,
        };
    }
    let home = if family.0 == 0 { None } else { views::home(house, read, family)? };
    // Of a family that no list knows any more the case stays where it is.
    let (family, region) = match home {
        Some(region) => (family, region),
        None => (case.family, case.region.clone()),
    };
    let same = family == case.family && region == case.region && person == case.person;
    Ok((!same).then_some(Moved { family, person, region, of: case }))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Arc};

    use casework::{NewCase, open_caused};
    use jiff::civil::date;
    use model::{FixedClock, RegionCode};
    use store::{Tx, params, sql, testing::TestDb};

    use super::*;

    sql! {
        PERSON = "INSERT INTO person (person_id, family_id, region, alive, matched, records, version, digest)
            VALUES ($1, $2, $3, $4, 1, 1, 1, 0)";
        FAMILY = "INSERT INTO family (family_id, head_person_id, head_name, region, size, vars, version, digest)
            VALUES ($1, 1, 'X', $2, 1, '{}', 1, 0)";
        ALIAS = "INSERT INTO person_alias (old_id, new_id, kind, at) VALUES ($1, $2, 1, 0)";
        EVENT = "INSERT INTO registry_event (family_id, version, seq, kind, person_id, other_id, date)
            VALUES ($1, 2, $2, $3, $4, $5, '2026-11-20')";
    }

    const HERE: &str = "99.01.05.2003";
    const THERE: &str = "99.02.01.2001";

    fn person(tx: &mut Tx<'_>, id: i64, family: i64, region: &str, alive: bool) -> Result<(), store::Error> {
        tx.execute(&PERSON, params![id, family, region, alive]).map(|_| ())
    }

    fn event(
        tx: &mut Tx<'_>,
        seq: i64,
        family: i64,
        kind: EventKind,
        person: Option<i64>,
        other: Option<i64>,
    ) -> Result<(), store::Error> {
        tx.execute(&EVENT, params![family, seq, i64::from(kind as i8), person, other]).map(|_| ())
    }

    fn open(house: &House, workflow: &str, family: i64, person: Option<i64>) {
        let scope = Session::console(house).scope("case.open").unwrap();
        let new = NewCase {
            workflow: workflow.to_owned(),
            family: FamilyId(family),
            person: person.map(PersonId),
            line: None,
            region: RegionCode::parse(HERE).unwrap(),
            title: "SITI".to_owned(),
            written: BTreeMap::new(),
        };
        open_caused(house, &scope, &[new]).unwrap();
    }

    /// Family, person and place of the case that now names this person or family.
    fn found(house: &House, person: i64, family: i64) -> Vec<(i64, Option<i64>, String)> {
        let scope = Session::console(house).scope("case.work").unwrap();
        let people: Vec<PersonId> = (person > 0).then_some(PersonId(person)).into_iter().collect();
        let cases = casework::open_cases_of(house, &scope, &people, &[FamilyId(family)]).unwrap();
        let shown = |case: OpenCase| {
            (case.family.0, case.person.map(|person| person.0), case.region.as_str().to_owned())
        };
        cases.into_iter().map(shown).collect()
    }

    #[test]
    fn open_cases_are_where_the_registry_says_their_people_are() {
        for test in TestDb::all() {
            let house = House {
                db: test.db.clone(),
                lake: lake::Lake::open(&test.folder.join("lake")).unwrap(),
                policy: Arc::new(::policy::Policy::embedded().unwrap()),
                clock: Arc::new(FixedClock::at(date(2026, 11, 23))),
            };
            // Merged with somebody of another family; gone to another family; whose family ended; whose family moved; whose head died.
            open(&house, "person_rehab", 1, Some(11));
            open(&house, "person_rehab", 2, Some(21));
            open(&house, "referral", 3, None);
            open(&house, "referral", 4, None);
            open(&house, "referral", 5, None);
            open(&house, "person_rehab", 6, Some(61));
            house
                .db
                .write(|tx| {
                    for (family, region) in
                        [(1, HERE), (2, HERE), (8, THERE), (4, THERE), (5, HERE), (6, HERE)]
                    {
                        tx.execute(&FAMILY, params![family, region])?;
                    }
                    person(tx, 81, 8, THERE, true)?;
                    person(tx, 21, 8, THERE, true)?;
                    person(tx, 41, 4, THERE, true)?;
                    person(tx, 51, 5, HERE, false)?;
                    person(tx, 61, 6, HERE, true)?;
                    tx.execute(&ALIAS, params![11, 81])?;
                    event(tx, 0, 8, EventKind::PersonMerged, Some(11), Some(81))?;
                    event(tx, 1, 8, EventKind::FamilyChanged, Some(21), Some(2))?;
                    event(tx, 2, 3, EventKind::FamilyMerged, None, Some(8))?;
                    event(tx, 3, 4, EventKind::PersonMoved, Some(41), None)?;
                    event(tx, 4, 5, EventKind::PersonDied, Some(51), None)?;
                    event(tx, 5, 6, EventKind::PersonReturned, Some(61), None)
                })
                .unwrap();
            assert_eq!(carry(&house).unwrap(), (4, 1));
            let there = |family, person| (family, person, THERE.to_owned());
            assert_eq!(
                found(&house, 0, 8),
                [there(8, Some(81)), there(8, Some(21)), there(8, None)],
                "merged, gone, ended"
            );
            assert_eq!(found(&house, 11, 1), [], "nothing is left behind");
            assert_eq!(found(&house, 0, 4), [there(4, None)], "the family moved");
            assert_eq!(found(&house, 61, 0), [(6, Some(61), HERE.to_owned())], "nothing happened");
            assert_eq!(carry(&house).unwrap(), (0, 0), "read once");
        }
    }
}
