//! Civil servants, as the personnel agency knows them: careful, with degrees behind names; a few who
//! retired or died remain.

use super::{Lens, Line, Rows, noise, write_date};
use crate::{
    names::{self, NameNoise},
    noise::Carelessness,
};

const PURPOSE: u64 = 13;
const CARE: Carelessness = Carelessness {
    name: NameNoise { variant: 0.01, drop_last: 0.005, typo: 0.003, title: 0.5, split: 0.003 },
    nik_missing: 0.0,
    nik_typo: 0.004,
    nik_of_relative: 0.0,
    nik_lost_zero: 0.0,
    kk_missing: 0.0,
    kk_wrong: 0.0,
    mother_missing: 0.0,
    date_swapped: 0.0,
    date_wrong: 0.004,
    date_missing: 0.0,
    sex_wrong: 0.0,
    broken_row: 0.0,
};
const OFFICES: [&str; 6] = [
    "Dinas Pendidikan",
    "Dinas Kesehatan",
    "Sekretariat Daerah",
    "Kantor Kecamatan",
    "Dinas Pekerjaan Umum",
    "Badan Pendapatan Daerah",
];

pub(crate) const HEADER: &str = "nip,nik,nama,jenis_kelamin,tempat_lahir,tgl_lahir,instansi,golongan";

pub(super) fn rows(lens: &Lens<'_>) -> Rows {
    let mut rows = Rows::default();
    let mut line = Line::new(',');
    for (at, person) in lens.world.people.iter().enumerate().filter(|(_, person)| person.civil_servant) {
        let mut dice = lens.dice(PURPOSE, at as u32, 0);
        let day = lens.edition.day - 30;
        let stale = person.dead(day) && !dice.chance(0.1);
        let (Some(seen), false) = (lens.see(at as u32, day), stale || !dice.chance(0.985)) else { continue };
        let nik = person.nik_on(seen.day);
        if nik == 0 {
            continue;
        }
        let date = noise::birth_date(&CARE, &mut dice, person.birth);
        line.clear();
        write_date(line.cell(), date, "", true);
        let (sex, serial) = (if person.female { 2 } else { 1 }, dice.between(1, 999));
        noise::push_number(&mut line.text, 200_503 + i64::from(dice.between(0, 12)) * 100);
        noise::push_padded(&mut line.text, sex * 1_000 + i64::from(serial), 4);
        let mended = lens.mended(PURPOSE, seen.at);
        noise::write_nik(&CARE, &mut dice, nik, 0, mended, line.cell());
        names::write_noisy(person.name, Some(person.female), &CARE.name, &mut dice, line.cell());
        line.word(if person.female { "F" } else { "M" });
        line.word(lens.birth_place(person));
        write_date(line.cell(), date, "-", false);
        line.word(dice.pick(&OFFICES));
        line.word(dice.pick(&["II/c", "III/a", "III/b", "III/d", "IV/a"]));
        rows.push(&line, lens.truth(&seen), false);
    }
    rows
}
