//! Figures as CSV, each row with what it stands on, so that a number in somebody's spreadsheet can still be
//! traced.

use crate::{Basis, Error, ProgrammeView, RegionsView, Result, Unit};

const HEAD: &str = "region,name,figure,programme,period,unit,value,as_of,source,hash\r\n";

/// The tiles of a region, one line for each region and figure, the region itself first.
///
/// # Errors
/// None today; the signature leaves room for bounds.
pub fn regions_csv(view: &RegionsView) -> Result<String> {
    let mut out = String::from(HEAD);
    let own = view.path.last().map_or("", |(_, name)| name.as_str());
    let whole = (view.region.as_str(), own, &view.total);
    let tiles = view.tiles.iter().map(|tile| (tile.code.as_str(), tile.name.as_str(), &tile.values));
    for (code, name, values) in std::iter::once(whole).chain(tiles) {
        for (series, value) in view.series.iter().zip(values) {
            let about = [series.programme.as_deref().unwrap_or(""), series.period.as_deref().unwrap_or("")];
            line(&mut out, [code, name, series.key, about[0], about[1]], series.unit, *value, &series.basis)?;
        }
    }
    Ok(out)
}

/// The figures of programmes, one line each.
///
/// # Errors
/// As [`regions_csv`].
pub fn programmes_csv(programmes: &[ProgrammeView]) -> Result<String> {
    let mut out = String::from(HEAD);
    for programme in programmes {
        for figure in &programme.figures {
            let region = figure.basis.region.as_str();
            let period = programme.period.as_deref().unwrap_or("");
            let cells = [region, "", figure.key, &programme.programme, period];
            line(&mut out, cells, figure.unit, figure.value, &figure.basis)?;
        }
    }
    Ok(out)
}

fn line(out: &mut String, cells: [&str; 5], unit: Unit, value: Option<i64>, basis: &Basis) -> Result<()> {
    let unit = serde_json::to_value(unit).map_err(|error| Error::Export(error.to_string()))?;
    let value = value.map(|value| value.to_string()).unwrap_or_default();
    let tail = [unit.as_str().unwrap_or_default(), &value, &basis.as_of, &basis.source, &basis.hash];
    for (place, text) in cells.iter().chain(&tail).enumerate() {
        if place > 0 {
            out.push(',');
        }
        push_cell(out, text);
    }
    out.push_str("\r\n");
    Ok(())
}

/// A table of texts with its header.
pub fn table_csv(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut out = head.join(",");
    out.push_str("\r\n");
    for row in rows {
        for (place, cell) in row.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            push_cell(&mut out, cell);
        }
        out.push_str("\r\n");
    }
    out
}

/// A cell; quoted where it must be, and never read as a formula by a spreadsheet. A negative number stays a
/// number.
pub fn push_cell(out: &mut String, text: &str) {
    let formula = text.starts_with(['=', '+', '@', '\t', '\r'])
        || (text.starts_with('-') && text.parse::<i64>().is_err());
    if !formula && !text.contains([',', '"', '\n', '\r']) {
        out.push_str(text);
        return;
    }
    out.push('"');
    if formula {
        out.push('\'');
    }
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_and_quotes_survive() {
        let cell = |text: &str| {
            let mut out = String::new();
            push_cell(&mut out, text);
            out
        };
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("-5"), "-5");
        assert_eq!(cell("-A1"), "\"'-A1\"");
        assert_eq!(cell("Desa \"A\", B"), "\"Desa \"\"A\"\", B\"");
    }
}
