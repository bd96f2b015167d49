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
        Policy::Matrix { on } => matrix(place, *on),
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

fn matrix(place: &Place, on: Option<jiff::civil::Date>) -> anyhow::Result<Answer> {
    let matrix = house::policy(place)?.matrix(on.unwrap_or_else(|| SystemClock.today()));
    let key_width = matrix.programmes.iter().map(|one| one.key.len()).max().unwrap_or_default();
    let mut lines = vec![format!("{}: the programme of the row towards that of the column", matrix.on)];
    let head = matrix.programmes.iter().map(|one| format!("{:>width$}", one.key, width = width_of(&one.key)));
    lines.push(format!("{:<key_width$}  {}", "", head.collect::<Vec<_>>().join("  ")));
    for row in &matrix.programmes {
        let cells =
            row.relations.iter().zip(&matrix.programmes).map(|(relation, column)| {
                format!("{:>width$}", relation.word(), width = width_of(&column.key))
            });
        lines.push(format!("{:<key_width$}  {}", row.key, cells.collect::<Vec<_>>().join("  ")));
    }
    for line in &matrix.lines {
        lines.push(format!("{} - {}: {}", line.programme, line.with.join(", "), line.text.en));
    }
    let alone: Vec<&str> = matrix.alone.iter().map(|(key, _)| key.as_str()).collect();
    if !alone.is_empty() {
        lines.push(format!("no rule on combinations: {}", alone.join(", ")));
    }
    Answer::of(&matrix, lines)
}

/// Letters of a column: as many as its head or the longest word needs.
fn width_of(key: &str) -> usize {
    policy::Relation::ALL.iter().map(|one| one.word().len()).max().unwrap_or_default().max(key.len())
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
