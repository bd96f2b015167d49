//! Asking the channel whether the accounts are good: one file a channel, the intent committed before the file is written.

use std::path::Path;

use access::{House, Scope};
use model::Progress;
use store::{Tx, params};

use crate::{
    Error, Result,
    common::{self, Cycle},
    files::{self, FileMade, FileView, NewFile},
    late, queries,
    wire::{self, Outgoing},
};

const KIND: &str = "account_check_request";

/// Writes the account-check requests of a cycle into `folder`: one file for each channel with lines that were not asked yet.
/// Answers all files of the cycle, also those of earlier calls.
///
/// # Errors
/// [`Error::State`] while the cycle is being built, [`Error::File`] when the folder cannot be written; then the same call again
/// writes the same file.
pub fn export_account_checks(
    house: &House,
    scope: &Scope,
    cycle_id: i64,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Vec<FileMade>> {
    export_of(house, scope, (cycle_id, None), folder, progress)
}

/// As [`export_account_checks`], for all channels or one of them.
pub(crate) fn export_of(
    house: &House,
    scope: &Scope,
    (cycle_id, only): (i64, Option<&str>),
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Vec<FileMade>> {
    common::need(scope, "payment.export")?;
    let _lock = common::lock(house)?;
    let wanted = |channel: &str| only.is_none_or(|only| only == channel);
    let cycle = house.db.write(|tx| intend(tx, house, scope, cycle_id, &wanted))?;
    let files = house.db.read(|tx| files::out_of_cycle(tx, cycle_id, KIND))?;
    for file in files.iter().filter(|file| file.state == "intended" && wanted(&file.channel)) {
        take(house, &cycle, file)?;
        write(house, &cycle, file, folder, progress)?;
    }
    let files = house.db.read(|tx| files::out_of_cycle(tx, cycle_id, KIND))?;
    // Of an interrupted call the answer may be here before the last of its lines was asked about.
    if let Some(last) = files.iter().rfind(|file| wanted(&file.channel)) {
        late::judge(house, scope, cycle_id, last.at_ms, &format!("file:{}", last.file_no))?;
    }
    Ok(files.iter().filter(|file| wanted(&file.channel)).map(|file| file.made(folder)).collect())
}

/// Commits to asking, one file a channel, before anything is written outside.
fn intend(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    cycle_id: i64,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Cycle> {
    let cycle = common::built_cycle(tx, cycle_id)?;
    common::hand(tx, house, scope, cycle_id)?;
    let begun: Vec<String> = files::out_of_cycle(tx, cycle_id, KIND)?
        .into_iter()
        .filter(|file| file.state == "intended")
        .map(|file| file.channel)
        .collect();
    for row in tx.query(&queries::TO_CHECK, params![cycle_id])? {
        let channel = row.text(0)?;
        if !wanted(channel) || begun.iter().any(|begun| begun == channel) {
            continue;
        }
        let layout = wire::layout(channel_of(house, channel)?, KIND)?;
        let file_no = store::next_number(tx, "channel_file", 1)?;
        let batch = format!("CEK{file_no:06}");
        let name = layout.pattern.replace("{batch}", &batch);
        let file = NewFile {
            file_no,
            direction: "out",
            channel,
            kind: KIND,
            cycle_id: Some(cycle_id),
            order_id: None,
            batch: &batch,
            name: &name,
            hash: None,
            bytes: 0,
            state: "intended",
        };
        files::add(tx, house, scope, &file)?;
        common::audit(tx, house, scope, &format!("file:{file_no}"), &batch)?;
    }
    Ok(cycle)
}

/// Puts the lines that wait into the file, stretch by stretch; goes on behind the last stretch of an interrupted call.
fn take(house: &House, cycle: &Cycle, file: &FileView) -> Result<()> {
    for (from, to) in cycle.ranges(file.mark) {
        house.db.write(|tx| {
            let now = house.clock.now_ms();
            let of = params![from, to, cycle.cycle_id, &file.channel, file.file_no, now];
            tx.execute(&queries::CHECK_ASK, of)?;
            tx.execute(&queries::FILE_TAKEN, params![file.file_no, to])?;
            if to == cycle.last_line {
                let of = params![cycle.cycle_id, &file.channel];
                tx.execute(&queries::CHECK_COUNTS, of)?;
                tx.execute(&queries::CHECK_COUNTED, of)?;
            }
            Ok::<_, Error>(())
        })?;
    }
    Ok(())
}

/// The same lines always give the same bytes.
fn write(
    house: &House,
    cycle: &Cycle,
    file: &FileView,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<()> {
    let layout = wire::layout(channel_of(house, &file.channel)?, KIND)?;
    let mut out = Outgoing::create(folder, &file.name, layout)?.sealed(file.seal());
    house.db.read(|tx| {
        tx.for_each(&queries::CHECK_LINES, params![file.file_no, cycle.first_line, cycle.last_line], |row| {
            let line_id = row.int(0)?.to_string();
            let nik = row.opt_int(1)?.map(|nik| format!("{nik:016}")).unwrap_or_default();
            let (name, account) = (row.text(2)?, row.opt_text(3)?.unwrap_or(""));
            if out.rows % 50_000 == 0 {
                progress.report("account checks", out.rows, 0);
            }
            store::fault!(house.db, "file.check_row")?;
            out.row(layout.columns.iter().map(|column| match column.field.as_str() {
                "batch" => file.batch.as_str(),
                "ref" => line_id.as_str(),
                "nik" => nik.as_str(),
                "name" => name,
                "account" => account,
                _ => "",
            }))
        })
    })?;
    finish(house, file, out)
}

/// Gives a written file its name on disk, then its hash in the database.
pub(crate) fn finish(house: &House, file: &FileView, out: Outgoing) -> Result<()> {
    let (rows, sum_idr) = (out.rows as i64, out.sum_idr);
    store::fault!(house.db, "file.before_name")?;
    let (hash, bytes) = out.finish()?;
    store::fault!(house.db, "file.named")?;
    house.db.write(|tx| {
        tx.execute(&queries::FILE_WRITTEN, params![file.file_no, hash, bytes as i64, rows, sum_idr])?;
        Ok::<_, Error>(())
    })
}

pub(crate) fn channel_of<'a>(house: &'a House, key: &str) -> Result<&'a policy::Channel> {
    house
        .policy
        .channel(key)
        .ok_or_else(|| Error::Channel { channel: key.to_owned(), file: "channel".to_owned() })
}
