//! A number and what it stands on.

use access::{House, Scope};
use model::RegionCode;
use serde::Serialize;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Families.
    Families,
    /// People.
    People,
    /// Rows of lists.
    Records,
    /// Payment lines.
    Lines,
    /// Whole rupiah.
    Rupiah,
    /// Thousandths.
    Permille,
}

/// For whom, as of when, from what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Basis {
    /// The territory counted.
    pub region: RegionCode,
    /// Only the families assigned to the one who asks.
    pub caseload: bool,
    /// The day or instant (UTC) for which the figure holds.
    pub as_of: String,
    /// Name of the dataset or table.
    pub source: String,
    /// Content hash of the dataset behind it; empty for tables that live.
    pub hash: String,
}

/// One traceable number. An unknown number is `None`, not 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// Key of its words: `report-figure-<key>`.
    pub key: &'static str,
    /// The number.
    pub value: Option<i64>,
    /// Of what.
    pub unit: Unit,
    /// On what it stands.
    pub basis: Basis,
}

impl Basis {
    /// A basis in the database as it is now.
    pub(crate) fn living(house: &House, scope: &Scope, source: impl Into<String>, hash: &str) -> Self {
        Self {
            region: scope.region().clone(),
            caseload: scope.caseload() != 0,
            as_of: instant(house.clock.now_ms()),
            source: source.into(),
            hash: hash.to_owned(),
        }
    }

    pub(crate) fn figure(&self, key: &'static str, unit: Unit, value: impl Into<Option<i64>>) -> Figure {
        Figure { key, value: value.into(), unit, basis: self.clone() }
    }
}

/// An instant as text, to the second.
pub(crate) fn instant(ms: i64) -> String {
    let second = jiff::Timestamp::from_second(ms.div_euclid(1000)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    second.to_string()
}
