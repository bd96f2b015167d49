//! Cases: what waits for me, one case with its history, and the steps that my role may take, each with its form from the policy pack.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use casework::{
    Error, FieldFault, NewCase, Refusal, StepRequest,
    views::{
        self, CaseRow, CaseView, CaseloadView, FieldView, OpenableView, StateCount, StepView, TaskCounts,
    },
};
use model::{CaseId, FamilyId, PersonId, RegionCode};
use policy::{CaseSubject, FieldKind};
use serde::Deserialize;
use store::Page;

use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{self, FieldError, Pager},
    visit::{Answer, Posted, Visit, page},
};

/// My tasks.
#[derive(Template)]
#[template(path = "tugas.html")]
pub(crate) struct TasksPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) counts: TaskCounts,
    pub(crate) tasks: Vec<CaseRow>,
    pub(crate) pager: Pager,
    pub(crate) states: Vec<StateCount>,
    pub(crate) caseloads: Vec<CaseloadView>,
}

/// One case.
#[derive(Template)]
#[template(path = "kasus.html")]
pub(crate) struct CasePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: CaseView,
    pub(crate) errors: Vec<FieldError>,
    /// What was written into the step that was refused: its action and its fields.
    pub(crate) sent: (String, BTreeMap<String, String>),
    pub(crate) place: String,
}

/// A new case for a family.
#[derive(Template)]
#[template(path = "kasus_baru.html")]
pub(crate) struct NewCasePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) family: i64,
    pub(crate) form: Option<OpenableView>,
    pub(crate) choices: Vec<OpenableView>,
    pub(crate) members: Vec<(String, String)>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) sent: BTreeMap<String, String>,
}

/// Whom a case is about; what it is where no name is known.
pub(crate) fn title(t: &Tongue, row: &CaseRow) -> String {
    if row.title.is_empty() { t.label(&row.workflow_label).to_owned() } else { row.title.clone() }
}

/// Colour of a deadline.
pub(crate) fn due_kind(days_left: &i64) -> &'static str {
    match days_left {
        ..0 => "bad",
        0..=1 => "warn",
        _ => "mute",
    }
}

/// A deadline in words.
pub(crate) fn due_text(t: &Tongue, days_left: &i64) -> String {
    match days_left {
        ..0 => t.count("web-days-late", -days_left),
        0 => t.say("web-due-today"),
        _ => t.count("web-days-left", *days_left),
    }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    setelah: Option<String>,
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah, limit: 40 };
    let wanted = from.clone();
    let (counts, tasks, states, caseloads) = visit
        .ask("case.read", move |house, scope| {
            let counts = views::task_counts(house, scope)?;
            let tasks = views::tasks(house, scope, &wanted)?;
            let states = views::counts_by_state(house, scope)?;
            let caseloads = views::caseloads(house, scope, &Page::first(50))?.items;
            Ok::<_, Error>((counts, tasks, states, caseloads))
        })
        .await?;
    let t = visit.t();
    let pager = Pager::of(&t, "/tugas", &from, tasks.items.len(), tasks.next);
    page(&TasksPage { counts, tasks: tasks.items, pager, states, caseloads, shell: visit.shell(), t })
}

pub(crate) async fn show(visit: Visit, Path(case): Path<i64>) -> Answer {
    case_page(visit, case, Vec::new(), (String::new(), BTreeMap::new())).await
}

async fn case_page(
    visit: Visit,
    case: i64,
    errors: Vec<FieldError>,
    sent: (String, BTreeMap<String, String>),
) -> Answer {
    let view = visit
        .ask("case.read", move |house, scope| views::case_page(house, scope, CaseId(case)))
        .await?
        .ok_or_else(Fault::not_found)?;
    let region = view.row.region.to_string();
    let place = visit.names([region.clone()]).await?.remove(&region).unwrap_or_default();
    let t = visit.t();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let body = page(&CasePage {
        trail: vec![
            ("/tugas".into(), t.say("web-nav-tasks")),
            (String::new(), t.label(&view.row.workflow_label).to_owned()),
        ],
        view,
        errors,
        sent,
        place,
        shell: visit.shell(),
        t,
    })?;
    Ok((status, body).into_response())
}

impl CasePage {
    /// What stands in a field: what was sent and refused, else the answer so far.
    fn value(&self, step: &StepView, field: &FieldView) -> String {
        if self.sent.0 == step.action {
            return self.sent.1.get(&field.key).cloned().unwrap_or_default();
        }
        field.value.clone().unwrap_or_default()
    }

    /// Names of the roles whose task it is now.
    fn waits_for(&self) -> String {
        self.view.waits_for.iter().map(|role| self.role(role)).collect::<Vec<_>>().join(", ")
    }

    fn role(&self, key: &str) -> String {
        let role = self.t.policy().roles().get(key);
        role.map_or_else(|| key.to_owned(), |role| self.t.label(&role.label).to_owned())
    }

    /// An answer in words: a trouble of a payment line and the word of a bank are codes that the case was opened with.
    fn answer(&self, answer: &views::AnswerView) -> String {
        let text = self.t.label(&answer.shown);
        match text.strip_prefix("bank:") {
            Some(word) => super::pembayaran::bank_word(&self.t, word).unwrap_or_else(|| word.to_owned()),
            None => self.t.code("payment-problem", text),
        }
    }

    fn error(&self, step: &StepView, field: &FieldView) -> String {
        ui::error_of(&self.errors, &format!("{}-{}", step.action, field.key))
    }
}

impl NewCasePage {
    fn value(&self, field: &FieldView) -> String {
        self.sent.get(&field.key).cloned().unwrap_or_default()
    }

    fn error(&self, field: &FieldView) -> String {
        ui::error_of(&self.errors, &format!("baru-{}", field.key))
    }
}

/// Choices of a field as value and label.
pub(crate) fn choices(t: &Tongue, field: &FieldView) -> Vec<(String, String)> {
    match &field.kind {
        FieldKind::Choice(choices) => {
            choices.iter().map(|one| (one.value.clone(), t.label(&one.label).to_owned())).collect()
        }
        FieldKind::YesNo => vec![("ya".into(), t.say("web-yes")), ("tidak".into(), t.say("web-no"))],
        _ => Vec::new(),
    }
}

/// Type of the input for a field.
pub(crate) fn input_kind(field: &FieldView) -> &'static str {
    if matches!(field.kind, FieldKind::Date) { "date" } else { "text" }
}

/// Keyboard of a phone for a field.
pub(crate) fn input_mode(field: &FieldView) -> &'static str {
    if matches!(field.kind, FieldKind::Int | FieldKind::Money) { "numeric" } else { "text" }
}

pub(crate) fn is_long(field: &FieldView) -> bool {
    matches!(field.kind, FieldKind::LongText)
}

fn faults(t: &Tongue, prefix: &str, faults: &[FieldFault]) -> Vec<FieldError> {
    let one = |fault: &FieldFault| FieldError {
        field: format!("{prefix}-{}", fault.field),
        text: t.say(&format!("galat-{}", fault.code)),
    };
    faults.iter().map(one).collect()
}

/// Takes what is ours out of a form; the rest are the fields of the policy's form.
fn own(form: &mut BTreeMap<String, String>, key: &str) -> String {
    form.remove(key).unwrap_or_default()
}

pub(crate) async fn step(Path(case): Path<i64>, posted: Posted<BTreeMap<String, String>>) -> Answer {
    let Posted { visit, mut form } = posted;
    own(&mut form, "csrf");
    let action = own(&mut form, "langkah");
    let rev = own(&mut form, "rev").parse().unwrap_or(-1);
    let request = StepRequest { action: action.clone(), written: form.clone(), rev };
    let done = visit
        .ask("case.work", move |house, scope| {
            match casework::take_step(house, scope, CaseId(case), &request) {
                Err(Error::Refused(Refusal::Form(faults))) => Ok(Some(faults)),
                Err(error) => Err(error),
                Ok(_) => Ok(None),
            }
        })
        .await?;
    match done {
        None => Ok(Redirect::to(&format!("/kasus/{case}")).into_response()),
        Some(found) => {
            let errors = faults(&visit.guest.t, &action, &found);
            case_page(visit, case, errors, (action, form)).await
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct NewAsked {
    keluarga: i64,
    #[serde(default)]
    jenis: String,
}

pub(crate) async fn new(visit: Visit, Query(asked): Query<NewAsked>) -> Answer {
    new_page(visit, asked.keluarga, asked.jenis, Vec::new(), BTreeMap::new()).await
}

async fn new_page(
    visit: Visit,
    family: i64,
    workflow: String,
    errors: Vec<FieldError>,
    sent: BTreeMap<String, String>,
) -> Answer {
    let members_scope = visit.scope("family.read")?;
    let (view, choices) = visit
        .ask("case.open", move |house, scope| {
            let view =
                registry::views::family(house, &members_scope, FamilyId(family)).map_err(Fault::from)?;
            Ok::<_, Fault>((view, views::openable(house, scope)))
        })
        .await?;
    let t = visit.t();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let body = page(&NewCasePage {
        trail: vec![
            (format!("/keluarga/{family}"), t.one("web-family-of", "name", &view.head_name)),
            (String::new(), t.say("web-case-new")),
        ],
        form: choices.iter().find(|one| one.workflow == workflow).cloned(),
        // A case about a payment line is opened from that line.
        choices: choices.into_iter().filter(|one| one.subject != CaseSubject::PaymentLine).collect(),
        members: view.members.into_iter().map(|one| (one.person_id.to_string(), one.name)).collect(),
        family,
        errors,
        sent,
        shell: visit.shell(),
        t,
    })?;
    Ok((status, body).into_response())
}

pub(crate) async fn open(posted: Posted<BTreeMap<String, String>>) -> Answer {
    let Posted { visit, mut form } = posted;
    own(&mut form, "csrf");
    let workflow = own(&mut form, "jenis");
    let family: i64 = own(&mut form, "keluarga").parse().map_err(|_| Fault::bad_form())?;
    let person: Option<i64> = own(&mut form, "orang").parse().ok();
    let members_scope = visit.scope("family.read")?;
    let (key, written) = (workflow.clone(), form.clone());
    let opened = visit
        .ask("case.open", move |house, scope| {
            let view =
                registry::views::family(house, &members_scope, FamilyId(family)).map_err(Fault::from)?;
            let of = person.and_then(|id| view.members.iter().find(|one| one.person_id == id));
            let title = of.map_or_else(|| view.head_name.clone(), |one| one.name.clone());
            let region = RegionCode::parse(&view.region).map_err(|_| Fault::not_found())?;
            let (person, line) = (of.map(|one| PersonId(one.person_id)), None);
            let new =
                NewCase { workflow: key, family: FamilyId(family), person, line, region, title, written };
            match casework::open_case(house, scope, &new) {
                Err(Error::Refused(Refusal::Form(faults))) => Ok(Err(faults)),
                Err(error) => Err(Fault::from(error)),
                Ok(opened) => Ok(Ok(opened.case)),
            }
        })
        .await?;
    match opened {
        Ok(case) => Ok(Redirect::to(&format!("/kasus/{case}")).into_response()),
        Err(found) => {
            let errors = faults(&visit.guest.t, "baru", &found);
            new_page(visit, family, workflow, errors, form).await
        }
    }
}
