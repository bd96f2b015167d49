//! The audit log: append only, each row chained to the one before by a hash.

use model::{Clock, UserId};
use serde::Serialize;
use store::{Page, Paged, Row, Tx, next_number, params};

use crate::{Error, House, Result, Scope, queries};

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    /// Number, from 1, without gaps.
    pub seq: i64,
    /// Milliseconds since the epoch.
    pub at_ms: i64,
    /// Who, 0 for the console.
    pub user_id: i64,
    /// Who, by name at that time.
    pub actor: String,
    /// What, as named in the roles file.
    pub action: String,
    /// On what: `person:17`, `run:3`.
    pub subject: String,
    /// More, without personal numbers.
    pub detail: String,
}

/// Where the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// The first row that does not fit the one before it.
    pub seq: i64,
}

/// Writes one entry, in the caller's transaction: the deed and its entry are there together or not at all.
///
/// # Errors
/// The store's.
pub fn audit(
    tx: &mut Tx<'_>,
    clock: &dyn Clock,
    actor: (UserId, &str),
    action: &str,
    subject: &str,
    detail: &str,
) -> Result<(), store::Error> {
    // Taking the number locks the sequence, so the row before is final when it is read.
    let seq = next_number(tx, "audit", 1)?;
    let before = match tx.query_opt(&queries::AUDIT_LAST, params![seq - 1])? {
        Some(row) => row.bytes(0)?.to_vec(),
        None => Vec::new(),
    };
    let row = AuditRow {
        seq,
        at_ms: clock.now_ms(),
        user_id: actor.0.0,
        actor: actor.1.to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: detail.to_owned(),
    };
    let hash = chain(&before, &row);
    let AuditRow { seq, at_ms, user_id, actor, action, subject, detail } = row;
    tx.execute(&queries::AUDIT_ADD, params![seq, at_ms, user_id, actor, action, subject, detail, hash])?;
    Ok(())
}

/// Notes that somebody takes a list away as a file: `what` is taken (`families`), `detail` says which part of it. Call it before the
/// first row leaves.
///
/// # Errors
/// The store's; then nothing may leave.
pub fn audit_export(house: &House, scope: &Scope, what: &str, detail: &str) -> Result<()> {
    let subject = format!("export:{what}");
    Ok(house
        .db
        .write(|tx| audit(tx, house.clock.as_ref(), scope.actor_pair(), "list.export", &subject, detail))?)
}

/// Entries, newest first.
///
/// # Errors
/// The store's, or a page mark that is not one.
pub fn audit_rows(house: &House, _scope: &Scope, page: &Page) -> Result<Paged<AuditRow>> {
    let before = page.after_int(i64::MAX)?;
    let rows = house.db.read(|tx| tx.query(&queries::AUDIT_PAGE, params![before, page.fetch()]))?;
    let rows: Vec<AuditRow> = rows.iter().map(|row| Ok(read(row)?.0)).collect::<Result<_>>()?;
    Ok(page.page(rows, |row| vec![row.seq.into()]))
}

/// Walks the whole chain; answers the first row that was edited, removed or put in, if any.
///
/// # Errors
/// The store's.
pub fn verify_audit(house: &House, _scope: &Scope) -> Result<Option<Broken>> {
    let mut before = Vec::new();
    let mut expected = 1;
    let mut broken = None;
    house.db.read(|tx| {
        tx.for_each(&queries::AUDIT_ALL, &[], |row| {
            let (entry, hash) = read(&row)?;
            if broken.is_none() && (entry.seq != expected || chain(&before, &entry) != hash) {
                broken = Some(Broken { seq: expected });
            }
            expected += 1;
            before = hash;
            Ok::<_, Error>(())
        })
    })?;
    Ok(broken)
}

fn read(row: &Row) -> Result<(AuditRow, Vec<u8>), Error> {
    let entry = AuditRow {
        seq: row.int(0)?,
        at_ms: row.int(1)?,
        user_id: row.int(2)?,
        actor: row.string(3)?,
        action: row.string(4)?,
        subject: row.string(5)?,
        detail: row.string(6)?,
    };
    Ok((entry, row.bytes(7)?.to_vec()))
}

/// Hash of the row before and of every field, each with its length so that no two rows read alike.
fn chain(before: &[u8], row: &AuditRow) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before);
    for number in [row.seq, row.at_ms, row.user_id] {
        hasher.update(&number.to_le_bytes());
    }
    for text in [&row.actor, &row.action, &row.subject, &row.detail] {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().as_bytes().to_vec()
}
