//! How the linkage of the registry judged: whether the model can be trusted, and where the threshold between "one person" and
//! "two" lies. Figures of the whole country, no record of anybody.

use askama::Template;
use registry::judgement;

use crate::{
    lang::Tongue,
    shell::Shell,
    ui::Judged,
    visit::{Answer, Visit, page},
};

/// The figures of the version in force.
#[derive(Template)]
#[template(path = "penautan.html")]
pub(crate) struct LinkagePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) version: i64,
    pub(crate) judged: Option<Judged>,
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let found = visit.ask("list.read", judgement::judgement).await?;
    let t = visit.t();
    page(&LinkagePage {
        trail: vec![("/daftar".into(), t.say("web-nav-lists")), (String::new(), t.say("web-linkage-title"))],
        version: found.as_ref().map_or(0, |(version, _)| *version),
        judged: found.map(|(_, judgement)| Judged::new(&t, &judgement, true)),
        shell: visit.shell(),
        t,
    })
}
