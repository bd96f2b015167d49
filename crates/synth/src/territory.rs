//! An invented province: code 99 and its regencies, subdistricts and villages, none of which exists.
//!
//! In: how many people, and the seed. Out: the tree of regions with the share of people each subdistrict
//! gets, and the region list in the columns of the national one. A subdistrict is also the unit of work: it
//! is made alone, from its own dice. Postal codes begin with 00, which no post office uses.

use crate::{Config, dice::Dice, names::Culture};

/// People a subdistrict aims at.
const SUBDISTRICT_PEOPLE: u32 = 20_000;
/// People a regency holds at most.
const REGENCY_PEOPLE: u32 = 400_000;
/// People a village aims at.
const VILLAGE_PEOPLE: u32 = 3_000;
/// Most subdistricts: their number must fit the serial of a NIK issued to someone who lives elsewhere (see
/// `people`).
pub(crate) const SUBDISTRICTS_MAX: usize = 290;

/// One *kecamatan*.
#[derive(Debug, Clone)]
pub(crate) struct Subdistrict {
    /// Place in the whole territory, from 0.
    pub(crate) index: usize,
    /// 1 to 69, as in 99.RR.
    pub(crate) regency: u32,
    /// 1 to 99, as in 99.RR.DD.
    pub(crate) number: u32,
    pub(crate) name: String,
    /// People to make here.
    pub(crate) people: u32,
    pub(crate) villages: Vec<Village>,
    pub(crate) cultures: [u32; 8],
}

/// One *desa* or *kelurahan*.
#[derive(Debug, Clone)]
pub(crate) struct Village {
    /// 1001.. for a kelurahan, 2001.. for a desa.
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) postal_code: String,
    /// How much better off its people are than the average.
    pub(crate) welfare: f64,
    pub(crate) weight: u32,
}

/// The whole invented province.
#[derive(Debug, Clone)]
pub(crate) struct Territory {
    pub(crate) regencies: Vec<String>,
    pub(crate) subdistricts: Vec<Subdistrict>,
}

impl Subdistrict {
    /// The first six digits of a NIK issued here: 99RRDD.
    pub(crate) fn code6(&self) -> i64 {
        990_000 + i64::from(self.regency) * 100 + i64::from(self.number)
    }

    /// Dotted code of a village of this subdistrict.
    pub(crate) fn village_code(&self, village: usize) -> String {
        format!("99.{:02}.{:02}.{:04}", self.regency, self.number, self.villages[village].number)
    }
}

const FIRST: [&str; 24] = [
    "Suka", "Mekar", "Karang", "Tirta", "Sumber", "Wana", "Giri", "Banyu", "Tanjung", "Rawa", "Marga",
    "Sari", "Cipta", "Purwa", "Bukit", "Lembah", "Muara", "Teluk", "Padang", "Kampung", "Tegal", "Sido",
    "Batu", "Telaga",
];
const SECOND: [&str; 22] = [
    "jaya",
    "mulya",
    "sari",
    "asih",
    "maju",
    "harapan",
    "agung",
    "rejo",
    "baru",
    "indah",
    "makmur",
    "sejahtera",
    "rahayu",
    "damai",
    "tengah",
    "kencana",
    "mukti",
    "raya",
    "lestari",
    "luhur",
    "bakti",
    "hening",
];
const REGENCY_NAMES: [&str; 14] = [
    "Contoh Makmur",
    "Contoh Lestari",
    "Contoh Bahari",
    "Contoh Mulia",
    "Contoh Sentosa",
    "Contoh Permai",
    "Contoh Utara",
    "Contoh Selatan",
    "Contoh Timur",
    "Contoh Barat",
    "Contoh Tengah",
    "Contoh Hulu",
    "Contoh Hilir",
    "Contoh Raya",
];
/// Streets and hamlets.
pub(crate) const STREETS: [&str; 40] = [
    "Mawar",
    "Melati",
    "Anggrek",
    "Kenanga",
    "Cempaka",
    "Flamboyan",
    "Dahlia",
    "Kamboja",
    "Raya",
    "Pasar",
    "Masjid",
    "Pesantren",
    "Sawah",
    "Sumber",
    "Beringin",
    "Jati",
    "Randu",
    "Waringin",
    "Mangga",
    "Rambutan",
    "Durian",
    "Nangka",
    "Kelapa",
    "Pinang",
    "Bambu",
    "Serunai",
    "Teratai",
    "Elang",
    "Rajawali",
    "Merpati",
    "Kutilang",
    "Krajan",
    "Lor",
    "Kidul",
    "Wetan",
    "Kulon",
    "Pasir",
    "Tambak",
    "Gunung",
    "Lapangan",
];
/// Birth places outside the province, invented like the rest.
pub(crate) const FAR_PLACES: [&str; 8] = [
    "NUSA MAKMUR",
    "PULAU HARAPAN",
    "TELUK MUTIARA",
    "BUKIT SELASIH",
    "KOTA SEJATI",
    "RANTAU INDAH",
    "MUARA JERNIH",
    "TANJUNG PELITA",
];

/// A name of two parts; index `turn` gives each pair once before any comes again.
fn invented_name(turn: usize) -> String {
    let pairs = FIRST.len() * SECOND.len();
    let at = (turn % pairs) * 101 % pairs;
    let name = format!("{}{}", FIRST[at % FIRST.len()], SECOND[at / FIRST.len()]);
    match turn / pairs {
        0 => name,
        round => format!("{name} {}", round + 1),
    }
}

impl Territory {
    /// The territory for so many people.
    pub(crate) fn make(config: &Config) -> Self {
        let people = config.people;
        let count =
            (people / SUBDISTRICT_PEOPLE).clamp(if people >= 3_000 { 3 } else { 1 }, SUBDISTRICTS_MAX as u32);
        let regencies = people.div_ceil(REGENCY_PEOPLE).clamp(1, REGENCY_NAMES.len() as u32).min(count);
        let mut dice = Dice::new(config.seed, [1, 0, 0]);
        let weights: Vec<u64> = (0..count).map(|_| 80 + dice.below(45) as u64).collect();
        let total: u64 = weights.iter().sum();
        let mut subdistricts = Vec::with_capacity(count as usize);
        let mut name_turn = dice.below(500);
        let mut left = people;
        for index in 0..count {
            let share = (u64::from(people) * weights[index as usize] / total) as u32;
            let share = if index + 1 == count { left } else { share.min(left) };
            left -= share;
            let regency = 1 + index * regencies / count;
            let before = (0..index).filter(|other| 1 + other * regencies / count == regency).count() as u32;
            subdistricts.push(subdistrict(
                index as usize,
                regency,
                before + 1,
                share,
                &mut name_turn,
                &mut dice,
            ));
        }
        let regencies = (0..regencies as usize).map(|i| format!("Kabupaten {}", REGENCY_NAMES[i])).collect();
        Self { regencies, subdistricts }
    }

    /// The region list as CSV text in the columns of the national list.
    pub(crate) fn regions_csv(&self) -> String {
        let mut out = String::from("code,parent_code,level,kind,name,postal_code\n");
        let mut line = |code: &str, level: u32, kind: &str, name: &str, postal: &str| {
            let parent = code.rsplit_once('.').map_or("", |(parent, _)| parent);
            for cell in [code, parent, &level.to_string(), kind, name] {
                out.push_str(cell);
                out.push(',');
            }
            out.push_str(postal);
            out.push('\n');
        };
        line("99", 1, "provinsi", "Provinsi Contoh", "");
        for (at, name) in self.regencies.iter().enumerate() {
            let regency = at as u32 + 1;
            line(&format!("99.{regency:02}"), 2, "kabupaten", name, "");
            for sub in self.subdistricts.iter().filter(|sub| sub.regency == regency) {
                line(&format!("99.{regency:02}.{:02}", sub.number), 3, "kecamatan", &sub.name, "");
                for (at, village) in sub.villages.iter().enumerate() {
                    let kind = if village.number < 2000 { "kelurahan" } else { "desa" };
                    line(&sub.village_code(at), 4, kind, &village.name, &village.postal_code);
                }
            }
        }
        out
    }
}

fn subdistrict(
    index: usize,
    regency: u32,
    number: u32,
    people: u32,
    name_turn: &mut usize,
    dice: &mut Dice,
) -> Subdistrict {
    let count = (people / VILLAGE_PEOPLE).clamp(if people >= 500 { 2 } else { 1 }, 60);
    let mut next_name = || {
        *name_turn += 1;
        invented_name(*name_turn)
    };
    let name = next_name();
    let mut villages: Vec<Village> = (0..count)
        .map(|i| Village {
            number: 2001 + i,
            name: next_name(),
            postal_code: format!("00{:03}", (index + 1) % 1000),
            // A poor province: its median family stands in the fourth decile of the nation or the fifth.
            welfare: dice.normal() * 0.35 - 0.13,
            weight: 70 + dice.below(60) as u32,
        })
        .collect();
    // The seat of the subdistrict is a town ward, and better off than the villages around it.
    if count >= 4 {
        villages[0].number = 1001;
        villages[0].welfare = villages[0].welfare.abs() + 0.1;
    }
    Subdistrict { index, regency, number, name, people, villages, cultures: cultures(regency, dice) }
}

/// Mix of cultures: each regency has its own main one, each subdistrict varies.
fn cultures(regency: u32, dice: &mut Dice) -> [u32; 8] {
    const MAIN: [Culture; 6] =
        [Culture::Java, Culture::Malay, Culture::Sunda, Culture::Bugis, Culture::East, Culture::Batak];
    let mut weights = [260, 110, 250, 60, 40, 60, 25, 60];
    for weight in &mut weights {
        *weight = *weight * (70 + dice.below(60) as u32) / 100;
    }
    weights[MAIN[(regency as usize - 1) % MAIN.len()] as usize] += 350;
    weights
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn territory(people: u32) -> Territory {
        Territory::make(&Config {
            people,
            seed: 5,
            dir: std::path::PathBuf::new(),
            today: date(2026, 11, 16),
        })
    }

    #[test]
    fn every_region_code_is_invented_unique_and_has_its_parent() {
        for people in [50, 3_000, 100_000, 1_200_000, 5_000_000] {
            let csv = territory(people).regions_csv();
            let mut codes = std::collections::HashSet::from([String::new()]);
            for line in csv.lines().skip(1) {
                let cells: Vec<&str> = line.split(',').collect();
                let code = model::RegionCode::parse(cells[0]).unwrap();
                assert!(code.as_str().starts_with("99"));
                assert!(codes.contains(cells[1]), "{line}");
                assert!(codes.insert(cells[0].to_owned()), "{line}");
            }
        }
    }

    #[test]
    fn subdistricts_share_out_everybody() {
        for people in [50, 3_000, 20_000, 100_000, 1_200_000] {
            let territory = territory(people);
            assert_eq!(territory.subdistricts.iter().map(|s| s.people).sum::<u32>(), people);
            assert!(territory.subdistricts.iter().all(|s| s.people < 30_000));
        }
        assert_eq!(territory(100_000).regencies.len(), 1);
        assert_eq!(territory(1_000_000).regencies.len(), 3);
    }
}
