//! Who accompanies which families of one district: a pure function. In: companions with base, capacity, languages and sex, and families
//! with village, present companion and needs. Out: a companion for every family, or nobody with the reason. Never here: I/O, chance, a
//! family with a companion of its own kin, a companion beyond capacity.
//!
//! Of all ways to share that keep everybody within the band round the fair share, the one is taken that moves the fewest families away
//! from their companion, and of those the one with the least distance: a transport problem, solved to the end by shortest chains of moves
//! between companions (the method of successive shortest paths; R. K. Ahuja et al., *Network Flows*, 1993, chapter 9). Families that do
//! not differ for the decision are one class, so a district of twenty thousand families is some hundred classes. A district is worked on
//! alone: memory is that of the largest one.

use std::collections::BTreeMap;

use model::{RegionCode, RegionLevel, Sex};

/// Somebody who may accompany families.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Companion {
    /// Account.
    pub user: i64,
    /// Where he or she lives or works.
    pub base: RegionCode,
    /// Families in the ordinary case: the fair share goes by it.
    pub share: u32,
    /// Families at most.
    pub capacity: u32,
    /// Languages, one bit each.
    pub languages: u64,
    /// Sex, where known.
    pub sex: Option<Sex>,
}

/// A family that needs a companion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyNeed {
    /// The family.
    pub family: i64,
    /// Its village, as a place in [`District::villages`].
    pub village: u32,
    /// Its companion, as a place in [`District::companions`]; none, or somebody who is one no more.
    pub present: Option<u32>,
    /// Languages of which the companion must speak one; 0 for any.
    pub languages: u64,
    /// Sex that the companion must have, where it matters.
    pub sex: Option<Sex>,
}

/// What is shared out together.
#[derive(Debug, Clone, Default)]
pub struct District {
    /// Villages named by families.
    pub villages: Vec<RegionCode>,
    /// Who may accompany, in the order of accounts.
    pub companions: Vec<Companion>,
    /// Who needs somebody, in the order of families.
    pub families: Vec<FamilyNeed>,
    /// Families and the companions who must not have them, as places: the own family and those of relatives.
    pub barred: Vec<(i64, u32)>,
}

/// How far loads may lie apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// In families, up and down from the fair share together.
    pub families: u32,
    /// In thousandths of the fair share; the larger of the two holds.
    pub permille: u32,
}

/// How a district is shared out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shared {
    /// For each family, in their order, the place of its companion; none where nobody can be.
    pub companion: Vec<Option<u32>>,
    /// Families of each companion.
    pub load: Vec<u32>,
    /// The band of each companion, smallest and largest load.
    pub band: Vec<(u32, u32)>,
    /// Companions outside their band, because needs or bars of families leave no other way.
    pub strained: Vec<u32>,
}

/// A move away from the present companion weighs more than any distance.
const MOVE: i64 = 10_000_000;
const NEVER: i64 = i64::MAX / 4;

/// How many levels up from the village the region lies that holds the base too: 0 the same village, 4 another province.
pub fn distance(village: &RegionCode, base: &RegionCode) -> i64 {
    let levels =
        [RegionLevel::Village, RegionLevel::Subdistrict, RegionLevel::District, RegionLevel::Province];
    let reaches = |level: &RegionLevel| village.at(*level).contains(base);
    levels.iter().position(reaches).map_or(4, |steps| i64::try_from(steps).unwrap_or(4))
}

/// Shares the families of a district out. The same input gives the same answer, and families that are with the companions of an answer
/// stay there.
pub fn balance(district: &District, spread: Spread) -> Shared {
    let mut flow = Flow::start(district, spread);
    flow.relieve();
    flow.fill();
    flow.shared(district)
}

/// What makes families alike: village, needs, present companion, companions barred.
type Alike = (u32, u64, Option<Sex>, Option<u32>, Vec<u32>);

/// Families of each class with each companion, and what a move costs.
struct Flow {
    companions: usize,
    /// Class of each family.
    class_of: Vec<u32>,
    /// Present companion of each class.
    present: Vec<Option<u32>>,
    /// Cost of a class with a companion, class by class.
    cost: Vec<i64>,
    /// Families of a class with a companion, class by class.
    with: Vec<u32>,
    /// Classes that a companion has families of.
    holds: Vec<Vec<u32>>,
    load: Vec<u32>,
    band: Vec<(u32, u32)>,
    capacity: Vec<u32>,
    /// The cheapest move of one family from a companion to another, and its class.
    step: Vec<(i64, u32)>,
}

impl Flow {
    /// Every family with whom it is cheapest, whatever that loads on anybody: nothing can be improved, only relieved.
    fn start(district: &District, spread: Spread) -> Self {
        let companions = district.companions.len();
        let mut barred: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        for (family, companion) in &district.barred {
            barred.entry(*family).or_default().push(*companion);
        }
        let (mut classes, mut alike): (BTreeMap<Alike, u32>, Vec<Alike>) = (BTreeMap::new(), Vec::new());
        let (mut class_of, mut sizes) = (Vec::with_capacity(district.families.len()), Vec::<u32>::new());
        for family in &district.families {
            let mut not = barred.get(&family.family).cloned().unwrap_or_default();
            not.sort_unstable();
            let present = family.present.filter(|at| (*at as usize) < companions);
            let key: Alike = (family.village, family.languages, family.sex, present, not);
            let class = *classes.entry(key).or_insert_with_key(|key| {
                alike.push(key.clone());
                sizes.push(0);
                sizes.len() as u32 - 1
            });
            sizes[class as usize] += 1;
            class_of.push(class);
        }
        let cost = costs(district, &alike);
        let mut flow = Self {
            companions,
            class_of,
            present: alike.iter().map(|one| one.3).collect(),
            with: vec![0; cost.len()],
            cost,
            holds: vec![Vec::new(); companions],
            load: vec![0; companions],
            band: bands(&district.companions, district.families.len(), spread),
            capacity: district.companions.iter().map(|one| one.capacity).collect(),
            step: vec![(NEVER, 0); companions * companions],
        };
        // The least free to move first: who has one cheapest companion goes there, the others fill up what is low.
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        order.sort_by_key(|class| flow.cheapest(*class).len());
        for class in order {
            flow.pour(class, sizes[class]);
        }
        for from in 0..companions {
            flow.weigh(from);
        }
        flow
    }

    fn cheapest(&self, class: usize) -> Vec<usize> {
        let row = &self.cost[class * self.companions..][..self.companions];
        let Some(least) = row.iter().min().filter(|cost| **cost < NEVER) else { return Vec::new() };
        (0..self.companions).filter(|at| row[*at] == *least).collect()
    }

    /// Puts a class to its cheapest companions, level by level, so that as little as possible must be moved later.
    fn pour(&mut self, class: usize, mut left: u32) {
        let choice = self.cheapest(class);
        while left > 0 && !choice.is_empty() {
            // Distance to the top of the band: who has most room is filled to the level of the next one.
            let room = |at: &usize| i64::from(self.band[*at].1) - i64::from(self.load[*at]);
            let most = choice.iter().map(room).max().unwrap_or(0);
            let next = choice.iter().map(room).filter(|room| *room < most).max();
            let highest: Vec<usize> = choice.iter().copied().filter(|at| room(at) == most).collect();
            let level = next.map_or(i64::from(left), |next| most - next);
            let each = u32::try_from(level).unwrap_or(left).min(left / highest.len() as u32).max(1);
            for at in highest {
                let taken = each.min(left);
                self.put(class, at, taken);
                left -= taken;
            }
        }
    }

    fn put(&mut self, class: usize, to: usize, families: u32) {
        let place = class * self.companions + to;
        if families > 0 && self.with[place] == 0 {
            self.holds[to].push(class as u32);
        }
        self.with[place] += families;
        self.load[to] += families;
    }

    fn take(&mut self, class: usize, from: usize, families: u32) {
        let place = class * self.companions + from;
        self.with[place] -= families;
        self.load[from] -= families;
        if self.with[place] == 0 {
            self.holds[from].retain(|held| *held as usize != class);
        }
    }

    /// Finds the cheapest move to every other companion anew, for one whose families changed.
    fn weigh(&mut self, from: usize) {
        let steps = &mut self.step[from * self.companions..][..self.companions];
        steps.fill((NEVER, 0));
        for class in &self.holds[from] {
            let row = &self.cost[*class as usize * self.companions..][..self.companions];
            let here = row[from];
            for (step, there) in steps.iter_mut().zip(row) {
                if *there < NEVER && (there - here, *class) < *step {
                    *step = (there - here, *class);
                }
            }
        }
        steps[from] = (NEVER, 0);
    }

    /// Takes what is too much from the overloaded: first within the bands, then, where needs leave no other way, up to capacity; what
    /// fits nowhere has nobody.
    fn relieve(&mut self) {
        for strict in [true, false] {
            let limit = |flow: &Self, at: usize| {
                if strict { flow.band[at].1.min(flow.capacity[at]) } else { flow.capacity[at] }
            };
            for over in 0..self.companions {
                while self.load[over] > limit(self, over) {
                    let room = |flow: &Self, at: usize| limit(flow, at).saturating_sub(flow.load[at]);
                    let Some(way) = self.way(&[over], |flow, at| at != over && room(flow, at) > 0) else {
                        break;
                    };
                    let most = (self.load[over] - limit(self, over)).min(room(self, way[way.len() - 1]));
                    self.push(&way, most);
                }
                while !strict && self.load[over] > self.capacity[over] {
                    // Who came last goes first: nobody loses a companion for somebody who had none.
                    let stays = |class: &u32| self.present[*class as usize] == Some(over as u32);
                    let last = self.holds[over].iter().copied().max_by_key(|class| (!stays(class), *class));
                    let Some(class) = last else { break };
                    let held = self.with[class as usize * self.companions + over];
                    self.take(class as usize, over, held.min(self.load[over] - self.capacity[over]));
                    self.weigh(over);
                }
            }
        }
    }

    /// Brings those below their band up, from those who can give.
    fn fill(&mut self) {
        for under in 0..self.companions {
            while self.load[under] < self.band[under].0 {
                let givers: Vec<usize> =
                    (0..self.companions).filter(|at| self.load[*at] > self.band[*at].0).collect();
                let Some(way) = self.way(&givers, |_, at| at == under) else { break };
                let spare = self.load[way[0]] - self.band[way[0]].0;
                self.push(&way, (self.band[under].0 - self.load[under]).min(spare));
            }
        }
    }

    /// The cheapest chain of companions from one of `from` to one that `ends`, each handing a family to the next. A chain may cost less
    /// than nothing, a ring never does: so every stretch of the search is settled after at most as many rounds as there are companions.
    fn way(&self, from: &[usize], ends: impl Fn(&Self, usize) -> bool) -> Option<Vec<usize>> {
        let n = self.companions;
        let (mut cost, mut before) = (vec![NEVER; n], vec![usize::MAX; n]);
        let (mut waiting, mut waits) = (std::collections::VecDeque::new(), vec![false; n]);
        for at in from {
            (cost[*at], waits[*at]) = (0, true);
            waiting.push_back(*at);
        }
        let mut rounds = n.saturating_mul(n).saturating_mul(4);
        while let Some(at) = waiting.pop_front() {
            waits[at] = false;
            rounds = rounds.checked_sub(1)?;
            for to in 0..n {
                let (step, _) = self.step[at * n + to];
                if step < NEVER && cost[at] + step < cost[to] {
                    (cost[to], before[to]) = (cost[at] + step, at);
                    if !std::mem::replace(&mut waits[to], true) {
                        waiting.push_back(to);
                    }
                }
            }
        }
        let end = (0..n).filter(|at| cost[*at] < NEVER && before[*at] != usize::MAX && ends(self, *at));
        let mut at = end.min_by_key(|at| (cost[*at], *at))?;
        let mut way = vec![at];
        while before[at] != usize::MAX && way.len() <= n {
            at = before[at];
            way.push(at);
        }
        way.reverse();
        Some(way)
    }

    /// Hands families along a chain: as many as it bears while every link stays the cheapest.
    fn push(&mut self, way: &[usize], most: u32) {
        let link = |flow: &Self, pair: &[usize]| flow.step[pair[0] * flow.companions + pair[1]].1 as usize;
        let held = |pair: &[usize]| self.with[link(self, pair) * self.companions + pair[0]];
        let families = way.windows(2).map(held).min().unwrap_or(0).min(most);
        let moves: Vec<(usize, usize, usize)> =
            way.windows(2).map(|pair| (link(self, pair), pair[0], pair[1])).collect();
        for (class, from, to) in moves {
            self.take(class, from, families);
            self.put(class, to, families);
        }
        for at in way {
            self.weigh(*at);
        }
    }

    /// Gives the places of each class to its families: the present companion keeps the first, the others follow in their order.
    fn shared(self, district: &District) -> Shared {
        let classes = self.cost.len().checked_div(self.companions).unwrap_or(0);
        let mut left = self.with;
        let mut next: Vec<usize> = vec![0; classes];
        let companion = district.families.iter().zip(&self.class_of).map(|(family, class)| {
            let row = left.get_mut(*class as usize * self.companions..)?.get_mut(..self.companions)?;
            let present =
                family.present.map(|at| at as usize).filter(|at| row.get(*at).is_some_and(|n| *n > 0));
            let at = if let Some(at) = present {
                at
            } else {
                let next = next.get_mut(*class as usize)?;
                *next += row.get(*next..)?.iter().position(|n| *n > 0)?;
                *next
            };
            row[at] -= 1;
            u32::try_from(at).ok()
        });
        let companion = companion.collect();
        let outside = |at: &usize| self.load[*at] < self.band[*at].0 || self.load[*at] > self.band[*at].1;
        let strained = (0..self.companions).filter(outside).filter_map(|at| u32::try_from(at).ok()).collect();
        Shared { companion, strained, load: self.load, band: self.band }
    }
}

/// Cost of every class with every companion: distance, and a move; never where a need or a bar stands against it.
fn costs(district: &District, alike: &[Alike]) -> Vec<i64> {
    let mut cost = Vec::with_capacity(alike.len() * district.companions.len());
    let mut far: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    for (village, languages, sex, present, barred) in alike {
        let far = far.entry(*village).or_insert_with(|| {
            let place = district.villages.get(*village as usize);
            let from = |one: &Companion| place.map_or(4, |place| distance(place, &one.base));
            district.companions.iter().map(from).collect()
        });
        for (at, (one, far)) in (0..).zip(district.companions.iter().zip(far)) {
            let speaks = *languages == 0 || one.languages & languages != 0;
            let fits = sex.is_none_or(|sex| one.sex == Some(sex));
            let moved = if present.is_some_and(|present| present != at) { MOVE } else { 0 };
            cost.push(if speaks && fits && !barred.contains(&at) { *far + moved } else { NEVER });
        }
    }
    cost
}

/// The fair share of each companion with the band round it, nobody beyond capacity. Where the shares of some pass their capacity, the
/// others' share grows by what is left.
fn bands(companions: &[Companion], families: usize, spread: Spread) -> Vec<(u32, u32)> {
    let mut full = vec![false; companions.len()];
    loop {
        let sum = |of: &dyn Fn(&Companion) -> u32, which: bool| -> u64 {
            let some = companions.iter().zip(&full).filter(|(_, full)| **full == which);
            some.map(|(one, _)| u64::from(of(one))).sum()
        };
        let left = (families as u64).saturating_sub(sum(&|one| one.capacity, true));
        let shares = sum(&|one| one.share, false).max(1);
        let fair = |one: &Companion| left * u64::from(one.share) / shares;
        let newly: Vec<usize> = (0..companions.len())
            .filter(|at| !full[*at] && fair(&companions[*at]) >= u64::from(companions[*at].capacity))
            .collect();
        if newly.is_empty() {
            let band = |(one, full): (&Companion, &bool)| {
                let fair = if *full { u64::from(one.capacity) } else { fair(one) };
                let wide = u64::from(spread.families).max(fair * u64::from(spread.permille) / 1_000).max(1);
                let top = (fair + wide - wide / 2).min(u64::from(one.capacity));
                (fair.saturating_sub(wide / 2).min(top) as u32, top as u32)
            };
            return companions.iter().zip(&full).map(band).collect();
        }
        for at in newly {
            full[at] = true;
        }
    }
}
