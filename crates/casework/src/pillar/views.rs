//! What pages show of the pillars: the register, one worker with what the year asked and what came of it, what a territory lacks.

use std::collections::BTreeMap;

use access::{House, Scope};
use jiff::{ToSpan, civil::date};
use model::{RegionCode, RegionLevel};
use policy::PillarKind;
use rules::Label;
use serde::Serialize;
use store::{Page, Paged, Row, Tx, Value, params};

use super::{fields, intake, queries};
use crate::{Error, Result};

/// Which pillars are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PillarFilter {
    /// Key of the kind, empty for all.
    pub kind: String,
    /// A part of the territory.
    pub region: Option<RegionCode>,
    /// One of [`super::AVAILABILITY`], empty for all.
    pub availability: String,
    /// Only those with a certificate that ends soon or has ended.
    pub expiring: bool,
}

/// One pillar in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PillarRow {
    /// Its number here.
    pub pillar_id: i64,
    /// Number in the register.
    pub number: String,
    /// Key of the kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Where it works.
    pub region: String,
    /// One of [`super::AVAILABILITY`].
    pub availability: String,
    /// Last day of the contract, ISO; empty for none.
    pub contract_to: String,
    /// Families that it accompanies.
    pub families: i64,
    /// First end of a certificate that ends soon or has ended, ISO.
    pub expires: Option<String>,
}

/// How many of a kind there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindCount {
    /// Key of the kind.
    pub kind: String,
    /// How many.
    pub count: i64,
    /// How many have a certificate that ends soon or has ended.
    pub expiring: i64,
}

/// A training or certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaperView {
    /// Key.
    pub certificate: String,
    /// Number.
    pub number: String,
    /// Who issued it.
    pub issuer: String,
    /// First day, ISO.
    pub from: String,
    /// Last day, ISO; none when it has no end.
    pub to: Option<String>,
    /// Whether it has ended.
    pub over: bool,
    /// Whether it ends soon.
    pub soon: bool,
}

/// What a year asks and what was achieved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Achieved {
    /// Key of the target.
    pub target: String,
    /// In words.
    pub label: Label,
    /// Asked for.
    pub asked: i64,
    /// Achieved since the first of January.
    pub done: i64,
}

/// What lasted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lasting {
    /// Key of the outcome.
    pub outcome: String,
    /// In words.
    pub label: Label,
    /// Families that reached it.
    pub reached: i64,
    /// Of these, families that were not set back since.
    pub stand: i64,
    /// How many months it looks back.
    pub months: i64,
}

/// A correction of the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeView {
    /// The revision that it ended.
    pub rev: i64,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    /// Names of the columns that stand otherwise since.
    pub columns: Vec<String>,
}

/// A worker or body in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PillarView {
    /// What lists show.
    pub row: PillarRow,
    /// 1 male, 2 female, 0 for a body.
    pub sex: i64,
    /// Year of birth, 0 for a body.
    pub birth_year: i64,
    /// Code of `school_level`, -1 when not told.
    pub education: i64,
    /// Keys of languages.
    pub languages: Vec<String>,
    /// Keys of skills.
    pub skills: Vec<String>,
    /// First day of the work, ISO.
    pub since: String,
    /// First day of the contract, ISO; empty for none.
    pub contract_from: String,
    /// Families at most, 0 for the policy's number.
    pub capacity: i64,
    /// Account, 0 for none.
    pub user_id: i64,
    /// The person in the registry, 0 when not known.
    pub person_id: i64,
    /// The own family, 0 when not known.
    pub family_id: i64,
    /// Families of relatives.
    pub kin: Vec<i64>,
    /// Trainings and certificates.
    pub papers: Vec<PaperView>,
    /// Certificates that the work needs and that are missing or over.
    pub missing: Vec<String>,
    /// Targets of the year.
    pub achieved: Vec<Achieved>,
    /// What lasted.
    pub lasting: Vec<Lasting>,
    /// Cases with a step of this worker that ended this year.
    pub ended: i64,
    /// Of these, those that ended before their deadline.
    pub in_time: i64,
    /// Open cases with a step of this worker.
    pub open: i64,
    /// Of these, those past their deadline.
    pub late: i64,
    /// Corrections, the newest first.
    pub changes: Vec<ChangeView>,
}

/// A place and who is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoverageRow {
    /// Its code.
    pub region: RegionCode,
    /// Its name.
    pub name: String,
    /// Families in the registry.
    pub families: i64,
    /// Families with a companion.
    pub accompanied: i64,
    /// Companions who have families there.
    pub companions: i64,
    /// Pillars of each kind.
    pub kinds: BTreeMap<String, i64>,
    /// Kinds of which one belongs into each part of the place, and in how many parts there is none.
    pub missing: BTreeMap<String, i64>,
}

/// What a territory has and lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The region.
    pub region: RegionCode,
    /// Names from the province down to it.
    pub path: Vec<(RegionCode, String)>,
    /// The regions right below.
    pub rows: Vec<CoverageRow>,
}

/// The own pillar for those who see no others.
pub(super) fn own(scope: &Scope) -> i64 {
    if scope.action() == "pillar.own" || scope.caseload() != 0 { scope.actor().0 } else { 0 }
}

/// Range of regions and the account of a scope: who sees only the own page finds it wherever it stands.
fn reach(scope: &Scope, region: Option<&RegionCode>) -> Result<(String, String, i64)> {
    let own = own(scope);
    if own != 0 {
        let (from, to) = RegionCode::nation().path_range();
        return Ok((from, to, own));
    }
    let (from, to) = match region {
        Some(region) => scope.within(region).ok_or(Error::NotFound)?.region().path_range(),
        None => scope.region().path_range(),
    };
    Ok((from, to, own))
}

/// The last day of those that are told as ending soon.
fn soon(house: &House) -> String {
    let days = house.policy.pillars().expiry_days;
    let today = house.clock.today();
    today.checked_add(days.days()).unwrap_or(today).to_string()
}

/// Pillars by name.
///
/// # Errors
/// [`Error::NotFound`] for a region outside the territory; the store's; a mark that is none.
pub fn pillars(house: &House, scope: &Scope, filter: &PillarFilter, page: &Page) -> Result<Paged<PillarRow>> {
    let (from, to, own) = reach(scope, filter.region.as_ref())?;
    let expiring = i64::from(filter.expiring);
    let mut values =
        params![from, to, own, &filter.kind, &filter.availability, soon(house), expiring].to_vec();
    values.extend(page.keys(2)?.unwrap_or_else(|| vec![Value::from(""), Value::from(0)]));
    values.push(page.fetch().into());
    let rows = house.db.read(|tx| tx.query(&queries::LIST, &values))?;
    let rows = rows.iter().map(row_of).collect::<Result<Vec<_>, store::Error>>()?;
    Ok(page.page(rows, |row| vec![Value::from(row.name.as_str()), row.pillar_id.into()]))
}

fn row_of(row: &Row) -> Result<PillarRow, store::Error> {
    Ok(PillarRow {
        pillar_id: row.int(0)?,
        number: row.string(1)?,
        kind: row.string(2)?,
        name: row.string(3)?,
        region: row.string(4)?,
        availability: row.string(5)?,
        contract_to: row.string(6)?,
        families: row.int(7)?,
        expires: row.opt_string(8)?,
    })
}

/// How many of each kind the territory has.
///
/// # Errors
/// [`Error::NotFound`] for a region outside the territory; the store's.
pub fn kind_counts(house: &House, scope: &Scope, region: Option<&RegionCode>) -> Result<Vec<KindCount>> {
    let (from, to, own) = reach(scope, region)?;
    let rows = house.db.read(|tx| tx.query(&queries::KINDS, params![from, to, own, soon(house)]))?;
    let count = |row: &Row| Ok(KindCount { kind: row.string(0)?, count: row.int(1)?, expiring: row.int(2)? });
    rows.iter().map(count).collect()
}

/// What a year asks of all pillars of a kind in a territory, and what they achieved there.
///
/// # Errors
/// [`Error::NotFound`] for a region outside the territory; the store's.
pub fn year_of(
    house: &House,
    scope: &Scope,
    kind: &PillarKind,
    count: i64,
    region: Option<&RegionCode>,
) -> Result<Vec<Achieved>> {
    let (from, to, own) = reach(scope, region)?;
    if own != 0 || kind.targets.is_empty() {
        return Ok(Vec::new());
    }
    let (first, next) = year(house);
    let rows = house.db.read(|tx| tx.query(&queries::YEAR_OF, params![from, to, &kind.key, first, next]))?;
    achieved(house, kind, count, &rows)
}

fn year(house: &House) -> (String, String) {
    let year = house.clock.today().year();
    (date(year, 1, 1).to_string(), date(year.saturating_add(1), 1, 1).to_string())
}

/// Targets of a kind for `workers` of it, beside counts of ends.
fn achieved(house: &House, kind: &PillarKind, workers: i64, ended: &[Row]) -> Result<Vec<Achieved>> {
    let counts: BTreeMap<&str, i64> =
        ended.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect::<Result<_, store::Error>>()?;
    let pillars = house.policy.pillars();
    let one = |(key, per_year): &(String, i64)| {
        let target = pillars.target(key)?;
        let done = target.counts.iter().filter_map(|end| counts.get(end.as_str())).sum();
        let asked = per_year.saturating_mul(workers);
        Some(Achieved { target: key.clone(), label: target.label.clone(), asked, done })
    };
    Ok(kind.targets.iter().filter_map(one).collect())
}

/// One worker or body; none outside the territory, and for others than the own one where only that is seen.
///
/// # Errors
/// The store's.
pub fn pillar_page(house: &House, scope: &Scope, id: i64) -> Result<Option<PillarView>> {
    let (from, to, own) = reach(scope, None)?;
    house.db.read(|tx| {
        let Some(row) = tx.query_opt(&queries::ONE, params![from, to, own, id])? else { return Ok(None) };
        let user = row.int(17)?;
        let (first, next) = year(house);
        let today = house.clock.today();
        let mut view = PillarView {
            row: row_of(&row)?,
            sex: row.int(9)?,
            birth_year: row.int(10)?,
            education: row.int(11)?,
            languages: keys(row.text(12)?),
            skills: keys(row.text(13)?),
            since: row.string(14)?,
            contract_from: row.string(15)?,
            capacity: row.int(16)?,
            user_id: user,
            person_id: row.int(19)?,
            family_id: row.int(20)?,
            kin: Vec::new(),
            papers: papers(tx, house, id)?,
            missing: Vec::new(),
            achieved: Vec::new(),
            lasting: Vec::new(),
            ended: 0,
            in_time: 0,
            open: 0,
            late: 0,
            changes: changes(tx, id, row.text(1)?)?,
        };
        for row in tx.query(&queries::KIN, params![id])? {
            view.kin.push(row.int(0)?);
        }
        let Some(kind) = house.policy.pillars().kind(&view.row.kind) else { return Ok(Some(view)) };
        let valid = |key: &&String| view.papers.iter().any(|paper| paper.certificate == **key && !paper.over);
        view.missing = kind.certificates.iter().filter(|key| !valid(key)).cloned().collect();
        if user != 0 {
            let ended = tx.query(&queries::ENDED, params![user, &first, &next])?;
            view.achieved = achieved(house, kind, 1, &ended)?;
            let cases = tx.query_one(&queries::IN_TIME, params![user, &first, &next, today.to_string()])?;
            (view.ended, view.in_time) = (cases.int(0)?, cases.int(1)?);
            (view.open, view.late) = (cases.int(2)?, cases.int(3)?);
            view.lasting = lasting(tx, house, user)?;
        }
        Ok(Some(view))
    })
}

fn keys(text: &str) -> Vec<String> {
    text.split(' ').filter(|key| !key.is_empty()).map(str::to_owned).collect()
}

fn papers(tx: &mut Tx<'_>, house: &House, id: i64) -> Result<Vec<PaperView>> {
    let (today, soon) = (house.clock.today().to_string(), soon(house));
    let view = |row: &Row| {
        let [certificate, number, issuer, from, to] = intake::paper(row)?;
        let over = to < today;
        let end = Some(to).filter(|to| to != fields::NO_END);
        let near = !over && end.as_ref().is_some_and(|to| *to < soon);
        Ok(PaperView { certificate, number, issuer, from, to: end, over, soon: near })
    };
    tx.query(&queries::PAPERS, params![id])?.iter().map(view).collect()
}

/// Corrections with the columns that differ from the state behind them.
fn changes(tx: &mut Tx<'_>, id: i64, number: &str) -> Result<Vec<ChangeView>> {
    let rows = tx.query(&queries::CHANGES, params![id])?;
    let view = |row: &Row| {
        Ok(ChangeView { rev: row.int(0)?, at_ms: row.int(1)?, actor: row.string(2)?, columns: Vec::new() })
    };
    let mut views = rows.iter().map(view).collect::<Result<Vec<_>, store::Error>>()?;
    if views.is_empty() {
        return Ok(views);
    }
    let mut newer = intake::state(tx, number, id)?;
    // Newest first: what stood before a correction is held against what stands since.
    for (view, row) in views.iter_mut().zip(&rows) {
        let older: intake::State = serde_json::from_str(row.text(3)?).map_err(|_| Error::Stored(id))?;
        let differs = older.iter().filter(|(key, value)| newer.get(*key) != Some(*value));
        view.columns = differs.map(|(key, _)| key.clone()).collect();
        newer = older;
    }
    Ok(views)
}

fn lasting(tx: &mut Tx<'_>, house: &House, user: i64) -> Result<Vec<Lasting>> {
    let today = house.clock.today();
    let mut all = Vec::new();
    for outcome in &house.policy.pillars().outcomes {
        let since = today.checked_sub(outcome.months.months()).unwrap_or(today).to_string();
        let mut families: BTreeMap<i64, String> = BTreeMap::new();
        for end in &outcome.of {
            for row in tx.query(&queries::LASTING, params![user, &since, end])? {
                families.entry(row.int(0)?).or_insert(row.string(1)?);
            }
        }
        let mut stand = 0;
        for (family, reached) in &families {
            let mut back = false;
            for end in &outcome.undone_by {
                back |= tx.query_opt(&queries::UNDONE, params![*family, end, reached])?.is_some();
            }
            stand += i64::from(!back);
        }
        let reached = i64::try_from(families.len()).unwrap_or(i64::MAX);
        let (label, months) = (outcome.label.clone(), outcome.months);
        all.push(Lasting { outcome: outcome.key.clone(), label, reached, stand, months });
    }
    Ok(all)
}

/// Families, companions and kinds that are missing, for the regions right below one.
///
/// # Errors
/// [`Error::NotFound`] for a region outside the territory; the store's.
pub fn coverage(house: &House, scope: &Scope, region: &RegionCode) -> Result<Coverage> {
    let scope = scope.within(region).filter(|scope| own(scope) == 0).ok_or(Error::NotFound)?;
    let (from, to) = scope.path_range();
    house.db.read(|tx| {
        let mut below = store::regions::children(tx, region)?;
        if below.is_empty() {
            below.extend(store::regions::find(tx, region)?);
        }
        let path =
            store::regions::path(tx, region)?.into_iter().map(|region| (region.code, region.name)).collect();
        let Some(width) = below.first().map(|region| region.code.as_str().len() as i64) else {
            return Ok(Coverage { region: region.clone(), path, rows: Vec::new() });
        };
        let mut rows: BTreeMap<String, CoverageRow> = below
            .into_iter()
            .map(|region| {
                let (code, kinds, missing) = (region.code.to_string(), BTreeMap::new(), BTreeMap::new());
                let (region, name) = (region.code, region.name);
                (
                    code,
                    CoverageRow { region, name, families: 0, accompanied: 0, companions: 0, kinds, missing },
                )
            })
            .collect();
        for row in tx.query(&queries::COVER_PILLARS, params![from, to, width])? {
            if let Some(place) = rows.get_mut(row.text(0)?) {
                place.kinds.insert(row.string(1)?, row.int(2)?);
            }
        }
        for row in tx.query(&queries::COVER_FAMILIES, params![from, to, width])? {
            if let Some(place) = rows.get_mut(row.text(0)?) {
                place.families = row.int(1)?;
            }
        }
        // From a province up, where companions hold their accounts says where their families are, and is counted without them.
        let near = region.level() >= RegionLevel::District;
        let accompanied = if near { &queries::COVER_NEAR } else { &queries::COVER_FAR };
        for row in tx.query(accompanied, params![from, to, width])? {
            if let Some(place) = rows.get_mut(row.text(0)?) {
                (place.accompanied, place.companions) = (row.int(1)?, row.int(2)?);
            }
        }
        for kind in &house.policy.pillars().kinds {
            let Some(level) = kind.one_in_each else { continue };
            for row in tx.query(&queries::COVER_MISSING, params![from, to, width, level as i64, &kind.key])? {
                if let Some(place) = rows.get_mut(row.text(0)?) {
                    place.missing.insert(kind.key.clone(), row.int(1)?);
                }
            }
        }
        Ok(Coverage { region: region.clone(), path, rows: rows.into_values().collect() })
    })
}
