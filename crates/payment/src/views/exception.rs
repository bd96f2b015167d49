//! Exceptions: rows of replies that were not taken, and how a person closes one.

use access::{House, Scope};
use serde::Serialize;
use store::{Page, Paged, Row, Tx, Value, params};

use crate::{Error, Result, common, lines, queries, state::Trouble};

/// Which exceptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionFilter {
    /// `open`, `noted` or `closed`.
    pub state: String,
    /// Only this kind.
    pub kind: Option<Trouble>,
}

impl Default for ExceptionFilter {
    fn default() -> Self {
        Self { state: "open".to_owned(), kind: None }
    }
}

/// A row of a reply that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExceptionView {
    /// Its number.
    pub exception_id: i64,
    /// The file.
    pub file_no: i64,
    /// The row in it, from 1, the header not counted.
    pub row_no: i64,
    /// The cycle, when the line is known.
    pub cycle_id: Option<i64>,
    /// The line, when known.
    pub line_id: Option<i64>,
    /// The family, when known.
    pub family_id: Option<i64>,
    /// Code of a [`Trouble`].
    pub kind: String,
    /// What the channel said.
    pub amount_idr: Option<i64>,
    /// What we expected.
    pub expected: String,
    /// What the row has.
    pub found: String,
    /// `open`, `noted` or `closed`.
    pub state: String,
    /// How it was closed.
    pub note: Option<String>,
    /// Who closed it.
    pub closed_by: Option<String>,
    /// What moved its line, where the row was taken after all: a document such as `file:7`.
    pub settled_by: Option<String>,
    /// When it came, milliseconds since the epoch.
    pub at_ms: i64,
}

pub(super) fn read(row: &Row) -> Result<ExceptionView> {
    Ok(ExceptionView {
        exception_id: row.int(0)?,
        file_no: row.int(1)?,
        row_no: row.int(2)?,
        cycle_id: row.opt_int(3)?,
        line_id: row.opt_int(4)?,
        family_id: row.opt_int(5)?,
        kind: row.string(7)?,
        amount_idr: row.opt_int(8)?,
        expected: row.string(9)?,
        found: row.string(10)?,
        state: row.string(11)?,
        note: row.opt_string(12)?,
        closed_by: row.opt_string(13)?,
        at_ms: row.int(14)?,
        settled_by: row.opt_string(15)?,
    })
}

/// Rows of replies that were not taken, oldest first.
///
/// # Errors
/// Store errors.
pub fn exceptions(
    house: &House,
    scope: &Scope,
    filter: &ExceptionFilter,
    page: &Page,
) -> Result<Paged<ExceptionView>> {
    common::need(scope, "payment.read")?;
    let (from, to) = scope.path_range();
    let mut values = vec![
        from.into(),
        to.into(),
        scope.caseload().into(),
        (&filter.state).into(),
        page.after_int(0)?.into(),
        page.fetch().into(),
    ];
    let statement = if filter.kind.is_some() { &queries::EXCEPTIONS_OF_KIND } else { &queries::EXCEPTIONS };
    values.extend(filter.kind.map(|kind| Value::from(kind.code())));
    let rows = house.db.read(|tx| tx.query(statement, &values))?;
    let rows: Result<Vec<ExceptionView>> = rows.iter().map(read).collect();
    Ok(page.page(rows?, |row| vec![row.exception_id.into()]))
}

/// Closes an exception with a note of how it was solved. The line's trouble ends when it was of this kind.
///
/// # Errors
/// [`Error::NotFound`] when it is not open or outside the scope.
pub fn close_exception(house: &House, scope: &Scope, exception_id: i64, note: &str) -> Result<()> {
    common::need(scope, "payment.reconcile")?;
    let _lock = common::lock(house)?;
    house.db.write(|tx| {
        close_in(tx, house, scope, exception_id, note)?;
        common::audit(tx, house, scope, &format!("exception:{exception_id}"), "closed")
    })
}

/// Closes one within the caller's transaction, which holds the lock and audits.
pub(crate) fn close_in(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    exception_id: i64,
    note: &str,
) -> Result<()> {
    let note: String = note.chars().take(400).collect();
    let (from, to) = scope.path_range();
    let now = house.clock.now_ms();
    let values = params![exception_id, note, scope.actor_name(), now, from, to];
    if tx.execute(&queries::EXCEPTION_CLOSE, values)? == 0 {
        return Err(Error::NotFound("open exception"));
    }
    let row = tx.query_one(&queries::EXCEPTION_LINE, params![exception_id, from, to])?;
    if let Some(line_id) = row.opt_int(0)? {
        lines::end_trouble(tx, line_id, row.text(1)?, now)?;
    }
    Ok(())
}
