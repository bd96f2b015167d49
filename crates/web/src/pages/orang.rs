//! One person: every field with the record that gives it and what others say, the rows behind them as received, and the number in full for
//! who may see it and says why.

use askama::Template;
use axum::extract::Path;
use model::PersonId;
use registry::views::{self, FieldProvenance, FieldSource, PersonView};
use serde::Deserialize;

use super::keluarga::{age, event_detail, name_or, sex, shown};
use crate::{
    lang::Tongue,
    shell::Shell,
    visit::{Answer, Posted, Visit, page},
};

/// One person.
#[derive(Template)]
#[template(path = "orang.html")]
pub(crate) struct PersonPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: PersonView,
    /// Where to ask for the full number; empty for those who may not.
    pub(crate) reveal: String,
    pub(crate) purposes: Vec<(String, String)>,
}

/// The number in full, on a page of its own.
#[derive(Template)]
#[template(path = "orang_nik.html")]
pub(crate) struct RevealedPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) person: i64,
    pub(crate) number: Option<String>,
    pub(crate) purpose: String,
}

pub(crate) async fn show(visit: Visit, Path(person): Path<i64>) -> Answer {
    let view =
        visit.ask("person.read", move |house, scope| views::person(house, scope, PersonId(person))).await?;
    let mut view = view;
    let name = view.region_path.last().map(|region| region.name.clone());
    let (region, fields) = (view.region.clone(), view.fields.iter_mut());
    for shown in fields.filter(|field| field.column == "region").filter_map(|field| field.value.as_mut()) {
        // The village of the person by its name; what other records say stays a code.
        if let (Some(name), true) = (&name, shown.text == region) {
            shown.text.clone_from(name);
        }
    }
    let t = visit.t();
    let may = visit.session.may("person.reveal") && view.nik.is_some();
    let purposes = t.policy().settings().purposes.iter();
    page(&PersonPage {
        trail: vec![
            ("/keluarga".into(), t.say("web-families")),
            (format!("/keluarga/{}", view.family_id), t.say("web-this-family")),
            (String::new(), name_or(&t, &view.name)),
        ],
        reveal: if may { format!("/orang/{}/nik", view.person_id) } else { String::new() },
        purposes: purposes.map(|one| (one.key.clone(), t.label(&one.label).to_owned())).collect(),
        view,
        shell: visit.shell(),
        t: t.clone(),
    })
}

#[derive(Deserialize)]
pub(crate) struct RevealForm {
    #[serde(default)]
    purpose: String,
}

/// The audit row is written before the number leaves `access`.
pub(crate) async fn reveal(Path(person): Path<i64>, posted: Posted<RevealForm>) -> Answer {
    let Posted { visit, form } = posted;
    let purpose = form.purpose.clone();
    let number = visit
        .ask("person.reveal", move |house, scope| {
            access::reveal_nik(house, scope, PersonId(person), &purpose)
        })
        .await?;
    let t = visit.t();
    let purpose = t.policy().settings().purpose(&form.purpose);
    let purpose = purpose.map_or_else(String::new, |purpose| t.label(&purpose.label).to_owned());
    page(&RevealedPage { person, number, purpose, shell: visit.shell(), t })
}

impl PersonPage {
    fn age(&self) -> String {
        age(&self.t, self.view.birth_date.as_ref(), self.shell.today)
    }

    fn known(&self) -> Vec<&FieldProvenance> {
        self.view.fields.iter().filter(|field| field.value.is_some()).collect()
    }

    fn unknown(&self) -> String {
        let unknown = self.view.fields.iter().filter(|field| field.value.is_none());
        unknown.map(|field| self.t.label(&field.label)).collect::<Vec<_>>().join(", ")
    }

    fn said_by(&self, source: &FieldSource) -> String {
        let list = self.t.short_label(&source.list.label);
        self.t.two("web-list-line", "list", list, "line", self.t.n(source.line))
    }
}
