//! Reconciliation: lines against books, books against themselves, and a list of everything a channel said that does not fit.
//!
//! Out: the figures of the two laws for the programme and period of a cycle, the queues in which pending money stands, the
//! exceptions by kind, and what is unexplained: money in no named state or queue, which must be nothing.

use std::collections::{BTreeMap, BTreeSet};

use access::{House, Scope};
use ledger::{Figures, Place};
use model::{Progress, RegionCode, Rupiah};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use store::{Tx, params};

use crate::{
    Error, Result, books,
    common::{self, Cycle},
    journal, late, queries,
    state::{Eligibility, PaymentState, Trouble},
};

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

/// Length of the path of a subdistrict.
const SUBDISTRICT: usize = 8;

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

impl Lines {
    fn add(&mut self, other: &Self) -> Result<()> {
        for (sum, amount) in [
            (&mut self.set, other.set),
            (&mut self.pending, other.pending),
            (&mut self.topped_up, other.topped_up),
            (&mut self.withdrawn, other.withdrawn),
            (&mut self.returned, other.returned),
            (&mut self.unpaid, other.unpaid),
            (&mut self.unnamed, other.unnamed),
        ] {
            *sum = checked(*sum, amount)?;
        }
        Ok(())
    }
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
    house.db.write(|tx| common::hand(tx, house, scope, cycle_id))?;
    let (cycle, before) =
        house.db.read(|tx| Ok::<_, Error>((common::built_cycle(tx, cycle_id)?, last(tx, cycle_id)?)))?;
    // What a step that died left waiting.
    let since = before.map_or(0, |before| before.at_ms);
    late::judge(house, scope, cycle_id, since, &format!("cycle:{cycle_id}"))?;
    let scan = scan(house, &cycle, progress)?;
    let made = house.db.read(|tx| compare(tx, house, scope, &cycle, scan))?;
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

fn compare(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    cycle: &Cycle,
    scan: Scan,
) -> Result<Reconciliation> {
    let (programme, period, cycle_id) = (&cycle.programme, &cycle.period, cycle.cycle_id);
    let nation = RegionCode::nation().path_range();
    let book = books::read(tx, programme, period, (&nation.0, &nation.1))?;
    let Scan { places: lines, queues, lines: scanned } = scan;
    let mut broken: Vec<String> =
        book.broken()?.into_iter().map(|(place, law)| format!("{place}: {law}")).collect();
    broken.extend(
        book.unposted()?.into_iter().map(|(account, held, posted)| {
            format!("{account}: holds {held}, its postings sum up to {posted}")
        }),
    );
    broken.extend(journal::unsound(tx, programme, period)?);
    broken.extend(miscounted(tx, programme, period, scanned)?);
    let mut unexplained = 0i64;
    let booked: BTreeMap<&Place, Figures> = book.places().collect();
    let places: BTreeSet<&Place> = booked.keys().copied().chain(lines.keys()).collect();
    let (no_figures, no_lines) = (Figures::default(), Lines::default());
    for place in places {
        let figures = booked.get(place).unwrap_or(&no_figures);
        let off = difference(figures, lines.get(place).unwrap_or(&no_lines))?;
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
        queues: queues
            .into_iter()
            .map(|(code, (lines, amount_idr))| Queue { code, lines, amount_idr })
            .collect(),
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

/// What the lines say, added up without the help of counts or books.
#[derive(Default)]
struct Scan {
    places: BTreeMap<Place, Lines>,
    /// Pending lines and rupiah by payment state or trouble.
    queues: BTreeMap<String, (i64, i64)>,
    lines: i64,
}

/// Sums of one stretch: by subdistrict and channel, and by queue.
#[derive(Default)]
struct Stretch {
    places: FxHashMap<(String, String), Lines>,
    queues: FxHashMap<&'static str, (i64, i64)>,
    lines: i64,
}

/// Reads every line of the programme and period, stretches side by side.
fn scan(house: &House, cycle: &Cycle, progress: &dyn Progress) -> Result<Scan> {
    let (programme, period) = (&cycle.programme, &cycle.period);
    let cycles = house.db.read(|tx| {
        let rows = tx.query(&queries::CYCLES_OF, params![programme, period])?;
        rows.iter().map(common::read_cycle).collect::<Result<Vec<Cycle>>>()
    })?;
    let mut out = Scan::default();
    for cycle in cycles {
        let orders = house.db.read(|tx| orders_of(tx, cycle.cycle_id))?;
        let ranges: Vec<(i64, i64)> = cycle.ranges(0).collect();
        let parts: Result<Vec<Stretch>> = ranges
            .par_iter()
            .map(|range| house.db.read(|tx| stretch(tx, cycle.cycle_id, *range, &orders)))
            .collect();
        for part in parts? {
            for ((region, channel), lines) in part.places {
                let place = books::place(programme, period, &region, &channel)?;
                out.places.entry(place).or_default().add(&lines)?;
            }
            for (code, (lines, amount)) in part.queues {
                let queue = out.queues.entry(code.to_owned()).or_default();
                *queue = (queue.0 + lines, checked(queue.1, amount)?);
            }
            out.lines += part.lines;
        }
        progress.report("reconcile", out.lines as u64, 0);
    }
    Ok(out)
}

/// The states that the approved orders of a cycle give to their lines: to those that are eligible, and to those that are not.
type Told = [Option<PaymentState>; 2];

fn orders_of(tx: &mut Tx<'_>, cycle_id: i64) -> Result<FxHashMap<i64, Told>> {
    let mut out = FxHashMap::default();
    for row in tx.query(&queries::ORDERS, params![cycle_id])? {
        let state = row.text(5)?;
        let of = |eligibility| PaymentState::of_order(state, eligibility);
        out.insert(row.int(0)?, [of(Eligibility::Eligible), of(Eligibility::Held)]);
    }
    Ok(out)
}

fn stretch(
    tx: &mut Tx<'_>,
    cycle_id: i64,
    (from, to): (i64, i64),
    orders: &FxHashMap<i64, Told>,
) -> Result<Stretch> {
    let mut out = Stretch::default();
    let mut key = (String::new(), String::new());
    tx.for_each(&queries::LINES_TOLD, params![from, to, cycle_id], |row| {
        let region = row.text(0)?;
        let (subdistrict, channel) = (region.get(..SUBDISTRICT).unwrap_or(region), row.text(1)?);
        key.0.clear();
        key.0.push_str(subdistrict);
        key.1.clear();
        key.1.push_str(channel);
        if !out.places.contains_key(&key) {
            out.places.insert(key.clone(), Lines::default());
        }
        let lines = out.places.get_mut(&key).ok_or(Error::Stored("place"))?;
        let own = PaymentState::from_code(row.text(2)?).ok_or(Error::Stored("payment state"))?;
        let order = row.opt_int(3)?.filter(|_| own == PaymentState::Set).and_then(|order| orders.get(&order));
        let withheld = usize::from(row.text(10)? != Eligibility::Eligible.code());
        let payment = order.and_then(|told| told[withheld]).unwrap_or(own);
        let [amount, topped_up, withdrawn, returned, unpaid] =
            [row.int(5)?, row.int(6)?, row.int(7)?, row.int(8)?, row.int(9)?];
        let rest = amount - topped_up - unpaid;
        match payment {
            PaymentState::Set | PaymentState::Committed => lines.set = checked(lines.set, amount)?,
            PaymentState::Ordered | PaymentState::Instructed | PaymentState::Failed => {
                lines.pending = checked(lines.pending, rest)?;
                let code =
                    row.opt_text(4)?.and_then(Trouble::from_code).map_or(payment.code(), Trouble::code);
                let queue = out.queues.entry(code).or_default();
                *queue = (queue.0 + 1, checked(queue.1, rest)?);
            }
            // Behind a top-up or a return nothing can be left; if it is, it stands nowhere.
            _ => lines.unnamed = checked(lines.unnamed, rest)?,
        }
        let moved = Lines { topped_up, withdrawn, returned, unpaid, ..Lines::default() };
        lines.add(&moved)?;
        out.lines += 1;
        Ok::<_, Error>(())
    })?;
    Ok(out)
}

/// The counts that pages read must have every line once.
fn miscounted(tx: &mut Tx<'_>, programme: &str, period: &str, lines: i64) -> Result<Option<String>> {
    let counted = tx.query_one(&queries::LINES_COUNTED, params![programme, period])?.int(0)?;
    Ok((counted != lines)
        .then(|| format!("{programme} {period}: {lines} lines, {counted} in the counts of pages")))
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
