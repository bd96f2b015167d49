//! Who is to accompany whom, as a proposal: made from the register and the families of approved lists, adjusted row by row, decided by
//! another person than its maker. What is approved becomes assignments in one transaction, or nothing of it does. Never here: a family
//! whose companion changed since (the proposal is stale then), a companion's own kin.

use std::collections::BTreeMap;

use access::{House, Scope, audit, hand_on};
use model::{FamilyId, RegionCode, RegionLevel, Sex, UserId};
use serde::Serialize;
use store::{Page, Paged, Row, Tx, Value, next_number, params};

use super::{
    balance::{Companion, District, FamilyNeed, Spread, balance},
    queries,
};
use crate::{Result, ShareFault};

/// Families that change in one proposal at most.
const ROWS_MAX: usize = 500_000;
/// Companions of one district at most.
const COMPANIONS_MAX: i64 = 5_000;

/// A family that is to have a companion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accompanied {
    /// The family.
    pub family: FamilyId,
    /// Its village.
    pub village: RegionCode,
    /// Keys of languages of which the companion must speak one; empty for any.
    pub languages: Vec<String>,
    /// Sex that the companion must have, where it matters.
    pub sex: Option<Sex>,
}

/// Whether a proposal was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// Nobody decided.
    Proposed,
    /// It is done.
    Approved,
    /// It is not done.
    Refused,
}

impl ProposalState {
    /// Key of its words.
    pub fn code(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Refused => "refused",
        }
    }
}

/// A proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProposalView {
    /// Its number.
    pub proposal_id: i64,
    /// The region whose families are shared out.
    pub region: String,
    /// Whether it was decided.
    pub state: ProposalState,
    /// When it was made, milliseconds since the epoch.
    pub made_at_ms: i64,
    /// Who made it.
    pub made_by: i64,
    /// The maker's name.
    pub maker: String,
    /// When it was decided, milliseconds since the epoch.
    pub decided_at_ms: Option<i64>,
    /// Who decided.
    pub decider: Option<String>,
    /// Families whose companion stays.
    pub kept: i64,
    /// Families that go to another companion.
    pub moved: i64,
    /// Families that had nobody.
    pub fresh: i64,
    /// Families for whom there is nobody.
    pub unplaced: i64,
}

/// A family whose companion changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProposalRow {
    /// The family.
    pub family_id: i64,
    /// Its village.
    pub region: String,
    /// Head of the family; none when the registry carries it no longer.
    pub head: Option<String>,
    /// Companion now, 0 for nobody.
    pub from_user: i64,
    /// Name of the companion now.
    pub from_name: String,
    /// Companion to be, 0 for nobody.
    pub to_user: i64,
    /// Name of the companion to be.
    pub to_name: String,
    /// Whether a person set another companion than was worked out.
    pub adjusted: bool,
}

/// Proposes who accompanies the `families` of a region, district by district. Families beyond the list lose nobody: they are left as
/// they are, and count in the load of their companion.
///
/// # Errors
/// [`ShareFault::TooMany`]; the store's.
pub fn propose(
    house: &House,
    scope: &Scope,
    region: &RegionCode,
    families: &[Accompanied],
) -> Result<ProposalView> {
    let scope = scope.within(region).ok_or(ShareFault::NotFound)?;
    let mut districts: BTreeMap<RegionCode, Vec<&Accompanied>> = BTreeMap::new();
    for family in families.iter().filter(|family| region.contains(&family.village)) {
        districts.entry(family.village.at(RegionLevel::District)).or_default().push(family);
    }
    let (mut rows, mut counts) = (Vec::new(), [0_i64; 4]);
    for (district, mut families) in districts {
        families.sort_by_key(|family| family.family);
        families.dedup_by_key(|family| family.family);
        share(house, &district, &families, &mut rows, &mut counts)?;
        if rows.len() > ROWS_MAX {
            return Err(ShareFault::TooMany.into());
        }
    }
    let actor: (UserId, &str) = (scope.actor(), scope.actor_name());
    let [kept, moved, fresh, unplaced] = counts;
    let made_at_ms = house.clock.now_ms();
    house.db.write(|tx| {
        let id = next_number(tx, "pillar_proposal", 1)?;
        let values = params![id, region, made_at_ms, actor.0, actor.1, kept, moved, fresh, unplaced];
        tx.execute(&queries::PROPOSAL_ADD, values)?;
        let columns = &["proposal_id", "family_id", "region", "from_user", "to_user", "adjusted_by"];
        let values = rows.iter().map(|(family, village, from, to): &(i64, RegionCode, i64, i64)| {
            vec![id.into(), (*family).into(), village.into(), (*from).into(), (*to).into(), 0.into()]
        });
        tx.bulk("pillar_proposal_row", columns, values)?;
        let detail = format!("region={region} kept={kept} moved={moved} fresh={fresh} unplaced={unplaced}");
        audit(tx, house.clock.as_ref(), actor, "pillar.propose", &format!("share:{id}"), &detail)?;
        found(tx, &scope, id)
    })
}

/// Shares out one district; adds the families whose companion changes and counts kept, moved, fresh and unplaced.
fn share(
    house: &House,
    district: &RegionCode,
    families: &[&Accompanied],
    rows: &mut Vec<(i64, RegionCode, i64, i64)>,
    counts: &mut [i64; 4],
) -> Result<()> {
    let work = house.policy.settings().work;
    let rule = &house.policy.pillars().balance;
    let workers = house.db.read(|tx| companions(tx, house, district))?;
    let present: BTreeMap<i64, i64> = house.db.read(|tx| {
        let (from, to) = district.path_range();
        let rows = tx.query(&queries::PRESENT, params![from, to])?;
        rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect::<Result<_, store::Error>>()
    })?;
    let place: BTreeMap<i64, u32> = (0..).zip(&workers).map(|(at, worker)| (worker.user, at)).collect();
    let listed: std::collections::BTreeSet<i64> = families.iter().map(|family| family.family.0).collect();
    let mut beside: BTreeMap<i64, u32> = BTreeMap::new();
    for user in present.iter().filter(|(family, _)| !listed.contains(family)).map(|(_, user)| *user) {
        *beside.entry(user).or_default() += 1;
    }
    let mut shared = District::default();
    for worker in &workers {
        let (share, capacity) = worker.room(work.caseload, work.caseload_max);
        let other = beside.get(&worker.user).copied().unwrap_or(0);
        shared.companions.push(Companion {
            user: worker.user,
            base: worker.base.clone(),
            share: share.saturating_sub(other),
            capacity: capacity.saturating_sub(other),
            languages: worker.languages,
            sex: worker.sex,
        });
    }
    for (at, worker) in (0..).zip(&workers) {
        shared.barred.extend(worker.kin.iter().map(|family| (*family, at)));
    }
    let mut villages: BTreeMap<&RegionCode, u32> = BTreeMap::new();
    for family in families {
        let next = villages.len() as u32;
        let village = *villages.entry(&family.village).or_insert_with(|| {
            shared.villages.push(family.village.clone());
            next
        });
        shared.families.push(FamilyNeed {
            family: family.family.0,
            village,
            present: present.get(&family.family.0).and_then(|user| place.get(user)).copied(),
            languages: bits(house, family.languages.iter().map(String::as_str)),
            sex: family.sex,
        });
    }
    let width = |number: i64| u32::try_from(number).unwrap_or(0);
    let spread = Spread { families: width(rule.spread_families), permille: width(rule.spread_permille) };
    let answer = balance(&shared, spread);
    for (family, to) in families.iter().zip(answer.companion) {
        let from = present.get(&family.family.0).copied().unwrap_or(0);
        let to = to.and_then(|at| workers.get(at as usize)).map_or(0, |worker| worker.user);
        let kind = match (from, to) {
            (_, 0) => 3,
            (from, to) if from == to => 0,
            (0, _) => 2,
            _ => 1,
        };
        counts[kind] += 1;
        // Nobody loses a companion because there is no other, but for the own kin.
        let stays =
            to == 0 && !place.get(&from).is_some_and(|at| shared.barred.contains(&(family.family.0, *at)));
        if from != to && !stays {
            rows.push((family.family.0, family.village.clone(), from, to));
        }
    }
    Ok(())
}

/// A companion of the register.
struct Worker {
    user: i64,
    name: String,
    base: RegionCode,
    part: bool,
    capacity: i64,
    languages: u64,
    sex: Option<Sex>,
    kin: Vec<i64>,
}

impl Worker {
    /// Families in the ordinary case and at most: half for somebody who is there part of the time, the own number where there is one.
    fn room(&self, usual: i64, most: i64) -> (u32, u32) {
        let (usual, most) = if self.part { (usual / 2, most / 2) } else { (usual, most) };
        let most = if self.capacity > 0 { self.capacity } else { most };
        (u32::try_from(usual.min(most)).unwrap_or(0), u32::try_from(most).unwrap_or(0))
    }
}

/// Who may accompany families of a district: under contract, there, with an account, each once.
fn companions(tx: &mut Tx<'_>, house: &House, district: &RegionCode) -> Result<Vec<Worker>> {
    let (from, to) = district.path_range();
    let today = house.clock.today().to_string();
    let mut kin: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for row in tx.query(&queries::KIN_WITHIN, params![&from, &to])? {
        kin.entry(row.int(0)?).or_default().push(row.int(1)?);
    }
    let mut workers = BTreeMap::new();
    for kind in house.policy.pillars().kinds.iter().filter(|kind| kind.companion) {
        for row in tx.query(&queries::COMPANIONS, params![&from, &to, &kind.key, &today, COMPANIONS_MAX])? {
            let mut kin = kin.get(&row.int(7)?).cloned().unwrap_or_default();
            kin.extend(Some(row.int(6)?).filter(|own| *own != 0));
            workers.entry(row.int(0)?).or_insert(Worker {
                user: row.int(0)?,
                name: row.string(8)?,
                base: row.region(1)?,
                part: row.text(2)? == "part",
                capacity: row.int(3)?,
                languages: bits(house, row.text(4)?.split(' ')),
                sex: Sex::from_code(row.int(5)?),
                kin,
            });
        }
    }
    Ok(workers.into_values().collect())
}

/// Languages as bits, in the order of the policy's list; a language that is not on it is a bit of its own that nobody has.
fn bits<'k>(house: &House, keys: impl Iterator<Item = &'k str>) -> u64 {
    let list = &house.policy.pillars().languages;
    let bit = |key: &str| list.iter().position(|one| one.key == key).filter(|at| *at < 63).unwrap_or(63);
    keys.filter(|key| !key.is_empty()).fold(0, |bits, key| bits | 1 << bit(key))
}

/// Proposals of the territory, the newest first.
///
/// # Errors
/// The store's; a mark that is none.
pub fn proposals(house: &House, scope: &Scope, page: &Page) -> Result<Paged<ProposalView>> {
    let (from, to) = scope.path_range();
    let values = params![from, to, page.after_int(i64::MAX)?, page.fetch()];
    let rows = house.db.read(|tx| tx.query(&queries::PROPOSALS, values))?;
    let rows = rows.iter().map(view).collect::<Result<Vec<_>>>()?;
    Ok(page.page(rows, |row| vec![Value::Int(row.proposal_id)]))
}

/// One proposal of the territory.
///
/// # Errors
/// [`ShareFault::NotFound`]; the store's.
pub fn sharing(house: &House, scope: &Scope, id: i64) -> Result<ProposalView> {
    house.db.read(|tx| found(tx, scope, id))
}

/// Families whose companion changes, by their number.
///
/// # Errors
/// [`ShareFault::NotFound`]; the store's; a mark that is none.
pub fn proposal_rows(house: &House, scope: &Scope, id: i64, page: &Page) -> Result<Paged<ProposalRow>> {
    let after = page.after_int(0)?;
    let rows = house.db.read(|tx| {
        found(tx, scope, id)?;
        Ok::<_, crate::Error>(tx.query(&queries::ROWS, params![id, after, page.fetch()])?)
    })?;
    let row = |row: &Row| {
        Ok(ProposalRow {
            family_id: row.int(0)?,
            region: row.string(1)?,
            from_user: row.int(2)?,
            to_user: row.int(3)?,
            adjusted: row.int(4)? != 0,
            head: row.opt_string(5)?,
            from_name: row.string(6)?,
            to_name: row.string(7)?,
        })
    };
    let rows = rows.iter().map(row).collect::<Result<Vec<_>, store::Error>>()?;
    Ok(page.page(rows, |row| vec![Value::Int(row.family_id)]))
}

/// Companions that a family of a proposal may be given to, account and name, by name: those of the districts of its region, as long as it
/// lies in one district; none for a larger region, whose proposals are adjusted district by district.
///
/// # Errors
/// The store's.
pub fn choosable(house: &House, scope: &Scope, sharing: &ProposalView) -> Result<Vec<(i64, String)>> {
    let Ok(region) = RegionCode::parse(&sharing.region) else { return Ok(Vec::new()) };
    if region.level() < RegionLevel::District || !scope.covers(&region) {
        return Ok(Vec::new());
    }
    let workers = house.db.read(|tx| companions(tx, house, &region.at(RegionLevel::District)))?;
    let mut names: Vec<(i64, String)> =
        workers.into_iter().map(|worker| (worker.user, worker.name)).collect();
    names.sort_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0)));
    Ok(names)
}

/// Sets another companion for a family of an open proposal.
///
/// # Errors
/// [`ShareFault`]; the store's.
pub fn adjust(house: &House, scope: &Scope, id: i64, family: FamilyId, to: UserId) -> Result<()> {
    let work = house.policy.settings().work;
    house.db.write(|tx| {
        let open = found(tx, scope, id)?;
        if open.state != ProposalState::Proposed {
            return Err(ShareFault::Decided.into());
        }
        let row = tx.query(&queries::ROWS, params![id, family.0 - 1, 1])?;
        let Some(row) = row.first().filter(|row| row.int(0) == Ok(family.0)) else {
            return Err(ShareFault::NotFound.into());
        };
        let district = row.region(1)?.at(RegionLevel::District);
        if row.int(3)? == to.0 {
            return Ok(());
        }
        let workers = companions(tx, house, &district)?;
        let worker = workers.iter().find(|worker| worker.user == to.0).ok_or(ShareFault::Companion)?;
        if worker.kin.contains(&family.0) {
            return Err(ShareFault::Kin.into());
        }
        let load = tx.query_one(&queries::LOAD_THEN, params![id, to])?.int(0)?;
        if load >= i64::from(worker.room(work.caseload, work.caseload_max).1) {
            return Err(ShareFault::Full.into());
        }
        tx.execute(&queries::ROW_SET, params![id, family, to, scope.actor()])?;
        let actor = (scope.actor(), scope.actor_name());
        let detail = format!("family={family} to={to}");
        Ok(audit(tx, house.clock.as_ref(), actor, "pillar.adjust", &format!("share:{id}"), &detail)?)
    })
}

/// Approves or refuses a proposal, as another person than its maker. What is approved becomes assignments, whole or not at all.
///
/// # Errors
/// [`ShareFault`]; the store's.
pub fn decide_proposal(house: &House, scope: &Scope, id: i64, approve: bool) -> Result<()> {
    let actor: (UserId, &str) = (scope.actor(), scope.actor_name());
    house.db.write(|tx| {
        let open = found(tx, scope, id)?;
        if open.made_by == actor.0.0 {
            return Err(ShareFault::SamePerson.into());
        }
        let state = if approve { 1 } else { 2 };
        let now = house.clock.now_ms();
        if tx.execute(&queries::PROPOSAL_DECIDE, params![id, state, now, actor.0, actor.1])? != 1 {
            return Err(ShareFault::Decided.into());
        }
        let subject = format!("share:{id}");
        if approve {
            let rows = tx.query(&queries::ROWS_ALL, params![id])?;
            let user = |id: i64| Some(UserId(id)).filter(|user| user.0 != 0);
            let moves = rows
                .iter()
                .map(|row| Ok((FamilyId(row.int(0)?), user(row.int(1)?), user(row.int(2)?))))
                .collect::<Result<Vec<_>, store::Error>>()?;
            if !hand_on(tx, house, scope, &moves, &subject)? {
                return Err(ShareFault::Stale.into());
            }
        }
        let action = if approve { "pillar.approve" } else { "pillar.refuse" };
        Ok(audit(tx, house.clock.as_ref(), actor, action, &subject, "")?)
    })
}

fn found(tx: &mut Tx<'_>, scope: &Scope, id: i64) -> Result<ProposalView> {
    let (from, to) = scope.path_range();
    let row = tx.query_opt(&queries::SHARING, params![from, to, id])?;
    row.as_ref().map_or(Err(ShareFault::NotFound.into()), view)
}

fn view(row: &Row) -> Result<ProposalView> {
    Ok(ProposalView {
        proposal_id: row.int(0)?,
        region: row.string(1)?,
        state: match row.int(2)? {
            1 => ProposalState::Approved,
            2 => ProposalState::Refused,
            _ => ProposalState::Proposed,
        },
        made_at_ms: row.int(3)?,
        made_by: row.int(4)?,
        maker: row.string(5)?,
        decided_at_ms: row.opt_int(6)?,
        decider: row.opt_string(7)?,
        kept: row.int(8)?,
        moved: row.int(9)?,
        fresh: row.int(10)?,
        unplaced: row.int(11)?,
    })
}
