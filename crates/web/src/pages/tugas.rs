//! What waits for me: my tasks, narrowed to one kind or to what is late, and how the cases of my territory stand.

use askama::Template;
use axum::extract::Query;
use casework::{
    Error,
    views::{self, COUNTED, CaseRow, CaseloadView, StateCount, TaskCounts, TaskFilter, Why},
};
use jiff::civil::Date;
use serde::Deserialize;
use store::Page;

use crate::{
    lang::Tongue,
    shell::Shell,
    ui::Pager,
    visit::{Answer, Visit, encode, page},
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
    /// Day on which `states` were counted, where they are not of this minute.
    pub(crate) counted_on: Option<Date>,
    pub(crate) filter: TaskFilter,
    /// Workflows of which this role may have tasks, as value and label.
    pub(crate) kinds: Vec<(String, String)>,
    pub(crate) caseloads: Vec<CaseloadView>,
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

#[derive(Deserialize)]
pub(crate) struct Asked {
    setelah: Option<String>,
    #[serde(default)]
    jenis: String,
    #[serde(default)]
    lambat: String,
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah, limit: 40 };
    let filter = TaskFilter { workflow: asked.jenis, late: asked.lambat == "ya" };
    let (wanted, narrowed) = (from.clone(), filter.clone());
    let (counts, tasks, (states, counted_on), caseloads) = visit
        .ask("case.read", move |house, scope| {
            let counts = views::task_counts(house, scope)?;
            let tasks = views::tasks(house, scope, &narrowed, &wanted)?;
            let states = views::counts_by_state(house, scope)?;
            let caseloads = views::caseloads(house, scope, &Page::first(50))?.items;
            Ok::<_, Error>((counts, tasks, states, caseloads))
        })
        .await?;
    let t = visit.t();
    let late = if filter.late { "ya" } else { "" };
    let address = format!("/tugas?jenis={}&lambat={late}", encode(&filter.workflow));
    let pager = Pager::of(&t, &address, &from, tasks.items.len(), tasks.next);
    let known = t.policy().workflows().values().filter(|one| one.knows(&visit.session.role));
    let kinds = known.map(|one| (one.key.clone(), t.label(&one.label).to_owned()));
    let kinds = std::iter::once((String::new(), t.say("web-all-kinds"))).chain(kinds).collect();
    page(&TasksPage {
        counts,
        tasks: tasks.items,
        pager,
        states,
        counted_on,
        filter,
        kinds,
        caseloads,
        shell: visit.shell(),
        t,
    })
}
