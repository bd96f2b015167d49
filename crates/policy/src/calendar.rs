//! Working days: Monday to Friday but for holidays and joint leave (*cuti bersama*), from `calendar/holidays.csv`; and the day that it is
//! in a place: provinces of the middle and of the east (`calendar/zones.csv`) are one and two hours ahead of the west.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, civil::Date, civil::Weekday, tz::Offset};
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
    /// Holidays from Monday to Friday as days from [`MONDAY`], ascending: what is taken off the count of weekdays.
    off: Vec<i64>,
    /// Hours ahead of UTC by province, where it is not the western zone.
    zones: BTreeMap<String, i8>,
}

/// Hours by which the western zone (*WIB*) is ahead of UTC.
const WEST: i8 = 7;

/// A clock runs over at most this many days; beyond, arithmetic stops.
const DAYS_MAX: i64 = 3_660;

/// The Monday from which days are counted.
const MONDAY: Date = jiff::civil::date(1970, 1, 5);

/// Seconds of a civil day.
const DAY_S: i64 = 86_400;

/// Days from [`MONDAY`].
fn number_of(day: Date) -> i64 {
    day.duration_since(MONDAY).as_secs().div_euclid(DAY_S)
}

/// The day of a number; the last day that there is beyond it.
fn day_of(number: i64) -> Date {
    let seconds = number.saturating_mul(DAY_S);
    MONDAY.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Date::MAX)
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Days from Monday to Friday up to and including a day.
fn weekdays_until(number: i64) -> i64 {
    number.div_euclid(7) * 5 + (number.rem_euclid(7) + 1).min(5)
}

/// The day on which that count is reached.
fn weekday_of(count: i64) -> i64 {
    let before = count - 1;
    before.div_euclid(5) * 7 + before.rem_euclid(5)
}

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
        !is_weekend(day) && !self.holidays.contains_key(&day)
    }

    /// The day that is `working_days` working days after `from`. Zero gives `from` itself if it is a working day, else the next one:
    /// a deadline never falls on a day off.
    pub fn add_working_days(&self, from: Date, working_days: u32) -> Date {
        if working_days == 0 && self.is_working_day(from) {
            return from;
        }
        let begin = number_of(from);
        let (weekdays, off) = (weekdays_until(begin), self.off_until(begin));
        let wanted = i64::from(working_days.max(1));
        // So many weekdays on there may lie holidays between, for which it goes further on: until no more come in.
        let mut holidays = 0;
        let day = loop {
            let day = weekday_of(weekdays + wanted + holidays);
            let now = self.off_until(day) - off;
            if now == holidays {
                break day;
            }
            holidays = now;
        };
        day_of(day.min(begin + DAYS_MAX))
    }

    /// Working days after `from` up to and including `to`; negative when `to` lies before.
    pub fn working_days_between(&self, from: Date, to: Date) -> i64 {
        self.working_days_until(number_of(to)) - self.working_days_until(number_of(from))
    }

    /// The last day that is at least so many working days before another: what was due then is so late now. Ten years at most.
    pub fn days_late_since(&self, today: Date, working_days: u32) -> Date {
        let end = number_of(today);
        let wanted = self.working_days_until(end) - i64::from(working_days);
        // Counts rise by one at most from day to day, so the last day with this count is the one before the count goes on.
        let (mut low, mut high) = (end - DAYS_MAX, end);
        while low < high {
            let middle = low + (high - low + 1) / 2;
            if self.working_days_until(middle) <= wanted {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        day_of(low)
    }

    /// Works out which holidays take a weekday off.
    fn count(&mut self) {
        let weekdays = self.holidays.keys().filter(|day| !is_weekend(**day));
        self.off = weekdays.map(|day| number_of(*day)).collect();
    }

    /// Working days up to and including a day, from a beginning that cancels out.
    fn working_days_until(&self, number: i64) -> i64 {
        weekdays_until(number) - self.off_until(number)
    }

    /// Holidays on weekdays up to and including a day.
    fn off_until(&self, number: i64) -> i64 {
        self.off.partition_point(|off| *off <= number) as i64
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
    calendar.count();
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

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};

    use super::*;

    /// The definition, day by day.
    fn added(calendar: &Calendar, from: Date, working_days: u32) -> Date {
        let (mut day, mut left) = (from, working_days);
        for _ in 0..DAYS_MAX {
            if left == 0 && calendar.is_working_day(day) {
                break;
            }
            let Ok(next) = day.checked_add(1.day()) else { break };
            day = next;
            if left > 0 && calendar.is_working_day(day) {
                left -= 1;
            }
        }
        day
    }

    fn between(calendar: &Calendar, from: Date, to: Date) -> i64 {
        if to < from {
            return -between(calendar, to, from);
        }
        let (mut day, mut count) = (from, 0);
        while day < to {
            let Ok(next) = day.checked_add(1.day()) else { break };
            day = next;
            count += i64::from(calendar.is_working_day(day));
        }
        count
    }

    fn late_since(calendar: &Calendar, today: Date, working_days: u32) -> Date {
        let mut day = today;
        for _ in 0..DAYS_MAX {
            if between(calendar, day, today) >= i64::from(working_days) {
                break;
            }
            let Ok(before) = day.checked_sub(1.day()) else { break };
            day = before;
        }
        day
    }

    /// Random numbers that are the same in every run.
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: i64) -> i64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 33) as i64).rem_euclid(end)
        }
    }

    /// Some years with holidays strewn over them, weekends too, now and then three weeks without a break.
    fn random(random: &mut Random) -> Calendar {
        let mut calendar = Calendar::default();
        let begin = date(2024, 1, 1);
        let off = Holiday { name: "X".to_owned(), joint_leave: false, decree: "X".to_owned() };
        for _ in 0..random.below(60) {
            let from = random.below(1_200);
            let long = if random.below(8) == 0 { 21 } else { 1 + random.below(3) };
            for day in from..from + long {
                calendar.holidays.insert(begin.checked_add(day.days()).unwrap_or(begin), off.clone());
            }
        }
        calendar.count();
        calendar
    }

    #[test]
    fn counting_gives_the_same_day_as_going_day_by_day() {
        let mut dice = Random(7);
        for _ in 0..60 {
            let calendar = random(&mut dice);
            for _ in 0..60 {
                let day = |ahead: i64| date(2023, 12, 1).checked_add(ahead.days()).unwrap_or(Date::MAX);
                let (from, to) = (day(dice.below(1_400)), day(dice.below(1_400)));
                let days = u32::try_from(dice.below(90)).unwrap_or(0);
                assert_eq!(
                    calendar.add_working_days(from, days),
                    added(&calendar, from, days),
                    "{from} and {days}"
                );
                assert_eq!(
                    calendar.working_days_between(from, to),
                    between(&calendar, from, to),
                    "{from} to {to}"
                );
                let late = u32::try_from(dice.below(40)).unwrap_or(0);
                assert_eq!(
                    calendar.days_late_since(from, late),
                    late_since(&calendar, from, late),
                    "{from} and {late}"
                );
            }
        }
    }

    #[test]
    fn counting_stops_where_going_stops() {
        let calendar = random(&mut Random(11));
        for (from, days) in [
            (date(2026, 11, 23), 4_000),
            (date(2026, 11, 23), u32::MAX),
            (date(2026, 11, 21), 2_620),
            (date(1953, 2, 1), 0),
            (date(1953, 2, 3), 11),
            (Date::MAX, 0),
            (Date::MAX, 5),
        ] {
            assert_eq!(
                calendar.add_working_days(from, days),
                added(&calendar, from, days),
                "{from} and {days}"
            );
        }
        assert_eq!(
            calendar.days_late_since(date(2026, 11, 23), 9_999),
            late_since(&calendar, date(2026, 11, 23), 9_999)
        );
    }
}
