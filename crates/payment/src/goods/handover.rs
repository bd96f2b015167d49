//! Hand-overs: one on the family's page, or many that were recorded offline, from a file that is taken whole or not at all. Goods leave
//! the stock card, the family's row moves on, and a shortage asks for a case, in one transaction. The same told twice changes nothing.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use access::{House, Scope};
use jiff::civil::Date;
use model::{FamilyId, RegionCode};
use rowfile::{Faults, Row as Cells};
use rustc_hash::FxHashMap;
use serde::Serialize;
use store::{Row, Tx, Value, params};

use super::{
    lists::{self, GoodsList},
    queries,
    rules::{self, DueState, GoodsFault, HandDetails, HandStep, MoveKind},
    stock::{self, NewMove},
};
use crate::{Error, Result, common, effect, effect::Effect, rows::RowFile};

const HAND: &str = "goods.hand";
/// Columns of a file of hand-overs, in any order; `given` is whole base units (grams, pieces).
pub const HAND_COLUMNS: [&str; 12] = [
    "family_id",
    "step",
    "day",
    "given",
    "warehouse",
    "lot",
    "whom",
    "role",
    "place",
    "proof_kind",
    "proof",
    "note",
];
/// In place of an import's number, for a single hand-over.
const ALONE: i64 = 0;

/// A step that somebody records for a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOver {
    /// Which.
    pub step: HandStep,
    /// On which day it happened.
    pub day: Date,
    /// Base units that were weighed out; none where nothing is given.
    pub given: i64,
    /// From which warehouse.
    pub warehouse: i64,
    /// Which lot.
    pub lot: i64,
    /// What else is told.
    pub details: HandDetails,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Handed {
    /// How it stands with the family's goods now.
    pub state: DueState,
    /// The same was told before; nothing changed now.
    pub again: bool,
}

/// A family's row as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) recipient: i64,
    pub(crate) list_id: i64,
    pub(crate) region: String,
    pub(crate) payee_name: String,
    pub(crate) due: i64,
    pub(crate) given: i64,
    pub(crate) state: DueState,
    pub(crate) rev: i64,
}

impl Due {
    /// Reads `due_columns!`.
    pub(crate) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            recipient: row.int(0)?,
            list_id: row.int(1)?,
            region: row.string(2)?,
            payee_name: row.string(3)?,
            due: row.int(4)?,
            given: row.int(5)?,
            state: DueState::from_code(row.text(6)?).ok_or(Error::Stored("goods state"))?,
            rev: row.int(8)?,
        })
    }
}

const EVENT_COLUMNS: &[&str] = &[
    "recipient",
    "list_id",
    "seq",
    "at",
    "actor_id",
    "actor",
    "step",
    "state",
    "day",
    "given",
    "warehouse_id",
    "lot_id",
    "whom",
    "role",
    "place",
    "proof_kind",
    "proof",
    "note",
    "reference",
];
const CHANGE_COLUMNS: &[&str] = &["batch", "recipient", "list_id", "given", "state", "rev_before", "rev"];

/// What leaves (or comes back to) a stock card: warehouse, lot, back.
type Leaves = BTreeMap<(i64, i64, bool), i64>;

/// A batch of steps of one list on its way into the database.
struct Batch<'a> {
    house: &'a House,
    scope: &'a Scope,
    list: &'a GoodsList,
    batch: i64,
    reference: String,
    lots: HashMap<(i64, i64), RegionCode>,
    /// Rows that moved on, with the revision that they had.
    changed: FxHashMap<i64, (Due, i64)>,
    events: Vec<Vec<Value>>,
    /// What was given since the last time that nothing was: family → (warehouse, lot, quantity).
    stock: BTreeMap<Date, Leaves>,
    tally: BTreeMap<(String, DueState), [i64; 3]>,
    effects: Vec<(String, Effect)>,
}

/// The last hand-overs of a family that a take-back returns to stock.
type Given = Vec<(i64, i64, i64)>;

impl<'a> Batch<'a> {
    fn new(house: &'a House, scope: &'a Scope, list: &'a GoodsList, batch: i64, reference: String) -> Self {
        Self {
            house,
            scope,
            list,
            batch,
            reference,
            lots: HashMap::new(),
            changed: FxHashMap::default(),
            events: Vec::new(),
            stock: BTreeMap::new(),
            tally: BTreeMap::new(),
            effects: Vec::new(),
        }
    }

    /// Whether a warehouse serves a place and the lot is of the list's item.
    fn serves(&mut self, tx: &mut Tx<'_>, told: &HandOver, region: &RegionCode) -> Result<()> {
        let key = (told.warehouse, told.lot);
        if let std::collections::hash_map::Entry::Vacant(place) = self.lots.entry(key) {
            let lot = tx.query_opt(&queries::LOT, params![told.lot])?.ok_or(GoodsFault::Elsewhere)?;
            if lot.text(1)? != self.list.item || lot.text(2)? != self.list.unit {
                return Err(GoodsFault::Elsewhere.into());
            }
            let found = tx.query_opt(&queries::WAREHOUSE, params![told.warehouse])?;
            place.insert(stock::read_warehouse(&found.ok_or(GoodsFault::Elsewhere)?)?.region);
        }
        let near = self.lots.get(&key).is_some_and(|store| store.contains(region));
        if near { Ok(()) } else { Err(GoodsFault::Elsewhere.into()) }
    }

    /// Takes one step, or says why not. `given` is what was handed over before and would be taken back.
    fn take(&mut self, tx: &mut Tx<'_>, due: &mut Due, told: &HandOver, given: &mut Given) -> Result<()> {
        rules::check_hand(told.step, told.day, &told.details, self.house.clock.today())?;
        let region = RegionCode::parse(&due.region)?;
        let then = if told.step.gives() {
            if told.given <= 0 || told.given > due.due - due.given {
                return Err(GoodsFault::Quantity.into());
            }
            due.given + told.given
        } else if told.step == HandStep::TakeBack {
            0
        } else {
            due.given
        };
        let state = told.step.after(due.state, then, due.due).ok_or_else(|| Error::State {
            what: format!("family {}", due.recipient),
            state: due.state.code().to_owned(),
            remedy: told.step.remedy(),
        })?;
        if told.step.gives() {
            self.serves(tx, told, &region)?;
            *self.stock.entry(told.day).or_default().entry((told.warehouse, told.lot, false)).or_default() +=
                told.given;
            given.push((told.warehouse, told.lot, told.given));
        } else if told.step == HandStep::TakeBack {
            for (warehouse, lot, some) in given.drain(..) {
                *self.stock.entry(told.day).or_default().entry((warehouse, lot, true)).or_default() += some;
            }
        }
        self.count(due, -1);
        let rev = due.rev;
        (due.given, due.state, due.rev) = (then, state, due.rev + 1);
        self.count(due, 1);
        self.events.push(self.event(due, told));
        self.trouble(due, told, &region);
        let known = self.changed.get(&due.recipient).map(|(_, rev)| *rev);
        self.changed.insert(due.recipient, (due.clone(), known.unwrap_or(rev)));
        Ok(())
    }

    fn count(&mut self, due: &Due, sign: i64) {
        let sums = self.tally.entry((due.region.clone(), due.state)).or_default();
        for (sum, some) in sums.iter_mut().zip([1, due.due, due.given]) {
            *sum += sign * some;
        }
    }

    fn trouble(&mut self, due: &Due, told: &HandOver, region: &RegionCode) {
        if due.given >= due.due || !told.step.gives() {
            return;
        }
        let effect = Effect::OpenCase {
            workflow: self.house.policy.settings().goods.short_case.clone(),
            family: FamilyId(due.recipient),
            line: None,
            region: region.clone(),
            reason: DueState::Short.code().to_owned(),
        };
        self.effects.push((format!("goods:{}:{}:{}", due.list_id, due.recipient, due.rev), effect));
    }

    /// In the order of [`EVENT_COLUMNS`]; the row is as it is after the step.
    fn event(&self, due: &Due, told: &HandOver) -> Vec<Value> {
        let (actor_id, actor) = self.scope.actor_pair();
        let details = &told.details;
        vec![
            due.recipient.into(),
            due.list_id.into(),
            due.rev.into(),
            self.house.clock.now_ms().into(),
            actor_id.into(),
            actor.into(),
            told.step.code().into(),
            due.state.code().into(),
            told.day.into(),
            told.given.into(),
            told.warehouse.into(),
            told.lot.into(),
            details.whom.trim().into(),
            details.role.as_str().into(),
            details.place.trim().into(),
            details.proof_kind.as_str().into(),
            details.proof.trim().into(),
            details.note.trim().into(),
            self.reference.as_str().into(),
        ]
    }

    /// Writes everything, in the caller's transaction.
    fn write(self, tx: &mut Tx<'_>) -> Result<()> {
        let mut changed: Vec<(Due, i64)> = self.changed.into_values().collect();
        changed.sort_unstable_by_key(|(due, _)| due.recipient);
        let rows = changed.iter().map(|(due, before)| {
            let list_id = due.list_id;
            let state = due.state.code();
            params![self.batch, due.recipient, list_id, due.given, state, *before, due.rev].to_vec()
        });
        tx.execute(&queries::CHANGE_CLEAR, params![self.batch])?;
        tx.bulk("goods_change", CHANGE_COLUMNS, rows)?;
        if tx.execute(&queries::CHANGE_APPLY, params![self.batch])? != changed.len() as u64 {
            return Err(Error::Changed);
        }
        tx.execute(&queries::CHANGE_CLEAR, params![self.batch])?;
        tx.bulk("goods_handover", EVENT_COLUMNS, self.events.into_iter())?;
        let of = self.list.list_id;
        let sums = self.tally.into_iter().filter(|(_, sums)| *sums != [0; 3]);
        tx.execute_many(
            &queries::SUMMARY_ADD,
            sums.map(|((region, state), sums)| {
                params![of, region, state.code(), sums[0], sums[1], sums[2]].to_vec()
            }),
        )?;
        for (day, leaves) in self.stock {
            // What comes back first, so that it can leave again.
            let back = leaves.iter().filter(|((.., back), _)| *back);
            for ((warehouse, lot, back), some) in back.chain(leaves.iter().filter(|((.., back), _)| !*back)) {
                let quantity = if *back { -some } else { *some };
                let mut new =
                    NewMove::new(*warehouse, *lot, MoveKind::HandedOver, quantity, &self.reference, day);
                new.list = Some(of);
                new.told = format!("{}/{day}/{back}", self.reference);
                stock::post(tx, self.house, self.scope, &new)?;
            }
        }
        for (document, effect) in self.effects {
            effect::put(tx, self.house, &document, &[effect])?;
        }
        Ok(())
    }
}

/// What was told of a step, to know it again.
type Told = (String, String, i64, i64, i64, [String; 6]);

fn told_of(told: &HandOver) -> Told {
    let details = rules::HAND_FIELDS.map(|field| told.details.field(field).trim().to_owned());
    (told.step.code().to_owned(), told.day.to_string(), told.given, told.warehouse, told.lot, details)
}

/// What was recorded of the families of a batch: everything told, and what they hold of it by warehouse and lot.
#[derive(Default)]
struct Known {
    dues: FxHashMap<i64, Due>,
    told: FxHashMap<i64, Vec<Told>>,
    given: FxHashMap<i64, Given>,
}

fn known(
    tx: &mut Tx<'_>,
    scope: &Scope,
    batch: i64,
    list_id: i64,
    families: impl Iterator<Item = i64>,
) -> Result<Known> {
    let rows = families.map(|family| params![batch, family, list_id, 0, "", 0, 0].to_vec());
    tx.execute(&queries::CHANGE_CLEAR, params![batch])?;
    tx.bulk("goods_change", CHANGE_COLUMNS, rows)?;
    let (from, to) = scope.path_range();
    let mut known = Known::default();
    tx.for_each(&queries::DUES_STAGED, params![from, to, scope.caseload(), batch], |row| {
        let due = Due::read(&row)?;
        known.dues.insert(due.recipient, due);
        Ok::<_, Error>(())
    })?;
    tx.for_each(&queries::STEPS_STAGED, params![batch], |row| {
        let family = row.int(0)?;
        let (quantity, warehouse, lot) = (row.int(3)?, row.int(4)?, row.int(5)?);
        let mut details: [String; 6] = std::array::from_fn(|_| String::new());
        for (at, cell) in details.iter_mut().enumerate() {
            *cell = row.string(6 + at)?;
        }
        let step = row.string(1)?;
        let given = known.given.entry(family).or_default();
        match HandStep::from_code(&step) {
            Some(HandStep::TakeBack) => given.clear(),
            Some(step) if step.gives() => given.push((warehouse, lot, quantity)),
            _ => {}
        }
        let told = (step, row.string(2)?, quantity, warehouse, lot, details);
        known.told.entry(family).or_default().push(told);
        Ok::<_, Error>(())
    })?;
    tx.execute(&queries::CHANGE_CLEAR, params![batch])?;
    Ok(known)
}

/// Records a step for a family on its page. `rev` is the number of the last step on the page that the person saw.
///
/// # Errors
/// [`Error::NotFound`] outside the scope, [`Error::Goods`] when what is told cannot be kept, [`Error::State`] when the step does not fit,
/// [`Error::Changed`] when somebody was faster.
pub fn hand_over(
    house: &House,
    scope: &Scope,
    (list_id, family): (i64, FamilyId),
    told: &HandOver,
    rev: i64,
) -> Result<Handed> {
    common::need(scope, HAND)?;
    house.db.write(|tx| {
        let list = lists::list(tx, list_id)?;
        let mut found = known(tx, scope, ALONE, list_id, std::iter::once(family.0))?;
        let mut due = found.dues.remove(&family.0).ok_or(Error::NotFound("family on this list"))?;
        let before = found.told.get(&family.0).map_or(&[][..], Vec::as_slice);
        let since = before.get(usize::try_from(rev).unwrap_or_default()..).unwrap_or_default();
        // The same, recorded since the page was read: sent twice.
        if since.contains(&told_of(told)) {
            return Ok(Handed { state: due.state, again: true });
        }
        if due.rev != rev {
            return Err(Error::Changed);
        }
        let reference = format!("list:{list_id}:{family}:{}", rev + 1);
        let mut batch = Batch::new(house, scope, &list, ALONE, reference);
        let mut given = found.given.remove(&family.0).unwrap_or_default();
        batch.take(tx, &mut due, told, &mut given)?;
        batch.write(tx)?;
        common::audit(tx, house, scope, &format!("goods:{list_id}:{family}"), told.step.code())?;
        Ok(Handed { state: due.state, again: false })
    })
}

/// What a file of hand-overs did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GoodsImported {
    /// Number of this import, as stock cards and the audit log name it.
    pub import_no: i64,
    /// Rows of the file.
    pub rows: usize,
    /// Rows that changed something.
    pub taken: usize,
    /// Rows that were told before.
    pub known: usize,
    /// Cases asked for.
    pub effects: usize,
}

/// Takes in hand-overs of a list that were recorded offline, the whole file or nothing of it. Rows that were told before change nothing.
///
/// # Errors
/// [`Error::FileRows`] with line, column, rule and remedy of every fault; [`Error::TooLarge`], [`Error::File`].
pub fn import_handovers(house: &House, scope: &Scope, list_id: i64, path: &Path) -> Result<GoodsImported> {
    common::need(scope, HAND)?;
    let _lock = common::lock(house)?;
    let file = RowFile::read(path, &HAND_COLUMNS, read)?;
    house.db.write(|tx| {
        let list = lists::list(tx, list_id)?;
        let import_no = store::next_number(tx, "goods_import", 1)?;
        let mut families: Vec<i64> = file.rows.iter().map(|(_, (family, _))| *family).collect();
        families.sort_unstable();
        families.dedup();
        let mut found = known(tx, scope, import_no, list_id, families.into_iter())?;
        let mut batch = Batch::new(house, scope, &list, import_no, format!("import:{import_no}"));
        let (mut faults, mut taken, mut same) = (Faults::default(), 0, 0);
        for (line, (family, told)) in &file.rows {
            let Some(due) = found.dues.get_mut(family) else {
                let rule = format!("family {family} is not on this list in your territory");
                faults.add(*line, "family_id", rule, "write the number that the printed list shows");
                continue;
            };
            let before = found.told.entry(*family).or_default();
            let this = told_of(told);
            if before.contains(&this) {
                same += 1;
                continue;
            }
            match batch.take(tx, due, told, found.given.entry(*family).or_default()) {
                Ok(()) => {
                    taken += 1;
                    before.push(this);
                }
                Err(Error::Goods(fault)) => {
                    let column = if fault.field() == "quantity" { "given" } else { fault.field() };
                    faults.add(*line, column, fault.to_string(), fault.remedy());
                }
                Err(Error::State { state, remedy, .. }) => {
                    faults.add(*line, "step", format!("the family's goods are `{state}`"), remedy);
                }
                Err(error) => return Err(error),
            }
        }
        file.done(faults)?;
        let effects = batch.effects.len();
        batch.write(tx)?;
        let detail = format!("rows={} new={taken}", file.rows.len());
        common::audit(tx, house, scope, &format!("goods_import:{import_no}"), &detail)?;
        Ok(GoodsImported { import_no, rows: file.rows.len(), taken, known: same, effects })
    })
}

/// One row, when its cells can be read: the family, and what is told of it.
fn read(row: &Cells<'_>, faults: &mut Faults) -> Option<(i64, HandOver)> {
    let mut whole = |column: &str| {
        let number = if row.cell(column).is_empty() { Some(0) } else { row.digits(column) };
        let number = number.filter(|number| column != HAND_COLUMNS[0] || *number > 0);
        if number.is_none() {
            faults.add(row.line, column, "no whole number", "write digits only");
        }
        number
    };
    let [family, given, warehouse, lot] = ["family_id", "given", "warehouse", "lot"].map(&mut whole);
    let step = HandStep::from_code(row.cell("step"));
    if step.is_none() {
        let remedy = "write hand_over, instead, not_collected, refuse or take_back";
        faults.add(row.line, "step", "no step of a hand-over", remedy);
    }
    let day: Option<Date> = row.cell("day").parse().ok();
    if day.is_none() {
        faults.add(row.line, "day", "no day", "write it as 2026-11-30");
    }
    let details = HandDetails {
        whom: row.text("whom"),
        role: row.text("role"),
        place: row.text("place"),
        proof_kind: row.text("proof_kind"),
        proof: row.text("proof"),
        note: row.text("note"),
    };
    let told = HandOver { step: step?, day: day?, given: given?, warehouse: warehouse?, lot: lot?, details };
    Some((family?, told))
}
