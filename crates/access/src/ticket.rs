//! Tickets of people without an account: a number to quote and a secret to keep. Of the secret only a hash is stored, bound to its ticket.

use store::params;

use crate::{Error, House, Result, password, queries};

/// A ticket just made. The secret is shown once.
pub struct NewTicket {
    /// Ten characters in two groups.
    pub ticket: String,
    /// 80 bits in four groups.
    pub secret: String,
}

/// Invents a ticket and its secret.
///
/// # Errors
/// [`crate::Error::Secret`] when the machine gives no random bytes.
pub fn new_ticket() -> Result<NewTicket> {
    let ticket: String = password::invent()?.chars().filter(|c| *c != '-' && *c != '_').take(10).collect();
    let (first, second) = ticket.split_at(ticket.len() / 2);
    Ok(NewTicket { ticket: format!("{first}-{second}"), secret: password::invent()? })
}

/// What is stored of a secret. It holds 80 random bits: a fast hash is enough, and no list of likely secrets exists.
pub fn ticket_hash(ticket: &str, secret: &str) -> String {
    let plain = |text: &str| {
        text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>().to_lowercase()
    };
    blake3::hash(format!("{}\n{}", plain(ticket), plain(secret)).as_bytes()).to_hex().to_string()
}

/// Whether a secret belongs to a ticket; compared in constant time.
pub fn right_secret(ticket: &str, secret: &str, hash: &str) -> bool {
    let Ok(stored) = blake3::Hash::from_hex(hash) else { return false };
    blake3::Hash::from_hex(ticket_hash(ticket, secret)).is_ok_and(|given| given == stored)
}

/// Counts an attempt of somebody who is known by no more than an address, and refuses when there were too many in the window of the sign-in
/// throttle.
///
/// # Errors
/// [`Error::Throttled`].
pub fn attempt(house: &House, subject: &str, limit: i64) -> Result<()> {
    let minutes = house.policy.settings().access.window_minutes;
    let now = house.clock.now_ms();
    house.db.write(|tx| {
        let since = now - minutes * 60_000;
        if tx.query_one(&queries::FAILURES, params![subject, since])?.int(0)? >= limit {
            return Err(Error::Throttled { minutes });
        }
        tx.execute(&queries::FAILURE_ADD, params![subject, now])?;
        Ok(())
    })
}
