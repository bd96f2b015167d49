//! Who receives instead of a line's payee: the family's members, where each of them is now, and a form that a second person decides on.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use jiff::civil::Date;
use model::{FamilyId, LineId, PersonId};
use payment::{
    Error,
    plan::{self, PAPERS, PayeeKind, PayeePage, PayeeWish, PlanFault, RELATIONS},
};
use registry::views::Whereabouts;
use serde::Deserialize;

use super::{barang::Sent, keluarga::name_or, pembayaran::title};
use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{self, FieldError},
    visit::{Answer, Posted, Visit, page},
};

/// Somebody of the family, and where they are now.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) payee: bool,
    pub(crate) alive: bool,
    pub(crate) matched: bool,
    /// The family now: number and head; none outside what the visitor may see.
    pub(crate) now: Option<(i64, String)>,
    /// Parted from the family that it was decided for.
    pub(crate) parted: bool,
}

/// The payee of a line.
#[derive(Template)]
#[template(path = "penerima.html")]
pub(crate) struct PayeeFormPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: PayeePage,
    pub(crate) members: Vec<Member>,
    pub(crate) choices: Vec<(String, String)>,
    pub(crate) kinds: Vec<(String, String)>,
    pub(crate) relations: Vec<(String, String)>,
    pub(crate) papers: Vec<(String, String)>,
    pub(crate) sent: Sent,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) may_name: bool,
    pub(crate) me: i64,
}

/// The choice by which the money goes back.
const NOBODY: &str = "nobody";

pub(crate) async fn show(visit: Visit, Path(line): Path<i64>) -> Answer {
    form_page(visit, line, None).await
}

async fn form_page(visit: Visit, line: i64, wrong: Option<(Sent, PlanFault)>) -> Answer {
    let families = visit.scope("family.read").ok();
    let (view, now) = visit
        .ask("payment.read", move |house, scope| {
            let view = plan::payee_page(house, scope, LineId(line))?;
            let people = view.members.iter().map(|one| one.person).collect::<Vec<i64>>();
            let now = match &families {
                Some(scope) => registry::views::whereabouts(house, scope, people)?,
                None => BTreeMap::new(),
            };
            Ok::<_, Fault>((view, now))
        })
        .await?;
    let t = visit.t();
    let (sent, fault) = wrong.unzip();
    let errors: Vec<FieldError> = fault.iter().map(|fault| told(&t, fault)).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let members = members(&t, &view, &now);
    let choices = choices(&t, &view, &now);
    let words = |prefix: &str, codes: &[&str]| -> Vec<(String, String)> {
        codes.iter().map(|code| ((*code).to_owned(), t.say(&format!("{prefix}-{code}")))).collect()
    };
    let kinds: &[&str] = if view.heirs { &["heir", "representative"] } else { &["representative"] };
    let body = page(&PayeeFormPage {
        trail: vec![
            ("/pembayaran".into(), t.say("web-nav-payments")),
            (
                format!("/pembayaran/siklus/{}", view.line.cycle_id),
                title(&t, &view.line.programme, &view.line.period),
            ),
            (format!("/pembayaran/baris/{line}"), t.one("web-line-no", "n", line)),
            (String::new(), t.say("web-payee-title")),
        ],
        kinds: words("payment-payee-kind", kinds),
        relations: words("payment-payee-relation", &RELATIONS),
        papers: words("payment-payee-paper", &PAPERS),
        may_name: view.open
            && visit.session.may("payment.build")
            && view.payees.iter().all(|one| one.state == "refused"),
        me: visit.session.user_id.0,
        sent: sent.unwrap_or_default(),
        view,
        members,
        choices,
        errors,
        shell: visit.shell(),
        t,
    })?;
    Ok((status, body).into_response())
}

fn members(t: &Tongue, view: &PayeePage, now: &BTreeMap<i64, Whereabouts>) -> Vec<Member> {
    let member = |one: &plan::Kinsman| {
        let place = now.get(&one.person);
        Member {
            name: name_or(t, &one.name),
            payee: one.payee,
            alive: place.map_or(one.alive, |place| place.alive),
            matched: place.is_some_and(|place| place.matched),
            parted: place.is_some_and(|place| place.family.0 != view.line.family_id),
            now: place.map(|place| (place.family.0, name_or(t, &place.head))),
        }
    };
    view.members.iter().map(member).collect()
}

/// Who may be chosen: living members other than the payee, each with the family that would carry the payment.
fn choices(t: &Tongue, view: &PayeePage, now: &BTreeMap<i64, Whereabouts>) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for one in view.members.iter().filter(|one| !one.payee) {
        let Some(place) = now.get(&one.person).filter(|place| place.alive) else { continue };
        let name = name_or(t, &one.name);
        let words = if place.family.0 == view.line.family_id {
            name
        } else {
            t.two("web-payee-carried-by", "name", name, "head", name_or(t, &place.head))
        };
        out.push((format!("{}:{}", one.person, place.family.0), words));
    }
    if view.heirs {
        out.push(("other".to_owned(), t.say("web-payee-heir-other")));
    }
    out.push((NOBODY.to_owned(), t.say("payment-payee-kind-nobody")));
    out
}

fn told(t: &Tongue, fault: &PlanFault) -> FieldError {
    let field = match fault {
        PlanFault::Field(field) => field,
        PlanFault::Heir => "kind",
        _ => "person-1",
    };
    let sentence = t.say(&format!("galat-{}", fault.code()));
    FieldError {
        field: field.to_owned(),
        text: format!("{sentence} {}", t.say(&format!("galat-{}-remedy", fault.code()))),
    }
}

impl PayeeFormPage {
    fn error(&self, field: &str) -> String {
        ui::error_of(&self.errors, field)
    }

    fn sent(&self, field: &str) -> &str {
        self.sent.get(field).map_or("", String::as_str)
    }

    fn kind(&self, code: PayeeKind) -> String {
        self.t.say(&format!("payment-payee-kind-{}", code.code()))
    }
}

/// What was sent, as a wish; the family of an heir who is named by number is looked up.
fn wish(form: &Sent, closing: String) -> Result<PayeeWish, PlanFault> {
    let text = |id: &str| form.get(id).cloned().unwrap_or_default();
    let chosen = text("person");
    let other = text("other");
    let number = |text: &str| text.trim().parse::<i64>().map_err(|_| PlanFault::Person);
    let (person, carrier, kind) = match (chosen.split_once(':'), other.trim()) {
        _ if chosen == NOBODY => (None, 0, PayeeKind::Nobody),
        (_, other) if !other.is_empty() => (Some(number(other)?), 0, PayeeKind::Heir),
        (Some((person, family)), _) => {
            let kind = PayeeKind::from_code(&text("kind")).unwrap_or(PayeeKind::Representative);
            (Some(number(person)?), number(family)?, kind)
        }
        (None, _) => return Err(PlanFault::Person),
    };
    let paper_on: Date = text("paper_on").parse().map_err(|_| PlanFault::Field("paper_on"))?;
    Ok(PayeeWish {
        kind,
        person: person.map(PersonId),
        carrier: FamilyId(carrier),
        relation: text("relation"),
        paper_kind: text("paper_kind"),
        paper: text("paper"),
        paper_on,
        note: text("note"),
        closing,
    })
}

pub(crate) async fn name(Path(line): Path<i64>, posted: Posted<Sent>) -> Answer {
    let Posted { visit, form } = posted;
    let families = visit.scope("family.read")?;
    let sent = form.clone();
    let done = visit
        .ask("payment.build", move |house, scope| {
            let newest = registry::closings(house, &families)?.into_iter().next();
            let closing = newest.map(|closing| closing.month).unwrap_or_default();
            let mut wish = match wish(&form, closing) {
                Ok(wish) => wish,
                Err(fault) => return Ok(Err(fault)),
            };
            if let Some(person) = wish.person.filter(|_| wish.carrier.0 == 0) {
                let place = registry::views::whereabouts(house, &families, [person.0])?.remove(&person.0);
                match place {
                    Some(place) => wish.carrier = place.family,
                    None => return Ok(Err(PlanFault::Person)),
                }
            }
            match plan::name_payee(house, scope, LineId(line), &wish) {
                Ok(_) => Ok(Ok(())),
                Err(Error::Plan(fault)) => Ok(Err(fault)),
                Err(error) => Err(Fault::from(error)),
            }
        })
        .await?;
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/pembayaran/baris/{line}/penerima")).into_response()),
        Err(fault) => form_page(visit, line, Some((sent, fault))).await,
    }
}

#[derive(Deserialize)]
pub(crate) struct DecideForm {
    decision: String,
}

pub(crate) async fn decide(Path((line, seq)): Path<(i64, i64)>, posted: Posted<DecideForm>) -> Answer {
    let yes = posted.form.decision == "approve";
    posted
        .visit
        .ask("payment.approve", move |house, scope| {
            plan::decide_payee(house, scope, (LineId(line), seq), yes)
        })
        .await?;
    Ok(Redirect::to(&format!("/pembayaran/baris/{line}/penerima")).into_response())
}

/// A day as people write it, or that nobody knows it.
pub(crate) fn day_or_unknown(t: &Tongue, day: &str) -> String {
    if day.is_empty() { t.say("web-unknown") } else { t.day_text(day) }
}

/// Kind, number and day of a paper.
pub(crate) fn paper(t: &Tongue, one: &plan::PayeeView) -> String {
    let kind = t.code("payment-payee-paper", &one.paper_kind);
    format!("{kind} {}, {}", one.paper, t.day_text(&one.paper_on))
}
