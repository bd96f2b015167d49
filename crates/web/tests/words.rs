//! No page asks for a word that does not exist: the keys in templates and code are compared with the policy's words.

#![allow(clippy::unwrap_used, reason = "sources that cannot be read fail the test")]

use std::{collections::BTreeSet, fs, path::Path};

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "html" || ending == "rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Texts in quotes that have the form of a key of this room.
fn keys(text: &str) -> BTreeSet<String> {
    text.split('"')
        .skip(1)
        .step_by(1)
        .filter(|word| word.starts_with("web-") && word.len() > 4)
        .filter(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_key_of_a_template_or_handler_has_words() {
    let policy = policy::Policy::embedded().unwrap_or_else(|faults| panic!("{faults:#?}"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("templates"), &mut files);
    sources(&root.join("src"), &mut files);
    let words = policy.words();
    // A key may be a code of an error (its words are galat-CODE or those of its status) or the stem of keys made of data.
    let is_stem = |key: &str| words.keys().any(|known| known.starts_with(&format!("{key}-")));
    let codes = ["web-not-found", "web-bad-form", "web-signed-out", "web-panic", "web-template", "web-csrf"];
    let mut missing = Vec::new();
    for (file, text) in &files {
        for key in keys(text) {
            let is_fault = words.has(&format!("galat-{key}"));
            if !words.has(&key) && !is_fault && !is_stem(&key) && !codes.contains(&key.as_str()) {
                missing.push(format!("{key} in {file}"));
            }
        }
    }
    assert!(missing.is_empty(), "words are missing:\n{}", missing.join("\n"));
}

#[test]
fn no_word_stands_unused() {
    let policy = policy::Policy::embedded().unwrap_or_else(|faults| panic!("{faults:#?}"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("templates"), &mut files);
    sources(&root.join("src"), &mut files);
    let used: BTreeSet<String> = files.iter().flat_map(|(_, text)| keys(text)).collect();
    let text: String = files.into_iter().map(|(_, text)| text).collect();
    let reached = |key: &str| {
        used.contains(key)
            || used.iter().any(|stem| key.starts_with(&format!("{stem}-")))
            || text.contains(&format!("{}-{{", key.rsplit_once('-').map_or("", |(stem, _)| stem)))
    };
    let unused: Vec<&str> =
        policy.words().keys().filter(|key| key.starts_with("web-") && !reached(key)).collect();
    assert!(unused.is_empty(), "words that no page uses:\n{}", unused.join("\n"));
}

#[test]
fn every_fault_of_a_sheet_has_words() {
    let policy = policy::Policy::embedded().unwrap_or_else(|faults| panic!("{faults:#?}"));
    for rule in casework::pillar::PillarRule::ALL {
        assert!(policy.words().has(&format!("web-pillar-fault-{}", rule.code())), "no words for {rule:?}");
    }
}
