//! `cargo xtask bench pillars`: the families of a nation shared out among its companions, on two threads.

use anyhow::{Context, Result, bail};

use crate::run::{cargo, loud};

/// `--families N` (10,000,000), `--companions N` (34,000).
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let mut bench = cargo(&[
        "test",
        "--release",
        "-p",
        "casework",
        "figures_of_a_nation",
        "--",
        "--ignored",
        "--nocapture",
    ]);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--families" => bench.env("FAMILIES", words.next().context("--families needs a number")?),
            "--companions" => bench.env("COMPANIONS", words.next().context("--companions needs a number")?),
            other => bail!("unknown option `{other}` of `bench pillars`"),
        };
    }
    loud(bench)
}
