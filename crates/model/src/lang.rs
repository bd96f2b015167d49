//! The two languages of the house: Indonesian first, English beside it.

use serde::{Deserialize, Serialize};

/// A language of pages, labels and messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    /// Indonesian, the default.
    #[default]
    Id,
    /// English.
    En,
}

impl Lang {
    /// Both, Indonesian first.
    pub const ALL: [Self; 2] = [Self::Id, Self::En];

    /// `id` or `en`: names of folders, attributes of pages.
    pub fn code(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::En => "en",
        }
    }

    /// From `id` or `en`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.code() == code)
    }
}
