//! Groups of families that meet: the cases of a workflow that calls them sessions (`[group]`), put together by place and name. In: the
//! cases of the territory, or those of a companion. Out: what was planned and held by month, which modules were taught, which families
//! were missed and how often. Never here: a family of another companion, money that hangs on coming.

use std::collections::{BTreeMap, BTreeSet};

use access::{House, Scope};
use jiff::{ToSpan, civil::Date};
use policy::{FieldKind, GroupSessions, Label, StateKind, Workflow};
use serde::Serialize;
use store::{Row, params};

use crate::{
    Error, Result,
    form::{Answer, Answers},
    queries, service,
};

/// Sessions that are looked at, the newest ones.
const SESSIONS_MAX: i64 = 2_000;
/// Families that were absent at all, of all groups.
const ABSENT_MAX: usize = 500;
/// How far back it goes.
const MONTHS: i64 = 12;

/// One group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Where it meets.
    pub region: String,
    /// Its name.
    pub name: String,
    /// By month, `2026-11`: sessions planned for it and not called off, sessions held in it.
    pub months: BTreeMap<String, (i64, i64)>,
    /// Modules in the order of the policy, with how many sessions were held of each.
    pub modules: Vec<(Label, i64)>,
    /// Sessions held.
    pub held: i64,
    /// Families that were absent, most often first: number, head of the family, how often.
    pub absent: Vec<(i64, String, i64)>,
}

/// The groups of one workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Groups {
    /// Key of the workflow.
    pub workflow: String,
    /// Its name.
    pub label: Label,
    /// By place and name.
    pub groups: Vec<Group>,
    /// There are older sessions that were not looked at.
    pub more: bool,
}

/// Groups of the last twelve months: of a companion those whose sessions he or she opened, else those of the territory.
///
/// # Errors
/// The store's; [`Error::Stored`] for answers that cannot be read.
pub fn groups(house: &House, scope: &Scope) -> Result<Vec<Groups>> {
    let kinds = house.policy.workflows().values();
    let kinds = kinds.filter_map(|workflow| Some((workflow, workflow.group.as_ref()?)));
    let mut all = Vec::new();
    for (workflow, group) in kinds.filter(|(workflow, _)| workflow.knows(scope.role())) {
        all.push(of_workflow(house, scope, workflow, group)?);
    }
    Ok(all)
}

/// Whether a field of a workflow is the one in which absent families are told.
pub fn tells_absent(workflow: &Workflow, field: &str) -> bool {
    workflow.group.as_ref().is_some_and(|group| group.absent == field)
}

/// Numbers of families in a text; 0 stands for nobody.
pub fn families_in(text: &str) -> BTreeSet<i64> {
    let numbers = text.split(|mark: char| !mark.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
    numbers.filter(|family: &i64| *family > 0).collect()
}

/// A session as it is counted.
struct Session {
    place: (String, String),
    module: String,
    planned: Option<Date>,
    held: Option<Date>,
    off: bool,
    absent: BTreeSet<i64>,
}

fn of_workflow(house: &House, scope: &Scope, workflow: &Workflow, group: &GroupSessions) -> Result<Groups> {
    let today = house.clock.today();
    let since = today.checked_sub(MONTHS.months()).unwrap_or(today).first_of_month();
    let (from, to) = scope.path_range();
    let asked = params![&workflow.key, from, to, scope.caseload(), since.to_string(), SESSIONS_MAX + 1];
    let rows = house.db.read(|tx| tx.query(&queries::SESSIONS, asked))?;
    let more = rows.len() as i64 > SESSIONS_MAX;
    let mut sessions = Vec::new();
    for row in rows.iter().take(SESSIONS_MAX as usize) {
        if service::sees(house, scope, &workflow.key, row.text(4)?) {
            sessions.push(session(workflow, group, row)?);
        }
    }
    let told: BTreeSet<i64> = sessions.iter().flat_map(|one| one.absent.iter().copied()).collect();
    let heads = heads(house, scope, told)?;
    let mut found: BTreeMap<(String, String), Vec<Session>> = BTreeMap::new();
    for session in sessions {
        found.entry(session.place.clone()).or_default().push(session);
    }
    let groups =
        found.into_iter().map(|(place, sessions)| counted(workflow, group, place, &sessions, &heads));
    Ok(Groups {
        workflow: workflow.key.clone(),
        label: workflow.label.clone(),
        groups: groups.collect(),
        more,
    })
}

fn session(workflow: &Workflow, group: &GroupSessions, row: &Row) -> Result<Session> {
    let case = row.int(0)?;
    let answers: Answers = serde_json::from_str(row.text(3)?).map_err(|_| Error::Stored(case))?;
    let text = |key: &str| match answers.get(key) {
        Some(Answer::Text(text)) => text.trim().to_owned(),
        _ => String::new(),
    };
    let day = |key: &str| match answers.get(key) {
        Some(Answer::Date(day)) => Some(*day),
        _ => None,
    };
    let held = day(&group.held);
    let ended = workflow.state(row.text(2)?).is_none_or(|state| state.kind == StateKind::End);
    Ok(Session {
        place: (row.string(1)?, text(&group.name)),
        module: text(&group.module),
        planned: day(&group.planned),
        held,
        off: ended && held.is_none(),
        absent: if held.is_some() { families_in(&text(&group.absent)) } else { BTreeSet::new() },
    })
}

fn counted(
    workflow: &Workflow,
    group: &GroupSessions,
    (region, name): (String, String),
    sessions: &[Session],
    heads: &BTreeMap<i64, String>,
) -> Group {
    let mut counted = Group { region, name, ..Group::default() };
    let (mut modules, mut absent): (BTreeMap<&str, i64>, BTreeMap<i64, i64>) = Default::default();
    let month = |day: Date| format!("{:04}-{:02}", day.year(), day.month());
    for session in sessions.iter().filter(|session| !session.off) {
        if let Some(day) = session.planned {
            counted.months.entry(month(day)).or_default().0 += 1;
        }
        if let Some(day) = session.held {
            counted.months.entry(month(day)).or_default().1 += 1;
            counted.held += 1;
            *modules.entry(&session.module).or_default() += 1;
        }
        for family in &session.absent {
            *absent.entry(*family).or_default() += 1;
        }
    }
    let kind = workflow.field(&group.module).map(|field| &field.kind);
    if let Some(FieldKind::Choice(choices)) = kind {
        let one = |choice: &policy::FieldChoice| {
            (choice.label.clone(), modules.get(choice.value.as_str()).copied().unwrap_or(0))
        };
        counted.modules = choices.iter().map(one).collect();
    }
    let known = |(family, times)| Some((family, heads.get(&family)?.clone(), times));
    counted.absent = absent.into_iter().filter_map(known).collect();
    counted.absent.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(&b.0)));
    counted
}

/// Heads of those families that the scope may see.
fn heads(house: &House, scope: &Scope, families: BTreeSet<i64>) -> Result<BTreeMap<i64, String>> {
    let (from, to) = scope.path_range();
    let families: Vec<i64> = families.into_iter().take(ABSENT_MAX).collect();
    let ask = |family: &i64| (&queries::SESSION_HEAD, params![*family, from, to, scope.caseload()].to_vec());
    let found = house.db.read(|tx| tx.query_all(&families.iter().map(ask).collect::<Vec<_>>()))?;
    let known = families.into_iter().zip(&found).filter_map(|(family, rows)| Some((family, rows.first()?)));
    Ok(known.map(|(family, row)| Ok((family, row.string(0)?))).collect::<Result<_, store::Error>>()?)
}
