//! The list against extreme poverty: the poorest three of ten, from a spreadsheet with its byte order mark,
//! commas in addresses and numbers that the spreadsheet turned into powers of ten.

use super::{Lens, Line, Rows, Seen, noise, write_date};
use crate::{
    names::{self, NameNoise},
    noise::{Broken, Carelessness},
};

const PURPOSE: u64 = 11;
const CARE: Carelessness = Carelessness {
    name: NameNoise { variant: 0.07, drop_last: 0.06, typo: 0.05, title: 0.04, split: 0.02 },
    nik_missing: 0.05,
    nik_typo: 0.03,
    nik_of_relative: 0.006,
    nik_lost_zero: 0.004,
    kk_missing: 0.08,
    kk_wrong: 0.09,
    mother_missing: 1.0,
    date_swapped: 0.02,
    date_wrong: 0.045,
    date_missing: 0.01,
    sex_wrong: 0.004,
    broken_row: 0.003,
};

pub(crate) const HEADER: &str = "\
id_keluarga,nomor_kk,nik,nama,jenis_kelamin,tanggal_lahir,hubungan_keluarga,status_kawin,\
kode_kemendagri,alamat,pendidikan,pekerjaan,penyandang_disabilitas,kepemilikan_rumah,\
memiliki_simpanan,jenis_atap,jenis_dinding,jenis_lantai,sumber_penerangan,bahan_bakar_memasak,\
sumber_air_minum,fasilitas_bab";

pub(super) fn rows(lens: &Lens<'_>) -> Rows {
    let mut rows = Rows::default();
    let mut line = Line::new(',');
    for at in 0..lens.world.people.len() as u32 {
        let person = &lens.world.people[at as usize];
        let mut family = lens.dice(PURPOSE, person.now.family, 1);
        let welfare = lens.world.families[person.now.family as usize].welfare;
        let extreme = welfare + 0.35 * family.normal() < -0.56;
        let day = lens.edition.day - family.between(200, 620);
        let mut own = lens.dice(PURPOSE, at, 2);
        if !extreme || !own.chance(0.96) || (person.dead(day) && !own.chance(0.15)) {
            continue;
        }
        let copies = 1 + u64::from(own.chance(0.012));
        for salt in 0..copies {
            if let Some(seen) = lens.see(at, day) {
                line.clear();
                rows.broken += u64::from(write(lens, &seen, salt, &mut line));
                rows.push(&line, lens.truth(&seen), false);
            }
        }
    }
    rows
}

fn write(lens: &Lens<'_>, seen: &Seen<'_>, salt: u64, line: &mut Line) -> bool {
    let (person, house) = (seen.person, seen.house);
    let mut dice = lens.dice(PURPOSE, seen.at, 16 + salt);
    let broken = noise::broken(&mut dice, CARE.broken_row);
    line.number(lens.world.true_family(seen.place.family) * 3 + 1);
    noise::write_kk(&CARE, &mut dice, seen.kk, line.cell());
    match broken {
        Some(Broken::LongNik) => line.word("99010145079000012"),
        Some(Broken::ScientificNik) => line.word("9.90101E+15"),
        _ => {
            let mended = lens.mended(PURPOSE, seen.at);
            let (own, relative) = (person.nik_on(seen.day), lens.relative_nik(seen));
            noise::write_nik(&CARE, &mut dice, own, relative, mended, line.cell());
        }
    }
    let mut name = String::with_capacity(32);
    names::write_noisy(person.name, Some(person.female), &CARE.name, &mut dice, &mut name);
    names::title_case(&name, line.cell());
    let female = person.female != dice.chance(CARE.sex_wrong);
    line.word(if female { "Perempuan" } else { "Laki-laki" });
    let date = noise::birth_date(&CARE, &mut dice, person.birth);
    match broken {
        Some(Broken::NoSuchDay) => line.word("1989-02-31"),
        _ => write_date(line.cell(), date, "-", true),
    }
    line.number(seen.place.relation);
    line.number(seen.place.marital);
    seen.write_region(line.cell(), true);
    seen.write_address("\"Jl. ", line.cell());
    line.text.push_str(", RT ");
    noise::push_padded(&mut line.text, i64::from(seen.home.rt), 2);
    line.text.push('"');
    line.number(person.school(seen.day).level);
    if person.works_on(seen.day) {
        line.number(person.job);
    } else {
        line.word("");
    }
    line.word(disability(person.disability));
    line.number(house.tenure);
    line.word(if house.bank_account { "Ya" } else { "Tidak" });
    for code in
        [house.roof, house.wall, house.floor, house.lighting, house.cooking_fuel, house.water, house.toilet]
    {
        line.number(code);
    }
    if broken == Some(Broken::Ragged) {
        line.lose_last_cell();
    }
    broken.is_some()
}

fn disability(bits: u16) -> &'static str {
    match bits.trailing_zeros() {
        0 | 1 | 6 => "Sensorik",
        2 | 3 | 7 => "Fisik",
        4 | 8 => "Intelektual",
        5 | 9 => "Mental",
        _ => "Tidak",
    }
}
