//! The pack that ships: it loads without a fault and says what held on a day; who may do what stands in a table to read.

#![expect(clippy::unwrap_used, reason = "helpers of a test stop at the first surprise")]

use std::fmt::Write;

use jiff::civil::{Date, date};
use model::{Period, RegionCode, RegionLevel, Rupiah};
use policy::{Lang, Policy};

fn pack() -> Policy {
    Policy::embedded().unwrap_or_else(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        panic!("{} faults:\n{}", faults.len(), lines.join("\n"))
    })
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn period(text: &str) -> Period {
    text.parse().unwrap()
}

#[test]
fn the_pack_that_ships_has_no_fault_and_a_hash_that_names_it() {
    let pack = pack();
    assert_eq!(pack.hash().len(), 64);
    assert_eq!(pack.hash(), Policy::embedded().unwrap().hash());
    let warnings: Vec<String> = pack.warnings().iter().map(ToString::to_string).collect();
    assert!(warnings.is_empty(), "{}", warnings.join("\n"));
}

/// Figures that were printed, from the amounts of the files: a family's sum times the families that were meant.
#[test]
fn budgets_that_were_printed_come_out_of_the_files() {
    let pack = pack();
    let programme = |key: &str| pack.programme(key).unwrap();
    let year = period("2020");
    for (key, a_family, families, budget) in [
        ("BST", 3_600_000, 9_000_000, 32_400_000_000_000),
        ("BST_SEMBAKO", 500_000, 9_000_000, 4_500_000_000_000),
    ] {
        let amount = programme(key).flat_amount(year).unwrap();
        assert_eq!(amount, Rupiah::new(a_family), "{key}");
        assert_eq!(amount.times(families), Ok(Rupiah::new(budget)), "{key}");
    }
    // BST: three months of Rp600,000 and six of Rp300,000; nothing before April.
    for (months, amount) in [("2020-03", 0), ("2020-04", 600_000), ("2020-06", 600_000), ("2020-07", 300_000)]
    {
        assert_eq!(programme("BST").flat_amount(period(months)), Ok(Rupiah::new(amount)), "{months}");
    }
    let parcels = programme("BANPRES");
    assert_eq!(parcels.flat_amount(year), Ok(Rupiah::ZERO));
    assert_eq!(parcels.goods(year), Ok(vec![("PAKET", "paket", 12)]));
    let value = parcels.goods_value(year).unwrap();
    assert_eq!(value, Rupiah::new(3_600_000));
    assert_eq!(value.times(1_900_000), Ok(Rupiah::new(6_840_000_000_000)));

    let rice = programme("BANSOS_BERAS").goods(year).unwrap();
    assert_eq!(rice, [("BERAS", "kg", 45)]);
    // 10 million families, in tonnes.
    assert_eq!(rice[0].2 * 10_000_000 / 1_000, 450_000);
    assert_eq!(programme("BANSOS_BERAS").goods(period("2021")), Ok(vec![("BERAS", "kg", 10)]));
}

#[test]
fn four_stages_of_every_component_are_its_year_and_no_family_gets_more_than_the_limit() {
    let pack = pack();
    let mut components = 0;
    for programme in pack.programmes().values() {
        for version in &programme.versions {
            for part in version.components.iter().filter(|part| !part.once) {
                assert_eq!(
                    part.amount_stage.times(4),
                    Ok(part.amount_year),
                    "{} {}",
                    programme.key,
                    part.code
                );
                components += 1;
            }
        }
    }
    assert!(components > 20);
    for version in &pack.programme("PKH").unwrap().versions {
        let cap = version.cap.as_ref().unwrap();
        assert_eq!((cap.persons, cap.amount_year), (4, Rupiah::new(10_800_000)));
        let stages =
            ["2026-T1", "2026-T2", "2026-T3", "2026-T4"].map(|stage| cap.amount(period(stage)).idr());
        assert_eq!(stages, [2_700_000; 4]);
        // The dearest four: a mother, two small children, a severe disability. The limit takes what is above it.
        let dearest = |code: &str| version.component(code).unwrap().amount_year.idr();
        let four = dearest("HAMIL") + 2 * dearest("BALITA") + dearest("DISABILITAS");
        assert_eq!(four > cap.amount_year.idr(), version.valid_from >= date(2020, 1, 1), "{four}");
    }
}

#[test]
fn food_aid_changes_its_amount_on_its_days() {
    let pack = pack();
    let sembako = pack.programme("SEMBAKO").unwrap();
    for (year, amount) in [("2017", 1_320_000), ("2019", 1_320_000), ("2020", 2_300_000), ("2021", 2_400_000)]
    {
        assert_eq!(sembako.flat_amount(period(year)), Ok(Rupiah::new(amount)), "{year}");
    }
    let families: Vec<(&str, Option<u64>)> = sembako
        .versions
        .iter()
        .map(|version| (version.key.as_str(), version.quota.as_ref().and_then(|quota| quota.ceiling)))
        .collect();
    let expected = [
        ("2017", 1_200_000),
        ("2018", 10_000_000),
        ("2020", 15_200_000),
        ("2020-03", 20_000_000),
        ("2022", 18_800_000),
        ("2025", 18_300_000),
    ];
    assert_eq!(families, expected.map(|(key, ceiling)| (key, Some(ceiling))));
}

#[test]
fn the_history_of_a_programme_says_what_changed_on_a_day() {
    let pack = pack();
    let history = pack.history(pack.programme("PKH").unwrap(), Lang::En);
    assert!(history[0].removed.is_empty() && history[0].added.len() > 10);
    let change = history.iter().find(|change| change.valid_from == "2020-01-01").unwrap();
    // The health components rose and the age of the elderly was raised: three lines, each before and after.
    assert_eq!((change.removed.len(), change.added.len()), (3, 3), "{change:#?}");
    let both = [
        (&change.removed, ["2.400.000", "2.400.000", "60"]),
        (&change.added, ["3.000.000", "3.000.000", "70"]),
    ];
    for (lines, values) in both {
        for ((line, part), value) in
            lines.iter().zip(["mother", "Child aged 0 to 6", "Older person"]).zip(values)
        {
            assert!(line.contains(part) && line.contains(value), "{line}: {part}, {value}");
        }
    }
    let pkh = pack.programme("PKH").unwrap().on(day("2026-11-01")).unwrap();
    let when = pack.schedule_words(&pkh.schedule, Lang::En);
    assert!(when.ends_with("paid in January, April, July, October"), "{when}");
    // Indonesian has as many lines, in other words.
    let in_indonesian = pack.history(pack.programme("PKH").unwrap(), Lang::Id);
    for (id, en) in in_indonesian.iter().zip(&history) {
        assert_eq!((id.added.len(), id.removed.len()), (en.added.len(), en.removed.len()), "{}", en.version);
    }
}

#[test]
fn every_version_reads_in_plain_lines_in_both_languages() {
    let pack = pack();
    let raw = |line: &str| {
        let key = |word: &str| {
            word.starts_with("policy-line") || word.contains("param.") || word.contains("family.")
        };
        let code =
            line.split_whitespace().any(|word| word.contains("person.") || word.contains('{') || key(word));
        code || line.trim().is_empty() || line.contains("()") || line.trim_end().ends_with(':')
    };
    for programme in pack.programmes().values() {
        for version in &programme.versions {
            let [id, en] = [Lang::Id, Lang::En].map(|lang| pack.rule_lines(version, lang));
            assert_eq!(id.len(), en.len(), "{} {}", programme.key, version.key);
            for line in id.iter().chain(&en) {
                assert!(!raw(line), "{} {}: `{line}`", programme.key, version.key);
            }
            nothing_is_left_out(version, &en);
        }
    }
}

/// What a family undertakes, when it is paid, how many places there are and what ends the aid stand in the lines of a rule.
fn nothing_is_left_out(version: &policy::ProgrammeVersion, lines: &[String]) {
    let told =
        |begin: &str, what: &str| lines.iter().any(|line| line.starts_with(begin) && line.contains(what));
    for part in &version.components {
        let duty = part.conditionality.as_ref().map(|duty| duty.en.as_str());
        assert!(duty.is_none_or(|duty| told("Duty", duty)), "{}", part.code);
        let check = part.verification.as_ref().map(|check| check.en.as_str());
        assert!(duty.is_none() || check.is_none_or(|check| told("Duty", check)), "{}", part.code);
    }
    if let Some(part) = &version.needs_component {
        assert!(told("Not if", &part.text.en));
    }
    assert!(version.ends.iter().all(|part| told("Ends when", &part.text.en)));
    assert!(
        told("Schedule", "")
            && (version.quota.as_ref().is_none_or(|quota| quota.ceiling.is_none())
                || told("At most", "places"))
    );
}

/// A status that villages know as an exclusion is the status of some programme's exclusion, but where no list tells who it would be.
#[test]
fn exclusions_of_siks_ng_come_from_a_rule() {
    let pack = pack();
    let programmes = pack.programmes().values();
    let exclusions =
        programmes.flat_map(|programme| &programme.versions).flat_map(|version| &version.exclusions);
    let known: std::collections::BTreeSet<&str> = exclusions.map(|one| one.siks_ng.as_str()).collect();
    for status in pack.statuses().all().iter().filter(|status| status.key.starts_with("excluded")) {
        assert!(known.contains(status.printed.as_str()), "{} is nobody's status", status.printed);
    }
}

/// The matrix is the rules, read from both sides.
#[test]
fn the_matrix_says_of_every_pair_what_either_rule_says() {
    let pack = pack();
    let relation = |on: &str, of: &str, to: &str| {
        let matrix = pack.matrix(day(on));
        let place = |key: &str| matrix.programmes.iter().position(|one| one.key == key);
        let (row, column) = (place(of)?, place(to)?);
        Some(matrix.programmes[row].relations[column])
    };
    // The rule of 2020: PKH may go with the food card; either blocks BST.
    assert_eq!(relation("2020-05-01", "PKH", "SEMBAKO"), Some(policy::Relation::May));
    for aid in ["PKH", "SEMBAKO"] {
        assert_eq!(relation("2020-05-01", "BST", aid), Some(policy::Relation::Blocked));
        assert_eq!(relation("2020-05-01", aid, "BST"), Some(policy::Relation::Blocks));
    }
    assert_eq!(relation("2019-05-01", "BST", "PKH"), None, "not in force");
    assert_eq!(relation("2026-11-01", "PENA", "SEMBAKO"), Some(policy::Relation::Needs));
    for on in ["2017-06-01", "2020-05-01", "2021-02-01", "2026-11-01"] {
        let matrix = pack.matrix(day(on));
        let of = |row: usize, column: usize| matrix.programmes[row].relations[column];
        for row in 0..matrix.programmes.len() {
            let mut said = false;
            for column in 0..matrix.programmes.len() {
                use policy::Relation::{Blocked, Blocks, May, Needed, Needs, Same, Unsaid};
                let mirrored = match of(row, column) {
                    Blocks => &[Blocked][..],
                    Needed => &[Needs],
                    Blocked => &[Blocks, Blocked],
                    Needs => &[Needed, Needs],
                    May => &[May],
                    Unsaid => &[Unsaid],
                    Same => &[Same],
                };
                assert!(mirrored.contains(&of(column, row)), "{on} {row} {column}");
                said |= !matches!(of(row, column), Unsaid | Same);
                assert_eq!(row == column, of(row, column) == Same);
            }
            assert!(said, "{on}: nothing is said of {}", matrix.programmes[row].key);
        }
        let in_force =
            pack.programmes().values().filter(|one| one.on(day(on)).is_some_and(|one| one.enabled));
        assert_eq!(in_force.count(), matrix.programmes.len() + matrix.alone.len(), "{on}");
    }
}

#[test]
fn business_grants_are_for_those_who_receive_aid() {
    let pack = pack();
    for (key, day, needs) in [
        ("PENA", "2026-11-01", &["PKH", "SEMBAKO"][..]),
        ("PROKUS", "2026-11-01", &["PKH"]),
        ("BSIMU", "2020-07-01", &["PKH"]),
    ] {
        let version = pack.programme(key).unwrap().on(day.parse().unwrap()).unwrap();
        let line = version.combinations.iter().find(|line| line.rule == policy::Together::Needs).unwrap();
        assert_eq!(line.programmes().collect::<Vec<_>>(), needs, "{key}");
    }
}

/// BLESS=1 writes the page anew.
#[test]
fn the_manual_on_the_shelf_is_the_one_of_the_pack() {
    let manual = pack().manual();
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policy.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&page, &manual).unwrap();
    }
    let written = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(written == manual, "docs/policy.md is not what the pack says: write it anew with BLESS=1");
}

/// BLESS=1 draws them anew.
#[test]
fn the_drawings_on_the_shelf_are_those_of_the_workflows() {
    let pack = pack();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/workflows");
    let mut index = String::from(
        "# Workflows\n\nDrawn from `policy/workflows/` by `pilar cases draw KEY`; the same drawing stands at `/alur/KEY`. \
         Thick frames begin and end, a dashed frame\nwaits for somebody outside, a dashed arrow is taken by the clock.\n\n",
    );
    let mut wanted = std::collections::BTreeSet::from(["README.md".to_owned()]);
    for (key, workflow) in pack.workflows() {
        // On paper of its own a drawing needs a ground and a colour.
        let svg = workflow.chart(pack.roles(), Lang::En).replacen(
            "color=\"currentColor\"",
            "color=\"#1b2a33\" style=\"background:#fff\"",
            1,
        );
        let name = format!("{key}.svg");
        shelve(&folder.join(&name), &format!("{svg}\n"));
        index.extend(["- [", &workflow.label.en, "](", &name, "): ", &workflow.purpose.en, "\n"]);
        wanted.insert(name);
    }
    shelve(&folder.join("README.md"), &index);
    let there =
        std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(
        there.collect::<std::collections::BTreeSet<_>>(),
        wanted,
        "drawings of workflows that are gone"
    );
}

fn shelve(path: &std::path::Path, text: &str) {
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == text, "{} is not what the pack says: write it anew with BLESS=1", path.display());
}

#[test]
fn what_held_on_the_first_of_march_2020() {
    let pack = pack();
    let pkh = pack.programme("PKH").unwrap().on(day("2020-03-01")).unwrap();
    assert_eq!(pkh.component("BALITA").unwrap().amount_year, Rupiah::new(3_000_000));
    assert_eq!(pkh.parameters["elderly_age"], rules::Value::Int(70));
    let cap = pkh.cap.as_ref().unwrap();
    assert_eq!((cap.persons, cap.amount_year), (4, Rupiah::new(10_800_000)));
    assert_eq!(cap.amount(period("2020-T1")), Rupiah::new(2_700_000));

    let sembako = pack.programme("SEMBAKO").unwrap();
    let flat = |text: &str| {
        sembako.on(day(text)).and_then(|version| version.flat.clone()).map(|flat| flat.amount.idr())
    };
    assert_eq!(flat("2016-12-31"), None);
    assert_eq!(flat("2019-12-31"), Some(110_000));
    assert_eq!(flat("2020-02-29"), Some(150_000));
    assert_eq!(flat("2020-03-01"), Some(200_000));
}

#[test]
fn ages_and_amounts_change_on_their_days() {
    let pack = pack();
    let pkh = pack.programme("PKH").unwrap();
    let age = |text: &str| pkh.on(day(text)).unwrap().parameters["elderly_age"].as_int();
    for (on, expected) in
        [("2019-06-01", 60), ("2020-01-01", 70), ("2022-12-31", 70), ("2023-01-01", 60), ("2026-11-22", 60)]
    {
        assert_eq!(age(on), Some(expected), "{on}");
    }
    assert!(pkh.on(day("2018-12-31")).is_none());
    let stage = |on: &str, code: &str| pkh.on(day(on)).unwrap().component(code).unwrap().amount_stage.idr();
    assert_eq!((stage("2019-05-01", "HAMIL"), stage("2026-11-01", "HAMIL")), (600_000, 750_000));
    let amounts: Vec<i64> = ["HAMIL", "BALITA", "SD", "SMP", "SMA", "DISABILITAS", "LANSIA"]
        .map(|code| stage("2026-11-01", code))
        .into();
    assert_eq!(amounts, [750_000, 750_000, 225_000, 375_000, 500_000, 600_000, 600_000]);
    assert!(!pkh.on(day("2026-11-01")).unwrap().component("HAM_BERAT").unwrap().enabled);
    // Versions leave no day out and none twice.
    for pair in pkh.versions.windows(2) {
        assert_eq!(pair[0].valid_to.unwrap().tomorrow().unwrap(), pair[1].valid_from);
    }
    assert_eq!(pkh.versions.last().unwrap().valid_to, None);
}

#[test]
fn a_stage_of_food_aid_is_the_sum_of_its_months() {
    let pack = pack();
    let sembako = pack.programme("SEMBAKO").unwrap();
    assert_eq!(sembako.flat_amount(period("2026-T4")), Ok(Rupiah::new(600_000)));
    assert_eq!(sembako.flat_amount(period("2020-T1")), Ok(Rupiah::new(500_000)));
    assert_eq!(sembako.flat_amount(period("2026-11")), Ok(Rupiah::new(200_000)));
    assert!(sembako.versions[0].schedule.accepts(period("2026-T4")));
    assert!(!sembako.versions[0].schedule.accepts(period("2026")));
}

#[test]
fn every_condition_reads_as_a_sentence_in_both_languages() {
    let pack = pack();
    for programme in pack.programmes().values() {
        for version in &programme.versions {
            let conditions = version.eligibility.iter().map(|part| &part.when);
            for expr in conditions.chain(version.exclusions.iter().map(|part| &part.when)) {
                assert_ne!(expr.words(Lang::Id), expr.words(Lang::En));
            }
        }
    }
}

#[test]
fn places_come_from_the_table_or_from_the_share() {
    let pack = pack();
    let version = pack.programme("SEMBAKO").unwrap().on(day("2026-11-01")).unwrap();
    let quota = version.quota.as_ref().unwrap();
    assert_eq!(quota.by, RegionLevel::District);
    assert_eq!(quota.places(&RegionCode::parse("99.01").unwrap(), 10_000), 1_930);
    assert_eq!(quota.places(&RegionCode::parse("99.01").unwrap(), 0), 0);
}

#[test]
fn deadlines_fall_on_working_days() {
    let pack = pack();
    let calendar = pack.calendar();
    // Friday before the week of 17 August 2026 (a Monday, a holiday).
    assert_eq!(calendar.add_working_days(day("2026-08-14"), 1), day("2026-08-18"));
    assert_eq!(calendar.add_working_days(day("2026-08-15"), 0), day("2026-08-18"));
    assert_eq!(calendar.working_days_between(day("2026-08-14"), day("2026-08-18")), 1);
    for days in 0..60 {
        let from = date(2026, 3, 1);
        let due = calendar.add_working_days(from, days);
        assert!(calendar.is_working_day(due));
        let counted = calendar.working_days_between(from, due);
        assert_eq!(counted, i64::from(days.max(1)), "1 March 2026 is a Sunday");
        assert_eq!(calendar.working_days_between(due, from), -counted);
    }
}

#[test]
fn words_come_in_two_languages_with_numbers_as_they_are_written() {
    let pack = pack();
    let words = pack.words();
    assert_eq!(words.get(Lang::Id, "count-families", &[("count", 12_500.into())]), "12.500 keluarga");
    assert_eq!(words.get(Lang::En, "count-families", &[("count", 12_500.into())]), "12,500 families");
    assert_eq!(words.get(Lang::En, "count-families", &[("count", 1.into())]), "1 family");
    assert_eq!(words.get(Lang::Id, "no-such-key", &[]), "no-such-key");
}

/// Who may do what, as a table that everybody can read. When a right changes on purpose: UPDATE_GOLDEN=1 cargo test -p policy.
#[test]
fn the_matrix_of_rights_is_the_one_agreed() {
    let pack = pack();
    let roles = pack.roles();
    let mut table =
        String::from("Who may do what. x: in the own territory; c: for the own caseload; -: no.\n\n");
    let wide = roles.actions.iter().map(|action| action.key.len()).max().unwrap_or(0);
    let heads: Vec<&str> = roles.iter().map(|role| role.key.as_str()).collect();
    writeln!(table, "{:wide$}  {}", "", heads.join("  ")).unwrap();
    for action in &roles.actions {
        let cells: Vec<String> = roles
            .iter()
            .map(|role| {
                let mark = match (role.may(&action.key), role.caseload && action.territorial) {
                    (false, _) => "-",
                    (true, true) => "c",
                    (true, false) => "x",
                };
                format!("{mark:^wide$}", wide = role.key.len())
            })
            .collect();
        writeln!(table, "{:wide$}  {}", action.key, cells.join("  ").trim_end()).unwrap();
    }
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rights.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &table).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&golden).unwrap_or_default(), table);
}

#[test]
fn nobody_both_makes_and_checks_everything_and_the_auditor_changes_nothing() {
    let pack = pack();
    let may = |role: &str, action: &str| pack.roles().get(role).unwrap().may(action);
    assert!(may("treasurer", "payment.build") && !may("treasurer", "decision.run"));
    assert!(may("programme_manager", "decision.run") && !may("programme_manager", "payment.build"));
    assert!(may("administrator", "user.manage") && !may("administrator", "family.read"));
    let changing = [
        "run",
        "approve",
        "build",
        "export",
        "import",
        "reconcile",
        "decide",
        "consolidate",
        "receive",
        "work",
        "open",
        "manage",
        "report",
        "card",
        "card_stock",
    ];
    let auditor = pack.roles().get("auditor").unwrap();
    for action in &auditor.actions {
        let verb = action.split('.').nth(1).unwrap_or("search");
        assert!(!changing.contains(&verb), "the auditor may {action}");
    }
}

#[test]
fn every_combination_of_states_leads_to_one_status_and_all_words_of_siks_ng_are_there() {
    let pack = pack();
    let statuses = pack.statuses();
    assert_eq!(statuses.unclear(), []);
    let [(_, eligibility), (_, account), (_, payment)] = policy::LINE_STATES;
    let mut reached = std::collections::BTreeSet::new();
    for (one, two, three) in eligibility.iter().flat_map(|one| {
        account.iter().flat_map(move |two| payment.iter().map(move |three| (one, two, three)))
    }) {
        for reason in ["", "payee_died", "sent_for_opening"] {
            let status = statuses.of_line([one, two, three], reason).unwrap();
            reached.insert(&status.key);
            assert!(*one == "eligible" || status.pay != "yes", "{one} {two} {three}: {}", status.key);
            assert!(
                !status.label.id.is_empty() && !status.next.en.is_empty() && !status.citizen.id.is_empty()
            );
        }
    }
    let led = statuses.all().iter().filter(|status| status.states.is_some());
    assert!(led.clone().all(|status| reached.contains(&status.key)), "a status that nothing leads to");
    let printed: std::collections::BTreeSet<&str> =
        statuses.all().iter().map(|status| status.printed.as_str()).filter(|word| !word.is_empty()).collect();
    assert_eq!(printed.len(), 15, "{printed:?}");
}

#[test]
fn every_word_of_siks_ng_is_led_to_by_a_line_or_by_an_exclusion_but_the_one_that_no_list_tells() {
    let pack = pack();
    let versions = pack.programmes().values().flat_map(|programme| &programme.versions);
    let words: std::collections::BTreeSet<&str> =
        versions.flat_map(|version| &version.exclusions).map(|one| one.siks_ng.as_str()).collect();
    let all = pack.statuses().all().iter();
    let nowhere: Vec<&str> = all
        .filter(|status| status.states.is_none() && !words.contains(status.printed.as_str()))
        .map(|status| status.key.as_str())
        .collect();
    assert_eq!(nowhere, ["overlap_staff"]);
}
