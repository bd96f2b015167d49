//! The laws that every engine keeps. One suite, run against SQLite always and against PostgreSQL when a test server is there
//! (see [`crate::testing`]). Each law is a function that panics with a sentence when it is broken.

use std::sync::{
    Barrier,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use model::{Clock, FixedClock, RegionCode, RegionLevel};

use crate::{
    Db, Error, Job, JobState, Page, Result, Sql, Value, job, migrate, next_number, outbox, params, regions,
    sequence, sql,
};

sql! {
    MAKE_ROOM = "DELETE FROM outbox";
    PUT = "INSERT INTO outbox (id, kind, key, payload, created_at, due_at, attempts) VALUES ($1, $2, $3, $4, 0, 0, 0)";
    COUNT = "SELECT COUNT(*) FROM outbox";
    RENAME = "UPDATE outbox SET kind = $2 WHERE kind = $1";
    SUM = "SELECT SUM(id), MIN(payload), MAX(done_at), SUM(due_at) + 0.5 FROM outbox WHERE kind = $1";
    ALL_ROWS = "SELECT id, kind, key, payload, done_at FROM outbox ORDER BY id";
    KEYSET = "SELECT kind, id FROM outbox WHERE (kind, id) > ($1, $2) ORDER BY kind, id LIMIT $3";
    REORDERED = "SELECT id FROM outbox WHERE kind = $2 AND id = $1";
    TEXT_ORDER = "SELECT key FROM outbox WHERE key >= $1 AND key < $2 ORDER BY key";
    UPDATE_FROM = "UPDATE outbox SET payload = m.value FROM meta m WHERE m.name = outbox.key AND outbox.kind = $1";
    IF_NEW = "INSERT INTO outbox (id, kind, key, payload, created_at, due_at, attempts) VALUES ($1, $2, $3, '', 0, 0, 0)
        ON CONFLICT (kind, key) DO NOTHING";
    OPTIONAL = "SELECT COUNT(*) FROM outbox WHERE ($1 = 0 OR id = $1) AND (CAST($2 AS TEXT) IS NULL OR kind = $2)";
    FILTERED = "SELECT COUNT(*) FILTER (WHERE kind = 'a'), COALESCE(SUM(id) FILTER (WHERE kind = 'none'), 0) FROM outbox";
    IDS_OF_KIND = "SELECT id FROM outbox WHERE kind = $1 ORDER BY id DESC LIMIT $2";
    KINDS = "SELECT kind FROM outbox";
    MISSING_TABLE = "SELECT x FROM no_such_table";
}

const OUTBOX: &[&str] = &["id", "kind", "key", "payload", "created_at", "due_at", "attempts"];

/// A second handle on the same database, to see what others see.
pub type Reopen<'a> = &'a dyn Fn() -> Db;

/// Runs every law on `db`, which must be fresh. `reopen` opens the same database once more.
///
/// # Panics
/// When a law is broken; the message says which.
pub fn run(db: &Db, reopen: Reopen<'_>) {
    migrations_are_applied_once_and_named(db, reopen);
    every_own_statement_prepares(db);
    values_come_back_as_they_went_in(db);
    sums_beyond_64_bits_are_errors(db);
    a_failed_closure_leaves_nothing(db);
    a_failed_statement_ends_the_transaction(db);
    readers_see_one_snapshot(db);
    writes_of_many_threads_all_arrive(db);
    a_write_inside_a_write_is_refused(db);
    a_panic_leaves_the_database_usable(db);
    bulk_loads_and_refuses_whole(db);
    texts_compare_bytewise_and_pages_follow_keys(db);
    portable_statements_mean_the_same(db);
    several_questions_are_answered_in_their_order(db);
    a_statement_for_many_rows_goes_by_their_order(db);
    numbers_are_given_out_once(db);
    jobs_are_taken_over_behind_their_mark(db, reopen);
    errands_are_done_at_least_once(db);
    regions_resolve(db);
}

fn clean(db: &Db) {
    db.write(|tx| tx.execute(&MAKE_ROOM, &[]).map(|_| ())).expect("the outbox can be emptied");
}

fn put(tx: &mut crate::Tx<'_>, id: i64, kind: &str, key: &str) -> Result<()> {
    tx.execute(&PUT, params![id, kind, key, ""]).map(|_| ())
}

fn count(db: &Db) -> i64 {
    db.read(|tx| tx.query_one(&COUNT, &[])?.int(0)).expect("rows can be counted")
}

fn migrations_are_applied_once_and_named(db: &Db, reopen: Reopen<'_>) {
    let names = db.migrations().expect("migrations can be listed");
    assert!(names.len() >= 7 && names.is_sorted(), "the migrations are applied in order");
    assert_eq!(reopen().migrations().as_ref(), Ok(&names), "opening again changes nothing");
}

fn every_own_statement_prepares(db: &Db) {
    let own = [outbox::ALL, regions::ALL, job::ALL, sequence::ALL];
    let own: Vec<&Sql> = own.into_iter().flatten().copied().chain(migrate::portable()).collect();
    assert_eq!(db.check(&own), vec![], "every statement of the store prepares");
    let faults = db.check(&[&MISSING_TABLE]);
    assert!(
        matches!(faults[..], [Error::Statement { .. }]),
        "a statement on a missing table is told: {faults:?}"
    );
}

fn values_come_back_as_they_went_in(db: &Db) {
    clean(db);
    for (id, text) in [(i64::MIN, ""), (0, "Ñi Putu 'x' \" \u{1F600} $1 ?1"), (i64::MAX, "a\nb\t\\N")] {
        db.write(|tx| tx.execute(&PUT, params![id, "v", text, text]).map(|_| ())).expect("a row is put");
    }
    let rows = db.read(|tx| tx.query(&ALL_ROWS, &[])).expect("rows are read");
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0].int(0), Ok(i64::MIN), "the smallest integer comes back");
    assert_eq!(rows[1].text(3), Ok("Ñi Putu 'x' \" \u{1F600} $1 ?1"), "any text comes back");
    assert_eq!(rows[2].int(0), Ok(i64::MAX), "the largest integer comes back");
    assert_eq!(rows[2].opt_int(4), Ok(None), "null is nothing");
    assert!(matches!(rows[0].int(1), Err(Error::Column { index: 1, .. })), "a wrong type names its column");
    assert!(matches!(rows[0].int(9), Err(Error::Column { index: 9, .. })), "a missing column is named");
    let sums = db.read(|tx| tx.query_one(&SUM, params!["nobody"])).expect("an empty sum is read");
    assert_eq!((sums.opt_int(0), sums.opt_text(1)), (Ok(None), Ok(None)), "the sum of nothing is nothing");
    let sums = db.read(|tx| tx.query_one(&SUM, params!["v"])).expect("a sum is read");
    assert_eq!((sums.int(0), sums.real(3)), (Ok(-1), Ok(0.5)), "sums are integers, fractions are real");
}

fn sums_beyond_64_bits_are_errors(db: &Db) {
    clean(db);
    for (id, key) in [(i64::MAX, "a"), (i64::MAX - 1, "b")] {
        db.write(|tx| put(tx, id, "big", key)).expect("a row is put");
    }
    let sum = db.read(|tx| tx.query_one(&SUM, params!["big"]));
    assert!(
        matches!(sum, Err(Error::Statement { .. })),
        "a sum out of range is an error, not a number: {sum:?}"
    );
}

fn a_failed_closure_leaves_nothing(db: &Db) {
    clean(db);
    let result = db.write(|tx| {
        put(tx, 1, "a", "1")?;
        Err::<(), _>(Error::Cursor)
    });
    assert_eq!((result, count(db)), (Err(Error::Cursor), 0), "what a failed closure wrote is gone");
}

fn a_failed_statement_ends_the_transaction(db: &Db) {
    clean(db);
    db.write(|tx| put(tx, 1, "a", "1")).expect("a row is put");
    let again = db.write(|tx| put(tx, 1, "b", "2"));
    assert!(again.is_err_and(|e| e.is_unique()), "a second row of the same key is told as such");
    let went_on = db.write(|tx| {
        put(tx, 2, "b", "2")?;
        let _ = put(tx, 1, "b", "3");
        assert_eq!(put(tx, 3, "b", "4"), Err(Error::Aborted), "after a failure nothing more runs");
        Ok::<_, Error>(())
    });
    assert_eq!((went_on, count(db)), (Err(Error::Aborted), 1), "a swallowed failure commits nothing");
    let write_in_read = db.read(|tx| put(tx, 9, "r", "r"));
    assert!(write_in_read.is_err() && count(db) == 1, "a read cannot write");
}

fn readers_see_one_snapshot(db: &Db) {
    clean(db);
    db.read(|tx| {
        assert_eq!(tx.query_one(&COUNT, &[])?.int(0)?, 0);
        std::thread::scope(|scope| {
            let other = scope.spawn(|| db.write(|tx| put(tx, 1, "a", "1")));
            other.join().expect("the writer ends").expect("a write goes on beside a reader");
        });
        assert_eq!(tx.query_one(&COUNT, &[])?.int(0)?, 0, "a reader keeps its snapshot");
        Ok::<_, Error>(())
    })
    .expect("the reader ends well");
    assert_eq!(count(db), 1, "the next reader sees the write");
}

fn writes_of_many_threads_all_arrive(db: &Db) {
    clean(db);
    const THREADS: usize = 8;
    const WRITES: usize = 20;
    let (barrier, refused) = (Barrier::new(THREADS), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (barrier, refused) = (&barrier, &refused);
            scope.spawn(move || {
                barrier.wait();
                for n in 0..WRITES {
                    let id = (thread * WRITES + n) as i64;
                    // Every fifth write fails after it wrote: its row must go, those of its neighbours stay.
                    let result = db.write(|tx| {
                        put(tx, id, "t", &id.to_string())?;
                        if n % 5 == 4 { Err(Error::Cursor) } else { Ok(()) }
                    });
                    match result {
                        Ok(()) => {}
                        Err(Error::Cursor) => drop(refused.fetch_add(1, Ordering::SeqCst)),
                        Err(other) => panic!("a write among many failed: {other}"),
                    }
                }
            });
        }
    });
    let refused = refused.into_inner();
    assert_eq!(refused, THREADS * WRITES / 5);
    assert_eq!(count(db) as usize, THREADS * WRITES - refused, "every kept write is there, no other");
}

fn a_write_inside_a_write_is_refused(db: &Db) {
    let result = db.write(|_| db.write(|_| Ok::<_, Error>(())));
    assert_eq!(result, Err(Error::Nested));
}

fn a_panic_leaves_the_database_usable(db: &Db) {
    clean(db);
    let hush = AtomicBool::new(true);
    let result = std::thread::scope(|scope| {
        let panicking = scope.spawn(|| {
            db.write(|tx| {
                put(tx, 1, "p", "1")?;
                if hush.load(Ordering::SeqCst) {
                    std::panic::resume_unwind(Box::new("on purpose"));
                }
                Ok::<_, Error>(())
            })
        });
        panicking.join()
    });
    assert!(result.is_err() && count(db) == 0, "a panic takes its rows back");
    db.write(|tx| put(tx, 1, "p", "1")).expect("the database goes on after a panic");
}

fn bulk_loads_and_refuses_whole(db: &Db) {
    clean(db);
    let row = |n: i64| {
        vec![n.into(), "b".into(), n.to_string().into(), Value::from("x\ty"), 0.into(), 0.into(), 0.into()]
    };
    let loaded = db.write(|tx| tx.bulk("outbox", OUTBOX, (0..12_345).map(row)));
    assert_eq!((loaded, count(db)), (Ok(12_345), 12_345), "every row of a bulk load arrives");
    let doubled = db.write(|tx| tx.bulk("outbox", OUTBOX, [20_000, 20_001, 5].into_iter().map(row)));
    assert!(doubled.is_err_and(|e| e.is_unique()), "a double key in a bulk load is told as such");
    let short = db.write(|tx| tx.bulk("outbox", OUTBOX, std::iter::once(vec![Value::from(30_000)])));
    assert!(matches!(short, Err(Error::Statement { .. })), "a row of another width is refused: {short:?}");
    assert_eq!(count(db), 12_345, "a refused bulk load leaves nothing");
    let mut seen = 0;
    db.read(|tx| {
        tx.for_each(&ALL_ROWS, &[], |row| {
            assert_eq!(row.int(0)?, seen, "rows stream in order");
            seen += 1;
            Ok::<_, Error>(())
        })
    })
    .expect("rows stream");
    assert_eq!(seen, 12_345, "every row streams once");
}

fn texts_compare_bytewise_and_pages_follow_keys(db: &Db) {
    clean(db);
    let codes = ["11.01", "11.01.05", "11.01.05.2003", "11.01/", "11.02", "1101", "a", "B", "é"];
    let rows = codes.iter().enumerate().map(|(i, code)| {
        let kind = if i % 2 == 0 { "x" } else { "y" };
        params![i as i64, kind, *code, ""].to_vec()
    });
    db.write(|tx| tx.execute_many(&PUT, rows)).expect("rows are put");
    let (from, to) = RegionCode::parse("11.01").expect("a region").path_range();
    let within = db.read(|tx| tx.query(&TEXT_ORDER, params![from, to])).expect("a range is read");
    let within: Vec<&str> = within.iter().filter_map(|row| row.text(0).ok()).collect();
    assert_eq!(within, ["11.01", "11.01.05", "11.01.05.2003"], "a path range holds what lies below");
    let all = db.read(|tx| tx.query(&TEXT_ORDER, params!["", "\u{10FFFF}"])).expect("texts are read");
    let all: Vec<&str> = all.iter().filter_map(|row| row.text(0).ok()).collect();
    let mut sorted = codes.to_vec();
    sorted.sort_unstable();
    assert_eq!(all, sorted, "texts sort by their bytes");

    let (mut page, mut seen) = (Page::first(2), Vec::new());
    loop {
        let keys = page.keys(2).expect("own marks are valid").unwrap_or(vec!["".into(), (-1).into()]);
        let found = db
            .read(|tx| {
                let rows = tx.query(&KEYSET, &[keys[0].clone(), keys[1].clone(), page.fetch().into()])?;
                rows.iter().map(|row| Ok((row.string(0)?, row.int(1)?))).collect::<Result<Vec<_>>>()
            })
            .expect("a page is read");
        let paged = page.page(found, |(kind, id)| vec![kind.into(), (*id).into()]);
        seen.extend(paged.items.iter().map(|item| item.1));
        match paged.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, [0, 2, 4, 6, 8, 1, 3, 5, 7], "pages give every row once, in order");
}

fn portable_statements_mean_the_same(db: &Db) {
    clean(db);
    db.write(|tx| {
        put(tx, 1, "a", "one")?;
        put(tx, 2, "a", "two")?;
        assert_eq!(tx.execute(&IF_NEW, params![3, "a", "two"])?, 0, "what is there is left alone");
        assert_eq!(tx.execute(&IF_NEW, params![3, "b", "two"])?, 1, "what is new is put");
        crate::set_meta(tx, "one", "1")?;
        crate::set_meta(tx, "one", "eins")?;
        assert_eq!(tx.execute(&UPDATE_FROM, params!["a"])?, 1, "an update from a table touches what joins");
        assert_eq!(crate::meta(tx, "one")?.as_deref(), Some("eins"), "facts are replaced");
        assert_eq!(crate::meta(tx, "none")?, None);
        let found = tx.query_one(&REORDERED, params![2, "a"])?;
        assert_eq!(found.int(0)?, 2, "placeholders are numbered, not counted");
        for (id, kind, expected) in [(0, None, 3), (1, None, 1), (0, Some("a"), 2), (2, Some("b"), 0)] {
            let counted = tx.query_one(&OPTIONAL, params![id, kind])?.int(0)?;
            assert_eq!(counted, expected, "optional conditions fall away");
        }
        let row = tx.query_one(&FILTERED, &[])?;
        assert_eq!((row.int(0)?, row.int(1)?), (2, 0), "aggregates take filters");
        let two = tx.query_opt(&ALL_ROWS, &[]);
        assert!(matches!(two, Err(Error::NotOne { .. })), "more than one row is told");
        Ok::<_, Error>(())
    })
    .expect("portable statements run");
}

fn several_questions_are_answered_in_their_order(db: &Db) {
    clean(db);
    db.write(|tx| {
        (1..=4).try_for_each(|id| put(tx, id, if id == 4 { "b" } else { "a" }, &id.to_string()))?;
        let ask = |kind: &str, most: i64| (&IDS_OF_KIND, params![kind, most].to_vec());
        let lists = tx.numbers(&[ask("a", 2), ask("none", 9), ask("b", 9), ask("a", 9)])?;
        assert_eq!(lists, [vec![3, 2], vec![], vec![4], vec![3, 2, 1]]);
        assert!(tx.numbers(&[])?.is_empty());
        let answers = tx.query_all(&[ask("b", 1), (&COUNT, Vec::new()), ask("none", 1)])?;
        let counts: Vec<usize> = answers.iter().map(Vec::len).collect();
        assert_eq!((counts, answers[1][0].int(0)?), (vec![1, 1, 0], 4), "each question has its answer");
        Ok::<_, Error>(())
    })
    .expect("lists are read");
    for wrong in [&KINDS, &MISSING_TABLE] {
        let answer = db.read(|tx| {
            assert!(tx.numbers(&[(&COUNT, Vec::new()), (wrong, Vec::new())]).is_err(), "{}", wrong.name);
            tx.query(&COUNT, &[])
        });
        assert!(matches!(answer, Err(Error::Aborted)), "one failed question ends the transaction");
    }
}

fn a_statement_for_many_rows_goes_by_their_order(db: &Db) {
    clean(db);
    db.write(|tx| {
        (1..=3).try_for_each(|id| put(tx, id, if id == 3 { "b" } else { "a" }, &id.to_string()))?;
        let rename = |from: &str, to: &str| params![from, to].to_vec();
        let mut rows = vec![rename("a", "b"), rename("a", "x"), rename("b", "c"), rename("c", "0")];
        rows.extend((0..200).map(|n| rename(&n.to_string(), &(n + 1).to_string())));
        let changed = tx.execute_all(&RENAME, &rows)?;
        assert_eq!(changed[..4], [2, 0, 3, 3], "each sees what those before it did");
        assert!(changed[4..].iter().all(|rows| *rows == 3) && changed.len() == 204);
        assert_eq!(tx.execute_all(&RENAME, &[])?, Vec::<u64>::new());
        Ok::<_, Error>(())
    })
    .expect("many statements run");
    let answer = db.write(|tx| {
        assert!(tx.execute_all(&RENAME, &[params![1, 2].to_vec(), Vec::new()]).is_err());
        tx.query(&COUNT, &[])
    });
    assert!(matches!(answer, Err(Error::Aborted)), "one failed statement ends the transaction");
}

fn numbers_are_given_out_once(db: &Db) {
    let take = |n| db.write(|tx| next_number(tx, "test", n)).expect("a number is given");
    assert_eq!((take(1), take(5), take(1)), (1, 2, 7));
    let _ = db.write(|tx| next_number(tx, "test", 1).and(Err::<(), _>(Error::Cursor)));
    assert_eq!(take(1), 8, "a number of a failed write is given again");
}

fn jobs_are_taken_over_behind_their_mark(db: &Db, reopen: Reopen<'_>) {
    let clock = clock();
    let job = Job::start(db, &clock, "test", "1").expect("a job starts").expect("nobody else is at it");
    assert_eq!(job.mark(), None);
    let other = reopen();
    assert!(Job::start(&other, &clock, "test", "1").expect("asking is allowed").is_none(), "one at a time");
    db.write(|tx| job.set_mark(tx, &clock, "half")).expect("a mark is set");
    job.report(&clock, "reading", 5, 10).expect("progress is told");
    let state = |db: &Db| {
        Job::bury(db, &clock, "test", "1", "killed").expect("asking is allowed");
        let view = db.read(|tx| Job::view(tx, "test", "1")).expect("a job is read").expect("it is there");
        view.state
    };
    assert_eq!(state(&other), JobState::Running, "somebody is at it");
    drop(job);
    assert_eq!(state(&other), JobState::Failed, "nobody is");
    let job = Job::start(&other, &clock, "test", "1").expect("a job starts").expect("the lock died");
    assert_eq!(job.mark(), Some("half"), "the next attempt continues behind the mark");
    let view = db.read(|tx| Job::view(tx, "test", "1")).expect("a job is read").expect("it is there");
    assert_eq!((view.state, view.attempts, view.done, view.total), (JobState::Running, 2, 5, 10));
    job.done(&clock, "10 rows").expect("a job ends");
    let job = Job::start(db, &clock, "test", "1").expect("a job starts").expect("it is free");
    assert_eq!(job.mark(), None, "a job that was done begins anew");
    job.failed(&clock, "no disk").expect("a job fails");
    let recent = db.read(|tx| crate::recent_jobs(tx, 10)).expect("jobs are listed");
    assert_eq!(recent[0].message.as_deref(), Some("no disk"));
}

fn errands_are_done_at_least_once(db: &Db) {
    clean(db);
    let clock = clock();
    let put = || db.write(|tx| outbox::put(tx, &clock, "file", "1", "{}")).expect("an errand is put");
    put();
    put();
    let due = db.read(|tx| outbox::due(tx, &clock, 10)).expect("errands are read");
    assert_eq!(due.len(), 1, "the same errand is put once");
    db.write(|tx| outbox::failed(tx, &clock, &due[0], "no answer")).expect("an errand is put off");
    assert_eq!(db.read(|tx| outbox::due(tx, &clock, 10)), Ok(vec![]), "what is put off is not due");
    let later = FixedClock(clock.now() + jiff::SignedDuration::from_secs(1));
    let due = db.read(|tx| outbox::due(tx, &later, 10)).expect("errands are read");
    assert_eq!(due[0].attempts, 1);
    db.write(|tx| outbox::done(tx, &later, due[0].id)).expect("an errand is done");
    assert_eq!(db.read(outbox::open), Ok(0));
}

fn regions_resolve(db: &Db) {
    let region = |code: &str, name: &str| {
        let code = RegionCode::parse(code).expect("a region");
        let parent = code.parent().unwrap_or(RegionCode::nation());
        let level = code.level() as i64;
        regions::Region {
            code,
            parent,
            level,
            kind: "x".into(),
            name: name.into(),
            postal_code: None,
            edition: "test".into(),
        }
    };
    let list =
        [region("99", "P"), region("99.01", "R"), region("99.01.01", "D"), region("99.01.01.2001", "V")];
    let alias = regions::Alias {
        system: "bps".into(),
        code: "9901".into(),
        edition: "2020".into(),
        region: list[1].code.clone(),
        name: None,
        basis: "same".into(),
    };
    db.write(|tx| {
        regions::load(tx, &list[..3])?;
        regions::load(tx, &list)?;
        regions::load_aliases(tx, std::slice::from_ref(&alias))
    })
    .expect("regions load twice");
    db.read(|tx| {
        assert_eq!(regions::count(tx, "test")?, 4);
        assert_eq!(regions::path(tx, &list[3].code)?, list, "a village has its path of names");
        assert_eq!(regions::children(tx, &RegionCode::nation())?.len(), 1, "provinces lie below the nation");
        assert_eq!(regions::within(tx, &list[0].code, RegionLevel::Village)?, [list[3].clone()]);
        assert_eq!(regions::resolve(tx, "bps", "9901")?.as_ref(), Some(&list[1].code));
        assert_eq!(regions::resolve(tx, "kemendagri", "99.01")?.as_ref(), Some(&list[1].code));
        assert_eq!(regions::resolve(tx, "kemendagri", "98")?, None);
        Ok::<_, Error>(())
    })
    .expect("regions are read");
}

fn clock() -> FixedClock {
    FixedClock::at(jiff::civil::date(2026, 11, 18))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[test]
    fn sqlite_keeps_the_laws() {
        let test = TestDb::sqlite();
        run(&test.db, &|| Db::open(&test.url).unwrap());
        assert_eq!(test.db.check(ALL).len(), 1);
    }

    #[test]
    fn postgres_keeps_the_laws() {
        let Some(test) = TestDb::postgres() else { return };
        run(&test.db, &|| Db::open(&test.url).unwrap());
    }

    #[test]
    fn an_address_of_no_kind_is_refused() {
        assert!(matches!(Db::open("mysql://x"), Err(Error::Address(_))));
        assert!(matches!(Db::open("sqlite:/no/such/folder/x.sqlite"), Err(Error::Open(_))));
    }
}
