//! The laws of the house that no compiler keeps: which crate may use which, how wide a line is, that no file is dead and that
//! no programme or workflow is named in Rust.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{
    root,
    run::{command, output},
};

const WIDTH: usize = 140;
const LINES: usize = 900;

/// Crates in the order in which data meets them. One may use only what stands in an earlier row; a row is side by side.
const HOUSE: &[&[&str]] = &[
    &["model"],
    &["rules"],
    &["policy"],
    &["linkage"],
    &["ledger"],
    &["filecheck", "rowfile"],
    &["lake"],
    &["store"],
    &["access"],
    &["registry", "targeting", "payment", "casework", "report"],
    &["web"],
    &["synth"],
    &["pilar"],
];

/// Crates that must stay without I/O: they may not use these.
const PURE: &[&str] = &["model", "rules", "linkage", "ledger", "filecheck"];
const OUTSIDE: &[&str] = &["store", "lake", "rusqlite", "tokio", "tokio-postgres", "parquet", "axum", "csv"];

/// Checks every law and lists all breaches at once.
pub(crate) fn run() -> Result<()> {
    let files = tracked_files()?;
    let mut faults = Vec::new();
    arrows(&mut faults)?;
    let names = names_that_are_data()?;
    let reachable = reachable_modules(&files)?;
    for file in &files {
        let Ok(text) = fs::read_to_string(root().join(file)) else { continue };
        shape(file, &text, &mut faults);
        if has_extension(file, "rs") {
            if !reachable.contains(file) {
                faults.push(format!("{}: no `mod` leads here", file.display()));
            }
            names_in_code(file, &text, &names, &mut faults);
        }
    }
    if faults.is_empty() {
        println!("tidy: {} files keep the laws of the house", files.len());
        return Ok(());
    }
    bail!("{} breaches of the laws of the house:\n  {}", faults.len(), faults.join("\n  "))
}

fn tracked_files() -> Result<Vec<PathBuf>> {
    let listed = output(command("git", &["ls-files", "--cached", "--others", "--exclude-standard"]))?;
    Ok(listed.lines().map(PathBuf::from).filter(|file| root().join(file).is_file()).collect())
}

fn has_extension(file: &Path, extension: &str) -> bool {
    file.extension().is_some_and(|found| found == extension)
}

fn arrows(faults: &mut Vec<String>) -> Result<()> {
    let row_of = |name: &str| HOUSE.iter().position(|row| row.contains(&name));
    for entry in fs::read_dir(root().join("crates"))? {
        let folder = entry?.path();
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(row) = row_of(&name) else {
            faults.push(format!("crates/{name}: not in the table of the house"));
            continue;
        };
        for used in dependencies(&folder.join("Cargo.toml"))? {
            if row_of(&used).is_some_and(|other| other >= row) {
                faults.push(format!("crates/{name}: may not use `{used}`, which is beside or below it"));
            }
            if PURE.contains(&name.as_str()) && OUTSIDE.contains(&used.as_str()) {
                faults.push(format!("crates/{name}: stays free of I/O and may not use `{used}`"));
            }
        }
    }
    Ok(())
}

/// Names under `[dependencies]` of a manifest, in the project's one way of writing them.
fn dependencies(manifest: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(manifest).with_context(|| manifest.display().to_string())?;
    let section = text.split("\n[").find_map(|part| part.strip_prefix("dependencies]")).unwrap_or_default();
    let names =
        section.lines().filter_map(|line| line.split(['.', '=', ' ']).next()).filter(|name| !name.is_empty());
    Ok(names.map(str::to_owned).collect())
}

fn shape(file: &Path, text: &str, faults: &mut Vec<String>) {
    let shown = file.display();
    // Templates and style sheets are not measured: there a line break is content, or one rule is one line.
    let checked = ["rs", "toml", "ftl", "js", "mjs", "sql"].iter().any(|kind| has_extension(file, kind));
    if !checked || file.starts_with("assets/vendor") || file.starts_with("tests/bad-input") {
        return;
    }
    for (number, line) in (1..).zip(text.lines()) {
        if line.chars().count() > WIDTH && !line.contains("http") && !has_extension(file, "ftl") {
            faults.push(format!("{shown}:{number}: wider than {WIDTH}"));
        }
        let marker = ["TO", "DO"].concat();
        if line.contains(&marker) && !line.contains(&format!("{marker}(")) {
            faults.push(format!("{shown}:{number}: a {marker} needs its reason: {marker}(why)"));
        }
    }
    if has_extension(file, "rs") && text.lines().count() > LINES {
        faults.push(format!("{shown}: over {LINES} lines; is it still one room?"));
    }
    if !text.is_empty() && !text.ends_with('\n') {
        faults.push(format!("{shown}: no newline at the end"));
    }
}

/// Keys of programmes and workflows: they live in the policy pack and nowhere in Rust.
fn names_that_are_data() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for folder in ["policy/programmes", "policy/workflows"] {
        for entry in fs::read_dir(root().join(folder)).with_context(|| folder.to_owned())? {
            let path = entry?.path();
            if let Some(stem) = path.file_stem() {
                names.push(stem.to_string_lossy().into_owned());
            }
        }
    }
    Ok(names)
}

/// A name in a string or an identifier of real code is a breach; comments and tests may speak of programmes.
fn names_in_code(file: &Path, text: &str, names: &[String], faults: &mut Vec<String>) {
    let path = file.display().to_string();
    if path.contains("/tests/") || path.contains("/tests.rs") || path.contains("_tests.rs") {
        return;
    }
    for (number, line) in (1..).zip(text.lines()) {
        if line.starts_with("#[cfg(test)]") {
            return;
        }
        let code = line.trim_start();
        if code.starts_with("//") {
            continue;
        }
        let words = code.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
        for word in words {
            if names.iter().any(|name| name.eq_ignore_ascii_case(word)) {
                faults.push(format!(
                    "{path}:{number}: `{word}` is data of the policy pack, not a word of code"
                ));
            }
        }
    }
}

/// Every Rust file that a `mod` line, a crate root, a test or an example leads to.
fn reachable_modules(files: &[PathBuf]) -> Result<BTreeSet<PathBuf>> {
    let rust: BTreeSet<&PathBuf> = files.iter().filter(|file| has_extension(file, "rs")).collect();
    let is_root = |file: &Path| {
        let parent = file.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        matches!(name.as_str(), "lib.rs" | "main.rs" | "build.rs")
            || parent
                .is_some_and(|parent| matches!(parent.as_str(), "tests" | "examples" | "benches" | "bin"))
    };
    let mut queue: Vec<PathBuf> =
        rust.iter().filter(|file| is_root(file)).map(|file| (*file).clone()).collect();
    let mut seen: BTreeSet<PathBuf> = queue.iter().cloned().collect();
    while let Some(file) = queue.pop() {
        let text = fs::read_to_string(root().join(&file))?;
        for child in modules(&file, &text, is_root(&file)) {
            if rust.contains(&child) && seen.insert(child.clone()) {
                queue.push(child);
            }
        }
    }
    Ok(seen)
}

/// Where the `mod name;` lines of a file may lead.
fn modules(file: &Path, text: &str, is_root: bool) -> Vec<PathBuf> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let own = if is_root || file.ends_with("mod.rs") { folder.to_owned() } else { file.with_extension("") };
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if let Some(path) = line.strip_prefix("#[path = \"").and_then(|rest| rest.strip_suffix("\"]")) {
            found.push(folder.join(path));
        }
        let line = line.strip_prefix("pub(crate) ").or_else(|| line.strip_prefix("pub ")).unwrap_or(line);
        if let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
            found.push(own.join(format!("{name}.rs")));
            found.push(own.join(name).join("mod.rs"));
        }
    }
    found
}
