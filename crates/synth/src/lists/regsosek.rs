//! The socio-economic registration as a workbook: a sample of houses, recent and rich in answers, dates
//! typed in three ways.
//!
//! The rows leave here as cells joined by U+001F; `sheet` makes the workbook.

use super::{Lens, Line, Rows, Seen, noise, write_date};
use crate::{
    names::{self, NameNoise},
    noise::Carelessness,
    sheet::Column,
};

const PURPOSE: u64 = 12;
const CARE: Carelessness = Carelessness {
    name: NameNoise { variant: 0.06, drop_last: 0.05, typo: 0.05, title: 0.03, split: 0.02 },
    nik_missing: 0.06,
    nik_typo: 0.03,
    nik_of_relative: 0.006,
    nik_lost_zero: 0.0,
    kk_missing: 0.09,
    kk_wrong: 0.05,
    mother_missing: 0.3,
    date_swapped: 0.02,
    date_wrong: 0.05,
    date_missing: 0.015,
    sex_wrong: 0.004,
    broken_row: 0.0,
};

/// Cells of one row are joined by this.
pub(crate) const JOIN: char = '\u{1f}';

macro_rules! columns {
    ($($group:literal: $($name:literal $kind:ident),+;)+) => {
        &[$($(Column { group: $group, name: $name, number: columns!(@ $kind) }),+),+]
    };
    (@ text) => { false };
    (@ number) => { true };
}

/// Groups and columns of the workbook, in order.
pub(crate) const COLUMNS: &[Column] = columns! {
    "No": "" number;
    "Lokasi": "Kode Wilayah" text, "Alamat" text, "RT" text, "RW" text;
    "Identitas": "Nomor KK" text, "NIK" text, "Nama" text, "405 Jenis Kelamin" text, "406 Tanggal Lahir" text,
        "Nama Ibu Kandung" text;
    "Keterangan Anggota": "404 Keberadaan" number, "408 Status Kawin" number, "409 Hubungan" number, "410 Hamil" number,
        "Kehamilan Ke" number, "412 Partisipasi Sekolah" number, "413 Jenjang" number, "414 Kelas" number,
        "416a Bekerja" number, "417 Lapangan Usaha" number, "418 Status Pekerjaan" number, "428 Kesulitan" text,
        "Kesulitan Berat" number, "430 Penyakit Kronis" number;
    "Keterangan Perumahan": "301a Status Bangunan" number, "302 Luas Lantai" number, "303 Lantai" number,
        "304 Dinding" number, "305 Atap" number, "306a Air Minum" number, "307a Penerangan" number, "307b Daya" number,
        "308 Bahan Bakar" number, "309a BAB" number;
    "Aset": "502 Kulkas" number, "502 Sepeda Motor" number, "502 Mobil" number, "502 Telepon Pintar" number,
        "504 Sapi Kerbau Kuda" number, "506 Rekening" number;
};

pub(super) fn rows(lens: &Lens<'_>) -> Rows {
    let mut rows = Rows::default();
    let mut line = Line::new(JOIN);
    for at in 0..lens.world.people.len() as u32 {
        let person = &lens.world.people[at as usize];
        let house = lens.world.families[person.now.family as usize].house;
        let mut door = lens.dice(PURPOSE, house, 1);
        let day = lens.edition.day - 90 - door.between(0, 160);
        let visited = door.chance(lens.edition.workbook_share);
        // The enumerator notes who died in the last year; nobody remembers longer.
        let gone = person.dead(day - 365) || (person.dead(day) && !door.chance(0.8));
        if !visited || gone || !lens.dice(PURPOSE, at, 2).chance(0.975) {
            continue;
        }
        if let Some(seen) = lens.see(at, day) {
            line.clear();
            write(lens, &seen, day, &mut line);
            rows.push(&line, lens.truth(&seen), false);
        }
    }
    rows
}

fn write(lens: &Lens<'_>, seen: &Seen<'_>, visit: i32, line: &mut Line) {
    let person = seen.person;
    let mut dice = lens.dice(PURPOSE, seen.at, 16);
    seen.write_region(line.cell(), true);
    seen.write_address(dice.pick(&["Jl. ", "Dusun ", "Gang "]), line.cell());
    for unit in [seen.home.rt, seen.home.rw] {
        noise::push_padded(line.cell(), i64::from(unit), 3);
    }
    noise::write_kk(&CARE, &mut dice, seen.kk, line.cell());
    let mended = lens.mended(PURPOSE, seen.at);
    let (own, relative) = (person.nik_on(seen.day), lens.relative_nik(seen));
    noise::write_nik(&CARE, &mut dice, own, relative, mended, line.cell());
    let mut name = String::with_capacity(32);
    names::write_noisy(person.name, Some(person.female), &CARE.name, &mut dice, &mut name);
    names::title_case(&name, line.cell());
    let female = person.female != dice.chance(CARE.sex_wrong);
    line.word(if female { "Perempuan" } else { "Laki-laki" });
    write_typed_date(noise::birth_date(&CARE, &mut dice, person.birth), dice.below(3), line.cell());
    let mother = line.cell();
    if !dice.chance(CARE.mother_missing) {
        let care = NameNoise { title: 0.0, ..CARE.name };
        name.clear();
        names::write_noisy(person.mother, None, &care, &mut dice, &mut name);
        names::title_case(&name, mother);
    }
    write_member(seen, visit, line);
    write_house(seen, line);
}

/// `31/12/2001`, `2001-12-31` or `31 Desember 2001`, as the clerk of the day preferred.
fn write_typed_date(date: Option<(i32, i32, i32)>, habit: usize, out: &mut String) {
    const MONTHS: [&str; 12] = [
        "Januari",
        "Februari",
        "Maret",
        "April",
        "Mei",
        "Juni",
        "Juli",
        "Agustus",
        "September",
        "Oktober",
        "November",
        "Desember",
    ];
    match (habit, date) {
        (0, _) => write_date(out, date, "/", false),
        (1, _) => write_date(out, date, "-", true),
        (_, Some((year, month, day))) => {
            noise::push_padded(out, i64::from(day), 2);
            out.push(' ');
            out.push_str(MONTHS[(month as usize).clamp(1, 12) - 1]);
            out.push(' ');
            noise::push_number(out, i64::from(year));
        }
        (_, None) => {}
    }
}

fn write_member(seen: &Seen<'_>, visit: i32, line: &mut Line) {
    let (person, day) = (seen.person, seen.day);
    let newborn = visit - person.birth < 180;
    line.number(match (person.dead(visit), newborn) {
        (true, _) => 2,
        (_, true) => 5,
        _ => 1,
    });
    line.number(seen.place.marital);
    line.number(seen.place.relation);
    let pregnant = person.pregnant(day);
    let asked = person.female && (10..54).contains(&person.age(day));
    let answer = |asked: bool, yes: bool, line: &mut Line| match (asked, yes) {
        (false, _) => line.word(""),
        (true, yes) => line.number(if yes { 1 } else { 2 }),
    };
    answer(asked, pregnant, line);
    number_if(pregnant, i64::from(person.pregnancy_no), line);
    let school = person.school(day);
    line.number(school.status);
    line.number(school.level);
    number_if(school.class > 0, i64::from(school.class), line);
    let works = person.works_on(day);
    answer(person.age(day) >= 5, works, line);
    number_if(works, i64::from(person.sector), line);
    number_if(works, i64::from(person.job), line);
    let letters = line.cell();
    if person.disability == 0 {
        letters.push('-');
    }
    letters
        .extend(('A'..='J').enumerate().filter(|(bit, _)| person.disability >> bit & 1 == 1).map(|(_, c)| c));
    line.number(if person.severe { 1 } else { 2 });
    line.number(person.chronic);
}

fn write_house(seen: &Seen<'_>, line: &mut Line) {
    let house = seen.house;
    line.number(house.tenure);
    line.number(house.floor_area_m2);
    for code in [house.floor, house.wall, house.roof, house.water, house.lighting] {
        line.number(code);
    }
    line.number(house.power_watt);
    for count in [
        house.cooking_fuel,
        house.toilet,
        house.fridge,
        house.motorcycle,
        house.car,
        house.smartphone,
        house.cattle,
    ] {
        line.number(count);
    }
    line.number(if house.bank_account { 1 } else { 2 });
}

fn number_if(known: bool, number: i64, line: &mut Line) {
    if known { line.number(number) } else { line.word("") }
}
