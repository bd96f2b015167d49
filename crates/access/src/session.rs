//! Sign-in and sessions. The browser carries a random token; the database knows only its hash.

use model::{Lang, RegionCode, UserId};
use policy::Role;
use serde::Serialize;
use store::{Row, Tx, params};

use crate::{Error, House, Result, Scope, audit, password, queries};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// A person at work: who, in which role, where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Account; 0 for the console.
    pub user_id: UserId,
    /// Name to sign in with.
    pub login: String,
    /// Name for people.
    pub name: String,
    /// Key of the role.
    pub role: String,
    /// Where the role is held.
    pub region: RegionCode,
    /// Token that every form of this session carries.
    #[serde(skip)]
    pub csrf: String,
    #[serde(skip)]
    rights: Option<Role>,
}

/// A session just made. The token is shown to nobody but the browser.
pub struct NewSession {
    /// For the cookie.
    pub token: String,
    /// Who it is.
    pub session: Session,
}

/// Checks login and password and opens a session.
///
/// # Errors
/// [`Error::SignIn`] for a wrong login or password alike, [`Error::Throttled`] after too many failures.
pub fn sign_in(house: &House, login: &str, password: &str, peer: &str) -> Result<NewSession> {
    let settings = house.policy.settings().access;
    let now = house.clock.now_ms();
    let login = login.trim().to_lowercase();
    let window = now - settings.window_minutes * MINUTE_MS;
    let subjects = [
        (login_subject(&login), settings.failures_per_login),
        (format!("peer:{peer}"), settings.failures_per_peer),
    ];
    let found = house.db.read(|tx| {
        for (subject, limit) in &subjects {
            if tx.query_one(&queries::FAILURES, params![subject, window])?.int(0)? >= *limit {
                return Err(Error::Throttled { minutes: settings.window_minutes });
            }
        }
        Ok(tx.query_opt(&queries::USER_BY_LOGIN, params![&login])?)
    })?;
    // An unknown login costs the same time as a wrong password.
    let hash = match &found {
        Some(row) => row.string(3)?,
        None => password::hash("nobody has this one")?,
    };
    let right = password::verify(password, &hash);
    let (Some(row), true) = (found, right) else {
        house.db.write(|tx| {
            for (subject, _) in &subjects {
                tx.execute(&queries::FAILURE_ADD, params![subject, now])?;
            }
            Ok::<_, Error>(())
        })?;
        return Err(Error::SignIn);
    };
    let token = password::token()?;
    let csrf = password::token()?;
    let session = read(house, &row, 4, csrf.clone())?;
    let expires = now + settings.session_hours * HOUR_MS;
    house.db.write(|tx| {
        tx.execute(&queries::FAILURES_CLEAR, params![&subjects[0].0, window])?;
        tx.execute(&queries::SESSIONS_OLD, params![now])?;
        tx.execute(&queries::SESSION_ADD, params![hashed(&token), session.user_id, csrf, now, expires])?;
        audit(tx, house.clock.as_ref(), session.actor(), "session.open", &session.subject(), "")
    })?;
    Ok(NewSession { token, session })
}

/// Who carries this token, if the session still holds.
///
/// # Errors
/// The store's.
pub fn session(house: &House, token: &str) -> Result<Option<Session>> {
    let now = house.clock.now_ms();
    let idle = now - house.policy.settings().access.idle_minutes * MINUTE_MS;
    let hash = hashed(token);
    let Some(row) =
        house.db.read(|tx| tx.query_opt(&queries::SESSION_FIND, params![hash.clone(), now, idle]))?
    else {
        return Ok(None);
    };
    let session = read(house, &row, 3, row.string(5)?)?;
    // Being seen is written at most once a minute, so that reading pages does not wait for the writer.
    if row.int(6)? < now - MINUTE_MS {
        house.db.write(|tx| tx.execute(&queries::SESSION_SEEN, params![hash, now]))?;
    }
    Ok(Some(session))
}

/// Ends one session.
///
/// # Errors
/// The store's.
pub fn sign_out(house: &House, token: &str) -> Result<()> {
    house.db.write(|tx| tx.execute(&queries::SESSION_END, params![hashed(token)]))?;
    Ok(())
}

/// Ends all sessions of an account, within a transaction.
///
/// # Errors
/// The store's.
pub fn end_sessions(tx: &mut Tx<'_>, user: UserId) -> Result<(), store::Error> {
    tx.execute(&queries::SESSIONS_END, params![user]).map(|_| ())
}

/// Ends the sessions of an account except the one of `token`, within a transaction.
pub(crate) fn end_other_sessions(tx: &mut Tx<'_>, user: UserId, token: &str) -> Result<(), store::Error> {
    tx.execute(&queries::SESSIONS_END_OTHER, params![user, hashed(token)]).map(|_| ())
}

/// Refuses when this login has had too many wrong passwords of late.
pub(crate) fn not_throttled(house: &House, login: &str) -> Result<()> {
    let settings = house.policy.settings().access;
    let window = house.clock.now_ms() - settings.window_minutes * MINUTE_MS;
    let subject = login_subject(login);
    let failures = house.db.read(|tx| tx.query_one(&queries::FAILURES, params![subject, window])?.int(0))?;
    if failures >= settings.failures_per_login {
        return Err(Error::Throttled { minutes: settings.window_minutes });
    }
    Ok(())
}

/// Notes a wrong password for a login.
pub(crate) fn note_failure(house: &House, login: &str) -> Result<()> {
    let now = house.clock.now_ms();
    house.db.write(|tx| tx.execute(&queries::FAILURE_ADD, params![login_subject(login), now]))?;
    Ok(())
}

fn login_subject(login: &str) -> String {
    format!("login:{}", login.chars().take(60).collect::<String>())
}

fn hashed(token: &str) -> Vec<u8> {
    blake3::hash(token.as_bytes()).as_bytes().to_vec()
}

/// Columns: user_id, login, name at 0; role and region at `role` and the next.
pub(crate) fn read(house: &House, row: &Row, role: usize, csrf: String) -> Result<Session> {
    let key = row.string(role)?;
    let region = RegionCode::parse(row.text(role + 1)?).unwrap_or_else(|_| RegionCode::nation());
    // A role that left the policy pack gives no rights at all.
    let rights = house.policy.roles().get(&key).cloned();
    Ok(Session {
        user_id: UserId(row.int(0)?),
        login: row.string(1)?,
        name: row.string(2)?,
        role: key,
        region,
        csrf,
        rights,
    })
}

impl Session {
    /// The operator at the machine's own command line: whoever can run the program on the data folder already holds all of it. Every
    /// deed is audited under this name.
    pub fn console(house: &House) -> Self {
        Self {
            user_id: UserId(0),
            login: "console".to_owned(),
            name: "console".to_owned(),
            role: "console".to_owned(),
            region: RegionCode::nation(),
            csrf: String::new(),
            rights: house.policy.roles().get("console").cloned(),
        }
    }

    /// A visitor without an account, who may do what a ticket allows and nothing else. Nobody signs in as this.
    pub fn citizen(house: &House) -> Self {
        Self {
            user_id: UserId(0),
            login: policy::CITIZEN.to_owned(),
            name: policy::CITIZEN.to_owned(),
            role: policy::CITIZEN.to_owned(),
            region: RegionCode::nation(),
            csrf: String::new(),
            rights: house.policy.roles().get(policy::CITIZEN).cloned(),
        }
    }

    /// A visitor who looks at one family of a place with its slip.
    pub(crate) fn at(self, region: RegionCode) -> Self {
        Self { region, ..self }
    }

    /// Whether the role may do an action somewhere.
    pub fn may(&self, action: &str) -> bool {
        self.rights.as_ref().is_some_and(|role| role.may(action))
    }

    /// The right to do an action, on the people of this session's territory or caseload.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn scope(&self, action: &str) -> Result<Scope> {
        let Some(role) = self.rights.as_ref().filter(|role| role.may(action)) else {
            return Err(Error::Denied { role: self.role.clone(), action: action.to_owned() });
        };
        Ok(Scope {
            actor: self.user_id,
            actor_name: self.name.clone(),
            role: self.role.clone(),
            action: action.to_owned(),
            region: self.region.clone(),
            range: self.region.path_range(),
            caseload: if role.caseload { self.user_id.0 } else { 0 },
        })
    }

    /// Id and name, as the audit log takes them.
    pub fn actor(&self) -> (UserId, &str) {
        (self.user_id, &self.name)
    }

    /// What the role is called.
    pub fn role_label(&self, lang: Lang) -> String {
        self.rights.as_ref().map_or_else(|| self.role.clone(), |role| role.label.get(lang).to_owned())
    }

    /// The role as the policy pack has it.
    pub fn rights(&self) -> Option<&Role> {
        self.rights.as_ref()
    }

    fn subject(&self) -> String {
        format!("user:{}", self.user_id)
    }
}

impl Scope {
    /// Id and name, as the audit log takes them.
    pub fn actor_pair(&self) -> (UserId, &str) {
        (self.actor(), self.actor_name())
    }
}
