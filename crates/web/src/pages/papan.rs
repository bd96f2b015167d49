//! The cases of one workflow by state, for who oversees them; and one step for many of them at once.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::IntoResponse,
};
use casework::{
    Bulk,
    views::{self, BoardColumn, CaseRow, FieldView},
};
use model::CaseId;
use policy::{Label, Workflow};
use serde::Deserialize;
use store::Page;

use super::{
    kasus::{choices, input_kind, input_mode, is_long},
    tugas::{counted, due_kind, due_text, title},
};
use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{self, FieldError, Pager},
    visit::{Answer, Posted, Visit, page},
};

/// Cases shown in a column.
const EACH: u32 = 8;

/// All states of a workflow.
#[derive(Template)]
#[template(path = "papan.html")]
pub(crate) struct BoardPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) workflow: String,
    pub(crate) label: Label,
    pub(crate) purpose: Label,
    pub(crate) columns: Vec<BoardColumn>,
}

/// The cases of one state.
#[derive(Template)]
#[template(path = "papan_keadaan.html")]
pub(crate) struct StatePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) workflow: String,
    pub(crate) state_key: String,
    pub(crate) state: Label,
    pub(crate) rows: Vec<CaseRow>,
    pub(crate) pager: Pager,
    /// Steps that this role may take for many, as value and label.
    pub(crate) steps: Vec<(String, String)>,
    /// The fields of those steps.
    pub(crate) fields: Vec<FieldView>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) sent: BTreeMap<String, String>,
    pub(crate) done: Option<Bulk>,
}

impl StatePage {
    fn value(&self, field: &FieldView) -> String {
        self.sent.get(&field.key).cloned().unwrap_or_default()
    }

    fn error(&self, field: &FieldView) -> String {
        ui::error_of(&self.errors, &format!("banyak-{}", field.key))
    }
}

fn workflow_of(visit: &Visit, key: &str) -> Result<Workflow, Fault> {
    let found = visit.guest.app.house.policy.workflow(key).filter(|one| one.knows(&visit.session.role));
    found.cloned().ok_or_else(Fault::not_found)
}

pub(crate) async fn board(visit: Visit, Path(key): Path<String>) -> Answer {
    let workflow = workflow_of(&visit, &key)?;
    let columns = visit.ask("case.read", move |house, scope| views::board(house, scope, &key, EACH)).await?;
    let t = visit.t();
    page(&BoardPage {
        trail: vec![
            ("/tugas".into(), t.say("web-nav-tasks")),
            (String::new(), t.label(&workflow.label).to_owned()),
        ],
        workflow: workflow.key,
        label: workflow.label,
        purpose: workflow.purpose,
        columns,
        shell: visit.shell(),
        t,
    })
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    setelah: Option<String>,
}

pub(crate) async fn state(
    visit: Visit,
    Path((key, state)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Answer {
    let from = Page { after: asked.setelah, limit: 50 };
    state_page(visit, (key, state), from, Sent::default()).await
}

/// What was sent for many cases, and what came of it.
#[derive(Default)]
struct Sent {
    form: BTreeMap<String, String>,
    errors: Vec<FieldError>,
    done: Option<Bulk>,
}

async fn state_page(visit: Visit, (key, state): (String, String), from: Page, sent: Sent) -> Answer {
    let workflow = workflow_of(&visit, &key)?;
    let label = workflow.state(&state).map(|state| state.label.clone()).ok_or_else(Fault::not_found)?;
    let (wanted, of_key, of_state) = (from.clone(), key.clone(), state.clone());
    let rows = visit
        .ask("case.read", move |house, scope| views::board_state(house, scope, &of_key, &of_state, &wanted))
        .await?;
    let t = visit.t();
    let may_work = visit.session.may("case.work");
    let mine: Vec<&policy::Transition> =
        workflow.out_of(&state).filter(|step| may_work && step.by.contains(&visit.session.role)).collect();
    let is_file = |field: &policy::FormField| field.kind == policy::FieldKind::File;
    let form_of = |step: &policy::Transition| step.form.as_deref().and_then(|key| workflow.form(key));
    // A file is of one case: a step that cannot be taken without one is taken there.
    let alone = |step: &&&policy::Transition| {
        form_of(step).is_some_and(|form| form.fields.iter().any(|field| field.required && is_file(field)))
    };
    let mine: Vec<&policy::Transition> = mine.iter().filter(|step| !alone(step)).copied().collect();
    let mut fields: Vec<FieldView> = Vec::new();
    for step in &mine {
        for field in views::fields_of(&workflow, step.form.as_deref(), &casework::Answers::new()) {
            if !super::kasus::is_file(&field) && !fields.iter().any(|known| known.key == field.key) {
                fields.push(FieldView { required: field.required && mine.len() == 1, ..field });
            }
        }
    }
    let fields = visit
        .ask("case.read", move |house, scope| {
            casework::offer(house, scope, scope.region(), &mut fields)?;
            Ok::<_, casework::Error>(fields)
        })
        .await?;
    let status = if sent.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let address = format!("/papan/{key}/{state}");
    let body = page(&StatePage {
        trail: vec![
            ("/tugas".into(), t.say("web-nav-tasks")),
            (format!("/papan/{key}"), t.label(&workflow.label).to_owned()),
            (String::new(), t.label(&label).to_owned()),
        ],
        pager: Pager::of(&t, &address, &from, rows.items.len(), rows.next),
        steps: mine.iter().map(|step| (step.action.clone(), t.label(&step.label).to_owned())).collect(),
        workflow: key,
        state_key: state,
        state: label,
        rows: rows.items,
        fields,
        errors: sent.errors,
        sent: sent.form,
        done: sent.done,
        shell: visit.shell(),
        t,
    })?;
    Ok((status, body).into_response())
}

pub(crate) async fn many(
    Path((key, state)): Path<(String, String)>,
    posted: Posted<Vec<(String, String)>>,
) -> Answer {
    let Posted { visit, form: pairs } = posted;
    let workflow = workflow_of(&visit, &key)?;
    let mut cases = Vec::new();
    let mut form: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in pairs {
        match name.as_str() {
            "csrf" => {}
            "kasus[]" => cases.push(CaseId(value.parse().map_err(|_| Fault::bad_form())?)),
            _ => {
                form.insert(name, value);
            }
        }
    }
    let action = form.remove("langkah").unwrap_or_default();
    let step = workflow.transition(&state, &action).ok_or_else(Fault::bad_form)?;
    let own = step.form.as_deref().and_then(|form| workflow.form(form)).map_or(&[][..], |form| &form.fields);
    // The page shows the fields of every step; only those of the chosen one count.
    let written: BTreeMap<String, String> = form
        .iter()
        .filter(|(name, _)| own.iter().any(|field| field.key == **name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let t = visit.t();
    let mut sent = Sent { form, ..Sent::default() };
    if cases.is_empty() {
        sent.errors.push(FieldError { field: "langkah".into(), text: t.say("web-bulk-none") });
        return state_page(visit, (key, state), Page::first(50), sent).await;
    }
    let done = visit
        .ask("case.work", move |house, scope| casework::take_steps(house, scope, &cases, &action, &written))
        .await?;
    sent.done = Some(done);
    state_page(visit, (key, state), Page::first(50), sent).await
}
