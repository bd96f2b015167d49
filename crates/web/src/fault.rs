//! One error type for all pages. In: the errors of the rooms; out: a status and a page in the visitor's language with a stable code,
//! a remedy, and the id of the request to quote. What went wrong inside is logged, never shown.

use std::{fmt::Display, sync::Arc};

use askama::Template;
use axum::{
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    app::App,
    lang::Tongue,
    shell::Shell,
    visit::{Guest, Visit, encode, page},
};

/// Why a page is not shown.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    status: StatusCode,
    /// Stable code; its words are `galat-<code>` in the policy's words.
    code: String,
    /// Where to sign in first, instead of an error page.
    sign_in: Option<String>,
}

impl Fault {
    pub(crate) fn new(status: StatusCode, code: &str) -> Self {
        Self { status, code: code.to_owned(), sign_in: None }
    }

    /// Something is wrong inside: the reader sees a reference, the log the reason.
    pub(crate) fn internal(code: &str, error: impl Display) -> Self {
        tracing::error!(code, %error, "a page failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "web-not-found")
    }

    pub(crate) fn csrf() -> Self {
        Self::new(StatusCode::FORBIDDEN, "web-csrf")
    }

    pub(crate) fn bad_form() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "web-bad-form")
    }

    /// A refusal of a room, known by its code.
    pub(crate) fn refused(code: &str) -> Self {
        Self::new(status_of(code), code)
    }

    pub(crate) fn signed_out() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "web-signed-out")
    }

    pub(crate) fn sign_in(to: &str) -> Self {
        Self { sign_in: Some(to.to_owned()), ..Self::signed_out() }
    }

    /// The stable code.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Wrong name or password, or too many tries: said on the sign-in form itself.
    pub(crate) fn is_refused_sign_in(&self) -> bool {
        matches!(self.code.as_str(), "access-sign-in" | "access-throttled")
    }

    /// Whether the visitor can do something about it on the form itself.
    pub(crate) fn is_input(&self) -> bool {
        matches!(self.status, StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT)
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        if let Some(to) = &self.sign_in {
            let to = if to == "/" { "/masuk".to_owned() } else { format!("/masuk?ke={}", encode(to)) };
            return Redirect::to(&to).into_response();
        }
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The errors of the rooms: the status follows from the stable code, whose words the room brings along.
macro_rules! from_rooms {
    ($($error:ty),* $(,)?) => { $(impl From<$error> for Fault {
        fn from(error: $error) -> Self {
            Self::told(error.code(), &error)
        }
    })* };
}
from_rooms!(
    store::Error,
    access::Error,
    targeting::Error,
    casework::Error,
    report::Error,
    registry::Error,
    registry::intake::Error,
    payment::Error
);

impl Fault {
    fn told(code: &str, error: &dyn Display) -> Self {
        let status = status_of(code);
        if status.is_server_error() {
            return Self { status, ..Self::internal(code, error) };
        }
        Self::new(status, code)
    }
}

/// What is the visitor's (wrong input, no right, not there, too late) is told from what is ours.
fn status_of(code: &str) -> StatusCode {
    let (_, what) = code.split_once('-').unwrap_or(("", code));
    match what {
        "file-withdrawn" => StatusCode::CONFLICT,
        _ if code.starts_with("casework-file-") && what != "file-lake" => StatusCode::UNPROCESSABLE_ENTITY,
        "not-found" | "share-not-found" | "workflow" | "ticket" | "sleeping" | "no-run" | "no-programme"
        | "region" => StatusCode::NOT_FOUND,
        "sign-in" => StatusCode::UNAUTHORIZED,
        "throttled" => StatusCode::TOO_MANY_REQUESTS,
        "cursor" => StatusCode::BAD_REQUEST,
        "busy" => StatusCode::SERVICE_UNAVAILABLE,
        "fund-field" | "fund-amount" | "fund-day" | "fund-document" | "fund-short" | "fund-state"
        | "goods-field" | "goods-digits" | "goods-quantity" | "goods-day" | "goods-stock"
        | "goods-transit" | "goods-document" | "goods-elsewhere" | "goods-fixed" | "card-digits"
        | "card-field" | "card-day" | "plan-field" | "plan-person" | "plan-heir" | "plan-carrier"
        | "plan-channel" | "too-long" | "no-ranks" | "consumption" | "too-short" | "documents"
        | "purpose" | "level" | "subject" | "form" | "guard" | "login-form" | "weak-password"
        | "old-password" | "same-password" | "desk-nothing" | "desk-too-many" | "desk-reason"
        | "desk-action" | "desk-no-payee" | "desk-died" | "desk-no-family" | "desk-field" | "assignee"
        | "no-clarification" | "slip" | "survey-form" | "share-companion" | "share-kin" | "share-full"
        | "share-too-many" => StatusCode::UNPROCESSABLE_ENTITY,
        "denied" | "assign" | "accused" | "kin" | "ticket-locked" | "maker-is-checker" | "territory"
        | "scope" | "role" | "apart" | "survey-own" | "same-person" | "share-same-person" => {
            StatusCode::FORBIDDEN
        }
        "conflict" | "no-survey" | "open-already" | "desk-already" | "desk-decided" | "desk-over"
        | "login-taken" | "nothing-to-undo" | "list-changed" | "at-work" | "changed" | "state" | "closed"
        | "paper-taken" | "plan-nothing" | "plan-too-many" | "plan-year-over" | "plan-overpaid"
        | "plan-no-need" | "candidates" | "over-ceiling" | "action" | "hash-changed" | "already-approved"
        | "share-decided" | "share-stale" => StatusCode::CONFLICT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The page of an error.
#[derive(Template)]
#[template(path = "galat.html")]
pub(crate) struct FaultPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) title: String,
    pub(crate) remedy: String,
}

impl FaultPage {
    pub(crate) fn new(t: Tongue, shell: Shell, status: u16, code: &str) -> Self {
        // A code without words of its own has those of its status; every status has some.
        let key = format!("galat-{code}");
        let words = t.policy().words();
        let title = if words.has(&key) { t.say(&key) } else { t.say(by_status(status).0) };
        let own_remedy = format!("{key}-remedy");
        let remedy = if words.has(&own_remedy) { t.say(&own_remedy) } else { t.say(by_status(status).1) };
        Self { t, shell, status, code: code.to_owned(), title, remedy }
    }
}

fn by_status(status: u16) -> (&'static str, &'static str) {
    match status {
        400 | 413 | 415 | 422 => ("web-error-form", "web-error-form-remedy"),
        401 => ("web-error-signed-out", "web-error-signed-out-remedy"),
        403 => ("web-error-denied", "web-error-denied-remedy"),
        404 | 405 => ("web-error-not-found", "web-error-not-found-remedy"),
        409 => ("web-error-conflict", "web-error-conflict-remedy"),
        429 => ("web-error-often", "web-error-often-remedy"),
        503 => ("web-error-busy", "web-error-busy-remedy"),
        _ => ("web-error-internal", "web-error-internal-remedy"),
    }
}

/// Turns every bare error answer, ours or the framework's, into a page.
pub(crate) async fn dress(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let guest = Guest::of(&app, &parts);
    let head = parts.method == Method::HEAD;
    let response = next.run(Request::from_parts(parts, body)).await;
    let status = response.status();
    let dressed = response.headers().contains_key(header::CONTENT_TYPE)
        && response.extensions().get::<Fault>().is_none()
        && !matches!(
            status,
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::BAD_REQUEST
        );
    if !(status.is_client_error() || status.is_server_error()) || dressed || head {
        return response;
    }
    let code = match response.extensions().get::<Fault>() {
        Some(fault) => fault.code.clone(),
        None => format!("http-{}", status.as_u16()),
    };
    let t = guest.t.clone();
    let shell = match guest.session().await {
        Ok(Some(signed)) => Visit::new(guest, signed).shell(),
        _ => guest.shell(),
    };
    match page(&FaultPage::new(t, shell, status.as_u16(), &code)) {
        Ok(mut dressed) => {
            *dressed.status_mut() = status;
            dressed
        }
        Err(_) => response,
    }
}

pub(crate) async fn no_such_page() -> Fault {
    Fault::not_found()
}
