//! Re-sent lists: which row of an older file is the same row, sent again, in a newer file of the same source.
//!
//! In: two keys per row of each file of one source, oldest file first. Out: for every row of an older file
//! the row that replaced it. Pure. A ministry sends its whole list anew each month under new record ids; this
//! is what carries a person's id across. A row that was sent again unchanged does not go through linkage
//! twice; one that changed goes in with both contents, tied to one another, for what it said before may be
//! all that ties it to other lists; one that left stays as evidence of identity. Must never happen: two old
//! rows replaced by one new row, or a guess (what is not certain is left to linkage).

use arrow_array::{Array, Date32Array, Int32Array, Int64Array, StringArray};

use crate::golden::NONE;

/// What tells a row of a list from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowKey {
    /// Digest of everything that linkage looks at.
    pub exact: u128,
    /// Digest of NIK, name and birth date, if all three are known: enough within one source.
    pub person: Option<u128>,
    /// Digest of name, birth date, sex, mother and district, if all are known: enough within one source for
    /// somebody who moved house, unless two NIKs speak against it.
    pub life: Option<u128>,
    /// NIK, 0 if unknown.
    pub nik: i64,
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
            let exact = digest(&bytes);
            let nik = if columns.nik.is_valid(row) { columns.nik.value(row) } else { 0 };
            RowKey { exact, person, life: life(&mut bytes, columns, row), nik }
        })
        .collect()
}

/// Length of a district's code, `99.01`.
const DISTRICT: usize = 5;

fn life(bytes: &mut Vec<u8>, columns: Identifying<'_>, row: usize) -> Option<u128> {
    let texts = [columns.name, columns.mother, columns.region];
    let known = texts.iter().all(|column| column.is_valid(row));
    if !known || columns.birth_date.is_null(row) || columns.sex.is_null(row) {
        return None;
    }
    bytes.clear();
    text(bytes, columns.name, row);
    text(bytes, columns.mother, row);
    number(bytes, Some(columns.birth_date.value(row).into()));
    number(bytes, Some(columns.sex.value(row).into()));
    bytes.extend_from_slice(columns.region.value(row).get(..DISTRICT)?.as_bytes());
    Some(digest(bytes))
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

/// What became of the rows of an older file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successors {
    /// The row of the newer file, or [`NONE`].
    pub row: Vec<u32>,
    /// Nothing that linkage looks at has changed: the newer row stands for the older one in everything.
    pub unchanged: Vec<bool>,
}

/// For every row of `old` the row of `new` that is the same row sent again. Equal rows pair in their order;
/// what is left pairs by person and then by life, where the key occurs once on both sides.
pub fn successors(old: &[RowKey], new: &[RowKey]) -> Successors {
    let mut pairing = Pairing { successor: vec![NONE; old.len()], taken: vec![false; new.len()] };
    pairing.equal(old, new);
    let unchanged = pairing.successor.iter().map(|&row| row != NONE).collect();
    pairing.unique(old, new, |key| key.person);
    pairing.unique(old, new, |key| key.life);
    Successors { row: pairing.successor, unchanged }
}

struct Pairing {
    successor: Vec<u32>,
    taken: Vec<bool>,
}

impl Pairing {
    fn pair(&mut self, old: u32, new: u32) {
        self.successor[old as usize] = new;
        self.taken[new as usize] = true;
    }

    /// The first of equal rows with the first, the second with the second.
    fn equal(&mut self, old: &[RowKey], new: &[RowKey]) {
        let sorted = |keys: &[RowKey]| {
            let mut order: Vec<(u128, u32)> =
                keys.iter().zip(0..).map(|(key, row)| (key.exact, row)).collect();
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
                    self.pair(left[i].1, right[j].1);
                    i += 1;
                    j += 1;
                }
            }
        }
    }

    /// Open rows whose key nobody else has on either side; two different NIKs are not one row.
    fn unique(&mut self, old: &[RowKey], new: &[RowKey], key: impl Fn(&RowKey) -> Option<u128>) {
        let left = once(old, |row| self.successor[row] == NONE, &key);
        let right = once(new, |row| !self.taken[row], &key);
        let mut j = 0;
        for (key, row) in left {
            while j < right.len() && right[j].0 < key {
                j += 1;
            }
            let Some(&(other, found)) = right.get(j) else { break };
            let (a, b) = (old[row as usize].nik, new[found as usize].nik);
            if other == key && (a == 0 || b == 0 || a == b) {
                self.pair(row, found);
            }
        }
    }
}

/// Keys that occur exactly once among the open rows, ascending.
fn once(
    keys: &[RowKey],
    open: impl Fn(usize) -> bool,
    key: impl Fn(&RowKey) -> Option<u128>,
) -> Vec<(u128, u32)> {
    let mut found: Vec<(u128, u32)> = keys
        .iter()
        .enumerate()
        .filter(|(row, _)| open(*row))
        .filter_map(|(row, of)| Some((key(of)?, row as u32)))
        .collect();
    found.sort_unstable();
    let alone = |at: usize| {
        (at == 0 || found[at - 1].0 != found[at].0)
            && found.get(at + 1).is_none_or(|next| next.0 != found[at].0)
    };
    (0..found.len()).filter(|&at| alone(at)).map(|at| found[at]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(exact: u128, person: Option<u128>) -> RowKey {
        RowKey { exact, person, life: None, nik: 0 }
    }

    #[test]
    fn a_row_sent_again_is_found_wherever_it_stands() {
        let old = [key(1, None), key(2, Some(20)), key(3, None), key(3, None)];
        let new = [key(3, None), key(9, Some(20)), key(1, None)];
        let found = successors(&old, &new);
        assert_eq!(found.row, [2, 1, 0, NONE]);
        assert_eq!(found.unchanged, [true, false, true, false]);
    }

    #[test]
    fn a_person_key_that_is_not_unique_is_left_to_linkage() {
        let old = [key(1, Some(20)), key(2, Some(20))];
        let new = [key(3, Some(20))];
        assert_eq!(successors(&old, &new).row, [NONE, NONE]);
    }

    #[test]
    fn who_moved_house_is_known_by_name_birth_and_mother_unless_two_niks_differ() {
        let of = |exact: u128, nik: i64| RowKey { exact, person: None, life: Some(7), nik };
        assert_eq!(successors(&[of(1, 0)], &[of(2, 0)]).row, [0]);
        assert_eq!(successors(&[of(1, 0)], &[of(2, 16)]).row, [0], "a NIK that was found since");
        assert_eq!(successors(&[of(1, 15)], &[of(2, 16)]).row, [NONE]);
        assert_eq!(successors(&[of(1, 0)], &[of(2, 0), of(3, 0)]).row, [NONE]);
    }

    proptest! {
        #[test]
        fn no_new_row_replaces_two_old_rows(
            old in prop::collection::vec((0u128..6, prop::option::of(0u128..4)), 0..12),
            new in prop::collection::vec((0u128..6, prop::option::of(0u128..4)), 0..12),
        ) {
            let make = |rows: &[(u128, Option<u128>)]| rows.iter().map(|r| key(r.0, r.1)).collect::<Vec<_>>();
            let found = successors(&make(&old), &make(&new));
            let mut used: Vec<u32> = found.row.into_iter().filter(|row| *row != NONE).collect();
            let count = used.len();
            used.sort_unstable();
            used.dedup();
            prop_assert_eq!(used.len(), count);
        }
    }
}
