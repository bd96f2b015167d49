//! The pages in a real browser: starts the demo's server and runs the suite of `tests/browser` against it.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{
    root,
    run::{command, install, loud, release_binary, scratch, which},
};

/// A demo that serves its pages. Dropping it stops it.
pub(crate) struct Server {
    child: Child,
    /// Address, such as `http://127.0.0.1:8080`.
    pub(crate) url: String,
    /// File with the demo accounts.
    pub(crate) accounts: PathBuf,
}

impl Server {
    /// Makes a demo of `people` in `dir` and waits until its pages answer.
    pub(crate) fn start(binary: &Path, dir: &Path, people: u64) -> Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let shown = dir.display().to_string();
        let arguments = [
            "demo",
            "--json",
            "--people",
            &people.to_string(),
            "--seed",
            "1",
            "--data",
            &shown,
            "--port",
            &port.to_string(),
        ];
        let mut child = command(binary, &arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("demo did not start")?;
        let lines = BufReader::new(child.stdout.take().context("no output of the demo")?).lines();
        let url = format!("http://127.0.0.1:{port}");
        for line in lines {
            if line?.contains(&url) {
                return Ok(Self { child, url, accounts: dir.join("accounts.json") });
            }
        }
        bail!("the demo ended ({}) without opening {url}", child.wait()?)
    }

    /// Process id, for reading its memory.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Installs what the suite needs, starts a demo and runs the suite.
pub(crate) fn run() -> Result<()> {
    if which("node").is_none() || which("npm").is_none() {
        install(&["nodejs", "npm"])?;
    }
    if which("chromium").is_none() {
        install(&["chromium"])?;
    }
    let suite = root().join("tests/browser");
    let mut packages = command("npm", &["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
    packages.current_dir(&suite);
    loud(packages)?;
    let server = Server::start(&release_binary()?, &scratch("browser")?, 5_000)?;
    let mut tests = command("node", &["--test", "--test-concurrency=1"]);
    tests
        .current_dir(&suite)
        .env("PILAR_URL", &server.url)
        .env("PILAR_DEMO_ACCOUNTS", &server.accounts)
        .env("CHROMIUM", which("chromium").context("chromium was installed, but is not on the path")?);
    loud(tests)
}
