//! A simulation by village: families, who receives, what it costs, who enters and leaves, on both sides, for each programme. Kept in the
//! lake beside its scenario, so that a page goes down from province to village; small cells are hidden when they are read, at the level
//! shown.

use std::{collections::BTreeMap, sync::Arc};

use access::House;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use lake::{Origin, WriteOptions};
use model::{RegionCode, RegionLevel};
use rules::Label;

use crate::{
    Part, Result,
    columns::int64,
    decide::text_column,
    tally::{Cell, Hides},
};

/// Numbers of a village, in the order of the columns.
const FIGURES: [&str; 7] = [
    "families",
    "receive_before",
    "receive_after",
    "amount_idr_before",
    "amount_idr_after",
    "enter",
    "leave",
];

/// Cells by programme and village. Some 84,000 villages: 6 MB a programme.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegionCube {
    /// Paths of villages, sorted; families of whom no village is known have the empty path.
    villages: Vec<String>,
    /// For each village: its number among the paths of the closing.
    places: Vec<usize>,
    programmes: Vec<(String, Vec<Cell>)>,
}

impl RegionCube {
    /// Villages of the territory, with their numbers.
    pub(crate) fn new<'a>(villages: impl Iterator<Item = (usize, &'a str)>) -> Self {
        let mut all: Vec<(usize, &str)> = villages.collect();
        all.sort_unstable_by_key(|(_, path)| *path);
        Self {
            villages: all.iter().map(|(_, path)| (*path).to_owned()).collect(),
            places: all.iter().map(|(place, _)| *place).collect(),
            programmes: Vec::new(),
        }
    }

    /// The cells of a programme, by number of the path.
    pub(crate) fn add(&mut self, programme: &str, cells: &[Cell]) {
        let cells = self.places.iter().map(|place| cells[*place]).collect();
        self.programmes.push((programme.to_owned(), cells));
    }

    /// The regions of a level within a region, for one programme, in the order of their paths. Small cells are hidden, with them as many
    /// of their siblings as are needed, and all that lies below what is hidden.
    pub fn parts(&self, programme: &str, within: &RegionCode, level: RegionLevel) -> Vec<Part> {
        let mut above = BTreeMap::from([(RegionCode::nation(), Hides::default())]);
        let mut parts = Vec::new();
        let mut around_level = RegionLevel::Nation;
        while around_level < level {
            let below = around_level.below();
            let mut siblings: BTreeMap<RegionCode, Vec<(RegionCode, Cell)>> = BTreeMap::new();
            for (path, cell) in self.cells(programme, &within.at(around_level), below) {
                let code = RegionCode::parse(&path).unwrap_or_else(|_| RegionCode::nation());
                siblings.entry(code.at(around_level)).or_default().push((code, cell));
            }
            let mut known = BTreeMap::new();
            parts.clear();
            for (around, siblings) in siblings {
                let whole = above.get(&around).copied().unwrap_or_default();
                let hidden = Hides::of_parts(siblings.iter().map(|(_, cell)| cell), whole);
                for ((code, cell), hides) in siblings.iter().zip(hidden) {
                    if cell.families > 0 && within.contains(code) {
                        parts.push(cell.part(code.to_string(), Label::default(), hides));
                    }
                    known.insert(code.clone(), hides);
                }
            }
            above = known;
            around_level = below;
        }
        parts
    }

    pub(crate) fn cells(
        &self,
        programme: &str,
        within: &RegionCode,
        level: RegionLevel,
    ) -> BTreeMap<String, Cell> {
        let mut sums: BTreeMap<String, Cell> = BTreeMap::new();
        let Some((_, cells)) = self.programmes.iter().find(|(key, _)| key == programme) else { return sums };
        for (path, cell) in self.villages.iter().zip(cells) {
            let code = RegionCode::parse(path).unwrap_or_else(|_| RegionCode::nation());
            if within.contains(&code) {
                sums.entry(code.at(level).to_string()).or_default().plus(cell);
            }
        }
        sums
    }

    /// Writes `scenarios/ID/regions`.
    pub(crate) fn write(&self, house: &House, id: i64, origin: Origin) -> Result<()> {
        let mut fields =
            vec![Field::new("region", DataType::Utf8, false), Field::new("programme", DataType::Utf8, false)];
        fields.extend(FIGURES.map(|name| Field::new(name, DataType::Int64, false)));
        let schema = Arc::new(Schema::new(fields));
        let options = WriteOptions::sorted_by(&["programme", "region"]);
        let mut writer = house.lake.writer(&dataset(id), Arc::clone(&schema), options)?;
        for (programme, cells) in &self.programmes {
            let number = |of: fn(&Cell) -> i64| -> ArrayRef {
                Arc::new(Int64Array::from_iter_values(cells.iter().map(of)))
            };
            let columns = vec![
                Arc::new(StringArray::from_iter_values(&self.villages)) as ArrayRef,
                Arc::new(StringArray::from_iter_values(cells.iter().map(|_| programme))),
                number(|cell| cell.families),
                number(|cell| cell.eligible[0]),
                number(|cell| cell.eligible[1]),
                number(|cell| cell.amount[0]),
                number(|cell| cell.amount[1]),
                number(|cell| cell.enters),
                number(|cell| cell.leaves),
            ];
            writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
        }
        writer.finish(origin, house.clock.as_ref())?;
        Ok(())
    }

    /// Reads what [`RegionCube::write`] wrote; none for a scenario that was kept before there were cubes.
    pub(crate) fn read(house: &House, id: i64) -> Result<Option<Self>> {
        let Some(dataset) = house.lake.dataset(&dataset(id))? else { return Ok(None) };
        let names: Vec<&str> = ["region", "programme"].into_iter().chain(FIGURES).collect();
        let all = dataset.read_all(&names)?;
        let (regions, programmes) = (text_column(&all, "region"), text_column(&all, "programme"));
        let mut numbers: Vec<&[i64]> = Vec::with_capacity(FIGURES.len());
        for name in FIGURES {
            numbers.push(int64(&all, name)?.values());
        }
        let mut cube = Self::default();
        for row in 0..all.num_rows() {
            let (region, programme) = (regions[row].unwrap_or_default(), programmes[row].unwrap_or_default());
            if cube.programmes.last().is_none_or(|(key, _)| key != programme) {
                cube.programmes.push((programme.to_owned(), Vec::new()));
            }
            // Every programme has the same villages in the same order.
            if cube.programmes.len() == 1 {
                cube.villages.push(region.to_owned());
            }
            let n = |figure: usize| numbers[figure][row];
            let cell = Cell {
                families: n(0),
                eligible: [n(1), n(2)],
                amount: [n(3), n(4)],
                enters: n(5),
                leaves: n(6),
            };
            cube.programmes.iter_mut().last().into_iter().for_each(|(_, cells)| cells.push(cell));
        }
        Ok(Some(cube))
    }
}

fn dataset(id: i64) -> String {
    format!("scenarios/{id}/regions")
}
