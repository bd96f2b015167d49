//! Limits of a family, by a golden table: amounts of `pkh_components.csv`, four persons, highest amounts
//! first, Rp10.8 million a year.

use std::fmt::Write;

use model::Rupiah;

use super::{month, period, policy};
use crate::{Plan, cap::Counted};

/// The members of a family, each with the components that he or she qualifies for.
fn counted(plan: &Plan<'_>, family: &str) -> (Counted, String) {
    let bit = |code: &str| {
        let found = plan.components.iter().position(|component| component.code == code);
        1u32 << found.unwrap_or_else(|| panic!("no component {code}"))
    };
    let masks: Vec<u32> = family.split_whitespace().map(|person| person.split('+').map(bit).sum()).collect();
    let mut out = Counted::default();
    // The first named is the oldest.
    plan.cap.count(&masks, |p| Some(p as i32), &mut out).unwrap();
    let mut words = String::new();
    for (person, component) in &out.who {
        let _ = write!(words, "{}{} ", person + 1, plan.components[*component].code);
    }
    (out, words.trim_end().to_owned())
}

#[test]
fn a_family_over_the_cap_gets_the_highest_components_first() {
    let policy = policy();
    let stage = Plan::new(&policy, "PKH", period("2026-T4"), month("2026-11")).unwrap();
    for (family, who, amount, trimmed) in [
        ("", "", 0, 0),
        ("SD", "1SD", 225_000, 0),
        ("SMA SMP SD", "1SMA 2SMP 3SD", 1_100_000, 0),
        ("HAMIL", "1HAMIL", 750_000, 0),
        ("BALITA BALITA", "1BALITA 2BALITA", 1_500_000, 0),
        // At most two children under seven.
        ("BALITA BALITA BALITA", "1BALITA 2BALITA", 1_500_000, 0),
        // One older person, one severely disabled person.
        ("LANSIA LANSIA", "1LANSIA", 600_000, 0),
        ("LANSIA DISABILITAS DISABILITAS", "2DISABILITAS 1LANSIA", 1_200_000, 0),
        // Four persons: the lowest amounts fall out.
        ("SD SMP SMA LANSIA HAMIL", "5HAMIL 4LANSIA 3SMA 2SMP", 2_225_000, 0),
        ("SD SD SD SD SD", "1SD 2SD 3SD 4SD", 900_000, 0),
        // The yearly maximum is reached exactly: 3.0 + 3.0 + 2.4 + 2.4 million.
        ("HAMIL BALITA LANSIA DISABILITAS", "1HAMIL 2BALITA 4DISABILITAS 3LANSIA", 2_700_000, 0),
        // And exceeded: what is above 10.8 million a year is cut off.
        ("HAMIL HAMIL BALITA BALITA", "1HAMIL 2HAMIL 3BALITA 4BALITA", 2_700_000, 300_000),
        // A person counts once, for the highest amount.
        ("HAMIL+SMA", "1HAMIL", 750_000, 0),
        ("HAMIL+SMA SMA", "1HAMIL 2SMA", 1_250_000, 0),
    ] {
        let (counted, words) = counted(&stage, family);
        assert_eq!(words, who, "{family}");
        assert_eq!(
            (counted.amount, counted.trimmed),
            (Rupiah::new(amount), Rupiah::new(trimmed)),
            "{family}"
        );
    }
}

#[test]
fn four_stages_make_the_year_for_every_component_and_for_the_limit() {
    let policy = policy();
    for programme in policy.programmes().values() {
        for version in &programme.versions {
            for component in version.components.iter().filter(|component| !component.once) {
                let year = component.amount_stage.times(4);
                assert_eq!(year, Ok(component.amount_year), "{} {}", programme.key, component.code);
            }
            if let Some(cap) = &version.cap {
                assert_eq!(cap.amount(period("2026-T1")).times(4), Ok(cap.amount_year));
            }
        }
    }
    let year: Vec<i64> = ["HAMIL", "BALITA", "SD", "SMP", "SMA", "LANSIA", "DISABILITAS"]
        .iter()
        .map(|code| {
            let version = policy.programme("PKH").unwrap().on(period("2026-T4").first_day()).unwrap();
            version.component(code).unwrap().amount_year.idr()
        })
        .collect();
    assert_eq!(year, [3_000_000, 3_000_000, 900_000, 1_500_000, 2_000_000, 2_400_000, 2_400_000]);
}

#[test]
fn one_more_member_never_lowers_what_a_family_receives() {
    let policy = policy();
    let plan = Plan::new(&policy, "PKH", period("2026-T4"), month("2026-11")).unwrap();
    let mut dice = super::Dice(7);
    for _ in 0..2_000 {
        let all = (1u64 << plan.components.len()) - 1;
        let masks: Vec<u32> = (0..dice.below(9)).map(|_| (dice.roll() & dice.roll() & all) as u32).collect();
        let mut before = Rupiah::ZERO;
        for members in 0..=masks.len() {
            let mut out = Counted::default();
            plan.cap.count(&masks[..members], |p| Some(p as i32), &mut out).unwrap();
            assert!(out.amount >= before, "{masks:?}");
            assert!(out.who.len() <= 4 && out.amount <= Rupiah::new(2_700_000), "{masks:?}");
            before = out.amount;
        }
    }
}
