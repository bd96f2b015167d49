//! Sex as the lists write it.

use serde::{Deserialize, Serialize};

/// Sex as registered. Codes follow Regsosek question 405: 1 male, 2 female.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// *Laki-laki*, 1.
    Male,
    /// *Perempuan*, 2.
    Female,
}

impl Sex {
    /// Code in columns: 1 male, 2 female.
    pub fn code(self) -> i64 {
        match self {
            Self::Male => 1,
            Self::Female => 2,
        }
    }

    /// From the code in columns.
    pub fn from_code(code: i64) -> Option<Self> {
        match code {
            1 => Some(Self::Male),
            2 => Some(Self::Female),
            _ => None,
        }
    }
}
