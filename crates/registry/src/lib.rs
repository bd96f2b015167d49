//! The registry: from received lists to one person with one id, one family, and a reason for every field.
//!
//! Comes in: lists of people (`intake`), decisions of humans, the policy pack. Goes out: versions of the
//! registry in the lake, a serving copy in the database, the review queue, closings. Must never happen: an id
//! that is lost, a field without a source, an edit that does not come from a record.
//!
//! The way of a row: `intake` checks it into `records/<file>`; [`lineage`] sees whether it was only sent
//! again; linkage says which rows are one person; [`identity`] gives that person the id it had; [`golden`]
//! chooses every field; [`mod@families`] puts persons on their cards; [`events`] says what changed;
//! [`mod@consolidate`] does all this and writes a version; [`publish`] brings it to the pages.

pub mod assemble;
mod cells;
pub mod closing;
pub mod consolidate;
pub mod deciles;
mod error;
pub mod events;
pub mod families;
pub mod field;
pub mod golden;
pub mod identity;
pub mod judgement;
pub mod lineage;
pub mod load;
pub mod people;
pub mod publish;
pub mod queries;
mod records;
pub mod review;
pub mod rows;
pub mod search;
mod show;
mod tools;
pub mod urgent;
pub mod version;
pub mod views;
mod write;

pub use closing::{Closing, close, closings};
pub use consolidate::{Consolidation, Figures, consolidate};
pub use error::{Error, Result};
pub use field::{FieldReport, field_report};
pub use publish::{Published, publish_ranks};
pub use records::{ListName, RawRow};
pub use review::{PairId, Verdict, decide_review, review_count, review_pair, review_queue, undo_review};
pub use search::search;
pub use show::Shown;
pub use urgent::{Reported, report_death};
pub use views::{by_region, families, family, figures, person, resolve_family, resolve_person, status};

// lake/intake builder: your modules below this line
pub mod intake;
pub mod lists;
pub mod rank;
pub mod regions;
