//! Figures: what waits for whom, how far a programme has come, where it stalls.
//!
//! In: a scope. Out: numbers that can be traced: each stands on a [`Basis`] that says for which region, as
//! of when and from which dataset it was counted, so that the same number can be counted again. Never: a
//! figure without its basis, a decision, a write, another room's functions. This room reads the tables of
//! the others with its own SQL (`queries`) and the families of a closing from the lake (`families`);
//! arithmetic on shares and tiles is pure (`rates`, `tiles`).
//!
//! To add a figure: its SQL in `queries`, its key in the words (`policy/words/*/report.ftl`:
//! `report-figure-<key>`), one line where the view is put together. To add something that waits: a variant
//! of [`TaskKind`] and a line in `home`.

mod budget;
mod error;
mod export;
mod families;
mod figure;
mod handovers;
mod home;
mod programmes;
pub mod queries;
mod rates;
mod regions;
mod sheet;
mod status;
mod tiles;
mod work;

pub use budget::{BudgetView, Decided, LineAt, OwnMoney, ReachAt, budget, lines_at, published_budget};
pub use error::Error;
pub use export::{programmes_csv, push_cell, regions_csv, table_csv};
pub use figure::{Basis, Figure, Unit};
pub use handovers::{HandoverCount, HandoversView, handover_years, handovers};
pub use home::{Age, HomeView, Task, TaskKind, home};
pub use programmes::{Cycle, ProgrammeView, programmes};
pub use rates::{Money, permille};
pub use regions::{RegionsView, Series, Tile, regions};
pub use sheet::{SHEET_ROWS_MAX, SheetCell, SheetMark, marked_workbook, workbook};
pub use status::{Count, ListState, StatusView, status};
pub use tiles::place;
pub use work::{Work, WorkKind, work};

/// The room's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;
