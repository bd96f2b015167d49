//! Search: one text, tolerant. The address holds the text, so a result can be bookmarked and sent; a NIK is not kept in it (a search for
//! a number is posted and answered on the same page).

use askama::Template;
use axum::{
    extract::Query,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect},
};
use registry::search::{Found, Hit};
use serde::Deserialize;

use crate::{
    lang::Tongue,
    shell::Shell,
    ui::FieldError,
    visit::{Answer, Posted, Visit, encode, page},
};

/// The search page.
#[derive(Template)]
#[template(path = "cari.html")]
pub(crate) struct SearchPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) text: String,
    pub(crate) found: Option<Found>,
    pub(crate) errors: Vec<FieldError>,
}

impl SearchPage {
    fn why(&self, hit: &Hit) -> (&'static str, String) {
        let kind = if hit.why.ends_with("slip") || hit.why.ends_with("near") { "warn" } else { "good" };
        (kind, self.t.say(&format!("search-why-{}", hit.why)))
    }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    q: String,
}

pub(crate) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    look(visit, asked.q).await
}

/// The form posts, so that a number never stands in an address; a name is led to an address that can be kept.
pub(crate) async fn send(headers: HeaderMap, posted: Posted<Asked>) -> Answer {
    let text = posted.form.q;
    let has_number = text.chars().any(|c| c.is_ascii_digit());
    // Only the results are asked for: the page stays, its address says what was looked for unless that is a number.
    if headers.contains_key("hx-request") {
        let typing = text.trim().chars().count() < 3;
        let mut answer = look(posted.visit, if typing { String::new() } else { text.clone() }).await?;
        let address =
            if has_number || typing { "/cari".to_owned() } else { format!("/cari?q={}", encode(&text)) };
        if let Ok(address) = address.parse() {
            answer.headers_mut().insert("hx-replace-url", address);
        }
        return Ok(answer);
    }
    if has_number {
        return look(posted.visit, text).await;
    }
    Ok(Redirect::to(&format!("/cari?q={}", encode(&text))).into_response())
}

async fn look(visit: Visit, text: String) -> Answer {
    let text: String = text.chars().take(120).collect();
    let (wanted, blank) = (text.clone(), text.trim().is_empty());
    let scope = visit.scope("search")?;
    let found = if blank {
        Ok(None)
    } else {
        let found = visit.guest.app.ask(move |house| registry::search::search(house, &scope, &wanted)).await;
        found.map(Some)
    };
    let t = visit.t();
    let (found, errors) = match found {
        Ok(found) => (found, Vec::new()),
        Err(fault) if fault.is_input() => {
            (None, vec![FieldError { field: "cari".into(), text: fault.title(&t) }])
        }
        Err(fault) => return Err(fault),
    };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let body = page(&SearchPage { text, found, errors, shell: visit.shell(), t })?;
    Ok((status, body).into_response())
}
