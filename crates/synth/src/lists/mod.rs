//! The lists that ministries would send about a subdistrict, each with its own day, coverage and
//! carelessness.
//!
//! In: a [`World`] and the edition (on which day the lists are drawn). Out: rows as text or columns, and
//! for each row the person and family it truly is. A list sees the world on a day of its own, months ago
//! for some: the dead still live there and the moved still live at home. To add a list: a file here with
//! its coverage, its carelessness and its row, a field in [`Chunk`], and a `policy/sources/*.toml` with the
//! same column names.

mod asn;
mod dtks;
mod dukcapil;
mod p3ke;
mod rank;
pub(crate) mod regsosek;

pub(crate) use dukcapil::Civil;
pub(crate) use rank::quarters;

use crate::{
    dice::Dice,
    noise,
    territory::{FAR_PLACES, STREETS, Subdistrict, Territory},
    world::{Home, House, Membership, Person, World},
};

/// Column heads of the delimited lists.
pub(crate) use asn::HEADER as ASN_HEADER;
pub(crate) use dtks::HEADER as DTKS_HEADER;
pub(crate) use p3ke::HEADER as P3KE_HEADER;
pub(crate) use rank::HEADER as RANK_HEADER;

/// When the lists are drawn, and from which dice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edition {
    pub(crate) seed: u64,
    /// 0 for the first lists, 1 for those of the next month.
    pub(crate) number: u32,
    /// The day on which the lists are drawn.
    pub(crate) day: i32,
    /// Share of houses in the workbook list.
    pub(crate) workbook_share: f64,
}

/// Rows of a text list: bytes that end each row with a line break, and who each row is.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) bytes: Vec<u8>,
    pub(crate) truth: Vec<(i64, i64)>,
    pub(crate) broken: u64,
}

/// All that one subdistrict sends.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    pub(crate) dtks: Rows,
    pub(crate) p3ke: Rows,
    pub(crate) regsosek: Rows,
    pub(crate) asn: Rows,
    pub(crate) dukcapil: Civil,
    pub(crate) ranks: Vec<Rows>,
}

/// A person as a list sees them.
struct Seen<'a> {
    person: &'a Person,
    at: u32,
    /// The day on which the list saw them.
    day: i32,
    place: Membership,
    kk: i64,
    home: Home,
    sub: &'a Subdistrict,
    house: &'a House,
}

/// One subdistrict and the edition: what each list looks through.
struct Lens<'a> {
    territory: &'a Territory,
    world: &'a World,
    edition: Edition,
}

/// All rows that the people of `world` give to all lists.
pub(crate) fn draw(territory: &Territory, world: &World, edition: Edition) -> Chunk {
    let lens = Lens { territory, world, edition };
    Chunk {
        dtks: dtks::rows(&lens),
        p3ke: p3ke::rows(&lens),
        regsosek: regsosek::rows(&lens),
        asn: asn::rows(&lens),
        dukcapil: dukcapil::rows(&lens),
        ranks: rank::rows(&lens),
    }
}

impl<'a> Lens<'a> {
    /// Dice of one subject for one purpose: the same in every edition.
    fn dice(&self, purpose: u64, subject: u32, salt: u64) -> Dice {
        let subject = (self.world.subdistrict as u64) << 32 | u64::from(subject);
        Dice::new(self.edition.seed, [purpose, subject, salt])
    }

    /// The person on a day, if born and in a family here by then; the dead are seen as on their last day.
    fn see(&self, at: u32, day: i32) -> Option<Seen<'a>> {
        let person = &self.world.people[at as usize];
        let day = if person.dead(day) { person.death - 1 } else { day };
        if !person.born(day) {
            return None;
        }
        let place = self.world.membership(at, day)?;
        let (kk, home) = self.world.card(place.family, day);
        let sub = &self.territory.subdistricts[usize::from(home.subdistrict)];
        Some(Seen { person, at, day, place, kk, home, sub, house: self.world.house(place.family) })
    }

    /// Whether an error of this row was mended since the first edition.
    fn mended(&self, purpose: u64, at: u32) -> bool {
        self.edition.number > 0 && self.dice(purpose, at, 77).chance(0.3)
    }

    /// The NIK of someone near in the list who shares the family, for the clerk who looked at the wrong line.
    fn relative_nik(&self, seen: &Seen<'_>) -> i64 {
        let near = |at: Option<u32>| at.and_then(|at| self.world.people.get(at as usize));
        [near(seen.at.checked_sub(1)), near(seen.at.checked_add(1))]
            .into_iter()
            .flatten()
            .find(|other| other.now.family == seen.place.family)
            .map_or(0, |other| other.nik)
    }

    fn truth(&self, seen: &Seen<'_>) -> (i64, i64) {
        let family = self.world.membership(seen.at, self.edition.day).map_or(seen.place.family, |m| m.family);
        (self.world.true_person(seen.at), self.world.true_family(family))
    }

    fn birth_place(&self, person: &Person) -> &'a str {
        match person.birth_place {
            place @ 100.. => FAR_PLACES[usize::from(place - 100) % FAR_PLACES.len()],
            place => {
                let name = self.territory.regencies.get(usize::from(place).saturating_sub(1));
                name.and_then(|name| name.split_once(' ')).map_or("CONTOH", |(_, name)| name)
            }
        }
    }
}

impl Seen<'_> {
    fn write_region(&self, out: &mut String, dotted: bool) {
        let village = self.sub.villages[usize::from(self.home.village) % self.sub.villages.len()].number;
        let dot = if dotted { "." } else { "" };
        out.push_str("99");
        for (number, width) in [(self.sub.regency, 2), (self.sub.number, 2), (village, 4)] {
            out.push_str(dot);
            noise::push_padded(out, i64::from(number), width);
        }
    }

    fn write_address(&self, prefix: &str, out: &mut String) {
        out.push_str(prefix);
        out.push_str(STREETS[usize::from(self.home.street) % STREETS.len()]);
        out.push_str(" No. ");
        noise::push_number(out, i64::from(self.home.number));
    }
}

/// Appends a date with this mark between day, month and year.
fn write_date(out: &mut String, date: Option<(i32, i32, i32)>, mark: &str, year_first: bool) {
    let Some((year, month, day)) = date else { return };
    let parts =
        if year_first { [(year, 4), (month, 2), (day, 2)] } else { [(day, 2), (month, 2), (year, 4)] };
    for (i, (number, width)) in parts.into_iter().enumerate() {
        if i > 0 {
            out.push_str(mark);
        }
        noise::push_padded(out, i64::from(number), width);
    }
}

/// Cells of one row, joined by a delimiter.
struct Line {
    text: String,
    delimiter: char,
    cells: u32,
}

impl Line {
    fn new(delimiter: char) -> Self {
        Self { text: String::with_capacity(400), delimiter, cells: 0 }
    }

    fn clear(&mut self) {
        self.text.clear();
        self.cells = 0;
    }

    /// Begins the next cell and hands out the place to write it.
    fn cell(&mut self) -> &mut String {
        if self.cells > 0 {
            self.text.push(self.delimiter);
        }
        self.cells += 1;
        &mut self.text
    }

    fn word(&mut self, word: &str) {
        self.cell().push_str(word);
    }

    fn number(&mut self, number: impl Into<i64>) {
        noise::push_number(self.cell(), number.into());
    }

    /// Loses the last cell, as when a delimiter was deleted by hand.
    fn lose_last_cell(&mut self) {
        if let Some(cut) = self.text.rfind(self.delimiter) {
            self.text.truncate(cut);
        }
    }
}

impl Rows {
    fn push(&mut self, line: &Line, truth: (i64, i64), latin: bool) {
        if latin {
            // The lists' letters lie below U+0100, where Windows-1252 and Unicode agree.
            self.bytes.extend(line.text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')));
        } else {
            self.bytes.extend_from_slice(line.text.as_bytes());
        }
        self.bytes.extend_from_slice(b"\r\n");
        self.truth.push(truth);
    }
}
