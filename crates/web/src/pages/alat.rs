//! The rows behind the counts of devices handed over: one row for one item and one person, those of a person together, inside the
//! visitor's territory, of one year or all, of one programme or all. The three counts stand above the rows that they count.

use std::collections::HashMap;

use access::{House, Scope};
use askama::Template;
use axum::extract::Query;
use casework::{HandoverFilter, HandoverRow};
use serde::Deserialize;
use store::{Page, Paged};

use super::{angka::topic, keluarga::name_or};
use crate::{
    csv::{self, Sheet},
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::Pager,
    visit::{Answer, Visit, encode, page},
};

/// The right to see the people on the rows.
const ACTION: &str = "person.read";

/// Hand-overs, page by page.
#[derive(Template)]
#[template(path = "alat.html")]
pub(crate) struct DevicesPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) rows: Vec<HandoverRow>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) pager: Pager,
    /// Hand-overs, people, value, and the value in full, of what is listed.
    pub(crate) counts: [String; 4],
    pub(crate) years: Vec<(String, String)>,
    pub(crate) programmes: Vec<(String, String)>,
    pub(crate) tahun: String,
    pub(crate) program: String,
    pub(crate) csv: String,
}

/// What is listed.
#[derive(Default, Deserialize)]
pub(crate) struct Asked {
    setelah: Option<String>,
    #[serde(default)]
    tahun: String,
    #[serde(default)]
    program: String,
}

impl Asked {
    fn filter(&self) -> HandoverFilter {
        let year = self.tahun.parse::<i16>().ok().filter(|year| (1900..=2100).contains(year));
        HandoverFilter { year, programme: self.program.clone() }
    }
}

/// Address of the rows of a count.
pub(crate) fn address(year: Option<i16>, programme: &str) -> String {
    let year = year.map_or_else(String::new, |year| year.to_string());
    format!("/alat?tahun={year}&program={}", encode(programme))
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let filter = asked.filter();
    let from = Page { after: asked.setelah.clone(), limit: 50 };
    let (wanted, of) = (from.clone(), filter.clone());
    let (found, counts, years) = visit
        .ask(ACTION, move |house, scope| {
            let found = casework::handover_rows(house, scope, &of, &wanted)?;
            let counts = report::handovers(house, scope, of.year)?;
            Ok::<_, Fault>((found, counts, report::handover_years(house)?))
        })
        .await?;
    let names = visit.names(found.items.iter().map(|row| row.region.clone())).await?;
    let t = visit.t();
    let one = counts.programmes.iter().find(|one| one.programme == filter.programme);
    let (handovers, people, value) = match one {
        Some(one) => (one.handovers, one.people, one.value),
        None if filter.programme.is_empty() => (counts.handovers, counts.people, counts.value),
        None => Default::default(),
    };
    let mut programmes = vec![(String::new(), t.say("web-devices-all-programmes"))];
    programmes.extend(counts.programmes.iter().map(|one| (one.programme.clone(), topic(&t, &one.programme))));
    let mut all_years = vec![(String::new(), t.say("web-devices-all-years"))];
    all_years.extend(years.iter().rev().map(|year| (year.to_string(), year.to_string())));
    let base = address(filter.year, &filter.programme);
    page(&DevicesPage {
        trail: vec![("/anggaran".into(), t.say("web-nav-budget")), (String::new(), t.say("web-devices"))],
        pager: Pager::of(&t, &base, &from, found.items.len(), found.next),
        rows: found.items,
        names,
        counts: [t.n(handovers), t.n(people), t.idr_short(value), t.idr_note(value)],
        years: all_years,
        programmes,
        tahun: filter.year.map_or_else(String::new, |year| year.to_string()),
        program: filter.programme,
        csv: base.replacen("/alat", "/alat/csv", 1),
        shell: visit.shell(),
        t: t.clone(),
    })
}

/// The list as a file.
pub(crate) async fn export(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let filter = asked.filter();
    let (t, places) = (visit.t(), visit.guest.app.places.clone());
    let sheet = Sheet {
        action: ACTION,
        what: "handovers",
        name: "serah-terima".to_owned(),
        detail: format!("year={} programme={}", asked.tahun, asked.program),
        heads: &[
            "web-devices-person-id",
            "web-devices-person",
            "web-family-id",
            "web-region-code",
            "web-village",
            "web-programme",
            "web-devices-item",
            "web-devices-day",
            "web-devices-document",
            "web-devices-value",
        ],
    };
    csv::stream(&visit, sheet, move |house: &House, scope: &Scope, at: &Page| {
        let found = casework::handover_rows(house, scope, &filter, at)?;
        let names = places.names(house, found.items.iter().map(|row| row.region.clone()).collect())?;
        let row = |row: HandoverRow| {
            vec![
                row.person_id.to_string(),
                row.name.unwrap_or_default(),
                csv::number(row.family_id),
                row.region.clone(),
                names.get(&row.region).cloned().unwrap_or_default(),
                topic(&t, &row.programme),
                row.item,
                row.given_on,
                row.document,
                row.value.idr().to_string(),
            ]
        };
        Ok(Paged { items: found.items.into_iter().map(row).collect(), next: found.next })
    })
    .await
}

impl DevicesPage {
    /// The person's name, or the number of somebody whom the registry carries no longer.
    fn person(&self, row: &HandoverRow) -> String {
        match &row.name {
            Some(name) => name_or(&self.t, name),
            None => self.t.one("web-devices-gone", "id", row.person_id),
        }
    }
}
