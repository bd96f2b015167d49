//! Cards (*kartu keluarga sejahtera*) as things that somebody holds: from the bank over the district office to the family, hand by hand.
//!
//! In: the bank's answers to collective openings (*burekol*), what people record on a card's page, lists of moves. Out: each card with
//! its state, its holder and every move that led there; the report of cards that were printed and never handed over, with the money that
//! stands on them; cases for cards in trouble. Never here: a PIN or a whole card number (a field with a run of six digits is refused), a
//! card that changes hands without a row that says who gave it to whom, a move that the state does not allow.
//!
//! The way: [`export_openings`] → [`import_openings`] → [`move_card`] or [`import_card_moves`]. Rules are in `custody.rs`, without I/O.
//! To add a move: a variant of [`CardMove`], its row in `after`, what it needs, and its words in `words/*/payment.ftl`.

mod custody;
mod moves;
mod opening;
pub mod queries;
mod views;

pub use custody::{
    CardDetails, CardFault, CardField, CardMove, CardState, Holder, KEEPERS, PROOFS, RELATIONS, Stage,
    has_number as may_be_number,
};
pub use moves::{CardMoved, CardStep, import_card_moves, move_card};
pub use opening::{export_openings, import_openings};
pub use views::{
    CardCell, CardEventView, CardFilter, CardPage, CardReport, CardView, card_page, card_report, cards,
    family_cards,
};
