//! Running other programs: loudly, from the root of the workspace, with a clear word when one is missing or fails.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::root;

/// A command that runs in the root of the workspace.
pub(crate) fn command(program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// `cargo` of the toolchain that runs us.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), arguments)
}

/// Runs to the end; a failure is an error that repeats the command.
pub(crate) fn loud(mut command: Command) -> Result<()> {
    let shown = format!("{command:?}");
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("could not start {shown}"))?;
    if !status.success() {
        bail!("{shown} ended with {status}");
    }
    Ok(())
}

/// Runs to the end and gives back what it printed on standard output.
pub(crate) fn output(mut command: Command) -> Result<String> {
    let shown = format!("{command:?}");
    let out = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("could not start {shown}"))?;
    if !out.status.success() {
        bail!("{shown} ended with {}", out.status);
    }
    String::from_utf8(out.stdout).with_context(|| format!("{shown} printed something that is not UTF-8"))
}

/// Where `program` is on the search path, if it is.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|dir| dir.join(program)).find(|path| path.is_file())
}

/// Installs Debian packages when this user may; otherwise says what to install.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    if which("apt-get").is_none() {
        bail!("please install: {} (no apt-get here to do it)", packages.join(", "));
    }
    let root = output(command("id", &["-u"]))?.trim() == "0";
    let sudo =
        if root { None } else { Some(which("sudo").context("not root and no sudo: install by hand")?) };
    let apt = |arguments: &[&str]| {
        let mut command = match &sudo {
            Some(sudo) => {
                let mut command = Command::new(sudo);
                command.args(["-n", "apt-get"]);
                command
            }
            None => Command::new("apt-get"),
        };
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    loud(apt(&["update", "-qq"])).with_context(|| format!("please install: {}", packages.join(", ")))?;
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(packages);
    loud(apt(&arguments)).with_context(|| format!("please install: {}", packages.join(", ")))
}

/// A new empty folder under the build folder, so that a chore leaves nothing elsewhere.
pub(crate) fn scratch(name: &str) -> Result<PathBuf> {
    let dir = root().join("target").join("xtask").join(name);
    if dir.exists() {
        std::fs::remove_dir_all(&dir).with_context(|| format!("could not empty {}", dir.display()))?;
    }
    std::fs::create_dir_all(&dir)?;
    Ok(dir)
}

/// The release binary, built if need be.
pub(crate) fn release_binary() -> Result<PathBuf> {
    loud(cargo(&["build", "--release", "--package", "pilar"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let path = target.join("release").join("pilar");
    if !Path::new(&path).is_file() {
        bail!("no binary at {}", path.display());
    }
    Ok(path)
}
