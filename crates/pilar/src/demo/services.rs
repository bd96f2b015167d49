//! The demo's catalogue of services: invented providers of every kind round the crowded district, taken in as a file.

use std::fmt::Write;

use access::Session;
use casework::catalogue;
use jiff::ToSpan;
use model::{RegionCode, RegionLevel};
use serde_json::{Value, json};

use super::{DAY, Run, accounts};

/// Villages with a service post.
const POSTS: usize = 6;

/// Fills the catalogue; done again it changes nothing.
pub(super) fn fill(run: &Run) -> anyhow::Result<(u64, Value)> {
    let house = &run.house;
    let village = super::steps::crowded(&accounts::read(&run.dir)?)?;
    let district = village.at(RegionLevel::District);
    let (villages, subdistricts) = house.db.read(|tx| {
        let within = |tx: &mut store::Tx<'_>, level| store::regions::within(tx, &district, level);
        Ok::<_, store::Error>((within(tx, RegionLevel::Village)?, within(tx, RegionLevel::Subdistrict)?))
    })?;
    let since = DAY.checked_sub(500.days())?;
    let mut text = catalogue::SERVICE_COLUMNS.join(",") + "\n";
    let mut rows = 0;
    let mut add = |kind: &policy::ServiceKind, place: &RegionCode, serves: &str| -> anyhow::Result<()> {
        rows += 1;
        let name = kind.label.id.split(" (").next().unwrap_or_default();
        writeln!(
            text,
            "L-{rows:04},{},{name} Contoh {rows},{place},{serves},Jalan Contoh nomor {rows},(000) 000-{rows:04},Senin-Jumat 08.00-15.00,\
             \"KTP, kartu keluarga\",,{since},",
            kind.key
        )?;
        Ok(())
    };
    for (at, kind) in house.policy.services().kinds.iter().enumerate() {
        // The first kind is in villages, the next ones in subdistricts and the district, every fifth serves the whole province.
        if at == 0 {
            let first = std::iter::once(&village).chain(villages.iter().map(|one| &one.code));
            for place in first.take(POSTS) {
                add(kind, place, "village")?;
            }
        }
        match at % 5 {
            2 => {
                for place in &subdistricts {
                    add(kind, &place.code, "subdistrict")?;
                }
            }
            4 => add(kind, &district, "province")?,
            _ => add(kind, &district, "district")?,
        }
    }
    let console = Session::console(house).scope("service.manage")?;
    let taken = catalogue::take_services(house, &console, &text)?;
    Ok((taken.rows as u64, json!({ "services": taken.rows })))
}
