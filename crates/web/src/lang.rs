//! Words and figures in the visitor's language. In: a language and the policy's words; out: text for a page.
//! Numbers, dates and money are written here and nowhere else, so that a page never shows two ways of writing one thing.

use std::{fmt::Display, sync::Arc};

use jiff::{Timestamp, civil::Date};
use model::{Lang, Month, Period, Rupiah};
use policy::{Arg, Label, Policy};

const MONTHS_ID: [&str; 12] = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS_ID: [&str; 7] = ["Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"];
const WEEKDAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The visitor's language with the policy's words. Cheap to clone; every page struct carries one as `t`.
#[derive(Clone)]
pub struct Tongue {
    /// Which language.
    pub lang: Lang,
    policy: Arc<Policy>,
}

impl Tongue {
    /// Speaks `lang` with the words of `policy`.
    pub fn new(lang: Lang, policy: Arc<Policy>) -> Self {
        Self { lang, policy }
    }

    /// The policy whose words these are.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// A word or sentence without variables.
    pub fn say(&self, key: &str) -> String {
        self.policy.words().get(self.lang, key, &[])
    }

    /// A sentence with one variable.
    pub fn one(&self, key: &str, name: &str, value: impl Display) -> String {
        self.policy.words().get(self.lang, key, &[(name, Arg::Text(&value.to_string()))])
    }

    /// A sentence with two variables.
    pub fn two(&self, key: &str, a: &str, value: impl Display, b: &str, other: impl Display) -> String {
        let (value, other) = (value.to_string(), other.to_string());
        self.policy.words().get(self.lang, key, &[(a, Arg::Text(&value)), (b, Arg::Text(&other))])
    }

    /// A sentence about a number `n`, in the right plural.
    pub fn count(&self, key: &str, n: impl Whole) -> String {
        self.policy.words().get(self.lang, key, &[("n", Arg::Number(n.whole()))])
    }

    /// A word that may be missing: its key is made of data (a code of another room); then the code itself is shown.
    pub fn code(&self, prefix: &str, code: &str) -> String {
        let words = self.policy.words();
        let plain = format!("{prefix}-{code}");
        let spelled = format!("{prefix}-{}", code.to_lowercase().replace(['_', '.'], "-"));
        [plain, spelled]
            .iter()
            .find(|key| words.has(key))
            .map_or_else(|| code.to_owned(), |key| self.say(key))
    }

    /// The text of a label of the policy pack.
    pub fn label<'a>(&self, label: &'a Label) -> &'a str {
        label.get(self.lang)
    }

    /// The part of a label before its explanation in brackets, where there is no room for both.
    pub fn short_label<'a>(&self, label: &'a Label) -> &'a str {
        let text = label.get(self.lang);
        text.split_once(" (").map_or(text, |(short, _)| short)
    }

    /// The language of the page, for `<html lang>`.
    pub fn html_lang(&self) -> &'static str {
        self.lang.code()
    }

    /// The language that the switch offers.
    pub fn other_lang(&self) -> &'static str {
        match self.lang {
            Lang::Id => "en",
            Lang::En => "id",
        }
    }

    /// A whole number with marks at the thousands: `12.345` in Indonesian, `12,345` in English.
    pub fn n(&self, number: impl Whole) -> String {
        grouped(number.whole(), if self.lang == Lang::Id { '.' } else { ',' })
    }

    /// An exact decimal: `65,5` in Indonesian, `65.5` in English.
    pub fn exact(&self, number: impl std::borrow::Borrow<policy::Number>) -> String {
        let (thousands, point) = if self.lang == Lang::Id { (".", ",") } else { (",", ".") };
        number.borrow().written(thousands, point)
    }

    /// Money in full, as printed in Indonesia.
    pub fn idr(&self, amount: impl Money) -> String {
        Rupiah::new(amount.rupiah()).to_string()
    }

    /// Money in short, for figures on a dashboard: `Rp1,25 miliar`, `Rp1.25 bn`.
    pub fn idr_short(&self, amount: impl Money) -> String {
        let idr = amount.rupiah();
        let (unit, id, en) = match idr.unsigned_abs() {
            0..=999_999 => return Rupiah::new(idr).to_string(),
            1_000_000..=999_999_999 => (1_000_000_i64, "juta", "m"),
            1_000_000_000..=999_999_999_999 => (1_000_000_000, "miliar", "bn"),
            _ => (1_000_000_000_000, "triliun", "tn"),
        };
        let whole = idr / unit;
        let hundredths = (idr % unit).unsigned_abs() / (unit.unsigned_abs() / 100);
        let (point, word) = if self.lang == Lang::Id { (',', id) } else { ('.', en) };
        if hundredths == 0 {
            format!("Rp{whole} {word}")
        } else {
            format!("Rp{whole}{point}{hundredths:02} {word}")
        }
    }

    /// Money in full where the short form rounds; nothing where both are the same.
    pub fn idr_note(&self, amount: impl Money) -> String {
        let (full, short) = (self.idr(&amount), self.idr_short(&amount));
        if full == short { String::new() } else { full }
    }

    /// A number that fits a tile: `640`, `12,3 rb`, `118 jt`, `3,9 M`.
    pub fn compact(&self, number: impl Whole) -> String {
        let number = number.whole();
        let (unit, id, en) = match number.unsigned_abs() {
            0..=9_999 => return self.n(number),
            10_000..=999_999 => (1_000, "rb", "k"),
            1_000_000..=999_999_999 => (1_000_000, "jt", "m"),
            1_000_000_000..=999_999_999_999 => (1_000_000_000, "M", "bn"),
            _ => (1_000_000_000_000_i64, "T", "tn"),
        };
        let (whole, tenth) = (number / unit, (number % unit).unsigned_abs() / (unit.unsigned_abs() / 10));
        let (point, word) = if self.lang == Lang::Id { (',', id) } else { ('.', en) };
        if whole.abs() >= 100 || tenth == 0 {
            format!("{whole} {word}")
        } else {
            format!("{whole}{point}{tenth} {word}")
        }
    }

    /// A share in per cent with one decimal; a dash when there is no whole.
    pub fn share(&self, part: impl Whole, whole: impl Whole) -> String {
        let (part, whole) = (part.whole(), whole.whole());
        if whole == 0 {
            return "–".to_owned();
        }
        let tenths = i128::from(part) * 1000 / i128::from(whole);
        let point = if self.lang == Lang::Id { ',' } else { '.' };
        format!("{}{point}{}%", tenths / 10, (tenths % 10).abs())
    }

    /// A decimal number with `places` digits after the point.
    pub fn decimal(&self, number: impl std::borrow::Borrow<f64>, places: usize) -> String {
        let text = format!("{:.places$}", number.borrow());
        if self.lang == Lang::Id { text.replace('.', ",") } else { text }
    }

    /// A day in words: `17 November 2026`.
    pub fn day(&self, day: Date) -> String {
        let month = usize::try_from(day.month() - 1).unwrap_or(0);
        let name = if self.lang == Lang::Id { MONTHS_ID[month] } else { MONTHS_EN[month] };
        format!("{} {name} {}", day.day(), day.year())
    }

    /// Names of the days of a week, Monday first.
    pub fn weekdays(&self) -> [&'static str; 7] {
        if self.lang == Lang::Id { WEEKDAYS_ID } else { WEEKDAYS_EN }
    }

    /// The name of a day of the week.
    pub fn weekday(&self, day: Date) -> &'static str {
        let nth = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
        self.weekdays()[nth.min(6)]
    }

    /// A day written as ISO text, in words; the text itself when it is no day.
    pub fn day_text(&self, text: &str) -> String {
        text.parse::<Date>().map_or_else(|_| text.to_owned(), |day| self.day(day))
    }

    /// A day that may be unknown.
    pub fn day_or(&self, day: Option<Date>) -> String {
        day.map_or_else(|| self.say("web-unknown"), |day| self.day(day))
    }

    /// An instant (milliseconds since the epoch) at Western Indonesian time.
    pub fn stamp(&self, ms: impl Whole) -> String {
        let Ok(instant) = Timestamp::from_millisecond(ms.whole()) else { return "?".to_owned() };
        let local = jiff::tz::Offset::constant(7).to_datetime(instant);
        let sign = if self.lang == Lang::Id { '.' } else { ':' };
        format!("{}, {:02}{sign}{:02} WIB", self.day(local.date()), local.hour(), local.minute())
    }

    /// A period in words: `Tahap 4 2026`, `November 2026`.
    pub fn period(&self, text: &str) -> String {
        match text.parse::<Period>() {
            Ok(Period::Month(month)) => self.month(month),
            Ok(Period::Stage { year, stage }) => self.two("web-stage", "stage", stage, "year", year),
            _ => text.to_owned(),
        }
    }

    /// A quarter of a year, written like a stage.
    pub fn quarter(&self, text: &str) -> String {
        match text.parse::<Period>() {
            Ok(Period::Stage { year, stage }) => self.two("web-quarter", "quarter", stage, "year", year),
            _ => text.to_owned(),
        }
    }

    /// A month in words.
    pub fn month(&self, month: Month) -> String {
        let day = self.day(month.first_day());
        day.split_once(' ').map_or_else(|| day.clone(), |(_, rest)| rest.to_owned())
    }

    /// The label of a code in one of the policy's code lists; the number itself when the list does not know it.
    pub fn code_label(&self, list: &str, code: impl Whole) -> String {
        let code = code.whole();
        let found = self.policy.codes(list).iter().find(|entry| entry.code == code);
        found.map_or_else(|| code.to_string(), |entry| self.label(&entry.label).to_owned())
    }
}

/// A whole number of any width, by value or reference, so that templates need no conversions.
pub trait Whole {
    /// As 64 bits; what does not fit is the largest that does.
    fn whole(&self) -> i64;
}

macro_rules! whole {
    ($($number:ty),*) => { $(impl Whole for $number {
        fn whole(&self) -> i64 {
            i64::try_from(*self).unwrap_or(i64::MAX)
        }
    })* };
}
whole!(i32, u32, i64, u64, usize, u8, u16, i16);

impl<T: Whole> Whole for &T {
    fn whole(&self) -> i64 {
        (*self).whole()
    }
}

/// Money as views hand it over, by value or reference.
pub trait Money {
    /// Whole rupiah.
    fn rupiah(&self) -> i64;
}

impl Money for i64 {
    fn rupiah(&self) -> i64 {
        *self
    }
}

impl Money for Rupiah {
    fn rupiah(&self) -> i64 {
        self.idr()
    }
}

impl<T: Money> Money for &T {
    fn rupiah(&self) -> i64 {
        (*self).rupiah()
    }
}

/// The stable word of a fixed choice, as it is written in data: `NotEligible` is `not_eligible`.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

fn grouped(number: i64, mark: char) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        out.push('-');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(mark);
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tongue(lang: Lang) -> Tongue {
        Tongue::new(lang, Arc::new(Policy::embedded().expect("the embedded policy loads")))
    }

    #[test]
    fn figures_are_written_as_their_reader_writes_them() {
        let (id, en) = (tongue(Lang::Id), tongue(Lang::En));
        assert_eq!((id.n(1_234_567), en.n(-1_234)), ("1.234.567".into(), "-1,234".into()));
        assert_eq!(id.idr_short(1_250_000_000), "Rp1,25 miliar");
        assert_eq!(en.idr_short(-1_250_000_000), "Rp-1.25 bn");
        assert_eq!(id.idr_short(999_999), "Rp999.999");
        assert_eq!(
            (id.compact(9_999), id.compact(118_200_000), en.compact(12_345)),
            ("9.999".into(), "118 jt".into(), "12.3 k".into())
        );
        assert_eq!((id.idr_note(600_000), id.idr_note(1_234_567)), (String::new(), "Rp1.234.567".into()));
        assert_eq!((id.share(1, 3), en.share(0, 0)), ("33,3%".into(), "–".into()));
        assert_eq!(id.day_text("2026-11-17"), "17 November 2026");
        assert_eq!(en.day_text("besok"), "besok");
        assert_eq!(id.stamp(0), "1 Januari 1970, 07.00 WIB");
    }
}
