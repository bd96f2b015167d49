//! Laws of decisions, on the programmes of the policy pack and on families at random.

mod caps;
mod figures;
mod laws;
mod notices;
mod oracle;
mod service;
mod simulation;

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray};
use model::{Month, Period};
use policy::{ColumnType, Policy, Subject};

use crate::{Plan, pass::Pass};

fn policy() -> Policy {
    Policy::embedded().unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn period(text: &str) -> Period {
    text.parse().unwrap()
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

/// Every programme of the pack with a period that it decides for.
fn wishes(policy: &Policy) -> Vec<(&str, Period)> {
    let years = (2018..=2026).rev().map(|year| year.to_string());
    let periods: Vec<Period> = ["2026-T4".to_owned(), "2026-11".to_owned()]
        .into_iter()
        .chain(years.flat_map(|year| [format!("{year}-T4"), format!("{year}-T2"), year]))
        .map(|text| period(&text))
        .collect();
    let wish = |key: &'_ String| {
        let fits = |period: &&Period| Plan::new(policy, key, **period, month("2026-11")).is_ok();
        periods.iter().find(fits).copied()
    };
    policy.programmes().keys().filter_map(|key| Some((key.as_str(), wish(key)?))).collect()
}

fn pass<'a>(policy: &'a Policy, wishes: &[(&str, Period)]) -> Pass<'a> {
    let plan = |(key, period): &(&str, Period)| Plan::new(policy, key, *period, month("2026-11")).unwrap();
    Pass::new(policy, wishes.iter().map(plan).collect())
}

/// A pass for each programme alone.
fn alone(policy: &Policy) -> Vec<Pass<'_>> {
    wishes(policy).iter().map(|wish| pass(policy, std::slice::from_ref(wish))).collect()
}

/// A seeded generator (SplitMix64): the same families in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.roll() % n
    }

    fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Families and their people with every column that a rule may name; each value unknown one time in `gaps`
/// hundredths.
fn population(policy: &Policy, families: usize, gaps: u64, dice: &mut Dice) -> (RecordBatch, RecordBatch) {
    population_from(policy, 0..families as i64, gaps, dice)
}

fn population_from(
    policy: &Policy,
    families: std::ops::Range<i64>,
    gaps: u64,
    dice: &mut Dice,
) -> (RecordBatch, RecordBatch) {
    let mut family_ids = Vec::new();
    let mut person_ids = Vec::new();
    let mut family_of = Vec::new();
    for family in families.clone() {
        family_ids.push(10 + family * 7);
        for _ in 0..dice.below(8) {
            person_ids.push(1_000_000 + families.start * 7 + person_ids.len() as i64);
            family_of.push(10 + family * 7);
        }
    }
    let families = family_ids.len();
    let people = vec![
        ("person_id".to_owned(), Arc::new(Int64Array::from(person_ids.clone())) as ArrayRef),
        ("family_id".to_owned(), Arc::new(Int64Array::from(family_of))),
    ];
    let people = columns(policy, Subject::Person, people, person_ids.len(), gaps, dice);
    let own = vec![("family_id".to_owned(), Arc::new(Int64Array::from(family_ids)) as ArrayRef)];
    let families = columns(policy, Subject::Family, own, families, gaps, dice);
    (families, people)
}

fn columns(
    policy: &Policy,
    subject: Subject,
    mut out: Vec<(String, ArrayRef)>,
    rows: usize,
    gaps: u64,
    dice: &mut Dice,
) -> RecordBatch {
    let wanted = policy.columns().iter().chain(policy.registry_columns());
    for column in wanted.filter(|column| column.subject == subject) {
        let codes = column.codes.as_deref().map(|list| policy.codes(list)).unwrap_or_default();
        let mut cells = Vec::with_capacity(rows);
        for _ in 0..rows {
            let value = match column.kind {
                ColumnType::Bool => i64::from(dice.chance(match column.name.as_str() {
                    "alive" | "matched" => 92,
                    "civil_servant" | "disability_severe" => 6,
                    _ => 50,
                })),
                ColumnType::Date => dice.between(-15_000, 20_700),
                ColumnType::Text => dice.between(1, 3),
                ColumnType::Int if !codes.is_empty() => codes[dice.below(codes.len() as u64) as usize].code,
                ColumnType::Int => dice.between(0, 6),
            };
            // The registry always knows whether a person lives; a rule must still stand it if not.
            cells.push((!dice.chance(gaps)).then_some(value));
        }
        let array: ArrayRef = match column.kind {
            ColumnType::Bool => {
                Arc::new(cells.iter().map(|cell| cell.map(|value| value == 1)).collect::<BooleanArray>())
            }
            ColumnType::Date => {
                Arc::new(cells.iter().map(|cell| cell.map(|value| value as i32)).collect::<Date32Array>())
            }
            ColumnType::Text => {
                let village = |value: i64| format!("99.0{}.01.200{value}", 1 + value % 2);
                Arc::new(cells.iter().map(|cell| cell.map(village)).collect::<StringArray>())
            }
            ColumnType::Int if matches!(column.name.as_str(), "nik" | "kk") => {
                Arc::new(cells.into_iter().collect::<Int64Array>())
            }
            ColumnType::Int => {
                Arc::new(cells.iter().map(|cell| cell.map(|value| value as i32)).collect::<Int32Array>())
            }
        };
        out.push((column.name.clone(), array));
    }
    RecordBatch::try_from_iter_with_nullable(out.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}
