//! Orders: a wave of lines that is paid together. One person prepares it, others approve it, then the file goes to the channel.
//!
//! The approval binds the hash of the list (line, account, name, amount), and goes to the treasury as a payment order (SPM). The
//! money leaves the treasury in the books when its disbursement order (SP2D) is recorded; until then the order can be taken apart.
//! The standing instruction (SI) is committed before its file is written, without the lines that were withheld since.

use std::{fmt::Write, path::Path};

use access::{House, Scope};
use jiff::civil::Date;
use model::{Progress, RegionCode, Rupiah};
use policy::ApprovalBand;
use rayon::prelude::*;
use serde::Serialize;
use store::{Row, Tx, params};

use crate::{
    Error, Result, books, checks,
    common::{self, Cycle},
    files::{self, FileMade, NewFile},
    late, post, queries, shared,
    state::{Eligibility, PaymentState},
    wire::{self, Outgoing},
};

const KIND: &str = "order";
/// Characters of a paper's number.
const PAPER_MAX: usize = 60;
/// Characters of a reason.
const REASON_MAX: usize = 400;

/// Which lines an order takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wave {
    /// Only this channel; otherwise the cycle's own.
    pub channel: Option<String>,
    /// Only lines of this region (a *termin*); otherwise all.
    pub region: Option<RegionCode>,
}

/// The treasury's answer to a payment order: *surat perintah pencairan dana*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sp2d {
    /// Its number.
    pub number: String,
    /// The day on it, when the money left.
    pub on: Date,
}

/// Who approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApprovalView {
    /// Account.
    pub user_id: i64,
    /// By name at that time.
    pub name: String,
    /// Role at that time.
    pub role: String,
    /// Milliseconds since the epoch.
    pub at_ms: i64,
}

/// An order as pages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderView {
    /// Its number.
    pub order_id: i64,
    /// The cycle it pays.
    pub cycle_id: i64,
    /// Key of the channel.
    pub channel: String,
    /// Its region; the nation when not limited.
    pub region: RegionCode,
    /// What lines and replies name it by.
    pub batch: String,
    /// `proposed`, `approved` (SPM), `disbursed` (SP2D), `sent` (SI) or `cancelled`.
    pub state: String,
    /// Lines.
    pub lines: i64,
    /// Their sum.
    pub amount_idr: i64,
    /// What an approval binds.
    pub list_hash: String,
    /// Who prepared it.
    pub made_by_id: i64,
    /// By name.
    pub made_by: String,
    /// When, milliseconds since the epoch.
    pub made_at_ms: i64,
    /// Number of the payment order.
    pub spm: Option<String>,
    /// Number of the disbursement order.
    pub sp2d: Option<String>,
    /// Number of the standing instruction.
    pub si: Option<String>,
    /// When it was approved.
    pub approved_at_ms: Option<i64>,
    /// When it was sent.
    pub sent_at_ms: Option<i64>,
    /// The day on the disbursement order.
    pub sp2d_on: Option<String>,
    /// When that was recorded.
    pub disbursed_at_ms: Option<i64>,
    /// By whom.
    pub disbursed_by: Option<String>,
    /// Why it was taken apart.
    pub cancelled_for: Option<String>,
    /// Role that may approve such a sum.
    pub approver_role: String,
    /// How many people must approve.
    pub approvals_needed: i64,
    /// Who did.
    pub approvals: Vec<ApprovalView>,
}

/// Prepares an order of every line that is ready. Whoever does this may not approve it.
///
/// # Errors
/// [`Error::NothingToOrder`] when no line is ready.
pub fn prepare_order(house: &House, scope: &Scope, cycle_id: i64, wave: &Wave) -> Result<OrderView> {
    common::need(scope, "payment.build")?;
    let _lock = common::lock(house)?;
    let begun = house.db.write(|tx| {
        common::hand(tx, house, scope, cycle_id)?;
        begin(tx, house, scope, cycle_id, wave)
    })?;
    shared::doubt(house, scope, &begun.cycle)?;
    let Begun { cycle, order_id, channel, region } = begun;
    let (from, to) = region.path_range();
    for (first, last) in cycle.ranges(0) {
        let of = params![first, last, cycle_id, &channel, &from, &to, order_id];
        house.db.write(|tx| tx.execute(&queries::ORDER_TAKE, of))?;
    }
    let list = list_of(house, &cycle, order_id)?;
    house
        .db
        .write(|tx| {
            if list.lines == 0 {
                // Doubts took the last of them.
                tx.execute(&queries::ORDER_CANCELLED, params![order_id, None::<&str>])?;
                return Ok(None);
            }
            tx.execute(&queries::ORDER_READY, params![order_id, list.lines, list.amount, &list.hash])?;
            let of = params![cycle_id, &channel, &from, &to, order_id];
            tx.execute(&queries::ORDER_COUNTS, of)?;
            tx.execute(&queries::ORDER_COUNTED, &of[..4])?;
            common::audit(tx, house, scope, &format!("order:{order_id}"), &list.hash)?;
            get(tx, house, order_id).map(Some)
        })?
        .ok_or(Error::NothingToOrder)
}

/// An order whose lines are being chosen.
struct Begun {
    cycle: Cycle,
    order_id: i64,
    channel: String,
    region: RegionCode,
}

/// Makes the order's row, or finds the one that an interrupted call left.
fn begin(tx: &mut Tx<'_>, house: &House, scope: &Scope, cycle_id: i64, wave: &Wave) -> Result<Begun> {
    let cycle = common::built_cycle(tx, cycle_id)?;
    let channel = wave.channel.clone().unwrap_or_else(|| cycle.channel.clone());
    wire::layout(checks::channel_of(house, &channel)?, KIND)?;
    let region = wave.region.clone().unwrap_or_else(RegionCode::nation);
    if let Some(row) = tx.query_opt(&queries::ORDER_BEGUN, params![cycle_id, &channel, &region])? {
        return Ok(Begun { cycle, order_id: row.int(0)?, channel, region });
    }
    let (from, to) = region.path_range();
    if tx.query_one(&queries::ORDER_WAITS, params![cycle_id, &channel, from, to])?.int(0)? == 0 {
        return Err(Error::NothingToOrder);
    }
    let order_id = store::next_number(tx, "payment_order", 1)?;
    let values = params![
        order_id,
        cycle_id,
        &channel,
        &region,
        format!("SI{order_id:06}"),
        0,
        0,
        "",
        house.clock.now_ms(),
        scope.actor(),
        scope.actor_name()
    ];
    tx.execute(&queries::ORDER_ADD, values)?;
    Ok(Begun { cycle, order_id, channel, region })
}

/// Approves an order; when enough people did, it goes to the treasury under the number of its payment order (SPM).
///
/// # Errors
/// [`Error::SamePerson`], [`Error::Role`], [`Error::ListChanged`] when `list_hash` or a line is not what was prepared.
pub fn approve_order(
    house: &House,
    scope: &Scope,
    order_id: i64,
    list_hash: &str,
    spm: &str,
) -> Result<OrderView> {
    common::need(scope, "payment.approve")?;
    let _lock = common::lock(house)?;
    let (order, cycle) = house.db.read(|tx| {
        let order = get(tx, house, order_id)?;
        let cycle = common::cycle(tx, order.cycle_id)?;
        Ok::<_, Error>((order, cycle))
    })?;
    if order.state != "proposed" {
        return state_error(order, "only a proposed order can be approved");
    }
    may_approve(house, scope, &order)?;
    // Read without holding up other writers: the lock keeps the lines as they are.
    let list = list_of(house, &cycle, order_id)?;
    if list_hash.is_empty() || order.list_hash != list_hash || list.hash != list_hash {
        return Err(Error::ListChanged);
    }
    house.db.write(|tx| {
        common::hand(tx, house, scope, order.cycle_id)?;
        let now = house.clock.now_ms();
        let approval = params![order_id, scope.actor(), scope.actor_name(), scope.role(), now];
        tx.execute(&queries::APPROVAL_ADD, approval)?;
        common::audit(tx, house, scope, &format!("order:{order_id}"), list_hash)?;
        let given = tx.query(&queries::APPROVALS, params![order_id])?.len() as i64;
        if given >= order.approvals_needed {
            let spm = paper(spm)?;
            tx.execute(&queries::ORDER_APPROVED, params![order_id, spm, now])?;
            move_counts(tx, &order, (PaymentState::Set, PaymentState::Committed), None)?;
        }
        get(tx, house, order_id)
    })
}

fn may_approve(house: &House, scope: &Scope, order: &OrderView) -> Result<()> {
    if scope.actor().0 == order.made_by_id {
        return Err(Error::SamePerson);
    }
    let bands = &house.policy.settings().approval;
    let amount = Rupiah::new(order.amount_idr);
    // Who may approve more may approve less.
    let from = bands.iter().position(|band| band.up_to.is_none_or(|up_to| amount <= up_to));
    let allowed = from.is_some_and(|from| bands[from..].iter().any(|band| band.role == scope.role()));
    if allowed { Ok(()) } else { Err(Error::Role { amount, role: order.approver_role.clone() }) }
}

/// Number of a paper as people write it, without the space around it.
pub(crate) fn paper(number: &str) -> Result<&str> {
    let number = number.trim();
    if number.is_empty() || number.chars().count() > PAPER_MAX { Err(Error::Documents) } else { Ok(number) }
}

/// Records the treasury's disbursement order (SP2D): the whole sum of the list that was approved leaves the treasury in the books.
/// The same number again changes nothing.
///
/// # Errors
/// [`Error::State`] before the approval or with another number than the one recorded, [`Error::PaperTaken`] when another order
/// has this number, [`Error::Documents`] when there is none or its day is to come.
pub fn disburse_order(house: &House, scope: &Scope, order_id: i64, sp2d: &Sp2d) -> Result<OrderView> {
    common::need(scope, "payment.export")?;
    let number = paper(&sp2d.number)?;
    if sp2d.on > house.clock.today() {
        return Err(Error::Documents);
    }
    let _lock = common::lock(house)?;
    let (order, cycle) = house.db.read(|tx| {
        let order = get(tx, house, order_id)?;
        let cycle = common::cycle(tx, order.cycle_id)?;
        Ok::<_, Error>((order, cycle))
    })?;
    if order.sp2d.as_deref() == Some(number) && order.disbursed_at_ms.is_some() {
        return Ok(order);
    }
    if order.state != "approved" {
        return state_error(order, "the treasury pays what was approved, and once");
    }
    house.db.write(|tx| {
        if let Some(row) = tx.query_opt(&queries::SP2D_TAKEN, params![number, order_id])? {
            return Err(Error::PaperTaken { number: number.to_owned(), order_id: row.int(0)? });
        }
        common::hand(tx, house, scope, order.cycle_id)?;
        let now = house.clock.now_ms();
        let of = params![order_id, number, sp2d.on.to_string(), now, scope.actor_name()];
        tx.execute(&queries::ORDER_DISBURSED, of)?;
        let sums = sums_of(tx, &order, &cycle)?;
        move_counts(tx, &order, (PaymentState::Committed, PaymentState::Ordered), None)?;
        let document = format!("order:{order_id}");
        let ground = books::Ground { document: &document, part: 0 };
        books::post(tx, &sums, ground, now, scope.actor_name())?;
        common::audit(tx, house, scope, &format!("order:{order_id}"), number)?;
        get(tx, house, order_id)
    })
}

/// What leaves the treasury for each place. Lines that were withheld since the approval are in it: the treasury has its list.
fn sums_of(tx: &mut Tx<'_>, order: &OrderView, cycle: &Cycle) -> Result<books::Sums> {
    let mut sums = books::Sums::new();
    let mut total = Rupiah::ZERO;
    let committed = params![order.cycle_id, order.order_id, PaymentState::Committed.code()];
    for row in tx.query(&queries::ORDER_REGIONS, committed)? {
        let amount = row.rupiah(1)?;
        let place = books::place(&cycle.programme, &cycle.period, row.text(0)?, &order.channel)?;
        let sum = sums.entry((place, ledger::Movement::Order, false)).or_default();
        *sum = sum.plus(amount)?;
        total = total.plus(amount)?;
    }
    if total.idr() == order.amount_idr { Ok(sums) } else { Err(Error::ListChanged) }
}

/// An order's lines are counted under its new state: all of them, or those of one eligibility.
fn move_counts(
    tx: &mut Tx<'_>,
    order: &OrderView,
    (from, to): (PaymentState, PaymentState),
    only: Option<Eligibility>,
) -> Result<()> {
    let only = only.map_or("", Eligibility::code);
    let (cycle_id, order_id) = (order.cycle_id, order.order_id);
    tx.execute(&queries::ORDER_STATES, params![cycle_id, order_id, from.code(), to.code(), only])?;
    tx.execute(&queries::ORDER_LEAVES, params![cycle_id, order_id, from.code(), only])?;
    Ok(())
}

/// Takes an order apart whose money is still in the treasury, for a reason: nobody approved it, or the treasury sent its payment
/// order back. Its lines can be ordered anew.
///
/// # Errors
/// [`Error::State`] once the money left the treasury, [`Error::Documents`] when an approved one is to go without a reason.
pub fn cancel_order(house: &House, scope: &Scope, order_id: i64, reason: &str) -> Result<OrderView> {
    common::need(scope, "payment.build")?;
    let _lock = common::lock(house)?;
    let reason: String = reason.trim().chars().take(REASON_MAX).collect();
    house.db.write(|tx| {
        let order = get(tx, house, order_id)?;
        let cycle = common::cycle(tx, order.cycle_id)?;
        if order.state == "approved" {
            if reason.is_empty() {
                return Err(Error::Documents);
            }
            move_counts(tx, &order, (PaymentState::Committed, PaymentState::Set), None)?;
        }
        if tx.execute(&queries::ORDER_CANCELLED, params![order_id, &reason])? == 0 {
            return state_error(order, "its money left the treasury; hold the lines that must not be paid");
        }
        tx.execute(&queries::ORDER_RELEASE, params![order_id, cycle.first_line, cycle.last_line])?;
        tx.execute(&queries::ORDER_FREES, params![cycle.cycle_id, order_id])?;
        tx.execute(&queries::ORDER_FREED, params![cycle.cycle_id, order_id])?;
        common::audit(tx, house, scope, &format!("order:{order_id}"), &format!("cancelled {reason}"))?;
        get(tx, house, order_id)
    })
}

/// Writes the instruction to the channel into `folder`. The same call again answers the same file.
///
/// # Errors
/// [`Error::State`] before its SP2D, [`Error::File`] when the folder cannot be written; then the same call again writes the
/// same file.
pub fn export_orders(
    house: &House,
    scope: &Scope,
    order_id: i64,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<FileMade> {
    common::need(scope, "payment.export")?;
    let _lock = common::lock(house)?;
    let file_no = house.db.write(|tx| intend(tx, house, scope, order_id))?;
    let (file, cycle) = house.db.read(|tx| {
        let order = get(tx, house, order_id)?;
        let cycle = common::cycle(tx, order.cycle_id)?;
        Ok::<_, Error>((files::get(tx, file_no)?, cycle))
    })?;
    if file.state == "intended" {
        let layout = wire::layout(checks::channel_of(house, &file.channel)?, KIND)?;
        let mut out = Outgoing::create(folder, &file.name, layout)?.sealed(file.seal());
        let coded = layout.columns.iter().any(|column| column.field == "code");
        house.db.read(|tx| {
            tx.for_each(&queries::ORDER_LINES, params![order_id, cycle.first_line, cycle.last_line], |row| {
                let (line_id, amount) = (row.int(0)?.to_string(), row.int(3)?.to_string());
                let (account, name) = (row.opt_text(1)?.unwrap_or(""), row.text(2)?);
                let code = if coded { post::code_of(row.int(0)?).unwrap_or_default() } else { String::new() };
                if out.rows % 50_000 == 0 {
                    progress.report("order file", out.rows, 0);
                }
                store::fault!(house.db, "file.order_row")?;
                out.row(layout.columns.iter().map(|column| match column.field.as_str() {
                    "batch" => file.batch.as_str(),
                    "ref" => line_id.as_str(),
                    "account" => account,
                    "name" => name,
                    "amount_idr" => amount.as_str(),
                    "code" => code.as_str(),
                    _ => "",
                }))
            })
        })?;
        checks::finish(house, &file, out)?;
    }
    let file = house.db.read(|tx| files::get(tx, file_no))?;
    house.db.write(|tx| sent(tx, house, order_id))?;
    store::fault!(house.db, "order.sent")?;
    // The channel may have answered before we knew that it was told.
    let order = house.db.read(|tx| get(tx, house, order_id))?;
    let since = order.sent_at_ms.unwrap_or(file.at_ms);
    late::judge(house, scope, order.cycle_id, since, &format!("order:{order_id}"))?;
    Ok(file.made(folder))
}

/// Commits to sending, before anything is written outside.
fn intend(tx: &mut Tx<'_>, house: &House, scope: &Scope, order_id: i64) -> Result<i64> {
    let order = get(tx, house, order_id)?;
    common::hand(tx, house, scope, order.cycle_id)?;
    if let Some(row) = tx.query_opt(&queries::FILE_OF_ORDER, params![order_id])? {
        return Ok(row.int(0)?);
    }
    if order.state != "disbursed" {
        return state_error(order, "it can be sent when its SP2D is recorded");
    }
    let layout = wire::layout(checks::channel_of(house, &order.channel)?, KIND)?;
    let file_no = store::next_number(tx, "channel_file", 1)?;
    let name = layout.pattern.replace("{batch}", &order.batch);
    let file = NewFile {
        file_no,
        direction: "out",
        channel: &order.channel,
        kind: KIND,
        cycle_id: Some(order.cycle_id),
        order_id: Some(order_id),
        batch: &order.batch,
        name: &name,
        hash: None,
        bytes: 0,
        state: "intended",
    };
    files::add(tx, house, scope, &file)?;
    common::audit(tx, house, scope, &format!("order:{order_id}"), &name)?;
    Ok(file_no)
}

fn sent(tx: &mut Tx<'_>, house: &House, order_id: i64) -> Result<()> {
    let order = get(tx, house, order_id)?;
    let now = house.clock.now_ms();
    if tx.execute(&queries::ORDER_SENT, params![order_id, &order.batch, now])? == 0 {
        return Ok(());
    }
    let eligible = Some(Eligibility::Eligible);
    move_counts(tx, &order, (PaymentState::Ordered, PaymentState::Instructed), eligible)
}

/// What an order consists of.
struct List {
    lines: i64,
    amount: Rupiah,
    hash: String,
}

/// Reads an order's lines, stretches of the cycle side by side. The hash is that of the stretches' hashes.
fn list_of(house: &House, cycle: &Cycle, order_id: i64) -> Result<List> {
    let ranges: Vec<(i64, i64)> = cycle.ranges(0).collect();
    let parts: Result<Vec<List>> =
        ranges.par_iter().map(|range| house.db.read(|tx| stretch_of(tx, order_id, *range))).collect();
    let mut hasher = blake3::Hasher::new();
    let mut whole = List { lines: 0, amount: Rupiah::ZERO, hash: String::new() };
    for part in parts? {
        hasher.update(part.hash.as_bytes());
        whole.lines += part.lines;
        whole.amount = whole.amount.plus(part.amount)?;
    }
    whole.hash = hasher.finalize().to_hex().to_string();
    Ok(whole)
}

fn stretch_of(tx: &mut Tx<'_>, order_id: i64, (from, to): (i64, i64)) -> Result<List> {
    let (mut hasher, mut lines, mut amount) = (blake3::Hasher::new(), 0, Rupiah::ZERO);
    let mut text = String::new();
    tx.for_each(&queries::ORDER_LIST, params![order_id, from, to], |row| {
        let (account, sum) = (row.opt_text(1)?.unwrap_or(""), row.rupiah(3)?);
        text.clear();
        let written =
            writeln!(text, "{}\u{1f}{account}\u{1f}{}\u{1f}{}", row.int(0)?, row.text(2)?, sum.idr());
        written.map_err(|_| Error::Stored("line"))?;
        hasher.update(text.as_bytes());
        lines += 1;
        amount = amount.plus(sum)?;
        Ok::<_, Error>(())
    })?;
    Ok(List { lines, amount, hash: hasher.finalize().to_hex().to_string() })
}

fn state_error<T>(order: OrderView, remedy: &'static str) -> Result<T> {
    Err(Error::State { what: format!("order {}", order.order_id), state: order.state, remedy })
}

/// One order with its approvals.
pub(crate) fn get(tx: &mut Tx<'_>, house: &House, order_id: i64) -> Result<OrderView> {
    let row = tx.query_opt(&queries::ORDER, params![order_id])?.ok_or(Error::NotFound("order"))?;
    with_approvals(tx, house, &row)
}

pub(crate) fn with_approvals(tx: &mut Tx<'_>, house: &House, row: &Row) -> Result<OrderView> {
    let amount = row.rupiah(7)?;
    let band: Option<&ApprovalBand> = house.policy.settings().approval_for(amount);
    let approvals = tx.query(&queries::APPROVALS, params![row.int(0)?])?;
    let approvals = approvals.iter().map(|row| {
        let (user_id, name, role) = (row.int(0)?, row.string(1)?, row.string(2)?);
        Ok(ApprovalView { user_id, name, role, at_ms: row.int(3)? })
    });
    Ok(OrderView {
        order_id: row.int(0)?,
        cycle_id: row.int(1)?,
        channel: row.string(2)?,
        region: row.region(3)?,
        batch: row.string(4)?,
        state: row.string(5)?,
        lines: row.int(6)?,
        amount_idr: amount.idr(),
        list_hash: row.string(8)?,
        made_at_ms: row.int(9)?,
        made_by_id: row.int(10)?,
        made_by: row.string(11)?,
        spm: row.opt_string(12)?,
        sp2d: row.opt_string(13)?,
        si: row.opt_string(14)?,
        approved_at_ms: row.opt_int(15)?,
        sent_at_ms: row.opt_int(16)?,
        sp2d_on: row.opt_string(17)?,
        disbursed_at_ms: row.opt_int(18)?,
        disbursed_by: row.opt_string(19)?,
        cancelled_for: row.opt_string(20)?,
        approver_role: band.map(|band| band.role.clone()).unwrap_or_default(),
        approvals_needed: band.map_or(1, |band| band.people.max(1)),
        approvals: approvals.collect::<Result<Vec<_>>>()?,
    })
}
