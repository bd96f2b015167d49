//! The ministry's own list until 2025: the poorer six of ten, late by months to years, with the dead and
//! the moved still on it.

use super::{Lens, Line, Rows, Seen, noise, write_date};
use crate::{
    names::{self, NameNoise},
    noise::{Broken, Carelessness},
};

const PURPOSE: u64 = 10;
const CARE: Carelessness = Carelessness {
    name: NameNoise { variant: 0.05, drop_last: 0.04, typo: 0.035, title: 0.03, split: 0.02 },
    nik_missing: 0.035,
    nik_typo: 0.02,
    nik_of_relative: 0.004,
    nik_lost_zero: 0.03,
    kk_missing: 0.04,
    kk_wrong: 0.07,
    mother_missing: 0.2,
    date_swapped: 0.012,
    date_wrong: 0.03,
    date_missing: 0.005,
    sex_wrong: 0.004,
    broken_row: 0.0025,
};

pub(crate) const HEADER: &str = "\
ID_DTKS;NIK;NOKK;NAMA;JENIS_KELAMIN;TEMPAT_LAHIR;TGL_LAHIR;NAMA_IBU_KANDUNG;HUBUNGAN_KELUARGA;\
STATUS_KAWIN;KODE_WILAYAH;ALAMAT;RT;RW;STATUS_SEKOLAH;JENJANG_PENDIDIKAN;KELAS;STATUS_BEKERJA;\
JENIS_DISABILITAS;HAMIL;STATUS_BANGUNAN;LUAS_LANTAI;JENIS_LANTAI;JENIS_DINDING;JENIS_ATAP;\
SUMBER_AIR_MINUM;SUMBER_PENERANGAN;DAYA_LISTRIK;BAHAN_BAKAR;FASILITAS_BAB;STATUS_YATIM;JENIS_PPKS";

pub(super) fn rows(lens: &Lens<'_>) -> Rows {
    let mut rows = Rows::default();
    let mut line = Line::new(';');
    for at in 0..lens.world.people.len() as u32 {
        for (day, salt) in days(lens, at) {
            if let Some(seen) = lens.see(at, day) {
                line.clear();
                rows.broken += u64::from(write(lens, &seen, salt, &mut line));
                rows.push(&line, lens.truth(&seen), true);
            }
        }
    }
    rows
}

/// The days on which this person was listed: usually none or one; twice for some who moved, married, or
/// were typed in again.
fn days(lens: &Lens<'_>, at: u32) -> impl Iterator<Item = (i32, u64)> {
    let person = &lens.world.people[at as usize];
    let mut family = lens.dice(PURPOSE, person.now.family, 1);
    let growth = if lens.edition.number > 0 { 0.02 } else { 0.0 };
    let welfare = lens.world.families[person.now.family as usize].welfare;
    let poor = welfare + 0.45 * family.normal() < 0.33 + growth;
    let day = lens.edition.day - family.between(60, 800);
    let mut own = lens.dice(PURPOSE, at, 2);
    let listed = poor && own.chance(0.955) && (!person.dead(day) || own.chance(0.4));
    let again = own.chance(0.02).then_some((day, 1));
    let moved = lens.world.families[person.now.family as usize].before.map(|(until, _, _)| until);
    let moved = moved.filter(|until| *until <= day && family.chance(0.25)).map(|until| (until - 1, 2));
    let wed = person.before.map(|(until, _)| until);
    let wed = wed.filter(|until| *until <= day && own.chance(0.2)).map(|until| (until - 1, 3));
    [Some((day, 0)), again, moved, wed].into_iter().flatten().filter(move |_| listed)
}

/// One row; true when it is broken on purpose.
fn write(lens: &Lens<'_>, seen: &Seen<'_>, salt: u64, line: &mut Line) -> bool {
    let person = seen.person;
    let mut dice = lens.dice(PURPOSE, seen.at, 16 + salt);
    let broken = noise::broken(&mut dice, CARE.broken_row);
    line.cell().push_str("D99");
    noise::push_padded(&mut line.text, lens.world.true_person(seen.at) * 4 + salt as i64, 12);
    match broken {
        Some(Broken::LongNik) => line.word("99010145079000012"),
        Some(Broken::ScientificNik) => line.word("9,90101E+15"),
        _ => {
            let mended = lens.mended(PURPOSE, seen.at);
            let (own, relative) = (person.nik_on(seen.day), lens.relative_nik(seen));
            noise::write_nik(&CARE, &mut dice, own, relative, mended, line.cell());
        }
    }
    noise::write_kk(&CARE, &mut dice, seen.kk, line.cell());
    names::write_noisy(person.name, Some(person.female), &CARE.name, &mut dice, line.cell());
    let female = person.female != dice.chance(CARE.sex_wrong);
    line.word(if female { "P" } else { "L" });
    let place = line.cell().len();
    line.text.push_str(lens.birth_place(person));
    line.text[place..].make_ascii_uppercase();
    let date = noise::birth_date(&CARE, &mut dice, person.birth);
    match broken {
        Some(Broken::NoSuchDay) => line.word("31/02/1989"),
        _ => write_date(line.cell(), date, "/", false),
    }
    let mother = line.cell();
    if !dice.chance(CARE.mother_missing) {
        let care = NameNoise { variant: 0.07, drop_last: 0.065, title: 0.0, ..CARE.name };
        names::write_noisy(person.mother, None, &care, &mut dice, mother);
    }
    line.word(RELATIONS[usize::from(seen.place.relation) % 11]);
    line.word(MARITAL[usize::from(seen.place.marital) % 5]);
    seen.write_region(line.cell(), false);
    let address = line.cell().len();
    seen.write_address(dice.pick(&["Jl. ", "Jl. ", "Dusun ", "Kp. ", "Gg. "]), &mut line.text);
    line.text[address..].make_ascii_uppercase();
    let lost = dice.chance(0.1);
    for unit in [seen.home.rt, seen.home.rw] {
        let cell = line.cell();
        if !lost {
            noise::push_padded(cell, i64::from(unit), 3);
        }
    }
    write_person(seen, line);
    write_house(seen, line);
    write_needs(lens, seen, line);
    if broken == Some(Broken::Ragged) {
        line.lose_last_cell();
    }
    broken.is_some()
}

fn write_person(seen: &Seen<'_>, line: &mut Line) {
    let school = seen.person.school(seen.day);
    line.word(SCHOOL[usize::from(school.status) % 4]);
    line.word(LEVELS[usize::from(school.level) % 5]);
    match school.class {
        0 => line.word(""),
        class => line.number(class),
    }
    line.word(if seen.person.works_on(seen.day) { "YA" } else { "TIDAK" });
    line.word(disability(seen.person.disability));
    line.word(if seen.person.pregnant(seen.day) { "YA" } else { "TIDAK" });
}

fn write_house(seen: &Seen<'_>, line: &mut Line) {
    let house = seen.house;
    line.number(house.tenure);
    line.number(house.floor_area_m2);
    for code in [house.floor, house.wall, house.roof, house.water, house.lighting] {
        line.number(code);
    }
    line.number(house.power_watt);
    line.number(house.cooking_fuel);
    line.number(house.toilet);
}

/// A lost parent, and the need that a social worker wrote down, if any.
fn write_needs(lens: &Lens<'_>, seen: &Seen<'_>, line: &mut Line) {
    let mut dice = lens.dice(PURPOSE, seen.at, 48);
    let age = (seen.day - seen.person.birth) / 365;
    let lost = dice.between(1, 1000);
    line.word(match lost {
        1..=28 if age < 18 => "YATIM",
        29..=40 if age < 18 => "PIATU",
        41..=44 if age < 18 => "YATIM PIATU",
        _ => "",
    });
    let need = dice.between(1, 1000);
    line.word(match need {
        _ if seen.person.severe => "PENYANDANG DISABILITAS",
        1..=60 if age >= 65 => "LANJUT USIA TERLANTAR",
        1..=12 if age < 18 => "ANAK TERLANTAR",
        1..=4 if (15..40).contains(&age) => "KORBAN PENYALAHGUNAAN NAPZA",
        5..=8 if age >= 18 => "PEMULUNG",
        9..=14 => "KORBAN BENCANA ALAM",
        15..=17 => "KOMUNITAS ADAT TERPENCIL",
        _ => "",
    });
}

/// The kind of the lowest bit, in the words of this list.
fn disability(bits: u16) -> &'static str {
    const KINDS: [&str; 10] = [
        "NETRA",
        "RUNGU",
        "DAKSA",
        "DAKSA",
        "INTELEKTUAL",
        "MENTAL",
        "WICARA",
        "DAKSA",
        "INTELEKTUAL",
        "MENTAL",
    ];
    KINDS.get(bits.trailing_zeros() as usize).copied().unwrap_or("TIDAK ADA")
}

const RELATIONS: [&str; 11] = [
    "",
    "KEPALA KELUARGA",
    "ISTRI/SUAMI",
    "ANAK",
    "MENANTU",
    "CUCU",
    "ORANG TUA",
    "MERTUA",
    "FAMILI LAIN",
    "PEMBANTU",
    "LAINNYA",
];
const MARITAL: [&str; 5] = ["", "BELUM KAWIN", "KAWIN", "CERAI HIDUP", "CERAI MATI"];
const SCHOOL: [&str; 4] = ["", "TIDAK/BELUM PERNAH SEKOLAH", "MASIH SEKOLAH", "TIDAK BERSEKOLAH LAGI"];
const LEVELS: [&str; 5] = ["TIDAK ADA", "SD", "SMP", "SMA", "PT"];
