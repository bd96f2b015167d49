//! Money that left the treasury for lines that nobody may be paid any more: a death, a hold, an error found after the SP2D and
//! before the channel was told. The instruction leaves such lines out, and their money goes back with a deposit slip.
//!
//! In: an order that was sent, and the number of the slip. Out: its withheld lines end as sent back, and the books say so.
//! A line that ends here no longer bars the family from another list.

use access::{House, Scope};
use ledger::Movement;
use serde::Serialize;
use store::{Tx, Value, params};

use crate::{
    Error, Result, books,
    common::{self, Cycle},
    lines::{self, EventRow},
    orders, queries,
    reply::Line,
    state::{Eligibility, PaymentState},
    tally::{Moved, Tally},
};

/// Lines that end in one transaction.
const CHUNK: i64 = 10_000;

/// Money that an order holds back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Withheld {
    /// The order.
    pub order_id: i64,
    /// Lines.
    pub lines: i64,
    /// Rupiah.
    pub amount_idr: i64,
}

/// What each order of a cycle holds back.
pub(crate) fn of_cycle(tx: &mut Tx<'_>, cycle_id: i64) -> Result<Vec<Withheld>> {
    let rows = tx.query(&queries::WITHHELD_SUMS, params![cycle_id])?;
    rows.iter()
        .map(|row| Ok(Withheld { order_id: row.int(0)?, lines: row.int(1)?, amount_idr: row.int(2)? }))
        .collect()
}

/// Records that the money of an order's withheld lines is back in the treasury, by the number of the deposit slip (NTPN). The
/// same call again goes on where it was interrupted.
///
/// # Errors
/// [`Error::State`] before the order was sent: until then a line may still be released; [`Error::Documents`] without a number.
pub fn return_withheld(house: &House, scope: &Scope, order_id: i64, slip: &str) -> Result<Withheld> {
    common::need(scope, "payment.build")?;
    let slip = orders::paper(slip)?;
    let _lock = common::lock(house)?;
    let (order, cycle) = house.db.read(|tx| {
        let order = orders::get(tx, house, order_id)?;
        let cycle = common::cycle(tx, order.cycle_id)?;
        Ok::<_, Error>((order, cycle))
    })?;
    if order.state != "sent" {
        return Err(Error::State {
            what: format!("order {order_id}"),
            state: order.state,
            remedy: "what is withheld goes back when the instruction has left without it",
        });
    }
    let mut out = Withheld { order_id, lines: 0, amount_idr: 0 };
    loop {
        let ended = house.db.write(|tx| end(tx, house, scope, &cycle, (order_id, slip)))?;
        if ended.lines == 0 {
            return Ok(out);
        }
        out.lines += ended.lines;
        out.amount_idr += ended.amount_idr;
    }
}

fn end(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    cycle: &Cycle,
    (order_id, slip): (i64, &str),
) -> Result<Withheld> {
    let of = params![cycle.first_line, cycle.last_line, order_id, CHUNK];
    let before = lines::query(tx, &queries::WITHHELD, of)?;
    let (now, document) = (house.clock.now_ms(), format!("slip:{slip}"));
    let (mut tally, mut moved) = (Tally::default(), Moved::default());
    let mut events: Vec<Vec<Value>> = Vec::with_capacity(before.len());
    let mut out = Withheld { order_id, lines: 0, amount_idr: 0 };
    let after: Vec<Line> = before.iter().map(ended).collect();
    for (before, line) in before.iter().zip(&after) {
        tally.count(before, -1);
        tally.count(line, 1);
        moved.add(line, Movement::ReturnUnpaid, line.amount)?;
        let event = EventRow {
            line: (line.recipient, line.line_id, line.events),
            at_ms: now,
            actor: scope.actor_name(),
            kind: "payment",
            state: line.payment.code(),
            reason: "withheld",
            next: "none",
            document: &document,
        };
        events.push(event.values());
        out.lines += 1;
        out.amount_idr += line.amount;
    }
    if out.lines == 0 {
        return Ok(out);
    }
    lines::apply(tx, now, after.iter().collect())?;
    tx.execute(&queries::WITHHELD_ENDED, params![cycle.first_line, cycle.last_line, order_id])?;
    tx.bulk("payment_event", common::EVENT_COLUMNS, events.into_iter())?;
    tally.write(tx)?;
    let part = after.first().map_or(0, |line| line.line_id);
    let ground = books::Ground { document: &document, part };
    books::post(tx, &moved.sums()?, ground, now, scope.actor_name())?;
    common::audit(tx, house, scope, &format!("order:{order_id}"), &document)?;
    Ok(out)
}

/// A withheld line whose money went back.
fn ended(before: &Line) -> Line {
    let mut line = before.clone();
    line.payment = PaymentState::SentBack;
    line.eligibility = Eligibility::Cancelled;
    line.unpaid = line.amount;
    line.live = false;
    line.problem = None;
    line.events += 1;
    line
}
