//! What the rule language promises: words a citizen can read, faults with their place, three-valued answers
//! with a trace.

use std::collections::BTreeMap;

use jiff::civil::date;
use model::Outcome;
use rules::{Expr, Fault, Field, Lang, Params, Schema, Type, Value, compile};

fn schema() -> Schema {
    Schema::new()
        .with(Field::column("family.decile", Type::Int).label("Desil keluarga", "Family decile"))
        .with(Field::column("family.region", Type::Text).label("Desa/kelurahan", "Village"))
        .with(Field::column("person.age", Type::Int).label("Usia (tahun)", "Age (years)"))
        .with(Field::column("person.nik", Type::Int).label("NIK", "NIK").sealed())
        .with(Field::column("person.works", Type::Bool).label("Bekerja", "Works"))
        .with(Field::column("person.birth_date", Type::Date).label("Tanggal lahir", "Birth date"))
        .with(
            Field::column("person.disability", Type::Int)
                .label("Disabilitas", "Disability")
                .codes([(0, "melihat", "seeing"), (1, "mendengar", "hearing")])
                .bits(),
        )
        .with(
            Field::column("person.school_level", Type::Int).label("Jenjang sekolah", "School level").codes([
                (1, "SD", "primary"),
                (2, "SMP", "lower secondary"),
                (3, "SMA", "upper secondary"),
            ]),
        )
        .with(Field::column("person.weight", Type::Num).label("Berat", "Weight"))
        .with(Field::param("param.decile_max", Type::Int).label("Batas desil", "Decile limit"))
}

fn words(text: &str, lang: Lang) -> String {
    let params = Params::at(date(2026, 10, 1)).with("param.decile_max", 4);
    compile(text, &schema()).expect(text).words_with(lang, &params)
}

#[test]
fn a_rule_reads_as_a_sentence_in_both_languages() {
    for (text, id, en) in [
        (
            "family.decile between 1 and 4",
            "desil keluarga antara 1 dan 4",
            "family decile is between 1 and 4",
        ),
        (
            "family.decile <= param.decile_max and not person.works",
            "desil keluarga paling banyak 4, dan bekerja: tidak",
            "family decile is at most 4, and works: no",
        ),
        (
            "person.school_level in (1, 2) or person.school_level = 3",
            "jenjang sekolah salah satu dari SD atau SMP, atau jenjang sekolah adalah SMA",
            "school level is one of primary or lower secondary, or school level is upper secondary",
        ),
        (
            "person.birth_date <= date '1966-10-01'",
            "tanggal lahir pada atau sebelum 1 Oktober 1966",
            "birth date is on or before 1 October 1966",
        ),
        ("has_bit(person.disability, 1)", "disabilitas mencakup mendengar", "disability includes hearing"),
        (
            "not (person.works and family.decile > 4)",
            "tidak berlaku bahwa (bekerja: ya, dan desil keluarga lebih dari 4)",
            "it does not hold that (works: yes, and family decile is more than 4)",
        ),
        (
            "years_between(person.birth_date, reference_date) >= 60",
            "tahun penuh dari tanggal lahir sampai 1 Oktober 2026 paling sedikit 60",
            "full years from birth date to 1 October 2026 is at least 60",
        ),
        (
            "coalesce(person.school_level, 1) <> 3",
            "jenjang sekolah (bila tidak diketahui: SD) bukan SMA",
            "school level (if not known: primary) is not upper secondary",
        ),
        ("person.nik is not null", "NIK diketahui", "NIK is known"),
        (
            "case when person.works then 1 else 2 end = 1",
            "(bila bekerja: ya maka 1; selain itu 2) adalah 1",
            "(if works: yes then 1; otherwise 2) is 1",
        ),
    ] {
        assert_eq!(words(text, Lang::Id), id, "{text}");
        assert_eq!(words(text, Lang::En), en, "{text}");
    }
}

#[test]
fn what_is_not_in_the_language_is_refused_at_its_place() {
    for (text, code, line, column) in [
        ("", "rules-empty", 1, 1),
        ("family.decil <= 4", "rules-unknown-name", 1, 1),
        ("family.decile <= 4 and\n  person.agee > 6", "rules-unknown-name", 2, 3),
        ("family.decile <= '4'", "rules-mismatch", 1, 18),
        ("family.decile + person.works > 1", "rules-mismatch", 1, 17),
        ("family.decile <= 4 and person.age", "rules-mismatch", 1, 24),
        ("person.works < true", "rules-mismatch", 1, 16),
        ("family.region like '99%'", "rules-refused", 1, 1),
        ("family.decile = null", "rules-null-literal", 1, 17),
        ("family.decile / 0 > 1", "rules-division-by-zero", 1, 17),
        ("1 < family.decile % (-0)", "rules-division-by-zero", 1, 23),
        ("cast(family.decile as text) = '1'", "rules-refused", 1, 6),
        ("family.decile in (select 1)", "rules-refused", 1, 1),
        ("exists (select 1)", "rules-refused", 1, 9),
        ("now() > date '2026-01-01'", "rules-unknown-function", 1, 1),
        ("person.birth_date > '2026-01-01'", "rules-mismatch", 1, 21),
        ("person.birth_date > date '2026-02-31'", "rules-bad-date", 1, 26),
        ("person.school_level = 9", "rules-unknown-code", 1, 23),
        ("coalesce(person.school_level, 1) in (2, 7)", "rules-unknown-code", 1, 1),
        ("family.decile = 99999999999999999999", "rules-number-range", 1, 17),
        ("family.decile <= 4 family.decile", "rules-syntax", 1, 20),
        ("family.decile <=", "rules-syntax", 1, 17),
        ("family.decile <= 4; drop table x", "rules-syntax", 1, 19),
        ("\"family\".decile = 1", "rules-refused", 1, 1),
        ("upper(family.region, 1) = 'A'", "rules-arguments", 1, 1),
        ("substr(family.region, 0, 2) = '99'", "rules-arguments", 1, 8),
        ("has_bit(person.disability, 63)", "rules-arguments", 1, 1),
        ("count(*) > 1", "rules-unknown-function", 1, 1),
        ("coalesce(distinct family.decile, 1) = 1", "rules-refused", 1, 1),
    ] {
        let error = compile(text, &schema()).unwrap_err();
        assert_eq!((error.code(), error.line, error.column), (code, line, column), "{text}: {error}");
        assert!(!error.remedy().is_empty() && !error.message().is_empty());
    }
    let near = compile("family.decil = 1", &schema()).unwrap_err().fault;
    assert!(matches!(near, Fault::UnknownName { near: Some(near), .. } if near == "family.decile"));
    assert!(Expr::condition("family.decile", &schema()).is_err());
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = format!("{}person.works{}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(compile(&deep, &schema()).is_err());
    let deep = format!("{}person.works{}", "(".repeat(200), ")".repeat(200));
    assert_eq!(compile(&deep, &schema()).unwrap_err().code(), "rules-too-deep");
    let sum = format!("family.decile = {}1", "1 + ".repeat(1_000));
    assert_eq!(compile(&sum, &schema()).unwrap_err().code(), "rules-too-deep");
    let chain = format!("person.works{}", " and person.works".repeat(400));
    assert!(compile(&chain, &schema()).is_ok());
}

fn row(values: &[(&str, Value)]) -> BTreeMap<String, Value> {
    values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

#[test]
fn the_trace_names_each_part_its_value_and_what_is_unknown() {
    let rule = compile("family.decile <= param.decile_max and (person.works or person.age > 60)", &schema());
    let params = Params::at(date(2026, 10, 1)).with("param.decile_max", 4);
    let traced =
        rule.unwrap().eval_row(&row(&[("family.decile", 2.into()), ("person.works", false.into())]), &params);
    assert_eq!(traced.outcome, Outcome::Unknown);
    assert_eq!(traced.unknown, ["person.age"]);
    let steps: Vec<(u8, &str, Outcome)> =
        traced.steps.iter().map(|step| (step.depth, step.words.id.as_str(), step.outcome)).collect();
    assert_eq!(
        steps,
        [
            (0, "semua yang berikut berlaku", Outcome::Unknown),
            (1, "desil keluarga paling banyak 4", Outcome::True),
            (1, "salah satu dari yang berikut berlaku", Outcome::Unknown),
            (2, "bekerja", Outcome::False),
            (2, "usia (tahun) lebih dari 60", Outcome::Unknown),
        ]
    );
    assert_eq!(traced.steps[1].fields[0].shown.id, "2");
}

#[test]
fn an_unknown_value_that_does_not_matter_is_not_blamed() {
    let rule = compile("family.decile <= 4 and person.age > 60", &schema()).unwrap();
    let traced = rule.eval_row(&row(&[("family.decile", 9.into())]), &Params::default());
    assert_eq!(traced.outcome, Outcome::False);
    assert!(traced.unknown.is_empty());
}

#[test]
fn a_sealed_number_never_shows_in_a_trace() {
    let rule = compile("person.nik > 5", &schema()).unwrap();
    let traced = rule.eval_row(&row(&[("person.nik", 9_973_010_507_190_001.into())]), &Params::default());
    assert_eq!(traced.outcome, Outcome::True);
    assert_eq!(traced.steps[0].fields[0].shown.id, "diketahui");
}

#[test]
fn codes_and_bits_show_as_their_words() {
    let rule = compile("has_bit(person.disability, 1) or person.school_level = 2", &schema()).unwrap();
    let values = row(&[("person.disability", 3.into()), ("person.school_level", 3.into())]);
    let traced = rule.eval_row(&values, &Params::default());
    let shown: Vec<&str> = traced.fields().iter().map(|field| field.shown.id.as_str()).collect();
    assert_eq!(shown, ["melihat, mendengar", "SMA"]);
}

#[test]
fn arithmetic_out_of_range_is_unknown_never_wrapped() {
    let max = row(&[("family.decile", i64::MAX.into()), ("person.weight", Value::Num(f64::MAX))]);
    for text in [
        "family.decile + 1 > 0",
        "family.decile * family.decile > 0",
        "family.decile / (family.decile - family.decile) > 0",
        "family.decile % (family.decile - family.decile) = 0",
        "person.weight * 10 > 0",
        "date '2026-01-01' + family.decile > date '2026-01-01'",
        "least(family.decile, person.age) > 0",
    ] {
        let rule = compile(text, &schema()).unwrap();
        let traced = rule.eval_row(&max, &Params::default());
        assert_eq!(traced.outcome, Outcome::Unknown, "{text}");
        assert!(!traced.unknown.is_empty(), "{text}");
    }
}

#[test]
fn a_parameter_that_was_not_given_is_unknown() {
    let rule = compile("family.decile <= param.decile_max", &schema()).unwrap();
    let traced = rule.eval_row(&row(&[("family.decile", 1.into())]), &Params::default());
    assert_eq!(traced.outcome, Outcome::Unknown);
    assert_eq!(rule.params(), ["param.decile_max"]);
    assert_eq!(rule.columns(), ["family.decile"]);
}
