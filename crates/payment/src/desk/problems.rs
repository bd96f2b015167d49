//! What is in trouble: lines, and rows of replies that nobody explained. Counted by kind, age, programme, channel and region under one
//! filter, so that each of the five counts comes to the same sum; listed oldest first.

use std::collections::BTreeMap;

use access::{House, Scope};
use model::RegionCode;
use serde::{Deserialize, Serialize};
use store::{Page, Paged, Row, Tx, Value, params};

use super::queries;
use crate::{
    BANDS, Error, Result, common,
    state::{Trouble, coded},
};

const DAY_MS: i64 = 86_400_000;
/// Cycles whose names are known to a list; older ones are named by number.
const CYCLES_MAX: i64 = 2_000;

coded! {
    /// What the rows of a list are.
    Source {
        /// Payment lines with a trouble of their own.
        Lines = "lines",
        /// Open rows of replies.
        Replies = "replies",
    }
}

/// Which rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemFilter {
    /// What they are.
    pub source: Source,
    /// Only this kind.
    pub kind: Option<Trouble>,
    /// Only this band of age, from 0 for the youngest.
    pub band: Option<usize>,
    /// Only this channel; empty for all.
    pub channel: String,
    /// Only this programme; empty for all.
    pub programme: String,
    /// Only this region.
    pub region: RegionCode,
}

impl ProblemFilter {
    /// All rows of a kind of source.
    pub fn all(source: Source) -> Self {
        Self {
            source,
            kind: None,
            band: None,
            channel: String::new(),
            programme: String::new(),
            region: RegionCode::nation(),
        }
    }

    /// `$1` to `$8` of the statements.
    pub(super) fn values(&self, scope: &Scope, limits: &[i64; BANDS - 1]) -> Result<Vec<Value>> {
        let scope = scope.within(&self.region).ok_or(Error::NotFound("region"))?;
        let (from, to) = scope.path_range();
        let (after, until) = match self.band {
            None => (i64::MIN, i64::MAX),
            Some(band) => {
                let until = band.checked_sub(1).and_then(|before| limits.get(before));
                (*limits.get(band).unwrap_or(&i64::MIN), *until.unwrap_or(&i64::MAX))
            }
        };
        Ok(params![
            from,
            to,
            scope.caseload(),
            self.kind.map_or("", Trouble::code),
            self.channel.as_str(),
            self.programme.as_str(),
            after,
            until
        ]
        .to_vec())
    }
}

/// Instants after which a row is in the band of that place or a younger one.
pub(super) fn limits(house: &House) -> [i64; BANDS - 1] {
    let now = house.clock.now_ms();
    house.policy.settings().cards.age_days.map(|days| now - (days + 1) * DAY_MS)
}

/// Rows of one kind, band, channel, programme or region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facet {
    /// Code, number of the band, key or path.
    pub of: String,
    /// Rows.
    pub rows: i64,
    /// Rupiah behind them; of rows of replies what the channel claimed.
    pub amount_idr: i64,
}

/// Counts under one filter: each list comes to `rows` and `amount_idr`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Problems {
    /// All rows.
    pub rows: i64,
    /// Rupiah behind them.
    pub amount_idr: i64,
    /// By kind of trouble.
    pub kinds: Vec<Facet>,
    /// By band of age, youngest first.
    pub bands: Vec<Facet>,
    /// By programme; a row whose line is not known has none.
    pub programmes: Vec<Facet>,
    /// By channel.
    pub channels: Vec<Facet>,
    /// By the regions right below the one asked about.
    pub regions: Vec<Facet>,
}

/// A row in trouble.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemRow {
    /// Number of the line, or of the row of a reply.
    pub id: i64,
    /// What it is now: an act on it is refused once this has changed.
    pub rev: String,
    /// The line, where it is known.
    pub line_id: Option<i64>,
    /// The family, where it is known.
    pub family_id: Option<i64>,
    /// What is wrong.
    pub kind: String,
    /// Since when it stands so, milliseconds since the epoch.
    pub since_ms: i64,
    /// Days since then.
    pub days: i64,
    /// Where; empty when not known.
    pub region: String,
    /// Key of the channel.
    pub channel: String,
    /// Key of the programme; empty when not known.
    pub programme: String,
    /// The period; empty when not known.
    pub period: String,
    /// Rupiah.
    pub amount_idr: Option<i64>,
    /// Who is to receive it; empty for rows of replies.
    pub payee_name: String,
}

/// Programme and period by cycle.
fn cycles(tx: &mut Tx<'_>) -> Result<BTreeMap<i64, (String, String)>> {
    let rows = tx.query(&queries::CYCLE_NAMES, params![CYCLES_MAX])?;
    rows.iter().map(|row| Ok((row.int(0)?, (row.string(1)?, row.string(2)?)))).collect()
}

/// Counts what is in trouble.
///
/// # Errors
/// [`Error::NotFound`] for a region outside the scope.
pub fn problem_counts(house: &House, scope: &Scope, filter: &ProblemFilter) -> Result<Problems> {
    common::need(scope, "payment.read")?;
    let limits = limits(house);
    let mut values = filter.values(scope, &limits)?;
    values.push((filter.region.level().below().width() as i64).into());
    values.extend(limits.map(Value::from));
    let statement = match filter.source {
        Source::Lines => &queries::LINE_COUNTS,
        Source::Replies => &queries::REPLY_COUNTS,
    };
    let (cycles, rows) = house.db.read(|tx| Ok::<_, Error>((cycles(tx)?, tx.query(statement, &values)?)))?;
    let mut counted: [BTreeMap<String, (i64, i64)>; 5] = Default::default();
    let (mut all, mut amount) = (0, 0_i64);
    for row in &rows {
        let programme = cycles.get(&row.int(1)?).map_or_else(String::new, |(programme, _)| programme.clone());
        let of = [row.string(0)?, row.int(4)?.to_string(), programme, row.string(2)?, row.string(3)?];
        let (lines, idr) = (row.int(5)?, row.int(6)?);
        all += lines;
        amount = amount.saturating_add(idr);
        for (map, key) in counted.iter_mut().zip(of) {
            let sum = map.entry(key).or_default();
            *sum = (sum.0 + lines, sum.1.saturating_add(idr));
        }
    }
    let facets = |map: BTreeMap<String, (i64, i64)>| -> Vec<Facet> {
        map.into_iter().map(|(of, (rows, amount_idr))| Facet { of, rows, amount_idr }).collect()
    };
    let [kinds, bands, programmes, channels, regions] = counted.map(facets);
    Ok(Problems { rows: all, amount_idr: amount, kinds, bands, programmes, channels, regions })
}

/// Lists what is in trouble, oldest first.
///
/// # Errors
/// [`Error::NotFound`] for a region outside the scope, a page mark that is not ours.
pub fn problems(
    house: &House,
    scope: &Scope,
    filter: &ProblemFilter,
    page: &Page,
) -> Result<Paged<ProblemRow>> {
    common::need(scope, "payment.read")?;
    let mut values = filter.values(scope, &limits(house))?;
    values.extend(page.keys(2)?.unwrap_or_else(|| vec![i64::MIN.into(), i64::MIN.into()]));
    values.push(page.fetch().into());
    let statement = match filter.source {
        Source::Lines => &queries::LINES,
        Source::Replies => &queries::REPLIES,
    };
    let (cycles, rows) = house.db.read(|tx| Ok::<_, Error>((cycles(tx)?, tx.query(statement, &values)?)))?;
    let now = house.clock.now_ms();
    let read = |row: &Row| {
        let since_ms = row.int(4)?;
        let (programme, period) =
            row.opt_int(7)?.and_then(|cycle| cycles.get(&cycle).cloned()).unwrap_or_default();
        Ok(ProblemRow {
            id: row.int(0)?,
            rev: format!("{}-{since_ms}", row.int(10)?),
            line_id: row.opt_int(1)?,
            family_id: row.opt_int(2)?,
            kind: row.string(3)?,
            since_ms,
            days: (now - since_ms).max(0) / DAY_MS,
            region: row.string(5)?,
            channel: row.string(6)?,
            programme,
            period,
            amount_idr: row.opt_int(8)?,
            payee_name: row.string(9)?,
        })
    };
    let rows = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    Ok(page.page(rows, |row| vec![row.since_ms.into(), row.id.into()]))
}
