//! Received rows, kept in the lake as they came: what a bank said stays provable whatever was made of it.

use std::{collections::BTreeMap, sync::Arc};

use access::House;
use arrow_array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use lake::{Origin, WriteOptions};

use crate::{Result, files::FileView, wire::ReplyRow};

/// Writes the dataset `payments/in/<file>`: row number and cells, joined by U+001F; a torn row has none.
pub(crate) fn write(
    house: &House,
    name: &str,
    file: &FileView,
    mut next: impl FnMut() -> Result<Vec<ReplyRow>>,
) -> Result<()> {
    let fields = vec![Field::new("row", DataType::Int32, false), Field::new("cells", DataType::Utf8, true)];
    let schema = Arc::new(Schema::new(fields));
    let mut writer = house.lake.writer(name, Arc::clone(&schema), WriteOptions::default())?;
    loop {
        let rows = next()?;
        if rows.is_empty() {
            break;
        }
        let numbers: Int32Array = rows.iter().map(|row| i32::try_from(row.row_no).ok()).collect();
        let cells: StringArray = rows.iter().map(|row| Some(row.cells.as_ref()?.joined())).collect();
        let columns: Vec<ArrayRef> = vec![Arc::new(numbers), Arc::new(cells)];
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns).map_err(lake::Error::from)?)?;
    }
    let note = [("channel", &file.channel), ("kind", &file.kind), ("name", &file.name)];
    let origin = Origin {
        made_by: "payment".to_owned(),
        inputs: file.hash.iter().cloned().collect(),
        policy: house.policy.hash().to_owned(),
        note: note
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .collect::<BTreeMap<_, _>>(),
    };
    writer.finish(origin, house.clock.as_ref())?;
    Ok(())
}
