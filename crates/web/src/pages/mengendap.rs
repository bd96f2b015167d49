//! Money that rests: how much of what was paid out nobody has taken, by channel, region and age.

use std::collections::HashMap;

use askama::Template;
use axum::extract::Query;
use model::{RegionCode, RegionLevel};
use payment::{RestingReport, RestingRow};
use serde::Deserialize;

use super::{kartu, pembayaran::channel};
use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    visit::{Answer, Visit, page},
};

#[derive(Template)]
#[template(path = "mengendap.html")]
pub(crate) struct RestingPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) bands: Vec<String>,
    pub(crate) view: RestingReport,
    pub(crate) names: HashMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    kode: String,
}

pub(crate) async fn report(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let region = match asked.kode.as_str() {
        "" => visit.session.region.clone(),
        code => RegionCode::parse(code).map_err(|_| Fault::not_found())?,
    };
    let of = region.clone();
    let view = visit.ask("payment.read", move |house, scope| payment::resting(house, scope, &of)).await?;
    let codes = view.regions.iter().map(|row| row.of.clone());
    let names = visit.names(codes.chain([region.to_string()])).await?;
    let t = visit.t();
    let mut trail = vec![("/pembayaran".to_owned(), t.say("web-nav-payments"))];
    let title = t.say("web-resting");
    if asked.kode.is_empty() {
        trail.push((String::new(), title));
    } else {
        trail.push(("/pembayaran/mengendap".to_owned(), title));
        trail.push((String::new(), names.get(region.as_str()).cloned().unwrap_or_default()));
    }
    page(&RestingPage { bands: kartu::bands(&t), trail, view, names, shell: visit.shell(), t })
}

impl RestingPage {
    fn channel(&self, row: &RestingRow) -> String {
        channel(&self.t, &row.of)
    }

    fn name(&self, row: &RestingRow) -> String {
        self.names.get(&row.of).cloned().unwrap_or_else(|| row.of.clone())
    }

    /// One level deeper, where there is one.
    fn deeper(&self, row: &RestingRow) -> Option<String> {
        let region = RegionCode::parse(&row.of).ok()?;
        (region.level() != RegionLevel::Village).then(|| format!("/pembayaran/mengendap?kode={region}"))
    }
}
