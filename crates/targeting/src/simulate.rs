//! What a change of rules would do, before anybody is hurt: two packs on one closing, family by family, told as sums. Nothing is kept
//! but what the caller keeps; no list is made, nobody is named outside the territory.
//!
//! Both packs are read in one pass. A programme that the other one blocks or needs is settled after it, by the same pack.

use std::collections::BTreeMap;

use access::{House, Scope};
use arrow_array::{Array, RecordBatch, cast::AsArray, types::Int32Type};
use model::{Month, Progress, Rupiah};
use policy::{Fact, FactMark, Policy};
use rules::{Expr, Label};
use serde::{Deserialize, Serialize};

use crate::{
    Error, FamilyOutcome, Result, Wish,
    closing::Closing,
    columns::{Judged, int64},
    decide::{in_order, judge_all, others, text_column},
    pass::Pass,
    plan::{Bits, PlaceKind, Plan},
    quota::Regions,
    settle::{Settled, settle},
    trial::{Areas, SMALL_CELL, refuse_sealed},
};

/// What is asked of a simulation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Numbers that the other pack sets otherwise.
    pub settings: Vec<policy::Setting>,
    /// Who should receive, as a condition over `family.*`; empty: nobody is asked about.
    pub truth: String,
    /// Find the share of the quota at which the other rule of a programme costs no more than this, in rupiah for the period.
    pub budget_idr: Option<i64>,
}

/// Two rules of one programme side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Key of the programme.
    pub programme: String,
    /// What is decided for.
    pub period: String,
    /// By the pack as it is, and by the other.
    pub sides: [Side; 2],
    /// What happens to families, in the order of [`Move::ALL`].
    pub moves: Vec<Moved>,
    /// By decile 1 to 10, then none.
    pub deciles: Vec<Part>,
    /// By the region below the territory.
    pub regions: Vec<Part>,
    /// By the groups that facts mark.
    pub groups: Vec<Part>,
    /// Families that would get less or nothing, and whom a fact says to look at first.
    pub look_first: Vec<LookFirst>,
    /// For each condition of the other rule: families who fail by it alone.
    pub only: Vec<(String, Label, i64)>,
    /// The share of the quota that fits the budget, if one was asked for and the rule has a quota.
    pub share_that_fits: Option<u32>,
}

/// One rule's sums.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// Key of the version.
    pub version: String,
    /// Families that receive.
    pub eligible: i64,
    /// That wait for a place.
    pub waiting: i64,
    /// For the period.
    pub amount_idr: Rupiah,
    /// How unequal the transfers are over all families of the territory: 0 alike, 1 all to one.
    pub gini: f64,
    /// Against the truth: of those who should receive, how many do, in thousandths.
    pub coverage_permille: Option<i64>,
    /// Of those who receive, how many should not, in thousandths.
    pub inclusion_error_permille: Option<i64>,
}

/// What a change does to a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Move {
    /// Receives by the other rule only.
    Enters,
    /// Receives by the present rule only.
    Leaves,
    /// Receives less.
    Less,
    /// Receives more.
    More,
    /// Receives the same.
    Same,
}

impl Move {
    /// All, in the order of the figures.
    pub const ALL: [Self; 5] = [Self::Enters, Self::Leaves, Self::Less, Self::More, Self::Same];

    fn of(before: Option<i64>, after: Option<i64>) -> Option<Self> {
        Some(match (before, after) {
            (None, None) => return None,
            (None, Some(_)) => Self::Enters,
            (Some(_), None) => Self::Leaves,
            (Some(before), Some(after)) if after < before => Self::Less,
            (Some(before), Some(after)) if after > before => Self::More,
            _ => Self::Same,
        })
    }
}

/// Families with one move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The move.
    pub what: Move,
    /// Families.
    pub families: i64,
    /// What the period costs more or less for them.
    pub change_idr: i64,
}

/// A part of the territory's families.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Decile, path of a region, or name of a fact.
    pub key: String,
    /// Words, where the key is a fact.
    pub label: Label,
    /// Families.
    pub families: i64,
    /// Families that receive, by each rule; none for a small cell.
    pub eligible: [Option<i64>; 2],
    /// What they receive.
    pub amount_idr: [i64; 2],
    /// Families that enter; none for a small cell.
    pub enters: Option<i64>,
    /// Families that leave; none for a small cell.
    pub leaves: Option<i64>,
}

/// Families to look at before anything ends for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookFirst {
    /// Name of the fact.
    pub fact: String,
    /// Its words.
    pub label: Label,
    /// Families that leave or get less.
    pub families: i64,
}

/// Compares the pack in force with `other` for some programmes. Figures are of the scope's territory.
///
/// # Errors
/// As [`crate::decide_all`]; the packs must have the same facts; the truth must be a condition over families.
pub fn simulate(
    house: &House,
    scope: &Scope,
    other: &Policy,
    wishes: &[Wish],
    closing: Month,
    question: &Question,
    progress: &dyn Progress,
) -> Result<Vec<Comparison>> {
    let same =
        |(a, b): (&Fact, &Fact)| a.column == b.column && crate::plan::rule_of(a) == crate::plan::rule_of(b);
    let own = house.policy.facts();
    if own.len() != other.facts().len() || !own.iter().zip(other.facts()).all(same) {
        return Err(Error::OtherFacts);
    }
    let truth = match question.truth.trim() {
        "" => None,
        text => Some(Expr::condition(text, &house.policy.rule_schema()).map_err(Error::Expression)?),
    };
    if truth.as_ref().is_some_and(|truth| truth.columns().iter().any(|name| name.starts_with("person."))) {
        return Err(Error::TwoSubjects);
    }
    if let Some(truth) = &truth {
        refuse_sealed(&house.policy, truth)?;
    }
    let plan = |policy, wish: &Wish| Plan::new(policy, &wish.programme, wish.period, closing);
    let plans: Vec<Plan<'_>> = wishes
        .iter()
        .map(|wish| plan(&house.policy, wish))
        .chain(wishes.iter().map(|wish| plan(other, wish)))
        .collect::<Result<_>>()?;
    let marks: Vec<&Fact> = own.iter().filter(|fact| fact.mark.is_some()).collect();
    let pass = Pass::new(&house.policy, plans).with_extras(&house.policy, truth.as_ref(), &marks);
    let source = Closing::open(&house.lake, closing)?;
    let families = source.all_families(&pass.sources.family_columns)?;
    let judged = judge_all(&pass, &source, &families, progress)?;
    let regions = Regions::new(&text_column(&families, "region"));
    let areas = Areas::new(&regions, scope);
    let world = World {
        house,
        pass: &pass,
        judged: &judged,
        families: &families,
        regions: &regions,
        areas: &areas,
        marks,
    };
    let halves = [world.settle_half(0..wishes.len())?, world.settle_half(wishes.len()..2 * wishes.len())?];
    let [before, after] = &halves;
    before.iter().zip(after).map(|(before, after)| world.compare(before, after, question)).collect()
}

struct World<'a> {
    house: &'a House,
    pass: &'a Pass<'a>,
    judged: &'a Judged,
    families: &'a RecordBatch,
    regions: &'a Regions,
    areas: &'a Areas,
    marks: Vec<&'a Fact>,
}

impl<'a> World<'a> {
    /// Settles the plans of one pack, each after those it waits for.
    fn settle_half(&self, numbers: std::ops::Range<usize>) -> Result<Vec<Settled<'a>>> {
        let ids = int64(self.families, "family_id")?.values();
        let plans = &self.pass.plans[numbers.clone()];
        let mut done: BTreeMap<usize, Settled<'a>> = BTreeMap::new();
        for at in in_order(plans).into_iter().flatten() {
            let plan = &plans[at];
            let mut others = others(self.house, plan)?;
            // What is simulated itself stands in the place of what was decided.
            for other in &mut others {
                let beside = done.iter().find(|(number, _)| plans[**number].programme.key == other.programme);
                let Some((_, settled)) = beside else { continue };
                let receives = |row: &usize| settled.outcome(*row) == FamilyOutcome::Eligible;
                other.recipients = Some((0..ids.len()).filter(receives).map(|row| ids[row]).collect());
            }
            let settled =
                settle(self.pass, numbers.start + at, self.judged, ids, self.regions, &others, None);
            done.insert(at, settled);
        }
        Ok(done.into_values().collect())
    }

    fn compare(&self, before: &Settled<'_>, after: &Settled<'_>, question: &Question) -> Result<Comparison> {
        let mut tally = Tally::new(self);
        let deciles =
            self.families.column_by_name("decile").and_then(|column| column.as_primitive_opt::<Int32Type>());
        for family in 0..before.families() {
            let Some(area) = self.areas.of(self.regions.of[family]) else { continue };
            let paid = |settled: &Settled<'_>| -> Result<Option<i64>> {
                let receives = settled.outcome(family) == FamilyOutcome::Eligible;
                Ok(if receives { Some(settled.worth(family)?.0.idr()) } else { None })
            };
            let amounts = [paid(before)?, paid(after)?];
            let decile =
                deciles.filter(|deciles| deciles.is_valid(family)).map(|deciles| deciles.value(family));
            let decile = decile.and_then(|decile| usize::try_from(decile - 1).ok()).unwrap_or(10).min(10);
            let waits = [before, after].map(|settled| settled.outcome(family) == FamilyOutcome::Waiting);
            tally.add(family, area, decile, amounts, waits);
        }
        let share = match question.budget_idr {
            Some(idr) => self.share_that_fits(after, idr)?,
            None => None,
        };
        Ok(tally.into_comparison(before, after, share))
    }

    /// The largest share at which the rule costs no more than `idr`: places only move, nobody is judged again.
    fn share_that_fits(&self, settled: &Settled<'_>, idr: i64) -> Result<Option<u32>> {
        let Some(quota) = &settled.plan.version.quota else { return Ok(None) };
        let Some(places) = &settled.places else { return Ok(None) };
        let level = quota.by;
        // Cost of a region's first families, by rank.
        let mut costs: BTreeMap<String, Vec<(u32, i64)>> = BTreeMap::new();
        for family in 0..settled.families() {
            if settled.rank[family] > 0 {
                let path = &self.regions.paths[self.regions.of[family] as usize];
                let region = model::RegionCode::parse(path)
                    .map_or_else(|_| String::new(), |code| code.at(level).to_string());
                costs.entry(region).or_default().push((settled.rank[family], settled.worth(family)?.0.idr()));
            }
        }
        let mut sums: BTreeMap<&str, (u64, Vec<i64>)> = BTreeMap::new();
        for region in &places.regions {
            let mut own = costs.remove(&region.region).unwrap_or_default();
            own.sort_unstable();
            let mut sum = 0i64;
            let sums_of = own.into_iter().map(|(_, cost)| {
                sum = sum.saturating_add(cost);
                sum
            });
            sums.insert(&region.region, (region.families, sums_of.collect()));
        }
        let cost = |share: u64| -> i64 {
            let of = |(families, sums): &(u64, Vec<i64>)| {
                let places = usize::try_from(families * share / 1000).unwrap_or(usize::MAX).min(sums.len());
                places.checked_sub(1).map_or(0, |last| sums[last])
            };
            sums.values().map(of).fold(0i64, i64::saturating_add)
        };
        let (mut low, mut high) = (0u64, 1000u64);
        while low < high {
            let middle = (low + high).div_ceil(2);
            if cost(middle) <= idr { low = middle } else { high = middle - 1 }
        }
        Ok(Some(low as u32))
    }
}

/// Sums while families go by.
struct Tally<'w> {
    world: &'w World<'w>,
    waiting: [i64; 2],
    moves: [(i64, i64); 5],
    deciles: Vec<Cell>,
    regions: Vec<Cell>,
    groups: Vec<Cell>,
    hurt: Vec<i64>,
    /// Families by what they receive, for each side.
    amounts: [BTreeMap<i64, i64>; 2],
    /// Should receive; of these receives, by side; receives but should not, by side.
    truth: (i64, [i64; 2], [i64; 2]),
}

#[derive(Clone, Default)]
struct Cell {
    families: i64,
    eligible: [i64; 2],
    amount: [i64; 2],
    enters: i64,
    leaves: i64,
}

impl Cell {
    fn add(&mut self, amounts: [Option<i64>; 2], what: Option<Move>) {
        self.families += 1;
        for (side, amount) in amounts.into_iter().enumerate() {
            self.eligible[side] += i64::from(amount.is_some());
            self.amount[side] = self.amount[side].saturating_add(amount.unwrap_or_default());
        }
        self.enters += i64::from(what == Some(Move::Enters));
        self.leaves += i64::from(what == Some(Move::Leaves));
    }

    fn part(self, key: String, label: Label) -> Part {
        let shown = |n: i64| (n == 0 || n >= SMALL_CELL).then_some(n);
        Part {
            key,
            label,
            families: self.families,
            eligible: self.eligible.map(shown),
            amount_idr: self.amount,
            enters: shown(self.enters),
            leaves: shown(self.leaves),
        }
    }
}

impl<'w> Tally<'w> {
    fn new(world: &'w World<'w>) -> Self {
        Self {
            world,
            waiting: [0; 2],
            moves: [(0, 0); 5],
            deciles: vec![Cell::default(); 11],
            regions: vec![Cell::default(); world.areas.names().len()],
            groups: vec![Cell::default(); world.marks.len()],
            hurt: vec![0; world.marks.len()],
            amounts: [BTreeMap::new(), BTreeMap::new()],
            truth: (0, [0; 2], [0; 2]),
        }
    }

    fn add(
        &mut self,
        family: usize,
        area: usize,
        decile: usize,
        amounts: [Option<i64>; 2],
        waits: [bool; 2],
    ) {
        let what = Move::of(amounts[0], amounts[1]);
        for side in 0..2 {
            self.waiting[side] += i64::from(waits[side]);
            *self.amounts[side].entry(amounts[side].unwrap_or_default()).or_default() += 1;
        }
        if let Some(what) = what {
            let moved = &mut self.moves[what as usize];
            moved.0 += 1;
            moved.1 = moved.1.saturating_add(amounts[1].unwrap_or_default() - amounts[0].unwrap_or_default());
        }
        self.deciles[decile].add(amounts, what);
        self.regions[area].add(amounts, what);
        let hurt = matches!(what, Some(Move::Leaves | Move::Less));
        let extras = &self.world.judged.tests[self.world.pass.extras()..];
        for (mark, truth) in extras.iter().take(self.world.marks.len()).enumerate() {
            if truth.yes.get(family) {
                self.groups[mark].add(amounts, what);
                self.hurt[mark] += i64::from(hurt);
            }
        }
        if let Some(truth) = extras.get(self.world.marks.len()) {
            let should = truth.yes.get(family);
            self.truth.0 += i64::from(should);
            for (side, amount) in amounts.iter().enumerate() {
                self.truth.1[side] += i64::from(should && amount.is_some());
                self.truth.2[side] += i64::from(!should && amount.is_some());
            }
        }
    }

    fn into_comparison(self, before: &Settled<'_>, after: &Settled<'_>, share: Option<u32>) -> Comparison {
        let asked = self.world.judged.tests.len() > self.world.pass.extras() + self.world.marks.len();
        let total = |side: usize| {
            self.deciles.iter().fold((0, 0i64), |sum, cell| {
                (sum.0 + cell.eligible[side], sum.1.saturating_add(cell.amount[side]))
            })
        };
        let side = |at: usize, settled: &Settled<'_>| {
            let (eligible, amount) = total(at);
            let permille = |part: i64, whole: i64| (asked && whole > 0).then(|| part * 1000 / whole);
            Side {
                version: settled.plan.version.key.clone(),
                eligible,
                waiting: self.waiting[at],
                amount_idr: Rupiah::new(amount),
                gini: gini(&self.amounts[at]),
                coverage_permille: permille(self.truth.1[at], self.truth.0),
                inclusion_error_permille: permille(self.truth.2[at], eligible),
            }
        };
        let sides = [side(0, before), side(1, after)];
        let moved = |(what, (families, change_idr)): (Move, (i64, i64))| Moved { what, families, change_idr };
        let look = |(mark, fact): (usize, &&Fact)| {
            (fact.mark == Some(FactMark::LookFirst)).then(|| LookFirst {
                fact: fact.column.rule_name(),
                label: fact.column.label.clone(),
                families: self.hurt[mark],
            })
        };
        let parts = |cells: Vec<Cell>, names: Vec<(String, Label)>| -> Vec<Part> {
            let all = cells.into_iter().zip(names);
            all.filter(|(cell, _)| cell.families > 0)
                .map(|(cell, (key, label))| cell.part(key, label))
                .collect()
        };
        let world = self.world;
        let regions = world.areas.names().iter().map(|path| (path.clone(), Label::default())).collect();
        let groups =
            world.marks.iter().map(|fact| (fact.column.rule_name(), fact.column.label.clone())).collect();
        let deciles = (1..=11)
            .map(|n| (if n > 10 { String::new() } else { n.to_string() }, Label::default()))
            .collect();
        let (moves, hurt) = (self.moves, world.marks.iter().enumerate().filter_map(look).collect());
        Comparison {
            programme: after.plan.programme.key.clone(),
            period: after.plan.period.to_string(),
            sides,
            moves: Move::ALL.into_iter().zip(moves).map(moved).collect(),
            look_first: hurt,
            only: only(after, world),
            share_that_fits: share,
            deciles: parts(self.deciles, deciles),
            regions: parts(self.regions, regions),
            groups: parts(self.groups, groups),
        }
    }
}

/// For each condition: families of the territory who fail by it and by nothing else.
fn only(settled: &Settled<'_>, world: &World<'_>) -> Vec<(String, Label, i64)> {
    let plan = settled.plan;
    let asked = plan.places.iter().filter(|place| place.of != PlaceKind::Quota);
    let (mut must, mut stop) = (0u64, 0u64);
    for place in asked {
        *(if place.stops(plan.version) { &mut stop } else { &mut must }) |= place.bit();
    }
    let mut alone = vec![0i64; plan.places.len()];
    let mut bits = vec![Bits::default(); 4096];
    for first in (0..settled.families()).step_by(4096) {
        let rows = (settled.families() - first).min(4096);
        settled.bits(first, &mut bits[..rows]);
        for (i, bits) in bits[..rows].iter().enumerate() {
            let against = (must & !bits.held) | (stop & bits.held);
            if against.is_power_of_two() && world.areas.of(world.regions.of[first + i]).is_some() {
                alone[against.trailing_zeros() as usize] += 1;
            }
        }
    }
    let run = plan.version;
    let text = |code: &str| crate::views::version_reason(run, code);
    plan.places
        .iter()
        .zip(alone)
        .filter(|(_, n)| *n > 0)
        .map(|(place, n)| (place.code.clone(), text(&place.code), n))
        .collect()
}

/// Gini coefficient of what families receive, from how many receive how much: 1 + 1/n - 2 (sum of (n + 1 - i) x_i) / (n sum x_i), with x in
/// ascending order. 0 when nobody receives.
fn gini(amounts: &BTreeMap<i64, i64>) -> f64 {
    let n: i64 = amounts.values().sum();
    let total: i128 =
        amounts.iter().map(|(amount, families)| i128::from(*amount) * i128::from(*families)).sum();
    if n == 0 || total == 0 {
        return 0.0;
    }
    let (mut seen, mut weighted) = (0i128, 0i128);
    for (amount, families) in amounts {
        let families = i128::from(*families);
        // The weights n + 1 - i of the places seen + 1 to seen + families, summed.
        let (first, last) = (i128::from(n) - seen, i128::from(n) - seen - families + 1);
        weighted += i128::from(*amount) * (first + last) * families / 2;
        seen += families;
    }
    1.0 + 1.0 / n as f64 - 2.0 * weighted as f64 / (n as f64 * total as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transfers_to_all_alike_are_even_and_to_one_are_not() {
        let of = |amounts: &[(i64, i64)]| gini(&amounts.iter().copied().collect());
        assert!(of(&[(600, 50)]).abs() < 1e-12);
        assert!((of(&[(0, 99), (7, 1)]) - 0.99).abs() < 1e-12);
        // By hand for 1, 2, 3: 2 (1*3 + 2*2 + 3*1) / (3*6) = 20/18.
        assert!((of(&[(1, 1), (2, 1), (3, 1)]) - (1.0 + 1.0 / 3.0 - 20.0 / 18.0)).abs() < 1e-12);
        assert!(of(&[(0, 5)]).abs() < 1e-12);
    }
}
