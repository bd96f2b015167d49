//! A session with a bank: commits to what will be sent, calls within the channel's limits, records every outcome, hands over what was told.
//! Between any two of these it can be killed: what was only meant is sent later, what may have been sent is asked about, what was told
//! and not handed over is handed over.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use access::{House, Scope};
use model::{Progress, Rupiah};
use policy::{Api, Channel};
use serde::Serialize;
use store::{Row, Tx, Value, params};

use super::{
    Bank, Keys,
    decide::{self, CallState, Move, Outcome},
    queries,
    talk::{self, Answer, CallError, Doubt, Service, Subject},
};
use crate::{
    Error, Result, checks,
    common::{self, Cycle},
    files, import, orders,
    wire::{self, Outgoing, Seal},
};

/// Calls that are committed to, made and recorded together.
const WAVE: usize = 256;
/// A token is renewed this long before it ends, milliseconds.
const TOKEN_MARGIN_MS: i64 = 60_000;
/// After this time a bank that was too busy is called again, milliseconds.
const BUSY_MS: i64 = 2_000;

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Ask about the accounts of lines that were not asked about.
    Check,
    /// Pay the approved orders, and ask what became of unclear transfers.
    Transfer,
    /// Only ask what became of unclear transfers.
    Status,
}

/// Who acts: sending needs `payment.export`, taking in what was told `payment.import`.
#[derive(Clone, Copy)]
pub struct Actors<'a> {
    /// Sends.
    pub sending: &'a Scope,
    /// Takes in.
    pub taking: &'a Scope,
}

/// What a session did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Calls made, tokens left out.
    pub calls: u64,
    /// The bank's last word came.
    pub told: u64,
    /// Still without one.
    pub waiting: u64,
    /// When the next of them is due, milliseconds since the epoch.
    pub next_at_ms: Option<i64>,
    /// Files of what was told, taken in.
    pub files: Vec<i64>,
    /// Why the last call that was turned away was so.
    pub turned_away: Option<String>,
}

/// Does what is due, and waits for what falls due within `wait_s` seconds.
///
/// # Errors
/// [`Error::Channel`] when the channel is not called, [`Error::AtWork`] while another session with it runs. Whatever the bank does is no
/// error: it is a state of a call.
pub fn run(
    house: &House,
    actors: Actors<'_>,
    (channel, cycle_id): (&str, i64),
    task: Task,
    (bank, keys): (&dyn Bank, &Keys),
    (folder, wait_s): (&Path, u32),
    progress: &dyn Progress,
) -> Result<Session> {
    common::need(actors.sending, "payment.export")?;
    common::need(actors.taking, "payment.import")?;
    let (channel, api) = called(house, channel)?;
    let _lock = house.db.lock(&format!("snap:{}", channel.key))?.ok_or(Error::AtWork)?;
    let cycle = house.db.read(|tx| common::built_cycle(tx, cycle_id))?;
    let phone = Phone { house, api, keys, bank };
    let desk = Desk { house, actors, channel, api, phone, cycle, task, folder, progress };
    desk.begin()?;
    let mut session = Session::default();
    // What an earlier session was told and could not hand over.
    desk.deliver(&mut session)?;
    let talk = Talk::default();
    let until = house.clock.now_ms().saturating_add(i64::from(wait_s) * 1_000);
    loop {
        while desk.wave(&talk, &mut session)? {}
        desk.deliver(&mut session)?;
        let now = house.clock.now_ms();
        match session.next_at_ms {
            Some(next) if next <= until => bank.pause(next.saturating_sub(now).max(1) as u64),
            _ => return Ok(session),
        }
    }
}

/// The channel, when it is one that is called.
pub(super) fn called<'a>(house: &'a House, key: &str) -> Result<(&'a Channel, &'a Api)> {
    let channel = checks::channel_of(house, key)?;
    let api = channel.api.as_ref();
    Ok((channel, api.ok_or_else(|| Error::Channel { channel: key.to_owned(), file: "[api]".to_owned() })?))
}

/// A call as stored.
struct Call {
    line_id: i64,
    kind: String,
    batch: String,
    state: CallState,
    last_sent: i64,
    of: Subject,
}

impl Call {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            line_id: row.int(0)?,
            kind: row.string(1)?,
            batch: row.string(2)?,
            state: CallState::from_code(row.text(8)?).ok_or(Error::Stored("call"))?,
            last_sent: row.int(10)?,
            of: Subject {
                reference: row.string(3)?,
                external_id: row.string(4)?,
                account: row.string(5)?,
                name: row.string(6)?,
                amount: Rupiah::new(row.int(7)?),
                first_sent_ms: row.int(9)?,
            },
        })
    }
}

/// A call of a wave: what is done, and the number that the request bears.
struct Work {
    call: Call,
    step: Move,
    external_id: String,
}

/// What a call needs.
struct Phone<'a> {
    house: &'a House,
    api: &'a Api,
    keys: &'a Keys,
    bank: &'a dyn Bank,
}

/// The work with one bank for one cycle.
struct Desk<'a> {
    house: &'a House,
    actors: Actors<'a>,
    channel: &'a Channel,
    api: &'a Api,
    phone: Phone<'a>,
    cycle: Cycle,
    task: Task,
    folder: &'a Path,
    progress: &'a dyn Progress,
}

/// What the threads of a session share.
#[derive(Default)]
pub(super) struct Talk {
    token: Mutex<Option<(Arc<str>, i64)>>,
    /// When the next call may begin, microseconds since the epoch.
    next_us: Mutex<i64>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is kept here is whole at every moment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk<'_> {
    fn kind(&self) -> &'static str {
        if self.task == Task::Check { "check" } else { "transfer" }
    }

    /// Commits to the calls: the lines that the usual export chose, and nothing else.
    fn begin(&self) -> Result<()> {
        let (house, scope, cycle) = (self.house, self.actors.sending, &self.cycle);
        let batches: Vec<(i64, String)> = match self.task {
            Task::Status => Vec::new(),
            Task::Check => {
                let of = (cycle.cycle_id, Some(self.channel.key.as_str()));
                checks::export_of(house, scope, of, self.folder, self.progress)?;
                let files =
                    house.db.read(|tx| files::out_of_cycle(tx, cycle.cycle_id, "account_check_request"))?;
                let own = files.into_iter().filter(|file| file.channel == self.channel.key);
                own.map(|file| (file.file_no, file.batch)).collect()
            }
            Task::Transfer => {
                let of = params![cycle.cycle_id, &self.channel.key];
                let rows = house.db.read(|tx| tx.query(&queries::ORDERS_TO_SEND, of).map_err(Error::from))?;
                let orders: Result<Vec<(i64, String)>> =
                    rows.iter().map(|row| Ok((row.int(0)?, row.string(1)?))).collect();
                let orders = orders?;
                for (order_id, _) in &orders {
                    orders::export_orders(house, scope, *order_id, self.folder, self.progress)?;
                }
                orders
            }
        };
        let load = if self.task == Task::Check { &queries::CHECKS_LOAD } else { &queries::TRANSFERS_LOAD };
        for (number, batch) in &batches {
            for (from, to) in cycle.ranges(0) {
                house
                    .db
                    .write(|tx| tx.execute(load, params![*number, from, to, batch]).map_err(Error::from))?;
            }
        }
        Ok(())
    }

    /// One wave; false when nothing is due.
    fn wave(&self, talk: &Talk, session: &mut Session) -> Result<bool> {
        let wave = self.house.db.write(|tx| self.commit(tx, session))?;
        if wave.is_empty() {
            return Ok(false);
        }
        let outcomes = self.call_all(talk, &wave);
        session.calls += wave.len() as u64;
        let now = self.house.clock.now_ms();
        for (_, outcome) in &outcomes {
            match outcome {
                Outcome::Told { .. } => session.told += 1,
                Outcome::NotNow(why) => session.turned_away = Some((*why).to_owned()),
                _ => {}
            }
        }
        let rows =
            outcomes.into_iter().filter_map(|(at, outcome)| Some(self.done(wave.get(at)?, outcome, now)));
        let rows: Vec<Vec<Value>> = rows.collect();
        self.house.db.write(|tx| tx.execute_many(&queries::CALL_DONE, rows).map_err(Error::from))?;
        self.progress.report(self.kind(), session.calls, session.calls + session.waiting);
        Ok(true)
    }

    /// Chooses what is due and commits to sending it.
    fn commit(&self, tx: &mut Tx<'_>, session: &mut Session) -> Result<Vec<Work>> {
        let now = self.house.clock.now_ms();
        let only_unclear = i64::from(self.task == Task::Status);
        let (cycle_id, kind) = (self.cycle.cycle_id, self.kind());
        let of = params![cycle_id, &self.channel.key, kind, now, only_unclear, WAVE as i64];
        let calls = tx.query(&queries::DUE, of)?.iter().map(Call::read).collect::<Result<Vec<_>>>()?;
        let waiting =
            tx.query_one(&queries::WAITING, params![cycle_id, &self.channel.key, kind, only_unclear])?;
        (session.waiting, session.next_at_ms) = (waiting.int(0)? as u64, waiting.opt_int(1)?);
        let first =
            store::next_number(tx, &format!("snap_external:{}", self.channel.key), calls.len() as i64)?;
        let mut wave = Vec::with_capacity(calls.len());
        for (mut call, number) in calls.into_iter().zip(first..) {
            let Some(step) = decide::next(kind == "check", call.state) else { continue };
            let external_id = external_id(self.api, number);
            if step == Move::Transfer {
                // Whatever was sent before certainly came to nothing: a number that a gateway kept would stand in the way.
                call.of.external_id.clone_from(&external_id);
                if call.of.first_sent_ms == 0 {
                    call.of.first_sent_ms = now;
                }
                call.last_sent = now;
                let of = params![call.line_id, &call.kind, &call.batch, &external_id, now];
                tx.execute(&queries::CALL_SENT, of)?;
            }
            wave.push(Work { call, step, external_id });
        }
        Ok(wave)
    }

    /// Makes the calls, at most so many at once as the channel allows.
    fn call_all(&self, talk: &Talk, wave: &[Work]) -> Vec<(usize, Outcome)> {
        let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(wave.len())));
        thread::scope(|threads| {
            for _ in 0..self.api.calls_at_once.clamp(1, wave.len().max(1)) {
                threads.spawn(|| {
                    while let Some((at, work)) = {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        wave.get(at).map(|work| (at, work))
                    } {
                        let outcome = self.one(talk, work);
                        held(&done).push((at, outcome));
                    }
                });
            }
        });
        done.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn one(&self, talk: &Talk, work: &Work) -> Outcome {
        let (api, of) = (self.api, &work.call.of);
        let (service, body) = match work.step {
            Move::Inquire => (Service::inquiry(api), talk::inquiry(api, of)),
            Move::Transfer => (Service::transfer(api), talk::transfer(api, of)),
            Move::Status => (Service::Status, talk::status(api, of)),
        };
        let got = self.phone.ask(talk, service, &body, &work.external_id);
        match work.step {
            Move::Inquire => decide::inquired(of, got),
            Move::Transfer => decide::transferred(of, got),
            Move::Status => decide::asked(api, of, got, (work.call.last_sent, self.house.clock.now_ms())),
        }
    }

    /// The row that records an outcome.
    fn done(&self, work: &Work, outcome: Outcome, now: i64) -> Vec<Value> {
        let call = &work.call;
        let again = now.saturating_add(i64::from(self.api.ask_again_s) * 1_000);
        let none = || (String::new(), String::new(), String::new(), String::new(), String::new());
        let (state, doubt, told, next_at) = match outcome {
            Outcome::Told { word, account, name, txn, day } => {
                let day = day.unwrap_or_else(|| self.house.clock.today().to_string());
                (CallState::Told, "", (word, account, name, txn, day), now)
            }
            Outcome::NotNow(why) => {
                let next_at = if why == "too_many" { now.saturating_add(BUSY_MS) } else { again };
                (CallState::Intent, why, none(), next_at)
            }
            Outcome::Unclear(why) => (CallState::Unknown, why, none(), again),
            Outcome::Again => (CallState::Intent, "not_found", none(), now),
        };
        let (word, account, name, txn, day) = told;
        vec![
            call.line_id.into(),
            (&call.kind).into(),
            (&call.batch).into(),
            state.code().into(),
            doubt.into(),
            word.into(),
            account.into(),
            name.into(),
            txn.into(),
            day.into(),
            i64::from(work.step != Move::Transfer).into(),
            next_at.into(),
        ]
    }

    /// Hands over what was told: as a file, committed before it is written, by the usual import.
    fn deliver(&self, session: &mut Session) -> Result<()> {
        let (house, key, cycle_id) = (self.house, &self.channel.key, self.cycle.cycle_id);
        house.db.write(|tx| {
            for kind in ["check", "transfer"] {
                if tx.query_one(&queries::TO_DELIVER, params![cycle_id, key, kind])?.int(0)? > 0 {
                    let number = store::next_number(tx, &format!("snap_told:{key}"), 1)?;
                    tx.execute(
                        &queries::DELIVERY_ADD,
                        params![number, key, kind, cycle_id, house.clock.now_ms()],
                    )?;
                    tx.execute(&queries::DELIVERY_FILL, params![cycle_id, key, kind, number])?;
                }
            }
            Ok::<_, Error>(())
        })?;
        let open = house.db.read(|tx| {
            let rows = tx.query(&queries::DELIVERIES_OPEN, params![cycle_id, key])?;
            rows.iter().map(|row| Ok((row.int(0)?, row.string(1)?, row.int(2)?))).collect::<Result<Vec<_>>>()
        })?;
        for (number, kind, at_ms) in open {
            self.progress.report("told", number as u64, 0);
            let layout = if kind == "check" { "account_check_reply" } else { "order_reply" };
            let (channel, folder) = (self.channel, self.folder);
            let path = told_file(channel, layout, folder, (number, at_ms), |out| {
                house.db.read(|tx| {
                    tx.for_each(&queries::DELIVERY_ROWS, params![number], |row| write_row(out, &row))
                })
            })?;
            let taken = match kind.as_str() {
                "check" => {
                    import::import_account_replies(house, self.actors.taking, key, &path, self.progress)?
                }
                _ => import::import_order_replies(house, self.actors.taking, key, &path, self.progress)?,
            };
            let file_no = taken.file.file_no;
            house.db.write(|tx| {
                tx.execute(&queries::DELIVERY_TAKEN, params![number, file_no]).map_err(Error::from)
            })?;
            session.files.push(file_no);
        }
        Ok(())
    }
}

/// Digits as many as the bank takes; a bank with few sees the same again after a thousand million calls, not within a day.
fn external_id(api: &Api, number: i64) -> String {
    let digits = api.external_id_digits;
    let bound = 10_i64.checked_pow(u32::try_from(digits).unwrap_or(18)).unwrap_or(i64::MAX);
    format!("{:0digits$}", number.rem_euclid(bound))
}

impl Phone<'_> {
    /// One call with a token; once more with a new token when the bank did not take it.
    fn ask(
        &self,
        talk: &Talk,
        service: Service,
        body: &serde_json::Value,
        external_id: &str,
    ) -> Result<Result<Answer, Doubt>, CallError> {
        let mut stale: Option<Arc<str>> = None;
        loop {
            let token = talk.token(self, stale.as_deref())?;
            talk.pace(self);
            let now = self.house.clock.now_ms();
            let request = talk::request((self.api, self.keys), service, body, &token, external_id, now);
            let answer = talk::read(service, &self.bank.call(&request)?);
            match &answer {
                Ok(told) if told.status == 401 && stale.is_none() => stale = Some(token),
                _ => return Ok(answer),
            }
        }
    }
}

impl Talk {
    /// A token that holds; a new one when there is none, when it ends, or when it is the one that the bank did not take. One thread
    /// fetches it for all.
    fn token(&self, phone: &Phone<'_>, stale: Option<&str>) -> Result<Arc<str>, CallError> {
        let mut held = held(&self.token);
        let now = phone.house.clock.now_ms();
        if let Some((token, until)) = held.as_ref()
            && *until > now
            && stale != Some(&**token)
        {
            return Ok(Arc::clone(token));
        }
        self.pace(phone);
        let now = phone.house.clock.now_ms();
        // Without a token nothing is sent, whatever became of the question for one.
        let request = talk::token(phone.api, phone.keys, now).map_err(|_| CallError::NotSent)?;
        let response = phone.bank.call(&request).map_err(|_| CallError::NotSent)?;
        let answer = talk::read(Service::Token, &response).map_err(|_| CallError::NotSent)?;
        if !answer.good() {
            return Err(CallError::NotSent);
        }
        let (token, seconds) = answer.token().map_err(|_| CallError::NotSent)?;
        let token: Arc<str> = token.into();
        let until = now.saturating_add((seconds * 1_000).saturating_sub(TOKEN_MARGIN_MS).max(1));
        *held = Some((Arc::clone(&token), until));
        Ok(token)
    }

    /// Waits for this call's turn.
    fn pace(&self, phone: &Phone<'_>) {
        let now = phone.house.clock.now_ms().saturating_mul(1_000);
        let mine = {
            let mut next = held(&self.next_us);
            let mine = now.max(*next);
            *next = mine.saturating_add(1_000_000 / i64::from(phone.api.calls_per_second.max(1)));
            mine
        };
        let wait_ms = (mine - now) / 1_000;
        if wait_ms > 0 {
            phone.bank.pause(wait_ms as u64);
        }
    }
}

/// One question outside a session: the statement of a day. Answers its entries, or why there are none to believe.
pub(super) fn ask_statement(
    house: &House,
    signed: (&Api, &Keys),
    bank: &dyn Bank,
    channel: &str,
    body: &serde_json::Value,
    talk: &Talk,
) -> Result<Result<Vec<talk::Entry>, Doubt>> {
    let number = house
        .db
        .write(|tx| store::next_number(tx, &format!("snap_external:{channel}"), 1).map_err(Error::from))?;
    let phone = Phone { house, api: signed.0, keys: signed.1, bank };
    let external_id = external_id(signed.0, number);
    Ok(match phone.ask(talk, Service::Statement, body, &external_id) {
        Err(CallError::NotSent) => Err("not_sent"),
        Err(CallError::Unknown) => Err("no_answer"),
        Ok(answer) => {
            answer.and_then(|answer| if answer.good() { answer.entries() } else { Err("not_done") })
        }
    })
}

/// Writes a sealed file of what was told; the same number, time and rows give the same bytes.
pub(super) fn told_file(
    channel: &Channel,
    layout: &str,
    folder: &Path,
    (number, at_ms): (i64, i64),
    rows: impl FnOnce(&mut Outgoing) -> Result<()>,
) -> Result<std::path::PathBuf> {
    let layout = wire::layout(channel, layout)?;
    let batch = format!("SNAP{number:06}");
    let name = layout.pattern.replace("{batch}", &batch);
    let seal = Seal { channel: channel.key.clone(), sequence: number, batch, at_ms };
    let mut out = Outgoing::create(folder, &name, layout)?.sealed(seal);
    rows(&mut out)?;
    out.finish()?;
    Ok(folder.join(name))
}

fn write_row(out: &mut Outgoing, row: &Row) -> Result<()> {
    let (line_id, amount) = (row.int(0)?.to_string(), row.int(5)?.to_string());
    let cells = [
        ("batch", row.text(1)?),
        ("ref", line_id.as_str()),
        ("result", row.text(2)?),
        ("account", row.text(3)?),
        ("name_at_bank", row.text(4)?),
        ("amount_idr", amount.as_str()),
        ("bank_txn", row.text(6)?),
        ("date", row.text(7)?),
    ];
    write_cells(out, &cells)
}

/// A row by our names for the cells. What a file cannot hold becomes a mark: a bank's text never stops the others.
pub(crate) fn write_cells(out: &mut Outgoing, cells: &[(&str, &str)]) -> Result<()> {
    let columns = out.columns();
    let cell = |field: &String| {
        let found = cells.iter().find(|(name, _)| name == field).map_or("", |(_, cell)| *cell);
        found.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect::<String>()
    };
    let row: Vec<String> = columns.iter().map(cell).collect();
    out.row(row.iter().map(String::as_str))
}
