//! Lines as they are stored: reading them, writing changes of many at once, and what a person may do to one of them.

use access::{House, Scope};
use model::{LineId, Rupiah};
use rustc_hash::FxHashMap;
use store::{Row, Tx, Value, params};

use crate::{
    Error, Result, books, common, queries,
    reply::Line,
    state::{AccountState, Eligibility, PaymentState, Trouble},
};

/// Batches by the file or order that made them.
#[derive(Default)]
pub(crate) struct Batches {
    of_file: FxHashMap<i64, String>,
    of_order: FxHashMap<i64, String>,
}

impl Batches {
    pub(crate) fn of_file(&mut self, tx: &mut Tx<'_>, file_no: Option<i64>) -> Result<Option<String>> {
        Self::cached(&mut self.of_file, tx, &queries::BATCH_OF_FILE, file_no)
    }

    pub(crate) fn of_order(&mut self, tx: &mut Tx<'_>, order_id: Option<i64>) -> Result<Option<String>> {
        Self::cached(&mut self.of_order, tx, &queries::BATCH_OF_ORDER, order_id)
    }

    fn cached(
        known: &mut FxHashMap<i64, String>,
        tx: &mut Tx<'_>,
        sql: &store::Sql,
        id: Option<i64>,
    ) -> Result<Option<String>> {
        let Some(id) = id else { return Ok(None) };
        if let Some(batch) = known.get(&id) {
            return Ok(Some(batch.clone()));
        }
        let batch = tx.query_one(sql, params![id])?.string(0)?;
        known.insert(id, batch.clone());
        Ok(Some(batch))
    }
}

/// Reads the columns of `line_columns!`; file and order come back beside the line, their batches are filled in by the caller.
pub(crate) fn read(row: &Row) -> Result<(Line, Option<i64>, Option<i64>)> {
    let eligibility = Eligibility::from_code(row.text(11)?).ok_or(Error::Stored("eligibility"))?;
    let account_state = AccountState::from_code(row.text(12)?).ok_or(Error::Stored("account state"))?;
    let payment = PaymentState::from_code(row.text(13)?).ok_or(Error::Stored("payment state"))?;
    let line = Line {
        recipient: row.int(0)?,
        line_id: row.int(1)?,
        cycle_id: row.int(2)?,
        programme: row.string(3)?,
        period: row.string(4)?,
        region: row.string(5)?,
        channel: row.string(6)?,
        amount: row.int(7)?,
        payee_name: row.string(8)?,
        account: row.opt_string(9)?,
        name_at_bank: row.opt_string(10)?,
        eligibility,
        account_state,
        payment,
        problem: row.opt_text(14)?.and_then(Trouble::from_code),
        check_batch: None,
        order_batch: None,
        topped_up: row.int(17)?,
        withdrawn: row.int(18)?,
        returned: row.int(19)?,
        unpaid: row.int(20)?,
        live: row.bool(21)?,
        events: row.int(22)?,
    };
    Ok((line, row.opt_int(15)?, row.opt_int(16)?))
}

const CHANGE_COLUMNS: &[&str] = &[
    "file_no",
    "recipient",
    "line_id",
    "account",
    "name_at_bank",
    "account_state",
    "payment",
    "problem",
    "topped_up_idr",
    "withdrawn_idr",
    "returned_idr",
    "unpaid_idr",
    "live",
    "events",
];

/// Writes changed lines, all in one statement.
pub(crate) fn apply(tx: &mut Tx<'_>, file_no: i64, now_ms: i64, mut lines: Vec<&Line>) -> Result<()> {
    lines.sort_unstable_by_key(|line| (line.recipient, line.line_id));
    let rows = lines.iter().map(|line| {
        vec![
            file_no.into(),
            line.recipient.into(),
            line.line_id.into(),
            line.account.as_deref().into(),
            line.name_at_bank.as_deref().into(),
            line.account_state.code().into(),
            line.payment.code().into(),
            line.problem.map(Trouble::code).into(),
            line.topped_up.into(),
            line.withdrawn.into(),
            line.returned.into(),
            line.unpaid.into(),
            line.live.into(),
            line.events.into(),
        ]
    });
    tx.bulk("payment_change", CHANGE_COLUMNS, rows)?;
    let changed = tx.execute(&queries::CHANGE_APPLY, params![file_no, now_ms])?;
    if changed != lines.len() as u64 {
        return Err(Error::Stored("payment lines"));
    }
    tx.execute(&queries::CHANGE_CLEAR, params![file_no])?;
    Ok(())
}

/// One row of the event table.
pub(crate) struct EventRow<'a> {
    pub(crate) line: (i64, i64, i64),
    pub(crate) at_ms: i64,
    pub(crate) actor: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) state: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) next: &'a str,
    pub(crate) document: &'a str,
}

impl EventRow<'_> {
    /// In the order of [`common::EVENT_COLUMNS`].
    pub(crate) fn values(&self) -> Vec<Value> {
        let (recipient, line_id, seq) = self.line;
        let texts = [self.actor, self.kind, self.state, self.reason, self.next, self.document];
        let keys = [recipient, line_id, seq, self.at_ms].map(Value::from);
        keys.into_iter().chain(texts.map(Value::from)).collect()
    }
}

/// What a person decides about one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineDecision {
    /// Stop it for the time being.
    Hold,
    /// Let it go on.
    Release,
    /// End it, before any money was ordered.
    Cancel,
    /// The account is the payee's after all.
    AccountGood,
    /// The account is not the payee's.
    AccountFailed,
    /// The data were mended at the bank, perhaps with another account: ask again.
    CheckAgain {
        /// The account to ask about.
        account: Option<String>,
    },
    /// Pay through the programme's other channel (*dialihkan ke PT Pos*).
    OtherChannel,
}

/// Carries out a person's decision about a line, with the reason that will be shown to those who ask.
///
/// # Errors
/// [`Error::NotFound`] outside the scope, [`Error::State`] when the line is too far for it.
pub fn decide_line(
    house: &House,
    scope: &Scope,
    line: LineId,
    decision: &LineDecision,
    reason: &str,
) -> Result<()> {
    common::need(scope, "payment.build")?;
    let reason: String = reason.chars().take(400).collect();
    house.db.write(|tx| {
        let (from, to) = scope.path_range();
        let row = tx
            .query_opt(&queries::LINE_BY_ID, params![from, to, scope.caseload(), line])?
            .ok_or(Error::NotFound("payment line"))?;
        let (mut line, _, order_id) = read(&row)?;
        let before = line.clone();
        let fallback = match decision {
            LineDecision::OtherChannel => Some(other_channel(tx, house, line.cycle_id)?),
            _ => None,
        };
        let (kind, next) = change(&mut line, decision, fallback)?;
        line.events += 1;
        // A line that changed leaves an order that is not approved yet; the order's hash no longer fits and it must be made anew.
        let order_id = order_id.filter(|_| line.payment != PaymentState::Set);
        let now = house.clock.now_ms();
        tx.execute(
            &queries::LINE_SET,
            params![
                line.recipient,
                line.line_id,
                line.eligibility.code(),
                line.account_state.code(),
                line.problem.map(Trouble::code),
                line.account.as_deref(),
                &line.channel,
                order_id,
                line.live,
                line.events,
                now
            ],
        )?;
        let state = if kind == "account" { line.account_state.code() } else { line.eligibility.code() };
        let event = EventRow {
            line: (line.recipient, line.line_id, line.events),
            at_ms: now,
            actor: scope.actor_name(),
            kind,
            state,
            reason: &format!("person:{reason}"),
            next,
            document: "decision",
        };
        tx.execute(&queries::EVENT_ADD, &event.values())?;
        shift(tx, &before, -1)?;
        shift(tx, &line, 1)?;
        common::audit(tx, house, scope, &format!("line:{}", line.line_id), state)
    })
}

/// Moves one line in the counts that pages read, without counting all lines anew.
pub(crate) fn shift(tx: &mut Tx<'_>, line: &Line, sign: i64) -> Result<()> {
    let figures = [1, line.amount, line.topped_up, line.withdrawn, line.returned, line.unpaid]
        .map(|n| Value::Int(sign * n));
    let keys = [
        line.cycle_id.into(),
        (&line.region).into(),
        (&line.channel).into(),
        line.eligibility.code().into(),
        line.account_state.code().into(),
        line.payment.code().into(),
        line.problem.map_or("", Trouble::code).into(),
    ];
    let values: Vec<Value> = keys.into_iter().chain(figures).collect();
    tx.execute(&queries::SUMMARY_SHIFT, &values)?;
    Ok(())
}

fn other_channel(tx: &mut Tx<'_>, house: &House, cycle_id: i64) -> Result<String> {
    let cycle = common::built_cycle(tx, cycle_id)?;
    let version = common::version(house, &cycle.programme, &cycle.closing)?;
    let channel = version.fallback_channel.clone().filter(|channel| common::pays_cash(house, channel));
    channel.ok_or_else(|| Error::Channel { channel: cycle.programme, file: "fallback".to_owned() })
}

fn change(
    line: &mut Line,
    decision: &LineDecision,
    fallback: Option<String>,
) -> Result<(&'static str, &'static str)> {
    let remedy = "the money is on its way; wait for the channel's answer";
    let early = line.payment == PaymentState::Set && line.eligibility != Eligibility::Cancelled;
    if !early {
        return Err(Error::State {
            what: format!("line {}", line.line_id),
            state: line.payment.code().to_owned(),
            remedy,
        });
    }
    Ok(match decision {
        LineDecision::Hold => {
            line.eligibility = Eligibility::Held;
            line.problem = Some(Trouble::Held);
            ("eligibility", "decide")
        }
        LineDecision::Release => {
            line.eligibility = Eligibility::Eligible;
            // What troubled the account before it was held troubles it still.
            let failed = line.account_state == AccountState::Failed && line.problem == Some(Trouble::Held);
            let account = failed.then_some(Trouble::AccountRefused);
            line.problem = account.or(line.problem.filter(|problem| *problem != Trouble::Held));
            ("eligibility", "order")
        }
        LineDecision::Cancel => {
            line.eligibility = Eligibility::Cancelled;
            line.live = false;
            line.problem = None;
            ("eligibility", "none")
        }
        LineDecision::AccountGood if line.account.is_some() => {
            line.account_state = AccountState::Good;
            line.problem = None;
            ("account", "order")
        }
        LineDecision::AccountFailed | LineDecision::AccountGood => {
            line.account_state = AccountState::Failed;
            line.problem = Some(Trouble::AccountRefused);
            ("account", "repair_account")
        }
        LineDecision::CheckAgain { account } => {
            line.account = account.clone().or(line.account.take());
            line.account_state = AccountState::Unchecked;
            line.problem = None;
            ("account", "check_account")
        }
        LineDecision::OtherChannel => {
            line.channel = fallback.unwrap_or_else(|| line.channel.clone());
            line.account = Some(line.line_id.to_string());
            line.account_state = AccountState::NotNeeded;
            line.problem = None;
            ("account", "order")
        }
    })
}

/// Sends every line whose account failed to the programme's other channel (*dialihkan ke PT Pos*).
///
/// # Errors
/// [`Error::Channel`] when the programme has no other channel, [`Error::State`] while the cycle is being built.
pub fn reroute_failed(house: &House, scope: &Scope, cycle_id: i64) -> Result<u64> {
    common::need(scope, "payment.build")?;
    let _lock = common::lock(house)?;
    house.db.write(|tx| {
        let channel = other_channel(tx, house, cycle_id)?;
        let now = house.clock.now_ms();
        let moved = tx.query(&queries::REROUTE, params![cycle_id, &channel, now])?;
        let mut events = Vec::with_capacity(moved.len());
        for row in &moved {
            let event = EventRow {
                line: (row.int(0)?, row.int(1)?, row.int(2)?),
                at_ms: now,
                actor: scope.actor_name(),
                kind: "account",
                state: AccountState::NotNeeded.code(),
                reason: "rerouted",
                next: "order",
                document: "decision",
            };
            events.push(event.values());
        }
        tx.bulk("payment_event", common::EVENT_COLUMNS, events.into_iter())?;
        common::refresh(tx, cycle_id)?;
        common::audit(tx, house, scope, &format!("cycle:{cycle_id}"), &channel)?;
        Ok(moved.len() as u64)
    })
}

/// The sums of an order by place, for the books.
pub(crate) fn order_sums(tx: &mut Tx<'_>, order_id: i64) -> Result<books::Sums> {
    let mut sums = books::Sums::new();
    for row in tx.query(&queries::ORDER_SUMS, params![order_id])? {
        let place = books::place(row.text(1)?, row.text(2)?, row.text(0)?, row.text(3)?)?;
        let sum = sums.entry((place, ledger::Movement::Order)).or_default();
        *sum = sum.plus(Rupiah::new(row.int(4)?))?;
    }
    Ok(sums)
}

/// Ends a line's trouble of one kind, when its exception was solved.
pub(crate) fn end_trouble(tx: &mut Tx<'_>, line_id: i64, kind: &str, now_ms: i64) -> Result<()> {
    let found = tx.query_opt(&queries::LINE_IN_TROUBLE, params![line_id, kind])?;
    let Some(row) = found else { return Ok(()) };
    let (mut line, _, _) = read(&row)?;
    shift(tx, &line, -1)?;
    line.problem = None;
    shift(tx, &line, 1)?;
    tx.execute(&queries::TROUBLE_END, params![line.recipient, line.line_id, now_ms])?;
    Ok(())
}
