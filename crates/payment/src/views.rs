//! What pages and machines read: cycles with their funnel, lines by state and problem, one line with its whole story, exceptions,
//! balances. Plain structs; every query on people takes a scope. Words are codes here; the page says them in the reader's
//! language.

mod cycle;
mod exception;
mod line;
mod money;

pub(crate) use cycle::cycle_view;
pub use cycle::{CyclePage, CycleView, FunnelStep, ProblemCount, RegionFigures, cycle_page, cycles};
pub(crate) use exception::close_in;
pub use exception::{ExceptionFilter, ExceptionView, close_exception, exceptions};
pub(crate) use line::line_view;
pub use line::{
    EventView, FamilyPayment, LedgerRow, LineFilter, LinePage, LineView, family_payments, line_page, lines,
};
pub use money::{Balance, file_view, files, ledger_balances, order_view, orders_waiting};
