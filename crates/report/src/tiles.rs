//! Where the tile of each region goes: a grid a little wider than high, filled by code, the same on every
//! machine.
//!
//! A tile map gives each region the same room, whatever its area, and needs no boundaries. Pure.

/// Column and row (from 0) of tile `index` of `count`.
pub fn place(index: usize, count: usize) -> (usize, usize) {
    let columns = columns(count);
    (index % columns, index / columns)
}

/// Columns of a grid of `count` tiles: the smallest width at which it is at least as wide as high by 4 to 3.
pub(crate) fn columns(count: usize) -> usize {
    (1..=count.max(1)).find(|columns| columns * columns * 3 >= count * 4).unwrap_or(count.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tiles_share_a_place_and_the_grid_is_wider_than_high() {
        for count in 1..300 {
            let mut places: Vec<_> = (0..count).map(|index| place(index, count)).collect();
            let (wide, high) = (columns(count), places.iter().map(|p| p.1).max().unwrap_or(0) + 1);
            assert!(wide >= high, "{count}: {wide} by {high}");
            places.sort_unstable();
            places.dedup();
            assert_eq!(places.len(), count);
        }
    }
}
