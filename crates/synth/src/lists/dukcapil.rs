//! The civil registry: nearly everyone, careful, with most deaths; as columns for a Parquet file.

use super::Lens;
use crate::{names, noise, world::NEVER};

const PURPOSE: u64 = 15;

/// Columns of the civil registry, one entry a person.
#[derive(Debug, Default)]
pub(crate) struct Civil {
    pub(crate) nik: Vec<i64>,
    pub(crate) kk: Vec<i64>,
    pub(crate) name: Vec<String>,
    pub(crate) sex: Vec<i32>,
    pub(crate) birth_place: Vec<String>,
    pub(crate) birth_date: Vec<i32>,
    pub(crate) relation: Vec<i32>,
    pub(crate) marital: Vec<i32>,
    pub(crate) mother: Vec<Option<String>>,
    pub(crate) address: Vec<String>,
    pub(crate) rt: Vec<i32>,
    pub(crate) rw: Vec<i32>,
    pub(crate) region: Vec<String>,
    pub(crate) death_date: Vec<Option<i32>>,
    pub(crate) truth: Vec<(i64, i64)>,
}

pub(super) fn rows(lens: &Lens<'_>) -> Civil {
    let mut out = Civil::default();
    let day = lens.edition.day - 3;
    for at in 0..lens.world.people.len() as u32 {
        let mut dice = lens.dice(PURPOSE, at, 0);
        let Some(seen) = lens.see(at, day).filter(|_| dice.chance(0.981)) else { continue };
        let nik = seen.person.nik_on(day);
        if nik == 0 {
            continue;
        }
        // One death in six is never reported to the office.
        let reported = seen.person.death != NEVER && seen.person.dead(day) && dice.chance(0.84);
        out.nik.push(nik);
        out.kk.push(seen.kk);
        out.name.push(names::text(seen.person.name));
        out.sex.push(if seen.person.female { 2 } else { 1 });
        out.birth_place.push(lens.birth_place(seen.person).to_uppercase());
        out.birth_date.push(seen.person.birth);
        out.relation.push(relation(seen.place.relation, seen.person.female));
        out.marital.push(i32::from(seen.place.marital));
        out.mother.push((!dice.chance(0.03)).then(|| names::text(seen.person.mother)));
        let mut text = String::with_capacity(24);
        seen.write_address("JL. ", &mut text);
        text.make_ascii_uppercase();
        out.address.push(text);
        out.rt.push(i32::from(seen.home.rt));
        out.rw.push(i32::from(seen.home.rw));
        let mut text = String::with_capacity(13);
        seen.write_region(&mut text, true);
        out.region.push(text);
        out.death_date.push(reported.then_some(seen.person.death));
        out.truth.push(lens.truth(&seen));
    }
    debug_assert!(out.nik.iter().all(|nik| noise_free(*nik)), "every NIK has sixteen digits");
    out
}

/// The civil registry counts husband (2) and wife (3) apart, and everyone after them one higher.
fn relation(relation: u8, female: bool) -> i32 {
    match relation {
        1 => 1,
        2 if female => 3,
        2 => 2,
        other => i32::from(other) + 1,
    }
}

fn noise_free(nik: i64) -> bool {
    let mut text = String::new();
    noise::push_number(&mut text, nik);
    model::Nik::parse(&text).is_ok()
}
