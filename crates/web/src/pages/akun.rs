//! /akun: who I am here, what my role may do, in the words of the roles file, and my password. /pengguna: the administrator's list of
//! accounts.

use std::collections::HashMap;

use access::{NewUser, UserView};
use askama::Template;
use axum::{
    extract::Query,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use model::RegionCode;
use serde::Deserialize;

use crate::{
    fault::{Fault, FaultPage},
    lang::Tongue,
    shell::Shell,
    ui::{self, FieldError},
    visit::{Answer, Posted, Visit, page},
};

/// My account.
#[derive(Template)]
#[template(path = "akun.html")]
pub(crate) struct AccountPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) login: String,
    pub(crate) actions: Vec<String>,
    pub(crate) errors: Vec<FieldError>,
    /// Fewest characters of a password.
    pub(crate) least: i64,
    /// The password has just been changed.
    pub(crate) changed: bool,
}

impl AccountPage {
    fn error_of(&self, field: &str) -> String {
        ui::error_of(&self.errors, field)
    }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    sandi: Option<String>,
}

pub(crate) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    account_page(&visit, Vec::new(), asked.sandi.is_some())
}

fn account_page(visit: &Visit, errors: Vec<FieldError>, changed: bool) -> Answer {
    let t = visit.t();
    let roles = t.policy().roles();
    let mine = roles.actions.iter().filter(|action| visit.session.may(&action.key));
    let actions = mine.map(|action| t.label(&action.label).to_owned()).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let body = page(&AccountPage {
        actions,
        errors,
        changed,
        least: t.policy().settings().access.password_length,
        login: visit.session.login.clone(),
        shell: visit.shell(),
        t: t.clone(),
    })?;
    Ok((status, body).into_response())
}

#[derive(Deserialize)]
pub(crate) struct PasswordForm {
    #[serde(default)]
    lama: String,
    #[serde(default)]
    baru: String,
    #[serde(default)]
    ulang: String,
}

/// The old password is asked for; all other sessions of the account end. What was typed is never sent back.
pub(crate) async fn change_password(posted: Posted<PasswordForm>) -> Answer {
    let Posted { visit, form } = posted;
    let t = visit.t();
    let missing =
        [("lama", &form.lama, "web-password-old-missing"), ("baru", &form.baru, "web-password-new-missing")]
            .into_iter()
            .filter(|(_, value, _)| value.is_empty())
            .map(|(field, _, key)| FieldError { field: field.into(), text: t.say(key) });
    let differs = (form.baru != form.ulang)
        .then(|| FieldError { field: "ulang".into(), text: t.say("web-password-again-differs") });
    let errors: Vec<FieldError> = missing.chain(differs).collect();
    if !errors.is_empty() {
        return account_page(&visit, errors, false);
    }
    let (session, token) = (visit.session.clone(), visit.guest.token.clone().unwrap_or_default());
    let changed = visit
        .guest
        .app
        .ask(move |house| access::change_password(house, &session, &token, &form.lama, &form.baru))
        .await;
    match changed {
        Ok(()) => Ok(Redirect::to("/akun?sandi=1").into_response()),
        Err(fault) if fault.is_input() || fault.is_refused_sign_in() => {
            let field = if fault.code() == "access-old-password" || fault.is_refused_sign_in() {
                "lama"
            } else {
                "baru"
            };
            account_page(&visit, vec![FieldError { field: field.into(), text: fault.title(&t) }], false)
        }
        Err(fault) => Err(fault),
    }
}

/// All accounts.
#[derive(Template)]
#[template(path = "pengguna.html")]
pub(crate) struct UsersPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) users: Vec<UserView>,
    pub(crate) me: i64,
    pub(crate) places: HashMap<String, String>,
    pub(crate) roles: Vec<(String, String)>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) sent: NewForm,
    /// Login and password of the account just made; the password is shown this once.
    pub(crate) made: Option<(String, String)>,
}

impl UsersPage {
    fn role(&self, key: &str) -> String {
        let role = self.t.policy().roles().get(key);
        role.map_or_else(|| key.to_owned(), |role| self.t.label(&role.label).to_owned())
    }

    fn error_of(&self, field: &str) -> String {
        ui::error_of(&self.errors, field)
    }

    /// Where a role is held, by name; its code where the territory has no such region.
    fn place(&self, user: &UserView) -> String {
        if user.region.is_empty() {
            return self.t.say("web-nation");
        }
        self.places.get(&user.region).cloned().unwrap_or_else(|| user.region.clone())
    }
}

#[derive(Deserialize, Default, Clone)]
pub(crate) struct NewForm {
    #[serde(default)]
    pub(crate) login: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) role: String,
    #[serde(default)]
    pub(crate) region: String,
}

pub(crate) async fn list(visit: Visit) -> Answer {
    users_page(visit, NewForm::default(), Vec::new(), None).await
}

async fn users_page(
    visit: Visit,
    sent: NewForm,
    errors: Vec<FieldError>,
    made: Option<(String, String)>,
) -> Answer {
    let users = visit.ask("user.manage", access::users).await?;
    let held = users.iter().map(|user| user.region.clone()).filter(|region| !region.is_empty());
    let places = visit.names(held).await?;
    let t = visit.t();
    let given = t.policy().roles().iter().filter(|role| role.assignable);
    let roles = given.map(|role| (role.key.clone(), t.label(&role.label).to_owned())).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let body = page(&UsersPage {
        roles,
        users,
        places,
        errors,
        sent,
        made,
        me: visit.session.user_id.0,
        shell: visit.shell(),
        t: t.clone(),
    })?;
    Ok((status, body).into_response())
}

pub(crate) async fn create(posted: Posted<NewForm>) -> Answer {
    let Posted { visit, form } = posted;
    let t = visit.t();
    let Ok(region) = RegionCode::parse(&form.region) else {
        let text = t.say("web-region-wrong");
        return users_page(visit, form, vec![FieldError { field: "region".into(), text }], None).await;
    };
    let new = NewUser {
        login: form.login.clone(),
        name: form.name.trim().to_owned(),
        role: form.role.clone(),
        region,
        password: None,
    };
    match visit.ask("user.manage", move |house, scope| access::create_user(house, scope, new)).await {
        Ok(made) => {
            let made = Some((made.login, made.password.unwrap_or_default()));
            users_page(visit, NewForm::default(), Vec::new(), made).await
        }
        Err(fault) if fault.is_input() => {
            let errors = vec![FieldError { field: field_of(&fault).into(), text: fault.title(&t) }];
            users_page(visit, form, errors, None).await
        }
        Err(fault) => Err(fault),
    }
}

fn field_of(fault: &Fault) -> &'static str {
    match fault.code() {
        "access-level" => "region",
        "access-role" => "role",
        _ => "login",
    }
}

#[derive(Deserialize)]
pub(crate) struct CloseForm {
    login: String,
}

pub(crate) async fn close(posted: Posted<CloseForm>) -> Answer {
    let login = posted.form.login;
    posted.visit.ask("user.manage", move |house, scope| access::close_user(house, scope, &login)).await?;
    Ok(Redirect::to("/pengguna").into_response())
}

impl Fault {
    /// The sentence of this fault, for a form that shows it beside its field.
    pub(crate) fn title(&self, t: &Tongue) -> String {
        FaultPage::new(t.clone(), Shell::default(), 422, self.code()).title
    }
}
