//! How long it takes to find one person among many: not a test of right and wrong but a figure, made by
//! `PEOPLE=10000000 cargo test --release -p registry find_figures -- --ignored --nocapture`, on SQLite and, where the tests have
//! a server, on PostgreSQL. People and their keys are laid straight into the serving copy. With `KEPT=FOLDER` they stay (on
//! PostgreSQL in a schema `find_N`), and the next run begins at once; keys of other rules are laid anew.

use std::time::Instant;

use linkage::standardise::Standardiser;
use model::RegionCode;
use rayon::prelude::*;
use registry::search::keys;
use store::{Value, params, testing::TestDb};

use crate::world::World;

const PEOPLE_COLUMNS: [&str; 16] = [
    "person_id",
    "family_id",
    "nik",
    "kk",
    "name",
    "name_key",
    "sex",
    "birth_date",
    "region",
    "alive",
    "matched",
    "records",
    "version",
    "digest",
    "relation",
    "mother_name",
];
/// Rows of one transaction.
const BATCH: u64 = 100_000;

store::sql! {
    PEOPLE = "SELECT COALESCE(MAX(person_id), 0) FROM person";
    FAMILIES = "SELECT COUNT(*) FROM family";
    VILLAGES = "SELECT COUNT(*) FROM region";
    NO_KEYS = "DELETE FROM person_key";
}

/// Searches of each kind.
const SEARCHES: u64 = 400;

/// A number that looks like chance and is the same every time.
fn mixed(n: u64, salt: u64) -> u64 {
    let mut x = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt.wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^= x >> 32;
    x = x.wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^ (x >> 29)
}

/// One of 3,000 words, the first ones often: a hundredth of all words is the commonest.
fn word(n: u64, salt: u64) -> String {
    const HEADS: [&str; 20] = [
        "SI", "BU", "A", "DE", "RA", "SU", "NUR", "MU", "YU", "KAR", "WA", "FA", "LES", "HA", "JO", "PU",
        "TRI", "EN", "RO", "I",
    ];
    const TAILS: [&str; 15] = [
        "TI", "DI", "MINAH", "WI", "HMAT", "HARTO", "LIA", "LYANI", "NTO", "SARI", "YAN", "TIMAH", "GUNG",
        "KO", "NA",
    ];
    const MIDDLES: [&str; 10] = ["", "RA", "MA", "NI", "KU", "BA", "LE", "DO", "PI", "SA"];
    let part = (mixed(n, salt) % 1_000_003) as f64 / 1_000_003.0;
    let at = (part * part * part * 3_000.0) as usize;
    format!("{}{}{}", HEADS[at % 20], MIDDLES[at / 20 % 10], TAILS[at / 200])
}

struct Made {
    name: String,
    year: i16,
    region: String,
    nik: i64,
}

fn made(n: u64) -> Made {
    let words = 1 + mixed(n, 1) % 8 / 3;
    let name: Vec<String> = (0..=words).map(|at| word(n, 10 + at)).collect();
    // Neighbours have neighbouring numbers, as consolidation gives them.
    let village = n / 3_000;
    let region =
        format!("99.{:02}.{:02}.{:04}", village / 3_000 % 100, village / 30 % 100, 2_001 + village % 30);
    let year = 1940 + (mixed(n, 2) % 84) as i16;
    let nik = 9_900_000_000_000_000 + (mixed(n, 3) % 99_999_999_999) as i64;
    Made { name: name.join(" "), year, region, nik }
}

fn person_row(n: u64, names: &Standardiser) -> Vec<Value> {
    let one = made(n);
    let birth = format!("{}-{:02}-{:02}", one.year, mixed(n, 4) % 12 + 1, mixed(n, 5) % 28 + 1);
    let (id, family) = (n as i64 + 1, n as i64 / 3 + 1);
    let key = names.name(&one.name);
    params![
        id,
        family,
        one.nik,
        9_900_000_000_000_000 + family,
        one.name,
        key,
        (n % 2) as i64 + 1,
        birth,
        one.region,
        1_i64,
        1_i64,
        1_i64,
        1_i64,
        0_i64,
        1_i64,
        "IBU"
    ]
    .to_vec()
}

/// Meta name: the rules by which the keys that stand were made.
const KEYS_OF: &str = "find-figures-keys";

fn fill(world: &World, people: u64, names: &Standardiser) {
    let db = &world.house.db;
    let from = db.read(|tx| tx.query_one(&PEOPLE, &[])?.int(0)).unwrap() as u64;
    for from in (from..people).step_by(BATCH as usize) {
        let rows: Vec<Vec<Value>> =
            (from..(from + BATCH).min(people)).into_par_iter().map(|n| person_row(n, names)).collect();
        db.write(|tx| tx.bulk("person", &PEOPLE_COLUMNS, rows.into_iter())).unwrap();
    }
    around(world, people);
    if db.read(|tx| store::meta(tx, KEYS_OF)).unwrap().as_deref() == Some(keys::METHOD) {
        return;
    }
    db.write(|tx| tx.execute(&NO_KEYS, &[])).unwrap();
    let of = |n: u64| {
        let one = made(n);
        let area = keys::area(&one.region);
        keys::of_person(&names.name(&one.name), Some(one.year))
            .into_iter()
            .map(move |key| (key, area, n as i64 + 1))
    };
    let mut all: Vec<(i64, i64, i64)> = (0..people).into_par_iter().flat_map_iter(of).collect();
    all.par_sort_unstable();
    println!("  {} keys", all.len());
    for chunk in all.chunks(BATCH as usize * 4) {
        let rows = chunk.iter().map(|&(key, area, id)| params![key, area, id].to_vec());
        db.write(|tx| tx.bulk("person_key", &["key", "area", "person_id"], rows)).unwrap();
    }
    db.settle(&["person", "family", "person_key"]);
    db.write(|tx| store::set_meta(tx, KEYS_OF, keys::METHOD)).unwrap();
}

/// What a search looks at beside people and keys: family cards, names of villages.
fn around(world: &World, people: u64) {
    let db = &world.house.db;
    let columns =
        &["family_id", "kk", "head_person_id", "head_name", "region", "size", "vars", "version", "digest"];
    let from = db.read(|tx| tx.query_one(&FAMILIES, &[])?.int(0)).unwrap() as u64;
    for from in (from..=people / 3).step_by(BATCH as usize) {
        let rows = (from..(from + BATCH).min(people / 3 + 1)).map(|n| {
            let (family, card) = (n as i64 + 1, 9_900_000_000_000_001 + n as i64);
            let head = made(n * 3);
            params![family, card, n as i64 * 3 + 1, head.name, head.region, 3_i64, "{}", 1_i64, 0_i64]
                .to_vec()
        });
        db.write(|tx| tx.bulk("family", columns, rows)).unwrap();
    }
    if db.read(|tx| tx.query_one(&VILLAGES, &[])?.int(0)).unwrap() == 0 {
        let columns = &["code", "parent", "level", "kind", "name", "edition"];
        let codes = (0..people).step_by(3_000).map(|n| made(n).region);
        let rows = codes
            .map(|code| params![&code, &code[..8], 4_i64, "desa", format!("DESA {code}"), "2026"].to_vec());
        db.write(|tx| tx.bulk("region", columns, rows)).unwrap();
        db.settle(&["family", "region"]);
    }
}

/// The databases: fresh ones, or those of a folder that is kept.
fn databases(people: u64) -> Vec<TestDb> {
    let Ok(folder) = std::env::var("KEPT") else { return TestDb::all() };
    let folder = std::path::PathBuf::from(folder).join(format!("find_{people}"));
    std::fs::create_dir_all(&folder).unwrap();
    TestDb::kept(&folder)
}

/// Milliseconds of each search, sorted; and the part of the searches whose person stands on the page. The territory is what
/// so many letters of the person's village code name.
fn searches(world: &World, people: u64, text: impl Fn(&Made) -> String, within: usize) -> (Vec<f64>, f64) {
    let nation = world.session.scope("search").unwrap();
    let (mut times, mut found) = (Vec::new(), 0);
    for at in 0..SEARCHES {
        let n = mixed(at, 99) % people;
        let one = made(n);
        let own = RegionCode::parse(&one.region[..within]).unwrap();
        let scope = nation.within(&own).unwrap();
        let start = Instant::now();
        let answer = registry::search(&world.house, &scope, &text(&one)).unwrap();
        times.push(start.elapsed().as_secs_f64() * 1_000.0);
        found += usize::from(answer.hits.iter().any(|hit| hit.person_id == n as i64 + 1));
    }
    times.sort_by(f64::total_cmp);
    (times, found as f64 / SEARCHES as f64)
}

/// The last letter but one is missing.
fn misspelt(name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    letters.remove(letters.len() - 2);
    letters.into_iter().collect()
}

#[test]
#[ignore = "figures, not right and wrong"]
fn find_figures() {
    let people = std::env::var("PEOPLE").ok().and_then(|text| text.parse().ok()).unwrap_or(200_000);
    const NATION: usize = 0;
    const DISTRICT: usize = 5;
    const VILLAGE: usize = 13;
    type Text = fn(&Made) -> String;
    let kinds: [(&str, Text, usize); 9] = [
        ("NIK", |one| one.nik.to_string(), NATION),
        ("NIK with a slip", |one| (one.nik + 1_000).to_string(), NATION),
        ("name, nation", |one| one.name.clone(), NATION),
        ("name, district", |one| one.name.clone(), DISTRICT),
        ("name and year, nation", |one| format!("{} {}", one.name, one.year), NATION),
        ("misspelt, nation", |one| misspelt(&one.name), NATION),
        ("misspelt and year, district", |one| format!("{} {}", misspelt(&one.name), one.year), DISTRICT),
        ("misspelt, village", |one| misspelt(&one.name), VILLAGE),
        ("one word, district", |one| one.name.split(' ').next().unwrap_or_default().to_owned(), DISTRICT),
    ];
    for db in databases(people) {
        println!("{:?}, {people} people", db.db.engine());
        let world = World::on(db);
        let names = registry::rows::standardiser(&world.house.policy).unwrap();
        let start = Instant::now();
        fill(&world, people, &names);
        println!("  filled in {:.0} s", start.elapsed().as_secs_f64());
        for (kind, text, within) in kinds {
            let (times, found) = searches(&world, people, text, within);
            let at = |part: f64| times[(times.len() as f64 * part) as usize];
            println!(
                "  {kind:<28} p50 {:6.2} ms   p99 {:6.2} ms   found {:5.1}%",
                at(0.5),
                at(0.99),
                found * 100.0
            );
        }
        if std::env::var_os("KEPT").is_some() {
            std::mem::forget(world);
        }
    }
}
