//! How often two checks of one family agree: by place and by the people who went, with Cohen's kappa of the territory. For whoever gives
//! cases to people; what is too little to be told is hidden here as it is in the room.

use std::collections::HashMap;

use askama::Template;
use casework::AgreementView;

use crate::{
    lang::Tongue,
    shell::Shell,
    visit::{Answer, Visit, page},
};

#[derive(Template)]
#[template(path = "kesesuaian.html")]
pub(crate) struct AgreementPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: AgreementView,
    pub(crate) names: HashMap<String, String>,
}

/// A table: its heading, that of its first column, and its rows of name, checks, agreed and share.
type Part = (String, String, Vec<[String; 4]>);

pub(crate) async fn show(visit: Visit) -> Answer {
    visit.scope("case.assign")?;
    let view = visit.ask("case.read", casework::agreement).await?;
    let names = visit.names(view.places.iter().map(|one| one.of.to_string())).await?;
    let t = visit.t();
    let trail = vec![("/tugas".into(), t.say("web-nav-tasks")), (String::new(), t.say("web-agree"))];
    page(&AgreementPage { trail, view, names, shell: visit.shell(), t })
}

impl AgreementPage {
    /// Checks, agreed, share; of a group that is hidden, that it is.
    fn told(&self, checks: Option<(i64, i64)>) -> [String; 3] {
        match checks {
            Some((all, agreed)) => [self.t.n(all), self.t.n(agreed), self.t.share(agreed, all)],
            None => [self.t.say("web-agree-few"), "–".to_owned(), "–".to_owned()],
        }
    }

    fn total(&self) -> [String; 3] {
        self.told(self.view.total.checks)
    }

    fn parts(&self) -> Vec<Part> {
        let row = |name: String, checks: Option<(i64, i64)>| {
            let [all, agreed, share] = self.told(checks);
            [name, all, agreed, share]
        };
        let place = |code: String| self.names.get(&code).cloned().unwrap_or(code);
        let places = self.view.places.iter().map(|one| row(place(one.of.to_string()), one.checks)).collect();
        let people = self.view.people.iter().map(|(name, one)| row(name.clone(), one.checks)).collect();
        let t = &self.t;
        let mut parts = vec![(t.say("web-agree-by-place"), t.say("web-region"), places)];
        if !self.view.people.is_empty() {
            parts.push((t.say("web-agree-by-person"), t.say("web-name"), people));
        }
        parts
    }

    /// Kappa with two decimals; a word where there are too few checks.
    fn kappa(&self) -> String {
        match self.view.kappa {
            Some(hundredths) => self.t.decimal(hundredths as f64 / 100.0, 2),
            None => self.t.say("web-agree-few"),
        }
    }

    fn few(&self) -> i64 {
        self.t.policy().settings().work.agreement_few
    }

    fn enough(&self) -> i64 {
        self.t.policy().settings().work.kappa_from
    }
}
