//! `cargo xtask bench rules`: random rules and random programmes, asked of DuckDB and of both evaluators; every answer must agree.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::{
    root,
    run::{cargo, command, loud, scratch},
};

/// The sample that the tests of `targeting` hold.
const KEPT: &str = "crates/targeting/src/tests/oracle";

/// `--seed N` (11), `--expressions N`, `--programmes N`, `--families N` as `bench/rules/oracle.py` has them; `--keep` writes the kept
/// sample anew. Needs python3 with duckdb.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let mut asked = vec!["bench/rules/oracle.py"];
    let mut folder: Option<PathBuf> = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--seed" | "--expressions" | "--programmes" | "--families" => {
                asked.extend([*word, words.next().with_context(|| format!("{word} needs a number"))?]);
            }
            "--keep" => folder = Some(root().join(KEPT)),
            other => bail!("unknown option `{other}` of `bench rules`"),
        }
    }
    let folder = match folder {
        Some(folder) => folder,
        None => scratch("bench-rules")?,
    };
    let shown = folder.display().to_string();
    asked.insert(1, &shown);
    loud(command("python3", &asked))?;
    let mut test = cargo(&["test", "--release", "-p", "targeting", "oracle"]);
    test.env("ORACLE", &folder);
    loud(test)
}
