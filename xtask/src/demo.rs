//! The demo as a test: 20,000 people from lists to reconciled money, with its figures asserted.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::run::{command, output, release_binary, scratch};

/// Runs the demo in a fresh folder and checks what it says of itself.
pub(crate) fn run() -> Result<()> {
    let binary = release_binary()?;
    let dir = scratch("demo")?;
    let figures = figures(&binary, &dir, 20_000)?;
    check(&figures)?;
    println!("{}", summary(&figures));
    Ok(())
}

/// Runs `pilar demo --no-serve --json` and reads its one object.
pub(crate) fn figures(binary: &std::path::Path, dir: &std::path::Path, people: u64) -> Result<Value> {
    let people = people.to_string();
    let dir = dir.display().to_string();
    let printed = output(command(
        binary,
        &["demo", "--no-serve", "--json", "--people", &people, "--seed", "1", "--data", &dir],
    ))?;
    let last = printed.lines().last().context("the demo printed nothing")?;
    serde_json::from_str(last).with_context(|| format!("the last line is no JSON: {last}"))
}

/// What must hold of every demo, whatever its size.
pub(crate) fn check(figures: &Value) -> Result<()> {
    let number = |path: &str| {
        figures.pointer(path).and_then(Value::as_f64).with_context(|| format!("no figure at {path}"))
    };
    let whole = |path: &str| {
        figures.pointer(path).and_then(Value::as_i64).with_context(|| format!("no whole figure at {path}"))
    };
    ensure!(number("/linkage/precision")? >= 0.99, "linkage precision {}", number("/linkage/precision")?);
    ensure!(number("/linkage/f1")? >= 0.97, "linkage F1 {}", number("/linkage/f1")?);
    let decisions = figures.get("decisions").and_then(Value::as_object).context("no decisions")?;
    ensure!(decisions.len() >= 2, "two programmes are decided, found {}", decisions.len());
    // Lists that are paid; candidates, goods and services have other figures, and somebody is on some of them.
    let paid: Vec<&String> =
        decisions.iter().filter(|(_, run)| run["paid"] == true).map(|(programme, _)| programme).collect();
    ensure!(paid.len() >= 2, "two lists are paid, found {}", paid.len());
    let candidates =
        decisions.iter().filter(|(key, run)| !paid.contains(key) && run["eligible"].as_i64() > Some(0));
    ensure!(candidates.count() >= 5, "hardly anybody may be proposed for anything");
    for programme in paid {
        for part in ["eligible", "excluded", "amount_idr"] {
            ensure!(whole(&format!("/decisions/{programme}/{part}"))? > 0, "{programme}: {part} is zero");
        }
    }
    let money = |name: &str| whole(&format!("/payment/{name}_idr"));
    ensure!(money("unexplained")? == 0, "money without a named state: Rp{}", money("unexplained")?);
    ensure!(money("ordered")? > 0 && money("topped_up")? > 0 && money("withdrawn")? > 0, "no money moved");
    ensure!(money("pending")? > 0 && money("returned")? > 0, "the bank was too well behaved to be a test");
    ensure!(money("topped_up")? >= money("withdrawn")?, "more withdrawn than topped up");
    ensure!(
        money("ordered")? >= money("topped_up")? + money("pending")?,
        "more topped up and pending than ordered"
    );
    let cards = |list: &str, part: &str| whole(&format!("/cards/{list}/{part}"));
    for list in ["waiting", "idle", "trouble", "active"] {
        ensure!(cards(list, "cards")? > 0, "no card is {list}: the bank printed too few to be a test");
    }
    ensure!(cards("waiting", "on_card_idr")? > 0, "no money stands on cards that nobody was given");
    let steps = figures.get("steps").and_then(Value::as_array).context("no steps")?;
    let names: Vec<&str> = steps.iter().filter_map(|step| step["name"].as_str()).collect();
    for name in ["synth", "intake", "linkage", "registry", "rank", "closing", "targeting", "payment"] {
        ensure!(names.contains(&name), "no step `{name}` among {names:?}");
    }
    Ok(())
}

/// One line a step, for people.
pub(crate) fn summary(figures: &Value) -> String {
    let mut lines =
        vec![format!("{:<12} {:>9} {:>12} {:>12} {:>9}", "step", "seconds", "rows", "rows/s", "peak MB")];
    for step in figures["steps"].as_array().into_iter().flatten() {
        lines.push(format!(
            "{:<12} {:>9.2} {:>12} {:>12.0} {:>9}",
            step["name"].as_str().unwrap_or("?"),
            step["seconds"].as_f64().unwrap_or_default(),
            step["rows"].as_u64().unwrap_or_default(),
            step["rows_per_s"].as_f64().unwrap_or_default(),
            step["peak_rss_mb"].as_u64().unwrap_or_default(),
        ));
    }
    for part in ["linkage", "decisions", "payment", "cards"] {
        lines.push(format!("{part}: {}", figures[part]));
    }
    lines.join("\n")
}
