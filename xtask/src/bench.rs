//! `cargo xtask bench`: what the demo's steps and pages cost on this machine, in figures that others can make again.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::{
    browser::Server,
    demo::{figures, summary},
    run::{release_binary, scratch},
};

const VISITS: usize = 60;

/// Steps at `people`, then pages and idle memory of the server on the same data.
pub(crate) fn run(people: u64) -> Result<()> {
    let binary = release_binary()?;
    let dir = scratch("bench")?;
    let start = Instant::now();
    let made = figures(&binary, &dir, people)?;
    println!(
        "demo of {people} people: {:.1} s from start to reconciled money",
        start.elapsed().as_secs_f64()
    );
    println!("{}", summary(&made));
    let server = Server::start(&binary, &dir, people)?;
    std::thread::sleep(Duration::from_secs(2));
    println!("server at rest: {} MB resident", resident_mb(server.id())?);
    pages(&server)
}

/// p50 and p95 of every page that the demo's list names, as its first account that may see it.
fn pages(server: &Server) -> Result<()> {
    let accounts: serde_json::Value = serde_json::from_slice(&std::fs::read(&server.accounts)?)?;
    let mut worst = (0.0, String::new());
    for page in accounts["pages"].as_array().context("no list of pages in the demo's accounts")? {
        let (path, login) =
            (page["path"].as_str().unwrap_or("/"), page["login"].as_str().unwrap_or_default());
        let password = accounts["accounts"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|account| account["login"] == login)
            .and_then(|account| account["password"].as_str())
            .unwrap_or_default();
        let agent = sign_in(&server.url, login, password)?;
        let mut times: Vec<f64> =
            (0..VISITS).map(|_| visit(&agent, &server.url, path)).collect::<Result<_>>()?;
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
        println!("{:>7.1} ms p50 {:>7.1} ms p95  {login:<14} {path}", at(0.5), at(0.95));
        if at(0.95) > worst.0 {
            worst = (at(0.95), path.to_owned());
        }
    }
    println!("slowest page: {:.1} ms p95, {}", worst.0, worst.1);
    Ok(())
}

fn visit(agent: &ureq::Agent, url: &str, path: &str) -> Result<f64> {
    let start = Instant::now();
    let body = agent
        .get(format!("{url}{path}"))
        .call()
        .with_context(|| path.to_owned())?
        .body_mut()
        .read_to_vec()?;
    anyhow::ensure!(!body.is_empty(), "{path} is empty");
    Ok(start.elapsed().as_secs_f64() * 1000.0)
}

fn sign_in(url: &str, login: &str, password: &str) -> Result<ureq::Agent> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(20))).build().into();
    let form = agent.get(format!("{url}/masuk")).call()?.body_mut().read_to_string()?;
    let token = form
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .context("the sign-in page has no form token")?;
    agent.post(format!("{url}/masuk")).send_form([
        ("csrf", token),
        ("login", login),
        ("password", password),
    ])?;
    Ok(agent)
}

fn resident_mb(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}
