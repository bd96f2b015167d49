//! Figures, not a test: `cargo xtask bench targeting`. FAMILIES families in villages of 1,100; with KEPT=DIR the closing is made once
//! and found again. Prints seconds and the most memory that was held.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Arc, Mutex},
    time::Instant,
};

use access::House;
use arrow_array::{ArrayRef, Int32Array, RecordBatch, StringArray, cast::AsArray, types::Int32Type};
use lake::{Lake, Origin, WriteOptions};
use model::{Progress, Silent};
use policy::Policy;
use store::testing::TestDb;

use super::{
    Dice, month, period, population_from,
    service::{console, house},
};
use crate::{Wish, decide_all, explain, wishes};

/// Families written at once.
const SOME: i64 = 50_000;
const VILLAGE_FAMILIES: i64 = 1_100;

fn number(name: &str, default: i64) -> i64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn village(number: i64) -> String {
    format!("99.{:02}.{:02}.{}", 1 + number / 170 % 99, 1 + number % 170 / 10, 2001 + number % 10)
}

/// The same batch with families spread over villages.
fn placed(batch: &RecordBatch, first: i64, villages: i64, dice: &mut Dice) -> RecordBatch {
    let Ok(at) = batch.schema().index_of("region") else { return batch.clone() };
    let mut columns = batch.columns().to_vec();
    // People of one registry follow each other by number, not by village.
    let place = |row: i64| village((dice.below(villages as u64) as i64 + first + row) % villages);
    columns[at] =
        Arc::new(StringArray::from_iter_values((0..batch.num_rows() as i64).map(place))) as ArrayRef;
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

/// Needs and honours of a person: in the population at random every code is as frequent as the next, and most would be heroes.
const RARE: [&str; 4] = ["disability", "orphan", "ppks", "honour"];

/// The same batch where nineteen people of twenty have none of these.
fn rarely(batch: &RecordBatch, dice: &mut Dice) -> RecordBatch {
    let mut columns = batch.columns().to_vec();
    for name in RARE {
        let Ok(at) = batch.schema().index_of(name) else { continue };
        let codes = columns[at].as_primitive::<Int32Type>();
        let spared = codes.iter().map(|code| code.map(|code| if dice.chance(95) { 0 } else { code }));
        columns[at] = Arc::new(spared.collect::<Int32Array>());
    }
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

fn close(house: &House, policy: &Policy, families: i64) {
    if house.lake.dataset("closing/2026-11/persons").unwrap().is_some() {
        return;
    }
    let mut dice = Dice(1);
    let villages = (families / VILLAGE_FAMILIES).max(3);
    let mut writers = Vec::new();
    for first in (0..families).step_by(SOME as usize) {
        let (all, people) = population_from(policy, first..families.min(first + SOME), 5, &mut dice);
        let people = rarely(&people, &mut dice);
        let all = placed(&all, first, villages, &mut dice);
        for (i, (kind, batch)) in [("families", all), ("persons", people)].into_iter().enumerate() {
            if writers.len() <= i {
                let options = WriteOptions {
                    row_group_rows: 256 * 1024,
                    sorted_by: vec!["family_id".to_owned()],
                    ..WriteOptions::default()
                };
                let name = format!("closing/2026-11/{kind}");
                writers.push(house.lake.writer(&name, batch.schema(), options).unwrap());
            }
            writers[i].write(&batch).unwrap();
        }
    }
    // The people last: they are what is looked for.
    for writer in writers {
        writer.finish(Origin::default(), house.clock.as_ref()).unwrap();
    }
}

/// The most memory this process has held, in MB.
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() / 1000
}

/// Says when each part of the work was first and last heard of, in seconds from the start.
struct Parts {
    start: Instant,
    heard: Mutex<BTreeMap<String, (f64, f64)>>,
}

impl Parts {
    fn new() -> Self {
        Self { start: Instant::now(), heard: Mutex::default() }
    }

    fn tell(&self) {
        for (part, (first, last)) in self.heard.lock().unwrap().iter() {
            println!("  {part}: from {first:.2} s to {last:.2} s");
        }
    }
}

impl Progress for Parts {
    fn report(&self, part: &str, _done: u64, _of: u64) {
        let now = self.start.elapsed().as_secs_f64();
        self.heard.lock().unwrap().entry(part.to_owned()).or_insert((now, now)).1 = now;
    }
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    println!("{what}: {:.3} s, peak {} MB", start.elapsed().as_secs_f64(), peak_mb());
    done
}

#[test]
#[ignore = "prints figures; nothing to check"]
fn figures() {
    let families = number("FAMILIES", 300_000);
    let test = TestDb::sqlite();
    let mut house = house(&test);
    if let Ok(kept) = std::env::var("KEPT") {
        house.lake = Lake::open(std::path::Path::new(&kept)).unwrap();
    }
    timed("policy pack loaded", || Policy::embedded().unwrap());
    timed("closing made", || close(&house, &house.policy, families));
    for kind in ["families", "persons"] {
        let dataset = house.lake.require(&format!("closing/2026-11/{kind}")).unwrap();
        println!("{kind}: {} rows, {}", dataset.rows(), dataset.manifest().hash);
    }
    let scope = console(&house, "decision.run");
    let decide = |wishes: &[Wish]| {
        let parts = Parts::new();
        let made = decide_all(&house, &scope, wishes, month("2026-11"), &[], &parts).unwrap();
        parts.tell();
        made
    };
    let two = ["PKH", "SEMBAKO"].map(|key| Wish { programme: key.to_owned(), period: period("2026-T4") });
    let made = timed("two programmes", || decide(&two));
    for run in &made {
        println!("  {} {} {:?}", run.programme, run.dataset_hash, run.totals);
    }
    if std::env::var("TWO").is_ok() {
        return;
    }
    let start = Instant::now();
    for family in 0..100 {
        explain(&house, &scope, &made[0].run, 10 + (families / 100 * family) * 7).unwrap();
    }
    println!("explained: {:.2} ms a family", start.elapsed().as_secs_f64() * 10.0);
    let all = wishes(&house.policy, period("2026-T4"), month("2026-11"));
    // A database that knows nothing of the two: they are made again with all the others.
    let fresh = TestDb::sqlite();
    let anew = House { db: fresh.db.clone(), ..house.clone() };
    let made = timed(&format!("all {} programmes in force", all.len()), || {
        decide_all(&anew, &console(&anew, "decision.run"), &all, month("2026-11"), &[], &Silent).unwrap()
    });
    let scope = console(&house, "policy.read");
    for round in ["first", "again"] {
        timed(&format!("a condition over families, {round}"), || {
            let text = "family.decile <= 3 and family.elderly > 0 and family.floor in (7, 8)";
            let tried = crate::try_rule(&house, &scope, month("2026-11"), text, None).unwrap();
            println!("  {} of {}", tried.selected, tried.of);
        });
    }
    let stricter = [("PKH", "elderly_age", 70), ("SEMBAKO", "decile_max", 3)];
    let setting = |(programme, name, value): (&str, &str, i64)| policy::Setting {
        programme: programme.into(),
        name: name.into(),
        value,
    };
    let other = house.policy.variant(&stricter.map(setting)).unwrap();
    let question = crate::Question { truth: "family.decile <= 2".into(), ..Default::default() };
    let found = timed("two packs compared on two programmes", || {
        let outside = crate::Outside::default();
        crate::simulate(&house, &scope, &other, &two, month("2026-11"), &question, &outside, &Silent).unwrap()
    });
    for one in &found.found {
        println!("  {} {:?}", one.programme, one.moves);
    }
    let mut line = String::new();
    for run in &made {
        let _ = write!(line, " {}={}", run.programme, run.totals.eligible);
    }
    println!("  receive or may be proposed:{line}");
}
