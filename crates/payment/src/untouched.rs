//! Money that rests (*dana mengendap*): on a card or ready at a counter, and nobody took it. By channel, region and age since the
//! channel was told to pay; and a visit to each family whose money was never touched, once its channel's days are over.
//!
//! Ages come from orders and counts, so the report costs the same however many lines there are. A visit is an effect of the line:
//! asked for again it is the same one.

use std::collections::BTreeMap;

use access::{House, Scope};
use model::{FamilyId, LineId, Progress, RegionCode};
use serde::Serialize;
use store::params;

use crate::{
    Error, Result, common,
    effect::{self, Effect},
    queries,
};

/// Bands of age: up to each of the settings' four numbers of days, and beyond.
pub const BANDS: usize = 5;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Lines and money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Resting {
    /// Lines.
    pub lines: i64,
    /// Rupiah on the card or at the counter.
    pub amount_idr: i64,
}

impl Resting {
    fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.amount_idr = self.amount_idr.saturating_add(other.amount_idr);
    }
}

/// Resting money of a channel or region, by age.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RestingRow {
    /// Key of the channel, or code of the region.
    pub of: String,
    /// By band, youngest first.
    pub bands: [Resting; BANDS],
    /// All of them.
    pub total: Resting,
}

/// Money that rests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RestingReport {
    /// Last days of the bands but the last.
    pub days: Vec<i64>,
    /// All of it.
    pub total: RestingRow,
    /// By channel.
    pub channels: Vec<RestingRow>,
    /// By the regions below the one asked about.
    pub regions: Vec<RestingRow>,
}

/// Money that rests within a region, by channel and by the regions below it.
///
/// # Errors
/// [`Error::NotFound`] for a region outside the scope.
pub fn resting(house: &House, scope: &Scope, region: &RegionCode) -> Result<RestingReport> {
    common::need(scope, "payment.read")?;
    let scope = scope.within(region).ok_or(Error::NotFound("region"))?;
    let (from, to) = scope.path_range();
    let length = region.level().below().width() as i64;
    let days = house.policy.settings().cards.age_days;
    let now = house.clock.now_ms();
    let rows = house.db.read(|tx| match scope.caseload() {
        0 => tx.query(&queries::RESTING, params![from, to, length]),
        caseload => tx.query(&queries::RESTING_ASSIGNED, params![from, to, length, caseload]),
    })?;
    let mut total = RestingRow::default();
    let (mut channels, mut regions) = (BTreeMap::new(), BTreeMap::new());
    for row in &rows {
        let age = (now - row.int(2)?).max(0) / DAY_MS;
        let band = days.iter().position(|day| age <= *day).unwrap_or(BANDS - 1);
        let resting = Resting { lines: row.int(3)?, amount_idr: row.int(4)? };
        let named = |of: &str| RestingRow { of: of.to_owned(), ..RestingRow::default() };
        let channel = channels.entry(row.string(0)?).or_insert_with_key(|of| named(of));
        let region = regions.entry(row.string(1)?).or_insert_with_key(|of| named(of));
        for part in [&mut total, channel, region] {
            part.bands[band].add(resting);
            part.total.add(resting);
        }
    }
    Ok(RestingReport {
        days: days.to_vec(),
        total,
        channels: channels.into_values().collect(),
        regions: regions.into_values().collect(),
    })
}

/// Asks for a visit to each family whose money nobody has touched since the days that its channel names; answers how many lines
/// that are. The same call again asks for nothing new.
///
/// # Errors
/// Store errors.
pub fn ask_visits(house: &House, scope: &Scope, progress: &dyn Progress) -> Result<u64> {
    common::need(scope, "payment.reconcile")?;
    let mut asked = 0;
    for channel in house.policy.channels().values() {
        let Some(untouched) = &channel.untouched else { continue };
        let now = house.clock.now_ms();
        let before = now - untouched.days * DAY_MS;
        let orders =
            house.db.read(|tx| tx.query(&queries::ORDERS_SENT_BEFORE, params![&channel.key, before]))?;
        for order in &orders {
            let (order_id, cycle_id) = (order.int(0)?, order.int(1)?);
            let cycle = house.db.read(|tx| common::cycle(tx, cycle_id))?;
            for (from, to) in cycle.ranges(0) {
                asked += house.db.write(|tx| {
                    let rows = tx.query(&queries::UNTOUCHED, params![from, to, order_id])?;
                    let visit = |row: &store::Row| {
                        Ok(Effect::OpenCase {
                            workflow: untouched.effect.clone(),
                            family: FamilyId(row.int(1)?),
                            line: Some(LineId(row.int(0)?)),
                            region: row.region(2)?,
                            reason: "untouched".to_owned(),
                        })
                    };
                    let visits = rows.iter().map(visit).collect::<Result<Vec<_>>>()?;
                    effect::put(tx, house, &format!("order:{order_id}"), &visits)?;
                    Ok::<_, Error>(visits.len() as u64)
                })?;
                progress.report("untouched", asked, 0);
            }
        }
    }
    Ok(asked)
}
