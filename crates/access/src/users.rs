//! Accounts: made by the console or an administrator, never with a password that the program knows beforehand.

use model::{RegionCode, UserId};
use serde::Serialize;
use store::{next_number, params};

use crate::{Error, House, Result, Scope, Session, audit, password, queries, session};

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Name to sign in with; kept in lower case.
    pub login: String,
    /// Name for people.
    pub name: String,
    /// Key of a role.
    pub role: String,
    /// Where the role is held.
    pub region: RegionCode,
    /// None: one is made and given back once.
    pub password: Option<String>,
}

/// An account that was made.
#[derive(Debug, Clone, Serialize)]
pub struct CreatedUser {
    /// Its id.
    pub user_id: UserId,
    /// Name to sign in with.
    pub login: String,
    /// The password that was made, if one was.
    pub password: Option<String>,
}

/// An account as an administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserView {
    /// Its id.
    pub user_id: UserId,
    /// Name to sign in with.
    pub login: String,
    /// Name for people.
    pub name: String,
    /// Key of the role.
    pub role: String,
    /// Where it is held.
    pub region: String,
    /// Milliseconds since the epoch.
    pub created_at_ms: i64,
    /// Whether the account can be used.
    pub active: bool,
}

/// Makes an account.
///
/// # Errors
/// A login that is taken or malformed, a role or level that does not exist, a weak password.
pub fn create_user(house: &House, scope: &Scope, new: NewUser) -> Result<CreatedUser> {
    let login = new.login.trim().to_lowercase();
    check_login(&login)?;
    check_role(house, &new)?;
    let invented = if new.password.is_none() { Some(password::invent()?) } else { None };
    let chosen = new.password.or_else(|| invented.clone()).unwrap_or_default();
    check_password(house, &login, &chosen)?;
    let hash = password::hash(&chosen)?;
    let user_id = house.db.write(|tx| {
        if tx.query_opt(&queries::USER_BY_LOGIN, params![&login])?.is_some() {
            return Err(Error::LoginTaken(login.clone()));
        }
        let id = UserId(next_number(tx, "user", 1)?);
        let now = house.clock.now_ms();
        let row = params![id, &login, &new.name, hash, &new.role, &new.region, now, scope.actor_name()];
        tx.execute(&queries::USER_ADD, row).map_err(|error| {
            // A closed account keeps its login, so that old audit rows stay unambiguous.
            if error.is_unique() { Error::LoginTaken(login.clone()) } else { error.into() }
        })?;
        let detail = format!("role={} region={}", new.role, new.region);
        audit(tx, house.clock.as_ref(), scope.actor_pair(), "user.create", &format!("user:{id}"), &detail)?;
        Ok(id)
    })?;
    Ok(CreatedUser { user_id, login, password: invented })
}

/// Sets a password and ends the account's sessions.
///
/// # Errors
/// [`Error::NotFound`], [`Error::WeakPassword`].
pub fn set_password(house: &House, scope: &Scope, login: &str, new: &str) -> Result<()> {
    let login = login.trim().to_lowercase();
    check_password(house, &login, new)?;
    let hash = password::hash(new)?;
    house.db.write(|tx| {
        let row = tx.query_opt(&queries::USER_PASSWORD, params![&login, hash])?.ok_or(Error::NotFound)?;
        let id = UserId(row.int(0)?);
        session::end_sessions(tx, id)?;
        Ok(audit(tx, house.clock.as_ref(), scope.actor_pair(), "user.password", &format!("user:{id}"), "")?)
    })
}

/// Changes the own password: the old one is asked for, all other sessions of the account end, the one of `token` goes on. Wrong old
/// passwords count as failed sign-ins do.
///
/// # Errors
/// [`Error::OldPassword`], [`Error::Throttled`], [`Error::WeakPassword`], [`Error::SamePassword`].
pub fn change_password(house: &House, session: &Session, token: &str, old: &str, new: &str) -> Result<()> {
    session::not_throttled(house, &session.login)?;
    let row = house.db.read(|tx| tx.query_opt(&queries::USER_BY_LOGIN, params![&session.login]))?;
    let row = row.ok_or(Error::NotFound)?;
    if !password::verify(old, row.text(3)?) {
        session::note_failure(house, &session.login)?;
        return Err(Error::OldPassword);
    }
    check_password(house, &session.login, new)?;
    if old == new {
        return Err(Error::SamePassword);
    }
    let hash = password::hash(new)?;
    house.db.write(|tx| {
        tx.query_opt(&queries::USER_PASSWORD, params![&session.login, hash])?.ok_or(Error::NotFound)?;
        session::end_other_sessions(tx, session.user_id, token)?;
        let subject = format!("user:{}", session.user_id);
        Ok(audit(tx, house.clock.as_ref(), session.actor(), "user.password", &subject, "own")?)
    })
}

/// Closes an account for good and ends its sessions.
///
/// # Errors
/// [`Error::NotFound`].
pub fn close_user(house: &House, scope: &Scope, login: &str) -> Result<()> {
    house.db.write(|tx| {
        let now = house.clock.now_ms();
        let login = login.trim().to_lowercase();
        let row = tx.query_opt(&queries::USER_CLOSE, params![login, now])?.ok_or(Error::NotFound)?;
        let id = UserId(row.int(0)?);
        session::end_sessions(tx, id)?;
        Ok(audit(tx, house.clock.as_ref(), scope.actor_pair(), "user.close", &format!("user:{id}"), "")?)
    })
}

/// Accounts held in the scope's territory.
///
/// # Errors
/// The store's.
pub fn users(house: &House, scope: &Scope) -> Result<Vec<UserView>> {
    let (from, to) = scope.path_range();
    let rows = house.db.read(|tx| tx.query(&queries::USERS, params![from, to]))?;
    rows.iter()
        .map(|row| {
            Ok(UserView {
                user_id: UserId(row.int(0)?),
                login: row.string(1)?,
                name: row.string(2)?,
                role: row.string(3)?,
                region: row.string(4)?,
                created_at_ms: row.int(5)?,
                active: row.opt_int(6)?.is_none(),
            })
        })
        .collect()
}

/// A session of somebody else, for the console to act in that person's name (`--as LOGIN`): whoever runs the program on the data folder
/// holds the data anyway, and the audit log says that the console did it.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Denied`] when the scope is not the console's.
pub fn session_of_login(house: &House, console: &Scope, login: &str) -> Result<Session> {
    if console.role() != "console" {
        return Err(Error::Denied { role: console.role().to_owned(), action: "console.as".to_owned() });
    }
    house.db.write(|tx| {
        let login = login.trim().to_lowercase();
        let row = tx.query_opt(&queries::USER_BY_LOGIN, params![login])?.ok_or(Error::NotFound)?;
        let session = session::read(house, &row, 4, String::new())?;
        let subject = format!("user:{}", session.user_id);
        audit(tx, house.clock.as_ref(), console.actor_pair(), "console.as", &subject, "")?;
        Ok(session)
    })
}

fn check_login(login: &str) -> Result<()> {
    let fits = (3..=40).contains(&login.len())
        && login.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if fits { Ok(()) } else { Err(Error::LoginForm) }
}

fn check_role(house: &House, new: &NewUser) -> Result<()> {
    let role = house.policy.roles().get(&new.role).filter(|role| role.assignable);
    let role = role.ok_or_else(|| Error::Role(new.role.clone()))?;
    if role.levels.contains(&new.region.level()) {
        Ok(())
    } else {
        Err(Error::Level { role: new.role.clone(), region: new.region.to_string() })
    }
}

fn check_password(house: &House, login: &str, chosen: &str) -> Result<()> {
    let least = house.policy.settings().access.password_length.max(12);
    let long_enough = chosen.chars().count() >= usize::try_from(least).unwrap_or(12);
    if long_enough && chosen.len() <= 1024 && !chosen.eq_ignore_ascii_case(login) {
        Ok(())
    } else {
        Err(Error::WeakPassword(least))
    }
}
