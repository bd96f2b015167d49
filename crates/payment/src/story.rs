//! A line's story. What happened to a whole wave stands once, in its cycle, file or order, and is told here for each line that names
//! them; what happened to a line alone stands in rows of its own. Both together are the timeline, and where both tell the same, the
//! row of the line's own is taken.

use access::House;
use policy::Meaning;
use store::{Tx, Value, params};

use crate::{
    Error, Result, common,
    files::{self, FileView},
    lines::EventRow,
    queries,
    reply::Line,
    state::{AccountState, Eligibility},
};

/// One change of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) at_ms: i64,
    pub(crate) actor: String,
    pub(crate) kind: String,
    pub(crate) state: String,
    pub(crate) reason: String,
    pub(crate) next: String,
    pub(crate) document: String,
}

impl Event {
    fn values(&self, line: &Line, seq: i64) -> Vec<Value> {
        let row = EventRow {
            line: (line.recipient, line.line_id, seq),
            at_ms: self.at_ms,
            actor: &self.actor,
            kind: &self.kind,
            state: &self.state,
            reason: &self.reason,
            next: &self.next,
            document: &self.document,
        };
        row.values()
    }

    /// Place within the life of a payment, for what happened in the same instant.
    fn rank(&self) -> u8 {
        match (self.kind.as_str(), self.state.as_str()) {
            ("eligibility", "eligible") => 0,
            ("account", "asked") => 1,
            ("account" | "eligibility", _) => 2,
            (_, "committed") => 3,
            (_, "ordered") => 4,
            (_, "instructed") => 5,
            (_, "topped_up" | "failed") => 6,
            _ => 7,
        }
    }

    fn same(&self, other: &Self) -> bool {
        (&self.kind, &self.state, &self.document) == (&other.kind, &other.state, &other.document)
    }
}

/// The word by which a channel says the usual thing.
pub(crate) fn usual_word<'a>(channel: &'a policy::Channel, file: &str, means: Meaning) -> Option<&'a str> {
    let usual = channel.results.iter().find(|result| result.file == file && result.means == means);
    usual.map(|result| result.word.as_str())
}

/// Everything that happened to a line, oldest first.
pub(crate) fn tell(tx: &mut Tx<'_>, house: &House, line: &Line) -> Result<Vec<Event>> {
    let mut story = own(tx, line)?;
    let shared = shared(tx, house, line, &story)?;
    let new: Vec<Event> =
        shared.into_iter().filter(|event| !story.iter().any(|own| own.same(event))).collect();
    story.extend(new);
    story.sort_by_key(|event| (event.at_ms, event.rank()));
    Ok(story)
}

/// Makes what files said about the account the line's own, because it is about to name another file.
pub(crate) fn keep(tx: &mut Tx<'_>, house: &House, before: &Line, line: &mut Line) -> Result<()> {
    let own = own(tx, before)?;
    let shared = shared(tx, house, before, &own)?;
    let mut rows = Vec::new();
    for event in shared.iter().filter(|event| event.kind == "account" && !own.iter().any(|o| o.same(event))) {
        line.events += 1;
        rows.push(event.values(line, line.events));
    }
    (line.told.check_file, line.told.check_reply) = (None, None);
    tx.bulk("payment_event", common::EVENT_COLUMNS, rows.into_iter())?;
    Ok(())
}

fn own(tx: &mut Tx<'_>, line: &Line) -> Result<Vec<Event>> {
    let rows = tx.query(&queries::EVENTS, params![line.recipient, line.line_id])?;
    let read = |row: &store::Row| {
        Ok(Event {
            at_ms: row.int(1)?,
            actor: row.string(2)?,
            kind: row.string(3)?,
            state: row.string(4)?,
            reason: row.string(5)?,
            next: row.string(6)?,
            document: row.string(7)?,
        })
    };
    rows.iter().map(read).collect()
}

fn shared(tx: &mut Tx<'_>, house: &House, line: &Line, own: &[Event]) -> Result<Vec<Event>> {
    let mut out = Vec::new();
    let mut add = |at_ms: i64, actor: &str, [kind, state, reason, next]: [&str; 4], document: String| {
        let (kind, state) = (kind.to_owned(), state.to_owned());
        let (reason, next) = (reason.to_owned(), next.to_owned());
        out.push(Event { at_ms, actor: actor.to_owned(), kind, state, reason, next, document });
    };
    let cycle = common::cycle(tx, line.cycle_id)?;
    let run = cycle.document();
    // A good account that nobody asked about and nobody spoke of was good before the cycle.
    let known = line.account_state == AccountState::Good
        && line.told.check_file.is_none()
        && !own.iter().any(|event| event.kind == "account");
    let next = match (line.payee_name.is_empty(), known) {
        (true, _) => "repair_payee",
        (_, true) => "order",
        _ => "check_account",
    };
    add(cycle.made_at, &cycle.made_by, ["eligibility", "eligible", line.basis, next], run.clone());
    if known {
        add(cycle.made_at, &cycle.made_by, ["account", "good", "checked_before", "order"], run);
    }
    let mut file = |number: Option<i64>| number.map(|number| files::get(tx, number)).transpose();
    let asked = file(line.told.check_file)?;
    let replies = [
        (file(line.told.check_reply)?, Meaning::Ok, "account", "good", "order"),
        (file(line.told.order_reply)?, Meaning::ToppedUp, "payment", "topped_up", "follow_withdrawal"),
        (file(line.told.moved_file)?, Meaning::Withdrawn, "payment", "withdrawn", "none"),
    ];
    if let Some(file) = asked {
        let step = ["account", "asked", "sent_for_check", "wait_for_bank"];
        add(file.at_ms, &file.actor, step, format!("file:{}", file.file_no));
    }
    for (file, means, kind, state, next) in replies {
        let Some(file) = file else { continue };
        let reason = format!("bank:{}", word(house, &file, means).ok_or(Error::Stored("reply"))?);
        add(file.at_ms, &file.actor, [kind, state, &reason, next], format!("file:{}", file.file_no));
    }
    if let Some(order_id) = line.told.order {
        let order = tx.query_one(&queries::ORDER, params![order_id])?;
        if let Some(at) = order.opt_int(15)? {
            let approvals = tx.query(&queries::APPROVALS, params![order_id])?;
            let actor = approvals.last().map(|row| row.string(1)).transpose()?.unwrap_or_default();
            let reason = format!("SPM {}", order.opt_text(12)?.unwrap_or(""));
            let step = ["payment", "committed", &reason, "wait_for_treasury"];
            add(at, &actor, step, format!("order:{order_id}"));
        }
        if let Some(at) = order.opt_int(18)? {
            let reason = format!("SP2D {}", order.opt_text(13)?.unwrap_or(""));
            let step = ["payment", "ordered", &reason, "send_instruction"];
            add(at, order.opt_text(19)?.unwrap_or(""), step, format!("order:{order_id}"));
        }
        // A line that was withheld was never told to the channel.
        let told = line.eligibility == Eligibility::Eligible;
        if let Some(at) = order.opt_int(16)?.filter(|_| told) {
            let row = tx.query_opt(&queries::FILE_OF_ORDER, params![order_id])?;
            let sent = row.as_ref().map(files::read).transpose()?;
            let (actor, number) = sent.map_or((String::new(), 0), |file| (file.actor, file.file_no));
            let reason = format!("SI {}", order.text(4)?);
            add(at, &actor, ["payment", "instructed", &reason, "wait_for_bank"], format!("file:{number}"));
        }
    }
    Ok(out)
}

fn word<'a>(house: &'a House, file: &FileView, means: Meaning) -> Option<&'a str> {
    usual_word(house.policy.channel(&file.channel)?, &file.kind, means)
}
