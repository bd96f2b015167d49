//! Writes records: CSV and fixed width, with header and trailer. What does not fit is an error that names the row, never cut but
//! where the layout says that a name may be.

use policy::{ChannelColumn, ChannelFile, Format};

use super::{Seal, line::to_1252};

/// Why a cell cannot be written.
pub(super) struct Unfit {
    pub(super) column: String,
    pub(super) why: &'static str,
}

/// Appends one record of `columns` with `cells`, constants in their places, and its line end.
pub(super) fn record<'c>(
    layout: &ChannelFile,
    columns: &[ChannelColumn],
    cells: impl Iterator<Item = &'c str>,
    into: &mut Vec<u8>,
) -> Result<(), Unfit> {
    for (place, (column, cell)) in columns.iter().zip(cells).enumerate() {
        let cell = column.value.as_deref().unwrap_or(cell);
        let unfit = |why| Unfit { column: column.name.clone(), why };
        if cell.chars().any(char::is_control) {
            return Err(unfit("it holds a control character"));
        }
        if layout.format == Format::Fixed {
            fixed(layout, column, cell, into).map_err(unfit)?;
        } else {
            if place > 0 {
                into.push(layout.delimiter);
            }
            delimited(layout, cell, into).map_err(unfit)?;
        }
    }
    into.push(b'\n');
    Ok(())
}

fn encode(layout: &ChannelFile, text: &str, into: &mut Vec<u8>) -> Result<(), &'static str> {
    if layout.encoding == "utf-8" || text.is_ascii() {
        into.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    for c in text.chars() {
        into.push(to_1252(c).ok_or("a character is not in windows-1252")?);
    }
    Ok(())
}

fn delimited(layout: &ChannelFile, cell: &str, into: &mut Vec<u8>) -> Result<(), &'static str> {
    let special = |byte: u8| byte == layout.delimiter || (layout.quote != 0 && byte == layout.quote);
    if !cell.bytes().any(special) {
        return encode(layout, cell, into);
    }
    if layout.quote == 0 {
        return Err("it holds the delimiter, and the layout has no quotes");
    }
    let quote = char::from(layout.quote);
    into.push(layout.quote);
    encode(layout, &cell.replace(quote, &format!("{quote}{quote}")), into)?;
    into.push(layout.quote);
    Ok(())
}

fn fixed(
    layout: &ChannelFile,
    column: &ChannelColumn,
    cell: &str,
    into: &mut Vec<u8>,
) -> Result<(), &'static str> {
    let length = cell.chars().count();
    if length > column.width {
        if !column.cut {
            return Err("it is wider than its column");
        }
        let cut: String = cell.chars().take(column.width).collect();
        return encode(layout, &cut, into);
    }
    // The fill must not become part of the value when it is read again.
    let touches = if column.right { cell.starts_with(column.fill) } else { cell.ends_with(column.fill) };
    if touches && column.fill == ' ' {
        return Err("it begins or ends with a space");
    }
    let fill = std::iter::repeat_n(column.fill as u8, column.width - length);
    if column.right {
        into.extend(fill);
        encode(layout, cell, into)
    } else {
        encode(layout, cell, into)?;
        into.extend(fill);
        Ok(())
    }
}

/// What a header or trailer says, cell by cell.
pub(super) fn seal_cells(
    columns: &[ChannelColumn],
    seal: &Seal,
    rows: u64,
    sum_idr: i64,
    hash: &str,
) -> Vec<String> {
    let cell = |column: &ChannelColumn| match column.field.as_str() {
        "channel" => seal.channel.clone(),
        "sequence" => seal.sequence.to_string(),
        "batch" => seal.batch.clone(),
        "date" if column.width == 8 => seal.day().replace('-', ""),
        "date" => seal.day(),
        // As wide in the end as at the beginning, when the header was written and the rows were not counted yet.
        "rows" if column.width == 0 => format!("{rows:015}"),
        "rows" => rows.to_string(),
        "sum_idr" if column.width == 0 => format!("{sum_idr:018}"),
        "sum_idr" => sum_idr.to_string(),
        "hash" if column.width == 0 => hash.to_owned(),
        "hash" => hash.chars().take(column.width).collect(),
        _ => String::new(),
    };
    columns.iter().map(cell).collect()
}
