//! Slips: how a family without an account looks at its own status. An office looks at the identity card and hands over a paper with a
//! number and a secret; the family needs both, and a fact that stands on the card. There is no other way in, so nobody learns from
//! here whether a number or a name is known: unknown number, wrong secret, wrong fact and ended slip are one answer that costs the same.

use model::FamilyId;
use store::params;

use crate::{
    Error, House, Result, Scope, Session, attempt, audit, new_ticket, password, queries, right_secret,
    ticket_hash,
};

/// A slip just made. The secret is shown once, on paper.
pub struct NewSlip {
    /// Number.
    pub slip: String,
    /// 80 bits in four groups.
    pub secret: String,
    /// When it ends, in milliseconds since the epoch.
    pub ends_at: i64,
}

/// The slip of a family that lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlipState {
    /// When it was handed over, in milliseconds since the epoch.
    pub issued_at: i64,
    /// When it ends, likewise.
    pub ends_at: i64,
}

/// Whoever looks with a slip: the one family that is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// The family of the slip.
    pub family: FamilyId,
    /// When the look ends, in milliseconds since the epoch.
    pub ends_at: i64,
}

/// Tries with one slip in the window of the sign-in throttle.
const SLIP_TRIES: i64 = 10;
/// Tries from one machine in the same window: a village shares one.
const PEER_TRIES: i64 = 60;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Gives a family its slip; the one that it had ends. `fact` is what the family must know beside it, as it stands on the card.
///
/// # Errors
/// [`Error::NotFound`] outside the scope; [`Error::Denied`] when the scope is not for it.
pub fn issue_slip(house: &House, scope: &Scope, family: FamilyId, fact: &str) -> Result<NewSlip> {
    let new = new_ticket()?;
    let now = house.clock.now_ms();
    let ends_at = now + house.policy.settings().slip.days * DAY_MS;
    let hash = ticket_hash(&new.ticket, &whole(&new.secret, fact));
    change(house, scope, family, |tx| {
        tx.execute(&queries::SLIP_END, params![family, now])?;
        tx.execute(
            &queries::SLIP_ADD,
            params![&new.ticket, family, hash.as_str(), now, scope.actor(), ends_at],
        )?;
        Ok("issued")
    })?;
    Ok(NewSlip { slip: new.ticket, secret: new.secret, ends_at })
}

/// Ends the slip of a family, and every look with it.
///
/// # Errors
/// As [`issue_slip`].
pub fn revoke_slip(house: &House, scope: &Scope, family: FamilyId) -> Result<()> {
    let now = house.clock.now_ms();
    change(house, scope, family, |tx| {
        tx.execute(&queries::SLIP_END, params![family, now])?;
        Ok("revoked")
    })
}

fn change(
    house: &House,
    scope: &Scope,
    family: FamilyId,
    work: impl Fn(&mut store::Tx<'_>) -> Result<&'static str>,
) -> Result<()> {
    may_issue(scope)?;
    house.db.write(|tx| {
        is_here(tx, scope, family)?;
        let done = work(tx)?;
        let subject = format!("family:{family}");
        Ok(audit(tx, house.clock.as_ref(), scope.actor_pair(), "slip.issue", &subject, done)?)
    })
}

fn may_issue(scope: &Scope) -> Result<()> {
    if scope.action() == "slip.issue" {
        return Ok(());
    }
    Err(Error::Denied { role: scope.role().to_owned(), action: "slip.issue".to_owned() })
}

fn is_here(tx: &mut store::Tx<'_>, scope: &Scope, family: FamilyId) -> Result<()> {
    let (from, to) = scope.path_range();
    let here = tx.query_one(&queries::FAMILY_HERE, params![family, from, to, scope.caseload()])?.int(0)?;
    if here == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// The slip of a family that lives, if there is one.
///
/// # Errors
/// As [`issue_slip`].
pub fn slip_of(house: &House, scope: &Scope, family: FamilyId) -> Result<Option<SlipState>> {
    may_issue(scope)?;
    house.db.read(|tx| {
        is_here(tx, scope, family)?;
        let row = tx.query_opt(&queries::SLIP_OF, params![family, house.clock.now_ms()])?;
        row.map(|row| Ok(SlipState { issued_at: row.int(0)?, ends_at: row.int(1)? })).transpose()
    })
}

/// Opens a look at the family of a slip; answers the token for the browser.
///
/// # Errors
/// [`Error::Slip`] for anything that is wrong, [`Error::Throttled`] after too many tries with a number, known or not, or from a machine.
pub fn look_with_slip(house: &House, slip: &str, secret: &str, fact: &str, peer: &str) -> Result<String> {
    let slip: String = slip.trim().to_lowercase().chars().take(20).collect();
    attempt(house, &format!("slip-peer:{peer}"), PEER_TRIES)?;
    attempt(house, &format!("slip:{slip}"), SLIP_TRIES)?;
    let token = password::token()?;
    let now = house.clock.now_ms();
    let found = house.db.read(|tx| tx.query_opt(&queries::SLIP_GET, params![&slip, now]))?;
    let (family, hash) = match &found {
        Some(row) => (FamilyId(row.int(0)?), row.string(1)?),
        // A number that nobody has costs what a wrong secret costs: it is compared with what nothing hashes to.
        None => (FamilyId(0), "0".repeat(64)),
    };
    if !right_secret(&slip, &whole(secret, fact), &hash) {
        return Err(Error::Slip);
    }
    let ends_at = now + house.policy.settings().slip.look_minutes * MINUTE_MS;
    let citizen = Session::citizen(house).scope("slip.look")?;
    house.db.write(|tx| {
        tx.execute(&queries::LOOKS_OLD, params![now])?;
        tx.execute(&queries::LOOK_ADD, params![ticket_hash("look", &token), &slip, family, ends_at])?;
        let subject = format!("family:{family}");
        audit(tx, house.clock.as_ref(), citizen.actor_pair(), "slip.look", &subject, "opened")
    })?;
    Ok(token)
}

/// What is hashed with the number: the secret as it is read from paper, and the fact.
fn whole(secret: &str, fact: &str) -> String {
    let plain: String =
        secret.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>().to_lowercase();
    let fact = fact.trim().trim_start_matches('0');
    // The mark between them is a letter that no fact has: what is hashed keeps letters and digits only.
    format!("{plain}x{fact}")
}

/// Whose status this token opens, while the look lasts and the slip lives.
///
/// # Errors
/// The store's.
pub fn look(house: &House, token: &str) -> Result<Option<Look>> {
    let asked = params![ticket_hash("look", token), house.clock.now_ms()];
    let row = house.db.read(|tx| tx.query_opt(&queries::LOOK_GET, asked))?;
    row.map(|row| Ok(Look { family: FamilyId(row.int(0)?), ends_at: row.int(1)? })).transpose()
}

/// Ends a look.
///
/// # Errors
/// The store's.
pub fn end_look(house: &House, token: &str) -> Result<()> {
    house.db.write(|tx| tx.execute(&queries::LOOK_END, params![ticket_hash("look", token)]))?;
    Ok(())
}

/// What a look may ask of the rooms: each a right on the place of the family, for a question that names the family of the look.
pub struct OwnScopes {
    /// The family and its members.
    pub family: Scope,
    /// Decisions and notices.
    pub decision: Scope,
    /// Payments.
    pub payment: Scope,
    /// To object.
    pub object: Scope,
    /// Its own cases, as far as a family may know of them.
    pub case: Scope,
}

/// The rights of a look, each time it is used. That the family was looked at is written down first.
///
/// # Errors
/// [`Error::NotFound`] when the family is no longer there.
pub fn looked(house: &House, look: Look) -> Result<OwnScopes> {
    let citizen = Session::citizen(house);
    let own = house.db.write(|tx| {
        let row = tx.query_opt(&queries::FAMILY_PLACE, params![look.family])?.ok_or(Error::NotFound)?;
        let own = citizen.clone().at(row.region(0)?).scope("slip.look")?;
        let subject = format!("family:{}", look.family);
        audit(tx, house.clock.as_ref(), own.actor_pair(), "slip.look", &subject, "")?;
        Ok::<_, Error>(own)
    })?;
    let to = |action: &str| Scope { action: action.to_owned(), ..own.clone() };
    Ok(OwnScopes {
        family: to("family.read"),
        decision: to("decision.read"),
        payment: to("payment.read"),
        object: to("case.ticket"),
        case: to("case.read"),
    })
}
