//! `cargo xtask bench targeting`: decisions, live counts and a simulation on an invented closing, and the same rules as SQL by hand.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::run::{cargo, command, loud, scratch};

/// `--families N` (10,000,000), `--keep DIR` keeps the closing for the next run, `--peer` also asks DuckDB (python3 with duckdb).
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let (mut families, mut keep, mut peer) = ("10000000", None, false);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--families" => families = words.next().context("--families needs a number")?,
            "--keep" => keep = Some(PathBuf::from(words.next().context("--keep needs a folder")?)),
            "--peer" => peer = true,
            other => bail!("unknown option `{other}` of `bench targeting`"),
        }
    }
    let lake = match keep {
        Some(folder) => folder,
        None => scratch("bench-targeting")?,
    };
    let mut bench =
        cargo(&["test", "--release", "-p", "targeting", "figures", "--", "--ignored", "--nocapture"]);
    bench.env("FAMILIES", families).env("KEPT", &lake);
    loud(bench)?;
    if peer {
        let script = "bench/targeting/peer.py";
        let lake = lake.display().to_string();
        loud(command("python3", &[script, &lake, "2"]))?;
    }
    Ok(())
}
