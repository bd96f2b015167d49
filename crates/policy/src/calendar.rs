//! Working days: Monday to Friday but for holidays and joint leave (*cuti bersama*), from `calendar/holidays.csv`; and the day that it is in
//! a place: provinces of the middle and of the east (`calendar/zones.csv`) are one and two hours ahead of the west.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, civil::Date, civil::Weekday, tz::Offset};
use model::RegionCode;

use crate::{fault::Faults, pack::Pack, table::Csv};

/// A day off.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Holiday {
    /// Its name.
    pub name: String,
    /// *Cuti bersama*: joint leave next to a holiday.
    pub joint_leave: bool,
    /// The decree that sets it.
    pub decree: String,
}

/// The days on which offices work.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    holidays: BTreeMap<Date, Holiday>,
    /// Hours ahead of UTC by province, where it is not the western zone.
    zones: BTreeMap<String, i8>,
}

/// Hours by which the western zone (*WIB*) is ahead of UTC.
const WEST: i8 = 7;

/// A clock runs over at most this many days; beyond, arithmetic stops.
const DAYS_MAX: i32 = 3_660;

impl Calendar {
    /// The holiday on that day, if any.
    pub fn holiday(&self, day: Date) -> Option<&Holiday> {
        self.holidays.get(&day)
    }

    /// Hours by which a place is ahead of UTC: 7, 8 or 9.
    pub fn hours_ahead(&self, region: &RegionCode) -> i8 {
        let province = region.as_str().get(..2).unwrap_or_default();
        self.zones.get(province).copied().unwrap_or(WEST)
    }

    /// The day that it is in a place at an instant.
    pub fn day_in(&self, region: &RegionCode, at: Timestamp) -> Date {
        Offset::constant(self.hours_ahead(region)).to_datetime(at).date()
    }

    /// All holidays in the order of days.
    pub fn holidays(&self) -> impl Iterator<Item = (Date, &Holiday)> {
        self.holidays.iter().map(|(day, holiday)| (*day, holiday))
    }

    /// Whether offices work on that day.
    pub fn is_working_day(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !self.holidays.contains_key(&day)
    }

    /// The day that is `working_days` working days after `from`. Zero gives `from` itself if it is a working day, else the next one:
    /// a deadline never falls on a day off.
    pub fn add_working_days(&self, from: Date, working_days: u32) -> Date {
        let mut day = from;
        let mut left = working_days;
        for _ in 0..DAYS_MAX {
            if left == 0 && self.is_working_day(day) {
                break;
            }
            let Ok(next) = day.checked_add(1.day()) else { break };
            day = next;
            if left > 0 && self.is_working_day(day) {
                left -= 1;
            }
        }
        day
    }

    /// Working days after `from` up to and including `to`; negative when `to` lies before.
    pub fn working_days_between(&self, from: Date, to: Date) -> i64 {
        if to < from {
            return -self.working_days_between(to, from);
        }
        let mut count = 0;
        let mut day = from;
        while day < to {
            let Ok(next) = day.checked_add(1.day()) else { break };
            day = next;
            count += i64::from(self.is_working_day(day));
        }
        count
    }
}

pub(crate) fn load(pack: &Pack, faults: &Faults) -> Calendar {
    let mut calendar = Calendar { zones: zones(pack, faults), ..Calendar::default() };
    let Some(csv) = Csv::open(pack, faults, "calendar/holidays.csv", &["date", "name", "type", "decree"])
    else {
        return calendar;
    };
    for row in csv.rows() {
        let Ok(day) = row.get("date").parse::<Date>() else {
            row.fault("date", "no day of the calendar", "write it as 2026-08-17");
            continue;
        };
        let joint_leave = match row.get("type") {
            "libur_nasional" => false,
            "cuti_bersama" => true,
            _ => {
                row.fault("type", "not known", "write libur_nasional or cuti_bersama");
                continue;
            }
        };
        let holiday =
            Holiday { name: row.get("name").to_owned(), joint_leave, decree: row.get("decree").to_owned() };
        if calendar.holidays.insert(day, holiday).is_some() {
            row.fault("date", "the day stands twice", "keep one row");
        }
    }
    calendar
}

fn zones(pack: &Pack, faults: &Faults) -> BTreeMap<String, i8> {
    let mut zones = BTreeMap::new();
    let Some(csv) = Csv::open(pack, faults, "calendar/zones.csv", &["province", "zone", "decree"]) else {
        return zones;
    };
    for row in csv.rows() {
        let hours = match row.get("zone") {
            "WIB" => WEST,
            "WITA" => WEST + 1,
            "WIT" => WEST + 2,
            _ => {
                row.fault("zone", "not known", "write WIB, WITA or WIT");
                continue;
            }
        };
        if zones.insert(row.get("province").to_owned(), hours).is_some() {
            row.fault("province", "the province stands twice", "keep one row");
        }
    }
    zones
}
