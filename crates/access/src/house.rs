//! The house as its services need it: database, lake, policy and clock.

use std::sync::Arc;

use lake::Lake;
use model::Clock;
use policy::Policy;
use store::Db;

/// Everything that a service works with. Cheap to clone.
#[derive(Clone)]
pub struct House {
    /// What lives.
    pub db: Db,
    /// What is big and never changes.
    pub lake: Lake,
    /// What a minister may change.
    pub policy: Arc<Policy>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}
