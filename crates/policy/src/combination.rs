//! Combinations across programmes: each names a programme that exists, and nobody waits for himself, since who blocks or is needed is
//! decided first. Never here: whether two programmes go together for one family; that is decided over a closing.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::{
    Programme, ProgrammeVersion, Together,
    reader::{Placed, Source},
};

/// A programme that a version names in its combinations.
pub(crate) struct Named {
    /// First day of the version.
    pub(crate) from: Date,
    /// The key as written.
    pub(crate) with: Placed<String>,
}

/// Checks what the files name, given as file, key of its programme, names.
pub(crate) fn check(files: &[(Source<'_>, String, Vec<Named>)], programmes: &BTreeMap<String, Programme>) {
    for (source, key, names) in files {
        for Named { from, with } in names {
            if !programmes.contains_key(&with.value) {
                let message = format!("no programme `{}`", with.value);
                source.fault(with.at.start, message, "write the key of a programme of the pack");
            } else if with.value == *key {
                let message = format!("`{key}` names itself in its combinations");
                source.fault(with.at.start, message, "take the line out");
            } else if waits_for_itself(programmes, key, *from, &with.value) {
                let message = format!("`{key}` waits for itself through `{}`", with.value);
                let remedy = "choose which of them is decided first and take out the line of that one";
                source.fault(with.at.start, message, remedy);
            }
        }
    }
}

/// Whether the line `with` of the version that begins on `from` leads back to that version.
fn waits_for_itself(programmes: &BTreeMap<String, Programme>, key: &str, from: Date, with: &str) -> bool {
    let Some(start) = programmes.get(key).and_then(|programme| programme.on(from)) else { return false };
    let waits = |line: &&crate::Combination| line.rule != Together::May;
    let mut open: Vec<(&str, &ProgrammeVersion)> = Vec::new();
    let mut seen: Vec<(&str, Date)> = Vec::new();
    let first =
        start.combinations.iter().filter(waits).filter(|line| line.programmes().any(|key| key == with));
    open.extend(first.flat_map(|_| held(programmes, with, start)));
    while let Some((at, version)) = open.pop() {
        if (at, version.valid_from) == (key, from) {
            return true;
        }
        if !seen.contains(&(at, version.valid_from)) {
            seen.push((at, version.valid_from));
            let next = version.combinations.iter().filter(waits);
            let names = next.flat_map(crate::Combination::programmes);
            open.extend(names.flat_map(|name| held(programmes, name, version)));
        }
    }
    false
}

/// The rules of a programme in force on some day of a version.
fn held<'a>(
    programmes: &'a BTreeMap<String, Programme>,
    key: &str,
    version: &ProgrammeVersion,
) -> Vec<(&'a str, &'a ProgrammeVersion)> {
    let Some(programme) = programmes.get(key) else { return Vec::new() };
    let then = programme.versions.iter().filter(|then| version.overlaps(then));
    then.map(|then| (programme.key.as_str(), then)).collect()
}
