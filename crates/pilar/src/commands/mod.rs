//! One file a noun. Each takes the open house and its part of the command line and gives an [`Answer`]: sentences for a person and the
//! same as one JSON object.

mod books;
pub(crate) mod candidates;
pub(crate) mod cards;
mod cases;
pub(crate) mod desk;
pub(crate) mod effects;
mod figures;
pub(crate) mod follow;
mod funds;
pub(crate) mod goods;
mod link;
mod link_explain;
mod link_files;
mod link_ids;
mod link_truth;
pub(crate) mod lists;
pub(crate) mod money;
pub(crate) mod pillars;
pub(crate) mod plan;
mod policy;
pub(crate) mod registers;
pub(crate) mod registry;
mod serve;
mod simulate;
mod snap;
mod snap_bank;
mod status;
mod user;
pub(crate) mod verify;

use std::io::{self, Write as _};

use access::{House, Session};
use serde::Serialize;

pub(crate) use serve::{DEMO, serve};

use crate::{
    cli::{Cli, Command, Place},
    demo, house,
    screen::Bar,
};

/// What a command has to say.
pub(crate) struct Answer {
    object: serde_json::Value,
    lines: Vec<String>,
}

impl Answer {
    pub(crate) fn of<T: Serialize>(object: &T, lines: Vec<String>) -> anyhow::Result<Self> {
        Ok(Self { object: serde_json::to_value(object)?, lines })
    }

    /// Says it on standard output. A reader that has heard enough, such as `head`, is no error.
    pub(crate) fn print(&self, place: &Place) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        let said = if place.json {
            writeln!(out, "{}", self.object)
        } else {
            self.lines.iter().try_for_each(|line| writeln!(out, "{line}"))
        };
        match said.and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// Runs the command that was asked for and prints its answer.
pub(crate) fn dispatch(cli: &Cli) -> anyhow::Result<()> {
    let place = &cli.place;
    match &cli.command {
        Command::Demo(command) => demo::run(place, command),
        Command::Serve(command) => serve::run(&house::open_existing(place)?, command),
        Command::SnapBank(command) => snap_bank::run(place, command),
        Command::Policy(command) => policy::run(place, command)?.print(place),
        Command::Link(command) => link::run(place, command)?.print(place),
        Command::Figures(command) => figures::figures(place, command)?.print(place),
        Command::Budget(command) => figures::budget(place, command)?.print(place),
        Command::Init(command) => lists::init(&house::open(place, "pilar-data")?, command)?.print(place),
        other => {
            let house = house::open_existing(place)?;
            answer(place, &house, other)?.print(place)
        }
    }
}

fn answer(place: &Place, house: &House, command: &Command) -> anyhow::Result<Answer> {
    match command {
        Command::User(command) => user::run(house, command),
        Command::Region(command) => lists::region(house, command),
        Command::Intake(command) => lists::intake(house, command),
        Command::Rank(command) => lists::rank(house, command),
        Command::Consolidate => registry::consolidate(house),
        Command::Review(command) => registry::review(house, command),
        Command::Close(command) => registry::close(house, command),
        Command::Decide(command) => money::decide(house, command),
        Command::Simulate(command) => simulate::run(house, command),
        Command::Approve(command) => money::approve(house, command),
        Command::Goods(command) => goods::run(house, command),
        Command::Pillars(command) => pillars::run(house, command),
        Command::Services(command) => registers::services(house, command),
        Command::Funds(command) => funds::run(house, command),
        Command::Pay(command) => money::pay(place, house, command),
        Command::Status => status::run(house),
        Command::Cases(command) => cases::run(house, command),
        Command::Devices(command) => figures::devices(house, command),
        Command::Demo(_)
        | Command::Serve(_)
        | Command::SnapBank(_)
        | Command::Policy(_)
        | Command::Init(_)
        | Command::Link(_)
        | Command::Figures(_)
        | Command::Budget(_) => {
            anyhow::bail!("handled before")
        }
    }
}

/// Runs long work with a progress bar that goes away afterwards.
pub(crate) fn with_bar<T>(title: &str, work: impl FnOnce(&Bar) -> T) -> T {
    let bar = Bar::new(title);
    let result = work(&bar);
    bar.done();
    result
}

/// The console, or the person whose login was given with `--as`.
pub(crate) fn acting(house: &House, login: Option<&str>) -> anyhow::Result<Session> {
    let console = Session::console(house);
    let Some(login) = login else { return Ok(console) };
    access::session_of_login(house, &console.scope("user.manage")?, login).map_err(|_| {
        crate::failure::Failure::input(format!("there is no account `{login}`; `pilar user list` shows all"))
    })
}
