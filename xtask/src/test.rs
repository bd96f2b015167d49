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

const STEPS: &[Step] = &[
    ("format", || loud(cargo(&["fmt", "--all", "--check"]))),
    ("tidy", tidy::run),
    ("clippy", || loud(cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))),
    ("docs", docs),
    ("unit", unit),
    ("demo", demo::run),
    ("crash", crash::run),
    ("browser", browser::run),
];

/// Runs all steps, or the one named.
pub(crate) fn run(only: Option<&str>) -> Result<()> {
    let steps: Vec<&Step> = STEPS.iter().filter(|(name, _)| only.is_none_or(|only| only == *name)).collect();
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
    let mut command = cargo(&["doc", "--workspace", "--no-deps", "--quiet"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    loud(command)
}

/// All Rust tests, the conformance suite on SQLite and on a private PostgreSQL among them. In the release profile:
/// what is tested is what ships (overflow checks included), and the libraries are built once for tests and binary.
fn unit() -> Result<()> {
    let postgres = Postgres::start()?;
    let mut command = cargo(&["test", "--release", "--workspace", "--quiet"]);
    command.env("PILAR_TEST_POSTGRES", postgres.url());
    loud(command)
}
