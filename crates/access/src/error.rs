//! Refusals, each a sentence for the person who is refused.

/// Why access was not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Login or password is wrong; which of them is not said.
    #[error("login or password is wrong")]
    SignIn,
    /// Too many failures; wait.
    #[error("too many failed sign-ins; wait {minutes} minutes")]
    Throttled {
        /// How long.
        minutes: i64,
    },
    /// The role has no right to the action.
    #[error("the role `{role}` may not do `{action}`")]
    Denied {
        /// The role.
        role: String,
        /// The action.
        action: String,
    },
    /// The subject lies outside the territory or the caseload, or is not there: the two are not told apart.
    #[error("not found in this territory")]
    NotFound,
    /// The role does not exist in the policy pack or is not given to people.
    #[error("there is no role `{0}` to give")]
    Role(String),
    /// The role cannot be held at this level of region.
    #[error("the role `{role}` cannot be held at region `{region}`")]
    Level {
        /// The role.
        role: String,
        /// The region.
        region: String,
    },
    /// Somebody has this login.
    #[error("the login `{0}` is taken")]
    LoginTaken(String),
    /// The login has characters that cannot be typed safely.
    #[error("a login has 3 to 40 letters, digits, dots, hyphens or underscores")]
    LoginForm,
    /// The password is too short or the login itself.
    #[error("a password has at least {0} characters and is not the login")]
    WeakPassword(i64),
    /// The old password, asked for before a new one is taken, is wrong.
    #[error("the old password is wrong")]
    OldPassword,
    /// The new password is the old one.
    #[error("the new password is the old one")]
    SamePassword,
    /// No such slip, another secret, another fact, a slip that ended: they are not told apart.
    #[error("the number of the slip, its code or the day of birth is wrong, or the slip has ended")]
    Slip,
    /// No such purpose in the policy pack.
    #[error("`{0}` is no purpose for showing a number")]
    Purpose(String),
    /// The machine gives no randomness, or the hash function failed.
    #[error("a secret could not be made: {0}")]
    Secret(String),
}

impl Error {
    /// Stable code, the key of its words.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::SignIn => "access-sign-in",
            Self::Throttled { .. } => "access-throttled",
            Self::Denied { .. } => "access-denied",
            Self::NotFound => "access-not-found",
            Self::Role(_) => "access-role",
            Self::Level { .. } => "access-level",
            Self::LoginTaken(_) => "access-login-taken",
            Self::LoginForm => "access-login-form",
            Self::WeakPassword(_) => "access-weak-password",
            Self::OldPassword => "access-old-password",
            Self::SamePassword => "access-same-password",
            Self::Slip => "access-slip",
            Self::Purpose(_) => "access-purpose",
            Self::Secret(_) => "access-secret",
        }
    }
}
