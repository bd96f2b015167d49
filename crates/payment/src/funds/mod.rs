//! Grant funds: money from prize draws, public collections and companies, from deposit to reported use, in the same books as all other
//! money.
//!
//! In: a fund (a licence of a source of `policy/funds.toml`) and what happens to it, each with its paper: deposit → allotment to a
//! purpose → grant to a body or group → report of use, or unused money back. Out: balances and movements of each fund. Allotments
//! and grants are agreed to by a second person. Never here: an account below zero but the donor's; a move that is changed (a wrong
//! one is taken back by another, whole and once); a paper that counts twice.
//!
//! To add a source or a purpose: a table in `policy/funds.toml`. To add a kind of move: a variant of [`FundKind`], its movement in
//! `ledger`, its words `fund-kind-…`.

pub mod queries;
mod rules;
mod service;
mod views;

pub use rules::{FundFault, FundKind};
pub use service::{FundMoved, NewFund, NewFundMove, decide_move, open_fund, record_move, take_back};
pub use views::{Fund, FundMoveView, FundPage, FundSums, FundView, fund_page, funds, moves};
pub(crate) use views::{FundEntry, document_move};
