//! `pilar policy`: checks the pack, shows what a programme's rule was on a day, tries a condition on a closing.

use model::{Clock, Lang};
use serde_json::json;

use crate::{
    cli::{Place, Policy},
    commands::{Answer, money::newest_closing},
    failure::Failure,
    house::{self, SystemClock},
    screen::grouped,
};

pub(crate) fn run(place: &Place, command: &Policy) -> anyhow::Result<Answer> {
    match command {
        Policy::Check => check(place),
        Policy::Schema => {
            let manual = house::policy(place)?.manual();
            Answer::of(&json!({"markdown": manual}), vec![manual.trim_end().to_owned()])
        }
        Policy::Show { programme, on, lang } => show(place, programme, *on, lang),
        Policy::Try { expression, closing } => try_rule(place, expression, *closing),
    }
}

fn check(place: &Place) -> anyhow::Result<Answer> {
    let pack = house::policy(place)?;
    let programmes: Vec<&String> = pack.programmes().keys().collect();
    let sources: Vec<&String> = pack.sources().keys().collect();
    let workflows: Vec<&String> = pack.workflows().keys().collect();
    let roles: Vec<&str> = pack.roles().iter().map(|role| role.key.as_str()).collect();
    let mut lines = vec![
        format!("the policy pack has no faults; hash {}", pack.hash()),
        format!("programmes: {programmes:?}"),
        format!("sources: {sources:?}"),
        format!("workflows: {workflows:?}"),
        format!("roles: {roles:?}"),
    ];
    lines.extend(pack.warnings().iter().map(|warning| format!("warning: {warning}")));
    let object = json!({
        "hash": pack.hash(), "programmes": programmes, "sources": sources, "workflows": workflows, "roles": roles,
        "warnings": pack.warnings(),
    });
    Answer::of(&object, lines)
}

fn show(place: &Place, key: &str, on: Option<jiff::civil::Date>, lang: &str) -> anyhow::Result<Answer> {
    let pack = house::policy(place)?;
    let lang = match lang {
        "id" => Lang::Id,
        "en" => Lang::En,
        other => return Err(Failure::input(format!("`{other}` is no language here: write id or en"))),
    };
    let programme = pack.programme(key).ok_or_else(|| {
        let known: Vec<&str> = pack.programmes().keys().map(String::as_str).collect();
        Failure::input(format!("there is no programme `{key}`; the pack has {}", known.join(", ")))
    })?;
    let on = on.unwrap_or_else(|| SystemClock.today());
    let history = pack.history(programme, lang);
    let mut lines =
        vec![programme.label.get(lang).to_owned(), programme.purpose.get(lang).to_owned(), String::new()];
    let version = programme.on(on);
    match version {
        None => lines.push(format!("{on}: -")),
        Some(version) => {
            lines.push(format!("{on}: {} ({})", version.key, version.legal_basis));
            lines.extend(pack.rule_lines(version, lang).into_iter().map(|line| format!("  {line}")));
            lines.extend(version.note.iter().map(|note| format!("  * {}", note.get(lang))));
        }
    }
    for change in &history {
        let until = change.valid_to.as_deref().unwrap_or("...");
        lines.push(String::new());
        lines.push(format!("{}: {} - {until} ({})", change.version, change.valid_from, change.legal_basis));
        lines.extend(change.removed.iter().map(|line| format!("  - {line}")));
        lines.extend(change.added.iter().map(|line| format!("  + {line}")));
    }
    let rule = version.map(|version| pack.rule_lines(version, lang));
    let object = json!({
        "programme": key, "on": on.to_string(), "version": version.map(|version| &version.key), "rule": rule,
        "history": history,
    });
    Answer::of(&object, lines)
}

fn try_rule(place: &Place, expression: &str, closing: Option<model::Month>) -> anyhow::Result<Answer> {
    let house = house::open_existing(place)?;
    let month = match closing {
        Some(month) => month,
        None => newest_closing(&house)?,
    };
    let scope = access::Session::console(&house).scope("programme.read")?;
    let trial = targeting::try_rule(&house, &scope, month, expression, None)
        .map_err(|error| Failure::input(error.to_string()))?;
    let number = |value: i64| grouped(value.unsigned_abs());
    let share = trial.selected as f64 * 100.0 / trial.of.max(1) as f64;
    let mut lines = vec![
        trial.words.en.clone(),
        format!(
            "{} of {} ({share:.2} %), in {} families; not known for {}",
            number(trial.selected),
            number(trial.of),
            number(trial.families),
            number(trial.unknown)
        ),
    ];
    for null in &trial.nulls {
        lines.push(format!("  {}: not known of {}", null.name, number(null.unknown)));
    }
    let cell = |n: Option<i64>| n.map_or_else(|| "hidden".to_owned(), number);
    let deciles: Vec<String> =
        trial.deciles.iter().enumerate().map(|(i, n)| format!("{}: {}", i + 1, cell(*n))).collect();
    lines.push(format!("by decile (11 is none): {}", deciles.join(", ")));
    for region in &trial.regions {
        lines.push(format!("  {:<14} {} of {}", region.region, cell(region.selected), number(region.of)));
    }
    lines.push(format!("examples: {:?}", trial.examples));
    Answer::of(&trial, lines)
}
