//! `pilar simulate`: two rules on one closing, told as sums.

use access::{House, Session};
use model::RegionCode;
use policy::{Policy, Setting};
use serde_json::json;
use targeting::{Comparison, Consumption, Part, Question, RegionCube};

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
    let input = |error: targeting::Error| Failure::input(error.to_string());
    let consumption = match (&command.poverty_line, &command.consumption) {
        (Some(line), Some(means)) => Some(Consumption::parse(line, means).map_err(input)?),
        _ => None,
    };
    let question = Question {
        settings: command.set.iter().map(|text| setting(text)).collect::<anyhow::Result<_>>()?,
        truth: command.truth.clone(),
        budget_idr: command.budget,
        ranks: command.ranks.map(|day| day.to_string()),
        consumption,
    };
    let scope = Session::console(house).scope("policy.read")?;
    let outside = web::outside::<anyhow::Error>(house, &scope, &question, month)?;
    if let Some(folder) = &command.with {
        let told = |faults: Vec<policy::Fault>| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Failure::input(faults.join("\n"))
        };
        let other = Policy::load(Some(folder)).map_err(told)?;
        let made = with_bar("simulate", |bar| {
            targeting::simulate(house, &scope, &other, &wishes, month, &question, &outside, bar)
        });
        let made = made.map_err(input)?;
        let lines = made.found.iter().flat_map(lines).collect();
        return answer(house, command, &made.found, Some(&made.cube), &made.found, lines);
    }
    let name = command.name.clone().unwrap_or_default();
    let kept = with_bar("simulate", |bar| {
        targeting::make_scenario(house, &scope, &name, &wishes, month, &question, &outside, bar)
    });
    let kept = kept.map_err(input)?;
    let mut all: Vec<String> = kept.found.iter().flat_map(lines).collect();
    all.push(format!("kept as scenario {}: /simulasi/{}", kept.name, kept.scenario_id));
    let cube = match command.by {
        Some(_) => targeting::scenario_regions(house, &scope, kept.scenario_id, scope.region())?,
        None => None,
    };
    answer(house, command, &kept.found, cube.as_ref(), &kept, all)
}

/// What is printed, and written to a file where one was named.
fn answer<T: serde::Serialize>(
    house: &House,
    command: &Simulate,
    found: &[Comparison],
    cube: Option<&RegionCube>,
    whole: &T,
    mut lines: Vec<String>,
) -> anyhow::Result<Answer> {
    let mut object = serde_json::to_value(whole)?;
    let mut by = Vec::new();
    if let (Some(level), Some(cube)) = (command.by, cube) {
        for one in found {
            let parts = cube.parts(&one.programme, &RegionCode::nation(), level);
            lines.push(format!("{} by region: families, receive, enter, leave", one.programme));
            lines.extend(parts.iter().map(region));
            by.push((one.programme.clone(), parts));
        }
        object = json!({ "simulation": object, "by": by });
    }
    if let Some(path) = &command.out {
        let parts =
            |programme: &str| by.iter().find(|(key, _)| key == programme).map(|(_, parts)| parts.as_slice());
        let rows = found.iter().flat_map(|one| one.rows(parts(&one.programme)));
        let bytes = match path.extension().and_then(|ending| ending.to_str()) {
            Some("xlsx") => {
                let rows = rows.map(web::figure_cells);
                report::workbook("simulation", &targeting::FIGURE_HEADS, rows, house.clock.now_ms())?
            }
            Some("csv") => {
                let rows = rows.map(|row| row.cells().to_vec());
                report::table_csv(&targeting::FIGURE_HEADS, rows).into_bytes()
            }
            _ => return Err(Failure::input("--out takes a file that ends with .csv or .xlsx")),
        };
        std::fs::write(path, bytes)
            .map_err(|error| Failure::input(format!("{}: {error}", path.display())))?;
        lines.push(format!("written to {}", path.display()));
    }
    Answer::of(&object, lines)
}

fn region(part: &Part) -> String {
    let cell = |n: Option<i64>| n.map_or_else(|| "hidden".to_owned(), |n| n.to_string());
    let key = if part.key.is_empty() { "unknown" } else { &part.key };
    let [before, after] = part.eligible.map(cell);
    let [enters, leaves] = [cell(part.enters), cell(part.leaves)];
    format!("  {key:<13} {:>9} {before:>9} -> {after:<9} +{enters} -{leaves}", cell(Some(part.families)))
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
    if let Some(gap) = &found.poverty_gap {
        let [without, now, then] = gap.index;
        lines.push(format!(
            "  poverty gap, assumed line {} and your means of consumption: {without:.4} without it, {now:.4} -> {then:.4}",
            grouped(gap.assumed.line_idr.unsigned_abs())
        ));
    }
    for share in &found.shares {
        let cell = |n: Option<i64>| n.map_or_else(|| "hidden".to_owned(), number);
        let kind = if share.key.is_empty() { "of no kind" } else { &share.label.en };
        let [before, after] = share.amount_idr.map(cell);
        lines.push(format!("  {} {kind}: {before} -> {after} rupiah", share.cut));
    }
    let few = |n: i64| model::shown(n).map_or_else(|| "a few".to_owned(), number);
    for look in found.look_first.iter().filter(|look| look.families > 0) {
        lines.push(format!(
            "  look first: {} families lose something with {}",
            few(look.families),
            look.label.en
        ));
    }
    for (_, text, families) in &found.only {
        lines.push(format!("  by this condition alone {} do not receive: {}", few(*families), text.en));
    }
    lines.extend(
        found
            .share_that_fits
            .map(|share| format!("  the budget is kept at {share} places in a thousand families")),
    );
    lines
}
