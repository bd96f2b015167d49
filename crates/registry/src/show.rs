//! Values of canonical columns as pages show them: words for codes, personal numbers masked.

use access::House;
use arrow_array::{
    Array,
    cast::AsArray,
    types::{Date32Type, Int32Type, Int64Type},
};
use model::{KkNumber, Nik};
use policy::{Column, Label};
use serde::Serialize;

use crate::cells::iso;

/// A value for a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// As text: a number, an ISO date, a name, a masked personal number; of codes the code.
    pub text: String,
    /// What a code means.
    pub label: Option<Label>,
}

impl Shown {
    /// Yes or no.
    pub(crate) fn yes_no(yes: bool) -> Self {
        let (text, id, en) = if yes { ("1", "Ya", "Yes") } else { ("0", "Tidak", "No") };
        Self { text: text.to_owned(), label: Some(Label::new(id, en)) }
    }
}

/// The value of one row of a canonical column; none when unknown.
pub(crate) fn show(house: &House, column: &Column, values: &dyn Array, row: usize) -> Option<Shown> {
    if row >= values.len() || values.is_null(row) {
        return None;
    }
    let plain = |text: String| Some(Shown { text, label: None });
    if let Some(array) = values.as_primitive_opt::<Int64Type>() {
        return plain(masked(&column.name, array.value(row)));
    }
    if let Some(array) = values.as_primitive_opt::<Date32Type>() {
        return plain(iso(array.value(row)));
    }
    if let Some(array) = values.as_boolean_opt() {
        return Some(Shown::yes_no(array.value(row)));
    }
    if let Some(array) = values.as_primitive_opt::<Int32Type>() {
        let code = i64::from(array.value(row));
        return Some(Shown { text: code.to_string(), label: code_label(house, column, code) });
    }
    plain(values.as_string_opt::<i32>()?.value(row).to_owned())
}

/// The meaning of a code; of a set of bits the meanings of all its bits.
pub(crate) fn code_label(house: &House, column: &Column, code: i64) -> Option<Label> {
    let list = column.codes.as_deref()?;
    let codes = house.policy.codes(list);
    if !list.ends_with("_bits") {
        return codes.iter().find(|known| known.code == code).map(|known| known.label.clone());
    }
    let set: Vec<&policy::Code> =
        codes.iter().filter(|known| (0..63).contains(&known.code) && code >> known.code & 1 == 1).collect();
    if set.is_empty() {
        // Known, and none of them: not the same as not known.
        return Some(Label::new("tidak ada", "none"));
    }
    let join =
        |pick: fn(&Label) -> &str| set.iter().map(|c| pick(&c.label)).collect::<Vec<&str>>().join(", ");
    Some(Label { id: join(|label| &label.id), en: join(|label| &label.en) })
}

/// A personal number with its middle digits hidden.
pub(crate) fn masked(column: &str, number: i64) -> String {
    match column {
        "nik" => Nik::from_number(number).map(|nik| nik.to_string()),
        "kk" => KkNumber::from_number(number).map(|kk| kk.to_string()),
        _ => return number.to_string(),
    }
    .unwrap_or_else(|_| "****".to_owned())
}

/// A raw cell with every long run of digits hidden but for its ends: numbers of persons, phones and accounts.
pub(crate) fn masked_cell(text: &str) -> String {
    const LONG: usize = 10;
    let mut out = String::with_capacity(text.len());
    let mut digits = String::new();
    for letter in text.chars().chain(['\0']) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        if digits.len() >= LONG {
            out.push_str(&digits[..4]);
            out.extend(std::iter::repeat_n('*', digits.len() - 8));
            out.push_str(&digits[digits.len() - 4..]);
        } else {
            out.push_str(&digits);
        }
        digits.clear();
        if letter != '\0' {
            out.push(letter);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_in_raw_cells_are_hidden() {
        assert_eq!(masked_cell("'9901014107850001"), "'9901********0001");
        assert_eq!(masked_cell("RT 07 RW 003, 2026-11-10"), "RT 07 RW 003, 2026-11-10");
        assert_eq!(masked_cell("hp 081234567890."), "hp 0812****7890.");
    }
}
