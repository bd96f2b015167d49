//! How long work tells its listener where it stands, without knowing who listens.

/// A listener to long work. Called from any thread, a few times a second at most.
pub trait Progress: Sync {
    /// `done` of `total` units (rows, families, lines) of the named `stage`; `total` is 0 while unknown.
    fn report(&self, stage: &str, done: u64, total: u64);
}

/// Nobody listens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn report(&self, _stage: &str, _done: u64, _total: u64) {}
}
