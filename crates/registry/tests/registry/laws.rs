//! Laws of consolidation: ids stay, merges and splits are events, the same inputs give the same bits, nobody
//! is lost.

use jiff::civil::{Date, date};
use store::params;

use crate::world::{Row, World, people, person};

store::sql! {
    PERSON_OF_NIK = "SELECT person_id, family_id FROM person WHERE nik = $1 ORDER BY person_id";
    IDS = "SELECT person_id FROM person ORDER BY person_id";
    EVENTS = "SELECT kind, person_id, other_id FROM registry_event WHERE version = $1 ORDER BY seq";
    ALL_PERSONS = "SELECT * FROM person ORDER BY person_id";
    ALL_FAMILIES = "SELECT * FROM family ORDER BY family_id";
    ALL_KEYS = "SELECT key, area, person_id FROM person_key ORDER BY key, area, person_id";
    DECISION = "INSERT INTO link_decision (decision_id, left_record, right_record, verdict, weight, user_id, actor, at)
        VALUES ($1, $2, $3, $4, 1.0, 0, 'test', 0)";
}

const MARCH: Date = date(2026, 3, 1);
const JUNE: Date = date(2026, 6, 1);
const SEPTEMBER: Date = date(2026, 9, 1);

/// The person and family of a NIK in the serving copy.
fn find(world: &World, nik: Option<i64>) -> Vec<(i64, i64)> {
    let rows = world.house.db.read(|tx| tx.query(&PERSON_OF_NIK, params![nik])).unwrap();
    rows.iter().map(|row| (row.int(0).unwrap(), row.int(1).unwrap())).collect()
}

fn ids(world: &World) -> Vec<i64> {
    let rows = world.house.db.read(|tx| tx.query(&IDS, &[])).unwrap();
    rows.iter().map(|row| row.int(0).unwrap()).collect()
}

/// (kind, person, other) of the events of a version.
fn events(world: &World, version: i64) -> Vec<(i64, Option<i64>, Option<i64>)> {
    let rows = world.house.db.read(|tx| tx.query(&EVENTS, params![version])).unwrap();
    rows.iter().map(|row| (row.int(0).unwrap(), row.opt_int(1).unwrap(), row.opt_int(2).unwrap())).collect()
}

/// The ministry's list: no NIK for every third person.
fn ministry(range: std::ops::Range<usize>) -> Vec<Row> {
    let mut rows = people(range);
    for row in &mut rows {
        row.floor = Some(1);
        row.nik = row.nik.filter(|nik| nik % 3 != 0);
    }
    rows
}

#[test]
fn two_lists_of_the_same_people_make_each_person_once() {
    let world = World::new();
    world.list("dukcapil", MARCH, &people(0..40));
    world.list("dtks", JUNE, &ministry(0..40));
    let done = world.consolidate();
    assert_eq!((done.version, done.reused), (1, false));
    assert_eq!((done.figures.persons, done.figures.families), (40, 10), "{:?}", done.figures);
    assert_eq!(done.figures.matched, 40);
    assert_eq!(done.published.persons, 40);
    let again = world.consolidate();
    assert_eq!((again.version, again.reused), (1, true));
    assert_eq!(again.published, registry::Published::default(), "nothing changed, nothing is written");
}

#[test]
fn the_same_inputs_in_another_house_give_the_same_bits() {
    let make = || {
        let world = World::new();
        world.list("dukcapil", MARCH, &people(0..60));
        world.list("dtks", JUNE, &ministry(10..70));
        world.consolidate();
        world.list("dtks", SEPTEMBER, &ministry(20..80));
        world.consolidate();
        (world.hashes(1), world.hashes(2))
    };
    assert_eq!(make(), make());
}

#[test]
fn a_list_sent_again_with_changes_leaves_ids_where_they_are() {
    let world = World::new();
    world.list("dtks", MARCH, &ministry(0..40));
    world.list("regsosek", MARCH, &people(0..40));
    world.consolidate();
    let before = ids(&world);
    // Everybody is sent again under new record ids; five are new, two have moved house, one is spelt
    // otherwise.
    let mut rows = ministry(0..45);
    for row in &mut rows[4..6] {
        row.region = Some("99.01.01.2009".into());
        row.kk = Some(9_901_010_101_209_999);
    }
    rows[9].name.push_str(" ALIAS");
    rows.reverse();
    world.list("dtks", JUNE, &rows);
    let done = world.consolidate();
    assert_eq!(done.version, 2);
    let figures = &done.figures;
    assert_eq!((figures.sent_again, figures.sent_changed, figures.evidence_only), (37, 2, 1));
    let after = ids(&world);
    assert!(before.iter().all(|id| after.contains(id)), "{before:?} {after:?}");
    assert_eq!(after.len(), 45);
    let kinds: Vec<i64> = events(&world, 2).iter().map(|event| event.0).collect();
    assert!(!kinds.iter().any(|kind| (1..=3).contains(kind)), "no merge, split or leaving: {kinds:?}");
}

#[test]
fn who_is_on_no_list_any_more_sleeps_and_comes_back_under_the_same_id() {
    let world = World::new();
    world.list("dtks", MARCH, &people(0..20));
    world.consolidate();
    let [(id, _)] = find(&world, person(7).nik)[..] else { panic!("one person") };
    let without: Vec<Row> = (0..20).filter(|n| *n != 7).map(person).collect();
    world.list("dtks", JUNE, &without);
    let done = world.consolidate();
    assert_eq!((done.figures.persons, done.figures.sleeping), (19, 1));
    assert!(events(&world, 2).contains(&(3, Some(id), None)));
    let scope = world.session.scope("person.read").unwrap();
    let resolved = registry::resolve_person(&world.house, &scope, model::PersonId(id)).unwrap();
    assert_eq!(resolved, registry::views::Resolved::Sleeping);
    world.list("dtks", SEPTEMBER, &people(0..20));
    world.consolidate();
    assert_eq!(find(&world, person(7).nik)[0].0, id);
    assert!(events(&world, 3).contains(&(4, Some(id), None)));
}

#[test]
fn a_merge_by_a_human_and_its_undoing_are_events_and_lose_no_id() {
    let world = World::new();
    let mut twin = person(5);
    twin.nik = None;
    twin.kk = Some(9_901_010_101_208_888);
    twin.name = "NAMA LAIN SEKALI".into();
    twin.birth = Some(date(1999, 9, 9));
    twin.mother = None;
    let file = world.list("dtks", MARCH, &people(0..12));
    let other = world.list("regsosek", JUNE, &[twin]);
    world.consolidate();
    let before = ids(&world);
    assert_eq!(before.len(), 13);
    let (left, right) = (model::RecordId::new(file, 5).0, model::RecordId::new(other, 0).0);
    let decide = |number: i64, verdict: i64| {
        world.house.db.write(|tx| tx.execute(&DECISION, params![number, left, right, verdict])).unwrap()
    };
    decide(1, 1);
    let merged = world.consolidate();
    assert_eq!((merged.version, merged.figures.persons), (2, 12));
    let retired: Vec<i64> = before.iter().copied().filter(|id| !ids(&world).contains(id)).collect();
    let kept = find(&world, person(5).nik)[0].0;
    assert!(events(&world, 2).contains(&(1, Some(retired[0]), Some(kept))));
    let scope = world.session.scope("person.read").unwrap();
    let view = registry::person(&world.house, &scope, model::PersonId(retired[0])).unwrap();
    assert_eq!((view.person_id, view.asked_id, view.former_ids), (kept, Some(retired[0]), retired.clone()));
    decide(2, 2);
    world.consolidate();
    assert_eq!(ids(&world), before, "both ids are back");
    assert!(events(&world, 3).contains(&(2, Some(retired[0]), Some(kept))));
}

#[test]
fn a_civil_servants_list_marks_and_never_makes() {
    let world = World::new();
    world.list("dukcapil", MARCH, &people(0..8));
    let mut servants = vec![person(3), person(50)];
    for row in &mut servants {
        row.servant = Some(true);
    }
    world.list("asn", JUNE, &servants);
    let done = world.consolidate();
    assert_eq!((done.figures.persons, done.figures.unlinked), (8, 1));
    let scope = world.session.scope("person.read").unwrap();
    let id = find(&world, person(3).nik)[0].0;
    let view = registry::person(&world.house, &scope, model::PersonId(id)).unwrap();
    assert_eq!(view.civil_servant, Some(true));
    let field = view.fields.iter().find(|field| field.column == "civil_servant").unwrap();
    assert_eq!(field.source.as_ref().unwrap().list.source, "asn");
}

#[test]
fn a_death_is_believed_from_the_civil_registry_and_shrinks_the_family() {
    let world = World::new();
    world.list("dukcapil", MARCH, &people(0..8));
    world.consolidate();
    let mut rows = people(0..8);
    rows[0].death = Some(date(2026, 5, 5));
    world.list("dukcapil", JUNE, &rows);
    world.consolidate();
    let (id, family) = find(&world, person(0).nik)[0];
    assert!(events(&world, 2).contains(&(5, Some(id), None)));
    let scope = world.session.scope("family.read").unwrap();
    let view = registry::family(&world.house, &scope, model::FamilyId(family)).unwrap();
    assert_eq!(view.size, 3);
    assert_ne!(view.head_person_id, id, "the dead do not head a family");
    assert_eq!(view.events[0].date.as_deref(), Some("2026-05-05"));
}

#[test]
fn a_crash_in_the_middle_and_the_same_call_again_end_alike() {
    let whole = World::new();
    whole.list("dukcapil", MARCH, &people(0..40));
    whole.list("dtks", JUNE, &ministry(0..44));
    whole.consolidate();
    // The second house dies after `families` was written and before `persons` was: the version is not whole.
    let broken = World::new();
    broken.list("dukcapil", MARCH, &people(0..40));
    broken.consolidate();
    let manifest = |part: &str| broken.house.lake.require(&registry::version::name(1, part)).unwrap();
    let _ = manifest("families");
    std::fs::remove_file(broken.folder().join("lake/manifests/registry/1/persons.json")).unwrap();
    broken.list("dtks", JUNE, &ministry(0..44));
    broken.consolidate();
    assert_eq!(whole.hashes(1), broken.hashes(1));
    assert_eq!(ids(&whole), ids(&broken));
}

/// Dies when the named stage reports for the first time.
struct DiesAt(&'static str);

impl model::Progress for DiesAt {
    fn report(&self, stage: &str, _done: u64, _total: u64) {
        assert!(stage != self.0, "killed at {stage}");
    }
}

/// Everything that the serving copy says of persons, families and keys.
fn serving(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    for sql in [&ALL_PERSONS, &ALL_FAMILIES, &ALL_KEYS] {
        let rows = world.house.db.read(|tx| tx.query(sql, &[])).unwrap();
        all.extend(rows.into_iter().map(|row| format!("{:?}", row.into_values())));
    }
    all
}

#[test]
fn killed_at_any_stage_the_same_call_again_ends_alike() {
    let fill = || {
        let world = World::new();
        world.list("dukcapil", MARCH, &people(0..40));
        world.consolidate();
        world.list("dtks", JUNE, &ministry(4..48));
        world
    };
    let whole = fill();
    whole.consolidate();
    let stages = [
        "read",
        "persons",
        "events",
        "write",
        "publish",
        "publish families",
        "publish persons",
        "publish ranks",
    ];
    for stage in stages {
        let world = fill();
        let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            registry::consolidate(&world.house, &world.session, &DiesAt(stage))
        }));
        assert!(killed.is_err(), "{stage} is a stage");
        world.consolidate();
        assert_eq!(world.hashes(2), whole.hashes(2), "{stage}");
        assert_eq!(serving(&world), serving(&whole), "{stage}");
    }
}

#[test]
fn every_statement_fits_the_schema_on_every_engine() {
    for db in store::testing::TestDb::all() {
        assert_eq!(db.db.check(registry::queries::ALL), Vec::new());
    }
}
