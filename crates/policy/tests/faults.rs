//! Every kind of mistake in a pack is reported in the words, at the line and with the remedy that stand in `broken.txt`, and nothing else
//! is. `BLESS=1 cargo test -p policy --test faults` writes the reports of that file anew; read the difference before it is kept.

#![expect(clippy::unwrap_used, reason = "helpers of a test stop at the first surprise")]

use std::{
    collections::BTreeSet,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
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
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policy"), &to);
        Self(to)
    }

    /// Makes the mistakes of a case; answers what must be written back, in this order.
    fn spoil(&self, case: &Case) -> Vec<(PathBuf, Option<String>)> {
        let mut before = Vec::new();
        for edit in &case.edits {
            let path = self.0.join(&edit.file);
            let text = fs::read_to_string(&path).ok();
            let spoilt = match (&text, &edit.old) {
                (Some(text), Some(old)) => edit.apply(text, old).unwrap_or_else(|| {
                    panic!("{}: {} has no `{old}`", case.title, edit.file);
                }),
                (None, None) => format!("{}\n", edit.new),
                _ => panic!("{}: `-` lines for a file that is there, none for a new one", case.title),
            };
            fs::write(&path, spoilt).unwrap();
            before.insert(0, (path, text));
        }
        before
    }

    /// What the load says: each fault on a line, or each warning.
    fn reports(&self) -> Vec<String> {
        match Policy::load(Some(&self.0)) {
            Err(faults) => faults.iter().map(ToString::to_string).collect(),
            Ok(pack) => pack.warnings().iter().map(|fault| format!("warning: {fault}")).collect(),
        }
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

fn copy(from: &Path, to: &Path) {
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

fn restore(before: Vec<(PathBuf, Option<String>)>) {
    for (path, text) in before {
        match text {
            Some(text) => fs::write(path, text).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
    }
}

/// One mistake: what is changed, and what must be said of it.
#[derive(Default)]
struct Case {
    title: String,
    edits: Vec<Edit>,
    /// The lines of the case as written, but for the reports.
    written: String,
    reports: Vec<String>,
}

#[derive(Default)]
struct Edit {
    file: String,
    old: Option<String>,
    new: String,
}

impl Edit {
    /// The text with the first place of `old` replaced; without a new text the lines go away.
    fn apply(&self, text: &str, old: &str) -> Option<String> {
        let whole = format!("{old}\n");
        match self.new.as_str() {
            "" if text.contains(&whole) => Some(text.replacen(&whole, "", 1)),
            new => text.contains(old).then(|| text.replacen(old, new, 1)),
        }
    }
}

fn list() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken.txt")
}

/// The words above the first case, and the cases.
fn cases() -> (String, Vec<Case>) {
    let text = fs::read_to_string(list()).unwrap();
    let (mut head, mut cases) = (String::new(), Vec::<Case>::new());
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("== ") {
            cases.push(Case { title: title.to_owned(), ..Case::default() });
        }
        let Some(case) = cases.last_mut() else {
            writeln!(head, "{line}").unwrap();
            continue;
        };
        match line.split_at(line.len().min(2)) {
            ("> ", report) => case.reports.push(report.to_owned()),
            ("@ ", file) => case.edits.push(Edit { file: file.to_owned(), ..Edit::default() }),
            ("- ", old) => {
                let edit = case.edits.last_mut().unwrap();
                edit.old = Some(edit.old.take().map_or(old.to_owned(), |above| format!("{above}\n{old}")));
            }
            ("+ ", new) => {
                let edit = case.edits.last_mut().unwrap();
                edit.new = if edit.new.is_empty() { new.to_owned() } else { format!("{}\n{new}", edit.new) };
            }
            ("==" | "", _) => {}
            (other, _) => panic!("{}: a line begins with `{other}`", case.title),
        }
        if !line.is_empty() && !line.starts_with("> ") {
            writeln!(case.written, "{line}").unwrap();
        }
    }
    (head, cases)
}

#[test]
fn each_mistake_has_exactly_the_reports_that_stand_in_the_list() {
    let (head, cases) = cases();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let titles: BTreeSet<&str> = cases.iter().map(|case| case.title.as_str()).collect();
    assert_eq!(titles.len(), cases.len(), "two cases have one title");
    let pack = Copy::new();
    assert_eq!(
        pack.reports(),
        Vec::<String>::new(),
        "the pack has faults or warnings before anything is changed"
    );
    let (mut now, mut wrong) = (head, String::new());
    for case in &cases {
        let before = pack.spoil(case);
        let reports = pack.reports();
        restore(before);
        if reports != case.reports || reports.is_empty() {
            writeln!(wrong, "== {}\nexpected: {:#?}\nreported: {reports:#?}", case.title, case.reports)
                .unwrap();
        }
        now.push_str(&case.written);
        for report in &reports {
            writeln!(now, "> {report}").unwrap();
        }
        now.push('\n');
    }
    assert_eq!(pack.reports(), Vec::<String>::new(), "a case was not taken back");
    if std::env::var_os("BLESS").is_some() {
        now.truncate(now.trim_end().len() + 1);
        fs::write(list(), now).unwrap();
    } else {
        assert!(wrong.is_empty(), "{wrong}");
    }
    let silent: Vec<&Case> = cases.iter().filter(|case| case.reports.is_empty()).collect();
    assert!(silent.is_empty() || std::env::var_os("BLESS").is_some(), "a mistake without a report");
}

#[test]
fn all_mistakes_are_reported_at_once_and_nothing_is_loaded() {
    let (_, cases) = cases();
    let mut files = BTreeSet::new();
    let pack = Copy::new();
    let mut expected = Vec::new();
    // One case a file: cases of one file may spoil the same line. What rules may name comes first: while it has faults, names in rules
    // are not judged.
    let fault = |case: &&Case| case.reports.iter().all(|report| !report.starts_with("warning"));
    for case in cases.iter().filter(fault) {
        let touched: Vec<&str> = case.edits.iter().map(|edit| edit.file.as_str()).collect();
        let apart = |file: &&str| file.contains('/') && !file.starts_with("schema/") && !files.contains(file);
        if touched.iter().all(apart) && touched.len() == 1 {
            files.extend(touched);
            pack.spoil(case);
            expected.extend(&case.reports);
        }
    }
    let faults = pack.faults();
    let reports: BTreeSet<String> = faults.iter().map(ToString::to_string).collect();
    assert!(files.len() >= 8, "{files:?}");
    for report in expected {
        assert!(reports.contains(report), "{report}\nis not among {reports:#?}");
    }
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
