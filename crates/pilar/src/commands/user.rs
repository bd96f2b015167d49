//! `pilar user add | list`.

use access::{House, NewUser, Session};
use model::RegionCode;

use crate::{cli::User, commands::Answer, failure::Failure};

pub(crate) fn run(house: &House, command: &User) -> anyhow::Result<Answer> {
    let scope = Session::console(house).scope("user.manage")?;
    match command {
        User::Add { login, name, role, region, password } => {
            let region = RegionCode::parse(region).map_err(|error| Failure::input(error.to_string()))?;
            let new = NewUser {
                login: login.clone(),
                name: name.clone(),
                role: role.clone(),
                region,
                password: password.clone(),
            };
            let made = access::create_user(house, &scope, new).map_err(refused)?;
            let mut lines = vec![format!("account {} ({role}) was made", made.login)];
            if let Some(password) = &made.password {
                lines.push(format!("password, shown only now: {password}"));
            }
            Answer::of(&made, lines)
        }
        User::List => {
            let users = access::users(house, &scope)?;
            let line = |user: &access::UserView| {
                let state = if user.active { "" } else { " (closed)" };
                let region = if user.region.is_empty() { "-" } else { &user.region };
                format!("{:<20} {:<20} {:<14} {}{state}", user.login, user.role, region, user.name)
            };
            Answer::of(&users, users.iter().map(line).collect())
        }
    }
}

/// What the operator typed was wrong: exit code 3 rather than 1.
fn refused(error: access::Error) -> anyhow::Error {
    match error {
        access::Error::Store(_) | access::Error::Secret(_) => error.into(),
        access::Error::Denied { .. } => Failure::not_allowed(error.to_string()),
        _ => Failure::input(error.to_string()),
    }
}
