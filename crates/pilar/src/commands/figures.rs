//! `pilar figures`, `budget`, `devices`: published figures and what they say of each other, ceilings and how far they went, and
//! devices handed over.

use std::path::Path;

use access::{House, Session};
use casework::{HANDOVER_BYTES_MAX, take_handovers};
use model::Clock as _;
use policy::{Label, Lang, Number, Outcome, Piece, Policy};
use report::{BudgetView, HandoversView};
use serde_json::json;

use crate::{
    cli::{Budget, Devices, DevicesCommand, Figures, Place},
    commands::{
        Answer,
        registers::{refused, text_of},
    },
    failure::{Failure, Kind},
    house::{self, SystemClock},
    screen::grouped,
};

pub(crate) fn figures(place: &Place, command: &Figures) -> anyhow::Result<Answer> {
    let pack = house::policy(place)?;
    let figures = pack.figures();
    let lines = if command.check {
        figures.checks.iter().map(|check| check_line(&pack, check)).collect()
    } else {
        let line = |figure: &policy::Figure| {
            let value = figure.value.map_or_else(|| "-".to_owned(), written);
            let mark = mark(figures.outcome(&figure.id));
            let about = [figure.kind.code(), &figure.unit, &figure.period, figure.item.get(Lang::En)];
            let [kind, unit, period, item] = about;
            format!(
                "{} {mark:<3} {:<16} {kind:<11} {value:>19} {unit:<10.10} {period:<10} {item}",
                figure.id, figure.topic
            )
        };
        figures.register.iter().map(line).collect()
    };
    let object = json!({ "figures": figures.register, "checks": figures.checks, "sources": figures.sources });
    Answer::of(&object, lines)
}

fn mark(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Equal) => "=",
        Some(Outcome::Differs) => "!=",
        Some(Outcome::NotComparable) => "n/c",
        None => "",
    }
}

fn written(number: Number) -> String {
    number.written(".", ",")
}

/// `=   devices_money: 3.465.849.824 + ... = 36.997.526.283`
fn check_line(pack: &Policy, check: &policy::FigureCheck) -> String {
    let side = |pieces: &[Piece]| {
        let words = pieces.iter().map(|piece| match piece {
            Piece::Figure(id) => match pack.figures().get(id).and_then(|figure| figure.value) {
                Some(value) => format!("{} [{id}]", written(value)),
                None => id.clone(),
            },
            Piece::Number(number) => written(*number),
            Piece::Sign(sign) => sign.to_string(),
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let (left, right) = (written(check.left_value), written(check.right_value));
    let known = match check.outcome {
        Outcome::Equal => String::new(),
        Outcome::Differs => format!(", a known difference of {}", written(check.difference)),
        Outcome::NotComparable => ", numbers of two kinds".to_owned(),
    };
    let sides = (side(&check.left), side(&check.right));
    format!(
        "{:<3} {}: {} -> {left}; {} -> {right}{known}",
        mark(Some(check.outcome)),
        check.key,
        sides.0,
        sides.1
    )
}

pub(crate) fn budget(place: &Place, command: &Budget) -> anyhow::Result<Answer> {
    // Ceilings are in the policy pack; only what this system paid itself needs a registry.
    let (pack, view) = match house::open_existing(place) {
        Ok(house) => {
            let scope = Session::console(&house).scope("report.read")?;
            let view = report::budget(&house, &scope, command.year, command.on)?;
            (house.policy, view)
        }
        Err(error) if error.downcast_ref::<Failure>().is_some_and(|one| one.kind == Kind::NotReady) => {
            let pack = house::policy(place)?;
            let view = report::published_budget(&pack, command.year, command.on, SystemClock.today());
            (std::sync::Arc::new(pack), view)
        }
        Err(error) => return Err(error),
    };
    Answer::of(&view, budget_lines(&pack, &view))
}

fn budget_lines(pack: &Policy, view: &BudgetView) -> Vec<String> {
    let name = |key: &str| pack.benefit_label(key).map_or_else(|| key.to_owned(), english);
    let mut lines =
        vec![format!("fiscal year {} as of {}; scopes are never added up", view.fiscal_year, view.on)];
    for at in &view.lines {
        let key = &at.line.key;
        let head = format!(
            "{:<8} {:<36.36} {} {:<15} {:<4}",
            key.scope,
            name(&key.programme),
            key.funding,
            key.unit,
            key.account
        );
        let tail = match (&at.in_force, &at.absorption) {
            (Some(ceiling), Some(used)) => format!(
                "{} of {} = {}%, as of {}",
                used.net,
                ceiling.ceiling,
                written(Number { units: used.permille, decimals: 1 }),
                used.as_of
            ),
            (Some(ceiling), None) => format!("ceiling {}, nothing published as spent", ceiling.ceiling),
            (None, _) => match (&at.realised, at.line.ceilings.is_empty()) {
                (Some(spent), true) => format!("{}, as of {}; no ceiling stated", spent.net(), spent.as_of),
                (None, true) => "no ceiling stated, nothing spent yet".to_owned(),
                (_, false) => "no ceiling yet".to_owned(),
            },
        };
        lines.push(format!("{head} {tail}"));
    }
    lines.extend(reach_lines(pack, view));
    for own in &view.own {
        let name = name(&own.programme);
        lines.push(format!("paid by this system: {name}: net {} (returned {})", own.net, own.returned));
    }
    if let Some(handovers) = view.handovers.as_ref().filter(|counts| counts.handovers > 0) {
        lines.extend(device_lines(pack, handovers));
    }
    lines
}

/// Targets, stocks and realisations: three kinds of number, each under its own word.
fn reach_lines(pack: &Policy, view: &BudgetView) -> Vec<String> {
    let line = |at: &report::ReachAt| {
        let key = &at.key;
        let name = pack.benefit_label(&key.programme).map(english);
        let name = name.or_else(|| Some(english(&pack.figures().topics.get(&key.programme)?.label)));
        let unit = pack.words().get(Lang::En, &format!("figure-unit-{}", key.counted), &[]);
        let kinds = [("target", &at.target), ("stock", &at.stock), ("reached", &at.realised)];
        let mut parts: Vec<String> = kinds
            .into_iter()
            .filter_map(|(word, one)| {
                let one = one.as_ref()?;
                Some(format!("{word} {} {unit} ({})", grouped(one.number.unsigned_abs()), one.as_of))
            })
            .collect();
        parts.extend(at.decided.as_ref().map(|decided| {
            format!("decided here {} families ({})", grouped(decided.families.unsigned_abs()), decided.period)
        }));
        if parts.is_empty() {
            parts.push("nothing published yet".to_owned());
        }
        let name = name.unwrap_or_else(|| key.programme.clone());
        format!("{:<36.36} {:<4} {}", name, key.funding, parts.join("; "))
    };
    view.reach.iter().map(line).collect()
}

pub(crate) fn devices(house: &House, command: &Devices) -> anyhow::Result<Answer> {
    match &command.command {
        Some(DevicesCommand::Import { file }) => import(house, file),
        None => {
            let scope = Session::console(house).scope("report.read")?;
            let view = report::handovers(house, &scope, command.year)?;
            Answer::of(&view, device_lines(&house.policy, &view))
        }
    }
}

fn import(house: &House, file: &Path) -> anyhow::Result<Answer> {
    let text = text_of(file, HANDOVER_BYTES_MAX)?;
    let scope = Session::console(house).scope("case.work")?;
    let taken = take_handovers(house, &scope, &text).map_err(|error| refused(file, error))?;
    let lines = vec![format!(
        "import {}: {} hand-overs worth {}, {} of them new",
        taken.import_no,
        grouped(taken.rows as u64),
        taken.value,
        grouped(taken.new)
    )];
    Answer::of(&taken, lines)
}

fn device_lines(pack: &Policy, view: &HandoversView) -> Vec<String> {
    let number = |value: i64| grouped(value.unsigned_abs());
    let line = |name: String, handovers: i64, people: i64, value: model::Rupiah| {
        format!(
            "{name:<28} {:>9} hand-overs {:>9} people {:>20}",
            number(handovers),
            number(people),
            value.to_string()
        )
    };
    let mut lines: Vec<String> = view
        .programmes
        .iter()
        .map(|one| {
            let name = pack.benefit_label(&one.programme).map_or_else(|| one.programme.clone(), english);
            line(name, one.handovers, one.people, one.value)
        })
        .collect();
    let whole = "all, each person counted once".to_owned();
    lines.push(line(whole, view.handovers, view.people, view.value));
    lines
}

fn english(label: &Label) -> String {
    label.get(Lang::En).to_owned()
}
