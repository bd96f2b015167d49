//! `pilar policy check`: loads the pack and lists what it holds, or every fault.

use serde_json::json;

use crate::{
    cli::{Place, Policy},
    commands::Answer,
    house,
};

pub(crate) fn run(place: &Place, command: &Policy) -> anyhow::Result<Answer> {
    let Policy::Check = command;
    let pack = house::policy(place)?;
    let programmes: Vec<&String> = pack.programmes().keys().collect();
    let sources: Vec<&String> = pack.sources().keys().collect();
    let workflows: Vec<&String> = pack.workflows().keys().collect();
    let roles: Vec<&str> = pack.roles().iter().map(|role| role.key.as_str()).collect();
    let lines = vec![
        format!("the policy pack has no faults; hash {}", pack.hash()),
        format!("programmes: {programmes:?}"),
        format!("sources: {sources:?}"),
        format!("workflows: {workflows:?}"),
        format!("roles: {roles:?}"),
    ];
    let object = json!({
        "hash": pack.hash(), "programmes": programmes, "sources": sources, "workflows": workflows, "roles": roles,
    });
    Answer::of(&object, lines)
}
