//! Lines as they are stored: reading them, writing changes of many at once, and what a person may do to one of them.

use std::sync::Arc;

use access::{House, Scope};
use model::LineId;
use rustc_hash::FxHashMap;
use store::{Row, Tx, Value, params};

use crate::{
    Error, Result, common, plan, queries,
    reply::{Line, Marks},
    state::{AccountState, Eligibility, PaymentState, Trouble},
    story,
    tally::Tally,
    texts::Texts,
};

/// What lines name by number, and texts that many lines share: each is fetched and kept once.
#[derive(Default)]
pub(crate) struct Known {
    texts: Texts,
    files: FxHashMap<i64, Arc<str>>,
    orders: FxHashMap<i64, (Arc<str>, Arc<str>)>,
    cycles: FxHashMap<i64, (Arc<str>, Arc<str>)>,
}

impl Known {
    /// Orders change their state; what is known of them holds for one transaction.
    pub(crate) fn forget_orders(&mut self) {
        self.orders.clear();
    }

    fn file(&mut self, tx: &mut Tx<'_>, file_no: i64) -> Result<Arc<str>> {
        if let Some(batch) = self.files.get(&file_no) {
            return Ok(Arc::clone(batch));
        }
        let batch: Arc<str> = tx.query_one(&queries::BATCH_OF_FILE, params![file_no])?.text(0)?.into();
        self.files.insert(file_no, Arc::clone(&batch));
        Ok(batch)
    }

    fn order(&mut self, tx: &mut Tx<'_>, order_id: i64) -> Result<(Arc<str>, Arc<str>)> {
        if let Some(known) = self.orders.get(&order_id) {
            return Ok(known.clone());
        }
        let row = tx.query_one(&queries::ORDER, params![order_id])?;
        let known: (Arc<str>, Arc<str>) = (row.text(4)?.into(), row.text(5)?.into());
        self.orders.insert(order_id, known.clone());
        Ok(known)
    }

    fn cycle(&mut self, tx: &mut Tx<'_>, cycle_id: i64) -> Result<(Arc<str>, Arc<str>)> {
        if let Some(known) = self.cycles.get(&cycle_id) {
            return Ok(known.clone());
        }
        let cycle = common::cycle(tx, cycle_id)?;
        let known: (Arc<str>, Arc<str>) = (cycle.programme.into(), cycle.period.into());
        self.cycles.insert(cycle_id, known.clone());
        Ok(known)
    }

    /// Reads a row of `line_columns!`. What stands in other tables is still missing: see [`Known::complete`].
    pub(crate) fn read(&mut self, row: &Row) -> Result<Line> {
        Ok(Line {
            recipient: row.int(0)?,
            line_id: row.int(1)?,
            cycle_id: row.int(2)?,
            programme: self.texts.shared(""),
            period: self.texts.shared(""),
            region: self.texts.shared(row.text(3)?),
            channel: self.texts.shared(row.text(4)?),
            amount: row.int(5)?,
            basis: basis(row.text(6)?)?,
            payee_name: row.string(7)?,
            account: row.opt_string(8)?,
            name_at_bank: row.opt_string(9)?,
            eligibility: Eligibility::from_code(row.text(10)?).ok_or(Error::Stored("eligibility"))?,
            account_state: AccountState::from_code(row.text(11)?).ok_or(Error::Stored("account state"))?,
            payment: PaymentState::from_code(row.text(12)?).ok_or(Error::Stored("payment state"))?,
            problem: row.opt_text(13)?.and_then(Trouble::from_code),
            check_batch: None,
            order_batch: None,
            told: Marks {
                check_file: row.opt_int(14)?,
                check_reply: row.opt_int(15)?,
                order: row.opt_int(16)?,
                order_reply: row.opt_int(17)?,
                moved_file: row.opt_int(18)?,
            },
            topped_up: row.int(19)?,
            withdrawn: row.int(20)?,
            returned: row.int(21)?,
            unpaid: row.int(22)?,
            live: row.bool(23)?,
            events: row.int(24)?,
        })
    }

    /// Fills in what the line's cycle, file and order say.
    pub(crate) fn complete(&mut self, tx: &mut Tx<'_>, line: &mut Line) -> Result<()> {
        (line.programme, line.period) = self.cycle(tx, line.cycle_id)?;
        if let Some(file_no) = line.told.check_file {
            line.check_batch = Some(self.file(tx, file_no)?);
        }
        if let Some(order_id) = line.told.order {
            let (batch, state) = self.order(tx, order_id)?;
            line.order_batch = Some(batch);
            if line.payment == PaymentState::Set {
                line.payment = PaymentState::of_order(&state, line.eligibility).unwrap_or(PaymentState::Set);
            }
        }
        Ok(())
    }
}

/// Why a line is paid, as stored.
pub(crate) const BASES: [&str; 4] = ["approved", "kept_for_now", "follow_up", "top_up"];

fn basis(code: &str) -> Result<&'static str> {
    BASES.into_iter().find(|basis| *basis == code).ok_or(Error::Stored("basis"))
}

/// All lines of an answer.
pub(crate) fn query(tx: &mut Tx<'_>, sql: &store::Sql, params: &[Value]) -> Result<Vec<Line>> {
    query_known(tx, &mut Known::default(), sql, params)
}

pub(crate) fn query_known(
    tx: &mut Tx<'_>,
    known: &mut Known,
    sql: &store::Sql,
    params: &[Value],
) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    tx.for_each(sql, params, |row| {
        lines.push(known.read(&row)?);
        Ok::<_, Error>(())
    })?;
    for line in &mut lines {
        known.complete(tx, line)?;
    }
    Ok(lines)
}

/// The state that the table holds: an order's state is told by the order.
fn stored(payment: PaymentState) -> PaymentState {
    match payment {
        PaymentState::Committed | PaymentState::Ordered | PaymentState::Instructed => PaymentState::Set,
        own => own,
    }
}

const CHANGE_COLUMNS: &[&str] = &[
    "recipient",
    "line_id",
    "account",
    "name_at_bank",
    "account_state",
    "payment",
    "problem",
    "check_reply",
    "order_reply",
    "moved_file",
    "topped_up_idr",
    "withdrawn_idr",
    "returned_idr",
    "unpaid_idr",
    "live",
    "events",
];

/// Writes changed lines, all in one statement.
pub(crate) fn apply(tx: &mut Tx<'_>, now_ms: i64, mut lines: Vec<&Line>) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    lines.sort_unstable_by_key(|line| (line.recipient, line.line_id));
    let rows = lines.iter().map(|line| {
        vec![
            line.recipient.into(),
            line.line_id.into(),
            line.account.as_deref().into(),
            line.name_at_bank.as_deref().into(),
            line.account_state.code().into(),
            stored(line.payment).code().into(),
            line.problem.map(Trouble::code).into(),
            line.told.check_reply.into(),
            line.told.order_reply.into(),
            line.told.moved_file.into(),
            line.topped_up.into(),
            line.withdrawn.into(),
            line.returned.into(),
            line.unpaid.into(),
            line.live.into(),
            line.events.into(),
        ]
    });
    tx.bulk("payment_change", CHANGE_COLUMNS, rows)?;
    let changed = tx.execute(&queries::CHANGE_APPLY, params![now_ms])?;
    if changed != lines.len() as u64 {
        return Err(Error::Stored("payment lines"));
    }
    tx.execute(&queries::CHANGE_CLEAR, &[])?;
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
    /// Stop it for the time being; once its order is approved, withhold it from the channel.
    Hold,
    /// Let it go on.
    Release,
    /// End it, before any money was ordered.
    Cancel,
    /// The account is the payee's after all.
    AccountGood,
    /// The account is not the payee's.
    AccountFailed,
    /// The data were mended at the bank, perhaps with another account: ask again. Of a line whose money came back it is kept for
    /// the line that follows it.
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
    // Steps over whole cycles count on lines that nobody else changes.
    let _lock = common::lock(house)?;
    house.db.write(|tx| {
        let mut tally = Tally::default();
        let said = Said { reason, document: "decision" };
        let state = decide_in(tx, house, scope, line, decision, &said, &mut tally)?;
        tally.write(tx)?;
        common::audit(tx, house, scope, &format!("line:{line}"), state)
    })
}

/// Why a person decided, and in which act.
pub(crate) struct Said<'a> {
    pub(crate) reason: &'a str,
    pub(crate) document: &'a str,
}

/// One decision within the caller's transaction, which holds the lock, writes the counts and audits. A refusal is told before
/// anything is written. Answers the new state.
pub(crate) fn decide_in(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    line: LineId,
    decision: &LineDecision,
    said: &Said<'_>,
    tally: &mut Tally,
) -> Result<&'static str> {
    let reason: String = said.reason.chars().take(400).collect();
    let (from, to) = scope.path_range();
    let of = params![from, to, scope.caseload(), line];
    let mut line = query(tx, &queries::LINE_BY_ID, of)?.pop().ok_or(Error::NotFound("payment line"))?;
    if let LineDecision::CheckAgain { account } = decision
        && line.returned + line.unpaid > 0
    {
        // It is finished and stays as it is; what was mended is for the line that follows it.
        common::hand(tx, house, scope, line.cycle_id)?;
        plan::mend(tx, house, scope, &line, account.as_deref(), &reason)?;
        return Ok("mended");
    }
    let before = line.clone();
    let fallback = match decision {
        LineDecision::OtherChannel => Some(other_channel(tx, house, line.cycle_id)?),
        _ => None,
    };
    if line.told.order.is_some_and(|_| line.payment != PaymentState::Set) && is_told(tx, &line)? {
        // The file may be with the channel already.
        return Err(on_its_way(&line));
    }
    let (kind, next) = change(&mut line, decision, fallback)?;
    common::hand(tx, house, scope, line.cycle_id)?;
    if matches!(decision, LineDecision::CheckAgain { .. }) {
        // The line will name another file: what files said of it until now becomes its own.
        story::keep(tx, house, &before, &mut line)?;
    }
    let told = [scope.actor_name(), &format!("person:{reason}"), said.document];
    let state = put(tx, house.clock.now_ms(), (&before, &mut line), (kind, next), told, tally)?;
    if line.eligibility == Eligibility::Cancelled {
        // What it followed may be followed by another.
        tx.execute(&plan::queries::LINE_ENDED, params![line.recipient, line.line_id])?;
    }
    if *decision == LineDecision::Release {
        tx.execute(&plan::queries::DEATH_REFUTED, params![line.recipient, line.line_id])?;
    }
    Ok(state)
}

/// Writes a line that a decision changed, with the event that tells of it and the counts: actor, reason and document. Answers the
/// state that changed.
pub(crate) fn write(
    tx: &mut Tx<'_>,
    now_ms: i64,
    lines: (&Line, &mut Line),
    changed: (&str, &str),
    told: [&str; 3],
) -> Result<&'static str> {
    let mut tally = Tally::default();
    let state = put(tx, now_ms, lines, changed, told, &mut tally)?;
    tally.write(tx)?;
    Ok(state)
}

/// The same, for a caller who writes the counts of many lines at once.
fn put(
    tx: &mut Tx<'_>,
    now_ms: i64,
    (before, line): (&Line, &mut Line),
    (kind, next): (&str, &str),
    [actor, reason, document]: [&str; 3],
    tally: &mut Tally,
) -> Result<&'static str> {
    line.events += 1;
    // A line that changed leaves an order that is not approved yet; the order's hash no longer fits and it must be made anew.
    line.told.order = line.told.order.filter(|_| line.payment != PaymentState::Set);
    tx.execute(
        &queries::LINE_SET,
        params![
            line.recipient,
            line.line_id,
            line.eligibility.code(),
            line.account_state.code(),
            line.problem.map(Trouble::code),
            line.account.as_deref(),
            &*line.channel,
            line.told.order,
            line.live,
            line.events,
            now_ms,
            line.told.check_file,
            line.told.check_reply
        ],
    )?;
    let state = if kind == "account" { line.account_state.code() } else { line.eligibility.code() };
    let event = EventRow {
        line: (line.recipient, line.line_id, line.events),
        at_ms: now_ms,
        actor,
        kind,
        state,
        reason,
        next,
        document,
    };
    tx.execute(&queries::EVENT_ADD, &event.values())?;
    tally.count(before, -1);
    tally.count(line, 1);
    Ok(state)
}

fn on_its_way(line: &Line) -> Error {
    Error::State {
        what: format!("line {}", line.line_id),
        state: line.payment.code().to_owned(),
        remedy: "the money is on its way; wait for the channel's answer",
    }
}

/// Whether the order's file to the channel was begun.
pub(crate) fn is_told(tx: &mut Tx<'_>, line: &Line) -> Result<bool> {
    Ok(tx.query_opt(&queries::FILE_OF_ORDER, params![line.told.order])?.is_some())
}

fn other_channel(tx: &mut Tx<'_>, house: &House, cycle_id: i64) -> Result<String> {
    let cycle = common::built_cycle(tx, cycle_id)?;
    let version = common::version(house, &cycle.programme, &cycle.closing)?;
    let channel = version.fallback_channel.clone().filter(|channel| common::pays_cash(house, channel));
    channel.ok_or_else(|| Error::Channel { channel: cycle.programme, file: "fallback".to_owned() })
}

pub(crate) fn change(
    line: &mut Line,
    decision: &LineDecision,
    fallback: Option<String>,
) -> Result<(&'static str, &'static str)> {
    // After the approval a line can only be withheld, or let go on, until the channel is told.
    let withholds = matches!(decision, LineDecision::Hold | LineDecision::Release)
        && matches!(line.payment, PaymentState::Committed | PaymentState::Ordered);
    let early = line.payment == PaymentState::Set || withholds;
    if !early || line.eligibility == Eligibility::Cancelled {
        return Err(on_its_way(line));
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
            let held = |problem: &Trouble| matches!(problem, Trouble::Held | Trouble::PayeeDied);
            let failed =
                line.account_state == AccountState::Failed && line.problem.as_ref().is_some_and(held);
            let account = failed.then_some(Trouble::AccountRefused);
            line.problem = account.or(line.problem.filter(|problem| !held(problem)));
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
            line.channel = fallback.map_or_else(|| Arc::clone(&line.channel), Into::into);
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
        let cycle = common::cycle(tx, cycle_id)?;
        let now = house.clock.now_ms();
        let of = params![cycle_id, &channel, now, cycle.first_line, cycle.last_line];
        let moved = tx.query(&queries::REROUTE, of)?;
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
        common::refresh(tx, &cycle)?;
        common::audit(tx, house, scope, &format!("cycle:{cycle_id}"), &channel)?;
        Ok(moved.len() as u64)
    })
}

/// Ends a line's trouble of one kind, when its exception was solved.
pub(crate) fn end_trouble(tx: &mut Tx<'_>, line_id: i64, kind: &str, now_ms: i64) -> Result<()> {
    let Some(mut line) = query(tx, &queries::LINE_IN_TROUBLE, params![line_id, kind])?.pop() else {
        return Ok(());
    };
    let mut tally = Tally::default();
    tally.count(&line, -1);
    line.problem = None;
    tally.count(&line, 1);
    tally.write(tx)?;
    tx.execute(&queries::TROUBLE_END, params![line.recipient, line.line_id, now_ms])?;
    Ok(())
}
