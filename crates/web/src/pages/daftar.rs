//! Lists received: which came in, what was wrong with each, finding by finding with its place and remedy.

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::header,
    response::IntoResponse,
};
use registry::{
    intake::{self, Severity},
    lists::{self, ListPage, ListView, RejectView},
};
use serde::Deserialize;
use store::Page;

use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::Pager,
    visit::{Answer, Visit, page},
};

/// All lists.
#[derive(Template)]
#[template(path = "daftar.html")]
pub(crate) struct ListsPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) lists: Vec<ListView>,
    pub(crate) pager: Pager,
}

/// One list with its findings.
#[derive(Template)]
#[template(path = "daftar_satu.html")]
pub(crate) struct OneListPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: ListPage,
    pub(crate) tabs: Vec<(String, String, bool)>,
    pub(crate) rejects: Vec<RejectView>,
    pub(crate) pager: Pager,
}

/// Colour and words of a list's state.
pub(crate) fn state(t: &Tongue, list: &ListView) -> (&'static str, String) {
    match list.state.as_str() {
        "received" => ("good", t.say("web-list-received")),
        "refused" => ("bad", t.say("web-list-refused")),
        _ => ("warn", t.say("web-list-reading")),
    }
}

/// Colour and words of how grave a finding is.
pub(crate) fn severity(t: &Tongue, severity: &Severity) -> (&'static str, String) {
    match severity {
        Severity::Reject => ("bad", t.say("web-severity-reject")),
        Severity::Warning => ("warn", t.say("web-severity-warning")),
        Severity::Note => ("mute", t.say("web-severity-note")),
    }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    setelah: Option<String>,
    #[serde(default)]
    sampai: i64,
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah, limit: 30 };
    let (wanted, lang) = (from.clone(), visit.guest.t.lang);
    let found = visit.ask("list.read", move |house, scope| lists::lists(house, scope, lang, &wanted)).await?;
    let t = visit.t();
    let pager = Pager::of(&t, "/daftar", &from, found.items.len(), found.next);
    page(&ListsPage { lists: found.items, pager, shell: visit.shell(), t })
}

pub(crate) async fn show(visit: Visit, Path(number): Path<i64>, Query(asked): Query<Asked>) -> Answer {
    let least = match asked.sampai {
        2 => Severity::Warning,
        3 => Severity::Note,
        _ => Severity::Reject,
    };
    let from = Page { after: asked.setelah, limit: 50 };
    let (wanted, lang) = (from.clone(), visit.guest.t.lang);
    let (view, rejects) = visit
        .ask("list.read", move |house, scope| {
            let view = lists::list(house, scope, lang, number)?.ok_or_else(Fault::not_found)?;
            Ok::<_, Fault>((view, lists::rejects(house, scope, lang, number, least, &wanted)?))
        })
        .await?;
    let t = visit.t();
    let base = format!("/daftar/{number}?sampai={}", least.code());
    let tab = |one: Severity, key: &str| {
        (format!("/daftar/{number}?sampai={}", one.code()), t.say(key), one == least)
    };
    page(&OneListPage {
        trail: vec![("/daftar".into(), t.say("web-nav-lists")), (String::new(), view.list.name.clone())],
        tabs: vec![
            tab(Severity::Reject, "web-only-rejects"),
            tab(Severity::Warning, "web-and-warnings"),
            tab(Severity::Note, "web-and-notes"),
        ],
        pager: Pager::of(&t, &base, &from, rejects.items.len(), rejects.next),
        rejects: rejects.items,
        view,
        shell: visit.shell(),
        t,
    })
}

/// All findings of a list as CSV. Bounded by the list itself, which was bounded when it was received.
pub(crate) async fn export(visit: Visit, Path(number): Path<i64>) -> Answer {
    let lang = visit.guest.t.lang;
    let bytes = visit
        .ask("list.read", move |house, scope| {
            let mut bytes = Vec::new();
            lists::export_findings(house, scope, lang, number, &mut bytes)?;
            Ok::<_, intake::Error>(bytes)
        })
        .await?;
    let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned());
    let name = (header::CONTENT_DISPOSITION, format!("attachment; filename=\"temuan-{number}.csv\""));
    Ok(([kind, name], bytes).into_response())
}
