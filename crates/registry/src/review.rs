//! The review queue: pairs of records that the model cannot decide, and what humans say about them.
//!
//! In: pairs of the version in force, decisions. Out: both records side by side with their differences and
//! weights; decisions that bind every later consolidation. "The same" takes effect at the next consolidation.
//! Decisions are never deleted: an undone one keeps its row. Must never happen: a decision without a name, a
//! pair shown to somebody in whose territory neither record lies.

use access::{House, Scope};
use arrow_array::{Array, RecordBatch};
use linkage::find::{self, FieldWeight};
use model::UserId;
use policy::Label;
use serde::{Deserialize, Serialize};
use store::{Page, Paged, Row, next_number, params};

use crate::records::{ListName, Lists, RawRow, raw_rows, records};
use crate::show::{Shown, show};
use crate::tools::{Known, tools};
use crate::version::{date32, int32, int64, text};
use crate::views::{MemberView, members};
use crate::{Error, Result, queries};

/// What a human says of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// One person.
    Same,
    /// Two persons.
    Different,
    /// Not now: the pair goes to the end of the queue.
    Later,
}

impl Verdict {
    fn code(self) -> i64 {
        match self {
            Self::Same => 1,
            Self::Different => 2,
            Self::Later => 3,
        }
    }

    fn from_code(code: i64) -> Option<Self> {
        [Self::Same, Self::Different, Self::Later].into_iter().find(|verdict| verdict.code() == code)
    }
}

/// A pair, named by its two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairId {
    /// The smaller record id.
    pub left: i64,
    /// The greater one.
    pub right: i64,
}

impl std::fmt::Display for PairId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.left, self.right)
    }
}

impl std::str::FromStr for PairId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once('-').and_then(|(l, r)| Some((l.parse().ok()?, r.parse().ok()?)));
        let (left, right) = parts.ok_or(Error::NotFound)?;
        Ok(Self { left, right })
    }
}

impl Serialize for PairId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A pair in the queue.
#[derive(Debug, Clone, Serialize)]
pub struct PairRow {
    /// Its id.
    pub id: PairId,
    /// log2 odds that the two are one person.
    pub weight: f64,
    /// The same as a probability.
    pub probability: f64,
    /// What was said of it; none while open.
    pub verdict: Option<Verdict>,
    /// The two records.
    pub sides: [SideRow; 2],
}

/// One record of a pair, short.
#[derive(Debug, Clone, Serialize)]
pub struct SideRow {
    /// The record.
    pub record_id: i64,
    /// The person it belongs to, if to one.
    pub person_id: Option<i64>,
    /// The list it stands in.
    pub list: Option<ListName>,
    /// Name.
    pub name: Option<String>,
    /// NIK, masked.
    pub nik: Option<String>,
    /// Birth date.
    pub birth_date: Option<String>,
    /// Village code.
    pub region: Option<String>,
}

/// A pair with everything that helps to judge it.
#[derive(Debug, Clone, Serialize)]
pub struct PairView {
    /// The pair.
    pub pair: PairRow,
    /// Field by field.
    pub fields: Vec<FieldView>,
    /// Where the weight comes from.
    pub weights: Vec<FieldWeight>,
    /// What the weight begins with.
    pub prior: f64,
    /// The two rows as received.
    pub raw: [Option<RawRow>; 2],
    /// Line of each record in its list.
    pub lines: [Option<i64>; 2],
    /// The families of the two persons, as they are now.
    pub families: [Vec<MemberView>; 2],
    /// The pair that comes after it in the queue.
    pub next: Option<PairId>,
}

/// One field of both records.
#[derive(Debug, Clone, Serialize)]
pub struct FieldView {
    /// Canonical column.
    pub column: String,
    /// Its name.
    pub label: Label,
    /// The two values.
    pub values: [Option<Shown>; 2],
    /// Both known and equal, both known and different, or one unknown.
    pub same: Option<bool>,
    /// What the field adds to the weight.
    pub weight: Option<f64>,
}

/// Fields that tell persons apart, and the comparison of the model that looks at each.
const FIELDS: [(&str, &str); 13] = [
    ("name", "name"),
    ("nik", "nik"),
    ("kk", "kk"),
    ("sex", "sex"),
    ("birth_date", "dob"),
    ("birth_place", "pob"),
    ("mother_name", "mother"),
    ("relation", ""),
    ("marital", ""),
    ("region", "location"),
    ("address", ""),
    ("rt", ""),
    ("rw", ""),
];

/// Open pairs of the territory, heaviest first; those that were put off come last.
///
/// # Errors
/// The store's and the lake's.
pub fn review_queue(house: &House, scope: &Scope, page: &Page) -> Result<Paged<PairRow>> {
    let keys = page.keys(4)?;
    let start = [i64::MIN.into(), i64::MIN.into(), i64::MIN.into(), i64::MIN.into()].to_vec();
    let mut values = scope_params(scope)?;
    values.extend(keys.unwrap_or(start));
    values.push(page.fetch().into());
    let rows = house.db.read(|tx| tx.query(&queries::REVIEW_PAGE, &values))?;
    let queue_keys = |row: &Row| Ok::<_, store::Error>([row.int(5)?, row.int(6)?, row.int(0)?, row.int(1)?]);
    let keys: Vec<[i64; 4]> = rows.iter().map(queue_keys).collect::<Result<_, _>>()?;
    let pairs = pairs(house, &rows)?;
    let paged = page.page(pairs.into_iter().zip(keys).collect(), |(_, keys)| keys.map(Into::into).to_vec());
    Ok(Paged { items: paged.items.into_iter().map(|(pair, _)| pair).collect(), next: paged.next })
}

/// How many pairs wait in the territory: (open, put off).
///
/// # Errors
/// The store's.
pub fn review_count(house: &House, scope: &Scope) -> Result<(i64, i64)> {
    let values = scope_params(scope)?;
    let rows = house.db.read(|tx| tx.query(&queries::REVIEW_COUNT, &values))?;
    let mut counts = (0, 0);
    for row in rows {
        match row.int(0)? {
            0 => counts.0 = row.int(1)?,
            3 => counts.1 = row.int(1)?,
            _ => {}
        }
    }
    Ok(counts)
}

/// One pair, side by side.
///
/// # Errors
/// [`Error::NotFound`] when it is not in the queue of this territory; the lake's.
pub fn review_pair(house: &House, scope: &Scope, id: PairId) -> Result<PairView> {
    let row = one(house, scope, id)?;
    let found = pairs(house, std::slice::from_ref(&row))?;
    let pair = found.into_iter().next().ok_or(Error::NotFound)?;
    let columns: Vec<&str> = FIELDS.iter().map(|(column, _)| *column).collect();
    let batch = records(house, &[id.left, id.right], &columns)?.ok_or(Error::NotFound)?;
    let at = |record: i64| {
        Ok::<_, Error>(int64(&batch, "record_id")?.values().iter().position(|id| *id == record))
    };
    let at = [at(id.left)?, at(id.right)?];
    let (prior, weights) = weigh(house, &batch, at)?;
    let mut raw = raw_rows(house, &[id.left, id.right])?;
    let line = int32(&batch, "line")?;
    let family = |person: Option<i64>| -> Result<Vec<MemberView>> {
        let Some(person) = person else { return Ok(Vec::new()) };
        house.db.read(|tx| {
            let row = tx.query_opt(&queries::FAMILY_OF_PERSON, params![person])?;
            row.map_or(Ok(Vec::new()), |row| members(tx, row.int(0)?))
        })
    };
    let next = next_pair(house, scope, &row)?;
    Ok(PairView {
        fields: fields(house, &batch, at, &weights)?,
        raw: [raw.remove(&id.left), raw.remove(&id.right)],
        lines: at.map(|at| at.map(|at| i64::from(line.value(at)))),
        families: [family(pair.sides[0].person_id)?, family(pair.sides[1].person_id)?],
        weights,
        prior,
        next,
        pair,
    })
}

/// The pair behind this one in the queue.
fn next_pair(house: &House, scope: &Scope, row: &Row) -> Result<Option<PairId>> {
    let mut values = scope_params(scope)?;
    values.extend([
        row.int(5)?.into(),
        row.int(6)?.into(),
        row.int(0)?.into(),
        row.int(1)?.into(),
        1i64.into(),
    ]);
    let rows = house.db.read(|tx| tx.query(&queries::REVIEW_PAGE, &values))?;
    Ok(rows
        .first()
        .map(|row| Ok::<_, store::Error>(PairId { left: row.int(0)?, right: row.int(1)? }))
        .transpose()?)
}

fn scope_params(scope: &Scope) -> Result<Vec<store::Value>> {
    // The queue is of records, and a caseload is of families: who has one does not judge records.
    if scope.caseload() != 0 {
        return Err(Error::NotFound);
    }
    let (from, to) = scope.path_range();
    Ok(params![from, to].to_vec())
}

fn one(house: &House, scope: &Scope, id: PairId) -> Result<Row> {
    let mut values = scope_params(scope)?;
    values.extend([id.left.into(), id.right.into()]);
    house.db.read(|tx| tx.query_opt(&queries::REVIEW_ONE, &values))?.ok_or(Error::NotFound)
}

/// Pairs with the short content of their records.
fn pairs(house: &House, rows: &[Row]) -> Result<Vec<PairRow>> {
    let mut ids = Vec::with_capacity(rows.len() * 2);
    for row in rows {
        ids.extend([row.int(0)?, row.int(1)?]);
    }
    let lists = Lists::read(house)?;
    let batch = records(house, &ids, &["name", "nik", "birth_date", "region"])?;
    let side = |record_id: i64, person_id: Option<i64>| -> Result<SideRow> {
        let list = lists.place_of(record_id).map(|at| lists.names[at].clone());
        let mut side =
            SideRow { record_id, person_id, list, name: None, nik: None, birth_date: None, region: None };
        let Some(batch) = &batch else { return Ok(side) };
        let Ok(at) = int64(batch, "record_id")?.values().binary_search(&record_id) else { return Ok(side) };
        let string = |name: &str| -> Result<Option<String>> {
            let column = text(batch, name)?;
            Ok(column.is_valid(at).then(|| column.value(at).to_owned()))
        };
        let (nik, birth) = (int64(batch, "nik")?, date32(batch, "birth_date")?);
        side.name = string("name")?;
        side.region = string("region")?;
        side.nik = nik.is_valid(at).then(|| crate::show::masked("nik", nik.value(at)));
        side.birth_date = birth.is_valid(at).then(|| crate::cells::iso(birth.value(at)));
        Ok(side)
    };
    rows.iter()
        .map(|row| {
            let weight = row.real(2)?;
            Ok(PairRow {
                id: PairId { left: row.int(0)?, right: row.int(1)? },
                weight,
                probability: linkage::probability(weight),
                verdict: Verdict::from_code(row.int(5)?),
                sides: [side(row.int(0)?, row.opt_int(3)?)?, side(row.int(1)?, row.opt_int(4)?)?],
            })
        })
        .collect()
}

fn fields(
    house: &House,
    batch: &RecordBatch,
    at: [Option<usize>; 2],
    weights: &[FieldWeight],
) -> Result<Vec<FieldView>> {
    let mut fields = Vec::with_capacity(FIELDS.len());
    for (name, comparison) in FIELDS {
        let Some(column) = house.policy.columns().iter().find(|column| column.name == name) else { continue };
        let values = batch
            .column_by_name(name)
            .ok_or_else(|| Error::Damaged(format!("column `{name}` is missing")))?;
        let shown = at.map(|at| at.and_then(|at| show(house, column, values.as_ref(), at)));
        // Masked numbers may look alike: what counts is whether the values are equal.
        let same = match at {
            [Some(a), Some(b)] if values.is_valid(a) && values.is_valid(b) => {
                Some(values.slice(a, 1).to_data() == values.slice(b, 1).to_data())
            }
            _ => None,
        };
        let weight =
            weights.iter().find(|weight| weight.comparison == comparison).map(|weight| weight.weight);
        fields.push(FieldView {
            column: name.to_owned(),
            label: column.label.clone(),
            values: shown,
            same,
            weight,
        });
    }
    Ok(fields)
}

/// The weight of the two records against one another, field by field.
fn weigh(house: &House, batch: &RecordBatch, at: [Option<usize>; 2]) -> Result<(f64, Vec<FieldWeight>)> {
    let [Some(left), Some(right)] = at else { return Ok((0.0, Vec::new())) };
    let tools = tools(house)?;
    let (nik, kk, sex) = (int64(batch, "nik")?, int64(batch, "kk")?, int32(batch, "sex")?);
    let (name, mother, place) =
        (text(batch, "name")?, text(batch, "mother_name")?, text(batch, "birth_place")?);
    let (region, birth) = (text(batch, "region")?, date32(batch, "birth_date")?);
    let record = |at: usize| {
        let string =
            |column: &'_ arrow_array::StringArray| column.is_valid(at).then(|| column.value(at).to_owned());
        let (name, mother, place, region) = (string(&name), string(&mother), string(&place), string(&region));
        Known {
            nik: nik.is_valid(at).then(|| nik.value(at)),
            kk: kk.is_valid(at).then(|| kk.value(at)),
            name: name.as_deref(),
            mother: mother.as_deref(),
            birth_place: place.as_deref(),
            birth_date: birth.is_valid(at).then(|| birth.value(at)),
            sex: sex.is_valid(at).then(|| i64::from(sex.value(at))),
            region: region.as_deref(),
        }
        .record(&tools.names)
        .batch()
    };
    let found = find::score(&tools.model, &record(left), &record(right))?;
    Ok(found.into_iter().next().map_or((0.0, Vec::new()), |found| (found.prior, found.fields)))
}

/// Says of a pair whether its records are one person. Answers the pair that comes next in the queue.
///
/// # Errors
/// [`Error::NotFound`] when the pair is not in the queue of this territory; the store's.
pub fn decide_review(house: &House, scope: &Scope, id: PairId, verdict: Verdict) -> Result<Option<PairId>> {
    must_be(scope, "review.decide")?;
    let row = one(house, scope, id)?;
    let next = next_pair(house, scope, &row)?;
    let weight = row.real(2)?;
    house.db.write(|tx| {
        let decision = next_number(tx, "link_decision", 1)?;
        let (user, actor) = scope.actor_pair();
        let now = house.clock.now_ms();
        let code = verdict.code();
        tx.execute(
            &queries::DECISION_ADD,
            params![decision, id.left, id.right, code, weight, user, actor, now],
        )?;
        tx.execute(&queries::REVIEW_STATE, params![id.left, id.right, code])?;
        let detail = format!("verdict={code} weight={weight:.2}");
        access::audit(
            tx,
            house.clock.as_ref(),
            (user, actor),
            scope.action(),
            &format!("pair:{id}"),
            &detail,
        )?;
        Ok::<_, Error>(())
    })?;
    Ok(next)
}

/// Takes back the asker's own last decision that still stands; the pair is open again. Answers which.
///
/// # Errors
/// [`Error::NothingToUndo`]; the store's.
pub fn undo_review(house: &House, scope: &Scope) -> Result<PairId> {
    must_be(scope, "review.decide")?;
    house.db.write(|tx| {
        let (user, actor): (UserId, &str) = scope.actor_pair();
        let row = tx.query_opt(&queries::DECISION_LAST, params![user])?.ok_or(Error::NothingToUndo)?;
        let (decision, id) = (row.int(0)?, PairId { left: row.int(1)?, right: row.int(2)? });
        tx.execute(&queries::DECISION_UNDO, params![decision, house.clock.now_ms(), actor])?;
        // What was said before this decision holds again.
        let before = tx.query_opt(&queries::DECISION_OF_PAIR, params![id.left, id.right])?;
        let state = before.map(|row| row.int(0)).transpose()?.unwrap_or(0);
        tx.execute(&queries::REVIEW_STATE, params![id.left, id.right, state])?;
        let detail = format!("undone={decision}");
        access::audit(
            tx,
            house.clock.as_ref(),
            (user, actor),
            scope.action(),
            &format!("pair:{id}"),
            &detail,
        )?;
        Ok(id)
    })
}

fn must_be(scope: &Scope, action: &str) -> Result<()> {
    if scope.action() == action {
        return Ok(());
    }
    Err(access::Error::Denied { role: scope.role().to_owned(), action: action.to_owned() }.into())
}
