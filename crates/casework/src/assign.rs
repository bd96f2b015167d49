//! Which person works a case, among those whose step it is. A case that is given to somebody stands first in that person's list; others of
//! the role still see it, with the name, and may act: people fall ill, and families do not wait. When the next step is another role's the
//! case keeps its person, and comes back to it.
//!
//! Who has a step takes a case on, or gives it up, by itself; to give it to others is a right (`case.assign`). Given to somebody who has
//! no step, is accused, or whose territory or caseload does not hold the case, it is refused. Each change is a line of the history.

use std::collections::BTreeSet;

use access::{House, Scope, audit};
use model::{CaseId, FamilyId, RegionCode, RegionLevel, UserId};
use policy::{Label, Transition, Workflow};
use serde::Serialize;
use store::{Row, Tx, params};

use crate::{
    Error, Result,
    bulk::{Bulk, not_taken},
    engine::Refusal,
    form::{Answer, Answers},
    kin, queries,
    service::{BATCH, Stored, find, stored},
    write::event_row,
};

/// Word of a history: the case was given to a person.
pub(crate) const GIVEN: &str = "given";
/// Nobody in particular works it any more.
pub(crate) const LEFT: &str = "left";
/// Under this key a line of the history keeps the account, and under the next the name of that day.
pub(crate) const USER: &str = "user";
const NAME: &str = "name";
/// The right to give cases to others.
const RIGHT: &str = "case.assign";
/// People looked at for a choice.
const PEOPLE: i64 = 1_000;
/// People offered.
const OFFERED: usize = 200;

/// Somebody who works cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// The account.
    pub user: UserId,
    /// Name.
    pub name: String,
    /// Key of the role; empty where only the name is told.
    pub role: String,
}

/// Gives cases to a person, or to nobody, some hundreds in a transaction. A case that refuses is left as it is and named; given twice, the
/// second time changes nothing.
///
/// # Errors
/// The store's; the batches before stay.
pub fn assign(house: &House, scope: &Scope, cases: &[CaseId], to: Option<UserId>) -> Result<Bulk> {
    let mut bulk = Bulk::default();
    for batch in cases.chunks(BATCH) {
        let (taken, refused) = house.db.write(|tx| {
            let worker = match to {
                Some(user) => Some(worker(tx, user)?.ok_or(Error::NotFound)?),
                None => None,
            };
            let (mut taken, mut refused) = (0, Vec::new());
            for case in batch {
                match give(tx, house, scope, *case, worker.as_ref()) {
                    Ok(()) => taken += 1,
                    Err(error @ (Error::Refused(_) | Error::NotFound)) => {
                        refused.push(not_taken(*case, &error));
                    }
                    Err(error) => return Err(error),
                }
            }
            if let (Some(first), Some(last)) = (batch.first(), batch.last()) {
                let to = to.map_or(0, |user| user.0);
                let detail = format!("given to={to} cases={} taken={taken} last={last}", batch.len());
                let subject = format!("case:{first}");
                audit(tx, house.clock.as_ref(), scope.actor_pair(), "case.work", &subject, &detail)?;
            }
            Ok::<_, Error>((taken, refused))
        })?;
        bulk.taken += taken;
        bulk.refused.extend(refused);
    }
    Ok(bulk)
}

/// A person with the territory in which the role is held.
struct Worker {
    person: Person,
    region: RegionCode,
}

fn read_worker(row: &Row) -> Result<Worker> {
    let person = Person { user: UserId(row.int(0)?), name: row.string(1)?, role: row.string(2)? };
    Ok(Worker { person, region: row.region(3)? })
}

fn worker(tx: &mut Tx<'_>, user: UserId) -> Result<Option<Worker>> {
    tx.query_opt(&queries::PERSON_AT_WORK, params![user])?.map(|row| read_worker(&row)).transpose()
}

fn give(tx: &mut Tx<'_>, house: &House, scope: &Scope, case: CaseId, to: Option<&Worker>) -> Result<()> {
    let found = stored(tx, house, scope, case)?.ok_or(Error::NotFound)?;
    let workflow = find(house, &found.workflow)?;
    if !found.open {
        return Err(Refusal::Closed.into());
    }
    let key = (found.family, found.id);
    let now = of_cases(tx, &[key])?.pop().flatten();
    if now.as_ref().map(|person| person.user) == to.map(|to| to.person.user) {
        return Ok(());
    }
    // Oneself one may always spare or burden; others, with the right.
    let of_mine =
        to.map_or(now.as_ref().map(|now| now.user), |to| Some(to.person.user)) == Some(scope.actor());
    if !of_mine && !may_give(house, scope) {
        return Err(Refusal::Assign.into());
    }
    let answers = match to {
        Some(to) if works(house, workflow, &found, to, &Around::of(tx, found.family)?) => {
            tx.execute(&queries::ASSIGN, params![found.family, found.id, to.person.user])?;
            let name = Answer::Text(to.person.name.clone());
            Answers::from([(USER.to_owned(), Answer::Int(to.person.user.0)), (NAME.to_owned(), name)])
        }
        Some(_) => return Err(Refusal::Assignee.into()),
        None => {
            tx.execute(&queries::UNASSIGN, params![found.family, found.id])?;
            Answers::new()
        }
    };
    if tx.execute(&queries::ASSIGNED_NOW, params![found.family, found.id, found.rev])? != 1 {
        return Err(Error::Changed);
    }
    let state = found.case.state.as_str();
    let words = [if to.is_some() { GIVEN } else { LEFT }, state, state];
    let line = event_row(house, (scope, scope.role()), key, found.rev + 1, words, &answers);
    Ok(tx.execute(&queries::EVENT_ADD, &line).map(|_| ())?)
}

fn may_give(house: &House, scope: &Scope) -> bool {
    house.policy.roles().get(scope.role()).is_some_and(|role| role.may(RIGHT))
}

/// Whether this person may give up a case for whoever works it.
pub(crate) fn may_release(house: &House, scope: &Scope, works: &Person) -> bool {
    works.user == scope.actor() || may_give(house, scope)
}

/// Who stands near a family: accounts that accompany it, and those whose kin it is. Nobody where a case is about none.
struct Around {
    companions: BTreeSet<i64>,
    kin: BTreeSet<i64>,
}

impl Around {
    fn of(tx: &mut Tx<'_>, family: FamilyId) -> Result<Self> {
        Ok(Self { companions: companions(tx, family)?, kin: kin::users_of(tx, family)? })
    }
}

/// Who accompanies a family; nobody where a case is about none.
fn companions(tx: &mut Tx<'_>, family: FamilyId) -> Result<BTreeSet<i64>> {
    if family.0 == 0 {
        return Ok(BTreeSet::new());
    }
    let rows = tx.query(&queries::COMPANIONS_OF, params![family])?;
    Ok(rows.iter().map(|row| row.int(0)).collect::<Result<_, store::Error>>()?)
}

/// Whether somebody may take a step in a case now, by role, level and territory, and by caseload where the role has one.
fn works(house: &House, workflow: &Workflow, found: &Stored, one: &Worker, around: &Around) -> bool {
    let by_caseload = house.policy.roles().get(&one.person.role).is_some_and(|role| role.caseload);
    has_step(workflow, found, &one.person.role, &one.region)
        && one.region.contains(&found.region)
        && (!by_caseload || found.family.0 == 0 || around.companions.contains(&one.person.user.0))
        && !around.kin.contains(&one.person.user.0)
}

/// Whether a role, held at a place, has a step in a case as it stands.
pub(crate) fn has_step(workflow: &Workflow, found: &Stored, role: &str, at: &RegionCode) -> bool {
    let high = |step: &Transition| step.level.is_none_or(|level| at.level() <= level);
    let mut out = workflow.out_of(&found.case.state);
    found.open && role != found.accused && out.any(|step| high(step) && step.by.iter().any(|by| by == role))
}

/// Others to whom this person may give a case; nobody without the right.
pub(crate) fn choices(tx: &mut Tx<'_>, house: &House, scope: &Scope, found: &Stored) -> Result<Vec<Person>> {
    if !may_give(house, scope) || !found.open {
        return Ok(Vec::new());
    }
    let workflow = find(house, &found.workflow)?;
    let around = Around::of(tx, found.family)?;
    let people = people(tx, &found.region, None)?;
    let others = people.iter().map(read_worker).filter(|one| {
        let fits =
            |one: &Worker| one.person.user != scope.actor() && works(house, workflow, found, one, &around);
        one.as_ref().map_or(true, fits)
    });
    others.take(OFFERED).map(|one| Ok(one?.person)).collect()
}

/// People of a territory, and of those above it, to whom many cases may be given at once; whether one fits is looked at case by case.
/// Nobody without the right.
///
/// # Errors
/// The store's.
pub fn people_for(house: &House, scope: &Scope) -> Result<Vec<Person>> {
    if !may_give(house, scope) {
        return Ok(Vec::new());
    }
    let rows = house.db.read(|tx| people(tx, scope.region(), Some(scope.region())))?;
    let may_work = |person: &Person| {
        let role = house.policy.roles().get(&person.role);
        role.is_some_and(|role| role.may("case.work"))
    };
    let found = rows.iter().map(|row| Ok(read_worker(row)?.person)).collect::<Result<Vec<_>>>()?;
    Ok(found.into_iter().filter(may_work).take(OFFERED).collect())
}

fn people(tx: &mut Tx<'_>, place: &RegionCode, within: Option<&RegionCode>) -> Result<Vec<Row>> {
    let levels = [
        RegionLevel::Nation,
        RegionLevel::Province,
        RegionLevel::District,
        RegionLevel::Subdistrict,
        RegionLevel::Village,
    ];
    let [nation, province, district, subdistrict, village] = levels.map(|level| place.at(level).to_string());
    // Without a territory: a range that holds nothing.
    let (from, to) = within.map_or_else(|| ("~".to_owned(), "~".to_owned()), RegionCode::path_range);
    let asked = params![nation, province, district, subdistrict, village, from, to, PEOPLE];
    Ok(tx.query(&queries::PEOPLE_OF, asked)?)
}

/// Who works each of some cases; the name alone.
pub(crate) fn of_cases(tx: &mut Tx<'_>, cases: &[(FamilyId, CaseId)]) -> Result<Vec<Option<Person>>> {
    let asked: Vec<_> =
        cases.iter().map(|(family, case)| (&queries::ASSIGNEE, params![*family, *case].to_vec())).collect();
    let mut found = Vec::with_capacity(cases.len());
    for rows in tx.query_all(&asked)? {
        found.push(match rows.first() {
            Some(row) => {
                Some(Person { user: UserId(row.int(0)?), name: row.string(1)?, role: String::new() })
            }
            None => None,
        });
    }
    Ok(found)
}

/// Name of what a line of a history keeps beside answers.
pub(crate) fn label(key: &str) -> Label {
    if key == NAME { Label::new("Petugas", "Person") } else { Label::new(key, key) }
}
