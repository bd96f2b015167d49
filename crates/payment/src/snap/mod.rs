//! Banks that are called by SNAP BI, Bank Indonesia's open API standard for payments, instead of by files that people carry.
//!
//! In: a cycle's lines (asked about like any channel's) or its approved orders, a [`Bank`] that can be called, keys. Out: what the bank
//! told, as a sealed file of our own that goes through the one import that all channels share; so money moves in one place, and what
//! was told is kept. Never here: a transfer that is sent while an earlier one may have reached the bank; a call whose intent is not
//! committed; a key in the database, in the policy pack or on a page.
//!
//! `sign` signs, `talk` has requests and replies as values, `decide` what follows from a reply, `session` does it in waves: commit, call,
//! record, hand over. A session that is killed anywhere goes on with the next one.
//!
//! To add a service: a variant of `talk::Service`, its request and what its reply must fit.

mod decide;
pub mod queries;
mod session;
mod sign;
mod statement;
mod talk;
mod views;

pub(crate) use session::write_cells;
pub use session::{Actors, Session, Task, run};
pub use sign::Keys;
pub use statement::{Statement, statement};
pub use talk::{CallError, Request, Response, STATEMENT_BYTES_MAX};
pub(crate) use views::of_line;
pub use views::{ApiPage, CallCount, CallView, Delivery, Unclear, api_page};

#[cfg(test)]
pub(crate) use sign::tests as test_keys;

/// A bank as seen from here.
pub trait Bank: Sync {
    /// Sends a request and waits for the reply, at most as long as the request says.
    ///
    /// # Errors
    /// [`CallError::NotSent`] only when certainly nothing reached the bank.
    fn call(&self, request: &Request) -> Result<Response, CallError>;

    /// Lets time go by.
    fn pause(&self, ms: u64);
}
