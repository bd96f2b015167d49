//! Planted faults: a test arms one named point, and the step that passes it fails there, once or from then on.
//!
//! Every transaction is a point twice: before it is committed (all of it is lost) and after (it is kept, but nobody hears of it);
//! it is named by the file and line that began it. Rooms name further points with [`fault!`](crate::fault!), above all around what
//! they do outside the database. Points are counted, so that a test can fail each one that a run passes. Without the feature
//! `faults`, which only tests switch on, none of this is compiled in.

use std::{
    collections::BTreeMap,
    panic::Location,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{Error, Result};

/// Which points were passed, and the one that fails.
#[derive(Debug, Default)]
pub struct Faults(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    passed: BTreeMap<String, u64>,
    armed: Option<Armed>,
    fired: u64,
}

#[derive(Debug)]
struct Armed {
    point: String,
    at: u64,
    for_ever: bool,
}

impl Faults {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `point` fail when it is passed for the `at`th time from now on (from 1), and `for_ever` after that.
    pub fn arm(&self, point: &str, at: u64, for_ever: bool) {
        let mut state = self.state();
        state.passed.clear();
        state.armed = Some(Armed { point: point.to_owned(), at, for_ever });
        state.fired = 0;
    }

    /// Nothing fails from now on.
    pub fn disarm(&self) {
        self.state().armed = None;
    }

    /// How often each point was passed.
    pub fn passed(&self) -> BTreeMap<String, u64> {
        self.state().passed.clone()
    }

    /// How often the armed point failed.
    pub fn fired(&self) -> u64 {
        self.state().fired
    }

    pub(crate) fn pass(&self, point: &str) -> Result<()> {
        let mut state = self.state();
        let passed = state.passed.entry(point.to_owned()).or_default();
        *passed += 1;
        let passed = *passed;
        let fails = state.armed.as_ref().is_some_and(|armed| {
            armed.point == point && (passed == armed.at || (armed.for_ever && passed > armed.at))
        });
        if !fails {
            return Ok(());
        }
        state.fired += 1;
        Err(Error::Commit(format!("planted fault at {point}")))
    }

    pub(crate) fn pass_write(&self, begun: &Location<'_>, when: &str) -> Result<()> {
        let file = begun.file().rsplit('/').next().unwrap_or_default();
        self.pass(&format!("{file}:{} {when} commit", begun.line()))
    }
}
