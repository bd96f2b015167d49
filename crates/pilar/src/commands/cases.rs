//! `pilar cases`: the clock that goes over all open cases, families whom workflows look for, and workflows drawn from their files.

use access::{House, Session};
use anyhow::Context;
use model::Lang;
use serde_json::json;

use crate::{
    cli::Cases,
    commands::{Answer, candidates},
};

pub(crate) fn run(house: &House, command: &Cases) -> anyhow::Result<Answer> {
    match command {
        Cases::Sweep => {
            let swept = casework::sweep(house, &Session::console(house).scope("case.work")?)?;
            let line = format!("{} told of lateness, {} steps taken by the clock", swept.told, swept.timed);
            Answer::of(&swept, vec![line])
        }
        Cases::Candidates { closing, dry_run } => candidates::run(house, *closing, *dry_run),
        Cases::Draw { workflow, lang } => {
            let lang =
                Lang::from_code(lang).with_context(|| format!("`{lang}` is no language; write id or en"))?;
            let all = house.policy.workflows();
            let found = all.get(workflow).with_context(|| {
                let keys: Vec<&str> = all.keys().map(String::as_str).collect();
                format!("there is no workflow `{workflow}`; the workflows are: {}", keys.join(", "))
            })?;
            let svg = found.chart(house.policy.roles(), lang);
            Answer::of(&json!({ "workflow": workflow, "svg": svg }), vec![svg.clone()])
        }
    }
}
