//! Re-sent lists: which row of an older file is the same row, sent again, in a newer file of the same source.
//!
//! In: two keys per row of each file of one source, oldest file first. Out: for every row of an older file the row that replaced it.
//! Pure. A ministry sends its whole list anew each month under new record ids; this is what carries a person's id across. A row that
//! was only sent again does not go through linkage twice; a row that changed or left stays as evidence and ties the identity there.
//! Must never happen: two old rows replaced by one new row, or a guess (what is not certain is left to linkage).

use arrow_array::{Array, Date32Array, Int32Array, Int64Array, StringArray};

use crate::golden::NONE;

/// What tells a row of a list from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowKey {
    /// Digest of everything that linkage looks at.
    pub exact: u128,
    /// Digest of NIK, name and birth date, if all three are known: enough within one source.
    pub person: Option<u128>,
}

/// The columns of one file that linkage looks at, standardised.
#[derive(Debug, Clone, Copy)]
pub struct Identifying<'a> {
    /// National identity number.
    pub nik: &'a Int64Array,
    /// Family card number.
    pub kk: &'a Int64Array,
    /// Name.
    pub name: &'a StringArray,
    /// Mother's name.
    pub mother: &'a StringArray,
    /// Birth place.
    pub birth_place: &'a StringArray,
    /// Birth date.
    pub birth_date: &'a Date32Array,
    /// Sex.
    pub sex: &'a Int32Array,
    /// Village.
    pub region: &'a StringArray,
}

/// The keys of every row.
pub fn keys(columns: Identifying<'_>) -> Vec<RowKey> {
    let mut bytes = Vec::with_capacity(160);
    (0..columns.name.len())
        .map(|row| {
            bytes.clear();
            let known =
                columns.nik.is_valid(row) && columns.name.is_valid(row) && columns.birth_date.is_valid(row);
            number(&mut bytes, columns.nik.is_valid(row).then(|| columns.nik.value(row)));
            text(&mut bytes, columns.name, row);
            number(
                &mut bytes,
                columns.birth_date.is_valid(row).then(|| columns.birth_date.value(row).into()),
            );
            let person = known.then(|| digest(&bytes));
            number(&mut bytes, columns.kk.is_valid(row).then(|| columns.kk.value(row)));
            number(&mut bytes, columns.sex.is_valid(row).then(|| columns.sex.value(row).into()));
            text(&mut bytes, columns.mother, row);
            text(&mut bytes, columns.birth_place, row);
            text(&mut bytes, columns.region, row);
            RowKey { exact: digest(&bytes), person }
        })
        .collect()
}

fn number(bytes: &mut Vec<u8>, value: Option<i64>) {
    // i64::MIN never occurs in these columns: it stands for unknown.
    bytes.extend_from_slice(&value.unwrap_or(i64::MIN).to_le_bytes());
}

fn text(bytes: &mut Vec<u8>, column: &StringArray, row: usize) {
    if column.is_valid(row) {
        bytes.extend_from_slice(column.value(row).as_bytes());
    }
    bytes.push(0x1f);
}

fn digest(bytes: &[u8]) -> u128 {
    let hash = blake3::hash(bytes);
    let mut half = [0u8; 16];
    half.copy_from_slice(&hash.as_bytes()[..16]);
    u128::from_le_bytes(half)
}

/// For every row of `old` the row of `new` that is the same row sent again, or [`NONE`]. Equal rows pair in their order; what is left
/// pairs by person, where the key occurs once on both sides.
pub fn successors(old: &[RowKey], new: &[RowKey]) -> Vec<u32> {
    let mut successor = vec![NONE; old.len()];
    let mut taken = vec![false; new.len()];
    let sorted = |keys: &[RowKey]| {
        let mut order: Vec<(u128, u32)> = keys.iter().zip(0..).map(|(key, row)| (key.exact, row)).collect();
        order.sort_unstable();
        order
    };
    let (left, right) = (sorted(old), sorted(new));
    let (mut i, mut j) = (0, 0);
    while i < left.len() && j < right.len() {
        match left[i].0.cmp(&right[j].0) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                successor[left[i].1 as usize] = right[j].1;
                taken[right[j].1 as usize] = true;
                i += 1;
                j += 1;
            }
        }
    }
    pair_by_person(old, new, &mut successor, &taken);
    successor
}

fn pair_by_person(old: &[RowKey], new: &[RowKey], successor: &mut [u32], taken: &[bool]) {
    let left = unique_persons(old, |row| successor[row] == NONE);
    let right = unique_persons(new, |row| !taken[row]);
    let mut j = 0;
    for (key, row) in left {
        while j < right.len() && right[j].0 < key {
            j += 1;
        }
        if right.get(j).is_some_and(|r| r.0 == key) {
            successor[row as usize] = right[j].1;
        }
    }
}

/// Person keys that occur exactly once among the open rows, ascending.
fn unique_persons(keys: &[RowKey], open: impl Fn(usize) -> bool) -> Vec<(u128, u32)> {
    let mut found: Vec<(u128, u32)> = keys
        .iter()
        .enumerate()
        .filter(|(row, _)| open(*row))
        .filter_map(|(row, key)| Some((key.person?, row as u32)))
        .collect();
    found.sort_unstable();
    let once = |at: usize| {
        (at == 0 || found[at - 1].0 != found[at].0)
            && found.get(at + 1).is_none_or(|next| next.0 != found[at].0)
    };
    (0..found.len()).filter(|&at| once(at)).map(|at| found[at]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(exact: u128, person: Option<u128>) -> RowKey {
        RowKey { exact, person }
    }

    #[test]
    fn a_row_sent_again_is_found_wherever_it_stands() {
        let old = [key(1, None), key(2, Some(20)), key(3, None), key(3, None)];
        let new = [key(3, None), key(9, Some(20)), key(1, None)];
        assert_eq!(successors(&old, &new), [2, 1, 0, NONE]);
    }

    #[test]
    fn a_person_key_that_is_not_unique_is_left_to_linkage() {
        let old = [key(1, Some(20)), key(2, Some(20))];
        let new = [key(3, Some(20))];
        assert_eq!(successors(&old, &new), [NONE, NONE]);
    }

    proptest! {
        #[test]
        fn no_new_row_replaces_two_old_rows(
            old in prop::collection::vec((0u128..6, prop::option::of(0u128..4)), 0..12),
            new in prop::collection::vec((0u128..6, prop::option::of(0u128..4)), 0..12),
        ) {
            let make = |rows: &[(u128, Option<u128>)]| rows.iter().map(|r| key(r.0, r.1)).collect::<Vec<_>>();
            let mut used: Vec<u32> = successors(&make(&old), &make(&new)).into_iter().filter(|s| *s != NONE).collect();
            let count = used.len();
            used.sort_unstable();
            used.dedup();
            prop_assert_eq!(used.len(), count);
        }
    }
}
