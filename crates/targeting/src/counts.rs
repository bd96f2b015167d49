//! Figures of a run: families by region, outcome and main reason; conditions; components; money. Pure; every
//! sum is checked.

use std::collections::BTreeMap;

use model::{ReasonKind, RegionCode, RegionLevel, Rupiah, RupiahOverflow};

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

/// Counts a settled run.
pub(crate) fn count(plan: &Plan<'_>, settled: &Settled, regions: &Regions) -> Result<Counts, RupiahOverflow> {
    let kinds = 2 * plan.places.len() + 1;
    let mut cells = vec![Cell::default(); regions.paths.len() * kinds];
    let mut counts = Counts {
        conditions: vec![[0; 3]; plan.places.len()],
        components: vec![[0; 3]; plan.components.len()],
        ..Counts::default()
    };
    let judged = &settled.judged;
    for (family, outcome) in settled.outcome.iter().enumerate() {
        let bits = &judged.bits[family];
        let kind = match settled.reason[family] {
            None => 0,
            Some(place) => 1 + 2 * place as usize + usize::from(bits.unknown >> place & 1 == 1),
        };
        let cell = &mut cells[regions.of[family] as usize * kinds + kind];
        cell.families += 1;
        if *outcome == FamilyOutcome::Eligible {
            cell.amount = cell.amount.plus(Rupiah::new(judged.amount[family]))?;
        }
        for (place, counted) in counts.conditions.iter_mut().enumerate() {
            let bit = |mask: u64| i64::from((mask >> place & 1) as u8);
            counted[0] += bit(bits.held);
            counted[1] += bit(bits.failed);
            counted[2] += bit(bits.unknown);
        }
    }
    for (c, counted) in counts.components.iter_mut().enumerate() {
        counted[0] = judged.qualified[c].iter().map(|n| i64::from(*n)).sum();
        for (family, n) in judged.counted[c].iter().enumerate() {
            if *n > 0 && settled.outcome[family] == FamilyOutcome::Eligible {
                counted[1] += i64::from(*n);
                counted[2] += 1;
            }
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

/// The quota's reason is the only one that means waiting.
fn kind_of(plan: &Plan<'_>, kind: usize) -> Kind {
    let Some(reason) = kind.checked_sub(1) else { return (FamilyOutcome::Eligible, None, false) };
    let place = (reason / 2) as u32;
    let waits = plan.places[place as usize].kind == ReasonKind::Quota;
    let outcome = if waits { FamilyOutcome::Waiting } else { FamilyOutcome::NotEligible };
    (outcome, Some(place), reason % 2 == 1)
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
        FamilyOutcome::NotEligible => totals.not_eligible += cell.families,
    }
    let excluded = reason.is_some_and(|place| plan.places[place as usize].kind == ReasonKind::Exclusion);
    totals.excluded += if excluded { cell.families } else { 0 };
    totals.unknown += if unknown { cell.families } else { 0 };
    totals.amount_idr = totals.amount_idr.plus(cell.amount)?;
    Ok(())
}

/// The region and all above it, up to the nation; a path that is no region counts for the nation only.
fn upwards(path: &str) -> Vec<String> {
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
