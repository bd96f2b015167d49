//! Regions as a map of equal tiles, shaded by a figure, with the table beside it: nobody needs to see colours to read it.
//! The table holds the same figures and links, so the drawing itself is silent for those who hear the page.

use askama::Template;

/// One region.
#[derive(Debug, Clone)]
pub struct Tile {
    /// A few letters or digits that fit a tile.
    pub short: String,
    /// Full name, in the table and for those who hear the page.
    pub name: String,
    /// The figure as text.
    pub text: String,
    /// The figure as short as a tile needs it.
    pub on_map: String,
    /// Nothing is known of it: on the map, not in the table.
    pub empty: bool,
    /// The figure that shades the tile.
    pub value: i64,
    /// Further figures for the table, in the order of the heads.
    pub more: Vec<String>,
    /// Where the region leads, or empty.
    pub href: String,
    /// Column and row of its place, from 0.
    pub place: (usize, usize),
}

/// Tiles row by row, in the order of their codes.
#[derive(Template)]
#[template(path = "ui/tiles.html")]
pub struct TileMap {
    /// Title of the figure.
    pub title: String,
    /// Headings of the table: region, the shading figure, then the further figures.
    pub heads: Vec<String>,
    /// Tiles in a row of the map.
    pub columns: usize,
    /// The regions.
    pub tiles: Vec<Tile>,
    /// Words of the legend: least, most.
    pub ends: (String, String),
    /// How many regions are left out of the table, in words; empty when none is.
    pub without: String,
}

/// A tile at its place.
struct Placed<'a> {
    tile: &'a Tile,
    x: usize,
    y: usize,
    shade: u8,
}

/// Height of a tile; its width when there are many in a row.
const SIDE: usize = 72;
/// Width of a tile when few stand in a row: their names fit.
const WIDE: usize = 132;
const FEW: usize = 3;
const SHADES: i128 = 5;

impl TileMap {
    fn tile_width(&self) -> usize {
        if self.columns <= FEW { WIDE } else { SIDE }
    }

    fn width(&self) -> usize {
        self.columns.max(1) * self.tile_width()
    }

    fn height(&self) -> usize {
        self.tiles.iter().map(|tile| tile.place.1 + 1).max().unwrap_or(1) * SIDE
    }

    fn placed<'a>(&'a self) -> Vec<Placed<'a>> {
        let most = self.tiles.iter().map(|tile| tile.value).max().unwrap_or(0);
        let placed = |tile: &'a Tile| {
            let (column, row) = tile.place;
            Placed { tile, x: column * self.tile_width(), y: row * SIDE, shade: shade(tile, most) }
        };
        self.tiles.iter().map(placed).collect()
    }
}

/// 0 for nothing, then five even steps up to the largest figure.
fn shade(tile: &Tile, most: i64) -> u8 {
    if tile.value <= 0 || most <= 0 {
        return 0;
    }
    let step = (i128::from(tile.value) * SHADES + i128::from(most) - 1) / i128::from(most);
    u8::try_from(step.clamp(1, SHADES)).unwrap_or(0)
}
