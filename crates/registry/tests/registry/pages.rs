//! What pages read: search, review, closing, urgent reports; and who may see what.

use access::{House, NewUser, Session};
use jiff::civil::{Date, date};
use model::{FamilyId, Month, PersonId, RegionCode, Silent};
use registry::{Error, Verdict};
use store::{Page, params, regions::Region};

use crate::world::{Row, World, people, person};

const MARCH: Date = date(2026, 3, 1);
const JUNE: Date = date(2026, 6, 1);

store::sql! {
    LAST = "SELECT person_id, family_id FROM person ORDER BY region DESC, person_id DESC LIMIT 1";
    ASSIGN = "INSERT INTO assignment (user_id, family_id, from_date) VALUES ($1, $2, '2026-01-01')";
}

fn first_hit(world: &World, text: &str) -> (i64, &'static str) {
    let scope = world.session.scope("search").unwrap();
    let found = registry::search(&world.house, &scope, text).unwrap();
    let hit = found.hits.first().unwrap_or_else(|| panic!("nothing for `{text}`"));
    (hit.person_id, hit.why)
}

fn settled() -> World {
    let world = World::new();
    world.list("dukcapil", MARCH, &people(0..80));
    world.list("dtks", JUNE, &people(0..80));
    world.consolidate();
    world
}

/// An account of its own, signed in.
fn user(house: &House, role: &str, region: &str) -> Session {
    let console = Session::console(house);
    let login = format!("{role}.{}", region.replace('.', "-"));
    let new = NewUser {
        login: login.clone(),
        name: role.to_owned(),
        role: role.to_owned(),
        region: RegionCode::parse(region).unwrap(),
        password: Some("rahasia-sekali-99".to_owned()),
    };
    access::create_user(house, &console.scope("user.manage").unwrap(), new).unwrap();
    access::sign_in(house, &login, "rahasia-sekali-99", "test").unwrap().session
}

#[test]
fn a_person_is_found_by_number_with_a_slip_and_by_a_badly_written_name() {
    let world = settled();
    let row = person(17);
    let (id, why) = first_hit(&world, &row.nik.unwrap().to_string());
    assert_eq!(why, "nik");
    let slip = row.nik.unwrap() + 10_000_000;
    assert_eq!(first_hit(&world, &slip.to_string()), (id, "nik-slip"));
    assert_eq!(first_hit(&world, &row.kk.unwrap().to_string()).1, "kk");
    let year = row.birth.unwrap().year();
    let turned: Vec<&str> = row.name.split(' ').rev().collect();
    assert_eq!(first_hit(&world, &format!("{} {year}", turned.join(" "))).0, id);
    let misheard = row.name.replace('A', "").replace("  ", " ");
    assert_eq!(first_hit(&world, &format!("{misheard} {year}")).0, id, "{misheard}");
    let scope = world.session.scope("search").unwrap();
    assert!(matches!(registry::search(&world.house, &scope, "x"), Err(Error::TooShort)));
    let hit = &registry::search(&world.house, &scope, &row.nik.unwrap().to_string()).unwrap().hits[0];
    assert!(hit.nik.as_deref().unwrap().contains("****"));
}

#[test]
fn nobody_sees_people_of_another_village() {
    let world = settled();
    let operator = user(&world.house, "village_operator", "99.01.01.2001");
    let (here, there) = (person(0), person(4));
    assert_ne!(here.region, there.region);
    let search = operator.scope("search").unwrap();
    let found =
        |row: &Row| registry::search(&world.house, &search, &row.nik.unwrap().to_string()).unwrap().hits;
    assert_eq!(found(&here).len(), 1);
    assert!(found(&there).is_empty());
    let other = first_hit(&world, &there.nik.unwrap().to_string()).0;
    let read = operator.scope("person.read").unwrap();
    assert!(matches!(registry::person(&world.house, &read, PersonId(other)), Err(Error::NotFound)));
    let families = operator.scope("family.read").unwrap();
    let page = registry::families(&world.house, &families, None, &Page::first(100)).unwrap();
    assert!(!page.items.is_empty() && page.items.iter().all(|family| family.region == "99.01.01.2001"));
    let nation = RegionCode::nation();
    assert!(matches!(registry::by_region(&world.house, &families, &nation), Err(Error::NotFound)));
    let figures = registry::figures(&world.house, &families).unwrap();
    assert_eq!(figures.families as usize, page.items.len());
}

#[test]
fn a_family_list_goes_page_by_page_and_misses_nobody() {
    let world = settled();
    let scope = world.session.scope("family.read").unwrap();
    let mut page = Page::first(7);
    let mut seen = Vec::new();
    loop {
        let part = registry::families(&world.house, &scope, None, &page).unwrap();
        seen.extend(part.items.iter().map(|family| family.family_id));
        let Some(next) = part.next else { break };
        page = Page { after: Some(next), limit: 7 };
    }
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((seen.len(), count), (20, 20));
}

#[test]
fn every_field_of_a_person_says_where_it_comes_from() {
    let world = settled();
    let id = first_hit(&world, &person(9).nik.unwrap().to_string()).0;
    let scope = world.session.scope("person.read").unwrap();
    let view = registry::person(&world.house, &scope, PersonId(id)).unwrap();
    assert_eq!(view.records.len(), 2);
    assert!(view.records.iter().all(|record| record.raw.is_some() && record.current));
    let name = view.fields.iter().find(|field| field.column == "name").unwrap();
    let source = name.source.as_ref().unwrap();
    assert_eq!((source.list.source.as_str(), source.line), ("dukcapil", 11));
    assert_eq!(name.others.len(), 1);
    assert!(name.others[0].agrees);
    let raw = view.records[0].raw.as_ref().unwrap();
    assert!(raw.cells[0].1.contains("****"), "raw cells hide personal numbers: {:?}", raw.cells);
}

/// A list in which one person is written so that the model cannot be sure.
fn doubtful() -> World {
    let world = World::new();
    world.list("dukcapil", MARCH, &people(0..40));
    let mut rows = people(0..40);
    rows[11].nik = None;
    rows[11].kk = None;
    rows[11].mother = None;
    rows[11].region = Some("99.01.01.2009".into());
    world.list("dtks", JUNE, &rows);
    world.consolidate();
    world
}

#[test]
fn a_decision_binds_the_next_run_and_can_be_taken_back() {
    let world = doubtful();
    let read = world.session.scope("review.read").unwrap();
    let decide = world.session.scope("review.decide").unwrap();
    let queue = registry::review_queue(&world.house, &read, &Page::default()).unwrap();
    let before = world.consolidate().figures.persons;
    assert_eq!((queue.items.len(), before), (1, 41));
    let pair = &queue.items[0];
    let view = registry::review_pair(&world.house, &read, pair.id).unwrap();
    assert_eq!(view.fields.iter().find(|field| field.column == "name").unwrap().same, Some(true));
    assert_eq!(view.fields.iter().find(|field| field.column == "nik").unwrap().same, None);
    assert!(!view.families[0].is_empty() && !view.weights.is_empty());
    registry::decide_review(&world.house, &decide, pair.id, Verdict::Same).unwrap();
    assert_eq!(registry::undo_review(&world.house, &decide).unwrap(), pair.id);
    assert!(matches!(registry::undo_review(&world.house, &decide), Err(Error::NothingToUndo)));
    registry::decide_review(&world.house, &decide, pair.id, Verdict::Same).unwrap();
    let after = world.consolidate();
    assert_eq!(after.figures.persons, before - 1);
    assert_eq!(registry::review_count(&world.house, &read).unwrap().0, queue.items.len() as i64 - 1);
}

#[test]
fn a_month_closes_once_and_stays() {
    let world = settled();
    let month: Month = "2026-11".parse().unwrap();
    world.rank(date(2026, 10, 1), &[(person(0).kk.unwrap(), 1), (person(4).kk.unwrap(), 7)]);
    world.rank(date(2027, 1, 1), &[(person(0).kk.unwrap(), 9)]);
    registry::publish_ranks(&world.house, &world.session, &Silent).unwrap();
    let closed = registry::close(&world.house, &world.session, month, &Silent).unwrap();
    assert_eq!((closed.persons, closed.families, closed.ranked, closed.reused), (80, 20, 2, false));
    assert_eq!(
        closed.rank_date.as_deref(),
        Some("2026-10-01"),
        "a rank of after the closing day does not count"
    );
    let again = registry::close(&world.house, &world.session, month, &Silent).unwrap();
    assert!(again.reused);
    assert_eq!(again.persons_hash, closed.persons_hash);
    world.list("dtks", date(2026, 11, 1), &people(0..79));
    world.consolidate();
    let refused = registry::close(&world.house, &world.session, month, &Silent);
    assert!(matches!(refused, Err(Error::Closed { version: 1, .. })));
    world.house.lake.verify("closing/2026-11/persons").unwrap();
}

#[test]
fn ranks_of_unknown_families_are_counted_and_come_with_the_family() {
    let world = settled();
    let (known, stranger) = (person(0).kk.unwrap(), person(400).kk.unwrap());
    world.rank(date(2026, 7, 1), &[(stranger, 3), (stranger + 1, 3)]);
    world.rank(date(2026, 10, 1), &[(known, 1), (stranger, 2)]);
    let publish = || registry::publish_ranks(&world.house, &world.session, &Silent).unwrap();
    let told = publish();
    assert_eq!((told.ranks, told.strangers), (1, 1), "the newest list is asked: one family known, one not");
    // Told again although nothing is written again.
    let again = publish();
    assert_eq!((again.ranks, again.strangers), (0, 1));
    // The family comes with a later list, and with it both of its ranks.
    let people: Vec<Row> = (0..80).chain(400..404).map(person).collect();
    world.list("dukcapil", date(2026, 11, 5), &people);
    world.consolidate();
    assert_eq!(publish().strangers, 0);
    let scope = world.session.scope("family.read").unwrap();
    let id = first_hit(&world, &person(400).nik.unwrap().to_string()).0;
    let read = world.session.scope("person.read").unwrap();
    let family = registry::person(&world.house, &read, PersonId(id)).unwrap().family_id;
    let ranks = registry::family(&world.house, &scope, FamilyId(family)).unwrap().ranks;
    let ranks: Vec<(&str, i64)> = ranks.iter().map(|rank| (rank.rank_date.as_str(), rank.decile)).collect();
    assert_eq!(ranks, [("2026-10-01", 2), ("2026-07-01", 3)]);
}

#[test]
fn a_reported_death_shows_at_once_and_becomes_a_record() {
    let world = settled();
    let id = first_hit(&world, &person(12).nik.unwrap().to_string()).0;
    let operator = user(&world.house, "village_operator", person(12).region.as_deref().unwrap());
    let scope = operator.scope("death.report").unwrap();
    let report = |date, evidence| registry::report_death(&world.house, &scope, PersonId(id), date, evidence);
    assert!(matches!(report(date(2030, 1, 1), "surat"), Err(Error::Date { .. })));
    assert!(matches!(report(date(2026, 11, 3), "  "), Err(Error::NoEvidence)));
    let done = report(date(2026, 11, 3), "surat keterangan desa").unwrap();
    assert_eq!(done.family_size, 3);
    assert!(matches!(report(date(2026, 11, 3), "surat"), Err(Error::AlreadyDead)));
    let read = world.session.scope("person.read").unwrap();
    let view = registry::person(&world.house, &read, PersonId(id)).unwrap();
    assert_eq!((view.alive, view.death_date.as_deref()), (false, Some("2026-11-03")));
    // Closed before the next consolidation: the report counts.
    let closed = registry::close(&world.house, &world.session, "2026-11".parse().unwrap(), &Silent).unwrap();
    assert_eq!((closed.urgent, closed.living), (1, 79));
    let next = world.consolidate();
    assert_eq!((next.version, next.reports_taken_in, next.figures.living), (2, 1, 79));
    let view = registry::person(&world.house, &read, PersonId(id)).unwrap();
    let field = view.fields.iter().find(|field| field.column == "death_date").unwrap();
    assert_eq!(field.source.as_ref().unwrap().list.source, "lapangan");
    let family = registry::family(
        &world.house,
        &world.session.scope("family.read").unwrap(),
        FamilyId(view.family_id),
    );
    assert_eq!(family.unwrap().size, 3);
    assert_eq!(world.consolidate().version, 2, "a report is taken in once");
    // When all other lists have dropped the person, the report alone does not keep a nameless one in the
    // registry.
    let others: Vec<Row> = (0..80).filter(|n| *n != 12).map(person).collect();
    world.list("dukcapil", date(2026, 11, 5), &others);
    world.list("dtks", date(2026, 11, 5), &others);
    let last = world.consolidate();
    assert_eq!((last.figures.persons, last.figures.sleeping), (79, 1));
}

/// A person in a family of their own, of whom little more than the name is known.
fn namesake(n: usize, region: &str, name: &str) -> Row {
    let born = date(1950 + (n % 60) as i16, (n / 60 % 12) as i8 + 1, (n / 720 % 28) as i8 + 1);
    Row {
        nik: None,
        kk: Some(9_901_010_101_300_001 + n as i64),
        name: name.to_owned(),
        birth: Some(born),
        mother: Some(format!("IBU {n}")),
        region: Some(region.to_owned()),
        ..person(n)
    }
}

/// However many in the country have a name: the people of one's own territory are found, and near names of it too.
#[test]
fn a_frequent_name_elsewhere_hides_nobody_of_the_territory() {
    let world = World::new();
    let mut rows: Vec<Row> = (0..700).map(|n| namesake(n, "99.01.01.2001", "SITI AMINAH")).collect();
    rows.push(namesake(701, "99.02.01.2001", "SITI AMINAH"));
    rows.push(namesake(702, "99.02.01.2001", "SITI AMINNA"));
    world.list("dukcapil", MARCH, &rows);
    world.consolidate();
    let nation = world.session.scope("search").unwrap();
    let district = nation.within(&RegionCode::parse("99.02").unwrap()).unwrap();
    for year in ["", " 1991", " 1992"] {
        let found = registry::search(&world.house, &district, &format!("siti aminah{year}")).unwrap();
        let names: Vec<&str> = found.hits.iter().map(|hit| hit.name.as_str()).collect();
        assert!(names.contains(&"SITI AMINAH") && names.contains(&"SITI AMINNA"), "{year}: {names:?}");
        assert_eq!(names.len(), 2, "{year}");
    }
    let everywhere = registry::search(&world.house, &nation, "siti aminah").unwrap();
    assert!(everywhere.more && everywhere.hits.iter().all(|hit| hit.why == "name"));
}

/// A name that fills a page: the first people by number stand on it, each with the name of their village, and a companion
/// finds those of the own caseload behind it all the same.
#[test]
fn a_page_full_of_namesakes_hides_nobody_of_a_caseload() {
    for db in store::testing::TestDb::all() {
        let world = World::on(db);
        let db = &world.house.db;
        let village = |n: usize| format!("99.01.01.{}", 2001 + n % 3);
        let regions: Vec<Region> = (0..3)
            .map(|n| Region {
                code: RegionCode::parse(&village(n)).unwrap(),
                parent: RegionCode::parse("99.01.01").unwrap(),
                level: 4,
                kind: "desa".to_owned(),
                name: format!("DESA {n}"),
                postal_code: None,
                edition: "2026".to_owned(),
            })
            .collect();
        db.write(|tx| store::regions::load(tx, &regions)).unwrap();
        let rows: Vec<Row> = (0..160).map(|n| namesake(n, &village(n), "SITI AMINAH")).collect();
        world.list("dukcapil", MARCH, &rows);
        world.consolidate();
        let search = |scope: &access::Scope, text: &str| registry::search(&world.house, scope, text).unwrap();

        let page = search(&world.session.scope("search").unwrap(), "siti aminah");
        let people: Vec<i64> = page.hits.iter().map(|hit| hit.person_id).collect();
        assert!(page.more && people.len() == 50 && people.is_sorted());
        for hit in &page.hits {
            let number: usize = hit.region[9..].parse().unwrap();
            assert_eq!(hit.region_name, Some(format!("DESA {}", number - 2001)));
        }

        let companion = user(&world.house, "companion", "99.01").scope("search").unwrap();
        assert!(search(&companion, "siti aminah").hits.is_empty());
        let last = db.read(|tx| tx.query_one(&LAST, &[])).unwrap();
        let (person, family) = (last.int(0).unwrap(), last.int(1).unwrap());
        assert!(!people.contains(&person));
        db.write(|tx| tx.execute(&ASSIGN, params![companion.caseload(), family])).unwrap();
        let own = search(&companion, "siti aminah");
        assert_eq!(own.hits.iter().map(|hit| hit.person_id).collect::<Vec<_>>(), [person]);
    }
}
