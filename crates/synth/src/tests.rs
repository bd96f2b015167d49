//! Laws of the synthetic world: the same bytes for the same seed, valid invented numbers, coverage as stated.

use std::collections::{HashMap, HashSet};

use arrow_array::{Array, Int64Array, cast::AsArray, types::Date32Type, types::Int64Type};
use jiff::civil::date;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;

const PEOPLE: u32 = 6_000;

fn config(dir: &std::path::Path, seed: u64) -> Config {
    Config { people: PEOPLE, seed, dir: dir.to_owned(), today: date(2026, 11, 16) }
}

fn batches(path: &std::path::Path) -> Vec<arrow_array::RecordBatch> {
    let file = std::fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    reader.map(Result::unwrap).collect()
}

fn file<'a>(generated: &'a Generated, source: &str) -> &'a ListFile {
    generated.files.iter().find(|file| file.source == source).unwrap()
}

fn world(seed: u64) -> (Territory, Vec<World>) {
    let config = config(std::path::Path::new(""), seed);
    let territory = Territory::make(&config);
    let worlds = (0..territory.subdistricts.len()).map(|at| people::make(&config, &territory, at)).collect();
    (territory, worlds)
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let inboxes: Vec<_> = [1, 3]
        .into_iter()
        .map(|threads| {
            let dir = tempfile::tempdir().unwrap();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let generated = pool.install(|| generate(&config(dir.path(), 42), &model::Silent)).unwrap();
            (dir, generated)
        })
        .collect();
    let [(_one, first), (_three, second)] = inboxes.as_slice() else { panic!("two runs") };
    assert_eq!(first.truth, second.truth);
    let paths = |of: &Generated| {
        let lists = of.files.iter().map(|file| file.path.clone());
        lists.chain([of.regions.clone(), of.truth_file.clone()]).collect::<Vec<_>>()
    };
    for (left, right) in paths(first).iter().zip(paths(second)) {
        assert!(std::fs::read(left).unwrap() == std::fs::read(&right).unwrap(), "{}", left.display());
    }
}

#[test]
fn every_number_is_valid_invented_and_belongs_to_one_person_only() {
    let (_, worlds) = world(9);
    let (mut niks, mut cards) = (HashSet::new(), HashSet::new());
    for person in worlds.iter().flat_map(|world| &world.people) {
        for number in [person.nik, person.nik_before].into_iter().filter(|number| *number != 0) {
            let nik = model::Nik::from_number(number).unwrap();
            assert_eq!(nik.region6() / 10_000, 99);
            assert_eq!(nik.sex() == model::Sex::Female, person.female);
            assert!(niks.insert(number), "a NIK issued twice");
        }
    }
    for world in &worlds {
        for family in &world.families {
            model::KkNumber::from_number(family.kk).unwrap();
            assert_eq!(family.kk / 100_000_000_000_000, 99);
            assert!(cards.insert(family.kk), "a KK issued twice");
        }
    }
}

#[test]
fn every_family_has_one_head_among_its_living_on_any_day() {
    let (_, worlds) = world(5);
    let today = model::epoch_days(date(2026, 11, 16));
    let (mut families, mut headless) = (0u32, 0u32);
    for (world, day) in worlds.iter().flat_map(|world| [(world, today), (world, today - 500)]) {
        let mut heads: HashMap<u32, u32> = HashMap::new();
        let mut grown: HashSet<u32> = HashSet::new();
        for (at, person) in world.people.iter().enumerate().filter(|(_, p)| p.born(day) && !p.dead(day)) {
            if let Some(place) = world.membership(at as u32, day) {
                *heads.entry(place.family).or_default() += u32::from(place.relation == 1);
                if person.age(day) >= 18 {
                    grown.insert(place.family);
                }
            }
        }
        for family in grown {
            families += 1;
            assert!(heads[&family] <= 1, "two heads");
            headless += u32::from(heads[&family] == 0);
        }
    }
    assert!(headless * 200 < families, "{headless} of {families} families have no head");
}

#[test]
fn coverage_is_near_what_the_lists_promise() {
    let dir = tempfile::tempdir().unwrap();
    let generated = generate(&config(dir.path(), 1), &model::Silent).unwrap();
    let truth = &generated.truth;
    let people = u64::from(PEOPLE);
    assert!((people..people + 40).contains(&truth.people), "{}", truth.people);
    let share = |source: &str| file(&generated, source).rows as f64 / truth.alive as f64;
    for (source, low, high) in
        [("dukcapil", 0.96, 1.05), ("dtks", 0.52, 0.70), ("p3ke", 0.22, 0.36), ("regsosek", 0.17, 0.27)]
    {
        assert!((low..high).contains(&share(source)), "{source}: {}", share(source));
    }
    assert!(file(&generated, "asn").rows > 0 && file(&generated, "dtks").broken > 0);
    let ranks: u64 = generated.files.iter().filter(|file| file.source == "rank").map(|file| file.rows).sum();
    assert!((ranks as f64 / truth.families as f64) > 2.6, "{ranks} ranks for {} families", truth.families);
    for (count, least) in
        [(truth.died, 20), (truth.twins, 3), (truth.moved_families, 30), (truth.pregnant, 10)]
    {
        assert!(count >= least, "{truth:?}");
    }
}

#[test]
fn the_truth_has_one_line_for_each_row_and_two_people_never_share_one() {
    let dir = tempfile::tempdir().unwrap();
    let generated = generate(&config(dir.path(), 2), &model::Silent).unwrap();
    let mut seen: HashSet<(String, i32)> = HashSet::new();
    let mut by_file: HashMap<String, u64> = HashMap::new();
    for batch in batches(&generated.truth_file) {
        let files = batch.column(0).as_string::<i32>();
        let lines = batch.column(1).as_primitive::<arrow_array::types::Int32Type>();
        for row in 0..batch.num_rows() {
            assert!(seen.insert((files.value(row).to_owned(), lines.value(row))));
            *by_file.entry(files.value(row).to_owned()).or_default() += 1;
        }
    }
    for list in generated.files.iter().filter(|list| list.source != "rank") {
        assert_eq!(by_file.get(&list.name).copied().unwrap_or(0), list.rows, "{}", list.name);
    }
    // Line 2 of a text list is its first row: the card there is that of the truth.
    let dtks = std::fs::read(&file(&generated, "dtks").path).unwrap();
    let lines = dtks.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count() as u64;
    assert_eq!(lines, file(&generated, "dtks").rows + 1);
}

#[test]
fn the_civil_registry_is_clean_and_knows_most_deaths() {
    let dir = tempfile::tempdir().unwrap();
    let generated = generate(&config(dir.path(), 3), &model::Silent).unwrap();
    let (mut niks, mut deaths) = (HashSet::new(), 0u64);
    for batch in batches(&file(&generated, "dukcapil").path) {
        let numbers: &Int64Array = batch.column_by_name("NIK").unwrap().as_primitive::<Int64Type>();
        assert!(
            numbers.values().iter().all(|nik| niks.insert(*nik) && model::Nik::from_number(*nik).is_ok())
        );
        let died = batch.column_by_name("TGL_MATI").unwrap().as_primitive::<Date32Type>();
        deaths += (died.len() - died.null_count()) as u64;
    }
    assert!(deaths * 10 > generated.truth.died * 7 && deaths <= generated.truth.died);
}

#[test]
fn next_month_is_about_the_same_people_with_news() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), 4);
    let first = generate(&config, &model::Silent).unwrap();
    let second = generate_update(&config, &model::Silent).unwrap();
    assert!(second.truth.people > first.truth.people && second.truth.died > first.truth.died);
    assert!(second.files.iter().all(|file| file.source != "rank"), "no new quarter, no new rank");
    assert!(first.files.iter().all(|old| second.files.iter().all(|new| new.name != old.name)));
    let rows = |of: &Generated| {
        let text = std::fs::read(&file(of, "dtks").path).unwrap();
        text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<HashSet<_>>()
    };
    let (old, new) = (rows(&first), rows(&second));
    let same = old.intersection(&new).count() as f64 / old.len() as f64;
    assert!((0.85..0.999).contains(&same), "{same} of last month's rows came unchanged");
}

#[test]
fn lists_have_the_columns_that_the_policy_reads() {
    let policy = policy::Policy::embedded();
    let policy = policy.expect("the embedded policy loads");
    let header = |source: &str| -> HashSet<String> {
        let split = |text: &str, mark: char| text.split(mark).map(str::to_owned).collect();
        match source {
            "dtks" => split(lists::DTKS_HEADER, ';'),
            "p3ke" => split(lists::P3KE_HEADER, ','),
            "asn" => split(lists::ASN_HEADER, ','),
            "rank" => split(lists::RANK_HEADER, ','),
            "dukcapil" => output::civil_schema().fields().iter().map(|field| field.name().clone()).collect(),
            _ => lists::regsosek::COLUMNS.iter().map(|c| format!("{} / {}", c.group, c.name)).collect(),
        }
    };
    for source in ["dtks", "p3ke", "asn", "rank", "dukcapil", "regsosek"] {
        let written = header(source);
        for column in &policy.sources()[source].columns {
            assert!(written.contains(&column.from), "{source} lacks {}", column.from);
        }
    }
}
