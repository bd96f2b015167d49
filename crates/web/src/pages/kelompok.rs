//! /kelompok: groups of families that meet, of a companion or of a territory: what was planned and held by month, which modules are
//! missing, whom to visit because they were absent.

use std::collections::HashMap;

use askama::Template;
use casework::groups::{self, Group, Groups};

use crate::{
    lang::Tongue,
    shell::Shell,
    visit::{Answer, Visit, page},
};

/// Groups that one page shows of a workflow.
const GROUPS_MAX: usize = 100;

#[derive(Template)]
#[template(path = "kelompok.html")]
pub(crate) struct GroupsPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) kinds: Vec<Groups>,
    pub(crate) names: HashMap<String, String>,
    /// There is more than is shown.
    pub(crate) more: bool,
}

impl GroupsPage {
    fn place(&self, group: &Group) -> String {
        self.names.get(&group.region).cloned().unwrap_or_else(|| group.region.clone())
    }

    /// Modules that were taught, each with how often, or those that were not.
    fn modules(&self, group: &Group, taught: bool) -> String {
        let of = group.modules.iter().filter(|(_, held)| (*held > 0) == taught);
        let word = |(label, held): &(policy::Label, i64)| {
            let label = self.t.label(label);
            if taught { format!("{label} ({})", self.t.n(*held)) } else { label.to_owned() }
        };
        let words: Vec<String> = of.map(word).collect();
        if words.is_empty() { "–".to_owned() } else { words.join(", ") }
    }
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let mut kinds = visit.ask("case.read", groups::groups).await?;
    let more = kinds.iter().any(|kind| kind.more || kind.groups.len() > GROUPS_MAX);
    for kind in &mut kinds {
        kind.groups.truncate(GROUPS_MAX);
    }
    let codes = kinds.iter().flat_map(|kind| &kind.groups).map(|group| group.region.clone());
    let names = visit.names(codes).await?;
    let t = visit.t();
    page(&GroupsPage {
        trail: vec![("/tugas".into(), t.say("web-nav-tasks")), (String::new(), t.say("web-groups"))],
        kinds,
        names,
        more,
        shell: visit.shell(),
        t,
    })
}
