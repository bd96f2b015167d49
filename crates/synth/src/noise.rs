//! What goes wrong between a person and a row of a list: numbers, dates, rows that cannot be used.
//!
//! In: the truth and the dice of one row. Out: what the clerk wrote. The kinds and rates are those measured
//! in Indonesian lists (a NIK missing, mistyped or a relative's; a zero lost by a spreadsheet; a birth date
//! rounded or with day and month swapped).

use crate::{dice::Dice, names::NameNoise};

/// How careless one list is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Carelessness {
    pub(crate) name: NameNoise,
    pub(crate) nik_missing: f64,
    pub(crate) nik_typo: f64,
    pub(crate) nik_of_relative: f64,
    pub(crate) nik_lost_zero: f64,
    pub(crate) kk_missing: f64,
    pub(crate) kk_wrong: f64,
    pub(crate) mother_missing: f64,
    pub(crate) date_swapped: f64,
    pub(crate) date_wrong: f64,
    pub(crate) date_missing: f64,
    pub(crate) sex_wrong: f64,
    pub(crate) broken_row: f64,
}

/// What makes a row unusable as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// 31/02.
    NoSuchDay,
    /// 17 digits.
    LongNik,
    /// 9.90101E+15, digits lost for good.
    ScientificNik,
    /// A column too few.
    Ragged,
}

/// Which fault this row has, if any.
pub(crate) fn broken(dice: &mut Dice, rate: f64) -> Option<Broken> {
    const KINDS: [Broken; 4] = [Broken::NoSuchDay, Broken::LongNik, Broken::ScientificNik, Broken::Ragged];
    dice.chance(rate).then(|| KINDS[dice.weighted(&[35, 20, 35, 10])])
}

/// Appends the NIK as written; nothing when it is missing. `mended`: the error of this row was corrected
/// since.
pub(crate) fn write_nik(
    care: &Carelessness,
    dice: &mut Dice,
    own: i64,
    relative: i64,
    mended: bool,
    out: &mut String,
) {
    let [missing, typo, other, zero] = [
        dice.chance(care.nik_missing),
        dice.chance(care.nik_typo),
        dice.chance(care.nik_of_relative),
        dice.chance(care.nik_lost_zero),
    ];
    let start = out.len();
    let number = if other && relative != 0 && !mended { relative } else { own };
    if number == 0 || (missing && !mended) {
        return;
    }
    push_number(out, number);
    if typo && !mended {
        slip_digit(dice, out, start);
    } else if zero && !mended {
        lose_zero(dice, out, start);
    }
}

/// Two digits swapped, or one wrong.
fn slip_digit(dice: &mut Dice, out: &mut String, start: usize) {
    let digits = out.len() - start;
    let at = start + dice.below(digits);
    let swap = dice.chance(0.5) && at + 1 < out.len() && out.as_bytes()[at] != out.as_bytes()[at + 1];
    if swap {
        let here = out.remove(at);
        out.insert(at + 1, here);
    } else {
        let digit = out.as_bytes()[at] - b'0';
        let wrong = (digit + 1 + dice.below(9) as u8) % 10;
        out.replace_range(at..=at, DIGITS[usize::from(wrong)]);
    }
}

const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// One zero falls out: fifteen digits are left.
fn lose_zero(dice: &mut Dice, out: &mut String, start: usize) {
    let zeros: Vec<usize> = out[start..].match_indices('0').map(|(at, _)| start + at).collect();
    if !zeros.is_empty() {
        out.remove(dice.pick(&zeros));
    }
}

/// Appends the family card number as written.
pub(crate) fn write_kk(care: &Carelessness, dice: &mut Dice, own: i64, out: &mut String) {
    if own == 0 || dice.chance(care.kk_missing) {
        return;
    }
    let number = if dice.chance(care.kk_wrong) {
        own / 10_000 * 10_000 + i64::from(dice.between(3_000, 9_999))
    } else {
        own
    };
    push_number(out, number);
}

/// The birth date as written: year, month, day; `None` when missing.
pub(crate) fn birth_date(care: &Carelessness, dice: &mut Dice, birth: i32) -> Option<(i32, i32, i32)> {
    let date = model::civil_from_epoch_days(birth)?;
    let (mut year, mut month, mut day) =
        (i32::from(date.year()), i32::from(date.month()), i32::from(date.day()));
    if dice.chance(care.date_missing) {
        return None;
    }
    if day <= 12 && day != month && dice.chance(care.date_swapped) {
        std::mem::swap(&mut day, &mut month);
    }
    if dice.chance(care.date_wrong) {
        match dice.below(20) {
            0..=7 => year += dice.pick(&[-10, -2, -1, 1, 2]),
            8..=12 => (month, day) = (1, 1),
            _ => day = 1 + (day + dice.between(1, 20)) % 28,
        }
    }
    // A changed year may lose its 29 February.
    if month == 2 && day == 29 && year % 4 != 0 {
        day = 28;
    }
    Some((year, month, day))
}

/// Appends a number that is not negative.
pub(crate) fn push_number(out: &mut String, number: i64) {
    let mut digits = [b'0'; 20];
    let mut left = number.unsigned_abs();
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.push_str(std::str::from_utf8(&digits[at..]).unwrap_or_default());
}

/// Appends a number with leading zeros.
pub(crate) fn push_padded(out: &mut String, number: i64, width: usize) {
    let start = out.len();
    push_number(out, number);
    while out.len() - start < width {
        out.insert(start, '0');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_a_zero_has_fifteen_digits_and_a_slip_keeps_sixteen() {
        let mut dice = Dice::new(1, [0, 0, 0]);
        for _ in 0..200 {
            let mut out = String::from("x");
            push_number(&mut out, 9_901_014_507_900_001);
            lose_zero(&mut dice, &mut out, 1);
            assert_eq!(out.len(), 16);
            let mut out = String::from("9901014507900001");
            slip_digit(&mut dice, &mut out, 0);
            assert_eq!(out.len(), 16);
            assert_ne!(out, "9901014507900001");
        }
    }

    #[test]
    fn padding_and_numbers_read_back() {
        let mut out = String::new();
        push_padded(&mut out, 7, 3);
        push_number(&mut out, 0);
        push_number(&mut out, 9_901_014_507_900_001);
        assert_eq!(out, "00709901014507900001");
    }
}
