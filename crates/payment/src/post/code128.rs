//! Code 128 as SVG: digits in pairs (set C), by the symbol table of ISO/IEC 15417. In: an even number of digits. Out: widths of bars and
//! spaces in modules, and a drawing of them. Never here: anything but digits; a drawing without its quiet zones.

/// Widths of bar, space, bar, space, bar, space of the symbols 0 to 105, in modules.
const SYMBOLS: &[u8] = b"\
212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222123122123221223211221132\
221231213212223112312131311222321122321221312212322112322211212123212321232121111323131123131321112313132113132311211313\
231113231311112133112331132131113123113321133121313121211331231131213113213311213131311123311321331121312113312311332111\
314111221411431111111224111422121124121421141122141221112214112412122114122411142112142211241211221114413111241112134111\
111242121142121241114212124112124211411212421112421211212141214121412121111143111341131141114113114311411113411311113141\
114131311141411131211412211214211232";
/// The stop, with its last bar.
const STOP: &[u8] = b"2331112";
/// The start of set C.
const START_C: usize = 105;
/// Blank modules on each side.
const QUIET: usize = 10;

/// Widths of bars and spaces in turn, beginning with a bar; none when the text is not an even number of digits.
pub fn widths(digits: &str) -> Option<Vec<u8>> {
    let even =
        !digits.is_empty() && digits.len().is_multiple_of(2) && digits.bytes().all(|c| c.is_ascii_digit());
    if !even {
        return None;
    }
    let pairs = digits
        .as_bytes()
        .chunks(2)
        .map(|pair| usize::from(pair[0] - b'0') * 10 + usize::from(pair[1] - b'0'));
    let mut symbols = vec![START_C];
    symbols.extend(pairs);
    // The start counts once, each symbol as often as its place.
    let sum: usize = symbols.iter().enumerate().map(|(place, symbol)| symbol * place.max(1)).sum();
    symbols.push(sum % 103);
    let mut out = Vec::with_capacity(symbols.len() * 6 + STOP.len());
    for symbol in symbols {
        out.extend(SYMBOLS[symbol * 6..symbol * 6 + 6].iter().map(|width| width - b'0'));
    }
    out.extend(STOP.iter().map(|width| width - b'0'));
    Some(out)
}

/// The bars as one path, quiet zones included, `height` modules high; empty when the text has no bars.
pub fn svg(digits: &str, height: u32) -> String {
    use std::fmt::Write;
    let Some(widths) = widths(digits) else { return String::new() };
    let total = widths.iter().map(|width| usize::from(*width)).sum::<usize>() + 2 * QUIET;
    let mut out = format!(
        "<svg class=\"barcode\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {total} {height}\" role=\"img\" \
         aria-label=\"{digits}\" shape-rendering=\"crispEdges\"><path fill=\"#000\" d=\""
    );
    let mut at = QUIET;
    for (place, width) in widths.iter().enumerate() {
        if place % 2 == 0 {
            let _ = write!(out, "M{at} 0h{width}v{height}h-{width}z");
        }
        at += usize::from(*width);
    }
    out.push_str("\"/></svg>");
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Reads bars back, from the drawing: symbols by their widths, the check by its own sum.
    fn read(svg: &str) -> Option<String> {
        let path = svg.split("d=\"").nth(1)?.split('"').next()?;
        let mut dark: BTreeMap<usize, usize> = BTreeMap::new();
        for bar in path.split('M').skip(1) {
            let at = bar.split(' ').next()?.parse().ok()?;
            let width = bar.split('h').nth(1)?.split('v').next()?.parse().ok()?;
            dark.insert(at, width);
        }
        let bars: Vec<(usize, usize)> = dark.into_iter().collect();
        let mut widths = Vec::new();
        for (n, (at, width)) in bars.iter().enumerate() {
            widths.push(*width);
            if let Some((next, _)) = bars.get(n + 1) {
                widths.push(next - at - width);
            }
        }
        let stop = widths.split_off(widths.len() - 7);
        assert_eq!(stop, [2, 3, 3, 1, 1, 1, 2]);
        let known = |six: &[usize]| {
            (0..106).find(|symbol| {
                SYMBOLS[symbol * 6..symbol * 6 + 6]
                    .iter()
                    .map(|width| usize::from(width - b'0'))
                    .eq(six.iter().copied())
            })
        };
        let mut symbols: Vec<usize> = widths.chunks(6).map(known).collect::<Option<_>>()?;
        let check = symbols.pop()?;
        let sum: usize = symbols.iter().enumerate().map(|(place, symbol)| symbol * place.max(1)).sum();
        assert_eq!((symbols[0], check), (START_C, sum % 103));
        let digit = |value: usize| char::from(b'0' + value as u8);
        Some(symbols[1..].iter().flat_map(|symbol| [digit(symbol / 10), digit(symbol % 10)]).collect())
    }

    #[test]
    fn the_table_is_one_of_code_128() {
        assert_eq!(SYMBOLS.len(), 106 * 6);
        let mut seen: Vec<&[u8]> = SYMBOLS.chunks(6).collect();
        for symbol in &seen {
            let (bars, all): (u8, u8) = symbol.iter().enumerate().fold((0, 0), |(bars, all), (n, width)| {
                let width = width - b'0';
                (bars + if n % 2 == 0 { width } else { 0 }, all + width)
            });
            assert_eq!((all, bars % 2), (11, 0), "eleven modules, an even number of them dark");
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 106);
    }

    #[test]
    fn bars_read_back_are_the_digits() {
        for digits in ["00", "0123456789", "9999999999999999", "0000000000471130"] {
            assert_eq!(read(&svg(digits, 40)).as_deref(), Some(digits));
        }
        for wrong in ["", "1", "12a4", "１２"] {
            assert_eq!(svg(wrong, 40), "");
        }
    }
}
