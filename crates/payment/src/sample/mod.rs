//! Verification after payment: did the money that the bank says it topped up reach the family?
//!
//! In: a cycle, a confidence, a margin and a seed; what people answered. Out: a sample by district and channel that the same seed draws
//! again, lists of whom to visit, call or look up, shares with their intervals, cases for money that did not arrive. Never here: a share
//! of a small cell, silence counted as an answer, a sample that cannot be drawn again.
//!
//! The way: [`draw`] → [`answer`] or [`import_answers`] → [`sample_page`]. Arithmetic is in `rules.rs`, without I/O. To add an answer: a
//! variant of [`Answer`], what it must tell in `service.rs`, and its words in `words/*/sample.ftl`.

pub mod queries;
mod rules;
mod service;
mod views;

pub use rules::{Answer, Design, Mode, Share, TROUBLES, size};
pub use service::{
    ANSWER_COLUMNS, Answered, AnswersTaken, Drawn, Told, Wanted, answer, draw, import_answers,
};
pub use views::{
    AnswerView, Group, Results, SampleLinePage, SampleLineView, SamplePage, SampleView, sample_line,
    sample_lines, sample_page, samples,
};
