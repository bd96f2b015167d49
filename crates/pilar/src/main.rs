//! The binary: reads the command line, opens the house, calls the rooms and says what came of it. It decides nothing itself.
//!
//! `cli` has the words, `commands` one file a noun, `demo` the whole way on invented people. To add a command: a variant in `cli`, a
//! function in `commands`, and a line in `dispatch`.

mod cli;
mod commands;
mod demo;
mod failure;
mod house;
mod measure;
mod screen;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::{
    Layer as _, filter::LevelFilter, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::{cli::Cli, failure::exit_code};

// The default allocator gives memory back slowly between the steps of a large consolidation; this one is faster and smaller.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_logging();
    let result = set_threads(cli.place.threads).and_then(|()| commands::dispatch(&cli));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pilar: {error:#}");
            exit_code(&error)
        }
    }
}

/// Logs go to standard error; `PILAR_LOG=debug` shows more. Personal data never goes there.
fn start_logging() {
    let filter = std::env::var("PILAR_LOG").ok().and_then(|text| text.parse::<Targets>().ok());
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).compact();
    tracing_subscriber::registry()
        .with(lines.with_filter(filter.unwrap_or_else(|| Targets::new().with_default(LevelFilter::WARN))))
        .init();
}

fn set_threads(threads: Option<usize>) -> anyhow::Result<()> {
    if let Some(threads) = threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build_global()?;
    }
    Ok(())
}
