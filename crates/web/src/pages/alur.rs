//! The workflows of the policy pack, each drawn from its file with its clocks.

use askama::Template;
use axum::extract::Path;
use policy::{Deadline, DeadlineUnit, FieldChoice, Workflow};

use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    visit::{Answer, Visit, page},
};

/// All of them.
#[derive(Template)]
#[template(path = "alur.html")]
pub(crate) struct FlowsPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) flows: Vec<Workflow>,
}

/// One.
#[derive(Template)]
#[template(path = "alur_satu.html")]
pub(crate) struct FlowPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) flow: Workflow,
    /// SVG, made by us of escaped words.
    pub(crate) chart: String,
    pub(crate) owner: String,
    pub(crate) opened_by: String,
    pub(crate) escalate: String,
    /// Each kind of its cases, and who begins.
    pub(crate) kinds: Vec<(FieldChoice, String)>,
}

/// How long a deadline of a law is.
pub(crate) fn length(t: &Tongue, deadline: &Deadline) -> String {
    let key = match deadline.unit {
        DeadlineUnit::WorkingDays => "web-days",
        DeadlineUnit::Days => "web-calendar-days",
        DeadlineUnit::Months => "web-months",
        DeadlineUnit::Hours => "web-hours",
    };
    t.count(key, deadline.count)
}

pub(crate) async fn list(visit: Visit) -> Answer {
    visit.scope("case.read")?;
    let t = visit.t();
    page(&FlowsPage {
        trail: vec![("/tugas".into(), t.say("web-nav-tasks")), (String::new(), t.say("web-flows"))],
        flows: t.policy().workflows().values().cloned().collect(),
        shell: visit.shell(),
        t,
    })
}

pub(crate) async fn show(visit: Visit, Path(key): Path<String>) -> Answer {
    visit.scope("case.read")?;
    let t = visit.t();
    let flow = t.policy().workflow(&key).cloned().ok_or_else(Fault::not_found)?;
    let roles = t.policy().roles();
    let names = |keys: &[String]| {
        let name =
            |key: &String| roles.get(key).map_or_else(|| key.clone(), |role| t.label(&role.label).to_owned());
        keys.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    page(&FlowPage {
        trail: vec![
            ("/tugas".into(), t.say("web-nav-tasks")),
            ("/alur".into(), t.say("web-flows")),
            (String::new(), t.label(&flow.label).to_owned()),
        ],
        chart: flow.chart(roles, t.lang),
        owner: names(std::slice::from_ref(&flow.owner)),
        opened_by: names(&flow.opened_by),
        escalate: names(&flow.escalate),
        kinds: flow
            .kinds()
            .iter()
            .map(|kind| (kind.clone(), names(&[flow.owner_of(&kind.value).to_owned()])))
            .collect(),
        flow,
        shell: visit.shell(),
        t: t.clone(),
    })
}
