//! Cases, the people who carry them, and what the public sees of them, as a whole.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]

mod balance;
mod calendar;
mod candidates;
mod catalogue;
mod drawn;
mod engine;
mod files;
mod flows;
mod follow;
mod groups;
mod handover;
mod pillar;
mod pillar_cover;
mod pillar_sheet;
mod public;
mod series;
mod service;
mod support;
mod visits;
