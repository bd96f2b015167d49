//! Who died, and where people are now: what other rooms ask of the registry when somebody can no longer receive.

use std::collections::{BTreeMap, BTreeSet};

use access::{House, Scope};
use jiff::civil::Date;
use model::{FamilyId, PersonId, RegionCode};
use serde::Serialize;
use store::{Tx, params};

use super::scope_params;
use crate::events::EventKind;
use crate::{Result, queries};

/// Most people asked about at once.
const PEOPLE_MAX: usize = 1_000;

/// A death, with every family that the person is or was a member of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeathView {
    /// Who died.
    pub person: PersonId,
    /// When; none where the lists do not say.
    pub on: Option<Date>,
    /// The family of now and those of before.
    pub families: Vec<FamilyId>,
    /// Version of the registry that tells of it.
    pub version: i64,
}

/// Where a person is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Whereabouts {
    /// The family now.
    pub family: FamilyId,
    /// Its head, by name.
    pub head: String,
    /// Living.
    pub alive: bool,
    /// Matched with the civil registry.
    pub matched: bool,
    /// Birth date.
    pub born: Option<Date>,
}

/// Place of a death among all that versions tell of: version and number within it.
pub type DeathMark = (i64, i64);

/// Deaths that versions of the registry tell of, behind a mark, at most `limit`; and the mark of the last.
///
/// # Errors
/// The store's.
pub fn deaths(
    house: &House,
    scope: &Scope,
    (version, seq): DeathMark,
    limit: i64,
) -> Result<(Vec<DeathView>, DeathMark)> {
    house.db.read(|tx| {
        let mut values = scope_params(scope);
        values.extend([version.into(), seq.into(), limit.into()]);
        let (mut found, mut mark) = (Vec::new(), (version, seq));
        for row in tx.query(&queries::DEATHS, &values)? {
            mark = (row.int(0)?, row.int(1)?);
            let (person, now) = (row.int(2)?, [row.int(4)?, row.int(5)?]);
            let families = families_of(tx, person, now)?;
            found.push(DeathView {
                person: PersonId(person),
                on: row.opt_date(3)?,
                families,
                version: mark.0,
            });
        }
        Ok((found, mark))
    })
}

/// Something that happened to a person or family that other rooms may know by its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeView {
    /// A merge, a death, a move, another card, the end of a family.
    pub kind: EventKind,
    /// The family of the event.
    pub family: Option<FamilyId>,
    /// The person, by the number of before.
    pub person: Option<PersonId>,
    /// The other person or family.
    pub other: Option<i64>,
    /// The day that the lists tell.
    pub on: Option<Date>,
}

/// Merges, deaths, moves, other cards and ended families that versions of the registry tell of, behind a mark, at most `limit`; and the
/// mark of the last. Of everybody: it says what to look at again, and whoever looks asks with a scope.
///
/// # Errors
/// The store's.
pub fn changes(
    house: &House,
    _scope: &Scope,
    (version, seq): DeathMark,
    limit: i64,
) -> Result<(Vec<ChangeView>, DeathMark)> {
    house.db.read(|tx| {
        let (mut found, mut mark) = (Vec::new(), (version, seq));
        for row in tx.query(&queries::CHANGES, params![version, seq, limit])? {
            mark = (row.int(0)?, row.int(1)?);
            let Some(kind) = EventKind::from_code(row.int(2)?) else { continue };
            found.push(ChangeView {
                kind,
                family: Some(row.int(3)?).filter(|family| *family > 0).map(FamilyId),
                person: row.opt_int(4)?.map(PersonId),
                other: row.opt_int(5)?,
                on: row.opt_date(6)?,
            });
        }
        Ok((found, mark))
    })
}

/// Where a family lives; none for one that the registry does not carry, or outside the scope.
///
/// # Errors
/// The store's.
pub fn home(house: &House, scope: &Scope, family: FamilyId) -> Result<Option<RegionCode>> {
    let mut values = scope_params(scope);
    values.push(family.into());
    let row = house.db.read(|tx| tx.query_opt(&queries::HOME, &values))?;
    Ok(row.map(|row| row.region(0)).transpose()?)
}

/// The death of a person, if the registry knows of it.
///
/// # Errors
/// The store's.
pub fn death_of(house: &House, scope: &Scope, person: PersonId) -> Result<Option<DeathView>> {
    house.db.read(|tx| {
        let mut values = scope_params(scope);
        values.push(person.into());
        let Some(row) = tx.query_opt(&queries::WHERE_NOW, &values)? else { return Ok(None) };
        if row.bool(2)? {
            return Ok(None);
        }
        let family = row.int(0)?;
        let families = families_of(tx, person.0, [family, family])?;
        Ok(Some(DeathView { person, on: row.opt_date(5)?, families, version: row.int(6)? }))
    })
}

fn families_of(tx: &mut Tx<'_>, person: i64, now: [i64; 2]) -> Result<Vec<FamilyId>> {
    let mut all: BTreeSet<i64> = now.into_iter().filter(|family| *family > 0).collect();
    for row in tx.query(&queries::FAMILIES_BEFORE, params![person])? {
        all.insert(row.int(0)?);
    }
    Ok(all.into_iter().map(FamilyId).collect())
}

/// Where people are now. Those outside the scope are left out, and those beyond the first thousand.
///
/// # Errors
/// The store's.
pub fn whereabouts(
    house: &House,
    scope: &Scope,
    people: impl IntoIterator<Item = i64>,
) -> Result<BTreeMap<i64, Whereabouts>> {
    let wanted: BTreeSet<i64> = people.into_iter().take(PEOPLE_MAX).collect();
    house.db.read(|tx| {
        let mut found = BTreeMap::new();
        for person in wanted {
            let mut values = scope_params(scope);
            values.push(person.into());
            let Some(row) = tx.query_opt(&queries::WHERE_NOW, &values)? else { continue };
            let place = Whereabouts {
                family: FamilyId(row.int(0)?),
                head: row.opt_string(1)?.unwrap_or_default(),
                alive: row.bool(2)?,
                matched: row.bool(3)?,
                born: row.opt_date(4)?,
            };
            found.insert(person, place);
        }
        Ok(found)
    })
}
