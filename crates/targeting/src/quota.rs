//! Places by region: who comes first, who waits. Pure: the answer depends on families and order alone, never
//! on threads.

use std::collections::BTreeMap;

use model::{RegionCode, RegionLevel};
use policy::Quota;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::members::Bitmap;

/// Regions of families: each family's village as a small number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Regions {
    /// Paths, in the order of first appearance; a family without a region has the empty path.
    pub(crate) paths: Vec<String>,
    /// For each family.
    pub(crate) of: Vec<u32>,
}

impl Regions {
    pub(crate) fn new(families: &[Option<&str>]) -> Self {
        // Each share is numbered by itself; then the shares, in their order, agree on the numbers of all.
        let share = families.len().div_ceil(rayon::current_num_threads().max(1)).max(1);
        let shares: Vec<(Vec<&str>, Vec<u32>)> = families.par_chunks(share).map(numbered).collect();
        let (paths, numbers) =
            numbered(&shares.iter().flat_map(|(paths, _)| paths).map(|path| Some(*path)).collect::<Vec<_>>());
        let mut first = 0;
        let mut of = Vec::with_capacity(families.len());
        for (own, places) in &shares {
            of.extend(places.iter().map(|place| numbers[first + *place as usize]));
            first += own.len();
        }
        Self { paths: paths.into_iter().map(str::to_owned).collect(), of }
    }

    /// For each path: the number of its region at a level; and these regions, in alphabetical order.
    fn at(&self, level: RegionLevel) -> (Vec<u32>, Vec<String>) {
        let cut = |path: &String| {
            RegionCode::parse(path).map_or_else(|_| String::new(), |code| code.at(level).to_string())
        };
        let cuts: Vec<String> = self.paths.iter().map(cut).collect();
        let mut regions = cuts.clone();
        regions.sort_unstable();
        regions.dedup();
        let number = |cut: &String| regions.partition_point(|region| region < cut) as u32;
        (cuts.iter().map(number).collect(), regions)
    }
}

/// The different paths in the order of first appearance, and for each entry the number of its path.
fn numbered<'a>(paths: &[Option<&'a str>]) -> (Vec<&'a str>, Vec<u32>) {
    let mut numbers: FxHashMap<&str, u32> = FxHashMap::default();
    let mut different = Vec::new();
    let number = |path: Option<&'a str>| {
        let path = path.unwrap_or_default();
        *numbers.entry(path).or_insert_with(|| {
            different.push(path);
            different.len() as u32 - 1
        })
    };
    let of = paths.iter().copied().map(number).collect();
    (different, of)
}

/// How the places of one region were given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegionPlaces {
    pub(crate) region: String,
    /// Families of the closing.
    pub(crate) families: u64,
    pub(crate) places: u64,
    /// Families that would receive if there were places enough.
    pub(crate) eligible: u64,
    /// Of these: those with a place.
    pub(crate) inside: u64,
    /// Families that keep their place while their notice runs; they may be more than there are places left.
    pub(crate) kept: u64,
    /// Families that wait.
    pub(crate) waiting: u64,
}

/// Families that keep what they have for now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Protected<'a> {
    /// Those who no longer pass the rule: each takes a place of its region before anybody else does.
    pub(crate) failing: &'a [u32],
    /// Those who would be without a place only because others are ahead of them.
    pub(crate) holding: &'a Bitmap,
    /// Villages of families that are gone and may come back: one entry for each place that nobody else is given.
    pub(crate) reserved: &'a [&'a str],
}

/// Places of all regions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// For each eligible family, in the order given: its rank in its region, from 1.
    pub(crate) rank: Vec<u32>,
    /// For each eligible family: whether it has a place by its rank.
    pub(crate) inside: Vec<bool>,
    pub(crate) regions: Vec<RegionPlaces>,
}

/// Gives out the places. `eligible` are numbers of families in ascending order; `order` has, for each
/// expression, one key for every family, to be sorted ascending; the last tie is broken by the order of
/// families. Newcomers share what those who are protected leave free.
pub(crate) fn give_places(
    quota: &Quota,
    regions: &Regions,
    eligible: &[u32],
    order: &[&[u64]],
    protected: Option<Protected<'_>>,
) -> Places {
    let (region_of_path, names) = regions.at(quota.by);
    let region_of = |family: u32| region_of_path[regions.of[family as usize] as usize];
    let mut families = vec![0u64; names.len()];
    for path in &regions.of {
        families[region_of_path[*path as usize] as usize] += 1;
    }
    let mut keys = Packed::new(eligible.len());
    keys.push(eligible.iter().map(|&family| u64::from(region_of(family))));
    for column in order {
        keys.push(eligible.iter().map(|&family| column[family as usize]));
    }
    let mut sorted: Vec<(u128, u32)> = keys.keys.into_iter().zip(0u32..).collect();
    sorted.par_sort_unstable();

    let places: Vec<u64> = names
        .iter()
        .zip(&families)
        .map(|(name, &families)| {
            let code = RegionCode::parse(name).unwrap_or_else(|_| RegionCode::nation());
            quota.places(&code, families)
        })
        .collect();
    let mut out = Places {
        rank: vec![0; eligible.len()],
        inside: vec![false; eligible.len()],
        regions: Vec::with_capacity(names.len()),
    };
    let holds = |family: u32| protected.is_some_and(|of| of.holding.get(family as usize));
    let mut kept = vec![0u64; names.len()];
    for &family in protected.iter().flat_map(|of| of.failing) {
        kept[region_of(family) as usize] += 1;
    }
    // What is left for newcomers, once everybody who is protected has a place.
    let mut free: Vec<u64> =
        places.iter().zip(&kept).map(|(places, kept)| places.saturating_sub(*kept)).collect();
    for village in protected.iter().flat_map(|of| of.reserved) {
        let region =
            RegionCode::parse(village).map_or_else(|_| String::new(), |code| code.at(quota.by).to_string());
        // Where no family of the closing lives, there is no place to keep from anybody.
        if let Ok(region) = names.binary_search(&region) {
            free[region] = free[region].saturating_sub(1);
        }
    }
    for &family in eligible.iter().filter(|family| holds(**family)) {
        let free = &mut free[region_of(family) as usize];
        *free = free.saturating_sub(1);
    }
    let mut taken = vec![0u64; names.len()];
    let (mut inside, mut holding) = (taken.clone(), taken.clone());
    for (_, at) in sorted {
        let family = eligible[at as usize];
        let region = region_of(family) as usize;
        taken[region] += 1;
        let mut has = taken[region] <= places[region];
        if holds(family) {
            holding[region] += u64::from(!has);
        } else if protected.is_some() {
            has = free[region] > 0;
            free[region] = free[region].saturating_sub(1);
        }
        inside[region] += u64::from(has);
        out.rank[at as usize] = u32::try_from(taken[region]).unwrap_or(u32::MAX);
        out.inside[at as usize] = has;
    }
    for (i, region) in names.into_iter().enumerate() {
        let (families, places, eligible) = (families[i], places[i], taken[i]);
        let (inside, kept, waiting) = (inside[i], kept[i] + holding[i], eligible - inside[i] - holding[i]);
        out.regions.push(RegionPlaces { region, families, places, eligible, inside, kept, waiting });
    }
    out
}

/// Several sort keys as one number: each column takes only the bits that its values need. When 128 bits are
/// full, the columns so far are replaced by their rank.
struct Packed {
    keys: Vec<u128>,
    bits: u32,
}

impl Packed {
    fn new(rows: usize) -> Self {
        Self { keys: vec![0; rows], bits: 0 }
    }

    fn push(&mut self, column: impl Iterator<Item = u64> + Clone) {
        let known = column.clone().filter(|key| *key != u64::MAX);
        let (Some(low), Some(high)) = (known.clone().min(), known.max()) else { return };
        // One value more than the range, for the unknown, which come last.
        let span = u128::from(high - low) + 1;
        let bits = 128 - span.leading_zeros();
        if self.bits + bits > 128 {
            self.compress();
        }
        for (packed, key) in self.keys.iter_mut().zip(column) {
            let key = if key == u64::MAX { span } else { u128::from(key - low) };
            *packed = *packed << bits | key;
        }
        self.bits += bits;
    }

    fn compress(&mut self) {
        let mut distinct = self.keys.clone();
        distinct.par_sort_unstable();
        distinct.dedup();
        let number: BTreeMap<u128, u128> = distinct.into_iter().zip(0u128..).collect();
        for key in &mut self.keys {
            *key = number.get(key).copied().unwrap_or_default();
        }
        // There are fewer than 2^32 rows, so their ranks need 32 bits.
        self.bits = 32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_keys_sort_like_the_columns_they_hold() {
        let columns: [Vec<u64>; 6] = [
            vec![3, 3, 1, 3, u64::MAX, 1],
            vec![1 << 60, 0, 5, 1 << 60, 7, 5],
            vec![9, 9, 0, 9, 9, u64::MAX],
            vec![0, 5, 1 << 63, 0, 1, 0],
            vec![2, 1, 1 << 62, 1, 0, 0],
            vec![u64::MAX; 6],
        ];
        let mut packed = Packed::new(6);
        for column in &columns {
            packed.push(column.iter().copied());
        }
        let mut by_packed: Vec<usize> = (0..6).collect();
        by_packed.sort_by_key(|&row| (packed.keys[row], row));
        let mut by_columns: Vec<usize> = (0..6).collect();
        by_columns.sort_by_key(|&row| (columns.iter().map(|column| column[row]).collect::<Vec<_>>(), row));
        assert_eq!(by_packed, by_columns);
    }
}
