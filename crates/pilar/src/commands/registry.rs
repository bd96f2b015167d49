//! `pilar consolidate`, `review`, `close`: from lists to persons and families, and the month's snapshot.

use access::{House, Session};
use registry::review::{self, Verdict};
use serde_json::json;
use store::Page;

use crate::{
    cli::{Close, Review},
    commands::{Answer, with_bar},
    failure::Failure,
    screen::grouped,
};

pub(crate) fn consolidate(house: &House) -> anyhow::Result<Answer> {
    let session = Session::console(house);
    let done =
        with_bar("consolidate", |bar| registry::consolidate(house, &session, bar)).map_err(|error| {
            match error {
                registry::Error::NoLists => {
                    Failure::not_ready("no list has been received yet; run `pilar intake` first")
                }
                other => other.into(),
            }
        })?;
    let figures = &done.figures;
    let number = |value: i64| grouped(value.unsigned_abs());
    let mut lines = vec![format!(
        "registry version {}{}: {} persons ({} living, {} matched) in {} families, from {} records of {} lists",
        done.version,
        if done.reused { ", nothing had changed" } else { "" },
        number(figures.persons),
        number(figures.living),
        number(figures.matched),
        number(figures.families),
        number(figures.records),
        figures.lists
    )];
    for (kind, count) in &figures.events {
        lines.push(format!("  {:>10}  {kind}", number(*count)));
    }
    lines.push(format!("{} pairs wait for review", number(figures.review)));
    Answer::of(&done, lines)
}

pub(crate) fn review(house: &House, command: &Review) -> anyhow::Result<Answer> {
    let session = Session::console(house);
    match command {
        Review::List { limit } => {
            let scope = session.scope("review.read")?;
            let page = review::review_queue(house, &scope, &Page::first(*limit))?;
            let lines = page.items.iter().map(|pair| {
                let [left, right] = pair.sides.each_ref().map(|side| side.name.as_deref().unwrap_or("-"));
                format!("{:<28} {:>6.2}  {left}  |  {right}", pair.id.to_string(), pair.weight)
            });
            let lines = lines.collect();
            Answer::of(&page, lines)
        }
        Review::Decide { pair, verdict } => {
            let scope = session.scope("review.decide")?;
            let id = pair.parse().map_err(|_| {
                Failure::input(format!("`{pair}` is no pair; `pilar review list` names them"))
            })?;
            let verdict = match verdict.as_str() {
                "same" => Verdict::Same,
                "different" => Verdict::Different,
                "skip" => Verdict::Later,
                other => {
                    return Err(Failure::input(format!(
                        "`{other}` is no verdict: write same, different or skip"
                    )));
                }
            };
            let next = review::decide_review(house, &scope, id, verdict)?;
            let mut lines = vec![format!("pair {pair}: decided; it holds from the next `pilar consolidate`")];
            lines.extend(next.map(|next| format!("next: {next}")));
            Answer::of(&json!({"pair": pair, "verdict": verdict, "next": next}), lines)
        }
        Review::Undo => {
            let scope = session.scope("review.decide")?;
            let pair = review::undo_review(house, &scope)?;
            Answer::of(&json!({"pair": pair}), vec![format!("pair {pair}: the decision is taken back")])
        }
    }
}

pub(crate) fn close(house: &House, command: &Close) -> anyhow::Result<Answer> {
    let session = Session::console(house);
    let closed = with_bar("close", |bar| registry::closing::close(house, &session, command.month, bar))?;
    let number = |value: i64| grouped(value.unsigned_abs());
    let mut lines = vec![format!(
        "{} is closed as of {}: {} persons in {} families, {} with a decile; registry version {}",
        closed.month,
        closed.closing_date,
        number(closed.persons),
        number(closed.families),
        number(closed.ranked),
        closed.registry_version
    )];
    if closed.ranked == 0 {
        lines.push(format!(
            "note: no rank list speaks of {} or earlier, so no rule by decile can hold; `pilar status` shows the day of each list",
            closed.closing_date
        ));
    }
    let rolled = casework::rolled(house, &session.scope("case.read")?, command.month)?;
    lines.extend(rolled.iter().map(|one| {
        format!(
            "{}: {} of `{}` were not through by the cut-off and roll on",
            one.district, one.cases, one.workflow
        )
    }));
    let waiting = registry::field::waiting_after(house, &session.scope("closing.run")?, command.month)?;
    if waiting > 0 {
        lines.push(format!("{} field reports count for a later month", number(waiting)));
    }
    let mut object = serde_json::to_value(&closed)?;
    object["rolled"] = json!(rolled);
    object["field_reports_later"] = json!(waiting);
    Answer::of(&object, lines)
}
