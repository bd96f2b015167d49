//! The policy packs that decisions were made by, kept in the lake under their hash: a decision can be made again when the rules have
//! changed since. A pack is text; one row a file. Never here: a pack that is not the one its hash names.

use std::{collections::BTreeMap, sync::Arc};

use access::House;
use arrow_array::{RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use lake::{Origin, WriteOptions};
use policy::Policy;

use crate::{Error, Result, decide::text_column};

/// Key in the note of a kept pack: the numbers that a variant of it sets, as JSON.
const VARIED: &str = "varied";

/// Name of a kept pack: one row a file, `path` and `text`, sorted by `path`.
fn name(hash: &str) -> String {
    format!("policy/{hash}")
}

/// Keeps the pack in force, once.
pub(crate) fn keep(house: &House) -> Result<()> {
    let name = name(house.policy.hash());
    if house.lake.dataset(&name)?.is_some() {
        return Ok(());
    }
    let schema = Arc::new(Schema::new(vec![
        Field::new("path", DataType::Utf8, false),
        Field::new("text", DataType::Utf8, false),
    ]));
    let files: Vec<(&str, &str)> = house.policy.files().collect();
    let column = |of: fn(&(&str, &str)) -> String| {
        Arc::new(StringArray::from_iter_values(files.iter().map(of))) as arrow_array::ArrayRef
    };
    let columns = vec![column(|(path, _)| (*path).to_owned()), column(|(_, text)| (*text).to_owned())];
    let mut writer = house.lake.writer(&name, Arc::clone(&schema), WriteOptions::sorted_by(&["path"]))?;
    writer.write(&RecordBatch::try_new(schema, columns)?)?;
    // Plain structures of texts and numbers always become JSON.
    let varied = serde_json::to_string(house.policy.varied()).unwrap_or_default();
    let origin = Origin {
        made_by: "targeting".to_owned(),
        inputs: Vec::new(),
        policy: house.policy.hash().to_owned(),
        note: BTreeMap::from([(VARIED.to_owned(), varied)]),
    };
    writer.finish(origin, house.clock.as_ref())?;
    Ok(())
}

/// The house with the pack of a hash: the one in force, or one that was kept.
pub(crate) fn house_with(house: &House, hash: &str) -> Result<House> {
    if house.policy.hash() == hash {
        return Ok(house.clone());
    }
    let other = || Error::OtherPack(hash.to_owned());
    let kept = house.lake.dataset(&name(hash))?.ok_or_else(other)?;
    let varied = kept.manifest().origin.note.get(VARIED);
    let varied: Vec<policy::Setting> =
        varied.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let rows = kept.read_all(&["path", "text"])?;
    let files = text_column(&rows, "path").into_iter().zip(text_column(&rows, "text"));
    let files = files.filter_map(|(path, text)| Some((path?.to_owned(), text?.to_owned()))).collect();
    // A pack of another program may ask for what this one does not have: it is not guessed at.
    let policy = Policy::from_files(files, &varied).map_err(|_| other())?;
    if policy.hash() != hash {
        return Err(other());
    }
    Ok(House { policy: Arc::new(policy), ..house.clone() })
}
