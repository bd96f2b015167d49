//! The pillars: people and bodies who carry the work. In: their register as a file, and who is to accompany which families as a proposal.
//! Out: pages of workers, what their year asked and what came of it, what a territory lacks, and assignments. Never here: a personal
//! number that stays, a count of work without what became of it, a worker who accompanies the own kin, a proposal that its maker approves.
//!
//! `fields` reads a row, `intake` takes the file, `sheet` what a person writes of one; `balance` shares families out and does no I/O;
//! `sharing` keeps what it said until somebody else decides; `views` is what pages show. A kind of pillar is data:
//! `policy/pillars.toml`.

pub mod balance;
mod fields;
mod intake;
pub(crate) mod queries;
mod sharing;
mod sheet;
mod views;

pub use fields::{AVAILABILITY, PAPER_PARTS, PAPERS_MAX, PillarFault, PillarRule};
pub use intake::{PILLAR_BYTES_MAX, PILLAR_COLUMNS, PillarsTaken, take_pillars};
pub use sharing::{
    Accompanied, ProposalRow, ProposalState, ProposalView, adjust, choosable, decide_proposal, proposal_rows,
    proposals, propose, sharing,
};
pub use sheet::{PillarSheet, SheetPut, pillar_sheet, put_pillar};
pub use views::{
    Achieved, ChangeView, Coverage, CoverageRow, KindCount, Lasting, PaperView, PillarFilter, PillarRow,
    PillarView, coverage, kind_counts, pillar_page, pillars, year_of,
};
