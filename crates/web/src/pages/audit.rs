//! The audit log, newest first, and the check that nobody has edited it.

use access::AuditRow;
use askama::Template;
use axum::extract::Query;
use serde::Deserialize;
use store::Page;

use crate::{
    lang::Tongue,
    shell::Shell,
    ui::Pager,
    visit::{Answer, Visit, page},
};

/// The log.
#[derive(Template)]
#[template(path = "audit.html")]
pub(crate) struct AuditPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) rows: Vec<AuditRow>,
    pub(crate) pager: Pager,
    pub(crate) checked: Checked,
}

/// What the check of the chain found.
pub(crate) enum Checked {
    /// Not asked for.
    Not,
    /// Every row fits the one before it.
    Whole,
    /// The first row that does not.
    BrokenAt(i64),
}

impl AuditPage {
    /// The name of a deed, from the roles file or the words.
    fn deed(&self, row: &AuditRow) -> String {
        match self.t.policy().roles().action(&row.action) {
            Some(action) => self.t.label(&action.label).to_owned(),
            None => self.t.code("web-deed", &row.action),
        }
    }
}

/// Who did it, by name; the console is no person.
pub(crate) fn actor(t: &Tongue, name: &str) -> String {
    if name == "console" { t.say("web-console") } else { name.to_owned() }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    setelah: Option<String>,
    periksa: Option<String>,
}

pub(crate) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah, limit: 50 };
    let check = asked.periksa.is_some();
    let wanted = from.clone();
    let (found, checked) = visit
        .ask("audit.read", move |house, scope| {
            let found = access::audit_rows(house, scope, &wanted)?;
            let checked = if check {
                access::verify_audit(house, scope)?
                    .map_or(Checked::Whole, |broken| Checked::BrokenAt(broken.seq))
            } else {
                Checked::Not
            };
            Ok::<_, access::Error>((found, checked))
        })
        .await?;
    let t = visit.t();
    let pager = Pager::of(&t, "/audit", &from, found.items.len(), found.next);
    page(&AuditPage { pager, rows: found.items, checked, shell: visit.shell(), t })
}
