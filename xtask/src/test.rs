//! `cargo xtask test`: every check, in the order in which a failure is cheapest to learn of.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::{
    browser, crash, demo, kills, messages,
    postgres::Postgres,
    run::{cargo, loud},
    tidy,
};

type Step = (&'static str, fn() -> Result<()>);

/// What every change must pass. Everything is built in the release profile: what is tested is what ships (overflow checks
/// included), and each library is built once.
const STEPS: &[Step] = &[
    ("format", || loud(cargo(&["fmt", "--all", "--check"]))),
    ("tidy", tidy::run),
    ("clippy", || {
        loud(cargo(&[
            "clippy",
            "--release",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ]))
    }),
    ("docs", docs),
    ("tests", tests),
    ("demo", demo::run),
    ("messages", messages::run),
    ("crash", crash::run),
    ("kills", || kills::run(kills::Plan { programs: 50, servers: 20, seed: 1 })),
    ("browser", browser::run),
];

/// Runs what every change must pass, or the one step named.
pub(crate) fn run(only: Option<&str>) -> Result<()> {
    let chosen = |(name, _): &&Step| only.is_none_or(|only| only == *name);
    let steps: Vec<&Step> = STEPS.iter().filter(chosen).collect();
    if steps.is_empty() {
        let names: Vec<&str> = STEPS.iter().map(|(name, _)| *name).collect();
        bail!("no such step; there are: {}", names.join(", "));
    }
    let mut spent = Vec::new();
    for (name, step) in &steps {
        println!("\n=== {name}");
        let start = Instant::now();
        step()?;
        spent.push(format!("{name} {:.0} s", start.elapsed().as_secs_f64()));
    }
    println!("\nall steps passed: {}", spent.join(", "));
    println!("{} passed, 0 failed", steps.len());
    Ok(())
}

fn docs() -> Result<()> {
    let mut command = cargo(&["doc", "--release", "--workspace", "--no-deps", "--quiet"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    loud(command)
}

/// Every Rust test of the workspace; what needs a database runs on SQLite and on a private PostgreSQL.
fn tests() -> Result<()> {
    let postgres = Postgres::start()?;
    let mut command = cargo(&["test", "--release", "--workspace", "--no-fail-fast", "--quiet"]);
    command.env("PILAR_TEST_POSTGRES", postgres.url());
    loud(command)
}
