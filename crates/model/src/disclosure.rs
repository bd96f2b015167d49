//! Disclosure control: which figures of a table are not told, so that nobody can tell a few people from them.
//!
//! After the cell suppression of official statistics (Willenborg and de Waal, Elements of Statistical Disclosure Control, 2001, chapter 4):
//! first what is small itself, then as much more as is needed so that a sum less what is told does not give it away.

/// Families or people below this are not told by number, unless there are none.
pub const SMALL_CELL: i64 = 5;

/// Whether a number is of few.
fn small(n: i64, few: i64) -> bool {
    n > 0 && n < few
}

/// A number, unless it is of few ([`SMALL_CELL`]).
pub fn shown(n: i64) -> Option<i64> {
    Some(n).filter(|n| !small(*n, SMALL_CELL))
}

/// Which parts of a whole are hidden. A part is a row of numbers that are told together or not at all, each of at least 0; the sums of
/// all rows are known. Hidden are rows with a number below `few` that is not 0 and, with them, the rows with the smallest sums, until two
/// rows or more are hidden and no column of theirs sums to a number below `few` other than 0, or nothing is left that could be hidden.
pub fn hidden<R: AsRef<[i64]>>(rows: impl IntoIterator<Item = R>, few: i64) -> Vec<bool> {
    let rows: Vec<R> = rows.into_iter().collect();
    let mut hides: Vec<bool> =
        rows.iter().map(|row| row.as_ref().iter().any(|count| small(*count, few))).collect();
    let sum = |at: &usize| rows[*at].as_ref().iter().fold(0_i64, |sum, count| sum.saturating_add(*count));
    let mut rest: Vec<usize> = (0..rows.len()).filter(|at| !hides[*at] && sum(at) > 0).collect();
    rest.sort_by_key(sum);
    let mut rest = rest.into_iter();
    let mut together = vec![0_i64; rows.first().map_or(0, |row| row.as_ref().len())];
    let mut rows_hidden = 0;
    let mut hide = |row: &R| {
        for (sum, count) in together.iter_mut().zip(row.as_ref()) {
            *sum = sum.saturating_add(*count);
        }
        rows_hidden += 1;
        rows_hidden > 1 && !together.iter().any(|sum| small(*sum, few))
    };
    let mut enough = true;
    for row in rows.iter().zip(&hides).filter(|(_, hidden)| **hidden).map(|(row, _)| row) {
        enough = hide(row);
    }
    while !enough && let Some(next) = rest.next() {
        hides[next] = true;
        enough = hide(&rows[next]);
    }
    hides
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_smallest_of_the_rest_goes_with_a_small_one() {
        assert_eq!(hidden([[100], [3], [40], [60]], 5), [false, true, true, false]);
        assert_eq!(hidden([[100], [3], [3], [60]], 5), [false, true, true, false], "six together");
        assert_eq!(hidden([[100], [0], [40]], 5), [false, false, false], "none is no secret");
        assert_eq!(hidden([[3]], 5), [true]);
        assert_eq!(hidden([[100, 20], [50, 2], [70, 8], [0, 0]], 5), [false, true, true, false]);
        assert_eq!(hidden(Vec::<[i64; 2]>::new(), 5), Vec::<bool>::new());
    }

    proptest! {
        /// Whatever is shown, the whole less what is shown is nothing, or no small group and not one group alone.
        #[test]
        fn no_small_group_is_given_away(rows in prop::collection::vec([0_i64..40, 0_i64..40], 1..12), few in 2_i64..15) {
            let hides = hidden(&rows, few);
            let alone = hides.iter().filter(|hide| **hide).count() == 1;
            let all = (0..rows.len()).all(|at| hides[at] || rows[at] == [0, 0]);
            for column in 0..2 {
                let of = |hidden: bool| rows.iter().zip(&hides).filter(move |(_, hide)| **hide == hidden).map(|(row, _)| row[column]);
                prop_assert!(of(false).all(|count| count == 0 || count >= few));
                let left: i64 = of(true).sum();
                prop_assert!(all || left == 0 || (left >= few && !alone));
            }
            let any_small = rows.iter().flatten().any(|count| *count > 0 && *count < few);
            prop_assert_eq!(hides.iter().any(|hide| *hide), any_small);
        }
    }
}
