//! `cargo xtask bench`: what the demo's steps and pages cost on this machine, in figures that others can make again.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

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
        let visitor = Visitor::signed_in(&server.url, login, password)?;
        let mut times: Vec<f64> = (0..VISITS).map(|_| visit(&visitor, path)).collect::<Result<_>>()?;
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

fn visit(visitor: &Visitor, path: &str) -> Result<f64> {
    let start = Instant::now();
    let body = visitor.get(path)?.body_mut().read_to_vec()?;
    anyhow::ensure!(!body.is_empty(), "{path} is empty");
    Ok(start.elapsed().as_secs_f64() * 1000.0)
}

/// Somebody with a browser that keeps the site's cookies and follows nothing.
struct Visitor {
    agent: ureq::Agent,
    url: String,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    /// Signs in by the form that everybody uses.
    fn signed_in(url: &str, login: &str, password: &str) -> Result<Self> {
        let config =
            ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(20))).max_redirects(0);
        let agent: ureq::Agent = config.build().into();
        let mut visitor = Self { agent, url: url.to_owned(), cookies: BTreeMap::new() };
        let mut form = visitor.get("/masuk")?;
        visitor.keep(&form);
        let form = form.body_mut().read_to_string()?;
        let token = form
            .split("name=\"csrf\" value=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .context("the sign-in page has no form token")?;
        let request = visitor.agent.post(format!("{url}/masuk")).header("Cookie", visitor.cookie());
        let answer = request.send_form([("csrf", token), ("login", login), ("password", password)])?;
        visitor.keep(&answer);
        anyhow::ensure!(answer.status().is_redirection(), "{login} could not sign in: {}", answer.status());
        Ok(visitor)
    }

    fn get(&self, path: &str) -> Result<ureq::http::Response<ureq::Body>> {
        let request = self.agent.get(format!("{}{path}", self.url)).header("Cookie", self.cookie());
        let answer = request.call().with_context(|| path.to_owned())?;
        anyhow::ensure!(answer.status().is_success(), "{path}: {}", answer.status());
        Ok(answer)
    }

    fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, answer: &ureq::http::Response<ureq::Body>) {
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().ok().and_then(|cookie| cookie.split(';').next()?.split_once('='));
            if let Some((name, value)) = pair {
                self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
}

fn resident_mb(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}
