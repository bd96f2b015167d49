//! Synthetic people with a known truth, the messy lists that ministries would send about them, and a bank
//! that answers.
//!
//! In: how many people, a seed, a day. Out: files in `DIR/inbox` and the figures of the truth. For the
//! demonstration, tests and benchmarks: every person, number, place and name is invented (region codes
//! begin with 99), and the same seed gives the same bytes on any number of threads. Never: a real person's
//! data, the clock, a random source of the machine.
//!
//! * Lists: `dtks`, `p3ke`, `asn`, `rank` (CSV), `regsosek` (XLSX: 22 of 100 houses, fewer when that would
//!   be more than about [`WORKBOOK_ROWS`] rows, as packing and unpacking a workbook is slow), `dukcapil`
//!   (Parquet). Each sees the world on a day of its own; see `lists`.
//! * `truth.parquet`: for each row of each list (not of the ranks) who it is; `line` counts as intake
//!   counts.
//! * [`generate_update`] writes the lists of the next month about the same people: births, deaths, moves,
//!   weddings, mended numbers.
//! * [`photo`] draws houses, with the day and place that a phone would write.
//! * [`bank`] answers the files that payment sends out.
//!
//! The world is made per subdistrict (`people`), as a timeline; lists are views of it on a day. Work and
//! memory are bounded by a few subdistricts at a time.

pub mod bank;
mod cards;
pub mod desk;
mod dice;
mod house;
mod lists;
mod names;
mod noise;
mod output;
mod people;
pub mod photo;
mod sheet;
pub mod snap;
mod territory;
mod world;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use jiff::civil::Date;
use model::Progress;
use rayon::prelude::*;
use serde::Serialize;

use crate::{
    lists::{Chunk, Edition},
    output::Inbox,
    territory::Territory,
    world::{NEVER, World},
};

/// Rows of the workbook list at about most, whatever the number of people.
pub const WORKBOOK_ROWS: u32 = 200_000;
/// People that one seed can make.
pub const PEOPLE_MAX: u32 = 5_800_000;
/// Subdistricts made at once.
const BATCH: usize = 4;

/// The name of somebody invented, from the pools of all names here: the same seed and number give the same name.
pub fn invented_name(seed: u64, number: u64, female: bool) -> String {
    let mut dice = dice::Dice::new(seed, [0x5049_4c41, number, 0]);
    let culture = dice.pick(&names::CULTURES);
    names::text(names::draw(&mut dice, culture, female, 1985))
}

/// What to make.
#[derive(Debug, Clone)]
pub struct Config {
    /// People born by `today`, the dead of the last four years among them; the last household of a
    /// subdistrict may add a few.
    pub people: u32,
    /// Everything follows from it.
    pub seed: u64,
    /// The data folder; files go to its `inbox`.
    pub dir: PathBuf,
    /// The day on which the first lists are drawn.
    pub today: Date,
}

/// One list written.
#[derive(Debug, Clone, Serialize)]
pub struct ListFile {
    /// Key of the source, as in `policy/sources`.
    pub source: &'static str,
    /// Name in the inbox, as in the truth.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Rows of data.
    pub rows: u64,
    /// Size.
    pub bytes: u64,
    /// Rows that no reader should accept.
    pub broken: u64,
    /// The day it was drawn (for ranks: the day of the rank).
    pub as_of: Date,
}

/// Figures of the truth on the day the lists were drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TruthCounts {
    /// Born by then, dead or alive.
    pub people: u64,
    /// Alive.
    pub alive: u64,
    /// Families with a living member.
    pub families: u64,
    /// Houses.
    pub households: u64,
    /// Died in the last four years.
    pub died: u64,
    /// Children of one mother born on one day, by pairs.
    pub twins: u64,
    /// Families that moved in the last four years.
    pub moved_families: u64,
    /// People who changed family by marriage or parting.
    pub changed_family: u64,
    /// Civil servants alive.
    pub civil_servants: u64,
    /// Living people without a NIK.
    pub without_nik: u64,
    /// Pregnant on that day.
    pub pregnant: u64,
}

/// What was written.
#[derive(Debug, Clone, Serialize)]
pub struct Generated {
    /// The lists, in the order in which to take them in.
    pub files: Vec<ListFile>,
    /// The region list, in the columns of the national one.
    pub regions: PathBuf,
    /// Regions in it.
    pub region_count: u64,
    /// Who each row is.
    pub truth_file: PathBuf,
    /// Figures of the truth.
    pub truth: TruthCounts,
}

/// Why nothing could be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More or fewer people than a territory holds.
    #[error("ask for 1 to {PEOPLE_MAX} people, not {0}")]
    People(u32),
    /// A file could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The columns of the Parquet list or the truth could not be written.
    #[error("cannot write columns: {0}")]
    Columns(#[from] parquet::errors::ParquetError),
    /// The columns do not fit their schema.
    #[error("columns do not fit their schema: {0}")]
    Schema(#[from] arrow_schema::ArrowError),
    /// The workbook could not be packed.
    #[error("cannot pack the workbook: {0}")]
    Workbook(#[from] zip::result::ZipError),
}

impl Error {
    /// Stable code for the reader's manual.
    pub fn code(&self) -> &'static str {
        match self {
            Self::People(_) => "synth-people",
            Self::Write { .. } => "synth-write",
            Self::Columns(_) | Self::Schema(_) => "synth-columns",
            Self::Workbook(_) => "synth-workbook",
        }
    }
}

/// Makes the people and writes the first lists.
///
/// # Errors
/// Too many people, or a file that cannot be written.
pub fn generate(config: &Config, progress: &dyn Progress) -> Result<Generated, Error> {
    write_edition(config, 0, progress)
}

/// Writes the lists of the next month about the same people, beside the first ones.
///
/// # Errors
/// As [`generate`].
pub fn generate_update(config: &Config, progress: &dyn Progress) -> Result<Generated, Error> {
    write_edition(config, 1, progress)
}

fn write_edition(config: &Config, number: u32, progress: &dyn Progress) -> Result<Generated, Error> {
    if !(1..=PEOPLE_MAX).contains(&config.people) {
        return Err(Error::People(config.people));
    }
    let territory = Territory::make(config);
    let edition = Edition {
        seed: config.seed,
        number,
        day: model::epoch_days(config.today) + 30 * number as i32,
        workbook_share: (f64::from(WORKBOOK_ROWS) / f64::from(config.people)).min(0.22),
    };
    let mut inbox = Inbox::open(config, &territory, edition)?;
    let all: Vec<usize> = (0..territory.subdistricts.len()).collect();
    let mut truth = TruthCounts::default();
    let mut ready: Vec<Chunk> = Vec::new();
    for batch in all.chunks(BATCH) {
        // The last batch is written while the next is made.
        let (written, made) = rayon::join(
            || ready.drain(..).try_for_each(|chunk| inbox.take(chunk)),
            || {
                batch
                    .par_iter()
                    .map(|index| subdistrict(config, &territory, *index, edition))
                    .collect::<Vec<_>>()
            },
        );
        written?;
        for (counts, chunk) in made {
            truth.add(&counts);
            ready.push(chunk);
        }
        progress.report("synth", truth.people, u64::from(config.people));
    }
    ready.drain(..).try_for_each(|chunk| inbox.take(chunk))?;
    inbox.finish(truth)
}

fn subdistrict(
    config: &Config,
    territory: &Territory,
    index: usize,
    edition: Edition,
) -> (TruthCounts, Chunk) {
    let world = people::make(config, territory, index);
    (TruthCounts::of(&world, edition.day), lists::draw(territory, &world, edition))
}

impl TruthCounts {
    fn of(world: &World, day: i32) -> Self {
        let mut counts = Self { households: world.houses.len() as u64, ..Self::default() };
        let mut living = vec![false; world.families.len()];
        let born = world.people.iter().enumerate().filter(|(_, person)| person.born(day));
        for (at, person) in born {
            let alive = !person.dead(day);
            counts.people += 1;
            counts.died += u64::from(!alive);
            counts.alive += u64::from(alive);
            counts.changed_family += u64::from(person.before.is_some_and(|(until, _)| until <= day));
            let twin = at.checked_sub(1).and_then(|other| world.people.get(other));
            counts.twins += u64::from(twin.is_some_and(|other| {
                other.birth == person.birth && other.now == person.now && person.now.relation == 3
            }));
            if let (true, Some(place)) = (alive, world.membership(at as u32, day)) {
                counts.civil_servants += u64::from(person.civil_servant);
                counts.without_nik += u64::from(person.nik_on(day) == 0);
                counts.pregnant += u64::from(person.pregnant(day));
                living[place.family as usize] = true;
            }
        }
        counts.families = living.iter().filter(|living| **living).count() as u64;
        let moved =
            |before: Option<(i32, i64, world::Home)>| before.map_or(NEVER, |(until, _, _)| until) <= day;
        counts.moved_families = world.families.iter().filter(|family| moved(family.before)).count() as u64;
        counts
    }

    fn add(&mut self, other: &Self) {
        self.people += other.people;
        self.alive += other.alive;
        self.families += other.families;
        self.households += other.households;
        self.died += other.died;
        self.twins += other.twins;
        self.moved_families += other.moved_families;
        self.changed_family += other.changed_family;
        self.civil_servants += other.civil_servants;
        self.without_nik += other.without_nik;
        self.pregnant += other.pregnant;
    }
}
