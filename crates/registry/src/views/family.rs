//! The family page and the list of families.

use std::collections::{BTreeMap, BTreeSet};

use access::{House, Scope};
use model::{FamilyId, RegionCode};
use policy::{Label, Subject};
use serde::Serialize;
use store::{Page, Paged, Tx, Value, params};

use super::{EventView, RegionName, event, found, region_path, scope_params, timeline, urgent};
use crate::field::{FIELD_SOURCE, MARKS};
use crate::show::{Shown, code_label, masked};
use crate::{Error, Result, queries};

/// A family with everything the page shows.
#[derive(Debug, Clone, Serialize)]
pub struct FamilyView {
    /// The family.
    pub family_id: i64,
    /// The old id that was asked for, if the family has another now.
    pub asked_id: Option<i64>,
    /// Family card, masked.
    pub kk: Option<String>,
    /// Head.
    pub head_person_id: i64,
    /// Name of the head.
    pub head_name: String,
    /// Village code; empty if unknown.
    pub region: String,
    /// Names of the regions down to the village.
    pub region_path: Vec<RegionName>,
    /// Address.
    pub address: Option<String>,
    /// Neighbourhood.
    pub rt: Option<i64>,
    /// Community.
    pub rw: Option<i64>,
    /// Living members.
    pub size: i64,
    /// Tenth in the rank in force, 1 poorest.
    pub decile: Option<i64>,
    /// Date of that rank.
    pub rank_date: Option<String>,
    /// The house and what is in it.
    pub variables: Vec<VariableView>,
    /// Members, the living first.
    pub members: Vec<MemberView>,
    /// What was found last in the field.
    pub field: Option<FieldMark>,
    /// Ranks, newest first.
    pub ranks: Vec<RankView>,
    /// What happened, newest first.
    pub events: Vec<EventView>,
    /// Version of the registry in which the family last changed.
    pub version: i64,
}

/// What was found last in the field, as the version in force has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldMark {
    /// What was found.
    pub result: Label,
    /// The day.
    pub day: Option<String>,
    /// The case that settled it.
    pub case: Option<i64>,
    /// Name of the list that says so.
    pub source: Label,
}

/// A variable of the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VariableView {
    /// Canonical column.
    pub column: String,
    /// Its name.
    pub label: Label,
    /// Its value; none if unknown.
    pub value: Option<Shown>,
}

/// A member of a family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberView {
    /// The person.
    pub person_id: i64,
    /// Name.
    pub name: String,
    /// NIK, masked.
    pub nik: Option<String>,
    /// 1 male, 2 female.
    pub sex: Option<i64>,
    /// Birth date.
    pub birth_date: Option<String>,
    /// Code of the relation to the head.
    pub relation: Option<i64>,
    /// Living.
    pub alive: bool,
    /// Date of death.
    pub death_date: Option<String>,
    /// Matched with the civil registry.
    pub matched: bool,
    /// Civil servant.
    pub civil_servant: Option<bool>,
    /// Village code.
    pub region: String,
}

/// A rank of a family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RankView {
    /// Date of the ranking.
    pub rank_date: String,
    /// Tenth, 1 poorest.
    pub decile: i64,
    /// Who ranks.
    pub publisher: Option<String>,
}

/// A family in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FamilyRow {
    /// The family.
    pub family_id: i64,
    /// Family card, masked.
    pub kk: Option<String>,
    /// Name of the head.
    pub head_name: String,
    /// Village code; empty if unknown.
    pub region: String,
    /// Living members.
    pub size: i64,
    /// Tenth in the rank in force.
    pub decile: Option<i64>,
    /// Date of that rank.
    pub rank_date: Option<String>,
}

/// One family. An id that ended in another family shows that one.
///
/// # Errors
/// [`Error::NotFound`] outside the scope; the store's.
pub fn family(house: &House, scope: &Scope, id: FamilyId) -> Result<FamilyView> {
    house.db.read(|tx| {
        let (row, now) = {
            let now = resolve(tx, scope, id.0)?;
            let mut values = scope_params(scope);
            values.push(now.into());
            (found(tx.query_opt(&queries::FAMILY, &values)?)?, now)
        };
        let region = row.string(4)?;
        let members = members(tx, now)?;
        let mut events = Vec::new();
        for row in tx.query(&queries::FAMILY_EVENTS, params![now])? {
            events.push(event(&row)?);
        }
        for member in members.iter().take(30) {
            for row in tx.query(&queries::PERSON_EVENTS, params![member.person_id])? {
                events.push(event(&row)?);
            }
        }
        for row in tx.query(&queries::FAMILY_URGENT, params![now])? {
            events.push(urgent(house, &row)?);
        }
        let mut ranks = Vec::new();
        for row in tx.query(&queries::FAMILY_RANKS, params![now])? {
            ranks.push(RankView {
                rank_date: row.string(0)?,
                decile: row.int(1)?,
                publisher: row.opt_string(2)?,
            });
        }
        Ok(FamilyView {
            family_id: now,
            asked_id: (now != id.0).then_some(id.0),
            kk: row.opt_int(1)?.map(|kk| masked("kk", kk)),
            head_person_id: row.int(2)?,
            head_name: row.string(3)?,
            region_path: region_path(tx, &region)?,
            region,
            address: row.opt_string(5)?,
            rt: row.opt_int(6)?,
            rw: row.opt_int(7)?,
            size: row.int(8)?,
            decile: row.opt_int(9)?,
            rank_date: row.opt_string(10)?,
            field: field_mark(house, row.text(11)?)?,
            variables: variables(house, row.text(11)?)?,
            members,
            ranks,
            events: timeline(events),
            version: row.int(12)?,
        })
    })
}

/// The id under which a family stands now; the id itself if it stands or was never known.
///
/// # Errors
/// The store's.
pub fn resolve_family(house: &House, scope: &Scope, id: FamilyId) -> Result<FamilyId> {
    house.db.read(|tx| resolve(tx, scope, id.0)).map(FamilyId)
}

fn resolve(tx: &mut Tx<'_>, scope: &Scope, id: i64) -> Result<i64> {
    let mut now = id;
    // A family is merged a few times in its life; the bound guards against a damaged chain.
    for _ in 0..32 {
        let mut values = scope_params(scope);
        values.push(now.into());
        if tx.query_opt(&queries::FAMILY, &values)?.is_some() {
            break;
        }
        let Some(row) = tx.query_opt(&queries::FAMILY_MERGED, params![now])? else { break };
        now = row.int(0)?;
    }
    Ok(now)
}

/// The members of a family, the living first, then by relation and age.
pub(crate) fn members(tx: &mut Tx<'_>, family: i64) -> Result<Vec<MemberView>> {
    tx.query(&queries::MEMBERS, params![family])?
        .iter()
        .map(|row| {
            Ok(MemberView {
                person_id: row.int(0)?,
                name: row.opt_string(1)?.unwrap_or_default(),
                nik: row.opt_int(2)?.map(|nik| masked("nik", nik)),
                sex: row.opt_int(3)?,
                birth_date: row.opt_string(4)?,
                relation: row.opt_int(5)?,
                alive: row.bool(6)?,
                death_date: row.opt_string(7)?,
                matched: row.bool(8)?,
                civil_servant: row.opt_bool(9)?,
                region: row.string(10)?,
            })
        })
        .collect()
}

fn field_mark(house: &House, json: &str) -> Result<Option<FieldMark>> {
    let known = vars(json)?;
    let column = house.policy.columns().iter().find(|column| column.name == MARKS[0]);
    let result = column.zip(known.get(MARKS[0]).and_then(serde_json::Value::as_i64));
    let result = result.and_then(|(column, code)| code_label(house, column, code));
    Ok(result.zip(house.policy.source(FIELD_SOURCE)).map(|(result, source)| FieldMark {
        result,
        day: known.get(MARKS[1]).and_then(|day| day.as_str().map(str::to_owned)),
        case: known.get(MARKS[2]).and_then(serde_json::Value::as_i64),
        source: source.label.clone(),
    }))
}

fn vars(json: &str) -> Result<serde_json::Map<String, serde_json::Value>> {
    serde_json::from_str(json).map_err(|error| Error::Damaged(format!("family.vars: {error}")))
}

/// All variables of the house in the order of the policy pack, the unknown too: what is missing must be seen.
fn variables(house: &House, json: &str) -> Result<Vec<VariableView>> {
    let known = vars(json)?;
    let of_house = |column: &&policy::Column| {
        column.subject == Subject::Family && !MARKS.contains(&column.name.as_str())
    };
    let columns = house.policy.columns().iter().filter(of_house);
    let view = |column: &policy::Column| {
        let value = known.get(&column.name).and_then(|value| match value {
            serde_json::Value::Bool(yes) => Some(Shown::yes_no(*yes)),
            serde_json::Value::Number(number) => {
                let label = number.as_i64().and_then(|code| code_label(house, column, code));
                Some(Shown { text: number.to_string(), label })
            }
            serde_json::Value::String(text) => Some(Shown { text: text.clone(), label: None }),
            _ => None,
        });
        VariableView { column: column.name.clone(), label: column.label.clone(), value }
    };
    Ok(columns.map(view).collect())
}

/// Most families whose names are asked for at once.
const NAMES_MAX: usize = 1_000;

/// Names of the heads of families, for lists of other rooms that know a family by its id. Families outside the scope, and those
/// without a name, are left out; so are those beyond the first thousand.
///
/// # Errors
/// The store's.
pub fn head_names(
    house: &House,
    scope: &Scope,
    families: impl IntoIterator<Item = FamilyId>,
) -> Result<BTreeMap<i64, String>> {
    names(house, scope, &queries::HEAD_NAME, families.into_iter().map(|family| family.0))
}

/// Where a family lives, for who goes there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dwelling {
    /// Name of the head.
    pub head_name: String,
    /// Village code.
    pub region: String,
    /// Community.
    pub rw: Option<i64>,
    /// Neighbourhood.
    pub rt: Option<i64>,
    /// Address.
    pub address: Option<String>,
}

/// Where families live, by family; left out as [`head_names`] leaves out.
///
/// # Errors
/// The store's.
pub fn dwellings(
    house: &House,
    scope: &Scope,
    families: impl IntoIterator<Item = FamilyId>,
) -> Result<BTreeMap<i64, Dwelling>> {
    let wanted: BTreeSet<i64> = families.into_iter().map(|family| family.0).take(NAMES_MAX).collect();
    house.db.read(|tx| {
        let mut dwellings = BTreeMap::new();
        for id in wanted {
            let mut values = scope_params(scope);
            values.push(id.into());
            let Some(row) = tx.query_opt(&queries::FAMILY, &values)? else { continue };
            let dwelling = Dwelling {
                head_name: row.string(3)?,
                region: row.string(4)?,
                address: row.opt_string(5)?,
                rt: row.opt_int(6)?,
                rw: row.opt_int(7)?,
            };
            dwellings.insert(id, dwelling);
        }
        Ok(dwellings)
    })
}

/// Names of people, for lists of other rooms that know a person by its id; left out as [`head_names`] leaves out.
///
/// # Errors
/// The store's.
pub fn person_names(
    house: &House,
    scope: &Scope,
    people: impl IntoIterator<Item = i64>,
) -> Result<BTreeMap<i64, String>> {
    names(house, scope, &queries::PERSON_NAME, people.into_iter())
}

fn names(
    house: &House,
    scope: &Scope,
    query: &store::Sql,
    ids: impl Iterator<Item = i64>,
) -> Result<BTreeMap<i64, String>> {
    let wanted: BTreeSet<i64> = ids.take(NAMES_MAX).collect();
    house.db.read(|tx| {
        let mut names = BTreeMap::new();
        for id in wanted {
            let mut values = scope_params(scope);
            values.push(id.into());
            if let Some(row) = tx.query_opt(query, &values)? {
                names.insert(id, row.string(0)?);
            }
        }
        names.retain(|_, name| !name.is_empty());
        Ok(names)
    })
}

/// Families of the territory (or of a part of it), by village and name of the head.
///
/// # Errors
/// [`Error::NotFound`] for a part outside the territory; the store's.
pub fn families(
    house: &House,
    scope: &Scope,
    within: Option<&RegionCode>,
    page: &Page,
) -> Result<Paged<FamilyRow>> {
    let narrowed = match within {
        Some(region) => scope.within(region).ok_or(Error::NotFound)?,
        None => scope.clone(),
    };
    let start: Vec<Value> = params!["", "", i64::MIN].to_vec();
    let mut values = scope_params(&narrowed);
    let after = page.keys(3)?.unwrap_or(start);
    // Villages before the last row seen are behind us: page 10,000 begins where it begins.
    if let (Value::Text(from), Value::Text(seen)) = (&values[0], &after[0])
        && seen > from
    {
        values[0] = after[0].clone();
    }
    values.extend(after);
    values.push(page.fetch().into());
    let rows = house.db.read(|tx| tx.query(&queries::FAMILIES_PAGE, &values))?;
    let families = rows.iter().map(|row| {
        Ok(FamilyRow {
            family_id: row.int(0)?,
            kk: row.opt_int(1)?.map(|kk| masked("kk", kk)),
            head_name: row.string(2)?,
            region: row.string(3)?,
            size: row.int(4)?,
            decile: row.opt_int(5)?,
            rank_date: row.opt_string(6)?,
        })
    });
    let families: Vec<FamilyRow> = families.collect::<Result<_>>()?;
    Ok(page.page(families, |family| params![&family.region, &family.head_name, family.family_id].to_vec()))
}
