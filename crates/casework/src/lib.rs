//! Casework: the people who solve what goes wrong. Workflows come from the policy pack; a case is one run of one of them, about a
//! family, a person or a payment line. In: cases opened by hand or caused by another room, and steps. Out: the next state, a history
//! that cannot be edited, tasks with deadlines in working days, and effects for other rooms. Never here: a workflow's name, a change
//! in another room's tables, a step without its role.
//!
//! [`engine`] decides and does no I/O; [`form`] reads answers; the service writes; `bulk` takes one step in many cases, `sweep` is the
//! clock that goes over all of them at night, `assign` gives cases to people, `ticket` is for citizens without an account; `candidates`
//! opens what a condition found; `follow` lets a case go to where its person is now; `files` keeps photographs and papers; `handover`
//! takes in devices handed to people; `compare` holds two checks of one family against each other, [`way`] puts places in order,
//! `offered` are cases to choose from, `kin` keeps people out of cases of their own families,
//! `own` is what a family may know of its cases; [`public`] is what the public reads and says;
//! [`pillar`] is the register of who carries the work and who accompanies whom, [`catalogue`] that of services; `series` are amounts over
//! time; [`groups`] are the families that meet; [`views`] is what pages show. To add a workflow, write `policy/workflows/*.toml`; to add
//! an effect, name it in `policy::EFFECTS` and carry it over where [`carry_effects`] is called.

mod assign;
mod board;
mod bulk;
mod calendar;
mod candidates;
pub mod catalogue;
mod compare;
mod day;
pub mod engine;
mod error;
mod files;
mod follow;
pub mod form;
pub mod groups;
mod handover;
mod kin;
mod month;
mod offered;
mod own;
mod paper;
pub mod pillar;
pub mod public;
pub mod queries;
mod series;
mod service;
mod shown;
mod sweep;
#[cfg(test)]
mod tests;
mod ticket;
pub mod views;
pub mod way;
mod write;

pub use assign::{Person, assign, people_for};
pub use bulk::{Bulk, NotTaken, take_steps};
pub use calendar::{DAY_MAX, DaySteps, first_steps, listed, steps_by_day, steps_due, steps_of_day};
pub use candidates::{PutForward, Tally, put_forward};
pub use compare::{Agreement, AgreementView, ComparedView, agreement};
pub use day::{MyDay, my_day, places_of};
pub use engine::{Refusal, Stepped};
pub use error::{Error, ShareFault};
pub use files::{
    FileAdded, FileContent, FileFault, FileView, NewFile, add_file, file_content, withdraw_file,
};
pub use follow::{Death, Moved, OpenCase, follow, followed_until, open_cases_of};
pub use form::{Answer, Answers, FieldFault};
pub use handover::{
    HANDOVER_BYTES_MAX, HANDOVER_COLUMNS, HandoverFilter, HandoverRow, HandoversTaken, handover_rows,
    take_handovers,
};
pub use month::{CountsFor, Rolled, rolled};
pub use offered::{OfferedCase, offer};
pub use own::{OwnCase, own_cases};
pub use paper::{DeadlineView, LetterView};
pub use series::{Series, SeriesPoint, family_series};
pub use service::{
    Done, Effect, NewCase, Opened, StepRequest, carry_effects, follow_family, name_family, open_case,
    open_caused, protected_families, take_step,
};
pub use sweep::{Swept, sweep};
pub use ticket::{
    CitizenFile, CitizenStep, Ticket, TicketView, add_ticket_file, is_public, open_for_family,
    open_with_ticket, ticket_file, ticket_page, ticket_step,
};
pub use views::families_with_open_case;

/// The room's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;
