//! The registry as a whole: lists in, versions and pages out, on a database and a lake of their own.

mod laws;
mod pages;
mod world;
