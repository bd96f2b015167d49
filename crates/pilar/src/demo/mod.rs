//! `pilar demo`: the whole way on invented people, from four ministries' lists to reconciled money and open pages.
//!
//! Each step is a call that a user's command makes too. What a step found is written to `demo.json` in the data folder when it is done, so
//! that the same command again goes on behind the last finished step; a step that was cut short is done again, and every service gives
//! the same result then.

mod accounts;
mod cards;
mod casework;
mod desk;
mod devices;
mod funds;
mod goods;
mod outcomes;
mod pillars;
mod plan;
mod public;
mod said;
mod sample;
mod services;
mod steps;
mod truth;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Context;
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    cli::{Demo, Place},
    commands,
    failure::Failure,
    house,
    measure::{self, Step},
    screen::{grouped, since},
};

/// The day on which the invented lists are drawn: the day after the cut-off of a month, so that this month can be closed.
pub(super) const DAY: Date = date(2026, 11, 18);
const DEFAULT_DIR: &str = "pilar-demo";

/// What stands in `demo.json`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Record {
    people: u64,
    seed: u64,
    finished: Vec<Finished>,
}

/// A step that is done, with its measure and what later steps and the last line need of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Finished {
    step: Step,
    found: Value,
}

/// The run of a demo.
pub(crate) struct Run {
    pub(super) house: access::House,
    pub(super) dir: PathBuf,
    pub(super) people: u64,
    pub(super) seed: u64,
    quiet: bool,
    record: Record,
}

/// Runs all steps that are not done yet, prints the figures and, unless told not to, opens the pages.
pub(crate) fn run(place: &Place, command: &Demo) -> anyhow::Result<()> {
    let start = Instant::now();
    let dir = house::data_dir(place, DEFAULT_DIR);
    std::fs::create_dir_all(&dir).with_context(|| format!("could not make {}", dir.display()))?;
    let record = read_record(&dir, command)?;
    let house = house::open(&Place { data: Some(dir.clone()), ..place.clone() }, DEFAULT_DIR)?;
    house.db.write(|tx| store::set_meta(tx, commands::DEMO, "1"))?;
    let mut run = Run { house, dir, people: command.people, seed: command.seed, quiet: place.json, record };
    if !run.quiet {
        println!(
            "{} invented people in {}; seed {}",
            grouped(command.people),
            run.dir.display(),
            command.seed
        );
    }
    let figures = steps::all(&mut run)?;
    let figures = run.figures(figures);
    if run.quiet {
        println!("{figures}");
    } else {
        println!("from lists to reconciled money in {}", since(start));
    }
    if command.no_serve {
        return Ok(());
    }
    open_pages(&run, command, place)
}

impl Run {
    /// Runs a step unless it is done already; `work` gives back how many rows it handled and what it found.
    pub(super) fn step(
        &mut self,
        name: &'static str,
        work: impl FnOnce(&Self) -> anyhow::Result<(u64, Value)>,
    ) -> anyhow::Result<Value> {
        if let Some(done) = self.record.finished.iter().find(|done| done.step.name == name) {
            return Ok(done.found.clone());
        }
        let (step, found) =
            measure::step(name, || work(self)).with_context(|| format!("in the step `{name}`"))?;
        self.finish(step, found.clone())?;
        Ok(found)
    }

    /// Adds a step that was measured inside another one.
    pub(super) fn finish(&mut self, step: Step, found: Value) -> anyhow::Result<()> {
        if self.record.finished.iter().any(|done| done.step.name == step.name) {
            return Ok(());
        }
        if !self.quiet {
            println!(
                "{:<12} {:>8.2} s {:>13} rows {:>11} rows/s {:>6} MB   {}",
                step.name,
                step.seconds,
                grouped(step.rows),
                grouped(step.rows_per_s as u64),
                step.peak_rss_mb,
                short(&found)
            );
        }
        self.record.finished.push(Finished { step, found });
        write_record(&self.dir, &self.record)
    }

    fn figures(&self, parts: Value) -> Value {
        let steps: Vec<&Step> = self.record.finished.iter().map(|done| &done.step).collect();
        let mut object = json!({"people": self.people, "seed": self.seed, "steps": steps});
        if let (Some(object), Value::Object(parts)) = (object.as_object_mut(), parts) {
            object.extend(parts);
        }
        object
    }
}

/// The numbers of a step's findings on one line; lists and texts are left to the JSON.
fn short(found: &Value) -> String {
    let numbers = found.as_object().into_iter().flatten().filter_map(|(name, value)| match value {
        Value::Number(number) => Some(match number.as_u64() {
            Some(whole) => format!("{name} {}", grouped(whole)),
            None => format!("{name} {number}"),
        }),
        _ => None,
    });
    numbers.take(6).collect::<Vec<_>>().join(", ")
}

fn record_path(dir: &Path) -> PathBuf {
    dir.join("demo.json")
}

fn read_record(dir: &Path, command: &Demo) -> anyhow::Result<Record> {
    let path = record_path(dir);
    let Ok(text) = std::fs::read(&path) else {
        return Ok(Record { people: command.people, seed: command.seed, finished: Vec::new() });
    };
    let record: Record =
        serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display()))?;
    if (record.people, record.seed) != (command.people, command.seed) {
        return Err(Failure::input(format!(
            "{} holds a demo of {} people with seed {}; name another folder with --data, or remove this one",
            dir.display(),
            record.people,
            record.seed
        )));
    }
    Ok(record)
}

/// Whole or not at all: written beside, then renamed.
fn write_record(dir: &Path, record: &Record) -> anyhow::Result<()> {
    let beside = dir.join("demo.json.new");
    std::fs::write(&beside, serde_json::to_vec_pretty(record)?)?;
    std::fs::rename(&beside, record_path(dir)).context("could not write demo.json")
}

fn open_pages(run: &Run, command: &Demo, place: &Place) -> anyhow::Result<()> {
    let accounts = accounts::read(&run.dir)?;
    let listen = std::net::SocketAddr::from(([127, 0, 0, 1], command.port));
    let url = format!("http://{listen}");
    let announce = || {
        if place.json {
            println!("{}", json!({"url": url, "accounts": accounts::path(&run.dir)}));
        } else {
            println!("\npages: {url}\n");
            for account in &accounts.accounts {
                println!("  {:<18} {}   {}", account.login, account.password, account.role_label);
            }
            println!("\nall people are invented; stop with Ctrl-C");
        }
    };
    commands::serve(&run.house, listen, false, true, announce)
}
