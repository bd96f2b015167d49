//! Why a decision is what it is. Codes are data (they come from the policy pack); their kinds are fixed.

use serde::{Deserialize, Serialize};

/// The outcome of one condition: three values, never two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The condition holds.
    True,
    /// It does not hold.
    False,
    /// A value it needs is not known. Never counts as true.
    Unknown,
}

impl Outcome {
    /// From a nullable boolean.
    pub fn from_option(value: Option<bool>) -> Self {
        match value {
            Some(true) => Self::True,
            Some(false) => Self::False,
            None => Self::Unknown,
        }
    }
}

/// What part of a rule a reason speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKind {
    /// A condition that must hold.
    Eligibility,
    /// A condition that must not hold.
    Exclusion,
    /// A benefit component that counted or did not.
    Component,
    /// A limit on components or amount.
    Cap,
    /// The place in the quota.
    Quota,
    /// Another programme that may not go together with this one.
    Combination,
}

/// One line of an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable code from the policy pack, such as `DESIL` or `ASN`.
    pub code: String,
    /// Which part of the rule.
    pub kind: ReasonKind,
    /// How it came out.
    pub outcome: Outcome,
}
