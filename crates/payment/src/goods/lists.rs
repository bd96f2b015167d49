//! Distribution lists: an approved decision list of a programme that gives goods becomes, item by item, the families that are to receive
//! and how much, with the name of who receives as it is at the closing. A killed build continues behind the last family that was written.

use std::{sync::mpsc, thread};

use access::{House, Scope};
use model::{Period, Progress};
use policy::Selection;
use rustc_hash::FxHashSet;
use serde::Serialize;
use store::{Row, Tx, params};

use super::{queries, rules, rules::GoodsFault};
use crate::{
    ApprovedList, Error, Result,
    build::{self, Entitled},
    common,
};

/// What a build made of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListBuilt {
    /// The list.
    pub list_id: i64,
    /// Code of the item.
    pub item: String,
    /// Families that are to receive.
    pub families: i64,
    /// Base units for each family.
    pub each_due: i64,
    /// The base unit.
    pub unit: String,
    /// Families that another list of this programme, period and item has already.
    pub skipped: i64,
}

/// A list as stored.
#[derive(Debug, Clone)]
pub(crate) struct GoodsList {
    pub(crate) list_id: i64,
    pub(crate) programme: String,
    pub(crate) period: String,
    pub(crate) item: String,
    pub(crate) unit: String,
    pub(crate) each_due: i64,
    pub(crate) run: String,
    pub(crate) list_hash: String,
    pub(crate) closing: String,
    pub(crate) benefit: i64,
    pub(crate) state: String,
    pub(crate) families: i64,
    pub(crate) skipped: i64,
    pub(crate) mark: i64,
    pub(crate) made_at: i64,
    pub(crate) made_by: String,
}

pub(crate) fn read_list(row: &Row) -> Result<GoodsList> {
    Ok(GoodsList {
        list_id: row.int(0)?,
        programme: row.string(1)?,
        period: row.string(2)?,
        item: row.string(3)?,
        unit: row.string(4)?,
        each_due: row.int(5)?,
        run: row.string(6)?,
        list_hash: row.string(7)?,
        closing: row.string(8)?,
        benefit: row.int(9)?,
        state: row.string(10)?,
        families: row.int(11)?,
        skipped: row.int(12)?,
        mark: row.int(13)?,
        made_at: row.int(14)?,
        made_by: row.string(15)?,
    })
}

pub(crate) fn list(tx: &mut Tx<'_>, list_id: i64) -> Result<GoodsList> {
    let row = tx.query_opt(&queries::LIST, params![list_id])?;
    read_list(&row.ok_or(Error::NotFound("distribution list"))?)
}

/// Makes the distribution lists of an approved decision list, one for each item. The same list again changes nothing.
///
/// # Errors
/// [`Error::ListChanged`] when the dataset is not what was approved, [`Error::Goods`] when the programme gives no goods by list,
/// [`Error::AtWork`], store and lake errors.
pub fn build_list(
    house: &House,
    scope: &Scope,
    approved: &ApprovedList,
    progress: &dyn Progress,
) -> Result<Vec<ListBuilt>> {
    common::need(scope, "goods.build")?;
    let _lock = common::lock(house)?;
    let dataset = house.lake.require(&approved.dataset)?;
    if dataset.manifest().hash != approved.list_hash {
        return Err(Error::ListChanged);
    }
    let mut made = Vec::new();
    for (item, unit, each_due) in given(house, approved)? {
        let list = begin(house, scope, approved, (&item, &unit, each_due))?;
        if list.state != "built" {
            fill(house, scope, approved, &dataset, &list, progress)?;
        }
        let list = house.db.read(|tx| self::list(tx, list.list_id))?;
        made.push(ListBuilt {
            list_id: list.list_id,
            item,
            families: list.families,
            each_due,
            unit,
            skipped: list.skipped,
        });
    }
    Ok(made)
}

/// What a family is given in the period: item, base unit, base units.
fn given(house: &House, approved: &ApprovedList) -> Result<Vec<(String, String, i64)>> {
    let none = || Error::from(GoodsFault::NoGoods);
    let programme = house.policy.programme(&approved.programme).ok_or_else(none)?;
    let period: Period = approved.period.parse().map_err(|_| none())?;
    let version = programme.during(period).ok_or_else(none)?;
    if version.selection != Selection::List || version.goods.is_empty() {
        return Err(none());
    }
    let goods = programme.goods(period)?;
    let each = goods.into_iter().filter(|(_, _, units)| *units > 0).map(|(item, unit, units)| {
        let (unit, factor) = rules::base(unit);
        let quantity = units.checked_mul(factor).ok_or(model::RupiahOverflow)?;
        Ok((item.to_owned(), unit.to_owned(), quantity))
    });
    each.collect()
}

fn begin(
    house: &House,
    scope: &Scope,
    approved: &ApprovedList,
    (item, unit, each_due): (&str, &str, i64),
) -> Result<GoodsList> {
    house.db.write(|tx| {
        let of = params![&approved.programme, &approved.period, item, &approved.run];
        if let Some(row) = tx.query_opt(&queries::LIST_OF_RUN, of)? {
            return read_list(&row);
        }
        let list_id = store::next_number(tx, "goods_list", 1)?;
        let values = params![
            list_id,
            &approved.programme,
            &approved.period,
            item,
            unit,
            each_due,
            &approved.run,
            &approved.list_hash,
            &approved.closing,
            i64::MIN,
            house.clock.now_ms(),
            scope.actor_name()
        ];
        tx.execute(&queries::LIST_ADD, values)?;
        list(tx, list_id)
    })
}

const DUE_COLUMNS: &[&str] =
    &["recipient", "list_id", "benefit", "region", "payee_name", "due", "given", "state", "live", "rev"];

fn fill(
    house: &House,
    scope: &Scope,
    approved: &ApprovedList,
    dataset: &lake::Dataset,
    list: &GoodsList,
    progress: &dyn Progress,
) -> Result<()> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let of = params![list.benefit, list.list_id];
    let others = house.db.read(|tx| tx.query_one(&queries::LIST_OTHERS, of)?.int(0))? > 0;
    let mut seen = 0;
    thread::scope(|threads| {
        // Goods may have no value that is known.
        let reader = threads.spawn(move || build::read(house, approved, dataset, list.mark, 0, &sender));
        for chunk in receiver {
            write(house, list, others, &chunk)?;
            seen += chunk.len() as u64;
            progress.report("distribution list", seen, dataset.rows());
        }
        reader.join().unwrap_or(Err(Error::Stored("list")))
    })?;
    house.db.write(|tx| {
        tx.execute(&queries::SUMMARY_CLEAR, params![list.list_id])?;
        tx.execute(&queries::SUMMARY_FILL, params![list.list_id])?;
        tx.execute(&queries::LIST_BUILT, params![list.list_id])?;
        common::audit(tx, house, scope, &format!("goods_list:{}", list.list_id), &approved.run)
    })
}

fn write(house: &House, list: &GoodsList, others: bool, chunk: &[Entitled]) -> Result<()> {
    let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else { return Ok(()) };
    house.db.write(|tx| {
        let mut live: FxHashSet<i64> = FxHashSet::default();
        // Only another list of the same benefit can have them already.
        if others {
            let of = params![first.family, last.family, list.benefit].to_vec();
            live = tx.numbers(&[(&queries::LIVE_AMONG, of)])?.into_iter().flatten().collect();
        }
        let new = chunk.iter().filter(|one| !live.contains(&one.family));
        let rows = new.map(|one| {
            vec![
                one.family.into(),
                list.list_id.into(),
                list.benefit.into(),
                (&*one.region).into(),
                one.payee.as_ref().map_or("", |payee| payee.name.as_str()).into(),
                list.each_due.into(),
                0.into(),
                "open".into(),
                true.into(),
                0.into(),
            ]
        });
        let made = tx.bulk("goods_due", DUE_COLUMNS, rows)? as i64;
        let skipped = chunk.len() as i64 - made;
        tx.execute(&queries::LIST_STEP, params![list.list_id, made, skipped, last.family])?;
        Ok(())
    })
}
