//! What a simulation is told from outside this room: families that another room marks, a snapshot of ranks to judge the other side by,
//! and what the person who asks takes people to live on. Values only: nothing here reads a table.

use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Int32Array, RecordBatch};
use jiff::civil::Date;
use model::Lang;
use policy::Policy;
use rules::Label;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, columns::int64};

/// What other rooms know of families.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    /// Families to look at first.
    pub marks: Vec<Mark>,
    /// The ranks that [`crate::Question::ranks`] asks for.
    pub ranks: Option<Ranks>,
}

/// Families that something outside this room marks, such as an open case.
#[derive(Debug, Clone)]
pub struct Mark {
    /// Its name among the groups.
    pub key: String,
    /// Its words.
    pub label: Label,
    /// Numbers of families, sorted.
    pub families: Vec<i64>,
}

impl Mark {
    /// Families with an open case.
    pub fn open_case(policy: &Policy, families: Vec<i64>) -> Self {
        let say = |lang| policy.words().get(lang, "targeting-mark-open-case", &[]);
        Self { key: "open_case".to_owned(), label: Label::new(say(Lang::Id), say(Lang::En)), families }
    }
}

/// A dated snapshot of ranks. At 10 million families 90 MB, and 80 MB more while the columns of families are exchanged; the families are
/// then judged in two passes, whose answers stand side by side (about 0.3 GB more for two programmes, and the reading twice).
#[derive(Debug, Clone)]
pub struct Ranks {
    /// Of which day.
    pub date: Date,
    /// Numbers of families, sorted.
    pub families: Vec<i64>,
    /// Decile of each, 1 to 10.
    pub deciles: Vec<u8>,
}

impl Ranks {
    /// The same families with these deciles: none for those who are not in the snapshot.
    pub(crate) fn instead(&self, families: &RecordBatch) -> Result<RecordBatch> {
        let ids = int64(families, "family_id")?.values();
        let mut known = self.families.iter().zip(&self.deciles).peekable();
        let decile = |id: &i64| {
            while known.next_if(|(other, _)| *other < id).is_some() {}
            known.peek().filter(|(other, _)| *other == id).map(|(_, decile)| i32::from(**decile))
        };
        let deciles: Int32Array = ids.iter().map(decile).collect();
        let day = model::epoch_days(self.date);
        let dates: Date32Array = deciles.iter().map(|decile| decile.map(|_| day)).collect();
        let (deciles, dates): (ArrayRef, ArrayRef) = (Arc::new(deciles), Arc::new(dates));
        let schema = families.schema();
        let column = |(field, own): (&Arc<arrow_schema::Field>, &ArrayRef)| match field.name().as_str() {
            "decile" => Arc::clone(&deciles),
            "rank_date" => Arc::clone(&dates),
            _ => Arc::clone(own),
        };
        let columns = schema.fields().iter().zip(families.columns()).map(column).collect();
        Ok(RecordBatch::try_new(schema.clone(), columns)?)
    }
}

/// What people are taken to live on: an assumption of the person who asks, since no list that we receive tells consumption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumption {
    /// Poverty line, rupiah a person a month.
    pub line_idr: i64,
    /// Mean consumption of a person a month in deciles 1 to 10, rupiah.
    pub mean_idr: [i64; 10],
}

impl Consumption {
    /// Poverty line and the ten means, as a person writes them: whole numbers, thousands by dot or underscore, ten of them by comma or
    /// blank.
    ///
    /// # Errors [`Error::Consumption`] when they are not eleven such numbers from 0 on with a line above 0.
    pub fn parse(line: &str, means: &str) -> Result<Self> {
        let number = |text: &str| {
            text.replace(['.', '_'], "").parse::<i64>().ok().filter(|idr| (0..=MEAN_MAX).contains(idr))
        };
        let means = means.split([',', ' ', ';']).filter(|text| !text.is_empty());
        let means: Option<Vec<i64>> = means.take(11).map(number).collect();
        let line = number(line.trim()).filter(|line| *line > 0);
        let (Some(line_idr), Some(Ok(mean_idr))) = (line, means.map(<[i64; 10]>::try_from)) else {
            return Err(Error::Consumption);
        };
        Ok(Self { line_idr, mean_idr })
    }
}

/// Nobody means more by a month's consumption; products stay far inside 128 bits.
const MEAN_MAX: i64 = 1_000_000_000_000;

/// The poverty gap index (Foster, Greer and Thorbecke 1984, alpha 1) of one programme: the mean over all members of families with a
/// decile of how far a person is below the line, as a part of the line; nothing for those above it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PovertyGap {
    /// The assumption.
    pub assumed: Consumption,
    /// Living members of families with a decile.
    pub members: i64,
    /// Without the programme, with the present rule, with the other.
    pub index: [f64; 3],
}

/// Sums of shortfalls, exactly: rupiah times months times members.
pub(crate) struct Gap<'a> {
    assumed: &'a Consumption,
    months: i64,
    members: i64,
    short: [i128; 3],
}

impl<'a> Gap<'a> {
    pub(crate) fn new(assumed: &'a Consumption, months: i64) -> Self {
        Self { assumed, months, members: 0, short: [0; 3] }
    }

    /// A family of so many living members in a decile from 0 on, which receives so much for the period on either side, spread evenly.
    pub(crate) fn add(&mut self, members: i64, decile: usize, amounts: [i64; 2]) {
        let Some(mean) = self.assumed.mean_idr.get(decile) else { return };
        self.members += members;
        let lacks = i128::from(self.assumed.line_idr - mean) * i128::from(self.months) * i128::from(members);
        for (short, amount) in self.short.iter_mut().zip([0, amounts[0], amounts[1]]) {
            *short += (lacks - i128::from(amount)).max(0);
        }
    }

    pub(crate) fn finish(self) -> PovertyGap {
        let whole = self.assumed.line_idr as f64 * self.months as f64 * self.members as f64;
        let index = self.short.map(|short| if whole > 0.0 { short as f64 / whole } else { 0.0 });
        PovertyGap { assumed: self.assumed.clone(), members: self.members, index }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_poverty_gap_is_that_of_the_hand() {
        let means = "400.000 500000 600000 700000 800000 900000 1000000 1100000 1200000 1300000";
        let assumed = Consumption::parse("600_000", means).unwrap();
        let mut gap = Gap::new(&assumed, 3);
        // Four people at 400,000 who lack 200,000 each a month; 1,200,000 a stage is 100,000 a person a month, 3,000,000 lifts all above.
        gap.add(4, 0, [1_200_000, 3_000_000]);
        // One at 500,000 without aid, five above the line, and one family whose decile nobody knows.
        gap.add(1, 1, [0, 0]);
        gap.add(5, 6, [900_000, 900_000]);
        gap.add(9, 10, [900_000, 900_000]);
        let found = gap.finish();
        assert_eq!(found.members, 10);
        let by_hand = [(4.0 * 200.0 + 100.0) / 6000.0, (4.0 * 100.0 + 100.0) / 6000.0, 100.0 / 6000.0];
        for (index, want) in found.index.iter().zip(by_hand) {
            assert!((index - want).abs() < 1e-12, "{index} {want}");
        }
        for (line, means) in
            [("0", means), ("600000", "1 2 3"), ("x", means), ("600000", &format!("{means} 1"))]
        {
            assert_eq!(Consumption::parse(line, means).unwrap_err().code(), "targeting-consumption");
        }
    }
}
