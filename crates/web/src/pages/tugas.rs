//! What waits for me: my tasks, narrowed to one kind or to what is late, and how the cases of my territory stand.

use askama::Template;
use axum::{extract::Query, http::StatusCode, response::IntoResponse};
use casework::{
    Bulk, Error, Person,
    views::{self, COUNTED, CaseRow, CaseloadView, StateCount, TaskCounts, TaskFilter, Whose, Why},
};
use jiff::civil::Date;
use model::CaseId;
use serde::Deserialize;
use store::Page;

use super::kasus::{people, to_whom};
use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{FieldError, Pager},
    visit::{Answer, Posted, Visit, encode, page},
};

/// Words of an address for whose tasks.
const WHOSE: [(&str, &str); 3] =
    [("", "web-whose-all"), ("saya", "web-whose-mine"), ("bebas", "web-whose-free")];

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
    /// Day on which `states` were counted, where they are not of this minute.
    pub(crate) counted_on: Option<Date>,
    pub(crate) filter: TaskFilter,
    /// Workflows of which this role may have tasks, as value and label.
    pub(crate) kinds: Vec<(String, String)>,
    pub(crate) caseloads: Vec<CaseloadView>,
    /// To whom chosen cases may be given, as value and label.
    pub(crate) givens: Vec<(String, String)>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) done: Option<Bulk>,
}

impl TasksPage {
    /// Whose tasks, as value and label.
    fn whose(&self) -> Vec<(String, String)> {
        WHOSE.map(|(key, words)| (key.to_owned(), self.t.say(words))).to_vec()
    }

    /// The chosen one.
    fn chosen(&self) -> &'static str {
        match self.filter.whose {
            Whose::All => "",
            Whose::Mine => "saya",
            Whose::Free => "bebas",
        }
    }
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

/// A count that stops at a bound.
pub(crate) fn counted(t: &Tongue, count: &i64) -> String {
    if *count > COUNTED { t.one("web-more-than", "n", t.n(COUNTED)) } else { t.n(*count) }
}

/// Why a case stands in the list although the next step is somebody else's; empty for a task.
pub(crate) fn why(t: &Tongue, row: &CaseRow) -> String {
    match row.why {
        Why::Task => String::new(),
        Why::Late => t.say("web-told-late"),
        Why::Told => t.say("web-told"),
    }
}

#[derive(Deserialize, Default)]
pub(crate) struct Asked {
    setelah: Option<String>,
    #[serde(default)]
    jenis: String,
    #[serde(default)]
    lambat: String,
    #[serde(default)]
    milik: String,
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    tasks_page(visit, asked, Vec::new(), None).await
}

/// Gives the chosen cases to a person.
pub(crate) async fn give(posted: Posted<Vec<(String, String)>>) -> Answer {
    let Posted { visit, form } = posted;
    let (mut cases, mut to) = (Vec::new(), String::new());
    for (name, value) in form {
        match name.as_str() {
            "kasus[]" => cases.push(CaseId(value.parse().map_err(|_| Fault::bad_form())?)),
            "kepada" => to = value,
            _ => {}
        }
    }
    if cases.is_empty() {
        let text = visit.guest.t.say("web-bulk-none");
        let errors = vec![FieldError { field: "kepada".into(), text }];
        return tasks_page(visit, Asked::default(), errors, None).await;
    }
    let to = to_whom(&visit, &to)?;
    let done = visit.ask("case.work", move |house, scope| casework::assign(house, scope, &cases, to)).await?;
    tasks_page(visit, Asked::default(), Vec::new(), Some(done)).await
}

async fn tasks_page(visit: Visit, asked: Asked, errors: Vec<FieldError>, done: Option<Bulk>) -> Answer {
    let from = Page { after: asked.setelah, limit: 40 };
    let whose = match asked.milik.as_str() {
        "saya" => Whose::Mine,
        "bebas" => Whose::Free,
        _ => Whose::All,
    };
    let filter = TaskFilter { workflow: asked.jenis, late: asked.lambat == "ya", whose };
    let (wanted, narrowed) = (from.clone(), filter.clone());
    let (counts, tasks, (states, counted_on), (caseloads, people)) = visit
        .ask("case.read", move |house, scope| {
            let counts = views::task_counts(house, scope)?;
            let tasks = views::tasks(house, scope, &narrowed, &wanted)?;
            let states = views::counts_by_state(house, scope)?;
            let caseloads = views::caseloads(house, scope, &Page::first(50))?.items;
            let people = casework::people_for(house, scope)?;
            Ok::<_, Error>((counts, tasks, states, (caseloads, people)))
        })
        .await?;
    let t = visit.t();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let late = if filter.late { "ya" } else { "" };
    let address =
        format!("/tugas?jenis={}&lambat={late}&milik={}", encode(&filter.workflow), encode(&asked.milik));
    let pager = Pager::of(&t, &address, &from, tasks.items.len(), tasks.next);
    let known = t.policy().workflows().values().filter(|one| one.knows(&visit.session.role));
    let kinds = known.map(|one| (one.key.clone(), t.label(&one.label).to_owned()));
    let kinds = std::iter::once((String::new(), t.say("web-all-kinds"))).chain(kinds).collect();
    let body = page(&TasksPage {
        counts,
        tasks: tasks.items,
        pager,
        states,
        counted_on,
        filter,
        kinds,
        caseloads,
        givens: if visit.session.may("case.work") { givens(&t, &visit, &people) } else { Vec::new() },
        errors,
        done,
        shell: visit.shell(),
        t,
    })?;
    Ok((status, body).into_response())
}

/// Oneself first, then nobody, then the others.
fn givens(t: &Tongue, visit: &Visit, others: &[Person]) -> Vec<(String, String)> {
    let mut all = vec![("saya".to_owned(), t.say("web-give-me")), (String::new(), t.say("web-give-nobody"))];
    let others: Vec<Person> =
        others.iter().filter(|one| one.user != visit.session.user_id).cloned().collect();
    all.extend(people(t, &others));
    all
}
