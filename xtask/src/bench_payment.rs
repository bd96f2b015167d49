//! `cargo xtask bench payment`: a month of a nation, from the approved list to the reconciliation; `cargo xtask soak ledger`: random
//! histories of payments against a bank that keeps its own count.

use anyhow::{Context, Result, bail};

use crate::{
    postgres::Postgres,
    run::{cargo, loud},
};

/// `--lines N` (2,000,000), `--postgres` on a private server instead of the embedded database.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let (mut lines, mut on_server) = ("2000000", false);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--lines" => lines = words.next().context("--lines needs a number")?,
            "--postgres" => on_server = true,
            other => bail!("unknown option `{other}` of `bench payment`"),
        }
    }
    loud(cargo(&["test", "--release", "-p", "ledger", "figures", "--", "--ignored", "--nocapture"]))?;
    let server = if on_server { Some(Postgres::durable()?) } else { None };
    let mut bench =
        cargo(&["test", "--release", "-p", "payment", "figures", "--", "--ignored", "--nocapture"]);
    bench.env("LINES", lines);
    match &server {
        Some(server) => bench.env("PILAR_TEST_POSTGRES", server.url()),
        None => bench.env_remove("PILAR_TEST_POSTGRES"),
    };
    loud(bench)
}

/// `--histories N` (1,000,000,000), `--seed N` (0): each history has fifty steps.
pub(crate) fn soak(words: &[&str]) -> Result<()> {
    let (mut histories, mut seed) = ("1000000000", "0");
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--histories" => histories = words.next().context("--histories needs a number")?,
            "--seed" => seed = words.next().context("--seed needs a number")?,
            other => bail!("unknown option `{other}` of `soak ledger`"),
        }
    }
    let mut soak =
        cargo(&["test", "--release", "-p", "payment", "the_laws_hold_in_a_million", "--", "--nocapture"]);
    soak.env("HISTORIES", histories).env("SEED", seed);
    loud(soak)
}
