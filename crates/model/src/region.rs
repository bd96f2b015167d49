//! Region codes in the form of the Ministry of Home Affairs: `PP.RR.DD.VVVV`, a path whose prefixes are the parents.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How deep in the territory a region lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionLevel {
    /// The whole country: the empty path.
    Nation,
    /// *Provinsi*, `11`.
    Province,
    /// *Kabupaten* or *kota*, `11.01`.
    District,
    /// *Kecamatan*, `11.01.05`.
    Subdistrict,
    /// *Desa* or *kelurahan*, `11.01.05.2003`.
    Village,
}

impl RegionLevel {
    /// The level right below; a village has none below and stands for itself.
    pub fn below(self) -> Self {
        match self {
            Self::Nation => Self::Province,
            Self::Province => Self::District,
            Self::District => Self::Subdistrict,
            Self::Subdistrict | Self::Village => Self::Village,
        }
    }

    /// Characters of the path of a region of this level.
    pub fn width(self) -> usize {
        match self {
            Self::Nation => 0,
            Self::Province => 2,
            Self::District => 5,
            Self::Subdistrict => 8,
            Self::Village => 13,
        }
    }
}

/// A text is no region code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no region code: write 11, 11.01, 11.01.05 or 11.01.05.2003")]
pub struct RegionError(String);

/// A region as a materialised path. The empty path is the nation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegionCode(String);

impl RegionCode {
    /// The whole country.
    pub fn nation() -> Self {
        Self(String::new())
    }

    /// Reads a dotted code, or 2, 4, 6 or 10 plain digits.
    ///
    /// # Errors
    /// [`RegionError`] when the text has no such form.
    pub fn parse(text: &str) -> Result<Self, RegionError> {
        let text = text.trim();
        let wrong = || RegionError(text.chars().take(24).collect());
        let digits: String = text.chars().filter(|c| *c != '.').collect();
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let cuts: &[usize] = match digits.len() {
            0 if text.is_empty() => &[],
            2 => &[2],
            4 => &[2, 4],
            6 => &[2, 4, 6],
            10 => &[2, 4, 6, 10],
            _ => return Err(wrong()),
        };
        let mut path = String::with_capacity(13);
        let mut from = 0;
        for &to in cuts {
            if from > 0 {
                path.push('.');
            }
            path.push_str(&digits[from..to]);
            from = to;
        }
        if text.contains('.') && text != path {
            return Err(wrong());
        }
        Ok(Self(path))
    }

    /// The dotted path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How deep it lies.
    pub fn level(&self) -> RegionLevel {
        match self.0.len() {
            0 => RegionLevel::Nation,
            2 => RegionLevel::Province,
            5 => RegionLevel::District,
            8 => RegionLevel::Subdistrict,
            _ => RegionLevel::Village,
        }
    }

    /// The part of the path down to `level`, or all of it if it ends before.
    pub fn at(&self, level: RegionLevel) -> Self {
        Self(self.0[..level.width().min(self.0.len())].to_owned())
    }

    /// The region one level up; the nation has none.
    pub fn parent(&self) -> Option<Self> {
        match self.0.rfind('.') {
            Some(cut) => Some(Self(self.0[..cut].to_owned())),
            None if self.0.is_empty() => None,
            None => Some(Self::nation()),
        }
    }

    /// Whether `other` is this region or lies within it.
    pub fn contains(&self, other: &Self) -> bool {
        self.0.is_empty()
            || (other.0.starts_with(&self.0)
                && matches!(other.0.as_bytes().get(self.0.len()), None | Some(b'.')))
    }

    /// Half-open range of path texts `[from, to)` that holds this region and everything within it, for prefix search in SQL.
    pub fn path_range(&self) -> (String, String) {
        // '/' is the character after '.'; '~' lies after every digit.
        if self.0.is_empty() {
            (String::new(), "~".to_owned())
        } else {
            (self.0.clone(), format!("{}/", self.0))
        }
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for RegionCode {
    type Err = RegionError;
    fn from_str(text: &str) -> Result<Self, RegionError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for RegionCode {
    type Error = RegionError;
    fn try_from(text: String) -> Result<Self, RegionError> {
        Self::parse(&text)
    }
}

impl From<RegionCode> for String {
    fn from(code: RegionCode) -> Self {
        code.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_contains_what_lies_below_and_nothing_beside() {
        let kecamatan = RegionCode::parse("11.01.05").unwrap();
        assert!(kecamatan.contains(&RegionCode::parse("1101052003").unwrap()));
        assert!(!kecamatan.contains(&RegionCode::parse("11.01.06").unwrap()));
        assert!(!kecamatan.contains(&RegionCode::parse("11.01").unwrap()));
        assert!(RegionCode::nation().contains(&kecamatan));
        let (from, to) = kecamatan.path_range();
        for (path, inside) in
            [("11.01.05", true), ("11.01.05.2003", true), ("11.01.06", false), ("11.01", false)]
        {
            assert_eq!(from.as_str() <= path && path < to.as_str(), inside, "{path}");
        }
    }

    #[test]
    fn levels_parents_and_bad_codes() {
        let desa = RegionCode::parse("11.01.05.2003").unwrap();
        assert_eq!(desa.level(), RegionLevel::Village);
        assert_eq!(desa.at(RegionLevel::District).as_str(), "11.01");
        assert_eq!(desa.parent().unwrap().as_str(), "11.01.05");
        assert_eq!(RegionCode::parse("11").unwrap().parent(), Some(RegionCode::nation()));
        for text in ["1", "111", "11.1", "1.101", "11.01.05.203", "11-01", "11.01.", "..", "99.99.99.99999"] {
            assert!(RegionCode::parse(text).is_err(), "{text}");
        }
    }
}
