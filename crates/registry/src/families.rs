//! Families: who is on one card, and who heads it.
//!
//! In: the surviving KK, relation, birth and life of each person. Out: a family for every person and a head
//! for every family. Pure. A family is one KK card; a person without a card is a family of one. Must never
//! happen: a person in two families or in none.

use arrow_array::{Array, BooleanArray, Date32Array, Int32Array, Int64Array};

/// Code of the relation "head" in the list `relation`.
const HEAD: i32 = 1;
/// Code of "domestic worker": lives with the family, heads it last of all.
const DOMESTIC_WORKER: i32 = 9;

/// Persons sorted into families.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    /// Family (0..count) of each person.
    pub family_of: Vec<u32>,
    /// How many families.
    pub count: usize,
}

/// Groups persons by card; each person without a card gets a group of their own.
pub fn group(kk: &Int64Array) -> Grouping {
    let mut order: Vec<(i64, u32)> = (0..kk.len())
        .filter(|&person| kk.is_valid(person))
        .map(|person| (kk.value(person), person as u32))
        .collect();
    order.sort_unstable();
    let mut family_of = vec![0u32; kk.len()];
    let mut count = 0usize;
    let mut last = None;
    for (number, person) in order {
        if last != Some(number) {
            last = Some(number);
            count += 1;
        }
        family_of[person as usize] = (count - 1) as u32;
    }
    for (person, family) in family_of.iter_mut().enumerate() {
        if kk.is_null(person) {
            *family = count as u32;
            count += 1;
        }
    }
    Grouping { family_of, count }
}

/// What is looked at to find the head.
#[derive(Debug, Clone, Copy)]
pub struct Members<'a> {
    /// Person id.
    pub id: &'a [i64],
    /// Living.
    pub alive: &'a BooleanArray,
    /// Relation to the head.
    pub relation: &'a Int32Array,
    /// Birth date.
    pub birth_date: &'a Date32Array,
}

/// The head of each family, as a position among the persons: a living member registered as head, else the
/// oldest living member, else the oldest of the dead. Ties go to the smaller id.
pub fn heads(grouping: &Grouping, members: Members<'_>) -> Vec<u32> {
    let mut best = vec![(true, true, true, i32::MAX, i64::MAX); grouping.count];
    let mut head = vec![u32::MAX; grouping.count];
    for (person, &family) in grouping.family_of.iter().enumerate() {
        let relation = members.relation.is_valid(person).then(|| members.relation.value(person));
        let key = (
            !(members.alive.is_valid(person) && members.alive.value(person)),
            relation != Some(HEAD),
            relation == Some(DOMESTIC_WORKER),
            if members.birth_date.is_valid(person) { members.birth_date.value(person) } else { i32::MAX },
            members.id[person],
        );
        if head[family as usize] == u32::MAX || key < best[family as usize] {
            best[family as usize] = key;
            head[family as usize] = person as u32;
        }
    }
    head
}

/// Living members of each family.
pub fn sizes(grouping: &Grouping, alive: &BooleanArray) -> Vec<i32> {
    let mut size = vec![0i32; grouping.count];
    for (person, &family) in grouping.family_of.iter().enumerate() {
        size[family as usize] += i32::from(alive.is_valid(person) && alive.value(person));
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_card_one_family_and_no_card_a_family_of_one() {
        let grouping = group(&Int64Array::from(vec![Some(7), None, Some(5), Some(7), None]));
        assert_eq!(grouping.family_of, [1, 2, 0, 1, 3]);
        assert_eq!(grouping.count, 4);
    }

    #[test]
    fn the_head_is_the_living_head_else_the_oldest() {
        let grouping = Grouping { family_of: vec![0, 0, 0, 1, 1, 2, 2, 2], count: 3 };
        let members = Members {
            id: &[1, 2, 3, 4, 5, 6, 7, 8],
            // family 0: the registered head died; family 1: nobody registered as head; family 2: old domestic
            // worker
            alive: &BooleanArray::from(vec![false, true, true, true, true, true, true, true]),
            relation: &Int32Array::from(vec![
                Some(1),
                Some(2),
                Some(3),
                Some(3),
                None,
                Some(9),
                Some(3),
                Some(3),
            ]),
            birth_date: &Date32Array::from(vec![0, 10, 20, 5, 3, -9000, 30, 40]),
        };
        assert_eq!(heads(&grouping, members), [1, 4, 6]);
        assert_eq!(sizes(&grouping, members.alive), [2, 2, 3]);
    }
}
