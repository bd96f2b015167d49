//! `cargo xtask bench casework`: the open cases of a nation, from the lists that people open in the morning to the clock of the night.

use anyhow::{Context, Result, bail};

use crate::{
    postgres::Postgres,
    run::{cargo, loud},
};

/// `--cases N` (1,000,000), each with ten rows of history; `--postgres` on a private server instead of the embedded database.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let (mut cases, mut on_server) = ("1000000", false);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--cases" => cases = words.next().context("--cases needs a number")?,
            "--postgres" => on_server = true,
            other => bail!("unknown option `{other}` of `bench casework`"),
        }
    }
    let server = if on_server { Some(Postgres::durable()?) } else { None };
    let mut bench =
        cargo(&["test", "--release", "-p", "casework", "figures", "--", "--ignored", "--nocapture"]);
    bench.env("CASES", cases);
    match &server {
        Some(server) => bench.env("PILAR_TEST_POSTGRES", server.url()),
        None => bench.env_remove("PILAR_TEST_POSTGRES"),
    };
    loud(bench)
}
