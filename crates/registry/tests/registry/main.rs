//! The registry as a whole: lists in, versions and pages out, on a database and a lake of their own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]

mod find_figures;
mod laws;
mod pages;
mod world;
