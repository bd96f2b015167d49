//! Payment: from an approved list to money in a family's hands, each rupiah followed until it is withdrawn or back.
//!
//! In: an approved decision list, the closing it was made on, files of banks and the post office. Out: files for them, lines with
//! three separate states (eligibility, account, payment) and an event for every change, double-entry books, a reconciliation, a
//! work list of what does not fit, and effects for other rooms. Never here: money that moves on a row that does not match id,
//! batch, amount and account; two live payments for one recipient, programme, period and component; a maker who approves; a file that is
//! written before its intent is committed.
//!
//! The way: [`build`] → [`export_account_checks`] → [`import_account_replies`] → [`prepare_order`] → [`approve_order`] →
//! [`export_orders`] → [`import_order_replies`] → [`import_movements`] → [`reconcile`]. Every step can be killed and called
//! again.
//!
//! What did not arrive is paid again by a plan ([`plan`]), whose cycle goes the same way.
//!
//! To add a channel: a file in `policy/channels`. To add a kind of trouble: a variant of [`Trouble`], its words in
//! `words/*/payment.ftl`, and the place in `reply.rs` that finds it.

mod books;
mod build;
pub mod cards;
mod checks;
mod columns;
mod common;
pub mod desk;
mod effect;
mod error;
mod evidence;
mod files;
pub mod funds;
pub mod goods;
mod import;
pub mod journal;
mod late;
mod lines;
mod names;
mod orders;
mod places;
pub mod plan;
pub mod post;
pub mod queries;
mod reconcile;
mod reply;
mod rows;
pub mod sample;
mod shared;
pub mod snap;
mod standing;
mod state;
mod status;
mod story;
mod tally;
#[cfg(test)]
mod tests;
mod texts;
mod told;
mod untouched;
mod views;
mod wire;
mod withheld;

pub use build::{ApprovedList, Built, build};
pub use checks::export_account_checks;
pub use effect::{Effect, PendingEffect, effect_done, effects};
pub use error::Error;
pub use files::{Counts, FileMade, FileView, Later};
pub use import::{Imported, import_account_replies, import_movements, import_order_replies};
pub use lines::{LineDecision, decide_line, reroute_failed};
pub use orders::{
    ApprovalView, OrderView, Sp2d, Wave, approve_order, cancel_order, disburse_order, export_orders,
    prepare_order,
};
pub use reconcile::{Queue, Reconciliation, Unmatched, last_reconciliation, reconcile};
pub use state::{AccountState, Eligibility, PaymentState, Refusal, Trouble};
pub use status::{StatusView, family_statuses};
pub use untouched::{BANDS, Resting, RestingReport, RestingRow, ask_visits, resting};
pub use views::{
    Balance, CyclePage, CycleView, EventView, ExceptionFilter, ExceptionView, FamilyPayment, FunnelStep,
    LedgerRow, LineFilter, LinePage, LineView, ProblemCount, RegionFigures, close_exception, cycle_page,
    cycles, exceptions, family_payments, file_view, files, ledger_balances, line_page, lines as line_list,
    order_view, orders_waiting,
};

pub use withheld::{Withheld, return_withheld};

/// The room's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;
