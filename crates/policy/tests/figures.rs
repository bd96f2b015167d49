//! Published figures and budgets: what ships adds up, and each kind of mistake in them is found at its line.

#![expect(clippy::unwrap_used, reason = "helpers of a test stop at the first surprise")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use jiff::civil::Date;
use policy::{Fault, FigureKind, LineKey, Outcome, Policy, REACH_KINDS};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn ministry(programme: &str) -> LineKey {
    LineKey {
        fiscal_year: 2020,
        scope: "ministry".into(),
        programme: programme.into(),
        funding: "APBN".into(),
        unit: "ministry".into(),
        account: String::new(),
    }
}

#[test]
fn every_published_figure_is_there_once_with_its_kind() {
    let pack = Policy::embedded().unwrap();
    let figures = pack.figures();
    assert_eq!(figures.register.len(), 106);
    for (at, figure) in (1..).zip(&figures.register) {
        assert_eq!(figure.id, format!("F{at:03}"));
        assert_eq!(figure.value.is_some(), figure.kind.is_number(), "{}", figure.id);
        for (prefix, code) in [("kind", figure.kind.code()), ("place", figure.place.as_str())] {
            assert!(pack.words().has(&format!("figure-{prefix}-{code}")), "{code}");
        }
    }
    let sees = figures.get("F067").unwrap();
    assert_eq!(sees.printed, "23.393.366,000");
    assert_eq!(sees.value.unwrap().to_string(), "23393366000");
    assert_eq!(figures.get("F038").unwrap().kind, FigureKind::Target);
    assert_eq!(figures.get("F090").unwrap().kind, FigureKind::Stock);
}

#[test]
fn the_checks_come_out_as_they_are_known_to() {
    let pack = Policy::embedded().unwrap();
    let figures = pack.figures();
    let check = |key: &str| figures.checks.iter().find(|check| check.key == key).unwrap();
    assert_eq!(check("pen_spent").left_value.to_string(), "83250500000000");
    let people = check("devices_people");
    assert_eq!((people.outcome, people.difference.to_string()), (Outcome::Differs, "992".to_owned()));
    assert_eq!(
        (people.left_value.to_string(), people.right_value.to_string()),
        ("10221".into(), "9229".into())
    );
    assert_eq!(check("devices_money").left_value.to_string(), "36997526283");
    assert_eq!(check("kat_years").left_value.to_string(), "58");
    assert_eq!(check("psm_two_kinds").outcome, Outcome::NotComparable);
    assert_eq!(figures.outcome("F070"), Some(Outcome::Differs), "a known contradiction comes first");
    assert_eq!(figures.outcome("F022"), None);
}

#[test]
fn absorption_stands_on_the_ceiling_in_force_at_the_day() {
    let pack = Policy::embedded().unwrap();
    let line = |programme: &str| {
        let key = ministry(programme);
        pack.budgets().lines.iter().find(|line| line.key == key).unwrap()
    };
    let at = |programme: &str, on: &str| line(programme).absorption(day(on));
    let september = at("PEN", "2020-09-06").unwrap();
    assert_eq!((september.ceiling.idr(), september.net.idr()), (127_100_000_000_000, 83_250_500_000_000));
    assert_eq!(september.permille, 655);
    assert_eq!(at("PEN", "2020-10-31"), Some(september), "nothing new was published until then");
    let november = at("PEN", "2020-11-03").unwrap();
    assert_eq!((november.ceiling.idr(), november.permille), (128_900_000_000_000, 874));
    assert_eq!(at("PEN", "2020-09-05"), None, "unknown is not zero");
    assert_eq!(at("PKH", "2020-12-31").unwrap().permille, 1000);
    assert_eq!(pack.budgets().years(), [2019, 2020, 2021, 2022, 2023, 2025]);
}

#[test]
fn money_without_a_stated_ceiling_has_a_line_and_no_absorption() {
    let pack = Policy::embedded().unwrap();
    let devices: Vec<_> = pack.budgets().of_year(2022).collect();
    assert_eq!(devices.len(), 4, "three programmes and their stated total");
    for line in devices {
        let end = day("2022-12-31");
        assert!(line.ceilings.is_empty() && line.absorption(end).is_none());
        let realised = line.realised_on(end).unwrap();
        let figure = pack.figures().get(&realised.figure).unwrap();
        assert_eq!(figure.value.unwrap().whole(), Some(realised.gross.idr()));
    }
}

#[test]
fn targets_stocks_and_realisations_are_three_kinds_of_number() {
    let pack = Policy::embedded().unwrap();
    let figures = pack.figures();
    let at = |year: i16, programme: &str, kind: FigureKind| {
        let lines = pack.budgets().reach_of_year(year).filter(|line| line.key.programme == programme);
        let end = Date::new(year, 12, 31).unwrap();
        lines.filter_map(|line| line.on(kind, end)).map(|one| one.number).collect::<Vec<_>>()
    };
    assert_eq!(at(2019, "PSM", FigureKind::Target), [1_695]);
    assert!(at(2019, "PSM", FigureKind::Stock).is_empty());
    assert_eq!(at(2021, "PSM", FigureKind::Stock), [60_258]);
    assert!(at(2021, "PSM", FigureKind::Target).is_empty());
    assert_eq!(at(2020, "PROKUS", FigureKind::Realisation), [1_000, 8_282], "each funding has its line");
    // Every target of the register that counts somebody or something in a year is there, once.
    let mut named: Vec<&str> = pack
        .budgets()
        .reach
        .iter()
        .flat_map(|line| REACH_KINDS.into_iter().flat_map(|kind| line.of(kind)))
        .map(|one| one.figure.as_str())
        .filter(|figure| !figure.is_empty())
        .collect();
    named.sort_unstable();
    assert!(named.windows(2).all(|pair| pair[0] != pair[1]));
    for figure in figures.register.iter().filter(|one| one.kind == FigureKind::Target) {
        let a_rate = figure.unit == "kpm_companion_year";
        assert_eq!(named.contains(&figure.id.as_str()), !a_rate, "{}", figure.id);
    }
    // A version holds from its day on.
    let line = pack.budgets().reach_of_year(2020).find(|line| line.key.programme == "PKH").unwrap();
    assert_eq!(line.on(FigureKind::Target, day("2020-09-05")), None);
    assert!(line.on(FigureKind::Budget, day("2020-12-31")).is_none());
}

static NEXT: AtomicU32 = AtomicU32::new(0);

/// The faults of a pack in which one text was replaced.
fn faults_after(file: &str, old: &str, new: &str) -> Vec<Fault> {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let to = std::env::temp_dir().join(format!("pilar-figures-{}-{number}", std::process::id()));
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policy"), &to);
    let path = to.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(old), "{file} has no `{old}`");
    fs::write(&path, text.replacen(old, new, 1)).unwrap();
    let faults = Policy::load(Some(&to)).err().unwrap_or_default();
    fs::remove_dir_all(&to).unwrap();
    faults
}

fn copy(from: &Path, to: &PathBuf) {
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

const REGISTER: &str = "figures/register.csv";
const CHECKS: &str = "figures/checks.toml";
const CEILINGS: &str = "budgets/ceilings.csv";
const REALISATION: &str = "budgets/realisation.csv";
const REACH: &str = "budgets/reach.csv";

/// file, text replaced, by what, line (0: not looked at), part of the message
const MISTAKES: &[(&str, &str, &str, usize, &str)] = &[
    (REGISTER, "\nF002,", "\nF001,", 3, "the figure stands twice"),
    (REGISTER, "\nF002,PEN", "\nF002,NOPE", 3, "topic `NOPE`: not known"),
    (REGISTER, ",65.5,percent", ",\"65,5\",percent", 3, "no number"),
    (REGISTER, ",65.5,percent", ",,percent", 3, "has a number"),
    (REGISTER, ",65.5,percent", ",65.5,furlong", 3, "no code that has words"),
    (REGISTER, ",rate,budget", ",rating,budget", 3, "kind `rating`: not known"),
    (REGISTER, "2020-09,2020-09-06", "2020-13,2020-09-06", 3, "no day, month or year"),
    (REGISTER, "suara_2020_09,\"Pagu berubah", "surat,\"Pagu berubah", 2, "source `surat`: not known"),
    (REGISTER, ",9229,ppks", ",9230,ppks", 0, "differ by 991"),
    (REGISTER, ",36997526283,idr", ",36997526284,idr", 0, "`devices_money` comes out as differs"),
    (CHECKS, "F064 + F066", "F064 + F966", 0, "no figure `F966`"),
    (CHECKS, "F064 + F066", "F064 + F060", 0, "`F060` has no number"),
    (CHECKS, "F064 + F066", "F064 + ", 0, "stands where a number"),
    (CHECKS, "difference = \"992\"", "difference = \"991\"", 0, "differ by 992"),
    (CHECKS, "key = \"kat_pace\"", "key = \"kat_years\"", 0, "a check with this key exists"),
    (
        CHECKS,
        "F087 / 5\"\nright = \"2_208\"\ndecimals = 0",
        "F087 / 3\"\nright = \"2_208\"",
        0,
        "does not end",
    ),
    (
        CHECKS,
        "right = \"F038\"\nexpected = \"not_comparable\"",
        "right = \"F038\"\nexpected = \"differs\"",
        0,
        "not_comparable",
    ),
    (CEILINGS, "2020-11-03,128900000000000", "2020-09-06,128900000000000", 8, "begin on one day"),
    (CEILINGS, "127100000000000,,F001", "127100000000001,,F001", 7, "another number"),
    (CEILINGS, "127100000000000,,F001", "127100000000000,127100000000001,F001", 7, "more is blocked"),
    (CEILINGS, "2020,ministry,PKH", "2020,village,PKH", 9, "no code that has words"),
    (CEILINGS, "2020,ministry,PKH", "2020,ministry,PSM", 9, "neither a programme"),
    (
        CEILINGS,
        "APBN,ministry,,2020-11-03,36710000000000",
        "APBN,ministry,,2019-11-31,36710000000000",
        9,
        "no day",
    ),
    (REALISATION, "2020-09-06,83250500000000", "2020-09-05,83250500000000", 10, "before the first version"),
    (
        REALISATION,
        "36710000000000,,stated,,,suara",
        "36710000000000,36710000000001,stated,,,suara",
        12,
        "more came back",
    ),
    (REALISATION, "2020,ministry,PKH", "2025,ministry,PKH", 12, "has no ceiling"),
    (REALISATION, "28330000000000", "28.33", 9, "no amount in whole rupiah"),
    (REALISATION, "3465849824,,stated,none", "3465849824,,stated,", 18, "has no ceiling"),
    (REALISATION, "3465849824,,stated,none", "3465849824,,stated,no", 18, "ceiling `no`: not known"),
    (REALISATION, "28330000000000,,stated,", "28330000000000,,stated,none", 9, "the line has a ceiling"),
    (REALISATION, "3465849824,,stated,none,F065", "3465849824,,stated,none,F067", 18, "another number"),
    (REALISATION, "2022,ministry,IND_MENDENGAR,,", "2022,ministry,IND_MENDENGAR,KAS,", 18, "funding `KAS`"),
    (REACH, "PSM,,person,target", "PSM,,person,stock", 13, "another kind"),
    (
        REACH,
        "PSM,,person,target,2019-02-21,1695",
        "PSM,,person,target,2019-02-21,60258",
        13,
        "another number",
    ),
    (REACH, "PSM,,person,target", "PSM,,person,sum", 13, "kind `sum`: not known"),
    (REACH, "PSM,,person,target,2019", "PSM,,person,target,2020", 13, "outside the fiscal year"),
    (REACH, "PSM,,person,target", "PSM,,idr,target", 13, "money and shares"),
    (REACH, "2019-02-21,1695,F038", "2019-02-21,1.695,F038", 13, "no number"),
    (REACH, "2020,SEMBAKO,,kpm", "2020,PKH,,kpm", 19, "two numbers of this kind"),
];

#[test]
fn each_mistake_in_figures_and_budgets_is_found_at_its_line() {
    for (file, old, new, line, message) in MISTAKES {
        let faults = faults_after(file, old, new);
        let found = faults.iter().find(|fault| {
            fault.message.contains(message) && (*line == 0 || (fault.file == *file && fault.line == *line))
        });
        let found = found.unwrap_or_else(|| panic!("{file} `{new}`: {faults:#?}"));
        assert!(!found.remedy.is_empty());
    }
}
