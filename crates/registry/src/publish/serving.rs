//! Rows of the tables `person` and `family`, made batch by batch from the columns of a version.

use access::House;
use arrow_array::{Array, RecordBatch, StringArray, UInt32Array};
use policy::Subject;
use rayon::prelude::*;
use store::Value;

use crate::cells::{Cells, digest};
use crate::deciles::{self, Snapshot};
use crate::search::keys;
use crate::version::int64;
use crate::{Error, Result, load};

pub(super) fn row_of(columns: &[Cells], at: usize, version: i64, digest: i64) -> Vec<Value> {
    let mut values: Vec<Value> = columns.iter().map(|column| column.value(at)).collect();
    values.extend([Value::from(version), Value::from(digest)]);
    values
}

pub(super) fn digests(columns: &[Cells], rows: usize) -> Vec<i64> {
    (0..rows).into_par_iter().map_init(Vec::new, |bytes, row| digest(columns, row, bytes)).collect()
}

pub(super) fn year_of(days: i32) -> Option<i16> {
    model::civil_from_epoch_days(days).map(jiff::civil::Date::year)
}

/// Rows of the table `person`.
pub(super) struct PersonRows {
    pub(super) columns: Vec<Cells>,
    pub(super) digests: Vec<i64>,
}

impl PersonRows {
    pub(super) const COLUMNS: [&'static str; 19] = [
        "person_id",
        "family_id",
        "nik",
        "kk",
        "name",
        "name_key",
        "sex",
        "birth_date",
        "birth_place",
        "mother_name",
        "relation",
        "region",
        "alive",
        "matched",
        "civil_servant",
        "death_date",
        "records",
        "version",
        "digest",
    ];

    pub(super) fn make(
        persons: &RecordBatch,
        rows: &[u32],
        names: &linkage::standardise::Standardiser,
    ) -> Result<Self> {
        let picked = UInt32Array::from(rows.to_vec());
        let mut columns = Vec::with_capacity(17);
        for name in &Self::COLUMNS[..17] {
            columns.push(match *name {
                "name_key" => {
                    let Some(Cells::Text(name)) = columns.last() else {
                        return Err(Error::Damaged("column `name` is not text".to_owned()));
                    };
                    let key = |row: usize| name.is_valid(row).then(|| names.name(name.value(row)));
                    Cells::Text((0..rows.len()).into_par_iter().map(key).collect::<Vec<_>>().into())
                }
                "region" => Cells::path(persons, name, &picked)?,
                name => Cells::of(persons, name, &picked)?,
            });
        }
        let digests = digests(&columns, rows.len());
        Ok(Self { columns, digests })
    }

    pub(super) fn id(&self, at: usize) -> i64 {
        match &self.columns[0] {
            Cells::Int(ids) => ids.value(at),
            _ => 0,
        }
    }

    /// The area of the person's village.
    pub(super) fn area(&self, at: usize) -> i64 {
        match &self.columns[11] {
            Cells::Path(region) if region.is_valid(at) => keys::area(region.value(at)),
            _ => 0,
        }
    }

    pub(super) fn keys(&self, at: usize) -> Vec<i64> {
        let (Cells::Text(name), Cells::Day(birth)) = (&self.columns[5], &self.columns[7]) else {
            return Vec::new();
        };
        let name = if name.is_valid(at) { name.value(at) } else { "" };
        keys::of_person(name, birth.is_valid(at).then(|| year_of(birth.value(at))).flatten())
    }
}

/// Makes rows of the table `family`.
pub(super) struct FamilyRows<'a> {
    families: &'a RecordBatch,
    persons: &'a RecordBatch,
    /// Row of the head among the persons.
    head: Vec<u32>,
    rank: Option<&'a Snapshot>,
    variables: Vec<String>,
}

impl<'a> FamilyRows<'a> {
    pub(super) const COLUMNS: [&'static str; 14] = [
        "family_id",
        "kk",
        "head_person_id",
        "head_name",
        "region",
        "address",
        "rt",
        "rw",
        "size",
        "decile",
        "rank_date",
        "vars",
        "version",
        "digest",
    ];

    pub(super) fn new(
        house: &House,
        families: &'a RecordBatch,
        persons: &'a RecordBatch,
        by_id: &[u32],
        rank: Option<&'a Snapshot>,
    ) -> Result<Self> {
        let ids = int64(persons, "person_id")?;
        let heads = int64(families, "head_person_id")?;
        let find = |id: &i64| {
            let at = by_id.binary_search_by_key(id, |&row| ids.value(row as usize));
            at.map(|at| by_id[at]).map_err(|_| Error::Damaged(format!("head {id} is not among the persons")))
        };
        let head: Vec<u32> = heads.values().iter().map(find).collect::<Result<_>>()?;
        let variables =
            load::canonical(house).into_iter().filter(|c| c.subject == Subject::Family).map(|c| c.name);
        Ok(Self { families, persons, head, rank, variables: variables.collect() })
    }

    pub(super) fn cells(&self, rows: &[u32]) -> Result<(Vec<Cells>, Vec<i64>)> {
        let picked = UInt32Array::from(rows.to_vec());
        let heads: UInt32Array = rows.iter().map(|&row| self.head[row as usize]).collect::<Vec<_>>().into();
        let own = |name: &str| Cells::of(self.families, name, &picked);
        let of_head = |name: &str| Cells::of(self.persons, name, &heads);
        let cards = deciles::cards_at(&int64(self.families, "kk")?, &picked)?;
        let (decile, rank_date) = deciles::of_cards(self.rank, &cards);
        let columns = vec![
            own("family_id")?,
            Cells::Int(cards),
            own("head_person_id")?,
            Cells::path(self.persons, "name", &heads)?,
            Cells::path(self.families, "region", &picked)?,
            of_head("address")?,
            of_head("rt")?,
            of_head("rw")?,
            own("size")?,
            Cells::Code(decile),
            Cells::Day(rank_date),
            Cells::Text(self.vars(&picked, rows.len())?),
        ];
        let digests = digests(&columns, rows.len());
        Ok((columns, digests))
    }

    /// The known variables of the house as one JSON object a family.
    fn vars(&self, picked: &UInt32Array, rows: usize) -> Result<StringArray> {
        let cells: Vec<Cells> = self
            .variables
            .iter()
            .map(|name| Cells::of(self.families, name, picked))
            .collect::<Result<_>>()?;
        let object = |row: usize| {
            let mut object = serde_json::Map::new();
            for (name, cells) in self.variables.iter().zip(&cells) {
                let value = match cells.value(row) {
                    Value::Null | Value::Real(_) | Value::Bytes(_) => continue,
                    Value::Int(value) if matches!(cells, Cells::Flag(_)) => {
                        serde_json::Value::from(value == 1)
                    }
                    Value::Int(value) => serde_json::Value::from(value),
                    Value::Text(value) => serde_json::Value::from(value.as_str()),
                };
                object.insert(name.clone(), value);
            }
            serde_json::Value::Object(object).to_string()
        };
        Ok((0..rows).into_par_iter().map(object).collect::<Vec<_>>().into())
    }
}
