//! The demo's pillars: invented workers and bodies of every kind in the crowded district, the demo's companion among them, taken in as a
//! file; and a proposal of who accompanies whom that waits for a second person.

use std::fmt::Write;

use access::{NewUser, Session};
use casework::pillar;
use jiff::ToSpan;
use model::{RegionCode, RegionLevel};
use policy::PillarKind;
use serde_json::{Value, json};

use super::{DAY, Run, accounts};

/// Villages that have workers of kinds which belong into every village.
const VILLAGES_MAX: usize = 12;
/// Companions beside the demo's own.
const COMPANIONS: usize = 3;

/// Fills the register and proposes; done again it changes nothing but for another proposal.
pub(super) fn fill(run: &Run) -> anyhow::Result<(u64, Value)> {
    let house = &run.house;
    let accounts = accounts::read(&run.dir)?;
    let village = super::steps::crowded(&accounts)?;
    let district = village.at(RegionLevel::District);
    let (villages, subdistricts) = house.db.read(|tx| {
        let within = |tx: &mut store::Tx<'_>, level| store::regions::within(tx, &district, level);
        Ok::<_, store::Error>((within(tx, RegionLevel::Village)?, within(tx, RegionLevel::Subdistrict)?))
    })?;
    let codes =
        |regions: &[store::regions::Region]| regions.iter().map(|one| one.code.clone()).collect::<Vec<_>>();
    let (villages, subdistricts) = (codes(&villages), codes(&subdistricts));
    let mut file = Register { run, text: pillar::PILLAR_COLUMNS.join(",") + "\n", rows: 0 };
    for kind in &house.policy.pillars().kinds {
        let places: Vec<RegionCode> = match kind.one_in_each {
            _ if kind.companion => Vec::new(),
            Some(RegionLevel::Village) => villages.iter().take(VILLAGES_MAX).cloned().collect(),
            // One place is left without, so that coverage has something to tell.
            Some(RegionLevel::Subdistrict) => subdistricts.iter().skip(1).cloned().collect(),
            _ => vec![district.clone(), village.at(RegionLevel::Subdistrict)],
        };
        for place in &places {
            file.add(kind, place, "")?;
        }
        if kind.companion {
            for (login, place) in companions(run, &accounts, &village, &subdistricts)? {
                file.add(kind, &place, &login)?;
            }
        }
    }
    let console = Session::console(house).scope("pillar.manage")?;
    let taken = pillar::take_pillars(house, &console, &file.text)?;
    let maker = accounts::who_may(house, &accounts, &["pillar.manage"], 0)?.scope("pillar.manage")?;
    let made =
        crate::commands::pillars::balance(house, &maker, &district, &std::collections::BTreeMap::new())?;
    Ok((taken.rows as u64, json!({ "pillars": taken.rows, "moved": made.moved, "fresh": made.fresh })))
}

/// Accounts of companions with their places: the demo's own, and a few more without a password that anybody knows.
fn companions(
    run: &Run,
    accounts: &accounts::Accounts,
    village: &RegionCode,
    subdistricts: &[RegionCode],
) -> anyhow::Result<Vec<(String, RegionCode)>> {
    let house = &run.house;
    let scope = Session::console(house).scope("user.manage")?;
    let role = |key: &str| house.policy.roles().get(key);
    let Some(own) = accounts.accounts.iter().find(|one| role(&one.role).is_some_and(|role| role.caseload))
    else {
        return Ok(Vec::new());
    };
    let mut all = vec![(own.login.clone(), village.clone())];
    for (number, region) in subdistricts.iter().take(COMPANIONS).enumerate() {
        let login = format!("{}_{}", own.role, number + 2);
        if access::session_of_login(house, &scope, &login).is_err() {
            let name = synth::invented_name(run.seed, 9_000 + number as u64, number % 2 == 0);
            let held = village.at(RegionLevel::District);
            let new =
                NewUser { login: login.clone(), name, role: own.role.clone(), region: held, password: None };
            access::create_user(house, &scope, new)?;
        }
        all.push((login, region.clone()));
    }
    Ok(all)
}

/// The register as it is written.
struct Register<'a> {
    run: &'a Run,
    text: String,
    rows: u64,
}

impl Register<'_> {
    fn add(&mut self, kind: &PillarKind, place: &RegionCode, login: &str) -> anyhow::Result<()> {
        self.rows += 1;
        let at = self.rows;
        let pillars = self.run.house.policy.pillars();
        let female = kind.sex.map_or(at.is_multiple_of(2), |sex| sex == model::Sex::Female);
        let name = if !login.is_empty() {
            super::accounts::session(&self.run.house, login)?.name
        } else if kind.person {
            synth::invented_name(self.run.seed, at, female)
        } else {
            let label = kind.label.id.split(" (").next().unwrap_or_default();
            format!("{label} Contoh {at}")
        };
        let (sex, born, school) = if kind.person {
            (if female { "2" } else { "1" }, (1984 + at % 14).to_string(), (2 + at % 3).to_string())
        } else {
            ("", String::new(), String::new())
        };
        let since = DAY.checked_sub(i64::try_from(400 + 90 * (at % 9))?.days())?;
        let languages: Vec<&str> =
            pillars.languages.iter().take(1 + at as usize % 2).map(|one| one.key.as_str()).collect();
        let skill =
            pillars.skills.get(at as usize % pillars.skills.len().max(1)).map_or("", |one| one.key.as_str());
        // Every fifth has a certificate that ends soon, every seventh lacks one.
        let papers: Vec<String> = kind
            .certificates
            .iter()
            .filter(|_| !at.is_multiple_of(7))
            .map(|key| {
                let end = DAY.checked_add(if at.is_multiple_of(5) { 40 } else { 700 }.days()).unwrap_or(DAY);
                format!("{key}|CONTOH-{at}|Lembaga Contoh|{since}|{end}")
            })
            .collect();
        let there = pillar::AVAILABILITY[usize::from(login.is_empty() && at.is_multiple_of(11))];
        let until = DAY.checked_add(400.days())?;
        let contract = if login.is_empty() { ",".to_owned() } else { format!("{since},{until}") };
        let languages = if kind.person { languages.join(" ") } else { String::new() };
        writeln!(
            self.text,
            "P-{at:05},{},{name},{place},{sex},{born},{school},{languages},{skill},{since},{contract},{there},,{login},,,{}",
            kind.key,
            papers.join(";")
        )?;
        Ok(())
    }
}
