//! Accounts whose names a person compares, the register's beside the bank's, and what a person decides about one line.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect},
};
use model::LineId;
use payment::{
    Trouble,
    desk::{self, DeskFault, Doubt, LineAct, LineWish},
};
use serde::Deserialize;
use store::Page;

use super::pembayaran::{channel, problem, title};
use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::Pager,
    visit::{Answer, Posted, Visit, page},
};

const HERE: &str = "/pembayaran/nama";
/// Troubles that have a tab.
const KINDS: [Trouble; 3] = [Trouble::NameDoubtful, Trouble::AccountShared, Trouble::NameDiffers];

/// The work list of doubtful names.
#[derive(Template)]
#[template(path = "nama.html")]
pub(crate) struct NamesPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) tabs: Vec<(String, String, bool)>,
    pub(crate) rows: Vec<Doubt>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) pager: Pager,
    pub(crate) may_decide: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    jenis: String,
    setelah: Option<String>,
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let kind = KINDS.into_iter().find(|kind| kind.code() == asked.jenis);
    let from = Page { after: asked.setelah, limit: 25 };
    let wanted = from.clone();
    let found =
        visit.ask("payment.read", move |house, scope| desk::doubts(house, scope, kind, &wanted)).await?;
    let twins = found.items.iter().flat_map(|row| &row.twins).map(|twin| twin.region.to_string());
    let names = visit.names(found.items.iter().map(|row| row.region.to_string()).chain(twins)).await?;
    let t = visit.t();
    let tab = |one: &Trouble| {
        (format!("{HERE}?jenis={}", one.code()), problem(&t, one.code()), kind.as_ref() == Some(one))
    };
    let all = (HERE.to_owned(), t.say("web-names-all"), kind.is_none());
    let base = kind.map_or_else(|| HERE.to_owned(), |kind| format!("{HERE}?jenis={}", kind.code()));
    page(&NamesPage {
        trail: vec![
            ("/pembayaran".into(), t.say("web-nav-payments")),
            (String::new(), t.say("web-names-title")),
        ],
        tabs: std::iter::once(all).chain(KINDS.iter().map(tab)).collect(),
        pager: Pager::of(&t, &base, &from, found.items.len(), found.next).leafing(),
        rows: found.items,
        names,
        may_decide: visit.session.may("payment.build"),
        shell: visit.shell(),
        t,
    })
}

impl NamesPage {
    fn place(&self, region: &model::RegionCode) -> String {
        self.names.get(region.as_str()).cloned().unwrap_or_else(|| region.to_string())
    }

    fn of(&self, row: &Doubt) -> String {
        title(&self.t, &row.programme, &row.period)
    }

    fn through(&self, row: &Doubt) -> String {
        channel(&self.t, &row.channel)
    }

    fn choices(&self) -> Vec<(String, String)> {
        choices(&self.t, &[LineAct::AccountGood, LineAct::AccountFailed])
    }
}

/// What may be decided, as a form offers it.
pub(crate) fn choices(t: &Tongue, acts: &[LineAct]) -> Vec<(String, String)> {
    acts.iter().map(|act| (act.code().to_owned(), t.say(&format!("desk-line-{}", act.code())))).collect()
}

#[derive(Deserialize)]
pub(crate) struct DecideForm {
    #[serde(default)]
    tindakan: String,
    #[serde(default)]
    alasan: String,
    #[serde(default)]
    rev: String,
    /// `nama` where the form stood on the work list.
    #[serde(default)]
    dari: String,
}

pub(crate) async fn decide(Path(line): Path<i64>, posted: Posted<DecideForm>) -> Answer {
    let DecideForm { tindakan, alasan, rev, dari } = posted.form;
    let act =
        LineAct::from_code(&tindakan).ok_or_else(|| Fault::from(payment::Error::from(DeskFault::Action)))?;
    let wish = LineWish { act, reason: alasan, rev };
    let step = move |house: &access::House, scope: &access::Scope| {
        desk::act_on_line(house, scope, LineId(line), &wish)
    };
    posted.visit.ask("payment.build", step).await?;
    let to = if dari == "nama" { HERE.to_owned() } else { format!("/pembayaran/baris/{line}") };
    Ok(Redirect::to(&to).into_response())
}
