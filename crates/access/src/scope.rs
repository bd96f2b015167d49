//! A scope: the proof that somebody may do one action, and on which people.

use model::{RegionCode, UserId};

/// What a query on people takes. Only this crate can make one, from a session that has the right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub(crate) actor: UserId,
    pub(crate) actor_name: String,
    pub(crate) role: String,
    pub(crate) action: String,
    pub(crate) region: RegionCode,
    pub(crate) range: (String, String),
    pub(crate) caseload: i64,
}

impl Scope {
    /// Half-open range of region paths: `region >= from AND region < to`.
    pub fn path_range(&self) -> (&str, &str) {
        (&self.range.0, &self.range.1)
    }

    /// 0 for the whole territory; otherwise only families assigned to this user are in scope.
    pub fn caseload(&self) -> i64 {
        self.caseload
    }

    /// Who asks.
    pub fn actor(&self) -> UserId {
        self.actor
    }

    /// Who asks, by name.
    pub fn actor_name(&self) -> &str {
        &self.actor_name
    }

    /// The role in which is asked.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The action that was asked for.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The territory.
    pub fn region(&self) -> &RegionCode {
        &self.region
    }

    /// Whether a region lies in the territory.
    pub fn covers(&self, region: &RegionCode) -> bool {
        self.region.contains(region)
    }

    /// The same right on a part of the territory; nothing when the part lies outside.
    pub fn within(&self, region: &RegionCode) -> Option<Self> {
        self.covers(region).then(|| Self {
            region: region.clone(),
            range: region.path_range(),
            ..self.clone()
        })
    }
}
