//! The payment code on a letter: the number of the line and two check digits (ISO 7064, MOD 97-10), so that a digit typed wrong, or two
//! exchanged, is no code at all. It proves nothing about a person; who comes with it shows an identity card.

/// Digits of a code.
pub const CODE_DIGITS: usize = 16;
/// Digits of the line's number in it.
const LINE_DIGITS: usize = CODE_DIGITS - 2;

/// The code of a line; none when its number has more than fourteen digits.
pub fn code_of(line_id: i64) -> Option<String> {
    let bound = 10_i64.pow(LINE_DIGITS as u32);
    let line = (0..bound).contains(&line_id).then_some(line_id)?;
    let check = 98 - line % 97 * 100 % 97;
    Some(format!("{line:0LINE_DIGITS$}{check:02}"))
}

/// The line of a code; spaces and hyphens between digits are how people write it.
pub fn line_of(code: &str) -> Option<i64> {
    let digits: String = code.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    if digits.len() != CODE_DIGITS {
        return None;
    }
    let number = crate::told::whole(&digits)?;
    (number % 97 == 1).then_some(number / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_its_line_and_no_slip_of_the_pen_makes_another() {
        for line in [0, 7, 4_711, 99_999_999_999_999] {
            let code = code_of(line).unwrap();
            assert_eq!((code.len(), line_of(&code)), (CODE_DIGITS, Some(line)));
            let digits: Vec<u8> = code.bytes().collect();
            for at in 0..digits.len() {
                for digit in b'0'..=b'9' {
                    let mut slip = digits.clone();
                    slip[at] = digit;
                    assert!(slip == digits || line_of(std::str::from_utf8(&slip).unwrap()).is_none());
                }
                if at > 0 && digits[at] != digits[at - 1] {
                    let mut slip = digits.clone();
                    slip.swap(at, at - 1);
                    assert_eq!(line_of(std::str::from_utf8(&slip).unwrap()), None);
                }
            }
        }
        assert_eq!(
            (code_of(4_711).as_deref(), line_of("0000 0000-0047 1130")),
            (Some("0000000000471130"), Some(4_711))
        );
        assert_eq!((code_of(-1), code_of(100_000_000_000_000), line_of("x")), (None, None, None));
    }
}
