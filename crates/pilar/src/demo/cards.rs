//! The demo's cards: families without an account get one and a card, most of which stay somewhere on the way; a few answers of the bank
//! come late.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufReader, BufWriter},
    path::{Path, PathBuf},
};

use access::Session;
use anyhow::Context;
use payment::cards::{CardCell, Stage, card_report};
use serde_json::{Value, json};
use synth::bank::Bank;

use super::Run;
use crate::commands::cards;

/// Asks the bank to open what is missing in a cycle and takes its answer in; gives back where the late part of it lies, and adds the
/// accounts that wait for their card to those that are `locked`.
pub(super) fn open(
    run: &Run,
    treasurer: &Session,
    bank: &Bank,
    cycle: i64,
    (outbox, inbox): (&Path, &Path),
    locked: &mut BTreeSet<String>,
) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let mut late = Vec::new();
    for request in cards::open(&run.house, treasurer, cycle, outbox)? {
        let stem =
            request.path.file_stem().and_then(|stem| stem.to_str()).context("a file without a name")?;
        let file = |what: &str| inbox.join(format!("{stem}-{what}.csv"));
        let (reply, later, moves) = (file("reply"), file("late"), file("moves"));
        let mut out = BufWriter::new(File::create(&reply)?);
        let mut rest = BufWriter::new(File::create(&later)?);
        bank.answer_openings(BufReader::new(File::open(&request.path)?), &mut out, &mut rest)?;
        out.into_inner().context("could not write the bank's reply")?.sync_all()?;
        rest.into_inner().context("could not write the bank's reply")?.sync_all()?;
        cards::opened(&run.house, treasurer, &request.channel, &reply)?;
        let mut out = BufWriter::new(File::create(&moves)?);
        bank.card_moves(BufReader::new(File::open(&reply)?), &mut out)?;
        out.into_inner().context("could not write the moves")?.sync_all()?;
        cards::moved(&run.house, treasurer, &request.channel, &moves)?;
        for file in [&reply, &later] {
            locked.extend(bank.locked(BufReader::new(File::open(file)?))?);
        }
        late.push((request.channel, later));
    }
    Ok(late)
}

/// What the bank was late with.
pub(super) fn late(run: &Run, treasurer: &Session, files: &[(String, PathBuf)]) -> anyhow::Result<()> {
    for (channel, file) in files {
        cards::opened(&run.house, treasurer, channel, file)?;
    }
    Ok(())
}

/// Cards and their money, list by list.
pub(super) fn figures(run: &Run) -> anyhow::Result<Value> {
    let scope = Session::console(&run.house).scope("payment.read")?;
    let mut found = serde_json::Map::new();
    for stage in Stage::ALL {
        let report = card_report(&run.house, &scope, &model::RegionCode::nation(), *stage)?;
        let sum = |of: fn(&CardCell) -> i64| report.cells.iter().map(of).sum::<i64>();
        let (cards, idr) = (sum(|cell| cell.cards), sum(|cell| cell.on_card_idr));
        found.insert(stage.code().to_owned(), json!({"cards": cards, "on_card_idr": idr}));
    }
    Ok(found.into())
}
