//! Each kind of mistake in a pack is found, at its place, together with all the others.

#![expect(clippy::unwrap_used, reason = "helpers of a test stop at the first surprise")]

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use policy::{Fault, Policy};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A copy of the pack that goes away with the test.
struct Copy(PathBuf);

impl Copy {
    fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let to = std::env::temp_dir().join(format!("pilar-pack-{}-{number}", std::process::id()));
        let from = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../policy");
        copy(&from, &to);
        Self(to)
    }

    fn replace(&self, file: &str, old: &str, new: &str) {
        let path = self.0.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{file} has no `{old}`");
        fs::write(path, text.replacen(old, new, 1)).unwrap();
    }

    /// Line and column of the first place of a text in a file.
    fn place(&self, file: &str, text: &str) -> (usize, usize) {
        let all = fs::read_to_string(self.0.join(file)).unwrap();
        let at = all.find(text).unwrap();
        let line = all[..at].matches('\n').count() + 1;
        (line, at - all[..at].rfind('\n').map_or(0, |end| end + 1) + 1)
    }

    fn faults(&self) -> Vec<Fault> {
        Policy::load(Some(&self.0)).err().unwrap_or_default()
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &PathBuf, to: &PathBuf) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// file, text replaced, by what, text at whose place the fault is reported, part of the message
const MISTAKES: &[(&str, &str, &str, &str, &str)] = &[
    (
        "programmes/sembako.toml",
        "family.decile between",
        "family.desile between",
        "family.desile",
        "family.desile",
    ),
    (
        "programmes/sembako.toml",
        "recipient = \"family\"",
        "recipient = \"village\"",
        "\"village\"",
        "not known here",
    ),
    (
        "programmes/sembako.toml",
        "channel = \"himbara\"",
        "channel = \"bank_x\"",
        "\"bank_x\"",
        "no channel `bank_x`",
    ),
    ("programmes/sembako.toml", "share_permille = 193", "share_permille = 1930", "1930", "outside 0 to 1000"),
    ("programmes/sembako.toml", "from = 2020-03-01", "from = 2020-02-31", "from = 2020-02-31", ""),
    ("programmes/sembako.toml", "\"EXCLUDE MENINGGAL\"", "\"-\"", "\"-\"", "bare dash"),
    (
        "programmes/sembako.toml",
        "amount_month = \"param.amount_month\"",
        "amount_month = \"param.amount\"",
        "\"param.amount\"",
        "no parameter",
    ),
    ("programmes/sembako.toml", "family.living = 0 or", "family.living or", "family.living or", ""),
    ("programmes/pkh.toml", "amount_stage = 750_000", "amount_stage = 750_001", "750_001", "four stages"),
    ("programmes/pkh.toml", "max_per_family = 2", "max_per_famly = 2", "max_per_famly", "unknown key"),
    (
        "sources/dtks.toml",
        "to = \"mother_name\"",
        "to = \"mothers_name\"",
        "\"mothers_name\"",
        "no canonical column",
    ),
    ("sources/dtks.toml", "map = { L = 1, P = 2 }", "map = { L = 1, P = 7 }", "7 }", "no code of `sex`"),
    ("roles.toml", "    \"list.receive\",", "    \"list.recieve\",", "\"list.recieve\"", "no action"),
    ("workflows/death_report.toml", "to = \"confirmed\"", "to = \"confirmd\"", "\"confirmd\"", "no state"),
    (
        "workflows/death_report.toml",
        "name = \"registry.report_death\"",
        "name = \"registry.kill\"",
        "\"registry.kill\"",
        "no effect",
    ),
    ("workflows/death_report.toml", "days = 3\n", "days = \"three\"\n", "\"three\"", "whole number"),
    ("settings.toml", "pull_day = 18", "pull_day = 16", "16", "pulled before"),
    ("settings.toml", "[work]", "[wrok]", "[wrok]", "unknown key"),
    ("schema/codes.csv", "floor,2,", "floor,1,", "floor,1,Keramik", "stands twice"),
    (
        "schema/derived.toml",
        "person.alive and person.civil_servant",
        "person.alive and person.civilservant",
        "person.civilservant",
        "",
    ),
    ("calendar/holidays.csv", "2026-08-17", "2026-08-37", "2026-08-37", "no day"),
    ("words/en/common.ftl", "term-kk = Family card number (KK)\n", "", "", "missing in the other language"),
];

#[test]
fn each_mistake_is_reported_at_its_place() {
    for (file, old, new, at, message) in MISTAKES {
        let pack = Copy::new();
        pack.replace(file, old, new);
        let faults = pack.faults();
        let (reported_in, place) = match *at {
            "" => ("words/id/common.ftl", pack.place("words/id/common.ftl", "term-kk")),
            at => (*file, pack.place(file, at)),
        };
        let found = faults.iter().find(|fault| fault.file == reported_in && fault.line == place.0);
        let Some(fault) = found else { panic!("{file} `{new}`: no fault at {place:?} in {faults:#?}") };
        assert!(fault.message.contains(message), "{file} `{new}`: {fault}");
        assert!(!fault.remedy.is_empty());
        let exact = faults.iter().any(|fault| (fault.line, fault.column) == place);
        assert!(
            exact || at.starts_with('[') || at.starts_with("from"),
            "{file} `{new}`: {place:?} in {faults:#?}"
        );
    }
}

#[test]
fn all_mistakes_are_reported_at_once_and_nothing_is_loaded() {
    let pack = Copy::new();
    for (file, old, new, ..) in [MISTAKES[0], MISTAKES[3], MISTAKES[10], MISTAKES[12], MISTAKES[16]] {
        pack.replace(file, old, new);
    }
    let faults = pack.faults();
    let files: std::collections::BTreeSet<&str> = faults.iter().map(|fault| fault.file.as_str()).collect();
    assert!(faults.len() >= 5, "{faults:#?}");
    assert_eq!(files.len(), 4, "{faults:#?}");
    let mut sorted = faults.clone();
    sorted.sort();
    assert_eq!(faults, sorted);
}

#[test]
fn a_folder_that_is_no_pack_says_so_file_by_file() {
    let empty = std::env::temp_dir().join(format!("pilar-pack-empty-{}", std::process::id()));
    fs::create_dir_all(&empty).unwrap();
    let faults = Policy::load(Some(&empty)).unwrap_err();
    assert!(faults.iter().any(|fault| fault.file == "settings.toml" && fault.message.contains("missing")));
    fs::remove_dir_all(&empty).unwrap();
    assert_eq!(Policy::load(Some(&empty)).unwrap_err().len(), 1);
}

#[test]
fn a_version_without_a_value_for_its_parameter_is_refused() {
    let pack = Copy::new();
    pack.replace(
        "programmes/sembako.toml",
        "to = 2019-12-31\nvalue = 110_000",
        "to = 2018-12-31\nvalue = 110_000",
    );
    let faults = pack.faults();
    assert!(faults.iter().any(|fault| fault.message.contains("no value on 2019-01-01")), "{faults:#?}");
}

#[test]
fn a_workflow_without_a_way_out_is_refused() {
    let pack = Copy::new();
    pack.replace(
        "workflows/graduation.toml",
        "from = [\"announced\"]\nto = \"graduated\"",
        "from = [\"graduated\"]\nto = \"graduated\"",
    );
    let faults = pack.faults();
    assert!(faults.iter().any(|fault| fault.message.contains("`graduated` is never reached")), "{faults:#?}");
}
