//! Citizens without an account: report something, keep the ticket, look how it stands, take the step that is theirs. The secret travels in
//! the body of a form only; nothing here looks up a person.

use std::collections::BTreeMap;

use access::Session;
use askama::Template;
use axum::{
    body::Bytes,
    extract::Query,
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use casework::{
    Error, Refusal, StepRequest, Ticket, TicketView,
    views::{FieldView, OpenableView, openable_by_citizens},
};
use model::{RegionCode, RegionLevel};
use serde::Deserialize;

use super::{
    kasus::{choices, faults, input_kind, input_mode, is_long, own},
    masuk::{FORM_COOKIE, FORM_SECONDS},
};
use crate::{
    fault::Fault,
    guard::random_hex,
    lang::Tongue,
    shell::Shell,
    ui::{self, FieldError},
    visit::{Answer, Cookies, Guest, cookie, encode, page, same, serde_urlencoded},
};

/// Reports from one machine in the window of the sign-in throttle.
const REPORTS_MAX: i64 = 30;

/// What to report, or the form for it.
#[derive(Template)]
#[template(path = "lapor.html")]
pub(crate) struct ReportPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) csrf: String,
    pub(crate) form: Option<OpenableView>,
    pub(crate) choices: Vec<OpenableView>,
    pub(crate) region: String,
    /// Name of the place.
    pub(crate) place: String,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) sent: BTreeMap<String, String>,
}

/// Where it happened: a place and the places within it.
#[derive(Template)]
#[template(path = "lapor_wilayah.html")]
pub(crate) struct PlacesPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) workflow: String,
    /// From the nation down to the chosen place, as code and name.
    pub(crate) path: Vec<(String, String)>,
    /// What lies within, likewise.
    pub(crate) within: Vec<(String, String)>,
}

/// The ticket, shown once.
#[derive(Template)]
#[template(path = "lapor_tiket.html")]
pub(crate) struct TicketPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) ticket: Ticket,
}

/// How a case stands.
#[derive(Template)]
#[template(path = "lacak.html")]
pub(crate) struct TrackPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) csrf: String,
    pub(crate) view: Option<TicketView>,
    pub(crate) secret: String,
    /// The citizen has just said how the service was.
    pub(crate) thanked: bool,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) sent: BTreeMap<String, String>,
}

impl ReportPage {
    fn value(&self, field: &FieldView) -> String {
        self.sent.get(&field.key).cloned().unwrap_or_default()
    }

    fn error(&self, field: &FieldView) -> String {
        ui::error_of(&self.errors, &format!("lapor-{}", field.key))
    }
}

impl TrackPage {
    fn value(&self, field: &FieldView) -> String {
        self.sent.get(&field.key).cloned().unwrap_or_default()
    }

    fn error(&self, action: &str, field: &FieldView) -> String {
        ui::error_of(&self.errors, &format!("{action}-{}", field.key))
    }
}

/// Address of the form for a place.
pub(crate) fn report_href(workflow: &str, code: &str) -> String {
    format!("/lapor?jenis={}&wilayah={}", encode(workflow), encode(code))
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    jenis: String,
    #[serde(default)]
    wilayah: String,
}

/// A place that a report can be about: a province, or a place within one.
fn place_of(code: &str) -> Option<RegionCode> {
    RegionCode::parse(code).ok().filter(|region| region.level() != RegionLevel::Nation)
}

pub(crate) async fn show(guest: Guest, Query(asked): Query<Asked>) -> Answer {
    if !asked.jenis.is_empty() && place_of(&asked.wilayah).is_none() {
        return places_page(&guest, asked.jenis, RegionCode::nation()).await;
    }
    form(&guest, &asked.jenis, asked.wilayah, Vec::new(), BTreeMap::new()).await
}

pub(crate) async fn places(guest: Guest, Query(asked): Query<Asked>) -> Answer {
    let here = RegionCode::parse(&asked.wilayah).unwrap_or_else(|_| RegionCode::nation());
    places_page(&guest, asked.jenis, here).await
}

async fn places_page(guest: &Guest, workflow: String, here: RegionCode) -> Answer {
    let (path, within) = guest
        .app
        .ask(move |house| {
            house.db.read(|tx| {
                Ok::<_, store::Error>((
                    store::regions::path(tx, &here)?,
                    store::regions::children(tx, &here)?,
                ))
            })
        })
        .await?;
    let shown = |regions: Vec<store::regions::Region>| -> Vec<(String, String)> {
        regions.into_iter().map(|one| (one.code.to_string(), one.name)).collect()
    };
    let (t, shell) = (guest.t.clone(), guest.shell());
    page(&PlacesPage { t, shell, workflow, path: shown(path), within: shown(within) })
}

/// A form of a visitor carries a token that must equal a cookie of the same browser.
pub(super) fn with_cookie(guest: &Guest, status: StatusCode, csrf: &str, body: Answer) -> Answer {
    let set = cookie(FORM_COOKIE, csrf, FORM_SECONDS, guest.app.options.secure);
    Ok((status, [(header::SET_COOKIE, set)], body?).into_response())
}

fn status(errors: &[FieldError]) -> StatusCode {
    if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

async fn form(
    guest: &Guest,
    workflow: &str,
    region: String,
    errors: Vec<FieldError>,
    sent: BTreeMap<String, String>,
) -> Answer {
    let (places, code) = (guest.app.places.clone(), region.clone());
    let asked = [code.clone()].into_iter().filter(|code| !code.is_empty()).collect();
    let mut names = guest.app.ask(move |house| places.names(house, asked)).await?;
    let place = names.remove(&code).unwrap_or(code);
    let choices = openable_by_citizens(&guest.app.house);
    let csrf = random_hex::<16>();
    let answer = status(&errors);
    let body = page(&ReportPage {
        t: guest.t.clone(),
        shell: guest.shell(),
        csrf: csrf.clone(),
        form: choices.iter().find(|one| one.workflow == workflow).cloned(),
        choices,
        region,
        place,
        errors,
        sent,
    });
    with_cookie(guest, answer, &csrf, body)
}

/// The fields of a visitor's form, its token checked and taken out.
pub(super) fn read(headers: &HeaderMap, body: &Bytes) -> Result<BTreeMap<String, String>, Fault> {
    let mut form: BTreeMap<String, String> = serde_urlencoded(body)?;
    if !same(&own(&mut form, "csrf"), Cookies(headers).get(FORM_COOKIE).unwrap_or("")) {
        return Err(Fault::csrf());
    }
    Ok(form)
}

pub(crate) async fn send(guest: Guest, headers: HeaderMap, body: Bytes) -> Answer {
    let mut sent = read(&headers, &body)?;
    let (workflow, place) = (own(&mut sent, "jenis"), own(&mut sent, "wilayah"));
    let Some(region) = place_of(&place) else {
        let errors = vec![FieldError { field: "wilayah".into(), text: guest.t.say("web-place-wrong") }];
        return form(&guest, &workflow, String::new(), errors, sent).await;
    };
    let (peer, key, written) = (guest.peer.clone(), workflow.clone(), sent.clone());
    let opened = guest
        .app
        .ask(move |house| {
            access::attempt(house, &format!("report:{peer}"), REPORTS_MAX)?;
            let scope = Session::citizen(house).scope("case.ticket")?;
            match casework::open_with_ticket(house, &scope, &key, region, written) {
                Err(Error::Refused(Refusal::Form(faults))) => Ok(Err(faults)),
                Err(error) => Err(Fault::from(error)),
                Ok(ticket) => Ok(Ok(ticket)),
            }
        })
        .await?;
    match opened {
        Ok(ticket) => page(&TicketPage { t: guest.t.clone(), shell: guest.shell(), ticket }),
        Err(found) => {
            let errors = faults(&guest.t, "lapor", &found);
            form(&guest, &workflow, place, errors, sent).await
        }
    }
}

pub(crate) async fn track(guest: Guest) -> Answer {
    track_page(&guest, None, Default::default(), Vec::new(), BTreeMap::new())
}

fn track_page(
    guest: &Guest,
    view: Option<TicketView>,
    (secret, thanked): (String, bool),
    errors: Vec<FieldError>,
    sent: BTreeMap<String, String>,
) -> Answer {
    let csrf = random_hex::<16>();
    let answer = status(&errors);
    let (t, shell) = (guest.t.clone(), guest.shell());
    let body = page(&TrackPage { t, shell, csrf: csrf.clone(), view, secret, thanked, errors, sent });
    with_cookie(guest, answer, &csrf, body)
}

/// Counts a wrong secret against the machine that sent it.
pub(super) fn wrong_secret(house: &access::House, peer: &str) -> Result<(), access::Error> {
    access::attempt(house, &format!("ticket:{peer}"), REPORTS_MAX)
}

/// Tries the ticket; a wrong one is told on the form.
async fn look(guest: &Guest, ticket: String, secret: String) -> Result<Result<TicketView, String>, Fault> {
    let peer = guest.peer.clone();
    guest
        .app
        .ask(move |house| match casework::ticket_page(house, ticket.trim(), secret.trim()) {
            Err(error @ (Error::Ticket | Error::TicketLocked)) => {
                wrong_secret(house, &peer)?;
                Ok(Err(error.code().to_owned()))
            }
            Err(error) => Err(Fault::from(error)),
            Ok(view) => Ok(Ok(view)),
        })
        .await
}

pub(super) async fn show_ticket(
    guest: Guest,
    (ticket, secret, thanked): (String, String, bool),
    errors: Vec<FieldError>,
    sent: BTreeMap<String, String>,
) -> Answer {
    match look(&guest, ticket, secret.clone()).await? {
        Ok(view) => track_page(&guest, Some(view), (secret, thanked), errors, sent),
        Err(code) => {
            let text = guest.t.say(&format!("galat-{code}"));
            let errors = vec![FieldError { field: "tiket".into(), text }];
            track_page(&guest, None, Default::default(), errors, BTreeMap::new())
        }
    }
}

pub(crate) async fn track_one(guest: Guest, headers: HeaderMap, body: Bytes) -> Answer {
    let mut sent = read(&headers, &body)?;
    let ticket = (own(&mut sent, "tiket"), own(&mut sent, "rahasia"), false);
    show_ticket(guest, ticket, Vec::new(), BTreeMap::new()).await
}

pub(crate) async fn step(guest: Guest, headers: HeaderMap, body: Bytes) -> Answer {
    let mut sent = read(&headers, &body)?;
    let (ticket, secret) = (own(&mut sent, "tiket"), own(&mut sent, "rahasia"));
    let action = own(&mut sent, "langkah");
    let rev = own(&mut sent, "rev").parse().unwrap_or(-1);
    let request = StepRequest { action: action.clone(), written: sent.clone(), rev };
    let (of, with) = (ticket.clone(), secret.clone());
    let refused = guest
        .app
        .ask(move |house| {
            let scope = Session::citizen(house).scope("case.ticket")?;
            match casework::ticket_step(house, &scope, of.trim(), with.trim(), &request) {
                Err(Error::Refused(Refusal::Form(faults))) => Ok(faults),
                Err(error) => Err(Fault::from(error)),
                Ok(_) => Ok(Vec::new()),
            }
        })
        .await?;
    let errors = faults(&guest.t, &action, &refused);
    let kept = if errors.is_empty() { BTreeMap::new() } else { sent };
    show_ticket(guest, (ticket, secret, false), errors, kept).await
}

/// The citizen says how the service was.
pub(crate) async fn survey(guest: Guest, headers: HeaderMap, body: Bytes) -> Answer {
    let mut sent = read(&headers, &body)?;
    let (ticket, secret) = (own(&mut sent, "tiket"), own(&mut sent, "rahasia"));
    let answered = super::kepuasan::answered(&mut sent, &guest.t);
    let (of, with) = (ticket.clone(), secret.clone());
    let refused = guest
        .app
        .ask(move |house| {
            let scope = Session::citizen(house).scope("case.ticket")?;
            match casework::public::survey_by_ticket(house, &scope, (of.trim(), with.trim()), &answered) {
                Err(error @ (Error::SurveyForm | Error::NoSurvey)) => Ok(Some(error.code())),
                Err(error) => Err(Fault::from(error)),
                Ok(()) => Ok(None),
            }
        })
        .await?;
    let text = refused.map(|code| guest.t.say(&format!("galat-{code}")));
    let thanked = text.is_none();
    let errors = text.into_iter().map(|text| FieldError { field: "l-survei".into(), text }).collect();
    show_ticket(guest, (ticket, secret, thanked), errors, BTreeMap::new()).await
}
