//! Search.
pub mod keys;
