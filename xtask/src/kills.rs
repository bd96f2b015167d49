//! A cycle of payments whose program, and whose database server, are killed again and again, against a bank that counts.
//!
//! Every command of a cycle is begun, killed after a random part of the time that it usually takes, and in the end called once
//! more. The bank pays every instruction that it finds in the outbox, whatever became of the program that wrote it, and pays
//! another content anew. In the end it has credited each line exactly once, the books say what the bank says, and nothing is
//! unexplained.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{
    demo::figures,
    postgres::Postgres,
    run::{command, output, release_binary, scratch},
};

const PEOPLE: u64 = 20_000;

/// How often to kill, and by which dice.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// Kills of the program, on each of the two databases.
    pub(crate) programs: u32,
    /// Kills of the server.
    pub(crate) servers: u32,
    /// Seed of the moments.
    pub(crate) seed: u64,
}

/// `--kills N` (2,000), `--seed N` (0): half of the kills on each database.
pub(crate) fn soak(words: &[&str]) -> Result<()> {
    let (mut kills, mut seed) = (2_000, 0);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--kills" => kills = words.next().context("--kills needs a number")?.parse()?,
            "--seed" => seed = words.next().context("--seed needs a number")?.parse()?,
            other => bail!("unknown option `{other}` of `soak kills`"),
        }
    }
    run(Plan { programs: kills / 2, servers: kills / 5, seed })
}

/// Both databases.
pub(crate) fn run(plan: Plan) -> Result<()> {
    let binary = release_binary()?;
    let embedded = scratch("kills")?;
    Round::new(&binary, &embedded, None).play(plan)?;
    let server = Postgres::durable()?;
    let shared = scratch("kills-server")?;
    Round::new(&binary, &shared, Some(&server)).play(plan)
}

/// What the bank did: by batch and reference of the line, how often and how much.
#[derive(Default)]
struct Bank {
    seen: BTreeSet<Vec<u8>>,
    credits: BTreeMap<(String, String), Vec<Line>>,
}

#[derive(Clone)]
struct Line {
    account: String,
    amount: i64,
}

impl Bank {
    /// Pays every instruction that it has not seen.
    fn fetch(&mut self, outbox: &Path) -> Result<()> {
        for entry in std::fs::read_dir(outbox)? {
            let path = entry?.path();
            let named =
                |what: &str| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(what));
            if !named("SI") || path.extension().is_none_or(|end| end != "csv") {
                continue;
            }
            let bytes = std::fs::read(&path)?;
            if !self.seen.insert(bytes.clone()) {
                continue;
            }
            let text = String::from_utf8(bytes)?;
            let mut rows = text.lines();
            let heads: Vec<&str> = rows.next().unwrap_or_default().split(',').collect();
            for row in rows {
                let row = cells(&heads, row)?;
                let key = (row["batch"].to_owned(), row["ref"].to_owned());
                let line = Line { account: row["account"].to_owned(), amount: row["amount_idr"].parse()? };
                self.credits.entry(key).or_default().push(line);
            }
        }
        Ok(())
    }

    /// What it says to a batch: of twenty lines one has no answer.
    fn reply(&self, batches: &BTreeSet<String>) -> Result<String> {
        let mut text = String::from("batch,ref,account,amount_idr,result,date,bank_txn\n");
        for (n, ((batch, reference), lines)) in self.credits.iter().enumerate() {
            let Some(Line { account, amount }) =
                lines.first().filter(|_| batches.contains(batch) && n % 20 != 7)
            else {
                continue;
            };
            writeln!(text, "{batch},{reference},{account},{amount},TOPUP,2026-11-23,K{reference}")?;
        }
        Ok(text)
    }
}

/// The cells of a row by their heads; the files of this channel quote nothing but names.
fn cells<'a>(heads: &[&'a str], row: &'a str) -> Result<BTreeMap<&'a str, &'a str>> {
    let (mut cells, mut quoted, mut from) = (Vec::new(), false, 0);
    for (at, byte) in row.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                cells.push(&row[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    cells.push(&row[from..]);
    ensure!(cells.len() == heads.len(), "a row of {} cells under {} heads", cells.len(), heads.len());
    Ok(heads.iter().copied().zip(cells).collect())
}

/// One database, from a demo on.
struct Round<'a> {
    binary: &'a Path,
    dir: &'a Path,
    server: Option<&'a Postgres>,
    dice: u64,
    bank: Bank,
    killed: u32,
    crashed: u32,
}

impl<'a> Round<'a> {
    fn new(binary: &'a Path, dir: &'a Path, server: Option<&'a Postgres>) -> Self {
        Self { binary, dir, server, dice: 1, bank: Bank::default(), killed: 0, crashed: 0 }
    }

    fn dice(&mut self, below: u64) -> u64 {
        // A walk through all 64-bit numbers, mixed: repeatable, and even enough for moments.
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % below.max(1)
    }

    fn pilar(&self, words: &[&str]) -> Command {
        let data = self.dir.display().to_string();
        let mut command = command(self.binary, words);
        command.args(["--json", "--data", &data]);
        if let Some(server) = self.server {
            command.args(["--database", &server.url()]);
        }
        command
    }

    fn ask(&self, words: &[&str]) -> Result<Value> {
        let printed = output(self.pilar(words))?;
        let last = printed.lines().last().context("it printed nothing")?;
        serde_json::from_str(last).with_context(|| format!("no JSON: {last}"))
    }

    /// Kills a command again and again, then lets it end. The time that it takes is measured at its end and used by the next
    /// one of its kind; the first guess is generous.
    fn endure(&mut self, words: &[&str], kills: u32, crashes: u32) -> Result<Value> {
        let mut usual = Duration::from_millis(400);
        for n in 0..kills + crashes {
            let life = Duration::from_micros(self.dice(usual.as_micros() as u64 * 11 / 10));
            let mut child = self
                .pilar(words)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .context("could not start the program")?;
            let begun = Instant::now();
            sleep(life);
            let over = child.try_wait()?;
            if n < kills {
                child.kill().ok();
                self.killed += u32::from(over.is_none());
            } else if let Some(server) = self.server {
                server.crash()?;
                self.crashed += 1;
            }
            child.wait()?;
            // Faster than thought, or slower: the moments spread over all of it.
            usual = if over.is_some() { usual.min(begun.elapsed()) } else { usual * 11 / 10 };
            self.bank.fetch(&self.dir.join("outbox"))?;
        }
        let done = self.ask(words);
        self.bank.fetch(&self.dir.join("outbox"))?;
        done
    }

    /// A decided and approved list that nobody has paid, of a programme that the demo pays.
    fn list(&self, demo: &Value, period: &str) -> Result<String> {
        let decisions = demo["decisions"].as_object().context("no decisions")?;
        let staged = decisions.iter().find(|(_, run)| {
            run["paid"] == true && run["period"].as_str().is_some_and(|period| period.contains("-T"))
        });
        let (programme, _) = staged.context("no list is paid by stages")?;
        let made = self.ask(&["decide", "--programme", programme, "--period", period])?;
        let run = made["run"].as_str().context("no run")?.to_owned();
        self.ask(&["approve", &run, "--as", "programme_manager"])?;
        Ok(run)
    }

    fn play(&mut self, plan: Plan) -> Result<()> {
        self.dice = plan.seed.wrapping_mul(2).wrapping_add(1);
        let demo = match self.server {
            None => figures(self.binary, self.dir, PEOPLE)?,
            Some(_) => self.ask(&["demo", "--no-serve", "--people", &PEOPLE.to_string(), "--seed", "1"])?,
        };
        // What the demo sent is not part of this.
        std::fs::remove_dir_all(self.dir.join("outbox"))?;
        std::fs::create_dir_all(self.dir.join("outbox"))?;
        // Ten commands a cycle.
        let (each, crashes) = (plan.programs.div_ceil(10).min(20), if self.server.is_some() { 2 } else { 0 });
        let mut stage = 0;
        while self.killed < plan.programs || (self.server.is_some() && self.crashed < plan.servers) {
            stage += 1;
            ensure!(stage <= 40, "only {} of {} kills were early enough", self.killed, plan.programs);
            let period = format!("{}-T{}", 2027 + (stage - 1) / 4, (stage - 1) % 4 + 1);
            let run = self.list(&demo, &period)?;
            self.cycle(&run, each, crashes)?;
        }
        let state = self.ask(&["pay", "reconcile"])?;
        ensure!(state["totals"]["unexplained_idr"] == 0, "unexplained money: {state}");
        let on = if self.server.is_some() { "PostgreSQL" } else { "SQLite" };
        println!(
            "kills on {on}: {} of the program, {} of the server, {stage} cycles: none lost, none twice",
            self.killed, self.crashed
        );
        Ok(())
    }

    fn cycle(&mut self, run: &str, kills: u32, crashes: u32) -> Result<()> {
        let built = self.endure(&["pay", "build", "--run", run], kills, crashes)?;
        let cycle = built["cycle_id"].to_string();
        let asked = self.endure(&["pay", "export", "--kind", "accounts", "--cycle", &cycle], kills, crashes);
        if let Ok(asked) = asked {
            for file in asked["files"].as_array().into_iter().flatten() {
                let reply = self.account_answers(Path::new(file["path"].as_str().context("no path")?))?;
                let channel = file["channel"].as_str().context("no channel")?.to_owned();
                self.import("accounts", &channel, &reply, kills, crashes)?;
            }
        }
        let order = self.endure(&["pay", "order", "--cycle", &cycle], kills, crashes)?;
        let id = order["order_id"].to_string();
        let (spm, sp2d) = (format!("SPM-K{id}"), format!("SP2D-K{id}"));
        let people = "treasurer,programme_manager";
        self.endure(&["pay", "approve", &id, "--as", people, "--spm", &spm], kills, crashes)?;
        self.endure(&["pay", "sp2d", &id, "--number", &sp2d, "--on", "2026-11-20"], kills, crashes)?;
        let sent = self.endure(&["pay", "export", "--kind", "orders", "--cycle", &cycle], kills, crashes)?;
        let files: Vec<(String, String)> = sent["files"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|file| {
                Some((file["batch"].as_str()?.to_owned(), file["channel"].as_str()?.to_owned()))
            })
            .collect();
        let batches: BTreeSet<String> = files.iter().map(|(batch, _)| batch.clone()).collect();
        let (_, channel) = files.first().context("no file was sent")?;
        let reply = self.file("reply.csv", &self.bank.reply(&batches)?)?;
        self.import("orders", channel, &reply, kills, crashes)?;
        let state = self.endure(&["pay", "reconcile", "--cycle", &cycle], kills, crashes)?;
        self.agree(&batches, &order, &state["cycles"][0])
    }

    fn import(&mut self, kind: &str, channel: &str, file: &Path, kills: u32, crashes: u32) -> Result<Value> {
        let file = file.display().to_string();
        self.endure(&["pay", "import", &file, "--kind", kind, "--channel", channel], kills, crashes)
    }

    /// Bank and books, to the rupiah.
    fn agree(&self, batches: &BTreeSet<String>, order: &Value, state: &Value) -> Result<()> {
        let (mut lines, mut credited, mut told) = (0i64, 0i64, 0i64);
        let mut references = BTreeSet::new();
        for (n, ((batch, reference), paid)) in self.bank.credits.iter().enumerate() {
            if !batches.contains(batch) {
                continue;
            }
            ensure!(paid.len() == 1, "line {reference} was credited {} times", paid.len());
            ensure!(references.insert(reference), "line {reference} was credited in two batches");
            lines += 1;
            credited += paid[0].amount;
            told += if n % 20 == 7 { 0 } else { paid[0].amount };
        }
        let whole = |value: &Value| value.as_i64().context("a figure is missing");
        ensure!(lines == whole(&order["lines"])?, "{lines} lines credited, {} ordered", order["lines"]);
        ensure!(
            credited == whole(&order["amount_idr"])?,
            "Rp{credited} credited, Rp{} ordered",
            order["amount_idr"]
        );
        ensure!(whole(&state["ordered_idr"])? == credited, "the books order another sum: {state}");
        ensure!(whole(&state["topped_up_idr"])? == told, "the bank told Rp{told}: {state}");
        ensure!(state["sound"] == true, "the books are not sound: {state}");
        Ok(())
    }

    fn file(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.dir.join(name);
        std::fs::write(&path, text)?;
        Ok(path)
    }

    fn account_answers(&self, asked: &Path) -> Result<PathBuf> {
        let text = std::fs::read_to_string(asked)?;
        let mut rows = text.lines();
        let heads: Vec<&str> = rows.next().unwrap_or_default().split(',').collect();
        let mut out = String::from("batch,ref,result,account,name_at_bank,reason\n");
        for row in rows {
            let row = cells(&heads, row)?;
            let reference = row["ref"];
            writeln!(out, "{},{reference},OK,9907{reference},{},", row["batch"], row["name"])?;
        }
        if heads.is_empty() {
            bail!("{} is empty", asked.display());
        }
        self.file("checks.csv", &out)
    }
}
