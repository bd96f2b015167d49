//! `pilar simulate`: two rules on one closing, told as sums.

use access::{House, Session};
use policy::{Policy, Setting};
use targeting::{Comparison, Question};

use crate::{
    cli::Simulate,
    commands::{Answer, money::newest_closing, with_bar},
    failure::Failure,
    screen::grouped,
};

pub(crate) fn run(house: &House, command: &Simulate) -> anyhow::Result<Answer> {
    let month = match command.closing {
        Some(month) => month,
        None => newest_closing(house)?,
    };
    let wish = |key: &String| {
        targeting::wish_for(&house.policy, key, command.period, month).ok_or_else(|| {
            Failure::input(format!("`{key}` is no programme that can be decided for {}", command.period))
        })
    };
    let wishes = command.programme.iter().map(wish).collect::<anyhow::Result<Vec<_>>>()?;
    let question = Question {
        settings: command.set.iter().map(|text| setting(text)).collect::<anyhow::Result<_>>()?,
        truth: command.truth.clone(),
        budget_idr: command.budget,
    };
    let scope = Session::console(house).scope("policy.read")?;
    let input = |error: targeting::Error| Failure::input(error.to_string());
    if let Some(folder) = &command.with {
        let told = |faults: Vec<policy::Fault>| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Failure::input(faults.join("\n"))
        };
        let other = Policy::load(Some(folder)).map_err(told)?;
        let found = with_bar("simulate", |bar| {
            targeting::simulate(house, &scope, &other, &wishes, month, &question, bar)
        });
        let found = found.map_err(input)?;
        return Answer::of(&found, found.iter().flat_map(lines).collect());
    }
    let name = command.name.clone().unwrap_or_default();
    let kept = with_bar("simulate", |bar| {
        targeting::make_scenario(house, &scope, &name, &wishes, month, &question, bar)
    });
    let kept = kept.map_err(input)?;
    let mut all: Vec<String> = kept.found.iter().flat_map(lines).collect();
    all.push(format!("kept as scenario {}: /simulasi/{}", kept.name, kept.scenario_id));
    Answer::of(&kept, all)
}

fn setting(text: &str) -> anyhow::Result<Setting> {
    let wrong =
        || Failure::input(format!("`{text}` sets nothing: write KEY.NAME=VALUE, such as KEY.elderly_age=70"));
    let (name, value) = text.split_once('=').ok_or_else(wrong)?;
    let (programme, name) = name.split_once('.').ok_or_else(wrong)?;
    let value = value.trim().replace('_', "").parse().map_err(|_| wrong())?;
    Ok(Setting { programme: programme.trim().to_owned(), name: name.trim().to_owned(), value })
}

fn lines(found: &Comparison) -> Vec<String> {
    let number = |value: i64| grouped(value.unsigned_abs());
    let [before, after] = &found.sides;
    let mut lines = vec![
        format!("{} {}", found.programme, found.period),
        format!(
            "  receive {} -> {}, wait {} -> {}, cost {} -> {}, gini {:.3} -> {:.3}",
            number(before.eligible),
            number(after.eligible),
            number(before.waiting),
            number(after.waiting),
            before.amount_idr,
            after.amount_idr,
            before.gini,
            after.gini
        ),
    ];
    for moved in &found.moves {
        lines.push(format!(
            "  {:?}: {} families, {} rupiah",
            moved.what,
            number(moved.families),
            moved.change_idr
        ));
    }
    if let (Some(left), Some(right)) = (before.coverage_permille, after.coverage_permille) {
        lines.push(format!("  of those who should receive: {left} -> {right} in a thousand do"));
    }
    for look in found.look_first.iter().filter(|look| look.families > 0) {
        lines.push(format!(
            "  look first: {} families lose something with {}",
            number(look.families),
            look.label.en
        ));
    }
    for (_, text, families) in &found.only {
        lines.push(format!("  by this condition alone {} do not receive: {}", number(*families), text.en));
    }
    lines.extend(
        found
            .share_that_fits
            .map(|share| format!("  the budget is kept at {share} places in a thousand families")),
    );
    lines
}
