//! NIK and KK cells: which rule is broken, and the one repair that is made: a lost zero put back where birth date, sex and region
//! leave exactly one place for it.

use jiff::civil::Date;
use model::{KkNumber, Nik, NumberError, Sex};

use super::finding::Rule;

/// What else the row knows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Beside {
    pub(crate) birth_date: Option<Date>,
    pub(crate) sex: Option<Sex>,
}

/// A NIK that can be used, and what is worth a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) number: i64,
    pub(crate) note: Option<Rule>,
}

/// Reads a NIK. `known_region` answers whether six digits are a subdistrict that exists or existed.
pub(crate) fn nik(
    text: &str,
    beside: Beside,
    year_now: i16,
    known_region: impl Fn(u32) -> bool,
) -> Result<Read, Rule> {
    let nik = match Nik::parse(whole_number(text)) {
        Ok(nik) => nik,
        Err(NumberError::Length(15)) => {
            return repair(text, beside, year_now, known_region)
                .map(|nik| Read { number: nik.number(), note: Some(Rule::NikRepaired) })
                .ok_or(Rule::NikLength);
        }
        Err(NumberError::Length(_)) => return Err(Rule::NikLength),
        Err(NumberError::NotDigits) => return Err(not_digits(text, Rule::NikPrecision, Rule::NikDigits)),
        Err(NumberError::Scientific) => return Err(Rule::NikScientific),
        Err(NumberError::Date) => return Err(Rule::NikDate),
        Err(NumberError::Serial) => return Err(Rule::NikSerial),
    };
    let note = if !known_region(nik.region6()) {
        Some(Rule::NikRegion)
    } else if disagrees(nik, beside, year_now) {
        Some(Rule::NikDisagrees)
    } else {
        None
    };
    Ok(Read { number: nik.number(), note })
}

/// Reads a family card number.
pub(crate) fn kk(text: &str) -> Result<i64, Rule> {
    match KkNumber::parse(whole_number(text)) {
        Ok(kk) => Ok(kk.number()),
        Err(NumberError::Scientific) => Err(Rule::KkScientific),
        Err(NumberError::NotDigits) => Err(not_digits(text, Rule::KkPrecision, Rule::KkDigits)),
        Err(_) => Err(Rule::KkLength),
    }
}

/// `8801014507900001.0` went through a floating number, which is exact up to 2^53: there the decimals may go.
fn whole_number(text: &str) -> &str {
    const EXACT_MAX: i64 = 9_007_199_254_740_992;
    match floating(text) {
        Some(whole) if whole.parse::<i64>().is_ok_and(|number| number <= EXACT_MAX) => whole,
        _ => text,
    }
}

fn floating(text: &str) -> Option<&str> {
    let (whole, zeros) = text.split_once('.')?;
    let zeros = !zeros.is_empty() && zeros.bytes().all(|b| b == b'0');
    (zeros && whole.bytes().all(|b| b.is_ascii_digit())).then_some(whole)
}

fn not_digits(text: &str, precision: Rule, digits: Rule) -> Rule {
    if floating(text).is_some() { precision } else { digits }
}

fn disagrees(nik: Nik, beside: Beside, year_now: i16) -> bool {
    let sex = beside.sex.is_some_and(|sex| sex != nik.sex());
    let same_day = |born: Date| {
        nik.birth_date(year_now).is_some_and(|said| {
            (said.day(), said.month(), said.year() % 100) == (born.day(), born.month(), born.year() % 100)
        })
    };
    sex || beside.birth_date.is_some_and(|born| !same_day(born))
}

/// The only sixteen digits, if any, that give these fifteen when one zero is dropped and agree with all that the row knows.
fn repair(text: &str, beside: Beside, year_now: i16, known_region: impl Fn(u32) -> bool) -> Option<Nik> {
    if beside.birth_date.is_none() || beside.sex.is_none() {
        return None;
    }
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
    let mut found: Option<Nik> = None;
    for place in 0..=digits.len() {
        let with_zero = digits[..place].iter().chain(b"0").chain(&digits[place..]);
        let number = with_zero.fold(0i64, |number, digit| number * 10 + i64::from(digit - b'0'));
        let Ok(nik) = Nik::from_number(number) else { continue };
        if disagrees(nik, beside, year_now) || !known_region(nik.region6()) || found == Some(nik) {
            continue;
        }
        if found.is_some() {
            return None;
        }
        found = Some(nik);
    }
    found
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn beside() -> Beside {
        Beside { birth_date: Some(date(1990, 7, 5)), sex: Some(Sex::Female) }
    }

    fn known(region: u32) -> bool {
        region / 10_000 == 99
    }

    #[test]
    fn each_fault_of_a_nik_has_its_rule() {
        for (text, rule) in [
            ("99010145079000011", Rule::NikLength),
            ("99010145079", Rule::NikLength),
            ("9,90101E+15", Rule::NikScientific),
            ("9901014507900001.0", Rule::NikPrecision),
            ("99O1014507900001", Rule::NikDigits),
            ("9901013202900001", Rule::NikDate),
            ("9901014507900000", Rule::NikSerial),
        ] {
            assert_eq!(nik(text, beside(), 2026, known), Err(rule), "{text}");
        }
        // Below 2^53 a floating number is exact.
        let read = nik("8801014507900001.0", beside(), 2026, |_| true);
        assert_eq!(read, Ok(Read { number: 8_801_014_507_900_001, note: None }));
    }

    #[test]
    fn a_lost_zero_is_put_back_only_where_one_place_agrees() {
        let whole = 9_901_014_507_900_012;
        let repaired = Ok(Read { number: whole, note: Some(Rule::NikRepaired) });
        // The zero of the month.
        assert_eq!(nik("990101457900012", beside(), 2026, known), repaired);
        // A zero of the region: 990101 or 991001, unless only one of them exists.
        assert_eq!(nik("991014507900012", beside(), 2026, |r| r == 990_101), repaired);
        assert_eq!(nik("991014507900012", beside(), 2026, known), Err(Rule::NikLength));
        // A zero of the serial: 0123 may have been 1023, 1203 or 1230 as well.
        assert_eq!(nik("990101450790123", beside(), 2026, known), Err(Rule::NikLength));
        // Without a birth date nothing is guessed.
        assert_eq!(nik("990101457900012", Beside::default(), 2026, known), Err(Rule::NikLength));
    }

    #[test]
    fn disagreement_is_a_note_and_never_a_block() {
        let other = Beside { birth_date: Some(date(1991, 7, 5)), ..beside() };
        assert_eq!(
            nik("9901014507900001", other, 2026, known).map(|read| read.note),
            Ok(Some(Rule::NikDisagrees))
        );
        let unknown = nik("9801014507900001", beside(), 2026, known).map(|read| read.note);
        assert_eq!(unknown, Ok(Some(Rule::NikRegion)));
    }

    proptest! {
        #[test]
        fn a_repair_never_gives_another_nik_than_the_one_that_lost_a_zero(
            kecamatan in 1i64..20, day in 1i8..28, month in 1i8..12, year in 1950i16..2020, serial in 1i64..9999, place in 0usize..16,
        ) {
            let (two, shifted) = (i64::from(year % 100), i64::from(day) + 40);
            let whole = (((990_100 + kecamatan) * 100 + shifted) * 100 + i64::from(month)) * 1_000_000 + two * 10_000 + serial;
            let text = whole.to_string();
            let zeros: Vec<usize> = text.char_indices().filter(|(_, digit)| *digit == '0').map(|(at, _)| at).collect();
            let place = zeros[place % zeros.len()];
            let short = format!("{}{}", &text[..place], &text[place + 1..]);
            let beside = Beside { birth_date: Some(date(year, month, day)), sex: Some(Sex::Female) };
            if let Ok(read) = nik(&short, beside, 2026, |r| (990_101..990_120).contains(&r)) {
                prop_assert_eq!(read.number, whole);
            }
        }
    }
}
