//! Figures of a run: families by region, outcome and main reason; conditions; components; money. Pure; every
//! sum is checked.

use std::{collections::BTreeMap, ops::Range};

use model::{ReasonKind, RegionCode, RegionLevel, Rupiah, RupiahOverflow};
use rayon::prelude::*;

use crate::{FamilyOutcome, decide::Totals, plan::Plan, quota::Regions, settle::Settled};

/// Families and money of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cell {
    pub(crate) families: i64,
    pub(crate) amount: Rupiah,
}

/// What a cell is about: outcome, place of the main reason, whether its condition is unknown.
pub(crate) type Kind = (FamilyOutcome, Option<u32>, bool);

/// All figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) totals: Totals,
    /// By region at every level.
    pub(crate) by_region: BTreeMap<(String, Kind), Cell>,
    /// For each place: held, failed, unknown.
    pub(crate) conditions: Vec<[i64; 3]>,
    /// For each component: members who qualify, members who count in families that receive, such families.
    pub(crate) components: Vec<[i64; 3]>,
}

/// Sums of some families.
struct Sums {
    /// By village and kind: `village * kinds + kind`.
    cells: Vec<Cell>,
    components: Vec<[i64; 3]>,
}

/// Sums are made by so many hands at most: each holds a cell for every village and reason.
const HANDS_MAX: usize = 8;

/// Counts a settled run, on several cores; sums do not depend on how many.
pub(crate) fn count(settled: &Settled<'_>, regions: &Regions) -> Result<Counts, RupiahOverflow> {
    let plan = settled.plan;
    let kinds = kinds_of(plan);
    let families = settled.families();
    let hands = rayon::current_num_threads().clamp(1, HANDS_MAX);
    let share = families.div_ceil(hands).max(1);
    let parts: Vec<Sums> = (0..families.div_ceil(share))
        .into_par_iter()
        .map(|hand| sums(settled, regions, hand * share..families.min((hand + 1) * share)))
        .collect::<Result<_, RupiahOverflow>>()?;
    let mut counts = Counts {
        conditions: plan.places.iter().map(|place| settled.figures(place)).collect(),
        components: vec![[0; 3]; plan.components.len()],
        ..Counts::default()
    };
    let mut cells = vec![Cell::default(); regions.paths.len() * kinds];
    for part in parts {
        add(&mut counts.components, &part.components);
        for (sum, cell) in cells.iter_mut().zip(part.cells) {
            sum.families += cell.families;
            sum.amount = sum.amount.plus(cell.amount)?;
        }
    }
    for (at, cell) in cells.into_iter().enumerate().filter(|(_, cell)| cell.families > 0) {
        let kind = kind_of(plan, at % kinds);
        for region in upwards(&regions.paths[at / kinds]) {
            let sum = counts.by_region.entry((region, kind)).or_default();
            sum.families += cell.families;
            sum.amount = sum.amount.plus(cell.amount)?;
        }
        add_to_totals(plan, &mut counts.totals, kind, cell)?;
    }
    Ok(counts)
}

fn add(sums: &mut [[i64; 3]], more: &[[i64; 3]]) {
    for (sum, more) in sums.iter_mut().flatten().zip(more.iter().flatten()) {
        *sum += more;
    }
}

fn sums(settled: &Settled<'_>, regions: &Regions, families: Range<usize>) -> Result<Sums, RupiahOverflow> {
    let plan = settled.plan;
    let kinds = kinds_of(plan);
    let mut cells = vec![Cell::default(); regions.paths.len() * kinds];
    let mut components = vec![[0; 3]; plan.components.len()];
    for family in families {
        let kind = match settled.reason(family) {
            None => 0,
            Some(place) => {
                let how =
                    if settled.kept(family).is_some() { 2 } else { usize::from(settled.is_unknown(family)) };
                1 + 3 * place as usize + how
            }
        };
        let cell = &mut cells[regions.of[family] as usize * kinds + kind];
        cell.families += 1;
        cell.amount = cell.amount.plus(settled.given(family)?.0)?;
        for (c, sums) in components.iter_mut().enumerate() {
            sums[0] += i64::from(settled.qualified[c][family]);
            let counted = i64::from(settled.counted[c][family]);
            if kind == 0 && counted > 0 {
                sums[1] += counted;
                sums[2] += 1;
            }
        }
    }
    Ok(Sums { cells, components })
}

/// Kinds of cells: those who receive; and for each reason the others, those of whom it is not known, and those who keep their aid for now.
fn kinds_of(plan: &Plan<'_>) -> usize {
    3 * plan.places.len() + 1
}

/// The quota's reason is the only one that means waiting.
fn kind_of(plan: &Plan<'_>, kind: usize) -> Kind {
    let Some(reason) = kind.checked_sub(1) else { return (FamilyOutcome::Eligible, None, false) };
    let place = (reason / 3) as u32;
    if reason % 3 == 2 {
        return (FamilyOutcome::Kept, Some(place), false);
    }
    let waits = plan.places[place as usize].kind == ReasonKind::Quota;
    let outcome = if waits { FamilyOutcome::Waiting } else { FamilyOutcome::NotEligible };
    (outcome, Some(place), reason % 3 == 1)
}

fn add_to_totals(
    plan: &Plan<'_>,
    totals: &mut Totals,
    (outcome, reason, unknown): Kind,
    cell: Cell,
) -> Result<(), RupiahOverflow> {
    totals.families += cell.families;
    match outcome {
        FamilyOutcome::Eligible => totals.eligible += cell.families,
        FamilyOutcome::Waiting => totals.waiting += cell.families,
        FamilyOutcome::Kept => totals.kept += cell.families,
        FamilyOutcome::NotEligible => totals.not_eligible += cell.families,
    }
    let excluded = outcome == FamilyOutcome::NotEligible
        && reason.is_some_and(|place| plan.places[place as usize].kind == ReasonKind::Exclusion);
    totals.excluded += if excluded { cell.families } else { 0 };
    totals.unknown += if unknown { cell.families } else { 0 };
    totals.amount_idr = totals.amount_idr.plus(cell.amount)?;
    Ok(())
}

/// The region and all above it, up to the nation; a path that is no region counts for the nation only.
pub(crate) fn upwards(path: &str) -> Vec<String> {
    let mut out = Vec::with_capacity(5);
    let mut next = RegionCode::parse(path).ok();
    while let Some(region) = next {
        next = region.parent();
        out.push(region.to_string());
    }
    if out.is_empty() {
        out.push(String::new());
    }
    out
}

/// Depth of a region by its path, as kept in the table; a path that is no region counts for the nation.
pub(crate) fn level_of(region: &str) -> i64 {
    RegionCode::parse(region).map_or(0, |code| level_number(code.level()))
}

/// Depth of a region as kept in the table: 0 nation to 4 village.
pub(crate) fn level_number(level: RegionLevel) -> i64 {
    match level {
        RegionLevel::Nation => 0,
        RegionLevel::Province => 1,
        RegionLevel::District => 2,
        RegionLevel::Subdistrict => 3,
        RegionLevel::Village => 4,
    }
}
