//! Exact numbers: decimals as they are published, and small sums and products over published figures. In: text such as `65.5` or
//! `F064 + F066 * 2`; out: integers and fractions in 128 bits. Never here: a float, a silent overflow, a sum of two kinds of number
//! (a target, a stock and a realisation are told apart all the way through the arithmetic).

use std::fmt;

use serde::{Serialize, Serializer};

use crate::figures::FigureKind;

/// A decimal number, exact: `units` / 10^`decimals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// All digits as one whole number.
    pub units: i64,
    /// How many of them stand after the point, 0 to 9.
    pub decimals: u8,
}

/// Most digits after the point.
const DECIMALS_MAX: u8 = 9;
/// Most pieces of an expression, and most brackets within brackets.
const PIECES_MAX: usize = 64;
const DEPTH_MAX: usize = 16;

impl Number {
    /// Reads `65.5`, `-4` or `83_250`; nothing else, no sign but minus.
    pub fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let grouped = !whole.starts_with('_') && !whole.ends_with('_');
        let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let whole = whole.replace('_', "");
        let decimals = u8::try_from(fraction.len()).ok().filter(|count| *count <= DECIMALS_MAX)?;
        let ends = !digits.ends_with('.');
        if whole.is_empty() || !grouped || !ends || !plain(&whole) || !plain(fraction) {
            return None;
        }
        let units: i64 = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { units: units * sign, decimals })
    }

    /// The whole part when there is nothing after the point.
    pub fn whole(self) -> Option<i64> {
        (self.decimals == 0).then_some(self.units)
    }

    /// Written with these marks: `1.234,5` or `1,234.5`.
    pub fn written(self, thousands: &str, point: &str) -> String {
        let digits = format!("{:0>1$}", self.units.unsigned_abs(), usize::from(self.decimals) + 1);
        let (whole, fraction) = digits.split_at(digits.len() - usize::from(self.decimals));
        let mut out = String::from(if self.units < 0 { "-" } else { "" });
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                out.push_str(thousands);
            }
            out.push(digit);
        }
        if !fraction.is_empty() {
            out.push_str(point);
            out.push_str(fraction);
        }
        out
    }
}

/// As in data: `65.5`.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written("", "."))
    }
}

/// As text, so that no reader of JSON turns it into a float.
impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A fraction in lowest terms; the lower number is above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fraction {
    upper: i128,
    lower: i128,
}

impl Fraction {
    fn new(upper: i128, lower: i128) -> Option<Self> {
        if lower == 0 || upper == i128::MIN || lower == i128::MIN {
            return None;
        }
        let (mut a, mut b) = (upper.unsigned_abs(), lower.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let shared = i128::try_from(a.max(1)).ok()? * lower.signum();
        Some(Self { upper: upper / shared, lower: lower / shared })
    }

    fn of(number: Number) -> Option<Self> {
        Self::new(i128::from(number.units), 10_i128.checked_pow(u32::from(number.decimals))?)
    }

    fn plus(self, other: Self) -> Option<Self> {
        let upper = self.upper.checked_mul(other.lower)?.checked_add(other.upper.checked_mul(self.lower)?)?;
        Self::new(upper, self.lower.checked_mul(other.lower)?)
    }

    pub(crate) fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { upper: other.upper.checked_neg()?, lower: other.lower })
    }

    fn times(self, other: Self) -> Option<Self> {
        Self::new(self.upper.checked_mul(other.upper)?, self.lower.checked_mul(other.lower)?)
    }

    fn over(self, other: Self) -> Option<Self> {
        Self::new(self.upper.checked_mul(other.lower)?, self.lower.checked_mul(other.upper)?)
    }

    /// Rounded to `decimals` places, half away from zero; nothing when it does not fit.
    pub(crate) fn rounded(self, decimals: u8) -> Option<Number> {
        let scaled = self.upper.checked_mul(10_i128.checked_pow(u32::from(decimals))?)?;
        let halves = scaled.checked_abs()?.checked_mul(2)?.checked_add(self.lower)?;
        let units = halves / self.lower.checked_mul(2)? * scaled.signum();
        Some(Number { units: i64::try_from(units).ok()?, decimals })
    }

    /// As a decimal that ends; nothing when none does within nine places.
    pub(crate) fn ending(self) -> Option<Number> {
        (0..=DECIMALS_MAX)
            .find(|places| {
                10_i128.checked_pow(u32::from(*places)).is_some_and(|power| power % self.lower == 0)
            })
            .and_then(|places| self.rounded(places))
    }
}

/// One piece of an expression, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A figure by id.
    Figure(String),
    /// A number.
    Number(Number),
    /// `+`, `-`, `*`, `/`, `(` or `)`.
    Sign(char),
}

/// What kind of number a part of an expression is, and in which unit. Unknown for plain numbers and for products of two figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sense<'a> {
    kind: Option<FigureKind>,
    unit: Option<&'a str>,
}

/// The value of an expression.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a> {
    pub(crate) exact: Fraction,
    pub(crate) sense: Sense<'a>,
    /// Somewhere two kinds or two units were added or subtracted that are no one number.
    pub(crate) mixed: bool,
}

impl Sense<'_> {
    /// Whether two of them may be added or compared, and what their sum is.
    pub(crate) fn join(self, other: Self) -> Option<Self> {
        let fits = !differ(self.kind, other.kind) && !differ(self.unit, other.unit);
        fits.then(|| Self { kind: self.kind.or(other.kind), unit: self.unit.or(other.unit) })
    }

    /// What is left of a stock or target after what was done or was there before is still that stock or target.
    fn less(self, other: Self) -> Option<Self> {
        let left = matches!(self.kind, Some(FigureKind::Stock | FigureKind::Target))
            && matches!(other.kind, Some(FigureKind::Realisation | FigureKind::Baseline));
        if left { self.join(Self { kind: self.kind, ..other }) } else { self.join(other) }
    }

    /// Times or over a plain number the kind stays; between two figures neither kind nor unit is one of theirs.
    fn scaled(self, other: Self) -> Self {
        match (self.kind, other.kind) {
            (kind @ Some(_), None) | (None, kind @ Some(_)) => Self { kind, unit: None },
            _ => Self { kind: None, unit: None },
        }
    }
}

/// Whether both are known and not the same.
fn differ<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a != b)
}

/// Cuts an expression into pieces, or says where it is wrong.
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let length = if "+-*/()".contains(first) { 1 } else { rest.find(|c| !word(c)).unwrap_or(rest.len()) };
        let part = &rest[..length];
        out.push(match Number::parse(part) {
            _ if "+-*/()".contains(first) => Piece::Sign(first),
            Some(number) => Piece::Number(number),
            None if first.is_ascii_uppercase() => Piece::Figure(part.to_owned()),
            None => {
                return Err(format!(
                    "`{}` is no figure, number or sign",
                    if part.is_empty() { rest } else { part }
                ));
            }
        });
        if out.len() > PIECES_MAX {
            return Err(format!("an expression has at most {PIECES_MAX} pieces"));
        }
        rest = rest[length..].trim_start();
    }
    Ok(out)
}

/// Number, kind and unit of a figure, or the sentence why it has none.
pub(crate) type Known<'a> = Result<(Number, FigureKind, &'a str), String>;

/// Works an expression out. `figure` gives the number, kind and unit of a figure, or the sentence why it has none.
pub(crate) fn evaluate<'a>(
    pieces: &[Piece],
    figure: &dyn Fn(&str) -> Known<'a>,
) -> Result<Value<'a>, String> {
    let mut work = Work { pieces, at: 0, depth: 0, figure };
    let value = work.sum()?;
    if work.at < pieces.len() { Err("a sign between two numbers is missing".to_owned()) } else { Ok(value) }
}

struct Work<'p, 'a> {
    pieces: &'p [Piece],
    at: usize,
    depth: usize,
    figure: &'p dyn Fn(&str) -> Known<'a>,
}

impl<'a> Work<'_, 'a> {
    fn sign(&mut self, signs: [char; 2]) -> Option<char> {
        let Some(Piece::Sign(found)) = self.pieces.get(self.at) else { return None };
        signs.contains(found).then(|| {
            self.at += 1;
            *found
        })
    }

    fn sum(&mut self) -> Result<Value<'a>, String> {
        let mut left = self.product()?;
        while let Some(sign) = self.sign(['+', '-']) {
            let right = self.product()?;
            let (exact, sense) = if sign == '+' {
                (left.exact.plus(right.exact), left.sense.join(right.sense))
            } else {
                (left.exact.minus(right.exact), left.sense.less(right.sense))
            };
            left = Value {
                exact: exact.ok_or(TOO_LARGE)?,
                sense: sense.unwrap_or(left.sense),
                mixed: left.mixed || right.mixed || sense.is_none(),
            };
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Value<'a>, String> {
        let mut left = self.one()?;
        while let Some(sign) = self.sign(['*', '/']) {
            let right = self.one()?;
            let exact = if sign == '*' {
                left.exact.times(right.exact).ok_or(TOO_LARGE)?
            } else if right.exact.upper == 0 {
                return Err("a division by zero".to_owned());
            } else {
                left.exact.over(right.exact).ok_or(TOO_LARGE)?
            };
            left = Value { exact, sense: left.sense.scaled(right.sense), mixed: left.mixed || right.mixed };
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Value<'a>, String> {
        let piece = self.pieces.get(self.at).ok_or("the expression ends where a number must stand")?;
        self.at += 1;
        let (number, sense) = match piece {
            Piece::Number(number) => (*number, Sense { kind: None, unit: None }),
            Piece::Figure(id) => {
                let (number, kind, unit) = (self.figure)(id)?;
                (number, Sense { kind: Some(kind), unit: Some(unit) })
            }
            Piece::Sign('(') => {
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Err("too many brackets within brackets".to_owned());
                }
                let inner = self.sum()?;
                self.depth -= 1;
                return match self.pieces.get(self.at) {
                    Some(Piece::Sign(')')) => {
                        self.at += 1;
                        Ok(inner)
                    }
                    _ => Err("a bracket is not closed".to_owned()),
                };
            }
            Piece::Sign(sign) => return Err(format!("`{sign}` stands where a number must stand")),
        };
        Ok(Value { exact: Fraction::of(number).ok_or(TOO_LARGE)?, sense, mixed: false })
    }
}

const TOO_LARGE: &str = "a number is out of range";

#[cfg(test)]
mod tests {
    use super::*;

    fn work(text: &str) -> Result<Value<'static>, String> {
        let figure = |id: &str| match id {
            "S" => Ok((Number { units: 156_512, decimals: 0 }, FigureKind::Stock, "kk")),
            "R" => Ok((Number { units: 11_039, decimals: 0 }, FigureKind::Realisation, "kk")),
            "T" => Ok((Number { units: 2_500, decimals: 0 }, FigureKind::Target, "kk")),
            "P" => Ok((Number { units: 7, decimals: 0 }, FigureKind::Stock, "person")),
            _ => Err(format!("no figure `{id}`")),
        };
        evaluate(&pieces(text)?, &figure)
    }

    fn number(text: &str) -> String {
        work(text).ok().and_then(|value| value.exact.ending()).map_or_else(String::new, |n| n.to_string())
    }

    #[test]
    fn decimals_are_exact_and_add_up() {
        assert_eq!(number("9.82 - 9.66"), "0.16");
        assert_eq!(number("0.1 + 0.2"), "0.3");
        assert_eq!(number("127_100_000_000_000 * 65.5 / 100"), "83250500000000");
        assert_eq!(number("2 - 3 * (4 + 1) - 1"), "-14");
        assert_eq!(number("1 / 3"), "", "a third does not end");
        assert_eq!(number("1 / 3 * 3"), "1");
    }

    #[test]
    fn rounding_goes_half_away_from_zero() {
        let rounded = |text: &str, places| work(text).ok().and_then(|value| value.exact.rounded(places));
        assert_eq!(rounded("(S - R) / T", 0), Some(Number { units: 58, decimals: 0 }));
        assert_eq!(rounded("5 / 2", 0), Some(Number { units: 3, decimals: 0 }));
        assert_eq!(rounded("0 - 5 / 2", 0), Some(Number { units: -3, decimals: 0 }));
        assert_eq!(rounded("2 / 3", 2), Some(Number { units: 67, decimals: 2 }));
    }

    #[test]
    fn targets_stocks_and_realisations_never_become_one_number() {
        let mixed = |text: &str| work(text).map(|value| value.mixed);
        assert_eq!(mixed("S + T"), Ok(true));
        assert_eq!(mixed("R + T"), Ok(true));
        assert_eq!(mixed("S + P"), Ok(true), "families and persons");
        assert_eq!(mixed("S - T"), Ok(true));
        assert_eq!(mixed("(S + 1) * 2 + T"), Ok(true), "a plain number does not hide the kind");
        assert_eq!(mixed("S - R"), Ok(false), "what is left of a stock");
        assert_eq!(mixed("R / S * 100"), Ok(false), "a share");
        let (stock, target) = (work("S").map(|v| v.sense), work("T").map(|v| v.sense));
        assert!(stock.is_ok_and(|stock| target.is_ok_and(|target| stock.join(target).is_none())));
    }

    #[test]
    fn what_is_no_sum_is_told_and_nothing_overflows() {
        for (text, told) in [
            ("", "ends where"),
            ("1 +", "ends where"),
            ("1 2", "missing"),
            ("(1", "not closed"),
            ("1)", "missing"),
            ("* 2", "stands where"),
            ("1 / (2 - 2)", "by zero"),
            ("F999", "no figure"),
            ("x", "no figure, number"),
            ("1 % 2", "no figure, number"),
            ("9000000000000000000 * 9000000000000000000 * 9000000000000000000", "out of range"),
        ] {
            let answer = work(text).map(|value| value.exact.ending());
            assert!(answer.as_ref().is_err_and(|error| error.contains(told)), "{text}: {answer:?}");
        }
        let deep = "(".repeat(40) + "1" + &")".repeat(20);
        assert!(work(&deep).is_err());
        assert!(work(&"1+".repeat(60)).is_err());
    }

    #[test]
    fn a_number_is_read_as_it_is_written_in_data_and_in_no_other_way() {
        let read = |text: &str| Number::parse(text).map(|number| number.to_string());
        assert_eq!(read("65.50").as_deref(), Some("65.50"));
        assert_eq!(read("-0.05").as_deref(), Some("-0.05"));
        assert_eq!(read("1_145").as_deref(), Some("1145"));
        for text in ["", "1,5", "1.", ".5", "1e3", "+1", "_1", "1.234.567", "--1", "9223372036854775808"] {
            assert_eq!(read(text), None, "{text}");
        }
        let number = Number { units: -123_456_705, decimals: 2 };
        assert_eq!(number.written(".", ","), "-1.234.567,05");
    }
}
