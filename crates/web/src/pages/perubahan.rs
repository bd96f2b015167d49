//! What a decision changes against the one before: how many come in, have notice, leave; region by region; and the families, so that one
//! sees who takes the place of whom.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::extract::{Path, Query};
use serde::Deserialize;
use store::Page;
use targeting::{Change, ChangeCount, ChangeLine};

use super::keputusan::{head_or_number, heads_of, reason_words, rule_of, title};
use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::Pager,
    visit::{Answer, Visit, page},
};

/// Changes of one run.
#[derive(Template)]
#[template(path = "perubahan.html")]
pub(crate) struct ChangesPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) run: String,
    /// Change and families of the territory, those that occur.
    pub(crate) sums: Vec<(String, String)>,
    /// Heads of the table: the changes that occur.
    pub(crate) heads: Vec<String>,
    /// Region and families for each head.
    pub(crate) regions: Vec<(String, Vec<String>)>,
    pub(crate) tabs: Vec<(String, String, bool)>,
    pub(crate) lines: Vec<(ChangeLine, String)>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) heads_of: BTreeMap<i64, String>,
    pub(crate) pager: Pager,
}

impl ChangesPage {
    fn head(&self, line: &ChangeLine) -> String {
        head_or_number(&self.t, &self.heads_of, line.family_id)
    }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    setelah: Option<String>,
    jenis: Option<i64>,
}

pub(crate) async fn show(visit: Visit, Path(run): Path<String>, Query(asked): Query<Asked>) -> Answer {
    let what = Change::from_code(asked.jenis.unwrap_or_else(|| Change::Noticed.code().into()));
    let what = what.ok_or_else(Fault::not_found)?;
    let from = Page { after: asked.setelah, limit: 50 };
    let (id, wanted) = (run.clone(), from.clone());
    let families = visit.scope("family.read").ok();
    let (of, counts, found, heads_of) = visit
        .ask("decision.read", move |house, scope| {
            let of = targeting::run_page(house, scope, &id)?.run;
            let counts = targeting::change_counts(house, scope, &id)?;
            let found = targeting::change_lines(house, scope, &id, what, &wanted)?;
            let heads = heads_of(house, families.as_ref(), found.items.iter().map(|one| one.0.family_id))?;
            Ok::<_, Fault>((of, counts, found, heads))
        })
        .await?;
    let codes = found.items.iter().map(|one| one.0.region.clone());
    let names = visit.names(codes.chain(counts.iter().map(|one| one.region.clone()))).await?;
    let t = visit.t();
    let title = title(&t, &of);
    let base = format!("/keputusan/{run}/perubahan");
    let own = visit.session.region.to_string();
    let occurring: Vec<Change> = Change::ALL
        .into_iter()
        .filter(|one| *one == what || counts.iter().any(|count| count.what == *one && count.region == own))
        .collect();
    let sum = |region: &str, what: Change| families_in(&counts, region, what);
    let mut below: Vec<&str> =
        counts.iter().map(|one| one.region.as_str()).filter(|region| *region != own).collect();
    below.dedup();
    let reason = |line: &ChangeLine, code: &str, words: &policy::Label| {
        if code.is_empty() {
            String::new()
        } else {
            reason_words(&t, rule_of(&of), code, t.label(words), line.unknown)
        }
    };
    page(&ChangesPage {
        trail: vec![
            ("/keputusan".into(), t.say("web-nav-decisions")),
            (format!("/keputusan/{run}"), title.clone()),
            (String::new(), t.say("web-changes")),
        ],
        sums: occurring.iter().map(|one| (t.say(one.words_key()), t.n(sum(&own, *one)))).collect(),
        heads: occurring.iter().map(|one| t.say(one.words_key())).collect(),
        regions: below
            .iter()
            .map(|region| {
                let name = names.get(*region).cloned().unwrap_or_else(|| (*region).to_owned());
                (name, occurring.iter().map(|one| t.n(sum(region, *one))).collect())
            })
            .collect(),
        tabs: occurring
            .iter()
            .map(|one| (format!("{base}?jenis={}", one.code()), t.say(one.words_key()), *one == what))
            .collect(),
        pager: Pager::of(&t, &format!("{base}?jenis={}", what.code()), &from, found.items.len(), found.next),
        lines: found
            .items
            .into_iter()
            .map(|(line, code, words)| {
                let told = reason(&line, &code, &words);
                (line, told)
            })
            .collect(),
        heads_of,
        names,
        title,
        run,
        shell: visit.shell(),
        t,
    })
}

fn families_in(counts: &[ChangeCount], region: &str, what: Change) -> i64 {
    counts.iter().filter(|one| one.region == region && one.what == what).map(|one| one.families).sum()
}
