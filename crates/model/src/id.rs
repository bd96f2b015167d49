//! Ids: 64-bit, made by the application, never a NIK. Newtypes, so that a family's id cannot be handed over as a person's.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id! {
    /// A person of the registry. Equals the record id of the record that first made it, so a replay gives the same ids.
    PersonId
}
id! {
    /// A family (one KK card) of the registry.
    FamilyId
}
id! {
    /// A payment line.
    LineId
}
id! {
    /// A case of the workflow engine.
    CaseId
}
id! {
    /// A person who works with the system (not a citizen of the registry).
    UserId
}
id! {
    /// One row of one received list: file number in the upper 31 bits, row number (from 0) in the lower 32.
    RecordId
}

impl RecordId {
    /// The id of row `row` (from 0, in the order of the file, rejected rows counted) of file `file` (from 1).
    pub fn new(file: u32, row: u32) -> Self {
        Self((i64::from(file) << 32) | i64::from(row))
    }

    /// Number of the received file, from 1.
    pub fn file(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Number of the row within its file, from 0.
    pub fn row(self) -> u32 {
        (self.0 & 0xffff_ffff) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_id_gives_back_file_and_row() {
        for (file, row) in [(1, 0), (7, u32::MAX), (i32::MAX as u32, 5)] {
            let id = RecordId::new(file, row);
            assert_eq!((id.file(), id.row()), (file, row));
            assert!(id.0 > 0);
        }
    }
}
