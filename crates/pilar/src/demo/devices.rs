//! The demo's devices: people of the crowded district who have a difficulty get one, some of them two, so that hand-overs and people
//! are two counts there as they are anywhere. Taken in as a file, as `pilar devices import` does.

use std::fmt::Write;

use access::Session;
use arrow_array::{
    Array,
    cast::AsArray,
    types::{Int32Type, Int64Type},
};
use jiff::ToSpan;
use model::{Month, RegionCode, RegionLevel};
use serde_json::{Value, json};

use super::{DAY, Run};

/// People who get a device.
const PEOPLE_MAX: usize = 120;
/// Every so-manieth person gets a second one, of another programme.
const SECOND_EVERY: usize = 6;

/// Hands devices over in the district of a village.
pub(super) fn hand_over(run: &Run, village: &RegionCode, month: Month) -> anyhow::Result<(u64, Value)> {
    let device = |programme: &&policy::Programme| {
        let mut components = programme.versions.iter().flat_map(|version| &version.components);
        components.any(|component| component.kind == policy::BenefitKind::Device)
    };
    let programmes: Vec<&str> =
        run.house.policy.programmes().values().filter(device).map(|one| one.key.as_str()).collect();
    if programmes.is_empty() {
        return Ok((0, json!({})));
    }
    let people = with_difficulty(run, &village.at(RegionLevel::District), month)?;
    let mut text = casework::HANDOVER_COLUMNS.join(",");
    text.push('\n');
    for (at, person) in people.iter().enumerate() {
        let devices = if at % SECOND_EVERY == 0 { 2 } else { 1 };
        for nth in 0..devices.min(programmes.len()) {
            let programme = programmes[(at + nth) % programmes.len()];
            let value = 650_000 + 125_000 * (at % 7);
            let day = DAY.checked_sub(i64::try_from(10 + at % 90)?.days())?;
            writeln!(
                text,
                "{person},{programme},ALAT-{:02},{value},{day},BAST {}",
                at % 12 + 1,
                at / 20 + 1
            )?;
        }
    }
    let scope = Session::console(&run.house).scope("case.work")?;
    let taken = casework::take_handovers(&run.house, &scope, &text)?;
    Ok((taken.rows as u64, json!({ "handovers": taken.rows, "people": people.len() })))
}

/// Living people of a region with a difficulty, in the order of the closing.
fn with_difficulty(run: &Run, region: &RegionCode, month: Month) -> anyhow::Result<Vec<i64>> {
    let closing = run.house.lake.require(&format!("closing/{month}/persons"))?;
    let mut people = Vec::new();
    for batch in closing.read(&["person_id", "region", "alive", "disability"])? {
        let batch = batch?;
        let ids = batch.column(0).as_primitive::<Int64Type>();
        let regions = batch.column(1).as_string::<i32>();
        let alive = batch.column(2).as_boolean();
        let difficulty = batch.column(3).as_primitive::<Int32Type>();
        for row in 0..batch.num_rows() {
            let lives = alive.is_valid(row) && alive.value(row);
            let has = difficulty.is_valid(row) && difficulty.value(row) != 0;
            let here = regions.is_valid(row) && regions.value(row).starts_with(region.as_str());
            if lives && has && here {
                people.push(ids.value(row));
                if people.len() >= PEOPLE_MAX {
                    return Ok(people);
                }
            }
        }
    }
    Ok(people)
}
