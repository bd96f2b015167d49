//! Calls as pages show them: counts by state, what is unclear and for how long, what was handed over, and the calls of one line.

use access::{House, Scope};
use serde::Serialize;
use store::{Tx, params};

use super::queries;
use crate::{Error, Result, common};

/// Most unclear calls on a page.
const UNCLEAR_MAX: i64 = 200;
/// Most files of what was told on a page.
const DELIVERIES_MAX: i64 = 50;
/// Most calls of a line.
const CALLS_MAX: i64 = 20;

/// Calls of one kind that stand alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallCount {
    /// Key of the channel.
    pub channel: String,
    /// `check` or `transfer`.
    pub kind: String,
    /// `intent`, `sent`, `unknown` or `told`.
    pub state: String,
    /// Why it is not told yet.
    pub doubt: String,
    /// How many.
    pub calls: i64,
    /// Sum of their lines.
    pub amount_idr: i64,
    /// The oldest of them was sent then, milliseconds since the epoch.
    pub oldest_ms: Option<i64>,
}

/// A call that may have reached the bank and has no answer yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unclear {
    /// The line.
    pub line_id: i64,
    /// Who is to receive it.
    pub payee_name: String,
    /// Key of the channel.
    pub channel: String,
    /// `check` or `transfer`.
    pub kind: String,
    /// The line's amount.
    pub amount_idr: i64,
    /// Why: a code.
    pub doubt: String,
    /// First sent, milliseconds since the epoch; 0 for a question about an account.
    pub since_ms: i64,
    /// So many whole hours ago; 0 for a question about an account.
    pub age_h: i64,
    /// How often it was sent.
    pub sends: i64,
    /// How often the bank was asked about it.
    pub asks: i64,
    /// When it is asked about again.
    pub next_at_ms: i64,
    /// Longer than the channel allows: a person must ask the bank.
    pub overdue: bool,
}

/// A file of what was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Running number.
    pub number: i64,
    /// Key of the channel.
    pub channel: String,
    /// `check` or `transfer`.
    pub kind: String,
    /// When it was begun, milliseconds since the epoch.
    pub at_ms: i64,
    /// `intended` or `taken`.
    pub state: String,
    /// The file that took it.
    pub file_no: Option<i64>,
}

/// The calls of a cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiPage {
    /// The cycle.
    pub cycle_id: i64,
    /// Key of its programme.
    pub programme: String,
    /// Its period.
    pub period: String,
    /// By channel, kind, state and doubt.
    pub counts: Vec<CallCount>,
    /// Oldest first, at most 200.
    pub unclear: Vec<Unclear>,
    /// Newest first.
    pub deliveries: Vec<Delivery>,
}

/// A call of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallView {
    /// `check` or `transfer`.
    pub kind: String,
    /// partnerReferenceNo.
    pub reference: String,
    /// `intent`, `sent`, `unknown` or `told`.
    pub state: String,
    /// Why it is not told yet.
    pub doubt: String,
    /// The bank's word.
    pub word: String,
    /// How often it was sent.
    pub sends: i64,
    /// How often the bank was asked about it.
    pub asks: i64,
    /// First sent, milliseconds since the epoch; 0 is never.
    pub first_sent_ms: i64,
    /// Last sent.
    pub last_sent_ms: i64,
    /// When it is due again.
    pub next_at_ms: i64,
    /// The bank's number.
    pub txn: String,
}

/// The calls of a cycle, within the scope.
///
/// # Errors
/// [`Error::NotFound`] when there is no such cycle.
pub fn api_page(house: &House, scope: &Scope, cycle_id: i64) -> Result<ApiPage> {
    common::need(scope, "payment.read")?;
    let (from, to) = scope.path_range();
    let now = house.clock.now_ms();
    house.db.read(|tx| {
        let cycle = common::cycle(tx, cycle_id)?;
        let rows = tx.query(&queries::COUNTS, params![from, to, scope.caseload(), cycle_id])?;
        let count = |row: &store::Row| {
            Ok(CallCount {
                channel: row.string(0)?,
                kind: row.string(1)?,
                state: row.string(2)?,
                doubt: row.string(3)?,
                calls: row.int(4)?,
                amount_idr: row.int(5)?,
                oldest_ms: row.opt_int(6)?,
            })
        };
        let counts = rows.iter().map(count).collect::<Result<Vec<_>>>()?;
        let rows = tx.query(&queries::UNCLEAR, params![from, to, scope.caseload(), cycle_id, UNCLEAR_MAX])?;
        let unclear = rows.iter().map(|row| unclear(house, row, now)).collect::<Result<Vec<_>>>()?;
        let rows = tx.query(&queries::DELIVERIES, params![cycle_id, DELIVERIES_MAX])?;
        let delivery = |row: &store::Row| {
            Ok(Delivery {
                number: row.int(0)?,
                channel: row.string(1)?,
                kind: row.string(2)?,
                at_ms: row.int(3)?,
                state: row.string(4)?,
                file_no: row.opt_int(5)?,
            })
        };
        let deliveries = rows.iter().map(delivery).collect::<Result<Vec<_>>>()?;
        let (programme, period) = (cycle.programme, cycle.period);
        Ok::<_, Error>(ApiPage { cycle_id, programme, period, counts, unclear, deliveries })
    })
}

fn unclear(house: &House, row: &store::Row, now_ms: i64) -> Result<Unclear> {
    let (channel, since_ms) = (row.string(1)?, row.int(6)?);
    let api = house.policy.channel(&channel).and_then(|channel| channel.api.as_ref());
    let allowed_ms = api.map_or(0, |api| i64::from(api.unclear_max_s) * 1_000);
    Ok(Unclear {
        line_id: row.int(0)?,
        channel,
        kind: row.string(2)?,
        amount_idr: row.int(3)?,
        // Committed to and not recorded: the session ended there.
        doubt: if row.text(4)? == "sent" { "interrupted".to_owned() } else { row.string(5)? },
        since_ms,
        age_h: if since_ms > 0 { now_ms.saturating_sub(since_ms) / 3_600_000 } else { 0 },
        sends: row.int(7)?,
        asks: row.int(8)?,
        next_at_ms: row.int(9)?,
        payee_name: row.string(10)?,
        overdue: since_ms > 0 && now_ms.saturating_sub(since_ms) > allowed_ms,
    })
}

/// The calls of a line, for its page.
pub(crate) fn of_line(tx: &mut Tx<'_>, line_id: i64) -> Result<Vec<CallView>> {
    let rows = tx.query(&queries::OF_LINE, params![line_id, CALLS_MAX])?;
    let view = |row: &store::Row| {
        Ok(CallView {
            kind: row.string(0)?,
            reference: row.string(1)?,
            state: row.string(2)?,
            doubt: row.string(3)?,
            word: row.string(4)?,
            sends: row.int(5)?,
            asks: row.int(6)?,
            first_sent_ms: row.int(7)?,
            last_sent_ms: row.int(8)?,
            next_at_ms: row.int(9)?,
            txn: row.string(10)?,
        })
    };
    rows.iter().map(view).collect()
}
