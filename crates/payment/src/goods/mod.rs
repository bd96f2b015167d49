//! Goods (rice, parcels) from the supplier's delivery to the family's hands: nothing vanishes on the way.
//!
//! In: deliveries with their check, moves between warehouses, approved decision lists of programmes that give goods, hand-overs told on
//! pages or in files. Out: lots, stock cards (append only, never below zero), transfers with two sides, distribution lists by village,
//! cases for families that got less than their due. Never here: a quantity that is no whole number of base units, a row of a stock card
//! that is changed, a family that receives twice for one programme, period and item, goods that arrive without having been sent.
//!
//! The law, for every lot: received = in warehouses + on the way + handed over + damaged + lost + expired + returned to the supplier.
//!
//! The way: [`receive`] → [`send`] → [`arrive`] → [`build_list`] → [`hand_over`] or [`import_handovers`]. Rules are in `rules.rs`,
//! without I/O. To add a kind of move: a variant of [`MoveKind`], its place in [`LotFigures`], its words in `words/*/goods.ftl`.

mod handover;
mod lists;
pub mod queries;
pub(crate) mod rules;
mod stock;
mod views;

pub use handover::{GoodsImported, HAND_COLUMNS, HandOver, Handed, hand_over, import_handovers};
pub use lists::{ListBuilt, build_list};
pub use rules::{
    Criterion, DEPUTIES, DueState, GoodsFault, HAND_FIELDS, HandDetails, HandStep, Item, MoveKind, heard,
    items, said,
};
pub use stock::{
    Arrival, Delivery, Departure, Finding, Moved, Outcome, WarehouseMade, arrive, correct, make_warehouse,
    receive, send, write_off,
};
pub use views::{
    CardPage, DuePage, DueView, HandView, ListPage, ListRow, ListView, Loss, LotFigures, LotPage, LotView,
    MoveView, Overview, Resting, Serving, TransferView, WarehouseView, due_page, dues, families_due,
    list_page, list_unit, lists, lot_page, lot_unit, overview, stock_card, targets, transfer_page,
    transfer_unit, warehouses,
};
