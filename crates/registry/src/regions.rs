//! The territory: loaded from the pack that the program carries (or a newer list), resolved from any edition and system, and kept
//! in memory for whoever reads whole lists.
//!
//! Comes in: `policy/regions/*` and lists of the same columns. Goes out: the present code and name of a region for any code that
//! exists or existed. Must never happen: a code that used to resolve and no longer does (nothing is ever deleted here).

use std::io::Read;
use std::path::Path;

use access::{House, Scope};
use flate2::read::GzDecoder;
use model::{Progress, RegionCode, RegionLevel};
use rustc_hash::{FxHashMap, FxHashSet};
use store::regions::{Alias, Region};
use store::{Db, meta, set_meta};

store::sql! {
    /// Whole table, for the lookup in memory.
    pub(crate) ALL_REGIONS = "SELECT code, name FROM region ORDER BY code";
    ALL_ALIASES = "SELECT system, code, region_code FROM region_alias ORDER BY system, code, edition";
}

static REGIONS: &[u8] = include_bytes!("../../../policy/regions/regions.csv.gz");
static RECODES: &[u8] = include_bytes!("../../../policy/regions/region_recodes_2019_to_2025.csv.gz");
static BPS: &str = include_str!("../../../policy/regions/bps_kabkota.csv");

const EDITION: &str = "2025-06";
const LIST_BYTES_MAX: u64 = 64 << 20;
const META: &str = "regions";

/// What can go wrong with lists of regions.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("the list of regions {path} cannot be read: {reason}")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// A line that is no region.
    #[error("line {line} of the list of regions: {reason}")]
    Line {
        /// Which line.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The database said no.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "region-file",
            Self::Line { .. } => "region-line",
            Self::Store(error) => error.code(),
        }
    }
}

/// What was loaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Loaded {
    /// Regions written.
    pub regions: u64,
    /// Codes of other systems and editions written.
    pub aliases: u64,
}

/// Loads the regions that the program carries, once: a database that has them already is left as it is.
///
/// # Errors
/// The database's.
pub fn load_embedded(db: &Db, progress: &dyn Progress) -> Result<Loaded, Error> {
    let mark = blake3::hash(REGIONS).to_hex().to_string();
    if db.read(|tx| meta(tx, META))?.as_deref() == Some(&mark) {
        return Ok(Loaded::default());
    }
    let regions = parse_regions(&unpack(REGIONS)?, EDITION)?;
    let mut aliases = parse_recodes(&unpack(RECODES)?)?;
    aliases.extend(parse_bps(BPS)?);
    progress.report("regions", 0, regions.len() as u64);
    let loaded = db.write(|tx| {
        let loaded = Loaded {
            regions: store::regions::load(tx, &regions)?,
            aliases: store::regions::load_aliases(tx, &aliases)?,
        };
        set_meta(tx, META, &mark)?;
        Ok::<_, Error>(loaded)
    })?;
    progress.report("regions", loaded.regions, loaded.regions);
    Ok(loaded)
}

/// Loads a further list in the columns of the carried one (code, parent_code, level, kind, name, postal_code). Codes that
/// exist are replaced.
///
/// # Errors
/// [`Error::Line`] names the first line that is wrong; nothing is then loaded.
pub fn import_csv(db: &Db, path: &Path, edition: &str) -> Result<Loaded, Error> {
    let text = read_text(path)?;
    let regions = parse_regions(&text, edition)?;
    let regions = db.write(|tx| store::regions::load(tx, &regions))?;
    Ok(Loaded { regions, aliases: 0 })
}

/// Loads the bridging list of BPS (kode_bps, nama_bps, kode_dagri, nama_dagri) of any level.
///
/// # Errors
/// As [`import_csv`].
pub fn import_bps_bridge(db: &Db, path: &Path, edition: &str) -> Result<Loaded, Error> {
    let aliases = parse_bridge(&read_text(path)?, edition, ["kode_bps", "nama_bps", "kode_dagri"])?;
    let aliases = db.write(|tx| store::regions::load_aliases(tx, &aliases))?;
    Ok(Loaded { regions: 0, aliases })
}

/// The villages within a scope, by code.
///
/// # Errors
/// The database's.
pub fn villages(house: &House, scope: &Scope) -> Result<Vec<Region>, store::Error> {
    house.db.read(|tx| store::regions::within(tx, scope.region(), RegionLevel::Village))
}

/// All codes that exist or existed, in memory: about 20 MB for the nation.
#[derive(Debug, Default)]
pub struct Regions {
    codes: Vec<RegionCode>,
    names: Vec<Box<str>>,
    by_digits: FxHashMap<u64, u32>,
    bps: FxHashMap<u64, u32>,
    /// First six digits of a NIK that are or were a subdistrict.
    subdistricts: FxHashSet<u32>,
}

impl Regions {
    /// Reads the table.
    ///
    /// # Errors
    /// The database's.
    pub fn load(db: &Db) -> Result<Self, store::Error> {
        let mut known = Self::default();
        db.read(|tx| {
            tx.for_each(&ALL_REGIONS, &[], |row| {
                known.add(row.region(0)?, row.text(1)?);
                Ok::<_, store::Error>(())
            })?;
            tx.for_each(&ALL_ALIASES, &[], |row| {
                known.add_alias(row.text(0)?, row.text(1)?, &row.region(2)?);
                Ok(())
            })
        })?;
        Ok(known)
    }

    fn add(&mut self, code: RegionCode, name: &str) {
        let Some(key) = key_of(code.as_str().as_bytes()) else { return };
        let index = self.codes.len() as u32;
        self.note_subdistrict(key);
        self.by_digits.insert(key, index);
        self.codes.push(code);
        self.names.push(name.into());
    }

    fn add_alias(&mut self, system: &str, code: &str, target: &RegionCode) {
        let target = key_of(target.as_str().as_bytes()).and_then(|key| self.by_digits.get(&key).copied());
        let (Some(key), Some(target)) = (key_of(code.as_bytes()), target) else { return };
        if system == "bps" {
            self.bps.insert(key, target);
        } else {
            self.note_subdistrict(key);
            // A code that exists today means itself, whatever it meant once.
            self.by_digits.entry(key).or_insert(target);
        }
    }

    fn note_subdistrict(&mut self, key: u64) {
        if key / LEVEL == SUBDISTRICT_DIGITS {
            self.subdistricts.insert((key % LEVEL) as u32);
        }
    }

    /// Number of regions.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether none was loaded.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The present region of a Kemendagri code of any edition, dotted or plain.
    pub fn resolve(&self, text: &str) -> Option<&RegionCode> {
        self.codes.get(*self.by_digits.get(&key_of(text.as_bytes())?)? as usize)
    }

    /// The present region of a BPS code.
    pub fn resolve_bps(&self, text: &str) -> Option<&RegionCode> {
        self.codes.get(*self.bps.get(&key_of(text.as_bytes())?)? as usize)
    }

    /// Name of a region as in the decree.
    pub fn name(&self, code: &RegionCode) -> Option<&str> {
        let index = *self.by_digits.get(&key_of(code.as_str().as_bytes())?)? as usize;
        (self.codes[index] == *code).then(|| self.names[index].as_ref())
    }

    /// Whether the first six digits of a NIK are a subdistrict that exists or existed.
    pub fn is_subdistrict(&self, six_digits: u32) -> bool {
        self.subdistricts.contains(&six_digits)
    }
}

const LEVEL: u64 = 10_000_000_000;
const SUBDISTRICT_DIGITS: u64 = 6;

/// Digits and their number as one key. Dots stand where the path has them, or nowhere. Seven digits are a subdistrict of BPS.
fn key_of(text: &[u8]) -> Option<u64> {
    let (mut number, mut count, mut dots) = (0u64, 0usize, 0usize);
    for &byte in text {
        match byte {
            b'0'..=b'9' if count < 10 => {
                number = number * 10 + u64::from(byte - b'0');
                count += 1;
            }
            b'.' if count == 2 * (dots + 1) && dots < 3 => dots += 1,
            _ => return None,
        }
    }
    let parts_below = match count {
        2 | 7 => 0,
        4 => 1,
        6 => 2,
        10 => 3,
        _ => return None,
    };
    (dots == 0 || dots == parts_below).then_some(count as u64 * LEVEL + number)
}

fn unpack(packed: &[u8]) -> Result<String, Error> {
    let mut text = String::new();
    let read = GzDecoder::new(packed).take(LIST_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|error| Error::File { path: "(carried)".to_owned(), reason: error.to_string() })?;
    Ok(text)
}

/// A plain or packed list.
fn read_text(path: &Path) -> Result<String, Error> {
    let wrong =
        |error: std::io::Error| Error::File { path: path.display().to_string(), reason: error.to_string() };
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LIST_BYTES_MAX).read_to_end(&mut bytes))
        .map_err(wrong)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return unpack(&bytes);
    }
    let text = String::from_utf8(bytes).map_err(|error| wrong(std::io::Error::other(error)))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn parse_regions(text: &str, edition: &str) -> Result<Vec<Region>, Error> {
    let mut regions = Vec::new();
    each_line(text, ["code", "parent_code", "level", "kind", "name", "postal_code"], |line, cells| {
        let [code, parent, level, kind, name, postal_code] = cells;
        let wrong = |reason: String| Error::Line { line, reason };
        let code = RegionCode::parse(code).map_err(|error| wrong(error.to_string()))?;
        let parent = RegionCode::parse(parent).map_err(|error| wrong(error.to_string()))?;
        if code.parent().as_ref() != Some(&parent) || level.parse() != Ok(code.level() as i64) {
            return Err(wrong(format!("{code} does not lie in `{parent}` at level {level}")));
        }
        regions.push(Region {
            level: code.level() as i64,
            code,
            parent,
            kind: kind.to_owned(),
            name: name.to_owned(),
            postal_code: (!postal_code.is_empty()).then(|| postal_code.to_owned()),
            edition: edition.to_owned(),
        });
        Ok(())
    })?;
    Ok(regions)
}

/// Codes of older editions. A row without a successor is left out: nothing is known of it.
fn parse_recodes(text: &str) -> Result<Vec<Alias>, Error> {
    let mut aliases = Vec::new();
    each_line(text, ["edition", "old_code", "old_name", "new_code", "basis"], |_, cells| {
        let [edition, code, name, region, basis] = cells;
        if let (Ok(region), false) = (RegionCode::parse(region), region.is_empty()) {
            aliases.push(alias("kemendagri", code, edition, region, name, basis));
        }
        Ok(())
    })?;
    Ok(aliases)
}

fn parse_bps(text: &str) -> Result<Vec<Alias>, Error> {
    parse_bridge(text, "2021", ["bps_code", "bps_name", "kemendagri_code"])
}

fn parse_bridge(text: &str, edition: &str, columns: [&str; 3]) -> Result<Vec<Alias>, Error> {
    let mut aliases = Vec::new();
    each_line(text, columns, |line, [code, name, region]| {
        let region =
            RegionCode::parse(region).map_err(|error| Error::Line { line, reason: error.to_string() })?;
        aliases.push(alias("bps", code, edition, region, name, "bridge"));
        Ok(())
    })?;
    Ok(aliases)
}

fn alias(system: &str, code: &str, edition: &str, region: RegionCode, name: &str, basis: &str) -> Alias {
    let (system, code, edition) = (system.to_owned(), code.to_owned(), edition.to_owned());
    Alias { system, code, edition, region, name: Some(name.to_owned()), basis: basis.to_owned() }
}

fn each_line<const N: usize>(
    text: &str,
    columns: [&str; N],
    mut line: impl FnMut(u64, [&str; N]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let wrong = |line: u64, reason: String| Error::Line { line, reason };
    let header = reader.headers().map_err(|error| wrong(1, error.to_string()))?.clone();
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        let found = header.iter().position(|known| known == column);
        *place = found.ok_or_else(|| wrong(1, format!("the column `{column}` is missing")))?;
    }
    let mut record = csv::StringRecord::new();
    loop {
        let number = reader.position().line();
        if !reader.read_record(&mut record).map_err(|error| wrong(number, error.to_string()))? {
            return Ok(());
        }
        line(number, places.map(|place| record.get(place).unwrap_or("")))?;
    }
}

#[cfg(test)]
mod tests {
    use model::Silent;

    use super::*;

    #[test]
    fn the_carried_regions_load_once_and_resolve_from_every_edition_and_system() {
        let test = store::testing::TestDb::sqlite();
        let db = &test.db;
        let loaded = load_embedded(db, &Silent).unwrap();
        assert_eq!(loaded.regions, 91_599);
        assert!(loaded.aliases > 7_000);
        assert_eq!(load_embedded(db, &Silent).unwrap(), Loaded::default());
        let regions = Regions::load(db).unwrap();
        let village = regions.resolve("1101012001").unwrap();
        assert_eq!((village.as_str(), regions.name(village)), ("11.01.01.2001", Some("Keude Bakongan")));
        assert_eq!(regions.resolve("11.01.01.2001"), Some(village));
        // Merauke moved to the new province of South Papua; 91.01 is no longer in use.
        assert_eq!(regions.resolve("91.01").map(RegionCode::as_str), Some("93.01"));
        assert_eq!(regions.resolve_bps("1103").map(RegionCode::as_str), Some("11.01"));
        assert!(regions.is_subdistrict(110_101) && !regions.is_subdistrict(999_999));
        for text in ["", "1", "99.99", "11.0101", "1101.01", "11.01.01.200", "x", "11.01.01.2001.1"] {
            assert_eq!(regions.resolve(text), None, "{text}");
        }
    }

    #[test]
    fn a_list_with_an_orphan_is_refused_whole() {
        let test = store::testing::TestDb::sqlite();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("regions.csv");
        let good = "code,parent_code,level,kind,name,postal_code\n99,,1,provinsi,Rekaan,\n99.01,99,2,kabupaten,Satu,\n";
        std::fs::write(&path, format!("{good}99.02.01,99.01,3,kecamatan,Salah,\n")).unwrap();
        assert!(matches!(import_csv(&test.db, &path, "demo"), Err(Error::Line { line: 4, .. })));
        std::fs::write(&path, good).unwrap();
        assert_eq!(import_csv(&test.db, &path, "demo").unwrap().regions, 2);
        let bridge = folder.path().join("bridge.csv");
        std::fs::write(&bridge, "kode_bps,nama_bps,kode_dagri,nama_dagri\n9901,CONTOH,99.01,CONTOH\n")
            .unwrap();
        assert_eq!(import_bps_bridge(&test.db, &bridge, "2026").unwrap().aliases, 1);
        let regions = Regions::load(&test.db).unwrap();
        assert_eq!((regions.len(), regions.resolve_bps("9901").map(RegionCode::as_str)), (2, Some("99.01")));
    }
}
