//! Sums of a simulation while families go by: who moves, by decile, village, group and kind of member; how unequal the transfers are. Pure.

use std::collections::BTreeMap;

use model::{Rupiah, SMALL_CELL, hidden};
use policy::{Cut, FactMark};
use rules::Label;

use crate::{
    Comparison, LookFirst, Move, Moved, Part, Share, Side,
    outside::Gap,
    settle::Settled,
    simulate::{World, only},
};

/// Sums while families go by.
pub(crate) struct Tally<'w> {
    world: &'w World<'w>,
    waiting: [i64; 2],
    moves: [(i64, i64); 5],
    deciles: Vec<Cell>,
    /// By the number of the village's path.
    villages: Vec<Cell>,
    /// By marks: those of facts, then those from outside.
    groups: Vec<Cell>,
    hurt: Vec<i64>,
    kinds: Kinds,
    gap: Option<Gap<'w>>,
    /// Families by what they receive, for each side.
    amounts: [BTreeMap<i64, i64>; 2],
    /// Should receive; of these receives, by side; receives but should not, by side.
    truth: (i64, [i64; 2], [i64; 2]),
}

/// Families of one part of the territory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) families: i64,
    pub(crate) eligible: [i64; 2],
    pub(crate) amount: [i64; 2],
    pub(crate) enters: i64,
    pub(crate) leaves: i64,
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

    pub(crate) fn plus(&mut self, other: &Self) {
        self.families += other.families;
        for side in 0..2 {
            self.eligible[side] += other.eligible[side];
            self.amount[side] = self.amount[side].saturating_add(other.amount[side]);
        }
        self.enters += other.enters;
        self.leaves += other.leaves;
    }

    /// As it may leave: without what is hidden.
    pub(crate) fn part(self, key: String, label: Label, hides: Hides) -> Part {
        let receives = |of: [i64; 2]| of.map(|n| (!hides.receives).then_some(n));
        Part {
            key,
            label,
            families: self.families,
            eligible: receives(self.eligible),
            amount_idr: receives(self.amount),
            enters: (!hides.moves).then_some(self.enters),
            leaves: (!hides.moves).then_some(self.leaves),
        }
    }
}

/// What is not told of a part. Who receives by one rule and by the other stand together, with the amounts, and so do who enters and who
/// leaves: one of the two could be told from the other and from the difference of what stands beside them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Hides {
    pub(crate) receives: bool,
    pub(crate) moves: bool,
}

impl Hides {
    /// Of the parts of a whole that itself is told but for `whole`.
    pub(crate) fn of_parts<'a>(cells: impl Iterator<Item = &'a Cell> + Clone, whole: Self) -> Vec<Self> {
        let receives = hidden(cells.clone().map(|cell| cell.eligible), SMALL_CELL).into_iter();
        let moves = hidden(cells.map(|cell| [cell.enters, cell.leaves]), SMALL_CELL);
        let one =
            |(receives, moves)| Self { receives: receives || whole.receives, moves: moves || whole.moves };
        receives.zip(moves).map(one).collect()
    }

    /// Of a part that is no part of a whole.
    fn of_one(cell: &Cell) -> Self {
        Self::of_parts(std::iter::once(cell), Self::default()).pop().unwrap_or_default()
    }
}

/// Members by kind. The last of a cut is those of no kind.
struct Kinds {
    /// First place and number of kinds of each cut, as they follow each other in the pack.
    cuts: Vec<(Cut, usize, usize)>,
    cells: Vec<Members>,
    rests: Vec<Members>,
}

#[derive(Clone, Copy, Default)]
struct Members {
    all: i64,
    receive: [i64; 2],
    amount: [i64; 2],
}

impl Members {
    fn add(&mut self, count: i64, amounts: [Option<i64>; 2], part: impl Fn(i64) -> i64) {
        for (side, amount) in amounts.into_iter().enumerate() {
            if let Some(amount) = amount {
                self.receive[side] += count;
                self.amount[side] = self.amount[side].saturating_add(part(amount));
            }
        }
    }

    /// The numbers that are told together or not at all.
    fn told(&self) -> [i64; 3] {
        [self.all, self.receive[0], self.receive[1]]
    }

    fn share(self, cut: Cut, key: String, label: Label, hide: bool) -> Share {
        let told = |n: i64| (!hide).then_some(n);
        Share {
            cut: cut.word().to_owned(),
            key,
            label,
            people: told(self.all),
            members: self.receive.map(told),
            amount_idr: self.amount.map(told),
        }
    }
}

/// What so many of the members of a family have of an amount, if it is spread evenly, in whole rupiah rounded down.
fn part_of(amount: i64, members: i64, of: i64) -> i64 {
    if of <= 0 {
        return 0;
    }
    i64::try_from(i128::from(amount) * i128::from(members) / i128::from(of)).unwrap_or(i64::MAX)
}

impl Kinds {
    fn new(world: &World<'_>) -> Self {
        let mut cuts: Vec<(Cut, usize, usize)> = Vec::new();
        for (place, (cut, _)) in world.kinds.iter().enumerate() {
            match cuts.last_mut().filter(|(last, ..)| last == cut) {
                Some((_, _, kinds)) => *kinds += 1,
                None => cuts.push((*cut, place, 1)),
            }
        }
        let rests = vec![Members::default(); cuts.len()];
        Self { cuts, cells: vec![Members::default(); world.kinds.len()], rests }
    }

    /// A family that receives on some side. `counts`: living members, by the number of the kind.
    fn add(&mut self, living: i64, counts: impl Fn(usize) -> i64, amounts: [Option<i64>; 2]) {
        for (&(cut, first, kinds), rest) in self.cuts.iter().zip(&mut self.rests) {
            let mut before = 0;
            for place in first..first + kinds {
                let count = counts(place);
                if count == 0 {
                    continue;
                }
                let from = if cut.overlaps() { 0 } else { before };
                let to = (from + count).min(living);
                let part = |amount| part_of(amount, to, living) - part_of(amount, from, living);
                self.cells[place].add(to - from, amounts, part);
                before = to;
            }
            if !cut.overlaps() {
                rest.add(living - before, amounts, |amount| amount - part_of(amount, before, living));
            }
        }
    }

    fn finish(mut self, world: &World<'_>) -> Vec<Share> {
        let mut shares = Vec::with_capacity(self.cells.len() + self.rests.len());
        self.cells.iter_mut().zip(&world.people[1..]).for_each(|(cell, people)| cell.all = *people);
        for (&(cut, first, kinds), rest) in self.cuts.iter().zip(&mut self.rests) {
            let told: i64 = self.cells[first..first + kinds].iter().map(|cell| cell.all).sum();
            rest.all = (world.people[0] - told).max(0);
            let cells = &self.cells[first..first + kinds];
            // Kinds that overlap are no parts of a whole: each is hidden by itself.
            let hides: Vec<bool> = if cut.overlaps() {
                cells.iter().flat_map(|cell| hidden([cell.told()], SMALL_CELL)).collect()
            } else {
                hidden(cells.iter().chain([&*rest]).map(Members::told), SMALL_CELL)
            };
            for (place, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.all > 0) {
                let column = &world.kinds[first + place].1.column;
                shares.push(cell.share(cut, column.rule_name(), column.label.clone(), hides[place]));
            }
            if !cut.overlaps() && (rest.all > 0 || rest.amount != [0; 2]) {
                shares.push(rest.share(cut, String::new(), Label::default(), hides[kinds]));
            }
        }
        shares
    }
}

impl<'w> Tally<'w> {
    pub(crate) fn new(world: &'w World<'w>, gap: Option<Gap<'w>>) -> Self {
        let groups = world.marks.len() + world.outside.len();
        Self {
            kinds: Kinds::new(world),
            gap,
            world,
            waiting: [0; 2],
            moves: [(0, 0); 5],
            deciles: vec![Cell::default(); 11],
            villages: vec![Cell::default(); world.regions.paths.len()],
            groups: vec![Cell::default(); groups],
            hurt: vec![0; groups],
            amounts: [BTreeMap::new(), BTreeMap::new()],
            truth: (0, [0; 2], [0; 2]),
        }
    }

    pub(crate) fn add(&mut self, family: usize, decile: usize, amounts: [Option<i64>; 2], waits: [bool; 2]) {
        let world = self.world;
        let what = Move::of(amounts[0], amounts[1]);
        let idr = amounts.map(Option::unwrap_or_default);
        for side in 0..2 {
            self.waiting[side] += i64::from(waits[side]);
            *self.amounts[side].entry(idr[side]).or_default() += 1;
        }
        if let Some(what) = what {
            let moved = &mut self.moves[what as usize];
            moved.0 += 1;
            moved.1 = moved.1.saturating_add(idr[1] - idr[0]);
        }
        self.deciles[decile].add(amounts, what);
        self.villages[world.regions.of[family] as usize].add(amounts, what);
        let hurt = matches!(what, Some(Move::Leaves | Move::Less));
        let extras = &world.judged.tests[world.pass.extras()..];
        let of_facts = extras.iter().take(world.marks.len()).map(|truth| &truth.yes);
        for (mark, families) in of_facts.chain(world.outside.iter().map(|(_, families)| families)).enumerate()
        {
            if families.get(family) {
                self.groups[mark].add(amounts, what);
                self.hurt[mark] += i64::from(hurt);
            }
        }
        if let Some(truth) = extras.get(world.marks.len()) {
            let should = truth.yes.get(family);
            self.truth.0 += i64::from(should);
            for (side, amount) in amounts.iter().enumerate() {
                self.truth.1[side] += i64::from(should && amount.is_some());
                self.truth.2[side] += i64::from(!should && amount.is_some());
            }
        }
        // The first count is of all living members, then each kind's.
        let counted = |place: usize| i64::from(world.judged.qualified[world.pass.shares[place]][family]);
        let living = counted(0);
        if what.is_some() {
            self.kinds.add(living, |kind| counted(kind + 1), amounts);
        }
        if let Some(gap) = &mut self.gap {
            gap.add(living, decile, idr);
        }
    }

    pub(crate) fn into_comparison(
        self,
        before: &Settled<'_>,
        after: &Settled<'_>,
        share: Option<u32>,
    ) -> (Comparison, Vec<Cell>) {
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
        let world = self.world;
        let of_facts = world.marks.iter().map(|fact| {
            (fact.column.rule_name(), fact.column.label.clone(), fact.mark == Some(FactMark::LookFirst))
        });
        let of_others = world.outside.iter().map(|(mark, _)| (mark.key.clone(), mark.label.clone(), true));
        let marks: Vec<(String, Label, bool)> = of_facts.chain(of_others).collect();
        let look = |((fact, label, first), families): (&(String, Label, bool), &i64)| {
            let look = LookFirst { fact: fact.clone(), label: label.clone(), families: *families };
            first.then_some(look)
        };
        let look_first = marks.iter().zip(&self.hurt).filter_map(look).collect();
        let parts = |cells: Vec<Cell>, hides: Vec<Hides>, names: Vec<(String, Label)>| -> Vec<Part> {
            let all = cells.into_iter().zip(hides).zip(names);
            all.filter(|((cell, _), _)| cell.families > 0)
                .map(|((cell, hides), (key, label))| cell.part(key, label, hides))
                .collect()
        };
        let of_whole = |cells: &[Cell]| Hides::of_parts(cells.iter(), Hides::default());
        let mut regions = vec![Cell::default(); world.areas.names().len()];
        for (path, cell) in self.villages.iter().enumerate() {
            if let Some(area) = world.areas.of(path as u32) {
                regions[area].plus(cell);
            }
        }
        let names = world.areas.names().iter().map(|path| (path.clone(), Label::default())).collect();
        let deciles = (1..=11)
            .map(|n| (if n > 10 { String::new() } else { n.to_string() }, Label::default()))
            .collect();
        let groups = marks.into_iter().map(|(key, label, _)| (key, label)).collect();
        let (hidden_deciles, hidden_regions) = (of_whole(&self.deciles), of_whole(&regions));
        let hidden_groups = self.groups.iter().map(Hides::of_one).collect();
        let found = Comparison {
            programme: after.plan.programme.key.clone(),
            period: after.plan.period.to_string(),
            sides,
            moves: Move::ALL.into_iter().zip(self.moves).map(moved).collect(),
            look_first,
            only: only(after, world),
            share_that_fits: share,
            deciles: parts(self.deciles, hidden_deciles, deciles),
            regions: parts(regions, hidden_regions, names),
            groups: parts(self.groups, hidden_groups, groups),
            shares: self.kinds.finish(world),
            poverty_gap: self.gap.map(Gap::finish),
        };
        (found, self.villages)
    }
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
    fn shares_of_kinds_that_exclude_each_other_sum_to_the_amount_and_overlapping_ones_stand_alone() {
        let cuts = vec![(Cut::Sex, 0, 2), (Cut::Ppks, 2, 2)];
        let empty = vec![Members::default(); 4];
        let mut kinds = Kinds { cuts, cells: empty.clone(), rests: empty };
        // Seven living members, three and three of a kind, one of neither; two needs, both of which one person has.
        let counts = [3, 3, 1, 1];
        kinds.add(7, |kind| counts[kind], [Some(1_000_000), None]);
        // A family without living members, and one that leaves.
        kinds.add(0, |_| 0, [Some(5), Some(5)]);
        kinds.add(3, |kind| i64::from(kind == 0) * 2, [None, Some(100)]);
        let amounts = |side: usize| kinds.cells.iter().chain(&kinds.rests).map(move |cell| cell.amount[side]);
        assert_eq!(amounts(0).take(4).collect::<Vec<_>>(), [428_571, 428_571, 142_857, 142_857]);
        let of_sex = |side: usize| {
            kinds.cells[..2].iter().chain(&kinds.rests[..1]).map(|cell| cell.amount[side]).sum::<i64>()
        };
        assert_eq!((of_sex(0), of_sex(1)), (1_000_005, 105));
        assert_eq!((kinds.cells[0].receive, kinds.rests[0].receive), ([3, 2], [1, 1]));
    }

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
