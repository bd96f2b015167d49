//! The project's own chores: `cargo xtask tidy | test | bench`.
//!
//! Everything that a newcomer or the build server must run stands here, in Rust, so that it runs wherever the project builds.
//! A step that cannot run says what is missing and how to get it; nothing is skipped in silence.

mod bench;
mod bench_casework;
mod bench_linkage;
mod bench_payment;
mod bench_pillars;
mod bench_rules;
mod bench_targeting;
mod browser;
mod crash;
mod demo;
mod kills;
mod messages;
mod postgres;
mod run;
mod test;
mod tidy;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, bail};

const HELP: &str = "\
Chores of the project.

  cargo xtask tidy                 the laws of the house: crate arrows, line width, dead files, names in code
  cargo xtask test [--only STEP]   what every change must pass, or one step
  cargo xtask bench [--people N]   rows a second and peak memory of every step of the demo, and page times
  cargo xtask bench rules [--seed N] [--expressions N] [--programmes N] [--families N] [--keep]
                                   random rules and programmes, held against DuckDB; needs python3
  cargo xtask bench targeting [--families N] [--keep DIR] [--peer]
  cargo xtask bench payment [--lines N] [--postgres]
                                   a month of a nation: build, lock, order, file, replies, reconciliation
  cargo xtask bench casework [--cases N] [--postgres]
                                   the open cases of a nation: lists, boards, case pages, steps, the nightly clock
  cargo xtask bench pillars [--families N] [--companions N]
                                   a nation's families shared out among its companions
  cargo xtask soak ledger [--histories N] [--seed N]
  cargo xtask soak kills [--kills N] [--seed N]
                                   random histories of payments against a bank that keeps its own count
  cargo xtask bench linkage [--records N] [--wide] [--febrl] [--peer] [--tuned] [--memory SIZE]
                                   linkage on invented lists, with --peer or --tuned beside Splink; needs python3

Steps of `test`: format, tidy, clippy, docs, tests, demo, messages, crash, kills, browser.";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(words: &[String]) -> Result<()> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["tidy"] => tidy::run(),
        ["test"] => test::run(None),
        ["test", "--only", step] => test::run(Some(step)),
        ["bench"] => bench::run(1_000_000),
        ["bench", "--people", people] => bench::run(people.parse()?),
        ["bench", "rules", rest @ ..] => bench_rules::run(rest),
        ["bench", "targeting", rest @ ..] => bench_targeting::run(rest),
        ["bench", "casework", rest @ ..] => bench_casework::run(rest),
        ["bench", "payment", rest @ ..] => bench_payment::run(rest),
        ["bench", "pillars", rest @ ..] => bench_pillars::run(rest),
        ["soak", "ledger", rest @ ..] => bench_payment::soak(rest),
        ["soak", "kills", rest @ ..] => kills::soak(rest),
        ["bench", "linkage", rest @ ..] => bench_linkage::run(&bench_linkage::Plan::read(rest)?),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        other => bail!("unknown chore `{}`\n\n{HELP}", other.join(" ")),
    }
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map(PathBuf::from).unwrap_or_default()
}
