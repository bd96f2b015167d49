//! One account for each role, on the territory with most families, with a password that only the demo has; and the list of pages that
//! the benchmark and the browser suite visit.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use access::{House, NewUser, Session};
use anyhow::Context;
use arrow_array::cast::AsArray;
use model::{Lang, RegionCode, RegionLevel};
use serde::{Deserialize, Serialize};

/// Known to everybody: an account with it exists only in a demo.
const PASSWORD: &str = "pilar-contoh-2026";

/// Given names of the invented officers; the family name of all is Contoh, "example".
const NAMES: [&str; 10] =
    ["Wayan", "Rini", "Ratna", "Dimas", "Sari", "Bayu", "Made", "Tuti", "Johan", "Lestari"];

/// What stands in `accounts.json`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Accounts {
    pub(super) accounts: Vec<Account>,
    pub(super) pages: Vec<PageOf>,
}

/// A demo account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) login: String,
    pub(super) password: String,
    pub(super) role: String,
    pub(super) role_label: String,
    pub(super) region: String,
}

/// A page worth visiting, and who may.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PageOf {
    pub(super) path: String,
    pub(super) login: String,
}

pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join("accounts.json")
}

pub(super) fn read(dir: &Path) -> anyhow::Result<Accounts> {
    let path = path(dir);
    let text = std::fs::read(&path).with_context(|| path.display().to_string())?;
    serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display()))
}

pub(super) fn write(dir: &Path, accounts: &Accounts) -> anyhow::Result<()> {
    std::fs::write(path(dir), serde_json::to_vec_pretty(accounts)?)?;
    Ok(())
}

/// Makes the accounts that are missing and lists all.
pub(super) fn make(house: &House, closing: &str) -> anyhow::Result<Accounts> {
    let crowded = crowded_village(house, closing)?;
    let scope = Session::console(house).scope("user.manage")?;
    let there: BTreeSet<String> = access::users(house, &scope)?.into_iter().map(|user| user.login).collect();
    // Where two people must agree there are two accounts.
    let banded: BTreeSet<&str> =
        house.policy.settings().approval.iter().map(|band| band.role.as_str()).collect();
    let mut accounts = Vec::new();
    for role in house.policy.roles().iter().filter(|role| role.assignable) {
        let Some(level) = role.levels.first() else { continue };
        let region = crowded.at(*level);
        let several = banded.contains(role.key.as_str()) && role.levels.contains(&RegionLevel::Nation);
        for number in 1..=if several { 2 } else { 1 } {
            let login = if number == 1 { role.key.clone() } else { format!("{}_{number}", role.key) };
            if !there.contains(&login) {
                let name = format!("{} Contoh", NAMES[accounts.len() % NAMES.len()]);
                let new = NewUser {
                    login: login.clone(),
                    name,
                    role: role.key.clone(),
                    region: region.clone(),
                    password: Some(PASSWORD.to_owned()),
                };
                access::create_user(house, &scope, new)?;
            }
            accounts.push(Account {
                login,
                password: PASSWORD.to_owned(),
                role: role.key.clone(),
                role_label: role.label.get(Lang::Id).to_owned(),
                region: region.to_string(),
            });
        }
    }
    Ok(Accounts { accounts, pages: Vec::new() })
}

/// The login of the first or second account whose role may do all of `actions`.
pub(super) fn who_may(
    house: &House,
    accounts: &Accounts,
    actions: &[&str],
    place: usize,
) -> anyhow::Result<Session> {
    let may = |account: &&Account| {
        house
            .policy
            .roles()
            .get(&account.role)
            .is_some_and(|role| actions.iter().all(|action| role.may(action)))
    };
    let account = accounts.accounts.iter().filter(may).nth(place);
    let account = account.with_context(|| format!("no demo account may do {actions:?}"))?;
    session(house, &account.login)
}

/// A session in the name of a demo account.
pub(super) fn session(house: &House, login: &str) -> anyhow::Result<Session> {
    let console = Session::console(house).scope("user.manage")?;
    Ok(access::session_of_login(house, &console, login)?)
}

/// The village with most families of the closing.
fn crowded_village(house: &House, closing: &str) -> anyhow::Result<RegionCode> {
    let mut families: BTreeMap<String, u64> = BTreeMap::new();
    for batch in house.lake.require(&format!("closing/{closing}/families"))?.read(&["region"])? {
        let batch = batch?;
        for region in batch.column(0).as_string::<i32>().iter().flatten() {
            match families.get_mut(region) {
                Some(count) => *count += 1,
                None => {
                    families.insert(region.to_owned(), 1);
                }
            }
        }
    }
    let most = families.into_iter().max_by_key(|(region, count)| (*count, std::cmp::Reverse(region.clone())));
    let (region, _) = most.context("the closing has no family with a village")?;
    Ok(RegionCode::parse(&region)?)
}
