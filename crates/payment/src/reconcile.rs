//! Reconciliation: lines against books, books against themselves, and a list of everything a channel said that does not fit.
//!
//! Out: the figures of the two laws for the programme and period of a cycle, the queues in which pending money stands, the
//! exceptions by kind, and what is unexplained: money in no named state or queue, which must be nothing.

use std::collections::BTreeMap;

use access::{House, Scope};
use ledger::{AccountKind, Book, Figures, Place};
use model::{Progress, RegionCode, Rupiah};
use serde::{Deserialize, Serialize};
use store::{Tx, params};

use crate::{Error, Result, books, common, queries, state::PaymentState};

/// Pending money and why it is pending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// A payment state, or the trouble that holds the lines up.
    pub code: String,
    /// Lines.
    pub lines: i64,
    /// Pending money.
    pub amount_idr: i64,
}

/// Rows of replies that were not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmatched {
    /// Kind of trouble.
    pub kind: String,
    /// `open`, `noted` or `closed`.
    pub state: String,
    /// Rows.
    pub rows: i64,
    /// What the channel said, summed up: a claim, not money that moved.
    pub amount_idr: i64,
}

/// The state of the money of a programme and period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// The cycle that was asked for.
    pub cycle_id: i64,
    /// Key of the programme.
    pub programme: String,
    /// The period.
    pub period: String,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    /// On the list, not ordered yet.
    pub set_idr: i64,
    /// Left the treasury.
    pub ordered_idr: i64,
    /// Was put on cards.
    pub topped_up_idr: i64,
    /// Was taken by recipients.
    pub withdrawn_idr: i64,
    /// Is on cards.
    pub on_card_idr: i64,
    /// Came back, from cards or without having been on one.
    pub returned_idr: i64,
    /// The part of it that had been on cards.
    pub returned_from_card_idr: i64,
    /// Is with the channel, each rupiah in one of `queues`.
    pub pending_idr: i64,
    /// In no named state or queue: must be 0.
    pub unexplained_idr: i64,
    /// Where pending money stands.
    pub queues: Vec<Queue>,
    /// What the channel said that does not fit.
    pub unmatched: Vec<Unmatched>,
    /// Laws that do not hold, in words; empty when all is well.
    pub broken: Vec<String>,
    /// The laws hold and nothing is unexplained.
    pub sound: bool,
}

/// Sums over the lines of one place.
#[derive(Default)]
struct Lines {
    set: i64,
    pending: i64,
    topped_up: i64,
    withdrawn: i64,
    returned: i64,
    unpaid: i64,
    unnamed: i64,
}

/// Compares lines and books for the programme and period of a cycle, and keeps the result with its date.
///
/// # Errors
/// Store errors; a law that is broken is no error but part of the answer.
pub fn reconcile(
    house: &House,
    scope: &Scope,
    cycle_id: i64,
    progress: &dyn Progress,
) -> Result<Reconciliation> {
    common::need(scope, "payment.reconcile")?;
    let _lock = common::lock(house)?;
    progress.report("reconcile", 0, 1);
    let made = house.db.read(|tx| compare(tx, house, scope, cycle_id))?;
    let text = serde_json::to_string(&made).map_err(|_| Error::Stored("reconciliation"))?;
    house.db.write(|tx| {
        let id = store::next_number(tx, "payment_reconciliation", 1)?;
        tx.execute(&queries::RECONCILIATION_ADD, params![id, cycle_id, made.at_ms, &made.actor, text])?;
        common::audit(
            tx,
            house,
            scope,
            &format!("cycle:{cycle_id}"),
            if made.sound { "sound" } else { "unsound" },
        )
    })?;
    progress.report("reconcile", 1, 1);
    Ok(made)
}

/// The last reconciliation of a cycle.
///
/// # Errors
/// Store errors.
pub fn last_reconciliation(house: &House, scope: &Scope, cycle_id: i64) -> Result<Option<Reconciliation>> {
    common::need(scope, "payment.read")?;
    house.db.read(|tx| last(tx, cycle_id))
}

pub(crate) fn last(tx: &mut Tx<'_>, cycle_id: i64) -> Result<Option<Reconciliation>> {
    let row = tx.query_opt(&queries::RECONCILIATION_LAST, params![cycle_id])?;
    row.map(|row| serde_json::from_str(row.text(2)?).map_err(|_| Error::Stored("reconciliation"))).transpose()
}

fn compare(tx: &mut Tx<'_>, house: &House, scope: &Scope, cycle_id: i64) -> Result<Reconciliation> {
    let cycle = common::built_cycle(tx, cycle_id)?;
    let (programme, period) = (&cycle.programme, &cycle.period);
    let nation = RegionCode::nation().path_range();
    let book = books::read(tx, programme, period, (&nation.0, &nation.1))?;
    let lines = lines_by_place(tx, programme, period)?;
    let mut broken: Vec<String> =
        book.broken()?.into_iter().map(|(place, law)| format!("{place}: {law}")).collect();
    broken.extend(stored_balances(tx, &book, programme, period)?);
    let mut unexplained = 0i64;
    let places: std::collections::BTreeSet<&Place> = book.places().into_iter().chain(lines.keys()).collect();
    for place in places {
        let figures = book.figures(|p| p == place)?;
        let empty = Lines::default();
        let off = difference(&figures, lines.get(place).unwrap_or(&empty))?;
        if off != 0 {
            broken.push(format!("{place}: lines and books differ by {}", Rupiah::new(off)));
        }
        unexplained = checked(unexplained, off)?;
    }
    let figures = book.figures(|_| true)?;
    let total = lines.values().try_fold(0i64, |sum, lines| checked(sum, lines.set))?;
    Ok(Reconciliation {
        cycle_id,
        programme: programme.clone(),
        period: period.clone(),
        at_ms: house.clock.now_ms(),
        actor: scope.actor_name().to_owned(),
        set_idr: total,
        ordered_idr: figures.ordered.idr(),
        topped_up_idr: figures.topped_up.idr(),
        withdrawn_idr: figures.withdrawn.idr(),
        on_card_idr: figures.on_card.idr(),
        returned_idr: figures.returned()?.idr(),
        returned_from_card_idr: figures.returned_from_card.idr(),
        pending_idr: figures.pending.idr(),
        unexplained_idr: unexplained,
        queues: queues(tx, programme, period)?,
        unmatched: unmatched(tx, cycle_id)?,
        sound: broken.is_empty() && unexplained == 0,
        broken,
    })
}

/// Rupiah by which the lines of a place miss its books, as an absolute sum over every figure.
fn difference(figures: &Figures, lines: &Lines) -> Result<i64> {
    let pairs = [
        (figures.ordered.idr(), checked(checked(lines.topped_up, lines.unpaid)?, lines.pending)?),
        (figures.topped_up.idr(), lines.topped_up),
        (figures.withdrawn.idr(), lines.withdrawn),
        (figures.returned_from_card.idr(), lines.returned),
        (figures.returned_unpaid.idr(), lines.unpaid),
        (0, lines.unnamed),
    ];
    pairs.into_iter().try_fold(0i64, |sum, (books, lines)| {
        let off = Rupiah::new(books).minus(Rupiah::new(lines))?.idr();
        checked(sum, off.saturating_abs())
    })
}

fn checked(a: i64, b: i64) -> Result<i64> {
    Ok(Rupiah::new(a).plus(Rupiah::new(b))?.idr())
}

fn lines_by_place(tx: &mut Tx<'_>, programme: &str, period: &str) -> Result<BTreeMap<Place, Lines>> {
    let mut out: BTreeMap<Place, Lines> = BTreeMap::new();
    for row in tx.query(&queries::LINES_BY_PLACE, params![programme, period])? {
        let place = books::place(programme, period, row.text(0)?, row.text(1)?)?;
        let lines = out.entry(place).or_default();
        let (amount, topped_up, unpaid) = (row.int(3)?, row.int(4)?, row.int(7)?);
        let rest = amount - topped_up - unpaid;
        match PaymentState::from_code(row.text(2)?) {
            Some(PaymentState::Set) => lines.set = checked(lines.set, amount)?,
            Some(PaymentState::Ordered | PaymentState::Instructed | PaymentState::Failed) => {
                lines.pending = checked(lines.pending, rest)?;
            }
            // Behind a top-up or a return nothing can be left; if it is, it stands nowhere.
            _ => lines.unnamed = checked(lines.unnamed, rest)?,
        }
        lines.topped_up = checked(lines.topped_up, topped_up)?;
        lines.withdrawn = checked(lines.withdrawn, row.int(5)?)?;
        lines.returned = checked(lines.returned, row.int(6)?)?;
        lines.unpaid = checked(lines.unpaid, unpaid)?;
    }
    Ok(out)
}

/// Balances that are not the sum of their postings.
fn stored_balances(tx: &mut Tx<'_>, book: &Book, programme: &str, period: &str) -> Result<Vec<String>> {
    let nation = RegionCode::nation().path_range();
    let mut out = Vec::new();
    for row in tx.query(&queries::POSTED, params![programme, period, nation.0, nation.1])? {
        let kind = AccountKind::from_code(row.text(2)?).ok_or(Error::Stored("account"))?;
        let place = books::place(programme, period, row.text(0)?, row.text(1)?)?;
        let account = ledger::Account { kind, place };
        let (held, posted) = (book.balance(&account), row.rupiah(3)?);
        if held != posted {
            out.push(format!("{account}: holds {held}, its postings sum up to {posted}"));
        }
    }
    Ok(out)
}

fn queues(tx: &mut Tx<'_>, programme: &str, period: &str) -> Result<Vec<Queue>> {
    let rows = tx.query(&queries::PENDING_QUEUES, params![programme, period])?;
    rows.iter()
        .map(|row| Ok(Queue { code: row.string(0)?, lines: row.int(1)?, amount_idr: row.int(2)? }))
        .collect()
}

pub(crate) fn unmatched(tx: &mut Tx<'_>, cycle_id: i64) -> Result<Vec<Unmatched>> {
    let rows = tx.query(&queries::EXCEPTION_KINDS, params![cycle_id])?;
    rows.iter()
        .map(|row| {
            let (kind, state) = (row.string(0)?, row.string(1)?);
            Ok(Unmatched { kind, state, rows: row.int(2)?, amount_idr: row.int(3)? })
        })
        .collect()
}
