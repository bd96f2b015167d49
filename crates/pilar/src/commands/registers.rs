//! Registers that come in as a file, whole or not at all: reading within a bound, and a refusal with every fault of the file.

use std::path::Path;

use access::{House, Session};
use casework::catalogue::{self, SERVICE_BYTES_MAX};

use crate::{cli::Services, commands::Answer, failure::Failure, screen::grouped};

/// The text of a file that is not larger than a bound.
///
/// # Errors
/// A file that cannot be read, or is larger.
pub(crate) fn text_of(file: &Path, bytes_max: u64) -> anyhow::Result<String> {
    let unreadable = |error: std::io::Error| Failure::input(format!("{}: {error}", file.display()));
    if std::fs::metadata(file).map_err(unreadable)?.len() > bytes_max {
        let most = bytes_max / 1024 / 1024;
        return Err(Failure::input(format!(
            "{} is larger than {most} MiB; cut it into several",
            file.display()
        )));
    }
    std::fs::read_to_string(file).map_err(unreadable)
}

/// What a register says of a file that it did not take.
pub(crate) fn refused(file: &Path, error: casework::Error) -> anyhow::Error {
    match error {
        casework::Error::Lines(refused) => Failure::input(format!("{}: {refused}", file.display())),
        other => other.into(),
    }
}

/// `pilar services`: the catalogue taken in.
pub(crate) fn services(house: &House, command: &Services) -> anyhow::Result<Answer> {
    let Services::Import { file } = command;
    let text = text_of(file, SERVICE_BYTES_MAX)?;
    let scope = Session::console(house).scope("service.manage")?;
    let taken = catalogue::take_services(house, &scope, &text).map_err(|error| refused(file, error))?;
    let lines = vec![format!(
        "import {}: {} services, {} new, {} corrected",
        taken.import_no,
        grouped(taken.rows as u64),
        grouped(taken.new as u64),
        grouped(taken.corrected as u64)
    )];
    Answer::of(&taken, lines)
}
