//! The journal as people read it: the trial balance of any part of the books at any instant, and the way down from each of its sums
//! to entries, to the document that caused them, to its lines, and to the bank's own row.
//!
//! In: a filter (programme, period, region, channel, until when), an account, a document, an entry. Out: sums and what they are sums
//! of; a list always ends in the sum that led to it. Never here: a change of the books; a sum beyond the reader's territory.
//!
//! To add a kind of document: a variant of [`DocumentKind`], its lines in `lines.rs`, its words `web-document-…`.

mod lines;
pub mod queries;
mod views;

pub use ledger::AccountKind;
pub use lines::{BankRow, BankRowView, EntryLine, EntryPage, bank_row, entry_page};
pub(crate) use views::unsound;
pub use views::{
    Balanced, BooksFilter, DocumentKind, DocumentPage, EntryView, MovementSum, Trial, TrialAccount,
    TrialPart, Until, document_page, entries, entry_sums, trial,
};
