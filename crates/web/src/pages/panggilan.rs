//! Calls to a bank for one cycle: how they stand, what is unclear and for how long, what was handed over.

use askama::Template;
use axum::extract::Path;
use payment::snap::{self, ApiPage};

use crate::{
    lang::Tongue,
    shell::Shell,
    visit::{Answer, Visit, page},
};

/// The calls of a cycle.
#[derive(Template)]
#[template(path = "pembayaran_api.html")]
pub(crate) struct CallsPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) view: ApiPage,
    pub(crate) overdue: usize,
}

/// Colour of a call's state.
pub(crate) fn call_kind(state: &str) -> &'static str {
    match state {
        "told" => "good",
        "sent" | "unknown" => "warn",
        _ => "mute",
    }
}

pub(crate) async fn show(visit: Visit, Path(cycle): Path<i64>) -> Answer {
    let view = visit.ask("payment.read", move |house, scope| snap::api_page(house, scope, cycle)).await?;
    let t = visit.t();
    let title = super::pembayaran::title(&t, &view.programme, &view.period);
    page(&CallsPage {
        trail: vec![
            ("/pembayaran".into(), t.say("web-nav-payments")),
            (format!("/pembayaran/siklus/{cycle}"), title.clone()),
            (String::new(), t.say("web-api")),
        ],
        overdue: view.unclear.iter().filter(|one| one.overdue).count(),
        title,
        view,
        shell: visit.shell(),
        t,
    })
}
