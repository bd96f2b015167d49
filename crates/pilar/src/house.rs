//! Opening the house: the one real clock, the data folder, the database, the lake and the policy pack.

use std::{path::PathBuf, sync::Arc};

use access::House;
use anyhow::Context;
use model::Clock;

use crate::{cli::Place, failure::Failure};

/// The machine's clock; the only one in the program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one real clock, handed to everything else")]
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

/// The data folder that this command line means.
pub(crate) fn data_dir(place: &Place, default: &str) -> PathBuf {
    place.data.clone().unwrap_or_else(|| PathBuf::from(default))
}

/// The policy pack, or every fault of it.
pub(crate) fn policy(place: &Place) -> anyhow::Result<policy::Policy> {
    policy::Policy::load(place.policy.as_deref()).map_err(|faults| {
        let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Failure::input(format!(
            "the policy pack has {} faults, nothing was loaded:\n{}",
            list.len(),
            list.join("\n")
        ))
    })
}

/// Opens everything, making the folder and the database's tables when they are missing.
pub(crate) fn open(place: &Place, default_dir: &str) -> anyhow::Result<House> {
    let dir = data_dir(place, default_dir);
    std::fs::create_dir_all(&dir)
        .with_context(|| format!("could not make the data folder {}", dir.display()))?;
    let policy = policy(place)?;
    let url =
        place.database.clone().unwrap_or_else(|| format!("sqlite:{}", dir.join("pilar.sqlite").display()));
    let db = store::Db::open(&url)
        .with_context(|| format!("could not open the database {}", without_password(&url)))?;
    let lake = lake::Lake::open(&dir.join("lake"))?;
    Ok(House { db, lake, policy: Arc::new(policy), clock: Arc::new(SystemClock) })
}

/// As [`open`], but refuses a folder that was never prepared, so that a mistyped `--data` makes no empty registry.
pub(crate) fn open_existing(place: &Place) -> anyhow::Result<House> {
    let dir = data_dir(place, "pilar-data");
    if place.database.is_none() && !dir.join("pilar.sqlite").is_file() {
        return Err(Failure::not_ready(format!(
            "there is no registry in {}; run `pilar init` first, or name another folder with --data",
            dir.display()
        )));
    }
    open(place, "pilar-data")
}

/// A database address that may be shown: `postgres://user:***@host/name`.
fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            let user = url[scheme + 3..at].split(':').next().unwrap_or_default();
            format!("{}://{user}:***{}", &url[..scheme], &url[at..])
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        assert_eq!(without_password("postgres://ani:rahasia@host/db"), "postgres://ani:***@host/db");
        assert_eq!(without_password("sqlite:/tmp/a"), "sqlite:/tmp/a");
    }
}
