//! The outbox: what must happen outside the database because of a commit. Put in the same transaction as its cause, taken
//! afterwards, done at least once; the key makes a second put of the same thing do nothing.

use model::Clock;

use crate::{Result, Row, Tx, next_number, params, sql};

sql! {
    PUT = "INSERT INTO outbox (id, kind, key, payload, created_at, due_at, attempts) VALUES ($1, $2, $3, $4, $5, $5, 0)
        ON CONFLICT (kind, key) DO NOTHING";
    DUE = "SELECT id, kind, key, payload, attempts FROM outbox
        WHERE done_at IS NULL AND due_at <= $1 ORDER BY due_at, id LIMIT $2";
    DUE_OF = "SELECT id, kind, key, payload, attempts FROM outbox
        WHERE done_at IS NULL AND due_at <= $1 AND kind = $2 ORDER BY due_at, id LIMIT $3";
    DONE = "UPDATE outbox SET done_at = $2, message = NULL WHERE id = $1";
    LATER = "UPDATE outbox SET attempts = attempts + 1, due_at = $2, message = $3 WHERE id = $1 AND done_at IS NULL";
    OPEN = "SELECT COUNT(*) FROM outbox WHERE done_at IS NULL";
}

/// Waiting times between attempts double from one second up to this.
const WAIT_MS_MAX: i64 = 3_600_000;

/// One thing to do outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// Its number.
    pub id: i64,
    /// What kind of thing.
    pub kind: String,
    /// What makes it one and the same.
    pub key: String,
    /// What to do, in the words of its kind.
    pub payload: String,
    /// How often it was tried.
    pub attempts: i64,
}

/// Puts an errand; nothing happens when one of this kind and key was put before.
pub fn put(tx: &mut Tx<'_>, clock: &dyn Clock, kind: &str, key: &str, payload: &str) -> Result<()> {
    let id = next_number(tx, "outbox", 1)?;
    tx.execute(&PUT, params![id, kind, key, payload, clock.now_ms()]).map(|_| ())
}

/// The errands that are due, oldest first, at most `limit`.
pub fn due(tx: &mut Tx<'_>, clock: &dyn Clock, limit: u32) -> Result<Vec<Errand>> {
    tx.query(&DUE, params![clock.now_ms(), limit])?.iter().map(errand).collect()
}

/// The errands of one kind that are due, oldest first, at most `limit`.
pub fn due_of(tx: &mut Tx<'_>, clock: &dyn Clock, kind: &str, limit: u32) -> Result<Vec<Errand>> {
    tx.query(&DUE_OF, params![clock.now_ms(), kind, limit])?.iter().map(errand).collect()
}

/// Marks an errand as done.
pub fn done(tx: &mut Tx<'_>, clock: &dyn Clock, id: i64) -> Result<()> {
    tx.execute(&DONE, params![id, clock.now_ms()]).map(|_| ())
}

/// Puts an errand off after a failed attempt: 1 s, 2 s, 4 s … 1 h.
pub fn failed(tx: &mut Tx<'_>, clock: &dyn Clock, errand: &Errand, message: &str) -> Result<()> {
    let wait_ms = 1_000i64.checked_shl(errand.attempts.clamp(0, 20) as u32).unwrap_or(WAIT_MS_MAX);
    let due_at = clock.now_ms().saturating_add(wait_ms.min(WAIT_MS_MAX));
    tx.execute(&LATER, params![errand.id, due_at, message]).map(|_| ())
}

/// How many errands are not done.
pub fn open(tx: &mut Tx<'_>) -> Result<i64> {
    tx.query_one(&OPEN, &[])?.int(0)
}

fn errand(row: &Row) -> Result<Errand> {
    Ok(Errand {
        id: row.int(0)?,
        kind: row.string(1)?,
        key: row.string(2)?,
        payload: row.string(3)?,
        attempts: row.int(4)?,
    })
}
