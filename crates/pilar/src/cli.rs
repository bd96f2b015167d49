//! The command line: its words and their help. Nothing is done here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use model::{Month, Period, RegionLevel};

mod money;
mod pillars;
mod services;

pub(crate) use pillars::Pillars;
pub(crate) use services::Services;

pub(crate) use money::{Books, Cards, FundRecord, Funds, Goods, Pay, Plan, PlanOf, Snap, SnapBank, Verify};

/// From many ministries' lists to one registry, decisions, money on the card, and pages for everyone who works with it.
///
/// Start with `pilar demo`. On your own data: `pilar init`, `pilar user add`, `pilar intake`, `pilar consolidate`, `pilar rank import`,
/// `pilar close`, `pilar decide`, `pilar pay ...`, `pilar serve`. Every command can be run again after an interruption.
///
/// Exit codes: 0 done; 1 something failed that should not; 2 the command line was wrong; 3 the input was refused (the report says which
/// line and what to do); 4 not allowed (rights, or a second person must approve); 5 a step that comes before has not been done.
#[derive(Debug, Parser)]
#[command(name = "pilar", version, max_term_width = 110, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the data lives and how to speak.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// Folder of the lake, the embedded database and received files.
    #[arg(long, global = true, value_name = "DIR", env = "PILAR_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// Database: `sqlite:PATH` or `postgres://...`. Default: `pilar.sqlite` in the data folder.
    #[arg(long, global = true, value_name = "URL", env = "PILAR_DATABASE")]
    pub(crate) database: Option<String>,
    /// Folder of a policy pack that replaces the one inside the binary.
    #[arg(long, global = true, value_name = "DIR", env = "PILAR_POLICY")]
    pub(crate) policy: Option<PathBuf>,
    /// Print one JSON object on standard output instead of sentences; progress stays on standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Number of threads. Default: all cores. Results do not depend on it.
    #[arg(long, global = true, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make an invented district and take it all the way: lists, registry, decisions, payments, pages
    ///
    /// Every person is invented; numbers use region codes that do not exist. Run again with the same folder it goes on where it stopped.
    Demo(Demo),
    /// Prepare the data folder and database: migrations and the table of regions
    Init(Init),
    /// People who work with the system
    #[command(subcommand)]
    User(User),
    /// Take in one list of a ministry
    ///
    /// Every row is checked. Rows that cannot be taken are reported with file, line, column, rule and remedy; the raw rows are kept. A file
    /// that cannot be read at all, or is another list than --source says, is refused whole (exit code 3). The same file twice is one file.
    Intake(Intake),
    /// Decide which records are one person, and make persons and families of them
    Consolidate,
    /// The queue of doubtful pairs, and decisions on them
    #[command(subcommand)]
    Review(Review),
    /// Ranks (deciles) as the statistics office sends them
    #[command(subcommand)]
    Rank(Rank),
    /// Freeze the registry for a month; decisions are made on what was frozen
    Close(Close),
    /// Decide programmes for every family of a closing, with reasons
    Decide(Decide),
    /// Compare the rules with others on one closing: who enters, who leaves, what it costs
    Simulate(Simulate),
    /// Approve a decision run as a second person; the approval binds the list
    Approve(Approve),
    /// Money: build lines, exchange files with channels, reconcile
    #[command(subcommand)]
    Pay(Pay),
    /// An invented bank that speaks SNAP BI, on a port of this machine, for rehearsals
    #[command(hide = true)]
    SnapBank(SnapBank),
    /// Open the pages
    Serve(Serve),
    /// The policy pack: programmes, sources, roles, words
    #[command(subcommand)]
    Policy(Policy),
    /// Regions: import a table beside the built-in one
    #[command(subcommand)]
    Region(Region),
    /// Published figures, as printed and as read, and what they say of each other
    Figures(Figures),
    /// Ceilings of a fiscal year and how far they went at a day; beside them what this system paid itself
    Budget(Budget),
    /// Cases: the clock that goes over all of them at night, families to put forward, workflows drawn from their files
    #[command(subcommand)]
    Cases(Cases),
    /// Devices handed over: hand-overs, people of each programme, people overall
    Devices(Devices),
    /// The pillars: their register, and who accompanies which families
    #[command(subcommand)]
    Pillars(Pillars),
    /// The catalogue of services to which families are led
    #[command(subcommand)]
    Services(Services),
    /// Goods: warehouses, stock cards, distribution lists, hand-overs
    #[command(subcommand)]
    Goods(Goods),
    /// Grant funds: deposits, allotments, grants, use
    #[command(subcommand)]
    Funds(Funds),
    /// What is in the house: lists, registry, closings, decisions, payments
    Status,
    /// Find the records that are one person in any tables, by a model in Splink's settings format
    ///
    /// Needs no data folder. Writes pairs.parquet, clusters.parquet, model.json (for Splink), model.pilar.json (with what Splink does not
    /// know) and metrics.json into the folder of --out. docs/linkage.md describes the format.
    Link(Link),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Link {
    /// The model: a settings file as Splink 4 and 5 save it, or one with a `pilar` entry.
    #[arg(long, value_name = "MODEL.json")]
    pub(crate) settings: PathBuf,
    /// A table: Parquet, Arrow (file, stream, Feather) or CSV. Once for each list.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) input: Vec<PathBuf>,
    /// Folder for the results; made when missing.
    #[arg(long, value_name = "DIR", required_unless_present = "explain")]
    pub(crate) out: Option<PathBuf>,
    /// Link nothing: show where the weight of this pair comes from, field by field, with the model's numbers as they are. Records
    /// are named by id, or by `list:id` where several lists have the id. May be given several times.
    #[arg(
        long,
        value_names = ["ID", "ID"],
        num_args = 2,
        action = clap::ArgAction::Append,
        conflicts_with_all = ["out", "train", "truth", "gammas", "save_prepared", "report"]
    )]
    pub(crate) explain: Vec<String>,
    /// From this weight (log2 odds) on, two records are one person. Default: the model's.
    #[arg(long, value_name = "W", allow_negative_numbers = true)]
    pub(crate) threshold_weight: Option<f64>,
    /// Pairs from this weight on are written. Default: the model's.
    #[arg(long, value_name = "W", allow_negative_numbers = true)]
    pub(crate) review_weight: Option<f64>,
    /// Memory that the run may take, as 8GiB or 512MiB. When it needs more, records go to a folder below `--out` while it runs and
    /// the rules are worked on in parts: slower, same result. Default: all there is.
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(crate) memory: Option<u64>,
    /// Train m, u and the prior on these records; the model must have a `training` entry. Default: train when it has one.
    #[arg(long, conflicts_with = "no_train")]
    pub(crate) train: bool,
    /// Use the numbers of the file as they are.
    #[arg(long)]
    pub(crate) no_train: bool,
    /// Seed of the random pairs in training, unless the model has one.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// A table with the id and the true person (`true_id`) of each record: adds precision, recall and F1 to metrics.json.
    #[arg(long, value_name = "T.parquet")]
    pub(crate) truth: Option<PathBuf>,
    /// Write the level of each comparison into pairs.parquet (`gamma_...`).
    #[arg(long)]
    pub(crate) gammas: bool,
    /// Also draw how the model judged: laporan.html and report.html, with curves when there is a truth.
    #[arg(long)]
    pub(crate) report: bool,
    /// clusters.parquet of an earlier run: a cluster keeps the id that most of its records had, and changes.parquet says which ids
    /// were merged, split or are gone. Default: a cluster is named by the smallest id in it.
    #[arg(long, value_name = "clusters.parquet")]
    pub(crate) previous: Option<PathBuf>,
    /// Also write the columns that the model's `prepare` entry makes, as prepared.parquet.
    #[arg(long)]
    pub(crate) save_prepared: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Demo {
    /// How many people to invent.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(500..=5_000_000))]
    pub(crate) people: u64,
    /// Seed of all chance: the same seed and number of people make the same files.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Port of the pages on this machine.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// Stop after the figures; open no pages.
    #[arg(long)]
    pub(crate) no_serve: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Figures {
    /// Show the checks, each worked out with its numbers, instead of the register.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Budget {
    /// Fiscal year. Default: that of --on, else the newest that has anything.
    #[arg(long, value_parser = clap::value_parser!(i16).range(2000..=2100))]
    pub(crate) year: Option<i16>,
    /// Day (2020-09-06): the ceilings in force then, and what was known as spent. Default: today, or the end of a year past.
    #[arg(long, value_name = "DATE")]
    pub(crate) on: Option<jiff::civil::Date>,
}

#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Devices {
    /// Count only what was handed over in this year.
    #[arg(long, value_parser = clap::value_parser!(i16).range(1990..=2100))]
    pub(crate) year: Option<i16>,
    #[command(subcommand)]
    pub(crate) command: Option<DevicesCommand>,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum DevicesCommand {
    /// Take in a CSV (person_id,programme,item_id,value_idr,given_on,document), whole or not at all
    Import {
        /// The CSV. The same file twice changes nothing.
        file: PathBuf,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Init {
    /// Also import regions from this CSV (code,parent_code,level,kind,name,postal_code).
    #[arg(long, value_name = "FILE")]
    pub(crate) regions: Option<PathBuf>,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum User {
    /// Add a person; without --password one is made and printed once
    Add {
        /// Name to sign in with.
        login: String,
        /// Name as shown on pages.
        #[arg(long)]
        name: String,
        /// Role, one of the policy pack's roles.
        #[arg(long)]
        role: String,
        /// Region at which the role is held, such as 11.01.05; empty for the whole country.
        #[arg(long, default_value = "")]
        region: String,
        /// Password, at least 12 characters.
        #[arg(long, env = "PILAR_PASSWORD", hide_env_values = true)]
        password: Option<String>,
    },
    /// List people, roles and regions
    List,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Intake {
    /// The list: CSV, XLSX or Parquet, as its source says.
    pub(crate) file: PathBuf,
    /// Key of the source in the policy pack, such as `dukcapil`.
    #[arg(long, value_name = "KEY")]
    pub(crate) source: String,
    /// Day for which the list speaks (2026-11-01). Default: today.
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<jiff::civil::Date>,
    /// Write the rejection report as CSV here.
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Review {
    /// Show the pairs that wait, strongest first
    List {
        /// How many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Decide a pair: same, different or skip
    Decide {
        /// The pair, as the list names it.
        pair: String,
        /// `same`, `different` or `skip`.
        verdict: String,
    },
    /// Take back the last decision made from here
    Undo,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Rank {
    /// Import dated rank files, then bring the ranks to the families
    Import {
        /// CSV as the source `rank` of the policy pack describes; several at once are faster than one by one.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Close {
    /// Month, such as 2026-11.
    pub(crate) month: Month,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Decide {
    /// Key of a programme in the policy pack; several at once are decided in one pass.
    #[arg(long, value_name = "KEY", num_args = 1.., value_delimiter = ',', required_unless_present_any = ["all", "replay"])]
    pub(crate) programme: Vec<String>,
    /// Make a run's list again from what it was made of, and say whether it is the same bit for bit.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["programme", "all", "period", "closing", "maker"])]
    pub(crate) replay: Option<String>,
    /// Every programme in force, each for the period that its schedule takes: this one, the closing's month or the year.
    #[arg(long, conflicts_with = "programme")]
    pub(crate) all: bool,
    /// Period: 2026-T4 for a stage, 2026-11 for a month, 2026 for a year.
    #[arg(long, required_unless_present = "replay")]
    pub(crate) period: Option<Period>,
    /// Closing to decide on. Default: the newest.
    #[arg(long)]
    pub(crate) closing: Option<Month>,
    /// Login of the person who makes the run. Default: the console; an approver must be somebody else.
    #[arg(long = "as", value_name = "LOGIN")]
    pub(crate) maker: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Simulate {
    /// Keys of programmes; several are simulated together.
    #[arg(long, value_name = "KEY", num_args = 1.., value_delimiter = ',', required = true)]
    pub(crate) programme: Vec<String>,
    /// Period: 2026-T4 for a stage, 2026-11 for a month, 2026 for a year.
    #[arg(long)]
    pub(crate) period: Period,
    /// Closing to compare on. Default: the newest.
    #[arg(long)]
    pub(crate) closing: Option<Month>,
    /// A number set otherwise, such as KEY.elderly_age=70 or KEY.share_permille=150. Several times.
    #[arg(long, value_name = "KEY.NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// A whole other policy pack to compare with, instead of --set; not kept.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["set", "name"])]
    pub(crate) with: Option<PathBuf>,
    /// Who should receive, as a condition over families: gives coverage and errors.
    #[arg(long, value_name = "EXPR", default_value = "")]
    pub(crate) truth: String,
    /// Find the share of the quota at which the other rule costs no more than this for the period.
    #[arg(long, value_name = "RUPIAH")]
    pub(crate) budget: Option<i64>,
    /// Judge the other side by the ranks (deciles) of the list of this day, such as 2026-06-30, instead of those of the closing.
    #[arg(long, value_name = "DATE")]
    pub(crate) ranks: Option<jiff::civil::Date>,
    /// For the poverty gap, an assumption of yours: the poverty line, rupiah a person a month.
    #[arg(long, value_name = "RUPIAH", requires = "consumption")]
    pub(crate) poverty_line: Option<String>,
    /// For the poverty gap: mean consumption of a person a month in deciles 1 to 10, ten numbers by comma.
    #[arg(long, value_name = "N,N,...", requires = "poverty_line")]
    pub(crate) consumption: Option<String>,
    /// Tell every region of this level: province, regency (or district), subdistrict, village. Small cells are hidden.
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub(crate) by: Option<RegionLevel>,
    /// Write all figures to this file too: .csv or .xlsx; with --by its regions.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Name under which the result is kept and shown on the pages.
    #[arg(long)]
    pub(crate) name: Option<String>,
}

fn level(text: &str) -> Result<RegionLevel, String> {
    Ok(match text {
        "province" => RegionLevel::Province,
        "regency" | "district" => RegionLevel::District,
        "subdistrict" => RegionLevel::Subdistrict,
        "village" => RegionLevel::Village,
        _ => return Err("write province, regency, subdistrict or village".to_owned()),
    })
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Approve {
    /// Id of the decision run, as `pilar decide` printed it.
    pub(crate) run: String,
    /// Login of the person who approves; must not be who made it.
    #[arg(long = "as", value_name = "LOGIN")]
    pub(crate) approver: String,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Serve {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(crate) listen: std::net::SocketAddr,
    /// Cookies for https only; set it behind a proxy that ends TLS.
    #[arg(long)]
    pub(crate) secure: bool,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Policy {
    /// Load the whole pack and list every fault with file, line, column and remedy
    Check,
    /// Show the rule of a programme in plain words: as it held on a day, and what changed from version to version
    Show {
        /// Key of the programme.
        programme: String,
        /// The day, such as 2020-03-01. Default: today.
        #[arg(long, value_name = "DATE")]
        on: Option<jiff::civil::Date>,
        /// `id` or `en`.
        #[arg(long, default_value = "id")]
        lang: String,
    },
    /// Show which programmes go together on a day: every programme in force beside every other
    Matrix {
        /// The day, such as 2020-05-01. Default: today.
        #[arg(long, value_name = "DATE")]
        on: Option<jiff::civil::Date>,
    },
    /// Count whom a condition would select on a closing, such as "family.decile <= 2 and family.elderly > 0"
    Try {
        /// The condition, over `family.*` or over `person.*`.
        expression: String,
        /// Month of the closing. Default: the newest.
        #[arg(long)]
        closing: Option<Month>,
    },
    /// Write docs/policy.md: every column and fact that a rule may name
    Schema,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Cases {
    /// Tell the next level of late steps, take the steps that silence takes, count what is open; open pages do it by themselves each day
    Sweep,
    /// Open cases for families whom a workflow looks for (`[[candidate]]`), among those who receive; again it opens what is left
    Candidates {
        /// Closing whose data the conditions are asked of.
        #[arg(long)]
        closing: Month,
        /// Count only.
        #[arg(long)]
        dry_run: bool,
    },
    /// Draw a workflow as SVG
    Draw {
        /// Key of the workflow.
        workflow: String,
        /// `id` or `en`.
        #[arg(long, default_value = "id")]
        lang: String,
    },
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Region {
    /// Import a CSV (code,parent_code,level,kind,name,postal_code)
    Import {
        /// The CSV, plain or gzip.
        file: PathBuf,
        /// Name of this edition.
        #[arg(long)]
        edition: String,
    },
}

/// A size in memory: a number with MiB, GiB, MB, GB or nothing behind it, which is bytes.
fn bytes(text: &str) -> Result<u64, String> {
    let digits =
        text.len() - text.trim_start_matches(|sign: char| sign.is_ascii_digit() || sign == '.').len();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kib" => 1024.0,
        "mib" | "m" => 1024.0 * 1024.0,
        "gib" | "g" => 1024.0 * 1024.0 * 1024.0,
        "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        "mb" => 1e6,
        "gb" => 1e9,
        _ => return Err(format!("`{}` is no unit of memory: 8GiB or 512MiB was expected", unit.trim())),
    };
    let number: f64 =
        number.parse().map_err(|_| format!("`{text}` is no size: 8GiB or 512MiB was expected"))?;
    if number * factor < 1e6 {
        Err("less than 1 MB is not enough".to_owned())
    } else {
        Ok((number * factor) as u64)
    }
}
