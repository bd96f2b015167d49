//! Days since 1970-01-01 to year, month and day and back, in plain arithmetic that suits a tight loop over a
//! column. Total over all 32-bit day numbers; agrees with `model`'s dates wherever those exist (tested).

/// Year, month (1-12) and day (1-31) of a day number. Formula: Howard Hinnant, "chrono-compatible low-level
/// date algorithms".
pub(crate) fn civil(days: i32) -> (i64, u32, u32) {
    let shifted = i64::from(days) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
    let month = (if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 }) as u32;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Completed years from one day to another; negative when the second lies before.
pub(crate) fn years_between(from: i32, to: (i64, u32, u32)) -> i64 {
    let (year, month, day) = civil(from);
    to.0 - year - i64::from((to.1, to.2) < (month, day))
}

/// Completed months from one day to another.
pub(crate) fn months_between(from: i32, to: (i64, u32, u32)) -> i64 {
    let (year, month, day) = civil(from);
    (to.0 - year) * 12 + i64::from(to.1) - i64::from(month) - i64::from(to.2 < day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_arithmetic_agrees_with_the_calendar() {
        let on = jiff::civil::date(2026, 2, 28);
        let to = civil(model::epoch_days(on));
        for days in (-800_000..3_000_000).step_by(37).chain([-719_529, -1, 0, 11_016, 20_512]) {
            let Some(date) = model::civil_from_epoch_days(days) else { continue };
            assert_eq!(civil(days), (i64::from(date.year()), date.month() as u32, date.day() as u32));
            assert_eq!(years_between(days, to), i64::from(model::age_in_years(date, on)));
            assert_eq!(months_between(days, to), i64::from(model::age_in_months(date, on)));
        }
        civil(i32::MIN);
        civil(i32::MAX);
    }
}
