//! `cargo xtask test`: every check, in the order in which a failure is cheapest to learn of.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::{
    browser, crash, demo,
    postgres::Postgres,
    run::{cargo, loud},
    tidy,
};

type Step = (&'static str, fn() -> Result<()>);

/// What every change must pass.
const STEPS: &[Step] = &[
    ("format", || loud(cargo(&["fmt", "--all", "--check"]))),
    ("tidy", tidy::run),
    ("unit", unit),
    ("demo", demo::run),
    ("crash", crash::run),
];

/// What runs only when it is named, until it has been seen to pass as a whole on the present tree; then it moves up.
const NOT_YET: &[Step] = &[
    ("clippy", || {
        loud(cargo(&["clippy", "--workspace", "--all-targets", "--keep-going", "--", "-D", "warnings"]))
    }),
    ("docs", docs),
    ("rooms", rooms),
    ("browser", browser::run),
];

/// Crates whose tests run with every change. The other crates' tests are the step `rooms`.
const UNIT: &[&str] = &["model", "rules", "policy", "linkage", "ledger", "store"];

/// Runs what every change must pass, or the one step named.
pub(crate) fn run(only: Option<&str>) -> Result<()> {
    let chosen = |(name, _): &&Step| only.is_some_and(|only| only == *name);
    let steps: Vec<&Step> = match only {
        None => STEPS.iter().collect(),
        Some(_) => STEPS.iter().chain(NOT_YET).filter(chosen).collect(),
    };
    if steps.is_empty() {
        let names: Vec<&str> = STEPS.iter().chain(NOT_YET).map(|(name, _)| *name).collect();
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
    if only.is_none() {
        let names: Vec<&str> = NOT_YET.iter().map(|(name, _)| *name).collect();
        println!("not part of this run yet, start with --only: {}", names.join(", "));
    }
    println!("{} passed, 0 failed", steps.len());
    Ok(())
}

fn docs() -> Result<()> {
    let mut command = cargo(&["doc", "--workspace", "--no-deps", "--quiet"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    loud(command)
}

/// Tests of the pure crates and of the store, on SQLite and on a private PostgreSQL. In the release profile: what is
/// tested is what ships (overflow checks included), and the libraries are built once for tests and binary.
fn unit() -> Result<()> {
    let packages: Vec<&str> = UNIT.iter().flat_map(|name| ["--package", name]).collect();
    tests(&packages)
}

/// Every Rust test of the workspace.
fn rooms() -> Result<()> {
    tests(&["--workspace", "--no-fail-fast"])
}

fn tests(which: &[&str]) -> Result<()> {
    let postgres = Postgres::start()?;
    let mut command = cargo(&["test", "--release", "--quiet"]);
    command.args(which).env("PILAR_TEST_POSTGRES", postgres.url());
    loud(command)
}
