//! Boards: the open cases of a workflow by state, of a nation, a place or a caseload, for who oversees them.

use access::{House, Scope};
use policy::StateKind;
use store::{Page, Paged, Tx, Value, params};

use crate::{
    Error, Result, queries, service,
    views::{BoardColumn, COUNTED, CaseRow, Reach, case_row},
};

/// The open cases of a workflow by state: how many, and the first of each.
///
/// # Errors
/// [`Error::Workflow`] for one that the role may not know of; the store's.
pub fn board(house: &House, scope: &Scope, workflow: &str, each: u32) -> Result<Vec<BoardColumn>> {
    let found = service::find(house, workflow)?;
    if !found.knows(scope.role()) {
        return Err(Error::Workflow(workflow.to_owned()));
    }
    let mut columns: Vec<BoardColumn> = found
        .states
        .iter()
        .filter(|state| state.kind != StateKind::End)
        .map(|state| BoardColumn {
            state: state.key.clone(),
            label: state.label.clone(),
            open: 0,
            late: 0,
            first: Vec::new(),
        })
        .collect();
    house.db.read(|tx| match Reach::of(scope) {
        Reach::Wide => {
            columns.iter_mut().try_for_each(|column| fill_wide(tx, house, scope, workflow, each, column))
        }
        Reach::Near | Reach::Own => fill_near(tx, house, scope, workflow, each, &mut columns),
    })?;
    Ok(columns)
}

/// One state of the nation: counting stops at the bound, and the first rows come in the order of days.
fn fill_wide(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    workflow: &str,
    each: u32,
    column: &mut BoardColumn,
) -> Result<()> {
    let ((from, to), role) = (scope.path_range(), scope.role());
    let today = house.clock.today().to_string();
    let asked = params![workflow, &column.state, today, from, to, COUNTED + 1, role];
    let counts = tx.query_one(&queries::BOARD_COUNT_WIDE, asked)?;
    (column.open, column.late) = (counts.int(0)?, counts.int(1)?);
    let asked = params![workflow, &column.state, "", 0, from, to, role, i64::from(each)];
    let rows = tx.query(&queries::BOARD_ROWS_WIDE, asked)?;
    column.first = rows.iter().map(|row| case_row(house, row)).collect::<Result<_>>()?;
    Ok(())
}

/// All states of a place or of a caseload at once.
fn fill_near(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    workflow: &str,
    each: u32,
    columns: &mut [BoardColumn],
) -> Result<()> {
    let ((from, to), role, own) = (scope.path_range(), scope.role(), Reach::of(scope) == Reach::Own);
    let today = house.clock.today().to_string();
    let mut counts = params![workflow, today, from, to, role].to_vec();
    let mut first = params![workflow, from, to, role, i64::from(each)].to_vec();
    let (count, rows) = if own {
        counts.push(scope.caseload().into());
        first.push(scope.caseload().into());
        (&queries::BOARD_COUNT_OWN, &queries::BOARD_FIRST_OWN)
    } else {
        (&queries::BOARD_COUNT_NEAR, &queries::BOARD_FIRST_NEAR)
    };
    for row in tx.query(count, &counts)? {
        let (open, late) = (row.int(1)?.min(COUNTED + 1), row.int(2)?.min(COUNTED + 1));
        if let Some(column) =
            columns.iter_mut().find(|column| column.state == row.text(0).unwrap_or_default())
        {
            (column.open, column.late) = (open, late);
        }
    }
    for row in tx.query(rows, &first)? {
        let row = case_row(house, &row)?;
        if let Some(column) = columns.iter_mut().find(|column| column.state == row.state) {
            column.first.push(row);
        }
    }
    Ok(())
}

/// The open cases of one state, longest due first.
///
/// # Errors
/// As [`board`].
pub fn board_state(
    house: &House,
    scope: &Scope,
    workflow: &str,
    state: &str,
    page: &Page,
) -> Result<Paged<CaseRow>> {
    let found = service::find(house, workflow)?;
    if !found.knows(scope.role()) || found.state(state).is_none() {
        return Err(Error::Workflow(workflow.to_owned()));
    }
    let (from, to) = scope.path_range();
    let keys = page.keys(2)?.unwrap_or_else(|| vec!["".into(), Value::Int(0)]);
    let [day, case] = keys.as_slice() else { return Err(store::Error::Cursor.into()) };
    let (day, case) = (day.clone(), case.clone());
    let mut asked = params![workflow, state, day, case, from, to, scope.role(), page.fetch()].to_vec();
    let statement = match Reach::of(scope) {
        Reach::Wide => &queries::BOARD_ROWS_WIDE,
        Reach::Near => &queries::BOARD_ROWS_NEAR,
        Reach::Own => {
            asked.push(scope.caseload().into());
            &queries::BOARD_ROWS_OWN
        }
    };
    let rows = house.db.read(|tx| tx.query(statement, &asked))?;
    let rows = rows.iter().map(|row| case_row(house, row)).collect::<Result<Vec<_>>>()?;
    Ok(page.page(rows, |row| vec![row.step_due_on.to_string().into(), Value::Int(row.case.0)]))
}
