//! `pilar link`: any tables, a model in Splink's format, and out come pairs, clusters, the trained model and figures.
//!
//! Everything that can be wrong with the model, the columns or the ids is said before the long work begins. The tables are read in a stream
//! and never held as a whole.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    sync::{Arc, Mutex},
    time::Instant,
};

use anyhow::Context;
use linkage::{Judgement, Linked, Loader, Memory, Model, Options};
use policy::Policy;
use serde_json::{Value, json};

use super::{Answer, link_explain, link_files, link_truth, with_bar};
use crate::{
    cli::{Link, Place},
    failure::Failure,
    house,
    measure::peak_rss_mb,
    screen::grouped,
};

/// Seconds, processor seconds and peak memory of each stage, in the order in which they began.
struct Stages {
    wall: Instant,
    cpu: f64,
    running: Option<String>,
    done: Vec<Value>,
}

impl Stages {
    fn new() -> Self {
        Self { wall: Instant::now(), cpu: cpu_seconds(), running: None, done: Vec::new() }
    }

    /// Ends the stage that runs and begins the next.
    fn enter(&mut self, next: Option<&str>) {
        if self.running.as_deref() == next {
            return;
        }
        let cpu = cpu_seconds();
        if let Some(name) = self.running.take() {
            let seconds = round(self.wall.elapsed().as_secs_f64());
            let cpu_s = round(cpu - self.cpu);
            self.done.push(
                json!({ "stage": name, "seconds": seconds, "cpu_s": cpu_s, "peak_rss_mb": peak_rss_mb() }),
            );
        }
        (self.wall, self.cpu, self.running) = (Instant::now(), cpu, next.map(str::to_owned));
    }
}

fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// User and system time of this process; 0 where the system does not say.
fn cpu_seconds() -> f64 {
    // Linux counts these in hundredths of a second for every process (USER_HZ).
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_SECOND
}

/// Runs the command.
pub(super) fn run(place: &Place, command: &Link) -> anyhow::Result<Answer> {
    let policy = house::policy(place)?;
    let model = model(command, &policy)?;
    let Some(out) = &command.out else { return link_explain::run(command, &model) };
    let start = Instant::now();
    for warning in model.warnings() {
        eprintln!("perhatikan | note: {warning}");
    }
    let tables = tables(command, &model)?;
    std::fs::create_dir_all(out).with_context(|| format!("could not make the folder {}", out.display()))?;
    let stages = Mutex::new(Stages::new());
    let enter = |stage: Option<&str>| {
        if let Ok(mut stages) = stages.lock() {
            stages.enter(stage);
        }
    };
    enter(Some("load"));
    let linked = with_bar("link", |bar| -> anyhow::Result<Linked> {
        let loader = load(tables, command, out, &model)?;
        let listener = |stage: &str, done: u64, total: u64| {
            enter(Some(stage));
            model::Progress::report(bar, stage, done, total);
        };
        let options = Options {
            seed: command.seed,
            train: !command.no_train,
            review_limit: 0,
            report: command.report,
            memory: command.memory.map(|bytes| Memory { bytes, folder: out.join("records-on-disk") }),
            progress: Some(&listener),
            ..Options::default()
        };
        linkage::link_loaded(loader, &model, &[], &options).map_err(|error| Failure::input(error.to_string()))
    })?;
    enter(Some("write"));
    write(command, out, &model, &linked)?;
    enter(None);
    let (seconds, cpu_s) = (round(start.elapsed().as_secs_f64()), round(cpu_seconds()));
    let mut metrics = serde_json::to_value(&linked.metrics)?;
    metrics["stages"] = stages.into_inner().map(|stages| stages.done).unwrap_or_default().into();
    metrics["total_seconds"] = json!(seconds);
    metrics["total_cpu_s"] = json!(cpu_s);
    metrics["peak_rss_mb"] = json!(peak_rss_mb());
    let mut curve = Vec::new();
    if let Some(truth) = &command.truth {
        let figures = link_truth::figures(truth, &model, &linked)?;
        metrics["truth"] = serde_json::to_value(&figures)?;
        curve = figures.curve.into_iter().map(|step| step.point).collect();
    }
    save(&out.join("metrics.json"), &format!("{metrics:#}\n"))?;
    if command.report {
        let judgement = Judgement { curve, ..Judgement::of(&linked) };
        report(policy, command, out, &judgement)?;
    }
    answer(out, &linked, &metrics)
}

/// The model of the settings file, with what the command says otherwise.
fn model(command: &Link, policy: &Policy) -> anyhow::Result<Model> {
    let text = std::fs::read_to_string(&command.settings)
        .map_err(|error| Failure::input(format!("{}: {error}", command.settings.display())))?;
    let refused = |fault: String| Failure::input(format!("{}: {fault}", command.settings.display()));
    let mut model = Model::from_json(&text)
        .map_err(|error| refused(error.to_string()))?
        .with_names(Arc::new(registry::rows::standardiser(policy)?));
    if let Some(weight) = command.threshold_weight {
        model.match_weight = weight;
    }
    if let Some(weight) = command.review_weight {
        model.review_weight = weight;
    }
    if model.review_weight > model.match_weight {
        return Err(Failure::input(format!(
            "the review weight {} is above the threshold weight {}",
            model.review_weight, model.match_weight
        )));
    }
    if command.train && model.training.is_none() {
        return Err(refused("--train needs a `training` entry, which says on which pairs".to_owned()));
    }
    Ok(model)
}

/// All columns are looked for in all files before the first row is read.
pub(super) fn tables(command: &Link, model: &Model) -> anyhow::Result<Vec<link_files::Table>> {
    command.input.iter().map(|path| link_files::open(path, model)).collect()
}

fn load<'m>(
    tables: Vec<link_files::Table>,
    command: &Link,
    out: &Path,
    model: &'m Model,
) -> anyhow::Result<Loader<'m>> {
    let mut loader = Loader::new(model);
    loader.expect(tables.iter().map(|table| table.rows).sum());
    let prepared = || link_files::Prepared::new(&out.join("prepared.parquet"), model);
    let mut prepared = command.save_prepared.then(prepared).transpose()?;
    for table in tables {
        for batch in table.batches {
            let batch = batch?;
            loader
                .push(&batch, Some(&table.source))
                .map_err(|error| Failure::input(format!("{}: {error}", table.source)))?;
            if let Some(prepared) = &mut prepared {
                prepared.take(&batch)?;
            }
        }
    }
    if let Some(prepared) = prepared {
        prepared.finish()?;
    }
    if loader.rows() == 0 {
        return Err(Failure::input("the input has no records"));
    }
    Ok(loader)
}

/// The judgement as a page in both languages, named after the model.
fn report(policy: Policy, command: &Link, out: &Path, judgement: &Judgement) -> anyhow::Result<()> {
    let policy = Arc::new(policy);
    let title = command.settings.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    for (lang, name) in [(model::Lang::Id, "laporan.html"), (model::Lang::En, "report.html")] {
        save(&out.join(name), &web::linkage_file(Arc::clone(&policy), lang, &title, judgement)?)?;
    }
    Ok(())
}

fn write(command: &Link, out: &Path, model: &Model, linked: &Linked) -> anyhow::Result<()> {
    link_files::pairs(&out.join("pairs.parquet"), model, linked, command.gammas)?;
    let stable = |previous| link_files::stable_names(previous, &out.join("changes.parquet"), model, linked);
    let names = command.previous.as_deref().map(stable).transpose()?;
    link_files::clusters(&out.join("clusters.parquet"), model, linked, names.as_deref())?;
    save(&out.join("model.json"), &linked.trained.to_splink())?;
    save(&out.join("model.pilar.json"), &linked.trained.to_json())
}

/// A file appears whole or not at all.
fn save(path: &Path, text: &str) -> anyhow::Result<()> {
    let half = path.with_extension("part");
    let mut file = File::create(&half).with_context(|| format!("could not write {}", half.display()))?;
    file.write_all(text.as_bytes())?;
    std::fs::rename(&half, path)?;
    Ok(())
}

fn answer(out: &Path, linked: &Linked, metrics: &Value) -> anyhow::Result<Answer> {
    let figures = &linked.metrics;
    let mut lines = vec![
        format!("catatan {} | records", grouped(figures.records)),
        format!("pasangan diperiksa {} | pairs compared", grouped(figures.pairs)),
        format!("pasangan kuat {} | pairs at or above the threshold", grouped(figures.strong)),
        format!("orang {} | clusters", grouped(figures.cluster.clusters)),
    ];
    if let Some(f1) = metrics["truth"]["best"]["f1"].as_f64() {
        lines.push(format!("F1 {f1:.5} pada bobot {} | at weight {0}", metrics["truth"]["best"]["weight"]));
    }
    lines.extend(figures.warnings.iter().map(|warning| format!("perhatikan | note: {warning}")));
    lines.push(format!("hasil di {} | results in {0}", out.display()));
    Answer::of(metrics, lines)
}
