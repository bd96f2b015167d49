//! Kill -9 in the middle, then the same command again: the same figures as without the crash.

use std::{path::Path, process::Stdio, thread::sleep, time::Duration};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    demo::figures,
    run::{command, release_binary, scratch},
};

const PEOPLE: u64 = 3_000;

/// Each entry is how long a run may live before it is killed; growing, so that later steps are hit too.
const LIVES_MS: &[u64] = &[60, 120, 180, 260, 340, 420, 500, 600, 700, 850, 1000, 1200, 1500];

/// Compares a demo that was killed many times with one that was not.
pub(crate) fn run() -> Result<()> {
    let binary = release_binary()?;
    let calm = without_measures(figures(&binary, &scratch("calm")?, PEOPLE)?);
    let dir = scratch("crashed")?;
    let mut killed = 0;
    for life in LIVES_MS {
        killed += u32::from(run_and_kill(&binary, &dir, Duration::from_millis(*life))?);
    }
    ensure!(
        killed >= 3,
        "only {killed} runs were killed before their end: the lives are too long for this machine"
    );
    let crashed = without_measures(figures(&binary, &dir, PEOPLE)?);
    ensure!(calm == crashed, "a crash changed the result:\n calm    {calm}\n crashed {crashed}");
    println!("crash: {killed} kills, same figures");
    Ok(())
}

fn run_and_kill(binary: &Path, dir: &Path, life: Duration) -> Result<bool> {
    let people = PEOPLE.to_string();
    let dir = dir.display().to_string();
    let mut child = command(
        binary,
        &["demo", "--no-serve", "--json", "--people", &people, "--seed", "1", "--data", &dir],
    )
    .stdin(Stdio::null())
    .stdout(Stdio::null())
    .stderr(Stdio::null())
    .spawn()
    .context("could not start the demo")?;
    sleep(life);
    let ended = child.try_wait()?;
    child.kill().ok();
    child.wait()?;
    Ok(ended.is_none())
}

/// Seconds and memory differ from run to run; everything else may not.
fn without_measures(mut figures: Value) -> Value {
    if let Some(object) = figures.as_object_mut() {
        object.remove("steps");
    }
    figures
}
