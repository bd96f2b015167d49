//! Plans: money that did not arrive is paid again, and what was paid too little is completed, without touching a line that is finished.
//!
//! In: the lines of a programme and period whose money came back, decision lists with a higher amount, deaths of payees, decisions on
//! who receives instead. Out: a list of follow-up or top-up lines that one person proposes and another approves; then a cycle of its
//! own, which goes the way of all cycles (account check, order, SPM, SP2D, channel). Never here: a finished line that is edited, or
//! followed twice, more over a chain of lines than the family was entitled to, money paid again while the first is still with a
//! channel or the cause that kept it back still stands.
//!
//! The way: [`candidates`] → [`propose`] or [`propose_top_up`] → [`approve`] or [`refuse`]; beside it [`payees_died`] holds the lines of
//! the dead, and [`name_payee`] → [`decide_payee`] says who receives instead. Rules are in `rules.rs`, without I/O. To add a reason why
//! a line is not paid again: a variant of [`Why`], its place in `judge`, its words in `words/*/payment.ftl`.

mod fault;
mod payee;
pub mod queries;
pub(crate) mod rules;
mod service;
mod views;

pub use fault::PlanFault;
pub use payee::{
    Death, Kinsman, PAPERS, PayeeKind, PayeePage, PayeeView, PayeeWish, RELATIONS, deaths_watched,
    decide_payee, name_payee, payee_page, payees_died, payees_waiting, watch_deaths,
};
pub(crate) use payee::{died, of_line};
pub use rules::{PlanKind, Why};
pub(crate) use service::mend;
pub use service::{PlanWish, approve, propose, propose_top_up, refuse};
pub(crate) use views::chain;
pub use views::{
    CandidatePage, CandidateRow, ChainLink, Count, Missing, PlanLineView, PlanPage, PlanView, candidates,
    carried_payments, missing, plan_page, plans,
};
