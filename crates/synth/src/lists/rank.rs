//! Ranks of family cards (*desil*), quarterly, as the statistics office publishes them: near the hidden
//! welfare, not equal to it.

use jiff::civil::{Date, date};

use super::{Lens, Line, Rows, noise, write_date};
use crate::world;

const PURPOSE: u64 = 14;
/// Quarters published back from the edition's day.
const QUARTERS: usize = 3;

pub(crate) const HEADER: &str = "no_kk,desil,tanggal,penerbit,versi_model";

/// First days of the last quarters before `day`, newest first.
pub(crate) fn quarters(day: i32) -> [Date; QUARTERS] {
    let today = model::civil_from_epoch_days(day).unwrap_or(date(2026, 1, 1));
    let newest = i32::from(today.year()) * 4 + i32::from(today.month() - 1) / 3;
    std::array::from_fn(|back| {
        let quarter = newest - back as i32;
        date((quarter.div_euclid(4)) as i16, (quarter.rem_euclid(4) * 3 + 1) as i8, 1)
    })
}

/// One set of rows a quarter, newest first.
pub(super) fn rows(lens: &Lens<'_>) -> Vec<Rows> {
    quarters(lens.edition.day).iter().map(|quarter| of_quarter(lens, *quarter)).collect()
}

fn of_quarter(lens: &Lens<'_>, quarter: Date) -> Rows {
    let day = model::epoch_days(quarter);
    let mut listed = vec![false; lens.world.families.len()];
    for at in 0..lens.world.people.len() as u32 {
        let person = &lens.world.people[at as usize];
        if person.born(day)
            && !person.dead(day)
            && let Some(place) = lens.world.membership(at, day)
        {
            listed[place.family as usize] = true;
        }
    }
    let mut rows = Rows::default();
    let mut line = Line::new(',');
    let (year, month) = (quarter.year(), quarter.month());
    for (at, family) in lens.world.families.iter().enumerate().filter(|(at, _)| listed[*at]) {
        let mut lasting = lens.dice(PURPOSE, at as u32, 0);
        let mut passing = lens.dice(PURPOSE, at as u32, day as u64);
        if !lasting.chance(0.985) {
            continue;
        }
        let guess = 0.93 * family.welfare + 0.3 * lasting.normal() + 0.2 * passing.normal();
        line.clear();
        line.number(lens.world.card(at as u32, day).0);
        line.number(world::decile(guess));
        write_date(line.cell(), Some((i32::from(year), i32::from(month), 1)), "-", true);
        line.word("BPS");
        line.cell().push_str("PMT-");
        noise::push_number(&mut line.text, i64::from(year));
        line.text.push('.');
        noise::push_number(&mut line.text, i64::from((month - 1) / 3 + 1));
        rows.push(&line, (0, lens.world.true_family(at as u32)), false);
    }
    rows
}
