//! A private PostgreSQL for the tests: own folder, free port, gone at the end. Installed when it is not there.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::run::{command, install, loud, output, scratch, which};

/// A running server. Dropping it stops it.
pub(crate) struct Postgres {
    bin: PathBuf,
    data: PathBuf,
    port: u16,
    as_user: Option<&'static str>,
    /// What it is started with.
    options: String,
}

impl Postgres {
    /// Finds or installs the server programs, makes a cluster in the build folder and starts it on a free port of loopback.
    pub(crate) fn start() -> Result<Self> {
        Self::with("fsync=off")
    }

    /// As [`Postgres::start`], but what is committed is on disk: for figures.
    pub(crate) fn durable() -> Result<Self> {
        Self::with("shared_buffers=512MB -c max_wal_size=8GB")
    }

    fn with(settings: &str) -> Result<Self> {
        let bin = if let Some(bin) = server_programs() {
            bin
        } else {
            install(&["postgresql"])?;
            server_programs().context("PostgreSQL was installed, but its initdb is nowhere to be found")?
        };
        // The server refuses to run as root: it gets the packaged user then, and a folder that this user can reach.
        let as_root = output(command("id", &["-u"]))?.trim() == "0";
        let as_user = as_root.then_some("postgres");
        let data = if as_root { public_folder()? } else { scratch("postgres")?.join("data") };
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = data.display();
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c {settings}"
        );
        let server = Self { bin, data, port, as_user, options };
        let data = server.data.display().to_string();
        loud(server.program(
            "initdb",
            &["-D", &data, "-U", "pilar", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
        ))?;
        let log = format!("{data}/server.log");
        loud(server.program("pg_ctl", &["-D", &data, "-l", &log, "-w", "-o", &server.options, "start"]))?;
        Ok(server)
    }

    /// Kills the server and all its processes in the middle of whatever they do, and starts it again: it recovers.
    pub(crate) fn crash(&self) -> Result<()> {
        let pid = std::fs::read_to_string(self.data.join("postmaster.pid"))?;
        let pid = pid.lines().next().context("the server has no process")?.trim().to_owned();
        let children = output(command("pgrep", &["-P", &pid])).unwrap_or_default();
        let mut kill = vec!["-9", pid.as_str()];
        kill.extend(children.split_whitespace());
        // Children may end on their own when the first is gone.
        let _ = command("kill", &kill).stderr(Stdio::null()).status()?;
        let data = self.data.display().to_string();
        let log = format!("{data}/server.log");
        for _ in 0..50 {
            sleep(Duration::from_millis(100));
            let start = self
                .program("pg_ctl", &["-D", &data, "-l", &log, "-w", "-o", &self.options, "start"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()?;
            if start.success() {
                return Ok(());
            }
        }
        bail!("the killed server does not start again; see {log}")
    }

    /// Address for `--database`.
    pub(crate) fn url(&self) -> String {
        format!("postgres://pilar@127.0.0.1:{}/postgres", self.port)
    }

    fn program(&self, name: &str, arguments: &[&str]) -> Command {
        let path = self.bin.join(name);
        let mut command = match self.as_user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(path);
                command
            }
            None => Command::new(path),
        };
        // initdb wants a working folder that its user may enter.
        command.args(arguments).current_dir("/");
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.data.display().to_string();
        let stopped = loud(self.program("pg_ctl", &["-D", &data, "-m", "immediate", "stop"]));
        if stopped.is_err() {
            eprintln!("note: PostgreSQL in {data} could not be stopped");
        }
        if std::fs::remove_dir_all(&self.data).is_err() {
            eprintln!("note: {data} could not be removed");
        }
    }
}

fn server_programs() -> Option<PathBuf> {
    let mut packaged: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").is_file())
        .collect();
    packaged.sort();
    packaged.pop().or_else(|| which("initdb")?.parent().map(Path::to_path_buf))
}

/// A fresh folder that belongs to the packaged user, outside a home that it may not enter.
fn public_folder() -> Result<PathBuf> {
    let dir = std::env::temp_dir().join(format!("pilar-postgres-{}", std::process::id()));
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    loud(command("chown", &["postgres", &dir.display().to_string()]))?;
    Ok(dir)
}
