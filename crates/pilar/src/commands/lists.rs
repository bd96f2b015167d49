//! `pilar init`, `region import`, `intake`, `rank import`: what comes in.

use std::path::Path;

use access::{House, Session};
use registry::{
    intake::{self, ListReceived},
    regions,
};
use serde_json::json;

use crate::{
    cli::{Init, Intake, Rank, Region},
    commands::{Answer, with_bar},
    failure::Failure,
    screen::grouped,
};

pub(crate) fn init(house: &House, command: &Init) -> anyhow::Result<Answer> {
    let loaded = with_bar("regions", |bar| regions::load_embedded(&house.db, bar))?;
    let mut lines =
        vec![format!("ready: {} regions and {} old or foreign codes", loaded.regions, loaded.aliases)];
    let mut own = None;
    if let Some(path) = &command.regions {
        let added = import_regions(house, path, "own")?;
        lines.push(format!("{} regions imported from {}", added.regions, path.display()));
        own = Some(added.regions);
    }
    lines.push("next: pilar user add, then pilar intake FILE --source KEY".to_owned());
    Answer::of(&json!({"regions": loaded.regions, "aliases": loaded.aliases, "own_regions": own}), lines)
}

pub(crate) fn region(house: &House, command: &Region) -> anyhow::Result<Answer> {
    let Region::Import { file, edition } = command;
    let loaded = import_regions(house, file, edition)?;
    Answer::of(&json!({"regions": loaded.regions}), vec![format!("{} regions imported", loaded.regions)])
}

pub(crate) fn import_regions(house: &House, file: &Path, edition: &str) -> anyhow::Result<regions::Loaded> {
    regions::import_csv(&house.db, file, edition).map_err(|error| Failure::input(error.to_string()))
}

pub(crate) fn intake(house: &House, command: &Intake) -> anyhow::Result<Answer> {
    let received = receive(house, &command.file, &command.source, command.as_of)?;
    if let Some(path) = &command.rejects {
        let out = std::fs::File::create(path)?;
        let scope = Session::console(house).scope("list.read")?;
        let out = std::io::BufWriter::new(out);
        registry::lists::export_findings(house, &scope, model::Lang::Id, i64::from(received.file_no), out)?;
    }
    Answer::of(&received, sentences(&received))
}

pub(crate) fn rank(house: &House, command: &Rank) -> anyhow::Result<Answer> {
    let Rank::Import { files } = command;
    let files = files.iter().map(|file| (file.as_path(), None));
    let (received, published) = import_ranks(house, files)?;
    let mut lines: Vec<String> = received.iter().flat_map(sentences).collect();
    lines.push(format!("{} families of the registry got or changed their rank", grouped(published.families)));
    if published.strangers > 0 {
        let strangers = grouped(published.strangers);
        lines.push(format!("{strangers} ranked family cards belong to no family of the registry"));
    }
    let object = json!({"lists": received, "families": published.families, "strangers": published.strangers});
    Answer::of(&object, lines)
}

/// Takes rank files in and brings them to the families of the registry; answers how many of these changed, and how many cards are
/// unknown.
/// What was taken before a refused file reaches the families all the same.
pub(crate) fn import_ranks<'a>(
    house: &House,
    files: impl Iterator<Item = (&'a Path, Option<jiff::civil::Date>)>,
) -> anyhow::Result<(Vec<ListReceived>, registry::Published)> {
    let session = Session::console(house);
    let mut received = Vec::new();
    let mut refused = None;
    for (file, as_of) in files {
        match with_bar("rank", |bar| registry::rank::import(house, &session, file, None, as_of, bar)) {
            Ok(list) => received.push(list),
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    let published = if received.is_empty() {
        registry::Published::default()
    } else {
        with_bar("rank", |bar| registry::publish_ranks(house, &session, bar))?
    };
    refused.map_or(Ok((received, published)), |error| Err(input_error(error)))
}

/// Takes one list in, with a bar; a refusal is exit code 3.
pub(crate) fn receive(
    house: &House,
    file: &Path,
    source: &str,
    as_of: Option<jiff::civil::Date>,
) -> anyhow::Result<ListReceived> {
    let session = Session::console(house);
    with_bar("intake", |bar| intake::receive(house, &session, file, source, as_of, bar)).map_err(input_error)
}

fn input_error(error: intake::Error) -> anyhow::Error {
    match error {
        intake::Error::Refused(_) | intake::Error::Source { .. } | intake::Error::File { .. } => {
            Failure::input(error.to_string())
        }
        other => other.into(),
    }
}

fn sentences(received: &ListReceived) -> Vec<String> {
    let mut lines = vec![format!(
        "list {}: {} rows read, {} taken, {} rejected{}",
        received.file_no,
        grouped(received.rows_read),
        grouped(received.rows_accepted),
        grouped(received.rows_rejected),
        if received.repeated { " (received before, nothing was done)" } else { "" }
    )];
    for (rule, count) in &received.by_rule {
        lines.push(format!("  {:>10}  {rule}", grouped(*count)));
    }
    lines
}
