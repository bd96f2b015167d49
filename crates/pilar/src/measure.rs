//! Seconds, rows and peak memory of a step, read from the operating system.

use std::time::Instant;

use serde::{Deserialize, Serialize};

/// One step as it was measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) seconds: f64,
    /// What the step counts: people made, rows read, records linked, families decided, lines paid.
    pub(crate) rows: u64,
    pub(crate) rows_per_s: f64,
    /// Highest resident memory of the process so far, in 2^20 bytes.
    pub(crate) peak_rss_mb: u64,
}

/// Runs `work`, which gives back how many rows it handled and its result.
pub(crate) fn step<T>(
    name: &str,
    work: impl FnOnce() -> anyhow::Result<(u64, T)>,
) -> anyhow::Result<(Step, T)> {
    let start = Instant::now();
    let (rows, result) = work()?;
    let seconds = start.elapsed().as_secs_f64();
    let rows_per_s = rows as f64 / seconds.max(1e-9);
    Ok((
        Step {
            name: name.to_owned(),
            seconds: round(seconds),
            rows,
            rows_per_s: rows_per_s.round(),
            peak_rss_mb: peak_rss_mb(),
        },
        result,
    ))
}

fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// `VmHWM` of Linux; 0 where there is none.
pub(crate) fn peak_rss_mb() -> u64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok()).map_or(0, |kb| kb / 1024)
}
