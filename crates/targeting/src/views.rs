//! What pages, `--json` and tests read: programmes with their rule in words, runs with their figures, and the
//! families of a run. Figures are of the scope's territory or caseload; families are those in the scope and nobody else.

use std::collections::BTreeMap;

use access::{House, Scope};
use arrow_array::{
    Array, RecordBatch,
    cast::AsArray,
    types::{Int8Type, Int32Type, Int64Type},
};
use jiff::civil::Date;
use model::{Outcome, RegionCode, RegionLevel, Rupiah};
use policy::{Policy, Programme, ProgrammeVersion};
use rules::Label;
use serde::Serialize;
use store::{Page, Paged, params};

use crate::{
    CeilingView, DecisionRun, Error, FamilyOutcome, Result, ceilings,
    changes::codes,
    columns::int64,
    counts::level_number,
    decide::{read_run, read_run_by_id, text_column},
    queries,
    rule_view::{
        ComponentRule, ConditionRule, QuotaRule, component_rules, condition_rules, figures_of, quota_rule,
    },
};

/// Runs shown on a programme's page.
const RUNS_SHOWN: i64 = 20;
/// Regions of a quota shown at once.
const QUOTAS_SHOWN: i64 = 1_000;

/// A programme in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProgrammeLine {
    /// Key.
    pub key: String,
    /// Name.
    pub label: Label,
    /// What it is for.
    pub purpose: Label,
    /// Whether a rule is in force today.
    pub in_force: bool,
    /// Its latest run: of the latest period, approved before draft.
    pub latest: Option<DecisionRun>,
    /// That run's outcomes in the scope's territory.
    pub outcomes: Vec<OutcomeCount>,
}

/// Families of one outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutcomeCount {
    /// The outcome.
    pub outcome: FamilyOutcome,
    /// Families.
    pub families: i64,
    /// What they receive.
    pub amount_idr: Rupiah,
}

/// Families with one main reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonCount {
    /// Its code; empty for those who receive.
    pub code: String,
    /// Its words.
    pub text: Label,
    /// The outcome it led to.
    pub outcome: FamilyOutcome,
    /// Whether the condition could not be answered for these families.
    pub unknown: bool,
    /// Families.
    pub families: i64,
}

/// Figures of one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegionCount {
    /// Its path.
    pub region: String,
    /// Families of the closing.
    pub families: i64,
    /// That receive.
    pub eligible: i64,
    /// That wait.
    pub waiting: i64,
    /// That keep their aid while their notice runs.
    pub kept: i64,
    /// What is paid there.
    pub amount_idr: Rupiah,
}

/// Places of one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuotaCount {
    /// Its path.
    pub region: String,
    /// Families of the closing.
    pub families: i64,
    /// Places.
    pub places: i64,
    /// Families that would receive.
    pub eligible: i64,
    /// Places taken by those who pass.
    pub used: i64,
    /// Families that keep theirs while their notice runs.
    pub kept: i64,
    /// Families that wait.
    pub waiting: i64,
}

/// A programme with its rule in words and its latest run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProgrammePage {
    /// Key.
    pub key: String,
    /// Name.
    pub label: Label,
    /// What it is for.
    pub purpose: Label,
    /// Remarks.
    pub note: Option<Label>,
    /// Key of the version shown.
    pub version: String,
    /// First day of the version.
    pub valid_from: String,
    /// Last day; none while in force.
    pub valid_to: Option<String>,
    /// The acts it rests on.
    pub legal_basis: String,
    /// Remarks on the version.
    pub version_note: Option<Label>,
    /// Conditions in the order in which they are asked.
    pub conditions: Vec<ConditionRule>,
    /// Components, disabled ones too.
    pub components: Vec<ComponentRule>,
    /// Limits over all components.
    pub cap: Option<policy::Cap>,
    /// An amount for every family.
    pub flat: Option<policy::Flat>,
    /// Places.
    pub quota: Option<QuotaRule>,
    /// Other programmes.
    pub combinations: Vec<policy::Combination>,
    /// How often.
    pub schedule: policy::Schedule,
    /// Key of the channel, where money goes out.
    pub channel: Option<String>,
    /// Budget line.
    pub budget_line: String,
    /// What proves that the money arrived.
    pub proof: Vec<policy::ReasonWords>,
    /// What ends the aid.
    pub ends: Vec<policy::ReasonWords>,
    /// The run whose figures are shown.
    pub run: Option<RunPage>,
    /// All its runs, latest first.
    pub runs: Vec<DecisionRun>,
}

/// A run with its figures in the scope's territory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunPage {
    /// The run.
    pub run: DecisionRun,
    /// The territory of the figures.
    pub region: String,
    /// The figures are of the families given to the reader, not of the territory.
    pub caseload: bool,
    /// By outcome.
    pub outcomes: Vec<OutcomeCount>,
    /// By main reason, most families first.
    pub reasons: Vec<ReasonCount>,
    /// Places by region, those of the territory.
    pub quota: Vec<QuotaCount>,
    /// Regions one level below the territory.
    pub regions: Vec<RegionCount>,
    /// The list beside its ceilings; empty for who does not look on the whole country, and where no source states one.
    pub ceilings: Vec<CeilingView>,
}

/// A family in the list of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FamilyLine {
    /// Its id.
    pub family_id: i64,
    /// Its village.
    pub region: String,
    /// Its decile.
    pub decile: Option<i64>,
    /// How it came out.
    pub outcome: FamilyOutcome,
    /// What it receives for the period.
    pub amount_idr: Rupiah,
    /// Its rank in the quota of its region.
    pub quota_place: Option<i64>,
}

/// All programmes, with their latest runs.
///
/// # Errors
/// The database's.
pub fn programmes(house: &House, scope: &Scope) -> Result<Vec<ProgrammeLine>> {
    let today = house.clock.today();
    let line = |programme: &Programme| -> Result<ProgrammeLine> {
        let latest = latest_run(house, &programme.key)?;
        let outcomes = match &latest {
            Some(run) => outcomes(&counts_in(house, scope, run)?),
            None => Vec::new(),
        };
        Ok(ProgrammeLine {
            key: programme.key.clone(),
            label: programme.label.clone(),
            purpose: programme.purpose.clone(),
            in_force: programme.on(today).is_some(),
            latest,
            outcomes,
        })
    };
    house.policy.programmes().values().map(line).collect()
}

/// A programme's page: the rule of `run` or, without one, of the latest run, else the rule of today.
///
/// # Errors
/// [`Error::NoProgramme`], [`Error::NoRun`] for a run that is not of this programme, the database's.
pub fn programme_page(
    house: &House,
    scope: &Scope,
    programme: &str,
    run: Option<&str>,
) -> Result<ProgrammePage> {
    let found = house.policy.programme(programme).ok_or_else(|| Error::NoProgramme(programme.to_owned()))?;
    let run = match run {
        Some(id) => Some(read_run_by_id(house, id)?),
        None => latest_run(house, programme)?,
    };
    if let Some(other) = run.as_ref().filter(|run| run.programme != programme) {
        return Err(Error::NoRun(other.run.clone()));
    }
    let (version, day) = version_of(house, found, run.as_ref())?;
    let runs = house.db.read(|tx| tx.query(&queries::RUNS_OF, params![programme, RUNS_SHOWN]))?;
    let figures = match &run {
        Some(run) => Some(figures_of(house, &run.run)?),
        None => None,
    };
    let params = version.params(day);
    Ok(ProgrammePage {
        key: found.key.clone(),
        label: found.label.clone(),
        purpose: found.purpose.clone(),
        note: found.note.clone(),
        version: version.key.clone(),
        valid_from: version.valid_from.to_string(),
        valid_to: version.valid_to.map(|day| day.to_string()),
        legal_basis: version.legal_basis.clone(),
        version_note: version.note.clone(),
        conditions: condition_rules(version, &params, figures.as_ref()),
        components: component_rules(version, &params, figures.as_ref()),
        cap: version.cap.clone(),
        flat: version.flat.clone(),
        quota: quota_rule(version, &params),
        combinations: version.combinations.clone(),
        schedule: version.schedule.clone(),
        channel: version.channel.clone(),
        budget_line: version.budget_line.clone(),
        proof: version.proof.clone(),
        ends: version.ends.clone(),
        run: run.map(|run| page_of_run(house, scope, run)).transpose()?,
        runs: runs.iter().map(read_run).collect::<Result<_>>()?,
    })
}

/// All runs, latest first.
///
/// # Errors
/// The database's, or a mark that is none.
pub fn runs(house: &House, _scope: &Scope, page: &Page) -> Result<Paged<DecisionRun>> {
    // '~' lies behind every hex digit.
    let start = vec![store::Value::Int(i64::MAX), "~".into()];
    let mut keys = page.keys(2)?.unwrap_or(start);
    keys.push(page.fetch().into());
    let rows = house.db.read(|tx| tx.query(&queries::RUNS_PAGE, &keys))?;
    let rows: Vec<DecisionRun> = rows.iter().map(read_run).collect::<Result<_>>()?;
    Ok(page.page(rows, |run| vec![run.made_at_ms.into(), (&run.run).into()]))
}

/// Runs whose list has this hash, as it stands on a paper.
///
/// # Errors
/// The database's.
pub fn runs_of_hash(house: &House, _scope: &Scope, hash: &str) -> Result<Vec<DecisionRun>> {
    let rows = house.db.read(|tx| tx.query(&queries::RUNS_OF_HASH, params![hash]))?;
    rows.iter().map(read_run).collect()
}

/// One run with its figures.
///
/// # Errors
/// [`Error::NoRun`], the database's.
pub fn run_page(house: &House, scope: &Scope, run: &str) -> Result<RunPage> {
    page_of_run(house, scope, read_run_by_id(house, run)?)
}

/// Figures of a run by region, one level below `region` (which must lie in the scope).
///
/// # Errors
/// [`Error::NotFound`] outside the scope, the database's.
pub fn region_counts(
    house: &House,
    scope: &Scope,
    run: &str,
    region: &RegionCode,
) -> Result<Vec<RegionCount>> {
    if !scope.covers(region) {
        return Err(Error::NotFound);
    }
    let below = (level_number(region.level()) + 1).min(4);
    let (from, to) = region.path_range();
    let rows = house.db.read(|tx| tx.query(&queries::COUNTS_OF_LEVEL, params![run, below, from, to]))?;
    let mut out: Vec<RegionCount> = Vec::new();
    for row in &rows {
        let name = row.text(0)?;
        if out.last().is_none_or(|last| last.region != name) {
            let amount_idr = Rupiah::ZERO;
            out.push(RegionCount {
                region: name.to_owned(),
                families: 0,
                eligible: 0,
                waiting: 0,
                kept: 0,
                amount_idr,
            });
        }
        let Some(last) = out.last_mut() else { continue };
        let families = row.int(2)?;
        last.families += families;
        match FamilyOutcome::from_code(row.int(1)?) {
            Some(FamilyOutcome::Eligible) => last.eligible += families,
            Some(FamilyOutcome::Waiting) => last.waiting += families,
            Some(FamilyOutcome::Kept) => last.kept += families,
            _ => {}
        }
        last.amount_idr = last.amount_idr.plus(row.rupiah(3)?)?;
    }
    Ok(out)
}

/// Families of a run with one outcome, in the scope, by id.
///
/// # Errors
/// [`Error::NoRun`], the lake's, or a mark that is none.
pub fn run_families(
    house: &House,
    scope: &Scope,
    run: &str,
    outcome: FamilyOutcome,
    page: &Page,
) -> Result<Paged<FamilyLine>> {
    const COLUMNS: [&str; 6] = ["family_id", "region", "decile", "outcome", "amount_idr", "quota_place"];
    let run = read_run_by_id(house, run)?;
    let list = house.lake.require(&run.dataset)?;
    let after = page.after_int(i64::MIN)?;
    let wanted = page.rows() + 1;
    let mut lines = Vec::with_capacity(wanted);
    if let Some(mut ids) = own_families(house, scope)? {
        ids.retain(|id| *id > after);
        let found = list.lookup("family_id", &ids, &COLUMNS)?;
        collect_lines(&found, scope, outcome, after, wanted, &mut lines)?;
    } else {
        for group in groups_from(&list, after.saturating_add(1))? {
            let found = list.read_group(group, &COLUMNS)?;
            collect_lines(&found, scope, outcome, after, wanted, &mut lines)?;
            if lines.len() >= wanted {
                break;
            }
        }
    }
    Ok(page.page(lines, |line| vec![line.family_id.into()]))
}

fn collect_lines(
    found: &RecordBatch,
    scope: &Scope,
    outcome: FamilyOutcome,
    after: i64,
    wanted: usize,
    lines: &mut Vec<FamilyLine>,
) -> Result<()> {
    let ids = int64(found, "family_id")?;
    let regions = text_column(found, "region");
    let outcomes = found.column(3).as_primitive::<Int8Type>();
    for (row, region) in regions.into_iter().enumerate() {
        let region = region.unwrap_or_default();
        if outcomes.value(row) != outcome.code() || outside(scope, region) || ids.value(row) <= after {
            continue;
        }
        let small = |column: usize| {
            let column = found.column(column).as_primitive::<Int32Type>();
            column.is_valid(row).then(|| i64::from(column.value(row)))
        };
        lines.push(FamilyLine {
            family_id: ids.value(row),
            region: region.to_owned(),
            decile: small(2),
            outcome,
            amount_idr: Rupiah::new(found.column(4).as_primitive::<Int64Type>().value(row)),
            quota_place: small(5),
        });
        if lines.len() >= wanted {
            break;
        }
    }
    Ok(())
}

/// The parts of a list, sorted by `family_id`, that may hold families from `first` on.
pub(crate) fn groups_from(list: &lake::Dataset, first: i64) -> Result<Vec<usize>> {
    let groups: Vec<_> = list.row_groups().into_iter().filter(|group| group.rows > 0).collect();
    let ends: Vec<u64> = groups.iter().map(|group| group.first_row + group.rows - 1).collect();
    if ends.is_empty() {
        return Ok(Vec::new());
    }
    let lasts = list.rows_at(&ends, &["family_id"])?;
    let skip = int64(&lasts, "family_id")?.values().partition_point(|last| *last < first);
    Ok(groups[skip..].iter().map(|group| group.index).collect())
}

/// Whether a region lies outside the scope's territory.
pub(crate) fn outside(scope: &Scope, region: &str) -> bool {
    let (from, to) = scope.path_range();
    region < from || region >= to
}

/// The families of a caseload, ascending; none for a scope that is a territory.
pub(crate) fn own_families(house: &House, scope: &Scope) -> Result<Option<Vec<i64>>> {
    if scope.caseload() == 0 {
        return Ok(None);
    }
    let rows = house.db.read(|tx| tx.query(&queries::ASSIGNED, params![scope.caseload()]))?;
    Ok(Some(rows.iter().map(|row| row.int(0)).collect::<Result<_, _>>()?))
}

fn latest_run(house: &House, programme: &str) -> Result<Option<DecisionRun>> {
    let row = house.db.read(|tx| tx.query_opt(&queries::RUN_LATEST, params![programme]))?;
    row.as_ref().map(read_run).transpose()
}

/// The version and day of a run, or those of today, or the last version of a programme that has ended.
fn version_of<'a>(
    house: &House,
    programme: &'a Programme,
    run: Option<&DecisionRun>,
) -> Result<(&'a ProgrammeVersion, Date)> {
    let today = house.clock.today();
    let of_run = run.and_then(|run| {
        let version = programme.versions.iter().find(|version| version.key == run.version)?;
        Some((version, run.reference_date.parse().unwrap_or(today)))
    });
    let last = || programme.versions.last().map(|version| (version, today));
    of_run
        .or_else(|| programme.on(today).map(|version| (version, today)))
        .or_else(last)
        .ok_or_else(|| Error::NoVersion { programme: programme.key.clone(), period: today.to_string() })
}

struct CountRow {
    outcome: FamilyOutcome,
    reason: String,
    unknown: bool,
    families: i64,
    amount: Rupiah,
}

fn counts_of(house: &House, run: &str, region: &RegionCode) -> Result<Vec<CountRow>> {
    let values = params![run, level_number(region.level()), region];
    let rows = house.db.read(|tx| tx.query(&queries::COUNTS_OF_REGION, values))?;
    let read = |row: &store::Row| -> Result<CountRow> {
        let broken =
            || Error::BrokenRun { run: run.to_owned(), why: "an outcome without meaning".to_owned() };
        Ok(CountRow {
            outcome: FamilyOutcome::from_code(row.int(0)?).ok_or_else(broken)?,
            reason: row.string(1)?,
            unknown: row.bool(2)?,
            families: row.int(3)?,
            amount: row.rupiah(4)?,
        })
    };
    rows.iter().map(read).collect()
}

fn outcomes(rows: &[CountRow]) -> Vec<OutcomeCount> {
    let sum = |outcome: FamilyOutcome| {
        let of = || rows.iter().filter(|row| row.outcome == outcome);
        OutcomeCount {
            outcome,
            families: of().map(|row| row.families).sum(),
            // Parts of a total that was checked when the run was made.
            amount_idr: Rupiah::sum(of().map(|row| row.amount)).unwrap_or_default(),
        }
    };
    // Nobody is kept by a list that follows none: then nothing is said of it.
    FamilyOutcome::ALL
        .into_iter()
        .map(sum)
        .filter(|one| one.families > 0 || one.outcome != FamilyOutcome::Kept)
        .collect()
}

/// Outcomes of a run in the territory, or in the caseload, of whoever asks.
///
/// # Errors
/// The database's, the lake's.
pub fn run_outcomes(house: &House, scope: &Scope, run: &DecisionRun) -> Result<Vec<OutcomeCount>> {
    Ok(outcomes(&counts_in(house, scope, run)?))
}

/// Counts of the territory as they were kept with the run; a caseload is counted family by family.
fn counts_in(house: &House, scope: &Scope, run: &DecisionRun) -> Result<Vec<CountRow>> {
    let Some(ids) = own_families(house, scope)? else {
        return counts_of(house, &run.run, scope.region());
    };
    let codes = house.db.read(|tx| codes(tx, &run.run))?;
    const COLUMNS: [&str; 5] = ["region", "outcome", "amount_idr", "reason", "unknown"];
    let found = house.lake.require(&run.dataset)?.lookup("family_id", &ids, &COLUMNS)?;
    count_rows(&found, scope, &codes)
}

/// Counts of these rows of a list; `codes` are the codes of its conditions by place.
fn count_rows(found: &RecordBatch, scope: &Scope, codes: &[String]) -> Result<Vec<CountRow>> {
    let outcomes = found.column(1).as_primitive::<Int8Type>();
    let amounts = found.column(2).as_primitive::<Int64Type>();
    let reasons = found.column(3).as_primitive::<Int32Type>();
    let unknown = found.column(4).as_primitive::<Int64Type>();
    let mut cells: BTreeMap<(i8, String, bool), (i64, Rupiah)> = BTreeMap::new();
    for (row, region) in text_column(found, "region").into_iter().enumerate() {
        if outside(scope, region.unwrap_or_default()) {
            continue;
        }
        let place = reasons.is_valid(row).then(|| i64::from(reasons.value(row)));
        let reason =
            place.and_then(|place| codes.get(usize::try_from(place).ok()?).cloned()).unwrap_or_default();
        let is_unknown = place.is_some_and(|place| unknown.value(row) >> place.clamp(0, 62) & 1 == 1);
        let cell = cells.entry((outcomes.value(row), reason, is_unknown)).or_default();
        cell.0 += 1;
        if FamilyOutcome::from_code(outcomes.value(row).into()).is_some_and(FamilyOutcome::receives) {
            cell.1 = cell.1.plus(Rupiah::new(amounts.value(row)))?;
        }
    }
    let row = |((outcome, reason, unknown), (families, amount))| {
        let outcome = FamilyOutcome::from_code(i64::from(outcome))?;
        Some(CountRow { outcome, reason, unknown, families, amount })
    };
    Ok(cells.into_iter().filter_map(row).collect())
}

fn page_of_run(house: &House, scope: &Scope, run: DecisionRun) -> Result<RunPage> {
    let rows = counts_in(house, scope, &run)?;
    let mut reasons: Vec<ReasonCount> = rows
        .iter()
        .filter(|row| !row.reason.is_empty() && row.outcome != FamilyOutcome::Kept)
        .map(|row| ReasonCount {
            code: row.reason.clone(),
            text: reason_text(&house.policy, &run, &row.reason),
            outcome: row.outcome,
            unknown: row.unknown,
            families: row.families,
        })
        .collect();
    reasons.sort_by(|a, b| b.families.cmp(&a.families).then_with(|| a.code.cmp(&b.code)));
    let (from, to) = scope.path_range();
    let whole = scope.caseload() == 0;
    let quotas = house.db.read(|tx| tx.query(&queries::QUOTAS, params![&run.run, from, to, QUOTAS_SHOWN]))?;
    Ok(RunPage {
        region: scope.region().to_string(),
        outcomes: outcomes(&rows),
        reasons,
        quota: quotas.iter().map(quota_count).collect::<Result<_>>()?,
        // Whoever has a caseload looks on families, not on regions.
        regions: if whole { region_counts(house, scope, &run.run, scope.region())? } else { Vec::new() },
        caseload: !whole,
        ceilings: if whole && scope.region().level() == RegionLevel::Nation {
            ceilings(house, &run)?
        } else {
            Vec::new()
        },
        run,
    })
}

pub(crate) fn quota_count(row: &store::Row) -> Result<QuotaCount> {
    Ok(QuotaCount {
        region: row.string(0)?,
        families: row.int(1)?,
        places: row.int(2)?,
        eligible: row.int(3)?,
        used: row.int(4)?,
        kept: row.int(5)?,
        waiting: row.int(6)?,
    })
}

/// The words of a reason in the version of a run, or of what became of a family that is gone; its code where the pack no longer has it.
pub(crate) fn reason_text(policy: &Policy, run: &DecisionRun, code: &str) -> Label {
    if let Some(gone) = policy.settings().notice.gone_reason(code) {
        return gone.text.clone();
    }
    let version = policy
        .programme(&run.programme)
        .and_then(|programme| programme.versions.iter().find(|version| version.key == run.version));
    version.map_or_else(|| Label::new(code, code), |version| version_reason(version, code))
}

/// The words of a reason in a version; its code where it has none of that code.
pub(crate) fn version_reason(version: &ProgrammeVersion, code: &str) -> Label {
    let eligibility = version.eligibility.iter().map(|c| (&c.code, &c.text));
    let exclusions = version.exclusions.iter().map(|c| (&c.code, &c.text));
    let needs = version.needs_component.iter().map(|c| (&c.code, &c.text));
    let combinations = version.combinations.iter().map(|c| (&c.reason.code, &c.reason.text));
    let quota = version.quota.iter().map(|c| (&c.reason.code, &c.reason.text));
    let mut all = eligibility.chain(exclusions).chain(needs).chain(combinations).chain(quota);
    let found = all.find(|(known, _)| known.as_str() == code);
    found.map_or_else(|| Label::new(code, code), |(_, text)| text.clone())
}

/// Three truth values of a place in stored masks.
pub(crate) fn outcome_at(held: i64, failed: i64, place: u32) -> Outcome {
    let bit = |mask: i64| mask >> place & 1 == 1;
    match (bit(held), bit(failed)) {
        (true, _) => Outcome::True,
        (_, true) => Outcome::False,
        _ => Outcome::Unknown,
    }
}
