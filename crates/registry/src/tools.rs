//! What a page needs again and again: the trained model of the version in force and the standardiser of
//! names, made once.
//!
//! Kept for the process, under the hashes of what they were made from: another version or another policy pack
//! makes them anew.

use std::sync::{Arc, Mutex, PoisonError};

use access::House;
use linkage::Model;
use linkage::find::Record;
use linkage::standardise::Standardiser;
use store::meta;

use crate::{Result, publish, rows, version};

/// Model and standardiser.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) model: Model,
    pub(crate) names: Arc<Standardiser>,
}

/// The last one that was made, and what it was made from.
type Kept<T> = Mutex<Option<(String, Arc<T>)>>;

static TOOLS: Kept<Tools> = Mutex::new(None);
static NAMES: Kept<Standardiser> = Mutex::new(None);

fn kept<T>(kept: &Kept<T>, of: &str, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
    let locked = || kept.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((known, made)) = locked().as_ref()
        && known == of
    {
        return Ok(Arc::clone(made));
    }
    let made = Arc::new(make()?);
    *locked() = Some((of.to_owned(), Arc::clone(&made)));
    Ok(made)
}

/// The version that pages speak of; 0 before the first.
pub(crate) fn version_in_force(house: &House) -> Result<i64> {
    let text = house.db.read(|tx| meta(tx, publish::VERSION))?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// The standardiser of names, which only the policy pack decides.
pub(crate) fn names(house: &House) -> Result<Arc<Standardiser>> {
    kept(&NAMES, house.policy.hash(), || rows::standardiser(&house.policy))
}

/// The tools of the version in force.
pub(crate) fn tools(house: &House) -> Result<Arc<Tools>> {
    tools_of(house, version_in_force(house)?)
}

/// The tools of a version; 0: of none.
pub(crate) fn tools_of(house: &House, version: i64) -> Result<Arc<Tools>> {
    let links = match version {
        0 => None,
        number => house.lake.dataset(&version::name(number, "links"))?,
    };
    let links_hash = links.as_ref().map_or("none", |links| links.manifest().hash.as_str());
    kept(&TOOLS, &format!("{} {links_hash}", house.policy.hash()), || {
        let trained = links.as_ref().and_then(|links| links.manifest().origin.note.get("model"));
        let model = Model::from_json(trained.map_or(house.policy.linkage(), String::as_str))?;
        Ok(Tools { model, names: names(house)? })
    })
}

/// What is known of a person or record, for comparing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known<'a> {
    pub(crate) nik: Option<i64>,
    pub(crate) kk: Option<i64>,
    pub(crate) name: Option<&'a str>,
    pub(crate) mother: Option<&'a str>,
    pub(crate) birth_place: Option<&'a str>,
    pub(crate) birth_date: Option<i32>,
    pub(crate) sex: Option<i64>,
    pub(crate) region: Option<&'a str>,
}

impl Known<'_> {
    /// In the columns of the linkage model, names and places in one spelling.
    pub(crate) fn record(&self, names: &Standardiser) -> Record {
        let name = self.name.map(|text| names.name(text)).filter(|text| !text.is_empty());
        let mother = self.mother.map(|text| names.name(text)).filter(|text| !text.is_empty());
        let place = self.birth_place.map(|text| names.place(text)).filter(|text| !text.is_empty());
        Record::new()
            .number("nik", self.nik)
            .number("kk", self.kk)
            .text("name", name.as_deref())
            .text("mother", mother.as_deref())
            .text("pob", place.as_deref())
            .date("dob", self.birth_date)
            .number("sex", self.sex)
            .text("desa", self.region.filter(|text| !text.is_empty()))
    }
}
