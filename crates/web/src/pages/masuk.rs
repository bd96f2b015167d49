//! Sign-in and sign-out, language and theme. A wrong name and a wrong password give one and the same answer; how often one may try
//! is decided by `access`. The form of a visitor carries a token that must equal a cookie of the same browser.

use std::sync::Arc;

use askama::Template;
use axum::{
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect},
};
use serde::Deserialize;

use crate::{
    app::App,
    fault::Fault,
    guard::random_hex,
    lang::Tongue,
    shell::Shell,
    ui::{self, FieldError},
    visit::{
        Answer, Cookies, Guest, LANG_COOKIE, Posted, SESSION_COOKIE, THEME_COOKIE, cookie, page, safe_path,
        same, serde_urlencoded,
    },
};

pub(crate) const FORM_COOKIE: &str = "pilar_formulir";
pub(crate) const FORM_SECONDS: u32 = 3600;
const SESSION_SECONDS: u32 = 12 * 3600;
const YEAR_SECONDS: u32 = 365 * 24 * 3600;

/// The sign-in page.
#[derive(Template)]
#[template(path = "masuk.html")]
pub(crate) struct SignInPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) csrf: String,
    pub(crate) to: String,
    pub(crate) login: String,
    pub(crate) errors: Vec<FieldError>,
}

impl SignInPage {
    fn error_of(&self, field: &str) -> String {
        ui::error_of(&self.errors, field)
    }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    ke: Option<String>,
}

pub(crate) async fn show(guest: Guest, Query(asked): Query<Asked>) -> Answer {
    let to = safe_path(asked.ke.as_deref().unwrap_or("/beranda")).to_owned();
    if guest.session().await?.is_some() {
        return Ok(Redirect::to(&to).into_response());
    }
    form(&guest, to, String::new(), Vec::new())
}

fn form(guest: &Guest, to: String, login: String, errors: Vec<FieldError>) -> Answer {
    let csrf = random_hex::<16>();
    let set = cookie(FORM_COOKIE, &csrf, FORM_SECONDS, guest.app.options.secure);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let body = page(&SignInPage { t: guest.t.clone(), shell: guest.shell(), csrf, to, login, errors })?;
    Ok((status, [(header::SET_COOKIE, set)], body).into_response())
}

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: String,
}

pub(crate) async fn sign_in(guest: Guest, headers: HeaderMap, body: Bytes) -> Answer {
    let sent: Form = serde_urlencoded(&body)?;
    if !same(&sent.csrf, Cookies(&headers).get(FORM_COOKIE).unwrap_or("")) {
        return Err(Fault::csrf());
    }
    let to = safe_path(&sent.to).to_owned();
    let missing = missing(&guest.t, &sent);
    if !missing.is_empty() {
        return form(&guest, to, sent.login, missing);
    }
    let (login, peer) = (sent.login.clone(), guest.peer.clone());
    let opened = guest.app.ask(move |house| access::sign_in(house, &login, &sent.password, &peer)).await;
    match opened {
        Ok(opened) => {
            let secure = guest.app.options.secure;
            let cookies = AppendHeaders([
                (header::SET_COOKIE, cookie(SESSION_COOKIE, &opened.token, SESSION_SECONDS, secure)),
                (header::SET_COOKIE, cookie(FORM_COOKIE, "", 0, secure)),
            ]);
            Ok((cookies, Redirect::to(&to)).into_response())
        }
        Err(fault) if fault.is_refused_sign_in() => {
            let text = guest.t.say(&format!("galat-{}", fault.code()));
            form(&guest, to, sent.login, vec![FieldError { field: "login".into(), text }])
        }
        Err(fault) => Err(fault),
    }
}

fn missing(t: &Tongue, sent: &Form) -> Vec<FieldError> {
    [("login", &sent.login, "web-login-missing"), ("password", &sent.password, "web-password-missing")]
        .into_iter()
        .filter(|(_, value, _)| value.trim().is_empty())
        .map(|(field, _, key)| FieldError { field: field.into(), text: t.say(key) })
        .collect()
}

#[derive(Deserialize)]
pub(crate) struct Nothing {}

pub(crate) async fn sign_out(posted: Posted<Nothing>) -> Answer {
    let Nothing {} = posted.form;
    let guest = posted.visit.guest;
    if let Some(token) = guest.token.clone() {
        guest.app.ask(move |house| access::sign_out(house, &token)).await?;
    }
    let gone = cookie(SESSION_COOKIE, "", 0, guest.app.options.secure);
    Ok(([(header::SET_COOKIE, gone)], Redirect::to("/masuk")).into_response())
}

#[derive(Deserialize)]
pub(crate) struct Look {
    lang: Option<String>,
    tema: Option<String>,
    ke: Option<String>,
}

/// Keeps the language or theme in a cookie and goes back to the page.
pub(crate) async fn look(State(app): State<Arc<App>>, Query(asked): Query<Look>) -> Answer {
    let secure = app.options.secure;
    let lang = asked.lang.filter(|lang| matches!(lang.as_str(), "id" | "en"));
    let theme = asked.tema.filter(|theme| matches!(theme.as_str(), "terang" | "gelap"));
    let cookies = [(LANG_COOKIE, lang), (THEME_COOKIE, theme)];
    let set = cookies
        .into_iter()
        .filter_map(|(name, value)| Some((header::SET_COOKIE, cookie(name, &value?, YEAR_SECONDS, secure))));
    let to = Redirect::to(safe_path(asked.ke.as_deref().unwrap_or("/beranda")));
    Ok((AppendHeaders(set.collect::<Vec<_>>()), to).into_response())
}
