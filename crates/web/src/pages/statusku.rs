//! A family looks at its own status, without an account: with a slip that an office handed over after looking at the identity card. Here
//! are the page of the family, its way in, and the page of the office on which the slip is printed. Whatever is wrong on the way in is
//! told in one sentence, and nothing that was typed comes back.

use std::collections::BTreeMap;

use access::{House, NewSlip, SlipState};
use askama::Template;
use axum::{
    body::Bytes,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect},
};
use casework::{
    OwnCase,
    views::{FieldView, OpenableView, openable_one},
};
use model::FamilyId;
use payment::{FamilyPayment, StatusView};
use registry::views::{self, FamilyView};
use serde::Deserialize;
use targeting::{FamilyDecision, FamilyOutcome};

use super::{
    kasus::{choices, faults, input_kind, input_mode, is_long, own},
    keluarga::head_name,
    keputusan::outcome_kind,
    lapor::{self, TicketPage, with_cookie},
    pembayaran::programme,
    status,
};
use crate::{
    fault::Fault,
    guard::random_hex,
    lang::Tongue,
    shell::Shell,
    ui::{self, FieldError},
    visit::{Answer, Cookies, Guest, Posted, Visit, cookie, page},
};

const LOOK_COOKIE: &str = "pilar_kode";

/// The way in.
#[derive(Template)]
#[template(path = "statusku.html")]
pub(crate) struct EnterPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) csrf: String,
    pub(crate) errors: Vec<FieldError>,
}

/// What a family sees of itself.
#[derive(Template)]
#[template(path = "statusku_keluarga.html")]
pub(crate) struct OwnPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) csrf: String,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) sent: BTreeMap<String, String>,
    pub(crate) name: String,
    pub(crate) village: String,
    pub(crate) own: Own,
    pub(crate) form: Option<OpenableView>,
    pub(crate) until: String,
}

/// What the rooms say of the family of a look.
pub(crate) struct Own {
    pub(crate) view: FamilyView,
    pub(crate) decisions: Vec<FamilyDecision>,
    pub(crate) payments: Vec<FamilyPayment>,
    pub(crate) statuses: Vec<StatusView>,
    pub(crate) cases: Vec<OwnCase>,
}

/// The slip, for the office.
#[derive(Template)]
#[template(path = "statusku_kode.html")]
pub(crate) struct SlipPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) family: i64,
    pub(crate) name: String,
    pub(crate) live: Option<SlipState>,
    /// Just made: shown this once.
    pub(crate) slip: Option<NewSlip>,
    /// Whole address of the way in.
    pub(crate) address: String,
}

/// The look of this browser, if one lasts.
async fn look_of(guest: &Guest, headers: &HeaderMap) -> Result<Option<access::Look>, Fault> {
    let Some(token) = Cookies(headers).get(LOOK_COOKIE).map(str::to_owned) else { return Ok(None) };
    guest.app.ask(move |house| access::look(house, &token)).await
}

pub(crate) async fn show(guest: Guest, headers: HeaderMap) -> Answer {
    match look_of(&guest, &headers).await? {
        Some(look) => own_page(&guest, look, Vec::new(), BTreeMap::new()).await,
        None => enter(&guest, None),
    }
}

fn enter(guest: &Guest, wrong: Option<&str>) -> Answer {
    let csrf = random_hex::<16>();
    let text = wrong.map(|code| guest.t.say(&format!("galat-{code}")));
    let status = if text.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let errors = text.into_iter().map(|text| FieldError { field: "lembar".into(), text }).collect();
    let (t, shell) = (guest.t.clone(), guest.shell());
    with_cookie(guest, status, &csrf, page(&EnterPage { t, shell, csrf: csrf.clone(), errors }))
}

pub(crate) async fn open(guest: Guest, headers: HeaderMap, body: Bytes) -> Answer {
    let mut form = lapor::read(&headers, &body)?;
    let [slip, secret, day] = ["lembar", "kode", "tanggal"].map(|key| own(&mut form, key));
    let peer = guest.peer.clone();
    let opened = guest
        .app
        .ask(move |house| match access::look_with_slip(house, &slip, &secret, &day, &peer) {
            Err(error @ (access::Error::Slip | access::Error::Throttled { .. })) => Ok(Err(error.code())),
            Err(error) => Err(Fault::from(error)),
            Ok(token) => Ok(Ok(token)),
        })
        .await?;
    match opened {
        Err(code) => enter(&guest, Some(code)),
        Ok(token) => {
            let seconds = guest.t.policy().settings().slip.look_minutes.saturating_mul(60);
            let set =
                cookie(LOOK_COOKIE, &token, u32::try_from(seconds).unwrap_or(0), guest.app.options.secure);
            Ok(([(header::SET_COOKIE, set)], Redirect::to("/statusku")).into_response())
        }
    }
}

pub(crate) async fn close(guest: Guest, headers: HeaderMap, body: Bytes) -> Answer {
    lapor::read(&headers, &body)?;
    if let Some(token) = Cookies(&headers).get(LOOK_COOKIE).map(str::to_owned) {
        guest.app.ask(move |house| access::end_look(house, &token)).await?;
    }
    let gone = cookie(LOOK_COOKIE, "", 0, guest.app.options.secure);
    Ok(([(header::SET_COOKIE, gone)], Redirect::to("/statusku")).into_response())
}

/// The rooms, each asked about this one family alone.
fn ask(house: &House, look: access::Look) -> Result<Own, Fault> {
    let scopes = access::looked(house, look)?;
    let view = views::family(house, &scopes.family, look.family)?;
    let id = FamilyId(view.family_id);
    let decisions = targeting::family_decisions(house, &scopes.decision, view.family_id)?;
    let payments = payment::family_payments(house, &scopes.payment, id)?;
    let statuses = payment::family_statuses(house, &scopes.payment, &payments)?;
    let cases = casework::own_cases(house, &scopes.case, id)?;
    Ok(Own { view, decisions, payments, statuses, cases })
}

async fn own_page(
    guest: &Guest,
    look: access::Look,
    errors: Vec<FieldError>,
    sent: BTreeMap<String, String>,
) -> Answer {
    let found = guest.app.ask(move |house| ask(house, look)).await?;
    let t = guest.t.clone();
    let csrf = random_hex::<16>();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let body = page(&OwnPage {
        name: head_name(&t, &found.view),
        village: found.view.region_path.last().map_or_else(String::new, |region| region.name.clone()),
        own: found,
        form: openable_one(&guest.app.house, &t.policy().settings().slip.case),
        until: t.stamp(look.ends_at),
        csrf: csrf.clone(),
        errors,
        sent,
        shell: guest.shell(),
        t,
    });
    with_cookie(guest, status, &csrf, body)
}

pub(crate) async fn object(guest: Guest, headers: HeaderMap, body: Bytes) -> Answer {
    let sent = lapor::read(&headers, &body)?;
    let Some(look) = look_of(&guest, &headers).await? else {
        return Ok(Redirect::to("/statusku").into_response());
    };
    let written = sent.clone();
    let opened = guest
        .app
        .ask(move |house| {
            let scopes = access::looked(house, look)?;
            let view = views::family(house, &scopes.family, look.family)?;
            let workflow = &house.policy.settings().slip.case;
            let of = (FamilyId(view.family_id), view.head_name.as_str());
            match casework::open_for_family(house, &scopes.object, workflow, of, written) {
                Err(casework::Error::Refused(casework::Refusal::Form(faults))) => Ok(Err(faults)),
                Err(error) => Err(Fault::from(error)),
                Ok(ticket) => Ok(Ok(ticket)),
            }
        })
        .await?;
    match opened {
        Ok(ticket) => page(&TicketPage { t: guest.t.clone(), shell: guest.shell(), ticket }),
        Err(found) => {
            let errors = faults(&guest.t, "sanggah", &found);
            own_page(&guest, look, errors, sent).await
        }
    }
}

pub(crate) async fn slip(visit: Visit, Path(family): Path<i64>) -> Answer {
    slip_page(visit, family, None).await
}

async fn slip_page(visit: Visit, family: i64, slip: Option<NewSlip>) -> Answer {
    let read = visit.scope("family.read")?;
    let (view, live) = visit
        .ask("slip.issue", move |house, scope| {
            let view = views::family(house, &read, FamilyId(family))?;
            let live = access::slip_of(house, scope, FamilyId(view.family_id))?;
            Ok::<_, Fault>((view, live))
        })
        .await?;
    let t = visit.t();
    let name = head_name(&t, &view);
    page(&SlipPage {
        trail: vec![
            ("/keluarga".into(), t.say("web-families")),
            (format!("/keluarga/{}", view.family_id), t.one("web-family-of", "name", &name)),
            (String::new(), t.say("web-own-slip")),
        ],
        family: view.family_id,
        name,
        live,
        slip,
        address: format!("{}/statusku", t.policy().settings().desk.address),
        shell: visit.shell(),
        t,
    })
}

#[derive(Deserialize)]
pub(crate) struct Issue {
    #[serde(default)]
    cabut: String,
    #[serde(default)]
    dilihat: String,
}

/// Hands over a new slip, once the identity card was looked at, or ends the one there is.
pub(crate) async fn issue(Path(family): Path<i64>, posted: Posted<Issue>) -> Answer {
    let Posted { visit, form } = posted;
    if form.cabut.is_empty() && form.dilihat.is_empty() {
        return Err(Fault::new(StatusCode::UNPROCESSABLE_ENTITY, "web-own-card-not-seen"));
    }
    let read = visit.scope("family.read")?;
    let made = visit
        .ask("slip.issue", move |house, scope| {
            let view = views::family(house, &read, FamilyId(family))?;
            let id = FamilyId(view.family_id);
            if !form.cabut.is_empty() {
                access::revoke_slip(house, scope, id)?;
                return Ok(None);
            }
            Ok::<_, Fault>(Some(access::issue_slip(house, scope, id, &birth_day(&view))?))
        })
        .await?;
    slip_page(visit, family, made).await
}

/// Day of the month on which the head was born, as it stands on the card; 0 where nobody knows.
fn birth_day(view: &FamilyView) -> String {
    let head = view.members.iter().find(|member| member.person_id == view.head_person_id);
    let born = head.and_then(|head| head.birth_date.as_deref()?.parse::<jiff::civil::Date>().ok());
    born.map_or_else(|| "0".to_owned(), |born| born.day().to_string())
}

impl OwnPage {
    fn value(&self, field: &FieldView) -> String {
        self.sent.get(&field.key).cloned().unwrap_or_default()
    }

    fn error(&self, field: &FieldView) -> String {
        ui::error_of(&self.errors, &format!("sanggah-{}", field.key))
    }

    /// Decisions that give something or wait for something.
    fn decisions(&self) -> Vec<&FamilyDecision> {
        self.own.decisions.iter().filter(|one| one.outcome != FamilyOutcome::NotEligible).collect()
    }

    /// Programmes by which the family receives nothing.
    fn others(&self) -> Vec<&FamilyDecision> {
        self.own.decisions.iter().filter(|one| one.outcome == FamilyOutcome::NotEligible).collect()
    }

    fn reason(&self, decision: &FamilyDecision) -> String {
        decision.reason_text.as_ref().map_or_else(String::new, |text| self.t.label(text).to_owned())
    }

    /// How a payment stands: colour, sentence for the citizen, next step.
    fn told(&self, line: &FamilyPayment) -> Option<(&'static str, String, String)> {
        let told = self.own.statuses.iter().find(|told| told.line_id == line.line_id)?;
        let known = status::status(&self.t, &told.key)?;
        Some((
            status::status_kind(known),
            self.t.label(&known.citizen).to_owned(),
            self.t.label(&known.next).to_owned(),
        ))
    }
}
