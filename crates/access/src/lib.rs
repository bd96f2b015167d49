//! Who may do what, where. In: a sign-in, a session's token, an action's name. Out: a [`Session`], and from it a
//! [`Scope`], without which no
//! room answers a question about people. Never here: a decision about a person; a way to make a scope without a session; a
//! personal number that leaves without an audit row.
//!
//! Roles and actions are data (`policy/roles.toml`). To add an action: name it there, give it to roles, and ask for it with
//! [`Session::scope`] where the work is done; the golden matrix of the tests shows the change.

mod assignment;
mod audit;
mod error;
mod house;
mod password;
pub mod queries;
mod reveal;
mod scope;
mod session;
mod slip;
mod ticket;
mod users;

pub use assignment::{assign_families, assigned_count, hand_on};
pub use audit::{AuditRow, Broken, audit, audit_export, audit_rows, verify_audit};
pub use error::Error;
pub use house::House;
pub use reveal::reveal_nik;
pub use scope::Scope;
pub use session::{NewSession, Session, end_sessions, session, sign_in, sign_out};
pub use slip::{
    Look, NewSlip, OwnScopes, SlipState, end_look, issue_slip, look, look_with_slip, looked, revoke_slip,
    slip_of,
};
pub use ticket::{NewTicket, attempt, new_ticket, right_secret, ticket_hash};
pub use users::{
    CreatedUser, NewUser, UserView, change_password, close_user, create_user, session_of_login, set_password,
    users,
};

/// The room's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;
