//! Rows that came before their time. A withdrawal that is told before its top-up, or a top-up before the order was sent, is refused
//! when it comes and stands on the work list; when its line has moved it is judged again, by the same functions, as if it had come
//! just now. What fits by now is taken and its exception closes itself, saying by what; what still does not fit stays, under the
//! trouble that it has now. So the order in which files come makes no difference to what they come to.
//!
//! In: a cycle, since when lines may have moved, the step that moved them. The rows are read from the lake, as they came. Each file's
//! rows are one transaction, so a step that died is taken up where it stopped. Never here: a rule of its own about a row.

use std::collections::{BTreeMap, BTreeSet};

use access::{House, Scope};
use rustc_hash::{FxHashMap, FxHashSet};
use store::{Tx, params};

use crate::{
    Error, Result, common, evidence,
    files::{self, FileView},
    import::{Again, Import, Read},
    lines, queries,
    told::{self, Kind, Places},
    wire::{self, Cells, ReplyRow},
};

/// Rows that are judged together: all those of some neighbouring lines.
const ROWS_MAX: usize = 5_000;
/// A row can let another one fit: of an order reply a withdrawal, of two withdrawals a return. More often than this nobody waits.
const PASSES_MAX: usize = 8;

/// Under what entries of rows are posted that a file told too early.
pub(crate) fn document(file_no: i64) -> String {
    format!("late:{file_no}")
}

/// As [`judge`], of several cycles.
pub(crate) fn judge_cycles(
    house: &House,
    scope: &Scope,
    cycles: &BTreeSet<i64>,
    since_ms: i64,
    cause: &str,
) -> Result<()> {
    cycles.iter().try_for_each(|cycle_id| judge(house, scope, *cycle_id, since_ms, cause))
}

/// Judges the waiting rows of a cycle again whose lines moved at this time or later; `cause` is the document that moved them. The
/// caller holds the lock.
pub(crate) fn judge(house: &House, scope: &Scope, cycle_id: i64, since_ms: i64, cause: &str) -> Result<()> {
    let mut after = 0;
    loop {
        let waiting = house.db.read(|tx| waiting(tx, cycle_id, since_ms, after))?;
        let Some(last) = waiting.last() else { return Ok(()) };
        after = last.line_id;
        let mut groups = groups(house, &waiting)?;
        for _ in 0..PASSES_MAX {
            let mut settled = 0;
            for group in &mut groups {
                settled += group.judge(house, scope, cause)?;
            }
            if settled == 0 {
                break;
            }
        }
    }
}

/// Ends the trouble of lines that only came from rows which no longer wait.
pub(crate) fn ease(tx: &mut Tx<'_>, lines: &FxHashSet<i64>, now_ms: i64) -> Result<()> {
    let mut lines: Vec<i64> = lines.iter().copied().collect();
    lines.sort_unstable();
    for line_id in lines {
        if let Some(row) = tx.query_opt(&queries::TROUBLE_OVER, params![line_id])? {
            lines::end_trouble(tx, line_id, row.text(0)?, now_ms)?;
        }
    }
    Ok(())
}

/// A row that waits, by its exception.
struct Waiting {
    exception_id: i64,
    file_no: i64,
    row_no: i64,
    line_id: i64,
}

/// The next rows behind a line: all of each line, unless one line alone has more than are judged together.
fn waiting(tx: &mut Tx<'_>, cycle_id: i64, since_ms: i64, after: i64) -> Result<Vec<Waiting>> {
    let rows = tx.query(&queries::WAITING, params![cycle_id, after, since_ms, ROWS_MAX as i64])?;
    let read = |row: &store::Row| {
        let (exception_id, file_no) = (row.int(0)?, row.int(1)?);
        Ok(Waiting { exception_id, file_no, row_no: row.int(2)?, line_id: row.int(3)? })
    };
    let mut waiting = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    if waiting.len() == ROWS_MAX
        && let Some(cut) = waiting.last().map(|row| row.line_id)
        && waiting.first().is_some_and(|row| row.line_id != cut)
    {
        waiting.retain(|row| row.line_id != cut);
    }
    Ok(waiting)
}

/// Waiting rows of one file.
struct Group {
    file: FileView,
    rows: Vec<Read>,
    exceptions: FxHashMap<i64, i64>,
}

/// The rows as they came, file by file: answers about accounts before those about orders, and those before movements.
fn groups(house: &House, waiting: &[Waiting]) -> Result<Vec<Group>> {
    let mut by_file: BTreeMap<i64, FxHashMap<i64, i64>> = BTreeMap::new();
    for row in waiting {
        by_file.entry(row.file_no).or_default().insert(row.row_no, row.exception_id);
    }
    let mut groups: BTreeMap<(Kind, i64), Group> = BTreeMap::new();
    for (file_no, exceptions) in by_file {
        let file = house.db.read(|tx| files::get(tx, file_no))?;
        // A channel that the pack no longer has can say nothing any more.
        let (Some(kind), Some(channel)) = (Kind::of_layout(&file.kind), house.policy.channel(&file.channel))
        else {
            continue;
        };
        let mut numbers: Vec<i64> = exceptions.keys().copied().collect();
        numbers.sort_unstable();
        let columns = || {
            let layout = wire::layout(channel, kind.layout());
            layout
                .map(|layout| layout.columns.iter().map(|one| one.field.clone()).collect())
                .unwrap_or_default()
        };
        let Some(kept) = evidence::read_some(house, file_no, &numbers, columns)? else { continue };
        let places = Places::of(kind, |field| kept.place(field));
        let read = |(row_no, cells): &(i64, Vec<String>)| {
            let cells = Some(Cells::of(cells)).filter(|_| !cells.is_empty());
            let row = ReplyRow { row_no: *row_no, cells };
            Read { row_no: *row_no, said: told::read(kind, &places, &row, file_no) }
        };
        let rows = kept.rows.iter().map(read).collect();
        groups.insert((kind, file_no), Group { file, rows, exceptions });
    }
    Ok(groups.into_values().collect())
}

impl Group {
    /// Judges what still waits, in one transaction; answers how many rows no longer do.
    fn judge(&mut self, house: &House, scope: &Scope, cause: &str) -> Result<usize> {
        if self.rows.is_empty() {
            return Ok(0);
        }
        let channel = house.policy.channel(&self.file.channel).ok_or(Error::Stored("channel"))?;
        let (file_no, rows, exceptions) = (self.file.file_no, &self.rows, &self.exceptions);
        let settled = house.db.write(|tx| {
            let file = files::get(tx, file_no)?;
            let pass = store::next_number(tx, "payment_late", 1)?;
            let again = Again { exceptions, pass, cause };
            let (counts, settled) = Import::again((house, scope), channel, &file, again, tx, rows)?;
            if !settled.is_empty() {
                files::taken_later(tx, &file, &counts)?;
                let detail = format!("{} rows after {cause}", settled.len());
                common::audit(tx, house, scope, &document(file_no), &detail)?;
            }
            Ok::<_, Error>(settled)
        })?;
        store::fault!(house.db, "late.judged")?;
        let gone: FxHashSet<i64> = settled.iter().copied().collect();
        self.rows.retain(|row| !self.exceptions.get(&row.row_no).is_some_and(|id| gone.contains(id)));
        Ok(gone.len())
    }
}
