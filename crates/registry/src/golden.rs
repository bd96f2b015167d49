//! Survivorship: of all the records of one person, which one gives each field.
//!
//! In: columns of records, the subject (person or family) of each record, and the standing of each list. Out:
//! for every column and subject the record whose value survives. Pure, and the same for one person as for a
//! million: the person page shows where every field comes from by running it again on that person's records.
//! The order of the records must never matter.
//!
//! A value survives by (trust of its list for the field, newer list, smaller record id within it). Fields
//! that only make sense together follow their leader: no neighbourhood of one list in the village of another.
//! Null never survives while a value exists.

use arrow_array::{
    Array, ArrayAccessor, ArrayRef, BooleanArray, UInt32Array,
    cast::AsArray,
    types::{Date32Type, Int32Type, Int64Type},
};
use arrow_schema::DataType;
use arrow_select::take::take;

/// No record gives this field.
pub const NONE: u32 = u32::MAX;

/// What survivorship needs to know of one list (one received file).
#[derive(Debug, Clone)]
pub struct Standing {
    /// Number of the file.
    pub file: u32,
    /// Key of the source.
    pub source: String,
    /// As-of date, days since 1970-01-01; unknown sorts as oldest.
    pub as_of: Option<i32>,
    /// The list confirms who a person is (the civil registry).
    pub confirms: bool,
    /// The list may make a person that no other list knows.
    pub creates: bool,
    /// Trust per field, 0 to 100.
    pub trust: Trust,
}

/// How far a list is believed: a default and exceptions per column. 0: the field is never taken from this
/// list.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// For every column not named.
    pub default: u8,
    /// By canonical column.
    pub columns: std::collections::BTreeMap<String, u8>,
}

impl Trust {
    /// Trust for one column.
    pub fn of(&self, column: &str) -> u8 {
        self.columns.get(column).copied().unwrap_or(self.default)
    }
}

/// Who comes first for one column: position by list, 0 is believed most; [`NONE`] is never believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Precedence(Vec<u32>);

impl Precedence {
    /// Orders the lists for `column` by trust, then by newness, then by later receipt.
    pub fn of(column: &str, lists: &[Standing]) -> Self {
        Self::ordered(lists, |list| list.trust.of(column))
    }

    /// As [`Precedence::of`], but lists that cannot confirm a death are not believed. A death is believed
    /// from a list that confirms identity, and from a list that is trusted for deaths at least as much as the
    /// weakest of those (a field report).
    pub fn of_death(lists: &[Standing]) -> Self {
        let column = "death_date";
        let bar = lists.iter().filter(|l| l.confirms).map(|l| l.trust.of(column)).min();
        Self::ordered(lists, |list| {
            let trust = list.trust.of(column);
            if list.confirms || bar.is_some_and(|bar| trust >= bar) { trust } else { 0 }
        })
    }

    fn ordered(lists: &[Standing], trust: impl Fn(&Standing) -> u8) -> Self {
        let mut order: Vec<u32> = (0..lists.len() as u32).collect();
        order.sort_by_key(|&i| {
            let list = &lists[i as usize];
            std::cmp::Reverse((trust(list), list.as_of.unwrap_or(i32::MIN), list.file))
        });
        let mut place = vec![NONE; lists.len()];
        for (position, &i) in order.iter().enumerate() {
            if trust(&lists[i as usize]) > 0 {
                place[i as usize] = position as u32;
            }
        }
        Self(place)
    }

    /// Whether a list may speak at all.
    pub fn believes(&self, list: u32) -> bool {
        self.place(list) != NONE
    }

    fn place(&self, list: u32) -> u32 {
        self.0.get(list as usize).copied().unwrap_or(NONE)
    }
}

/// Records and whose they are. Rows are in ascending order of record id.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Subject of each row; [`NONE`] for a row that belongs to nobody.
    pub subject: &'a [u32],
    /// List (index into the standings) of each row.
    pub list: &'a [u32],
    /// Rows that come first among equally believed lists (the head's records for a family's house); empty if
    /// none do.
    pub first: &'a [bool],
    /// How many subjects.
    pub subjects: usize,
}

/// How the value of a column is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The value of the best believed list.
    Best,
    /// Boolean: one true is enough, and the best believed true is the witness; false only if nobody says
    /// true.
    AnyTrue,
    /// Follows the named column: only records that do not contradict the leader's surviving value may speak.
    Follows(&'static str),
}

/// The rule of a canonical column. What a person works at and where a house stands are told by one list or
/// not at all.
pub fn rule_of(column: &str) -> Rule {
    match column {
        "civil_servant" => Rule::AnyTrue,
        "address" | "rt" | "rw" => Rule::Follows("region"),
        "school_level" | "school_class" => Rule::Follows("school_status"),
        "work_sector" | "job_status" => Rule::Follows("works"),
        "pregnancy_no" => Rule::Follows("pregnant"),
        "disability_severe" => Rule::Follows("disability"),
        _ => Rule::Best,
    }
}

/// The surviving row of every subject for one column, [`NONE`] where nobody knows the value.
/// `may_speak` narrows the rows (see [`agreeing`]); without it, all may.
pub fn winners(
    rows: Rows<'_>,
    column: &dyn Array,
    precedence: &Precedence,
    rule: Rule,
    may_speak: Option<&[bool]>,
) -> Vec<u32> {
    let truth = match rule {
        Rule::AnyTrue => column.as_any().downcast_ref::<BooleanArray>(),
        _ => None,
    };
    let mut best = vec![u64::MAX; rows.subjects];
    let mut winner = vec![NONE; rows.subjects];
    for row in 0..rows.subject.len().min(column.len()) {
        let subject = rows.subject[row];
        if subject == NONE || column.is_null(row) || may_speak.is_some_and(|speak| !speak[row]) {
            continue;
        }
        let place = precedence.place(rows.list[row]);
        if place == NONE {
            continue;
        }
        let says_false = truth.is_some_and(|truth| !truth.value(row));
        let behind = !rows.first.get(row).copied().unwrap_or(true);
        // Compared in this order: truth (where it counts), trust and newness, the head's word. Rows ascend:
        // the first of equals stays.
        let key = (u64::from(says_false) << 40) | (u64::from(place) << 1) | u64::from(behind);
        if key < best[subject as usize] {
            best[subject as usize] = key;
            winner[subject as usize] = row as u32;
        }
    }
    winner
}

/// Rows that do not contradict the leader's surviving value: they say the same or nothing.
///
/// # Errors
/// When the column's type cannot be compared.
pub fn agreeing(
    rows: Rows<'_>,
    leader: &ArrayRef,
    leader_winner: &[u32],
) -> Result<Vec<bool>, arrow_schema::ArrowError> {
    let surviving = rows.subject.iter().map(|&subject| match subject {
        NONE => None,
        subject => Some(leader_winner[subject as usize]).filter(|&row| row != NONE),
    });
    let equal = equality(leader)?;
    let agrees = |(row, winner): (usize, Option<u32>)| match winner {
        Some(winner) if leader.is_valid(row) => equal(row, winner as usize),
        _ => true,
    };
    Ok(surviving.enumerate().map(agrees).collect())
}

/// Whether two known rows of a column of the types that records have hold the same.
fn equality(column: &dyn Array) -> Result<Box<dyn Fn(usize, usize) -> bool + '_>, arrow_schema::ArrowError> {
    Ok(match column.data_type() {
        DataType::Int32 => same(column.as_primitive::<Int32Type>()),
        DataType::Int64 => same(column.as_primitive::<Int64Type>()),
        DataType::Date32 => same(column.as_primitive::<Date32Type>()),
        DataType::Boolean => same(column.as_boolean()),
        DataType::Utf8 => same(column.as_string::<i32>()),
        other => {
            let message = format!("no column of records holds {other}");
            return Err(arrow_schema::ArrowError::NotYetImplemented(message));
        }
    })
}

fn same<'a, A>(column: A) -> Box<dyn Fn(usize, usize) -> bool + 'a>
where
    A: ArrayAccessor + 'a,
    A::Item: PartialEq,
{
    Box::new(move |left, right| column.value(left) == column.value(right))
}

/// Picks the surviving values: `column[winner[i]]`, null where nobody knows.
///
/// # Errors
/// When a row is out of bounds, which would be a fault of this program.
pub fn pick(column: &ArrayRef, winner: &[u32]) -> Result<ArrayRef, arrow_schema::ArrowError> {
    let rows: UInt32Array = winner.iter().map(|&row| Some(row).filter(|&row| row != NONE)).collect();
    take(column.as_ref(), &rows, None)
}

/// The surviving row of every subject for a column together with its rule, fetching the leader's column where
/// the rule has one.
///
/// # Errors What `fetch` reports, and [`agreeing`].
pub fn survive<E: From<arrow_schema::ArrowError>>(
    rows: Rows<'_>,
    name: &str,
    column: &ArrayRef,
    lists: &[Standing],
    fetch: impl FnOnce(&str) -> Result<ArrayRef, E>,
) -> Result<Vec<u32>, E> {
    let precedence = match name {
        "death_date" => Precedence::of_death(lists),
        _ => Precedence::of(name, lists),
    };
    let rule = rule_of(name);
    let Rule::Follows(leader) = rule else {
        return Ok(winners(rows, column.as_ref(), &precedence, rule, None));
    };
    let leader_column = fetch(leader)?;
    let leading =
        winners(rows, leader_column.as_ref(), &Precedence::of(leader, lists), rule_of(leader), None);
    let speak = agreeing(rows, &leader_column, &leading)?;
    Ok(winners(rows, column.as_ref(), &precedence, rule, Some(&speak)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Int32Array, StringArray, cast::AsArray, types::Int32Type};
    use arrow_schema::ArrowError;
    use proptest::prelude::*;

    use super::*;

    fn list(file: u32, as_of: i32, trust: u8, confirms: bool) -> Standing {
        Standing {
            file,
            source: format!("s{file}"),
            as_of: Some(as_of),
            confirms,
            creates: true,
            trust: Trust { default: trust, columns: std::collections::BTreeMap::new() },
        }
    }

    fn rows<'a>(subject: &'a [u32], list: &'a [u32], subjects: usize) -> Rows<'a> {
        Rows { subject, list, first: &[], subjects }
    }

    fn unknown(_: &str) -> Result<ArrayRef, ArrowError> {
        Err(ArrowError::ComputeError("no leader here".into()))
    }

    #[test]
    fn trust_first_then_newness_and_null_never_wins() {
        let lists = [list(1, 10, 40, false), list(2, 20, 40, false), list(3, 5, 90, true)];
        let column: ArrayRef =
            Arc::new(Int32Array::from(vec![Some(1), Some(2), None, Some(3), Some(4), Some(5)]));
        let rows = rows(&[0, 0, 0, 1, 1, NONE], &[0, 1, 2, 0, 2, 2], 2);
        let winner = survive(rows, "sex", &column, &lists, unknown).unwrap();
        assert_eq!(winner, [1, 4]);
        assert_eq!(pick(&column, &winner).unwrap().as_primitive::<Int32Type>().values(), &[2, 4]);
    }

    #[test]
    fn a_list_without_trust_for_a_field_never_gives_it() {
        let mut lists = [list(1, 10, 40, false)];
        lists[0].trust.columns.insert("sex".into(), 0);
        let column: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        assert_eq!(survive(rows(&[0], &[0], 1), "sex", &column, &lists, unknown).unwrap(), [NONE]);
    }

    #[test]
    fn one_true_makes_a_civil_servant() {
        let lists = [list(1, 10, 90, false), list(2, 10, 30, false)];
        let column: ArrayRef = Arc::new(BooleanArray::from(vec![Some(false), Some(true), Some(false), None]));
        let winner =
            survive(rows(&[0, 0, 1, 1], &[0, 1, 0, 1], 2), "civil_servant", &column, &lists, unknown);
        assert_eq!(winner.unwrap(), [1, 2]);
    }

    #[test]
    fn a_death_needs_a_list_that_can_confirm_it() {
        let lists = [list(1, 99, 40, false), list(2, 10, 95, true), list(3, 50, 100, false)];
        let column: ArrayRef = Arc::new(Int32Array::from(vec![100, 101, 102, 103]));
        let winner = survive(rows(&[0, 1, 2, 2], &[0, 1, 1, 2], 3), "death_date", &column, &lists, unknown);
        assert_eq!(winner.unwrap(), [NONE, 1, 3]);
    }

    #[test]
    fn the_neighbourhood_follows_the_village() {
        let lists = [list(1, 10, 40, false), list(2, 10, 90, false)];
        let region: ArrayRef = Arc::new(StringArray::from(vec!["99.01.01.2001", "99.01.02.2002"]));
        let rt: ArrayRef = Arc::new(Int32Array::from(vec![Some(7), None]));
        let rows = rows(&[0, 0], &[0, 1], 1);
        let winner = survive(rows, "rt", &rt, &lists, |_| Ok::<_, ArrowError>(region.clone())).unwrap();
        assert_eq!(winner, [NONE], "the neighbourhood of another village is not taken");
        let told: ArrayRef = Arc::new(StringArray::from(vec![Some("99.01.02.2002"), Some("99.01.02.2002")]));
        assert_eq!(survive(rows, "rt", &rt, &lists, |_| Ok::<_, ArrowError>(told)).unwrap(), [0]);
    }

    proptest! {
        /// Shuffling the records changes which row number wins, never which value.
        #[test]
        fn the_order_of_records_is_irrelevant(
            values in prop::collection::vec((0u32..3, 0u32..4, prop::option::of(0i32..5)), 1..20),
            seed in any::<u64>(),
        ) {
            // Records of one list about one person differ in their id; the smaller id wins, so the id travels
            // with the record.
            let trust = [40, 40, 90, 30];
            let standing = |i: u32| list(i + 1, (i % 2) as i32, trust[i as usize], i == 2);
            let lists: Vec<Standing> = (0..4).map(standing).collect();
            let mut shuffled: Vec<usize> = (0..values.len()).collect();
            let mut state = seed | 1;
            for i in (1..shuffled.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                shuffled.swap(i, (state >> 33) as usize % (i + 1));
            }
            // Only the order of lists changes: within a list rows keep their order, as record ids do.
            shuffled.sort_by_key(|&i| (lists.len() as u32 - values[i].1, i));
            let value = |order: &[usize]| {
                let column: ArrayRef = Arc::new(order.iter().map(|&i| values[i].2).collect::<Int32Array>());
                let subject: Vec<u32> = order.iter().map(|&i| values[i].0).collect();
                let of: Vec<u32> = order.iter().map(|&i| values[i].1).collect();
                let winner = survive(rows(&subject, &of, 3), "sex", &column, &lists, unknown).unwrap();
                pick(&column, &winner).unwrap().as_primitive::<Int32Type>().iter().collect::<Vec<_>>()
            };
            let straight: Vec<usize> = (0..values.len()).collect();
            prop_assert_eq!(value(&straight), value(&shuffled));
        }

        /// A golden record put among its own sources changes nothing.
        #[test]
        fn survivorship_is_idempotent(
            values in prop::collection::vec((0u32..3, prop::option::of(0i32..5)), 1..12),
        ) {
            let trust = [40, 90, 30];
            let lists: Vec<Standing> = (0..3).map(|i| list(i + 1, 0, trust[i as usize], false)).collect();
            let column: ArrayRef = Arc::new(values.iter().map(|v| v.1).collect::<Int32Array>());
            let of: Vec<u32> = values.iter().map(|v| v.0).collect();
            let subject = vec![0; of.len()];
            let once = survive(rows(&subject, &of, 1), "sex", &column, &lists, unknown).unwrap()[0];
            prop_assume!(once != NONE);
            let kept: ArrayRef = Arc::new(Int32Array::from(vec![values[once as usize].1]));
            let again = survive(rows(&[0], &[of[once as usize]], 1), "sex", &kept, &lists, unknown).unwrap();
            prop_assert_eq!(again, vec![0]);
        }
    }
}
