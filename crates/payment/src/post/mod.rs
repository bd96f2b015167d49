//! The post office: a letter with a payment code for each family, the list of nominations (*danom*) by village, and receipts that come back
//! later as a file, from the counter or from a pay-out in the community (*komunitas*).
//!
//! In: lines of a channel that pays cash; a file of receipts. Out: letters and lists as plain structs; movements that go through the one
//! import of all channels. Never here: a receipt that counts beside the post office's own list for the same money.

mod code;
mod code128;
mod letters;
pub mod queries;
mod receipts;

pub use code::{CODE_DIGITS, code_of, line_of};
pub use code128::{svg, widths};
pub use letters::{Letter, LetterPage, Village, letters, villages};
pub(crate) use receipts::{Handed, among, confirm, of_line};
pub use receipts::{ReceiptView, Receipts, import_receipts};
