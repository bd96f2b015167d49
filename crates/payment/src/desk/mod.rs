//! The treasurer's desk: what is in trouble, by kind and age, and one act on many of its rows; papers that are printed and signed; lists
//! of people that leave the house with the names of two persons on them.
//!
//! In: lines in trouble, open rows of replies, orders, reconciliations. Out: counts that add up, acts whose every row is done or refused
//! with its reason, papers with the hash by which anybody can find what they belong to, files with their mark. Never here: a row that
//! an act does by another law than the single decision has; a file of people that one person alone let go.
//!
//! To add a decision about one line: a variant of [`LineAct`], when it fits, its words `desk-line-*`. To add an action on many rows: a
//! variant of [`BulkAction`], its right, its words `desk-action-*`, its place in `bulk.rs`. To add a kind of list that leaves: a variant of
//! [`ReleaseKind`] and the rows that the page reads for it.

mod bulk;
mod fault;
mod papers;
mod problems;
pub mod queries;
mod release;
mod single;

pub use bulk::{
    BULK_ROWS_MAX, BulkAction, BulkPage, BulkRow, BulkView, BulkWish, Chosen, begin_bulk, bulk_page, bulks,
    go_on_bulk,
};
pub use fault::DeskFault;
pub use papers::{Annex, AnnexLine, AnnexVillage, Found, Minutes, annex, annex_lines, found, minutes};
pub use problems::{Facet, ProblemFilter, ProblemRow, Problems, Source, problem_counts, problems};
pub use release::{
    FetchView, ReleaseAsked, ReleaseKind, ReleaseView, Ticket, ask_release, decide_release, fetches,
    open_release, record_fetch, release, releases,
};
pub use single::{Doubt, LineAct, LineWish, Twin, act_on_line, doubts};
pub(crate) use single::{acts, rev_of};
