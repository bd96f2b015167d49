//! Letters of the post office: villages with money there, and for one village the list of nominations (*danom*) and a letter for each
//! family, to be printed.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query};
use model::RegionCode;
use payment::post::{self, LetterPage, Village};
use serde::Deserialize;
use store::Page;

use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::Pager,
    visit::{Answer, Visit, encode, page},
};

/// Letters printed at once.
const LETTERS: u32 = 100;

/// Villages with letters.
#[derive(Template)]
#[template(path = "pembayaran_surat_desa.html")]
pub(crate) struct VillagesPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) cycle: i64,
    pub(crate) villages: Vec<Village>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) pager: Pager,
}

/// Letters of a village.
#[derive(Template)]
#[template(path = "pembayaran_surat.html")]
pub(crate) struct LettersPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) village: String,
    pub(crate) view: LetterPage,
    pub(crate) pager: Pager,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    setelah: Option<String>,
    #[serde(default)]
    desa: String,
}

pub(crate) async fn show(visit: Visit, Path(cycle): Path<i64>, Query(asked): Query<Asked>) -> Answer {
    let t = visit.t();
    let writes = t.policy().channels().values().find(|channel| channel.letter.is_some());
    let Some(channel) = writes.map(|channel| channel.key.clone()) else { return Err(Fault::not_found()) };
    let trail = vec![
        ("/pembayaran".into(), t.say("web-nav-payments")),
        (format!("/pembayaran/siklus/{cycle}"), t.one("web-cycle-no", "n", cycle)),
        (String::new(), t.say("web-post-letters")),
    ];
    let base = format!("/pembayaran/siklus/{cycle}/surat");
    if asked.desa.is_empty() {
        let from = Page { after: asked.setelah, limit: 100 };
        let wanted = from.clone();
        let found = visit
            .ask("payment.read", move |house, scope| post::villages(house, scope, (cycle, &channel), &wanted))
            .await?;
        let names = visit.names(found.items.iter().map(|one| one.region.to_string())).await?;
        return page(&VillagesPage {
            trail,
            cycle,
            names,
            pager: Pager::of(&t, &base, &from, found.items.len(), found.next),
            villages: found.items,
            shell: visit.shell(),
            t,
        });
    }
    let from = Page { after: asked.setelah, limit: LETTERS };
    let (wanted, region) = (from.clone(), asked.desa.clone());
    let view = visit
        .ask("payment.read", move |house, scope| {
            let region = RegionCode::parse(&region).map_err(|_| Fault::not_found())?;
            let within = scope.within(&region).ok_or_else(Fault::not_found)?;
            Ok::<_, Fault>(post::letters(house, &within, (cycle, &channel), &wanted)?)
        })
        .await?;
    let village = visit.names([asked.desa.clone()]).await?.remove(&asked.desa).unwrap_or_default();
    let base = format!("{base}?desa={}", encode(&asked.desa));
    page(&LettersPage {
        trail,
        title: super::pembayaran::title(&t, &view.programme, &view.period),
        village,
        pager: Pager::of(&t, &base, &from, view.letters.items.len(), view.letters.next.clone()),
        view,
        shell: visit.shell(),
        t,
    })
}
