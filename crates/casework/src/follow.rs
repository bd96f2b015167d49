//! What the registry tells after a case was opened: its person was merged with another, went to another family or village, or died. Which
//! case belongs where is asked of the registry by the service layer; here the case follows, with a line in its history, and the people
//! who work it hear of a death. Told twice it changes nothing. Never here: a look into the registry, a closed case.

use access::{House, Scope, audit};
use jiff::civil::Date;
use model::{CaseId, FamilyId, PersonId, RegionCode};
use policy::{CaseSubject, Workflow};
use store::{Row, Tx, meta, params, set_meta};

use crate::{
    Error, Result,
    engine::CLOCK,
    form::{Answer, Answers},
    queries,
    service::{WATCH_TOLD, find, written},
    write::event_row,
};

/// Word of a history: the case went to where its person or family is now.
pub(crate) const FOLLOWED: &str = "followed";
/// The person of the case died, as the registry says.
pub(crate) const DIED: &str = "person_died";
/// Another member of the family died.
pub(crate) const MEMBER_DIED: &str = "member_died";

/// Name under which the database keeps how far the registry was read.
const MARK: &str = "casework-follows";

/// An open case, and whom it is about as it is filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCase {
    /// The case.
    pub case: CaseId,
    /// The family; 0 where it is about none.
    pub family: FamilyId,
    /// The person, if it names one.
    pub person: Option<PersonId>,
    /// Where it lies.
    pub region: RegionCode,
    /// It is about the person, wherever the family stays; otherwise about the family.
    pub of_person: bool,
}

/// Where a case belongs now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The case as it is filed.
    pub of: OpenCase,
    /// The family of now.
    pub family: FamilyId,
    /// The person of now.
    pub person: Option<PersonId>,
    /// Where it lies now.
    pub region: RegionCode,
}

/// A death, told to a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// The case as it is filed.
    pub of: OpenCase,
    /// Who died, by the number of now.
    pub person: PersonId,
    /// It is the person of the case, not another member of the family.
    pub its_person: bool,
    /// When; none where the lists do not say.
    pub on: Option<Date>,
}

/// Open cases that name one of these people or belong to one of these families.
///
/// # Errors
/// The store's.
pub fn open_cases_of(
    house: &House,
    _scope: &Scope,
    people: &[PersonId],
    families: &[FamilyId],
) -> Result<Vec<OpenCase>> {
    let of_people = people.iter().map(|person| (&queries::OPEN_OF_PERSON, params![*person].to_vec()));
    let of_families = families.iter().filter(|family| family.0 != 0);
    let of_families = of_families.map(|family| (&queries::OPEN_OF_FAMILY, params![*family].to_vec()));
    let asked: Vec<_> = of_people.chain(of_families).collect();
    let answers = house.db.read(|tx| tx.query_all(&asked))?;
    let mut found = answers.iter().flatten().map(|row| open_case(house, row)).collect::<Result<Vec<_>>>()?;
    found.sort_by_key(|one| one.case);
    found.dedup_by_key(|one| one.case);
    Ok(found)
}

fn open_case(house: &House, row: &Row) -> Result<OpenCase> {
    let workflow = house.policy.workflow(row.text(2)?);
    Ok(OpenCase {
        family: FamilyId(row.int(0)?),
        case: CaseId(row.int(1)?),
        of_person: workflow.is_some_and(|workflow| workflow.subject == CaseSubject::Person),
        person: row.opt_int(3)?.map(PersonId),
        region: row.region(4)?,
    })
}

/// How far the registry was read: version, and number within it.
///
/// # Errors
/// The store's.
pub fn followed_until(house: &House, _scope: &Scope) -> Result<(i64, i64)> {
    let mark = house.db.read(|tx| meta(tx, MARK))?.unwrap_or_default();
    let (version, seq) = mark.split_once(':').unwrap_or_default();
    Ok((version.parse().unwrap_or(0), seq.parse().unwrap_or(-1)))
}

/// Files each case where it belongs now, tells of deaths, and keeps how far the registry was read, in one transaction. Answers how many
/// cases went elsewhere and how many were told.
///
/// # Errors
/// [`Error::Changed`] when somebody took a step at the same moment; the store's.
pub fn follow(
    house: &House,
    scope: &Scope,
    moved: &[Moved],
    deaths: &[Death],
    mark: Option<(i64, i64)>,
) -> Result<(u64, u64)> {
    house.db.write(|tx| {
        let (mut went, mut told) = (0, 0);
        // Told first: a case that moves is found under its old family.
        for death in deaths {
            told += u64::from(tell(tx, house, scope, death)?);
        }
        for one in moved {
            went += u64::from(refile(tx, house, scope, one)?);
        }
        if let Some((version, seq)) = mark {
            set_meta(tx, MARK, &format!("{version}:{seq}"))?;
        }
        Ok((went, told))
    })
}

/// An open case with its row; none if it was closed or filed elsewhere meanwhile.
fn standing<'h>(tx: &mut Tx<'_>, house: &'h House, of: &OpenCase) -> Result<Option<(Row, &'h Workflow)>> {
    let Some(row) = tx.query_opt(&queries::FOLLOW_GET, params![of.family, of.case])? else { return Ok(None) };
    // A case whose workflow the policy lost waits until it is there again.
    let Ok(workflow) = find(house, row.text(0)?) else { return Ok(None) };
    Ok(Some((row, workflow)))
}

fn refile(tx: &mut Tx<'_>, house: &House, scope: &Scope, to: &Moved) -> Result<bool> {
    let (of, case) = (&to.of, to.of.case);
    let Some((row, workflow)) = standing(tx, house, of)? else { return Ok(false) };
    let (state, rev, before) = (row.string(1)?, row.int(3)?, row.opt_int(6)?.map(PersonId));
    if of.family == to.family && before == to.person && row.text(7)? == to.region.as_str() {
        return Ok(false);
    }
    let subject = subject_there(tx, workflow, to, row.text(5)?)?;
    if of.family != to.family {
        let key = params![of.family, case];
        let both = params![of.family, case, to.family];
        // It waits under a name of its own until the row of before is gone.
        tx.execute(&queries::REFILE, params![of.family, case, to.family, subject.as_str()])?;
        tx.execute(&queries::REFILE_EVENTS, both)?;
        tx.execute(&queries::REFILE_TASKS, both)?;
        tx.execute(&queries::REFILE_TICKET, both)?;
        tx.execute(&queries::REFILE_ASSIGNEE, both)?;
        tx.execute(&queries::REFILE_FILES, both)?;
        for statement in [&queries::TASKS_CLEAR, &queries::UNFILE_EVENTS, &queries::UNFILE] {
            tx.execute(statement, key)?;
        }
    }
    let region = to.region.as_str();
    let changed = params![to.family, case, to.person, region, subject.as_str(), rev];
    if tx.execute(&queries::FOLLOWED, changed)? != 1 {
        return Err(Error::Changed);
    }
    tx.execute(&queries::FOLLOWED_TASKS, params![to.family, case, region])?;
    let words = [FOLLOWED, &state, &state];
    let line = event_row(house, (scope, CLOCK), (to.family, case), rev + 1, words, &Answers::new());
    tx.execute(&queries::EVENT_ADD, &line)?;
    let number = |person: Option<PersonId>| person.map_or(0, |person| person.0);
    let detail = format!(
        "family={}>{} person={}>{} region={}>{region}",
        of.family,
        to.family,
        number(before),
        number(to.person),
        row.text(7)?
    );
    audit(tx, house.clock.as_ref(), scope.actor_pair(), "case.work", &format!("case:{case}"), &detail)?;
    Ok(true)
}

/// What a case is about where it goes. Where another of its kind is open for the same already, both stay, and this one stands alone.
fn subject_there(tx: &mut Tx<'_>, workflow: &Workflow, to: &Moved, before: &str) -> Result<String> {
    let alone = format!("case:{}", to.of.case);
    if before == alone {
        return Ok(alone);
    }
    let subject = match (workflow.subject, to.person) {
        (CaseSubject::Person, Some(person)) => format!("person:{person}"),
        _ => before.to_owned(),
    };
    let there = tx.query_opt(&queries::CASE_OPEN_FOR, params![to.family, &workflow.key, subject.as_str()])?;
    match there {
        Some(row) if row.int(0)? != to.of.case.0 => Ok(alone),
        _ => Ok(subject),
    }
}

fn tell(tx: &mut Tx<'_>, house: &House, scope: &Scope, death: &Death) -> Result<bool> {
    let (of, family, case) = (&death.of, death.of.family, death.of.case);
    let Some((row, workflow)) = standing(tx, house, of)? else { return Ok(false) };
    let (state, due, rev, accused) = (row.text(1)?, row.text(2)?, row.int(3)?, row.text(4)?);
    let mut answers = Answers::from([("person".to_owned(), Answer::Int(death.person.0))]);
    answers.extend(death.on.map(|day| ("day".to_owned(), Answer::Date(day))));
    let action = if death.its_person { DIED } else { MEMBER_DIED };
    let asked = params![family, case, action, written(&answers)];
    if tx.query_one(&queries::TOLD_ALREADY, asked)?.int(0)? > 0 {
        return Ok(false);
    }
    let (person, region, subject) = (row.opt_int(6)?, row.text(7)?, row.text(5)?);
    if tx.execute(&queries::FOLLOWED, params![family, case, person, region, subject, rev])? != 1 {
        return Err(Error::Changed);
    }
    let line = event_row(house, (scope, CLOCK), (family, case), rev + 1, [action, state, state], &answers);
    tx.execute(&queries::EVENT_ADD, &line)?;
    // Who owns cases of this kind sees it in the list, even while somebody else has the next step.
    if workflow.owner != accused {
        let (owner, key) = (workflow.owner.as_str(), &workflow.key);
        tx.execute(&queries::TASK_ADD, params![family, case, owner, true, due, region, WATCH_TOLD, key])?;
    }
    let (subject, detail) = (format!("case:{case}"), format!("told of a death: {}", death.person));
    audit(tx, house.clock.as_ref(), scope.actor_pair(), "case.work", &subject, &detail)?;
    Ok(true)
}
