//! How far each programme has come: the list decided, the money ordered, arrived, taken, returned, and the
//! share absorbed.

use std::collections::BTreeMap;

use access::{House, Scope};
use model::Rupiah;
use serde::Serialize;
use store::{Row, Tx, params};

use crate::{Basis, Error, Figure, Money, Result, Unit, queries};

/// Cycles shown of each programme.
const CYCLES_SHOWN: usize = 12;

/// One programme as it stands.
#[derive(Debug, Clone, Serialize)]
pub struct ProgrammeView {
    /// Its key in the policy pack.
    pub programme: String,
    /// Period of the newest list, if there is one.
    pub period: Option<String>,
    /// That list: its run.
    pub run: Option<String>,
    /// `draft` or `approved`.
    pub state: Option<String>,
    /// Figures of the newest list and the newest cycle within the scope.
    pub figures: Vec<Figure>,
    /// Payment cycles, newest first.
    pub cycles: Vec<Cycle>,
}

/// The money of one cycle within the scope.
#[derive(Debug, Clone, Serialize)]
pub struct Cycle {
    /// Id of the cycle.
    pub cycle_id: i64,
    /// Programme.
    pub programme: String,
    /// Period paid for.
    pub period: String,
    /// Decision run it pays.
    pub run: String,
    /// Sums.
    pub money: Money,
    /// Net realisation in thousandths of the allocation.
    pub absorption_permille: Option<i64>,
    /// What the sums stand on.
    pub basis: Basis,
    /// It pays again what did not arrive, or completes: the list's own cycle stands for the programme.
    pub planned: bool,
}

/// A list of decisions, as its run says.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) run: String,
    pub(crate) programme: String,
    pub(crate) period: String,
    pub(crate) closing: String,
    pub(crate) dataset: String,
    pub(crate) hash: String,
    pub(crate) state: String,
}

/// All programmes of the policy pack, within the scope.
///
/// # Errors
/// The store's.
pub fn programmes(house: &House, scope: &Scope) -> Result<Vec<ProgrammeView>> {
    house.db.read(|tx| read(tx, house, scope))
}

pub(crate) fn read(tx: &mut Tx<'_>, house: &House, scope: &Scope) -> Result<Vec<ProgrammeView>> {
    let runs = newest_runs(tx)?;
    let mut cycles = cycles(tx, house, scope)?;
    let mut out = Vec::new();
    for programme in house.policy.programmes().keys() {
        let run = runs.get(programme);
        let own: Vec<Cycle> =
            cycles.remove(programme).unwrap_or_default().into_iter().take(CYCLES_SHOWN).collect();
        let mut figures = Vec::new();
        if let Some(run) = run {
            figures.extend(decided(tx, scope, run)?);
        }
        if let Some(cycle) = own.iter().find(|cycle| !cycle.planned) {
            figures.extend(paid(cycle)?);
        }
        out.push(ProgrammeView {
            programme: programme.clone(),
            period: run.map(|run| run.period.clone()),
            run: run.map(|run| run.run.clone()),
            state: run.map(|run| run.state.clone()),
            figures,
            cycles: own,
        });
    }
    Ok(out)
}

/// The list that counts for each programme: the newest approved one, or the newest draft while none is
/// approved.
pub(crate) fn newest_runs(tx: &mut Tx<'_>) -> Result<BTreeMap<String, Run>> {
    let mut out: BTreeMap<String, Run> = BTreeMap::new();
    for row in tx.query(&queries::RUNS, &[])? {
        let run = Run::read(&row)?;
        match out.get_mut(&run.programme) {
            None => {
                out.insert(run.programme.clone(), run);
            }
            Some(known) if known.state == "draft" && run.state == "approved" => *known = run,
            Some(_) => {}
        }
    }
    Ok(out)
}

impl Run {
    pub(crate) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            run: row.string(0)?,
            programme: row.string(1)?,
            period: row.string(2)?,
            closing: row.string(3)?,
            dataset: row.string(4)?,
            hash: row.string(5)?,
            state: row.string(6)?,
        })
    }

    pub(crate) fn basis(&self, scope: &Scope) -> Basis {
        Basis {
            region: scope.region().clone(),
            caseload: false,
            as_of: self.closing.clone(),
            source: self.dataset.clone(),
            hash: self.hash.clone(),
        }
    }
}

/// What the list decided in the territory. A caseload has its decisions on the families' own pages, so
/// nothing is summed for it.
fn decided(tx: &mut Tx<'_>, scope: &Scope, run: &Run) -> Result<Vec<Figure>> {
    if scope.caseload() != 0 {
        return Ok(Vec::new());
    }
    let (mut counts, mut amount) = ([0i64; 4], 0i64);
    for row in
        tx.query(&queries::COUNTS_AT, params![&run.run, scope.region().level() as i64, scope.region()])?
    {
        if let Some(count) = usize::try_from(row.int(0)?).ok().and_then(|outcome| counts.get_mut(outcome)) {
            *count += row.int(1)?;
        }
        amount += row.int(2)?;
    }
    let basis = run.basis(scope);
    let families = |key, count: i64| basis.figure(key, Unit::Families, count);
    Ok(vec![
        // Whoever keeps the aid while a notice runs receives it too.
        families("eligible", counts[1] + counts[3]),
        families("waiting", counts[2]),
        families("not_eligible", counts[0]),
        basis.figure("decided", Unit::Rupiah, amount),
    ])
}

fn paid(cycle: &Cycle) -> Result<Vec<Figure>> {
    let (money, basis) = (&cycle.money, &cycle.basis);
    let rupiah = |key, amount: Rupiah| basis.figure(key, Unit::Rupiah, amount.idr());
    Ok(vec![
        rupiah("allocated", money.allocated),
        rupiah("ordered", money.ordered),
        rupiah("topped_up", money.topped_up),
        rupiah("withdrawn", money.withdrawn),
        rupiah("on_card", money.on_card()?),
        rupiah("returned", money.returned),
        rupiah("pending", money.pending()?),
        basis.figure("problems", Unit::Lines, money.problems),
        basis.figure("absorption", Unit::Permille, cycle.absorption_permille),
    ])
}

/// Cycles by programme, newest first, with the money of the scope.
pub(crate) fn cycles(tx: &mut Tx<'_>, house: &House, scope: &Scope) -> Result<BTreeMap<String, Vec<Cycle>>> {
    let mut out: BTreeMap<String, Vec<Cycle>> = BTreeMap::new();
    for row in tx.query(&queries::CYCLES, &[])? {
        let programme = row.string(1)?;
        let known = out.entry(programme.clone()).or_default();
        if known.len() >= CYCLES_SHOWN {
            continue;
        }
        let cycle_id = row.int(0)?;
        let money = sum(money_below(tx, scope, cycle_id, 0)?.into_values())?;
        known.push(Cycle {
            cycle_id,
            programme,
            period: row.string(2)?,
            run: row.string(3)?,
            absorption_permille: money.absorption()?,
            money,
            basis: Basis::living(house, scope, format!("payment_summary/{cycle_id}"), row.text(4)?),
            planned: row.opt_int(8)?.is_some(),
        });
    }
    Ok(out)
}

/// The money of a cycle by the region at `width` characters of the path.
pub(crate) fn money_below(
    tx: &mut Tx<'_>,
    scope: &Scope,
    cycle: i64,
    width: i64,
) -> Result<BTreeMap<String, Money>> {
    let (from, to) = scope.path_range();
    let rows = match scope.caseload() {
        0 => tx.query(&queries::MONEY_BELOW, params![cycle, from, to, width])?,
        user => tx.query(&queries::MONEY_ASSIGNED, params![cycle, from, to, width, user])?,
    };
    rows.iter().map(|row| Ok((row.string(0)?, money(row)?))).collect()
}

fn money(row: &Row) -> Result<Money, store::Error> {
    Ok(Money {
        lines: row.int(1)?,
        allocated: row.rupiah(2)?,
        ordered: row.rupiah(3)?,
        topped_up: row.rupiah(4)?,
        withdrawn: row.rupiah(5)?,
        returned: row.rupiah(6)?,
        unpaid: row.rupiah(7)?,
        problems: row.int(8)?,
    })
}

pub(crate) fn sum(parts: impl Iterator<Item = Money>) -> Result<Money> {
    let mut whole = Money::default();
    for part in parts {
        whole = whole.plus(&part)?;
    }
    Ok(whole)
}

/// Families that receive by the list, by the region below `parent`.
pub(crate) fn eligible_below(tx: &mut Tx<'_>, scope: &Scope, run: &Run) -> Result<BTreeMap<String, i64>> {
    let (from, to) = scope.path_range();
    let level = scope.region().level().below() as i64;
    let rows = tx.query(&queries::COUNTS_BELOW, params![&run.run, level, from, to])?;
    rows.iter().map(|row| Ok::<_, Error>((row.string(0)?, row.int(1)?))).collect()
}
