//! One act of one person on many rows. The rows are written down as they were chosen, in one transaction; then each is done by the same
//! function as a single decision, or refused with the same reason, in batches that can be killed and gone on with. Sending the form
//! twice is one act; a row that changed since it was chosen is refused.

use access::{House, Scope};
use model::{FamilyId, LineId, RegionCode};
use serde::{Deserialize, Serialize};
use store::{Page, Paged, Row, Tx, next_number, params};

use super::{
    fault::DeskFault,
    problems::{ProblemFilter, Source, limits},
    queries,
};
use crate::{
    Error, LineDecision, Result, common,
    effect::{self, Effect},
    lines::{self, Said},
    state::{Trouble, coded},
    tally::Tally,
    views,
};

/// Rows of one act.
pub const BULK_ROWS_MAX: i64 = 10_000;
/// Rows of one transaction.
const CHUNK: i64 = 250;
/// Characters of the mark of a form.
const FORM_MAX: usize = 60;

coded! {
    /// What can be done to many rows.
    BulkAction {
        /// Hold the lines.
        Hold = "hold",
        /// Let held lines go on.
        Release = "release",
        /// Pay them through the programme's other channel.
        OtherChannel = "other_channel",
        /// Close rows of replies with a note.
        Close = "close",
        /// Ask for a visit to the family.
        Visit = "visit",
    }
}

impl BulkAction {
    /// The right that it needs, that of the single decision.
    pub fn right(self) -> &'static str {
        match self {
            Self::Hold | Self::Release | Self::OtherChannel => "payment.build",
            Self::Close | Self::Visit => "payment.reconcile",
        }
    }

    /// Whether it can be done to rows of such a source.
    pub fn fits(self, source: Source) -> bool {
        match self {
            Self::Visit => true,
            Self::Close => source == Source::Replies,
            Self::Hold | Self::Release | Self::OtherChannel => source == Source::Lines,
        }
    }
}

/// Which rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// These, each with the `rev` that was seen.
    Rows(Vec<(i64, String)>),
    /// All that fit the filter, of which the page said there are so many.
    All {
        /// The filter.
        filter: ProblemFilter,
        /// How many were seen.
        count: i64,
    },
}

/// An act that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkWish {
    /// Mark of the form; the same person with the same mark means the same act.
    pub form: String,
    /// What the rows are.
    pub source: Source,
    /// What to do.
    pub action: BulkAction,
    /// Why, 3 to 400 characters; it stands in every row's story.
    pub reason: String,
    /// To which rows.
    pub chosen: Chosen,
}

/// An act on many rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BulkView {
    /// Its number.
    pub bulk_id: i64,
    /// Who.
    pub actor_id: i64,
    /// By name.
    pub actor: String,
    /// What the rows are.
    pub source: Source,
    /// What is done.
    pub action: BulkAction,
    /// Why.
    pub reason: String,
    /// Nothing waits any more.
    pub finished: bool,
    /// Rows.
    pub rows: i64,
    /// Hash of the rows as they were chosen.
    pub list_hash: String,
    /// When it was begun, milliseconds since the epoch.
    pub made_at_ms: i64,
    /// When its last row was done.
    pub done_at_ms: Option<i64>,
    /// Rows done.
    pub done: i64,
    /// Rows refused.
    pub refused: i64,
}

/// One row of an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BulkRow {
    /// Number of the line, or of the row of a reply.
    pub id: i64,
    /// `done`, `refused`, or empty while it waits.
    pub state: String,
    /// Why it was refused: a stable code.
    pub code: String,
}

/// An act and what became of its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BulkPage {
    /// The act.
    pub bulk: BulkView,
    /// Refusals by code, and how many.
    pub refusals: Vec<(String, i64)>,
    /// Its rows.
    pub rows: Paged<BulkRow>,
}

fn read(row: &Row) -> Result<BulkView> {
    Ok(BulkView {
        bulk_id: row.int(0)?,
        actor_id: row.int(1)?,
        actor: row.string(2)?,
        source: Source::from_code(row.text(3)?).ok_or(Error::Stored("source"))?,
        action: BulkAction::from_code(row.text(4)?).ok_or(Error::Stored("action"))?,
        reason: row.string(5)?,
        finished: row.text(6)? == "done",
        rows: row.int(7)?,
        list_hash: row.string(8)?,
        made_at_ms: row.int(9)?,
        done_at_ms: row.opt_int(10)?,
        done: row.int(11)?,
        refused: row.int(12)?,
    })
}

fn get(tx: &mut Tx<'_>, bulk_id: i64) -> Result<BulkView> {
    read(&tx.query_opt(&queries::BULK, params![bulk_id])?.ok_or(Error::NotFound("act"))?)
}

/// Whether the rows that were ticked and the action are those of an act.
fn is_same(wish: &BulkWish, bulk: &BulkView) -> bool {
    let rows = match &wish.chosen {
        Chosen::Rows(rows) => hash_of(&ticked(rows)) == bulk.list_hash,
        Chosen::All { .. } => true,
    };
    rows && (wish.source, wish.action) == (bulk.source, bulk.action)
}

/// Rows as they are kept: each once, by number.
fn ticked(rows: &[(i64, String)]) -> Vec<(i64, String)> {
    let mut rows: Vec<(i64, String)> =
        rows.iter().map(|(id, rev)| (*id, rev.chars().take(FORM_MAX).collect())).collect();
    rows.sort_unstable();
    rows.dedup_by_key(|row| row.0);
    rows
}

fn hash_of(rows: &[(i64, String)]) -> String {
    let mut hasher = blake3::Hasher::new();
    for (id, rev) in rows {
        hasher.update(format!("{id}\u{1f}{rev}\n").as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// Writes down an act and its rows; nothing is done to them yet. The same form again answers the same act.
///
/// # Errors
/// [`DeskFault`] in [`Error::Desk`]; [`Error::Changed`] when another number of rows fits the filter than was seen, or the form was
/// sent before with other rows or another action.
pub fn begin_bulk(house: &House, scope: &Scope, wish: &BulkWish) -> Result<BulkView> {
    common::need(scope, wish.action.right())?;
    let reason = wish.reason.trim();
    if !(3..=400).contains(&reason.chars().count()) {
        return Err(DeskFault::Reason.into());
    }
    if !wish.action.fits(wish.source) || wish.form.is_empty() || wish.form.len() > FORM_MAX {
        return Err(DeskFault::Action.into());
    }
    let limits = limits(house);
    house.db.write(|tx| {
        if let Some(row) = tx.query_opt(&queries::BULK_OF_FORM, params![scope.actor(), &wish.form])? {
            let begun = get(tx, row.int(0)?)?;
            return if is_same(wish, &begun) { Ok(begun) } else { Err(Error::Changed) };
        }
        let (bulk_id, now) = (next_number(tx, "payment_bulk", 1)?, house.clock.now_ms());
        tx.execute(
            &queries::BULK_ADD,
            params![
                bulk_id,
                scope.actor(),
                &wish.form,
                scope.actor_name(),
                wish.source.code(),
                wish.action.code(),
                reason,
                now
            ],
        )?;
        match &wish.chosen {
            Chosen::Rows(rows) => {
                if rows.len() as i64 > BULK_ROWS_MAX {
                    return Err(DeskFault::TooMany.into());
                }
                let row = |(id, rev): (i64, String)| {
                    vec![bulk_id.into(), id.into(), rev.into(), "".into(), "".into()]
                };
                let columns = &["bulk_id", "id", "rev", "state", "code"];
                tx.bulk("payment_bulk_row", columns, ticked(rows).into_iter().map(row))?;
            }
            Chosen::All { filter, count } => {
                if filter.source != wish.source {
                    return Err(DeskFault::Action.into());
                }
                let mut values = filter.values(scope, &limits)?;
                values.extend([bulk_id.into(), (BULK_ROWS_MAX + 1).into()]);
                let take = match wish.source {
                    Source::Lines => &queries::BULK_TAKE_LINES,
                    Source::Replies => &queries::BULK_TAKE_REPLIES,
                };
                let taken = tx.execute(take, &values)? as i64;
                if taken > BULK_ROWS_MAX {
                    return Err(DeskFault::TooMany.into());
                }
                if taken != *count {
                    return Err(Error::Changed);
                }
            }
        }
        let mut list = Vec::new();
        tx.for_each(&queries::BULK_LIST, params![bulk_id], |row| {
            list.push((row.int(0)?, row.string(1)?));
            Ok::<_, Error>(())
        })?;
        if list.is_empty() {
            return Err(DeskFault::Nothing.into());
        }
        let (rows, hash) = (list.len() as i64, hash_of(&list));
        tx.execute(&queries::BULK_READY, params![bulk_id, rows, &hash])?;
        let detail = format!("{} rows={rows} list={hash}", wish.action.code());
        common::audit(tx, house, scope, &format!("bulk:{bulk_id}"), &detail)?;
        get(tx, bulk_id)
    })
}

/// Goes on with an act for at most `rows_max` rows: each is done, or refused with its reason. Called again it takes up what waits.
///
/// # Errors
/// [`Error::NotFound`] for another person's act, [`Error::AtWork`] while another step runs.
pub fn go_on_bulk(house: &House, scope: &Scope, bulk_id: i64, rows_max: i64) -> Result<BulkView> {
    let bulk = house.db.read(|tx| get(tx, bulk_id))?;
    common::need(scope, bulk.action.right())?;
    if bulk.actor_id != scope.actor().0 {
        return Err(Error::NotFound("act"));
    }
    let _lock = common::lock(house)?;
    let mut left = rows_max;
    while left > 0 {
        let acted = house.db.write(|tx| batch(tx, house, scope, &bulk, left.min(CHUNK)))?;
        left -= acted;
        if acted == 0 {
            break;
        }
    }
    house.db.write(|tx| {
        if tx.query(&queries::BULK_WAITING, params![bulk_id, 1])?.is_empty()
            && tx.execute(&queries::BULK_DONE, params![bulk_id, house.clock.now_ms()])? > 0
        {
            let now = get(tx, bulk_id)?;
            let detail = format!("done={} refused={}", now.done, now.refused);
            common::audit(tx, house, scope, &format!("bulk:{bulk_id}"), &detail)?;
        }
        get(tx, bulk_id)
    })
}

fn batch(tx: &mut Tx<'_>, house: &House, scope: &Scope, bulk: &BulkView, rows_max: i64) -> Result<i64> {
    let waiting = tx.query(&queries::BULK_WAITING, params![bulk.bulk_id, rows_max])?;
    let mut tally = Tally::default();
    for row in &waiting {
        let id = row.int(0)?;
        let (state, code) = match act(tx, house, scope, bulk, (id, row.text(1)?), &mut tally) {
            Ok(()) => ("done", ""),
            Err(error) if is_refusal(&error) => ("refused", error.code()),
            Err(error) => return Err(error),
        };
        tx.execute(&queries::BULK_ROW, params![bulk.bulk_id, id, state, code])?;
    }
    tally.write(tx)?;
    Ok(waiting.len() as i64)
}

/// What is wrong with the row, and not with the machine.
fn is_refusal(error: &Error) -> bool {
    matches!(
        error,
        Error::Desk(_)
            | Error::State { .. }
            | Error::NotFound(_)
            | Error::Changed
            | Error::Apart { .. }
            | Error::Channel { .. }
            | Error::Programme(_)
    )
}

/// Does one row, or refuses it before anything is written.
fn act(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    bulk: &BulkView,
    (id, rev): (i64, &str),
    tally: &mut Tally,
) -> Result<()> {
    let (from, to) = scope.path_range();
    let statement = match bulk.source {
        Source::Lines => &queries::LINE_NOW,
        Source::Replies => &queries::REPLY_NOW,
    };
    let now = tx.query_opt(statement, params![id, from, to])?.ok_or(Error::NotFound("row"))?;
    if format!("{}-{}", now.int(0)?, now.int(1)?) != rev {
        return Err(Error::Changed);
    }
    let document = format!("bulk:{}", bulk.bulk_id);
    let decision = match bulk.action {
        BulkAction::Close => return views::close_in(tx, house, scope, id, &bulk.reason),
        BulkAction::Visit => return visit(tx, house, bulk, (id, rev), &now),
        BulkAction::Hold if now.text(2)? == "held" => return Err(DeskFault::Already.into()),
        BulkAction::Hold => LineDecision::Hold,
        BulkAction::Release if now.text(2)? != "held" => return Err(DeskFault::Already.into()),
        // To release it says that the report of the death is wrong: nobody says that of many at once.
        BulkAction::Release if now.opt_text(3)? == Some(Trouble::PayeeDied.code()) => {
            return Err(DeskFault::Died.into());
        }
        BulkAction::Release => LineDecision::Release,
        BulkAction::OtherChannel if now.opt_text(3)? == Some(Trouble::NoPayee.code()) => {
            return Err(DeskFault::NoPayee.into());
        }
        BulkAction::OtherChannel if now.text(2)? == "held" => return Err(DeskFault::Action.into()),
        BulkAction::OtherChannel => LineDecision::OtherChannel,
    };
    let said = Said { reason: &bulk.reason, document: &document };
    lines::decide_in(tx, house, scope, LineId(id), &decision, &said, tally)?;
    Ok(())
}

/// Asks for a visit, by the workflow that the settings name. A row that nothing happened to since it was last asked for is not asked
/// for again.
fn visit(tx: &mut Tx<'_>, house: &House, bulk: &BulkView, (id, rev): (i64, &str), now: &Row) -> Result<()> {
    if !tx.query(&queries::VISITED, params![id, rev, bulk.source.code()])?.is_empty() {
        return Err(DeskFault::Already.into());
    }
    let family = now.opt_int(4)?.ok_or(DeskFault::NoFamily)?;
    let line = match bulk.source {
        Source::Lines => Some(id),
        Source::Replies => now.opt_int(7)?,
    };
    let effect = Effect::OpenCase {
        workflow: house.policy.settings().desk.visit_case.clone(),
        family: FamilyId(family),
        line: line.map(LineId),
        region: RegionCode::parse(now.text(5)?)?,
        reason: now.opt_text(3)?.unwrap_or("visit").to_owned(),
    };
    effect::put(tx, house, &format!("{}:{id}:{rev}", bulk.source.code()), &[effect])
}

/// One act and a page of its rows, those of one state or all; for readers of the whole country.
///
/// # Errors
/// [`Error::NotFound`], also for a smaller territory.
pub fn bulk_page(house: &House, scope: &Scope, bulk_id: i64, state: &str, page: &Page) -> Result<BulkPage> {
    common::need(scope, "payment.read")?;
    super::papers::whole(scope)?;
    house.db.read(|tx| {
        let bulk = get(tx, bulk_id)?;
        let codes = tx.query(&queries::BULK_CODES, params![bulk_id])?;
        let refusals = codes
            .iter()
            .filter(|row| row.text(0).is_ok_and(|state| state == "refused"))
            .map(|row| Ok((row.string(1)?, row.int(2)?)))
            .collect::<Result<Vec<_>>>()?;
        let of = params![bulk_id, state, page.after_int(0)?, page.fetch()];
        let rows = tx.query(&queries::BULK_ROWS, of)?;
        let rows: Result<Vec<BulkRow>> = rows
            .iter()
            .map(|row| Ok(BulkRow { id: row.int(0)?, state: row.string(1)?, code: row.string(2)? }))
            .collect();
        Ok(BulkPage { bulk, refusals, rows: page.page(rows?, |row| vec![row.id.into()]) })
    })
}

/// Acts, newest first; for readers of the whole country.
///
/// # Errors
/// [`Error::NotFound`] for a smaller territory.
pub fn bulks(house: &House, scope: &Scope, page: &Page) -> Result<Paged<BulkView>> {
    common::need(scope, "payment.read")?;
    super::papers::whole(scope)?;
    let after = page.after_int(i64::MAX)?;
    let rows = house.db.read(|tx| tx.query(&queries::BULKS, params![after, page.fetch()]))?;
    let bulks: Result<Vec<BulkView>> = rows.iter().map(read).collect();
    Ok(page.page(bulks?, |bulk| vec![bulk.bulk_id.into()]))
}
