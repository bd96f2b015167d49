//! Laws of consolidation: ids stay, merges and splits are events, the same inputs give the same bits.

use jiff::civil::date;
use store::params;

use crate::world::{Row, World, people, person};

store::sql! {
    PERSON_OF_NIK = "SELECT person_id, family_id, name, alive, region FROM person WHERE nik = $1 ORDER BY person_id";
    COUNT = "SELECT COUNT(*) FROM person";
}

const MARCH: jiff::civil::Date = date(2026, 3, 1);
const JUNE: jiff::civil::Date = date(2026, 6, 1);

/// (person, family) of a NIK in the serving copy.
fn find(world: &World, nik: i64) -> Vec<(i64, i64)> {
    let rows = world.house.db.read(|tx| tx.query(&PERSON_OF_NIK, params![nik])).unwrap();
    rows.iter().map(|row| (row.int(0).unwrap(), row.int(1).unwrap())).collect()
}

#[test]
fn two_lists_of_the_same_people_make_each_person_once() {
    let world = World::new();
    world.list("dukcapil", MARCH, &people(0..40));
    let mut upper: Vec<Row> = people(0..40);
    for row in &mut upper {
        row.floor = Some(1);
        row.nik = row.nik.filter(|nik| nik % 3 != 0);
    }
    world.list("dtks", JUNE, &upper);
    let done = world.consolidate();
    assert_eq!((done.version, done.reused), (1, false));
    assert_eq!(done.figures.persons, 40, "{:?}", done.figures);
    assert_eq!(done.figures.families, 10);
    assert_eq!(done.figures.matched, 40);
    assert_eq!(done.published.persons, 40);
    let again = world.consolidate();
    assert_eq!((again.version, again.reused), (1, true));
    assert_eq!(again.published.persons + again.published.families + again.published.removed, 0);
    let _ = person(0);
}
