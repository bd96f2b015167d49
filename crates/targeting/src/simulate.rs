//! What a change of rules would do, before anybody is hurt: two packs on one closing, family by family, told as sums. Nothing is kept
//! but what the caller keeps; no list is made, nobody is named outside the territory.
//!
//! Both packs are read in one pass. A programme that the other one blocks or needs is settled after it, by the same pack.

use std::collections::BTreeMap;

use access::{House, Scope};
use arrow_array::{Array, RecordBatch, cast::AsArray, types::Int32Type};
use model::{Month, Progress, RegionLevel, Rupiah};
use policy::{Cut, Fact, FactMark, Policy};
use rayon::prelude::*;
use rules::{Expr, Label};
use serde::{Deserialize, Serialize};

use crate::{
    Consumption, Error, FamilyOutcome, Mark, Outside, PovertyGap, Ranks, RegionCube, Result, Wish,
    closing::Closing,
    columns::{Judged, int64},
    decide::{in_order, judge_all, others, text_column},
    members::Bitmap,
    outside::Gap,
    pass::Pass,
    plan::{Bits, PlaceKind, Plan},
    quota::Regions,
    settle::{Settled, settle},
    tally::{Cell, Tally},
    trial::{Areas, refuse_sealed},
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
    /// The day of another snapshot of ranks: the other side is judged with its deciles, not with those of the closing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranks: Option<String>,
    /// What people are taken to live on, for the poverty gap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumption: Option<Consumption>,
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
    /// By the groups that facts, or other rooms, mark.
    pub groups: Vec<Part>,
    /// By kinds of members, cut after cut: what their families receive, spread evenly over living members.
    #[serde(default)]
    pub shares: Vec<Share>,
    /// Families that would get less or nothing, and whom a fact says to look at first.
    pub look_first: Vec<LookFirst>,
    /// For each condition of the other rule: families who fail by it alone.
    pub only: Vec<(String, Label, i64)>,
    /// The share of the quota that fits the budget, if one was asked for and the rule has a quota.
    pub share_that_fits: Option<u32>,
    /// What the programme does to the poverty gap, under the assumption of the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poverty_gap: Option<PovertyGap>,
}

/// Members of one kind, and their part of what their families receive. A cut whose kinds exclude each other ends with those of no kind (an
/// empty key) and then sums exactly to what the programme costs: in each family the parts of the first kinds together are rounded down to
/// whole rupiah, and each kind has what it adds. Where kinds overlap each is rounded down by itself and nothing is summed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// By what members are told apart: `sex`, `age`, `disability`, `ppks`.
    pub cut: String,
    /// Name of the fact; empty for those of no kind.
    pub key: String,
    /// Its words.
    pub label: Label,
    /// Living members of this kind; none for a small cell, and then nothing else either.
    pub people: Option<i64>,
    /// Of these in families that receive, by each rule; none for a small cell.
    pub members: [Option<i64>; 2],
    /// Their part, rupiah for the period; none where the members are.
    pub amount_idr: [Option<i64>; 2],
}

/// What came out, and the same by village.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// A programme each.
    pub found: Vec<Comparison>,
    /// Every village of the territory.
    pub cube: RegionCube,
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

    pub(crate) fn of(before: Option<i64>, after: Option<i64>) -> Option<Self> {
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
    /// What they receive; none for a small cell.
    pub amount_idr: [Option<i64>; 2],
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

/// Compares the pack in force with `other` for some programmes. Figures are of the scope's territory. Groups, deciles and the truth are
/// those of the closing, also where the other side is judged by other ranks.
///
/// # Errors
/// As [`crate::decide_all`]; the packs must have the same facts; the truth must be a condition over families; the ranks asked for must be
/// among what is given from outside.
#[expect(clippy::too_many_arguments, reason = "everything that a simulation is made of")]
pub fn simulate(
    house: &House,
    scope: &Scope,
    other: &Policy,
    wishes: &[Wish],
    closing: Month,
    question: &Question,
    outside: &Outside,
    progress: &dyn Progress,
) -> Result<Simulated> {
    let same =
        |(a, b): (&Fact, &Fact)| a.column == b.column && crate::plan::rule_of(a) == crate::plan::rule_of(b);
    let own = house.policy.facts();
    if own.len() != other.facts().len() || !own.iter().zip(other.facts()).all(same) {
        return Err(Error::OtherFacts);
    }
    let truth = truth_of(&house.policy, question)?;
    let ranks = ranks_of(question, outside)?;
    let plans = |policy| -> Result<Vec<Plan<'_>>> {
        wishes.iter().map(|wish| Plan::new(policy, &wish.programme, wish.period, closing)).collect()
    };
    let (mut first, mut second) = (plans(&house.policy)?, plans(other)?);
    if ranks.is_none() {
        first.append(&mut second);
    }
    let living = Expr::condition("person.alive", &house.policy.rule_schema()).map_err(Error::Expression)?;
    let marks: Vec<&Fact> = own.iter().filter(|fact| is_mark(fact)).collect();
    let kinds: Vec<(Cut, &Fact)> = own.iter().filter_map(|fact| Some((cut_of(fact, scope)?, fact))).collect();
    let counted: Vec<&Expr> =
        std::iter::once(&living).chain(kinds.iter().map(|(_, fact)| crate::plan::rule_of(fact))).collect();
    let pass = Pass::new(&house.policy, first).with_extras(&house.policy, truth.as_ref(), &marks, &counted);
    let source = Closing::open(&house.lake, closing)?;
    let families = source.all_families(&pass.sources.family_columns)?;
    let judged = judge_all(&pass, &source, &families, progress)?;
    let again = match ranks {
        Some(ranks) => {
            let pass = Pass::new(&house.policy, second);
            let families = ranks.instead(&source.all_families(&pass.sources.family_columns)?)?;
            let judged = judge_all(&pass, &source, &families, progress)?;
            Some((pass, judged))
        }
        None => None,
    };
    let regions = Regions::new(&text_column(&families, "region"));
    let areas = Areas::new(&regions, scope);
    let ids = int64(&families, "family_id")?.values();
    let inside = |family: &usize| areas.of(regions.of[*family]).is_some();
    let inside: Vec<usize> = (0..ids.len()).filter(inside).collect();
    let people = |kind: &usize| inside.iter().map(|family| i64::from(judged.qualified[*kind][*family])).sum();
    let world = World {
        house,
        people: pass.shares.iter().map(people).collect(),
        pass: &pass,
        judged: &judged,
        families: &families,
        ids,
        regions: &regions,
        areas: &areas,
        outside: outside.marks.iter().map(|mark| (mark, listed(ids, &mark.families))).collect(),
        marks,
        kinds,
    };
    let n = wishes.len();
    let before = world.settle_half(&pass, &judged, 0..n)?;
    let after = match &again {
        Some((pass, judged)) => world.settle_half(pass, judged, 0..n)?,
        None => world.settle_half(&pass, &judged, n..2 * n)?,
    };
    let mut cube = RegionCube::new(
        regions
            .paths
            .iter()
            .enumerate()
            .filter_map(|(at, path)| areas.of(at as u32).is_some().then_some((at, path.as_str()))),
    );
    let mut found = Vec::with_capacity(n);
    let compare = |number: usize| {
        progress.report("compare", number as u64, n as u64);
        world.compare(&before[number], &after[number], question)
    };
    // Two at a time: each holds a rank for every family.
    for some in (0..n).collect::<Vec<_>>().chunks(2) {
        for (one, villages) in some.par_iter().map(|number| compare(*number)).collect::<Result<Vec<_>>>()? {
            cube.add(&one.programme, &villages);
            found.push(one);
        }
    }
    Ok(Simulated { found, cube })
}

/// What a question asks, checked as [`simulate`] checks it, before any work.
///
/// # Errors As [`simulate`]'s on the truth; a setting that no programme has.
pub fn check_question(policy: &Policy, question: &Question) -> Result<()> {
    truth_of(policy, question)?;
    policy.variant(&question.settings).map(|_| ()).map_err(Error::Settings)
}

fn truth_of(policy: &Policy, question: &Question) -> Result<Option<Expr>> {
    let truth = match question.truth.trim() {
        "" => return Ok(None),
        text => Expr::condition(text, &policy.rule_schema()).map_err(Error::Expression)?,
    };
    if truth.columns().iter().any(|name| name.starts_with("person.")) {
        return Err(Error::TwoSubjects);
    }
    refuse_sealed(policy, &truth)?;
    Ok(Some(truth))
}

fn ranks_of<'o>(question: &Question, outside: &'o Outside) -> Result<Option<&'o Ranks>> {
    let Some(asked) = &question.ranks else { return Ok(None) };
    let found = outside.ranks.as_ref().filter(|ranks| ranks.date.to_string() == *asked);
    let whole = |ranks: &&Ranks| ranks.families.len() == ranks.deciles.len();
    Ok(Some(found.filter(whole).ok_or_else(|| Error::NoRanks(asked.clone()))?))
}

fn is_mark(fact: &Fact) -> bool {
    matches!(fact.mark, Some(FactMark::Group | FactMark::LookFirst))
}

/// Sealed kinds are told for the whole country only.
fn cut_of(fact: &Fact, scope: &Scope) -> Option<Cut> {
    match fact.mark {
        Some(FactMark::Share(cut)) if !fact.sealed || scope.region().level() == RegionLevel::Nation => {
            Some(cut)
        }
        _ => None,
    }
}

/// Which families of the closing are in a sorted list.
fn listed(ids: &[i64], families: &[i64]) -> Bitmap {
    let mut bits = Bitmap::none(ids.len());
    let mut families = families.iter().copied().peekable();
    for (row, &id) in ids.iter().enumerate() {
        while families.next_if(|&other| other < id).is_some() {}
        if families.peek() == Some(&id) {
            bits.set(row);
        }
    }
    bits
}

pub(crate) struct World<'a> {
    house: &'a House,
    pub(crate) pass: &'a Pass<'a>,
    pub(crate) judged: &'a Judged,
    families: &'a RecordBatch,
    ids: &'a [i64],
    pub(crate) regions: &'a Regions,
    pub(crate) areas: &'a Areas,
    /// Facts that mark families.
    pub(crate) marks: Vec<&'a Fact>,
    /// What other rooms mark.
    pub(crate) outside: Vec<(&'a Mark, Bitmap)>,
    /// Living members of the territory, then those of each kind.
    pub(crate) people: Vec<i64>,
    /// Facts that count members.
    pub(crate) kinds: Vec<(Cut, &'a Fact)>,
}

impl World<'_> {
    /// Settles the plans of one pack, each after those it waits for.
    fn settle_half<'p>(
        &self,
        pass: &'p Pass<'p>,
        judged: &'p Judged,
        numbers: std::ops::Range<usize>,
    ) -> Result<Vec<Settled<'p>>> {
        let ids = self.ids;
        let plans = &pass.plans[numbers.clone()];
        let mut done: BTreeMap<usize, Settled<'p>> = BTreeMap::new();
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
            let settled = settle(pass, numbers.start + at, judged, ids, self.regions, &others, None);
            done.insert(at, settled);
        }
        Ok(done.into_values().collect())
    }

    /// What the change does, and the cells of every village, by the number of its path.
    fn compare(
        &self,
        before: &Settled<'_>,
        after: &Settled<'_>,
        question: &Question,
    ) -> Result<(Comparison, Vec<Cell>)> {
        let months = after.plan.period.months();
        let mut tally =
            Tally::new(self, question.consumption.as_ref().map(|assumed| Gap::new(assumed, months)));
        let deciles =
            self.families.column_by_name("decile").and_then(|column| column.as_primitive_opt::<Int32Type>());
        for family in 0..before.families() {
            if self.areas.of(self.regions.of[family]).is_none() {
                continue;
            }
            let paid = |settled: &Settled<'_>| -> Result<Option<i64>> {
                let receives = settled.outcome(family) == FamilyOutcome::Eligible;
                Ok(if receives { Some(settled.worth(family)?.0.idr()) } else { None })
            };
            let amounts = [paid(before)?, paid(after)?];
            let decile =
                deciles.filter(|deciles| deciles.is_valid(family)).map(|deciles| deciles.value(family));
            let decile = decile.and_then(|decile| usize::try_from(decile - 1).ok()).unwrap_or(10).min(10);
            let waits = [before, after].map(|settled| settled.outcome(family) == FamilyOutcome::Waiting);
            tally.add(family, decile, amounts, waits);
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

/// For each condition: families of the territory who fail by it and by nothing else.
pub(crate) fn only(settled: &Settled<'_>, world: &World<'_>) -> Vec<(String, Label, i64)> {
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
